/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the report emitter. JSON is read back with jansson, text and
 * CSV are compared with what they must be, to the byte.
 */
#include "sim/report/emit/emitter.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/report/emitter_util.h"
#include "tests/tests.h"

static const struct emitter_column zone_columns[] = {
	{ "zone", "zone", "", true },
	{ "free", "free", "pages", false },
	{ "share", "share of all", "%", false },
	{ "note", "remark", "", true },
};

/* One of everything. */
static struct emitter *sample(void)
{
	struct emitter *em = start();

	emit_str(em, "trace", "trace", "a,b \"c\"");
	emit_section(em, "faults", "Page faults");
	emit_u64(em, "first", "frames touched first", "frames", 1234);
	emit_i64(em, "delta", "delta", "", -5);
	emit_real(em, "time", "simulated time", "s", 2.0004999, 3);
	emit_share(em, "full", "in full blocks", "frames", 1, 8);
	emit_share(em, "none", "of nothing", "", 0, 0);
	emit_bool(em, "bound", "bound", true);
	emit_missing(em, "tlb", "hardware counters", "not supported");
	emit_note(em, "First remark.");
	emit_table(em, "zones", "Zones", zone_columns, 4);
	emit_cell_str(em, "DMA");
	emit_cell_u64(em, 3808);
	emit_cell_share(em, 1, 3);
	emit_cell_str(em, "low");
	emit_row_end(em);
	emit_cell_str(em, "Normal");
	emit_cell_i64(em, -1);
	emit_cell_share(em, 1, 0);
	emit_cell_real(em, 1.25, 1);
	emit_row_end(em);
	emit_table_end(em);
	emit_section(em, "inner", "Inner");
	emit_u64(em, "a", "a", "", 1);
	emit_note(em, "Second remark.");
	emit_note(em, "Third remark.");
	emit_section_end(em);
	emit_section_end(em);
	emit_section(em, "after", "After");
	emit_table(em, "empty", "Nothing", zone_columns, 1);
	emit_table_end(em);
	emit_section_end(em);
	return em;
}

/* Labels, numbers and units line up; no line ends in a blank. */
static void test_text(void)
{
	struct emitter *em = sample();

	assert_written(em, &emit_text,
		"trace  a,b \"c\"\n"
		"\n"
		"Page faults\n"
		"===========\n"
		"  frames touched first   1234 frames\n"
		"  delta                    -5\n"
		"  simulated time        2.000 s\n"
		"  in full blocks         12.5 % (1 / 8 frames)\n"
		"  of nothing            n/a (0 / 0)\n"
		"  bound                 yes\n"
		"  hardware counters     not supported\n"
		"  First remark.\n"
		"\n"
		"  Zones\n"
		"    zone     free  share of all  remark\n"
		"            pages             %\n"
		"    ------  -----  ------------  ------\n"
		"    DMA      3808          33.3  low\n"
		"    Normal     -1             -  1.2\n"
		"\n"
		"  Inner\n"
		"    a  1\n"
		"    Second remark.\n"
		"    Third remark.\n"
		"\n"
		"After\n"
		"=====\n"
		"  Nothing\n"
		"    zone\n"
		"    ----\n"
		"    (none)\n");
	emitter_destroy(em);
}

static void assert_keys(json_t *object, const char *expected)
{
	char keys[256] = "";
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		strncat(keys, key, sizeof(keys) - strlen(keys) - 1);
		strncat(keys, " ", sizeof(keys) - strlen(keys) - 1);
	}
	CU_ASSERT_STRING_EQUAL(keys, expected);
}

/* A real parser finds every value under its key, in the order of the calls. */
static void test_json(void)
{
	struct emitter *em = sample();
	json_t *root = written_json(em), *faults, *zones, *row, *value;

	assert_keys(root, "schema_version trace faults after ");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(root, "schema_version")),
			REPORT_SCHEMA_VERSION);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(root, "trace")), "a,b \"c\"");
	faults = json_object_get(root, "faults");
	assert_keys(faults, "first delta time full none bound tlb tlb_note note_1 zones inner ");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(faults, "first")), 1234);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(faults, "delta")), -5);
	CU_ASSERT_EQUAL(json_real_value(json_object_get(faults, "time")), 2.0);
	CU_ASSERT(json_is_true(json_object_get(faults, "bound")));
	CU_ASSERT(json_is_null(json_object_get(faults, "tlb")));
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(faults, "tlb_note")),
			       "not supported");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(faults, "note_1")),
			       "First remark.");

	value = json_object_get(faults, "full");
	assert_keys(value, "ratio numerator denominator ");
	CU_ASSERT_EQUAL(json_real_value(json_object_get(value, "ratio")), 0.125);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(value, "numerator")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(value, "denominator")), 8);
	CU_ASSERT(json_is_null(json_object_get(json_object_get(faults, "none"), "ratio")));

	zones = json_object_get(faults, "zones");
	CU_ASSERT_EQUAL(json_array_size(zones), 2);
	row = json_array_get(zones, 0);
	assert_keys(row, "zone free share note ");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "free")), 3808);
	value = json_object_get(row, "share");
	assert_keys(value, "ratio numerator denominator ");
	CU_ASSERT_EQUAL(json_real_value(json_object_get(value, "ratio")), 0.333333333333333);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(value, "numerator")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(value, "denominator")), 3);
	row = json_array_get(zones, 1);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "zone")), "Normal");
	value = json_object_get(row, "share");
	assert_keys(value, "ratio numerator denominator ");
	CU_ASSERT(json_is_null(json_object_get(value, "ratio")));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(value, "numerator")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(value, "denominator")), 0);
	CU_ASSERT_EQUAL(json_real_value(json_object_get(row, "note")), 1.2);
	assert_keys(json_object_get(faults, "inner"), "a note_1 note_2 ");
	CU_ASSERT(json_is_array(json_object_get(json_object_get(root, "after"), "empty")));
	json_decref(root);
	emitter_destroy(em);
}

/* One line a value; commas and quotes are quoted, numbers are bare. */
static void test_csv(void)
{
	struct emitter *em = sample();

	assert_written(em, &emit_csv,
		"path,label,unit,value\n"
		"trace,trace,,\"a,b \"\"c\"\"\"\n"
		"faults.first,frames touched first,frames,1234\n"
		"faults.delta,delta,,-5\n"
		"faults.time,simulated time,s,2.000\n"
		"faults.full.ratio,in full blocks,,0.125000\n"
		"faults.full.numerator,in full blocks,frames,1\n"
		"faults.full.denominator,in full blocks,frames,8\n"
		"faults.none.ratio,of nothing,,\n"
		"faults.none.numerator,of nothing,,0\n"
		"faults.none.denominator,of nothing,,0\n"
		"faults.bound,bound,,true\n"
		"faults.tlb,hardware counters,,\n"
		"faults.tlb_note,hardware counters,,not supported\n"
		"faults.note_1,,,First remark.\n"
		"faults.zones.0.zone,zone,,DMA\n"
		"faults.zones.0.free,free,pages,3808\n"
		"faults.zones.0.share.ratio,share of all,,0.333333\n"
		"faults.zones.0.share.numerator,share of all,,1\n"
		"faults.zones.0.share.denominator,share of all,,3\n"
		"faults.zones.0.note,remark,,low\n"
		"faults.zones.1.zone,zone,,Normal\n"
		"faults.zones.1.free,free,pages,-1\n"
		"faults.zones.1.share.ratio,share of all,,\n"
		"faults.zones.1.share.numerator,share of all,,1\n"
		"faults.zones.1.share.denominator,share of all,,0\n"
		"faults.zones.1.note,remark,,1.2\n"
		"faults.inner.a,a,,1\n"
		"faults.inner.note_1,,,Second remark.\n"
		"faults.inner.note_2,,,Third remark.\n");
	emitter_destroy(em);
}

/* Nothing emitted is a valid report too. */
static void test_empty(void)
{
	struct emitter *em = start();

	assert_written(em, &emit_text, "");
	assert_written(em, &emit_json, "{\n  \"schema_version\": 1\n}\n");
	assert_written(em, &emit_csv, "path,label,unit,value\n");
	emitter_destroy(em);
}

/*
 * A trace may call a cache anything. Control bytes, broken and overlong UTF-8
 * and surrogates come out as \xNN in all formats; what is printable stays.
 */
static void test_unprintable_strings(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain", "plain" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "a\nb\tc", "a\\x0ab\\x09c" },
		{ "\x1b[31m\x7f", "\\x1b[31m\\x7f" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc3", "\\xc3" },
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xc0\xaf", "\\xc0\\xaf" },
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xc2\x9b" "1m", "\\xc2\\x9b" "1m" },
		{ "", "" },
		{ NULL, "" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct emitter *em = start();
		char expected[64];
		json_t *root;

		emit_str(em, "s", "s", cases[i].in);
		root = written_json(em);
		CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(root, "s")), cases[i].out);
		json_decref(root);
		snprintf(expected, sizeof(expected), "path,label,unit,value\ns,s,,%s\n",
			 cases[i].out);
		assert_written(em, &emit_csv, expected);
		emitter_destroy(em);
	}
}

static int line_width(const char *line, size_t len)
{
	int width = 0;

	while (len--)
		width += (*line++ & 0xc0) != 0x80;
	return width;
}

static void assert_fits(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		CU_ASSERT(line_width(text, len) <= EMITTER_TEXT_WIDTH);
		if (len)
			CU_ASSERT_NOT_EQUAL(text[len - 1], ' ');
		text += len + 1;
	}
}

/*
 * A table that is too wide folds its headings, then cuts names, at a whole
 * character; numbers and all other outputs stay whole.
 */
static void test_wide_table(void)
{
	static const struct emitter_column columns[] = {
		{ "site", "call site", "", true },
		{ "a", "first rather long heading", "bytes", false },
		{ "b", "second rather long heading", "bytes", false },
		{ "c", "third rather long heading", "", false },
	};
	const char *name = "gr\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
		"_a_function_with_a_name_that_goes_on_and_on_for_longer_than_a_line+0x10/0x20";
	struct emitter *em = start();
	json_t *root;
	char *text;

	emit_table(em, "sites", "Sites", columns, 4);
	emit_cell_str(em, name);
	emit_cell_u64(em, 12345678901234567890ULL);
	emit_cell_u64(em, UINT64_MAX);
	emit_cell_u64(em, 1);
	emit_row_end(em);
	emit_table_end(em);
	text = written(em, &emit_text);
	assert_fits(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "...  12345678901234567890  18446744073709551615"));
	CU_ASSERT_PTR_NULL(strstr(text, "third rather long heading"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " heading\n"));
	free(text);
	root = written_json(em);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(
		json_object_get(root, "sites"), 0), "site")), name);
	json_decref(root);
	emitter_destroy(em);

	/* with the letters shifted by a byte, the cut meets either byte of one */
	for (size_t shift = 0; shift < 2; shift++) {
		em = start();
		emit_table(em, "t", "T", columns, 1);
		text = calloc(1, 300);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		memset(text, 'x', shift);
		for (size_t i = shift; i < 280; i += 2)
			memcpy(text + i, "\xc3\xbc", 2);
		emit_cell_str(em, text);
		emit_row_end(em);
		emit_table_end(em);
		free(text);
		text = written(em, &emit_text);
		assert_fits(text);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "\xc3\xbc...\n"));
		free(text);
		emitter_destroy(em);
	}
}

/* Long sentences fold inside the terminal, below their own beginning. */
static void test_long_sentences(void)
{
	const char *words = "one two three four five six seven eight nine ten eleven twelve thirteen "
		"fourteen fifteen sixteen seventeen eighteen nineteen twenty";
	struct emitter *em = start();
	char *text;

	emit_section(em, "s", "S");
	emit_missing(em, "m", "label", words);
	emit_note(em, words);
	emit_section_end(em);
	text = written(em, &emit_text);
	assert_fits(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  label  one two"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n         sixteen seventeen"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  one two"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  seventeen eighteen"));
	free(text);
	emitter_destroy(em);
}

/* ---- misuse ------------------------------------------------------------- */

static void bad_duplicate(struct emitter *em)
{
	emit_u64(em, "a", "a", "", 1);
	emit_section(em, "a", "a");
}

static void bad_duplicate_of_note(struct emitter *em)
{
	emit_missing(em, "a", "a", "why");
	emit_u64(em, "a_note", "a", "", 1);
}

static void bad_note_of_duplicate(struct emitter *em)
{
	emit_u64(em, "a_note", "a", "", 1);
	emit_missing(em, "a", "a", "why");
}

static void bad_numbered_note(struct emitter *em)
{
	emit_u64(em, "note_1", "a", "", 1);
	emit_note(em, "text");
}

static void bad_schema_version(struct emitter *em)
{
	emit_u64(em, "schema_version", "a", "", 1);
}

static void bad_key_case(struct emitter *em)
{
	emit_u64(em, "Upper", "a", "", 1);
}

static void bad_key_dot(struct emitter *em)
{
	emit_str(em, "a.b", "a", "b");
}

static void bad_key_empty(struct emitter *em)
{
	emit_bool(em, "", "a", true);
}

static void bad_key_null(struct emitter *em)
{
	emit_missing(em, NULL, "a", "why");
}

static void bad_section_end(struct emitter *em)
{
	emit_section_end(em);
}

static void bad_value_in_table(struct emitter *em)
{
	emit_table(em, "t", "t", zone_columns, 2);
	emit_u64(em, "a", "a", "", 1);
}

static void bad_section_end_in_table(struct emitter *em)
{
	emit_section(em, "s", "s");
	emit_table(em, "t", "t", zone_columns, 2);
	emit_section_end(em);
}

static void bad_cell_outside(struct emitter *em)
{
	emit_cell_str(em, "lost");
}

static void bad_row_outside(struct emitter *em)
{
	emit_row_end(em);
}

static void bad_table_end(struct emitter *em)
{
	emit_table_end(em);
}

static void bad_short_row(struct emitter *em)
{
	emit_table(em, "t", "t", zone_columns, 2);
	emit_cell_u64(em, 1);
	emit_row_end(em);
}

static void bad_empty_row(struct emitter *em)
{
	emit_table(em, "t", "t", zone_columns, 2);
	emit_row_end(em);
}

static void bad_long_row(struct emitter *em)
{
	emit_table(em, "t", "t", zone_columns, 1);
	emit_cell_str(em, "one");
	emit_cell_str(em, "two");
}

static void bad_open_row(struct emitter *em)
{
	emit_table(em, "t", "t", zone_columns, 1);
	emit_cell_str(em, "one");
	emit_table_end(em);
}

static void bad_no_columns(struct emitter *em)
{
	emit_table(em, "t", "t", zone_columns, 0);
}

static void bad_columns(struct emitter *em)
{
	static const struct emitter_column twice[] = { { "a", "", "", true }, { "a", "", "", true } };

	emit_table(em, "t", "t", twice, 2);
}

static void bad_column_key(struct emitter *em)
{
	static const struct emitter_column column[] = { { "A", "", "", true } };

	emit_table(em, "t", "t", column, 1);
}

static void bad_decimals(struct emitter *em)
{
	emit_real(em, "a", "a", "", 1.0, 10);
}

/* A report's code has no checks: the first mistake alone comes back, whatever follows it. */
static void test_misuse(void)
{
	static const struct {
		void (*emit)(struct emitter *em);
		const char *says;
	} misuse[] = {
		{ bad_duplicate, "a second 'a'" },
		{ bad_duplicate_of_note, "a second 'a_note'" },
		{ bad_note_of_duplicate, "a second 'a_note'" },
		{ bad_numbered_note, "a second 'note_1'" },
		{ bad_schema_version, "a second 'schema_version'" },
		{ bad_key_case, "malformed key 'Upper'" },
		{ bad_key_dot, "malformed key 'a.b'" },
		{ bad_key_empty, "malformed key ''" },
		{ bad_key_null, "malformed key ''" },
		{ bad_section_end, "a section ends that is not open" },
		{ bad_value_in_table, "only cells may come inside a table, not 'a'" },
		{ bad_section_end_in_table, "a section ends that is not open, in 't'" },
		{ bad_cell_outside, "a cell outside a table" },
		{ bad_row_outside, "a row ends outside a table" },
		{ bad_table_end, "a table ends that is not open" },
		{ bad_short_row, "too few cells in a row of 't'" },
		{ bad_empty_row, "too few cells in a row of 't'" },
		{ bad_long_row, "too many cells in a row of 't'" },
		{ bad_open_row, "a row without its end in 't'" },
		{ bad_no_columns, "no columns in table 't'" },
		{ bad_columns, "a second column 'a'" },
		{ bad_column_key, "malformed column key 'A'" },
		{ bad_decimals, "decimals out of range for 'a'" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(misuse) / sizeof(misuse[0]); i++) {
		struct emitter *em = start();
		struct kerror err = { 0 };
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		misuse[i].emit(em);
		emit_str(em, "later", "later", "never seen");
		emit_cell_str(em, "nor this");
		emit_row_end(em);
		emit_table_end(em);
		emit_section_end(em);
		emit_note(em, "nor that");
		CU_ASSERT_EQUAL(emitter_write(em, &emit_json, out, &err), -EINVAL);
		CU_ASSERT_EQUAL(err.code, -EINVAL);
		if (!strstr(err.text, misuse[i].says))
			fprintf(stderr, "misuse %u: %s\n", i, err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, misuse[i].says));
		CU_ASSERT_EQUAL(emitter_write(em, &emit_text, out, NULL), -EINVAL);
		fclose(out);
		CU_ASSERT_EQUAL(size, 0);
		free(text);
		emitter_destroy(em);
	}
}

/* A report that is still open is not written, but may be closed and written then. */
static void test_open_report(void)
{
	struct emitter *em = start();
	struct kerror err = { 0 };

	emit_section(em, "s", "S");
	CU_ASSERT_EQUAL(emitter_write(em, &emit_csv, stdout, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'s' was never ended"));
	emit_u64(em, "a", "a", "", 1);
	emit_section_end(em);
	assert_written(em, &emit_csv, "path,label,unit,value\ns.a,a,,1\n");
	emitter_destroy(em);
}

/* The same keys in different sections, and a table's column like a neighbour, do not clash. */
static void test_keys_are_local(void)
{
	struct emitter *em = start();

	emit_section(em, "a", "A");
	emit_u64(em, "a", "a", "", 1);
	emit_section(em, "schema_version", "");
	emit_section_end(em);
	emit_section_end(em);
	emit_section(em, "b", "B");
	emit_u64(em, "a", "a", "", 2);
	emit_u64(em, "ab", "ab", "", 3);
	emit_u64(em, "a_note", "n", "", 4);
	emit_section_end(em);
	assert_written(em, &emit_csv,
		       "path,label,unit,value\na.a,a,,1\nb.a,a,,2\nb.ab,ab,,3\nb.a_note,n,,4\n");
	emitter_destroy(em);
}

/* A full disk is reported, in every format. */
static void test_full_disk(void)
{
	const struct emit_ops *const *format;

	for (format = emit_formats; *format; format++) {
		struct emitter *em = sample();
		FILE *full = fopen("/dev/full", "w");
		struct kerror err = { 0 };

		if (!full) {
			test_skip("there is no /dev/full");
			emitter_destroy(em);
			return;
		}
		CU_ASSERT_EQUAL(emitter_write(em, *format, full, &err), -ENOSPC);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot write"));
		fclose(full);
		emitter_destroy(em);
	}
}

/* Two emitters fed alike write alike, as often as asked and in any order of formats. */
static void test_same_again(void)
{
	struct emitter *one = sample(), *two = sample();
	const struct emit_ops *const *format;

	for (format = emit_formats; *format; format++) {
		char *first = written(one, *format), *again = written(one, *format);
		char *other = written(two, format[1] ? format[1] : emit_formats[0]);

		CU_ASSERT_STRING_EQUAL(first, again);
		free(other);
		other = written(two, *format);
		CU_ASSERT_STRING_EQUAL(first, other);
		free(first);
		free(again);
		free(other);
	}
	emitter_destroy(one);
	emitter_destroy(two);
	emitter_destroy(NULL);
}

/* Commands make their options of the list: each format has its own, and text none. */
static void test_list_of_formats(void)
{
	const struct emit_ops *const *format, *const *other;

	CU_ASSERT_PTR_EQUAL(emit_formats[0], &emit_text);
	CU_ASSERT_PTR_NULL(emit_text.option);
	for (format = emit_formats + 1; *format; format++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL((*format)->option);
		for (other = emit_formats + 1; other < format; other++)
			CU_ASSERT_STRING_NOT_EQUAL((*format)->option, (*other)->option);
	}
	CU_ASSERT_EQUAL(format - emit_formats, 3);
}

static const struct test_case cases[] = {
	{ "text", test_text },
	{ "json", test_json },
	{ "csv", test_csv },
	{ "empty", test_empty },
	{ "unprintable_strings", test_unprintable_strings },
	{ "wide_table", test_wide_table },
	{ "long_sentences", test_long_sentences },
	{ "misuse", test_misuse },
	{ "open_report", test_open_report },
	{ "keys_are_local", test_keys_are_local },
	{ "full_disk", test_full_disk },
	{ "same_again", test_same_again },
	{ "list_of_formats", test_list_of_formats },
	{ NULL, NULL }
};

const struct test_suite emitter_suite = { "emitter", cases };
