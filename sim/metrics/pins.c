/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: who keeps 2 MiB blocks from being whole; see pins.h. Single-threaded, reads only. */
#include "sim/metrics/pins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HUGE_ORDER (21 - PAGE_SHIFT)
#define HUGE_FRAMES (1u << HUGE_ORDER)
#define NO_CACHE UINT32_MAX

/* The block that the walk is in. */
struct pin_walk {
	struct pins *pins;
	struct pin_cache *of_id;	/* by kmem_cache_id() */
	uint64_t *seen;			/* by id: the block, plus one, that had its frames last */
	uint64_t *frames;		/* by id: in that block */
	uint32_t first_id, nr_ids;	/* ids that the block has: a list through next_id */
	uint32_t *next_id;
	uint64_t block;
	uint32_t used, free;		/* frames */
	unsigned int set;
};

static void add(struct pin_sum *sum, uint32_t free)
{
	sum->blocks++;
	sum->free += free;
}

/* The block is all known: it counts where it is partly free. */
static void end_block(struct pin_walk *w)
{
	uint32_t id;

	if (w->set && w->free) {
		add(&w->pins->all, w->free);
		add(&w->pins->set[w->set], w->free);
		for (id = w->first_id; id != NO_CACHE; id = w->next_id[id]) {
			struct pin_cache *cache = &w->of_id[id];

			cache->frames += w->frames[id];
			add(&cache->in, w->free);
			if (w->frames[id] == w->used)
				add(&cache->alone, w->free);
		}
	}
	w->first_id = NO_CACHE;
	w->used = w->free = w->set = 0;
}

/* Blocks are visited in order; what has no frame at all does not come. */
static void enter_block(struct pin_walk *w, uint64_t block)
{
	if (block == w->block)
		return;
	end_block(w);
	w->block = block;
}

static void add_slab(struct pin_walk *w, uint32_t id, uint32_t frames)
{
	if (id >= w->nr_ids)
		return;
	if (w->seen[id] != w->block + 1) {
		w->seen[id] = w->block + 1;
		w->frames[id] = 0;
		w->next_id[id] = w->first_id;
		w->first_id = id;
	}
	w->frames[id] += frames;
}

/* @frames of one kind from @pfn on, which may be of several blocks. @page: their head. */
static void add_frames(struct pin_walk *w, uint64_t pfn, uint64_t frames, const struct page *page, unsigned int kind)
{
	while (frames) {
		uint64_t room = HUGE_FRAMES - pfn % HUGE_FRAMES;
		uint32_t here = (uint32_t)(frames < room ? frames : room);

		enter_block(w, pfn / HUGE_FRAMES);
		w->used += here;
		w->set |= 1u << kind;
		if (kind == PIN_SLABS && (page->flags & PG_slab))
			add_slab(w, page->slab_cache, here);
		pfn += here;
		frames -= here;
	}
}

static enum pin_kind kind_of(const struct page *page)
{
	if (page->flags & PG_pcp)
		return PIN_PCP;
	if (!(page->flags & PG_allocated))
		return PIN_RESERVED;
	return page->flags & (PG_slab | PG_large) ? PIN_SLABS : PIN_PAGES;
}

/* Frames between ranges are no memory, and spoil the blocks that they share with some. */
static void walk_range(struct pin_walk *w, const struct pagemap *map, uint64_t start, uint64_t end)
{
	uint64_t pfn = start;

	if (start % HUGE_FRAMES)
		add_frames(w, start - start % HUGE_FRAMES, start % HUGE_FRAMES, NULL, PIN_RESERVED);
	while (pfn < end) {
		const struct page *page = &map->pages[pfn];
		uint64_t frames = page->flags & (PG_buddy | PG_pcp | PG_allocated) ? 1ULL << page_order(page) : 1;

		if (page->flags & PG_buddy && frames >= HUGE_FRAMES) {
			pfn += frames;
			continue;
		}
		enter_block(w, pfn / HUGE_FRAMES);
		if (page->flags & PG_buddy)
			w->free += (uint32_t)frames;
		else
			add_frames(w, pfn, frames, page, kind_of(page));
		pfn += frames;
	}
	if (end % HUGE_FRAMES)
		add_frames(w, end, HUGE_FRAMES - end % HUGE_FRAMES, NULL, PIN_RESERVED);
}

static int by_alone(const void *a, const void *b)
{
	const struct pin_cache *x = a, *y = b;

	if (x->alone.free != y->alone.free)
		return x->alone.free < y->alone.free ? 1 : -1;
	if (x->in.free != y->in.free)
		return x->in.free < y->in.free ? 1 : -1;
	if (x->frames != y->frames)
		return x->frames < y->frames ? 1 : -1;
	return strcmp(kmem_cache_name(x->cache), kmem_cache_name(y->cache));
}

/* What is there, in order, and without those that pin nothing. */
static void take_caches(struct pins *pins, struct pin_cache *of_id, const struct machine *m)
{
	struct kmem_cache *cache;

	pins->caches = of_id;
	for_each_cache(m->slab, cache)
		of_id[kmem_cache_id(cache)].cache = cache;
	for_each_cache(m->slab, cache) {
		struct pin_cache *pin = &of_id[kmem_cache_id(cache)];
		struct slabinfo info;

		get_slabinfo(cache, &info);
		pin->free_objects = (info.num_objs - info.used_objs) * kmem_cache_size(cache);
	}
}

static uint32_t nr_ids(const struct machine *m)
{
	struct kmem_cache *cache;
	uint32_t most = 0;

	for_each_cache(m->slab, cache)
		if (kmem_cache_id(cache) >= most)
			most = kmem_cache_id(cache) + 1;
	return most;
}

int metrics_pins(const struct machine *m, struct pins *pins)
{
	struct pin_walk w = { .pins = pins, .nr_ids = nr_ids(m), .first_id = NO_CACHE, .block = UINT64_MAX };
	const struct pagemap *map = m->map;
	unsigned int i, kept = 0;

	memset(pins, 0, sizeof(*pins));
	w.of_id = calloc(w.nr_ids + 1, sizeof(*w.of_id));
	w.seen = calloc(w.nr_ids + 1, sizeof(*w.seen));
	w.frames = calloc(w.nr_ids + 1, sizeof(*w.frames));
	w.next_id = calloc(w.nr_ids + 1, sizeof(*w.next_id));
	if (w.of_id && w.seen && w.frames && w.next_id) {
		for (i = 0; i < map->nr_ranges; i++)
			walk_range(&w, map, map->ranges[i].start, map->ranges[i].end);
		end_block(&w);
		take_caches(pins, w.of_id, m);
	}
	free(w.seen);
	free(w.frames);
	free(w.next_id);
	if (!pins->caches) {
		free(w.of_id);
		return -ENOMEM;
	}
	for (i = 0; i < w.nr_ids; i++)
		if (pins->caches[i].cache && pins->caches[i].in.blocks)
			pins->caches[kept++] = pins->caches[i];
	pins->nr_caches = kept;
	qsort(pins->caches, kept, sizeof(*pins->caches), by_alone);
	return 0;
}

void pins_free(struct pins *pins)
{
	free(pins->caches);
	pins->caches = NULL;
	pins->nr_caches = 0;
}
