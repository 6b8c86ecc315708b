/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a permutation without a table; see shuffle.h. */
#include "sim/util/shuffle.h"

#include "pagemap/random.h"

void shuffle_init(struct shuffle *s, uint64_t n, uint64_t seed)
{
	*s = (struct shuffle){ n, seed, 1 };
	while (s->half < 32 && (n - 1) >> 2 * s->half)
		s->half++;
}

uint64_t shuffle_at(const struct shuffle *s, uint64_t i)
{
	uint64_t mask = (1ULL << s->half) - 1;
	unsigned int round;

	do {
		uint64_t left = i >> s->half, right = i & mask;

		for (round = 0; round < 4; round++) {
			uint64_t state = right ^ s->seed << 8 ^ round, next = left ^ (random_next(&state) & mask);

			left = right;
			right = next;
		}
		i = left << s->half | right;
	} while (i >= s->n);
	return i;
}
