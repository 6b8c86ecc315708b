/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: memory for the library's own data.
 *
 * That can't come from the heap: making a cache needs memory while the heap's
 * lock is held. So stacks, and whatever the layers below ask libc's
 * malloc for while the library is that malloc, come from here: blocks of powers
 * of two with a header of 16 bytes, cut from mapped chunks, kept in a list a
 * size when freed.
 *
 *   | header: size class or bytes | block ... |
 *
 * Addresses lie in one reserved range, so that a block can be told from an
 * object by its address alone. Nothing goes back to the host: this heap grows
 * with threads and caches, not with what a program allocates.
 *
 * Locking: a mutex of its own, taken last.
 */
#include <string.h>
#include <sys/mman.h>

#include "slab/malloc/internal.h"

#define RANGE_BYTES ((size_t)4 << 30)	/* address space, mapped lazily; a 16th of what there is, where it is short */
#define ROOM_STEP ((size_t)1 << 20)
#define MIN_SHIFT 5
#define MAX_SHIFT 30
#define HEADER 16

struct block {
	uint64_t shift;
	struct block *next;	/* while free */
};
_Static_assert(sizeof(struct block) <= HEADER, "the header keeps blocks 16-byte aligned");

static struct {
	pthread_mutex_t lock;
	unsigned char *range;
	size_t bytes, used;
	struct block *free[MAX_SHIFT + 1];
} private = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct block *header_of(const void *p)
{
	return (struct block *)((unsigned char *)p - HEADER);
}

static bool can_map(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at != MAP_FAILED && !munmap(at, bytes);
}

size_t kms_address_room(size_t most)
{
	size_t room = 0, step;

	for (step = most; step >= ROOM_STEP && room < most; step /= 2)
		if (can_map(room + step))
			room += step;
	return room;
}

static bool map_range(void)
{
	size_t bytes = kms_address_room(16 * RANGE_BYTES) / 16 & ~(size_t)(PAGE_SIZE - 1);
	void *range;

	range = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (range == MAP_FAILED)
		return false;
	private.bytes = bytes;
	__atomic_store_n(&private.range, range, __ATOMIC_RELEASE);
	return true;
}

static struct block *cut(unsigned int shift)
{
	size_t bytes = (size_t)1 << shift;
	struct block *block;

	if ((!private.range && !map_range()) || bytes > private.bytes - private.used)
		return NULL;
	block = (struct block *)(private.range + private.used);
	private.used += bytes;
	block->shift = shift;
	return block;
}

void *kms_private_alloc(size_t bytes)
{
	unsigned int shift = MIN_SHIFT;
	struct block *block;
	bool used_before;

	if (bytes > ((size_t)1 << MAX_SHIFT) - HEADER)
		return NULL;
	if (bytes + HEADER > (size_t)1 << MIN_SHIFT)
		shift = 64 - (unsigned int)__builtin_clzl(bytes + HEADER - 1);
	pthread_mutex_lock(&private.lock);
	block = private.free[shift];
	used_before = block;
	if (block)
		private.free[shift] = block->next;
	else
		block = cut(shift);
	pthread_mutex_unlock(&private.lock);
	if (!block)
		return NULL;
	block->next = NULL;
	if (used_before)
		memset((unsigned char *)block + HEADER, 0, bytes);
	return (unsigned char *)block + HEADER;
}

/*
 * A block that begins at a multiple of @align: a larger one, cut at the front.
 * The front keeps a header of its own that leads back, marked by shift 0.
 */
void *kms_private_aligned(size_t align, size_t bytes)
{
	unsigned char *p, *at;
	struct block *mark;

	if (align <= HEADER)
		return kms_private_alloc(bytes);
	if (bytes > SIZE_MAX - align || !(p = kms_private_alloc(bytes + align)))
		return NULL;
	at = (unsigned char *)(((uintptr_t)p + align - 1) & ~(uintptr_t)(align - 1));
	if (at == p)
		return p;
	mark = header_of(at);
	mark->shift = 0;
	mark->next = header_of(p);
	return at;
}

static struct block *whole_of(const void *p)
{
	struct block *block = header_of(p);

	return block->shift ? block : block->next;
}

size_t kms_private_size(const void *p)
{
	struct block *block = whole_of(p);

	return ((size_t)1 << block->shift) - (size_t)((const unsigned char *)p - (unsigned char *)block);
}

void *kms_private_resize(void *p, size_t bytes)
{
	void *larger;

	if (p && bytes <= kms_private_size(p))
		return p;
	larger = kms_private_alloc(bytes);
	if (larger && p) {
		memcpy(larger, p, kms_private_size(p));
		kms_private_free(p);
	}
	return larger;
}

void kms_private_free(void *p)
{
	struct block *block;

	if (!p)
		return;
	block = whole_of(p);
	pthread_mutex_lock(&private.lock);
	block->next = private.free[block->shift];
	private.free[block->shift] = block;
	pthread_mutex_unlock(&private.lock);
}

bool kms_private_has(const void *p)
{
	const unsigned char *range = __atomic_load_n(&private.range, __ATOMIC_ACQUIRE);

	return range && (uintptr_t)p - (uintptr_t)range < private.bytes;
}

void kms_private_range(uintptr_t *start, uintptr_t *end)
{
	*start = (uintptr_t)__atomic_load_n(&private.range, __ATOMIC_ACQUIRE);
	*end = *start ? *start + private.bytes : 0;
}

size_t kms_private_bytes(void)
{
	size_t used;

	pthread_mutex_lock(&private.lock);
	used = private.used;
	pthread_mutex_unlock(&private.lock);
	return used;
}

void kms_private_fork(int how)
{
	if (how < 0)
		pthread_mutex_lock(&private.lock);
	else
		pthread_mutex_unlock(&private.lock);
}
