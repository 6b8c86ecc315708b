/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reclaim predicted, one step ahead. Each task that reclaims in a trace is followed by the functions of
 * sim/vm/reclaim/ in steps: which list comes next, how many pages of it, how many of these are given up, and whether there is a
 * next one at all. After a miss the model goes on from what the kernel did.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_RECLAIM_REPLAY_H
#define KMEMSIM_SIM_VERIFY_RECLAIM_REPLAY_H

#include "sim/verify/pages/pages.h"
#include "sim/verify/reclaim/pages.h"

/* X(figure, what it means) */
#define RECLAIM_FIGURES(X) \
	X(list,      "which list pages are taken off") \
	X(scanned,   "how many pages of it are looked at") \
	X(taken,     "how many of them can be taken off it") \
	X(reclaimed, "how many of those are given up") \
	X(all_four,  "all of this of one event") \
	X(priority,  "how hard it tries: the part of a list that is looked at") \
	X(ends,      "whether a task's reclaim is over, where the kernel's was")

enum reclaim_figure {
#define RECLAIM_FIGURE_ENUM(name, text) RECLAIM_##name,
	RECLAIM_FIGURES(RECLAIM_FIGURE_ENUM)
#undef RECLAIM_FIGURE_ENUM
	NR_RECLAIM_FIGURES
};

extern const struct verify_desc reclaim_figure_desc[NR_RECLAIM_FIGURES];

/* What the model said, or the kernel did. */
struct reclaim_step {
	bool over;			/* no step: reclaim is over */
	uint8_t list, priority;
	uint32_t scanned, taken, reclaimed;
};

struct reclaim_miss {
	uint64_t line;
	bool kswapd;
	struct reclaim_step model, kernel;
};

struct reclaim_result {
	struct verify_rate figures[NR_RECLAIM_FIGURES];
	struct verify_rate by_list[LRU_UNEVICTABLE];	/* all four */
	struct verify_rate by_priority[DEF_PRIORITY + 1];
	uint64_t predicted[2], real[2];	/* pages scanned, reclaimed in all: predicted step by step, by the kernel */
	struct reclaim_miss *miss;	/* the first ones; owned */
	unsigned int nr_miss, max_miss;
};

/* -ENOMEM, -EINTR. @result is filled, and to be freed by the caller in any case. */
int reclaim_replay(struct reclaim_result *result, struct reclaim_pages *pages, const struct guide *guide,
		   unsigned int max_miss, const volatile sig_atomic_t *stop, struct kerror *err);
void reclaim_result_free(struct reclaim_result *result);

#endif
