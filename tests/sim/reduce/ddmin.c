/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: delta debugging, over tests that are known. What is left must pass,
 * must fail without any single thing, and must not have cost more tests than it may.
 */
#include <errno.h>
#include <string.h>

#include "sim/reduce/ddmin.h"
#include "tests/tests.h"

#define MOST 2000u

struct known_test {
	bool (*passes)(const bool *has, uint32_t nr);
	uint64_t asked;
	uint64_t stop_at;	/* 0: never */
	uint32_t smaller, last;	/* calls of smaller(), and the size of the last one */
};

static int ask(void *ctx, const uint32_t *things, uint32_t nr)
{
	struct known_test *test = ctx;
	bool has[MOST] = { false };
	uint32_t i;

	if (test->stop_at && test->asked == test->stop_at)
		return -EINTR;
	test->asked++;
	for (i = 0; i < nr; i++) {
		CU_ASSERT_FALSE(has[things[i]]);
		CU_ASSERT_TRUE(!i || things[i] > things[i - 1]);
		has[things[i]] = true;
	}
	return test->passes(has, nr);
}

static void smaller(void *ctx, const uint32_t *things, uint32_t nr)
{
	struct known_test *test = ctx;

	(void)things;
	CU_ASSERT_TRUE(nr < test->last);
	test->smaller++;
	test->last = nr;
}

static struct ddmin start(struct known_test *test, uint32_t nr)
{
	struct ddmin dd = { .test = ask, .smaller = smaller, .ctx = test };
	uint32_t all[MOST], i;

	for (i = 0; i < nr; i++)
		all[i] = i;
	test->last = nr;
	CU_ASSERT_EQUAL_FATAL(ddmin_init(&dd, all, nr), 0);
	return dd;
}

static bool needs_7(const bool *has, uint32_t nr)
{
	(void)nr;
	return has[7];
}

static bool needs_first_and_last(const bool *has, uint32_t nr)
{
	(void)nr;
	return has[0] && has[99];
}

static bool needs_every_third(const bool *has, uint32_t nr)
{
	uint32_t i;

	(void)nr;
	for (i = 0; i < 99; i += 3)
		if (!has[i])
			return false;
	return true;
}

static bool needs_all(const bool *has, uint32_t nr)
{
	(void)has;
	return nr == 100;
}

/* More is not always better: an even number of others spoils it. */
static bool needs_odd(const bool *has, uint32_t nr)
{
	return has[50] && nr % 2;
}

static bool needs_ten_of_any(const bool *has, uint32_t nr)
{
	(void)has;
	return nr >= 10;
}

static void check_minimal(struct ddmin *dd, const struct known_test *test)
{
	bool has[MOST] = { false };
	uint32_t i;

	for (i = 0; i < dd->nr; i++)
		has[dd->things[i]] = true;
	CU_ASSERT_TRUE(test->passes(has, dd->nr));
	for (i = 0; i < dd->nr && dd->nr > 1; i++) {
		has[dd->things[i]] = false;
		CU_ASSERT_FALSE(test->passes(has, dd->nr - 1));
		has[dd->things[i]] = true;
	}
}

/* Each test, of 100 things: how many are left, and how many tests that may take. */
static void test_minimal(void)
{
	static const struct {
		bool (*passes)(const bool *has, uint32_t nr);
		uint32_t left;
		uint64_t most;
	} cases[] = {
		{ needs_7, 1, 30 },
		{ needs_first_and_last, 2, 80 },
		{ needs_every_third, 33, 400 },
		{ needs_all, 100, 300 },
		{ needs_odd, 1, 100 * 100 },
		{ needs_ten_of_any, 10, 60 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct known_test test = { .passes = cases[i].passes };
		struct ddmin dd = start(&test, 100);

		CU_ASSERT_EQUAL(ddmin_run(&dd), 0);
		check_minimal(&dd, &test);
		CU_ASSERT_TRUE(dd.nr == cases[i].left || cases[i].passes == needs_odd);
		CU_ASSERT_EQUAL(dd.tests, test.asked);
		if (dd.tests > cases[i].most)
			fprintf(stderr, "case %zu: %llu tests\n", i, (unsigned long long)dd.tests);
		CU_ASSERT_TRUE(dd.tests <= cases[i].most);
		CU_ASSERT_EQUAL(test.last, dd.nr);
		ddmin_exit(&dd);
	}
}

/* Sets of no, one, two and three things; and many, of which one matters: about 4 log2(n) tests. */
static void test_sizes(void)
{
	static const uint32_t sizes[] = { 8, 9, 10, 16, 17, 1000, MOST };
	struct known_test any = { .passes = needs_ten_of_any };
	struct ddmin dd = start(&any, 0);
	size_t i;

	CU_ASSERT_EQUAL(ddmin_run(&dd), 0);
	CU_ASSERT_EQUAL(any.asked, 0);
	ddmin_exit(&dd);
	dd = start(&any, 1);
	CU_ASSERT_EQUAL(ddmin_run(&dd), 0);
	CU_ASSERT_EQUAL(dd.nr, 1);
	ddmin_exit(&dd);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct known_test test = { .passes = needs_7 };

		dd = start(&test, sizes[i]);
		CU_ASSERT_EQUAL(ddmin_run(&dd), 0);
		CU_ASSERT_EQUAL(dd.nr, 1);
		CU_ASSERT_EQUAL(dd.things[0], 7);
		CU_ASSERT_TRUE(dd.tests <= 44);
		ddmin_exit(&dd);
	}
}

/* What was asked is not asked again, and an answer that was not given is. */
static void test_known(void)
{
	struct known_test test = { .passes = needs_7, .stop_at = 1 };
	const uint32_t part[] = { 3, 7 };
	struct ddmin dd = start(&test, 20);

	CU_ASSERT_EQUAL(ddmin_ask(&dd, part, 1), 0);
	CU_ASSERT_EQUAL(ddmin_ask(&dd, part, 2), -EINTR);
	test.stop_at = 0;
	CU_ASSERT_EQUAL(ddmin_ask(&dd, part, 2), 1);
	CU_ASSERT_EQUAL(ddmin_ask(&dd, part, 2), 1);
	CU_ASSERT_EQUAL(ddmin_ask(&dd, part, 1), 0);
	CU_ASSERT_EQUAL(test.asked, 2);
	CU_ASSERT_EQUAL(dd.known, 2);
	ddmin_forget(&dd);
	CU_ASSERT_EQUAL(ddmin_ask(&dd, part, 2), 1);
	CU_ASSERT_EQUAL(test.asked, 3);
	ddmin_exit(&dd);
}

/* However early it is ended, what is left passes, and is what smaller() was told. */
static void test_ended(void)
{
	uint64_t stop;

	for (stop = 1; stop < 40; stop++) {
		struct known_test test = { .passes = needs_every_third, .stop_at = stop };
		struct ddmin dd = start(&test, 100);
		bool has[MOST] = { false };
		uint32_t i;

		CU_ASSERT_EQUAL(ddmin_run(&dd), -EINTR);
		for (i = 0; i < dd.nr; i++)
			has[dd.things[i]] = true;
		CU_ASSERT_TRUE(needs_every_third(has, dd.nr));
		CU_ASSERT_EQUAL(test.last, dd.nr);
		ddmin_exit(&dd);
	}
}

static const struct test_case cases[] = {
	{ "minimal", test_minimal },
	{ "sizes", test_sizes },
	{ "known", test_known },
	{ "ended", test_ended },
	{ NULL, NULL }
};
const struct test_suite ddmin_suite = { "ddmin", cases };
