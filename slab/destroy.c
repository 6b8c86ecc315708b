/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the end of a cache. It lives until the kmem_cache_destroy() that drops its last reference and
 * finds no live object; kmalloc's caches live as long as the allocator. Objects that are still in use are
 * named, each with what is known of it, and the cache stays. Follows kmem_cache_destroy() and
 * list_slab_objects() of Linux 6.1.
 *
 * Locking: none; one thread drives a machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/alloc.h"
#include "slab/complain.h"
#include "slab/debug/internal.h"
#include "slab/debug/kfence.h"
#include "slab/merge.h"
#include "slab/names.h"

static void unlink_cache(struct kmem_cache *s)
{
	struct slab_allocator *sa = s->sa;

	if (s->newer)
		s->newer->older = s->older;
	else
		sa->newest = s->older;
	if (s->older)
		s->older->newer = s->newer;
	else
		sa->oldest = s->newer;
	slab_names_del(&sa->names, &s->by_name);
	slab_merge_del(s);
	slab_free_aliases(s);
}

struct slab_collection {
	uint32_t *pfns;
	size_t nr;
};

static bool collect_slab(void *ctx, pfn_t slab)
{
	struct slab_collection *all = ctx;

	all->pfns[all->nr++] = pfn_val(slab);
	return true;
}

static int compare_pfns(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void report_live_object(struct kmem_cache *s, const void *object)
{
	struct slab_report report = { .what = SLAB_LIVE_AT_DESTROY, .object = object, .cache = s };

	slab_describe(s->sa, object, &report);
	slab_complain(s->sa, s, &report);
}

static size_t nr_slabs_of(const struct kmem_cache *s)
{
	struct slabinfo info;

	if (!s)
		return 0;
	get_slabinfo(s, &info);
	return info.num_slabs;
}

/* Those in a slab that @s has not for itself. */
static void report_live_in_shared(struct kmem_cache *s, const struct page *slab)
{
	const unsigned char *start = slab_address(s->sa, slab), *object;
	const unsigned char *end = start + (PAGE_SIZE << page_order(slab));

	for (object = start; object < end; object += 1 << LIVE_SHIFT)
		if (live_test(s->sa, arena_offset(s->sa, object)) &&
		    slab_owner_of(s->sa, slab, object) == s)
			report_live_object(s, object);
}

/* In address order, so that the same run always names them alike. */
static int report_live_objects(struct kmem_cache *s)
{
	struct slab_allocator *sa = s->sa;
	struct slab_collection all = { .pfns = calloc(nr_slabs_of(s) + nr_slabs_of(sa->shared),
						      sizeof(*all.pfns)) };
	unsigned int i;
	size_t n;

	if (!all.pfns)
		return -ENOMEM;
	s->engine->for_each_slab(s, collect_slab, &all);
	if (sa->shared)
		s->engine->for_each_slab(sa->shared, collect_slab, &all);
	qsort(all.pfns, all.nr, sizeof(*all.pfns), compare_pfns);
	for (n = 0; n < all.nr; n++) {
		const struct page *slab = &sa->pages[all.pfns[n]];
		unsigned char *object = slab_first_object(s, slab);

		if (sa->shared && slab->slab_cache == sa->shared->id) {
			report_live_in_shared(s, slab);
			continue;
		}
		for (i = 0; i < slab_objects(slab); i++, object += s->size)
			if (live_test(sa, arena_offset(sa, object)))
				report_live_object(s, object);
	}
	free(all.pfns);
	return -EBUSY;
}

int kmem_cache_destroy(struct kmem_cache *s)
{
	struct slab_allocator *sa;
	struct slabinfo info;
	unsigned int i, fenced;

	if (!s)
		return 0;
	sa = s->sa;
	if (s->flags & SLAB_KMALLOC)
		return -EINVAL;
	if (s->gone)
		return slab_cache_gone(s, NULL);
	if (s->refcount > 1) {
		s->refcount--;
		return 0;
	}
	if (s->held)
		slab_quarantine_drain(sa, s);
	s->engine->flush(s);
	get_slabinfo(s, &info);
	fenced = kfence_report_live(s);
	if (info.used_objs)
		return report_live_objects(s);
	if (fenced)
		return -EBUSY;

	s->engine->shrink(s);
	for (i = 0; i < NR_SLAB_COUNTERS; i++)
		sa->stat[i] += kmem_cache_counter(s, i);
	s->engine->cache_exit(s);
	memset(s->percpu, 0, sa->percpu_stride);
	unlink_cache(s);
	if (kmem_cache_debug(s))
		slab_debug_bury(s);
	else
		slab_release_cache(s);
	return 0;
}
