/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the list of page owners, byte by byte as the kernel prints it,
 * and each order of it.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/machine/machine.h"
#include "sim/report/kernel/page_owner.h"
#include "tests/tests.h"

enum { SITE_A = 1, SITE_B, BASH, PYTHON };

struct rig {
	struct names *names;
	struct machine *machine;
	pfn_t pfn[4];
};

static pfn_t alloc_as(struct rig *rig, uint32_t site, uint32_t task, int32_t pid, uint64_t ns,
		      gfp_t gfp, unsigned int order)
{
	const struct buddy_caller caller = { .site = site, .task = task, .pid = pid, .time_ns = ns };

	buddy_set_caller(rig->machine->buddy, &caller);
	return buddy_alloc_pages(rig->machine->buddy, 0, gfp, order, NUMA_NO_NODE);
}

static void rig_up(struct rig *rig)
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
	CU_ASSERT_EQUAL_FATAL(machine_create(&rig->machine, &cfg, &err), 0);
	rig->pfn[0] = alloc_as(rig, SITE_B, PYTHON, 20, 400, GFP_KERNEL | __GFP_COMP, 2);
	rig->pfn[1] = alloc_as(rig, 0, BASH, 10, 300, GFP_HIGHUSER_MOVABLE, 0);
	rig->pfn[2] = alloc_as(rig, 0, BASH, 10, 200, GFP_HIGHUSER_MOVABLE, 0);
	rig->pfn[3] = alloc_as(rig, SITE_A, BASH, 30, 100, GFP_KERNEL, 0);
	/* freed and handed out again: the record remembers when */
	buddy_free_pages(rig->machine->buddy, 0, rig->pfn[3], 0);
	rig->pfn[3] = alloc_as(rig, SITE_A, BASH, 30, 150, GFP_KERNEL, 0);
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

/* One block, each figure of it: header, place, site. */
static void test_format(void)
{
	struct rig rig;
	char *text, expected[512], *at;

	rig_up(&rig);
	text = listing(&rig, OWNER_BY_PFN);
	snprintf(expected, sizeof(expected),
		 "Page allocated via order 2, mask 0x40cc0(GFP_KERNEL|__GFP_COMP), pid 20, tgid 20 (python3), "
		 "ts 400 ns, free_ts 0 ns\n"
		 "PFN %u type Unmovable Block %u type Unmovable Flags 0x10000(head|node=0|zone=%u)\n"
		 " site_b+0x2\n\n", pfn_val(rig.pfn[0]), pfn_val(rig.pfn[0]) >> PAGEBLOCK_ORDER,
		 page_zone_id(page_from_pfn(rig.machine->map, rig.pfn[0])));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, expected));
	/* no site: no line; the block's type is the pageblock's, the page's what was asked for */
	at = strstr(text, "ts 300 ns, free_ts 0 ns\nPFN ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_PTR_NOT_NULL(strstr(at, " type Movable Block "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "(bash), ts 150 ns, free_ts 100 ns\n"));
	free(text);
	rig_down(&rig);
}

/* The time stamps in the order they appear. */
static void check_order(const struct rig *rig, enum page_owner_order order, const char *times)
{
	char *text = listing(rig, order), found[64] = "";
	const char *at = text;

	while ((at = strstr(at, ", ts "))) {
		size_t len = strlen(found);

		at += 5;
		snprintf(found + len, sizeof(found) - len, "%.3s ", at);
	}
	CU_ASSERT_STRING_EQUAL(found, times);
	free(text);
}

static void test_orders(void)
{
	struct rig rig;

	rig_up(&rig);
	check_order(&rig, OWNER_BY_TIME, "150 200 300 400 ");
	check_order(&rig, OWNER_BY_PID, pfn_val(rig.pfn[1]) < pfn_val(rig.pfn[2]) ?
		    "300 200 400 150 " : "200 300 400 150 ");
	check_order(&rig, OWNER_BY_SITE, pfn_val(rig.pfn[1]) < pfn_val(rig.pfn[2]) ?
		    "300 200 150 400 " : "200 300 150 400 ");
	rig_down(&rig);
}

/* Blocks of one owner together: two of bash's; by pages the large one comes first. */
static void test_groups(void)
{
	struct rig rig;
	char *text;

	rig_up(&rig);
	text = listing(&rig, OWNER_TIMES);
	CU_ASSERT_EQUAL(strncmp(text, "2 times, 2 pages:\nPage allocated via order 0, ", 46), 0);
	CU_ASSERT_PTR_NULL(strstr(text, "PFN"));
	free(text);
	text = listing(&rig, OWNER_PAGES);
	CU_ASSERT_EQUAL(strncmp(text, "1 times, 4 pages:\nPage allocated via order 2, ", 46), 0);
	free(text);
	rig_down(&rig);
}

static const struct test_case cases[] = {
	{ "format", test_format },
	{ "orders", test_orders },
	{ "groups", test_groups },
	{ NULL, NULL }
};
const struct test_suite page_owner_suite = { "page_owner", cases };
