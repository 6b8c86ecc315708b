/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a program of vm-player, done by simulated processes. The simulated director (process 0) is the real one
 * as the first look shows it; all others are forked from it, as there.
 *
 *	struct player_op -> stage_do() -> sim/vm/ -> struct player_result: what vm-player should answer
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_STAGE_H
#define KMEMSIM_SIM_VERIFY_VM_STAGE_H

#include "sim/machine/machine.h"
#include "sim/verify/capture/snapshot.h"
#include "sim/verify/vm/frames.h"
#include "sim/verify/vm/look.h"
#include "sim/verify/vm/program.h"
#include "sim/vm/process.h"
#include "sim/vm/reclaim/turns.h"

/* Memory of the player itself, which the program does not speak of. */
struct stage_range {
	uint64_t start, end;
};

struct stage_slot {
	uint64_t start, bytes;
};

struct stage {
	const struct program *program;
	struct machine *machine;
	struct vm *vm;
	struct process *processes[PLAYER_MAX_PROCESSES];	/* NULL: not there yet */
	struct stage_slot (*slots)[PLAYER_MAX_SLOTS];		/* owned; of each process */
	struct vm_file *files[PLAYER_MAX_FILES];		/* NULL: not made yet */
	struct stage_range own[24];
	unsigned int nr_own;
	const struct looks *looks;	/* what the kernel takes for itself from one to the next is told by them; NULL: not so */
	uint64_t kernel_took;		/* frames, since the first look */
	struct vm_frames *frames;	/* NULL, or who leads the page allocator */
	bool privileged;		/* the director runs as root */
	bool drains;			/* each look begins with what CPUs hold back; older vm-players did not do so */
	bool others;			/* pages of generations that are not the program's */
	bool vsyscall;			/* maps end with a line for it */
};

struct stage_config {
	enum vm_kernel kernel;
	const struct snapshot *snapshot;	/* its page allocator as it begins; NULL: all of mem_bytes is free */
	bool at_first_look;		/* it is of a moment when the director was there already */
	struct vm_frames *frames;	/* a trace to follow from the snapshot on; NULL: there is none */
	uint64_t mem_bytes;		/* of the simulated machine */
	uint64_t totalram;		/* pages; what the kernel reckons with */
	enum vm_thp thp;
	enum vm_thp_defrag thp_defrag;
	enum vm_lru lru;
	struct vm_mthp_orders mthp;
	enum vm_overcommit overcommit;
	unsigned int overcommit_ratio;
	uint64_t admin_reserve, user_reserve;	/* pages; 0: as the kernel sets them with so much memory */
	int64_t committed;		/* pages, of all that runs at the first look */
	uint64_t swap_bytes;		/* 0: no swap; with the header */
	enum vm_swap_type swap_type;
	unsigned int page_cluster, swappiness;
	bool privileged;
	struct turns_speed speed;	/* of its one CPU; 0: not known, kswapd takes no turns */
	uint64_t fault_around_bytes, ra_bytes, io_bytes;	/* 0: the kernel's default */
	bool in_tmpfs;			/* the player's program lies in memory, not on a disk */
};

/* @first: the look of operation 0; NULL: there is none yet, and a layout is assumed. stage_exit() is due in any case. */
int stage_init(struct stage *stage, const struct program *program, const struct stage_config *cfg,
	       const struct looks *looks, const struct look *first, struct kerror *err);
void stage_exit(struct stage *stage);

/* Operation @op; what PLAYER_LOOK finds is compare.c's matter. */
void stage_do(struct stage *stage, const struct player_op *op, struct player_result *result);

/* @addr is memory of the player itself. */
bool stage_is_own(const struct stage *stage, uint64_t addr);

/* @process is there and has not ended. */
bool stage_lives(const struct stage *stage, uint32_t process);

/*
 * What @process touched of its own memory since it was forked is there, as @look says: nobody can
 * foresee it. @fresh: it was forked for this look, which knows of its faults so far. -ENOMEM, -EINVAL.
 */
int stage_adopt(struct stage *stage, uint32_t process, bool fresh, const struct looks *looks, const struct look *look);

/* @process has called exec: its mappings, and what of them is there, are those of @look. -ENOMEM, -EINVAL. */
int stage_adopt_exec(struct stage *stage, uint32_t process, const struct looks *looks, const struct look *look,
		     struct kerror *err);

/* stage_file.c: PLAYER_FILE; PLAYER_DROP_CACHES; PLAYER_READ and PLAYER_WRITE. */
int64_t stage_create_file(struct stage *stage, const struct player_op *op);
void stage_drop_caches(struct stage *stage);
int64_t stage_read_or_write(struct stage *stage, struct process *p, const struct player_op *op);

/* The mappings as PLAYER_HASH words them. */
int64_t stage_hash(const struct stage *stage, const struct process *process);

#endif
