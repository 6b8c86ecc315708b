/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the chunks, process images and threads of a recording; see
 * recording_read.h. Locking: none, single-threaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/heap/recording_read.h"

#define FIRST_ENTRIES	64u
/* Where not all is in memory. The recorder's chunks have 1 MiB at most, mappings of a process some KB. */
#define MOST_CHUNK	(64u << 20)
#define MOST_MAPS	(256u << 20)
/* A thread that was killed may have had so much place in the file that it had not written to. */
#define MOST_UNWRITTEN	(1u << 20)

/* Room for one more in an array of @nr entries of @each bytes. False: no memory. */
static bool make_room(void **array, size_t nr, size_t *size, size_t each)
{
	size_t larger = *size ? *size * 2 : FIRST_ENTRIES;
	void *mem;

	if (nr < *size)
		return true;
	mem = reallocarray(*array, larger, each);
	if (!mem)
		return false;
	*array = mem;
	*size = larger;
	return true;
}

/* ---- images and threads --------------------------------------------------------- */

/* Each image's addresses must differ from all others'; there are more numbers than processes at a time. */
static uint64_t tag_of(uint64_t index)
{
	return (index <= 0xffff ? index : 1 + (index - 1) % 0xffff) << RECORDING_LOW_BITS;
}

static uint32_t image_of(struct recording *rec, const struct recording_chunk *head)
{
	uint64_t *index = table_get(&rec->image_of, head->image), *parent;

	if (!index)
		return REC_NO_IMAGE;
	if (*index)
		return (uint32_t)*index - 1;
	if (rec->nr_images >= REC_NO_IMAGE - 1 ||
	    !make_room((void **)&rec->images, rec->nr_images, &rec->images_size, sizeof(*rec->images))) {
		table_remove(&rec->image_of, index);
		return REC_NO_IMAGE;
	}
	*index = rec->nr_images + 1;
	parent = head->parent ? table_find(&rec->image_of, head->parent) : NULL;
	rec->images[rec->nr_images] = (struct rec_image){
		.number = head->image, .pid = head->pid, .tag = tag_of(rec->nr_images),
		.parent = parent && *parent <= rec->nr_images ? (uint32_t)*parent - 1 : REC_NO_IMAGE,
	};
	return (uint32_t)rec->nr_images++;
}

uint32_t rec_thread(struct recording *rec, uint32_t image, int32_t tid)
{
	uint64_t *index = table_get(&rec->thread_of, (uint64_t)image << 32 | (uint32_t)tid);

	if (!index)
		return REC_NO_IMAGE;
	if (*index)
		return (uint32_t)*index - 1;
	if (rec->nr_threads >= REC_NO_IMAGE - 1 ||
	    !make_room((void **)&rec->threads, rec->nr_threads, &rec->threads_size, sizeof(*rec->threads))) {
		table_remove(&rec->thread_of, index);
		return REC_NO_IMAGE;
	}
	*index = rec->nr_threads + 1;
	rec->threads[rec->nr_threads] = (struct rec_thread){ .image = image, .tid = tid };
	return (uint32_t)rec->nr_threads++;
}

name_id rec_comm(struct reader *rd, const char *text)
{
	return names_intern(rd->names, text, strnlen(text, sizeof(((struct recording_chunk *)0)->comm)));
}

/* ---- chunks ------------------------------------------------------------------------ */

/* What is passed over once cannot be pointed to. */
static int copy_maps(struct recording *rec, struct rec_maps *maps, struct kerror *err)
{
	rec->maps_bytes += maps->len;
	if (rec->maps_bytes > MOST_MAPS)
		return kerror_set(err, -EFBIG, "it tells more than %u bytes of mappings, as no recording does", MOST_MAPS);
	maps->copy = malloc(maps->len + 1);
	if (!maps->copy)
		return -ENOMEM;
	memcpy(maps->copy, maps->text, maps->len);
	maps->text = maps->copy;
	return 0;
}

static int add_maps(struct recording *rec, const struct recording_chunk *head, uint64_t offset, uint64_t len, uint32_t image,
		    struct kerror *err)
{
	struct rec_maps *maps;
	int ret;

	if (!make_room((void **)&rec->maps, rec->nr_maps, &rec->maps_size, sizeof(*rec->maps)))
		return -ENOMEM;
	maps = &rec->maps[rec->nr_maps];
	*maps = (struct rec_maps){
		.text = (const char *)rec->content.data + offset, .len = head->text < len ? head->text : len,
		.time = head->time, .next = rec->images[image].maps,
	};
	ret = rec->content.parts ? copy_maps(rec, maps, err) : 0;
	if (ret)
		return ret;
	rec->images[image].maps = (uint32_t)++rec->nr_maps;
	return 0;
}

static uint64_t count_events(const struct recording *rec, const struct rec_chunk *chunk)
{
	struct recording_event ev;
	uint64_t at, nr = 0;

	for (at = 0; at < chunk->len; at += sizeof(ev)) {
		memcpy(&ev, rec->content.data + chunk->offset + at, sizeof(ev));
		nr += ev.addr != 0;
	}
	return nr;
}

static int add_events(struct reader *rd, struct recording *rec, const struct recording_chunk *head, uint64_t offset,
		      uint64_t len, uint32_t image)
{
	uint32_t thread = rec_thread(rec, image, head->tid);
	struct rec_chunk *chunk;

	if (thread == REC_NO_IMAGE ||
	    !make_room((void **)&rec->chunks, rec->nr_chunks, &rec->chunks_size, sizeof(*rec->chunks)))
		return -ENOMEM;
	if (!rec->threads[thread].comm)
		rec->threads[thread].comm = rec_comm(rd, head->comm);
	chunk = &rec->chunks[rec->nr_chunks++];
	*chunk = (struct rec_chunk){
		.offset = offset, .len = len & ~(uint64_t)(sizeof(struct recording_event) - 1), .time = head->time,
		.ns = head->ns, .image = image, .thread = thread,
	};
	if (rec->content.parts)
		chunk->events = count_events(rec, chunk);
	rec->images[image].chunks++;
	return 0;
}

static bool header_good(const struct recording_chunk *head)
{
	return head->magic == RECORDING_CHUNK_MAGIC && head->len && !(head->len % RECORDING_UNIT) && head->image &&
	       (head->kind == RECORDING_EVENTS || head->kind == RECORDING_MAPS);
}

static void note_damage(struct reader *rd, uint64_t offset, const char *what)
{
	if (rd->stats.truncated)
		return;
	rd->stats.truncated = rd->stats.damaged = true;
	kerror_set(&rd->stats.error, -EBADMSG, "%.100s: at byte %" PRIu64 ": %s", source_name(rd->src), offset, what);
}

/* Where it ends between two chunks, or record was killed, only what was handed out tells that it is not whole. */
static void find_cut(struct reader *rd, const struct recording *rec)
{
	uint64_t len = rec->content.len, may_miss = (rec->nr_threads + rec->nr_images + 1) * (uint64_t)MOST_UNWRITTEN;

	if (!rec->file.lost && rec->file.used > len && rec->file.used - len > may_miss)
		note_damage(rd, len, "the file ends here, and more had been recorded");
}

/* The header at @at, with what there is of the chunk: 1; 0 where it is none. Errors of content_slide(). */
static int read_header(struct reader *rd, struct recording *rec, uint64_t at, struct recording_chunk *head, struct kerror *err)
{
	int ret = content_slide(&rec->content, at, at + sizeof(*head), err);

	if (ret)
		return ret;
	if (at > rec->content.len || rec->content.len - at < sizeof(*head)) {
		note_damage(rd, at, "the file ends inside a chunk's header");
		return 0;
	}
	memcpy(head, rec->content.data + at, sizeof(*head));
	if (!header_good(head)) {
		if (head->magic)
			note_damage(rd, at, "this is no chunk's header");
		return 0;
	}
	if (rec->content.parts && head->len > MOST_CHUNK) {
		note_damage(rd, at, "a chunk of more than 64 MiB, as no recording has");
		return 0;
	}
	ret = content_slide(&rec->content, at, at + head->len, err);
	return ret ? ret : 1;
}

/* The chunk at @at: bytes to the next one. Errors of read_header(). */
static int64_t scan_chunk(struct reader *rd, struct recording *rec, uint64_t at, struct kerror *err)
{
	struct recording_chunk head = { .len = 0 };
	int ret = read_header(rd, rec, at, &head, err);
	uint64_t left, offset = at + sizeof(head), len;
	uint32_t image;

	if (ret <= 0)
		return ret < 0 ? ret : RECORDING_UNIT;
	left = rec->content.len - at;
	/* Where record was killed a program may have been, too, while it moved a chunk: nothing of it is lost. */
	if (head.len > left && (rec->file.end_ns || at + head.len > rec->file.used))
		note_damage(rd, at, "the file ends inside this chunk");
	len = (head.len < left ? head.len : left) - sizeof(head);
	image = image_of(rec, &head);
	if (image == REC_NO_IMAGE)
		return -ENOMEM;
	ret = head.kind == RECORDING_MAPS ? add_maps(rec, &head, offset, len, image, err) :
					    add_events(rd, rec, &head, offset, len, image);
	return ret ? ret : (int64_t)head.len;
}

static int by_time(const void *a, const void *b)
{
	const struct rec_chunk *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/*
 * A process that was killed while it moved a full chunk has left it twice, one of them not
 * whole: the one with more events is taken.
 */
static void drop_copies(struct recording *rec)
{
	size_t i, nr = 0;

	for (i = 0; i < rec->nr_chunks; i++) {
		struct rec_chunk *chunk = &rec->chunks[i], *last = nr ? &rec->chunks[nr - 1] : NULL;

		if (!last || last->time != chunk->time || last->thread != chunk->thread) {
			rec->chunks[nr++] = *chunk;
			continue;
		}
		rec->images[chunk->image].chunks--;
		if (!rec->content.parts) {
			chunk->events = count_events(rec, chunk);
			last->events = count_events(rec, last);
		}
		if (chunk->events > last->events)
			*last = *chunk;
	}
	rec->nr_chunks = nr;
}

/* ---- the clock --------------------------------------------------------------------- */

/* Without its end, as when record was killed: from the chunk that is furthest away. */
static void find_clock(struct recording *rec)
{
	const struct recording_file *file = &rec->file;
	uint64_t clock = file->end_clock, ns = file->end_ns;

	if (!ns && rec->nr_chunks) {
		clock = rec->chunks[rec->nr_chunks - 1].time;
		ns = rec->chunks[rec->nr_chunks - 1].ns;
	}
	rec->clock_span = rec->ns_span = 1;
	if (clock <= file->start_clock || ns <= file->start_ns || file->clock != RECORDING_TSC)
		return;
	rec->clock_span = clock - file->start_clock;
	rec->ns_span = ns - file->start_ns;
}

uint64_t rec_ns(const struct recording *rec, uint64_t time)
{
	uint64_t past = time > rec->file.start_clock ? time - rec->file.start_clock : 0;
	unsigned __int128 ns = (unsigned __int128)past * rec->ns_span / rec->clock_span + rec->file.start_ns;

	return ns < EVENT_MAX_NS ? (uint64_t)ns : EVENT_MAX_NS;
}

/* ---- all of it --------------------------------------------------------------------- */

/* What the command's own process has left at its end was not freed; others give it back, for the kernel takes it. */
static void find_staying(struct recording *rec)
{
	int32_t pid = rec->file.pid;
	size_t i;

	if (!pid && rec->nr_images)
		pid = rec->images[0].pid;
	for (i = rec->nr_images; i > 0; i--) {
		if (rec->images[i - 1].pid != pid)
			continue;
		rec->images[i - 1].stays = true;
		return;
	}
}

static int read_file_header(struct reader *rd, struct recording *rec, struct kerror *err)
{
	int ret = content_slide(&rec->content, 0, sizeof(rec->file), err);

	if (ret)
		return ret;
	if (rec->content.len < sizeof(rec->file))
		return kerror_set(err, -EBADMSG, "%.100s: it ends inside its header", source_name(rd->src));
	memcpy(&rec->file, rec->content.data, sizeof(rec->file));
	if (memcmp(rec->file.magic, RECORDING_MAGIC, RECORDING_MAGIC_BYTES))
		return kerror_set(err, -EBADMSG, "%.100s: this is no recording of malloc calls", source_name(rd->src));
	if (rec->file.version != RECORDING_VERSION || rec->file.clock >= NR_RECORDING_CLOCKS)
		return kerror_set(err, -EBADMSG, "%.100s: version %u of a recording, with clock %u; this program reads version %u",
				  source_name(rd->src), rec->file.version, rec->file.clock, RECORDING_VERSION);
	return 0;
}

int rec_scan(struct reader *rd, struct recording *rec, struct kerror *err)
{
	int ret = read_file_header(rd, rec, err);
	uint64_t at = RECORDING_UNIT;
	struct kerror why = { 0 };
	int64_t step = 0;

	if (ret)
		return ret;
	for (; step >= 0 && at < rec->content.len; at += (uint64_t)step)
		step = scan_chunk(rd, rec, at, &why);
	if (step == -ENOMEM)
		return kerror_set(err, -ENOMEM, "no memory for the chunks of %.100s", source_name(rd->src));
	if (step < 0)
		return kerror_set(err, (int)step, "%.100s: %s", source_name(rd->src), why.text);
	find_cut(rd, rec);
	if (rec->nr_chunks)
		qsort(rec->chunks, rec->nr_chunks, sizeof(*rec->chunks), by_time);
	drop_copies(rec);
	find_clock(rec);
	find_staying(rec);
	return 0;
}
