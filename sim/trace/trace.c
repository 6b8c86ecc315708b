/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the trace store. See internal.h for where an event lies.
 *
 * States: loading (trace_load, trace_append) -> resolved (trace_resolve) ->
 * walked by cursors. Appending moves the boundary between file and tail, so
 * no cursor may be under way then.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/trace/internal.h"

#define TRACE_DEFAULT_LIMIT	(64ull << 20)
#define TRACE_CHUNK_BYTES	(TRACE_CHUNK_EVENTS * sizeof(struct event))

struct trace *trace_create(uint64_t memory_limit)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return NULL;
	trace->fd = -1;
	trace->max_chunks = (memory_limit ? memory_limit : TRACE_DEFAULT_LIMIT) / TRACE_CHUNK_BYTES;
	trace->names = names_create();
	trace->stacks = stacks_create();
	if (!trace->names || !trace->stacks) {
		trace_destroy(trace);
		return NULL;
	}
	return trace;
}

void trace_destroy(struct trace *trace)
{
	uint64_t i;

	if (!trace)
		return;
	for (i = 0; i < trace->nr_chunks; i++)
		free(trace->chunks[i]);
	free(trace->chunks);
	free(trace->tail);
	free(trace->losses);
	free(trace->file_slab_bits);
	cache_names_destroy(trace->cache_names);
	cache_pages_destroy(trace->cache_pages);
	stacks_destroy(trace->stacks);
	names_destroy(trace->names);
	if (trace->fd >= 0)
		close(trace->fd);
	free(trace);
}

struct names *trace_names(struct trace *trace)
{
	return trace->names;
}

struct stacks *trace_stacks(struct trace *trace)
{
	return trace->stacks;
}

const struct trace_summary *trace_summary(const struct trace *trace)
{
	return &trace->sum;
}

const struct reader_loss *trace_losses(const struct trace *trace, size_t *nr)
{
	*nr = trace->nr_losses;
	return trace->losses;
}

/* ---- appending --------------------------------------------------------- */

static int file_error(struct kerror *err, int code, const char *doing)
{
	return kerror_set(err, -code, "%s the temporary file of the trace (in $TMPDIR or /tmp): %s",
			  doing, strerror(code));
}

static int spill_open(struct trace *trace, struct kerror *err)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];

	if (!dir || !*dir)
		dir = "/tmp";
	if (snprintf(path, sizeof(path), "%s/kmemsim-XXXXXX", dir) >= (int)sizeof(path))
		return file_error(err, ENAMETOOLONG, "creating");
	trace->fd = mkostemp(path, O_CLOEXEC);
	if (trace->fd < 0)
		return file_error(err, errno, "creating");
	unlink(path);
	return 0;
}

static int spill_tail(struct trace *trace, struct kerror *err)
{
	const char *from = (const char *)trace->tail;
	size_t left = trace->nr_tail * sizeof(struct event);
	off_t offset = trace->nr_file * sizeof(struct event);

	if (trace->fd < 0) {
		int ret = spill_open(trace, err);

		if (ret)
			return ret;
	}
	while (left) {
		ssize_t done = pwrite(trace->fd, from, left, offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return file_error(err, done ? errno : ENOSPC, "writing");
		from += done;
		offset += done;
		left -= done;
	}
	trace->nr_file += trace->nr_tail;
	trace->nr_tail = 0;
	return 0;
}

static struct event *alloc_chunk(struct kerror *err)
{
	struct event *chunk = malloc(TRACE_CHUNK_BYTES);

	if (!chunk)
		kerror_set(err, -ENOMEM, "no memory for the events of the trace");
	return chunk;
}

static int add_chunk(struct trace *trace, struct kerror *err)
{
	struct event *chunk;

	if (trace->nr_chunks == trace->chunks_size) {
		uint64_t size = trace->chunks_size ? trace->chunks_size * 2 : 64;
		struct event **chunks = realloc(trace->chunks, size * sizeof(*chunks));

		if (!chunks)
			return kerror_set(err, -ENOMEM, "no memory for the events of the trace");
		trace->chunks = chunks;
		trace->chunks_size = size;
	}
	chunk = alloc_chunk(err);
	if (!chunk)
		return -ENOMEM;
	trace->chunks[trace->nr_chunks++] = chunk;
	return 0;
}

/* Where the next events go, and how many fit there (at least one); -errno. */
static int64_t trace_room(struct trace *trace, struct event **at, struct kerror *err)
{
	uint64_t used = trace->nr_mem % TRACE_CHUNK_EVENTS;
	int ret;

	if (trace->nr_mem < trace->max_chunks * TRACE_CHUNK_EVENTS) {
		if (trace->nr_mem == trace->nr_chunks * TRACE_CHUNK_EVENTS) {
			ret = add_chunk(trace, err);
			if (ret)
				return ret;
		}
		*at = trace->chunks[trace->nr_mem / TRACE_CHUNK_EVENTS] + used;
		return TRACE_CHUNK_EVENTS - used;
	}
	if (!trace->tail) {
		trace->tail = alloc_chunk(err);
		if (!trace->tail)
			return -ENOMEM;
	}
	if (trace->nr_tail == TRACE_CHUNK_EVENTS) {
		ret = spill_tail(trace, err);
		if (ret)
			return ret;
	}
	*at = trace->tail + trace->nr_tail;
	return TRACE_CHUNK_EVENTS - trace->nr_tail;
}

static void note_backwards(struct trace_summary *sum, const struct event *ev)
{
	if (!sum->backwards++)
		sum->backwards_line = ev->line;
}

/* @nr events were written where trace_room() said. */
static void trace_commit(struct trace *trace, const struct event *ev, size_t nr)
{
	struct trace_summary *sum = &trace->sum;
	const struct event *end = ev + nr;

	if (trace->nr_mem < trace->max_chunks * TRACE_CHUNK_EVENTS)
		trace->nr_mem += nr;
	else
		trace->nr_tail += nr;
	if (nr && !sum->nr_events) {
		sum->first_ns = event_report_ns(ev->time_ns);
		trace->first_pid = ev->pid;
	}
	sum->nr_events += nr;
	sum->memory_bytes = (trace->nr_mem + trace->nr_tail) * sizeof(*ev);
	sum->spilled_bytes = trace->nr_file * sizeof(*ev);
	for (; ev < end; ev++) {
		uint64_t time = event_report_ns(ev->time_ns);

		if (time >= sum->last_ns)
			sum->last_ns = time;
		else
			note_backwards(sum, ev);
		if (time < sum->first_ns)
			sum->first_ns = time;
		if (ev->cpu > sum->max_cpu)
			sum->max_cpu = ev->cpu;
		trace->other_pids |= ev->pid ^ trace->first_pid;
		trace->nr_kernel += !event_is(ev->kind, EVENT_HEAP);
		if (event_is(ev->kind, EVENT_OBJECT)) {
			trace->object_bits |= ev->addr;
		} else if (event_is(ev->kind, EVENT_PAGE) && ev->addr != EVENT_PFN_FAILED) {
			uint64_t last = ev->addr + (UINT64_C(1) << ev->order) - 1;

			if (last > sum->max_pfn)
				sum->max_pfn = last;
		}
		trace->nameless += ev->kind == EV_CACHE_ALLOC && !ev->cache;
	}
	/* The kernel prints a hash of 32 bits for %p, with zeros before it. Below 64 KiB nothing is one. */
	sum->hashed_addresses = trace->object_bits >= 1 << 16 && trace->object_bits <= UINT32_MAX;
	sum->one_task = !trace->other_pids && trace->nr_kernel >= TRACE_ONE_TASK_EVENTS;
}

int trace_append(struct trace *trace, const struct event *events, size_t nr, struct kerror *err)
{
	while (nr) {
		struct event *at;
		int64_t room = trace_room(trace, &at, err);
		size_t n;

		if (room < 0)
			return (int)room;
		n = nr < (size_t)room ? nr : (size_t)room;
		memcpy(at, events, n * sizeof(*at));
		trace_commit(trace, at, n);
		events += n;
		nr -= n;
	}
	return 0;
}

static void add_stats(struct reader_stats *sum, const struct reader_stats *more)
{
	int kind;

	sum->lines += more->lines;
	sum->events += more->events;
	sum->malformed += more->malformed;
	sum->ignored += more->ignored;
	sum->unknown_gfp += more->unknown_gfp;
	for (kind = 0; kind < NR_EVENT_KINDS; kind++)
		sum->by_kind[kind] += more->by_kind[kind];
	if (more->truncated) {
		sum->truncated = true;
		sum->damaged = more->damaged;
		sum->error = more->error;
	}
	if (more->unterminated) {
		sum->unterminated = true;
		sum->unterminated_line = more->unterminated_line;
	}
	if (__builtin_add_overflow(sum->lost_events, more->lost_events, &sum->lost_events))
		sum->lost_events = UINT64_MAX;
	sum->lost_chunks += more->lost_chunks;
	sum->tool_warnings += more->tool_warnings;
	sum->cut_stacks += more->cut_stacks;
	if (more->os_release[0])
		memcpy(sum->os_release, more->os_release, sizeof(sum->os_release));
	sum->single_tasks |= more->single_tasks;
	sum->guessed_symbols |= more->guessed_symbols;
	sum->binary |= more->binary;
	sum->unpacked_bytes += more->unpacked_bytes;
	if (more->lacks)
		sum->lacks = more->lacks;
	if (more->note[0])
		memcpy(sum->note, more->note, sizeof(sum->note));
}

/* @before events came from other readers. */
static int add_losses(struct trace *trace, const struct reader *rd, uint64_t before)
{
	size_t nr = trace->nr_losses + rd->nr_losses, i;
	struct reader_loss *larger;

	if (!rd->nr_losses)
		return 0;
	larger = reallocarray(trace->losses, nr, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	trace->losses = larger;
	for (i = 0; i < rd->nr_losses; i++) {
		larger[trace->nr_losses] = rd->losses[i];
		larger[trace->nr_losses++].behind += before;
	}
	return 0;
}

int trace_load(struct trace *trace, struct reader *rd, trace_progress_fn fn, void *ctx,
	       struct kerror *err)
{
	uint64_t reported = 0, loaded = 0, before = trace->sum.nr_events;
	int got;

	do {
		struct event *at;
		int64_t room = trace_room(trace, &at, err);

		if (room < 0)
			return (int)room;
		got = reader_read(rd, at, (int)room, err);
		if (got < 0)
			return got;
		trace_commit(trace, at, got);
		loaded += got;
		if (fn && loaded - reported >= READER_PROGRESS_EVENTS) {
			reported = loaded;
			fn(ctx, loaded, source_consumed(rd->src), source_total(rd->src));
		}
	} while (got);
	add_stats(&trace->sum.read, &rd->stats);
	if (add_losses(trace, rd, before))
		return kerror_set(err, -ENOMEM, "no memory for the list of lost events");
	return reader_is_wrong(rd, err);
}

/* ---- flags ------------------------------------------------------------- */

struct event *trace_event_in_memory(struct trace *trace, uint64_t nr)
{
	if (nr < trace->nr_mem)
		return &trace->chunks[nr / TRACE_CHUNK_EVENTS][nr % TRACE_CHUNK_EVENTS];
	nr -= trace->nr_mem;
	return nr < trace->nr_file ? NULL : &trace->tail[nr - trace->nr_file];
}

void trace_mark_slab_page(struct trace *trace, uint64_t nr)
{
	struct event *ev = trace_event_in_memory(trace, nr);

	nr -= trace->nr_mem;
	if (ev)
		ev->flags |= EVF_PAGE_SLAB;
	else
		trace->file_slab_bits[nr / 64] |= UINT64_C(1) << nr % 64;
}

bool trace_is_slab_page(struct trace *trace, uint64_t nr)
{
	const struct event *ev = trace_event_in_memory(trace, nr);

	nr -= trace->nr_mem;
	if (ev)
		return ev->flags & EVF_PAGE_SLAB;
	return trace->file_slab_bits[nr / 64] >> nr % 64 & 1;
}

void trace_complete_event(const struct trace *trace, struct event *ev)
{
	bool reclaimable = false;

	if (ev->kind != EV_CACHE_ALLOC)
		return;
	if (!ev->cache && trace->cache_names)
		ev->cache = cache_names_get(trace->cache_names, ev, &reclaimable);
	if (ev->cache && trace->cache_pages)
		reclaimable = cache_pages_reclaimable(trace->cache_pages, ev->cache);
	if (reclaimable)
		ev->flags |= EVF_OBJECT_RECLAIMABLE;
}

/* ---- walking ----------------------------------------------------------- */

int trace_cursor_init(struct trace_cursor *cur, struct trace *trace, struct kerror *err)
{
	*cur = (struct trace_cursor){ .trace = trace };
	if (!trace->nr_file)
		return 0;
	cur->buf = malloc(TRACE_READ_EVENTS * sizeof(*cur->buf));
	if (!cur->buf)
		return kerror_set(err, -ENOMEM, "no memory to read the trace back");
	return 0;
}

void trace_cursor_exit(struct trace_cursor *cur)
{
	free(cur->buf);
	cur->buf = NULL;
}

static int64_t read_file_events(struct trace_cursor *cur, uint64_t first, struct kerror *err)
{
	struct trace *trace = cur->trace;
	uint64_t n = trace->nr_file - first, i;
	char *to = (char *)cur->buf;
	size_t left;

	if (n > TRACE_READ_EVENTS)
		n = TRACE_READ_EVENTS;
	left = n * sizeof(struct event);
	while (left) {
		off_t offset = (first + n) * sizeof(struct event) - left;
		ssize_t got = pread(trace->fd, to, left, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return file_error(err, got ? errno : EIO, "reading");
		to += got;
		left -= got;
	}
	for (i = 0; i < n; i++) {
		struct event *ev = &cur->buf[i];
		uint64_t bit = first + i;

		if (trace->file_slab_bits && trace->file_slab_bits[bit / 64] >> bit % 64 & 1)
			ev->flags |= EVF_PAGE_SLAB;
		trace_complete_event(trace, ev);
	}
	return n;
}

int64_t trace_cursor_next(struct trace_cursor *cur, const struct event **events, struct kerror *err)
{
	struct trace *trace = cur->trace;
	uint64_t nr = cur->next;
	int64_t n;

	if (nr >= trace->sum.nr_events)
		return 0;
	*events = trace_event_in_memory(trace, nr);
	if (nr < trace->nr_mem) {
		n = TRACE_CHUNK_EVENTS - nr % TRACE_CHUNK_EVENTS;
		if ((uint64_t)n > trace->nr_mem - nr)
			n = trace->nr_mem - nr;
	} else if (*events) {
		n = trace->sum.nr_events - nr;
	} else {
		n = read_file_events(cur, nr - trace->nr_mem, err);
		*events = cur->buf;
	}
	if (n > 0)
		cur->next += n;
	return n;
}
