/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for the way of a trace from bytes to resolved
 * events: source (zstd included), reader, store, resolving, cursor. The first
 * byte chooses the variant: bit 0 spills everything to the temporary file,
 * bit 1 lets the head choose the format, bits 2.. the steps of delivery.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct slices {
	const uint8_t *data;
	size_t len, step;
};

static int64_t next_slice(void *ctx, void *buf, size_t size)
{
	struct slices *slices = ctx;
	size_t n = slices->step < slices->len ? slices->step : slices->len;

	n = n < size ? n : size;
	memcpy(buf, slices->data, n);
	slices->data += n;
	slices->len -= n;
	return n;
}

static void ignore_message(void *ctx, const char *source, uint64_t line, const char *text)
{
	uint64_t *sum = ctx;

	*sum += strlen(source) + line + strlen(text);
}

/* Pages may be slab pages, and allocations from caches may be reclaimable; nothing else. */
static bool flags_are_sane(const struct event *ev)
{
	switch (ev->kind) {
	case EV_PAGE_ALLOC:
	case EV_PAGE_FREE:
		return !(ev->flags & ~EVF_PAGE_SLAB);
	case EV_CACHE_ALLOC:
		return !(ev->flags & ~EVF_OBJECT_RECLAIMABLE);
	default:
		return !ev->flags;
	}
}

static void check_walk(struct trace *trace)
{
	const struct trace_summary *sum = trace_summary(trace);
	struct trace_cursor cur;
	const struct event *ev;
	struct kerror err;
	uint64_t nr = 0;
	int64_t n, i;

	if (trace_cursor_init(&cur, trace, &err))
		abort();
	while ((n = trace_cursor_next(&cur, &ev, &err)) > 0) {
		for (i = 0; i < n; i++) {
			if (ev[i].kind >= NR_EVENT_KINDS || ev[i].order > 10 || ev[i].cpu > 1023 ||
			    ev[i].bytes_alloc < ev[i].bytes_req ||
			    ev[i].cache > names_count(trace_names(trace)) ||
			    !flags_are_sane(&ev[i]))
				abort();
		}
		nr += n;
	}
	if (n < 0 || nr != sum->nr_events || sum->read.events != nr ||
	    sum->read.events + sum->read.malformed + sum->read.ignored != sum->read.lines)
		abort();
	if (sum->read.unterminated_line != (sum->read.unterminated ? sum->read.lines : 0) ||
	    (sum->reclaimable_caches && !sum->direct_map_known))
		abort();
	trace_cursor_exit(&cur);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slices slices;
	struct kerror err;
	struct source *src;
	struct reader *rd;
	struct trace *trace;
	uint64_t heard = 0;
	uint8_t how;

	if (!size)
		return 0;
	how = data[0];
	slices = (struct slices){ data + 1, size - 1, (how >> 2) * 37 + 1 };
	if (source_open_callback(&src, "fuzz", next_slice, &slices, &err))
		return 0;
	trace = trace_create(how & 1 ? 1 : 0);
	if (!trace)
		abort();
	if (!reader_open(&rd, src, how & 2 ? NULL : "perf-script", trace_names(trace), &err)) {
		int ret;

		reader_set_message(rd, ignore_message, &heard, 100);
		ret = trace_load(trace, rd, NULL, NULL, &err);
		if ((!ret || rd->stats.malformed > rd->stats.events) &&
		    !trace_resolve(trace, &err))
			check_walk(trace);
		reader_close(rd);
	}
	trace_destroy(trace);
	return 0;
}
