/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: addresses for what a generator allocates. They are names: whoever replays
 * the trace takes places of his own. What they must be is distinct while something
 * lives there, and plausible. A place given back is the next one given out, as
 * allocators do, so a trace has few distinct addresses.
 *
 *	objects   a region of 2^40 bytes for each power of two that sizes are rounded up to
 *	blocks    frame numbers from 2^8 up, aligned to their order
 *
 * Objects lie in the lower half of each 2 MiB and blocks of up to 1 MiB in the upper
 * half, so that nobody who looks for the direct map (sim/trace/resolve/direct_map.c)
 * finds one where none is: the pages of objects are not in a generated trace.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_GEN_PLACE_H
#define KMEMSIM_SIM_GEN_PLACE_H

#include <stdint.h>

#include "sim/trace/event.h"

#define GEN_REGIONS	33u	/* sizes up to 4 GiB */
#define GEN_REGION_BITS	40u

struct gen_pile {
	uint64_t *place;	/* given back, the last one on top */
	uint64_t nr, size;
	uint64_t next;		/* objects: number of the first slot never given out */
};

struct gen_places {
	struct gen_pile object[GEN_REGIONS], heap[GEN_REGIONS], block[EVENT_MAX_ORDER + 1], number;
	uint64_t next_pfn;
};

/* All zero is a good beginning. */
void gen_places_exit(struct gen_places *places);

/*
 * A place for an object of @bytes (of a program's heap: @heap), or for a block of
 * 2^@order frames. 0: no more addresses (that is far behind any memory).
 */
uint64_t gen_place_object(struct gen_places *places, uint32_t bytes, bool heap);
uint64_t gen_place_block(struct gen_places *places, unsigned int order);
/* A number for a heap's block where addresses are numbers (EVF_HEAP_NUMBER): from 1. */
uint64_t gen_place_number(struct gen_places *places);
/* Give one back, with the same words. -ENOMEM. */
int gen_return_number(struct gen_places *places, uint64_t number);
int gen_return_object(struct gen_places *places, uint64_t addr, uint32_t bytes, bool heap);
int gen_return_block(struct gen_places *places, uint64_t pfn, unsigned int order);

#endif
