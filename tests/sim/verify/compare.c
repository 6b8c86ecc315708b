/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a machine's lists held against a kernel's. The machine has two free blocks of
 * four frames, 1004 and 100c in this order, and one frame on CPU 0's list, 1009 (all in hex).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/pages/compare.h"
#include "sim/verify/pages/pages.h"
#include "tests/sim/verify/small_machine.h"
#include "tests/tests.h"

/* Blocks of four frames that are free, and single frames on the CPU's list. */
struct lists {
	unsigned int nr_free;
	const char *free;
	unsigned int nr_pcp;
	const char *pcp;
};

static struct snapshot *snapshot_with(const struct lists *lists)
{
	struct snapshot *snap = NULL;
	struct kerror err = { 0 };
	char text[2048];

	snprintf(text, sizeof(text),
		 SNAP_HEAD
		 "zone 0 1 DMA32 start 1000 spanned 400 present 400 managed 400\n"
		 "wmark min 1 low 2 high 3 promo 4 boost 0\n"
		 "lowmem_reserve 0 0 0 0 0\n"
		 "zflags 4 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 0\n"
		 "zstat 8 0\n"
		 "zstatdiff 0 thr 4 0 0\n"
		 "pcp 0 count %u high 10 batch 3 free_factor 1 expire 0\n"
		 "pcplist 0 1 %u : %s\n"
		 "free 2 1 %u : %s\n"
		 "nr_free 0 0 %u 0 0 0 0 0 0 0 0\n"
		 "blocks 1000 :11\n"
		 "pages A1000+4 B1004+4 U1008+1 01009+1 S100a+2 B100c+4 S1010+3f0\n"
		 "endzone\nend\n", lists->nr_pcp, lists->nr_pcp, lists->pcp, lists->nr_free, lists->free,
		 lists->nr_free);
	CU_ASSERT_EQUAL_FATAL(parse(&snap, text, &err), 0);
	return snap;
}

/* How many of the lists are equal in order, as sets and in number. */
static void expect(const struct compare_lists *lists, unsigned int in_order, unsigned int as_sets,
		   unsigned int in_number)
{
	CU_ASSERT_EQUAL(lists->all, 1);
	CU_ASSERT_EQUAL(lists->in_order, in_order);
	CU_ASSERT_EQUAL(lists->as_sets, as_sets);
	CU_ASSERT_EQUAL(lists->in_number, in_number);
}

/*
 * A list is equal in order, or as a set, or in number only, or not at all; a list that is the
 * beginning of the other is not equal, whichever is the longer one.
 */
static void test_lists(void)
{
	static const struct lists ours = { 2, "1004 100c", 1, "1009/1" };
	static const struct {
		struct lists kernel;
		bool pcp;			/* they differ on the CPU's list */
		unsigned int in_order, as_sets, in_number;
		const char *first;
	} rows[] = {
		{ { 2, "1004 100c", 1, "1009/1" }, false, 1, 1, 1, "" },
		{ { 2, "100c 1004", 1, "1009/1" }, false, 0, 1, 1,
		  "zone DMA32, order 2, Movable: 2 blocks, the kernel has 2; they differ from number 1 on" },
		{ { 2, "1004 1010", 1, "1009/1" }, false, 0, 0, 1,
		  "zone DMA32, order 2, Movable: 2 blocks, the kernel has 2; they differ from number 2 on" },
		{ { 1, "1004", 1, "1009/1" }, false, 0, 0, 0,
		  "zone DMA32, order 2, Movable: 2 blocks, the kernel has 1; they differ from number 2 on" },
		{ { 3, "1004 100c 1010", 1, "1009/1" }, false, 0, 0, 0,
		  "zone DMA32, order 2, Movable: 2 blocks, the kernel has 3; they differ from number 3 on" },
		{ { 0, "", 1, "1009/1" }, false, 0, 0, 0,
		  "zone DMA32, order 2, Movable: 2 blocks, the kernel has 0; they differ from number 1 on" },
		{ { 2, "1004 100c", 2, "1009/1 100a/1" }, true, 0, 0, 0,
		  "zone DMA32, CPU 0, list 1: 1 blocks, the kernel has 2; they differ from number 2 on" },
		{ { 2, "1004 100c", 1, "100a/1" }, true, 0, 0, 1,
		  "zone DMA32, CPU 0, list 1: 1 blocks, the kernel has 1; they differ from number 1 on" },
	};
	struct snapshot *snap = snapshot_with(&ours);
	struct kerror err = { 0 };
	struct pagemap *map;
	struct buddy *b;
	size_t i;

	CU_ASSERT_EQUAL_FATAL(verify_boot(&map, &b, snap, BUDDY_KERNEL_6_1, &err), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot *kernel = snapshot_with(&rows[i].kernel);
		struct compare_result cmp;

		CU_ASSERT_EQUAL_FATAL(compare_with_snapshot(&cmp, b, kernel, &err), 0);
		expect(rows[i].pcp ? &cmp.pcp_lists : &cmp.free_lists, rows[i].in_order, rows[i].as_sets,
		       rows[i].in_number);
		expect(rows[i].pcp ? &cmp.free_lists : &cmp.pcp_lists, 1, 1, 1);
		CU_ASSERT_STRING_EQUAL(cmp.first, rows[i].first);
		CU_ASSERT_EQUAL(compare_is_equal(&cmp), !rows[i].first[0]);
		compare_free(&cmp);
		snapshot_free(kernel);
	}
	buddy_destroy(b);
	pagemap_destroy(map);
	snapshot_free(snap);
}

static const struct test_case cases[] = {
	{ "lists", test_lists },
	{ NULL, NULL }
};

const struct test_suite verify_compare_suite = { "verify_compare", cases };
