/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: models of traces. Each is made, read back and replayed, and what the
 * model claims is counted: in the machine, or in the events.
 */
#include <errno.h>
#include <math.h>

#include "buddy/gfp.h"
#include "sim/diagnose/diagnose.h"
#include "sim/util/zipf.h"
#include "tests/sim/gen/made.h"
#include "sim/util/table.h"
#include "tests/sim/trace/util.h"

#define MIB	(UINT64_C(1) << 20)

static struct sample sample_of(const struct session *s)
{
	struct sample sample;

	session_sample(s, &sample);
	CU_ASSERT_EQUAL(metrics_check(&sample), 0);
	return sample;
}

static void finish(struct session *s, struct trace *trace, struct made *made)
{
	session_destroy(s);
	trace_destroy(trace);
	free(made->bytes);
}

/* ---- all models --------------------------------------------------------------- */

/* The same seed makes the same bytes, another one does not where there is something random. */
static void test_seed(void)
{
	const struct gen_model *const *model;

	for (model = gen_models; *model; model++) {
		struct made a = make(*model, NULL, 7, 20000), b = make(*model, NULL, 7, 20000);
		struct made c = make(*model, NULL, 8, 20000);

		CU_ASSERT_EQUAL(a.len, b.len);
		CU_ASSERT_EQUAL(memcmp(a.bytes, b.bytes, a.len), 0);
		/* The time between events is, everywhere. */
		CU_ASSERT_TRUE(a.len != c.len || memcmp(a.bytes, c.bytes, a.len));
		free(a.bytes);
		free(b.bytes);
		free(c.bytes);
	}
}

/* As many events as were asked for, one and many rounds of them; no loose end, and nothing to diagnose. */
static void test_clean(void)
{
	static const uint64_t lengths[] = { 1, 1000, 300001 };
	const struct gen_model *const *model;
	size_t i;

	for (model = gen_models; *model; model++) {
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			struct made made = make(*model, NULL, 1, lengths[i]);
			struct diagnosis_report *report;
			struct kerror err = { 0 };
			struct trace *trace;
			struct session *s = replay_made(&made, 4096 * MIB, &trace);

			CU_ASSERT_EQUAL(made.res.events, lengths[i]);
			CU_ASSERT_EQUAL(trace_summary(trace)->nr_events, lengths[i]);
			CU_ASSERT_EQUAL(trace_summary(trace)->backwards, 0);
			CU_ASSERT_FALSE(trace_summary(trace)->one_task);
			CU_ASSERT_FALSE(trace_summary(trace)->direct_map_known);
			no_loose_ends(s);
			CU_ASSERT_EQUAL_FATAL(diagnose(&report, trace, NULL, &err), 0);
			CU_ASSERT_EQUAL(report->nr_findings, 0);
			diagnosis_free(report);
			finish(s, trace, &made);
		}
	}
}

/* Every model has its tables in order: defaults in range, names that are not there twice. */
static void test_tables(void)
{
	const struct gen_model *const *model;
	uint64_t value[GEN_MAX_PARAMS];
	unsigned int i, k;

	for (model = gen_models; *model; model++) {
		CU_ASSERT_PTR_EQUAL(gen_model((*model)->name), *model);
		for (i = 0; (*model)->params[i].name; i++) {
			const struct gen_param *param = &(*model)->params[i];

			CU_ASSERT_TRUE_FATAL(i < GEN_MAX_PARAMS);
			CU_ASSERT_TRUE(param->def >= param->min);
			CU_ASSERT_TRUE(param->def <= param->max);
			for (k = 0; k < i; k++)
				CU_ASSERT_STRING_NOT_EQUAL(param->name, (*model)->params[k].name);
		}
		gen_defaults(*model, value);
		CU_ASSERT_TRUE(!(*model)->mistake || !(*model)->mistake(value));
	}
	CU_ASSERT_PTR_NULL(gen_model("churns"));
}

/* A flag that is set ends a trace early; what was made is a whole file. */
static void test_stop(void)
{
	volatile sig_atomic_t stop = 1;
	const struct gen_config cfg = { .seed = 1, .stop = &stop };
	struct names *names = names_create();
	struct writer writer = { .names = names, .made_by = "test", .source = "gen" };
	uint64_t value[GEN_MAX_PARAMS];
	struct kerror err = { 0 };
	struct made made = { 0 };
	struct trace *trace;

	gen_defaults(&gen_ramp, value);
	writer.file = open_memstream(&made.bytes, &made.len);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &kmt_writer, &err), 0);
	CU_ASSERT_EQUAL(gen_trace(&gen_ramp, value, &cfg, names, &writer, &made.res, &err), 0);
	writer_close(&writer);
	fclose(writer.file);
	CU_ASSERT_TRUE(made.res.stopped);
	CU_ASSERT_EQUAL(made.res.events, GEN_BUFFER);
	trace = load_made(&made);
	CU_ASSERT_EQUAL(trace_summary(trace)->nr_events, GEN_BUFFER);
	trace_destroy(trace);
	names_destroy(names);
	free(made.bytes);
}

/* ---- Zipf's law ------------------------------------------------------------------ */

/* Each rank's share is k^-skew over the sum of them all, within what chance does to 200,000 draws. */
static void test_zipf(void)
{
	static const struct {
		uint64_t n;
		double skew;
	} cases[] = { { 1, 1 }, { 2, 0.5 }, { 10, 0 }, { 10, 1 }, { 50, 1.2 }, { 50, 3 } };
	const int draws = 200000;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t random = 3, count[51] = { 0 }, k;
		double sum = 0, mean = 0;
		struct zipf zipf;
		int draw;

		zipf_init(&zipf, cases[i].n, cases[i].skew);
		for (draw = 0; draw < draws; draw++) {
			k = zipf_draw(&zipf, &random);
			CU_ASSERT_TRUE_FATAL(k >= 1);
			CU_ASSERT_TRUE_FATAL(k <= cases[i].n);
			count[k]++;
			mean += (double)k / draws;
		}
		for (k = 1; k <= cases[i].n; k++)
			sum += pow((double)k, -cases[i].skew);
		for (k = 1; k <= cases[i].n; k++) {
			double expected = draws * pow((double)k, -cases[i].skew) / sum;

			CU_ASSERT_TRUE(fabs((double)count[k] - expected) < 5 * sqrt(expected) + 1);
		}
		CU_ASSERT_DOUBLE_EQUAL(mean, zipf_mean(&zipf), zipf_mean(&zipf) * 0.02);
	}
}

/* ---- what each model claims --------------------------------------------------------- */

/* Once the longest lifetime has passed, as many are live as a lifetime is long on the average. */
static void test_churn(void)
{
	static const struct param_value params[] = { { "life_max", 10000 }, { "remote", 25 }, { NULL, 0 } };
	struct made made = make(&gen_churn, params, 5, 400000);
	struct trace *trace = load_made(&made);
	uint64_t remote = 0, frees = 0, allocs = 0, small = 0, at;
	struct table born = { 0 };
	double live = 0, sum = 0, weight = 0;
	struct zipf life;
	size_t nr, i;
	struct event *ev = collect(trace, &nr);

	for (i = 0; i < nr; i++) {
		if (ev[i].kind == EV_KMALLOC) {
			*table_get(&born, ev[i].addr) = 1 + ev[i].cpu;
			allocs++;
			small += ev[i].bytes_req == 8;
		} else {
			uint64_t *cpu = table_find(&born, ev[i].addr);

			CU_ASSERT_PTR_NOT_NULL_FATAL(cpu);
			remote += *cpu != 1u + ev[i].cpu;
			frees++;
			table_remove(&born, cpu);
		}
		live += i >= nr / 2 ? (double)born.nr / (double)(nr - nr / 2) : 0;
	}
	zipf_init(&life, 10000, 1.2);
	CU_ASSERT_DOUBLE_EQUAL(live, zipf_mean(&life), 0.05 * zipf_mean(&life));
	CU_ASSERT_DOUBLE_EQUAL((double)remote / (double)frees, 0.25, 0.01);
	/* Of 64 sizes from 8 on, at equal ratios, the first ones are 8 to the nearest byte. */
	for (at = 0; at < 64; at++) {
		sum += 1.0 / (double)(at + 1);
		weight += 8 * pow(512, (double)at / 63) < 8.5 ? 1.0 / (double)(at + 1) : 0;
	}
	CU_ASSERT_DOUBLE_EQUAL((double)small / (double)allocs, weight / sum, 0.01);
	free(ev);
	table_free(&born);
	trace_destroy(trace);
	free(made.bytes);
}

/* Size i is size_min + i mod (size_max - size_min + 1): the most that is requested is their sum; in the end all is gone. */
static void test_ramp(void)
{
	uint64_t drain, i, sum = 0;

	for (i = 0; i < 10007; i++)
		sum += 100 + i % 301;
	for (drain = 0; drain <= 2; drain++) {
		const struct param_value params[] = {
			{ "objects", 10007 }, { "plateau", 5000 }, { "size_min", 100 }, { "size_max", 400 },
			{ "drain", drain }, { "cpus", 3 }, { NULL, 0 }
		};
		struct made made = make(&gen_ramp, params, 1, 0);
		struct trace *trace;
		struct session *s = replay_made(&made, 256 * MIB, &trace);

		CU_ASSERT_EQUAL(made.res.events, 2 * (10007 + 5000));
		CU_ASSERT_EQUAL(s->replay->ledger.total.peak_bytes_req, sum);
		CU_ASSERT_EQUAL(s->replay->ledger.total.live_objects, 0);
		no_loose_ends(s);
		finish(s, trace, &made);
	}
}

/* The drain goes in the order that was asked for: a free's place among the frees by the place of its allocation. */
static void test_drain_order(void)
{
	uint64_t drain, i;

	for (drain = 0; drain <= 2; drain++) {
		const struct param_value params[] = { { "objects", 500 }, { "plateau", 0 }, { "drain", drain }, { NULL, 0 } };
		struct made made = make(&gen_ramp, params, 1, 0);
		struct trace *trace = load_made(&made);
		uint64_t oldest = 0, newest = 0;
		size_t nr;
		struct event *ev = collect(trace, &nr);

		CU_ASSERT_EQUAL_FATAL(nr, 1000);
		for (i = 0; i < 500; i++) {
			oldest += ev[500 + i].addr == ev[i].addr;
			newest += ev[500 + i].addr == ev[499 - i].addr;
		}
		CU_ASSERT_EQUAL(oldest == 500, drain == 0);
		CU_ASSERT_EQUAL(newest == 500, drain == 1);
		free(ev);
		trace_destroy(trace);
		free(made.bytes);
	}
}

/* The most objects and frames at once are the children's, all with all they have. */
static void test_fork(void)
{
	static const struct param_value params[] = {
		{ "forks", 300 }, { "width", 20 }, { "mappings", 11 }, { "frames", 7 }, { NULL, 0 }
	};
	struct made made = make(&gen_fork, params, 1, 0);
	uint64_t objects = 0, blocks = 0, most_objects = 0, most_frames = 0, frames = 0;
	struct trace *trace;
	struct session *s = replay_made(&made, 256 * MIB, &trace);
	size_t nr, i;
	struct event *ev = collect(trace, &nr);

	no_loose_ends(s);
	for (i = 0; i < nr; i++) {
		objects += ev[i].kind == EV_CACHE_ALLOC;
		objects -= ev[i].kind == EV_CACHE_FREE;
		blocks += ev[i].kind == EV_PAGE_ALLOC;
		frames += ev[i].kind == EV_PAGE_ALLOC ? 1u << ev[i].order : 0;
		frames -= ev[i].kind == EV_PAGE_FREE ? 1u << ev[i].order : 0;
		most_objects = objects > most_objects ? objects : most_objects;
		most_frames = frames > most_frames ? frames : most_frames;
	}
	/* 8 objects of a task and 11 mappings; a stack of four frames, four tables, 7 frames. */
	CU_ASSERT_EQUAL(most_objects, 20 * (8 + 11));
	CU_ASSERT_EQUAL(most_frames, 20 * (4 + 4 + 7));
	CU_ASSERT_EQUAL(blocks, 300 * (1 + 4 + 7));
	CU_ASSERT_EQUAL(s->replay->ledger.total.live_objects, 0);
	CU_ASSERT_EQUAL(s->replay->ledger.total.live_blocks, 0);
	free(ev);
	finish(s, trace, &made);
}

/* As many packets as asked for are freed elsewhere, and the machine feels it: frees that miss the CPU's own slab. */
static void test_network(void)
{
	uint64_t slow[2], share, i;

	for (share = 0; share <= 1; share++) {
		const struct param_value params[] = { { "packets", 20000 }, { "remote", 80 * share }, { "queue", 256 }, { NULL, 0 } };
		struct made made = make(&gen_network, params, 1, 0);
		struct trace *trace;
		struct session *s = replay_made(&made, 256 * MIB, &trace);
		uint64_t remote = 0, frees = 0, most = 0, live = 0;
		size_t nr;
		struct event *ev = collect(trace, &nr);

		for (i = 0; i < nr; i++) {
			bool alloc = ev[i].kind == EV_KMALLOC || ev[i].kind == EV_CACHE_ALLOC;

			CU_ASSERT_TRUE(!alloc || !ev[i].cpu);
			CU_ASSERT_EQUAL(ev[i].context, alloc ? CONTEXT_SOFTIRQ : CONTEXT_TASK);
			frees += !alloc;
			remote += !alloc && ev[i].cpu;
			live = alloc ? live + 1 : live - 1;
			most = live > most ? live : most;
		}
		CU_ASSERT_DOUBLE_EQUAL((double)remote / (double)frees, 0.8 * (double)share, 0.01);
		CU_ASSERT_EQUAL(most, 2 * 256);
		CU_ASSERT_EQUAL(s->replay->ledger.total.live_objects, 0);
		no_loose_ends(s);
		slow[share] = slab_counter(s->machine->slab, SC_free_slowpath);
		free(ev);
		finish(s, trace, &made);
	}
	/* Four of five frees are of another CPU's slab. */
	CU_ASSERT_TRUE(slow[1] >= 4 * 2 * 20000 / 5 - 2000);
	CU_ASSERT_TRUE(slow[0] < slow[1]);
}

/* The most that is held is the cache's memory and the kernel's; less than that fails. */
static void test_pagecache(void)
{
	static const struct param_value params[] = {
		{ "memory", 32u << 20 }, { "read", 128u << 20 }, { "kernel", 2u << 20 }, { "order", 1 }, { NULL, 0 }
	};
	struct made made = make(&gen_pagecache, params, 1, 0);
	uint64_t frames = 0, most = 0, own = 0;
	struct trace *trace;
	struct session *s = replay_made(&made, 64 * MIB, &trace);
	size_t nr, i;
	struct event *ev = collect(trace, &nr);

	no_loose_ends(s);
	for (i = 0; i < nr; i++) {
		frames += ev[i].kind == EV_PAGE_ALLOC ? 1u << ev[i].order : 0;
		frames -= ev[i].kind == EV_PAGE_FREE ? 1u << ev[i].order : 0;
		own += ev[i].kind == EV_PAGE_ALLOC && !(ev[i].gfp & __GFP_MOVABLE);
		most = frames > most ? frames : most;
	}
	/* The cache is 31 folios short of full where the last batch was just reclaimed. */
	CU_ASSERT_EQUAL(own, 512);
	CU_ASSERT_TRUE(most <= (34 * MIB) >> 12);
	CU_ASSERT_TRUE(most > ((34 * MIB) >> 12) - 2 * 32 - 8);
	free(ev);
	session_destroy(s);
	trace_destroy(trace);
	s = replay_made(&made, 32 * MIB, &trace);
	CU_ASSERT_TRUE(s->replay->ledger.counter[RC_page_alloc_fail] > 0);
	finish(s, trace, &made);
}

/*
 *   order 1   #.#.#.#.    half of memory is free, no block of two is
 *   order 3   #.......    seven eighths, no block of eight
 */
static void test_checkerboard(void)
{
	unsigned int order;

	for (order = 1; order <= 3; order += 2) {
		const struct param_value params[] = { { "order", order }, { NULL, 0 } };
		struct made made = make(&gen_checkerboard, params, 1, 0);
		struct trace *trace;
		struct session *s = replay_made(&made, 64 * MIB, &trace);
		struct sample end = sample_of(s);
		/* Frame 0 belongs to nobody: one request more than there are frames. */
		uint64_t frames = (64 * MIB >> 12) - 1;

		CU_ASSERT_EQUAL(s->replay->ledger.counter[RC_page_alloc_fail], 1);
		CU_ASSERT_EQUAL(s->replay->ledger.counter[RC_refused_free], 0);
		CU_ASSERT_EQUAL((uint64_t)end.managed_pages, frames);
		CU_ASSERT_DOUBLE_EQUAL((double)end.free_pages / (double)frames, 1 - 1.0 / (1 << order), 0.001);
		CU_ASSERT_EQUAL(end.largest_free_order, (int64_t)order - 1);
		finish(s, trace, &made);
	}
}

/* M (1 + order / 2) is needed, and a frame of ours that nobody gets; with less a request fails while no more than M is held. */
static void test_robson(void)
{
	static const unsigned int orders[] = { 1, 4, 8 };
	size_t k, i;

	for (k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
		const struct param_value params[] = { { "order", orders[k] }, { NULL, 0 } };
		struct made made = make(&gen_robson, params, 1, 0);
		uint64_t need = 16 * MIB + orders[k] * 8 * MIB, frames = 0, most = 0;
		struct trace *trace;
		struct session *s = replay_made(&made, need + 4 * MIB, &trace);
		size_t nr;
		struct event *ev = collect(trace, &nr);

		no_loose_ends(s);
		for (i = 0; i < nr; i++) {
			frames += ev[i].kind == EV_PAGE_ALLOC ? 1u << ev[i].order : 0;
			frames -= ev[i].kind == EV_PAGE_FREE ? 1u << ev[i].order : 0;
			most = frames > most ? frames : most;
		}
		CU_ASSERT_EQUAL(most, 16 * MIB >> 12);
		free(ev);
		session_destroy(s);
		trace_destroy(trace);
		s = replay_made(&made, need - 4 * MIB, &trace);
		CU_ASSERT_TRUE(s->replay->ledger.counter[RC_page_alloc_fail] > 0);
		finish(s, trace, &made);
	}
}

/* A slab for each object that is left, and nothing in it but that. */
static void test_slab(void)
{
	static const struct param_value params[] = { { "slabs", 500 }, { "size", 256 }, { "per_slab", 16 }, { NULL, 0 } };
	struct made made = make(&gen_slab, params, 1, 0);
	struct trace *trace;
	struct session *s = replay_made(&made, 256 * MIB, &trace);
	const struct ledger *l = &s->replay->ledger;
	struct sample end = sample_of(s);

	no_loose_ends(s);
	CU_ASSERT_EQUAL_FATAL(l->nr_caches, 2);
	CU_ASSERT_EQUAL(kmem_cache_objs_per_slab(l->caches[1].cache), 16);
	CU_ASSERT_EQUAL(end.live_objects, 500);
	CU_ASSERT_EQUAL(end.slab_pages, 500 << kmem_cache_order(l->caches[1].cache));
	finish(s, trace, &made);
}

static const struct test_case cases[] = {
	{ "seed", test_seed },
	{ "clean", test_clean },
	{ "tables", test_tables },
	{ "stop", test_stop },
	{ "zipf", test_zipf },
	{ "churn", test_churn },
	{ "ramp", test_ramp },
	{ "drain_order", test_drain_order },
	{ "fork", test_fork },
	{ "network", test_network },
	{ "pagecache", test_pagecache },
	{ "checkerboard", test_checkerboard },
	{ "robson", test_robson },
	{ "slab", test_slab },
	{ NULL, NULL }
};
const struct test_suite gen_models_suite = { "gen_models", cases };
