/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: free blocks taken off the lists by a scanner; see isolate.h.
 *
 * Differs from Linux: nobody scans by himself; buddy/steer/ takes the blocks
 * that a trace names.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/isolate.h"

#include "buddy/fallback.h"
#include "buddy/free_area.h"
#include "buddy/watermark.h"

uint32_t __isolate_free_page(struct buddy *b, uint32_t pfn, unsigned int order)
{
	struct zone *zone = page_zone(b, &b->pages[pfn]);
	uint32_t nr = 1U << order;

	if (get_pageblock_migratetype(b, pfn) != MIGRATE_ISOLATE &&
	    !zone_watermark_ok(zone, 0, zone->watermark[WMARK_MIN] + nr, ZONE_DMA, 0))
		return 0;
	return isolate_block(b, pfn, order);
}

uint32_t isolate_block(struct buddy *b, uint32_t pfn, unsigned int order)
{
	struct zone *zone = page_zone(b, &b->pages[pfn]);
	enum migratetype mt = get_pageblock_migratetype(b, pfn);
	uint32_t nr = 1U << order, at;

	if (mt != MIGRATE_ISOLATE)
		mod_free_pages(b, zone, -(int64_t)nr);
	del_page_from_free_list(b, zone, pfn, order);
	b->pages[pfn].flags = page_flags_make(PG_isolated, order, mt, zone->id);
	zone->stat.allocated_otherwise += nr;
	/* At least half a pageblock is going to hold movable pages only. */
	if (order + 1 >= PAGEBLOCK_ORDER)
		for (at = pfn; at < pfn + nr; at += PAGEBLOCK_NR_PAGES)
			if (migratetype_is_mergeable(get_pageblock_migratetype(b, at))) {
				if (b->rules->isolate_moves && !pageblock_inside_zone(zone, at))
					continue;
				if (b->rules->isolate_moves)
					move_freepages_block(b, zone, at, MIGRATE_MOVABLE, NULL);
				set_pageblock_migratetype(b, zone, at, MIGRATE_MOVABLE);
			}
	return nr;
}

void __putback_isolated_page(struct buddy *b, uint32_t pfn, unsigned int order,
			     enum migratetype mt)
{
	struct zone *zone = page_zone(b, &b->pages[pfn]);

	zone->stat.allocated_otherwise -= 1U << order;
	__free_one_page(b, pfn, zone, order, mt, FPI_TO_TAIL);
}
