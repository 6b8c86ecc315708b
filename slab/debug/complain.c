/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what is wrong with a free, and how complaints reach whoever listens.
 * Only what failed a cheap test comes here, so this may look as closely as it likes.
 *
 * What looks alike without a history of frees: an object whose slab
 * has been given back since (a bad address, unless its cache was debugged), and
 * one whose slab now belongs to another cache (judged as that cache's).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "slab/complain.h"
#include "slab/debug/internal.h"
#include "slab/debug/kfence.h"
#include "slab/head.h"

static const struct {
	int code;
	enum slab_counter counter;
	const char *text;
} verdicts[NR_SLAB_COMPLAINTS] = {
	[SLAB_DOUBLE_FREE] = { -EALREADY, SC_bad_free_double, "double free" },
	[SLAB_WRONG_CACHE] = { -EXDEV, SC_bad_free_cache, "free into the wrong cache" },
	[SLAB_BAD_ADDRESS] = { -EINVAL, SC_bad_free_address,
			       "free of an address where no object starts" },
	[SLAB_LIVE_AT_DESTROY] = { 0, SC_bad_live_at_destroy,
				   "object in use when its cache is to be destroyed" },
	[SLAB_CACHE_GONE] = { -ESTALE, SC_bad_cache_gone, "use of a destroyed cache" },
	[SLAB_BAD_ACCESS] = { 0, SC_bad_access, "access outside live objects" },
	[SLAB_LEFT_OVERWRITTEN] = { 0, SC_bad_red_zone, "left red zone overwritten" },
	[SLAB_RIGHT_OVERWRITTEN] = { 0, SC_bad_red_zone, "right red zone overwritten" },
	[SLAB_POISON_OVERWRITTEN] = { 0, SC_bad_poison, "free object overwritten" },
	[SLAB_PADDING_OVERWRITTEN] = { 0, SC_bad_padding, "object padding overwritten" },
	[SLAB_END_OVERWRITTEN] = { 0, SC_bad_padding, "bytes behind the last object overwritten" },
	[SLAB_BAD_FREELIST] = { 0, SC_bad_freelist, "free list broken" },
	[SLAB_FENCE_OOB] = { 0, SC_bad_fence, "access beyond a guarded object" },
	[SLAB_FENCE_UAF] = { 0, SC_bad_fence, "use of a guarded object after its free" },
	[SLAB_FENCE_CORRUPTED] = { 0, SC_bad_fence, "bytes beside a guarded object overwritten" },
};

const char *slab_complaint_text(enum slab_complaint what)
{
	return verdicts[what].text;
}

uint64_t slab_complaints(const struct slab_allocator *sa)
{
	static const enum slab_counter counters[] = {
		SC_bad_free_double, SC_bad_free_cache, SC_bad_free_address, SC_bad_cache_gone,
		SC_bad_access, SC_bad_live_at_destroy, SC_bad_red_zone, SC_bad_poison,
		SC_bad_padding, SC_bad_freelist, SC_bad_fence,
	};
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		sum += slab_counter(sa, counters[i]);
	return sum;
}

int slab_complain(struct slab_allocator *sa, struct kmem_cache *blame, struct slab_report *report)
{
	enum slab_counter counter = verdicts[report->what].counter;

	if (blame && !blame->gone)
		blame->stat[counter]++;
	else
		sa->stat[counter]++;
	if (sa->report)
		sa->report(sa->report_ctx, report);
	return verdicts[report->what].code;
}

/* ---- what lies there --------------------------------------------------------- */

/*
 * The object in a slab of several caches that @addr falls to: what starts there,
 * live or not, else the live one that reaches that far.
 */
static void describe_shared(const struct slab_allocator *sa, const struct page *page,
			    const unsigned char *addr, struct slab_report *report)
{
	const unsigned char *start = slab_address(sa, page);
	const unsigned char *at = addr - (arena_offset(sa, addr) & ((1 << LIVE_SHIFT) - 1));

	for (; at >= start; at -= 1 << LIVE_SHIFT) {
		bool live = live_test(sa, arena_offset(sa, at));
		struct kmem_cache *owner = slab_owner_of(sa, page, at);

		if (!owner || (!live && at != addr))
			continue;
		if (live && addr >= at + ksize(sa, at))
			return;
		report->owner = owner;
		report->start = at;
		report->state = live ? SLAB_OBJECT_LIVE : SLAB_OBJECT_FREE;
		return;
	}
}

/* The object of @page's slab, or large kmalloc, that the address @offset falls to. */
static void describe_object(const struct slab_allocator *sa, const struct page *page,
			    size_t offset, struct slab_report *report)
{
	const unsigned char *addr = sa->base + offset, *first, *start;
	const struct kmem_cache *s = report->owner;
	size_t index;

	if (!s) {
		if (!live_test(sa, arena_offset(sa, slab_address(sa, page))))
			return;
		report->start = slab_address(sa, page);
		report->state = SLAB_OBJECT_LIVE;
		return;
	}
	first = slab_first_object(s, page) - s->red_left;
	index = (size_t)(addr - first) / s->size;
	if (addr < first || index >= slab_objects(page))
		return;
	start = first + index * s->size + s->red_left;
	report->start = start;
	offset = arena_offset(sa, start);
	if (live_test(sa, offset))
		report->state = SLAB_OBJECT_LIVE;
	else
		report->state = slab_held_test(sa, offset) ? SLAB_OBJECT_HELD : SLAB_OBJECT_FREE;
	if (s->flags & SLAB_STORE_USER) {
		report->alloc = *slab_track_of(s, start, TRACK_ALLOC);
		report->free = *slab_track_of(s, start, TRACK_FREE);
	}
}

void slab_describe(const struct slab_allocator *sa, const void *addr, struct slab_report *report)
{
	size_t offset = arena_offset(sa, addr);
	const uint32_t *had_frame = sa->debug->had_frame;
	const struct page *page;

	report->now = sa->debug->caller;
	if (offset >= sa->bytes)
		return;
	page = slab_head_of(sa, offset);
	if (page->flags & PG_slab) {
		report->offset = (uint32_t)((const unsigned char *)addr - slab_address(sa, page));
		if (sa->shared && page->slab_cache == sa->shared->id) {
			describe_shared(sa, page, addr, report);
			return;
		}
		report->owner = sa->caches[page->slab_cache];
		describe_object(sa, page, offset, report);
	} else if (page->flags & PG_large) {
		describe_object(sa, page, offset, report);
	} else if (page->flags & PG_kfence) {
		kfence_describe(sa, addr, report);
	} else if (had_frame && had_frame[offset >> PAGE_SHIFT] != NEVER_A_SLAB) {
		report->owner = sa->caches[had_frame[offset >> PAGE_SHIFT] - 1];
	}
}

/* ---- wrong frees --------------------------------------------------------------- */

static enum slab_complaint diagnose(const struct slab_allocator *sa, const struct kmem_cache *s,
				    const void *object, const struct slab_report *report)
{
	if ((s && s->gone) || (report->owner && report->owner->gone))
		return SLAB_CACHE_GONE;
	if (live_test(sa, arena_offset(sa, object)))
		return SLAB_WRONG_CACHE;
	if (report->start == object && report->owner)
		return SLAB_DOUBLE_FREE;
	return SLAB_BAD_ADDRESS;
}

int slab_bad_free(struct slab_allocator *sa, struct kmem_cache *s, void *object)
{
	struct slab_report report = { .object = object, .cache = s };

	slab_describe(sa, object, &report);
	report.what = diagnose(sa, s, object, &report);
	return slab_complain(sa, s ? s : (struct kmem_cache *)report.owner, &report);
}

unsigned int slab_violation(slab_violation_fn fn, void *ctx, const char *fmt, ...)
{
	char text[256];
	va_list args;

	if (!fn)
		return 1;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fn(ctx, text);
	return 1;
}
