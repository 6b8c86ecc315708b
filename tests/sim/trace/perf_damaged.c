/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: perf.data files that are wrong. Each is refused, or ends early,
 * with words that say where; none of them crashes, hangs or takes memory without a
 * limit.
 */
#include <errno.h>
#include <zstd.h>

#include "tests/tests.h"
#include "tests/sim/trace/perf_build.h"
#include "tests/sim/trace/util.h"

#define NR_SAMPLES 20u

static const struct shape usual = { 11, S_USUAL, NULL };

static void add_records(struct bytes *b)
{
	struct bytes raw = raw_kmalloc(UINT64_C(0xffffffff81000010), UINT64_C(0xffff888000000100), 60, 64, 6, -1);
	uint64_t i;

	put_comm(b, 11, 500, 7, "task");
	for (i = 0; i < NR_SAMPLES; i++) {
		put_sample(b, &usual, 1000 + i * 1000, 7, 0, &raw);
		if (i % 8 == 7)
			put_round(b);
	}
	free(raw.data);
}

static struct bytes build(bool pipe)
{
	struct parts parts = { 0 };
	struct bytes b;

	add_attr(&parts, 11, 2, 101, S_USUAL, 0);
	add_attr(&parts, 12, 2, 102, S_USUAL, 0);
	add_records(&parts.records);
	b = pipe ? build_pipe(&parts, perf_formats) : build_file(&parts, perf_formats);
	parts_free(&parts);
	return b;
}

/* What becomes of it: events, and the error at open or at the end, "" for none. @src is taken over. */
static uint64_t read_source(struct source *src, uint64_t memory_bytes, char error[256])
{
	struct names *names = names_create();
	struct stacks *stacks = stacks_create();
	const struct reader_config cfg = {
		.format = "perf-data", .names = names, .stacks = stacks, .memory_bytes = memory_bytes
	};
	struct kerror err = { 0 };
	struct event events[16];
	struct reader *rd;
	uint64_t nr = 0;
	int got = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stacks);
	error[0] = '\0';
	if (reader_open_config(&rd, src, &cfg, &err)) {
		strcpy(error, err.text);
	} else {
		while ((got = reader_read(rd, events, 16, &err)) > 0)
			nr += (uint64_t)got;
		CU_ASSERT_EQUAL(got, 0);
		if (rd->stats.truncated)
			strcpy(error, rd->stats.error.text);
		reader_close(rd);
	}
	names_destroy(names);
	stacks_destroy(stacks);
	return nr;
}

/* The same whether all of it is in memory, it is read twice, or it is kept because it comes once. */
static void expect_other_ways(const unsigned char *data, size_t len, uint64_t nr, const char *error)
{
	struct drip drip = { (const char *)data, len, 1 << 20, 0 };
	struct kerror err = { 0 };
	char other[256], pipe[256];
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, data, len, &err), 0);
	CU_ASSERT_EQUAL(read_source(src, 1, other), nr);
	expect_text("read twice", "the error", other, error);
	CU_ASSERT_EQUAL_FATAL(source_open_callback(&src, "memory", drip_read, &drip, &err), 0);
	CU_ASSERT_EQUAL(read_source(src, 1, pipe), nr);
	expect_text("kept", "the error", pipe, error);
}

static uint64_t read_all(const unsigned char *data, size_t len, char error[256])
{
	static unsigned int calls;
	struct kerror err = { 0 };
	struct source *src;
	uint64_t nr;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, data, len, &err), 0);
	nr = read_source(src, 0, error);
	if (calls++ % 16 == 0)
		expect_other_ways(data, len, nr, error);
	return nr;
}

static bool no_reader(void)
{
	if (perf_data_reader.needs)
		test_skip("this build has no libtraceevent");
	return perf_data_reader.needs;
}

/* File layout keeps what events mean at its end: cut anywhere, it says so. */
static void test_cut_file(void)
{
	struct bytes b = build(false);
	char error[256];
	size_t len;

	if (!no_reader()) {
		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), NR_SAMPLES);
		CU_ASSERT_STRING_EQUAL(error, "");
		for (len = 1; len < b.len; len += len < 600 ? 1 : 13) {
			unsigned char *cut = malloc(len);

			CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
			memcpy(cut, b.data, len);
			CU_ASSERT_EQUAL(read_all(cut, len, error), 0);
			CU_ASSERT_STRING_NOT_EQUAL(error, "");
			free(cut);
		}
	}
	free(b.data);
}

/* Pipe layout is good up to the cut. */
static void test_cut_pipe(void)
{
	struct bytes b = build(true);
	uint64_t nr, before = 0;
	char error[256];
	size_t len;

	if (!no_reader()) {
		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), NR_SAMPLES);
		CU_ASSERT_STRING_EQUAL(error, "");
		for (len = 1; len < b.len; len += 11) {
			unsigned char *cut = malloc(len);

			CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
			memcpy(cut, b.data, len);
			nr = read_all(cut, len, error);
			CU_ASSERT_FATAL(nr >= before);
			before = nr;
			free(cut);
		}
		CU_ASSERT(before >= NR_SAMPLES - 1);
	}
	free(b.data);
}

/*
 * A few bytes put over a good file, and the words that follow. What counts from the
 * records' beginning is at RECORDS + n.
 */
#define RECORDS (FILE_HEAD_BYTES + 16 + 2 * (ATTR_BYTES + 16))
#define COMM_BYTES (16 + 8 + 40)

static void test_patched(void)
{
	static const struct { size_t at; unsigned int len; uint64_t value; const char *words; } table[] = {
		{ 0, 8, UINT64_C(0x50455246494c4532), "other byte order" },
		{ 0, 1, 'X', "no head of a perf.data file" },
		{ 8, 8, 17, "its head says that it has 17 bytes" },
		{ 16, 8, 0, "an entry 0" },
		{ 16, 8, 16, "an entry 16" },
		{ 16, 8, 17, "bytes, an entry 17" },
		{ 16, 8, 64, "has 48 bytes, of 64 at least" },
		{ 24, 8, UINT64_MAX, "the list of events should lie at byte 18446744073709551615" },
		{ 24, 8, UINT64_C(1) << 63, "the list of events should lie at byte 9223372036854775808" },
		{ 32, 8, UINT64_MAX - 100, "the list of events should lie" },
		{ 32, 8, 0, "has 0 bytes, an entry 128" },
		{ 40, 8, UINT64_MAX - 8, "the records should lie at byte 18446744073709551607" },
		{ 48, 8, UINT64_MAX - 8, "the records should lie at byte 376, 18446744073709551607 bytes long" },
		{ 48, 8, 0, "perf was stopped before it had closed the file" },
		{ 48, 8, 8, "section" },
		{ 72, 8, 0, "no tracepoint was recorded" },
		{ 96, 8, UINT64_MAX, "section" },
		{ FILE_HEAD_BYTES + 16 + 24, 8, 0, "its events have no time" },
		{ FILE_HEAD_BYTES + 16 + ATTR_BYTES + 16 + 24, 8, S_USUAL & ~S_IDENTIFIER, "cannot be told apart" },
		{ FILE_HEAD_BYTES + 16 + ATTR_BYTES, 8, UINT64_MAX, "the ids of an event should lie" },
		{ FILE_HEAD_BYTES + 16 + ATTR_BYTES + 8, 8, UINT64_MAX, "the ids of an event should lie" },
		{ RECORDS + 6, 2, 0, "the record at byte 376 has 0 bytes" },
		{ RECORDS + 6, 2, 7, "the record at byte 376 has 7 bytes" },
		{ RECORDS + 6, 2, 65535, "the record at byte 376 has 65535 bytes" },
		{ RECORDS, 4, 71, "should have" },
		{ RECORDS, 4, 81, "the packed record at byte 376 is damaged" },
		{ RECORDS, 4, 83, "the packed record at byte 376 is shorter than it says" },
		{ RECORDS, 4, 66, "at byte 432 there are no formats of events" },
	};
	struct bytes b = build(false);
	char error[256];
	size_t i;

	for (i = 0; !no_reader() && i < sizeof(table) / sizeof(table[0]); i++) {
		unsigned char *bad = malloc(b.len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
		memcpy(bad, b.data, b.len);
		memcpy(bad + table[i].at, &table[i].value, table[i].len);
		read_all(bad, b.len, error);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, table[i].words));
		if (!strstr(error, table[i].words))
			fprintf(stderr, "byte %zu: '%s' has no '%s'\n", table[i].at, error, table[i].words);
		free(bad);
	}
	free(b.data);
}

/* Any byte may be anything. */
static void test_flipped(void)
{
	struct bytes layouts[2] = { build(false), build(true) };
	char error[256];
	size_t at;
	int i;

	for (i = 0; !no_reader() && i < 2; i++) {
		for (at = 0; at < layouts[i].len; at += at < 1200 ? 1 : 29) {
			unsigned char *bad = malloc(layouts[i].len);

			CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
			memcpy(bad, layouts[i].data, layouts[i].len);
			bad[at] ^= at % 3 ? 0xff : 0x80;
			CU_ASSERT(read_all(bad, layouts[i].len, error) <= NR_SAMPLES);
			free(bad);
		}
	}
	free(layouts[0].data);
	free(layouts[1].data);
}

/* A packed file that was cut is good up to there, and the packed bytes are what is wrong. */
static void test_cut_zstd(void)
{
	struct bytes b = build(true);
	size_t size = ZSTD_compressBound(b.len), len;
	char *packed = malloc(size), error[256];

	CU_ASSERT_PTR_NOT_NULL_FATAL(packed);
	len = ZSTD_compress(packed, size, b.data, b.len, 1);
	if (!no_reader()) {
		CU_ASSERT_EQUAL(read_all((unsigned char *)packed, len, error), NR_SAMPLES);
		CU_ASSERT_STRING_EQUAL(error, "");
		read_all((unsigned char *)packed, len - 8, error);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "the zstd stream is truncated at byte"));
	}
	free(packed);
	free(b.data);
}

/* @size bytes of @what over and over, packed into one record after the other. */
static struct bytes build_packed(const struct bytes *what, size_t size)
{
	ZSTD_CStream *zstd = ZSTD_createCStream();
	struct parts parts = { 0 };
	size_t done = 0, record;
	struct bytes b;

	CU_ASSERT_PTR_NOT_NULL_FATAL(zstd);
	ZSTD_initCStream(zstd, 3);
	add_attr(&parts, 11, 2, 101, S_USUAL, 0);
	while (done < size) {
		static char packed[60000];
		ZSTD_outBuffer out = { packed, sizeof(packed), 0 };

		while (done < size && out.pos < 30000) {
			ZSTD_inBuffer in = { what->data, what->len, 0 };

			CU_ASSERT_FATAL(!ZSTD_isError(ZSTD_compressStream(zstd, &out, &in)));
			CU_ASSERT_EQUAL_FATAL(in.pos, in.size);
			done += in.size;
		}
		CU_ASSERT_EQUAL_FATAL(ZSTD_flushStream(zstd, &out), 0);
		record = begin_record(&parts.records, 81, 0);
		put(&parts.records, packed, out.pos);
		end_record(&parts.records, record);
	}
	ZSTD_freeCStream(zstd);
	b = build_file(&parts, perf_formats);
	parts_free(&parts);
	return b;
}

/* A small file that becomes a large one: nothing but zeros, and good records without an end. */
static void test_bomb(void)
{
	struct bytes zeros = { 0 }, samples = { 0 }, b;
	struct bytes raw = raw_kmalloc(1, 2, 3, 4, 6, 0);
	char error[256];
	int i;

	for (i = 0; i < 64 << 10; i++)
		put_u64(&zeros, 0);
	for (i = 0; i < 4096; i++)
		put_sample(&samples, &usual, 1000, 7, 0, &raw);
	if (!no_reader()) {
		b = build_packed(&zeros, 100u << 20);
		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "has one of 0 bytes inside"));
		free(b.data);
		b = build_packed(&samples, 100u << 20);
		read_all(b.data, b.len, error);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "becomes more than 1000 times as large"));
		free(b.data);
	}
	free(raw.data);
	free(zeros.data);
	free(samples.data);
}

static const struct test_case cases[] = {
	{ "cut file", test_cut_file },
	{ "cut pipe", test_cut_pipe },
	{ "cut zstd", test_cut_zstd },
	{ "patched", test_patched },
	{ "flipped bytes", test_flipped },
	{ "bombs", test_bomb },
	{ NULL, NULL }
};

const struct test_suite perf_damaged_suite = { "perf_damaged", cases };
