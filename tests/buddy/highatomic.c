/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what is kept back: the atomic reserve, and watermarks that are
 * raised where types were mixed.
 */
#include "tests/buddy/machine.h"

static void count_kswapd(void *ctx, unsigned int nid, unsigned int order)
{
	struct machine *m = ctx;

	m->nr_kswapd++;
}

/*
 * An atomic request above order 0 that finds memory below low gets a pageblock
 * reserved; ordinary requests leave it alone until nothing else is left.
 */
static void test_highatomic(void)
{
	struct alloc_context ac;
	struct machine m;
	uint32_t pfn, i;

	machine_small(&m, 4);
	machine_set_marks(&m, 0, 4 * BLOCK, 4 * BLOCK);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 1), BASE);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, 0);
	pfn = get(&m, 0, GFP_ATOMIC, 1);
	CU_ASSERT_EQUAL(pfn, BASE + 2);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(pfn)), MIGRATE_HIGHATOMIC);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_highatomic_reserve), 1);
	ASSERT_VALID(&m);
	/* From the limit on, no more are reserved. */
	for (i = PB; i < 3 * PB; i += PB)
		reserve_highatomic_pageblock(m.b, BASE + i, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, m.zone->managed_pages / 100 ? 2 * PB : PB);
	/* Its frames are filed as movable when they come back. */
	machine_set_pcp(&m, 1, 100);
	put(&m, 0, pfn, 1);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 1, BASE, LIST(2)));
	CU_ASSERT_EQUAL(page_migratetype(&m.b->pages[pfn]), MIGRATE_HIGHATOMIC);
	buddy_drain_all_pages(m.b);
	/* An atomic request finds it in the reserve again. */
	ac = (struct alloc_context){ .zonelist = m.b->zonelists[0].zone, .highest_zoneidx = ZONE_MOVABLE,
				     .migratetype = MIGRATE_MOVABLE };
	while (buddy_pageblock_migratetype(m.b, pfn_make(BASE + PB)) == MIGRATE_HIGHATOMIC &&
	       unreserve_highatomic_pageblock(m.b, &ac, false))
		;
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	CU_ASSERT(prepare_alloc_pages(m.b, 0, GFP_KERNEL, NUMA_NO_NODE, &ac));
	CU_ASSERT_FALSE(unreserve_highatomic_pageblock(m.b, &ac, false));
	CU_ASSERT(unreserve_highatomic_pageblock(m.b, &ac, true));
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, 0);
	CU_ASSERT_FALSE(unreserve_highatomic_pageblock(m.b, &ac, true));
	machine_free(&m);
}

/* The reserve holds a hundredth of the zone and a pageblock more; what begins below that is let in. */
static void test_highatomic_limit(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 100);
	for (i = 0; i < 8 * BLOCK; i += PB)
		reserve_highatomic_pageblock(m.b, BASE + i, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, BLOCK + PB);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_highatomic_reserve), BLOCK / PB + 1);
	machine_free(&m);
}

/* With everything else gone, a waiting request dissolves the reserve; an atomic one eats it up. */
static void test_highatomic_last_resort(void)
{
	struct machine m;
	uint32_t nr = 0;

	machine_small(&m, 4);
	machine_set_marks(&m, 0, 4 * BLOCK, 4 * BLOCK);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_ATOMIC, 1), PFN_NONE_VAL);
	while (get(&m, 0, GFP_NOWAIT | __GFP_NOMEMALLOC, 0) != PFN_NONE_VAL)
		nr++;
	/* The whole pageblock counts as unusable, though two of its frames are used. */
	CU_ASSERT_EQUAL(nr, 4 * BLOCK - 2 - PB);
	CU_ASSERT_EQUAL(m.zone->free_pages, PB);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_ATOMIC, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, 0);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_highatomic_unreserve), 1);
	machine_free(&m);
}

/* A request takes nothing out of the reserve of a zone that it can't use. */
static void test_highatomic_other_zone(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { 0x1000 - 2 * BLOCK, 0x1000 + 4 * BLOCK, 0 } } };
	struct alloc_context ac;
	struct buddy_config cfg;
	struct zone *high;
	struct machine m;
	uint32_t pfn;

	machine_config(&cfg, 1);
	cfg.min_free_kbytes = 0;
	machine_make(&m, &map_cfg, &cfg);
	high = node_zones(m.b, 0) + ZONE_DMA32;
	pfn = get(&m, 0, GFP_KERNEL, 1);
	CU_ASSERT_TRUE_FATAL(zone_spans_pfn(high, pfn));
	reserve_highatomic_pageblock(m.b, pfn, high);
	CU_ASSERT_EQUAL(high->nr_reserved_highatomic, PB);
	CU_ASSERT_TRUE(prepare_alloc_pages(m.b, 0, GFP_DMA, NUMA_NO_NODE, &ac));
	CU_ASSERT_FALSE(unreserve_highatomic_pageblock(m.b, &ac, true));
	CU_ASSERT_TRUE(prepare_alloc_pages(m.b, 0, GFP_DMA32, NUMA_NO_NODE, &ac));
	CU_ASSERT_TRUE(unreserve_highatomic_pageblock(m.b, &ac, true));
	machine_free(&m);
}

/*
 * All free memory lies in one reserved pageblock: an ordinary request gets
 * none of it, one for the reserve and one that can't wait do.
 */
static void test_highatomic_rights(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 1);
	machine_take_all(&m);
	set_pageblock_migratetype(m.b, m.zone, BASE, MIGRATE_HIGHATOMIC);
	m.zone->nr_reserved_highatomic = PB;
	zone_update_low_mark(m.zone);
	for (i = 0; i < 4; i++)
		machine_give(&m, BASE + i, 0);
	/* A block that lies in another type's list, as after a race in Linux, does not change its pageblock. */
	move_to_free_list(m.b, m.zone, BASE, 2, MIGRATE_MOVABLE);
	steal_suitable_fallback(m.b, m.zone, BASE, 0, MIGRATE_UNMOVABLE, true);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_HIGHATOMIC);
	move_to_free_list(m.b, m.zone, BASE, 2, MIGRATE_HIGHATOMIC);
	CU_ASSERT_EQUAL(rmqueue(m.b, m.zone, m.zone, 0, ALLOC_KSWAPD, MIGRATE_UNMOVABLE, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(rmqueue(m.b, m.zone, m.zone, 0, ALLOC_NON_BLOCK, MIGRATE_UNMOVABLE, 0), BASE);
	prep_new_page(m.b, m.zone, BASE, 0, 0);
	CU_ASSERT_EQUAL(rmqueue(m.b, m.zone, m.zone, 1, ALLOC_HIGHATOMIC, MIGRATE_UNMOVABLE, 0), BASE + 2);
	prep_new_page(m.b, m.zone, BASE + 2, 1, 0);
	machine_free(&m);
}

/* A fragmenting fallback raises the watermarks and wakes kswapd, which takes the boost back. */
static void test_boost(void)
{
	struct machine m;
	uint32_t i;

	if (!test_kernel_geometry())
		return;
	machine_small(&m, 8);
	machine_take_all(&m);
	for (i = 0; i < 64; i++)
		machine_give(&m, BASE + 2 * i, 0);
	machine_set_marks(&m, 0, 0, 1000);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 0);
	buddy_set_kswapd(m.b, count_kswapd, &m);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_fallback), 1);
	for (i = 64; i < 128; i++)
		machine_give(&m, BASE + 4 * BLOCK + 2 * i, 0);
	/* 1000 * 1.5 is the ceiling; it has steps of a pageblock. */
	CU_ASSERT(boost_watermark(m.b, m.zone));
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 512);
	CU_ASSERT(boost_watermark(m.b, m.zone));
	CU_ASSERT(boost_watermark(m.b, m.zone));
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 1500);
	CU_ASSERT_EQUAL(m.zone->low_mark, 1500);
	/* An atomic request for one frame looks past the boost, another does not. */
	CU_ASSERT_EQUAL(get(&m, 0, GFP_NOWAIT, 0), PFN_NONE_VAL);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_ATOMIC, 0), PFN_NONE_VAL);
	buddy_set_kswapd(m.b, NULL, NULL);
	wakeup_kswapd(m.b, m.zone, 0);
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 0);
	m.zone->watermark[WMARK_HIGH] = 0;
	CU_ASSERT_FALSE(boost_watermark(m.b, m.zone));
	m.zone->watermark[WMARK_HIGH] = 10;
	CU_ASSERT(boost_watermark(m.b, m.zone));
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 512);
	m.b->cfg.watermark_boost_factor = 0;
	CU_ASSERT_FALSE(boost_watermark(m.b, m.zone));
	machine_free(&m);
}

/* Zones of less than four pageblocks are never boosted. */
static void test_boost_small_zone(void)
{
	unsigned int nr_blocks = 4 * PB / BLOCK, i;
	struct machine m;

	for (i = 0; i < 2; i++) {
		machine_small(&m, nr_blocks - i);
		machine_set_marks(&m, 0, 0, 1);
		CU_ASSERT_EQUAL(boost_watermark(m.b, m.zone), i == 0);
		CU_ASSERT_EQUAL(m.zone->watermark_boost, i ? 0 : PB);
		machine_free(&m);
	}
}

static const struct test_case cases[] = {
	{ "atomic reserve", test_highatomic },
	{ "size of the atomic reserve", test_highatomic_limit },
	{ "atomic reserve as last resort", test_highatomic_last_resort },
	{ "atomic reserve of another zone", test_highatomic_other_zone },
	{ "rights to the atomic reserve", test_highatomic_rights },
	{ "watermark boost", test_boost },
	{ "watermark boost of small zones", test_boost_small_zone },
	{ NULL, NULL }
};

const struct test_suite buddy_highatomic_suite = { "buddy_highatomic", cases };
