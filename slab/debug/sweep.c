/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: looking for damage that no allocation or free has met yet: free
 * lists, and every object of a cache. Follows on_freelist(), validate_slab()
 * and validate_slab_cache() of Linux 6.1's mm/slub.c.
 *
 * Differs from Linux: which objects are in use is what the live bits say, not
 * what the free list leaves over; so a broken list is rebuilt without loss,
 * and the objects of a slab with one are looked at, too.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "slab/alloc.h"
#include "slab/complain.h"
#include "slab/debug/internal.h"

bool slab_debug_is_free(const struct kmem_cache *s, const void *object)
{
	size_t offset = arena_offset(s->sa, object);

	return !live_test(s->sa, offset) && !slab_held_test(s->sa, offset);
}

/* Whether a free object of @slab begins at @object, which can be any address. */
static bool is_free_object(const struct kmem_cache *s, const struct page *slab, const void *object)
{
	size_t offset = (uintptr_t)object - (uintptr_t)slab_first_object(s, slab);

	return offset % s->size == 0 && offset / s->size < slab_objects(slab) &&
	       slab_debug_is_free(s, object);
}

/* @object NULL: the damage is at the list's head. */
static void bad_freelist(struct kmem_cache *s, struct page *slab, const void *object)
{
	const void *where = object ? object : slab_address(s->sa, slab);
	struct slab_report report = { .what = SLAB_BAD_FREELIST, .object = where, .cache = s };

	slab_describe(s->sa, where, &report);
	if (object && s->metadata == SLAB_METADATA_LINKS) {
		report.first = (const char *)object + s->offset;
		report.bytes = sizeof(void *);
	}
	slab_complain(s->sa, s, &report);
	if (s->engine->relink)
		s->engine->relink(s, slab);
}

bool slab_debug_bad_link(struct kmem_cache *s, struct page *slab, const void *object, bool last)
{
	const void *next = get_freepointer(s, object);

	if (last ? !next : next && next != object && is_free_object(s, slab, next))
		return false;
	bad_freelist(s, slab, object);
	return true;
}

struct walk {
	const struct kmem_cache *s;
	const struct page *slab;
	const void *prev;	/* the object whose link is being followed */
	unsigned int nr;
};

static bool check_link(void *ctx, void *object)
{
	struct walk *walk = ctx;

	if (walk->nr >= slab_objects(walk->slab) || !is_free_object(walk->s, walk->slab, object))
		return false;
	walk->prev = object;
	walk->nr++;
	return true;
}

unsigned int slab_check_freelist(struct kmem_cache *s, struct page *slab)
{
	struct walk walk = { .s = s, .slab = slab };
	const unsigned char *object = slab_first_object(s, slab);
	unsigned int i, nr_free = 0;

	for (i = 0; i < slab_objects(slab); i++, object += s->size)
		nr_free += slab_debug_is_free(s, object);
	if (s->engine->for_each_free(s, slab_pfn(s->sa, slab), check_link, &walk) &&
	    walk.nr == nr_free)
		return 0;
	bad_freelist(s, slab, walk.prev);
	return 1;
}

/* ---- whole caches ------------------------------------------------------------- */

struct sweep {
	struct kmem_cache *s;
	unsigned int bad;
};

static bool sweep_slab(void *ctx, pfn_t pfn)
{
	struct sweep *sweep = ctx;
	struct kmem_cache *s = sweep->s;
	struct page *slab = page_from_pfn(s->sa->map, pfn);
	unsigned char *object = slab_first_object(s, slab);
	unsigned int i;

	sweep->bad += slab_check_end(s, slab) + slab_check_freelist(s, slab);
	for (i = 0; i < slab_objects(slab); i++, object += s->size) {
		bool live = live_test(s->sa, arena_offset(s->sa, object));

		sweep->bad += slab_check_object(s, object,
						live ? SLUB_RED_ACTIVE : SLUB_RED_INACTIVE);
	}
	return true;
}

unsigned int slab_validate_cache(struct kmem_cache *s)
{
	struct sweep sweep = { .s = s };

	if (kmem_cache_debug(s) && !s->gone)
		s->engine->for_each_slab(s, sweep_slab, &sweep);
	return sweep.bad;
}

unsigned int slab_validate_caches(struct slab_allocator *sa)
{
	struct kmem_cache *s;
	unsigned int bad = 0;

	for_each_cache(sa, s)
		bad += slab_validate_cache(s);
	return bad;
}

/* ---- accesses ----------------------------------------------------------------- */

static size_t accessible(const struct slab_allocator *sa, const struct slab_report *report)
{
	if (report->state != SLAB_OBJECT_LIVE)
		return 0;
	if (report->owner)
		return slab_orig_size(report->owner, report->start);
	return PAGE_SIZE << page_order(slab_head_of(sa, arena_offset(sa, report->start)));
}

bool slab_check_access(struct slab_allocator *sa, const void *addr, size_t bytes, bool write)
{
	struct slab_report report = {
		.what = SLAB_BAD_ACCESS, .object = addr, .first = addr, .bytes = bytes,
		.write = write,
	};
	size_t from, room;

	slab_describe(sa, addr, &report);
	room = accessible(sa, &report);
	from = (uintptr_t)addr - (uintptr_t)report.start;
	if (report.start && from <= room && bytes <= room - from)
		return true;
	slab_complain(sa, (struct kmem_cache *)report.owner, &report);
	return false;
}
