/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: TLB geometries: presets, text, what is refused. */
#include "pagemap/tlb/tlb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/tests.h"

/* Reach is the larger level's, in bytes of the page size. */
static void test_reach(void)
{
	static const struct { const char *text; enum tlb_page size; uint64_t reach; } rows[] = {
		{ "skylake", TLB_PTE, 1536ULL << 12 }, { "skylake", TLB_PMD, 1536ULL << 21 }, { "skylake", TLB_PUD, 16ULL << 30 },
		{ "zen3", TLB_PUD, 64ULL << 30 }, { "apple-m1", TLB_PTE, 3072ULL << 14 }, { "apple-m1", TLB_PMD, 3072ULL << 25 },
	};
	struct tlb_geometry geo;
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_FATAL(!tlb_parse(rows[i].text, &geo, NULL));
		CU_ASSERT_EQUAL(tlb_reach(&geo, rows[i].size), rows[i].reach);
	}
}

/* Presets can all be built, have distinct names, say where their numbers come from, and what of them is assumed. */
static void test_presets_are_sound(void)
{
	const struct tlb_geometry *geo, *other;
	struct tlb_geometry parsed;
	struct tlb *tlb;
	unsigned int nr = 0;

	for (geo = tlb_presets; *geo->name; geo++, nr++) {
		CU_ASSERT_FATAL(!tlb_create(&tlb, geo, NULL));
		tlb_destroy(tlb);
		CU_ASSERT_PTR_NOT_NULL(strpbrk(geo->text, "(;"));
		for (other = tlb_presets; other < geo; other++)
			CU_ASSERT(strcmp(geo->name, other->name));
		CU_ASSERT(!tlb_parse(geo->name, &parsed, NULL));
		CU_ASSERT_STRING_EQUAL(parsed.name, geo->name);
		CU_ASSERT_EQUAL(parsed.l2[TLB_PTE].entries, geo->l2[TLB_PTE].entries);
		CU_ASSERT(geo->walk[WALK_PDE].entries > 0);
	}
	CU_ASSERT(nr >= 13);
}

/* Sizes of pages go with the base page. */
static void test_page_sizes(void)
{
	struct tlb_geometry geo;

	CU_ASSERT_FATAL(!tlb_parse("l1=4", &geo, NULL));
	CU_ASSERT_EQUAL(tlb_nr_pages(&geo), 3);
	CU_ASSERT_EQUAL(tlb_level_shift(&geo, 3), 39);
	CU_ASSERT_STRING_EQUAL(tlb_page_name(&geo, TLB_PTE), "4K");
	CU_ASSERT_STRING_EQUAL(tlb_page_name(&geo, TLB_PUD), "1G");
	CU_ASSERT_FATAL(!tlb_parse("page=16k,l1=4", &geo, NULL));
	CU_ASSERT_EQUAL(tlb_nr_pages(&geo), 2);
	CU_ASSERT_EQUAL(tlb_level_shift(&geo, 0), 14);
	CU_ASSERT_EQUAL(tlb_level_shift(&geo, 1), 25);
	CU_ASSERT_EQUAL(tlb_level_shift(&geo, 2), 36);
	CU_ASSERT_STRING_EQUAL(tlb_page_name(&geo, TLB_PTE), "16K");
	CU_ASSERT_FATAL(!tlb_parse("page=16K,l1=4", &geo, NULL));
	CU_ASSERT_EQUAL(tlb_level_shift(&geo, 0), 14);
	CU_ASSERT_STRING_EQUAL(tlb_page_name(&geo, TLB_PMD), "32M");
	CU_ASSERT_EQUAL(tlb_parse("page=16Kx,l1=4", &geo, NULL), -EINVAL);
}

/* Each item of the text reaches its place, and no other. */
static void test_parse_custom(void)
{
	struct tlb_geometry geo;

	CU_ASSERT_FATAL(!tlb_parse("l1=64x4:lru,l1-2m=32x4,l1-1g=4,l2=1536x12:plru,l2-2m=shared,l2-1g=16x4,pde=32x4,"
				   "pdpte=5:plru,pml4e=2,pcid=off", &geo, NULL));
	CU_ASSERT_STRING_EQUAL(geo.name, "custom");
	CU_ASSERT_EQUAL(geo.l1[TLB_PTE].entries, 64);
	CU_ASSERT_EQUAL(geo.l1[TLB_PTE].ways, 4);
	CU_ASSERT_EQUAL(geo.l1[TLB_PTE].replacement, REPLACE_LRU);
	CU_ASSERT_EQUAL(geo.l1[TLB_PMD].entries, 32);
	CU_ASSERT_EQUAL(geo.l1[TLB_PUD].entries, 4);
	CU_ASSERT_EQUAL(geo.l1[TLB_PUD].ways, 0);
	CU_ASSERT_FALSE(geo.l1_shared);
	CU_ASSERT(geo.l2_shared_pmd);
	CU_ASSERT_FALSE(geo.l2_shared_pud);
	CU_ASSERT_EQUAL(geo.l2[TLB_PTE].replacement, REPLACE_PLRU);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_PMD)->entries, 1536);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_PUD)->entries, 16);
	CU_ASSERT_EQUAL(geo.walk[WALK_PDE].entries, 32);
	CU_ASSERT_EQUAL(geo.walk[WALK_PDE].ways, 4);
	CU_ASSERT_EQUAL(geo.walk[WALK_PDPTE].entries, 5);
	CU_ASSERT_EQUAL(geo.walk[WALK_PDPTE].replacement, REPLACE_PLRU);
	CU_ASSERT_EQUAL(geo.walk[WALK_PML4E].entries, 2);
	CU_ASSERT(geo.no_tags);
	CU_ASSERT_FATAL(!tlb_parse("l2=16,l1=8,l1-1g=shared,l1-2m=shared,pcid=on,page=4k", &geo, NULL));
	CU_ASSERT(geo.l1_shared);
	CU_ASSERT_FALSE(geo.no_tags);
	CU_ASSERT_EQUAL(tlb_level(&geo, 1, TLB_PUD)->entries, 8);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_PUD)->entries, 0);
	CU_ASSERT_FATAL(!tlb_parse("l1-32m=shared,l2=12x4,l1=6,page=16k,l2-32m=7", &geo, NULL));
	CU_ASSERT(geo.l1_shared);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_PMD)->entries, 7);
}

/* A preset with changes is that preset but for what they name. */
static void test_parse_changed(void)
{
	struct tlb_geometry geo;

	CU_ASSERT_FATAL(!tlb_parse("skylake,l2=2048x16,pde=0", &geo, NULL));
	CU_ASSERT_STRING_EQUAL(geo.name, "custom");
	CU_ASSERT_EQUAL(geo.l1[TLB_PTE].entries, 64);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_PMD)->entries, 2048);
	CU_ASSERT_EQUAL(geo.l2[TLB_PUD].entries, 16);
	CU_ASSERT_EQUAL(geo.walk[WALK_PDE].entries, 0);
	CU_ASSERT_EQUAL(geo.walk[WALK_PDPTE].entries, 8);
	CU_ASSERT_FATAL(!tlb_parse("skylake,l2-2m=8,l2-1g=shared", &geo, NULL));
	CU_ASSERT_FALSE(geo.l2_shared_pmd);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_PMD)->entries, 8);
	CU_ASSERT_EQUAL(tlb_level(&geo, 2, TLB_PUD)->entries, 1536);
	CU_ASSERT_FATAL(!tlb_parse("zen3,l1-2m=8,l1-1g=2,pcid=off", &geo, NULL));
	CU_ASSERT_FALSE(geo.l1_shared);
	CU_ASSERT_EQUAL(tlb_level(&geo, 1, TLB_PMD)->entries, 8);
	CU_ASSERT(geo.no_tags);
}

/* What cannot be built, and what is said of it. */
static const struct {
	const char *text, *says;
} refused[] = {
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
	{ "l2=64", "l1 has no entries for 4K" },
	{ "l1=0", "l1 has no entries for 4K" },
	{ "l1=shared", "l1 cannot be shared, it is what others share" },
	{ "l1=64,l2=shared", "l2 cannot be shared" },
	{ "l1=64,l1-2m=shared", "only be shared together" },
	{ "l1=64,l1-1g=shared", "only be shared together" },
	{ "l1=64,l1-2m=shared,l1-1g=4", "only be shared together" },
	{ "l1=64,l2-2m=shared", "no l2 to share" },
	{ "l1=64,l2-1g=shared", "no l2 to share" },
	{ "l1=64:", "l1='64:'" },
	{ "l1=64:rlu", "l1='64:rlu'" },
	{ "l1=64:plru4", "l1='64:plru4'" },
	{ "l1=64:plrux4", "l1='64:plrux4'" },
	{ "l1=64,page=8k", "page='8k' is not 4k or 16k" },
	{ "l1=64,page=4", "page='4' is not 4k or 16k" },
	{ "l1=64,pcid=yes", "pcid='yes' is not on or off" },
	{ "l1=64,pcid=", "pcid='' is not on or off" },
	{ "l1=64,page=4k,page=4k", "page is given twice" },
	{ "l1=64,pde=shared", "TLB: pde cannot be shared" },
	{ "l1=64,pde=32x5", "pde: 32 entries cannot be divided into 5 ways" },
	{ "l1=64,pml4e=2x4", "pml4e: 2 entries cannot be divided into 4 ways" },
	{ "l1=64,page=16k,l1-2m=4", "l1-2m: no page is that large where the base page is 16K" },
	{ "l1-1g=4,l1=64,page=16k", "l1-1g: no page is that large where the base page is 16K" },
	{ "l1=64,l2-32m=4", "l2-32m: no page is that large where the base page is 4K" },
	{ "skylake,page=16k", "no page is larger than 32M" },
	{ "skylake,zen", "'zen' is neither" },
	{ "skylake,", "'' is neither" },
	{ "zen3,l1-2m=shared,l1-1g=2", "only be shared together" },
	{ "skylake,l2=0", "no l2 to share" },
	{ "page=16k", "l1 has no entries for 16K" },
};

/* It is refused with a sentence that names the culprit. */
static void test_parse_refuses(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct kerror err = { 0 };
		struct tlb_geometry geo;

		CU_ASSERT_EQUAL(tlb_parse(refused[i].text, &geo, &err), -EINVAL);
		CU_ASSERT_EQUAL(err.code, -EINVAL);
		if (!strstr(err.text, refused[i].says))
			fprintf(stderr, "'%s': %s\n", refused[i].text, err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, refused[i].says));
	}
}

/* tlb_create() checks geometries that were filled in by hand as well. */
static void test_create_refuses(void)
{
	static const struct {
		struct tlb_geometry geo;
		const char *says;
	} cases[] = {
		{ { .l1 = { ASSOC_LRU(8, 2), ASSOC_LRU(4, 4) }, .l1_shared = true },
		  "a shared l1 has no entries of its own for 2M and 1G" },
		{ { .l1 = { ASSOC_LRU(8, 2) }, .l2 = { ASSOC_LRU(8, 2), ASSOC_LRU(0, 0), ASSOC_LRU(2, 2) }, .l2_shared_pud = true },
		  "a shared l2 has no entries of its own" },
		{ { .l1 = { ASSOC_LRU(8, 2) }, .l2 = { ASSOC_LRU(8, 2), ASSOC_LRU(2, 2) }, .l2_shared_pmd = true },
		  "a shared l2 has no entries of its own" },
		{ { .l1 = { ASSOC_LRU(8, 2) }, .l2 = { ASSOC_LRU(8, 2), ASSOC_LRU(0, 0), ASSOC_LRU(2, 2) }, .base_16k = true },
		  "no page is larger than 32M" },
		{ { .l1 = { ASSOC_LRU(8, 2) }, .walk = { [WALK_PML4E] = ASSOC_LRU(4, 3) } }, "pml4e: 4 entries" },
		{ { .l2 = { ASSOC_LRU(8, 2) } }, "l1 has no entries" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kerror err = { 0 };
		struct tlb *tlb;

		CU_ASSERT_EQUAL(tlb_create(&tlb, &cases[i].geo, &err), -EINVAL);
		CU_ASSERT_PTR_NULL(tlb);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].says));
	}
}

static const struct test_case cases[] = {
	{ "reach", test_reach },
	{ "presets_are_sound", test_presets_are_sound },
	{ "page_sizes", test_page_sizes },
	{ "parse_custom", test_parse_custom },
	{ "parse_changed", test_parse_changed },
	{ "parse_refuses", test_parse_refuses },
	{ "create_refuses", test_create_refuses },
	{ NULL, NULL }
};

const struct test_suite tlb_geometry_suite = { "tlb_geometry", cases };
