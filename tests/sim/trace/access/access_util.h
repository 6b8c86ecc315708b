/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: memory accesses out of a reader, for the suites about them. */
#ifndef KMEMSIM_TESTS_SIM_TRACE_ACCESS_ACCESS_UTIL_H
#define KMEMSIM_TESTS_SIM_TRACE_ACCESS_ACCESS_UTIL_H

#include "tests/sim/trace/util.h"

/* All accesses of a trace, and the number of events before each. */
struct accessed {
	struct names *names;
	struct access *at;
	uint64_t *events;
	size_t nr, size;
	uint64_t nr_events;	/* of the trace */
	uint32_t largest;	/* block */
	struct reader_stats stats;
	struct heard heard;
	const char *format;
	int error;		/* of opening; heard.text says more */
};

static inline void keep_block(struct accessed *all, const struct access_block *block)
{
	uint32_t i;

	if (all->nr + block->nr > all->size) {
		all->size = 2 * all->size + block->nr;
		all->at = reallocarray(all->at, all->size, sizeof(*all->at));
		all->events = reallocarray(all->events, all->size, sizeof(*all->events));
		CU_ASSERT_FATAL(all->at && all->events);
	}
	if (block->nr > all->largest)
		all->largest = block->nr;
	for (i = 0; i < block->nr; i++) {
		all->at[all->nr] = block->at[i];
		all->events[all->nr++] = block->events;
	}
}

/* Pulls both streams of @src (taken over) in their order. */
static inline struct accessed read_accesses(struct source *src, const char *format)
{
	struct accessed all = { .names = names_create() };
	struct kerror err = { .text = "" };
	struct event events[7];
	struct access_block block;
	struct reader *rd;
	int got, more;

	all.error = reader_open(&rd, src, format, all.names, &err);
	snprintf(all.heard.text, sizeof(all.heard.text), "%.199s", err.text);
	if (all.error)
		return all;
	all.format = rd->ops->name;
	reader_set_message(rd, hear, &all.heard, 100);
	do {
		got = reader_events(rd, events, 7, &err);
		CU_ASSERT_FATAL(got >= 0);
		all.nr_events += (uint64_t)got;
		for (more = got; (got = reader_accesses(rd, &block, &err)) > 0; more += got) {
			CU_ASSERT_EQUAL((uint32_t)got, block.nr);
			CU_ASSERT_EQUAL(block.events, all.nr_events);
			keep_block(&all, &block);
		}
		CU_ASSERT_FATAL(got == 0);
	} while (more);
	all.stats = rd->stats;
	reader_close(rd);
	return all;
}

static inline struct accessed accesses_of(const void *bytes, size_t len, const char *format)
{
	struct kerror err;
	struct source *src;

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&src, bytes, len, &err), 0);
	return read_accesses(src, format);
}

static inline void accessed_free(struct accessed *all)
{
	names_destroy(all->names);
	free(all->at);
	free(all->events);
}

#endif
