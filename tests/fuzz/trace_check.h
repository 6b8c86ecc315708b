/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the fuzz targets of traces share: bytes in small slices, the
 * events of a trace that must be sane whatever was read, and traces made of
 * records of eight bytes, which reach deeper than text does:
 *
 *   0 kind   1 CPU and task   2 3 which frame   4 which object in it, or order
 *   5 call site and cache   6 size   7 flags and how much later
 */
#ifndef KMEMSIM_TESTS_FUZZ_TRACE_CHECK_H
#define KMEMSIM_TESTS_FUZZ_TRACE_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/gfp.h"
#include "sim/trace/trace.h"

struct slices {
	const uint8_t *data;
	size_t len, step;
};

static inline int64_t next_slice(void *ctx, void *buf, size_t size)
{
	struct slices *slices = ctx;
	size_t n = slices->step < slices->len ? slices->step : slices->len;

	n = n < size ? n : size;
	memcpy(buf, slices->data, n);
	slices->data += n;
	slices->len -= n;
	return (int64_t)n;
}

static inline void ignore_message(void *ctx, const char *source, uint64_t line, const char *text)
{
	uint64_t *sum = ctx;

	*sum += strlen(source) + line + strlen(text);
}

/* Pages may be slab pages or say that another task was due, and allocations from caches may be reclaimable. */
static inline bool flags_are_sane(const struct event *ev)
{
	if (ev->kind == EV_PAGE_ALLOC || ev->kind == EV_PAGE_FREE)
		return !(ev->flags & ~(EVF_PAGE_SLAB | EVF_PAGE_RESCHED));
	if (event_is(ev->kind, EVENT_PAGE))
		return !(ev->flags & ~EVF_PAGE_RESCHED);
	if (ev->kind == EV_CACHE_ALLOC)
		return !(ev->flags & ~EVF_OBJECT_RECLAIMABLE);
	if (ev->kind == EV_HEAP_ALLOC)
		return !(ev->flags & ~(EVF_HEAP_ZERO | EVF_HEAP_NUMBER));
	if (event_is(ev->kind, EVENT_HEAP))
		return !(ev->flags & ~EVF_HEAP_NUMBER);
	return !ev->flags;
}

static inline bool event_is_sane(const struct event *ev, const struct trace *trace)
{
	unsigned int max_order = event_is(ev->kind, EVENT_OBJECT) || event_is(ev->kind, EVENT_PAGE) ? 10 :
				 event_is(ev->kind, EVENT_HEAP) ? EVENT_MAX_HEAP_ALIGN : 63;

	return ev->kind < NR_EVENT_KINDS && ev->order <= max_order && ev->cpu <= 1023 &&
	       (!event_is(ev->kind, EVENT_OBJECT) || ev->bytes_alloc >= ev->bytes_req) &&
	       ev->cache <= names_count(trace_names((struct trace *)trace)) && flags_are_sane(ev);
}

/* All events of a resolved trace, and the sums over them. */
static inline void check_walk(struct trace *trace)
{
	const struct trace_summary *sum = trace_summary(trace);
	const struct reader_loss *losses;
	struct trace_cursor cur;
	const struct event *ev;
	struct kerror err;
	uint64_t nr = 0;
	size_t nr_losses, i;
	int64_t n, at;

	if (trace_cursor_init(&cur, trace, &err))
		abort();
	while ((n = trace_cursor_next(&cur, &ev, &err)) > 0) {
		for (at = 0; at < n; at++)
			if (!event_is_sane(&ev[at], trace))
				abort();
		nr += (uint64_t)n;
	}
	if (n < 0 || nr != sum->nr_events || sum->backwards > nr ||
	    (sum->reclaimable_caches && !sum->direct_map_known))
		abort();
	losses = trace_losses(trace, &nr_losses);
	for (i = 0; i < nr_losses; i++)
		if (losses[i].behind > nr || (i && losses[i].behind <= losses[i - 1].behind))
			abort();
	trace_cursor_exit(&cur);
}

/*
 * Text in the format named @format, or what the head looks like where that is
 * NULL, from bytes to resolved events; the first byte chooses: bit 0 spills all
 * to the temporary file, bits 2.. the steps of delivery. NULL where it was refused.
 */
static inline struct trace *trace_of_text(const uint8_t *data, size_t size, const char *format)
{
	struct slices slices = { data + 1, size - 1, (size_t)(data[0] >> 2) * 37 + 1 };
	struct trace *trace = trace_create(data[0] & 1 ? 1 : 0);
	struct reader_config cfg = { .format = format };
	uint64_t heard = 0;
	struct kerror err;
	struct source *src;
	struct reader *rd;
	int ret = -1;

	if (!trace)
		abort();
	cfg.names = trace_names(trace);
	cfg.stacks = trace_stacks(trace);
	if (!source_open_callback(&src, "fuzz", next_slice, &slices, &err) &&
	    !reader_open_config(&rd, src, &cfg, &err)) {
		reader_set_message(rd, ignore_message, &heard, 100);
		ret = trace_load(trace, rd, NULL, NULL, &err);
		ret = !ret || rd->stats.malformed > rd->stats.events ? trace_resolve(trace, &err) : ret;
		reader_close(rd);
	}
	if (!ret)
		return trace;
	trace_destroy(trace);
	return NULL;
}

#define RECORD_BYTES	8
#define RECORD_BASE	UINT64_C(0xffff888000000000)
#define RECORD_NAMES	16u

static inline void fill_record(struct event *ev, const uint8_t *r)
{
	static const uint8_t kinds[] = {
		EV_KMALLOC, EV_KFREE, EV_CACHE_ALLOC, EV_CACHE_FREE, EV_PAGE_ALLOC, EV_PAGE_FREE,
		EV_PAGE_FREE_BATCHED, EV_PAGE_PCPU_DRAIN, EV_PAGE_EXTFRAG, EV_UNKNOWN,
	};
	static const gfp_t flags[] = {
		GFP_KERNEL, GFP_ATOMIC, GFP_KERNEL | __GFP_RECLAIMABLE, GFP_HIGHUSER_MOVABLE,
		GFP_NOWAIT, GFP_KERNEL | __GFP_ZERO | __GFP_COMP, GFP_DMA, GFP_KERNEL_ACCOUNT,
	};
	uint64_t pfn = r[2] | (uint64_t)r[3] << 8;

	ev->kind = kinds[r[0] % sizeof(kinds)];
	ev->cpu = r[1] & 3;
	ev->pid = r[1] >> 2 & 7;
	ev->node = r[1] & 0x80 ? (int16_t)(r[1] >> 5 & 3) : EVENT_NO_NODE;
	if (event_is(ev->kind, EVENT_OBJECT)) {
		ev->addr = r[4] == 0xff ? 0 : RECORD_BASE + pfn * 4096 + r[4] * 16u;
		ev->bytes_req = ev->kind == EV_KFREE || ev->kind == EV_CACHE_FREE ? 0 : (r[6] & 0x7f) * 24u;
		ev->bytes_alloc = ev->bytes_req + (r[6] & 0x80 ? 8 : 0);
		ev->call_site = 1 + RECORD_NAMES + r[5] % RECORD_NAMES;
		if (ev->kind == EV_CACHE_ALLOC || ev->kind == EV_CACHE_FREE)
			ev->cache = r[5] & 0x80 ? 0 : 1 + (r[5] >> 3) % RECORD_NAMES;
	} else if (event_is(ev->kind, EVENT_PAGE)) {
		ev->addr = r[4] & 0x80 ? EVENT_PFN_FAILED : r[4] & 0x40 ? (UINT64_C(1) << 52) - 1 - pfn : pfn;
		ev->order = r[4] % 11;
		ev->migratetype = r[6] & 15;
	}
	ev->gfp = flags[r[7] & 7];
}

/* A resolved trace of the records in [@data, @data + @size); the first byte as above. */
static inline struct trace *trace_of_records(const uint8_t *data, size_t size)
{
	struct trace *trace = trace_create(data[0] & 1 ? 1 : 0);
	uint64_t now = 1000;
	struct kerror err;
	char name[8];
	size_t at, i;

	if (!trace)
		abort();
	for (i = 0; i < 2 * RECORD_NAMES; i++) {
		int len = snprintf(name, sizeof(name), i < RECORD_NAMES ? "c%zu" : "s%zu", i);

		if (names_intern(trace_names(trace), name, (size_t)len) != i + 1)
			abort();
	}
	for (at = 1; at + RECORD_BYTES <= size; at += RECORD_BYTES) {
		struct event ev = { .line = at, .time_ns = now };

		fill_record(&ev, data + at);
		now += (data[at + 7] >> 3) * 100u;
		if (trace_append(trace, &ev, 1, &err))
			abort();
	}
	if (trace_resolve(trace, &err))
		abort();
	return trace;
}

#endif
