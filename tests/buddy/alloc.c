/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: requests and frees through per-CPU lists, and what is tried,
 * in which order, when memory is short.
 */
#include <errno.h>
#include <string.h>

#include "tests/buddy/machine.h"

static uint32_t get(struct machine *m, unsigned int cpu, gfp_t gfp, unsigned int order)
{
	return buddy_alloc_pages(m->b, cpu, gfp, order, NUMA_NO_NODE).v;
}

static void put(struct machine *m, unsigned int cpu, uint32_t pfn, unsigned int order)
{
	CU_ASSERT_EQUAL(buddy_free_pages(m->b, cpu, pfn_make(pfn), order), 0);
}

/* A refill appends in the order of the free lists; a freed frame is the next one handed out. */
static void test_pcp_order(void)
{
	struct machine m;

	machine_small(&m, 8);
	machine_set_pcp(&m, 4, 100);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(1, 2, 3)));
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 3);
	CU_ASSERT_EQUAL(get(&m, 1, __GFP_MOVABLE, 0), BASE + 4);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 1);
	put(&m, 0, BASE + 4, 0);
	put(&m, 0, BASE + 0, 0);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(0, 4, 2, 3)));
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 0);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 4);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 2);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE, 0), BASE + 3);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, 0, NULL));
	put(&m, 0, BASE + 2, 0);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(2)));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_alloc), 7);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_free), 3);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_refill), 2);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_refill_pages), 8);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pgalloc_dma32), 7);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pgfree), 3);
	machine_free(&m);
}

/* The batch shrinks with the order, down to two blocks; a batch of one stays one. */
static void test_pcp_batch(void)
{
	struct machine m;

	machine_small(&m, 8);
	machine_set_pcp(&m, 8, 1000);
	get(&m, 0, 0, 1);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 2 * 3);
	get(&m, 1, 0, 2);
	CU_ASSERT_EQUAL(m.zone->pcp[1].count, 4 * 1);
	machine_set_pcp(&m, 1, 1000);
	buddy_drain_all_pages(m.b);
	get(&m, 0, 0, 1);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 0);
	machine_free(&m);
}

/* Orders up to 3 and pageblocks have lists of their own, others go straight to the free lists. */
static void test_pcp_orders(void)
{
	struct machine m;
	uint32_t pfn;

	if (!test_kernel_geometry())
		return;
	CU_ASSERT_EQUAL(order_to_pindex(MIGRATE_RECLAIMABLE, 3), 11);
	CU_ASSERT_EQUAL(order_to_pindex(MIGRATE_UNMOVABLE, 9), 12);
	CU_ASSERT_EQUAL(order_to_pindex(MIGRATE_RECLAIMABLE, 9), 12);
	CU_ASSERT_EQUAL(order_to_pindex(MIGRATE_MOVABLE, 9), 13);
	CU_ASSERT_EQUAL(pindex_to_order(11), 3);
	CU_ASSERT_EQUAL(pindex_to_order(13), 9);
	machine_small(&m, 8);
	machine_set_pcp(&m, 4, 5000);
	pfn = get(&m, 0, GFP_TRANSHUGE, 9);
	CU_ASSERT_EQUAL(pfn, BASE);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 512);
	put(&m, 0, pfn, 9);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 9, BASE, LIST(0, 512)));
	pfn = get(&m, 0, GFP_KERNEL, 4);
	put(&m, 0, pfn, 4);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 1024);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_buddy_alloc), 1);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_buddy_free), 1);
	machine_free(&m);
}

/*
 * Frees in a row give back twice as much each time, as far as high - batch;
 * each allocation halves it again. high 20, batch 2: 2, 4, 8, 16, 18.
 */
static void test_free_factor(void)
{
	static const int given[] = { 2, 4, 8, 16, 18, 18 };
	struct machine m;
	uint32_t pfn[200];
	unsigned int i, nr = 0;

	machine_small(&m, 64);
	machine_set_pcp(&m, 2, 20);
	for (i = 0; i < 200; i++)
		pfn[i] = get(&m, 1, __GFP_MOVABLE, 0);
	m.zone->pcp[0].free_factor = 0;
	for (i = 0; i < 6; i++) {
		while (m.zone->pcp[0].count < 19)
			put(&m, 0, pfn[nr++], 0);
		put(&m, 0, pfn[nr++], 0);
		CU_ASSERT_EQUAL(m.zone->pcp[0].count, 20 - given[i]);
	}
	CU_ASSERT_EQUAL(m.zone->pcp[0].free_factor, 4);
	get(&m, 0, __GFP_MOVABLE, 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].free_factor, 2);
	get(&m, 0, __GFP_RECLAIMABLE, 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].free_factor, 1);
	machine_free(&m);
}

/* How many frames a free gives back, as a function of its inputs. */
static void test_nr_pcp_free(void)
{
	struct per_cpu_pages pcp = { .count = 77 };

	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 100, 10, true), 77);
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 5, 10, false), 1);
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 10000, 10, false), 10);
	CU_ASSERT_EQUAL(pcp.free_factor, 1);
	pcp.free_factor = PCP_BATCH_SCALE_MAX;
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 10000, 10, false), 320);
	CU_ASSERT_EQUAL(pcp.free_factor, PCP_BATCH_SCALE_MAX);
	pcp.free_factor = 2;
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 50, 10, false), 40);
	CU_ASSERT_EQUAL(pcp.free_factor, 2);
	pcp.free_factor = 0;
	CU_ASSERT_EQUAL(nr_pcp_free(&pcp, 11, 10, false), 1);
}

/* Freeing larger blocks after frees empties all lists; while kswapd works, they are kept short. */
static void test_pcp_kept_short(void)
{
	struct machine m;
	uint32_t pfn[40], i;

	machine_small(&m, 64);
	machine_set_pcp(&m, 2, 100);
	for (i = 0; i < 40; i++)
		pfn[i] = get(&m, 1, __GFP_MOVABLE, i < 20);
	for (i = 20; i < 30; i++)
		put(&m, 0, pfn[i], 0);
	put(&m, 0, pfn[0], 1);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 12);
	m.zone->pcp[0].free_factor = 1;
	put(&m, 0, pfn[1], 1);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 0);
	m.zone->pcp[0].free_factor = 0;
	zone_set_reclaim_active(m.b, m.zone, true);
	for (i = 30; i < 37; i++)
		put(&m, 0, pfn[i], 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 7);
	put(&m, 0, pfn[37], 0);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 6);
	zone_set_reclaim_active(m.b, m.zone, false);
	CU_ASSERT_EQUAL(m.b->slow, 0);
	machine_free(&m);
}

/*
 * A drain takes from the tail, empties the list it began with as far as needed,
 * then goes on to the next that holds something, around the end.
 */
static void test_drain_order(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 64);
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(get(&m, 1, __GFP_MOVABLE, 0), BASE + i);
	machine_set_pcp(&m, 1, 100);
	/* Three in the movable list; two filed as unmovable, by the pageblock's type when freed. */
	for (i = 0; i < 3; i++)
		put(&m, 0, BASE + 2 * i, 0);
	for (i = 0; i < BLOCK && BASE + i < BASE + 6; i += PB)
		set_pageblock_migratetype(m.b, m.zone, BASE + i, MIGRATE_UNMOVABLE);
	put(&m, 0, BASE + 1, 0);
	put(&m, 0, BASE + 3, 0);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_UNMOVABLE, 0, BASE, LIST(3, 1)));
	free_pcppages_bulk(m.b, m.zone, 2, &m.zone->pcp[0], (int)order_to_pindex(MIGRATE_MOVABLE, 0));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(4)));
	free_pcppages_bulk(m.b, m.zone, 2, &m.zone->pcp[0], (int)order_to_pindex(MIGRATE_MOVABLE, 0));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, 0, NULL));
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_UNMOVABLE, 0, BASE, LIST(3)));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_pcp_drain_pages), 4);
	drain_zone_pages(m.b, m.zone, &m.zone->pcp[0]);
	CU_ASSERT_EQUAL(m.zone->pcp[0].count, 0);
	free_pcppages_bulk(m.b, m.zone, 2, &m.zone->pcp[0], 0);
	buddy_drain_pages(m.b, 99);
	machine_free(&m);
}

/* A pageblock isolated while frames lie on a per-CPU list: the drain asks for its type again. */
static void test_drain_isolated(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 2);
	machine_set_pcp(&m, 2, 100);
	get(&m, 0, __GFP_MOVABLE, 0);
	for (i = 0; i < BLOCK; i += PB)
		set_pageblock_migratetype(m.b, m.zone, BASE + i, MIGRATE_ISOLATE);
	buddy_drain_all_pages(m.b);
	CU_ASSERT(list_is(&m, 0, MIGRATE_ISOLATE, BASE, LIST(1)));
	machine_free(&m);
}

/* The frame says who owns it: one reference, no more state than needed, none once freed. */
static void test_page_state(void)
{
	struct machine m;
	uint32_t pfn;

	machine_small(&m, 2);
	pfn = get(&m, 0, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(m.b->pages[pfn].flags & (PG_allocated | PG_buddy | PG_pcp | PG_head), PG_allocated);
	CU_ASSERT_EQUAL(m.b->pages[pfn].refcount, 1);
	CU_ASSERT_EQUAL(page_order(&m.b->pages[pfn]), 1);
	CU_ASSERT_EQUAL(page_zone_id(&m.b->pages[pfn]), m.zone->id);
	CU_ASSERT_EQUAL(zone_allocated_pages(m.b, m.zone), 2);
	put(&m, 0, pfn, 1);
	CU_ASSERT_EQUAL(m.b->pages[pfn].refcount, 0);
	CU_ASSERT_EQUAL(zone_allocated_pages(m.b, m.zone), 0);
	machine_free(&m);
}

/* __GFP_ZERO clears all frames of the block and says that they were touched. */
static void test_zero(void)
{
	unsigned char *virt;
	struct machine m;
	uint32_t pfn;
	size_t i;

	machine_small(&m, 2);
	pfn = get(&m, 0, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(m.map->nr_touched, 0);
	virt = virt_from_pfn(m.map, pfn_make(pfn));
	memset(virt, 0x5a, 2 * PAGE_SIZE);
	put(&m, 0, pfn, 1);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL | __GFP_ZERO, 1), pfn);
	for (i = 0; i < 2 * PAGE_SIZE; i++)
		if (virt[i])
			break;
	CU_ASSERT_EQUAL(i, 2 * PAGE_SIZE);
	CU_ASSERT_EQUAL(m.map->nr_touched, 2);
	pfn = get(&m, 0, __GFP_MOVABLE, 0);
	virt = virt_from_pfn(m.map, pfn_make(pfn));
	virt[PAGE_SIZE - 1] = 1;
	put(&m, 0, pfn, 0);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_MOVABLE | __GFP_ZERO, 0), pfn);
	CU_ASSERT_EQUAL(virt[PAGE_SIZE - 1], 0);
	machine_free(&m);
}

/* __GFP_COMP makes one compound page, and the free takes it apart. */
static void test_compound(void)
{
	struct machine m;
	uint32_t pfn;

	machine_small(&m, 2);
	pfn = get(&m, 0, GFP_KERNEL | __GFP_COMP, 2);
	CU_ASSERT(m.b->pages[pfn].flags & PG_head);
	CU_ASSERT(m.b->pages[pfn + 3].flags & PG_tail);
	CU_ASSERT_PTR_EQUAL(compound_head(m.map, &m.b->pages[pfn + 3]), &m.b->pages[pfn]);
	put(&m, 0, pfn, 2);
	CU_ASSERT_EQUAL(m.b->pages[pfn + 3].flags, 0);
	pfn = get(&m, 0, __GFP_MOVABLE | __GFP_COMP, 0);
	CU_ASSERT_FALSE(m.b->pages[pfn].flags & PG_head);
	machine_free(&m);
}

/* After a split each frame is freed by itself, and the block as a whole no more; compound or not. */
static void test_split_page(void)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_KERNEL | __GFP_COMP };
	struct machine m;
	uint32_t pfn, i, j;

	machine_small(&m, 2);
	for (j = 0; j < 2; j++) {
		pfn = get(&m, 0, gfps[j], 2);
		CU_ASSERT_EQUAL(buddy_split_page(m.b, pfn_make(pfn)), 0);
		CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(pfn), 2), -EDOM);
		for (i = 0; i < 4; i++) {
			CU_ASSERT_EQUAL(m.b->pages[pfn + i].refcount, 1);
			CU_ASSERT_EQUAL(m.b->pages[pfn + i].flags & (PG_head | PG_tail), 0);
			put(&m, 0, pfn + i, 0);
		}
	}
	pfn = get(&m, 0, GFP_KERNEL, 1);
	m.b->pages[pfn].flags |= PG_slab;
	CU_ASSERT_EQUAL(buddy_split_page(m.b, pfn_make(pfn)), -EINVAL);
	m.b->pages[pfn].flags &= ~PG_slab;
	put(&m, 0, pfn, 1);
	CU_ASSERT_EQUAL(buddy_split_page(m.b, pfn_make(pfn)), -EALREADY);
	CU_ASSERT_EQUAL(buddy_split_page(m.b, PFN_NONE), -EINVAL);
	CU_ASSERT_EQUAL(buddy_split_page(m.b, pfn_make(BASE + BLOCK + 1)), -EINVAL);
	machine_free(&m);
}

/*
 * Halved again and again, each half is a block of its own, freed with its own
 * order and with no other.
 *
 *	|       2       |      ->      | 1 | 0 0 |
 */
static void test_split_to(void)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_KERNEL | __GFP_COMP };
	struct machine m;
	unsigned int j;
	uint32_t pfn;

	machine_small(&m, 2);
	for (j = 0; j < 2; j++) {
		uint64_t free = m.zone->free_pages;

		pfn = get(&m, 0, gfps[j], 2);
		CU_ASSERT_EQUAL(buddy_split_to(m.b, pfn_make(pfn), 3), -EDOM);
		CU_ASSERT_EQUAL(buddy_split_to(m.b, pfn_make(pfn), 1), 0);
		CU_ASSERT_EQUAL(m.b->pages[pfn + 2].flags & (PG_head | PG_tail), 0);
		CU_ASSERT_EQUAL(buddy_free_pages(m.b, 0, pfn_make(pfn), 2), -EDOM);
		CU_ASSERT_EQUAL(buddy_split_to(m.b, pfn_make(pfn + 1), 0), -EINVAL);
		CU_ASSERT_EQUAL(buddy_split_to(m.b, pfn_make(pfn + 2), 0), 0);
		put(&m, 0, pfn + 3, 0);
		put(&m, 0, pfn, 1);
		CU_ASSERT_EQUAL(buddy_split_to(m.b, pfn_make(pfn), 0), -EALREADY);
		buddy_drain_all_pages(m.b);
		CU_ASSERT_EQUAL(m.zone->free_pages, free - 1);
		put(&m, 0, pfn + 2, 0);
		buddy_drain_all_pages(m.b);
		CU_ASSERT_EQUAL(m.zone->free_pages, free);
	}
	machine_free(&m);
}

/* Bulk requests are served from one per-CPU list, and stop above the low watermark. */
static void test_bulk(void)
{
	struct machine m;
	pfn_t pfns[64];
	uint32_t i;

	machine_small(&m, 64);
	machine_set_pcp(&m, 4, 100);
	CU_ASSERT_EQUAL(buddy_alloc_bulk(m.b, 0, __GFP_MOVABLE, NUMA_NO_NODE, 6, pfns), 6);
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(pfns[i].v, BASE + i);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 0, BASE, LIST(6, 7)));
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_bulk_alloc), 6);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_numa_hit), 6);
	CU_ASSERT_EQUAL(buddy_alloc_bulk(m.b, 0, __GFP_MOVABLE, NUMA_NO_NODE, 0, pfns), 0);
	CU_ASSERT_EQUAL(buddy_alloc_bulk(m.b, 0, __GFP_MOVABLE, NUMA_NO_NODE, 1, pfns), 1);
	CU_ASSERT_EQUAL(pfns[0].v, BASE + 6);
	/* One frame too few above the mark for all of them: a single one, the ordinary way. */
	machine_set_marks(&m, 0, m.zone->free_pages - 5, 0);
	CU_ASSERT_EQUAL(buddy_alloc_bulk(m.b, 0, __GFP_MOVABLE, NUMA_NO_NODE, 5, pfns), 1);
	CU_ASSERT_EQUAL(buddy_alloc_bulk(m.b, 0, __GFP_MOVABLE, NUMA_NO_NODE, 4, pfns), 4);
	CU_ASSERT_EQUAL(buddy_alloc_bulk(m.b, 7, 0, NUMA_NO_NODE, 4, pfns), 0);
	CU_ASSERT(pfn_is_none(pfns[0]));
	buddy_set_fail(m.b, 1, 1, 0);
	CU_ASSERT_EQUAL(buddy_alloc_bulk(m.b, 0, 0, NUMA_NO_NODE, 4, pfns), 0);
	machine_free(&m);
}

/* Requests that make no sense get nothing and are counted. */
static void test_bad_requests(void)
{
	struct machine m;

	machine_small(&m, 1);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, NR_PAGE_ORDERS), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, UINT32_MAX), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 2, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT(pfn_is_none(buddy_alloc_pages(m.b, 0, GFP_KERNEL, 0, 1)));
	CU_ASSERT(pfn_is_none(buddy_alloc_pages(m.b, 0, GFP_KERNEL, 0, -2)));
	/* Zone DMA is empty here, and nothing lies below it. */
	CU_ASSERT_EQUAL(get(&m, 0, GFP_DMA, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_fail), 6);
	CU_ASSERT_EQUAL(buddy_free_pages(m.b, 2, pfn_make(BASE), 0), -EINVAL);
	machine_free(&m);
}

static void count_kswapd(void *ctx, unsigned int nid, unsigned int order)
{
	struct machine *m = ctx;

	m->nr_kswapd++;
}

static uint64_t reclaim_some(void *ctx, unsigned int nid, unsigned int order, gfp_t gfp)
{
	struct machine *m = ctx;

	m->nr_reclaim++;
	if (m->nr_reclaim_frees)
		buddy_free_pages(m->b, 0, m->reclaim_frees[--m->nr_reclaim_frees], 0);
	return m->reclaim_claims;
}

/*
 * Between low and min a request wakes kswapd and succeeds; at min it fails; an
 * atomic one goes on, to half of min less a quarter of that.
 */
static void test_watermark_ladder(void)
{
	uint64_t total, left;
	struct machine m;
	unsigned int i;

	machine_small(&m, 64);
	total = m.zone->free_pages;
	buddy_set_kswapd(m.b, count_kswapd, &m);
	machine_set_marks(&m, total - 60, total - 20, total);
	for (i = 0; i < 20; i++)
		CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_kswapd, 0);
	for (i = 0; i < 40; i++)
		CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_kswapd, 40);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_kswapd_wake), 40);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_fail), 1);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_allocstall_normal), 1);
	machine_set_marks(&m, 100, 100, 100);
	while (m.zone->free_pages > 100)
		CU_ASSERT_NOT_EQUAL_FATAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_NOWAIT, 0), PFN_NONE_VAL);
	for (left = 100; left > 50; left--)
		CU_ASSERT_NOT_EQUAL(get(&m, 0, __GFP_HIGH | GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, __GFP_HIGH | GFP_KERNEL, 0), PFN_NONE_VAL);
	for (; left > 38; left--)
		CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_ATOMIC, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_ATOMIC, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_ATOMIC | __GFP_NOMEMALLOC, 0), PFN_NONE_VAL);
	for (; left; left--)
		CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL | __GFP_MEMALLOC, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL | __GFP_MEMALLOC, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->free_pages, 0);
	machine_free(&m);
}

/* What reclaim frees serves the request; when it frees nothing, the request fails, once each. */
static void test_reclaim(void)
{
	struct machine m;
	uint32_t pfn, i;

	machine_small(&m, 2);
	buddy_set_reclaim(m.b, reclaim_some, &m);
	for (i = 0; i < 2 * BLOCK; i++)
		pfn = get(&m, 0, GFP_KERNEL, 0);
	CU_ASSERT_EQUAL(m.nr_reclaim, 0);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_reclaim, 1);
	m.reclaim_claims = 1;
	m.reclaim_frees[0] = pfn_make(pfn);
	m.nr_reclaim_frees = 1;
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 0), pfn);
	CU_ASSERT_EQUAL(m.nr_reclaim, 2);
	/* A callback that claims progress without any does not keep the request going. */
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_reclaim, 3);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_NOWAIT, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_reclaim, 3);
	/* Frames that do not make a block: tried again while something is freed. */
	m.reclaim_frees[0] = pfn_make(BASE);
	m.reclaim_frees[1] = pfn_make(BASE + 2);
	m.reclaim_frees[2] = pfn_make(BASE + 3);
	m.nr_reclaim_frees = 3;
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 1), BASE + 2);
	CU_ASSERT_EQUAL(m.nr_reclaim, 5);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL | __GFP_NORETRY, 1), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_reclaim, 6);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL | __GFP_NOFAIL, 2), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_fail), 5);
	machine_free(&m);
}

/* A costly order gives up after one round, unless it may try harder; then after sixteen. */
static void test_reclaim_costly(void)
{
	struct machine m;
	uint32_t i;

	if (!test_kernel_geometry())
		return;
	machine_small(&m, 2);
	for (i = 0; i < 2 * BLOCK; i++)
		get(&m, 0, GFP_KERNEL, 0);
	buddy_set_reclaim(m.b, reclaim_some, &m);
	m.reclaim_claims = 1;
	m.nr_reclaim_frees = 40;
	for (i = 0; i < 40; i++)
		m.reclaim_frees[i] = pfn_make(BASE + 2 * i);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL | __GFP_NORETRY, 4), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_reclaim, 0);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 4), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_reclaim, 1);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL | __GFP_RETRY_MAYFAIL, 4), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.nr_reclaim, 17);
	machine_free(&m);
}

/* Frames on another CPU's lists are fetched before a request that may wait fails. */
static void test_drain_before_failure(void)
{
	struct machine m;
	uint32_t pfn = 0, i;

	machine_small(&m, 2);
	machine_set_pcp(&m, 1, 100);
	for (i = 0; i < 2 * BLOCK; i++)
		pfn = get(&m, 0, GFP_KERNEL, 0);
	put(&m, 1, pfn, 0);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_NOWAIT, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 0), pfn);
	machine_free(&m);
}

/*
 * An atomic request above order 0 that finds memory below low gets a pageblock
 * reserved; ordinary requests leave it alone until nothing else is left.
 */
static void test_highatomic(void)
{
	struct alloc_context ac;
	struct machine m;
	uint32_t pfn, i;

	machine_small(&m, 4);
	machine_set_marks(&m, 0, 4 * BLOCK, 4 * BLOCK);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_KERNEL, 1), BASE);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, 0);
	pfn = get(&m, 0, GFP_ATOMIC, 1);
	CU_ASSERT_EQUAL(pfn, BASE + 2);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(pfn)), MIGRATE_HIGHATOMIC);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_highatomic_reserve), 1);
	ASSERT_VALID(&m);
	/* From the limit on, no more are reserved. */
	for (i = PB; i < 3 * PB; i += PB)
		reserve_highatomic_pageblock(m.b, BASE + i, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, m.zone->managed_pages / 100 ? 2 * PB : PB);
	/* Its frames are filed as movable on the way back. */
	machine_set_pcp(&m, 1, 100);
	put(&m, 0, pfn, 1);
	CU_ASSERT(pcp_is(&m, 0, MIGRATE_MOVABLE, 1, BASE, LIST(2)));
	CU_ASSERT_EQUAL(page_migratetype(&m.b->pages[pfn]), MIGRATE_HIGHATOMIC);
	buddy_drain_all_pages(m.b);
	/* An atomic request finds it in the reserve again. */
	while (buddy_pageblock_migratetype(m.b, pfn_make(BASE + PB)) == MIGRATE_HIGHATOMIC &&
	       unreserve_highatomic_pageblock(m.b, &(struct alloc_context){ .zonelist = m.b->zonelists[0].zone, .highest_zoneidx = ZONE_MOVABLE, .migratetype = MIGRATE_MOVABLE }, false))
		;
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	CU_ASSERT(prepare_alloc_pages(m.b, 0, GFP_KERNEL, NUMA_NO_NODE, &ac));
	CU_ASSERT_FALSE(unreserve_highatomic_pageblock(m.b, &ac, false));
	CU_ASSERT(unreserve_highatomic_pageblock(m.b, &ac, true));
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, 0);
	CU_ASSERT_FALSE(unreserve_highatomic_pageblock(m.b, &ac, true));
	machine_free(&m);
}

/* The reserve holds a hundredth of the zone and a pageblock more; what begins below that is let in. */
static void test_highatomic_limit(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 100);
	for (i = 0; i < 8 * BLOCK; i += PB)
		reserve_highatomic_pageblock(m.b, BASE + i, m.zone);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, BLOCK + PB);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_highatomic_reserve), BLOCK / PB + 1);
	machine_free(&m);
}

/* With everything else gone, a waiting request dissolves the reserve; an atomic one eats it up. */
static void test_highatomic_last_resort(void)
{
	struct machine m;
	uint32_t nr = 0;

	machine_small(&m, 4);
	machine_set_marks(&m, 0, 4 * BLOCK, 4 * BLOCK);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_ATOMIC, 1), PFN_NONE_VAL);
	while (get(&m, 0, GFP_NOWAIT | __GFP_NOMEMALLOC, 0) != PFN_NONE_VAL)
		nr++;
	/* The whole pageblock counts as unusable, though two of its frames are used. */
	CU_ASSERT_EQUAL(nr, 4 * BLOCK - 2 - PB);
	CU_ASSERT_EQUAL(m.zone->free_pages, PB);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_ATOMIC, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, PB);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->nr_reserved_highatomic, 0);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_highatomic_unreserve), 1);
	machine_free(&m);
}

/*
 * All free memory lies in one reserved pageblock: an ordinary request gets
 * none of it, one for the reserve and one that can't wait do.
 */
static void test_highatomic_rights(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 1);
	machine_take_all(&m);
	set_pageblock_migratetype(m.b, m.zone, BASE, MIGRATE_HIGHATOMIC);
	m.zone->nr_reserved_highatomic = PB;
	zone_update_low_mark(m.zone);
	for (i = 0; i < 4; i++)
		machine_give(&m, BASE + i, 0);
	/* A block that lies in another type's list, as after a race in Linux, does not change its pageblock. */
	move_to_free_list(m.b, m.zone, BASE, 2, MIGRATE_MOVABLE);
	steal_suitable_fallback(m.b, m.zone, BASE, 0, MIGRATE_UNMOVABLE, true);
	CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.b, pfn_make(BASE)), MIGRATE_HIGHATOMIC);
	move_to_free_list(m.b, m.zone, BASE, 2, MIGRATE_HIGHATOMIC);
	CU_ASSERT_EQUAL(rmqueue(m.b, m.zone, m.zone, 0, ALLOC_KSWAPD, MIGRATE_UNMOVABLE, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(rmqueue(m.b, m.zone, m.zone, 0, ALLOC_NON_BLOCK, MIGRATE_UNMOVABLE, 0), BASE);
	prep_new_page(m.b, m.zone, BASE, 0, 0);
	CU_ASSERT_EQUAL(rmqueue(m.b, m.zone, m.zone, 1, ALLOC_HIGHATOMIC, MIGRATE_UNMOVABLE, 0), BASE + 2);
	prep_new_page(m.b, m.zone, BASE + 2, 1, 0);
	machine_free(&m);
}

/* A fragmenting fallback raises the watermarks and wakes kswapd, which takes the boost back. */
static void test_boost(void)
{
	struct machine m;
	uint32_t i;

	if (!test_kernel_geometry())
		return;
	machine_small(&m, 8);
	machine_take_all(&m);
	for (i = 0; i < 64; i++)
		machine_give(&m, BASE + 2 * i, 0);
	machine_set_marks(&m, 0, 0, 1000);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 0);
	buddy_set_kswapd(m.b, count_kswapd, &m);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_fallback), 1);
	for (i = 64; i < 128; i++)
		machine_give(&m, BASE + 4 * BLOCK + 2 * i, 0);
	/* 1000 * 1.5 is the ceiling; it has steps of a pageblock. */
	CU_ASSERT(boost_watermark(m.b, m.zone));
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 512);
	CU_ASSERT(boost_watermark(m.b, m.zone));
	CU_ASSERT(boost_watermark(m.b, m.zone));
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 1500);
	CU_ASSERT_EQUAL(m.zone->low_mark, 1500);
	/* An atomic request for one frame looks past the boost, another does not. */
	CU_ASSERT_EQUAL(get(&m, 0, GFP_NOWAIT, 0), PFN_NONE_VAL);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_ATOMIC, 0), PFN_NONE_VAL);
	buddy_set_kswapd(m.b, NULL, NULL);
	wakeup_kswapd(m.b, m.zone, 0);
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 0);
	m.zone->watermark[WMARK_HIGH] = 0;
	CU_ASSERT_FALSE(boost_watermark(m.b, m.zone));
	m.zone->watermark[WMARK_HIGH] = 10;
	CU_ASSERT(boost_watermark(m.b, m.zone));
	CU_ASSERT_EQUAL(m.zone->watermark_boost, 512);
	m.b->cfg.watermark_boost_factor = 0;
	CU_ASSERT_FALSE(boost_watermark(m.b, m.zone));
	machine_free(&m);
}

/* Zones of less than four pageblocks are never boosted. */
static void test_boost_small_zone(void)
{
	unsigned int nr_blocks = 4 * PB / BLOCK, i;
	struct machine m;

	for (i = 0; i < 2; i++) {
		machine_small(&m, nr_blocks - i);
		machine_set_marks(&m, 0, 0, 1);
		CU_ASSERT_EQUAL(boost_watermark(m.b, m.zone), i == 0);
		CU_ASSERT_EQUAL(m.zone->watermark_boost, i ? 0 : PB);
		machine_free(&m);
	}
}

/*
 * A request that the first try can't serve goes the slow way, whether memory is
 * short or in pieces; kswapd is woken only by those that may.
 */
static void test_slowpath_counted(void)
{
	struct machine m;
	uint32_t i;

	machine_small(&m, 2);
	get(&m, 0, GFP_KERNEL, 0);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_slowpath), 0);
	machine_set_marks(&m, 0, 2 * BLOCK, 2 * BLOCK);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, __GFP_DIRECT_RECLAIM, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_slowpath), 2);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_kswapd_wake), 1);
	machine_set_marks(&m, 0, 0, 0);
	while (get(&m, 0, GFP_NOWAIT, 0) != PFN_NONE_VAL)
		;
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_slowpath), 3);
	for (i = 0; i < 2 * BLOCK; i += 2)
		put(&m, 0, BASE + i, 0);
	CU_ASSERT_EQUAL(get(&m, 0, 0, 1), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(get(&m, 0, GFP_NOWAIT, 1), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_slowpath), 5);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_kswapd_wake), 3);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_fail), 3);
	machine_free(&m);
}

/* The short way through a request changes nothing: same frames, same counts as the long way. */
static void test_short_way_equals_long(void)
{
	struct machine m[2];
	struct test_rng rng = { 99 };
	uint32_t live[2][256];
	unsigned int nr = 0, i, c, step;

	for (i = 0; i < 2; i++) {
		machine_small(&m[i], 64);
		machine_set_pcp(&m[i], 3, 17);
	}
	/* A failure that never comes keeps the second machine on the long way. */
	buddy_set_fail(m[1].b, 1, -1, MAX_PAGE_ORDER);
	for (step = 0; step < 5000; step++) {
		static const gfp_t kinds[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE,
					       GFP_ATOMIC, GFP_USER | __GFP_ZERO };
		gfp_t gfp = kinds[test_rand_below(&rng, 5)];
		unsigned int cpu = test_rand_below(&rng, 2), at;

		if (nr < 100 && test_rand_below(&rng, 2)) {
			for (i = 0; i < 2; i++)
				live[i][nr] = get(&m[i], cpu, gfp, 0);
			CU_ASSERT_EQUAL_FATAL(live[0][nr], live[1][nr]);
			nr++;
		} else if (nr) {
			at = test_rand_below(&rng, nr--);
			for (i = 0; i < 2; i++) {
				put(&m[i], cpu, live[i][at], 0);
				live[i][at] = live[i][nr];
			}
		}
		CU_ASSERT_EQUAL(m[0].zone->pcp[cpu].count, m[1].zone->pcp[cpu].count);
		CU_ASSERT_EQUAL(m[0].zone->pcp[cpu].free_factor, m[1].zone->pcp[cpu].free_factor);
	}
	for (c = 0; c < NR_BUDDY_COUNTERS; c++)
		CU_ASSERT_EQUAL(buddy_counter(m[0].b, c), buddy_counter(m[1].b, c));
	machine_free(&m[0]);
	machine_free(&m[1]);
}

static const struct test_case cases[] = {
	{ "per-CPU lists: order of frames", test_pcp_order },
	{ "per-CPU lists: batch by order", test_pcp_batch },
	{ "per-CPU lists: orders", test_pcp_orders },
	{ "per-CPU lists: free factor", test_free_factor },
	{ "how much a free gives back", test_nr_pcp_free },
	{ "per-CPU lists kept short", test_pcp_kept_short },
	{ "order of a drain", test_drain_order },
	{ "drain of an isolated pageblock", test_drain_isolated },
	{ "state of a frame", test_page_state },
	{ "zeroed frames", test_zero },
	{ "compound pages", test_compound },
	{ "split_page", test_split_page },
	{ "split_to", test_split_to },
	{ "bulk", test_bulk },
	{ "bad requests", test_bad_requests },
	{ "the ladder of watermarks", test_watermark_ladder },
	{ "reclaim", test_reclaim },
	{ "reclaim for costly orders", test_reclaim_costly },
	{ "drain before failure", test_drain_before_failure },
	{ "atomic reserve", test_highatomic },
	{ "size of the atomic reserve", test_highatomic_limit },
	{ "atomic reserve as last resort", test_highatomic_last_resort },
	{ "rights to the atomic reserve", test_highatomic_rights },
	{ "watermark boost", test_boost },
	{ "watermark boost of small zones", test_boost_small_zone },
	{ "the slow way is counted", test_slowpath_counted },
	{ "the short way equals the long way", test_short_way_equals_long },
	{ NULL, NULL }
};

const struct test_suite buddy_alloc_suite = { "buddy_alloc", cases };
