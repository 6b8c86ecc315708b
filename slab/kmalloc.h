/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the size classes of kmalloc, made and released with the allocator. */
#ifndef KMEMSIM_SLAB_KMALLOC_H
#define KMEMSIM_SLAB_KMALLOC_H

#include "slab/slab.h"

#define KMALLOC_SHIFT_LOW	3
#define KMALLOC_SHIFT_HIGH	13
#define NR_KMALLOC_CLASSES	(KMALLOC_SHIFT_HIGH + 1)
#define KMALLOC_SMALL_MAX	192	/* sizes up to it have a table by (size - 1) / 8 */
#define NR_KMALLOC_SMALL	(KMALLOC_SMALL_MAX / KMALLOC_MIN_SIZE)
_Static_assert(KMALLOC_MIN_SIZE == 1 << KMALLOC_SHIFT_LOW, "the smallest class");
_Static_assert(KMALLOC_MAX_CACHE_SIZE == 1 << KMALLOC_SHIFT_HIGH, "the largest class");

int kmalloc_caches_create(struct slab_allocator *sa, struct kerror *err);
/* Gives back what large kmallocs hold. */
void kmalloc_large_release_all(struct slab_allocator *sa);

#endif
