/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what SLUB does with slabs, step by step, as mm/slub.c of 6.1
 * does it: which object comes next, on which list a slab goes, when it is given
 * back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/head.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)

static uint64_t count(const struct kmem_cache *s, enum slab_counter counter)
{
	return kmem_cache_counter(s, counter);
}

static void free_all(struct kmem_cache *s, unsigned int cpu, void **objects, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		CU_ASSERT_EQUAL(kmem_cache_free(s, cpu, objects[i]), 0);
}

/* An allocator costs no frame until somebody wants an object. */
static void test_create_is_cheap(void)
{
	struct slab_machine m;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	CU_ASSERT_EQUAL(m.map->nr_touched, 0);
	slab_machine_destroy(&m);
}

/* A new slab hands its objects out from its start to its end, then the next one is made. */
static void test_ascending(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *first;
	unsigned int i, n;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 256);
	n = kmem_cache_objs_per_slab(s);
	first = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL((uintptr_t)first % PAGE_SIZE, 0);
	for (i = 1; i < n; i++)
		CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), first + i * 256);
	CU_ASSERT_EQUAL(count(s, SC_alloc_slab), 1);
	CU_ASSERT_EQUAL(count(s, SC_alloc_slowpath), 1);
	CU_ASSERT_EQUAL(count(s, SC_alloc_fastpath), n - 1);
	CU_ASSERT_NOT_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 0, GFP_KERNEL)),
			    slab_machine_page(&m, first));
	CU_ASSERT_EQUAL(count(s, SC_alloc_slab), 2);
	slab_machine_destroy(&m);
}

/* On one CPU the object freed last is the next one handed out. */
static void test_lifo(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *a, *b;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 64);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	b = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, a), 0);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, b), 0);
	CU_ASSERT_EQUAL(count(s, SC_free_fastpath), 2);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), b);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), a);
	CU_ASSERT_NOT_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 1, GFP_KERNEL)),
			    slab_machine_page(&m, a));
	slab_machine_destroy(&m);
}

/*
 * What CPU 1 frees to CPU 0's slab waits on the slab until CPU 0 has used up
 * its own list; then CPU 0 takes it over, last freed first.
 */
static void test_remote_free_to_cpu_slab(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i, n;
	void *a, *b;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	b = kmem_cache_alloc(s, 0, GFP_KERNEL);
	kmem_cache_free(s, 1, a);
	kmem_cache_free(s, 1, b);
	CU_ASSERT_EQUAL(count(s, SC_free_frozen), 2);
	for (i = 2; i < n; i++)
		CU_ASSERT_NOT_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), b);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), b);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), a);
	CU_ASSERT_EQUAL(count(s, SC_alloc_refill), 1);
	CU_ASSERT_EQUAL(count(s, SC_alloc_slab), 1);
	slab_machine_destroy(&m);
}

/* A full slab goes to the partial list of the CPU that frees to it first. */
static void test_cpu_partial(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	struct slabinfo info;
	void **objects;
	unsigned int n;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	objects = slab_machine_fill(s, 0, 3);	/* the last one is CPU 0's */
	kmem_cache_free(s, 1, objects[0]);
	kmem_cache_free(s, 1, objects[n]);
	CU_ASSERT_EQUAL(count(s, SC_cpu_partial_free), 2);
	info = slab_machine_info(s);
	CU_ASSERT_EQUAL(info.cpu_slabs, 3);
	CU_ASSERT_EQUAL(info.partial_slabs, 0);
	CU_ASSERT_EQUAL(info.active_objs, 3 * n);
	CU_ASSERT_EQUAL(info.used_objs, 3 * n - 2);
	CU_ASSERT(slab_machine_sound(&m));

	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 1, GFP_KERNEL), objects[n]);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 1, GFP_KERNEL), objects[0]);
	CU_ASSERT_EQUAL(count(s, SC_cpu_partial_alloc), 2);
	CU_ASSERT_EQUAL(count(s, SC_alloc_slab), 3);
	free_all(s, 0, objects, 3 * n);
	free(objects);
	slab_machine_destroy(&m);
}

/* When the CPU's partial list is full, the next slab moves all of it to the node. */
static void test_cpu_partial_overflow(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i, n, limit;
	struct slabinfo info;
	void **objects;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 1024);
	n = kmem_cache_objs_per_slab(s);
	limit = s->cpu_partial_slabs;
	objects = slab_machine_fill(s, 0, limit + 2);
	for (i = 0; i < limit; i++)
		kmem_cache_free(s, 0, objects[i * n]);
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, 0);
	CU_ASSERT_EQUAL(slab_machine_info(s).cpu_slabs, limit + 1);
	kmem_cache_free(s, 0, objects[limit * n]);
	info = slab_machine_info(s);
	CU_ASSERT_EQUAL(info.partial_slabs, limit);
	CU_ASSERT_EQUAL(info.cpu_slabs, 2);
	CU_ASSERT_EQUAL(info.active_objs, (limit + 2) * n - limit);
	CU_ASSERT_EQUAL(count(s, SC_cpu_partial_drain), 1);
	CU_ASSERT_EQUAL(count(s, SC_free_add_partial), limit);
	CU_ASSERT(slab_machine_sound(&m));
	free_all(s, 0, objects + 1, n - 1);
	free(objects);
	slab_machine_destroy(&m);
}

/*
 * Of slabs that become empty on the node's list, as many stay as leave it
 * below min_partial; the others go back to buddy at once.
 */
static void test_min_partial(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i, n, nr, min;
	void **objects;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 1024);
	n = kmem_cache_objs_per_slab(s);
	min = kmem_cache_min_partial(s);
	nr = min + 3;
	CU_ASSERT_EQUAL(min, 5);
	objects = slab_machine_fill(s, 0, nr);
	for (i = 0; i < nr; i++)
		kmem_cache_free(s, 0, objects[i * n]);
	s->engine->flush(s);
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, nr);
	CU_ASSERT_EQUAL(slab_machine_info(s).cpu_slabs, 0);

	for (i = 0; i < nr; i++)
		free_all(s, 0, objects + i * n + 1, n - 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, min - 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 0);
	CU_ASSERT_EQUAL(count(s, SC_free_slab), nr - min + 1);
	CU_ASSERT_EQUAL(count(s, SC_free_remove_partial), nr - min + 1);
	CU_ASSERT_EQUAL(slab_machine_used(&m), (uint64_t)(min - 1) << kmem_cache_order(s));

	/* a shrink leaves none of them */
	CU_ASSERT_EQUAL(kmem_cache_shrink(s), min - 1);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	free(objects);
	slab_machine_destroy(&m);
}

/* Empty slabs of a drained CPU list also stay only until the node has enough. */
static void test_drain_discards(void)
{
	struct slab_machine m;
	unsigned int n, nr, min;
	struct kmem_cache *s;
	void **objects;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 1024);
	n = kmem_cache_objs_per_slab(s);
	min = kmem_cache_min_partial(s);
	nr = min + 2;
	s->cpu_partial_slabs = nr;
	objects = slab_machine_fill(s, 0, nr);
	free_all(s, 1, objects, nr * n);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, nr);
	s->engine->flush(s);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, min);
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, min);
	CU_ASSERT_EQUAL(count(s, SC_deactivate_empty), 2);
	free(objects);
	slab_machine_destroy(&m);
}

/*
 * A CPU's slab that is put away goes to the head of the node's list; to its
 * tail when others were freeing to it. The head is what is taken first.
 */
static void test_deactivate_head_tail(void)
{
	struct slab_machine m;
	void *a, *b, *c, *object;
	struct kmem_cache *s;

	slab_machine_create(&m, MEM, 1, 4, NULL);
	s = slab_machine_cache(&m, "c", 512);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	b = kmem_cache_alloc(s, 1, GFP_KERNEL);
	c = kmem_cache_alloc(s, 2, GFP_KERNEL);
	kmem_cache_free(s, 3, c);	/* CPU 2's slab has a remote free */
	s->engine->flush(s);		/* CPU 0: head, CPU 1: head, CPU 2: tail */
	CU_ASSERT_EQUAL(count(s, SC_deactivate_to_head), 2);
	CU_ASSERT_EQUAL(count(s, SC_deactivate_to_tail), 1);
	CU_ASSERT_EQUAL(count(s, SC_cpuslab_flush), 3);

	CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 3, GFP_KERNEL)),
			    slab_machine_page(&m, b));
	CU_ASSERT_EQUAL(count(s, SC_alloc_from_partial), 1);
	/* the other two came along to CPU 3's partial list: the last one is on top */
	CU_ASSERT_EQUAL(count(s, SC_cpu_partial_node), 2);
	do
		object = kmem_cache_alloc(s, 3, GFP_KERNEL);
	while (slab_machine_page(&m, object) == slab_machine_page(&m, b));
	CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, object), slab_machine_page(&m, c));
	CU_ASSERT_NOT_EQUAL(slab_machine_page(&m, object), slab_machine_page(&m, a));
	slab_machine_destroy(&m);
}

/* A CPU's slab with nothing in use is given back when put away, if the node has enough of them. */
static void test_deactivate_empty(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *a;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	s->min_partial = 0;
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	kmem_cache_free(s, 0, a);
	s->engine->flush(s);
	CU_ASSERT_EQUAL(count(s, SC_deactivate_empty), 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 0);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	slab_machine_destroy(&m);
}

/* A CPU's slab with nothing free is full when put away, and still found for its objects. */
static void test_deactivate_full(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void **objects;
	unsigned int n;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	objects = slab_machine_fill(s, 0, 1);
	s->engine->flush(s);
	CU_ASSERT_EQUAL(count(s, SC_deactivate_full), 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).active_objs, n);
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, 0);
	CU_ASSERT(slab_machine_sound(&m));
	free_all(s, 0, objects, n);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 0);
	free(objects);
	slab_machine_destroy(&m);
}

/* A shrink sorts what stays, fullest slabs first, so that the next requests fill those. */
static void test_shrink_sorts(void)
{
	struct slab_machine m;
	struct page *fullest;
	struct kmem_cache *s;
	void **objects;
	unsigned int n;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	objects = slab_machine_fill(s, 0, 4);
	free_all(s, 0, objects, 4);			/* slab 0: four free */
	free_all(s, 0, objects + n, n);			/* slab 1: empty */
	free_all(s, 0, objects + 2 * n, 1);		/* slab 2: one free */
	free_all(s, 0, objects + 3 * n, 2);		/* slab 3, CPU 0's: two free */
	CU_ASSERT_EQUAL(kmem_cache_shrink(s), 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, 3);
	CU_ASSERT(slab_machine_sound(&m));

	fullest = slab_machine_page(&m, objects[2 * n]);
	s->cpu_partial_slabs = 0;	/* so that only one more slab comes along */
	CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 1, GFP_KERNEL)), fullest);
	CU_ASSERT_EQUAL(count(s, SC_cpu_partial_node), 1);
	CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 1, GFP_KERNEL)),
			    slab_machine_page(&m, objects[3 * n]));
	free(objects);
	slab_machine_destroy(&m);
}

/* Up to 32 free objects count for the sorting; slabs with more stay in their order behind. */
static void test_shrink_unsorted(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i, n;
	void **objects;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 32);
	n = kmem_cache_objs_per_slab(s);
	CU_ASSERT_EQUAL(n, 128);
	objects = slab_machine_fill(s, 0, 4);
	free_all(s, 0, objects + n, 32);
	free_all(s, 0, objects, 33);
	free_all(s, 0, objects + 2 * n, 34);	/* drains the two before: slab 0, slab 1 */
	free_all(s, 0, objects + 3 * n, 5);	/* CPU 0's, at the head when flushed */
	CU_ASSERT_EQUAL(kmem_cache_shrink(s), 0);
	CU_ASSERT(slab_machine_sound(&m));
	s->cpu_partial_slabs = 0;		/* one more slab comes along each time */
	for (i = 0; i < 5; i++)
		CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 1, GFP_KERNEL)),
				    slab_machine_page(&m, objects[3 * n]));
	for (i = 0; i < 32; i++)
		CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 1, GFP_KERNEL)),
				    slab_machine_page(&m, objects[n]));
	CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 1, GFP_KERNEL)),
			    slab_machine_page(&m, objects[0]));
	free(objects);
	slab_machine_destroy(&m);
}

/* Asked for another node, a CPU puts its slab away; the object comes from that node. */
static void test_node_mismatch(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *a, *b;

	slab_machine_create(&m, MEM, 2, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, a)), 0);
	b = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, b)), 1);
	CU_ASSERT_EQUAL(count(s, SC_alloc_node_mismatch), 1);
	CU_ASSERT_EQUAL(count(s, SC_deactivate_to_head), 1);

	/* the same node again is the fast path; nodes that are not there are no constraint */
	kmem_cache_alloc_node(s, 0, GFP_KERNEL, 1);
	kmem_cache_alloc_node(s, 0, GFP_KERNEL, 7);
	kmem_cache_alloc_node(s, 0, GFP_KERNEL, -5);
	CU_ASSERT_EQUAL(count(s, SC_alloc_fastpath), 3);
	b = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 0);
	CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, b), slab_machine_page(&m, a));
	CU_ASSERT_EQUAL(count(s, SC_alloc_from_partial), 1);
	slab_machine_destroy(&m);
}

/* With no partial slab at home, one of a node that has many is taken before a new one is made. */
static void test_remote_partial(void)
{
	unsigned int i, n, nr;
	struct slab_machine m;
	struct kmem_cache *s;
	void **objects, *a;

	slab_machine_create(&m, MEM, 2, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	nr = kmem_cache_min_partial(s) + 1;
	objects = slab_machine_fill(s, 1, nr);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, objects[0])), 1);
	for (i = 0; i < nr; i++)
		kmem_cache_free(s, 1, objects[i * n]);
	s->engine->flush(s);
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, nr);

	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, a)), 1);
	CU_ASSERT_EQUAL(count(s, SC_alloc_slab), nr);
	CU_ASSERT_EQUAL(count(s, SC_alloc_from_partial), 1);
	s->engine->flush(s);

	/* a request for the node itself does not look elsewhere */
	a = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 0);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, a)), 0);
	CU_ASSERT_EQUAL(count(s, SC_alloc_slab), nr + 1);
	free(objects);
	slab_machine_destroy(&m);
}

/*
 * Four nodes, of which 0 and 2 have a CPU. Seen from node 0 all others are
 * equally far; its zonelist prefers those without CPUs: 0, 1, 3, 2. Partial
 * slabs are looked for in that order.
 */
static void test_remote_order(void)
{
	unsigned int i, n, nr, nid;
	struct slab_machine m;
	struct kmem_cache *s;
	void **objects;

	slab_machine_create(&m, MEM, 4, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	nr = kmem_cache_min_partial(s) + 1;
	objects = calloc((size_t)nr * n, sizeof(*objects));
	for (nid = 2; nid < 4; nid++) {
		for (i = 0; i < nr * n; i++)
			objects[i] = kmem_cache_alloc_node(s, 1, GFP_KERNEL, (int)nid);
		for (i = 0; i < nr; i++)
			kmem_cache_free(s, 1, objects[i * n]);
		s->engine->flush(s);
	}
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, 2 * nr);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, kmem_cache_alloc(s, 0, GFP_KERNEL))), 3);
	s->engine->flush(s);
	/* node 3 now has no more than min_partial, so it is node 2's turn */
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, 2 * nr - 1);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, kmem_cache_alloc(s, 0, GFP_KERNEL))), 2);
	free(objects);
	slab_machine_destroy(&m);
}

/* The preferred order refused, a slab of the smallest order serves, with fewer objects. */
static void test_order_fallback(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int order;
	void *a;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 1024);
	order = kmem_cache_order(s);
	CU_ASSERT_FATAL(order > 0);
	buddy_set_fail(m.buddy, 1, 1, order);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_EQUAL(page_order(slab_machine_page(&m, a)), 0);
	CU_ASSERT_EQUAL(slab_objects(slab_machine_page(&m, a)), 4);
	CU_ASSERT_EQUAL(count(s, SC_order_fallback), 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_objs, 4);
	CU_ASSERT_EQUAL(slab_machine_info(s).slab_pages, 1);
	CU_ASSERT(slab_machine_sound(&m));
	kmem_cache_free(s, 0, a);
	CU_ASSERT_EQUAL(kmem_cache_shrink(s), 1);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	slab_machine_destroy(&m);
}

static void count_kswapd(void *ctx, unsigned int nid, unsigned int order)
{
	++*(unsigned int *)ctx;
}

static uint64_t count_reclaim(void *ctx, unsigned int nid, unsigned int order, gfp_t gfp)
{
	return ++*(unsigned int *)ctx;
}

/*
 * All free memory is single frames. The preferred order is not worth waking
 * kswapd or reclaiming for, as the smallest order will do.
 */
static void test_order_fallback_is_easy(void)
{
	unsigned int calls = 0, nr = 0, i;
	struct slab_machine m;
	struct kmem_cache *s;
	pfn_t *pfns, pfn;

	slab_machine_create(&m, 16 << 20, 1, 1, NULL);
	s = slab_machine_cache(&m, "c", 1024);
	CU_ASSERT_FATAL(kmem_cache_order(s) > 0);
	pfns = calloc(m.map->end_pfn, sizeof(*pfns));
	while (!pfn_is_none(pfn = buddy_alloc_pages(m.buddy, 0, GFP_KERNEL | __GFP_MEMALLOC, 0,
						    NUMA_NO_NODE)))
		pfns[nr++] = pfn;
	for (i = 0; i < nr; i++)
		if (pfns[i].v % 2)
			buddy_free_pages(m.buddy, 0, pfns[i], 0);
	buddy_drain_all_pages(m.buddy);
	buddy_set_reclaim(m.buddy, count_reclaim, &calls);
	buddy_set_kswapd(m.buddy, count_kswapd, &calls);
	CU_ASSERT_PTR_NOT_NULL(kmem_cache_alloc(s, 0, GFP_KERNEL));
	CU_ASSERT_EQUAL(count(s, SC_order_fallback), 1);
	CU_ASSERT_EQUAL(calls, 0);
	/* where there is no smaller order, the request is made in earnest */
	CU_ASSERT_PTR_NULL(kmem_cache_alloc(slab_machine_cache(&m, "d", 5000), 0, GFP_KERNEL));
	CU_ASSERT(calls > 0);
	for (i = 0; i < nr; i++)
		if (pfns[i].v % 2 == 0)
			buddy_free_pages(m.buddy, 0, pfns[i], 0);
	free(pfns);
	slab_machine_destroy(&m);
}

/* Without memory a request fails, is counted, and changes nothing; the next one may succeed. */
static void test_no_memory(void)
{
	struct slab_machine m;
	struct kmem_cache *s;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 64);
	buddy_set_fail(m.buddy, 1, -1, 0);
	CU_ASSERT_PTR_NULL(kmem_cache_alloc(s, 0, GFP_KERNEL));
	CU_ASSERT_PTR_NULL(kmem_cache_alloc(s, 1, GFP_KERNEL));
	CU_ASSERT_PTR_NULL(kmalloc(m.sa, 0, 100000, GFP_KERNEL));
	CU_ASSERT_EQUAL(count(s, SC_alloc_fail), 2);
	CU_ASSERT_EQUAL(count(s, SC_alloc_slowpath), 0);
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_alloc_fail), 3);
	CU_ASSERT(slab_machine_sound(&m));
	buddy_set_fail(m.buddy, 0, 0, 0);
	CU_ASSERT_PTR_NOT_NULL(kmem_cache_alloc(s, 0, GFP_KERNEL));
	slab_machine_destroy(&m);
}

/* Injected failures come at every third request, as often as asked for. */
static void test_injected_failures(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i;
	void *bulk[2];

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 64);
	slab_set_fail(m.sa, 3, 2);
	for (i = 1; i <= 9; i++) {
		void *object = kmem_cache_alloc(s, 0, GFP_KERNEL);

		CU_ASSERT_EQUAL(object == NULL, i == 3 || i == 6);
	}
	CU_ASSERT_EQUAL(count(s, SC_alloc_fail), 2);
	slab_set_fail(m.sa, 1, -1);
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(s, 0, GFP_KERNEL, 2, bulk), 0);
	CU_ASSERT_PTR_NULL(kmalloc(m.sa, 0, 100, GFP_KERNEL));
	CU_ASSERT_PTR_NULL(kmalloc(m.sa, 0, 9000, GFP_KERNEL));
	slab_set_fail(m.sa, 1, 0);
	CU_ASSERT_PTR_NOT_NULL(kmem_cache_alloc(s, 0, GFP_KERNEL));
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_alloc_fail), 5);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 8);
	slab_machine_destroy(&m);
}

static unsigned int constructed;

static void construct(void *object)
{
	memset(object, 0xc7, 100);
	constructed++;
}

/* The constructor runs once for each object of a slab, and its work stays. */
static void test_constructor(void)
{
	struct kmem_cache_args args = { .name = "c", .size = 100, .ctor = construct };
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *a;
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	constructed = 0;
	s = kmem_cache_create(m.sa, &args, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(constructed, kmem_cache_objs_per_slab(s));
	kmem_cache_free(s, 0, a);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), a);
	CU_ASSERT_EQUAL(constructed, kmem_cache_objs_per_slab(s));
	for (i = 0; i < 100; i++)
		CU_ASSERT_EQUAL_FATAL(a[i], 0xc7);
	CU_ASSERT_EQUAL(ksize(m.sa, a), 104);
	slab_machine_destroy(&m);
}

/* A slab touches the frames of its free pointers, once; zeroed objects those they cover. */
static void test_touched_frames(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	uint64_t before;
	void *a;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "small", 1024);
	kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(m.map->nr_touched, 1U << kmem_cache_order(s));
	kmem_cache_alloc(s, 0, GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_EQUAL(m.map->nr_touched, 1U << kmem_cache_order(s));

	/* two frames an object: the pointer in the middle is in the second one */
	s = slab_machine_cache(&m, "large", 8192);
	before = m.map->nr_touched;
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(m.map->nr_touched - before, kmem_cache_objs_per_slab(s));
	kmem_cache_free(s, 0, a);
	kmem_cache_alloc(s, 0, GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_EQUAL(m.map->nr_touched - before, kmem_cache_objs_per_slab(s) + 1);
	slab_machine_destroy(&m);
}

static void shuffled_slab(uint64_t seed, unsigned int *order, unsigned int nr, bool fallback)
{
	struct slab_machine m;
	struct slab_config cfg;
	struct kmem_cache *s;
	unsigned char *object, *start;
	unsigned int i;

	slab_config_default(&cfg);
	cfg.freelist_random = true;
	cfg.seed = seed;
	slab_machine_create(&m, MEM, 1, 2, &cfg);
	s = slab_machine_cache(&m, "c", 1024);
	if (fallback)
		buddy_set_fail(m.buddy, 1, 1, kmem_cache_order(s));
	for (i = 0; i < nr; i++) {
		object = kmem_cache_alloc(s, 0, GFP_KERNEL);
		start = virt_from_pfn(m.map, pfn_from_page(m.map, slab_machine_page(&m, object)));
		order[i] = (unsigned int)((object - start) / 1024);
	}
	CU_ASSERT_EQUAL(count(s, SC_alloc_slab), 1);
	slab_machine_destroy(&m);
}

/* A shuffled slab hands out each object once, in an order that the seed alone decides. */
static void test_freelist_random(void)
{
	unsigned int a[16], b[16], c[16], i, nr = test_kernel_geometry() ? 16 : 4;
	uint32_t seen = 0;

	shuffled_slab(1, a, nr, false);
	shuffled_slab(1, b, nr, false);
	shuffled_slab(2, c, nr, false);
	CU_ASSERT_EQUAL(memcmp(a, b, nr * sizeof(*a)), 0);
	if (test_kernel_geometry())
		CU_ASSERT_NOT_EQUAL(memcmp(a, c, nr * sizeof(*a)), 0);
	for (i = 0; i < nr; i++)
		seen |= 1U << a[i];
	if (test_kernel_geometry())
		CU_ASSERT_EQUAL(seen, 0xffff);

	/* a slab of the smallest order has only four of them */
	shuffled_slab(1, a, 4, true);
	CU_ASSERT_EQUAL(1U << a[0] | 1U << a[1] | 1U << a[2] | 1U << a[3], 0xf);
}

/* Each cache's slabs come from the zone and the mobility group that its flags ask for. */
static void test_slab_placement(void)
{
	static const struct { const char *name; uint32_t flags; unsigned int mt; } cases[] = {
		{ "plain", 0, MIGRATE_UNMOVABLE },
		{ "reclaimable", SLAB_RECLAIM_ACCOUNT, MIGRATE_RECLAIMABLE },
		{ "dma", SLAB_CACHE_DMA, MIGRATE_UNMOVABLE },
		{ "dma32", SLAB_CACHE_DMA32, MIGRATE_UNMOVABLE },
	};
	struct slab_machine m;
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	for (i = 0; i < 4; i++) {
		struct kmem_cache_args args = { .name = cases[i].name, .size = 4096,
						.flags = cases[i].flags };
		struct kmem_cache *s = kmem_cache_create(m.sa, &args, NULL);
		struct page *slab = slab_machine_page(&m, kmem_cache_alloc(s, 0, GFP_KERNEL));

		CU_ASSERT_EQUAL(buddy_pageblock_migratetype(m.buddy, pfn_from_page(m.map, slab)),
				cases[i].mt);
		CU_ASSERT_EQUAL(page_zone_id(slab) % MAX_NR_ZONES,
				cases[i].flags & SLAB_CACHE_DMA ? ZONE_DMA : ZONE_DMA32);
	}
	slab_machine_destroy(&m);
}

struct reclaim_ctx {
	struct kmem_cache *s;
	void *spare;
	unsigned int calls;
};

/* Reclaim that itself uses the cache whose slab is being made: CPU 0 gets a slab meanwhile. */
static uint64_t reclaim_with_objects(void *ctx, unsigned int nid, unsigned int order, gfp_t gfp)
{
	struct reclaim_ctx *r = ctx;

	if (r->calls++)
		return 0;
	buddy_set_reclaim(slab_buddy(kmem_cache_allocator(r->s)), NULL, NULL);
	CU_ASSERT_EQUAL(kfree(kmem_cache_allocator(r->s), 0, r->spare), 0);
	CU_ASSERT_PTR_NOT_NULL(kmem_cache_alloc(r->s, 0, GFP_KERNEL));
	return 4;
}

/* By the time its new slab is made the CPU has another: that one is put away, and both objects are good. */
static void test_reclaim_reenters(void)
{
	struct reclaim_ctx r = { 0 };
	struct slab_machine m;
	void *object;

	slab_machine_create(&m, 16 << 20, 1, 1, NULL);
	r.s = slab_machine_cache(&m, "c", 256);
	r.spare = kmalloc(m.sa, 0, 4 * PAGE_SIZE, GFP_KERNEL);
	while (!pfn_is_none(buddy_alloc_pages(m.buddy, 0, GFP_KERNEL, 0, NUMA_NO_NODE)))
		;
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.spare);
	buddy_set_reclaim(m.buddy, reclaim_with_objects, &r);
	object = kmem_cache_alloc(r.s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(r.calls, 1);
	CU_ASSERT_PTR_NOT_NULL(object);
	CU_ASSERT_EQUAL(count(r.s, SC_cpuslab_flush), 1);
	CU_ASSERT_EQUAL(slab_machine_info(r.s).used_objs, 2);
	CU_ASSERT(slab_machine_sound(&m));
	slab_allocator_destroy(m.sa);
	buddy_destroy(m.buddy);
	pagemap_destroy(m.map);
}

static const struct test_case cases[] = {
	{ "an allocator without objects holds no frames", test_create_is_cheap },
	{ "ascending objects of a new slab", test_ascending },
	{ "last freed, first reused", test_lifo },
	{ "remote free to a CPU slab", test_remote_free_to_cpu_slab },
	{ "CPU partial list", test_cpu_partial },
	{ "CPU partial overflow", test_cpu_partial_overflow },
	{ "min_partial", test_min_partial },
	{ "drain discards empty slabs", test_drain_discards },
	{ "deactivate to head and tail", test_deactivate_head_tail },
	{ "deactivate an empty slab", test_deactivate_empty },
	{ "deactivate a full slab", test_deactivate_full },
	{ "shrink sorts", test_shrink_sorts },
	{ "shrink leaves emptier slabs in order", test_shrink_unsorted },
	{ "node mismatch", test_node_mismatch },
	{ "remote partial slabs", test_remote_partial },
	{ "remote partial slabs in the zonelist's order", test_remote_order },
	{ "order fallback", test_order_fallback },
	{ "order fallback without reclaim", test_order_fallback_is_easy },
	{ "no memory", test_no_memory },
	{ "injected failures", test_injected_failures },
	{ "constructor", test_constructor },
	{ "touched frames", test_touched_frames },
	{ "shuffled free lists", test_freelist_random },
	{ "placement of slabs", test_slab_placement },
	{ "reclaim reenters the cache", test_reclaim_reenters },
	{ NULL, NULL }
};

const struct test_suite slab_suite = { "slab", cases };
