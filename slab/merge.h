/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: caches that share one (merge.c), and the names that the one then has
 * besides its own (alias.c).
 */
#ifndef KMEMSIM_SLAB_MERGE_H
#define KMEMSIM_SLAB_MERGE_H

#include "slab/cache.h"

/* Let others be merged into the new @s, where its kind allows; no longer. */
void slab_merge_add(struct kmem_cache *s);
void slab_merge_del(struct kmem_cache *s);
/* The oldest cache that one of @args, laid out as @geo, can share; NULL: none. */
struct kmem_cache *slab_find_mergeable(struct slab_allocator *sa, const struct kmem_cache_args *args,
				       const struct slab_geometry *geo);

/* The name of a cache merged into @s; -ENOMEM. */
int slab_add_alias(struct kmem_cache *s, const char *name);
void slab_free_aliases(struct kmem_cache *s);
/* Take a leftover of that name away. */
void slab_drop_alias(struct slab_allocator *sa, const char *name);

#endif
