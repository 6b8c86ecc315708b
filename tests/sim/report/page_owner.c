/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the list of page owners, byte by byte as either kernel prints
 * it, and each order of it.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/machine/machine.h"
#include "sim/report/kernel/page_owner.h"
#include "tests/tests.h"

enum { SITE_A = 1, SITE_B, BASH, PYTHON };
enum { LARGE, NEWER, OLDER, AGAIN, SLAB, NR_BLOCKS };

struct rig {
	struct names *names;
	struct machine *machine;
	pfn_t pfn[NR_BLOCKS];
};

static pfn_t alloc_as(struct rig *rig, uint32_t site, uint32_t task, int32_t pid, uint64_t ns,
		      gfp_t gfp, unsigned int order)
{
	const struct buddy_caller caller = { .site = site, .task = task, .pid = pid, .time_ns = ns };

	buddy_set_caller(rig->machine->buddy, &caller);
	return buddy_alloc_pages(rig->machine->buddy, 0, gfp, order, NUMA_NO_NODE);
}

/*
 * Five blocks, by the time of their allocation:
 *
 *   150  bash 30     site_a  one frame, freed at 100 and handed out again
 *   200  bash 10     -       one frame
 *   300  bash 10     -       one frame, of the same owner
 *   400  python3 20  site_b  four frames, compound
 *   500  python3 40  site_b  two frames of a slab cache
 */
static void rig_up(struct rig *rig, enum buddy_kernel kernel)
{
	static const char *const known[] = { "site_a+0x1", "site_b+0x2", "bash", "python3" };
	struct machine_config cfg;
	struct kerror err = { 0 };
	size_t i;

	rig->names = names_create();
	for (i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(names_intern(rig->names, known[i], strlen(known[i])), i + 1);
	machine_config_default(&cfg);
	cfg.mem_bytes = 64ULL << 20;
	cfg.page_owner = true;
	cfg.kernel = kernel;
	CU_ASSERT_EQUAL_FATAL(machine_create(&rig->machine, &cfg, &err), 0);
	rig->pfn[LARGE] = alloc_as(rig, SITE_B, PYTHON, 20, 400, GFP_KERNEL | __GFP_COMP, 2);
	rig->pfn[NEWER] = alloc_as(rig, 0, BASH, 10, 300, GFP_HIGHUSER_MOVABLE, 0);
	rig->pfn[OLDER] = alloc_as(rig, 0, BASH, 10, 200, GFP_HIGHUSER_MOVABLE, 0);
	rig->pfn[AGAIN] = alloc_as(rig, SITE_A, BASH, 30, 100, GFP_KERNEL, 0);
	buddy_free_pages(rig->machine->buddy, 0, rig->pfn[AGAIN], 0);
	rig->pfn[AGAIN] = alloc_as(rig, SITE_A, BASH, 30, 150, GFP_KERNEL, 0);
	rig->pfn[SLAB] = alloc_as(rig, SITE_B, PYTHON, 40, 500, GFP_ATOMIC | __GFP_COMP, 1);
	page_from_pfn(rig->machine->map, rig->pfn[SLAB])->flags |= PG_slab;
}

static void rig_down(struct rig *rig)
{
	machine_destroy(rig->machine);
	names_destroy(rig->names);
}

static char *listing(const struct rig *rig, enum page_owner_order order)
{
	struct kerror err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_EQUAL(page_owner_print(rig->machine->buddy, rig->names, order, out, &err), 0);
	fclose(out);
	return text;
}

/* @text has a part that looks like this once the block's frame, pageblock and zone stand in it. */
static void expect_block(const struct rig *rig, const char *text, int block, const char *format)
{
	uint32_t pfn = pfn_val(rig->pfn[block]);
	char expected[512];

	snprintf(expected, sizeof(expected), format, pfn, pfn >> PAGEBLOCK_ORDER,
		 page_zone_id(page_from_pfn(rig->machine->map, rig->pfn[block])));
	if (!strstr(text, expected))
		CU_FAIL(expected);
}

/*
 * Each figure of a block: header, place, site. Without a site there is no line
 * for it. The first type is what was asked for, the second the pageblock's.
 */
static void test_form_6_1(void)
{
	struct rig rig;
	char *text;

	rig_up(&rig, BUDDY_KERNEL_6_1);
	text = listing(&rig, OWNER_BY_PFN);
	expect_block(&rig, text, LARGE,
		     "Page allocated via order 2, mask 0x40cc0(GFP_KERNEL|__GFP_COMP), pid 20, tgid 20 (python3), "
		     "ts 400 ns, free_ts 0 ns\n"
		     "PFN %u type Unmovable Block %u type Unmovable Flags 0x10000(head|node=0|zone=%u)\n"
		     " site_b+0x2\n\n");
	expect_block(&rig, text, NEWER,
		     "Page allocated via order 0, mask 0x100cca(GFP_HIGHUSER_MOVABLE), pid 10, tgid 10 (bash), "
		     "ts 300 ns, free_ts 0 ns\n"
		     "PFN %u type Movable Block %u type Movable Flags 0x0(node=0|zone=%u)\n\n");
	expect_block(&rig, text, AGAIN,
		     "Page allocated via order 0, mask 0xcc0(GFP_KERNEL), pid 30, tgid 30 (bash), "
		     "ts 150 ns, free_ts 100 ns\n"
		     "PFN %u type Unmovable Block %u type Unmovable Flags 0x0(node=0|zone=%u)\n"
		     " site_a+0x1\n\n");
	expect_block(&rig, text, SLAB,
		     "Page allocated via order 1, mask 0x40a20(GFP_ATOMIC|__GFP_COMP), pid 40, tgid 40 (python3), "
		     "ts 500 ns, free_ts 0 ns\n"
		     "PFN %u type Unmovable Block %u type Unmovable Flags 0x10200(slab|head|node=0|zone=%u)\n"
		     " site_b+0x2\n\n");
	free(text);
	rig_down(&rig);
}

/* The same blocks: no free_ts, PFN in hex, head elsewhere, slab no flag, no bit for __GFP_ATOMIC. */
static void test_form_6_12(void)
{
	struct rig rig;
	char *text;

	rig_up(&rig, BUDDY_KERNEL_6_12);
	text = listing(&rig, OWNER_BY_PFN);
	expect_block(&rig, text, LARGE,
		     "Page allocated via order 2, mask 0x40cc0(GFP_KERNEL|__GFP_COMP), pid 20, tgid 20 (python3), "
		     "ts 400 ns\n"
		     "PFN 0x%x type Unmovable Block %u type Unmovable Flags 0x40(head|node=0|zone=%u)\n"
		     " site_b+0x2\n\n");
	expect_block(&rig, text, NEWER,
		     "Page allocated via order 0, mask 0x100cca(GFP_HIGHUSER_MOVABLE), pid 10, tgid 10 (bash), "
		     "ts 300 ns\n"
		     "PFN 0x%x type Movable Block %u type Movable Flags 0x0(node=0|zone=%u)\n\n");
	expect_block(&rig, text, AGAIN,
		     "Page allocated via order 0, mask 0xcc0(GFP_KERNEL), pid 30, tgid 30 (bash), ts 150 ns\n"
		     "PFN 0x%x type Unmovable Block %u type Unmovable Flags 0x0(node=0|zone=%u)\n"
		     " site_a+0x1\n\n");
	expect_block(&rig, text, SLAB,
		     "Page allocated via order 1, mask 0x40820(GFP_ATOMIC|__GFP_COMP), pid 40, tgid 40 (python3), "
		     "ts 500 ns\n"
		     "PFN 0x%x type Unmovable Block %u type Unmovable Flags 0x40(head|node=0|zone=%u)\n"
		     " site_b+0x2\n\n");
	CU_ASSERT_PTR_NULL(strstr(text, "free_ts"));
	free(text);
	rig_down(&rig);
}

/* A flag that one kernel has alone: 6.1 names it, 6.12 has neither the bit nor the name. */
static void test_gfp_of_one_kernel(void)
{
	static const char *const expected[] = {
		[BUDDY_KERNEL_6_1] = "mask 0xe00(GFP_NOIO|__GFP_ATOMIC)",
		[BUDDY_KERNEL_6_12] = "mask 0xc00(GFP_NOIO)",
	};
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct rig rig;
		char *text;

		rig_up(&rig, (enum buddy_kernel)kernel);
		alloc_as(&rig, SITE_A, BASH, 1, 600, __GFP_ATOMIC | __GFP_RECLAIM, 0);
		text = listing(&rig, OWNER_BY_PFN);
		if (!strstr(text, expected[kernel]))
			CU_FAIL(text);
		free(text);
		rig_down(&rig);
	}
}

/* Each key, and equal keys by frame: their times in the order in which they appear. */
static void test_orders(void)
{
	static const struct { enum page_owner_order order; const char *up, *down; } rows[] = {
		{ OWNER_BY_TIME, "150 200 300 400 500 ", "150 200 300 400 500 " },
		{ OWNER_BY_PID, "300 200 400 150 500 ", "200 300 400 150 500 " },
		{ OWNER_BY_SITE, "300 200 150 400 500 ", "200 300 150 400 500 " },
	};
	struct rig rig;
	size_t i;

	rig_up(&rig, BUDDY_KERNEL_6_12);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = listing(&rig, rows[i].order), found[64] = "";
		const char *at = text;

		while ((at = strstr(at, ", ts "))) {
			size_t len = strlen(found);

			at += 5;
			snprintf(found + len, sizeof(found) - len, "%.3s ", at);
		}
		CU_ASSERT_STRING_EQUAL(found, pfn_val(rig.pfn[NEWER]) < pfn_val(rig.pfn[OLDER]) ? rows[i].up :
				       rows[i].down);
		free(text);
	}
	rig_down(&rig);
}

/* The largest block comes first, and of equal ones the lowest frame. */
static void test_order_by_size(void)
{
	const char *at, *next;
	struct rig rig;
	int order, last = 2;
	char *text;

	rig_up(&rig, BUDDY_KERNEL_6_12);
	text = listing(&rig, OWNER_BY_ORDER);
	for (at = text; (next = strstr(at, "via order ")); at = next + 10) {
		order = atoi(next + 10);
		CU_ASSERT(order <= last);
		last = order;
	}
	CU_ASSERT_EQUAL(last, 0);
	free(text);
	rig_down(&rig);
}

/*
 * Blocks of one owner together, as page_owner_sort prints them: two of bash's;
 * by pages the large one comes first. 6.1 knows slab pages by their flag, and
 * has the first block's times.
 */
static void test_groups(void)
{
	static const struct { const char *times, *pages, *slab; } rows[NR_BUDDY_KERNELS] = {
		[BUDDY_KERNEL_6_1] = {
			"2 times, 2 pages, allocated by OTHERS :\nPage allocated via order 0, mask 0x100cca("
			"GFP_HIGHUSER_MOVABLE), pid 10, tgid 10 (bash), ts 300 ns, free_ts 0 ns\n\n",
			"1 times, 4 pages, allocated by OTHERS :\nPage allocated via order 2, mask 0x40cc0("
			"GFP_KERNEL|__GFP_COMP), pid 20, tgid 20 (python3), ts 400 ns, free_ts 0 ns\n site_b+0x2\n\n",
			"\n1 times, 2 pages, allocated by SLAB :\nPage allocated via order 1, ",
		},
		[BUDDY_KERNEL_6_12] = {
			"2 times, 2 pages, allocated by OTHERS :\nPage allocated via order 0, mask 0x100cca("
			"GFP_HIGHUSER_MOVABLE), pid 10, tgid 10 (bash), ts  ns\n\n",
			"1 times, 4 pages, allocated by OTHERS :\nPage allocated via order 2, mask 0x40cc0("
			"GFP_KERNEL|__GFP_COMP), pid 20, tgid 20 (python3), ts  ns\n site_b+0x2\n\n",
			"\n1 times, 2 pages, allocated by OTHERS :\nPage allocated via order 1, ",
		},
	};
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct rig rig;
		char *text;

		rig_up(&rig, (enum buddy_kernel)kernel);
		/* The group has its lowest frame's time. */
		CU_ASSERT_FATAL(pfn_val(rig.pfn[NEWER]) < pfn_val(rig.pfn[OLDER]));
		text = listing(&rig, OWNER_TIMES);
		CU_ASSERT_NSTRING_EQUAL(text, rows[kernel].times, strlen(rows[kernel].times));
		CU_ASSERT_PTR_NULL(strstr(text, "PFN"));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, rows[kernel].slab));
		free(text);
		text = listing(&rig, OWNER_PAGES);
		CU_ASSERT_NSTRING_EQUAL(text, rows[kernel].pages, strlen(rows[kernel].pages));
		free(text);
		rig_down(&rig);
	}
}

static const struct test_case cases[] = {
	{ "form of 6.1", test_form_6_1 },
	{ "form of 6.12", test_form_6_12 },
	{ "gfp of one kernel", test_gfp_of_one_kernel },
	{ "orders", test_orders },
	{ "order by size", test_order_by_size },
	{ "groups", test_groups },
	{ NULL, NULL }
};
const struct test_suite page_owner_suite = { "page_owner", cases };
