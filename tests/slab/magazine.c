/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the magazine engine step by step: loaded and previous, the
 * depot, working sets, contention, colours, and what the checks find. (That it
 * is a sound allocator at all is the conformance suite's business.)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/magazine/magazine.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)
#define SIZE	192	/* 7 rounds a magazine */
#define ROUNDS	7u
#define SECOND	1000000000ULL

struct magazine_test {
	struct slab_machine m;
	struct kmem_cache *s;
	struct magazine_cpu *c;		/* CPU 0's */
	struct depot *depot;
	void *objects[512];
};

static void start(struct magazine_test *t, unsigned int nodes)
{
	struct slab_config cfg;

	memset(t, 0, sizeof(*t));
	slab_config_default(&cfg);
	cfg.merge = false;
	CU_ASSERT_EQUAL_FATAL(slab_config_engine(&cfg, "magazine", NULL), 0);
	slab_machine_create(&t->m, MEM, nodes, 2, &cfg);
	t->s = slab_machine_cache(&t->m, "c", SIZE);
	t->c = magazine_cpu(t->s, 0);
	t->depot = depot_of(t->s);
	CU_ASSERT_EQUAL_FATAL(t->depot->magsize, ROUNDS);
}

static uint64_t count(const struct magazine_test *t, enum slab_counter counter)
{
	return kmem_cache_counter(t->s, counter);
}

static void take(struct magazine_test *t, unsigned int cpu, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++) {
		t->objects[i] = kmem_cache_alloc(t->s, cpu, GFP_KERNEL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t->objects[i]);
	}
}

static void give(struct magazine_test *t, unsigned int cpu, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++)
		CU_ASSERT_EQUAL(kmem_cache_free(t->s, cpu, t->objects[i]), 0);
}

/*
 * Objects come from the slab layer; freed, they fill loaded, then, loaded
 * having become previous, another one, then the depot; and come back in the
 * opposite order.
 */
static void test_magazines(void)
{
	struct magazine_test t;

	start(&t, 1);
	take(&t, 0, 0, 4 * ROUNDS);
	CU_ASSERT_EQUAL(count(&t, SC_slab_layer_alloc), 4 * ROUNDS);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_fastpath), 0);
	CU_ASSERT_PTR_NULL(t.c->loaded);

	give(&t, 0, 0, 1);
	CU_ASSERT_EQUAL(count(&t, SC_magazine_alloc), 1);
	CU_ASSERT_EQUAL(count(&t, SC_free_slowpath), 1);
	CU_ASSERT_PTR_NULL(t.c->previous);
	give(&t, 0, 1, ROUNDS);
	CU_ASSERT_EQUAL(t.c->rounds, 1);
	CU_ASSERT_EQUAL(t.c->previous_rounds, ROUNDS);
	CU_ASSERT_EQUAL(count(&t, SC_free_fastpath), ROUNDS - 1);
	give(&t, 0, ROUNDS + 1, ROUNDS);
	CU_ASSERT_EQUAL(t.depot->full.ws.total, 1);
	CU_ASSERT_EQUAL(count(&t, SC_depot_free), 1);
	CU_ASSERT_EQUAL(count(&t, SC_slab_layer_free), 0);
	CU_ASSERT_EQUAL(slab_machine_info(t.s).used_objs, 4 * ROUNDS - 2 * ROUNDS - 1);
	CU_ASSERT(slab_machine_sound(&t.m));

	/* last in, first out, through previous and the depot */
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(t.s, 0, GFP_KERNEL), t.objects[2 * ROUNDS]);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(t.s, 0, GFP_KERNEL), t.objects[2 * ROUNDS - 1]);
	CU_ASSERT_EQUAL(count(&t, SC_alloc_fastpath), 2);
	CU_ASSERT_EQUAL(t.c->previous_rounds, 0);
	take(&t, 0, 100, ROUNDS - 1);
	CU_ASSERT_EQUAL(count(&t, SC_depot_alloc), 0);
	take(&t, 0, 200, 1);
	CU_ASSERT_EQUAL(count(&t, SC_depot_alloc), 1);
	CU_ASSERT_EQUAL(t.depot->empty.ws.total, 1);
	CU_ASSERT_EQUAL(t.c->rounds, ROUNDS - 1);
	/* frees first fill what is there, then take the depot's empty magazine */
	give(&t, 0, 200, 1);
	give(&t, 0, 100, ROUNDS - 1);
	CU_ASSERT_EQUAL(t.depot->empty.ws.total, 1);
	CU_ASSERT_EQUAL(count(&t, SC_magazine_alloc), 3);
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_machine_destroy(&t.m);
}

/* A full magazine that one CPU left in the depot serves another. */
static void test_two_cpus(void)
{
	struct magazine_test t;
	unsigned int i;

	start(&t, 1);
	take(&t, 0, 0, 3 * ROUNDS);
	give(&t, 0, 0, 3 * ROUNDS);
	CU_ASSERT_EQUAL(t.depot->full.ws.total, 1);
	take(&t, 1, 100, ROUNDS);
	CU_ASSERT_EQUAL(t.depot->full.ws.total, 0);
	CU_ASSERT_EQUAL(count(&t, SC_slab_layer_alloc), 3 * ROUNDS);
	for (i = 0; i < ROUNDS; i++)
		CU_ASSERT_EQUAL(magazine_cpu(t.s, 1)->loaded->rounds[i], t.objects[100 + ROUNDS - 1 - i]);
	slab_machine_destroy(&t.m);
}

/*
 * The first update after a burst keeps what the burst needed, the second gives
 * back what nobody needed since, magazines and then the slabs they emptied.
 */
static void test_working_set(void)
{
	struct magazine_test t;
	uint64_t slabs;

	start(&t, 1);
	CU_ASSERT_EQUAL(slab_tick(t.m.sa, SECOND / 2), SECOND);
	take(&t, 0, 0, 400);
	give(&t, 0, 0, 400);
	slabs = slab_machine_info(t.s).num_slabs;
	CU_ASSERT(t.depot->full.ws.total > 10);
	CU_ASSERT_EQUAL(slab_tick(t.m.sa, SECOND), 2 * SECOND);
	CU_ASSERT_EQUAL(count(&t, SC_magazine_reap), 0);
	CU_ASSERT_EQUAL(slab_tick(t.m.sa, SECOND + 1), 2 * SECOND);
	CU_ASSERT_EQUAL(count(&t, SC_magazine_reap), 0);

	/* in this interval all but two of them stay where they are */
	take(&t, 0, 0, 4 * ROUNDS - 1);
	give(&t, 0, 0, 4 * ROUNDS - 1);
	slab_tick(t.m.sa, 2 * SECOND);
	CU_ASSERT(count(&t, SC_magazine_reap) > 10);
	CU_ASSERT(t.depot->full.ws.total >= 1);
	CU_ASSERT(t.depot->full.ws.total <= 3);
	CU_ASSERT_EQUAL(slab_machine_info(t.s).num_slabs, slabs);
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_tick(t.m.sa, 4 * SECOND);
	CU_ASSERT(slab_machine_info(t.s).num_slabs < slabs);
	CU_ASSERT_EQUAL(t.depot->full.ws.total, 0);
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_machine_destroy(&t.m);
}

/* Both CPUs at the depot within a few operations: contended, and the magazines grow. */
static void test_contention(void)
{
	struct magazine_test t;
	unsigned int i;

	start(&t, 1);
	slab_tick(t.m.sa, 1);
	take(&t, 0, 0, 200);
	give(&t, 0, 0, 200);
	CU_ASSERT_EQUAL(count(&t, SC_depot_contention), 0);

	/* far apart: not contended */
	take(&t, 1, 0, ROUNDS + 20);
	CU_ASSERT_EQUAL(count(&t, SC_depot_contention), 1);
	take(&t, 0, 100, 2 * ROUNDS);
	take(&t, 0, 200, 20);
	CU_ASSERT(count(&t, SC_depot_contention) <= 2);

	for (i = 0; i < 40; i++) {
		take(&t, 0, 300 + 2 * i, 1);
		take(&t, 1, 301 + 2 * i, 1);
	}
	CU_ASSERT(t.depot->contention > 3);
	slab_tick(t.m.sa, SECOND);
	CU_ASSERT_EQUAL(count(&t, SC_magazine_resize), 1);
	CU_ASSERT_EQUAL(t.depot->magsize, 15);
	CU_ASSERT_PTR_NULL(t.c->loaded);
	CU_ASSERT_EQUAL(t.depot->nr_magazines, 0);
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_tick(t.m.sa, 2 * SECOND);
	CU_ASSERT_EQUAL(t.depot->magsize, 15);
	slab_machine_destroy(&t.m);
}

/* Large objects begin with small magazines, small ones with large magazines. */
static void test_sizes(void)
{
	static const struct { uint32_t size; unsigned int rounds; } cases[] = {
		{ 8, 15 }, { 64, 15 }, { 72, 7 }, { 256, 7 }, { 264, 3 }, { 3200, 3 }, { 3208, 1 },
	};
	struct magazine_test t;
	unsigned int i;

	start(&t, 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kmem_cache *s = slab_machine_cache(&t.m, "x", cases[i].size);

		CU_ASSERT_EQUAL(depot_of(s)->magsize, cases[i].rounds);
		CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	}
	slab_machine_destroy(&t.m);
}

/* Small slabs keep their metadata inside, large ones are as long as wastes least. */
static void test_geometry(void)
{
	static const struct { uint32_t size; unsigned int order, objects; } cases[] = {
		{ 8, 0, 505 }, { 504, 0, 8 }, { 512, 0, 8 }, { 1024, 0, 4 }, { 1000, 0, 4 },
	};
	struct magazine_test t;
	unsigned int i;

	start(&t, 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kmem_cache *s = slab_machine_cache(&t.m, "x", cases[i].size);

		CU_ASSERT_EQUAL(kmem_cache_order(s), cases[i].order);
		CU_ASSERT_EQUAL(kmem_cache_objs_per_slab(s), cases[i].objects);
		CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	}
	if (test_kernel_geometry()) {
		struct kmem_cache *s = slab_machine_cache(&t.m, "y", 6000);

		CU_ASSERT_EQUAL(kmem_cache_order(s), 3);
		CU_ASSERT_EQUAL(kmem_cache_objs_per_slab(s), 5);
	}
	slab_machine_destroy(&t.m);
}

/* Each new slab begins a little further on, until the room is used up. */
static void test_colours(void)
{
	struct magazine_test t;
	struct kmem_cache *s;
	uint32_t colour[4];
	unsigned int i, j, nr;

	start(&t, 1);
	s = slab_machine_cache(&t.m, "x", 440);		/* 9 objects and the metadata leave 80 bytes */
	nr = kmem_cache_objs_per_slab(s);
	for (i = 0; i < 4; i++) {
		for (j = 0; j < nr; j++)
			t.objects[0] = kmem_cache_alloc(s, 0, GFP_KERNEL);
		colour[i] = magazine_colour(s, slab_machine_page(&t.m, t.objects[0]));
	}
	CU_ASSERT_EQUAL(colour[0], 0);
	CU_ASSERT_EQUAL(colour[1], 8);
	CU_ASSERT_EQUAL(colour[2], 16);
	CU_ASSERT_EQUAL(colour[3], 24);
	CU_ASSERT_EQUAL(kmem_cache_colours(s), 80 / 8 + 1);
	CU_ASSERT_EQUAL(kmem_cache_colours_used(s), 4);
	CU_ASSERT(slab_machine_sound(&t.m));
	slab_machine_destroy(&t.m);
}

/* A request for a node passes the magazines by; memory of any cache's depot is found in need. */
static void test_nodes_and_need(void)
{
	struct magazine_test t;
	struct kmem_cache *other;
	void *object;
	unsigned int i;

	start(&t, 2);
	take(&t, 0, 0, 2);
	give(&t, 0, 0, 2);
	object = kmem_cache_alloc_node(t.s, 0, GFP_KERNEL | __GFP_THISNODE, 1);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&t.m, object)), 1);
	CU_ASSERT_EQUAL(t.c->rounds, 2);
	CU_ASSERT_EQUAL(kmem_cache_free(t.s, 0, object), 0);

	other = slab_machine_cache(&t.m, "other", 1024);
	take(&t, 0, 0, 300);
	give(&t, 0, 0, 300);
	CU_ASSERT(t.depot->full.ws.total > 0);
	buddy_set_fail(t.m.buddy, 1, 2, 0);
	CU_ASSERT_PTR_NULL(kmem_cache_alloc(other, 0, GFP_KERNEL));
	/* in vain, but the depot was emptied for it */
	CU_ASSERT_EQUAL(t.depot->full.ws.total, 0);
	CU_ASSERT_PTR_NOT_NULL(kmem_cache_alloc(other, 0, GFP_KERNEL));
	CU_ASSERT(slab_machine_sound(&t.m));

	/* bulk requests end where memory does */
	buddy_set_fail(t.m.buddy, 1, -1, 0);
	for (i = 0; i < 512; i++)
		t.objects[i] = NULL;
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(other, 0, GFP_KERNEL, 500, t.objects), 0);
	CU_ASSERT_EQUAL(slab_machine_info(other).used_objs, 1);
	buddy_set_fail(t.m.buddy, 0, 0, 0);
	slab_machine_destroy(&t.m);
}

static bool is_found(const struct magazine_test *t)
{
	return magazine_validate(t->s, NULL, NULL) || slab_validate(t->m.sa, NULL, NULL);
}

/* Whatever is wrong with magazines, depot or lists, a recount finds it. */
static void test_validate(void)
{
	struct magazine_test t;
	struct magazine_node *n;
	struct page *slab;
	void *object;

	start(&t, 1);
	take(&t, 0, 0, 6 * ROUNDS);
	give(&t, 0, 0, 5 * ROUNDS);
	n = magazine_node(t.s, 0);
	CU_ASSERT_FALSE(is_found(&t));
	t.c->rounds = ROUNDS + 1;
	CU_ASSERT(is_found(&t));
	t.c->rounds = ROUNDS;
	CU_ASSERT_FALSE(is_found(&t));
	t.c->previous_rounds--;
	CU_ASSERT(is_found(&t));
	t.c->previous_rounds++;
	object = t.c->loaded->rounds[0];
	t.c->loaded->rounds[0] = t.objects[6 * ROUNDS - 1];	/* a live one */
	CU_ASSERT(is_found(&t));
	t.c->loaded->rounds[0] = t.c->loaded->rounds[1];	/* one twice */
	CU_ASSERT(is_found(&t));
	t.c->loaded->rounds[0] = &t;				/* none at all */
	CU_ASSERT(is_found(&t));
	t.c->loaded->rounds[0] = object;
	t.depot->full.ws.total++;
	CU_ASSERT(is_found(&t));
	t.depot->full.ws.total--;
	t.depot->nr_magazines++;
	CU_ASSERT(is_found(&t));
	t.depot->nr_magazines--;

	n->nr_free++;
	CU_ASSERT(is_found(&t));
	n->nr_free--;
	n->nr_full++;
	CU_ASSERT(is_found(&t));
	n->nr_full--;
	n->empties.min = n->empties.total + 1;
	CU_ASSERT(is_found(&t));
	n->empties.min = 0;
	slab = slab_from_link(t.s, n->full.head);
	CU_ASSERT_PTR_NOT_NULL_FATAL(slab);
	slab->slab_inuse--;
	CU_ASSERT(is_found(&t));
	slab->slab_inuse++;
	slab->prev = 5;
	CU_ASSERT(is_found(&t));
	slab->prev = PFN_NONE_VAL;
	n->full.tail ^= 1;
	CU_ASSERT(is_found(&t));
	n->full.tail ^= 1;
	n->full.head = UINT32_MAX - 1;
	CU_ASSERT(is_found(&t));
	n->full.head = pfn_val(slab_pfn(t.m.sa, slab));
	CU_ASSERT_FALSE(is_found(&t));
	slab_machine_destroy(&t.m);
}

static const struct test_case cases[] = {
	{ "loaded, previous and the depot", test_magazines },
	{ "the depot between two CPUs", test_two_cpus },
	{ "working sets", test_working_set },
	{ "contention", test_contention },
	{ "magazine sizes", test_sizes },
	{ "slabs of small and large objects", test_geometry },
	{ "colours", test_colours },
	{ "nodes, and memory in need", test_nodes_and_need },
	{ "the checks find everything", test_validate },
	{ NULL, NULL }
};

const struct test_suite slab_magazine_suite = { "slab_magazine", cases };
