/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: steady churn. Most requests are for a few small sizes and most objects die
 * young: both follow Zipf's law, which is near to what real programs do (Wilson,
 * Johnstone, Neely and Boles, "Dynamic storage allocation: a survey and critical
 * review", 1995, on what traces show and what random sizes and lifetimes lack).
 *
 * Each step frees what is due and allocates one object, whose lifetime is counted in
 * steps. So by Little's law as many are live as a lifetime is long on the average, once
 * life_max steps have passed; zipf_mean() says how many.
 *
 *	due[step mod ring] -> list of nodes that die in this step
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/gen/gen.h"
#include "sim/util/zipf.h"

#define MAX_SIZES	1024u

enum { SIZES, SIZE_LEAST, SIZE_MOST, SIZE_SKEW, LIFE_MAX, LIFE_SKEW, CPUS, REMOTE };

static const struct gen_param params[] = {
	[SIZES] = { "sizes", 64, 1, MAX_SIZES, GEN_COUNT, "distinct sizes, from the smallest, which is the most frequent" },
	[SIZE_LEAST] = { "size_min", 8, 1, 8192, GEN_BYTES, "smallest size" },
	[SIZE_MOST] = { "size_max", 4096, 1, 8192, GEN_BYTES, "largest size" },
	[SIZE_SKEW] = { "size_skew", 1000, 0, 5000, GEN_THOUSANDTHS, "Zipf exponent of the sizes; 0: all alike" },
	[LIFE_MAX] = { "life_max", 100000, 1, 100000000, GEN_COUNT, "longest lifetime, in allocations" },
	[LIFE_SKEW] = { "life_skew", 1200, 0, 5000, GEN_THOUSANDTHS, "Zipf exponent of the lifetimes" },
	[CPUS] = { "cpus", 4, 1, GEN_MAX_CPUS, GEN_COUNT, "CPUs, each as busy as the others" },
	[REMOTE] = { "remote", 10, 0, 100, GEN_PERCENT, "objects that are freed on another CPU" },
	{ .name = NULL }
};

struct node {
	uint64_t addr;
	uint32_t next;		/* 0: the last */
	uint16_t type;
	uint16_t cpu;		/* that frees it */
};

struct churn {
	const uint64_t *value;
	struct zipf size, life;
	struct gen_type type[MAX_SIZES];
	uint32_t *due;
	uint64_t ring;
	struct node *node;	/* 0 is none */
	uint32_t nr, size_nodes, free_node;
};

static const char *mistake(const uint64_t *value)
{
	return value[SIZE_LEAST] > value[SIZE_MOST] ? "size_min is larger than size_max" : NULL;
}

/* The sizes lie at equal ratios. */
static void make_types(struct gen *g, struct churn *churn)
{
	double min = (double)churn->value[SIZE_LEAST], ratio = (double)churn->value[SIZE_MOST] / min;
	uint64_t nr = churn->value[SIZES], i;

	for (i = 0; i < nr; i++) {
		double bytes = nr > 1 ? min * pow(ratio, (double)i / (double)(nr - 1)) : min;

		churn->type[i] = gen_kmalloc(g, (uint32_t)(bytes + 0.5), "churn_alloc", "churn_free");
	}
}

/* The number of a node that is free; 0: no memory. */
static uint32_t take_node(struct churn *churn)
{
	uint32_t at = churn->free_node, size = churn->size_nodes * 2;
	struct node *grown;

	if (at) {
		churn->free_node = churn->node[at].next;
		return at;
	}
	if (churn->nr == churn->size_nodes) {
		grown = size ? realloc(churn->node, size * sizeof(*grown)) : NULL;
		if (!grown)
			return 0;
		churn->node = grown;
		churn->size_nodes = size;
	}
	return churn->nr++;
}

static void free_due(struct gen *g, struct churn *churn, uint64_t step)
{
	uint32_t *head = &churn->due[step % churn->ring], at;

	while ((at = *head) && gen_more(g)) {
		struct node *node = &churn->node[at];

		gen_free(g, &churn->type[node->type], node->addr, node->cpu);
		*head = node->next;
		node->next = churn->free_node;
		churn->free_node = at;
	}
}

static int allocate(struct gen *g, struct churn *churn, uint64_t step)
{
	uint32_t cpus = (uint32_t)churn->value[CPUS], cpu = random_below(&g->random, cpus), at = take_node(churn);
	struct node *node = &churn->node[at];
	uint32_t *head;

	if (!at)
		return -ENOMEM;
	node->type = (uint16_t)(zipf_draw(&churn->size, &g->random) - 1);
	head = &churn->due[(step + zipf_draw(&churn->life, &g->random)) % churn->ring];
	node->addr = gen_alloc(g, &churn->type[node->type], cpu);
	if (cpus > 1 && random_below(&g->random, 100) < churn->value[REMOTE])
		cpu = (cpu + 1 + random_below(&g->random, cpus - 1)) % cpus;
	node->cpu = (uint16_t)cpu;
	node->next = *head;
	*head = at;
	return 0;
}

static int run(struct gen *g, const uint64_t *value)
{
	struct churn *churn = calloc(1, sizeof(*churn));
	uint64_t step;
	int ret = churn ? 0 : -ENOMEM;

	if (ret)
		return ret;
	churn->value = value;
	churn->ring = value[LIFE_MAX] + 1;
	churn->due = calloc(churn->ring, sizeof(*churn->due));
	churn->size_nodes = 1024;
	churn->node = malloc(churn->size_nodes * sizeof(*churn->node));
	churn->nr = 1;
	zipf_init(&churn->size, value[SIZES], (double)value[SIZE_SKEW] / 1000);
	zipf_init(&churn->life, value[LIFE_MAX], (double)value[LIFE_SKEW] / 1000);
	if (!churn->due || !churn->node)
		ret = -ENOMEM;
	else
		make_types(g, churn);
	for (step = 0; !ret && gen_more(g); step++) {
		free_due(g, churn, step);
		ret = allocate(g, churn, step);
	}
	free(churn->due);
	free(churn->node);
	free(churn);
	return ret;
}

const struct gen_model gen_churn = {
	.name = "churn",
	.text = "steady churn: sizes and lifetimes by Zipf's law",
	.after = "Wilson et al. 1995",
	.params = params,
	.events = 1000000,
	.mistake = mistake,
	.run = run
};
