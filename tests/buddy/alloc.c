/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what a request gets and a free gives back, and what is tried, in
 * which order, when memory is short.
 */
#include <errno.h>
#include <string.h>

#include "tests/buddy/machine.h"

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
	CU_ASSERT_EQUAL(buddy_zone_allocated_pages(m.b, m.zone), 2);
	put(&m, 0, pfn, 1);
	CU_ASSERT_EQUAL(m.b->pages[pfn].refcount, 0);
	CU_ASSERT_EQUAL(buddy_zone_allocated_pages(m.b, m.zone), 0);
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
	/* One frame too few above the mark for all of them: a single one, as any other request gets it. */
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
	/* Only the last one was worth a try. */
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_slowpath), 1);
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
	/* Who may not wait has no right to the reserve either, whatever it must not do. */
	CU_ASSERT_EQUAL(get(&m, 0, GFP_NOWAIT | __GFP_NOFAIL, 0), PFN_NONE_VAL);
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
 * A request that the first try can't serve takes the slow path, whether memory is
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

/* A zone that is down to its low watermark, to the frame, sends a request to the slow path; one above does not. */
static void test_fast_path_at_low(void)
{
	struct machine m;

	machine_small(&m, 2);
	machine_set_pcp(&m, 8, 100);
	get(&m, 0, GFP_KERNEL, 0);
	machine_set_marks(&m, 0, m.zone->free_pages - 1, m.zone->free_pages);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_slowpath), 0);
	machine_set_marks(&m, 0, m.zone->free_pages, m.zone->free_pages);
	CU_ASSERT_NOT_EQUAL(get(&m, 0, GFP_KERNEL, 0), PFN_NONE_VAL);
	CU_ASSERT_EQUAL(buddy_counter(m.b, BC_alloc_slowpath), 1);
	machine_free(&m);
}

/* The fast path through a request changes nothing: same frames, same counts as on the slow one. */
static void test_fast_path_equals_slow(void)
{
	struct machine m[2];
	struct test_rng rng = { 99 };
	uint32_t live[2][256];
	unsigned int nr = 0, i, c, step;

	for (i = 0; i < 2; i++) {
		machine_small(&m[i], 64);
		machine_set_pcp(&m[i], 3, 17);
	}
	/* A failure that never comes keeps the second machine on the slow path. */
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
	{ "the slow path is counted", test_slowpath_counted },
	{ "the fast path ends at the low watermark", test_fast_path_at_low },
	{ "the fast path equals the slow path", test_fast_path_equals_slow },
	{ NULL, NULL }
};

const struct test_suite buddy_alloc_suite = { "buddy_alloc", cases };
