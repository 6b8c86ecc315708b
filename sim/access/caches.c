/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a core's caches; see caches.h. Single-threaded. */
#include "sim/access/caches.h"

#include "sim/access/lines.h"

static const struct tlb_geometry geometries[NR_CACHES] = {
	[CACHE_L1_FETCH] = { .name = "L1", .l1 = { [TLB_4K] = { LINES_L1, LINES_L1_WAYS } } },
	[CACHE_L1_DATA] = { .name = "L1", .l1 = { [TLB_4K] = { LINES_L1, LINES_L1_WAYS } } },
	[CACHE_L2] = { .name = "L2", .l1 = { [TLB_4K] = { LINES_L2, LINES_L2_WAYS } } },
};

int caches_init(struct caches *caches, struct kerror *err)
{
	unsigned int i;
	int ret = 0;

	*caches = (struct caches){ { NULL } };
	for (i = 0; !ret && i < NR_CACHES; i++)
		ret = tlb_create(&caches->level[i], &geometries[i], TLB_4K, err);
	return ret;
}

void caches_exit(struct caches *caches)
{
	unsigned int i;

	for (i = 0; i < NR_CACHES; i++)
		tlb_destroy(caches->level[i]);
	*caches = (struct caches){ { NULL } };
}

void caches_touch(struct caches *caches, enum cache_level first, uint64_t addr, uint32_t bytes)
{
	uint64_t line = addr >> LINE_SHIFT, last = (addr + (bytes - 1)) >> LINE_SHIFT;
	const struct tlb_stats *stats = tlb_stats(caches->level[first]);

	for (;; line++) {
		uint64_t missed = stats->walks;

		/* A line's number becomes a page's: no two differ in bits that are lost. */
		tlb_access_page(caches->level[first], line);
		if (stats->walks != missed)
			tlb_access_page(caches->level[CACHE_L2], line);
		if (line == last)
			break;
	}
}

void caches_stats(const struct caches *caches, enum cache_level level, uint64_t *lookups, uint64_t *misses)
{
	const struct tlb_stats *stats = tlb_stats(caches->level[level]);

	*lookups = stats->lookups;
	*misses = stats->walks;
}

uint64_t caches_bytes(enum cache_level level)
{
	return (uint64_t)geometries[level].l1[TLB_4K].entries << LINE_SHIFT;
}
