/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader for what the recorder of malloc calls has written (kmemsim record
 * --malloc), as it is while the program runs or after record was killed; recording.h
 * describes it.
 *
 * Several process images are in one file. Their addresses are told apart by what is
 * put above their 48 bits: 0 for the first one, then 1, 2, .. What one has left when
 * it ends, or calls exec(), the kernel takes back, so it is freed then, but for the
 * last image of the command's own process: what that one has left is not freed
 * anywhere, as in other malloc traces. A forked child that frees what its parent had
 * allocated frees its copy, which no event has allocated: that is passed over.
 *
 * A realloc has two times, and while it is under way another thread may get the
 * old block. It is one event, at its end; where the old block was handed out before,
 * it becomes a free at that place and an allocation.
 *
 * States: reading -> ending (an image's blocks are given back) -> reading .. -> at
 * the end. Locking: none, single-threaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/heap/recording_read.h"

/* ---- events ------------------------------------------------------------------------- */

/* The next event to hand out, of the record at hand. */
static struct event *add_event(struct recording *rec, enum event_kind kind, uint64_t addr)
{
	const struct rec_cursor *cur = &rec->heap[0];
	struct event *ev = &rec->queue[rec->queued++];

	*ev = (struct event){
		.time_ns = rec_ns(rec, cur->time), .addr = addr ? addr | rec->images[cur->image].tag : 0,
		.cpu = (uint16_t)(cur->ev.size >> RECORDING_LOW_BITS), .pid = rec->threads[cur->thread].tid,
		.comm = rec->threads[cur->thread].comm, .node = EVENT_NO_NODE, .kind = (uint8_t)kind,
	};
	return ev;
}

static int add_site(struct reader *rd, struct recording *rec, struct event *ev)
{
	const struct rec_cursor *cur = &rec->heap[0];

	if (cur->nr_frames)
		return rec_chain(rd, rec, cur, &ev->call_site, &ev->stack);
	ev->call_site = rec_site(rd, rec, cur->image, cur->time, cur->ev.site & RECORDING_LOW);
	return ev->call_site ? 0 : -ENOMEM;
}

/* An allocation; of a block too large to be replayed only that it is there. */
static int add_alloc(struct reader *rd, struct recording *rec, uint64_t addr, uint64_t bytes)
{
	const struct rec_cursor *cur = &rec->heap[0];
	unsigned int order = (unsigned int)(cur->ev.addr >> RECORDING_ORDER_SHIFT);
	uint64_t *live = NULL;
	struct event *ev;

	if (addr) {
		live = table_get(&rec->images[cur->image].live, addr);
		if (!live)
			return -ENOMEM;
		*live = bytes > EVENT_MAX_HEAP_BYTES ? REC_TOO_LARGE : REC_LIVE;
	}
	if (bytes > EVENT_MAX_HEAP_BYTES) {
		rec->too_large++;
		return 0;
	}
	ev = add_event(rec, EV_HEAP_ALLOC, addr);
	ev->heap_bytes = (uint32_t)bytes;
	ev->order = (uint8_t)(order < EVENT_MAX_HEAP_ALIGN ? order : EVENT_MAX_HEAP_ALIGN);
	ev->flags = recording_kind(&cur->ev) == RECORDING_ZERO ? EVF_HEAP_ZERO : 0;
	return add_site(rd, rec, ev);
}

/* A free, where it frees what is known. */
static int add_free(struct reader *rd, struct recording *rec, uint64_t addr)
{
	struct rec_image *image = &rec->images[rec->heap[0].image];
	uint64_t *live = table_find(&image->live, addr), what = live ? *live : REC_LIVE;

	if (live)
		table_remove(&image->live, live);
	else if (image->parent != REC_NO_IMAGE)
		what = 0;
	rec->inherited += !what;
	return what == REC_LIVE ? add_site(rd, rec, add_event(rec, EV_HEAP_FREE, addr)) : 0;
}

/* Another thread's realloc of @addr is under way, and has given it up by now. */
static int end_reallocs(struct reader *rd, struct recording *rec, uint64_t addr)
{
	uint32_t image = rec->heap[0].image;
	size_t i;

	for (i = 0; i < rec->nr_threads; i++) {
		struct rec_thread *thread = &rec->threads[i];

		if (thread->image != image || !thread->in_realloc || thread->given || thread->old != addr)
			continue;
		thread->given = true;
		return add_free(rd, rec, addr);
	}
	return 0;
}

static int take_alloc(struct reader *rd, struct recording *rec, uint64_t addr)
{
	int ret = 0;

	if (addr && table_find(&rec->images[rec->heap[0].image].live, addr))
		ret = end_reallocs(rd, rec, addr);
	return ret ? ret : add_alloc(rd, rec, addr, rec->heap[0].ev.size & RECORDING_LOW);
}

/* The old block was not given up before, and is a usual one, or none. */
static int add_realloc(struct reader *rd, struct recording *rec, uint64_t old, uint64_t addr, uint32_t bytes)
{
	struct rec_image *image = &rec->images[rec->heap[0].image];
	bool failed = !addr && bytes;
	struct event *ev;
	uint64_t *live;

	live = old && !failed ? table_find(&image->live, old) : NULL;
	if (live)
		table_remove(&image->live, live);
	if (addr) {
		live = table_get(&image->live, addr);
		if (!live)
			return -ENOMEM;
		*live = REC_LIVE;
	}
	ev = add_event(rec, EV_HEAP_REALLOC, addr);
	ev->addr2 = old ? old | image->tag : 0;
	ev->heap_bytes = bytes;
	return add_site(rd, rec, ev);
}

static int take_realloc(struct reader *rd, struct recording *rec, uint64_t addr)
{
	struct rec_thread *thread = &rec->threads[rec->heap[0].thread];
	uint64_t bytes = rec->heap[0].ev.size & RECORDING_LOW, old = thread->in_realloc && !thread->given ? thread->old : 0;
	struct rec_image *image = &rec->images[rec->heap[0].image];
	uint64_t *live = old ? table_find(&image->live, old) : NULL;
	bool split = thread->given;
	int ret = 0;

	thread->in_realloc = thread->given = false;
	if (split)
		return addr ? take_alloc(rd, rec, addr) : 0;
	/* What a parent's realloc would be, in the child. */
	if (old && !live && image->parent != REC_NO_IMAGE) {
		rec->inherited++;
		return addr ? take_alloc(rd, rec, addr) : 0;
	}
	if (addr && addr != old && table_find(&image->live, addr))
		ret = end_reallocs(rd, rec, addr);
	if (ret)
		return ret;
	live = old ? table_find(&image->live, old) : NULL;
	if (bytes <= EVENT_MAX_HEAP_BYTES && (!live || *live == REC_LIVE))
		return add_realloc(rd, rec, old, addr, (uint32_t)bytes);
	if (!addr && bytes)
		return 0;
	ret = old ? add_free(rd, rec, old) : 0;
	return ret || !addr ? ret : add_alloc(rd, rec, addr, bytes);
}

static int take_record(struct reader *rd, struct recording *rec)
{
	struct rec_cursor *cur = &rec->heap[0];
	uint64_t addr = cur->ev.addr & RECORDING_LOW;
	struct rec_thread *thread;

	switch (recording_kind(&cur->ev)) {
	case RECORDING_ALLOC:
	case RECORDING_ZERO:
		if (addr && table_find(&rec->images[cur->image].live, addr)) {
			rec_prefer_free(rec, addr);
			if (recording_kind(&cur->ev) == RECORDING_FREE)
				return add_free(rd, rec, addr);
		}
		return take_alloc(rd, rec, addr);
	case RECORDING_FREE:
		return addr ? add_free(rd, rec, addr) : 0;
	case RECORDING_REALLOC_BEGIN:
		thread = &rec->threads[cur->thread];
		thread->in_realloc = true;
		thread->given = false;
		thread->old = addr;
		return 0;
	case RECORDING_REALLOC_END:
		return take_realloc(rd, rec, addr);
	default:
		return 0;
	}
}

/* ---- the end of an image -------------------------------------------------------------- */

/* One block of the image that has ended. False: all are given back. */
static bool give_back(struct recording *rec)
{
	struct rec_image *image = &rec->images[rec->ending];

	for (; rec->ending_at < image->live.size; rec->ending_at++) {
		const struct table_slot *slot = &image->live.slot[rec->ending_at];

		if (slot->value != REC_LIVE)
			continue;
		rec->queue[rec->queued++] = (struct event){
			.time_ns = rec_ns(rec, image->last_time), .addr = slot->key | image->tag, .pid = image->pid,
			.node = EVENT_NO_NODE, .kind = EV_HEAP_FREE,
		};
		rec->ending_at++;
		return true;
	}
	return false;
}

static void end_image(struct recording *rec, uint32_t ended)
{
	if (rec->images[ended].stays)
		return;
	rec->ending = ended;
	rec->ending_at = 0;
}

static void image_is_gone(struct recording *rec)
{
	struct rec_image *image = &rec->images[rec->ending];

	table_free(&image->live);
	table_free(&image->sites);
	image->live = image->sites = (struct table){ 0 };
	rec->ending = REC_NO_IMAGE;
}

/* ---- reading --------------------------------------------------------------------------- */

/* Where the packed bytes are damaged, that is what is wrong with the rest. */
static void note_content(struct reader *rd, const struct recording *rec)
{
	rd->stats.truncated = true;
	rd->stats.damaged = false;
	rd->stats.error = rec->content.error;
}

static int at_end(struct reader *rd, struct recording *rec)
{
	if (rec->ended)
		return 0;
	rec->ended = true;
	if (rec->content.error.code)
		note_content(rd, rec);
	if (source_stopped(rd->src)) {
		rd->stats.truncated = true;
		rd->stats.damaged = false;
		kerror_set(&rd->stats.error, -EINTR, "%.100s: interrupted", source_name(rd->src));
	}
	if (rec->too_large)
		snprintf(rd->stats.note, sizeof(rd->stats.note), "%" PRIu64 " blocks of 4 GiB or more are left out, with "
			 "their frees", rec->too_large);
	else if (rec->inherited)
		snprintf(rd->stats.note, sizeof(rd->stats.note), "%" PRIu64 " frees and reallocs in forked processes of what "
			 "was allocated before the fork are left out", rec->inherited);
	return rec->file.lost ? reader_lost(rd, rd->stats.events, rec->file.lost) : 0;
}

/* Fill the queue: 1; 0 at the end; -ENOMEM. */
static int fill_queue(struct reader *rd, struct recording *rec)
{
	uint32_t ended;
	int ret;

	rec->queued = rec->handed = 0;
	while (!rec->queued) {
		if (rec->ending != REC_NO_IMAGE) {
			if (!give_back(rec))
				image_is_gone(rec);
			continue;
		}
		ret = rec_peek(rd, rec, &ended);
		if (ret <= 0)
			return ret;
		if (ended != REC_NO_IMAGE) {
			end_image(rec, ended);
			continue;
		}
		ret = take_record(rd, rec);
		rec_advance(rec);
		if (ret)
			return ret;
	}
	return 1;
}

static int recording_read(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct recording *rec = rd->priv;
	int n = 0, ret = 1;

	while (n < max) {
		if (rec->handed == rec->queued) {
			ret = source_stopped(rd->src) ? 0 : fill_queue(rd, rec);
			if (ret <= 0)
				break;
		}
		events[n] = rec->queue[rec->handed++];
		events[n].line = ++rd->stats.events;
		rd->stats.by_kind[events[n++].kind]++;
	}
	rd->stats.lines = rd->stats.events;
	source_set_consumed(rd->src, rec->next_chunk < rec->nr_chunks ? rec->chunks[rec->next_chunk].offset : rec->content.len);
	if (!ret && !n)
		ret = at_end(rd, rec);
	return ret < 0 ? kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(rd->src)) : n;
}

static void recording_close(struct reader *rd)
{
	struct recording *rec = rd->priv;
	size_t i;

	for (i = 0; i < rec->nr_images; i++) {
		table_free(&rec->images[i].live);
		table_free(&rec->images[i].sites);
	}
	for (i = 0; i < rec->nr_chunks; i++)
		free(rec->chunks[i].bytes);
	for (i = 0; i < rec->nr_maps; i++)
		free(rec->maps[i].copy);
	table_free(&rec->image_of);
	table_free(&rec->thread_of);
	rec_sites_destroy(rec->sites);
	content_close(&rec->content);
	free(rec->chunks);
	free(rec->maps);
	free(rec->images);
	free(rec->threads);
	free(rec->heap);
	free(rec);
}

static int recording_open(struct reader *rd, struct kerror *err)
{
	const struct content_row all = {
		.head = rd->head, .head_len = rd->head_len, .memory_bytes = rd->memory_bytes,
	};
	struct recording *rec = calloc(1, sizeof(*rec));
	int ret;

	if (!rec)
		return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(rd->src));
	rd->priv = rec;
	rd->stats.binary = true;
	rec->ending = REC_NO_IMAGE;
	rec->sites = rec_sites_create();
	rec->memory_bytes = rd->memory_bytes ? rd->memory_bytes : CONTENT_PARTS_BYTES;
	ret = rec->sites ? content_open(&rec->content, rd->src, &all, err) :
			   kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(rd->src));
	if (!ret)
		ret = rec_scan(rd, rec, err);
	rd->stats.kept_bytes = rec->content.spilled;
	if (ret != -ENOMEM && rec->content.error.code) {
		note_content(rd, rec);
		if (ret)
			*err = rec->content.error;
	}
	if (ret)
		recording_close(rd);
	return ret;
}

static int probe(const unsigned char *head, size_t len)
{
	return len >= RECORDING_MAGIC_BYTES && !memcmp(head, RECORDING_MAGIC, RECORDING_MAGIC_BYTES) ? 100 : 0;
}

const struct reader_ops recording_reader = {
	.name = "recording",
	.keeps = true,
	.text = "malloc calls as a program that is recorded writes them (kmemsim record --malloc)",
	.probe = probe,
	.open = recording_open,
	.close = recording_close,
	.read = recording_read,
};
