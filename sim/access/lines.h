/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which cache lines the owners of objects touch: every line of what
 * was asked for when it is allocated, the first one when it is freed.
 *
 * Counts distinct lines, and runs the accesses through a model of one core's
 * caches: 64-byte lines, 32 KiB of 8 ways and 1 MiB of 16, replaced least
 * recently used.
 * It knows nothing of prefetching and of other accesses, the allocator's own
 * metadata included: those are given as bytes, not as accesses.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_ACCESS_LINES_H
#define KMEMSIM_SIM_ACCESS_LINES_H

#include <stdint.h>

#include "pagemap/error.h"

#define LINE_SHIFT	6
/* Lines a level has, and ways of a set. */
#define LINES_L1_SHAPE	((struct assoc_shape)ASSOC_LRU(512, 8))
#define LINES_L2_SHAPE	((struct assoc_shape)ASSOC_LRU(16384, 16))

struct lines;

/* For offsets up to @bytes; *@out is the caller's until lines_destroy(). -ENOMEM. */
int lines_create(struct lines **out, uint64_t bytes, struct kerror *err);
void lines_destroy(struct lines *lines);
/* The lines of @bytes (at least 1) from @offset on. */
void lines_touch(struct lines *lines, uint64_t offset, uint32_t bytes);

struct lines_stats {
	uint64_t accesses;	/* lines touched, each time anew */
	uint64_t distinct;
	uint64_t l1_misses, l2_misses;
};
void lines_stats(const struct lines *lines, struct lines_stats *stats);

#endif
