/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: lines of words and numbers, the scanner of snapshots and slabinfo. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/capture/words.h"
#include "sim/verify/rates.h"
#include "tests/tests.h"

/* A line in memory of exactly its length, so that a look behind it is noticed. */
static struct words line(char **copy, const char *text)
{
	struct words w;

	*copy = malloc(strlen(text) + 1);
	memcpy(*copy, text, strlen(text));
	*copy = realloc(*copy, strlen(text) ? strlen(text) : 1);
	words_init(&w, *copy, strlen(text));
	words_next_line(&w);
	return w;
}

/* Whole words of good digits from 0 to a largest number, and nothing else. */
static void test_numbers(void)
{
	static const struct {
		const char *text;
		unsigned int base;
		uint64_t max;
		bool good;
		uint64_t value;
	} numbers[] = {
		{ "0", 10, UINT64_MAX, true, 0 },
		{ "  12 x", 10, 12, true, 12 },
		{ "13", 10, 12, false, 0 },
		{ "ff", 16, 255, true, 255 },
		{ "0fedcba987654321", 16, UINT64_MAX, true, 0x0fedcba987654321 },
		{ "ffffffffffffffff", 16, UINT64_MAX, true, UINT64_MAX },
		{ "0ffffffffffffffff", 16, UINT64_MAX, false, 0 },
		{ "9999999999999999999", 10, UINT64_MAX, true, 9999999999999999999u },
		{ "18446744073709551616", 10, UINT64_MAX, false, 0 },
		{ "FF", 16, UINT64_MAX, false, 0 },
		{ "1g", 16, UINT64_MAX, false, 0 },
		{ "1a", 10, UINT64_MAX, false, 0 },
		{ "-1", 10, UINT64_MAX, false, 0 },
		{ "1\t2", 10, UINT64_MAX, false, 0 },
		{ "   ", 10, UINT64_MAX, false, 0 },
		{ "", 10, UINT64_MAX, false, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t value = 1;
		char *copy;
		struct words w = line(&copy, numbers[i].text);

		CU_ASSERT_EQUAL(words_u64(&w, numbers[i].base, numbers[i].max, &value), numbers[i].good);
		if (numbers[i].good)
			CU_ASSERT_EQUAL(value, numbers[i].value);
		free(copy);
	}
}

/* A sign is part of an int; a stop is part of what is read until it. */
static void test_signs_and_stops(void)
{
	uint64_t value;
	char *copy;
	struct words w = line(&copy, "-2147483647 5 -2147483648");
	int number;

	CU_ASSERT(words_int(&w, &number));
	CU_ASSERT_EQUAL(number, -INT32_MAX);
	CU_ASSERT(words_int(&w, &number));
	CU_ASSERT_EQUAL(number, 5);
	CU_ASSERT(!words_int(&w, &number));
	free(copy);
	w = line(&copy, "3/7 4");
	CU_ASSERT(words_until(&w, 10, '/', 3, &value));
	CU_ASSERT_EQUAL(value, 3);
	CU_ASSERT(words_u64(&w, 10, 7, &value));
	CU_ASSERT_EQUAL(value, 7);
	CU_ASSERT(!words_until(&w, 10, '/', 9, &value));
	CU_ASSERT(!words_more(&w));
	free(copy);
}

/* A word is expected whole. */
static void test_words(void)
{
	const char *word;
	size_t len;
	char *copy;
	struct words w = line(&copy, "free freeze  thr");

	CU_ASSERT_FALSE(words_expect(&w, "fre"));
	CU_ASSERT_FALSE(words_expect(&w, "free "));
	CU_ASSERT(words_expect(&w, "free"));
	CU_ASSERT(!words_expect(&w, "free"));
	CU_ASSERT(words_next(&w, &word, &len));
	CU_ASSERT(word_is(word, len, "freeze"));
	CU_ASSERT(!words_expect(&w, "three"));
	CU_ASSERT(words_expect(&w, "thr"));
	CU_ASSERT_FALSE(words_expect(&w, "x"));
	CU_ASSERT_FALSE(words_next(&w, &word, &len));
	free(copy);
}

/* Lines are counted from 1, empty ones too; the last one may lack its newline. */
static void test_lines(void)
{
	struct words w;
	unsigned int value;

	words_init(&w, "1\n\n3", 4);
	CU_ASSERT(words_next_line(&w));
	CU_ASSERT_EQUAL(w.line, 1);
	CU_ASSERT(words_uint(&w, 9, &value));
	CU_ASSERT_EQUAL(value, 1);
	CU_ASSERT_FALSE(words_more(&w));
	CU_ASSERT(words_next_line(&w));
	CU_ASSERT_EQUAL(w.line, 2);
	CU_ASSERT_FALSE(words_more(&w));
	CU_ASSERT(words_next_line(&w));
	CU_ASSERT_EQUAL(w.line, 3);
	CU_ASSERT(words_uint(&w, 9, &value));
	CU_ASSERT_EQUAL(value, 3);
	CU_ASSERT(!words_next_line(&w));
	words_init(&w, "", 0);
	CU_ASSERT_FALSE(words_next_line(&w));
	CU_ASSERT_FALSE(w.line);
	words_init(&w, "1\n", 2);
	CU_ASSERT(words_next_line(&w));
	CU_ASSERT_FALSE(words_next_line(&w));
}

/* Three hits of four are 75 %; what was never asked has no row. */
static void test_rates(void)
{
	const struct verify_rate some = { .hits = 3, .all = 4 }, none = { 0 };
	struct emitter *em = emitter_create();
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	emit_rate_table(em, "rates", "Rates");
	emit_rate_row(em, "some", "meaning", &some);
	emit_rate_row(em, "none", "meaning", &none);
	emit_table_end(em);
	CU_ASSERT_EQUAL(emitter_write(em, &emit_csv, out, NULL), 0);
	fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "rates.0.percent,percent,,75"));
	CU_ASSERT_PTR_NULL(strstr(text, "rates.1"));
	free(text);
	emitter_destroy(em);
}

static const struct test_case cases[] = {
	{ "numbers", test_numbers },
	{ "signs_and_stops", test_signs_and_stops },
	{ "words", test_words },
	{ "lines", test_lines },
	{ "rates", test_rates },
	{ NULL, NULL }
};

const struct test_suite words_suite = { "words", cases };
