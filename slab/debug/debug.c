/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: an object's path through a debugged cache, around any engine's
 * alloc and free. See debug.h for what there is, debug/object.c for the bytes.
 *
 *            slab_debug_alloc()                 slab_debug_free()
 *   free  ----------------------->  live  ------------------------>  held back (Q)
 *    ^    check as a free one (F)         check as a live one (F)          |
 *    |    fill as a live one (Z, P)       fill as a free one (Z, P)        |
 *    |    note who (U), report (T)        note who (U), report (T)         |
 *    |<---------------------------------------- without Q ----------------'
 *                                           check as a free one, engine's free
 *
 * Follows alloc_debug_processing() and free_debug_processing() of Linux 6.1.
 * Differs from Linux: see debug.h; the checks of a slab's own counts are left
 * to slab_validate(), since they lie where no object's owner can write.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "slab/alloc.h"
#include "slab/complain.h"
#include "slab/debug/internal.h"

/* ---- tables ---------------------------------------------------------------- */

static size_t held_bytes(const struct slab_allocator *sa)
{
	return (sa->bytes >> PAGE_SHIFT) * LIVE_BYTES_PER_FRAME;
}

static size_t had_frame_bytes(const struct slab_allocator *sa)
{
	return (sa->bytes >> PAGE_SHIFT) * sizeof(uint32_t);
}

static void *map_lazily(size_t bytes)
{
	void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return table == MAP_FAILED ? NULL : table;
}

int slab_debug_create(struct slab_allocator *sa, struct kerror *err)
{
	const char *text = sa->cfg.debug;
	struct slab_debug *debug = sa->debug = calloc(1, sizeof(*debug));
	int ret;

	if (!debug)
		return kerror_set(err, -ENOMEM, "no memory for the slab allocator");
	debug->quarantine.limit = sa->cfg.quarantine_bytes;
	if (!text)
		return 0;
	ret = slab_debug_parse(text, err);
	if (ret)
		return ret;
	debug->no_higher_order = slab_debug_no_higher_order(text);
	debug->text = strdup(text);
	sa->cfg.debug = debug->text;
	return debug->text ? 0 : kerror_set(err, -ENOMEM, "no memory for the slab allocator");
}

void slab_debug_destroy(struct slab_allocator *sa)
{
	struct slab_debug *debug = sa->debug;
	struct kmem_cache *s;

	if (!debug)
		return;
	while ((s = debug->graves)) {
		debug->graves = s->older;
		slab_release_cache(s);
	}
	if (debug->held)
		munmap(debug->held, held_bytes(sa));
	if (debug->had_frame)
		munmap(debug->had_frame, had_frame_bytes(sa));
	free(debug->quarantine.ring);
	free(debug->text);
	free(debug);
}

int slab_debug_map(struct slab_allocator *sa)
{
	struct slab_debug *debug = sa->debug;

	if (!debug->held)
		debug->held = map_lazily(held_bytes(sa));
	if (!debug->had_frame)
		debug->had_frame = map_lazily(had_frame_bytes(sa));
	return debug->held && debug->had_frame ? 0 : -ENOMEM;
}

void slab_debug_take_over(struct kmem_cache *s)
{
	s->engine_free = s->free;
	s->free = slab_debug_free;
}

void slab_debug_bury(struct kmem_cache *s)
{
	s->gone = true;
	s->newer = NULL;
	s->older = s->sa->debug->graves;
	s->sa->debug->graves = s;
}

int slab_cache_gone(struct kmem_cache *s, const void *object)
{
	struct slab_report report = { .what = SLAB_CACHE_GONE, .object = object, .cache = s };

	if (object)
		slab_describe(s->sa, object, &report);
	report.owner = s;
	report.now = s->sa->debug->caller;
	return slab_complain(s->sa, NULL, &report);
}

void slab_set_caller(struct slab_allocator *sa, const struct slab_caller *caller)
{
	sa->debug->caller = *caller;
}

void slab_set_site_name(struct slab_allocator *sa, slab_site_name_fn fn, void *ctx)
{
	sa->debug->site_name = fn;
	sa->debug->site_ctx = ctx;
}

void slab_set_trace(struct slab_allocator *sa, slab_trace_fn fn, void *ctx)
{
	sa->debug->trace = fn;
	sa->debug->trace_ctx = ctx;
}

/* ---- allocation and free ---------------------------------------------------- */

static void note(const struct kmem_cache *s, unsigned int cpu, void *object, unsigned int which)
{
	struct slab_debug *debug = s->sa->debug;
	const struct slab_track track = { .by = debug->caller, .cpu = cpu, .valid = 1 };

	if (s->flags & SLAB_STORE_USER)
		*slab_track_of(s, object, which) = track;
	if ((s->flags & SLAB_TRACE) && debug->trace) {
		const struct slab_trace trace = {
			.cache = s, .object = object, .alloc = which == TRACK_ALLOC, .by = track,
		};

		debug->trace(debug->trace_ctx, &trace);
	}
}

/* @object, out of its engine, becomes one in use. */
static void hand_out(struct kmem_cache *s, unsigned int cpu, void *object, size_t asked)
{
	if (s->flags & SLAB_CONSISTENCY_CHECKS)
		slab_check_object(s, object, SLUB_RED_INACTIVE);
	slab_set_orig_size(s, object, asked);
	slab_init_object(s, object, SLUB_RED_ACTIVE);
	note(s, cpu, object, TRACK_ALLOC);
	live_set(s->sa, arena_offset(s->sa, object));
}

/* @object, no longer live, becomes one its engine may have. */
static void take_back(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	struct slab_allocator *sa = s->sa;

	if (s->flags & SLAB_CONSISTENCY_CHECKS) {
		/* It is live as long as anybody looks. */
		live_set(sa, arena_offset(sa, object));
		slab_check_freelist(s, slab);
		slab_check_object(s, object, SLUB_RED_ACTIVE);
		live_clear(sa, arena_offset(sa, object));
	}
	note(s, cpu, object, TRACK_FREE);
	slab_init_object(s, object, SLUB_RED_INACTIVE);
}

void *slab_debug_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid, size_t asked)
{
	struct slab_allocator *sa = s->sa;
	void *object;

	if (s->gone) {
		slab_cache_gone(s, NULL);
		return slab_alloc_failed(sa, NULL);
	}
	object = s->alloc(s, cpu, gfp, nid);
	/* What is only held back is no reason to fail. */
	if (!object && slab_quarantine_drain(sa, NULL))
		object = s->alloc(s, cpu, gfp, nid);
	if (!object)
		return slab_alloc_failed(sa, s);

	hand_out(s, cpu, object, asked);
	if (gfp & __GFP_ZERO)
		memset(object, 0, slab_orig_size(s, object));
	return object;
}

void slab_debug_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	take_back(s, cpu, slab, object);
	if (!(s->flags & SLAB_QUARANTINE) || !slab_quarantine_put(s, cpu, object))
		s->engine_free(s, cpu, slab, object);
}

void *slab_debug_alloc_for_engine(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *object = s->alloc(s, cpu, gfp, nid);

	if (object)
		hand_out(s, cpu, object, 0);
	return object;
}

void slab_debug_free_for_engine(struct kmem_cache *s, unsigned int cpu, struct page *slab,
				void *object)
{
	take_back(s, cpu, slab, object);
	s->engine_free(s, cpu, slab, object);
}

void slab_debug_slab_gone(struct kmem_cache *s, const struct page *slab)
{
	unsigned char *object = slab_first_object(s, slab);
	struct slab_allocator *sa = s->sa;
	uint32_t pfn = pfn_val(slab_pfn(sa, slab)), i;

	for (i = 0; i < 1U << page_order(slab); i++)
		sa->debug->had_frame[pfn + i] = s->id + 1;
	if (!(s->flags & SLAB_CONSISTENCY_CHECKS))
		return;
	slab_check_end(s, slab);
	/* An allocator that goes takes live objects with it. */
	for (i = 0; i < slab_objects(slab); i++, object += s->size)
		if (slab_debug_is_free(s, object))
			slab_check_object(s, object, SLUB_RED_INACTIVE);
}

bool slab_object_tracks(const struct slab_allocator *sa, const void *object,
			struct slab_track *alloc, struct slab_track *free)
{
	struct slab_report report = { 0 };

	slab_describe(sa, object, &report);
	if (!report.start || report.start != object ||
	    !(report.owner && report.owner->flags & SLAB_STORE_USER))
		return false;
	*alloc = report.alloc;
	*free = report.free;
	return true;
}
