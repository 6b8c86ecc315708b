/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: pools, where the stacks lie that no thread has.
 *
 * A cache has a pool for each of the machine's CPUs, so that threads on objects
 * of their own neither wait for one another nor get objects that lie in another
 * core's memory cache. A thread that finds its own pool without a full stack looks
 * into the others: that is how what one thread only frees reaches the one that
 * only allocates.
 *
 *   pool 0   lock | full -> [....] -> [....]     empty -> [    ]
 *   pool 1   lock | full -> [....]               empty
 *   ...
 *
 * Follows the barn of Linux 6.18's mm/slub.c. Differs from Linux: pools are
 * per CPU, not per node, and grow, up to a limit in bytes, when a
 * refill misses what was flushed shortly before.
 *
 * Locking: each pool's own lock, held while stacks change hands, never while
 * objects are fetched from the source or put back, and never with another
 * pool's but in fork().
 */
#include "slab/malloc/internal.h"

#define POOL_BYTES (2u << 20)		/* objects' bytes in a pool at most */
#define FIRST_FULL 4u
#define SHRINK_BYTES (16u << 20)	/* objects' bytes, more let go than missed */

_Static_assert(sizeof(struct pool) % 64 == 0, "two pools share no cache line");

void kms_pools_init(struct cache *c, unsigned int object_bytes)
{
	unsigned int i, most = POOL_BYTES / (c->capacity * object_bytes);

	if (most < FIRST_FULL)
		most = object_bytes > POOL_BYTES / 64 ? 1 : FIRST_FULL;
	for (i = 0; i < NR_CPUS; i++) {
		pthread_mutex_init(&c->pool[i].lock, NULL);
		c->pool[i].most_full = most;
		c->pool[i].max_full = FIRST_FULL < most ? FIRST_FULL : most;
	}
}

static struct stack *take(struct stack **list, unsigned int *nr)
{
	struct stack *stack = *list;

	if (stack) {
		*list = stack->next;
		set_relaxed(*nr, *nr - 1);
	}
	return stack;
}

static void put(struct stack **list, unsigned int *nr, struct stack *stack)
{
	stack->next = *list;
	*list = stack;
	set_relaxed(*nr, *nr + 1);
}

/* A full stack out of @pool, and @used, an empty one (or NULL), into it. */
static struct stack *exchange_empty(struct pool *pool, struct stack *used)
{
	struct stack *full;

	pthread_mutex_lock(&pool->lock);
	full = take(&pool->full, &pool->nr_full);
	if (full && used)
		put(&pool->empty, &pool->nr_empty, used);
	pthread_mutex_unlock(&pool->lock);
	return full;
}

/* What this pool had to let go would have been of use now: let it keep more. */
static void grow_after_flush(struct cache *c, struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	set_relaxed(pool->shrunk, pool->shrunk > c->capacity ? pool->shrunk - c->capacity : 0);
	if (pool->flushed) {
		set_relaxed(pool->flushed, false);
		pool->max_full = 2 * pool->max_full < pool->most_full ? 2 * pool->max_full :
									pool->most_full;
	}
	pthread_mutex_unlock(&pool->lock);
}

struct stack *kms_pool_take(struct cache *c, unsigned int own, struct stack *used)
{
	unsigned int i;

	for (i = 0; i < NR_CPUS; i++) {
		struct pool *pool = &c->pool[(own + i) % NR_CPUS];
		struct stack *full;

		/* A look without the lock: a stack that comes meanwhile is for the next time. */
		if (!__atomic_load_n(&pool->nr_full, __ATOMIC_RELAXED))
			continue;
		full = exchange_empty(pool, used);
		if (full)
			return full;
	}
	for (i = 0; i < NR_CPUS; i++)
		if (__atomic_load_n(&c->pool[i].flushed, __ATOMIC_RELAXED) ||
		    __atomic_load_n(&c->pool[i].shrunk, __ATOMIC_RELAXED))
			grow_after_flush(c, &c->pool[i]);
	return NULL;
}

/*
 * @pool lets a stack go. What lies in it keeps its slabs, and 2 MiB of objects
 * from all over can keep twenty times as much: if the cache shrinks, let it keep
 * one stack. Returns whether it does. The lock is held.
 */
static bool let_go(struct cache *c, struct pool *pool)
{
	set_relaxed(pool->flushed, true);
	set_relaxed(pool->shrunk, pool->shrunk + c->capacity);
	if (pool->shrunk < SHRINK_BYTES / c->pub.object_size)
		return false;
	pool->max_full = 1;
	set_relaxed(pool->flushed, false);
	set_relaxed(pool->shrunk, 0);
	return true;
}

struct stack *kms_pool_leave(struct cache *c, unsigned int own, struct stack *used, bool *kept)
{
	struct pool *pool = &c->pool[own];
	struct stack *empty = NULL;
	bool shrinks = false;

	*kept = false;
	pthread_mutex_lock(&pool->lock);
	if (used && pool->nr_full >= pool->max_full) {
		*kept = true;
		shrinks = let_go(c, pool);
	} else {
		if (used)
			put(&pool->full, &pool->nr_full, used);
		empty = take(&pool->empty, &pool->nr_empty);
	}
	pthread_mutex_unlock(&pool->lock);
	if (shrinks)
		kms_pool_empty(c);
	return empty;
}

static size_t empty_one(struct cache *c, unsigned int cpu)
{
	struct pool *pool = &c->pool[cpu];
	struct stack *full, *empty, *next;
	size_t objects = 0;

	pthread_mutex_lock(&pool->lock);
	full = pool->full;
	empty = pool->empty;
	pool->full = pool->empty = NULL;
	set_relaxed(pool->nr_full, 0);
	set_relaxed(pool->nr_empty, 0);
	pthread_mutex_unlock(&pool->lock);
	for (; full; full = next) {
		next = full->next;
		objects += full->size;
		kms_stack_give_back(c, cpu, full);
		kms_private_free(full);
	}
	for (; empty; empty = next) {
		next = empty->next;
		kms_private_free(empty);
	}
	return objects;
}

size_t kms_pool_empty(struct cache *c)
{
	size_t objects = 0;
	unsigned int i;

	for (i = 0; i < NR_CPUS; i++)
		objects += empty_one(c, i);
	return objects;
}

size_t kms_pool_holds(struct cache *c)
{
	const struct stack *stack;
	size_t objects = 0;
	unsigned int i;

	for (i = 0; i < NR_CPUS; i++) {
		pthread_mutex_lock(&c->pool[i].lock);
		for (stack = c->pool[i].full; stack; stack = stack->next)
			objects += stack->size;
		pthread_mutex_unlock(&c->pool[i].lock);
	}
	return objects;
}

void kms_pools_lock(struct cache *c)
{
	unsigned int i;

	for (i = 0; i < NR_CPUS; i++)
		pthread_mutex_lock(&c->pool[i].lock);
}

void kms_pools_unlock(struct cache *c)
{
	unsigned int i;

	for (i = NR_CPUS; i-- > 0;)
		pthread_mutex_unlock(&c->pool[i].lock);
}
