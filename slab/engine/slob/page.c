/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SLOB's pages: first fit, cutting, merging. Follows Linux 6.1's
 * mm/slob.c; pages and blocks are drawn in slob.h.
 */
#include <string.h>

#include "slab/engine/slob/slob.h"

/* ---- free blocks ------------------------------------------------------- */

unsigned int slob_block_units(const int16_t *base, unsigned int at)
{
	unsigned int units = base[at] > 0 ? (unsigned int)base[at] : 1;

	return units <= PAGE_UNITS - at ? units : PAGE_UNITS - at;
}

unsigned int slob_block_next(const int16_t *base, unsigned int at)
{
	int next = base[at] < 0 ? -base[at] : at + 1 < PAGE_UNITS ? base[at + 1] : 0;

	return next > (int)at && next < (int)PAGE_UNITS ? (unsigned int)next : PAGE_UNITS;
}

static void set_block(int16_t *base, unsigned int at, unsigned int units, unsigned int next)
{
	if (units > 1) {
		base[at] = (int16_t)units;
		base[at + 1] = (int16_t)next;
	} else {
		base[at] = (int16_t)-(int)next;
	}
}

/* The free block behind @prev (PAGE_UNITS: the page's first) is @next from now on. */
static void link_block(struct page *page, int16_t *base, unsigned int prev, unsigned int next)
{
	if (prev == PAGE_UNITS)
		page->slab_freelist = next;
	else
		set_block(base, prev, slob_block_units(base, prev), next);
}

/* ---- lists of pages ---------------------------------------------------- */

static void file_page(struct kmem_cache *s, struct page *page, enum slob_list list)
{
	page->slab_private = list;
	slab_list_add(s, &slob_state(s->sa)->list[list], page);
}

static void unfile_page(struct kmem_cache *s, struct page *page)
{
	slab_list_del(s, &slob_state(s->sa)->list[page->slab_private], page);
}

/* Let the list begin with @page, what is before it moves to the end. */
static void turn_list(struct kmem_cache *s, struct page_list *list, struct page *page)
{
	struct page *pages = s->sa->pages;
	uint32_t pfn = pfn_val(slab_pfn(s->sa, page));

	if (list->head == pfn)
		return;
	pages[list->tail].next = list->head;
	pages[list->head].prev = list->tail;
	list->head = pfn;
	list->tail = page->prev;
	pages[list->tail].next = PFN_NONE_VAL;
	page->prev = PFN_NONE_VAL;
}

/* ---- allocation -------------------------------------------------------- */

struct fit {
	unsigned int units, align, align_offset;
};

/* Units from the free block at @at to where an aligned one could begin. */
static unsigned int align_gap(const int16_t *base, unsigned int at, const struct fit *fit)
{
	uintptr_t start = (uintptr_t)(base + at) + fit->align_offset;

	return (unsigned int)(((start + fit->align - 1) & ~(uintptr_t)(fit->align - 1)) - start) /
	       SLOB_UNIT;
}

/* Cut @fit->units units out of the free block at @at, @gap units into it. */
static void *cut_block(struct page *page, int16_t *base, unsigned int prev, unsigned int at,
		       unsigned int gap, const struct fit *fit)
{
	unsigned int avail = slob_block_units(base, at), next = slob_block_next(base, at);
	unsigned int start = at + gap, rest = avail - gap - fit->units;

	if (rest) {
		set_block(base, start + fit->units, rest, next);
		next = start + fit->units;
	}
	if (gap)
		set_block(base, at, gap, next);
	else
		link_block(page, base, prev, next);
	page->slab_inuse = (uint16_t)(page->slab_inuse - fit->units);
	return base + start;
}

/* The first block of @page that is large enough; NULL where none is. Follows slob_page_alloc(). */
static void *alloc_in_page(struct kmem_cache *s, struct page *page, const struct fit *fit)
{
	int16_t *base = (int16_t *)slab_address(s->sa, page);
	unsigned int prev = PAGE_UNITS, at;

	for (at = page->slab_freelist; at < PAGE_UNITS; prev = at, at = slob_block_next(base, at)) {
		unsigned int gap = align_gap(base, at, fit);

		slob_cache(s)->stat[SC_slob_blocks_seen]++;
		if (slob_block_units(base, at) >= fit->units + gap)
			return cut_block(page, base, prev, at, gap, fit);
	}
	return NULL;
}

static struct page *new_page(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid,
			     enum slob_list list)
{
	struct slab_allocator *sa = s->sa;
	pfn_t pfn = buddy_alloc_pages(sa->buddy, cpu, gfp & ~(gfp_t)(__GFP_ZERO | __GFP_COMP), 0,
				      nid);
	struct page *page;

	if (pfn_is_none(pfn))
		return NULL;
	page = page_from_pfn(sa->map, pfn);
	page->flags |= PG_slab;
	page->slab_cache = sa->shared->id;
	page->slab_objects = 0;
	page->slab_inuse = (uint16_t)PAGE_UNITS;
	page->slab_freelist = 0;
	pagemap_touch(sa->map, pfn, 1);
	set_block((int16_t *)slab_address(sa, page), 0, PAGE_UNITS, PAGE_UNITS);
	memset(&slob_state(sa)->owner[(size_t)pfn_val(pfn) << (PAGE_SHIFT - LIVE_SHIFT)], 0,
	       (PAGE_SIZE >> LIVE_SHIFT) * sizeof(uint16_t));
	file_page(s, page, list);
	slob_state(sa)->nr_pages++;
	slob_cache(sa->shared)->stat[SC_alloc_slab]++;
	return page;
}

static void page_filled(struct kmem_cache *s, struct page *page)
{
	if (page->slab_inuse)
		return;
	unfile_page(s, page);
	page->slab_freelist = NO_OBJECT;
	file_page(s, page, SLOB_FULL);
}

void *slob_alloc_block(struct kmem_cache *s, unsigned int cpu, size_t size, gfp_t gfp,
		       unsigned int align, unsigned int align_offset, int nid)
{
	const struct fit fit = { slob_units(size), align, align_offset };
	enum slob_list which = slob_list_of(size);
	struct page_list *list = &slob_state(s->sa)->list[which];
	struct page *page;
	void *block;

	for (page = slab_from_link(s, list->head); page; page = slab_next(s, page)) {
		slob_cache(s)->stat[SC_slob_pages_seen]++;
		if (nid != NUMA_NO_NODE && slab_nid(page) != (unsigned int)nid)
			continue;
		if (page->slab_inuse < fit.units)
			continue;
		block = alloc_in_page(s, page, &fit);
		if (!block)
			continue;
		if (page->slab_inuse)
			turn_list(s, list, page);
		else
			page_filled(s, page);
		return block;
	}
	page = new_page(s, cpu, gfp, nid, which);
	if (!page)
		return NULL;
	block = alloc_in_page(s, page, &fit);
	page_filled(s, page);
	return block;
}

/* ---- free -------------------------------------------------------------- */

static void release_page(struct kmem_cache *s, unsigned int cpu, struct page *page)
{
	struct slab_allocator *sa = s->sa;

	unfile_page(s, page);
	slob_state(sa)->nr_pages--;
	slob_cache(sa->shared)->stat[SC_free_slab]++;
	page->flags &= ~PG_slab;
	page->private[0] = page->private[1] = 0;
	buddy_free_pages(sa->buddy, cpu, slab_pfn(sa, page), 0);
}

/* Put @units free units at @at among the others, joining neighbours. */
static void insert_block(struct kmem_cache *s, struct page *page, int16_t *base, unsigned int at,
			 unsigned int units)
{
	unsigned int prev = PAGE_UNITS, next = page->slab_freelist;

	while (next < at) {
		prev = next;
		next = slob_block_next(base, next);
	}
	if (at + units == next) {
		units += slob_block_units(base, next);
		next = slob_block_next(base, next);
		slob_cache(s)->stat[SC_slob_merges]++;
	}
	if (prev != PAGE_UNITS && prev + slob_block_units(base, prev) == at) {
		set_block(base, prev, slob_block_units(base, prev) + units, next);
		slob_cache(s)->stat[SC_slob_merges]++;
		return;
	}
	set_block(base, at, units, next);
	link_block(page, base, prev, at);
}

void slob_free_block(struct kmem_cache *s, unsigned int cpu, struct page *page, void *block,
		     size_t size)
{
	int16_t *base = (int16_t *)slab_address(s->sa, page);
	unsigned int at = (unsigned int)((int16_t *)block - base), units = slob_units(size);

	if (page->slab_inuse + units == PAGE_UNITS) {
		release_page(s, cpu, page);
		return;
	}
	if (page->slab_inuse) {
		page->slab_inuse = (uint16_t)(page->slab_inuse + units);
		insert_block(s, page, base, at, units);
		return;
	}
	page->slab_inuse = (uint16_t)units;
	page->slab_freelist = at;
	set_block(base, at, units, PAGE_UNITS);
	unfile_page(s, page);
	file_page(s, page, slob_list_of(size));
}
