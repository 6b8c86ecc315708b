/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: how free and used memory lies: fragmentation indices, checked
 * against real kernels (more of them where the shared folder is there),
 * pageblocks by type, used frames by block.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/buddy/machine.h"

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

static const struct test_case cases[] = {
	{ "fragmentation indices of the captures", test_indices_of_captures },
	{ "fragmentation indices", test_indices },
	{ "pageblocks counted", test_count_pageblocks },
	{ "used frames by block", test_block_usage },
	{ "used frames of blocks in parts", test_block_usage_of_parts },
	{ NULL, NULL }
};

const struct test_suite buddy_usage_suite = { "buddy_usage", cases };
