/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what of a type is not used; see layout.h. Pure functions.
 *
 * The figures are those of pahole wherever bit-fields do not come in; there
 * pahole counts unused bits up to the end of the declared type, whole bytes
 * included, and we call whole bytes holes.
 *
 * Where a tag decides what a type holds, the bytes beside its members are
 * unknown: another variant may fill them. They are no waste, so they count in
 * a sum of their own.
 */
#include "sim/layout/layout.h"

#include <stdlib.h>

const char *const layout_kind_names[] = { "struct", "class", "union" };

struct sort_key {
	struct layout_member member;
	unsigned int was;
};

/* By address; members of no fixed place come last; equals stay as declared. */
static int by_address(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;

	if (x->member.elsewhere != y->member.elsewhere)
		return x->member.elsewhere ? 1 : -1;
	if (x->member.bit_offset != y->member.bit_offset)
		return x->member.bit_offset < y->member.bit_offset ? -1 : 1;
	return x->was < y->was ? -1 : 1;
}

/* Nearly all types are in order already. Without memory the order stays, and gaps can be missed. */
static void sort_members(struct layout_type *type)
{
	struct sort_key *keys;
	unsigned int i;

	for (i = 1; i < type->nr_members; i++) {
		struct sort_key pair[2] = { { type->members[i - 1], 0 }, { type->members[i], 1 } };

		if (by_address(&pair[0], &pair[1]) > 0)
			break;
	}
	if (i >= type->nr_members)
		return;
	keys = calloc(type->nr_members, sizeof(*keys));
	if (!keys)
		return;
	for (i = 0; i < type->nr_members; i++)
		keys[i] = (struct sort_key){ type->members[i], i };
	qsort(keys, type->nr_members, sizeof(*keys), by_address);
	for (i = 0; i < type->nr_members; i++)
		type->members[i] = keys[i].member;
	free(keys);
}

/* @bytes of the type of @member, for each of its elements, and at most what the member has. */
static uint64_t of_elements(const struct layout_member *member, uint64_t bytes)
{
	uint64_t most = member->bit_size / 8, all;

	if (__builtin_mul_overflow(bytes, member->elements, &all))
		return 0;
	return all < most ? all : most;
}

/* Unused bytes within one member, whatever it is. */
static uint64_t nested_unused(const struct layout_member *member)
{
	return member->type ? of_elements(member, member->type->stats.unused) : 0;
}

/* Bytes within one member of which a tag decides whether they are used. */
static uint64_t nested_unknown(const struct layout_member *member)
{
	return member->type ? of_elements(member, member->type->stats.unknown) : 0;
}

static void analyse_union(struct layout_type *type)
{
	uint64_t least = type->size, least_with_unknown = type->size;
	unsigned int i;

	for (i = 0; i < type->nr_members; i++) {
		const struct layout_member *member = &type->members[i];
		uint64_t bytes = (member->bit_size + 7) / 8, unused;

		unused = bytes < type->size ? type->size - bytes : 0;
		unused += nested_unused(member);
		if (unused < least)
			least = unused;
		if (unused + nested_unknown(member) < least_with_unknown)
			least_with_unknown = unused + nested_unknown(member);
	}
	type->data_end = type->size * 8;
	if (!type->nr_members)
		return;
	type->stats.nested = type->stats.unused = least;
	type->stats.unknown = least_with_unknown - least;
}

static struct layout_gap gap_of(uint64_t start, uint64_t end)
{
	uint64_t first = (start + 7) / 8, last = end / 8;
	struct layout_gap gap = { .bit_offset = start };

	gap.bytes = last > first ? last - first : 0;
	gap.bits = (unsigned int)(end - start - gap.bytes * 8);
	return gap;
}

bool layout_gap(const struct layout_type *type, unsigned int i, struct layout_gap *gap)
{
	uint64_t start = type->data_end, end = type->size * 8;

	if (type->kind == LAYOUT_UNION)
		return false;
	if (i < type->nr_members) {
		if (type->members[i].elsewhere)
			return false;
		start = type->members[i].data_before;
		end = type->members[i].bit_offset;
	} else if (type->nr_members && type->members[type->nr_members - 1].elsewhere) {
		return false;
	}
	if (start >= end)
		return false;
	*gap = gap_of(start, end);
	return true;
}

/* Count the gap in front of member @i, or behind all of them. */
static void count_gap(struct layout_type *type, unsigned int i)
{
	struct layout_stats *stats = &type->stats;
	struct layout_gap gap;

	if (!layout_gap(type, i, &gap))
		return;
	if (type->variants) {
		stats->unknown += gap.bytes;
		return;
	}
	stats->spare_bits += gap.bits;
	if (i == type->nr_members) {
		stats->padding = gap.bytes;
		return;
	}
	stats->holes += gap.bytes != 0;
	stats->hole_bytes += gap.bytes;
}

void layout_analyse(struct layout_type *type)
{
	struct layout_stats *stats = &type->stats;
	uint64_t end = 0, own;
	unsigned int i;

	*stats = (struct layout_stats){ 0 };
	sort_members(type);
	if (type->kind == LAYOUT_UNION) {
		analyse_union(type);
		return;
	}
	for (i = 0; i < type->nr_members; i++) {
		struct layout_member *member = &type->members[i];

		member->data_before = end;
		if (member->elsewhere)
			continue;
		if (member->bit_offset + member->bit_size > end)
			end = member->bit_offset + member->bit_size;
		stats->nested += nested_unused(member);
		stats->unknown += nested_unknown(member);
		count_gap(type, i);
	}
	type->data_end = end;
	count_gap(type, type->nr_members);
	own = stats->hole_bytes + stats->padding + stats->spare_bits / 8;
	/* Members of damaged types can overlap. */
	if (stats->nested > type->size - own)
		stats->nested = type->size - own;
	stats->unused = own + stats->nested;
	if (stats->unknown > type->size - stats->unused)
		stats->unknown = type->size - stats->unused;
}

uint64_t layout_lines(uint64_t offset, uint64_t size, uint32_t line)
{
	return size ? (offset + size - 1) / line - offset / line + 1 : 0;
}

unsigned int layout_crossing(const struct layout_type *type, uint32_t line)
{
	unsigned int i, nr = 0;

	for (i = 0; i < type->nr_members; i++) {
		const struct layout_member *member = &type->members[i];
		uint64_t first = member->bit_offset / 8, bytes;

		if (member->elsewhere || !member->bit_size)
			continue;
		bytes = (member->bit_offset + member->bit_size + 7) / 8 - first;
		nr += layout_lines(first, bytes, line) > layout_lines(0, bytes, line);
	}
	return nr;
}
