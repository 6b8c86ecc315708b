/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: page frames as the library hands them out: none twice, none
 * lost, wrong frees refused, and the counts hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "slab/malloc/internal.h"
#include "slab/malloc/pages.h"
#include "tests/library/library.h"

#define NR_FRAMES (8 * PAGEBLOCK_NR_PAGES + 100)

static void *frame[NR_FRAMES];

static void expect_valid(void)
{
	CU_ASSERT_EQUAL(kms_frames_validate(), 0);
	kms_enter();
	CU_ASSERT_EQUAL(buddy_validate(heap.buddy, NULL, NULL), 0);
	kms_leave();
}

static uint64_t refused(void)
{
	struct kms_stats stats;

	kms_get_stats(&stats);
	return stats.bad_frees;
}

static int compare_addresses(const void *a, const void *b)
{
	const char *x = *(void *const *)a, *y = *(void *const *)b;

	return x < y ? -1 : x > y;
}

/* Nothing is in a stack or a pool any more, and nothing of ours in the frames' lists. */
static void put_all_back(void)
{
	kms_trim();
	expect_valid();
}

/* Handed out frame by frame, aligned, each once; taken back in another order; no frame stays behind. */
static void frames_come_once(void)
{
	struct kms_frames_figures before, after;
	size_t i;

	put_all_back();
	kms_frames_count(&before);
	for (i = 0; i < NR_FRAMES; i++) {
		frame[i] = kms_pages_alloc(0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(frame[i]);
		CU_ASSERT_EQUAL((uintptr_t)frame[i] % KMS_PAGE_SIZE, 0);
		*(size_t *)frame[i] = i;
	}
	for (i = 0; i < NR_FRAMES; i++)
		CU_ASSERT_EQUAL(*(size_t *)frame[i], i);
	expect_valid();
	qsort(frame, NR_FRAMES, sizeof(frame[0]), compare_addresses);
	for (i = 1; i < NR_FRAMES; i++)
		CU_ASSERT_PTR_NOT_EQUAL(frame[i], frame[i - 1]);
	shuffle(frame, NR_FRAMES);
	for (i = 0; i < NR_FRAMES / 2; i++)
		kms_pages_free(frame[i], 0);
	expect_valid();
	for (i = 0; i < NR_FRAMES / 2; i++)
		frame[i] = kms_pages_alloc(0);
	qsort(frame, NR_FRAMES, sizeof(frame[0]), compare_addresses);
	for (i = 1; i < NR_FRAMES; i++)
		CU_ASSERT_PTR_NOT_EQUAL(frame[i], frame[i - 1]);
	for (i = 0; i < NR_FRAMES; i++)
		kms_pages_free(frame[i], 0);
	put_all_back();
	kms_frames_count(&after);
	CU_ASSERT_EQUAL(after.blocks, before.blocks);
	CU_ASSERT_EQUAL(after.free, before.free);
	CU_ASSERT_EQUAL(after.singles, 0);
}

/* Every order, with a window or without: aligned to itself, writable from end to end, and given back. */
static void every_order(void)
{
	struct kms_stats before, after;
	unsigned int order;

	put_all_back();
	kms_get_stats(&before);
	for (order = 0; order <= KMS_MAX_ORDER; order++) {
		size_t bytes = (size_t)KMS_PAGE_SIZE << order;
		unsigned char *at = kms_pages_alloc(order);

		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		CU_ASSERT_EQUAL((uintptr_t)at % bytes, 0);
		at[0] = at[bytes - 1] = 1;
		kms_pages_free(at, order);
	}
	put_all_back();
	kms_get_stats(&after);
	CU_ASSERT_EQUAL(after.frames_used, before.frames_used);
	errno = 0;
	CU_ASSERT_PTR_NULL(kms_pages_alloc(KMS_MAX_ORDER + 1));
	CU_ASSERT_EQUAL(errno, EINVAL);
}

/* Complaints that are wanted are not shown. */
static int quiet(void)
{
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	close(null);
	return saved;
}

static void loud(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

/* Free @pages past the stack, where it is looked at. */
static void free_at_once(void *pages)
{
	heap.caches[0]->source->put(heap.caches[0], 0, 1, &pages);
}

/* What is no frame, was freed already, or is a pageblock of the frames' own is refused and counted. */
static void wrong_frees(void)
{
	char *first = kms_pages_alloc(0), *second = kms_pages_alloc(0), *block;
	struct kms_frames_figures before, after;
	static char elsewhere[2 * KMS_PAGE_SIZE];
	uint64_t bad = refused();
	int saved = quiet();

	put_all_back();
	kms_frames_count(&before);
	free_at_once(first);
	CU_ASSERT_EQUAL(refused(), bad);
	free_at_once(first);
	CU_ASSERT_EQUAL(refused(), bad + 1);
	free_at_once(second + 8);
	CU_ASSERT_EQUAL(refused(), bad + 2);
	free_at_once(elsewhere);
	CU_ASSERT_EQUAL(refused(), bad + 3);
	/* Memory of the arena that nobody ever asked for. */
	free_at_once((char *)arena.base + arena.bytes - KMS_PAGE_SIZE);
	CU_ASSERT_EQUAL(refused(), bad + 4);
	/* The frames' own pageblock, as a block of order 9. */
	block = (char *)((uintptr_t)second & ~(((uintptr_t)KMS_PAGE_SIZE << 9) - 1));
	kms_pages_free_slow(block, 9);
	CU_ASSERT_EQUAL(refused(), bad + 5);
	kms_pages_free_slow(elsewhere, 4);
	CU_ASSERT_EQUAL(refused(), bad + 6);
	kms_frames_count(&after);
	CU_ASSERT_EQUAL(after.free, before.free + 1);
	expect_valid();
	kms_pages_free(second, 0);
	put_all_back();
	/* Other tests expect none. */
	heap.seen_complaints = bad;
	loud(saved);
}

/* No pageblock is left: frames come from buddy one by one, then not at all; freed, all is as before. */
static void arena_runs_out(void)
{
	size_t i, nr = 0, most = arena.bytes >> (PAGE_SHIFT + KMS_MAX_ORDER);
	void **block = calloc(most, sizeof(*block)), *more, *next;
	struct kms_frames_figures figures;
	void *last = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(block);
	put_all_back();
	while (nr < most && (block[nr] = kms_pages_alloc(KMS_MAX_ORDER)))
		nr++;
	while ((more = kms_pages_alloc(9))) {
		*(void **)more = last;
		last = more;
	}
	for (i = 0; i < NR_FRAMES && (frame[i] = kms_pages_alloc(0)); i++)
		;
	CU_ASSERT(i < NR_FRAMES);
	CU_ASSERT_EQUAL(errno, ENOMEM);
	kms_frames_count(&figures);
	CU_ASSERT(figures.singles > 0);
	expect_valid();
	while (i)
		kms_pages_free(frame[--i], 0);
	for (; last; last = next) {
		next = *(void **)last;
		kms_pages_free(last, 9);
	}
	while (nr)
		kms_pages_free(block[--nr], KMS_MAX_ORDER);
	free(block);
	put_all_back();
	kms_frames_count(&figures);
	CU_ASSERT_EQUAL(figures.singles, 0);
}

static const struct test_case cases[] = {
	{ "frames come once", frames_come_once },
	{ "every order", every_order },
	{ "wrong frees", wrong_frees },
	{ "arena runs out", arena_runs_out },
	{ NULL, NULL }
};
const struct test_suite library_frames_suite = { "library_frames", cases };
