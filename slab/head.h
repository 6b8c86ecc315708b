/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a slab as its head page describes it, and where its objects lie.
 *
 * The head page while a cache owns it:
 *
 *   flags          PG_allocated | PG_slab, and PG_head where the order is above 0
 *   next, prev     the list the slab is in
 *   slab_cache     id of the cache; NO_CACHE_ID for a large kmalloc (PG_large)
 *   slab_freelist  byte offset of the first free object inside the slab, or NO_OBJECT
 *   slab_inuse     objects that are not on slab_freelist
 *   slab_objects   objects the slab holds; SLAB_FROZEN: a CPU owns slab_freelist's rest
 *   slab_private   the engine's
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_HEAD_H
#define KMEMSIM_SLAB_HEAD_H

#include "slab/allocator.h"
#include "slab/cache.h"

#define NO_OBJECT	UINT32_MAX
#define SLAB_FROZEN	0x8000u

static inline struct page *slab_head_of(const struct slab_allocator *sa, size_t arena_offset)
{
	struct page *page = &sa->pages[arena_offset >> PAGE_SHIFT];

	if (page->flags & PG_tail)
		page = &sa->pages[page->compound_head];
	return page;
}

static inline unsigned char *slab_address(const struct slab_allocator *sa, const struct page *slab)
{
	return sa->base + ((size_t)(slab - sa->pages) << PAGE_SHIFT);
}

static inline pfn_t slab_pfn(const struct slab_allocator *sa, const struct page *slab)
{
	return pfn_make((uint32_t)(slab - sa->pages));
}

/* The first object of a slab; the others follow at distances of s->size. */
static inline unsigned char *slab_first_object(const struct kmem_cache *s, const struct page *slab)
{
	uint32_t colour = s->engine->colour ? s->engine->colour(s, slab) : 0;

	return slab_address(s->sa, slab) + colour + s->red_left;
}

static inline unsigned int slab_objects(const struct page *slab)
{
	return slab->slab_objects & ~SLAB_FROZEN;
}

static inline bool slab_frozen(const struct page *slab)
{
	return slab->slab_objects & SLAB_FROZEN;
}

static inline unsigned int slab_nid(const struct page *slab)
{
	return page_zone_id(slab) / MAX_NR_ZONES;
}

/* Where @object lies in the arena; at least sa->bytes where it does not. */
static inline size_t arena_offset(const struct slab_allocator *sa, const void *object)
{
	return (uintptr_t)object - (uintptr_t)sa->base;
}

/*
 * The cache that the object at @object in @slab, a slab's head page, belongs
 * to or, not being live, last belonged to; NULL where nothing is known.
 */
static inline struct kmem_cache *slab_owner_of(const struct slab_allocator *sa,
					       const struct page *slab, const void *object)
{
	struct kmem_cache *s = sa->caches[slab->slab_cache];

	return s == sa->shared && s ? sa->engine->owner(sa, object) : s;
}

#endif
