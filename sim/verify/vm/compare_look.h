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
	uint32_t pids[PLAYER_MAX_PROCESSES];	/* of the real processes */
	uint32_t kills;			/* of the simulated OOM killer, compared so far */
	double kill_time;		/* of the last real one, s since boot */
};

/* One figure was looked at. Returns @equal. */
bool vm_count(struct comparison *c, enum vm_figure figure, bool equal);
/* How it differs: the phase keeps its first. */
void vm_differs(struct comparison *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The look of @op. -ENOMEM, -EINVAL (it is not there, or cannot be read). */
int vm_compare_look(struct comparison *c, const struct player_op *op, struct kerror *err);

/* Whom the OOM killer chose since the look before, here and for real. Looks without a log are passed over. */
void vm_compare_kills(struct comparison *c, const struct look *look);

#endif
