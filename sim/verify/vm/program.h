/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what vm-player plays (sim/capture/guest/player.h), built and read. A program is made from a
 * scenario, or of random mapping calls, and is played twice: by real processes in a guest, and by simulated ones here.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_PROGRAM_H
#define KMEMSIM_SIM_VERIFY_VM_PROGRAM_H

#include "pagemap/error.h"
#include "sim/capture/guest/player.h"
#include "sim/scenario/scenario.h"

/* Bounds; what goes beyond is refused. */
#define PROGRAM_MAX_OPS		(1u << 20)
#define PROGRAM_MAX_RUNS	(1u << 22)
#define PROGRAM_MAX_TOUCHES	(UINT64_C(1) << 32)

struct program {
	struct player_op *ops;		/* owned */
	struct player_run *runs;	/* owned */
	uint32_t nr_ops, max_ops, nr_runs, max_runs;
};

void program_free(struct program *program);
/* -ENOMEM, -E2BIG. */
int program_add(struct program *program, const struct player_op *op);
int program_add_run(struct program *program, const struct player_run *run);
/*
 * Add what @op, a touch whose runs are @program's, touches to @touches; a run, and a round, counts as one place at least. False: those are
 * more than PROGRAM_MAX_TOUCHES then.
 */
bool program_count_touches(const struct program *program, const struct player_op *op, uint64_t *touches);

/*
 * Read @len bytes; @name is for messages. Each number is checked: whoever gets the program may use it as it is.
 * -EINVAL, -ENOMEM.
 */
int program_parse(struct program *program, const char *name, const void *bytes, size_t len, struct kerror *err);
/* Its bytes, of program_bytes(). */
size_t program_bytes(const struct program *program);
void program_store(const struct program *program, void *bytes);

/*
 * The steps of @scenario, repeats carried out; a look at the beginning, at each phase, behind each new process and
 * at the end. -EOPNOTSUPP: a step cannot be done by a real process, with its line; -E2BIG, -ENOMEM.
 */
int program_from_scenario(struct program *program, const struct scenario *scenario, struct kerror *err);

extern const char *const player_kind_names[NR_PLAYER_KINDS];

#endif
