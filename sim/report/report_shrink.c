/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what kmem_cache_shrink() on every cache would give back, and what
 * that does to external fragmentation. The one section that changes the
 * machine: it comes last. Single-threaded.
 */
#include "sim/report/report.h"

struct free_memory {
	uint64_t slab_pages;
	struct contig_page_info info[NR_PAGE_ORDERS];	/* all zones together */
};

static uint64_t count_slab_pages(const struct slab_allocator *sa)
{
	struct kmem_cache *s = NULL;
	struct slabinfo info;
	uint64_t pages = 0;

	while ((s = slab_next_cache(sa, s))) {
		get_slabinfo(s, &info);
		pages += info.slab_pages;
	}
	return pages;
}

/* Frames on per-CPU lists belong to no block: they go back first, both times. */
static void look(const struct machine *m, struct free_memory *mem)
{
	unsigned int nid, idx, order;

	*mem = (struct free_memory){ .slab_pages = count_slab_pages(m->slab) };
	buddy_drain_all_pages(m->buddy);
	for (nid = 0; nid < m->map->nr_nodes; nid++)
		for (idx = 0; idx < MAX_NR_ZONES; idx++) {
			const struct zone *zone = buddy_zone(m->buddy, nid, idx);

			for (order = 0; zone && zone_populated(zone) && order < NR_PAGE_ORDERS; order++) {
				struct contig_page_info info;

				fill_contig_page_info(zone, order, &info);
				mem->info[order].free_pages += info.free_pages;
				mem->info[order].free_blocks_total += info.free_blocks_total;
				mem->info[order].free_blocks_suitable += info.free_blocks_suitable;
			}
		}
}

void report_shrink(struct emitter *em, const struct machine *m)
{
	static const struct emitter_column columns[] = {
		{ "order", "order", "", false },
		{ "blocks_before", "blocks before", "", false },
		{ "blocks_after", "after", "", false },
		{ "unusable_before", "unusable before", "1/1000", false },
		{ "unusable_after", "after", "1/1000", false },
	};
	struct free_memory before, after;
	struct kmem_cache *s = NULL;
	unsigned int order;
	uint64_t slabs = 0;

	look(m, &before);
	while ((s = slab_next_cache(m->slab, s)))
		slabs += kmem_cache_shrink(s);
	look(m, &after);

	emit_section(em, "shrink", "If every cache were shrunk now");
	emit_u64(em, "slabs", "empty slabs given back", "", slabs);
	emit_share(em, "pages", "frames given back, of all in slabs", "frames",
		   before.slab_pages - after.slab_pages, before.slab_pages);
	emit_table(em, "orders", "Free memory, per-CPU lists drained", columns, 5);
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		emit_cell_u64(em, order);
		emit_cell_u64(em, before.info[order].free_blocks_suitable);
		emit_cell_u64(em, after.info[order].free_blocks_suitable);
		emit_cell_i64(em, unusable_free_index(order, &before.info[order]));
		emit_cell_i64(em, unusable_free_index(order, &after.info[order]));
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_note(em, "blocks: places for a block of that order; the leftovers in partial slabs stay, because objects cannot move");
	emit_section_end(em);
}
