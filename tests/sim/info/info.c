/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: kmemsim info. Traces are plain text, so that a reader of a test can add
 * up the answer; those of the shared recordings are the replay's.
 */
#include <errno.h>
#include <jansson.h>

#include "sim/cmd/cmd.h"
#include "sim/info/info.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/report/documented.h"
#include "tests/tests.h"

#define INFO(...) run_cmd(cmd_info, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static json_t *info_of_file(const char *path)
{
	struct result res = INFO("--json", "-", path);
	json_t *root;

	CU_ASSERT_EQUAL(res.status, 0);
	root = json_loads(res.out, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	done(&res);
	return root;
}

static json_t *info_of_text(const char *text)
{
	char *path = strdup(write_file("info.txt", text, strlen(text)));
	json_t *root = info_of_file(path);

	free(path);
	return root;
}

/* The number of @key in row @row of @table. */
static uint64_t cell(const json_t *root, const char *table, size_t row, const char *key)
{
	const json_t *rows = json_object_get(json_object_get(root, "info"), table);
	const json_t *value = json_object_get(json_array_get(rows, row), key);

	if (!json_is_integer(value)) {
		fprintf(stderr, "%s[%zu].%s is no number\n", table, row, key);
		CU_FAIL("no such cell");
	}
	return (uint64_t)json_integer_value(value);
}

static uint64_t figure(const json_t *root, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(json_object_get(root, "info"), key));
}

static size_t rows_of(const json_t *root, const char *table)
{
	return json_array_size(json_object_get(json_object_get(root, "info"), table));
}

struct cell {
	const char *table;
	size_t row;
	const char *key;
	uint64_t value;
};

static void expect_cells(const json_t *root, const char *text, const struct cell *cells)
{
	for (; cells->table; cells++) {
		uint64_t got = cell(root, cells->table, cells->row, cells->key);

		CU_ASSERT_EQUAL(got, cells->value);
		if (got != cells->value)
			fprintf(stderr, "%s: %s[%zu].%s is %llu, not %llu\n", text, cells->table, cells->row, cells->key,
				(unsigned long long)got, (unsigned long long)cells->value);
	}
}

static const struct {
	const char *text;
	struct cell cells[16];
} table[] = {
	/* Each family by itself: what is live, what was most. */
	{ "alloc a 100 time=0\nalloc b 50 time=10us\nfree a time=3us\nfree b\nfree b\nfree -\nalloc - 9\n",
	  { { "memory", 0, "allocs", 2 }, { "memory", 0, "frees", 3 }, { "memory", 0, "bytes", 150 },
	    { "memory", 0, "peak_bytes", 150 }, { "memory", 0, "peak_live", 2 }, { "memory", 0, "live", 0 },
	    { "loose_ends", 0, "unmatched", 1 }, { "loose_ends", 0, "nothing", 1 }, { "loose_ends", 0, "failed", 1 },
	    { "loose_ends", 0, "again", 0 }, { NULL, 0, NULL, 0 } } },
	{ "alloc a 100 call=kmalloc\nalloc a 30 call=kmalloc\nalloc - 5 cache=c\nalloc 0x10 0 call=kmalloc\nfree 0x10 call=kfree\n",
	  { { "memory", 0, "allocs", 2 }, { "memory", 0, "peak_bytes", 100 }, { "memory", 0, "live_bytes", 30 },
	    { "loose_ends", 0, "again", 1 }, { "loose_ends", 0, "never_freed", 1 }, { "loose_ends", 0, "failed", 1 },
	    { "loose_ends", 0, "nothing", 1 }, { NULL, 0, NULL, 0 } } },
	/* A realloc keeps the block alive, moves it, makes one, frees one, fails, or takes an address that was live. */
	{ "alloc 0x100 10\nrealloc 0x100 0x200 300\nrealloc - 0x300 5\nrealloc 0x200 - 1000\nrealloc 0x300 - 0\nrealloc 0x999 0x200 7\n",
	  { { "memory", 0, "allocs", 2 }, { "memory", 0, "resizes", 2 }, { "memory", 0, "frees", 1 },
	    { "memory", 0, "peak_bytes", 305 }, { "memory", 0, "live", 1 }, { "memory", 0, "live_bytes", 7 },
	    { "loose_ends", 0, "unmatched", 1 }, { "loose_ends", 0, "failed", 1 }, { "loose_ends", 0, "again", 1 },
	    { NULL, 0, NULL, 0 } } },
	/* Pages: freed whole, in parts, with a larger order; a frame that is allocated again inside a block. */
	{ "pages 0x100 2\nrelease 0x100 2\npages - 1\nrelease 0x700 0\n",
	  { { "memory", 0, "peak_bytes", 16384 }, { "memory", 0, "live", 0 }, { "loose_ends", 0, "unmatched", 1 },
	    { "loose_ends", 0, "failed", 1 }, { NULL, 0, NULL, 0 } } },
	{ "pages 0x100 2\nrelease 0x101 0\nrelease 0x102 1\n",
	  { { "memory", 0, "frees", 2 }, { "memory", 0, "live", 1 }, { "memory", 0, "live_bytes", 4096 },
	    { "loose_ends", 0, "unmatched", 0 }, { NULL, 0, NULL, 0 } } },
	{ "pages 0x100 1\npages 0x102 0\nrelease 0x100 2\n",
	  { { "memory", 0, "live", 0 }, { "memory", 0, "frees", 1 }, { "loose_ends", 0, "unmatched", 0 }, { NULL, 0, NULL, 0 } } },
	{ "pages 0x100 2\npages 0x102 0\n",
	  { { "memory", 0, "live_bytes", 4096 }, { "loose_ends", 0, "again", 1 }, { NULL, 0, NULL, 0 } } },
	{ "pages 0x100 0\npages 0x103 0\npages 0x100 2\n",
	  { { "memory", 0, "live_bytes", 16384 }, { "loose_ends", 0, "again", 2 }, { NULL, 0, NULL, 0 } } },
	/* Histograms: a bucket for each power of two, from the first to the last that is used. */
	{ "alloc a 0 time=0\nalloc b 1 time=0\nalloc c 2 time=0\nalloc d 15 time=0\nfree a time=0\nfree b time=1023ns\nfree c time=1024ns\n",
	  { { "sizes", 0, "from_bytes", 0 }, { "sizes", 0, "heap", 2 }, { "sizes", 1, "from_bytes", 2 }, { "sizes", 1, "heap", 1 },
	    { "sizes", 2, "heap", 0 }, { "sizes", 3, "heap", 1 }, { "lifetimes", 0, "heap", 1 }, { "lifetimes", 9, "from_ns", 512 },
	    { "lifetimes", 9, "heap", 1 }, { "lifetimes", 10, "heap", 1 }, { NULL, 0, NULL, 0 } } },
	/* A block keeps its age when it is resized. */
	{ "alloc a 1 time=0\nrealloc a b 9 time=4us\nfree b time=5us\n",
	  { { "lifetimes", 0, "from_ns", 4096 }, { "lifetimes", 0, "heap", 1 }, { NULL, 0, NULL, 0 } } },
	/* So does what is left of a block of pages that is freed in parts. */
	{ "pages 0x100 1 time=10us\nrelease 0x100 0 time=11us\nrelease 0x101 0 time=12us\n",
	  { { "lifetimes", 0, "from_ns", 512 }, { "lifetimes", 0, "pages", 1 }, { "lifetimes", 1, "from_ns", 1024 },
	    { "lifetimes", 1, "pages", 1 }, { NULL, 0, NULL, 0 } } },
	/* Who: CPUs in their order, the busiest tasks first. */
	{ "alloc a 1 cpu=3 pid=1 comm=x\nalloc b 1 cpu=1 pid=2 comm=y\nfree a cpu=3 pid=2 comm=y\n#: event (other) cpu=3\n",
	  { { "by_cpu", 0, "cpu", 1 }, { "by_cpu", 0, "events", 1 }, { "by_cpu", 1, "events", 3 }, { "by_task", 0, "pid", 2 },
	    { "by_task", 0, "events", 2 }, { "by_task", 1, "pid", 0 }, { "by_task", 2, "pid", 1 }, { NULL, 0, NULL, 0 } } },
};

static void test_table(void)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		json_t *root = info_of_text(table[i].text);

		expect_cells(root, table[i].text, table[i].cells);
		json_decref(root);
	}
}

/* The front, and each key of the report defined. */
static void test_front(void)
{
	char *doc = slurp(test_data("../docs/metrics.md"), NULL);
	json_t *root = info_of_text("alloc 1 100 time=2s cpu=5\n#: lost 7\nfree 1 time=3.5s\nbad line\npages 1 0 time=1s\n"
				    "alloc 2 1 call=kmalloc\n#: summary {\"os_release\":\"6.1.0\"}\n");

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	CU_ASSERT_EQUAL(figure(root, "events"), 4);
	CU_ASSERT_EQUAL(figure(root, "begin_us"), 1000000);
	CU_ASSERT_EQUAL(figure(root, "span_us"), 2500000);
	CU_ASSERT_EQUAL(figure(root, "cpus"), 2);
	CU_ASSERT_EQUAL(figure(root, "tasks"), 1);
	CU_ASSERT_EQUAL(figure(root, "malformed"), 1);
	CU_ASSERT_EQUAL(figure(root, "lost_events"), 7);
	CU_ASSERT_EQUAL(figure(root, "lost_places"), 1);
	CU_ASSERT_EQUAL(figure(root, "backwards"), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_object_get(root, "info"), "format")), "text");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_object_get(root, "info"), "os_release")), "6.1.0");
	check_documented(json_object_get(root, "info"), strstr(doc, "## info"), "`ratio` `numerator` `denominator`");
	json_decref(root);
	free(doc);
}

/* Live bytes over time: any length of trace fits, the peak of a span is kept, a gap goes on as before. */
static void test_series(void)
{
	struct info_series series = { .width_ns = 0 };
	uint64_t live[NR_INFO_FAMILIES] = { 0 };
	uint64_t i, events = 0;
	json_t *root;

	for (i = 0; i < 100000; i++) {
		live[INFO_HEAP] = i == 77777 ? 1000000 : i;
		info_series_add(&series, 5000000000 + i * 37, live);
	}
	CU_ASSERT_EQUAL(series.width_ns, 131072);
	CU_ASSERT_EQUAL(series.bucket[77777 * 37 / 131072].peak[INFO_HEAP], 1000000);
	CU_ASSERT_EQUAL(series.bucket[28].last[INFO_HEAP], 99999);
	CU_ASSERT_EQUAL(series.bucket[29].used, false);
	for (i = 0; i < INFO_BUCKETS; i++)
		events += series.bucket[i].events;
	CU_ASSERT_EQUAL(events, 100000);
	info_series_add(&series, EVENT_MAX_NS, live);
	info_series_add(&series, 0, live);
	CU_ASSERT_EQUAL(series.bucket[0].events, 100001);

	root = info_of_text("alloc a 100 time=0\nalloc b 900 time=100ns\nfree b time=110ns\nfree a time=2us\n");
	CU_ASSERT_EQUAL(rows_of(root, "live_over_time"), 32);
	expect_cells(root, "series", (const struct cell[]){
		{ "live_over_time", 0, "heap", 100 }, { "live_over_time", 1, "heap", 1000 }, { "live_over_time", 2, "heap", 100 },
		{ "live_over_time", 30, "heap", 100 }, { "live_over_time", 31, "heap", 0 }, { "live_over_time", 1, "events", 2 },
		{ NULL, 0, NULL, 0 } });
	json_decref(root);
}

/* The shared recordings' blocks are those that the replay finds. */
static void test_as_replayed(void)
{
	static const char *const names[] = { "traces/churn.rep.zst", "traces/mtrace.log.zst", "traces/heaptrack-threads.zst" };
	static const struct { const char *info, *heap; } same[] = {
		{ "bytes", "total_bytes" }, { "peak_bytes", "peak_bytes" }, { "peak_live", "peak_blocks" },
		{ "live", "leaked_blocks" }, { "live_bytes", "leaked_bytes" },
	};
	struct result res;
	json_t *info, *report, *run;
	const char *path;
	size_t i, j;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path = test_shared(names[i]);
		if (!path)
			return;
		info = info_of_file(path);
		res = run_cmd(cmd_run, NULL, (const char *const[]){ "--json", "-", path, NULL });
		report = json_loads(res.out, 0, NULL);
		run = json_object_get(report, "heap");
		for (j = 0; j < sizeof(same) / sizeof(same[0]); j++)
			CU_ASSERT_EQUAL(cell(info, "memory", 0, same[j].info),
					(uint64_t)json_integer_value(json_object_get(run, same[j].heap)));
		json_decref(report);
		json_decref(info);
		done(&res);
	}
}

/* Accesses, an empty trace, a cut one, wrong options; text and CSV. */
static void test_command(void)
{
	static const char lackey[] = "==1== x\nI  04000000,3\n L 1ffe0000,8\n S 1ffe0010,4\n M 1ffe0020,2\nI  04000003,5\n";
	char *path = strdup(write_file("lackey.txt", lackey, sizeof(lackey) - 1)), *text;
	json_t *root = info_of_file(path);
	struct result res;

	CU_ASSERT_EQUAL(figure(root, "accesses"), 5);
	CU_ASSERT_EQUAL(figure(root, "events"), 0);
	CU_ASSERT_EQUAL(cell(root, "accesses_by_kind", 0, "accesses"), 2);
	CU_ASSERT_EQUAL(cell(root, "accesses_by_kind", 0, "bytes"), 8);
	CU_ASSERT_EQUAL(cell(root, "accesses_by_kind", 3, "bytes"), 2);
	json_decref(root);
	free(path);
	expect(INFO("/no/such/trace"), 2, "/no/such/trace: No such file or directory");
	expect(INFO("-q"), 2, "no trace given");
	expect(INFO("--top", "x", "-"), 2, "--top");
	path = strdup(write_file("empty.txt", "# nothing\nfree\n", 15));
	expect(INFO("--format", "text", path), 2, "malformed");
	free(path);
	path = strdup(write_file("one.txt", "alloc a 5\n", 10));
	res = INFO(path);
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "What the trace holds"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "blocks of programs"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "page blocks"));
	done(&res);
	res = INFO("--csv", "-", "--top", "0", path);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "info.memory.0.peak_bytes"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "by_task.0"));
	done(&res);
	free(path);
	text = slurp("tests/traces/gcc-hello.perf.txt.zst", NULL);
	if (text) {
		path = strdup(write_file("cut.zst", text, 20000));
		expect(INFO(path), 2, "were looked at");
		free(path);
	}
	free(text);
}

static const struct test_case cases[] = {
	{ "table", test_table },
	{ "front", test_front },
	{ "series", test_series },
	{ "as replayed", test_as_replayed },
	{ "command", test_command },
	{ NULL, NULL }
};

const struct test_suite info_suite = { "info", cases };
