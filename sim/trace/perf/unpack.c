/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the records of `perf record -z`. All packed records together are one
 * zstd stream, and a record inside may begin in one and end in the next. It is
 * unpacked into chunks; a chunk lives until the last record in it was handed out.
 *
 *	chunk  | record | record | half a rec.   ->  chunk  | half a record | ...
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "sim/trace/perf/perf.h"

#define CHUNK_BYTES	(256u << 10)
#define HELD_BYTES	(256u << 20)	/* with more than that, what is earliest must go */
/* perf's records shrink to a twentieth; what shrinks far more was made up. */
#define FREE_BYTES	(64u << 20)
#define MAX_RATIO	1000u

void unpack_exit(struct unpack *unpack)
{
	while (unpack->first) {
		struct unpack_chunk *next = unpack->first->next;

		free(unpack->first);
		unpack->first = next;
	}
	ZSTD_freeDStream(unpack->zstd);
}

bool unpack_full(const struct unpack *unpack)
{
	return unpack->held > HELD_BYTES;
}

int unpack_start(struct unpack *unpack, const unsigned char *data, size_t size, uint64_t at, struct kerror *err)
{
	if (!unpack->zstd) {
		unpack->zstd = ZSTD_createDStream();
		if (!unpack->zstd)
			return kerror_set(err, -ENOMEM, "no memory to unpack the records");
		ZSTD_initDStream(unpack->zstd);
	}
	unpack->in = data;
	unpack->in_size = size;
	unpack->in_pos = 0;
	unpack->at = at;
	unpack->packed += size;
	return 0;
}

struct unpack_chunk *unpack_chunk_of(const struct unpack *unpack, const unsigned char *rec)
{
	struct unpack_chunk *chunk;

	for (chunk = unpack->first; chunk; chunk = chunk->next)
		if (rec >= chunk->data && rec < chunk->data + CHUNK_BYTES)
			return chunk;
	return NULL;
}

static void drop_chunk(struct unpack *unpack, struct unpack_chunk *chunk)
{
	struct unpack_chunk **link = &unpack->first;

	while (*link != chunk)
		link = &(*link)->next;
	*link = chunk->next;
	unpack->held -= CHUNK_BYTES;
	free(chunk);
}

void unpack_done(struct unpack *unpack, struct unpack_chunk *chunk)
{
	if (!--chunk->waiting && chunk != unpack->last)
		drop_chunk(unpack, chunk);
}

/* A new last chunk, which begins with what is no whole record yet. */
static int add_chunk(struct unpack *unpack)
{
	struct unpack_chunk *chunk = malloc(sizeof(*chunk) + CHUNK_BYTES), *last = unpack->last;

	if (!chunk)
		return -ENOMEM;
	*chunk = (struct unpack_chunk){ .at = unpack->at };
	if (last) {
		chunk->used = last->used - last->parsed;
		memcpy(chunk->data, last->data + last->parsed, chunk->used);
		last->next = chunk;
	} else {
		unpack->first = chunk;
	}
	unpack->last = chunk;
	unpack->held += CHUNK_BYTES;
	if (last && !last->waiting)
		drop_chunk(unpack, last);
	return 0;
}

/* More bytes for the last chunk, which has room. 1; 0 where there are none; -EBADMSG. */
static int unpack_more(struct unpack *unpack, struct kerror *err)
{
	struct unpack_chunk *chunk = unpack->last;
	ZSTD_inBuffer in = { unpack->in, unpack->in_size, unpack->in_pos };
	ZSTD_outBuffer out = { chunk->data, CHUNK_BYTES, chunk->used };
	size_t ret = ZSTD_decompressStream(unpack->zstd, &out, &in);
	bool idle = in.pos == unpack->in_pos && out.pos == chunk->used;

	if (ZSTD_isError(ret))
		return kerror_set(err, -EBADMSG, "the packed record at byte %llu is damaged (%s)",
				  (unsigned long long)unpack->at, ZSTD_getErrorName(ret));
	unpack->unpacked += out.pos - chunk->used;
	if (unpack->unpacked > FREE_BYTES && unpack->unpacked / MAX_RATIO > unpack->packed)
		return kerror_set(err, -EBADMSG, "the packed record at byte %llu becomes more than %u times as large: no "
				  "recording does", (unsigned long long)unpack->at, MAX_RATIO);
	unpack->more = out.pos == CHUNK_BYTES;
	unpack->in_pos = in.pos;
	chunk->used = (uint32_t)out.pos;
	return !idle;
}

const unsigned char *unpack_next(struct unpack *unpack, int *ret, struct kerror *err)
{
	*ret = 0;
	for (;;) {
		struct unpack_chunk *chunk = unpack->last;
		uint32_t left = chunk ? chunk->used - chunk->parsed : 0;

		if (left >= PERF_RECORD_HEADER) {
			const unsigned char *rec = chunk->data + chunk->parsed;
			uint32_t size = record_size(rec);

			if (size < PERF_RECORD_HEADER) {
				*ret = kerror_set(err, -EBADMSG, "the packed record at byte %llu has one of %u bytes inside",
						  (unsigned long long)unpack->at, size);
				return NULL;
			}
			if (left >= size) {
				chunk->parsed += size;
				chunk->waiting++;
				return rec;
			}
		}
		if (unpack->in_pos == unpack->in_size && !unpack->more)
			return NULL;
		if ((!chunk || chunk->used == CHUNK_BYTES) && add_chunk(unpack)) {
			*ret = kerror_set(err, -ENOMEM, "no memory to unpack the records");
			return NULL;
		}
		*ret = unpack_more(unpack, err);
		if (*ret <= 0)
			return NULL;
	}
}
