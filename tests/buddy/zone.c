/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: zones: figures computed from sizes, checked against real
 * kernels (more of them where the shared folder is there), the order of zones
 * and nodes, and how fast and small a machine boots.
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

/* What follows the zone's name on the next line of @file. */
static char *zone_line(FILE *file, char *line, int size, unsigned int zone)
{
	char *at = fgets(line, size, file) ? strstr(line, zone_names[zone]) : NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	return at + strlen(zone_names[zone]);
}

/* Zones DMA and DMA32 of one capture: both indices from its buddyinfo. */
static void check_indices(const char *capture, const char *(*find)(const char *name), const char *root)
{
	struct zone *zones = calloc(2, sizeof(*zones));
	unsigned int z, order, kind;
	char name[128], line[512];

	for (kind = 0; kind < 3; kind++) {
		static const char *const files[] = { "buddyinfo", "unusable_index", "extfrag_index" };
		const char *path;
		FILE *file;

		snprintf(name, sizeof(name), "%skernel/%s/procfs_b/%s", root, capture, files[kind]);
		path = find(name);
		file = path ? fopen(path, "r") : NULL;
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		for (z = 0; z < 2; z++) {
			char *at = zone_line(file, line, sizeof(line), z);

			for (order = 0; order < NR_PAGE_ORDERS; order++) {
				struct contig_page_info info;
				double said;

				if (!kind) {
					zones[z].free_area[order].nr_free = strtoull(at, &at, 10);
					continue;
				}
				said = strtod(at, &at) * 1000;
				fill_contig_page_info(&zones[z], order, &info);
				CU_ASSERT_EQUAL(kind == 1 ? unusable_free_index(order, &info) :
						fragmentation_index(order, &info),
						(int)(said + (said < 0 ? -0.5 : 0.5)));
			}
		}
		fclose(file);
	}
	free(zones);
}

/*
 * Both fragmentation indices as real kernels computed them, where nothing ran
 * between the files; of one of them also without the shared folder.
 */
static void test_indices_of_captures(void)
{
	static const char *const captures[] = {
		"6.1-smp1_files", "6.1-smp1_idle_small", "6.1-smp1_mmap_thp", "6.1-smp1_pressure",
		"6.1-smp2_mixed", "6.12-smp1_mmap_thp",
	};
	unsigned int i;

	if (!test_kernel_geometry())
		return;
	check_indices("6.1-smp2_mixed", test_oracle, "");
	if (!test_shared("oracle/kernel/README.md"))
		return;
	for (i = 0; i < sizeof(captures) / sizeof(captures[0]); i++)
		check_indices(captures[i], test_shared, "oracle/");
}

/* The indices where there is nothing, or only single frames. */
static void test_indices(void)
{
	struct contig_page_info none = { 0 }, singles = { 1000, 1000, 0 }, blocks = { 1000, 100, 0 };

	CU_ASSERT_EQUAL(unusable_free_index(3, &none), 1000);
	CU_ASSERT_EQUAL(fragmentation_index(3, &none), 0);
	CU_ASSERT_EQUAL(unusable_free_index(3, &singles), 1000);
	CU_ASSERT_EQUAL(fragmentation_index(3, &singles), 1000 - (1000 + 125000) / 1000);
	CU_ASSERT_EQUAL(fragmentation_index(9, &blocks), 1000 - (1000 + 1953) / 100);
	blocks.free_blocks_suitable = 1;
	CU_ASSERT_EQUAL(fragmentation_index(9, &blocks), -1000);
	CU_ASSERT_EQUAL(unusable_free_index(9, &blocks), 488);
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

static void make(struct machine *m, uint64_t bytes, unsigned int nodes, unsigned int cpus,
		 struct pagemap_config *map_cfg)
{
	struct kerror err = { 0 };
	struct buddy_config cfg;

	machine_config(&cfg, cpus);
	if (pagemap_config_memory(map_cfg, bytes, nodes, NULL, 0, &err))
		CU_FAIL_FATAL(err.text);
	machine_make(m, map_cfg, &cfg);
}

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

/* Zones of a node from the top down, then the nearest node's, the next one upwards first. */
static void test_zonelists(void)
{
	static const uint8_t line[4][4] = { { 10, 15, 20, 25 }, { 15, 10, 15, 20 }, { 20, 15, 10, 15 },
					    { 25, 20, 15, 10 } };
	struct pagemap_config cfg = { 0 };
	struct machine m;

	make(&m, 8ULL << 30, 1, 2, &cfg);
	CU_ASSERT(zonelist_is(&m, 0, LIST(ZONE_NORMAL, ZONE_DMA32, ZONE_DMA)));
	machine_free(&m);

	memset(&cfg, 0, sizeof(cfg));
	memcpy(&cfg.distance[0][0], line[0], 4);
	memcpy(&cfg.distance[1][0], line[1], 4);
	memcpy(&cfg.distance[2][0], line[2], 4);
	memcpy(&cfg.distance[3][0], line[3], 4);
	make(&m, 32ULL << 30, 4, 4, &cfg);
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

	make(&m, 32ULL << 30, 4, 1, &cfg);
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
	make(&m, 32ULL << 30, 4, 4, &cfg);
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
	make(&m, 24ULL << 30, 3, 3, &cfg);
	for (nid = 0; nid < 3; nid++) {
		CU_ASSERT_EQUAL_FATAL(buddy_node_order(m.b, nid, order), 3);
		for (i = 0; i < 3; i++)
			CU_ASSERT_EQUAL(order[i], want[nid][i]);
	}
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

	make(&m, 16ULL << 20, 2, 3, &cfg);
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

/* Upper layers learn the order of the nodes from the zonelists, each node named once. */
static void test_node_order(void)
{
	static const uint8_t want[4][4] = { { 0, 1, 3, 2 }, { 1, 3, 2, 0 }, { 2, 3, 1, 0 }, { 3, 1, 0, 2 } };
	uint8_t order[MAX_NUMNODES];
	struct pagemap_config cfg = { 0 };
	struct machine m;
	unsigned int nid;

	make(&m, 32ULL << 30, 4, 2, &cfg);
	for (nid = 0; nid < 4; nid++) {
		CU_ASSERT_EQUAL(buddy_node_order(m.b, nid, order), 4);
		CU_ASSERT_EQUAL(memcmp(order, want[nid], sizeof(want[nid])), 0);
	}
	CU_ASSERT_EQUAL(buddy_node_order(m.b, 4, order), 0);
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

	make(&m, 64ULL << 20, 2, 2, &cfg);
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

	make(&m, 5ULL << 30, 1, 1, &cfg);
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
	make(&m, 16ULL << 30, 2, 2, &cfg);
	CU_ASSERT_EQUAL(alloc_flags_nofragment(m.b, &m.b->zones[ZONE_NORMAL], 0), ALLOC_NOFRAGMENT);
	CU_ASSERT_EQUAL(alloc_flags_nofragment(m.b, &m.b->zones[MAX_NR_ZONES + ZONE_NORMAL], 0), 0);
	machine_free(&m);
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

/* Mixing types at home comes before another node's memory, however much that has. */
static void test_nofragment_nodes(void)
{
	struct pagemap_config cfg = { 0 };
	struct machine m;
	unsigned int i;
	pfn_t pfn;

	make(&m, 16ULL << 30, 2, 2, &cfg);
	leave_half_a_pageblock(&m, &m.b->zones[ZONE_NORMAL]);
	for (i = ZONE_DMA; i <= ZONE_DMA32; i++) {
		m.zone = &m.b->zones[i];
		machine_set_marks(&m, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	}
	pfn = buddy_alloc_pages(m.b, 0, GFP_KERNEL, 0, NUMA_NO_NODE);
	CU_ASSERT_TRUE(zone_spans_pfn(&m.b->zones[ZONE_NORMAL], pfn.v));
	machine_free(&m);
}

/* Lowmem reserves keep DMA for those who can go nowhere else. */
static void test_lowmem_reserve(void)
{
	struct pagemap_config cfg = { 0 };
	struct zone *dma, *dma32;
	struct machine m;

	make(&m, 64ULL << 20, 1, 1, &cfg);
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
	make(&m, limit - PAGE_SIZE, 1, 1, &cfg);
	CU_ASSERT_EQUAL(buddy_min_free_kbytes(m.b), calculate_min_free_kbytes((512 << 8) - 1));
	machine_free(&m);
	memset(&cfg, 0, sizeof(cfg));
	make(&m, limit, 1, 1, &cfg);
	CU_ASSERT(buddy_min_free_kbytes(m.b) > 4 * calculate_min_free_kbytes(512 << 8));
	machine_free(&m);
	memset(&cfg, 0, sizeof(cfg));
	make(&m, 8ULL << 30, 1, 1, &cfg);
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
	make(&m, 1ULL << 40, 1, 8, &cfg);
	getrusage(RUSAGE_SELF, &after);
	CU_ASSERT(after.ru_minflt - before.ru_minflt < 20000);
	CU_ASSERT_EQUAL(m.b->zones[ZONE_NORMAL].free_pages, (1ULL << 28) - (1ULL << 20));
	CU_ASSERT_FALSE(pfn_is_none(buddy_alloc_pages(m.b, 7, GFP_HIGHUSER_MOVABLE, 0, NUMA_NO_NODE)));
	machine_free(&m);
}

/* Pageblocks as pagetypeinfo counts them: from the zone's first frame on, holes of a section included. */
static void test_count_pageblocks(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 2, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 3 * BLOCK, 0 },
						      { BASE + 8 * 32768, BASE + 8 * 32768 + BLOCK, 0 } } };
	uint64_t count[MIGRATE_TYPES];
	struct buddy_config cfg;
	struct machine m;

	machine_config(&cfg, 1);
	machine_make(&m, &map_cfg, &cfg);
	set_pageblock_migratetype(m.b, m.zone, BASE + PB, MIGRATE_UNMOVABLE);
	buddy_count_pageblocks(m.b, m.zone, count);
	CU_ASSERT_EQUAL(count[MIGRATE_UNMOVABLE], 1);
	CU_ASSERT_EQUAL(count[MIGRATE_MOVABLE], 32768 / PB + BLOCK / PB - 1);
	CU_ASSERT_EQUAL(count[MIGRATE_HIGHATOMIC], 0);
	CU_ASSERT_EQUAL(count[MIGRATE_ISOLATE], 0);
	CU_ASSERT_EQUAL(count[MIGRATE_RECLAIMABLE], 0);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, PFN_NONE), MIGRATE_MOVABLE);
	machine_free(&m);
}

/* A hole inside of a block makes two ranges of it: it is one block all the same. */
static void test_block_usage_of_parts(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 2, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 1, 0 }, { BASE + 3, BASE + 2 * BLOCK, 0 } } };
	uint64_t full, partial, used;
	struct buddy_config cfg;
	struct machine m;

	machine_config(&cfg, 1);
	cfg.min_free_kbytes = 0;
	machine_make(&m, &map_cfg, &cfg);
	machine_set_marks(&m, 0, 0, 0);
	CU_ASSERT_EQUAL(machine_take(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0), BASE + BLOCK);
	CU_ASSERT_EQUAL(buddy_block_usage(m.b, MAX_PAGE_ORDER, &full, &partial, &used), 0);
	CU_ASSERT_EQUAL(full, 1);
	CU_ASSERT_EQUAL(partial, 0);
	CU_ASSERT_EQUAL(used, BLOCK);
	machine_take(&m, 0, MIGRATE_MOVABLE, 0);
	CU_ASSERT_EQUAL(buddy_block_usage(m.b, MAX_PAGE_ORDER, &full, &partial, &used), 0);
	CU_ASSERT_EQUAL(full, 1);
	CU_ASSERT_EQUAL(partial, 1);
	CU_ASSERT_EQUAL(used, BLOCK);
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

/* Used frames in full and in partly free blocks, the ends of memory included. */
static void test_block_usage(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 2, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 3 * BLOCK, 0 },
						      { BASE + 8 * BLOCK, BASE + 9 * BLOCK + 2, 0 } } };
	uint64_t full, partial, used;
	struct buddy_config cfg;
	struct machine m;
	uint32_t i;

	machine_config(&cfg, 1);
	cfg.min_free_kbytes = 0;
	machine_make(&m, &map_cfg, &cfg);
	machine_set_marks(&m, 0, 0, 0);
	CU_ASSERT_EQUAL(buddy_block_usage(m.b, MAX_PAGE_ORDER, &full, &partial, &used), 0);
	CU_ASSERT_EQUAL(full, 0);
	CU_ASSERT_EQUAL(partial, 0);
	CU_ASSERT_EQUAL(used, 0);
	/* One block used whole, a frame of another, and the stump at the end. */
	CU_ASSERT_EQUAL(machine_take(&m, 1, MIGRATE_MOVABLE, 0), BASE + 9 * BLOCK);
	CU_ASSERT_EQUAL(machine_take(&m, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0), BASE);
	CU_ASSERT_EQUAL(machine_take(&m, 0, MIGRATE_MOVABLE, 0), BASE + BLOCK);
	buddy_block_usage(m.b, MAX_PAGE_ORDER, &full, &partial, &used);
	CU_ASSERT_EQUAL(full, 2);
	CU_ASSERT_EQUAL(partial, 1);
	CU_ASSERT_EQUAL(used, BLOCK + 2);
	buddy_block_usage(m.b, 0, &full, &partial, &used);
	CU_ASSERT_EQUAL(full, BLOCK + 3);
	CU_ASSERT_EQUAL(partial, 0);
	CU_ASSERT_EQUAL(used, BLOCK + 3);
	/* Larger blocks than the allocator's; and frames on per-CPU lists are free. */
	buddy_block_usage(m.b, MAX_PAGE_ORDER + 2, &full, &partial, &used);
	CU_ASSERT_EQUAL(full, 0);
	CU_ASSERT_EQUAL(partial, 2);
	CU_ASSERT_EQUAL(used, 0);
	machine_set_pcp(&m, 1, 100);
	CU_ASSERT_EQUAL(buddy_split_page(m.b, pfn_make(BASE)), 0);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(BASE + i), 0), 0);
	buddy_block_usage(m.b, MAX_PAGE_ORDER, &full, &partial, &used);
	CU_ASSERT_EQUAL(full, 1);
	CU_ASSERT_EQUAL(partial, 2);
	CU_ASSERT_EQUAL(used, 2);
	CU_ASSERT_EQUAL(buddy_zone_pcp_pages(m.b, m.zone), 3);
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "watermarks of a running kernel", test_marks_of_a_kernel },
	{ "watermarks of the captures", test_marks_of_captures },
	{ "fragmentation indices of the captures", test_indices_of_captures },
	{ "fragmentation indices", test_indices },
	{ "min_free_kbytes", test_min_free_kbytes },
	{ "extreme sizes", test_marks_extremes },
	{ "the watermark check", test_watermark_ok },
	{ "the watermark check under a boost", test_watermark_boosted },
	{ "what gfp flags mean", test_gfp_meaning },
	{ "zonelists by distance", test_zonelists },
	{ "zonelists of equal nodes", test_zonelists_of_equals },
	{ "zonelists of nodes already leant on", test_zonelists_by_load },
	{ "zonelists by direction", test_zonelists_one_way },
	{ "nodes in a zonelist's order", test_node_order },
	{ "zones one after the other", test_iterators },
	{ "overflow to zones and nodes", test_overflow },
	{ "NOFRAGMENT over zones", test_nofragment_zones },
	{ "no fragmentation, nodes", test_nofragment_nodes },
	{ "drift allowed to a CPU", test_stat_threshold },
	{ "figures of lowmem reserves", test_lowmem_figures },
	{ "lowmem reserve", test_lowmem_reserve },
	{ "configuration", test_config },
	{ "limits of the configuration", test_config_limits },
	{ "min_free_kbytes by default", test_default_min_free },
	{ "a terabyte boots", test_boot_large },
	{ "pageblocks counted", test_count_pageblocks },
	{ "nodes within each other", test_interleaved_nodes },
	{ "used frames by block", test_block_usage },
	{ "used frames of blocks in parts", test_block_usage_of_parts },
	{ NULL, NULL }
};

const struct test_suite buddy_zone_suite = { "buddy_zone", cases };
