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

#include "sim/util/hash.h"
#include "sim/trace/trace_internal.h"

#define VOTES_ENOUGH	64u
#define PENDING_MAX	65536u
#define FIRST_SLOTS	1024u

struct guess {
	name_id call_site;
	uint32_t bytes_alloc;
	name_id cache;		/* the candidate in front */
	uint32_t votes;		/* by how many it leads */
	uint32_t pending;	/* objects watched */
	uint64_t nameless;	/* events */
	int64_t page_votes;	/* frames that are reclaimable minus those that are not */
};

struct watched {
	uint64_t addr;		/* 0: the slot is free */
	uint32_t guess;
};

struct cache_names {
	struct guess *guesses;
	uint32_t nr_guesses, guesses_size;
	uint32_t *index;	/* number of a guess + 1, by hash of its key */
	uint32_t index_mask;
	struct watched *watched;
	uint64_t nr_watched, watched_mask;
};

struct cache_names *cache_names_create(void)
{
	struct cache_names *cn = calloc(1, sizeof(*cn));

	if (!cn)
		return NULL;
	cn->guesses_size = FIRST_SLOTS / 2;
	cn->index_mask = FIRST_SLOTS - 1;
	cn->watched_mask = FIRST_SLOTS - 1;
	cn->guesses = calloc(cn->guesses_size, sizeof(*cn->guesses));
	cn->index = calloc(FIRST_SLOTS, sizeof(*cn->index));
	cn->watched = calloc(FIRST_SLOTS, sizeof(*cn->watched));
	if (!cn->guesses || !cn->index || !cn->watched) {
		cache_names_destroy(cn);
		return NULL;
	}
	return cn;
}

void cache_names_destroy(struct cache_names *cn)
{
	if (!cn)
		return;
	free(cn->guesses);
	free(cn->index);
	free(cn->watched);
	free(cn);
}

/* ---- guesses by key ---------------------------------------------------- */

static uint32_t guess_hash(name_id call_site, uint32_t bytes_alloc)
{
	return (uint32_t)hash_u64((uint64_t)call_site << 32 | bytes_alloc);
}

/* The slot of the index that holds the key's guess, or where it belongs. */
static uint32_t *guess_slot(const struct cache_names *cn, name_id call_site, uint32_t bytes_alloc)
{
	uint32_t i = guess_hash(call_site, bytes_alloc) & cn->index_mask;

	for (;; i = (i + 1) & cn->index_mask) {
		const struct guess *guess;

		if (!cn->index[i])
			return &cn->index[i];
		guess = &cn->guesses[cn->index[i] - 1];
		if (guess->call_site == call_site && guess->bytes_alloc == bytes_alloc)
			return &cn->index[i];
	}
}

static int grow_guesses(struct cache_names *cn)
{
	uint32_t size = cn->guesses_size * 2, i;
	struct guess *guesses = realloc(cn->guesses, size * sizeof(*guesses));
	uint32_t *index;

	if (!guesses)
		return -ENOMEM;
	cn->guesses = guesses;
	index = calloc((size_t)size * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(cn->index);
	cn->index = index;
	cn->index_mask = size * 2 - 1;
	cn->guesses_size = size;
	for (i = 0; i < cn->nr_guesses; i++)
		*guess_slot(cn, guesses[i].call_site, guesses[i].bytes_alloc) = i + 1;
	return 0;
}

/* The number of the key's guess, new or old; -ENOMEM. */
static int64_t guess_get(struct cache_names *cn, name_id call_site, uint32_t bytes_alloc)
{
	uint32_t *slot = guess_slot(cn, call_site, bytes_alloc);

	if (*slot)
		return *slot - 1;
	if (cn->nr_guesses == cn->guesses_size) {
		if (cn->guesses_size > UINT32_MAX / 8 || grow_guesses(cn))
			return -ENOMEM;
		slot = guess_slot(cn, call_site, bytes_alloc);
	}
	cn->guesses[cn->nr_guesses] = (struct guess){
		.call_site = call_site, .bytes_alloc = bytes_alloc,
	};
	*slot = ++cn->nr_guesses;
	return *slot - 1;
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

static struct watched *watched_slot(const struct cache_names *cn, uint64_t addr)
{
	uint64_t i = hash_u64(addr) & cn->watched_mask;

	while (cn->watched[i].addr && cn->watched[i].addr != addr)
		i = (i + 1) & cn->watched_mask;
	return &cn->watched[i];
}

static int grow_watched(struct cache_names *cn)
{
	struct watched *old = cn->watched;
	uint64_t old_mask = cn->watched_mask, i;

	cn->watched = calloc((old_mask + 1) * 2, sizeof(*old));
	if (!cn->watched) {
		cn->watched = old;
		return -ENOMEM;
	}
	cn->watched_mask = old_mask * 2 + 1;
	for (i = 0; i <= old_mask; i++) {
		if (old[i].addr)
			*watched_slot(cn, old[i].addr) = old[i];
	}
	free(old);
	return 0;
}

/* Empties a slot and moves the entries behind it up, so that no probe ends too early. */
static void unwatch(struct cache_names *cn, struct watched *slot)
{
	uint64_t hole = slot - cn->watched, i = hole;

	cn->guesses[slot->guess].pending--;
	cn->nr_watched--;
	for (;;) {
		uint64_t home;

		i = (i + 1) & cn->watched_mask;
		if (!cn->watched[i].addr)
			break;
		home = hash_u64(cn->watched[i].addr) & cn->watched_mask;
		if (((i - home) & cn->watched_mask) >= ((i - hole) & cn->watched_mask)) {
			cn->watched[hole] = cn->watched[i];
			hole = i;
		}
	}
	cn->watched[hole].addr = 0;
}

static int learn_alloc(struct cache_names *cn, const struct event *ev)
{
	int64_t nr = guess_get(cn, ev->call_site, ev->bytes_alloc);
	struct watched *slot;
	struct guess *guess;

	if (nr < 0)
		return -ENOMEM;
	guess = &cn->guesses[nr];
	guess->nameless++;
	if (!ev->addr)
		return 0;
	slot = watched_slot(cn, ev->addr);
	if (slot->addr) {
		unwatch(cn, slot);
		slot = watched_slot(cn, ev->addr);
	}
	if (guess->votes >= VOTES_ENOUGH || guess->pending >= PENDING_MAX)
		return 0;
	if (cn->nr_watched >= cn->watched_mask / 2) {
		if (grow_watched(cn))
			return -ENOMEM;
		slot = watched_slot(cn, ev->addr);
	}
	slot->addr = ev->addr;
	slot->guess = (uint32_t)nr;
	guess->pending++;
	cn->nr_watched++;
	return 0;
}

static void learn_free(struct cache_names *cn, const struct event *ev)
{
	struct watched *slot;

	if (!ev->addr)
		return;
	slot = watched_slot(cn, ev->addr);
	if (!slot->addr)
		return;
	if (ev->kind == EV_CACHE_FREE && ev->cache)
		guess_vote(&cn->guesses[slot->guess], ev->cache);
	unwatch(cn, slot);
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
	uint32_t nr = *guess_slot(cn, ev->call_site, ev->bytes_alloc);

	if (nr)
		cn->guesses[nr - 1].page_votes += votes;
}

int cache_names_finish(struct cache_names *cn, struct cache_pages *pages,
		       struct trace_summary *sum)
{
	uint32_t i;

	free(cn->watched);
	cn->watched = NULL;
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
	uint32_t nr = *guess_slot(cn, ev->call_site, ev->bytes_alloc);

	if (!nr)
		return 0;
	*reclaimable = cn->guesses[nr - 1].page_votes > 0;
	return cn->guesses[nr - 1].cache;
}
