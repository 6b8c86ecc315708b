/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: events kept as chunks; see archive.h. */
#include "sim/trace/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/kmt/events.h"
#include "sim/trace/spill.h"
#include "sim/util/bigmem.h"
#include "sim/util/worker.h"

/* Of chunks in the spill alone: in a .kmt file it is a type that nobody knows. */
#define ENCODED_HERE	'e'
/* The fastest of zstd's that packs numbers as well: a negative one, as the writer of .kmt has it, does not. */
#define LEVEL		1

_Static_assert(ARCHIVE_CHUNK_EVENTS == KMT_CHUNK_EVENTS, "the archive's chunks are those of .kmt");

/* Chunks one behind the other, and how many events they have. */
struct run {
	uint64_t start, end;
	uint64_t events;
};

struct archive {
	struct names *names;
	struct stacks *stacks;
	struct run input, kept;		/* in the file of the input; in the spill */
	int fd;				/* -1: no such file */
	uint64_t base;			/* where in it the trace begins */
	bool input_ended;		/* what comes is of another file, and kept */
	struct spill *spill;
	/* for archive_add(), made when first needed */
	struct kmt_encoder *encoder;
	ZSTD_CCtx *zstd;
	struct kmt_bytes plain, packed;
	/* for archive_hand_over() */
	struct worker *worker;		/* NULL: none was wanted, or there is none to be had */
	bool asked;			/* for a worker */
	struct event *handed;		/* being encoded, or room for what is handed over next */
	struct kerror failed;		/* what the worker met */
};

static int no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory to keep the trace");
}

struct archive *archive_create(struct names *names, struct stacks *stacks, uint64_t memory_limit)
{
	struct archive *archive = calloc(1, sizeof(*archive));

	if (!archive)
		return NULL;
	archive->names = names;
	archive->stacks = stacks;
	archive->fd = -1;
	archive->spill = spill_create(memory_limit);
	if (!archive->spill) {
		archive_destroy(archive);
		return NULL;
	}
	return archive;
}

void archive_destroy(struct archive *archive)
{
	if (!archive)
		return;
	worker_destroy(archive->worker);
	bigmem_free(archive->handed, ARCHIVE_CHUNK_EVENTS, sizeof(*archive->handed));
	kmt_encoder_destroy(archive->encoder);
	ZSTD_freeCCtx(archive->zstd);
	kmt_bytes_free(&archive->plain);
	kmt_bytes_free(&archive->packed);
	spill_destroy(archive->spill);
	if (archive->fd >= 0)
		close(archive->fd);
	free(archive);
}

void archive_set_file(struct archive *archive, const struct source *src)
{
	uint64_t len;
	int fd = source_plain_file(src, source_consumed(src), &archive->base, &len);

	archive->input_ended = archive->fd >= 0;
	if (fd < 0 || archive_events(archive) || archive->fd >= 0)
		return;
	archive->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

uint64_t archive_events(const struct archive *archive)
{
	return archive->input.events + archive->kept.events;
}

uint64_t archive_memory_bytes(const struct archive *archive)
{
	return spill_bytes(archive->spill) - spill_file_bytes(archive->spill);
}

uint64_t archive_file_bytes(const struct archive *archive)
{
	return spill_file_bytes(archive->spill);
}

/* ---- adding ---------------------------------------------------------------- */

static int put(struct archive *archive, const void *bytes, size_t len, struct kerror *err)
{
	int ret = spill_append(archive->spill, bytes, len, err);

	archive->kept.end = spill_bytes(archive->spill);
	return ret;
}

/* The lines of @events: runs of the same step from each to the next, with their length before them. */
static void put_lines(struct kmt_bytes *to, const struct event *events, uint32_t nr)
{
	static const unsigned char later[4];
	size_t at = to->len;
	uint64_t line = 0;
	uint32_t i = 0;

	kmt_put_bytes(to, later, sizeof(later));
	while (i < nr) {
		int64_t step = (int64_t)(events[i].line - line);
		uint32_t run = 0;

		for (; i < nr && (int64_t)(events[i].line - line) == step; i++, run++)
			line = events[i].line;
		kmt_put_varint(to, kmt_zigzag(step));
		kmt_put_varint(to, run);
	}
	if (!to->failed)
		kmt_put_u32(to->at + at, (uint32_t)(to->len - at - sizeof(later)));
}

static int put_chunk(struct archive *archive, struct kmt_chunk *chunk, struct kerror *err)
{
	const struct kmt_bytes *plain = &archive->plain;
	struct kmt_bytes *packed = &archive->packed;
	size_t size;

	packed->len = 0;
	if (plain->failed || !kmt_bytes_room(packed, KMT_CHUNK_HEADER_BYTES + ZSTD_compressBound(plain->len)))
		return no_memory(err);
	size = ZSTD_compressCCtx(archive->zstd, packed->at + KMT_CHUNK_HEADER_BYTES,
				 packed->size - KMT_CHUNK_HEADER_BYTES, plain->at, plain->len, LEVEL);
	if (ZSTD_isError(size))
		return kerror_set(err, -EIO, "packing the trace: %s", ZSTD_getErrorName(size));
	chunk->plain = (uint32_t)plain->len;
	chunk->packed = (uint32_t)size;
	kmt_chunk_pack(chunk, packed->at);
	return put(archive, packed->at, KMT_CHUNK_HEADER_BYTES + size, err);
}

static void note_times(struct kmt_chunk *chunk, const struct event *events, uint32_t nr)
{
	uint32_t i;

	chunk->start_ns = chunk->min_ns = chunk->max_ns = events[0].time_ns;
	for (i = 1; i < nr; i++) {
		if (events[i].time_ns < chunk->min_ns)
			chunk->min_ns = events[i].time_ns;
		if (events[i].time_ns > chunk->max_ns)
			chunk->max_ns = events[i].time_ns;
	}
}

static int make_encoder(struct archive *archive)
{
	if (!archive->encoder)
		archive->encoder = kmt_encoder_create(NULL, NULL);
	if (!archive->zstd)
		archive->zstd = ZSTD_createCCtx();
	return archive->encoder && archive->zstd ? 0 : -ENOMEM;
}

int archive_add(struct archive *archive, const struct event *events, size_t nr, struct kerror *err)
{
	struct kmt_chunk chunk = { .type = ENCODED_HERE, .records = (uint32_t)nr };
	const struct kmt_bytes *payload;
	int ret;

	if (!nr)
		return 0;
	if (make_encoder(archive))
		return no_memory(err);
	note_times(&chunk, events, chunk.records);
	/* Names are a few digits each, so a chunk is never too large: -ENOMEM is all that can be. */
	if (kmt_encode(archive->encoder, events, chunk.records, NULL, 0, &payload))
		return no_memory(err);
	archive->plain.len = 0;
	put_lines(&archive->plain, events, chunk.records);
	kmt_put_bytes(&archive->plain, payload->at, payload->len);
	ret = put_chunk(archive, &chunk, err);
	if (!ret)
		archive->kept.events += nr;
	return ret;
}

static void encode_handed(void *arg)
{
	struct archive *archive = arg;

	archive_add(archive, archive->handed, ARCHIVE_CHUNK_EVENTS, &archive->failed);
}

int archive_settle(struct archive *archive, struct kerror *err)
{
	if (archive->worker)
		worker_wait(archive->worker);
	return archive->failed.code ? kerror_set(err, archive->failed.code, "%s", archive->failed.text) : 0;
}

int archive_hand_over(struct archive *archive, struct event **events, struct kerror *err)
{
	struct event *next;
	int ret;

	if (!archive->asked)
		archive->worker = worker_create();
	archive->asked = true;
	if (!archive->worker)
		return archive_add(archive, *events, ARCHIVE_CHUNK_EVENTS, err);
	ret = archive_settle(archive, err);
	if (ret)
		return ret;
	next = archive->handed ? archive->handed : bigmem_alloc(ARCHIVE_CHUNK_EVENTS, sizeof(*next));
	if (!next)
		return no_memory(err);
	archive->handed = *events;
	*events = next;
	worker_start(archive->worker, encode_handed, archive);
	return 0;
}

int archive_keep(struct archive *archive, const struct reader_piece *piece, bool in_order, struct kerror *err)
{
	int ret;

	if (in_order && archive->fd >= 0 && !archive->input_ended && !archive->kept.events) {
		if (!archive->input.events)
			archive->input.start = piece->offset;
		archive->input.end = piece->offset + piece->len;
		archive->input.events += piece->events;
		return 0;
	}
	ret = put(archive, piece->bytes, piece->len, err);
	if (!ret)
		archive->kept.events += piece->events;
	return ret;
}

/* ---- reading again --------------------------------------------------------- */

struct archive_cursor {
	struct archive *archive;
	const struct run *run;
	uint64_t offset;		/* of the next chunk in it */
	uint64_t left;			/* events of the run that are to come */
	struct kmt_decoder *decoder;	/* with names as text, as numbers: the one in use */
	struct kmt_decoder *by_text, *by_number;
	ZSTD_DCtx *zstd;
	unsigned char *packed, *plain;
	size_t packed_size, plain_size;
	struct kmt_walk lines;
	uint64_t line, steps;		/* of the last event, and events to come with the same step */
	int64_t step;
	bool own_lines;
	struct event *events;		/* being decoded, or decoded last */
	struct event *others;		/* in use; NULL before there is a worker */
	struct worker *worker;		/* NULL: none was wanted, or there is none to be had */
	bool asked;			/* for a worker */
	int64_t ahead;			/* what the worker's fetch() returned */
	struct kerror failed;
};

static int changed(struct kerror *err)
{
	return kerror_set(err, -ESTALE, "the trace's file was changed while it was in use");
}

int archive_open(struct archive_cursor **out, struct archive *archive, struct kerror *err)
{
	struct archive_cursor *cur = calloc(1, sizeof(*cur));

	if (!cur)
		return no_memory(err);
	cur->archive = archive;
	cur->run = &archive->input;
	cur->offset = cur->run->start;
	cur->left = cur->run->events;
	cur->by_text = kmt_decoder_create(archive->names, archive->stacks);
	cur->by_number = kmt_decoder_create(NULL, NULL);
	cur->zstd = ZSTD_createDCtx();
	cur->events = malloc(ARCHIVE_READ_EVENTS * sizeof(*cur->events));
	if (!cur->by_text || !cur->by_number || !cur->zstd || !cur->events) {
		archive_close(cur);
		return no_memory(err);
	}
	*out = cur;
	return 0;
}

void archive_close(struct archive_cursor *cur)
{
	if (!cur)
		return;
	worker_destroy(cur->worker);
	free(cur->others);
	kmt_decoder_destroy(cur->by_text);
	kmt_decoder_destroy(cur->by_number);
	ZSTD_freeDCtx(cur->zstd);
	free(cur->packed);
	free(cur->plain);
	free(cur->events);
	free(cur);
}

static int read_bytes(struct archive_cursor *cur, void *to, size_t len, struct kerror *err)
{
	const struct archive *archive = cur->archive;
	uint64_t offset = cur->offset;
	unsigned char *at = to;

	if (len > cur->run->end - offset)
		return changed(err);
	cur->offset += len;
	if (cur->run == &archive->kept)
		return spill_read(archive->spill, offset, to, len, err);
	while (len) {
		ssize_t got = pread(archive->fd, at, len, (off_t)(archive->base + offset));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return kerror_set(err, -errno, "reading the trace again: %s", strerror(errno));
		if (!got)
			return changed(err);
		at += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

static int make_room(unsigned char **at, size_t *size, size_t need)
{
	if (need <= *size)
		return 0;
	free(*at);
	*at = malloc(need);
	*size = *at ? need : 0;
	return *at ? 0 : -ENOMEM;
}

/* Its checksum was not counted, and its numbers need not be checked: it never left this process. */
static bool is_ours(const struct archive_cursor *cur, const struct kmt_chunk *chunk)
{
	return chunk->type == ENCODED_HERE && cur->run == &cur->archive->kept;
}

/* The next chunk's header and payload, whatever is in it, the latter unpacked. */
static int read_chunk(struct archive_cursor *cur, struct kmt_chunk *chunk, struct kerror *err)
{
	unsigned char header[KMT_CHUNK_HEADER_BYTES];
	int ret = read_bytes(cur, header, sizeof(header), err);

	if (ret)
		return ret;
	if (!kmt_chunk_unpack(chunk, header) || chunk->plain > KMT_MAX_PLAIN ||
	    chunk->packed > cur->run->end - cur->offset)
		return changed(err);
	if (make_room(&cur->packed, &cur->packed_size, chunk->packed) ||
	    make_room(&cur->plain, &cur->plain_size, chunk->plain))
		return no_memory(err);
	ret = read_bytes(cur, cur->packed, chunk->packed, err);
	if (ret)
		return ret;
	if (!is_ours(cur, chunk) && kmt_crc(cur->packed, chunk->packed) != chunk->crc)
		return changed(err);
	if (ZSTD_decompressDCtx(cur->zstd, cur->plain, chunk->plain, cur->packed, chunk->packed) != chunk->plain)
		return changed(err);
	return 0;
}

/* The next chunk of events, ready to be decoded. */
static int begin_chunk(struct archive_cursor *cur, struct kerror *err)
{
	const unsigned char *payload;
	struct kmt_chunk chunk;
	size_t len;
	int ret;

	do {
		ret = read_chunk(cur, &chunk, err);
		if (ret)
			return ret;
	} while (chunk.type != KMT_EVENTS && !is_ours(cur, &chunk));
	payload = cur->plain;
	len = chunk.plain;
	cur->own_lines = is_ours(cur, &chunk);
	cur->decoder = cur->own_lines ? cur->by_number : cur->by_text;
	if (cur->own_lines) {
		uint32_t bytes = kmt_get_u32(payload);

		cur->lines = (struct kmt_walk){ .at = payload + 4, .end = payload + 4 + bytes };
		cur->line = cur->steps = 0;
		payload += 4 + bytes;
		len -= 4 + bytes;
	}
	ret = kmt_decode_begin(cur->decoder, &chunk, payload, len, err);
	return ret == -EBADMSG ? changed(err) : ret;
}

static void put_in_lines(struct archive_cursor *cur, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (!cur->steps) {
			cur->step = kmt_unzigzag(kmt_take_varint(&cur->lines));
			cur->steps = kmt_take_varint(&cur->lines);
		}
		cur->steps--;
		cur->line += (uint64_t)cur->step;
		cur->events[i].line = cur->line & EVENT_MAX_LINE;
	}
}

/* Decode the next run of events. */
static int64_t fetch(struct archive_cursor *cur, struct kerror *err)
{
	int got = 0, ret;

	while (!got) {
		if (!cur->left && cur->run == &cur->archive->kept)
			return 0;
		if (!cur->left) {
			cur->run = &cur->archive->kept;
			cur->offset = 0;
			cur->left = cur->run->events;
			cur->decoder = NULL;
			continue;
		}
		got = cur->decoder ? kmt_decode(cur->decoder, cur->events, ARCHIVE_READ_EVENTS, err) : 0;
		if (got < 0)
			return changed(err);
		ret = got ? 0 : begin_chunk(cur, err);
		if (ret)
			return ret;
	}
	if ((uint64_t)got > cur->left)
		return changed(err);
	cur->left -= (uint64_t)got;
	if (cur->own_lines)
		put_in_lines(cur, got);
	return got;
}

static void fetch_ahead(void *arg)
{
	struct archive_cursor *cur = arg;

	cur->ahead = fetch(cur, &cur->failed);
}

static void swap_buffers(struct archive_cursor *cur)
{
	struct event *events = cur->events;

	cur->events = cur->others;
	cur->others = events;
}

/* From the second run on: a trace that ends with the first needs no thread. */
static void ask_for_worker(struct archive_cursor *cur)
{
	cur->asked = true;
	cur->others = malloc(ARCHIVE_READ_EVENTS * sizeof(*cur->others));
	cur->worker = cur->others ? worker_create() : NULL;
	if (!cur->worker)
		return;
	swap_buffers(cur);
	worker_start(cur->worker, fetch_ahead, cur);
}

int64_t archive_next(struct archive_cursor *cur, struct event **events, struct kerror *err)
{
	int64_t got;

	if (!cur->worker) {
		got = fetch(cur, err);
		*events = cur->events;
		if (got == ARCHIVE_READ_EVENTS && !cur->asked)
			ask_for_worker(cur);
		return got;
	}
	worker_wait(cur->worker);
	got = cur->ahead;
	if (got < 0)
		return kerror_set(err, (int)got, "%s", cur->failed.text);
	swap_buffers(cur);
	*events = cur->others;
	if (got)
		worker_start(cur->worker, fetch_ahead, cur);
	return got;
}
