/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the host's memory behind the frames.
 *
 * The arena is address space; the host puts memory behind it as it is written
 * to. What is known of that is kept by chunks of 64 KiB, one bit each, a word a
 * pageblock: set when a frame of the chunk gets an owner, until the
 * chunk is given back.
 *
 *   a new slab's chunk, none of it used before:  faulted in as a whole, which
 *       costs the host two thirds of sixteen single faults
 *   HUGE_FROM in use:  from here on memory that was never used comes in huge
 *       pages, a third of the cost; before, 2 MiB too much would show
 *   free memory beyond a quarter of what is in use, and KEEP_BYTES:  goes back
 *       (MADV_DONTNEED: with MADV_FREE the memory counts as the process's until
 *       the host is short of it), whole free pageblocks as long as there are any,
 *       so that huge pages stay huge, then free blocks of a chunk and more
 *
 * Giving back is done by the thread that frees, a few pageblocks at a time, and
 * only when the free lists show that there are WORTH_BYTES to find. kms_trim() gives
 * back everything, down to a chunk.
 *
 * Locking: heap.lock.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "slab/malloc/host.h"

#define CHUNK_ORDER 4u
#define CHUNK_FRAMES (1u << CHUNK_ORDER)
#define CHUNK_BYTES ((size_t)CHUNK_FRAMES << PAGE_SHIFT)
#define BLOCK_CHUNKS (PAGEBLOCK_NR_PAGES / CHUNK_FRAMES)

#define FAULT_IN_FROM 4u		/* chunks: what a small program has is faulted in as it goes */
#define HUGE_FROM ((size_t)32 << 20)
#define LARGE_HUGE_FROM ((size_t)16 << 20)
#define KEEP_BYTES ((size_t)32 << 20)
#define WORTH_BYTES ((size_t)1 << 20)
#define GIVE_AT_ONCE (8 * BLOCK_CHUNKS)
#define LOOK_AT_ONCE 256u		/* pageblocks, one look at each */
#define LOOK_AT_PARTS 128u		/* pageblocks, a look at every frame */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23		/* Linux 5.14 */
#endif

_Static_assert(BLOCK_CHUNKS == 32, "a pageblock's chunks are the bits of a word");

static struct {
	uint32_t *backed;	/* by pageblock: its chunks with memory behind them */
	size_t nr_blocks;
	size_t nr_backed;	/* chunks */
	size_t low, high;	/* pageblocks that ever had any: [low, high) */
	size_t next;		/* pageblock to look at */
	size_t idle;		/* passed since something was given back */
	bool parts;		/* look inside pageblocks, as none was free as a whole */
	uint64_t managed;	/* frames of all zones */
	const struct zone *zone[MAX_NR_ZONES];
	unsigned int nr_zones;
	unsigned int held;	/* kms_trim()s at work: they count what they give themselves */
	bool huge;		/* memory never used before comes in huge pages */
	bool one_by_one;	/* the host can't fault in a range */
} host;

bool kms_host_init(void)
{
	size_t blocks = heap.map->end_pfn >> PAGEBLOCK_ORDER;
	const struct zone *zone;
	void *table;

	table = mmap(NULL, blocks * sizeof(*host.backed), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (table == MAP_FAILED)
		return false;
	host.backed = table;
	host.nr_blocks = host.low = blocks;
	for_each_populated_zone(heap.buddy, zone) {
		host.zone[host.nr_zones++] = zone;
		host.managed += zone->managed_pages;
	}
	return true;
}

void kms_host_exit(void)
{
	if (host.backed)
		munmap(host.backed, host.nr_blocks * sizeof(*host.backed));
	memset(&host, 0, sizeof(host));
}

size_t kms_host_backed(void)
{
	return host.nr_backed * CHUNK_FRAMES;
}

/* Frames on per-CPU lists count as used. */
static uint64_t used_frames(void)
{
	uint64_t used = host.managed;
	unsigned int i;

	for (i = 0; i < host.nr_zones; i++)
		used -= (uint64_t)host.zone[i]->free_pages;
	return used;
}

/* ---- faulting in --------------------------------------------------------------- */

static void want_huge_pages(void)
{
	unsigned int i, range;

	host.huge = true;
	for (i = 0; i < host.nr_zones; i++) {
		for (range = 0; range < host.zone[i]->nr_fresh; range++) {
			const struct fresh_blocks *fresh = &host.zone[i]->fresh[range];

			madvise(virt_from_pfn(heap.map, pfn_make(fresh->start)),
				(size_t)(fresh->end - fresh->start) << PAGE_SHIFT, MADV_HUGEPAGE);
		}
	}
}

static void fault_in(size_t chunk)
{
	void *at = virt_from_pfn(heap.map, pfn_make((uint32_t)(chunk << CHUNK_ORDER)));

	if (madvise(at, CHUNK_BYTES, MADV_POPULATE_WRITE) && errno == EINVAL)
		host.one_by_one = true;
}

static void note_block(size_t block)
{
	if (block < host.low)
		host.low = block;
	if (block >= host.high)
		host.high = block + 1;
}

void kms_host_use(pfn_t pfn, uint32_t nr, bool soon)
{
	size_t chunk = pfn.v >> CHUNK_ORDER, last = (pfn.v + nr - 1) >> CHUNK_ORDER;
	int saved_errno = errno;

	for (; chunk <= last; chunk++) {
		uint32_t *backed = &host.backed[chunk / BLOCK_CHUNKS], bit = 1U << chunk % BLOCK_CHUNKS;

		if (*backed & bit)
			continue;
		if (!*backed)
			note_block(chunk / BLOCK_CHUNKS);
		*backed |= bit;
		host.nr_backed++;
		if (soon && host.nr_backed > FAULT_IN_FROM && !host.huge && !host.one_by_one)
			fault_in(chunk);
	}
	if (!host.huge && host.nr_backed * CHUNK_BYTES > HUGE_FROM)
		want_huge_pages();
	errno = saved_errno;
}

void kms_host_large(void *at, size_t bytes)
{
	int saved_errno = errno;

	if (at && bytes >= LARGE_HUGE_FROM)
		madvise(at, bytes, MADV_HUGEPAGE);
	errno = saved_errno;
}

/* ---- giving back ---------------------------------------------------------------- */

static size_t resident_bytes(void *at, size_t bytes)
{
	unsigned char in_core[PAGEBLOCK_NR_PAGES];
	size_t i, nr = 0;

	if (mincore(at, bytes, in_core))
		return 0;
	for (i = 0; i < bytes >> PAGE_SHIFT; i++)
		nr += in_core[i] & 1;
	return nr << PAGE_SHIFT;
}

/*
 * Give back what is backed of the free frames @pfn to @pfn + @nr, whole chunks of
 * one pageblock. Returns how many chunks; @bytes (or NULL) grows by what was resident.
 */
static unsigned int give_frames(uint32_t pfn, uint32_t nr, size_t *bytes)
{
	uint32_t *backed = &host.backed[pfn >> PAGEBLOCK_ORDER];
	uint32_t chunks = (uint32_t)((1ULL << (nr >> CHUNK_ORDER)) - 1)
			  << (pfn >> CHUNK_ORDER) % BLOCK_CHUNKS & *backed;
	void *at = virt_from_pfn(heap.map, pfn_make(pfn));
	unsigned int given = (unsigned int)__builtin_popcount(chunks);

	if (!chunks)
		return 0;
	if (bytes)
		*bytes += resident_bytes(at, (size_t)nr << PAGE_SHIFT);
	madvise(at, (size_t)nr << PAGE_SHIFT, MADV_DONTNEED);
	host.nr_backed -= given;
	*backed &= ~chunks;
	return given;
}

/* A free list has all of @block, as one or as half of a larger one. */
static bool block_is_free(size_t block)
{
	const struct page *page = page_from_pfn(heap.map, pfn_make((uint32_t)(block << PAGEBLOCK_ORDER)));

	if (page->flags & PG_buddy && page_order(page) >= PAGEBLOCK_ORDER)
		return true;
	if (!(block & 1))
		return false;
	page -= PAGEBLOCK_NR_PAGES;
	return page->flags & PG_buddy && page_order(page) > PAGEBLOCK_ORDER;
}

/* Give back the free blocks of at least a chunk that lie in @block. Returns how many chunks. */
static unsigned int give_parts(size_t block, size_t *bytes)
{
	uint32_t pfn = (uint32_t)(block << PAGEBLOCK_ORDER), end = pfn + PAGEBLOCK_NR_PAGES;
	unsigned int given = 0, order;

	for (; pfn < end; pfn += 1U << order) {
		const struct page *page = page_from_pfn(heap.map, pfn_make(pfn));

		/* What has no state is inside of something; a frame further something may begin. */
		order = page->flags & (PG_buddy | PG_pcp | PG_allocated) ? page_order(page) : 0;
		if (page->flags & PG_buddy && order >= CHUNK_ORDER)
			given += give_frames(pfn, 1U << order, bytes);
	}
	return given;
}

/* Give back what is free of @block, which has memory behind it. Returns how many chunks. */
static unsigned int give(size_t block, bool parts, size_t *bytes)
{
	if (block_is_free(block))
		return give_frames((uint32_t)(block << PAGEBLOCK_ORDER), PAGEBLOCK_NR_PAGES, bytes);
	return parts ? give_parts(block, bytes) : 0;
}

/*
 * Bytes in free blocks of at least a chunk that have memory behind them: all
 * such blocks, less the chunks without, which are free from end to end.
 */
static size_t free_backed_bytes(void)
{
	uint64_t with = host.nr_backed * CHUNK_FRAMES, all = 0, free = 0;
	unsigned int i, range, order;

	for (i = 0; i < host.nr_zones; i++) {
		const struct zone *zone = host.zone[i];
		uint64_t fresh = 0;

		for (range = 0; range < zone->nr_fresh; range++)
			fresh += zone->fresh[range].end - zone->fresh[range].start;
		for (order = CHUNK_ORDER; order <= MAX_PAGE_ORDER; order++)
			free += zone->free_area[order].nr_free << order;
		free -= fresh;
		all += zone->managed_pages - fresh;
	}
	return with + free > all ? (with + free - all) << PAGE_SHIFT : 0;
}

/* Look for free memory where the last look ended; once round at most. */
static void give_some(void)
{
	size_t passed, range = host.high - host.low;
	unsigned int looked = 0, given = 0, most = host.parts ? LOOK_AT_PARTS : LOOK_AT_ONCE;

	for (passed = 0; passed < range && looked < most && given < GIVE_AT_ONCE; passed++) {
		size_t block = host.next < host.high && host.next >= host.low ? host.next : host.low;

		host.next = block + 1;
		if (!host.backed[block])
			continue;
		given += give(block, host.parts, NULL);
		looked++;
	}
	host.idle = given ? 0 : host.idle + passed;
	if (host.idle < range)
		return;
	host.idle = 0;
	host.parts = !host.parts;
}

void kms_host_relax(void)
{
	size_t used = used_frames() << PAGE_SHIFT, backed = host.nr_backed * CHUNK_BYTES, spare, keep;
	int saved_errno = errno;

	if (backed <= used + KEEP_BYTES)
		return;
	spare = backed - used;
	keep = used / 4 > KEEP_BYTES ? used / 4 : KEEP_BYTES;
	if (spare <= keep || host.held || !heap.options.give_back)
		return;
	if (free_backed_bytes() >= WORTH_BYTES)
		give_some();
	errno = saved_errno;
}

void kms_host_hold(void)
{
	host.held++;
}

size_t kms_host_trim(void)
{
	size_t block, given = 0;

	buddy_drain_all_pages(heap.buddy);
	for (block = host.low; block < host.high; block++)
		if (host.backed[block])
			give(block, true, &given);
	host.held--;
	return given;
}
