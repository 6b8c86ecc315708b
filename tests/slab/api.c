/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: caches as their users see them: creation, merging,
 * destruction, kmalloc, and each kind of wrong free, with the exact number of
 * complaints.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/cache.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)

static void create_merging(struct slab_machine *m)
{
	struct slab_config cfg;

	slab_config_default(&cfg);
	slab_machine_create(m, MEM, 1, 2, &cfg);
}

/* The default engine exists under its name, with its parameters; a wrong name is none. */
static void test_engines(void)
{
	const struct engine_param *param;
	struct slab_machine m;
	struct slab_allocator *sa;
	struct slab_config cfg;
	struct kerror err = { 0 };

	slab_config_default(&cfg);
	CU_ASSERT_STRING_EQUAL(cfg.engine, "slub");
	CU_ASSERT_PTR_EQUAL(engine_find("slub"), &slub_ops);
	CU_ASSERT_PTR_NULL(engine_find("slob2"));
	for (param = slub_ops.params; param->name; param++)
		CU_ASSERT_PTR_NOT_NULL(param->text);

	slab_machine_create(&m, MEM, 1, 2, NULL);
	cfg.engine = "slob2";
	CU_ASSERT_EQUAL(slab_allocator_create(&sa, m.buddy, &cfg, &err), -EINVAL);
	CU_ASSERT_PTR_NULL(sa);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "slob2"));
	slab_config_default(&cfg);
	cfg.slab_min_order = MAX_PAGE_ORDER + 1;
	CU_ASSERT_EQUAL(slab_allocator_create(&sa, m.buddy, &cfg, &err), -EINVAL);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	slab_machine_destroy(&m);
}

/* Wrong arguments make no cache; the message names what is wrong. */
static void test_create_refused(void)
{
	static const struct {
		struct kmem_cache_args args;
		int code;
		const char *text;
	} cases[] = {
		{ { .name = NULL, .size = 8 }, -EINVAL, "name" },
		{ { .name = "", .size = 8 }, -EINVAL, "name" },
		{ { .name = "a b", .size = 8 }, -EINVAL, "blanks" },
		{ { .name = "123456789012345678901234567890123456789012345678901234567890abcd",
		    .size = 8 }, -EINVAL, "63" },
		{ { .name = "x", .size = 0 }, -EINVAL, "size" },
		{ { .name = "x", .size = 8, .align = 3 }, -EINVAL, "alignment" },
		{ { .name = "x", .size = 8, .flags = 1U << 30 }, -EINVAL, "flags" },
		{ { .name = "x", .size = 8, .flags = SLAB_KMALLOC }, -EINVAL, "flags" },
		{ { .name = "x", .size = 8, .usersize = 9 }, -EINVAL, "user region" },
		{ { .name = "x", .size = 8, .usersize = 4, .useroffset = 5 }, -EINVAL, "region" },
		{ { .name = "kmalloc-64", .size = 8 }, -EEXIST, "kmalloc-64" },
		{ { .name = "x", .size = 4 << 20, .flags = SLAB_TYPESAFE_BY_RCU }, -E2BIG, "fit" },
	};
	struct slab_machine m;
	unsigned int i;

	create_merging(&m);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kerror err = { 0 };

		CU_ASSERT_PTR_NULL(kmem_cache_create(m.sa, &cases[i].args, &err));
		CU_ASSERT_EQUAL(err.code, cases[i].code);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].text));
	}
	slab_machine_destroy(&m);
}

/* What a cache says of itself is what was asked for. */
static void test_properties(void)
{
	struct kmem_cache_args args = { .name = "props", .size = 100, .align = 16,
					.flags = SLAB_NO_MERGE | SLAB_ACCOUNT };
	struct slab_machine m;
	struct kmem_cache *s;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = kmem_cache_create(m.sa, &args, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(s), "props");
	CU_ASSERT_EQUAL(kmem_cache_object_size(s), 100);
	CU_ASSERT_EQUAL(kmem_cache_size(s), 112);
	CU_ASSERT_EQUAL(kmem_cache_align(s), 16);
	CU_ASSERT_EQUAL(kmem_cache_flags(s), SLAB_NO_MERGE | SLAB_ACCOUNT);
	CU_ASSERT_EQUAL(kmem_cache_order(s), 0);
	CU_ASSERT_EQUAL(kmem_cache_objs_per_slab(s), 36);
	CU_ASSERT_EQUAL(kmem_cache_min_partial(s), 5);
	CU_ASSERT_EQUAL(kmem_cache_cpu_partial(s), 120);
	CU_ASSERT_EQUAL(kmem_cache_aliases(s), 0);
	CU_ASSERT_PTR_EQUAL(kmem_cache_allocator(s), m.sa);
	CU_ASSERT_PTR_EQUAL(slab_buddy(m.sa), m.buddy);
	CU_ASSERT_PTR_EQUAL(slab_find_cache(m.sa, "props"), s);
	CU_ASSERT_PTR_NULL(slab_find_cache(m.sa, "prop"));
	CU_ASSERT_PTR_EQUAL(slab_next_cache(m.sa, NULL), s);
	slab_machine_destroy(&m);
}

/* Caches of like objects share slabs; what differs in size, alignment, kind or care does not. */
static void test_merging(void)
{
	static const struct { struct kmem_cache_args args; bool merges; } cases[] = {
		{ { .name = "same", .size = 200 }, true },
		{ { .name = "less than a word smaller", .size = 193 }, true },
		{ { .name = "a word smaller", .size = 192 }, false },
		{ { .name = "larger", .size = 201 }, false },
		{ { .name = "aligned alike", .size = 200, .align = 8 }, true },
		{ { .name = "aligned more", .size = 200, .align = 16 }, false },
		{ { .name = "reclaimable", .size = 200, .flags = SLAB_RECLAIM_ACCOUNT }, false },
		{ { .name = "accounted", .size = 200, .flags = SLAB_ACCOUNT }, false },
		{ { .name = "dma", .size = 200, .flags = SLAB_CACHE_DMA }, false },
		{ { .name = "rcu", .size = 200, .flags = SLAB_TYPESAFE_BY_RCU }, false },
		{ { .name = "alone", .size = 200, .flags = SLAB_NO_MERGE }, false },
		{ { .name = "user", .size = 200, .usersize = 8 }, false },
		{ { .name = "ctor", .size = 200, .ctor = free }, false },
		{ { .name = "panic", .size = 200, .flags = SLAB_PANIC }, true },
	};
	struct kmem_cache_args args = { .name = "first", .size = 200 };
	unsigned int i, aliases = 0;
	struct slab_machine m;
	struct kmem_cache *s;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kmem_cache_args other = cases[i].args;
		struct kmem_cache *t;

		create_merging(&m);
		s = kmem_cache_create(m.sa, &args, NULL);
		other.name = "other";
		t = kmem_cache_create(m.sa, &other, NULL);
		CU_ASSERT_PTR_NOT_NULL(t);
		if ((t == s) != cases[i].merges)
			CU_FAIL(cases[i].args.name);
		aliases += kmem_cache_aliases(s);
		slab_machine_destroy(&m);
	}
	CU_ASSERT_EQUAL(aliases, 4);

	/* no merging where it is switched off */
	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = kmem_cache_create(m.sa, &args, NULL);
	args.name = "second";
	CU_ASSERT_NOT_EQUAL(kmem_cache_create(m.sa, &args, NULL), s);
	slab_machine_destroy(&m);
}

/* A merged cache keeps the larger object and dies with its last user. */
static void test_alias_lifetime(void)
{
	struct kmem_cache_args a = { .name = "a", .size = 193 }, b = { .name = "b", .size = 199 };
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *object;

	create_merging(&m);
	s = kmem_cache_create(m.sa, &a, NULL);
	CU_ASSERT_PTR_EQUAL(kmem_cache_create(m.sa, &b, NULL), s);
	CU_ASSERT_EQUAL(kmem_cache_aliases(s), 1);
	CU_ASSERT_EQUAL(kmem_cache_object_size(s), 199);
	object = kmem_cache_alloc(s, 0, GFP_KERNEL);
	memset(object, 0xff, 200);
	kmem_cache_free(s, 0, object);
	object = kmem_cache_alloc(s, 0, GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_EQUAL(object[198], 0);
	CU_ASSERT_EQUAL(object[199], 0xff);
	kmem_cache_free(s, 0, object);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	CU_ASSERT_EQUAL(kmem_cache_aliases(s), 0);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	CU_ASSERT_PTR_NULL(slab_find_cache(m.sa, "a"));
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	CU_ASSERT_EQUAL(kmem_cache_destroy(NULL), 0);
	CU_ASSERT_EQUAL(kmem_cache_destroy(slab_find_cache(m.sa, "kmalloc-64")), -EINVAL);
	slab_machine_destroy(&m);
}

/* s: b, c. The last name moves away; the next one comes behind what is left. */
static void test_alias_last(void)
{
	struct kmem_cache_args a = { .name = "a", .size = 200 }, b = { .name = "b", .size = 200 },
			       c = { .name = "c", .size = 200 }, d = { .name = "d", .size = 200 },
			       large = { .name = "large", .size = 700 };
	struct slab_machine m;
	struct kmem_cache *s;

	create_merging(&m);
	s = kmem_cache_create(m.sa, &a, NULL);
	CU_ASSERT_PTR_EQUAL(kmem_cache_create(m.sa, &b, NULL), s);
	CU_ASSERT_PTR_EQUAL(kmem_cache_create(m.sa, &c, NULL), s);
	CU_ASSERT_PTR_NOT_EQUAL(kmem_cache_create(m.sa, &large, NULL), s);
	c.size = 700;
	CU_ASSERT_PTR_NOT_EQUAL(kmem_cache_create(m.sa, &c, NULL), s);
	CU_ASSERT_PTR_EQUAL(kmem_cache_create(m.sa, &d, NULL), s);
	CU_ASSERT_STRING_EQUAL(kmem_cache_alias_name(s, 0), "b");
	CU_ASSERT_STRING_EQUAL(kmem_cache_alias_name(s, 1), "d");
	CU_ASSERT_PTR_NULL(kmem_cache_alias_name(s, 2));
	slab_machine_destroy(&m);
}

/* Names of merged caches, in order; one created again moves to whoever it merges with now. */
static void test_alias_names(void)
{
	struct kmem_cache_args a = { .name = "a", .size = 200 }, b = { .name = "b", .size = 200 },
			       c = { .name = "c", .size = 200 }, large = { .name = "large", .size = 700 };
	struct kmem_cache *s, *other;
	struct slab_machine m;

	create_merging(&m);
	s = kmem_cache_create(m.sa, &a, NULL);
	CU_ASSERT_PTR_EQUAL(kmem_cache_create(m.sa, &b, NULL), s);
	CU_ASSERT_PTR_EQUAL(kmem_cache_create(m.sa, &c, NULL), s);
	CU_ASSERT_STRING_EQUAL(kmem_cache_alias_name(s, 0), "b");
	CU_ASSERT_STRING_EQUAL(kmem_cache_alias_name(s, 1), "c");
	CU_ASSERT_PTR_NULL(kmem_cache_alias_name(s, 2));
	CU_ASSERT_PTR_EQUAL(slab_find_alias(m.sa, "c"), s);
	CU_ASSERT_PTR_NULL(slab_find_alias(m.sa, "a"));

	other = kmem_cache_create(m.sa, &large, NULL);
	CU_ASSERT_PTR_NOT_EQUAL(other, s);
	b.size = 700;
	CU_ASSERT_PTR_EQUAL(kmem_cache_create(m.sa, &b, NULL), other);
	CU_ASSERT_PTR_EQUAL(slab_find_alias(m.sa, "b"), other);
	CU_ASSERT_STRING_EQUAL(kmem_cache_alias_name(s, 0), "c");
	kmem_cache_destroy(other);
	kmem_cache_destroy(other);
	CU_ASSERT_PTR_NULL(slab_find_alias(m.sa, "b"));
	slab_machine_destroy(&m);
}

/* What lies before a cache's metadata grows with the largest of its users, not with its last. */
static void test_alias_extent(void)
{
	struct kmem_cache_args args[] = { { .name = "a", .size = 260, .align = 64 },
					  { .name = "b", .size = 316 }, { .name = "c", .size = 313 } };
	static const uint32_t inuse[] = { 264, 320, 320 }, size[] = { 260, 316, 316 };
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i;

	create_merging(&m);
	for (i = 0; i < 3; i++) {
		s = kmem_cache_create(m.sa, &args[i], NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		CU_ASSERT_EQUAL(kmem_cache_aliases(s), i);
		CU_ASSERT_EQUAL(s->inuse, inuse[i]);
		CU_ASSERT_EQUAL(kmem_cache_object_size(s), size[i]);
	}
	slab_machine_destroy(&m);
}

/* Ids are given again, counters of the dead stay in the total, and many caches have room. */
static void test_many_caches(void)
{
	struct kmem_cache *s, *caches[100];
	uint64_t allocs;
	struct slab_machine m;
	unsigned int i;
	char name[8] = "c00";

	slab_machine_create(&m, MEM, 1, 2, NULL);
	for (i = 0; i < 100; i++) {
		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		caches[i] = slab_machine_cache(&m, name, 64);
		CU_ASSERT_EQUAL(kmem_cache_id(caches[i]), 52 + i);
	}
	s = caches[7];
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, kmem_cache_alloc(s, 0, GFP_KERNEL)), 0);
	allocs = slab_counter(m.sa, SC_alloc_slowpath);
	CU_ASSERT_EQUAL(allocs, 1);
	CU_ASSERT_EQUAL(kmem_cache_destroy(caches[7]), 0);
	CU_ASSERT_EQUAL(kmem_cache_destroy(caches[99]), 0);
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_alloc_slowpath), allocs);
	CU_ASSERT_PTR_EQUAL(slab_next_cache(m.sa, NULL), caches[98]);
	CU_ASSERT_PTR_EQUAL(slab_next_cache(m.sa, caches[8]), caches[6]);
	s = slab_machine_cache(&m, "again", 64);
	CU_ASSERT_EQUAL(kmem_cache_id(s), 59);
	CU_ASSERT_STRING_EQUAL(slab_counter_desc[SC_alloc_fastpath].name, "alloc_fastpath");
	slab_machine_destroy(&m);
}

/* A cache with live objects stays; each of them is named, in address order. */
static void test_destroy_live(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void **objects;
	unsigned int i, n;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 512);
	n = kmem_cache_objs_per_slab(s);
	objects = calloc(3 * n, sizeof(*objects));
	for (i = 0; i < 3 * n; i++)
		objects[i] = kmem_cache_alloc(s, i & 1, GFP_KERNEL);
	for (i = 0; i < 3 * n; i++)
		if (i % 7)
			kmem_cache_free(s, 0, objects[i]);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), -EBUSY);
	CU_ASSERT_EQUAL(m.nr_reports, (3 * n + 6) / 7);
	for (i = 0; i < m.nr_reports; i++) {
		const struct slab_report *r = &m.reports[i];

		CU_ASSERT_EQUAL(r->what, SLAB_LIVE_AT_DESTROY);
		CU_ASSERT_PTR_EQUAL(r->cache, s);
		CU_ASSERT_PTR_EQUAL(r->owner, s);
		CU_ASSERT_EQUAL(r->offset % 512, 0);
		if (i)
			CU_ASSERT(r->object > m.reports[i - 1].object);
	}
	CU_ASSERT_PTR_EQUAL(slab_find_cache(m.sa, "c"), s);
	CU_ASSERT(slab_machine_sound(&m));

	/* with its objects freed it goes */
	for (i = 0; i < 3 * n; i += 7)
		CU_ASSERT_EQUAL(kmem_cache_free(s, 1, objects[i]), 0);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	free(objects);
	slab_machine_destroy(&m);
}

/* Every size is served by the smallest class that holds it. */
static void test_kmalloc_classes(void)
{
	static const uint32_t classes[] = {
		8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192
	};
	struct slab_machine m;
	unsigned int class = 0;
	uint32_t size;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	for (size = 1; size <= 8192; size++) {
		struct kmem_cache *s;

		if (size > classes[class])
			class++;
		s = kmalloc_slab(m.sa, size, GFP_KERNEL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		CU_ASSERT_EQUAL_FATAL(kmem_cache_size(s), classes[class]);
		CU_ASSERT_EQUAL_FATAL(kmalloc_size_roundup(size), classes[class]);
	}
	CU_ASSERT_EQUAL(kmalloc_size_roundup(0), 0);
	CU_ASSERT_EQUAL(kmalloc_size_roundup(8193), 4 * PAGE_SIZE);
	CU_ASSERT_EQUAL(kmalloc_size_roundup(4 * PAGE_SIZE), 4 * PAGE_SIZE);
	CU_ASSERT_EQUAL(kmalloc_size_roundup(PAGE_SIZE << MAX_PAGE_ORDER), PAGE_SIZE << MAX_PAGE_ORDER);
	CU_ASSERT_EQUAL(kmalloc_size_roundup((PAGE_SIZE << MAX_PAGE_ORDER) + 1), 0);
	CU_ASSERT_EQUAL(kmalloc_size_roundup(SIZE_MAX), 0);
	CU_ASSERT_PTR_NULL(kmalloc_slab(m.sa, 0, GFP_KERNEL));
	CU_ASSERT_PTR_NULL(kmalloc_slab(m.sa, 8193, GFP_KERNEL));
	slab_machine_destroy(&m);
}

/* The kind of a kmalloc comes from its flags, DMA before reclaimable before accounted. */
static void test_kmalloc_kinds(void)
{
	static const struct { gfp_t gfp; const char *name; } cases[] = {
		{ GFP_KERNEL, "kmalloc-64" },
		{ GFP_ATOMIC, "kmalloc-64" },
		{ GFP_KERNEL_ACCOUNT, "kmalloc-cg-64" },
		{ GFP_KERNEL | __GFP_RECLAIMABLE, "kmalloc-rcl-64" },
		{ GFP_KERNEL_ACCOUNT | __GFP_RECLAIMABLE, "kmalloc-rcl-64" },
		{ GFP_KERNEL | GFP_DMA, "dma-kmalloc-64" },
		{ GFP_KERNEL_ACCOUNT | __GFP_RECLAIMABLE | GFP_DMA, "dma-kmalloc-64" },
	};
	struct slab_machine m;
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		void *object = kmalloc(m.sa, 0, 50, cases[i].gfp);

		CU_ASSERT_PTR_NOT_NULL_FATAL(object);
		CU_ASSERT_STRING_EQUAL(kmem_cache_name(slab_cache_of(m.sa, object)), cases[i].name);
		CU_ASSERT_EQUAL(kfree(m.sa, 0, object), 0);
	}
	slab_machine_destroy(&m);
}

/* The corners of kmalloc: nothing, zeroed memory, another node, the size really usable. */
static void test_kmalloc_corners(void)
{
	struct slab_machine m;
	unsigned char *a;
	unsigned int i;
	void *b;

	slab_machine_create(&m, MEM, 2, 2, NULL);
	CU_ASSERT_PTR_EQUAL(kmalloc(m.sa, 0, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, ZERO_SIZE_PTR), 0);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, NULL), 0);
	CU_ASSERT_EQUAL(kmem_cache_free(kmalloc_slab(m.sa, 8, GFP_KERNEL), 0, NULL), 0);

	a = kmalloc(m.sa, 0, 100, GFP_KERNEL);
	memset(a, 0xff, 128);
	CU_ASSERT_EQUAL(ksize(m.sa, a), 128);
	CU_ASSERT_EQUAL(ksize(m.sa, a + 8), 0);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a), 0);
	CU_ASSERT_EQUAL(ksize(m.sa, a), 0);
	CU_ASSERT_PTR_NULL(slab_cache_of(m.sa, a));
	CU_ASSERT_PTR_EQUAL(kmalloc(m.sa, 0, 100, GFP_KERNEL | __GFP_ZERO), a);
	for (i = 0; i < 128; i++)
		CU_ASSERT_EQUAL_FATAL(a[i], 0);

	b = kmalloc_node(m.sa, 0, 100, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(pagemap_node_of(m.map, pfn_from_virt(m.map, b)), 1);
	slab_machine_destroy(&m);
}

/* Large requests are whole frames, rounded up to a power of two, outside any cache. */
static void test_kmalloc_large(void)
{
	struct slab_machine m;
	unsigned char *a, *b;
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	a = kmalloc(m.sa, 0, 8193, GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_EQUAL((uintptr_t)a % (4 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(ksize(m.sa, a), 4 * PAGE_SIZE);
	CU_ASSERT_EQUAL(slab_large_pages(m.sa), 4);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 4);
	CU_ASSERT_PTR_NULL(slab_cache_of(m.sa, a));
	for (i = 0; i < 4 * PAGE_SIZE; i++)
		CU_ASSERT_EQUAL_FATAL(a[i], 0);
	b = kmalloc(m.sa, 1, 4 * PAGE_SIZE, GFP_KERNEL);
	CU_ASSERT_EQUAL(slab_large_pages(m.sa), 8);
	CU_ASSERT(slab_machine_sound(&m));
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a), 0);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, b), 0);
	CU_ASSERT_EQUAL(slab_large_pages(m.sa), 0);

	/* what no block holds, to the byte, and sizes that overflow */
	a = kmalloc(m.sa, 0, PAGE_SIZE << MAX_PAGE_ORDER, GFP_KERNEL);
	CU_ASSERT_PTR_NOT_NULL(a);
	CU_ASSERT_PTR_NULL(kmalloc(m.sa, 0, (PAGE_SIZE << MAX_PAGE_ORDER) + 1, GFP_KERNEL));
	CU_ASSERT_PTR_NULL(kmalloc(m.sa, 0, SIZE_MAX, GFP_KERNEL));
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_alloc_fail), 2);
	slab_machine_destroy(&m);
}

/* One free that must be refused: of @object, by kfree where @cache is NULL. */
struct wrong_free {
	struct kmem_cache *cache;
	void *object;
	int ret;
	enum slab_complaint what;
	struct kmem_cache *owner;	/* of the slab the address lies in */
	size_t offset;			/* from the slab's start; 0 where there is no slab */
};

/* Each is refused with its own number, reported once and in full, and changes nothing. */
static void expect_refused(struct slab_machine *m, const struct wrong_free *table, unsigned int nr)
{
	unsigned int i, before = m->nr_reports;

	for (i = 0; i < nr; i++) {
		const struct wrong_free *wrong = &table[i];
		const struct slab_report *r = &m->reports[before + i];
		int ret = wrong->cache ? kmem_cache_free(wrong->cache, i % 2, wrong->object) :
					 kfree(m->sa, i % 2, wrong->object);

		CU_ASSERT_EQUAL(ret, wrong->ret);
		CU_ASSERT_EQUAL_FATAL(m->nr_reports, before + i + 1);
		CU_ASSERT_EQUAL(r->what, wrong->what);
		CU_ASSERT_PTR_EQUAL(r->object, wrong->object);
		CU_ASSERT_PTR_EQUAL(r->cache, wrong->cache);
		CU_ASSERT_PTR_EQUAL(r->owner, wrong->owner);
		CU_ASSERT_EQUAL(r->offset, wrong->offset);
		CU_ASSERT_TRUE(slab_machine_sound(m));
	}
}

/*
 * Two caches of objects of half a frame, in slabs of their own:
 *
 *   s  | a | b (freed) | .. |      t  | c | .. |
 */
static void test_wrong_frees(void)
{
	struct kmem_cache *s, *t;
	struct slab_machine m;
	unsigned char *a, *b, *c, *base;
	char here;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	base = m.map->base;
	s = slab_machine_cache(&m, "s", 2048);
	t = slab_machine_cache(&m, "t", 2048);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	b = kmem_cache_alloc(s, 0, GFP_KERNEL);
	c = kmem_cache_alloc(t, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, b), 0);
	const struct wrong_free table[] = {
		/* twice */
		{ s, b, -EALREADY, SLAB_DOUBLE_FREE, s, 2048 },
		{ s, b, -EALREADY, SLAB_DOUBLE_FREE, s, 2048 },
		{ NULL, b, -EALREADY, SLAB_DOUBLE_FREE, s, 2048 },
		{ t, b, -EALREADY, SLAB_DOUBLE_FREE, s, 2048 },
		/* into the wrong cache */
		{ t, a, -EXDEV, SLAB_WRONG_CACHE, s, 0 },
		{ s, c, -EXDEV, SLAB_WRONG_CACHE, t, 0 },
		/* not the start of an object: inside, unaligned, in a later frame of the slab */
		{ s, a + 8, -EINVAL, SLAB_BAD_ADDRESS, s, 8 },
		{ s, a + 1, -EINVAL, SLAB_BAD_ADDRESS, s, 1 },
		{ NULL, a + PAGE_SIZE + 4, -EINVAL, SLAB_BAD_ADDRESS, s, PAGE_SIZE + 4 },
		/* no slab at all: a free frame, a hole, outside the machine */
		{ NULL, base + (20 << 20), -EINVAL, SLAB_BAD_ADDRESS, NULL, 0 },
		{ s, base, -EINVAL, SLAB_BAD_ADDRESS, NULL, 0 },
		{ NULL, &here, -EINVAL, SLAB_BAD_ADDRESS, NULL, 0 },
		{ NULL, (void *)UINTPTR_MAX, -EINVAL, SLAB_BAD_ADDRESS, NULL, 0 },
	};

	expect_refused(&m, table, sizeof(table) / sizeof(table[0]));
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_bad_free_double), 3);
	CU_ASSERT_EQUAL(kmem_cache_counter(t, SC_bad_free_double), 1);
	CU_ASSERT_EQUAL(kmem_cache_counter(t, SC_bad_free_cache), 1);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_bad_free_cache), 1);
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_bad_free_double), 4);
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_bad_free_cache), 2);
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_bad_free_address), 7);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 1);
	CU_ASSERT_EQUAL(slab_machine_info(t).used_objs, 1);

	/* where nobody listens, it is refused all the same */
	slab_set_report(m.sa, NULL, NULL);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, c), -EXDEV);
	CU_ASSERT_EQUAL(m.nr_reports, sizeof(table) / sizeof(table[0]));
	slab_machine_destroy(&m);
}

/* A large kmalloc freed into a cache, from its inside, twice; an object whose slab was given back. */
static void test_wrong_frees_large(void)
{
	struct kmem_cache *s, *k;
	struct slab_machine m;
	unsigned char *a, *large;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "s", 2048);
	large = kmalloc(m.sa, 0, 10000, GFP_KERNEL);
	expect_refused(&m, (struct wrong_free[]){
		{ s, large, -EXDEV, SLAB_WRONG_CACHE, NULL, 0 },
		{ NULL, large + PAGE_SIZE, -EINVAL, SLAB_BAD_ADDRESS, NULL, 0 },
	}, 2);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, large), 0);
	expect_refused(&m, &(struct wrong_free){ NULL, large, -EINVAL, SLAB_BAD_ADDRESS, NULL, 0 }, 1);

	/* kfree of a cache's object and kmem_cache_free of a kmalloc's are fine */
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a), 0);
	k = kmalloc_slab(m.sa, 64, GFP_KERNEL);
	CU_ASSERT_EQUAL(kmem_cache_free(k, 0, kmalloc(m.sa, 0, 64, GFP_KERNEL)), 0);
	CU_ASSERT_EQUAL(m.nr_reports, 3);

	CU_ASSERT(kmem_cache_shrink(s) > 0);
	expect_refused(&m, &(struct wrong_free){ s, a, -EINVAL, SLAB_BAD_ADDRESS, NULL, 0 }, 1);
	slab_machine_destroy(&m);
}

/* The end of a slab that no object fits into holds no object to free. */
static void test_slab_tail(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *a;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 96);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(kmem_cache_objs_per_slab(s), 42);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, a + 41 * 96), -EALREADY);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, a + 42 * 96), -EINVAL);
	slab_machine_destroy(&m);
}

/* The smallest objects: every 8 bytes of a frame are one, and each is known from the next. */
static void test_smallest_objects(void)
{
	struct slab_machine m;
	unsigned char *a[512];
	struct kmem_cache *s;
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	s = slab_machine_cache(&m, "c", 1);
	for (i = 0; i < 512; i++) {
		a[i] = kmem_cache_alloc(s, 0, GFP_KERNEL);
		memset(a[i], (int)i, 8);
	}
	CU_ASSERT_EQUAL(slab_machine_used(&m), 1);
	for (i = 0; i < 512; i += 2)
		CU_ASSERT_EQUAL(kmem_cache_free(s, 0, a[i]), 0);
	CU_ASSERT(slab_machine_sound(&m));
	for (i = 0; i < 512; i++) {
		if (i & 1)
			CU_ASSERT_EQUAL(a[i][0] + a[i][7], 2 * (i & 0xff));
		CU_ASSERT_EQUAL(kmem_cache_free(s, 0, a[i]), i & 1 ? 0 : -EALREADY);
	}
	CU_ASSERT_EQUAL(m.nr_reports, 256);
	slab_machine_destroy(&m);
}

/* Without kmalloc's caches there are none but those asked for, and a kmalloc takes frames. */
static void test_no_kmalloc(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;
	void *object;

	slab_config_default(&cfg);
	cfg.no_kmalloc = true;
	slab_machine_create(&m, MEM, 1, 1, &cfg);
	CU_ASSERT_PTR_NULL(slab_next_cache(m.sa, NULL));
	s = slab_machine_cache(&m, "c", 64);
	CU_ASSERT_PTR_EQUAL(slab_next_cache(m.sa, NULL), s);
	CU_ASSERT_PTR_NULL(slab_next_cache(m.sa, s));
	object = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, object), 0);
	object = kmalloc(m.sa, 0, 64, GFP_KERNEL);
	CU_ASSERT_EQUAL(ksize(m.sa, object), PAGE_SIZE);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, object), 0);
	CU_ASSERT(slab_machine_sound(&m));
	slab_machine_destroy(&m);
}

/* Two machines in one process know nothing of each other. */
static void test_two_machines(void)
{
	struct slab_machine m, n;
	void *a, *b;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	slab_machine_create(&n, MEM, 1, 2, NULL);
	a = kmalloc(m.sa, 0, 64, GFP_KERNEL);
	b = kmalloc(n.sa, 0, 64, GFP_KERNEL);
	CU_ASSERT_EQUAL((unsigned char *)a - m.map->base, (unsigned char *)b - n.map->base);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, b), -EINVAL);
	CU_ASSERT_EQUAL(m.nr_reports, 1);
	CU_ASSERT_EQUAL(n.nr_reports, 0);
	CU_ASSERT_EQUAL(kfree(n.sa, 0, b), 0);
	slab_machine_destroy(&m);
	slab_machine_destroy(&n);
	slab_allocator_destroy(NULL);
}

/*
 * As many caches as there can be: each is found by its name, the lowest number
 * that is free is given next, and the one too many is refused in words.
 */
static void test_most_caches(void)
{
	struct kmem_cache_args args = { .size = 64, .flags = SLAB_NO_MERGE };
	struct kmem_cache *s, *gone;
	struct kerror err = { 0 };
	struct slab_machine m;
	unsigned int nr, i, kmallocs = 0;
	char name[32];

	slab_machine_create(&m, 64 << 20, 1, 1, NULL);
	for_each_cache(m.sa, s)
		kmallocs++;
	args.name = name;
	for (nr = 0;; nr++) {
		snprintf(name, sizeof(name), "cache_%u", nr);
		s = kmem_cache_create(m.sa, &args, &err);
		if (!s)
			break;
	}
	CU_ASSERT_EQUAL(err.code, -ENOSPC);
	CU_ASSERT_STRING_EQUAL(strstr(err.text, ": "), ": a machine has at most 16384 caches");
	CU_ASSERT_EQUAL(nr, SLAB_MAX_CACHES - kmallocs);
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "cache_%u", i);
		s = slab_find_cache(m.sa, name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		CU_ASSERT_STRING_EQUAL(kmem_cache_name(s), name);
	}
	for (i = 500; i >= 300; i -= 100) {
		snprintf(name, sizeof(name), "cache_%u", i);
		gone = slab_find_cache(m.sa, name);
		nr = kmem_cache_id(gone);
		CU_ASSERT_EQUAL(kmem_cache_destroy(gone), 0);
		CU_ASSERT_PTR_NULL(slab_find_cache(m.sa, name));
	}
	snprintf(name, sizeof(name), "again");
	s = kmem_cache_create(m.sa, &args, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(kmem_cache_id(s), nr);
	slab_machine_destroy(&m);
}

/* Of many caches the oldest of the right size, alignment and kind takes a new one in. */
static void test_merge_among_many(void)
{
	struct kmem_cache_args args = { 0 };
	struct kmem_cache *s, *first = NULL;
	struct slab_machine m;
	struct slab_config cfg;
	unsigned int i;
	char name[32];

	slab_config_default(&cfg);
	slab_machine_create(&m, 64 << 20, 1, 1, &cfg);
	args.name = name;
	for (i = 0; i < 8000; i++) {
		args.size = 8 + i % 2000 * 8;
		args.align = i / 2000 == 1 ? 64 : 0;
		args.flags = i / 2000 == 2 ? SLAB_RECLAIM_ACCOUNT : 0;
		snprintf(name, sizeof(name), "cache_%u", i);
		s = kmem_cache_create(m.sa, &args, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		if (i == 100)
			first = s;
		/* Those of the first round, or those 64 bytes larger that are aligned by chance. */
		CU_ASSERT_EQUAL(kmem_cache_aliases(s) != 0,
				i / 2000 == 3 || (i / 2000 == 1 && slab_find_alias(m.sa, name) == s));
		if (i / 2000 == 3) {
			CU_ASSERT_PTR_EQUAL(slab_find_alias(m.sa, name), s);
			CU_ASSERT_EQUAL(kmem_cache_object_size(s), args.size);
		}
	}
	CU_ASSERT_PTR_EQUAL(slab_find_alias(m.sa, "cache_6100"), first);
	CU_ASSERT_EQUAL(kmem_cache_destroy(first), 0);
	CU_ASSERT_EQUAL(kmem_cache_destroy(first), 0);
	CU_ASSERT_PTR_NULL(slab_find_alias(m.sa, "cache_6100"));
	args.size = 8 + 100 * 8;
	args.align = args.flags = 0;
	snprintf(name, sizeof(name), "new");
	s = kmem_cache_create(m.sa, &args, NULL);
	CU_ASSERT_EQUAL(kmem_cache_aliases(s), 0);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "engines", test_engines },
	{ "refused caches", test_create_refused },
	{ "properties of a cache", test_properties },
	{ "merging", test_merging },
	{ "aliases", test_alias_lifetime },
	{ "extent of a merged cache's objects", test_alias_extent },
	{ "names of merged caches", test_alias_names },
	{ "alias, the last one", test_alias_last },
	{ "as many caches as there can be", test_most_caches },
	{ "merging among many", test_merge_among_many },
	{ "many caches", test_many_caches },
	{ "destroy with live objects", test_destroy_live },
	{ "kmalloc classes", test_kmalloc_classes },
	{ "kmalloc kinds", test_kmalloc_kinds },
	{ "kmalloc corners", test_kmalloc_corners },
	{ "large kmalloc", test_kmalloc_large },
	{ "wrong frees", test_wrong_frees },
	{ "wrong frees of what has no slab", test_wrong_frees_large },
	{ "the unused end of a slab", test_slab_tail },
	{ "smallest objects", test_smallest_objects },
	{ "no kmalloc", test_no_kmalloc },
	{ "two machines", test_two_machines },
	{ NULL, NULL }
};

const struct test_suite slab_api_suite = { "slab_api", cases };
