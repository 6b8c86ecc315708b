/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a set-associative memory of keys: what a TLB's array, a page-walk cache and a
 * cache of lines have in common. A key has its place in one set; a set has a number of ways,
 * and when all are taken a new key replaces an old one.
 *
 * Replacement is true LRU or tree-PLRU; nothing is left to chance. Tree-PLRU has a bit for
 * each inner node of a binary tree over the ways, which says in which half the next victim
 * is; a use turns all bits on its path to the other half. Where the ways are no power of two
 * each half is split as evenly as it goes, the left one larger by one. A way without a key
 * is taken first, the lowest of them.
 *
 *	12 ways:	     0..11
 *		       0..5        6..11
 *		    0..2  3..5   6..8  9..11	and so on: 0..1 and 2
 *
 * Sets may be any number: a power of two takes bits of the number that chooses the set, any
 * other its remainder.
 *
 * Forms, by replacement and ways:
 * - rows: LRU of few ways. A set is a row of keys, newest first. To find one and to move it
 *   to the front is one pass.
 * - ring: LRU of many ways. A pass over all would take too long, so a key hangs in the chain
 *   of a hash bucket, and its place in its set's ring by last use; newest[set] names the
 *   newest place, and the one before it in the ring is the oldest. To replace the oldest is
 *   only to turn the ring.
 *
 *	newest[set] --> e3 <-> e7 <-> e1 <-> (e3)       e1 is the next victim
 *	bucket[h]   --> e7 --> e9 --> NO_PLACE
 *
 * - tree: PLRU. Keys stay in their places, found by a pass, or by buckets where ways are many.
 *
 * States of a place: empty (ASSOC_NONE; the oldest of its set, in no bucket) or taken.
 *
 * Locking: none. Ownership: assoc_init()'s caller.
 */
#ifndef KMEMSIM_PAGEMAP_TLB_ASSOC_H
#define KMEMSIM_PAGEMAP_TLB_ASSOC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "pagemap/error.h"

#define ASSOC_NONE	UINT64_MAX	/* no key */
#define ASSOC_MAX	65534u		/* entries */

enum replacement { REPLACE_LRU, REPLACE_PLRU };

/* All zero: no entries. ways 0: fully associative. */
struct assoc_shape {
	uint16_t entries;
	uint16_t ways;
	uint8_t replacement;	/* enum replacement */
};

/* A shape's initialiser: true LRU. */
#define ASSOC_LRU(nr_entries, nr_ways)	{ .entries = (nr_entries), .ways = (nr_ways), .replacement = REPLACE_LRU }

struct assoc_ring {
	uint16_t next, prev;	/* newest to oldest */
};

struct assoc {
	uint32_t ways;		/* 0: no entries, every lookup misses */
	uint32_t sets;
	uint64_t set_mask;	/* sets - 1, where sets are a power of two */
	uint64_t *keys;		/* [set * ways] */
	bool rows;		/* the form; the pointers below tell the others apart */
	bool modulo;		/* sets are no power of two */
	uint8_t *tree;		/* PLRU: [set * ways + first way of the right half]; 1: the victim is there */
	uint32_t nr_empty;	/* PLRU: empty places of all sets */
	struct assoc_ring *ring;	/* ring: [set * ways] */
	uint16_t *newest;	/* ring: a set */
	uint16_t *bucket;	/* buckets, and the next place in the same one: [set * ways] */
	uint16_t *chain;
	unsigned int bucket_shift;	/* 64 - log2 of the number of buckets */
};

/* What is wrong with @shape, which a user calls @what. -EINVAL. */
int assoc_check(const struct assoc_shape *shape, const char *what, struct kerror *err);
/* Empty. @shape is one that assoc_check() passes. -ENOMEM; assoc_exit() takes what failed, and a zeroed one. */
int assoc_init(struct assoc *assoc, const struct assoc_shape *shape);
void assoc_exit(struct assoc *assoc);

/* The two below for forms other than rows. */
bool assoc_find_placed(struct assoc *assoc, uint32_t set, uint64_t key);
bool assoc_touch_placed(struct assoc *assoc, uint32_t set, uint64_t key);

static inline uint32_t assoc_set(const struct assoc *assoc, uint64_t number)
{
	return (uint32_t)(assoc->modulo ? number % assoc->sets : number & assoc->set_mask);
}

/* Is @key there? Then it is its set's newest now. Keys are anything but ASSOC_NONE. */
static inline bool assoc_find(struct assoc *assoc, uint32_t set, uint64_t key)
{
	uint64_t *row;
	uint32_t way;

	if (!assoc->rows)
		return assoc->ways && assoc_find_placed(assoc, set, key);
	row = assoc->keys + (uint64_t)set * assoc->ways;
	for (way = 0; way < assoc->ways; way++) {
		if (row[way] != key)
			continue;
		for (; way; way--)
			row[way] = row[way - 1];
		row[0] = key;
		return true;
	}
	return false;
}

/* The same; where it was not there it is now, in the place of the victim. Without entries: false. */
static inline bool assoc_touch(struct assoc *assoc, uint32_t set, uint64_t key)
{
	uint64_t *way, *end, newer = key;

	if (!assoc->rows)
		return assoc->ways && assoc_touch_placed(assoc, set, key);
	way = assoc->keys + (uint64_t)set * assoc->ways;
	for (end = way + assoc->ways; way < end; way++) {
		uint64_t older = *way;

		*way = newer;
		if (older == key)
			return true;
		newer = older;
	}
	return false;
}

/* The same for a @key that is known not to be there. */
static inline void assoc_insert(struct assoc *assoc, uint32_t set, uint64_t key)
{
	uint64_t *row;

	if (!assoc->rows) {
		if (assoc->ways)
			assoc_touch_placed(assoc, set, key);
		return;
	}
	row = assoc->keys + (uint64_t)set * assoc->ways;
	memmove(row + 1, row, (assoc->ways - 1) * sizeof(*row));
	row[0] = key;
}

/* Drop @key; false where it is not there. */
bool assoc_remove(struct assoc *assoc, uint32_t set, uint64_t key);
/* Drop every key whose bits in @mask are @value, never ASSOC_NONE. */
void assoc_remove_matching(struct assoc *assoc, uint64_t mask, uint64_t value);
/* Drop all: as assoc_init() left it. */
void assoc_clear(struct assoc *assoc);

#endif
