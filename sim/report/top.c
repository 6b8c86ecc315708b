/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's tables of caches, call sites and leak suspects; see
 * report.h. Single-threaded.
 */
#include "sim/report/report.h"

#include <stdio.h>
#include <stdlib.h>

const char *report_site(const struct names *names, name_id site)
{
	return site ? names_text(names, site) : "(unknown)";
}

static int emit_traffic(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "cache", "cache", "", true }, { "size", "size", "bytes", false },
		{ "allocs", "allocs", "", false }, { "frees", "frees", "", false },
		{ "total_requested", "requested", "bytes", false },
		{ "total_bytes", "allocated", "bytes", false }, { "share", "share", "%", false },
		{ "peak_bytes", "live at most", "bytes", false },
	};
	struct cache_metrics *list;
	int nr, i;

	list = metrics_caches(in->ledger, BY_TRAFFIC, &nr);
	if (nr < 0)
		return report_no_memory(err);
	emit_table(em, "caches_by_traffic", "Caches by bytes allocated over the run", columns, 8);
	for (i = 0; i < nr && i < (int)in->top; i++) {
		const struct ledger_cache *record = list[i].record;

		emit_cell_str(em, list[i].name);
		emit_cell_u64(em, record->cache ? kmem_cache_size(record->cache) : 0);
		emit_cell_u64(em, record->allocs);
		emit_cell_u64(em, record->frees);
		emit_cell_u64(em, record->total_req);
		emit_cell_u64(em, record->total_alloc);
		emit_cell_share(em, record->total_alloc, in->ledger->total.total_alloc);
		emit_cell_u64(em, record->peak_bytes_alloc);
		emit_row_end(em);
	}
	emit_table_end(em);
	free(list);
	return 0;
}

static int emit_sites(struct emitter *em, const struct report_input *in, const char *key,
		      const char *label, enum metrics_order order, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "call_site", "call site", "", true }, { "allocs", "allocs", "", false },
		{ "live", "live", "", false }, { "live_bytes", "allocated", "bytes", false },
		{ "share", "share", "%", false }, { "waste_bytes", "waste", "bytes", false },
		{ "waste_share", "share", "%", false },
	};
	const struct ledger_totals *total = &in->ledger->total;
	struct site_metrics *list;
	int nr, i;

	list = metrics_sites(in->ledger, order, &nr);
	if (nr < 0)
		return report_no_memory(err);
	emit_table(em, key, label, columns, 7);
	for (i = 0; i < nr && i < (int)in->top; i++) {
		const struct ledger_site *record = list[i].record;

		emit_cell_str(em, report_site(in->replay->names, list[i].site));
		emit_cell_u64(em, record->allocs);
		emit_cell_u64(em, record->live);
		emit_cell_u64(em, record->bytes_alloc);
		emit_cell_share(em, record->bytes_alloc, total->bytes_alloc);
		emit_cell_u64(em, list[i].waste);
		emit_cell_share(em, list[i].waste, total->bytes_alloc - total->bytes_req);
		emit_row_end(em);
	}
	emit_table_end(em);
	free(list);
	return 0;
}

int report_top(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	int ret;

	emit_section(em, "top", "Who holds memory, who wastes it");
	ret = emit_traffic(em, in, err);
	if (!ret)
		ret = report_caches(em, in, "caches_by_bytes", "Caches by live bytes", BY_LIVE_BYTES, err);
	if (!ret)
		ret = report_caches(em, in, "caches_by_waste", "Caches by waste", BY_WASTE, err);
	if (!ret)
		ret = report_cache_metadata(em, in, err);
	if (!ret)
		ret = emit_sites(em, in, "sites_by_bytes", "Call sites by live bytes", BY_LIVE_BYTES, err);
	if (!ret)
		ret = emit_sites(em, in, "sites_by_waste", "Call sites by waste", BY_WASTE, err);
	emit_section_end(em);
	return ret;
}

static int emit_owners(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "task", "task", "", true }, { "pid", "pid", "", false },
		{ "blocks", "blocks", "", false }, { "frames", "frames", "", false },
		{ "share", "share", "%", false }, { "oldest_event", "oldest", "event", false },
	};
	const struct ledger *l = in->ledger;
	struct owner_metrics *list;
	int nr, i;

	list = metrics_owners(in->machine, l, &nr);
	if (nr < 0)
		return report_no_memory(err);
	emit_table(em, "block_owners", "Page blocks never freed, by the task that asked for them", columns, 6);
	for (i = 0; i < nr && i < (int)in->top; i++) {
		emit_cell_str(em, report_site(in->replay->names, list[i].task));
		emit_cell_i64(em, list[i].pid);
		emit_cell_u64(em, list[i].blocks);
		emit_cell_u64(em, list[i].frames);
		emit_cell_share(em, list[i].frames, l->total.block_pages);
		emit_cell_u64(em, list[i].oldest_event);
		emit_row_end(em);
	}
	emit_table_end(em);
	free(list);
	return 0;
}

int report_leaks(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "call_site", "call site", "", true }, { "objects", "objects", "", false },
		{ "bytes", "requested", "bytes", false }, { "oldest_event", "oldest", "event", false },
		{ "newest_event", "newest", "event", false }, { "oldest_age_us", "oldest age", "us", false },
	};
	const struct ledger *l = in->ledger;
	struct leak_metrics *list;
	int nr, i, ret;

	list = metrics_leaks(l, &nr);
	if (nr < 0)
		return report_no_memory(err);
	emit_section(em, "leaks", "Never freed (leak suspects)");
	emit_note(em, "a trace of single tasks misses frees made elsewhere: suspects, not culprits");
	emit_u64(em, "objects", "objects never freed", "", l->total.live_objects);
	emit_u64(em, "bytes", "  requested", "bytes", l->total.bytes_req);
	emit_u64(em, "call_sites", "  by so many call sites", "", (uint64_t)nr);
	emit_u64(em, "blocks", "page blocks never freed", "", l->total.live_blocks);
	emit_u64(em, "block_pages", "  frames", "frames", l->total.block_pages);
	emit_table(em, "suspects", "Suspects by bytes", columns, 6);
	for (i = 0; i < nr && i < (int)in->top; i++) {
		uint64_t end = report_end_ns(in);

		emit_cell_str(em, report_site(in->replay->names, list[i].site));
		emit_cell_u64(em, list[i].objects);
		emit_cell_u64(em, list[i].bytes_req);
		emit_cell_u64(em, list[i].oldest_event);
		emit_cell_u64(em, list[i].newest_event);
		emit_cell_u64(em, end > list[i].oldest_ns ? (end - list[i].oldest_ns) / 1000 : 0);
		emit_row_end(em);
	}
	emit_table_end(em);
	free(list);
	ret = in->replay->cfg.page_owner ? emit_owners(em, in, err) : 0;
	emit_section_end(em);
	return ret;
}
