/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a trace measured, so that another can be made like it.
 *
 *	arrivals   allocations in their order, in blocks of PROFILE_BLOCK: time since the one before,
 *	           class, CPU, task, call chain
 *	classes    what is allocated alike: same kind, size, cache, call site, gfp, order, ...
 *	lives      of each class, what became of its members: how long they lived, how that
 *	           ended, where and by whom they were freed; a block that changes its size goes on as another life
 *
 * So lifetimes are conditional on class, and bursts, runs of one call site and runs on
 * one CPU are in the blocks (a block bootstrap: Künsch, "The jackknife and the bootstrap for
 * general stationary observations", 1989). Memory: blocks and lives beyond a limit replace
 * others at random, each with the same chance to stay, so any length of trace fits.
 *
 * What a life's end can be: freed; never freed; or unseen: its address came again, so
 * it was freed by somebody who was not recorded. All three keep their shares.
 *
 * Left out: events that only inform, slab pages (who replays objects takes his own),
 * frees whose allocation is not in the trace, and allocations that failed.
 *
 * Two clocks. A place in time is (ns, step): the step counts events that share a time
 * stamp, for formats with coarse ones. Where time stamps are nothing but the numbers of
 * events, as in most malloc traces, the profile says so (@counted).
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_GEN_PROFILE_H
#define KMEMSIM_SIM_GEN_PROFILE_H

#include "pagemap/random.h"
#include "sim/trace/trace.h"
#include "sim/util/table.h"

#define PROFILE_BLOCK		64u
#define PROFILE_MAX_BLOCKS	16384u
#define PROFILE_MAX_LIVES	16384u	/* a class */

enum life_end {
	LIFE_NEVER,
	LIFE_FREED,
	LIFE_UNSEEN,
	LIFE_RESIZED,	/* goes on as @next */
};

struct life {
	uint64_t ns;		/* how long */
	uint64_t step;		/* ns 0: so many events later; else: which event of those with its time stamp the end is */
	uint32_t class;
	uint32_t next;		/* LIFE_RESIZED: number of the life it goes on as */
	name_id free_site, free_cache;
	stack_id free_stack;
	int32_t free_pid;
	name_id free_comm;
	uint16_t cpu, free_cpu;
	uint8_t end;		/* enum life_end */
	uint8_t free_kind;	/* enum event_kind */
	uint8_t free_context;	/* context and depth, 4 bits each */
	bool same_task;		/* the task that allocated it ended it */
};

struct life_class {
	struct event like;	/* but for what differs from one to the other, which is 0 */
	uint32_t *lives;	/* numbers of first lives, in no order */
	uint32_t nr, size;
	uint64_t seen;		/* of them, also those that are not kept */
	uint32_t dealt;		/* see profile_deal() */
};

struct arrival {
	uint64_t gap_ns;	/* since the arrival before */
	uint32_t gap_step;	/* with gap 0: events since then; else the step it has */
	uint32_t class;
	int32_t pid;
	name_id comm;
	stack_id stack;
	uint16_t cpu;
};

struct profile {
	struct life *lives;	/* 0 is none */
	uint32_t nr_lives, lives_size, free_life;
	struct life_class *classes;
	uint32_t nr_classes, classes_size;
	struct arrival *arrivals;	/* PROFILE_BLOCK a block */
	uint16_t *block_len;
	uint32_t nr_blocks, blocks_size;
	uint64_t events;	/* that a trace of the same length has */
	uint64_t arrivals_seen;
	bool counted;		/* time stamps are event numbers */
};

/* Measure @trace, which is loaded and resolved. Errors: -ENOMEM, the trace's, -ENODATA where nothing was allocated. */
int profile_create(struct profile **out, struct trace *trace, const volatile sig_atomic_t *stop, struct kerror *err);
void profile_destroy(struct profile *profile);

/*
 * A life for another member of class @class: each is dealt once before any is dealt
 * again, so a trace of the same length has the same lives, in another order.
 */
const struct life *profile_deal(struct profile *profile, uint32_t class, uint64_t *random);

#endif
