/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the events of a recording's threads in the order of time: a heap of the
 * chunks that are under way, the one whose next event is the earliest on top. A
 * chunk joins when its own time has come, so there are about as many as threads.
 *
 * A thread's events stay in their order. One that bears an earlier time than the one
 * before it comes from below a signal's handler: its time was taken, the handler
 * came, and it was written (and a free passed on) only then. It counts as later.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/heap/recording_read.h"

/* ---- a chunk ---------------------------------------------------------------------- */

static void complain(struct reader *rd, uint64_t at, unsigned int kind)
{
	char text[64];

	if (rd->stats.malformed++ >= rd->message_limit || !rd->message)
		return;
	snprintf(text, sizeof(text), "an event of kind %u, which is none", kind);
	rd->message(rd->message_ctx, source_name(rd->src), at, text);
}

/* Another thread goes on in the chunk. False: no memory. */
static bool change_thread(struct reader *rd, struct recording *rec, struct rec_cursor *cur)
{
	char comm[16];

	cur->thread = rec_thread(rec, cur->image, (int32_t)cur->ev.size);
	if (cur->thread == REC_NO_IMAGE)
		return false;
	memcpy(comm, &cur->ev.time, 8);
	memcpy(comm + 8, &cur->ev.site, 8);
	rec->threads[cur->thread].comm = rec_comm(rd, comm);
	return true;
}

static void take_frames(struct rec_cursor *cur)
{
	uint64_t most = (cur->end - cur->at) / sizeof(cur->ev) * RECORDING_FRAMES_EACH;

	cur->nr_frames = (uint32_t)(cur->ev.site >> RECORDING_LOW_BITS);
	if (cur->nr_frames > RECORDING_MAX_FRAMES)
		cur->nr_frames = 0;
	if (cur->nr_frames > most)
		cur->nr_frames = (uint32_t)most;
	cur->frames_at = cur->at;
	cur->at += (cur->nr_frames + RECORDING_FRAMES_EACH - 1) / RECORDING_FRAMES_EACH * sizeof(cur->ev);
}

/* The next event of the chunk into cur->ev: 1; 0 at its end; -ENOMEM. */
static int next_event(struct reader *rd, struct recording *rec, struct rec_cursor *cur)
{
	unsigned int kind;

	while (cur->at < cur->end) {
		memcpy(&cur->ev, rec_at(cur, cur->at), sizeof(cur->ev));
		cur->at += sizeof(cur->ev);
		kind = recording_kind(&cur->ev);
		if (kind >= NR_RECORDING_KINDS)
			complain(rd, cur->at - sizeof(cur->ev), kind);
		else if (kind == RECORDING_THREAD && !change_thread(rd, rec, cur))
			return -ENOMEM;
		if (kind == RECORDING_NONE || kind >= RECORDING_FRAMES) {
			if (kind != RECORDING_EXIT)
				continue;
		}
		if (cur->ev.time > cur->time)
			cur->time = cur->ev.time;
		if (cur->ev.size >> RECORDING_LOW_BITS > EVENT_MAX_CPU)
			cur->ev.size &= RECORDING_LOW;
		take_frames(cur);
		return 1;
	}
	return 0;
}

/* ---- the heap ---------------------------------------------------------------------- */

static bool before(const struct rec_cursor *a, const struct rec_cursor *b)
{
	return a->time != b->time ? a->time < b->time : a->chunk < b->chunk;
}

static void sift_down(struct recording *rec, size_t at)
{
	struct rec_cursor moved = rec->heap[at];
	size_t child;

	while ((child = 2 * at + 1) < rec->nr_heap) {
		if (child + 1 < rec->nr_heap && before(&rec->heap[child + 1], &rec->heap[child]))
			child++;
		if (before(&moved, &rec->heap[child]))
			break;
		rec->heap[at] = rec->heap[child];
		at = child;
	}
	rec->heap[at] = moved;
}

static void sift_up(struct recording *rec, size_t at)
{
	struct rec_cursor moved = rec->heap[at];

	while (at && before(&moved, &rec->heap[(at - 1) / 2])) {
		rec->heap[at] = rec->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	rec->heap[at] = moved;
}

static int push(struct recording *rec, const struct rec_cursor *cur)
{
	if (rec->nr_heap == rec->heap_size) {
		size_t size = rec->heap_size ? rec->heap_size * 2 : 16;
		struct rec_cursor *larger = reallocarray(rec->heap, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		rec->heap = larger;
		rec->heap_size = size;
	}
	rec->heap[rec->nr_heap] = *cur;
	sift_up(rec, rec->nr_heap++);
	return 0;
}

/* A chunk of the image was read to its end: whether it was the last one. */
static bool chunk_done(struct recording *rec, const struct rec_cursor *cur)
{
	struct rec_image *image = &rec->images[cur->image];

	free(rec->chunks[cur->chunk].bytes);
	rec->chunks[cur->chunk].bytes = NULL;
	if (cur->time > image->last_time)
		image->last_time = cur->time;
	return !--image->chunks;
}

/* The next chunks, which are needed in this order, into memory: as many as there is room for, one at least. */
static int bring_chunks(struct recording *rec)
{
	struct content_part *parts = NULL;
	struct kerror err = { 0 };
	uint64_t bytes = 0;
	size_t i, nr = 0;
	int ret = 0;

	while (rec->next_chunk + nr < rec->nr_chunks && (!nr || bytes < rec->memory_bytes))
		bytes += rec->chunks[rec->next_chunk + nr++].len;
	parts = calloc(nr, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	for (i = 0; !ret && i < nr; i++) {
		struct rec_chunk *chunk = &rec->chunks[rec->next_chunk + i];

		chunk->bytes = calloc(1, chunk->len + 1);
		ret = chunk->bytes ? 0 : -ENOMEM;
		parts[i] = (struct content_part){ chunk->offset, chunk->offset + chunk->len, chunk->bytes };
	}
	if (!ret)
		ret = content_gather(&rec->content, parts, nr, &err);
	free(parts);
	return ret;
}

/* The next chunk joins. */
static int open_chunk(struct reader *rd, struct recording *rec, uint32_t *ended)
{
	const struct rec_chunk *chunk = &rec->chunks[rec->next_chunk];
	int ret = rec->content.parts && !chunk->bytes ? bring_chunks(rec) : 0;
	struct rec_cursor cur = {
		.at = chunk->offset, .end = chunk->offset + chunk->len, .time = chunk->time, .chunk = rec->next_chunk,
		.bytes = chunk->bytes ? chunk->bytes : rec->content.data + chunk->offset, .from = chunk->offset,
		.image = chunk->image, .thread = chunk->thread,
	};

	if (ret)
		return ret;
	ret = next_event(rd, rec, &cur);
	rec->next_chunk++;
	if (ret > 0)
		return push(rec, &cur);
	if (!ret && chunk_done(rec, &cur))
		*ended = cur.image;
	return ret;
}

int rec_peek(struct reader *rd, struct recording *rec, uint32_t *ended)
{
	int ret = 0;

	*ended = REC_NO_IMAGE;
	/* An event that was taken has no kind any more. */
	if (rec->nr_heap && !recording_kind(&rec->heap[0].ev)) {
		ret = next_event(rd, rec, &rec->heap[0]);
		if (ret < 0)
			return ret;
		if (!ret) {
			if (chunk_done(rec, &rec->heap[0]))
				*ended = rec->heap[0].image;
			rec->heap[0] = rec->heap[--rec->nr_heap];
		}
		if (rec->nr_heap)
			sift_down(rec, 0);
	}
	while (*ended == REC_NO_IMAGE && rec->next_chunk < rec->nr_chunks &&
	       (!rec->nr_heap || rec->chunks[rec->next_chunk].time <= rec->heap[0].time)) {
		ret = open_chunk(rd, rec, ended);
		if (ret < 0)
			return ret;
	}
	return *ended != REC_NO_IMAGE || rec->nr_heap;
}

void rec_advance(struct recording *rec)
{
	rec->heap[0].ev.addr = 0;
}

void rec_prefer_free(struct recording *rec, uint64_t addr)
{
	struct rec_cursor *first = &rec->heap[0], moved;
	size_t i;

	for (i = 1; i < rec->nr_heap; i++) {
		const struct rec_cursor *cur = &rec->heap[i];

		if (cur->time != first->time || cur->image != first->image || recording_kind(&cur->ev) != RECORDING_FREE ||
		    (cur->ev.addr & RECORDING_LOW) != addr)
			continue;
		/* All on the way between both have that time, too. */
		moved = rec->heap[i];
		rec->heap[i] = *first;
		*first = moved;
		return;
	}
}
