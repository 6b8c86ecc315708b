/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the library's caches and its objects of any size: what the
 * header promises of sizes, alignments, constructors and errors.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "slab/malloc/internal.h"
#include "tests/tests.h"

/* Every size has the smallest class that holds it, by computation and by table. */
static void test_sizes(void)
{
	unsigned int class, wrong = 0;
	size_t size;

	kms_free(kms_malloc(1));	/* the tables are made with the heap */
	for (size = 0; size <= CLASS_MAX; size++) {
		class = size_class(size);
		wrong += class >= NR_CLASSES || class_bytes(class) < size;
		wrong += class && class_bytes(class - 1) >= size;
		wrong += class != (size <= CLASS_MIDDLE_MAX ? arena.fine_class[(size + 15) / 16] :
							      arena.coarse_class[(size + 127) / 128]);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(class_bytes(NR_CLASSES - 1), CLASS_MAX);
}

static unsigned int constructed;

static void construct(void *object)
{
	constructed++;
	memset(object, 0x5c, 40);
}

/* The constructor's work is found again after each free, and is done once an object. */
static void test_ctor(void)
{
	struct kms_cache *cache = kms_cache_create("built", 40, 0, 0, construct);
	unsigned char *objects[100];
	unsigned int i, round, first = 0, wrong = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	for (round = 0; round < 3; round++) {
		CU_ASSERT_EQUAL(kms_cache_alloc_bulk(cache, 100, (void **)objects), 100);
		for (i = 0; i < 100; i++)
			wrong += objects[i][0] != 0x5c || objects[i][39] != 0x5c;
		kms_cache_free_bulk(cache, 100, (void **)objects);
		if (!round)
			first = constructed;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(first >= 100);
	CU_ASSERT_EQUAL(constructed, first);
	CU_ASSERT_EQUAL(kms_cache_destroy(cache), 0);
}

/* Objects begin where they were promised to, and don't overlap. */
static void test_cache_alignment(void)
{
	static const size_t aligns[] = { 0, 16, 64, 512, 4096 };
	unsigned int i, j;

	for (i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++) {
		struct kms_cache *cache = kms_cache_create("aligned", 72, aligns[i], 0, NULL);
		uintptr_t least = aligns[i] ? aligns[i] : 8;
		void *objects[40];

		CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
		for (j = 0; j < 40; j++) {
			objects[j] = kms_cache_alloc(cache);
			CU_ASSERT_EQUAL((uintptr_t)objects[j] % least, 0);
			memset(objects[j], (int)j, 72);
		}
		for (j = 0; j < 40; j++) {
			CU_ASSERT_EQUAL(*(unsigned char *)objects[j], j);
			kms_cache_free(cache, objects[j]);
		}
		CU_ASSERT_EQUAL(kms_cache_destroy(cache), 0);
	}
}

static void refused(const char *name, size_t size, size_t align, unsigned int flags, int want)
{
	errno = 0;
	CU_ASSERT_PTR_NULL(kms_cache_create(name, size, align, flags, NULL));
	CU_ASSERT_EQUAL(errno, want);
}

/* A name that is taken, or a size, alignment, flag or name that cannot be, is refused with its errno. */
static void test_cache_refused(void)
{
	struct kms_cache *cache = kms_cache_create("taken", 8, 0, KMS_HWCACHE_ALIGN, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	refused("taken", 8, 0, 0, EEXIST);
	refused("none", 0, 0, 0, EINVAL);
	refused("none", SIZE_MAX, 0, 0, EINVAL);
	refused("none", 8, 24, 0, EINVAL);
	refused("none", 8, 8192, 0, EINVAL);
	refused("none", 8, SIZE_MAX, 0, EINVAL);
	refused("none", 8, 0, 2, EINVAL);
	refused("with blank", 8, 0, 0, EINVAL);
	CU_ASSERT_EQUAL(kms_cache_destroy(cache), 0);
	CU_ASSERT_EQUAL(kms_cache_destroy(NULL), 0);
}

/* Slots, and their windows in this thread, are used again by other caches. */
static void test_slots_again(void)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		size_t size = 16 + 8 * (i % 60);
		struct kms_cache *cache;
		unsigned char *a, *b;

		snprintf(name, sizeof(name), "again-%u", i);
		cache = kms_cache_create(name, size, 0, 0, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
		a = kms_cache_alloc(cache);
		b = kms_cache_alloc(cache);
		memset(a, 1, size);
		memset(b, 2, size);
		CU_ASSERT_EQUAL(a[size - 1], 1);
		CU_ASSERT_EQUAL(b[0], 2);
		kms_cache_free(cache, a);
		kms_cache_free(cache, b);
		CU_ASSERT_EQUAL_FATAL(kms_cache_destroy(cache), 0);
	}
}

/* Contents move along, up and down over all borders between the ways to get memory. */
static void test_realloc(void)
{
	static const size_t steps[] = { 1, 16, 17, 100, 128, 129, 1000, 1024, 1025, 5000, 16384, 16385,
					40000, 131072, 131073, 262143, 262144, 262145, 1 << 20, 3 << 20,
					300000, 70000, 20000, 16000, 900, 100, 3 };
	unsigned char *p = NULL;
	size_t i, j, had = 0, wrong = 0;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		p = kms_realloc(p, steps[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT(kms_usable_size(p) >= steps[i]);
		for (j = 0; j < had && j < steps[i]; j++)
			wrong += p[j] != (unsigned char)(j * 7);
		for (j = 0; j < steps[i]; j++)
			p[j] = (unsigned char)(j * 7);
		had = steps[i];
	}
	CU_ASSERT_EQUAL(wrong, 0);
	kms_free(p);
}

/* Each power of two is an alignment, at sizes from a byte to large blocks; another number is none. */
static void test_memalign(void)
{
	size_t align, size;

	for (align = 1; align <= (size_t)16 << 20; align *= 2)
		for (size = 1; size < 400000; size = size * 3 + 5) {
			unsigned char *p = kms_memalign(align, size);

			CU_ASSERT_PTR_NOT_NULL_FATAL(p);
			CU_ASSERT_EQUAL((uintptr_t)p % align, 0);
			CU_ASSERT(kms_usable_size(p) >= size);
			p[0] = p[size - 1] = 1;
			kms_free(p);
		}
	errno = 0;
	CU_ASSERT_PTR_NULL(kms_memalign(24, 8));
	CU_ASSERT_EQUAL(errno, EINVAL);
}

/* All that is usable may be written, without a neighbour noticing. */
static void test_usable(void)
{
	enum { NR = 64 };
	unsigned char *p[NR];
	size_t size, usable[NR], i, j, wrong = 0;

	for (size = 1; size < 200000; size = size * 5 / 3 + 1) {
		for (i = 0; i < NR; i++) {
			p[i] = kms_malloc(size);
			CU_ASSERT_PTR_NOT_NULL_FATAL(p[i]);
			usable[i] = kms_usable_size(p[i]);
			memset(p[i], (int)i, usable[i]);
		}
		for (i = 0; i < NR; i++)
			for (j = 0; j < usable[i]; j++)
				wrong += p[i][j] != i;
		for (i = 0; i < NR; i++)
			kms_free(p[i]);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

/* An object of a cache, given to kms_free() in a frame that was kms_malloc()'s before, is refused. */
static void test_not_kms_free(void)
{
	enum { NR = 4096 };
	static void *p[NR];
	struct kms_stats before, after;
	struct kms_cache *cache;
	unsigned int i;
	int err, null;

	for (i = 0; i < NR; i++)
		p[i] = kms_malloc(192);
	for (i = 0; i < NR; i++)
		kms_free(p[i]);
	kms_trim();
	cache = kms_cache_create("others", 192, 0, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	CU_ASSERT_EQUAL_FATAL(kms_cache_alloc_bulk(cache, NR, p), NR);
	kms_get_stats(&before);
	/* What the library says of it is not for who runs the tests. */
	err = dup(STDERR_FILENO);
	null = open("/dev/null", O_WRONLY);
	dup2(null, STDERR_FILENO);
	for (i = 0; i < NR; i += 256)
		kms_free(p[i]);
	dup2(err, STDERR_FILENO);
	close(err);
	close(null);
	kms_get_stats(&after);
	CU_ASSERT_EQUAL(after.bad_frees - before.bad_frees, NR / 256);
	kms_cache_free_bulk(cache, NR, p);
	CU_ASSERT_EQUAL(kms_cache_destroy(cache), 0);
	__atomic_store_n(&heap.seen_complaints, before.bad_frees, __ATOMIC_RELAXED);
}

/* Frames in free blocks, with nothing on its way to them. */
static uint64_t free_frames(void)
{
	struct contig_page_info info;
	const struct zone *zone;
	uint64_t frames = 0;
	unsigned int idx;

	kms_trim();
	kms_enter();
	buddy_drain_all_pages(heap.buddy);
	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		zone = buddy_zone(heap.buddy, 0, idx);
		if (!zone || !zone_populated(zone))
			continue;
		fill_contig_page_info(zone, 0, &info);
		frames += info.free_pages;
	}
	kms_leave();
	return frames;
}

/* A run of 40 frames is cut out of a block of 64: the rest is free at once, and all of it afterwards. */
static void test_runs_trimmed(void)
{
	uint64_t before = free_frames();
	void *run = kms_malloc(40 * PAGE_SIZE);

	CU_ASSERT_PTR_NOT_NULL_FATAL(run);
	CU_ASSERT_EQUAL(kms_usable_size(run), 40 * PAGE_SIZE);
	CU_ASSERT_EQUAL(before - free_frames(), 40);
	kms_free(run);
	CU_ASSERT_EQUAL(free_frames(), before);
}

static const struct test_case cases[] = {
	{ "sizes", test_sizes },
	{ "ctor", test_ctor },
	{ "cache alignment", test_cache_alignment },
	{ "cache refused", test_cache_refused },
	{ "slots again", test_slots_again },
	{ "realloc", test_realloc },
	{ "memalign", test_memalign },
	{ "usable", test_usable },
	{ "runs trimmed", test_runs_trimmed },
	{ "not kms_free", test_not_kms_free },
	{ NULL, NULL }
};
const struct test_suite library_objects_suite = { "library_objects", cases };
