/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: reader of .kmt files, front to end; see format.h.
 *
 * States of the file: header -> chunks -> ended. A chunk whose bytes are not what was
 * written is passed over: the next header is looked for byte by byte, and the number of
 * its first event says how many are missing. The file's end is its summary; where that
 * is missing the file was cut.
 *
 * Memory: one chunk packed, one unpacked. No more is asked for than bytes have come in,
 * and none for a payload that says it is larger than KMT_MAX_PLAIN.
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "sim/trace/kmt/access_reader.h"
#include "sim/trace/kmt/events.h"
#include "sim/trace/kmt/seek.h"
#include "sim/trace/kmt/summary.h"

#define FILL_BYTES	(256u << 10)
#define MARK_FIRST	'K'

/* Bytes that were read and not yet used. */
struct window {
	unsigned char *at;
	size_t pos, end, size;
	uint64_t offset;		/* in the unpacked file, of @pos */
	bool ended;
};

struct kmt_reader {
	struct window in;
	struct kmt_decoder *decoder;
	ZSTD_DCtx *zstd;
	unsigned char *plain;
	size_t plain_size;
	uint64_t expected;		/* number of the next event */
	uint64_t total;			/* of the summary */
	struct kmt_access_reader accesses;
	uint64_t total_accesses;
	uint64_t index;			/* where the index begins; 0: it was not there */
	bool in_chunk;
	size_t chunk_len;		/* of the last chunk of events, which lies before in.pos */
	uint32_t chunk_events, chunk_given;
	bool summary;			/* it was there */
	bool damaged;			/* bytes are being passed over */
	uint64_t base, summary_at;	/* of a file that was sought in; summary_at 0: it was not */
};

static void remember(struct reader *rd, const struct kmt_reader *kmt, const char *what)
{
	struct reader_stats *stats = &rd->stats;

	if (stats->truncated)
		return;
	stats->truncated = true;
	stats->damaged = true;
	kerror_set(&stats->error, -EBADMSG, "%.100s: at byte %" PRIu64 ": %s", source_name(rd->src),
		   kmt->in.offset, what);
}

/* ---- bytes ----------------------------------------------------------------- */

static int widen(struct window *in, size_t need)
{
	unsigned char *larger;
	size_t size = in->size ? in->size : FILL_BYTES;

	if (in->pos) {
		memmove(in->at, in->at + in->pos, in->end - in->pos);
		in->end -= in->pos;
		in->pos = 0;
	}
	while (size < need)
		size *= 2;
	if (size == in->size)
		return 0;
	larger = realloc(in->at, size);
	if (!larger)
		return -ENOMEM;
	in->at = larger;
	in->size = size;
	return 0;
}

/*
 * Whether @need bytes are there: 1, or 0 where the file ends before. -ENOMEM. As they
 * come, not at once: a length that lies costs no memory.
 */
static int have(struct reader *rd, struct kmt_reader *kmt, size_t need)
{
	struct window *in = &kmt->in;

	while (in->end - in->pos < need && !in->ended) {
		int64_t got;

		if (in->end == in->size || in->pos) {
			size_t here = in->end - in->pos;

			if (widen(in, here + FILL_BYTES))
				return -ENOMEM;
		}
		got = source_read(rd->src, in->at + in->end, in->size - in->end, &rd->stats.error);
		if (got < 0)
			rd->stats.truncated = true;
		if (got <= 0)
			in->ended = true;
		else
			in->end += (size_t)got;
	}
	return in->end - in->pos >= need;
}

static void pass(struct window *in, size_t bytes)
{
	in->pos += bytes;
	in->offset += bytes;
}

/* ---- chunks ---------------------------------------------------------------- */

/* Find the next whole header: 1; 0 at the end; -ENOMEM. */
static int next_header(struct reader *rd, struct kmt_reader *kmt, struct kmt_chunk *chunk)
{
	struct window *in = &kmt->in;
	int there;

	while ((there = have(rd, kmt, KMT_CHUNK_HEADER_BYTES)) > 0) {
		const unsigned char *from = in->at + in->pos, *mark;

		if (kmt_chunk_unpack(chunk, from))
			return 1;
		if (in->end - in->pos >= 8 && !kmt->damaged)
			remember(rd, kmt, "no chunk begins here, as it should");
		kmt->damaged = true;
		mark = memchr(from + 1, MARK_FIRST, in->end - in->pos - 1);
		pass(in, mark ? (size_t)(mark - from) : in->end - in->pos);
	}
	return there;
}

/* The payload, unpacked, in kmt->plain: 1; 0 where it is not there or damaged; -ENOMEM. */
static int unpack(struct reader *rd, struct kmt_reader *kmt, const struct kmt_chunk *chunk)
{
	size_t need = KMT_CHUNK_HEADER_BYTES + (size_t)chunk->packed;
	const unsigned char *packed;
	int there;

	if (chunk->plain > KMT_MAX_PLAIN || chunk->packed > ZSTD_COMPRESSBOUND(KMT_MAX_PLAIN)) {
		remember(rd, kmt, "a chunk is larger than one may be");
		return 0;
	}
	there = have(rd, kmt, need);
	if (there < 0)
		return there;
	if (!there) {
		remember(rd, kmt, rd->stats.events || rd->stats.accesses ? "the file ends within this chunk; what came before was read" :
			 "the file ends within this chunk, and none of events is whole before it");
		return 0;
	}
	packed = kmt->in.at + kmt->in.pos + KMT_CHUNK_HEADER_BYTES;
	if (kmt_crc(packed, chunk->packed) != chunk->crc) {
		remember(rd, kmt, "this chunk is damaged: its checksum does not fit");
		return 0;
	}
	if (chunk->plain > kmt->plain_size) {
		free(kmt->plain);
		kmt->plain_size = 0;
		kmt->plain = malloc(chunk->plain);
		if (!kmt->plain)
			return -ENOMEM;
		kmt->plain_size = chunk->plain;
	}
	if (ZSTD_decompressDCtx(kmt->zstd, kmt->plain, chunk->plain, packed, chunk->packed) != chunk->plain) {
		remember(rd, kmt, "this chunk does not unpack to the size that it says");
		return 0;
	}
	return 1;
}

/* Events up to number @first are missing. */
static int note_missing(struct reader *rd, struct kmt_reader *kmt, uint64_t first)
{
	uint64_t missing = first > kmt->expected ? first - kmt->expected : 0;

	kmt->damaged = false;
	kmt->expected = first;
	return missing ? reader_lost(rd, rd->stats.events, missing) : 0;
}

/* All losses of a chunk, before its first event: where they belong is a number, not a time. */
static int take_losses(struct reader *rd, struct kmt_reader *kmt)
{
	uint64_t lost, now = rd->stats.events;
	uint32_t behind;
	int ret = 0;

	while (!ret && kmt_decode_loss(kmt->decoder, &behind, &lost)) {
		rd->stats.events = now + behind;
		ret = reader_lost(rd, now + behind, lost);
	}
	rd->stats.events = now;
	return ret;
}

static int begin_events(struct reader *rd, struct kmt_reader *kmt, const struct kmt_chunk *chunk)
{
	struct kerror why;
	int ret;

	if (chunk->first < kmt->expected) {
		remember(rd, kmt, "this chunk has events that were there before");
		return 0;
	}
	if (note_missing(rd, kmt, chunk->first))
		return -ENOMEM;
	ret = kmt_decode_begin(kmt->decoder, chunk, kmt->plain, chunk->plain, &why);
	if (ret == -ENOMEM)
		return ret;
	if (ret) {
		remember(rd, kmt, why.text);
		kmt->damaged = true;
		return 0;
	}
	kmt->in_chunk = true;
	kmt->chunk_len = KMT_CHUNK_HEADER_BYTES + (size_t)chunk->packed;
	kmt->chunk_events = chunk->records;
	kmt->chunk_given = 0;
	return take_losses(rd, kmt);
}

/* Accesses up to number @first are missing. */
static void note_missing_accesses(struct reader *rd, struct kmt_reader *kmt, uint64_t first)
{
	if (first > kmt->accesses.expected)
		rd->stats.lost_accesses += first - kmt->accesses.expected;
	kmt->accesses.expected = first;
}

static int begin_accesses(struct reader *rd, struct kmt_reader *kmt, const struct kmt_chunk *chunk)
{
	struct kerror why;
	int ret;

	if (chunk->first < kmt->accesses.expected) {
		remember(rd, kmt, "this chunk has accesses that were there before");
		return 0;
	}
	kmt->damaged = false;
	note_missing_accesses(rd, kmt, chunk->first);
	ret = kmt_access_reader_begin(&kmt->accesses, chunk, &kmt->plain, &kmt->plain_size, &why);
	if (ret == -EBADMSG) {
		remember(rd, kmt, why.text);
		kmt->damaged = true;
		return 0;
	}
	return ret;
}

static void take_summary(struct reader *rd, struct kmt_reader *kmt, size_t len)
{
	struct kerror why;

	if (kmt_summary_read((const char *)kmt->plain, len, &rd->stats, &kmt->total,
			     &kmt->total_accesses, &why))
		remember(rd, kmt, why.text);
	else
		kmt->summary = true;
}

/* One chunk further: 1; 0 at the end of the file; -ENOMEM. */
static int next_chunk(struct reader *rd, struct kmt_reader *kmt)
{
	struct kmt_chunk chunk;
	int ret = next_header(rd, kmt, &chunk);

	if (ret <= 0)
		return ret;
	ret = unpack(rd, kmt, &chunk);
	if (ret < 0)
		return ret;
	if (!ret) {
		/* Its length may be a lie as well: look for the next one right behind its header. */
		kmt->damaged = true;
		pass(&kmt->in, KMT_CHUNK_HEADER_BYTES);
		return 1;
	}
	/* The one before has accesses left: it would wait for events that are missing. */
	if (chunk.type == KMT_ACCESSES && kmt->accesses.begun) {
		kmt->accesses.late = true;
		return 1;
	}
	if (chunk.type == KMT_EVENTS)
		ret = begin_events(rd, kmt, &chunk);
	else if (chunk.type == KMT_ACCESSES)
		ret = begin_accesses(rd, kmt, &chunk);
	else if (chunk.type == KMT_SUMMARY)
		take_summary(rd, kmt, chunk.plain);
	else if (chunk.type == KMT_INDEX)
		kmt->index = kmt->in.offset;
	pass(&kmt->in, KMT_CHUNK_HEADER_BYTES + (size_t)chunk.packed);
	return ret < 0 ? ret : 1;
}

/* ---- events ---------------------------------------------------------------- */

static int from_chunk(struct reader *rd, struct kmt_reader *kmt, struct event *events, int max)
{
	struct kerror why;
	int i, got = kmt_decode(kmt->decoder, events, max, &why);

	if (got < 0) {
		remember(rd, kmt, why.text);
		kmt->damaged = true;
	}
	for (i = 0; i < got; i++)
		rd->stats.by_kind[events[i].kind]++;
	if (got > 0) {
		rd->stats.events += (uint64_t)got;
		kmt->expected += (uint64_t)got;
		kmt->chunk_given += (uint32_t)got;
		rd->stats.lines = rd->stats.events + rd->stats.accesses;
		return got;
	}
	kmt->in_chunk = false;
	return 0;
}

/* What is behind the last chunk, the file's end. */
static bool trailer_good(const struct kmt_reader *kmt)
{
	const unsigned char *at = kmt->in.at + kmt->in.pos;

	return kmt->in.end - kmt->in.pos == KMT_TRAILER_BYTES && kmt_get_u64(at) == kmt->index &&
	       !memcmp(at + 8, KMT_TRAILER_MAGIC, KMT_TRAILER_BYTES - 8);
}

static int at_end(struct reader *rd, struct kmt_reader *kmt)
{
	if (kmt->summary && !trailer_good(kmt))
		remember(rd, kmt, "the index or the last bytes are damaged; the events are not");
	if (!kmt->summary)
		remember(rd, kmt, "the file ends here, and its summary is missing: it was cut, or its writer was");
	else if (note_missing(rd, kmt, kmt->total))
		return -ENOMEM;
	if (kmt->summary && kmt->total_accesses > kmt->accesses.expected)
		note_missing_accesses(rd, kmt, kmt->total_accesses);
	return 0;
}

/* Of @max events, how many come before accesses that are due. */
static int room_before_accesses(struct reader *rd, struct kmt_reader *kmt, int max)
{
	struct kerror why;
	int64_t room = kmt_access_reader_room(&kmt->accesses, kmt->expected, max, &why);

	if (room >= 0)
		return (int)room;
	remember(rd, kmt, why.text);
	kmt->damaged = true;
	return max;
}

static int read_kmt(struct reader *rd, struct event *events, int max, struct kerror *err)
{
	struct kmt_reader *kmt = rd->priv;
	int ret = 1, n = 0, room = max;

	while (n < max && ret > 0) {
		room = room_before_accesses(rd, kmt, max - n);
		if (!room)
			break;
		if (!kmt->in_chunk) {
			ret = next_chunk(rd, kmt);
			continue;
		}
		ret = from_chunk(rd, kmt, events + n, room);
		if (ret < 0)
			break;
		n += ret;
		ret = 1;
		/* Here it can be kept as it is: see piece_kmt(). */
		if (n && kmt->chunk_given == kmt->chunk_events)
			break;
	}
	/* The events before the last accesses are missing. */
	if (!ret && kmt->accesses.begun) {
		kmt->accesses.late = true;
		room = room_before_accesses(rd, kmt, max);
	}
	if (!ret && !n && room)
		ret = at_end(rd, kmt);
	return ret < 0 ? kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(rd->src)) : n;
}

static int accesses_kmt(struct reader *rd, struct access_block *block, struct kerror *err)
{
	struct kmt_reader *kmt = rd->priv;
	struct access_block *ready = &kmt->accesses.ready;

	(void)err;
	if (room_before_accesses(rd, kmt, 1))
		return 0;
	*block = (struct access_block){ .at = ready->at, .nr = ready->nr, .events = rd->stats.events };
	ready->nr = 0;
	kmt->accesses.expected += block->nr;
	rd->stats.accesses += block->nr;
	rd->stats.lines = rd->stats.events + rd->stats.accesses;
	return (int)block->nr;
}

static bool piece_kmt(const struct reader *rd, struct reader_piece *piece)
{
	const struct kmt_reader *kmt = rd->priv;

	if (!kmt->in_chunk || kmt->chunk_given != kmt->chunk_events)
		return false;
	*piece = (struct reader_piece){
		.bytes = kmt->in.at + kmt->in.pos - kmt->chunk_len,
		.len = kmt->chunk_len,
		.offset = kmt->in.offset - kmt->chunk_len,
		.events = kmt->chunk_events,
	};
	return true;
}

/* ---- going somewhere -------------------------------------------------------- */

static bool go_to(struct reader *rd, struct kmt_reader *kmt, uint64_t offset)
{
	if (!source_seek(rd->src, kmt->base, offset))
		return false;
	kmt->in.pos = kmt->in.end = 0;
	kmt->in.offset = offset;
	kmt->in.ended = false;
	kmt->in_chunk = false;
	return true;
}

static int seek_kmt(struct reader *rd, struct reader_range *range)
{
	struct kmt_reader *kmt = rd->priv;
	const struct kmt_row *row, *summary;
	uint64_t len, end;
	struct kmt_map map;
	int fd = source_plain_file(rd->src, kmt->in.end, &kmt->base, &len), ret;

	if (fd < 0)
		return 0;
	ret = kmt_map_read(&map, fd, kmt->base, len);
	/* Accesses are counted from the begin, so all of them are passed by. */
	if (ret || !map.has_events || map.has_accesses || !map.whole) {
		kmt_map_exit(&map);
		return ret;
	}
	range->begin_ns = map.begin_ns;
	row = kmt_map_first(&map, range);
	summary = kmt_map_summary(&map);
	end = kmt_map_end(&map, range);
	ret = summary && go_to(rd, kmt, row ? row->offset : summary->offset);
	if (ret) {
		range->end = end;
		range->next = kmt->expected = row ? row->first : end;
		kmt->summary_at = summary->offset;
		if (!row)
			kmt->expected = UINT64_MAX;
	}
	kmt_map_exit(&map);
	return ret;
}

static void skip_rest_kmt(struct reader *rd)
{
	struct kmt_reader *kmt = rd->priv;

	/* No event behind this is missing. */
	if (kmt->summary_at && go_to(rd, kmt, kmt->summary_at))
		kmt->expected = UINT64_MAX;
}

/* ---- the format ------------------------------------------------------------ */

static int probe(const unsigned char *head, size_t len)
{
	return len >= KMT_MAGIC_BYTES && !memcmp(head, KMT_MAGIC, KMT_MAGIC_BYTES) ? 100 : 0;
}

static void close_kmt(struct reader *rd)
{
	struct kmt_reader *kmt = rd->priv;

	kmt_decoder_destroy(kmt->decoder);
	kmt_access_reader_exit(&kmt->accesses);
	ZSTD_freeDCtx(kmt->zstd);
	free(kmt->plain);
	free(kmt->in.at);
	free(kmt);
}

static bool header_good(const unsigned char *head)
{
	return kmt_get_u32(head + 12) == kmt_crc(head, 12);
}

static int check_version(const struct reader *rd, struct kerror *err)
{
	const unsigned char *head = rd->head;

	if (!probe(head, rd->head_len))
		return kerror_set(err, -EBADMSG, "%.100s: this is no .kmt file", source_name(rd->src));
	if (rd->head_len < KMT_FILE_HEADER_BYTES)
		return kerror_set(err, -EBADMSG, "%.100s: this .kmt file ends before its first chunk",
				  source_name(rd->src));
	if (header_good(head) && kmt_get_u32(head + KMT_MAGIC_BYTES) != KMT_VERSION)
		return kerror_set(err, -EBADMSG, "%.100s: version %u of the .kmt format; this program reads version %u",
				  source_name(rd->src), kmt_get_u32(head + KMT_MAGIC_BYTES), KMT_VERSION);
	return 0;
}

static int open_kmt(struct reader *rd, struct kerror *err)
{
	struct kmt_reader *kmt;
	int ret = check_version(rd, err);

	if (ret)
		return ret;
	kmt = calloc(1, sizeof(*kmt));
	if (kmt) {
		rd->priv = kmt;
		kmt->decoder = kmt_decoder_create(rd->names, rd->stacks);
		kmt->zstd = ZSTD_createDCtx();
		if (kmt->decoder && kmt->zstd && !widen(&kmt->in, rd->head_len)) {
			memcpy(kmt->in.at, rd->head, rd->head_len);
			kmt->in.end = rd->head_len;
			if (!header_good(rd->head))
				remember(rd, kmt, "the file's header is damaged; its chunks are read as they are");
			pass(&kmt->in, KMT_FILE_HEADER_BYTES);
			rd->stats.numbered = true;
			return 0;
		}
		close_kmt(rd);
	}
	return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(rd->src));
}

const struct reader_ops kmt_reader = {
	.name = "kmt",
	.text = "kmemsim's own trace format, written by kmemsim convert",
	.probe = probe,
	.open = open_kmt,
	.close = close_kmt,
	.read = read_kmt,
	.accesses = accesses_kmt,
	.piece = piece_kmt,
	.seek = seek_kmt,
	.skip_rest = skip_rest_kmt,
};
