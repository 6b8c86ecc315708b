/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: snapshots of the page allocator read, good ones and bad ones. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/pages/pages.h"
#include "tests/sim/verify/small_machine.h"
#include "tests/tests.h"

/* All that the page layer needs is read, and boots a machine that has nothing to complain of. */
static void test_snapshot(void)
{
	struct kerror err = { 0 };
	struct pagemap *map;
	struct snapshot *snap;
	const struct buddy_state_zone *zone;
	struct buddy *b;

	CU_ASSERT_EQUAL_FATAL(parse(&snap, SNAP_GOOD, &err), 0);
	CU_ASSERT_EQUAL(snap->version[0], 6);
	CU_ASSERT_EQUAL(snap->version[1], 1);
	CU_ASSERT_EQUAL(snap->state.nr_cpus, 1);
	CU_ASSERT_EQUAL(snapshot_frame_of(snap, 0xffffea0000000000 + 64 * 0x1234), 0x1234);
	CU_ASSERT_EQUAL(snapshot_frame_of(snap, 5), PFN_NONE_VAL);
	zone = &snap->state.zones[0];
	CU_ASSERT(zone->below_high);
	CU_ASSERT(!zone->drifts);
	CU_ASSERT_EQUAL(zone->free_pages, 4);
	CU_ASSERT_EQUAL(zone->pcp[0].stat_diff, 1);
	CU_ASSERT_EQUAL(zone->pcp[0].list[1].nr, 1);
	CU_ASSERT_EQUAL(zone->pcp[0].list[1].block[0].mt, MIGRATE_HIGHATOMIC);
	/* The top bit of a pageblock is compaction's, not the type's. */
	CU_ASSERT_EQUAL(zone->nr_pageblocks, 2);
	CU_ASSERT_EQUAL(zone->pageblock[1], MIGRATE_MOVABLE);
	CU_ASSERT_EQUAL(zone->nr_used, 4);
	CU_ASSERT(zone->used[0].movable);
	CU_ASSERT(!zone->used[3].movable);
	CU_ASSERT_EQUAL(verify_kernel_of(snap), BUDDY_KERNEL_6_1);
	snap->state.zones[0].pcp[0].stat_diff = 0;
	CU_ASSERT_EQUAL_FATAL(verify_boot(&map, &b, snap, BUDDY_KERNEL_6_1, &err), 0);
	CU_ASSERT_EQUAL(buddy_validate(b, NULL, NULL), 0);
	buddy_destroy(b);
	pagemap_destroy(map);
	snapshot_free(snap);
}

/* Each wrong line is refused with its number. */
static void test_snapshot_bad(void)
{
	static const struct {
		const char *text;
		const char *message;
	} bad[] = {
		{ "hello\n", "snap:1: this is no snapshot (the first line must be: mmsnap 1)" },
		{ SNAP_HEAD SNAP_ZONE SNAP_LISTS, "snap:21: this snapshot has no end" },
		{ SNAP_HEAD SNAP_ZONE SNAP_LISTS "end truncated\n",
		  "snap:22: the module's buffer was too small: this snapshot is truncated" },
		{ SNAP_HEAD SNAP_ZONE "end\n", "snap:17: the end inside a zone" },
		{ SNAP_HEAD "end\n", "snap:9: this snapshot has no zone" },
		{ SNAP_HEAD "wmark min 1\n", "snap:9: a line about a zone outside of one" },
		{ SNAP_HEAD "cpus 0\n", "snap:9: the CPUs were there before" },
		{ SNAP_HEAD "hello 1\n", "snap:9: a line that starts with no known word" },
		{ SNAP_HEAD "consts orders 12\n", "snap:9: orders is 12, but this build has 11" },
		{ SNAP_HEAD SNAP_ZONE "free 2 1 2 : 1004\n", "snap:17: fewer frames than announced" },
		{ SNAP_HEAD SNAP_ZONE "free 2 1 1 : 1004 1008\n", "snap:17: more frames than announced" },
		{ SNAP_HEAD SNAP_ZONE "free 11 1 1 : 1004\n", "snap:17: expected: free ORDER TYPE N : P .." },
		{ SNAP_HEAD SNAP_ZONE "free 2 1 1 : 10x4\n", "snap:17: a frame is written PFN or PFN/TYPE" },
		{ SNAP_HEAD SNAP_ZONE "free 2 1 1 : 1004\nnr_free 0 0 2 0 0 0 0 0 0 0 0\n",
		  "snap:18: nr_free is not what the lists hold" },
		{ SNAP_HEAD SNAP_ZONE "blocks 1000 :1\n", "snap:17: not as many pageblocks as the zone has" },
		{ SNAP_HEAD SNAP_ZONE "blocks 1000 :17\n", "snap:17: a pageblock of no known type" },
		{ SNAP_HEAD SNAP_ZONE "pages A2000+1\n", "snap:17: frames outside of the zone" },
		{ SNAP_HEAD SNAP_ZONE "pages z1000+1\n", "snap:17: frames of no known kind" },
		{ SNAP_HEAD SNAP_ZONE "pcp 1 count 0\n", "snap:17: a CPU is expected" },
		{ SNAP_HEAD SNAP_ZONE "zone 0 0 DMA start 1\n", "snap:17: a zone inside a zone" },
		{ SNAP_HEAD "zone 0 1 DMA32 start 1000 spanned 0 present 0 managed 0\n",
		  "snap:9: the zone is empty or too large" },
		{ SNAP_HEAD "zone 0 1 DMA32 start 1000 spanned 400 present 401 managed 0\n",
		  "snap:9: expected: zone NODE ZONE NAME start P spanned P present P managed P" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct snapshot *snap = NULL;
		struct kerror err = { 0 };

		CU_ASSERT_EQUAL(parse(&snap, bad[i].text, &err), -EBADMSG);
		CU_ASSERT_STRING_EQUAL(err.text, bad[i].message);
		CU_ASSERT_PTR_NULL(snap);
	}
}

/* A snapshot cut off anywhere is refused, never read past its end. */
static void test_snapshot_cut(void)
{
	size_t len;

	for (len = 0; len < sizeof(SNAP_GOOD) - 2; len++) {
		struct snapshot *snap;
		struct kerror err = { 0 };
		char *text = malloc(len ? len : 1);

		memcpy(text, SNAP_GOOD, len);
		CU_ASSERT_EQUAL(snapshot_parse(&snap, "snap", text, len, &err), -EBADMSG);
		free(text);
	}
}

/* @text with its first @from as @to. */
static char *changed(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *copy = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&copy, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	fclose(out);
	return copy;
}

/* Two that belong together are A and B of one kernel, with the same CPUs, nodes and zones. */
static void test_pair(void)
{
	static const struct {
		const char *from, *to;		/* in B */
		const char *message;
	} pairs[] = {
		{ "tag B", "tag B", "" },
		{ "tag B", "tag A", "snap: this is snapshot 'A', expected is 'B': were the two files swapped?" },
		{ "tag B\n", "", "snap: this is snapshot '', expected is 'B': were the two files swapped?" },
		{ "kernel 6.1.0-9", "kernel 6.1.0-8", "snap is of kernel 6.1.0-9-amd64 #1 SMP, snap of 6.1.0-8-amd64 #1 SMP: "
		  "they are no pair" },
		{ "cpus 0", "cpus 0 1", "snap and snap have other CPUs, nodes or zones: they are no pair" },
		{ "zonelist", "node 1\nzonelist", "snap and snap have other CPUs, nodes or zones: they are no pair" },
		{ "zone 0 1 DMA32", "zone 0 2 Normal", "snap and snap have other CPUs, nodes or zones: they are no pair" },
		{ "zone 0 1 DMA32 start 1000 spanned 400", "zone 0 1 DMA32 start 1000 spanned 401",
		  "snap and snap have other CPUs, nodes or zones: they are no pair" },
	};
	struct snapshot *a, *b;
	struct kerror err = { 0 };
	char *text = changed(SNAP_GOOD, "tag A", "tag B");
	size_t i;

	CU_ASSERT_EQUAL_FATAL(parse(&a, SNAP_GOOD, &err), 0);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *other = changed(text, pairs[i].from, pairs[i].to);
		bool good = !pairs[i].message[0];

		err = (struct kerror){ 0 };
		CU_ASSERT_EQUAL_FATAL(snapshot_parse_zones(&b, "snap", other, strlen(other), &err), 0);
		CU_ASSERT_EQUAL(snapshot_check_pair(a, b, &err), good ? 0 : -EINVAL);
		CU_ASSERT_STRING_EQUAL(err.text, pairs[i].message);
		snapshot_free(b);
		free(other);
	}
	CU_ASSERT_EQUAL(snapshot_check_pair(a, a, &err), -EINVAL);
	snapshot_free(a);
	free(text);
}

/* What the page allocator never has is kept, with and without the lists. */
static void test_never(void)
{
	struct kerror err = { 0 };
	struct snapshot *snap;
	int zones_only;

	for (zones_only = 0; zones_only < 2; zones_only++) {
		int ret = zones_only ? snapshot_parse_zones(&snap, "s", SNAP_TWO_ZONES, strlen(SNAP_TWO_ZONES), &err) :
				       parse(&snap, SNAP_TWO_ZONES, &err);

		CU_ASSERT_EQUAL_FATAL(ret, 0);
		CU_ASSERT_EQUAL_FATAL(snap->nr_never, 2);
		CU_ASSERT_EQUAL(snap->never[0].pfn, 0x7fe);
		CU_ASSERT_EQUAL(snap->never[1].pfn, 0x7ff);
		CU_ASSERT_EQUAL(snap->never[1].nr, 1);
		CU_ASSERT_EQUAL(snapshot_end_pfn(snap), 0x1400);
		CU_ASSERT_EQUAL(snap->page_offset, 0xffff888000000000);
		snapshot_free(snap);
	}
}

static const struct test_case cases[] = {
	{ "snapshot", test_snapshot },
	{ "snapshot_bad", test_snapshot_bad },
	{ "snapshot_cut", test_snapshot_cut },
	{ "pair", test_pair },
	{ "never", test_never },
	{ NULL, NULL }
};

const struct test_suite snapshot_suite = { "snapshot", cases };
