/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: compaction of a zone: whether it is worth it, when it is over, how long to leave a zone alone after a
 * failure. Follows compact_zone(), __compact_finished(), compaction_suitable() and defer_compaction() of
 * mm/compaction.c.
 *
 * Locking: none; one thread drives a machine.
 */
#include "buddy/compact/compact.h"

#include <errno.h>
#include <stdlib.h>

#include "buddy/fallback.h"
#include "buddy/pcp.h"
#include "buddy/watermark.h"

/* sysctl_extfrag_threshold: a costly request is short of memory, not of blocks, up to here. */
#define EXTFRAG_THRESHOLD 500

int buddy_set_compact(struct buddy *b, const struct buddy_compact_ops *ops, void *ctx)
{
	struct compact *compact;
	const struct zone *zone;

	if (b->compact) {
		free(b->compact->skip);
		free(b->compact);
		b->compact = NULL;
	}
	if (!ops)
		return 0;
	compact = calloc(1, sizeof(*compact));
	if (compact)
		compact->skip = calloc((b->end_pfn >> PAGEBLOCK_ORDER) + 1, 1);
	if (!compact || !compact->skip) {
		free(compact);
		return -ENOMEM;
	}
	compact->ops = *ops;
	compact->ctx = ctx;
	for_each_populated_zone(b, zone) {
		compact->zones[zone->id].blockskip_flush = true;
		reset_isolation_suitable(compact, zone);
	}
	b->compact = compact;
	return 0;
}

uint64_t buddy_compact_counter(const struct buddy *b, enum buddy_compact_counter counter)
{
	return b->compact ? b->compact->counters[counter] : 0;
}

void buddy_compact_refresh(struct buddy *b, unsigned int nid)
{
	const struct zone *zone;

	if (!b->compact)
		return;
	for_each_zone_of_node(b, nid, zone)
		if (zone_populated(zone))
			reset_isolation_suitable(b->compact, zone);
}

/* ---- left alone for a while --------------------------------------------------------- */

static void defer_compaction(struct compact_zone *state, unsigned int order)
{
	state->considered = 0;
	if (state->defer_shift < COMPACT_MAX_DEFER_SHIFT)
		state->defer_shift++;
	if (order < state->order_failed)
		state->order_failed = order;
}

static bool compaction_deferred(struct compact_zone *state, unsigned int order)
{
	unsigned int limit = 1U << state->defer_shift;

	if (order < state->order_failed)
		return false;
	if (++state->considered >= limit) {
		state->considered = limit;
		return false;
	}
	return true;
}

void compaction_defer_reset(struct compact *compact, const struct zone *zone, unsigned int order, bool alloc_success)
{
	struct compact_zone *state = &compact->zones[zone->id];

	if (alloc_success) {
		state->considered = 0;
		state->defer_shift = 0;
	}
	if (order >= state->order_failed)
		state->order_failed = order + 1;
}

static bool compaction_restarting(const struct compact_zone *state, unsigned int order)
{
	return order >= state->order_failed && state->defer_shift == COMPACT_MAX_DEFER_SHIFT &&
	       state->considered >= 1U << state->defer_shift;
}

/* ---- before, and when it is over ------------------------------------------------------ */

/* COMPACT_SUCCESS: there is a block already; COMPACT_CONTINUE: go on. */
static enum compact_result compaction_suit(const struct compact_control *cc)
{
	const struct zone *zone = cc->zone;
	unsigned int order = cc->order;
	struct contig_page_info info;
	uint64_t mark;
	int index;

	mark = zone_watermark(zone, cc->alloc_flags & ALLOC_WMARK_MASK);
	if (zone_watermark_ok(zone, order, mark, cc->highest_zoneidx, cc->alloc_flags))
		return COMPACT_SUCCESS;
	/* Frames to move to must be free, twice as many as are wanted (compact_gap). */
	mark = zone_watermark(zone, order > PAGE_ALLOC_COSTLY_ORDER ? WMARK_LOW : WMARK_MIN) + (2ULL << order);
	if (!zone_watermark_ok(zone, 0, mark, cc->highest_zoneidx, 0))
		return COMPACT_SKIPPED;
	if (order <= PAGE_ALLOC_COSTLY_ORDER)
		return COMPACT_CONTINUE;
	fill_contig_page_info(zone, order, &info);
	index = fragmentation_index(order, &info);
	return index >= 0 && index <= EXTFRAG_THRESHOLD ? COMPACT_SKIPPED : COMPACT_CONTINUE;
}

static bool block_is_free(const struct compact_control *cc)
{
	unsigned int order;

	for (order = cc->order; order < NR_PAGE_ORDERS; order++) {
		const struct free_area *area = &cc->zone->free_area[order];
		bool can_steal;

		if (area->list[cc->migratetype].head != PFN_NONE_VAL)
			return true;
		/* Movable frames are welcome in any pageblock; others finish theirs first, which they have. */
		if (find_suitable_fallback(area, order, cc->migratetype, true, &can_steal) >= 0)
			return true;
	}
	return false;
}

static enum compact_result compact_finished(struct compact_control *cc)
{
	if (compact_scanners_met(cc)) {
		cc->state->cached_migrate_pfn[0] = cc->state->cached_migrate_pfn[1] = cc->zone->start_pfn;
		cc->state->cached_free_pfn = (cc->zone->start_pfn + cc->zone->spanned_pages - 1) & ~(PAGEBLOCK_NR_PAGES - 1);
		cc->state->blockskip_flush = true;
		return cc->whole_zone ? COMPACT_COMPLETE : COMPACT_PARTIAL_SKIPPED;
	}
	if (cc->migrate_pfn & (PAGEBLOCK_NR_PAGES - 1))
		return COMPACT_CONTINUE;
	return block_is_free(cc) ? COMPACT_SUCCESS : COMPACT_CONTINUE;
}

/* ---- a zone ----------------------------------------------------------------------------- */

/* The frames that were isolated move, the last one first. False: no frame to move to is left. */
static bool migrate_pages(struct compact_control *cc)
{
	const struct compact *compact = cc->compact;

	while (cc->nr_migrate) {
		uint32_t old = cc->migrate[cc->nr_migrate - 1];

		if (cc->at_free == cc->nr_free) {
			cc->at_free = cc->nr_free = 0;
			isolate_freepages(cc);
			if (!cc->nr_free)
				return false;
		}
		cc->nr_migrate--;
		compact->ops.move(compact->ctx, pfn_make(old), pfn_make(cc->free[cc->at_free++]));
		cc->compact->counters[BUDDY_COMPACT_migrated]++;
	}
	return true;
}

static void begin(struct compact_control *cc)
{
	struct compact_zone *state = cc->state;
	uint32_t end = cc->zone->start_pfn + cc->zone->spanned_pages;

	if (compaction_restarting(state, cc->order))
		reset_isolation_suitable(cc->compact, cc->zone);
	if (cc->whole_zone) {
		cc->migrate_pfn = cc->zone->start_pfn;
		cc->free_pfn = (end - 1) & ~(PAGEBLOCK_NR_PAGES - 1);
		return;
	}
	cc->migrate_pfn = state->cached_migrate_pfn[!cc->async];
	cc->free_pfn = state->cached_free_pfn;
	if (cc->free_pfn < cc->zone->start_pfn || cc->free_pfn >= end)
		cc->free_pfn = state->cached_free_pfn = (end - 1) & ~(PAGEBLOCK_NR_PAGES - 1);
	if (cc->migrate_pfn < cc->zone->start_pfn || cc->migrate_pfn >= end) {
		cc->migrate_pfn = cc->zone->start_pfn;
		state->cached_migrate_pfn[0] = state->cached_migrate_pfn[1] = cc->migrate_pfn;
	}
	cc->whole_zone = cc->migrate_pfn <= cc->zone->start_pfn;
}

static enum compact_result compact_zone(struct compact_control *cc, const struct compact_capture *capture)
{
	enum compact_result ret = compaction_suit(cc);
	uint32_t last_migrated = UINT32_MAX;

	if (ret != COMPACT_CONTINUE)
		return ret;
	begin(cc);
	while ((ret = compact_finished(cc)) == COMPACT_CONTINUE) {
		uint32_t at = cc->migrate_pfn, block = PAGEBLOCK_NR_PAGES - 1, mask = (1U << cc->order) - 1;

		/* What is gone over a second time is taken as a whole. */
		cc->finish_pageblock = last_migrated != UINT32_MAX && (last_migrated & ~block) == (at & ~block);
		if (isolate_migratepages(cc)) {
			last_migrated = (cc->migrate_pfn - 1) & ~block;
			if (!migrate_pages(cc) && !compact_scanners_met(cc)) {
				ret = COMPACT_CONTENDED;
				break;
			}
		}
		/* What became free lies on per-CPU lists; without them it merges. */
		if (last_migrated != UINT32_MAX && last_migrated < (cc->migrate_pfn & ~mask)) {
			buddy_drain_pages(cc->b, cc->b->this_cpu);
			last_migrated = UINT32_MAX;
		}
		if (capture->pfn != PFN_NONE_VAL) {
			ret = COMPACT_SUCCESS;
			break;
		}
	}
	release_freepages(cc);
	return ret;
}

enum compact_result try_to_compact_pages(struct buddy *b, unsigned int order, unsigned int alloc_flags,
					 const struct alloc_context *ac, enum compact_priority prio, uint32_t *pfn)
{
	enum compact_result best = COMPACT_SKIPPED;
	struct compact_control *cc = &b->compact->control;
	struct zone *const *z;

	*pfn = PFN_NONE_VAL;
	for (z = ac->preferred; *z && best != COMPACT_SUCCESS; z++) {
		struct compact_zone *state = &b->compact->zones[(*z)->id];
		struct compact_capture capture = { *z, PFN_NONE_VAL, (uint8_t)order, (uint8_t)ac->migratetype };
		enum compact_result ret;

		if (!zone_allowed(ac, *z))
			continue;
		if (prio > COMPACT_PRIO_SYNC_FULL && compaction_deferred(state, order)) {
			best = best > COMPACT_DEFERRED ? best : COMPACT_DEFERRED;
			continue;
		}
		*cc = (struct compact_control){
			.b = b, .compact = b->compact, .zone = *z, .state = state, .order = order,
			.migratetype = ac->migratetype, .alloc_flags = alloc_flags,
			.highest_zoneidx = ac->highest_zoneidx, .async = prio == COMPACT_PRIO_ASYNC,
			.whole_zone = prio == COMPACT_PRIO_SYNC_FULL, .ignore_skip_hint = prio == COMPACT_PRIO_SYNC_FULL,
			.ignore_block_suitable = prio == COMPACT_PRIO_SYNC_FULL,
		};
		b->capture = &capture;
		ret = compact_zone(cc, &capture);
		b->capture = NULL;
		*pfn = capture.pfn;
		best = ret > best ? ret : best;
		if (ret == COMPACT_SUCCESS)
			compaction_defer_reset(b->compact, *z, order, false);
		else if (prio != COMPACT_PRIO_ASYNC && (ret == COMPACT_COMPLETE || ret == COMPACT_PARTIAL_SKIPPED))
			defer_compaction(state, order);
	}
	return best;
}
