/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: metrics, of a replay's ledger and of one that is filled by hand. */
#include <stdlib.h>
#include <string.h>

#include "sim/metrics/shrink.h"
#include "sim/metrics/timeline.h"
#include "tests/sim/replay/rig.h"

/* Top lists are sorted, shares add up, and suspects carry their age. */
static void test_metrics_lists(void)
{
	struct cache_metrics *caches;
	struct leak_metrics *leaks;
	struct site_metrics *sites;
	struct event ev;
	struct rig rig;
	int nr, i;

	rig_up(&rig, 64 << 20, NULL);
	for (i = 0; i < 10; i++)
		feed(&rig, object(EV_CACHE_ALLOC, 0x10000 + i * 512, 500, 512, 3));
	for (i = 0; i < 3; i++) {
		ev = object(EV_CACHE_ALLOC, 0x20000 + i * 512, 33, 64, 4);
		ev.call_site = 2;
		ev.time_ns = 1000 * ((uint64_t)i + 1);
		feed(&rig, ev);
	}
	caches = metrics_caches(&rig.rp->ledger, BY_LIVE_BYTES, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 2);
	CU_ASSERT_STRING_EQUAL(caches[0].name, "dentry");
	CU_ASSERT_EQUAL(caches[0].record->live, 10);
	CU_ASSERT_EQUAL(caches[0].waste, caches[0].held - 5000);
	free(caches);
	sites = metrics_sites(&rig.rp->ledger, BY_WASTE, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 2);
	CU_ASSERT_EQUAL(sites[0].site, 1);
	CU_ASSERT_EQUAL(sites[0].waste, 120);
	CU_ASSERT_EQUAL(sites[1].waste, 93);
	free(sites);
	feed(&rig, object(EV_CACHE_FREE, 0x20000, 0, 0, 4));
	leaks = metrics_leaks(&rig.rp->ledger, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 2);
	CU_ASSERT_EQUAL(leaks[1].site, 2);
	CU_ASSERT_EQUAL(leaks[1].objects, 2);
	CU_ASSERT_EQUAL(leaks[1].bytes_req, 66);
	CU_ASSERT_EQUAL(leaks[1].oldest_event, 11);
	CU_ASSERT_EQUAL(leaks[1].newest_event, 12);
	CU_ASSERT_EQUAL(leaks[1].oldest_ns, 2000);
	free(leaks);
	/* What was freed is no waste of its site any more. */
	sites = metrics_sites(&rig.rp->ledger, BY_WASTE, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 2);
	CU_ASSERT_EQUAL(sites[1].waste, 62);
	free(sites);
	rig_down(&rig);
}

/* Of suspects with as many bytes the one that began to leak first comes first. */
static void test_leaks_of_equal_size(void)
{
	static const uint32_t sites[] = { 2, 1, 3 };
	struct leak_metrics *leaks;
	struct rig rig;
	int nr, i;

	rig_up(&rig, 64 << 20, NULL);
	for (i = 0; i < 6; i++) {
		struct event ev = object(EV_KMALLOC, 0x1000 + (uint64_t)i * 64, 50, 64, 0);

		ev.call_site = sites[i % 3];
		feed(&rig, ev);
	}
	leaks = metrics_leaks(&rig.rp->ledger, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 3);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(leaks[i].site, sites[i]);
		CU_ASSERT_EQUAL(leaks[i].bytes_req, 100);
		CU_ASSERT_EQUAL(leaks[i].oldest_event, leaks[0].oldest_event + (uint64_t)i);
	}
	free(leaks);
	rig_down(&rig);
}

/* A sample whose figures do not add up is noticed. */
static void test_check_can_fail(void)
{
	struct sample sample;
	struct rig rig;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, object(EV_KMALLOC, 0x1000, 100, 128, 0));
	rig.rp->ledger.time_ns = 5000;
	metrics_sample(rig.machine, &rig.rp->ledger, 2000, &sample);
	CU_ASSERT_EQUAL(sample.time_us, 3);
	CU_ASSERT_EQUAL(metrics_check(&sample), 0);
	sample.free_pages--;
	CU_ASSERT_EQUAL(metrics_check(&sample), 1);
	sample.free_pages++;
	sample.slab_pages--;
	CU_ASSERT(metrics_check(&sample) >= 1);
	sample.slab_pages++;
	sample.requested = 129;
	CU_ASSERT_EQUAL(metrics_check(&sample), 1);
	rig_down(&rig);
}

/*
 * A program's library keeps freed objects in threads' sheaves: to the slabs they are
 * in use, to whoever reads the figures they are free.
 *
 *	a slab:	[7 live][3 in sheaves][the rest: free]
 */
static void test_waiting(void)
{
	struct kmem_cache_args args = { .name = "tens", .size = 640 };
	struct kerror err = { 0 };
	struct machine_config cfg;
	struct cache_metrics *caches;
	struct internal_metrics im;
	struct ledger_cache *record;
	struct machine *machine;
	struct ledger ledger;
	struct kmem_cache *s;
	struct slabinfo info;
	int nr, i;

	machine_config_default(&cfg);
	cfg.mem_bytes = 64 << 20;
	CU_ASSERT_EQUAL_FATAL(machine_create(&machine, &cfg, &err), 0);
	CU_ASSERT_EQUAL_FATAL(ledger_init(&ledger, 1, false), 0);
	s = kmem_cache_create(machine->slab, &args, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (i = 0; i < 10; i++)
		CU_ASSERT_PTR_NOT_NULL(kmem_cache_alloc(s, 0, GFP_KERNEL));
	CU_ASSERT_EQUAL_FATAL(ledger_add_cache(&ledger, s, &err), 1);
	record = &ledger.caches[1];
	record->live = 7;
	record->waiting = 3;
	ledger.total.live_objects = 7;
	ledger.total.bytes_req = record->bytes_req = 7 * 600;
	ledger.total.bytes_alloc = record->bytes_alloc = 7 * 640;

	get_slabinfo(s, &info);
	metrics_internal(machine, &ledger, &im);
	CU_ASSERT_EQUAL(im.requested, 7 * 600);
	CU_ASSERT_EQUAL(im.rounding, 7 * 40);
	CU_ASSERT_EQUAL(im.free_objects, (info.num_objs - 10 + 3) * 640);
	CU_ASSERT_EQUAL(im.held, im.requested + im.rounding + im.free_objects + im.slab_tails +
				 im.large_rounding);
	caches = metrics_caches(&ledger, BY_LIVE_BYTES, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 1);
	CU_ASSERT_STRING_EQUAL(caches[0].name, "tens");
	CU_ASSERT_EQUAL(caches[0].free_objects, info.num_objs - 10 + 3);
	CU_ASSERT_EQUAL(caches[0].held, info.slab_pages * PAGE_SIZE);
	CU_ASSERT_EQUAL(caches[0].waste, info.slab_pages * PAGE_SIZE - 7 * 600);
	free(caches);
	ledger_exit(&ledger);
	machine_destroy(machine);
}

/* A cache that holds nothing and never did is not among the caches; one that was used and is empty is. */
static void test_unused_caches(void)
{
	struct cache_metrics *caches;
	struct kerror err = { 0 };
	struct rig rig;
	int nr;

	rig_up(&rig, 64 << 20, NULL);
	feed(&rig, object(EV_CACHE_ALLOC, 0x1000, 192, 192, 3));
	feed(&rig, object(EV_CACHE_FREE, 0x1000, 0, 0, 3));
	CU_ASSERT(ledger_add_cache(&rig.rp->ledger, kmalloc_slab(rig.machine->slab, 4000, GFP_KERNEL), &err) > 1);
	caches = metrics_caches(&rig.rp->ledger, BY_WASTE, &nr);
	CU_ASSERT_EQUAL_FATAL(nr, 1);
	CU_ASSERT_STRING_EQUAL(caches[0].name, "dentry");
	free(caches);
	rig_down(&rig);
}

static uint64_t free_frames(const struct machine *m, uint64_t *pcp)
{
	struct machine_pages pages;

	machine_count_pages(m, &pages);
	*pcp = pages.pcp;
	return pages.free_lists + pages.pcp;
}

/*
 * Frames on per-CPU lists belong to no block of the free lists. Before the caches are
 * shrunk they are given back, and again behind it: the frames of the slabs that went
 * were put there.
 */
static void test_shrink_drains(void)
{
	struct shrink_metrics shrink;
	uint64_t all, pcp, freed;
	struct rig rig;
	unsigned int i;

	rig_up(&rig, 64 << 20, NULL);
	/* Slabs of one frame, all empty, and a frame that came and went. */
	for (i = 0; i < 2000; i++)
		feed(&rig, object(EV_CACHE_ALLOC, 0x10000 + i * 0x100, 192, 192, 3));
	for (i = 0; i < 2000; i++)
		feed(&rig, object(EV_CACHE_FREE, 0x10000 + i * 0x100, 0, 0, 3));
	feed(&rig, block(EV_PAGE_ALLOC, 5, 0));
	feed(&rig, block(EV_PAGE_FREE, 5, 0));
	all = free_frames(rig.machine, &pcp);
	CU_ASSERT_FATAL(pcp > 0);

	metrics_shrink(rig.machine, &shrink);
	CU_ASSERT(shrink.slabs > 0);
	CU_ASSERT_EQUAL(shrink.before.info[0].free_pages, all);
	freed = shrink.before.slab_pages - shrink.after.slab_pages;
	CU_ASSERT(freed > 0);
	CU_ASSERT_EQUAL(shrink.after.info[0].free_pages, all + freed);
	CU_ASSERT_EQUAL(free_frames(rig.machine, &pcp), all + freed);
	CU_ASSERT_EQUAL(pcp, 0);
	rig_down(&rig);
}

/* The peak is the first of the samples with the most used frames. */
static void test_timeline_peak(void)
{
	static const int64_t used[] = { 3, 7, 5, 7, 1 };
	struct sample sample = { 0 };
	struct timeline tl;
	int i;

	timeline_init(&tl, NULL);
	for (i = 0; i < 5; i++) {
		sample.event = i + 1;
		sample.used_pages = used[i];
		timeline_add(&tl, &sample);
	}
	CU_ASSERT_EQUAL(tl.nr, 5);
	CU_ASSERT_EQUAL(tl.first.event, 1);
	CU_ASSERT_EQUAL(tl.peak.event, 2);
	CU_ASSERT_EQUAL(tl.last.event, 5);
}

static const struct test_case cases[] = {
	{ "metrics_lists", test_metrics_lists },
	{ "leaks_of_equal_size", test_leaks_of_equal_size },
	{ "check_can_fail", test_check_can_fail },
	{ "waiting", test_waiting },
	{ "unused_caches", test_unused_caches },
	{ "shrink_drains", test_shrink_drains },
	{ "timeline_peak", test_timeline_peak },
	{ NULL, NULL }
};

const struct test_suite metrics_suite = { "metrics", cases };
