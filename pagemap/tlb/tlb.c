/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the data TLB of one CPU; see tlb.h.
 *
 * A key of its arrays, and of the page-walk caches, whose size is 0:
 *
 *	 63      62..47   46..45   44..0
 *	+--------+-------+--------+---------------------+
 *	| global | asid  | size   | address >> shift    |    global: asid is 0
 *	+--------+-------+--------+---------------------+
 *
 * The page's number has 45 bits at most, of the lowest 57 of an address. In an address that a
 * core accepts the 7 above equal bit 56. Where they do not the difference goes into asid's
 * highest bits, so that such addresses, too, are told apart where asids are below 512.
 *
 * Locking: none.
 */
#include "pagemap/tlb/tlb.h"

#include <errno.h>
#include <stdlib.h>

#define ADDR_BITS	57
#define SIZE_SHIFT	45
#define ASID_SHIFT	47
#define WILD_SHIFT	56	/* of the bits above ADDR_BITS: the highest 7 of asid */
#define KEY_GLOBAL	(1ULL << 63)
#define KEY_PROCESS	(UINT64_MAX << ASID_SHIFT)	/* global and asid */

_Static_assert(ADDR_BITS - 12 == SIZE_SHIFT, "a key has room for the number of any page");
_Static_assert(NR_TLB_PAGES < 1 << (ASID_SHIFT - SIZE_SHIFT), "and for its size, which is never all ones");

const struct tlb_counter_desc tlb_counter_desc[] = {
#define X(counter, meaning) { #counter, meaning },
	TLB_COUNTERS(X)
#undef X
	{ NULL, NULL }
};

static inline uint64_t low_bits(uint64_t addr)
{
	return addr & ((1ULL << ADDR_BITS) - 1);
}

static inline uint64_t asid_tag(uint16_t asid)
{
	return (uint64_t)asid << ASID_SHIFT;
}

/* @tag, for @addr: the same for each address that a core accepts. */
static inline uint64_t tag_for(uint64_t tag, uint64_t addr)
{
	uint64_t sign = (uint64_t)((int64_t)(addr << (64 - ADDR_BITS)) >> 63);

	return tag ^ ((addr ^ sign) >> ADDR_BITS << WILD_SHIFT);
}

static inline uint64_t make_key(uint64_t tag, enum tlb_page size, uint64_t page)
{
	return tag | (uint64_t)size << SIZE_SHIFT | page;
}

/* ---- life ---------------------------------------------------------------- */

static void forget_last(struct tlb *tlb)
{
	tlb->last_page = TLB_NO_PAGE;
	tlb->missed.kind = TLB_NOT_MISSED;
}

int tlb_create(struct tlb **out, const struct tlb_geometry *geo, struct kerror *err)
{
	int ret = tlb_geometry_check(geo, err);
	unsigned int level, size;
	struct tlb *tlb;

	*out = NULL;
	if (ret)
		return ret;
	tlb = calloc(1, sizeof(*tlb));
	if (!tlb)
		return kerror_set(err, -ENOMEM, "TLB: out of memory");
	tlb->no_tags = geo->no_tags;
	ret = walk_cache_init(&tlb->walk, geo);
	for (size = 0; size < NR_TLB_PAGES; size++) {
		tlb->shift[size] = tlb_level_shift(geo, size);
		for (level = 0; level < 2; level++) {
			const struct assoc_shape *own = level ? &geo->l2[size] : &geo->l1[size];
			bool shares = tlb_level(geo, level + 1, size) != own;

			tlb->level[level][size] = &tlb->arrays[level][shares ? TLB_PTE : size];
			if (!ret)
				ret = assoc_init(&tlb->arrays[level][size], own);
		}
	}
	tlb->last_shift = tlb->shift[TLB_PTE];
	forget_last(tlb);
	if (ret) {
		tlb_destroy(tlb);
		return kerror_set(err, ret, "TLB: out of memory");
	}
	*out = tlb;
	return 0;
}

void tlb_destroy(struct tlb *tlb)
{
	unsigned int level, size;

	if (!tlb)
		return;
	for (size = 0; size < NR_TLB_PAGES; size++)
		for (level = 0; level < 2; level++)
			assoc_exit(&tlb->arrays[level][size]);
	walk_cache_exit(&tlb->walk);
	free(tlb);
}

/* ---- accesses ------------------------------------------------------------ */

/* The page of @size at @addr is now the newest of its set in each level that has such pages. */
static void remember(struct tlb *tlb, uint64_t addr, enum tlb_page size)
{
	bool l1 = tlb->level[0][size]->ways;

	if (!l1 && !tlb->level[1][size]->ways) {
		forget_last(tlb);
		return;
	}
	tlb->last_shift = tlb->shift[size];
	tlb->last_page = addr >> tlb->last_shift;
	tlb->last_hits = l1 ? &tlb->stats[size].l1_hits : &tlb->stats[size].l2_hits;
	tlb->last_result = l1 ? TLB_L1_HIT : TLB_L2_HIT;
}

/*
 * ---- the way of almost all accesses ----
 *
 * One page size is there, a lone one: both levels have entries for it, none is global, and the address has no bits that
 * a page's number leaves out. What remember() keeps but the page is then always the same.
 */

static inline bool is_plain(uint64_t addr)
{
	return !(addr >> (ADDR_BITS - 1));
}

static void choose_lone(struct tlb *tlb)
{
	unsigned int size = tlb->sizes ? (unsigned int)__builtin_ctz(tlb->sizes) : 0;
	struct assoc *l1 = tlb->level[0][size], *l2 = tlb->level[1][size];

	tlb->lone = NULL;
	if (tlb->sizes != 1U << size || tlb->has_global || !l1->ways || !l2->ways)
		return;
	tlb->lone_size = (struct tlb_lone){ l1, l2, &tlb->stats[size], make_key(0, size, 0), tlb->shift[size], size };
	tlb->lone = &tlb->lone_size;
}

/*
 * This one and the next are called last of all, so that lookup_lone(), which answers most lookups, need not save
 * registers: the first level has not got @key, or is no row.
 */
static __attribute__((noinline)) enum tlb_result lookup_lone_l2(struct tlb *tlb, const struct tlb_lone *lone, uint64_t addr,
								uint64_t key, uint32_t set1)
{
	uint64_t page = addr >> lone->shift;
	uint32_t set2 = assoc_set(lone->l2, page);

	if (assoc_find_used(lone->l2, set2, key)) {
		assoc_insert_used(lone->l1, set1, key);
		lone->stats->l2_hits++;
		tlb->last_page = page;
		return TLB_L2_HIT;
	}
	tlb->missed = (struct tlb_missed){ TLB_MISSED_LONE, { set1, set2 }, addr, key };
	return TLB_MISS;
}

static __attribute__((noinline)) enum tlb_result lookup_lone_placed(struct tlb *tlb, const struct tlb_lone *lone, uint64_t addr,
								    uint64_t key, uint32_t set1)
{
	if (!assoc_find_placed(lone->l1, set1, key))
		return lookup_lone_l2(tlb, lone, addr, key, set1);
	lone->stats->l1_hits++;
	tlb->last_page = addr >> lone->shift;
	return TLB_L1_HIT;
}

static inline enum tlb_result lookup_lone(struct tlb *tlb, const struct tlb_lone *lone, uint64_t addr)
{
	uint64_t page = addr >> lone->shift, key = tlb->tag | lone->key | page;
	uint32_t set1 = assoc_set(lone->l1, page);

	if (!lone->l1->rows)
		return lookup_lone_placed(tlb, lone, addr, key, set1);
	if (!assoc_find_used(lone->l1, set1, key))
		return lookup_lone_l2(tlb, lone, addr, key, set1);
	lone->stats->l1_hits++;
	tlb->last_page = page;
	return TLB_L1_HIT;
}

/* ---- accesses ------------------------------------------------------------ */

/* Apart, so that it slows nobody who has no such entries. */
static __attribute__((noinline)) bool find_global(struct assoc *assoc, uint32_t set, uint64_t global, uint64_t *key)
{
	*key = global;
	return assoc_find(assoc, set, global);
}

/* Is the page in that level, for the current process or for all? *@key is what it is found by. */
static inline bool find(struct tlb *tlb, unsigned int level, enum tlb_page size, uint64_t addr, uint64_t *key)
{
	struct assoc *assoc = tlb->level[level][size];
	uint64_t page = low_bits(addr) >> tlb->shift[size];
	uint32_t set = assoc_set(assoc, page);

	*key = make_key(tag_for(tlb->tag, addr), size, page);
	return assoc_find(assoc, set, *key) ||
	       (tlb->has_global && find_global(assoc, set, make_key(tag_for(KEY_GLOBAL, addr), size, page), key));
}

/* @fresh: the level has no such key. */
static inline void put(struct tlb *tlb, unsigned int level, enum tlb_page size, uint64_t page, uint64_t key, bool fresh)
{
	struct assoc *assoc = tlb->level[level][size];

	if (fresh)
		assoc_insert(assoc, assoc_set(assoc, page), key);
	else
		assoc_touch(assoc, assoc_set(assoc, page), key);
}

static __attribute__((noinline)) enum tlb_result lookup_all(struct tlb *tlb, uint64_t addr)
{
	unsigned int size;
	uint64_t key;

	for (size = 0; tlb->sizes >> size; size++) {
		if (tlb->sizes >> size & 1 && find(tlb, 0, size, addr, &key)) {
			tlb->stats[size].l1_hits++;
			remember(tlb, addr, size);
			return TLB_L1_HIT;
		}
	}
	for (size = 0; tlb->sizes >> size; size++) {
		if (tlb->sizes >> size & 1 && find(tlb, 1, size, addr, &key)) {
			tlb->stats[size].l2_hits++;
			put(tlb, 0, size, low_bits(addr) >> tlb->shift[size], key, true);
			remember(tlb, addr, size);
			return TLB_L2_HIT;
		}
	}
	tlb->missed = (struct tlb_missed){ .kind = TLB_MISSED, .addr = addr };
	return TLB_MISS;
}

enum tlb_result tlb_lookup(struct tlb *tlb, uint64_t addr)
{
	const struct tlb_lone *lone = tlb->lone;

	return lone && is_plain(addr) ? lookup_lone(tlb, lone, addr) : lookup_all(tlb, addr);
}

static __attribute__((noinline)) unsigned int fill_all(struct tlb *tlb, uint64_t addr, enum tlb_page size, bool global)
{
	uint64_t page = low_bits(addr) >> tlb->shift[size];
	uint64_t key = make_key(tag_for(global ? KEY_GLOBAL : tlb->tag, addr), size, page);
	unsigned int refs = walk_cache_walk(&tlb->walk, tag_for(tlb->tag, addr), low_bits(addr), size);
	bool fresh = tlb->missed.kind && tlb->missed.addr == addr;

	put(tlb, 0, size, page, key, fresh);
	put(tlb, 1, size, page, key, fresh);
	tlb->missed.kind = TLB_NOT_MISSED;
	if (!(tlb->sizes >> size & 1) || global > tlb->has_global) {
		tlb->sizes |= 1U << size;
		tlb->has_global |= global;
		choose_lone(tlb);
	}
	tlb->stats[size].walks++;
	tlb->stats[size].walk_refs += refs;
	remember(tlb, addr, size);
	return refs;
}

unsigned int tlb_fill(struct tlb *tlb, uint64_t addr, enum tlb_page size, bool global)
{
	const struct tlb_lone *lone = tlb->lone;
	struct tlb_missed *missed = &tlb->missed;
	unsigned int refs;

	if (missed->kind != TLB_MISSED_LONE || missed->addr != addr || lone->size != size || global)
		return fill_all(tlb, addr, size, global);
	refs = walk_cache_walk(&tlb->walk, tlb->tag, addr, size);
	missed->kind = TLB_NOT_MISSED;
	lone->stats->walks++;
	assoc_insert_used(lone->l1, missed->set[0], missed->key);
	assoc_insert_used(lone->l2, missed->set[1], missed->key);
	lone->stats->walk_refs += refs;
	tlb->last_page = addr >> lone->shift;
	return refs;
}

unsigned int tlb_fault(struct tlb *tlb, uint64_t addr, unsigned int level)
{
	unsigned int refs = walk_cache_walk(&tlb->walk, tag_for(tlb->tag, addr), low_bits(addr), level);

	tlb->counters.faults++;
	tlb->counters.fault_refs += refs;
	return refs;
}

enum tlb_result tlb_access_rest(struct tlb *tlb, uint64_t addr, uint64_t last, enum tlb_page size,
				enum tlb_result worst)
{
	unsigned int shift = tlb->shift[size];
	uint64_t page = addr >> shift;

	while (page++ < last >> shift) {
		enum tlb_result result = tlb_access_mapped(tlb, page << shift, size);

		if (result > worst)
			worst = result;
	}
	return worst;
}

/* ---- flushes ------------------------------------------------------------- */

/* Keys whose bits in @mask are @value, in both levels. */
static void drop_matching(struct tlb *tlb, uint64_t mask, uint64_t value)
{
	unsigned int level, size;

	for (size = 0; size < NR_TLB_PAGES; size++)
		for (level = 0; level < 2; level++)
			assoc_remove_matching(&tlb->arrays[level][size], mask, value);
	forget_last(tlb);
}

static void drop_all(struct tlb *tlb)
{
	unsigned int level, size;

	for (size = 0; size < NR_TLB_PAGES; size++)
		for (level = 0; level < 2; level++)
			assoc_clear(&tlb->arrays[level][size]);
	walk_cache_flush(&tlb->walk, 0, 0);
	tlb->sizes = 0;
	tlb->has_global = false;
	tlb->lone = NULL;
	forget_last(tlb);
}

static void drop_nonglobal(struct tlb *tlb)
{
	if (!tlb->has_global) {
		drop_all(tlb);
		return;
	}
	drop_matching(tlb, KEY_GLOBAL, 0);
	walk_cache_flush(&tlb->walk, 0, 0);
}

void tlb_switch(struct tlb *tlb, uint16_t asid)
{
	if (tlb->tag == asid_tag(asid))
		return;
	tlb->tag = asid_tag(asid);
	tlb->counters.switches++;
	forget_last(tlb);
	if (tlb->no_tags) {
		tlb->counters.flush_switch++;
		drop_nonglobal(tlb);
	}
}

void tlb_flush_page(struct tlb *tlb, uint16_t asid, uint64_t addr)
{
	unsigned int level, size;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		uint64_t page = low_bits(addr) >> tlb->shift[size];

		for (level = 0; level < 2 && tlb->sizes >> size & 1; level++) {
			struct assoc *assoc = tlb->level[level][size];
			uint32_t set = assoc_set(assoc, page);

			assoc_remove(assoc, set, make_key(tag_for(asid_tag(asid), addr), size, page));
			if (tlb->has_global)
				assoc_remove(assoc, set, make_key(tag_for(KEY_GLOBAL, addr), size, page));
		}
	}
	walk_cache_flush(&tlb->walk, KEY_PROCESS, asid_tag(asid));
	tlb->counters.flush_page++;
	forget_last(tlb);
}

void tlb_flush_asid(struct tlb *tlb, uint16_t asid)
{
	drop_matching(tlb, KEY_PROCESS, asid_tag(asid));
	walk_cache_flush(&tlb->walk, KEY_PROCESS, asid_tag(asid));
	tlb->counters.flush_asid++;
}

void tlb_flush_all(struct tlb *tlb, bool global)
{
	if (global) {
		tlb->counters.flush_all++;
		drop_all(tlb);
	} else {
		tlb->counters.flush_nonglobal++;
		drop_nonglobal(tlb);
	}
}

/* ---- figures ------------------------------------------------------------- */

struct tlb_stats tlb_stats(const struct tlb *tlb, enum tlb_page size)
{
	struct tlb_stats stats = tlb->stats[size];

	stats.lookups = stats.l1_hits + stats.l2_hits + stats.walks;
	return stats;
}

void tlb_stats_add(struct tlb_stats *sum, const struct tlb *tlb)
{
	unsigned int size;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		struct tlb_stats one = tlb_stats(tlb, (enum tlb_page)size);

		sum->lookups += one.lookups;
		sum->l1_hits += one.l1_hits;
		sum->l2_hits += one.l2_hits;
		sum->walks += one.walks;
		sum->walk_refs += one.walk_refs;
	}
}
