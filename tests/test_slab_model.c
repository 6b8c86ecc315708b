/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: random work on several caches, CPUs and nodes beside a naive
 * model that knows only which bytes are in use by whom. The model says whether
 * each answer can be right; the validators say whether the state behind it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/internal.h"
#include "tests/test_slab.h"

#define MAX_LIVE	600
#define NR_CACHES	6
#define LARGE		NULL	/* the cache of a large kmalloc */

struct live_object {
	unsigned char *start;
	size_t size;
	struct kmem_cache *cache;
	uint64_t stamp;
};

struct variant {
	uint64_t bytes;
	unsigned int nodes, cpus, steps;
	bool merge, freelist_random;
	unsigned int buddy_fail, slab_fail;	/* each so-many-th request; 0 none */
};

struct model {
	struct slab_machine m;
	struct test_rng rng;
	const struct variant *v;
	struct kmem_cache *caches[NR_CACHES];
	struct live_object live[MAX_LIVE];
	unsigned int nr_live;
	uint64_t failed;
	unsigned int complaints;	/* that must have been made */
};

static void construct(void *object)
{
	memset(object, 0x5c, 8);
}

static const struct kmem_cache_args cache_args[NR_CACHES] = {
	{ .name = "tiny", .size = 8 },
	{ .name = "odd", .size = 100, .flags = SLAB_HWCACHE_ALIGN },
	{ .name = "odd too", .size = 104 },
	{ .name = "ctor", .size = 250, .align = 32, .ctor = construct },
	{ .name = "inode", .size = 1016, .flags = SLAB_RECLAIM_ACCOUNT },
	{ .name = "big", .size = 5000, .flags = SLAB_TYPESAFE_BY_RCU },
};

static struct kmem_cache *create_cache(struct model *t, unsigned int i)
{
	struct kmem_cache_args args = cache_args[i];
	char name[] = "cache-0";
	struct kmem_cache *s;

	name[6] = (char)('0' + i);
	args.name = name;
	s = kmem_cache_create(t->m.sa, &args, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

/* The first and the last word of an object carry a stamp, but where a constructor wrote. */
static bool stampable(const struct live_object *o)
{
	return o->size >= 16 && !(o->cache && o->cache->ctor);
}

static void check_new(struct model *t, unsigned char *start, size_t size, struct kmem_cache *s)
{
	size_t align = s ? kmem_cache_align(s) : PAGE_SIZE;
	struct live_object *o = &t->live[t->nr_live];
	unsigned int i;

	CU_ASSERT_FATAL(virt_in_map(t->m.map, start));
	CU_ASSERT_FATAL(virt_in_map(t->m.map, start + size - 1));
	CU_ASSERT_EQUAL((uintptr_t)start % align, 0);
	CU_ASSERT_PTR_EQUAL(slab_cache_of(t->m.sa, start), s);
	for (i = 0; i < t->nr_live; i++)
		if (start < t->live[i].start + t->live[i].size && t->live[i].start < start + size)
			CU_FAIL_FATAL("an object overlaps a live one");
	*o = (struct live_object){ start, size, s, test_rand(&t->rng) };
	if (stampable(o)) {
		memcpy(start, &o->stamp, 8);
		memcpy(start + size - 8, &o->stamp, 8);
	}
	t->nr_live++;
}

/* The object's bytes are as its owner left them; it is no longer live. */
static struct live_object forget(struct model *t, unsigned int i)
{
	struct live_object o = t->live[i];

	if (stampable(&o)) {
		CU_ASSERT_EQUAL(memcmp(o.start, &o.stamp, 8), 0);
		CU_ASSERT_EQUAL(memcmp(o.start + o.size - 8, &o.stamp, 8), 0);
	}
	t->live[i] = t->live[--t->nr_live];
	return o;
}

static gfp_t random_gfp(struct model *t)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_ATOMIC, GFP_KERNEL_ACCOUNT,
				      GFP_KERNEL | __GFP_RECLAIMABLE, GFP_NOWAIT };

	return gfps[test_rand_below(&t->rng, 5)];
}

static void do_alloc(struct model *t, unsigned int cpu)
{
	struct kmem_cache *s = t->caches[test_rand_below(&t->rng, NR_CACHES)];
	int nid = (int)test_rand_below(&t->rng, t->v->nodes + 1) - 1;
	void *object;

	if (t->nr_live == MAX_LIVE)
		return;
	object = nid < 0 ? kmem_cache_alloc(s, cpu, random_gfp(t)) :
			   kmem_cache_alloc_node(s, cpu, random_gfp(t), nid);
	if (object)
		check_new(t, object, kmem_cache_object_size(s), s);
	else
		t->failed++;
}

static void do_kmalloc(struct model *t, unsigned int cpu)
{
	size_t size = 1 + test_rand_below(&t->rng, 1U << (4 + test_rand_below(&t->rng, 11)));
	gfp_t gfp = random_gfp(t);
	void *object;

	if (t->nr_live == MAX_LIVE)
		return;
	object = kmalloc(t->m.sa, cpu, size, gfp);
	if (!object) {
		t->failed++;
		return;
	}
	CU_ASSERT(ksize(t->m.sa, object) >= size);
	check_new(t, object, size, size > KMALLOC_MAX_CACHE_SIZE ? LARGE :
					  kmalloc_slab(t->m.sa, size, gfp));
}

static void do_alloc_bulk(struct model *t, unsigned int cpu)
{
	struct kmem_cache *s = t->caches[test_rand_below(&t->rng, NR_CACHES)];
	unsigned int i, nr = 1 + test_rand_below(&t->rng, 40);
	void *objects[40];

	if (t->nr_live + nr > MAX_LIVE)
		return;
	if (!kmem_cache_alloc_bulk(s, cpu, GFP_KERNEL, nr, objects)) {
		t->failed++;
		return;
	}
	for (i = 0; i < nr; i++)
		check_new(t, objects[i], kmem_cache_object_size(s), s);
}

static void do_free(struct model *t, unsigned int cpu)
{
	struct live_object o;

	if (!t->nr_live)
		return;
	o = forget(t, test_rand_below(&t->rng, t->nr_live));
	if (o.cache && (t->rng.s & 1024))
		CU_ASSERT_EQUAL(kmem_cache_free(o.cache, cpu, o.start), 0)
	else
		CU_ASSERT_EQUAL(kfree(t->m.sa, cpu, o.start), 0);
}

static void do_free_bulk(struct model *t, unsigned int cpu)
{
	struct kmem_cache *s = t->caches[test_rand_below(&t->rng, NR_CACHES)];
	unsigned int nr = 0, i = t->nr_live;
	void *objects[32];

	while (i-- && nr < 32)
		if (t->live[i].cache == s && !test_rand_below(&t->rng, 3))
			objects[nr++] = forget(t, i).start;
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(s, cpu, nr, objects), 0);
}

/* The three wrong ways; the machine must refuse each. */
static void do_wrong_free(struct model *t, unsigned int cpu)
{
	const struct live_object *o;
	struct kmem_cache *other = t->caches[test_rand_below(&t->rng, NR_CACHES)];

	if (!t->nr_live)
		return;
	o = &t->live[test_rand_below(&t->rng, t->nr_live)];
	if (o->cache != other) {
		CU_ASSERT_EQUAL(kmem_cache_free(other, cpu, o->start), -EXDEV);
		t->complaints++;
	}
	if (o->size > 8) {
		CU_ASSERT_EQUAL(kfree(t->m.sa, cpu, o->start + 8), -EINVAL);
		t->complaints++;
	}
	CU_ASSERT_EQUAL(kfree(t->m.sa, cpu, o->start + 1), -EINVAL);
	t->complaints++;
	if (o->cache && kmem_cache_objs_per_slab(o->cache) > 1) {
		struct live_object gone = forget(t, (unsigned int)(o - t->live));
		int ret;

		CU_ASSERT_EQUAL(kfree(t->m.sa, cpu, gone.start), 0);
		ret = kfree(t->m.sa, cpu, gone.start);
		/* its slab may have gone back with it */
		CU_ASSERT(ret == -EALREADY || ret == -EINVAL);
		t->complaints++;
	}
}

static uint64_t live_of(const struct model *t, const struct kmem_cache *s)
{
	uint64_t nr = 0;
	unsigned int i;

	for (i = 0; i < t->nr_live; i++)
		nr += t->live[i].cache == s;
	return nr;
}

/* A cache with live objects survives its destruction, one without is made anew. */
static void do_destroy(struct model *t)
{
	unsigned int i = test_rand_below(&t->rng, NR_CACHES);
	uint64_t live = live_of(t, t->caches[i]);
	unsigned int aliases = kmem_cache_aliases(t->caches[i]);
	int ret = kmem_cache_destroy(t->caches[i]);

	if (live && !aliases) {
		CU_ASSERT_EQUAL(ret, -EBUSY);
		t->complaints += live;
		return;
	}
	CU_ASSERT_EQUAL(ret, 0);
	t->caches[i] = create_cache(t, i);
}

static void check_all(struct model *t)
{
	struct kmem_cache *s;
	uint64_t pages = slab_large_pages(t->m.sa);

	for (s = NULL; (s = slab_next_cache(t->m.sa, s));) {
		struct slabinfo info = slab_machine_info(s);
		uint64_t frees = kmem_cache_counter(s, SC_free_fastpath) +
				 kmem_cache_counter(s, SC_free_slowpath);

		CU_ASSERT_EQUAL(info.used_objs, live_of(t, s));
		CU_ASSERT(info.used_objs <= info.active_objs && info.active_objs <= info.num_objs);
		CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_alloc_fastpath) +
				kmem_cache_counter(s, SC_alloc_slowpath) - frees, info.used_objs);
		CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_alloc_slab) -
				kmem_cache_counter(s, SC_free_slab), info.num_slabs);
		pages += info.slab_pages;
	}
	CU_ASSERT_EQUAL(pages, slab_machine_used(&t->m));
	CU_ASSERT_EQUAL(slab_counter(t->m.sa, SC_alloc_fail), t->failed);
	CU_ASSERT_EQUAL(t->m.nr_reports, t->complaints);
	CU_ASSERT(slab_machine_sound(&t->m));
}

/* 500 steps that rather allocate, then 500 that rather free. */
static void step(struct model *t, unsigned int i)
{
	unsigned int cpu = test_rand_below(&t->rng, t->v->cpus);
	unsigned int dice = test_rand_below(&t->rng, 1000);
	bool growing = i / 500 % 2 == 0;

	if (dice < (growing ? 400 : 250))
		do_alloc(t, cpu);
	else if (dice < (growing ? 640 : 380))
		do_kmalloc(t, cpu);
	else if (dice < (growing ? 680 : 400))
		do_alloc_bulk(t, cpu);
	else if (dice < 930)
		do_free(t, cpu);
	else if (dice < 970)
		do_free_bulk(t, cpu);
	else if (dice < 985)
		do_wrong_free(t, cpu);
	else if (dice < 990)
		kmem_cache_shrink(t->caches[test_rand_below(&t->rng, NR_CACHES)]);
	else if (dice < 993)
		do_destroy(t);
	else
		buddy_drain_all_pages(t->m.buddy);
}

static void run(const struct variant *v)
{
	struct model *t = calloc(1, sizeof(*t));
	struct slab_config cfg;
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	t->v = v;
	t->rng.s = 0x1234567 + v->nodes + 16 * v->cpus;
	slab_config_default(&cfg);
	cfg.merge = v->merge;
	cfg.freelist_random = v->freelist_random;
	slab_machine_create(&t->m, v->bytes, v->nodes, v->cpus, &cfg);
	for (i = 0; i < NR_CACHES; i++)
		t->caches[i] = create_cache(t, i);
	buddy_set_fail(t->m.buddy, v->buddy_fail, -1, 0);
	slab_set_fail(t->m.sa, v->slab_fail, -1);

	for (i = 0; i < v->steps; i++) {
		step(t, i);
		if (i % 97 == 0)
			check_all(t);
	}
	check_all(t);
	if (v->buddy_fail || v->slab_fail || v->bytes < 8 << 20)
		CU_ASSERT(t->failed > 0);
	while (t->nr_live)
		do_free(t, 0);
	check_all(t);
	for (i = 0; i < NR_CACHES; i++)
		CU_ASSERT_EQUAL(kmem_cache_destroy(t->caches[i]), 0);
	slab_machine_destroy(&t->m);
	free(t);
}

/* One CPU, one node: the plain case. */
static void test_plain(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 1, .cpus = 1, .steps = 8000 });
}

/* Four CPUs that free each other's objects, caches merged. */
static void test_cpus(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 1, .cpus = 4, .steps = 12000,
			       .merge = true });
}

/* Two nodes, requests for either, shuffled free lists. */
static void test_nodes(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 2, .cpus = 4, .steps = 12000,
			       .freelist_random = true });
}

/* Memory ends again and again. */
static void test_exhaustion(void)
{
	run(&(struct variant){ .bytes = 2 << 20, .nodes = 1, .cpus = 2, .steps = 12000 });
}

/* Every second request for frames fails: orders fall back, bulk requests stop half-way. */
static void test_buddy_failures(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 2, .cpus = 3, .steps = 12000,
			       .buddy_fail = 2 });
}

/* Every fifth request for objects fails. */
static void test_slab_failures(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 1, .cpus = 2, .steps = 8000,
			       .slab_fail = 5 });
}

static const struct test_case cases[] = {
	{ "random work, one CPU", test_plain },
	{ "random work, four CPUs, merged caches", test_cpus },
	{ "random work, two nodes, shuffled", test_nodes },
	{ "random work, memory exhausted", test_exhaustion },
	{ "random work, frames refused", test_buddy_failures },
	{ "random work, objects refused", test_slab_failures },
	{ NULL, NULL }
};

const struct test_suite slab_model_suite = { "slab_model", cases };
