/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of the SLUB engine share.
 *
 * A slab is in one of these states (its page's slab_objects has the frozen
 * bit, slab_inuse and slab_freelist as in slab/head.h):
 *
 *   CPU slab      frozen, c->front.slab; c->front.freelist holds the objects the CPU hands
 *                 out, slab_freelist those that others freed meanwhile
 *   CPU partial   frozen unless rule freeze_late, linked through ->next from c->partial;
 *                 slab_private is the length of the list from here on, 0 on no such list
 *   node partial  in n->partial: not full, can be empty
 *   full          in n->full: no free object
 *
 *   new --> CPU slab --(exhausted)--> full --(first free)--> CPU partial
 *               ^  \--(flush, other node)--> node partial        |  |
 *               |\_______(next CPU slab)_________________________|  |
 *                \______(taken)______ node partial <--(drain)_______|
 *
 * A free object holds, at byte s->offset, the address of the next free one;
 * with freelist_hardened that address XOR a random number of the cache XOR the
 * byte-swapped address of the place it is stored at. The common code follows
 * plain links only: a hardened cache's CPU state is memory of its own
 * (s->cpus), its struct slab_front stays empty, and every request reaches
 * slub_alloc_one() and slub_free_one(). Whoever builds on SLUB (sheaves) does
 * the same.
 *
 * A debugged cache has no frozen slabs, see slub/debug.c.
 */
#ifndef KMEMSIM_SLAB_ENGINE_SLUB_SLUB_H
#define KMEMSIM_SLAB_ENGINE_SLUB_SLUB_H

#include "slab/engine/common.h"

#define SLUB_MAX_ORDER (PAGE_ALLOC_COSTLY_ORDER < MAX_PAGE_ORDER ? \
			PAGE_ALLOC_COSTLY_ORDER : MAX_PAGE_ORDER)

/* The parameters of whatever is built of SLUB's slabs. */
#define SLUB_PARAMS \
	{ "slab_min_order", "smallest order of a slab", \
	  offsetof(struct slab_config, slab_min_order), 0, MAX_PAGE_ORDER, 0 }, \
	{ "slab_max_order", "order up to which objects are packed for little waste", \
	  offsetof(struct slab_config, slab_max_order), 0, MAX_PAGE_ORDER, SLUB_MAX_ORDER }, \
	{ "slab_min_objects", "objects a slab should hold; 0: 4 * (fls(CPUs) + 1)", \
	  offsetof(struct slab_config, slab_min_objects), 0, MAX_OBJS_PER_SLAB, 0 }, \
	{ "cpu_partial", "free objects a CPU may keep in partial slabs; auto: by size 120, 52, 24, 6", \
	  offsetof(struct slab_config, cpu_partial), 0, 65535, SLAB_AUTO }, \
	{ "min_partial", "empty slabs a node keeps; auto: log2(size) / 2, within 5..10", \
	  offsetof(struct slab_config, min_partial), 0, 65535, SLAB_AUTO }, \
	{ "freelist_random", "1: shuffle the free list of each new slab", \
	  offsetof(struct slab_config, freelist_random), 0, 1, 0 }, \
	{ "freelist_hardened", "1: links of free objects are XORed with a random number and their place", \
	  offsetof(struct slab_config, freelist_hardened), 0, 1, 0 }

struct slub_cpu {
	struct slab_front front;	/* the CPU slab; freelist: what this CPU hands out of it */
	struct page *partial;		/* frozen slabs to use next */
	uint64_t stat[NR_SLAB_ENGINE_COUNTERS];	/* but those that front has */
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct slub_cpu, front) == 0, "the common code finds it there");

struct slub_node {
	struct page_list partial;
	struct page_list full;
	uint64_t nr_partial;
	uint64_t nr_full;
	uint64_t nr_slabs;
	uint64_t nr_objects;
	uint64_t nr_pages;
};

static inline struct slub_cpu *slub_cpu(const struct kmem_cache *s, unsigned int cpu)
{
	return (struct slub_cpu *)s->cpus + cpu;
}

static inline struct slub_node *slub_node(const struct kmem_cache *s, unsigned int nid)
{
	return (struct slub_node *)s->pernode + nid;
}

static inline struct slub_node *slub_node_of(const struct kmem_cache *s, const struct page *slab)
{
	return slub_node(s, slab_nid(slab));
}

/* ---- for who builds on SLUB (slub.c) ------------------------------------ */

/* SLUB's part of a new cache; @hidden: the CPUs' slabs are not the common code's. -ENOMEM. */
int slub_init(struct kmem_cache *s, bool hidden);
void slub_cache_exit(struct kmem_cache *s);
/* One object from or to slabs, the CPU's own one first. */
void *slub_alloc_one(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void slub_free_one(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object);
unsigned int slub_alloc_bulk(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, unsigned int nr,
			     void **objects);
void slub_free_bulk(struct kmem_cache *s, unsigned int cpu, unsigned int nr, void **objects);
void slub_flush(struct kmem_cache *s);
uint64_t slub_counter(const struct kmem_cache *s, enum slab_counter counter);

/* ---- free lists -------------------------------------------------------- */

static inline void slab_set_frozen(struct page *slab, bool frozen)
{
	slab->slab_objects = (uint16_t)(slab_objects(slab) | (frozen ? SLAB_FROZEN : 0));
}

/* ---- lists of slabs ---------------------------------------------------- */

void slub_add_full(struct kmem_cache *s, struct page *slab);
void slub_remove_full(struct kmem_cache *s, struct page *slab);
void slub_add_partial(struct kmem_cache *s, struct slub_node *n, struct page *slab, bool tail);
void slub_remove_partial(struct kmem_cache *s, struct slub_node *n, struct page *slab);

/*
 * Of @nr objects to be freed at once: from the end of the array backwards, those
 * of one slab are gathered into a list, giving up after three of other slabs, and
 * freed; the list's head is the object found first. They stand at the end of the
 * array then, behind the others, of which the number is returned. Follows
 * build_detached_freelist(), and the reversal that slab_free_freelist_hook()
 * makes of it.
 */
unsigned int slub_free_group(struct kmem_cache *s, unsigned int cpu, unsigned int nr, void **objects);

/* ---- slabs change owners (partial.c) ----------------------------------- */

/*
 * A new slab from buddy, all objects free and constructed, not frozen, on no
 * list; NULL when there is no memory. Follows allocate_slab().
 */
struct page *slub_new_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
/* Give an unlinked slab back to buddy. Follows discard_slab(). */
void slub_discard_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab);

/*
 * Take a partial slab from @nid or @cpu's node or, when any will do (with rule
 * node_before_others also when @gfp has no __GFP_THISNODE), the nearest that has
 * many: the slab is frozen, its free list in *@freelist, and
 * more slabs of that node may have moved to the CPU's partial list. Follows
 * get_partial().
 */
struct page *slub_get_partial(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid,
			      void **freelist);

/*
 * Put a slab that was just frozen on the CPU's partial list; with @drain a
 * list that is full moves to the nodes first. Follows put_cpu_partial().
 */
void slub_put_cpu_partial(struct kmem_cache *s, unsigned int cpu, struct page *slab, bool drain);

/*
 * A slab that has just left a CPU's partial list goes to its node's, or back to
 * buddy where it is empty and the node has enough. Follows __put_partials().
 */
void slub_put_partial(struct kmem_cache *s, unsigned int cpu, struct page *slab);

/* Take the CPU's slab away from it, its free list too. Follows deactivate_slab(). */
void slub_deactivate_cpu_slab(struct kmem_cache *s, unsigned int cpu);

/* Put away all that @cpu holds. Follows __flush_cpu_slab(). */
void slub_flush_cpu(struct kmem_cache *s, unsigned int cpu);

/* ---- debugged caches (slub/debug.c) ------------------------------------ */

void *slub_debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
void slub_debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object);

/* Follows __kmem_cache_do_shrink(). */
unsigned int slub_shrink(struct kmem_cache *s);

/*
 * A node's partial slab becomes the CPU's, whatever it had; its free list, NULL
 * where there is none. Follows the middle of ___slab_alloc().
 */
void *slub_refill_partial(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
/*
 * A new slab becomes the CPU's, whatever it had; its free list, NULL when there
 * is no memory. Follows the end of ___slab_alloc().
 */
void *slub_refill_new(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);

/* ---- frames of a foreign owner (slub/load.c) ----------------------------- */

/* False where the owner has none, or none that fit. */
bool slub_take_frames(struct kmem_cache *s, unsigned int cpu, struct slab_frames *frames);
void slub_give_frames(struct kmem_cache *s, unsigned int cpu, pfn_t pfn, unsigned int order);

/* ---- looking (slub/check.c) -------------------------------------------- */

void slub_info(const struct kmem_cache *s, struct slabinfo *info);
bool slub_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx);
bool slub_for_each_free(const struct kmem_cache *s, pfn_t slab,
			bool (*fn)(void *ctx, void *object), void *ctx);
unsigned int slub_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx);

#endif
