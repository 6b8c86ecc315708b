/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: an access model with a thread of its own has the same figures as one
 * without, however many accesses there are and wherever one looks.
 */
#include <dirent.h>
#include <sched.h>

#include "sim/access/follower.h"
#include "tests/tests.h"

#define BYTES	(UINT64_C(1) << 30)

static unsigned int nr_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned int nr = 0;

	while (dir && readdir(dir))
		nr++;
	if (dir)
		closedir(dir);
	return nr;
}

static void expect_same(struct access_model *a, struct access_model *b)
{
	struct lines_stats lines_a, lines_b;
	struct tlb_stats tlb_a, tlb_b;
	unsigned int size;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		tlb_a = tlb_stats(a->tlb[size], size);
		tlb_b = tlb_stats(b->tlb[size], size);
		CU_ASSERT_EQUAL(memcmp(&tlb_a, &tlb_b, sizeof(tlb_a)), 0);
		CU_ASSERT_EQUAL(a->distinct[size], b->distinct[size]);
	}
	lines_stats(a->lines, &lines_a);
	lines_stats(b->lines, &lines_b);
	CU_ASSERT_EQUAL(memcmp(&lines_a, &lines_b, sizeof(lines_a)), 0);
}

/* @nr uses and frees, some more than a page long; a look at the figures each @every of them. */
static void follow(uint32_t nr, uint32_t every)
{
	struct access_model alone, followed;
	struct test_rng rng = { nr + every };
	struct kerror err = { 0 };
	struct follower *f;
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(access_init(&alone, &tlb_presets[0], BYTES, true, &err), 0);
	CU_ASSERT_EQUAL_FATAL(access_init(&followed, &tlb_presets[0], BYTES, true, &err), 0);
	f = follower_create(&followed);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (i = 0; i < nr; i++) {
		uint64_t offset = test_rand(&rng) % (BYTES / (i % 5 ? 1024 : 2));
		uint32_t bytes = i % 3 ? 1 + test_rand_below(&rng, i % 7 ? 500 : 20000) : 0;

		if (bytes)
			access_object(&alone, offset, bytes);
		else
			access_free(&alone, offset);
		follower_put(f, offset, bytes);
		if (i % every == every - 1) {
			follower_settle(f);
			expect_same(&alone, &followed);
		}
	}
	follower_settle(f);
	expect_same(&alone, &followed);
	follower_destroy(f);
	access_exit(&alone);
	access_exit(&followed);
}

/* Around the size of a block, many of them, and looks that fall within blocks and between them. */
static void test_same_figures(void)
{
	static const uint32_t nr[] = { 1, FOLLOWER_BLOCK - 1, FOLLOWER_BLOCK, FOLLOWER_BLOCK + 1, 30 * FOLLOWER_BLOCK + 7 };
	size_t i;

	for (i = 0; i < sizeof(nr) / sizeof(nr[0]); i++) {
		follow(nr[i], UINT32_MAX);
		follow(nr[i], FOLLOWER_BLOCK);
		follow(nr[i], 3333);
	}
}

/* One that is destroyed with work to do ends. */
static void test_end(void)
{
	struct access_model model;
	struct kerror err = { 0 };
	struct follower *f;
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(access_init(&model, &tlb_presets[0], BYTES, false, &err), 0);
	f = follower_create(&model);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (i = 0; i < 3 * FOLLOWER_BLOCK + 5; i++)
		follower_put(f, i * 64, 64);
	follower_destroy(f);
	access_exit(&model);
}

/* A short trace makes no thread, nor does a process that has one CPU; the figures are the same. */
static void test_no_thread(void)
{
	unsigned int before = nr_threads();
	struct access_model model;
	cpu_set_t all, one;
	struct kerror err = { 0 };
	struct follower *f;
	uint32_t i;
	int cpu = 0;

	CU_ASSERT_EQUAL_FATAL(access_init(&model, &tlb_presets[0], BYTES, false, &err), 0);
	f = follower_create(&model);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (i = 0; i + 1 < FOLLOWER_BLOCK; i++)
		follower_put(f, i * 64, 64);
	CU_ASSERT_EQUAL(nr_threads(), before);
	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof(one), &one), 0);
	for (i = 0; i < 3 * FOLLOWER_BLOCK; i++)
		follower_put(f, i * 64, 64);
	CU_ASSERT_EQUAL(nr_threads(), before);
	follow(3 * FOLLOWER_BLOCK, 1000);
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(all), &all), 0);
	follower_destroy(f);
	access_exit(&model);
}

static const struct test_case cases[] = {
	{ "same figures", test_same_figures },
	{ "end", test_end },
	{ "no thread", test_no_thread },
	{ NULL, NULL }
};

const struct test_suite follower_suite = { "follower", cases };
