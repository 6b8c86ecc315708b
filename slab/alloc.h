/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the paths of every allocation and free: what the caller's CPU has at
 * hand is taken and given back inline, all else by a call (cache.c, the engine).
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_ALLOC_H
#define KMEMSIM_SLAB_ALLOC_H

#include "slab/compiler.h"
#include "slab/head.h"
#include "slab/live.h"

/*
 * What an engine lets the common code do by itself, without a call: the start
 * of its state for each CPU. An engine that hands objects out of one slab a CPU
 * keeps that slab and its free list here (plain pointers at byte s->offset, no
 * freelist_key); one that does not leaves both NULL, and every request reaches
 * its ops.
 *
 * The states of all caches and CPUs are one lazily touched table, cache by
 * cache: kfree finds the one it needs from the id in struct page alone, without
 * waiting for the cache.
 */
struct slab_front {
	void *freelist;
	struct page *slab;
	uint64_t alloc_fastpath;
	uint64_t free_fastpath;
};

static inline struct slab_front *slab_front(const struct kmem_cache *s, unsigned int cpu)
{
	return (struct slab_front *)((char *)s->percpu + (size_t)cpu * s->percpu_size);
}

static inline struct slab_front *slab_front_of_id(const struct slab_allocator *sa, uint32_t id,
						  unsigned int cpu)
{
	return (struct slab_front *)(sa->percpu + id * sa->percpu_stride + cpu * sa->percpu_size);
}

static inline void **freepointer_place(const struct kmem_cache *s, const void *object)
{
	return (void **)((char *)object + s->offset);
}

/* How a link to @ptr is stored at @place, and read; follows 6.1's freelist_ptr(). */
static inline void *freelist_ptr(const struct kmem_cache *s, void *ptr, void *const *place)
{
	if (likely(!s->freelist_key))
		return ptr;
	return (void *)((uintptr_t)ptr ^ s->freelist_key ^ __builtin_bswap64((uintptr_t)place));
}

static inline void *get_freepointer(const struct kmem_cache *s, const void *object)
{
	void **place = freepointer_place(s, object);

	return freelist_ptr(s, *place, place);
}

static inline void set_freepointer(const struct kmem_cache *s, void *object, void *next)
{
	void **place = freepointer_place(s, object);

	*place = freelist_ptr(s, next, place);
}

bool __slab_should_fail(struct slab_allocator *sa, const struct kmem_cache *s, size_t bytes,
			gfp_t gfp);
/* Counts the failure and returns NULL. @s is NULL where no cache was concerned. */
void *slab_alloc_failed(struct slab_allocator *sa, struct kmem_cache *s);
/* Clears and returns @object. */
void *slab_zero_object(struct kmem_cache *s, void *object);
/*
 * An allocation that the CPU's own slab cannot serve, or that may have to
 * fail on demand. @asked is the size kmalloc was asked for, 0 where it wasn't.
 */
void *__slab_alloc_node(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid, size_t asked);
/* The same for kmalloc; it finds the cache anew, so that the fast path has a register to spare. */
void *__kmalloc_slow(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid);

/* True where the caller asked for this request to fail. @s is NULL for a large kmalloc. */
static inline bool slab_should_fail(struct slab_allocator *sa, const struct kmem_cache *s,
				    size_t bytes, gfp_t gfp)
{
	return unlikely(sa->slow_alloc & SLAB_SLOW_FAIL) && __slab_should_fail(sa, s, bytes, gfp);
}

/* A node the kernel would not know is no constraint. */
static inline int slab_node_or_any(const struct slab_allocator *sa, int nid)
{
	if (likely(nid == NUMA_NO_NODE))
		return nid;
	if (nid < 0 || nid >= (int)sa->nr_nodes || !sa->node_has_memory[nid])
		return NUMA_NO_NODE;
	return nid;
}

/* The first free object of the CPU's own slab; NULL where there is none, or another node's. */
static inline void *slab_alloc_front(struct kmem_cache *s, unsigned int cpu, int nid)
{
	struct slab_front *front = slab_front(s, cpu);
	void *object = front->freelist;

	if (unlikely(!object) ||
	    unlikely(nid != NUMA_NO_NODE && slab_nid(front->slab) != (unsigned int)nid))
		return NULL;
	front->freelist = *freepointer_place(s, object);
	front->alloc_fastpath++;
	return object;
}

/*
 * What all single allocations share; follows slab_alloc_node(). @asked is the
 * size kmalloc was asked for, 0 where it wasn't.
 */
static inline void *slab_alloc_node(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid,
				    size_t asked)
{
	struct slab_allocator *sa = s->sa;
	void *object;

	if (unlikely(sa->slow_alloc))
		goto slow;
	object = slab_alloc_front(s, cpu, nid);
	if (unlikely(!object))
		goto slow;
	live_set(sa, arena_offset(sa, object));
	if (unlikely(gfp & __GFP_ZERO))
		return slab_zero_object(s, object);
	return object;
slow:
	return asked ? __kmalloc_slow(sa, cpu, asked, gfp, nid) :
		       __slab_alloc_node(s, cpu, gfp, nid, 0);
}

/*
 * Give an object, checked and no longer live, back to @s, whose state for @cpu
 * is @front. Follows do_slab_free().
 */
static inline void slab_free(struct kmem_cache *s, struct slab_front *front, unsigned int cpu,
			     struct page *slab, void *object)
{
	if (unlikely(slab != front->slab)) {
		s->free(s, cpu, slab, object);
		return;
	}
	*freepointer_place(s, object) = front->freelist;
	front->freelist = object;
	front->free_fastpath++;
}

/*
 * An object for the engine's own metadata, not counted as a request of anybody's;
 * NULL when there is no memory. kmem_cache.engine_objs counts those in use.
 */
void *slab_alloc_for_engine(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void slab_free_for_engine(struct kmem_cache *s, unsigned int cpu, void *object);

#endif
