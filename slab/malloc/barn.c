// SPDX-License-Identifier: GPL-2.0
/*
 * kmemsim: barns, where the sheaves lie that no thread has.
 *
 * A cache has a barn for each of the machine's CPUs, so that threads on objects
 * of their own neither wait for one another nor get objects that lie in another
 * core's memory cache. A thread that finds its own barn without a full sheaf looks
 * into the others: that is how what one thread only frees reaches the one that
 * only allocates.
 *
 *   barn 0   lock | full -> [....] -> [....]     empty -> [    ]
 *   barn 1   lock | full -> [....]               empty
 *   ...
 *
 * Follows the barn of Linux 6.18's mm/slub.c. Differs from Linux: barns are
 * per CPU, not per node, and grow, up to a limit in bytes, when a
 * refill misses what was flushed shortly before.
 *
 * Locking: each barn's own lock, held while sheaves change hands, never while
 * objects are fetched from the source or put back, and never with another
 * barn's but in fork().
 */
#include "slab/malloc/internal.h"

#define BARN_BYTES (2u << 20)		/* objects' bytes in a barn at most */
#define FIRST_FULL 4u
#define SHRINK_BYTES (16u << 20)	/* objects' bytes, more let go than missed */

_Static_assert(sizeof(struct barn) % 64 == 0, "two barns share no cache line");

void kms_barns_init(struct cache *c, unsigned int object_bytes)
{
	unsigned int i, most = BARN_BYTES / (c->capacity * object_bytes);

	if (most < FIRST_FULL)
		most = object_bytes > BARN_BYTES / 64 ? 1 : FIRST_FULL;
	for (i = 0; i < NR_CPUS; i++) {
		pthread_mutex_init(&c->barn[i].lock, NULL);
		c->barn[i].most_full = most;
		c->barn[i].max_full = FIRST_FULL < most ? FIRST_FULL : most;
	}
}

static struct sheaf *take(struct sheaf **list, unsigned int *nr)
{
	struct sheaf *sheaf = *list;

	if (sheaf) {
		*list = sheaf->next;
		set_relaxed(*nr, *nr - 1);
	}
	return sheaf;
}

static void put(struct sheaf **list, unsigned int *nr, struct sheaf *sheaf)
{
	sheaf->next = *list;
	*list = sheaf;
	set_relaxed(*nr, *nr + 1);
}

/* A full sheaf out of @barn, and @used, an empty one (or NULL), into it. */
static struct sheaf *exchange_empty(struct barn *barn, struct sheaf *used)
{
	struct sheaf *full;

	pthread_mutex_lock(&barn->lock);
	full = take(&barn->full, &barn->nr_full);
	if (full && used)
		put(&barn->empty, &barn->nr_empty, used);
	pthread_mutex_unlock(&barn->lock);
	return full;
}

/* What this barn had to let go would have been of use now: let it keep more. */
static void grow_after_flush(struct cache *c, struct barn *barn)
{
	pthread_mutex_lock(&barn->lock);
	set_relaxed(barn->shrunk, barn->shrunk > c->capacity ? barn->shrunk - c->capacity : 0);
	if (barn->flushed) {
		set_relaxed(barn->flushed, false);
		barn->max_full = 2 * barn->max_full < barn->most_full ? 2 * barn->max_full :
									barn->most_full;
	}
	pthread_mutex_unlock(&barn->lock);
}

struct sheaf *kms_barn_take(struct cache *c, unsigned int own, struct sheaf *used)
{
	unsigned int i;

	for (i = 0; i < NR_CPUS; i++) {
		struct barn *barn = &c->barn[(own + i) % NR_CPUS];
		struct sheaf *full;

		/* A look without the lock: a sheaf that comes meanwhile is for the next time. */
		if (!__atomic_load_n(&barn->nr_full, __ATOMIC_RELAXED))
			continue;
		full = exchange_empty(barn, used);
		if (full)
			return full;
	}
	for (i = 0; i < NR_CPUS; i++)
		if (__atomic_load_n(&c->barn[i].flushed, __ATOMIC_RELAXED) ||
		    __atomic_load_n(&c->barn[i].shrunk, __ATOMIC_RELAXED))
			grow_after_flush(c, &c->barn[i]);
	return NULL;
}

/*
 * @barn lets a sheaf go. What lies in it keeps its slabs, and 2 MiB of objects
 * from all over can keep twenty times as much: if the cache shrinks, let it keep
 * one sheaf. Returns whether it does. The lock is held.
 */
static bool let_go(struct cache *c, struct barn *barn)
{
	set_relaxed(barn->flushed, true);
	set_relaxed(barn->shrunk, barn->shrunk + c->capacity);
	if (barn->shrunk < SHRINK_BYTES / c->pub.object_size)
		return false;
	barn->max_full = 1;
	set_relaxed(barn->flushed, false);
	set_relaxed(barn->shrunk, 0);
	return true;
}

struct sheaf *kms_barn_leave(struct cache *c, unsigned int own, struct sheaf *used, bool *kept)
{
	struct barn *barn = &c->barn[own];
	struct sheaf *empty = NULL;
	bool shrinks = false;

	*kept = false;
	pthread_mutex_lock(&barn->lock);
	if (used && barn->nr_full >= barn->max_full) {
		*kept = true;
		shrinks = let_go(c, barn);
	} else {
		if (used)
			put(&barn->full, &barn->nr_full, used);
		empty = take(&barn->empty, &barn->nr_empty);
	}
	pthread_mutex_unlock(&barn->lock);
	if (shrinks)
		kms_barn_empty(c);
	return empty;
}

static size_t empty_one(struct cache *c, unsigned int cpu)
{
	struct barn *barn = &c->barn[cpu];
	struct sheaf *full, *empty, *next;
	size_t objects = 0;

	pthread_mutex_lock(&barn->lock);
	full = barn->full;
	empty = barn->empty;
	barn->full = barn->empty = NULL;
	set_relaxed(barn->nr_full, 0);
	set_relaxed(barn->nr_empty, 0);
	pthread_mutex_unlock(&barn->lock);
	for (; full; full = next) {
		next = full->next;
		objects += full->size;
		kms_sheaf_give_back(c, cpu, full);
		kms_books_free(full);
	}
	for (; empty; empty = next) {
		next = empty->next;
		kms_books_free(empty);
	}
	return objects;
}

size_t kms_barn_empty(struct cache *c)
{
	size_t objects = 0;
	unsigned int i;

	for (i = 0; i < NR_CPUS; i++)
		objects += empty_one(c, i);
	return objects;
}

size_t kms_barn_holds(struct cache *c)
{
	const struct sheaf *sheaf;
	size_t objects = 0;
	unsigned int i;

	for (i = 0; i < NR_CPUS; i++) {
		pthread_mutex_lock(&c->barn[i].lock);
		for (sheaf = c->barn[i].full; sheaf; sheaf = sheaf->next)
			objects += sheaf->size;
		pthread_mutex_unlock(&c->barn[i].lock);
	}
	return objects;
}

void kms_barns_lock(struct cache *c)
{
	unsigned int i;

	for (i = 0; i < NR_CPUS; i++)
		pthread_mutex_lock(&c->barn[i].lock);
}

void kms_barns_unlock(struct cache *c)
{
	unsigned int i;

	for (i = NR_CPUS; i-- > 0;)
		pthread_mutex_unlock(&c->barn[i].lock);
}
