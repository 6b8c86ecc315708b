/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: snapshots read, requests put together from events, and real
 * kernels' captures predicted, where the shared folder has them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/report/kernel/procfs.h"
#include "sim/verify/verify.h"
#include "tests/tests.h"
#include "tests/sim/trace/trace_util.h"

/* ---- snapshots ----------------------------------------------------------- */

#define SNAP_HEAD_OF(cpus) \
	"mmsnap 1\n" \
	"tag A\n" \
	"kernel 6.1.0-9-amd64 #1 SMP\n" \
	"page_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\n" \
	"consts page_shift 12 pageblock_order 9 orders 11 migrate_types 5 pcptypes 3 pcp_lists 14 costly 3 zones 5\n" \
	"cpus " cpus "\n" \
	"node 0 start 1000 spanned 400 present 400 kswapd_order 0\n" \
	"zonelist 0 : 0/1\n"
#define SNAP_HEAD SNAP_HEAD_OF("0")
#define SNAP_ZONE \
	"zone 0 1 DMA32 start 1000 spanned 400 present 400 managed 400\n" \
	"wmark min 1 low 2 high 3 promo 4 boost 0\n" \
	"lowmem_reserve 0 0 0 0 0\n" \
	"zflags 4 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 0\n" \
	"zstat 4 0\n" \
	"zstatdiff 0 thr 4 1 0\n" \
	"pcp 0 count 1 high 10 batch 3 free_factor 1 expire 0\n" \
	"pcplist 0 1 1 : 1009/3\n"
#define SNAP_LISTS \
	"free 2 1 1 : 1004\n" \
	"nr_free 0 0 1 0 0 0 0 0 0 0 0\n" \
	"blocks 1000 :19\n" \
	"pages B1004+4 A1000+4 U1008+1 01009+1 S100a+3f6\n" \
	"endzone\n"
#define SNAP_GOOD SNAP_HEAD SNAP_ZONE SNAP_LISTS "cache 0 x\nend\n"

/* The same with a zone DMA. */
#define SNAP_TWO_ZONES_OF(cpus) \
	SNAP_HEAD_OF(cpus) "zonelist 0 : 0/0\n" SNAP_ZONE SNAP_LISTS \
	"zone 0 0 DMA start 400 spanned 400 present 400 managed 400\n" \
	"wmark min 1 low 2 high 3 promo 4 boost 0\n" \
	"lowmem_reserve 0 0 0 0 0\n" \
	"zflags 4 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 0\n" \
	"zstat 8 0\n" \
	"zstatdiff 0 thr 4 0 0\n" \
	"pcp 0 count 0 high 10 batch 1 free_factor 0 expire 0\n" \
	"free 3 1 1 : 408\n" \
	"nr_free 0 0 0 1 0 0 0 0 0 0 0\n" \
	"blocks 400 :11\n" \
	"pages U400+8 B408+8 U410+3ee R7fe+1 -7ff+1\n" \
	"endzone\nend\n"
#define SNAP_TWO_ZONES SNAP_TWO_ZONES_OF("0")

static int parse(struct snapshot **snap, const char *text, struct kerror *err)
{
	return snapshot_parse(snap, "snap", text, strlen(text), err);
}

/* All that the page layer needs is read, and boots a machine that has nothing to complain of. */
static void test_snapshot(void)
{
	struct kerror err = { 0 };
	struct pagemap *map;
	struct snapshot *snap;
	const struct buddy_state_zone *zone;
	struct buddy *b;

	CU_ASSERT_EQUAL_FATAL(parse(&snap, SNAP_GOOD, &err), 0);
	CU_ASSERT(snap->version[0] == 6 && snap->version[1] == 1 && snap->state.nr_cpus == 1);
	CU_ASSERT_EQUAL(snapshot_frame_of(snap, 0xffffea0000000000 + 64 * 0x1234), 0x1234);
	CU_ASSERT_EQUAL(snapshot_frame_of(snap, 5), PFN_NONE_VAL);
	zone = &snap->state.zones[0];
	CU_ASSERT(zone->below_high && !zone->drifts && zone->free_pages == 4 && zone->pcp[0].stat_diff == 1);
	CU_ASSERT(zone->pcp[0].list[1].nr == 1 && zone->pcp[0].list[1].block[0].mt == MIGRATE_HIGHATOMIC);
	/* The top bit of a pageblock is compaction's, not the type's. */
	CU_ASSERT(zone->nr_pageblocks == 2 && zone->pageblock[1] == MIGRATE_MOVABLE);
	CU_ASSERT(zone->nr_used == 4 && zone->used[0].movable && !zone->used[3].movable);
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

/* ---- requests ------------------------------------------------------------ */

#define LINE(when, task, rest) " " task " [000] ..... " #when ": " rest "\n"

static void build_from(struct requests *reqs, struct trace **trace, const char *snapshot, const char *text)
{
	struct capture_check check;
	struct kerror err = { 0 };
	struct snapshot *snap;
	struct source *src;
	struct reader *rd;

	CU_ASSERT_EQUAL_FATAL(parse(&snap, snapshot, &err), 0);
	*trace = trace_create(0);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, strlen(text), &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "ftrace", trace_names(*trace), &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_load(*trace, rd, NULL, NULL, &err), 0);
	reader_close(rd);
	CU_ASSERT_EQUAL_FATAL(requests_build(reqs, &check, *trace, "trace", snap, &err), 0);
	CU_ASSERT_EQUAL(check.nr_skipped, 0);
	snapshot_free(snap);
}

static void build(struct requests *reqs, struct trace **trace, const char *text)
{
	build_from(reqs, trace, SNAP_TWO_ZONES_OF("0 1 2"), text);
}

/*
 * A refill counts from its first block, though another task's request was
 * traced in between; a batched free counts from when it reached its list; a
 * drain behind a free is part of it, and counts from its first block; a drain
 * by itself is a hint.
 */
static void test_requests(void)
{
	struct requests reqs;
	struct trace *trace;

	build(&reqs, &trace,
	      LINE(1, "a-1", "kfree: call_site=f ptr=0000000000000001")
	      LINE(2, "a-1", "mm_page_free: page=0 pfn=0x1000 order=0")
	      LINE(3, "a-1", "snap_fn: mmsnap end A len 1")
	      LINE(10, "a-1", "mm_page_alloc_zone_locked: page=0 pfn=0x1004 order=0 migratetype=1 percpu_refill=1")
	      LINE(11, "b-2", "mm_page_alloc: page=0 pfn=0x1009 order=0 migratetype=1 gfp_flags=GFP_KERNEL")
	      LINE(12, "a-1", "mm_page_alloc_zone_locked: page=0 pfn=0x1005 order=0 migratetype=1 percpu_refill=1")
	      LINE(13, "a-1", "mm_page_alloc: page=ffffea0000041000 pfn=0x1004 order=0 migratetype=1 gfp_flags=GFP_KERNEL")
	      LINE(20, "a-1", "mm_page_free: page=0 pfn=0x1004 order=0")
	      LINE(21, "a-1", "mm_page_free: page=0 pfn=0x1005 order=0")
	      LINE(22, "a-1", "mm_page_free_batched: page=0 pfn=0x1005 order=0")
	      LINE(23, "a-1", "pcp_drain: (f+0x0/0x1) zone=0x600 count=3 pcp=0x1 pindex=1")
	      LINE(24, "a-1", "mm_page_pcpu_drain: page=0 pfn=0x1005 order=0 migratetype=1")
	      LINE(25, "a-1", "mm_page_free_batched: page=0 pfn=0x1004 order=0")
	      LINE(30, "a-1", "drain_zone: (f+0x0/0x1) cpu=0 zone=0x600")
	      LINE(31, "a-1", "pcp_drain: (f+0x0/0x1) zone=0x600 count=1 pcp=0x1 pindex=0")
	      LINE(40, "a-1", "isolate_in: (f+0x0/0x1) page=0xffffea0000040000 order=2")
	      LINE(41, "a-1", "isolate_out: (f+0x0/0x1 <- g) ret=4")
	      LINE(42, "a-1", "isolate_in: (f+0x0/0x1) page=0xffffea0000040000 order=2")
	      LINE(43, "a-1", "isolate_out: (f+0x0/0x1 <- g) ret=0")
	      LINE(50, "a-1", "mm_page_free: page=0 pfn=0x1006 order=1")
	      LINE(51, "a-1", "free_one: (f+0x0/0x1) zone=0x600 page=0x1 pfn=0x1006 order=1 mt=1")
	      LINE(52, "a-1", "bulk_in: (f+0x0/0x1) gfp=0x400cc0 nid=-1 nr=4 list=0x0 arr=0x1")
	      LINE(53, "a-1", "bulk_out: (f+0x0/0x1 <- g) ret=4")
	      LINE(60, "a-1", "snap_fn: mmsnap begin B")
	      LINE(61, "a-1", "mm_page_free: page=0 pfn=0x1000 order=0"));
	CU_ASSERT_EQUAL_FATAL(reqs.nr, 8);
	CU_ASSERT(reqs.req[0].kind == REQ_ALLOC && reqs.req[0].when == 10 && reqs.req[0].nr_blocks == 2);
	CU_ASSERT_EQUAL(reqs.blocks[reqs.req[0].first_block + 1].pfn, 0x1005);
	CU_ASSERT(reqs.req[1].kind == REQ_ALLOC && reqs.req[1].when == 11 && !reqs.req[1].nr_blocks);
	CU_ASSERT(reqs.req[2].kind == REQ_FREE && reqs.req[2].pfn == 0x1005 && reqs.req[2].when == 24);
	CU_ASSERT(reqs.req[3].kind == REQ_FREE && reqs.req[3].pfn == 0x1004 && reqs.req[3].when == 25);
	CU_ASSERT(reqs.req[4].kind == REQ_DRAIN_ZONE && reqs.req[4].zone == ZONE_DMA32 &&
		  !reqs.req[4].from && reqs.req[4].arg == 1);
	CU_ASSERT(reqs.req[5].kind == REQ_ISOLATE && reqs.req[5].pfn == 0x1000 && reqs.req[5].order == 2);
	CU_ASSERT(reqs.req[6].kind == REQ_FREE_DIRECT && reqs.req[6].when == 51);
	CU_ASSERT(reqs.req[7].kind == REQ_ALLOC_BULK && reqs.req[7].arg == 4);
	CU_ASSERT(request_is_hint(REQ_DRAIN_ZONE) && request_is_hint(REQ_FREE_DIRECT) && !request_is_hint(REQ_FREE));
	requests_free(&reqs);
	trace_destroy(trace);
}

#define LINE_ON(cpu, when, task, rest) " " task " [00" #cpu "] ..... " #when ": " rest "\n"

/*
 * A drain waits for the zone's lock while another CPU refills its list: it
 * comes after the refill, though it was asked for in the middle of it. The
 * blocks that two CPUs give back at once each tell of their own drain's zone.
 */
static void test_requests_lock(void)
{
	struct requests reqs;
	struct trace *trace;

	build(&reqs, &trace,
	      LINE(1, "a-1", "snap_fn: mmsnap end A len 1")
	      LINE_ON(0, 2, "a-1", "mm_page_alloc_zone_locked: page=0 pfn=0x1004 order=0 migratetype=1 percpu_refill=1")
	      LINE_ON(1, 3, "b-2", "drain_zone: (f+0x0/0x1) cpu=0 zone=0x600")
	      LINE_ON(1, 4, "b-2", "pcp_drain: (f+0x0/0x1) zone=0x600 count=3 pcp=0x1 pindex=1")
	      LINE_ON(0, 5, "a-1", "mm_page_alloc_zone_locked: page=0 pfn=0x1005 order=0 migratetype=1 percpu_refill=1")
	      LINE_ON(2, 6, "c-3", "pcp_drain: (f+0x0/0x1) zone=0x700 count=3 pcp=0x1 pindex=2")
	      LINE_ON(1, 7, "b-2", "mm_page_pcpu_drain: page=0 pfn=0x1008 order=0 migratetype=1")
	      LINE_ON(1, 8, "b-2", "mm_page_pcpu_drain: page=0 pfn=0x1009 order=0 migratetype=1")
	      LINE_ON(1, 9, "b-2", "pcp_drain: (f+0x0/0x1) zone=0x600 count=1 pcp=0x1 pindex=0")
	      LINE_ON(0, 10, "a-1", "mm_page_alloc: page=0 pfn=0x1004 order=0 migratetype=1 gfp_flags=GFP_KERNEL")
	      LINE(11, "a-1", "snap_fn: mmsnap begin B"));
	CU_ASSERT_EQUAL_FATAL(reqs.nr, 4);
	CU_ASSERT(reqs.req[0].kind == REQ_ALLOC && reqs.req[0].when == 2);
	CU_ASSERT(reqs.req[1].kind == REQ_DRAIN && reqs.req[1].when == 6 && reqs.req[1].from == 2 &&
		  reqs.req[1].zone == REQUEST_NO_ZONE);
	CU_ASSERT(reqs.req[2].kind == REQ_DRAIN_ZONE && reqs.req[2].when == 7 && !reqs.req[2].from &&
		  reqs.req[2].cpu == 1 && reqs.req[2].arg == 3 && reqs.req[2].order == 1);
	CU_ASSERT(reqs.req[3].kind == REQ_DRAIN_ZONE && reqs.req[3].when == 9 && reqs.req[3].arg == 1 &&
		  reqs.req[3].zone == ZONE_DMA32);
	requests_free(&reqs);
	trace_destroy(trace);
}

/*
 * Who has reclaimed or compacted for a request does not begin it again; what
 * was asked for meanwhile, or comes after it, begins as ever.
 */
static void test_requests_slow(void)
{
	struct requests reqs;
	struct trace *trace;

	build(&reqs, &trace,
	      LINE(1, "a-1", "snap_fn: mmsnap end A len 1")
	      LINE(2, "a-1", "mm_vmscan_direct_reclaim_begin: order=1 gfp_flags=GFP_KERNEL|__GFP_COMP")
	      LINE(3, "a-1", "mm_page_alloc: page=0 pfn=0x1004 order=0 migratetype=0 gfp_flags=GFP_NOIO")
	      LINE(4, "a-1", "mm_vmscan_direct_reclaim_end: nr_reclaimed=5")
	      LINE(5, "b-2", "mm_page_alloc: page=0 pfn=0x1005 order=0 migratetype=0 gfp_flags=GFP_KERNEL")
	      LINE(6, "a-1", "mm_page_alloc: page=0 pfn=0x1006 order=1 migratetype=0 gfp_flags=GFP_KERNEL|__GFP_COMP")
	      LINE(7, "a-1", "mm_page_alloc: page=0 pfn=0x1008 order=0 migratetype=0 gfp_flags=GFP_KERNEL")
	      LINE(8, "b-2", "mm_compaction_try_to_compact_pages: order=9 gfp_mask=GFP_KERNEL priority=1")
	      LINE(9, "b-2", "mm_page_alloc: page=0 pfn=0x1200 order=9 migratetype=0 gfp_flags=GFP_KERNEL")
	      LINE(10, "k-3", "mm_vmscan_kswapd_wake: nid=0 order=0")
	      LINE(11, "k-3", "mm_vmscan_kswapd_sleep: nid=0")
	      LINE(12, "a-1", "snap_fn: mmsnap begin B"));
	CU_ASSERT_EQUAL_FATAL(reqs.nr, 9);
	CU_ASSERT(reqs.req[0].kind == REQ_SLOW && reqs.req[0].order == 1 &&
		  reqs.req[0].gfp == (GFP_KERNEL | __GFP_COMP));
	CU_ASSERT(reqs.req[1].kind == REQ_ALLOC && !reqs.req[1].slow && !reqs.req[2].slow);
	CU_ASSERT(reqs.req[3].pfn == 0x1006 && reqs.req[3].slow && !reqs.req[4].slow);
	CU_ASSERT(reqs.req[5].kind == REQ_SLOW && reqs.req[5].order == 9);
	CU_ASSERT(reqs.req[6].pfn == 0x1200 && reqs.req[6].slow);
	CU_ASSERT(reqs.req[7].kind == REQ_KSWAPD_AWAKE && reqs.req[7].arg == 1);
	CU_ASSERT(reqs.req[8].kind == REQ_KSWAPD_AWAKE && !reqs.req[8].arg);
	CU_ASSERT(request_is_hint(REQ_SLOW) && request_is_hint(REQ_KSWAPD_AWAKE));
	requests_free(&reqs);
	trace_destroy(trace);
}

/*
 * kswapd is done when it asks for compaction of pageblocks, not when it gets
 * round to return. That it asks so in the middle of its work, or for what it
 * works for, says nothing.
 */
static void test_requests_balance(void)
{
	struct requests reqs;
	struct trace *trace;

	build(&reqs, &trace,
	      LINE(1, "a-1", "snap_fn: mmsnap end A len 1")
	      LINE(2, "k-3", "balance_in: (f+0x0/0x1) order=3 highest=2")
	      LINE(3, "k-3", "mm_compaction_suitable: node=0 zone=DMA32 order=9 ret=skipped")
	      LINE(3, "k-4", "mm_compaction_suitable: node=0 zone=DMA32 order=-1 ret=skipped")
	      LINE(4, "k-3", "mm_page_free: page=0 pfn=0x1005 order=0")
	      LINE(5, "k-3", "mm_compaction_suitable: node=0 zone=DMA order=9 ret=continue")
	      LINE(6, "k-3", "mm_compaction_suitable: node=0 zone=DMA32 order=9 ret=continue")
	      LINE(7, "a-1", "mm_page_free: page=0 pfn=0x1006 order=0")
	      LINE(8, "k-3", "balance_out: (g+0x0/0x1 <- f) ret=0")
	      LINE(9, "k-3", "balance_in: (f+0x0/0x1) order=9 highest=2")
	      LINE(10, "k-3", "mm_compaction_suitable: node=0 zone=DMA order=9 ret=continue")
	      LINE(11, "k-3", "balance_out: (g+0x0/0x1 <- f) ret=0")
	      LINE(12, "a-1", "snap_fn: mmsnap begin B"));
	CU_ASSERT_EQUAL_FATAL(reqs.nr, 6);
	CU_ASSERT(reqs.req[2].kind == REQ_KSWAPD_END && reqs.req[2].when == 5);
	CU_ASSERT(reqs.req[3].kind == REQ_FREE && reqs.req[3].pfn == 0x1006);
	CU_ASSERT(reqs.req[5].kind == REQ_KSWAPD_END && reqs.req[5].when == 11);
	requests_free(&reqs);
	trace_destroy(trace);
}

/*
 * Frames freed together reach their list one after the other, later than they
 * are traced first; what another CPU did in between came before.
 */
static void test_batched(void)
{
	struct requests reqs;
	struct trace *trace;

	build(&reqs, &trace,
	      LINE(3, "a-1", "snap_fn: mmsnap end A len 1")
	      LINE(10, "a-1", "mm_page_free: page=0 pfn=0x1000 order=0")
	      LINE(11, "a-1", "mm_page_free: page=0 pfn=0x1001 order=0")
	      LINE(12, "b-2", "mm_page_alloc: page=0 pfn=0x1004 order=0 migratetype=1 gfp_flags=GFP_KERNEL")
	      LINE(13, "a-1", "mm_page_free_batched: page=0 pfn=0x1000 order=0")
	      LINE(14, "b-2", "mm_page_alloc: page=0 pfn=0x1005 order=0 migratetype=1 gfp_flags=GFP_KERNEL")
	      LINE(15, "a-1", "mm_page_free_batched: page=0 pfn=0x1001 order=0")
	      LINE(60, "a-1", "snap_fn: mmsnap begin B"));
	CU_ASSERT_EQUAL_FATAL(reqs.nr, 4);
	CU_ASSERT(reqs.req[0].kind == REQ_ALLOC && reqs.req[1].kind == REQ_FREE && reqs.req[1].pfn == 0x1000);
	CU_ASSERT(reqs.req[2].kind == REQ_ALLOC && reqs.req[3].kind == REQ_FREE && reqs.req[3].pfn == 0x1001);
	requests_free(&reqs);
	trace_destroy(trace);
}

/* ---- after a miss -------------------------------------------------------- */

#define ALLOCATED(when, pfn) \
	LINE(when, "a-1", "mm_page_alloc: page=0 pfn=0x" #pfn " order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE")
#define LEFT(when, pfn) \
	LINE(when, "a-1", "mm_page_alloc_zone_locked: page=0 pfn=0x" #pfn " order=0 migratetype=1 percpu_refill=1")

static void replay(struct verify_pages *vp, const char *snapshot, const char *text, enum verify_mode mode)
{
	struct kerror err = { 0 };
	struct snapshot *snap;
	struct requests reqs;
	struct trace *trace;
	struct pagemap *map;
	struct buddy *b;

	build_from(&reqs, &trace, snapshot, text);
	CU_ASSERT_EQUAL_FATAL(parse(&snap, snapshot, &err), 0);
	CU_ASSERT_EQUAL_FATAL(verify_boot(&map, &b, snap, BUDDY_KERNEL_6_1, &err), 0);
	CU_ASSERT_EQUAL_FATAL(verify_pages_run(vp, b, &reqs, mode, 0, &err), 0);
	CU_ASSERT_EQUAL(vp->resync_failed, 0);
	buddy_destroy(b);
	pagemap_destroy(map);
	snapshot_free(snap);
	requests_free(&reqs);
	trace_destroy(trace);
}

/*
 * The kernel's refill had one block that ours has not, and in front: that is
 * one miss. The blocks behind it come in the order in which ours has them.
 */
static void test_refill_shifted(void)
{
	static const char text[] =
		LINE(1, "a-1", "snap_fn: mmsnap end A len 1")
		ALLOCATED(2, 1009)
		LEFT(3, 1007) LEFT(4, 1004) LEFT(5, 1005)
		ALLOCATED(6, 1007) ALLOCATED(7, 1004) ALLOCATED(8, 1005)
		LINE(9, "a-1", "snap_fn: mmsnap begin B");
	struct verify_pages vp;

	replay(&vp, SNAP_GOOD, text, VERIFY_GUIDED);
	CU_ASSERT(vp.allocs.all == 4 && vp.allocs.hits == 3 && vp.cause[CAUSE_free_list] == 1);
	verify_pages_free(&vp);
}

/*
 * The kernel took two frames from DMA where ours came from DMA32's per-CPU
 * list, and a refill of it. Ours go back, and the frames that it takes from
 * DMA32 afterwards are the right ones. Without being guided that is done only
 * where something happened between the request and what the task did before.
 */
static void test_other_zone(void)
{
	static const char text[] =
		LINE(1, "a-1", "snap_fn: mmsnap end A len 1")
		ALLOCATED(2, 408) ALLOCATED(3, 1009) ALLOCATED(4, 409)
		LEFT(5, 1004) LEFT(6, 1005) LEFT(7, 1006)
		ALLOCATED(8, 1004) ALLOCATED(9, 1005)
		LINE(10, "a-1", "snap_fn: mmsnap begin B");
	static const char late[] =
		LINE(1, "a-1", "snap_fn: mmsnap end A len 1")
		LINE(2, "a-1", "mm_page_free: page=0 pfn=0x1000 order=0")
		LINE(3, "b-2", "mm_page_free: page=0 pfn=0x1001 order=0")
		ALLOCATED(4, 408) ALLOCATED(5, 1001) ALLOCATED(6, 409) ALLOCATED(7, 1000)
		LINE(8, "a-1", "snap_fn: mmsnap begin B");
	struct verify_pages vp;

	replay(&vp, SNAP_TWO_ZONES, text, VERIFY_GUIDED);
	CU_ASSERT(vp.allocs.all == 5 && vp.allocs.hits == 3 && vp.other_zone == 2);
	CU_ASSERT_EQUAL(vp.cause[CAUSE_zone], 2);
	verify_pages_free(&vp);
	replay(&vp, SNAP_TWO_ZONES, late, VERIFY_OPEN);
	CU_ASSERT(vp.allocs.all == 4 && vp.other_zone == 1 && vp.cause[CAUSE_zone] >= 1);
	verify_pages_free(&vp);
}

#define NODE_ZONE(nid, start, low, free, pages) \
	"zone " nid " 1 DMA32 start " start " spanned 400 present 400 managed 400\n" \
	"wmark min 1 low " low " high 40 promo 50 boost 0\n" \
	"lowmem_reserve 0 0 0 0 0\n" \
	"zflags 4 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 0\n" \
	"zstat 8 0\n" \
	"zstatdiff 0 thr 4 0 0\n" \
	"pcp 0 count 0 high 10 batch 1 free_factor 0 expire 0\n" \
	"free 3 1 1 : " free "\n" \
	"nr_free 0 0 0 1 0 0 0 0 0 0 0\n" \
	"blocks " start " :11\n" \
	"pages " pages "\n" \
	"endzone\n"
#define SNAP_TWO_NODES \
	"mmsnap 1\n" \
	"tag A\n" \
	"kernel 6.1.0-9-amd64 #1 SMP\n" \
	"page_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\n" \
	"consts page_shift 12 pageblock_order 9 orders 11 migrate_types 5 pcptypes 3 pcp_lists 14 costly 3 zones 5\n" \
	"cpus 0\n" \
	"node 0 start 1000 spanned 400 present 400 kswapd_order 0\n" \
	"zonelist 0 : 0/1 1/1\n" \
	"node 1 start 2000 spanned 400 present 400 kswapd_order 0\n" \
	"zonelist 1 : 1/1 0/1\n" \
	NODE_ZONE("0", "1000", "20", "1008", "U1000+8 B1008+8 U1010+3f0") \
	NODE_ZONE("1", "2000", "2", "2008", "U2000+8 B2008+8 U2010+3f0") \
	"end\n"
#define ALLOCATED_AS(when, pfn, flags) \
	LINE(when, "a-1", "mm_page_alloc: page=0 pfn=0x" #pfn " order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE" flags)

/*
 * The CPU's node is below its low watermark, the other is not: a request goes to the
 * other node, but one that may not leave its own stays.
 */
static void test_this_node(void)
{
	static const char text[] =
		LINE(1, "a-1", "snap_fn: mmsnap end A len 1")
		ALLOCATED_AS(2, 2008, "") ALLOCATED_AS(3, 1008, "|__GFP_THISNODE") ALLOCATED_AS(4, 2009, "")
		LINE(5, "a-1", "snap_fn: mmsnap begin B");
	struct verify_pages vp;

	replay(&vp, SNAP_TWO_NODES, text, VERIFY_OPEN);
	CU_ASSERT_EQUAL(vp.allocs.all, 3);
	CU_ASSERT_EQUAL(vp.allocs.hits, 3);
	CU_ASSERT_EQUAL(vp.other_zone, 0);
	verify_pages_free(&vp);
}

/* Compaction of a request's own is told from kcompactd's, and what it is for is known when it begins. */
static void test_requests_compact(void)
{
	struct requests reqs;
	struct trace *trace;

	build(&reqs, &trace,
	      LINE(3, "a-1", "snap_fn: mmsnap end A len 1")
	      LINE(10, "k-3", "mm_compaction_begin: zone_start=0x1000 migrate_pfn=0x1000 free_pfn=0x1200 zone_end=0x1400, mode=sync")
	      LINE(20, "a-1", "mm_compaction_try_to_compact_pages: order=1 gfp_mask=GFP_KERNEL priority=1")
	      LINE(21, "a-1", "mm_compaction_begin: zone_start=0x1000 migrate_pfn=0x1000 free_pfn=0x1200 zone_end=0x1400, mode=async")
	      LINE(22, "a-1", "mm_compaction_end: zone_start=0x1000 migrate_pfn=0x1000 free_pfn=0x1200 zone_end=0x1400, mode=async status=success")
	      LINE(60, "a-1", "snap_fn: mmsnap begin B"));
	CU_ASSERT_EQUAL_FATAL(reqs.nr, 4);
	CU_ASSERT(reqs.req[0].kind == REQ_COMPACT_BEGIN && !reqs.req[0].slow && !reqs.req[0].fast);
	CU_ASSERT(reqs.req[2].kind == REQ_COMPACT_BEGIN && reqs.req[2].slow && reqs.req[2].fast &&
		  reqs.req[2].order == 1 && reqs.req[2].gfp == GFP_KERNEL);
	CU_ASSERT(reqs.req[3].kind == REQ_COMPACT_END && reqs.req[3].arg == 0x1200);
	requests_free(&reqs);
	trace_destroy(trace);
}

#define SOFTIRQ(when, flag, rest) " a-1 [000] ." flag "s.. " #when ": " rest "\n"
#define ALLOC_AFTER(when, flag, gfp) \
	" a-1 [000] ." flag "... " #when ": mm_page_alloc: page=0 pfn=0x1004 order=0 migratetype=1 gfp_flags=" gfp "\n"

/*
 * A request traced after an interrupt may have been served before it: its place
 * before is marked, and seems the right one where the task ought to have given
 * way in between, and where there was a page to zero.
 */
static void test_interrupted(void)
{
	static const struct {
		const char *text;
		int32_t seems;		/* -1: nothing is marked */
	} was[] = {
		{ SOFTIRQ(11, "N", "mm_page_free: page=0 pfn=0x1000 order=0") ALLOC_AFTER(12, "N", "GFP_KERNEL|__GFP_ZERO"), 1 },
		{ SOFTIRQ(11, ".", "mm_page_free: page=0 pfn=0x1000 order=0") ALLOC_AFTER(12, ".", "GFP_KERNEL|__GFP_ZERO"), 0 },
		{ SOFTIRQ(11, "N", "mm_page_free: page=0 pfn=0x1000 order=0") ALLOC_AFTER(12, "N", "GFP_KERNEL"), 0 },
		{ SOFTIRQ(11, "N", "mm_page_free: page=0 pfn=0x1000 order=0") ALLOC_AFTER(12, "N", "GFP_ATOMIC|__GFP_ZERO"), 0 },
		{ SOFTIRQ(11, "N", "mm_page_free: page=0 pfn=0x1000 order=0")
		  LINE(12, "a-1", "mm_page_free: page=0 pfn=0x1001 order=0") ALLOC_AFTER(13, "N", "GFP_KERNEL|__GFP_ZERO"), -1 },
		{ SOFTIRQ(11, "N", "mm_page_free: page=0 pfn=0x1000 order=0")
		  LINE(12, "b-2", "mm_page_free: page=0 pfn=0x1001 order=0") ALLOC_AFTER(13, "N", "GFP_KERNEL|__GFP_ZERO"), 1 },
		/* Its first block left the free lists before. */
		{ LINE(10, "a-1", "mm_page_alloc_zone_locked: page=0 pfn=0x1004 order=0 migratetype=1 percpu_refill=1")
		  SOFTIRQ(11, "N", "mm_page_free: page=0 pfn=0x1000 order=0") ALLOC_AFTER(12, "N", "GFP_KERNEL|__GFP_ZERO"), -1 },
	};
	size_t i;

	for (i = 0; i < sizeof(was) / sizeof(was[0]); i++) {
		struct requests reqs;
		struct trace *trace;
		char text[2048];
		uint32_t r;
		int32_t seems = -1;

		snprintf(text, sizeof(text), "%s%s%s", LINE(3, "a-1", "snap_fn: mmsnap end A len 1"), was[i].text,
			 LINE(60, "a-1", "snap_fn: mmsnap begin B"));
		build(&reqs, &trace, text);
		for (r = 0; r < reqs.nr; r++) {
			if (reqs.req[r].kind != REQ_INTERRUPT)
				continue;
			seems = reqs.req[r].arg;
			CU_ASSERT(reqs.req[r].when == 10 && r + 1 < reqs.nr && reqs.req[r + 1].kind == REQ_FREE);
		}
		CU_ASSERT_EQUAL(seems, was[i].seems);
		requests_free(&reqs);
		trace_destroy(trace);
	}
}

/* ---- captures ------------------------------------------------------------ */

static const char *capture(const char *name)
{
	static char folder[4096];
	char file[256];
	const char *path;

	snprintf(file, sizeof(file), "oracle/kernel/%s/snap_a.txt.zst", name);
	path = test_shared(file);
	if (!path)
		return NULL;
	snprintf(folder, sizeof(folder), "%.*s", (int)(strlen(path) - strlen("/snap_a.txt.zst")), path);
	return folder;
}

/* Every frame, and at the end every list in order, in the modes from @mode on. */
static void verify_from(const char *name, enum verify_mode mode)
{
	for (; mode <= VERIFY_OPEN; mode++) {
		struct verify_run run = { .capture = capture(name), .mode = mode };
		struct kerror err = { 0 };

		if (!run.capture)
			return;
		CU_ASSERT_EQUAL(verify_run(&run, NR_BUDDY_KERNELS, 1, &err), 0);
		CU_ASSERT_STRING_EQUAL(err.text, "");
		CU_ASSERT(run.pages.allocs.all > 300);
		CU_ASSERT_EQUAL(run.pages.allocs.hits, run.pages.allocs.all);
		CU_ASSERT_EQUAL(run.pages.refill.hits, run.pages.refill.all);
		CU_ASSERT(compare_is_equal(&run.compare));
		CU_ASSERT_EQUAL(run.compare.pcp_tunings_equal, run.compare.pcp_tunings);
		CU_ASSERT_EQUAL(run.compare.zone_values_equal, run.compare.zone_values);
		CU_ASSERT_EQUAL(run.violations_before + run.violations_after, 0);
		verify_exit(&run);
	}
}

static void verify_exactly(const char *name)
{
	verify_from(name, VERIFY_GUIDED);
}

static void test_idle_6_1(void)
{
	verify_exactly("6.1-smp1_idle_small");
}

static void test_idle_6_12(void)
{
	verify_exactly("6.12-smp1_idle_small");
}

static void test_files_6_1(void)
{
	verify_exactly("6.1-smp1_files");
}

static void test_files_6_12(void)
{
	verify_exactly("6.12-smp1_files");
}

/* Two CPUs. */
static void test_mixed(void)
{
	verify_exactly("6.1-smp2_mixed");
}

/* Compaction, fallbacks and claims; reclaim and swap. The open mode is the one that proves something. */
static void test_mmap_thp(void)
{
	verify_from("6.1-smp1_mmap_thp", VERIFY_OPEN);
}

static void test_mmap_thp_6_12(void)
{
	verify_from("6.12-smp1_mmap_thp", VERIFY_OPEN);
}

static void test_pressure(void)
{
	verify_from("6.1-smp1_pressure", VERIFY_OPEN);
}

/* ---- the kernel's own files ---------------------------------------------- */

static bool is_one_of(const char *line, const char *const *keys)
{
	line += strspn(line, " ");
	for (; *keys; keys++)
		if (!strncmp(line, *keys, strlen(*keys)))
			return true;
	return false;
}

/* Lines that begin with one of @keys. */
static char *lines_of(FILE *file, const char *const *keys)
{
	char line[1024], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	while (fgets(line, sizeof(line), file))
		if (is_one_of(line, keys))
			fputs(line, out);
	fclose(out);
	return text;
}

/*
 * The file with each number as one '#'; with @columns as many as it and the
 * blanks before it are wide, so that a column of another width shows.
 */
static char *form_of(FILE *file, bool columns)
{
	char line[1024], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	while (fgets(line, sizeof(line), file)) {
		const char *at = line;

		while (*at) {
			size_t blanks = columns ? strspn(at, " ") : 0, digits = strspn(at + blanks, "0123456789");

			if (!digits) {
				putc(*at++, out);
				continue;
			}
			at += blanks + digits;
			do
				putc('#', out);
			while (columns && --digits + blanks);
		}
	}
	fclose(out);
	return text;
}

static void same_text(char *ours, char *kernel)
{
	CU_ASSERT(strlen(kernel) > 80);
	CU_ASSERT_STRING_EQUAL(ours, kernel);
	free(ours);
	free(kernel);
}

/* Equal to the byte but for its numbers, and equal in the lines that begin with one of @keys. */
static void compare_file(const char *folder, const char *name, const char *const *keys, bool columns,
			 int (*print)(const struct buddy *b, FILE *out), const struct buddy *b)
{
	FILE *ours = tmpfile(), *kernel;
	char path[4096];

	CU_ASSERT_PTR_NOT_NULL_FATAL(ours);
	CU_ASSERT_EQUAL(print(b, ours), 0);
	rewind(ours);
	snprintf(path, sizeof(path), "%s/procfs_a/%s", folder, name);
	kernel = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(kernel);
	same_text(form_of(ours, columns), form_of(kernel, columns));
	if (keys) {
		rewind(ours);
		rewind(kernel);
		same_text(lines_of(ours, keys), lines_of(kernel, keys));
	}
	fclose(ours);
	fclose(kernel);
}

static int zoneinfo(const struct buddy *b, FILE *out)
{
	return procfs_zoneinfo(b, NULL, out);
}

/*
 * The loaded state printed as the kernel's own files: the same to the byte but
 * for the numbers, and these too where they do not change between snapshot A
 * and the moment the files were read.
 */
static void test_procfs(void)
{
	static const char *const names[] = {
		"6.1-smp1_idle_small", "6.1-smp1_files", "6.1-smp1_mmap_thp", "6.1-smp1_pressure",
		"6.1-smp2_mixed", "6.12-smp1_idle_small", "6.12-smp1_files", "6.12-smp1_mmap_thp",
	};
	static const char *const zone_keys[] = {
		"Node ", "min ", "low ", "high ", "spanned ", "present ", "managed ", "protection:",
		"start_pfn:", "vm stats threshold:", "batch:", "high:", NULL
	};
	/* In 6.12 the per-CPU high moves by itself. */
	static const char *const zone_keys_6_12[] = {
		"Node ", "min ", "low ", "high ", "promo ", "spanned ", "present ", "managed ",
		"protection:", "start_pfn:", "vm stats threshold:", "batch:", NULL
	};
	static const char *const block_keys[] = {
		"Page block order", "Pages per block", "Number of blocks", NULL
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool newer = !strncmp(names[i], "6.12", 4);
		const char *folder = capture(names[i]);
		struct kerror err = { 0 };
		struct snapshot *snap;
		struct pagemap *map;
		struct buddy *b;
		char path[4096];

		if (!folder)
			return;
		snprintf(path, sizeof(path), "%s/snap_a.txt", folder);
		CU_ASSERT_EQUAL_FATAL(snapshot_read(&snap, path, &err), 0);
		CU_ASSERT_EQUAL_FATAL(verify_boot(&map, &b, snap, verify_kernel_of(snap), &err), 0);
		compare_file(folder, "buddyinfo", NULL, true, procfs_buddyinfo, b);
		compare_file(folder, "pagetypeinfo", block_keys, true, procfs_pagetypeinfo, b);
		compare_file(folder, "zoneinfo", newer ? zone_keys_6_12 : zone_keys, false, zoneinfo, b);
		buddy_destroy(b);
		pagemap_destroy(map);
		snapshot_free(snap);
	}
}

/* The check can fail: one kernel's capture under the other's rules does not come out even. */
static void test_wrong_rules(void)
{
	static const struct {
		const char *name;
		enum buddy_kernel kernel;
	} wrong[] = {
		{ "6.1-smp2_mixed", BUDDY_KERNEL_6_12 },
		{ "6.12-smp1_files", BUDDY_KERNEL_6_1 },
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct verify_run run = { .capture = capture(wrong[i].name), .mode = VERIFY_OPEN };
		struct kerror err = { 0 };

		if (!run.capture)
			return;
		CU_ASSERT_EQUAL(verify_run(&run, wrong[i].kernel, 4, &err), 0);
		CU_ASSERT(run.pages.allocs.hits < run.pages.allocs.all);
		CU_ASSERT_FALSE(compare_is_equal(&run.compare));
		CU_ASSERT_EQUAL(run.pages.nr_miss, 4);
		CU_ASSERT_EQUAL(run.violations_after, 0);
		verify_exit(&run);
	}
}

/* A folder that is no capture is told, and nothing leaks. */
static void test_no_capture(void)
{
	struct verify_run run = { .capture = "/nonexistent", .mode = VERIFY_OPEN };
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(verify_run(&run, NR_BUDDY_KERNELS, 0, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nonexistent: No such file"));
	verify_exit(&run);
}

static const struct test_case cases[] = {
	{ "snapshot", test_snapshot },
	{ "snapshot_bad", test_snapshot_bad },
	{ "snapshot_cut", test_snapshot_cut },
	{ "requests", test_requests },
	{ "requests and locks", test_requests_lock },
	{ "slow requests", test_requests_slow },
	{ "kswapd is done", test_requests_balance },
	{ "a refill with one block more", test_refill_shifted },
	{ "another zone", test_other_zone },
	{ "this node", test_this_node },
	{ "batched", test_batched },
	{ "compaction requests", test_requests_compact },
	{ "interrupted", test_interrupted },
	{ "idle_6.1", test_idle_6_1 },
	{ "idle_6.12", test_idle_6_12 },
	{ "files_6.1", test_files_6_1 },
	{ "files_6.12", test_files_6_12 },
	{ "mixed", test_mixed },
	{ "mmap_thp", test_mmap_thp },
	{ "mmap_thp_6.12", test_mmap_thp_6_12 },
	{ "pressure", test_pressure },
	{ "procfs", test_procfs },
	{ "wrong_rules", test_wrong_rules },
	{ "no_capture", test_no_capture },
	{ NULL, NULL }
};

const struct test_suite verify_suite = { "verify", cases };
