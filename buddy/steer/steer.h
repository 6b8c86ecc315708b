/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the allocator led by a real kernel's trace. A request is served by
 * the very functions that serve everybody; what is different is said here:
 * a request that finds nothing does not reclaim (the kernel did that, and its
 * frees are in the trace), and what the kernel's timers and threads did at
 * their own time is done when the trace says so.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_STEER_STEER_H
#define KMEMSIM_BUDDY_STEER_STEER_H

#include "buddy/buddy.h"
#include "buddy/zone.h"

/* Which try of a request was served. */
enum steer_try {
	STEER_LOW,		/* above the low watermark */
	STEER_MIN,		/* above the min watermark, or with the reserves its flags allow */
	STEER_NO_WATERMARK,	/* only as one that heeds no watermark */
	STEER_FAILED,
};

/*
 * As buddy_alloc_pages() without reclaim; @slow: it has failed once above the
 * low watermark, and reclaimed or compacted since, so the min watermark is what
 * counts now. *@at says which try was served. PFN_NONE where none was.
 */
pfn_t steer_alloc(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order, bool slow,
		  enum steer_try *at);
/*
 * What there was before a request, in the zones that it may be served from:
 * with it the request can be taken back. Valid until the next change.
 */
struct steer_before {
	unsigned int nr;
	enum migratetype mt;
	struct steer_before_zone {
		struct zone *zone;
		uint64_t pcp_alloc;
		uint32_t head_flags;
		bool was_empty;		/* the request's list there */
		struct per_cpu_pages pcp;
	} zones[MAX_NR_ZONES];
};
void steer_remember(const struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order,
		    struct steer_before *before);
/* The zone among those that @pfn lies in, or NULL. */
const struct steer_before_zone *steer_before_of(const struct buddy *b, const struct steer_before *before,
						pfn_t pfn);
/* Undo the request that has just got @pfn. False, with nothing changed, where that is in none of the zones. */
bool steer_take_back(struct buddy *b, unsigned int cpu, const struct steer_before *before, pfn_t pfn,
		     unsigned int order);
/* Serve it from @zone, whatever its watermarks say. */
pfn_t steer_alloc_from(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order,
		       struct zone *zone);

/* What a request leaves behind that finds nothing: each zone is looked at, and may be found too low. */
void steer_alloc_nothing(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order);

/* The block that compaction captured for a request of @gfp, by @cap, is given to it. */
struct compact_capture;
pfn_t steer_take_captured(struct buddy *b, struct compact_capture *cap, gfp_t gfp);

/*
 * The first block of the per-CPU list that steer_alloc() would take from now;
 * PFN_NONE where that is empty, or the request is not one for these lists.
 */
pfn_t steer_peek(const struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order);
/* Would a free put @freed on the list, of the same CPU, that @on_list is on? */
bool steer_same_list(const struct buddy *b, pfn_t on_list, pfn_t freed);
/* Does a free of @pfn go to a per-CPU list, and how many frames would @cpu's then give back? */
bool steer_on_pcp(const struct buddy *b, pfn_t pfn, unsigned int order);
int steer_would_give_back(const struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order);
/* Free it there, and give @nr frames back whatever the rules say. */
void steer_free_guided(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order, int nr);
/*
 * A free of @pfn to @cpu's lists is known to give @nr frames back. Where it
 * would do otherwise, let the run of frees before it be the nearest one that
 * makes it do so; false where there was nothing to do, or nothing does.
 */
bool steer_fit_run(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order, int nr);

/*
 * Make the 2^@order frames at @pfn one allocated block, however they were
 * allocated: a kernel splits blocks, and blocks of a loaded state have no size
 * yet. -EALREADY where one of them is not allocated, -EINVAL where one is not
 * memory or @pfn not aligned.
 */
int steer_shape(struct buddy *b, pfn_t pfn, unsigned int order);

/* Free an allocated block past the per-CPU lists, as where their lock is taken. */
void steer_free_direct(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order);

/* Give back about @count frames on @cpu's lists of @zone, beginning with list @pindex, on @acting_cpu's account. */
void steer_drain(struct buddy *b, unsigned int acting_cpu, const struct zone *zone,
		 unsigned int cpu, int count, unsigned int pindex);

/*
 * Take @pfn of @order off the free lists, as compaction does, whether or not it
 * is a block of its own; it becomes 2^@order frames in use, on no LRU list yet. False
 * where not all of it is in one free block.
 */
bool steer_isolate(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order);

/*
 * Whether the frame in use at @pfn, or the block that it begins, counts as one
 * that could be moved away: on an LRU list. Nothing happens where it begins none.
 */
void steer_set_movable(struct buddy *b, pfn_t pfn, bool movable);
bool steer_is_movable(const struct buddy *b, pfn_t pfn);

/* @cpu's part of the counters goes to the zones'; where @lists is true its lists are looked after as well. */
void steer_fold(struct buddy *b, unsigned int cpu, bool lists);

/* While kswapd of @nid is awake a CPU keeps more, or less, of the counters to itself. */
void steer_kswapd_awake(struct buddy *b, unsigned int nid, bool awake);

/* kswapd works for @nid's zones up to @highest, from now until it does not. */
struct steer_kswapd { uint64_t boost[MAX_NR_ZONES]; unsigned int nid; int highest; };
void steer_kswapd_begin(struct buddy *b, unsigned int nid, int highest, struct steer_kswapd *ks);
void steer_kswapd_end(struct buddy *b, struct steer_kswapd *ks);

/*
 * What compaction's scanners do to the Movable free lists while they search
 * them: whatever they looked at comes last for the next search. One round of
 * kcompactd, or of one task's direct compaction.
 */
struct steer_compact {
	int order;			/* of the block that compaction is to make */
	int search_order;		/* where the free scanner begins its next search */
	unsigned int search_fail;	/* searches in a row that found nothing: the next look at less */
	uint32_t migrate_pfn;
	uint32_t free_pfn;
	uint32_t init_free_pfn;		/* of the zone: from here on a search of the free scanner is a deep one */
	bool direct;			/* a task's own, not kcompactd's */
	uint32_t fast_start_pfn;	/* the lowest pageblock a search led to; UINT32_MAX: used up */
	const struct zone *zone;	/* NULL: none is being compacted */
};
void steer_compact_wake(struct steer_compact *cc, unsigned int order);
/*
 * The migration scanner looks for a pageblock with free blocks in it. @went is
 * the frame where the kernel's went on.
 */
void steer_compact_find_source(struct buddy *b, struct steer_compact *cc, uint32_t went);
/* The free scanner looks for a free block; returns it with *@order, or PFN_NONE. It stays where it is. */
pfn_t steer_compact_find_target(struct buddy *b, struct steer_compact *cc, unsigned int *order);

/* Unreserve as a request of @gfp would that is about to fail. */
bool steer_unreserve_highatomic(struct buddy *b, unsigned int cpu, gfp_t gfp, bool force);

/*
 * @got, in use or on a per-CPU list, should have been @want: that takes its
 * place, and @got takes the place of @want if that was on a per-CPU list, or
 * else goes to the free lists. False, with nothing changed, where @want is not
 * free or is on a per-CPU list as another size.
 */
bool steer_exchange(struct buddy *b, pfn_t got, pfn_t want, unsigned int order);

/* Where a frame is. */
enum steer_place { STEER_IN_USE, STEER_ON_PCP, STEER_IN_FREE_LIST, STEER_NO_MEMORY };
enum steer_place steer_where(const struct buddy *b, pfn_t pfn, pfn_t *block, unsigned int *order);

#endif
