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
 * - rows: LRU of few ways. Keys stay in their places. An order of 4 bits a way says which way is the newest; to make
 *   another one the newest moves bits. Tags, 8 bits of a key's hash each, say in one comparison of all which
 *   places are worth a look.
 *
 *	order	0 .. 0 2 0 3 1		way 1 is the newest, 2 the next victim
 *	tags	t0 t1 t2 t3 -- .. --
 *	keys	k0 k1 k2 k3
 *
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
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

#define ASSOC_ROW_WAYS	16u	/* of a row at most: 4 bits each in its order */

struct assoc_row {
	uint64_t order;		/* newest lowest; above the last way 0 */
	uint8_t tag[ASSOC_ROW_WAYS];
	uint64_t keys[];	/* [ways] */
};

struct assoc {
	char *rows;		/* the form; NULL: the pointers below tell the others apart */
	uint64_t set_mask;	/* sets - 1, where sets are a power of two */
	uint64_t order_mask;	/* rows: the bits that an order has */
	uint32_t way_mask;	/* and a bit a way */
	uint32_t row_bytes;
	uint32_t victim_shift;	/* of the oldest way in an order */
	uint32_t ways;		/* 0: no entries, every lookup misses */
	uint32_t sets;
	uint64_t set_inverse;	/* 2^64 / sets, rounded down; 0: sets are a power of two */
	uint64_t *keys;		/* but for rows: [set * ways] */
	uint8_t *tree;		/* PLRU: [set * ways + first way of the right half]; 1: the victim is there */
	uint32_t nr_empty;	/* PLRU: empty places of all sets */
	struct assoc_ring *ring;	/* ring: [set * ways] */
	uint16_t *newest;	/* ring: a set */
	uint16_t *bucket;	/* buckets, and the next place in the same one: [set * ways] */
	uint16_t *chain;
	unsigned int bucket_shift;	/* 64 - log2 of the number of buckets */
};

_Static_assert(offsetof(struct assoc, keys) <= 64, "what a lookup in rows reads of it is no more than a cache line");

/* What is wrong with @shape, which a user calls @what. -EINVAL. */
int assoc_check(const struct assoc_shape *shape, const char *what, struct kerror *err);
/* Empty. @shape is one that assoc_check() passes. -ENOMEM; assoc_exit() takes what failed, and a zeroed one. */
int assoc_init(struct assoc *assoc, const struct assoc_shape *shape);
void assoc_exit(struct assoc *assoc);

/* The two below for forms other than rows. */
bool assoc_find_placed(struct assoc *assoc, uint32_t set, uint64_t key);
void assoc_insert_placed(struct assoc *assoc, uint32_t set, uint64_t key);

/* The set of @number: its low bits, or its remainder by a quotient that is at most one too small. */
static inline uint32_t assoc_set(const struct assoc *assoc, uint64_t number)
{
	uint64_t rest;

	if (__builtin_expect(!assoc->set_inverse, 1))
		return (uint32_t)(number & assoc->set_mask);
	rest = number - (uint64_t)((__uint128_t)number * assoc->set_inverse >> 64) * assoc->sets;
	return (uint32_t)(rest < assoc->sets ? rest : rest - assoc->sets);
}

/* ---- rows ---------------------------------------------------------------- */

#define ASSOC_NIBBLES	0x1111111111111111ULL

static inline struct assoc_row *assoc_row(const struct assoc *assoc, uint32_t set)
{
	return (struct assoc_row *)(assoc->rows + (uint64_t)set * assoc->row_bytes);
}

static inline uint8_t assoc_tag(uint64_t key)
{
	return (uint8_t)(key * 0x9e3779b97f4a7c15ULL >> 56);
}

/* The ways of @row with that tag, a bit each; those that it does not have may be among them. */
static inline uint32_t assoc_row_match(const struct assoc_row *row, uint8_t tag)
{
#ifdef __SSE2__
	__m128i tags = _mm_loadu_si128((const __m128i *)row->tag);

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag)));
#else
	uint32_t match = 0, way;

	for (way = 0; way < ASSOC_ROW_WAYS; way++)
		match |= (uint32_t)(row->tag[way] == tag) << way;
	return match;
#endif
}

/* Has @row @key? Then *@way is where. */
static inline bool assoc_row_find(const struct assoc *assoc, const struct assoc_row *row, uint64_t key, uint32_t *way)
{
	uint32_t match = assoc_row_match(row, assoc_tag(key)) & assoc->way_mask;

	for (; match; match &= match - 1) {
		*way = (uint32_t)__builtin_ctz(match);
		if (row->keys[*way] == key)
			return true;
	}
	return false;
}

/* The bits of @way in @order, which has it, and all bits of newer ones. */
static inline uint64_t assoc_order_up_to(uint64_t order, uint32_t way)
{
	uint64_t word = order ^ way * ASSOC_NIBBLES;
	/* The high bit of each nibble of 0, the lowest of which is the place, and of some above it. */
	uint64_t zero = (word - ASSOC_NIBBLES) & ~word & ASSOC_NIBBLES << 3;

	return zero ^ (zero - 1);
}

/* @way is the newest from now on, those that were newer move up by one. A branch where it is yet would often go wrong. */
static inline void assoc_row_renew(struct assoc_row *row, uint32_t way)
{
	uint64_t moved = assoc_order_up_to(row->order, way);

	row->order ^= (row->order ^ (row->order << 4 | way)) & moved;
}

/* @key, which is not there, in place of the oldest. */
static inline void assoc_row_insert(const struct assoc *assoc, struct assoc_row *row, uint64_t key)
{
	uint32_t way = (uint32_t)(row->order >> assoc->victim_shift);

	row->order = (row->order << 4 & assoc->order_mask) | way;
	row->tag[way] = assoc_tag(key);
	row->keys[way] = key;
}

/* ---- any form ------------------------------------------------------------ */

/* The next two for those who know that there are entries. */
static inline bool assoc_find_used(struct assoc *assoc, uint32_t set, uint64_t key)
{
	struct assoc_row *row;
	uint32_t way;

	if (!assoc->rows)
		return assoc_find_placed(assoc, set, key);
	row = assoc_row(assoc, set);
	if (!assoc_row_find(assoc, row, key, &way))
		return false;
	assoc_row_renew(row, way);
	return true;
}

static inline void assoc_insert_used(struct assoc *assoc, uint32_t set, uint64_t key)
{
	if (assoc->rows)
		assoc_row_insert(assoc, assoc_row(assoc, set), key);
	else
		assoc_insert_placed(assoc, set, key);
}

/* Is @key there? Then it is its set's newest now. Keys are anything but ASSOC_NONE. */
static inline bool assoc_find(struct assoc *assoc, uint32_t set, uint64_t key)
{
	return assoc->ways && assoc_find_used(assoc, set, key);
}

/* The same for a @key that is known not to be there: it takes the place of the victim. */
static inline void assoc_insert(struct assoc *assoc, uint32_t set, uint64_t key)
{
	if (assoc->ways)
		assoc_insert_used(assoc, set, key);
}

/* Is @key there? It is now, and the newest of its set. Without entries: false. */
static inline bool assoc_touch(struct assoc *assoc, uint32_t set, uint64_t key)
{
	if (!assoc->ways)
		return false;
	if (assoc_find_used(assoc, set, key))
		return true;
	assoc_insert_used(assoc, set, key);
	return false;
}

/* Drop @key; false where it is not there. */
bool assoc_remove(struct assoc *assoc, uint32_t set, uint64_t key);
/* Drop every key whose bits in @mask are @value, never ASSOC_NONE. */
void assoc_remove_matching(struct assoc *assoc, uint64_t mask, uint64_t value);
/* Drop all: as assoc_init() left it. */
void assoc_clear(struct assoc *assoc);

#endif
