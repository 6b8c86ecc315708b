/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the SLAB engine, Linux's mm/slab.c as 6.1 had it (it went with 6.8):
 * Bonwick's slabs with arrays of free objects in front of them. Users
 * call it "slab"; here it is SLAB in text and lslab (Linux's) in names, because
 * slab is the layer around it. struct engine_ops is what any engine provides.
 *
 *   CPU 0          CPU 1                       node 0                    node 1
 *   array_cache    array_cache                 lslab_node                lslab_node
 *   +-------+      +-------+   batchcount     +--------+  +---------+
 *   | touched|     |  ...  |  <=============> | shared |  | alien[1]|==> node 1's shared
 *   | avail |      +-------+   at a time      +--------+  +---------+    or its slabs
 *   | obj   | LIFO                            |partial |->slab<->slab    (12 objects freed
 *   | obj   |  ^ |                            |free    |->slab<->slab     here, of node 1)
 *   +-------+  | v                            |full    |->slab<->slab
 *        kmem_cache_free, _alloc              +--------+
 *
 * A slab (its head page: slab_inuse as below, slab_objects how many there are):
 *
 *   new --> free (slab_inuse 0) <--> partial <--> full (slab_inuse = slab_objects)
 *            |  beyond free_limit, or after two seconds of idleness twice over
 *            v
 *          buddy
 *
 * slab_inuse counts objects that are used or lie in an array. The free ones are
 * known by an array of one byte each, in which those from place slab_inuse on are
 * the numbers of free objects. It lies in one of three places:
 *
 *   in an object  | colour | object | object | .. | [9 4 7 ..]|   the last free object holds it;
 *                                                                 slab_freelist is its offset
 *   off the slab  | colour | object | object | .. |  rest |       in a kmalloc object; its place
 *                     [9 4 7 ..] elsewhere                        in the arena / 8 is 48 bits of
 *                                                                 slab_freelist and slab_private
 *   on the slab   | colour | object | .. | rest | [9 4 7 ..] |    at its end
 *
 * Colour: the first object's offset, 0, 1, 2 .. times a cache line from one new
 * slab of a node to the next, as far as the rest allows, so that the same fields
 * of many objects do not meet in the same lines of a CPU cache. The low half of
 * slab_private has its number.
 *
 * A debugged cache has no arrays: objects go from slabs to their users and back.
 * Its numbers never lie in an object, nor kmalloc's own off the slab: the cache that
 * held them could be gone before.
 *
 * Differs from Linux: no locks; the arrays are not objects of the machine (what
 * they would take is in slabinfo's overhead), the off-slab free lists are; no
 * memory policy, no pfmemalloc slabs; which zones a request may use is left to
 * the page allocator when other nodes are searched. The reaper's times start
 * with the first slab_tick(), the same for all CPUs, and a node's second reaping
 * is spread by the cache's number where Linux takes its address.
 */
#ifndef KMEMSIM_SLAB_ENGINE_SLAB_LSLAB_H
#define KMEMSIM_SLAB_ENGINE_SLAB_LSLAB_H

#include "slab/engine/common.h"

#define ALIEN_LIMIT	12
#define LSLAB_MAX_OBJECTS 255	/* a number is a byte */

/* Some free objects of one cache; the last one in is the first one out. */
struct array_cache {
	unsigned int avail;
	unsigned int limit;
	unsigned int batchcount;
	bool touched;		/* used since the reaper came by */
	void *entry[];
};

struct lslab_cpu {
	struct slab_front front;	/* stays empty: every request comes to the engine */
	struct array_cache *ac;		/* NULL in a debugged cache */
	unsigned int nid;		/* whose memory the CPU uses; Linux: numa_mem_id() */
} __attribute__((aligned(64)));

struct lslab_node {
	struct page_list partial;
	struct page_list full;
	struct page_list free;
	uint64_t total_slabs;
	uint64_t free_slabs;
	uint64_t full_slabs;
	uint64_t free_objects;		/* on slabs, not in arrays */
	uint64_t free_limit;
	uint64_t next_reap;		/* nanoseconds since the clock started */
	uint32_t colour_next;
	bool free_touched;		/* the free list was asked since the reaper came by */
	struct array_cache *shared;	/* NULL: none */
	struct array_cache **alien;	/* by node, NULL for its own; NULL: none */
};

/* kmem_cache.pernode */
struct lslab_cache {
	unsigned int limit, batchcount, shared;	/* limit 0: a debugged cache, no arrays */
	uint64_t stat[NR_SLAB_COUNTERS];
	struct lslab_node node[];
};

/* slab_allocator.engine_data */
struct lslab_state {
	bool started;
	uint64_t start_ns;		/* the first slab_tick() */
	uint64_t now;			/* since then */
	uint64_t next;			/* when the CPUs' reapers run */
	unsigned int reap_node[];	/* by CPU: whose alien objects are drained next */
};

static inline struct lslab_cache *lslab_cache(const struct kmem_cache *s)
{
	return s->pernode;
}

static inline struct lslab_node *lslab_node(const struct kmem_cache *s, unsigned int nid)
{
	return &lslab_cache(s)->node[nid];
}

static inline struct lslab_cpu *lslab_cpu(const struct kmem_cache *s, unsigned int cpu)
{
	return (struct lslab_cpu *)s->percpu + cpu;
}

/* Move up to @max objects, the newest; returns how many. Follows transfer_objects(). */
unsigned int lslab_transfer(struct array_cache *to, struct array_cache *from, unsigned int max);

/* ---- geometry (geometry.c) --------------------------------------------- */

int lslab_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
		   const struct slab_config *cfg, unsigned int nr_cpus, struct kerror *err);

/* ---- slabs of a node (node.c) ------------------------------------------ */

uint32_t lslab_colour(const struct kmem_cache *s, const struct page *slab);
/* The numbers of @slab's objects, free ones from place slab_inuse on; NULL for a full one that keeps none. */
uint8_t *lslab_free_index(const struct kmem_cache *s, const struct page *slab);

/* As engine_ops.relink: the numbers of a debugged cache's slab, ascending. */
void lslab_relink(struct kmem_cache *s, struct page *slab);

/*
 * A new slab, on no list and not counted yet; NULL without memory. It must go
 * to lslab_grow_end(), perhaps with objects taken. Follow cache_grow_begin() and
 * cache_grow_end().
 */
struct page *lslab_grow_begin(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void lslab_grow_end(struct kmem_cache *s, struct page *slab);

/* Up to @max objects out of a slab that grow_begin() made; returns how many. */
unsigned int lslab_take_new(struct kmem_cache *s, struct page *slab, void **entry,
			    unsigned int max);
/*
 * Up to @max objects out of one slab of node @nid, a partial one if there is
 * one; returns how many, 0 where none is free. Follow get_first_slab(),
 * alloc_block() and fixup_slab_list().
 */
unsigned int lslab_take(struct kmem_cache *s, unsigned int nid, void **entry, unsigned int max);

/*
 * Objects of node @nid go back to their slabs; free slabs above the limit go
 * back to buddy on @cpu's behalf. Follows free_block() and slabs_destroy().
 */
void lslab_free_block(struct kmem_cache *s, unsigned int cpu, void **entry, unsigned int nr,
		      unsigned int nid);
/* Give back up to @max free slabs of a node, oldest first. Follows drain_freelist(). */
unsigned int lslab_drain_free(struct kmem_cache *s, unsigned int cpu, unsigned int nid,
			      uint64_t max);
/* Give back a slab that is on no list. */
void lslab_destroy_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab);

/* ---- arrays emptied (reap.c) ------------------------------------------- */

/* All of @ac to the slabs of node @nid. */
void lslab_drain_array(struct kmem_cache *s, unsigned int cpu, struct array_cache *ac,
		       unsigned int nid);
/* Alien objects to their node: into its shared array, the rest to its slabs. */
void lslab_drain_alien(struct kmem_cache *s, unsigned int cpu, struct array_cache *ac,
		       unsigned int nid);
/* Follows drain_cpu_caches(). */
void lslab_flush(struct kmem_cache *s);
/* Follows cache_reap(), for all CPUs and as often as is due. */
uint64_t lslab_tick(struct slab_allocator *sa, uint64_t now_ns);
/* When a node of a new cache is first due. */
uint64_t lslab_first_reap(const struct kmem_cache *s);

/* ---- looking (check.c) ------------------------------------------------- */

void lslab_info(const struct kmem_cache *s, struct slabinfo *info);
bool lslab_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx);
bool lslab_for_each_free(const struct kmem_cache *s, pfn_t slab,
			 bool (*fn)(void *ctx, void *object), void *ctx);
unsigned int lslab_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx);

#endif
