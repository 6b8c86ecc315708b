/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's sections about a machine at one point in time, which a
 * simulated machine and one that a real program runs on have in common; see
 * report.h. Single-threaded.
 */
#include "sim/report/report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define UNKNOWN "known with KMEMSIM_OPTIONS=debug=ZU only"

void report_machine(struct emitter *em, const struct report_input *in)
{
	const struct machine_config *cfg = in->machine_cfg;
	const struct machine *m = in->machine;
	struct machine_pages pages;
	char engine[256];

	machine_count_pages(m, &pages);
	slab_config_text(&cfg->slab, engine, sizeof(engine));
	emit_str(em, "kernel", "rules of Linux", buddy_rules[buddy_kernel(m->buddy)].kernel);
	emit_u64(em, "memory", "memory", "bytes", cfg->mem_bytes);
	emit_u64(em, "managed_pages", "managed", "frames", pages.managed);
	emit_u64(em, "nodes", "nodes", "", cfg->nr_nodes);
	emit_u64(em, "cpus", "CPUs", "", buddy_nr_cpus(m->buddy));
	emit_u64(em, "min_free_kbytes", "min_free_kbytes", "KiB", buddy_min_free_kbytes(m->buddy));
	emit_str(em, "slab_engine", "object caches", engine);
}

void report_sample(struct emitter *em, const char *key, const char *label,
		   const struct sample *sample)
{
	int64_t value[NR_SAMPLE_FIELDS];
	size_t i;

	memcpy(value, sample, sizeof(value));
	emit_section(em, key, label);
	for (i = 0; i < NR_SAMPLE_FIELDS; i++)
		emit_i64(em, sample_desc[i].name, sample_desc[i].text, sample_desc[i].unit, value[i]);
	emit_section_end(em);
}

/* ---- internal fragmentation ------------------------------------------- */

void report_internal(struct emitter *em, const struct report_input *in)
{
	const struct ledger_totals *total = &in->ledger->total;
	struct internal_metrics m;

	metrics_internal(in->machine, in->ledger, &m);
	emit_section(em, "internal", "Internal fragmentation");
	emit_u64(em, "held", "frames of slabs and large kmallocs", "bytes", m.held);
	if (in->sizes_unknown) {
		emit_u64(em, "allocated", "  live objects", "bytes", m.requested);
		emit_missing(em, "requested", "    requested by them", UNKNOWN);
		emit_missing(em, "rounding", "    larger than requested", UNKNOWN);
	} else {
		emit_u64(em, "requested", "  requested by live objects", "bytes", m.requested);
		emit_u64(em, "rounding", "  objects larger than requested", "bytes", m.rounding);
	}
	emit_u64(em, "free_objects", "  free objects in slabs", "bytes", m.free_objects);
	emit_u64(em, "slab_tails", "  behind the last object of a slab", "bytes", m.slab_tails);
	emit_u64(em, "large_rounding", "  large kmallocs, to a power of two", "bytes", m.large_rounding);
	if (in->live) {
		emit_section_end(em);
		return;
	}
	emit_share(em, "object_waste", "lost to rounding up sizes (internal fragmentation), now", "bytes",
		   m.rounding + m.large_rounding, total->bytes_alloc);
	emit_share(em, "object_waste_run", "the same over all objects of the run", "bytes",
		   total->total_alloc - total->total_req, total->total_alloc);
	emit_share(em, "waste", "slab memory not in use, now", "bytes",
		   m.held - m.requested, m.held);
	emit_u64(em, "peak_requested", "most ever requested at once", "bytes", total->peak_bytes_req);
	emit_u64(em, "peak_allocated", "most ever allocated at once", "bytes", total->peak_bytes_alloc);
	emit_section_end(em);
}

/* ---- external fragmentation ------------------------------------------- */

static void emit_zone(struct emitter *em, const struct report_input *in, const struct zone *zone)
{
	static const struct emitter_column columns[] = {
		{ "order", "order", "", false }, { "free_blocks", "free blocks", "", false },
		{ "unusable_index", "unusable", "1/1000", false },
		{ "fragmentation_index", "frag. index", "1/1000", false },
	};
	struct zone_metrics zm;
	char key[32], label[64];
	unsigned int order, i;

	metrics_zone(in->machine, zone, &zm);
	snprintf(key, sizeof(key), "node%u_%s", zone->nid, zone_names[zone->idx]);
	for (i = 0; key[i]; i++)
		key[i] = (char)tolower((unsigned char)key[i]);
	snprintf(label, sizeof(label), "Node %u, zone %s", zone->nid, zone_names[zone->idx]);
	emit_section(em, key, label);
	emit_u64(em, "managed_pages", "managed", "frames", zone->managed_pages);
	emit_u64(em, "free_list_pages", "in free lists", "frames", zm.free_lists);
	emit_u64(em, "pcp_pages", "on per-CPU lists", "frames", zm.pcp);
	emit_u64(em, "used_pages", "used", "frames", buddy_zone_allocated_pages(in->machine->buddy, zone));
	emit_share(em, "largest_block", "largest free block, of the free lists", "frames",
		   zm.largest_order < 0 ? 0 : 1ULL << zm.largest_order, zm.free_lists);
	emit_table(em, "orders", "By order", columns, 4);
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		emit_cell_u64(em, order);
		emit_cell_u64(em, zm.nr_free[order]);
		emit_cell_i64(em, zm.unusable[order]);
		emit_cell_i64(em, zm.fragindex[order]);
		emit_row_end(em);
	}
	emit_table_end(em);
	emit_section_end(em);
}

void report_external(struct emitter *em, const struct report_input *in)
{
	const struct machine *m = in->machine;
	const struct zone *zone;

	emit_section(em, "external", "External fragmentation");
	emit_note(em, "fragmentation index: -1000 = such a request succeeds; 0 = too little memory; 1000 = memory too scattered");
	for_each_populated_zone(m->buddy, zone)
		emit_zone(em, in, zone);
	emit_section_end(em);
}

/* ---- counters --------------------------------------------------------- */

void report_counters(struct emitter *em, const struct report_input *in)
{
	const struct machine *m = in->machine;
	int i;

	emit_section(em, "counters", "Allocator counters");
	emit_section(em, "buddy", "Page allocator");
	for (i = 0; i < NR_BUDDY_COUNTERS; i++)
		emit_counter(em, buddy_counter_desc[i].name, buddy_counter_desc[i].text,
			     buddy_counter(m->buddy, i));
	emit_section_end(em);
	emit_section(em, "slab", "Object caches, all together");
	for (i = 0; i < NR_SLAB_COUNTERS; i++)
		if (slab_has_counter(m->slab, i))
			emit_counter(em, slab_counter_desc[i].name, slab_counter_desc[i].text,
				     slab_counter(m->slab, i));
	emit_section_end(em);
	emit_section_end(em);
}
