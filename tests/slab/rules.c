/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what SLUB does differently in each kernel, one test a row of
 * slab/rules.h, each run under both rules.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/slub/slub.h"
#include "tests/slab/slab.h"

#define MEM (16 << 20)

static void make_kernel(struct slab_machine *m, int kernel, uint64_t bytes, unsigned int nodes,
			unsigned int max_order)
{
	struct slab_config cfg;

	slab_config_default(&cfg);
	cfg.kernel = (enum buddy_kernel)kernel;
	cfg.merge = false;
	cfg.slab_max_order = max_order;
	slab_machine_create(m, bytes, nodes, 2, &cfg);
}

static struct slab_geometry geometry(int kernel, uint32_t size, uint32_t flags)
{
	struct kmem_cache_args args = { .name = "x", .size = size, .flags = flags };
	struct slab_geometry geo = { .size = 0 };
	struct slab_config cfg;

	slab_config_default(&cfg);
	cfg.kernel = (enum buddy_kernel)kernel;
	CU_ASSERT_EQUAL(slab_geometry(&geo, &args, &cfg, 2, NULL), 0);
	return geo;
}

static uint64_t count(const struct kmem_cache *s, enum slab_counter counter)
{
	return kmem_cache_counter(s, counter);
}

/* Every row has a text, and its columns are what the rule sets say; the default is the newest. */
static void test_table(void)
{
	struct kmem_cache_args args = { .name = "x", .size = 8 };
	struct slab_geometry geo;
	struct slab_allocator *sa;
	struct slab_config cfg;
	struct slab_machine m;
	int i;

	for (i = 0; slab_rule_desc[i].name; i++) {
		CU_ASSERT_TRUE(slab_rule_desc[i].text[0]);
		CU_ASSERT_NOT_EQUAL(slab_rule_desc[i].value[BUDDY_KERNEL_6_12],
				    slab_rule_desc[i].value[BUDDY_KERNEL_6_1]);
	}
	CU_ASSERT_EQUAL(i, 10);
	CU_ASSERT_TRUE(slab_rules[BUDDY_KERNEL_6_12].freeze_late);
	CU_ASSERT_FALSE(slab_rules[BUDDY_KERNEL_6_1].freeze_late);
	slab_config_default(&cfg);
	CU_ASSERT_EQUAL(cfg.kernel, BUDDY_KERNEL_6_12);
	cfg.kernel = NR_BUDDY_KERNELS;
	CU_ASSERT_EQUAL(slab_geometry(&geo, &args, &cfg, 2, NULL), -EINVAL);
	slab_machine_create(&m, MEM, 1, 1, NULL);
	CU_ASSERT_EQUAL(slab_allocator_create(&sa, m.buddy, &cfg, NULL), -EINVAL);
	slab_machine_destroy(&m);
}

/* Two objects of 11000 bytes leave a third of 32 KiB unused: 6.1 rather takes one in 16 KiB. */
static void test_order_keeps_objects(void)
{
	struct slab_geometry geo;

	if (!test_kernel_geometry())
		return;
	geo = geometry(BUDDY_KERNEL_6_1, 11000, 0);
	CU_ASSERT_EQUAL(geo.order, 2);
	CU_ASSERT_EQUAL(geo.objects, 1);
	geo = geometry(BUDDY_KERNEL_6_12, 11000, 0);
	CU_ASSERT_EQUAL(geo.order, 3);
	CU_ASSERT_EQUAL(geo.objects, 2);
	/* Too large for slab_max_order: as many frames as one object takes, in both. */
	CU_ASSERT_EQUAL(geometry(BUDDY_KERNEL_6_1, 40000, 0).order, 4);
	CU_ASSERT_EQUAL(geometry(BUDDY_KERNEL_6_12, 40000, 0).order, 4);
}

/*
 * A full slab of which another CPU frees two objects, then all: it goes on that
 * CPU's partial list and stays there; only 6.1 calls it frozen meanwhile.
 */
static void test_freeze_late(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		bool older = kernel == BUDDY_KERNEL_6_1;
		struct slab_machine m;
		struct kmem_cache *s;
		struct page *slab;
		unsigned int n, i;
		void **o;

		make_kernel(&m, kernel, MEM, 1, 2);
		s = slab_machine_cache(&m, "c", 512);
		n = kmem_cache_objs_per_slab(s);
		o = slab_machine_fill(s, 0, 2);
		slab = slab_machine_page(&m, o[0]);
		CU_ASSERT_EQUAL(kmem_cache_free(s, 1, o[0]), 0);
		CU_ASSERT_PTR_EQUAL(slub_cpu(s, 1)->partial, slab);
		CU_ASSERT_EQUAL(slab_frozen(slab), older);
		CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[1]), 0);
		CU_ASSERT_EQUAL(count(s, SC_free_frozen), older);
		for (i = 2; i < n; i++)
			CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[i]), 0);
		CU_ASSERT_PTR_EQUAL(slub_cpu(s, 1)->partial, slab);
		CU_ASSERT_EQUAL(count(s, SC_free_slab), 0);
		CU_ASSERT(slab_machine_sound(&m));
		/* It becomes that CPU's own, frozen in both. */
		CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 1, GFP_KERNEL)), slab);
		CU_ASSERT_TRUE(slab_frozen(slab));
		CU_ASSERT_EQUAL(slab->slab_private, 0);
		free(o);
		slab_machine_destroy(&m);
	}
}

/* A slab of node 0 on the CPU's partial list, when an object of node 1 is wanted. */
static void test_skip_other_nodes(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		bool older = kernel == BUDDY_KERNEL_6_1;
		struct slab_machine m;
		struct kmem_cache *s;
		void **o;

		make_kernel(&m, kernel, MEM, 2, 2);
		s = slab_machine_cache(&m, "c", 512);
		o = slab_machine_fill(s, 0, 2);
		CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[0]), 0);
		CU_ASSERT_PTR_NOT_NULL(kmem_cache_alloc_node(s, 0, GFP_KERNEL, 1));
		/* The CPU's own slab, and in 6.1 the other one after it. */
		CU_ASSERT_EQUAL(count(s, SC_alloc_node_mismatch), older ? 2 : 1);
		CU_ASSERT_EQUAL(count(s, SC_cpu_partial_alloc), older);
		CU_ASSERT_EQUAL(count(s, SC_free_add_partial), !older);
		CU_ASSERT_EQUAL(slub_node(s, 0)->nr_partial, 1);
		CU_ASSERT_PTR_EQUAL(slab_from_link(s, slub_node(s, 0)->partial.head),
				    slab_machine_page(&m, o[0]));
		CU_ASSERT_FALSE(slab_frozen(slab_machine_page(&m, o[0])));
		free(o);
		slab_machine_destroy(&m);
	}
}

/* A free list from the CPU's partial list: for 6.1 a refill like one from the CPU's slab. */
static void test_refill_apart(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct slab_machine m;
		struct kmem_cache *s;
		unsigned int n;
		void **o;

		make_kernel(&m, kernel, MEM, 1, 2);
		s = slab_machine_cache(&m, "c", 512);
		n = kmem_cache_objs_per_slab(s);
		o = slab_machine_fill(s, 0, 2);
		CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[0]), 0);
		CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), o[0]);
		CU_ASSERT_EQUAL(count(s, SC_cpu_partial_alloc), 1);
		CU_ASSERT_EQUAL(count(s, SC_alloc_refill), kernel == BUDDY_KERNEL_6_1);
		/* What another CPU freed to this CPU's slab is a refill in both. */
		CU_ASSERT_EQUAL(kmem_cache_free(s, 1, o[1]), 0);
		CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 0, GFP_KERNEL), o[1]);
		CU_ASSERT_EQUAL(count(s, SC_alloc_refill), kernel == BUDDY_KERNEL_6_1 ? 2 : 1);
		CU_ASSERT(n > 2);
		free(o);
		slab_machine_destroy(&m);
	}
}

/*
 * kmalloc's objects that keep the size asked for: an overrun within the class is one by
 * 6.12's rules alone, which therefore put the free pointer behind the object.
 */
static void test_zone_from_request(void)
{
	const uint32_t zu = SLAB_KMALLOC | SLAB_RED_ZONE | SLAB_STORE_USER;
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		bool older = kernel == BUDDY_KERNEL_6_1;
		struct slab_geometry geo = geometry(kernel, 64, zu);
		struct slab_config cfg;
		struct slab_machine m;
		unsigned char *object;

		CU_ASSERT_EQUAL(geo.offset, older ? 32 : 72);
		/* 8 left, 40, 8 right, (8 link,) 64 tracks, 4 size, 8 more, in 8s */
		CU_ASSERT_EQUAL(geometry(kernel, 40, zu).size, older ? 136 : 144);
		CU_ASSERT_EQUAL(geometry(kernel, 40, zu | SLAB_POISON).size, 144);
		CU_ASSERT_EQUAL(geometry(kernel, 40, zu & ~SLAB_KMALLOC).offset, 16);

		slab_config_default(&cfg);
		cfg.kernel = kernel;
		cfg.debug = "FZU,kmalloc-64";
		slab_machine_create(&m, MEM, 1, 1, &cfg);
		object = kmalloc(m.sa, 0, 50, GFP_KERNEL);
		CU_ASSERT_EQUAL(ksize(m.sa, object), older ? 64 : 50);
		object[50] = 1;
		CU_ASSERT_EQUAL(kfree(m.sa, 0, object), 0);
		CU_ASSERT_EQUAL(slab_counter(m.sa, SC_bad_red_zone), !older);
		object = kmalloc(m.sa, 0, 50, GFP_KERNEL);
		object[64] = 1;
		CU_ASSERT_EQUAL(kfree(m.sa, 0, object), 0);
		CU_ASSERT_EQUAL(slab_counter(m.sa, SC_bad_red_zone), older ? 1 : 2);
		slab_machine_destroy(&m);
	}
}

/* Node 1 has no frames left, node 0 has partial slabs: 6.12 uses these before it takes frames of node 0. */
static void test_node_before_others(void)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_THISNODE | __GFP_NORETRY;
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		bool older = kernel == BUDDY_KERNEL_6_1;
		pfn_t pfn, *taken = calloc(MEM / PAGE_SIZE, sizeof(*taken));
		unsigned int n, i, nr = 0;
		struct slab_machine m;
		struct kmem_cache *s;
		void **o, *object;
		uint64_t slabs;

		make_kernel(&m, kernel, MEM, 2, 2);
		s = slab_machine_cache(&m, "c", 512);
		n = kmem_cache_objs_per_slab(s);
		o = slab_machine_fill(s, 0, 10);
		for (i = 0; i < 10; i++)
			CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[i * n]), 0);
		kmem_cache_shrink(s);
		CU_ASSERT_EQUAL(slub_node(s, 0)->nr_partial, 10);
		while (!pfn_is_none(pfn = buddy_alloc_pages(m.buddy, 1, gfp, 0, 1)))
			taken[nr++] = pfn;
		slabs = count(s, SC_alloc_slab);
		/* Who insists on the node gets nothing. */
		CU_ASSERT_PTR_NULL(kmem_cache_alloc_node(s, 1, gfp, 1));
		object = kmem_cache_alloc_node(s, 1, GFP_KERNEL, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(object);
		CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, object)), 0);
		CU_ASSERT_EQUAL(count(s, SC_alloc_slab) - slabs, older);
		CU_ASSERT_EQUAL(count(s, SC_alloc_from_partial), !older);
		while (nr)
			CU_ASSERT_EQUAL(buddy_free_pages(m.buddy, 1, taken[--nr], 0), 0);
		free(taken);
		free(o);
		slab_machine_destroy(&m);
	}
}

/* The same with a debugged cache, which takes its objects one by one. */
static void test_node_before_others_debugged(void)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_THISNODE | __GFP_NORETRY;
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		struct kmem_cache_args args = { .name = "c", .size = 500, .flags = SLAB_CONSISTENCY_CHECKS };
		bool older = kernel == BUDDY_KERNEL_6_1;
		pfn_t pfn, *taken = calloc(MEM / PAGE_SIZE, sizeof(*taken));
		struct slab_machine m;
		struct kmem_cache *s;
		unsigned int i, n, nr = 0;
		void *object, *o[256];
		uint64_t slabs;

		make_kernel(&m, kernel, MEM, 2, 2);
		s = kmem_cache_create(m.sa, &args, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		n = kmem_cache_objs_per_slab(s);
		CU_ASSERT_FATAL(8 * n <= 256);
		for (i = 0; i < 8 * n; i++)
			o[i] = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 0);
		for (i = 0; i < 8; i++)
			CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[i * n]), 0);
		CU_ASSERT(slub_node(s, 0)->nr_partial > s->min_partial);
		while (!pfn_is_none(pfn = buddy_alloc_pages(m.buddy, 1, gfp, 0, 1)))
			taken[nr++] = pfn;
		slabs = count(s, SC_alloc_slab);
		CU_ASSERT_PTR_NULL(kmem_cache_alloc_node(s, 1, gfp, 1));
		object = kmem_cache_alloc_node(s, 1, GFP_KERNEL, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(object);
		CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, object)), 0);
		CU_ASSERT_EQUAL(count(s, SC_alloc_slab) - slabs, older);
		while (nr)
			CU_ASSERT_EQUAL(buddy_free_pages(m.buddy, 1, taken[--nr], 0), 0);
		free(taken);
		slab_machine_destroy(&m);
	}
}

/* 96 is 3 * 32 and 192 is 3 * 64. */
static void test_kmalloc_align_any(void)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		bool older = kernel == BUDDY_KERNEL_6_1;

		CU_ASSERT_EQUAL(geometry(kernel, 96, SLAB_KMALLOC).align, older ? 8 : 32);
		CU_ASSERT_EQUAL(geometry(kernel, 192, SLAB_KMALLOC).align, older ? 8 : 64);
		CU_ASSERT_EQUAL(geometry(kernel, 96, 0).align, 8);
		CU_ASSERT_EQUAL(geometry(kernel, 1024, SLAB_KMALLOC).align, 1024);
	}
}

/* The names of @nr caches, the oldest first, after @skip of them. */
static void names_are(const struct slab_machine *m, unsigned int skip, unsigned int nr,
		      const char *const *names)
{
	const struct kmem_cache *s = m->sa->oldest;
	unsigned int i;

	for (i = 0; i < skip; i++)
		s = s->newer;
	for (i = 0; i < nr; i++, s = s->newer)
		CU_ASSERT_STRING_EQUAL(kmem_cache_name(s), names[i]);
}

/* The classes of one kind, as they are made. */
static void test_kmalloc_odd_first(void)
{
	static const char *const names[NR_BUDDY_KERNELS][7] = {
		{ "kmalloc-8", "kmalloc-16", "kmalloc-32", "kmalloc-64", "kmalloc-96", "kmalloc-128",
		  "kmalloc-192" },
		{ "kmalloc-96", "kmalloc-192", "kmalloc-8", "kmalloc-16", "kmalloc-32", "kmalloc-64",
		  "kmalloc-128" },
	};
	struct slab_machine m;
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		make_kernel(&m, kernel, MEM, 1, 2);
		names_are(&m, 0, 7, names[kernel]);
		slab_machine_destroy(&m);
	}
}

/* The kinds, as they are made, by the last class of each; 13 classes a kind. */
static void test_kmalloc_rcl_first(void)
{
	static const char *const names[NR_BUDDY_KERNELS][4] = {
		{ "kmalloc-8k", "kmalloc-cg-8k", "kmalloc-rcl-8k", "dma-kmalloc-8k" },
		{ "kmalloc-8k", "kmalloc-rcl-8k", "dma-kmalloc-8k", "kmalloc-cg-8k" },
	};
	struct slab_machine m;
	unsigned int kind;
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		make_kernel(&m, kernel, MEM, 1, 2);
		for (kind = 0; kind < 4; kind++)
			names_are(&m, kind * 13 + 12, 1, &names[kernel][kind]);
		slab_machine_destroy(&m);
	}
}

/*
 * 10100 partial slabs, each with one object free but for some in the middle of
 * the list, which have three: 6.12 does not look there.
 */
static void test_partial_sampled(void)
{
	const unsigned int slabs = 10100, first = 5040, last = 5060;
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++) {
		unsigned int exact = slabs + 2 * (last - first + 1), i;
		struct slab_machine m;
		struct kmem_cache *s;
		struct slabinfo info;
		void **o;

		make_kernel(&m, kernel, 64 << 20, 1, 0);
		s = slab_machine_cache(&m, "c", 1024);
		CU_ASSERT_EQUAL_FATAL(kmem_cache_objs_per_slab(s), 4);
		o = slab_machine_fill(s, 0, slabs);
		for (i = 0; i < slabs; i++)
			CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[4 * i]), 0);
		s->engine->flush(s);
		CU_ASSERT_EQUAL_FATAL(slub_node(s, 0)->nr_partial, slabs);
		for (i = first; i <= last; i++) {
			CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[4 * i + 1]), 0);
			CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[4 * i + 2]), 0);
		}
		info = slab_machine_info(s);
		CU_ASSERT_EQUAL(info.used_objs, 4 * slabs - exact);
		CU_ASSERT_EQUAL(info.active_objs, 4 * slabs - (kernel == BUDDY_KERNEL_6_1 ? exact : slabs));
		free(o);
		slab_machine_destroy(&m);
	}
}

static const struct test_case cases[] = {
	{ "table of slab rules", test_table },
	{ "order_keeps_objects", test_order_keeps_objects },
	{ "freeze_late", test_freeze_late },
	{ "skip_other_nodes", test_skip_other_nodes },
	{ "refill_apart", test_refill_apart },
	{ "node_before_others", test_node_before_others },
	{ "node_before_others, debugged", test_node_before_others_debugged },
	{ "zone_from_request", test_zone_from_request },
	{ "kmalloc_align_any", test_kmalloc_align_any },
	{ "kmalloc_odd_first", test_kmalloc_odd_first },
	{ "kmalloc_rcl_first", test_kmalloc_rcl_first },
	{ "partial_sampled", test_partial_sampled },
	{ NULL, NULL }
};

const struct test_suite slab_rules_suite = { "slab_rules", cases };
