/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the SLAB engine's arrays emptied: by a flush, and by the reaper that
 * comes by every two seconds on each CPU (every four on each node) and takes a
 * fifth of what lay idle since. Follows Linux 6.1's mm/slab.c.
 */
#include <string.h>

#include "slab/engine/slab/lslab.h"

#define NSEC_PER_SEC	1000000000ULL
#define REAPTIMEOUT_AC	(2 * NSEC_PER_SEC)
#define REAPTIMEOUT_NODE (4 * NSEC_PER_SEC)

/* After so many rounds in a row all that lay idle is gone, and further ones find nothing. */
#define MAX_ROUNDS	64

/* The oldest @nr entries to the slabs of node @nid. */
static void drain_oldest(struct kmem_cache *s, unsigned int cpu, struct array_cache *ac,
			 unsigned int nid, unsigned int nr)
{
	lslab_free_block(s, cpu, ac->entry, nr, nid);
	ac->avail -= nr;
	memmove(ac->entry, ac->entry + nr, ac->avail * sizeof(ac->entry[0]));
}

void lslab_drain_array(struct kmem_cache *s, unsigned int cpu, struct array_cache *ac,
		       unsigned int nid)
{
	if (ac && ac->avail)
		drain_oldest(s, cpu, ac, nid, ac->avail);
}

/* Follows __drain_alien_cache(). */
void lslab_drain_alien(struct kmem_cache *s, unsigned int cpu, struct array_cache *ac,
		       unsigned int nid)
{
	struct lslab_node *n = lslab_node(s, nid);

	if (!ac->avail)
		return;
	if (n->shared)
		lslab_transfer(n->shared, ac, ac->limit);
	lslab_drain_array(s, cpu, ac, nid);
}

void lslab_flush(struct kmem_cache *s)
{
	struct slab_allocator *sa = s->sa;
	unsigned int cpu, nid, other;

	for_each_slab_cpu(sa, cpu)
		lslab_drain_array(s, cpu, lslab_cpu(s, cpu)->ac, lslab_cpu(s, cpu)->nid);
	for_each_slab_node(sa, nid) {
		struct array_cache **alien = lslab_node(s, nid)->alien;

		for (other = 0; alien && other < sa->nr_nodes; other++)
			if (alien[other])
				lslab_drain_alien(s, 0, alien[other], other);
	}
	for_each_slab_node(sa, nid)
		lslab_drain_array(s, 0, lslab_node(s, nid)->shared, nid);
}

/* ---- the reaper -------------------------------------------------------- */

/* A fifth of an array that nobody used since the last time. Follows drain_array(). */
static void reap_array(struct kmem_cache *s, unsigned int cpu, struct array_cache *ac,
		       unsigned int nid)
{
	unsigned int nr;

	if (!ac || !ac->avail)
		return;
	if (ac->touched) {
		ac->touched = false;
		return;
	}
	nr = (ac->limit + 4) / 5;
	if (nr > ac->avail)
		nr = (ac->avail + 1) / 2;
	drain_oldest(s, cpu, ac, nid, nr);
}

/* Some free slabs of a node, where none was asked for since the last time. */
static void reap_node(struct kmem_cache *s, unsigned int cpu, struct lslab_node *n,
		      unsigned int nid)
{
	reap_array(s, cpu, n->shared, nid);
	if (n->free_touched) {
		n->free_touched = false;
		return;
	}
	lslab_cache(s)->stat[SC_reaped] +=
		lslab_drain_free(s, cpu, nid,
				 (n->free_limit + 5 * s->objects - 1) / (5 * s->objects));
}

static void reap_cache(struct kmem_cache *s, unsigned int cpu, uint64_t now,
		       unsigned int alien_node)
{
	unsigned int nid = lslab_cpu(s, cpu)->nid;
	struct lslab_node *n = lslab_node(s, nid);

	if (n->alien && n->alien[alien_node])
		lslab_drain_alien(s, cpu, n->alien[alien_node], alien_node);
	reap_array(s, cpu, lslab_cpu(s, cpu)->ac, nid);
	if (n->next_reap > now)
		return;
	n->next_reap = now + REAPTIMEOUT_NODE;
	reap_node(s, cpu, n, nid);
}

/* Follows cache_reap(). */
static void cache_reap(struct slab_allocator *sa, unsigned int cpu, uint64_t now)
{
	struct lslab_state *state = sa->engine_data;
	struct kmem_cache *s;

	for_each_cache(sa, s)
		reap_cache(s, cpu, now, state->reap_node[cpu]);
	state->reap_node[cpu] = (state->reap_node[cpu] + 1) % sa->nr_nodes;
}

uint64_t lslab_first_reap(const struct kmem_cache *s)
{
	const struct lslab_state *state = s->sa->engine_data;

	return state->now + REAPTIMEOUT_NODE + s->id * (NSEC_PER_SEC / 16) % REAPTIMEOUT_NODE;
}

uint64_t lslab_tick(struct slab_allocator *sa, uint64_t now_ns)
{
	struct lslab_state *state = sa->engine_data;
	unsigned int cpu, round;

	if (!state->started) {
		state->started = true;
		state->start_ns = now_ns;
		state->next = REAPTIMEOUT_AC;
	}
	if (now_ns > state->start_ns + state->now)
		state->now = now_ns - state->start_ns;
	for (round = 0; state->next <= state->now && round < MAX_ROUNDS; round++) {
		for_each_slab_cpu(sa, cpu)
			cache_reap(sa, cpu, state->next);
		state->next += REAPTIMEOUT_AC;
	}
	if (state->next <= state->now)
		state->next = state->now - state->now % REAPTIMEOUT_AC + REAPTIMEOUT_AC;
	return state->start_ns + state->next;
}
