/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what is said about wrong frees and damaged state: exactly one
 * complaint each, naming the right thing, and nothing changed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/buddy/machine.h"

/* A free that must be refused, with this complaint, and leave all counts as they were. */
static void refuse(struct machine *m, uint32_t pfn, unsigned int order, int error,
		   enum buddy_complaint what)
{
	uint64_t free_pages = m->zone->free_pages, used = buddy_zone_allocated_pages(m->b, m->zone);
	unsigned int nr = m->nr_reports;

	CU_ASSERT_EQUAL(buddy_free_pages(m->b, 0, pfn_make(pfn), order), error);
	CU_ASSERT_EQUAL(m->nr_reports, nr + 1);
	CU_ASSERT_EQUAL(m->report.what, what);
	CU_ASSERT_EQUAL(m->report.pfn.v, pfn);
	CU_ASSERT_EQUAL(m->report.order, order);
	CU_ASSERT_EQUAL(m->zone->free_pages, free_pages);
	CU_ASSERT_EQUAL(buddy_zone_allocated_pages(m->b, m->zone), used);
	ASSERT_VALID(m);
}

/* All that can be wrong with a free: of what lies where, of which size, of no memory at all. */
static void test_wrong_frees(void)
{
	struct machine m;
	uint32_t pfn, pair, comp;

	machine_small(&m, 4);
	machine_set_pcp(&m, 1, 100);
	pfn = get(&m, 0, GFP_KERNEL, 0);
	pair = get(&m, 0, GFP_KERNEL, 1);
	comp = get(&m, 0, GFP_KERNEL | __GFP_COMP, 1);
	refuse(&m, pfn, 1, -EDOM, BUDDY_WRONG_ORDER);
	CU_ASSERT_EQUAL(m.report.order_allocated, 0);
	refuse(&m, pair, 0, -EDOM, BUDDY_WRONG_ORDER);
	CU_ASSERT_EQUAL(m.report.order_allocated, 1);
	refuse(&m, pair, 1U << 15, -EDOM, BUDDY_WRONG_ORDER);
	refuse(&m, pair + 1, 0, -EINVAL, BUDDY_BAD_FRAME);
	refuse(&m, comp + 1, 0, -EINVAL, BUDDY_BAD_FRAME);
	refuse(&m, BASE - 1, 0, -EINVAL, BUDDY_BAD_FRAME);
	refuse(&m, m.map->end_pfn, 0, -EINVAL, BUDDY_BAD_FRAME);
	refuse(&m, PFN_NONE_VAL, 0, -EINVAL, BUDDY_BAD_FRAME);
	m.b->pages[pfn].flags |= PG_slab;
	refuse(&m, pfn, 0, -EINVAL, BUDDY_BAD_FRAME);
	m.b->pages[pfn].flags &= ~PG_slab;
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(pfn), 0), 0);
	refuse(&m, pfn, 0, -EALREADY, BUDDY_DOUBLE_FREE);
	/* Interior of a block on a per-CPU list, of a linked free block, of fresh memory. */
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(pair), 1), 0);
	refuse(&m, pair + 1, 0, -EALREADY, BUDDY_DOUBLE_FREE);
	buddy_drain_all_pages(m.b);
	refuse(&m, pfn, 0, -EALREADY, BUDDY_DOUBLE_FREE);
	refuse(&m, pfn + 1, 0, -EALREADY, BUDDY_DOUBLE_FREE);
	refuse(&m, BASE + 3 * BLOCK + 1, 0, -EALREADY, BUDDY_DOUBLE_FREE);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_bad_free_double), 5);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_bad_free_order), 3);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_bad_free_range), 6);
	/* Nobody has to listen. */
	buddy_set_report(m.b, NULL, NULL);
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(pfn), 0), -EALREADY);
	machine_free(&m);
}

static void as(struct machine *m, uint32_t site, int32_t pid, uint64_t when)
{
	buddy_set_caller(m->b, &(struct buddy_caller){
		.site = site, .pid = pid, .when = when
	});
}

/* With page owners kept, a complaint brings both histories along. */
static void test_page_owner(void)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 8 * BLOCK, 0 } } };
	struct page_owner owner;
	struct buddy_config cfg;
	struct machine m;
	uint32_t pfn;
	pfn_t pfns[2];

	machine_config(&cfg, 1);
	cfg.page_owner = true;
	machine_make(&m, &map_cfg, &cfg);
	machine_set_marks(&m, 0, 0, 0);
	as(&m, 1, 100, 5);
	pfn = get(&m, 0, GFP_KERNEL, 2);
	CU_ASSERT(buddy_page_owner(m.b, pfn_make(pfn), &owner));
	CU_ASSERT_TRUE(owner.alloc_valid);
	CU_ASSERT_FALSE(owner.free_valid);
	CU_ASSERT_EQUAL(owner.alloc.site, 1);
	CU_ASSERT_EQUAL(owner.alloc.pid, 100);
	CU_ASSERT_EQUAL(owner.alloc.when, 5);
	CU_ASSERT_EQUAL(owner.order, 2);
	CU_ASSERT_EQUAL(owner.gfp, GFP_KERNEL);
	CU_ASSERT_FALSE(buddy_page_owner(m.b, pfn_make(pfn + 1), &owner));
	CU_ASSERT_FALSE(buddy_page_owner(m.b, PFN_NONE, &owner));
	CU_ASSERT_EQUAL(buddy_split_page(m.b, pfn_make(pfn)), 0);
	as(&m, 2, 200, 6);
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(pfn), 0), 0);
	as(&m, 3, 300, 7);
	refuse(&m, pfn, 0, -EALREADY, BUDDY_DOUBLE_FREE);
	CU_ASSERT(m.report.owner_known);
	CU_ASSERT_EQUAL(m.report.owner.alloc.pid, 100);
	CU_ASSERT_EQUAL(m.report.owner.free.pid, 200);
	CU_ASSERT_EQUAL(m.report.owner.free.when, 6);
	/* The new owner's terms replace the old one's. */
	CU_ASSERT_EQUAL(buddy_alloc_bulk(m.b, 0, GFP_NOWAIT, NUMA_NO_NODE, 2, pfns), 1);
	CU_ASSERT_EQUAL(pfns[0].v, pfn);
	CU_ASSERT(buddy_page_owner(m.b, pfns[0], &owner));
	CU_ASSERT_EQUAL(owner.alloc.pid, 300);
	CU_ASSERT_EQUAL(owner.gfp, GFP_NOWAIT);
	machine_free(&m);

	machine_small(&m, 1);
	pfn = get(&m, 0, GFP_KERNEL, 0);
	CU_ASSERT_FALSE(buddy_page_owner(m.b, pfn_make(pfn), &owner));
	refuse(&m, pfn, 1, -EDOM, BUDDY_WRONG_ORDER);
	CU_ASSERT_FALSE(m.report.owner_known);
	machine_free(&m);
}

/*
 * A split hands the whole history on to each part, and to nothing between them:
 * who, when, on what terms, and the part's own order.
 *
 *	|       3       |   ->   |   2   |   2   |   ->   | 0 | 0 | 0 | 0 |   2   |
 */
static void test_owner_of_parts(void)
{
	static const struct buddy_caller caller = { .site = 4, .task = 5, .pid = 6, .time_ns = 7, .when = 8 };
	const gfp_t gfp = GFP_NOFS | __GFP_RECLAIMABLE;
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + 8 * BLOCK, 0 } } };
	struct page_owner owner;
	struct buddy_config cfg;
	struct machine m;
	uint32_t pfn, i;

	if (!test_kernel_geometry())
		return;
	machine_config(&cfg, 1);
	cfg.page_owner = true;
	machine_make(&m, &map_cfg, &cfg);
	machine_set_marks(&m, 0, 0, 0);
	buddy_set_caller(m.b, &caller);
	pfn = get(&m, 0, gfp, 3);
	CU_ASSERT_EQUAL(buddy_split_to(m.b, pfn_make(pfn), 2), 0);
	CU_ASSERT_FALSE(buddy_page_owner(m.b, pfn_make(pfn + 1), &owner));
	CU_ASSERT_EQUAL(buddy_split_to(m.b, pfn_make(pfn), 0), 0);
	for (i = 0; i < 5; i++) {
		CU_ASSERT_TRUE_FATAL(buddy_page_owner(m.b, pfn_make(pfn + i), &owner));
		CU_ASSERT_EQUAL(owner.order, i < 4 ? 0 : 2);
		CU_ASSERT_EQUAL(owner.gfp, gfp);
		CU_ASSERT_TRUE(owner.alloc_valid);
		CU_ASSERT_FALSE(owner.free_valid);
		CU_ASSERT_EQUAL(owner.alloc.site, 4);
		CU_ASSERT_EQUAL(owner.alloc.task, 5);
		CU_ASSERT_EQUAL(owner.alloc.pid, 6);
		CU_ASSERT_EQUAL(owner.alloc.time_ns, 7);
		CU_ASSERT_EQUAL(owner.alloc.when, 8);
	}
	for (; i < 8; i++)
		CU_ASSERT_FALSE(buddy_page_owner(m.b, pfn_make(pfn + i), &owner));
	machine_free(&m);
}

/* Every third request of order 1 and more fails, twice in all, and nothing else does. */
static void test_failure_injection(void)
{
	static const bool fails[] = { false, false, true, false, false, true, false, false, false };
	struct machine m;
	unsigned int i;

	machine_small(&m, 64);
	buddy_set_fail(m.b, 3, 2, 1);
	for (i = 0; i < sizeof(fails); i++) {
		CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
		CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 1) == PFN_NONE_VAL, fails[i]);
	}
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_fail), 2);
	buddy_set_fail(m.b, 1, -1, 0);
	for (i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	buddy_set_fail(m.b, 0, -1, 0);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	/* A new series counts from its own beginning. */
	buddy_set_fail(m.b, 3, -1, 0);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	buddy_set_fail(m.b, 3, -1, 0);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	machine_free(&m);
}

/* ---- damage ---------------------------------------------------------------- */

/*
 * A machine with two single free frames (1, then 3 at the head), one block of
 * each order above, fresh blocks, and two frames (5, 4) on CPU 0's list.
 */
static void make_damageable(struct machine *m)
{
	uint32_t i;

	machine_small(m, 8);
	for (i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(machine_take(m, 0, MIGRATE_MOVABLE, 0), BASE + i);
	machine_give(m, BASE + 1, 0);
	machine_give(m, BASE + 3, 0);
	machine_set_pcp(m, 1, 100);
	buddy_free_pages(m->b, 0, pfn_make(BASE + 4), 0);
	buddy_free_pages(m->b, 0, pfn_make(BASE + 5), 0);
	CU_ASSERT(list_is(m, 0, MIGRATE_MOVABLE, BASE, LIST(3, 1)));
	CU_ASSERT(pcp_is(m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(5, 4)));
	ASSERT_VALID(m);
}

struct last_text { char text[256]; unsigned int nr; };

static void keep_text(void *ctx, const char *text)
{
	struct last_text *last = ctx;

	last->nr++;
	snprintf(last->text, sizeof(last->text), "%s", text);
}

/* The number of violations, and that the last one's sentence holds @part. */
static unsigned int damage(const struct machine *m, const char *part)
{
	struct last_text last = { .nr = 0 };
	unsigned int nr = buddy_validate(m->b, keep_text, &last);

	CU_ASSERT_EQUAL(nr, last.nr);
	CU_ASSERT_PTR_NOT_NULL(strstr(last.text, part));
	CU_ASSERT_EQUAL(strncmp(last.text, "node 0 zone DMA32: ", 19), 0);
	return nr;
}

/* Each kind of damage to a free list is reported once, or as often as it shows. */
static void test_damaged_lists(void)
{
	struct free_area *area;
	struct page *pages;
	struct machine m;

	make_damageable(&m);
	pages = m.b->pages;
	area = &m.zone->free_area[0];

	pages[BASE + 1].prev = BASE + 7;
	CU_ASSERT_EQUAL(damage(&m, "points back"), 1);
	pages[BASE + 1].prev = BASE + 3;
	area->list[MIGRATE_MOVABLE].tail = BASE + 3;
	CU_ASSERT_EQUAL(damage(&m, "the tail is"), 1);
	area->list[MIGRATE_MOVABLE].tail = BASE + 1;
	pages[BASE + 1].refcount = 1;
	CU_ASSERT_EQUAL(damage(&m, "1 references"), 1);
	pages[BASE + 1].refcount = 0;
	pages[BASE + 1].flags ^= PG_allocated;
	CU_ASSERT_EQUAL(damage(&m, "has flags"), 1);
	pages[BASE + 1].flags ^= PG_allocated;
	area->nr_mt[MIGRATE_MOVABLE]++;
	/* One block too many counted: in its list, and in the sum over the lists. */
	CU_ASSERT_EQUAL(damage(&m, "nr_free is 2"), 2);
	area->nr_mt[MIGRATE_MOVABLE]--;
	area->nr_free++;
	CU_ASSERT_EQUAL(damage(&m, "nr_free is 3"), 1);
	area->nr_free--;
	/* A loop: found at the counted length; the frames no longer add up, twice. */
	pages[BASE + 1].next = BASE + 3;
	CU_ASSERT(damage(&m, "managed") >= 4);
	pages[BASE + 1].next = PFN_NONE_VAL;
	/* A link out of memory ends the walk. */
	pages[BASE + 3].next = m.map->end_pfn;
	CU_ASSERT_EQUAL(damage(&m, "managed"), 4);
	pages[BASE + 3].next = BASE + 1;
	ASSERT_VALID(&m);
	machine_free(&m);
}

/* List and count @pfn where it does not belong, see what is found, and undo it. */
static unsigned int damage_by_listing(const struct machine *m, unsigned int order, uint32_t pfn)
{
	struct free_area *area = &m->zone->free_area[order];
	unsigned int nr;

	area->list[MIGRATE_UNMOVABLE] = (struct page_list){ pfn, pfn };
	area->nr_mt[MIGRATE_UNMOVABLE]++;
	area->nr_free++;
	m->b->pages[pfn].next = PFN_NONE_VAL;
	nr = damage(m, "managed");
	page_list_init(&area->list[MIGRATE_UNMOVABLE]);
	area->nr_mt[MIGRATE_UNMOVABLE]--;
	area->nr_free--;
	return nr;
}

/* Blocks in the wrong place: misaligned, in another zone, inside each other, or not merged. */
static void test_damaged_blocks(void)
{
	struct page *pages;
	struct machine m;

	make_damageable(&m);
	pages = m.b->pages;
	/* A buddy that should have merged: 2 joins 3, and is not counted as allocated any more. */
	page_list_add(pages, &m.zone->free_area[0].list[MIGRATE_MOVABLE], BASE + 2);
	pages[BASE + 2].flags = pages[BASE + 1].flags;
	pages[BASE + 2].refcount = 0;
	m.zone->free_area[0].nr_mt[MIGRATE_MOVABLE]++;
	m.zone->free_area[0].nr_free++;
	m.zone->free_pages++;
	m.zone->stat.allocated_otherwise--;
	CU_ASSERT_EQUAL(damage(&m, "not merged"), 1);
	buddy_destroy(m.b);
	pagemap_destroy(m.map);

	make_damageable(&m);
	machine_link_fresh(&m, m.zone, BASE + 2 * BLOCK);
	/* Misaligned, without the flags, inside a free block; then both sums are wrong. */
	CU_ASSERT_EQUAL(damage_by_listing(&m, 1, BASE + 3 * BLOCK - 1), 5);
	/* In fresh memory, without the flags, and the sums. */
	CU_ASSERT_EQUAL(damage_by_listing(&m, 0, BASE + 4 * BLOCK), 4);
	/* Not in the zone, without the flags, and the sums. */
	CU_ASSERT_EQUAL(damage_by_listing(&m, 0, BASE - 1), 4);
	machine_free(&m);
}

/* Counters that do not add up, fresh ranges that make no sense, a reserve nobody made. */
static void test_damaged_counters(void)
{
	struct machine m;

	make_damageable(&m);
	m.zone->free_pages++;
	CU_ASSERT_EQUAL(damage(&m, "free_pages is"), 1);
	m.zone->free_pages--;
	m.zone->stat.allocated_otherwise++;
	CU_ASSERT_EQUAL(damage(&m, "is not managed"), 1);
	m.zone->stat.allocated_otherwise--;
	m.zone->pcp[0].count++;
	/* The CPU's lists, and the used frames that follow from its count. */
	CU_ASSERT_EQUAL(damage(&m, "managed"), 2);
	m.zone->pcp[0].count = -1;
	CU_ASSERT_EQUAL(damage(&m, "managed"), 2);
	m.zone->pcp[0].count = 2;
	m.zone->nr_reserved_highatomic = 1;
	zone_update_low_mark(m.zone);
	CU_ASSERT_EQUAL(damage(&m, "1 are reserved"), 1);
	m.zone->nr_reserved_highatomic = 0;
	zone_update_low_mark(m.zone);
	m.zone->low_mark++;
	CU_ASSERT_EQUAL(damage(&m, "low_mark"), 1);
	m.zone->low_mark--;
	m.zone->fresh[0].start++;
	CU_ASSERT(damage(&m, "managed") >= 3);
	m.zone->fresh[0].start--;
	m.b->pages[BASE + 5].flags ^= PG_pcp;
	CU_ASSERT_EQUAL(damage(&m, "CPU 0 list 1"), 1);
	m.b->pages[BASE + 5].flags ^= PG_pcp;
	CU_ASSERT_EQUAL(buddy_validate(m.b, NULL, NULL), 0);
	machine_free(&m);
}

static const struct test_case cases[] = {
	{ "wrong frees are refused", test_wrong_frees },
	{ "page owners", test_page_owner },
	{ "page owners of the parts of a block", test_owner_of_parts },
	{ "failure injection", test_failure_injection },
	{ "damaged lists are found", test_damaged_lists },
	{ "damaged blocks are found", test_damaged_blocks },
	{ "damaged counters are found", test_damaged_counters },
	{ NULL, NULL }
};

const struct test_suite buddy_check_suite = { "buddy_check", cases };
