/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the whole content of a source; see content.h. Single-threaded. */
#include "sim/trace/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE_BYTES	(1u << 20)
#define MOST_AROUND	(256u << 20)	/* of perf's, some MB are usual */

/* Map @len bytes of @fd. */
static int map_file(struct content *content, int fd, uint64_t offset, uint64_t len, struct kerror *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skip = offset % page;

	if (!len)
		return 0;
	content->map_len = len + skip;
	content->map = mmap(NULL, content->map_len, PROT_READ, MAP_PRIVATE, fd, (off_t)(offset - skip));
	if (content->map == MAP_FAILED) {
		content->map = NULL;
		return kerror_set(err, -errno, "mapping the trace: %s", strerror(errno));
	}
	/* Read once, from the front to the end: a hint, so it may fail. */
	madvise(content->map, content->map_len, MADV_SEQUENTIAL);
	content->data = (const unsigned char *)content->map + skip;
	content->len = len;
	content->filled = len;
	return 0;
}

/* The first bytes, some more than @most; more follow where it has at least so many. */
static int read_memory(struct content *content, struct source *src, const void *head, size_t head_len,
		       uint64_t most, struct kerror *err)
{
	size_t size = head_len + PIECE_BYTES;
	unsigned char *buf = malloc(size);

	if (!buf)
		return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(src));
	if (head_len)
		memcpy(buf, head, head_len);
	content->map = buf;
	content->data = buf;
	content->len = head_len;
	while (content->len < most) {
		int64_t got;

		if (size - content->len < PIECE_BYTES) {
			size *= 2;
			buf = realloc(content->map, size);
			if (!buf)
				return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(src));
			content->map = buf;
			content->data = buf;
		}
		got = source_read(src, buf + content->len, PIECE_BYTES, &content->error);
		if (got <= 0)
			return 0;
		content->len += (uint64_t)got;
	}
	return 0;
}

/* ---- a window: a row piece by piece, or parts (parts.c) ----------------------- */

static int no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory for the records of the trace");
}

/* A file comes by itself; its pages leave when they are dropped. */
static int map_row(struct content *content, int fd, uint64_t offset, uint64_t len, struct kerror *err)
{
	int ret = map_file(content, fd, offset, len, err);

	if (!ret && len && window_init_file(&content->window, content->map, content->map_len))
		ret = no_memory(err);
	return ret;
}

/* What is in memory moves to the front of a window, into which the rest will come. */
static int move_to_window(struct content *content, struct kerror *err)
{
	if (window_init(&content->window) || window_fill(&content->window, 0, content->len))
		return no_memory(err);
	memcpy(content->window.base, content->map, content->len);
	free(content->map);
	content->map = NULL;
	content->data = content->window.base;
	content->more = true;
	return 0;
}

int content_open(struct content *content, struct source *src, const struct content_row *row, struct kerror *err)
{
	uint64_t most = row->memory_bytes ? row->memory_bytes : CONTENT_PARTS_BYTES, offset, len;
	uint64_t first = most < CONTENT_MEMORY_BYTES ? most : CONTENT_MEMORY_BYTES;
	int fd, ret;

	*content = (struct content){ .src = src };
	fd = source_plain_file(src, row->head_len, &offset, &len);
	if (fd >= 0)
		return map_file(content, fd, offset, len, err);
	ret = read_memory(content, src, row->head, row->head_len, first, err);
	content->filled = content->len;
	if (!ret && !content->error.code && content->len >= first) {
		ret = move_to_window(content, err);
		if (!ret)
			ret = content_fill(content, most, err);
	}
	if (!ret && content->more)
		return content_begin_parts(content, err);
	source_keep_no_start(src);
	return ret;
}

int content_open_row(struct content *content, struct source *src, const struct content_row *row, struct kerror *err)
{
	uint64_t most = row->memory_bytes ? row->memory_bytes : CONTENT_MEMORY_BYTES, offset, len;
	const void *head = row->head;
	size_t head_len = row->head_len;
	int fd, ret;

	*content = (struct content){ .src = src, .twice = row->twice };
	fd = source_plain_file(src, head_len, &offset, &len);
	if (fd >= 0)
		return map_row(content, fd, offset, len, err);
	if (!row->twice)
		source_keep_no_start(src);
	ret = row->twice ? source_keep(src, head, head_len, err) : 0;
	if (!ret)
		ret = read_memory(content, src, head, head_len, most, err);
	if (!ret && !content->error.code && content->len >= most)
		ret = move_to_window(content, err);
	content->filled = content->len;
	return ret;
}

/* What comes next, up to @to; into the window unless @where is given. False: no more comes. */
static bool take(struct content *content, uint64_t to, unsigned char *where)
{
	uint64_t size = to - content->filled;
	int64_t got = source_read(content->src, where ? where : content->window.base + content->filled,
				  size < PIECE_BYTES ? size : PIECE_BYTES, &content->error);

	content->more = got > 0;
	if (got > 0)
		content->filled += (uint64_t)got;
	if (!got && content->again)
		kerror_set(&content->error, -ESTALE, "%.100s: it was changed while it was read", source_name(content->src));
	if (content->filled > content->len)
		content->len = content->filled;
	return got > 0;
}

int content_fill(struct content *content, uint64_t to, struct kerror *err)
{
	while (content->more && content->filled < to) {
		uint64_t end = to - content->filled < PIECE_BYTES ? to : content->filled + PIECE_BYTES;
		int ret = window_fill(&content->window, content->filled, end);

		if (ret == -EFBIG) {
			content->more = false;
			kerror_set(&content->error, ret, "%.100s: it has more than %llu bytes, for which there are no "
				   "addresses; unpack it into a file", source_name(content->src),
				   (unsigned long long)content->window.size);
		} else if (ret) {
			return no_memory(err);
		} else {
			take(content, end, NULL);
		}
	}
	return 0;
}

int content_pass(struct content *content, uint64_t to, struct kerror *err)
{
	unsigned char *nowhere = content->more && content->filled < to ? malloc(PIECE_BYTES) : NULL;

	while (nowhere && content->filled < to && take(content, to, nowhere))
		;
	free(nowhere);
	return nowhere || !content->more || content->filled >= to ? 0 : no_memory(err);
}

/* Fill, but not without end: all of it stays. */
static int fill_around(struct content *content, uint64_t to, struct kerror *err)
{
	int ret = 0;

	while (!ret && content->more && content->filled < to) {
		ret = content_fill(content, to - content->filled < PIECE_BYTES ? to : content->filled + PIECE_BYTES, err);
		if (!ret && content->window.held > MOST_AROUND)
			ret = kerror_set(err, -EFBIG, "more than %u bytes lie around its records, as in no recording",
					 MOST_AROUND);
	}
	return ret;
}

int content_read_around(struct content *content, uint64_t from, uint64_t to, struct kerror *err)
{
	int ret;

	if (!content->more)
		return 0;
	ret = fill_around(content, from, err);
	window_drop(&content->window, from, to);
	if (!ret)
		ret = content_pass(content, to, err);
	return ret ? ret : fill_around(content, UINT64_MAX, err);
}

int content_begin_row(struct content *content, uint64_t from, struct kerror *err)
{
	int ret;

	if (!content->twice || !content->window.base || content->window.file)
		return 0;
	content->spilled = source_kept_in_file(content->src);
	window_drop(&content->window, 0, content->window.size);
	ret = source_rewind(content->src, err);
	if (ret)
		return ret;
	content->filled = 0;
	content->more = true;
	content->again = true;
	return content_pass(content, from, err);
}

void content_drop(struct content *content, uint64_t to)
{
	uint64_t skip = (uint64_t)(content->data - content->window.base);

	/* What was looked at of a file is there. */
	if (content->window.file)
		window_fill(&content->window, content->dropped, to + skip);
	window_drop_unmarked(&content->window, to + skip);
	content->dropped = to + skip;
}

void content_close(struct content *content)
{
	window_exit(&content->window);
	if (content->map_len)
		munmap(content->map, content->map_len);
	else
		free(content->map);
	*content = (struct content){ .data = NULL };
}
