/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the floor: objects linked to a list through their first 8
 * bytes, last in, first out, each thread with its own. Objects that go through
 * the ring are taken in turn from twice as many as the ring has places, and nobody
 * frees them: what is left is the ring.
 */
#include <stdlib.h>

#include "tests/bench/worker/worker.h"

static inline void *object_get(struct loop *loop)
{
	void *object = loop->source;

	loop->source = *(void **)object;
	return object;
}

static inline void object_put(struct loop *loop, void *object)
{
	*(void **)object = loop->source;
	loop->source = object;
}

static inline void *in_turn(struct loop *loop)
{
	return loop->held[loop->random++ % loop->nr_held];
}

static inline void drop(struct loop *loop, void *object)
{
	__asm__ volatile("" : : "r"(object));
}

#define RING_GET in_turn
#define RING_PUT drop
#define RING_PREPARE fill
#include "tests/bench/worker/patterns.h"

const void *const allocator_code = &patterns;

/* One more than the pattern holds: a hot pair holds none. */
void allocator_init(struct loop *loop)
{
	size_t nr = loop->nr_held + 1;
	char *objects = aligned_alloc(64, (nr * loop->size + 63) / 64 * 64);

	if (!objects)
		worker_die("no memory for the list");
	loop->source = NULL;
	while (nr-- > 0)
		object_put(loop, objects + nr * loop->size);
}
