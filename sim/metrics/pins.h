/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: who keeps 2 MiB blocks from being whole. Free memory in a block that has a used frame serves no huge page;
 * this says what the used frames of such blocks are: slabs of which cache, page blocks of callers, frames on per-CPU
 * lists, or frames that no one can have (reserved, or no memory at all).
 *
 * A block is counted once, under the set of kinds that it has. So the free memory of all sets together is what the
 * unusable free space index of order 9 counts: free frames in blocks of smaller orders.
 *
 * Differs from Linux: its page_owner tells who allocated a frame, but nothing adds up what that costs.
 *
 * Locking: none; it reads only.
 */
#ifndef KMEMSIM_SIM_METRICS_PINS_H
#define KMEMSIM_SIM_METRICS_PINS_H

#include "sim/machine/machine.h"

enum pin_kind { PIN_SLABS, PIN_PAGES, PIN_PCP, PIN_RESERVED, NR_PIN_KINDS };
#define NR_PIN_SETS (1u << NR_PIN_KINDS)

/* Partly free blocks: how many, and the frames of their free lists. */
struct pin_sum {
	uint64_t blocks;
	uint64_t free;
};

struct pin_cache {
	const struct kmem_cache *cache;
	uint64_t frames;		/* of its slabs, in partly free blocks */
	uint64_t free_objects;		/* in all of its slabs, bytes */
	struct pin_sum in;		/* blocks with a frame of it */
	struct pin_sum alone;		/* blocks whose used frames are all its own: whole, if it freed them */
};

struct pins {
	struct pin_sum all;
	struct pin_sum set[NR_PIN_SETS];	/* by the kinds that a block has, a bit each; [0] stays 0 */
	struct pin_cache *caches;		/* owned; most alone.free first, then most in.free, most frames, by name */
	unsigned int nr_caches;			/* that have a frame in such a block */
};

/* -ENOMEM, with nothing to free. The time it takes grows with used frames and free blocks, not with memory. */
int metrics_pins(const struct machine *m, struct pins *pins);
void pins_free(struct pins *pins);

#endif
