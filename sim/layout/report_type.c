/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: one type in full: figures, map, members, slabs, a better order; see report.h. */
#include "sim/layout/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NR_COLUMNS(columns) (sizeof(columns) / sizeof((columns)[0]))

#define MAP_ROW		64u	/* bytes of a row at most: wider ones do not fit the terminal */
#define MAP_GROUP	8u
#define MAP_ROWS	64u	/* a longer map lacks its middle */
#define MAP_LAST_ROWS	16u	/* of those, at its end */
/* Rows of one table of members; damaged types can be within each other without end. */
#define MEMBER_ROWS	20000u
#define DEEPEST		16u

struct type_report {
	struct emitter *em;
	const struct layout_input *in;
	const struct layout_type *type;
	unsigned int rows;
};

/* ---- the map -------------------------------------------------------------------------- */

static void group(const char *bytes, size_t nr, char *out)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (i && i % MAP_GROUP == 0)
			*out++ = ' ';
		*out++ = bytes[i];
	}
	*out = '\0';
}

/* Rows equal to the one at @at, itself included; 1 unless it is one letter throughout. */
static size_t equal_rows(const char *map, size_t len, size_t at, size_t row)
{
	size_t nr = 1;

	if (at + row > len || memcmp(map + at, map + at + 1, row - 1))
		return 1;
	while (at + (nr + 1) * row <= len && !memcmp(map + at, map + at + nr * row, row))
		nr++;
	return nr;
}

/* A part of the map: bytes @from to @from + @len of the type. */
struct map_part {
	const char *map;
	uint64_t from;
	size_t len, row;
};

/* How many rows show the part. */
static size_t shown_rows(const struct map_part *part)
{
	size_t at, nr = 0;

	for (at = 0; at < part->len; at += equal_rows(part->map, part->len, at, part->row) * part->row)
		nr++;
	return nr;
}

static void emit_map_row(const struct type_report *r, uint64_t offset, uint64_t rows, const char *text)
{
	emit_cell_u64(r->em, offset / r->in->line);
	emit_cell_u64(r->em, offset);
	emit_cell_u64(r->em, rows);
	emit_cell_str(r->em, text);
	emit_row_end(r->em);
}

/* Show at most @nr rows. Returns where the next one begins. */
static uint64_t emit_part(const struct type_report *r, const struct map_part *part, size_t nr)
{
	char text[MAP_ROW + MAP_ROW / MAP_GROUP + 1];
	size_t at, rows, shown = 0;

	for (at = 0; at < part->len && shown < nr; at += rows * part->row, shown++) {
		rows = equal_rows(part->map, part->len, at, part->row);
		group(part->map + at, part->len - at < part->row ? part->len - at : part->row, text);
		emit_map_row(r, part->from + at, rows, text);
	}
	return part->from + at;
}

/* Where row @nr of those that show the part begins. */
static uint64_t start_of_row(const struct map_part *part, size_t nr)
{
	size_t at;

	for (at = 0; nr; nr--)
		at += equal_rows(part->map, part->len, at, part->row) * part->row;
	return part->from + at;
}

/* The first rows of @head, how many are left out, the last ones of @tail, which @head may overlap. */
static void emit_ends(const struct type_report *r, const struct map_part *head, struct map_part *tail)
{
	uint64_t next = emit_part(r, head, MAP_ROWS - MAP_LAST_ROWS), left_out;
	char text[64];
	size_t all;

	if (tail->from < next) {
		tail->map += next - tail->from;
		tail->len -= next - tail->from;
		tail->from = next;
	}
	all = shown_rows(tail);
	if (all > MAP_LAST_ROWS) {
		uint64_t from = start_of_row(tail, all - MAP_LAST_ROWS);

		tail->map += from - tail->from;
		tail->len -= from - tail->from;
		tail->from = from;
	}
	left_out = (tail->from - next) / head->row;
	if (left_out) {
		snprintf(text, sizeof(text), "(%llu rows are left out)", (unsigned long long)left_out);
		emit_map_row(r, next, left_out, text);
	}
	emit_part(r, tail, MAP_ROWS);
}

static int emit_map(const struct type_report *r, const char *key, const char *label,
		    const uint64_t *bit_offset, uint64_t size, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "line", "line", "", false }, { "offset", "offset", "", false },
		{ "rows", "rows", "", false },
		{ "map", "0        8        16       24       32       40       48       56", "", true },
	};
	size_t row = r->in->line < MAP_ROW ? r->in->line : MAP_ROW;
	size_t bytes = size < LAYOUT_MAP_BYTES ? size : LAYOUT_MAP_BYTES;
	struct map_part head = { .row = row }, tail = { .row = row };
	char *map = malloc(2 * bytes + 1);

	if (!map)
		return kerror_set(err, -ENOMEM, "no memory for a map");
	head.map = map;
	head.len = layout_map(r->type, bit_offset, size, 0, map);
	/* Parts of one length begin with a row of the whole. */
	tail.map = map + bytes;
	tail.from = (size - bytes + row - 1) / row * row;
	tail.len = layout_map(r->type, bit_offset, size, tail.from, map + bytes);
	emit_table(r->em, key, label, columns, NR_COLUMNS(columns));
	if (size <= bytes && shown_rows(&head) <= MAP_ROWS)
		emit_part(r, &head, MAP_ROWS);
	else
		emit_ends(r, &head, &tail);
	emit_table_end(r->em);
	free(map);
	return 0;
}

/* ---- members --------------------------------------------------------------------------- */

static const char *kind_of(const struct layout_member *member)
{
	if (member->elsewhere)
		return "virtual base";
	if (member->base)
		return "base";
	if (member->artificial)
		return "hidden";
	return member->bitfield ? "bits" : "member";
}

static void emit_lines(const struct type_report *r, uint64_t bit, uint64_t bits)
{
	uint64_t first = bit / 8 / r->in->line, last = bits ? (bit + bits - 1) / 8 / r->in->line : first;
	char text[48];

	if (first == last)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)first);
	else
		snprintf(text, sizeof(text), "%llu-%llu", (unsigned long long)first,
			 (unsigned long long)last);
	emit_cell_str(r->em, text);
}

static void emit_unused(struct type_report *r, const char *letter, const char *kind, uint64_t bit,
			uint64_t bits, unsigned int depth)
{
	if (!bits)
		return;
	r->rows++;
	emit_cell_str(r->em, letter);
	emit_cell_u64(r->em, bit / 8);
	emit_cell_u64(r->em, (bits + 7) / 8);
	if (bits % 8 || bit % 8) {
		emit_cell_u64(r->em, bit % 8);
		emit_cell_u64(r->em, bits);
	} else {
		emit_cell_none(r->em);
		emit_cell_none(r->em);
	}
	emit_lines(r, bit, bits);
	emit_cell_str(r->em, kind);
	emit_cell_u64(r->em, depth);
	emit_cell_str(r->em, "");
	emit_cell_str(r->em, "");
	emit_row_end(r->em);
}

/* The gap in front of member @i of @type, which starts at bit @start of the whole. */
static void emit_gap(struct type_report *r, const struct layout_type *type, unsigned int i, uint64_t start,
		     unsigned int depth)
{
	const char *hole = !depth ? i == type->nr_members ? "_" : "." : ",";
	uint64_t bit, front;
	struct layout_gap gap;

	if (!layout_gap(type, i, &gap))
		return;
	bit = start + gap.bit_offset;
	if (type->variants) {
		emit_unused(r, "?", "unknown", bit, gap.bytes * 8 + gap.bits, depth);
		return;
	}
	front = (8 - gap.bit_offset % 8) % 8;
	if (front > gap.bits)
		front = gap.bits;
	emit_unused(r, "", "spare", bit, front, depth);
	emit_unused(r, hole, i == type->nr_members ? "padding" : "hole", bit + front,
		    gap.bytes * 8, depth);
	emit_unused(r, "", "spare", bit + front + gap.bytes * 8, gap.bits - front, depth);
}

static void emit_member(struct type_report *r, const struct layout_member *member, uint64_t start,
			char letter, unsigned int depth)
{
	uint64_t bit = start + member->bit_offset;
	char at[2] = { letter, '\0' };

	r->rows++;
	emit_cell_str(r->em, at);
	if (member->elsewhere) {
		emit_cell_none(r->em);
		emit_cell_none(r->em);
	} else {
		emit_cell_u64(r->em, bit / 8);
		emit_cell_u64(r->em, (member->bit_size + 7) / 8);
	}
	if (member->bitfield) {
		emit_cell_u64(r->em, bit % 8);
		emit_cell_u64(r->em, member->bit_size);
	} else {
		emit_cell_none(r->em);
		emit_cell_none(r->em);
	}
	if (member->elsewhere)
		emit_cell_none(r->em);
	else
		emit_lines(r, bit, member->bit_size);
	emit_cell_str(r->em, kind_of(member));
	emit_cell_u64(r->em, depth);
	emit_cell_indented(r->em, depth, member->type_text);
	emit_cell_str(r->em, member->name);
	emit_row_end(r->em);
}

/* What has no name is always shown with its members; what has one, where that is wanted. */
static void emit_members(struct type_report *r, const struct layout_type *type, uint64_t start,
			 char outer, unsigned int depth)
{
	unsigned int i;

	for (i = 0; i < type->nr_members && r->rows < MEMBER_ROWS; i++) {
		const struct layout_member *member = &type->members[i];
		char letter = depth ? outer : layout_letter(i);

		emit_gap(r, type, i, start, depth);
		emit_member(r, member, start, letter, depth);
		if (member->type && !member->elsewhere && depth < DEEPEST &&
		    (r->in->expand || (!member->name[0] && !member->base)))
			emit_members(r, member->type, start + member->bit_offset, letter, depth + 1);
	}
	emit_gap(r, type, type->nr_members, start, depth);
}

static void emit_member_table(struct type_report *r)
{
	static const struct emitter_column columns[] = {
		{ "at", "at", "", true }, { "offset", "offset", "", false },
		{ "size", "size", "", false }, { "bit", "bit", "", false },
		{ "bits", "bits", "", false }, { "lines", "lines", "", true },
		{ "kind", "kind", "", true }, { "depth", "in", "", false },
		{ "type", "type", "", true }, { "member", "member", "", true },
	};

	emit_table(r->em, "members", "Members", columns, NR_COLUMNS(columns));
	emit_members(r, r->type, 0, 0, 0);
	emit_table_end(r->em);
	if (r->rows >= MEMBER_ROWS)
		emit_note(r->em, "the table of members is cut");
}

/* ---- slabs -------------------------------------------------------------------------------- */

static void emit_fits(const struct type_report *r, const char *layout, uint64_t size, uint32_t align)
{
	struct layout_fit fit;
	int kind;

	for (kind = 0; kind < NR_LAYOUT_FITS; kind++) {
		if (layout_fit(&fit, kind, size, align, r->in->nr_cpus, r->in->line, NULL))
			continue;
		emit_cell_str(r->em, layout);
		emit_cell_str(r->em, fit.name);
		emit_cell_u64(r->em, fit.stride);
		emit_cell_u64(r->em, fit.align);
		emit_cell_u64(r->em, fit.order);
		emit_cell_u64(r->em, fit.objects);
		emit_cell_u64(r->em, fit.waste);
		emit_cell_share(r->em, fit.waste, fit.slab_bytes);
		emit_cell_real(r->em, (double)fit.lines / (double)fit.objects, 2);
		emit_row_end(r->em);
	}
}

static void emit_slabs(const struct type_report *r, const struct layout_plan *plan)
{
	static const struct emitter_column columns[] = {
		{ "layout", "layout", "", true }, { "cache", "cache", "", true },
		{ "stride", "stride", "bytes", false }, { "align", "aligned to", "bytes", false },
		{ "order", "order", "", false }, { "objects", "objects", "a slab", false },
		{ "waste_bytes", "waste", "a slab", false }, { "waste_share", "share", "%", false },
		{ "lines_touched", "lines", "an object", false },
	};

	emit_table(r->em, "slabs", "In slabs", columns, NR_COLUMNS(columns));
	emit_fits(r, "as it is", r->type->size, r->type->align);
	if (!plan->why_not && plan->size < r->type->size)
		emit_fits(r, "reordered", plan->size, plan->align);
	emit_table_end(r->em);
}

/* ---- a better order ------------------------------------------------------------------------- */

static void emit_order(const struct type_report *r, const struct layout_plan *plan)
{
	static const struct emitter_column columns[] = {
		{ "at", "at", "", true }, { "offset", "offset", "", false },
		{ "was_at", "was at", "", false }, { "size", "size", "", false },
		{ "moved", "moved", "", true }, { "type", "type", "", true },
		{ "member", "member", "", true },
	};
	unsigned int i;

	emit_table(r->em, "order", "The new order", columns, NR_COLUMNS(columns));
	for (i = 0; i < r->type->nr_members; i++) {
		unsigned int nr = plan->order[i];
		const struct layout_member *member = &r->type->members[nr];
		char at[2] = { layout_letter(nr), '\0' };

		emit_cell_str(r->em, at);
		emit_cell_u64(r->em, plan->bit_offset[nr] / 8);
		emit_cell_u64(r->em, member->bit_offset / 8);
		emit_cell_u64(r->em, (member->bit_size + 7) / 8);
		emit_cell_str(r->em, plan->was_moved[nr] ? "yes" : "");
		emit_cell_str(r->em, member->type_text);
		emit_cell_str(r->em, member->name);
		emit_row_end(r->em);
	}
	emit_table_end(r->em);
}

static int emit_plan(const struct type_report *r, const struct layout_plan *plan, struct kerror *err)
{
	int ret = 0;

	emit_section(r->em, "reorder", "The order of members that is smallest");
	if (plan->why_not) {
		emit_missing(r->em, "new_size", "size", plan->why_not);
	} else {
		emit_u64(r->em, "new_size", "size", "bytes", plan->size);
		emit_u64(r->em, "saved_bytes", "saves", "bytes", r->type->size - plan->size);
		emit_u64(r->em, "moved_members", "members moved", "", plan->moved);
		emit_bool(r->em, "least", "smallest between fences", plan->least);
	}
	if (!plan->why_not && plan->size < r->type->size) {
		if (plan->unnamed)
			emit_note(r->em, "unnamed bits stay in front of the bit-field they are in front of now");
		emit_order(r, plan);
		ret = emit_map(r, "map", "The map it gives, with the same letters", plan->bit_offset,
			       plan->size, err);
	}
	emit_section_end(r->em);
	return ret;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void emit_figures(const struct type_report *r)
{
	const struct layout_type *type = r->type;
	const struct layout_stats *stats = &type->stats;
	const char *file = layout_declared_in(r->in->prog, type);
	struct emitter *em = r->em;
	char declared[4200];

	emit_str(em, "name", "name", type->name);
	emit_str(em, "kind", "kind", layout_kind_names[type->kind]);
	snprintf(declared, sizeof(declared), "%.4096s:%u", *file ? file : "(unknown)", type->line);
	emit_str(em, "declared_at", "declared at", declared);
	emit_u64(em, "size", "size", "bytes", type->size);
	emit_u64(em, "align", "aligned to", "bytes", type->align);
	emit_u64(em, "lines", "cache lines, from the start of one", "", layout_lines(0, type->size, r->in->line));
	emit_u64(em, "members_total", "members", "", type->nr_members);
	emit_u64(em, "crossing", "  in more lines than they need", "", layout_crossing(type, r->in->line));
	emit_u64(em, "holes", "holes", "", stats->holes);
	emit_u64(em, "hole_bytes", "  bytes in them", "bytes", stats->hole_bytes);
	emit_u64(em, "padding", "padding at the end", "bytes", stats->padding);
	emit_u64(em, "spare_bits", "spare bits beside bit-fields", "bits", stats->spare_bits);
	emit_u64(em, "nested", "unused within members", "bytes", stats->nested);
	emit_share(em, "unused", "unused in all", "bytes", stats->unused, type->size);
	if (stats->unknown)
		emit_u64(em, "unknown", "unknown, as a tag decides", "bytes", stats->unknown);
	if (type->packed)
		emit_note(em, "packed: members or the size are not aligned as their types ask");
	if (stats->unknown)
		emit_note(em, "a tag decides what lies in the unknown bytes, as in an enum of Rust that holds data: "
			  "they may be used, and are not counted as unused");
}

int layout_report_type(struct emitter *em, const struct layout_input *in,
		       const struct layout_type *type, unsigned int nr, struct kerror *err)
{
	struct type_report r = { .em = em, .in = in, .type = type };
	struct layout_plan plan;
	char key[32], label[256];
	int ret = layout_reorder(type, in->line, &plan, err);

	if (ret) {
		layout_plan_free(&plan);
		return ret;
	}
	snprintf(key, sizeof(key), "type_%u", nr);
	snprintf(label, sizeof(label), "%s %s", layout_kind_names[type->kind], type->name);
	emit_section(em, key, label);
	emit_figures(&r);
	ret = emit_map(&r, "map", "Map", NULL, type->size, err);
	emit_member_table(&r);
	emit_slabs(&r, &plan);
	if (!ret)
		ret = emit_plan(&r, &plan, err);
	emit_section_end(em);
	layout_plan_free(&plan);
	return ret;
}
