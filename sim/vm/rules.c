/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the table of rules.h, once by kernel and once by row. */
#include "sim/vm/rules.h"

#include <stddef.h>

const struct vm_rules vm_rules[NR_VM_KERNELS] = {
	[VM_KERNEL_6_1] = {
		.kernel = "6.1",
#define VM_RULE_6_1(name, in_6_1, in_6_12, in_6_18, text) .name = in_6_1,
		VM_RULES(VM_RULE_6_1)
#undef VM_RULE_6_1
	},
	[VM_KERNEL_6_12] = {
		.kernel = "6.12",
#define VM_RULE_6_12(name, in_6_1, in_6_12, in_6_18, text) .name = in_6_12,
		VM_RULES(VM_RULE_6_12)
#undef VM_RULE_6_12
	},
	[VM_KERNEL_6_18] = {
		.kernel = "6.18",
#define VM_RULE_6_18(name, in_6_1, in_6_12, in_6_18, text) .name = in_6_18,
		VM_RULES(VM_RULE_6_18)
#undef VM_RULE_6_18
	},
};

const struct vm_rule_desc vm_rule_desc[] = {
#define VM_RULE_DESC(name, in_6_1, in_6_12, in_6_18, text) { #name, { in_6_1, in_6_12, in_6_18 }, text },
	VM_RULES(VM_RULE_DESC)
#undef VM_RULE_DESC
	{ NULL, { 0, 0, 0 }, NULL },
};
