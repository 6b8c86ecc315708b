/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: blocks too large for the arena, each mapped on its own.
 *
 * A table by address (open addressing, linear probing) knows them, so that a
 * pointer that is none of ours is recognized without reading what it points to.
 *
 * States of a region: in the table, or kept. A freed region is kept for a while,
 * since a program that frees a megabyte often wants one again, and the host takes
 * longer to map and clear 256 frames than the program to use them. As many are
 * kept as fit below the most that was ever in use at once, so that keeping never
 * makes the peak higher, and no more than KEPT_BYTES. A kept region serves any
 * size: mremap() cuts it, or makes it longer, and no byte is copied.
 *
 * A block that grows gets a fourth more address space than it asks for: its next
 * steps then need no call to the host. What nobody touched takes no memory.
 *
 *   | usable: what was asked for, in whole frames | spare address space |
 *
 * With debugging on nothing is kept and nothing is moved; a block ends in bytes of
 * SLACK, looked at when it is freed, and a frame that may not be touched:
 *
 *	| usable: what was asked for | slack | no access |
 *
 * Locking: a mutex of its own, taken before the private heap's. The host is called
 * without it where a region belongs to nobody meanwhile.
 */
#include <string.h>
#include <sys/mman.h>

#include "slab/malloc/host.h"
#include "slab/malloc/internal.h"
#include "slab/malloc/large.h"
#include "slab/malloc/watch.h"

struct large {
	uintptr_t at;		/* 0: nothing was ever here; 1: something was */
	size_t mapped;		/* bytes, whole frames */
	size_t usable;		/* of them */
	const void *site;	/* debugging: whose it is */
};

#define GONE 1u

#define NR_KEPT 16u
#define KEPT_BYTES ((size_t)32 << 20)
#define SLACK 0xcc
#define CLEAR_BYTES ((size_t)4 << 20)	/* what must be zero is had from the host beyond */

static struct {
	pthread_mutex_t lock;
	struct large *table;
	size_t size, used;	/* entries; a power of two, and those not empty */
	size_t live, bytes;	/* blocks, and what they have mapped */
	size_t most_bytes;	/* ever */

	struct large kept[NR_KEPT];	/* oldest first */
	unsigned int nr_kept;
	size_t kept_bytes;
} blocks = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- the table --------------------------------------------------------------- */

static size_t first_place(uintptr_t at, size_t size)
{
	return (at >> PAGE_SHIFT) * 0x9e3779b97f4a7c15u >> 20 & (size - 1);
}

static struct large *find(uintptr_t at)
{
	size_t i;

	/* What marks a place that was left would be found there. */
	if (!blocks.size || at <= GONE)
		return NULL;
	for (i = first_place(at, blocks.size); blocks.table[i].at; i = (i + 1) & (blocks.size - 1))
		if (blocks.table[i].at == at)
			return &blocks.table[i];
	return NULL;
}

static void insert(struct large *table, size_t size, const struct large *block)
{
	size_t i = first_place(block->at, size);

	while (table[i].at)
		i = (i + 1) & (size - 1);
	table[i] = *block;
}

/* Room for one more entry, what is gone left behind. */
static bool grow_table(void)
{
	size_t i, size = 64;
	struct large *table;

	if (blocks.size && blocks.used < blocks.size / 2)
		return true;
	while (size < 4 * (blocks.live + 1))
		size *= 2;
	table = kms_private_alloc(size * sizeof(*table));
	if (!table)
		return false;
	for (i = 0; i < blocks.size; i++)
		if (blocks.table[i].at > GONE)
			insert(table, size, &blocks.table[i]);
	kms_private_free(blocks.table);
	blocks.table = table;
	blocks.size = size;
	blocks.used = blocks.live;
	return true;
}

/* grow_table() has been called. */
static void add(const struct large *block)
{
	insert(blocks.table, blocks.size, block);
	blocks.used++;
	blocks.live++;
	blocks.bytes += block->mapped;
	if (blocks.most_bytes < blocks.bytes)
		blocks.most_bytes = blocks.bytes;
}

static void drop(struct large *block)
{
	block->at = GONE;
	blocks.live--;
	blocks.bytes -= block->mapped;
}

/* ---- kept regions ------------------------------------------------------------ */

static struct large take_kept(unsigned int i)
{
	struct large region = blocks.kept[i];

	blocks.nr_kept--;
	memmove(&blocks.kept[i], &blocks.kept[i + 1], (blocks.nr_kept - i) * sizeof(region));
	blocks.kept_bytes -= region.mapped;
	return region;
}

/*
 * Take regions out, oldest first, until @room bytes more, in use or kept, are no
 * more than there ever were in use; how many.
 */
static unsigned int evict(size_t room, struct large *victims)
{
	unsigned int nr = 0;

	while (blocks.nr_kept && (blocks.nr_kept == NR_KEPT ||
				  blocks.bytes + blocks.kept_bytes + room > blocks.most_bytes))
		victims[nr++] = take_kept(0);
	return nr;
}

/* Keep @region, or add it to @victims; how many of those there are then. */
static unsigned int keep(const struct large *region, struct large *victims)
{
	unsigned int nr;

	if (region->mapped > KEPT_BYTES) {
		victims[0] = *region;
		return 1;
	}
	nr = evict(region->mapped, victims);
	while (blocks.kept_bytes + region->mapped > KEPT_BYTES)
		victims[nr++] = take_kept(0);
	blocks.kept[blocks.nr_kept++] = *region;
	blocks.kept_bytes += region->mapped;
	return nr;
}

/* Where the host refuses, as there would be too many mappings then, it gets the memory at least. */
static void unmap_one(uintptr_t at, size_t bytes)
{
	if (munmap((void *)at, bytes))
		madvise((void *)at, bytes, MADV_DONTNEED);
}

static void unmap(const struct large *regions, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		unmap_one(regions[i].at, regions[i].mapped);
}

/* The kept region that suits @bytes best: the smallest that is large enough, else the largest. */
static bool find_kept(size_t bytes, struct large *region)
{
	unsigned int i, best = NR_KEPT;

	for (i = 0; i < blocks.nr_kept; i++) {
		size_t mapped = blocks.kept[i].mapped;

		if (best == NR_KEPT)
			best = i;
		else if (blocks.kept[best].mapped < bytes ? mapped > blocks.kept[best].mapped :
			 mapped >= bytes && mapped < blocks.kept[best].mapped)
			best = i;
	}
	if (best == NR_KEPT)
		return false;
	*region = take_kept(best);
	return true;
}

size_t kms_large_trim(void)
{
	struct large kept[NR_KEPT];
	unsigned int nr = 0;
	size_t bytes;

	pthread_mutex_lock(&blocks.lock);
	bytes = blocks.kept_bytes;
	while (blocks.nr_kept)
		kept[nr++] = take_kept(0);
	blocks.most_bytes = blocks.bytes;
	pthread_mutex_unlock(&blocks.lock);
	unmap(kept, nr);
	return bytes;
}

/* ---- blocks ------------------------------------------------------------------ */

static size_t whole_frames(size_t size)
{
	return (size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
}

/* A region from the host, aligned; at 0 where there is none. */
static struct large map_region(size_t align, size_t bytes)
{
	size_t slack = align > PAGE_SIZE ? align - PAGE_SIZE : 0, front;
	unsigned char *at;

	if (bytes > SIZE_MAX - slack)
		return (struct large){ 0 };
	at = mmap(NULL, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return (struct large){ 0 };
	front = -(uintptr_t)at & (align - 1);
	if (slack && front)
		munmap(at, front);
	if (slack && slack - front)
		munmap(at + front + bytes, slack - front);
	return (struct large){ .at = (uintptr_t)at + (slack ? front : 0), .mapped = bytes };
}

/* @region with @bytes, moved where it must be; false with it unmapped, as the host may have no more. */
static bool fit(struct large *region, size_t bytes)
{
	void *at;

	/* An eighth more than asked for is not worth a call. */
	if (region->mapped >= bytes && region->mapped - bytes <= bytes / 8)
		return true;
	at = mremap((void *)region->at, region->mapped, bytes, MREMAP_MAYMOVE);
	if (at == MAP_FAILED) {
		unmap(region, 1);
		return false;
	}
	region->at = (uintptr_t)at;
	region->mapped = bytes;
	return true;
}

static bool register_block(struct large *region, size_t usable)
{
	bool room;

	region->usable = usable;
	pthread_mutex_lock(&blocks.lock);
	room = grow_table();
	if (room)
		add(region);
	pthread_mutex_unlock(&blocks.lock);
	if (!room)
		unmap(region, 1);
	return room;
}

void *kms_large_alloc(size_t align, size_t size, bool zero)
{
	size_t bytes = whole_frames(size);
	struct large region, victims[NR_KEPT];
	unsigned int nr = 0;
	bool again = false;

	pthread_mutex_lock(&blocks.lock);
	if (align <= PAGE_SIZE && (!zero || bytes <= CLEAR_BYTES))
		again = find_kept(bytes, &region);
	if (!again)
		nr = evict(bytes, victims);
	pthread_mutex_unlock(&blocks.lock);
	unmap(victims, nr);
	again = again && fit(&region, bytes);
	if (!again) {
		region = map_region(align, bytes);
		kms_host_large((void *)region.at, region.mapped);
	}
	if (!region.at || !register_block(&region, bytes))
		return NULL;
	if (again && zero)
		memset((void *)region.at, 0, size);
	return (void *)region.at;
}

/* ---- debugging ----------------------------------------------------------------- */

void *kms_large_alloc_watched(size_t align, size_t size, const void *site)
{
	size_t bytes = whole_frames(size);
	struct large region = map_region(align, bytes + PAGE_SIZE);
	unsigned char *at = (unsigned char *)region.at;

	if (!at)
		return NULL;
	mprotect(at + bytes, PAGE_SIZE, PROT_NONE);
	memset(at + size, SLACK, bytes - size);
	region.site = site;
	return register_block(&region, size) ? at : NULL;
}

/* Say what was written behind @block's end, who had it and who noticed. */
static void check_slack(const struct large *block, const void *site)
{
	const unsigned char *p = (const unsigned char *)block->at + block->usable;
	const unsigned char *end = (const unsigned char *)block->at + whole_frames(block->usable);

	while (p < end && *p == SLACK)
		p++;
	if (p < end)
		kms_overrun((const void *)block->at, block->usable, p, block->site, site);
}

void kms_large_check(void)
{
	size_t i;

	pthread_mutex_lock(&blocks.lock);
	for (i = 0; i < blocks.size; i++)
		if (blocks.table[i].at > GONE && blocks.table[i].site)
			check_slack(&blocks.table[i], NULL);
	pthread_mutex_unlock(&blocks.lock);
}

/* ---- freeing and resizing -------------------------------------------------------- */

bool kms_large_free(void *block, const void *site)
{
	struct large *entry, region, victims[NR_KEPT + 1];
	unsigned int nr = 0;
	bool found;

	pthread_mutex_lock(&blocks.lock);
	entry = find((uintptr_t)block);
	found = entry;
	if (found) {
		region = *entry;
		drop(entry);
		if (!region.site)
			nr = keep(&region, victims);
	}
	pthread_mutex_unlock(&blocks.lock);
	unmap(victims, nr);
	if (found && region.site) {
		check_slack(&region, site);
		unmap(&region, 1);
	}
	return found;
}

size_t kms_large_size(const void *block)
{
	const struct large *entry;
	size_t bytes;

	pthread_mutex_lock(&blocks.lock);
	entry = find((uintptr_t)block);
	bytes = entry ? entry->usable : 0;
	pthread_mutex_unlock(&blocks.lock);
	return bytes;
}

/* The lock is held and the table has room. */
static void *resize(struct large *entry, size_t bytes)
{
	size_t spare = bytes > entry->usable ? bytes / 4 & ~(size_t)(PAGE_SIZE - 1) : 0;
	struct large region = *entry;
	void *at;

	if (bytes <= entry->mapped && bytes > entry->mapped / 2) {
		entry->usable = bytes;
		return (void *)entry->at;
	}
	at = mremap((void *)region.at, region.mapped, bytes + spare, MREMAP_MAYMOVE);
	if (at == MAP_FAILED && spare) {
		spare = 0;
		at = mremap((void *)region.at, region.mapped, bytes, MREMAP_MAYMOVE);
	}
	if (at == MAP_FAILED)
		return NULL;
	drop(entry);
	region = (struct large){ .at = (uintptr_t)at, .mapped = bytes + spare, .usable = bytes };
	add(&region);
	return at;
}

void *kms_large_resize(void *block, size_t size)
{
	struct large *entry;
	void *at = NULL;

	pthread_mutex_lock(&blocks.lock);
	if (grow_table()) {
		entry = find((uintptr_t)block);
		if (entry)
			at = resize(entry, whole_frames(size));
	}
	pthread_mutex_unlock(&blocks.lock);
	return at;
}

void kms_large_stats(size_t *nr, size_t *bytes)
{
	pthread_mutex_lock(&blocks.lock);
	*nr = blocks.live;
	*bytes = blocks.bytes;
	pthread_mutex_unlock(&blocks.lock);
}

void kms_large_fork(int how)
{
	if (how < 0)
		pthread_mutex_lock(&blocks.lock);
	else
		pthread_mutex_unlock(&blocks.lock);
}
