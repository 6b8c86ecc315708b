/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the sheaves engine step by step: which sheaf an object comes
 * from and goes to, when sheaves change hands, and what the checks find.
 * (That it is a sound allocator at all is the conformance suite's business.)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/sheaves/sheaves.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)
#define CAP	4u	/* objects a sheaf holds here */

struct sheaves_test {
	struct slab_machine m;
	struct kmem_cache *s;
	struct sheaves_cpu *pcs;	/* CPU 0's */
	struct barn *barn;		/* node 0's */
	void *objects[256];
};

static void start(struct sheaves_test *t, unsigned int nodes, unsigned int capacity,
		  unsigned int max_full)
{
	struct slab_config cfg;

	memset(t, 0, sizeof(*t));
	slab_config_default(&cfg);
	cfg.merge = false;
	CU_ASSERT_EQUAL_FATAL(slab_config_engine(&cfg, "sheaves", NULL), 0);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "sheaf_capacity", capacity, NULL), 0);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "max_full_sheaves", max_full, NULL), 0);
	slab_machine_create(&t->m, MEM, nodes, 2, &cfg);
	t->s = slab_machine_cache(&t->m, "c", 256);
	t->pcs = sheaves_cpu(t->s, 0);
	t->barn = &sheaves_of(t->s)->barn[0];
}

static uint64_t count(const struct sheaves_test *t, enum slab_counter counter)
{
	return kmem_cache_counter(t->s, counter);
}

static void take(struct sheaves_test *t, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		t->objects[i] = kmem_cache_alloc(t->s, 0, GFP_KERNEL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t->objects[i]);
	}
}

static void give(struct sheaves_test *t, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++)
		CU_ASSERT_EQUAL(kmem_cache_free(t->s, 0, t->objects[i]), 0);
}

/* The larger the objects, the fewer; always as many as fill a kmalloc object with the sheaf. */
static void test_capacity(void)
{
	static const struct { uint32_t size; unsigned int capacity; } cases[] = {
		{ 8, 60 }, { 248, 60 }, { 256, 28 }, { 1016, 28 }, { 1024, 12 }, { 4096, 4 },
	};
	struct slab_machine m;
	struct slab_config cfg;
	unsigned int i;

	slab_config_default(&cfg);
	CU_ASSERT_EQUAL(slab_config_engine(&cfg, "sheaves", NULL), 0);
	slab_machine_create(&m, MEM, 1, 1, &cfg);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kmem_cache_args args = { .name = "x", .size = cases[i].size,
						.flags = SLAB_NO_MERGE };
		struct kmem_cache *s = kmem_cache_create(m.sa, &args, NULL);

		CU_ASSERT_EQUAL(sheaves_of(s)->capacity, cases[i].capacity);
		CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	}
	slab_machine_destroy(&m);
}

/*
 * The first request refills a sheaf from slabs and takes its last object; the
 * next ones come out of it; main goes to the barn as an empty one.
 */
static void test_refill(void)
{
	struct sheaves_test t;

	start(&t, 1, CAP, 10);
	take(&t, 0, 1);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_refill), CAP);
	CU_ASSERT_EQUAL(count(&t, SC_barn_get_fail), 1);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_slowpath), 1);
	CU_ASSERT_EQUAL(t.pcs->main->size, CAP - 1);
	CU_ASSERT_PTR_NULL(t.pcs->spare);
	CU_ASSERT_EQUAL(t.barn->nr_empty, 1);
	take(&t, 1, CAP - 1);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_fastpath), CAP - 1);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_refill), CAP);
	/* last in, first out: the slab's first object comes last */
	CU_ASSERT_PTR_EQUAL(t.objects[0], (char *)t.objects[CAP - 1] + (CAP - 1) * 256);
	/* the empty one from the barn is the next to be filled */
	take(&t, CAP, 1);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_alloc), 2 + 1);
	CU_ASSERT_EQUAL(t.barn->nr_empty, 1);
	CU_ASSERT_EQUAL(slab_machine_info(t.s).used_objs, CAP + 1);
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_machine_destroy(&t.m);
}

/* A request that must not wait gets its object from SLUB, and no sheaf is filled for it. */
static void test_nowait(void)
{
	struct sheaves_test t;

	start(&t, 1, CAP, 10);
	t.objects[0] = kmem_cache_alloc(t.s, 0, GFP_ATOMIC);
	CU_ASSERT_PTR_NOT_NULL(t.objects[0]);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_refill), 0);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf), 0);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_slowpath), 1);
	/* its free goes into main, whence it comes again */
	give(&t, 0, 1);
	CU_ASSERT_EQUAL(count(&t, SC_free_cpu_sheaf), 1);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(t.s, 0, GFP_ATOMIC), t.objects[0]);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf), 1);
	slab_machine_destroy(&t.m);
}

/*
 * Frees fill main; then main becomes spare and an empty one from the barn is
 * main; then, both full, main goes to the barn for a new one, until the barn
 * has all the full ones it takes and spare is flushed to slabs.
 */
static void test_free(void)
{
	struct sheaves_test t;

	start(&t, 1, CAP, 2);
	take(&t, 0, 8 * CAP);
	CU_ASSERT_EQUAL(t.pcs->main->size, 0);
	CU_ASSERT_EQUAL(t.barn->nr_empty, 1);
	give(&t, 0, CAP);
	CU_ASSERT_EQUAL(t.pcs->main->size, CAP);
	CU_ASSERT_PTR_NULL(t.pcs->spare);
	CU_ASSERT_EQUAL(count(&t, SC_free_fastpath), CAP);

	give(&t, CAP, 1);
	CU_ASSERT_EQUAL(t.pcs->main->size, 1);
	CU_ASSERT_EQUAL(t.pcs->spare->size, CAP);
	CU_ASSERT_EQUAL(t.barn->nr_empty, 0);
	CU_ASSERT_EQUAL(count(&t, SC_free_slowpath), 1);

	/* no empty one in the barn: a new one is made, the full one goes there */
	give(&t, CAP + 1, CAP);
	CU_ASSERT_EQUAL(count(&t, SC_barn_put), 1);
	CU_ASSERT_EQUAL(t.barn->nr_full, 1);
	CU_ASSERT_EQUAL(t.pcs->main->size, 1);
	give(&t, 2 * CAP + 1, CAP);
	CU_ASSERT_EQUAL(t.barn->nr_full, 2);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_flush), 0);

	/* the barn takes no third one: spare is emptied, main is the new spare */
	give(&t, 3 * CAP + 1, CAP);
	CU_ASSERT_EQUAL(count(&t, SC_barn_put_fail), 1);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_flush), CAP);
	CU_ASSERT_EQUAL(t.barn->nr_full, 2);
	CU_ASSERT_EQUAL(t.pcs->spare->size, CAP);
	CU_ASSERT_EQUAL(t.pcs->main->size, 1);
	CU_ASSERT(slab_machine_sound(&t.m));

	/* allocation takes them back: main, spare, the barn's, and only then slabs */
	CU_ASSERT_EQUAL(count(&t, SC_barn_get), 0);
	take(&t, 0, 3 * CAP + 1);
	CU_ASSERT_EQUAL(count(&t, SC_barn_get), 2);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_refill), 8 * CAP);
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_machine_destroy(&t.m);
}

/* Full sheaves in the barn are every CPU's of that node. */
static void test_barn_between_cpus(void)
{
	struct sheaves_test t;
	unsigned int i;

	start(&t, 1, CAP, 10);
	take(&t, 0, 4 * CAP);
	give(&t, 0, 4 * CAP);
	CU_ASSERT_EQUAL(t.barn->nr_full, 2);
	for (i = 0; i < 2 * CAP; i++)
		t.objects[i] = kmem_cache_alloc(t.s, 1, GFP_KERNEL);
	CU_ASSERT_EQUAL(count(&t, SC_barn_get), 2);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_refill), 4 * CAP);
	CU_ASSERT_EQUAL(t.barn->nr_full, 0);
	slab_machine_destroy(&t.m);
}

/* Another node's objects and requests for another node pass the sheaves by. */
static void test_remote(void)
{
	struct sheaves_test t;
	void *far, *near;

	start(&t, 2, CAP, 10);
	near = kmem_cache_alloc_node(t.s, 0, GFP_KERNEL, 0);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf), 1);
	CU_ASSERT_EQUAL(kmem_cache_free(t.s, 0, near), 0);
	CU_ASSERT_EQUAL(count(&t, SC_free_cpu_sheaf), 1);
	far = kmem_cache_alloc_node(t.s, 0, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&t.m, far)), 1);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf), 1);
	CU_ASSERT_EQUAL(kmem_cache_free(t.s, 0, far), 0);
	CU_ASSERT_EQUAL(count(&t, SC_free_cpu_sheaf), 1);
	CU_ASSERT_EQUAL(count(&t, SC_free_slowpath), 1);

	near = kmem_cache_alloc_node(t.s, 0, GFP_KERNEL, 0);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf), 2);

	/* main's last object may be another node's after all: then SLUB is asked */
	far = kmem_cache_alloc_node(t.s, 0, GFP_KERNEL, 1);
	CU_ASSERT_FATAL(t.pcs->main->size < CAP);
	t.pcs->main->objects[t.pcs->main->size++] = far;
	near = kmem_cache_alloc_node(t.s, 0, GFP_KERNEL, 0);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&t.m, near)), 0);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf), 2);
	t.pcs->main->size--;
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_machine_destroy(&t.m);
}

/* Bulk requests use the sheaves that are there and slabs for the rest. */
static void test_bulk(void)
{
	struct sheaves_test t;
	unsigned int i;

	start(&t, 2, CAP, 1);
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(t.s, 0, GFP_KERNEL, 6 * CAP, t.objects), 6 * CAP);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf), 0);
	/* main; then no spare and no empty one in the barn: the rest goes to slabs */
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(t.s, 0, 2 * CAP, t.objects), 0);
	CU_ASSERT_EQUAL(count(&t, SC_free_cpu_sheaf), CAP);
	CU_ASSERT_EQUAL(count(&t, SC_free_slowpath), CAP);
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(t.s, 0, GFP_KERNEL, CAP + 1, t.objects), CAP + 1);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf), CAP);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_fastpath), CAP);

	/* a full barn and full sheaves: nothing more goes in */
	take(&t, 200, 1);
	give(&t, 200, 1);
	for (i = CAP + 1; i < 2 * CAP; i++)
		t.objects[i] = kmem_cache_alloc_node(t.s, 0, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(t.s, 0, 6 * CAP, t.objects), 0);
	CU_ASSERT(t.barn->nr_full <= 1);
	CU_ASSERT_EQUAL(slab_machine_info(t.s).used_objs, 0);
	CU_ASSERT(slab_machine_sound(&t.m));

	/* from main, spare and the barn */
	take(&t, 0, 4 * CAP);
	give(&t, 0, 4 * CAP);
	take(&t, 0, 1);
	give(&t, 0, 1);
	barn_put_full(t.barn, sheaf_alloc(t.s, 0));
	CU_ASSERT_EQUAL(sheaf_refill(t.s, 0, t.barn->full, GFP_KERNEL), 0);
	i = (unsigned int)count(&t, SC_barn_get);
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(t.s, 0, GFP_KERNEL, 3 * CAP, t.objects), 3 * CAP);
	CU_ASSERT_EQUAL(count(&t, SC_barn_get), i + 1);
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(t.s, 0, 3 * CAP, t.objects), 0);
	slab_machine_destroy(&t.m);
}

/* Memory ends in the middle of a refill: the sheaf is unmade, one object may still be had. */
static void test_no_memory(void)
{
	struct sheaves_test t;
	unsigned int nr;

	start(&t, 1, 4096, 10);
	nr = kmem_cache_objs_per_slab(t.s);
	t.objects[0] = kmem_cache_alloc(t.s, 0, GFP_ATOMIC);
	buddy_set_fail(t.m.buddy, 1, -1, 0);
	t.objects[1] = kmem_cache_alloc(t.s, 0, GFP_KERNEL);
	CU_ASSERT_PTR_NOT_NULL(t.objects[1]);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_free), 1);
	CU_ASSERT_EQUAL(count(&t, SC_sheaf_refill), 0);
	CU_ASSERT_EQUAL(slab_machine_info(t.s).used_objs, 2);
	CU_ASSERT(slab_machine_sound(&t.m));
	if (nr <= 256) {
		CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(t.s, 0, GFP_KERNEL, nr, t.objects + 2), 0);
		CU_ASSERT_EQUAL(slab_machine_info(t.s).used_objs, 2);
	}
	buddy_set_fail(t.m.buddy, 0, 0, 0);
	slab_machine_destroy(&t.m);
}

/* A shrink empties sheaves and barns; a capacity of 0 is SLUB. */
static void test_shrink(void)
{
	struct sheaves_test t;

	start(&t, 1, 40, 10);
	take(&t, 0, 250);
	give(&t, 0, 250);
	CU_ASSERT(t.barn->nr_full > 0);
	CU_ASSERT(slab_machine_info(t.s).overhead > 6 * 40 * sizeof(void *));
	CU_ASSERT(kmem_cache_shrink(t.s) > 0);
	CU_ASSERT_EQUAL(slab_machine_info(t.s).num_slabs, 0);
	CU_ASSERT_EQUAL(t.barn->nr_full + t.barn->nr_empty, 0);
	CU_ASSERT_EQUAL(sheaves_of(t.s)->nr_sheaves, 2);
	CU_ASSERT_EQUAL(kmem_cache_destroy(t.s), 0);
	slab_machine_destroy(&t.m);

	start(&t, 1, 0, 10);
	take(&t, 0, 20);
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(t.s, 1, GFP_KERNEL, 20, t.objects + 20), 20);
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(t.s, 0, 20, t.objects + 20), 0);
	give(&t, 0, 20);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_cpu_sheaf) + count(&t, SC_free_cpu_sheaf), 0);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_slowpath), 40);
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_machine_destroy(&t.m);
}

static bool is_found(const struct sheaves_test *t)
{
	return sheaves_validate(t->s, NULL, NULL) || slab_validate(t->m.sa, NULL, NULL);
}

/* Whatever is wrong with a sheaf, a recount finds it. */
static void test_validate(void)
{
	struct sheaves_test t;
	struct sheaf *sheaf;
	void *object;

	start(&t, 1, CAP, 10);
	take(&t, 0, 4 * CAP);
	give(&t, 0, 4 * CAP - 1);
	CU_ASSERT_FALSE(is_found(&t));
	sheaf = t.barn->full;
	CU_ASSERT_PTR_NOT_NULL_FATAL(sheaf);

	sheaf->size--;				/* a full one that is not */
	CU_ASSERT(is_found(&t));
	sheaf->size = CAP + 1;
	CU_ASSERT(is_found(&t));
	sheaf->size = CAP;
	t.barn->nr_full++;			/* a wrong count */
	CU_ASSERT(is_found(&t));
	t.barn->nr_full--;
	object = sheaf->objects[0];
	sheaf->objects[0] = t.objects[4 * CAP - 1];	/* a live object */
	CU_ASSERT(is_found(&t));
	sheaf->objects[0] = sheaf->objects[1];		/* one object twice */
	CU_ASSERT(is_found(&t));
	sheaf->objects[0] = &t;				/* no object */
	CU_ASSERT(is_found(&t));
	sheaf->objects[0] = object;
	sheaves_of(t.s)->nr_sheaves++;		/* one is lost */
	CU_ASSERT(is_found(&t));
	sheaves_of(t.s)->nr_sheaves -= 2;	/* one is too many */
	CU_ASSERT(is_found(&t));
	sheaves_of(t.s)->nr_sheaves++;
	CU_ASSERT_FALSE(is_found(&t));
	slab_machine_destroy(&t.m);
}

static const struct test_case cases[] = {
	{ "capacity by size", test_capacity },
	{ "refill", test_refill },
	{ "requests that must not wait", test_nowait },
	{ "frees", test_free },
	{ "a barn between two CPUs", test_barn_between_cpus },
	{ "other nodes", test_remote },
	{ "bulk", test_bulk },
	{ "memory ends", test_no_memory },
	{ "shrink, and no sheaves at all", test_shrink },
	{ "the checks find everything", test_validate },
	{ NULL, NULL }
};

const struct test_suite slab_sheaves_suite = { "slab_sheaves", cases };
