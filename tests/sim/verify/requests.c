/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: requests put together from events, and what follows a miss. */
#include <stdio.h>
#include <string.h>

#include "sim/verify/pages/pages.h"
#include "tests/sim/trace/util.h"
#include "tests/sim/verify/small_machine.h"
#include "tests/tests.h"

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
	CU_ASSERT_EQUAL(reqs.req[0].kind, REQ_ALLOC);
	CU_ASSERT_EQUAL(reqs.req[0].when, 10);
	CU_ASSERT_EQUAL(reqs.req[0].nr_blocks, 2);
	CU_ASSERT_EQUAL(reqs.blocks[reqs.req[0].first_block + 1].pfn, 0x1005);
	CU_ASSERT_EQUAL(reqs.req[1].kind, REQ_ALLOC);
	CU_ASSERT_EQUAL(reqs.req[1].when, 11);
	CU_ASSERT_FALSE(reqs.req[1].nr_blocks);
	CU_ASSERT_EQUAL(reqs.req[2].kind, REQ_FREE);
	CU_ASSERT_EQUAL(reqs.req[2].pfn, 0x1005);
	CU_ASSERT_EQUAL(reqs.req[2].when, 24);
	CU_ASSERT_EQUAL(reqs.req[3].kind, REQ_FREE);
	CU_ASSERT_EQUAL(reqs.req[3].pfn, 0x1004);
	CU_ASSERT_EQUAL(reqs.req[3].when, 25);
	CU_ASSERT_EQUAL(reqs.req[4].kind, REQ_DRAIN_ZONE);
	CU_ASSERT_EQUAL(reqs.req[4].zone, ZONE_DMA32);
	CU_ASSERT_FALSE(reqs.req[4].from);
	CU_ASSERT_EQUAL(reqs.req[4].arg, 1);
	CU_ASSERT_EQUAL(reqs.req[5].kind, REQ_ISOLATE);
	CU_ASSERT_EQUAL(reqs.req[5].pfn, 0x1000);
	CU_ASSERT_EQUAL(reqs.req[5].order, 2);
	CU_ASSERT_EQUAL(reqs.req[6].kind, REQ_FREE_DIRECT);
	CU_ASSERT_EQUAL(reqs.req[6].when, 51);
	CU_ASSERT_EQUAL(reqs.req[7].kind, REQ_ALLOC_BULK);
	CU_ASSERT_EQUAL(reqs.req[7].arg, 4);
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
	CU_ASSERT_EQUAL(reqs.req[0].kind, REQ_ALLOC);
	CU_ASSERT_EQUAL(reqs.req[0].when, 2);
	CU_ASSERT_EQUAL(reqs.req[1].kind, REQ_DRAIN);
	CU_ASSERT_EQUAL(reqs.req[1].when, 6);
	CU_ASSERT_EQUAL(reqs.req[1].from, 2);
	CU_ASSERT_EQUAL(reqs.req[1].zone, REQUEST_NO_ZONE);
	CU_ASSERT_EQUAL(reqs.req[2].kind, REQ_DRAIN_ZONE);
	CU_ASSERT_EQUAL(reqs.req[2].when, 7);
	CU_ASSERT_FALSE(reqs.req[2].from);
	CU_ASSERT_EQUAL(reqs.req[2].cpu, 1);
	CU_ASSERT_EQUAL(reqs.req[2].arg, 3);
	CU_ASSERT_EQUAL(reqs.req[2].order, 1);
	CU_ASSERT_EQUAL(reqs.req[3].kind, REQ_DRAIN_ZONE);
	CU_ASSERT_EQUAL(reqs.req[3].when, 9);
	CU_ASSERT_EQUAL(reqs.req[3].arg, 1);
	CU_ASSERT_EQUAL(reqs.req[3].zone, ZONE_DMA32);
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
	CU_ASSERT_EQUAL(reqs.req[0].kind, REQ_SLOW);
	CU_ASSERT_EQUAL(reqs.req[0].order, 1);
	CU_ASSERT_EQUAL(reqs.req[0].gfp, (GFP_KERNEL | __GFP_COMP));
	CU_ASSERT_EQUAL(reqs.req[1].kind, REQ_ALLOC);
	CU_ASSERT_FALSE(reqs.req[1].slow);
	CU_ASSERT_FALSE(reqs.req[2].slow);
	CU_ASSERT_EQUAL(reqs.req[3].pfn, 0x1006);
	CU_ASSERT(reqs.req[3].slow);
	CU_ASSERT_FALSE(reqs.req[4].slow);
	CU_ASSERT_EQUAL(reqs.req[5].kind, REQ_SLOW);
	CU_ASSERT_EQUAL(reqs.req[5].order, 9);
	CU_ASSERT_EQUAL(reqs.req[6].pfn, 0x1200);
	CU_ASSERT(reqs.req[6].slow);
	CU_ASSERT_EQUAL(reqs.req[7].kind, REQ_KSWAPD_AWAKE);
	CU_ASSERT_EQUAL(reqs.req[7].arg, 1);
	CU_ASSERT_EQUAL(reqs.req[8].kind, REQ_KSWAPD_AWAKE);
	CU_ASSERT_FALSE(reqs.req[8].arg);
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
	CU_ASSERT_EQUAL(reqs.req[2].kind, REQ_KSWAPD_END);
	CU_ASSERT_EQUAL(reqs.req[2].when, 5);
	CU_ASSERT_EQUAL(reqs.req[3].kind, REQ_FREE);
	CU_ASSERT_EQUAL(reqs.req[3].pfn, 0x1006);
	CU_ASSERT_EQUAL(reqs.req[5].kind, REQ_KSWAPD_END);
	CU_ASSERT_EQUAL(reqs.req[5].when, 11);
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
	CU_ASSERT_EQUAL(reqs.req[0].kind, REQ_ALLOC);
	CU_ASSERT_EQUAL(reqs.req[1].kind, REQ_FREE);
	CU_ASSERT_EQUAL(reqs.req[1].pfn, 0x1000);
	CU_ASSERT_EQUAL(reqs.req[2].kind, REQ_ALLOC);
	CU_ASSERT_EQUAL(reqs.req[3].kind, REQ_FREE);
	CU_ASSERT_EQUAL(reqs.req[3].pfn, 0x1001);
	requests_free(&reqs);
	trace_destroy(trace);
}

/* What was asked for is a request; what only says what happened is a hint. */
static void test_hints(void)
{
	CU_ASSERT(request_is_hint(REQ_DRAIN_ZONE));
	CU_ASSERT(request_is_hint(REQ_FREE_DIRECT));
	CU_ASSERT(request_is_hint(REQ_SLOW));
	CU_ASSERT(request_is_hint(REQ_KSWAPD_AWAKE));
	CU_ASSERT_FALSE(request_is_hint(REQ_FREE));
}

/* ---- after a miss -------------------------------------------------------- */

#define ALLOCATED(when, pfn) \
	LINE(when, "a-1", "mm_page_alloc: page=0 pfn=0x" #pfn " order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE")
#define LEFT(when, pfn) \
	LINE(when, "a-1", "mm_page_alloc_zone_locked: page=0 pfn=0x" #pfn " order=0 migratetype=1 percpu_refill=1")

static void replay_until(struct verify_pages *vp, const char *snapshot, const char *text, enum verify_mode mode,
			 const volatile sig_atomic_t *stop)
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
	CU_ASSERT_EQUAL_FATAL(verify_pages_run(vp, b, &reqs, mode, 0, stop, &err), 0);
	CU_ASSERT_EQUAL(vp->resync_failed, 0);
	CU_ASSERT_EQUAL(vp->served, stop ? 0 : reqs.nr);
	buddy_destroy(b);
	pagemap_destroy(map);
	snapshot_free(snap);
	requests_free(&reqs);
	trace_destroy(trace);
}

static void replay(struct verify_pages *vp, const char *snapshot, const char *text, enum verify_mode mode)
{
	replay_until(vp, snapshot, text, mode, NULL);
}

/* Whoever asks for an end gets it before the next request. */
static void test_stopped(void)
{
	static const char text[] =
		LINE(1, "a-1", "snap_fn: mmsnap end A len 1")
		ALLOCATED(2, 1009)
		LINE(9, "a-1", "snap_fn: mmsnap begin B");
	static const volatile sig_atomic_t stop = 1;
	struct verify_pages vp;

	replay_until(&vp, SNAP_GOOD, text, VERIFY_GUIDED, &stop);
	CU_ASSERT_EQUAL(vp.allocs.all, 0);
	verify_pages_free(&vp);
	replay(&vp, SNAP_GOOD, text, VERIFY_GUIDED);
	CU_ASSERT_EQUAL(vp.allocs.all, 1);
	verify_pages_free(&vp);
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
	CU_ASSERT_EQUAL(vp.allocs.all, 4);
	CU_ASSERT_EQUAL(vp.allocs.hits, 3);
	CU_ASSERT_EQUAL(vp.cause[CAUSE_free_list], 1);
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
	CU_ASSERT_EQUAL(vp.allocs.all, 5);
	CU_ASSERT_EQUAL(vp.allocs.hits, 3);
	CU_ASSERT_EQUAL(vp.other_zone, 2);
	CU_ASSERT_EQUAL(vp.cause[CAUSE_zone], 2);
	verify_pages_free(&vp);
	replay(&vp, SNAP_TWO_ZONES, late, VERIFY_OPEN);
	CU_ASSERT_EQUAL(vp.allocs.all, 4);
	CU_ASSERT_EQUAL(vp.other_zone, 1);
	CU_ASSERT(vp.cause[CAUSE_zone] >= 1);
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

/* Compaction of a request's own is not taken for kcompactd's, and what it is for is known when it begins. */
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
	CU_ASSERT_EQUAL(reqs.req[0].kind, REQ_COMPACT_BEGIN);
	CU_ASSERT_FALSE(reqs.req[0].slow);
	CU_ASSERT_FALSE(reqs.req[0].fast);
	CU_ASSERT_EQUAL(reqs.req[2].kind, REQ_COMPACT_BEGIN);
	CU_ASSERT(reqs.req[2].slow);
	CU_ASSERT(reqs.req[2].fast);
	CU_ASSERT_EQUAL(reqs.req[2].order, 1);
	CU_ASSERT_EQUAL(reqs.req[2].gfp, GFP_KERNEL);
	CU_ASSERT_EQUAL(reqs.req[3].kind, REQ_COMPACT_END);
	CU_ASSERT_EQUAL(reqs.req[3].arg, 0x1200);
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
			CU_ASSERT_EQUAL(reqs.req[r].when, 10);
			CU_ASSERT(r + 1 < reqs.nr);
			CU_ASSERT_EQUAL(reqs.req[r + 1].kind, REQ_FREE);
		}
		CU_ASSERT_EQUAL(seems, was[i].seems);
		requests_free(&reqs);
		trace_destroy(trace);
	}
}

static const struct test_case cases[] = {
	{ "requests", test_requests },
	{ "requests and locks", test_requests_lock },
	{ "slow requests", test_requests_slow },
	{ "hints", test_hints },
	{ "kswapd is done", test_requests_balance },
	{ "stopped", test_stopped },
	{ "a refill with one block more", test_refill_shifted },
	{ "another zone", test_other_zone },
	{ "this node", test_this_node },
	{ "batched", test_batched },
	{ "compaction requests", test_requests_compact },
	{ "interrupted", test_interrupted },
	{ NULL, NULL }
};

const struct test_suite requests_suite = { "requests", cases };
