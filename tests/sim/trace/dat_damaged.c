/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: trace.dat files that are wrong. Each is refused, or ends early, with
 * words that say where; none of them crashes, hangs or takes memory without a limit.
 */
#include <errno.h>

#include "tests/tests.h"
#include "tests/sim/trace/dat_build.h"
#include "tests/sim/trace/util.h"

#define NR_EVENTS 8u	/* two pages a CPU, two events a page */

static void add_pages(struct dat_parts *parts)
{
	int cpu, nr;

	for (cpu = 0; cpu < 2; cpu++) {
		for (nr = 0; nr < 2; nr++) {
			size_t page = begin_page(&parts->cpu[cpu], 1000 + 100 * (uint64_t)nr);

			put_ring_event(&parts->cpu[cpu], 1, 0, 0, 7, raw_kmalloc(DAT_KERNEL + 0x12, 0x100, 60, 64, 6, -1), false);
			put_ring_event(&parts->cpu[cpu], 1, 0, 0, 7, raw_kfree(DAT_KERNEL + 0x44, 0x100), true);
			end_page(&parts->cpu[cpu], page, 0, 0);
		}
	}
}

static struct bytes build(int version, bool packed)
{
	struct dat_parts parts = { .clock = "counter", .uname = "Linux x 6.1.0 y", .packed = packed };
	struct bytes b;

	add_pages(&parts);
	b = version == 6 ? build_dat6(&parts) : build_dat7(&parts);
	free(parts.cpu[0].data);
	free(parts.cpu[1].data);
	return b;
}

/* What becomes of it: events, and the error at open, at the end or of the last malformed event, "" for none. */
static uint64_t read_all_in(const unsigned char *data, size_t len, uint64_t memory_bytes, char error[256])
{
	struct names *names = names_create();
	const struct reader_config cfg = { .format = "trace-dat", .names = names, .memory_bytes = memory_bytes };
	struct kerror err = { 0 };
	struct event events[16];
	struct heard heard = { 0 };
	struct source *src;
	struct reader *rd;
	uint64_t nr = 0;
	int got = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, data, len, &err), 0);
	error[0] = '\0';
	if (reader_open_config(&rd, src, &cfg, &err)) {
		strcpy(error, err.text);
	} else {
		reader_set_message(rd, hear, &heard, 100);
		while ((got = reader_read(rd, events, 16, &err)) > 0)
			nr += (uint64_t)got;
		CU_ASSERT_EQUAL(got, 0);
		if (heard.count)
			strcpy(error, heard.text);
		if (rd->stats.truncated)
			strcpy(error, rd->stats.error.text);
		reader_close(rd);
	}
	names_destroy(names);
	return nr;
}

/* With memory for no page, so that each is read on its own, the same becomes of it. */
static uint64_t read_all(const unsigned char *data, size_t len, char error[256])
{
	uint64_t nr = read_all_in(data, len, 0, error);
	char one[256];

	CU_ASSERT_EQUAL(read_all_in(data, len, 1, one), nr);
	CU_ASSERT_STRING_EQUAL(one, error);
	return nr;
}

static bool no_reader(void)
{
	if (trace_dat_reader.needs)
		test_skip("this build has no libtraceevent");
	return trace_dat_reader.needs;
}

/* In a piece of memory that ends where it was cut. */
static uint64_t read_cut(const struct bytes *b, size_t len, char error[256])
{
	unsigned char *cut = malloc(len);
	uint64_t nr;

	CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
	memcpy(cut, b->data, len);
	nr = read_all(cut, len, error);
	free(cut);
	return nr;
}

/* Version 6 has its pages at the end: those before the cut are read. */
static void test_cut_6(void)
{
	struct bytes b = build(6, false);
	size_t pages = b.len - 4 * DAT_PAGE, len;
	char error[256];

	if (!no_reader()) {
		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), NR_EVENTS);
		CU_ASSERT_STRING_EQUAL(error, "");
		for (len = 1; len < b.len; len += len < 200 ? 1 : 31) {
			uint64_t nr = read_cut(&b, len, error);

			expect_value("version 6, cut", "events", nr, len < pages ? 0 : (len - pages) / DAT_PAGE * 2);
			CU_ASSERT_STRING_NOT_EQUAL(error, "");
		}
	}
	free(b.data);
}

/* Version 7 has at its end what says where all else is. */
static void test_cut_7(void)
{
	int packed;

	for (packed = 0; packed < 2 && !no_reader(); packed++) {
		struct bytes b = build(7, packed);
		char error[256];
		size_t len;

		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), NR_EVENTS);
		CU_ASSERT_STRING_EQUAL(error, "");
		for (len = 1; len < b.len; len += 7) {
			CU_ASSERT_EQUAL(read_cut(&b, len, error), 0);
			CU_ASSERT_STRING_NOT_EQUAL(error, "");
		}
		free(b.data);
	}
}

/* Where @what stands in @b, or behind it. */
static unsigned char *find(const struct bytes *b, const char *what, size_t len, size_t behind)
{
	unsigned char *at = memmem(b->data, b->len, what, len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	return at + behind;
}

/*
 * Any one byte that is another: nothing bad, whatever becomes of the events. Descriptions are left to the
 * fuzz target: libtraceevent loses memory where one is damaged, which would be told as a leak here.
 */
static void test_flipped(void)
{
	static const uint8_t masks[] = { 0xff, 0x80, 0x01 };
	int kind;

	for (kind = 0; kind < 3 && !no_reader(); kind++) {
		struct bytes b = build(kind ? 7 : 6, kind == 2), rest = b;
		size_t from = b.len, to = b.len, at;
		char error[256];

		if (kind < 2) {
			from = (size_t)(find(&b, "kmem", 5, 0) - b.data);
			rest.data += from;
			rest.len -= from;
			to = (size_t)(find(&rest, "ffffffff81000000 T", 18, 0) - b.data);
		} else {
			from = (size_t)(find(&b, "\x12\0\x01\0\0\0\0", 7, 0) - b.data);
			to = (size_t)(find(&b, "\x13\0\x01\0\0\0\0", 7, 0) - b.data);
		}
		for (at = 0; at < b.len; at += at < 100 ? 1 : 11) {
			uint8_t mask = masks[at % 3];

			if (at > from && at < to)
				continue;
			b.data[at] ^= mask;
			CU_ASSERT(read_all(b.data, b.len, error) <= 4 * DAT_PAGE / 12);
			b.data[at] ^= mask;
		}
		free(b.data);
	}
}

/* One number that lies. */
static void test_lies(void)
{
	static const struct {
		int version;
		const char *near;	/* what stands before it */
		size_t skip, width;
		uint64_t value;
		uint64_t events;
		const char *error;
	} table[] = {
		{ 6, "\x17\x08\x44tracing", 10, 1, '9', 0, "version 9 of the format" },
		{ 6, "tracing6", 9, 1, 1, 0, "another byte order" },
		{ 6, "tracing6", 10, 1, 4, 0, "long has 4 bytes" },
		{ 6, "tracing6", 11, 4, 0, 0, "a buffer has pages of 0 bytes" },
		{ 6, "tracing6", 11, 4, 1u << 30, 0, "a buffer has pages of 1073741824 bytes" },
		{ 6, "header_page", 12, 8, UINT64_MAX, 0, "it ends inside a header" },
		{ 6, "offset:8;\tsize:8;", 15, 1, '4', 0, "a kernel of 32 bits" },
		{ 6, "kmem", 5, 4, UINT32_MAX, 0, "ends inside" },
		{ 6, "name: kfree", 6, 1, 'x', NR_EVENTS, "" },
		{ 6, "ID: 102", 4, 1, 'x', 0, "the format of kmem:kfree at byte" },
		{ 6, "flyrecord", 10, 8, UINT64_MAX, 4, "the pages of CPU 0 should lie at byte" },
		{ 6, "flyrecord", 18, 8, UINT64_MAX, 4, "the pages of CPU 0 should end at byte" },
		{ 6, "flyrecord", 0, 1, 'x', 0, "there are no pages of events" },
		{ 7, "none", 0, 1, 'l', 0, "it is packed with 'lone'" },
		{ 7, "1.5.4", 6, 8, UINT64_MAX, 0, "a section should lie at byte" },
		{ 7, "1.5.4", 6, 8, 30, 0, "it ends inside a section" },
		{ 7, "1.5.4", 6, 8, 37, 0, "section 0 should be, and there is 16" },
		{ 7, "counter\0\0\x02", 8, 4, 3, 0, "a buffer has pages of 3 bytes" },
		{ 7, "counter\0\0\x02", 12, 4, UINT32_MAX, 0, "inside a buffer's CPU" },
		{ 7, "counter\0\0\x02", 16, 4, 99999, 0, "a CPU 99999" },
		{ 7, "counter\0\0\x02", 20, 8, UINT64_MAX, 4, "the pages of CPU 0 should lie at byte" },
		{ 7, "counter\0\0\x02", 28, 8, UINT64_MAX, 4, "CPU 0" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]) && !no_reader(); i++) {
		struct bytes b = build(table[i].version, false);
		size_t near = table[i].near[0] == 'c' ? 11 : strlen(table[i].near);
		char error[256];
		uint64_t nr;

		memcpy(find(&b, table[i].near, near, table[i].skip), &table[i].value, table[i].width);
		nr = read_all(b.data, b.len, error);
		if (table[i].width == 8 && table[i].skip >= 18 && table[i].events)
			CU_ASSERT(nr >= table[i].events)
		else
			expect_value(table[i].error, "events", nr, table[i].events);
		if (!strstr(error, table[i].error)) {
			fprintf(stderr, "row %zu: '%s', not '%s'\n", i, error, table[i].error);
			CU_FAIL("other words");
		}
		free(b.data);
	}
}

/* A page or an event that lies costs its page, and is said. */
static void test_pages(void)
{
	static const struct { size_t at; uint64_t value; size_t width; uint64_t events; const char *error; } table[] = {
		{ 8, DAT_PAGE, 8, NR_EVENTS - 2, "a page of 512 bytes with 512 bytes of events" },
		{ 16, 28, 4, NR_EVENTS - 1, "" },		/* longer than it is, beyond the page's events */
		{ 16, 1 << 5 | 1, 4, 0, "" },
		{ 72, 1 << 5 | 29, 4, NR_EVENTS - 1, "" },
		{ 76, 3, 4, NR_EVENTS - 1, "goes beyond its end" },
		{ 76, 4096, 4, NR_EVENTS - 1, "goes beyond its end" },
		{ 16, 1 << 5 | 30, 4, 0, "" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]) && !no_reader(); i++) {
		struct bytes b = build(6, false);
		char error[256];
		uint64_t nr;

		memcpy(b.data + b.len - 4 * DAT_PAGE + table[i].at, &table[i].value, table[i].width);
		nr = read_all(b.data, b.len, error);
		if (table[i].error[0])
			expect_value(table[i].error, "events", nr, table[i].events);
		CU_ASSERT(nr <= NR_EVENTS + 8);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, table[i].error));
		free(b.data);
	}
}

/* Options that name each other, and sections that become far larger than they are. */
static void test_circles_and_bombs(void)
{
	struct bytes b = build(7, false);
	uint64_t first;
	char error[256];

	if (!no_reader()) {
		unsigned char *at = find(&b, "1.5.4", 5, 6);

		memcpy(&first, at, 8);
		/* The first section ends the file, and its last option says where the next one is. */
		memcpy(b.data + b.len - 8, &first, 8);
		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "more than 1000 sections of options"));
		free(b.data);
		b = build(7, true);
		/* The first section's size, unpacked. */
		at = find(&b, "1.5.4", 5, 6 + 8 + 16 + 4);
		memset(at, 0xff, 4);
		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "unpacks to 4294967295 bytes, those before it to 0: no recording"));
	}
	free(b.data);
}

/* A small section of options that is large when unpacked and names itself: each time it would take its size again. */
static void test_packed_circle(void)
{
	enum { BYTES = 1 << 20 };
	struct bytes b = { 0 }, options = { 0 };
	unsigned char *zeros = calloc(1, BYTES);
	char error[256];
	uint64_t at;

	CU_ASSERT_PTR_NOT_NULL_FATAL(zeros);
	put_dat_head(&b, "7");
	put_name(&b, "zstd");
	put_name(&b, "1.5.4");
	at = b.len + 8;
	put_u64(&b, at);
	put_option(&options, 99, zeros, BYTES);
	put_option(&options, 0, &at, sizeof(at));
	put_section(&b, 0, true, options);
	if (!no_reader()) {
		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "no recording has so much"));
	}
	free(zeros);
	free(b.data);
}

/* The kernel's release is the last word of a section, and no zero byte follows. */
static void test_uname_at_end(void)
{
	struct bytes b = { 0 }, options = { 0 };
	char error[256];

	put_dat_head(&b, "7");
	put_name(&b, "zstd");
	put_name(&b, "1.5.4");
	put_u64(&b, b.len + 8);
	put_option(&options, 5, "Linux x 6.1.0", 13);
	put_section(&b, 0, true, options);
	if (!no_reader()) {
		CU_ASSERT_EQUAL(read_all(b.data, b.len, error), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "ends inside the options"));
	}
	free(b.data);
}

static const struct test_case cases[] = {
	{ "version 6, cut", test_cut_6 },
	{ "version 7, cut", test_cut_7 },
	{ "flipped bytes", test_flipped },
	{ "numbers that lie", test_lies },
	{ "pages that lie", test_pages },
	{ "circles and bombs", test_circles_and_bombs },
	{ "packed circle", test_packed_circle },
	{ "uname at the end", test_uname_at_end },
	{ NULL, NULL }
};

const struct test_suite dat_damaged_suite = { "dat_damaged", cases };
