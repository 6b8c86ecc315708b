/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the trace store's inside, shared by the store (trace.c) and by what
 * looks through it (resolve.c, direct_map.c, cache_names.c).
 *
 *	event number   0 ............ nr_mem ............... + nr_file ... + nr_tail
 *	               chunks[] (memory)     temporary file            tail[]
 *
 * The tail is the file's write buffer. Flags of events in memory are written
 * into them; those in the file never change there: their EVF_SLAB_PAGE is a
 * bit of file_slab_bits and their inferred cache name comes from cache_names,
 * and a cursor puts both in while it reads.
 */
#ifndef KMEMSIM_SIM_TRACE_TRACE_INTERNAL_H
#define KMEMSIM_SIM_TRACE_TRACE_INTERNAL_H

#include "sim/trace/trace.h"

#define TRACE_CHUNK_EVENTS	16384u	/* 1 MiB */
#define TRACE_READ_EVENTS	4096u	/* 256 KiB: a cursor's buffer for the file */

struct cache_names;

struct trace {
	struct names *names;
	struct trace_summary sum;
	uint64_t max_chunks;		/* that may stay in memory */
	struct event **chunks;
	uint64_t nr_chunks, chunks_size;
	uint64_t nr_mem;
	uint64_t nr_file;
	uint64_t nr_tail;
	struct event *tail;
	int fd;				/* -1: nothing spilled */
	uint64_t *file_slab_bits;	/* NULL before trace_resolve() or without a file */
	struct cache_names *cache_names;	/* NULL where all events have their names */
	uint64_t nameless;		/* CACHE_ALLOC events without one */
};

static inline bool event_is_page(enum event_kind kind)
{
	return kind >= EV_PAGE_ALLOC && kind <= EV_PAGE_EXTFRAG;
}

/* The event in memory, or NULL where number @nr lies in the file. */
struct event *trace_event_in_memory(struct trace *trace, uint64_t nr);
/* Set EVF_SLAB_PAGE of event @nr; trace_is_slab_page() reads it. */
void trace_mark_slab_page(struct trace *trace, uint64_t nr);
bool trace_is_slab_page(struct trace *trace, uint64_t nr);

/* ---- direct_map.c ---- */

/* Fills direct_map_known, _base and _votes of the summary. */
int direct_map_find(struct trace *trace, struct kerror *err);

/* ---- cache_names.c ---- */

struct cache_names *cache_names_create(void);
void cache_names_destroy(struct cache_names *cn);
/* Look at one event, in the trace's order. -ENOMEM. */
int cache_names_learn(struct cache_names *cn, const struct event *ev);
/* Learning is over: give back what only that needed. Returns how many events will get a name. */
uint64_t cache_names_finish(struct cache_names *cn);
/* The name for a nameless CACHE_ALLOC; 0 where none was learnt. */
name_id cache_names_get(const struct cache_names *cn, const struct event *ev);

#endif
