/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the data-TLB model, against hand-computed streams and against
 * a naive model that knows only a list of pages with the time of their use.
 */
#include "sim/access/tlb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tests.h"

static const unsigned int shifts[NR_TLB_PAGES] = { 12, 21, 30 };

/* ---- the naive model ---------------------------------------------------- */

struct naive_level {
	unsigned int entries, sets;
	struct {
		bool valid;
		uint64_t page, used;
	} entry[4096];
};

struct naive_tlb {
	struct naive_level level[2];
	struct tlb_stats stats;
	uint64_t now;
};

static void naive_init(struct naive_tlb *tlb, const struct tlb_geometry *geo, enum tlb_page size)
{
	unsigned int i;

	memset(tlb, 0, sizeof(*tlb));
	for (i = 0; i < 2; i++) {
		struct tlb_array array = tlb_level(geo, i + 1, size);

		tlb->level[i].entries = array.entries;
		tlb->level[i].sets = array.ways ? array.entries / array.ways : 1;
	}
}

/* Look through all entries of the page's set; on a miss take the one unused longest. */
static bool naive_touch(struct naive_level *level, uint64_t page, uint64_t now)
{
	unsigned int ways = level->entries / level->sets, victim, i;

	if (!level->entries)
		return false;
	victim = page % level->sets * ways;
	for (i = page % level->sets * ways; i < (page % level->sets + 1) * ways; i++) {
		if (level->entry[i].valid && level->entry[i].page == page) {
			level->entry[i].used = now;
			return true;
		}
		if (level->entry[i].used < level->entry[victim].used)
			victim = i;
	}
	level->entry[victim].valid = true;
	level->entry[victim].page = page;
	level->entry[victim].used = now;
	return false;
}

static void naive_access(struct naive_tlb *tlb, uint64_t page)
{
	tlb->now++;
	tlb->stats.lookups++;
	if (naive_touch(&tlb->level[0], page, tlb->now))
		tlb->stats.l1_hits++;
	else if (naive_touch(&tlb->level[1], page, tlb->now))
		tlb->stats.l2_hits++;
	else
		tlb->stats.walks++;
}

static void compare_on_stream(const struct tlb_geometry *geo, enum tlb_page size,
			      unsigned int nr_pages, uint64_t seed)
{
	static struct naive_tlb naive;
	struct test_rng rng = { seed };
	struct kerror err = { 0 };
	uint64_t page = 0;
	struct tlb *tlb;
	unsigned int i;

	CU_ASSERT_FATAL(!tlb_create(&tlb, geo, size, &err));
	naive_init(&naive, geo, size);
	for (i = 0; i < 6000; i++) {
		/* steps back and forth, long strides, jumps and the same page again */
		switch (test_rand_below(&rng, 6)) {
		case 0:
			page = test_rand_below(&rng, nr_pages);
			break;
		case 1:
			page = (page + 1) % nr_pages;
			break;
		case 2:
			page = (page + nr_pages - 1) % nr_pages;
			break;
		case 3:
			page = (page + 128) % nr_pages;
			break;
		case 4:
			page = test_rand_below(&rng, nr_pages) % (nr_pages / 8 + 1);
			break;
		default:
			break;
		}
		tlb_access(tlb, (page << shifts[size]) + test_rand_below(&rng, 1U << shifts[size]));
		naive_access(&naive, page);
		if (memcmp(tlb_stats(tlb), &naive.stats, sizeof(naive.stats)))
			break;
	}
	if (i < 6000)
		fprintf(stderr, "%s, size %d, %u pages: access %u differs\n", geo->name, size,
			nr_pages, i);
	CU_ASSERT_EQUAL(i, 6000);
	tlb_destroy(tlb);
}

/*
 * Every preset and page size behaves as the naive model does after each single
 * access, with working sets below, about and above what each level holds.
 */
static void test_presets_against_naive_model(void)
{
	const struct tlb_geometry *geo;
	enum tlb_page size;

	for (geo = tlb_presets; *geo->name; geo++)
		for (size = 0; size < NR_TLB_PAGES; size++) {
			unsigned int l1 = tlb_level(geo, 1, size).entries;
			unsigned int l2 = tlb_level(geo, 2, size).entries;

			compare_on_stream(geo, size, l1 + 8, 1);
			compare_on_stream(geo, size, 4 * l1 + 3, 2);
			compare_on_stream(geo, size, l2 + l2 / 4 + 7, 3);
			compare_on_stream(geo, size, 8 * (l2 + l1), 4);
		}
}

/* The same for shapes no core has: one entry, one way, one wide set, levels that are not there. */
static void test_odd_geometries_against_naive_model(void)
{
	static const char *const texts[] = {
		"l1=1", "l1=1,l2=2", "l1=8x1,l2=64x1", "l1=3", "l1=200,l2=4096x512", "l1=50x25,l2=100x25",
		"l1=4x2,l1-2m=shared,l1-1g=shared,l2=6x3,l2-2m=shared,l2-1g=shared",
		"l1=4,l2-2m=5", "l1=24,l2=25",
	};
	struct tlb_geometry geo;
	enum tlb_page size;
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CU_ASSERT_FATAL(!tlb_parse(texts[i], &geo, NULL));
		for (size = 0; size < NR_TLB_PAGES; size++) {
			compare_on_stream(&geo, size, 6, 5);
			compare_on_stream(&geo, size, 60, 6);
			compare_on_stream(&geo, size, 700, 7);
		}
	}
}

/* ---- by hand ------------------------------------------------------------ */

static void access_pages(struct tlb *tlb, const char *pages)
{
	for (; *pages; pages++)
		tlb_access(tlb, (uint64_t)(*pages - 'a') << 12);
}

static void assert_stats(const struct tlb *tlb, uint64_t lookups, uint64_t l1_hits,
			 uint64_t l2_hits, uint64_t walks)
{
	CU_ASSERT_EQUAL(tlb_stats(tlb)->lookups, lookups);
	CU_ASSERT_EQUAL(tlb_stats(tlb)->l1_hits, l1_hits);
	CU_ASSERT_EQUAL(tlb_stats(tlb)->l2_hits, l2_hits);
	CU_ASSERT_EQUAL(tlb_stats(tlb)->walks, walks);
}

static struct tlb *custom_tlb(const char *text, enum tlb_page size)
{
	struct tlb_geometry geo;
	struct tlb *tlb;

	CU_ASSERT_FATAL(!tlb_parse(text, &geo, NULL));
	CU_ASSERT_FATAL(!tlb_create(&tlb, &geo, size, NULL));
	return tlb;
}

/* Two entries: a b a c pushes b out, not a, because a was used since. */
static void test_least_recently_used_leaves(void)
{
	struct tlb *tlb = custom_tlb("l1=2", TLB_4K);

	access_pages(tlb, "abac");
	assert_stats(tlb, 4, 1, 0, 3);
	access_pages(tlb, "a");
	assert_stats(tlb, 5, 2, 0, 3);
	access_pages(tlb, "b");
	assert_stats(tlb, 6, 2, 0, 4);
	tlb_destroy(tlb);
}

/* Two sets of two ways: a c e fall into the even set and push each other out, b stays. */
static void test_sets_are_apart(void)
{
	struct tlb *tlb = custom_tlb("l1=4x2", TLB_4K);

	access_pages(tlb, "bace");
	assert_stats(tlb, 4, 0, 0, 4);
	access_pages(tlb, "b");
	assert_stats(tlb, 5, 1, 0, 4);
	access_pages(tlb, "ec");
	assert_stats(tlb, 7, 3, 0, 4);
	access_pages(tlb, "a");
	assert_stats(tlb, 8, 3, 0, 5);
	tlb_destroy(tlb);
}

/* What the first level lost the second still has, and gives back to the first. */
static void test_second_level_catches(void)
{
	struct tlb *tlb = custom_tlb("l1=1,l2=4", TLB_4K);

	access_pages(tlb, "abcd");
	assert_stats(tlb, 4, 0, 0, 4);
	access_pages(tlb, "a");
	assert_stats(tlb, 5, 0, 1, 4);
	access_pages(tlb, "aa");
	assert_stats(tlb, 7, 2, 1, 4);
	access_pages(tlb, "e");		/* pushes b out of the second level */
	access_pages(tlb, "cb");
	assert_stats(tlb, 10, 2, 2, 6);
	tlb_destroy(tlb);
}

/* Where one level has no entries for a size, the other works alone; where none has, all is walks. */
static void test_absent_levels(void)
{
	struct tlb *tlb = custom_tlb("l1=4,l2-2m=2", TLB_2M);
	uint64_t i;

	for (i = 0; i < 3; i++) {
		tlb_access(tlb, 5);
		tlb_access(tlb, 6);
		tlb_access(tlb, 1 << 21);
	}
	assert_stats(tlb, 9, 0, 7, 2);
	tlb_destroy(tlb);

	tlb = custom_tlb("l1=4", TLB_1G);
	access_pages(tlb, "aab");
	assert_stats(tlb, 3, 0, 0, 3);
	tlb_destroy(tlb);
}

/* A page is a page: its first and its last byte are one translation, the next byte is another. */
static void test_page_borders(void)
{
	enum tlb_page size;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		struct tlb *tlb = custom_tlb("l1=4,l1-2m=4,l1-1g=4", size);
		uint64_t page = 1ULL << shifts[size];

		tlb_access(tlb, 0);
		tlb_access(tlb, page - 1);
		assert_stats(tlb, 2, 1, 0, 1);
		tlb_access(tlb, page);
		assert_stats(tlb, 3, 1, 0, 2);
		tlb_access(tlb, UINT64_MAX);
		tlb_access(tlb, UINT64_MAX);
		tlb_access(tlb, 0);
		assert_stats(tlb, 6, 3, 0, 3);
		tlb_destroy(tlb);
	}
}

/* ---- geometries --------------------------------------------------------- */

/* Reach is the larger level's, in bytes of the page size. */
static void test_reach(void)
{
	struct tlb_geometry geo;

	CU_ASSERT_FATAL(!tlb_parse("skylake", &geo, NULL));
	CU_ASSERT_EQUAL(tlb_reach(&geo, TLB_4K), 1536ULL * 4096);
	CU_ASSERT_EQUAL(tlb_reach(&geo, TLB_2M), 1536ULL << 21);
	CU_ASSERT_EQUAL(tlb_reach(&geo, TLB_1G), 16ULL << 30);
	CU_ASSERT_FATAL(!tlb_parse("zen3", &geo, NULL));
	CU_ASSERT_EQUAL(tlb_reach(&geo, TLB_1G), 64ULL << 30);
}

/* Presets can all be built, have distinct names and say where their numbers come from. */
static void test_presets_are_sound(void)
{
	const struct tlb_geometry *geo, *other;
	struct tlb_geometry parsed;
	enum tlb_page size;
	struct tlb *tlb;
	unsigned int nr = 0;

	for (geo = tlb_presets; *geo->name; geo++, nr++) {
		for (size = 0; size < NR_TLB_PAGES; size++) {
			CU_ASSERT_FATAL(!tlb_create(&tlb, geo, size, NULL));
			tlb_destroy(tlb);
		}
		CU_ASSERT_PTR_NOT_NULL(strstr(geo->text, "("));
		for (other = tlb_presets; other < geo; other++)
			CU_ASSERT(strcmp(geo->name, other->name));
		CU_ASSERT(!tlb_parse(geo->name, &parsed, NULL));
		CU_ASSERT_STRING_EQUAL(parsed.name, geo->name);
	}
	CU_ASSERT(nr >= 5);
}

/* The header's example means what it says. */
static void test_parse_custom(void)
{
	struct tlb_geometry geo;

	CU_ASSERT_FATAL(!tlb_parse("l1=64x4,l1-2m=32x4,l1-1g=4,l2=1536x12,l2-2m=shared,l2-1g=16x4",
				   &geo, NULL));
	CU_ASSERT_STRING_EQUAL(geo.name, "custom");
	CU_ASSERT_EQUAL(geo.l1[TLB_4K].entries, 64);
	CU_ASSERT_EQUAL(geo.l1[TLB_4K].ways, 4);
	CU_ASSERT_EQUAL(geo.l1[TLB_2M].entries, 32);
	CU_ASSERT_EQUAL(geo.l1[TLB_1G].entries, 4);
	CU_ASSERT_EQUAL(geo.l1[TLB_1G].ways, 0);
	CU_ASSERT_FALSE(geo.l1_shared);
	CU_ASSERT(geo.l2_shared_2m);
	CU_ASSERT_FALSE(geo.l2_shared_1g);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_2M).entries, 1536);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_1G).entries, 16);
	CU_ASSERT_FATAL(!tlb_parse("l2=16,l1=8,l1-1g=shared,l1-2m=shared", &geo, NULL));
	CU_ASSERT(geo.l1_shared);
	CU_ASSERT_EQUAL(tlb_level(&geo, 1, TLB_1G).entries, 8);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_1G).entries, 0);
}

/* What cannot be built is refused with a sentence that names the culprit. */
static void test_parse_refuses(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "'' is neither" },
		{ "haswel", "'haswel' is neither a known core" },
		{ "l1=64x4,", "'' is neither" },
		{ "l1", "'l1' is neither" },
		{ "l3=64", "no array is called 'l3'" },
		{ "=64", "no array is called ''" },
		{ "l1=", "l1=''" },
		{ "l1=64x", "l1='64x'" },
		{ "l1=64x0", "l1='64x0'" },
		{ "l1=x4", "l1='x4'" },
		{ "l1=64x4k", "l1='64x4k'" },
		{ "l1=-1", "l1='-1'" },
		{ "l1= 64", "l1=' 64'" },
		{ "l1=65536", "l1='65536'" },
		{ "l1=99999999999999999999", "is not ENTRIES" },
		{ "l1=65535", "at most 65534" },
		{ "l1=64x4,l1=64x4", "l1 is given twice" },
		{ "l1=64,l2-2m=shared,l2-2m=4", "l2-2m is given twice" },
		{ "l1=4x8", "l1 4K: 4 entries cannot be divided into 8 ways" },
		{ "l1=64x5", "cannot be divided into 5 ways" },
		{ "l1=12x4", "make 3 sets, not a power of two" },
		{ "l1=64,l2=12x2", "l2 4K: 12 entries of 2 ways make 6 sets" },
		{ "l2=64", "l1 has no entries for 4K" },
		{ "l1=0", "l1 has no entries for 4K" },
		{ "l1=shared", "l1 cannot be shared" },
		{ "l1=64,l2=shared", "l2 cannot be shared" },
		{ "l1=64,l1-2m=shared", "only be shared together" },
		{ "l1=64,l1-1g=shared", "only be shared together" },
		{ "l1=64,l1-2m=shared,l1-1g=4", "only be shared together" },
		{ "l1=64,l2-2m=shared", "no l2 to share" },
		{ "l1=64,l2-1g=shared", "no l2 to share" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kerror err = { 0 };
		struct tlb_geometry geo;

		CU_ASSERT_EQUAL(tlb_parse(cases[i].text, &geo, &err), -EINVAL);
		CU_ASSERT_EQUAL(err.code, -EINVAL);
		if (!strstr(err.text, cases[i].says))
			fprintf(stderr, "'%s': %s\n", cases[i].text, err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].says));
	}
}

/* tlb_create() checks geometries that were filled in by hand as well. */
static void test_create_refuses(void)
{
	struct tlb_geometry geo = { .name = "x", .l1 = { { 8, 2 }, { 4, 4 } }, .l1_shared = true };
	struct kerror err = { 0 };
	struct tlb *tlb = NULL;

	CU_ASSERT_EQUAL(tlb_create(&tlb, &geo, TLB_4K, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a shared l1 has no entries of its own"));
	geo = (struct tlb_geometry){ .l1 = { { 8, 2 } }, .l2 = { { 8, 2 }, { 0, 0 }, { 2, 2 } },
				     .l2_shared_1g = true };
	CU_ASSERT_EQUAL(tlb_create(&tlb, &geo, TLB_4K, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a shared l2 has no entries of its own"));
	geo.l2_shared_1g = false;
	CU_ASSERT_EQUAL(tlb_create(&tlb, &geo, NR_TLB_PAGES, &err), -EINVAL);
	CU_ASSERT_PTR_NULL(tlb);
}

static const struct test_case cases[] = {
	{ "presets_against_naive_model", test_presets_against_naive_model },
	{ "odd_geometries_against_naive_model", test_odd_geometries_against_naive_model },
	{ "least_recently_used_leaves", test_least_recently_used_leaves },
	{ "sets_are_apart", test_sets_are_apart },
	{ "second_level_catches", test_second_level_catches },
	{ "absent_levels", test_absent_levels },
	{ "page_borders", test_page_borders },
	{ "reach", test_reach },
	{ "presets_are_sound", test_presets_are_sound },
	{ "parse_custom", test_parse_custom },
	{ "parse_refuses", test_parse_refuses },
	{ "create_refuses", test_create_refuses },
	{ NULL, NULL }
};

const struct test_suite tlb_suite = { "tlb", cases };
