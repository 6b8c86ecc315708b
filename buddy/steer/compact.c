/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how compaction's scanners reorder free lists. Before they scan
 * pageblocks frame by frame, both look into the Movable free lists: the
 * migration scanner from the head, for a block low in the zone; the free
 * scanner from the tail, for one high in it. Where a search ends the list is
 * turned round, so that the next one begins with what this one did not see:
 *
 *   a b [c] d e  --free scanner stopped at c-->       c d e a b
 *   a b [c] d e  --migration scanner stopped at c-->  d e a b c
 *
 * The frames themselves move by migration, which is in the trace.
 *
 * Differs from Linux: which pageblocks the migration scanner should skip is
 * not kept; where it went on shows which one it found.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/private.h"
#include "buddy/steer/steer.h"

#define COMPACT_CLUSTER_MAX 32

/* Cut @list before @first and put the front part behind the rest. */
static void rotate_to_head(struct page *pages, struct page_list *list, uint32_t first)
{
	uint32_t before = pages[first].prev;

	if (list->head == first)
		return;
	pages[list->tail].next = list->head;
	pages[list->head].prev = list->tail;
	pages[before].next = PFN_NONE_VAL;
	list->head = first;
	list->tail = before;
}

static void rotate_to_tail(struct page *pages, struct page_list *list, uint32_t last)
{
	if (list->tail != last)
		rotate_to_head(pages, list, pages[last].next);
}

static unsigned int scan_limit(const struct steer_compact *cc)
{
	return (COMPACT_CLUSTER_MAX >> (cc->search_fail < 31 ? cc->search_fail : 31)) + 1;
}

static uint32_t pageblock_start(uint32_t pfn)
{
	return pfn & ~(PAGEBLOCK_NR_PAGES - 1);
}

void steer_compact_wake(struct steer_compact *cc, unsigned int order)
{
	*cc = (struct steer_compact){ .order = (int)order, .search_order = (int)order };
}

/* ---- the migration scanner ----------------------------------------------- */

/* One list; true where the search is over. */
static bool search_source(struct buddy *b, struct steer_compact *cc, struct page_list *list,
			  uint32_t high_pfn, uint32_t source, unsigned int limit, unsigned int *scanned,
			  bool *found)
{
	uint32_t pfn;

	for (pfn = list->head; pfn != PFN_NONE_VAL; pfn = b->pages[pfn].next) {
		if ((*scanned)++ >= limit) {
			rotate_to_tail(b->pages, list, pfn);
			return true;
		}
		if (pfn >= high_pfn || pageblock_start(pfn) != source)
			continue;
		rotate_to_tail(b->pages, list, pfn);
		if (cc->fast_start_pfn != UINT32_MAX &&
		    (!cc->fast_start_pfn || pfn < cc->fast_start_pfn))
			cc->fast_start_pfn = pfn;
		*found = true;
		return true;
	}
	return false;
}

void steer_compact_find_source(struct buddy *b, struct steer_compact *cc, uint32_t went)
{
	unsigned int limit = scan_limit(cc), scanned = 0;
	struct zone *zone = &b->zones[cc->zone->id];
	/* What was found is gone to from its pageblock's start; a frame in between was remembered. */
	uint32_t source = went == pageblock_start(went) || went == zone->start_pfn ? pageblock_start(went) :
										       PFN_NONE_VAL;
	uint32_t distance, high_pfn;
	bool found = false;
	int order;

	if (cc->migrate_pfn != zone->start_pfn && cc->migrate_pfn != pageblock_start(cc->migrate_pfn))
		return;
	if (cc->order <= PAGE_ALLOC_COSTLY_ORDER)
		return;
	distance = (cc->free_pfn - cc->migrate_pfn) >> 1;
	if (cc->migrate_pfn != zone->start_pfn)
		distance >>= 2;
	high_pfn = pageblock_start(cc->migrate_pfn + distance);
	for (order = cc->order - 1; order >= PAGE_ALLOC_COSTLY_ORDER && !found && scanned < limit; order--)
		search_source(b, cc, &zone->free_area[order].list[MIGRATE_MOVABLE], high_pfn, source, limit,
			      &scanned, &found);
	if (found) {
		cc->search_fail = 0;
		return;
	}
	cc->search_fail++;
	if (cc->fast_start_pfn && cc->fast_start_pfn != UINT32_MAX) {
		cc->migrate_pfn = cc->fast_start_pfn;
		cc->fast_start_pfn = UINT32_MAX;
	}
}

/* ---- the free scanner ---------------------------------------------------- */

/* Round and round; -1 where all orders were searched. */
static int next_search_order(struct steer_compact *cc, int order)
{
	if (--order < 0)
		order = cc->order - 1;
	if (order != cc->search_order)
		return order;
	if (--cc->search_order < 0)
		cc->search_order = cc->order - 1;
	return -1;
}

struct target_search {
	uint32_t low_pfn, min_pfn;	/* good; better than nothing */
	uint32_t highest;		/* pageblock */
	unsigned int limit;
};

/* One list from its tail; the block found, or PFN_NONE_VAL. */
static uint32_t search_target(struct buddy *b, struct steer_compact *cc, struct page_list *list,
			      int order, struct target_search *ts)
{
	uint32_t pfn = list->head == PFN_NONE_VAL ? PFN_NONE_VAL : list->tail, high_pfn = 0;
	uint32_t found = PFN_NONE_VAL, stop = PFN_NONE_VAL;
	unsigned int scanned = 0;

	while (pfn != PFN_NONE_VAL) {
		scanned++;
		if (pfn >= ts->highest)
			ts->highest = pageblock_start(pfn) > cc->zone->start_pfn ? pageblock_start(pfn) :
										 cc->zone->start_pfn;
		if (pfn >= ts->low_pfn) {
			cc->search_fail = 0;
			cc->search_order = order;
			found = stop = pfn;
			break;
		}
		if (pfn >= ts->min_pfn && pfn > high_pfn) {
			high_pfn = pfn;
			ts->limit >>= 1;
		}
		if (scanned >= ts->limit) {
			stop = pfn;
			break;
		}
		pfn = pfn == list->head ? PFN_NONE_VAL : b->pages[pfn].prev;
	}
	if (found == PFN_NONE_VAL && high_pfn)
		found = stop = high_pfn;
	if (stop != PFN_NONE_VAL)
		rotate_to_head(b->pages, list, stop);
	if (scanned >= ts->limit)
		ts->limit = ts->limit >> 1 ? ts->limit >> 1 : 1;
	return found;
}

pfn_t steer_compact_find_target(struct buddy *b, struct steer_compact *cc, unsigned int *order_found)
{
	struct zone *zone = &b->zones[cc->zone->id];
	uint32_t distance = cc->free_pfn - cc->migrate_pfn;
	bool deep = cc->free_pfn >= cc->init_free_pfn;
	unsigned int limit = scan_limit(cc) >> 1;
	struct target_search ts = {
		.low_pfn = pageblock_start(cc->free_pfn - (distance >> 2)),
		.min_pfn = pageblock_start(cc->free_pfn - (distance >> 1)),
		.limit = deep ? PAGEBLOCK_NR_PAGES >> 1 : limit ? limit : 1,
	};
	uint32_t found = PFN_NONE_VAL;
	int order;

	if (cc->order <= 0)
		return PFN_NONE;
	if (cc->search_order > cc->order - 1)
		cc->search_order = cc->order - 1;
	/* The step to the next order is taken after a find as well, and may move where searches begin. */
	for (order = cc->search_order; found == PFN_NONE_VAL && order >= 0;
	     order = next_search_order(cc, order)) {
		struct free_area *area = &zone->free_area[order];

		if (!area->nr_free)
			continue;
		*order_found = (unsigned int)order;
		found = search_target(b, cc, &area->list[MIGRATE_MOVABLE], order, &ts);
	}
	if (found != PFN_NONE_VAL)
		return pfn_make(found);
	cc->search_fail++;
	if (deep && ts.highest >= ts.min_pfn)
		cc->free_pfn = ts.highest;
	else if (deep && cc->direct)
		cc->free_pfn = ts.min_pfn;
	return PFN_NONE;
}
