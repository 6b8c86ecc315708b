/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a kernel's state into an empty machine. Each frame is accounted for
 * once, with a bit; whatever would make two lists share a frame, or a list
 * leave its zone, is refused before a link is made.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "buddy/steer/state.h"

#include "buddy/fallback.h"
#include "buddy/free_area.h"
#include "buddy/list.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

struct loading {
	struct buddy *b;
	const struct buddy_state_zone *state;
	struct zone *zone;
	uint8_t *taken;		/* a bit a frame: on a list, or in use */
	uint64_t nr_listed;	/* frames on lists of this zone */
	struct kerror *err;
};

static int __attribute__((format(printf, 2, 3))) refuse(struct loading *ld, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return kerror_set(ld->err, -EINVAL, "node %u zone %s: %s", ld->state->nid,
			  zone_names[ld->state->idx], what);
}

static bool take_frame(struct loading *ld, uint32_t pfn)
{
	uint8_t bit = (uint8_t)(1U << pfn % 8);

	if (ld->taken[pfn / 8] & bit)
		return false;
	ld->taken[pfn / 8] |= bit;
	return true;
}

static int take_block(struct loading *ld, uint32_t pfn, unsigned int order)
{
	uint32_t nr = 1U << order, i;

	if (pfn & (nr - 1) || !zone_spans_pfn(ld->zone, pfn) ||
	    !zone_spans_pfn(ld->zone, pfn + nr - 1) || pfn + nr > ld->b->end_pfn)
		return refuse(ld, "block %#x of order %u is not aligned inside of the zone", pfn, order);
	for (i = 0; i < nr; i++)
		if (!take_frame(ld, pfn + i))
			return refuse(ld, "frame %#x is free twice", pfn + i);
	ld->nr_listed += nr;
	return 0;
}

static int load_free_lists(struct loading *ld)
{
	unsigned int order, mt;
	uint32_t i;
	int ret;

	for_each_migratetype_order(order, mt) {
		const struct buddy_state_list *list = &ld->state->free[order][mt];

		for (i = 0; i < list->nr; i++) {
			ret = take_block(ld, list->block[i].pfn, order);
			if (ret)
				return ret;
			add_to_free_list_tail(ld->b, ld->zone, list->block[i].pfn, order,
					      (enum migratetype)mt);
		}
	}
	return 0;
}

static int load_pcp_list(struct loading *ld, struct per_cpu_pages *pcp, unsigned int pindex,
			 const struct buddy_state_list *list)
{
	unsigned int order = pindex_to_order(pindex);
	uint32_t i;
	int ret;

	for (i = 0; i < list->nr; i++) {
		uint32_t pfn = list->block[i].pfn;

		ret = take_block(ld, pfn, order);
		if (ret)
			return ret;
		if (list->block[i].mt >= MIGRATE_TYPES)
			return refuse(ld, "frame %#x has no known type", pfn);
		ld->b->pages[pfn].flags = page_flags_make(PG_pcp | PG_linked, order, list->block[i].mt,
							  ld->zone->id);
		page_list_add_tail(ld->b->pages, &pcp->lists[pindex], pfn);
		pcp->count += 1 << order;
	}
	return 0;
}

static int load_pcp(struct loading *ld, unsigned int cpu)
{
	const struct buddy_state_pcp *state = &ld->state->pcp[cpu];
	struct per_cpu_pages *pcp = &ld->zone->pcp[cpu];
	unsigned int i;
	int ret;

	if (state->batch < 1 || state->batch > 1 << 16 || state->high < 0 || state->high_min < 0 ||
	    state->high_max < 0 || state->free_factor > PCP_BATCH_SCALE_MAX ||
	    state->alloc_factor > PCP_BATCH_SCALE_MAX || state->free_count > INT16_MAX)
		return refuse(ld, "CPU %u: tuning values out of range", cpu);
	pcp->count = 0;
	pcp->high = state->high;
	pcp->batch = state->batch;
	pcp->high_min = state->high_min;
	pcp->high_max = state->high_max;
	if (ld->b->rules->auto_high) {
		pcp->free_count = (short)state->free_count;
		if (state->high && (state->high < state->high_min || state->high > state->high_max))
			set_slow(ld->b, SLOW_LIMITS, true);
	} else {
		pcp->free_factor = (short)state->free_factor;
	}
	pcp->alloc_factor = (uint8_t)state->alloc_factor;
	pcp->flags = (uint8_t)state->flags;
	for (i = 0; i < NR_PCP_LISTS; i++) {
		ret = load_pcp_list(ld, pcp, i, &state->list[i]);
		if (ret)
			return ret;
	}
	if (pcp->count != state->count)
		return refuse(ld, "CPU %u: %d frames on its lists, but count is %d", cpu, pcp->count,
			      state->count);
	ld->zone->cpu_stat[cpu].threshold = state->stat_threshold;
	ld->zone->cpu_stat[cpu].diff = state->stat_diff;
	return 0;
}

static int load_pageblocks(struct loading *ld)
{
	uint32_t first = ld->zone->start_pfn >> PAGEBLOCK_ORDER, i;

	for (i = 0; i < ld->state->nr_pageblocks; i++) {
		uint32_t pfn = (first + i) << PAGEBLOCK_ORDER;

		if (ld->state->pageblock[i] == STATE_NO_PAGEBLOCK)
			continue;
		if (pfn >= ld->b->end_pfn || ld->state->pageblock[i] >= MIGRATE_TYPES)
			return refuse(ld, "pageblock %#x is outside of memory or of no known type", pfn);
		set_pageblock_migratetype(ld->b, ld->zone, pfn,
					  (enum migratetype)ld->state->pageblock[i]);
	}
	return 0;
}

/* Frames on per-CPU lists look used to a kernel that goes by reference counts: they are passed over. */
static int load_used(struct loading *ld)
{
	uint32_t i, j;

	for (i = 0; i < ld->state->nr_used; i++) {
		const struct buddy_state_used *used = &ld->state->used[i];

		for (j = 0; j < used->nr; j++) {
			uint32_t pfn = used->pfn + j;
			struct page *page;

			if (!zone_spans_pfn(ld->zone, pfn) || pfn >= ld->b->end_pfn)
				return refuse(ld, "frame %#x in use is outside of the zone", pfn);
			if (!take_frame(ld, pfn))
				continue;
			page = &ld->b->pages[pfn];
			page->flags = page_flags_make(PG_allocated, 0, used->movable ? MIGRATE_MOVABLE :
						      MIGRATE_UNMOVABLE, ld->zone->id);
			page->refcount = 1;
		}
	}
	return 0;
}

static int load_marks(struct loading *ld)
{
	const struct buddy_state_zone *state = ld->state;
	struct zone *zone = ld->zone;

	memcpy(zone->watermark, state->watermark, sizeof(zone->watermark));
	memcpy(zone->lowmem_reserve, state->lowmem_reserve, sizeof(zone->lowmem_reserve));
	zone->watermark_boost = state->watermark_boost;
	zone->nr_reserved_highatomic = state->nr_reserved_highatomic;
	zone->present_pages = state->present_pages;
	zone->managed_pages = state->managed_pages;
	zone->free_pages = (uint64_t)state->free_pages;
	if (ld->nr_listed > zone->managed_pages)
		return refuse(ld, "%llu frames are free, but only %llu are managed",
			      (unsigned long long)ld->nr_listed, (unsigned long long)zone->managed_pages);
	/* No refill brought what is on per-CPU lists. */
	zone->stat.allocated_otherwise = zone->managed_pages - ld->nr_listed +
					 buddy_zone_pcp_pages(ld->b, zone);
	if (state->drifts)
		zone->flags |= ZONE_DRIFTS;
	if (ld->b->rules->below_high)
		zone_set_below_high(zone, state->below_high);
	zone_update_low_mark(zone);
	return 0;
}

static int load_zone(struct loading *ld)
{
	unsigned int cpu;
	int ret;

	ld->nr_listed = 0;
	if (ld->zone->start_pfn != ld->state->start_pfn ||
	    ld->zone->spanned_pages != ld->state->spanned_pages || !ld->zone->pcp || ld->zone->cpu_stat)
		return refuse(ld, "it is at %#x+%#x here, or was loaded before", ld->zone->start_pfn,
			      ld->zone->spanned_pages);
	ld->zone->cpu_stat = calloc(ld->b->nr_cpus, sizeof(*ld->zone->cpu_stat));
	if (!ld->zone->cpu_stat)
		return kerror_set(ld->err, -ENOMEM, "no memory for the counters of a zone");
	ret = load_pageblocks(ld);
	if (!ret)
		ret = load_free_lists(ld);
	for (cpu = 0; !ret && cpu < ld->b->nr_cpus; cpu++)
		ret = load_pcp(ld, cpu);
	if (!ret)
		ret = load_used(ld);
	return ret ? ret : load_marks(ld);
}

int buddy_load(struct buddy *b, const struct buddy_state *state, struct kerror *err)
{
	struct loading ld = { .b = b, .err = err };
	int ret = 0;

	if (state->nr_cpus != b->nr_cpus)
		return kerror_set(err, -EINVAL, "the state is of %u CPUs, the machine has %u", state->nr_cpus,
				  b->nr_cpus);
	ld.taken = calloc(b->end_pfn / 8 + 1, 1);
	if (!ld.taken)
		return kerror_set(err, -ENOMEM, "no memory to load a state");
	for_each_state_zone(state, ld.state) {
		if (ld.state->nid >= b->nr_nodes || (unsigned int)ld.state->idx >= MAX_NR_ZONES) {
			ret = kerror_set(err, -EINVAL, "zone %u of node %u is not in this machine",
					 ld.state->idx, ld.state->nid);
			break;
		}
		ld.zone = &node_zones(b, ld.state->nid)[ld.state->idx];
		ret = load_zone(&ld);
		if (ret)
			break;
	}
	free(ld.taken);
	return ret;
}
