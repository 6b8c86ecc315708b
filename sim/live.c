/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the table of live objects and blocks; see live.h.
 *
 * Both arrays are hit all over, so every frame of them is used soon: with huge
 * pages a big table costs a handful of page faults instead of thousands.
 *
 * Single-threaded.
 */
#include "sim/live.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_BITS 31

static void *map_zeroed(size_t bytes)
{
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	madvise(mem, bytes, MADV_HUGEPAGE);
	return mem;
}

static size_t slot_bytes(const struct live_table *table)
{
	return sizeof(*table->slot) << table->bits;
}

static size_t pool_bytes(uint32_t size)
{
	return size * sizeof(struct live);
}

int live_init(struct live_table *table, unsigned int bits)
{
	*table = (struct live_table){ .bits = bits, .pool_size = 1U << (bits - 1), .pool_used = 1 };
	table->slot = map_zeroed(slot_bytes(table));
	table->pool = map_zeroed(pool_bytes(table->pool_size));
	if (table->slot && table->pool)
		return 0;
	live_exit(table);
	return -ENOMEM;
}

void live_exit(struct live_table *table)
{
	if (table->slot)
		munmap(table->slot, slot_bytes(table));
	if (table->pool)
		munmap(table->pool, pool_bytes(table->pool_size));
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
	larger.slot = map_zeroed(slot_bytes(&larger));
	if (!larger.slot)
		return -ENOMEM;
	for (i = 0; i < 1U << table->bits; i++)
		if (table->slot[i].number)
			*free_slot(&larger, table->slot[i].hash) = table->slot[i];
	munmap(table->slot, slot_bytes(table));
	table->slot = larger.slot;
	table->bits = larger.bits;
	return 0;
}

/* The host moves the pages, not the bytes. */
static int grow_pool(struct live_table *table)
{
	void *larger = mremap(table->pool, pool_bytes(table->pool_size),
			      2 * pool_bytes(table->pool_size), MREMAP_MAYMOVE);

	if (larger == MAP_FAILED)
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
