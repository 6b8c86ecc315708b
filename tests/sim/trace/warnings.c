/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what is said of a trace before its report, and where events were lost. */
#include "sim/diagnose/diagnose.h"
#include "sim/trace/warnings.h"
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

#define KFREE(time, ptr) " a 1 [000] " time ": kmem:kfree: call_site=f ptr=" ptr "\n"
#define GOOD KFREE("1.0", "0xffff888000000010")

static void add_text(struct trace *trace, const char *format, const char *text)
{
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, strlen(text), &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, format, trace_names(trace), &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	reader_close(rd);
}

static struct trace *trace_of(const char *text)
{
	struct trace *trace = trace_create(0);

	add_text(trace, "perf-script", text);
	return trace;
}

/* Each text, and the one warning that it has (NR_TRACE_WARNINGS: none) with a part of its words. */
static void test_each(void)
{
	static const struct { const char *text; enum trace_warning which; const char *part; } table[] = {
		{ GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# os release : 6.12.9\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# os release : 6.1.187\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# os release : 4.19.0\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# os release : unknown\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# os release : 6.13.0-rc1\n" GOOD, TRACE_NEWER_KERNEL, "recorded on Linux 6.13.0-rc1" },
		{ "# os release : 7.0\n" GOOD, TRACE_NEWER_KERNEL, "the older 6.12" },
		{ GOOD KFREE("1.0", "0xffff888000000020"), NR_TRACE_WARNINGS, NULL },
		{ GOOD KFREE("0.9", "0xffff888000000020"), TRACE_BACKWARDS, "1 event is earlier" },
		{ GOOD KFREE("0.5", "0xffff888000000020") KFREE("0.7", "0xffff888000000030"), TRACE_BACKWARDS,
		  "2 events are earlier than one before, first at line 2;" },
		{ KFREE("1.0", "0xffffffff"), TRACE_HASHED, "below 4 GiB" },
		{ KFREE("1.0", "0xffffffff") KFREE("1.0", "0x100000000"), NR_TRACE_WARNINGS, NULL },
		{ KFREE("1.0", "0x10000"), TRACE_HASHED, "hash-ptr" },
		{ KFREE("1.0", "0xffff"), NR_TRACE_WARNINGS, NULL },
		{ KFREE("1.0", "(nil)"), NR_TRACE_WARNINGS, NULL },
		{ "# cmdline : /usr/bin/perf record -e kmem:* ls \n" GOOD, TRACE_SINGLE_TASKS, "perf record -a" },
		{ "# cmdline : /usr/bin/perf record -g -e kmem:* -p 12 \n" GOOD, TRACE_SINGLE_TASKS, "perf record -a" },
		{ "# cmdline : /usr/bin/perf record -e kmem:* -a ls \n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# cmdline : /usr/bin/perf record -ag -e kmem:*\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# cmdline : /usr/bin/perf record -ga\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# cmdline : /usr/bin/perf record --all-cpus\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# cmdline : /usr/bin/perf record -C 0\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ "# cmdline : /usr/bin/perf record --cpu=0\n" GOOD, NR_TRACE_WARNINGS, NULL },
		{ GOOD " a 1 [000] 1.0: PERF_RECORD_LOST lost 7\n", TRACE_LOST_EVENTS, "7 events were lost in 1 place, first at line 2" },
		{ GOOD "Processed 5 events and lost 3 chunks!\n", TRACE_LOST_CHUNKS, "3 chunks" },
		{ GOOD "Warning:\n", TRACE_TOOL_WARNINGS, "1 warning of perf itself stands" },
		{ GOOD " a 1 [000] 1.0: kmem:mm_page_free_direct: pfn=1 order=0\n", TRACE_OLD_FREES, "1 page frees" },
	};
	char text[TRACE_WARNING_TEXT];
	size_t i;
	int which;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct trace *trace = trace_of(table[i].text);

		for (which = 0; which < NR_TRACE_WARNINGS; which++) {
			bool warned = trace_warning(trace, (enum trace_warning)which, "6.12", text);

			if (which == TRACE_TOOL_WARNINGS && table[i].which == TRACE_LOST_CHUNKS)
				continue;
			CU_ASSERT_EQUAL(warned, which == (int)table[i].which);
			if (warned != (which == (int)table[i].which))
				fprintf(stderr, "%s: warning %d\n", table[i].text, which);
			else if (warned)
				CU_ASSERT_PTR_NOT_NULL(strstr(text, table[i].part));
		}
		trace_destroy(trace);
	}
}

/* Rules of the same release, or no rules at all, give no cause for a warning. */
static void test_rules(void)
{
	struct trace *trace = trace_of("# os release : 6.18.44-fc\n" GOOD);
	char text[TRACE_WARNING_TEXT];

	CU_ASSERT_TRUE(trace_warning(trace, TRACE_NEWER_KERNEL, "6.1", text));
	CU_ASSERT_TRUE(trace_warning(trace, TRACE_NEWER_KERNEL, "6.17", text));
	CU_ASSERT_FALSE(trace_warning(trace, TRACE_NEWER_KERNEL, "6.18", text));
	CU_ASSERT_FALSE(trace_warning(trace, TRACE_NEWER_KERNEL, NULL, text));
	trace_destroy(trace);
}

/* One task in a thousand events is a recording of it; one in 999 may be chance. */
static void test_one_task(void)
{
	struct event ev = { .kind = EV_KFREE, .addr = UINT64_C(0xffff888000000000), .pid = 9 };
	char text[TRACE_WARNING_TEXT];
	struct trace *trace = trace_create(0);
	int i;

	for (i = 1; i <= TRACE_ONE_TASK_EVENTS; i++) {
		CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, NULL), 0);
		CU_ASSERT_EQUAL(trace_warning(trace, TRACE_SINGLE_TASKS, NULL, text), i == TRACE_ONE_TASK_EVENTS);
	}
	ev.pid = 0;
	CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, NULL), 0);
	CU_ASSERT_FALSE(trace_warning(trace, TRACE_SINGLE_TASKS, NULL, text));
	trace_destroy(trace);
}

/* Losses lie between events, by number; several in one place are one; a second file goes on counting. */
static void test_losses(void)
{
	static const char ftrace[] =
		"# tracer: nop\n"
		"CPU:0 [LOST 5 EVENTS]\n"
		" a-1 [000] ..... 1.0: kfree: call_site=f ptr=ffff888000000010\n"
		"CPU:1 [LOST EVENTS]\n"
		"CPU:0 [13 EVENTS DROPPED]\n"
		" a-1 [000] ..... 1.1: kfree: call_site=f ptr=ffff888000000020\n"
		"CPU:12 [EVENTS DROPPED]\n";
	static const struct reader_loss want[] = {
		{ 0, 2, 5 }, { 1, 4, 13 }, { 2, 7, 0 }, { 3, 2, UINT64_MAX },
	};
	const struct reader_loss *losses;
	struct trace *trace = trace_create(0);
	size_t nr, i;

	add_text(trace, "ftrace", ftrace);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.malformed, 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.lost_events, 18);
	add_text(trace, "perf-script", GOOD " a 1 [000] 1.0: PERF_RECORD_LOST lost 18446744073709551615\n"
		 " a 1 [000] 1.0: PERF_RECORD_LOST_SAMPLES lost 2\n");
	losses = trace_losses(trace, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 4);
	for (i = 0; i < nr; i++) {
		CU_ASSERT_EQUAL(losses[i].behind, want[i].behind);
		CU_ASSERT_EQUAL(losses[i].line, want[i].line);
		CU_ASSERT_EQUAL(losses[i].events, want[i].events);
	}
	CU_ASSERT_EQUAL(trace_summary(trace)->read.lost_events, UINT64_MAX);
	trace_destroy(trace);
}

/* Only a loss between the two events that a finding rests on excuses it. */
static void test_doubt(void)
{
	static const char lost[] = " a 1 [000] 1.0: PERF_RECORD_LOST lost 7\n";
	char text[2000], doubt[DIAGNOSIS_DOUBT_TEXT];
	struct diagnosis_report *report;
	struct trace *trace;
	struct kerror err;
	int at;

	for (at = 0; at < 4; at++) {
		snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", at == 0 ? lost : "",
			 " a 1 [000] 1.0: kmem:kmalloc: call_site=f ptr=0xffff888000000010 bytes_req=8 bytes_alloc=8 "
			 "gfp_flags=GFP_KERNEL\n", at == 1 ? lost : "", GOOD, at == 2 ? lost : "", GOOD,
			 at == 3 ? lost : "");
		trace = trace_of(text);
		CU_ASSERT_EQUAL_FATAL(trace_resolve(trace, &err), 0);
		CU_ASSERT_EQUAL_FATAL(diagnose(&report, trace, NULL, &err), 0);
		CU_ASSERT_EQUAL_FATAL(report->nr_findings, 1);
		CU_ASSERT_EQUAL(report->findings[0].doubt, at == 2 ? DOUBT_LOST : DOUBT_NONE);
		CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_DOUBLE_FREE], at == 2);
		CU_ASSERT_STRING_EQUAL(diagnosis_doubt_text(&report->findings[0], doubt),
				       at == 2 ? "7 events were lost between" : "nothing");
		diagnosis_free(report);
		trace_destroy(trace);
	}
}

static const struct test_case cases[] = {
	{ "each warning", test_each },
	{ "rules", test_rules },
	{ "one task", test_one_task },
	{ "losses", test_losses },
	{ "doubt", test_doubt },
	{ NULL, NULL }
};

const struct test_suite trace_warnings_suite = { "trace_warnings", cases };
