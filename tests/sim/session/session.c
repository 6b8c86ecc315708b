/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: sessions. However a trace is cut into pieces, and however many
 * sessions share it, each ends where a run in one go ends.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim/session/load.h"
#include "sim/session/session.h"
#include "tests/sim/trace/events.h"
#include "tests/tests.h"

#define SMALL "traces/gcc-hello.perf.txt.zst"

static struct session *open_session(struct trace *trace, const struct session_config *cfg)
{
	struct session_config plain;
	struct kerror err = { 0 };
	struct session *s = NULL;

	session_config_default(&plain);
	if (session_create(&s, trace, cfg ? cfg : &plain, &err))
		CU_FAIL_FATAL(err.text);
	return s;
}

/* The figures at the end of a run in one go. */
static struct sample whole_run(struct trace *trace)
{
	struct session *s = open_session(trace, NULL);
	struct kerror err = { 0 };
	struct sample end;

	CU_ASSERT_EQUAL(session_run(s, UINT64_MAX, &err), 0);
	CU_ASSERT_TRUE(session_at_end(s));
	session_sample(s, &end);
	session_destroy(s);
	return end;
}

static void same_sample(const struct sample *got, const struct sample *expected)
{
	CU_ASSERT_EQUAL(got->event, expected->event);
	CU_ASSERT_EQUAL(got->time_us, expected->time_us);
	CU_ASSERT_EQUAL(got->used_pages, expected->used_pages);
	CU_ASSERT_EQUAL(memcmp(got, expected, sizeof(*got)), 0);
}

/* @nr small objects that are never freed, one each microsecond; times begin at 1 ms. */
static struct trace *objects_trace(uint64_t nr)
{
	struct trace *trace = trace_create(0);
	struct kerror err = { 0 };
	uint64_t i;

	names_intern(trace_names(trace), "maker+0x1", 9);
	for (i = 0; i < nr; i++) {
		struct event ev = object(EV_KMALLOC, 0x1000 + i * 64, 64, 0);

		ev.time_ns = 1000000 + i * 1000;
		ev.line = i + 1;
		CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
	}
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	return trace;
}

/* Pieces of one event, of a few, and across the trace's own chunks: the end is the same. */
static void test_pieces(void)
{
	static const uint64_t steps[] = { 1, 7, 4096, 16384, 16385, 100000 };
	struct trace *trace = load_file(test_data(SMALL), 0);
	struct sample expected = whole_run(trace), end;
	struct kerror err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct session *s = open_session(trace, NULL);
		uint64_t until = 0, all = trace_summary(trace)->nr_events;

		while (!session_at_end(s)) {
			until += steps[i];
			CU_ASSERT_EQUAL_FATAL(session_run(s, until, &err), 0);
			CU_ASSERT_EQUAL_FATAL(s->replay->ledger.events, until < all ? until : all);
		}
		session_sample(s, &end);
		same_sample(&end, &expected);
		/* At the end there is nothing more to do, and going back is no going. */
		CU_ASSERT_EQUAL(session_run(s, UINT64_MAX, &err), 0);
		CU_ASSERT_EQUAL(session_run(s, 1, &err), 0);
		CU_ASSERT_EQUAL(s->replay->ledger.events, all);
		session_destroy(s);
	}
	trace_destroy(trace);
}

struct watch {
	uint64_t samples, pieces, last_event;
	int64_t last_us;
	uint64_t stop_at;		/* set @stop there; 0: never */
	volatile sig_atomic_t stop;
};

static void on_sample(void *ctx, const struct session *s, const struct sample *now)
{
	struct watch *watch = ctx;

	CU_ASSERT_EQUAL((uint64_t)now->event, s->replay->ledger.events);
	watch->samples++;
	watch->last_event = (uint64_t)now->event;
	watch->last_us = now->time_us;
	if (watch->stop_at && watch->last_event >= watch->stop_at)
		watch->stop = 1;
}

static void on_piece(void *ctx, const struct session *s)
{
	struct watch *watch = ctx;

	(void)s;
	watch->pieces++;
}

static void watch_with(struct session_config *cfg, struct watch *watch, uint64_t every)
{
	*watch = (struct watch){ 0 };
	session_config_default(cfg);
	cfg->sample_every = every;
	cfg->on_sample = on_sample;
	cfg->on_piece = on_piece;
	cfg->ctx = watch;
	cfg->stop = &watch->stop;
}

/* Samples come at multiples of their interval, whatever the pieces, the trace's end included. */
static void test_samples(void)
{
	static const struct { uint64_t events, every, step, samples, last; } cases[] = {
		{ 100, 10, UINT64_MAX, 10, 100 },
		{ 100, 10, 3, 10, 100 },
		{ 99, 10, UINT64_MAX, 9, 90 },
		{ 99, 10, 10, 9, 90 },
		{ 100, 100, 7, 1, 100 },
		{ 100, 101, 7, 0, 0 },
		{ 100, 1, 30, 100, 100 },
		{ 100, 0, 30, 0, 0 },
	};
	struct session_config cfg;
	struct watch watch;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace *trace = objects_trace(cases[i].events);
		struct kerror err = { 0 };
		struct session *s;
		uint64_t until = 0;

		watch_with(&cfg, &watch, cases[i].every);
		s = open_session(trace, &cfg);
		while (!session_at_end(s)) {
			until = cases[i].step == UINT64_MAX ? UINT64_MAX : until + cases[i].step;
			CU_ASSERT_EQUAL_FATAL(session_run(s, until, &err), 0);
		}
		CU_ASSERT_EQUAL(watch.samples, cases[i].samples);
		CU_ASSERT_EQUAL(watch.last_event, cases[i].last);
		/* The event before the sample was the last one to be replayed: event 0 came at 0 us. */
		CU_ASSERT_EQUAL(watch.last_us, cases[i].last ? (int64_t)cases[i].last - 1 : 0);
		CU_ASSERT(watch.pieces >= 1);
		session_destroy(s);
		trace_destroy(trace);
	}
}

/* The flag ends a run before the next piece; without it the run goes on to the same end. */
static void test_stop(void)
{
	struct trace *trace = load_file(test_data(SMALL), 0);
	struct sample expected = whole_run(trace), end;
	struct session_config cfg;
	struct kerror err = { 0 };
	struct session *s;
	struct watch watch;

	watch_with(&cfg, &watch, 500);
	watch.stop_at = 1500;
	s = open_session(trace, &cfg);
	CU_ASSERT_EQUAL(session_run(s, UINT64_MAX, &err), -EINTR);
	CU_ASSERT_STRING_EQUAL(err.text, "interrupted");
	CU_ASSERT_EQUAL(s->replay->ledger.events, 1500);
	CU_ASSERT_EQUAL(session_run(s, UINT64_MAX, &err), -EINTR);
	CU_ASSERT_EQUAL(s->replay->ledger.events, 1500);
	/* What was asked for and is done needs no looking at the flag. */
	CU_ASSERT_EQUAL(session_run(s, 1500, &err), 0);
	watch.stop = 0;
	watch.stop_at = 0;
	CU_ASSERT_EQUAL(session_run(s, UINT64_MAX, &err), 0);
	session_sample(s, &end);
	same_sample(&end, &expected);
	session_destroy(s);
	trace_destroy(trace);
}

/* A strict stop tells the time of the event it stopped at, and lasts. */
static void test_strict_stop(void)
{
	const struct slab_fail_attr fail = { .interval = 1, .probability = 100, .times = 1, .space = 640 };
	struct trace *trace = objects_trace(1000);
	struct session_config cfg;
	struct kerror err = { 0 };
	struct sample stopped;
	struct session *s;
	uint64_t at;

	session_config_default(&cfg);
	cfg.replay.strict = true;
	cfg.fail = &fail;
	s = open_session(trace, &cfg);
	CU_ASSERT_EQUAL(session_run(s, UINT64_MAX, &err), -ECANCELED);
	at = s->replay->ledger.events;
	CU_ASSERT(at > 0);
	CU_ASSERT(at < 999);
	session_sample(s, &stopped);
	CU_ASSERT_EQUAL(stopped.event, (int64_t)at);
	CU_ASSERT_EQUAL(stopped.time_us, (int64_t)at);
	CU_ASSERT_FALSE(session_at_end(s));
	err = (struct kerror){ 0 };
	CU_ASSERT_EQUAL(session_run(s, UINT64_MAX, &err), -ECANCELED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "stopped at line"));
	CU_ASSERT_EQUAL(s->replay->ledger.events, at);
	session_destroy(s);
	trace_destroy(trace);
}

/* Two sessions that take turns on one trace do not notice each other; nor does a file on disk. */
static void test_shared_trace(void)
{
	static const uint64_t limits[] = { 0, SPILL_ALL };
	struct kerror err = { 0 };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct trace *trace = load_file(test_data(SMALL), limits[i]);
		struct sample expected = whole_run(trace), end;
		struct session *a = open_session(trace, NULL), *b = open_session(trace, NULL);
		uint64_t until = 0;

		while (!session_at_end(a) || !session_at_end(b)) {
			until += 1111;
			CU_ASSERT_EQUAL_FATAL(session_run(a, until, &err), 0);
			CU_ASSERT_EQUAL_FATAL(session_run(b, until / 2, &err), 0);
		}
		session_sample(a, &end);
		same_sample(&end, &expected);
		session_sample(b, &end);
		same_sample(&end, &expected);
		session_destroy(a);
		session_destroy(b);
		trace_destroy(trace);
	}
}

struct worker {
	pthread_t thread;
	struct session *session;
	int ret;
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	worker->ret = session_run(worker->session, UINT64_MAX, NULL);
	return NULL;
}

/* Sessions in threads of their own share a trace, too, that lies in a file in part. */
static void test_threads(void)
{
	struct trace *trace = load_file(test_data(SMALL), SPILL_ALL);
	struct sample expected = whole_run(trace), end;
	struct worker worker[2];
	int i;

	for (i = 0; i < 2; i++) {
		worker[i].session = open_session(trace, NULL);
		CU_ASSERT_EQUAL_FATAL(pthread_create(&worker[i].thread, NULL, work, &worker[i]), 0);
	}
	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(pthread_join(worker[i].thread, NULL), 0);
		CU_ASSERT_EQUAL(worker[i].ret, 0);
		session_sample(worker[i].session, &end);
		same_sample(&end, &expected);
		session_destroy(worker[i].session);
	}
	trace_destroy(trace);
}

/* What follows from the machine and the trace is filled in; what was chosen stays. */
static void test_config(void)
{
	static const struct { unsigned int cpu, given, expected; } cases[] = {
		{ 0, 0, 1 }, { 5, 0, 6 }, { 5, 2, 2 }, { MAX_CPUS - 1, 0, MAX_CPUS }, { MAX_CPUS, 0, MAX_CPUS },
	};
	struct session_config cfg;
	struct kerror err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace *trace = trace_create(0);
		struct event ev = object(EV_KMALLOC, 0x1000, 64, 0);
		struct session *s;

		ev.cpu = (uint16_t)cases[i].cpu;
		CU_ASSERT_EQUAL(trace_append(trace, &ev, 1, &err), 0);
		session_config_default(&cfg);
		cfg.machine.nr_cpus = cases[i].given;
		cfg.machine.page_owner = i % 2;
		s = open_session(trace, &cfg);
		CU_ASSERT_EQUAL(buddy_nr_cpus(s->machine->buddy), cases[i].expected);
		CU_ASSERT_EQUAL(s->cfg.machine.nr_cpus, cases[i].expected);
		CU_ASSERT_EQUAL(s->replay->cfg.page_owner, i % 2);
		CU_ASSERT_EQUAL(session_run(s, UINT64_MAX, &err), 0);
		session_destroy(s);
		trace_destroy(trace);
	}
}

/* A machine that cannot be is refused with its reason. */
static void test_impossible(void)
{
	struct trace *trace = objects_trace(1);
	struct session_config cfg;
	struct kerror err = { 0 };
	struct session *s = NULL;

	session_config_default(&cfg);
	cfg.machine.nr_nodes = MAX_NUMNODES + 1;
	CU_ASSERT_NOT_EQUAL(session_create(&s, trace, &cfg, &err), 0);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_NOT_EQUAL(err.text[0], 0);
	trace_destroy(trace);
}

/* Reading tells its mistakes; a trace with nothing in it is one. */
static void test_load(void)
{
	struct load_config cfg = { .path = test_data(SMALL) };
	struct trace *trace = NULL;
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(session_load(&trace, &cfg, &err), 0);
	CU_ASSERT(trace_summary(trace)->nr_events > 10000);
	CU_ASSERT_TRUE(trace_summary(trace)->direct_map_known);
	trace_destroy(trace);
	cfg.path = "/no/such/trace";
	CU_ASSERT_EQUAL(session_load(&trace, &cfg, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/no/such/trace"));
	trace_destroy(trace);
	cfg.path = test_data(SMALL);
	cfg.format = "no-such-format";
	CU_ASSERT_EQUAL(session_load(&trace, &cfg, &err), -EINVAL);
	trace_destroy(trace);
}

static const struct test_case cases[] = {
	{ "session_pieces", test_pieces },
	{ "session_samples", test_samples },
	{ "session_stop", test_stop },
	{ "session_strict_stop", test_strict_stop },
	{ "session_shared_trace", test_shared_trace },
	{ "session_threads", test_threads },
	{ "session_config", test_config },
	{ "session_impossible", test_impossible },
	{ "session_load", test_load },
	{ NULL, NULL }
};

const struct test_suite session_suite = { "session", cases };
