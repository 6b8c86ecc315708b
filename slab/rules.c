/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the tables that rules.h describes. Constant, so no locking. */
#include "slab/rules.h"

#include <stddef.h>

const struct slab_rules slab_rules[NR_BUDDY_KERNELS] = {
	[BUDDY_KERNEL_6_1] = {
#define RULE_IN_6_1(row, in_6_1, in_6_12, meaning) .row = in_6_1,
		SLAB_RULES(RULE_IN_6_1)
	},
	[BUDDY_KERNEL_6_12] = {
#define RULE_IN_6_12(row, in_6_1, in_6_12, meaning) .row = in_6_12,
		SLAB_RULES(RULE_IN_6_12)
	},
};

const struct buddy_rule_desc slab_rule_desc[] = {
#define RULE_DESC(row, in_6_1, in_6_12, meaning) { #row, { in_6_1, in_6_12 }, meaning },
	SLAB_RULES(RULE_DESC)
	{ NULL, { false, false }, NULL }
};
