/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the TLB on streams that were counted by hand. */
#include "pagemap/tlb/tlb.h"

#include <string.h>

#include "tests/tests.h"

static struct tlb *custom_tlb(const char *text)
{
	struct tlb_geometry geo;
	struct tlb *tlb;

	CU_ASSERT_FATAL(!tlb_parse(text, &geo, NULL));
	CU_ASSERT_FATAL(!tlb_create(&tlb, &geo, NULL));
	return tlb;
}

/* Pages a, b, ...; what misses is mapped with @size. */
static void access_pages_of(struct tlb *tlb, const char *pages, enum tlb_page size)
{
	for (; *pages; pages++)
		tlb_access_mapped(tlb, (uint64_t)(*pages - 'a') << tlb->shift[size], size);
}

static void access_pages(struct tlb *tlb, const char *pages)
{
	access_pages_of(tlb, pages, TLB_PTE);
}

static void assert_stats_of(const struct tlb *tlb, enum tlb_page size, uint64_t l1_hits, uint64_t l2_hits,
			    uint64_t walks)
{
	struct tlb_stats stats = tlb_stats(tlb, size);

	CU_ASSERT_EQUAL(stats.lookups, l1_hits + l2_hits + walks);
	CU_ASSERT_EQUAL(stats.l1_hits, l1_hits);
	CU_ASSERT_EQUAL(stats.l2_hits, l2_hits);
	CU_ASSERT_EQUAL(stats.walks, walks);
}

static void assert_stats(const struct tlb *tlb, uint64_t l1_hits, uint64_t l2_hits, uint64_t walks)
{
	assert_stats_of(tlb, TLB_PTE, l1_hits, l2_hits, walks);
}

/* ---- replacement --------------------------------------------------------- */

/* Two entries: a b a c pushes b out, not a, because a was used since. */
static void test_least_recently_used_leaves(void)
{
	struct tlb *tlb = custom_tlb("l1=2");

	access_pages(tlb, "abac");
	assert_stats(tlb, 1, 0, 3);
	access_pages(tlb, "a");
	assert_stats(tlb, 2, 0, 3);
	access_pages(tlb, "b");
	assert_stats(tlb, 2, 0, 4);
	tlb_destroy(tlb);
}

/* Two sets of two ways: a c e fall into the even set and push each other out, b stays. */
static void test_sets_are_apart(void)
{
	struct tlb *tlb = custom_tlb("l1=4x2");

	access_pages(tlb, "bace");
	assert_stats(tlb, 0, 0, 4);
	access_pages(tlb, "b");
	assert_stats(tlb, 1, 0, 4);
	access_pages(tlb, "ec");
	assert_stats(tlb, 3, 0, 4);
	access_pages(tlb, "a");
	assert_stats(tlb, 3, 0, 5);
	tlb_destroy(tlb);
}

/* Three sets of one way: the remainder chooses, so a d g meet, and b and c stay. */
static void test_sets_by_remainder(void)
{
	struct tlb *tlb = custom_tlb("l1=3x1");

	access_pages(tlb, "abcdg");
	assert_stats(tlb, 0, 0, 5);
	access_pages(tlb, "bcg");
	assert_stats(tlb, 3, 0, 5);
	access_pages(tlb, "a");
	assert_stats(tlb, 3, 0, 6);
	tlb_destroy(tlb);
}

/*
 * Tree-PLRU.
 *
 *	a b c d in ways 0 to 3, then a: the root points right, and there at c, which is not the
 *	oldest: e replaces c, and b, which is, stays.
 *
 *	3 ways, {0 1} and {2}: after a b c the left half is next, and in it a; after a it is c.
 */
static void test_tree_plru(void)
{
	static const struct { const char *text, *pages, *kept, *gone; } rows[] = {
		{ "l1=4:plru", "abcdae", "abde", "c" },
		{ "l1=4", "abcdae", "acde", "b" },
		{ "l1=3:plru", "abcd", "bcd", "a" },
		{ "l1=3:plru", "abcad", "abd", "c" },
		{ "l1=1:plru", "ab", "b", "a" },
		{ "l1=2x1:plru", "abc", "bc", "a" },
		/* many ways have buckets: 32 in order, then the first half again from its end: the right half is next */
		{ "l1=32:plru", "abcdefghijklmnopqrstuvwxyz{|}~\x7f\x80ponmlkjihgfedcba\x81", "abp\x81", "q" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tlb *tlb = custom_tlb(rows[i].text);
		const char *page;

		for (page = rows[i].pages; *page; page++)
			tlb_access_mapped(tlb, (uint64_t)((unsigned char)*page - 'a') << 12, TLB_PTE);
		for (page = rows[i].kept; *page; page++)
			CU_ASSERT_EQUAL(tlb_access(tlb, (uint64_t)((unsigned char)*page - 'a') << 12), TLB_L1_HIT);
		CU_ASSERT_EQUAL(tlb_access(tlb, (uint64_t)(*rows[i].gone - 'a') << 12), TLB_MISS);
		tlb_destroy(tlb);
	}
}

/* A place that a flush left empty is used before anything is replaced, whatever the form. */
static void test_empty_places_first(void)
{
	static const char *const texts[] = { "l1=4", "l1=4:plru", "l1=26", "l1=26:plru", "l1=26x1:plru" };
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tlb *tlb = custom_tlb(texts[i]);
		const char *four = i < 2 ? "abcd" : "abcdefghijklmnopqrstuvwxyz";

		access_pages(tlb, four);
		tlb_flush_page(tlb, 0, 2 << 12);
		CU_ASSERT_EQUAL(tlb_access(tlb, 2 << 12), TLB_MISS);
		access_pages(tlb, i == 4 ? "c" : "|");
		access_pages(tlb, "abd");
		assert_stats(tlb, 3, 0, strlen(four) + 1);
		tlb_destroy(tlb);
	}
}

/* ---- levels -------------------------------------------------------------- */

/* What the first level lost the second still has, and gives back to the first. */
static void test_second_level_catches(void)
{
	struct tlb *tlb = custom_tlb("l1=1,l2=4");

	access_pages(tlb, "abcd");
	assert_stats(tlb, 0, 0, 4);
	access_pages(tlb, "a");
	assert_stats(tlb, 0, 1, 4);
	access_pages(tlb, "aa");
	assert_stats(tlb, 2, 1, 4);
	access_pages(tlb, "e");		/* pushes b out of the second level */
	access_pages(tlb, "cb");
	assert_stats(tlb, 2, 2, 6);
	tlb_destroy(tlb);
}

/* Where one level has no entries for a size, the other works alone; where none has, all is walks. */
static void test_absent_levels(void)
{
	struct tlb *tlb = custom_tlb("l1=4,l2-2m=2");
	uint64_t i;

	for (i = 0; i < 3; i++) {
		tlb_access_mapped(tlb, 5, TLB_PMD);
		tlb_access_mapped(tlb, 6, TLB_PMD);
		tlb_access_mapped(tlb, 1 << 21, TLB_PMD);
	}
	assert_stats_of(tlb, TLB_PMD, 0, 7, 2);
	tlb_destroy(tlb);

	tlb = custom_tlb("l1=4");
	access_pages_of(tlb, "aab", TLB_PUD);
	assert_stats_of(tlb, TLB_PUD, 0, 0, 3);
	CU_ASSERT_EQUAL(tlb_stats(tlb, TLB_PUD).walk_refs, 6);
	tlb_destroy(tlb);
}

/* A page is a page: its first and its last byte are one translation, the next byte is another. */
static void test_page_borders(void)
{
	static const char *const texts[] = { "l1=4,l1-2m=4,l1-1g=4", "page=16k,l1=4,l1-32m=4" };
	unsigned int i, size;

	for (i = 0; i < 2; i++)
		for (size = 0; size < 3 - i; size++) {
			struct tlb *tlb = custom_tlb(texts[i]);
			uint64_t page = 1ULL << tlb->shift[size];

			tlb_access_mapped(tlb, 0, size);
			tlb_access_mapped(tlb, page - 1, size);
			assert_stats_of(tlb, size, 1, 0, 1);
			tlb_access_mapped(tlb, page, size);
			assert_stats_of(tlb, size, 1, 0, 2);
			tlb_access_mapped(tlb, UINT64_MAX, size);
			tlb_access_mapped(tlb, UINT64_MAX, size);
			tlb_access_mapped(tlb, 0, size);
			assert_stats_of(tlb, size, 3, 0, 3);
			tlb_destroy(tlb);
		}
}

/* An access over a border is a lookup of each page; it missed once, however many of them missed. */
static void test_straddling(void)
{
	struct tlb *tlb = custom_tlb("l1=1,l2=4");

	CU_ASSERT_EQUAL(tlb_access_range(tlb, 4095, 1, TLB_PTE), TLB_MISS);
	assert_stats(tlb, 0, 0, 1);
	CU_ASSERT_EQUAL(tlb_access_range(tlb, 4095, 2, TLB_PTE), TLB_MISS);
	assert_stats(tlb, 1, 0, 2);
	CU_ASSERT_EQUAL(tlb_access_range(tlb, 4095, 2, TLB_PTE), TLB_L2_HIT);
	assert_stats(tlb, 1, 2, 2);
	CU_ASSERT_EQUAL(tlb_access_range(tlb, 4096, 4096, TLB_PTE), TLB_L1_HIT);
	CU_ASSERT_EQUAL(tlb_access_range(tlb, 8192 - 1, 8193, TLB_PTE), TLB_MISS);
	assert_stats(tlb, 3, 2, 4);
	CU_ASSERT_EQUAL(tlb_access_range(tlb, UINT64_MAX - 4096, 4097, TLB_PTE), TLB_MISS);
	assert_stats(tlb, 3, 2, 6);
	tlb_destroy(tlb);
}

/* A page that is filled again, or without an access before, is there once. */
static void test_filled_again(void)
{
	struct tlb *tlb = custom_tlb("l1=2,l2=2");

	tlb_fill(tlb, 0, TLB_PTE, false);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x1000), TLB_MISS);
	tlb_fill(tlb, 0x1000, TLB_PTE, false);
	tlb_fill(tlb, 0x1000, TLB_PTE, false);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0), TLB_L1_HIT);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x2000), TLB_MISS);
	tlb_fill(tlb, 0, TLB_PTE, false);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x1000), TLB_L1_HIT);
	tlb_flush_page(tlb, 0, 0);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0), TLB_MISS);
	/* another process has the page that this one missed */
	tlb_switch(tlb, 1);
	tlb_access_mapped(tlb, 0, TLB_PTE);
	tlb_switch(tlb, 0);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0), TLB_MISS);
	tlb_switch(tlb, 1);
	tlb_fill(tlb, 0, TLB_PTE, false);
	tlb_flush_page(tlb, 1, 0);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0), TLB_MISS);
	/* and what was filled then is not this one's */
	tlb_switch(tlb, 0);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0), TLB_MISS);
	tlb_destroy(tlb);
}

/* ---- sizes --------------------------------------------------------------- */

/*
 * One array for all sizes: a small page and a large one whose numbers are equal are two
 * entries, in the set that each one's number gives, and push each other out.
 */
static void test_sizes_share(void)
{
	struct tlb *tlb = custom_tlb("l1=2,l1-2m=shared,l1-1g=shared");

	tlb_access_mapped(tlb, 0x1000, TLB_PTE);
	tlb_access_mapped(tlb, 0x200000, TLB_PMD);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x3fffff), TLB_L1_HIT);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x1fff), TLB_L1_HIT);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x2000), TLB_MISS);
	tlb_access_mapped(tlb, 1ULL << 30, TLB_PUD);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x200000), TLB_MISS);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x1000), TLB_L1_HIT);
	CU_ASSERT_EQUAL(tlb_access(tlb, (2ULL << 30) - 1), TLB_L1_HIT);
	tlb_destroy(tlb);
	tlb = custom_tlb("l1=1,l1-2m=1,l2=4,l2-2m=shared,l2-1g=2");
	access_pages_of(tlb, "bcdef", TLB_PMD);
	access_pages(tlb, "ab");
	CU_ASSERT_EQUAL(tlb_access(tlb, 3 << 21), TLB_MISS);
	CU_ASSERT_EQUAL(tlb_access(tlb, 4 << 21), TLB_L2_HIT);
	CU_ASSERT_EQUAL(tlb_access(tlb, 5 << 21), TLB_L2_HIT);
	tlb_destroy(tlb);
}

/* ---- processes and flushes ------------------------------------------------ */

enum flush { NO_FLUSH, FLUSH_PAGE, FLUSH_ASID, FLUSH_NONGLOBAL, FLUSH_ALL, SWITCH };

/* As process 2. */
static void flush_by(struct tlb *tlb, enum flush flush)
{
	switch (flush) {
	case FLUSH_PAGE:
		tlb_flush_page(tlb, 2, 0xfff);
		break;
	case FLUSH_ASID:
		tlb_flush_asid(tlb, 2);
		break;
	case FLUSH_NONGLOBAL:
		tlb_flush_all(tlb, false);
		break;
	case FLUSH_ALL:
		tlb_flush_all(tlb, true);
		break;
	case SWITCH:
		tlb_switch(tlb, 1);
		tlb_switch(tlb, 2);
		break;
	case NO_FLUSH:
		break;
	}
}

/*
 * Process 1 maps page a, process 2 pages a and b, and page z is global; then one flush. What
 * is still there, as each process sees it, and how many references a walk for a page beside
 * them takes: 1 with a page directory entry cached, 4 without.
 *
 * With a wide array (buckets, rings) and PLRU the same.
 */
static void test_flushes(void)
{
	static const struct {
		enum flush flush;
		bool no_tags;
		enum tlb_result a1, a2, b2, z2;
		unsigned int refs1, refs2;
	} rows[] = {
		{ NO_FLUSH, false, TLB_L1_HIT, TLB_L1_HIT, TLB_L1_HIT, TLB_L1_HIT, 1, 1 },
		{ FLUSH_PAGE, false, TLB_L1_HIT, TLB_MISS, TLB_L1_HIT, TLB_L1_HIT, 1, 4 },
		{ FLUSH_ASID, false, TLB_L1_HIT, TLB_MISS, TLB_MISS, TLB_L1_HIT, 1, 4 },
		{ FLUSH_NONGLOBAL, false, TLB_MISS, TLB_MISS, TLB_MISS, TLB_L1_HIT, 4, 4 },
		{ FLUSH_ALL, false, TLB_MISS, TLB_MISS, TLB_MISS, TLB_MISS, 4, 4 },
		{ SWITCH, false, TLB_L1_HIT, TLB_L1_HIT, TLB_L1_HIT, TLB_L1_HIT, 1, 1 },
		{ SWITCH, true, TLB_MISS, TLB_MISS, TLB_MISS, TLB_L1_HIT, 4, 4 },
	};
	static const char *const shapes[] = {
		"l1=8,pde=4,pdpte=4,pml4e=4", "l1=8:plru,pde=4:plru,pdpte=4,pml4e=4", "l1=32,pde=32,pdpte=4,pml4e=4",
		"l1=32:plru,pde=4,pdpte=32:plru,pml4e=4", "l1=15x5,pde=6x2,pdpte=3x1,pml4e=4",
	};
	unsigned int i;

	for (i = 0; i < 5 * sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int row = i / 5;
		struct tlb *tlb = custom_tlb(shapes[i % 5]);

		tlb->no_tags = rows[row].no_tags;
		tlb_switch(tlb, 1);
		access_pages(tlb, "a");
		tlb_fill(tlb, 25 << 12, TLB_PTE, true);
		tlb_switch(tlb, 2);
		access_pages(tlb, "ab");
		flush_by(tlb, rows[row].flush);
		CU_ASSERT_EQUAL(tlb_access(tlb, 0), rows[row].a2);
		CU_ASSERT_EQUAL(tlb_access(tlb, 0x1000), rows[row].b2);
		CU_ASSERT_EQUAL(tlb_access(tlb, 25 << 12), rows[row].z2);
		CU_ASSERT_EQUAL(tlb_fault(tlb, 0x5000, 0), rows[row].refs2);
		tlb_switch(tlb, 1);
		CU_ASSERT_EQUAL(tlb_access(tlb, 0), rows[row].a1);
		CU_ASSERT_EQUAL(tlb_fault(tlb, 0x5000, 0), rows[row].refs1);
		tlb_destroy(tlb);
	}
}

/* INVLPG takes a global translation of the page too, whoever flushes, and a large page by any of its addresses. */
static void test_flush_page(void)
{
	struct tlb *tlb = custom_tlb("l1=8,l1-2m=8,l1-1g=8,l2=16,l2-2m=shared,l2-1g=16");

	tlb_fill(tlb, 0x1000, TLB_PTE, true);
	tlb_fill(tlb, 0x200000, TLB_PMD, false);
	tlb_fill(tlb, 1ULL << 30, TLB_PUD, false);
	tlb_flush_page(tlb, 9, 0x1fff);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x1000), TLB_MISS);
	tlb_flush_page(tlb, 9, 0x200000);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x200000), TLB_L1_HIT);
	tlb_flush_page(tlb, 0, 0x2ff000);
	CU_ASSERT_EQUAL(tlb_access(tlb, 0x200000), TLB_MISS);
	CU_ASSERT_EQUAL(tlb_access(tlb, 1ULL << 30), TLB_L1_HIT);
	tlb_flush_page(tlb, 0, (1ULL << 30) + 12345);
	CU_ASSERT_EQUAL(tlb_access(tlb, 1ULL << 30), TLB_MISS);
	tlb_destroy(tlb);
}

/* Each kind is counted by itself; the same process again is no switch. */
static void test_counters(void)
{
	struct tlb *tlb = custom_tlb("l1=8,pcid=off");
	unsigned int i;

	tlb_switch(tlb, 0);
	CU_ASSERT_EQUAL(tlb->counters.switches, 0);
	tlb_switch(tlb, TLB_MAX_ASID);
	tlb_flush_page(tlb, 0, 0);
	tlb_flush_asid(tlb, 0);
	tlb_flush_asid(tlb, 0);
	tlb_flush_all(tlb, false);
	tlb_flush_all(tlb, true);
	tlb_fault(tlb, 0, 0);
	tlb_fault(tlb, 0, 3);
	CU_ASSERT_EQUAL(tlb->counters.faults, 2);
	CU_ASSERT_EQUAL(tlb->counters.fault_refs, 5);
	CU_ASSERT_EQUAL(tlb->counters.switches, 1);
	CU_ASSERT_EQUAL(tlb->counters.flush_switch, 1);
	CU_ASSERT_EQUAL(tlb->counters.flush_page, 1);
	CU_ASSERT_EQUAL(tlb->counters.flush_asid, 2);
	CU_ASSERT_EQUAL(tlb->counters.flush_nonglobal, 1);
	CU_ASSERT_EQUAL(tlb->counters.flush_all, 1);
	for (i = 0; tlb_counter_desc[i].name; i++)
		CU_ASSERT(tlb_counter_desc[i].text[0] != 0);
	CU_ASSERT_EQUAL(i * sizeof(uint64_t), sizeof(tlb->counters));
	tlb_destroy(tlb);
}

/* ---- page-walk caches ----------------------------------------------------- */

/*
 * References of a walk for an address whose nearest known neighbour shares the table that
 * only the n-th entry points to. Without caches: 4, 3, 2 for pages mapped by PTE, PMD, PUD.
 *
 *	address		shares with 0		PTE page	PMD page	PUD page
 *	0x3000		the page table		1		-		-
 *	0x200000	the page directory	2		1		-
 *	1 GiB		the PUD table		3		2		1
 *	512 GiB		the top alone		4		3		2
 */
static void test_walk_references(void)
{
	static const struct { uint64_t addr; unsigned int refs[NR_TLB_PAGES]; } rows[] = {
		{ 0x3000, { 1 } }, { 0x400000, { 2, 1 } }, { 2ULL << 30, { 3, 2, 1 } }, { 2ULL << 39, { 4, 3, 2 } },
	};
	unsigned int i, size;

	for (i = 0; i < 4; i++)
		for (size = 0; size < NR_TLB_PAGES; size++) {
			struct tlb *tlb;

			if (!rows[i].refs[size])
				continue;
			tlb = custom_tlb("l1=8,pde=4,pdpte=4,pml4e=4");
			CU_ASSERT_EQUAL(tlb_fill(tlb, 0, TLB_PTE, false), 4);
			CU_ASSERT_EQUAL(tlb_fill(tlb, rows[i].addr, size, false), rows[i].refs[size]);
			/* another page behind the same table */
			CU_ASSERT_EQUAL(tlb_fill(tlb, rows[i].addr + (1ULL << tlb->shift[size]), size, false), 1);
			tlb_destroy(tlb);
			tlb = custom_tlb("l1=8");
			tlb_fill(tlb, 0, TLB_PTE, false);
			CU_ASSERT_EQUAL(tlb_fill(tlb, rows[i].addr, size, false), 4 - size);
			CU_ASSERT_EQUAL(tlb_stats(tlb, size).walk_refs, size ? 4 - size : 8);
			tlb_destroy(tlb);
		}
}

/* A page directory entry that maps a page is not cached as one that points to a table, nor is one that is absent. */
static void test_walk_keeps_tables_only(void)
{
	struct tlb *tlb = custom_tlb("l1=8,pde=4,pdpte=4,pml4e=4");

	CU_ASSERT_EQUAL(tlb_fill(tlb, 0x200000, TLB_PMD, false), 3);
	CU_ASSERT_EQUAL(tlb_fault(tlb, 0x200000, 0), 2);
	CU_ASSERT_EQUAL(tlb_fault(tlb, 0x200000, 0), 1);
	tlb_flush_all(tlb, true);
	CU_ASSERT_EQUAL(tlb_fault(tlb, 0x600000, 2), 2);
	CU_ASSERT_EQUAL(tlb_fault(tlb, 0x600000, 0), 3);
	tlb_destroy(tlb);
}

/* Each cache alone: what it covers is saved, nothing else. A page of 16K goes through other bits. */
static void test_walk_caches_alone(void)
{
	static const struct { const char *text; unsigned int shift, refs; } rows[] = {
		{ "l1=1,pde=1", 21, 1 }, { "l1=1,pdpte=1", 30, 2 }, { "l1=1,pml4e=1", 39, 3 },
		{ "page=16k,l1=1,pde=1", 25, 1 }, { "page=16k,l1=1,pdpte=1", 36, 2 }, { "page=16k,l1=1,pml4e=1", 47, 3 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tlb *tlb = custom_tlb(rows[i].text);

		CU_ASSERT_EQUAL(tlb_fill(tlb, 0, TLB_PTE, false), 4);
		CU_ASSERT_EQUAL(tlb_fill(tlb, (1ULL << rows[i].shift) - 1, TLB_PTE, false), rows[i].refs);
		CU_ASSERT_EQUAL(tlb_fill(tlb, 1ULL << rows[i].shift, TLB_PTE, false), 4);
		CU_ASSERT_EQUAL(tlb_fill(tlb, 0, TLB_PTE, false), 4);
		tlb_destroy(tlb);
	}
}

static const struct test_case cases[] = {
	{ "least_recently_used_leaves", test_least_recently_used_leaves },
	{ "sets_are_apart", test_sets_are_apart },
	{ "sets_by_remainder", test_sets_by_remainder },
	{ "tree_plru", test_tree_plru },
	{ "empty_places_first", test_empty_places_first },
	{ "second_level_catches", test_second_level_catches },
	{ "absent_levels", test_absent_levels },
	{ "page_borders", test_page_borders },
	{ "straddling", test_straddling },
	{ "filled_again", test_filled_again },
	{ "sizes_share", test_sizes_share },
	{ "flushes", test_flushes },
	{ "flush_page", test_flush_page },
	{ "counters", test_counters },
	{ "walk_references", test_walk_references },
	{ "walk_keeps_tables_only", test_walk_keeps_tables_only },
	{ "walk_caches_alone", test_walk_caches_alone },
	{ NULL, NULL }
};

const struct test_suite tlb_suite = { "tlb", cases };
