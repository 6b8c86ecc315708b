/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: objects by malloc(), whoever provides it (LD_PRELOAD). */
#include <stdlib.h>

#include "tests/bench/worker/worker.h"

static inline void *object_get(struct loop *loop)
{
	return malloc(loop->size);
}

static inline void object_put(struct loop *loop, void *object)
{
	free(object);
}

#include "tests/bench/worker/patterns.h"

const void *const allocator_code = (const void *)malloc;

void allocator_init(struct loop *loop)
{
	loop->source = NULL;
}
