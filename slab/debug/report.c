/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a complaint as text, for people. What it says and in which order
 * follows slab_bug() and print_trailer() of Linux 6.1's mm/slub.c:
 *
 *   BUG cache: what happened
 *   which bytes, what was found instead of what
 *   who allocated the object, who freed it, who was calling when it showed
 *   the slab, the object
 *   the bytes of its left red zone, itself, its right red zone, its padding
 *
 * Differs from Linux: rows of bytes that repeat the row before are one '*', and
 * addresses are those of a direct map at ffff888000000000, not the process's.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "slab/alloc.h"
#include "slab/debug/internal.h"

#define DIRECT_MAP	0xffff888000000000ULL
#define ROW		16u
#define LINE		"============================================================================="

struct text {
	const struct slab_allocator *sa;
	char *buf;
	size_t size, len;	/* len: of the whole, what did not fit included */
};

static __attribute__((format(printf, 2, 3))) void put(struct text *text, const char *fmt, ...)
{
	size_t room = text->len < text->size ? text->size - text->len : 0;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(room ? text->buf + text->len : NULL, room, fmt, args);
	va_end(args);
	if (len > 0)
		text->len += (size_t)len;
}

static uint64_t address(const struct text *text, const void *at)
{
	return DIRECT_MAP + ((uintptr_t)at - (uintptr_t)text->sa->base);
}

static bool in_arena(const struct text *text, const void *at)
{
	return (uintptr_t)at - (uintptr_t)text->sa->base < text->sa->bytes;
}

/* ---- bytes --------------------------------------------------------------------- */

static void put_row(struct text *text, const char *what, const unsigned char *row, uint32_t bytes)
{
	uint32_t i;

	put(text, "%-8s %016" PRIx64 ":", what, address(text, row));
	for (i = 0; i < ROW; i++) {
		if (i < bytes)
			put(text, " %02x", row[i]);
		else
			put(text, "   ");
	}
	put(text, "  ");
	for (i = 0; i < bytes; i++)
		put(text, "%c", row[i] >= ' ' && row[i] < 0x7f ? row[i] : '.');
	put(text, "\n");
}

static void put_bytes(struct text *text, const char *what, const unsigned char *from,
		      uint32_t bytes)
{
	bool repeated = false;
	uint32_t at;

	for (at = 0; at < bytes; at += ROW) {
		uint32_t row = bytes - at < ROW ? bytes - at : ROW;

		if (at && row == ROW && at + ROW < bytes &&
		    !memcmp(from + at, from + at - ROW, ROW)) {
			if (!repeated)
				put(text, "%-8s *\n", what);
			repeated = true;
			continue;
		}
		repeated = false;
		put_row(text, what, from + at, row);
	}
}

/* ---- who ------------------------------------------------------------------------ */

static void put_caller(struct text *text, const char *verb, const struct slab_caller *by)
{
	const struct slab_debug *debug = text->sa->debug;
	const char *name = NULL;

	if (by->site && debug->site_name)
		name = debug->site_name(debug->site_ctx, by->site);
	if (name)
		put(text, "%s in %s", verb, name);
	else
		put(text, "%s in site %u", verb, by->site);
	put(text, " pid=%d event=%" PRIu64 " time=%" PRIu64 ".%09" PRIu64, by->pid, by->event,
	    by->time_ns / 1000000000, by->time_ns % 1000000000);
}

static void put_track(struct text *text, const char *verb, const struct slab_track *track)
{
	if (!track->valid)
		return;
	put_caller(text, verb, &track->by);
	put(text, " cpu=%u\n", track->cpu);
}

/* ---- what and where -------------------------------------------------------------- */

static void put_fault(struct text *text, const struct slab_report *report)
{
	uint64_t from = address(text, report->first);

	if (!report->first)
		return;
	if (report->what == SLAB_BAD_ACCESS) {
		put(text, "%s of %" PRIu64 " bytes at 0x%016" PRIx64 "\n",
		    report->write ? "Write" : "Read", report->bytes, from);
		return;
	}
	put(text, "0x%016" PRIx64 "-0x%016" PRIx64 " @offset=%zu.", from, from + report->bytes - 1,
	    (size_t)((const unsigned char *)report->first -
		     slab_address(text->sa, slab_head_of(text->sa, arena_offset(text->sa,
									  report->first)))));
	if (report->what == SLAB_BAD_FREELIST) {
		const void *link = get_freepointer(report->owner, report->object);

		if (!link)
			put(text, " The link ends the list too early\n");
		else if (in_arena(text, link))
			put(text, " The link leads to 0x%016" PRIx64 "\n", address(text, link));
		else
			put(text, " The link leads out of memory\n");
		return;
	}
	put(text, " First byte 0x%x instead of 0x%x\n", report->found, report->expected);
}

static void put_slab(struct text *text, const struct kmem_cache *s, const struct page *slab)
{
	const unsigned char *object = slab_first_object(s, slab);
	unsigned int i, used = 0;

	for (i = 0; i < slab_objects(slab); i++, object += s->size)
		used += live_test(s->sa, arena_offset(s->sa, object));
	put(text, "Slab of %s at frame %u, objects=%u used=%u order=%u\n", s->name,
	    pfn_val(slab_pfn(text->sa, slab)), slab_objects(slab), used, page_order(slab));
}

static void put_object(struct text *text, const struct slab_report *report)
{
	static const char *const states[] = {
		[SLAB_NO_OBJECT] = "no object", [SLAB_OBJECT_LIVE] = "in use",
		[SLAB_OBJECT_FREE] = "free", [SLAB_OBJECT_HELD] = "free, in quarantine",
	};
	const struct kmem_cache *s = report->owner;
	const unsigned char *start = report->start;
	uint32_t size = s ? slab_orig_size(s, start) : 0;
	const struct page *slab = slab_head_of(text->sa, arena_offset(text->sa, start));
	const unsigned char *at = report->what == SLAB_BAD_ACCESS ? report->first : report->object;

	put(text, "Object 0x%016" PRIx64 " @offset=%zu size=%u, %s\n", address(text, start),
	    (size_t)(start - slab_address(text->sa, slab)),
	    s ? size : (uint32_t)(PAGE_SIZE << page_order(slab)), states[report->state]);
	if (at != start)
		put(text, "The address lies %zu bytes %s its start\n",
		    (size_t)(at > start ? at - start : start - at), at > start ? "behind" : "before");
	put(text, "\n");
	if (!s)
		return;
	if (s->flags & SLAB_RED_ZONE)
		put_bytes(text, "Redzone", start - s->red_left, s->red_left);
	size = s->object_size;
	put_bytes(text, "Object", start, size < PAGE_SIZE ? size : (uint32_t)PAGE_SIZE);
	if (s->flags & SLAB_RED_ZONE)
		put_bytes(text, "Redzone", start + size, s->inuse - size);
	if (s->flags & SLAB_POISON)
		put_bytes(text, "Padding", start + slab_metadata_end(s),
			  s->size - s->red_left - slab_metadata_end(s));
}

static void put_fix(struct text *text, const struct slab_report *report)
{
	uint64_t from = address(text, report->first);

	switch (report->what) {
	case SLAB_LEFT_OVERWRITTEN:
	case SLAB_RIGHT_OVERWRITTEN:
	case SLAB_POISON_OVERWRITTEN:
	case SLAB_PADDING_OVERWRITTEN:
	case SLAB_END_OVERWRITTEN:
		put(text, "FIX %s: restored 0x%016" PRIx64 "-0x%016" PRIx64 "\n",
		    report->owner->name, from, from + report->bytes - 1);
		break;
	case SLAB_BAD_FREELIST:
		put(text, "FIX %s: free list rebuilt\n", report->owner->name);
		break;
	case SLAB_DOUBLE_FREE:
	case SLAB_WRONG_CACHE:
	case SLAB_BAD_ADDRESS:
	case SLAB_CACHE_GONE:
		put(text, "FIX %s: nothing done\n",
		    report->owner ? report->owner->name : "no cache");
		break;
	default:
		break;
	}
}

size_t slab_report_text(const struct slab_allocator *sa, const struct slab_report *report,
			char *buf, size_t size)
{
	const struct kmem_cache *s = report->owner ? report->owner : report->cache;
	struct text text = { .sa = sa, .buf = buf, .size = size };
	size_t offset = arena_offset(sa, report->object);

	put(&text, LINE "\n");
	put(&text, "BUG %s: %s\n\n", s ? s->name : "no cache", slab_complaint_text(report->what));
	put_fault(&text, report);
	if (report->what == SLAB_WRONG_CACHE)
		put(&text, "The object is %s's, it was freed to %s\n",
		    report->owner ? report->owner->name : "a large kmalloc",
		    report->cache ? report->cache->name : "kfree");
	put_track(&text, "Allocated", &report->alloc);
	put_track(&text, "Freed", &report->free);
	put_caller(&text, "Noticed", &report->now);
	put(&text, "\n");

	if (report->owner && report->owner->gone)
		put(&text, "Cache %s is destroyed\n", report->owner->name);
	else if (report->owner && offset < sa->bytes &&
		 (slab_head_of(sa, offset)->flags & PG_slab))
		put_slab(&text, report->owner, slab_head_of(sa, offset));
	else if (report->owner)
		put(&text, "A slab of %s was here; it was given back\n", report->owner->name);
	if (report->start)
		put_object(&text, report);
	put_fix(&text, report);
	return text.len;
}
