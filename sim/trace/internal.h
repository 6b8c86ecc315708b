/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the trace store's inside, shared by the store (trace.c) and by what
 * looks through it (the files of resolve/).
 *
 *	event number   0 ............ nr_mem ............... + archive ... + nr_tail
 *	               chunks[] (memory)     archive.h                 tail[]
 *
 * The tail is what the archive gets next; resolving gives it all of it. Flags of
 * events in memory are written into them; those in the archive never change there:
 * a bit of slab_bits for each of its page events is their EVF_PAGE_SLAB, their
 * inferred cache name comes from cache_names and their EVF_OBJECT_RECLAIMABLE from
 * cache_pages; a cursor puts them in while it reads.
 *
 * An event's place, where it can be marked: its number, for one in memory; nr_mem and
 * how many page events of the archive come before it, for one that is not.
 */
#ifndef KMEMSIM_SIM_TRACE_INTERNAL_H
#define KMEMSIM_SIM_TRACE_INTERNAL_H

#include "sim/trace/archive.h"
#include "sim/trace/trace.h"

/* Room: 2 MiB, which is a huge page, a thirty-second of what stays in memory. As large as a chunk of the archive. */
#define TRACE_CHUNK_EVENTS	32768u
/* Bits of 134 million page events; those of more lie in a temporary file. */
#define TRACE_BITS_BYTES	(16u << 20)

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
	bool memory_closed;		/* further events go to the tail, though there may be room */
	struct archive *archive;
	uint64_t nr_tail;
	struct event *tail;
	uint64_t nr_far_pages;		/* page events that are not in memory, see trace_is_page() */
	uint64_t *slab_bits;		/* of these; NULL where no slab pages are known */
	size_t slab_bits_mapped;	/* bytes of them in a temporary file; 0: they are in memory */
	struct cache_names *cache_names;	/* NULL where all events have their names */
	struct cache_pages *cache_pages;	/* NULL where slab pages are not known */
	uint64_t nameless;		/* CACHE_ALLOC events without one */
	struct reader_loss *losses;
	size_t nr_losses;
	uint64_t object_bits;		/* all bits that an object's address has */
	uint64_t nr_kernel;		/* events that are not of a program's heap */
	int32_t first_pid, other_pids;	/* other_pids: bits in which some pid differs from the first */
};

/* Event @nr, which is in memory. */
struct event *trace_event_in_memory(const struct trace *trace, uint64_t nr);
/* Whether @ev may turn out to be a slab's. */
static inline bool trace_is_page(const struct event *ev)
{
	return ev->kind == EV_PAGE_ALLOC || ev->kind == EV_PAGE_FREE;
}
/* Encode what is not yet. The errors of archive_add(). */
int trace_archive_tail(struct trace *trace, struct kerror *err);
/* Make slab_bits, all of them 0. -ENOMEM, or an error of the temporary file. */
int trace_make_slab_bits(struct trace *trace, struct kerror *err);
/* Set EVF_PAGE_SLAB of the page event at @place; trace_is_slab_page() reads it. */
void trace_mark_slab_page(struct trace *trace, uint64_t place);
bool trace_is_slab_page(struct trace *trace, uint64_t place);
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
