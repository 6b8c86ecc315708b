/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the trace store, in memory and spilled; what is loaded into it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "tests/tests.h"
#include "tests/sim/trace/events.h"

#define ONE_CHUNK	(2 << 20)	/* 32,768 events */

/* ---- storing ----------------------------------------------------------- */

static struct event numbered(uint64_t i)
{
	return (struct event){
		.time_ns = 1000 + i, .addr = i * 64, .line = i + 1, .kind = EV_KFREE,
		.cpu = (uint16_t)(i % 5), .node = EVENT_NO_NODE,
	};
}

static struct trace *numbered_trace(uint64_t limit, size_t nr)
{
	struct trace *trace = trace_create(limit);
	struct kerror err = { 0 };
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
	for (i = 0; i < nr; i++) {
		struct event ev = numbered(i);

		CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
	}
	return trace;
}

/* Events come back as they went in, in order, wherever chunk and file borders fall. */
static void test_store(void)
{
	static const uint64_t limits[] = { 0, SPILL_ALL, ONE_CHUNK, 2 * ONE_CHUNK };
	static const size_t sizes[] = { 0, 1, 32767, 32768, 32769, 65536, 65537, 98304, 98305 };
	size_t l, s, i, nr;

	for (l = 0; l < 4; l++) {
		for (s = 0; s < 9; s++) {
			struct trace *trace = numbered_trace(limits[l], sizes[s]);
			const struct trace_summary *sum = trace_summary(trace);
			struct event *all = collect(trace, &nr), want;
			unsigned int wrong = 0;
			bool packed;

			CU_ASSERT_EQUAL(nr, sizes[s]);
			for (i = 0; i < nr; i++) {
				want = numbered(i);
				wrong += memcmp(&all[i], &want, sizeof(want)) != 0;
			}
			CU_ASSERT_EQUAL(wrong, 0);
			CU_ASSERT_EQUAL(sum->nr_events, nr);
			/* Packed is each chunk of 32,768 events behind those in memory: with room to keep, or in a file. */
			packed = l > 0 && nr > l * 32768;
			CU_ASSERT_EQUAL(sum->spilled_bytes > 0, packed && l == 1);
			CU_ASSERT_EQUAL(sum->memory_bytes + sum->spilled_bytes < nr * 64, packed);
			if (!packed)
				CU_ASSERT_EQUAL(sum->memory_bytes, nr * 64);
			free(all);
			trace_destroy(trace);
		}
	}
}

/* Two cursors at different places do not disturb each other. */
static void test_cursors(void)
{
	struct trace *trace = numbered_trace(SPILL_ALL, 40000);
	struct trace_cursor a, b;
	const struct event *ev;
	struct kerror err = { 0 };
	uint64_t at_a = 0, at_b = 0;
	unsigned int wrong = 0;
	int64_t n;

	CU_ASSERT_EQUAL_FATAL(trace_cursor_init(&a, trace, &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_cursor_init(&b, trace, &err), 0);
	while ((n = trace_cursor_next(&a, &ev, &err)) > 0) {
		wrong += ev[0].line != at_a + 1 || ev[n - 1].line != at_a + n;
		at_a += n;
		if (at_a > 20000) {
			int64_t m = trace_cursor_next(&b, &ev, &err);

			wrong += m <= 0 || ev[0].line != at_b + 1;
			at_b += m;
		}
	}
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_EQUAL(at_a, 40000);
	CU_ASSERT(at_b > 0);
	CU_ASSERT(at_b < 40000);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(trace_cursor_next(&a, &ev, &err), 0);
	trace_cursor_exit(&a);
	trace_cursor_exit(&b);
	trace_destroy(trace);
}

/* Time stamps need not be sorted and are cut to microseconds, and failed allocations name no frame. */
static void test_summary(void)
{
	struct event events[] = {
		{ .time_ns = 500000, .kind = EV_PAGE_ALLOC, .addr = 0x100, .order = 3, .cpu = 2 },
		{ .time_ns = 100999, .kind = EV_PAGE_ALLOC, .addr = EVENT_PFN_FAILED, .cpu = 7 },
		{ .time_ns = 900001, .kind = EV_KMALLOC, .addr = 0xffffffff },
	};
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };
	const struct trace_summary *sum = trace_summary(trace);

	CU_ASSERT_EQUAL(sum->first_ns, 0);
	CU_ASSERT_EQUAL(trace_append(trace, events, 3, &err), 0);
	CU_ASSERT_EQUAL(sum->first_ns, 100000);
	CU_ASSERT_EQUAL(sum->last_ns, 900000);
	CU_ASSERT_EQUAL(sum->max_cpu, 7);
	CU_ASSERT_EQUAL(sum->max_pfn, 0x107);
	CU_ASSERT_EQUAL(sum->nr_events, 3);
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_FALSE(sum->direct_map_known);
	trace_destroy(trace);
}

/* Where the temporary file cannot be made, the error says so and what was stored stays. */
static void test_no_temporary_file(void)
{
	const char *tmpdir = getenv("TMPDIR");
	char *saved = tmpdir ? strdup(tmpdir) : NULL;
	struct trace *trace = numbered_trace(SPILL_ALL, 32768);
	struct event ev = numbered(32768), *all;
	struct kerror err = { 0 };
	size_t nr;

	setenv("TMPDIR", "/no/such/folder", 1);
	CU_ASSERT_EQUAL(trace_append(trace, &ev, 1, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "temporary file"));
	all = collect(trace, &nr);
	CU_ASSERT_EQUAL(nr, 32768);
	if (saved)
		setenv("TMPDIR", saved, 1);
	else
		unsetenv("TMPDIR");
	CU_ASSERT_EQUAL(trace_append(trace, &ev, 1, &err), 0);
	free(all);
	free(saved);
	trace_destroy(trace);
}

/* ---- loading ----------------------------------------------------------- */

static const char one_event[] = "cc1 1 [000] 1.000000: kmem:kfree: ptr=0x10\n";

/* More than half malformed is refused with the count; exactly half is not. */
static void test_mostly_malformed(void)
{
	size_t len = sizeof(one_event) - 1;
	struct kerror err = { 0 };
	char text[200];
	struct trace *trace = trace_create(0);

	memcpy(text, one_event, len);
	memcpy(text + len, "rubbish\n", 8);
	memcpy(text + len + 8, "rubbish\n", 8);
	CU_ASSERT_EQUAL(load_text(trace, text, len + 8, &err), 0);
	trace_destroy(trace);

	trace = trace_create(0);
	CU_ASSERT_EQUAL(load_text(trace, text, len + 16, &err), -EBADMSG);
	CU_ASSERT_STRING_EQUAL(err.text, "memory: 2 of 3 lines are malformed, so this is hardly a "
			       "trace of format perf-script");
	CU_ASSERT_EQUAL(trace_summary(trace)->read.malformed, 2);
	CU_ASSERT_EQUAL(trace_summary(trace)->nr_events, 1);
	trace_destroy(trace);
}

static void count_progress(void *ctx, uint64_t events, uint64_t bytes, uint64_t total)
{
	unsigned int *calls = ctx;

	CU_ASSERT(bytes <= total);
	CU_ASSERT(events > 0);
	(*calls)++;
}

/* A second trace is appended to the first, the statistics add up, progress is reported. */
static void test_load_twice(void)
{
	enum { NR = 100000 };
	size_t len = sizeof(one_event) - 1, i;
	char *text = malloc(NR * len);
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };
	unsigned int calls = 0;

	for (i = 0; i < NR; i++)
		memcpy(text + i * len, one_event, len);
	for (i = 0; i < 2; i++) {
		struct source *src;
		struct reader *rd;

		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, NR * len, &err), 0);
		CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, NULL, trace_names(trace), &err), 0);
		CU_ASSERT_EQUAL(trace_load(trace, rd, count_progress, &calls, &err), 0);
		reader_close(rd);
	}
	CU_ASSERT(calls >= 2);
	CU_ASSERT_EQUAL(trace_summary(trace)->nr_events, 2 * NR);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.by_kind[EV_KFREE], 2 * NR);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.lines, 2 * NR);
	CU_ASSERT_FALSE(trace_summary(trace)->read.unterminated);
	CU_ASSERT_EQUAL(load_text(trace, text, len - 1, &err), 0);
	CU_ASSERT_EQUAL(load_text(trace, text, len, &err), 0);
	CU_ASSERT_TRUE(trace_summary(trace)->read.unterminated);
	CU_ASSERT_EQUAL(trace_summary(trace)->read.unterminated_line, 1);
	trace_destroy(trace);
	free(text);
}

/* A compressed trace cut short keeps every event whose line came through, and says why it ends. */
static void test_truncated_zstd(void)
{
	enum { NR = 5000 };
	size_t len = sizeof(one_event) - 1, i, size, cut;
	char *text = malloc(NR * len), *packed = malloc(NR * len), *plain = malloc(NR * len);
	struct test_rng rng = { 3 };
	unsigned int wrong = 0;

	for (i = 0; i < NR; i++) {
		memcpy(text + i * len, one_event, len);
		text[i * len + 4] = (char)('1' + test_rand_below(&rng, 9));
		for (cut = 14; cut < 20; cut++)
			text[i * len + cut] = (char)('0' + test_rand_below(&rng, 10));
	}
	size = ZSTD_compress(packed, NR * len, text, NR * len, 1);
	CU_ASSERT_FALSE_FATAL(ZSTD_isError(size));
	for (cut = 1; cut <= 16; cut++) {
		struct trace *trace = trace_create(0);
		size_t at = cut * size / 16, lines = 0, got = 0;
		struct kerror err = { 0 };
		struct source *src;
		struct reader *rd;
		int64_t n;

		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, at, &err), 0);
		while ((n = source_read(src, plain + got, NR * len - got, NULL)) > 0)
			got += n;
		source_close(src);
		for (i = 0; i < got; i++)
			lines += plain[i] == '\n';

		CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, packed, at, &err), 0);
		n = reader_open(&rd, src, NULL, trace_names(trace), &err);
		if (got) {
			const struct trace_summary *sum = trace_summary(trace);

			CU_ASSERT_EQUAL_FATAL(n, 0);
			wrong += trace_load(trace, rd, NULL, NULL, &err) != 0;
			/* the line that was cut may happen to parse */
			wrong += sum->nr_events != lines && sum->nr_events != lines + 1;
			wrong += sum->read.truncated != (at < size);
			wrong += sum->read.truncated && sum->read.error.code != -EBADMSG;
			reader_close(rd);
		} else {
			wrong += n != -EBADMSG;
		}
		trace_destroy(trace);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	free(text);
	free(packed);
	free(plain);
}

static const struct test_case cases[] = {
	{ "store", test_store },
	{ "cursors", test_cursors },
	{ "summary", test_summary },
	{ "no temporary file", test_no_temporary_file },
	{ "mostly malformed", test_mostly_malformed },
	{ "load twice", test_load_twice },
	{ "truncated zstd", test_truncated_zstd },
	{ NULL, NULL }
};

const struct test_suite trace_suite = { "trace", cases };
