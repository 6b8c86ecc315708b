/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the trace store's inside, shared by the store (trace.c) and by what
 * looks through it (the files of resolve/).
 *
 *	event number   0 ............ nr_mem ............... + nr_file ... + nr_tail
 *	               chunks[] (memory)     temporary file            tail[]
 *
 * The tail is the file's write buffer. Flags of events in memory are written
 * into them; those in the file never change there: their EVF_PAGE_SLAB is a
 * bit of file_slab_bits, their inferred cache name comes from cache_names and
 * their EVF_OBJECT_RECLAIMABLE from cache_pages; a cursor puts them in while it reads.
 */
#ifndef KMEMSIM_SIM_TRACE_INTERNAL_H
#define KMEMSIM_SIM_TRACE_INTERNAL_H

#include "sim/trace/trace.h"

/*
 * 1.2 million events (find-tar eight times), of which a tenth goes to the file. Chunks of 1024, 4096,
 * 16384, 65536 events: 107, 26, 6, 1 writes, peak memory 83, 84, 84, 87 MiB. Reads of 256, 1024, 4096,
 * 16384: 770, 194, 50, 14 calls, 84, 84, 84, 85 MiB. Time differs less than from run to run.
 */
#define TRACE_CHUNK_EVENTS	16384u	/* 1 MiB */
#define TRACE_READ_EVENTS	4096u	/* 256 KiB: a cursor's buffer for the file */

struct cache_names;
struct cache_pages;

struct trace {
	struct names *names;
	struct stacks *stacks;
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
	struct cache_pages *cache_pages;	/* NULL where slab pages are not known */
	uint64_t nameless;		/* CACHE_ALLOC events without one */
	struct reader_loss *losses;
	size_t nr_losses;
	uint64_t object_bits;		/* all bits that an object's address has */
	uint64_t nr_kernel;		/* events that are not of a program's heap */
	int32_t first_pid, other_pids;	/* other_pids: bits in which some pid differs from the first */
};

/* The event in memory, or NULL where number @nr lies in the file. */
struct event *trace_event_in_memory(struct trace *trace, uint64_t nr);
/* Set EVF_PAGE_SLAB of event @nr; trace_is_slab_page() reads it. */
void trace_mark_slab_page(struct trace *trace, uint64_t nr);
bool trace_is_slab_page(struct trace *trace, uint64_t nr);
/* Put into @ev what was learnt of its cache. */
void trace_complete_event(const struct trace *trace, struct event *ev);

/* ---- direct_map.c ---- */

/* Fills direct_map_known, _base and _votes of the summary. */
int direct_map_find(struct trace *trace, struct kerror *err);

/* ---- cache_names.c ---- */

struct cache_names *cache_names_create(void);
void cache_names_destroy(struct cache_names *cn);
/* Look at one event, in the trace's order. -ENOMEM. */
int cache_names_learn(struct cache_names *cn, const struct event *ev);
/* A slab frame's first object is that of @ev, a nameless CACHE_ALLOC learnt before. */
void cache_names_vote(struct cache_names *cn, const struct event *ev, int64_t votes);
/*
 * Learning is over: give back what only that needed, hand the votes of what
 * got a name to @pages (may be NULL), and add to names_inferred and
 * reclaimable_caches (those without a name) of @sum. -ENOMEM.
 */
int cache_names_finish(struct cache_names *cn, struct cache_pages *pages,
		       struct trace_summary *sum);
/*
 * The name for a nameless CACHE_ALLOC; 0 where none was learnt, and then
 * *@reclaimable says what its slab pages were.
 */
name_id cache_names_get(const struct cache_names *cn, const struct event *ev, bool *reclaimable);

/* ---- cache_pages.c ---- */

struct cache_pages *cache_pages_create(void);	/* NULL: no memory */
void cache_pages_destroy(struct cache_pages *pages);
/* @votes: frames of @cache that are reclaimable, minus those that are not. -ENOMEM. */
int cache_pages_vote(struct cache_pages *pages, name_id cache, int64_t votes);
bool cache_pages_reclaimable(const struct cache_pages *pages, name_id cache);
/* The number of reclaimable caches. */
uint64_t cache_pages_count(const struct cache_pages *pages);

#endif
