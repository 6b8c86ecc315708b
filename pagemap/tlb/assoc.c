/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: set-associative memories; see assoc.h. Locking: none. */
#include "pagemap/tlb/assoc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_PLACE UINT16_MAX
/* Up to so many ways a set with a tree is searched from end to end; wider ones pay for buckets. */
#define NARROW_WAYS 24

int assoc_check(const struct assoc_shape *shape, const char *what, struct kerror *err)
{
	if (!shape->entries && !shape->ways)
		return 0;
	if (shape->ways > shape->entries || (shape->ways && shape->entries % shape->ways))
		return kerror_set(err, -EINVAL, "%s: %u entries cannot be divided into %u ways", what,
				  shape->entries, shape->ways);
	if (shape->entries > ASSOC_MAX)
		return kerror_set(err, -EINVAL, "%s: at most %u entries", what, ASSOC_MAX);
	return 0;
}

/* ---- life ---------------------------------------------------------------- */

static unsigned int nr_entries(const struct assoc *assoc)
{
	return assoc->sets * assoc->ways;
}

static size_t nr_buckets(const struct assoc *assoc)
{
	return (size_t)1 << (64 - assoc->bucket_shift);
}

static void clear_rows(struct assoc *assoc)
{
	uint32_t set;

	memset(assoc->rows, 0xff, (size_t)assoc->sets * assoc->row_bytes);
	for (set = 0; set < assoc->sets; set++)
		assoc_row(assoc, set)->order = 0xfedcba9876543210ULL & assoc->order_mask;
}

void assoc_clear(struct assoc *assoc)
{
	unsigned int ways = assoc->ways, nr = nr_entries(assoc), i;

	if (!nr)
		return;
	if (assoc->rows) {
		clear_rows(assoc);
		return;
	}
	memset(assoc->keys, 0xff, nr * sizeof(*assoc->keys));
	if (assoc->tree)
		memset(assoc->tree, 0, nr);
	assoc->nr_empty = nr;
	if (assoc->bucket)
		memset(assoc->bucket, 0xff, nr_buckets(assoc) * sizeof(*assoc->bucket));
	if (!assoc->ring)
		return;
	for (i = 0; i < nr; i++) {
		unsigned int set = i / ways * ways, way = i % ways;

		assoc->newest[i / ways] = (uint16_t)set;
		assoc->ring[i] = (struct assoc_ring){
			.next = (uint16_t)(set + (way + 1) % ways),
			.prev = (uint16_t)(set + (way + ways - 1) % ways),
		};
	}
}

/* Four buckets an entry keep the chains short. */
static int wide_init(struct assoc *assoc, bool ring)
{
	unsigned int nr = nr_entries(assoc), bits = 1;

	while (1U << bits < 4U * nr)
		bits++;
	assoc->bucket_shift = 64 - bits;
	assoc->bucket = malloc(nr_buckets(assoc) * sizeof(*assoc->bucket));
	assoc->chain = malloc(nr * sizeof(*assoc->chain));
	if (!assoc->bucket || !assoc->chain)
		return -ENOMEM;
	if (!ring)
		return 0;
	assoc->ring = malloc(nr * sizeof(*assoc->ring));
	assoc->newest = malloc(assoc->sets * sizeof(*assoc->newest));
	return assoc->ring && assoc->newest ? 0 : -ENOMEM;
}

static int rows_init(struct assoc *assoc)
{
	uint32_t ways = assoc->ways;

	assoc->order_mask = UINT64_MAX >> (64 - 4 * ways);
	assoc->victim_shift = 4 * (ways - 1);
	assoc->way_mask = UINT32_MAX >> (32 - ways);
	assoc->row_bytes = (uint32_t)(sizeof(struct assoc_row) + ways * sizeof(uint64_t));
	assoc->rows = aligned_alloc(64, ((size_t)assoc->sets * assoc->row_bytes + 63) & ~(size_t)63);
	if (!assoc->rows)
		return -ENOMEM;
	clear_rows(assoc);
	return 0;
}

int assoc_init(struct assoc *assoc, const struct assoc_shape *shape)
{
	bool plru = shape->replacement == REPLACE_PLRU;
	int ret = 0;

	*assoc = (struct assoc){ .sets = 1, .ways = shape->entries };
	if (!shape->entries)
		return 0;
	if (shape->ways) {
		assoc->ways = shape->ways;
		assoc->sets = shape->entries / shape->ways;
	}
	assoc->set_mask = assoc->sets - 1;
	if (assoc->sets & (assoc->sets - 1))
		assoc->set_inverse = UINT64_MAX / assoc->sets;
	if (!plru && assoc->ways <= ASSOC_ROW_WAYS)
		return rows_init(assoc);
	assoc->keys = malloc(shape->entries * sizeof(*assoc->keys));
	if (plru)
		assoc->tree = malloc(shape->entries);
	if (!assoc->keys || (plru && !assoc->tree))
		return -ENOMEM;
	if (!plru || assoc->ways > NARROW_WAYS)
		ret = wide_init(assoc, !plru);
	if (!ret)
		assoc_clear(assoc);
	return ret;
}

void assoc_exit(struct assoc *assoc)
{
	free(assoc->rows);
	free(assoc->keys);
	free(assoc->tree);
	free(assoc->ring);
	free(assoc->newest);
	free(assoc->bucket);
	free(assoc->chain);
	*assoc = (struct assoc){ 0 };
}

/* ---- where a key is ------------------------------------------------------ */

/* Fibonacci hashing; neighbouring numbers fall into different buckets. */
static inline uint16_t *key_bucket(const struct assoc *assoc, uint64_t key)
{
	return &assoc->bucket[key * 0x9e3779b97f4a7c15ULL >> assoc->bucket_shift];
}

static uint32_t find_place(const struct assoc *assoc, uint32_t set, uint64_t key)
{
	uint32_t place, end;

	if (assoc->bucket) {
		for (place = *key_bucket(assoc, key); place != NO_PLACE; place = assoc->chain[place])
			if (assoc->keys[place] == key)
				return place;
		return NO_PLACE;
	}
	end = (set + 1) * assoc->ways;
	for (place = set * assoc->ways; place < end; place++)
		if (assoc->keys[place] == key)
			return place;
	return NO_PLACE;
}

static void unchain(struct assoc *assoc, uint32_t place)
{
	uint16_t *link;

	if (!assoc->bucket)
		return;
	for (link = key_bucket(assoc, assoc->keys[place]); *link != place; link = &assoc->chain[*link])
		;
	*link = assoc->chain[place];
}

/* @place, which is in no bucket, has @key from now on. */
static void put_key(struct assoc *assoc, uint32_t place, uint64_t key)
{
	assoc->keys[place] = key;
	if (assoc->bucket) {
		uint16_t *link = key_bucket(assoc, key);

		assoc->chain[place] = *link;
		*link = (uint16_t)place;
	}
}

/* ---- which one goes ------------------------------------------------------ */

/* Make @place the newest of @set. */
static void ring_renew(struct assoc *assoc, uint32_t set, uint16_t place)
{
	uint16_t newest = assoc->newest[set], oldest;
	struct assoc_ring *ring = assoc->ring;

	if (place == newest)
		return;
	assoc->newest[set] = place;
	oldest = ring[newest].prev;
	if (place == oldest)
		return;
	ring[ring[place].prev].next = ring[place].next;
	ring[ring[place].next].prev = ring[place].prev;
	ring[place] = (struct assoc_ring){ .next = newest, .prev = oldest };
	ring[oldest].next = place;
	ring[newest].prev = place;
}

/* Make @place the oldest of @set: the newest for a moment, then the ring is turned past it. */
static void ring_retire(struct assoc *assoc, uint32_t set, uint16_t place)
{
	ring_renew(assoc, set, place);
	assoc->newest[set] = assoc->ring[place].next;
}

/* A use of @way turns the tree's bits on its path away from it. */
static void tree_renew(uint8_t *tree, uint32_t ways, uint32_t way)
{
	uint32_t first = 0, end = ways;

	while (end - first > 1) {
		uint32_t right = first + (end - first + 1) / 2;

		tree[right] = way < right;
		if (way < right)
			end = right;
		else
			first = right;
	}
}

static uint32_t tree_victim(const uint8_t *tree, uint32_t ways)
{
	uint32_t first = 0, end = ways;

	while (end - first > 1) {
		uint32_t right = first + (end - first + 1) / 2;

		if (tree[right])
			first = right;
		else
			end = right;
	}
	return first;
}

static void renew(struct assoc *assoc, uint32_t set, uint32_t place)
{
	uint32_t first = set * assoc->ways;

	if (assoc->tree)
		tree_renew(assoc->tree + first, assoc->ways, place - first);
	else
		ring_renew(assoc, set, (uint16_t)place);
}

/* The place of @set that is to be used next. */
static uint32_t choose(const struct assoc *assoc, uint32_t set)
{
	uint32_t first = set * assoc->ways, way;

	if (assoc->ring)
		return assoc->ring[assoc->newest[set]].prev;
	for (way = 0; assoc->nr_empty && way < assoc->ways; way++)
		if (assoc->keys[first + way] == ASSOC_NONE)
			return first + way;
	return first + tree_victim(assoc->tree + first, assoc->ways);
}

bool assoc_find_placed(struct assoc *assoc, uint32_t set, uint64_t key)
{
	uint32_t place = find_place(assoc, set, key);

	if (place == NO_PLACE)
		return false;
	renew(assoc, set, place);
	return true;
}

void assoc_insert_placed(struct assoc *assoc, uint32_t set, uint64_t key)
{
	uint32_t place = choose(assoc, set);

	if (assoc->keys[place] == ASSOC_NONE)
		assoc->nr_empty--;
	else
		unchain(assoc, place);
	put_key(assoc, place, key);
	renew(assoc, set, place);
}

/* ---- dropping ------------------------------------------------------------ */

static void drop(struct assoc *assoc, uint32_t set, uint32_t place)
{
	unchain(assoc, place);
	assoc->keys[place] = ASSOC_NONE;
	assoc->nr_empty++;
	if (assoc->ring)
		ring_retire(assoc, set, (uint16_t)place);
}

/* The oldest of its row from now on: those that were older move down by one. */
static void drop_from_row(const struct assoc *assoc, struct assoc_row *row, uint32_t way)
{
	uint64_t newer = assoc_order_up_to(row->order, way) >> 4;

	row->order = (row->order & newer) | (row->order >> 4 & ~newer) | (uint64_t)way << assoc->victim_shift;
	row->keys[way] = ASSOC_NONE;
}

bool assoc_remove(struct assoc *assoc, uint32_t set, uint64_t key)
{
	uint32_t place;

	if (!assoc->ways)
		return false;
	if (assoc->rows) {
		struct assoc_row *row = assoc_row(assoc, set);

		if (!assoc_row_find(assoc, row, key, &place))
			return false;
		drop_from_row(assoc, row, place);
		return true;
	}
	place = find_place(assoc, set, key);
	if (place == NO_PLACE)
		return false;
	drop(assoc, set, place);
	return true;
}

static void remove_matching_from_row(const struct assoc *assoc, struct assoc_row *row, uint64_t mask, uint64_t value)
{
	uint32_t way;

	for (way = 0; way < assoc->ways; way++)
		if (row->keys[way] != ASSOC_NONE && (row->keys[way] & mask) == value)
			drop_from_row(assoc, row, way);
}

void assoc_remove_matching(struct assoc *assoc, uint64_t mask, uint64_t value)
{
	uint32_t set, place, ways = assoc->ways;

	for (set = 0; ways && set < assoc->sets; set++) {
		if (assoc->rows) {
			remove_matching_from_row(assoc, assoc_row(assoc, set), mask, value);
			continue;
		}
		for (place = set * ways; place < (set + 1) * ways; place++)
			if (assoc->keys[place] != ASSOC_NONE && (assoc->keys[place] & mask) == value)
				drop(assoc, set, place);
	}
}
