/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: requests for many objects at once, and their return. */
#include <stdlib.h>
#include <string.h>

#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)

static uint64_t count(const struct kmem_cache *s, enum slab_counter counter)
{
	return kmem_cache_counter(s, counter);
}

/* A bulk request takes objects as single ones would, across slabs; all or nothing. */
static void test_bulk_alloc(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i, n;
	void **objects;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	objects = calloc(2 * n, sizeof(*objects));
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(s, 0, GFP_KERNEL | __GFP_ZERO, n + 1, objects),
			n + 1);
	for (i = 1; i < n; i++)
		CU_ASSERT_PTR_EQUAL(objects[i], (char *)objects[0] + i * 512);
	CU_ASSERT_EQUAL(count(s, SC_alloc_slab), 2);
	CU_ASSERT_EQUAL(count(s, SC_alloc_fastpath) + count(s, SC_alloc_slowpath), n + 1);
	CU_ASSERT(slab_machine_sound(&m));

	/* memory ends in the middle: what was got goes back */
	buddy_set_fail(m.buddy, 1, -1, 0);
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(s, 0, GFP_KERNEL, 2 * n, objects), 0);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, n + 1);
	CU_ASSERT_EQUAL(count(s, SC_alloc_fail), 1);
	CU_ASSERT_EQUAL(count(s, SC_alloc_fastpath) + count(s, SC_alloc_slowpath) -
			count(s, SC_free_fastpath) - count(s, SC_free_slowpath), n + 1);
	free(objects);
	slab_machine_destroy(&m);
}

/*
 * A bulk free gathers each slab's objects from the end of the array backwards:
 * the last object is the first to be handed out again. Wrong ones are refused
 * and do not hold up the rest.
 */
static void test_bulk_free(void)
{
	void *objects[8], *copy[8], *other;
	struct kmem_cache *s, *t;
	struct slab_machine m;
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	t = slab_machine_cache(&m, "d", 512);
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(s, 0, GFP_KERNEL, 8, objects), 8);
	memcpy(copy, objects, sizeof(copy));
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(s, 0, 8, objects), 0);
	for (i = 0; i < 8; i++)
		CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), copy[7 - i]);

	other = kmem_cache_alloc(t, 0, GFP_KERNEL);
	memcpy(objects, copy, sizeof(copy));
	objects[1] = NULL;
	objects[2] = other;
	objects[3] = copy[0];		/* twice in one array */
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(s, 0, 8, objects), 2);
	CU_ASSERT_EQUAL(count(s, SC_bad_free_cache), 1);
	CU_ASSERT_EQUAL(count(s, SC_bad_free_double), 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 3);
	CU_ASSERT_EQUAL(slab_machine_info(t).used_objs, 1);
	slab_machine_destroy(&m);
}

/* Objects of several slabs in one bulk free: a run ends at the third stranger. */
static void test_bulk_free_runs(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int n, i;
	void **o, *list[6];

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	o = slab_machine_fill(s, 0, 3);
	/* from the back: slab 0, then two of slab 1, then slab 0 again within reach */
	list[5] = o[0]; list[4] = o[n]; list[3] = o[n + 1]; list[2] = o[1];
	list[1] = o[n + 2]; list[0] = o[2];
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(s, 1, 6, list), 0);
	CU_ASSERT_EQUAL(count(s, SC_cpu_partial_free), 2);
	CU_ASSERT_EQUAL(count(s, SC_free_slowpath), 6);
	CU_ASSERT(slab_machine_sound(&m));
	/*
	 * Slab 0's run was o[0] and o[1]; the third stranger, o[n + 2], ended it.
	 * Slab 1's then is o[n + 2], o[n + 1], o[n] or another order of these, and
	 * o[2] came last of all, onto slab 0, which is on the CPU's list by then.
	 */
	for (i = 0; i < 3; i++)
		CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 1, GFP_KERNEL)),
				    slab_machine_page(&m, o[n]));
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 1, GFP_KERNEL), o[2]);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 1, GFP_KERNEL), o[0]);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 1, GFP_KERNEL), o[1]);
	free(o);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "bulk allocation", test_bulk_alloc },
	{ "bulk free", test_bulk_free },
	{ "bulk free in runs", test_bulk_free_runs },
	{ NULL, NULL }
};

const struct test_suite slab_bulk_suite = { "slab_bulk", cases };
