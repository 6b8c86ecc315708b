/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the least an allocator of page frames could do: an array of
 * frame numbers used as a stack. It knows no orders, checks nothing it could
 * leave out, and is for one thread; nobody touches its frames.
 */
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/worker/frames.h"
#include "tests/bench/worker/worker.h"

#define PAGE_SHIFT 12

static uint32_t list[NR_FRAMES];
static uint32_t nr_free;

void *frames_get(unsigned int order)
{
	if (!nr_free)
		return NULL;
	return (void *)((uintptr_t)list[--nr_free] << PAGE_SHIFT);
}

void frames_put(void *frames, unsigned int order)
{
	list[nr_free++] = (uint32_t)((uintptr_t)frames >> PAGE_SHIFT);
}

const void *const allocator_code = (const void *)frames_get;

void allocator_init(struct loop *loop)
{
	while (nr_free < NR_FRAMES) {
		list[nr_free] = NR_FRAMES - nr_free;
		nr_free++;
	}
}
