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
		CU_ASSERT_EQUAL(mapped(NULL) > 8 * MIB, 0);
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

/* Growing keeps the bytes, counts what is mapped, and shrinking gives it back. */
static void test_resized(void)
{
	size_t size, blocks, more, before = mapped(&blocks);
	unsigned char *p = kms_malloc(MIB);

	memset(p, 1, MIB);
	for (size = MIB; size < 40 * MIB; size += 700000) {
		p = kms_realloc(p, size);
		CU_ASSERT(kms_usable_size(p) >= size && kms_usable_size(p) < size + 4096);
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
	{ "large: resized", test_resized },
	{ "large: threads", test_threads },
	{ NULL, NULL }
};
const struct test_suite library_large_suite = { "library_large", cases };
