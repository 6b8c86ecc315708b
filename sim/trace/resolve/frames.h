/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one 64-bit word for each page frame a trace mentions. Frames come
 * in runs but the runs lie anywhere, so 64 neighbours share a leaf and a hash
 * table finds the leaf. Words start as 0.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_RESOLVE_FRAMES_H
#define KMEMSIM_SIM_TRACE_RESOLVE_FRAMES_H

#include <stdint.h>

struct frames;

struct frames *frames_create(void);	/* NULL: no memory */
void frames_destroy(struct frames *frames);
/* The word of frame @pfn, made if need be (NULL: no memory). It stays where it is. */
uint64_t *frames_get(struct frames *frames, uint64_t pfn);
/* As frames_get(), but NULL where the frame's leaf does not exist. */
uint64_t *frames_find(const struct frames *frames, uint64_t pfn);

#endif
