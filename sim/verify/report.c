/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what verify found, through the emitter. Single-threaded. */
#include <stdio.h>

#include "sim/verify/rates.h"
#include "sim/verify/verify.h"

static void emit_rates(struct emitter *em, const struct verify_run *run)
{
	const struct verify_pages *vp = &run->pages;
	char name[16];
	unsigned int i;

	emit_section(em, "allocations", "Allocations");
	emit_share(em, "predicted", "frames predicted exactly", "requests", vp->allocs.hits, vp->allocs.all);
	emit_real(em, "percent", "in percent", "%", vp->allocs.all ? 100.0 * (double)vp->allocs.hits /
		  (double)vp->allocs.all : 100.0, 4);
	emit_share(em, "drains", "of what frees gave back, as predicted", "drains", vp->drains.hits, vp->drains.all);
	emit_share(em, "refills", "blocks of refills in place", "blocks", vp->refill.hits, vp->refill.all);
	emit_rate_table(em, "by_order", "By order");
	for (i = 0; i < NR_PAGE_ORDERS; i++) {
		snprintf(name, sizeof(name), "%u", i);
		emit_rate_row(em, name, "", &vp->by_order[i]);
	}
	emit_table_end(em);
	emit_rate_table(em, "by_type", "By migratetype");
	for (i = 0; i < MIGRATE_TYPES; i++)
		emit_rate_row(em, migratetype_names[i], "", &vp->by_type[i]);
	emit_table_end(em);
	emit_rate_table(em, "by_cpu", "By CPU");
	for (i = 0; i < buddy_nr_cpus(run->buddy); i++) {
		snprintf(name, sizeof(name), "%u", i);
		emit_rate_row(em, name, "", &vp->by_cpu[i]);
	}
	emit_table_end(em);
	emit_rate_table(em, "by_path", "By path");
	for (i = 0; i < NR_VERIFY_PATHS; i++)
		emit_rate_row(em, verify_path_desc[i].name, verify_path_desc[i].text, &vp->by_path[i]);
	emit_table_end(em);
	emit_section_end(em);
}

static void emit_requests(struct emitter *em, const struct verify_run *run)
{
	static const struct emitter_column columns[] = {
		{ "name", "", "", true },
		{ "count", "count", "", false },
		{ "hint", "hint", "", true },
	};
	const struct verify_pages *vp = &run->pages;
	unsigned int i;

	emit_section(em, "requests", "Requests");
	emit_table(em, "by_kind", "By kind", columns, NR_COLUMNS(columns));
	for (i = 0; i < NR_REQUEST_KINDS; i++) {
		if (!vp->requests[i])
			continue;
		emit_cell_str(em, request_kind_names[i]);
		emit_cell_u64(em, vp->requests[i]);
		emit_cell_str(em, request_is_hint((enum request_kind)i) ? "yes" : "no");
		emit_row_end(em);
	}
	emit_table_end(em);
	if (vp->targets.all)
		emit_share(em, "targets", "searches of compaction's free scanner", "searches", vp->targets.hits,
			   vp->targets.all);
	emit_counter(em, "bulk_frames", "frames of bulk requests, not compared", vp->bulk_frames);
	emit_counter(em, "below_low", "served at the min watermark only", vp->below_low);
	emit_counter(em, "other_zone", "after a miss served from the kernel's zone", vp->other_zone);
	emit_counter(em, "told_place", "requests whose place beside an interrupt only their frame shows", vp->hinted_place);
	emit_counter(em, "told_run", "runs of frees whose length only the next drain shows", vp->hinted_run);
	emit_counter(em, "no_watermark", "served by heeding no watermark only", vp->no_watermark);
	emit_counter(em, "refused_frees", "frees of what was free here already", vp->refused_frees);
	emit_counter(em, "refused_isolates", "isolations of what was not free here", vp->refused_isolates);
	emit_counter(em, "resync_failed", "misses whose frame could not be had", vp->resync_failed);
	emit_counter(em, "unknown_zone", "hints whose zone was never seen", run->reqs.unknown_zone);
	emit_counter(em, "left_over", "blocks that left the lists for no request", run->reqs.left_over);
	emit_section_end(em);
}

static void emit_lists(struct emitter *em, const char *name, const struct compare_lists *lists)
{
	emit_cell_str(em, name);
	emit_cell_u64(em, lists->all);
	emit_cell_u64(em, lists->in_order);
	emit_cell_u64(em, lists->as_sets);
	emit_cell_u64(em, lists->in_number);
	emit_row_end(em);
}

static void emit_end(struct emitter *em, const struct verify_run *run)
{
	static const struct emitter_column columns[] = {
		{ "lists", "lists", "", true },	    { "all", "all", "", false },
		{ "in_order", "in order", "", false }, { "as_sets", "as sets", "", false },
		{ "in_number", "in number", "", false },
	};
	static const struct emitter_column orders[] = {
		{ "zone", "zone", "", true },
		{ "order", "order", "", false },
		{ "ours", "ours", "blocks", false },
		{ "kernel", "kernel", "blocks", false },
	};
	const struct compare_result *cmp = &run->compare;
	unsigned int z, order;

	emit_section(em, "end", "At the end, against snapshot B");
	emit_table(em, "lists", "Lists equal", columns, NR_COLUMNS(columns));
	emit_lists(em, "free lists", &cmp->free_lists);
	emit_lists(em, "per-CPU lists", &cmp->pcp_lists);
	emit_table_end(em);
	emit_share(em, "pageblocks", "pageblock types equal", "pageblocks", cmp->pageblocks_equal,
		   cmp->pageblocks);
	emit_share(em, "pcp_tunings", "per-CPU tuning values equal", "CPUs and zones", cmp->pcp_tunings_equal,
		   cmp->pcp_tunings);
	emit_share(em, "zone_values", "zones' counters equal", "counters", cmp->zone_values_equal,
		   cmp->zone_values);
	emit_table(em, "buddyinfo", "Free blocks, where they differ", orders, NR_COLUMNS(orders));
	for (z = 0; z < cmp->nr_zones; z++) {
		for (order = 0; order < NR_PAGE_ORDERS; order++) {
			if (cmp->zones[z].ours[order] == cmp->zones[z].kernel[order])
				continue;
			emit_cell_str(em, zone_names[cmp->zones[z].idx]);
			emit_cell_u64(em, order);
			emit_cell_u64(em, cmp->zones[z].ours[order]);
			emit_cell_u64(em, cmp->zones[z].kernel[order]);
			emit_row_end(em);
		}
	}
	emit_table_end(em);
	if (cmp->first[0])
		emit_note(em, cmp->first);
	emit_section_end(em);
}

static void emit_causes(struct emitter *em, const struct verify_run *run)
{
	static const struct emitter_column columns[] = {
		{ "cause", "cause", "", true },
		{ "misses", "misses", "", false },
		{ "meaning", "", "", true },
	};
	unsigned int i;

	emit_section(em, "misses", "Misses");
	emit_table(em, "by_cause", "By cause", columns, NR_COLUMNS(columns));
	for (i = 0; i < NR_VERIFY_CAUSES; i++) {
		if (!run->pages.cause[i])
			continue;
		emit_cell_str(em, verify_cause_desc[i].name);
		emit_cell_u64(em, run->pages.cause[i]);
		emit_cell_str(em, verify_cause_desc[i].text);
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_section_end(em);
}

static void explain(struct emitter *em, const struct verify_run *run, const struct verify_miss *miss)
{
	char text[256], gfp[96], list[64];
	unsigned int i;
	size_t len = 0;

	list[0] = '\0';
	for (i = 0; i < miss->nr_head; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, " %#x", miss->head[i]);
	gfp_format(gfp, sizeof(gfp), miss->req.gfp);
	snprintf(text, sizeof(text), "line %llu, %s (pid %d) on CPU %u: order %u, %s: ours %#x, the kernel's %#x",
		 (unsigned long long)miss->req.line, names_text(trace_names(run->trace.trace), miss->req.comm),
		 miss->req.pid, miss->req.cpu, miss->req.order, gfp, miss->ours, miss->req.pfn);
	emit_note(em, text);
	snprintf(text, sizeof(text),
		 "  cause %s (place %u), path %s, in block %#x of order %u; next on the list:%s",
		 verify_cause_desc[miss->cause].name, miss->position, verify_path_desc[miss->path].name,
		 miss->block, miss->block_order, miss->nr_head ? list : " nothing");
	emit_note(em, text);
	for (i = 0, len = 0; i < NR_PAGE_ORDERS; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, " %llu",
					(unsigned long long)miss->nr_free[i]);
	snprintf(text, sizeof(text), "  its type's free blocks by order:%s", list);
	emit_note(em, text);
}

void verify_report(struct emitter *em, const struct verify_run *run, bool timing)
{
	unsigned int i;

	emit_section(em, "verify", "Verification of the page layer");
	emit_str(em, "capture", "capture", run->capture);
	emit_str(em, "kernel", "kernel", run->a->release);
	emit_str(em, "rules", "rules of", buddy_rules[run->kernel].kernel);
	emit_str(em, "mode", "mode", run->mode == VERIFY_OPEN ? "open" : "guided");
	emit_u64(em, "events", "events", "", run->nr_events);
	emit_u64(em, "page_events", "of the page allocator, in between", "", run->reqs.nr_events);
	emit_u64(em, "violations_before", "violations after loading", "", run->violations_before);
	emit_u64(em, "violations_after", "violations at the end", "", run->violations_after);
	if (run->stop.text[0])
		emit_str(em, "interrupted", "interrupted by a signal", run->stop.text);
	if (run->violation[0])
		emit_note(em, run->violation);
	if (timing)
		emit_speed(em, run->nr_events, run->read_seconds, run->serve_seconds);
	emit_section_end(em);
	emit_skipped(em, &run->check);
	emit_requests(em, run);
	emit_rates(em, run);
	emit_causes(em, run);
	if (!run->stop.text[0])
		emit_end(em, run);
	if (!run->pages.nr_miss)
		return;
	emit_section(em, "explained", "The first misses");
	for (i = 0; i < run->pages.nr_miss; i++)
		explain(em, run, &run->pages.miss[i]);
	emit_section_end(em);
}
