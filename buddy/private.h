/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: struct buddy, one page allocator, and the small conversions that
 * every file of buddy/ uses. Who drives the allocator by a real kernel's trace
 * (buddy/steer/, sim/verify/) sees it, too; all others include buddy/buddy.h.
 *
 * The functions of the layer carry the names they have in Linux 6.1's
 * mm/page_alloc.c; a leading __ means that the caller has checked what there is
 * to check. Frames are passed as bare uint32_t pfns inside the layer,
 * PFN_NONE_VAL for none.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_PRIVATE_H
#define KMEMSIM_BUDDY_PRIVATE_H

#include <string.h>

#include "buddy/buddy.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define noinline	__attribute__((noinline))

#define MAX_ZONES	(MAX_NUMNODES * MAX_NR_ZONES)

/* Zones in the order they are tried; ends with NULL. */
struct zonelist {
	struct zone *zone[MAX_ZONES + 1];
};

enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK, NR_ZONELISTS };

/*
 * A request that compacts for itself keeps the block it needs as soon as one of
 * its own frees makes it, before it comes to a free list (capture_control).
 */
struct compact_capture {
	const struct zone *zone;
	uint32_t pfn;			/* PFN_NONE_VAL until there is one */
	uint8_t order;
	uint8_t migratetype;
};

/* Reasons to leave the fast path through an allocation or a free; see set_slow(). */
#define SLOW_OWNER	(1U << 0)
#define SLOW_FAIL	(1U << 1)
#define SLOW_RECLAIM	(1U << 2)	/* a zone has ZONE_RECLAIM_ACTIVE */
#define SLOW_LIMITS	(1U << 3)	/* a per-CPU list was loaded with high outside of its limits */

/* The gfp bits that say which zone and which list: __GFP_DMA to __GFP_RECLAIMABLE. */
#define GFP_PLACE_BITS 32

/*
 * Where one CPU's request for one frame with certain gfp bits is served when
 * all is well; made beforehand, so that nothing has to be worked out.
 */
struct fast_alloc {
	struct page_list *list;		/* of pcp; where no zone will do, one that is always empty */
	struct per_cpu_pages *pcp;
	struct zone *zone;		/* never NULL */
	uint64_t state;			/* what the frame's flags and reference count become */
};

_Static_assert(sizeof(struct fast_alloc) == 32, "found by a shift");

/*
 * What one CPU needs for a fast free. Most frees go to the zone of the free
 * before, so that zone's figures lie ready; a processor can then guess where
 * the frame's list is before it has seen the frame's flags.
 */
struct fast_free {
	uint32_t frame;			/* an allocated single frame of that zone: flags, but the type;
					 * all ones, which no frame has, before the first free */
	bool auto_high;			/* the rule */
	struct per_cpu_pages *pcp;
	struct zone *zone;
	uint64_t state[MIGRATE_PCPTYPES]; /* flags and reference count on a per-CPU list */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct fast_free) == 64, "found by a shift");

struct owner_record;
struct compact;

struct buddy {
	/* what each allocation and free reads */
	struct page *pages;
	uint8_t *pageblock;		/* enum migratetype by pageblock number */
	uint32_t end_pfn;
	uint32_t fast_cpus;		/* whose fast path is open: nr_cpus, or 0 while @slow is set */
	uint32_t slow;			/* SLOW_* */
	unsigned int this_cpu;		/* whose zone_cpu_stat the present call changes */
	const struct buddy_rules *rules;
	struct compact_capture *capture; /* of the task that frees; NULL: none, or it has its block */
	unsigned int nr_cpus;
	unsigned int nr_nodes;
	struct fast_free *fast_free;	/* nr_cpus */
	struct fast_alloc *fast_alloc;	/* nr_cpus * GFP_PLACE_BITS */
	struct per_cpu_pages *pcp_mem;	/* nr_nodes * MAX_NR_ZONES * nr_cpus, by zone id, then CPU */

	uint8_t cpu_node[MAX_CPUS];
	unsigned int node_nr_cpus[MAX_NUMNODES];
	struct page_list empty_list;

	struct zone *zones;		/* nr_nodes * MAX_NR_ZONES, by zone id */
	struct zonelist *zonelists;	/* nr_nodes * NR_ZONELISTS */
	struct pagemap *map;
	struct buddy_config cfg;
	uint64_t min_free_kbytes;
	uint64_t counters[NR_BUDDY_COUNTERS];	/* those that zone_stat does not yield */
	size_t pageblock_bytes;

	buddy_reclaim_fn reclaim;
	void *reclaim_ctx;
	buddy_kswapd_fn kswapd;
	void *kswapd_ctx;
	struct compact *compact;	/* compact/; NULL: nothing can move */
	buddy_report_fn report;
	void *report_ctx;

	struct buddy_caller caller;
	struct owner_record *owner;	/* owner.c's, by pfn; NULL where page_owner is off */
	size_t owner_bytes;

	unsigned int fail_interval;
	unsigned int fail_min_order;
	uint64_t fail_seen;
	int64_t fail_times;
};

static inline void set_slow(struct buddy *b, uint32_t reason, bool on)
{
	b->slow = on ? b->slow | reason : b->slow & ~reason;
	b->fast_cpus = b->slow ? 0 : b->nr_cpus;
}

#define for_each_cpu(b, cpu) \
	for ((cpu) = 0; (cpu) < (b)->nr_cpus; (cpu)++)
/* Each CPU's lists of @zone, none where it has no memory; @cpu is its number. */
#define for_each_pcp(b, zone, cpu, pcp) \
	for ((cpu) = 0; (zone)->pcp && (cpu) < (b)->nr_cpus && ((pcp) = &(zone)->pcp[cpu], true); (cpu)++)
/* Each list of one CPU; @pindex is its number, see order_to_pindex(). */
#define for_each_pcp_list(pcp, pindex, list) \
	for ((pindex) = 0; (pindex) < NR_PCP_LISTS && ((list) = &(pcp)->lists[pindex], true); (pindex)++)

static inline struct zone *page_zone(const struct buddy *b, const struct page *page)
{
	return &b->zones[page_zone_id(page)];
}

static inline struct zone *node_zones(const struct buddy *b, unsigned int nid)
{
	return &b->zones[nid * MAX_NR_ZONES];
}

static inline bool zone_spans_pfn(const struct zone *zone, uint32_t pfn)
{
	return pfn - zone->start_pfn < zone->spanned_pages;
}

static inline enum migratetype get_pageblock_migratetype(const struct buddy *b, uint32_t pfn)
{
	return (enum migratetype)b->pageblock[pfn >> PAGEBLOCK_ORDER];
}

static inline bool migratetype_is_mergeable(enum migratetype mt)
{
	return mt < MIGRATE_PCPTYPES;
}

static inline bool page_is_buddy(const struct page *page, unsigned int order, unsigned int zone_id)
{
	return (page->flags & (PG_buddy | PG_ORDER_MASK | PG_ZONE_MASK)) ==
	       page_flags_make(PG_buddy, order, 0, zone_id);
}

/* A frame's flags and reference count as one word, so that they are written at once. */
static inline uint64_t page_state(uint32_t flags, int32_t refcount)
{
	struct { uint32_t flags; int32_t refcount; } state = { flags, refcount };
	uint64_t word;

	_Static_assert(offsetof(struct page, flags) == 0 && offsetof(struct page, refcount) == 4,
		       "flags and refcount are the first word");
	memcpy(&word, &state, sizeof(word));
	return word;
}

static inline void set_page_state(struct page *page, uint64_t state)
{
	memcpy(page, &state, sizeof(state));
}

/* NR_FREE_PAGES of @zone changes by @delta on this_cpu's account. */
void __mod_free_pages(struct buddy *b, struct zone *zone, int64_t delta);

static inline void mod_free_pages(struct buddy *b, struct zone *zone, int64_t delta)
{
	if (likely(!zone->cpu_stat))
		zone->free_pages += (uint64_t)delta;
	else
		__mod_free_pages(b, zone, delta);
}

#endif
