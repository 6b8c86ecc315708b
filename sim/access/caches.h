/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one core's caches, as instruction fetches and data accesses go through them:
 * a first level for each, a second one for both, of the sizes that lines.h names.
 * Addresses may be any.
 *
 * A line that a level lacks is brought into it; nothing is ever brought ahead of its use,
 * invalidated or shared with another core, and a line that leaves the second level may stay
 * in the first.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_ACCESS_CACHES_H
#define KMEMSIM_SIM_ACCESS_CACHES_H

#include "pagemap/tlb/assoc.h"

enum cache_level { CACHE_L1_FETCH, CACHE_L1_DATA, CACHE_L2, NR_CACHES };

struct line_cache {
	struct assoc lines;
	uint64_t last;		/* line of the last lookup, the newest of its set; ASSOC_NONE: none */
	uint64_t lookups, misses;
};

struct caches {
	struct line_cache level[NR_CACHES];
};

/* -ENOMEM. caches_exit() is to be called after a failure, too, and takes zeroed ones. */
int caches_init(struct caches *caches, struct kerror *err);
void caches_exit(struct caches *caches);
/* The lines of @bytes (at least 1) from @addr on, which end within 64 bits; @first is one of the first level. */
void caches_touch(struct caches *caches, enum cache_level first, uint64_t addr, uint32_t bytes);
void caches_stats(const struct caches *caches, enum cache_level level, uint64_t *lookups, uint64_t *misses);
/* Bytes that @level holds. */
uint64_t caches_bytes(enum cache_level level);

#endif
