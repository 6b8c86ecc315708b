/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: page frames behind one and the same pair of calls, whichever
 * allocator there is: frames_library.c or frames_list.c. Calls they are for
 * both: in files of their own, so that neither is inlined.
 */
#ifndef KMEMSIM_TESTS_BENCH_WORKER_FRAMES_H
#define KMEMSIM_TESTS_BENCH_WORKER_FRAMES_H

#define NR_FRAMES (1u << 20)	/* 4 GiB */

/* 2^@order frames in a row, or NULL. */
void *frames_get(unsigned int order);
void frames_put(void *frames, unsigned int order);

#endif
