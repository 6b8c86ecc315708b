/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: blocks mapped on their own: what is kept of freed ones, what
 * it may cost, and that nobody sees another's bytes.
 */
#include <pthread.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "slab/malloc/internal.h"
#include "slab/malloc/large.h"
#include "slab/malloc/watch.h"
#include "tests/tests.h"

#define MIB ((size_t)1 << 20)

static size_t mapped(size_t *blocks)
{
	size_t bytes, nr;

	kms_large_stats(&nr, &bytes);
	if (blocks)
		*blocks = nr;
	return bytes;
}

static bool all_are(const unsigned char *p, unsigned char value, size_t bytes)
{
	return p[0] == value && !memcmp(p, p + 1, bytes - 1);
}

/* The next block of that size is the one that was freed, and is clean where it must be. */
static void test_kept(void)
{
	unsigned char *p, *again;

	kms_large_trim();
	p = kms_malloc(2 * MIB);
	memset(p, 7, 2 * MIB);
	kms_free(p);
	again = kms_malloc(2 * MIB);
	CU_ASSERT_PTR_EQUAL(again, p);
	CU_ASSERT(all_are(again, 7, 2 * MIB));
	kms_free(again);
	again = kms_calloc(2, MIB);
	CU_ASSERT_PTR_EQUAL(again, p);
	CU_ASSERT(all_are(again, 0, 2 * MIB));
	kms_free(again);
	CU_ASSERT_EQUAL(kms_large_trim(), 2 * MIB);
	CU_ASSERT_EQUAL(kms_large_trim(), 0);
}

/* A kept region serves smaller and larger blocks, with the bytes it has to have. */
static void test_other_sizes(void)
{
	static const size_t sizes[] = { MIB, 3 * MIB, MIB + 5000, 5 * MIB, 2 * MIB, 300000, 5 * MIB };
	unsigned char *p;
	unsigned int i;

	kms_large_trim();
	p = kms_malloc(8 * MIB);
	kms_free(p);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p = kms_malloc(sizes[i]);
		CU_ASSERT(kms_usable_size(p) >= sizes[i]);
		memset(p, (int)i, kms_usable_size(p));
		CU_ASSERT(mapped(NULL) <= 8 * MIB);
		kms_free(p);
		p = kms_calloc(1, sizes[i]);
		CU_ASSERT(all_are(p, 0, sizes[i]));
		kms_free(p);
	}
}

/* What is kept never makes the peak higher, and has an end of its own. */
static void test_bounded(void)
{
	void *p[64];
	unsigned int i;

	kms_large_trim();
	for (i = 0; i < 64; i++)
		p[i] = kms_malloc(MIB);
	for (i = 0; i < 64; i++)
		kms_free(p[i]);
	CU_ASSERT_EQUAL(mapped(NULL), 0);
	CU_ASSERT(kms_large_trim() <= 32 * MIB);

	/* Most in use were 10 MiB: with 9 of them in use again, 5 can't be kept. */
	p[0] = kms_malloc(5 * MIB);
	p[1] = kms_malloc(5 * MIB);
	kms_free(p[0]);
	p[2] = kms_memalign(16 * MIB, 4 * MIB);
	CU_ASSERT_EQUAL((uintptr_t)p[2] & (16 * MIB - 1), 0);
	CU_ASSERT_EQUAL(kms_large_trim(), 0);
	kms_free(p[1]);
	kms_free(p[2]);
	CU_ASSERT_EQUAL(kms_large_trim(), 9 * MIB);
	/* More than is ever kept goes back at once. */
	kms_free(kms_malloc(40 * MIB));
	CU_ASSERT_EQUAL(kms_large_trim(), 0);
}

/*
 * Of the kept regions a request takes the smallest that is large enough, else the
 * largest; they were freed in an order in which it is neither the first nor the last.
 */
static void test_best_fit(void)
{
	static const struct { size_t pages, takes; } wanted[] = {
		{ 200, 300 }, { 300, 300 }, { 301, 500 }, { 500, 500 }, { 501, 800 }, { 800, 800 },
		{ 801, 1300 }, { 1300, 1300 }, { 1301, 1300 }, { 5000, 1300 },
	};
	static const size_t pages[] = { 500, 1300, 300, 800 };
	unsigned int i, j;
	void *p[4];

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		kms_large_trim();
		for (j = 0; j < 4; j++)
			p[j] = kms_malloc(pages[j] * PAGE_SIZE);
		for (j = 0; j < 4; j++)
			kms_free(p[j]);
		p[0] = kms_malloc(wanted[i].pages * PAGE_SIZE);
		CU_ASSERT_EQUAL(kms_large_trim(), (2900 - wanted[i].takes) * PAGE_SIZE);
		kms_free(p[0]);
	}
	kms_large_trim();
}

/* Blocks of these sizes at once, then freed in this order: what is kept of them. */
static size_t kept_of(const size_t *bytes, unsigned int nr)
{
	void *p[32];
	unsigned int i;

	kms_large_trim();
	for (i = 0; i < nr; i++)
		p[i] = kms_malloc(bytes[i]);
	for (i = 0; i < nr; i++)
		kms_free(p[i]);
	return kms_large_trim();
}

/* 32 MiB are kept, not a frame more, in 16 regions; where one has to go it is the oldest. */
static void test_keeps(void)
{
	static const struct { size_t bytes[4], kept; } cases_of_bytes[] = {
		{ { 32 * MIB }, 32 * MIB },
		{ { 32 * MIB + 4096 }, 0 },
		{ { 20 * MIB, 10 * MIB, 2 * MIB }, 32 * MIB },
		{ { 20 * MIB, 10 * MIB, 2 * MIB + 4096 }, 12 * MIB + 4096 },
		{ { 3 * MIB, 20 * MIB, 5 * MIB, 8 * MIB }, 13 * MIB },
		{ { 5 * MIB, 32 * MIB + 4096, 1 * MIB }, 6 * MIB },
	};
	size_t many[17];
	unsigned int i, nr;

	for (i = 0; i < sizeof(cases_of_bytes) / sizeof(cases_of_bytes[0]); i++) {
		for (nr = 0; nr < 4 && cases_of_bytes[i].bytes[nr]; nr++)
			;
		CU_ASSERT_EQUAL(kept_of(cases_of_bytes[i].bytes, nr), cases_of_bytes[i].kept);
	}
	for (i = 0; i < 17; i++)
		many[i] = (100 + i) * PAGE_SIZE;
	CU_ASSERT_EQUAL(kept_of(many, 16), (1600 + 120) * PAGE_SIZE);
	CU_ASSERT_EQUAL(kept_of(many, 17), (1600 + 120 + 16) * PAGE_SIZE);
}

/* From 256 KiB on a block is a mapping of its own, a byte less is one of the arena's. */
static void test_border(void)
{
	void *below = kms_malloc(LARGE_MIN - 1), *at = kms_malloc(LARGE_MIN);

	CU_ASSERT((uintptr_t)below - arena.base < arena.bytes);
	CU_ASSERT((uintptr_t)at - arena.base >= arena.bytes);
	kms_free(below);
	kms_free(at);
}

/* What must be zero comes from a kept region up to 4 MiB: the host clears what is larger. */
static void test_cleared(void)
{
	size_t bytes;
	void *p, *other;

	for (bytes = 4 * MIB - 4096; bytes <= 4 * MIB + 4096; bytes += 4096) {
		kms_large_trim();
		other = kms_malloc(20 * MIB);
		p = kms_malloc(bytes);
		memset(p, 5, bytes);
		/* From here on there is room for a new region beside the kept one. */
		other = kms_realloc(other, 8 * MIB);
		kms_free(p);
		p = kms_calloc(1, bytes);
		CU_ASSERT(all_are(p, 0, bytes));
		CU_ASSERT_EQUAL(kms_large_trim(), bytes <= 4 * MIB ? 0 : bytes);
		kms_free(p);
		kms_free(other);
	}
	kms_large_trim();
}

#ifndef __SANITIZE_THREAD__	/* it maps a shadow of what is mapped */
static bool add_bytes(void *sum, const struct kms_mapping *m)
{
	*(size_t *)sum += m->end - m->start;
	return true;
}

static size_t bytes_of_host(void)
{
	size_t sum = 0;

	kms_for_each_mapping(add_bytes, &sum);
	return sum;
}

/* An aligned block has its own frames mapped and nothing before or behind them; freed, nothing stays. */
static void test_aligned_leaves_nothing(void)
{
	static const struct { size_t align, size, mapped; } blocks[] = {
		{ 16, 300001, 303104 }, { 4096, 1 * MIB, 1 * MIB }, { 8192, 262144, 262144 },
		{ 65536, 300001, 303104 }, { 2 * MIB, 5 * MIB + 1, 5 * MIB + 4096 },
		{ 8 * MIB, 1, 4096 }, { 8 * MIB, 4097, 8192 }, { 256 * MIB, 3 * MIB, 3 * MIB },
	};
	size_t before;
	unsigned int i, round;
	void *p;

	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		for (round = 0; round < 8; round++) {
			kms_large_trim();
			before = bytes_of_host();
			p = kms_memalign(blocks[i].align, blocks[i].size);
			CU_ASSERT_EQUAL((uintptr_t)p % blocks[i].align, 0);
			CU_ASSERT_EQUAL(bytes_of_host() - before, blocks[i].mapped);
			memset(p, 1, blocks[i].size);
			kms_free(p);
			CU_ASSERT_EQUAL(kms_large_trim(), blocks[i].mapped);
			CU_ASSERT_EQUAL(bytes_of_host(), before);
		}
}
#endif

/* Growing keeps the bytes, counts what is mapped, and shrinking gives it back. */
static void test_resized(void)
{
	size_t size, blocks, more, before = mapped(&blocks);
	unsigned char *p = kms_malloc(MIB);

	memset(p, 1, MIB);
	for (size = MIB; size < 40 * MIB; size += 700000) {
		p = kms_realloc(p, size);
		CU_ASSERT(kms_usable_size(p) >= size);
		CU_ASSERT(kms_usable_size(p) < size + 4096);
		p[size - 1] = 1;
		CU_ASSERT(all_are(p, 1, MIB));
	}
	CU_ASSERT(mapped(&more) - before < size + size / 2);
	CU_ASSERT_EQUAL(more, blocks + 1);
	p = kms_realloc(p, 2 * MIB);
	CU_ASSERT(all_are(p, 1, MIB));
	CU_ASSERT_EQUAL(mapped(NULL) - before, 2 * MIB);
	kms_free(p);
	CU_ASSERT_EQUAL(mapped(NULL), before);
}

static void *crowd(void *arg)
{
	unsigned char *p[4] = { NULL };
	uintptr_t seed = (uintptr_t)arg;
	unsigned int i;

	for (i = 0; i < 400; i++) {
		size_t size = 300000 + (i * seed * 7919) % (2 * MIB);
		unsigned int place = (i + seed) % 4;

		if (p[place] && *p[place] != (unsigned char)seed)
			return (void *)1;
		if (i % 3)
			p[place] = kms_realloc(p[place], size);
		else
			kms_free(p[place]), p[place] = kms_calloc(1, size);
		if (!(i % 3) && p[place][size - 1])
			return (void *)1;
		p[place][0] = p[place][size - 1] = (unsigned char)seed;
	}
	for (i = 0; i < 4; i++)
		kms_free(p[i]);
	return NULL;
}

/* Threads that free and allocate at once never have the same region. */
static void test_threads(void)
{
	size_t blocks, after;
	pthread_t thread[4];
	uintptr_t i;
	void *wrong;

	mapped(&blocks);
	for (i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, crowd, (void *)(i + 1));
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], &wrong);
		CU_ASSERT_PTR_NULL(wrong);
	}
	mapped(&after);
	CU_ASSERT_EQUAL(after, blocks);
}

static const struct test_case cases[] = {
	{ "large: kept", test_kept },
	{ "large: other sizes", test_other_sizes },
	{ "large: bounded", test_bounded },
	{ "large: best fit", test_best_fit },
	{ "large: keeps", test_keeps },
	{ "large: border", test_border },
	{ "large: cleared", test_cleared },
#ifndef __SANITIZE_THREAD__
	{ "large: aligned leaves nothing", test_aligned_leaves_nothing },
#endif
	{ "large: resized", test_resized },
	{ "large: threads", test_threads },
	{ NULL, NULL }
};
const struct test_suite library_large_suite = { "library_large", cases };
