/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the parts of a worker. main.c measures; an allocator's file
 * (by_malloc.c, by_cache.c, by_list.c) has the loops over objects, which
 * patterns.h stamps out so that fast paths are inlined into them; frames.c has
 * the loops over page frames, whose two allocators are calls.
 *
 * A loop is run by one thread; two loops share nothing but a ring.
 */
#ifndef KMEMSIM_TESTS_BENCH_WORKER_WORKER_H
#define KMEMSIM_TESTS_BENCH_WORKER_WORKER_H

#include <stddef.h>
#include <stdint.h>

struct ring;

struct loop {
	_Alignas(128) size_t size;	/* bytes of an object, or the order of a block of frames */
	void *source;		/* the allocator's own */
	void **held;		/* what is allocated and not yet freed */
	uint32_t nr_held;	/* room in @held */
	uint32_t *order;	/* 0 to nr_held - 1 in random order */
	uint64_t random;	/* state of loop_random() */
	struct ring *ring;	/* from one thread to the other */
	uint64_t pairs;		/* a round */
};

enum threads { ONE_THREAD, TWO_ALIKE, PRODUCER_AND_CONSUMER };

struct pattern {
	const char *name;
	enum threads threads;
	uint32_t nr_held;
	uint64_t pairs;			/* a round, of each thread; prepare() may change the loop's */
	unsigned int doublings;		/* @pairs becomes up to 2^this times as many: see main.c */
	void (*prepare)(struct loop *loop);	/* or NULL */
	void (*run)(struct loop *loop, uint64_t pairs);
	void (*run_second)(struct loop *loop, uint64_t pairs);	/* by the consumer */
	double (*figure)(struct loop *loop);	/* instead of nanoseconds a pair */
};

/* The allocator's patterns; the last has no name. */
extern const struct pattern patterns[];
/* An address in the allocator's code. */
extern const void *const allocator_code;
/* Set up @loop->source for @loop->size, for patterns that hold up to @loop->nr_held. */
void allocator_init(struct loop *loop);

/* A line on standard error, then exit status 2. */
void worker_die(const char *text) __attribute__((noreturn, cold));

/* From 0 to @below - 1: a multiplicative generator (Knuth's MMIX), its upper bits. */
static inline uint32_t loop_random(struct loop *loop, uint32_t below)
{
	loop->random = loop->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(((loop->random >> 32) * below) >> 32);
}

#endif
