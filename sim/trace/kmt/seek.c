/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: finding events in a .kmt file; see seek.h. */
#include "sim/trace/kmt/seek.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/kmt/format.h"

struct file {
	int fd;
	uint64_t base, len;
};

void kmt_map_exit(struct kmt_map *map)
{
	free(map->row);
	*map = (struct kmt_map){ .row = NULL };
}

/* Whether @size bytes at @offset of the trace are in @buf now. */
static bool read_at(const struct file *file, uint64_t offset, void *buf, size_t size)
{
	char *to = buf;

	if (offset > file->len || size > file->len - offset)
		return false;
	while (size) {
		ssize_t got = pread(file->fd, to, size, (off_t)(file->base + offset));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return true;
}

static bool header_at(const struct file *file, uint64_t offset, struct kmt_chunk *chunk)
{
	unsigned char at[KMT_CHUNK_HEADER_BYTES];

	return read_at(file, offset, at, sizeof(at)) && kmt_chunk_unpack(chunk, at);
}

static int add_row(struct kmt_map *map, const struct kmt_row *row)
{
	if (map->nr == map->size) {
		size_t size = map->size ? 2 * map->size : 64;
		struct kmt_row *larger = reallocarray(map->row, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		map->row = larger;
		map->size = size;
	}
	map->row[map->nr++] = *row;
	return 0;
}

/* ---- the index ------------------------------------------------------------- */

/* The index's payload, unpacked; the caller frees it. NULL: there is none that is whole, or no memory. */
static unsigned char *index_of(const struct file *file, struct kmt_chunk *chunk)
{
	unsigned char trailer[KMT_TRAILER_BYTES], *packed, *plain;
	uint64_t offset;

	if (file->len < KMT_TRAILER_BYTES || !read_at(file, file->len - KMT_TRAILER_BYTES, trailer, sizeof(trailer)) ||
	    memcmp(trailer + 8, KMT_TRAILER_MAGIC, KMT_TRAILER_BYTES - 8))
		return NULL;
	offset = kmt_get_u64(trailer);
	if (!header_at(file, offset, chunk) || chunk->type != KMT_INDEX || chunk->plain > KMT_MAX_PLAIN ||
	    chunk->plain != (uint64_t)chunk->records * KMT_INDEX_ROW_BYTES || chunk->packed > file->len)
		return NULL;
	packed = malloc(chunk->packed + 1u);
	plain = malloc(chunk->plain + 1u);
	if (packed && plain && read_at(file, offset + KMT_CHUNK_HEADER_BYTES, packed, chunk->packed) &&
	    kmt_crc(packed, chunk->packed) == chunk->crc &&
	    ZSTD_decompress(plain, chunk->plain, packed, chunk->packed) == chunk->plain) {
		free(packed);
		return plain;
	}
	free(packed);
	free(plain);
	return NULL;
}

/* 1: the index told all; 0: there is none that can be used; -ENOMEM. */
static int by_index(struct kmt_map *map, const struct file *file)
{
	struct kmt_chunk chunk;
	unsigned char *plain = index_of(file, &chunk);
	uint64_t before = 0;
	uint32_t i;
	int ret = plain ? 1 : 0;

	for (i = 0; ret > 0 && i < chunk.records; i++) {
		const unsigned char *at = plain + (size_t)i * KMT_INDEX_ROW_BYTES;
		const struct kmt_row row = {
			.offset = kmt_get_u64(at), .first = kmt_get_u64(at + 8), .min_ns = kmt_get_u64(at + 16),
			.max_ns = kmt_get_u64(at + 24), .records = kmt_get_u32(at + 32), .type = at[36],
		};

		if (row.offset <= before || row.offset >= file->len)
			ret = 0;
		else if (add_row(map, &row))
			ret = -ENOMEM;
		before = row.offset;
	}
	free(plain);
	if (!ret)
		map->nr = 0;
	return ret;
}

/* ---- the headers ------------------------------------------------------------ */

/* From header to header, as far as they are whole. */
static int by_headers(struct kmt_map *map, const struct file *file)
{
	uint64_t offset = KMT_FILE_HEADER_BYTES;
	struct kmt_chunk chunk;

	while (header_at(file, offset, &chunk)) {
		const struct kmt_row row = {
			.offset = offset, .first = chunk.first, .min_ns = chunk.min_ns, .max_ns = chunk.max_ns,
			.records = chunk.records, .type = chunk.type,
		};

		if (add_row(map, &row))
			return -ENOMEM;
		map->whole |= chunk.type == KMT_SUMMARY;
		offset += KMT_CHUNK_HEADER_BYTES + (uint64_t)chunk.packed;
	}
	return 0;
}

static const struct kmt_row *find_type(const struct kmt_map *map, enum kmt_chunk_type type)
{
	size_t i;

	for (i = 0; i < map->nr; i++)
		if (map->row[i].type == type)
			return &map->row[i];
	return NULL;
}

int kmt_map_read(struct kmt_map *map, int fd, uint64_t base, uint64_t len)
{
	const struct file file = { fd, base, len };
	const struct kmt_row *events;
	struct kmt_chunk chunk;
	int ret;

	*map = (struct kmt_map){ .row = NULL };
	ret = by_index(map, &file);
	map->indexed = map->whole = ret > 0;
	if (!ret)
		ret = by_headers(map, &file);
	if (ret < 0)
		return ret;
	map->has_accesses = find_type(map, KMT_ACCESSES);
	events = find_type(map, KMT_EVENTS);
	if (events && header_at(&file, events->offset, &chunk)) {
		map->begin_ns = chunk.start_ns;
		map->has_events = true;
	}
	return 0;
}

/* ---- looking things up ------------------------------------------------------ */

static bool may_have(const struct kmt_row *row, const struct reader_range *range)
{
	return row->type == KMT_EVENTS && row->first < range->to_event && row->first + row->records > range->from_event &&
	       row->max_ns >= reader_range_from(range) && row->min_ns < reader_range_to(range);
}

const struct kmt_row *kmt_map_first(const struct kmt_map *map, const struct reader_range *range)
{
	size_t i;

	for (i = 0; i < map->nr; i++)
		if (may_have(&map->row[i], range))
			return &map->row[i];
	return NULL;
}

uint64_t kmt_map_end(const struct kmt_map *map, const struct reader_range *range)
{
	size_t i = map->nr;

	if (!map->whole)
		return UINT64_MAX;
	while (i && !may_have(&map->row[i - 1], range))
		i--;
	return i ? map->row[i - 1].first + map->row[i - 1].records : 0;
}

const struct kmt_row *kmt_map_summary(const struct kmt_map *map)
{
	return find_type(map, KMT_SUMMARY);
}
