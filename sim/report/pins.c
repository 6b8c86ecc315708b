/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's section about who keeps 2 MiB blocks from being whole; see report.h, and sim/metrics/pins.h
 * for what is counted. Single-threaded.
 */
#include "sim/report/report.h"

#include <stdio.h>

#include "sim/metrics/pins.h"

static const char *const kind_names[NR_PIN_KINDS] = {
	[PIN_SLABS] = "slabs", [PIN_PAGES] = "page blocks", [PIN_PCP] = "per-CPU lists", [PIN_RESERVED] = "reserved frames"
};

void report_pin_set(unsigned int set, char *buf, size_t size)
{
	unsigned int kind, left = set;
	size_t len = 0;

	*buf = '\0';
	for (kind = 0; kind < NR_PIN_KINDS && len < size; kind++) {
		if (!(set & 1u << kind))
			continue;
		left &= ~(1u << kind);
		len += (size_t)snprintf(buf + len, size - len, "%s%s", !len ? "" : left ? ", " : " and ", kind_names[kind]);
	}
}

/* Frames of @sum's blocks that are not free: what would have to go. */
static uint64_t used_frames(const struct pin_sum *sum)
{
	return (sum->blocks << (21 - PAGE_SHIFT)) - sum->free;
}

static void emit_sets(struct emitter *em, const struct pins *pins)
{
	static const struct emitter_column columns[] = {
		{ "holders", "used frames are", "", true }, { "blocks", "2 MiB blocks", "", false },
		{ "used", "used", "frames", false }, { "free", "free", "frames", false },
		{ "share", "share of free", "%", false },
	};
	unsigned int set;
	char text[80];

	emit_table(em, "by_holder", "Partly free 2 MiB blocks, by what their used frames are", columns, 5);
	for (set = 1; set < NR_PIN_SETS; set++) {
		if (!pins->set[set].blocks)
			continue;
		report_pin_set(set, text, sizeof(text));
		emit_cell_str(em, text);
		emit_cell_u64(em, pins->set[set].blocks);
		emit_cell_u64(em, used_frames(&pins->set[set]));
		emit_cell_u64(em, pins->set[set].free);
		emit_cell_share(em, pins->set[set].free, pins->all.free);
		emit_row_end(em);
	}
	emit_table_end(em);
}

static void emit_pin_caches(struct emitter *em, const struct report_input *in, const struct pins *pins)
{
	static const struct emitter_column columns[] = {
		{ "cache", "cache", "", true }, { "blocks", "in 2 MiB blocks", "", false },
		{ "frames", "its frames", "", false }, { "alone", "alone in", "blocks", false },
		{ "alone_free", "whole without it", "frames", false },
		{ "free_objects", "free in its slabs", "bytes", false },
	};
	unsigned int i;

	emit_table(em, "caches", "Caches whose slabs lie in such blocks", columns, 6);
	for (i = 0; i < pins->nr_caches && i < in->top; i++) {
		const struct pin_cache *pin = &pins->caches[i];

		emit_cell_str(em, kmem_cache_name(pin->cache));
		emit_cell_u64(em, pin->in.blocks);
		emit_cell_u64(em, pin->frames);
		emit_cell_u64(em, pin->alone.blocks);
		emit_cell_u64(em, pin->alone.free);
		emit_cell_u64(em, pin->free_objects);
		emit_row_end(em);
	}
	emit_table_end(em);
}

void report_pins(struct emitter *em, const struct report_input *in, const struct pins *pins)
{
	struct machine_pages pages;

	machine_count_pages(in->machine, &pages);
	emit_section(em, "pinned", "Who keeps memory from being huge pages");
	emit_share(em, "free_in_partial_2m", "free memory in 2 MiB blocks that are partly used", "frames", pins->all.free,
		   pages.free_lists);
	emit_u64(em, "pinned_blocks", "2 MiB blocks partly used (frames on per-CPU lists count as used)", "", pins->all.blocks);
	emit_sets(em, pins);
	emit_pin_caches(em, in, pins);
	emit_section_end(em);
}
