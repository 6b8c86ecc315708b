/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the border where a capture's numbers are checked. Each kind of
 * number has its last good value and its first bad one. The machine has two
 * CPUs, one node, and one zone, which ends inside of a pageblock:
 *
 *   frames 1000 to 13ef usable   13f0 reserved   13f1 a hole   13f2 to 13f7 usable
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/verify/capture/contexts.h"
#include "sim/verify/capture/events.h"
#include "tests/tests.h"

static const char machine[] =
	"mmsnap 1\ntag A\nkernel 6.1.0-9-amd64\n"
	"page_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\n"
	"cpus 0 1\nnode 0 start 1000\n"
	"zone 0 1 DMA32 start 1000 spanned 3f8 present 3f8 managed 3f8\n"
	"pages U1000+3f0 R13f0+1 -13f1+1 U13f2+6\nendzone\nend\n";

#define BEGIN	"a-1 [000] ..... 1: snap_fn: mmsnap end A len 1\n"
#define END	"a-1 [000] ..... 9: snap_fn: mmsnap begin B\n"
#define ON(cpu)	"a-1 [00" #cpu "] ..... 2: "
#define TAKEN(pfn, order) "mm_page_alloc: page=0 pfn=" #pfn " order=" #order " migratetype=1 gfp_flags=GFP_KERNEL\n"
#define FREED(pfn, order) "mm_page_free: page=0 pfn=" #pfn " order=" #order "\n"
#define OBJECT(ptr) "kfree: call_site=f+0x1/0x2 ptr=" #ptr "\n"
#define COMPACT(free_pfn) "mm_compaction_begin: zone_start=0x1000 migrate_pfn=0x1000 free_pfn=" #free_pfn \
	" zone_end=0x1400, mode=sync\n"
#define ISOLATED(nr) "mm_compaction_isolate_freepages: range=(0x1000 ~ 0x1200) nr_scanned=1 nr_taken=" #nr "\n"

static int count_event(void *ctx, const struct event *ev)
{
	++*(unsigned int *)ctx;
	return 0;
}

/* The events of @lines between the marks, or of all of @lines where @marks is false. */
static int walk(struct capture_check *check, const char *lines, bool marks, unsigned int *passed, struct kerror *err)
{
	struct snapshot *snap;
	struct trace *trace = trace_create(0);
	struct source *src;
	struct reader *rd;
	char text[1024];
	int ret;

	snprintf(text, sizeof(text), "%s%s%s", marks ? BEGIN : "", lines, marks ? END : "");
	CU_ASSERT_EQUAL_FATAL(snapshot_parse_zones(&snap, "m", machine, sizeof(machine) - 1, err), 0);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, strlen(text), err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "ftrace", trace_names(trace), err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_load(trace, rd, NULL, NULL, err), 0);
	CU_ASSERT_EQUAL(rd->stats.malformed, 0);
	reader_close(rd);
	*passed = 0;
	ret = capture_events(check, trace, "t", snap, count_event, passed, err);
	trace_destroy(trace);
	snapshot_free(snap);
	return ret;
}

/* Every one of these passes: the last good value of its kind. */
static void test_good(void)
{
	static const char *const good[] = {
		ON(1) TAKEN(0x13f7, 0),
		ON(0) TAKEN(0x1200, 8),
		ON(0) "mm_page_alloc: page=(nil) pfn=0x0 order=10 migratetype=1 gfp_flags=GFP_KERNEL\n",
		ON(0) FREED(0x1000, 9),
		ON(0) TAKEN(0x1000, 0) ON(0) FREED(0x1000, 0) ON(0) TAKEN(0x1000, 0),
		ON(0) TAKEN(0x1000, 3) ON(0) FREED(0x1004, 0) ON(0) TAKEN(0x1004, 0),
		ON(0) "mm_page_alloc_zone_locked: page=0 pfn=0x1000 order=0 migratetype=4 percpu_refill=1\n",
		ON(0) OBJECT(ffff8880013f7ff8),
		ON(0) OBJECT(00000000ffffffff),
		ON(0) OBJECT((nil)),
		ON(0) "kmalloc: call_site=f ptr=ffff888001000000 bytes_req=8 bytes_alloc=8 gfp_flags=GFP_KERNEL node=0 accounted=false\n",
		ON(0) "kbulk_free: (f+0x0/0x1) cache=0x1 size=3 a={0xffff888001000000,0x0,0xffff8880013f7ff8}\n",
		ON(0) "isolate_in: (f+0x0/0x1) page=0xffffea0000040000 order=9\n",
		ON(0) "slab_alloc_out: (f+0x0/0x1 <- g) slab=0x0\n",
		ON(0) "pcp_drain: (f+0x0/0x1) zone=0x600 count=0 pcp=0x1 pindex=13\n",
		ON(0) "drain_zone: (f+0x0/0x1) cpu=1 zone=0x600\n",
		ON(0) "balance_in: (f+0x0/0x1) order=10 highest=5\n",
		ON(0) COMPACT(0x1400),
		ON(0) ISOLATED(2048),
		ON(0) "mm_compaction_finished: node=0 zone=DMA32 order=-1 ret=continue\n",
		ON(0) "mm_compaction_finished: node=0 zone=DMA32 order=10 ret=continue\n",
		ON(0) "bulk_out: (f+0x0/0x1 <- g) ret=0\n",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct kerror err = { 0 };
		struct capture_check check;
		unsigned int passed;

		CU_ASSERT_EQUAL(walk(&check, good[i], true, &passed, &err), 0);
		CU_ASSERT_EQUAL(check.nr_skipped, 0);
		CU_ASSERT(passed > 0);
		if (check.nr_skipped)
			fprintf(stderr, "skipped: %s", good[i]);
	}
}

/* The first bad value of each kind is reported with its line, and its event goes no further. */
static void test_bad(void)
{
	static const struct {
		const char *line;
		enum capture_fault fault;
		const char *message;
	} bad[] = {
		{ ON(2) FREED(0x1000, 0), FAULT_cpu, "t:2: mm_page_free: CPU 2, but the snapshot has 2" },
		{ ON(0) "kmalloc: call_site=f ptr=ffff888001000000 bytes_req=8 bytes_alloc=8 gfp_flags=GFP_KERNEL node=1 "
		  "accounted=false\n", FAULT_node, "t:2: kmalloc: node 1, but the snapshot has 1" },
		{ ON(0) TAKEN(0x13f8, 0), FAULT_frame, "t:2: mm_page_alloc: frame 0x13f8 lies in no zone" },
		{ ON(0) FREED(0xfff, 0), FAULT_frame, "t:2: mm_page_free: frame 0xfff lies in no zone" },
		{ ON(0) FREED(0xffffffffffffffff, 0), FAULT_frame, "t:2: mm_page_free: it names no frame" },
		{ ON(0) "mm_page_free: page=(nil) pfn=0 order=0\n", FAULT_frame, "t:2: mm_page_free: it names no frame" },
		{ ON(0) "mm_page_free_batched: page=1\n", FAULT_frame, "t:2: mm_page_free_batched: it names no frame" },
		{ ON(0) TAKEN(0x1001, 1), FAULT_aligned, "t:2: mm_page_alloc: frame 0x1001 begins no block of order 1" },
		{ ON(0) TAKEN(0x1000, 10), FAULT_end,
		  "t:2: mm_page_alloc: the block of order 10 at frame 0x1000 reaches over the end of zone DMA32" },
		{ ON(0) FREED(0x13f0, 0), FAULT_reserved, "t:2: mm_page_free: frame 0x13f0 is reserved, or a hole" },
		{ ON(0) TAKEN(0x13f0, 1), FAULT_reserved, "t:2: mm_page_alloc: frame 0x13f0 is reserved, or a hole" },
		{ ON(0) FREED(0x13f1, 0), FAULT_reserved, "t:2: mm_page_free: frame 0x13f1 is reserved, or a hole" },
		{ ON(0) TAKEN(0x1003, 0) ON(0) TAKEN(0x1000, 2), FAULT_twice,
		  "t:3: mm_page_alloc: frame 0x1003 was allocated in line 2, and not freed since" },
		{ ON(0) "mm_page_alloc_zone_locked: page=0 pfn=0x1000 order=0 migratetype=5 percpu_refill=1\n",
		  FAULT_type, "t:2: mm_page_alloc_zone_locked: migratetype 5 is above 4" },
		{ ON(0) "mm_page_alloc: page=0 pfn=0x1000 order=0 migratetype=1 gfp_flags=__GFP_MOVABLE|__GFP_RECLAIMABLE\n",
		  FAULT_type, "t:2: mm_page_alloc: flags 0x18 ask for two migratetypes" },
		{ ON(0) OBJECT(ffff8880013f8000), FAULT_object, "t:2: kfree: address 0xffff8880013f8000 lies in no frame" },
		{ ON(0) OBJECT(0000000100000000), FAULT_object, "t:2: kfree: address 0x100000000 lies in no frame" },
		{ ON(0) OBJECT(ffff8880013f7ff9), FAULT_object, "t:2: kfree: no object begins at address 0xffff8880013f7ff9" },
		{ ON(0) "kbulk_free: (f+0x0/0x1) cache=0x1 size=2 a={0xffff888001000000,0xffff888001000004}\n", FAULT_object,
		  "t:2: kbulk_free: no object begins at address 0xffff888001000004" },
		{ ON(0) "isolate_in: (f+0x0/0x1) page=0xffffea0000040001 order=0\n", FAULT_frame,
		  "t:2: isolate_in: 0xffffea0000040001 is no frame's struct page" },
		{ ON(0) "isolate_in: (f+0x0/0x1) page=0x0 order=0\n", FAULT_frame, "t:2: isolate_in: 0 is no frame's struct page" },
		{ ON(0) "isolate_in: (f+0x0/0x1) page=0xffffea0000040000 order=11\n", FAULT_order,
		  "t:2: isolate_in: order 11 is above 10" },
		{ ON(0) "slab_alloc_out: (f+0x0/0x1 <- g) slab=0xffffea000004fe00\n", FAULT_frame,
		  "t:2: slab_alloc_out: frame 0x13f8 lies in no zone" },
		{ ON(0) "pcp_drain: (f+0x0/0x1) zone=0x600 count=1 pcp=0x1 pindex=14\n", FAULT_number,
		  "t:2: pcp_drain: per-CPU list 14 of 14" },
		{ ON(0) "pcp_drain: (f+0x0/0x1) zone=0x600 count=-1 pcp=0x1 pindex=0\n", FAULT_number,
		  "t:2: pcp_drain: -1 is no count" },
		{ ON(0) "drain_zone: (f+0x0/0x1) cpu=2 zone=0x600\n", FAULT_cpu, "t:2: drain_zone: CPU 2" },
		{ ON(0) "balance_in: (f+0x0/0x1) order=0 highest=6\n", FAULT_number, "t:2: balance_in: zone 6" },
		{ ON(0) COMPACT(0x1401), FAULT_frame, "t:2: mm_compaction_begin: frame 0x1401 lies behind all zones" },
		{ ON(0) "mm_compaction_begin: zone_start=0xfff migrate_pfn=0x1000 free_pfn=0x1200 zone_end=0x1400, mode=sync\n",
		  FAULT_frame, "t:2: mm_compaction_begin: frame 0xfff lies in no zone" },
		{ ON(0) ISOLATED(2049), FAULT_number,
		  "t:2: mm_compaction_isolate_freepages: 2049 is no count of frames in a pageblock" },
		{ ON(0) "mm_compaction_finished: node=0 zone=DMA32 order=11 ret=continue\n", FAULT_order,
		  "t:2: mm_compaction_finished: order 11" },
		{ ON(0) "mm_compaction_finished: node=0 zone=DMA32 order=-2 ret=continue\n", FAULT_order,
		  "t:2: mm_compaction_finished: order -2" },
		{ ON(0) "bulk_out: (f+0x0/0x1 <- g) ret=-1\n", FAULT_number, "t:2: bulk_out: -1 is no count" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kerror err = { 0 };
		struct capture_check check;
		unsigned int passed;

		CU_ASSERT_EQUAL(walk(&check, bad[i].line, true, &passed, &err), 0);
		CU_ASSERT_EQUAL(check.nr_skipped, 1);
		CU_ASSERT_EQUAL(check.nr[bad[i].fault], 1);
		CU_ASSERT_STRING_EQUAL(check.first[bad[i].fault], bad[i].message);
		CU_ASSERT_EQUAL(passed, strstr(bad[i].message, ":3:") ? 1 : 0);
	}
}

/* Each kind of fault is reported once, however many events have it; the good events between them pass. */
static void test_reported_once(void)
{
	static const char lines[] =
		ON(0) FREED(0xf00, 0) ON(0) FREED(0x1000, 0) ON(0) FREED(0xf01, 0) ON(0) OBJECT(ffff888000000000) ON(0) FREED(0xf02, 0);
	struct kerror err = { 0 };
	struct capture_check check;
	unsigned int passed;

	CU_ASSERT_EQUAL(walk(&check, lines, true, &passed, &err), 0);
	CU_ASSERT_EQUAL(passed, 1);
	CU_ASSERT_EQUAL(check.nr_skipped, 4);
	CU_ASSERT_EQUAL(check.nr[FAULT_frame], 3);
	CU_ASSERT_EQUAL(check.nr[FAULT_object], 1);
	CU_ASSERT_STRING_EQUAL(check.first[FAULT_frame], "t:2: mm_page_free: frame 0xf00 lies in no zone");
}

/* Only what is between the marks counts, and both marks must be there, in their order. */
static void test_marks(void)
{
	static const struct {
		const char *lines;
		const char *message;
	} missing[] = {
		{ ON(0) FREED(0x1000, 0), "t: there is no 'mmsnap end A'" },
		{ END ON(0) FREED(0x1000, 0), "t: there is no 'mmsnap end A'" },
		{ BEGIN ON(0) FREED(0x1000, 0), "t: there is no 'mmsnap begin B'" },
		{ END BEGIN, "t: there is no 'mmsnap begin B'" },
	};
	struct capture_check check;
	unsigned int passed;
	size_t i;

	for (i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		struct kerror err = { 0 };

		CU_ASSERT_EQUAL(walk(&check, missing[i].lines, false, &passed, &err), -ENODATA);
		CU_ASSERT_STRING_EQUAL(err.text, missing[i].message);
	}
	for (i = 0; i < 2; i++) {
		static const char outside[] = ON(0) FREED(0xf00, 0) BEGIN ON(0) FREED(0x1000, 0) END ON(0) FREED(0xf00, 0);
		struct kerror err = { 0 };

		CU_ASSERT_EQUAL(walk(&check, outside, false, &passed, &err), 0);
		CU_ASSERT_EQUAL(passed, 1);
		CU_ASSERT_EQUAL(check.nr_skipped, 0);
	}
}

/* What the callee says ends the walk. */
static int fail(void *ctx, const struct event *ev)
{
	return ev->line == 3 ? -EIO : count_event(ctx, ev);
}

/* An error of whoever gets the events ends the reading, and comes back as it is. */
static void test_callee_fails(void)
{
	static const char text[] = BEGIN ON(0) FREED(0x1000, 0) ON(0) FREED(0x1001, 0) ON(0) FREED(0x1002, 0) END;
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };
	struct capture_check check;
	struct snapshot *snap;
	unsigned int passed = 0;
	struct source *src;
	struct reader *rd;

	CU_ASSERT_EQUAL_FATAL(snapshot_parse_zones(&snap, "m", machine, sizeof(machine) - 1, &err), 0);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, sizeof(text) - 1, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "ftrace", trace_names(trace), &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	reader_close(rd);
	CU_ASSERT_EQUAL(capture_events(&check, trace, "t", snap, fail, &passed, &err), -EIO);
	CU_ASSERT_EQUAL(passed, 1);
	trace_destroy(trace);
	snapshot_free(snap);
}

/* A task is itself on any CPU; interrupts and the idle task belong to theirs. */
static void test_contexts(void)
{
	static const struct {
		int32_t pid;
		uint16_t cpu;
		unsigned int level;
		uint32_t id;
	} seen[] = {
		{ 5, 0, CONTEXT_TASK, 0 }, { 5, 1, CONTEXT_TASK, 0 }, { 6, 0, CONTEXT_TASK, 1 },
		{ 5, 0, CONTEXT_SOFTIRQ, 2 }, { 5, 1, CONTEXT_SOFTIRQ, 3 }, { 5, 0, CONTEXT_HARDIRQ, 4 },
		{ 0, 0, CONTEXT_TASK, 5 }, { 0, 1, CONTEXT_TASK, 6 }, { 5, 0, CONTEXT_TASK, 0 },
	};
	struct contexts ctx = { 0 };
	struct event ev = { .pid = 0 };
	uint32_t id;
	size_t i;

	for (i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		ev.pid = seen[i].pid;
		ev.cpu = seen[i].cpu;
		CU_ASSERT_FATAL(contexts_find(&ctx, &ev, seen[i].level, &id));
		CU_ASSERT_EQUAL(id, seen[i].id);
	}
	/* Numbers stay when the table grows. */
	for (i = 0; i < 3000; i++) {
		ev.pid = (int32_t)(i % 1500) + 100;
		CU_ASSERT_FATAL(contexts_find(&ctx, &ev, CONTEXT_TASK, &id));
		CU_ASSERT_EQUAL(id, 7 + i % 1500);
	}
	contexts_free(&ctx);
}

static const struct test_case cases[] = {
	{ "good", test_good },
	{ "bad", test_bad },
	{ "reported_once", test_reported_once },
	{ "marks", test_marks },
	{ "callee_fails", test_callee_fails },
	{ "contexts", test_contexts },
	{ NULL, NULL }
};

const struct test_suite capture_events_suite = { "capture_events", cases };
