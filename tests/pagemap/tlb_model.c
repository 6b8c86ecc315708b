/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the TLB against a second one that is written as plainly as can be: a list
 * of entries a set, each with all that is known of it and the time of its use; trees of
 * pairs of halves; walks from the top down. After each step both must say the same.
 *
 * KMEMSIM_SLOW=1 takes 10^7 steps of each geometry instead of fewer.
 */
#include "pagemap/tlb/tlb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tests.h"

/* ---- the plain model ------------------------------------------------------ */

struct plain_entry {
	bool valid, global;
	uint16_t asid;
	unsigned int size;
	uint64_t page, used;
};

struct plain_array {
	unsigned int sets, ways;
	bool plru;
	struct plain_entry *entries;
	uint8_t *newer;		/* [set][first][end]: 1: the right half of these ways was used last */
};

struct plain_tlb {
	const struct tlb_geometry *geo;
	struct plain_array level[2][NR_TLB_PAGES], walk[NR_WALK_CACHES];
	struct tlb_stats stats[NR_TLB_PAGES];
	uint64_t now;
	uint16_t asid;
};

static void plain_array_init(struct plain_array *array, const struct assoc_shape *shape)
{
	array->ways = shape->ways ? shape->ways : shape->entries;
	array->sets = array->ways ? shape->entries / array->ways : 0;
	array->plru = shape->replacement == REPLACE_PLRU;
	array->entries = calloc(shape->entries + 1, sizeof(*array->entries));
	array->newer = calloc((size_t)array->sets + 1, (array->ways + 1) * (array->ways + 1));
}

static uint8_t *newer_half(const struct plain_array *array, unsigned int set, unsigned int first, unsigned int end)
{
	unsigned int row = array->ways + 1;

	return &array->newer[((size_t)set * row + first) * row + end];
}

/* @way of @set was used: write it down, and in each half that it lies in. */
static void plain_use(struct plain_array *array, unsigned int set, unsigned int way, uint64_t now)
{
	unsigned int first = 0, end = array->ways, middle;

	array->entries[set * array->ways + way].used = now;
	while (end - first > 1) {
		middle = first + (end - first) / 2 + (end - first) % 2;
		*newer_half(array, set, first, end) = way >= middle;
		if (way >= middle)
			first = middle;
		else
			end = middle;
	}
}

static unsigned int plain_victim(const struct plain_array *array, unsigned int set)
{
	const struct plain_entry *entries = &array->entries[set * array->ways];
	unsigned int first = 0, end = array->ways, way, oldest = 0;

	for (way = 0; way < array->ways; way++)
		if (!entries[way].valid)
			return way;
	for (way = 0; way < array->ways; way++)
		if (entries[way].used < entries[oldest].used)
			oldest = way;
	if (!array->plru)
		return oldest;
	while (end - first > 1) {
		unsigned int middle = first + (end - first) / 2 + (end - first) % 2;

		/* All ways are taken, so each half has been used. */
		if (*newer_half(array, set, first, end))
			end = middle;
		else
			first = middle;
	}
	return first;
}

static struct plain_entry *plain_find(struct plain_array *array, unsigned int size, uint64_t page, uint16_t asid,
				      uint64_t now)
{
	unsigned int set, way;

	if (!array->ways)
		return NULL;
	set = (unsigned int)(page % array->sets);
	for (way = 0; way < array->ways; way++) {
		struct plain_entry *entry = &array->entries[set * array->ways + way];

		if (entry->valid && entry->size == size && entry->page == page && (entry->global || entry->asid == asid)) {
			plain_use(array, set, way, now);
			return entry;
		}
	}
	return NULL;
}

static void plain_put(struct plain_array *array, struct plain_entry entry, uint64_t now)
{
	unsigned int set, way;

	if (!array->ways || plain_find(array, entry.size, entry.page, entry.asid, now))
		return;
	set = (unsigned int)(entry.page % array->sets);
	way = plain_victim(array, set);
	array->entries[set * array->ways + way] = entry;
	plain_use(array, set, way, now);
}

static struct plain_array *plain_level(struct plain_tlb *tlb, unsigned int level, unsigned int size)
{
	bool shared = level == 0 ? tlb->geo->l1_shared :
		      size == TLB_PMD ? tlb->geo->l2_shared_pmd : size == TLB_PUD && tlb->geo->l2_shared_pud;

	return &tlb->level[level][shared ? TLB_PTE : size];
}

static void plain_init(struct plain_tlb *tlb, const struct tlb_geometry *geo)
{
	unsigned int i;

	*tlb = (struct plain_tlb){ .geo = geo };
	for (i = 0; i < NR_TLB_PAGES; i++) {
		plain_array_init(&tlb->level[0][i], &geo->l1[i]);
		plain_array_init(&tlb->level[1][i], &geo->l2[i]);
		plain_array_init(&tlb->walk[i], &geo->walk[i]);
	}
}

static struct plain_array *plain_each(struct plain_tlb *tlb, unsigned int i)
{
	return i < 3 ? &tlb->level[0][i] : i < 6 ? &tlb->level[1][i - 3] : &tlb->walk[i - 6];
}

static void plain_exit(struct plain_tlb *tlb)
{
	unsigned int i;

	for (i = 0; i < 9; i++) {
		free(plain_each(tlb, i)->entries);
		free(plain_each(tlb, i)->newer);
	}
}

static enum tlb_result plain_access(struct plain_tlb *tlb, uint64_t addr)
{
	unsigned int level, size;

	tlb->now++;
	for (level = 0; level < 2; level++)
		for (size = 0; size < NR_TLB_PAGES; size++) {
			uint64_t page = addr >> tlb_level_shift(tlb->geo, size);
			struct plain_entry *entry = plain_find(plain_level(tlb, level, size), size, page, tlb->asid, tlb->now);

			if (!entry)
				continue;
			if (level == 0) {
				tlb->stats[size].l1_hits++;
				return TLB_L1_HIT;
			}
			tlb->stats[size].l2_hits++;
			plain_put(plain_level(tlb, 0, size), *entry, tlb->now);
			return TLB_L2_HIT;
		}
	return TLB_MISS;
}

/* From the top: every level whose entry is known is skipped, down to the lowest such. */
static unsigned int plain_walk(struct plain_tlb *tlb, uint64_t addr, unsigned int leaf)
{
	unsigned int level, start = 3, refs = 0;

	for (level = leaf + 1; level <= 3; level++) {
		uint64_t page = addr >> tlb_level_shift(tlb->geo, level);

		if (plain_find(&tlb->walk[level - 1], level, page, tlb->asid, tlb->now)) {
			start = level - 1;
			break;
		}
	}
	for (level = start;; level--) {
		refs++;
		if (level == leaf)
			return refs;
		plain_put(&tlb->walk[level - 1], (struct plain_entry){
			.valid = true, .asid = tlb->asid, .size = level, .page = addr >> tlb_level_shift(tlb->geo, level) }, tlb->now);
	}
}

static unsigned int plain_fill(struct plain_tlb *tlb, uint64_t addr, unsigned int size, bool global)
{
	struct plain_entry entry = {
		.valid = true, .global = global, .asid = tlb->asid, .size = size, .page = addr >> tlb_level_shift(tlb->geo, size)
	};
	unsigned int refs = plain_walk(tlb, addr, size);

	plain_put(plain_level(tlb, 0, size), entry, tlb->now);
	plain_put(plain_level(tlb, 1, size), entry, tlb->now);
	tlb->stats[size].walks++;
	tlb->stats[size].walk_refs += refs;
	return refs;
}

/* What a flush takes: of @asid (-1: of any), of the page of @addr (NULL: any), global ones or not. */
static void plain_flush(struct plain_tlb *tlb, int asid, const uint64_t *addr, bool global)
{
	unsigned int i, j;

	for (i = 0; i < 9; i++) {
		struct plain_array *array = plain_each(tlb, i);

		for (j = 0; j < array->sets * array->ways; j++) {
			struct plain_entry *entry = &array->entries[j];
			bool owned = asid < 0 || entry->asid == asid;

			if (i < 6 && addr && entry->page != *addr >> tlb_level_shift(tlb->geo, entry->size))
				continue;
			if (entry->global ? global : owned)
				entry->valid = false;
		}
	}
}

/* ---- steps ------------------------------------------------------------------ */

static uint64_t mix(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15ULL;
	return x ^ x >> 29;
}

/* How memory is mapped, the same for all: so no address has two sizes at a time. */
static unsigned int size_at(const struct tlb_geometry *geo, uint64_t addr)
{
	if (!geo->base_16k && mix(addr >> 30) % 8 == 7)
		return TLB_PUD;
	return mix(addr >> tlb_level_shift(geo, TLB_PMD)) % 3 == 2 ? TLB_PMD : TLB_PTE;
}

static bool global_at(uint64_t addr)
{
	return mix(addr >> 36) % 4 == 3;
}

static bool absent_at(const struct tlb_geometry *geo, uint64_t addr)
{
	return mix(~addr >> tlb_level_shift(geo, TLB_PTE)) % 97 == 5;
}

/* Steps back and forth, strides, jumps near and far, and the same page again. */
static uint64_t next_addr(struct test_rng *rng, uint64_t addr, unsigned int spread)
{
	const unsigned int base = 12;
	uint64_t random = test_rand(rng);

	switch (random % 8) {
	case 0:
		return random >> 16 & ((1ULL << spread) - 1);
	case 1:
		return addr + (1 << base);
	case 2:
		return addr - (1 << base) < addr ? addr - (1 << base) : addr;
	case 3:
		return (addr + (128 << base)) & ((1ULL << spread) - 1);
	case 4:
		return (random >> 16) % (200ULL << base);
	case 5:
		return (random >> 16 & 7) << (spread - 3) | (random >> 32) % (40ULL << base);
	case 6:
		return (addr & ~((64ULL << base) - 1)) | (random >> 20) % (64ULL << base);
	default:
		return addr ^ (random >> 16 & 0xfff);
	}
}

/* One access in both: hit or miss, and what a walk costs. False where they differ. */
static bool step(struct tlb *tlb, struct plain_tlb *plain, uint64_t addr)
{
	const struct tlb_geometry *geo = plain->geo;
	enum tlb_result got = tlb_access(tlb, addr), expected = plain_access(plain, addr);
	unsigned int size = size_at(geo, addr), level;

	if (got != expected)
		return false;
	if (got != TLB_MISS)
		return true;
	if (absent_at(geo, addr) && size == TLB_PTE) {
		level = (unsigned int)(mix(addr >> 14) % 3);
		return tlb_fault(tlb, addr, level) == plain_walk(plain, addr, level);
	}
	return tlb_fill(tlb, addr, size, global_at(addr)) == plain_fill(plain, addr, size, global_at(addr));
}

/* Now and then another process, or a flush. */
static void disturb(struct tlb *tlb, struct plain_tlb *plain, struct test_rng *rng, uint64_t addr)
{
	uint32_t what = test_rand_below(rng, 100000);
	uint16_t asid = (uint16_t)test_rand_below(rng, 5);

	if (what < 150) {
		if (plain->geo->no_tags && asid != plain->asid)
			plain_flush(plain, -1, NULL, false);
		plain->asid = asid;
		tlb_switch(tlb, asid);
	} else if (what < 250) {
		plain_flush(plain, asid, &addr, true);
		tlb_flush_page(tlb, asid, addr);
	} else if (what < 260) {
		plain_flush(plain, asid, NULL, false);
		tlb_flush_asid(tlb, asid);
	} else if (what < 263) {
		plain_flush(plain, -1, NULL, false);
		tlb_flush_all(tlb, false);
	} else if (what == 263) {
		plain_flush(plain, -1, NULL, true);
		tlb_flush_all(tlb, true);
	}
}

static void compare(const char *text, uint64_t steps, uint64_t seed)
{
	struct test_rng rng = { seed };
	struct tlb_geometry geo;
	struct plain_tlb plain;
	struct tlb_stats stats;
	struct tlb *tlb;
	uint64_t addr = 0, i;
	unsigned int size;

	CU_ASSERT_FATAL(!tlb_parse(text, &geo, NULL));
	CU_ASSERT_FATAL(!tlb_create(&tlb, &geo, NULL));
	plain_init(&plain, &geo);
	for (i = 0; i < steps; i++) {
		addr = next_addr(&rng, addr, i / 4096 % 2 ? 29 : 44);
		disturb(tlb, &plain, &rng, addr);
		if (!step(tlb, &plain, addr))
			break;
	}
	if (i < steps)
		fprintf(stderr, "%s: access %llu, to %#llx, differs\n", text, (unsigned long long)i, (unsigned long long)addr);
	CU_ASSERT_EQUAL(i, steps);
	for (size = 0; size < NR_TLB_PAGES; size++) {
		stats = tlb_stats(tlb, size);
		CU_ASSERT_EQUAL(stats.l1_hits, plain.stats[size].l1_hits);
		CU_ASSERT_EQUAL(stats.l2_hits, plain.stats[size].l2_hits);
		CU_ASSERT_EQUAL(stats.walks, plain.stats[size].walks);
		CU_ASSERT_EQUAL(stats.walk_refs, plain.stats[size].walk_refs);
	}
	plain_exit(&plain);
	tlb_destroy(tlb);
}

static uint64_t steps(uint64_t few)
{
	return getenv("KMEMSIM_SLOW") ? 10000000 : few;
}

/* Every preset. */
static void test_presets(void)
{
	const struct tlb_geometry *geo;

	for (geo = tlb_presets; *geo->name; geo++)
		compare(geo->name, steps(20000), 1);
}

/* All forms of an array in all places: few and many ways, sets that are no power of two, shared or apart, absent. */
static void test_shapes(void)
{
	static const char *const texts[] = {
		"l1=16x4:plru,l1-2m=8:plru,l1-1g=4,l2=96x12:plru,l2-2m=shared,l2-1g=6x3,pde=12x3,pdpte=4x2:plru,pml4e=2",
		"l1=30x5,l1-2m=shared,l1-1g=shared,l2=84x7:plru,l2-2m=shared,l2-1g=shared,pde=6x2,pdpte=2,pml4e=1",
		"l1=40,l1-2m=shared,l1-1g=shared,l2=300x50,l2-2m=shared,l2-1g=12x3,pde=32,pdpte=30:plru,pml4e=3:plru",
		"l1=70:plru,l1-2m=shared,l1-1g=shared,l2=150x50:plru,l2-2m=shared,pde=33:plru,pcid=off",
		"l1=64x4:plru,l1-2m=3,l1-1g=2,l2=1536x12,l2-2m=shared,l2-1g=16x4,pde=32x4,pdpte=4,pml4e=2,pcid=off",
		"l1=160x5:plru,l1-32m=shared,l2=3072x12:plru,l2-32m=shared,page=16k,pde=24x8,pdpte=6",
		"l1=9x3,l2-2m=14x7:plru,l2-1g=2,pml4e=2", "l1=1,l2=2,pdpte=1", "l1=8x1,l2=64x1,pde=1",
	};
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		compare(texts[i], steps(100000), i + 2);
}

static const struct test_case cases[] = {
	{ "tlb_model_presets", test_presets },
	{ "tlb_model_shapes", test_shapes },
	{ NULL, NULL }
};

const struct test_suite tlb_model_suite = { "tlb_model", cases };
