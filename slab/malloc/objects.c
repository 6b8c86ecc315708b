/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: objects of any size, kms_malloc() and its family.
 *
 *   up to CLASS_MAX         an object of the cache of the next size, through the
 *                           thread's window; arena.slot_of tells it from its frame
 *   up to LARGE_MIN         a run of frames from buddy; beyond 2^WHOLE_ORDER what it
 *                           has too many is given back; the first frame's record
 *                           has the length
 *   above, or aligned to    mapped on its own (large.c)
 *   more than a largest block
 *
 * Locking: none of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slab/malloc/fast.h"
#include "slab/malloc/host.h"
#include "slab/malloc/large.h"

#define WHOLE_ORDER 5u		/* runs up to it keep the whole block */

void kms_sizes_init(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(arena.fine_class); i++)
		__atomic_store_n(&arena.fine_class[i], (uint8_t)size_class(i * 16), __ATOMIC_RELAXED);
	for (i = 0; i < sizeof(arena.coarse_class); i++)
		__atomic_store_n(&arena.coarse_class[i], (uint8_t)size_class(i * 128), __ATOMIC_RELAXED);
}

struct cache *kms_class_create(unsigned int slot)
{
	char name[32];
	struct kmem_cache_args args = {
		.name = name,
		.size = (uint32_t)class_bytes(slot - CLASS_SLOT),
		.align = 16,
		/* Debugging then knows the size asked for, not only the cache's. */
		.flags = heap.debug ? SLAB_KMALLOC : 0,
	};

	/* A power of two is aligned to itself, up to a frame, as kmalloc's are. */
	if (!(args.size & (args.size - 1)))
		args.align = args.size < PAGE_SIZE ? args.size : PAGE_SIZE;
	snprintf(name, sizeof(name), KMS_CLASS_NAME "%u", args.size);
	return kms_cache_make(&args, slot, slot);
}

/* ---- runs of frames ---------------------------------------------------------- */

static unsigned int order_of(size_t frames)
{
	return frames > 1 ? 64 - (unsigned int)__builtin_clzl(frames - 1) : 0;
}

/*
 * Keep the first @frames frames of a block of 2^@order, as blocks as large as
 * can be: halve it, until the end of a half is the end of what is wanted.
 *
 *	| 4 | 2 |1| free |	7 of 8: three blocks
 */
static void run_trim(pfn_t pfn, unsigned int order, size_t frames)
{
	size_t half;

	while (frames < (size_t)1 << order) {
		half = (size_t)1 << --order;
		buddy_split_to(heap.buddy, pfn, order);
		if (frames <= half) {
			buddy_free_pages(heap.buddy, 0, pfn_make(pfn.v + (uint32_t)half), order);
			continue;
		}
		pfn = pfn_make(pfn.v + (uint32_t)half);
		frames -= half;
	}
}

/*
 * @frames frames (2^@order at most), aligned to 2^@order of them; follows
 * alloc_pages_exact(). A small run keeps what it has too many: given back, these
 * scraps are what the next run of that size can't be made of, and it may grow into them.
 */
static void *run_alloc(unsigned int order, size_t frames)
{
	pfn_t pfn;

	if (order <= WHOLE_ORDER)
		frames = (size_t)1 << order;
	kms_enter();
	pfn = buddy_alloc_pages(heap.buddy, 0, GFP_KERNEL, order, NUMA_NO_NODE);
	if (pfn.v != PFN_NONE_VAL) {
		run_trim(pfn, order, frames);
		page_from_pfn(heap.map, pfn)->private[0] = frames;
		kms_host_use(pfn, (uint32_t)frames, false);
	}
	kms_leave();
	if (pfn.v == PFN_NONE_VAL)
		return NULL;
	set_slot_at(pfn.v, SLOT_RUN);
	return virt_from_pfn(heap.map, pfn);
}

static size_t run_frames(const void *run)
{
	return page_from_pfn(heap.map, pfn_from_virt(heap.map, run))->private[0];
}

static void run_free(void *run)
{
	pfn_t pfn = pfn_from_virt(heap.map, run);
	size_t frames = run_frames(run);
	unsigned int order;

	set_slot_at(pfn.v, 0);
	kms_enter();
	for (; frames; frames -= (size_t)1 << order) {
		order = 63 - (unsigned int)__builtin_clzl(frames);
		buddy_free_pages(heap.buddy, 0, pfn, order);
		pfn.v += 1U << order;
	}
	kms_host_relax();
	kms_leave();
}

/* ---- the family ---------------------------------------------------------------- */

static void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

static void *malloc_beyond(size_t align, size_t size, bool zero)
{
	size_t frames = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned int order = order_of(frames);
	void *object;

	if (size > PTRDIFF_MAX || !kms_boot())
		return out_of_memory();
	if (size >= LARGE_MIN || align > PAGE_SIZE << MAX_PAGE_ORDER) {
		object = kms_large_alloc(align, size, zero);
		return object ? object : out_of_memory();
	}
	if (order < order_of(align >> PAGE_SHIFT))
		order = order_of(align >> PAGE_SHIFT);
	object = run_alloc(order, frames);
	if (!object && kms_empty_pools())
		object = run_alloc(order, frames);
	return object ? object : out_of_memory();
}

/* With debugging on: for @asked bytes an object of @size, or a mapping that ends in no access. */
static void *malloc_watched(size_t align, size_t size, size_t asked, const void *site)
{
	struct cache *c;
	void *object;

	if (asked > PTRDIFF_MAX)
		return out_of_memory();
	asked += !asked;
	if (size > CLASS_MAX || align > PAGE_SIZE) {
		object = kms_large_alloc_watched(align, asked, site);
	} else {
		c = kms_cache_at(CLASS_SLOT + size_class(size));
		object = c ? kms_alloc_direct(c, asked, site) : NULL;
	}
	return object ? object : out_of_memory();
}

void *kms_malloc_slow(size_t size, const void *site)
{
	if (unlikely(kms_inside))
		return kms_private_alloc(size);
	kms_report_if_wanted();
	/* Options are known once there is a heap. */
	if (unlikely(!heap.ready && !kms_boot()))
		return out_of_memory();
	if (unlikely(heap.debug))
		return malloc_watched(1, size, size, site);
	if (size <= CLASS_MAX)
		return kms_window_refill(class_window(size_class(size)));
	return malloc_beyond(1, size, false);
}

void *kms_malloc(size_t size)
{
	return malloc_fast(size, __builtin_return_address(0));
}

static inline size_t arena_offset_of(const void *object)
{
	return (uintptr_t)object - arena.base;
}

/* A caller may look at errno after free(), as POSIX has it since 2024 and glibc since 2.33. */
void kms_free_slow(void *object, const void *site)
{
	size_t offset = arena_offset_of(object);
	unsigned int slot = offset < arena.bytes ? slot_at(offset >> PAGE_SHIFT) : 0;
	int saved = errno;

	if (!object)
		return;
	/* By whom the layers call with the lock held, such as a handler of abort()'s signal: lost. */
	if (unlikely(kms_inside) && offset < arena.bytes)
		return;
	if (slot - CLASS_SLOT < NR_CLASSES && heap.debug)
		kms_free_direct(heap.caches[slot], object, site);
	else if (slot - CLASS_SLOT < NR_CLASSES)
		kms_window_flush(class_window(slot - CLASS_SLOT), object);
	else if (slot == SLOT_RUN && !(offset & (PAGE_SIZE - 1)))
		run_free(object);
	else if (kms_private_has(object))
		kms_private_free(object);
	else if (!kms_large_free(object, site)) {
		/* What is to be done then is an option: there may be no heap yet. */
		kms_boot();
		kms_bad_free(object, site);
	}
	errno = saved;
}

void kms_free(void *object)
{
	free_fast(object, __builtin_return_address(0));
}

void *kms_calloc_at(size_t n, size_t size, const void *site)
{
	size_t bytes;
	void *object;

	if (__builtin_mul_overflow(n, size, &bytes))
		return out_of_memory();
	if (bytes >= LARGE_MIN) {
		if (!kms_boot())
			return out_of_memory();
		if (!heap.debug)
			return malloc_beyond(1, bytes, true);
	}
	object = malloc_fast(bytes, site);
	if (object)
		memset(object, 0, bytes);
	return object;
}

void *kms_calloc(size_t n, size_t size)
{
	return kms_calloc_at(n, size, __builtin_return_address(0));
}

void *kms_memalign_at(size_t align, size_t size, const void *site)
{
	size_t rounded;

	if (align <= 16)
		return malloc_fast(size, site);
	if (!heap.ready && !kms_boot())
		return out_of_memory();
	if (align > PAGE_SIZE || size > CLASS_MAX)
		return heap.debug ? malloc_watched(align, size, size, site) :
				    malloc_beyond(align, size ? size : 1, false);
	/* Only the powers of two are aligned to themselves, the largest ones to a frame. */
	rounded = size > align ? size : align;
	if (rounded < PAGE_SIZE)
		rounded = (size_t)1 << (64 - __builtin_clzl(rounded - 1));
	else
		rounded = (size_t)PAGE_SIZE << order_of((rounded + PAGE_SIZE - 1) >> PAGE_SHIFT);
	return heap.debug ? malloc_watched(align, rounded, size, site) : malloc_fast(rounded, site);
}

void *kms_memalign(size_t align, size_t size)
{
	if (!align || align & (align - 1)) {
		errno = EINVAL;
		return NULL;
	}
	return kms_memalign_at(align, size, __builtin_return_address(0));
}

static size_t usable_watched(const void *object)
{
	size_t bytes;

	/* A cache's constructor asks with the lock held. */
	if (kms_inside)
		return ksize(heap.sa, object);
	kms_enter();
	bytes = ksize(heap.sa, object);
	kms_leave();
	return bytes;
}

size_t kms_usable_size(const void *object)
{
	size_t offset = arena_offset_of(object);
	unsigned int slot;

	if (!object)
		return 0;
	if (offset >= arena.bytes)
		return kms_large_size(object);
	if (unlikely(heap.debug))
		return usable_watched(object);
	slot = slot_at(offset >> PAGE_SHIFT);
	if (slot == SLOT_RUN)
		return run_frames(object) << PAGE_SHIFT;
	return slot - CLASS_SLOT < NR_CLASSES ? class_bytes(slot - CLASS_SLOT) : 0;
}

/* True where @size bytes lie well enough where @old bytes do: no less than half of them. */
static bool stays(size_t old, size_t size)
{
	return size <= old && (size > old / 2 || old <= 64);
}

void *kms_realloc_at(void *object, size_t size, const void *site)
{
	size_t old;
	void *moved;

	if (!object)
		return malloc_fast(size, site);
	old = kms_usable_size(object);
	if (!old) {
		/* Is said there; nothing else is done. */
		kms_free_slow(object, site);
		return out_of_memory();
	}
	/* With debugging on every block moves, so that who kept the old address is found out. */
	if (!heap.debug && stays(old, size))
		return object;
	if (!heap.debug && old >= LARGE_MIN && size >= LARGE_MIN && arena_offset_of(object) >= arena.bytes) {
		if (size > PTRDIFF_MAX)
			return out_of_memory();
		moved = kms_large_resize(object, size);
		if (moved)
			return moved;
		/* The host moves no block of which the program has locked a part, say: copy it. */
	}
	moved = malloc_fast(size, site);
	if (!moved)
		return size <= old ? object : NULL;
	memcpy(moved, object, old < size ? old : size);
	free_fast(object, site);
	return moved;
}

void *kms_realloc(void *object, size_t size)
{
	return kms_realloc_at(object, size, __builtin_return_address(0));
}
