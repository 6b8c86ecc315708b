/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a small hash table, from a number (an address, or two numbers in one)
 * to a value that is not 0: the number of an entry in its owner's array plus one,
 * say, or a pointer. For whoever looks something up now and then.
 *
 *	slot[]	key | value (0: the slot is free)
 *
 * Open addressing with linear probing, at most half of the slots taken; it grows
 * by doubling. A removal moves its successors up, so there are no tombstones.
 *
 * These have tables of their own, for each event of a trace or each pair of
 * events goes through them, and a slot of 16 bytes or a branch more would show:
 * live.c (8 bytes a slot, entries in a pool), names.c and stacks.c (texts and call
 * chains, compared by hash first), direct_map.c (a bounded poll that drops what comes late), frames.c
 * (blocks of 64 frames), replay/cache.c, and the fields' caches of perf_fields.c,
 * which forget.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_UTIL_TABLE_H
#define KMEMSIM_SIM_UTIL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct table_slot {
	uint64_t key;
	uint64_t value;
};

/* All zero is an empty table, without memory. */
struct table {
	struct table_slot *slot;
	uint64_t size;		/* a power of two, or 0 */
	uint64_t nr;
};

/* The value of @key; NULL where it has none. Valid until the next call that changes the table. */
uint64_t *table_find(const struct table *table, uint64_t key);

/*
 * The same, made where there is none: then it is 0, and the caller puts another
 * value there before the next call. NULL: no memory, and nothing has changed.
 */
uint64_t *table_get(struct table *table, uint64_t key);

/* Up to @nr keys table_get() then finds room for without memory of its own. False: no memory. */
bool table_reserve(struct table *table, uint64_t nr);

/* What table_find() gave is no more. */
void table_remove(struct table *table, uint64_t *value);

void table_free(struct table *table);

#endif
