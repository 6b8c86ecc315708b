/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: looking at caches and objects without changing them. */
#include <string.h>

#include "slab/head.h"
#include "slab/live.h"
#include "slab/names.h"

void get_slabinfo(const struct kmem_cache *s, struct slabinfo *info)
{
	memset(info, 0, sizeof(*info));
	if (s->gone)
		return;
	s->engine->info(s, info);
	info->used_objs -= s->held;
}

struct slab_allocator *kmem_cache_allocator(const struct kmem_cache *s)
{
	return s->sa;
}

const char *kmem_cache_name(const struct kmem_cache *s)
{
	return s->name;
}

uint32_t kmem_cache_object_size(const struct kmem_cache *s)
{
	return s->object_size;
}

uint32_t kmem_cache_size(const struct kmem_cache *s)
{
	return s->size;
}

uint32_t kmem_cache_align(const struct kmem_cache *s)
{
	return s->align;
}

uint32_t kmem_cache_flags(const struct kmem_cache *s)
{
	return s->flags;
}

unsigned int kmem_cache_order(const struct kmem_cache *s)
{
	return s->order;
}

unsigned int kmem_cache_min_order(const struct kmem_cache *s)
{
	return s->min_order;
}

unsigned int kmem_cache_objs_per_slab(const struct kmem_cache *s)
{
	return s->objects;
}

unsigned int kmem_cache_min_partial(const struct kmem_cache *s)
{
	return s->min_partial;
}

unsigned int kmem_cache_cpu_partial(const struct kmem_cache *s)
{
	return s->cpu_partial;
}

unsigned int kmem_cache_aliases(const struct kmem_cache *s)
{
	return s->refcount - 1;
}

uint32_t kmem_cache_id(const struct kmem_cache *s)
{
	return s->id;
}

uint64_t kmem_cache_counter(const struct kmem_cache *s, enum slab_counter counter)
{
	return s->gone ? s->stat[counter] : s->stat[counter] + s->engine->counter(s, counter);
}

bool slab_has_counter(const struct slab_allocator *sa, enum slab_counter counter)
{
	return counter >= NR_SLAB_ENGINE_COUNTERS || sa->engine->counted[counter];
}

uint64_t slab_counter(const struct slab_allocator *sa, enum slab_counter counter)
{
	uint64_t sum = sa->stat[counter];
	const struct kmem_cache *s;

	for_each_cache(sa, s)
		sum += kmem_cache_counter(s, counter);
	return sum;
}

struct kmem_cache *slab_next_cache(const struct slab_allocator *sa, const struct kmem_cache *prev)
{
	return prev ? prev->older : sa->newest;
}

struct kmem_cache *slab_find_cache(const struct slab_allocator *sa, const char *name)
{
	struct slab_name *found = slab_names_find(&sa->names, name);

	return found ? container_of(found, struct kmem_cache, by_name) : NULL;
}

struct buddy *slab_buddy(const struct slab_allocator *sa)
{
	return sa->buddy;
}

struct kmem_cache *slab_cache_of(const struct slab_allocator *sa, const void *addr)
{
	size_t offset = arena_offset(sa, addr);
	const struct page *page;

	if (!live_test(sa, offset))
		return NULL;
	page = slab_head_of(sa, offset);
	return page->flags & PG_slab ? slab_owner_of(sa, page, addr) : NULL;
}

bool slab_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx)
{
	return s->engine->for_each_slab(s, fn, ctx);
}

bool slab_for_each_free(const struct kmem_cache *s, pfn_t slab,
			bool (*fn)(void *ctx, void *object), void *ctx)
{
	return s->engine->for_each_free(s, slab, fn, ctx);
}

unsigned int kmem_cache_colours(const struct kmem_cache *s)
{
	return s->colours;
}

enum slab_metadata kmem_cache_metadata(const struct kmem_cache *s)
{
	return s->metadata;
}

struct colour_count {
	const struct kmem_cache *s;
	uint64_t seen[PAGE_SIZE / 64];	/* a bit a colour, the last one for all beyond */
};

static bool note_colour(void *ctx, pfn_t slab)
{
	struct colour_count *count = ctx;
	const struct kmem_cache *s = count->s;
	uint32_t nr = s->engine->colour(s, page_from_pfn(s->sa->map, slab)) / s->colour_off;

	if (nr >= PAGE_SIZE)
		nr = PAGE_SIZE - 1;
	count->seen[nr / 64] |= 1ULL << (nr % 64);
	return true;
}

unsigned int kmem_cache_colours_used(const struct kmem_cache *s)
{
	struct colour_count count = { .s = s };
	unsigned int nr = 0;
	size_t i;

	if (!s->engine->colour)
		return s->colours;
	s->engine->for_each_slab(s, note_colour, &count);
	for (i = 0; i < sizeof(count.seen) / sizeof(count.seen[0]); i++)
		nr += __builtin_popcountll(count.seen[i]);
	return nr;
}
