/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's tables of caches as they are now; see report.h.
 * Single-threaded.
 */
#include "sim/report/report.h"

#include <errno.h>
#include <stdlib.h>

int report_no_memory(struct kerror *err)
{
	return kerror_set(err, -ENOMEM, "no memory to sort caches and call sites");
}

/* Figures of caches are of now; what went through them is emit_traffic()'s. */
int report_caches(struct emitter *em, const struct report_input *in, const char *key,
		  const char *label, enum metrics_order order, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "cache", "cache", "", true }, { "live", "live", "", false },
		{ "requested_bytes", "requested", "bytes", false },
		{ "live_bytes", "allocated", "bytes", false }, { "share", "share", "%", false },
		{ "free_objects", "free", "objects", false }, { "held_bytes", "held", "bytes", false },
		{ "waste_bytes", "waste", "bytes", false }, { "waste_share", "share", "%", false },
	};
	uint64_t all_live = in->ledger->total.bytes_alloc, all_waste = 0;
	struct cache_metrics *list;
	int nr, i;

	list = metrics_caches(in->ledger, order, &nr);
	if (nr < 0)
		return report_no_memory(err);
	for (i = 0; i < nr; i++)
		all_waste += list[i].waste;
	emit_table(em, key, label, columns, 9);
	for (i = 0; i < nr && i < (int)in->top; i++) {
		const struct ledger_cache *record = list[i].record;

		emit_cell_str(em, list[i].name);
		emit_cell_u64(em, record->live);
		if (in->sizes_unknown)
			emit_cell_none(em);
		else
			emit_cell_u64(em, record->bytes_req);
		emit_cell_u64(em, record->bytes_alloc);
		emit_cell_share(em, record->bytes_alloc, all_live);
		emit_cell_u64(em, list[i].free_objects);
		emit_cell_u64(em, list[i].held);
		emit_cell_u64(em, list[i].waste);
		emit_cell_share(em, list[i].waste, all_waste);
		emit_row_end(em);
	}
	emit_table_end(em);
	free(list);
	return 0;
}

/* What the engine needs besides objects. */
int report_cache_metadata(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "cache", "cache", "", true }, { "books_bytes", "metadata", "bytes", false },
		{ "share", "share", "%", false }, { "held_bytes", "held", "bytes", false },
		{ "colours_used", "colours", "", false }, { "colours", "of", "", false },
	};
	struct cache_metrics *list;
	uint64_t all = 0;
	int nr, i;

	list = metrics_caches(in->ledger, BY_METADATA, &nr);
	if (nr < 0)
		return report_no_memory(err);
	for (i = 0; i < nr; i++)
		all += list[i].metadata;
	emit_table(em, "caches_by_books", "Caches by the metadata that their engine needs", columns, 6);
	for (i = 0; i < nr && i < (int)in->top; i++) {
		emit_cell_str(em, list[i].name);
		emit_cell_u64(em, list[i].metadata);
		emit_cell_share(em, list[i].metadata, all);
		emit_cell_u64(em, list[i].held);
		emit_cell_u64(em, list[i].colours_used);
		emit_cell_u64(em, list[i].colours);
		emit_row_end(em);
	}
	emit_table_end(em);
	free(list);
	return 0;
}
