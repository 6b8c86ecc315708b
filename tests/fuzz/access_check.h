/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what all readers of memory accesses promise, for their fuzz targets. */
#ifndef KMEMSIM_TESTS_FUZZ_ACCESS_CHECK_H
#define KMEMSIM_TESTS_FUZZ_ACCESS_CHECK_H

#include <stdlib.h>

#include "sim/replay/accesses.h"

/* A reader_access_fn: @ctx is a struct accesses, which replays what is sane. */
static inline int check_and_replay(void *ctx, const struct access_block *block, struct kerror *err)
{
	uint32_t i;

	if (!block->nr || block->nr > ACCESS_BLOCK)
		abort();
	for (i = 0; i < block->nr; i++) {
		const struct access *access = &block->at[i];

		if (!access->size || access->kind >= NR_ACCESS_KINDS || access->zero ||
		    access->addr + (access->size - 1u) < access->addr)
			abort();
	}
	return accesses_replay(ctx, block, err);
}

#endif
