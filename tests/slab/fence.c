/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: objects between guard pages. A handler for SIGSEGV asks the
 * layer, as a program would; each wrong access must be reported once, with both
 * histories, and then be allowed to go on.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "slab/debug/kfence.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)
#define NR	((unsigned int)(MAX_ORDER_NR_PAGES / 2 - 1 < 15 ? MAX_ORDER_NR_PAGES / 2 - 1 : 15))

/* A signal handler gets no argument of ours. */
static struct slab_allocator *guarded;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	bool write = true;

#ifdef __x86_64__
	write = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2;
#endif
	if (!kfence_handle_fault(guarded, info->si_addr, write))
		signal(sig, SIG_DFL);
}

struct rig {
	struct slab_machine m;
	struct kmem_cache *s;
	struct sigaction old;
};

static void rig_up(struct rig *rig, unsigned int interval)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	slab_machine_create(&rig->m, MEM, 1, 1, NULL);
	rig->s = slab_machine_cache(&rig->m, "fenced", 96);
	CU_ASSERT_EQUAL_FATAL(kfence_enable(rig->m.sa, NR, interval, NULL), 0);
	guarded = rig->m.sa;
	sigaction(SIGSEGV, &act, &rig->old);
}

static void rig_down(struct rig *rig)
{
	sigaction(SIGSEGV, &rig->old, NULL);
	CU_ASSERT_EQUAL(kfence_disable(rig->m.sa), 0);
	slab_machine_destroy(&rig->m);
}

static struct kfence_stats stats_of(const struct rig *rig)
{
	struct kfence_stats stats;

	kfence_stats(rig->m.sa, &stats);
	return stats;
}

static void as(struct rig *rig, uint32_t site, uint64_t event)
{
	const struct slab_caller caller = { .site = site, .event = event, .time_ns = event * 10 };

	slab_set_caller(rig->m.sa, &caller);
}

/* An object at the end of its page, so that the byte behind it (up to its alignment) is a guard page's. */
static char *right_object(struct rig *rig)
{
	for (;;) {
		char *p = kmem_cache_alloc(rig->s, 0, GFP_KERNEL);

		CU_ASSERT_TRUE_FATAL(is_kfence_address(rig->m.sa, p));
		if ((uintptr_t)p % PAGE_SIZE)
			return p;
		kmem_cache_free(rig->s, 0, p);
	}
}

/* What cannot be a pool is refused; one pool at a time; all of it comes back. */
static void test_pool(void)
{
	struct slab_machine m;
	struct kerror err = { 0 };
	uint64_t before;
	void *p;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	before = slab_machine_used(&m);
	CU_ASSERT_EQUAL(kfence_enable(m.sa, 0, 1, &err), -EINVAL);
	CU_ASSERT_EQUAL(kfence_enable(m.sa, 1, 0, &err), -EINVAL);
	CU_ASSERT_EQUAL(kfence_enable(m.sa, MAX_ORDER_NR_PAGES / 2, 1, &err), -EINVAL);
	CU_ASSERT_EQUAL(kfence_disable(m.sa), 0);
	CU_ASSERT_EQUAL(kfence_enable(m.sa, 1, 1, &err), 0);
	CU_ASSERT_EQUAL(slab_machine_used(&m), before + 4);
	CU_ASSERT_EQUAL(kfence_enable(m.sa, 1, 1, &err), -EEXIST);
	p = kmalloc(m.sa, 0, 100, GFP_KERNEL);
	CU_ASSERT_TRUE(is_kfence_address(m.sa, p));
	CU_ASSERT_EQUAL(ksize(m.sa, p), 100);
	CU_ASSERT_EQUAL(kfence_disable(m.sa), -EBUSY);
	CU_ASSERT_TRUE(slab_machine_sound(&m));
	CU_ASSERT_EQUAL(kfree(m.sa, 0, p), 0);
	CU_ASSERT_EQUAL(kfence_disable(m.sa), 0);
	CU_ASSERT_EQUAL(slab_machine_used(&m), before);
	slab_machine_destroy(&m);
}

/* Every third request; what does not fit, or finds the pool empty, is skipped and served as usual. */
static void test_sample(void)
{
	void *p[64];
	unsigned int i, fenced = 0;
	struct rig rig;

	rig_up(&rig, 3);
	for (i = 0; i < 6; i++) {
		p[i] = kmem_cache_alloc(rig.s, 0, GFP_KERNEL | __GFP_ZERO);
		CU_ASSERT_EQUAL(is_kfence_address(rig.m.sa, p[i]), i % 3 == 2 && fenced < NR);
		fenced += is_kfence_address(rig.m.sa, p[i]);
		CU_ASSERT_EQUAL(((char *)p[i])[95], 0);
	}
	for (; i < 64; i++)
		p[i] = kmem_cache_alloc(rig.s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(stats_of(&rig).currently_allocated, NR);
	CU_ASSERT_EQUAL(stats_of(&rig).skipped, 64 / 3 - NR);
	CU_ASSERT_TRUE(slab_machine_sound(&rig.m));
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(rig.s, 0, 64, p), 0);
	CU_ASSERT_EQUAL(stats_of(&rig).currently_allocated, 0);
	CU_ASSERT_EQUAL(stats_of(&rig).total_frees, NR);
	CU_ASSERT_EQUAL(stats_of(&rig).total_bugs, 0);
	rig_down(&rig);
}

/* One byte behind, written: one report, who allocated it, and the program goes on. */
static void test_overrun(void)
{
	struct rig rig;
	volatile char *p;

	rig_up(&rig, 1);
	as(&rig, 7, 11);
	p = right_object(&rig);
	as(&rig, 9, 12);
	p[96] = 'x';
	CU_ASSERT_EQUAL(rig.m.nr_reports, 1);
	CU_ASSERT_EQUAL(rig.m.reports[0].what, SLAB_FENCE_OOB);
	CU_ASSERT_PTR_EQUAL(rig.m.reports[0].object, p + 96);
	CU_ASSERT_PTR_EQUAL(rig.m.reports[0].start, p);
	CU_ASSERT_PTR_EQUAL(rig.m.reports[0].owner, rig.s);
	CU_ASSERT_EQUAL(rig.m.reports[0].alloc.by.site, 7);
	CU_ASSERT_EQUAL(rig.m.reports[0].alloc.by.event, 11);
	CU_ASSERT_EQUAL(rig.m.reports[0].free.valid, 0);
	CU_ASSERT_EQUAL(rig.m.reports[0].now.site, 9);
#ifdef __x86_64__
	CU_ASSERT_TRUE(rig.m.reports[0].write);
#endif
	/* the page is open now: a second time is not noticed */
	p[97] = 'y';
	CU_ASSERT_EQUAL(rig.m.nr_reports, 1);
	kmem_cache_free(rig.s, 0, (char *)p);
	CU_ASSERT_EQUAL(rig.m.nr_reports, 1);
	CU_ASSERT_EQUAL(kmem_cache_counter(rig.s, SC_bad_fence), 1);
	rig_down(&rig);
}

/* Read after free: both histories. */
static void test_use_after_free(void)
{
	struct rig rig;
	volatile char *p, c;

	rig_up(&rig, 1);
	as(&rig, 7, 11);
	p = kmem_cache_alloc(rig.s, 0, GFP_KERNEL);
	as(&rig, 8, 12);
	kmem_cache_free(rig.s, 0, (char *)p);
	c = p[5];
	(void)c;
	CU_ASSERT_EQUAL(rig.m.nr_reports, 1);
	CU_ASSERT_EQUAL(rig.m.reports[0].what, SLAB_FENCE_UAF);
	CU_ASSERT_PTR_EQUAL(rig.m.reports[0].object, p + 5);
	CU_ASSERT_EQUAL(rig.m.reports[0].state, SLAB_OBJECT_FREE);
	CU_ASSERT_EQUAL(rig.m.reports[0].alloc.by.site, 7);
	CU_ASSERT_EQUAL(rig.m.reports[0].free.by.site, 8);
	CU_ASSERT_EQUAL(rig.m.reports[0].free.by.event, 12);
#ifdef __x86_64__
	CU_ASSERT_FALSE(rig.m.reports[0].write);
#endif
	rig_down(&rig);
}

/* Beside the object on its own page nothing faults: the canary shows it at the free. */
static void test_canary(void)
{
	struct rig rig;
	char *p;

	rig_up(&rig, 1);
	p = right_object(&rig);
	p[-3] ^= 1;
	p[-1] ^= 1;
	CU_ASSERT_EQUAL(rig.m.nr_reports, 0);
	CU_ASSERT_EQUAL(kmem_cache_free(rig.s, 0, p), 0);
	CU_ASSERT_EQUAL(rig.m.nr_reports, 1);
	CU_ASSERT_EQUAL(rig.m.reports[0].what, SLAB_FENCE_CORRUPTED);
	CU_ASSERT_PTR_EQUAL(rig.m.reports[0].first, p - 3);
	CU_ASSERT_EQUAL(rig.m.reports[0].bytes, 3);
	rig_down(&rig);
}

/* Wrong frees are refused as anywhere else. */
static void test_wrong_frees(void)
{
	struct kmem_cache *other;
	struct rig rig;
	char *p;

	rig_up(&rig, 1);
	other = slab_machine_cache(&rig.m, "other", 96);
	p = kmem_cache_alloc(rig.s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(kmem_cache_free(other, 0, p), -EXDEV);
	CU_ASSERT_EQUAL(kmem_cache_free(rig.s, 0, p + 8), -EINVAL);
	CU_ASSERT_EQUAL(kmem_cache_destroy(rig.s), -EBUSY);
	CU_ASSERT_EQUAL(kmem_cache_free(rig.s, 0, p), 0);
	CU_ASSERT_EQUAL(kmem_cache_free(rig.s, 0, p), -EALREADY);
	CU_ASSERT_EQUAL(kfree(rig.m.sa, 0, p), -EALREADY);
	CU_ASSERT_EQUAL(rig.m.nr_reports, 5);
	CU_ASSERT_EQUAL(rig.m.reports[2].what, SLAB_LIVE_AT_DESTROY);
	CU_ASSERT_EQUAL(rig.m.reports[3].what, SLAB_DOUBLE_FREE);
	CU_ASSERT_EQUAL(kmem_cache_destroy(rig.s), 0);
	/* what faults nowhere near an object is nobody's */
	CU_ASSERT_FALSE(kfence_handle_fault(rig.m.sa, &rig, true));
	rig_down(&rig);
}

/* The object freed longest ago is used next, so that a late use has most time to be noticed. */
static void test_order(void)
{
	void *p[NR], *q;
	unsigned int i;
	struct rig rig;

	rig_up(&rig, 1);
	for (i = 0; i < NR; i++)
		p[i] = kmem_cache_alloc(rig.s, 0, GFP_KERNEL);
	for (i = NR; i-- > 0;)
		kmem_cache_free(rig.s, 0, p[i]);
	q = kmem_cache_alloc(rig.s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL((uintptr_t)q / PAGE_SIZE, (uintptr_t)p[NR - 1] / PAGE_SIZE);
	kmem_cache_free(rig.s, 0, q);
	rig_down(&rig);
}

/*
 * A pool takes the smallest power of two of pages that holds two guard pages, and for each object its page
 * and a guard page. What is left over is guarded, too, and belongs to no object:
 *
 *   | G | G | obj 0 | G | obj 1 | G | obj 2 | G | obj 3 | G | G | G | G | G | G | G |      4 objects, 16 pages
 */
static void test_pool_of(struct slab_machine *m, unsigned int nr)
{
	uint64_t before = slab_machine_used(m), pages = 1;
	char *objects[16] = { NULL }, *pool = (char *)UINTPTR_MAX, *rest;
	unsigned int i, reports = m->nr_reports;

	while (pages < 2 * (nr + 1))
		pages *= 2;
	CU_ASSERT_EQUAL_FATAL(kfence_enable(m->sa, nr, 1, NULL), 0);
	CU_ASSERT_EQUAL(slab_machine_used(m), before + pages);
	for (i = 0; i < nr; i++) {
		char *page;

		objects[i] = kmalloc(m->sa, 0, 100, GFP_KERNEL);
		CU_ASSERT_TRUE_FATAL(is_kfence_address(m->sa, objects[i]));
		memset(objects[i], 'x', 100);
		page = (char *)((uintptr_t)objects[i] & ~(uintptr_t)(PAGE_SIZE - 1));
		if (page - 2 * PAGE_SIZE < pool)
			pool = page - 2 * PAGE_SIZE;
	}
	CU_ASSERT_TRUE(slab_machine_sound(m));
	CU_ASSERT_FALSE(is_kfence_address(m->sa, pool - 1));
	CU_ASSERT_TRUE(is_kfence_address(m->sa, pool));
	CU_ASSERT_TRUE(is_kfence_address(m->sa, pool + pages * PAGE_SIZE - 1));
	CU_ASSERT_FALSE(is_kfence_address(m->sa, pool + pages * PAGE_SIZE));
	CU_ASSERT_EQUAL(m->nr_reports, reports);
	for (rest = pool + 2 * (nr + 1) * PAGE_SIZE; rest < pool + pages * PAGE_SIZE; rest += PAGE_SIZE) {
		CU_ASSERT_TRUE(kfence_handle_fault(m->sa, rest + 1, false));
		CU_ASSERT_EQUAL_FATAL(m->nr_reports, ++reports);
		if (reports > MAX_REPORTS)
			continue;
		CU_ASSERT_EQUAL(m->reports[reports - 1].what, SLAB_FENCE_OOB);
		CU_ASSERT_PTR_NULL(m->reports[reports - 1].cache);
	}
	for (i = 0; i < nr; i++)
		CU_ASSERT_EQUAL(kfree(m->sa, 0, objects[i]), 0);
	CU_ASSERT_EQUAL(kfence_disable(m->sa), 0);
	CU_ASSERT_EQUAL(slab_machine_used(m), before);
}

/* Every size there can be, nearly all of them no power of two. */
static void test_pool_sizes(void)
{
	struct slab_machine m;
	unsigned int nr;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	for (nr = 1; nr <= NR; nr++)
		test_pool_of(&m, nr);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "pool", test_pool },
	{ "pool sizes", test_pool_sizes },
	{ "sample", test_sample },
	{ "overrun", test_overrun },
	{ "use after free", test_use_after_free },
	{ "canary", test_canary },
	{ "wrong frees", test_wrong_frees },
	{ "order", test_order },
	{ NULL, NULL }
};
const struct test_suite slab_fence_suite = { "slab_fence", cases };
