/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the slab layer under the magazines, after Bonwick (1994): slabs
 * with a count and a free list of their own, colours, and per node three lists
 * by what a slab has in use: nothing, something, everything. Drawing and
 * differences are in magazine.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "slab/engine/magazine/magazine.h"

/* ---- geometry ------------------------------------------------------------ */

/* What objects and metadata leave of a slab is room for colours. */
static void choose_colours(struct slab_geometry *geo, uint32_t metadata)
{
	uint32_t left = (uint32_t)(PAGE_SIZE << geo->order) - geo->objects * geo->size - metadata;

	geo->colour_off = geo->align;
	geo->colours = left / geo->align + 1;
}

static void small_layout(struct slab_geometry *geo)
{
	geo->order = 0;
	geo->objects = (PAGE_SIZE - SLAB_METADATA) / geo->size;
	choose_colours(geo, SLAB_METADATA);
}

/* The order up to 8 objects whose tail, shared out among its objects, is smallest. */
static void large_layout(struct slab_geometry *geo, unsigned int max_order)
{
	uint32_t least = UINT32_MAX;
	unsigned int order;

	if (max_order < geo->min_order)
		max_order = geo->min_order;
	for (order = geo->min_order; order <= max_order; order++) {
		uint32_t bytes = (uint32_t)(PAGE_SIZE << order), objects = bytes / geo->size;

		if (bytes % geo->size / objects < least) {
			least = bytes % geo->size / objects;
			geo->order = order;
			geo->objects = objects;
		}
		if (objects >= VOID_FRACTION)
			break;
	}
	choose_colours(geo, 0);
}

/* Sizes and offsets are SLUB's, so that caches merge alike; slabs are kmem_cache_create()'s. */
int magazine_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
		      const struct slab_config *cfg, unsigned int nr_cpus, struct kerror *err)
{
	unsigned int max_order = cfg->slab_max_order < MAX_PAGE_ORDER ? cfg->slab_max_order :
									 MAX_PAGE_ORDER;
	int ret = slab_geometry(geo, args, cfg, nr_cpus, err);

	if (ret)
		return ret;
	if (geo->size < PAGE_SIZE / VOID_FRACTION)
		small_layout(geo);
	else
		large_layout(geo, max_order);
	geo->min_order = geo->order;
	geo->min_partial = geo->cpu_partial = geo->cpu_partial_slabs = 0;
	return 0;
}

uint32_t magazine_colour(const struct kmem_cache *s, const struct page *slab)
{
	return slab->slab_private;
}

/* ---- lists --------------------------------------------------------------- */

static struct magazine_node *node_of(const struct kmem_cache *s, const struct page *slab)
{
	return magazine_node(s, slab_nid(slab));
}

static void enlist(struct kmem_cache *s, struct page *slab)
{
	struct magazine_node *n = node_of(s, slab);

	if (!slab->slab_inuse) {
		slab_list_add(s, &n->empty, slab);
		ws_add(&n->empties);
	} else if (slab->slab_freelist == NO_OBJECT) {
		slab_list_add(s, &n->full, slab);
		n->nr_full++;
	} else {
		slab_list_add(s, &n->partial, slab);
		n->nr_partial++;
	}
}

static void delist(struct kmem_cache *s, struct page *slab)
{
	struct magazine_node *n = node_of(s, slab);

	if (!slab->slab_inuse) {
		slab_list_del(s, &n->empty, slab);
		ws_remove(&n->empties);
	} else if (slab->slab_freelist == NO_OBJECT) {
		slab_list_del(s, &n->full, slab);
		n->nr_full--;
	} else {
		slab_list_del(s, &n->partial, slab);
		n->nr_partial--;
	}
}

/* ---- slabs from and to buddy --------------------------------------------- */

/* Link all objects in ascending order, constructed; touches every frame of the slab. */
static void link_objects(struct kmem_cache *s, struct page *slab)
{
	unsigned char *object = slab_first_object(s, slab);
	unsigned int i;

	pagemap_touch(s->sa->map, slab_pfn(s->sa, slab), 1U << s->order);
	slab_set_freelist(s, slab, object);
	for (i = 0; i < s->objects; i++, object += s->size) {
		if (s->ctor)
			s->ctor(object);
		set_freepointer(s, object, i + 1 < s->objects ? object + s->size : NULL);
	}
}

static struct page *new_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	gfp_t flags = (gfp & (GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK)) | s->allocflags;
	pfn_t pfn = buddy_alloc_pages(s->sa->buddy, cpu, flags, s->order, nid);
	struct depot *depot = depot_of(s);
	struct magazine_node *n;
	struct page *slab;

	if (pfn_is_none(pfn))
		return NULL;
	slab = page_from_pfn(s->sa->map, pfn);
	slab->flags |= PG_slab;
	slab->next = slab->prev = PFN_NONE_VAL;
	slab->slab_cache = s->id;
	slab->slab_inuse = 0;
	slab->slab_objects = (uint16_t)s->objects;
	slab->slab_private = depot->next_colour * s->colour_off;
	depot->next_colour = (depot->next_colour + 1) % s->colours;
	if (kmem_cache_debug(s))
		slab_debug_new_slab(s, slab);
	link_objects(s, slab);

	n = node_of(s, slab);
	n->nr_slabs++;
	n->nr_objects += s->objects;
	n->nr_free += s->objects;
	n->nr_pages += 1U << s->order;
	magazine_cpu(s, cpu)->stat[SC_alloc_slab]++;
	return slab;
}

/* @slab is on no list. */
static void discard_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	struct magazine_node *n = node_of(s, slab);

	if (kmem_cache_debug(s))
		slab_debug_slab_gone(s, slab);
	n->nr_slabs--;
	n->nr_objects -= slab_objects(slab);
	n->nr_free -= slab_objects(slab) - slab->slab_inuse;
	n->nr_pages -= 1U << s->order;
	slab->flags &= ~PG_slab;
	slab->private[0] = slab->private[1] = 0;
	buddy_free_pages(s->sa->buddy, cpu, slab_pfn(s->sa, slab), s->order);
	magazine_cpu(s, cpu)->stat[SC_free_slab]++;
}

unsigned int slab_layer_reap(struct kmem_cache *s, unsigned int cpu, unsigned int nid, uint64_t max)
{
	struct magazine_node *n = magazine_node(s, nid);
	unsigned int nr = 0;

	while (nr < max && !slab_list_empty(&n->empty)) {
		struct page *slab = slab_from_link(s, n->empty.tail);

		delist(s, slab);
		discard_slab(s, cpu, slab);
		nr++;
	}
	return nr;
}

/* ---- objects ------------------------------------------------------------- */

/* A slab of @nid with a free object, off its list; a used one rather than an empty one. */
static struct page *take_slab(struct kmem_cache *s, unsigned int nid)
{
	struct magazine_node *n = magazine_node(s, nid);
	struct page *slab = slab_from_link(s, n->partial.head);

	if (!slab)
		slab = slab_from_link(s, n->empty.head);
	if (slab)
		delist(s, slab);
	return slab;
}

static struct page *take_any_slab(struct kmem_cache *s, unsigned int local)
{
	unsigned int nid, i;

	for_each_slab_node_from(s->sa, local, i, nid) {
		struct page *slab = take_slab(s, nid);

		if (slab)
			return slab;
	}
	return NULL;
}

/* The node's own slabs, new memory, any node's slabs, and what others could spare. */
static struct page *find_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	unsigned int local = nid == NUMA_NO_NODE ? buddy_cpu_node(s->sa->buddy, cpu) :
						   (unsigned int)nid;
	bool bound = nid != NUMA_NO_NODE && (gfp & __GFP_THISNODE);
	struct page *slab = take_slab(s, local);
	struct kmem_cache *other;

	if (!slab)
		slab = new_slab(s, cpu, gfp, nid);
	if (!slab && !bound)
		slab = take_any_slab(s, local);
	if (slab)
		return slab;
	for_each_cache(s->sa, other)
		depot_reap_all(other, cpu);
	slab = bound ? take_slab(s, local) : take_any_slab(s, local);
	return slab ? slab : new_slab(s, cpu, gfp, nid);
}

void *slab_layer_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct page *slab = find_slab(s, cpu, gfp, nid);
	void *object;

	if (!slab)
		return NULL;
	object = slab_get_freelist(s, slab);
	if (kmem_cache_debug(s) &&
	    slab_debug_bad_link(s, slab, object, slab->slab_inuse + 1 == slab_objects(slab)))
		object = slab_get_freelist(s, slab);
	slab_set_freelist(s, slab, get_freepointer(s, object));
	slab->slab_inuse++;
	node_of(s, slab)->nr_free--;
	enlist(s, slab);
	magazine_cpu(s, cpu)->stat[SC_slab_layer_alloc]++;
	return object;
}

void slab_layer_free(struct kmem_cache *s, unsigned int cpu, void *object)
{
	struct page *slab = slab_head_of(s->sa, arena_offset(s->sa, object));

	delist(s, slab);
	set_freepointer(s, object, slab_get_freelist(s, slab));
	slab_set_freelist(s, slab, object);
	slab->slab_inuse--;
	node_of(s, slab)->nr_free++;
	enlist(s, slab);
	magazine_cpu(s, cpu)->stat[SC_slab_layer_free]++;
}

/* ---- caches -------------------------------------------------------------- */

int slab_layer_init(struct kmem_cache *s)
{
	unsigned int nid;

	s->pernode = calloc(s->sa->nr_nodes, sizeof(struct magazine_node));
	if (!s->pernode)
		return -ENOMEM;
	for_each_slab_node(s->sa, nid) {
		slab_list_init(&magazine_node(s, nid)->partial);
		slab_list_init(&magazine_node(s, nid)->empty);
		slab_list_init(&magazine_node(s, nid)->full);
	}
	return 0;
}

void slab_layer_release(struct kmem_cache *s)
{
	unsigned int nid;
	int i;

	for_each_slab_node(s->sa, nid) {
		struct magazine_node *n = magazine_node(s, nid);
		struct page_list *lists[] = { &n->partial, &n->empty, &n->full };

		for (i = 0; i < 3; i++) {
			while (!slab_list_empty(lists[i])) {
				struct page *slab = slab_from_link(s, lists[i]->head);

				slab_list_del(s, lists[i], slab);
				discard_slab(s, 0, slab);
			}
		}
	}
	free(s->pernode);
}
