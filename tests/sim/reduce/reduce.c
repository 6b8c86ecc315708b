/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: traces reduced. What belongs to a lifetime goes together, what is left
 * passes and is 1-minimal, and its sizes are as small as they can be.
 */
#include <errno.h>

#include "sim/reduce/reduce.h"
#include "sim/session/session.h"
#include "tests/sim/gen/made.h"
#include "tests/sim/trace/events.h"

static struct trace *trace_of(const struct event *events, size_t nr)
{
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };

	names_intern(trace_names(trace), "site", 4);
	names_intern(trace_names(trace), "dentry", 6);
	CU_ASSERT_EQUAL_FATAL(trace_append(trace, events, nr, &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_resolve(trace, &err), 0);
	return trace;
}

static struct event heap(enum event_kind kind, uint64_t addr, uint64_t old, uint32_t bytes)
{
	return (struct event){ .kind = (uint8_t)kind, .addr = addr, .addr2 = old, .heap_bytes = bytes, .call_site = 1,
			       .node = EVENT_NO_NODE };
}

/* ---- lifetimes -------------------------------------------------------------------- */

/* Each event with the lifetime it belongs to; what is alone has one of its own. */
static void test_lifetimes(void)
{
	const struct {
		struct event ev;
		uint32_t item;
		bool alone;
	} rows[] = {
		{ object(EV_KMALLOC, 0x1000, 8, 0), 0, false },
		{ object(EV_KFREE, 0x9000, 0, 0), 1, true },		/* nobody allocated it */
		{ page_alloc(64, 3, GFP_KERNEL), 2, false },
		{ object(EV_KFREE, 0x1000, 0, 0), 0, false },
		{ object(EV_KFREE, 0x1000, 0, 0), 0, false },		/* again: the same */
		{ object(EV_KMALLOC, 0x1000, 8, 0), 3, false },		/* the address comes back: another */
		{ page_free(64, 1), 2, false },				/* in parts */
		{ page_free(66, 1), 2, false },
		{ page_free(68, 2), 2, false },
		{ { .kind = EV_RSS_STAT, .node = EVENT_NO_NODE }, 4, true },
		{ heap(EV_HEAP_ALLOC, 1, 0, 10), 5, false },
		{ heap(EV_HEAP_REALLOC, 2, 1, 20), 5, false },
		{ heap(EV_HEAP_REALLOC, 0, 2, 1000), 5, false },	/* fails: the block stays */
		{ heap(EV_HEAP_FREE, 2, 0, 0), 5, false },
		{ heap(EV_HEAP_REALLOC, 3, 0, 5), 6, false },		/* of NULL */
		{ object(EV_KMALLOC, 0, 8, 0), 7, true },		/* failed */
		{ page_alloc(EVENT_PFN_FAILED, 0, GFP_KERNEL), 8, true },
		{ object(EV_KMALLOC, 16, 0, 0), 9, true },		/* kmalloc(0) */
		{ object(EV_KFREE, 0x1000, 0, 0), 3, false },
	};
	const size_t nr = sizeof(rows) / sizeof(rows[0]);
	struct event events[sizeof(rows) / sizeof(rows[0])];
	struct kerror err = { 0 };
	struct lifetimes *lt;
	struct trace *trace;
	size_t i;

	for (i = 0; i < nr; i++)
		events[i] = rows[i].ev;
	trace = trace_of(events, nr);
	CU_ASSERT_EQUAL_FATAL(lifetimes_create(&lt, trace, &err), 0);
	CU_ASSERT_EQUAL(lt->nr, nr);
	CU_ASSERT_EQUAL(lt->nr_items, 10);
	for (i = 0; i < nr; i++) {
		CU_ASSERT_EQUAL(lt->of[i], rows[i].item);
		CU_ASSERT_EQUAL(lifetime_is_alone(lt, lt->of[i]), rows[i].alone);
	}
	lifetimes_destroy(lt);
	trace_destroy(trace);
}

/* Where events are missing goes along: before what follows it, and at the end. */
static void test_losses(void)
{
	static const char text[] = "alloc a 1\n#: lost 3\nfree a\nalloc b 2\n#: lost 5\nfree b\n#: lost 7\n";
	static const char *const order[] = { "#: lost 3", "alloc ", "#: lost 5", "free ", "#: lost 7" };
	struct trace *trace = trace_create(0);
	struct writer writer = { .names = trace_names(trace), .stacks = trace_stacks(trace), .made_by = "test", .source = "test" };
	const uint32_t second = 1;
	struct made made = { 0 };
	struct kerror err = { 0 };
	struct lifetimes *lt;
	struct source *src;
	struct reader *rd;
	uint64_t events;
	const char *at;
	size_t i;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, text, sizeof(text) - 1, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, "text", trace_names(trace), &err), 0);
	CU_ASSERT_EQUAL_FATAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	reader_close(rd);
	CU_ASSERT_EQUAL_FATAL(trace_resolve(trace, &err), 0);
	CU_ASSERT_EQUAL_FATAL(lifetimes_create(&lt, trace, &err), 0);
	lifetimes_keep(lt, &second, 1);
	writer.file = open_memstream(&made.bytes, &made.len);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &plain_writer, &err), 0);
	CU_ASSERT_EQUAL(lifetimes_write(lt, &second, 1, true, &writer, &events, &err), 0);
	writer_close(&writer);
	fclose(writer.file);
	CU_ASSERT_EQUAL(events, 2);
	for (i = 0, at = made.bytes; at && i < sizeof(order) / sizeof(order[0]); i++)
		at = strstr(at, order[i]);
	CU_ASSERT_PTR_NOT_NULL(at);
	free(made.bytes);
	lifetimes_destroy(lt);
	trace_destroy(trace);
}

/* ---- a search over events that are known ---------------------------------------------- */

struct wish {
	bool (*passes)(const struct lifetimes *lt, const bool *has, bool losses);
	uint64_t asked, stop_at;
};

static int ask(void *ctx, struct reduction *r, const uint32_t *items, uint32_t nr)
{
	struct wish *wish = ctx;
	bool *has = calloc(r->lt->nr_items + 1, 1);
	uint32_t i;
	int ret;

	if (wish->stop_at && wish->asked == wish->stop_at) {
		free(has);
		return kerror_set(r->err, -EINTR, "stopped");
	}
	wish->asked++;
	for (i = 0; i < nr; i++)
		has[items[i]] = true;
	ret = wish->passes(r->lt, has, r->losses);
	free(has);
	return ret;
}

/* A block of 4 frames or more, and an object of 100 bytes or more that is freed. */
static bool wants_block_and_object(const struct lifetimes *lt, const bool *has, bool losses)
{
	bool block = false, object_freed = false;
	uint64_t i, k;

	(void)losses;
	for (i = 0; i < lt->nr; i++) {
		if (!has[lt->of[i]])
			continue;
		block |= lt->events[i].kind == EV_PAGE_ALLOC && lt->events[i].order >= 2;
		for (k = 0; lt->events[i].kind == EV_KMALLOC && lt->events[i].bytes_req >= 100 && k < lt->nr; k++)
			object_freed |= lt->events[k].kind == EV_KFREE && lt->of[k] == lt->of[i];
	}
	return block && object_freed;
}

static struct reduction reduce_by(struct trace *trace, struct wish *wish, int expected, struct kerror *err)
{
	struct reduction r = { .test = ask, .ctx = wish, .err = err };

	CU_ASSERT_EQUAL_FATAL(lifetimes_create(&r.lt, trace, err), 0);
	CU_ASSERT_EQUAL(reduce_trace(&r), expected);
	return r;
}

static void finish(struct reduction *r, struct trace *trace)
{
	reduction_exit(r);
	lifetimes_destroy(r->lt);
	trace_destroy(trace);
}

/* 200 objects and blocks of all sizes, and frees of half of them. */
static struct trace *crowd(void)
{
	struct event events[400];
	size_t nr = 0;
	uint64_t i;

	for (i = 0; i < 200; i++)
		events[nr++] = i % 2 ? page_alloc(i * 1024, (int)(i % 9), GFP_KERNEL) :
				       object(EV_KMALLOC, 0x1000 + i * 8192, (uint32_t)(1 + i * 7), 0);
	for (i = 0; i < 200; i += 4) {
		events[nr++] = object(EV_KFREE, 0x1000 + i * 8192, 0, 0);
		events[nr++] = page_free((i + 1) * 1024, (int)((i + 1) % 9));
	}
	return trace_of(events, nr);
}

/* One of each is left, as small as the wish allows, the frees with them. */
static void test_sizes(void)
{
	struct wish wish = { .passes = wants_block_and_object };
	struct kerror err = { 0 };
	struct trace *trace = crowd();
	struct reduction r = reduce_by(trace, &wish, 0, &err);
	uint64_t i;

	CU_ASSERT_EQUAL(r.dd.nr, 2);
	CU_ASSERT_TRUE_FATAL(r.lt->nr <= 4);
	for (i = 0; i < r.lt->nr; i++) {
		const struct event *ev = &r.lt->events[i];

		if (event_is(ev->kind, EVENT_PAGE))
			CU_ASSERT_EQUAL(ev->order, 2);
		if (ev->kind == EV_KMALLOC) {
			CU_ASSERT_EQUAL(ev->bytes_req, 100);
			CU_ASSERT_EQUAL(ev->bytes_alloc, 128);
		}
	}
	CU_ASSERT_EQUAL(wish.asked, r.dd.tests);
	CU_ASSERT_TRUE(r.dd.tests < 120);
	finish(&r, trace);
}

static bool wants_cache_of_32(const struct lifetimes *lt, const bool *has, bool losses)
{
	uint64_t i;
	int nr = 0;

	(void)losses;
	for (i = 0; i < lt->nr; i++)
		nr += has[lt->of[i]] && lt->events[i].kind == EV_CACHE_ALLOC && lt->events[i].bytes_alloc >= 32;
	return nr >= 2;
}

static bool wants_total_of_heap(const struct lifetimes *lt, const bool *has, bool losses)
{
	uint64_t i, bytes = 0;

	(void)losses;
	for (i = 0; i < lt->nr; i++)
		bytes += has[lt->of[i]] ? lt->events[i].heap_bytes : 0;
	return bytes >= 50;
}

/* A cache's objects have one size, also when it gets smaller; each realloc has its own. */
static void test_shared_sizes(void)
{
	const struct event cached[] = {
		object(EV_CACHE_ALLOC, 0x1000, 192, 2), object(EV_CACHE_ALLOC, 0x2000, 192, 2),
		object(EV_CACHE_ALLOC, 0x3000, 192, 2), object(EV_CACHE_FREE, 0x1000, 0, 2),
	};
	const struct event blocks[] = {
		heap(EV_HEAP_ALLOC, 1, 0, 40), heap(EV_HEAP_REALLOC, 1, 1, 400), heap(EV_HEAP_ALLOC, 2, 0, 30),
	};
	struct wish wish = { .passes = wants_cache_of_32 };
	struct kerror err = { 0 };
	struct trace *trace = trace_of(cached, 4);
	struct reduction r = reduce_by(trace, &wish, 0, &err);
	uint64_t i;

	CU_ASSERT_EQUAL(r.dd.nr, 2);
	for (i = 0; i < r.lt->nr; i++)
		if (r.lt->events[i].kind == EV_CACHE_ALLOC)
			CU_ASSERT_EQUAL(r.lt->events[i].bytes_alloc, 32);
	finish(&r, trace);
	wish.passes = wants_total_of_heap;
	trace = trace_of(blocks, 3);
	r = reduce_by(trace, &wish, 0, &err);
	CU_ASSERT_EQUAL_FATAL(r.dd.nr, 1);
	CU_ASSERT_EQUAL_FATAL(r.lt->nr, 2);
	CU_ASSERT_EQUAL(r.lt->events[0].heap_bytes + r.lt->events[1].heap_bytes, 50);
	finish(&r, trace);
}

static bool never(const struct lifetimes *lt, const bool *has, bool losses)
{
	(void)lt;
	(void)has;
	(void)losses;
	return false;
}

static bool always(const struct lifetimes *lt, const bool *has, bool losses)
{
	return !never(lt, has, losses);
}

/* A test that forgets itself: true at first, then false. */
static bool once(const struct lifetimes *lt, const bool *has, bool losses)
{
	static int calls;

	(void)lt;
	(void)has;
	(void)losses;
	return !calls++;
}

static void test_refused(void)
{
	struct wish wish = { .passes = never };
	struct kerror err = { 0 };
	struct trace *trace = crowd();
	struct reduction r = reduce_by(trace, &wish, -EINVAL, &err);

	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "fails for the whole trace"));
	CU_ASSERT_EQUAL(r.dd.nr, 200);
	finish(&r, trace);
	wish.passes = once;
	trace = crowd();
	r = reduce_by(trace, &wish, -EAGAIN, &err);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not stable"));
	finish(&r, trace);
	wish.passes = always;
	trace = crowd();
	r = reduce_by(trace, &wish, 0, &err);
	CU_ASSERT_EQUAL(r.dd.nr, 0);
	finish(&r, trace);
}

/* Wherever it is ended, what is left passes, sizes and all. */
static void test_ended(void)
{
	uint64_t stop;

	for (stop = 2; stop < 60; stop++) {
		struct wish wish = { .passes = wants_block_and_object, .stop_at = stop };
		struct kerror err = { 0 };
		struct trace *trace = crowd();
		struct reduction r = { .test = ask, .ctx = &wish, .err = &err };
		int ret;

		CU_ASSERT_EQUAL_FATAL(lifetimes_create(&r.lt, trace, &err), 0);
		ret = reduce_trace(&r);
		CU_ASSERT_TRUE(!ret || ret == -EINTR);
		wish.stop_at = 0;
		CU_ASSERT_EQUAL(ask(&wish, &r, r.dd.things, r.dd.nr), 1);
		finish(&r, trace);
	}
}

/* ---- real tests: what is left passes, and nothing of it can go --------------------------- */

/* Whether some allocation fails on a machine of @ctx's bytes. */
static int fails(void *ctx, struct reduction *r, const uint32_t *items, uint32_t nr)
{
	struct writer writer = { .names = trace_names(r->lt->trace), .stacks = trace_stacks(r->lt->trace), .made_by = "test",
				 .source = "test" };
	const uint64_t *mem = ctx;
	struct made made = { 0 };
	struct trace *trace;
	struct session *s;
	uint64_t events;
	int ret;

	if (!nr)
		return 0;
	writer.file = open_memstream(&made.bytes, &made.len);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &kmt_writer, r->err), 0);
	CU_ASSERT_EQUAL_FATAL(lifetimes_write(r->lt, items, nr, r->losses, &writer, &events, r->err), 0);
	writer_close(&writer);
	fclose(writer.file);
	s = replay_made(&made, *mem, &trace);
	ret = s->replay->ledger.counter[RC_page_alloc_fail] || s->replay->ledger.counter[RC_object_alloc_fail];
	session_destroy(s);
	trace_destroy(trace);
	free(made.bytes);
	return ret;
}

/* A workload and an adversary on machines too small for them. */
static void test_minimal(void)
{
	static const struct {
		const struct gen_model *model;
		struct param_value params[4];
		uint64_t mem;
	} cases[] = {
		{ &gen_pagecache, { { "order", 9 }, { "window", 2 << 20 }, { NULL, 0 } }, 32 << 20 },
		{ &gen_pagecache, { { "order", 7 }, { "window", 1 << 20 }, { "memory", 64 << 20 }, { NULL, 0 } }, 12 << 20 },
		{ &gen_slab, { { "slabs", 40 }, { "size", 8192 }, { "per_slab", 4 }, { NULL, 0 } }, 1 << 20 },
	};
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct made made = make(cases[i].model, cases[i].params, 1, 0);
		struct trace *trace = load_made(&made);
		struct kerror err = { 0 };
		uint64_t mem = cases[i].mem;
		struct reduction r = { .test = fails, .ctx = &mem, .err = &err };
		uint32_t *without;

		CU_ASSERT_EQUAL_FATAL(lifetimes_create(&r.lt, trace, &err), 0);
		CU_ASSERT_EQUAL_FATAL(reduce_trace(&r), 0);
		CU_ASSERT_EQUAL(fails(&mem, &r, r.dd.things, r.dd.nr), 1);
		without = calloc(r.dd.nr, sizeof(*without));
		for (k = 0; k < r.dd.nr; k++) {
			memcpy(without, r.dd.things, k * sizeof(*without));
			memcpy(without + k, r.dd.things + k + 1, (r.dd.nr - k - 1) * sizeof(*without));
			CU_ASSERT_EQUAL(fails(&mem, &r, without, r.dd.nr - 1), 0);
		}
		free(without);
		finish(&r, trace);
		free(made.bytes);
	}
}

static const struct test_case cases[] = {
	{ "lifetimes", test_lifetimes },
	{ "losses", test_losses },
	{ "sizes", test_sizes },
	{ "shared_sizes", test_shared_sizes },
	{ "refused", test_refused },
	{ "ended", test_ended },
	{ "minimal", test_minimal },
	{ NULL, NULL }
};
const struct test_suite reduce_suite = { "reduce", cases };
