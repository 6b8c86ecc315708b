/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: compaction's two scanners; compact.h draws them. Follows isolate_migratepages(),
 * isolate_migratepages_block(), isolate_freepages() and isolate_freepages_block() of mm/compaction.c.
 *
 * Locking: none; one thread drives a machine.
 */
#include "buddy/compact/compact.h"
#include "buddy/isolate.h"

static uint32_t pageblock_start(uint32_t pfn)
{
	return pfn & ~(PAGEBLOCK_NR_PAGES - 1);
}

static uint32_t pageblock_end(uint32_t pfn)
{
	return pageblock_start(pfn) + PAGEBLOCK_NR_PAGES;
}

static uint32_t zone_end(const struct zone *zone)
{
	return zone->start_pfn + zone->spanned_pages;
}

static bool isolation_suitable(const struct compact_control *cc, uint32_t pfn)
{
	return cc->ignore_skip_hint || !cc->compact->skip[pfn >> PAGEBLOCK_ORDER];
}

void reset_isolation_suitable(struct compact *compact, const struct zone *zone)
{
	struct compact_zone *state = &compact->zones[zone->id];
	uint32_t pfn;

	if (!state->blockskip_flush)
		return;
	state->blockskip_flush = false;
	for (pfn = pageblock_start(zone->start_pfn); pfn < zone_end(zone); pfn += PAGEBLOCK_NR_PAGES)
		compact->skip[pfn >> PAGEBLOCK_ORDER] = 0;
	state->cached_migrate_pfn[0] = state->cached_migrate_pfn[1] = zone->start_pfn;
	state->cached_free_pfn = pageblock_start(zone_end(zone) - 1);
}

bool compact_scanners_met(const struct compact_control *cc)
{
	return cc->free_pfn >> PAGEBLOCK_ORDER <= cc->migrate_pfn >> PAGEBLOCK_ORDER;
}

/* ---- what is to move ------------------------------------------------------------- */

/* Asynchronous compaction for a request leaves pageblocks of other types alone. */
static bool suitable_migration_source(const struct compact_control *cc, uint32_t pfn)
{
	return !cc->async || get_pageblock_migratetype(cc->b, pfn) == cc->migratetype;
}

static void update_cached_migrate(struct compact_control *cc, uint32_t pfn)
{
	struct compact_zone *state = cc->state;

	if (pfn & (PAGEBLOCK_NR_PAGES - 1))
		pfn = pageblock_end(pfn);
	if (pfn > state->cached_migrate_pfn[0])
		state->cached_migrate_pfn[0] = pfn;
	if (!cc->async && pfn > state->cached_migrate_pfn[1])
		state->cached_migrate_pfn[1] = pfn;
}

/* Frames that can be passed over at once from @pfn on: those of a free block, or of a larger one in use. */
static uint32_t block_at(const struct buddy *b, uint32_t pfn)
{
	const struct page *page = &b->pages[pfn];

	return page->flags & (PG_buddy | PG_allocated) ? 1U << page_order(page) : 1;
}

static void isolate_migratepages_block(struct compact_control *cc, uint32_t pfn, uint32_t end)
{
	uint32_t start = pfn, mask = (1U << cc->order) - 1, next_skip = pfn;
	const struct compact *compact = cc->compact;
	uint32_t scanned = 0;

	while (pfn < end) {
		uint32_t nr = block_at(cc->b, pfn);

		/* A block of the wanted order of which one frame cannot move is lost: its others may stay. */
		if (cc->async && pfn >= next_skip) {
			if (cc->nr_migrate)
				break;
			next_skip = (pfn | mask) + 1;
		}
		scanned++;
		if (nr == 1 && compact->ops.can_move(compact->ctx, pfn_make(pfn))) {
			cc->migrate[cc->nr_migrate++] = pfn++;
			if (cc->nr_migrate == COMPACT_CLUSTER_MAX && !cc->finish_pageblock)
				break;
			continue;
		}
		if (cc->async && !(cc->b->pages[pfn].flags & PG_buddy)) {
			cc->nr_migrate = 0;
			nr = next_skip > pfn + nr ? next_skip - pfn : nr;
		}
		pfn += nr;
	}
	if (pfn > end)
		pfn = end;
	if (pfn == end && (!cc->nr_migrate || cc->finish_pageblock)) {
		cc->compact->skip[start >> PAGEBLOCK_ORDER] = 1;
		update_cached_migrate(cc, pfn);
	}
	cc->compact->counters[BUDDY_COMPACT_migrate_scanned] += scanned;
	cc->compact->counters[BUDDY_COMPACT_isolated] += cc->nr_migrate;
	cc->migrate_pfn = pfn;
}

bool isolate_migratepages(struct compact_control *cc)
{
	uint32_t low = cc->migrate_pfn, end = pageblock_end(low);

	cc->nr_migrate = 0;
	for (; end <= cc->free_pfn; low = end, end += PAGEBLOCK_NR_PAGES) {
		bool whole = low == pageblock_start(low) || low == cc->zone->start_pfn;

		cc->migrate_pfn = low;
		if (whole && !isolation_suitable(cc, low))
			continue;
		if (!suitable_migration_source(cc, low)) {
			update_cached_migrate(cc, end);
			continue;
		}
		isolate_migratepages_block(cc, low, end);
		return cc->nr_migrate;
	}
	cc->migrate_pfn = low;
	return false;
}

/* ---- where it moves to ------------------------------------------------------------- */

/* Not into a pageblock that is free as a whole, nor among frames that cannot move. */
static bool suitable_migration_target(const struct compact_control *cc, uint32_t pfn)
{
	const struct page *page = &cc->b->pages[pfn];

	if (page->flags & PG_buddy && page_order(page) >= PAGEBLOCK_ORDER)
		return false;
	return cc->ignore_block_suitable || get_pageblock_migratetype(cc->b, pfn) == MIGRATE_MOVABLE;
}

/* A free block becomes single frames in use. */
static void take_block(struct compact_control *cc, uint32_t pfn, uint32_t nr)
{
	enum migratetype mt = get_pageblock_migratetype(cc->b, pfn);
	uint32_t i;

	for (i = 0; i < nr; i++) {
		cc->b->pages[pfn + i].flags = page_flags_make(PG_allocated, 0, mt, cc->zone->id);
		cc->b->pages[pfn + i].refcount = 1;
		cc->free[cc->nr_free++] = pfn + i;
	}
}

/* Returns where it ended. */
static uint32_t isolate_freepages_block(struct compact_control *cc, uint32_t pfn, uint32_t end)
{
	uint32_t scanned = 0;

	for (; pfn < end; pfn++) {
		const struct page *page = &cc->b->pages[pfn];
		uint32_t nr;

		scanned++;
		if (!(page->flags & PG_buddy)) {
			if (block_at(cc->b, pfn) > 1)
				pfn += block_at(cc->b, pfn) - 1;
			continue;
		}
		nr = __isolate_free_page(cc->b, pfn, page_order(page));
		if (!nr)
			break;
		take_block(cc, pfn, nr);
		if (cc->nr_free - cc->at_free >= cc->nr_migrate) {
			pfn += nr;
			break;
		}
		pfn += nr - 1;
	}
	cc->compact->counters[BUDDY_COMPACT_free_scanned] += scanned;
	return pfn < end ? pfn : end;
}

void isolate_freepages(struct compact_control *cc)
{
	uint32_t start = cc->free_pfn, block = pageblock_start(start), low = pageblock_end(cc->migrate_pfn);
	uint32_t end = pageblock_end(start);

	if (end > zone_end(cc->zone))
		end = zone_end(cc->zone);
	for (; block >= low && block >= cc->zone->start_pfn; end = block, block -= PAGEBLOCK_NR_PAGES, start = block) {
		cc->free_pfn = start;
		if (!suitable_migration_target(cc, block) || !isolation_suitable(cc, block))
			continue;
		start = isolate_freepages_block(cc, start, end);
		cc->free_pfn = start;
		if (start == end) {
			cc->compact->skip[block >> PAGEBLOCK_ORDER] = 1;
			if (block - PAGEBLOCK_NR_PAGES < cc->state->cached_free_pfn)
				cc->state->cached_free_pfn = block - PAGEBLOCK_NR_PAGES;
		}
		if (cc->nr_free - cc->at_free >= cc->nr_migrate) {
			if (start >= end)
				cc->free_pfn = block - PAGEBLOCK_NR_PAGES;
			return;
		}
		/* The watermark: there is no more to be had. */
		if (start < end)
			return;
	}
	cc->free_pfn = start;
}

void release_freepages(struct compact_control *cc)
{
	uint32_t highest = 0;

	for (; cc->at_free < cc->nr_free; cc->at_free++) {
		uint32_t pfn = cc->free[cc->at_free];

		highest = pfn > highest ? pfn : highest;
		buddy_free_pages(cc->b, cc->b->this_cpu, pfn_make(pfn), 0);
	}
	cc->at_free = cc->nr_free = 0;
	/* The next one begins there. */
	if (pageblock_start(highest) > cc->state->cached_free_pfn)
		cc->state->cached_free_pfn = pageblock_start(highest);
}
