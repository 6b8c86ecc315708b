/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: another machine's object caches, slab for slab: what a snapshot of a
 * real kernel needs to be continued here. Objects are named by their number in
 * the slab, slabs by the frame they had there, and frames come from whoever
 * loaded them instead of from buddy.
 *
 * The order of loading: frames' owner, caches; of each cache its slabs, then
 * what CPUs and nodes hold of them. slab_validate() reports what does not fit.
 *
 * For the SLUB engine. Locking: none.
 */
#ifndef KMEMSIM_SLAB_LOAD_H
#define KMEMSIM_SLAB_LOAD_H

#include "slab/slab.h"

/* A new slab's frames, and where in the cache's random sequence its free list begins. */
struct slab_frames {
	pfn_t pfn;
	unsigned int order;
	unsigned int start;
};

/* Who gives frames and takes them back instead of buddy. */
struct slab_frames_ops {
	/* False: there are none. */
	bool (*take)(void *ctx, struct kmem_cache *s, unsigned int cpu, struct slab_frames *frames);
	void (*give)(void *ctx, struct kmem_cache *s, unsigned int cpu, pfn_t pfn, unsigned int order);
	void *ctx;
};
/* @ops is copied. To be called before the first slab is made. */
void slab_set_frames(struct slab_allocator *sa, const struct slab_frames_ops *ops);

struct slab_cache_state {
	char name[64];
	uint32_t size, object_size, offset, align, inuse;
	unsigned int order, objects, min_order;
	unsigned int min_partial, cpu_partial, cpu_partial_slabs;
	const uint32_t *random_seq;	/* @objects numbers, copied; NULL: free lists ascend */
};

/* Errors: NULL with @err filled: -EINVAL for a layout that cannot be, -ENOMEM, -ENOSPC. */
struct kmem_cache *slab_load_cache(struct slab_allocator *sa, const struct slab_cache_state *state,
				   struct kerror *err);

struct slab_state {
	uint32_t pfn;
	unsigned int order, objects, inuse;
	bool frozen;
	bool cpu_partial;		/* on a CPU's partial list; set by slab_read_slab() only */
	const uint16_t *free;		/* numbers of the objects on the slab's own list, head first */
	unsigned int nr_free;
};

/*
 * A slab of @s: its objects are live, but those on its free list. Errors:
 * -EINVAL where its frames are not this machine's or another slab's, or the
 * numbers are not those of objects.
 */
int slab_load_slab(struct kmem_cache *s, const struct slab_state *state, struct kerror *err);
/* @pfn is the slab @cpu allocates from, @free what is on its own list. -EINVAL */
int slab_load_cpu(struct kmem_cache *s, unsigned int cpu, uint32_t pfn, const uint16_t *free,
		  unsigned int nr_free, struct kerror *err);
/*
 * The slabs on @cpu's partial list, head first; @slabs: how many the list believes
 * it has. By rule freeze_late they are not frozen there.
 */
int slab_load_cpu_partial(struct kmem_cache *s, unsigned int cpu, const uint32_t *pfns,
			  unsigned int nr, unsigned int slabs, struct kerror *err);
/* The slabs on node @nid's partial list, head first. */
int slab_load_node_partial(struct kmem_cache *s, unsigned int nid, const uint32_t *pfns,
			   unsigned int nr, struct kerror *err);

/* ---- predicting -------------------------------------------------------- */

/* Where the next object of a cache comes from on a CPU. X(source, what it means) */
#define SLAB_SOURCES(X) \
	X(fast,         "the CPU's free list") \
	X(refill,       "what others freed to the CPU's slab") \
	X(cpu_partial,  "the CPU's partial slabs") \
	X(node_partial, "the node's partial slabs") \
	X(new_slab,     "a new slab")

enum slab_source {
#define SLAB_SOURCE_ENUM(name, text) SLAB_FROM_##name,
	SLAB_SOURCES(SLAB_SOURCE_ENUM)
#undef SLAB_SOURCE_ENUM
	NR_SLAB_SOURCES
};

/* The object that the next request on @cpu gets; NULL: one of a new slab. Changes nothing. */
void *slab_peek(const struct kmem_cache *s, unsigned int cpu, enum slab_source *source);

/*
 * The first object of a new slab, although there may be others: the request
 * found nothing left when it asked for frames, and meanwhile something came
 * back. NULL where there are no frames. Follows the end of ___slab_alloc().
 */
void *slab_alloc_new_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp);

/* As that, of a node's partial slab; NULL where there is none. */
void *slab_alloc_partial(struct kmem_cache *s, unsigned int cpu);

/*
 * The request on @cpu that has just been given @ours got @theirs elsewhere:
 * make it so. False where @theirs is no free object of @s: then nothing changes.
 */
bool slab_resync(struct kmem_cache *s, unsigned int cpu, void *ours, void *theirs);

/*
 * One step of a bulk free of @nr live objects, of any caches: those of the slab
 * of the last one. Returns how many are left, at the array's front.
 */
unsigned int slab_free_group(struct slab_allocator *sa, unsigned int cpu, unsigned int nr, void **objects);

/* Is @object on the list that @cpu hands objects out of? */
bool slab_on_cpu_list(const struct kmem_cache *s, unsigned int cpu, const void *object);
/* Take the CPU's slab away from it. Follows deactivate_slab(). */
void slab_put_away(struct kmem_cache *s, unsigned int cpu);
/* The number at place @pos of the cache's random sequence; @pos itself where it has none. */
unsigned int slab_random_at(const struct kmem_cache *s, unsigned int pos);

/* Give back a slab that elsewhere is gone, whatever is live in it. */
void slab_drop(struct slab_allocator *sa, uint32_t pfn);

/* The cache and head of the slab that frame @pfn belongs to; NULL: of none. */
struct kmem_cache *slab_cache_at(const struct slab_allocator *sa, uint32_t pfn, uint32_t *head);
/* Does a live object start at @object? */
bool slab_is_live(const struct slab_allocator *sa, const void *object);

/* ---- comparing --------------------------------------------------------- */

/* Room for the slab's free list, head first; NULL @free: only the rest. -ENOENT: no slab of @s. */
int slab_read_slab(const struct kmem_cache *s, uint32_t pfn, struct slab_state *state, uint16_t *free,
		   unsigned int room);
/* The CPU's slab, PFN_NONE_VAL for none; its list as above; returns its length. */
unsigned int slab_read_cpu(const struct kmem_cache *s, unsigned int cpu, uint32_t *pfn, uint16_t *free,
			   unsigned int room);
/* The slabs on a list, head first; return its length, of which @room are stored. */
unsigned int slab_read_cpu_partial(const struct kmem_cache *s, unsigned int cpu, uint32_t *pfns,
				   unsigned int room);
unsigned int slab_read_node_partial(const struct kmem_cache *s, unsigned int nid, uint32_t *pfns,
				    unsigned int room);

#endif
