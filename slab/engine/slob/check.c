/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: looking at SLOB's state without changing it. Shared pages are the
 * slabs of the hidden cache; the blocks in them, whose size no cache fixes, are
 * recounted here.
 */
#include <stdlib.h>
#include <string.h>

#include "slab/engine/slob/slob.h"

void slob_info(const struct kmem_cache *s, struct slabinfo *info)
{
	const struct slob_cache *c = slob_cache(s);

	info->shared_objs = c->shared_objs;
	info->shared_bytes = c->shared_bytes;
	info->num_slabs = c->nr_big;
	info->slab_pages = c->nr_big << s->order;
	info->num_objs = c->shared_objs + c->nr_big * (kmem_cache_debug(s) ? s->objects : 1);
	info->used_objs = info->active_objs = info->num_objs - c->nr_free;
	info->partial_slabs = c->nr_room;
	if (s->flags & SLAB_KMALLOC)
		info->overhead = c->shared_objs * SLOB_MINALIGN;
	if (s == s->sa->shared)
		info->num_slabs = info->slab_pages = slob_state(s->sa)->nr_pages;
	info->active_slabs = info->num_slabs;
}

bool slob_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx)
{
	unsigned int i;

	for (i = 0; s == s->sa->shared && i < NR_SLOB_LISTS; i++)
		if (!slab_list_for_each(s, &slob_state(s->sa)->list[i], fn, ctx))
			return false;
	return slab_list_for_each(s, &slob_cache(s)->big, fn, ctx) &&
	       slab_list_for_each(s, &slob_cache(s)->room, fn, ctx);
}

/* Of a shared page the free blocks, first to last; else the free elements of a debugged cache's. */
bool slob_for_each_free(const struct kmem_cache *s, pfn_t pfn,
			bool (*fn)(void *ctx, void *object), void *ctx)
{
	const struct page *page = page_from_pfn(s->sa->map, pfn);
	int16_t *base = (int16_t *)slab_address(s->sa, page);
	void *object;
	uint32_t at;

	if (s != s->sa->shared) {
		for (object = slab_get_freelist(s, page); object; object = get_freepointer(s, object))
			if (!fn(ctx, object))
				return false;
		return true;
	}
	for (at = page->slab_freelist; at < PAGE_UNITS; at = slob_block_next(base, at))
		if (!fn(ctx, base + at))
			return false;
	return true;
}

/* ---- validation -------------------------------------------------------- */

struct check {
	const struct kmem_cache *s;
	slab_violation_fn fn;
	void *ctx;
	unsigned int violations;
	uint64_t *objs, *bytes;			/* by cache id, in shared pages */
	uint8_t taken[PAGE_SIZE / SLOB_UNIT];	/* units of the page looked at, by how often */
};

#define COMPLAIN(chk, fmt, ...) \
	((chk)->violations += slab_violation((chk)->fn, (chk)->ctx, fmt, ##__VA_ARGS__))

static void take_units(struct check *chk, unsigned int at, unsigned int units)
{
	for (; units && at < PAGE_UNITS; at++, units--)
		chk->taken[at] += chk->taken[at] < 2;
}

static void check_free_blocks(struct check *chk, const struct page *page, uint32_t pfn)
{
	const int16_t *base = (const int16_t *)slab_address(chk->s->sa, page);
	unsigned int free_units = 0;
	uint32_t at;

	for (at = page->slab_freelist; at < PAGE_UNITS; at = slob_block_next(base, at)) {
		unsigned int units = slob_block_units(base, at);

		take_units(chk, at, units);
		free_units += units;
	}
	if (free_units != page->slab_inuse)
		COMPLAIN(chk, "slob page %u has %u free units, counted %u", pfn, free_units,
			 page->slab_inuse);
	if ((page->slab_private == SLOB_FULL) != !page->slab_inuse)
		COMPLAIN(chk, "slob page %u with %u free units is on list %u", pfn,
			 page->slab_inuse, page->slab_private);
}

static void check_object(struct check *chk, const struct page *page, uint32_t pfn,
			 unsigned char *object)
{
	const struct slab_allocator *sa = chk->s->sa;
	struct kmem_cache *owner = sa->engine->owner(sa, object);
	unsigned char *block, *start = slab_address(sa, page);
	size_t size;

	if (!owner) {
		COMPLAIN(chk, "slob page %u: nobody owns the object at %zu", pfn,
			 (size_t)(object - start));
		return;
	}
	size = slob_block(owner, object, &block);
	if (block < start || size > PAGE_SIZE - (size_t)(block - start)) {
		COMPLAIN(chk, "slob page %u: an object of %s reaches out of it", pfn, owner->name);
		return;
	}
	take_units(chk, (unsigned int)(block - start) / SLOB_UNIT, slob_units(size));
	if (chk->objs) {
		chk->objs[owner->id]++;
		chk->bytes[owner->id] += slob_units(size) * SLOB_UNIT;
	}
}

static void check_page(struct check *chk, const struct page *page)
{
	const struct slab_allocator *sa = chk->s->sa;
	unsigned char *start = slab_address(sa, page), *object;
	uint32_t pfn = pfn_val(slab_pfn(sa, page));
	unsigned int i, wrong = 0;

	memset(chk->taken, 0, sizeof(chk->taken));
	check_free_blocks(chk, page, pfn);
	for (object = start; object < start + PAGE_SIZE; object += 1 << LIVE_SHIFT)
		if (live_test(sa, arena_offset(sa, object)))
			check_object(chk, page, pfn, object);
	for (i = 0; i < PAGE_UNITS; i++)
		wrong += chk->taken[i] != 1;
	if (wrong)
		COMPLAIN(chk, "slob page %u: %u units are nobody's, or two blocks'", pfn, wrong);
}

static void check_list(struct check *chk, const struct page_list *list, uint64_t *nr, bool shared)
{
	uint32_t link, prev = PFN_NONE_VAL, end = chk->s->sa->map->end_pfn;
	const struct page *pages = chk->s->sa->pages;

	for (link = list->head; link != PFN_NONE_VAL; link = pages[link].next, ++*nr) {
		if (link >= end || *nr > end) {
			COMPLAIN(chk, "cache %s: a list leads nowhere at frame %u", chk->s->name, link);
			return;
		}
		if (pages[link].prev != prev)
			COMPLAIN(chk, "cache %s: slab %u: its link back is wrong", chk->s->name, link);
		if (shared)
			check_page(chk, &pages[link]);
		prev = link;
	}
	if (list->tail != prev)
		COMPLAIN(chk, "cache %s: a list does not end at its tail", chk->s->name);
}

/* Each cache's count of objects in shared pages against what they hold. */
static void check_counts(struct check *chk)
{
	const struct kmem_cache *s;

	for_each_cache(chk->s->sa, s) {
		const struct slob_cache *c = slob_cache(s);

		if (c->shared_objs != chk->objs[s->id] || c->shared_bytes != chk->bytes[s->id])
			COMPLAIN(chk, "cache %s has %llu objects of %llu bytes in shared pages, "
				 "counted %llu of %llu", s->name,
				 (unsigned long long)chk->objs[s->id],
				 (unsigned long long)chk->bytes[s->id],
				 (unsigned long long)c->shared_objs,
				 (unsigned long long)c->shared_bytes);
	}
}

struct own {
	struct check *chk;
	bool room;
	uint64_t slabs, free;
};

static bool check_own_slab(void *ctx, pfn_t pfn)
{
	struct own *own = ctx;
	const struct kmem_cache *s = own->chk->s;
	const struct page *slab = page_from_pfn(s->sa->map, pfn);

	own->slabs++;
	own->free += slab_objects(slab) - slab->slab_inuse;
	if ((slab->slab_freelist != NO_OBJECT) != own->room ||
	    (slab->slab_inuse < slab_objects(slab)) != own->room)
		COMPLAIN(own->chk, "cache %s: slab %u with %u of %u objects in use is on the "
			 "other's list", s->name, pfn_val(pfn), slab->slab_inuse, slab_objects(slab));
	return true;
}

/* Pages that no other cache shares. */
static void check_own(struct check *chk)
{
	const struct kmem_cache *s = chk->s;
	const struct slob_cache *c = slob_cache(s);
	struct own own = { .chk = chk };
	uint64_t nr = 0, nr_room = 0;

	check_list(chk, &c->big, &nr, false);
	check_list(chk, &c->room, &nr_room, false);
	if (chk->violations)
		return;
	slab_list_for_each(s, &c->big, check_own_slab, &own);
	own.room = true;
	slab_list_for_each(s, &c->room, check_own_slab, &own);
	if (own.slabs != c->nr_big || nr_room != c->nr_room || own.free != c->nr_free)
		COMPLAIN(chk, "cache %s has %llu blocks, %llu of them with %llu objects free, "
			 "counted %llu, %llu and %llu", s->name, (unsigned long long)own.slabs,
			 (unsigned long long)nr_room, (unsigned long long)own.free,
			 (unsigned long long)c->nr_big, (unsigned long long)c->nr_room,
			 (unsigned long long)c->nr_free);
}

unsigned int slob_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx)
{
	struct check chk = { .s = s, .fn = fn, .ctx = ctx };
	const struct slob_state *state = slob_state(s->sa);
	uint64_t nr = 0;
	unsigned int i;

	if (s != s->sa->shared) {
		check_own(&chk);
		return chk.violations;
	}
	chk.objs = calloc(s->sa->nr_ids, sizeof(*chk.objs));
	chk.bytes = calloc(s->sa->nr_ids, sizeof(*chk.bytes));
	if (!chk.objs || !chk.bytes) {
		free(chk.objs);
		chk.objs = NULL;
	}
	for (i = 0; i < NR_SLOB_LISTS; i++)
		check_list(&chk, &state->list[i], &nr, true);
	if (nr != state->nr_pages)
		COMPLAIN(&chk, "%llu shared pages, counted %llu", (unsigned long long)nr,
			 (unsigned long long)state->nr_pages);
	if (chk.objs)
		check_counts(&chk);
	free(chk.objs);
	free(chk.bytes);
	return chk.violations;
}
