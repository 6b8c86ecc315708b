/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the live bits. One for each 8 bytes of arena says that a live object
 * starts there; see tables.c for what they cost and why they exist.
 */
#ifndef KMEMSIM_SLAB_LIVE_H
#define KMEMSIM_SLAB_LIVE_H

#include "slab/allocator.h"
#include "slab/compiler.h"

/* Live bits: one for each 8 bytes of arena, so a frame's bits are one cache line. */
#define LIVE_SHIFT	3
#define LIVE_BYTES_PER_FRAME (PAGE_SIZE >> LIVE_SHIFT >> 3)
_Static_assert(LIVE_BYTES_PER_FRAME == 64, "a frame's live bits fill one cache line");

/*
 * The number of an arena offset's live bit. What is left over below 8 bytes
 * goes to the top, so that one comparison with live_bits finds an address that
 * is unaligned as well as one that is not in the arena.
 */
static inline size_t live_bit(size_t offset)
{
	return offset >> LIVE_SHIFT | offset << (64 - LIVE_SHIFT);
}

static inline bool live_bit_test(const struct slab_allocator *sa, size_t bit)
{
	return bit < sa->live_bits && (sa->live[bit >> 6] >> (bit & 63) & 1);
}

/* True where a live object starts exactly there; any offset is allowed. */
static inline bool live_test(const struct slab_allocator *sa, size_t offset)
{
	return live_bit_test(sa, live_bit(offset));
}

/* @offset is that of an object's start. */
static inline void live_set(struct slab_allocator *sa, size_t offset)
{
	sa->live[offset >> (LIVE_SHIFT + 6)] |= 1ULL << ((offset >> LIVE_SHIFT) & 63);
}

static inline void live_clear(struct slab_allocator *sa, size_t offset)
{
	sa->live[offset >> (LIVE_SHIFT + 6)] &= ~(1ULL << ((offset >> LIVE_SHIFT) & 63));
}

/*
 * Whether a live object starts at @offset (any is allowed), and if so its word
 * of bits and what to store there once the object is not live: a free looks
 * first and clears when all is well, without working out the place twice.
 */
static inline bool live_look(const struct slab_allocator *sa, size_t offset, uint64_t **word,
			     uint64_t *cleared)
{
	size_t bit = live_bit(offset);
	uint64_t old;

	if (unlikely(bit >= sa->live_bits))
		return false;
	*word = &sa->live[bit >> 6];
	old = **word;
	*cleared = old & ~(1ULL << (bit & 63));
	return *cleared != old;
}

#endif
