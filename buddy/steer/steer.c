/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the allocator led by a real kernel's trace; see steer.h.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/steer/steer.h"

#include <errno.h>

#include "buddy/alloc.h"
#include "buddy/free_area.h"
#include "buddy/highatomic.h"
#include "buddy/isolate.h"
#include "buddy/list.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

/* ---- requests ------------------------------------------------------------ */

pfn_t steer_alloc(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order, bool slow,
		  enum steer_try *at)
{
	struct alloc_context ac;
	unsigned int alloc_flags;
	uint32_t pfn = PFN_NONE_VAL;

	*at = STEER_FAILED;
	if (order > MAX_PAGE_ORDER || !prepare_alloc_pages(b, cpu, gfp, NUMA_NO_NODE, &ac) || !*ac.preferred)
		return PFN_NONE;
	b->this_cpu = cpu;
	*at = STEER_LOW;
	if (!slow)
		pfn = get_page_from_freelist(b, gfp, order, ALLOC_WMARK_LOW |
					     alloc_flags_nofragment(b, *ac.preferred, gfp), &ac);
	if (likely(pfn != PFN_NONE_VAL))
		return pfn_make(pfn);
	*at = STEER_MIN;
	if (gfp & __GFP_DIRECT_RECLAIM)
		gfp &= ~__GFP_ATOMIC;
	alloc_flags = gfp_to_alloc_flags(gfp, order);
	pfn = get_page_from_freelist(b, gfp, order, alloc_flags, &ac);
	if (pfn != PFN_NONE_VAL)
		return pfn_make(pfn);
	*at = STEER_NO_WATERMARK;
	pfn = get_page_from_freelist(b, gfp, order, ALLOC_NO_WATERMARKS | (alloc_flags & ALLOC_KSWAPD),
				     &ac);
	if (pfn == PFN_NONE_VAL)
		*at = STEER_FAILED;
	return pfn_make(pfn);
}

void steer_alloc_nothing(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order)
{
	struct zone *const *z;
	struct alloc_context ac;

	if (!b->rules->below_high || !prepare_alloc_pages(b, cpu, gfp, NUMA_NO_NODE, &ac))
		return;
	for (z = ac.preferred; *z; z++)
		if ((*z)->idx <= ac.highest_zoneidx)
			zone_may_serve(*z, order, ALLOC_WMARK_LOW, &ac, gfp);
}

pfn_t steer_take_captured(struct buddy *b, struct compact_capture *cap, gfp_t gfp)
{
	uint32_t pfn = cap->pfn;

	cap->pfn = PFN_NONE_VAL;
	prep_new_page(b, page_zone(b, &b->pages[pfn]), pfn, cap->order, gfp);
	return pfn_make(pfn);
}

bool steer_unreserve_highatomic(struct buddy *b, unsigned int cpu, gfp_t gfp, bool force)
{
	struct alloc_context ac;

	b->this_cpu = cpu;
	return prepare_alloc_pages(b, cpu, gfp, NUMA_NO_NODE, &ac) &&
	       unreserve_highatomic_pageblock(b, &ac, force);
}

/* ---- blocks of another size ---------------------------------------------- */

/* The allocated block that @pfn lies in, or PFN_NONE_VAL. */
static uint32_t allocated_block(const struct buddy *b, uint32_t pfn)
{
	unsigned int order;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		uint32_t head = pfn & ~((1U << order) - 1);
		const struct page *page = &b->pages[head];

		if (page->flags & PG_allocated && page_order(page) >= order)
			return head;
		if (page->flags & (PG_buddy | PG_pcp) && page_order(page) >= order)
			return PFN_NONE_VAL;
	}
	return PFN_NONE_VAL;
}

/* Cut the allocated block at @head into blocks of @order. */
static void cut_block(struct buddy *b, uint32_t head, unsigned int order)
{
	uint32_t end = head + (1U << page_order(&b->pages[head])), pfn;
	uint32_t flags = (b->pages[head].flags & ~PG_ORDER_MASK) | order << PG_ORDER_SHIFT;

	for (pfn = head; pfn < end; pfn += 1U << order) {
		b->pages[pfn].flags = flags;
		b->pages[pfn].refcount = 1;
	}
}

int steer_shape(struct buddy *b, pfn_t pfn, unsigned int order)
{
	uint32_t end = pfn.v + (1U << order), at, head;

	if (pfn.v & ((1U << order) - 1) || end > b->end_pfn)
		return -EINVAL;
	for (at = pfn.v; at < end; at += 1U << page_order(&b->pages[head])) {
		head = allocated_block(b, at);
		if (head == PFN_NONE_VAL)
			return -EALREADY;
		if (head == at && page_order(&b->pages[at]) == order)
			return 0;
		if (page_order(&b->pages[head]) > order) {
			cut_block(b, head, order);
			return 0;
		}
	}
	for (at = pfn.v + 1; at < end; at++) {
		b->pages[at].flags = 0;
		b->pages[at].refcount = 0;
	}
	b->pages[pfn.v].flags = (b->pages[pfn.v].flags & ~PG_ORDER_MASK) | order << PG_ORDER_SHIFT;
	return 0;
}

/* ---- what happens by itself in a kernel ---------------------------------- */

void steer_free_direct(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	b->this_cpu = cpu;
	__free_pages_ok(b, pfn.v, order, FPI_NONE);
}

void steer_drain(struct buddy *b, unsigned int acting_cpu, const struct zone *zone,
		 unsigned int cpu, int count, unsigned int pindex)
{
	b->this_cpu = acting_cpu;
	free_pcppages_bulk(b, &b->zones[zone->id], count, &zone->pcp[cpu], (int)pindex);
}

void steer_set_movable(struct buddy *b, pfn_t pfn, bool movable)
{
	struct page *page = &b->pages[pfn.v];

	if (page->flags & PG_allocated)
		page->flags = (page->flags & ~PG_MT_MASK) |
			      (movable ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE) << PG_MT_SHIFT;
}

bool steer_is_movable(const struct buddy *b, pfn_t pfn)
{
	return b->pages[pfn.v].flags & PG_allocated && page_migratetype(&b->pages[pfn.v]) == MIGRATE_MOVABLE;
}

void steer_fold(struct buddy *b, unsigned int cpu, bool lists)
{
	struct zone *zone;

	b->this_cpu = cpu;
	for_each_populated_zone(b, zone) {
		if (zone->cpu_stat) {
			zone->free_pages += (uint64_t)(int64_t)zone->cpu_stat[cpu].diff;
			zone->cpu_stat[cpu].diff = 0;
		}
		if (lists && b->rules->auto_high)
			decay_pcp_high(b, zone, &zone->pcp[cpu]);
	}
}

void steer_kswapd_awake(struct buddy *b, unsigned int nid, bool awake)
{
	struct zone *zone;
	unsigned int cpu;

	for_each_zone_of_node(b, nid, zone) {
		int threshold = awake ? calculate_pressure_threshold(zone, b->nr_cpus) :
				calculate_normal_threshold(zone->managed_pages, b->nr_cpus);

		if (!(zone->flags & ZONE_DRIFTS))
			continue;
		for_each_cpu(b, cpu)
			zone->cpu_stat[cpu].threshold = threshold;
	}
}

void steer_kswapd_begin(struct buddy *b, unsigned int nid, int highest, struct steer_kswapd *ks)
{
	struct zone *zone;

	ks->nid = nid;
	ks->highest = highest < MAX_NR_ZONES ? highest : MAX_NR_ZONES - 1;
	for_each_zone_of_node(b, nid, zone) {
		if ((int)zone->idx > ks->highest)
			break;
		ks->boost[zone->idx] = zone->watermark_boost;
		if (zone_populated(zone))
			zone_set_reclaim_active(b, zone, true);
	}
}

void steer_kswapd_end(struct buddy *b, struct steer_kswapd *ks)
{
	struct zone *zone;

	for_each_zone_of_node(b, ks->nid, zone) {
		uint64_t boost;

		if ((int)zone->idx > ks->highest)
			break;
		if (!zone_populated(zone))
			continue;
		boost = ks->boost[zone->idx];
		zone_set_reclaim_active(b, zone, false);
		/* Boosts of the time in between stay. */
		zone->watermark_boost -= zone->watermark_boost < boost ? zone->watermark_boost : boost;
		zone_update_low_mark(zone);
	}
	ks->highest = -1;
}

/* ---- frames taken from where they are ------------------------------------ */

enum steer_place steer_where(const struct buddy *b, pfn_t pfn, pfn_t *block, unsigned int *order)
{
	unsigned int o;

	for (o = 0; pfn.v < b->end_pfn && o < NR_PAGE_ORDERS; o++) {
		uint32_t head = pfn.v & ~((1U << o) - 1);
		const struct page *page = &b->pages[head];

		if (!(page->flags & (PG_allocated | PG_buddy | PG_pcp)) || page_order(page) < o)
			continue;
		*block = pfn_make(head);
		*order = page_order(page);
		return page->flags & PG_buddy ? STEER_IN_FREE_LIST :
		       page->flags & PG_pcp ? STEER_ON_PCP : STEER_IN_USE;
	}
	return STEER_NO_MEMORY;
}

/* Off the free lists with @pfn of @order; the rest of its block stays free. False where it is not free. */
static bool take_from_free_list(struct buddy *b, uint32_t pfn, unsigned int order)
{
	enum migratetype mt;
	unsigned int high;
	struct zone *zone;
	pfn_t head;

	if (steer_where(b, pfn_make(pfn), &head, &high) != STEER_IN_FREE_LIST || high < order ||
	    pfn & ((1U << order) - 1))
		return false;
	zone = page_zone(b, &b->pages[head.v]);
	mt = (enum migratetype)page_migratetype(&b->pages[head.v]);
	del_page_from_free_list(b, zone, head.v, high);
	while (high > order) {
		uint32_t half;

		high--;
		half = head.v + (1U << high);
		add_to_free_list(b, zone, pfn < half ? half : head.v, high, mt);
		if (pfn >= half)
			head.v = half;
	}
	if (mt != MIGRATE_ISOLATE)
		mod_free_pages(b, zone, -(1LL << order));
	return true;
}

bool steer_isolate(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	unsigned int high;
	struct zone *zone;
	uint32_t i;
	pfn_t head;

	if (steer_where(b, pfn, &head, &high) != STEER_IN_FREE_LIST || high < order)
		return false;
	b->this_cpu = cpu;
	zone = page_zone(b, &b->pages[head.v]);
	if (high == order && pfn_eq(head, pfn)) {
		if (!isolate_block(b, pfn.v, order))
			return false;
	} else {
		take_from_free_list(b, pfn.v, order);
		zone->stat.allocated_otherwise += 1U << order;
	}
	for (i = 0; i < 1U << order; i++) {
		b->pages[pfn.v + i].flags = page_flags_make(PG_allocated, 0, MIGRATE_UNMOVABLE, zone->id);
		b->pages[pfn.v + i].refcount = 1;
	}
	return true;
}

/* The list of @zone's CPUs that @pfn is on, and the link that leads to it. */
static struct page_list *find_on_pcp(struct buddy *b, const struct zone *zone, uint32_t pfn,
				     uint32_t **link)
{
	struct per_cpu_pages *pcp;
	struct page_list *list;
	unsigned int cpu, pindex;

	for_each_pcp(b, zone, cpu, pcp) {
		for_each_pcp_list(pcp, pindex, list) {
			for (*link = &list->head; **link != PFN_NONE_VAL; *link = &b->pages[**link].next)
				if (**link == pfn)
					return list;
		}
	}
	return NULL;
}

/* The backward links are made anew before the next drain. */
static void unlink_backwards(struct buddy *b, const struct page_list *list)
{
	uint32_t at;

	for (at = list->head; at != PFN_NONE_VAL; at = b->pages[at].next)
		b->pages[at].flags &= ~PG_linked;
}

/* @in comes to stand where @out stands on a per-CPU list; false where that is on none. */
static bool replace_on_pcp(struct buddy *b, uint32_t out, uint32_t in)
{
	struct page_list *list;
	uint32_t *link;

	list = find_on_pcp(b, page_zone(b, &b->pages[out]), out, &link);
	if (!list)
		return false;
	b->pages[in].flags = b->pages[out].flags;
	b->pages[in].refcount = 0;
	b->pages[in].next = b->pages[out].next;
	*link = in;
	unlink_backwards(b, list);
	return true;
}

static bool swap_on_pcp(struct buddy *b, const struct zone *zone, uint32_t x, uint32_t y)
{
	struct page_list *list_x, *list_y;
	struct page *pages = b->pages;
	uint32_t *to_x, *to_y, next, flags;

	list_x = find_on_pcp(b, zone, x, &to_x);
	list_y = find_on_pcp(b, zone, y, &to_y);
	if (!list_x || !list_y)
		return false;
	*to_x = y;
	*to_y = x;
	/* Neighbours: the link between them was one of the two just written. */
	next = pages[x].next;
	pages[x].next = pages[y].next;
	pages[y].next = next;
	flags = pages[x].flags;
	pages[x].flags = pages[y].flags;
	pages[y].flags = flags;
	unlink_backwards(b, list_x);
	unlink_backwards(b, list_y);
	return true;
}

/* @got, in use or on a per-CPU list, against @want in the free lists. */
static bool exchange_with_free(struct buddy *b, uint32_t got, uint32_t want, unsigned int order)
{
	uint32_t flags = b->pages[got].flags, block;
	struct zone *zone = page_zone(b, &b->pages[got]), *from;
	unsigned int high;
	pfn_t head;

	steer_where(b, pfn_make(want), &head, &high);
	block = head.v;
	from = page_zone(b, &b->pages[block]);
	if ((flags & PG_pcp && from != zone) || !take_from_free_list(b, want, order))
		return false;
	if (flags & PG_pcp) {
		replace_on_pcp(b, got, want);
	} else {
		zone->stat.allocated_otherwise -= 1U << order;
		from->stat.allocated_otherwise += 1U << order;
		b->pages[want].flags = (flags & ~PG_ZONE_MASK) | from->id << PG_ZONE_SHIFT;
		b->pages[want].refcount = 1;
	}
	b->pages[got].refcount = 0;
	free_one_page(b, got, zone, order, FPI_NONE);
	return true;
}

static bool exchange_with_pcp(struct buddy *b, uint32_t got, uint32_t want)
{
	uint32_t flags = b->pages[got].flags;
	struct zone *zone = page_zone(b, &b->pages[got]);

	if (page_zone(b, &b->pages[want]) != zone)
		return false;
	if (flags & PG_pcp)
		return swap_on_pcp(b, zone, got, want);
	if (!replace_on_pcp(b, want, got))
		return false;
	b->pages[want].flags = flags;
	b->pages[want].refcount = 1;
	return true;
}

bool steer_exchange(struct buddy *b, pfn_t got, pfn_t want, unsigned int order)
{
	unsigned int high;
	pfn_t head;

	if (pfn_eq(got, want))
		return true;
	switch (steer_where(b, want, &head, &high)) {
	case STEER_ON_PCP:
		return pfn_eq(head, want) && high == order && exchange_with_pcp(b, got.v, want.v);
	case STEER_IN_FREE_LIST:
		return exchange_with_free(b, got.v, want.v, order);
	default:
		return false;
	}
}
