/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the order in which a request tries zones: those of a node from the
 * highest down, then those of the next node. What follows from it for one frame
 * is worked out here once and for all, for the fast path of alloc.c.
 *
 * Differs from Linux: every node with memory counts as online; zonelists never
 * change.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "buddy/alloc.h"
#include "buddy/list.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

/* Of Debian's kernels; weighs distance against load when nodes are ordered. */
#define LINUX_MAX_NUMNODES 1024

/*
 * The nearest node with memory that is not used yet: @node itself first, then
 * by distance; of equals the next one upwards, one without CPUs, and one that
 * fewer nodes fall back to first.
 */
static int find_next_best_node(const struct buddy *b, unsigned int node, bool *used,
			       const unsigned int *load)
{
	unsigned int n, best_val = UINT32_MAX;
	int best = -1;

	if (!used[node]) {
		used[node] = true;
		return (int)node;
	}
	for_each_node(b, n) {
		unsigned int val;

		if (used[n] || !b->map->node[n].present)
			continue;
		val = b->map->distance[node][n] + (n < node) + (b->node_nr_cpus[n] != 0);
		val = val * LINUX_MAX_NUMNODES + load[n];
		if (val < best_val) {
			best_val = val;
			best = (int)n;
		}
	}
	if (best >= 0)
		used[best] = true;
	return best;
}

static unsigned int add_node_zones(struct buddy *b, struct zonelist *list, unsigned int at,
				   unsigned int nid)
{
	int idx;

	for (idx = MAX_NR_ZONES - 1; idx >= 0; idx--) {
		struct zone *zone = &node_zones(b, nid)[idx];

		if (zone_populated(zone))
			list->zone[at++] = zone;
	}
	return at;
}

static void build_fast_paths(struct buddy *b)
{
	unsigned int cpu;
	gfp_t gfp;

	for_each_cpu(b, cpu) {
		const struct zonelist *list = &b->zonelists[b->cpu_node[cpu] * NR_ZONELISTS];

		for (gfp = 0; gfp < GFP_PLACE_BITS; gfp++) {
			struct fast_alloc *path = &b->fast_alloc[cpu * GFP_PLACE_BITS + gfp];
			struct zone *const *z = list[ZONELIST_FALLBACK].zone;
			enum migratetype mt = gfp_migratetype(gfp);

			while (*z && (*z)->idx > gfp_zone(gfp))
				z++;
			path->list = &b->empty_list;
			path->zone = b->zones;
			if (!*z)
				continue;
			path->zone = *z;
			path->pcp = &(*z)->pcp[cpu];
			path->list = &path->pcp->lists[order_to_pindex(mt, 0)];
			path->state = page_state(page_flags_make(PG_allocated, 0, mt, (*z)->id), 1);
		}
	}
}

void build_all_zonelists(struct buddy *b)
{
	unsigned int load[MAX_NUMNODES] = { 0 }, nid;

	for_each_node(b, nid) {
		struct zonelist *lists = &b->zonelists[nid * NR_ZONELISTS];
		bool used[MAX_NUMNODES] = { false };
		unsigned int prev = nid, at = 0;
		int next;

		add_node_zones(b, &lists[ZONELIST_NOFALLBACK], 0, nid);
		while ((next = find_next_best_node(b, nid, used, load)) >= 0) {
			const uint8_t *distance = b->map->distance[nid];

			/* The first of each group of equal distance gets some load. */
			if (distance[next] != distance[prev])
				load[next]++;
			prev = (unsigned int)next;
			at = add_node_zones(b, &lists[ZONELIST_FALLBACK], at, prev);
		}
	}
	build_fast_paths(b);
}

unsigned int buddy_node_order(const struct buddy *b, unsigned int nid,
			      uint8_t order[MAX_NUMNODES])
{
	struct zone *const *z;
	unsigned int nr = 0;

	if (nid >= b->nr_nodes)
		return 0;
	/* A node's zones stand side by side. */
	for (z = b->zonelists[nid * NR_ZONELISTS + ZONELIST_FALLBACK].zone; *z; z++)
		if (!nr || order[nr - 1] != (*z)->nid)
			order[nr++] = (uint8_t)(*z)->nid;
	return nr;
}
