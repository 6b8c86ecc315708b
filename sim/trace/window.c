/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: addresses for a stream of bytes; see window.h. Single-threaded. */
#include "sim/trace/window.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#define MOST	(1ull << 40)	/* nothing stands behind addresses; a limit on them (ulimit -v) may allow fewer */
#define LEAST	(1ull << 28)

static size_t pieces_bytes(const struct window *window)
{
	return (size_t)(window->size / WINDOW_PIECE + 1) * sizeof(*window->pieces);
}

/* Of 1 TiB they are 4 MiB, of which hardly any is touched. */
static int make_pieces(struct window *window)
{
	void *pieces = mmap(NULL, pieces_bytes(window), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	window->turn = 1;
	window->pieces = pieces != MAP_FAILED ? pieces : NULL;
	return window->pieces ? 0 : -ENOMEM;
}

int window_init(struct window *window)
{
	void *base = MAP_FAILED;
	uint64_t size;

	*window = (struct window){ .base = NULL };
	for (size = MOST; size >= LEAST; size /= 4) {
		base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (base != MAP_FAILED)
			break;
	}
	if (base == MAP_FAILED)
		return -ENOMEM;
	window->base = base;
	window->size = size;
	return make_pieces(window);
}

int window_init_file(struct window *window, void *map, uint64_t len)
{
	*window = (struct window){ .base = map, .size = len, .file = true };
	return make_pieces(window);
}

void window_exit(struct window *window)
{
	if (window->base && !window->file)
		munmap(window->base, window->size);
	if (window->pieces)
		munmap(window->pieces, pieces_bytes(window));
	*window = (struct window){ .base = NULL };
}

int window_fill(struct window *window, uint64_t from, uint64_t to)
{
	uint64_t piece;

	if (to > window->size)
		return -EFBIG;
	for (piece = from / WINDOW_PIECE; piece * WINDOW_PIECE < to; piece++) {
		if (window->pieces[piece])
			continue;
		if (!window->file && mprotect(window->base + piece * WINDOW_PIECE, WINDOW_PIECE, PROT_READ | PROT_WRITE))
			return -ENOMEM;
		/* At once, rather than page by page when they are written to; older systems do not know how. */
		if (!window->file)
			madvise(window->base + piece * WINDOW_PIECE, WINDOW_PIECE, MADV_POPULATE_WRITE);
		window->pieces[piece] = window->turn;
		window->held += WINDOW_PIECE;
		if (piece < window->first)
			window->first = piece;
	}
	return 0;
}

/* Give back the pieces [from, to), all of which are there. */
static void give_back(struct window *window, uint64_t from, uint64_t to)
{
	unsigned char *at = window->base + from * WINDOW_PIECE;
	uint64_t len = (to - from) * WINDOW_PIECE, piece;

	/* A file's last piece may be shorter than a piece; that one is never dropped. */
	if (window->file)
		madvise(at, len, MADV_DONTNEED);
	else if (mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return;
	for (piece = from; piece < to; piece++)
		window->pieces[piece] = 0;
	window->held -= len;
}

/* Pieces of [from, to) that were not marked in @turn; 0: all. */
static void drop_pieces(struct window *window, uint64_t from, uint64_t to, uint32_t turn)
{
	uint64_t piece, start = from;

	for (piece = from; piece < to; piece++) {
		uint32_t marked = window->pieces[piece];

		if (marked && marked != turn)
			continue;
		if (piece > start)
			give_back(window, start, piece);
		start = piece + 1;
	}
	if (to > start)
		give_back(window, start, to);
}

void window_drop(struct window *window, uint64_t from, uint64_t to)
{
	uint64_t last = window->size / WINDOW_PIECE;

	from = from / WINDOW_PIECE + !!(from % WINDOW_PIECE);
	to /= WINDOW_PIECE;
	if (from < to)
		drop_pieces(window, from, to < last ? to : last, 0);
}

void window_drop_unmarked(struct window *window, uint64_t to)
{
	uint64_t end = (to < window->size ? to : window->size) / WINDOW_PIECE;

	drop_pieces(window, window->first, end, window->turn);
	while (window->first < end && !window->pieces[window->first])
		window->first++;
}
