/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a cache as the layer's own files see it: its fields, how it is made
 * and released, and what an engine is asked about its layout.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_CACHE_H
#define KMEMSIM_SLAB_CACHE_H

#include "slab/engine/engine.h"
#include "slab/names.h"
#include "slab/slab.h"

#define CACHE_NAME_MAX	63
#define NO_CACHE_ID	UINT32_MAX
#define MAX_OBJS_PER_SLAB 32767u
#define MAX_CACHES	SLAB_MAX_CACHES

struct kmem_cache {
	/* what every allocation and free reads */
	void *(*alloc)(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
	void (*free)(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object);
	struct slab_allocator *sa;
	void *percpu;			/* the engine's, one a CPU, see struct slab_front */
	void *pernode;			/* the engine's, one a node */
	uint32_t percpu_size;		/* bytes from one CPU's to the next one's */
	uint32_t id;
	uint32_t offset;		/* of the free pointer */
	uint32_t object_size;
	uint32_t size;
	uint32_t flags;

	/* what slow paths read */
	unsigned int order;
	unsigned int objects;
	unsigned int min_order;
	unsigned int min_partial;
	unsigned int cpu_partial;
	unsigned int cpu_partial_slabs;
	gfp_t allocflags;
	uint32_t align;
	uint32_t inuse;			/* bytes of an object before metadata */
	uint32_t red_left;		/* bytes of an element before its object */
	void (*engine_free)(struct kmem_cache *s, unsigned int cpu, struct page *slab,
			    void *object); /* of a debugged cache, whose free is slab_debug_free() */
	uint64_t held;			/* freed objects that the quarantine holds */
	bool gone;			/* destroyed, kept as a tombstone */
	uint32_t usersize;
	unsigned int colours;
	uint32_t colour_off;
	enum slab_metadata metadata;
	uint64_t engine_objs;		/* objects in use by the engine itself */
	unsigned int refcount;
	void *cpus;			/* SLUB's state, one a CPU: percpu, or memory of its own */
	uint64_t freelist_key;		/* 0: links of free objects are plain */
	void *stash;			/* the engine's store of objects between CPUs and slabs */
	void (*ctor)(void *object);
	uint32_t *random_seq;		/* byte offsets in shuffled order, NULL: ascending */
	const struct engine_ops *engine;
	struct slab_alias *alias_names;	/* of caches merged into it, see alias.c */
	struct slab_alias *alias_last;
	struct kmem_cache *merge_next;	/* see merge.c */
	struct slab_name by_name;
	struct kmem_cache *older;	/* next in slabinfo's order */
	struct kmem_cache *newer;
	uint64_t stat[NR_SLAB_COUNTERS]; /* what the common code counts */
	char name[CACHE_NAME_MAX + 1];
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct kmem_cache, order) == 64, "the hot half fills one cache line");

/* Make a cache, without merging; kmalloc's own are allowed. */
struct kmem_cache *slab_create_cache(struct slab_allocator *sa, const struct kmem_cache_args *args,
				     struct kerror *err);

/* Takes an unlinked cache away, its number too. */
void slab_release_cache(struct kmem_cache *s);

/* @align is a power of two. */
static inline uint32_t align_up(uint32_t value, uint32_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* The geometry @sa's engine gives a cache; answers as slab_geometry() does. */
int engine_geometry(const struct slab_allocator *sa, struct slab_geometry *geo,
			 const struct kmem_cache_args *args, struct kerror *err);

/* What is common to the geometries of all engines; follows calculate_alignment(). */
int slab_check_args(const struct kmem_cache_args *args, const struct slab_config *cfg,
		    unsigned int nr_cpus, struct kerror *err);
uint32_t slab_calculate_alignment(uint32_t flags, uint32_t align, uint32_t size,
				  const struct slab_rules *rules);

#endif
