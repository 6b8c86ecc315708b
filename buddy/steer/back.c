/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a request taken back, and served from the zone that a kernel served
 * it from; see steer.h. What is put back stands where it stood, but for blocks
 * that a refill had split: they come together again at the heads of lists, or
 * at the tails where they are likely to merge.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/steer/steer.h"

#include "buddy/alloc.h"
#include "buddy/free_area.h"
#include "buddy/list.h"
#include "buddy/pcp.h"
#include "buddy/private.h"

void steer_remember(const struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order,
		    struct steer_before *before)
{
	unsigned int pindex = order_to_pindex(gfp_migratetype(gfp), order);
	struct alloc_context ac;
	struct zone *const *z;

	before->nr = 0;
	if (!prepare_alloc_pages(b, cpu, gfp, NUMA_NO_NODE, &ac))
		return;
	before->mt = ac.migratetype;
	for (z = ac.preferred; *z && before->nr < MAX_NR_ZONES; z++) {
		struct steer_before_zone *at = &before->zones[before->nr];
		uint32_t head;

		if ((*z)->idx > ac.highest_zoneidx)
			continue;
		before->nr++;
		at->zone = *z;
		at->pcp_alloc = (*z)->stat.pcp_alloc[order];
		at->was_empty = false;
		if (!pcp_allowed_order(order))
			continue;
		at->pcp = (*z)->pcp[cpu];
		head = at->pcp.lists[pindex].head;
		at->was_empty = head == PFN_NONE_VAL;
		at->head_flags = at->was_empty ? 0 : b->pages[head].flags;
	}
}

const struct steer_before_zone *steer_before_of(const struct buddy *b, const struct steer_before *before,
						pfn_t pfn)
{
	unsigned int i;

	for (i = 0; pfn.v < b->end_pfn && i < before->nr; i++)
		if (zone_spans_pfn(before->zones[i].zone, pfn.v))
			return &before->zones[i];
	return NULL;
}

/* What a refill brought goes back where it came from, the frame handed out with it. */
static void undo_refill(struct buddy *b, struct zone *zone, struct per_cpu_pages *pcp, uint32_t pfn,
			unsigned int order, enum migratetype mt)
{
	unsigned int pindex = order_to_pindex(mt, order);
	int frames = 0;
	uint32_t at;

	b->pages[pfn].flags = page_flags_make(PG_pcp, order, mt, zone->id);
	pcp_list_add(b->pages, &pcp->lists[pindex], pfn);
	pcp->count += 1 << order;
	for (at = pfn; at != PFN_NONE_VAL; at = b->pages[at].next)
		frames += 1 << order;
	free_pcppages_bulk(b, zone, frames, pcp, (int)pindex);
}

bool steer_take_back(struct buddy *b, unsigned int cpu, const struct steer_before *before, pfn_t pfn,
		     unsigned int order)
{
	const struct steer_before_zone *was = steer_before_of(b, before, pfn);
	struct per_cpu_pages *pcp;

	if (!was)
		return false;
	b->this_cpu = cpu;
	if (was->zone->stat.pcp_alloc[order] == was->pcp_alloc) {
		steer_free_direct(b, cpu, pfn, order);
		return true;
	}
	pcp = &was->zone->pcp[cpu];
	was->zone->stat.pcp_alloc[order]--;
	b->pages[pfn.v].refcount = 0;
	if (was->was_empty)
		undo_refill(b, was->zone, pcp, pfn.v, order, before->mt);
	else
		b->pages[pfn.v].flags = was->head_flags & ~PG_linked;
	*pcp = was->pcp;
	return true;
}

pfn_t steer_alloc_from(struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order,
		       struct zone *zone)
{
	struct alloc_context ac;
	uint32_t pfn;

	if (!prepare_alloc_pages(b, cpu, gfp, NUMA_NO_NODE, &ac) || !*ac.preferred)
		return PFN_NONE;
	b->this_cpu = cpu;
	pfn = rmqueue(b, *ac.preferred, zone, order,
		      ALLOC_WMARK_LOW | alloc_flags_nofragment(b, *ac.preferred, gfp), ac.migratetype, cpu);
	if (pfn == PFN_NONE_VAL)
		pfn = rmqueue(b, *ac.preferred, zone, order, gfp_to_alloc_flags(gfp, order), ac.migratetype,
			      cpu);
	if (pfn != PFN_NONE_VAL)
		prep_new_page(b, zone, pfn, order, gfp);
	return pfn_make(pfn);
}
