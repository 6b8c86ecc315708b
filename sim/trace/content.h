/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the whole content of a source in one piece of memory, for formats that
 * must be read in another order than they lie. A plain file is mapped. What is
 * packed, or comes through a pipe, is read once: into memory, or where it is more
 * than CONTENT_MEMORY_BYTES into a temporary file without a name ($TMPDIR or
 * /tmp), which is mapped.
 *
 * Or, for a format whose records stand in a long row, that row is read piece by piece:
 *
 *	file layout   | head | records ......... | sections |   first time: all but the records
 *	                       <- window ->                     second time: the records
 *	pipe layout   | head | records ............         |   once
 *	                       <- window ->
 *
 * A byte's address is always data plus its offset, in whichever way it got there, and
 * what is done with is dropped.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_CONTENT_H
#define KMEMSIM_SIM_TRACE_CONTENT_H

#include "sim/trace/reader.h"
#include "sim/trace/window.h"

#define CONTENT_MEMORY_BYTES	(16u << 20)

struct content {
	const unsigned char *data;	/* NULL where it is empty */
	uint64_t len;
	void *map;		/* to be unmapped, or freed where map_len is 0; or NULL */
	size_t map_len;
	uint64_t spilled;	/* bytes in the temporary file */
	struct kerror error;	/* code != 0: why the source ended early; data is what came before */
	/* Of content_open_row(). */
	uint64_t filled;	/* bytes that have come; what lies before may have been dropped since */
	bool more;		/* than these, in the row */
	struct source *src;	/* they come from here, not owned */
	struct window window;	/* base NULL: all is in memory */
	bool twice;		/* the row is read on its own */
	bool again;		/* and is being read now */
	uint64_t dropped;	/* of the window, up to here as far as it was not marked */
};

/*
 * All of @src, of which the @head_len bytes at @head were read already. -ENOMEM or
 * an error of the temporary file. content_close() may be called in any case.
 */
int content_open(struct content *content, struct source *src, const void *head, size_t head_len, struct kerror *err);
void content_close(struct content *content);

struct content_row {
	const void *head;	/* bytes that were read already */
	size_t head_len;
	bool twice;		/* something that is wanted stands behind the row */
	uint64_t memory_bytes;	/* with fewer, all of it is in memory; 0: CONTENT_MEMORY_BYTES */
};

/* The same, piece by piece, where it is no file that can be mapped. @src stays in use. */
int content_open_row(struct content *content, struct source *src, const struct content_row *row, struct kerror *err);
/* What is behind the row is wanted: from now on [@from, @to) cannot be looked at, all else can. -EFBIG, -ENOMEM. */
int content_read_around(struct content *content, uint64_t from, uint64_t to, struct kerror *err);
/* The row begins at @from. Errors of source_rewind(). */
int content_begin_row(struct content *content, uint64_t from, struct kerror *err);
/* More of it, until the byte before @to has come or there is no more: @filled says. -ENOMEM. */
int content_fill(struct content *content, uint64_t to, struct kerror *err);
/* The same, but nobody looks at what comes. */
int content_pass(struct content *content, uint64_t to, struct kerror *err);

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
