/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: streams of page numbers, kept and read from text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/replace/replace.h"
#include "sim/vm/policy/policy.h"
#include "sim/vm/policy/stream.h"
#include "tests/tests.h"

/* Fed in pieces of @step bytes. */
static int read_text(struct stream *s, const char *bytes, size_t len, size_t step, struct kerror *err)
{
	struct stream_text text;
	size_t at, piece;
	int ret = 0;

	*s = (struct stream){ 0 };
	stream_text_begin(&text, s, "t");
	for (at = 0; at < len && !ret; at += piece) {
		piece = len - at < step ? len - at : step;
		ret = stream_text_feed(&text, bytes + at, piece, err);
	}
	return ret ? ret : stream_text_end(&text, err);
}

/* Blanks, commas, lines, comments, both bases; whatever the pieces are. */
static void test_text(void)
{
	static const char bytes[] = "# pages\n7 0,1\t2\r\n0x3, 0XfF#eleven 11\n,,18446744073709551615 000000000000000000004";
	static const uint64_t want[] = { 7, 0, 1, 2, 3, 255, UINT64_MAX, 4 };
	struct kerror err = { .text = "" };
	struct stream s;
	size_t step, i;

	for (step = 1; step < sizeof(bytes); step++) {
		CU_ASSERT_EQUAL_FATAL(read_text(&s, bytes, sizeof(bytes) - 1, step, &err), 0);
		CU_ASSERT_EQUAL_FATAL(s.nr, 8);
		for (i = 0; i < 8; i++)
			CU_ASSERT_EQUAL(stream_page(&s, i), want[i]);
		stream_free(&s);
	}
}

/* What is no page number is told with its place; what came before stays. */
static void test_wrong(void)
{
#define IS "' is no page number: expected digits, or 0x and hexadecimal digits, up to 64 bits"
	static const struct { const char *bytes; int ret; const char *text; uint64_t nr; } rows[] = {
		{ "", -ENODATA, "t: no page numbers", 0 },
		{ " \n# 7\n,", -ENODATA, "t: no page numbers", 0 },
		{ "1,2\n 3 x 4", -EINVAL, "t:2:4: 'x" IS, 3 },
		{ "-1", -EINVAL, "t:1:1: '-1" IS, 0 },
		{ "+1", -EINVAL, "t:1:1: '+1" IS, 0 },
		{ "0x", -EINVAL, "t:1:1: '0x" IS, 0 },
		{ "0x0x1", -EINVAL, "t:1:1: '0x0x1" IS, 0 },
		{ "1f", -EINVAL, "t:1:1: '1f" IS, 0 },
		{ "1;2", -EINVAL, "t:1:1: '1;2" IS, 0 },
		{ "1 18446744073709551616", -EINVAL, "t:1:3: '18446744073709551616" IS, 1 },
		{ "0x10000000000000000", -EINVAL, "t:1:1: '0x10000000000000000" IS, 0 },
		{ "0000000000000000000000000001", -EINVAL, "t:1:1: '00000000000000000000000..." IS, 0 },
		{ "1\n\x1b[2J", -EINVAL, "t:2:1: '?[2J" IS, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kerror err = { .text = "" };
		struct stream s;

		CU_ASSERT_EQUAL(read_text(&s, rows[i].bytes, strlen(rows[i].bytes), 3, &err), rows[i].ret);
		CU_ASSERT_STRING_EQUAL(err.text, rows[i].text);
		CU_ASSERT_EQUAL(s.nr, rows[i].nr);
		stream_free(&s);
	}
}

/* A stream that grows several times keeps all, and a page has one number. */
static void test_growth(void)
{
	struct stream s = { 0 };
	uint64_t i;
	unsigned int wrong = 0;

	for (i = 0; i < 100000; i++)
		wrong += stream_add(&s, i % 7000 << 40, NULL) != 0;
	CU_ASSERT_EQUAL(s.nr, 100000);
	CU_ASSERT_EQUAL(s.nr_pages, 7000);
	for (i = 0; i < 100000; i++)
		wrong += stream_page(&s, i) != i % 7000 << 40;
	CU_ASSERT_EQUAL(wrong, 0);
	stream_free(&s);
}

/* Next uses, counted by hand. */
static void test_next_uses(void)
{
	static const uint64_t page[] = { 5, 6, 5, 5, 7, 6 };
	static const uint32_t want[] = { 2, 5, 3, POLICY_NEVER, POLICY_NEVER, POLICY_NEVER };
	struct stream s = { 0 };
	uint32_t *next;
	size_t i;

	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL_FATAL(stream_add(&s, page[i], NULL), 0);
	CU_ASSERT_EQUAL_FATAL(stream_next_uses(&s, &next, NULL), 0);
	CU_ASSERT_EQUAL(memcmp(next, want, sizeof(want)), 0);
	stream_free_next_uses(&s, next);
	stream_free(&s);
}

/* An access that crosses a border is one to each page, up to the end of all addresses. */
static void test_accesses(void)
{
	static const struct access at[] = {
		{ .addr = 0x1ffc, .size = 4 }, { .addr = 0x1ffd, .size = 4 }, { .addr = 0x3000, .size = 8193 },
		{ .addr = UINT64_MAX - 7, .size = 8 },
	};
	static const uint64_t want[] = { 1, 1, 2, 3, 4, 5, UINT64_MAX >> 12 };
	const struct access_block block = { .at = at, .nr = 4 };
	struct stream s = { 0 };
	size_t i;

	CU_ASSERT_EQUAL(replace_add_accesses(&s, &block, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(s.nr, 7);
	for (i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(stream_page(&s, i), want[i]);
	stream_free(&s);
}

static const struct test_case cases[] = {
	{ "text", test_text },
	{ "wrong text", test_wrong },
	{ "growth", test_growth },
	{ "next uses", test_next_uses },
	{ "accesses", test_accesses },
	{ NULL, NULL }
};

const struct test_suite stream_suite = { "stream", cases };
