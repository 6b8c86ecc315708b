/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the trace store. See internal.h for where an event lies.
 *
 * States: loading (trace_load, trace_append) -> resolved (trace_resolve) ->
 * walked by cursors. Appending moves the boundary between archive and tail, so
 * no cursor may be under way then.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/trace/internal.h"
#include "sim/trace/spill.h"
#include "sim/util/bigmem.h"

#define TRACE_DEFAULT_LIMIT	(64ull << 20)
#define TRACE_CHUNK_BYTES	(TRACE_CHUNK_EVENTS * sizeof(struct event))

struct trace *trace_create(uint64_t memory_limit)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return NULL;
	trace->max_chunks = (memory_limit ? memory_limit : TRACE_DEFAULT_LIMIT) / TRACE_CHUNK_BYTES;
	trace->names = names_create();
	trace->stacks = stacks_create();
	if (trace->names && trace->stacks)
		trace->archive = archive_create(trace->names, trace->stacks,
						(memory_limit ? memory_limit : TRACE_DEFAULT_LIMIT) / 2);
	if (!trace->archive) {
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
		bigmem_free(trace->chunks[i], TRACE_CHUNK_EVENTS, sizeof(struct event));
	free(trace->chunks);
	bigmem_free(trace->tail, ARCHIVE_CHUNK_EVENTS, sizeof(struct event));
	free(trace->losses);
	if (trace->slab_bits_mapped)
		munmap(trace->slab_bits, trace->slab_bits_mapped);
	else
		free(trace->slab_bits);
	archive_destroy(trace->archive);
	cache_names_destroy(trace->cache_names);
	cache_pages_destroy(trace->cache_pages);
	stacks_destroy(trace->stacks);
	names_destroy(trace->names);
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

static struct event *alloc_events(size_t nr, struct kerror *err)
{
	struct event *chunk = bigmem_alloc(nr, sizeof(*chunk));

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
	chunk = alloc_events(TRACE_CHUNK_EVENTS, err);
	if (!chunk)
		return -ENOMEM;
	trace->chunks[trace->nr_chunks++] = chunk;
	return 0;
}

/* How many events still fit among those in memory. */
static uint64_t memory_room(const struct trace *trace)
{
	return trace->memory_closed ? 0 : trace->max_chunks * TRACE_CHUNK_EVENTS - trace->nr_mem;
}

static void note_sizes(struct trace *trace)
{
	trace->sum.memory_bytes = (trace->nr_mem + trace->nr_tail) * sizeof(struct event) +
				  archive_memory_bytes(trace->archive);
	trace->sum.spilled_bytes = archive_file_bytes(trace->archive) + trace->slab_bits_mapped;
}

int trace_archive_tail(struct trace *trace, struct kerror *err)
{
	int ret = archive_add(trace->archive, trace->tail, trace->nr_tail, err);

	if (!ret)
		trace->nr_tail = 0;
	note_sizes(trace);
	return ret;
}

/*
 * Where the next events go, and how many fit there (at least one); -errno. @overlap: a full
 * tail may be encoded while the next one is filled; archive_settle() is to be called.
 */
static int64_t trace_room(struct trace *trace, struct event **at, bool overlap, struct kerror *err)
{
	uint64_t used = trace->nr_mem % TRACE_CHUNK_EVENTS;
	int ret;

	if (memory_room(trace)) {
		if (trace->nr_mem == trace->nr_chunks * TRACE_CHUNK_EVENTS) {
			ret = add_chunk(trace, err);
			if (ret)
				return ret;
		}
		*at = trace->chunks[trace->nr_mem / TRACE_CHUNK_EVENTS] + used;
		return TRACE_CHUNK_EVENTS - used;
	}
	trace->memory_closed = true;
	if (!trace->tail) {
		trace->tail = alloc_events(ARCHIVE_CHUNK_EVENTS, err);
		if (!trace->tail)
			return -ENOMEM;
	}
	if (trace->nr_tail == ARCHIVE_CHUNK_EVENTS) {
		ret = overlap ? archive_hand_over(trace->archive, &trace->tail, err) :
		      trace_archive_tail(trace, err);
		if (ret)
			return ret;
		trace->nr_tail = 0;
	}
	*at = trace->tail + trace->nr_tail;
	return (int64_t)(ARCHIVE_CHUNK_EVENTS - trace->nr_tail);
}

/*
 * The tail ends with the events of a piece of the input that can be decoded again: then
 * they need not be encoded here. In front of them may be what is left of a damaged piece.
 */
static int keep_piece(struct trace *trace, const struct reader *rd, struct kerror *err)
{
	struct reader_piece piece;
	uint64_t loose;
	int ret;

	if (!rd->ops->piece || !rd->ops->piece(rd, &piece))
		return 0;
	/* The border is to lie between two pieces. */
	if (memory_room(trace) < ARCHIVE_CHUNK_EVENTS)
		trace->memory_closed = true;
	if (trace->nr_tail < piece.events)
		return 0;
	loose = trace->nr_tail - piece.events;
	ret = archive_add(trace->archive, trace->tail, loose, err);
	if (!ret)
		ret = archive_keep(trace->archive, &piece, !rd->stats.damaged, err);
	if (!ret)
		trace->nr_tail = 0;
	return ret;
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
	bool far = !memory_room(trace);

	if (far)
		trace->nr_tail += nr;
	else
		trace->nr_mem += nr;
	if (nr && !sum->nr_events) {
		sum->first_ns = event_report_ns(ev->time_ns);
		trace->first_pid = ev->pid;
	}
	sum->nr_events += nr;
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
		trace->nr_far_pages += far && trace_is_page(ev);
	}
	/* The kernel prints a hash of 32 bits for %p, with zeros before it. Below 64 KiB nothing is one. */
	sum->hashed_addresses = trace->object_bits >= 1 << 16 && trace->object_bits <= UINT32_MAX;
	sum->one_task = !trace->other_pids && trace->nr_kernel >= TRACE_ONE_TASK_EVENTS;
}

int trace_append(struct trace *trace, const struct event *events, size_t nr, struct kerror *err)
{
	while (nr) {
		struct event *at;
		int64_t room = trace_room(trace, &at, false, err);
		size_t n;

		if (room < 0)
			return (int)room;
		n = nr < (size_t)room ? nr : (size_t)room;
		memcpy(at, events, n * sizeof(*at));
		trace_commit(trace, at, n);
		events += n;
		nr -= n;
	}
	note_sizes(trace);
	return 0;
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
	trace->sum.lost_places = trace->nr_losses;
	return 0;
}

static int load_events(struct trace *trace, struct reader *rd, trace_progress_fn fn, void *ctx, struct kerror *err)
{
	uint64_t reported = 0, loaded = 0;
	int got, ret = 0;

	do {
		struct event *at;
		int64_t room = trace_room(trace, &at, !rd->ops->piece, err);

		if (room < 0)
			return (int)room;
		got = reader_read(rd, at, (int)room, err);
		if (got < 0)
			return got;
		trace_commit(trace, at, got);
		ret = got ? keep_piece(trace, rd, err) : 0;
		loaded += got;
		if (fn && loaded - reported >= READER_PROGRESS_EVENTS) {
			reported = loaded;
			fn(ctx, loaded, source_consumed(rd->src), source_total(rd->src));
		}
	} while (got && !ret);
	return ret;
}

int trace_load(struct trace *trace, struct reader *rd, trace_progress_fn fn, void *ctx,
	       struct kerror *err)
{
	uint64_t before = trace->sum.nr_events;
	int ret, late;

	if (rd->ops->piece && memory_room(trace) < ARCHIVE_CHUNK_EVENTS)
		trace->memory_closed = true;
	if (rd->ops->piece)
		archive_set_file(trace->archive, rd->src);
	ret = load_events(trace, rd, fn, ctx, err);
	/* Whatever happened, the archive's thread has to be done with it. */
	late = archive_settle(trace->archive, ret ? NULL : err);
	note_sizes(trace);
	if (ret || late)
		return ret ? ret : late;
	reader_stats_add(&trace->sum.read, &rd->stats);
	if (add_losses(trace, rd, before))
		return kerror_set(err, -ENOMEM, "no memory for the list of lost events");
	return reader_is_wrong(rd, err);
}

/* ---- flags ------------------------------------------------------------- */

struct event *trace_event_in_memory(const struct trace *trace, uint64_t nr)
{
	return &trace->chunks[nr / TRACE_CHUNK_EVENTS][nr % TRACE_CHUNK_EVENTS];
}

int trace_make_slab_bits(struct trace *trace, struct kerror *err)
{
	size_t bytes = (trace->nr_far_pages / 64 + 1) * sizeof(uint64_t);
	int fd, code;

	if (bytes <= TRACE_BITS_BYTES) {
		trace->slab_bits = calloc(1, bytes);
		return trace->slab_bits ? 0 : kerror_set(err, -ENOMEM, "no memory to look through the trace");
	}
	fd = temporary_file("of the trace", err);
	if (fd < 0)
		return fd;
	/* All of it now: a write to a mapping has nobody to tell that the disk is full. */
	code = posix_fallocate(fd, 0, (off_t)bytes);
	trace->slab_bits = code ? NULL : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (code || trace->slab_bits == MAP_FAILED) {
		code = code ? code : errno;
		trace->slab_bits = NULL;
		return kerror_set(err, -code, "no room for %zu bytes in a temporary file (in $TMPDIR or /tmp): %s",
				  bytes, strerror(code));
	}
	trace->slab_bits_mapped = bytes;
	note_sizes(trace);
	return 0;
}

void trace_mark_slab_page(struct trace *trace, uint64_t place)
{
	if (place < trace->nr_mem) {
		trace_event_in_memory(trace, place)->flags |= EVF_PAGE_SLAB;
		return;
	}
	place -= trace->nr_mem;
	trace->slab_bits[place / 64] |= UINT64_C(1) << place % 64;
}

bool trace_is_slab_page(struct trace *trace, uint64_t place)
{
	if (place < trace->nr_mem)
		return trace_event_in_memory(trace, place)->flags & EVF_PAGE_SLAB;
	place -= trace->nr_mem;
	return trace->slab_bits[place / 64] >> place % 64 & 1;
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
	return archive_events(trace->archive) ? archive_open(&cur->archive, trace->archive, err) : 0;
}

void trace_cursor_exit(struct trace_cursor *cur)
{
	archive_close(cur->archive);
	cur->archive = NULL;
}

/* Put in what resolving found out. */
static void complete_far_events(struct trace_cursor *cur, struct event *ev, int64_t nr)
{
	const struct trace *trace = cur->trace;
	const struct event *end = ev + nr;

	for (; ev < end; ev++) {
		if (trace->slab_bits && trace_is_page(ev)) {
			if (trace->slab_bits[cur->far_pages / 64] >> cur->far_pages % 64 & 1)
				ev->flags |= EVF_PAGE_SLAB;
			cur->far_pages++;
		}
		trace_complete_event(trace, ev);
	}
}

int64_t trace_cursor_next(struct trace_cursor *cur, const struct event **events, struct kerror *err)
{
	struct trace *trace = cur->trace;
	uint64_t nr = cur->next, far = trace->nr_mem + archive_events(trace->archive);
	struct event *decoded;
	int64_t n;

	if (nr >= trace->sum.nr_events)
		return 0;
	if (nr < trace->nr_mem) {
		*events = trace_event_in_memory(trace, nr);
		n = TRACE_CHUNK_EVENTS - nr % TRACE_CHUNK_EVENTS;
		if ((uint64_t)n > trace->nr_mem - nr)
			n = trace->nr_mem - nr;
	} else if (nr < far) {
		n = archive_next(cur->archive, &decoded, err);
		if (n > 0)
			complete_far_events(cur, decoded, n);
		*events = decoded;
	} else {
		*events = trace->tail + (nr - far);
		n = trace->sum.nr_events - nr;
	}
	if (n > 0)
		cur->next += n;
	return n;
}
