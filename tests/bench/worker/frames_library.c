/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: page frames by the library's interface, inlined into the calls below. */
#include "slab/malloc/kmemsim.h"
#include "tests/bench/worker/frames.h"
#include "tests/bench/worker/worker.h"

void *frames_get(unsigned int order)
{
	return kms_pages_alloc(order);
}

void frames_put(void *frames, unsigned int order)
{
	kms_pages_free(frames, order);
}

const void *const allocator_code = (const void *)kms_pages_alloc_slow;

void allocator_init(struct loop *loop)
{
}
