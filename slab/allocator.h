/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the object allocator of one machine as the layer's own files see it:
 * its caches, its tables, what it was built with.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_ALLOCATOR_H
#define KMEMSIM_SLAB_ALLOCATOR_H

#include "pagemap/random.h"
#include "slab/engine/engine.h"
#include "slab/kmalloc.h"
#include "slab/load.h"
#include "slab/names.h"
#include "slab/slab.h"

#define NR_MERGE_CHAINS 1024u

#define SLAB_SLOW_FAIL	1u	/* requests may fail on demand, see debug/failslab.c */
#define SLAB_SLOW_FENCE	2u	/* some get a guarded object, see debug/kfence.c */

/* A frame of the pool of guarded objects; beside the flags of pagemap/page.h. */
#define PG_kfence	(1u << 10)

struct slab_allocator {
	unsigned char *base;		/* address of pfn 0's frame */
	size_t bytes;			/* of the range of frames */
	size_t live_bits;		/* bytes >> LIVE_SHIFT */
	uint64_t *live;
	struct page *pages;
	struct kmem_cache **caches;	/* by id; holes are NULL */
	char *percpu;			/* the engine's states, by id and CPU */
	size_t percpu_stride;		/* bytes from one cache's to the next one's */
	size_t percpu_size;		/* bytes from one CPU's to the next one's */
	unsigned int slow_alloc;	/* SLAB_SLOW_*: why requests can't take the short path */
	uint32_t nr_ids;
	uint32_t free_id;		/* no id below it is free */

	struct kfence *kfence;		/* NULL: no pool of guarded objects */
	struct slab_debug *debug;	/* see debug/internal.h */
	struct buddy *buddy;
	struct pagemap *map;
	unsigned int nr_cpus;
	unsigned int nr_nodes;
	const struct engine_ops *engine;
	void *engine_data;		/* the engine's, of all caches together */
	const struct slab_rules *rules;
	struct kmem_cache *shared;	/* whose slabs hold objects of any cache; NULL: none */
	struct slab_config cfg;
	struct vmalloc *vmalloc;	/* NULL until first used */
	uint64_t random_state;
	struct kmem_cache *newest;
	struct kmem_cache *oldest;
	struct kmem_cache *kmalloc[NR_KMALLOC_KINDS][NR_KMALLOC_CLASSES];
	struct kmem_cache *kmalloc_sized[NR_KMALLOC_KINDS][NR_KMALLOC_CLASSES]; /* instead, where kmalloc takes any size */
	struct kmem_cache *kmalloc_small[NR_KMALLOC_KINDS][NR_KMALLOC_SMALL];
	uint32_t large_head;		/* pfn; large kmallocs, linked through their head pages */
	uint64_t large_pages;
	slab_report_fn report;
	void *report_ctx;
	uint64_t stat[NR_SLAB_COUNTERS]; /* of no cache, and of caches that are gone */
	struct slab_frames_ops frames;	/* take is NULL: frames come from buddy */
	uint8_t node_order[MAX_NUMNODES][MAX_NUMNODES];	/* all nodes, as buddy's zonelists have them */
	bool node_has_memory[MAX_NUMNODES];
	struct slab_names names, aliases;	/* of caches, and of those merged into others */
	struct kmem_cache *mergeable[NR_MERGE_CHAINS];
};

#define for_each_slab_cpu(sa, cpu) for ((cpu) = 0; (cpu) < (sa)->nr_cpus; (cpu)++)
#define for_each_slab_node(sa, nid) for ((nid) = 0; (nid) < (sa)->nr_nodes; (nid)++)
/* All nodes, @from first, then the nearest to it; @i counts. */
#define for_each_slab_node_from(sa, from, i, nid) \
	for ((i) = 0; (i) < (sa)->nr_nodes && ((nid) = (sa)->node_order[from][i], true); (i)++)

/* Map and unmap the live bits and the engine's states; -ENOMEM. */
int slab_map_tables(struct slab_allocator *sa, struct kerror *err);
void slab_unmap_tables(struct slab_allocator *sa);

/* Whether @cfg names an engine and all parameters of it are in range; -EINVAL. */
int slab_config_check(const struct slab_config *cfg, struct kerror *err);

/* 0..n-1 from the allocator's seeded generator. */
uint32_t slab_random_below(struct slab_allocator *sa, uint32_t n);

#endif
