/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: hand-made events and whole recordings, for the suites that
 * look at what resolving finds.
 */
#ifndef KMEMSIM_TESTS_SIM_TRACE_EVENTS_H
#define KMEMSIM_TESTS_SIM_TRACE_EVENTS_H

#include "buddy/gfp.h"
#include "tests/sim/trace/util.h"

#define SPILL_ALL	1		/* a memory limit below one chunk */
#define X86_BASE	UINT64_C(0xffff888000000000)

static inline struct event page_alloc(uint64_t pfn, int order, uint32_t gfp)
{
	return (struct event){ .kind = EV_PAGE_ALLOC, .addr = pfn, .order = (uint8_t)order,
			       .gfp = gfp, .node = EVENT_NO_NODE };
}

static inline struct event page_free(uint64_t pfn, int order)
{
	return (struct event){ .kind = EV_PAGE_FREE, .addr = pfn, .order = (uint8_t)order,
			       .node = EVENT_NO_NODE };
}

static inline struct event object(enum event_kind kind, uint64_t addr, uint32_t bytes,
				  name_id cache)
{
	bool alloc = kind == EV_KMALLOC || kind == EV_CACHE_ALLOC;

	return (struct event){ .kind = (uint8_t)kind, .addr = addr, .call_site = 1, .cache = cache,
			       .bytes_req = alloc ? bytes : 0, .bytes_alloc = alloc ? bytes : 0,
			       .gfp = alloc ? GFP_KERNEL : 0, .node = EVENT_NO_NODE };
}

static inline uint64_t at(uint64_t base, uint64_t pfn, uint64_t offset)
{
	return base + (pfn << 12) + offset;
}

static inline struct trace *load_file(const char *path, uint64_t limit)
{
	struct trace *trace = trace_create(limit);
	struct kerror err = { 0 };
	struct source *src;
	struct reader *rd;

	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	CU_ASSERT_EQUAL_FATAL(reader_open(&rd, src, NULL, trace_names(trace), &err), 0);
	CU_ASSERT_EQUAL(trace_load(trace, rd, NULL, NULL, &err), 0);
	reader_close(rd);
	CU_ASSERT_EQUAL(trace_resolve(trace, &err), 0);
	return trace;
}

#endif
