/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a simulated machine, the three layers booted on top of each other.
 * It knows nothing of traces. Two machines can live in one process.
 */
#ifndef KMEMSIM_SIM_MACHINE_MACHINE_H
#define KMEMSIM_SIM_MACHINE_MACHINE_H

#include "buddy/buddy.h"
#include "pagemap/pagemap.h"
#include "slab/slab.h"

struct machine_config {
	uint64_t mem_bytes;
	unsigned int nr_nodes;
	unsigned int nr_cpus;
	struct mem_range holes[MAX_MEM_RANGES];
	unsigned int nr_holes;
	uint64_t movable_bytes;		/* ZONE_MOVABLE at the end of each node */
	uint8_t distance[MAX_NUMNODES][MAX_NUMNODES];	/* all zero: the default */
	bool bind;
	bool page_owner;
	enum buddy_kernel kernel;	/* whose rules both allocators follow; default the newest */
	int64_t min_free_kbytes;	/* -1: as the kernel computes it */
	struct slab_config slab;	/* its kernel is the one above */
};

struct machine {
	struct pagemap *map;
	struct buddy *buddy;
	struct slab_allocator *slab;
};

/* 4 GiB, one node, one CPU, kernel defaults for the rest. */
void machine_config_default(struct machine_config *cfg);

/*
 * Boot a machine: all memory free, no cache but kmalloc's. On success *@out is
 * the caller's until machine_destroy(). Errors: those of pagemap_create(),
 * buddy_create() and slab_allocator_create().
 */
int machine_create(struct machine **out, const struct machine_config *cfg, struct kerror *err);
/*
 * The same over a page allocator that is there, with whatever it holds. @map and @buddy are the machine's from then on, also where
 * this fails. Errors: -ENOMEM, those of slab_allocator_create().
 */
int machine_create_over(struct machine **out, struct pagemap *map, struct buddy *buddy, const struct slab_config *slab,
			struct kerror *err);
void machine_destroy(struct machine *m);

/* Sums over all zones; used is what callers own, counted apart from free. */
struct machine_pages {
	uint64_t managed;
	uint64_t free_lists;	/* in the buddy's lists */
	uint64_t pcp;		/* free, on per-CPU lists */
	uint64_t used;
};
void machine_count_pages(const struct machine *m, struct machine_pages *pages);

/* Run every layer's validator; @fn (may be NULL) gets a sentence for each violation. */
unsigned int machine_validate(const struct machine *m, void (*fn)(void *ctx, const char *text),
			      void *ctx);

#endif
