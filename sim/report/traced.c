/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's section on the program whose accesses a trace holds, as a simulated process: what it
 * has mapped and what of it is in memory, its page faults, and which mappings and instructions they are of.
 * Single-threaded.
 */
#include "sim/report/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/costs.h"
#include "sim/traced/traced.h"
#include "sim/vm/resident.h"

static const struct {
	const char *key, *text;
} fault_kinds[NR_VM_FAULTS] = {
#define TRACED_FAULT(name, text, counted) { #name, text },
	VM_FAULTS(TRACED_FAULT)
#undef TRACED_FAULT
};

/* ---- the answer -------------------------------------------------------------------- */

static void emit_answer(struct emitter *em, const struct traced *t)
{
	struct tlb_stats data = traced_tlb_stats(t, TRACED_DATA), fetch = traced_tlb_stats(t, TRACED_FETCH);
	uint64_t lookups = data.lookups + fetch.lookups, faults = t->process->min_flt + t->process->maj_flt;
	char text[128];

	snprintf(text, sizeof(text), "%" PRIu64 " page fault%s, %" PRIu64 " of them with a disk; %.2f page walks per 1000 "
		 "accesses", faults, faults == 1 ? "" : "s", t->process->maj_flt,
		 lookups ? (double)(data.walks + fetch.walks) * 1000 / (double)lookups : 0.0);
	emit_str(em, "answer", "answer", text);
}

static void emit_sizes(struct emitter *em, const struct process *process)
{
	const struct mm *mm = process->mm ? process->mm : process->last_mm;
	uint64_t rss = process->mm ? mm_rss(mm) : 0, peak = mm->hiwater_rss > rss ? mm->hiwater_rss : rss;

	emit_u64(em, "vsz_kib", "mapped (VSZ)", "KiB", process->mm ? mm->total_vm << (PAGE_SHIFT - 10) : 0);
	emit_u64(em, "rss_kib", "of it in memory (RSS)", "KiB", rss << (PAGE_SHIFT - 10));
	emit_u64(em, "peak_rss_kib", "  at most", "KiB", peak << (PAGE_SHIFT - 10));
	emit_u64(em, "anon_kib", "  of it private, in no file", "KiB",
		 process->mm ? (uint64_t)mm->rss[RSS_ANON] << (PAGE_SHIFT - 10) : 0);
	emit_u64(em, "pte_kib", "page tables", "KiB", process->mm ? mm_pgtables_bytes(mm) >> 10 : 0);
}

/* What did not go as it should; nothing is said where all did. */
static void emit_odd(struct emitter *em, const struct traced *t)
{
	char text[128];

	if (!t->process->mm) {
		snprintf(text, sizeof(text), "by signal %d at access %" PRIu64 "; --mem sets the machine's memory",
			 t->process->signal, t->nr);
		emit_str(em, "ended", "the process was ended", text);
		emit_u64(em, "skipped", "accesses after that", "", t->skipped);
	}
	if (t->cfg.maps && t->inferred)
		emit_u64(em, "inferred", "mappings that were missing there", "", t->inferred);
	if (t->not_applied)
		emit_u64(em, "not_applied", "lines that could not be carried out", "", t->not_applied);
	if (t->outside)
		emit_u64(em, "outside", "accesses to no usable address", "", t->outside);
	if (t->refused)
		emit_u64(em, "refused", "accesses to what could not be mapped", "", t->refused);
}

static void emit_faults(struct emitter *em, const struct process *process)
{
	static const struct emitter_column columns[] = {
		{ "kind", "fault", "", true }, { "faults", "count", "", false }, { "meaning", "meaning", "", true },
	};
	unsigned int i;

	emit_section(em, "faults", "Page faults");
	emit_u64(em, "minor", "minor: without a disk", "", process->min_flt);
	emit_u64(em, "major", "major: with a disk", "", process->maj_flt);
	emit_table(em, "by_kind", "By kind", columns, 3);
	for (i = 0; i < NR_VM_FAULTS; i++) {
		if (!process->faults[i])
			continue;
		emit_cell_str(em, fault_kinds[i].key);
		emit_cell_u64(em, process->faults[i]);
		emit_cell_str(em, fault_kinds[i].text);
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_section_end(em);
}

static void emit_costs(struct emitter *em, const struct traced *t, const struct costs *costs)
{
	struct tlb_stats data = traced_tlb_stats(t, TRACED_DATA), fetch = traced_tlb_stats(t, TRACED_FETCH);
	struct cost_counts counts;

	cost_count(&counts, t->process->faults, data.walk_refs + fetch.walk_refs);
	report_costs(em, costs, &counts);
}

/* ---- mappings ------------------------------------------------------------------------ */

static const char *region_name(const struct traced *t, const struct region *region)
{
	static const char *const kinds[NR_REGION_KINDS] = {
		[REGION_FILE] = "file", [REGION_DATA] = "private", [REGION_HEAP] = "[heap]", [REGION_STACK] = "[stack]",
		[REGION_OTHER] = "other",
	};
	const char *name = t->cfg.maps ? names_text(t->cfg.maps->names, region->name) : "", *base = strrchr(name, '/');

	if (*name)
		return base ? base + 1 : name;
	return region->kind == REGION_FILE && (region->rights & VM_EXEC) ? "text" : kinds[region->kind];
}

static int by_lookups(const void *a, const void *b)
{
	const struct region *x = *(const struct region *const *)a, *y = *(const struct region *const *)b;
	uint64_t more = traced_lookups(&x->counts), other = traced_lookups(&y->counts);

	if (more != other)
		return more < other ? 1 : -1;
	return x->start < y->start ? -1 : 1;
}

static void emit_counts(struct emitter *em, const struct traced_counts *counts)
{
	uint64_t lookups = traced_lookups(counts);

	emit_cell_u64(em, lookups);
	emit_cell_u64(em, counts->minor);
	emit_cell_u64(em, counts->major);
	emit_cell_u64(em, counts->lookups[TLB_MISS]);
	emit_cell_real(em, lookups ? (double)counts->lookups[TLB_MISS] * 1000 / (double)lookups : 0.0, 2);
	emit_row_end(em);
}

static void emit_region(struct emitter *em, const struct traced *t, const struct region *region)
{
	struct mm_resident in = { 0 };
	char text[24];

	if (t->process->mm)
		in = mm_resident(t->process->mm, region->start, region->end, 0);
	emit_cell_str(em, region_name(t, region));
	snprintf(text, sizeof(text), "%#" PRIx64, region->start);
	emit_cell_str(em, text);
	snprintf(text, sizeof(text), "%c%c%c", region->rights & VM_READ ? 'r' : '-', region->rights & VM_WRITE ? 'w' : '-',
		 region->rights & VM_EXEC ? 'x' : '-');
	emit_cell_str(em, text);
	emit_cell_u64(em, (region->end - region->start) >> 10);
	emit_cell_u64(em, in.rss >> 10);
	emit_counts(em, &region->counts);
}

static int emit_regions(struct emitter *em, const struct traced *t, unsigned int top)
{
	static const struct emitter_column columns[] = {
		{ "mapping", "mapping", "", true }, { "start", "at", "", true }, { "rights", "rights", "", true },
		{ "size_kib", "size", "KiB", false }, { "rss_kib", "RSS", "KiB", false }, { "accesses", "accesses", "", false },
		{ "minor", "minor faults", "", false }, { "major", "major faults", "", false },
		{ "walks", "page walks", "", false }, { "walks_per_1000", "per access", "1/1000", false },
	};
	const struct regions *regions = &t->regions;
	struct region **sorted = malloc((regions->nr + 1) * sizeof(struct region *));
	uint32_t i;

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, regions->at, regions->nr * sizeof(struct region *));
	qsort(sorted, regions->nr, sizeof(struct region *), by_lookups);
	emit_u64(em, "mappings", "mappings", "", regions->nr);
	emit_table(em, "by_mapping", "Mappings with the most accesses", columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < regions->nr && i < top && traced_lookups(&sorted[i]->counts); i++)
		emit_region(em, t, sorted[i]);
	if (regions->nr_gone) {
		emit_cell_str(em, "(unmapped)");
		for (i = 0; i < 4; i++)
			emit_cell_none(em);
		emit_counts(em, &regions->gone);
	}
	emit_table_end(em);
	free(sorted);
	return 0;
}

/* ---- call sites ------------------------------------------------------------------------ */

static int by_pc(const struct traced_site *a, const struct traced_site *b)
{
	return (a->pc > b->pc) - (a->pc < b->pc);
}

static int by_faults(const void *a, const void *b)
{
	const struct traced_site *x = a, *y = b;
	uint64_t more = x->minor + x->major, other = y->minor + y->major;

	return more != other ? (more < other ? 1 : -1) : by_pc(x, y);
}

static int by_walks(const void *a, const void *b)
{
	const struct traced_site *x = a, *y = b;

	return x->walks != y->walks ? (x->walks < y->walks ? 1 : -1) : by_pc(x, y);
}

static void emit_sites(struct emitter *em, const struct traced *t, const struct traced_site *sites, unsigned int top,
		       const char *key, const char *label, bool walks)
{
	static const struct emitter_column columns[] = {
		{ "instruction", "instruction", "", true }, { "mapping", "in", "", true },
		{ "minor", "minor faults", "", false }, { "major", "major faults", "", false },
		{ "walks", "page walks", "", false },
	};
	uint32_t i;

	emit_table(em, key, label, columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < t->nr_sites && i < top; i++) {
		const struct region *region = regions_find(&t->regions, sites[i].pc);
		char pc[24] = "(not known)";

		if (!(walks ? sites[i].walks : sites[i].minor + sites[i].major))
			break;
		if (sites[i].pc)
			snprintf(pc, sizeof(pc), "%#" PRIx64, sites[i].pc);
		emit_cell_str(em, pc);
		emit_cell_str(em, region ? region_name(t, region) : "");
		emit_cell_u64(em, sites[i].minor);
		emit_cell_u64(em, sites[i].major);
		emit_cell_u64(em, sites[i].walks);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static int emit_top_sites(struct emitter *em, const struct traced *t, unsigned int top)
{
	struct traced_site *sites = malloc((t->nr_sites + 1) * sizeof(*sites));

	if (!sites)
		return -ENOMEM;
	memcpy(sites, t->sites, t->nr_sites * sizeof(*sites));
	qsort(sites, t->nr_sites, sizeof(*sites), by_faults);
	emit_sites(em, t, sites, top, "sites_by_faults", "Instructions with the most page faults", false);
	qsort(sites, t->nr_sites, sizeof(*sites), by_walks);
	emit_sites(em, t, sites, top, "sites_by_walks", "Instructions with the most page walks", true);
	free(sites);
	return 0;
}

/* Why there is no process, though there are accesses. */
static void emit_no_process(struct emitter *em, const struct accesses *accesses)
{
	if (!accesses || !accesses->nr || !accesses->geometry.base_16k)
		return;
	emit_section(em, "process", "The program as a process");
	emit_missing(em, "answer", "answer", "not simulated: this TLB has pages of 16 KiB, and a process here has pages of 4 KiB");
	emit_section_end(em);
}

int report_traced(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	const struct traced *t = in->traced;
	char text[256];
	int ret;

	if (!t)
		emit_no_process(em, in->accesses);
	if (!t || !t->process)
		return 0;
	emit_section(em, "process", "The program as a process");
	emit_answer(em, t);
	snprintf(text, sizeof(text), "inferred from the addresses");
	if (in->maps_path)
		snprintf(text, sizeof(text), in->maps_empty ? "inferred from the addresses, as %.*s is empty" : "those of %.*s",
			 200, in->maps_path);
	emit_str(em, "mapped_by", "mappings are", text);
	emit_odd(em, t);
	emit_sizes(em, t->process);
	emit_faults(em, t->process);
	emit_costs(em, t, in->costs);
	ret = emit_regions(em, t, in->top);
	if (!ret)
		ret = emit_top_sites(em, t, in->top);
	emit_section_end(em);
	return ret ? report_no_memory(err) : 0;
}
