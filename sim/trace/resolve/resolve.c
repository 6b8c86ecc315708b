/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what single events cannot tell. One pass finds the direct map
 * (direct_map.c), a second one finds the slab pages among the page events and
 * learns the names of caches (cache_names.c) and what pages they take
 * (cache_pages.c).
 *
 * A frame's life, as the trace shows it (one word in struct frames):
 *
 *	page alloc	-> live, with the place of the alloc's event (internal.h)
 *	object in it	-> that event is a slab page's, and so will its free be
 *	page free	-> nothing known
 *	object in a frame whose alloc was not traced
 *			-> carries objects: its page free is a slab page's
 *
 * Recordings of single tasks miss frees. A frame allocated again starts
 * afresh; an object inside a page that was allocated as movable or highmem,
 * which slab pages never are, shows that such a free was missed.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdlib.h>

#include "buddy/gfp.h"
#include "sim/trace/resolve/frames.h"
#include "sim/trace/internal.h"

#define FRAME_LIVE	0x01u	/* the upper bits are its page event's place */
#define FRAME_MARKED	0x02u	/* that event is known to be a slab page's */
#define FRAME_CARRIED	0x04u	/* not live, but objects were seen in it */
#define FRAME_NO_SLAB	0x08u	/* live, and no slab page */
#define FRAME_RECLAIM	0x10u	/* live, allocated as reclaimable */
#define FRAME_CACHE	0x20u	/* live, and its cache has heard of it */
#define FRAME_PLACE_SHIFT	8

struct resolve {
	struct trace *trace;
	struct frames *frames;		/* NULL: the direct map is not known */
	struct cache_names *cache_names;	/* NULL: no event lacks its name */
	struct cache_pages *cache_pages;	/* NULL where frames is */
	uint64_t base, max_pfn;
};

static int page_alloc(struct resolve *res, const struct event *ev, uint64_t place)
{
	uint64_t pfn = ev->addr, end;
	uint64_t word = place << FRAME_PLACE_SHIFT | FRAME_LIVE;

	if (pfn == EVENT_PFN_FAILED)
		return 0;
	if (ev->gfp & (__GFP_MOVABLE | __GFP_HIGHMEM))
		word |= FRAME_NO_SLAB;
	if (ev->gfp & __GFP_RECLAIMABLE)
		word |= FRAME_RECLAIM;
	for (end = pfn + (UINT64_C(1) << ev->order); pfn < end; pfn++) {
		uint64_t *frame = frames_get(res->frames, pfn);

		if (!frame)
			return -ENOMEM;
		*frame = word;
	}
	return 0;
}

static void page_free(struct resolve *res, const struct event *ev, uint64_t place)
{
	uint64_t pfn = ev->addr, end;
	bool slab = false;

	if (pfn == EVENT_PFN_FAILED)
		return;
	for (end = pfn + (UINT64_C(1) << ev->order); pfn < end; pfn++) {
		uint64_t *frame = frames_find(res->frames, pfn);

		if (!frame || !*frame)
			continue;
		/* A frame without objects of its own may belong to a block that has some. */
		if (!slab)
			slab = *frame & (FRAME_MARKED | FRAME_CARRIED) ||
			       trace_is_slab_page(res->trace, *frame >> FRAME_PLACE_SHIFT);
		*frame = 0;
	}
	if (slab) {
		trace_mark_slab_page(res->trace, place);
		res->trace->sum.slab_page_frees++;
	}
}

/* Of a slab frame's objects, the first whose event tells the cache lets the frame vote. */
static int tell_cache(struct resolve *res, const struct event *ev, uint64_t *frame)
{
	int64_t vote = *frame & FRAME_RECLAIM ? 1 : -1;

	/* A kfree may be of any cache's object. */
	if (ev->kind == EV_KFREE || (ev->kind == EV_CACHE_FREE && !ev->cache))
		return 0;
	*frame |= FRAME_CACHE;
	if (ev->kind == EV_KMALLOC)
		return 0;
	if (ev->cache)
		return cache_pages_vote(res->cache_pages, ev->cache, vote);
	cache_names_vote(res->cache_names, ev, vote);
	return 0;
}

static int object(struct resolve *res, const struct event *ev)
{
	uint64_t pfn = (ev->addr - res->base) >> 12;
	uint64_t *frame;

	/* Beyond the last page event nothing can come of it. */
	if (ev->addr < res->base || pfn > res->max_pfn)
		return 0;
	frame = frames_get(res->frames, pfn);
	if (!frame)
		return -ENOMEM;
	if (!(*frame & FRAME_LIVE) || *frame & FRAME_NO_SLAB) {
		*frame = FRAME_CARRIED;
		return 0;
	}
	if (!(*frame & FRAME_MARKED)) {
		uint64_t place = *frame >> FRAME_PLACE_SHIFT;

		*frame |= FRAME_MARKED;
		if (!trace_is_slab_page(res->trace, place)) {
			trace_mark_slab_page(res->trace, place);
			res->trace->sum.slab_page_allocs++;
		}
	}
	return *frame & FRAME_CACHE ? 0 : tell_cache(res, ev, frame);
}

static int resolve_event(struct resolve *res, const struct event *ev, uint64_t place)
{
	int ret = res->cache_names ? cache_names_learn(res->cache_names, ev) : 0;

	if (ret || !res->frames)
		return ret;
	switch (ev->kind) {
	case EV_PAGE_ALLOC:
		return page_alloc(res, ev, place);
	case EV_PAGE_FREE:
		page_free(res, ev, place);
		return 0;
	case EV_KMALLOC:
	case EV_KFREE:
	case EV_CACHE_ALLOC:
	case EV_CACHE_FREE:
		return ev->addr ? object(res, ev) : 0;
	default:
		return 0;
	}
}

static int resolve_pass(struct resolve *res, struct kerror *err)
{
	const struct event *ev;
	struct trace_cursor cur;
	uint64_t place = 0;
	int64_t n;
	int ret = trace_cursor_init(&cur, res->trace, err);

	if (ret)
		return ret;
	while (!ret && (n = trace_cursor_next(&cur, &ev, err)) != 0) {
		const struct event *end = ev + n;

		if (n < 0) {
			ret = (int)n;
			break;
		}
		for (; !ret && ev < end; ev++) {
			ret = resolve_event(res, ev, place);
			place += place < res->trace->nr_mem || trace_is_page(ev);
		}
	}
	trace_cursor_exit(&cur);
	return ret;
}

/* Those in the archive are completed by the cursor. */
static void complete_events_in_memory(struct trace *trace)
{
	uint64_t nr;

	for (nr = 0; nr < trace->nr_mem; nr++)
		trace_complete_event(trace, trace_event_in_memory(trace, nr));
}

/*
 * Hand what was learnt to the trace. Only when the pass is over: from here on
 * cursors complete events, and learning needs them as they were read.
 */
static int resolve_finish(struct resolve *res)
{
	struct trace *trace = res->trace;
	struct trace_summary *sum = &trace->sum;

	if (res->cache_names && cache_names_finish(res->cache_names, res->cache_pages, sum))
		return -ENOMEM;
	if (res->cache_pages)
		sum->reclaimable_caches += cache_pages_count(res->cache_pages);
	trace->cache_names = res->cache_names;
	trace->cache_pages = res->cache_pages;
	res->cache_names = NULL;
	res->cache_pages = NULL;
	if (sum->names_inferred || sum->reclaimable_caches)
		complete_events_in_memory(trace);
	return 0;
}

int trace_resolve(struct trace *trace, struct kerror *err)
{
	struct resolve res = { .trace = trace };
	int ret = trace_archive_tail(trace, err);

	if (!ret)
		ret = direct_map_find(trace, err);
	if (!ret && trace->sum.direct_map_known && trace->nr_far_pages)
		ret = trace_make_slab_bits(trace, err);
	if (ret)
		return ret;
	res.base = trace->sum.direct_map_base;
	res.max_pfn = trace->sum.max_pfn;
	if (trace->sum.direct_map_known) {
		res.frames = frames_create();
		res.cache_pages = cache_pages_create();
	}
	if (trace->nameless)
		res.cache_names = cache_names_create();
	if ((trace->sum.direct_map_known && (!res.frames || !res.cache_pages)) ||
	    (trace->nameless && !res.cache_names))
		ret = -ENOMEM;
	else if (res.frames || res.cache_names)
		ret = resolve_pass(&res, err);
	if (!ret)
		ret = resolve_finish(&res);
	if (ret == -ENOMEM)
		kerror_set(err, ret, "no memory to look through the trace");
	frames_destroy(res.frames);
	cache_names_destroy(res.cache_names);
	cache_pages_destroy(res.cache_pages);
	return ret;
}
