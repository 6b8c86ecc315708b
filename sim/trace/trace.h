/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a whole trace, read once. What an early event was can show late (a
 * page event turns out to be a slab page when the first object appears in it),
 * so the events are kept and looked at twice, but not all of them in memory:
 *
 *	the first @memory_limit bytes	  stay as they are, 64 bytes an event
 *	what follows, of a .kmt file	  is decoded from the file again each time
 *	what follows, of anything else	  is kept packed as in a .kmt file, two to four bytes
 *					  an event: half of @memory_limit in memory, the rest
 *					  in a temporary file without a name ($TMPDIR or /tmp)
 *
 * Memory does not grow with the trace beyond that, except for what is distinct in it
 * (names, call chains, and 8 bytes for each page frame it names, while it is resolved),
 * for the places of lost events (65,536 a reader), and for a bit for each page event that is not in memory,
 * where slab pages can be told at all: up to 16 MiB of these, more in a temporary file.
 *
 * Locking: none. Where it is resolved, any number of threads may walk over it. On more than
 * one CPU packing and unpacking is done by threads of the trace's own (archive.h), which rest
 * when trace_load() has returned, or end with the cursor. Ownership: the trace owns events,
 * names and call chains.
 */
#ifndef KMEMSIM_SIM_TRACE_TRACE_H
#define KMEMSIM_SIM_TRACE_TRACE_H

#include "sim/trace/reader.h"

struct trace;

struct trace_summary {
	struct reader_stats read;
	uint64_t nr_events;
	uint64_t first_ns, last_ns;	/* smallest and largest event_report_ns(); 0 without events */
	unsigned int max_cpu;
	uint64_t max_pfn;		/* last frame of the highest block in a page event */
	uint64_t memory_bytes;		/* for events kept in memory, packed or not */
	uint64_t spilled_bytes;		/* in temporary files */
	uint64_t backwards;		/* events that are earlier than one before them */
	uint64_t backwards_line;	/* of the first of these */
	uint64_t lost_places;		/* where events are missing, see trace_losses() */
	bool hashed_addresses;		/* addresses of objects were hashed when they were printed */
	bool one_task;			/* all events, and there are many, have the same pid */
	/* filled by trace_resolve() */
	bool direct_map_known;
	uint64_t direct_map_base;	/* address of pfn 0 in the traced kernel */
	uint64_t direct_map_votes;	/* pairs of page and object that agree on it */
	uint64_t slab_page_allocs;	/* page events that were slab pages */
	uint64_t slab_page_frees;
	uint64_t names_inferred;	/* object events that got their cache name from a later free */
	uint64_t reclaimable_caches;	/* whose slab pages in the trace were mostly reclaimable */
};

/* From so many events on a whole machine would have shown more than one task. */
#define TRACE_ONE_TASK_EVENTS	1000

struct trace *trace_create(uint64_t memory_limit);	/* NULL: no memory. 0: the default, 64 MiB */
void trace_destroy(struct trace *trace);
struct names *trace_names(struct trace *trace);
struct stacks *trace_stacks(struct trace *trace);
const struct trace_summary *trace_summary(const struct trace *trace);

/* Where the trace lacks events, in its order; valid until more is loaded. */
const struct reader_loss *trace_losses(const struct trace *trace, size_t *nr);

/*
 * Append all events of @rd. A reader that stops with an error is no failure:
 * what came before is kept, and summary.read.truncated says so. Errors:
 * -ENOMEM, -ENOSPC and other errors of the temporary file; -EBADMSG when more
 * than half of the lines that looked like events were malformed.
 */
int trace_load(struct trace *trace, struct reader *rd, trace_progress_fn fn, void *ctx,
	       struct kerror *err);
/* Append @nr events as they are (tests, generators); as sane as a reader makes them. */
int trace_append(struct trace *trace, const struct event *events, size_t nr, struct kerror *err);

/*
 * Find out what single events cannot tell: where the traced kernel's direct
 * map lies, which page events are slab pages, cache names the tracepoint
 * lacked, and which caches take reclaimable pages. Call once, after loading.
 * -ENOMEM or the temporary file's errors.
 */
int trace_resolve(struct trace *trace, struct kerror *err);

/* A walk over the events in order. Any number can be under way. */
struct trace_cursor {
	struct trace *trace;
	uint64_t next;		/* number of the next event, from 0 */
	struct archive_cursor *archive;	/* owned; NULL: all are in memory */
	uint64_t far_pages;	/* page events of the archive it has passed */
};
int trace_cursor_init(struct trace_cursor *cur, struct trace *trace, struct kerror *err);
void trace_cursor_exit(struct trace_cursor *cur);
/*
 * The next run of events, valid until the next call; EVF_* flags are set.
 * Returns their number, 0 at the end, or -errno: of the temporary file, or -ESTALE
 * where a .kmt file is no longer what was read.
 */
int64_t trace_cursor_next(struct trace_cursor *cur, const struct event **events, struct kerror *err);

#endif
