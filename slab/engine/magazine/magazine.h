/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of the magazine engine share: the slab allocator of
 * Bonwick (1994) under the magazines of Bonwick and Adams (2001).
 *
 *     CPU 0                      CPU 1
 *     loaded   [o o o . . . .]   loaded   [o . . . . . .]   any number of rounds
 *     previous [o o o o o o o]   previous [. . . . . . .]   full or empty
 *         |  ^                       |  ^
 *         |  | a full magazine for an empty one, or the other way round
 *         v  |                       v  |
 *     depot of the cache:  full  -> [ooooooo] -> [ooooooo]
 *                          empty -> [.......] -> [.......]
 *         |  ^
 *         |  | single objects, when the depot has no magazine that helps
 *         v  |
 *     slab layer, a node:  partial -> slab -> slab     some objects in use
 *                          empty   -> slab             none: kept for a while
 *                          full    -> slab -> slab     all
 *
 *     a slab of small objects (below 1/8 frame), its metadata in its last bytes:
 *     |colour| object | object | ... | object | unused |refcount, free list, links|
 *
 *   allocate  loaded's last round; loaded empty and previous full: the two
 *             change places; else a full magazine from the depot, previous goes
 *             there as an empty one; else the slab layer
 *   free      the mirror image; where the depot has no empty magazine, a new
 *             one is made
 *
 * Working set: at each update (update_ms of the trace's time) the depot notes
 * how many full and empty magazines it had at least since the last one: those
 * nobody needed, and they are given back; so are slabs that stayed empty.
 * Where the page allocator has no memory, the whole depot and all empty slabs
 * go back, and the request tries once more.
 *
 * Magazine size: it begins with a size by the object's (1, 3, 7 or 15 rounds)
 * and grows, up to 143, when the depot is contended for: more than 3 times
 * between two updates. Here one thread plays all CPUs, so contention is
 * defined: an access to the depot is contended when the access before it was
 * another CPU's and at most contention_window allocations and frees of the
 * cache ago.
 *
 * Follows the two papers; the table of sizes, the threshold, the struct sizes
 * and the steps of the depot are those of OpenSolaris' kmem.c, looked up there.
 *
 * Differs from the original: updates come every second, not every 15, because
 * recordings last seconds; what left the working set is given back at every
 * update, not only when memory is short; slabs are kept by node and a request
 * for a node goes straight to them; slabs are blocks of a power of two of
 * frames; links of free objects lie in the objects at all sizes (the original
 * keeps those of large objects outside); a debugged cache has the layout of
 * slab_object_layout() and no magazines at all (there, KMF_NOMAGAZINE). Magazines
 * are the host's memory, not objects of the machine; their bytes are in the
 * cache's overhead.
 */
#ifndef KMEMSIM_SLAB_ENGINE_MAGAZINE_MAGAZINE_H
#define KMEMSIM_SLAB_ENGINE_MAGAZINE_MAGAZINE_H

#include "slab/engine/common.h"

/* Bytes of kmem_slab_t, kmem_bufctl_t, kmem_cpu_cache_t and of a magazine's link, 64 bits. */
#define SLAB_METADATA	56
#define BUFCTL_METADATA	24
#define CPU_CACHE_METADATA	64
#define MAGAZINE_METADATA	8

#define MAGAZINE_MAX_ORDER (PAGE_ALLOC_COSTLY_ORDER < MAX_PAGE_ORDER ? \
			    PAGE_ALLOC_COSTLY_ORDER : MAX_PAGE_ORDER)

/* Objects below 1/8 of a frame share it with the slab's metadata; a slab of others holds 8. */
#define VOID_FRACTION 8u

struct magazine {
	struct magazine *next;		/* in the depot */
	void *rounds[];
};

/* How many there were at least since the last update, and in the interval before it. */
struct working_set {
	uint64_t total;
	uint64_t min;
	uint64_t reap_limit;
};

struct magazine_list {
	struct magazine *head;
	struct working_set ws;
};

struct magazine_node {
	struct page_list partial;
	struct page_list empty;
	struct page_list full;
	uint64_t nr_partial, nr_full;
	struct working_set empties;	/* of the empty list; its total counts it */
	uint64_t nr_slabs;
	uint64_t nr_objects;
	uint64_t nr_pages;
	uint64_t nr_free;		/* objects on slabs' free lists */
};

/* One a cache, at s->stash. */
struct depot {
	struct magazine_list full;
	struct magazine_list empty;
	unsigned int magsize;		/* rounds of every magazine of the cache */
	unsigned int type;		/* its place in the table of sizes */
	uint64_t nr_magazines;		/* that exist */
	uint64_t ops;			/* allocations and frees of the cache */
	uint64_t last_op;		/* when the depot was last accessed */
	unsigned int last_cpu;		/* and by whom */
	uint64_t contention;		/* since the last update */
	uint64_t period;		/* number of the last update's interval, from 1; 0 none yet */
	unsigned int next_colour;
};

struct magazine_cpu {
	struct slab_front front;	/* only its counters */
	struct magazine *loaded;
	struct magazine *previous;
	unsigned int rounds;		/* in loaded */
	unsigned int previous_rounds;	/* 0 or the depot's magsize */
	uint64_t stat[NR_SLAB_ENGINE_COUNTERS];
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct magazine_cpu, front) == 0, "the common code finds it there");

static inline struct depot *depot_of(const struct kmem_cache *s)
{
	return s->stash;
}

static inline struct magazine_cpu *magazine_cpu(const struct kmem_cache *s, unsigned int cpu)
{
	return (struct magazine_cpu *)s->percpu + cpu;
}

static inline struct magazine_node *magazine_node(const struct kmem_cache *s, unsigned int nid)
{
	return (struct magazine_node *)s->pernode + nid;
}

/* One more; one less. */
void ws_add(struct working_set *ws);
void ws_remove(struct working_set *ws);
/* An interval ends: what was never needed in it may go (@return). */
uint64_t ws_update(struct working_set *ws);

/* ---- the slab layer (magazine/slab.c) ------------------------------------ */

int magazine_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
		      const struct slab_config *cfg, unsigned int nr_cpus, struct kerror *err);
uint32_t magazine_colour(const struct kmem_cache *s, const struct page *slab);
/* One object; NULL when memory ends. */
void *slab_layer_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void slab_layer_free(struct kmem_cache *s, unsigned int cpu, void *object);
/* Give empty slabs of a node back, @max at most; returns how many. */
unsigned int slab_layer_reap(struct kmem_cache *s, unsigned int cpu, unsigned int nid, uint64_t max);
/* Every slab, live objects or not. */
void slab_layer_release(struct kmem_cache *s);
int slab_layer_init(struct kmem_cache *s);

/* ---- the depot (magazine.c) ---------------------------------------------- */

/* Everything the depot has back to slabs and those to the page allocator. */
void depot_reap_all(struct kmem_cache *s, unsigned int cpu);

/* ---- looking (magazine/check.c) ------------------------------------------ */

void magazine_info(const struct kmem_cache *s, struct slabinfo *info);
bool magazine_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab),
			    void *ctx);
bool magazine_for_each_free(const struct kmem_cache *s, pfn_t slab,
			    bool (*fn)(void *ctx, void *object), void *ctx);
unsigned int magazine_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx);

#endif
