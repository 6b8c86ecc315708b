// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: blocks too large for the arena, each mapped on its own.
 *
 * A table by address (open addressing, linear probing) knows them, so that a
 * pointer that is none of ours is told without reading what it points to.
 * Resizing is mremap()'s: no byte is copied.
 *
 * Locking: a mutex of its own, taken before the books'.
 */
#include <string.h>
#include <sys/mman.h>

#include "slab/malloc/internal.h"
#include "slab/malloc/large.h"

struct large {
	uintptr_t at;		/* 0: nothing was ever here; 1: something was */
	size_t bytes;		/* mapped, whole frames */
};

#define GONE 1u

static struct {
	pthread_mutex_t lock;
	struct large *table;
	size_t size, used;	/* entries; a power of two, and those not empty */
	size_t bytes;
} blocks = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t first_place(uintptr_t at, size_t size)
{
	return (at >> PAGE_SHIFT) * 0x9e3779b97f4a7c15u >> 20 & (size - 1);
}

static struct large *find(uintptr_t at)
{
	size_t i;

	if (!blocks.size)
		return NULL;
	for (i = first_place(at, blocks.size); blocks.table[i].at; i = (i + 1) & (blocks.size - 1))
		if (blocks.table[i].at == at)
			return &blocks.table[i];
	return NULL;
}

static void insert(struct large *table, size_t size, uintptr_t at, size_t bytes)
{
	size_t i = first_place(at, size);

	while (table[i].at)
		i = (i + 1) & (size - 1);
	table[i].at = at;
	table[i].bytes = bytes;
}

/* Room for one more entry, what is gone left behind. */
static bool grow_table(void)
{
	size_t i, live = 0, size = 64;
	struct large *table;

	if (blocks.size && blocks.used < blocks.size / 2)
		return true;
	for (i = 0; i < blocks.size; i++)
		live += blocks.table[i].at > GONE;
	while (size < 4 * (live + 1))
		size *= 2;
	table = kms_books_alloc(size * sizeof(*table));
	if (!table)
		return false;
	for (i = 0; i < blocks.size; i++)
		if (blocks.table[i].at > GONE)
			insert(table, size, blocks.table[i].at, blocks.table[i].bytes);
	kms_books_free(blocks.table);
	blocks.table = table;
	blocks.size = size;
	blocks.used = live;
	return true;
}

static size_t whole_frames(size_t size)
{
	return (size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
}

static unsigned char *map_aligned(size_t align, size_t bytes)
{
	size_t slack = align > PAGE_SIZE ? align - PAGE_SIZE : 0, front;
	unsigned char *at;

	if (bytes > SIZE_MAX - slack)
		return NULL;
	at = mmap(NULL, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	front = -(uintptr_t)at & (align - 1);
	if (!slack)
		return at;
	if (front)
		munmap(at, front);
	if (slack - front)
		munmap(at + front + bytes, slack - front);
	return at + front;
}

void *kms_large_alloc(size_t align, size_t size)
{
	size_t bytes = whole_frames(size);
	unsigned char *at = map_aligned(align, bytes);

	if (!at)
		return NULL;
	pthread_mutex_lock(&blocks.lock);
	if (!grow_table()) {
		munmap(at, bytes);
		at = NULL;
	} else {
		insert(blocks.table, blocks.size, (uintptr_t)at, bytes);
		blocks.used++;
		blocks.bytes += bytes;
	}
	pthread_mutex_unlock(&blocks.lock);
	return at;
}

bool kms_large_free(void *block)
{
	struct large *entry;
	size_t bytes = 0;

	pthread_mutex_lock(&blocks.lock);
	entry = find((uintptr_t)block);
	if (entry) {
		bytes = entry->bytes;
		entry->at = GONE;
		blocks.bytes -= bytes;
	}
	pthread_mutex_unlock(&blocks.lock);
	if (bytes)
		munmap(block, bytes);
	return bytes;
}

size_t kms_large_size(const void *block)
{
	const struct large *entry;
	size_t bytes;

	pthread_mutex_lock(&blocks.lock);
	entry = find((uintptr_t)block);
	bytes = entry ? entry->bytes : 0;
	pthread_mutex_unlock(&blocks.lock);
	return bytes;
}

void *kms_large_resize(void *block, size_t size)
{
	size_t bytes = whole_frames(size);
	struct large *entry;
	void *moved = MAP_FAILED;

	pthread_mutex_lock(&blocks.lock);
	entry = find((uintptr_t)block);
	if (entry && grow_table()) {
		entry = find((uintptr_t)block);
		moved = mremap(block, entry->bytes, bytes, MREMAP_MAYMOVE);
	}
	if (moved != MAP_FAILED) {
		blocks.bytes += bytes - entry->bytes;
		entry->at = GONE;
		insert(blocks.table, blocks.size, (uintptr_t)moved, bytes);
		blocks.used++;
	}
	pthread_mutex_unlock(&blocks.lock);
	return moved == MAP_FAILED ? NULL : moved;
}

void kms_large_stats(size_t *nr, size_t *bytes)
{
	size_t i;

	*nr = 0;
	pthread_mutex_lock(&blocks.lock);
	*bytes = blocks.bytes;
	for (i = 0; i < blocks.size; i++)
		*nr += blocks.table[i].at > GONE;
	pthread_mutex_unlock(&blocks.lock);
}

void kms_large_fork(int how)
{
	if (how < 0)
		pthread_mutex_lock(&blocks.lock);
	else
		pthread_mutex_unlock(&blocks.lock);
}
