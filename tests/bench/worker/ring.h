/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: a ring from one thread to one other, which every allocator's
 * producer and consumer use. Both ends tell the other where they are only every
 * RING_STEP places, so that the ring's own cost stays small and alike.
 */
#ifndef KMEMSIM_TESTS_BENCH_WORKER_RING_H
#define KMEMSIM_TESTS_BENCH_WORKER_RING_H

#include <stdint.h>

#define RING_PLACES 1024u
#define RING_STEP 32u

struct ring {
	_Alignas(128) uint64_t filled;	/* places ever filled, written by the producer */
	_Alignas(128) uint64_t emptied;	/* written by the consumer */
	_Alignas(128) void *place[RING_PLACES];
};

static inline void ring_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/* Until RING_STEP places from @position on may be filled. */
static inline void ring_wait_room(const struct ring *ring, uint64_t position)
{
	while (position + RING_STEP - __atomic_load_n(&ring->emptied, __ATOMIC_ACQUIRE) > RING_PLACES)
		ring_pause();
}

/* Until RING_STEP places from @position on are filled. */
static inline void ring_wait_filled(const struct ring *ring, uint64_t position)
{
	while (__atomic_load_n(&ring->filled, __ATOMIC_ACQUIRE) < position + RING_STEP)
		ring_pause();
}

#endif
