/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the page allocator's state as plain data: what buddy_load() puts
 * into a machine that was created empty. A snapshot of a real kernel is one
 * source of it. Whoever fills it owns every array in it.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_BUDDY_STEER_STATE_H
#define KMEMSIM_BUDDY_STEER_STATE_H

#include "buddy/buddy.h"
#include "buddy/zone.h"

struct buddy_state_block {
	uint32_t pfn;
	uint32_t mt;		/* enum migratetype it is stored with; a free list's own in free lists */
};

/* The first one is the one to be handed out next. */
struct buddy_state_list {
	struct buddy_state_block *block;
	uint32_t nr;
};

/* Fields of per_cpu_pages; those one kernel version lacks are 0. */
struct buddy_state_pcp {
	int count;
	int high;
	int batch;
	int high_min, high_max;
	int free_factor;	/* 6.1 */
	int free_count;		/* 6.12, like alloc_factor and flags */
	int alloc_factor;
	int flags;
	int expire;
	struct buddy_state_list list[NR_PCP_LISTS];
	int stat_threshold;	/* NR_FREE_PAGES may be this much off on this CPU's account */
	int stat_diff;		/* and is so by this: not folded into free_pages yet */
};

/* @nr frames in use from @pfn on; @movable: on an LRU list, or movable for another reason. */
struct buddy_state_used {
	uint32_t pfn;
	uint32_t nr;
	bool movable;
};

#define STATE_NO_PAGEBLOCK 0xff

struct buddy_state_zone {
	unsigned int nid;
	enum zone_type idx;
	uint32_t start_pfn;
	uint32_t spanned_pages;
	uint64_t present_pages;
	uint64_t managed_pages;
	uint64_t watermark[NR_WMARK];	/* without the boost */
	uint64_t watermark_boost;
	uint64_t lowmem_reserve[MAX_NR_ZONES];
	uint64_t nr_reserved_highatomic;
	bool drifts;			/* percpu_drift_mark is set: kswapd changes the CPUs' thresholds */
	bool below_high;		/* ZONE_BELOW_HIGH, 6.12 */
	int64_t free_pages;		/* vm_stat[NR_FREE_PAGES]; the CPUs' stat_diff not added */
	struct buddy_state_pcp *pcp;	/* one a CPU */
	struct buddy_state_list free[NR_PAGE_ORDERS][MIGRATE_TYPES];
	uint8_t *pageblock;		/* types from start_pfn's pageblock on, or STATE_NO_PAGEBLOCK */
	uint32_t nr_pageblocks;
	struct buddy_state_used *used;	/* ascending */
	uint32_t nr_used;
};

struct buddy_state {
	unsigned int nr_cpus;
	unsigned int nr_zones;
	struct buddy_state_zone *zones;	/* only those with memory */
};

#define for_each_state_zone(state, zone) \
	for ((zone) = (state)->zones; (zone) && (zone) < (state)->zones + (state)->nr_zones; (zone)++)

/*
 * Put @state, as a kernel had it, into @b, which was created empty over the
 * same zones and never used: watermarks, free lists and per-CPU lists in their
 * order, pageblock types, counters. What is neither free nor reserved counts as
 * allocated, one frame at a time, because a kernel does not say how large the
 * blocks were. Errors: -EINVAL where @state contradicts itself or the zones
 * (@err says how; @b is then good for buddy_destroy() only), -ENOMEM.
 */
int buddy_load(struct buddy *b, const struct buddy_state *state, struct kerror *err);

#endif
