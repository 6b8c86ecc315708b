// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: objects of any size, kms_malloc() and its family.
 *
 *   up to CLASS_MAX         an object of the cache of the next size, through the
 *                           thread's window; arena.slot_of tells it from its frame
 *   up to LARGE_MIN         a run of frames from buddy, what it has too many given
 *                           back; the first frame's record has the length
 *   above, or aligned to    mapped on its own (large.c)
 *   more than a largest block
 *
 * Locking: none of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slab/malloc/fast.h"
#include "slab/malloc/large.h"

bool kms_classes_create(void)
{
	unsigned int class;

	for (class = 0; class < NR_CLASSES; class++) {
		char name[32];
		struct kmem_cache_args args = {
			.name = name,
			.size = (uint32_t)class_bytes(class),
			.align = 16,
		};

		/* A power of two is aligned to itself, up to a frame, as kmalloc's are. */
		if (!(args.size & (args.size - 1)))
			args.align = args.size < PAGE_SIZE ? args.size : PAGE_SIZE;
		snprintf(name, sizeof(name), "malloc-%u", args.size);
		if (!kms_cache_make(&args, CLASS_SLOT + class, CLASS_SLOT + class))
			return false;
	}
	return true;
}

/* ---- runs of frames ---------------------------------------------------------- */

static unsigned int order_of(size_t frames)
{
	return frames > 1 ? 64 - (unsigned int)__builtin_clzl(frames - 1) : 0;
}

/* @frames frames (2^@order at most), aligned to 2^@order of them; follows alloc_pages_exact(). */
static void *run_alloc(unsigned int order, size_t frames)
{
	uint32_t i;
	pfn_t pfn;

	kms_enter();
	pfn = buddy_alloc_pages(heap.buddy, 0, GFP_KERNEL, order, NUMA_NO_NODE);
	if (pfn.v != PFN_NONE_VAL) {
		buddy_split_page(heap.buddy, pfn);
		for (i = (uint32_t)frames; i < 1U << order; i++)
			buddy_free_pages(heap.buddy, 0, pfn_make(pfn.v + i), 0);
		page_from_pfn(heap.map, pfn)->private[0] = frames;
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
	size_t i, frames = run_frames(run);

	set_slot_at(pfn.v, 0);
	kms_enter();
	for (i = 0; i < frames; i++)
		buddy_free_pages(heap.buddy, 0, pfn_make(pfn.v + (uint32_t)i), 0);
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
	if (!object && kms_empty_barns())
		object = run_alloc(order, frames);
	return object ? object : out_of_memory();
}

void *kms_malloc_slow(size_t size, const void *site)
{
	if (unlikely(kms_inside))
		return kms_books_alloc(size);
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
	if (slot - CLASS_SLOT < NR_CLASSES)
		kms_window_flush(class_window(slot - CLASS_SLOT), object);
	else if (slot == SLOT_RUN && !(offset & (PAGE_SIZE - 1)))
		run_free(object);
	else if (kms_books_has(object))
		kms_books_free(object);
	else if (!kms_large_free(object))
		kms_bad_free(object, site);
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
	if (bytes >= LARGE_MIN)
		return malloc_beyond(1, bytes, true);
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
	if (align > PAGE_SIZE || size > CLASS_MAX)
		return malloc_beyond(align, size ? size : 1, false);
	/* Only the powers of two are aligned to themselves, the largest ones to a frame. */
	rounded = size > align ? size : align;
	if (rounded < PAGE_SIZE)
		rounded = (size_t)1 << (64 - __builtin_clzl(rounded - 1));
	else
		rounded = (size_t)PAGE_SIZE << order_of((rounded + PAGE_SIZE - 1) >> PAGE_SHIFT);
	return malloc_fast(rounded, site);
}

void *kms_memalign(size_t align, size_t size)
{
	if (!align || align & (align - 1)) {
		errno = EINVAL;
		return NULL;
	}
	return kms_memalign_at(align, size, __builtin_return_address(0));
}

size_t kms_usable_size(const void *object)
{
	size_t offset = arena_offset_of(object);
	unsigned int slot;

	if (!object)
		return 0;
	if (offset >= arena.bytes)
		return kms_large_size(object);
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
		kms_bad_free(object, site);
		return out_of_memory();
	}
	if (stays(old, size))
		return object;
	if (old >= LARGE_MIN && size >= LARGE_MIN && arena_offset_of(object) >= arena.bytes) {
		if (size > PTRDIFF_MAX)
			return out_of_memory();
		moved = kms_large_resize(object, size);
		return moved ? moved : out_of_memory();
	}
	moved = malloc_fast(size, site);
	if (!moved)
		return NULL;
	memcpy(moved, object, old < size ? old : size);
	free_fast(object, site);
	return moved;
}

void *kms_realloc(void *object, size_t size)
{
	return kms_realloc_at(object, size, __builtin_return_address(0));
}
