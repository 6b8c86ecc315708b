/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: single values in reports: the ends of the number ranges,
 * shares that are nearly all, counters that are 0, cells that are indented.
 */
#include <math.h>
#include <stdint.h>

#include "tests/sim/report/emitter_util.h"
#include "tests/tests.h"

/* The ends of the number ranges, what is no number, and a negative nothing. */
static void test_extreme_numbers(void)
{
	struct emitter *em = start();
	json_t *root;

	emit_u64(em, "u", "u", "", UINT64_MAX);
	emit_u64(em, "v", "v", "", INT64_MAX);
	emit_i64(em, "i", "i", "", INT64_MIN);
	emit_real(em, "zero", "zero", "", -0.004, 2);
	emit_real(em, "less", "less", "", -0.006, 2);
	emit_real(em, "tenth", "tenth", "", 0.1, 9);
	emit_real(em, "nan", "nan", "", NAN, 2);
	emit_real(em, "inf", "inf", "s", -INFINITY, 2);
	emit_share(em, "max", "max", "", UINT64_MAX, UINT64_MAX);
	assert_written(em, &emit_text,
		"u      18446744073709551615\n"
		"v       9223372036854775807\n"
		"i      -9223372036854775808\n"
		"zero                   0.00\n"
		"less                  -0.01\n"
		"tenth           0.100000000\n"
		"nan    not a finite number\n"
		"inf    not a finite number\n"
		"max                   100.0 % (18446744073709551615 / 18446744073709551615)\n");
	root = written_json(em);
	CU_ASSERT_DOUBLE_EQUAL(json_real_value(json_object_get(root, "u")), 0x1p64, 0x1p16);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(root, "v")), INT64_MAX);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(root, "i")), INT64_MIN);
	CU_ASSERT_FALSE(signbit(json_real_value(json_object_get(root, "zero"))));
	CU_ASSERT_EQUAL(json_real_value(json_object_get(root, "tenth")), 0.1);
	CU_ASSERT(json_is_null(json_object_get(root, "nan")));
	CU_ASSERT_EQUAL(json_real_value(json_object_get(json_object_get(root, "max"), "ratio")), 1.0);
	json_decref(root);
	emitter_destroy(em);
}

/* What is not all of it is never shown as 100.0 %, however little is missing; all of it always is. */
static void test_nearly_all(void)
{
	static const struct {
		uint64_t num, den;
		const char *percent;
	} shares[] = {
		{ 1000, 1000, "100.0" }, { 999, 1000, "99.9" }, { 9994, 10000, "99.9" },
		{ 9995, 10000, "99.9" }, { 95961, 95962, "99.9" }, { UINT64_MAX - 1, UINT64_MAX, "99.9" },
		{ 998, 1000, "99.8" }, { 9984, 10000, "99.8" }, { 1001, 1000, "100.1" }, { 0, 1000, "0.0" },
	};
	static const struct emitter_column columns[] = { { "share", "share", "", false } };
	char expected[128];
	size_t i;

	for (i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		struct emitter *em = start();

		emit_share(em, "s", "s", "", shares[i].num, shares[i].den);
		snprintf(expected, sizeof(expected), "s  %s %% (%llu / %llu)\n", shares[i].percent,
			 (unsigned long long)shares[i].num, (unsigned long long)shares[i].den);
		assert_written(em, &emit_text, expected);
		emitter_destroy(em);
		em = start();
		emit_table(em, "t", "T", columns, 1);
		emit_cell_share(em, shares[i].num, shares[i].den);
		emit_row_end(em);
		emit_table_end(em);
		snprintf(expected, sizeof(expected), "T\n=\n  share\n  -----\n  %5s\n", shares[i].percent);
		assert_written(em, &emit_text, expected);
		emitter_destroy(em);
	}
}

/* Counters that are 0 are left out of the text, and their number stands there; JSON and CSV have them all. */
static void test_counters(void)
{
	struct emitter *em = start();
	json_t *root;

	emit_section(em, "a", "A");
	emit_counter(em, "x", "a long label of a counter that is zero", 0);
	emit_counter(em, "y", "some", 5);
	emit_counter(em, "z", "none", 0);
	emit_section_end(em);
	emit_section(em, "b", "B");
	emit_counter(em, "x", "none", 0);
	emit_section_end(em);
	assert_written(em, &emit_text, "A\n=\n  some  5\n  (2 more are 0)\n\nB\n=\n  (1 more is 0)\n");
	root = written_json(em);
	CU_ASSERT_EQUAL(json_object_size(json_object_get(root, "a")), 3);
	json_decref(root);
	emitter_destroy(em);
}

/* What is indented in the text is itself elsewhere; what does not apply is "-", null and nothing. */
static void test_indented_cells(void)
{
	static const struct emitter_column columns[] = {
		{ "type", "type", "", true }, { "bits", "bits", "", false },
	};
	struct emitter *em = start();
	const json_t *rows;
	json_t *root;

	emit_table(em, "t", "T", columns, 2);
	emit_cell_indented(em, 0, "union");
	emit_cell_none(em);
	emit_row_end(em);
	emit_cell_indented(em, 2, "int\n");
	emit_cell_u64(em, 3);
	emit_row_end(em);
	emit_table_end(em);
	assert_written(em, &emit_text, "T\n=\n  type         bits\n  -----------  ----\n  union           -\n      int\\x0a     3\n");
	assert_written(em, &emit_csv, "path,label,unit,value\nt.0.type,type,,union\nt.0.bits,bits,,\n"
		       "t.1.type,type,,int\\x0a\nt.1.bits,bits,,3\n");
	root = written_json(em);
	rows = json_object_get(root, "t");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(rows, 1), "type")), "int\\x0a");
	CU_ASSERT_TRUE(json_is_null(json_object_get(json_array_get(rows, 0), "bits")));
	json_decref(root);
	emitter_destroy(em);
	em = start();
	emit_table(em, "t", "T", columns, 1);
	emit_cell_indented(em, 1000, "x");
	emit_row_end(em);
	emit_table_end(em);
	assert_written(em, &emit_text, "T\n=\n  type\n  ---------------------------------\n"
		       "                                  x\n");
	emitter_destroy(em);
}

static const struct test_case cases[] = {
	{ "extreme_numbers", test_extreme_numbers },
	{ "nearly_all", test_nearly_all },
	{ "counters", test_counters },
	{ "indented_cells", test_indented_cells },
	{ NULL, NULL }
};

const struct test_suite emitter_values_suite = { "emitter_values", cases };
