/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the same trace through machines that differ in their slab engine
 * alone, and what each made of it.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_SESSION_COMPARE_H
#define KMEMSIM_SIM_SESSION_COMPARE_H

#include "sim/session/session.h"

/* X(name, label, unit, best). best: -1 the least is, 1 the most is, 0 neither. */
#define COMPARE_METRICS(X) \
	X(held_peak,      "most memory held for objects", "bytes", -1) \
	X(requested_peak, "  requested of it then", "bytes", 0) \
	X(waste_peak,     "  of it not used then", "%", -1) \
	X(waste_mean,     "not used, mean over the run", "%", -1) \
	X(waste_end,      "not used, at the end", "%", -1) \
	X(books_peak,     "most bytes of metadata", "bytes", -1) \
	X(used_peak,      "most frames used in all", "frames", -1) \
	X(pages_taken,    "frames taken for slabs", "frames", -1) \
	X(pages_back,     "  given back", "frames", 0) \
	X(slabs_taken,    "slabs taken", "", -1) \
	X(fast_allocs,    "allocations on the fast path", "%", 1) \
	X(fast_frees,     "frees on the fast path", "%", 1) \
	X(lines,          "cache lines touched", "", -1) \
	X(l1_misses,      "  misses, of accesses: 32 KiB", "%", -1) \
	X(l2_misses,      "  misses, of accesses: 1 MiB", "%", -1) \
	X(tlb_pages,      "4 KiB pages touched", "", -1) \
	X(tlb_walks,      "  page walks, of lookups", "%", -1) \
	X(unusable_worst, "unusable index, worst", "1/1000", -1) \
	X(unusable_end,   "unusable index, at the end", "1/1000", -1) \
	X(extfrag_worst,  "fragmentation index, worst", "1/1000", -1) \
	X(broken_blocks,  "blocks of that order partly used", "", -1) \
	X(alloc_fail,     "allocations that failed", "", -1)

enum compare_metric {
#define COMPARE_ENUM(name, label, unit, best) CM_##name,
	COMPARE_METRICS(COMPARE_ENUM)
#undef COMPARE_ENUM
	NR_COMPARE_METRICS
};

struct compare_desc {
	const char *name, *label, *unit;
	int best;
};
extern const struct compare_desc compare_desc[NR_COMPARE_METRICS];

/* A plain figure has denominator 1; a share, whose unit is %, may have 0 where there was nothing. */
struct compare_value {
	int64_t num;
	uint64_t den;
};

struct compare_result {
	struct slab_config config;
	uint64_t events;		/* replayed: all of the trace, but where it was stopped */
	uint64_t samples;
	uint64_t unbalanced;		/* samples whose figures did not add up: expect 0 */
	uint64_t refused;		/* frees our machine refused: expect 0 */
	uint64_t no_cache_left;		/* objects left out because there were too many caches */
	struct compare_value value[NR_COMPARE_METRICS];
};

struct compare_config {
	struct machine_config machine;	/* its slab is not looked at */
	struct replay_config replay;
	unsigned int order;		/* the order that fragmentation is judged by */
	const volatile sig_atomic_t *stop;	/* as a session's */
};

/*
 * Replay @trace, resolved, through a fresh machine with @slab. Errors: those of
 * session_create() and session_run(); with -EINTR @res is of the events replayed so far.
 */
int compare_run(struct trace *trace, const struct compare_config *cfg,
		const struct slab_config *slab, struct compare_result *res, struct kerror *err);

/* <0, 0, >0: @a is better than, as good as, worse than @b in @metric. */
int compare_values(enum compare_metric metric, const struct compare_value *a,
		   const struct compare_value *b);

#endif
