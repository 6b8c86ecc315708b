/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a small hash table; see table.h. */
#include "sim/util/table.h"

#include <stddef.h>
#include <stdlib.h>

#include "sim/util/hash.h"

#define FIRST_SIZE	64u

/* Where @key is, or the free slot where it belongs; there is one. */
static struct table_slot *slot_of(struct table_slot *slot, uint64_t size, uint64_t key)
{
	uint64_t at = hash_u64(key) & (size - 1);

	while (slot[at].value && slot[at].key != key)
		at = (at + 1) & (size - 1);
	return &slot[at];
}

static bool grow(struct table *table, uint64_t size)
{
	struct table_slot *larger = calloc(size, sizeof(*larger));
	uint64_t i;

	if (!larger)
		return false;
	for (i = 0; i < table->size; i++)
		if (table->slot[i].value)
			*slot_of(larger, size, table->slot[i].key) = table->slot[i];
	free(table->slot);
	table->slot = larger;
	table->size = size;
	return true;
}

uint64_t *table_find(const struct table *table, uint64_t key)
{
	struct table_slot *slot = table->size ? slot_of(table->slot, table->size, key) : NULL;

	return slot && slot->value ? &slot->value : NULL;
}

uint64_t *table_get(struct table *table, uint64_t key)
{
	struct table_slot *slot = table->size ? slot_of(table->slot, table->size, key) : NULL;

	if (slot && slot->value)
		return &slot->value;
	if (table->nr >= table->size / 2) {
		if (!grow(table, table->size ? table->size * 2 : FIRST_SIZE))
			return NULL;
		slot = slot_of(table->slot, table->size, key);
	}
	slot->key = key;
	table->nr++;
	return &slot->value;
}

bool table_reserve(struct table *table, uint64_t nr)
{
	uint64_t size = table->size ? table->size : FIRST_SIZE;

	if (nr > UINT64_MAX / 4)
		return false;
	while (size / 2 < nr)
		size *= 2;
	return size == table->size || grow(table, size);
}

void table_remove(struct table *table, uint64_t *value)
{
	struct table_slot *removed = (struct table_slot *)((char *)value - offsetof(struct table_slot, value));
	uint64_t mask = table->size - 1, hole = (uint64_t)(removed - table->slot), at = hole;

	table->nr--;
	for (;;) {
		uint64_t home;

		at = (at + 1) & mask;
		if (!table->slot[at].value)
			break;
		home = hash_u64(table->slot[at].key) & mask;
		/* An entry may move up to the hole unless its home lies behind that. */
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			table->slot[hole] = table->slot[at];
			hole = at;
		}
	}
	table->slot[hole].value = 0;
}

void table_free(struct table *table)
{
	free(table->slot);
	*table = (struct table){ 0 };
}
