/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the controller: what share of the pages that were given up came back, by type and tier, says which ones
 * to give up next. Follows read_ctrl_pos(), reset_ctrl_pos(), positive_ctrl_err(), get_tier_idx() and
 * get_type_to_scan() of mm/vmscan.c.
 *
 *	          came back (of the oldest generation, and half of the mean before)
 *	share = -------------------------------------------------------------------
 *	          given up + spared (likewise)
 *
 * A tier is spared while its share is greater than that of tier 0; where fewer than 64 came back nobody knows
 * enough, and it is not.
 */
#include "sim/vm/lru/mglru.h"

#define MAX_SWAPPINESS 200u

struct position {
	uint64_t refaulted, total;
	uint64_t gain;
};

static struct position read_position(const struct lru_gen *gen, enum lru_gen_type type, unsigned int tier, uint64_t gain)
{
	return (struct position){
		.refaulted = gen->avg_refaulted[type][tier] + gen->refaulted[type][tier],
		.total = gen->avg_total[type][tier] + gen->evicted[type][tier] + gen->spared[type][tier],
		.gain = gain,
	};
}

/* Whether @other comes back no more than @point does. */
static bool may_go(const struct position *point, const struct position *other)
{
	return other->refaulted < MIN_LRU_BATCH ||
	       other->refaulted * (point->total + MIN_LRU_BATCH) * point->gain <=
	       (point->refaulted + 1) * other->total * other->gain;
}

void lru_gen_carry_over(struct lru_gen *gen, enum lru_gen_type type)
{
	unsigned int tier;

	for (tier = 0; tier < MAX_NR_TIERS; tier++) {
		struct position at = read_position(gen, type, tier, 0);

		gen->avg_refaulted[type][tier] = at.refaulted / 2;
		gen->avg_total[type][tier] = at.total / 2;
		gen->refaulted[type][tier] = gen->evicted[type][tier] = gen->spared[type][tier] = 0;
	}
}

/* The last tier of @type before the first that comes back more than @point does. */
static unsigned int last_tier(const struct lru_gen *gen, enum lru_gen_type type, const struct position *point, uint64_t gain)
{
	unsigned int tier;

	for (tier = 1; tier < MAX_NR_TIERS; tier++) {
		struct position at = read_position(gen, type, tier, gain);

		if (!may_go(point, &at))
			break;
	}
	return tier - 1;
}

unsigned int lru_gen_last_tier(const struct lru_gen *gen, enum lru_gen_type type)
{
	struct position point = read_position(gen, type, 0, 1);

	/* It must come back twice as much: pages were used that often before they went. */
	return last_tier(gen, type, &point, 2);
}

enum lru_gen_type lru_gen_choose_type(const struct lru_gen *gen, unsigned int swappiness, unsigned int *tier)
{
	uint64_t gain[NR_LRU_GEN_TYPES] = { swappiness, MAX_SWAPPINESS - swappiness };
	struct position anon = read_position(gen, LRU_GEN_ANON, 0, gain[LRU_GEN_ANON]);
	struct position file = read_position(gen, LRU_GEN_FILE, 0, gain[LRU_GEN_FILE]);
	enum lru_gen_type type = may_go(&anon, &file) ? LRU_GEN_FILE : LRU_GEN_ANON;

	*tier = last_tier(gen, type, type == LRU_GEN_FILE ? &anon : &file, gain[type]);
	return type;
}

uint64_t lru_gen_evicted(struct lru_gen *gen, const struct page *page)
{
	enum lru_gen_type type = lru_gen_type_of(page);
	unsigned int refs = lru_gen_refs(page);

	gen->evicted[type][lru_gen_tier(refs)] += lru_pages_of(page);
	return gen->min_seq[type] << LRU_REFS_WIDTH | (refs ? refs - 1 : 0);
}
