/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a state loaded into an empty machine, refused where it
 * contradicts itself, and led on by hints.
 */
#include <errno.h>
#include <string.h>

#include "buddy/steer/state.h"
#include "buddy/steer/steer.h"
#include "tests/buddy/machine.h"

/* One zone of two largest blocks: a few lists to load, the rest in use. */
struct scene {
	struct buddy_state state;
	struct buddy_state_zone zone;
	struct buddy_state_pcp pcp[2];
	struct buddy_state_block free1[2], pcp0[3];
	struct buddy_state_used used[2];
	uint8_t pageblock[2 * BLOCK / PB];
};

static void make_scene(struct scene *sc)
{
	memset(sc, 0, sizeof(*sc));
	sc->state = (struct buddy_state){ .nr_cpus = 2, .nr_zones = 1, .zones = &sc->zone };
	sc->zone.idx = ZONE_DMA32;
	sc->zone.start_pfn = BASE;
	sc->zone.spanned_pages = 2 * BLOCK;
	sc->zone.present_pages = sc->zone.managed_pages = 2 * BLOCK;
	sc->zone.pcp = sc->pcp;
	sc->zone.pageblock = sc->pageblock;
	sc->zone.nr_pageblocks = sizeof(sc->pageblock);
	memset(sc->pageblock, MIGRATE_MOVABLE, sizeof(sc->pageblock));
	/* Not in the order of addresses: the order of the list counts. */
	sc->free1[0].pfn = BASE + BLOCK + 2;
	sc->free1[1].pfn = BASE + 2;
	sc->zone.free[1][MIGRATE_MOVABLE] = (struct buddy_state_list){ sc->free1, 2 };
	sc->pcp0[0].pfn = BASE + 1;
	sc->pcp0[1].pfn = BASE + BLOCK;
	sc->pcp0[2].pfn = BASE;
	sc->pcp0[0].mt = sc->pcp0[1].mt = MIGRATE_MOVABLE;
	sc->pcp0[2].mt = MIGRATE_HIGHATOMIC;
	sc->pcp[0].count = 3;
	sc->pcp[0].batch = sc->pcp[1].batch = 7;
	sc->pcp[0].high = sc->pcp[1].high = 50;
	sc->pcp[0].free_factor = 2;
	sc->pcp[0].list[MIGRATE_MOVABLE] = (struct buddy_state_list){ sc->pcp0, 3 };
	sc->pcp[1].stat_threshold = 8;
	sc->pcp[1].stat_diff = -2;
	sc->zone.free_pages = 6;
	sc->zone.watermark[WMARK_MIN] = 1;
	sc->zone.watermark[WMARK_LOW] = 2;
	sc->zone.watermark[WMARK_HIGH] = 3;
	sc->used[0] = (struct buddy_state_used){ BASE, BLOCK, true };
	sc->used[1] = (struct buddy_state_used){ BASE + BLOCK, BLOCK, false };
	sc->zone.used = sc->used;
	sc->zone.nr_used = 2;
}

static int load(struct machine *m, const struct scene *sc, struct kerror *err)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 2 * BLOCK, 0 } } };
	struct buddy_config cfg;

	machine_config(&cfg, 2);
	cfg.min_free_kbytes = 0;
	cfg.empty = true;
	machine_make(m, &map_cfg, &cfg);
	return buddy_load(m->b, &sc->state, err);
}

/* Lists come back in their order, marks and tuning as they were; frames on lists are not in use. */
static void test_load(void)
{
	struct kerror err = { 0 };
	struct machine m;
	struct scene sc;

	make_scene(&sc);
	CU_ASSERT_EQUAL_FATAL(load(&m, &sc, &err), 0);
	ASSERT_VALID(&m);
	CU_ASSERT(list_is(&m, 1, MIGRATE_MOVABLE, BASE, LIST(BLOCK + 2, 2)));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(1, BLOCK, 0)));
	CU_ASSERT_EQUAL(m.zone->free_pages, 6);
	CU_ASSERT_EQUAL(buddy_zone_allocated_pages(m.b, m.zone), 2 * BLOCK - 7);
	CU_ASSERT_EQUAL(m.zone->low_mark, 2);
	CU_ASSERT_EQUAL(m.zone->pcp[0].batch, 7);
	CU_ASSERT_EQUAL(m.zone->pcp[0].high, 50);
	CU_ASSERT_EQUAL(m.zone->pcp[0].free_factor, 2);
	/* A block remembers the type it was freed with. */
	CU_ASSERT_EQUAL(page_migratetype(&m.b->pages[BASE]), MIGRATE_HIGHATOMIC);
	CU_ASSERT_EQUAL(page_migratetype(&m.b->pages[BASE + 4]), MIGRATE_MOVABLE);
	CU_ASSERT_EQUAL(page_migratetype(&m.b->pages[BASE + BLOCK + 1]), MIGRATE_UNMOVABLE);
	CU_ASSERT_EQUAL(buddy_alloc_pages(m.b, 0, GFP_HIGHUSER_MOVABLE, 0, NUMA_NO_NODE).v, BASE + 1);
	CU_ASSERT_EQUAL(buddy_load(m.b, &sc.state, &err), -EINVAL);
	machine_free(&m);
}

static int load_as(struct machine *m, const struct scene *sc, enum buddy_kernel kernel)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 2 * BLOCK, 0 } } };
	struct buddy_config cfg;

	buddy_config_default(&cfg, 2);
	cfg.kernel = kernel;
	cfg.min_free_kbytes = 0;
	cfg.empty = true;
	machine_make(m, &map_cfg, &cfg);
	return buddy_load(m->b, &sc->state, NULL);
}

/* Every figure arrives where it belongs: none of them is what an empty machine has, no two are alike. */
static void test_fields(void)
{
	int kernel, i;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		const struct per_cpu_pages *pcp;
		struct machine m;
		struct scene sc;

		make_scene(&sc);
		sc.pcp[1] = (struct buddy_state_pcp){ .high = 31, .batch = 5, .high_min = 29, .high_max = 37,
						      .free_factor = 3, .free_count = 17, .alloc_factor = 2,
						      .flags = PCPF_FREE_HIGH_BATCH, .stat_threshold = 11,
						      .stat_diff = -7 };
		sc.pcp[0].high_min = sc.pcp[0].high_max = 50;
		for (i = 0; i < NR_WMARK; i++)
			sc.zone.watermark[i] = 100 + (uint64_t)i;
		for (i = 0; i < MAX_NR_ZONES; i++)
			sc.zone.lowmem_reserve[i] = 200 + (uint64_t)i;
		sc.zone.watermark_boost = 300;
		sc.pageblock[1] = MIGRATE_HIGHATOMIC;
		sc.zone.nr_reserved_highatomic = PB;
		sc.zone.managed_pages = 2 * BLOCK - 1;
		sc.zone.present_pages = 2 * BLOCK + 1;
		sc.zone.drifts = true;
		sc.zone.below_high = true;
		CU_ASSERT_EQUAL_FATAL(load_as(&m, &sc, (enum buddy_kernel)kernel), 0);
		for (i = 0; i < NR_WMARK; i++)
			CU_ASSERT_EQUAL(m.zone->watermark[i], 100 + (uint64_t)i);
		for (i = 0; i < MAX_NR_ZONES; i++)
			CU_ASSERT_EQUAL(m.zone->lowmem_reserve[i], 200 + (uint64_t)i);
		CU_ASSERT_EQUAL(m.zone->watermark_boost, 300);
		CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
		CU_ASSERT_EQUAL(m.zone->managed_pages, 2 * BLOCK - 1);
		CU_ASSERT_EQUAL(m.zone->present_pages, 2 * BLOCK + 1);
		CU_ASSERT_TRUE(m.zone->flags & ZONE_DRIFTS);
		CU_ASSERT_TRUE(m.zone->flags & ZONE_BELOW_HIGH);
		CU_ASSERT_EQUAL(m.zone->low_mark, 101 + 300 + PB);
		CU_ASSERT_EQUAL(m.zone->cpu_stat[1].threshold, 11);
		CU_ASSERT_EQUAL(m.zone->cpu_stat[1].diff, -7);
		pcp = &m.zone->pcp[1];
		CU_ASSERT_EQUAL(pcp->high, 31);
		CU_ASSERT_EQUAL(pcp->batch, 5);
		CU_ASSERT_EQUAL(pcp->high_min, 29);
		CU_ASSERT_EQUAL(pcp->high_max, 37);
		CU_ASSERT_EQUAL(pcp->free_count, kernel ? 17 : 3);
		CU_ASSERT_EQUAL(pcp->alloc_factor, 2);
		CU_ASSERT_EQUAL(pcp->flags, PCPF_FREE_HIGH_BATCH);
		CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE + PB)), MIGRATE_HIGHATOMIC);
		buddy_destroy(m.b);
		pagemap_destroy(m.map);
	}
}

/* high within its limits, or 0, leaves the fast path open; a frame beyond closes it. Only 6.12 has them. */
static void test_slow_limits(void)
{
	static const struct { int high; bool open; } rows[] = {
		{ 0, true }, { 9, false }, { 10, true }, { 20, true }, { 21, false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine m;
		struct scene sc;

		make_scene(&sc);
		sc.pcp[0].high = 15;
		sc.pcp[1].high = rows[i].high;
		sc.pcp[0].high_min = sc.pcp[1].high_min = 10;
		sc.pcp[0].high_max = sc.pcp[1].high_max = 20;
		CU_ASSERT_EQUAL_FATAL(load_as(&m, &sc, BUDDY_KERNEL_6_12), 0);
		CU_ASSERT_EQUAL(m.b->fast_cpus, rows[i].open ? 2 : 0);
		machine_free(&m);
	}
}

/* The last value of each figure that is taken, and the first that is refused. */
static void test_figures(void)
{
	static const struct { size_t at; int value; bool taken; } rows[] = {
		{ offsetof(struct buddy_state_pcp, batch), 0, false },
		{ offsetof(struct buddy_state_pcp, batch), 1, true },
		{ offsetof(struct buddy_state_pcp, batch), 1 << 16, true },
		{ offsetof(struct buddy_state_pcp, batch), (1 << 16) + 1, false },
		{ offsetof(struct buddy_state_pcp, high), 0, true },
		{ offsetof(struct buddy_state_pcp, high), -1, false },
		{ offsetof(struct buddy_state_pcp, high_min), 0, true },
		{ offsetof(struct buddy_state_pcp, high_min), -1, false },
		{ offsetof(struct buddy_state_pcp, high_max), 0, true },
		{ offsetof(struct buddy_state_pcp, high_max), -1, false },
		{ offsetof(struct buddy_state_pcp, free_factor), PCP_BATCH_SCALE_MAX, true },
		{ offsetof(struct buddy_state_pcp, free_factor), PCP_BATCH_SCALE_MAX + 1, false },
		{ offsetof(struct buddy_state_pcp, alloc_factor), PCP_BATCH_SCALE_MAX, true },
		{ offsetof(struct buddy_state_pcp, alloc_factor), PCP_BATCH_SCALE_MAX + 1, false },
		{ offsetof(struct buddy_state_pcp, free_count), INT16_MAX, true },
		{ offsetof(struct buddy_state_pcp, free_count), INT16_MAX + 1, false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine m;
		struct scene sc;

		make_scene(&sc);
		memcpy((char *)&sc.pcp[1] + rows[i].at, &rows[i].value, sizeof(rows[i].value));
		CU_ASSERT_EQUAL(load_as(&m, &sc, BUDDY_KERNEL_6_12), rows[i].taken ? 0 : -EINVAL);
		buddy_destroy(m.b);
		pagemap_destroy(m.map);
	}
}

#define AT(member) offsetof(struct scene, member), sizeof(((struct scene *)NULL)->member)

/* Each contradiction is refused, and the message says which it is. */
static void test_refuse(void)
{
	static const struct { size_t at, size; uint64_t bad; const char *message; } rows[] = {
		{ AT(free1[1].pfn), BASE + BLOCK + 2, "is free twice" },
		{ AT(free1[1].pfn), BASE + 3, "of order 1 is not aligned inside of the zone" },
		{ AT(free1[1].pfn), BASE + 2 * BLOCK, "of order 1 is not aligned inside of the zone" },
		{ AT(pcp[0].count), 4, "CPU 0: 3 frames on its lists, but count is 4" },
		{ AT(pcp0[0].pfn), BASE + 2, "is free twice" },
		{ AT(zone.start_pfn), BASE + 1, "here, or was loaded before" },
		{ AT(used[1].nr), BLOCK + 1, "in use is outside of the zone" },
		{ AT(pcp[1].batch), 0, "CPU 1: tuning values out of range" },
		{ AT(state.nr_cpus), 1, "the state is of 1 CPUs, the machine has 2" },
		{ AT(pcp0[1].mt), MIGRATE_TYPES, "has no known type" },
		{ AT(pageblock[0]), MIGRATE_TYPES, "is outside of memory or of no known type" },
		{ AT(zone.managed_pages), 6, "7 frames are free, but only 6 are managed" },
		{ AT(zone.nid), 1, "of node 1 is not in this machine" },
		{ AT(zone.idx), MAX_NR_ZONES, "of node 0 is not in this machine" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kerror err = { 0 };
		struct machine m;
		struct scene sc;

		make_scene(&sc);
		/* Of a little-endian number the low bytes come first. */
		memcpy((char *)&sc + rows[i].at, &rows[i].bad, rows[i].size);
		CU_ASSERT_EQUAL(load(&m, &sc, &err), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].message));
		buddy_destroy(m.b);
		pagemap_destroy(m.map);
	}
}

/* Blocks take the size they are freed with: put together from single frames, or cut. */
static void test_shape(void)
{
	struct kerror err = { 0 };
	struct machine m;
	struct scene sc;

	if (!test_kernel_geometry())
		return;
	make_scene(&sc);
	CU_ASSERT_EQUAL_FATAL(load(&m, &sc, &err), 0);
	CU_ASSERT_EQUAL(steer_shape(m.b, pfn_make(BASE + 4), 2), 0);
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 1, pfn_make(BASE + 4), 2), 0);
	ASSERT_VALID(&m);
	CU_ASSERT_EQUAL(steer_shape(m.b, pfn_make(BASE + BLOCK + 1), 1), -EINVAL);
	CU_ASSERT_EQUAL(steer_shape(m.b, pfn_make(BASE + 2), 1), -EALREADY);
	CU_ASSERT_EQUAL(steer_shape(m.b, pfn_make(BASE), 1), -EALREADY);
	/* One that was handed out as two frames comes back as single ones. */
	CU_ASSERT_EQUAL(machine_take(&m, 1, MIGRATE_MOVABLE, 0), BASE + BLOCK + 2);
	CU_ASSERT_EQUAL(steer_shape(m.b, pfn_make(BASE + BLOCK + 3), 0), 0);
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(BASE + BLOCK + 3), 0), 0);
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(BASE + BLOCK + 2), 0), 0);
	machine_free(&m);
}

/* A frame that should have been another changes places with it, wherever that is free. */
static void test_exchange(void)
{
	struct kerror err = { 0 };
	struct machine m;
	struct scene sc;
	pfn_t got;

	make_scene(&sc);
	CU_ASSERT_EQUAL_FATAL(load(&m, &sc, &err), 0);
	got = buddy_alloc_pages(m.b, 0, GFP_HIGHUSER_MOVABLE, 0, NUMA_NO_NODE);
	CU_ASSERT(steer_exchange(m.b, got, pfn_make(BASE), 0));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(BLOCK, 1)));
	ASSERT_VALID(&m);
	/* From the middle of a free block; the other half of it stays. */
	CU_ASSERT(steer_exchange(m.b, pfn_make(BASE), pfn_make(BASE + 3), 0));
	CU_ASSERT(list_is(&m, 0, MIGRATE_MOVABLE, BASE, LIST(0, 2)));
	ASSERT_VALID(&m);
	/* On a list, against a free one, and against its neighbour. */
	CU_ASSERT(steer_exchange(m.b, pfn_make(BASE + BLOCK), pfn_make(BASE + 1), 0));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(1, BLOCK)));
	CU_ASSERT(steer_exchange(m.b, pfn_make(BASE + BLOCK), pfn_make(BASE + 2), 0));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(1, 2)));
	ASSERT_VALID(&m);
	/* What is in use cannot be had. */
	CU_ASSERT_FALSE(steer_exchange(m.b, pfn_make(BASE + 3), pfn_make(BASE + 9), 0));
	buddy_drain_all_pages(m.b);
	machine_free(&m);
}

/* What compaction took off the lists is in use from then on, frame by frame, and movable once something moved in. */
static void test_isolate(void)
{
	struct kerror err = { 0 };
	struct machine m;
	struct scene sc;

	make_scene(&sc);
	CU_ASSERT_EQUAL_FATAL(load(&m, &sc, &err), 0);
	CU_ASSERT(steer_isolate(m.b, 1, pfn_make(BASE + 2), 1));
	CU_ASSERT(list_is(&m, 1, MIGRATE_MOVABLE, BASE, LIST(BLOCK + 2)));
	CU_ASSERT_FALSE(steer_is_movable(m.b, pfn_make(BASE + 3)));
	steer_set_movable(m.b, pfn_make(BASE + 3), true);
	CU_ASSERT(steer_is_movable(m.b, pfn_make(BASE + 3)));
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(BASE + 3), 0), 0);
	CU_ASSERT_FALSE(steer_isolate(m.b, 1, pfn_make(BASE + 3), 0));
	machine_free(&m);
}

/* The fold adds what the CPU had kept to itself; kswapd takes back the boosts of before, not those of since. */
static void test_timers(void)
{
	struct steer_kswapd ks;
	struct kerror err = { 0 };
	struct machine m;
	struct scene sc;

	make_scene(&sc);
	CU_ASSERT_EQUAL_FATAL(load(&m, &sc, &err), 0);
	steer_fold(m.b, 1, true);
	CU_ASSERT_EQUAL(m.zone->free_pages, 4);
	CU_ASSERT_EQUAL(m.zone->cpu_stat[1].diff, 0);
	m.zone->watermark_boost = 100;
	zone_update_low_mark(m.zone);
	steer_kswapd_begin(m.b, 0, ZONE_DMA32, &ks);
	CU_ASSERT(m.zone->flags & ZONE_RECLAIM_ACTIVE);
	m.zone->watermark_boost = 130;
	steer_kswapd_end(m.b, &ks);
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 30);
	CU_ASSERT_FALSE(m.zone->flags & ZONE_RECLAIM_ACTIVE);
	steer_drain(m.b, 1, m.zone, 0, m.zone->pcp[0].count, 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 0);
	machine_free(&m);
}

/*
 * While kswapd is awake the CPUs' thresholds follow from the watermarks, in
 * zones where they could hide that the min watermark is near; else from the
 * zone's size. What a CPU keeps to itself stays where it is.
 */
static void test_kswapd_awake(void)
{
	struct kerror err = { 0 };
	struct machine m;
	struct scene sc;

	make_scene(&sc);
	CU_ASSERT_EQUAL_FATAL(load(&m, &sc, &err), 0);
	steer_kswapd_awake(m.b, 0, true);
	CU_ASSERT_EQUAL(m.zone->cpu_stat[1].threshold, 8);
	machine_free(&m);
	make_scene(&sc);
	sc.zone.drifts = true;
	sc.zone.watermark[WMARK_LOW] = 51;
	CU_ASSERT_EQUAL_FATAL(load(&m, &sc, &err), 0);
	steer_kswapd_awake(m.b, 0, true);
	CU_ASSERT_EQUAL(m.zone->cpu_stat[0].threshold, 25);
	CU_ASSERT_EQUAL(m.zone->cpu_stat[1].threshold, 25);
	CU_ASSERT_EQUAL(m.zone->cpu_stat[1].diff, -2);
	steer_kswapd_awake(m.b, 0, false);
	CU_ASSERT_EQUAL(m.zone->cpu_stat[1].threshold, 4);
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "load", test_load },
	{ "fields", test_fields },
	{ "fast path and limits", test_slow_limits },
	{ "figures", test_figures },
	{ "refuse", test_refuse },
	{ "shape", test_shape },
	{ "exchange", test_exchange },
	{ "isolate", test_isolate },
	{ "timers", test_timers },
	{ "kswapd awake", test_kswapd_awake },
	{ NULL, NULL }
};

const struct test_suite buddy_load_suite = { "buddy_load", cases };
