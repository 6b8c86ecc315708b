/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: debugged caches, as the rest of the layer and the engines meet them.
 * What the files of slab/debug/ share among themselves is in internal.h.
 */
#ifndef KMEMSIM_SLAB_DEBUG_HOOKS_H
#define KMEMSIM_SLAB_DEBUG_HOOKS_H

#include "slab/cache.h"

static inline bool kmem_cache_debug(const struct kmem_cache *s)
{
	return s->flags & SLAB_DEBUG_FLAGS;
}

int slab_debug_create(struct slab_allocator *sa, struct kerror *err);
void slab_debug_destroy(struct slab_allocator *sa);

/* @args->flags with what the configuration adds for that name. */
uint32_t slab_debug_cache_flags(const struct slab_allocator *sa,
				const struct kmem_cache_args *args);
/* Map what debugged caches need, once: -ENOMEM. */
int slab_debug_map(struct slab_allocator *sa);
/* Step between callers and the engine that has prepared @s. */
void slab_debug_take_over(struct kmem_cache *s);
/* The destroyed @s becomes a tombstone, which the allocator frees in the end. */
void slab_debug_bury(struct kmem_cache *s);

/* The use of a tombstone, for @object or as such: complains and returns -ESTALE. */
int slab_cache_gone(struct kmem_cache *s, const void *object);

/*
 * What takes the place of the engine's ops: checks, fills, remembers. The first
 * keeps the live bit and clears the object where it is asked to; a NULL is counted.
 */
void *slab_debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid, size_t asked);
void slab_debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object);
/*
 * The same for what an engine has of a debugged cache, in the name of whoever made it ask; never
 * held back, because giving back a slab would then fill the quarantine it came from.
 */
void *slab_debug_alloc_for_engine(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void slab_debug_free_for_engine(struct kmem_cache *s, unsigned int cpu, struct page *slab,
				void *object);

/* Bytes of @object its owner may write, where @s is debugged. */
uint32_t slab_debug_usable(const struct kmem_cache *s, const void *object);

/*
 * For engines. A debugged cache's objects go through alloc and free one at a
 * time: an engine keeps struct slab_front empty for it and stashes no free
 * object where for_each_free can't see it.
 */

/* Fill a new slab; before constructors run and free objects are linked. */
void slab_debug_new_slab(struct kmem_cache *s, const struct page *slab);
/* The slab goes back to buddy, all its objects free, as it still is. */
void slab_debug_slab_gone(struct kmem_cache *s, const struct page *slab);
/*
 * Is the link in the free @object sound, the last of its list where @last says
 * so? Otherwise complain and have the engine relink the slab: true, look again.
 */
bool slab_debug_bad_link(struct kmem_cache *s, struct page *slab, const void *object, bool last);
/* Whether an object is to be on its slab's free list when an engine relinks it. */
bool slab_debug_is_free(const struct kmem_cache *s, const void *object);

#endif
