/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: Robson's adversary, for the buddy system. A program that never holds more
 * than M bytes can make any allocator need much more: with blocks of 1 to n frames
 * M (1 + log2(n) / 2), less what is small beside it (Robson, "An estimate of the store
 * size necessary for dynamic storage allocation", 1971; "Bounds for some functions
 * concerning dynamic storage allocation", 1974).
 *
 *	phase 0     M of single frames           ####################
 *	phase i     keep one block in each       #...#...#...#...#...   half of what was held
 *	            aligned 2^i frames, and      22..22..               becomes free, but no
 *	            allocate blocks of order i   in memory that was     block of order i
 *	            until M is held again        never used
 *
 * Phase i finds M/2 held in blocks of which each 2^i frames have one, so M/2 are
 * allocated anew: the footprint grows by M/2 a phase while M is held. Robson's program
 * looks at the addresses it is given; this one knows that a fresh buddy system hands
 * blocks of one order out in the order of their addresses. Replay it on one CPU.
 */
#include <errno.h>
#include <stdlib.h>

#include "buddy/gfp.h"
#include "sim/gen/gen.h"

enum { MEMORY, ORDER };

static const struct gen_param params[] = {
	[MEMORY] = { "memory", 16u << 20, 1u << 20, UINT64_C(1) << 40, GEN_BYTES, "M, the most that is held at once" },
	[ORDER] = { "order", 8, 1, EVENT_MAX_ORDER, GEN_COUNT, "log2(n): the largest block, which the last phase asks for" },
	{ .name = NULL }
};

/* Blocks of one order, in the order in which they were allocated; 0 where one was freed. */
struct phase {
	uint64_t *pfn;
	uint64_t nr;
};

static const char *mistake(const uint64_t *value)
{
	return value[MEMORY] >> 12 >> (value[ORDER] + 1) << (value[ORDER] + 1) != value[MEMORY] >> 12 ?
	       "memory must be a multiple of two blocks of that order" : NULL;
}

/* Of @phase, whose blocks have @order, keep one in each 2^@now frames. */
static void thin(struct gen *g, struct phase *phase, unsigned int order, unsigned int now)
{
	struct gen_type block = gen_block(GFP_KERNEL | __GFP_MEMALLOC, order);
	uint64_t step = UINT64_C(1) << (now - order), i;

	for (i = 0; i < phase->nr && gen_more(g); i++) {
		if (i % step == 0)
			continue;
		gen_free(g, &block, phase->pfn[i], 0);
		phase->pfn[i] = 0;
	}
}

static void fill(struct gen *g, struct phase *phase, unsigned int order)
{
	struct gen_type block = gen_block(GFP_KERNEL | __GFP_MEMALLOC, order);
	uint64_t i;

	for (i = 0; i < phase->nr && gen_more(g); i++)
		phase->pfn[i] = gen_alloc(g, &block, 0);
}

static void drain(struct gen *g, struct phase *phase, unsigned int order)
{
	struct gen_type block = gen_block(GFP_KERNEL | __GFP_MEMALLOC, order);
	uint64_t i;

	for (i = 0; i < phase->nr && gen_more(g); i++) {
		gen_free(g, &block, phase->pfn[i], 0);
		phase->pfn[i] = 0;
	}
}

static int run(struct gen *g, const uint64_t *value)
{
	struct phase phase[EVENT_MAX_ORDER + 1] = { { 0 } };
	unsigned int last = (unsigned int)value[ORDER], now, order;
	uint64_t frames = value[MEMORY] >> 12;
	int ret = 0;

	for (order = 0; order <= last; order++) {
		phase[order].nr = order ? frames >> 1 >> order : frames;
		phase[order].pfn = calloc(phase[order].nr, sizeof(uint64_t));
		if (!phase[order].pfn)
			ret = -ENOMEM;
	}
	while (!ret && gen_round(g)) {
		for (order = 0; order <= last; order++)
			drain(g, &phase[order], order);
		for (now = 0; now <= last; now++) {
			for (order = 0; order < now; order++)
				thin(g, &phase[order], order, now);
			fill(g, &phase[now], now);
		}
	}
	for (order = 0; order <= last; order++)
		free(phase[order].pfn);
	return ret;
}

const struct gen_model gen_robson = {
	.name = "robson",
	.text = "a program that holds M and makes the buddy system need M (1 + order / 2)",
	.after = "Robson 1971, 1974",
	.params = params,
	.mistake = mistake,
	.run = run
};
