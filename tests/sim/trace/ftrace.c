/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the text of ftrace, with the probes of the capture kit. */
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

#define HEAD "# tracer: nop\n#\n"

static size_t read_ftrace(const char *text, struct event *events, size_t max, struct heard *heard,
			  struct names *names)
{
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;
	size_t nr = 0;
	int got;

	memset(events, 0, max * sizeof(*events));
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, strlen(text), &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, NULL, names, &err), 0);
	CU_ASSERT_STRING_EQUAL(rd->ops->name, "ftrace");
	if (heard)
		reader_set_message(rd, hear, heard, 10);
	while (nr < max && (got = reader_read(rd, events + nr, (int)(max - nr), &err)) > 0)
		nr += (size_t)got;
	reader_close(rd);
	return nr;
}

/* Header fields, whatever the task is called and whichever clock was used. */
static void test_header(void)
{
	struct names *names = names_create();
	struct event ev[4];

	CU_ASSERT_EQUAL(read_ftrace(HEAD
		"     migration/0-16      [000] d..1.           16: kfree: call_site=f+0x1/0x2 ptr=ffff888000000010\n"
		"     my [1] - app-4711  [012] d.s2.  1086.463737: kfree: call_site=f+0x1/0x2 ptr=0000000000000000\n"
		"          <idle>-0       [001] ..H..            7: sched_switch: whatever\n", ev, 4, NULL, names), 3);
	CU_ASSERT_EQUAL(ev[0].kind, EV_KFREE);
	CU_ASSERT_EQUAL(ev[0].pid, 16);
	CU_ASSERT_EQUAL(ev[0].cpu, 0);
	CU_ASSERT_EQUAL(ev[0].time_ns, 16);
	CU_ASSERT_EQUAL(ev[0].addr, 0xffff888000000010);
	CU_ASSERT_EQUAL(ev[0].context, CONTEXT_TASK);
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[0].comm), "migration/0");
	CU_ASSERT_EQUAL(ev[1].pid, 4711);
	CU_ASSERT_EQUAL(ev[1].cpu, 12);
	CU_ASSERT_EQUAL(ev[1].time_ns, 1086463737000);
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[1].comm), "my [1] - app");
	CU_ASSERT_EQUAL(ev[1].context, CONTEXT_SOFTIRQ);
	CU_ASSERT_EQUAL(ev[0].depth, 1);
	CU_ASSERT_EQUAL(ev[1].depth, 2);
	CU_ASSERT_EQUAL(ev[2].kind, EV_UNKNOWN);
	CU_ASSERT_EQUAL(ev[2].pid, 0);
	CU_ASSERT_EQUAL(ev[2].cpu, 1);
	CU_ASSERT_EQUAL(ev[2].context, CONTEXT_HARDIRQ_IN_SOFTIRQ);
	names_destroy(names);
}

/* Probes and what of them goes where. */
static void test_probes(void)
{
	struct names *names = names_create();
	struct event ev[8];

	CU_ASSERT_EQUAL_FATAL(read_ftrace(HEAD
		" wl-1 [000] ..... 1: pcp_drain: (free_pcppages_bulk+0x0/0x2e0) zone=0xffff88801fc00600 count=-31 pcp=0xffff88801f038780 pindex=13\n"
		" wl-1 [000] ..... 2: isolate_out: (isolate_freepages_block+0x261/0x410 <- __isolate_free_page) ret=4\n"
		" wl-1 [000] ..... 3: bulk_in: (__alloc_pages_bulk+0x0/0x1) gfp=0x400cc0 nid=-1 nr=4 list=0x0 arr=0x1\n"
		" wl-1 [000] ..... 4: snap_fn: mmsnap end A len 247092\n"
		" wl-1 [000] ..... 5: snap_fn: mmsnap begin B\n"
		" wl-1 [000] ..... 6: mm_compaction_isolate_freepages: range=(0xe00 ~ 0xe41) nr_scanned=65 nr_taken=32\n"
		" wl-1 [000] ..... 7: mm_page_alloc_extfrag: page=ffffea00000c8000 pfn=0x3200 alloc_order=0 fallback_order=8 pageblock_order=9 alloc_migratetype=0 fallback_migratetype=1 fragmenting=1 change_ownership=1\n",
		ev, 8, NULL, names), 7);
	CU_ASSERT_EQUAL(ev[0].kind, EV_PCP_DRAIN);
	CU_ASSERT_EQUAL(ev[0].addr2, 0xffff88801fc00600);
	CU_ASSERT_EQUAL(ev[0].arg, -31);
	CU_ASSERT_EQUAL(ev[0].addr, 0xffff88801f038780);
	CU_ASSERT_EQUAL(ev[0].order, 13);
	CU_ASSERT_EQUAL(ev[1].kind, EV_ISOLATE_OUT);
	CU_ASSERT_EQUAL(ev[1].arg, 4);
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[1].call_site), "isolate_freepages_block+0x261/0x410");
	CU_ASSERT_EQUAL(ev[2].kind, EV_BULK_IN);
	CU_ASSERT_EQUAL(ev[2].gfp, 0x400cc0);
	CU_ASSERT_EQUAL(ev[2].node, -1);
	CU_ASSERT_EQUAL(ev[2].arg, 4);
	CU_ASSERT_EQUAL(ev[3].kind, EV_SNAP_END);
	CU_ASSERT_EQUAL(ev[4].kind, EV_SNAP_BEGIN);
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[3].cache), "A");
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[4].cache), "B");
	CU_ASSERT_EQUAL(ev[5].kind, EV_COMPACT_FREE);
	CU_ASSERT_EQUAL(ev[5].addr, 0xe00);
	CU_ASSERT_EQUAL(ev[5].addr2, 0xe41);
	CU_ASSERT_EQUAL(ev[5].arg, 32);
	CU_ASSERT_EQUAL(ev[6].kind, EV_PAGE_EXTFRAG);
	CU_ASSERT_EQUAL(ev[6].order, 0);
	CU_ASSERT_EQUAL(ev[6].addr, 0x3200);
	CU_ASSERT_EQUAL(ev[6].arg, 8 << EXTFRAG_ORDER_SHIFT | 1 << EXTFRAG_TYPE_SHIFT | 1 << EXTFRAG_CHANGE_SHIFT);
	names_destroy(names);
}

/*
 * The kernel cut two long events in a row: what follows each stands in the same
 * line, is no less an event, and has that line's number.
 */
static void test_cut_line(void)
{
	static const char begin[] =
		"              wl-228     [000] .....           20: kbulk_free: (f+0x0/0x20) cache=0x10 size=2 a={0x1";
	static const char next[] =
		"       my wl - x-7       [001] ..s1.           22: mm_page_alloc: page=ffffea0000000040 pfn=0x1 order=0 migratetype=1 gfp_flags=GFP_KERNEL\n"
		"          <idle>-0       [000] .....           23: kfree: call_site=f ptr=0000000000000001\n";
	struct names *names = names_create();
	struct heard heard = { 0 };
	char text[16384];
	struct event ev[8];
	size_t len, i;

	len = (size_t)snprintf(text, sizeof(text), HEAD);
	for (i = 0; i < 2; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", begin);
		while (len < (i + 1) * 4090)
			len += (size_t)snprintf(text + len, sizeof(text) - len, ",0x7665645f6e617468");
	}
	snprintf(text + len, sizeof(text) - len, ",%s", next);
	CU_ASSERT_EQUAL_FATAL(read_ftrace(text, ev, 8, &heard, names), 4);
	CU_ASSERT_EQUAL(heard.count, 0);
	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(ev[i].kind, EV_KBULK_FREE);
		CU_ASSERT_EQUAL(ev[i].pid, 228);
		CU_ASSERT_EQUAL(ev[i].line, 3);
		CU_ASSERT_EQUAL(ev[i].arg, 2);
	}
	CU_ASSERT_EQUAL(ev[2].kind, EV_PAGE_ALLOC);
	CU_ASSERT_EQUAL(ev[2].pid, 7);
	CU_ASSERT_EQUAL(ev[2].cpu, 1);
	CU_ASSERT_EQUAL(ev[2].line, 3);
	CU_ASSERT_EQUAL(ev[2].time_ns, 22);
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[2].comm), "my wl - x");
	CU_ASSERT_EQUAL(ev[3].kind, EV_KFREE);
	CU_ASSERT_EQUAL(ev[3].line, 4);
	names_destroy(names);
}

/* What is no event is counted and reported, and the next line is not lost. */
static void test_malformed(void)
{
	static const struct {
		const char *line;
		const char *text;
	} bad[] = {
		{ "rubbish\n", "no event and no comment" },
		{ " wl-1 [000] ..... x: kfree: ptr=0\n", "time=x: is no time" },
		{ " wl-1 [000] ..... 1: pcp_drain: (f+0x0/0x1) zone=0x1 pcp=0x2 pindex=1\n", "pcp_drain without count=" },
		{ " wl-1 [000] ..... 1: isolate_in: (f+0x0/0x1) page=0x1 order=99\n", "order=99 is no number that fits" },
		{ " wl-1 [000] ..... 1: isolate_in: (f+0x0/0x1) page=0x1ffffffffffffffff order=1\n",
		  "page=0x1ffffffffffffffff is no number that fits" },
		{ " wl-1 [000] ..... 18446744073709551616: kfree: ptr=0\n", "time=18446744073709551616: is no time" },
		{ " wl-2147483648 [000] ..... 1: kfree: ptr=0\n", "pid=2147483648 is above 2147483647" },
		{ " wl-1 [1024] ..... 1: kfree: ptr=0\n", "cpu=1024 is above 1023" },
		{ " wl-1 [65535] ..... 1: kfree: ptr=0\n", "cpu=65535 is above 1023" },
		{ " wl-1 [99999999999999999999] ..... 1: kfree: ptr=0\n", "cpu=99999999999999999999 is above 1023" },
		/* The name's own brackets are no header; what is wrong is what the true one says. */
		{ " w-1 [1024] l-1 [000] ..... 1: kfree: ptr=zzz\n", "ptr=zzz is no address" },
		{ " wl-1 [000] ..... 1: mm_page_alloc: pfn=0x1 order=0 migratetype=-1 gfp_flags=GFP_KERNEL\n",
		  "migratetype=-1 is below 0" },
		{ " wl-1 [000] ..... 1: mm_page_alloc: pfn=0x1 order=0 migratetype=- gfp_flags=GFP_KERNEL\n",
		  "migratetype=- is no number" },
		{ " wl-1 (   x) [000] ..... 1: kfree: ptr=0\n", "no event and no comment" },
		{ " (   1) [000] ..... 1: kfree: ptr=0\n", "no event and no comment" },
		{ "CPU 1 is full\n", "no event and no comment" },
		{ "CPU:1 [RUBBISH]\n", "no event and no comment" },
		{ " wl-1 [000] ..... 1: snap_fn: hello\n", "snap_fn without 'mmsnap begin' or 'mmsnap end'" },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct names *names = names_create();
		struct heard heard = { 0 };
		struct event ev[4];
		char text[512];

		snprintf(text, sizeof(text), HEAD "%s wl-1 [000] ..... 9: kfree: call_site=f ptr=0000000000000001\n",
			 bad[i].line);
		CU_ASSERT_EQUAL(read_ftrace(text, ev, 4, &heard, names), 1);
		CU_ASSERT_EQUAL(heard.count, 1);
		CU_ASSERT_EQUAL(heard.line, 3);
		CU_ASSERT_STRING_EQUAL(heard.text, bad[i].text);
		CU_ASSERT_EQUAL(ev[0].kind, EV_KFREE);
		CU_ASSERT_EQUAL(ev[0].time_ns, 9);
		names_destroy(names);
	}
}

/* A text that ends inside its last line may have been cut there: the reader says which line is in doubt. */
static void test_unterminated(void)
{
#define KFREE " wl-1 [000] ..... 9: kfree: call_site=f ptr=ffff888000001000"
	static const struct { const char *text; size_t events; uint64_t malformed, line; } table[] = {
		{ HEAD KFREE "\n", 1, 0, 0 },
		{ HEAD KFREE, 1, 0, 3 },
		{ HEAD KFREE "\n wl-1 [000] ..... 9: kfree: call_site=f", 1, 1, 4 },
		{ HEAD KFREE "\n# comm", 1, 0, 4 },
		{ HEAD KFREE "\nCPU:1 [LO", 1, 1, 4 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct trace *trace = trace_create(0);
		const struct reader_stats *stats = &trace_summary(trace)->read;
		struct kerror err = { 0 };
		struct source *src;
		struct reader *rd;

		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, table[i].text, strlen(table[i].text), &err), 0);
		CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "ftrace", trace_names(trace), &err), 0);
		CU_ASSERT_EQUAL(trace_load(trace, rd, NULL, NULL, &err), 0);
		CU_ASSERT_EQUAL(stats->events, table[i].events);
		CU_ASSERT_EQUAL(stats->malformed, table[i].malformed);
		CU_ASSERT_EQUAL(stats->unterminated, table[i].line != 0);
		CU_ASSERT_EQUAL(stats->unterminated_line, table[i].line);
		reader_close(rd);
		trace_destroy(trace);
	}
#undef KFREE
}

/* Names that begin with '#', with and without a space behind it. */
static void test_hash_names(void)
{
	struct names *names = names_create();
	struct heard heard = { 0 };
	struct event ev[4];

	CU_ASSERT_EQUAL(read_ftrace(HEAD
		"#pool-1-16      [000] d..1.  1.0: kfree: call_site=f ptr=ffff888000000010\n"
		"#pool-1 is not an event\n"
		"# pool-1-16      [000] d..1.  1.0: kfree: call_site=f ptr=ffff888000000010\n"
		"##### CPU 2 buffer started ####\n"
		" #p-17           [000] d..1.  1.0: kfree: call_site=f ptr=ffff888000000020\n",
		ev, 4, &heard, names), 2);
	CU_ASSERT_EQUAL(heard.count, 0);
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[0].comm), "#pool-1");
	CU_ASSERT_EQUAL(ev[0].pid, 16);
	CU_ASSERT_STRING_EQUAL(names_text(names, ev[1].comm), "#p");
	names_destroy(names);
}

static const struct test_case cases[] = {
	{ "header", test_header },
	{ "probes", test_probes },
	{ "cut line", test_cut_line },
	{ "malformed", test_malformed },
	{ "unterminated line", test_unterminated },
	{ "names with #", test_hash_names },
	{ NULL, NULL }
};

const struct test_suite ftrace_suite = { "ftrace", cases };
