/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: lines out of a byte source; see lines.h. The buffer is as large as
 * fits a second-level cache, so that what read() copied is still there when
 * the parser comes by.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/text/lines.h"

/*
 * 145,000 lines (find-tar, 27 MB) read and replayed, of 16, 64, 256 KiB, 1 and 4 MiB: 356, 231, 106,
 * 47 and 29 calls of read(), and 1.07, 1.07, 1.11, 1.94 and 1.99 million misses of a cache of
 * 1 MiB (callgrind --cache-sim). 296 to 301 million instructions all of them.
 */
#define LINES_FILL_BYTES	(256u << 10)
#define LINES_BUF_BYTES		(LINES_FILL_BYTES + LINE_MAX_BYTES)

int lines_init(struct lines *lines, struct source *src, const void *head, size_t head_len)
{
	*lines = (struct lines){ .src = src, .head = head, .head_len = head_len };
	lines->buf = calloc(1, LINES_BUF_BYTES + LINE_PAD);
	return lines->buf ? 0 : -ENOMEM;
}

void lines_exit(struct lines *lines)
{
	free(lines->buf);
	lines->buf = NULL;
}

static int64_t lines_read(struct lines *lines, char *to, size_t room)
{
	int64_t got;

	if (lines->head_len) {
		size_t n = lines->head_len < room ? lines->head_len : room;

		memcpy(to, lines->head, n);
		lines->head += n;
		lines->head_len -= n;
		return n;
	}
	if (!lines->src)
		return 0;
	got = source_read(lines->src, to, room, &lines->error);
	return got < 0 ? 0 : got;
}

/* Moves the unfinished line to the front and fills the rest of the buffer. */
static void lines_fill(struct lines *lines)
{
	size_t kept = lines->end - lines->pos;

	memmove(lines->buf, lines->buf + lines->pos, kept);
	lines->scanned -= lines->pos;
	lines->pos = 0;
	lines->end = kept;
	while (lines->end < LINES_BUF_BYTES) {
		int64_t got = lines_read(lines, lines->buf + lines->end,
					 LINES_BUF_BYTES - lines->end);

		if (!got) {
			lines->ended = true;
			break;
		}
		lines->end += got;
	}
	lines->buf[lines->end] = '\n';
	lines->has_nul = memchr(lines->buf, '\0', lines->end) != NULL;
}

/* The end of the line at pos, NULL where the buffer holds no newline any more. */
static char *lines_find_end(struct lines *lines)
{
	char *newline = memchr(lines->buf + lines->scanned, '\n', lines->end - lines->scanned);

	lines->scanned = newline ? newline + 1 - lines->buf : lines->end;
	return newline;
}

enum line_status lines_next(struct lines *lines, const char **start, const char **end)
{
	for (;;) {
		char *begin, *newline = lines_find_end(lines);

		begin = lines->buf + lines->pos;
		if (!newline && (lines->dropping || lines->scanned - lines->pos > LINE_MAX_BYTES)) {
			bool first = !lines->dropping;

			lines->dropping = true;
			lines->pos = lines->scanned;
			if (first) {
				lines->number++;
				return LINE_TOO_LONG;
			}
			begin = lines->buf + lines->pos;
		}
		if (!newline && !lines->ended) {
			lines_fill(lines);
			continue;
		}
		/* Reading was interrupted: what came of the last line may be any part of it. */
		if (!newline && lines->error.code == -EINTR)
			return LINE_END;
		if (!newline) {
			lines->unterminated |= lines->dropping || lines->pos < lines->end;
			if (lines->pos == lines->end)
				return LINE_END;
			newline = lines->buf + lines->end;
		}
		lines->pos = lines->scanned;
		if (lines->dropping) {
			lines->dropping = false;
			continue;
		}
		lines->number += !lines->split;
		lines->split = false;
		if (newline - begin > LINE_MAX_BYTES)
			return LINE_TOO_LONG;
		if (lines->has_nul && memchr(begin, '\0', newline - begin))
			return LINE_BINARY;
		if (newline > begin && newline[-1] == '\r')
			newline--;
		*start = begin;
		*end = newline;
		return LINE_GOOD;
	}
}

void lines_split(struct lines *lines, const char *at)
{
	size_t cut = (size_t)(at - lines->buf);

	lines->buf[cut] = '\n';
	lines->pos = lines->scanned = cut + 1;
	lines->split = true;
}
