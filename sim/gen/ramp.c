/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: ramp, plateau, drain: the three shapes that live memory has over time in
 * real programs (Wilson et al. 1995, section 2.4: ramps, peaks and plateaus). A ramp
 * allocates objects; on the plateau one of them is freed at a time and another of the
 * same size takes its place; the drain frees all, in one of three orders. What the
 * drain leaves behind shows how an engine gives memory back.
 *
 * Object i has size_min + i mod (size_max - size_min + 1) bytes, so the most that is
 * requested at once is a sum that can be written down.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/gen/gen.h"

enum { OBJECTS, PLATEAU, SIZE_LEAST, SIZE_MOST, DRAIN, CPUS };
enum drain { DRAIN_OLDEST, DRAIN_NEWEST, DRAIN_RANDOM };

static const struct gen_param params[] = {
	[OBJECTS] = { "objects", 100000, 1, 1u << 30, GEN_COUNT, "objects at the top of the ramp" },
	[PLATEAU] = { "plateau", 100000, 0, UINT64_C(1) << 40, GEN_COUNT, "objects that are replaced on the plateau" },
	[SIZE_LEAST] = { "size_min", 16, 1, 8192, GEN_BYTES, "smallest size" },
	[SIZE_MOST] = { "size_max", 512, 1, 8192, GEN_BYTES, "largest size; all between are as frequent" },
	[DRAIN] = { "drain", DRAIN_RANDOM, DRAIN_OLDEST, DRAIN_RANDOM, GEN_COUNT,
		    "order of the drain: 0 the oldest first, 1 the newest first, 2 random" },
	[CPUS] = { "cpus", 1, 1, GEN_MAX_CPUS, GEN_COUNT, "CPUs, taken in turn; each frees its own objects" },
	{ .name = NULL }
};

struct ramp {
	const uint64_t *value;
	struct gen_type *type;		/* by size */
	uint64_t *addr;			/* of object i, 0 once it is freed */
};

static const char *mistake(const uint64_t *value)
{
	return value[SIZE_LEAST] > value[SIZE_MOST] ? "size_min is larger than size_max" : NULL;
}

static const struct gen_type *type_of(const struct ramp *ramp, uint64_t i)
{
	return &ramp->type[i % (ramp->value[SIZE_MOST] - ramp->value[SIZE_LEAST] + 1)];
}

static unsigned int cpu_of(const struct ramp *ramp, uint64_t i)
{
	return (unsigned int)(i % ramp->value[CPUS]);
}

static void allocate(struct gen *g, struct ramp *ramp, uint64_t i)
{
	ramp->addr[i] = gen_alloc(g, type_of(ramp, i), cpu_of(ramp, i));
}

static void release(struct gen *g, struct ramp *ramp, uint64_t i)
{
	gen_free(g, type_of(ramp, i), ramp->addr[i], cpu_of(ramp, i));
}

/* Free all in random order, each @order[left] being the next: a shuffle as it goes. */
static void drain(struct gen *g, struct ramp *ramp, uint32_t *order)
{
	uint64_t nr = ramp->value[OBJECTS], i;
	uint32_t left = (uint32_t)nr;

	for (i = 0; i < nr; i++)
		order[i] = (uint32_t)(ramp->value[DRAIN] == DRAIN_NEWEST ? i : nr - 1 - i);
	while (left && gen_more(g)) {
		uint32_t pick = ramp->value[DRAIN] == DRAIN_RANDOM ? random_below(&g->random, left) : left - 1;

		release(g, ramp, order[pick]);
		order[pick] = order[--left];
	}
}

static int run(struct gen *g, const uint64_t *value)
{
	struct ramp ramp = { .value = value };
	uint64_t sizes = value[SIZE_MOST] - value[SIZE_LEAST] + 1, i, n;
	uint32_t *order = malloc(value[OBJECTS] * sizeof(*order));
	int ret = 0;

	ramp.type = malloc(sizes * sizeof(*ramp.type));
	ramp.addr = malloc(value[OBJECTS] * sizeof(*ramp.addr));
	if (!order || !ramp.type || !ramp.addr)
		ret = -ENOMEM;
	for (i = 0; !ret && i < sizes; i++)
		ramp.type[i] = gen_kmalloc(g, (uint32_t)(value[SIZE_LEAST] + i), "ramp_alloc", "ramp_free");
	while (!ret && gen_round(g)) {
		for (i = 0; i < value[OBJECTS] && gen_more(g); i++)
			allocate(g, &ramp, i);
		for (n = 0; n < value[PLATEAU] && gen_more(g); n++) {
			i = random_below(&g->random, (uint32_t)value[OBJECTS]);
			release(g, &ramp, i);
			allocate(g, &ramp, i);
		}
		if (gen_more(g))
			drain(g, &ramp, order);
	}
	free(order);
	free(ramp.type);
	free(ramp.addr);
	return ret;
}

const struct gen_model gen_ramp = {
	.name = "ramp",
	.text = "ramp, plateau, drain: live memory grows, is replaced piece by piece, goes away",
	.after = "Wilson et al. 1995",
	.params = params,
	.mistake = mistake,
	.run = run
};
