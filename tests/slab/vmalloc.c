/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: memory contiguous to its user only: which frames it takes,
 * where it lies, what happens when frames end in the middle.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "slab/extras/vmalloc.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)
#define MOST	(MEM / 4 * 3)

struct frames {
	pfn_t pfn[64];
	unsigned int nr;
};

static void note_frame(void *ctx, pfn_t pfn)
{
	struct frames *frames = ctx;

	if (frames->nr < 64)
		frames->pfn[frames->nr] = pfn;
	frames->nr++;
}

/* As many frames as pages, each once, all of buddy's; all come back. */
static void test_frames(void)
{
	struct frames frames = { .nr = 0 };
	struct slab_machine m;
	uint64_t before;
	unsigned int i;
	char *p;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	before = slab_machine_used(&m);
	p = vmalloc(m.sa, 0, 9 * PAGE_SIZE + 1, GFP_KERNEL, NUMA_NO_NODE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_TRUE(is_vmalloc_addr(m.sa, p));
	CU_ASSERT_FALSE(is_vmalloc_addr(m.sa, &m));
	CU_ASSERT_EQUAL(slab_machine_used(&m), before + 10);
	CU_ASSERT_EQUAL(vmalloc_pages(m.sa), 10);
	CU_ASSERT_TRUE(vmalloc_for_each_frame(m.sa, p, note_frame, &frames));
	CU_ASSERT_EQUAL(frames.nr, 10);
	for (i = 0; i < 10; i++)
		CU_ASSERT_TRUE(page_from_pfn(m.map, frames.pfn[i])->flags & PG_allocated);
	CU_ASSERT_FALSE(vmalloc_for_each_frame(m.sa, p + 1, note_frame, &frames));
	memset(p, 1, 10 * PAGE_SIZE);
	CU_ASSERT_EQUAL(vfree(m.sa, 0, p + PAGE_SIZE), -EINVAL);
	CU_ASSERT_EQUAL(m.nr_reports, 1);
	CU_ASSERT_EQUAL(vfree(m.sa, 0, p), 0);
	CU_ASSERT_EQUAL(vfree(m.sa, 0, p), -EINVAL);
	CU_ASSERT_EQUAL(vfree(m.sa, 0, NULL), 0);
	CU_ASSERT_EQUAL(m.nr_reports, 2);
	CU_ASSERT_EQUAL(slab_machine_used(&m), before);
	/* A new area at the old place is clean. */
	p = vmalloc(m.sa, 0, PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE);
	CU_ASSERT_EQUAL(p[0], 0);
	vfree(m.sa, 0, p);
	slab_machine_destroy(&m);
}

/*
 *   |a:2|g|b:3|g|c:1|g|  -> b freed ->  |a:2|g|    4    |c:1|g|
 * A hole of four pages takes three and their guard, not four.
 */
static void test_places(void)
{
	struct slab_machine m;
	char *a, *b, *c, *d, *e;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	a = vmalloc(m.sa, 0, 2 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE);
	b = vmalloc(m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE);
	c = vmalloc(m.sa, 0, PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE);
	CU_ASSERT_PTR_EQUAL(b, a + 3 * PAGE_SIZE);
	CU_ASSERT_PTR_EQUAL(c, b + 4 * PAGE_SIZE);
	vfree(m.sa, 0, b);
	d = vmalloc(m.sa, 0, 4 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE);
	CU_ASSERT_PTR_EQUAL(d, c + 2 * PAGE_SIZE);
	e = vmalloc(m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE);
	CU_ASSERT_PTR_EQUAL(e, b);
	CU_ASSERT_TRUE(slab_machine_sound(&m));
	vfree(m.sa, 0, a);
	vfree(m.sa, 0, c);
	vfree(m.sa, 0, d);
	vfree(m.sa, 0, e);
	CU_ASSERT_EQUAL(vmalloc_pages(m.sa), 0);
	slab_machine_destroy(&m);
}

static sigjmp_buf fault_jump;

static void on_fault(int sig)
{
	siglongjmp(fault_jump, sig);
}

/* The page behind an area faults, and so does an area that was freed. */
static void test_guard(void)
{
	struct sigaction act = { .sa_handler = on_fault }, old;
	struct slab_machine m;
	volatile char *p;
	volatile int faults = 0;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	p = vmalloc(m.sa, 0, 2 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE);
	sigaction(SIGSEGV, &act, &old);
	if (!sigsetjmp(fault_jump, 1))
		p[2 * PAGE_SIZE] = 1;
	else
		faults++;
	vfree(m.sa, 0, (char *)p);
	if (!sigsetjmp(fault_jump, 1))
		p[0] = 1;
	else
		faults++;
	sigaction(SIGSEGV, &old, NULL);
	CU_ASSERT_EQUAL(faults, 2);
	slab_machine_destroy(&m);
}

/* More than there is: nothing is kept of the try. */
static void test_exhausted(void)
{
	struct slab_machine m;
	uint64_t before;
	void *p;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	before = slab_machine_used(&m);
	CU_ASSERT_PTR_NULL(vmalloc(m.sa, 0, 0, GFP_KERNEL, NUMA_NO_NODE));
	CU_ASSERT_PTR_NULL(vmalloc(m.sa, 0, SIZE_MAX, GFP_KERNEL, NUMA_NO_NODE));
	p = vmalloc(m.sa, 0, MOST, GFP_KERNEL, NUMA_NO_NODE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_PTR_NULL(vmalloc(m.sa, 0, MOST, GFP_KERNEL, NUMA_NO_NODE));
	CU_ASSERT_EQUAL(slab_machine_used(&m), before + MOST / PAGE_SIZE);
	slab_set_fail(m.sa, 1, 1);
	CU_ASSERT_PTR_NULL(vmalloc(m.sa, 0, 1, GFP_KERNEL, NUMA_NO_NODE));
	CU_ASSERT_TRUE(slab_machine_sound(&m));
	vfree(m.sa, 0, p);
	CU_ASSERT_EQUAL(slab_machine_used(&m), before);
	slab_machine_destroy(&m);
}

/* kvmalloc tries one block, then single frames; who may not wait gets no area. */
static void test_kvmalloc(void)
{
	size_t too_large = PAGE_SIZE << (MAX_PAGE_ORDER + 1);
	struct slab_machine m;
	char *p;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	p = kvmalloc(m.sa, 0, 100, GFP_KERNEL);
	CU_ASSERT_FALSE(is_vmalloc_addr(m.sa, p));
	CU_ASSERT_EQUAL(kvfree(m.sa, 0, p), 0);
	p = kvmalloc(m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL);
	CU_ASSERT_FALSE(is_vmalloc_addr(m.sa, p));
	CU_ASSERT_EQUAL(kvfree(m.sa, 0, p), 0);
	p = kvmalloc(m.sa, 0, too_large, GFP_KERNEL);
	CU_ASSERT_TRUE(is_vmalloc_addr(m.sa, p));
	p[too_large - 1] = 1;
	CU_ASSERT_EQUAL(kvfree(m.sa, 0, p), 0);
	CU_ASSERT_PTR_NULL(kvmalloc(m.sa, 0, too_large, GFP_ATOMIC));
	CU_ASSERT_PTR_NULL(kvmalloc(m.sa, 0, 3ULL << 30, GFP_KERNEL));
	CU_ASSERT_EQUAL(kvfree(m.sa, 0, NULL), 0);
	/* Up to a page kmalloc's word is final. */
	slab_set_fail(m.sa, 1, 1);
	CU_ASSERT_PTR_NULL(kvmalloc(m.sa, 0, PAGE_SIZE, GFP_KERNEL));
	CU_ASSERT_EQUAL(vmalloc_pages(m.sa), 0);
	/* What is left at the end goes with the machine. */
	CU_ASSERT_PTR_NOT_NULL(vmalloc(m.sa, 0, 5 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE));
	slab_allocator_destroy(m.sa);
	CU_ASSERT_EQUAL(buddy_validate(m.buddy, NULL, NULL), 0);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	buddy_destroy(m.buddy);
	pagemap_destroy(m.map);
}

/* The validator sees a frame that somebody else gave back. */
static void test_validate(void)
{
	struct frames frames = { .nr = 0 };
	struct slab_machine m;
	void *p;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	p = vmalloc(m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL, NUMA_NO_NODE);
	vmalloc_for_each_frame(m.sa, p, note_frame, &frames);
	page_from_pfn(m.map, frames.pfn[1])->flags &= ~PG_allocated;
	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 1);
	page_from_pfn(m.map, frames.pfn[1])->flags |= PG_allocated;
	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);
	vfree(m.sa, 0, p);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "frames", test_frames },
	{ "places", test_places },
	{ "guard page", test_guard },
	{ "exhausted", test_exhausted },
	{ "kvmalloc", test_kvmalloc },
	{ "validate", test_validate },
	{ NULL, NULL }
};
const struct test_suite vmalloc_suite = { "vmalloc", cases };
