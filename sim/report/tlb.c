/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's section about TLB-friendliness; see report.h.
 * Single-threaded.
 */
#include "sim/report/report.h"

#define HUGE_ORDER (21 - PAGE_SHIFT)

/* ---- 5. TLB-friendliness ------------------------------------------------- */

/* A row, for @touched pages of @size. */
static void emit_tlb_row(struct emitter *em, enum tlb_page size, const struct tlb *tlb,
			 const struct tlb_geometry *geometry, uint64_t touched)
{
	struct tlb_stats stats = tlb_stats(tlb, size);
	double lookups = stats.lookups ? (double)stats.lookups : 1;

	emit_cell_str(em, tlb_page_name(geometry, size));
	emit_cell_u64(em, stats.lookups);
	emit_cell_share(em, stats.l1_hits, stats.lookups);
	emit_cell_share(em, stats.l2_hits, stats.lookups - stats.l1_hits);
	emit_cell_u64(em, stats.walks);
	emit_cell_real(em, (double)stats.walks * 1000 / lookups, 2);
	emit_cell_u64(em, tlb_reach(geometry, size));
	emit_cell_u64(em, touched << tlb_level_shift(geometry, size));
	emit_row_end(em);
}

static void emit_tlb_table(struct emitter *em, const struct access_model *access)
{
	static const struct emitter_column columns[] = {
		{ "page", "mapped with", "", true }, { "lookups", "lookups", "", false },
		{ "l1_hits", "L1 hits", "%", false }, { "l2_hits", "L2 hits", "% of rest", false },
		{ "walks", "page walks", "", false }, { "walks_per_1000", "per lookup", "1/1000", false },
		{ "reach", "reach", "bytes", false }, { "reach_needed", "reach needed", "bytes", false },
	};
	unsigned int size;

	emit_table(em, "mapped_with", "If the frames were mapped with", columns, 8);
	for (size = 0; size < access->nr_pages; size++)
		emit_tlb_row(em, size, access->tlb[size], &access->geometry, access->distinct[size]);
	emit_table_end(em);
}

int report_tlb(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	const struct access_model *access = &in->replay->access;
	uint64_t full, partial, used_in_full;
	struct machine_pages pages;
	int ret;

	ret = buddy_block_usage(in->machine->buddy, HUGE_ORDER, &full, &partial, &used_in_full);
	if (ret)
		return kerror_set(err, ret, "no memory to look at 2 MiB blocks");
	machine_count_pages(in->machine, &pages);
	emit_section(em, "tlb", "TLB-friendliness");
	emit_str(em, "model", "model", access->geometry.name);
	emit_str(em, "model_source", "  from", access->geometry.text ? access->geometry.text : "");
	emit_tlb_table(em, access);
	emit_u64(em, "full_2m_blocks", "2 MiB blocks without a free frame", "", full);
	emit_u64(em, "partial_2m_blocks", "2 MiB blocks partly free", "", partial);
	emit_share(em, "used_in_full_2m", "used memory that lies in full 2 MiB blocks", "frames",
		   used_in_full, pages.used);
	if (in->host) {
		const struct host_counters *host = in->host;

		if (host->value[HOST_DTLB_LOADS] < 0)
			emit_missing(em, "host_dtlb_loads", "host's data-TLB loads", "not supported");
		else
			emit_i64(em, "host_dtlb_loads", "host's data-TLB loads", "",
				 host->value[HOST_DTLB_LOADS]);
		if (host->value[HOST_DTLB_MISSES] < 0)
			emit_missing(em, "host_dtlb_misses", "host's data-TLB load misses", "not supported");
		else
			emit_i64(em, "host_dtlb_misses", "host's data-TLB load misses", "",
				 host->value[HOST_DTLB_MISSES]);
	}
	emit_section_end(em);
	return 0;
}
