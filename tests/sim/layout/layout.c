/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: unused bytes, maps, orders of members and slabs, on types made
 * by hand; no debug information is read here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/layout/usage.h"
#include "slab/slab.h"
#include "tests/tests.h"

#define LINE 64

/* ---- types made by hand -------------------------------------------------------- */

#define AT(byte, bytes, alignment) \
	{ .name = "m", .type_text = "T", .bit_offset = (byte) * 8, .bit_size = (bytes) * 8, \
	  .align = (alignment), .elements = 1 }
#define BITS(bit, bits, bytes) \
	{ .name = "b", .type_text = "T", .bit_offset = (bit), .bit_size = (bits), .align = (bytes), \
	  .storage = (bytes), .elements = 1, .bitfield = true }

static struct layout_type make(enum layout_kind kind, uint64_t size, uint32_t align,
			       struct layout_member *members, unsigned int nr)
{
	struct layout_type type = {
		.name = "t", .kind = kind, .size = size, .align = align, .members = members, .nr_members = nr,
	};

	layout_analyse(&type);
	return type;
}

#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define STRUCT(size, align, members) make(LAYOUT_STRUCT, size, align, members, NR(members))

static void expect_map(const struct layout_type *type, const char *map)
{
	char drawn[256];
	size_t len = layout_map(type, NULL, type->size, 0, drawn);

	CU_ASSERT_EQUAL_FATAL(len, strlen(map));
	if (memcmp(drawn, map, len))
		fprintf(stderr, "drawn %.*s instead of %s\n", (int)len, drawn, map);
	CU_ASSERT(!memcmp(drawn, map, len));
}

/* struct { char; long; char; int; short; }: 7, 3 and 6 bytes are lost. */
static void test_holes(void)
{
	struct layout_member members[] = { AT(0, 1, 1), AT(8, 8, 8), AT(16, 1, 1), AT(20, 4, 4), AT(24, 2, 2) };
	struct layout_type type = STRUCT(32, 8, members);
	struct layout_gap gap;

	CU_ASSERT_EQUAL(type.stats.holes, 2);
	CU_ASSERT_EQUAL(type.stats.hole_bytes, 10);
	CU_ASSERT_EQUAL(type.stats.padding, 6);
	CU_ASSERT_EQUAL(type.stats.spare_bits, 0);
	CU_ASSERT_EQUAL(type.stats.unused, 16);
	CU_ASSERT_FALSE(layout_gap(&type, 0, &gap));
	CU_ASSERT_TRUE_FATAL(layout_gap(&type, 3, &gap));
	CU_ASSERT_EQUAL(gap.bit_offset, 17 * 8);
	CU_ASSERT_EQUAL(gap.bytes, 3);
	CU_ASSERT_EQUAL(gap.bits, 0);
	CU_ASSERT_TRUE(layout_gap(&type, 5, &gap));
	CU_ASSERT_EQUAL(gap.bytes, 6);
	expect_map(&type, "a.......bbbbbbbbc...ddddee______");
}

/*
 * struct { int a:3; int b:7; char c; int d:30; }: six bits of byte 1 are spare,
 * one byte is a hole, two bits at the end are spare.
 */
static void test_bitfields(void)
{
	struct layout_member members[] = { BITS(0, 3, 4), BITS(3, 7, 4), AT(2, 1, 1), BITS(32, 30, 4) };
	struct layout_type type = STRUCT(8, 4, members);
	struct layout_gap gap;

	CU_ASSERT_EQUAL(type.stats.holes, 1);
	CU_ASSERT_EQUAL(type.stats.hole_bytes, 1);
	CU_ASSERT_EQUAL(type.stats.spare_bits, 6 + 2);
	CU_ASSERT_EQUAL(type.stats.padding, 0);
	CU_ASSERT_TRUE_FATAL(layout_gap(&type, 2, &gap));
	CU_ASSERT_EQUAL(gap.bit_offset, 10);
	CU_ASSERT_EQUAL(gap.bytes, 0);
	CU_ASSERT_EQUAL(gap.bits, 6);
	expect_map(&type, "#bc.dddd");
}

/* A gap that begins and ends inside bytes: 5 bits, 2 bytes, 3 bits. */
static void test_gap_with_ragged_ends(void)
{
	struct layout_member members[] = { BITS(0, 3, 4), BITS(27, 5, 4) };
	struct layout_type type = STRUCT(4, 4, members);
	struct layout_gap gap;

	CU_ASSERT_TRUE_FATAL(layout_gap(&type, 1, &gap));
	CU_ASSERT_EQUAL(gap.bit_offset, 3);
	CU_ASSERT_EQUAL(gap.bytes, 2);
	CU_ASSERT_EQUAL(gap.bits, 5 + 3);
	CU_ASSERT_EQUAL(type.stats.unused, 2 + 1);
	expect_map(&type, "a..b");
}

/*
 * Damaged debug information: two members of 8 bytes, 7 of them unused, at the same
 * place of a struct of 16. What is unused is never more than there is.
 */
static void test_overlapping(void)
{
	struct layout_member inner[] = { AT(0, 1, 8) }, outer[] = { AT(0, 8, 8), AT(0, 8, 8) };
	struct layout_type nested = STRUCT(8, 8, inner), type;

	outer[0].type = outer[1].type = &nested;
	type = STRUCT(16, 8, outer);
	CU_ASSERT_EQUAL(type.stats.padding, 8);
	CU_ASSERT_EQUAL(type.stats.nested, 8);
	CU_ASSERT_EQUAL(type.stats.unused, 16);
}

/* What a struct within an array within a struct wastes is counted for each element. */
static void test_nested(void)
{
	struct layout_member inner[] = { AT(0, 4, 4), AT(8, 8, 8) };
	struct layout_type nested = STRUCT(16, 8, inner);
	struct layout_member outer[] = { AT(0, 32, 8), AT(32, 1, 1) };
	struct layout_type type;

	outer[0].type = &nested;
	outer[0].elements = 2;
	outer[0].array = true;
	type = STRUCT(40, 8, outer);
	CU_ASSERT_EQUAL(type.stats.nested, 8);
	CU_ASSERT_EQUAL(type.stats.padding, 7);
	CU_ASSERT_EQUAL(type.stats.unused, 15);
	expect_map(&type, "aaaa,,,,aaaaaaaaaaaa,,,,aaaaaaaab_______");
}

/* A union wastes what its best filled member leaves. */
static void test_union(void)
{
	struct layout_member inner[] = { AT(0, 1, 1), AT(8, 8, 8) };
	struct layout_type nested = STRUCT(16, 8, inner);
	struct layout_member members[] = { AT(0, 16, 8), AT(0, 12, 4), AT(0, 1, 1) };
	struct layout_type type;
	struct layout_gap gap;

	members[0].type = &nested;
	type = make(LAYOUT_UNION, 16, 8, members, 3);
	CU_ASSERT_EQUAL(type.stats.nested, 4);
	CU_ASSERT_EQUAL(type.stats.unused, 4);
	CU_ASSERT_EQUAL(type.stats.holes, 0);
	CU_ASSERT_FALSE(layout_gap(&type, 1, &gap));
	CU_ASSERT_FALSE(layout_gap(&type, 3, &gap));
}

/* Members come in any order out of Rust; a virtual base has no place to count. */
static void test_sorted(void)
{
	struct layout_member members[] = { AT(8, 4, 4), AT(0, 8, 8), AT(0, 4, 4), AT(12, 2, 2) };
	struct layout_type type;
	struct layout_gap gap;

	members[0].name = "second";
	members[2].name = "virtual";
	members[2].elsewhere = members[2].base = true;
	type = STRUCT(24, 8, members);
	CU_ASSERT_STRING_EQUAL(type.members[1].name, "second");
	CU_ASSERT_STRING_EQUAL(type.members[3].name, "virtual");
	CU_ASSERT_EQUAL(type.stats.unused, 0);
	CU_ASSERT_FALSE(layout_gap(&type, 3, &gap));
	CU_ASSERT_FALSE(layout_gap(&type, 4, &gap));
	expect_map(&type, "aaaaaaaabbbbcc??????????");
}

/* How many cache lines a range touches, and which members lie across a line's border for no reason. */
static void test_lines(void)
{
	struct layout_member members[] = { AT(0, 60, 4), AT(60, 8, 4), AT(68, 60, 4), AT(128, 80, 8) };
	struct layout_type type = STRUCT(208, 8, members);

	CU_ASSERT_EQUAL(layout_lines(0, 0, 64), 0);
	CU_ASSERT_EQUAL(layout_lines(0, 64, 64), 1);
	CU_ASSERT_EQUAL(layout_lines(63, 2, 64), 2);
	CU_ASSERT_EQUAL(layout_lines(10, 208, 64), 4);
	CU_ASSERT_EQUAL(layout_lines(10, 208, 256), 1);
	/* only the second: the others need as many lines wherever they lie */
	CU_ASSERT_EQUAL(layout_crossing(&type, 64), 1);
	CU_ASSERT_EQUAL(layout_crossing(&type, 32), 1);
}

/* ---- orders of members --------------------------------------------------------------- */

struct planned {
	struct layout_plan plan;
	char order[64];		/* letters in the new order */
};

static struct planned plan(const struct layout_type *type)
{
	struct planned p;
	unsigned int i;

	CU_ASSERT_EQUAL_FATAL(layout_reorder(type, LINE, &p.plan, NULL), 0);
	for (i = 0; i < type->nr_members && i < sizeof(p.order) - 1; i++)
		p.order[i] = layout_letter(p.plan.order[i]);
	p.order[i] = '\0';
	return p;
}

static void expect_order(const struct layout_type *type, uint64_t size, const char *order, unsigned int moved)
{
	struct planned p = plan(type);

	CU_ASSERT_PTR_NULL(p.plan.why_not);
	CU_ASSERT_EQUAL(p.plan.size, size);
	CU_ASSERT_STRING_EQUAL(p.order, order);
	CU_ASSERT_EQUAL(p.plan.moved, moved);
	CU_ASSERT_TRUE(p.plan.least);
	if (strcmp(p.order, order))
		fprintf(stderr, "order %s instead of %s\n", p.order, order);
	layout_plan_free(&p.plan);
}

static void expect_no_order(const struct layout_type *type, const char *why)
{
	struct planned p = plan(type);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p.plan.why_not);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.plan.why_not, why));
	CU_ASSERT_EQUAL(p.plan.size, type->size);
	layout_plan_free(&p.plan);
}

/* One small member moved into a hole is enough; the rest stays. */
static void test_reorder_fills_holes(void)
{
	struct layout_member members[] = { AT(0, 4, 4), AT(8, 8, 8), AT(16, 8, 8), AT(24, 4, 4) };
	struct layout_type type = STRUCT(32, 8, members);
	struct planned p = plan(&type);
	char map[64];
	size_t len;

	expect_order(&type, 24, "adbc", 1);
	CU_ASSERT_EQUAL(p.plan.bit_offset[3], 32);
	CU_ASSERT_TRUE(p.plan.was_moved[3]);
	CU_ASSERT_FALSE(p.plan.was_moved[1]);
	len = layout_map(&type, p.plan.bit_offset, p.plan.size, 0, map);
	CU_ASSERT_EQUAL_FATAL(len, 24);
	CU_ASSERT_EQUAL(memcmp(map, "aaaaddddbbbbbbbbcccccccc", 24), 0);
	layout_plan_free(&p.plan);
}

/* Where no hole can be filled as it is, larger alignments go first. */
static void test_reorder_largest_first(void)
{
	struct layout_member members[] = { AT(0, 1, 1), AT(2, 2, 2), AT(4, 1, 1), AT(8, 8, 8), AT(16, 2, 2) };
	struct layout_type type = STRUCT(24, 8, members);

	expect_order(&type, 16, "acbed", 2);
}

/* Members without holes stay in their order. */
static void test_reorder_nothing_to_gain(void)
{
	struct layout_member members[] = { AT(0, 8, 8), AT(8, 4, 4), AT(12, 1, 1) };
	struct layout_type type = STRUCT(16, 8, members);

	expect_order(&type, 16, "abc", 0);
}

/* Base classes and the compiler's table stay in front; an array without a size at the end. */
static void test_reorder_fixed(void)
{
	struct layout_member members[] = { AT(0, 12, 8), AT(16, 8, 8), AT(24, 4, 4), AT(28, 0, 4) };
	struct layout_type type;

	members[0].base = true;
	members[3].array = true;
	members[3].elements = 0;
	type = STRUCT(32, 8, members);
	expect_order(&type, 24, "acbd", 1);
	/* a member in the padding of a base moves as little as the base */
	members[1] = (struct layout_member)AT(8, 4, 4);
	members[2] = (struct layout_member)AT(16, 8, 8);
	members[3] = (struct layout_member)AT(24, 4, 4);
	type = STRUCT(32, 8, members);
	expect_order(&type, 24, "abdc", 1);
}

/*
 * A member that starts a cache line on purpose is a fence, and so is an array
 * of nothing that marks a group; what is behind does not come before.
 */
static void test_reorder_fences(void)
{
	struct layout_member members[] = { AT(0, 4, 4), AT(8, 8, 8), AT(64, 8, 8), AT(72, 4, 4), AT(80, 8, 8),
					   AT(88, 4, 4) };
	struct layout_type type = STRUCT(128, 64, members);

	/* only the second group has something to gain, and the line swallows it */
	expect_order(&type, 128, "abcdef", 0);
	members[2] = (struct layout_member)AT(16, 0, 1);
	members[2].array = true;
	members[3] = (struct layout_member)AT(16, 4, 4);
	members[4] = (struct layout_member)AT(24, 8, 8);
	members[5] = (struct layout_member)AT(32, 4, 4);
	type = STRUCT(40, 8, members);
	/* the larger of the first group goes first; nothing comes over the marker c */
	expect_order(&type, 32, "bacdef", 1);
}

/* Neighbouring bit-fields stay together; unnamed bits between them are kept. */
static void test_reorder_bitfields(void)
{
	/* char; long; int x:4, :4, y:8; */
	struct layout_member members[] = { AT(0, 1, 1), AT(8, 8, 8), BITS(128, 4, 4), BITS(136, 8, 4) };
	struct layout_type type = STRUCT(24, 8, members);
	struct planned p = plan(&type);

	expect_order(&type, 16, "acdb", 1);
	CU_ASSERT_EQUAL(p.plan.bit_offset[2], 8);
	CU_ASSERT_EQUAL(p.plan.bit_offset[3], 16);
	layout_plan_free(&p.plan);
}

/* Types that have no better order, or whose order cannot be understood, are refused with the reason. */
static void test_reorder_refused(void)
{
	struct layout_member packed[] = { AT(0, 1, 1), AT(1, 8, 8) }, end[] = { AT(0, 8, 8), AT(8, 1, 1) };
	struct layout_member odd[] = { AT(0, 1, 1), AT(40, 8, 8) }, wide[] = { BITS(0, 40, 4) };
	struct layout_type type = STRUCT(9, 1, packed);

	expect_no_order(&type, "packed");
	type = STRUCT(9, 1, end);
	expect_no_order(&type, "packed");
	type = make(LAYOUT_UNION, 9, 1, packed, 2);
	expect_no_order(&type, "union");
	type = STRUCT(48, 8, odd);
	expect_no_order(&type, "no alignment explains");
	type = STRUCT(8, 8, wide);
	expect_no_order(&type, "wider than its type");
	type = make(LAYOUT_STRUCT, 0, 1, NULL, 0);
	expect_no_order(&type, "no members");
	end[1].elsewhere = true;
	type = STRUCT(9, 1, end);
	expect_no_order(&type, "virtual bases");
}

struct blank { uint64_t size, align; };

/* Where a compiler would put these, one after the other; @places may be NULL. */
static uint64_t lay_out(const struct blank *blanks, const unsigned int *order, unsigned int nr, uint64_t *places)
{
	uint64_t pos = 0, align = 1;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct blank *blank = &blanks[order[i]];

		pos += (blank->align - pos % blank->align) % blank->align;
		if (places)
			places[order[i]] = pos;
		pos += blank->size;
		if (blank->align > align)
			align = blank->align;
	}
	return pos + (align - pos % align) % align;
}

static uint64_t best_of_all(const struct blank *blanks, unsigned int *order, unsigned int at, unsigned int nr)
{
	uint64_t best = UINT64_MAX;
	unsigned int i;

	if (at == nr)
		return lay_out(blanks, order, nr, NULL);
	for (i = at; i < nr; i++) {
		unsigned int swap = order[at];
		uint64_t size;

		order[at] = order[i];
		order[i] = swap;
		size = best_of_all(blanks, order, at + 1, nr);
		best = size < best ? size : best;
		order[i] = order[at];
		order[at] = swap;
	}
	return best;
}

/*
 * Against all orders there are, on 400 types of up to 6 members, every size a
 * multiple of its alignment as in C: the size is the smallest, the offsets are
 * what a compiler makes of the order, and 'least' is never a lie.
 */
static void test_reorder_against_all_orders(void)
{
	static const struct blank kinds[] = { { 1, 1 }, { 2, 2 }, { 4, 4 }, { 8, 8 }, { 16, 16 }, { 3, 1 },
					      { 6, 2 }, { 12, 4 }, { 24, 8 }, { 5, 1 } };
	struct test_rng rng = { 7 };
	unsigned int round, i, gained = 0;

	for (round = 0; round < 400; round++) {
		unsigned int nr = 2 + test_rand_below(&rng, 5), order[6] = { 0, 1, 2, 3, 4, 5 };
		struct layout_member members[6];
		struct layout_type type;
		struct layout_plan p;
		struct blank blanks[6];
		uint64_t places[6], size, best;

		for (i = 0; i < nr; i++)
			blanks[i] = kinds[test_rand_below(&rng, NR(kinds))];
		size = lay_out(blanks, order, nr, places);
		for (i = 0; i < nr; i++)
			members[i] = (struct layout_member)AT(places[i], blanks[i].size, blanks[i].align);
		type = make(LAYOUT_STRUCT, size, 1, members, nr);
		CU_ASSERT_EQUAL_FATAL(layout_reorder(&type, LINE, &p, NULL), 0);
		CU_ASSERT_PTR_NULL_FATAL(p.why_not);
		best = best_of_all(blanks, order, 0, nr);
		CU_ASSERT_EQUAL(p.size, best);
		CU_ASSERT_EQUAL(lay_out(blanks, p.order, nr, places), best);
		for (i = 0; i < nr; i++)
			CU_ASSERT_EQUAL(p.bit_offset[i], places[i] * 8);
		gained += best < size;
		CU_ASSERT_EQUAL(p.moved != 0, best < size);
		layout_plan_free(&p);
	}
	CU_ASSERT(gained > 100);
}

/* ---- the map ------------------------------------------------------------------------------ */

/* Types within each other many times over, as damage makes them, take no time without end. */
static void test_map_of_a_maze(void)
{
	struct layout_member members[24][2];
	struct layout_type types[24];
	static char map[LAYOUT_MAP_BYTES];
	unsigned int i;

	for (i = 0; i < 24; i++) {
		members[i][0] = members[i][1] = (struct layout_member)AT(0, 4096, 1);
		if (i)
			members[i][0].type = members[i][1].type = &types[i - 1];
		else
			members[0][0].bit_size = members[0][1].bit_size = 8;
		types[i] = make(LAYOUT_UNION, 4096, 1, members[i], 2);
	}
	CU_ASSERT_EQUAL(types[23].stats.unused, 4095);
	CU_ASSERT_EQUAL(layout_map(&types[23], NULL, types[23].size, 0, map), 4096);
	CU_ASSERT_EQUAL(map[0], 'b');
	/* larger than a map can be: a part of it */
	members[0][0] = (struct layout_member)AT(0, 1 << 22, 1);
	types[0] = make(LAYOUT_STRUCT, 1 << 22, 1, members[0], 1);
	CU_ASSERT_EQUAL(layout_map(&types[0], NULL, types[0].size, 0, map), LAYOUT_MAP_BYTES);
	CU_ASSERT_EQUAL(map[LAYOUT_MAP_BYTES - 1], 'a');
}

/* A part of a map is what the whole one has there, wherever it begins and whatever lies in it. */
static void test_part_of_a_map(void)
{
	struct layout_member inner[2] = { AT(0, 1, 1), AT(4, 4, 4) };
	struct layout_type element = make(LAYOUT_STRUCT, 8, 4, inner, 2);
	struct layout_member members[5] = { AT(0, 2, 1), AT(4, 80, 4), AT(88, 1, 1), AT(96, 8, 8),
					    AT(96, 1, 1) };
	static char whole[LAYOUT_MAP_BYTES], part[LAYOUT_MAP_BYTES];
	struct layout_type type;
	uint64_t from;

	members[1].type = &element;
	members[1].elements = 10;
	members[3].bitfield = members[4].bitfield = true;
	members[3].bit_size = 13;
	members[4].bit_offset = 96 * 8 + 13;
	members[4].bit_size = 5;
	type = make(LAYOUT_STRUCT, 112, 8, members, 5);
	CU_ASSERT_EQUAL(layout_map(&type, NULL, type.size, 0, whole), 112);
	CU_ASSERT_EQUAL(memcmp(whole, "aa..b,,,bbbbb,,,", 16), 0);
	for (from = 0; from <= type.size; from++) {
		memset(part, 'x', sizeof(part));
		CU_ASSERT_EQUAL(layout_map(&type, NULL, type.size, from, part), type.size - from);
		CU_ASSERT_EQUAL(memcmp(part, whole + from, type.size - from), 0);
		CU_ASSERT_EQUAL(part[type.size - from], 'x');
	}
}

/* Members of a map are a to z, A to Z, 0 to 9, and then a again. */
static void test_letters(void)
{
	CU_ASSERT_EQUAL(layout_letter(0), 'a');
	CU_ASSERT_EQUAL(layout_letter(26), 'A');
	CU_ASSERT_EQUAL(layout_letter(61), '9');
	CU_ASSERT_EQUAL(layout_letter(62), 'a');
}

/* ---- slabs ---------------------------------------------------------------------------------- */

/* Numbers of /proc/slabinfo on a machine with two CPUs: dentry 192 21 1, and so on. */
static void test_fit(void)
{
	static const struct {
		uint64_t size;
		uint32_t align;
		enum layout_fit_kind kind;
		const char *name;
		uint32_t stride;
		unsigned int order, objects;
	} cases[] = {
		{ 192, 8, FIT_CACHE, "own cache", 192, 0, 21 },
		{ 192, 8, FIT_KMALLOC, "kmalloc-192", 192, 0, 21 },
		{ 193, 1, FIT_KMALLOC, "kmalloc-256", 256, 0, 16 },
		{ 100, 4, FIT_CACHE, "own cache", 104, 0, 39 },
		{ 100, 4, FIT_CACHE_HWALIGN, "own, line-aligned", 128, 0, 32 },
		{ 5000, 8, FIT_KMALLOC, "kmalloc-8k", 8192, 3, 4 },
		{ 8193, 8, FIT_KMALLOC, "pages of order 2", 16384, 2, 1 },
	};
	struct kerror err;
	size_t i;

	if (!test_kernel_geometry())
		return;
	for (i = 0; i < NR(cases); i++) {
		struct layout_fit fit;

		CU_ASSERT_EQUAL_FATAL(layout_fit(&fit, cases[i].kind, cases[i].size, cases[i].align, 2, LINE,
						 NULL), 0);
		CU_ASSERT_STRING_EQUAL(fit.name, cases[i].name);
		CU_ASSERT_EQUAL(fit.stride, cases[i].stride);
		CU_ASSERT_EQUAL(fit.order, cases[i].order);
		CU_ASSERT_EQUAL(fit.objects, cases[i].objects);
		CU_ASSERT_EQUAL(fit.slab_bytes, 4096ULL << fit.order);
		CU_ASSERT_EQUAL(fit.waste, fit.slab_bytes - fit.objects * cases[i].size);
		if (cases[i].size == 192)
			CU_ASSERT_EQUAL(fit.lines, 21 * 3);
		/* 104 bytes apart: half of the objects take three lines instead of two */
		if (cases[i].stride == 104)
			CU_ASSERT_EQUAL(fit.lines, 2 * 39 + 20);
	}
	{
		struct layout_fit fit;

		CU_ASSERT_EQUAL(layout_fit(&fit, FIT_CACHE, 0, 1, 2, LINE, &err), -EINVAL);
		CU_ASSERT_EQUAL(layout_fit(&fit, FIT_CACHE, 8, 8192, 2, LINE, &err), -EINVAL);
		CU_ASSERT_EQUAL(layout_fit(&fit, FIT_CACHE, UINT64_MAX, 1, 2, LINE, &err), -E2BIG);
		CU_ASSERT_EQUAL(layout_fit(&fit, FIT_KMALLOC, (4 << 20) + 1, 1, 2, LINE, &err), -E2BIG);
	}
}

/* ---- names ------------------------------------------------------------------------------------ */

/* A pattern names a type with or without its scope and its kind, and no part of a name. */
static void test_matches(void)
{
	struct layout_type type = { .name = "ns::list<a::b>", .kind = LAYOUT_CLASS };

	CU_ASSERT_TRUE(layout_matches(&type, "ns::list<a::b>"));
	CU_ASSERT_TRUE(layout_matches(&type, "list<a::b>"));
	CU_ASSERT_TRUE(layout_matches(&type, "class list*"));
	CU_ASSERT_TRUE(layout_matches(&type, "struct list*"));
	CU_ASSERT_TRUE(layout_matches(&type, "*"));
	CU_ASSERT_FALSE(layout_matches(&type, "union list*"));
	CU_ASSERT_FALSE(layout_matches(&type, "b>"));
	CU_ASSERT_FALSE(layout_matches(&type, "list"));
	type = (struct layout_type){ .name = "page", .kind = LAYOUT_UNION };
	CU_ASSERT_TRUE(layout_matches(&type, "union page"));
	CU_ASSERT_FALSE(layout_matches(&type, "struct page"));
	CU_ASSERT_FALSE(layout_matches(&type, "pages"));
}

static bool leads_to(const char *cache, const char *type)
{
	char name[64];
	unsigned int i;

	for (i = 0; usage_candidate(cache, i, name, sizeof(name)); i++) {
		CU_ASSERT_FATAL(i < 10);
		if (!strcmp(name, type))
			return true;
	}
	return false;
}

/* What kernels call the caches of their structs. */
static void test_candidates(void)
{
	CU_ASSERT_TRUE(leads_to("dentry", "dentry"));
	CU_ASSERT_TRUE(leads_to("filp", "file"));
	CU_ASSERT_TRUE(leads_to("inode_cache", "inode"));
	CU_ASSERT_TRUE(leads_to("files_cache", "files_struct"));
	CU_ASSERT_TRUE(leads_to("ext4_inode_cache", "ext4_inode_info"));
	CU_ASSERT_TRUE(leads_to("cred_jar", "cred"));
	CU_ASSERT_TRUE(leads_to("TCP", "tcp_sock"));
	CU_ASSERT_FALSE(leads_to("dentry", "inode"));
	CU_ASSERT_FALSE(leads_to("_cache", ""));
}

/* ---- with a trace --------------------------------------------------------------------------------- */

static struct event object(enum event_kind kind, uint64_t addr, name_id cache, uint32_t req, uint32_t alloc)
{
	return (struct event){
		.kind = kind, .addr = addr, .cache = cache, .bytes_req = req, .bytes_alloc = alloc, .node = -1,
	};
}

/*
 * Three dentries at most, two at the end: one freed by kfree(), one whose
 * address came again without a free. kmalloc's objects are known by their size.
 */
static void test_usage(void)
{
	struct layout_member members[] = { AT(0, 4, 4), AT(8, 8, 8), AT(16, 4, 4), AT(24, 168, 8) };
	struct layout_type dentry = STRUCT(192, 8, members), small, packed;
	const struct layout_type *types[] = { &dentry, &packed, &small };
	struct layout_member one[] = { AT(0, 40, 8) }, other[] = { AT(0, 40, 1) };
	struct trace *trace = trace_create(0);
	name_id name = names_intern(trace_names(trace), "dentry", 6);
	name_id nobody = names_intern(trace_names(trace), "nobody", 6);
	const struct event events[] = {
		object(EV_CACHE_ALLOC, 0x1000, name, 192, 192), object(EV_CACHE_ALLOC, 0x2000, name, 192, 192),
		object(EV_CACHE_ALLOC, 0x3000, name, 192, 192), object(EV_KFREE, 0x1000, 0, 0, 0),
		object(EV_CACHE_ALLOC, 0x2000, name, 192, 192), object(EV_KMALLOC, 0x4000, 0, 40, 64),
		object(EV_KMALLOC, 0x5000, 0, 41, 64), object(EV_CACHE_FREE, 0x9000, name, 0, 0),
		object(EV_CACHE_ALLOC, 0x6000, nobody, 1000, 1024), object(EV_CACHE_ALLOC, 0, name, 192, 192),
	};
	struct usage_row *rows;
	struct usage usage;
	size_t nr;

	dentry.name = "dentry";
	small = STRUCT(40, 8, one);
	small.name = "small";
	packed = STRUCT(40, 1, other);
	packed.name = "packed";
	CU_ASSERT_EQUAL_FATAL(trace_append(trace, events, NR(events), NULL), 0);
	CU_ASSERT_EQUAL_FATAL(usage_count_trace(&usage, trace, NULL, NULL), 0);
	CU_ASSERT_EQUAL(usage.nr, 4);
	CU_ASSERT_EQUAL(usage.counts[0].allocs, 4);
	CU_ASSERT_EQUAL(usage.counts[0].peak, 3);
	CU_ASSERT_EQUAL(usage.counts[0].live, 2);
	CU_ASSERT_EQUAL(usage.peak_bytes, 3 * 192 + 2 * 64 + 1024);
	CU_ASSERT_EQUAL_FATAL(usage_match(&rows, &nr, &usage, trace_names(trace), types, 3, 1, LINE, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(nr, 2);
	CU_ASSERT_PTR_EQUAL(rows[0].type, &dentry);
	CU_ASSERT_EQUAL(rows[0].how, USAGE_NAME_SIZE);
	CU_ASSERT_EQUAL(rows[0].inside, 3 * 8);
	CU_ASSERT_EQUAL(rows[0].rounding, 0);
	CU_ASSERT_EQUAL(rows[0].ends, 4096 - 21 * 192);
	CU_ASSERT_EQUAL(rows[0].saved, 0);
	CU_ASSERT_PTR_EQUAL(rows[1].type, &small);
	CU_ASSERT_EQUAL(rows[1].how, USAGE_SIZE);
	CU_ASSERT_EQUAL(rows[1].rounding, 24);
	CU_ASSERT_EQUAL(rows[1].waste, 24);
	free(rows);
	/* another kernel's dentry: found by name, with nothing said about its order */
	dentry.size = 200;
	CU_ASSERT_EQUAL_FATAL(usage_match(&rows, &nr, &usage, trace_names(trace), types, 3, 1, LINE, NULL), 0);
	CU_ASSERT_EQUAL(nr, 2);
	CU_ASSERT_EQUAL(rows[0].how, USAGE_NAME);
	free(rows);
	usage_free(&usage);
	trace_destroy(trace);
}

/* 22 objects of 192 bytes need two slabs; of 176 bytes, as reordering makes them, one. */
static void test_usage_saved(void)
{
	struct layout_member members[] = { AT(0, 4, 4), AT(8, 160, 8), AT(168, 4, 4), AT(176, 8, 8), AT(184, 4, 4) };
	struct layout_type type = STRUCT(192, 8, members);
	const struct layout_type *types[] = { &type };
	struct trace *trace = trace_create(0);
	name_id name = names_intern(trace_names(trace), "thing", 5);
	static const volatile sig_atomic_t stop = 1;
	struct usage_row *rows;
	struct usage usage;
	uint64_t i;
	size_t nr;

	type.name = "thing";
	for (i = 1; i <= 22; i++) {
		struct event ev = object(EV_CACHE_ALLOC, i * 4096, name, 192, 192);

		CU_ASSERT_EQUAL_FATAL(trace_append(trace, &ev, 1, NULL), 0);
	}
	CU_ASSERT_EQUAL_FATAL(usage_count_trace(&usage, trace, &stop, NULL), 0);
	CU_ASSERT_EQUAL(usage.events, 0);
	CU_ASSERT_EQUAL(usage.nr, 0);
	usage_free(&usage);
	CU_ASSERT_EQUAL_FATAL(usage_count_trace(&usage, trace, NULL, NULL), 0);
	CU_ASSERT_EQUAL(usage.events, 22);
	CU_ASSERT_EQUAL_FATAL(usage_match(&rows, &nr, &usage, trace_names(trace), types, 1, 1, LINE, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(nr, 1);
	CU_ASSERT_EQUAL(rows[0].saved, 4096);
	free(rows);
	usage_free(&usage);
	trace_destroy(trace);
}

static const struct test_case cases[] = {
	{ "layout holes", test_holes },
	{ "layout bit-fields", test_bitfields },
	{ "layout ragged gap", test_gap_with_ragged_ends },
	{ "layout nested", test_nested },
	{ "layout overlapping", test_overlapping },
	{ "layout union", test_union },
	{ "layout sorted", test_sorted },
	{ "layout lines", test_lines },
	{ "reorder fills holes", test_reorder_fills_holes },
	{ "reorder largest first", test_reorder_largest_first },
	{ "reorder nothing to gain", test_reorder_nothing_to_gain },
	{ "reorder fixed", test_reorder_fixed },
	{ "reorder fences", test_reorder_fences },
	{ "reorder bit-fields", test_reorder_bitfields },
	{ "reorder refused", test_reorder_refused },
	{ "reorder against all orders", test_reorder_against_all_orders },
	{ "map of a maze", test_map_of_a_maze },
	{ "a part of a map", test_part_of_a_map },
	{ "map letters", test_letters },
	{ "layout fit", test_fit },
	{ "layout matches", test_matches },
	{ "layout candidates", test_candidates },
	{ "layout usage", test_usage },
	{ "layout usage saved", test_usage_saved },
	{ NULL, NULL }
};

const struct test_suite layout_suite = { "layout", cases };
