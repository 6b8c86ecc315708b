/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what shrinking gave, in the report's words. Single-threaded. */
#include "sim/report/report.h"

void report_shrink(struct emitter *em, const struct shrink_metrics *metrics)
{
	static const struct emitter_column columns[] = {
		{ "order", "order", "", false },
		{ "blocks_before", "blocks before", "", false },
		{ "blocks_after", "after", "", false },
		{ "unusable_before", "unusable before", "1/1000", false },
		{ "unusable_after", "after", "1/1000", false },
	};
	const struct free_memory *before = &metrics->before, *after = &metrics->after;
	unsigned int order;

	emit_section(em, "shrink", "If every cache were shrunk now");
	emit_u64(em, "slabs", "empty slabs given back", "", metrics->slabs);
	emit_share(em, "pages", "frames given back, of all in slabs", "frames",
		   before->slab_pages - after->slab_pages, before->slab_pages);
	emit_table(em, "orders", "Free memory, per-CPU lists drained", columns, 5);
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		emit_cell_u64(em, order);
		emit_cell_u64(em, before->info[order].free_blocks_suitable);
		emit_cell_u64(em, after->info[order].free_blocks_suitable);
		emit_cell_i64(em, unusable_free_index(order, &before->info[order]));
		emit_cell_i64(em, unusable_free_index(order, &after->info[order]));
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_note(em, "blocks: places for a block of that order; the leftovers in partial slabs stay, because objects cannot move");
	emit_section_end(em);
}
