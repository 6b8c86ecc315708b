/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what is alive. Maps a name from the trace (an object's address, or
 * a block's pfn) to what the simulated machine handed out for it.
 *
 * Open addressing with linear probing; entries lie in the table itself, a
 * deletion shifts its successors back, so there are no tombstones and no
 * allocation per event. The table doubles at 3/4 full.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_LIVE_H
#define KMEMSIM_SIM_LIVE_H

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
	uint32_t site;		/* name_id of the call site, 0 unknown */
	uint16_t cache;		/* index of the replay's cache record; blocks: 0 */
	uint8_t order;		/* blocks, and large kmallocs */
	uint8_t used;		/* the entry is taken */
};

_Static_assert(sizeof(struct live) == 48, "live objects dominate a replay's memory");

struct live_table {
	struct live *slot;
	uint64_t nr;
	unsigned int bits;	/* capacity is 1 << bits */
};

/* -ENOMEM. A zeroed table is empty and may be handed to live_exit(). */
int live_init(struct live_table *table, unsigned int bits);
void live_exit(struct live_table *table);

static inline uint64_t live_hash(const struct live_table *table, uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15ULL) >> (64 - table->bits);
}

/* The entry of @key, or NULL. Valid until the next insertion or removal. */
static inline struct live *live_find(const struct live_table *table, uint64_t key)
{
	uint64_t mask = (1ULL << table->bits) - 1;
	uint64_t at = live_hash(table, key);

	while (table->slot[at].used) {
		if (table->slot[at].key == key)
			return &table->slot[at];
		at = (at + 1) & mask;
	}
	return NULL;
}

/*
 * A new entry for @key, which must not be in the table; all but key and used
 * is zero. NULL when memory ran out.
 */
struct live *live_insert(struct live_table *table, uint64_t key);
void live_remove(struct live_table *table, struct live *entry);

#endif
