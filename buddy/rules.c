/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the tables that rules.h describes, and a kernel by its name. Constant, so no locking. */
#include "buddy/rules.h"

#include <stddef.h>
#include <string.h>

const struct buddy_rules buddy_rules[NR_BUDDY_KERNELS] = {
	[BUDDY_KERNEL_6_1] = {
		.kernel = "6.1",
#define RULE_IN_6_1(row, in_6_1, in_6_12, meaning) .row = in_6_1,
		BUDDY_RULES(RULE_IN_6_1)
	},
	[BUDDY_KERNEL_6_12] = {
		.kernel = "6.12",
#define RULE_IN_6_12(row, in_6_1, in_6_12, meaning) .row = in_6_12,
		BUDDY_RULES(RULE_IN_6_12)
	},
};

const struct buddy_rule_desc buddy_rule_desc[] = {
#define RULE_DESC(row, in_6_1, in_6_12, meaning) { #row, { in_6_1, in_6_12 }, meaning },
	BUDDY_RULES(RULE_DESC)
	{ NULL, { false, false }, NULL }
};

enum buddy_kernel buddy_kernel_find(const char *name)
{
	int kernel = 0;

	while (kernel < NR_BUDDY_KERNELS && strcmp(name, buddy_rules[kernel].kernel))
		kernel++;
	return (enum buddy_kernel)kernel;
}
