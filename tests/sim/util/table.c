/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the small hash table, held against an array. */
#include <string.h>

#include "sim/util/table.h"
#include "tests/tests.h"

#define KEYS	300u

/* A table that is all zero holds nothing, and may be freed. */
static void test_empty(void)
{
	struct table table = { 0 };

	CU_ASSERT_PTR_NULL(table_find(&table, 0));
	CU_ASSERT_PTR_NULL(table_find(&table, UINT64_MAX));
	table_free(&table);
}

/* Key 0 is a key like any other; a value that is there is not made again. */
static void test_get(void)
{
	struct table table = { 0 };
	uint64_t *value = table_get(&table, 0);

	CU_ASSERT_PTR_NOT_NULL_FATAL(value);
	CU_ASSERT_EQUAL(*value, 0);
	*value = 7;
	CU_ASSERT_EQUAL(*table_get(&table, 0), 7);
	CU_ASSERT_EQUAL(*table_find(&table, 0), 7);
	CU_ASSERT_PTR_NULL(table_find(&table, 1));
	CU_ASSERT_EQUAL(table.nr, 1);
	table_free(&table);
	CU_ASSERT_PTR_NULL(table_find(&table, 0));
}

/* At most half of the slots are taken: the 33rd key of 64 slots makes it grow. */
static void test_growth(void)
{
	struct table table = { 0 };
	uint64_t key;

	for (key = 0; key < 33; key++) {
		*table_get(&table, key) = key + 1;
		CU_ASSERT_EQUAL(table.size, key < 32 ? 64 : 128);
	}
	for (key = 0; key < 33; key++)
		CU_ASSERT_EQUAL(*table_find(&table, key), key + 1);
	table_free(&table);
}

/* Room that was reserved lasts for as many keys, without another table; less than there is changes nothing. */
static void test_reserve(void)
{
	struct table table = { 0 };
	const struct table_slot *slot;
	uint64_t key;

	CU_ASSERT_TRUE(table_reserve(&table, 100));
	CU_ASSERT_EQUAL(table.size, 256);
	slot = table.slot;
	for (key = 0; key < 128; key++)
		*table_get(&table, key) = key + 1;
	CU_ASSERT_TRUE(table_reserve(&table, 5));
	CU_ASSERT_PTR_EQUAL(table.slot, slot);
	CU_ASSERT_TRUE(table_reserve(&table, 129));
	CU_ASSERT_EQUAL(table.size, 512);
	for (key = 0; key < 128; key++)
		CU_ASSERT_EQUAL(*table_find(&table, key), key + 1);
	CU_ASSERT_FALSE(table_reserve(&table, UINT64_MAX / 2));
	CU_ASSERT_EQUAL(table.size, 512);
	table_free(&table);
}

/* Keys come and go at random, in runs that collide: the table and the array always agree. */
static void test_against_array(void)
{
	uint64_t want[KEYS] = { 0 }, nr = 0;
	struct test_rng rng = { 11 };
	struct table table = { 0 };
	unsigned int step, i, wrong = 0;

	for (step = 1; step < 20000; step++) {
		uint32_t key = test_rand_below(&rng, step % 4000 < 2000 ? KEYS : KEYS / 8);
		uint64_t *value;

		if (test_rand_below(&rng, 5) < 2) {
			value = table_find(&table, key);
			wrong += (value ? *value : 0) != want[key];
			if (value)
				table_remove(&table, value);
			nr -= want[key] != 0;
			want[key] = 0;
		} else {
			value = table_get(&table, key);
			wrong += *value != want[key];
			nr += !want[key];
			want[key] = *value = step;
		}
		wrong += table.nr != nr;
	}
	for (i = 0; i < KEYS; i++)
		wrong += (table_find(&table, i) ? *table_find(&table, i) : 0) != want[i];
	CU_ASSERT_EQUAL(wrong, 0);
	table_free(&table);
}

static const struct test_case cases[] = {
	{ "empty", test_empty },
	{ "get", test_get },
	{ "growth", test_growth },
	{ "reserve", test_reserve },
	{ "against an array", test_against_array },
	{ NULL, NULL }
};

const struct test_suite table_suite = { "table", cases };
