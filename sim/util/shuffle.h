/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a permutation of 0..n-1 without a table: four rounds of a Feistel network, again until the result
 * lies below n.
 *
 * Locking: none; it does not change while it is used.
 */
#ifndef KMEMSIM_SIM_UTIL_SHUFFLE_H
#define KMEMSIM_SIM_UTIL_SHUFFLE_H

#include <stdint.h>

struct shuffle {
	uint64_t n, seed;
	unsigned int half;		/* bits */
};

/* @n from 1. */
void shuffle_init(struct shuffle *s, uint64_t n, uint64_t seed);
/* Where @i, below n, goes. */
uint64_t shuffle_at(const struct shuffle *s, uint64_t i);

#endif
