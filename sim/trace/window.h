/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: addresses for a stream of bytes of which only some are in memory. A byte's
 * address is the base plus its offset, whenever it is there:
 *
 *	base                                                            base + size
 *	| dropped | in use | dropped | in use | being filled | never filled yet   |
 *
 * Pieces of WINDOW_PIECE bytes come and go. Memory of our own that was dropped cannot be
 * touched: a stale pointer ends the program rather than reading something else. A file
 * that is mapped comes back when it is touched again; dropping it gives memory back.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_WINDOW_H
#define KMEMSIM_SIM_TRACE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_PIECE	(1u << 20)

struct window {
	unsigned char *base;	/* NULL: there is none */
	uint64_t size;		/* bytes of addresses, not of memory */
	bool file;		/* they are those of a mapped file, which somebody else unmaps */
	uint64_t held;		/* bytes that are in memory */
	uint32_t *pieces;	/* of each: the turn it was filled or marked in; 0: it is not there */
	uint64_t first;		/* pieces before this one are not there */
	uint32_t turn;
};

/* Addresses for memory of our own, as many as the system gives. -ENOMEM. window_exit() may be called in any case. */
int window_init(struct window *window);
/* Those of a file that is mapped, at a page's begin. -ENOMEM. */
int window_init_file(struct window *window, void *map, uint64_t len);
void window_exit(struct window *window);

/* The bytes [from, to) can be written and read from now on. -ENOMEM; -EFBIG: they lie behind the window. */
int window_fill(struct window *window, uint64_t from, uint64_t to);
/* Drop the whole pieces in [from, to). */
void window_drop(struct window *window, uint64_t from, uint64_t to);

/* To drop what is no longer in use: begin, mark what is, drop the rest. */
static inline void window_begin_marks(struct window *window)
{
	window->turn++;
}

/* In use is what begins at @offset and is at most a piece long. */
static inline void window_mark(struct window *window, uint64_t offset)
{
	uint64_t piece = offset / WINDOW_PIECE, last = (window->size - 1) / WINDOW_PIECE;
	uint64_t next = piece < last ? piece + 1 : last;

	if (offset >= window->size)
		return;
	window->pieces[piece] = window->pieces[piece] ? window->turn : 0;
	window->pieces[next] = window->pieces[next] ? window->turn : 0;
}

/* Pieces that end before @to and were not marked. */
void window_drop_unmarked(struct window *window, uint64_t to);

#endif
