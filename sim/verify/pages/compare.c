/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a machine's lists beside a snapshot's; see compare.h. Single-threaded. */
#include "sim/verify/pages/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/private.h"

struct frames {
	uint32_t *pfn;
	uint32_t nr, room;
};

struct comparison {
	struct compare_result *cmp;
	const struct buddy *b;
	struct frames ours, sorted;
	bool no_memory;
};

static bool add_frame(struct frames *frames, uint32_t pfn)
{
	if (frames->nr == frames->room) {
		uint32_t room = frames->room ? frames->room * 2 : 1024;
		uint32_t *grown = realloc(frames->pfn, room * sizeof(*grown));

		if (!grown)
			return false;
		frames->pfn = grown;
		frames->room = room;
	}
	frames->pfn[frames->nr++] = pfn;
	return true;
}

static int compare_pfn(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool equal_sets(struct comparison *co, const struct buddy_state_list *list)
{
	uint32_t i;

	co->sorted.nr = 0;
	for (i = 0; i < list->nr; i++)
		if (!add_frame(&co->sorted, list->block[i].pfn)) {
			co->no_memory = true;
			return false;
		}
	qsort(co->sorted.pfn, co->sorted.nr, sizeof(uint32_t), compare_pfn);
	qsort(co->ours.pfn, co->ours.nr, sizeof(uint32_t), compare_pfn);
	return !memcmp(co->sorted.pfn, co->ours.pfn, co->ours.nr * sizeof(uint32_t));
}

/* What is in co->ours against @list; @where is what is said where they differ first. */
static void compare_list(struct comparison *co, const struct buddy_state_list *list,
			 struct compare_lists *lists, const char *where)
{
	uint32_t i = 0;

	if (!list->nr && !co->ours.nr)
		return;
	lists->all++;
	while (i < list->nr && i < co->ours.nr && list->block[i].pfn == co->ours.pfn[i])
		i++;
	if (i == list->nr && i == co->ours.nr) {
		lists->in_order++;
		lists->as_sets++;
		lists->in_number++;
		return;
	}
	if (!co->cmp->first[0])
		snprintf(co->cmp->first, sizeof(co->cmp->first),
			 "%s: %u blocks, the kernel has %u; they differ from number %u on", where,
			 co->ours.nr, list->nr, i + 1);
	if (list->nr != co->ours.nr)
		return;
	lists->in_number++;
	lists->as_sets += equal_sets(co, list);
}

static void compare_free_lists(struct comparison *co, const struct zone *zone,
			       const struct buddy_state_zone *state, struct compare_zone *out)
{
	unsigned int order, mt;
	pfn_t pfn;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		out->ours[order] = zone->free_area[order].nr_free;
		for_each_migratetype(mt) {
			char where[80];

			co->ours.nr = 0;
			for_each_free_block(co->b, zone, order, mt, pfn)
				co->no_memory |= !add_frame(&co->ours, pfn.v);
			snprintf(where, sizeof(where), "zone %s, order %u, %s", zone_names[zone->idx], order,
				 migratetype_names[mt]);
			compare_list(co, &state->free[order][mt], &co->cmp->free_lists, where);
			out->kernel[order] += state->free[order][mt].nr;
		}
	}
}

static bool equal_tuning(const struct per_cpu_pages *pcp, const struct buddy_state_pcp *state, bool auto_high)
{
	if (pcp->count != state->count || pcp->high != state->high || pcp->batch != state->batch)
		return false;
	if (!auto_high)
		return pcp->free_factor == state->free_factor;
	return pcp->free_count == state->free_count && pcp->alloc_factor == state->alloc_factor &&
	       pcp->flags == state->flags;
}

static void compare_pcp(struct comparison *co, const struct zone *zone,
			const struct buddy_state_zone *state)
{
	const struct per_cpu_pages *pcp;
	const struct page_list *list;
	unsigned int cpu, i;

	for_each_pcp(co->b, zone, cpu, pcp) {
		for_each_pcp_list(pcp, i, list) {
			uint32_t at = list->head;
			char where[80];

			co->ours.nr = 0;
			for (; at != PFN_NONE_VAL; at = co->b->pages[at].next)
				co->no_memory |= !add_frame(&co->ours, at);
			snprintf(where, sizeof(where), "zone %s, CPU %u, list %u", zone_names[zone->idx], cpu, i);
			compare_list(co, &state->pcp[cpu].list[i], &co->cmp->pcp_lists, where);
		}
		co->cmp->pcp_tunings++;
		co->cmp->pcp_tunings_equal += equal_tuning(pcp, &state->pcp[cpu],
							   co->b->rules->auto_high);
	}
}

static void compare_values(struct comparison *co, const struct zone *zone,
			   const struct buddy_state_zone *state)
{
	uint32_t first = state->start_pfn >> PAGEBLOCK_ORDER, i;

	for (i = 0; i < state->nr_pageblocks; i++) {
		if (state->pageblock[i] == STATE_NO_PAGEBLOCK)
			continue;
		co->cmp->pageblocks++;
		co->cmp->pageblocks_equal += co->b->pageblock[first + i] == state->pageblock[i];
	}
	co->cmp->zone_values += 3;
	co->cmp->zone_values_equal += zone->free_pages == (uint64_t)state->free_pages;
	co->cmp->zone_values_equal += zone->watermark_boost == state->watermark_boost;
	co->cmp->zone_values_equal += zone->nr_reserved_highatomic == state->nr_reserved_highatomic;
}

int compare_with_snapshot(struct compare_result *cmp, const struct buddy *b,
			  const struct snapshot *snap, struct kerror *err)
{
	struct comparison co = { .cmp = cmp, .b = b };
	const struct buddy_state_zone *state;
	int ret = 0;

	memset(cmp, 0, sizeof(*cmp));
	cmp->zones = calloc(snap->state.nr_zones, sizeof(*cmp->zones));
	if (!cmp->zones)
		return kerror_set(err, -ENOMEM, "no memory to compare zones");
	if (snap->state.nr_cpus != b->nr_cpus) {
		compare_free(cmp);
		return kerror_set(err, -EINVAL, "%.100s has %u CPUs, the machine has %u", snap->name,
				  snap->state.nr_cpus, b->nr_cpus);
	}
	for_each_state_zone(&snap->state, state) {
		struct compare_zone *out = &cmp->zones[cmp->nr_zones];
		const struct zone *zone = buddy_zone(b, state->nid, state->idx);

		if (!zone || zone->start_pfn != state->start_pfn ||
		    zone->spanned_pages != state->spanned_pages || !zone->pcp) {
			ret = kerror_set(err, -EINVAL, "%.100s: its zones are not those of the machine", snap->name);
			break;
		}
		out->nid = state->nid;
		out->idx = state->idx;
		cmp->nr_zones++;
		compare_free_lists(&co, zone, state, out);
		compare_pcp(&co, zone, state);
		compare_values(&co, zone, state);
	}
	free(co.ours.pfn);
	free(co.sorted.pfn);
	if (co.no_memory)
		ret = kerror_set(err, -ENOMEM, "no memory to compare lists");
	if (ret)
		compare_free(cmp);
	return ret;
}

void compare_free(struct compare_result *cmp)
{
	free(cmp->zones);
	cmp->zones = NULL;
}

bool compare_is_equal(const struct compare_result *cmp)
{
	return cmp->free_lists.in_order == cmp->free_lists.all &&
	       cmp->pcp_lists.in_order == cmp->pcp_lists.all && cmp->pageblocks_equal == cmp->pageblocks;
}
