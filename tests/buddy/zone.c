/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what follows from a zone's size: figures checked against real
 * kernels (more of them where the shared folder is there), watermark checks, the
 * configuration and its limits, and how fast and small a machine boots.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/buddy/machine.h"

/* What one zone says in a kernel's zoneinfo. */
struct zone_said {
	uint64_t mark[NR_WMARK], managed, protection[MAX_NR_ZONES], high, batch;
	unsigned int nr_cpus;
};

/* The zones of one-node zoneinfo text, by zone type; returns how many were read. */
static unsigned int read_zoneinfo(const char *path, struct zone_said said[MAX_NR_ZONES])
{
	static const char *const marks[] = { "        min      ", "        low      ", "        high     ",
					     "        promo    " };
	FILE *file = fopen(path, "r");
	struct zone_said *zone = NULL;
	unsigned int nr = 0, i;
	char line[256];

	memset(said, 0, MAX_NR_ZONES * sizeof(*said));
	while (file && fgets(line, sizeof(line), file)) {
		unsigned long long v[MAX_NR_ZONES];
		char name[16];

		if (sscanf(line, "Node 0, zone %15s", name) == 1) {
			for (i = 0; i < MAX_NR_ZONES; i++)
				if (!strcmp(name, zone_names[i]))
					zone = &said[i];
			nr++;
		}
		if (!zone)
			continue;
		for (i = 0; i < NR_WMARK; i++)
			if (!strncmp(line, marks[i], strlen(marks[i])) &&
			    sscanf(line + strlen(marks[i]), "%llu", v) == 1)
				zone->mark[i] = v[0];
		if (sscanf(line, " managed %llu", v) == 1)
			zone->managed = v[0];
		if (sscanf(line, " protection: (%llu, %llu, %llu, %llu, %llu)", v, v + 1, v + 2, v + 3, v + 4) == 5)
			for (i = 0; i < MAX_NR_ZONES; i++)
				zone->protection[i] = v[i];
		if (sscanf(line, " high: %llu", v) == 1) {
			zone->high = v[0];
			zone->nr_cpus++;
		}
		if (sscanf(line, " batch: %llu", v) == 1)
			zone->batch = v[0];
	}
	if (file)
		fclose(file);
	return nr;
}

struct sysctls {
	uint64_t min_free_kbytes;
	unsigned int watermark_scale_factor, lowmem_reserve_ratio[MAX_NR_ZONES];
};

static void read_sysctls(const char *path, struct sysctls *sysctls)
{
	unsigned int *ratio = sysctls->lowmem_reserve_ratio, nr = 0;
	FILE *file = fopen(path, "r");
	unsigned long long kbytes = 0;
	char line[256];

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	memset(sysctls, 0, sizeof(*sysctls));
	while (fgets(line, sizeof(line), file)) {
		nr += sscanf(line, "min_free_kbytes %llu", &kbytes) == 1;
		nr += sscanf(line, "watermark_scale_factor %u", &sysctls->watermark_scale_factor) == 1;
		nr += sscanf(line, "lowmem_reserve_ratio %u %u %u %u %u", ratio, ratio + 1, ratio + 2,
			     ratio + 3, ratio + 4) == 5;
	}
	fclose(file);
	sysctls->min_free_kbytes = kbytes;
	CU_ASSERT_EQUAL_FATAL(nr, 3);
}

/* Watermarks and lowmem reserves of a running 6.18 kernel, from its managed pages and sysctls. */
static void test_marks_of_a_kernel(void)
{
	uint64_t managed[MAX_NR_ZONES], reserve[MAX_NR_ZONES][MAX_NR_ZONES], sum = 0;
	struct zone_said said[MAX_NR_ZONES];
	struct sysctls sysctls;
	unsigned int i, j;

	read_sysctls(test_oracle("procfs-6.18-2cpu/sysctl"), &sysctls);
	CU_ASSERT_EQUAL(read_zoneinfo(test_oracle("procfs-6.18-2cpu/zoneinfo"), said), MAX_NR_ZONES);
	for (i = 0; i < MAX_NR_ZONES; i++) {
		managed[i] = said[i].managed;
		sum += managed[i];
	}
	compute_lowmem_reserve(managed, sysctls.lowmem_reserve_ratio, reserve);
	for (i = 0; i < ZONE_MOVABLE; i++) {
		struct zone_marks marks = zone_compute_wmarks(managed[i], sum, sysctls.min_free_kbytes,
							      sysctls.watermark_scale_factor);

		for (j = 0; j < NR_WMARK; j++)
			CU_ASSERT_EQUAL(marks.watermark[j], said[i].mark[j]);
		for (j = 0; j < MAX_NR_ZONES; j++)
			CU_ASSERT_EQUAL(reserve[i][j], said[i].protection[j]);
		CU_ASSERT_EQUAL((uint64_t)zone_batchsize(managed[i]), i == ZONE_DMA ? 0 : said[i].batch);
	}
	CU_ASSERT_EQUAL(said[ZONE_NORMAL].managed, 1146880);
}

/*
 * Zones DMA and DMA32 of a 6.1 guest: its boot computed the marks while some
 * memory was still in use, so low, high and the per-CPU figures are checked
 * from min.
 */
static void check_marks(const char *path)
{
	struct zone_said said[MAX_NR_ZONES];
	unsigned int i;

	CU_ASSERT_EQUAL_FATAL(read_zoneinfo(path, said), MAX_NR_ZONES);
	for (i = ZONE_DMA; i <= ZONE_DMA32; i++) {
		const struct zone_said *zone = &said[i];
		struct zone_marks marks = zone_compute_wmarks(zone->managed, zone->managed,
							      zone->mark[WMARK_MIN] * 4, 10);

		CU_ASSERT(zone->mark[WMARK_MIN] > 0);
		CU_ASSERT_EQUAL(marks.watermark[WMARK_MIN], zone->mark[WMARK_MIN]);
		CU_ASSERT_EQUAL(marks.watermark[WMARK_LOW], zone->mark[WMARK_LOW]);
		CU_ASSERT_EQUAL(marks.watermark[WMARK_HIGH], zone->mark[WMARK_HIGH]);
		/* DMA's protection shows how much DMA32 managed when its batch was computed. */
		CU_ASSERT_EQUAL((uint64_t)zone_batchsize(said[ZONE_DMA].protection[ZONE_DMA32] * 256),
				said[ZONE_DMA32].batch);
		CU_ASSERT_EQUAL((uint64_t)zone_highsize(zone->mark[WMARK_LOW], (int)zone->batch,
							zone->nr_cpus), zone->high);
	}
}

/* The captures of 6.1, one of them also without the shared folder. */
static void test_marks_of_captures(void)
{
	static const char *const captures[] = {
		"6.1-smp1_files", "6.1-smp1_idle_small", "6.1-smp1_mmap_thp", "6.1-smp1_pressure", "6.1-smp2_mixed",
	};
	unsigned int c;

	check_marks(test_oracle("kernel/6.1-smp2_mixed/procfs_b/zoneinfo"));
	for (c = 0; c < sizeof(captures) / sizeof(captures[0]); c++) {
		const char *path;
		char name[128];

		snprintf(name, sizeof(name), "oracle/kernel/%s/procfs_a/zoneinfo", captures[c]);
		path = test_shared(name);
		if (!path)
			return;
		check_marks(path);
	}
}

/* min_free_kbytes for sizes of the kernel's own table, its limits, and THP's recommendation. */
static void test_min_free_kbytes(void)
{
	CU_ASSERT_EQUAL(calculate_min_free_kbytes(16384 / 4), 512);
	CU_ASSERT_EQUAL(calculate_min_free_kbytes(524288 / 4), 2896);
	CU_ASSERT_EQUAL(calculate_min_free_kbytes(16777216 / 4), 16384);
	CU_ASSERT_EQUAL(calculate_min_free_kbytes(1), 128);
	CU_ASSERT_EQUAL(calculate_min_free_kbytes(UINT32_MAX), 262144);
	CU_ASSERT_EQUAL(recommended_min_free_kbytes(3, 4000000), (uint64_t)PB * 3 * 11 * 4);
	CU_ASSERT_EQUAL(recommended_min_free_kbytes(3, 100 * PB), (uint64_t)PB * 5 * 4);
}

/* Extreme inputs neither overflow nor divide by zero. */
static void test_marks_extremes(void)
{
	CU_ASSERT_EQUAL(zone_compute_wmarks(0, 0, 1000, 10).watermark[WMARK_HIGH], 0);
	/* The part of a scale that the whole ten thousands do not have: 19999 * 5000 / 10000. */
	CU_ASSERT_EQUAL(zone_compute_wmarks(19999, 19999, 0, 5000).watermark[WMARK_LOW], 9999);
	CU_ASSERT(zone_compute_wmarks(UINT32_MAX, 1, UINT64_MAX, 3000).watermark[WMARK_MIN] > UINT32_MAX);
	CU_ASSERT_EQUAL(zone_batchsize(0), 0);
	CU_ASSERT_EQUAL(zone_batchsize(UINT64_MAX), 63);
	CU_ASSERT_EQUAL(zone_highsize(3, 63, 2), 252);
	CU_ASSERT_EQUAL(zone_highsize(2 * 253, 63, 2), 253);
	CU_ASSERT_EQUAL(zone_highsize(2 * 400, 63, 2), 400);
	CU_ASSERT_EQUAL(zone_highsize(UINT64_MAX, 63, 1), INT32_MAX / 2);
}

/* The watermark check, at the very frame where it turns. */
static void test_watermark_ok(void)
{
	struct zone *zone = calloc(1, sizeof(*zone));

	zone->rules = &buddy_rules[BUDDY_KERNEL_6_1];
	zone->lowmem_reserve[ZONE_NORMAL] = 30;
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, 0, 100));
	CU_ASSERT(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, 0, 101));
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 0, 100, ZONE_NORMAL, 0, 130));
	CU_ASSERT(__zone_watermark_ok(zone, 0, 100, ZONE_NORMAL, 0, 131));
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, ALLOC_MIN_RESERVE, 50));
	CU_ASSERT(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, ALLOC_MIN_RESERVE, 51));
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK, 38));
	CU_ASSERT(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK, 39));
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, ALLOC_NON_BLOCK, 100));
	/* The atomic reserve is out of reach, except for those who may dip into reserves. */
	zone->nr_reserved_highatomic = 50;
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, 0, 150));
	CU_ASSERT(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, 0, 151));
	CU_ASSERT(__zone_watermark_ok(zone, 0, 100, ZONE_DMA, ALLOC_NON_BLOCK, 101));
	/* A larger block must exist, of a type that the request can have. */
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 1, 0, ZONE_DMA, 0, 1000));
	zone->free_area[1].nr_free = 1;
	zone->free_area[1].nr_mt[MIGRATE_HIGHATOMIC] = 1;
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 1, 0, ZONE_DMA, 0, 1000));
	CU_ASSERT(__zone_watermark_ok(zone, 1, 0, ZONE_DMA, ALLOC_HIGHATOMIC, 1000));
	zone->free_area[1].nr_mt[MIGRATE_RECLAIMABLE] = 1;
	CU_ASSERT(__zone_watermark_ok(zone, 1, 0, ZONE_DMA, 0, 1000));
	CU_ASSERT_FALSE(__zone_watermark_ok(zone, 1, 0, ZONE_DMA, 0, 51));
	CU_ASSERT(__zone_watermark_ok(zone, 1, 0, ZONE_DMA, 0, 52));
	free(zone);
}

/*
 * A boost is no obstacle to an atomic request for one frame that is down to
 * min already; for a larger block, another request or another mark it is.
 */
static void test_watermark_boosted(void)
{
	struct zone *zone = calloc(1, sizeof(*zone));

	zone->rules = &buddy_rules[BUDDY_KERNEL_6_1];
	zone->watermark[WMARK_MIN] = 100;
	zone->watermark_boost = 1000;
	zone->free_pages = 200;
	zone->free_area[1].nr_free = 100;
	zone->free_area[1].nr_mt[MIGRATE_MOVABLE] = 100;
	CU_ASSERT(zone_watermark_fast(zone, 0, 1100, ZONE_DMA, ALLOC_WMARK_MIN, GFP_ATOMIC));
	CU_ASSERT_FALSE(zone_watermark_fast(zone, 1, 1100, ZONE_DMA, ALLOC_WMARK_MIN, GFP_ATOMIC));
	CU_ASSERT(zone_watermark_fast(zone, 1, 100, ZONE_DMA, ALLOC_WMARK_MIN, GFP_ATOMIC));
	CU_ASSERT_FALSE(zone_watermark_fast(zone, 0, 1100, ZONE_DMA, ALLOC_WMARK_MIN, GFP_NOWAIT));
	CU_ASSERT_FALSE(zone_watermark_fast(zone, 0, 1100, ZONE_DMA, ALLOC_WMARK_LOW, GFP_ATOMIC));
	zone->free_pages = 100;
	CU_ASSERT_FALSE(zone_watermark_fast(zone, 0, 1100, ZONE_DMA, ALLOC_WMARK_MIN, GFP_ATOMIC));
	free(zone);
}

/* Which zone and which type a request may have, contradictions included. */
static void test_gfp_meaning(void)
{
	CU_ASSERT_EQUAL(gfp_zone(GFP_KERNEL), ZONE_NORMAL);
	CU_ASSERT_EQUAL(gfp_zone(GFP_DMA), ZONE_DMA);
	CU_ASSERT_EQUAL(gfp_zone(GFP_DMA32 | GFP_KERNEL), ZONE_DMA32);
	CU_ASSERT_EQUAL(gfp_zone(GFP_HIGHUSER), ZONE_NORMAL);
	CU_ASSERT_EQUAL(gfp_zone(GFP_HIGHUSER_MOVABLE), ZONE_MOVABLE);
	CU_ASSERT_EQUAL(gfp_zone(__GFP_MOVABLE), ZONE_NORMAL);
	CU_ASSERT_EQUAL(gfp_zone(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_MOVABLE), ZONE_DMA);
	CU_ASSERT_EQUAL(gfp_migratetype(GFP_KERNEL), MIGRATE_UNMOVABLE);
	CU_ASSERT_EQUAL(gfp_migratetype(GFP_HIGHUSER_MOVABLE), MIGRATE_MOVABLE);
	CU_ASSERT_EQUAL(gfp_migratetype(__GFP_RECLAIMABLE), MIGRATE_RECLAIMABLE);
	CU_ASSERT_EQUAL(gfp_migratetype(__GFP_RECLAIMABLE | __GFP_MOVABLE), MIGRATE_MOVABLE);
	CU_ASSERT_EQUAL(gfp_to_alloc_flags(GFP_KERNEL, 3), ALLOC_KSWAPD);
	CU_ASSERT_EQUAL(gfp_to_alloc_flags(GFP_ATOMIC, 0), ALLOC_KSWAPD | ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK);
	CU_ASSERT_EQUAL(gfp_to_alloc_flags(GFP_ATOMIC, 1),
			ALLOC_KSWAPD | ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK | ALLOC_HIGHATOMIC);
	CU_ASSERT_EQUAL(gfp_to_alloc_flags(GFP_ATOMIC | __GFP_NOMEMALLOC, 1), ALLOC_KSWAPD | ALLOC_MIN_RESERVE);
}

/* What a CPU may keep of NR_FREE_PAGES, as zoneinfo of the captures shows it, and its bounds. */
static void test_stat_threshold(void)
{
	struct zone zone = { .watermark = { [WMARK_MIN] = 100, [WMARK_LOW] = 149 } };

	CU_ASSERT_EQUAL(calculate_normal_threshold(3840, 2), 4);
	CU_ASSERT_EQUAL(calculate_normal_threshold(177522, 2), 16);
	CU_ASSERT_EQUAL(calculate_normal_threshold(3840, 1), 2);
	CU_ASSERT_EQUAL(calculate_normal_threshold(32767, 1), 2);
	CU_ASSERT_EQUAL(calculate_normal_threshold(32768, 1), 4);
	CU_ASSERT_EQUAL(calculate_normal_threshold(1ULL << 32, 1024), 125);
	/* 2 * 7 * 9 would be 126; the largest below the limit is 2 * 6 * 10. */
	CU_ASSERT_EQUAL(calculate_normal_threshold(1ULL << 22, 64), 125);
	CU_ASSERT_EQUAL(calculate_normal_threshold(1ULL << 23, 32), 120);
	CU_ASSERT_EQUAL(calculate_normal_threshold(0, 1), 2);
	/* While kswapd is awake: half of the frames between min and low, for two CPUs. */
	CU_ASSERT_EQUAL(calculate_pressure_threshold(&zone, 2), 24);
	CU_ASSERT_EQUAL(calculate_pressure_threshold(&zone, 100), 1);
	zone.watermark[WMARK_LOW] = 4710;
	CU_ASSERT_EQUAL(calculate_pressure_threshold(&zone, 2), 125);
}

/* Reserves of zones that have no memory or no ratio are 0; what lies above counts only where it is. */
static void test_lowmem_figures(void)
{
	static const uint64_t managed[MAX_NR_ZONES] = { 0, 1000, 3000, 500, 0 };
	static const unsigned int ratio[MAX_NR_ZONES] = { 256, 0, 32, 1, 1 };
	uint64_t reserve[MAX_NR_ZONES][MAX_NR_ZONES];
	unsigned int i, j;

	compute_lowmem_reserve(managed, ratio, reserve);
	for (i = 0; i < MAX_NR_ZONES; i++)
		for (j = 0; j < MAX_NR_ZONES; j++)
			CU_ASSERT_EQUAL(reserve[i][j], i == ZONE_NORMAL && j > ZONE_NORMAL ? 500 / 32 : 0);
}

/* Lowmem reserves keep DMA for those who can go nowhere else. */
static void test_lowmem_reserve(void)
{
	struct pagemap_config cfg = { 0 };
	struct zone *dma, *dma32;
	struct machine m;

	machine_of_size(&m, 64ULL << 20, 1, 1, &cfg);
	dma = &m.b->zones[ZONE_DMA];
	dma32 = &m.b->zones[ZONE_DMA32];
	CU_ASSERT_EQUAL(dma->lowmem_reserve[ZONE_DMA], 0);
	CU_ASSERT_EQUAL(dma->lowmem_reserve[ZONE_NORMAL], dma32->managed_pages / 256);
	while (!pfn_is_none(buddy_alloc_pages(m.b, 0, GFP_NOWAIT | __GFP_NOMEMALLOC, 0, NUMA_NO_NODE)))
		;
	CU_ASSERT_EQUAL(dma->free_pages, dma->watermark[WMARK_MIN] + dma32->managed_pages / 256);
	CU_ASSERT_FALSE(pfn_is_none(buddy_alloc_pages(m.b, 0, GFP_NOWAIT | GFP_DMA, 0, NUMA_NO_NODE)));
	machine_free(&m);
}

/* min_free_kbytes is taken as given; percpu_pagelist_high_fraction replaces the low watermark. */
static void test_config(void)
{
	struct pagemap_config map_cfg = { 0 };
	struct kerror err = { 0 };
	struct buddy_config cfg;
	struct machine m;

	CU_ASSERT_EQUAL_FATAL(pagemap_config_memory(&map_cfg, 1ULL << 30, 1, NULL, 0, &err), 0);
	machine_config(&cfg, 2);
	cfg.min_free_kbytes = 4096;
	cfg.percpu_pagelist_high_fraction = 8;
	machine_make(&m, &map_cfg, &cfg);
	CU_ASSERT_EQUAL(buddy_min_free_kbytes(m.b), 4096);
	m.zone = &m.b->zones[ZONE_DMA32];
	CU_ASSERT_EQUAL((uint64_t)m.zone->pcp[0].high, m.zone->managed_pages / 8 / 2);
	CU_ASSERT_EQUAL(m.b->zones[ZONE_DMA].pcp[0].batch, 1);
	CU_ASSERT_PTR_NULL(buddy_zone(m.b, 1, ZONE_DMA));
	CU_ASSERT_PTR_NULL(buddy_zone(m.b, 0, MAX_NR_ZONES));
	CU_ASSERT_FALSE(zone_populated(buddy_zone(m.b, 0, ZONE_DEVICE)));
	CU_ASSERT_PTR_EQUAL(buddy_pagemap(m.b), m.map);
	CU_ASSERT_EQUAL(buddy_nr_cpus(m.b), 2);
	CU_ASSERT_EQUAL(buddy_counter(m.b, NR_BUDDY_COUNTERS), 0);
	CU_ASSERT_STRING_EQUAL(buddy_counter_desc[BC_pgfree].name, "pgfree");

	buddy_destroy(NULL);
	machine_free(&m);
}

/* The last value of each setting that is taken, and the first that is refused. */
static void test_config_limits(void)
{
	static const struct {
		int64_t min_free_kbytes;
		unsigned int cpus, scale, kernel;
		const char *refused;	/* NULL: taken */
	} rows[] = {
		{ -1, 0, 10, 0, "0 CPUs: must be 1 to 1024" },
		{ -1, 1, 10, 0, NULL },
		{ -1, MAX_CPUS, 10, 0, NULL },
		{ -1, MAX_CPUS + 1, 10, 0, "1025 CPUs: must be 1 to 1024" },
		{ -1, 1, 0, 0, "watermark_scale_factor 0: must be 1 to 3000" },
		{ -1, 1, 1, 0, NULL },
		{ -1, 1, 3000, 0, NULL },
		{ -1, 1, 3001, 0, "watermark_scale_factor 3001: must be 1 to 3000" },
		{ -2, 1, 10, 0, "min_free_kbytes -2 is out of range" },
		{ 0, 1, 10, 0, NULL },
		{ INT64_MAX >> 16, 1, 10, 0, NULL },
		{ (INT64_MAX >> 16) + 1, 1, 10, 0, "min_free_kbytes 140737488355328 is out of range" },
		{ -1, 1, 10, NR_BUDDY_KERNELS - 1, NULL },
		{ -1, 1, 10, NR_BUDDY_KERNELS, "no rules for kernel number 2" },
	};
	struct pagemap_config map_cfg = { 0 };
	struct pagemap *map = NULL;
	unsigned int i;

	CU_ASSERT_EQUAL_FATAL(pagemap_config_memory(&map_cfg, 64ULL << 20, 1, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pagemap_create(&map, &map_cfg, NULL), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kerror err = { 0 };
		struct buddy *b = NULL;
		struct buddy_config cfg;

		machine_config(&cfg, rows[i].cpus);
		cfg.watermark_scale_factor = rows[i].scale;
		cfg.min_free_kbytes = rows[i].min_free_kbytes;
		cfg.kernel = (enum buddy_kernel)rows[i].kernel;
		CU_ASSERT_EQUAL(buddy_create(&b, map, &cfg, &err), rows[i].refused ? -EINVAL : 0);
		CU_ASSERT_STRING_EQUAL(err.text, rows[i].refused ? rows[i].refused : "");
		buddy_destroy(b);
	}
	pagemap_destroy(map);
}

/*
 * 512 MiB and more get THP's reserve, less does not: two zones, 5 % at most.
 * Frame 0 is no memory, so that the first size with 512 MiB is a frame larger.
 */
static void test_default_min_free(void)
{
	const uint64_t limit = (512ULL << 20) + PAGE_SIZE;
	struct pagemap_config cfg = { 0 };
	struct machine m;

	if (!test_kernel_geometry())
		return;
	machine_of_size(&m, limit - PAGE_SIZE, 1, 1, &cfg);
	CU_ASSERT_EQUAL(buddy_min_free_kbytes(m.b), calculate_min_free_kbytes((512 << 8) - 1));
	machine_free(&m);
	memset(&cfg, 0, sizeof(cfg));
	machine_of_size(&m, limit, 1, 1, &cfg);
	CU_ASSERT(buddy_min_free_kbytes(m.b) > 4 * calculate_min_free_kbytes(512 << 8));
	machine_free(&m);
	memset(&cfg, 0, sizeof(cfg));
	machine_of_size(&m, 8ULL << 30, 1, 1, &cfg);
	CU_ASSERT_EQUAL(buddy_min_free_kbytes(m.b), 512 * 3 * 11 * 4);
	machine_free(&m);
}

/* A terabyte boots without touching its struct pages. */
static void test_boot_large(void)
{
	struct pagemap_config cfg = { 0 };
	struct rusage before, after;
	struct machine m;

	/* Of small pageblocks a terabyte has so many that their types alone fill memory. */
	if (!test_kernel_geometry())
		return;
	getrusage(RUSAGE_SELF, &before);
	machine_of_size(&m, 1ULL << 40, 1, 8, &cfg);
	getrusage(RUSAGE_SELF, &after);
	CU_ASSERT(after.ru_minflt - before.ru_minflt < 20000);
	CU_ASSERT_EQUAL(m.b->zones[ZONE_NORMAL].free_pages, (1ULL << 28) - (1ULL << 20));
	CU_ASSERT_FALSE(pfn_is_none(buddy_alloc_pages(m.b, 7, GFP_HIGHUSER_MOVABLE, 0, NUMA_NO_NODE)));
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "watermarks of a running kernel", test_marks_of_a_kernel },
	{ "watermarks of the captures", test_marks_of_captures },
	{ "min_free_kbytes", test_min_free_kbytes },
	{ "extreme sizes", test_marks_extremes },
	{ "the watermark check", test_watermark_ok },
	{ "the watermark check under a boost", test_watermark_boosted },
	{ "what gfp flags mean", test_gfp_meaning },
	{ "drift allowed to a CPU", test_stat_threshold },
	{ "figures of lowmem reserves", test_lowmem_figures },
	{ "lowmem reserve", test_lowmem_reserve },
	{ "configuration", test_config },
	{ "limits of the configuration", test_config_limits },
	{ "min_free_kbytes by default", test_default_min_free },
	{ "a terabyte boots", test_boot_large },
	{ NULL, NULL }
};

const struct test_suite buddy_zone_suite = { "buddy_zone", cases };
