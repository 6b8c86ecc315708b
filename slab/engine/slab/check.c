/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: looking at the SLAB engine's state without changing it: the figures
 * of slabinfo, every slab, every free object, and whether lists and arrays are
 * sound.
 */
#include "slab/engine/slab/lslab.h"

/* ---- all arrays of a cache --------------------------------------------- */

struct array_place {
	const struct array_cache *ac;
	unsigned int nid;		/* whose objects it may hold */
};

/* The arrays one by one: CPUs', then by node the shared one and the alien ones. False at the end. */
static bool next_array(const struct kmem_cache *s, unsigned int *at, struct array_place *place)
{
	const struct slab_allocator *sa = s->sa;
	unsigned int per_node = 1 + sa->nr_nodes;

	for (;; (*at)++) {
		unsigned int i = *at;

		place->ac = NULL;
		if (i < sa->nr_cpus) {
			place->ac = lslab_cpu(s, i)->ac;
			place->nid = lslab_cpu(s, i)->nid;
		} else if (i - sa->nr_cpus < sa->nr_nodes * per_node) {
			unsigned int nid = (i - sa->nr_cpus) / per_node;
			unsigned int which = (i - sa->nr_cpus) % per_node;
			const struct lslab_node *n = lslab_node(s, nid);

			if (!which)
				place->ac = n->shared;
			else if (n->alien)
				place->ac = n->alien[which - 1];
			place->nid = which ? which - 1 : nid;
		} else {
			return false;
		}
		if (place->ac) {
			(*at)++;
			return true;
		}
	}
}

/* ---- figures ----------------------------------------------------------- */

/* Bytes that a 6.1 kernel for x86-64 would have this metadata in. */
#define ARRAY_METADATA(limit) (16 + 8 * (uint64_t)(limit))
#define NODE_METADATA	120
#define ALIEN_LOCK	8

static uint64_t overhead(const struct kmem_cache *s, uint64_t num_slabs)
{
	const struct slab_allocator *sa = s->sa;
	const struct lslab_cache *c = lslab_cache(s);
	uint64_t node = NODE_METADATA, bytes = 0;

	if (c->limit)
		bytes += sa->nr_cpus * ARRAY_METADATA(c->limit);
	if (c->shared)
		node += ARRAY_METADATA(c->shared * c->batchcount);
	if (c->node[0].alien)
		node += 8 * sa->nr_nodes + (sa->nr_nodes - 1) * (ALIEN_LOCK + ARRAY_METADATA(ALIEN_LIMIT));
	bytes += sa->nr_nodes * node;
	if (s->metadata == SLAB_METADATA_ON)
		bytes += num_slabs * s->objects;
	else if (s->metadata == SLAB_METADATA_OFF)
		bytes += num_slabs * kmem_cache_size(kmalloc_slab(s->sa, s->objects, GFP_KERNEL));
	return bytes;
}

void lslab_info(const struct kmem_cache *s, struct slabinfo *info)
{
	const struct lslab_cache *c = lslab_cache(s);
	uint64_t free_objects = 0, in_arrays = 0;
	struct array_place place;
	unsigned int nid, at = 0;

	for_each_slab_node(s->sa, nid) {
		const struct lslab_node *n = &c->node[nid];

		info->num_slabs += n->total_slabs;
		info->active_slabs += n->total_slabs - n->free_slabs;
		info->partial_slabs += n->total_slabs - n->free_slabs - n->full_slabs;
		free_objects += n->free_objects;
		if (n->shared)
			info->shared_avail += n->shared->avail;
	}
	while (next_array(s, &at, &place))
		in_arrays += place.ac->avail;
	info->num_objs = info->num_slabs * s->objects;
	info->active_objs = info->num_objs - free_objects;
	info->used_objs = info->active_objs - in_arrays;
	info->engine_objs = s->engine_objs;
	info->slab_pages = info->num_slabs << s->order;
	info->limit = c->limit;
	info->batchcount = c->batchcount;
	info->shared = c->shared;
	info->overhead = overhead(s, info->num_slabs);
}

bool lslab_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx)
{
	unsigned int nid;

	for_each_slab_node(s->sa, nid) {
		const struct lslab_node *n = lslab_node(s, nid);

		if (!slab_list_for_each(s, &n->partial, fn, ctx) ||
		    !slab_list_for_each(s, &n->full, fn, ctx) ||
		    !slab_list_for_each(s, &n->free, fn, ctx))
			return false;
	}
	return true;
}

bool lslab_for_each_free(const struct kmem_cache *s, pfn_t pfn,
			 bool (*fn)(void *ctx, void *object), void *ctx)
{
	const struct page *slab = page_from_pfn(s->sa->map, pfn);
	const uint8_t *index = lslab_free_index(s, slab);
	struct array_place place;
	unsigned int at = 0, i;

	while (next_array(s, &at, &place))
		for (i = place.ac->avail; i-- > 0;) {
			void *object = place.ac->entry[i];

			if (slab_head_of(s->sa, arena_offset(s->sa, object)) == slab &&
			    !fn(ctx, object))
				return false;
		}
	for (i = slab->slab_inuse; index && i < s->objects; i++)
		if (!fn(ctx, slab_first_object(s, slab) + (size_t)index[i] * s->size))
			return false;
	return true;
}

/* ---- validation -------------------------------------------------------- */

struct check {
	const struct kmem_cache *s;
	slab_violation_fn fn;
	void *ctx;
	unsigned int violations;
	uint64_t in_slabs;		/* objects that slabs miss: used or in an array */
};

#define COMPLAIN(chk, fmt, ...) \
	((chk)->violations += slab_violation((chk)->fn, (chk)->ctx, "cache %s: " fmt, \
					     (chk)->s->name, ##__VA_ARGS__))

enum list_kind { LIST_PARTIAL, LIST_FULL, LIST_FREE };
static const char *const list_name[] = { "partial", "full", "free" };

static enum list_kind kind_of(const struct kmem_cache *s, const struct page *slab)
{
	if (!slab->slab_inuse)
		return LIST_FREE;
	return slab->slab_inuse >= s->objects ? LIST_FULL : LIST_PARTIAL;
}

/* Returns the number of slabs; adds their free objects to *@free_objects. */
static uint64_t check_list(struct check *chk, unsigned int nid, const struct page_list *list,
			   enum list_kind kind, uint64_t *free_objects)
{
	uint32_t link, prev = PFN_NONE_VAL, end = chk->s->sa->map->end_pfn;
	const struct page *pages = chk->s->sa->pages;
	uint64_t nr = 0;

	for (link = list->head; link != PFN_NONE_VAL; link = pages[link].next) {
		const struct page *slab = &pages[link];

		if (link >= end || nr > end) {
			COMPLAIN(chk, "node %u's %s list leads nowhere at frame %u", nid,
				 list_name[kind], link);
			return nr;
		}
		if (slab->prev != prev)
			COMPLAIN(chk, "slab %u on the %s list: its link back is wrong", link,
				 list_name[kind]);
		if (kind_of(chk->s, slab) != kind)
			COMPLAIN(chk, "slab %u on the %s list misses %u of %u objects", link,
				 list_name[kind], slab->slab_inuse, chk->s->objects);
		else
			*free_objects += chk->s->objects - slab->slab_inuse;
		if (slab_nid(slab) != nid)
			COMPLAIN(chk, "slab %u of node %u is on node %u's %s list", link,
				 slab_nid(slab), nid, list_name[kind]);
		chk->in_slabs += slab->slab_inuse;
		prev = link;
		nr++;
	}
	if (list->tail != prev)
		COMPLAIN(chk, "node %u's %s list does not end at its tail", nid, list_name[kind]);
	return nr;
}

static void check_node(struct check *chk, unsigned int nid)
{
	const struct lslab_node *n = lslab_node(chk->s, nid);
	uint64_t partial, full, empty, free_objects = 0;

	partial = check_list(chk, nid, &n->partial, LIST_PARTIAL, &free_objects);
	full = check_list(chk, nid, &n->full, LIST_FULL, &free_objects);
	empty = check_list(chk, nid, &n->free, LIST_FREE, &free_objects);
	if (n->total_slabs != partial + full + empty || n->free_slabs != empty ||
	    n->full_slabs != full || n->free_objects != free_objects)
		COMPLAIN(chk, "node %u counts %llu slabs, %llu free, %llu full, %llu free objects; "
			 "there are %llu, %llu, %llu, %llu", nid,
			 (unsigned long long)n->total_slabs, (unsigned long long)n->free_slabs,
			 (unsigned long long)n->full_slabs, (unsigned long long)n->free_objects,
			 (unsigned long long)(partial + full + empty), (unsigned long long)empty,
			 (unsigned long long)full, (unsigned long long)free_objects);
	if (n->colour_next >= chk->s->colours)
		COMPLAIN(chk, "node %u is at colour %u of %u", nid, n->colour_next,
			 chk->s->colours);
}

static void check_array(struct check *chk, unsigned int nr, const struct array_place *place)
{
	const struct slab_allocator *sa = chk->s->sa;
	unsigned int i;

	if (place->ac->avail > place->ac->limit) {
		COMPLAIN(chk, "array %u has %u objects, its limit is %u", nr, place->ac->avail,
			 place->ac->limit);
		return;
	}
	for (i = 0; i < place->ac->avail; i++) {
		size_t offset = arena_offset(sa, place->ac->entry[i]);
		const struct page *slab = offset < sa->bytes ? slab_head_of(sa, offset) : NULL;

		if (!slab || !(slab->flags & PG_slab) || slab->slab_cache != chk->s->id)
			COMPLAIN(chk, "array %u holds an object of another's at place %u", nr, i);
		else if (slab_nid(slab) != place->nid)
			COMPLAIN(chk, "array %u for node %u holds an object of node %u", nr,
				 place->nid, slab_nid(slab));
	}
}

unsigned int lslab_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx)
{
	struct check chk = { .s = s, .fn = fn, .ctx = ctx };
	struct array_place place;
	unsigned int nid, at = 0;
	uint64_t in_arrays = 0;

	for_each_slab_node(s->sa, nid)
		check_node(&chk, nid);
	while (next_array(s, &at, &place)) {
		check_array(&chk, at - 1, &place);
		in_arrays += place.ac->avail;
	}
	if (in_arrays > chk.in_slabs)
		COMPLAIN(&chk, "arrays hold %llu objects, the slabs miss %llu",
			 (unsigned long long)in_arrays, (unsigned long long)chk.in_slabs);
	return chk.violations;
}
