/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: memory accesses, replayed: which pages and lines each touches, and
 * working sets as a list of the last accesses gives them.
 */
#include "sim/replay/accesses.h"

#include <string.h>

#include "tests/tests.h"

static struct accesses *replayed_on(const struct tlb_geometry *geo, const struct access *at, uint32_t nr)
{
	struct accesses *accesses;
	struct kerror err = { .text = "" };
	uint32_t done = 0;

	CU_ASSERT_EQUAL_FATAL(accesses_create(&accesses, geo, &err), 0);
	while (done < nr) {
		uint32_t n = nr - done < 100 ? nr - done : 100;
		const struct access_block block = { .at = at + done, .nr = n };

		CU_ASSERT_EQUAL_FATAL(accesses_replay(accesses, &block, &err), 0);
		done += n;
	}
	return accesses;
}

static struct accesses *replayed(const struct access *at, uint32_t nr)
{
	return replayed_on(&tlb_presets[0], at, nr);
}

/*
 * One access each, and what it touches:
 *
 *	page 0            page 1            page 2
 *	|....|....|..xx|  |xx..|....|....|  |
 */
static void test_borders(void)
{
	static const struct {
		uint64_t addr;
		uint16_t size;
		uint64_t small, large, lines;	/* pages of 4 KiB, of 2 MiB, lines */
	} rows[] = {
		{ 0, 1, 1, 1, 1 },
		{ 63, 1, 1, 1, 1 },
		{ 63, 2, 1, 1, 2 },
		{ 4032, 64, 1, 1, 1 },
		{ 4095, 2, 2, 1, 2 },
		{ 4095, 4098, 3, 1, 66 },
		{ (2 << 20) - 1, 1, 1, 1, 1 },
		{ (2 << 20) - 1, 2, 2, 2, 2 },
		{ UINT64_MAX, 1, 1, 1, 1 },
		{ UINT64_MAX - 65534, 65535, 16, 1, 1024 },
		{ UINT64_C(0x7ffffffff000) - 1, 65535, 17, 2, 1025 },
	};
	size_t i;
	unsigned int kind;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (kind = 0; kind < NR_ACCESS_KINDS; kind++) {
			const struct access one = { .addr = rows[i].addr, .size = rows[i].size, .kind = (uint8_t)kind };
			struct accesses *got = replayed(&one, 1);
			unsigned int side = kind == ACCESS_FETCH ? SIDE_FETCH : SIDE_DATA;
			uint64_t lookups, misses;

			CU_ASSERT_EQUAL(got->count[kind], 1);
			CU_ASSERT_EQUAL(got->bytes[kind], rows[i].size);
			CU_ASSERT_EQUAL(touched_pages(&got->touched[ACCESS_4K], 1u << kind), rows[i].small);
			CU_ASSERT_EQUAL(touched_pages(&got->touched[ACCESS_4K], 15u & ~(1u << kind)), 0);
			CU_ASSERT_EQUAL(touched_pages(&got->touched[ACCESS_2M], 1u << kind), rows[i].large);
			CU_ASSERT_EQUAL(touched_lines(&got->touched[ACCESS_4K]), rows[i].lines);
			CU_ASSERT_EQUAL(touched_lines(&got->touched[ACCESS_2M]), 0);
			CU_ASSERT_EQUAL(tlb_stats(got->tlb[side][TLB_PTE], TLB_PTE).walks, rows[i].small);
			CU_ASSERT_EQUAL(tlb_stats(got->tlb[side][TLB_PMD], TLB_PMD).lookups, rows[i].large);
			CU_ASSERT_EQUAL(tlb_stats(got->tlb[!side][TLB_PTE], TLB_PTE).lookups, 0);
			caches_stats(&got->caches, side == SIDE_FETCH ? CACHE_L1_FETCH : CACHE_L1_DATA, &lookups, &misses);
			CU_ASSERT_EQUAL(lookups, rows[i].lines);
			CU_ASSERT_EQUAL(misses, rows[i].lines);
			caches_stats(&got->caches, CACHE_L2, &lookups, &misses);
			CU_ASSERT_EQUAL(lookups, rows[i].lines);
			CU_ASSERT_EQUAL(misses, rows[i].lines);
			accesses_destroy(got);
		}
	}
}

/* A line that fetches and data share is in the second level for both, once. */
static void test_shared_level(void)
{
	static const struct access two[] = {
		{ .addr = 128, .size = 4, .kind = ACCESS_FETCH }, { .addr = 160, .size = 8, .kind = ACCESS_LOAD },
		{ .addr = 128, .size = 4, .kind = ACCESS_FETCH },
	};
	struct accesses *got = replayed(two, 3);
	uint64_t lookups, misses;

	caches_stats(&got->caches, CACHE_L2, &lookups, &misses);
	CU_ASSERT_EQUAL(lookups, 2);
	CU_ASSERT_EQUAL(misses, 1);
	caches_stats(&got->caches, CACHE_L1_FETCH, &lookups, &misses);
	CU_ASSERT_EQUAL(lookups, 2);
	CU_ASSERT_EQUAL(misses, 1);
	accesses_destroy(got);
}

/* Addresses that differ in their highest bits alone are different lines, pages and translations. */
static void test_high_bits(void)
{
	struct access each[64];
	struct accesses *got;
	uint64_t lookups, misses;
	unsigned int i;

	for (i = 0; i < 64; i++)
		each[i] = (struct access){ .addr = (uint64_t)i << 58, .size = 1, .kind = ACCESS_LOAD };
	got = replayed(each, 64);
	caches_stats(&got->caches, CACHE_L2, &lookups, &misses);
	CU_ASSERT_EQUAL(misses, 64);
	CU_ASSERT_EQUAL(touched_lines(&got->touched[ACCESS_4K]), 64);
	CU_ASSERT_EQUAL(tlb_stats(got->tlb[SIDE_DATA][TLB_PMD], TLB_PMD).walks, 64);
	accesses_destroy(got);
}

/* With pages of 16 KiB and 32 MiB in the TLB: pages that were touched are counted in these sizes, too. */
static void test_large_base_page(void)
{
	static const struct access four[] = {
		{ .addr = 4095, .size = 2, .kind = ACCESS_LOAD },		/* two pages of 4 KiB, one of 16 */
		{ .addr = 16383, .size = 2, .kind = ACCESS_STORE },		/* two of 16 */
		{ .addr = (32 << 20) - 1, .size = 2, .kind = ACCESS_LOAD },	/* two of 32 MiB */
		{ .addr = 16384, .size = 1, .kind = ACCESS_FETCH },
	};
	struct tlb_geometry geo;
	struct accesses *got;

	CU_ASSERT_EQUAL_FATAL(tlb_parse("apple-m1", &geo, NULL), 0);
	got = replayed_on(&geo, four, 4);
	CU_ASSERT_EQUAL(touched_pages(&got->touched[ACCESS_4K], 15), 6);
	CU_ASSERT_EQUAL(accesses_mapped(got, TLB_PTE, 15), 4);
	CU_ASSERT_EQUAL(accesses_mapped(got, TLB_PTE, 1u << ACCESS_FETCH), 1);
	CU_ASSERT_EQUAL(accesses_mapped(got, TLB_PMD, 15), 2);
	CU_ASSERT_EQUAL(tlb_stats(got->tlb[SIDE_DATA][TLB_PTE], TLB_PTE).walks, 4);
	CU_ASSERT_EQUAL(tlb_stats(got->tlb[SIDE_DATA][TLB_PTE], TLB_PTE).lookups, 5);
	CU_ASSERT_EQUAL(tlb_stats(got->tlb[SIDE_DATA][TLB_PMD], TLB_PMD).lookups, 4);
	CU_ASSERT_EQUAL(tlb_stats(got->tlb[SIDE_DATA][TLB_PMD], TLB_PMD).walks, 2);
	accesses_destroy(got);
	got = replayed(four, 4);
	CU_ASSERT_EQUAL(accesses_mapped(got, TLB_PTE, 15), 6);
	accesses_destroy(got);
}

#define WS_PAGES	600u
#define WS_ACCESSES	30000u

/* Pages among the last @window of accesses up to @now, counted one by one. */
static uint64_t count_set(const struct access *at, uint32_t now, uint64_t window, uint32_t *seen, uint32_t round)
{
	uint32_t i, nr = 0;

	for (i = now + 1; i-- > 0 && now - i < window;) {
		uint64_t page = at[i].addr >> 12, last = (at[i].addr + at[i].size - 1) >> 12;

		for (; page <= last; page++) {
			nr += seen[page] != round;
			seen[page] = round;
		}
	}
	return nr;
}

/* The average of the sizes at each point in time is what the sums give, of any window. */
static void test_working_set(void)
{
	static struct access at[WS_ACCESSES];
	static uint32_t seen[WS_PAGES + 2];
	struct test_rng rng = { 7 };
	struct accesses *got;
	uint64_t sum[2] = { 0, 0 };
	uint32_t i, window;

	for (i = 0; i < WS_ACCESSES; i++) {
		/* A few pages often, others seldom; some accesses in two pages. */
		uint64_t page = test_rand_below(&rng, 4) ? test_rand_below(&rng, 20) : test_rand_below(&rng, WS_PAGES);

		at[i] = (struct access){
			.addr = page * 4096 + test_rand_below(&rng, 4096), .size = 8,
			.kind = (uint8_t)test_rand_below(&rng, NR_ACCESS_KINDS)
		};
	}
	got = replayed(at, WS_ACCESSES);
	for (window = 0; window < 2; window++) {
		/* Every 10th point in time of the longer window: it takes long. */
		uint32_t step = window ? 10 : 1;

		memset(seen, 0, sizeof(seen));
		for (i = 0; i < WS_ACCESSES; i += step)
			sum[window] += count_set(at, i, touched_windows[window], seen, i + 1);
	}
	CU_ASSERT_EQUAL((uint64_t)touched_sum(&got->touched[ACCESS_4K], 0, WS_ACCESSES), sum[0]);
	CU_ASSERT_DOUBLE_EQUAL(touched_sum(&got->touched[ACCESS_4K], 1, WS_ACCESSES), (double)sum[1] * 10, (double)sum[1] / 100);
	CU_ASSERT_EQUAL(got->touched[ACCESS_4K].nr, touched_pages(&got->touched[ACCESS_4K], 15));
	accesses_destroy(got);
}

/* The table grows, and forgets nothing. */
static void test_many_pages(void)
{
	struct touched touched;
	struct kerror err;
	uint64_t i;

	CU_ASSERT_EQUAL_FATAL(touched_init(&touched, &err), 0);
	for (i = 0; i < 20000; i++)
		CU_ASSERT_EQUAL_FATAL(touched_touch(&touched, i * 0x10000001, 0, 2 * i + 1, 1), 0);
	for (i = 0; i < 20000; i++)
		CU_ASSERT_EQUAL_FATAL(touched_touch(&touched, i * 0x10000001, 1, 40001 + i, 2), 0);
	CU_ASSERT_EQUAL(touched_pages(&touched, 1), 20000);
	CU_ASSERT_EQUAL(touched_pages(&touched, 2), 20000);
	CU_ASSERT_EQUAL(touched_lines(&touched), 40000);
	touched_exit(&touched);
}

static const struct test_case cases[] = {
	{ "borders", test_borders },
	{ "shared_level", test_shared_level },
	{ "high_bits", test_high_bits },
	{ "large_base_page", test_large_base_page },
	{ "working_set", test_working_set },
	{ "many_pages", test_many_pages },
	{ NULL, NULL }
};

const struct test_suite accesses_suite = { "accesses", cases };
