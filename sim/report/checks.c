/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's section on debugged caches: what was checked, what was
 * found. Left out where nothing was asked for and nothing found.
 * Single-threaded.
 */
#include <inttypes.h>
#include <stdio.h>

#include "sim/report/report.h"

static const char *const complaint_keys[NR_SLAB_COMPLAINTS] = {
	[SLAB_DOUBLE_FREE] = "double_free",
	[SLAB_WRONG_CACHE] = "wrong_cache",
	[SLAB_BAD_ADDRESS] = "bad_address",
	[SLAB_LIVE_AT_DESTROY] = "live_at_destroy",
	[SLAB_CACHE_GONE] = "cache_gone",
	[SLAB_BAD_ACCESS] = "bad_access",
	[SLAB_LEFT_OVERWRITTEN] = "left_overwritten",
	[SLAB_RIGHT_OVERWRITTEN] = "right_overwritten",
	[SLAB_POISON_OVERWRITTEN] = "poison_overwritten",
	[SLAB_PADDING_OVERWRITTEN] = "padding_overwritten",
	[SLAB_END_OVERWRITTEN] = "end_overwritten",
	[SLAB_BAD_FREELIST] = "bad_freelist",
	[SLAB_FENCE_OOB] = "fence_oob",
	[SLAB_FENCE_UAF] = "fence_uaf",
	[SLAB_FENCE_CORRUPTED] = "fence_corrupted",
};
_Static_assert(NR_SLAB_COMPLAINTS == SLAB_FENCE_CORRUPTED + 1, "a key for each kind");

/* "site (pid 12) event 34", or "" where it never happened. */
static void cell_caller(struct emitter *em, const struct replay *rp, const struct slab_caller *by,
			bool valid)
{
	char text[256] = "";

	if (valid)
		snprintf(text, sizeof(text), "%s (pid %d) event %" PRIu64,
			 by->site ? names_text(rp->names, by->site) : "somebody", by->pid, by->event);
	emit_cell_str(em, text);
}

static void emit_findings(struct emitter *em, const struct replay *rp)
{
	static const struct emitter_column columns[] = {
		{ "what", "what", "", true }, { "cache", "cache", "", true },
		{ "address", "address", "", false }, { "allocated", "allocated", "", true },
		{ "freed", "freed", "", true }, { "noticed", "noticed", "", true },
	};
	unsigned int i;

	emit_table(em, "findings", "The first findings", columns, 6);
	for (i = 0; i < rp->findings.nr_kept; i++) {
		const struct slab_finding *finding = &rp->findings.kept[i];
		char address[32];

		snprintf(address, sizeof(address), "0x%" PRIx64, finding->address);
		emit_cell_str(em, complaint_keys[finding->what]);
		emit_cell_str(em, finding->cache);
		emit_cell_str(em, address);
		cell_caller(em, rp, &finding->alloc.by, finding->alloc.valid);
		cell_caller(em, rp, &finding->free.by, finding->free.valid);
		cell_caller(em, rp, &finding->now, finding->now.event != 0);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static uint64_t debugged_caches(const struct slab_allocator *sa)
{
	const struct kmem_cache *s;
	uint64_t nr = 0;

	for_each_cache(sa, s)
		nr += (kmem_cache_flags(s) & SLAB_DEBUG_FLAGS) != 0;
	return nr;
}

void report_checks(struct emitter *em, const struct report_input *in)
{
	const struct slab_allocator *sa = in->machine->slab;
	const char *debug = in->machine_cfg->slab.debug;
	const struct replay *rp = in->replay;
	int i;

	if (!debug && !in->failslab && !rp->findings.nr)
		return;
	emit_section(em, "checks", "What the checks found");
	if (debug) {
		emit_str(em, "slab_debug", "debugging of caches", debug);
		emit_u64(em, "debugged_caches", "caches debugged", "", debugged_caches(sa));
		emit_u64(em, "quarantined", "freed objects that were held back", "",
			 slab_counter(sa, SC_quarantined));
		emit_u64(em, "quarantine_bytes", "held back at the end", "bytes",
			 slab_quarantine_bytes(sa));
	}
	if (in->failslab) {
		emit_str(em, "failslab", "failures on demand", in->failslab);
		emit_u64(em, "fail_injected", "requests that were told to fail", "",
			 slab_counter(sa, SC_fail_injected));
	}
	emit_u64(em, "complaints", "findings", "", rp->findings.nr);
	emit_section(em, "complaints_by_kind", "Findings by kind");
	for (i = 0; i < NR_SLAB_COMPLAINTS; i++)
		emit_counter(em, complaint_keys[i], slab_complaint_text(i), rp->findings.by_kind[i]);
	emit_section_end(em);
	if (rp->findings.nr_kept)
		emit_findings(em, rp);
	emit_section_end(em);
}
