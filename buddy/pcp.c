/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: per-CPU lists. Each CPU has, in each zone, one list for every
 * migratetype and order up to PAGE_ALLOC_COSTLY_ORDER, and two for pageblock
 * sized blocks. Blocks enter and leave at the head, so that the one handed out
 * is the one freed last; a refill appends at the tail in the order the free
 * lists gave; a drain takes from the tails, list by list in turn.
 *
 * A block here has PG_pcp and the migratetype its pageblock had when it was
 * freed, which may differ from its list's: HIGHATOMIC blocks are filed as
 * MOVABLE.
 *
 * Differs from Linux: no lock, so the trylock never fails; the vmstat timer
 * and kswapd act only when the driver calls what they would call.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/pcp.h"
#include "buddy/fallback.h"
#include "buddy/free_area.h"
#include "buddy/list.h"
#include "buddy/watermark.h"

unsigned int rmqueue_bulk(struct buddy *b, struct zone *zone, unsigned int order,
			  unsigned int count, struct page_list *list, enum migratetype mt,
			  unsigned int alloc_flags)
{
	uint32_t flags = page_flags_make(PG_pcp | PG_linked, order, mt, zone->id);
	enum rmqueue_mode mode = RMQUEUE_NORMAL;
	unsigned int i;

	for (i = 0; i < count; i++) {
		uint32_t pfn = __rmqueue_mode(b, zone, order, mt, alloc_flags, &mode);

		if (unlikely(pfn == PFN_NONE_VAL))
			break;
		b->pages[pfn].flags = flags;
		page_list_add_tail(b->pages, list, pfn);
		if (b->rules->count_by_block)
			mod_free_pages(b, zone, -(1LL << order));
	}
	if (!b->rules->count_by_block)
		mod_free_pages(b, zone, -((int64_t)i << order));
	zone->stat.pcp_refill_pages += (uint64_t)i << order;
	b->counters[BC_pcp_refill] += i != 0;
	return i;
}

uint32_t __rmqueue_pcplist(struct buddy *b, struct zone *zone, unsigned int order,
			   enum migratetype mt, unsigned int alloc_flags,
			   struct per_cpu_pages *pcp, struct page_list *list)
{
	uint32_t pfn;

	if (page_list_empty(list)) {
		int batch = pcp->batch;

		/* A refill of larger blocks brings about as many frames, two blocks at least. */
		if (b->rules->auto_high)
			batch = nr_pcp_alloc(pcp, zone, order);
		else if (batch > 1)
			batch = batch >> order > 2 ? batch >> order : 2;
		pcp->count += (int)(rmqueue_bulk(b, zone, order, (unsigned int)batch, list, mt,
						 alloc_flags) << order);
		if (unlikely(page_list_empty(list)))
			return PFN_NONE_VAL;
	}
	pfn = list->head;
	list->head = b->pages[pfn].next;
	pcp->count -= 1 << order;
	return pfn;
}

static void pcp_list_link(struct page *pages, struct page_list *list)
{
	uint32_t pfn = list->head;

	while (!(pages[pfn].flags & PG_linked)) {
		uint32_t next = pages[pfn].next;

		if (next == PFN_NONE_VAL) {
			list->tail = pfn;
			break;
		}
		pages[next].prev = pfn;
		pages[pfn].flags |= PG_linked;
		pfn = next;
	}
}

/* The last block of @list, which is not empty and linked. */
static uint32_t page_list_del_tail(struct page *pages, struct page_list *list)
{
	uint32_t pfn = list->tail;

	if (list->head == pfn) {
		list->head = PFN_NONE_VAL;
	} else {
		list->tail = pages[pfn].prev;
		pages[list->tail].next = PFN_NONE_VAL;
	}
	return pfn;
}

/*
 * @count frames or a little more (blocks are not cut) back to the free lists,
 * beginning with list @pindex and emptying each as far as needed before the
 * next. Lists found empty at either end of the range are not looked at again.
 */
void free_pcppages_bulk(struct buddy *b, struct zone *zone, int count, struct per_cpu_pages *pcp,
			int pindex)
{
	int min_pindex = 0, max_pindex = NR_PCP_LISTS - 1, before = pcp->count;

	if (count > pcp->count)
		count = pcp->count;
	if (count <= 0)
		return;
	pindex--;
	while (count > 0) {
		struct page_list *list;
		unsigned int order;

		for (;;) {
			if (++pindex > max_pindex)
				pindex = min_pindex;
			list = &pcp->lists[pindex];
			if (!page_list_empty(list))
				break;
			if (pindex == max_pindex)
				max_pindex--;
			if (pindex == min_pindex)
				min_pindex++;
		}
		order = pindex_to_order((unsigned int)pindex);
		pcp_list_link(b->pages, list);
		do {
			uint32_t pfn = page_list_del_tail(b->pages, list);
			enum migratetype mt = (enum migratetype)page_migratetype(&b->pages[pfn]);

			if (unlikely(zone->nr_isolate_pageblock || b->rules->drain_by_block))
				mt = get_pageblock_migratetype(b, pfn);
			count -= 1 << order;
			pcp->count -= 1 << order;
			__free_one_page(b, pfn, zone, order, mt, FPI_NONE);
		} while (count > 0 && !page_list_empty(list));
	}
	b->counters[BC_pcp_drain]++;
	zone->stat.pcp_drain_pages += (uint64_t)(before - pcp->count);
}

int nr_pcp_free(struct per_cpu_pages *pcp, int high, int batch, bool free_high)
{
	int nr, max_nr_free = high - batch;

	if (unlikely(free_high))
		return pcp->count;
	if (unlikely(high < batch))
		return 1;
	/* Frees in a row are likely to go on: give back twice as many each time. */
	nr = batch << pcp->free_factor;
	if (nr < max_nr_free && pcp->free_factor < PCP_BATCH_SCALE_MAX)
		pcp->free_factor++;
	return nr > max_nr_free ? max_nr_free : nr;
}

int nr_pcp_high(const struct per_cpu_pages *pcp, const struct zone *zone, bool free_high)
{
	int high = pcp->high;

	if (unlikely(!high || free_high))
		return 0;
	if (!(zone->flags & ZONE_RECLAIM_ACTIVE))
		return high;
	return pcp->batch << 2 < high ? pcp->batch << 2 : high;
}

int pcp_give_back(const struct buddy *b, const struct zone *zone, struct per_cpu_pages *pcp,
		  unsigned int order)
{
	bool free_high;
	int high;

	if (b->rules->auto_high)
		return nr_pcp_free_auto(pcp, zone, order);
	/* Blocks of order 1 to 3 are given back entirely when frees follow frees. */
	free_high = pcp->free_factor && order && order <= PAGE_ALLOC_COSTLY_ORDER;
	high = nr_pcp_high(pcp, zone, free_high);
	return pcp->count >= high ? nr_pcp_free(pcp, high, pcp->batch, free_high) : 0;
}

void free_unref_page_drain(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp,
			   enum migratetype mt, unsigned int order)
{
	int nr = pcp_give_back(b, zone, pcp, order);

	if (!nr)
		return;
	free_pcppages_bulk(b, zone, nr, pcp, (int)order_to_pindex(mt, order));
	if (b->rules->auto_high && zone->flags & ZONE_BELOW_HIGH &&
	    zone_watermark_ok(zone, 0, zone_watermark(zone, WMARK_HIGH), ZONE_MOVABLE, 0))
		zone_set_below_high(zone, false);
}

void __free_pages_ok(struct buddy *b, uint32_t pfn, unsigned int order, fpi_t fpi_flags)
{
	struct zone *zone = page_zone(b, &b->pages[pfn]);

	b->pages[pfn].refcount = 0;
	zone->stat.buddy_free[order]++;
	free_one_page(b, pfn, zone, order, fpi_flags);
}

enum migratetype pcp_list_block(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp,
				uint32_t pfn, unsigned int order)
{
	struct page *page = &b->pages[pfn];
	enum migratetype mt = get_pageblock_migratetype(b, pfn);
	enum migratetype pcp_mt = mt >= MIGRATE_PCPTYPES ? MIGRATE_MOVABLE : mt;

	page->flags = page_flags_make(PG_pcp, order, mt, zone->id);
	page->refcount = 0;
	pcp_list_add(b->pages, &pcp->lists[order_to_pindex(pcp_mt, order)], pfn);
	pcp->count += 1 << order;
	if (order)
		zone->stat.pcp_free[order]++;
	return pcp_mt;
}

void free_unref_page(struct buddy *b, unsigned int cpu, uint32_t pfn, unsigned int order)
{
	struct zone *zone = page_zone(b, &b->pages[pfn]);
	struct per_cpu_pages *pcp = &zone->pcp[cpu];

	if (unlikely(get_pageblock_migratetype(b, pfn) == MIGRATE_ISOLATE))
		__free_pages_ok(b, pfn, order, FPI_NONE);
	else
		free_unref_page_drain(b, zone, pcp, pcp_list_block(b, zone, pcp, pfn, order), order);
}

void drain_pages_zone(struct buddy *b, unsigned int cpu, struct zone *zone)
{
	struct per_cpu_pages *pcp = &zone->pcp[cpu];

	while (pcp->count)
		free_pcppages_bulk(b, zone, pcp->batch << PCP_BATCH_SCALE_MAX, pcp, 0);
}

void buddy_drain_pages(struct buddy *b, unsigned int cpu)
{
	struct zone *zone;

	if (cpu >= b->nr_cpus)
		return;
	b->this_cpu = cpu;
	for_each_populated_zone(b, zone)
		drain_pages_zone(b, cpu, zone);
}

void buddy_drain_all_pages(struct buddy *b)
{
	unsigned int cpu;

	for_each_cpu(b, cpu)
		buddy_drain_pages(b, cpu);
}
