/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: programs played by build/vm-player on the host, and by simulated processes, side by side.
 */
#ifndef KMEMSIM_TESTS_SIM_VM_PLAYER_H
#define KMEMSIM_TESTS_SIM_VM_PLAYER_H

#include "sim/verify/vm/compare.h"

/* What vm-player answered. */
struct played {
	struct player_result *results;	/* owned, one an operation */
	char *text;			/* owned */
	struct looks looks;
	struct stage_config cfg;	/* of the host */
};

/*
 * Whether the host can: Linux 6.12 or newer on x86-64, with vm-player beside the test program. Where it cannot, the test is
 * skipped with the reason.
 */
bool host_can_play(void);
/* False: it failed, which is told. played_free() is due in any case. */
bool host_play(const struct program *program, struct played *played);
void played_free(struct played *played);

/* ---- programs built call by call ------------------------------------------------------ */

#define TWIN_ACTOR 1
#define TWIN_CHILD 2

struct twin {
	struct program program;
	struct played first;		/* the host, and the director on it */
	struct stage stage;		/* where each call is done at once */
	uint16_t actor;
};

/* A program with one process. False: the host cannot play, see host_can_play(). */
bool twin_init(struct twin *twin);
void twin_exit(struct twin *twin);
/* One more operation of the process whose turn it is. A touch is addr, stride, count, write. */
void twin_call(struct twin *twin, enum player_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
/* The simulated process whose turn it is. */
struct process *twin_process(const struct twin *twin);
/* All figures of all processes here. */
void twin_look(struct twin *twin);
/* What follows is a child's, until it ends. */
void twin_fork(struct twin *twin);
void twin_child_ends(struct twin *twin);
/* Played, and compared. */
void twin_play(struct twin *twin);

/* @program played by both: nothing may differ. Each phase's first difference is printed. */
void expect_alike(const struct program *program, const struct played *played);

#endif
