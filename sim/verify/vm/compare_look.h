/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what compare.c and compare_look.c ask of each other.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_COMPARE_LOOK_H
#define KMEMSIM_SIM_VERIFY_VM_COMPARE_LOOK_H

#include "sim/verify/vm/compare.h"

struct comparison {
	const struct vm_sides *sides;
	struct vm_compared *out;
	struct vm_phase *phase;
	uint32_t op;
	uint64_t committed[2];		/* KiB at the first look: here, for real */
};

/* One figure was looked at. Returns @equal. */
bool vm_count(struct comparison *c, enum vm_figure figure, bool equal);
/* How it differs: the phase keeps its first. */
void vm_differs(struct comparison *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The look of @op. -ENOMEM, -EINVAL (it is not there, or cannot be read). */
int vm_compare_look(struct comparison *c, const struct player_op *op, struct kerror *err);

#endif
