/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's section on memory accesses: what was accessed, how large the
 * working set was, what TLB and caches made of it. Left out where the trace has none.
 * Single-threaded.
 */
#include "sim/report/report.h"
#include "sim/traced/traced.h"

#define SIDE_NAME(side)	((side) == SIDE_FETCH ? "instructions" : "data")

static void emit_kind(struct emitter *em, const struct accesses *accesses, const char *name, unsigned int kinds)
{
	uint64_t count = 0, bytes = 0;
	unsigned int kind;

	for (kind = 0; kind < NR_ACCESS_KINDS; kind++) {
		count += kinds >> kind & 1 ? accesses->count[kind] : 0;
		bytes += kinds >> kind & 1 ? accesses->bytes[kind] : 0;
	}
	emit_cell_str(em, name);
	emit_cell_u64(em, count);
	emit_cell_u64(em, bytes);
	emit_cell_u64(em, touched_pages(&accesses->touched[ACCESS_4K], kinds));
	emit_cell_u64(em, touched_pages(&accesses->touched[ACCESS_2M], kinds));
	emit_row_end(em);
}

static void emit_kinds(struct emitter *em, const struct accesses *accesses)
{
	static const struct emitter_column columns[] = {
		{ "kind", "access", "", true }, { "accesses", "count", "", false }, { "bytes", "size", "bytes", false },
		{ "pages_4k", "4 KiB pages", "", false }, { "pages_2m", "2 MiB pages", "", false },
	};
	static const char *const names[NR_ACCESS_KINDS] = {
		[ACCESS_FETCH] = "instruction", [ACCESS_LOAD] = "load", [ACCESS_STORE] = "store",
		[ACCESS_MODIFY] = "modify",
	};
	const unsigned int all = (1u << NR_ACCESS_KINDS) - 1;
	unsigned int kind;

	emit_table(em, "by_kind", "Accesses by kind", columns, 5);
	for (kind = 0; kind < NR_ACCESS_KINDS; kind++)
		emit_kind(em, accesses, names[kind], 1u << kind);
	emit_kind(em, accesses, "data", all & ~(1u << ACCESS_FETCH));
	emit_kind(em, accesses, "all", all);
	emit_table_end(em);
}

static void emit_working_set(struct emitter *em, const struct accesses *accesses)
{
	static const struct emitter_column columns[] = {
		{ "window", "of the last", "accesses", false }, { "pages_4k", "4 KiB pages", "", false },
		{ "bytes_4k", "memory", "bytes", false }, { "pages_2m", "2 MiB pages", "", false },
		{ "bytes_2m", "memory", "bytes", false },
	};
	double nr = (double)accesses->nr;
	unsigned int i;

	emit_table(em, "working_set", "Working set, on average", columns, 5);
	for (i = 0; i < TOUCHED_WINDOWS && touched_windows[i] <= accesses->nr; i++) {
		double small = touched_sum(&accesses->touched[ACCESS_4K], i, accesses->nr) / nr;
		double large = touched_sum(&accesses->touched[ACCESS_2M], i, accesses->nr) / nr;

		emit_cell_u64(em, touched_windows[i]);
		emit_cell_real(em, small, 1);
		emit_cell_u64(em, (uint64_t)(small * (1 << 12)));
		emit_cell_real(em, large, 1);
		emit_cell_u64(em, (uint64_t)(large * (1 << 21)));
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_tlb_row(struct emitter *em, unsigned int side, const char *page, const struct tlb_stats *stats)
{
	double lookups = stats->lookups ? (double)stats->lookups : 1;

	emit_cell_str(em, SIDE_NAME(side));
	emit_cell_str(em, page);
	emit_cell_u64(em, stats->lookups);
	emit_cell_share(em, stats->l1_hits, stats->lookups);
	emit_cell_share(em, stats->l2_hits, stats->lookups - stats->l1_hits);
	emit_cell_u64(em, stats->walks);
	if (stats->walks)
		emit_cell_real(em, (double)stats->walk_refs / (double)stats->walks, 2);
	else
		emit_cell_none(em);
	emit_cell_real(em, (double)stats->walks * 1000 / lookups, 2);
}

/* The process's own pages. What its TLB reaches depends on which of them it holds. */
static void emit_own_pages(struct emitter *em, const struct traced *traced, unsigned int side, uint64_t touched)
{
	struct tlb_stats stats = traced_tlb_stats(traced, side == SIDE_FETCH ? TRACED_FETCH : TRACED_DATA);

	emit_tlb_row(em, side, "as run", &stats);
	emit_cell_none(em);
	emit_cell_u64(em, touched << 12);
	emit_row_end(em);
}

static void emit_tlb(struct emitter *em, const struct report_input *in)
{
	static const struct emitter_column columns[] = {
		{ "side", "accesses to", "", true }, { "page", "pages", "", true }, { "lookups", "lookups", "", false },
		{ "l1_hits", "L1 hits", "%", false }, { "l2_hits", "L2 hits", "% of rest", false },
		{ "walks", "page walks", "", false }, { "refs_per_walk", "reads a walk", "", false },
		{ "walks_per_1000", "per lookup", "1/1000", false },
		{ "reach", "reach", "bytes", false }, { "reach_needed", "reach needed", "bytes", false },
	};
	const struct accesses *accesses = in->accesses;
	unsigned int side, size;

	emit_section(em, "tlb", "TLB");
	emit_str(em, "model", "model", accesses->geometry.name);
	emit_str(em, "model_source", "  from", accesses->geometry.text ? accesses->geometry.text : "");
	emit_table(em, "mapped_with", "With pages as the process has them, and if all were of one size", columns, 10);
	for (side = 0; side < NR_SIDES; side++) {
		unsigned int fetch = 1u << ACCESS_FETCH, all = (1u << NR_ACCESS_KINDS) - 1;
		unsigned int uses = side == SIDE_FETCH ? fetch : all & ~fetch;

		if (in->traced)
			emit_own_pages(em, in->traced, side, touched_pages(&accesses->touched[ACCESS_4K], uses));
		for (size = 0; size < NR_ACCESS_PAGES; size++) {
			struct tlb_stats stats = tlb_stats(accesses->tlb[side][size], size);

			emit_tlb_row(em, side, tlb_page_name(&accesses->geometry, size), &stats);
			emit_cell_u64(em, tlb_reach(&accesses->geometry, size));
			emit_cell_u64(em, accesses_mapped(accesses, size, uses) << tlb_level_shift(&accesses->geometry, size));
			emit_row_end(em);
		}
	}
	emit_table_end(em);
	emit_section_end(em);
}

static void emit_caches(struct emitter *em, const struct accesses *accesses)
{
	static const struct emitter_column columns[] = {
		{ "cache", "cache", "", true }, { "size", "size", "bytes", false }, { "lookups", "lines looked up", "", false },
		{ "misses", "misses", "", false }, { "miss_share", "of them", "%", false },
		{ "misses_per_1000", "per access", "1/1000", false },
	};
	static const char *const names[NR_CACHES] = {
		[CACHE_L1_FETCH] = "L1 instructions", [CACHE_L1_DATA] = "L1 data", [CACHE_L2] = "L2",
	};
	unsigned int level;

	emit_table(em, "caches", "Cache lines", columns, 6);
	for (level = 0; level < NR_CACHES; level++) {
		uint64_t lookups, misses;

		caches_stats(&accesses->caches, level, &lookups, &misses);
		emit_cell_str(em, names[level]);
		emit_cell_u64(em, caches_bytes(level));
		emit_cell_u64(em, lookups);
		emit_cell_u64(em, misses);
		emit_cell_share(em, misses, lookups);
		emit_cell_real(em, (double)misses * 1000 / (double)accesses->nr, 2);
		emit_row_end(em);
	}
	emit_table_end(em);
}

void report_accesses(struct emitter *em, const struct report_input *in)
{
	const struct accesses *accesses = in->accesses;
	uint64_t lines;

	if (!accesses || !accesses->nr)
		return;
	lines = touched_lines(&accesses->touched[ACCESS_4K]);
	emit_section(em, "accesses", "Memory accesses");
	emit_u64(em, "total", "accesses", "", accesses->nr);
	emit_u64(em, "lost", "accesses missing in damaged parts", "", in->trace->read.lost_accesses);
	emit_u64(em, "touched_bytes", "memory touched, in pages of 4 KiB", "bytes",
		 touched_pages(&accesses->touched[ACCESS_4K], (1u << NR_ACCESS_KINDS) - 1) << 12);
	emit_u64(em, "touched_lines", "cache lines touched", "", lines);
	emit_u64(em, "touched_line_bytes", "  memory they are", "bytes", lines * 64);
	if (in->host && in->load_ns)
		emit_real(em, "rate", "read and replayed", "accesses/s", (double)accesses->nr * 1e9 / (double)in->load_ns, 0);
	emit_kinds(em, accesses);
	emit_working_set(em, accesses);
	emit_tlb(em, in);
	emit_caches(em, accesses);
	emit_section_end(em);
}
