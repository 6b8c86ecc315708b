/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a request, from the first try to the last.
 *
 *   buddy_alloc_pages        one frame off the per-CPU list, if all is well
 *     __alloc_pages          first try: above the low watermark, no mixing of types
 *       get_page_from_freelist   zone by zone
 *         rmqueue                per-CPU list, else free lists
 *       __alloc_pages_slowpath   kswapd, min watermark, reserves, reclaim
 *
 * Differs from Linux: reclaim and kswapd are callbacks; compaction (compact/) is
 * there where the layer above can move frames, else a costly request that may not
 * retry fails where Linux would compact; a
 * request that may reclaim, but finds nothing to, drains all per-CPU lists and
 * gives up the atomic reserves once before it fails, because no other task
 * will free anything meanwhile; for the same reason __GFP_NOFAIL can fail.
 * No cpusets, memory policies, dirty limits, memcg or OOM killer.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <string.h>

#include "buddy/alloc.h"
#include "buddy/compact/compact.h"
#include "buddy/fallback.h"
#include "buddy/highatomic.h"
#include "buddy/list.h"
#include "buddy/owner.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

#define NR_GFP_ZONE_BITS 16
#define MAX_RECLAIM_RETRIES 16

/* ---- what a request means ------------------------------------------------ */

/*
 * Indexed by __GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE; of
 * contradicting bits the lowest zone wins.
 */
static const uint8_t gfp_zone_table[NR_GFP_ZONE_BITS] = {
	[0] = ZONE_NORMAL,
	[__GFP_DMA] = ZONE_DMA,
	[__GFP_HIGHMEM] = ZONE_NORMAL,
	[__GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
	[__GFP_DMA32] = ZONE_DMA32,
	[__GFP_DMA32 | __GFP_DMA] = ZONE_DMA,
	[__GFP_DMA32 | __GFP_HIGHMEM] = ZONE_DMA32,
	[__GFP_DMA32 | __GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
	[__GFP_MOVABLE] = ZONE_NORMAL,
	[__GFP_MOVABLE | __GFP_DMA] = ZONE_DMA,
	[__GFP_MOVABLE | __GFP_HIGHMEM] = ZONE_MOVABLE,
	[__GFP_MOVABLE | __GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
	[__GFP_MOVABLE | __GFP_DMA32] = ZONE_DMA32,
	[__GFP_MOVABLE | __GFP_DMA32 | __GFP_DMA] = ZONE_DMA,
	[__GFP_MOVABLE | __GFP_DMA32 | __GFP_HIGHMEM] = ZONE_DMA32,
	[__GFP_MOVABLE | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
};

enum zone_type gfp_zone(gfp_t gfp)
{
	return (enum zone_type)gfp_zone_table[gfp % NR_GFP_ZONE_BITS];
}

/* Movable and reclaimable at once is a contradiction; movable wins. */
enum migratetype gfp_migratetype(gfp_t gfp)
{
	if (gfp & __GFP_MOVABLE)
		return MIGRATE_MOVABLE;
	return gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;
}

bool prepare_alloc_pages(const struct buddy *b, unsigned int cpu, gfp_t gfp, int nid,
			 struct alloc_context *ac)
{
	if (cpu >= b->nr_cpus || (nid != NUMA_NO_NODE && (unsigned int)nid >= b->nr_nodes))
		return false;
	ac->cpu = cpu;
	ac->nid = nid == NUMA_NO_NODE ? b->cpu_node[cpu] : (unsigned int)nid;
	ac->nodes = UINT64_MAX;
	ac->highest_zoneidx = gfp_zone(gfp);
	ac->migratetype = gfp_migratetype(gfp);
	ac->zonelist = b->zonelists[ac->nid * NR_ZONELISTS +
				    (gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK : ZONELIST_FALLBACK)].zone;
	for (ac->preferred = ac->zonelist; *ac->preferred; ac->preferred++)
		if ((*ac->preferred)->idx <= ac->highest_zoneidx)
			break;
	return true;
}

/*
 * The first pass leaves other types' pageblocks alone where there is another
 * zone worth trying: DMA32 below NORMAL. ZONE_DMA is too small to spread into.
 */
unsigned int alloc_flags_nofragment(const struct buddy *b, const struct zone *zone, gfp_t gfp)
{
	unsigned int alloc_flags = gfp & __GFP_KSWAPD_RECLAIM;

	if (!zone || zone->idx != ZONE_NORMAL)
		return alloc_flags;
	if (b->nr_nodes > 1 && !zone_populated(zone - 1))
		return alloc_flags;
	return alloc_flags | ALLOC_NOFRAGMENT;
}

unsigned int gfp_to_alloc_flags(gfp_t gfp, unsigned int order)
{
	unsigned int alloc_flags = ALLOC_WMARK_MIN | (gfp & (__GFP_HIGH | __GFP_KSWAPD_RECLAIM));

	if (!(gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC))) {
		alloc_flags |= ALLOC_NON_BLOCK;
		if (order && alloc_flags & ALLOC_MIN_RESERVE)
			alloc_flags |= ALLOC_HIGHATOMIC;
	}
	return alloc_flags;
}

static void zone_statistics(struct buddy *b, struct zone *preferred, struct zone *zone,
			    unsigned int cpu, uint64_t nr)
{
	bool hit = zone->nid == preferred->nid;

	zone->stat.numa[hit][zone->nid == b->cpu_node[cpu]] += nr;
	if (!hit)
		preferred->stat.numa_foreign += nr;
	if (zone != preferred)
		b->counters[BC_zone_fallback] += nr;
}

/* ---- taking a block ------------------------------------------------------ */

static uint32_t rmqueue_buddy(struct buddy *b, struct zone *zone, unsigned int order,
			      unsigned int alloc_flags, enum migratetype mt)
{
	uint32_t pfn = PFN_NONE_VAL;

	if (alloc_flags & ALLOC_HIGHATOMIC)
		pfn = __rmqueue_smallest(b, zone, order, MIGRATE_HIGHATOMIC);
	if (pfn == PFN_NONE_VAL)
		pfn = __rmqueue(b, zone, order, mt, alloc_flags);
	/* Better to use the reserve than to fail. */
	if (pfn == PFN_NONE_VAL && alloc_flags & ALLOC_NON_BLOCK)
		pfn = __rmqueue_smallest(b, zone, order, MIGRATE_HIGHATOMIC);
	if (pfn == PFN_NONE_VAL)
		return pfn;
	mod_free_pages(b, zone, -(1LL << order));
	zone->stat.buddy_alloc[order]++;
	return pfn;
}

static uint32_t rmqueue_pcplist(struct buddy *b, struct zone *zone, unsigned int order,
				unsigned int alloc_flags, enum migratetype mt, unsigned int cpu)
{
	struct per_cpu_pages *pcp = &zone->pcp[cpu];
	uint32_t pfn;

	pcp->free_factor >>= 1;
	pfn = __rmqueue_pcplist(b, zone, order, mt, alloc_flags, pcp,
				&pcp->lists[order_to_pindex(mt, order)]);
	if (likely(pfn != PFN_NONE_VAL))
		zone->stat.pcp_alloc[order]++;
	return pfn;
}

uint32_t rmqueue(struct buddy *b, struct zone *preferred, struct zone *zone, unsigned int order,
		 unsigned int alloc_flags, enum migratetype mt, unsigned int cpu)
{
	uint32_t pfn = PFN_NONE_VAL;

	if (likely(pcp_allowed_order(order)))
		pfn = rmqueue_pcplist(b, zone, order, alloc_flags, mt, cpu);
	if (pfn == PFN_NONE_VAL)
		pfn = rmqueue_buddy(b, zone, order, alloc_flags, mt);
	if (pfn != PFN_NONE_VAL)
		zone_statistics(b, preferred, zone, cpu, 1);
	if (unlikely(zone->flags & ZONE_BOOSTED_WATERMARK) &&
	    (!b->rules->boost_needs_kswapd || alloc_flags & ALLOC_KSWAPD)) {
		zone->flags &= ~ZONE_BOOSTED_WATERMARK;
		wakeup_kswapd(b, zone, 0);
	}
	return pfn;
}

static noinline void clear_pages(struct buddy *b, uint32_t pfn, unsigned int order)
{
	pagemap_touch(b->map, pfn_make(pfn), 1U << order);
	memset(virt_from_pfn(b->map, pfn_make(pfn)), 0, PAGE_SIZE << order);
}

void prep_new_page(struct buddy *b, struct zone *zone, uint32_t pfn, unsigned int order, gfp_t gfp)
{
	struct page *page = &b->pages[pfn];

	/* The migratetype is the request's: a later claim of the pageblock asks for it. */
	page->flags = page_flags_make(PG_allocated, order, gfp_migratetype(gfp), zone->id);
	page->refcount = 1;
	if (gfp & __GFP_ZERO)
		clear_pages(b, pfn, order);
	if (order && gfp & __GFP_COMP)
		prep_compound_page(b->map, pfn_make(pfn), order);
	if (unlikely(b->slow & SLOW_OWNER))
		page_owner_alloc(b, pfn, order, gfp);
}

bool zone_may_serve(struct zone *zone, unsigned int order, unsigned int alloc_flags,
		    const struct alloc_context *ac, gfp_t gfp)
{
	if (unlikely(!(zone->flags & ZONE_BELOW_HIGH))) {
		if (zone_watermark_fast(zone, order, zone_watermark(zone, WMARK_HIGH),
					ac->highest_zoneidx, alloc_flags, gfp))
			return true;
		zone_set_below_high(zone, true);
	}
	return alloc_flags & ALLOC_NO_WATERMARKS ||
	       zone_watermark_fast(zone, order,
				   zone_watermark(zone, alloc_flags & ALLOC_WMARK_MASK),
				   ac->highest_zoneidx, alloc_flags, gfp);
}

uint32_t get_page_from_freelist(struct buddy *b, gfp_t gfp, unsigned int order,
				unsigned int alloc_flags, const struct alloc_context *ac)
{
	struct zone *preferred = *ac->preferred, *const *z;
	bool no_fallback;

retry:
	no_fallback = alloc_flags & ALLOC_NOFRAGMENT;
	for (z = ac->preferred; *z; z++) {
		struct zone *zone = *z;
		uint32_t pfn;

		if (!zone_allowed(ac, zone))
			continue;
		/* A fragmenting fallback at home is better than a remote node. */
		if (no_fallback && b->nr_nodes > 1 && zone->nid != preferred->nid) {
			alloc_flags &= ~ALLOC_NOFRAGMENT;
			goto retry;
		}
		if (!zone_may_serve(zone, order, alloc_flags, ac, gfp))
			continue;
		pfn = rmqueue(b, preferred, zone, order, alloc_flags, ac->migratetype, ac->cpu);
		if (pfn == PFN_NONE_VAL)
			continue;
		prep_new_page(b, zone, pfn, order, gfp);
		if (unlikely(alloc_flags & ALLOC_HIGHATOMIC))
			reserve_highatomic_pageblock(b, pfn, zone);
		return pfn;
	}
	if (no_fallback) {
		alloc_flags &= ~ALLOC_NOFRAGMENT;
		goto retry;
	}
	return PFN_NONE_VAL;
}

/* ---- when memory is short ------------------------------------------------ */

static void wake_all_kswapds(struct buddy *b, unsigned int order, const struct alloc_context *ac)
{
	const struct zone *last = NULL;
	struct zone *const *z;

	for (z = ac->zonelist; *z; z++) {
		if (!zone_allowed(ac, *z) || (last && last->nid == (*z)->nid))
			continue;
		wakeup_kswapd(b, *z, order);
		last = *z;
	}
}

static uint64_t nr_reusable_pages(const struct buddy *b)
{
	uint64_t used = 0, managed = 0;
	const struct zone *zone;

	for_each_populated_zone(b, zone) {
		used += buddy_zone_allocated_pages(b, zone);
		managed += zone->managed_pages;
	}
	return managed - used;
}

/*
 * One round of reclaim and a try after it. *@progress says whether memory was
 * really freed, whatever the callback claims.
 */
static uint32_t __alloc_pages_direct_reclaim(struct buddy *b, gfp_t gfp, unsigned int order,
					     unsigned int alloc_flags,
					     const struct alloc_context *ac, bool *progress)
{
	uint64_t before = nr_reusable_pages(b), claimed = 0;
	uint32_t pfn;

	b->counters[BC_allocstall_dma + ac->highest_zoneidx]++;
	if (b->reclaim)
		claimed = b->reclaim(b->reclaim_ctx, ac->nid, order, gfp);
	*progress = claimed && nr_reusable_pages(b) > before;
	if (*progress) {
		pfn = get_page_from_freelist(b, gfp, order, alloc_flags, ac);
		if (pfn != PFN_NONE_VAL)
			return pfn;
	}
	unreserve_highatomic_pageblock(b, ac, false);
	buddy_drain_all_pages(b);
	return get_page_from_freelist(b, gfp, order, alloc_flags, ac);
}

/*
 * Before reclaim: costly requests, and those that would mix types, compact. False: there is no use in going on.
 * *@prio: what the tries after it may do.
 */
static bool compact_first(struct buddy *b, gfp_t gfp, unsigned int order, unsigned int alloc_flags,
			  const struct alloc_context *ac, enum compact_priority *prio, uint32_t *pfn)
{
	bool costly_order = order > PAGE_ALLOC_COSTLY_ORDER, no_retry = costly_order && gfp & __GFP_NORETRY;
	enum compact_result result;

	*prio = COMPACT_PRIO_SYNC_LIGHT;
	*pfn = PFN_NONE_VAL;
	if (!b->compact)
		return !(no_retry && gfp & __GFP_IO);
	if (!costly_order && (!order || ac->migratetype == MIGRATE_MOVABLE))
		return true;
	*pfn = alloc_pages_direct_compact(b, gfp, order, alloc_flags, ac, COMPACT_PRIO_ASYNC, &result);
	if (!no_retry)
		return true;
	*prio = COMPACT_PRIO_ASYNC;
	return result != COMPACT_SKIPPED && result != COMPACT_DEFERRED;
}

/* Whether compaction, which gave nothing, may try harder (Linux: should_compact_retry). */
static bool should_compact_retry(unsigned int order, enum compact_result result, enum compact_priority *prio)
{
	enum compact_priority most = order > PAGE_ALLOC_COSTLY_ORDER ? COMPACT_PRIO_SYNC_LIGHT : COMPACT_PRIO_SYNC_FULL;

	if (result <= COMPACT_DEFERRED || *prio <= most)
		return false;
	(*prio)--;
	return true;
}

static noinline uint32_t __alloc_pages_slowpath(struct buddy *b, gfp_t gfp, unsigned int order,
						struct alloc_context *ac)
{
	bool can_direct_reclaim = gfp & __GFP_DIRECT_RECLAIM, progress;
	enum compact_priority prio;
	enum compact_result result;
	bool costly_order = order > PAGE_ALLOC_COSTLY_ORDER;
	unsigned int alloc_flags, tries = 0;
	uint32_t pfn;

	b->counters[BC_alloc_slowpath]++;
	if (can_direct_reclaim)
		gfp &= ~__GFP_ATOMIC;
	alloc_flags = gfp_to_alloc_flags(gfp, order);
	if (!*ac->preferred)
		return PFN_NONE_VAL;
	if (alloc_flags & ALLOC_KSWAPD) {
		b->counters[BC_kswapd_wake]++;
		wake_all_kswapds(b, order, ac);
	}
	pfn = get_page_from_freelist(b, gfp, order, alloc_flags, ac);
	if (pfn != PFN_NONE_VAL)
		return pfn;
	if (gfp & __GFP_MEMALLOC && !(gfp & __GFP_NOMEMALLOC)) {
		alloc_flags = ALLOC_NO_WATERMARKS | (alloc_flags & ALLOC_KSWAPD);
		pfn = get_page_from_freelist(b, gfp, order, alloc_flags, ac);
		if (pfn != PFN_NONE_VAL)
			return pfn;
	}
	if (!can_direct_reclaim)
		goto nopage;
	if (!compact_first(b, gfp, order, alloc_flags, ac, &prio, &pfn) && pfn == PFN_NONE_VAL)
		goto nopage;
	if (pfn != PFN_NONE_VAL)
		return pfn;
	do {
		pfn = __alloc_pages_direct_reclaim(b, gfp, order, alloc_flags, ac, &progress);
		if (pfn == PFN_NONE_VAL)
			pfn = alloc_pages_direct_compact(b, gfp, order, alloc_flags, ac, prio, &result);
		if (pfn != PFN_NONE_VAL)
			return pfn;
		if (gfp & __GFP_NORETRY || (costly_order && !(gfp & __GFP_RETRY_MAYFAIL)))
			goto nopage;
	} while ((progress && (!costly_order || ++tries < MAX_RECLAIM_RETRIES)) ||
		 should_compact_retry(order, result, &prio));
	if (unreserve_highatomic_pageblock(b, ac, true)) {
		pfn = get_page_from_freelist(b, gfp, order, alloc_flags, ac);
		if (pfn != PFN_NONE_VAL)
			return pfn;
	}
nopage:
	if (gfp & __GFP_NOFAIL && can_direct_reclaim)
		return get_page_from_freelist(b, gfp, order, ALLOC_MIN_RESERVE, ac);
	return PFN_NONE_VAL;
}

/* Of @nodes alone: the first zone moves to one of them. */
static void restrict_nodes(struct alloc_context *ac, uint64_t nodes)
{
	ac->nodes = nodes;
	while (*ac->preferred && !zone_allowed(ac, *ac->preferred))
		ac->preferred++;
}

static noinline pfn_t __alloc_pages(struct buddy *b, unsigned int cpu, gfp_t gfp,
				    unsigned int order, int nid, uint64_t nodes)
{
	struct alloc_context ac;
	uint32_t pfn;

	if (order > MAX_PAGE_ORDER || !prepare_alloc_pages(b, cpu, gfp, nid, &ac) ||
	    (b->slow & SLOW_FAIL && should_fail_alloc_page(b, order))) {
		b->counters[BC_alloc_fail]++;
		return PFN_NONE;
	}
	if (nodes)
		restrict_nodes(&ac, nodes);
	b->this_cpu = cpu;
	pfn = get_page_from_freelist(b, gfp, order, ALLOC_WMARK_LOW |
				     alloc_flags_nofragment(b, *ac.preferred, gfp), &ac);
	if (unlikely(pfn == PFN_NONE_VAL))
		pfn = __alloc_pages_slowpath(b, gfp, order, &ac);
	if (unlikely(pfn == PFN_NONE_VAL))
		b->counters[BC_alloc_fail]++;
	return pfn_make(pfn);
}

/*
 * One frame, from the CPU's list of the zone that comes first, while that zone
 * is above its low watermark. Anything else takes the slow path, which finds the
 * same frame in this case.
 */
pfn_t buddy_alloc_pages(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order, int nid)
{
	const struct fast_alloc *path;
	struct per_cpu_pages *pcp;
	struct page *page;
	uint32_t pfn;

	if (unlikely(order | (gfp & (__GFP_THISNODE | __GFP_ZERO)) || nid != NUMA_NO_NODE ||
		     cpu >= b->fast_cpus))
		goto slow;
	path = &b->fast_alloc[(size_t)cpu * GFP_PLACE_BITS + gfp % GFP_PLACE_BITS];
	if (unlikely(path->zone->free_pages <= path->zone->low_mark))
		goto slow;
	pfn = path->list->head;
	if (unlikely(pfn == PFN_NONE_VAL))
		goto slow;
	page = &b->pages[pfn];
	pcp = path->pcp;
	path->list->head = page->next;
	set_page_state(page, path->state);
	pcp->count--;
	if (unlikely(pcp->free_factor))
		pcp->free_factor >>= 1;
	pcp->nr_alloc++;
	return pfn_make(pfn);
slow:
	return __alloc_pages(b, cpu, gfp, order, nid, 0);
}

pfn_t buddy_alloc_pages_nodemask(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order, int nid,
				 uint64_t nodes)
{
	return __alloc_pages(b, cpu, gfp, order, nid, nodes);
}

/* ---- many at once -------------------------------------------------------- */

/* The first zone of the wanted node that stays above its low watermark after @nr frames. */
static struct zone *bulk_zone(const struct buddy *b, const struct alloc_context *ac, gfp_t gfp,
			      unsigned int nr)
{
	struct zone *const *z;

	for (z = ac->preferred; *z; z++) {
		struct zone *zone = *z;

		if (zone->idx > ac->highest_zoneidx)
			continue;
		if (b->nr_nodes > 1 && zone->nid != (*ac->preferred)->nid)
			return NULL;
		if (zone_watermark_fast(zone, 0, zone_watermark(zone, WMARK_LOW) + nr,
					(*ac->preferred)->idx, ALLOC_WMARK_LOW, gfp))
			return zone;
	}
	return NULL;
}

unsigned int buddy_alloc_bulk(struct buddy *b, unsigned int cpu, gfp_t gfp, int nid,
			      unsigned int nr, pfn_t *pfns)
{
	struct alloc_context ac;
	struct zone *zone = NULL;
	unsigned int got = 0;

	if (!nr)
		return 0;
	/* Page owner wants to see each request by itself, as in Linux. */
	if (nr > 1 && !(b->slow & SLOW_OWNER) && prepare_alloc_pages(b, cpu, gfp, nid, &ac)) {
		if (b->slow & SLOW_FAIL && should_fail_alloc_page(b, 0)) {
			b->counters[BC_alloc_fail]++;
			return 0;
		}
		zone = bulk_zone(b, &ac, gfp, nr);
		b->this_cpu = cpu;
	}
	while (zone && got < nr) {
		struct per_cpu_pages *pcp = &zone->pcp[cpu];
		uint32_t pfn = __rmqueue_pcplist(b, zone, 0, ac.migratetype, ALLOC_WMARK_LOW, pcp,
						 &pcp->lists[order_to_pindex(ac.migratetype, 0)]);

		if (pfn == PFN_NONE_VAL)
			break;
		prep_new_page(b, zone, pfn, 0, gfp);
		pfns[got++] = pfn_make(pfn);
	}
	if (got) {
		zone->stat.pcp_alloc[0] += got;
		zone_statistics(b, *ac.preferred, zone, cpu, got);
	} else {
		pfns[0] = buddy_alloc_pages(b, cpu, gfp, 0, nid);
		got = !pfn_is_none(pfns[0]);
	}
	b->counters[BC_bulk_alloc] += got;
	return got;
}

/* ---- giving back --------------------------------------------------------- */

/* The next free on @cpu will probably be of the same zone. */
static void prepare_fast_free(struct buddy *b, unsigned int cpu, struct zone *zone)
{
	struct fast_free *path = &b->fast_free[cpu];
	unsigned int mt;

	if (path->zone == zone)
		return;
	path->frame = page_flags_make(PG_allocated, 0, 0, zone->id);
	for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		path->state[mt] = page_state(page_flags_make(PG_pcp, 0, mt, zone->id), 0);
	path->auto_high = b->rules->auto_high;
	path->pcp = &zone->pcp[cpu];
	path->zone = zone;
}

static noinline int __free_pages(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	struct page *page;
	int ret;

	if (cpu >= b->nr_cpus)
		return -EINVAL;
	ret = check_free_page(b, pfn, order);
	if (ret)
		return ret;
	page = &b->pages[pfn.v];
	if (page->flags & PG_head)
		destroy_compound_page(b->map, pfn, order);
	if (b->slow & SLOW_OWNER)
		page_owner_free(b, pfn.v);
	b->this_cpu = cpu;
	prepare_fast_free(b, cpu, page_zone(b, page));
	if (pcp_allowed_order(order))
		free_unref_page(b, cpu, pfn.v, order);
	else
		__free_pages_ok(b, pfn.v, order, FPI_NONE);
	return 0;
}

/* One frame of the zone that this CPU freed to before goes on its list right here. */
int buddy_free_pages(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	struct per_cpu_pages *pcp;
	const struct fast_free *path;
	struct page *page;
	unsigned int mt;

	if (unlikely(order || pfn.v >= b->end_pfn || cpu >= b->fast_cpus))
		goto slow;
	path = &b->fast_free[cpu];
	page = &b->pages[pfn.v];
	mt = b->pageblock[pfn.v >> PAGEBLOCK_ORDER];
	if (unlikely((page->flags & ~PG_MT_MASK) != path->frame || mt >= MIGRATE_PCPTYPES))
		goto slow;
	pcp = path->pcp;
	set_page_state(page, path->state[mt]);
	pcp_list_add(b->pages, &pcp->lists[mt], pfn.v);
	pcp->count++;
	if (unlikely(path->auto_high ? !pcp_free_stays(pcp, path->zone) : pcp->count >= pcp->high)) {
		b->this_cpu = cpu;
		free_unref_page_drain(b, path->zone, pcp, (enum migratetype)mt, 0);
	}
	return 0;
slow:
	return __free_pages(b, cpu, pfn, order);
}

int buddy_split_to(struct buddy *b, pfn_t pfn, unsigned int order)
{
	unsigned int old, i;
	struct page *page;
	uint32_t flags;

	if (!pfn_in_map(b->map, pfn))
		return -EINVAL;
	page = &b->pages[pfn.v];
	if (page->flags & (PG_buddy | PG_pcp))
		return -EALREADY;
	if (!(page->flags & PG_allocated) || page->flags & (PG_slab | PG_large))
		return -EINVAL;
	old = page_order(page);
	if (order > old)
		return -EDOM;
	if (page->flags & PG_head)
		destroy_compound_page(b->map, pfn, old);
	flags = (page->flags & ~PG_ORDER_MASK) | order << PG_ORDER_SHIFT;
	for (i = 0; i < 1U << old; i += 1U << order) {
		page[i].flags = flags;
		page[i].refcount = 1;
	}
	if (b->slow & SLOW_OWNER)
		page_owner_split(b, pfn.v, old, order);
	return 0;
}

int buddy_split_page(struct buddy *b, pfn_t pfn)
{
	return buddy_split_to(b, pfn, 0);
}
