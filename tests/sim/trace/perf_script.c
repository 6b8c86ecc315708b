/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the perf script reader. Tables of lines as kernels 5.4 to
 * 6.18 and several versions of perf print them, and of lines that are wrong.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/gfp.h"
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

#define HEAD	"cc1  6655 [003]  1086.470747: "

/* What a line must become. A NULL text is "not given". */
struct expected {
	const char *line;
	enum event_kind kind;
	uint64_t time_ns, addr;
	const char *comm, *call_site, *cache;
	uint32_t bytes_req, bytes_alloc, gfp;
	int pid, cpu, node, order, migratetype;
};

static void check_event(const struct expected *want)
{
	struct names *names = names_create();
	struct reader_stats stats;
	struct event ev[2];

	CU_ASSERT_EQUAL(read_text(want->line, strlen(want->line), names, ev, 2, &stats, NULL), 1);
	expect_value(want->line, "events", stats.events, 1);
	expect_value(want->line, "kind", ev[0].kind, want->kind);
	expect_value(want->line, "time", ev[0].time_ns, want->time_ns);
	expect_value(want->line, "address", ev[0].addr, want->addr);
	expect_value(want->line, "bytes_req", ev[0].bytes_req, want->bytes_req);
	expect_value(want->line, "bytes_alloc", ev[0].bytes_alloc, want->bytes_alloc);
	expect_value(want->line, "gfp", ev[0].gfp, want->gfp);
	expect_value(want->line, "pid", (uint64_t)ev[0].pid, (uint64_t)want->pid);
	expect_value(want->line, "cpu", ev[0].cpu, want->cpu);
	expect_value(want->line, "node", (uint64_t)ev[0].node, (uint64_t)want->node);
	expect_value(want->line, "order", ev[0].order, want->order);
	expect_value(want->line, "migratetype", ev[0].migratetype, want->migratetype);
	expect_value(want->line, "line", ev[0].line, 1);
	expect_value(want->line, "flags", ev[0].flags, 0);
	expect_value(want->line, "context", ev[0].context, CONTEXT_TASK);
	expect_value(want->line, "depth", ev[0].depth, 0);
	expect_text(want->line, "task", names_text(names, ev[0].comm), want->comm ? want->comm : "");
	expect_text(want->line, "call site", names_text(names, ev[0].call_site),
		    want->call_site ? want->call_site : "");
	expect_text(want->line, "cache", names_text(names, ev[0].cache), want->cache ? want->cache : "");
	names_destroy(names);
}

/* Every kind of event, in the spelling of several kernels, and which fields it ends up in. */
static const struct expected spellings[] = {
	/* 6.18, as in the recordings */
	{ "             gcc  6602 [001]  1086.463737:                 kmem:kmem_cache_alloc: "
	  "call_site=mas_preallocate+0x3ef ptr=0xffff8881145c5100 name=maple_node bytes_req=256 "
	  "bytes_alloc=256 gfp_flags=GFP_KERNEL node=-1 accounted=false\n",
	  EV_CACHE_ALLOC, 1086463737000, 0xffff8881145c5100, "gcc", "mas_preallocate+0x3ef",
	  "maple_node", 256, 256, GFP_KERNEL, 6602, 1, -1, 0, 0 },
	{ HEAD "kmem:kmalloc: call_site=perf_event_mmap+0x155 ptr=0xffff888102a0c000 bytes_req=4000 "
	  "bytes_alloc=4096 gfp_flags=GFP_KERNEL|__GFP_ZERO node=1 accounted=true",
	  EV_KMALLOC, 1086470747000, 0xffff888102a0c000, "cc1", "perf_event_mmap+0x155", NULL,
	  4000, 4096, GFP_KERNEL | __GFP_ZERO, 6655, 3, 1, 0, 0 },
	{ HEAD "kmem:kfree: call_site=vm_area_free+0x1c ptr=(nil)",
	  EV_KFREE, 1086470747000, 0, "cc1", "vm_area_free+0x1c", NULL, 0, 0, 0, 6655, 3, -1, 0, 0 },
	{ HEAD "kmem:kmem_cache_free: call_site=__sg_free_table+0x5b ptr=0xffff888104447800 "
	  "name=biovec-128",
	  EV_CACHE_FREE, 1086470747000, 0xffff888104447800, "cc1", "__sg_free_table+0x5b",
	  "biovec-128", 0, 0, 0, 6655, 3, -1, 0, 0 },
	{ HEAD "kmem:mm_page_alloc: page=0x16e4bf pfn=0x16e4bf order=3 migratetype=1 "
	  "gfp_flags=GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_COMP",
	  EV_PAGE_ALLOC, 1086470747000, 0x16e4bf, "cc1", NULL, NULL, 0, 0,
	  GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_COMP, 6655, 3, -1, 3, 1 },
	{ HEAD "kmem:mm_page_free: page=0x1106dd pfn=0x1106dd order=10",
	  EV_PAGE_FREE, 1086470747000, 0x1106dd, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1, 10, 0 },
	{ HEAD "kmem:mm_page_free_batched: page=0x1b3e30 pfn=0x1b3e30 order=0",
	  EV_PAGE_FREE_BATCHED, 1086470747000, 0x1b3e30, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1,
	  0, 0 },
	{ HEAD "kmem:mm_page_alloc_zone_locked: page=0x1b4d44 pfn=0x1b4d44 order=2 migratetype=1 "
	  "percpu_refill=1",
	  EV_PAGE_ZONE_LOCKED, 1086470747000, 0x1b4d44, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1,
	  2, 1 },
	{ HEAD "kmem:mm_page_pcpu_drain: page=0x1b4d44 pfn=0x1b4d44 order=0 migratetype=2",
	  EV_PAGE_PCPU_DRAIN, 1086470747000, 0x1b4d44, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1,
	  0, 2 },
	{ HEAD "kmem:mm_page_alloc_extfrag: page=0x14c800 pfn=0x14c800 alloc_order=2 "
	  "fallback_order=10 pageblock_order=9 alloc_migratetype=2 fallback_migratetype=1 "
	  "fragmenting=10 change_ownership=1",
	  EV_PAGE_EXTFRAG, 1086470747000, 0x14c800, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1, 2, 2 },
	{ HEAD "kmem:rss_stat: mm_id=486747526 curr=1 type=MM_ANONPAGES size=8192B",
	  EV_RSS_STAT, 1086470747000, 0, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1, 0, 0 },
	/* 5.4: frames in decimal, nodes in an event of their own, no names */
	{ HEAD "kmem:mm_page_alloc: page=0xffffea0005b92fc0 pfn=1500351 order=0 migratetype=0 "
	  "gfp_flags=GFP_KERNEL|__GFP_ZERO",
	  EV_PAGE_ALLOC, 1086470747000, 1500351, "cc1", NULL, NULL, 0, 0,
	  GFP_KERNEL | __GFP_ZERO, 6655, 3, -1, 0, 0 },
	{ HEAD "kmem:kmalloc_node: call_site=alloc_cpumask_var_node+0x1f ptr=0xffff88810a0c4400 "
	  "bytes_req=64 bytes_alloc=64 gfp_flags=GFP_KERNEL node=0",
	  EV_KMALLOC, 1086470747000, 0xffff88810a0c4400, "cc1", "alloc_cpumask_var_node+0x1f", NULL,
	  64, 64, GFP_KERNEL, 6655, 3, 0, 0, 0 },
	{ HEAD "kmem:kmem_cache_alloc_node: call_site=__alloc_skb+0x60 ptr=0xffff888104447800 "
	  "bytes_req=224 bytes_alloc=256 gfp_flags=GFP_ATOMIC node=-1",
	  EV_CACHE_ALLOC, 1086470747000, 0xffff888104447800, "cc1", "__alloc_skb+0x60", NULL,
	  224, 256, GFP_ATOMIC, 6655, 3, -1, 0, 0 },
	{ HEAD "kmem:kmem_cache_free: call_site=ffffffff811d3c5c ptr=0xffff888104447800",
	  EV_CACHE_FREE, 1086470747000, 0xffff888104447800, "cc1", "ffffffff811d3c5c", NULL,
	  0, 0, 0, 6655, 3, -1, 0, 0 },
	/* an address that no symbol covers; pointers without 0x */
	{ HEAD "kmem:kmalloc: call_site=0xffffffffc0a1b2c3 ptr=ffff888102a0c000 bytes_req=1 "
	  "bytes_alloc=8 gfp_flags=0xcc0",
	  EV_KMALLOC, 1086470747000, 0xffff888102a0c000, "cc1", "0xffffffffc0a1b2c3", NULL,
	  1, 8, 0xcc0, 6655, 3, -1, 0, 0 },
	/* fields in another order, unknown ones between them, text before them */
	{ HEAD "kmem:kmalloc: (__kmalloc+0x10) zone=Normal bytes_alloc=96 node=0 gfp_flags=GFP_NOWAIT "
	  "stuff bytes_req=80 ptr=0xffff888000001000 call_site=f+0x1",
	  EV_KMALLOC, 1086470747000, 0xffff888000001000, "cc1", "f+0x1", NULL,
	  80, 96, GFP_NOWAIT, 6655, 3, 0, 0, 0 },
	/* a hex frame number that lost its 0x but has a letter */
	{ HEAD "kmem:mm_page_free: page=ffffea0005b92fc0 pfn=16e4bf order=0",
	  EV_PAGE_FREE, 1086470747000, 0x16e4bf, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1, 0, 0 },
	/* frame 0 exists where its page does, or nothing is said of its page */
	{ HEAD "kmem:mm_page_free: pfn=0 order=0",
	  EV_PAGE_FREE, 1086470747000, 0, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1, 0, 0 },
	{ HEAD "kmem:mm_page_free: page=0xffffea0000000000 pfn=0x0 order=0",
	  EV_PAGE_FREE, 1086470747000, 0, "cc1", NULL, NULL, 0, 0, 0, 6655, 3, -1, 0, 0 },
};

/* An event is the same in each kernel's spelling. */
static void test_kernels(void)
{
	size_t i;

	for (i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		check_event(&spellings[i]);
}

/* The many ways to say that no page was to be had. */
static void test_failed_allocations(void)
{
	static const char *const pages[] = {
		"page=(nil) pfn=0", "page=(nil) pfn=0x0", "page=(null) pfn=0",
		"page=0x0 pfn=0", "pfn=18446744073709551615", "pfn=0xffffffffffffffff",
		"page=(nil) pfn=18446744073709551615", "pfn=-1",
	};
	struct expected want = {
		.kind = EV_PAGE_ALLOC, .time_ns = 1086470747000, .addr = EVENT_PFN_FAILED,
		.comm = "cc1", .gfp = GFP_KERNEL, .pid = 6655, .cpu = 3, .node = -1, .order = 9,
	};
	char line[300];
	size_t i;

	want.line = line;
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		snprintf(line, sizeof(line),
			 HEAD "kmem:mm_page_alloc: %s order=9 migratetype=0 gfp_flags=GFP_KERNEL",
			 pages[i]);
		check_event(&want);
	}
}

/* Names with anything in them, numbers in all their forms, columns that come and go. */
static void test_headers(void)
{
	static const struct {
		const char *head, *comm;
		uint64_t time_ns;
		int pid, cpu;
	} table[] = {
		{ "gcc 1 [000] 1.000001: ", "gcc", 1000001000, 1, 0 },
		{ "gcc  6602/6603  [001]  1086.463737: ", "gcc", 1086463737000, 6602, 1 },
		{ "gcc 12 1.5: ", "gcc", 1500000000, 12, 0 },
		{ "gcc 12/13 1.500000001: ", "gcc", 1500000001, 12, 0 },
		{ "gcc 12 [1023] 1.123456789:      1 ", "gcc", 1123456789, 12, 1023 },
		{ "gcc 12 [002] 0.000000: 250000 ", "gcc", 0, 12, 2 },
		{ "  Web Content  77 [000] 1.000000: ", "Web Content", 1000000000, 77, 0 },
		{ "kworker/0:1-eve  77 [000] 1.000000: ", "kworker/0:1-eve", 1000000000, 77, 0 },
		{ "a [b] 3 [4 77 [000] 1.000000: ", "a [b] 3 [4", 1000000000, 77, 0 },
		{ "x 1.5: 77 [000] 1.000000: ", "x 1.5:", 1000000000, 77, 0 },
		{ "  123  77 [000] 1.000000: ", "123", 1000000000, 77, 0 },
		{ "  -5 6  77 [000] 1.000000: ", "-5 6", 1000000000, 77, 0 },
		{ "     77 [000] 1.000000: ", NULL, 1000000000, 77, 0 },
		{ ":-1    -1 [000] 1.000000: ", ":-1", 1000000000, -1, 0 },
		{ "swapper     0 [000] 1700000000.000000: ", "swapper", 1700000000000000000, 0, 0 },
	};
	char line[300];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct expected want = {
			.line = line, .kind = EV_KFREE, .time_ns = table[i].time_ns, .addr = 0x10,
			.comm = table[i].comm, .pid = table[i].pid, .cpu = table[i].cpu, .node = -1,
		};

		snprintf(line, sizeof(line), "%skmem:kfree: ptr=0x10\n", table[i].head);
		check_event(&want);
		snprintf(line, sizeof(line), "%skfree:   ptr=0x10   \r\n", table[i].head);
		check_event(&want);
	}
}

/* A text value reaches to the next key, whatever is in it. */
static void test_texts(void)
{
	static const struct { const char *fields, *call_site, *cache; } table[] = {
		{ "name=ext4 groupinfo 4k ptr=0x10", NULL, "ext4 groupinfo 4k" },
		{ "ptr=0x10 name=ext4 groupinfo", NULL, "ext4 groupinfo" },
		{ "ptr=0x10 name=x(12:a b) ", NULL, "x(12:a b)" },
		{ "call_site=get+0x1 [virtio_net] ptr=0x10 name=n", "get+0x1 [virtio_net]", "n" },
		{ "call_site=f+0x1/0x20 name=:0000128 ptr=0x10", "f+0x1/0x20", ":0000128" },
		{ "call_site= ptr=0x10 name=", NULL, NULL },
		{ "ptr=0x10 name=a future_field=1", NULL, "a" },
	};
	char line[300];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct expected want = {
			.line = line, .kind = EV_CACHE_FREE, .time_ns = 1086470747000, .addr = 0x10,
			.comm = "cc1", .call_site = table[i].call_site, .cache = table[i].cache,
			.pid = 6655, .cpu = 3, .node = -1,
		};

		snprintf(line, sizeof(line), HEAD "kmem:kmem_cache_free: %s\n", table[i].fields);
		check_event(&want);
	}
}

/* Other tracepoints are events too, counted as unknown, and nothing of them is looked at. */
static void test_unknown(void)
{
	static const char *const events[] = {
		"sched:sched_switch: prev_comm=a b=c ptr=zzz order=99",
		"sched:kmalloc: bytes_req=-1", "kmem:mm_new_thing: pfn=?", "cycles:u:  ffff81 x",
		"cpu-clock:ppp:", "syscalls:sys_enter_brk: brk: 0x0", "kmem:kfre: ptr=0x10",
		"kmem:kmallox:", "kfreee: ptr=1", "page_alloc: order=99",
	};
	struct expected want = {
		.kind = EV_UNKNOWN, .time_ns = 1086470747000, .comm = "cc1", .pid = 6655, .cpu = 3,
		.node = -1,
	};
	char line[300];
	size_t i;

	want.line = line;
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		snprintf(line, sizeof(line), HEAD "%s\n", events[i]);
		check_event(&want);
	}
}

/* What can be wrong with a line, and the words for it. */
static const struct { const char *line, *message; } malformed[] = {
	{ HEAD "kmem:kfree: call_site=x", "kfree without ptr" },
	{ HEAD "kmem:kfree:", "kfree without ptr" },
	{ HEAD "kmem:mm_page_free: order=0", "mm_page_free without pfn" },
	{ HEAD "kmem:mm_page_free: pfn=1", "mm_page_free without order" },
	{ HEAD "kmem:mm_page_alloc: pfn=1 order=0 migratetype=0", "mm_page_alloc without gfp_flags" },
	{ HEAD "kmem:kmalloc: ptr=0x10 bytes_alloc=8 gfp_flags=GFP_KERNEL", "kmalloc without bytes_req" },
	{ HEAD "kmem:kmalloc: ptr=0x10 bytes_req=8 gfp_flags=GFP_KERNEL", "kmalloc without bytes_alloc" },
	{ HEAD "kmem:kmem_cache_alloc: ptr=0x10 bytes_req=8 bytes_alloc=8",
	  "kmem_cache_alloc without gfp_flags" },
	{ HEAD "kmem:kmem_cache_alloc_node: bytes_req=8", "kmem_cache_alloc without ptr" },
	{ HEAD "kmem:mm_page_free: pfn=1 order=99", "order=99 is above 10" },
	{ HEAD "kmem:mm_page_free: pfn=1 order=11", "order=11 is above 10" },
	{ HEAD "kmem:mm_page_free: pfn=1 order=-1", "order=-1 is below 0" },
	{ HEAD "kmem:mm_page_free: pfn=1 order=", "order= is no number" },
	{ HEAD "kmem:mm_page_free: pfn=1 order=1x", "order=1x is no number" },
	{ HEAD "kmem:mm_page_free: pfn=1 order=99999999999999999999999", "order=99999999999999999999999 is above 10" },
	{ HEAD "kmem:mm_page_free: pfn=xyz order=1", "pfn=xyz is no frame number" },
	{ HEAD "kmem:mm_page_free: pfn=0x order=1", "pfn=0x is no frame number" },
	{ HEAD "kmem:mm_page_free: pfn= order=1", "pfn= is no frame number" },
	{ HEAD "kmem:mm_page_free: pfn=0x10000000000000 order=1", "pfn=0x10000000000000 is above 0xfffffffffffff" },
	{ HEAD "kmem:mm_page_free: pfn=99999999999999999999 order=1", "pfn=99999999999999999999 is above 0xfffffffffffff" },
	{ HEAD "kmem:mm_page_free: page=(bad) pfn=1 order=1", "page=(bad) is no address" },
	{ HEAD "kmem:mm_page_pcpu_drain: pfn=1 order=0 migratetype=16", "migratetype=16 is above 15" },
	{ HEAD "kmem:mm_page_pcpu_drain: pfn=1 order=0 migratetype=-1", "migratetype=-1 is below 0" },
	{ HEAD "kmem:mm_page_alloc_extfrag: pfn=1 alloc_order=11", "alloc_order=11 is above 10" },
	{ HEAD "kmem:kfree: ptr=zzz", "ptr=zzz is no address" },
	{ HEAD "kmem:kfree: ptr=0x", "ptr=0x is no address" },
	{ HEAD "kmem:kfree: ptr=0x11112222333344445", "ptr=0x11112222333344445 is no address" },
	{ HEAD "kmem:kfree: ptr=(nil", "ptr=(nil is no address" },
	{ HEAD "kmem:kmalloc: ptr=1 bytes_req=4294967296", "bytes_req=4294967296 is above 4294967295" },
	{ HEAD "kmem:kmalloc: ptr=1 bytes_req=18446744073709551616", "bytes_req=18446744073709551616 is above 4294967295" },
	{ HEAD "kmem:kmalloc: ptr=1 bytes_alloc=-8", "bytes_alloc=-8 is below 0" },
	{ HEAD "kmem:kmalloc: ptr=1 bytes_req=9 bytes_alloc=8 gfp_flags=GFP_KERNEL",
	  "bytes_alloc=8 is below bytes_req=9" },
	{ HEAD "kmem:kmalloc: ptr=1 node=1024", "node=1024 is above 1023" },
	{ HEAD "kmem:kmalloc: ptr=1 node=-2", "node=-2 is below -1" },
	{ HEAD "kmem:kmalloc: ptr=1 gfp_flags=GFP_KERNEL||", "gfp_flags=GFP_KERNEL|| is no list of flags" },
	{ HEAD "kmem:kmalloc: ptr=1 gfp_flags=", "gfp_flags= is no list of flags" },
	{ "cc1 1 [1024] 1.000000: kmem:kfree: ptr=1", "cpu=1024 is above 1023" },
	{ "cc1 1 [99999999999999999999] 1.000000: kmem:kfree: ptr=1",
	  "cpu=99999999999999999999 is above 1023" },
	{ "cc1 1 [001] abc: kmem:kfree: ptr=1", "time=abc: is no time" },
	{ "cc1 1 [001] 1: kmem:kfree: ptr=1", "time=1: is no time" },
	{ "cc1 1 [001] 1.: kmem:kfree: ptr=1", "time=1.: is no time" },
	{ "cc1 1 [001] 1.0000000000: kmem:kfree: ptr=1", "time=1.0000000000: is no time" },
	{ "cc1 1 [001] 18446744074.000000: kmem:kfree: ptr=1", "time=18446744074.000000: is no time" },
	{ "cc1 1 [001] 1.000000:", "no event name" },
	{ "cc1 1 [001] 1.000000: kmem:kfree ptr=1", "no event name" },
	{ "cc1 2147483648 [001] 1.000000: kmem:kfree: ptr=1", "pid=2147483648 is above 2147483647" },
	{ "complete nonsense", "no event, comment or call chain" },
	{ "kmem:kfree: ptr=1", "no event, comment or call chain" },
	{ "\xff\xfe\x80 \x01", "no event, comment or call chain" },
	{ "    ffffffff8129e5a3 kmem_cache_alloc+0x123 (no event before)", "no event, comment or call chain" },
	{ HEAD "kmem:kfree: ptr=\x01\x80", "ptr=?\? is no address" },
	{ HEAD "kmem:kfree: ptr=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
	  "ptr=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz... is no address" },
	{ HEAD "kmem:kmalloc: ptr=1 gfp_flags=3264x", "gfp_flags=3264x is no number" },
	{ HEAD "kmem:kmalloc: ptr=1 gfp_flags=4294967296", "gfp_flags=4294967296 is above 4294967295" },
};

/* It is counted once, and takes nothing else with it. */
static void test_malformed(void)
{
	static const char good[] = "\n" HEAD "kmem:kfree: ptr=0x20\n";
	char text[600];
	size_t i;

	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		const char *line = malformed[i].line;
		struct names *names = names_create();
		size_t len = (size_t)snprintf(text, sizeof(text), "%s%s", line, good);
		struct reader_stats stats;
		struct heard heard;
		struct event ev[3];

		CU_ASSERT_EQUAL(read_text(text, len, names, ev, 3, &stats, &heard), 1);
		expect_value(line, "malformed", stats.malformed, 1);
		expect_value(line, "events", stats.events, 1);
		expect_value(line, "lines", stats.lines, 2);
		expect_value(line, "next line", ev[0].line, 2);
		expect_value(line, "next address", ev[0].addr, 0x20);
		expect_value(line, "complaints", heard.count, 1);
		expect_value(line, "complained line", heard.line, 1);
		expect_text(line, "complaint", heard.text, malformed[i].message);
		names_destroy(names);
	}
}

/* Complaints stop at the limit, the count does not; without a listener all is quiet. */
static void test_message_limit(void)
{
	enum { NR = 25 };
	struct names *names = names_create();
	struct reader_stats stats;
	struct heard heard;
	struct event ev[1];
	char text[NR * 8 + 1];
	int i;

	for (i = 0; i < NR; i++)
		memcpy(text + i * 8, "rubbish\n", 8);
	CU_ASSERT_EQUAL(read_text(text, NR * 8, names, ev, 1, &stats, &heard), 0);
	CU_ASSERT_EQUAL(heard.count, 10);
	CU_ASSERT_EQUAL(heard.line, 10);
	CU_ASSERT_EQUAL(stats.malformed, NR);
	CU_ASSERT_EQUAL(read_text(text, NR * 8, names, ev, 1, &stats, NULL), 0);
	CU_ASSERT_EQUAL(stats.malformed, NR);
	names_destroy(names);
}

/* Comments, empty lines, call chains and perf's own records are no complaint. */
static void test_ignored(void)
{
	static const char text[] =
		"# captured on : Fri Nov 20 10:00:00 2026\n"
		"#\n"
		"\n"
		HEAD "kmem:kfree: ptr=0x10\n"
		"\tffffffff8129e5a3 kfree+0x123 ([kernel.kallsyms])\n"
		"\t    7f1234567890 [unknown] (/usr/lib/libc.so.6)\n"
		"\t               0 [unknown] ([unknown])\n"
		"   \t \r\n"
		HEAD "kmem:kfree: ptr=0x20\r\n"
		"          c0ffee 12 [000] 1.000000: kmem:kfree: ptr=0x30\n"
		"cc1 1 [000] 1.000000: PERF_RECORD_LOST lost 12\n"
		"cc1 1 1.000000: PERF_RECORD_MMAP2 1/1: [0x0(0x1) @ 0]\n"
		"   ffffffff8129e5a3 no chain: the line before was no event\n"
		HEAD "kmem:kfree: ptr=0x40";
	struct names *names = names_create();
	struct reader_stats stats;
	struct event ev[8];
	struct heard heard;

	CU_ASSERT_EQUAL(read_text(text, sizeof(text) - 1, names, ev, 8, &stats, &heard), 4);
	CU_ASSERT_EQUAL(ev[0].addr, 0x10);
	CU_ASSERT_EQUAL(ev[1].addr, 0x20);
	CU_ASSERT_EQUAL(ev[2].addr, 0x30);
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[2].comm), "c0ffee");
	CU_ASSERT_EQUAL(ev[3].addr, 0x40);
	CU_ASSERT_EQUAL(ev[3].line, 14);
	CU_ASSERT_EQUAL(stats.lines, 14);
	CU_ASSERT_EQUAL(stats.ignored, 9);
	CU_ASSERT_EQUAL(stats.malformed, 1);
	CU_ASSERT_EQUAL(heard.line, 13);
	names_destroy(names);
}

/* A text of @nr events of all sorts with something wrong in every 50th line. */
static char *make_text(unsigned int nr, size_t *len)
{
	const size_t size = nr * 200 + 1;
	char *text = malloc(size);
	unsigned int i;
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (i = 0; i < nr; i++) {
		n += (size_t)snprintf(text + n, size - n, "  task %u %u [%03u] %u.%06u: ", i % 7,
				      i % 11 + 1, i % 4, i, i);
		if (i % 50 == 49)
			n += (size_t)snprintf(text + n, size - n, "kmem:mm_page_free: pfn=1 order=%u\n", i);
		else if (i % 3)
			n += (size_t)snprintf(text + n, size - n,
					      "kmem:kfree: call_site=f%u+0x1 ptr=%#x\n", i % 97, i * 64);
		else
			n += (size_t)snprintf(text + n, size - n,
					      "kmem:mm_page_alloc: pfn=%u order=0 migratetype=1 "
					      "gfp_flags=GFP_KERNEL|%#x\n", i, 1u << i % 20);
	}
	*len = n;
	return text;
}

static struct source *drip_source(struct drip *drip)
{
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "drip", drip_read, drip, &err), 0);
	return src;
}

/* However the bytes arrive, and wherever fills of the buffer fall, the events are the same. */
static void test_borders(void)
{
	enum { NR = 12000 };	/* several buffers */
	static const size_t steps[] = { 1, 7, 4096, 65536 };
	struct event *whole = calloc(NR, sizeof(*whole)), *piecewise = calloc(NR, sizeof(*whole));
	struct reader_stats stats, other;
	struct names *names = names_create();
	size_t len, nr, i;
	char *text = make_text(NR, &len);

	nr = read_text(text, len, names, whole, NR, &stats, NULL);
	CU_ASSERT(len > 700000);
	CU_ASSERT_EQUAL(nr, NR - NR / 50);
	CU_ASSERT_EQUAL(stats.malformed, NR / 50);
	CU_ASSERT_EQUAL(stats.lines, NR);
	for (i = 0; i < 4; i++) {
		struct drip drip = { text, len, steps[i], 0 };
		struct names *more = names_create();

		CU_ASSERT_EQUAL(read_events(drip_source(&drip), more, piecewise, NR, &other, NULL), nr);
		CU_ASSERT_EQUAL(memcmp(whole, piecewise, nr * sizeof(*whole)), 0);
		CU_ASSERT_EQUAL(memcmp(stats.by_kind, other.by_kind, sizeof(stats.by_kind)), 0);
		CU_ASSERT_EQUAL(names_count(names), names_count(more));
		CU_ASSERT_EQUAL(other.malformed, stats.malformed);
		CU_ASSERT_EQUAL(other.lines, stats.lines);
		names_destroy(more);
	}
	names_destroy(names);
	free(whole);
	free(piecewise);
	free(text);
}

/* A line of any excess is one complaint; the lines around it are not touched. */
static void test_long_lines(void)
{
	static const size_t lens[] = { 65535, 65536, 65537, 70000, 327680, 400000, 1 << 20, 3 << 20 };
	static const char before[] = HEAD "kmem:kfree: ptr=0x10\n";
	static const char after[] = "\n" HEAD "kmem:kfree: ptr=0x20\n";
	static const size_t steps[] = { 1000, 8 << 20 };
	char *text = malloc((3 << 20) + 1000);
	size_t i, j;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		for (j = 0; j < 2; j++) {
			struct names *names = names_create();
			size_t len = sizeof(before) - 1;
			struct reader_stats stats;
			struct heard heard;
			struct event ev[4];
			struct drip drip;

			memcpy(text, before, len);
			memset(text + len, 'x', lens[i]);
			len += lens[i];
			memcpy(text + len, after, sizeof(after) - 1);
			len += sizeof(after) - 1;
			drip = (struct drip){ text, len, steps[j], 0 };
			CU_ASSERT_EQUAL(read_events(drip_source(&drip), names, ev, 4, &stats, &heard), 2);
			CU_ASSERT_EQUAL(ev[0].addr, 0x10);
			CU_ASSERT_EQUAL(ev[1].addr, 0x20);
			CU_ASSERT_EQUAL(ev[1].line, 3);
			CU_ASSERT_EQUAL(stats.malformed, 1);
			CU_ASSERT_EQUAL(stats.lines, 3);
			CU_ASSERT_EQUAL(heard.line, 2);
			CU_ASSERT_STRING_EQUAL(heard.text, lens[i] > 65536 ? "longer than 65536 bytes" :
					       "no event, comment or call chain");
			names_destroy(names);
		}
	}
	free(text);
}

/* An event with the longest line allowed still counts, and one byte more does not. */
static void test_longest_event(void)
{
	static const char event[] = HEAD "kmem:kfree: ptr=0x10 ";
	size_t len = sizeof(event) - 1, total;
	char *text = malloc(70000);

	memcpy(text, event, len);
	memset(text + len, 'y', 70000 - len);
	for (total = 65536; total <= 65537; total++) {
		struct names *names = names_create();
		struct reader_stats stats;
		struct event ev[2];

		CU_ASSERT_EQUAL(read_text(text, total, names, ev, 2, &stats, NULL), total == 65536);
		CU_ASSERT_EQUAL(stats.malformed, total == 65537);
		names_destroy(names);
	}
	free(text);
}

/* NUL bytes make their own line malformed and no other. */
static void test_nul(void)
{
	static const char text[] =
		HEAD "kmem:kfree: ptr=0x10\n"
		"\0\0\0\0\n"
		HEAD "kmem:kfree: ptr=0x20 \0\n"
		HEAD "kmem:kfree: ptr=0x30\n"
		"\0";
	struct names *names = names_create();
	struct reader_stats stats;
	struct heard heard;
	struct event ev[4];

	CU_ASSERT_EQUAL(read_text(text, sizeof(text) - 1, names, ev, 4, &stats, &heard), 2);
	CU_ASSERT_EQUAL(ev[1].addr, 0x30);
	CU_ASSERT_EQUAL(stats.malformed, 3);
	CU_ASSERT_STRING_EQUAL(heard.text, "a NUL byte: this is no text");
	names_destroy(names);
}

/* A text cut in its last line loses that line at most, wherever the cut is. */
static void test_cut(void)
{
	enum { NR = 40 };
	struct event *whole = calloc(NR, sizeof(*whole)), ev[NR];
	struct names *names = names_create();
	size_t len, cut, nr, i, newlines = 0, complete = 0;
	unsigned int wrong = 0;
	struct reader_stats stats;
	char *text = make_text(NR, &len);

	nr = read_text(text, len, names, whole, NR, NULL, NULL);
	CU_ASSERT_EQUAL(nr, NR);
	for (cut = 1; cut < len; cut++) {
		if (text[cut - 1] == '\n')
			complete = ++newlines;
		i = read_text(text, cut, names, ev, NR, &stats, NULL);
		wrong += i < complete || i > complete + 1 || stats.malformed > 1;
		wrong += memcmp(ev, whole, complete * sizeof(*ev)) != 0;
		wrong += i + stats.malformed + stats.ignored != stats.lines;
		wrong += stats.truncated;
		wrong += stats.unterminated != (text[cut - 1] != '\n');
		wrong += stats.unterminated && stats.unterminated_line != stats.lines;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	names_destroy(names);
	free(whole);
	free(text);
}

/*
 * A last line without its newline may be a good, wrong event (0x1000 cut to
 * 0x1): it is delivered, and the reader says which line is in doubt, whatever
 * that line is.
 */
static void test_unterminated(void)
{
	static const struct { const char *text; uint64_t events, malformed, line; } table[] = {
		{ HEAD "kmem:kfree: ptr=0x1000\n", 1, 0, 0 },
		{ HEAD "kmem:kfree: ptr=0x1000\r\n\n", 1, 0, 0 },
		{ HEAD "kmem:kfree: ptr=0x1", 1, 0, 1 },
		{ HEAD "kmem:kfree: ptr=0x1000\n" HEAD "kmem:kfree: ptr=0x2", 2, 0, 2 },
		{ HEAD "kmem:kfree: ptr=0x1000\n" HEAD "kmem:kfree: p", 1, 1, 2 },
		{ HEAD "kmem:kfree: ptr=0x1000\n\n# comm", 1, 0, 3 },
		{ HEAD "kmem:kfree: ptr=0x1000\n ", 1, 0, 2 },
	};
	size_t i, len, long_line = 3 << 20;
	struct reader_stats stats;
	struct names *names;
	struct event ev[4];
	char *text;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		names = names_create();
		CU_ASSERT_EQUAL(read_text(table[i].text, strlen(table[i].text), names, ev, 4, &stats,
					  NULL), table[i].events);
		CU_ASSERT_EQUAL(stats.malformed, table[i].malformed);
		CU_ASSERT_EQUAL(stats.unterminated, table[i].line != 0);
		CU_ASSERT_EQUAL(stats.unterminated_line, table[i].line);
		CU_ASSERT_FALSE(stats.truncated);
		names_destroy(names);
	}

	/* Longer than any line may be, with and without its newline, in pieces and at once. */
	text = malloc(long_line + 1);
	memset(text, 'x', long_line);
	text[long_line] = '\n';
	for (i = 0; i < 4; i++) {
		struct drip drip = { text, long_line + i % 2, i < 2 ? 4096 : 8 << 20, 0 };

		len = drip.len;
		names = names_create();
		CU_ASSERT_EQUAL(read_events(drip_source(&drip), names, ev, 4, &stats, NULL), 0);
		CU_ASSERT_EQUAL(stats.malformed, 1);
		CU_ASSERT_EQUAL(stats.unterminated, len == long_line);
		CU_ASSERT_EQUAL(stats.unterminated_line, len == long_line);
		names_destroy(names);
	}
	free(text);
}

/* A source that fails in the middle ends the trace with its error, after all that came. */
static void test_failing_source(void)
{
	static const char text[] = HEAD "kmem:kfree: ptr=0x10\n" HEAD "kmem:kfree: pt";
	struct drip drip = { text, sizeof(text) - 1, 1000, -EIO };
	struct names *names = names_create();
	struct reader_stats stats;
	struct event ev[4];

	CU_ASSERT_EQUAL(read_events(drip_source(&drip), names, ev, 4, &stats, NULL), 1);
	CU_ASSERT_EQUAL(stats.malformed, 1);
	CU_ASSERT_TRUE(stats.truncated);
	CU_ASSERT_EQUAL(stats.error.code, -EIO);
	CU_ASSERT_STRING_EQUAL(stats.error.text, "drip: Input/output error");
	CU_ASSERT_TRUE(stats.unterminated);
	CU_ASSERT_EQUAL(stats.unterminated_line, 2);
	names_destroy(names);
}

/* Flag names nobody knows are counted each time, from the cache of spellings too. */
static void test_unknown_gfp(void)
{
	static const char line[] =
		HEAD "kmem:kmalloc: ptr=0x10 bytes_req=8 bytes_alloc=8 gfp_flags=GFP_KERNEL|__GFP_NEW_1\n";
	enum { NR = 5 };
	size_t len = sizeof(line) - 1, i;
	struct names *names = names_create();
	struct reader_stats stats;
	struct event ev[NR];
	char text[NR * sizeof(line)];

	for (i = 0; i < NR; i++)
		memcpy(text + i * len, line, len);
	CU_ASSERT_EQUAL(read_text(text, NR * len, names, ev, NR, &stats, NULL), NR);
	CU_ASSERT_EQUAL(stats.unknown_gfp, NR);
	CU_ASSERT_EQUAL(ev[0].gfp, GFP_KERNEL);
	CU_ASSERT_EQUAL(ev[NR - 1].gfp, GFP_KERNEL);
	names_destroy(names);
}

static int open_as(const char *format, const void *data, size_t len, struct kerror *err)
{
	struct names *names = names_create();
	struct reader *rd = NULL;
	struct source *src;
	int ret;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, data, len, err), 0);
	ret = reader_open(&rd, src, format, names, err);
	if (!ret)
		CU_ASSERT_PTR_EQUAL(rd->ops, &perf_script_reader);
	reader_close(rd);
	names_destroy(names);
	return ret;
}

/* The first bytes choose the format; what is none is refused with a word on what to do. */
static void test_probe(void)
{
	static const char event[] = "# header\n" HEAD "sched:sched_switch: a\nrubbish\n";
	static const char comments[] = "# ========\n# captured on : today\n";
	static const struct { const char *data; size_t len; const char *text; } refused[] = {
		{ "PK\x03\x04", 4, "compressed with zip; try: unzip -p memory |" },
		{ "\xff\xfe#\0 \0", 6, "text in UTF-16; try: iconv -f UTF-16 -t UTF-8 memory |" },
		{ "\xfe\xff\0#\0 ", 6, "text in UTF-16; try: iconv -f UTF-16 -t UTF-8 memory |" },
		{ "\x7f" "ELF\x02", 5, "program" },
		{ "int main(void)\n{\n\treturn 0;\n}\n", 30, "no trace format I know (perf-script, ftrace" },
		{ "\0\1\2\3\4\5\6\7", 8, "no trace format I know" },
		{ "\n\n\n", 3, "no trace format I know" },
	};
	struct kerror err = { 0 };
	char *text = malloc(100000);
	size_t i;

	CU_ASSERT_EQUAL(open_as(NULL, event, sizeof(event) - 1, &err), 0);
	CU_ASSERT_EQUAL(open_as(NULL, comments, sizeof(comments) - 1, &err), 0);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		CU_ASSERT_EQUAL(open_as(NULL, refused[i].data, refused[i].len, &err), -ENOMSG);
		CU_ASSERT_EQUAL(err.code, -ENOMSG);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, refused[i].text));
		CU_ASSERT_EQUAL(open_as("perf-script", refused[i].data, refused[i].len, &err), 0);
	}
	CU_ASSERT_EQUAL(open_as(NULL, "\xef\xbb\xbf", 3, &err), -ENODATA);
	CU_ASSERT_EQUAL(open_as(NULL, "", 0, &err), -ENODATA);
	CU_ASSERT_STRING_EQUAL(err.text, "memory: it is empty");
	CU_ASSERT_EQUAL(open_as("no-such", event, sizeof(event) - 1, &err), -EINVAL);
	CU_ASSERT_EQUAL(strncmp(err.text, "no trace format is called 'no-such' (there is: perf-script, ", 59), 0);

	/* The end of a first line of 100 kB is out of sight, so nothing speaks against it. */
	memset(text, 'x', 100000);
	CU_ASSERT_EQUAL(open_as(NULL, text, 100000, &err), 0);
	text[5] = '\0';
	CU_ASSERT_EQUAL(open_as(NULL, text, 100000, &err), -ENOMSG);
	free(text);
}

static const struct test_case cases[] = {
	{ "kernels 5.4 to 6.18", test_kernels },
	{ "failed allocations", test_failed_allocations },
	{ "headers", test_headers },
	{ "text values", test_texts },
	{ "unknown tracepoints", test_unknown },
	{ "malformed lines", test_malformed },
	{ "message limit", test_message_limit },
	{ "ignored lines", test_ignored },
	{ "buffer borders", test_borders },
	{ "long lines", test_long_lines },
	{ "longest event", test_longest_event },
	{ "NUL bytes", test_nul },
	{ "cut text", test_cut },
	{ "unterminated line", test_unterminated },
	{ "failing source", test_failing_source },
	{ "unknown gfp names", test_unknown_gfp },
	{ "probe", test_probe },
	{ NULL, NULL }
};

const struct test_suite perf_script_suite = { "perf_script", cases };
