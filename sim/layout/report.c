/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: tables of many types; see report.h. Single-threaded. */
#include "sim/layout/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NR_COLUMNS(columns) (sizeof(columns) / sizeof((columns)[0]))

/* What is unused within members is their own types' waste. */
static uint64_t own_waste(const struct layout_type *type)
{
	return type->stats.unused - type->stats.nested;
}

static int by_own_waste(const void *a, const void *b)
{
	const struct layout_type *const *x = a, *const *y = b;
	int order;

	if (own_waste(*x) != own_waste(*y))
		return own_waste(*x) > own_waste(*y) ? -1 : 1;
	order = strcmp((*x)->name, (*y)->name);
	if (order)
		return order;
	return (*x)->size < (*y)->size ? -1 : (*x)->size > (*y)->size;
}

static void emit_objects(struct emitter *em, const struct layout_input *in, uint64_t size, uint32_t align)
{
	struct layout_fit fit;

	if (layout_fit(&fit, FIT_CACHE, size, align, in->nr_cpus, in->line, NULL))
		emit_cell_none(em);
	else
		emit_cell_u64(em, fit.objects);
}

static int emit_waste_row(struct emitter *em, const struct layout_input *in,
			  const struct layout_type *type, struct kerror *err)
{
	struct layout_plan plan;
	int ret = layout_reorder(type, in->line, &plan, err);

	if (ret) {
		layout_plan_free(&plan);
		return ret;
	}
	emit_cell_str(em, type->name);
	emit_cell_u64(em, type->size);
	emit_cell_u64(em, type->stats.holes);
	emit_cell_u64(em, type->stats.hole_bytes);
	emit_cell_u64(em, type->stats.padding);
	emit_cell_u64(em, type->stats.spare_bits);
	emit_cell_u64(em, type->stats.nested);
	emit_objects(em, in, type->size, type->align);
	if (plan.why_not) {
		emit_cell_none(em);
		emit_cell_none(em);
	} else {
		emit_cell_u64(em, plan.size);
		emit_objects(em, in, plan.size, plan.align);
	}
	emit_row_end(em);
	layout_plan_free(&plan);
	return 0;
}

static int emit_by_waste(struct emitter *em, const struct layout_input *in, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "name", "name", "", true }, { "size", "size", "bytes", false },
		{ "holes", "holes", "", false }, { "hole_bytes", "in them", "bytes", false },
		{ "padding", "at end", "bytes", false }, { "spare_bits", "spare", "bits", false },
		{ "nested", "in members", "bytes", false }, { "objects", "a slab", "objects", false },
		{ "new_size", "reordered", "bytes", false }, { "new_objects", "a slab", "objects", false },
	};
	const struct layout_type *const *types, **sorted;
	size_t nr, i;
	int ret = 0;

	types = layout_types(in->prog, &nr);
	sorted = calloc(nr ? nr : 1, sizeof(*sorted));
	if (!sorted)
		return kerror_set(err, -ENOMEM, "no memory to sort types");
	memcpy(sorted, types, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), by_own_waste);
	emit_table(em, "by_waste", "Types by bytes in holes and at the end", columns, NR_COLUMNS(columns));
	for (i = 0; !ret && i < nr && i < in->top && own_waste(sorted[i]); i++)
		ret = emit_waste_row(em, in, sorted[i], err);
	emit_table_end(em);
	free(sorted);
	return ret;
}

static void emit_program(struct emitter *em, const struct layout_input *in)
{
	uint64_t unused = 0, with_unused = 0, unknown = 0;
	const struct layout_type *const *types;
	size_t nr, i;

	types = layout_types(in->prog, &nr);
	for (i = 0; i < nr; i++) {
		unused += types[i]->stats.unused;
		with_unused += types[i]->stats.unused != 0;
		unknown += types[i]->stats.unknown;
	}
	emit_str(em, "binary", "binary", in->path);
	emit_u64(em, "line_bytes", "cache line", "bytes", in->line);
	emit_u64(em, "cpus", "CPUs of the kernel whose slabs are meant", "", in->nr_cpus);
	emit_u64(em, "types", "structs, classes and unions with a name", "", nr);
	emit_u64(em, "types_with_unused", "  of these with unused bytes", "", with_unused);
	emit_u64(em, "unused_bytes", "  unused in one object of each", "bytes", unused);
	if (unknown)
		emit_u64(em, "unknown_bytes", "  unknown, as a tag decides", "bytes", unknown);
	emit_u64(em, "damaged", "units and members left out as damaged", "", layout_damaged(in->prog));
	if (in->interrupted)
		emit_str(em, "interrupted", "interrupted by a signal", in->interrupted);
	if (*layout_missing(in->prog))
		emit_note(em, layout_missing(in->prog));
}

/* ---- with a trace ------------------------------------------------------------------------- */

static const char *cache_name(const struct layout_input *in, const struct usage_count *count,
			      char *buf, size_t size)
{
	if (count->cache)
		return names_text(in->names, count->cache);
	snprintf(buf, size, "kmalloc(%u)", count->bytes_req);
	return buf;
}

static void emit_usage_row(struct emitter *em, const struct layout_input *in, const struct usage_row *row)
{
	char buf[32];

	emit_cell_str(em, row->type->name);
	emit_cell_str(em, cache_name(in, row->count, buf, sizeof(buf)));
	emit_cell_str(em, usage_how_names[row->how]);
	emit_cell_u64(em, row->count->peak);
	emit_cell_u64(em, row->count->live);
	emit_cell_u64(em, row->count->bytes_req);
	emit_cell_u64(em, row->inside);
	emit_cell_u64(em, row->rounding);
	emit_cell_u64(em, row->ends);
	emit_cell_u64(em, row->waste);
	if (row->how == USAGE_NAME)
		emit_cell_none(em);
	else
		emit_cell_u64(em, row->saved);
	emit_row_end(em);
}

static int emit_usage(struct emitter *em, const struct layout_input *in, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "name", "name", "", true }, { "cache", "cache", "", true },
		{ "found_by", "by", "", true },
		{ "peak_objects", "at most", "", false }, { "live_objects", "at end", "", false },
		{ "object_bytes", "size", "bytes", false }, { "inside", "inside", "bytes", false },
		{ "rounding", "rounding", "bytes", false }, { "slab_ends", "slab ends", "bytes", false },
		{ "waste", "waste", "bytes", false }, { "saved", "could save", "bytes", false },
	};
	const struct layout_type *const *types;
	uint64_t matched = 0, waste = 0, saved = 0;
	struct usage_row *rows;
	size_t nr, nr_types, i;
	int ret;

	types = layout_types(in->prog, &nr_types);
	ret = usage_match(&rows, &nr, in->usage, in->names, types, nr_types, in->nr_cpus, in->line, err);
	if (ret)
		return ret;
	for (i = 0; i < nr; i++) {
		matched += rows[i].count->peak * rows[i].count->bytes_alloc;
		waste += rows[i].waste;
		saved += rows[i].saved;
	}
	emit_section(em, "usage", "What the objects of a trace waste");
	emit_str(em, "trace", "trace", in->trace_path);
	emit_u64(em, "caches", "caches, and sizes of kmalloc", "", in->usage->nr);
	emit_u64(em, "caches_matched", "  a type was found for", "", nr);
	emit_share(em, "matched_bytes", "  bytes of these, each cache at its peak", "bytes", matched,
		   in->usage->peak_bytes);
	emit_u64(em, "waste", "wasted by these, each cache at its peak", "bytes", waste);
	emit_u64(em, "saved", "  slab bytes that reordering would save", "bytes", saved);
	emit_table(em, "by_waste", "By waste", columns, NR_COLUMNS(columns));
	for (i = 0; i < nr && i < in->top; i++)
		emit_usage_row(em, in, &rows[i]);
	emit_table_end(em);
	emit_note(em, "by name: the traced kernel's struct has another size than the binary's; by size: the only "
		  "type that has it, which is a guess; by both: neither");
	emit_section_end(em);
	free(rows);
	return 0;
}

int layout_report(struct emitter *em, const struct layout_input *in, struct kerror *err)
{
	unsigned int i;
	int ret = 0;

	emit_section(em, "layout", "Struct layouts");
	emit_program(em, in);
	if (!in->nr_shown)
		ret = emit_by_waste(em, in, err);
	emit_section_end(em);
	for (i = 0; !ret && i < in->nr_shown; i++)
		ret = layout_report_type(em, in, in->shown[i], i + 1, err);
	if (!ret && in->usage)
		ret = emit_usage(em, in, err);
	return ret;
}
