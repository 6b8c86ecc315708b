/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: recount everything about objects: the engine's lists first; where
 * those are sound, each slab's frames, free list and live bits against each
 * other and against the figures of slabinfo. Read-only.
 */
#include <stdlib.h>
#include <string.h>

#include "slab/complain.h"
#include "slab/debug/internal.h"
#include "slab/extras/vmalloc.h"
#include "slab/head.h"

struct check {
	const struct slab_allocator *sa;
	const struct kmem_cache *s;
	slab_violation_fn fn;
	void *ctx;
	unsigned int violations;
	uint64_t *seen_slab;		/* a bit a frame: met as the head of a slab */
	uint64_t slabs, objects, pages, used;	/* of this cache */

	const struct page *slab;	/* the slab looked at */
	unsigned int nr_free;
	uint64_t is_free[(MAX_OBJS_PER_SLAB + 64) / 64];
};

#define COMPLAIN(chk, fmt, ...) \
	((chk)->violations += slab_violation((chk)->fn, (chk)->ctx, fmt, ##__VA_ARGS__))

/* Returns the bit's old value. */
static bool test_and_set(uint64_t *bits, uint32_t nr)
{
	uint64_t mask = 1ULL << (nr & 63);
	bool old = bits[nr >> 6] & mask;

	bits[nr >> 6] |= mask;
	return old;
}

static bool check_free_object(void *ctx, void *object)
{
	struct check *chk = ctx;
	size_t offset = (uintptr_t)object - (uintptr_t)slab_first_object(chk->s, chk->slab);
	uint32_t pfn = pfn_val(slab_pfn(chk->sa, chk->slab));

	if (offset % chk->s->size || offset / chk->s->size >= slab_objects(chk->slab)) {
		COMPLAIN(chk, "cache %s: the free list of slab %u leaves it after %u objects",
			 chk->s->name, pfn, chk->nr_free);
		return false;
	}
	if (test_and_set(chk->is_free, (uint32_t)(offset / chk->s->size))) {
		COMPLAIN(chk, "cache %s: the free list of slab %u meets offset %zu again",
			 chk->s->name, pfn, offset);
		return false;
	}
	chk->nr_free++;
	return true;
}

/* The number of live bits in a slab, on object starts or not. */
static unsigned int count_live(const struct check *chk)
{
	size_t start = arena_offset(chk->sa, slab_address(chk->sa, chk->slab));
	size_t words = (LIVE_BYTES_PER_FRAME / 8) << page_order(chk->slab), i;
	const uint64_t *live = chk->sa->live + (start >> (LIVE_SHIFT + 6));
	unsigned int nr = 0;

	for (i = 0; i < words; i++)
		nr += __builtin_popcountll(live[i]);
	return nr;
}

static void check_objects(struct check *chk)
{
	unsigned char *object = slab_first_object(chk->s, chk->slab);
	uint32_t pfn = pfn_val(slab_pfn(chk->sa, chk->slab));
	unsigned int i, used, held = 0, objects = slab_objects(chk->slab);

	chk->nr_free = 0;
	memset(chk->is_free, 0, (objects + 63) / 64 * 8);
	if (!chk->s->engine->for_each_free(chk->s, pfn_make(pfn), check_free_object, chk))
		return;
	for (i = 0; i < objects; i++, object += chk->s->size) {
		bool is_free = chk->is_free[i >> 6] >> (i & 63) & 1;
		bool is_held = slab_held_test(chk->sa, arena_offset(chk->sa, object));

		held += is_held;
		if (is_held && is_free)
			COMPLAIN(chk, "cache %s: object %u of slab %u is free and held back at once",
				 chk->s->name, i, pfn);
		if (live_test(chk->sa, arena_offset(chk->sa, object)) == (is_free || is_held))
			COMPLAIN(chk, "cache %s: object %u of slab %u is %s", chk->s->name, i, pfn,
				 is_free ? "free and live at once" : "neither free nor live");
	}
	used = objects - chk->nr_free - held;
	if (count_live(chk) != used)
		COMPLAIN(chk, "cache %s: slab %u has %u objects in use and %u live bits",
			 chk->s->name, pfn, used, count_live(chk));
	chk->used += used;
}

static bool check_slab(void *ctx, pfn_t pfn)
{
	struct check *chk = ctx;
	const struct kmem_cache *s = chk->s;
	const struct page *page = page_from_pfn(chk->sa->map, pfn);
	unsigned int order = page_order(page);
	uint64_t room = (PAGE_SIZE << order) / s->size;

	chk->slab = page;
	chk->slabs++;
	chk->pages += 1U << order;
	chk->objects += slab_objects(page);
	if (chk->seen_slab && test_and_set(chk->seen_slab, pfn_val(pfn)))
		COMPLAIN(chk, "cache %s: slab %u is on two lists", s->name, pfn_val(pfn));
	if ((page->flags & (PG_slab | PG_allocated)) != (PG_slab | PG_allocated) ||
	    !!(page->flags & PG_head) != (order > 0)) {
		COMPLAIN(chk, "cache %s: slab %u has page flags 0x%x", s->name, pfn_val(pfn),
			 page->flags);
		return true;
	}
	if (page->slab_cache != s->id) {
		COMPLAIN(chk, "cache %s: slab %u says it belongs to cache %u", s->name,
			 pfn_val(pfn), page->slab_cache);
		return true;
	}
	if (s == chk->sa->shared)
		return true;
	if ((order != s->order && order != s->min_order) || !slab_objects(page) ||
	    slab_objects(page) > room || page->slab_inuse > slab_objects(page)) {
		COMPLAIN(chk, "cache %s: slab %u of order %u has %u objects, %u in use", s->name,
			 pfn_val(pfn), order, slab_objects(page), page->slab_inuse);
		return true;
	}
	check_objects(chk);
	return true;
}

static void check_cache(struct check *chk, const struct kmem_cache *s)
{
	unsigned int lists = s->engine->validate(s, chk->fn, chk->ctx);
	struct slabinfo info;

	chk->violations += lists;
	if (lists)
		return;
	chk->s = s;
	chk->slabs = chk->objects = chk->pages = chk->used = 0;
	lists = chk->violations;
	s->engine->for_each_slab(s, check_slab, chk);
	if (chk->violations != lists)
		return;

	get_slabinfo(s, &info);
	/* Those the engine has recounted. */
	chk->objects += info.shared_objs;
	chk->used += info.shared_objs;
	if (info.num_slabs != chk->slabs || info.num_objs != chk->objects ||
	    info.slab_pages != chk->pages || info.used_objs != chk->used)
		COMPLAIN(chk, "cache %s: slabinfo says %llu slabs, %llu of %llu objects, "
			 "%llu pages; there are %llu, %llu of %llu, %llu", s->name,
			 (unsigned long long)info.num_slabs,
			 (unsigned long long)info.used_objs, (unsigned long long)info.num_objs,
			 (unsigned long long)info.slab_pages, (unsigned long long)chk->slabs,
			 (unsigned long long)chk->used, (unsigned long long)chk->objects,
			 (unsigned long long)chk->pages);
}

static void check_large(struct check *chk)
{
	const struct slab_allocator *sa = chk->sa;
	uint32_t link, prev = PFN_NONE_VAL;
	uint64_t pages = 0;

	for (link = sa->large_head; link != PFN_NONE_VAL; link = sa->pages[link].next) {
		const struct page *page;

		if (link >= sa->map->end_pfn || pages > sa->large_pages) {
			COMPLAIN(chk, "the list of large kmallocs leads nowhere at frame %u", link);
			return;
		}
		page = &sa->pages[link];
		if ((page->flags & (PG_large | PG_allocated | PG_slab)) !=
		    (PG_large | PG_allocated) || page->slab_cache != NO_CACHE_ID ||
		    page->prev != prev)
			COMPLAIN(chk, "frame %u is listed as a large kmalloc, its flags are 0x%x",
				 link, page->flags);
		if (!live_test(sa, (size_t)link << PAGE_SHIFT))
			COMPLAIN(chk, "the large kmalloc at frame %u has no live bit", link);
		pages += 1U << page_order(page);
		prev = link;
	}
	if (pages != sa->large_pages)
		COMPLAIN(chk, "large kmallocs hold %llu pages, counted %llu",
			 (unsigned long long)pages, (unsigned long long)sa->large_pages);
}

unsigned int slab_validate(const struct slab_allocator *sa, slab_violation_fn fn, void *ctx)
{
	struct check *chk = calloc(1, sizeof(*chk));
	const struct kmem_cache *s;
	unsigned int violations;

	if (!chk)
		return slab_violation(fn, ctx, "no memory to validate with");
	chk->sa = sa;
	chk->fn = fn;
	chk->ctx = ctx;
	chk->seen_slab = calloc((sa->map->end_pfn + 63) / 64, sizeof(*chk->seen_slab));
	for_each_cache(sa, s)
		check_cache(chk, s);
	check_large(chk);
	chk->violations += vmalloc_validate(sa, fn, ctx);
	violations = chk->violations;
	free(chk->seen_slab);
	free(chk);
	return violations;
}
