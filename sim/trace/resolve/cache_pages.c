/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the slab pages of a cache tell of the cache. A cache made with
 * SLAB_RECLAIM_ACCOUNT (inodes, dentries, buffer heads) adds __GFP_RECLAIMABLE
 * to its requests for pages; its object events do not show it. So each traced
 * slab frame votes, for or against, for the cache of the first object in it.
 * A majority decides, because a recording that misses a free can take an old
 * page event for a new slab's.
 *
 * Single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/internal.h"

#define FIRST_CACHES	256u

struct cache_pages {
	int64_t *votes;		/* by name: frames that are reclaimable minus those that are not */
	uint64_t size;
};

struct cache_pages *cache_pages_create(void)
{
	return calloc(1, sizeof(struct cache_pages));
}

void cache_pages_destroy(struct cache_pages *pages)
{
	if (!pages)
		return;
	free(pages->votes);
	free(pages);
}

int cache_pages_vote(struct cache_pages *pages, name_id cache, int64_t votes)
{
	if (cache >= pages->size) {
		uint64_t size = pages->size ? pages->size : FIRST_CACHES;
		int64_t *larger;

		while (size <= cache)
			size *= 2;
		larger = realloc(pages->votes, size * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		memset(larger + pages->size, 0, (size - pages->size) * sizeof(*larger));
		pages->votes = larger;
		pages->size = size;
	}
	pages->votes[cache] += votes;
	return 0;
}

bool cache_pages_reclaimable(const struct cache_pages *pages, name_id cache)
{
	return cache < pages->size && pages->votes[cache] > 0;
}

uint64_t cache_pages_count(const struct cache_pages *pages)
{
	uint64_t nr = 0, i;

	for (i = 0; i < pages->size; i++)
		nr += pages->votes[i] > 0;
	return nr;
}
