/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what is built from kmalloc: another size for an object,
 * arrays, objects that leave nothing readable, and release bound to a scope.
 */
#include <errno.h>
#include <string.h>

#include "slab/cache.h"
#include "slab/extras/cleanup.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)

static uint64_t live_objects(const struct slab_machine *m)
{
	struct kmem_cache *s;
	uint64_t nr = 0;

	for_each_cache(m->sa, s)
		nr += slab_machine_info(s).used_objs;
	return nr;
}

/* Larger within the class: the same place; beyond it: another with the old bytes. */
static void test_krealloc(void)
{
	struct slab_machine m;
	char *p, *q;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	p = krealloc(m.sa, 0, NULL, 30, GFP_KERNEL);
	memcpy(p, "the first bytes stay", sizeof("the first bytes stay"));
	CU_ASSERT_PTR_EQUAL(krealloc(m.sa, 0, p, 32, GFP_KERNEL), p);
	q = krealloc(m.sa, 0, p, 33, GFP_KERNEL);
	CU_ASSERT_PTR_NOT_EQUAL(q, p);
	CU_ASSERT_STRING_EQUAL(q, "the first bytes stay");
	CU_ASSERT_EQUAL(ksize(m.sa, q), 64);
	CU_ASSERT_EQUAL(ksize(m.sa, p), 0);
	/* smaller: the same place */
	CU_ASSERT_PTR_EQUAL(krealloc(m.sa, 0, q, 1, GFP_KERNEL), q);
	/* into frames of its own and on */
	p = krealloc(m.sa, 0, q, 3 * PAGE_SIZE, GFP_KERNEL);
	CU_ASSERT_STRING_EQUAL(p, "the first bytes stay");
	CU_ASSERT_PTR_EQUAL(krealloc(m.sa, 0, p, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	CU_ASSERT_PTR_EQUAL(krealloc(m.sa, 0, ZERO_SIZE_PTR, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	CU_ASSERT_EQUAL(live_objects(&m), 0);
	CU_ASSERT_EQUAL(slab_large_pages(m.sa), 0);
	slab_machine_destroy(&m);
}

/* No memory: the old object stays. No object: one complaint, and nothing is allocated. */
static void test_krealloc_refused(void)
{
	struct slab_machine m;
	char *p;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	p = kmalloc(m.sa, 0, 16, GFP_KERNEL);
	memcpy(p, "still here", sizeof("still here"));
	slab_set_fail(m.sa, 1, 1);
	CU_ASSERT_PTR_NULL(krealloc(m.sa, 0, p, 1000, GFP_KERNEL));
	CU_ASSERT_STRING_EQUAL(p, "still here");
	CU_ASSERT_PTR_NULL(krealloc(m.sa, 0, p + 8, 1000, GFP_KERNEL));
	CU_ASSERT_EQUAL(m.nr_reports, 1);
	kfree(m.sa, 0, p);
	CU_ASSERT_PTR_NULL(krealloc(m.sa, 0, p, 1000, GFP_KERNEL));
	CU_ASSERT_EQUAL(m.nr_reports, 2);
	CU_ASSERT_EQUAL(m.reports[0].what, SLAB_BAD_ADDRESS);
	CU_ASSERT_EQUAL(m.reports[1].what, SLAB_DOUBLE_FREE);
	CU_ASSERT_EQUAL(live_objects(&m), 0);
	slab_machine_destroy(&m);
}

/* n * size does not wrap round to something small. */
static void test_array(void)
{
	struct slab_machine m;
	char *p;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	p = kmalloc_array(m.sa, 0, 5, 20, GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_EQUAL(ksize(m.sa, p), 128);
	CU_ASSERT_EQUAL(p[99], 0);
	kfree(m.sa, 0, p);
	CU_ASSERT_PTR_NULL(kmalloc_array(m.sa, 0, 1ULL << 61, 8, GFP_KERNEL));
	CU_ASSERT_PTR_NULL(kmalloc_array(m.sa, 0, SIZE_MAX, 2, GFP_KERNEL));
	CU_ASSERT_PTR_EQUAL(kmalloc_array(m.sa, 0, 0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	CU_ASSERT_EQUAL(live_objects(&m), 0);
	slab_machine_destroy(&m);
}

/*
 * Of a secret nothing is left but what the free list needs: a link, whose bytes
 * are an address and may be anything.
 *
 *   freed:  | 0 0 0 .. 0 | link | 0 0 0 .. 0 |
 */
static void test_sensitive(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i;
	char *p;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	p = kmalloc(m.sa, 0, 64, GFP_KERNEL);
	s = slab_cache_of(m.sa, p);
	memset(p, 's', 64);
	CU_ASSERT_EQUAL(kfree_sensitive(m.sa, 0, p), 0);
	for (i = 0; i < 64; i++)
		if (i < s->offset || i >= s->offset + sizeof(void *))
			CU_ASSERT_EQUAL(p[i], 0);
	CU_ASSERT_EQUAL(kfree_sensitive(m.sa, 0, NULL), 0);
	CU_ASSERT_EQUAL(kfree_sensitive(m.sa, 0, p), -EALREADY);
	slab_machine_destroy(&m);
}

/* Returns what it kept; leaves early when @fail says so. */
static void *scope(struct slab_machine *m, struct kmem_cache *s, bool fail)
{
	struct owned_object a __free(kfree) = own_object(m->sa, 0, kmalloc(m->sa, 0, 64, GFP_KERNEL));
	struct owned_object b __free(kvfree) =
		own_object(m->sa, 0, kvmalloc(m->sa, 0, 3 * PAGE_SIZE, GFP_KERNEL));
	struct owned_object c __free(kmem_cache_free) =
		own_cache_object(s, 0, kmem_cache_alloc(s, 0, GFP_KERNEL));

	if (fail || !a.ptr || !b.ptr || !c.ptr)
		return NULL;
	return no_free_ptr(c);
}

/* However a scope is left, what it owns is freed; what was taken out of it is not. */
static void test_scope(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *kept;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	s = slab_machine_cache(&m, "scoped", 40);
	CU_ASSERT_PTR_NULL(scope(&m, s, true));
	CU_ASSERT_EQUAL(live_objects(&m), 0);
	CU_ASSERT_EQUAL(slab_large_pages(m.sa), 0);
	kept = scope(&m, s, false);
	CU_ASSERT_PTR_NOT_NULL(kept);
	CU_ASSERT_EQUAL(live_objects(&m), 1);
	slab_set_fail(m.sa, 1, -1);
	CU_ASSERT_PTR_NULL(scope(&m, s, false));
	slab_set_fail(m.sa, 0, 0);
	CU_ASSERT_EQUAL(m.nr_reports, 0);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, kept), 0);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "krealloc", test_krealloc },
	{ "krealloc refused", test_krealloc_refused },
	{ "arrays", test_array },
	{ "sensitive", test_sensitive },
	{ "scope", test_scope },
	{ NULL, NULL }
};
const struct test_suite krealloc_suite = { "krealloc", cases };
