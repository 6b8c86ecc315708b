/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: recount everything. Each check stands by itself and goes on after a
 * violation, so that one damage shows all its traces; a broken link ends the
 * walk of its list only. Nothing is written.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <stdarg.h>
#include <stdio.h>

#include "buddy/free_area.h"
#include "buddy/list.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

struct validation {
	const struct buddy *b;
	const struct zone *zone;
	buddy_violation_fn fn;
	void *ctx;
	unsigned int nr;
};

static void __attribute__((format(printf, 2, 3))) violation(struct validation *v, const char *fmt, ...)
{
	char what[192], text[256];
	va_list ap;

	v->nr++;
	if (!v->fn)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "node %u zone %s: %s", v->zone->nid, zone_names[v->zone->idx], what);
	v->fn(v->ctx, text);
}

/* May @pfn be looked at as a block of @order in this zone? */
static bool check_place(struct validation *v, uint32_t pfn, unsigned int order, const char *where)
{
	if (pfn >= v->b->end_pfn) {
		violation(v, "%s: frame %#x is outside of memory", where, pfn);
		return false;
	}
	if (pfn & ((1U << order) - 1))
		violation(v, "%s: frame %#x is not aligned to order %u", where, pfn, order);
	if (!zone_spans_pfn(v->zone, pfn) || !zone_spans_pfn(v->zone, pfn + (1U << order) - 1))
		violation(v, "%s: frame %#x of order %u is not inside the zone", where, pfn, order);
	return true;
}

/* A block inside of another that is free: the same frames would be handed out twice. */
static void check_overlap(struct validation *v, uint32_t pfn, unsigned int order, const char *where)
{
	unsigned int o;

	for (o = order + 1; o < NR_PAGE_ORDERS; o++) {
		uint32_t head = pfn & ~((1U << o) - 1);
		const struct page *page = &v->b->pages[head];

		if (head != pfn && page->flags & (PG_buddy | PG_pcp | PG_allocated) && page_order(page) >= o)
			violation(v, "%s: frame %#x lies inside the block at %#x of order %u", where, pfn,
				  head, page_order(page));
	}
	if (pfn_is_fresh(v->zone, pfn, NULL))
		violation(v, "%s: frame %#x was never handed out", where, pfn);
}

static void check_unmerged(struct validation *v, uint32_t pfn, unsigned int order)
{
	uint32_t buddy_pfn = pfn ^ (1U << order);

	if (order == MAX_PAGE_ORDER || buddy_pfn < pfn || buddy_pfn >= v->b->end_pfn)
		return;
	/* Types that do not merge may have left buddies of pageblock size side by side. */
	if (order >= PAGEBLOCK_ORDER && v->zone->flags & ZONE_MIXED_BUDDIES)
		return;
	if (page_is_buddy(&v->b->pages[buddy_pfn], order, v->zone->id))
		violation(v, "free buddies %#x and %#x of order %u are not merged", pfn, buddy_pfn, order);
}

/*
 * Walk a linked list: every block in place and with exactly these @flags
 * (@mask of them). Returns the blocks seen; at most @limit, so that a loop ends.
 */
static uint64_t check_list(struct validation *v, const struct page_list *list, unsigned int order,
			   uint32_t flags, uint32_t mask, uint64_t limit, const char *where)
{
	uint32_t pfn = list->head, prev = PFN_NONE_VAL;
	bool linked = flags & PG_buddy;
	uint64_t nr = 0;

	for (; pfn != PFN_NONE_VAL; prev = pfn, pfn = v->b->pages[pfn].next) {
		const struct page *page;

		if (!check_place(v, pfn, order, where))
			return nr;
		if (nr++ == limit) {
			violation(v, "%s: more than %llu blocks, or a loop at frame %#x", where,
				  (unsigned long long)limit, pfn);
			return nr;
		}
		page = &v->b->pages[pfn];
		if ((page->flags & mask) != flags)
			violation(v, "%s: frame %#x has flags %#x instead of %#x", where, pfn,
				  page->flags & mask, flags);
		if (page->refcount)
			violation(v, "%s: frame %#x is free but has %d references", where, pfn, page->refcount);
		/* On a per-CPU list the backward links may only begin further behind. */
		if (prev != PFN_NONE_VAL && linked && page->prev != prev)
			violation(v, "%s: frame %#x points back to %#x instead of %#x", where, pfn,
				  page->prev, prev);
		linked |= page->flags & PG_linked;
		check_overlap(v, pfn, order, where);
		if (flags & PG_buddy)
			check_unmerged(v, pfn, order);
	}
	if (prev != PFN_NONE_VAL && linked && list->tail != prev)
		violation(v, "%s: the tail is %#x instead of %#x", where, list->tail, prev);
	return nr;
}

static uint64_t check_fresh(struct validation *v)
{
	const struct zone *zone = v->zone;
	uint32_t flags = page_flags_make(PG_buddy, MAX_PAGE_ORDER, MIGRATE_MOVABLE, zone->id);
	uint64_t nr = 0, limit = zone->free_area[MAX_PAGE_ORDER].nr_mt[MIGRATE_MOVABLE];
	unsigned int i;

	for (i = 0; i < zone->nr_fresh; i++) {
		const struct fresh_blocks *fresh = &zone->fresh[i];

		if (fresh->start >= fresh->end || fresh->start % MAX_ORDER_NR_PAGES ||
		    fresh->end % MAX_ORDER_NR_PAGES || (i && fresh->start < fresh[-1].end) ||
		    !zone_spans_pfn(zone, fresh->start) || !zone_spans_pfn(zone, fresh->end - 1)) {
			violation(v, "fresh blocks %u: frames %#x to %#x make no sense", i, fresh->start,
				  fresh->end);
			continue;
		}
		nr += (fresh->end - fresh->start) >> MAX_PAGE_ORDER;
		nr += check_list(v, &fresh->behind, MAX_PAGE_ORDER, flags,
				 PG_buddy | PG_pcp | PG_allocated | PG_ORDER_MASK | PG_MT_MASK | PG_ZONE_MASK,
				 limit, "behind fresh blocks");
	}
	return nr;
}

/* The free lists; returns frames, and in *@isolate those of Isolate among them. */
static uint64_t check_free_areas(struct validation *v, uint64_t *isolate)
{
	unsigned int order, mt;
	uint64_t frames = 0;

	*isolate = 0;
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		const struct free_area *area = &v->zone->free_area[order];
		uint64_t nr_free = 0;

		for_each_migratetype(mt) {
			char where[48];
			uint64_t nr;

			snprintf(where, sizeof(where), "order %u %s", order, migratetype_names[mt]);
			nr = check_list(v, &area->list[mt], order,
					page_flags_make(PG_buddy, order, mt, v->zone->id),
					PG_buddy | PG_pcp | PG_allocated | PG_ORDER_MASK | PG_MT_MASK |
					PG_ZONE_MASK, area->nr_mt[mt], where);
			if (order == MAX_PAGE_ORDER && mt == MIGRATE_MOVABLE)
				nr += check_fresh(v);
			if (nr != area->nr_mt[mt])
				violation(v, "%s: %llu blocks, but %llu are counted", where,
					  (unsigned long long)nr, (unsigned long long)area->nr_mt[mt]);
			nr_free += area->nr_mt[mt];
			frames += nr << order;
			if (mt == MIGRATE_ISOLATE)
				*isolate += nr << order;
		}
		if (nr_free != area->nr_free)
			violation(v, "order %u: nr_free is %llu, but the lists' sum is %llu", order,
				  (unsigned long long)area->nr_free, (unsigned long long)nr_free);
	}
	return frames;
}

/* All CPUs' lists; returns frames. */
static uint64_t check_pcp(struct validation *v)
{
	const struct per_cpu_pages *pcp;
	const struct page_list *list;
	unsigned int cpu, pindex;
	uint64_t sum = 0;

	for_each_pcp(v->b, v->zone, cpu, pcp) {
		uint64_t frames = 0;
		char where[48];

		for_each_pcp_list(pcp, pindex, list) {
			unsigned int order = pindex_to_order(pindex);

			snprintf(where, sizeof(where), "CPU %u list %u", cpu, pindex);
			frames += check_list(v, list, order,
					     page_flags_make(PG_pcp, order, 0, v->zone->id),
					     PG_buddy | PG_pcp | PG_allocated | PG_ORDER_MASK | PG_ZONE_MASK,
					     v->zone->managed_pages, where) << order;
		}
		if (pcp->count < 0 || frames != (uint64_t)pcp->count)
			violation(v, "CPU %u: %llu frames on its lists, but count is %d", cpu,
				  (unsigned long long)frames, pcp->count);
		sum += frames;
	}
	return sum;
}

/* With what the CPUs have not added yet. */
static uint64_t exact_free_pages(const struct buddy *b, const struct zone *zone)
{
	uint64_t nr = zone->free_pages;
	unsigned int cpu;

	for (cpu = 0; zone->cpu_stat && cpu < b->nr_cpus; cpu++)
		nr += (uint64_t)(int64_t)zone->cpu_stat[cpu].diff;
	return nr;
}

static void check_zone(struct validation *v)
{
	const struct zone *zone = v->zone;
	uint64_t isolate, listed, pcp, free_pages, used = buddy_zone_allocated_pages(v->b, zone);
	uint64_t pfn, end = (uint64_t)zone->start_pfn + zone->spanned_pages, reserved = 0;

	listed = check_free_areas(v, &isolate);
	pcp = check_pcp(v);
	free_pages = exact_free_pages(v->b, zone);
	if (listed - isolate != free_pages)
		violation(v, "%llu frames in free lists, but free_pages is %llu",
			  (unsigned long long)(listed - isolate), (unsigned long long)free_pages);
	if (listed + pcp + used != zone->managed_pages)
		violation(v, "free %llu + per-CPU %llu + allocated %llu is not managed %llu",
			  (unsigned long long)listed, (unsigned long long)pcp,
			  (unsigned long long)used,
			  (unsigned long long)zone->managed_pages);
	if (zone->low_mark != zone_low_mark(zone))
		violation(v, "low_mark is %llu, but low watermark, boost and reserve make %llu",
			  (unsigned long long)zone->low_mark, (unsigned long long)zone_low_mark(zone));
	for (pfn = zone->start_pfn & ~(PAGEBLOCK_NR_PAGES - 1); pfn < end; pfn += PAGEBLOCK_NR_PAGES)
		if (get_pageblock_migratetype(v->b, (uint32_t)pfn) == MIGRATE_HIGHATOMIC)
			reserved += PAGEBLOCK_NR_PAGES;
	if (reserved != zone->nr_reserved_highatomic)
		violation(v, "%llu frames in HighAtomic pageblocks, but %llu are reserved",
			  (unsigned long long)reserved, (unsigned long long)zone->nr_reserved_highatomic);
}

unsigned int buddy_validate(const struct buddy *b, buddy_violation_fn fn, void *ctx)
{
	struct validation v = { .b = b, .fn = fn, .ctx = ctx };

	for_each_populated_zone(b, v.zone)
		check_zone(&v);
	return v.nr;
}
