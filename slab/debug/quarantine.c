/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: freed objects held back, so that a late write to them is found
 * before somebody else owns the bytes. First in, first out over all caches with
 * SLAB_QUARANTINE; when they are more bytes than the limit the oldest leave:
 * each is checked as a free object and given to its engine.
 *
 *   live --free--> [ oldest ... newest ] --over the limit, shrink, destroy--> free
 *                      held bits set
 *
 * An object that must not be filled (SLAB_TYPESAFE_BY_RCU, a constructor) is
 * never held back: nothing could be found in it.
 *
 * Follows the idea of mm/kasan/quarantine.c. Differs from Linux: one queue, not
 * one a CPU; the oldest leave one by one, not in batches; no part of memory but a
 * fixed number of bytes is the limit; draining it is tried before a request fails.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <stdlib.h>

#include "slab/debug/internal.h"
#include "slab/head.h"

#define FIRST_RING 64

static bool grow(struct slab_quarantine *q)
{
	size_t max = q->max ? q->max * 2 : FIRST_RING, i;
	struct held_object *ring = calloc(max, sizeof(*ring));

	if (!ring)
		return false;
	for (i = 0; i < q->nr; i++)
		ring[i] = q->ring[(q->first + i) & (q->max - 1)];
	free(q->ring);
	q->ring = ring;
	q->max = max;
	q->first = 0;
	return true;
}

static void let_go(struct slab_allocator *sa, unsigned int cpu, struct held_object held)
{
	struct slab_quarantine *q = &sa->debug->quarantine;
	struct kmem_cache *s = held.cache;
	size_t offset = arena_offset(sa, held.object);

	q->bytes -= s->size;
	s->held--;
	slab_check_object(s, held.object, SLUB_RED_INACTIVE);
	slab_held_flip(sa, offset);
	s->engine_free(s, cpu, slab_head_of(sa, offset), held.object);
}

static struct held_object pop(struct slab_quarantine *q)
{
	struct held_object held = q->ring[q->first];

	q->first = (q->first + 1) & (q->max - 1);
	q->nr--;
	return held;
}

bool slab_quarantine_put(struct kmem_cache *s, unsigned int cpu, void *object)
{
	struct slab_allocator *sa = s->sa;
	struct slab_quarantine *q = &sa->debug->quarantine;

	if (!slab_poisons_object(s) || s->size > q->limit || (q->nr == q->max && !grow(q)))
		return false;
	q->ring[(q->first + q->nr++) & (q->max - 1)] = (struct held_object){ object, s };
	q->bytes += s->size;
	s->held++;
	s->stat[SC_quarantined]++;
	slab_held_flip(sa, arena_offset(sa, object));
	while (q->bytes > q->limit)
		let_go(sa, cpu, pop(q));
	return true;
}

unsigned int slab_quarantine_drain(struct slab_allocator *sa, struct kmem_cache *s)
{
	struct slab_quarantine *q = &sa->debug->quarantine;
	size_t left = q->nr;
	unsigned int nr = 0;

	/* Once round: what stays goes to the end again, in its old order. */
	while (left--) {
		struct held_object held = pop(q);

		if (s && held.cache != s) {
			q->ring[(q->first + q->nr++) & (q->max - 1)] = held;
			continue;
		}
		let_go(sa, 0, held);
		nr++;
	}
	return nr;
}

uint64_t slab_quarantine_bytes(const struct slab_allocator *sa)
{
	return sa->debug->quarantine.bytes;
}

bool slab_quarantined(const struct slab_allocator *sa, const void *object)
{
	return slab_held_test(sa, arena_offset(sa, object));
}
