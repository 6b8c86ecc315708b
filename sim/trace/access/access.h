/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: memory accesses of programs: which bytes, read or written or fetched, by
 * which thread. There are thousands of times more of them than allocator events, so
 * they are a stream of their own, in blocks that a reader owns and its caller pulls
 * (reader_accesses(), see reader.h):
 *
 *	events     e0  e1          e2  e3  e4               in their order
 *	accesses          |a0..a9|             |a10..a12|   blocks, behind 2 and behind 5 events
 *
 * All accesses of a block stand at one place among the events. Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACE_ACCESS_ACCESS_H
#define KMEMSIM_SIM_TRACE_ACCESS_ACCESS_H

#include <stdint.h>

enum access_kind {
	ACCESS_FETCH,		/* an instruction */
	ACCESS_LOAD,
	ACCESS_STORE,
	ACCESS_MODIFY,		/* read and written by one instruction */
	NR_ACCESS_KINDS
};

/* A reader has checked that it ends within 64 bits, kind is one of those above, and size is not 0. */
struct access {
	uint64_t addr;		/* of its first byte, virtual */
	uint32_t thread;	/* as the recorder numbers them; 0 where it does not */
	uint16_t size;		/* bytes */
	uint8_t kind;		/* enum access_kind */
	uint8_t zero;
};

_Static_assert(sizeof(struct access) == 16, "four accesses a cache line");

/* 64 KiB: what one pass writes is still in the second-level cache when the next one reads it. */
#define ACCESS_BLOCK	4096u

struct access_block {
	const struct access *at;	/* the reader's, until it is called again */
	uint32_t nr;			/* at most ACCESS_BLOCK */
	uint64_t events;		/* of the trace, before all of them */
};

#endif
