/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: trace text in, events out, for the suites of sim/trace/.
 */
#ifndef KMEMSIM_TESTS_SIM_TRACE_UTIL_H
#define KMEMSIM_TESTS_SIM_TRACE_UTIL_H

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/trace.h"

/* A callback source that hands out @step bytes at a time, then @fail (0: the end). */
struct drip {
	const char *data;
	size_t len, step;
	int fail;
};

static inline int64_t drip_read(void *ctx, void *buf, size_t size)
{
	struct drip *drip = ctx;
	size_t n = drip->len < drip->step ? drip->len : drip->step;

	if (!drip->len)
		return drip->fail;
	n = n < size ? n : size;
	memcpy(buf, drip->data, n);
	drip->data += n;
	drip->len -= n;
	return n;
}

/* What a reader said, the last complaint in words. */
struct heard {
	unsigned int count;
	uint64_t line;
	char text[200];
};

static inline void hear(void *ctx, const char *source, uint64_t line, const char *text)
{
	struct heard *heard = ctx;

	heard->count++;
	heard->line = line;
	snprintf(heard->text, sizeof(heard->text), "%s", text);
}

/* Says which value of which line differs. */
static inline void expect_value(const char *line, const char *what, uint64_t got, uint64_t want)
{
	CU_ASSERT_EQUAL(got, want);
	if (got != want)
		fprintf(stderr, "%s: %s is %#llx, not %#llx\n", line, what, (unsigned long long)got,
			(unsigned long long)want);
}

static inline void expect_text(const char *line, const char *what, const char *got, const char *want)
{
	CU_ASSERT_STRING_EQUAL(got, want);
	if (strcmp(got, want))
		fprintf(stderr, "%s: %s is '%s', not '%s'\n", line, what, got, want);
}

/* All events of @src (taken over), read as perf-script text. @stats and @heard may be NULL. */
static inline size_t read_events(struct source *src, struct names *names, struct event *events,
				 size_t max, struct reader_stats *stats, struct heard *heard)
{
	struct kerror err = { 0 };
	struct reader *rd;
	size_t nr = 0;
	int got;

	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "perf-script", names, &err), 0);
	if (heard) {
		memset(heard, 0, sizeof(*heard));
		reader_set_message(rd, hear, heard, 10);
	}
	while (nr < max && (got = reader_read(rd, events + nr, (int)(max - nr), &err)) > 0)
		nr += got;
	if (stats)
		*stats = rd->stats;
	reader_close(rd);
	return nr;
}

static inline size_t read_text(const char *text, size_t len, struct names *names,
			       struct event *events, size_t max, struct reader_stats *stats,
			       struct heard *heard)
{
	struct kerror err = { 0 };
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, len, &err), 0);
	return read_events(src, names, events, max, stats, heard);
}

/* Fill @trace from @text; trace_load()'s result. */
static inline int load_text(struct trace *trace, const char *text, size_t len, struct kerror *err)
{
	struct source *src;
	struct reader *rd;
	int ret;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, len, err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "perf-script", trace_names(trace), err), 0);
	ret = trace_load(trace, rd, NULL, NULL, err);
	reader_close(rd);
	return ret;
}

/* All events of @trace in one array (caller frees), through a cursor. */
static inline struct event *collect(struct trace *trace, size_t *nr)
{
	size_t max = trace_summary(trace)->nr_events;
	struct event *all = malloc((max + 1) * sizeof(*all));
	struct kerror err = { 0 };
	const struct event *ev;
	struct trace_cursor cur;
	int64_t n;

	*nr = 0;
	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	CU_ASSERT_EQUAL_FATAL(trace_cursor_init(&cur, trace, &err), 0);
	while ((n = trace_cursor_next(&cur, &ev, &err)) > 0) {
		CU_ASSERT_FATAL(*nr + n <= max);
		memcpy(all + *nr, ev, n * sizeof(*ev));
		*nr += n;
	}
	CU_ASSERT_EQUAL(n, 0);
	trace_cursor_exit(&cur);
	return all;
}

#endif
