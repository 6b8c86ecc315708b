/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the content of a source at addresses, for formats that must be read in another
 * order than they lie. A plain file is mapped. What is packed, or comes through a pipe, is
 * read into memory, and where that is not enough, it is read again: from a file out of
 * that, from a pipe out of what was kept of it, packed (kept.h).
 *
 * For a format whose records stand in a long row, that row is read piece by piece:
 *
 *	file layout   | head | records ......... | sections |   first time: all but the records
 *	                       <- window ->                     second time: the records
 *	pipe layout   | head | records ............         |   once
 *	                       <- window ->
 *
 * A byte's address is always data plus its offset, in whichever way it got there, and
 * what is done with is dropped.
 *
 * For a format with many rows that are read side by side, all of it is read once, to find
 * out how long it is. With at most CONTENT_PARTS_BYTES it is in memory then. Else its reader
 * asks for the parts that it needs next, of all rows together as much as memory is for,
 * and each time all of it up to them is read again:
 *
 *	| head | CPU 0 ...[ 1 ][ 2 ]... | CPU 1 [ 1 ][ 2 ]..... | CPU 2 ..[ 1 ][ 2 ].. | tail |
 *
 * So no file of its own is needed, at the price of time: about once more for each
 * CONTENT_PARTS_BYTES there are.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_CONTENT_H
#define KMEMSIM_SIM_TRACE_CONTENT_H

#include "sim/trace/reader.h"
#include "sim/trace/window.h"

#define CONTENT_MEMORY_BYTES	(16u << 20)
#define CONTENT_PARTS_BYTES	(256u << 20)

struct content {
	const unsigned char *data;	/* NULL where it is empty */
	uint64_t len;
	void *map;		/* to be unmapped, or freed where map_len is 0; or NULL */
	size_t map_len;
	uint64_t spilled;	/* bytes of what was kept that are in a temporary file */
	struct kerror error;	/* code != 0: why the source ended early; data is what came before */
	/* Where it is no file that is mapped. */
	uint64_t filled;	/* bytes that have come; what lies before may have been dropped since */
	bool more;		/* than these, in the row */
	bool parts;		/* of content_open(): not all of it is in memory */
	struct source *src;	/* they come from here, not owned */
	struct window window;	/* base NULL: all is in memory */
	bool twice;		/* the row is read on its own */
	bool again;		/* and is being read now */
	uint64_t dropped;	/* of the window, up to here as far as it was not marked */
};

struct content_row {
	const void *head;	/* bytes that were read already */
	size_t head_len;
	bool twice;		/* something that is wanted stands behind the row; not of content_open() */
	uint64_t memory_bytes;	/* with fewer, all of it is in memory; 0: CONTENT_MEMORY_BYTES, or _PARTS_BYTES */
};

/*
 * All of @src, which stays in use, or with content->parts the parts that are asked for below.
 * -ENOMEM; errors of the input are in content->error. content_close() may be called in any
 * case. The reader's ops say that it keeps.
 */
int content_open(struct content *content, struct source *src, const struct content_row *row, struct kerror *err);
void content_close(struct content *content);

/* A row of records, piece by piece, where it is no file that can be mapped. @src stays in use. */
int content_open_row(struct content *content, struct source *src, const struct content_row *row, struct kerror *err);
/* What is behind the row is wanted: from now on [@from, @to) cannot be looked at, all else can. -EFBIG, -ENOMEM. */
int content_read_around(struct content *content, uint64_t from, uint64_t to, struct kerror *err);
/* The row begins at @from. Errors of source_rewind(). */
int content_begin_row(struct content *content, uint64_t from, struct kerror *err);
/* More of it, until the byte before @to has come or there is no more: @filled says. -ENOMEM. */
int content_fill(struct content *content, uint64_t to, struct kerror *err);
/* The same, but nobody looks at what comes. */
int content_pass(struct content *content, uint64_t to, struct kerror *err);

/* ---- parts.c: parts of what content_open() found to be too much; else these do nothing --- */

struct content_part {
	uint64_t from, to;	/* of the content */
	unsigned char *where;	/* they are wanted */
};

/*
 * What is in memory is all there was room for: find out how much there is. For content_open().
 * Errors of the input, and of what is kept of it, are in content->error.
 */
int content_begin_parts(struct content *content, struct kerror *err);
/*
 * [@from, @to), all of it before the end, can be looked at at its address, from now on.
 * -EFBIG: too much for something that stays; -ENOMEM; content->error where less came than before.
 */
int content_look(struct content *content, uint64_t from, uint64_t to, struct kerror *err);
/*
 * The same, from the front to the end: what lies before @from, and what was looked at
 * before, cannot be looked at any longer. Where less comes than did, content->len says so.
 */
int content_slide(struct content *content, uint64_t from, uint64_t to, struct kerror *err);
/*
 * Read all @parts, which may overlap, in one go. -ENOMEM. Where less comes than did the
 * first time, content->error says why, and content->len up to where all is there.
 */
int content_gather(struct content *content, const struct content_part *parts, size_t nr, struct kerror *err);

/* What of the row is in use: begin, mark each thing of at most 64 KiB, drop the rest that lies before @to. */
static inline bool content_begin_marks(struct content *content)
{
	if (!content->window.base)
		return false;
	window_begin_marks(&content->window);
	return true;
}

static inline void content_mark(struct content *content, const unsigned char *at)
{
	window_mark(&content->window, (uint64_t)(at - content->window.base));
}

void content_drop(struct content *content, uint64_t to);

#endif
