/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what is easily off by one, and what is easily not passed on. Each limit exactly and one
 * above; the flags and the node that a request for frames gets from the request for an object. Sizes are
 * no powers of two and counts odd where nothing else is said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slab/debug/kfence.h"
#include "slab/engine/magazine/magazine.h"
#include "slab/engine/slab/lslab.h"
#include "slab/engine/slub/slub.h"
#include "slab/extras/mempool.h"
#include "slab/extras/vmalloc.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)
#define SECOND	1000000000ULL

/* @text is an engine and its parameters, as --slab takes them. */
static void config(struct slab_config *cfg, const char *text)
{
	char copy[96], name[32], *rest = copy;
	unsigned int value;

	snprintf(copy, sizeof(copy), "%s", text);
	slab_config_default(cfg);
	cfg->merge = false;
	CU_ASSERT_EQUAL_FATAL(slab_config_engine(cfg, strsep(&rest, ","), NULL), 0);
	while (rest) {
		CU_ASSERT_EQUAL_FATAL(sscanf(strsep(&rest, ","), "%31[^=]=%u", name, &value), 2);
		CU_ASSERT_EQUAL_FATAL(slab_config_param(cfg, name, value, NULL), 0);
	}
}

static struct kmem_cache *cache(struct slab_machine *m, const char *name, uint32_t size, uint32_t flags)
{
	struct kmem_cache_args args = { .name = name, .size = size, .flags = flags | SLAB_NO_MERGE };
	struct kmem_cache *s = kmem_cache_create(m->sa, &args, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

/* ---- passed on ------------------------------------------------------------ */

static void expect_kept(const struct slab_machine *m, const void *object, gfp_t gfp)
{
	const gfp_t kept = __GFP_IO | __GFP_FS | __GFP_HIGH;

	CU_ASSERT_EQUAL(slab_machine_gfp(m, object) & kept, gfp & kept);
}

/*
 * Whoever may not write out pages or call a file system must not do so in the name of a new slab, whatever
 * comes between: sheaves that are filled, a slab layer, a debugged cache, kmalloc.
 */
static void test_gfp(void)
{
	static const gfp_t masks[] = { GFP_KERNEL, GFP_NOFS, GFP_NOIO, GFP_ATOMIC, GFP_NOWAIT };
	size_t i;

	EACH_ENGINE(engine) for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		const gfp_t gfp = masks[i];
		struct slab_config cfg;
		struct slab_machine m;
		void *bulk[5];

		config(&cfg, engine->name);
		slab_machine_create_owned(&m, MEM, 1, 2, &cfg);
		expect_kept(&m, kmem_cache_alloc(cache(&m, "plain", 120, 0), 1, gfp), gfp);
		expect_kept(&m, kmem_cache_alloc(cache(&m, "checked", 120, SLAB_CONSISTENCY_CHECKS), 1, gfp), gfp);
		expect_kept(&m, kmem_cache_alloc_node(cache(&m, "node", 120, 0), 1, gfp | __GFP_THISNODE, 0), gfp);
		CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(cache(&m, "bulk", 700, 0), 1, gfp, 5, bulk), 5);
		expect_kept(&m, bulk[0], gfp);
		expect_kept(&m, kmalloc(m.sa, 1, 3000, gfp), gfp);
		expect_kept(&m, kmalloc(m.sa, 1, 9000, gfp), gfp);
		slab_machine_destroy(&m);
	}
}

/*
 * SLUB asks for its preferred order without trying hard, as a smaller slab will do:
 *
 *   order > min_order   no reclaim, no emergency memory      order = min_order   as the caller may
 */
static void test_gfp_of_order(void)
{
	const gfp_t easy = __GFP_NOWARN | __GFP_NORETRY;
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;
	gfp_t gfp;

	config(&cfg, "slub");
	slab_machine_create_owned(&m, MEM, 1, 2, &cfg);
	s = cache(&m, "large", 520, 0);
	CU_ASSERT(kmem_cache_order(s) > kmem_cache_min_order(s));
	gfp = slab_machine_gfp(&m, kmem_cache_alloc(s, 0, GFP_KERNEL));
	CU_ASSERT_EQUAL(gfp, __GFP_IO | __GFP_FS | easy | __GFP_NOMEMALLOC | __GFP_COMP);
	slab_machine_destroy(&m);

	CU_ASSERT_EQUAL(slab_config_param(&cfg, "slab_max_order", 0, NULL), 0);
	slab_machine_create_owned(&m, MEM, 1, 2, &cfg);
	s = cache(&m, "small", 520, 0);
	CU_ASSERT_EQUAL(kmem_cache_order(s), kmem_cache_min_order(s));
	CU_ASSERT_EQUAL(slab_machine_gfp(&m, kmem_cache_alloc(s, 0, GFP_KERNEL)), GFP_KERNEL | easy);
	slab_machine_destroy(&m);
}

/*
 * kmalloc and what is built on it, on another node than the CPU's. What is larger than any cache's objects
 * comes from buddy itself, or page by page from vmalloc.
 */
static void test_node(void)
{
	static const size_t sizes[] = { 9, 100, 3000, 9000, 30000 };
	size_t i;

	EACH_ENGINE(engine) {
		struct slab_config cfg;
		struct slab_machine m;

		config(&cfg, engine->name);
		slab_machine_create(&m, MEM, 2, 1, &cfg);
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			void *object = kmalloc_node(m.sa, 0, sizes[i], GFP_KERNEL, 1);

			if (!object && !test_kernel_geometry())
				continue;
			CU_ASSERT_PTR_NOT_NULL_FATAL(object);
			CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, object)), 1);
			object = kvmalloc_node(m.sa, 0, sizes[i], GFP_KERNEL, 1);
			if (!is_vmalloc_addr(m.sa, object))
				CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, object)), 1);
		}
		slab_machine_destroy(&m);
	}
}

struct frames_of_node {
	const struct slab_machine *m;
	unsigned int nr[2];
};

static void count_frame(void *ctx, pfn_t pfn)
{
	struct frames_of_node *frames = ctx;

	frames->nr[slab_nid(page_from_pfn(frames->m->map, pfn))]++;
}

/* vmalloc's frames, and those that kvmalloc has of it where kmalloc fails. */
static void test_vmalloc_node(void)
{
	struct slab_machine m;
	struct frames_of_node frames = { .m = &m };
	void *area;

	slab_machine_create(&m, MEM, 2, 1, NULL);
	area = vmalloc(m.sa, 0, 7 * PAGE_SIZE, GFP_KERNEL, 1);
	CU_ASSERT_TRUE(vmalloc_for_each_frame(m.sa, area, count_frame, &frames));
	CU_ASSERT_EQUAL(frames.nr[1], 7);
	slab_set_fail(m.sa, 1, 1);
	area = kvmalloc_node(m.sa, 0, 5 * PAGE_SIZE, GFP_KERNEL, 1);
	slab_set_fail(m.sa, 0, 0);
	CU_ASSERT_TRUE(is_vmalloc_addr(m.sa, area));
	CU_ASSERT_TRUE(vmalloc_for_each_frame(m.sa, area, count_frame, &frames));
	CU_ASSERT_EQUAL(frames.nr[1], 12);
	CU_ASSERT_EQUAL(frames.nr[0], 0);
	slab_machine_destroy(&m);
}

/* Below the low watermark buddy hands out no frames in bulk; one by one they come from the same node. */
static void test_vmalloc_scarce(void)
{
	struct slab_machine m;
	struct frames_of_node frames = { .m = &m };
	pfn_t taken[3], pfn;
	unsigned int nr = 0;
	void *area;

	slab_machine_create(&m, 16 << 20, 2, 1, NULL);
	while (!pfn_is_none(pfn = buddy_alloc_pages(m.buddy, 0, GFP_KERNEL | __GFP_THISNODE, 0, 1)))
		taken[nr++ % 3] = pfn;
	for (nr = 0; nr < 3; nr++)
		buddy_free_pages(m.buddy, 0, taken[nr], 0);
	area = vmalloc(m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL | __GFP_THISNODE, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(area);
	CU_ASSERT_TRUE(vmalloc_for_each_frame(m.sa, area, count_frame, &frames));
	CU_ASSERT_EQUAL(frames.nr[1], 3);
	/* not slab_machine_destroy(): the node's frames are the test's */
	CU_ASSERT_TRUE(slab_machine_sound(&m));
	slab_allocator_destroy(m.sa);
	buddy_destroy(m.buddy);
	pagemap_destroy(m.map);
}

/* A pool's page blocks, in its reserve and beyond it. */
static void test_mempool_gfp(void)
{
	struct mempool_pages pages = { .order = 0 };
	const struct mempool_args args = { .min_nr = 3, .ops = &mempool_pages_ops, .pool_data = &pages };
	struct mempool *pool;
	struct slab_machine m;
	void *element;

	slab_machine_create_owned(&m, MEM, 1, 1, NULL);
	pages.buddy = m.buddy;
	CU_ASSERT_EQUAL_FATAL(mempool_create(&pool, &args, 0, GFP_NOFS, NULL), 0);
	element = mempool_alloc(pool, 0, GFP_NOIO);
	CU_ASSERT_EQUAL(slab_machine_gfp(&m, element) & GFP_KERNEL, GFP_NOIO & ~__GFP_DIRECT_RECLAIM);
	mempool_free(pool, 0, element);
	mempool_destroy(pool, 0);
	slab_machine_destroy(&m);
}

/* A large kmalloc is a compound page in memory the kernel can reach, whatever the request says. */
static void test_gfp_large(void)
{
	struct slab_machine m;
	gfp_t gfp;

	slab_machine_create_owned(&m, MEM, 1, 1, NULL);
	gfp = slab_machine_gfp(&m, kmalloc(m.sa, 0, 9000, GFP_KERNEL | __GFP_DMA32 | __GFP_HIGHMEM));
	CU_ASSERT_EQUAL(gfp, GFP_KERNEL | __GFP_COMP);
	slab_machine_destroy(&m);
}

/* kvmalloc tries kmalloc without trying hard above a page, since vmalloc can do it; up to a page it cannot. */
static void test_kvmalloc_gfp(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	gfp_t gfp;

	config(&cfg, "slab");
	slab_machine_create_owned(&m, MEM, 1, 1, &cfg);
	gfp = slab_machine_gfp(&m, kvmalloc(m.sa, 0, PAGE_SIZE, GFP_KERNEL));
	CU_ASSERT_EQUAL(gfp & __GFP_NORETRY, 0);
	gfp = slab_machine_gfp(&m, kvmalloc(m.sa, 0, PAGE_SIZE + 1, GFP_KERNEL));
	CU_ASSERT_EQUAL(gfp & __GFP_NORETRY, __GFP_NORETRY);
	gfp = slab_machine_gfp(&m, kvmalloc(m.sa, 0, 9000, GFP_KERNEL | __GFP_NOFAIL));
	CU_ASSERT_EQUAL(gfp & (__GFP_NOFAIL | __GFP_NORETRY | __GFP_NOWARN), __GFP_NORETRY | __GFP_NOWARN);
	slab_machine_destroy(&m);
}

/* Where the near node is full, the far one is asked with the caller's own flags. */
static void test_gfp_of_fallback(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	void *object;

	config(&cfg, "slab");
	slab_machine_create_owned(&m, 16 << 20, 2, 1, &cfg);
	while (!pfn_is_none(buddy_alloc_pages(m.buddy, 0, GFP_NOWAIT | __GFP_THISNODE | __GFP_NOWARN, 0, 0)))
		;
	object = kmem_cache_alloc(cache(&m, "c", 200, 0), 0, GFP_NOIO);
	CU_ASSERT_PTR_NOT_NULL_FATAL(object);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, object)), 1);
	CU_ASSERT_EQUAL(slab_machine_gfp(&m, object) & (GFP_KERNEL | __GFP_THISNODE), GFP_NOIO);
	/* not slab_machine_destroy(): the node's frames are the test's */
	CU_ASSERT_TRUE(slab_machine_sound(&m));
	slab_allocator_destroy(m.sa);
	buddy_destroy(m.buddy);
	pagemap_destroy(m.map);
}

/* A guarded object is as large as was asked for, also where an engine's kmalloc takes any size. */
static void test_fenced_size(void)
{
	EACH_ENGINE(engine) {
		struct slab_config cfg;
		struct slab_machine m;
		void *object;

		config(&cfg, engine->name);
		slab_machine_create(&m, MEM, 1, 1, &cfg);
		CU_ASSERT_EQUAL_FATAL(kfence_enable(m.sa, 1, 1, NULL), 0);
		object = kmalloc(m.sa, 0, 99, GFP_KERNEL);
		CU_ASSERT_TRUE(is_kfence_address(m.sa, object));
		CU_ASSERT_EQUAL(ksize(m.sa, object), 99);
		CU_ASSERT_EQUAL(kfree(m.sa, 0, object), 0);
		CU_ASSERT_EQUAL(kfence_disable(m.sa), 0);
		slab_machine_destroy(&m);
	}
}

/* A cache's own flags reach buddy as well: where its memory may lie, and that it can be reclaimed. */
static void test_cache_flags(void)
{
	static const struct {
		uint32_t flags;
		gfp_t gfp;
	} table[] = {
		{ 0, 0 },
		{ SLAB_CACHE_DMA, __GFP_DMA },
		{ SLAB_CACHE_DMA32, __GFP_DMA32 },
		{ SLAB_RECLAIM_ACCOUNT, __GFP_RECLAIMABLE },
	};
	const gfp_t zones = __GFP_DMA | __GFP_DMA32 | __GFP_RECLAIMABLE;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct slab_machine m;
		struct kmem_cache *s;

		slab_machine_create_owned(&m, MEM, 1, 1, NULL);
		s = cache(&m, "c", 200, table[i].flags);
		CU_ASSERT_EQUAL(slab_machine_gfp(&m, kmem_cache_alloc(s, 0, GFP_KERNEL)) & zones, table[i].gfp);
		slab_machine_destroy(&m);
	}
}

/* ---- limits ----------------------------------------------------------------- */

/* A name of 63 bytes is the longest. */
static void test_name(void)
{
	struct kmem_cache_args args = { .size = 24 };
	struct slab_machine m;
	char name[65];

	slab_machine_create(&m, MEM, 1, 1, NULL);
	memset(name, 'n', sizeof(name));
	name[64] = '\0';
	args.name = name;
	CU_ASSERT_PTR_NULL(kmem_cache_create(m.sa, &args, NULL));
	name[63] = '\0';
	CU_ASSERT_PTR_NOT_NULL(kmem_cache_create(m.sa, &args, NULL));
	CU_ASSERT_PTR_NOT_NULL(slab_find_cache(m.sa, name));
	name[0] = '\0';
	CU_ASSERT_PTR_NULL(kmem_cache_create(m.sa, &args, NULL));
	slab_machine_destroy(&m);
}

/*
 * The quarantine holds exactly its limit, and the first byte more lets the oldest go. An object as large as
 * the limit is held, one that is larger is not.
 */
static void test_quarantine(void)
{
	static const struct {
		uint64_t limit;
		unsigned int held;	/* of five freed objects of 48 bytes each */
	} table[] = { { 47, 0 }, { 48, 1 }, { 95, 1 }, { 96, 2 }, { 143, 2 }, { 144, 3 }, { 239, 4 }, { 240, 5 } };
	size_t row;

	for (row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;
		void *o[5];
		unsigned int i;

		config(&cfg, "slub");
		cfg.quarantine_bytes = table[row].limit;
		slab_machine_create(&m, MEM, 1, 1, &cfg);
		s = cache(&m, "held", 40, SLAB_QUARANTINE);
		CU_ASSERT_EQUAL_FATAL(kmem_cache_size(s), 48);
		for (i = 0; i < 5; i++)
			o[i] = kmem_cache_alloc(s, 0, GFP_KERNEL);
		for (i = 0; i < 5; i++)
			kmem_cache_free(s, 0, o[i]);
		CU_ASSERT_EQUAL(slab_quarantine_bytes(m.sa), 48 * table[row].held);
		for (i = 0; i < 5; i++)
			CU_ASSERT_EQUAL(slab_quarantined(m.sa, o[i]), i >= 5 - table[row].held);
		slab_machine_destroy(&m);
	}
}

/* 99 percent spare somebody in ten thousand, 1 percent meets about a hundred, 100 and 0 are all and none. */
static void test_failslab_percent(void)
{
	static const struct {
		unsigned int percent, least, most;
	} table[] = { { 0, 0, 0 }, { 1, 60, 150 }, { 99, 9850, 9940 }, { 100, 10000, 10000 } };
	struct slab_machine m;
	struct kmem_cache *s;
	size_t row;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	s = cache(&m, "c", 200, 0);
	for (row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
		struct slab_fail_attr attr = { .probability = table[row].percent, .times = -1 };
		unsigned int i, nr = 0;

		slab_set_failslab(m.sa, &attr);
		for (i = 0; i < 10000; i++) {
			void *object = kmem_cache_alloc(s, 0, GFP_KERNEL);

			nr += !object;
			kmem_cache_free(s, 0, object);
		}
		CU_ASSERT(nr >= table[row].least);
		CU_ASSERT(nr <= table[row].most);
	}
	slab_set_failslab(m.sa, NULL);
	slab_machine_destroy(&m);
}

/*
 * A debugged cache has no CPU slabs. The slab that gets empty is counted among the partial ones already, so
 * that its node keeps one empty slab fewer than min_partial, as 6.1's and 6.12's:
 *
 *   node 0  partial -> [. . .] -> [x . .]        min_partial 2: the second goes when x is freed
 */
static void test_debug_min_partial(void)
{
	unsigned int keep, i;

	for (keep = 0; keep <= 3; keep++) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;
		unsigned int nr;
		void **o;

		config(&cfg, "slub");
		CU_ASSERT_EQUAL(slab_config_param(&cfg, "min_partial", keep, NULL), 0);
		slab_machine_create(&m, MEM, 1, 1, &cfg);
		s = cache(&m, "checked", 500, SLAB_CONSISTENCY_CHECKS);
		nr = 5 * kmem_cache_objs_per_slab(s);
		o = slab_machine_fill(s, 0, 5);
		CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 5);
		for (i = 0; i < nr; i++)
			kmem_cache_free(s, 0, o[i]);
		CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, keep ? keep - 1 : 0);
		free(o);
		slab_machine_destroy(&m);
	}
}

/* Another node gives of its partial slabs only when it has more than min_partial. */
static void test_debug_other_node(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i, per_slab;
	void *o[3], *rest;

	config(&cfg, "slub,min_partial=1,slab_max_order=0");
	slab_machine_create(&m, MEM, 2, 1, &cfg);
	s = cache(&m, "checked", 1300, SLAB_CONSISTENCY_CHECKS);
	per_slab = kmem_cache_objs_per_slab(s);
	CU_ASSERT_EQUAL_FATAL(per_slab, 3);
	o[0] = kmem_cache_alloc_node(s, 0, GFP_KERNEL | __GFP_THISNODE, 1);
	CU_ASSERT_EQUAL(slub_node(s, 1)->nr_partial, 1);
	rest = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, rest)), 0);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, rest), 0);
	kmem_cache_shrink(s);
	CU_ASSERT_EQUAL(slub_node(s, 0)->nr_partial, 0);

	/* two partial slabs there: four objects, of which one is given back */
	for (i = 1; i < 3; i++)
		o[i] = kmem_cache_alloc_node(s, 0, GFP_KERNEL | __GFP_THISNODE, 1);
	rest = kmem_cache_alloc_node(s, 0, GFP_KERNEL | __GFP_THISNODE, 1);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, o[1]), 0);
	CU_ASSERT_EQUAL(slub_node(s, 1)->nr_partial, 2);
	rest = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, rest)), 1);
	slab_machine_destroy(&m);
}

/* With freelist_random each new slab begins at a place of its own in the cache's one order. */
static void test_random_start(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i, nr, others = 0;
	size_t first = 0;
	void **o;

	config(&cfg, "slub,freelist_random=1");
	slab_machine_create(&m, MEM, 1, 1, &cfg);
	s = cache(&m, "c", 360, 0);
	nr = kmem_cache_objs_per_slab(s);
	o = slab_machine_fill(s, 0, 17);
	for (i = 0; i < 17; i++) {
		size_t at = (size_t)((unsigned char *)o[i * nr] - slab_address(m.sa, slab_machine_page(&m, o[i * nr])));

		if (!i)
			first = at;
		others += at != first;
	}
	CU_ASSERT(others >= 3);
	free(o);
	slab_machine_destroy(&m);
}

/* ---- arrays ------------------------------------------------------------------- */

/* A batch as large as the array stays, one that is larger is half of it; an array of one has aliens of one. */
static void test_batchcount(void)
{
	static const struct {
		const char *text;
		unsigned int batch, alien;
	} table[] = {
		{ "slab,limit=11,batchcount=10", 10, 12 },
		{ "slab,limit=11,batchcount=11", 11, 12 },
		{ "slab,limit=11,batchcount=12", 6, 12 },
		{ "slab,limit=2,batchcount=1", 1, 12 },
		{ "slab,limit=1,batchcount=1", 1, 1 },
	};
	size_t row;

	for (row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;

		config(&cfg, table[row].text);
		slab_machine_create(&m, MEM, 2, 2, &cfg);
		s = cache(&m, "c", 200, 0);
		CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->batchcount, table[row].batch);
		CU_ASSERT_EQUAL(lslab_node(s, 0)->alien[1]->limit, table[row].alien);
		slab_machine_destroy(&m);
	}
}

/* A CPU that has not used a cache lately gets 16 objects at first, whatever the batch. */
static void test_first_refill(void)
{
	static const struct {
		const char *text;
		unsigned int avail;
	} table[] = {
		{ "slab,limit=34,batchcount=15", 14 },
		{ "slab,limit=34,batchcount=16", 15 },
		{ "slab,limit=34,batchcount=17", 15 },
		{ "slab,limit=34,batchcount=33", 15 },
	};
	size_t row;

	for (row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;

		config(&cfg, table[row].text);
		slab_machine_create(&m, MEM, 1, 1, &cfg);
		s = cache(&m, "c", 56, 0);
		CU_ASSERT_PTR_NOT_NULL(kmem_cache_alloc(s, 0, GFP_KERNEL));
		CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, table[row].avail);
		slab_machine_destroy(&m);
	}
}

/* Where an array's length by size changes: at that size, and 8 bytes beyond. */
static void test_array_limits(void)
{
	static const struct {
		uint32_t size;
		unsigned int limit;
	} table[] = {
		{ 256, 120 }, { 264, 54 }, { 1024, 54 }, { 1032, 24 }, { 4096, 24 }, { 4104, 8 },
		{ 131072, 8 }, { 131080, 1 },
	};
	size_t row;

	for (row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
		struct kmem_cache_args args = { .name = "c", .size = table[row].size, .flags = SLAB_NO_MERGE };
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;

		config(&cfg, "slab");
		slab_machine_create(&m, MEM, 1, 1, &cfg);
		s = kmem_cache_create(m.sa, &args, NULL);
		if (s)
			CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->limit, table[row].limit);
		if (test_kernel_geometry())
			CU_ASSERT_PTR_NOT_NULL(s);
		slab_machine_destroy(&m);
	}
}

/* ---- magazines ---------------------------------------------------------------- */

/*
 * Two CPUs at the depot, so many allocations and frees apart: contended up to the window, not beyond. (An
 * allocation from a node asked for is counted as an operation, and does not come by the depot.)
 *
 *   CPU 0 at the depot | window - 1 others | CPU 1 at the depot
 */
static void test_contention_window(void)
{
	unsigned int others, i;

	for (others = 0; others <= 8; others++) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;

		config(&cfg, "magazine,contention_window=5");
		slab_machine_create(&m, MEM, 1, 2, &cfg);
		s = cache(&m, "c", 200, 0);
		kmem_cache_alloc(s, 0, GFP_KERNEL);
		for (i = 0; i < others; i++)
			kmem_cache_alloc_node(s, 0, GFP_KERNEL, 0);
		kmem_cache_alloc(s, 1, GFP_KERNEL);
		CU_ASSERT_EQUAL(depot_of(s)->contention, others + 1 <= 5);
		slab_machine_destroy(&m);
	}
}

/* Three contended accesses between two updates are borne, four make the magazines grow. */
static void test_contention_max(void)
{
	unsigned int nr, i;

	for (nr = 2; nr <= 5; nr++) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;
		unsigned int before;

		config(&cfg, "magazine");
		slab_machine_create(&m, MEM, 1, 2, &cfg);
		s = cache(&m, "c", 200, 0);
		before = depot_of(s)->magsize;
		slab_tick(m.sa, 1);
		for (i = 0; i <= nr; i++)
			kmem_cache_alloc(s, i % 2, GFP_KERNEL);
		CU_ASSERT_EQUAL(depot_of(s)->contention, nr);
		slab_tick(m.sa, SECOND);
		if (nr <= 3)
			CU_ASSERT_EQUAL(depot_of(s)->magsize, before);
		if (nr > 3)
			CU_ASSERT(depot_of(s)->magsize > before);
		slab_machine_destroy(&m);
	}
}

/* An object of a magazine size's upper limit does not get larger magazines, one 8 bytes smaller does. */
static void test_largest_buffer(void)
{
	static const struct {
		uint32_t size;
		unsigned int magsize;	/* after one growth */
	} table[] = { { 65536 - 8, 3 }, { 65536, 1 } };
	unsigned int i;
	size_t row;

	for (row = 0; row < sizeof(table) / sizeof(table[0]) && test_kernel_geometry(); row++) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;

		config(&cfg, "magazine");
		slab_machine_create(&m, MEM, 1, 2, &cfg);
		s = cache(&m, "c", table[row].size, 0);
		CU_ASSERT_EQUAL(depot_of(s)->magsize, 1);
		slab_tick(m.sa, 1);
		for (i = 0; i < 9; i++)
			kmem_cache_alloc(s, i % 2, GFP_KERNEL);
		slab_tick(m.sa, SECOND);
		CU_ASSERT_EQUAL(depot_of(s)->magsize, table[row].magsize);
		slab_machine_destroy(&m);
	}
}

/* After a long pause one tick gives back all that is idle: magazines, and the slabs they emptied. */
static void test_long_pause(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;
	void *o[301];
	unsigned int i;

	config(&cfg, "magazine");
	slab_machine_create(&m, MEM, 1, 1, &cfg);
	s = cache(&m, "c", 200, 0);
	slab_tick(m.sa, 1);
	for (i = 0; i < 301; i++)
		o[i] = kmem_cache_alloc(s, 0, GFP_KERNEL);
	for (i = 0; i < 301; i++)
		kmem_cache_free(s, 0, o[i]);
	CU_ASSERT(depot_of(s)->full.ws.total > 10);
	slab_tick(m.sa, 100 * SECOND);
	CU_ASSERT_EQUAL(depot_of(s)->full.ws.total, 0);
	CU_ASSERT_EQUAL(depot_of(s)->empty.ws.total, 0);
	/* what stays is in the CPU's two magazines */
	CU_ASSERT(slab_machine_info(s).num_slabs <= 2);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "gfp of a new slab", test_gfp },
	{ "gfp of the preferred order", test_gfp_of_order },
	{ "gfp of a pool's pages", test_mempool_gfp },
	{ "gfp of a large kmalloc", test_gfp_large },
	{ "gfp of kvmalloc", test_kvmalloc_gfp },
	{ "gfp where the near node is full", test_gfp_of_fallback },
	{ "kmalloc and a node", test_node },
	{ "vmalloc and a node", test_vmalloc_node },
	{ "vmalloc where frames are scarce", test_vmalloc_scarce },
	{ "size of a guarded object", test_fenced_size },
	{ "flags of a cache reach buddy", test_cache_flags },
	{ "the longest name", test_name },
	{ "the quarantine's limit", test_quarantine },
	{ "failures by percent", test_failslab_percent },
	{ "a debugged cache's empty slabs", test_debug_min_partial },
	{ "a debugged cache and other nodes", test_debug_other_node },
	{ "random free lists begin anywhere", test_random_start },
	{ "batches of an array", test_batchcount },
	{ "the first refill of an array", test_first_refill },
	{ "length of an array by size", test_array_limits },
	{ "the contention window", test_contention_window },
	{ "how much contention is borne", test_contention_max },
	{ "the largest object of a magazine size", test_largest_buffer },
	{ "magazines after a long pause", test_long_pause },
	{ NULL, NULL }
};

const struct test_suite slab_limits_suite = { "slab_limits", cases };
