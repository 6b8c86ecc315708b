/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the fast paths of kms_malloc() and kms_free(), for the two files in
 * which they are to be inlined under their two names.
 *
 * Locking: none; a thread's windows are its own.
 */
#ifndef KMEMSIM_SLAB_MALLOC_FAST_H
#define KMEMSIM_SLAB_MALLOC_FAST_H

#include "slab/malloc/internal.h"
#include "slab/malloc/sizes.h"

_Static_assert(CLASS_SLOT + NR_CLASSES <= SLOT_CACHE, "a class's slot is a byte that means nothing else");

static inline uint32_t class_window(unsigned int class)
{
	return (CLASS_SLOT + class) * (uint32_t)sizeof(struct kms_window);
}

/* What the windows can't do; @site is the caller's address, for debugging. */
KMS_INTERNAL void *kms_malloc_slow(size_t size, const void *site);
KMS_INTERNAL void *kms_memalign_at(size_t align, size_t size, const void *site);
KMS_INTERNAL void *kms_calloc_at(size_t n, size_t size, const void *site);
KMS_INTERNAL void *kms_realloc_at(void *object, size_t size, const void *site);
KMS_INTERNAL void kms_free_slow(void *object, const void *site);

/*
 * As size_class(), by table: the computation's bit scan would lengthen the path
 * from one call's window to the next one's. Before there is a heap it answers 0,
 * and no window has anything.
 */
static inline unsigned int class_by_table(size_t size)
{
	const uint8_t *class = size <= CLASS_MIDDLE_MAX ? &arena.fine_class[(size + 15) / 16] :
							  &arena.coarse_class[(size + 127) / 128];

	return __atomic_load_n(class, __ATOMIC_RELAXED);
}

static inline void *malloc_fast(size_t size, const void *site)
{
	if (likely(size <= CLASS_MAX)) {
		uint32_t offset = class_window(class_by_table(size));
		struct kms_window *w = (struct kms_window *)((char *)kms_windows + offset);

		if (likely(w->top != w->base))
			return kms_window_pop(offset);
	}
	return kms_malloc_slow(size, site);
}

static inline void free_fast(void *object, const void *site)
{
	size_t offset = (uintptr_t)object - arena.base;

	if (likely(offset < arena.bytes)) {
		unsigned int class = slot_at(offset >> PAGE_SHIFT) - CLASS_SLOT;

		if (likely(class < NR_CLASSES)) {
			uint32_t window = class_window(class);
			struct kms_window *w = (struct kms_window *)((char *)kms_windows + window);

			if (likely(w->top != w->end)) {
				kms_window_push(window, object);
				return;
			}
		}
	}
	kms_free_slow(object, site);
}

#endif
