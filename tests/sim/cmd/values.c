/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: values of options as people type them: the last that is taken
 * and the first that is not, of numbers, sizes, and of texts with a form of
 * their own.
 */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/machine_values.h"
#include "tests/tests.h"

struct value_row {
	const char *text;
	bool taken;
	uint64_t value;
};

static void check_values(bool (*parse)(const char *text, uint64_t min, uint64_t max, uint64_t *value),
			 const struct value_row *rows, size_t nr, uint64_t min, uint64_t max)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		uint64_t value = 0;
		bool taken = parse(rows[i].text, min, max, &value);

		CU_ASSERT_EQUAL(taken, rows[i].taken);
		if (taken)
			CU_ASSERT_EQUAL(value, rows[i].value);
		if (taken != rows[i].taken || (taken && value != rows[i].value))
			fprintf(stderr, "'%s': %d, %llu\n", rows[i].text, taken, (unsigned long long)value);
	}
}

#define CHECK_VALUES(parse, rows, min, max) check_values(parse, rows, sizeof(rows) / sizeof(rows[0]), min, max)

/* Digits and nothing else, within 64 bits. */
static void test_numbers(void)
{
	static const struct value_row any[] = {
		{ "0", true, 0 }, { "7", true, 7 }, { "0000000000000000000000000000000007", true, 7 },
		{ "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 },
		{ "99999999999999999999", false, 0 }, { "", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 },
		{ "+1", false, 0 }, { "-1", false, 0 }, { "-18446744073709551615", false, 0 }, { "0x1", false, 0 },
		{ "1.0", false, 0 }, { "1e3", false, 0 }, { "1k", false, 0 }, { "one", false, 0 },
	};
	static const struct value_row some[] = {
		{ "5", false, 0 }, { "6", true, 6 }, { "9", true, 9 }, { "10", false, 0 },
	};

	CHECK_VALUES(parse_number, any, 0, UINT64_MAX);
	CHECK_VALUES(parse_number, some, 6, 9);
}

/* Bytes, or binary units in either case, with what people write behind them; within 64 bits for each unit. */
static void test_sizes(void)
{
	static const struct value_row any[] = {
		{ "0", true, 0 }, { "4096", true, 4096 }, { "4k", true, 4096 }, { "4K", true, 4096 },
		{ "2m", true, 2 << 20 }, { "2M", true, 2 << 20 }, { "2Mi", true, 2 << 20 }, { "2MB", true, 2 << 20 },
		{ "2MiB", true, 2 << 20 }, { "64g", true, 64ULL << 30 }, { "64G", true, 64ULL << 30 },
		{ "1t", true, 1ULL << 40 }, { "1T", true, 1ULL << 40 },
		{ "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 },
		{ "18014398509481983k", true, UINT64_MAX & ~((1ULL << 10) - 1) }, { "18014398509481984k", false, 0 },
		{ "17592186044415M", true, UINT64_MAX & ~((1ULL << 20) - 1) }, { "17592186044416M", false, 0 },
		{ "17179869183G", true, UINT64_MAX & ~((1ULL << 30) - 1) }, { "17179869184G", false, 0 },
		{ "16777215T", true, UINT64_MAX & ~((1ULL << 40) - 1) }, { "16777216T", false, 0 },
		{ "18446744073709551616T", false, 0 },
		{ "", false, 0 }, { "k", false, 0 }, { "B", false, 0 }, { "1B", false, 0 }, { "1iB", false, 0 },
		{ "1P", false, 0 }, { "1kk", false, 0 }, { "1kb", false, 0 }, { "1kBi", false, 0 }, { "1k ", false, 0 },
		{ "1 k", false, 0 }, { "1.5G", false, 0 }, { "0x10", false, 0 }, { "-1", false, 0 }, { "+1k", false, 0 },
	};
	static const struct value_row some[] = {
		{ "4095", false, 0 }, { "4096", true, 4096 }, { "3k", false, 0 }, { "4k", true, 4096 },
		{ "8k", true, 8192 }, { "8192", true, 8192 }, { "8193", false, 0 }, { "9k", false, 0 },
	};

	CHECK_VALUES(parse_size, any, 0, UINT64_MAX);
	CHECK_VALUES(parse_size, some, 4096, 8192);
}

/* Whole frames, FROM below TO; FROM has 31 characters at most. */
static void test_holes(void)
{
	static const struct {
		const char *text;
		bool taken;
		uint32_t start, end;
	} rows[] = {
		{ "0-4k", true, 0, 1 }, { "4k-8k", true, 1, 2 }, { "3G-4G", true, 3U << 18, 4U << 18 },
		{ "0-16T", true, 0, UINT32_MAX }, { "17592186040320-16T", true, UINT32_MAX, UINT32_MAX },
		{ "0-17592186048512", false, 0, 0 }, { "16T-17T", false, 0, 0 },
		{ "0000000000000000000000000000000-4k", true, 0, 1 }, { "00000000000000000000000000000000-4k", false, 0, 0 },
		{ "4k-4k", false, 0, 0 }, { "8k-4k", false, 0, 0 }, { "1-4k", false, 0, 0 }, { "4k-8191", false, 0, 0 },
		{ "4095-8k", false, 0, 0 }, { "", false, 0, 0 }, { "-", false, 0, 0 }, { "4k", false, 0, 0 },
		{ "4k-", false, 0, 0 }, { "-4k", false, 0, 0 }, { "4k-8k-12k", false, 0, 0 }, { "4k - 8k", false, 0, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mem_range hole = { 0 };
		struct kerror err = { 0 };
		int ret = parse_hole(rows[i].text, &hole, &err);

		CU_ASSERT_EQUAL(!ret, rows[i].taken);
		CU_ASSERT_EQUAL(hole.start, rows[i].start);
		CU_ASSERT_EQUAL(hole.end, rows[i].end);
		CU_ASSERT_EQUAL(!err.text[0], rows[i].taken);
		if (!ret != rows[i].taken)
			fprintf(stderr, "'%s': %d\n", rows[i].text, ret);
	}
}

/* @rows rows of @columns times @number, "N,N;N,N". */
static const char *table_text(unsigned int rows, unsigned int columns, const char *number)
{
	static char text[MAX_NUMNODES * 2 * MAX_NUMNODES * 8];
	unsigned int i, j;
	size_t len = 0;

	for (i = 0; i < rows; i++)
		for (j = 0; j < columns; j++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", !i && !j ? "" : j ? "," : ";",
						number);
	return text;
}

/* A table is square, each direction has its own distance, and what is not a number is named. */
static void test_distances(void)
{
	static const struct {
		const char *text, *why;
	} refused[] = {
		{ "", "0 rows of 0" }, { "10,20", "1 rows of 2" }, { "10;10", "2 rows of 1" },
		{ "10,20;20", "rows differ in length" }, { "10;20,10", "rows differ in length" },
		{ "10,20;20,10;", "missing at the end" }, { "10,20;20,", "missing at the end" },
		{ "9", "'9' is not" }, { "256", "'256' is not" }, { "10,;20,10", "'' is not" }, { ",", "'' is not" },
		{ "10,2o;20,10", "'2o' is not" }, { "00000010", "at most 16 rows" },
	};
	uint8_t table[MAX_NUMNODES][MAX_NUMNODES] = { 0 };
	struct kerror err = { 0 };
	size_t i;

	CU_ASSERT_EQUAL(parse_distance("10,255,11;12,10,13;14,15,0000010", table, &err), 0);
	CU_ASSERT_EQUAL(memcmp(table[0], "\x0a\xff\x0b\0", 4), 0);
	CU_ASSERT_EQUAL(memcmp(table[1], "\x0c\x0a\x0d\0", 4), 0);
	CU_ASSERT_EQUAL(memcmp(table[2], "\x0e\x0f\x0a\0", 4), 0);
	CU_ASSERT_EQUAL(table[3][0], 0);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		CU_ASSERT_EQUAL(parse_distance(refused[i].text, table, &err), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, refused[i].why));
		if (!strstr(err.text, refused[i].why))
			fprintf(stderr, "'%s': %s\n", refused[i].text, err.text);
	}
	CU_ASSERT_EQUAL(parse_distance(table_text(MAX_NUMNODES, MAX_NUMNODES, "0000255"), table, &err), 0);
	CU_ASSERT_EQUAL(table[MAX_NUMNODES - 1][MAX_NUMNODES - 1], 255);
	CU_ASSERT_EQUAL(parse_distance(table_text(MAX_NUMNODES + 1, MAX_NUMNODES, "10"), table, &err), -EINVAL);
	CU_ASSERT_EQUAL(parse_distance(table_text(MAX_NUMNODES, MAX_NUMNODES + 1, "10"), table, &err), -EINVAL);
}

/* An engine with its parameters, then what follows the comma; a parameter has 63 characters at most. */
static void test_engines(void)
{
	static const char longest[] = "slub,cpu_partial=000000000000000000000000000000000000000000000000007,sheaves";
	static const char too_long[] = "slub,cpu_partial=0000000000000000000000000000000000000000000000000007";
	static const struct {
		const char *text, *why;
	} refused[] = {
		{ "", "called ''" }, { ",slub", "called ''" }, { "slub,", "nothing behind a comma" },
		{ "slub,,", "nothing behind a comma" }, { "slub,=1", "no parameter ''" },
		{ "slub,cpu_partial=", "cpu_partial=: expected a number" },
		{ "slub,cpu_partial=1x", "cpu_partial=1x: expected a number" },
		{ "slub,cpu_partial=18446744073709551616", "expected a number" },
		{ "slub,cpu_partial=65536", "not within 0..65535" }, { "slub,cpu_partial", "cpu_partial needs =N" },
		{ "slub,cpu_partial=1,cpu_partial=2", "given twice" }, { too_long, "too long for a parameter" },
		{ "slubslubslubslubslubslubslubslubslubslubslubslubslubslubslubslubslub", "no slab engine is called" },
		{ "slub,slubslubslubslubslubslubslubslubslubslubslubslubslubslubslubslubslub", "is neither" },
	};
	struct slab_config cfg;
	struct kerror err = { 0 };
	const char *rest;
	size_t i;

	slab_config_default(&cfg);
	CU_ASSERT_STRING_EQUAL(parse_slab_engine("slub", &cfg, &err), "");
	CU_ASSERT_STRING_EQUAL(parse_slab_engine("slub,cpu_partial=65535", &cfg, &err), "");
	CU_ASSERT_EQUAL(cfg.cpu_partial, 65535);
	CU_ASSERT_EQUAL(strlen(longest) - strlen("slub,") - strlen(",sheaves"), 63);
	rest = parse_slab_engine(longest, &cfg, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
	CU_ASSERT_STRING_EQUAL(rest, "sheaves");
	CU_ASSERT_EQUAL(cfg.cpu_partial, 7);
	rest = parse_slab_engine("slub,cpu_partial=1,slub,cpu_partial=2", &cfg, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
	CU_ASSERT_STRING_EQUAL(rest, "slub,cpu_partial=2");
	CU_ASSERT_EQUAL(cfg.cpu_partial, 1);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		memset(&err, 0, sizeof(err));
		CU_ASSERT_PTR_NULL(parse_slab_engine(refused[i].text, &cfg, &err));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, refused[i].why));
		if (!strstr(err.text, refused[i].why))
			fprintf(stderr, "'%s': %s\n", refused[i].text, err.text);
	}
}

static const struct test_case cases[] = {
	{ "values_numbers", test_numbers },
	{ "values_sizes", test_sizes },
	{ "values_holes", test_holes },
	{ "values_distances", test_distances },
	{ "values_engines", test_engines },
	{ NULL, NULL }
};

const struct test_suite cmd_values_suite = { "cmd_values", cases };
