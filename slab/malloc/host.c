// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: the host's memory behind the frames.
 *
 * The arena is address space; the host puts memory behind it as it is written
 * to. What is known of that is kept by chunks of 64 KiB, one bit each, a word a
 * pageblock: set from the moment a frame of the chunk gets an owner until the
 * chunk is given back.
 *
 *   a new slab's chunk, none of it used before:  faulted in as a whole, which
 *       costs the host two thirds of sixteen single faults
 *   HUGE_FROM in use:  from here on memory that was never used comes in huge
 *       pages, a third of the cost; before, 2 MiB too much would show
 *   free memory beyond a quarter of what is in use, and KEEP_BYTES:  whole free
 *       pageblocks go back (MADV_DONTNEED: with MADV_FREE the memory counts as
 *       the process's until the host is short of it)
 *
 * Giving back is done by the thread that frees, a few pageblocks at a time. A
 * sweep that finds nothing is not repeated until RETRY_BYTES more are free.
 * kms_trim() gives back everything, down to a chunk.
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
#define BLOCK_BYTES ((size_t)PAGEBLOCK_NR_PAGES << PAGE_SHIFT)

#define HUGE_FROM ((size_t)32 << 20)
#define LARGE_HUGE_FROM ((size_t)8 << 20)
#define KEEP_BYTES ((size_t)32 << 20)
#define RETRY_BYTES ((size_t)4 << 20)
#define GIVE_AT_ONCE 4u			/* pageblocks */
#define LOOK_AT_ONCE 256u

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
	size_t idle;		/* looked at since one was given back */
	size_t retry_at;	/* bytes that must be free to look again */
	uint64_t managed;	/* frames of all zones */
	const struct zone *zone[MAX_NR_ZONES];
	unsigned int nr_zones;
	bool huge;		/* memory never used before comes in huge pages */
	bool one_by_one;	/* the host can't fault in a range */
} host;

bool kms_host_init(void)
{
	size_t blocks = heap.map->end_pfn >> PAGEBLOCK_ORDER;
	enum zone_type idx;
	void *table;

	table = mmap(NULL, blocks * sizeof(*host.backed), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (table == MAP_FAILED)
		return false;
	host.backed = table;
	host.nr_blocks = host.low = blocks;
	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		const struct zone *zone = buddy_zone(heap.buddy, 0, idx);

		if (!zone->managed_pages)
			continue;
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

static void *block_address(size_t block)
{
	return virt_from_pfn(heap.map, pfn_make((uint32_t)(block << PAGEBLOCK_ORDER)));
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
		if (soon && !host.huge && !host.one_by_one)
			fault_in(chunk);
	}
	if (!host.huge && host.nr_backed * CHUNK_BYTES > HUGE_FROM)
		want_huge_pages();
	errno = saved_errno;
}

void kms_host_large(void *at, size_t bytes)
{
	int saved_errno = errno;

	if (bytes >= LARGE_HUGE_FROM)
		madvise(at, bytes, MADV_HUGEPAGE);
	errno = saved_errno;
}

/* ---- giving back ---------------------------------------------------------------- */

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

static void give_block(size_t block)
{
	madvise(block_address(block), BLOCK_BYTES, MADV_DONTNEED);
	host.nr_backed -= (size_t)__builtin_popcount(host.backed[block]);
	host.backed[block] = 0;
}

/* Look for free pageblocks where the last look ended. */
static void give_some(size_t spare)
{
	unsigned int looked, given = 0;

	for (looked = 0; looked < LOOK_AT_ONCE && given < GIVE_AT_ONCE; looked++) {
		size_t block = host.next < host.high && host.next >= host.low ? host.next : host.low;

		host.next = block + 1;
		if (!host.backed[block] || !block_is_free(block))
			continue;
		give_block(block);
		given++;
	}
	host.idle = given ? 0 : host.idle + looked;
	host.retry_at = host.idle >= host.high - host.low ? spare + RETRY_BYTES : 0;
}

void kms_host_relax(void)
{
	size_t used = used_frames() << PAGE_SHIFT, backed = host.nr_backed * CHUNK_BYTES, spare, keep;
	int saved_errno = errno;

	if (backed <= used + KEEP_BYTES)
		return;
	spare = backed - used;
	keep = used / 4 > KEEP_BYTES ? used / 4 : KEEP_BYTES;
	if (spare <= keep || spare < host.retry_at || !heap.options.give_back)
		return;
	give_some(spare);
	errno = saved_errno;
}

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

/* A free block of at least a chunk and less than a pageblock. */
static size_t give_chunks(pfn_t pfn, unsigned int order)
{
	uint32_t *backed = &host.backed[pfn.v >> PAGEBLOCK_ORDER];
	unsigned int first = (pfn.v >> CHUNK_ORDER) % BLOCK_CHUNKS, nr = 1U << (order - CHUNK_ORDER);
	uint32_t chunks = ((1U << nr) - 1) << first & *backed;
	size_t given;

	if (!chunks)
		return 0;
	given = resident_bytes(virt_from_pfn(heap.map, pfn), PAGE_SIZE << order);
	madvise(virt_from_pfn(heap.map, pfn), PAGE_SIZE << order, MADV_DONTNEED);
	host.nr_backed -= (size_t)__builtin_popcount(chunks);
	*backed &= ~chunks;
	return given;
}

static size_t give_all_chunks(const struct zone *zone)
{
	unsigned int order, mt;
	size_t given = 0;

	for (order = CHUNK_ORDER; order < PAGEBLOCK_ORDER; order++) {
		for (mt = 0; mt < MIGRATE_TYPES; mt++) {
			pfn_t pfn = PFN_NONE;

			for (;;) {
				pfn = buddy_next_free(heap.buddy, zone, order, mt, pfn);
				if (pfn_is_none(pfn))
					break;
				given += give_chunks(pfn, order);
			}
		}
	}
	return given;
}

size_t kms_host_trim(void)
{
	size_t block, given = 0;
	unsigned int i;

	buddy_drain_all_pages(heap.buddy);
	for (block = host.low; block < host.high; block++) {
		if (!host.backed[block] || !block_is_free(block))
			continue;
		given += resident_bytes(block_address(block), BLOCK_BYTES);
		give_block(block);
	}
	for (i = 0; i < host.nr_zones; i++)
		given += give_all_chunks(host.zone[i]);
	host.retry_at = 0;
	return given;
}
