/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what per-CPU lists would do, looked at without doing it, and the one
 * figure of theirs that an interrupt can put out of step. A request is traced
 * after its frame was taken: an interrupt in between frees before the request
 * for the trace, after it for the lists. Which frame is next shows it
 * where the interrupt freed to the same list; where it did not, only the run of
 * frees (free_factor, free_count) differs, and shows when a list gives back.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/alloc.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/watermark.h"
#include "buddy/steer/steer.h"

/* The list of the first zone that may serve, or NULL. */
static const struct page_list *peek_zones(const struct buddy *b, gfp_t gfp, unsigned int order,
					  unsigned int alloc_flags, const struct alloc_context *ac)
{
	struct zone *const *z;

	for (z = ac->preferred; *z; z++) {
		struct zone *zone = *z;

		if (zone->idx <= ac->highest_zoneidx &&
		    zone_watermark_fast(zone, order, zone_watermark(zone, alloc_flags & ALLOC_WMARK_MASK),
					ac->highest_zoneidx, alloc_flags, gfp))
			return &zone->pcp[ac->cpu].lists[order_to_pindex(ac->migratetype, order)];
	}
	return NULL;
}

pfn_t steer_peek(const struct buddy *b, unsigned int cpu, gfp_t gfp, unsigned int order)
{
	const struct page_list *list;
	struct alloc_context ac;

	if (!pcp_allowed_order(order) || !prepare_alloc_pages(b, cpu, gfp, NUMA_NO_NODE, &ac))
		return PFN_NONE;
	list = peek_zones(b, gfp, order, ALLOC_WMARK_LOW, &ac);
	if (!list)
		list = peek_zones(b, gfp, order, gfp_to_alloc_flags(gfp, order), &ac);
	return pfn_make(list ? list->head : PFN_NONE_VAL);
}

bool steer_same_list(const struct buddy *b, pfn_t on_list, pfn_t freed)
{
	enum migratetype mt = get_pageblock_migratetype(b, freed.v);

	if (mt >= MIGRATE_PCPTYPES)
		mt = MIGRATE_MOVABLE;
	return page_zone_id(&b->pages[on_list.v]) == page_zone_id(&b->pages[freed.v]) &&
	       page_migratetype(&b->pages[on_list.v]) == mt;
}

static int would_give_back(const struct buddy *b, const struct zone *zone,
			   const struct per_cpu_pages *pcp, unsigned int order)
{
	struct per_cpu_pages trial = *pcp;

	trial.count += 1 << order;
	return pcp_give_back(b, zone, &trial, order);
}

/* The run of frees, whatever the rules call it. */
static void set_run(const struct buddy *b, struct per_cpu_pages *pcp, int run)
{
	if (b->rules->auto_high)
		pcp->free_count = (short)run;
	else
		pcp->free_factor = (short)run;
}

bool steer_on_pcp(const struct buddy *b, pfn_t pfn, unsigned int order)
{
	return pcp_allowed_order(order) && get_pageblock_migratetype(b, pfn.v) != MIGRATE_ISOLATE;
}

int steer_would_give_back(const struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	const struct zone *zone = page_zone(b, &b->pages[pfn.v]);

	return would_give_back(b, zone, &zone->pcp[cpu], order);
}

void steer_free_guided(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order, int nr)
{
	struct zone *zone = page_zone(b, &b->pages[pfn.v]);
	struct per_cpu_pages *pcp = &zone->pcp[cpu];
	enum migratetype mt = pcp_list_block(b, zone, pcp, pfn.v, order);

	b->this_cpu = cpu;
	pcp_give_back(b, zone, pcp, order);
	free_pcppages_bulk(b, zone, nr, pcp, (int)order_to_pindex(mt, order));
}

bool steer_fit_run(struct buddy *b, unsigned int cpu, pfn_t pfn, unsigned int order, int nr)
{
	struct zone *zone = page_zone(b, &b->pages[pfn.v]);
	struct per_cpu_pages *pcp = &zone->pcp[cpu], trial = *pcp;
	int run = b->rules->auto_high ? pcp->free_count : pcp->free_factor, longest, off, sign;

	if (would_give_back(b, zone, &trial, order) == nr)
		return false;
	longest = b->rules->auto_high ? pcp->batch << PCP_BATCH_SCALE_MAX : PCP_BATCH_SCALE_MAX;
	for (off = 1; off <= longest; off++) {
		for (sign = -1; sign <= 1; sign += 2) {
			int other = run + sign * off;

			if (other < 0 || other > longest)
				continue;
			set_run(b, &trial, other);
			if (would_give_back(b, zone, &trial, order) != nr)
				continue;
			set_run(b, pcp, other);
			return true;
		}
	}
	return false;
}
