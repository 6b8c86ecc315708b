/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the checkerboard. Single frames are allocated until memory is full, then all
 * but every 2^order-th are freed:
 *
 *	order 1     #.#.#.#.     half of memory is free, and no two frames of it are buddies
 *	order 2     #...#...     three quarters are free, and no block of four
 *
 * It is external fragmentation at its worst: the least memory that, held, keeps every
 * block of an order away (Knuth, The Art of Computer Programming 1, section 2.5, has
 * the buddy system; Robson 1971 what this grows into, see robson.c). The frames follow
 * each other in memory where the allocator is fresh, for it splits blocks from their
 * beginning; so replay it on one CPU, with --mem as large as the model's memory. Its
 * requests may dip into the reserves (__GFP_MEMALLOC): else the watermark would keep some.
 */
#include <errno.h>
#include <stdlib.h>

#include "buddy/gfp.h"
#include "sim/gen/gen.h"

enum { MEMORY, ORDER };

static const struct gen_param params[] = {
	[MEMORY] = { "memory", 64u << 20, 1u << 20, UINT64_C(1) << 40, GEN_BYTES, "memory that is filled" },
	[ORDER] = { "order", 1, 1, EVENT_MAX_ORDER, GEN_COUNT, "one frame of 2^order is kept" },
	{ .name = NULL }
};

static int run(struct gen *g, const uint64_t *value)
{
	struct gen_type frame = gen_block(GFP_KERNEL | __GFP_MEMALLOC, 0);
	uint64_t nr = value[MEMORY] >> 12, step = UINT64_C(1) << value[ORDER], i;
	uint64_t *pfn = calloc(nr, sizeof(*pfn));

	if (!pfn)
		return -ENOMEM;
	while (gen_round(g)) {
		/* What the last round kept. */
		for (i = 0; i < nr && gen_more(g); i += step)
			gen_free(g, &frame, pfn[i], 0);
		for (i = 0; i < nr && gen_more(g); i++)
			pfn[i] = gen_alloc(g, &frame, 0);
		for (i = 0; i < nr && gen_more(g); i++)
			if (i % step)
				gen_free(g, &frame, pfn[i], 0);
	}
	free(pfn);
	return 0;
}

const struct gen_model gen_checkerboard = {
	.name = "checkerboard",
	.text = "memory is full, then one frame of 2 (or 4, 8, ...) is kept: free memory, and no block",
	.after = "Knuth 1968, Robson 1971",
	.params = params,
	.run = run
};
