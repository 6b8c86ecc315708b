/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SLOB, Linux's allocator for the smallest machines, as 6.1 had it (it
 * went with 6.4): first fit in pages that objects of all sizes share.
 *
 *   small  (below 256 bytes)   page <-> page <-> page
 *   medium (below 1024 bytes)  page <-> page            pages with room, by the size of
 *   large  (the rest)          page                     what was put there or freed first
 *   full                       page <-> page
 *
 *   A page is 2048 units of 2 bytes. Objects and free blocks, in address order:
 *
 *   | dentry | 12 free | 50, kmalloc(50) | file | 1 free | dentry |   free ...   |
 *              |  ^                               ^    |              ^
 *     slab_freelist-'        '--- next ----------'    '--- next -----'
 *
 *   free block of n > 1 units   [ n | next | .. ]    next: unit number of the next free
 *   free block of 1 unit        [ -next ]            block, 2048 where there is none
 *   kmalloc'ed object           8 bytes with its size, then the object
 *   object of a cache           nothing but the object: the cache knows its size
 *
 * From a page of the list, the first free block that is large enough (aligned)
 * is cut; the list is turned so that the next search starts at that page. A page
 * without any object goes back to buddy at once. Blocks of a page or more come
 * straight from buddy.
 *
 * A shared page's head: slab_cache is the id of the hidden cache "slob_pages",
 * whose slabs all shared pages are; slab_freelist is the unit number of the
 * first free block, slab_inuse the number of free units, slab_private the list.
 *
 * Differs from Linux: there, nobody knows which cache an object in a page came
 * from, and kmem_cache_free() believes its caller. Here a table beside the arena
 * has a word for each 8 bytes of it, with the cache of the object that starts
 * there; it takes nothing from the machine. A freed object's word stays until
 * something is put over it, so a second free can be told from a stray one. kmalloc's
 * caches do not exist in a kernel with SLOB; here they are names to count
 * kmalloc's objects under, and each object takes what it asked for. Full pages
 * are kept in a list so that they can be found. Blocks of several pages are
 * always compound. The footer of SLAB_TYPESAFE_BY_RCU (24 bytes) is there, but
 * such objects are freed at once. Debugged caches, which SLOB did not have, share
 * no pages: slob/debug.c.
 */
#ifndef KMEMSIM_SLAB_ENGINE_SLOB_SLOB_H
#define KMEMSIM_SLAB_ENGINE_SLOB_SLOB_H

#include "slab/engine/common.h"

#define SLOB_UNIT	2u
#define PAGE_UNITS	((unsigned int)(PAGE_SIZE / SLOB_UNIT))
#define SLOB_BREAK1	256u
#define SLOB_BREAK2	1024u
#define SLOB_MINALIGN	8u	/* of objects, and the room for a size before kmalloc's */
#define SLOB_RCU_FOOTER	24u

_Static_assert(PAGE_SIZE / SLOB_UNIT <= INT16_MAX, "a unit's number fits a unit");

enum slob_list { SLOB_SMALL, SLOB_MEDIUM, SLOB_LARGE, SLOB_FULL, NR_SLOB_LISTS };

/* slab_allocator.engine_data */
struct slob_state {
	struct page_list list[NR_SLOB_LISTS];
	uint64_t nr_pages;		/* shared ones */
	uint16_t *owner;		/* by 8 bytes of arena: the cache's id + 1; 0: nothing starts there */
};

/* kmem_cache.pernode */
struct slob_cache {
	struct page_list big;		/* blocks that are this cache's alone, all of them in use */
	struct page_list room;		/* a debugged cache's others */
	uint64_t nr_big, nr_room;	/* on both lists, on the second */
	uint64_t nr_free;		/* free elements of a debugged cache */
	uint64_t shared_objs, shared_bytes;	/* in shared pages */
	uint64_t stat[NR_SLAB_COUNTERS];
};

static inline struct slob_state *slob_state(const struct slab_allocator *sa)
{
	return sa->engine_data;
}

static inline struct slob_cache *slob_cache(const struct kmem_cache *s)
{
	return s->pernode;
}

static inline enum slob_list slob_list_of(size_t size)
{
	return size < SLOB_BREAK1 ? SLOB_SMALL : size < SLOB_BREAK2 ? SLOB_MEDIUM : SLOB_LARGE;
}

static inline unsigned int slob_units(size_t size)
{
	return (unsigned int)((size + SLOB_UNIT - 1) / SLOB_UNIT);
}

/*
 * Bytes of the block that @object of @s, in a shared page, is in; *@block is
 * where it starts. A kmalloc'ed object's begins with the size that was asked for.
 */
size_t slob_block(const struct kmem_cache *s, const void *object, unsigned char **block);

/* ---- blocks in pages (slob/page.c) ------------------------------------- */

/*
 * The free block at unit @at of a page whose first unit is @base: its length,
 * and the number of the next. What a write after free made of them never leads
 * out of the page or backwards.
 */
unsigned int slob_block_units(const int16_t *base, unsigned int at);
unsigned int slob_block_next(const int16_t *base, unsigned int at);

/*
 * A block of @size bytes, its address plus @align_offset a multiple of @align,
 * from a shared page of node @nid or any; NULL without memory. Follows
 * slob_alloc(); searching is counted in @s.
 */
void *slob_alloc_block(struct kmem_cache *s, unsigned int cpu, size_t size, gfp_t gfp,
		       unsigned int align, unsigned int align_offset, int nid);
/* Follows slob_free(). */
void slob_free_block(struct kmem_cache *s, unsigned int cpu, struct page *page, void *block,
		     size_t size);

/* ---- debugged caches (slob/debug.c) ------------------------------------ */

/* For good @args; answers as slab_geometry() does. */
int slob_debug_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
			const struct slab_config *cfg, struct kerror *err);
void *slob_debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void slob_debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object);
/* Gives back every page without an object in use; returns how many. */
unsigned int slob_debug_shrink(struct kmem_cache *s);

/* ---- looking (slob/check.c) -------------------------------------------- */

void slob_info(const struct kmem_cache *s, struct slabinfo *info);
bool slob_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx);
bool slob_for_each_free(const struct kmem_cache *s, pfn_t slab,
			bool (*fn)(void *ctx, void *object), void *ctx);
unsigned int slob_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx);

#endif
