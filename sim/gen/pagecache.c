/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a page cache that is filled under pressure. Files are read from the front
 * to the end, in windows of readahead; once the cache holds what it may, the oldest
 * pages go, in batches of 32 as reclaim takes them. A share of the pages is read again
 * and so stays for another round of the list (second chance: Corbató 1968, and the
 * kernel's inactive list). Between the windows the kernel asks for pages of its own,
 * which cannot be moved, and keeps them: under pressure they come to lie among the
 * cache's, and that is how movable memory gets fragmented (Gorman and Whitcroft, "The
 * what, the why and the where to of anti-fragmentation", 2006).
 *
 * The most that is held is memory and kernel together.
 */
#include <errno.h>
#include <stdlib.h>

#include "buddy/gfp.h"
#include "sim/gen/gen.h"

#define RECLAIM_BATCH	32u	/* SWAP_CLUSTER_MAX */

enum { MEMORY, READ, ORDER, WINDOW, AGAIN, KERNEL, CPUS };

static const struct gen_param params[] = {
	[MEMORY] = { "memory", 128u << 20, 1u << 20, UINT64_C(1) << 40, GEN_BYTES, "the most that the cache holds" },
	[READ] = { "read", 512u << 20, 1u << 20, UINT64_C(1) << 50, GEN_BYTES, "what is read in all" },
	[ORDER] = { "order", 0, 0, 9, GEN_COUNT, "frames of a folio are 2^order" },
	[WINDOW] = { "window", 128u << 10, 4096, 16u << 20, GEN_BYTES, "what one readahead asks for" },
	[AGAIN] = { "again", 20, 0, 90, GEN_PERCENT, "pages at the list's end that were read again, and stay" },
	[KERNEL] = { "kernel", 8u << 20, 0, UINT64_C(1) << 40, GEN_BYTES, "frames the kernel takes for itself while files are read" },
	[CPUS] = { "cpus", 2, 1, GEN_MAX_CPUS, GEN_COUNT, "CPUs, taken in turn, a window each; two tasks read" },
	{ .name = NULL }
};

struct cache {
	const uint64_t *value;
	struct gen_type folio, own;
	uint64_t *list;			/* a ring: folios from the oldest to the newest */
	uint64_t most, nr, oldest;
	uint64_t *kernel;
	uint64_t nr_kernel;
	name_id reader, kswapd;
};

static const char *mistake(const uint64_t *value)
{
	uint64_t folio = UINT64_C(4096) << value[ORDER];

	if (value[WINDOW] < folio || value[MEMORY] < folio * 2 * RECLAIM_BATCH || value[MEMORY] < value[WINDOW])
		return "a folio or a window is too large for the memory";
	return NULL;
}

/* A batch from the old end; what was read again goes to the new end. */
static void reclaim(struct gen *g, struct cache *cache, unsigned int cpu)
{
	unsigned int freed = 0;

	g->pid = 40;
	g->tasks = 1;
	g->comm = cache->kswapd;
	while (freed < RECLAIM_BATCH && cache->nr && gen_more(g)) {
		uint64_t folio = cache->list[cache->oldest];

		cache->oldest = (cache->oldest + 1) % cache->most;
		if (random_below(&g->random, 100) < cache->value[AGAIN]) {
			cache->list[(cache->oldest + cache->nr - 1) % cache->most] = folio;
			continue;
		}
		cache->nr--;
		gen_free(g, &cache->folio, folio, cpu);
		freed++;
	}
	g->pid = 1000;
	g->tasks = 2;
	g->comm = cache->reader;
}

static void read_window(struct gen *g, struct cache *cache, unsigned int cpu)
{
	uint64_t folios = cache->value[WINDOW] >> 12 >> cache->value[ORDER];

	while (folios-- && gen_more(g)) {
		if (cache->nr == cache->most)
			reclaim(g, cache, cpu);
		cache->list[(cache->oldest + cache->nr++) % cache->most] = gen_alloc(g, &cache->folio, cpu);
	}
}

static void drop_all(struct gen *g, struct cache *cache)
{
	uint64_t i;

	for (i = 0; i < cache->nr_kernel && gen_more(g); i++)
		gen_free(g, &cache->own, cache->kernel[i], 0);
	cache->nr_kernel = 0;
	for (; cache->nr && gen_more(g); cache->nr--) {
		gen_free(g, &cache->folio, cache->list[cache->oldest], 0);
		cache->oldest = (cache->oldest + 1) % cache->most;
	}
}

/* One round: files are read; the kernel's frames are spread over it. */
static void read_files(struct gen *g, struct cache *cache)
{
	uint64_t windows = cache->value[READ] / cache->value[WINDOW], frames = cache->value[KERNEL] >> 12, i;

	for (i = 0; i < windows && gen_more(g); i++) {
		unsigned int cpu = (unsigned int)(i % cache->value[CPUS]);

		read_window(g, cache, cpu);
		/* In parts, for the product of the two may be more than 64 bits have. */
		while (cache->nr_kernel < (uint64_t)((double)frames * (double)(i + 1) / (double)windows) && gen_more(g))
			cache->kernel[cache->nr_kernel++] = gen_alloc(g, &cache->own, cpu);
	}
}

static int run(struct gen *g, const uint64_t *value)
{
	struct cache cache = { .value = value };
	int ret = 0;

	cache.most = value[MEMORY] >> 12 >> value[ORDER];
	cache.list = calloc(cache.most, sizeof(*cache.list));
	cache.kernel = calloc((value[KERNEL] >> 12) + 1, sizeof(*cache.kernel));
	if (!cache.list || !cache.kernel)
		ret = -ENOMEM;
	cache.folio = gen_block(GFP_HIGHUSER_MOVABLE | (value[ORDER] ? __GFP_COMP : 0), (unsigned int)value[ORDER]);
	cache.own = gen_block(GFP_KERNEL, 0);
	cache.reader = gen_name(g, "tar");
	cache.kswapd = gen_name(g, "kswapd0");
	g->comm = cache.reader;
	while (!ret && gen_round(g)) {
		drop_all(g, &cache);
		read_files(g, &cache);
	}
	free(cache.list);
	free(cache.kernel);
	return ret;
}

const struct gen_model gen_pagecache = {
	.name = "pagecache",
	.text = "files are read through a full page cache, and the kernel takes frames meanwhile",
	.after = "Gorman and Whitcroft 2006",
	.params = params,
	.mistake = mistake,
	.run = run
};
