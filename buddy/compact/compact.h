/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: compaction: where free memory lies in pieces, used frames move together, so that what is free is one block.
 *
 *	zone  |  used . . used . used | . used .  . . | . . . . . . . . |
 *	         migration scanner ->                  <- free scanner
 *
 * The migration scanner goes up from the zone's start, 32 frames that can move at a time; the free scanner comes down
 * from its end with frames to move them to. It is over when a block of the wanted order is free, or when
 * they meet. Whose frames they are, and how they move, the layer above says (struct buddy_compact_ops): without
 * one, nothing can move, and there is no compaction.
 *
 * A zone where it did not help is left alone for a while (deferred), and pageblocks where nothing was found are
 * passed over the next time (skip).
 *
 * Follows mm/compaction.c: compact_zone() and what it calls, try_to_compact_pages(). Differs from Linux: no search by
 * free lists in front of the scanners (fast_find_migrateblock, fast_isolate_freepages), and so the free scanner
 * looks at each frame also where it should be quick; no kcompactd and no proactive compaction; blocks above order 0 do not move; memory that
 * nobody ever asked for (struct fresh_blocks) is no goal.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_COMPACT_COMPACT_H
#define KMEMSIM_BUDDY_COMPACT_COMPACT_H

#include "buddy/alloc.h"

#define COMPACT_CLUSTER_MAX	32u
#define COMPACT_MAX_DEFER_SHIFT	6u

/* How much is done for it; the kernel's numbers, the strongest is 0. */
enum compact_priority { COMPACT_PRIO_SYNC_FULL, COMPACT_PRIO_SYNC_LIGHT, COMPACT_PRIO_ASYNC };

/* Ordered: the best of several zones is the largest. */
enum compact_result {
	COMPACT_SKIPPED,		/* there is too little free memory, or compaction would not help */
	COMPACT_DEFERRED,		/* it failed lately */
	COMPACT_CONTINUE,
	COMPACT_COMPLETE,		/* the whole zone was gone over, in vain */
	COMPACT_PARTIAL_SKIPPED,	/* a part of it */
	COMPACT_CONTENDED,		/* there was nowhere to move to */
	COMPACT_SUCCESS,
};

/* Of one zone. */
struct compact_zone {
	uint32_t cached_migrate_pfn[2];	/* where the scanners go on: asynchronous, and not */
	uint32_t cached_free_pfn;
	unsigned int considered, defer_shift, order_failed;
	bool blockskip_flush;		/* a whole run came to nothing since they were cleared last */
};

struct compact;

/* One run over one zone. */
struct compact_control {
	struct buddy *b;
	struct compact *compact;
	struct zone *zone;
	struct compact_zone *state;
	unsigned int order;
	enum migratetype migratetype;
	unsigned int alloc_flags;
	enum zone_type highest_zoneidx;
	bool async;
	bool whole_zone, ignore_skip_hint, ignore_block_suitable;
	bool finish_pageblock;		/* take all of the pageblock, not 32 frames */
	uint32_t migrate_pfn, free_pfn;
	uint32_t nr_migrate, nr_free, at_free;
	uint32_t migrate[PAGEBLOCK_NR_PAGES];	/* frames that are to move */
	uint32_t free[2 * PAGEBLOCK_NR_PAGES];	/* frames to move to: [at_free, nr_free) */
};

struct compact {
	struct buddy_compact_ops ops;
	void *ctx;
	struct compact_zone zones[MAX_ZONES];
	uint8_t *skip;			/* a byte a pageblock */
	uint64_t counters[NR_BUDDY_COMPACT];
	struct compact_control control;	/* one run at a time */
};

/* ---- scan.c ------------------------------------------------------------------- */

/* Fill cc->migrate from cc->migrate_pfn on; false: nothing was found in this pageblock. */
bool isolate_migratepages(struct compact_control *cc);
/* Fill cc->free until there are as many as frames that are to move, if so many can be had. */
void isolate_freepages(struct compact_control *cc);
/* What was not used goes back. */
void release_freepages(struct compact_control *cc);
bool compact_scanners_met(const struct compact_control *cc);
/* If a run over the zone has ended since: forget which pageblocks are passed over, and where the scanners were. */
void reset_isolation_suitable(struct compact *compact, const struct zone *zone);

/* ---- compact.c ------------------------------------------------------------------ */

/*
 * Compact the zones that a request may use, one after the other, until one has a block. The result of the best one;
 * *@pfn: a block that a free made and that is the request's already, or PFN_NONE_VAL (Linux: try_to_compact_pages).
 */
enum compact_result try_to_compact_pages(struct buddy *b, unsigned int order, unsigned int alloc_flags,
					 const struct alloc_context *ac, enum compact_priority prio, uint32_t *pfn);
/* A request in @zone succeeded, or may: @alloc_success (Linux: compaction_defer_reset). */
void compaction_defer_reset(struct compact *compact, const struct zone *zone, unsigned int order, bool alloc_success);

/* ---- direct.c ---------------------------------------------------------------------- */

/*
 * A request compacts for itself and tries again. PFN_NONE_VAL, or an allocated block; *@result says what
 * compaction came to (Linux: __alloc_pages_direct_compact).
 */
uint32_t alloc_pages_direct_compact(struct buddy *b, gfp_t gfp, unsigned int order, unsigned int alloc_flags,
				    const struct alloc_context *ac, enum compact_priority prio,
				    enum compact_result *result);

#endif
