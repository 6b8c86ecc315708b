/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: page-walk caches; see walk_cache.h. Locking: none. */
#include "pagemap/tlb/walk_cache.h"

int walk_cache_init(struct walk_cache *cache, const struct tlb_geometry *geo)
{
	unsigned int i;
	int ret = 0;

	*cache = (struct walk_cache){ .last = ASSOC_NONE };
	for (i = 0; !ret && i < NR_WALK_CACHES; i++) {
		cache->shift[i] = tlb_level_shift(geo, i + 1);
		ret = assoc_init(&cache->level[i], &geo->walk[i]);
	}
	return ret;
}

void walk_cache_exit(struct walk_cache *cache)
{
	unsigned int i;

	for (i = 0; i < NR_WALK_CACHES; i++)
		assoc_exit(&cache->level[i]);
}

unsigned int walk_cache_search(struct walk_cache *cache, uint64_t tag, uint64_t addr, unsigned int leaf)
{
	unsigned int found;

	if (!leaf && cache->level[WALK_PDE].ways)
		cache->last = tag | addr >> cache->shift[WALK_PDE];
	/* One that lacks the entry has it from now on: the walk comes by it. */
	for (found = leaf; found < NR_WALK_CACHES; found++) {
		struct assoc *level = &cache->level[found];
		uint64_t number = addr >> cache->shift[found];

		if (assoc_touch(level, assoc_set(level, number), tag | number))
			break;
	}
	return found - leaf + 1;
}

void walk_cache_flush(struct walk_cache *cache, uint64_t mask, uint64_t tag)
{
	unsigned int i;

	cache->last = ASSOC_NONE;
	for (i = 0; i < NR_WALK_CACHES; i++) {
		if (mask)
			assoc_remove_matching(&cache->level[i], mask, tag);
		else
			assoc_clear(&cache->level[i]);
	}
}
