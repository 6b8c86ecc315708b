/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: shrinking every cache, and what it gives; see shrink.h. */
#include "sim/metrics/shrink.h"

static uint64_t count_slab_pages(const struct slab_allocator *sa)
{
	struct kmem_cache *s;
	struct slabinfo info;
	uint64_t pages = 0;

	for_each_cache(sa, s) {
		get_slabinfo(s, &info);
		pages += info.slab_pages;
	}
	return pages;
}

/* Frames on per-CPU lists belong to no block: they go back first, both times. */
static void look(const struct machine *m, struct free_memory *mem)
{
	const struct zone *zone;
	unsigned int order;

	*mem = (struct free_memory){ .slab_pages = count_slab_pages(m->slab) };
	buddy_drain_all_pages(m->buddy);
	for_each_populated_zone(m->buddy, zone) {
		for (order = 0; order < NR_PAGE_ORDERS; order++) {
			struct contig_page_info info;

			fill_contig_page_info(zone, order, &info);
			mem->info[order].free_pages += info.free_pages;
			mem->info[order].free_blocks_total += info.free_blocks_total;
			mem->info[order].free_blocks_suitable += info.free_blocks_suitable;
		}
	}
}

void metrics_shrink(struct machine *m, struct shrink_metrics *metrics)
{
	struct kmem_cache *s;

	metrics->slabs = 0;
	look(m, &metrics->before);
	for_each_cache(m->slab, s)
		metrics->slabs += kmem_cache_shrink(s);
	look(m, &metrics->after);
}
