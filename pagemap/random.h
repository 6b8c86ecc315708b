/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: random numbers for all layers: splitmix64, whose state is one number that
 * the caller keeps. Any seed is good, also 0, and the same seed gives the same
 * numbers on every machine.
 *
 * Locking: none, the state is the caller's.
 */
#ifndef KMEMSIM_PAGEMAP_RANDOM_H
#define KMEMSIM_PAGEMAP_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* 0..n-1 */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(((random_next(state) >> 32) * n) >> 32);
}

/* From 0 to less than 1. */
static inline double random_share(uint64_t *state)
{
	return (double)(random_next(state) >> 11) * 0x1p-53;
}

#endif
