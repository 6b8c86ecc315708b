/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what is alive. Maps a name from the trace (an object's address, or
 * a block's pfn) to what the simulated machine handed out for it.
 *
 *	slot[]	hash | number ---> pool[number]: key, what it is, since when
 *
 * Open addressing with linear probing over slots of 8 bytes, at most half of
 * them taken: a search that fails, as each allocation's does, reads one cache
 * line. Entries lie in a pool and are reused last in, first out, so that those
 * of short-lived objects stay in the cache. A deletion shifts its successors
 * back, so there are no tombstones; nothing is allocated per event.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_UTIL_LIVE_H
#define KMEMSIM_SIM_UTIL_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live {
	uint64_t key;		/* the trace's address or pfn */
	uint64_t sim;		/* our address or pfn; 0: our machine had no memory for it */
	uint64_t born;		/* number of the event that made it */
	uint64_t born_ns;	/* its time stamp */
	uint32_t bytes_req;	/* asked for; blocks: 0 */
	uint32_t bytes_alloc;	/* reserved by our machine for it; objects up to 4 GiB - 1 */
	uint32_t site;		/* name_id of the call site, 0 unknown; free entries: the next one */
	uint16_t cache;		/* index of the replay's cache record; blocks: 0 */
	uint8_t order;		/* blocks, and large kmallocs */
	uint8_t used;		/* the entry is taken */
};

_Static_assert(sizeof(struct live) == 48, "live objects dominate a replay's memory");

struct live_slot {
	uint32_t hash;		/* of the entry's key; its highest bits are the home slot */
	uint32_t number;	/* of the entry; 0: the slot is free */
};

struct live_table {
	struct live_slot *slot;
	struct live *pool;	/* entry 0 is no entry */
	uint64_t nr;
	uint32_t pool_used;	/* entries ever handed out, and entry 0 */
	uint32_t pool_size;
	uint32_t free_entry;	/* the one freed last, 0 none */
	unsigned int bits;	/* there are 1 << bits slots */
};

/* @bits from 1 to 31. -ENOMEM. A zeroed table may be handed to live_exit(). */
int live_init(struct live_table *table, unsigned int bits);
void live_exit(struct live_table *table);

static inline uint32_t live_hash(uint64_t key)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15ULL) >> 32);
}

static inline uint32_t live_home(const struct live_table *table, uint32_t hash)
{
	return hash >> (32 - table->bits);
}

/* The entry of @key, or NULL. Valid until the next insertion or its removal. */
static inline struct live *live_find(const struct live_table *table, uint64_t key)
{
	uint32_t hash = live_hash(key), mask = (1U << table->bits) - 1;
	uint32_t at = live_home(table, hash);

	for (;; at = (at + 1) & mask) {
		const struct live_slot *slot = &table->slot[at];

		if (!slot->number)
			return NULL;
		if (slot->hash == hash && table->pool[slot->number].key == key)
			return &table->pool[slot->number];
	}
}

/*
 * Two steps to take before a search, each some time after the one before it,
 * so that the search does not wait for memory.
 */
static inline void live_prefetch_slot(const struct live_table *table, uint64_t key)
{
	__builtin_prefetch(&table->slot[live_home(table, live_hash(key))]);
}

static inline void live_prefetch_entry(const struct live_table *table, uint64_t key)
{
	const struct live_slot *slot = &table->slot[live_home(table, live_hash(key))];
	const struct live *entry = &table->pool[slot->number];

	__builtin_prefetch(entry, 1);
	__builtin_prefetch((const char *)(entry + 1) - 1, 1);
}

/* What @key's home slot leads to, which is most likely its entry; entry 0 where there is none. */
static inline const struct live *live_guess(const struct live_table *table, uint64_t key)
{
	return &table->pool[table->slot[live_home(table, live_hash(key))].number];
}

/*
 * A new entry for @key, which must not be in the table; all but key and used
 * is zero. NULL when memory ran out.
 */
struct live *live_insert(struct live_table *table, uint64_t key);
void live_remove(struct live_table *table, struct live *entry);

/* Entries in no promised order: start with NULL; NULL ends. */
const struct live *live_next(const struct live_table *table, const struct live *prev);

#endif
