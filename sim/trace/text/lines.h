/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: lines out of a byte source, for the text formats. A line is a slice
 * of one large buffer, never copied but for the piece that straddles two
 * fills. Memory is bounded whatever the input is: a line longer than
 * LINE_MAX_BYTES is reported once and dropped up to its newline.
 *
 * A parser may read up to LINE_PAD bytes behind the end of a line (compare a
 * key with one wide load, say); the byte at the end itself is always '\n' or
 * '\r', so a loop over digits needs no other bound.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_TEXT_LINES_H
#define KMEMSIM_SIM_TRACE_TEXT_LINES_H

#include "sim/trace/reader.h"

/* Not measured: many times the longest line that a tracer prints, so that a longer one is no event. */
#define LINE_MAX_BYTES	(64u << 10)
#define LINE_PAD	32

struct lines {
	struct source *src;		/* not owned */
	const unsigned char *head;	/* bytes to hand out before the source's; not owned */
	size_t head_len;
	char *buf;
	size_t pos;			/* where the next line starts */
	size_t scanned;			/* no newline before it; pos <= scanned <= end */
	size_t end;
	uint64_t number;		/* of the line handed out last, from 1 */
	bool ended;			/* the source has no more */
	bool split;			/* the next line is the rest of the one handed out last */
	bool dropping;			/* inside a line that was too long */
	bool has_nul;			/* somewhere in the buffer */
	bool unterminated;		/* the line handed out last has no newline, for the source ended */
	struct kerror error;		/* code != 0: why the source ended early */
};

enum line_status {
	LINE_END,
	LINE_GOOD,
	LINE_TOO_LONG,		/* no slice is given */
	LINE_BINARY,		/* it holds a NUL */
};

/* -ENOMEM. @src and @head may be NULL; both must outlive @lines. */
int lines_init(struct lines *lines, struct source *src, const void *head, size_t head_len);
void lines_exit(struct lines *lines);
/* The next line, without its newline and a '\r' before it, valid until the next call. */
enum line_status lines_next(struct lines *lines, const char **start, const char **end);
/*
 * What follows @at in the line handed out last is the next line, with the same
 * number; a newline takes the place of the byte there, so the line ends at @at.
 */
void lines_split(struct lines *lines, const char *at);

/*
 * For a parser that finds the ends of lines itself: the bytes from the next line's start to
 * the end of what is in the buffer, which may be in the midst of a line or none at all. It
 * says how many of them, @nr whole lines, it has taken, none of which held a NUL.
 */
static inline const char *lines_ahead(const struct lines *lines, const char **end)
{
	*end = lines->dropping || lines->split ? lines->buf + lines->pos : lines->buf + lines->end;
	return lines->buf + lines->pos;
}

static inline void lines_taken(struct lines *lines, const char *upto, uint64_t nr)
{
	lines->pos = lines->scanned = (size_t)(upto - lines->buf);
	lines->number += nr;
}

#endif
