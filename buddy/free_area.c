/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the free lists. A block of 2^order frames is in exactly one list,
 * chosen by its order and by the migratetype it was put there with; its first
 * frame then has PG_buddy and all others no state.
 *
 *   list[MIGRATE_MOVABLE] of the largest order, while memory is fresh:
 *
 *     linked blocks | fresh[0]: start .. end | fresh[0].behind | fresh[1] ..
 *     (head)          (not linked)             (linked)                 (tail)
 *
 * Blocks leave at the head, or from the middle when they merge or change type;
 * they enter at the head, or at the tail when their buddy is likely to come
 * back soon or compaction returns them.
 *
 * Differs from Linux: fresh blocks (see zone.h); no guard pages, no shuffling,
 * no page reporting.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <string.h>

#include "buddy/fallback.h"
#include "buddy/free_area.h"
#include "buddy/list.h"
#include "buddy/private.h"

/*
 * The linked list that holds @pfn at one of its ends. In the middle of a list
 * no head or tail changes, so any list will do then.
 */
static struct page_list *list_of(struct zone *zone, uint32_t pfn, unsigned int order,
				 enum migratetype mt)
{
	struct page_list *list = &zone->free_area[order].list[mt];
	unsigned int i;

	if (likely(order != MAX_PAGE_ORDER || mt != MIGRATE_MOVABLE))
		return list;
	for (i = 0; i < zone->nr_fresh; i++) {
		struct page_list *behind = &zone->fresh[i].behind;

		if (!page_list_empty(behind) && (behind->head == pfn || behind->tail == pfn))
			return behind;
	}
	return list;
}

static struct page_list *tail_list(struct zone *zone, unsigned int order, enum migratetype mt)
{
	if (unlikely(order == MAX_PAGE_ORDER && mt == MIGRATE_MOVABLE && zone->nr_fresh))
		return &zone->fresh[zone->nr_fresh - 1].behind;
	return &zone->free_area[order].list[mt];
}

static void account_free_list(struct zone *zone, unsigned int order, enum migratetype mt, int nr)
{
	zone->free_area[order].nr_mt[mt] += nr;
	zone->free_area[order].nr_free += nr;
}

static void set_buddy_order(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
			    enum migratetype mt)
{
	b->pages[pfn].flags = page_flags_make(PG_buddy, order, mt, zone->id);
}

void add_to_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
		      enum migratetype mt)
{
	page_list_add(b->pages, &zone->free_area[order].list[mt], pfn);
	set_buddy_order(b, zone, pfn, order, mt);
	account_free_list(zone, order, mt, 1);
}

void add_to_free_list_tail(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
			   enum migratetype mt)
{
	page_list_add_tail(b->pages, tail_list(zone, order, mt), pfn);
	set_buddy_order(b, zone, pfn, order, mt);
	account_free_list(zone, order, mt, 1);
}

void del_page_from_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order)
{
	struct page *page = &b->pages[pfn];
	enum migratetype mt = (enum migratetype)page_migratetype(page);

	page_list_del(b->pages, list_of(zone, pfn, order, mt), pfn);
	page->flags = 0;
	account_free_list(zone, order, mt, -1);
}

/* A move always goes to the tail, also within one list. */
void move_to_free_list(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order,
		       enum migratetype mt)
{
	del_page_from_free_list(b, zone, pfn, order);
	add_to_free_list_tail(b, zone, pfn, order, mt);
	if (b->rules->count_by_block && zone->cpu_stat) {
		mod_free_pages(b, zone, -(1LL << order));
		mod_free_pages(b, zone, 1LL << order);
	}
}

/* ---- fresh blocks -------------------------------------------------------- */

bool pfn_is_fresh(const struct zone *zone, uint32_t pfn, unsigned int *at)
{
	unsigned int i;

	for (i = 0; i < zone->nr_fresh; i++) {
		if (pfn < zone->fresh[i].start || pfn >= zone->fresh[i].end)
			continue;
		if (at)
			*at = i;
		return true;
	}
	return false;
}

/* The first fresh range is used up: what stood behind it now ends the linked list. */
static void fresh_retire_first(struct buddy *b, struct zone *zone)
{
	struct page_list *list = &zone->free_area[MAX_PAGE_ORDER].list[MIGRATE_MOVABLE];
	struct page_list *behind = &zone->fresh[0].behind;

	if (!page_list_empty(behind)) {
		b->pages[list->tail].next = behind->head;
		b->pages[behind->head].prev = list->tail;
		list->tail = behind->tail;
	}
	zone->nr_fresh--;
	memmove(&zone->fresh[0], &zone->fresh[1], zone->nr_fresh * sizeof(zone->fresh[0]));
}

void fresh_materialize_first(struct buddy *b, struct zone *zone)
{
	uint32_t pfn = zone->fresh[0].start;

	page_list_add_tail(b->pages, &zone->free_area[MAX_PAGE_ORDER].list[MIGRATE_MOVABLE], pfn);
	set_buddy_order(b, zone, pfn, MAX_PAGE_ORDER, MIGRATE_MOVABLE);
	zone->fresh[0].start += MAX_ORDER_NR_PAGES;
	if (zone->fresh[0].start == zone->fresh[0].end)
		fresh_retire_first(b, zone);
}

uint32_t get_page_from_free_area(struct buddy *b, struct zone *zone, unsigned int order,
				 enum migratetype mt)
{
	struct free_area *area = &zone->free_area[order];

	if (!area->nr_mt[mt])
		return PFN_NONE_VAL;
	if (page_list_empty(&area->list[mt]))
		fresh_materialize_first(b, zone);
	return area->list[mt].head;
}

/* ---- merge and split ----------------------------------------------------- */

/*
 * Would the block that @pfn makes together with its buddy find its own buddy
 * free? Then the missing half will probably be freed soon, and the block had
 * better not be handed out first.
 */
static bool buddy_merge_likely(const struct buddy *b, const struct zone *zone, uint32_t pfn,
			       uint32_t buddy_pfn, unsigned int order)
{
	uint32_t higher_pfn;

	if (order + 1 >= MAX_PAGE_ORDER)
		return false;
	higher_pfn = (buddy_pfn & pfn) ^ (1U << (order + 1));
	return page_is_buddy(&b->pages[higher_pfn], order + 1, zone->id);
}

/* The block is what the freeing task compacts for: it becomes an allocated one of that task's. */
static noinline bool compaction_capture(struct buddy *b, struct zone *zone, uint32_t pfn,
					unsigned int order, enum migratetype mt)
{
	struct compact_capture *cap = b->capture;

	if (cap->pfn != PFN_NONE_VAL || cap->zone != zone || cap->order != order || mt == MIGRATE_ISOLATE)
		return false;
	/* Movable pageblocks are not for smaller blocks of other types. */
	if (order < PAGEBLOCK_ORDER && mt == MIGRATE_MOVABLE && cap->migratetype != MIGRATE_MOVABLE)
		return false;
	mod_free_pages(b, zone, -(1LL << order));
	zone->stat.buddy_alloc[order]++;
	b->pages[pfn].flags = page_flags_make(PG_allocated, order, cap->migratetype, zone->id);
	b->pages[pfn].refcount = 1;
	cap->pfn = pfn;
	return true;
}

void __free_one_page(struct buddy *b, uint32_t pfn, struct zone *zone, unsigned int order,
		     enum migratetype mt, fpi_t fpi_flags)
{
	uint32_t buddy_pfn = 0;

	b->pages[pfn].flags = 0;
	if (likely(mt != MIGRATE_ISOLATE))
		mod_free_pages(b, zone, 1LL << order);
	for (; order < MAX_PAGE_ORDER; order++) {
		if (unlikely(b->capture) && compaction_capture(b, zone, pfn, order, mt))
			return;
		buddy_pfn = pfn ^ (1U << order);
		if (!page_is_buddy(&b->pages[buddy_pfn], order, zone->id))
			break;
		if (unlikely(order >= PAGEBLOCK_ORDER)) {
			enum migratetype buddy_mt = get_pageblock_migratetype(b, buddy_pfn);

			if (mt != buddy_mt && (!migratetype_is_mergeable(mt) ||
					       !migratetype_is_mergeable(buddy_mt)))
				break;
		}
		del_page_from_free_list(b, zone, buddy_pfn, order);
		if (unlikely(order >= PAGEBLOCK_ORDER) && b->rules->free_by_block)
			set_pageblock_range(b, zone, buddy_pfn, order, mt);
		pfn &= buddy_pfn;
		b->counters[BC_merge]++;
	}
	if (fpi_flags & FPI_TO_TAIL || buddy_merge_likely(b, zone, pfn, buddy_pfn, order))
		add_to_free_list_tail(b, zone, pfn, order, mt);
	else
		add_to_free_list(b, zone, pfn, order, mt);
}

void free_one_page(struct buddy *b, uint32_t pfn, struct zone *zone, unsigned int order,
		   fpi_t fpi_flags)
{
	uint32_t end = pfn + (1U << order);

	if (order > PAGEBLOCK_ORDER && b->rules->free_by_block)
		order = PAGEBLOCK_ORDER;
	for (; pfn < end; pfn += 1U << order)
		__free_one_page(b, pfn, zone, order, get_pageblock_migratetype(b, pfn), fpi_flags);
}

/* Put back what @low does not need of a block of @high: the upper half each time. */
void expand(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int low,
		   unsigned int high, enum migratetype mt)
{
	while (high > low) {
		high--;
		add_to_free_list(b, zone, pfn + (1U << high), high, mt);
		b->counters[BC_split]++;
	}
}

uint32_t __rmqueue_smallest(struct buddy *b, struct zone *zone, unsigned int order,
			    enum migratetype mt)
{
	unsigned int current_order;

	for (current_order = order; current_order < NR_PAGE_ORDERS; current_order++) {
		uint32_t pfn = get_page_from_free_area(b, zone, current_order, mt);

		if (pfn == PFN_NONE_VAL)
			continue;
		del_page_from_free_list(b, zone, pfn, current_order);
		expand(b, zone, pfn, order, current_order, mt);
		return pfn;
	}
	return PFN_NONE_VAL;
}

void free_pages_range(struct buddy *b, struct zone *zone, uint32_t start, uint32_t end)
{
	while (start < end) {
		unsigned int order = start ? (unsigned int)__builtin_ctz(start) : MAX_PAGE_ORDER;

		if (order > MAX_PAGE_ORDER)
			order = MAX_PAGE_ORDER;
		while (end - start < 1U << order)
			order--;
		__free_one_page(b, start, zone, order, get_pageblock_migratetype(b, start),
				FPI_TO_TAIL);
		start += 1U << order;
	}
}
