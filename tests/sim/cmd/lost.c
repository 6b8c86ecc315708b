/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: events that the recorder lost are told where a reader of the report looks
 * first, as figures too, and with the same figures whatever format the recording is in.
 */
#include <jansson.h>

#include "sim/cmd/cmd.h"
#include "sim/trace/reader.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/trace/perf_build.h"
#include "tests/tests.h"

#define SMALL "tests/traces/gcc-hello.perf.txt.zst"

#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define CONVERT(...) run_cmd(cmd_convert, NULL, (const char *const[]){ "-q", __VA_ARGS__, NULL })

#define KMALLOC(us, ptr) "a 7 [000] 0." us ": kmem:kmalloc: call_site=a ptr=0xffff888000000" ptr \
	" bytes_req=60 bytes_alloc=64 gfp_flags=GFP_KERNEL\n"
#define LOST(us, nr) "a 7 [000] 0." us ": PERF_RECORD_LOST lost " nr "\n"

/* Before the first event, twice between two, and behind the last one: three places. */
static const char text[] =
	LOST("000050", "1") KMALLOC("000100", "100") LOST("000150", "5") LOST("000160", "7") KMALLOC("000200", "200")
	LOST("000250", "100");

/* The same story, with what perf adds up at the end. */
static void write_perf_data(const char *name)
{
	static const struct shape shape = { 11, S_USUAL, NULL };
	struct parts parts = { 0 };
	struct bytes file, raw;
	uint64_t i;

	add_attr(&parts, 11, 2, 101, shape.sample_type, 0);
	put_lost(&parts.records, 11, 50000, 1);
	for (i = 1; i <= 2; i++) {
		raw = raw_kmalloc(0xffffffff8100001c, 0xffff888000000000 + i * 0x100, 60, 64, 6, -1);
		put_sample(&parts.records, &shape, i * 100000, 7, 0, &raw);
		free(raw.data);
		if (i == 2)
			break;
		put_lost(&parts.records, 11, 150000, 5);
		put_lost(&parts.records, 11, 160000, 7);
	}
	put_lost(&parts.records, 11, 250000, 100);
	put_counted_lost(&parts.records, 11, 113, 0);
	file = build_file(&parts, perf_formats);
	write_file(name, file.data, file.len);
	free(file.data);
	parts_free(&parts);
}

static json_t *report_of(const char *path)
{
	struct result res = RUN("--no-timing", "--json", "-", path);
	json_t *root = json_loads(res.out, JSON_REJECT_DUPLICATES, NULL);

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	done(&res);
	return root;
}

static void expect_lost(const char *path, int events, int places)
{
	json_t *root = report_of(path), *trace = json_object_get(root, "trace");
	char head[64];

	CU_ASSERT_EQUAL(json_integer_value(json_object_get(trace, "lost_events")), events);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(trace, "lost_places")), places);
	CU_ASSERT_PTR_NULL(json_object_get(trace, "lost_chunks"));
	snprintf(head, sizeof(head), "%d events are missing in this trace", events);
	CU_ASSERT_PTR_NOT_NULL(strstr(json_string_value(json_object_get(root, "note_1")), head));
	json_decref(root);
}

/* @path, its copy in .kmt and that one's plain text tell the same. */
static void expect_in_all_formats(const char *path, int events, int places)
{
	char *kmt = strdup(in_folder("lost.kmt")), *plain = strdup(in_folder("plain.txt"));

	expect_lost(path, events, places);
	expect(CONVERT("-o", kmt, path), 0, "");
	expect_lost(kmt, events, places);
	expect(CONVERT("--to", "text", "-o", plain, kmt), 0, "");
	expect_lost(plain, events, places);
	expect(CONVERT("-o", kmt, plain), 0, "");
	expect_lost(kmt, events, places);
	free(kmt);
	free(plain);
}

static void test_formats(void)
{
	char *path = strdup(write_file("lost.txt", text, sizeof(text) - 1)), *data = strdup(in_folder("lost.data"));

	expect_in_all_formats(path, 113, 3);
	if (!perf_data_reader.needs) {
		write_perf_data("lost.data");
		expect_in_all_formats(data, 113, 3);
	}
	free(path);
	free(data);
}

/* The line stands second in the text; in CSV and in a comparison the figures do. */
static void test_first_lines(void)
{
	char *path = strdup(write_file("lost.txt", text, sizeof(text) - 1));
	struct result res = RUN("--no-timing", path);
	const char *line = strchr(res.out, '\n');

	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	CU_ASSERT_EQUAL(strncmp(line, "\n113 events are missing in this trace: all figures are without what they did\n", 77), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "  events lost  "));
	done(&res);
	res = RUN("--no-timing", "--csv", "-", path);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\ntrace.lost_events,events lost,,113\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\ntrace.lost_places,places where events are missing,,3\n"));
	done(&res);
	res = run_cmd(cmd_compare, NULL, (const char *const[]){ "--csv", "-", path, NULL });
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nlost_events,events lost,,113\n"));
	done(&res);
	free(path);
}

/* One event; some, but nobody knows how many; chunks without a place; none. */
static void test_wording(void)
{
	static const struct { const char *text, *head; } table[] = {
		{ LOST("000050", "1") KMALLOC("000100", "100"), "1 event is missing in this trace: all figures are without what it did" },
		{ LOST("000050", "0") KMALLOC("000100", "100"), "events are missing in this trace, nobody knows how many" },
		{ KMALLOC("000100", "100") "Processed 5 events and lost 3 chunks!\n", "events are missing in this trace, nobody knows" },
	};
	json_t *root, *trace;
	const char *head;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		root = report_of(write_file("some.txt", table[i].text, strlen(table[i].text)));
		head = json_string_value(json_object_get(root, "note_1"));
		CU_ASSERT_PTR_NOT_NULL_FATAL(head);
		CU_ASSERT_EQUAL(strncmp(head, table[i].head, strlen(table[i].head)), 0);
		trace = json_object_get(root, "trace");
		CU_ASSERT_EQUAL(json_integer_value(json_object_get(trace, "lost_chunks")), i == 2 ? 3 : 0);
		json_decref(root);
	}
	root = report_of(SMALL);
	CU_ASSERT_PTR_NULL(json_object_get(root, "note_1"));
	CU_ASSERT_PTR_NULL(json_object_get(json_object_get(root, "trace"), "lost_events"));
	json_decref(root);
}

static const struct test_case cases[] = {
	{ "the same in every format", test_formats },
	{ "in the first lines", test_first_lines },
	{ "how many", test_wording },
	{ NULL, NULL }
};

const struct test_suite lost_suite = { "lost", cases };
