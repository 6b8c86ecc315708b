/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: several zones and nodes: the order in which they are tried,
 * loops over them, what overflows from one to the next, what lies within each
 * other.
 */
#include <string.h>

#include "tests/buddy/machine.h"

/* Does @nid's fallback list name exactly these node * 10 + zone type? */
static bool zonelist_is(const struct machine *m, unsigned int nid, unsigned int nr, const uint32_t *want)
{
	struct zone *const *z = m->b->zonelists[nid * NR_ZONELISTS].zone;
	unsigned int i;

	for (i = 0; i < nr; i++, z++)
		if (!*z || (*z)->nid * 10 + (*z)->idx != want[i])
			return false;
	return !*z;
}

/* All of @zone is taken but half a pageblock of movable frames at its start. */
static void leave_half_a_pageblock(struct machine *m, struct zone *zone)
{
	machine_link_fresh(m, zone, PFN_NONE_VAL);
	m->zone = zone;
	machine_set_marks(m, 0, 0, 0);
	while (__rmqueue(m->b, zone, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0) != PFN_NONE_VAL)
		;
	while (__rmqueue(m->b, zone, 0, MIGRATE_MOVABLE, 0) != PFN_NONE_VAL)
		;
	zone->free_pages = 0;
	zone->managed_pages = PB / 2;
	free_pages_range(m->b, zone, zone->start_pfn, zone->start_pfn + PB / 2);
}

/* Zones of a node from the top down, then the nearest node's, the next one upwards first. */
static void test_zonelists(void)
{
	static const uint8_t line[4][4] = { { 10, 15, 20, 25 }, { 15, 10, 15, 20 }, { 20, 15, 10, 15 },
					    { 25, 20, 15, 10 } };
	struct pagemap_config cfg = { 0 };
	struct machine m;

	machine_of_size(&m, 8ULL << 30, 1, 2, &cfg);
	CU_ASSERT(zonelist_is(&m, 0, LIST(ZONE_NORMAL, ZONE_DMA32, ZONE_DMA)));
	machine_free(&m);

	memset(&cfg, 0, sizeof(cfg));
	memcpy(&cfg.distance[0][0], line[0], 4);
	memcpy(&cfg.distance[1][0], line[1], 4);
	memcpy(&cfg.distance[2][0], line[2], 4);
	memcpy(&cfg.distance[3][0], line[3], 4);
	machine_of_size(&m, 32ULL << 30, 4, 4, &cfg);
	CU_ASSERT(zonelist_is(&m, 0, LIST(2, 1, 0, 12, 22, 32)));
	CU_ASSERT(zonelist_is(&m, 1, LIST(12, 22, 2, 1, 0, 32)));
	CU_ASSERT(zonelist_is(&m, 3, LIST(32, 22, 12, 2, 1, 0)));
	CU_ASSERT_EQUAL(buddy_cpu_node(m.b, 3), 3);
	CU_ASSERT_EQUAL(buddy_cpu_node(m.b, 4), 0);
	machine_free(&m);
}

/*
 * A node without CPUs is preferred among equals, and the first choice rotates
 * with the load that earlier nodes put on it.
 */
static void test_zonelists_of_equals(void)
{
	struct pagemap_config cfg = { 0 };
	struct machine m;

	machine_of_size(&m, 32ULL << 30, 4, 1, &cfg);
	CU_ASSERT(zonelist_is(&m, 0, LIST(2, 1, 0, 12, 22, 32)));
	CU_ASSERT(zonelist_is(&m, 1, LIST(12, 22, 32, 2, 1, 0)));
	CU_ASSERT_EQUAL(m.b->node_nr_cpus[0], 1);
	/* A node without CPUs splits high among all of them. */
	CU_ASSERT_EQUAL(m.b->zones[3 * MAX_NR_ZONES + ZONE_NORMAL].pcp[0].high,
			(int)m.b->zones[3 * MAX_NR_ZONES + ZONE_NORMAL].watermark[WMARK_LOW]);
	machine_free(&m);
}

/*
 * Nodes 0 and 2 are near each other, all else is equally far. Node 0's list
 * leads to node 2 first, so node 1, for which 2 and 3 are the same, begins with 3.
 */
static void test_zonelists_by_load(void)
{
	static const uint8_t distance[4][4] = { { 10, 20, 15, 20 }, { 20, 10, 20, 20 },
						{ 15, 20, 10, 20 }, { 20, 20, 20, 10 } };
	struct pagemap_config cfg = { 0 };
	struct machine m;
	unsigned int i;

	for (i = 0; i < 4; i++)
		memcpy(cfg.distance[i], distance[i], sizeof(distance[i]));
	machine_of_size(&m, 32ULL << 30, 4, 4, &cfg);
	CU_ASSERT(zonelist_is(&m, 0, LIST(2, 1, 0, 22, 12, 32)));
	CU_ASSERT(zonelist_is(&m, 1, LIST(12, 32, 22, 2, 1, 0)));
	CU_ASSERT(zonelist_is(&m, 2, LIST(22, 2, 1, 0, 32, 12)));
	CU_ASSERT(zonelist_is(&m, 3, LIST(32, 2, 1, 0, 12, 22)));
	machine_free(&m);
}

/*
 * Distances that differ by direction: what counts is how far it is from
 * the node that asks. With rows and columns exchanged, every list below would differ.
 *
 *	from 0:  1 is at 30, 2 at 20	from 1:  0 at 20, 2 at 40	from 2:  0 at 40, 1 at 20
 */
static void test_zonelists_one_way(void)
{
	static const uint8_t distance[3][3] = { { 10, 30, 20 }, { 20, 10, 40 }, { 40, 20, 10 } };
	static const uint8_t want[3][3] = { { 0, 2, 1 }, { 1, 0, 2 }, { 2, 1, 0 } };
	struct pagemap_config cfg = { 0 };
	uint8_t order[MAX_NUMNODES];
	struct machine m;
	unsigned int nid, i;

	for (nid = 0; nid < 3; nid++)
		memcpy(cfg.distance[nid], distance[nid], sizeof(distance[nid]));
	machine_of_size(&m, 24ULL << 30, 3, 3, &cfg);
	for (nid = 0; nid < 3; nid++) {
		CU_ASSERT_EQUAL_FATAL(buddy_node_order(m.b, nid, order), 3);
		for (i = 0; i < 3; i++)
			CU_ASSERT_EQUAL(order[i], want[nid][i]);
	}
	machine_free(&m);
}

/* Upper layers learn the order of the nodes from the zonelists, each node named once. */
static void test_node_order(void)
{
	static const uint8_t want[4][4] = { { 0, 1, 3, 2 }, { 1, 3, 2, 0 }, { 2, 3, 1, 0 }, { 3, 1, 0, 2 } };
	uint8_t order[MAX_NUMNODES];
	struct pagemap_config cfg = { 0 };
	struct machine m;
	unsigned int nid;

	machine_of_size(&m, 32ULL << 30, 4, 2, &cfg);
	for (nid = 0; nid < 4; nid++) {
		CU_ASSERT_EQUAL(buddy_node_order(m.b, nid, order), 4);
		CU_ASSERT_EQUAL(memcmp(order, want[nid], sizeof(want[nid])), 0);
	}
	CU_ASSERT_EQUAL(buddy_node_order(m.b, 4, order), 0);
	machine_free(&m);
}

/*
 * Ten zones, two of them with memory: the loops visit each once, by node and
 * then by type, and those over zones with memory leave the others out.
 */
static void test_iterators(void)
{
	struct pagemap_config cfg = { 0 };
	unsigned int nr = 0, nid, nodes = 0;
	const struct zone *zone;
	struct machine m;

	machine_of_size(&m, 16ULL << 20, 2, 3, &cfg);
	for_each_node(m.b, nid)
		CU_ASSERT_EQUAL(nid, nodes++);
	CU_ASSERT_EQUAL(nodes, 2);
	for_each_zone(m.b, zone) {
		CU_ASSERT_PTR_EQUAL(zone, buddy_zone(m.b, nr / MAX_NR_ZONES, nr % MAX_NR_ZONES));
		nr++;
	}
	CU_ASSERT_EQUAL(nr, 2 * MAX_NR_ZONES);
	nr = 0;
	for_each_populated_zone(m.b, zone) {
		CU_ASSERT_EQUAL(zone->nid, nr);
		CU_ASSERT_EQUAL(zone->idx, ZONE_DMA);
		nr++;
	}
	CU_ASSERT_EQUAL(nr, 2);
	CU_ASSERT_PTR_NULL(buddy_next_zone(m.b, buddy_zone(m.b, 1, ZONE_DEVICE)));
	CU_ASSERT_PTR_NULL(buddy_next_populated_zone(m.b, buddy_zone(m.b, 1, ZONE_DMA)));
	machine_free(&m);
}

/* Requests overflow to the next zone, then to the next node, and each is counted at its zones. */
static void test_overflow(void)
{
	const struct zone *near, *far;
	struct pagemap_config cfg = { 0 };
	struct machine m;
	uint64_t nr = 0, used_near;
	pfn_t pfn;

	machine_of_size(&m, 64ULL << 20, 2, 2, &cfg);
	near = buddy_zone(m.b, 1, ZONE_DMA32);
	far = buddy_zone(m.b, 0, ZONE_DMA32);
	pfn = buddy_alloc_pages(m.b, 1, GFP_KERNEL | __GFP_THISNODE, 0, NUMA_NO_NODE);
	CU_ASSERT(zone_spans_pfn(near, pfn.v));
	for (;;) {
		pfn = buddy_alloc_pages(m.b, 1, GFP_NOWAIT | __GFP_THISNODE, MAX_PAGE_ORDER > 3 ? 3 : 0, NUMA_NO_NODE);
		if (pfn_is_none(pfn))
			break;
		nr++;
	}
	used_near = buddy_zone_allocated_pages(m.b, near);
	CU_ASSERT(used_near > 0);
	CU_ASSERT_EQUAL(buddy_zone_allocated_pages(m.b, far), 0);
	pfn = buddy_alloc_pages(m.b, 1, GFP_NOWAIT, MAX_PAGE_ORDER > 3 ? 3 : 0, NUMA_NO_NODE);
	CU_ASSERT(zone_spans_pfn(far, pfn.v));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_numa_hit), nr + 1);
	CU_ASSERT_EQUAL(buddy_zone_numa(m.b, near, BC_numa_local), nr + 1);
	CU_ASSERT_EQUAL(buddy_zone_numa(m.b, near, BC_numa_foreign), 1);
	CU_ASSERT_EQUAL(buddy_zone_numa(m.b, far, BC_numa_miss), 1);
	CU_ASSERT_EQUAL(buddy_zone_numa(m.b, far, BC_numa_other), 1);
	CU_ASSERT_EQUAL(buddy_zone_numa(m.b, far, BC_split), 0);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_zone_fallback), 1);
	/* Asked for by number: a hit there, though another CPU's node. */
	pfn = buddy_alloc_pages(m.b, 1, GFP_KERNEL, 0, 0);
	CU_ASSERT(zone_spans_pfn(far, pfn.v));
	CU_ASSERT_EQUAL(buddy_zone_numa(m.b, far, BC_numa_hit), 1);
	CU_ASSERT_EQUAL(buddy_zone_numa(m.b, far, BC_numa_other), 2);
	machine_free(&m);
}

/*
 * Where a NORMAL zone lies above DMA32, a request first tries both without
 * mixing types, and only then with it.
 */
static void test_nofragment_zones(void)
{
	struct pagemap_config cfg = { 0 };
	struct zone *normal;
	struct machine m;
	pfn_t pfn;

	machine_of_size(&m, 5ULL << 30, 1, 1, &cfg);
	normal = &m.b->zones[ZONE_NORMAL];
	CU_ASSERT_EQUAL(alloc_flags_nofragment(m.b, normal, GFP_KERNEL), ALLOC_NOFRAGMENT | ALLOC_KSWAPD);
	CU_ASSERT_EQUAL(alloc_flags_nofragment(m.b, &m.b->zones[ZONE_DMA32], 0), 0);
	CU_ASSERT_EQUAL(alloc_flags_nofragment(m.b, NULL, 0), 0);
	/* NORMAL holds nothing but half a pageblock of movable frames. */
	leave_half_a_pageblock(&m, normal);
	pfn = buddy_alloc_pages(m.b, 0, GFP_KERNEL, 0, NUMA_NO_NODE);
	CU_ASSERT(zone_spans_pfn(&m.b->zones[ZONE_DMA32], pfn.v));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_zone_fallback), 1);
	/* When DMA32 is below its mark, mixing is what is left. */
	m.zone = &m.b->zones[ZONE_DMA32];
	machine_set_marks(&m, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	buddy_drain_all_pages(m.b);
	pfn = buddy_alloc_pages(m.b, 0, GFP_NOWAIT, 0, NUMA_NO_NODE);
	CU_ASSERT(zone_spans_pfn(normal, pfn.v));
	machine_free(&m);

	memset(&cfg, 0, sizeof(cfg));
	machine_of_size(&m, 16ULL << 30, 2, 2, &cfg);
	CU_ASSERT_EQUAL(alloc_flags_nofragment(m.b, &m.b->zones[ZONE_NORMAL], 0), ALLOC_NOFRAGMENT);
	CU_ASSERT_EQUAL(alloc_flags_nofragment(m.b, &m.b->zones[MAX_NR_ZONES + ZONE_NORMAL], 0), 0);
	machine_free(&m);
}

/* Mixing types at home comes before another node's memory, however much that has. */
static void test_nofragment_nodes(void)
{
	struct pagemap_config cfg = { 0 };
	struct machine m;
	unsigned int i;
	pfn_t pfn;

	machine_of_size(&m, 16ULL << 30, 2, 2, &cfg);
	leave_half_a_pageblock(&m, &m.b->zones[ZONE_NORMAL]);
	for (i = ZONE_DMA; i <= ZONE_DMA32; i++) {
		m.zone = &m.b->zones[i];
		machine_set_marks(&m, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	}
	pfn = buddy_alloc_pages(m.b, 0, GFP_KERNEL, 0, NUMA_NO_NODE);
	CU_ASSERT_TRUE(zone_spans_pfn(&m.b->zones[ZONE_NORMAL], pfn.v));
	machine_free(&m);
}

/*
 * Node 1 lies in the middle of what node 0 spans: its frames are neither node
 * 0's memory nor its pageblocks.
 *
 *	| 0 0 | 1 | 0 . |
 */
static void test_interleaved_nodes(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 3, .nr_nodes = 2,
					  .ranges = { { BASE, BASE + 2 * BLOCK, 0 },
						      { BASE + 2 * BLOCK, BASE + 3 * BLOCK, 1 },
						      { BASE + 3 * BLOCK, BASE + 4 * BLOCK - 3, 0 } } };
	uint64_t count[MIGRATE_TYPES];
	const struct zone *zone;
	struct buddy_config cfg;
	struct machine m;

	machine_config(&cfg, 3);
	machine_make(&m, &map_cfg, &cfg);
	zone = buddy_zone(m.b, 0, ZONE_DMA32);
	CU_ASSERT_EQUAL(zone->spanned_pages, 4 * BLOCK - 3);
	CU_ASSERT_EQUAL(zone->present_pages, 3 * BLOCK - 3);
	CU_ASSERT_EQUAL(zone->managed_pages, 3 * BLOCK - 3);
	CU_ASSERT_EQUAL(zone->free_pages, 3 * BLOCK - 3);
	buddy_count_pageblocks(m.b, zone, count);
	CU_ASSERT_EQUAL(count[MIGRATE_MOVABLE], 3 * BLOCK / PB);
	zone = buddy_zone(m.b, 1, ZONE_DMA32);
	CU_ASSERT_EQUAL(zone->free_pages, BLOCK);
	buddy_count_pageblocks(m.b, zone, count);
	CU_ASSERT_EQUAL(count[MIGRATE_MOVABLE], BLOCK / PB);
	/* Three CPUs for two nodes: the first node gets two. */
	CU_ASSERT_EQUAL(buddy_cpu_node(m.b, 0), 0);
	CU_ASSERT_EQUAL(buddy_cpu_node(m.b, 1), 0);
	CU_ASSERT_EQUAL(buddy_cpu_node(m.b, 2), 1);
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "zonelists by distance", test_zonelists },
	{ "zonelists of equal nodes", test_zonelists_of_equals },
	{ "zonelists of nodes already leant on", test_zonelists_by_load },
	{ "zonelists by direction", test_zonelists_one_way },
	{ "nodes in a zonelist's order", test_node_order },
	{ "zones one after the other", test_iterators },
	{ "overflow to zones and nodes", test_overflow },
	{ "NOFRAGMENT over zones", test_nofragment_zones },
	{ "no fragmentation, nodes", test_nofragment_nodes },
	{ "nodes within each other", test_interleaved_nodes },
	{ NULL, NULL }
};

const struct test_suite buddy_zonelist_suite = { "buddy_zonelist", cases };
