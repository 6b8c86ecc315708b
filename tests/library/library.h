/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what the library's suites share. */
#ifndef KMEMSIM_TESTS_LIBRARY_LIBRARY_H
#define KMEMSIM_TESTS_LIBRARY_LIBRARY_H

#include "tests/tests.h"

/* Into an order that is the same each time. */
static inline void shuffle(void **array, uint32_t nr)
{
	struct test_rng rng = { 7 };
	uint32_t i;

	for (i = nr; i > 1; i--) {
		uint32_t j = test_rand_below(&rng, i);
		void *other = array[j];

		array[j] = array[i - 1];
		array[i - 1] = other;
	}
}

#endif
