/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: memory pools; see mempool.h. One thread drives a machine. */
#include "slab/extras/mempool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEMPOOL_MAX	(1u << 24)

struct mempool {
	struct mempool_args args;
	struct mempool_stat stat;	/* curr_nr and min_nr are kept here */
	void **elements;		/* the reserve, a stack */
};

const struct slab_counter_desc mempool_counter_desc[NR_MEMPOOL_COUNTERS] = {
#define MEMPOOL_COUNTER_DESC(name, text) [MPC_##name] = { #name, text },
	MEMPOOL_COUNTERS(MEMPOOL_COUNTER_DESC)
#undef MEMPOOL_COUNTER_DESC
};

/* ---- the reserve ------------------------------------------------------- */

static void poison_element(const struct mempool *pool, unsigned char *element)
{
	size_t bytes = pool->args.poison_bytes;

	if (!bytes)
		return;
	memset(element, POISON_FREE, bytes - 1);
	element[bytes - 1] = POISON_END;
}

static void check_element(struct mempool *pool, unsigned char *element)
{
	size_t i, bytes = pool->args.poison_bytes;

	for (i = 0; i < bytes; i++)
		if (element[i] != (i < bytes - 1 ? POISON_FREE : POISON_END)) {
			pool->stat.counter[MPC_poison_errors]++;
			pool->stat.bad_element = element;
			pool->stat.bad_offset = i;
			break;
		}
	if (bytes)
		memset(element, POISON_INUSE, bytes);
}

static void add_element(struct mempool *pool, void *element)
{
	poison_element(pool, element);
	pool->elements[pool->stat.curr_nr++] = element;
}

static void *remove_element(struct mempool *pool)
{
	void *element = pool->elements[--pool->stat.curr_nr];

	check_element(pool, element);
	return element;
}

static void *new_element(struct mempool *pool, unsigned int cpu, gfp_t gfp)
{
	void *element = pool->args.ops->alloc(pool->args.pool_data, cpu, gfp);

	if (!element)
		return NULL;
	pool->stat.counter[MPC_constructed]++;
	if (pool->args.ops->ctor)
		pool->args.ops->ctor(pool->args.pool_data, element);
	return element;
}

/* As far as there is memory. */
static void fill(struct mempool *pool, unsigned int cpu, gfp_t gfp)
{
	while (pool->stat.curr_nr < pool->stat.min_nr) {
		void *element = new_element(pool, cpu, gfp);

		if (!element)
			return;
		add_element(pool, element);
	}
}

/* ---- pools ------------------------------------------------------------- */

static int check_args(const struct mempool_args *args, struct kerror *err)
{
	if (!args->min_nr || args->min_nr > MEMPOOL_MAX)
		return kerror_set(err, -EINVAL, "a pool reserves 1..%u elements, not %u",
				  MEMPOOL_MAX, args->min_nr);
	if (!args->ops || !args->ops->alloc || !args->ops->free)
		return kerror_set(err, -EINVAL, "a pool needs functions to allocate and to free");
	if (args->poison_bytes && args->ops->ctor)
		return kerror_set(err, -EINVAL,
				  "poison would undo what the pool's constructor did");
	return 0;
}

int mempool_create(struct mempool **out, const struct mempool_args *args, unsigned int cpu,
		   gfp_t gfp, struct kerror *err)
{
	int ret = check_args(args, err);
	struct mempool *pool;

	*out = NULL;
	if (ret)
		return ret;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return kerror_set(err, -ENOMEM, "no memory for a pool");
	pool->args = *args;
	pool->stat.min_nr = args->min_nr;
	pool->elements = calloc(args->min_nr, sizeof(*pool->elements));
	if (pool->elements)
		fill(pool, cpu, gfp);
	if (pool->stat.curr_nr < args->min_nr) {
		kerror_set(err, -ENOMEM, "memory for %u of %u elements of a pool",
			   pool->stat.curr_nr, args->min_nr);
		mempool_destroy(pool, cpu);
		return -ENOMEM;
	}
	pool->stat.lowest_nr = args->min_nr;
	*out = pool;
	return 0;
}

static void free_reserve_above(struct mempool *pool, unsigned int cpu, unsigned int nr)
{
	while (pool->stat.curr_nr > nr)
		pool->args.ops->free(pool->args.pool_data, cpu, remove_element(pool));
}

void mempool_destroy(struct mempool *pool, unsigned int cpu)
{
	if (!pool)
		return;
	free_reserve_above(pool, cpu, 0);
	free(pool->elements);
	free(pool);
}

int mempool_resize(struct mempool *pool, unsigned int cpu, unsigned int min_nr)
{
	void **elements;

	if (!min_nr || min_nr > MEMPOOL_MAX)
		return -EINVAL;
	if (min_nr > pool->stat.min_nr) {
		elements = realloc(pool->elements, min_nr * sizeof(*elements));
		if (!elements)
			return -ENOMEM;
		pool->elements = elements;
	}
	pool->stat.min_nr = min_nr;
	free_reserve_above(pool, cpu, min_nr);
	fill(pool, cpu, GFP_KERNEL);
	pool->stat.lowest_nr = pool->stat.curr_nr;
	return 0;
}

/* ---- elements ---------------------------------------------------------- */

static void *take_from_reserve(struct mempool *pool)
{
	void *element = remove_element(pool);

	if (pool->stat.curr_nr < pool->stat.lowest_nr)
		pool->stat.lowest_nr = pool->stat.curr_nr;
	pool->stat.counter[MPC_from_reserve]++;
	if (pool->args.ops->reset) {
		pool->stat.counter[MPC_reset]++;
		pool->args.ops->reset(pool->args.pool_data, element);
	}
	return element;
}

static void *try_alloc(struct mempool *pool, unsigned int cpu, gfp_t gfp)
{
	void *element = new_element(pool, cpu, gfp);

	if (!element && pool->stat.curr_nr)
		element = take_from_reserve(pool);
	return element;
}

void *mempool_alloc(struct mempool *pool, unsigned int cpu, gfp_t gfp)
{
	void *element = NULL;

	if (gfp & __GFP_ZERO) {
		pool->stat.counter[MPC_failed]++;
		return NULL;
	}
	gfp |= __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	element = try_alloc(pool, cpu, gfp & ~(gfp_t)(__GFP_DIRECT_RECLAIM | __GFP_IO));
	if (!element)
		element = try_alloc(pool, cpu, gfp);
	while (!element && (gfp & __GFP_DIRECT_RECLAIM) && pool->args.ops->wait) {
		pool->stat.counter[MPC_waits]++;
		if (!pool->args.ops->wait(pool->args.pool_data))
			break;
		element = try_alloc(pool, cpu, gfp);
	}
	pool->stat.counter[element ? MPC_allocated : MPC_failed]++;
	return element;
}

void mempool_free(struct mempool *pool, unsigned int cpu, void *element)
{
	if (!element)
		return;
	pool->stat.counter[MPC_freed]++;
	if (pool->stat.curr_nr < pool->stat.min_nr) {
		pool->stat.counter[MPC_to_reserve]++;
		add_element(pool, element);
		return;
	}
	pool->args.ops->free(pool->args.pool_data, cpu, element);
}

void mempool_stat(const struct mempool *pool, struct mempool_stat *stat)
{
	*stat = pool->stat;
}

/* ---- where elements commonly come from --------------------------------- */

static void *alloc_slab(void *pool_data, unsigned int cpu, gfp_t gfp)
{
	return kmem_cache_alloc(pool_data, cpu, gfp);
}

static void free_slab(void *pool_data, unsigned int cpu, void *element)
{
	kmem_cache_free(pool_data, cpu, element);
}

const struct mempool_ops mempool_slab_ops = { .alloc = alloc_slab, .free = free_slab };

static void *alloc_kmalloc(void *pool_data, unsigned int cpu, gfp_t gfp)
{
	const struct mempool_kmalloc *from = pool_data;

	return kmalloc(from->sa, cpu, from->size, gfp);
}

static void free_kmalloc(void *pool_data, unsigned int cpu, void *element)
{
	const struct mempool_kmalloc *from = pool_data;

	kfree(from->sa, cpu, element);
}

const struct mempool_ops mempool_kmalloc_ops = { .alloc = alloc_kmalloc, .free = free_kmalloc };

static void *alloc_pages(void *pool_data, unsigned int cpu, gfp_t gfp)
{
	const struct mempool_pages *from = pool_data;
	pfn_t pfn = buddy_alloc_pages(from->buddy, cpu, gfp, from->order, NUMA_NO_NODE);

	return pfn_is_none(pfn) ? NULL : virt_from_pfn(buddy_pagemap(from->buddy), pfn);
}

static void free_pages(void *pool_data, unsigned int cpu, void *element)
{
	const struct mempool_pages *from = pool_data;

	buddy_free_pages(from->buddy, cpu, pfn_from_virt(buddy_pagemap(from->buddy), element),
			 from->order);
}

const struct mempool_ops mempool_pages_ops = { .alloc = alloc_pages, .free = free_pages };
