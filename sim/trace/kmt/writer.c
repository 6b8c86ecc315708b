/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: writes a .kmt file, front to end; see format.h. Memory: one chunk of events,
 * its payload and its packed form, whatever the length of the trace, and 40 bytes of
 * index a chunk. Single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "sim/trace/kmt/accesses.h"
#include "sim/trace/kmt/events.h"
#include "sim/trace/kmt/summary.h"

/*
 * zstd's level, chosen for reading: a negative one leaves literals as they are. At -3, -1, 1 and 3 the
 * recordings find-tar, loopback-http, system-git and build together took 3.24, 3.09, 2.77 and 2.65 bytes
 * an event, and an event of build 15.6, 15.7, 19.5 and 19.8 ns to read (the best of five rounds of four).
 */
#define LEVEL		(-1)

#define MAX_CHUNK_LOSSES	KMT_CHUNK_EVENTS

struct kmt_file {
	struct writer *writer;
	uint64_t offset;		/* bytes written */
	struct kmt_encoder *encoder;
	ZSTD_CCtx *zstd;
	struct kmt_bytes packed, index;
	struct event *events;		/* of the chunk so far */
	uint32_t nr, max;
	struct reader_loss *losses;
	uint32_t nr_losses;
	uint64_t done;			/* events in chunks that are written */
	struct kmt_access_encoder *accesses;	/* made when there are some */
	uint32_t max_accesses;
	uint64_t done_accesses;
};

static void close_kmt(struct writer *writer)
{
	struct kmt_file *kmt = writer->priv;

	kmt_encoder_destroy(kmt->encoder);
	kmt_access_encoder_destroy(kmt->accesses);
	ZSTD_freeCCtx(kmt->zstd);
	kmt_bytes_free(&kmt->packed);
	kmt_bytes_free(&kmt->index);
	free(kmt->events);
	free(kmt->losses);
	free(kmt);
}

static int no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory to write a trace");
}

static int put(struct kmt_file *kmt, const void *bytes, size_t len, struct kerror *err)
{
	kmt->offset += len;
	return writer_put(kmt->writer, bytes, len, err);
}

static void note_in_index(struct kmt_file *kmt, const struct kmt_chunk *chunk)
{
	unsigned char row[KMT_INDEX_ROW_BYTES] = { 0 };

	kmt_put_u64(row, kmt->offset);
	kmt_put_u64(row + 8, chunk->first);
	kmt_put_u64(row + 16, chunk->min_ns);
	kmt_put_u64(row + 24, chunk->max_ns);
	kmt_put_u32(row + 32, chunk->records);
	row[36] = chunk->type;
	kmt_put_bytes(&kmt->index, row, sizeof(row));
}

/* @chunk's type, records and times are set; the rest is filled in. */
static int put_chunk(struct kmt_file *kmt, struct kmt_chunk *chunk, const void *plain, size_t len,
		     struct kerror *err)
{
	unsigned char header[KMT_CHUNK_HEADER_BYTES];
	struct kmt_bytes *packed = &kmt->packed;
	size_t size;
	int ret;

	packed->len = 0;
	if (!kmt_bytes_room(packed, ZSTD_compressBound(len)))
		return no_memory(err);
	size = ZSTD_compressCCtx(kmt->zstd, packed->at, packed->size, plain, len, LEVEL);
	if (ZSTD_isError(size))
		return kerror_set(err, -EIO, "packing the trace: %s", ZSTD_getErrorName(size));
	chunk->plain = (uint32_t)len;
	chunk->packed = (uint32_t)size;
	chunk->crc = kmt_crc(packed->at, size);
	if (chunk->type != KMT_INDEX)
		note_in_index(kmt, chunk);
	if (kmt->index.failed)
		return no_memory(err);
	kmt_chunk_pack(chunk, header);
	ret = put(kmt, header, sizeof(header), err);
	return ret ? ret : put(kmt, packed->at, size, err);
}

static int put_front(struct kmt_file *kmt, struct kerror *err)
{
	unsigned char header[KMT_FILE_HEADER_BYTES] = KMT_MAGIC;
	struct kmt_chunk chunk = { .type = KMT_DESCRIPTION };
	char *text = kmt_description_text(kmt->writer->made_by, kmt->writer->source);
	int ret;

	if (!text)
		return no_memory(err);
	kmt_put_u32(header + KMT_MAGIC_BYTES, KMT_VERSION);
	kmt_put_u32(header + 12, kmt_crc(header, 12));
	ret = put(kmt, header, sizeof(header), err);
	if (!ret)
		ret = put_chunk(kmt, &chunk, text, strlen(text), err);
	free(text);
	return ret;
}

static int open_kmt(struct writer *writer, struct kerror *err)
{
	struct kmt_file *kmt = calloc(1, sizeof(*kmt));
	int ret;

	if (!kmt)
		return no_memory(err);
	writer->priv = kmt;
	kmt->writer = writer;
	kmt->max = writer->chunk_events && writer->chunk_events < KMT_CHUNK_EVENTS ? writer->chunk_events :
		   KMT_CHUNK_EVENTS;
	kmt->max_accesses = writer->chunk_events ? kmt->max : KMT_CHUNK_ACCESSES;
	kmt->encoder = kmt_encoder_create(writer->names, writer->stacks);
	kmt->zstd = ZSTD_createCCtx();
	kmt->events = malloc(KMT_CHUNK_EVENTS * sizeof(*kmt->events));
	kmt->losses = malloc(MAX_CHUNK_LOSSES * sizeof(*kmt->losses));
	if (kmt->encoder && kmt->zstd && kmt->events && kmt->losses)
		ret = put_front(kmt, err);
	else
		ret = no_memory(err);
	if (ret)
		close_kmt(writer);
	return ret;
}

/* ---- events ---------------------------------------------------------------- */

static void note_times(struct kmt_chunk *chunk, const struct event *events, uint32_t nr)
{
	uint32_t i;

	if (!nr)
		return;
	chunk->start_ns = chunk->min_ns = chunk->max_ns = events[0].time_ns;
	for (i = 1; i < nr; i++) {
		if (events[i].time_ns < chunk->min_ns)
			chunk->min_ns = events[i].time_ns;
		if (events[i].time_ns > chunk->max_ns)
			chunk->max_ns = events[i].time_ns;
	}
}

/* Events @from up to @to of those that wait, with their losses, as one chunk; as two where their names are too long. */
static int put_events(struct kmt_file *kmt, uint32_t from, uint32_t to, struct kerror *err)
{
	struct kmt_chunk chunk = { .type = KMT_EVENTS, .records = to - from, .first = kmt->done };
	struct reader_loss *losses = kmt->losses;
	const struct kmt_bytes *payload;
	uint32_t nr = 0;
	int ret;

	/* Those at the border belong to the chunk before it: they stand behind its last event. */
	while (nr < kmt->nr_losses && losses[nr].behind <= to)
		losses[nr++].behind -= from;
	note_times(&chunk, kmt->events + from, chunk.records);
	ret = kmt_encode(kmt->encoder, kmt->events + from, chunk.records, losses, nr, &payload);
	if (ret == -E2BIG && chunk.records > 1) {
		uint32_t i, half = from + chunk.records / 2;

		for (i = 0; i < nr; i++)
			losses[i].behind += from;
		ret = put_events(kmt, from, half, err);
		return ret ? ret : put_events(kmt, half, to, err);
	}
	if (ret)
		return ret == -ENOMEM ? no_memory(err) :
			kerror_set(err, ret, "an event's names are too long for a trace file");
	kmt->nr_losses -= nr;
	memmove(losses, losses + nr, kmt->nr_losses * sizeof(*losses));
	kmt->done += chunk.records;
	return put_chunk(kmt, &chunk, payload->at, payload->len, err);
}

static int put_accesses(struct kmt_file *kmt, struct kerror *err)
{
	struct kmt_chunk chunk = { .type = KMT_ACCESSES, .first = kmt->done_accesses };
	const struct kmt_bytes *payload;

	if (!kmt->accesses || !kmt_access_waiting(kmt->accesses))
		return 0;
	chunk.records = kmt_access_waiting(kmt->accesses);
	payload = kmt_access_put(kmt->accesses);
	if (!payload)
		return no_memory(err);
	kmt->done_accesses += chunk.records;
	return put_chunk(kmt, &chunk, payload->at, payload->len, err);
}

/*
 * All that waits. Accesses go first, and with all events before them behind them: so a
 * reader that has one chunk of each at hand can tell their order.
 */
static int flush(struct kmt_file *kmt, struct kerror *err)
{
	uint32_t nr = kmt->nr;
	int ret = put_accesses(kmt, err);

	kmt->nr = 0;
	if (ret)
		return ret;
	return nr || kmt->nr_losses ? put_events(kmt, 0, nr, err) : 0;
}

static int add(struct writer *writer, const struct event *events, size_t nr, struct kerror *err)
{
	struct kmt_file *kmt = writer->priv;

	while (nr) {
		size_t room = kmt->max - kmt->nr, n = nr < room ? nr : room;
		int ret;

		memcpy(kmt->events + kmt->nr, events, n * sizeof(*events));
		kmt->nr += (uint32_t)n;
		events += n;
		nr -= n;
		ret = kmt->nr == kmt->max ? flush(kmt, err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

static int lost(struct writer *writer, uint64_t events, struct kerror *err)
{
	struct kmt_file *kmt = writer->priv;

	if (kmt->nr_losses == MAX_CHUNK_LOSSES) {
		int ret = flush(kmt, err);

		if (ret)
			return ret;
	}
	kmt->losses[kmt->nr_losses++] = (struct reader_loss){ .behind = kmt->nr, .events = events };
	return 0;
}

static int add_accesses(struct writer *writer, const struct access_block *block, struct kerror *err)
{
	struct kmt_file *kmt = writer->priv;
	const struct access *at = block->at;
	uint32_t nr = block->nr;

	if (!kmt->accesses)
		kmt->accesses = kmt_access_encoder_create();
	if (!kmt->accesses)
		return no_memory(err);
	while (nr) {
		uint32_t room = kmt->max_accesses - kmt_access_waiting(kmt->accesses), n = nr < room ? nr : room;
		uint32_t taken = kmt_access_add(kmt->accesses, at, n, kmt->done + kmt->nr);
		int ret;

		at += taken;
		nr -= taken;
		ret = nr ? flush(kmt, err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- the end --------------------------------------------------------------- */

static int finish(struct writer *writer, const struct reader_stats *stats, struct kerror *err)
{
	struct kmt_file *kmt = writer->priv;
	unsigned char trailer[KMT_TRAILER_BYTES] = { 0 };
	struct kmt_chunk summary = { .type = KMT_SUMMARY };
	struct kmt_chunk index = { .type = KMT_INDEX };
	int ret = flush(kmt, err);
	char *text;

	if (ret)
		return ret;
	text = kmt_summary_text(stats, kmt->done, kmt->done_accesses);
	ret = text ? put_chunk(kmt, &summary, text, strlen(text), err) : no_memory(err);
	free(text);
	if (ret)
		return ret;
	index.records = (uint32_t)(kmt->index.len / KMT_INDEX_ROW_BYTES);
	kmt_put_u64(trailer, kmt->offset);
	memcpy(trailer + 8, KMT_TRAILER_MAGIC, KMT_TRAILER_BYTES - 8);
	ret = put_chunk(kmt, &index, kmt->index.at, kmt->index.len, err);
	if (!ret)
		ret = put(kmt, trailer, sizeof(trailer), err);
	if (!ret && fflush(writer->file))
		ret = kerror_set(err, -errno, "writing the trace: %s", strerror(errno));
	return ret;
}

const struct writer_ops kmt_writer = {
	.name = "kmt",
	.text = "kmemsim's own format: small, checked, and quick to read",
	.binary = true,
	.open = open_kmt,
	.close = close_kmt,
	.add = add,
	.lost = lost,
	.accesses = add_accesses,
	.finish = finish,
};
