/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of the SLUB engine share.
 *
 * A slab is in one of these states (its page's slab_objects has the frozen
 * bit, slab_inuse and slab_freelist as in internal.h):
 *
 *   CPU slab      frozen, c->front.slab; c->front.freelist holds the objects the CPU hands
 *                 out, slab_freelist those that others freed meanwhile
 *   CPU partial   frozen, linked through ->next from c->partial; slab_private
 *                 is the length of the list from here on
 *   node partial  in n->partial: not full, can be empty
 *   full          in n->full: no free object
 *
 *   new --> CPU slab --(exhausted)--> full --(first free)--> CPU partial
 *               ^  \--(flush, other node)--> node partial        |  |
 *               |\_______(next CPU slab)_________________________|  |
 *                \______(taken)______ node partial <--(drain)_______|
 *
 * A free object holds, at byte s->offset, the address of the next free one.
 */
#ifndef KMEMSIM_SLAB_ENGINE_SLUB_H
#define KMEMSIM_SLAB_ENGINE_SLUB_H

#include "slab/internal.h"

struct slub_cpu {
	struct slab_front front;	/* the CPU slab; freelist: what this CPU hands out of it */
	struct page *partial;		/* frozen slabs to use next */
	uint64_t stat[NR_SLAB_COUNTERS];	/* but those that front has */
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
	return (struct slub_cpu *)s->percpu + cpu;
}

static inline struct slub_node *slub_node(const struct kmem_cache *s, unsigned int nid)
{
	return (struct slub_node *)s->pernode + nid;
}

static inline struct slub_node *slub_node_of(const struct kmem_cache *s, const struct page *slab)
{
	return slub_node(s, slab_nid(slab));
}

/* ---- free lists -------------------------------------------------------- */

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

static inline void slab_set_frozen(struct page *slab, bool frozen)
{
	slab->slab_objects = (uint16_t)(slab_objects(slab) | (frozen ? SLAB_FROZEN : 0));
}

/* ---- lists of slabs ---------------------------------------------------- */

static inline struct page *slab_from_link(const struct kmem_cache *s, uint32_t link)
{
	return link == PFN_NONE_VAL ? NULL : &s->sa->pages[link];
}

static inline struct page *slab_next(const struct kmem_cache *s, const struct page *slab)
{
	return slab_from_link(s, slab->next);
}

void slab_list_init(struct page_list *list);
void slab_list_add(const struct kmem_cache *s, struct page_list *list, struct page *slab);
void slab_list_add_tail(const struct kmem_cache *s, struct page_list *list, struct page *slab);
void slab_list_del(const struct kmem_cache *s, struct page_list *list, struct page *slab);

void slub_add_full(struct kmem_cache *s, struct page *slab);
void slub_remove_full(struct kmem_cache *s, struct page *slab);
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

/* ---- slabs on their way (slub_partial.c) ------------------------------- */

/*
 * A new slab from buddy, all objects free and constructed, not frozen, on no
 * list; NULL when there is no memory. Follows allocate_slab().
 */
struct page *slub_new_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);
/* Give an unlinked slab back to buddy. Follows discard_slab(). */
void slub_discard_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab);

/*
 * Take a partial slab from @nid or @cpu's node or, when any will do, the
 * nearest that has many: the slab is frozen, its free list in *@freelist, and
 * more slabs of that node may have moved to the CPU's partial list. Follows
 * get_partial().
 */
struct page *slub_get_partial(struct kmem_cache *s, unsigned int cpu, int nid, void **freelist);

/*
 * Put a slab that was just frozen on the CPU's partial list; with @drain a
 * list that is full moves to the nodes first. Follows put_cpu_partial().
 */
void slub_put_cpu_partial(struct kmem_cache *s, unsigned int cpu, struct page *slab, bool drain);

/* Take the CPU's slab away from it, its free list too. Follows deactivate_slab(). */
void slub_deactivate_cpu_slab(struct kmem_cache *s, unsigned int cpu);

/* Put away all that @cpu holds. Follows __flush_cpu_slab(). */
void slub_flush_cpu(struct kmem_cache *s, unsigned int cpu);

/* Follows __kmem_cache_do_shrink(). */
unsigned int slub_shrink(struct kmem_cache *s);

/*
 * A node's partial slab becomes the CPU's, whatever it had; its free list, NULL
 * where there is none. Follows the middle of ___slab_alloc().
 */
void *slub_refill_partial(struct kmem_cache *s, unsigned int cpu, int nid);
/*
 * A new slab becomes the CPU's, whatever it had; its free list, NULL when there
 * is no memory. Follows the end of ___slab_alloc().
 */
void *slub_refill_new(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid);

/* ---- frames of a foreign owner (slub_load.c) ----------------------------- */

/* False where the owner has none, or none that fit. */
bool slub_take_frames(struct kmem_cache *s, unsigned int cpu, struct slab_frames *frames);
void slub_give_frames(struct kmem_cache *s, unsigned int cpu, pfn_t pfn, unsigned int order);

/* ---- looking (slub_check.c) -------------------------------------------- */

void slub_info(const struct kmem_cache *s, struct slabinfo *info);
bool slub_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx);
bool slub_for_each_free(const struct kmem_cache *s, pfn_t slab,
			bool (*fn)(void *ctx, void *object), void *ctx);
unsigned int slub_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx);

#endif
