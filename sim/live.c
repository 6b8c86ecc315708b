/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the table of live objects and blocks; see live.h. Single-threaded. */
#include "sim/live.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static size_t table_bytes(const struct live_table *table)
{
	return sizeof(*table->slot) << table->bits;
}

/*
 * Look-ups hit the table all over, so every frame of it is used soon: with huge
 * pages a big table costs a handful of page faults instead of thousands.
 */
int live_init(struct live_table *table, unsigned int bits)
{
	void *mem;

	table->bits = bits;
	table->nr = 0;
	table->slot = NULL;
	mem = mmap(NULL, table_bytes(table), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return -ENOMEM;
	madvise(mem, table_bytes(table), MADV_HUGEPAGE);
	table->slot = mem;
	return 0;
}

void live_exit(struct live_table *table)
{
	if (table->slot)
		munmap(table->slot, table_bytes(table));
	table->slot = NULL;
}

static struct live *free_slot(const struct live_table *table, uint64_t key)
{
	uint64_t mask = (1ULL << table->bits) - 1;
	uint64_t at = live_hash(table, key);

	while (table->slot[at].used)
		at = (at + 1) & mask;
	return &table->slot[at];
}

static int grow(struct live_table *table)
{
	struct live_table larger;
	uint64_t i;

	if (live_init(&larger, table->bits + 1))
		return -ENOMEM;
	for (i = 0; i < 1ULL << table->bits; i++)
		if (table->slot[i].used)
			*free_slot(&larger, table->slot[i].key) = table->slot[i];
	larger.nr = table->nr;
	live_exit(table);
	*table = larger;
	return 0;
}

struct live *live_insert(struct live_table *table, uint64_t key)
{
	struct live *entry;

	if (table->nr >= (3ULL << table->bits) / 4 && grow(table))
		return NULL;
	entry = free_slot(table, key);
	memset(entry, 0, sizeof(*entry));
	entry->key = key;
	entry->used = 1;
	table->nr++;
	return entry;
}

void live_remove(struct live_table *table, struct live *entry)
{
	uint64_t mask = (1ULL << table->bits) - 1;
	uint64_t hole = (uint64_t)(entry - table->slot), at = hole;

	/* Pull back whatever the hole would cut off from its home slot. */
	for (;;) {
		uint64_t home;

		at = (at + 1) & mask;
		if (!table->slot[at].used)
			break;
		home = live_hash(table, table->slot[at].key);
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			table->slot[hole] = table->slot[at];
			hole = at;
		}
	}
	table->slot[hole].used = 0;
	table->nr--;
}
