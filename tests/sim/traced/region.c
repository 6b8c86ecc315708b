/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: named mappings against a plain array of pages, and what was counted in them. */
#include "sim/traced/region.h"

#include <string.h>

#include "pagemap/random.h"
#include "tests/tests.h"

#define PAGES	64u
#define BASE	(16ULL << 12)

/* What a page belongs to; rights 0: unmapped. */
struct naive_page {
	uint32_t rights;
	enum region_kind kind;
	name_id name;
	uint64_t offset;
};

static void add(struct regions *regions, struct naive_page *pages, unsigned int from, unsigned int nr, uint64_t r)
{
	struct region like = { .start = BASE + from * 4096ULL, .end = BASE + (from + nr) * 4096ULL,
			       .kind = r & 1 ? REGION_FILE : REGION_DATA, .rights = r & 2 ? VM_READ : VM_READ | VM_WRITE,
			       .name = r & 1 ? 1 + (r >> 2 & 1) : 0, .offset = r & 1 ? from * 4096ULL : 0 };
	unsigned int i;

	for (i = 0; i < nr; i++)
		pages[from + i] = (struct naive_page){ like.rights, like.kind, like.name, like.offset + i * 4096ULL };
	CU_ASSERT_EQUAL_FATAL(regions_remove(regions, like.start, like.end), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(regions_add(regions, &like));
}

static void protect(struct regions *regions, struct naive_page *pages, unsigned int from, unsigned int nr, uint32_t rights)
{
	unsigned int i;

	for (i = from; i < from + nr; i++)
		if (pages[i].rights)
			pages[i].rights = rights;
	CU_ASSERT_EQUAL_FATAL(regions_protect(regions, BASE + from * 4096ULL, BASE + (from + nr) * 4096ULL, rights), 0);
}

static void same(const struct regions *regions, const struct naive_page *pages)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		const struct region *region = regions_find(regions, BASE + i * 4096ULL + 5);

		CU_ASSERT_EQUAL_FATAL(region != NULL, pages[i].rights != 0);
		if (!region)
			continue;
		CU_ASSERT_EQUAL(region->rights, pages[i].rights);
		CU_ASSERT_EQUAL(region->kind, pages[i].kind);
		CU_ASSERT_EQUAL(region->name, pages[i].name);
		if (region->name)
			CU_ASSERT_EQUAL(region->offset + (BASE + i * 4096ULL - region->start), pages[i].offset);
	}
}

static uint64_t lookups(const struct regions *regions)
{
	uint64_t sum = traced_lookups(&regions->gone);
	uint32_t i;

	for (i = 0; i < regions->nr; i++)
		sum += traced_lookups(&regions->at[i]->counts);
	return sum;
}

/* Random maps, unmaps and changes of rights; nothing that was counted is ever lost. */
static void test_random(void)
{
	struct naive_page pages[PAGES] = { 0 };
	struct regions regions = { 0 };
	uint64_t state = 1, counted = 0, i;

	for (i = 0; i < 20000; i++) {
		uint64_t r = random_next(&state);
		unsigned int from = r % PAGES, nr = 1 + (r >> 8) % (PAGES - from);
		struct region *region = regions_find(&regions, BASE + from * 4096ULL);

		if (region) {
			region->counts.lookups[r >> 16 & 1]++;
			counted++;
		}
		switch (r >> 20 & 3) {
		case 0:
			memset(pages + from, 0, nr * sizeof(pages[0]));
			CU_ASSERT_EQUAL_FATAL(regions_remove(&regions, BASE + from * 4096ULL, BASE + (from + nr) * 4096ULL), 0);
			break;
		case 1:
			protect(&regions, pages, from, nr, r >> 22 & 1 ? VM_READ : VM_READ | VM_EXEC);
			break;
		default:
			add(&regions, pages, from, nr, r >> 30);
		}
		same(&regions, pages);
		CU_ASSERT_EQUAL(lookups(&regions), counted);
	}
	regions_exit(&regions);
}

/* Two that go on with each other are one; a file's must go on in the file, too. */
static void test_join(void)
{
	static const struct {
		enum region_kind kind;
		name_id name;
		uint64_t offset;
		uint32_t nr;		/* regions there are then */
	} rows[] = {
		{ REGION_DATA, 0, 0, 1 }, { REGION_STACK, 0, 0, 2 }, { REGION_FILE, 1, 8192, 1 }, { REGION_FILE, 1, 4096, 2 },
		{ REGION_FILE, 2, 8192, 2 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct regions regions = { 0 };
		struct region like = { .start = BASE, .end = BASE + 8192, .rights = VM_READ, .kind = rows[i].kind };

		if (rows[i].name)
			like.name = 1;
		else
			like.kind = REGION_DATA;
		regions_add(&regions, &like)->counts.lookups[0] = 3;
		like.start = BASE + 8192;
		like.end = BASE + 12288;
		like.kind = rows[i].kind;
		like.name = rows[i].name;
		like.offset = rows[i].offset;
		CU_ASSERT_PTR_EQUAL(regions_add(&regions, &like), regions_find(&regions, BASE + 8192));
		CU_ASSERT_EQUAL(regions.nr, rows[i].nr);
		CU_ASSERT_EQUAL(traced_lookups(&regions_find(&regions, BASE)->counts), 3);
		regions_exit(&regions);
	}
}

static const struct test_case cases[] = {
	{ "random", test_random },
	{ "join", test_join },
	{ NULL, NULL }
};

const struct test_suite traced_regions_suite = { "traced_regions", cases };
