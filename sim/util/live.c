/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the table of live objects and blocks; see live.h. Both arrays are hit
 * all over, so they are bigmem's.
 *
 * Single-threaded.
 */
#include "sim/util/live.h"

#include <errno.h>
#include <string.h>

#include "sim/util/bigmem.h"

#define MAX_BITS 31

int live_init(struct live_table *table, unsigned int bits)
{
	*table = (struct live_table){ .bits = bits, .pool_size = 1U << (bits - 1), .pool_used = 1 };
	table->slot = bigmem_alloc((size_t)1 << table->bits, sizeof(*table->slot));
	table->pool = bigmem_alloc(table->pool_size, sizeof(*table->pool));
	if (table->slot && table->pool)
		return 0;
	live_exit(table);
	return -ENOMEM;
}

void live_exit(struct live_table *table)
{
	bigmem_free(table->slot, (size_t)1 << table->bits, sizeof(*table->slot));
	bigmem_free(table->pool, table->pool_size, sizeof(*table->pool));
	table->slot = NULL;
	table->pool = NULL;
}

static struct live_slot *free_slot(const struct live_table *table, uint32_t hash)
{
	uint32_t mask = (1U << table->bits) - 1, at = live_home(table, hash);

	while (table->slot[at].number)
		at = (at + 1) & mask;
	return &table->slot[at];
}

static int grow_slots(struct live_table *table)
{
	struct live_table larger = { .bits = table->bits + 1 };
	uint32_t i;

	if (table->bits == MAX_BITS)
		return -ENOMEM;
	larger.slot = bigmem_alloc((size_t)1 << larger.bits, sizeof(*larger.slot));
	if (!larger.slot)
		return -ENOMEM;
	for (i = 0; i < 1U << table->bits; i++)
		if (table->slot[i].number)
			*free_slot(&larger, table->slot[i].hash) = table->slot[i];
	bigmem_free(table->slot, (size_t)1 << table->bits, sizeof(*table->slot));
	table->slot = larger.slot;
	table->bits = larger.bits;
	return 0;
}

static int grow_pool(struct live_table *table)
{
	struct live *larger = bigmem_grow(table->pool, table->pool_size, 2 * (size_t)table->pool_size, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	table->pool = larger;
	table->pool_size *= 2;
	return 0;
}

struct live *live_insert(struct live_table *table, uint64_t key)
{
	uint32_t hash = live_hash(key), number = table->free_entry;
	struct live *entry;

	if (table->nr >= 1ULL << table->bits >> 1 && grow_slots(table))
		return NULL;
	if (!number) {
		if (table->pool_used == table->pool_size && grow_pool(table))
			return NULL;
		number = table->pool_used++;
	}
	entry = &table->pool[number];
	table->free_entry = entry->site;
	*entry = (struct live){ .key = key, .used = 1 };
	*free_slot(table, hash) = (struct live_slot){ hash, number };
	table->nr++;
	return entry;
}

void live_remove(struct live_table *table, struct live *entry)
{
	uint32_t mask = (1U << table->bits) - 1, number = (uint32_t)(entry - table->pool);
	uint32_t hole = live_home(table, live_hash(entry->key)), at;

	while (table->slot[hole].number != number)
		hole = (hole + 1) & mask;
	/* Pull back whatever the hole would cut off from its home slot. */
	for (at = (hole + 1) & mask; table->slot[at].number; at = (at + 1) & mask) {
		uint32_t home = live_home(table, table->slot[at].hash);

		if (((at - home) & mask) >= ((at - hole) & mask)) {
			table->slot[hole] = table->slot[at];
			hole = at;
		}
	}
	table->slot[hole].number = 0;
	entry->used = 0;
	entry->site = table->free_entry;
	table->free_entry = number;
	table->nr--;
}

const struct live *live_next(const struct live_table *table, const struct live *prev)
{
	uint32_t number = prev ? (uint32_t)(prev - table->pool) : 0;

	while (++number < table->pool_used)
		if (table->pool[number].used)
			return &table->pool[number];
	return NULL;
}
