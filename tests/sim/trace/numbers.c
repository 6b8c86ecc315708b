/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: numbers in text, at the ends of their ranges. */
#include "tests/tests.h"
#include "sim/trace/text/number.h"

/* Each text stands in a buffer, as lines do, since a parser may look behind the end. */
#define ROOM 64

/* Digits up to the first byte that is none; what does not fit gives the largest value, and a note. */
static void test_digits(void)
{
	static const struct {
		const char *(*parse)(const char *p, uint64_t *value, bool *overflow);
		const char *text;
		size_t len;
		uint64_t value;
		bool overflow;
	} table[] = {
		{ number_decimal, "x", 0, 0, false },
		{ number_decimal, "0x", 1, 0, false },
		{ number_decimal, "9999999999999999999 ", 19, UINT64_C(9999999999999999999), false },
		{ number_decimal, "18446744073709551615]", 20, UINT64_MAX, false },
		{ number_decimal, "18446744073709551616]", 20, UINT64_MAX, true },
		{ number_decimal, "000000000000000000000000012", 27, 12, false },
		{ number_decimal, "99999999999999999999999999", 26, UINT64_MAX, true },
		{ number_hex, "g", 0, 0, false },
		{ number_hex, "aBcDeF:", 6, 0xabcdef, false },
		{ number_hex, "ffffffffffffffff ", 16, UINT64_MAX, false },
		{ number_hex, "0ffffffffffffffff", 17, UINT64_MAX, true },
		{ number_hex, "10000000000000000", 17, UINT64_MAX, true },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[ROOM] = "";
		bool overflow = false;
		uint64_t value;

		strcpy(text, table[i].text);
		CU_ASSERT_EQUAL(table[i].parse(text, &value, &overflow) - text, (ptrdiff_t)table[i].len);
		CU_ASSERT_EQUAL(value, table[i].value);
		CU_ASSERT_EQUAL(overflow, table[i].overflow);
	}
}

/* Overflow is a note that stays: one flag serves several numbers. */
static void test_sticky_overflow(void)
{
	char text[ROOM] = "12 ";
	bool overflow = true;
	uint64_t value;

	number_decimal(text, &value, &overflow);
	CU_ASSERT_TRUE(overflow);
	number_hex(text, &value, &overflow);
	CU_ASSERT_TRUE(overflow);
}

/* A number may be decimal, negative or hexadecimal; what is none, or too large, is refused. */
static void test_any(void)
{
	static const struct { const char *text; long len; uint64_t value; } table[] = {
		{ "12)", 2, 12 }, { "-12)", 3, (uint64_t)-12 }, { "0x1F,", 4, 31 }, { "0 ", 1, 0 },
		{ "x", -1, 0 }, { "-", -1, 0 }, { "0x", -1, 0 }, { "0x10000000000000000", -1, 0 },
		{ "18446744073709551616", -1, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[ROOM] = "";
		uint64_t value = 0;
		const char *end;

		strcpy(text, table[i].text);
		end = number_any(text, &value);
		CU_ASSERT_EQUAL(end ? end - text : -1, table[i].len);
		if (end)
			CU_ASSERT_EQUAL(value, table[i].value);
	}
}

/* One to nine decimals, a colon, and no second beyond what nanoseconds can hold. */
static void test_seconds(void)
{
	static const struct { const char *text; long len; uint64_t ns; } table[] = {
		{ "1.5: ", 4, 1500000000 },
		{ "0.000000001:", 12, 1 },
		{ "0.0000000001:", -1, 0 },
		{ "18446744072.999999999:", 22, UINT64_C(18446744072999999999) },
		{ "18446744073.0:", -1, 0 },
		{ "99999999999999999999999.0:", -1, 0 },
		{ "12:", -1, 0 },
		{ "12.:", -1, 0 },
		{ ".5:", -1, 0 },
		{ "1,5:", -1, 0 },
		{ "1.5 ", -1, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[ROOM] = "";
		uint64_t ns = 0;
		const char *end;

		strcpy(text, table[i].text);
		end = number_seconds(text, &ns);
		CU_ASSERT_EQUAL(end ? end - text : -1, table[i].len);
		if (end)
			CU_ASSERT_EQUAL(ns, table[i].ns);
	}
}

static const struct test_case cases[] = {
	{ "decimal and hexadecimal", test_digits },
	{ "overflow stays", test_sticky_overflow },
	{ "either, with a sign", test_any },
	{ "seconds", test_seconds },
	{ NULL, NULL }
};

const struct test_suite numbers_suite = { "numbers", cases };
