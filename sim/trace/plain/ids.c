/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: IDs of the plain-text format; see ids.h. Single-threaded. */
#include "sim/trace/plain/ids.h"

#include "sim/trace/text/number.h"

#define OBJECT_BASE	(UINT64_C(0xffff800000000000) + (511u << 12))
#define OBJECT_STRIDE	(UINT64_C(4) << 20)
#define FIRST_FRAME	512u

/* An entry of of_number: never 0, for a family is in it. */
#define ENTRY_ORDER	4
#define ENTRY_FRAME	8
#define ENTRY_FAMILY	3u

_Static_assert(PLAIN_BLOCK <= ENTRY_FAMILY, "a family is two bits");
_Static_assert(OBJECT_BASE + PLAIN_MAX_OBJECT * OBJECT_STRIDE > OBJECT_BASE, "objects do not wrap");

void plain_ids_exit(struct plain_ids *ids)
{
	names_destroy(ids->words);
	table_free(&ids->of_number);
	table_free(&ids->of_address);
	table_free(&ids->of_frame);
}

static struct plain_id bad(const char **why, const char *what)
{
	*why = what;
	return (struct plain_id){ .type = PLAIN_ID_BAD };
}

static struct plain_id word(struct plain_ids *ids, const char *p, size_t len, const char **why)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] < '!' || p[i] > '~' || p[i] == '"' || *p == '-')
			return bad(why, "is no ID: a word, a number, or an address like 0x7f00");
	if (ids->numbers)
		return bad(why, "is a word, and other IDs of this trace are numbers: use one of both");
	if (!ids->words)
		ids->words = names_create();
	if (ids->words) {
		name_id id = names_intern(ids->words, p, len);

		if (id)
			return (struct plain_id){ .type = PLAIN_ID_NUMBER, .word = true, .value = id };
	}
	return bad(why, NULL);
}

struct plain_id plain_id(struct plain_ids *ids, const char *p, size_t len, const char **why)
{
	const char *end = p + len;
	struct plain_id id = { .type = PLAIN_ID_ADDRESS };
	bool overflow = false;

	if (len == 1 && *p == '-')
		return (struct plain_id){ .type = PLAIN_ID_NOTHING };
	if (!is_digit(*p))
		return word(ids, p, len, why);
	if (p[0] == '0' && p[1] == 'x' && len > 2) {
		if (number_hex(p + 2, &id.value, &overflow) != end)
			return bad(why, "is no address: hexadecimal digits follow 0x");
	} else if (number_decimal(p, &id.value, &overflow) != end) {
		return bad(why, "is no ID: a word begins with a letter, an address with 0x");
	} else {
		id.type = PLAIN_ID_NUMBER;
		if (ids->words)
			return bad(why, "is a number, and other IDs of this trace are words: use one of both");
		ids->numbers = true;
	}
	return overflow ? bad(why, "is too large a number") : id;
}

static const struct table *table_of(const struct plain_ids *ids, struct plain_id id)
{
	return id.type == PLAIN_ID_NUMBER ? &ids->of_number : &ids->of_address;
}

enum plain_family plain_id_noted(const struct plain_ids *ids, struct plain_id id)
{
	const uint64_t *entry = id.type == PLAIN_ID_NOTHING ? NULL : table_find(table_of(ids, id), id.value);

	return entry ? (enum plain_family)(*entry & ENTRY_FAMILY) : PLAIN_NO_FAMILY;
}

enum plain_family plain_id_family(const struct plain_ids *ids, struct plain_id id)
{
	enum plain_family noted = plain_id_noted(ids, id);

	return noted || id.type == PLAIN_ID_NOTHING ? noted : ids->family;
}

bool plain_id_allocate(struct plain_ids *ids, struct plain_id id, enum plain_family family)
{
	struct table *table = (struct table *)table_of(ids, id);
	uint64_t *entry;

	if (id.type == PLAIN_ID_NOTHING)
		return true;
	if (!ids->family)
		ids->family = family;
	if (family == ids->family) {
		entry = table->nr ? table_find(table, id.value) : NULL;
		if (entry)
			table_remove(table, entry);
		return true;
	}
	entry = table_get(table, id.value);
	if (entry)
		*entry = family;
	return entry;
}

uint64_t plain_object_address(struct plain_id id)
{
	return id.type == PLAIN_ID_NUMBER && id.value ? OBJECT_BASE + id.value * OBJECT_STRIDE : id.value;
}

/* 2^@order frames that nothing else has. */
static uint64_t take_frames(struct plain_ids *ids, int order)
{
	uint64_t nr = UINT64_C(1) << order, frame;

	if (!ids->next_frame)
		ids->next_frame = FIRST_FRAME;
	frame = (ids->next_frame + nr - 1) & -nr;
	if (order < 9 && (frame + nr) % 512 == 0)
		frame += nr;
	ids->next_frame = frame + nr;
	return frame;
}

static int frames_of_number(struct plain_ids *ids, uint64_t number, bool allocate, int order, uint64_t *frame)
{
	uint64_t *entry = table_get(&ids->of_number, number);
	int had;

	if (!entry)
		return -1;
	had = (*entry & ENTRY_FAMILY) == PLAIN_BLOCK ? (int)(*entry >> ENTRY_ORDER & 15) : -1;
	if (order < 0)
		order = had < 0 ? 0 : had;
	if (had < 0 || (allocate && had < order))
		*entry = take_frames(ids, order) << ENTRY_FRAME | (uint64_t)order << ENTRY_ORDER | PLAIN_BLOCK;
	else if (allocate)
		*entry = *entry >> ENTRY_FRAME << ENTRY_FRAME | (uint64_t)order << ENTRY_ORDER | PLAIN_BLOCK;
	*frame = *entry >> ENTRY_FRAME;
	return order;
}

int plain_id_frames(struct plain_ids *ids, struct plain_id id, bool allocate, int order, uint64_t *frame)
{
	uint64_t *entry;

	if (id.type == PLAIN_ID_NUMBER)
		return frames_of_number(ids, id.value, allocate, order, frame);
	*frame = id.type == PLAIN_ID_NOTHING ? EVENT_PFN_FAILED : id.value;
	if (id.type == PLAIN_ID_NOTHING)
		return order < 0 ? 0 : order;
	entry = allocate ? table_get(&ids->of_frame, id.value) : table_find(&ids->of_frame, id.value);
	if (allocate) {
		if (!entry)
			return -1;
		*entry = (uint64_t)order + 1;
		return order;
	}
	if (order < 0)
		order = entry ? (int)*entry - 1 : 0;
	if (entry)
		table_remove(&ids->of_frame, entry);
	return order;
}
