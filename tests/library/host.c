/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the host's memory behind the library's heap: it goes back when
 * objects are freed, unless asked not to, and all of it when asked to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "slab/malloc/host.h"
#include "slab/malloc/pages.h"
#include "tests/library/library.h"

#define MIB ((size_t)1 << 20)
#define OBJECT_BYTES 192u
#define TOTAL (200 * MIB)
#define NR_OBJECTS (TOTAL / OBJECT_BYTES)

/* ThreadSanitizer has a shadow of what is written, and it stays. */
#ifndef __SANITIZE_THREAD__
static size_t resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return pages * KMS_PAGE_SIZE;
}

struct objects {
	struct kms_cache *cache;
	void **object;
	size_t before;		/* resident bytes without them */
};

static void take_objects(struct objects *all)
{
	size_t i;

	kms_trim();
	all->cache = kms_cache_create("host-test", OBJECT_BYTES, 0, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(all->cache);
	all->object = kms_malloc(NR_OBJECTS * sizeof(void *));
	CU_ASSERT_PTR_NOT_NULL_FATAL(all->object);
	memset(all->object, 1, NR_OBJECTS * sizeof(void *));
	all->before = resident_bytes();
	for (i = 0; i < NR_OBJECTS; i++) {
		all->object[i] = kms_cache_alloc(all->cache);
		CU_ASSERT_PTR_NOT_NULL_FATAL(all->object[i]);
		memset(all->object[i], 1, OBJECT_BYTES);
	}
	CU_ASSERT(resident_bytes() > all->before + TOTAL);
}

static void free_objects(struct objects *all)
{
	size_t i;

	for (i = 0; i < NR_OBJECTS; i++)
		kms_cache_free(all->cache, all->object[i]);
}

/* What stays is what the host leaves for the next request, and the tables. */
static size_t kept_bytes(const struct objects *all)
{
	size_t now = resident_bytes();

	return now > all->before ? now - all->before : 0;
}

static void drop_objects(struct objects *all)
{
	size_t given = kms_trim();

	CU_ASSERT(kept_bytes(all) < 16 * MIB);
	CU_ASSERT(given <= TOTAL + TOTAL / 4);
	CU_ASSERT_EQUAL(kms_cache_destroy(all->cache), 0);
	kms_free(all->object);
	CU_ASSERT_EQUAL(kms_frames_validate(), 0);
	kms_enter();
	CU_ASSERT_EQUAL(buddy_validate(heap.buddy, NULL, NULL), 0);
	kms_leave();
}

/* 200 MiB of objects, freed in order: most of it goes back without being asked for. */
static void goes_back(void)
{
	struct objects all;

	take_objects(&all);
	free_objects(&all);
	CU_ASSERT(kept_bytes(&all) < 64 * MIB);
	drop_objects(&all);
}

/* The same in no order at all, where whole pageblocks come free last. */
static void goes_back_from_chaos(void)
{
	struct objects all;

	take_objects(&all);
	shuffle(all.object, NR_OBJECTS);
	free_objects(&all);
	CU_ASSERT(kept_bytes(&all) < 64 * MIB);
	drop_objects(&all);
}

/* give_back=no keeps everything, until kms_trim(), which says how much it gave. */
static void stays(void)
{
	struct objects all;
	size_t given;

	heap.options.give_back = false;
	take_objects(&all);
	free_objects(&all);
	CU_ASSERT(kept_bytes(&all) > TOTAL);
	given = kms_trim();
	CU_ASSERT(given > TOTAL - 16 * MIB);
	CU_ASSERT(given < TOTAL + TOTAL / 4);
	heap.options.give_back = true;
	drop_objects(&all);
}
#endif

/* Memory that was given back is good again: zero, writable, and counted as backed. */
static void comes_again(void)
{
	size_t bytes = (size_t)KMS_PAGE_SIZE << KMS_MAX_ORDER, backed;
	unsigned char *block = kms_pages_alloc(KMS_MAX_ORDER), *again;

	CU_ASSERT_PTR_NOT_NULL_FATAL(block);
	memset(block, 7, bytes);
	kms_pages_free(block, KMS_MAX_ORDER);
	CU_ASSERT(kms_trim() >= bytes);
	backed = kms_host_backed();
	again = kms_pages_alloc(KMS_MAX_ORDER);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	CU_ASSERT_EQUAL(kms_host_backed(), backed + (1U << KMS_MAX_ORDER));
	if (again == block)
		CU_ASSERT_EQUAL(again[0], 0);
	memset(again, 9, bytes);
	kms_pages_free(again, KMS_MAX_ORDER);
	kms_trim();
}

/* Large objects that were freed do not pile up in stacks, where no other cache can have them. */
static void stacks_of_large_objects(void)
{
	static void *object[64];
	struct kms_cache *cache = kms_cache_create("megabytes", 1 << 20, 0, 0, NULL);
	struct kms_stats before, after;

	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	kms_get_stats(&before);
	CU_ASSERT_EQUAL_FATAL(kms_cache_alloc_bulk(cache, 64, object), 64);
	kms_cache_free_bulk(cache, 64, object);
	kms_get_stats(&after);
	/* What is left are empty slabs, of which the slab layer keeps some. */
	CU_ASSERT(after.objects_free < before.objects_free + (40 << 20));
	CU_ASSERT_EQUAL(kms_cache_destroy(cache), 0);
}

#define NR_LARGE 1500u

/* What marks a place that a large block left in their table is no block's address. */
static void marks_are_no_blocks(void)
{
	static void *large[NR_LARGE];
	uintptr_t mark;
	unsigned int i, round;

	for (round = 0; round < 12; round++) {
		for (i = 0; i < NR_LARGE; i++)
			large[i] = kms_malloc(300000 + round * 36864);
		for (i = 0; i < NR_LARGE; i++)
			kms_free(large[i]);
		for (mark = 1; mark < 16; mark++)
			CU_ASSERT_EQUAL(kms_usable_size((void *)mark), 0);
	}
}

/* Used and free add up, also where frames come from pageblocks of their own. */
static void figures_add_up(void)
{
	struct kms_stats before, during, after;
	void *frame[100];
	size_t i;

	kms_trim();
	kms_get_stats(&before);
	for (i = 0; i < 100; i++)
		frame[i] = kms_pages_alloc(0);
	kms_get_stats(&during);
	CU_ASSERT(during.frames_used >= before.frames_used + 100 * KMS_PAGE_SIZE);
	CU_ASSERT(during.frames_used <= before.frames_used + 400 * KMS_PAGE_SIZE);
	CU_ASSERT(during.frames_used + during.frames_free >= before.frames_used + before.frames_free);
	for (i = 0; i < 100; i++)
		kms_pages_free(frame[i], 0);
	kms_trim();
	kms_get_stats(&after);
	CU_ASSERT_EQUAL(after.frames_used, before.frames_used);
	CU_ASSERT_EQUAL(after.frames_used + after.frames_free, during.frames_used + during.frames_free);
	CU_ASSERT_EQUAL(after.arena, arena.bytes);
}

static const struct test_case cases[] = {
#ifndef __SANITIZE_THREAD__
	{ "goes back", goes_back },
	{ "goes back from chaos", goes_back_from_chaos },
	{ "stays", stays },
#endif
	{ "comes again", comes_again },
	{ "stacks of large objects", stacks_of_large_objects },
	{ "marks are no blocks", marks_are_no_blocks },
	{ "figures add up", figures_add_up },
	{ NULL, NULL }
};
const struct test_suite library_host_suite = { "library_host", cases };
