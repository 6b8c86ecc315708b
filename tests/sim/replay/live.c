/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the table of live objects against a plain array. */
#include <string.h>

#include "sim/util/live.h"
#include "tests/tests.h"

#define KEYS 3000

/* Keys that a page-aligned trace would have: equal low bits, clustered high ones. */
static uint64_t key_of(uint32_t i)
{
	return 0xffff888000000000ULL + (uint64_t)(i / 7) * 4096 + (i % 7) * 512;
}

/* Random insertions, look-ups and removals agree with an array, through growth. */
static void test_against_array(void)
{
	static uint64_t born[KEYS];	/* 0: not in */
	struct live_table table = { 0 };
	struct test_rng rng = { 42 };
	const struct live *walk = NULL;
	uint64_t nr = 0;
	uint32_t step, i;

	memset(born, 0, sizeof(born));
	CU_ASSERT_EQUAL_FATAL(live_init(&table, 2), 0);
	for (step = 1; step < 100000; step++) {
		struct live *entry;

		i = test_rand_below(&rng, KEYS);
		entry = live_find(&table, key_of(i));
		CU_ASSERT_EQUAL(entry ? entry->born : 0, born[i]);
		if (entry) {
			live_remove(&table, entry);
			born[i] = 0;
			nr--;
		} else {
			entry = live_insert(&table, key_of(i));
			CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
			CU_ASSERT_EQUAL(entry->sim, 0);
			CU_ASSERT_EQUAL(entry->bytes_req, 0);
			CU_ASSERT_EQUAL(entry->cache, 0);
			entry->born = born[i] = step;
			nr++;
		}
		CU_ASSERT_EQUAL(table.nr, nr);
	}
	for (i = 0; i < KEYS; i++) {
		struct live *entry = live_find(&table, key_of(i));

		CU_ASSERT_EQUAL(entry ? entry->born : 0, born[i]);
	}
	while ((walk = live_next(&table, walk))) {
		CU_ASSERT_PTR_EQUAL(live_find(&table, walk->key), walk);
		nr--;
	}
	CU_ASSERT_EQUAL(nr, 0);
	live_exit(&table);
}

/* Key 0 and the largest key are keys like any other. */
static void test_edges(void)
{
	struct live_table table = { 0 };

	CU_ASSERT_EQUAL_FATAL(live_init(&table, 2), 0);
	CU_ASSERT_PTR_NULL(live_find(&table, 0));
	live_insert(&table, 0)->born = 1;
	live_insert(&table, UINT64_MAX)->born = 2;
	CU_ASSERT_EQUAL(live_find(&table, 0)->born, 1);
	CU_ASSERT_EQUAL(live_find(&table, UINT64_MAX)->born, 2);
	live_remove(&table, live_find(&table, 0));
	CU_ASSERT_PTR_NULL(live_find(&table, 0));
	live_exit(&table);
}

/* Entries of what went are used again: the pool is as large as the most that ever lived. */
static void test_reuse(void)
{
	struct live_table table = { 0 };
	uint32_t used;
	uint64_t key;

	CU_ASSERT_EQUAL_FATAL(live_init(&table, 2), 0);
	live_insert(&table, 1);
	live_insert(&table, 2);
	used = table.pool_used;
	for (key = 3; key < 100; key++) {
		live_remove(&table, live_find(&table, key - 2));
		live_insert(&table, key);
	}
	CU_ASSERT_EQUAL(table.nr, 2);
	CU_ASSERT_EQUAL(table.pool_used, used);
	live_exit(&table);
}

static const struct test_case cases[] = {
	{ "live_against_array", test_against_array },
	{ "live_edges", test_edges },
	{ "live_reuse", test_reuse },
	{ NULL, NULL }
};

const struct test_suite live_suite = { "live", cases };
