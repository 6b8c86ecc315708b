/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which caches share one: same size of an element, same kind of
 * frames, nothing that needs a cache of its own. Follows find_mergeable() and
 * slab_unmergeable() of Linux 6.1's mm/slab_common.c.
 *
 * Linux looks at all caches, oldest first, for one whose elements are less than
 * a word larger. Elements of the engines that merge are whole words, so that is
 * one of equal size; chains by size, oldest first, find the same cache.
 *
 * Single-threaded.
 */
#include "slab/allocator.h"
#include "slab/cache.h"
#include "slab/merge.h"

/* As in the kernel, checks alone (F) don't keep a cache from being merged. */
#define SLAB_NEVER_MERGE (SLAB_TYPESAFE_BY_RCU | SLAB_NO_MERGE | SLAB_DEBUG_METADATA | SLAB_TRACE | \
			  SLAB_FAILSLAB | SLAB_NO_USER_FLAGS)
#define SLAB_MERGE_SAME (SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_ACCOUNT)

static struct kmem_cache **chain_of(struct slab_allocator *sa, uint32_t size)
{
	return &sa->mergeable[size / sizeof(void *) % NR_MERGE_CHAINS];
}

static bool unmergeable(const struct kmem_cache *s)
{
	return (s->flags & SLAB_NEVER_MERGE) || s->ctor || s->usersize;
}

void slab_merge_add(struct kmem_cache *s)
{
	struct kmem_cache **link = chain_of(s->sa, s->size);

	if (unmergeable(s))
		return;
	while (*link)
		link = &(*link)->merge_next;
	*link = s;
}

void slab_merge_del(struct kmem_cache *s)
{
	struct kmem_cache **link = chain_of(s->sa, s->size);

	while (*link && *link != s)
		link = &(*link)->merge_next;
	if (*link)
		*link = s->merge_next;
}

struct kmem_cache *slab_find_mergeable(struct slab_allocator *sa, const struct kmem_cache_args *args,
				       const struct slab_geometry *geo)
{
	struct kmem_cache *s;

	if (!sa->cfg.merge || (args->flags & SLAB_NEVER_MERGE) || args->ctor || args->usersize)
		return NULL;
	for (s = *chain_of(sa, geo->size); s; s = s->merge_next)
		if (s->size == geo->size && !(s->size & (geo->align - 1)) &&
		    (args->flags & SLAB_MERGE_SAME) == (s->flags & SLAB_MERGE_SAME) &&
		    (!sa->engine->may_merge || sa->engine->may_merge(s, geo)))
			return s;
	return NULL;
}
