/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the fuzz targets of verify share: the snapshot of a small
 * machine, and events from an input, either as ftrace's text (an input that
 * begins with "#") or as records of eight bytes, which reach deeper:
 *
 *   0 kind   1 CPU, interrupt, depth   2 pid   3 order and migratetype
 *   4 5 which frame, struct page or object   6 how it is named   7 the number
 *
 * The machine: two CPUs, a DMA zone at frame 400 and a DMA32 zone at frame 1000,
 * 400 frames each; one cache of objects of 1 KiB, four a slab, from frame 1010 on.
 */
#ifndef KMEMSIM_TESTS_FUZZ_SMALL_CAPTURE_H
#define KMEMSIM_TESTS_FUZZ_SMALL_CAPTURE_H

#include <stdlib.h>
#include <string.h>

#include "sim/verify/capture/events.h"

#define SMALL_BASE	UINT64_C(0xffff888000000000)
#define SMALL_VMEMMAP	UINT64_C(0xffffea0000000000)
#define SMALL_CACHE	UINT64_C(0xffff888001234500)

static const char small_machine[] =
	"mmsnap 1\ntag A\nkernel 6.1.0-9-amd64 #1 SMP\n"
	"page_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\n"
	"cpus 0 1\nnode 0 start 400\nzonelist 0 : 0/1 0/0\n"
	"zone 0 1 DMA32 start 1000 spanned 400 present 400 managed 400\n"
	"wmark min 1 low 2 high 3 promo 4 boost 0\nlowmem_reserve 0 0 0 0 0\n"
	"zflags 4 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 9\n"
	"zstat 544 0\nzstatdiff 0 thr 4 0 0\nzstatdiff 1 thr 4 0 0\n"
	"pcp 0 count 2 high 10 batch 3 free_factor 1 expire 0\npcp 1 count 0 high 10 batch 3 free_factor 0 expire 0\n"
	"pcplist 0 1 2 : 1009 100a\n"
	"free 4 1 1 : 1010\nfree 4 0 1 : 1120\nfree 9 1 1 : 1200\n"
	"nr_free 0 0 0 0 2 0 0 0 0 1 0\nblocks 1000 :11\n"
	"pages A1000+9 01009+2 U100b+5 B1010+10 A1020+100 B1120+10 S1130+d0 B1200+200\nendzone\n"
	"zone 0 0 DMA start 400 spanned 400 present 400 managed 400\n"
	"wmark min 1 low 2 high 3 promo 4 boost 0\nlowmem_reserve 0 4 4 4 4\n"
	"zflags 0 nr_reserved_highatomic 0 nr_isolate_pageblock 0 percpu_drift_mark 9\n"
	"zstat 40 0\nzstatdiff 0 thr 4 0 0\nzstatdiff 1 thr 4 0 0\n"
	"pcp 0 count 0 high 10 batch 1 free_factor 0 expire 0\npcp 1 count 0 high 10 batch 1 free_factor 0 expire 0\n"
	"free 3 1 1 : 408\nfree 5 2 1 : 420\nnr_free 0 0 0 1 0 1 0 0 0 0 0\nblocks 400 :12\n"
	"pages U400+8 B408+8 A410+10 B420+20 A440+3be R7fe+1 -7ff+1\nendzone\nend\n";

/* Lists that a bulk free's event keeps as text. */
static const char *const small_lists[] = {
	"0xffff888001010000,0xffff888001010400", "0xffff888001010800", "0x0",
	"0xffff888001011000,0xffff888001010c00,0xffff888001011400,0xffff888001011400",
};

static inline uint64_t small_address(unsigned int kind, unsigned int place, unsigned int how)
{
	uint64_t frame = place & 0x17ff;

	switch (how & 15) {
	case 13:
		return EVENT_PFN_FAILED;
	case 14:
		return 0;
	case 15:
		return frame << 32 | place;
	default:
		break;
	}
	if (event_is(kind, EVENT_OBJECT))
		return SMALL_BASE + 0x1010000 + (place & 0x3f) * 0x400 + (how & 16 ? 8 : 0);
	if (kind == EV_ISOLATE_IN)
		return SMALL_VMEMMAP + frame * 64;
	if (event_is(kind, EVENT_SLAB_PROBE))
		return SMALL_CACHE;
	return frame;
}

static inline struct event small_event(const uint8_t *rec, struct trace *trace, uint64_t line)
{
	unsigned int kind = rec[0] % EV_UNKNOWN, place = rec[4] | rec[5] << 8;
	const char *list = small_lists[place % 4];
	struct event ev = {
		.time_ns = line * 10 + (rec[6] >> 5), .line = line, .kind = (uint8_t)kind, .cpu = rec[1] & 1,
		.context = rec[1] >> 1 & 7, .depth = rec[1] >> 4 & 7, .pid = rec[2] & 7,
		.flags = rec[1] & 0x80 && event_is(kind, EVENT_PAGE) ? EVF_PAGE_RESCHED : 0,
		.node = EVENT_NO_NODE, .order = rec[3] & 15, .migratetype = rec[3] >> 5, .arg = (int8_t)rec[7],
		.gfp = rec[2] & 8 ? GFP_KERNEL : rec[2] & 16 ? GFP_HIGHUSER_MOVABLE : rec[2] & 32 ? GFP_ATOMIC : rec[7],
	};

	if (event_is(kind, EVENT_SNAPSHOT))
		ev.kind = EV_UNKNOWN;
	ev.addr = small_address(kind, place, rec[6]);
	if (event_is(kind, EVENT_SLAB_PROBE))
		ev.addr2 = rec[6] & 16 ? 0 : SMALL_VMEMMAP + (0x1010 + (place & 0x1f)) * 64;
	else if (event_is(kind, EVENT_PAGE_PROBE) || event_is(kind, EVENT_COMPACTION))
		ev.addr2 = ev.addr + rec[7];
	else if (event_is(kind, EVENT_OBJECT))
		ev.bytes_req = ev.bytes_alloc = 1024;
	/* These name frames; else hardly any would be one. */
	if (kind == EV_COMPACT_BEGIN)
		ev.arg = place & 1 ? 0x1000 : 0x400;
	if (kind == EV_KBULK_FREE)
		ev.cache = names_intern(trace_names(trace), list, strlen(list));
	return ev;
}

static inline void small_mark(struct trace *trace, enum event_kind kind, const char *tag)
{
	struct event ev = { .kind = (uint8_t)kind, .node = EVENT_NO_NODE };
	struct kerror err;

	ev.cache = names_intern(trace_names(trace), tag, 1);
	if (trace_append(trace, &ev, 1, &err))
		abort();
}

static inline void small_text(struct trace *trace, const uint8_t *data, size_t size)
{
	struct kerror err;
	struct source *src;
	struct reader *rd;

	if (source_open_memory(&src, data, size, &err))
		return;
	if (reader_open(&rd, src, "ftrace", trace_names(trace), &err))
		return;
	trace_load(trace, rd, NULL, NULL, &err);
	reader_close(rd);
}

/* The events of an input between marks, in a trace that the caller destroys. */
static inline struct trace *small_trace(const uint8_t *data, size_t size)
{
	struct trace *trace = trace_create(0);
	struct kerror err;
	uint64_t line = 2;

	if (!trace)
		abort();
	small_mark(trace, EV_SNAP_END, "A");
	if (size && *data == '#') {
		small_text(trace, data, size);
	} else {
		for (; size >= 8; data += 8, size -= 8) {
			struct event ev = small_event(data, trace, line++);

			if (trace_append(trace, &ev, 1, &err))
				abort();
		}
	}
	small_mark(trace, EV_SNAP_BEGIN, "B");
	return trace;
}

#endif
