/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what of a report's layout else only the golden reports would
 * show: the last width that fits and the first that does not, and what a CSV
 * line or a JSON number looks like at its limits.
 */
#include <inttypes.h>

#include "tests/sim/report/emitter_util.h"
#include "tests/tests.h"

/* @nr times @letter; several at once. */
static const char *run_of(char letter, int nr)
{
	static char text[8][128];
	static int next;

	next = (next + 1) % 8;
	memset(text[next], letter, (size_t)nr);
	text[next][nr] = '\0';
	return text[next];
}

static const char *print(const char *format, const char *a, const char *b)
{
	static char text[4][512];
	static int next;

	next = (next + 1) % 4;
	snprintf(text[next], sizeof(text[next]), format, a, b);
	return text[next];
}

/* A line of 100 columns stays one; with 101 the last word goes below. */
static void test_fold(void)
{
	struct emitter *em = start();

	emit_note(em, print("%s %s", run_of('a', 50), run_of('b', 49)));
	assert_written(em, &emit_text, print("%s %s\n", run_of('a', 50), run_of('b', 49)));
	emitter_destroy(em);
	em = start();
	emit_note(em, print("%s %s", run_of('a', 50), run_of('b', 50)));
	assert_written(em, &emit_text, print("%s\n%s\n", run_of('a', 50), run_of('b', 50)));
	emitter_destroy(em);
}

/* A label of 70 columns makes room for all; a longer one pushes its own value only. */
static void test_long_label(void)
{
	struct emitter *em = start();

	emit_u64(em, "a", "a", "", 1);
	emit_u64(em, "b", run_of('l', 70), "", 2);
	assert_written(em, &emit_text, print("a%s1\n%s  2\n", run_of(' ', 71), run_of('l', 70)));
	emitter_destroy(em);
	em = start();
	emit_u64(em, "a", "a", "", 1);
	emit_u64(em, "b", run_of('l', 71), "", 2);
	assert_written(em, &emit_text, print("a  1\n%s%s2\n", run_of('l', 71), "  "));
	emitter_destroy(em);
}

/* Cells line up by letters, not by bytes; a short heading stands at the bottom. */
static void test_letters(void)
{
	static const struct emitter_column columns[] = {
		{ "left", "name", "", true }, { "right", "text", "", false }, { "last", "z", "", false },
	};
	struct emitter *em = start();

	emit_table(em, "t", "T", columns, 3);
	emit_cell_str(em, "gr\xc3\xbc\xc3\x9f" "e");
	emit_cell_str(em, "\xe2\x82\xac");
	emit_cell_u64(em, 1);
	emit_row_end(em);
	emit_cell_str(em, "plain");
	emit_cell_str(em, "four");
	emit_cell_u64(em, 2);
	emit_row_end(em);
	emit_table_end(em);
	assert_written(em, &emit_text,
		       "T\n=\n"
		       "  name   text  z\n"
		       "  -----  ----  -\n"
		       "  gr\xc3\xbc\xc3\x9f" "e     \xe2\x82\xac  1\n"
		       "  plain  four  2\n");
	emitter_destroy(em);
}

/* Sections and tables keep a line's distance from what follows, too. */
static void test_distance(void)
{
	static const struct emitter_column column = { "c", "c", "", false };
	struct emitter *em = start();

	emit_section(em, "s", "S");
	emit_table(em, "t", "T", &column, 1);
	emit_table_end(em);
	emit_u64(em, "a", "a", "", 1);
	emit_section(em, "inner", "Inner");
	emit_section_end(em);
	emit_u64(em, "b", "b", "", 2);
	emit_note(em, "Note.");
	emit_section_end(em);
	assert_written(em, &emit_text,
		       "S\n=\n  T\n    c\n    -\n    (none)\n\n  a  1\n\n  Inner\n\n  b  2\n  Note.\n");
	emitter_destroy(em);
}

/* Headings of 98 columns and an indent of 2 fit; one more, and they fold, short ones at the bottom. */
static void test_headings(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		const char *label = print("%s %s", run_of('a', 48), run_of('b', 46 + i));
		struct emitter_column columns[] = { { "c", label, "", true }, { "d", "d", "", false } };
		struct emitter *em = start();
		char *text;

		emit_table(em, "t", "T", columns, 2);
		emit_cell_str(em, "x");
		emit_cell_u64(em, 1);
		emit_row_end(em);
		emit_table_end(em);
		text = written(em, &emit_text);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, i ? print("  %s\n  %s   d\n", run_of('a', 48), run_of('b', 47)) :
					      print("  %s %s  d\n", run_of('a', 48), run_of('b', 46))));
		free(text);
		emitter_destroy(em);
	}
}

/* What is one column too wide costs the first of two widest names; numbers stay. */
static void test_cut(void)
{
	static const struct emitter_column columns[] = {
		{ "a", "a", "", true }, { "b", "b", "", true }, { "c", "c", "", false },
	};
	struct emitter *em = start();
	char *text;

	emit_table(em, "t", "T", columns, 3);
	emit_cell_str(em, run_of('a', 47));
	emit_cell_str(em, run_of('b', 47));
	emit_cell_u64(em, 7);
	emit_row_end(em);
	emit_table_end(em);
	text = written(em, &emit_text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, print("\n  %s...  %s  7\n", run_of('a', 43), run_of('b', 47))));
	free(text);
	emitter_destroy(em);
}

/* A name is cut down to 12 columns, and no further, however wide the numbers are. */
static void test_cut_to_the_least(void)
{
	static const struct emitter_column columns[] = {
		{ "a", "a", "", true }, { "b", "b", "", false }, { "c", "c", "", false }, { "d", "d", "", false },
		{ "e", "e", "", false }, { "f", "f", "", false },
	};
	struct emitter *em = start();
	char *text;
	int i;

	emit_table(em, "t", "T", columns, 6);
	emit_cell_str(em, run_of('a', 40));
	for (i = 0; i < 5; i++)
		emit_cell_u64(em, UINT64_MAX);
	emit_row_end(em);
	emit_table_end(em);
	text = written(em, &emit_text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  aaaaaaaaa...  18446744073709551615  "));
	free(text);
	emitter_destroy(em);
}

/* One counter that is left out "is", several "are". */
static void test_hidden(void)
{
	struct emitter *em = start();

	emit_counter(em, "a", "a", 1);
	emit_counter(em, "bb", "bb", 0);
	assert_written(em, &emit_text, "a  1\n(1 more is 0)\n");
	emit_counter(em, "cc", "cc", 0);
	assert_written(em, &emit_text, "a  1\n(2 more are 0)\n");
	emitter_destroy(em);
}

/* Quotes where a reader needs them, six decimals of a ratio, no unit for it, no indent of a name. */
static void test_csv(void)
{
	static const struct emitter_column columns[] = {
		{ "name", "name", "", true }, { "share", "share", "%", false }, { "size", "size", "bytes", false },
	};
	struct emitter *em = start();

	emit_str(em, "plain", "label; with a semicolon", "it's");
	emit_str(em, "comma", "a, b", "x");
	emit_str(em, "quote", "q", "\"");
	emit_share(em, "third", "third", "frames", 1, 3);
	emit_share(em, "nothing", "nothing", "frames", 1, 0);
	emit_missing(em, "gone", "gone", "why, then");
	emit_table(em, "t", "T", columns, 3);
	emit_cell_indented(em, 2, "deep");
	emit_cell_share(em, 2, 3);
	emit_cell_none(em);
	emit_row_end(em);
	emit_table_end(em);
	assert_written(em, &emit_csv,
		       "path,label,unit,value\n"
		       "plain,label; with a semicolon,,it's\n"
		       "comma,\"a, b\",,x\n"
		       "quote,q,,\"\"\"\"\n"
		       "third.ratio,third,,0.333333\n"
		       "third.numerator,third,frames,1\n"
		       "third.denominator,third,frames,3\n"
		       "nothing.ratio,nothing,,\n"
		       "nothing.numerator,nothing,frames,1\n"
		       "nothing.denominator,nothing,frames,0\n"
		       "gone,gone,,\n"
		       "gone_note,gone,,\"why, then\"\n"
		       "t.0.name,name,,deep\n"
		       "t.0.share.ratio,share,,0.666667\n"
		       "t.0.share.numerator,share,,2\n"
		       "t.0.share.denominator,share,,3\n"
		       "t.0.size,size,bytes,\n");
	emitter_destroy(em);
}

/* The largest whole number is one, the next is a real; a decimal is not longer than it was. */
static void test_json(void)
{
	struct emitter *em = start();

	emit_u64(em, "largest", "l", "", INT64_MAX);
	emit_u64(em, "beyond", "b", "", (uint64_t)INT64_MAX + 1);
	emit_i64(em, "least", "s", "", INT64_MIN);
	emit_real(em, "real", "r", "", 12.3, 1);
	emit_share(em, "tenth", "t", "", 1, 10);
	assert_written(em, &emit_json,
		       "{\n  \"schema_version\": 1,\n"
		       "  \"largest\": 9223372036854775807,\n"
		       "  \"beyond\": 9.22337203685478e18,\n"
		       "  \"least\": -9223372036854775808,\n"
		       "  \"real\": 12.3,\n"
		       "  \"tenth\": {\n    \"ratio\": 0.1,\n    \"numerator\": 1,\n    \"denominator\": 10\n  }\n"
		       "}\n");
	emitter_destroy(em);
}

/* A column of a sparse table is left out of the text where each row says nothing in it; the other formats have it. */
static void test_sparse(void)
{
	static const struct emitter_column columns[] = {
		{ "name", "name", "", true }, { "none", "none", "", false }, { "one", "one", "KiB", false },
		{ "empty", "empty", "", true }, { "real", "real", "", false }, { "share", "share", "%", false },
	};
	struct emitter *em = start();
	unsigned int row;
	char *csv;

	emit_table(em, "t", "T", columns, 6);
	emit_table_sparse(em);
	for (row = 0; row < 2; row++) {
		emit_cell_str(em, row ? "b" : "a");
		emit_cell_u64(em, 0);
		emit_cell_u64(em, row);
		emit_cell_str(em, "");
		emit_cell_real(em, 0.0, 2);
		emit_cell_share(em, 0, row);
		emit_row_end(em);
	}
	emit_table_end(em);
	assert_written(em, &emit_text, "T\n=\n  name  one  share\n        KiB      %\n  ----  ---  -----\n"
		       "  a       0      -\n  b       1    0.0\n");
	csv = written(em, &emit_csv);
	CU_ASSERT_PTR_NOT_NULL(strstr(csv, "t.1.none,none,,0\n"));
	free(csv);
	emitter_destroy(em);
	/* Where a line has no room for a column, it stands below, beside the first one. */
	em = start();
	emit_table(em, "t", "T", columns, 4);
	emit_table_sparse(em);
	emit_cell_str(em, run_of('a', 40));
	emit_cell_str(em, run_of('b', 54));
	emit_cell_u64(em, 1);
	emit_cell_u64(em, 2);
	emit_row_end(em);
	emit_table_end(em);
	csv = written(em, &emit_text);
	CU_ASSERT_PTR_NOT_NULL(strstr(csv, print("  %s  %s\n", run_of('a', 40), run_of('b', 54))));
	CU_ASSERT_PTR_NOT_NULL(strstr(csv, print("\n\n  name%sone  empty\n", run_of(' ', 38), "")));
	CU_ASSERT_PTR_NOT_NULL(strstr(csv, print("\n  %s    1  2%s\n", run_of('a', 40), "")));
	free(csv);
	emitter_destroy(em);
	em = start();
	emit_table(em, "t", "T", columns, 3);
	emit_table_sparse(em);
	emit_table_end(em);
	assert_written(em, &emit_text, "T\n=\n  name\n  ----\n  (none)\n");
	emitter_destroy(em);
}

/* Lines for people are in the text alone, tables for programs in all but the text. */
static void test_one_sided(void)
{
	static const struct emitter_column columns[] = { { "a", "a", "", true } };
	struct emitter *em = start();

	emit_u64(em, "x", "x", "", 1);
	emit_table(em, "rows", "Rows", columns, 1);
	emit_table_untold(em);
	emit_cell_str(em, "r");
	emit_row_end(em);
	emit_table_end(em);
	emit_line(em, "told", "told", "in words");
	assert_written(em, &emit_text, "x     1\ntold  in words\n");
	assert_written(em, &emit_csv, "path,label,unit,value\nx,x,,1\nrows.0.a,a,,r\n");
	assert_written(em, &emit_json, "{\n  \"schema_version\": 1,\n  \"x\": 1,\n  \"rows\": [\n    {\n      \"a\": \"r\"\n    }\n  ]\n}\n");
	emitter_destroy(em);
}

static const struct test_case cases[] = {
	{ "emitter_text_fold", test_fold },
	{ "emitter_text_long_label", test_long_label },
	{ "emitter_text_letters", test_letters },
	{ "emitter_text_distance", test_distance },
	{ "emitter_text_headings", test_headings },
	{ "emitter_text_cut", test_cut },
	{ "emitter_text_cut_to_the_least", test_cut_to_the_least },
	{ "emitter_text_hidden", test_hidden },
	{ "emitter_text_one_sided", test_one_sided },
	{ "emitter_text_sparse", test_sparse },
	{ "emitter_text_csv", test_csv },
	{ "emitter_text_json", test_json },
	{ NULL, NULL }
};

const struct test_suite emitter_text_suite = { "emitter_text", cases };
