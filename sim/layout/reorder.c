/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the order of members that makes a type smallest; see layout.h.
 * Pure functions.
 *
 * A compiler places members one after the other (System V ABI): a member at
 * the next multiple of its alignment, a bit-field at the next bit unless it
 * would cross a border of its declared type. From where the members of the
 * type really lie we learn what debug information does not say: alignments
 * that an attribute asked for, bits without a name. With these the model gives
 * the same offsets as the compiler did, or no order is offered.
 *
 *	fixed | unit unit unit | fence unit unit | fence unit | tail
 *
 * Units (a member, or neighbouring bit-fields) change places only between two
 * fences. Where every size is a multiple of its alignment, larger alignments
 * first leave no hole; filling holes with later members often does the same
 * with fewer moves. Both are tried, and what is smaller is offered.
 */
#include "sim/layout/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_MAX 4096u		/* a larger one is no alignment but a mistake */
/* With more members the work, which grows with their square, is left out. */
#define REORDER_MAX 4096u

/* How a member is to be placed. */
struct placing {
	uint64_t bits;
	uint64_t skip;		/* bit-fields: unnamed bits in front */
	uint32_t align;		/* bytes */
	uint32_t storage;	/* bit-fields: bits of the declared type; others: 0 */
	bool fence;
};

/* Members that stay together: places [first, first + nr) of the old order. */
struct unit {
	unsigned int first, nr;
	uint32_t align;
};

struct model {
	const struct layout_type *type;
	struct placing *placing;	/* by member */
	struct unit *units;		/* those that may move, and fences */
	struct unit *chosen, *trial;
	unsigned int nr_units;
	unsigned int fixed;		/* members in front that stay */
	unsigned int tail;		/* first member of those that stay at the end */
	uint64_t fixed_end;		/* bits */
	uint32_t align;			/* of the whole */
	bool unnamed;
};

static uint64_t round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

/* Where a member goes when everything before it ends at bit @pos. */
static uint64_t place(const struct placing *p, uint64_t pos)
{
	if (!p->storage)
		return round_up(pos, (uint64_t)p->align * 8);
	pos += p->skip;
	if (pos % p->storage + p->bits > p->storage)
		pos = round_up(pos, (uint64_t)p->align * 8);
	return pos;
}

static uint64_t place_unit(const struct model *m, const struct unit *unit, uint64_t pos,
			   uint64_t *bit_offset)
{
	unsigned int i;

	for (i = unit->first; i < unit->first + unit->nr; i++) {
		pos = place(&m->placing[i], pos);
		if (bit_offset)
			bit_offset[i] = pos;
		pos += m->placing[i].bits;
	}
	return pos;
}

/* Bits lost in front of @unit when it comes at @pos. */
static uint64_t lost(const struct model *m, const struct unit *unit, uint64_t pos)
{
	return place(&m->placing[unit->first], pos) - pos;
}

/* ---- learning the model from the type ------------------------------------- */

/*
 * An alignment above @natural that explains why @pos became @at; 0: none does.
 * Of several the largest up to a cache line that @size allows: who asks for an
 * alignment mostly means a line.
 */
static uint32_t explain(uint64_t pos, uint64_t at, uint32_t natural, uint64_t size, uint32_t line)
{
	uint32_t align = natural * 2;

	while (align && align <= ALIGN_MAX && round_up(pos, (uint64_t)align * 8) != at)
		align *= 2;
	if (!align || align > ALIGN_MAX)
		return 0;
	while (align * 2 <= line && at % (align * 16) == 0 && size % (align * 2) == 0)
		align *= 2;
	return align;
}

static const char *learn_member(struct model *m, unsigned int i, uint64_t pos, uint32_t line)
{
	const struct layout_member *member = &m->type->members[i];
	struct placing *p = &m->placing[i];
	uint64_t predicted;

	*p = (struct placing){ .bits = member->bit_size, .align = member->align ? member->align : 1 };
	if (p->align & (p->align - 1))
		return "an alignment is no power of two";
	if (member->bitfield) {
		p->storage = member->storage * 8;
		if (!p->storage || p->bits > p->storage)
			return "a bit-field is wider than its type";
	}
	predicted = place(p, pos);
	if (member->bit_offset < predicted)
		return "packed: there are no holes between members to close";
	if (member->bit_offset > predicted && member->bitfield)
		p->skip = member->bit_offset - pos;
	else if (member->bit_offset > predicted)
		p->align = explain(pos, member->bit_offset, p->align, m->type->size, line);
	if (!p->align || place(p, pos) != member->bit_offset)
		return "no alignment explains where a member lies";
	p->fence = !p->storage && (p->align >= line || (!p->bits && member->array));
	return NULL;
}

/* Bases, the table of virtual functions, and what overlaps a base's end stay where they are. */
static unsigned int count_fixed(const struct layout_type *type)
{
	unsigned int i, fixed = 0;
	uint64_t end = 0;

	for (i = 0; i < type->nr_members; i++) {
		const struct layout_member *member = &type->members[i];

		if (member->base || member->artificial || (fixed && member->bit_offset < end))
			fixed = i + 1;
		if (member->bit_offset + member->bit_size > end)
			end = member->bit_offset + member->bit_size;
	}
	return fixed;
}

/* An array of nothing, or of one element as before C99, ends the type on purpose. */
static bool is_tail(const struct layout_member *member)
{
	if (member->type && member->type->flexible)
		return true;
	return member->array && member->elements <= 1;
}

static const char *learn(struct model *m, uint32_t line)
{
	const struct layout_type *type = m->type;
	const char *why;
	uint64_t pos = 0, end;
	unsigned int i;

	m->fixed = count_fixed(type);
	m->tail = type->nr_members;
	if (m->tail > m->fixed && is_tail(&type->members[m->tail - 1]))
		m->tail--;
	m->align = type->align_given ? type->align : 1;
	for (i = 0; i < type->nr_members; i++) {
		const struct layout_member *member = &type->members[i];

		if (i < m->fixed) {
			uint64_t behind = member->bit_offset + member->bit_size;

			pos = behind > pos ? behind : pos;
			m->placing[i].align = member->align ? member->align : 1;
		} else {
			why = learn_member(m, i, pos, line);
			if (why)
				return why;
			pos = member->bit_offset + member->bit_size;
			m->unnamed |= m->placing[i].skip != 0;
		}
		if (i + 1 == m->fixed)
			m->fixed_end = pos;
		if (m->placing[i].align > m->align)
			m->align = m->placing[i].align;
	}
	end = round_up(pos, (uint64_t)m->align * 8);
	if (end > type->size * 8)
		return "packed: the end is not padded";
	if (end < type->size * 8)
		m->align = explain(pos, type->size * 8, m->align, type->size, line);
	return m->align ? NULL : "no alignment explains the size";
}

static void make_units(struct model *m)
{
	unsigned int i = m->fixed;

	while (i < m->tail) {
		struct unit *unit = &m->units[m->nr_units++];

		*unit = (struct unit){ .first = i, .nr = 1, .align = m->placing[i].align };
		while (m->placing[i].storage && i + 1 < m->tail && m->placing[i + 1].storage) {
			unit->nr++;
			i++;
		}
		i++;
	}
}

/* ---- trying orders --------------------------------------------------------- */

/* Take the unit that loses nothing and is aligned most, or else loses least. */
static void try_largest_first(const struct model *m, struct unit *list, unsigned int nr, uint64_t pos)
{
	unsigned int at, i;

	for (at = 0; at < nr; at++) {
		unsigned int best = at;
		struct unit taken;

		for (i = at + 1; i < nr; i++) {
			uint64_t mine = lost(m, &list[i], pos), theirs = lost(m, &list[best], pos);

			if (mine < theirs || (mine == theirs && list[i].align > list[best].align))
				best = i;
		}
		taken = list[best];
		memmove(&list[at + 1], &list[at], (best - at) * sizeof(*list));
		list[at] = taken;
		pos = place_unit(m, &taken, pos, NULL);
	}
}

/* Keep the order; where a hole would be, pull later units into it, the largest that fit. */
static void try_filling(const struct model *m, struct unit *list, unsigned int nr, uint64_t pos)
{
	unsigned int at, i;

	for (at = 0; at < nr; at++) {
		uint64_t hole = lost(m, &list[at], pos), most = 0;
		unsigned int best = at;
		struct unit taken;

		for (i = at + 1; hole && i < nr; i++) {
			uint64_t bits = place_unit(m, &list[i], pos, NULL) - pos;

			if (lost(m, &list[i], pos) || bits > hole || bits < most)
				continue;
			most = bits;
			best = i;
		}
		taken = list[best];
		memmove(&list[at + 1], &list[at], (best - at) * sizeof(*list));
		list[at] = taken;
		pos = place_unit(m, &taken, pos, NULL);
	}
}

static uint64_t end_of(const struct model *m, const struct unit *list, unsigned int nr, uint64_t pos)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		pos = place_unit(m, &list[i], pos, NULL);
	return pos;
}

/*
 * Mark the units that are not in the longest run of @list that keeps the old
 * order; returns their number, or -ENOMEM.
 */
static int mark_moved(const struct unit *list, unsigned int nr, bool *moved)
{
	unsigned int *length = calloc(nr + 1, 2 * sizeof(*length)), *before, i, j, best = 0;
	int left = (int)nr;

	if (!length)
		return -ENOMEM;
	before = length + nr + 1;
	/* Entry i + 1 belongs to list[i]; 0 is the empty run. */
	for (i = 0; i < nr; i++) {
		length[i + 1] = 1;
		for (j = 0; j < i; j++)
			if (list[j].first < list[i].first && length[j + 1] >= length[i + 1]) {
				length[i + 1] = length[j + 1] + 1;
				before[i + 1] = j + 1;
			}
		if (length[i + 1] > length[best])
			best = i + 1;
	}
	for (i = 0; i < nr; i++)
		moved[i] = true;
	for (; best; best = before[best], left--)
		moved[best - 1] = false;
	free(length);
	return left;
}

/* Choose an order for the units [@from, @to), which end before alignment @next. */
static int choose(struct model *m, unsigned int from, unsigned int to, uint64_t pos, uint32_t next,
		  bool *moved)
{
	void (*const tries[])(const struct model *, struct unit *, unsigned int, uint64_t) = {
		try_filling, try_largest_first,
	};
	unsigned int nr = to - from, i;
	struct unit *list = &m->chosen[from];
	uint64_t best, end;
	int moves = 0;

	if (nr < 2)
		return 0;
	best = round_up(end_of(m, list, nr, pos), (uint64_t)next * 8);
	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		int count;

		memcpy(m->trial, &m->units[from], nr * sizeof(*list));
		tries[i](m, m->trial, nr, pos);
		end = round_up(end_of(m, m->trial, nr, pos), (uint64_t)next * 8);
		if (end > best)
			continue;
		count = mark_moved(m->trial, nr, moved);
		if (count < 0)
			return count;
		if (end == best && count >= moves)
			continue;
		best = end;
		moves = count;
		memcpy(list, m->trial, nr * sizeof(*list));
	}
	return 0;
}

/*
 * Order the units between each two fences. @bound becomes what even members
 * without any alignment of their own would need.
 */
static int order_units(struct model *m, bool *moved, uint64_t *bound)
{
	uint64_t pos = m->fixed_end;
	unsigned int at = 0, i;

	*bound = m->fixed_end;
	while (at < m->nr_units) {
		unsigned int from = at, to;
		uint32_t next = m->tail < m->type->nr_members ? m->placing[m->tail].align : m->align;
		int ret;

		if (m->placing[m->units[from].first].fence) {
			pos = place_unit(m, &m->units[from], pos, NULL);
			*bound = place_unit(m, &m->units[from], *bound, NULL);
			from++;
		}
		for (to = from; to < m->nr_units && !m->placing[m->units[to].first].fence;)
			to++;
		if (to < m->nr_units)
			next = m->placing[m->units[to].first].align;
		ret = choose(m, from, to, pos, next, moved);
		if (ret)
			return ret;
		pos = end_of(m, &m->chosen[from], to - from, pos);
		for (i = from; i < to; i++) {
			const struct unit *unit = &m->units[i];
			unsigned int j;

			for (j = unit->first; j < unit->first + unit->nr; j++)
				*bound += m->placing[j].bits + m->placing[j].skip;
		}
		at = to;
	}
	return 0;
}

/* ---- the plan --------------------------------------------------------------- */

static void keep_order(const struct layout_type *type, struct layout_plan *plan)
{
	unsigned int i;

	plan->size = type->size;
	plan->align = type->align;
	plan->moved = 0;
	for (i = 0; i < type->nr_members; i++) {
		plan->order[i] = i;
		plan->bit_offset[i] = type->members[i].bit_offset;
		plan->was_moved[i] = false;
	}
}

static int fill_plan(struct model *m, struct layout_plan *plan, bool *moved, uint64_t bound)
{
	const struct layout_type *type = m->type;
	uint64_t pos = m->fixed_end;
	unsigned int i, j, at = m->fixed;

	if (m->nr_units && mark_moved(m->chosen, m->nr_units, moved) < 0)
		return -ENOMEM;
	for (i = 0; i < m->nr_units; i++) {
		const struct unit *unit = &m->chosen[i];

		pos = place_unit(m, unit, pos, plan->bit_offset);
		for (j = unit->first; j < unit->first + unit->nr; j++) {
			plan->order[at++] = j;
			plan->was_moved[j] = moved[i];
			plan->moved += moved[i];
		}
	}
	for (i = m->tail; i < type->nr_members; i++) {
		pos = place(&m->placing[i], pos);
		plan->bit_offset[i] = pos;
		pos += m->placing[i].bits;
		bound = place(&m->placing[i], bound) + m->placing[i].bits;
	}
	plan->align = m->align;
	plan->unnamed = m->unnamed;
	plan->size = round_up(pos, (uint64_t)m->align * 8) / 8;
	plan->least = plan->size == round_up(bound, (uint64_t)m->align * 8) / 8;
	if (plan->size >= type->size) {
		bool least = plan->least;

		keep_order(type, plan);
		plan->align = m->align;
		plan->least = least;
	}
	return 0;
}

static const char *refuse(const struct layout_type *type)
{
	if (type->kind == LAYOUT_UNION)
		return "a union's members all lie at its start";
	if (type->variants)
		return "a tag decides what lies beside its members";
	if (!type->nr_members)
		return "it has no members";
	if (type->members[type->nr_members - 1].elsewhere)
		return "its virtual bases are placed when an object is built";
	if (type->nr_members > REORDER_MAX)
		return "it has too many members to try orders";
	return NULL;
}

static bool model_create(struct model *m, unsigned int nr)
{
	m->placing = calloc(nr, sizeof(*m->placing));
	m->units = calloc(nr, sizeof(*m->units));
	m->chosen = calloc(nr, sizeof(*m->chosen));
	m->trial = calloc(nr, sizeof(*m->trial));
	return m->placing && m->units && m->chosen && m->trial;
}

static void model_destroy(struct model *m)
{
	free(m->placing);
	free(m->units);
	free(m->chosen);
	free(m->trial);
}

int layout_reorder(const struct layout_type *type, uint32_t line, struct layout_plan *plan,
		   struct kerror *err)
{
	unsigned int nr = type->nr_members ? type->nr_members : 1;
	struct model m = { .type = type };
	bool *moved = calloc(nr, sizeof(*moved));
	uint64_t bound;
	int ret = 0;

	*plan = (struct layout_plan){ .why_not = refuse(type) };
	plan->order = calloc(nr, sizeof(*plan->order));
	plan->bit_offset = calloc(nr, sizeof(*plan->bit_offset));
	plan->was_moved = calloc(nr, sizeof(*plan->was_moved));
	if (!moved || !plan->order || !plan->bit_offset || !plan->was_moved || !model_create(&m, nr))
		ret = -ENOMEM;
	if (!ret)
		keep_order(type, plan);
	if (!ret && !plan->why_not)
		plan->why_not = learn(&m, line);
	if (!ret && !plan->why_not) {
		make_units(&m);
		memcpy(m.chosen, m.units, m.nr_units * sizeof(*m.units));
		ret = order_units(&m, moved, &bound);
		if (!ret)
			ret = fill_plan(&m, plan, moved, bound);
	}
	model_destroy(&m);
	free(moved);
	return ret ? kerror_set(err, ret, "no memory to try orders of %u members", nr) : 0;
}

void layout_plan_free(struct layout_plan *plan)
{
	free(plan->order);
	free(plan->bit_offset);
	free(plan->was_moved);
	*plan = (struct layout_plan){ 0 };
}
