/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SLOB's path for debugged caches. What surrounds a debugged object must
 * still be there when it is free, but a free block of a shared page is joined
 * with its neighbours and handed to the next who comes. So such a cache shares
 * nothing: it has pages of its own, of the smallest order that holds one element,
 * with elements of one size and no header before kmalloc's.
 *
 *   room: page [o X o X] <-> page [X o o .]     big: page [X X X X] <-> ...
 *           |
 *   slab_freelist -> free -> free -> NULL       each links to the next behind or in itself
 *
 *   new --> room --(last element taken)--> big --(element freed)--> room
 *            '--(emptied, another page has room)--> buddy
 *
 * First fit is over pages, the list beginning with the one a block was last freed
 * into; inside a page the element freed last comes first, since elements of one
 * size leave no block that would be too small. The last emptied page stays until
 * the cache is shrunk: what was freed there can be looked at.
 *
 * Linux's SLOB had no debugging of objects. Single-threaded.
 */
#include <errno.h>

#include "slab/engine/slob/slob.h"

int slob_debug_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
			const struct slab_config *cfg, struct kerror *err)
{
	*geo = (struct slab_geometry){ .colours = 1 };
	slab_object_layout(geo, args, &slab_rules[cfg->kernel]);
	while ((PAGE_SIZE << geo->order) < geo->size)
		geo->order++;
	if (geo->order > MAX_PAGE_ORDER)
		return kerror_set(err, -E2BIG,
				  "objects of %u bytes do not fit into blocks of order %d",
				  geo->size, MAX_PAGE_ORDER);
	geo->min_order = geo->order;
	geo->objects = (unsigned int)((PAGE_SIZE << geo->order) / geo->size);
	return 0;
}

/* ---- pages ------------------------------------------------------------- */

static void enlist(struct kmem_cache *s, struct page *slab)
{
	struct slob_cache *c = slob_cache(s);

	if (slab->slab_freelist == NO_OBJECT) {
		slab_list_add(s, &c->big, slab);
		return;
	}
	slab_list_add(s, &c->room, slab);
	c->nr_room++;
}

static void delist(struct kmem_cache *s, struct page *slab)
{
	struct slob_cache *c = slob_cache(s);

	if (slab->slab_freelist == NO_OBJECT) {
		slab_list_del(s, &c->big, slab);
		return;
	}
	slab_list_del(s, &c->room, slab);
	c->nr_room--;
}

/* Constructed and linked in ascending order. */
static void link_elements(struct kmem_cache *s, struct page *slab)
{
	unsigned char *object = slab_first_object(s, slab);
	unsigned int i;

	slab_set_freelist(s, slab, object);
	for (i = 0; i < s->objects; i++, object += s->size) {
		if (s->ctor)
			s->ctor(object);
		set_freepointer(s, object, i + 1 < s->objects ? object + s->size : NULL);
	}
}

/* On no list yet. */
static struct page *new_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	gfp_t flags = (gfp & ~(gfp_t)(__GFP_ZERO | __GFP_COMP)) | s->allocflags;
	pfn_t pfn = buddy_alloc_pages(s->sa->buddy, cpu, flags, s->order, nid);
	struct slob_cache *c = slob_cache(s);
	struct page *slab;

	if (pfn_is_none(pfn))
		return NULL;
	slab = page_from_pfn(s->sa->map, pfn);
	slab->flags |= PG_slab;
	slab->slab_cache = s->id;
	slab->slab_inuse = 0;
	slab->slab_objects = (uint16_t)s->objects;
	slab->slab_private = 0;
	pagemap_touch(s->sa->map, pfn, 1U << s->order);
	slab_debug_new_slab(s, slab);
	link_elements(s, slab);
	c->nr_big++;
	c->nr_free += s->objects;
	c->stat[SC_alloc_slab]++;
	return slab;
}

/* @slab, empty, is on no list. */
static void discard_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	struct slob_cache *c = slob_cache(s);

	slab_debug_slab_gone(s, slab);
	c->nr_big--;
	c->nr_free -= s->objects;
	c->stat[SC_free_slab]++;
	slab->flags &= ~PG_slab;
	slab->private[0] = slab->private[1] = 0;
	buddy_free_pages(s->sa->buddy, cpu, slab_pfn(s->sa, slab), s->order);
}

unsigned int slob_debug_shrink(struct kmem_cache *s)
{
	struct page *slab = slab_from_link(s, slob_cache(s)->room.head), *next;
	unsigned int nr = 0;

	for (; slab; slab = next) {
		next = slab_next(s, slab);
		if (slab->slab_inuse)
			continue;
		delist(s, slab);
		discard_slab(s, 0, slab);
		nr++;
	}
	return nr;
}

/* ---- objects ----------------------------------------------------------- */

/* The first page of node @nid, or any, with room; off its list. */
static struct page *take_slab(struct kmem_cache *s, int nid)
{
	struct page *slab = slab_from_link(s, slob_cache(s)->room.head);

	while (slab && nid != NUMA_NO_NODE && slab_nid(slab) != (unsigned int)nid)
		slab = slab_next(s, slab);
	if (slab)
		delist(s, slab);
	return slab;
}

void *slob_debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct slob_cache *c = slob_cache(s);
	struct page *slab = take_slab(s, nid);
	void *object;

	if (!slab)
		slab = new_slab(s, cpu, gfp, nid);
	if (!slab)
		return NULL;
	object = slab_get_freelist(s, slab);
	if (slab_debug_bad_link(s, slab, object, slab->slab_inuse + 1 == slab_objects(slab)))
		object = slab_get_freelist(s, slab);
	slab_set_freelist(s, slab, get_freepointer(s, object));
	slab->slab_inuse++;
	c->nr_free--;
	c->stat[SC_alloc_slowpath]++;
	enlist(s, slab);
	return object;
}

void slob_debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	struct slob_cache *c = slob_cache(s);

	c->stat[SC_free_slowpath]++;
	delist(s, slab);
	set_freepointer(s, object, slab_get_freelist(s, slab));
	slab_set_freelist(s, slab, object);
	slab->slab_inuse--;
	c->nr_free++;
	if (!slab->slab_inuse && c->nr_room)
		discard_slab(s, cpu, slab);
	else
		enlist(s, slab);
}
