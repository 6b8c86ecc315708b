/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the loops over objects, stamped out once for each allocator.
 * Who includes this has defined
 *
 *	static inline void *object_get(struct loop *loop);
 *	static inline void object_put(struct loop *loop, void *object);
 *
 * and may define RING_GET and RING_PUT, the same for the ring's two ends, and
 * RING_PREPARE. Each allocation's first 8 bytes are written; nothing else of an
 * object is touched.
 */
#ifndef KMEMSIM_TESTS_BENCH_WORKER_PATTERNS_H
#define KMEMSIM_TESTS_BENCH_WORKER_PATTERNS_H

#include "tests/bench/worker/ring.h"
#include "tests/bench/worker/worker.h"

#ifndef RING_GET
#define RING_GET object_get
#define RING_PUT object_put
#define RING_PREPARE NULL
#endif

#define THOUSAND 1000u
#define BURST 256u
#define LIVE 100000u

/* The write happens, and the compiler may not pair an allocation with its free. */
static inline void *written(void *object, uint64_t value)
{
	if (__builtin_expect(!object, 0))
		worker_die("an object could not be allocated");
	*(uint64_t *)object = value;
	__asm__ volatile("" : "+r"(object) : : "memory");
	return object;
}

static void hot_pair(struct loop *loop, uint64_t pairs)
{
	while (pairs--)
		object_put(loop, written(object_get(loop), pairs));
}

static inline void take(struct loop *loop, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		loop->held[i] = written(object_get(loop), i);
}

static void thousand_lifo(struct loop *loop, uint64_t pairs)
{
	uint32_t i;

	for (; pairs >= THOUSAND; pairs -= THOUSAND) {
		take(loop, THOUSAND);
		for (i = THOUSAND; i-- > 0;)
			object_put(loop, loop->held[i]);
	}
}

static void thousand_fifo(struct loop *loop, uint64_t pairs)
{
	uint32_t i;

	for (; pairs >= THOUSAND; pairs -= THOUSAND) {
		take(loop, THOUSAND);
		for (i = 0; i < THOUSAND; i++)
			object_put(loop, loop->held[i]);
	}
}

static void thousand_random(struct loop *loop, uint64_t pairs)
{
	uint32_t i;

	for (; pairs >= THOUSAND; pairs -= THOUSAND) {
		take(loop, THOUSAND);
		for (i = 0; i < THOUSAND; i++)
			object_put(loop, loop->held[loop->order[i]]);
	}
}

static void fill(struct loop *loop)
{
	take(loop, loop->nr_held);
}

static void churn(struct loop *loop, uint64_t pairs)
{
	while (pairs--) {
		uint32_t i = loop_random(loop, LIVE);

		object_put(loop, loop->held[i]);
		loop->held[i] = written(object_get(loop), pairs);
	}
}

static void burst(struct loop *loop, uint64_t pairs)
{
	uint32_t i;

	for (; pairs >= BURST; pairs -= BURST) {
		take(loop, BURST);
		for (i = 0; i < BURST; i++)
			object_put(loop, loop->held[i]);
	}
}

static void burst_live(struct loop *loop, uint64_t pairs)
{
	uint32_t i, first;

	for (; pairs >= BURST; pairs -= BURST) {
		first = loop_random(loop, LIVE - BURST);
		for (i = first; i < first + BURST; i++)
			object_put(loop, loop->held[loop->order[i]]);
		for (i = first; i < first + BURST; i++)
			loop->held[loop->order[i]] = written(object_get(loop), i);
	}
}

static void produce(struct loop *loop, uint64_t pairs)
{
	struct ring *ring = loop->ring;
	uint64_t at = ring->filled, end = at + pairs;
	uint32_t i;

	for (; at < end; at += RING_STEP) {
		ring_wait_room(ring, at);
		for (i = 0; i < RING_STEP; i++)
			ring->place[(at + i) % RING_PLACES] = written(RING_GET(loop), at);
		__atomic_store_n(&ring->filled, at + RING_STEP, __ATOMIC_RELEASE);
	}
}

static void consume(struct loop *loop, uint64_t pairs)
{
	struct ring *ring = loop->ring;
	uint64_t at = ring->emptied, end = at + pairs;
	uint32_t i;

	for (; at < end; at += RING_STEP) {
		ring_wait_filled(ring, at);
		for (i = 0; i < RING_STEP; i++)
			RING_PUT(loop, ring->place[(at + i) % RING_PLACES]);
		__atomic_store_n(&ring->emptied, at + RING_STEP, __ATOMIC_RELEASE);
	}
}

#define ONE(label, live, least, more, first, loop_run) { .name = label, .threads = ONE_THREAD, \
	.nr_held = live, .pairs = least, .doublings = more, .prepare = first, .run = loop_run }
#define TWO(label, live, least, more, loop_run) { .name = label, .threads = TWO_ALIKE, \
	.nr_held = live, .pairs = least, .doublings = more, .run = loop_run }

const struct pattern patterns[] = {
	ONE("hot", 0, 4000, 7, NULL, hot_pair),
	ONE("lifo", THOUSAND, 2 * THOUSAND, 8, NULL, thousand_lifo),
	ONE("fifo", THOUSAND, 2 * THOUSAND, 8, NULL, thousand_fifo),
	ONE("random", THOUSAND, 2 * THOUSAND, 8, NULL, thousand_random),
	ONE("churn", LIVE, LIVE, 2, fill, churn),
	ONE("burst", BURST, 8 * BURST, 8, NULL, burst),
	ONE("burst-live", LIVE, LIVE / BURST * BURST, 2, fill, burst_live),
	TWO("two-hot", 0, 4000, 5, hot_pair),
	TWO("two-random", THOUSAND, 2 * THOUSAND, 6, thousand_random),
	{
		.name = "producer", .threads = PRODUCER_AND_CONSUMER, .nr_held = 2 * RING_PLACES,
		.pairs = 4 * RING_PLACES, .doublings = 4, .prepare = RING_PREPARE,
		.run = produce, .run_second = consume,
	},
	{ .name = NULL }
};

#endif
