/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a trace like another. Both are read as files are and measured here, by
 * code of the tests' own: what is compared are the events, not what the generator drew.
 *
 * The two-sample distance of Kolmogorov and Smirnov is the most that two distributions
 * differ in the share of values up to some value.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "sim/gen/like.h"
#include "sim/util/table.h"
#include "tests/sim/gen/made.h"
#include "tests/sim/trace/events.h"

#define MOST_DISTANCE	0.05
#define ENOUGH		100	/* values, for a distribution to be compared */

/* ---- measuring ------------------------------------------------------------------- */

enum figure {
	OBJECT_SIZES, OBJECT_LIVES, BLOCK_SIZES, BLOCK_LIVES, HEAP_SIZES, HEAP_LIVES, GAPS, SITES, CPUS, NR_FIGURES
};
static const char *const figure_text[NR_FIGURES] = {
	"sizes of objects", "log-lifetimes of objects", "sizes of blocks", "log-lifetimes of blocks",
	"sizes of heap blocks", "log-lifetimes of heap blocks", "log-gaps between allocations", "call sites", "CPUs",
};

struct values {
	double *value;
	size_t nr, size;
};

struct measured {
	struct values of[NR_FIGURES];
	uint64_t allocs, freed, remote;
};

struct birth {
	uint64_t ns;
	uint16_t cpu;
};

static void add(struct measured *m, enum figure figure, double value)
{
	struct values *v = &m->of[figure];

	if (v->nr == v->size) {
		v->size = v->size ? v->size * 2 : 1024;
		v->value = realloc(v->value, v->size * sizeof(*v->value));
		CU_ASSERT_PTR_NOT_NULL_FATAL(v->value);
	}
	v->value[v->nr++] = value;
}

static void clear(struct measured *m)
{
	int i;

	for (i = 0; i < NR_FIGURES; i++)
		free(m->of[i].value);
}

/* The address that @ev begins, or 0; and the one that it ends. */
static void addresses(const struct event *ev, uint64_t *begins, uint64_t *ends, enum figure *sizes, double *size)
{
	*begins = *ends = 0;
	*sizes = OBJECT_SIZES;
	*size = ev->bytes_req;
	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
		*begins = ev->addr > 16 ? ev->addr : 0;
		break;
	case EV_KFREE:
	case EV_CACHE_FREE:
		*ends = ev->addr;
		break;
	case EV_PAGE_ALLOC:
		*begins = ev->addr != EVENT_PFN_FAILED && !(ev->flags & EVF_PAGE_SLAB) ? ev->addr : 0;
		break;
	case EV_PAGE_FREE:
		*ends = ev->addr;
		break;
	case EV_HEAP_ALLOC:
		*begins = ev->addr;
		break;
	case EV_HEAP_FREE:
		*ends = ev->addr;
		break;
	case EV_HEAP_REALLOC:
		*begins = ev->heap_bytes || !ev->addr2 ? ev->addr : 0;
		*ends = *begins || !ev->heap_bytes ? ev->addr2 : 0;
		break;
	}
	if (event_is(ev->kind, EVENT_PAGE)) {
		*sizes = BLOCK_SIZES;
		*size = 4096.0 * (1 << ev->order);
	} else if (event_is(ev->kind, EVENT_HEAP)) {
		*sizes = HEAP_SIZES;
		*size = ev->heap_bytes;
	}
}

/* All of @trace; names that both traces have are to be the same, so sites go by @names. */
static struct measured measure(struct trace *trace, struct names *names)
{
	struct table live[NR_FIGURES] = { { 0 } };
	struct measured m = { .allocs = 0 };
	struct birth *births;
	uint64_t begins, ends, last = 0, *slot;
	enum figure sizes;
	double size;
	size_t nr, i;
	struct event *ev = collect(trace, &nr);

	births = calloc(nr + 1, sizeof(*births));
	for (i = 0; i < nr; i++) {
		addresses(&ev[i], &begins, &ends, &sizes, &size);
		slot = ends ? table_find(&live[sizes], ends) : NULL;
		if (slot) {
			const struct birth *birth = &births[*slot];
			double life = ev[i].time_ns > birth->ns ? (double)(ev[i].time_ns - birth->ns) : 0;

			add(&m, sizes + 1, log(1 + life));
			m.freed++;
			m.remote += birth->cpu != ev[i].cpu;
			table_remove(&live[sizes], slot);
		}
		if (!begins)
			continue;
		births[i + 1] = (struct birth){ ev[i].time_ns, ev[i].cpu };
		*table_get(&live[sizes], begins) = i + 1;
		add(&m, sizes, size);
		add(&m, CPUS, ev[i].cpu);
		add(&m, SITES, names_intern(names, names_text(trace_names(trace), ev[i].call_site),
					    strlen(names_text(trace_names(trace), ev[i].call_site))));
		if (m.allocs++)
			add(&m, GAPS, log(1 + (ev[i].time_ns > last ? (double)(ev[i].time_ns - last) : 0)));
		last = ev[i].time_ns;
	}
	for (i = 0; i < NR_FIGURES; i++)
		table_free(&live[i]);
	free(births);
	free(ev);
	return m;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Both get sorted. */
static double distance(struct values *a, struct values *b)
{
	double most = 0;
	size_t i = 0, k = 0;

	qsort(a->value, a->nr, sizeof(double), by_value);
	qsort(b->value, b->nr, sizeof(double), by_value);
	while (i < a->nr && k < b->nr) {
		double at = a->value[i] < b->value[k] ? a->value[i] : b->value[k];

		while (i < a->nr && a->value[i] <= at)
			i++;
		while (k < b->nr && b->value[k] <= at)
			k++;
		most = fmax(most, fabs((double)i / (double)a->nr - (double)k / (double)b->nr));
	}
	return most;
}

/* The distance is what the books say: disjoint 1, equal 0, and a half where half is elsewhere. */
static void test_distance(void)
{
	double one[] = { 1, 2, 3, 4 }, two[] = { 4, 3, 2, 1 }, far[] = { 9, 8 }, half[] = { 1, 1, 9, 9 }, ties[] = { 1, 1, 1, 1 };
	struct values a = { one, 4, 4 }, b = { two, 4, 4 }, c = { far, 2, 2 }, d = { half, 4, 4 }, e = { ties, 4, 4 };

	CU_ASSERT_DOUBLE_EQUAL(distance(&a, &b), 0, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(distance(&a, &c), 1, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(distance(&d, &e), 0.5, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(distance(&a, &e), 0.75, 1e-12);
}

/* ---- making ------------------------------------------------------------------------ */

static struct made make_like(struct trace *trace, uint64_t seed, uint64_t events)
{
	const struct gen_config cfg = { .seed = seed, .events = events };
	struct writer writer = { .names = trace_names(trace), .stacks = trace_stacks(trace), .made_by = "test", .source = "gen" };
	struct profile *profile = NULL;
	struct kerror err = { 0 };
	struct made made = { 0 };

	if (profile_create(&profile, trace, NULL, &err))
		CU_FAIL_FATAL(err.text);
	writer.file = open_memstream(&made.bytes, &made.len);
	CU_ASSERT_EQUAL_FATAL(writer_open(&writer, &kmt_writer, &err), 0);
	if (gen_like(profile, trace, &cfg, &writer, &made.res, &err))
		CU_FAIL(err.text);
	writer_close(&writer);
	fclose(writer.file);
	profile_destroy(profile);
	return made;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* A trace like @trace, of @times its events: all distributions, and the shares of what was freed, and elsewhere. */
static void compare(const char *name, struct trace *trace, uint64_t seed, double times, double most)
{
	struct names *names = names_create();
	struct profile *profile = NULL;
	struct measured a = measure(trace, names), b;
	uint64_t events;
	struct made made;
	struct trace *copy;
	bool counted;
	int i;

	CU_ASSERT_EQUAL_FATAL(profile_create(&profile, trace, NULL, NULL), 0);
	events = (uint64_t)((double)profile->events * times);
	counted = profile->counted;
	profile_destroy(profile);
	made = make_like(trace, seed, events);
	CU_ASSERT_EQUAL(made.res.events, events);
	copy = load_made(&made);
	CU_ASSERT_EQUAL(trace_summary(copy)->backwards, 0);
	CU_ASSERT_FALSE(trace_summary(copy)->direct_map_known);
	b = measure(copy, names);
	for (i = 0; i < NR_FIGURES; i++) {
		double far;

		/* Where slots are counted, arrivals take those that are left. */
		if (a.of[i].nr < ENOUGH || b.of[i].nr < ENOUGH || (i == GAPS && counted))
			continue;
		far = distance(&a.of[i], &b.of[i]);
		if (getenv("KMEMSIM_SHOW_DISTANCES"))
			printf("%s x%g, %s: %.4f of %zu and %zu\n", name, times, figure_text[i], far, a.of[i].nr, b.of[i].nr);
		if (far > most)
			fprintf(stderr, "%s x%g, %s: %.4f of %zu and %zu\n", name, times, figure_text[i], far, a.of[i].nr, b.of[i].nr);
		CU_ASSERT_TRUE(far <= most);
	}
	CU_ASSERT_DOUBLE_EQUAL(share(a.freed, a.allocs), share(b.freed, b.allocs), most);
	CU_ASSERT_DOUBLE_EQUAL(share(a.remote, a.freed), share(b.remote, b.freed), most);
	clear(&a);
	clear(&b);
	trace_destroy(copy);
	names_destroy(names);
	free(made.bytes);
}

static struct trace *recording(const char *name)
{
	char path[128];
	const char *found;

	snprintf(path, sizeof(path), "traces/%s", name);
	found = test_shared(path);
	return found ? load_file(found, 0) : NULL;
}

/* Each shared recording, at its own length. */
static void test_recordings(void)
{
	static const char *const names[] = {
		"gcc-hello.data.zst", "find-tar.data.zst", "loopback-http.data.zst", "sqlite-insert.data.zst",
		"callchains.data.zst", "faults-python.data.zst", "compressed-record.data", "pipe-mode.data.zst",
		"system-git.data.zst", "gcc-hello.perf.txt.zst", "heaptrack-python.zst", "heaptrack-threads.zst",
		"mtrace.log.zst", "churn.rep.zst",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trace *trace = recording(names[i]);

		if (!trace)
			return;
		compare(names[i], trace, 1, 1, MOST_DISTANCE);
		trace_destroy(trace);
	}
}

/* The largest one, in make check-slow only. */
static void test_large_recording(void)
{
	struct trace *trace = getenv("KMEMSIM_LARGE") ? recording("build.data.zst") : NULL;

	if (!trace)
		return;
	compare("build.data.zst", trace, 1, 1, MOST_DISTANCE);
	trace_destroy(trace);
}

/* Longer and shorter ones; what is short has more of chance in it. */
static void test_lengths(void)
{
	static const char *const names[] = { "find-tar.data.zst", "heaptrack-python.zst", "mtrace.log.zst" };
	static const struct {
		double times, most;
	} lengths[] = { { 0.3, 0.1 }, { 1.7, MOST_DISTANCE }, { 4, MOST_DISTANCE } };
	size_t i, k;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct trace *trace = recording(names[i]);

		if (!trace)
			return;
		for (k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++)
			compare(names[i], trace, 2 + k, lengths[k].times, lengths[k].most);
		trace_destroy(trace);
	}
}

/* A signal before the first event is measured: interrupted, not a trace without allocations. */
static void test_stopped(void)
{
	static const volatile sig_atomic_t stop = 1;
	struct trace *trace = recording("mtrace.log.zst");
	struct profile *profile = NULL;
	struct kerror err = { 0 };

	if (!trace)
		return;
	CU_ASSERT_EQUAL(profile_create(&profile, trace, &stop, &err), -EINTR);
	CU_ASSERT_PTR_NULL(profile);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "interrupted"));
	trace_destroy(trace);
}

/* Three pairs, 285 years apart: many times as long a trace comes to the end of what there is, and stays there. */
static void test_end_of_time(void)
{
	struct trace *trace = trace_create(0), *copy;
	struct kerror err = { 0 };
	struct made made;
	uint64_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
	for (i = 0; i < 6; i++) {
		struct event ev = {
			.kind = i % 2 ? EV_HEAP_FREE : EV_HEAP_ALLOC, .time_ns = i / 2 * 9000000000000000000, .addr = 0x1000 * (i / 2 + 1),
			.heap_bytes = i % 2 ? 0 : 64, .node = EVENT_NO_NODE, .line = i + 1,
		};

		CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, &err), 0);
	}
	made = make_like(trace, 1, 40);
	copy = load_made(&made);
	CU_ASSERT_EQUAL(trace_summary(copy)->nr_events, 40);
	CU_ASSERT_EQUAL(trace_summary(copy)->backwards, 0);
	CU_ASSERT_EQUAL(trace_summary(copy)->last_ns, event_report_ns(EVENT_MAX_NS));
	trace_destroy(copy);
	trace_destroy(trace);
	free(made.bytes);
}

static const struct test_case cases[] = {
	{ "distance", test_distance },
	{ "recordings", test_recordings },
	{ "large_recording", test_large_recording },
	{ "lengths", test_lengths },
	{ "stopped", test_stopped },
	{ "end of time", test_end_of_time },
	{ NULL, NULL }
};
const struct test_suite gen_like_suite = { "gen_like", cases };
