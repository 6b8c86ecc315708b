/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: parts of a content that is not in memory as a whole; see content.h. Single-threaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/content.h"

#define PIECE_BYTES	WINDOW_PIECE
#define MOST_LOOKED_AT	(256u << 20)	/* and what is there from the beginning; of a recording some MB are usual */
#define ENDS_SHARE	16		/* of what was in memory so much stays at the front, and as much at the end */

static int no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory for the parts of the trace");
}

/* Formats describe their rows at the front or at the end: those stay. */
int content_begin_parts(struct content *content, struct kerror *err)
{
	uint64_t stays = content->filled / ENDS_SHARE / PIECE_BYTES * PIECE_BYTES, dropped = stays;
	struct kerror why = { 0 };
	int ret = source_keep(content->src, content->data, content->filled, &content->error);

	if (ret) {
		content->more = false;
		return ret == -ENOMEM ? kerror_set(err, ret, "%s", content->error.text) : 0;
	}
	content->parts = true;
	while (!ret && content->more) {
		uint64_t to = content->filled / PIECE_BYTES * PIECE_BYTES;

		to = to > stays ? to - stays : 0;
		if (to > dropped) {
			window_drop(&content->window, dropped, to);
			dropped = to;
		}
		ret = content_fill(content, content->filled + PIECE_BYTES, err);
	}
	content->more = false;
	/* What is kept ends here; where there is no room for its end, what came before can be read all the same. */
	if (source_rewind(content->src, &why) && !content->error.code)
		content->error = why;
	content->spilled = source_kept_in_file(content->src);
	return ret;
}

static uint64_t end_of(const struct content_part *parts, size_t nr)
{
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		if (parts[i].from < parts[i].to && parts[i].to > end)
			end = parts[i].to;
	return end;
}

/* What [@at, @at + @len) has of the parts. */
static void share_out(const struct content_part *parts, size_t nr, const unsigned char *bytes, uint64_t at, uint64_t len)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		uint64_t from = parts[i].from > at ? parts[i].from : at;
		uint64_t to = parts[i].to < at + len ? parts[i].to : at + len;

		if (from < to)
			memcpy(parts[i].where + (from - parts[i].from), bytes + (from - at), to - from);
	}
}

/* Less has come than there was before. */
static void note_short(struct content *content, uint64_t len, const struct kerror *why)
{
	content->len = len;
	if (content->error.code)
		return;
	if (why->code)
		content->error = *why;
	else
		kerror_set(&content->error, -ESTALE, "%.100s: it was changed while it was read", source_name(content->src));
}

int content_gather(struct content *content, const struct content_part *parts, size_t nr, struct kerror *err)
{
	uint64_t end = end_of(parts, nr), at = 0;
	struct kerror why = { 0 };
	unsigned char *piece;
	int64_t got;

	if (end > content->len)
		end = content->len;
	if (!end)
		return 0;
	piece = malloc(PIECE_BYTES);
	if (!piece)
		return no_memory(err);
	got = source_rewind(content->src, &why);
	while (!got && at < end) {
		got = source_read(content->src, piece, end - at < PIECE_BYTES ? end - at : PIECE_BYTES, &why);
		if (got <= 0)
			break;
		share_out(parts, nr, piece, at, (uint64_t)got);
		at += (uint64_t)got;
		got = 0;
	}
	free(piece);
	if (got == -ENOMEM)
		return no_memory(err);
	if (at < end)
		note_short(content, at, &why);
	return 0;
}

/* The first whole pieces of [@from, @to) that are not there; false: all are. */
static bool find_missing(const struct content *content, uint64_t from, uint64_t to, struct content_part *missing)
{
	uint64_t piece = from / PIECE_BYTES;

	while (piece * PIECE_BYTES < to && content->window.pieces[piece])
		piece++;
	missing->from = piece * PIECE_BYTES;
	missing->to = (to + PIECE_BYTES - 1) / PIECE_BYTES * PIECE_BYTES;
	missing->where = content->window.base + missing->from;
	return missing->from < to;
}

static int came_short(const struct content *content, struct kerror *err)
{
	return kerror_set(err, content->error.code, "%s", content->error.text);
}

int content_look(struct content *content, uint64_t from, uint64_t to, struct kerror *err)
{
	struct content_part missing;
	int ret;

	if (!content->parts || from >= to)
		return 0;
	if (to > content->len)
		return came_short(content, err);
	if (!find_missing(content, from, to, &missing))
		return 0;
	if (missing.to - missing.from > MOST_LOOKED_AT || content->window.held > MOST_LOOKED_AT)
		return kerror_set(err, -EFBIG, "more than %u bytes lie around its events, as in no recording", MOST_LOOKED_AT);
	if (window_fill(&content->window, missing.from, missing.to))
		return no_memory(err);
	ret = content_gather(content, &missing, 1, err);
	return !ret && content->len < to ? came_short(content, err) : ret;
}

/* From the first byte on, and nothing is there. */
static int begin_sliding(struct content *content)
{
	struct kerror why = { 0 };

	window_drop(&content->window, 0, content->filled + PIECE_BYTES);
	content->again = true;
	content->filled = content->dropped = 0;
	content->more = !source_rewind(content->src, &why);
	if (!content->more)
		note_short(content, 0, &why);
	return why.code == -ENOMEM ? -ENOMEM : 0;
}

int content_slide(struct content *content, uint64_t from, uint64_t to, struct kerror *err)
{
	int ret = 0;

	if (!content->parts)
		return 0;
	if (!content->again && begin_sliding(content))
		return no_memory(err);
	if (to > content->len)
		to = content->len;
	from = from / PIECE_BYTES * PIECE_BYTES;
	while (!ret && content->more && content->filled < to) {
		uint64_t before = content->filled < from ? content->filled / PIECE_BYTES * PIECE_BYTES : from;

		if (before > content->dropped) {
			window_drop(&content->window, content->dropped, before);
			content->dropped = before;
		}
		/* Behind the end nothing comes, and that would be an error now. */
		ret = content_fill(content, to - content->filled < PIECE_BYTES ? to : content->filled + PIECE_BYTES, err);
	}
	if (content->filled < to)
		content->len = content->filled;
	return ret;
}
