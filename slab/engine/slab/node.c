/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the SLAB engine's slabs: made, coloured, filed under full, partial
 * and free, given back. The order in which slabs enter and leave a list is that
 * of Linux 6.1's mm/slab.c, because the next allocations depend on it.
 */
#include <stdlib.h>

#include "slab/engine/slab/lslab.h"

/* ---- the numbers of free objects --------------------------------------- */

uint32_t lslab_colour(const struct kmem_cache *s, const struct page *slab)
{
	return (slab->slab_private & 0xffff) * s->colour_off;
}

static uint8_t *off_slab_index(const struct kmem_cache *s, const struct page *slab)
{
	uint64_t place = (uint64_t)(slab->slab_private >> 16) << 32 | slab->slab_freelist;

	return s->sa->base + (place << LIVE_SHIFT);
}

static void set_off_slab_index(const struct kmem_cache *s, struct page *slab, const void *index)
{
	uint64_t place = arena_offset(s->sa, index) >> LIVE_SHIFT;

	slab->slab_freelist = (uint32_t)place;
	slab->slab_private |= (uint32_t)(place >> 32) << 16;
}

uint8_t *lslab_free_index(const struct kmem_cache *s, const struct page *slab)
{
	unsigned char *start = slab_address(s->sa, slab);

	switch (s->metadata) {
	case SLAB_METADATA_OFF:
		return off_slab_index(s, slab);
	case SLAB_METADATA_ON:
		return start + (PAGE_SIZE << s->order) - s->objects;
	default:
		return slab->slab_freelist == NO_OBJECT ? NULL : start + slab->slab_freelist;
	}
}

static void keep_index_in(const struct kmem_cache *s, struct page *slab, const void *object)
{
	slab->slab_freelist = (uint32_t)((const unsigned char *)object - slab_address(s->sa, slab));
}

unsigned int lslab_take_new(struct kmem_cache *s, struct page *slab, void **entry, unsigned int max)
{
	const uint8_t *index = lslab_free_index(s, slab);
	unsigned char *first = slab_first_object(s, slab);
	unsigned int nr;

	for (nr = 0; nr < max && slab->slab_inuse < s->objects; nr++)
		entry[nr] = first + (size_t)index[slab->slab_inuse++] * s->size;
	return nr;
}

/* Follows slab_put_obj(). */
static void put_object(struct kmem_cache *s, struct page *slab, unsigned char *object)
{
	size_t nr = (size_t)(object - slab_first_object(s, slab)) / s->size;

	slab->slab_inuse--;
	if (s->metadata == SLAB_METADATA_OBJECT && slab->slab_freelist == NO_OBJECT)
		keep_index_in(s, slab, object);
	lslab_free_index(s, slab)[slab->slab_inuse] = (uint8_t)nr;
}

void lslab_relink(struct kmem_cache *s, struct page *slab)
{
	const unsigned char *object = slab_first_object(s, slab);
	uint8_t *index = lslab_free_index(s, slab);
	unsigned int i, pos = s->objects;

	for (i = s->objects; i--;)
		if (slab_debug_is_free(s, object + (size_t)i * s->size))
			index[--pos] = (uint8_t)i;
	slab->slab_inuse = (uint16_t)pos;
}

/* ---- slabs from and to buddy ------------------------------------------- */

/*
 * The numbers in the order in which objects are handed out; an object that
 * holds them comes last. Follows cache_init_objs() and shuffle_freelist().
 */
static void init_index(struct kmem_cache *s, struct page *slab)
{
	unsigned int num = s->objects, last = num - 1, pos = 0, i;
	uint8_t *index;

	if (s->random_seq) {
		pos = slab_random_below(s->sa, num);
		if (s->metadata == SLAB_METADATA_OBJECT) {
			last = s->random_seq[pos] / s->size;
			pos = (pos + 1) % num;
		}
	}
	if (s->metadata == SLAB_METADATA_OBJECT)
		keep_index_in(s, slab, slab_first_object(s, slab) + (size_t)last * s->size);
	index = lslab_free_index(s, slab);
	for (i = 0; i < num; i++)
		index[i] = (uint8_t)(s->random_seq ? s->random_seq[(pos + i) % num] / s->size : i);
	if (s->metadata == SLAB_METADATA_OBJECT)
		index[num - 1] = (uint8_t)last;
}

/* Note the frames that the constructor, debugging and the numbers write to. */
static void touch_slab(struct kmem_cache *s, const struct page *slab)
{
	size_t index = arena_offset(s->sa, lslab_free_index(s, slab));
	uint32_t first = (uint32_t)(index >> PAGE_SHIFT);
	uint32_t last = (uint32_t)((index + s->objects - 1) >> PAGE_SHIFT);

	if (s->ctor || kmem_cache_debug(s))
		pagemap_touch(s->sa->map, slab_pfn(s->sa, slab), 1U << s->order);
	else
		pagemap_touch(s->sa->map, pfn_make(first), last - first + 1);
}

static void run_constructor(struct kmem_cache *s, const struct page *slab)
{
	unsigned char *object = slab_first_object(s, slab);
	unsigned int i;

	for (i = 0; s->ctor && i < s->objects; i++)
		s->ctor(object + (size_t)i * s->size);
}

/* The engine's own object from the kmalloc cache for @s's numbers. */
static struct kmem_cache *index_cache(const struct kmem_cache *s)
{
	return kmalloc_slab(s->sa, s->objects, GFP_KERNEL);
}

static void *alloc_index(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, unsigned int nid)
{
	return slab_alloc_for_engine(index_cache(s), cpu, gfp & ~(gfp_t)GFP_CONSTRAINT_MASK,
				     (int)nid);
}

static void release_frames(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	slab->flags &= ~PG_slab;
	slab->private[0] = slab->private[1] = 0;
	buddy_free_pages(s->sa->buddy, cpu, slab_pfn(s->sa, slab), s->order);
}

/* From one new slab of a node to the next. */
static uint32_t next_colour(const struct kmem_cache *s, struct lslab_node *n)
{
	if (++n->colour_next >= s->colours)
		n->colour_next = 0;
	return n->colour_next;
}

struct page *lslab_grow_begin(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	gfp_t local = gfp & (GFP_CONSTRAINT_MASK | GFP_RECLAIM_MASK);
	pfn_t pfn = buddy_alloc_pages(s->sa->buddy, cpu, local | s->allocflags, s->order, nid);
	struct page *slab;

	if (pfn_is_none(pfn))
		return NULL;
	slab = page_from_pfn(s->sa->map, pfn);
	slab->flags |= PG_slab;
	slab->next = slab->prev = PFN_NONE_VAL;
	slab->slab_cache = s->id;
	slab->slab_inuse = 0;
	slab->slab_objects = (uint16_t)s->objects;
	slab->slab_freelist = NO_OBJECT;
	slab->slab_private = next_colour(s, lslab_node(s, slab_nid(slab)));
	if (s->metadata == SLAB_METADATA_OFF) {
		void *index = alloc_index(s, cpu, local, slab_nid(slab));

		if (!index) {
			release_frames(s, cpu, slab);
			return NULL;
		}
		set_off_slab_index(s, slab, index);
	}
	if (kmem_cache_debug(s))
		slab_debug_new_slab(s, slab);
	init_index(s, slab);
	touch_slab(s, slab);
	run_constructor(s, slab);
	return slab;
}

void lslab_destroy_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	void *index = s->metadata == SLAB_METADATA_OFF ? off_slab_index(s, slab) : NULL;

	if (kmem_cache_debug(s))
		slab_debug_slab_gone(s, slab);
	lslab_cache(s)->stat[SC_free_slab]++;
	release_frames(s, cpu, slab);
	if (index)
		slab_free_for_engine(index_cache(s), cpu, index);
}

/* ---- lists ------------------------------------------------------------- */

/* Put @slab on the list that it belongs to. */
static void file_slab(struct kmem_cache *s, struct lslab_node *n, struct page *slab)
{
	if (slab->slab_inuse == s->objects) {
		slab_list_add(s, &n->full, slab);
		n->full_slabs++;
		/* The object that held the numbers is handed out. */
		if (s->metadata == SLAB_METADATA_OBJECT)
			slab->slab_freelist = NO_OBJECT;
	} else {
		slab_list_add(s, &n->partial, slab);
	}
}

static void unfile_slab(struct kmem_cache *s, struct lslab_node *n, struct page *slab)
{
	if (!slab->slab_inuse) {
		slab_list_del(s, &n->free, slab);
		n->free_slabs--;
	} else if (slab->slab_inuse == s->objects) {
		slab_list_del(s, &n->full, slab);
		n->full_slabs--;
	} else {
		slab_list_del(s, &n->partial, slab);
	}
}

void lslab_grow_end(struct kmem_cache *s, struct page *slab)
{
	struct lslab_node *n = lslab_node(s, slab_nid(slab));

	n->total_slabs++;
	if (slab->slab_inuse) {
		file_slab(s, n, slab);
	} else {
		slab_list_add_tail(s, &n->free, slab);
		n->free_slabs++;
	}
	n->free_objects += s->objects - slab->slab_inuse;
	lslab_cache(s)->stat[SC_alloc_slab]++;
}

/* Follows get_first_slab(). */
static struct page *first_slab(struct kmem_cache *s, struct lslab_node *n)
{
	if (!slab_list_empty(&n->partial))
		return slab_from_link(s, n->partial.head);
	n->free_touched = true;
	return slab_from_link(s, n->free.head);
}

unsigned int lslab_take(struct kmem_cache *s, unsigned int nid, void **entry, unsigned int max)
{
	struct lslab_node *n = lslab_node(s, nid);
	struct page *slab = first_slab(s, n);
	unsigned int nr;

	if (!slab)
		return 0;
	unfile_slab(s, n, slab);
	nr = lslab_take_new(s, slab, entry, max);
	n->free_objects -= nr;
	file_slab(s, n, slab);
	return nr;
}

/* The oldest free slab, off the lists and out of the counts. */
static struct page *detach_oldest_free(struct kmem_cache *s, struct lslab_node *n)
{
	struct page *slab = slab_from_link(s, n->free.tail);

	unfile_slab(s, n, slab);
	n->total_slabs--;
	n->free_objects -= s->objects;
	return slab;
}

/* A slab that gets an object back goes to the tail: time for the others to come back too. */
static void put_one(struct kmem_cache *s, struct lslab_node *n, void *object)
{
	struct page *slab = slab_head_of(s->sa, arena_offset(s->sa, object));

	unfile_slab(s, n, slab);
	put_object(s, slab, object);
	if (slab->slab_inuse) {
		slab_list_add_tail(s, &n->partial, slab);
		return;
	}
	slab_list_add(s, &n->free, slab);
	n->free_slabs++;
}

void lslab_free_block(struct kmem_cache *s, unsigned int cpu, void **entry, unsigned int nr,
		      unsigned int nid)
{
	struct lslab_node *n = lslab_node(s, nid);
	struct page_list gone;
	struct page *slab;
	unsigned int i;

	n->free_objects += nr;
	for (i = 0; i < nr; i++)
		put_one(s, n, entry[i]);

	/* All counts are right before a slab goes: that may free an object of this very cache. */
	slab_list_init(&gone);
	while (n->free_objects > n->free_limit && n->free_slabs)
		slab_list_add(s, &gone, detach_oldest_free(s, n));
	while ((slab = slab_from_link(s, gone.head))) {
		slab_list_del(s, &gone, slab);
		lslab_destroy_slab(s, cpu, slab);
	}
}

unsigned int lslab_drain_free(struct kmem_cache *s, unsigned int cpu, unsigned int nid,
			      uint64_t max)
{
	struct lslab_node *n = lslab_node(s, nid);
	unsigned int nr = 0;

	for (; nr < max && n->free_slabs; nr++)
		lslab_destroy_slab(s, cpu, detach_oldest_free(s, n));
	return nr;
}
