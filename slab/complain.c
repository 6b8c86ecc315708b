/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what is wrong with a free. Only a free that failed the one cheap
 * test comes here, so this may look as closely as it likes.
 *
 * What cannot be told apart without a history of frees: an object whose slab
 * has been given back since (a bad address), and one whose slab now belongs to
 * another cache (judged as that cache's).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "slab/internal.h"

static const struct {
	int code;
	enum slab_counter counter;
} verdicts[] = {
	[SLAB_DOUBLE_FREE] = { -EALREADY, SC_bad_free_double },
	[SLAB_WRONG_CACHE] = { -EXDEV, SC_bad_free_cache },
	[SLAB_BAD_ADDRESS] = { -EINVAL, SC_bad_free_address },
};

static void send_report(struct slab_allocator *sa, const struct slab_report *report)
{
	if (sa->report)
		sa->report(sa->report_ctx, report);
}

static enum slab_complaint diagnose(const struct slab_allocator *sa, const void *object,
				    struct slab_report *report)
{
	size_t offset = arena_offset(sa, object);
	const struct page *page;
	size_t first;

	if (offset >= sa->bytes)
		return SLAB_BAD_ADDRESS;
	page = slab_head_of(sa, offset);
	if (!(page->flags & PG_slab))
		return live_test(sa, offset) ? SLAB_WRONG_CACHE : SLAB_BAD_ADDRESS;

	report->owner = sa->caches[page->slab_cache];
	report->offset = (uint32_t)((const unsigned char *)object - slab_address(sa, page));
	if (live_test(sa, offset))
		return SLAB_WRONG_CACHE;
	first = (size_t)(slab_first_object(report->owner, page) - slab_address(sa, page));
	if (report->offset >= first && (report->offset - first) % report->owner->size == 0 &&
	    (report->offset - first) / report->owner->size < slab_objects(page))
		return SLAB_DOUBLE_FREE;
	return SLAB_BAD_ADDRESS;
}

int slab_bad_free(struct slab_allocator *sa, struct kmem_cache *s, void *object)
{
	struct slab_report report = { .object = object, .cache = s };
	enum slab_counter counter;

	report.what = diagnose(sa, object, &report);
	counter = verdicts[report.what].counter;
	if (s)
		s->stat[counter]++;
	else if (report.owner)
		((struct kmem_cache *)report.owner)->stat[counter]++;
	else
		sa->stat[counter]++;
	send_report(sa, &report);
	return verdicts[report.what].code;
}

void slab_report_live(struct kmem_cache *s, const struct page *slab, const void *object)
{
	struct slab_report report = {
		.what = SLAB_LIVE_AT_DESTROY,
		.object = object,
		.cache = s,
		.owner = s,
		.offset = (uint32_t)((const unsigned char *)object - slab_address(s->sa, slab)),
	};

	send_report(s->sa, &report);
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
