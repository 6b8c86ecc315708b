/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: fallback to another migratetype as Linux 6.12 has it (rule
 * claim_or_steal). Either a whole pageblock changes sides and the request is
 * served from its own lists again, or one block is taken out of the other
 * type's list and what is left of it stays there.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/alloc.h"
#include "buddy/fallback.h"
#include "buddy/free_area.h"
#include "buddy/private.h"

/* All of a free block of one or more pageblocks becomes @start_mt's. */
static uint32_t claim_large_block(struct buddy *b, struct zone *zone, uint32_t pfn,
				  unsigned int current_order, unsigned int order,
				  enum migratetype start_mt)
{
	del_page_from_free_list(b, zone, pfn, current_order);
	set_pageblock_range(b, zone, pfn, current_order, start_mt);
	expand(b, zone, pfn, order, current_order, start_mt);
	b->counters[BC_steal_block]++;
	return pfn;
}

/* The free block at @pfn stands for its pageblock: claim that, and take a block of @order. */
static uint32_t try_to_claim_block(struct buddy *b, struct zone *zone, uint32_t pfn,
				   unsigned int current_order, unsigned int order,
				   enum migratetype start_mt, unsigned int alloc_flags)
{
	enum migratetype block_mt = get_pageblock_migratetype(b, pfn);
	uint32_t nr_free, nr_movable;

	if (block_mt == MIGRATE_HIGHATOMIC)
		return PFN_NONE_VAL;
	if (current_order >= PAGEBLOCK_ORDER)
		return claim_large_block(b, zone, pfn, current_order, order, start_mt);
	if (boost_watermark(b, zone) && alloc_flags & ALLOC_KSWAPD)
		zone->flags |= ZONE_BOOSTED_WATERMARK;
	if (!pageblock_inside_zone(zone, pfn))
		return PFN_NONE_VAL;
	count_pageblock(b, pfn, &nr_free, &nr_movable);
	if (nr_free + alike_pages(start_mt, block_mt, nr_free, nr_movable) < PAGEBLOCK_NR_PAGES / 2)
		return PFN_NONE_VAL;
	move_freepages_block(b, zone, pfn, start_mt, NULL);
	set_pageblock_migratetype(b, zone, pfn, start_mt);
	b->counters[BC_steal_block]++;
	return __rmqueue_smallest(b, zone, order, start_mt);
}

uint32_t __rmqueue_claim(struct buddy *b, struct zone *zone, unsigned int order,
			 enum migratetype start_mt, unsigned int alloc_flags)
{
	int min_order = (int)order, current_order;

	if (order < PAGEBLOCK_ORDER && alloc_flags & ALLOC_NOFRAGMENT)
		min_order = PAGEBLOCK_ORDER;
	/* The largest block stands for the pageblock with the most free pages. */
	for (current_order = MAX_PAGE_ORDER; current_order >= min_order; current_order--) {
		unsigned int o = (unsigned int)current_order;
		bool can_steal;
		int mt = find_suitable_fallback(&zone->free_area[o], o, start_mt, false, &can_steal);
		uint32_t pfn;

		if (mt == -1)
			continue;
		if (!can_steal)
			break;
		pfn = try_to_claim_block(b, zone,
					 get_page_from_free_area(b, zone, o, (enum migratetype)mt),
					 o, order, start_mt, alloc_flags);
		if (pfn != PFN_NONE_VAL) {
			b->counters[BC_fallback]++;
			return pfn;
		}
	}
	return PFN_NONE_VAL;
}

uint32_t __rmqueue_steal(struct buddy *b, struct zone *zone, unsigned int order,
			 enum migratetype start_mt)
{
	unsigned int current_order;

	for (current_order = order; current_order < NR_PAGE_ORDERS; current_order++) {
		bool can_steal;
		int mt = find_suitable_fallback(&zone->free_area[current_order], current_order, start_mt,
						false, &can_steal);
		uint32_t pfn;

		if (mt == -1)
			continue;
		pfn = get_page_from_free_area(b, zone, current_order, (enum migratetype)mt);
		del_page_from_free_list(b, zone, pfn, current_order);
		expand(b, zone, pfn, order, current_order, (enum migratetype)mt);
		b->counters[BC_fallback]++;
		return pfn;
	}
	return PFN_NONE_VAL;
}
