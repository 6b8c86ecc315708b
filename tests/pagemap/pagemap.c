/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: page frames, topology, compound pages, the record of touched frames. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "pagemap/pagemap.h"
#include "tests/tests.h"

#define BLOCK MAX_ORDER_NR_PAGES

static struct pagemap *make(uint64_t bytes, unsigned int nodes, const struct mem_range *holes,
			    unsigned int nr_holes, uint32_t movable)
{
	struct pagemap_config cfg = { .movable_pages = movable };
	struct pagemap *map = NULL;
	struct kerror err = { 0 };

	if (pagemap_config_memory(&cfg, bytes, nodes, holes, nr_holes, &err) ||
	    pagemap_create(&map, &cfg, &err))
		CU_FAIL(err.text);
	return map;
}

/* A frame, its struct page and its address name the same thing, in every direction. */
static void test_conversions(void)
{
	struct pagemap *map = make(64 << 20, 1, NULL, 0, 0);
	uint32_t samples[] = { 1, 2, 1023, 1024, 4095, (64 << 20 >> PAGE_SHIFT) - 1 };
	unsigned int i;

	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		pfn_t pfn = pfn_make(samples[i]);
		unsigned char *virt = virt_from_pfn(map, pfn);

		CU_ASSERT(pfn_eq(pfn_from_page(map, page_from_pfn(map, pfn)), pfn));
		CU_ASSERT(pfn_eq(pfn_from_virt(map, virt), pfn));
		CU_ASSERT(pfn_eq(pfn_from_virt(map, virt + PAGE_SIZE - 1), pfn));
		CU_ASSERT_TRUE(pfn_in_map(map, pfn));
		CU_ASSERT_TRUE(virt_in_map(map, virt));
		virt[0] = 1;
		virt[PAGE_SIZE - 1] = 1;
	}
	CU_ASSERT_FALSE(virt_in_map(map, map->base - 1));
	CU_ASSERT_FALSE(virt_in_map(map, map->base + ((size_t)map->end_pfn << PAGE_SHIFT)));
	CU_ASSERT_FALSE(pfn_in_map(map, PFN_NONE));
	pagemap_destroy(map);
}

/* A block aligned in pfns is aligned in virtual memory, up to the largest order. */
static void test_alignment(void)
{
	struct pagemap *map = make(64 << 20, 1, NULL, 0, 0);

	CU_ASSERT_EQUAL((uintptr_t)map->base % ((size_t)BLOCK << PAGE_SHIFT), 0);
	CU_ASSERT_EQUAL(map->end_pfn % BLOCK, 0);
	pagemap_destroy(map);
}

/* Memory of 8 GiB has the PC's zones: DMA to 16 MiB, DMA32 to 4 GiB, the rest NORMAL. */
static void test_zones(void)
{
	struct pagemap *map = make(8ULL << 30, 1, NULL, 0, 0);
	const struct zone_span *zone = map->node[0].zone;

	CU_ASSERT_EQUAL(zone[ZONE_DMA].start, 1);
	CU_ASSERT_EQUAL(zone[ZONE_DMA].spanned, 4095);
	CU_ASSERT_EQUAL(zone[ZONE_DMA].present, 4095);
	CU_ASSERT_EQUAL(zone[ZONE_DMA32].start, 4096);
	CU_ASSERT_EQUAL(zone[ZONE_DMA32].spanned, (1 << 20) - 4096);
	CU_ASSERT_EQUAL(zone[ZONE_NORMAL].start, 1 << 20);
	CU_ASSERT_EQUAL(zone[ZONE_NORMAL].spanned, 1 << 20);
	CU_ASSERT_EQUAL(zone[ZONE_MOVABLE].present, 0);
	CU_ASSERT_EQUAL(zone[ZONE_DEVICE].present, 0);
	CU_ASSERT_EQUAL(map->node[0].present, (2U << 20) - 1);
	pagemap_destroy(map);
}

/* ZONE_MOVABLE takes the end of each node and leaves the first 16 MiB alone. */
static void test_movable_zone(void)
{
	struct pagemap *map = make(64 << 20, 1, NULL, 0, 2048);
	const struct zone_span *zone = map->node[0].zone;

	CU_ASSERT_EQUAL(zone[ZONE_MOVABLE].start, 16384 - 2048);
	CU_ASSERT_EQUAL(zone[ZONE_MOVABLE].present, 2048);
	CU_ASSERT_EQUAL(zone[ZONE_DMA32].present, 16384 - 4096 - 2048);
	pagemap_destroy(map);

	map = make(64 << 20, 1, NULL, 0, UINT32_MAX);
	CU_ASSERT_EQUAL(map->node[0].zone[ZONE_DMA].present, 4095);
	CU_ASSERT_EQUAL(map->node[0].zone[ZONE_DMA32].present, 0);
	CU_ASSERT_EQUAL(map->node[0].zone[ZONE_MOVABLE].present, 16384 - 4096);
	pagemap_destroy(map);
}

/*
 * A movable zone larger than the last range reaches back over holes, counts what
 * is memory only, and begins on a border of the largest block. Ranges of other
 * nodes lie in between and behind, and are none of its business.
 *
 *	node 0        node 1   node 0       node 0    node 1
 *	|====...xxxx|..|====|..|xxxxxxxx|...|xxxx|....|==xx|
 *	        ^ movable
 */
static void test_movable_over_ranges(void)
{
	const uint32_t at = 1U << 20;	/* frames of ZONE_NORMAL */
	struct pagemap_config cfg = {
		.nr_nodes = 2, .nr_ranges = 5,
		.ranges = { { at, at + 16 * BLOCK, 0 }, { at + 20 * BLOCK, at + 24 * BLOCK, 1 },
			    { at + 30 * BLOCK, at + 33 * BLOCK, 0 }, { at + 34 * BLOCK, at + 35 * BLOCK + 1, 0 },
			    { at + 40 * BLOCK, at + 48 * BLOCK, 1 } },
	};
	static const struct { uint32_t pages, start, present; } rows[] = {
		/* in blocks of the largest order from @at on, and frames more: all of the last range, ... */
		{ BLOCK + 1, 34, BLOCK + 1 },
		/* ... less than it: rounded up to what is aligned, ... */
		{ BLOCK, 35, 1 },
		/* ... the one before as well, in part and in whole, ... */
		{ 2 * BLOCK + 1, 32, 2 * BLOCK + 1 },
		{ 4 * BLOCK + 1, 30, 4 * BLOCK + 1 },
		/* ... and the node's first. */
		{ 5 * BLOCK + 1, 15, 5 * BLOCK + 1 },
		{ 20 * BLOCK + 1, 0, 20 * BLOCK + 1 },
		{ 20 * BLOCK + 2, 0, 20 * BLOCK + 1 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct zone_span *zone;
		struct pagemap *map = NULL;

		cfg.movable_pages = rows[i].pages;
		CU_ASSERT_EQUAL_FATAL(pagemap_create(&map, &cfg, NULL), 0);
		zone = map->node[0].zone;
		CU_ASSERT_EQUAL(zone[ZONE_MOVABLE].start, at + rows[i].start * BLOCK);
		CU_ASSERT_EQUAL(zone[ZONE_MOVABLE].present, rows[i].present);
		CU_ASSERT_EQUAL(zone[ZONE_MOVABLE].spanned, 35 * BLOCK + 1 - rows[i].start * BLOCK);
		CU_ASSERT_EQUAL(zone[ZONE_NORMAL].present, 20 * BLOCK + 1 - rows[i].present);
		CU_ASSERT_EQUAL(map->node[0].present, 20 * BLOCK + 1);
		CU_ASSERT_EQUAL(map->node[1].zone[ZONE_MOVABLE].present + map->node[1].zone[ZONE_NORMAL].present,
				12 * BLOCK);
		pagemap_destroy(map);
	}
}

/* A hole is spanned but not present, belongs to nobody, and moves memory up. */
static void test_holes(void)
{
	struct mem_range holes[] = { { 3 << 18, 1 << 20, 0 } };	/* 3 GiB to 4 GiB */
	struct pagemap *map = make(4ULL << 30, 1, holes, 1, 0);

	CU_ASSERT_EQUAL(map->nr_ranges, 2);
	CU_ASSERT(pagemap_present(map, pfn_make((3 << 18) - 1)));
	CU_ASSERT_FALSE(pagemap_present(map, pfn_make(3 << 18)));
	CU_ASSERT_FALSE(pagemap_present(map, pfn_make((1 << 20) - 1)));
	CU_ASSERT(pagemap_present(map, pfn_make(1 << 20)));
	CU_ASSERT_FALSE(pagemap_present(map, pfn_make(0)));
	CU_ASSERT_EQUAL(map->node[0].zone[ZONE_DMA32].present, (3 << 18) - 4096);
	CU_ASSERT_EQUAL(map->node[0].zone[ZONE_NORMAL].start, 1 << 20);
	CU_ASSERT_EQUAL(map->node[0].zone[ZONE_NORMAL].present, 1 << 18);
	CU_ASSERT_EQUAL(map->node[0].present, (1 << 20) - 1);
	pagemap_destroy(map);
}

/* One hole inside a zone: the zone spans it, and has as much less. */
static void test_hole_inside(void)
{
	struct mem_range holes[] = { { 1 << 18, 3 << 17, 0 } };	/* 1 GiB to 1.5 GiB */
	struct pagemap *map = make(2ULL << 30, 1, holes, 1, 0);
	const struct zone_span *zone = &map->node[0].zone[ZONE_DMA32];

	CU_ASSERT_EQUAL(zone->start, 4096);
	CU_ASSERT_EQUAL(zone->spanned, (5 << 17) - 4096);
	CU_ASSERT_EQUAL(zone->present, (1 << 19) - 4096);
	pagemap_destroy(map);
}

/* Nodes get equal shares that begin on borders of the largest block; distances default. */
static void test_nodes(void)
{
	struct pagemap *map = make(3ULL << 30, 3, NULL, 0, 0);
	unsigned int node;
	uint64_t present = 0;

	CU_ASSERT_EQUAL(map->nr_nodes, 3);
	for (node = 0; node < 3; node++) {
		const struct node_span *span = &map->node[node];

		if (node)
			CU_ASSERT_EQUAL(span->start % BLOCK, 0);
		CU_ASSERT_EQUAL(pagemap_node_of(map, pfn_make(span->start)), node);
		CU_ASSERT_EQUAL(pagemap_node_of(map, pfn_make(span->start + span->spanned - 1)), node);
		present += span->present;
	}
	CU_ASSERT_EQUAL(present, (3 << 18) - 1);
	CU_ASSERT_EQUAL(map->distance[1][1], 10);
	CU_ASSERT_EQUAL(map->distance[0][2], 20);
	pagemap_destroy(map);
}

/* Whatever is asked for is what the nodes have, in whole largest blocks but for the last one. */
static void test_node_sizes(void)
{
	static const struct { uint64_t mib; unsigned int nodes; } cases[] = {
		{ 9, 2 }, { 30, 4 }, { 1024, 3 }, { 1000, 16 }, { 64, 16 }, { 100, 1 }, { 65, 7 },
	};
	unsigned int i, node;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pagemap *map = make(cases[i].mib << 20, cases[i].nodes, NULL, 0, 0);
		uint64_t present = 1;

		for (node = 0; node < cases[i].nodes; node++) {
			present += map->node[node].present;
			if (node && node < cases[i].nodes - 1)
				CU_ASSERT_EQUAL(map->node[node].present, map->node[0].present + 1);
		}
		CU_ASSERT_EQUAL(present << PAGE_SHIFT, cases[i].mib << 20);
		pagemap_destroy(map);
	}
}

/* Two machines share nothing. */
static void test_two_machines(void)
{
	struct pagemap *a = make(64 << 20, 1, NULL, 0, 0), *b = make(64 << 20, 1, NULL, 0, 0);

	*(char *)virt_from_pfn(a, pfn_make(7)) = 'a';
	page_from_pfn(a, pfn_make(7))->refcount = 3;
	CU_ASSERT_EQUAL(*(char *)virt_from_pfn(b, pfn_make(7)), 0);
	CU_ASSERT_EQUAL(page_from_pfn(b, pfn_make(7))->refcount, 0);
	CU_ASSERT_FALSE(virt_in_map(b, virt_from_pfn(a, pfn_make(7))));
	pagemap_destroy(a);
	pagemap_destroy(b);
}

/* 1 TiB is only address space: booting its page map costs no memory to speak of. */
static void test_terabyte(void)
{
	struct rusage before, after;
	struct pagemap *map;

	getrusage(RUSAGE_SELF, &before);
	map = make(1ULL << 40, 2, NULL, 0, 0);
	getrusage(RUSAGE_SELF, &after);
	CU_ASSERT(after.ru_minflt - before.ru_minflt < 256);
	*(char *)virt_from_pfn(map, pfn_make((1U << 28) - 1)) = 1;
	CU_ASSERT_EQUAL(pagemap_node_of(map, pfn_make((1U << 28) - 1)), 1);
	pagemap_destroy(map);
}

/* Every tail knows its head, and taking the compound apart leaves tails all zero. */
static void test_compound(void)
{
	struct pagemap *map = make(64 << 20, 1, NULL, 0, 0);
	struct page zero = { 0 }, *page = page_from_pfn(map, pfn_make(4096));
	unsigned int i;

	page->flags = page_flags_make(PG_allocated, 2, 1, 3);
	prep_compound_page(map, pfn_make(4096), 2);
	for (i = 0; i < 4; i++)
		CU_ASSERT_PTR_EQUAL(compound_head(map, page + i), page);
	CU_ASSERT_PTR_EQUAL(compound_head(map, page + 4), page + 4);
	CU_ASSERT_EQUAL(page_order(page), 2);
	CU_ASSERT_EQUAL(page_migratetype(page), 1);
	CU_ASSERT_EQUAL(page_zone_id(page), 3);
	destroy_compound_page(map, pfn_make(4096), 2);
	CU_ASSERT_EQUAL(page->flags & (PG_head | PG_allocated), PG_allocated);
	for (i = 1; i < 4; i++)
		CU_ASSERT_EQUAL(memcmp(page + i, &zero, sizeof(zero)), 0);
	pagemap_destroy(map);
}

/* A frame counts once, however often and in whatever run it is touched. */
static void test_touch(void)
{
	struct pagemap *map = make(64 << 20, 1, NULL, 0, 0);

	CU_ASSERT_EQUAL(pagemap_touch(map, pfn_make(60), 8), 8);
	CU_ASSERT_EQUAL(pagemap_touch(map, pfn_make(60), 8), 0);
	CU_ASSERT_EQUAL(pagemap_touch(map, pfn_make(64), 1), 0);
	CU_ASSERT_EQUAL(pagemap_touch(map, pfn_make(0), 256), 248);
	CU_ASSERT_EQUAL(pagemap_touch(map, pfn_make(100), 0), 0);
	CU_ASSERT_EQUAL(map->nr_touched, 256);
	pagemap_destroy(map);
}

/* Distances are kept as given, row by row; it may be farther from one node to another than back. */
static void test_distances(void)
{
	struct pagemap_config cfg = { 0 };
	struct pagemap *map = NULL;
	unsigned int i, j;

	CU_ASSERT_EQUAL(pagemap_config_memory(&cfg, 64 << 20, 3, NULL, 0, NULL), 0);
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			cfg.distance[i][j] = (uint8_t)(i == j ? 10 : 10 + 7 * i + j);
	CU_ASSERT_EQUAL_FATAL(pagemap_create(&map, &cfg, NULL), 0);
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			CU_ASSERT_EQUAL(map->distance[i][j], cfg.distance[i][j]);
	pagemap_destroy(map);
}

static void expect_error(struct pagemap_config *cfg, const char *part)
{
	struct pagemap *map = NULL;
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(pagemap_create(&map, cfg, &err), -EINVAL);
	CU_ASSERT_PTR_NULL(map);
	if (!strstr(err.text, part))
		CU_FAIL(err.text);
}

/* Every impossible layout is refused with a sentence that names what is wrong. */
static void test_bad_layouts(void)
{
	struct pagemap_config cfg = { .nr_ranges = 1, .nr_nodes = 1, .ranges = { { 1, 4096, 0 } } };
	struct mem_range hole = { 5, 5, 0 };
	struct pagemap_config bad;
	struct kerror err = { 0 };
	unsigned int i;

	bad = cfg, bad.nr_nodes = 0;
	expect_error(&bad, "0 nodes");
	bad = cfg, bad.nr_nodes = 2;
	expect_error(&bad, "a node has no memory");
	bad = cfg, bad.nr_ranges = 0;
	expect_error(&bad, "0 ranges");
	bad = cfg, bad.ranges[0].end = 1;
	expect_error(&bad, "is empty");
	bad = cfg, bad.ranges[0].node = 3;
	expect_error(&bad, "on node 3");
	bad = cfg, bad.nr_ranges = 2, bad.ranges[1] = (struct mem_range){ 4000, 5000, 0 };
	expect_error(&bad, "overlap");
	bad = cfg, bad.nr_nodes = 2, bad.nr_ranges = 2;
	bad.ranges[0].end = 4097;
	bad.ranges[1] = (struct mem_range){ 4098, 8192, 1 };
	expect_error(&bad, "share a block");
	bad = cfg, bad.distance[0][0] = 9;
	expect_error(&bad, "10 is the least");

	CU_ASSERT_EQUAL(pagemap_config_memory(&bad, 4096, 1, NULL, 0, &err), -EINVAL);
	CU_ASSERT_EQUAL(pagemap_config_memory(&bad, 1ULL << 50, 1, NULL, 0, &err), -EINVAL);
	CU_ASSERT_EQUAL(pagemap_config_memory(&bad, 1 << 30, 0, NULL, 0, &err), -EINVAL);
	CU_ASSERT_EQUAL(pagemap_config_memory(&bad, 1 << 30, 17, NULL, 0, &err), -EINVAL);
	CU_ASSERT_EQUAL(pagemap_config_memory(&bad, 1 << 30, 1, &hole, 1, &err), -EINVAL);
	CU_ASSERT_EQUAL(pagemap_config_memory(&bad, 16ULL << 40, 1, NULL, 0, NULL), -EINVAL);
	{
		struct mem_range holes[MAX_MEM_RANGES];

		for (i = 0; i < MAX_MEM_RANGES; i++)
			holes[i] = (struct mem_range){ 100 + 2 * i, 101 + 2 * i, 0 };
		CU_ASSERT_EQUAL(pagemap_config_memory(&bad, 1 << 30, 1, holes, MAX_MEM_RANGES, &err),
				-EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "ranges"));
		holes[0] = (struct mem_range){ 200, 0xfffffff0, 0 };
		CU_ASSERT_EQUAL(pagemap_config_memory(&bad, 1 << 30, 1, holes, 1, &err), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "beyond"));
	}
}

/* The last size, number and frame that are possible, and the first that is not. */
static void test_limits(void)
{
	const uint64_t max_pages = 0xfff00000;	/* 16 TiB - 4 GiB */
	struct mem_range holes[MAX_MEM_RANGES], hole = { 100, 101, 0 };
	const struct {
		uint64_t bytes;
		unsigned int nodes;
		const struct mem_range *holes;
		unsigned int nr_holes;
		int ret;
		const char *text;
	} rows[] = {
		{ (1 << 20) - PAGE_SIZE, 1, NULL, 0, -EINVAL, "1 MiB is the least" },
		{ 1 << 20, 1, NULL, 0, 0, NULL },
		{ max_pages << PAGE_SHIFT, 1, NULL, 0, 0, NULL },
		{ (max_pages + 1) << PAGE_SHIFT, 1, NULL, 0, -EINVAL, "more than" },
		{ (max_pages - 1) << PAGE_SHIFT, 1, &hole, 1, 0, NULL },
		{ max_pages << PAGE_SHIFT, 1, &hole, 1, -EINVAL, "beyond the last possible one" },
		{ 1 << 30, 1, holes, MAX_MEM_RANGES - 1, 0, NULL },
		{ 1 << 30, 1, holes, MAX_MEM_RANGES, -EINVAL, "more than 64 ranges" },
		{ 1 << 30, MAX_NUMNODES, NULL, 0, 0, NULL },
		{ 1 << 30, MAX_NUMNODES + 1, NULL, 0, -EINVAL, "must be 1 to 16" },
		{ (uint64_t)3 * BLOCK << PAGE_SHIFT, BLOCK > 512 ? 3 : 1, NULL, 0, BLOCK > 512 ? 0 : -EINVAL, "1 MiB" },
		{ ((uint64_t)3 * BLOCK << PAGE_SHIFT) - PAGE_SIZE, 3, NULL, 0, -EINVAL, NULL },
	};
	struct pagemap_config cfg = { .nr_nodes = 2, .nr_ranges = 1 };
	unsigned int i;

	for (i = 0; i < MAX_MEM_RANGES; i++)
		holes[i] = (struct mem_range){ 100 + 2 * i, 101 + 2 * i, 0 };
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pagemap_config made = { 0 };
		struct kerror err = { 0 };

		CU_ASSERT_EQUAL(pagemap_config_memory(&made, rows[i].bytes, rows[i].nodes, rows[i].holes,
						      rows[i].nr_holes, &err), rows[i].ret);
		if (rows[i].ret && rows[i].text && !strstr(err.text, rows[i].text))
			CU_FAIL(err.text);
	}
	cfg.ranges[0] = (struct mem_range){ 1, 4096, 2 };
	expect_error(&cfg, "on node 2 of 2");
	cfg.ranges[0] = (struct mem_range){ 0xffe00000, 0xfff00001, 0 };
	expect_error(&cfg, "too high");
}

/* Binding either happens or says why not; the machine works in both cases. */
static void test_bind(void)
{
	struct pagemap_config cfg = { .bind = true };
	struct pagemap *map = NULL;

	CU_ASSERT_EQUAL(pagemap_config_memory(&cfg, 64 << 20, MAX_NUMNODES, NULL, 0, NULL), 0);
	cfg.bind = true;
	CU_ASSERT_EQUAL_FATAL(pagemap_create(&map, &cfg, NULL), 0);
	CU_ASSERT_EQUAL(map->bound, map->bind_note[0] == '\0');
	*(char *)virt_from_pfn(map, pfn_make(map->node[1].start)) = 1;
	pagemap_destroy(map);

	CU_ASSERT_EQUAL(pagemap_config_memory(&cfg, 64 << 20, 1, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pagemap_create(&map, &cfg, NULL), 0);
	CU_ASSERT_EQUAL(map->bound, map->bind_note[0] == '\0');
	*(char *)virt_from_pfn(map, pfn_make(1)) = 1;
	pagemap_destroy(map);
	pagemap_destroy(NULL);
}

/* An error's text is always terminated, and nobody has to ask for one. */
static void test_error_text(void)
{
	char text[400];
	struct kerror err;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	CU_ASSERT_EQUAL(kerror_set(&err, -EIO, "%s", text), -EIO);
	CU_ASSERT_EQUAL(strlen(err.text), sizeof(err.text) - 1);
	CU_ASSERT_EQUAL(kerror_set(NULL, -EIO, "%s", text), -EIO);
}

static const struct test_case cases[] = {
	{ "pagemap_conversions", test_conversions },
	{ "pagemap_alignment", test_alignment },
	{ "pagemap_zones", test_zones },
	{ "pagemap_movable_zone", test_movable_zone },
	{ "pagemap_movable_over_ranges", test_movable_over_ranges },
	{ "pagemap_holes", test_holes },
	{ "pagemap_hole_inside", test_hole_inside },
	{ "pagemap_nodes", test_nodes },
	{ "pagemap_node_sizes", test_node_sizes },
	{ "pagemap_two_machines", test_two_machines },
	{ "pagemap_terabyte", test_terabyte },
	{ "pagemap_compound", test_compound },
	{ "pagemap_touch", test_touch },
	{ "pagemap_distances", test_distances },
	{ "pagemap_bad_layouts", test_bad_layouts },
	{ "pagemap_limits", test_limits },
	{ "pagemap_bind", test_bind },
	{ "pagemap_error_text", test_error_text },
	{ NULL, NULL }
};

const struct test_suite pagemap_suite = { "pagemap", cases };
