/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what engines that cut blocks of frames into slabs have in common:
 * lists of slabs, linked through their head pages; free lists that begin in the
 * head page; what a request for frames keeps of the flags of its cause; which node a CPU takes memory from.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_ENGINE_COMMON_H
#define KMEMSIM_SLAB_ENGINE_COMMON_H

#include "slab/alloc.h"
#include "slab/complain.h"
#include "slab/debug/hooks.h"

/* What a new slab's request keeps of its cause's flags. */
#define GFP_RECLAIM_MASK (__GFP_RECLAIM | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_NOWARN | \
			  __GFP_RETRY_MAYFAIL | __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | \
			  __GFP_NOMEMALLOC | __GFP_ATOMIC)
#define GFP_CONSTRAINT_MASK (__GFP_HARDWALL | __GFP_THISNODE)

/* The CPU's node, or where that has no memory the nearest one that has; follows cpu_to_mem(). */
static inline unsigned int slab_mem_node(const struct slab_allocator *sa, unsigned int cpu)
{
	unsigned int local = buddy_cpu_node(sa->buddy, cpu), nid, i;

	for_each_slab_node_from(sa, local, i, nid)
		if (sa->node_has_memory[nid])
			return nid;
	return local;
}

static inline struct page *slab_from_link(const struct kmem_cache *s, uint32_t link)
{
	return link == PFN_NONE_VAL ? NULL : &s->sa->pages[link];
}

static inline struct page *slab_next(const struct kmem_cache *s, const struct page *slab)
{
	return slab_from_link(s, slab->next);
}

static inline bool slab_list_empty(const struct page_list *list)
{
	return list->head == PFN_NONE_VAL;
}

/* The first object of @slab's own free list; NULL: none. */
static inline void *slab_get_freelist(const struct kmem_cache *s, const struct page *slab)
{
	if (slab->slab_freelist == NO_OBJECT)
		return NULL;
	return slab_address(s->sa, slab) + slab->slab_freelist;
}

static inline void slab_set_freelist(const struct kmem_cache *s, struct page *slab, void *object)
{
	unsigned char *start = slab_address(s->sa, slab);

	slab->slab_freelist = object ? (uint32_t)((unsigned char *)object - start) : NO_OBJECT;
}

/*
 * What an engine counted in its CPUs' states: @cpus is the first of them, @size bytes each, with a
 * slab_front at the start, which has the fast paths' counters, and all others @stat bytes behind it.
 * 0 for what engines do not count.
 */
uint64_t slab_sum_over_cpus(const struct kmem_cache *s, enum slab_counter counter, const void *cpus,
			    size_t size, size_t stat);

void slab_list_init(struct page_list *list);
void slab_list_add(const struct kmem_cache *s, struct page_list *list, struct page *slab);
void slab_list_add_tail(const struct kmem_cache *s, struct page_list *list, struct page *slab);
void slab_list_del(const struct kmem_cache *s, struct page_list *list, struct page *slab);

/* Hand the slabs of a list to @fn, head first. Returns false when @fn did. */
bool slab_list_for_each(const struct kmem_cache *s, const struct page_list *list,
			bool (*fn)(void *ctx, pfn_t slab), void *ctx);

/*
 * As engine_ops.relink, where free objects are linked through themselves from slab_freelist
 * on: in ascending order; what has been in use stays so.
 */
void slab_relink_objects(struct kmem_cache *s, struct page *slab);

#endif
