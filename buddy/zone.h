/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what one zone consists of. Public for reading, so that reports,
 * snapshots and students can look at every list; only buddy/ writes to it.
 */
#ifndef KMEMSIM_BUDDY_ZONE_H
#define KMEMSIM_BUDDY_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/pagemap.h"

/* As Debian's kernels have them: no CMA, so Isolate follows HighAtomic. */
enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES,
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,
	MIGRATE_ISOLATE,
	MIGRATE_TYPES
};

struct buddy_rules;

extern const char *const migratetype_names[MIGRATE_TYPES];	/* "Unmovable", ... */
extern const char *const zone_names[MAX_NR_ZONES];		/* "DMA", ... */

enum zone_watermarks {
	WMARK_MIN,
	WMARK_LOW,
	WMARK_HIGH,
	WMARK_PROMO,
	NR_WMARK
};

#define PAGE_ALLOC_COSTLY_ORDER 3
#define NR_PCP_THP 2
#define NR_LOWORDER_PCP_LISTS (MIGRATE_PCPTYPES * (PAGE_ALLOC_COSTLY_ORDER + 1))
#define NR_PCP_LISTS (NR_LOWORDER_PCP_LISTS + NR_PCP_THP)

/*
 * A doubly linked list of blocks; the links are in struct page. What is not
 * needed is not kept, because writing it would cost a cache line of the
 * neighbour: the head's prev is undefined, and so is @tail of an empty list.
 * On a per-CPU list, where blocks come and go at the head, prev and @tail are
 * made right only when the list is drained; see PG_linked in list.h.
 */
struct page_list {
	uint32_t head;		/* PFN_NONE_VAL when empty */
	uint32_t tail;		/* its next is PFN_NONE_VAL */
};

struct free_area {
	struct page_list list[MIGRATE_TYPES];
	uint64_t nr_mt[MIGRATE_TYPES];	/* blocks in each list */
	uint64_t nr_free;		/* their sum */
};

/* All that a pair of alloc and free of one frame writes is in the first cache line. */
struct per_cpu_pages {
	int count;		/* frames on all lists */
	int high;		/* frames; above it a free gives some back */
	int batch;		/* frames moved at a time */
	int high_min, high_max;	/* where high may move to; rule auto_high */
	union {			/* each allocation halves it */
		short free_factor;	/* each free in a row doubles what is given back */
		short free_count;	/* frames freed in a row; rule auto_high */
	};
	uint8_t alloc_factor;	/* each refill in a row doubles what is fetched; rule auto_high */
	uint8_t flags;		/* PCPF_* */
	uint64_t nr_alloc;	/* single frames handed out on the fast path, see zone_stat */
	struct page_list lists[NR_PCP_LISTS];
} __attribute__((aligned(64)));

/*
 * Memory no one ever asked for. The kernel links its first free blocks into
 * the MOVABLE list of the largest order, one struct page each; that touches
 * 64 MiB of struct pages on a 64 GiB machine. Here the blocks from @start to
 * @end (pfns, multiples of the largest block) count as members of that list,
 * in ascending order, without being linked: they stand behind the linked
 * blocks of list[MIGRATE_MOVABLE] and before those of @behind. The nearest
 * relative in Linux is CONFIG_DEFERRED_STRUCT_PAGE_INIT.
 */
struct fresh_blocks {
	uint32_t start;
	uint32_t end;
	struct page_list behind;
};

/* Rule auto_high: the free before was of an order above 0; frees of such orders leave
 * a batch, as where a CPU's share of the caches holds three batches. */
#define PCPF_PREV_FREE_HIGH_ORDER	(1U << 0)
#define PCPF_FREE_HIGH_BATCH		(1U << 1)

/*
 * What happened in a zone, by order, so that one increment yields several of
 * the counters of counters.h. What took the fast path (one frame, from the
 * wanted zone, through a per-CPU list) is counted in per_cpu_pages only, and
 * added when somebody asks; single frames freed to per-CPU lists follow from
 * what was handed out and is not allocated any more.
 */
struct zone_stat {
	uint64_t numa[2][2];	/* allocations, by [zone on the wanted node][zone on the CPU's node] */
	uint64_t numa_foreign;	/* allocations that wanted this zone and went to another node */
	uint64_t pcp_alloc[NR_PAGE_ORDERS];	/* blocks handed out of per-CPU lists */
	uint64_t pcp_free[NR_PAGE_ORDERS];	/* blocks above order 0 freed to per-CPU lists */
	uint64_t buddy_alloc[NR_PAGE_ORDERS];	/* blocks handed out of the free lists */
	uint64_t buddy_free[NR_PAGE_ORDERS];	/* blocks freed to the free lists */
	uint64_t pcp_refill_pages;	/* frames moved from the free lists to per-CPU lists */
	uint64_t pcp_drain_pages;	/* frames moved back */
	uint64_t allocated_otherwise;	/* used frames that no request took: isolated, or loaded as used */
};

#define ZONE_BOOSTED_WATERMARK	(1U << 0)	/* boosted just now; kswapd is still to be woken */
#define ZONE_RECLAIM_ACTIVE	(1U << 1)	/* kswapd is at work: per-CPU lists are kept short */
#define ZONE_MIXED_BUDDIES	(1U << 2)	/* held blocks of types that do not merge; free buddies
						 * of pageblock size may lie side by side */
#define ZONE_DRIFTS		(1U << 4)	/* loaded: the CPUs' thresholds depend on kswapd */
#define ZONE_BELOW_HIGH		(1U << 3)	/* sank below the high watermark; without rule below_high
						 * it is always set */

/*
 * What one CPU changed of free_pages and has not added to it yet, as vmstat does it:
 * up to @threshold frames. Only loaded machines have it.
 */
struct zone_cpu_stat {
	int threshold;
	int diff;
};

/* The first two cache lines are all that an allocation reads of a zone. */
struct zone {
	uint64_t watermark[NR_WMARK];	/* frames; without the boost */
	uint64_t watermark_boost;
	uint64_t free_pages;		/* in free lists, fresh blocks included, Isolate's not; but for cpu_stat */
	uint64_t nr_reserved_highatomic; /* frames */
	struct per_cpu_pages *pcp;	/* one a CPU; NULL for a zone without memory */

	uint64_t lowmem_reserve[MAX_NR_ZONES];
	uint64_t low_mark;		/* low watermark, boost and atomic reserve in one */
	unsigned int nid;
	unsigned int id;		/* nid * MAX_NR_ZONES + idx, as in struct page */
	enum zone_type idx;
	unsigned int flags;		/* ZONE_* */
	const struct buddy_rules *rules;

	struct zone_stat stat;
	struct free_area free_area[NR_PAGE_ORDERS];
	uint32_t start_pfn;
	uint32_t spanned_pages;
	uint64_t present_pages;
	uint64_t managed_pages;
	struct zone_cpu_stat *cpu_stat;	/* one a CPU; NULL: free_pages is exact */
	unsigned int nr_isolate_pageblock;
	unsigned int nr_fresh;		/* of fresh[], ascending, none empty */
	struct fresh_blocks fresh[MAX_MEM_RANGES];
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct zone, lowmem_reserve) == 64, "the watermark check reads one line more");
_Static_assert(offsetof(struct per_cpu_pages, lists[MIGRATE_PCPTYPES]) <= 64,
	       "the lists of single frames share a cache line with count and high");

static inline uint64_t zone_watermark(const struct zone *zone, enum zone_watermarks mark)
{
	return zone->watermark[mark] + zone->watermark_boost;
}

static inline bool zone_populated(const struct zone *zone)
{
	return zone->present_pages != 0;
}

#define for_each_migratetype(mt) \
	for ((mt) = 0; (mt) < MIGRATE_TYPES; (mt)++)
/* All free lists of a zone. These are two loops: break leaves the inner one alone. */
#define for_each_migratetype_order(order, mt) \
	for ((order) = 0; (order) < NR_PAGE_ORDERS; (order)++) \
		for_each_migratetype(mt)

#endif
