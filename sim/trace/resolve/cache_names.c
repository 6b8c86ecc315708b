/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: cache names for kmem_cache_alloc events that have none (Linux 6.1
 * and before). The free of the same object carries the name, and a call site
 * that asks for objects of one size nearly always asks one cache. So each
 * (call site, size) collects votes from the frees of its objects, and the
 * winner names all its allocations, earlier ones and never freed ones too.
 *
 * A pair that has VOTES_ENOUGH is not watched any longer, and no pair watches
 * more than PENDING_MAX objects at a time: memory stays bounded however many
 * objects leak.
 *
 * What the slab pages of such a pair were is learnt alike (see cache_pages.c),
 * for the pairs that get no name.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/trace/internal.h"
#include "sim/util/table.h"

#define VOTES_ENOUGH	64u
#define PENDING_MAX	65536u
#define FIRST_GUESSES	512u

struct guess {
	name_id call_site;
	uint32_t bytes_alloc;
	name_id cache;		/* the candidate in front */
	uint32_t votes;		/* by how many it leads */
	uint32_t pending;	/* objects watched */
	uint64_t nameless;	/* events */
	int64_t page_votes;	/* frames that are reclaimable minus those that are not */
};

struct cache_names {
	struct guess *guesses;
	uint32_t nr_guesses, guesses_size;
	struct table index;	/* (call site, size) -> number of a guess + 1 */
	struct table watched;	/* address of an object -> the same */
};

struct cache_names *cache_names_create(void)
{
	return calloc(1, sizeof(struct cache_names));
}

void cache_names_destroy(struct cache_names *cn)
{
	if (!cn)
		return;
	free(cn->guesses);
	table_free(&cn->index);
	table_free(&cn->watched);
	free(cn);
}

/* ---- guesses by key ---------------------------------------------------- */

static uint64_t guess_key(const struct event *ev)
{
	return (uint64_t)ev->call_site << 32 | ev->bytes_alloc;
}

static struct guess *guess_find(const struct cache_names *cn, const struct event *ev)
{
	const uint64_t *number = table_find(&cn->index, guess_key(ev));

	return number ? &cn->guesses[*number - 1] : NULL;
}

/* The guess for @ev, new or old; NULL when memory ran out. */
static struct guess *guess_get(struct cache_names *cn, const struct event *ev)
{
	uint64_t *number;

	if (cn->nr_guesses == cn->guesses_size) {
		uint32_t size = cn->guesses_size ? cn->guesses_size * 2 : FIRST_GUESSES;
		struct guess *larger = size ? reallocarray(cn->guesses, size, sizeof(*larger)) : NULL;

		if (!larger)
			return NULL;
		cn->guesses = larger;
		cn->guesses_size = size;
	}
	number = table_get(&cn->index, guess_key(ev));
	if (!number)
		return NULL;
	if (!*number) {
		cn->guesses[cn->nr_guesses] = (struct guess){
			.call_site = ev->call_site, .bytes_alloc = ev->bytes_alloc,
		};
		*number = ++cn->nr_guesses;
	}
	return &cn->guesses[*number - 1];
}

static void guess_vote(struct guess *guess, name_id cache)
{
	if (guess->cache == cache) {
		guess->votes++;
	} else if (guess->votes) {
		guess->votes--;
	} else {
		guess->cache = cache;
		guess->votes = 1;
	}
}

/* ---- watched objects by address ---------------------------------------- */

static void unwatch(struct cache_names *cn, uint64_t *number)
{
	cn->guesses[*number - 1].pending--;
	table_remove(&cn->watched, number);
}

static int learn_alloc(struct cache_names *cn, const struct event *ev)
{
	struct guess *guess = guess_get(cn, ev);
	uint64_t *number;

	if (!guess)
		return -ENOMEM;
	guess->nameless++;
	if (!ev->addr)
		return 0;
	number = table_find(&cn->watched, ev->addr);
	if (number)
		unwatch(cn, number);
	if (guess->votes >= VOTES_ENOUGH || guess->pending >= PENDING_MAX)
		return 0;
	number = table_get(&cn->watched, ev->addr);
	if (!number)
		return -ENOMEM;
	*number = (uint64_t)(guess - cn->guesses) + 1;
	guess->pending++;
	return 0;
}

static void learn_free(struct cache_names *cn, const struct event *ev)
{
	uint64_t *number = ev->addr ? table_find(&cn->watched, ev->addr) : NULL;

	if (!number)
		return;
	if (ev->kind == EV_CACHE_FREE && ev->cache)
		guess_vote(&cn->guesses[*number - 1], ev->cache);
	unwatch(cn, number);
}

int cache_names_learn(struct cache_names *cn, const struct event *ev)
{
	switch (ev->kind) {
	case EV_CACHE_ALLOC:
		return ev->cache ? 0 : learn_alloc(cn, ev);
	case EV_CACHE_FREE:
	case EV_KFREE:
		learn_free(cn, ev);
		return 0;
	default:
		return 0;
	}
}

void cache_names_vote(struct cache_names *cn, const struct event *ev, int64_t votes)
{
	struct guess *guess = guess_find(cn, ev);

	if (guess)
		guess->page_votes += votes;
}

int cache_names_finish(struct cache_names *cn, struct cache_pages *pages,
		       struct trace_summary *sum)
{
	uint32_t i;

	table_free(&cn->watched);
	for (i = 0; i < cn->nr_guesses; i++) {
		const struct guess *guess = &cn->guesses[i];

		if (!guess->cache) {
			sum->reclaimable_caches += guess->page_votes > 0;
			continue;
		}
		sum->names_inferred += guess->nameless;
		if (pages && cache_pages_vote(pages, guess->cache, guess->page_votes))
			return -ENOMEM;
	}
	return 0;
}

name_id cache_names_get(const struct cache_names *cn, const struct event *ev, bool *reclaimable)
{
	const struct guess *guess = guess_find(cn, ev);

	if (!guess)
		return 0;
	*reclaimable = guess->page_votes > 0;
	return guess->cache;
}
