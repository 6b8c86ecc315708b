/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what every engine of the slab layer must keep to. One body of
 * random work on several caches, CPUs and nodes, beside a naive model that
 * knows only which bytes are in use by whom. The model says whether each answer
 * can be right; the validators say whether the state behind it is. Every test
 * runs once for each engine there is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slab/head.h"
#include "tests/slab/slab.h"

#define MAX_LIVE	600
#define MAX_BULK	40
#define NR_CACHES	7
#define LARGE		NULL	/* the cache of a large kmalloc */
#define CONSTRUCTED	0x5c
#define CONSTRUCTED_BYTES 8

struct live_object {
	unsigned char *start;
	size_t size;
	struct kmem_cache *cache;
	unsigned char stamp;		/* what its owner filled it with */
};

struct variant {
	uint64_t bytes;
	unsigned int nodes, cpus, steps;
	unsigned int check_every;	/* steps from one recount to the next */
	bool merge, freelist_random;
	unsigned int buddy_fail, slab_fail;	/* each so-many-th request; 0 none */
};

struct model {
	struct slab_machine m;
	struct test_rng rng;
	const struct variant *v;
	struct kmem_cache *caches[NR_CACHES];
	unsigned int nr_created;
	struct live_object live[MAX_LIVE];
	unsigned int nr_live;
	uint64_t failed;
	uint64_t now_ns;
	unsigned int complaints;	/* that must have been made */
};

static uint32_t rand_below(struct model *t, uint32_t n)
{
	return test_rand_below(&t->rng, n);
}

/* ---- what each answer must be like -------------------------------------- */

static void construct(void *object)
{
	memset(object, CONSTRUCTED, CONSTRUCTED_BYTES);
}

/* Bytes at the start that belong to the constructor, not to the owner. */
static size_t constructed_bytes(const struct live_object *o)
{
	return o->cache && o->cache->ctor ? CONSTRUCTED_BYTES : 0;
}

static bool all_bytes_are(const unsigned char *start, size_t size, unsigned char byte)
{
	return !size || (start[0] == byte && !memcmp(start, start + 1, size - 1));
}

static bool is_power_of_two(size_t n)
{
	return n && !(n & (n - 1));
}

/* What kmalloc() promises of an address. */
static size_t kmalloc_align(size_t size)
{
	if (is_power_of_two(size))
		return size < KMALLOC_MIN_SIZE ? KMALLOC_MIN_SIZE : size < PAGE_SIZE ? size : PAGE_SIZE;
	return KMALLOC_MIN_SIZE;
}

/* The object is memory of the machine, nobody else's, and as the request wanted it. */
static void check_new(struct model *t, unsigned char *start, size_t size, size_t align,
		      struct kmem_cache *s, gfp_t gfp, int nid)
{
	struct live_object *o = &t->live[t->nr_live];
	unsigned int i;

	CU_ASSERT_FATAL(virt_in_map(t->m.map, start));
	CU_ASSERT_FATAL(virt_in_map(t->m.map, start + size - 1));
	CU_ASSERT_EQUAL((uintptr_t)start % align, 0);
	CU_ASSERT_PTR_EQUAL(slab_cache_of(t->m.sa, start), s);
	CU_ASSERT(ksize(t->m.sa, start) >= size);
	if (nid >= 0 && (gfp & __GFP_THISNODE))
		CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&t->m, start)), nid);
	for (i = 0; i < t->nr_live; i++)
		if (start < t->live[i].start + t->live[i].size && t->live[i].start < start + size)
			CU_FAIL_FATAL("an object overlaps a live one");

	*o = (struct live_object){ start, size, s, (unsigned char)(1 + rand_below(t, 255)) };
	if (gfp & __GFP_ZERO)
		CU_ASSERT(all_bytes_are(start, size, 0))
	else
		CU_ASSERT(all_bytes_are(start, constructed_bytes(o), CONSTRUCTED));
	memset(start + constructed_bytes(o), o->stamp, size - constructed_bytes(o));
	t->nr_live++;
}

/* The object's bytes are as its owner left them; it is no longer live. */
static struct live_object forget(struct model *t, unsigned int i)
{
	struct live_object o = t->live[i];
	size_t skip = constructed_bytes(&o);

	CU_ASSERT(all_bytes_are(o.start, skip, CONSTRUCTED));
	CU_ASSERT(all_bytes_are(o.start + skip, o.size - skip, o.stamp));
	t->live[i] = t->live[--t->nr_live];
	return o;
}

static uint64_t live_of(const struct model *t, const struct kmem_cache *s)
{
	uint64_t nr = 0;
	unsigned int i;

	for (i = 0; i < t->nr_live; i++)
		nr += t->live[i].cache == s;
	return nr;
}

/* Both layers recounted, and the figures of each cache against the model's. */
static void check_all(struct model *t)
{
	struct kmem_cache *s;
	uint64_t pages = slab_large_pages(t->m.sa);

	for_each_cache(t->m.sa, s) {
		struct slabinfo info = slab_machine_info(s);
		uint64_t frees = kmem_cache_counter(s, SC_free_fastpath) +
				 kmem_cache_counter(s, SC_free_slowpath);

		CU_ASSERT_EQUAL(info.used_objs - info.engine_objs, live_of(t, s));
		CU_ASSERT(info.used_objs <= info.active_objs);
		CU_ASSERT(info.active_objs <= info.num_objs);
		CU_ASSERT(info.active_slabs <= info.num_slabs);
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

/* ---- the steps ---------------------------------------------------------- */

static gfp_t random_gfp(struct model *t)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_ATOMIC, GFP_KERNEL_ACCOUNT,
				      GFP_KERNEL | __GFP_RECLAIMABLE, GFP_NOWAIT };

	return gfps[rand_below(t, 5)];
}

/* A cache is created with one of these shapes, or a size and an alignment nobody thought of. */
static struct kmem_cache *create_cache(struct model *t)
{
	static const struct kmem_cache_args shapes[] = {
		{ .size = 8 },
		{ .size = 100, .flags = SLAB_HWCACHE_ALIGN },
		{ .size = 104 },
		{ .size = 250, .align = 32, .ctor = construct },
		{ .size = 1016, .flags = SLAB_RECLAIM_ACCOUNT },
		{ .size = 1600, .flags = SLAB_TYPESAFE_BY_RCU, .ctor = construct },
		{ .size = 5000, .flags = SLAB_TYPESAFE_BY_RCU },
		{ .size = 4096, .align = 4096, .flags = SLAB_ACCOUNT },
	};
	static const uint32_t flags[] = { 0, SLAB_HWCACHE_ALIGN, SLAB_NO_MERGE, SLAB_RECLAIM_ACCOUNT };
	unsigned int shape = t->nr_created < NR_CACHES ? t->nr_created : rand_below(t, 12);
	struct kmem_cache_args args;
	struct kmem_cache *s;
	char name[32];

	if (shape < sizeof(shapes) / sizeof(shapes[0]))
		args = shapes[shape];
	else
		args = (struct kmem_cache_args){
			.size = 8 + rand_below(t, 1U << rand_below(t, 13)),
			.align = rand_below(t, 2) ? 0 : 1U << rand_below(t, 10),
			.flags = flags[rand_below(t, 4)],
			.ctor = rand_below(t, 4) ? NULL : construct,
		};
	snprintf(name, sizeof(name), "cache-%u", t->nr_created++);
	args.name = name;
	s = kmem_cache_create(t->m.sa, &args, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT(kmem_cache_object_size(s) >= args.size);
	CU_ASSERT(kmem_cache_size(s) >= args.size);
	if (args.align)
		CU_ASSERT_EQUAL(kmem_cache_align(s) % args.align, 0);
	return s;
}

static struct kmem_cache *random_cache(struct model *t)
{
	return t->caches[rand_below(t, NR_CACHES)];
}

static gfp_t maybe_zero(struct model *t, const struct kmem_cache *s, gfp_t gfp)
{
	return rand_below(t, 5) || (s && s->ctor) ? gfp : gfp | __GFP_ZERO;
}

static void do_alloc(struct model *t, unsigned int cpu)
{
	int nid = (int)rand_below(t, t->v->nodes + 1) - 1;
	struct kmem_cache *s = random_cache(t);
	gfp_t gfp = maybe_zero(t, s, random_gfp(t));
	void *object;

	if (t->nr_live == MAX_LIVE)
		return;
	if (nid >= 0 && rand_below(t, 3) == 0)
		gfp |= __GFP_THISNODE;
	object = nid < 0 ? kmem_cache_alloc(s, cpu, gfp) : kmem_cache_alloc_node(s, cpu, gfp, nid);
	if (object)
		check_new(t, object, kmem_cache_object_size(s), kmem_cache_align(s), s, gfp, nid);
	else
		t->failed++;
}

static void do_kmalloc(struct model *t, unsigned int cpu)
{
	size_t size = 1 + rand_below(t, 1U << (4 + rand_below(t, 11)));
	int nid = (int)rand_below(t, t->v->nodes + 1) - 1;
	gfp_t gfp = maybe_zero(t, NULL, random_gfp(t));
	void *object;

	if (t->nr_live == MAX_LIVE)
		return;
	if (!rand_below(t, 4))
		size = 1UL << rand_below(t, 14);
	object = nid < 0 ? kmalloc(t->m.sa, cpu, size, gfp) :
			   kmalloc_node(t->m.sa, cpu, size, gfp, nid);
	if (!object) {
		t->failed++;
		return;
	}
	check_new(t, object, size, kmalloc_align(size), kmalloc_slab(t->m.sa, size, gfp), gfp, nid);
}

static void do_alloc_bulk(struct model *t, unsigned int cpu)
{
	unsigned int i, nr = 1 + rand_below(t, MAX_BULK);
	struct kmem_cache *s = random_cache(t);
	gfp_t gfp = maybe_zero(t, s, GFP_KERNEL);
	void *objects[MAX_BULK];

	if (t->nr_live + nr > MAX_LIVE)
		return;
	if (!kmem_cache_alloc_bulk(s, cpu, gfp, nr, objects)) {
		t->failed++;
		return;
	}
	for (i = 0; i < nr; i++)
		check_new(t, objects[i], kmem_cache_object_size(s), kmem_cache_align(s), s, gfp, -1);
}

static void do_free(struct model *t, unsigned int cpu)
{
	struct live_object o;

	if (!t->nr_live)
		return;
	o = forget(t, rand_below(t, t->nr_live));
	if (o.cache && rand_below(t, 2))
		CU_ASSERT_EQUAL(kmem_cache_free(o.cache, cpu, o.start), 0)
	else
		CU_ASSERT_EQUAL(kfree(t->m.sa, cpu, o.start), 0);
}

/* Some of a cache's objects in one call, in one case of four with another's and with NULL. */
static void do_free_bulk(struct model *t, unsigned int cpu)
{
	struct kmem_cache *s = random_cache(t);
	unsigned int nr = 0, wrong = 0, i = t->nr_live;
	bool mixed = !rand_below(t, 4);
	void *objects[MAX_BULK];

	while (i-- && nr + 2 < MAX_BULK) {
		if (t->live[i].cache == s && !rand_below(t, 3)) {
			objects[nr++] = forget(t, i).start;
		} else if (mixed && t->live[i].cache != s && !rand_below(t, 40)) {
			objects[nr++] = NULL;
			objects[nr++] = t->live[i].start;
			wrong++;
		}
	}
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(s, cpu, nr, objects), wrong);
	t->complaints += wrong;
}

/* Everything a CPU's lists can hold at once, and back: lists overflow and drain. */
static void do_burst(struct model *t, unsigned int cpu)
{
	unsigned int first = t->nr_live, nr = 50 + rand_below(t, 250), i, other;
	struct kmem_cache *s = random_cache(t);

	for (i = 0; i < nr && t->nr_live < MAX_LIVE; i++) {
		void *object = kmem_cache_alloc(s, cpu, GFP_KERNEL);

		if (!object) {
			t->failed++;
			break;
		}
		check_new(t, object, kmem_cache_object_size(s), kmem_cache_align(s), s, 0, -1);
	}
	other = rand_below(t, t->v->cpus);
	while (t->nr_live > first)
		CU_ASSERT_EQUAL(kmem_cache_free(s, other,
						forget(t, first + rand_below(t, t->nr_live - first)).start), 0);
}

/* What is wrong; the machine must refuse each, and nothing may change by it. */
static void do_wrong_free(struct model *t, unsigned int cpu)
{
	struct kmem_cache *other = random_cache(t);
	const struct live_object *o;

	if (!t->nr_live)
		return;
	o = &t->live[rand_below(t, t->nr_live)];
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
	if (o->cache) {
		struct live_object gone = forget(t, (unsigned int)(o - t->live));
		int ret;

		CU_ASSERT_EQUAL(kfree(t->m.sa, cpu, gone.start), 0);
		ret = rand_below(t, 2) ? kfree(t->m.sa, cpu, gone.start) :
					 kmem_cache_free(gone.cache, cpu, gone.start);
		/* its slab may have gone back with it */
		if (ret != -EALREADY)
			CU_ASSERT_EQUAL(ret, -EINVAL);
		t->complaints++;
	}
}

/* A cache with live objects survives its destruction, one without is made anew. */
static void do_destroy(struct model *t)
{
	unsigned int i = rand_below(t, NR_CACHES);
	uint64_t live = live_of(t, t->caches[i]);
	unsigned int aliases = kmem_cache_aliases(t->caches[i]);
	int ret = kmem_cache_destroy(t->caches[i]);

	if (live && !aliases) {
		CU_ASSERT_EQUAL(ret, -EBUSY);
		t->complaints += live;
		return;
	}
	CU_ASSERT_EQUAL(ret, 0);
	t->caches[i] = create_cache(t);
}

/* Up to some seconds go by. */
static void do_tick(struct model *t)
{
	uint64_t due;

	t->now_ns += 1 + test_rand(&t->rng) % (5ULL * 1000 * 1000 * 1000);
	due = slab_tick(t->m.sa, t->now_ns);
	CU_ASSERT(due > t->now_ns);
}

/* 500 steps that rather allocate, then 500 that rather free. */
static void step(struct model *t, unsigned int i)
{
	unsigned int cpu = rand_below(t, t->v->cpus), dice = rand_below(t, 1000);
	bool growing = i / 500 % 2 == 0;

	if (dice < (growing ? 380 : 250))
		do_alloc(t, cpu);
	else if (dice < (growing ? 620 : 380))
		do_kmalloc(t, cpu);
	else if (dice < (growing ? 660 : 400))
		do_alloc_bulk(t, cpu);
	else if (dice < 910)
		do_free(t, cpu);
	else if (dice < 950)
		do_free_bulk(t, cpu);
	else if (dice < 965)
		do_wrong_free(t, cpu);
	else if (dice < 970)
		do_burst(t, cpu);
	else if (dice < 975)
		kmem_cache_shrink(random_cache(t));
	else if (dice < 983)
		do_destroy(t);
	else if (dice < 993)
		do_tick(t);
	else
		buddy_drain_all_pages(t->m.buddy);
}

/* ---- one run ------------------------------------------------------------ */

/* With nothing live and all caches shrunk, no frame is held any more. */
static void check_all_given_back(struct model *t)
{
	struct kmem_cache *s;

	for_each_cache(t->m.sa, s)
		kmem_cache_shrink(s);
	CU_ASSERT_EQUAL(slab_machine_used(&t->m), 0);
	check_all(t);
}

static void run_engine(const struct variant *v, const struct engine_ops *engine)
{
	struct model *t = calloc(1, sizeof(*t));
	struct slab_config cfg;
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	t->v = v;
	t->rng.s = 0x1234567 + v->nodes + 16 * v->cpus;
	slab_config_default(&cfg);
	slab_config_engine(&cfg, engine->name, NULL);
	cfg.merge = v->merge;
	cfg.freelist_random = v->freelist_random;
	slab_machine_create(&t->m, v->bytes, v->nodes, v->cpus, &cfg);
	for (i = 0; i < NR_CACHES; i++)
		t->caches[i] = create_cache(t);
	buddy_set_fail(t->m.buddy, v->buddy_fail, -1, 0);
	slab_set_fail(t->m.sa, v->slab_fail, -1);

	for (i = 0; i < v->steps; i++) {
		step(t, i);
		if (i % v->check_every == 0)
			check_all(t);
	}
	check_all(t);
	if (v->buddy_fail || v->slab_fail || v->bytes < 8 << 20)
		CU_ASSERT(t->failed > 0)
	else if (test_kernel_geometry())
		CU_ASSERT_EQUAL(t->failed, 0);
	while (t->nr_live)
		do_free(t, 0);
	check_all_given_back(t);
	for (i = 0; i < NR_CACHES; i++)
		CU_ASSERT_EQUAL(kmem_cache_destroy(t->caches[i]), 0);
	slab_machine_destroy(&t->m);
	free(t);
}

static void run(const struct variant *v)
{
	const struct engine_ops *const *engine;

	for (engine = engine_list; *engine; engine++) {
		unsigned int failures = CU_get_number_of_failures();

		run_engine(v, *engine);
		if (CU_get_number_of_failures() != failures)
			fprintf(stderr, "with engine %s\n", (*engine)->name);
	}
}

/* Every step is followed by a recount of everything. */
static void test_each_step(void)
{
	run(&(struct variant){ .bytes = 16 << 20, .nodes = 2, .cpus = 3, .steps = 1500,
			       .check_every = 1 });
}

/* One CPU, one node: the plain case. */
static void test_plain(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 1, .cpus = 1, .steps = 8000,
			       .check_every = 97 });
}

/* Four CPUs that free each other's objects, caches merged. */
static void test_cpus(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 1, .cpus = 4, .steps = 12000,
			       .check_every = 97, .merge = true });
}

/* Two nodes, requests for either, shuffled free lists. */
static void test_nodes(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 2, .cpus = 4, .steps = 12000,
			       .check_every = 97, .freelist_random = true });
}

/* Memory ends again and again. */
static void test_exhaustion(void)
{
	run(&(struct variant){ .bytes = 1 << 20, .nodes = 1, .cpus = 2, .steps = 12000,
			       .check_every = 97 });
}

/* Every second request for frames fails: orders fall back, bulk requests stop half-way. */
static void test_buddy_failures(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 2, .cpus = 3, .steps = 12000,
			       .check_every = 97, .buddy_fail = 2 });
}

/* Every fifth request for objects fails. */
static void test_slab_failures(void)
{
	run(&(struct variant){ .bytes = 64 << 20, .nodes = 1, .cpus = 2, .steps = 8000,
			       .check_every = 97, .slab_fail = 5 });
}

/* ---- what random work would hardly meet --------------------------------- */

/*
 * Fill the whole machine with objects of one cache, then free every one from
 * another CPU: all memory comes back, and an allocation works again at once.
 */
static void fill_and_empty(const struct engine_ops *engine, uint32_t size, bool ctor)
{
	struct kmem_cache_args args = { .name = "fill", .size = size, .ctor = ctor ? construct : NULL };
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;
	size_t nr = 0, max = (8 << 20) / size, i;
	void **objects = calloc(max, sizeof(*objects));

	CU_ASSERT_PTR_NOT_NULL_FATAL(objects);
	slab_config_default(&cfg);
	slab_config_engine(&cfg, engine->name, NULL);
	slab_machine_create(&m, 8 << 20, 2, 4, &cfg);
	s = kmem_cache_create(m.sa, &args, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	while (nr < max && (objects[nr] = kmem_cache_alloc(s, 0, GFP_KERNEL)))
		nr++;
	CU_ASSERT(nr > 0);
	CU_ASSERT(nr < max);
	CU_ASSERT_PTR_NULL(kmem_cache_alloc(s, 0, GFP_KERNEL));
	CU_ASSERT(slab_machine_sound(&m));
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, nr);

	CU_ASSERT_EQUAL(kmem_cache_free(s, 3, objects[--nr]), 0);
	for (i = 0; i < nr; i++)
		CU_ASSERT_EQUAL(kmem_cache_free(s, 3, objects[i]), 0);
	CU_ASSERT(slab_machine_sound(&m));
	objects[0] = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_PTR_NOT_NULL(objects[0]);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, objects[0]), 0);
	kmem_cache_shrink(s);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 0);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	slab_machine_destroy(&m);
	free(objects);
}

/* Small, constructed, several a frame, larger than a frame: each size until memory ends, and all of it comes back. */
static void test_fill_and_empty(void)
{
	const struct engine_ops *const *engine;

	for (engine = engine_list; *engine; engine++) {
		fill_and_empty(*engine, 16, false);
		fill_and_empty(*engine, 200, true);
		fill_and_empty(*engine, 1300, false);
		fill_and_empty(*engine, 6000, true);
	}
}

/* Long idle: ticks come to an end, cost nothing, and give memory back at most. */
static void test_idle(void)
{
	const struct engine_ops *const *engine;

	for (engine = engine_list; *engine; engine++) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;
		uint64_t used, now = 1000;
		void *objects[400];
		unsigned int i;

		slab_config_default(&cfg);
		slab_config_engine(&cfg, (*engine)->name, NULL);
		slab_machine_create(&m, 16 << 20, 1, 2, &cfg);
		s = slab_machine_cache(&m, "idle", 300);
		slab_tick(m.sa, now);
		for (i = 0; i < 400; i++)
			objects[i] = kmem_cache_alloc(s, i % 2, GFP_KERNEL);
		for (i = 0; i < 400; i += 2)
			CU_ASSERT_EQUAL(kmem_cache_free(s, 0, objects[i]), 0);
		used = slab_machine_used(&m);
		CU_ASSERT_EQUAL(slab_tick(m.sa, 0), slab_tick(m.sa, now));
		/* a year */
		CU_ASSERT(slab_tick(m.sa, now + 31536000ULL * 1000000000) > now);
		CU_ASSERT(slab_machine_used(&m) <= used);
		CU_ASSERT(slab_machine_sound(&m));
		for (i = 1; i < 400; i += 2)
			CU_ASSERT_EQUAL(kmem_cache_free(s, 1, objects[i]), 0);
		slab_machine_destroy(&m);
	}
}

static const struct test_case cases[] = {
	{ "random work, recounted after each step", test_each_step },
	{ "random work, one CPU", test_plain },
	{ "random work, four CPUs, merged caches", test_cpus },
	{ "random work, two nodes, shuffled", test_nodes },
	{ "random work, memory exhausted", test_exhaustion },
	{ "random work, frames refused", test_buddy_failures },
	{ "random work, objects refused", test_slab_failures },
	{ "the machine filled and emptied", test_fill_and_empty },
	{ "nothing happens for a year", test_idle },
	{ NULL, NULL }
};

const struct test_suite slab_conformance_suite = { "slab_conformance", cases };
