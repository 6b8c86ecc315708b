/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: small inputs made after public reports of tools like this one
 * (tests/data/cases), read from their bytes to the diagnosis.
 */
#include <errno.h>

#include "sim/diagnose/diagnose.h"
#include "sim/trace/warnings.h"
#include "tests/tests.h"
#include "tests/sim/trace/util.h"

/* The trace of a case, loaded; what trace_load() or reader_open() said in @err. @heard may be NULL. */
static struct trace *load_case(const char *name, struct heard *heard, struct kerror *err)
{
	struct trace *trace = trace_create(0);
	struct source *src;
	struct reader *rd;
	char path[100];

	*err = (struct kerror){ 0 };
	snprintf(path, sizeof(path), strchr(name, '/') ? "%s" : "%s/in.txt", name);
	CU_ASSERT_EQUAL_FATAL(source_open(&src, test_case_input(path), err), 0);
	if (!reader_open(&rd, src, NULL, trace_names(trace), err)) {
		if (heard) {
			memset(heard, 0, sizeof(*heard));
			reader_set_message(rd, hear, heard, 10);
		}
		trace_load(trace, rd, NULL, NULL, err);
		reader_close(rd);
	}
	return trace;
}

struct expected {
	const char *name;
	uint64_t kmalloc, kfree, cache_alloc, cache_free, page_alloc, page_free, other;
	uint64_t ignored, lost;
};

static void check_case(const struct expected *want)
{
	const struct reader_stats *got;
	struct trace *trace;
	struct heard heard;
	struct kerror err;

	trace = load_case(want->name, &heard, &err);
	got = &trace_summary(trace)->read;
	CU_ASSERT_EQUAL(err.code, 0);
	CU_ASSERT_EQUAL(got->by_kind[EV_KMALLOC], want->kmalloc);
	CU_ASSERT_EQUAL(got->by_kind[EV_KFREE], want->kfree);
	CU_ASSERT_EQUAL(got->by_kind[EV_CACHE_ALLOC], want->cache_alloc);
	CU_ASSERT_EQUAL(got->by_kind[EV_CACHE_FREE], want->cache_free);
	CU_ASSERT_EQUAL(got->by_kind[EV_PAGE_ALLOC], want->page_alloc);
	CU_ASSERT_EQUAL(got->by_kind[EV_PAGE_FREE], want->page_free);
	CU_ASSERT_EQUAL(got->by_kind[EV_UNKNOWN], want->other);
	CU_ASSERT_EQUAL(got->malformed, 0);
	CU_ASSERT_EQUAL(got->ignored, want->ignored);
	CU_ASSERT_EQUAL(got->lost_events, want->lost);
	if (got->malformed || got->by_kind[EV_KMALLOC] != want->kmalloc)
		fprintf(stderr, "case %s: %s\n", want->name, heard.count ? heard.text : err.text);
	trace_destroy(trace);
}

/* What a reader makes of each case: the events of each kind, what it passed over, what was lost. */
static void test_read(void)
{
	static const struct expected table[] = {
		{ .name = "perf-chain-oddities", .kmalloc = 1, .kfree = 2, .ignored = 7 },
		{ .name = "perf-comm-brackets", .kmalloc = 10, .kfree = 10 },
		{ .name = "perf-comm-hash-space", .kmalloc = 7 },
		{ .name = "perf-comm-starts-hash", .kmalloc = 4, .ignored = 12 },
		{ .name = "perf-comm-starts-hash/mixed.txt", .kmalloc = 40, .ignored = 80 },
		{ .name = "perf-lost-between", .kmalloc = 2, .kfree = 2, .ignored = 1, .lost = 4242 },
		{ .name = "perf-ns", .kmalloc = 1, .kfree = 1 },
		/* Tabs where perf has spaces are no reason to refuse a recording. */
		{ .name = "perf-simpleperf-tabs", .kmalloc = 4, .ignored = 12 },
		{ .name = "perf-srcline", .kmalloc = 4, .ignored = 28 },
		{ .name = "perf-task-events", .kmalloc = 1, .kfree = 1, .ignored = 9, .lost = 49 },
		/* What perf says of itself is no event that went wrong. */
		{ .name = "perf-warnings-mixed", .kmalloc = 1, .kfree = 1, .ignored = 6 },
		{ .name = "ftrace-comm-colon", .kmalloc = 1, .kfree = 2, .cache_free = 1, .ignored = 1 },
		{ .name = "ftrace-lost-between", .kmalloc = 2, .kfree = 2, .ignored = 2, .lost = 4242 },
		{ .name = "ftrace-tgid", .kmalloc = 1, .kfree = 2, .ignored = 1 },
		/* "CPU 1 is empty" is a note of trace-cmd's. */
		{ .name = "trace-cmd-report", .kmalloc = 1, .kfree = 1, .cache_free = 1, .page_alloc = 1,
		  .page_free = 1, .ignored = 2 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check_case(&table[i]);
}

/* Whatever the kernel's release and its formats, objects come and go alike. */
static void test_kernels(void)
{
	static const char *const names[] = {
		"kernel-4.4", "kernel-5.4", "kernel-5.15", "kernel-6.0", "kernel-6.6", "kernel-parsefail"
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_case(&(struct expected){
			.name = names[i], .kmalloc = 8, .kfree = 8, .cache_alloc = 8, .cache_free = 8
		});
}

/* gfp_flags=3264 is 0xcc0. */
static void test_plain_gfp(void)
{
	struct trace_cursor cur;
	const struct event *ev;
	struct trace *trace;
	struct kerror err;
	int64_t nr, i;

	trace = load_case("kernel-parsefail", NULL, &err);
	CU_ASSERT_EQUAL_FATAL(trace_cursor_init(&cur, trace, &err), 0);
	nr = trace_cursor_next(&cur, &ev, &err);
	CU_ASSERT_EQUAL(nr, 32);
	for (i = 0; i < nr; i++)
		if (ev[i].kind == EV_KMALLOC || ev[i].kind == EV_CACHE_ALLOC)
			CU_ASSERT_EQUAL(ev[i].gfp, 0xcc0);
	trace_cursor_exit(&cur);
	trace_destroy(trace);
}

/* What cannot be read is refused with the reason, not as "no trace format I know". */
static void test_refused(void)
{
	static const struct { const char *name, *error, *line; } table[] = {
		/* Without times there is no order between CPUs, and no life of an object. */
		{ "perf-no-time", "its events have no time; record with 'perf record -T'", "" },
		{ "perf-locale-comma", "4 of 4 lines are malformed", "time=1086,463740: is no time" },
	};
	struct trace *trace;
	struct heard heard;
	struct kerror err;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memset(&heard, 0, sizeof(heard));
		trace = load_case(table[i].name, &heard, &err);
		CU_ASSERT_NOT_EQUAL(err.code, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, table[i].error));
		if (table[i].line[0])
			CU_ASSERT_STRING_EQUAL(heard.text, table[i].line);
		trace_destroy(trace);
	}
}

/*
 * Linux 2.6.32 says mm_pagevec_free or mm_page_free_direct, its successors up to
 * 3.2 both of one frame. Which release it was, the text does not say: so neither
 * is replayed, and a warning says that.
 */
static void test_old_frees(void)
{
	char text[TRACE_WARNING_TEXT] = "";
	struct trace *trace;
	struct kerror err;

	trace = load_case("perf-rhel6-events", NULL, &err);
	CU_ASSERT_EQUAL(err.code, 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.malformed, 0);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.by_kind[EV_PAGE_ALLOC], 10);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.by_kind[EV_PAGE_FREE_OLD], 10);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.by_kind[EV_PAGE_FREE], 0);
	CU_ASSERT_TRUE(trace_warning(trace, TRACE_OLD_FREES, "6.12", text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "10 page frees"));
	trace_destroy(trace);
}

/* The second free may be that of an object which was handed out among the lost events. */
static void test_lost_between(void)
{
	static const char *const names[] = { "perf-lost-between", "ftrace-lost-between" };
	char warning[TRACE_WARNING_TEXT] = "", doubt[DIAGNOSIS_DOUBT_TEXT];
	struct diagnosis_report *report;
	struct trace *trace;
	struct kerror err;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		trace = load_case(names[i], NULL, &err);
		CU_ASSERT_EQUAL_FATAL(trace_resolve(trace, &err), 0);
		CU_ASSERT_EQUAL_FATAL(diagnose(&report, trace, NULL, &err), 0);
		CU_ASSERT_EQUAL(report->nr[DIAG_DOUBLE_FREE], 1);
		CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_DOUBLE_FREE], 1);
		CU_ASSERT_EQUAL_FATAL(report->nr_findings, 1);
		CU_ASSERT_EQUAL(report->findings[0].doubt, DOUBT_LOST);
		CU_ASSERT_STRING_EQUAL(diagnosis_doubt_text(&report->findings[0], doubt),
				       "4242 events were lost between");
		CU_ASSERT_TRUE(trace_warning(trace, TRACE_LOST_EVENTS, NULL, warning));
		CU_ASSERT_PTR_NOT_NULL(strstr(warning, "4242 events were lost in 1 place"));
		diagnosis_free(report);
		trace_destroy(trace);
	}
}

static const struct test_case cases[] = {
	{ "read", test_read },
	{ "kernels 4.4 to 6.6", test_kernels },
	{ "gfp flags as a number", test_plain_gfp },
	{ "refused", test_refused },
	{ "page frees of Linux 2.6.32", test_old_frees },
	{ "events lost between", test_lost_between },
	{ NULL, NULL }
};

const struct test_suite trace_cases_suite = { "trace_cases", cases };
