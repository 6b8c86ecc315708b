/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: single frames for kms_pages_alloc(), a bit each.
 *
 * A frame by itself costs the buddy allocator a record of 32 bytes that lies
 * somewhere in memory. So whole pageblocks are taken from it, and their frames
 * kept here, as LLFree (Wrenger and others, USENIX ATC'23) keeps them:
 *
 *   used[]     8 words = 512 bits, a cache line a pageblock: set, handed out;
 *              clear, free here, or none of ours
 *   free[]     of each pageblock of ours, how many of its frames are free
 *   link[]     lists of the pageblocks that have free frames
 *
 *   buddy -> all free: whole -> some free: partial -> none free, in no list
 *         <-      (kept: KEEP_WHOLE)    <-
 *
 * A stack is filled by scanning words, 64 frames at a time where they are free
 * in a row. A free that finds its bit clear is a wrong one.
 *
 * What it costs: a pageblock goes back when the last of its 512 frames does, so
 * that scattered frames keep more from buddy's other callers than they did as
 * frames of buddy's. Where buddy has no pageblock left, it is asked for single
 * frames, which go back to it as such. Buddy's reports show pageblocks.
 *
 * Differs from LLFree: a lock, not compare-and-swap, since a stack of frames is
 * moved at a time; no trees above the pageblocks, since buddy is above them.
 *
 * Locking: heap.frames_lock; heap.lock inside it, to reach buddy.
 */
#include <string.h>
#include <sys/mman.h>

#include "slab/malloc/host.h"
#include "slab/malloc/pages.h"

#define WORD_BITS 64u
#define BLOCK_WORDS (PAGEBLOCK_NR_PAGES / WORD_BITS)
#define KEEP_WHOLE 2u		/* so that the border between two pageblocks costs no call to buddy */
#define NO_BLOCK UINT32_MAX

_Static_assert(BLOCK_WORDS * sizeof(uint64_t) == 64, "a pageblock's bits are a cache line");
_Static_assert(PAGEBLOCK_NR_PAGES <= UINT16_MAX, "free[] counts a pageblock's frames");

struct block_link {
	uint32_t next, prev;	/* pageblocks; NO_BLOCK at the ends */
};

struct block_list {
	uint32_t first, nr;
};

static struct {
	uint64_t *used;
	uint16_t *free;
	bool *ours;
	struct block_link *link;
	size_t nr;		/* frames in the arena */
	struct block_list partial, whole;
	size_t nr_ours;		/* pageblocks */
	size_t nr_free;		/* frames, of them */
	size_t nr_single;	/* frames that buddy gave one by one */
} frames = { .partial = { NO_BLOCK, 0 }, .whole = { NO_BLOCK, 0 } };

/* ---- lists ------------------------------------------------------------------ */

static void list_add(struct block_list *list, uint32_t block)
{
	frames.link[block] = (struct block_link){ .next = list->first, .prev = NO_BLOCK };
	if (list->first != NO_BLOCK)
		frames.link[list->first].prev = block;
	list->first = block;
	list->nr++;
}

static void list_del(struct block_list *list, uint32_t block)
{
	struct block_link link = frames.link[block];

	if (link.next != NO_BLOCK)
		frames.link[link.next].prev = link.prev;
	if (link.prev != NO_BLOCK)
		frames.link[link.prev].next = link.next;
	else
		list->first = link.next;
	list->nr--;
}

/* ---- pageblocks from buddy, and back ------------------------------------------ */

static size_t table_bytes(size_t blocks)
{
	return blocks * (BLOCK_WORDS * sizeof(*frames.used) + sizeof(*frames.link) +
			 sizeof(*frames.free) + sizeof(*frames.ours));
}

bool kms_frames_init(void)
{
	size_t blocks = heap.map->end_pfn >> PAGEBLOCK_ORDER, bytes = table_bytes(blocks);
	unsigned char *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (table == MAP_FAILED)
		return false;
	frames.used = (uint64_t *)table;
	frames.link = (struct block_link *)(frames.used + blocks * BLOCK_WORDS);
	frames.free = (uint16_t *)(frames.link + blocks);
	frames.ours = (bool *)(frames.free + blocks);
	frames.nr = blocks << PAGEBLOCK_ORDER;
	return true;
}

void kms_frames_exit(void)
{
	if (frames.used)
		munmap(frames.used, table_bytes(frames.nr >> PAGEBLOCK_ORDER));
	frames.used = NULL;
}

/* One more pageblock, all of it free; NO_BLOCK where buddy has none. */
static uint32_t block_from_buddy(void)
{
	uint32_t block;
	void *at;

	kms_enter();
	at = kms_take_block(PAGEBLOCK_ORDER);
	kms_leave();
	if (!at)
		return NO_BLOCK;
	block = (uint32_t)(((uintptr_t)at - arena.base) >> (PAGE_SHIFT + PAGEBLOCK_ORDER));
	/* So that nobody else can free it to buddy. */
	page_from_pfn(heap.map, pfn_make(block << PAGEBLOCK_ORDER))->flags |= PG_large;
	frames.ours[block] = true;
	frames.free[block] = PAGEBLOCK_NR_PAGES;
	frames.nr_free += PAGEBLOCK_NR_PAGES;
	frames.nr_ours++;
	list_add(&frames.whole, block);
	return block;
}

static void block_to_buddy(uint32_t block)
{
	pfn_t pfn = pfn_make(block << PAGEBLOCK_ORDER);

	list_del(&frames.whole, block);
	frames.ours[block] = false;
	frames.free[block] = 0;
	frames.nr_free -= PAGEBLOCK_NR_PAGES;
	frames.nr_ours--;
	kms_enter();
	page_from_pfn(heap.map, pfn)->flags &= ~PG_large;
	buddy_free_pages(heap.buddy, 0, pfn, PAGEBLOCK_ORDER);
	kms_host_relax();
	kms_leave();
}

/* ---- handing out --------------------------------------------------------------- */

/* Up to @nr frames of @word, the @nth of the heap; *@word says which are taken. */
static unsigned int take_from_word(uint64_t *word, size_t nth, unsigned int nr, void **objects)
{
	unsigned char *at = (unsigned char *)arena.base + ((nth * WORD_BITS) << PAGE_SHIFT);
	uint64_t free = ~*word;
	unsigned int i = 0;

	if (free == UINT64_MAX && nr >= WORD_BITS) {
		for (; i < WORD_BITS; i++)
			objects[i] = at + (i << PAGE_SHIFT);
		*word = UINT64_MAX;
		return i;
	}
	for (; free && i < nr; free &= free - 1)
		objects[i++] = at + ((unsigned int)__builtin_ctzll(free) << PAGE_SHIFT);
	*word = ~free;
	return i;
}

/* Up to @nr frames of @block, which has some and is in the list that their number says. */
static unsigned int take_from_block(uint32_t block, unsigned int nr, void **objects)
{
	bool was_whole = frames.free[block] == PAGEBLOCK_NR_PAGES;
	size_t word = (size_t)block * BLOCK_WORDS, end = word + BLOCK_WORDS;
	unsigned int got = 0;

	for (; word < end && got < nr; word++)
		got += take_from_word(&frames.used[word], word, nr - got, objects + got);
	frames.free[block] = (uint16_t)(frames.free[block] - got);
	frames.nr_free -= got;
	if (was_whole) {
		list_del(&frames.whole, block);
		if (frames.free[block])
			list_add(&frames.partial, block);
	} else if (!frames.free[block]) {
		list_del(&frames.partial, block);
	}
	return got;
}

static unsigned int singles_from_buddy(unsigned int nr, void **objects)
{
	unsigned int got = 0;

	kms_enter();
	while (got < nr && (objects[got] = kms_take_block(0)))
		got++;
	kms_leave();
	frames.nr_single += got;
	return got;
}

static unsigned int frames_get(struct cache *c, unsigned int cpu, unsigned int nr, void **objects)
{
	unsigned int got = 0;

	pthread_mutex_lock(&heap.frames_lock);
	while (got < nr) {
		uint32_t block = frames.partial.nr ? frames.partial.first : frames.whole.first;

		if (block == NO_BLOCK)
			block = block_from_buddy();
		if (block == NO_BLOCK)
			break;
		got += take_from_block(block, nr - got, objects + got);
	}
	if (got < nr)
		got += singles_from_buddy(nr - got, objects + got);
	pthread_mutex_unlock(&heap.frames_lock);
	return got;
}

/* ---- taking back ----------------------------------------------------------------- */

/* The address of a frame as its number; beyond the arena's frames where it is none. */
static inline size_t frame_at(const void *object, uintptr_t base)
{
	size_t offset = (uintptr_t)object - base;

	return offset >> PAGE_SHIFT | offset << (64 - PAGE_SHIFT);
}

/* @object is not a frame of ours that is handed out: buddy's, or nobody's. Counted already. */
static __attribute__((noinline)) void put_other(void *object)
{
	size_t pfn = frame_at(object, arena.base);
	int ret;

	frames.nr_free--;
	if (pfn >= frames.nr || frames.ours[pfn >> PAGEBLOCK_ORDER]) {
		kms_bad_free(object, NULL);
		return;
	}
	kms_enter();
	ret = buddy_free_pages(heap.buddy, 0, pfn_make((uint32_t)pfn), 0);
	kms_leave();
	frames.nr_single -= !ret;
}

/* @block had no free frame before this one, or now has nothing else. */
static __attribute__((noinline)) void block_changes(uint32_t block, unsigned int nr_free)
{
	if (nr_free == 1) {
		list_add(&frames.partial, block);
		return;
	}
	list_del(&frames.partial, block);
	list_add(&frames.whole, block);
	if (frames.whole.nr > KEEP_WHOLE)
		block_to_buddy(block);
}

static void frames_put(struct cache *c, unsigned int cpu, unsigned int nr, void **objects)
{
	/* Here, or the compiler reads them again after each store. */
	const size_t base = arena.base, nr_frames = frames.nr;
	uint64_t *const used = frames.used;
	uint16_t *const free = frames.free;
	unsigned int i;

	pthread_mutex_lock(&heap.frames_lock);
	frames.nr_free += nr;
	for (i = 0; i < nr; i++) {
		size_t pfn = frame_at(objects[i], base), block = pfn >> PAGEBLOCK_ORDER;
		uint64_t bit = 1ULL << pfn % WORD_BITS;
		unsigned int nr_free;

		if (unlikely(pfn >= nr_frames || !(used[pfn / WORD_BITS] & bit))) {
			put_other(objects[i]);
			continue;
		}
		used[pfn / WORD_BITS] &= ~bit;
		nr_free = ++free[block];
		if (unlikely(nr_free == 1 || nr_free == PAGEBLOCK_NR_PAGES))
			block_changes((uint32_t)block, nr_free);
	}
	pthread_mutex_unlock(&heap.frames_lock);
}

const struct kms_source kms_frames = { .get = frames_get, .put = frames_put };

/* ---- looking inside --------------------------------------------------------------- */

void kms_frames_count(struct kms_frames_figures *figures)
{
	pthread_mutex_lock(&heap.frames_lock);
	figures->blocks = frames.nr_ours;
	figures->free = frames.nr_free;
	figures->singles = frames.nr_single;
	pthread_mutex_unlock(&heap.frames_lock);
}

/* Walk @list, whose pageblocks have from @least to @most free frames; returns what is wrong. */
static unsigned int check_list(const struct block_list *list, unsigned int least, unsigned int most)
{
	uint32_t block, prev = NO_BLOCK, nr = 0;
	unsigned int wrong = 0;

	for (block = list->first; block != NO_BLOCK && nr <= list->nr; nr++) {
		wrong += !frames.ours[block] || frames.free[block] < least ||
			 frames.free[block] > most || frames.link[block].prev != prev;
		prev = block;
		block = frames.link[block].next;
	}
	return wrong + (nr != list->nr);
}

/* The pageblock's count against its bits, and what buddy knows of it. */
static unsigned int check_block(size_t block)
{
	const struct page *page = page_from_pfn(heap.map, pfn_make((uint32_t)block << PAGEBLOCK_ORDER));
	unsigned int word, used = 0;

	for (word = 0; word < BLOCK_WORDS; word++)
		used += (unsigned int)__builtin_popcountll(frames.used[block * BLOCK_WORDS + word]);
	if (!frames.ours[block])
		return used || frames.free[block];
	return used + frames.free[block] != PAGEBLOCK_NR_PAGES || !(page->flags & PG_allocated) ||
	       !(page->flags & PG_large) || page_order(page) != PAGEBLOCK_ORDER;
}

unsigned int kms_frames_validate(void)
{
	size_t block, ours = 0, partial = 0, whole = 0, nr_free = 0;
	unsigned int wrong = 0;

	pthread_mutex_lock(&heap.frames_lock);
	for (block = 0; block < frames.nr >> PAGEBLOCK_ORDER; block++) {
		wrong += check_block(block);
		ours += frames.ours[block];
		nr_free += frames.free[block];
		whole += frames.free[block] == PAGEBLOCK_NR_PAGES;
		partial += frames.free[block] && frames.free[block] != PAGEBLOCK_NR_PAGES;
	}
	wrong += check_list(&frames.partial, 1, PAGEBLOCK_NR_PAGES - 1);
	wrong += check_list(&frames.whole, PAGEBLOCK_NR_PAGES, PAGEBLOCK_NR_PAGES);
	wrong += ours != frames.nr_ours || nr_free != frames.nr_free ||
		 partial != frames.partial.nr || whole != frames.whole.nr;
	pthread_mutex_unlock(&heap.frames_lock);
	return wrong;
}

size_t kms_frames_trim(void)
{
	size_t blocks;

	pthread_mutex_lock(&heap.frames_lock);
	blocks = frames.whole.nr;
	while (frames.whole.nr)
		block_to_buddy(frames.whole.first);
	pthread_mutex_unlock(&heap.frames_lock);
	return blocks;
}
