/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a type drawn with one character a byte.
 *
 *	aaaaaaaa bbbb.... ccc,cccc #ee_____
 *
 * A letter is a member; '.' a hole, '_' padding at the end, ',' a byte unused
 * within a member that is a struct itself, '#' a byte that several bit-fields
 * share, '?' where virtual bases lie or where a tag decides what lies there. Pure functions.
 */
#include "sim/layout/layout.h"

#include <string.h>

#define DEEPEST 32	/* structs within structs; deeper ones are drawn solid */
/* Members painted for one map; damaged types can be within each other without end. */
#define STROKES_MAX 1000000u

struct canvas {
	char *map;		/* of the type's bytes @from to @end */
	uint64_t from, end;
	unsigned int strokes;
	char blank;		/* what stands beside the type's own members */
};

char layout_letter(unsigned int i)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	return letters[i % (sizeof(letters) - 1)];
}

static void fill(struct canvas *canvas, uint64_t start, uint64_t bytes, char letter)
{
	uint64_t first = start > canvas->from ? start : canvas->from;

	if (first >= canvas->end || first - start >= bytes)
		return;
	bytes -= first - start;
	if (bytes > canvas->end - first)
		bytes = canvas->end - first;
	memset(canvas->map + (first - canvas->from), letter, bytes);
}

/* A tag decides what lies here; another member of a union may have painted it already. */
static void fill_unknown(struct canvas *canvas, uint64_t start, uint64_t bytes, char letter)
{
	uint64_t at = start > canvas->from ? start : canvas->from;

	for (; at < canvas->end && at - start < bytes; at++)
		if (canvas->map[at - canvas->from] != letter)
			canvas->map[at - canvas->from] = LAYOUT_UNKNOWN;
}

static bool is_solid(const struct layout_type *type)
{
	return !type || !type->size || (!type->stats.unused && !type->stats.unknown);
}

static void paint(struct canvas *canvas, const struct layout_member *member, uint64_t bit,
		  char letter, unsigned int depth);

/* Every byte that some member of @type uses, whichever member of a union that is. */
static void paint_type(struct canvas *canvas, const struct layout_type *type, uint64_t bit,
		       char letter, unsigned int depth)
{
	unsigned int i;

	if (type->variants)
		fill_unknown(canvas, bit / 8, type->size, letter);
	for (i = 0; i < type->nr_members; i++)
		if (!type->members[i].elsewhere)
			paint(canvas, &type->members[i], bit + type->members[i].bit_offset, letter,
			      depth + 1);
}

static void paint(struct canvas *canvas, const struct layout_member *member, uint64_t bit,
		  char letter, unsigned int depth)
{
	uint64_t first = bit / 8, bytes = (bit % 8 + member->bit_size + 7) / 8, i;
	const struct layout_type *type = member->type;

	if (!bytes || !member->bit_size || first >= canvas->end ||
	    (first < canvas->from && canvas->from - first >= bytes))
		return;
	if (is_solid(type) || depth > DEEPEST || ++canvas->strokes > STROKES_MAX) {
		fill(canvas, first, bytes, letter);
		return;
	}
	i = first < canvas->from ? (canvas->from - first) / type->size : 0;
	for (; i < member->elements && first + i * type->size < canvas->end; i++)
		paint_type(canvas, type, (first + i * type->size) * 8, letter, depth);
}

/* A bit-field's bytes, those another one has painted already shared. */
static void paint_bits(struct canvas *canvas, const struct layout_member *member, uint64_t bit,
		       char letter)
{
	uint64_t at, last = (bit + member->bit_size + 7) / 8;

	for (at = bit / 8; at < last && at < canvas->end; at++) {
		char *byte = canvas->map + (at - canvas->from);

		if (at >= canvas->from)
			*byte = *byte == canvas->blank ? letter : LAYOUT_SHARED;
	}
}

/* What stands behind the last member. */
static char end_letter(const struct layout_type *type)
{
	bool elsewhere = type->nr_members && type->members[type->nr_members - 1].elsewhere;

	return elsewhere || type->variants ? LAYOUT_UNKNOWN : LAYOUT_PADDING;
}

size_t layout_map(const struct layout_type *type, const uint64_t *bit_offset, uint64_t size,
		  uint64_t from, char *map)
{
	uint64_t bytes = size - from < LAYOUT_MAP_BYTES ? size - from : LAYOUT_MAP_BYTES;
	struct canvas canvas = {
		.map = map, .from = from, .end = from + bytes,
		.blank = type->variants ? LAYOUT_UNKNOWN : LAYOUT_HOLE,
	};
	uint64_t end = 0;
	unsigned int i;

	memset(map, canvas.blank, bytes);
	for (i = 0; i < type->nr_members; i++) {
		const struct layout_member *member = &type->members[i];
		uint64_t bit = bit_offset ? bit_offset[i] : member->bit_offset;
		char letter = layout_letter(i);

		if (member->elsewhere)
			continue;
		if (bit + member->bit_size > end)
			end = bit + member->bit_size;
		if (member->bitfield && type->kind != LAYOUT_UNION) {
			paint_bits(&canvas, member, bit, letter);
			continue;
		}
		if (!is_solid(member->type) && type->kind != LAYOUT_UNION)
			fill(&canvas, bit / 8, member->bit_size / 8, LAYOUT_NESTED_HOLE);
		paint(&canvas, member, bit, letter, 0);
	}
	end = (end + 7) / 8;
	if (end < size)
		fill(&canvas, end, size - end, end_letter(type));
	return bytes;
}
