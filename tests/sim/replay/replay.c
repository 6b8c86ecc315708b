/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the replay's ledger. Hand-made events go into a small machine;
 * each loose end of a trace must end in its own counter, and after every
 * sequence the machine's validators and the balance of a sample must hold.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/replay/rig.h"

/* An object comes and goes, and its bytes with it. */
static void test_object(void)
{
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, object(EV_KMALLOC, 0x1000, 100, 128, 0));
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.bytes_req, 100);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.bytes_alloc, 128);
	CU_ASSERT_EQUAL(rig.rp->ledger.sites[1].live, 1);
	rig_check(&rig);
	feed(&rig, object(EV_KFREE, 0x1000, 0, 0, 0));
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 0);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.bytes_req, 0);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.total_req, 100);
	CU_ASSERT_EQUAL(rig.rp->ledger.sites[1].live, 0);
	CU_ASSERT_EQUAL(COUNT(rig, objects_allocated), 1);
	CU_ASSERT_EQUAL(COUNT(rig, objects_freed), 1);
	rig_down(&rig);
}

/* A kmalloc too large for a cache takes frames, and its rounding is the page allocator's. */
static void test_large_kmalloc(void)
{
	struct internal_metrics m;
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, object(EV_KMALLOC, 0x1000, 9000, 16384, 0));
	CU_ASSERT_EQUAL(slab_large_pages(rig.machine->slab), 4);
	metrics_internal(rig.machine, &rig.rp->ledger, &m);
	CU_ASSERT_EQUAL(m.large_rounding, 16384 - 9000);
	CU_ASSERT_EQUAL(m.rounding, 0);
	CU_ASSERT_EQUAL(m.held, m.requested + m.rounding + m.free_objects + m.slab_tails +
				m.large_rounding);
	rig_check(&rig);
	feed(&rig, object(EV_KFREE, 0x1000, 0, 0, 0));
	CU_ASSERT_EQUAL(slab_large_pages(rig.machine->slab), 0);
	rig_down(&rig);
}

/* Each traced size gets a cache with that size, whatever flags it takes. */
static void test_cache_geometry(void)
{
	static const uint32_t sizes[][2] = {
		{ 192, 192 }, { 184, 192 }, { 96, 104 }, { 2304, 2368 }, { 768, 832 }, { 100, 512 },
	};
	struct rig rig;
	uint32_t i;

	rig_up(&rig, 64 << 20, NULL);
	for (i = 0; i < 6; i++) {
		feed(&rig, object(EV_CACHE_ALLOC, 0x10000 + i * 0x1000, sizes[i][0], sizes[i][1], 3));
		CU_ASSERT_EQUAL(rig.rp->ledger.total.bytes_alloc - rig.rp->ledger.total.bytes_req,
				rig.rp->ledger.total.total_alloc - rig.rp->ledger.total.total_req);
		CU_ASSERT_EQUAL(kmem_cache_size(rig.rp->ledger.caches[rig.rp->ledger.nr_caches - 1].cache), sizes[i][1]);
	}
	/* One name, five sizes: five caches; again one of them: no new one. */
	CU_ASSERT_EQUAL(rig.rp->ledger.nr_caches, 6);
	feed(&rig, object(EV_CACHE_ALLOC, 0x90000, 184, 192, 3));
	CU_ASSERT_EQUAL(rig.rp->ledger.nr_caches, 6);
	CU_ASSERT_PTR_NOT_NULL(slab_find_cache(rig.machine->slab, "dentry"));
	CU_ASSERT_PTR_NOT_NULL(slab_find_cache(rig.machine->slab, "dentry:832"));
	rig_down(&rig);
}

/* Without a name the size stands for the cache, and reclaimable ones stay apart. */
static void test_nameless(void)
{
	struct event ev = object(EV_CACHE_ALLOC, 0x1000, 192, 192, 0);
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, ev);
	ev.addr = 0x2000;
	ev.gfp |= __GFP_RECLAIMABLE;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(rig.rp->ledger.nr_caches, 3);
	ev.addr = 0x3000;
	ev.gfp = GFP_KERNEL;
	ev.flags = EVF_OBJECT_RECLAIMABLE;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(rig.rp->ledger.nr_caches, 3);
	CU_ASSERT(kmem_cache_flags(slab_find_cache(rig.machine->slab, "unnamed-rcl-192")) &
		  SLAB_RECLAIM_ACCOUNT);
	CU_ASSERT_PTR_NOT_NULL(slab_find_cache(rig.machine->slab, "unnamed-192"));
	CU_ASSERT_PTR_NOT_NULL(slab_find_cache(rig.machine->slab, "unnamed-rcl-192"));
	rig_down(&rig);
}

/* Every loose end has a counter of its own, and none of them disturbs the machine. */
static void test_loose_ends(void)
{
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, object(EV_KFREE, 0, 0, 0, 0));
	feed(&rig, object(EV_KFREE, 16, 0, 0, 0));
	CU_ASSERT_EQUAL(COUNT(rig, free_null), 2);
	feed(&rig, object(EV_KMALLOC, 16, 0, 0, 0));
	CU_ASSERT_EQUAL(COUNT(rig, zero_size), 1);
	feed(&rig, object(EV_KFREE, 0x7000, 0, 0, 0));
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_object_free), 1);
	feed(&rig, block(EV_PAGE_FREE, 77, 0));
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_page_free), 1);
	feed(&rig, object(EV_CACHE_ALLOC, 0, 64, 64, 3));
	feed(&rig, block(EV_PAGE_ALLOC, EVENT_PFN_FAILED, 3));
	CU_ASSERT_EQUAL(COUNT(rig, traced_alloc_fail), 2);

	feed(&rig, object(EV_KMALLOC, 0x1000, 64, 64, 0));
	feed(&rig, object(EV_KMALLOC, 0x1000, 32, 32, 0));
	CU_ASSERT_EQUAL(COUNT(rig, lost_object_free), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.bytes_req, 32);

	feed(&rig, object(EV_CACHE_ALLOC, 0x2000, 192, 192, 3));
	feed(&rig, object(EV_CACHE_FREE, 0x2000, 0, 0, 4));
	CU_ASSERT_EQUAL(COUNT(rig, cache_mismatch), 1);
	feed(&rig, object(EV_CACHE_ALLOC, 0x3000, 192, 192, 3));
	feed(&rig, object(EV_KFREE, 0x3000, 0, 0, 0));
	CU_ASSERT_EQUAL(COUNT(rig, cache_mismatch), 1);
	CU_ASSERT_EQUAL(COUNT(rig, objects_freed), 2);

	feed(&rig, object(EV_CACHE_ALLOC, 0x4000, 1u << 31, 1u << 31, 5));
	CU_ASSERT_EQUAL(COUNT(rig, impossible_cache), 1);
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 1);

	feed(&rig, (struct event){ .kind = EV_RSS_STAT });
	CU_ASSERT_EQUAL(COUNT(rig, not_replayed), 1);
	rig_down(&rig);
}

/* A block's frames come back whole, in parts, or when their frames are seen again. */
static void test_blocks(void)
{
	struct event ev;
	uint64_t parts;
	struct rig rig;
	int i;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, block(EV_PAGE_ALLOC, 1024, 3));
	CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 8);
	rig_check(&rig);
	feed(&rig, block(EV_PAGE_FREE, 1024, 3));
	CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 0);

	/* Freed in parts, from the middle on, compound or not. */
	for (i = 0; i < 2; i++) {
		ev = block(EV_PAGE_ALLOC, 2048, 2);
		if (i)
			ev.gfp |= __GFP_COMP;
		feed(&rig, ev);
		feed(&rig, block(EV_PAGE_FREE, 2049, 0));
		CU_ASSERT_EQUAL(COUNT(rig, page_split), i + 1);
		CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 3);
		rig_check(&rig);
		feed(&rig, block(EV_PAGE_FREE, 2048, 0));
		feed(&rig, block(EV_PAGE_FREE, 2050, 1));
		CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 0);
		rig_check(&rig);
	}

	/* A new block over live ones: those were freed unseen. */
	feed(&rig, block(EV_PAGE_ALLOC, 4096, 0));
	feed(&rig, block(EV_PAGE_ALLOC, 4098, 1));
	feed(&rig, block(EV_PAGE_ALLOC, 4096, 2));
	CU_ASSERT_EQUAL(COUNT(rig, lost_page_free), 2);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_blocks, 1);
	/* And one inside a live block. */
	feed(&rig, block(EV_PAGE_ALLOC, 4099, 0));
	CU_ASSERT_EQUAL(COUNT(rig, lost_page_free), 3);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 1);

	/*
	 * Freed with a larger order than allocated: what lies in the range goes. The
	 * last two frames of the blocks taken apart above were freed that way, too.
	 */
	parts = COUNT(rig, page_order_mismatch);
	CU_ASSERT_EQUAL(parts, 2);
	feed(&rig, block(EV_PAGE_ALLOC, 8192, 0));
	feed(&rig, block(EV_PAGE_ALLOC, 8193, 0));
	feed(&rig, block(EV_PAGE_FREE, 8192, 1));
	CU_ASSERT_EQUAL(COUNT(rig, page_order_mismatch), 1 + parts);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 1);
	rig_down(&rig);
}

/* A block of two frames is found by its second frame, too: by a free and by a new block there. */
static void test_pairs(void)
{
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, block(EV_PAGE_ALLOC, 2048, 1));
	feed(&rig, block(EV_PAGE_FREE, 2049, 0));
	CU_ASSERT_EQUAL(COUNT(rig, page_split), 1);
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_page_free), 0);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 1);
	rig_check(&rig);
	feed(&rig, block(EV_PAGE_FREE, 2048, 0));
	CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 0);

	feed(&rig, block(EV_PAGE_ALLOC, 4096, 1));
	feed(&rig, block(EV_PAGE_ALLOC, 4097, 0));
	CU_ASSERT_EQUAL(COUNT(rig, lost_page_free), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_blocks, 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 1);
	rig_down(&rig);
}

/* A page event that resolve marked is left out, unless only pages are replayed. */
static void test_layers(void)
{
	struct replay_config rc;
	struct event slab_page = block(EV_PAGE_ALLOC, 100, 0);
	struct rig rig;

	slab_page.flags = EVF_PAGE_SLAB;
	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, slab_page);
	CU_ASSERT_EQUAL(COUNT(rig, slab_page_allocs), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_blocks, 0);
	slab_page.kind = EV_PAGE_FREE;
	feed(&rig, slab_page);
	CU_ASSERT_EQUAL(COUNT(rig, slab_page_frees), 1);
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_page_free), 0);
	rig_down(&rig);

	replay_config_default(&rc);
	rc.layers = LAYERS_PAGES;
	rig_up(&rig, 64 << 20, &rc);
	slab_page.kind = EV_PAGE_ALLOC;
	feed(&rig, slab_page);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_blocks, 1);
	feed(&rig, object(EV_KMALLOC, 0x1000, 64, 64, 0));
	CU_ASSERT_EQUAL(COUNT(rig, layer_skipped), 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 0);
	rig_down(&rig);

	rc.layers = LAYERS_SLAB;
	rig_up(&rig, 64 << 20, &rc);
	feed(&rig, block(EV_PAGE_ALLOC, 200, 0));
	CU_ASSERT_EQUAL(COUNT(rig, layer_skipped), 1);
	feed(&rig, object(EV_KMALLOC, 0x1000, 64, 64, 0));
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 1);
	rig_down(&rig);
}

/* Caches beyond the most there can be: their objects are left out, all else goes on. */
static void test_too_many_caches(void)
{
	const unsigned int nr = SLAB_MAX_CACHES + 10;
	unsigned int i, left_out;
	struct rig rig;
	char name[96];
	name_id id;

	rig_up(&rig, 128 << 20, NULL);
	for (i = 0; i < nr; i++) {
		/* Cut to a cache's name they are all the same. */
		snprintf(name, sizeof(name), "a_name_that_is_longer_than_any_cache_may_be_called_%u", i);
		id = names_intern(rig.names, name, strlen(name));
		CU_ASSERT_EQUAL(feed(&rig, object(EV_CACHE_ALLOC, 0x1000 + i * 64, 24, 24, id)), 0);
	}
	left_out = (unsigned int)COUNT(rig, no_cache_left);
	CU_ASSERT(left_out > 10);
	CU_ASSERT(left_out < 100);
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), left_out);
	CU_ASSERT_EQUAL(COUNT(rig, objects_allocated), nr - left_out);
	CU_ASSERT_EQUAL(rig.rp->no_cache.event, nr - left_out);
	snprintf(name, sizeof(name), "a_name_that_is_longer_than_any_cache_may_be_called_%u",
		 nr - left_out);
	CU_ASSERT_STRING_EQUAL(names_text(rig.names, rig.rp->no_cache.name), name);
	feed(&rig, object(EV_KMALLOC, 0x10, 64, 64, 0));
	for (i = 0; i < nr; i++)
		CU_ASSERT_EQUAL(feed(&rig, object(EV_KFREE, 0x1000 + i * 64, 0, 0, 0)), 0);
	CU_ASSERT_EQUAL(COUNT(rig, failed_free_skipped), left_out);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 0);
	rig_down(&rig);
}

/* Failures that were asked for are counted as such, not as memory that was missing. */
static void test_injected_failures(void)
{
	struct rig rig;
	unsigned int i;

	rig_up(&rig, 64 << 20, NULL);
	slab_set_fail(rig.machine->slab, 2, 3);
	for (i = 0; i < 10; i++)
		feed(&rig, object(i % 4 ? EV_KMALLOC : EV_CACHE_ALLOC, 0x1000 + i * 64, 64, 64, 3));
	CU_ASSERT_EQUAL(COUNT(rig, injected_fail), 3);
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 0);
	feed(&rig, object(EV_CACHE_ALLOC, 0x4000, 1u << 31, 1u << 31, 5));
	CU_ASSERT_EQUAL(COUNT(rig, injected_fail), 3);
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 1);
	rig_down(&rig);
}

/* A full machine fails allocations, skips their frees, and goes on. */
static void test_out_of_memory(void)
{
	struct replay_config rc;
	struct rig rig;
	uint64_t pfn, failed;

	rig_up(&rig, 16 << 20, NULL);
	for (pfn = 0; pfn < 8192; pfn++)
		CU_ASSERT_EQUAL(feed(&rig, block(EV_PAGE_ALLOC, pfn, 0)), 0);
	failed = COUNT(rig, page_alloc_fail);
	CU_ASSERT(failed >= 8192 - 4096);
	CU_ASSERT(failed < 8192);
	feed(&rig, object(EV_KMALLOC, 0x1000, 8000, 8192, 0));
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 1);
	rig_check(&rig);
	for (pfn = 0; pfn < 8192; pfn++)
		CU_ASSERT_EQUAL(feed(&rig, block(EV_PAGE_FREE, pfn, 0)), 0);
	feed(&rig, object(EV_KFREE, 0x1000, 0, 0, 0));
	CU_ASSERT_EQUAL(COUNT(rig, failed_free_skipped), failed + 1);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.block_pages, 0);
	CU_ASSERT_EQUAL(feed(&rig, object(EV_KMALLOC, 0x1000, 8000, 8192, 0)), 0);
	CU_ASSERT_EQUAL(COUNT(rig, object_alloc_fail), 1);
	rig_down(&rig);

	/* A strict replay stops there and says where. */
	replay_config_default(&rc);
	rc.strict = true;
	rig_up(&rig, 16 << 20, &rc);
	for (pfn = 0; pfn < 8192; pfn++) {
		struct event ev = block(EV_PAGE_ALLOC, pfn, 0);

		ev.line = pfn + 1;
		if (feed(&rig, ev))
			break;
	}
	CU_ASSERT(pfn < 4096);
	CU_ASSERT_EQUAL(rig.rp->stop.code, -ECANCELED);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.rp->stop.text, "stopped at line"));
	rig_down(&rig);
}

/* A block we had no memory for may be freed whole, in parts, or be forgotten; nothing is unmatched. */
static void test_failed_blocks(void)
{
	struct rig rig;
	uint64_t i, nr = 0;

	rig_up(&rig, 16 << 20, NULL);
	while (!COUNT(rig, page_alloc_fail))
		feed(&rig, block(EV_PAGE_ALLOC, 0x10000 + 1024 * nr++, 10));
	for (i = 0; i < 1024; i++)
		feed(&rig, block(EV_PAGE_FREE, 0x10000 + 1024 * (nr - 1) + i, 0));
	CU_ASSERT_EQUAL(COUNT(rig, failed_free_skipped), 1024);
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_page_free), 0);
	CU_ASSERT_EQUAL(COUNT(rig, page_split), 0);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_blocks, nr - 1);
	feed(&rig, block(EV_PAGE_ALLOC, 0x90000, 10));
	CU_ASSERT_EQUAL(COUNT(rig, page_alloc_fail), 2);
	feed(&rig, block(EV_PAGE_FREE, 0x90000, 10));
	CU_ASSERT_EQUAL(COUNT(rig, failed_free_skipped), 1025);
	feed(&rig, block(EV_PAGE_ALLOC, 0x90000, 10));
	feed(&rig, block(EV_PAGE_ALLOC, 0x90000 + 3, 0));
	CU_ASSERT_EQUAL(COUNT(rig, lost_page_free), 0);
	rig_down(&rig);
}

/* A slab page that is freed takes along the objects whose frees the trace lost. */
static void test_dead_objects(void)
{
	struct replay_config rc;
	struct event ev;
	struct rig rig;

	replay_config_default(&rc);
	rc.direct_map_known = true;
	rc.direct_map_base = 0xffff888000000000ULL;
	rig_up(&rig, 64 << 20, &rc);
	feed(&rig, object(EV_KMALLOC, 0xffff888000100000ULL, 64, 64, 0));
	feed(&rig, object(EV_KMALLOC, 0xffff888000101fc0ULL, 64, 64, 0));
	feed(&rig, object(EV_KMALLOC, 0xffff888000102000ULL, 64, 64, 0));
	ev = block(EV_PAGE_FREE, 0x100, 1);
	ev.flags = EVF_PAGE_SLAB;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(COUNT(rig, dead_object), 2);
	CU_ASSERT_EQUAL(rig.rp->ledger.total.live_objects, 1);
	feed(&rig, object(EV_KFREE, 0xffff888000100000ULL, 0, 0, 0));
	CU_ASSERT_EQUAL(COUNT(rig, unmatched_object_free), 1);
	rig_down(&rig);
}

/* With owners tracked, blocks are listed by task, and a complaint names both histories. */
static void test_owners(void)
{
	struct machine_config cfg;
	struct replay_config rc;
	struct owner_metrics *owners;
	struct event ev = block(EV_PAGE_ALLOC, 100, 2);
	struct rig rig;
	pfn_t pfn;
	int nr;

	machine_config_default(&cfg);
	cfg.mem_bytes = 64 << 20;
	cfg.page_owner = true;
	replay_config_default(&rc);
	rc.page_owner = true;
	rig_up_machine(&rig, &cfg, &rc);
	ev.pid = 7;
	ev.comm = 1;
	feed(&rig, ev);
	ev.addr = 200;
	feed(&rig, ev);
	ev.addr = 300;
	ev.order = 4;
	ev.pid = 8;
	ev.comm = 2;
	feed(&rig, ev);
	owners = metrics_owners(rig.machine, &rig.rp->ledger, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 2);
	CU_ASSERT_EQUAL(owners[0].pid, 8);
	CU_ASSERT_EQUAL(owners[0].frames, 16);
	CU_ASSERT_EQUAL(owners[0].blocks, 1);
	CU_ASSERT_EQUAL(owners[1].pid, 7);
	CU_ASSERT_EQUAL(owners[1].frames, 8);
	CU_ASSERT_EQUAL(owners[1].blocks, 2);
	CU_ASSERT_EQUAL(owners[0].task, 2);
	CU_ASSERT_EQUAL(owners[0].oldest_event, 2);
	free(owners);

	pfn = pfn_make((uint32_t)live_find(&rig.rp->ledger.blocks, 300)->sim);
	ev.kind = EV_PAGE_FREE;
	feed(&rig, ev);
	CU_ASSERT_EQUAL(buddy_free_pages(rig.machine->buddy, 0, pfn, 4), -EALREADY);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.rp->complaint, "double free"));
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.rp->complaint, "allocated by site_b+0x2 (pid 8) in event 2"));
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.rp->complaint, "freed by site_b+0x2 (pid 8) in event 3"));
	CU_ASSERT_EQUAL(kfree(rig.machine->slab, 0, virt_from_pfn(rig.machine->map, pfn)), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.rp->complaint, "no object starts"));
	rig_down(&rig);
}

/* Random events, wild ones among them: whatever comes, the figures add up. */
static void test_random(void)
{
	struct test_rng rng = { 7 };
	struct rig rig;
	int i;

	rig_up(&rig, 32 << 20, NULL);
	for (i = 0; i < 60000; i++) {
		static const uint8_t kinds[] = { EV_KMALLOC, EV_KFREE, EV_CACHE_ALLOC, EV_CACHE_FREE,
						 EV_PAGE_ALLOC, EV_PAGE_FREE };
		struct event ev = { .kind = kinds[test_rand_below(&rng, 6)], .node = EVENT_NO_NODE };

		ev.cpu = (uint16_t)test_rand_below(&rng, 5);
		ev.call_site = test_rand_below(&rng, 9);
		ev.gfp = test_rand_below(&rng, 8) ? GFP_KERNEL : GFP_ATOMIC | __GFP_ZERO;
		if (ev.kind == EV_PAGE_ALLOC || ev.kind == EV_PAGE_FREE) {
			ev.addr = test_rand_below(&rng, 4096);
			ev.order = (uint8_t)(test_rand_below(&rng, 4) ? 0 : test_rand_below(&rng, 6));
			if (ev.order && test_rand_below(&rng, 2))
				ev.gfp |= __GFP_COMP;
		} else {
			uint32_t size = test_rand_below(&rng, 20) ? test_rand_below(&rng, 700) :
					test_rand_below(&rng, 60000);

			ev.addr = 0x100000 + test_rand_below(&rng, 4000) * 64;
			ev.bytes_req = size;
			ev.bytes_alloc = (size + 63) / 64 * 64;
			if (ev.kind == EV_CACHE_ALLOC)
				ev.cache = test_rand_below(&rng, 6);
		}
		CU_ASSERT_EQUAL(feed(&rig, ev), 0);
		if (i % 997 == 0)
			rig_check(&rig);
	}
	CU_ASSERT(COUNT(rig, lost_object_free) > 0);
	CU_ASSERT(COUNT(rig, page_split) > 0);
	rig_down(&rig);
}

static const struct test_case cases[] = {
	{ "replay_object", test_object },
	{ "replay_large_kmalloc", test_large_kmalloc },
	{ "replay_cache_geometry", test_cache_geometry },
	{ "replay_nameless", test_nameless },
	{ "replay_loose_ends", test_loose_ends },
	{ "replay_blocks", test_blocks },
	{ "replay_pairs", test_pairs },
	{ "replay_layers", test_layers },
	{ "replay_out_of_memory", test_out_of_memory },
	{ "replay_too_many_caches", test_too_many_caches },
	{ "replay_injected_failures", test_injected_failures },
	{ "replay_failed_blocks", test_failed_blocks },
	{ "replay_dead_objects", test_dead_objects },
	{ "replay_owners", test_owners },
	{ "replay_random", test_random },
	{ NULL, NULL }
};

const struct test_suite replay_suite = { "replay", cases };
