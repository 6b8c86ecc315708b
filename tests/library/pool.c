/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the pools, where threads exchange whole stacks: how full one may
 * get, when it grows and how far, and when a cache lets go of what lies there.
 */
#include <string.h>

#include <CUnit/CUnit.h>

#include "slab/malloc/internal.h"
#include "tests/tests.h"

#define KIB 1024u
#define MIB (1024u * KIB)

static struct cache *make_cache(size_t size)
{
	struct kms_cache *cache = kms_cache_create("pool-test", size, 0, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	return (struct cache *)cache;
}

static void end_cache(struct cache *c)
{
	CU_ASSERT_EQUAL(kms_cache_destroy(&c->pub), 0);
}

/*
 * A stack has 32 KiB of objects, 1 MiB of frames, but from 2 to 256 of them; a pool
 * begins with 4 stacks and may grow to 2 MiB, or has 4, or 1 of large ones.
 */
static void test_sizes(void)
{
	static const struct { unsigned int bytes, capacity, first, most; } sizes[] = {
		{ 8, 256, 4, 1024 }, { 64, 256, 4, 128 }, { 128, 256, 4, 64 }, { 136, 240, 4, 64 },
		{ 1000, 32, 4, 65 }, { 8 * KIB, 4, 4, 64 }, { 16 * KIB, 2, 4, 64 }, { 20000, 2, 4, 52 },
		{ 256 * KIB, 2, 4, 4 }, { 256 * KIB + 8, 2, 1, 1 }, { 4 * MIB, 2, 1, 1 },
	};
	static const struct { unsigned int capacity, first, most; } frames[NR_ORDER_SLOTS] = {
		{ 256, 4, 4 }, { 128, 4, 4 }, { 64, 4, 4 }, { 32, 4, 4 }, { 2, 1, 1 },
	};
	unsigned int i, cpu;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct cache *c = make_cache(sizes[i].bytes);

		CU_ASSERT_EQUAL(c->capacity, sizes[i].capacity);
		for (cpu = 0; cpu < NR_CPUS; cpu++) {
			CU_ASSERT_EQUAL(c->pool[cpu].max_full, sizes[i].first);
			CU_ASSERT_EQUAL(c->pool[cpu].most_full, sizes[i].most);
		}
		end_cache(c);
	}
	for (i = 0; i < NR_ORDER_SLOTS; i++) {
		CU_ASSERT_EQUAL(heap.caches[i]->capacity, frames[i].capacity);
		CU_ASSERT_EQUAL(heap.caches[i]->pool[0].most_full, frames[i].most);
		/* The other tests may have had it grow. */
		CU_ASSERT(heap.caches[i]->pool[0].max_full <= frames[i].most);
	}
}

/* Objects enough for @stacks stacks: all are taken, then all are freed by this thread. */
static void churn(struct cache *c, unsigned int stacks)
{
	static void *object[200 * 256];
	unsigned int nr = stacks * c->capacity;

	CU_ASSERT_FATAL(nr <= sizeof(object) / sizeof(object[0]));
	CU_ASSERT_EQUAL_FATAL(kms_cache_alloc_bulk(&c->pub, nr, object), nr);
	kms_cache_free_bulk(&c->pub, nr, object);
}

/* The first pool that has anything. */
static struct pool *used_pool(struct cache *c)
{
	unsigned int cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		if (c->pool[cpu].nr_full)
			return &c->pool[cpu];
	CU_FAIL_FATAL("nothing lies in a pool");
	return NULL;
}

/*
 * What a thread frees fills its CPU's pool, to its limit and no further; each time
 * that was too little for what is taken next, the limit doubles, up to 2 MiB of objects.
 *
 *	freed 40 stacks: [4]     taken 40: 36 missing, 4 were let go -> [8] -> [16] ... [20]
 */
static void test_grows(void)
{
	static const unsigned int most[] = { 4, 8, 16, 20, 20 };
	struct cache *c = make_cache(52428);	/* 2 in a stack, 20 stacks in 2 MiB */
	unsigned int round, cpu, others = 0;
	struct pool *pool;

	CU_ASSERT_EQUAL(c->pool[0].most_full, 20);
	for (round = 0; round < sizeof(most) / sizeof(most[0]); round++) {
		churn(c, 40);
		pool = used_pool(c);
		CU_ASSERT_EQUAL(pool->nr_full, most[round]);
		CU_ASSERT_EQUAL(pool->max_full, most[round]);
		CU_ASSERT_EQUAL(kms_pool_holds(c), most[round] * c->capacity);
		/* The others had no part in it. */
		for (cpu = 0, others = 0; cpu < NR_CPUS; cpu++)
			others += &c->pool[cpu] != pool && c->pool[cpu].max_full != 4;
		CU_ASSERT_EQUAL(others, 0);
	}
	end_cache(c);
}

/* Without a miss in between nothing grows: what was let go was not wanted. */
static void test_grows_when_missed(void)
{
	struct cache *c = make_cache(1000);
	void *object[5 * 32];
	struct pool *pool;

	churn(c, 12);
	pool = used_pool(c);
	CU_ASSERT_TRUE(pool->flushed);
	/* Four stacks lie there, and more than one is the thread's: no more is taken. */
	CU_ASSERT_EQUAL_FATAL(kms_cache_alloc_bulk(&c->pub, 5 * 32, object), 5 * 32);
	CU_ASSERT_EQUAL(pool->max_full, 4);
	CU_ASSERT_TRUE(pool->nr_full < 2);
	kms_cache_free_bulk(&c->pub, 5 * 32, object);
	CU_ASSERT_EQUAL(pool->max_full, 4);
	end_cache(c);
}

/* A full stack of @c's, made here; the caller's. */
static struct stack *full_stack(struct cache *c)
{
	struct stack *stack = kms_private_alloc(sizeof(*stack) + c->capacity * sizeof(stack->objects[0]));

	CU_ASSERT_PTR_NOT_NULL_FATAL(stack);
	stack->capacity = c->capacity;
	stack->size = c->source->get(c, 0, c->capacity, stack->objects);
	CU_ASSERT_EQUAL_FATAL(stack->size, c->capacity);
	return stack;
}

static void drop_stack(struct cache *c, struct stack *stack)
{
	kms_stack_give_back(c, 0, stack);
	kms_private_free(stack);
}

/* Offer @stack to pool 0 @nr times, each in vain; how many times it was taken all the same. */
static unsigned int offer(struct cache *c, struct stack *stack, unsigned int nr)
{
	unsigned int taken = 0;
	bool kept;

	while (nr--) {
		CU_ASSERT_PTR_NULL(kms_pool_leave(c, 0, stack, &kept));
		taken += !kept;
	}
	return taken;
}

static void fill_pool(struct cache *c, unsigned int nr)
{
	struct stack *empty;
	bool kept;

	while (nr--) {
		empty = kms_pool_leave(c, 0, full_stack(c), &kept);
		CU_ASSERT_FALSE(kept);
		kms_private_free(empty);
	}
}

/*
 * When 16 MiB of objects more were let go than missed, the cache shrinks: all its pools
 * are emptied, and this one keeps a single stack. That counts from anew: the next
 * shrink is 16 MiB away.
 */
static void test_shrinks_once(void)
{
	struct cache *c = make_cache(1024);
	unsigned int limit = 16 * MIB / 1024 / c->capacity, round;
	struct stack *spare = full_stack(c);

	fill_pool(c, 4);
	c->pool[1].full = full_stack(c);
	c->pool[1].nr_full = 1;
	CU_ASSERT_EQUAL(limit, 512);
	CU_ASSERT_EQUAL(offer(c, spare, limit - 1), 0);
	CU_ASSERT_EQUAL(kms_pool_holds(c), 5 * c->capacity);
	CU_ASSERT_EQUAL(c->pool[0].max_full, 4);
	CU_ASSERT_EQUAL(offer(c, spare, 1), 0);
	for (round = 0; round < 2; round++) {
		CU_ASSERT_EQUAL(kms_pool_holds(c), 0);
		CU_ASSERT_EQUAL(c->pool[0].max_full, 1);
		CU_ASSERT_FALSE(c->pool[0].flushed);
		fill_pool(c, 1);
		CU_ASSERT_EQUAL(offer(c, spare, limit - 1), 0);
		CU_ASSERT_EQUAL(kms_pool_holds(c), c->capacity);
		CU_ASSERT_EQUAL(offer(c, spare, 1), 0);
	}
	drop_stack(c, spare);
	end_cache(c);
}

/* Each stack that is missed takes one from what was let go, and the shrink is that much later. */
static void test_misses_count(void)
{
	struct cache *c = make_cache(1024);
	unsigned int limit = 16 * MIB / 1024 / c->capacity, i;
	struct stack *spare = full_stack(c), *stack;

	fill_pool(c, 4);
	CU_ASSERT_EQUAL(offer(c, spare, limit - 1), 0);
	for (i = 0; i < 4; i++) {
		stack = kms_pool_take(c, 0, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(stack);
		drop_stack(c, stack);
	}
	for (i = 0; i < 3; i++)
		CU_ASSERT_PTR_NULL(kms_pool_take(c, 0, NULL));
	CU_ASSERT_EQUAL(c->pool[0].shrunk, (limit - 1 - 3) * c->capacity);
	/* One doubling, though three were missed: one flush tells of one limit. */
	CU_ASSERT_EQUAL(c->pool[0].max_full, 8);
	fill_pool(c, 8);
	CU_ASSERT_EQUAL(offer(c, spare, 3), 0);
	CU_ASSERT_EQUAL(kms_pool_holds(c), 8 * c->capacity);
	CU_ASSERT_EQUAL(offer(c, spare, 1), 0);
	CU_ASSERT_EQUAL(kms_pool_holds(c), 0);
	drop_stack(c, spare);
	end_cache(c);
}

/* A thread's own pool comes first, then the others in turn; the empty stack stays where a full one was. */
static void test_other_pools(void)
{
	struct cache *c = make_cache(1024);
	struct stack *at[NR_CPUS], *used = full_stack(c), *empty;
	bool kept;
	unsigned int cpu;

	for (cpu = 1; cpu < NR_CPUS; cpu++) {
		at[cpu] = full_stack(c);
		CU_ASSERT_PTR_NULL(kms_pool_leave(c, cpu, at[cpu], &kept));
	}
	kms_stack_give_back(c, 0, used);
	CU_ASSERT_PTR_EQUAL(kms_pool_take(c, 2, used), at[2]);
	CU_ASSERT_EQUAL(c->pool[2].nr_empty, 1);
	CU_ASSERT_PTR_EQUAL(kms_pool_take(c, 2, NULL), at[3]);
	CU_ASSERT_PTR_EQUAL(kms_pool_take(c, 2, NULL), at[1]);
	CU_ASSERT_PTR_NULL(kms_pool_take(c, 2, NULL));
	empty = kms_pool_leave(c, 2, NULL, &kept);
	CU_ASSERT_PTR_EQUAL(empty, used);
	CU_ASSERT_FALSE(kept);
	for (cpu = 1; cpu < NR_CPUS; cpu++)
		drop_stack(c, at[cpu]);
	kms_private_free(used);
	end_cache(c);
}

static const struct test_case cases[] = {
	{ "pool: sizes", test_sizes },
	{ "pool: grows", test_grows },
	{ "pool: grows when missed", test_grows_when_missed },
	{ "pool: shrinks once", test_shrinks_once },
	{ "pool: misses count", test_misses_count },
	{ "pool: other pools", test_other_pools },
	{ NULL, NULL }
};
const struct test_suite library_pool_suite = { "library_pool", cases };
