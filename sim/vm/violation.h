/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: violations that a vm_validate() or a part of it finds: told in a sentence each, and counted. Locking: none. */
#ifndef KMEMSIM_SIM_VM_VIOLATION_H
#define KMEMSIM_SIM_VM_VIOLATION_H

#include "sim/vm/vm.h"

struct vm_violations {
	vm_violation_fn fn;		/* may be NULL */
	void *ctx;
	unsigned int nr;
};

void vm_complain(struct vm_violations *violations, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
