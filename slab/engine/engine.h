/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what an engine of the slab layer provides. The common code
 * (slab/cache.c) has checked every argument before it calls, keeps the live
 * bits, and never looks into an engine's own structures, struct slab_front
 * apart; an engine never sees a wrong free.
 */
#ifndef KMEMSIM_SLAB_ENGINE_ENGINE_H
#define KMEMSIM_SLAB_ENGINE_ENGINE_H

#include "slab/slab.h"

/*
 * A number that shapes the engine. It lives in a field of struct slab_config,
 * an unsigned int; SLAB_AUTO there (or a default of 0 that the text explains)
 * leaves the choice to the engine.
 */
struct engine_param {
	const char *name;
	const char *text;	/* one sentence; says what SLAB_AUTO stands for */
	size_t field;		/* offset in struct slab_config */
	unsigned int min, max;	/* of what a user may set */
	unsigned int def;	/* in range or SLAB_AUTO */
};

/* For a table of what is counted, made of the groups of slab/counters.h. */
#define SLAB_COUNTED(name, text) [SC_##name] = true,

struct engine_ops {
	const char *name;
	const char *text;	/* one sentence */
	const struct engine_param *params;	/* ends with a NULL name */
	const bool *counted;	/* by enum slab_counter: what the engine or the common code counts */

	/* Bytes of a cache's state for one CPU, whole cache lines; begins with a slab_front. */
	size_t percpu_size;

	/* The smallest kmalloc class, as a power of two, and flags of kmalloc's caches; 0: 8 bytes, none. */
	unsigned int kmalloc_shift_low;
	uint32_t kmalloc_flags;

	/*
	 * An engine whose kmalloc takes as much as was asked for, up to kmalloc_max bytes, instead
	 * of a class: @s is the class to count it under. NULL: kmalloc is its caches.
	 */
	void *(*kmalloc)(struct kmem_cache *s, unsigned int cpu, size_t size, gfp_t gfp, int nid);
	size_t kmalloc_max;

	/*
	 * An engine in which caches share slabs: those are sa->shared's, a hidden cache that open()
	 * makes; its free() gets objects of any cache. Whose object starts, or started last, at
	 * @object in such a slab: NULL where none is known. NULL: slabs have one cache.
	 */
	struct kmem_cache *(*owner)(const struct slab_allocator *sa, const void *object);
	/* Bytes that a live object takes; NULL: the cache's size. */
	size_t (*footprint)(const struct kmem_cache *s, const void *object);

	/* State of all caches together, in engine_data: before the first is made, after the last. NULL: none. */
	int (*open)(struct slab_allocator *sa);
	void (*close)(struct slab_allocator *sa);

	/*
	 * The engine's own layout of slabs; NULL: SLUB's, slab_geometry(). Answers as that does.
	 * It makes room for the metadata of debugging flags (slab/debug/debug.h), as slab_object_layout()
	 * does. Common code does the rest, see slab/debug/hooks.h.
	 */
	int (*geometry)(struct slab_geometry *geo, const struct kmem_cache_args *args,
			const struct slab_config *cfg, unsigned int nr_cpus, struct kerror *err);
	/*
	 * A debugged cache's elements begin where the slab does, and the bytes behind the last one
	 * are nobody's: an engine with neither colours nor metadata there. They are poisoned, too.
	 */
	bool end_is_padding;
	/* Bytes from a slab's start to its first element (a colour, say); NULL: 0. */
	uint32_t (*colour)(const struct kmem_cache *s, const struct page *slab);

	/* What else must hold where a cache laid out as @geo is to share @s; NULL: nothing. */
	bool (*may_merge)(const struct kmem_cache *s, const struct slab_geometry *geo);

	/* Per-cache state; the geometry is known, the per-CPU state all zero. -ENOMEM. */
	int (*cache_init)(struct kmem_cache *s);
	/* Gives every slab back, live objects or not, and frees the state. */
	void (*cache_exit)(struct kmem_cache *s);

	/* Called where the CPU's slab_front has nothing to give; NULL when memory ends. */
	void *(*alloc)(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
	/* @slab is the head page of @object's slab, not the one in the CPU's slab_front. */
	void (*free)(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object);
	/* As kmem_cache_alloc_bulk(); may hand out fewer than @nr when memory ends. */
	unsigned int (*alloc_bulk)(struct kmem_cache *s, unsigned int cpu, gfp_t gfp,
				   unsigned int nr, void **objects);
	/* @nr objects of @s, all good; the array may be reordered. */
	void (*free_bulk)(struct kmem_cache *s, unsigned int cpu, unsigned int nr, void **objects);

	/* Usable bytes of a live object; NULL: as SLUB has it. */
	size_t (*ksize)(const struct kmem_cache *s, const void *object);

	/* Put away what CPUs hold, so that empty slabs can be given back. */
	void (*flush)(struct kmem_cache *s);
	unsigned int (*shrink)(struct kmem_cache *s);
	/* As slab_tick(), for all caches; NULL: nothing is done by the clock. */
	uint64_t (*tick)(struct slab_allocator *sa, uint64_t now_ns);

	void (*info)(const struct kmem_cache *s, struct slabinfo *info);
	/* Every slab the cache owns, any order; the head's pfn. Returns false when @fn did. */
	bool (*for_each_slab)(const struct kmem_cache *s,
			      bool (*fn)(void *ctx, pfn_t slab), void *ctx);
	/*
	 * The free objects of one slab, those a CPU holds first, each list in the
	 * order it would be handed out. @fn gets each link before it is followed
	 * and returns false to stop: a link may be rubbish. Returns false when @fn did.
	 */
	bool (*for_each_free)(const struct kmem_cache *s, pfn_t slab,
			      bool (*fn)(void *ctx, void *object), void *ctx);
	/*
	 * Rebuild the free list of a debugged cache's slab from slab_debug_is_free();
	 * NULL: lists are where no object's owner can write.
	 */
	void (*relink)(struct kmem_cache *s, struct page *slab);
	/* What the engine counted; the common code adds its own. */
	uint64_t (*counter)(const struct kmem_cache *s, enum slab_counter counter);
	/* The engine's own lists; the common code checks slabs and objects. */
	unsigned int (*validate)(const struct kmem_cache *s, slab_violation_fn fn, void *ctx);
};

extern const struct engine_ops slub_ops;
extern const struct engine_ops sheaves_ops;
extern const struct engine_ops magazine_ops;
extern const struct engine_ops lslab_ops;
extern const struct engine_ops slob_ops;

/* All engines, ending with NULL. The first one is the default. */
extern const struct engine_ops *const engine_list[];

/* NULL where no engine is called @name. */
const struct engine_ops *engine_find(const char *name);

#endif
