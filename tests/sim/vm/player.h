/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: calls done by a real process of the host (build/vm-player) and by a simulated one, side by side.
 */
#ifndef KMEMSIM_TESTS_SIM_VM_PLAYER_H
#define KMEMSIM_TESTS_SIM_VM_PLAYER_H

#include "sim/capture/guest/player.h"
#include "sim/machine/machine.h"
#include "sim/vm/calls.h"
#include "sim/vm/fault.h"
#include "tests/sim/vm/smaps.h"

/* A machine with one process whose memory is laid out as the player's on this host. */
struct twin {
	struct machine *machine;
	struct vm *vm;
	struct process *process;
	struct player_op *ops;
	struct process *child;		/* that calls are made by; NULL: by process */
	struct player_result *expected;
	struct player_result *real;	/* after twin_play() */
	uint32_t nr, max;
};

/*
 * By the rules of the host's kernel. False where the host can't do it (no player, no /proc, not Linux on x86-64, older
 * than 6.12); then the test was skipped with the reason.
 */
bool twin_init(struct twin *twin);
void twin_exit(struct twin *twin);

/* One more call, done by the simulated process at once. Its result. */
int64_t twin_call(struct twin *twin, enum player_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
		  uint64_t f);
/* The next @count calls are a child's; after them twin_child_ends(). */
void twin_fork(struct twin *twin, uint32_t count);
void twin_child_ends(struct twin *twin);
/* The simulated mappings, as PLAYER_HASH words them. */
int64_t twin_hash(struct mm *mm);

/*
 * All calls for real. Returns the index of the first one whose result or, with @faults, whose page faults differ;
 * nr where none does; prints that one to stderr.
 */
uint32_t twin_play(struct twin *twin, bool faults);

#endif
