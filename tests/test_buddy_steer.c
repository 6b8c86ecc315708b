/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the allocator led by a kernel's trace. */
#include "buddy/steer.h"
#include "tests/buddy_machine.h"

/* ZONE_DMA and ZONE_DMA32 with some memory each, DMA32 first in the zonelist. */
static void make_two_zones(struct machine *m)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { 0x1000 - 2 * BLOCK, 0x1000 + 2 * BLOCK, 0 } } };
	struct buddy_config cfg;

	buddy_config_default(&cfg, 1);
	cfg.min_free_kbytes = 0;
	machine_make(m, &map_cfg, &cfg);
	m->zone = &m->b->zones[ZONE_DMA32];
	CU_ASSERT_FATAL(zone_populated(m->zone) && zone_populated(&m->b->zones[ZONE_DMA]));
}

/*
 * DMA32 is between its min and its low watermark. A request tries all zones
 * above their low ones first, and gets to DMA; one that has reclaimed has done
 * so already, and takes from the first zone that is above min.
 */
static void test_slow(void)
{
	enum steer_try at;
	struct machine m;
	pfn_t pfn;

	make_two_zones(&m);
	machine_set_marks(&m, 1, m.zone->managed_pages + 1, m.zone->managed_pages + 2);
	pfn = steer_alloc(m.b, 0, GFP_KERNEL, 0, false, &at);
	CU_ASSERT_EQUAL(at, STEER_LOW);
	CU_ASSERT(pfn.v < 0x1000);
	pfn = steer_alloc(m.b, 0, GFP_KERNEL, 0, true, &at);
	CU_ASSERT_EQUAL(at, STEER_MIN);
	CU_ASSERT(pfn.v >= 0x1000 && !pfn_is_none(pfn));
	machine_free(&m);
}

/* Finding nothing tells 6.12 which zones are below their high watermark, and only that. */
static void test_nothing(void)
{
	struct machine m;

	make_two_zones(&m);
	machine_set_marks(&m, 1, m.zone->managed_pages + 1, m.zone->managed_pages + 2);
	zone_set_below_high(m.zone, false);
	zone_set_below_high(&m.b->zones[ZONE_DMA], false);
	steer_alloc_nothing(m.b, 0, GFP_KERNEL, 0);
	CU_ASSERT_FALSE(m.zone->flags & ZONE_BELOW_HIGH);
	m.b->rules = &buddy_rules[BUDDY_KERNEL_6_12];
	steer_alloc_nothing(m.b, 0, GFP_KERNEL, 0);
	CU_ASSERT(m.zone->flags & ZONE_BELOW_HIGH);
	CU_ASSERT_FALSE(m.b->zones[ZONE_DMA].flags & ZONE_BELOW_HIGH);
	zone_set_below_high(m.zone, true);
	zone_set_below_high(&m.b->zones[ZONE_DMA], true);
	m.b->rules = &buddy_rules[BUDDY_KERNEL_6_1];
	machine_free(&m);
}

/*
 * A request is taken back, whether it was served from a per-CPU list, with a
 * refill, or past the lists, and leaves nothing behind: the next one gets the
 * same frame. Then it is served from another zone.
 */
static void test_take_back(void)
{
	static const unsigned int order[] = { 0, 0, MAX_PAGE_ORDER > 3 ? 4 : 2 };
	struct steer_before before;
	enum steer_try at;
	struct machine m;
	unsigned int i;

	make_two_zones(&m);
	machine_set_pcp(&m, 4, 100);
	for (i = 0; i < 3; i++) {
		uint64_t free_pages = m.zone->free_pages;
		int count = m.zone->pcp[0].count;
		pfn_t pfn;

		steer_remember(m.b, 0, GFP_KERNEL, order[i], &before);
		CU_ASSERT_EQUAL(before.zones[0].was_empty, i != 1 && pcp_allowed_order(order[i]));
		pfn = steer_alloc(m.b, 0, GFP_KERNEL, order[i], false, &at);
		CU_ASSERT(steer_take_back(m.b, 0, &before, pfn, order[i]));
		ASSERT_VALID(&m);
		CU_ASSERT(m.zone->free_pages == free_pages && m.zone->pcp[0].count == count);
		CU_ASSERT(pfn_eq(steer_alloc(m.b, 0, GFP_KERNEL, order[i], false, &at), pfn));
		CU_ASSERT(steer_alloc_from(m.b, 0, GFP_KERNEL, order[i], &m.b->zones[ZONE_DMA]).v < 0x1000);
		ASSERT_VALID(&m);
	}
	steer_remember(m.b, 0, GFP_DMA, 0, &before);
	CU_ASSERT_FALSE(steer_take_back(m.b, 0, &before, pfn_make(0x1000), 0));
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "slow", test_slow },
	{ "nothing", test_nothing },
	{ "take back", test_take_back },
	{ NULL, NULL }
};

const struct test_suite buddy_steer_suite = { "buddy_steer", cases };
