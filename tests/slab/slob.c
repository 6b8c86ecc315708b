/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: SLOB exactly: where Linux's mm/slob.c would put each object in
 * the pages that all caches share, and what a free makes of the blocks there.
 */
#include <errno.h>
#include <string.h>

#include "slab/engine/slob/slob.h"
#include "tests/slab/slab.h"

static void make(struct slab_machine *m, unsigned int nodes)
{
	struct slab_config cfg;

	slab_config_default(&cfg);
	CU_ASSERT_EQUAL_FATAL(slab_config_engine(&cfg, "slob", NULL), 0);
	slab_machine_create(m, 16 << 20, nodes, 2, &cfg);
}

static unsigned char *get(struct kmem_cache *s)
{
	void *object = kmem_cache_alloc(s, 0, GFP_KERNEL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(object);
	return object;
}

static unsigned char *get_sized(struct slab_machine *m, size_t size)
{
	void *object = kmalloc(m->sa, 0, size, GFP_KERNEL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(object);
	return object;
}

static void put(struct slab_machine *m, void *object)
{
	CU_ASSERT_EQUAL(kfree(m->sa, 0, object), 0);
}

static struct kmem_cache *pages_of(struct slab_machine *m)
{
	return slab_find_cache(m->sa, "slob_pages");
}

/* Objects of different caches lie side by side in one page; a cache has no slab of its own. */
static void test_shared_page(void)
{
	unsigned char *a, *b, *c, *d;
	struct slab_machine m;
	struct kmem_cache *s, *other;

	make(&m, 1);
	s = slab_machine_cache(&m, "one", 100);
	other = slab_machine_cache(&m, "two", 30);
	a = get(s);
	b = get(other);
	c = get(s);
	d = get_sized(&m, 50);
	CU_ASSERT_PTR_EQUAL(a, slab_address(m.sa, slab_machine_page(&m, a)));
	CU_ASSERT_PTR_EQUAL(b, a + 104);	/* aligned to a word */
	CU_ASSERT_PTR_EQUAL(c, b + 32);
	CU_ASSERT_PTR_EQUAL(d, c + 104 + 8);	/* behind its size */
	CU_ASSERT_EQUAL(*(uint32_t *)(d - 8), 50);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 2);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared_objs, 2);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared_bytes, 200);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 0);
	CU_ASSERT_EQUAL(slab_machine_info(pages_of(&m)).num_slabs, 1);
	CU_ASSERT_EQUAL(slab_machine_info(pages_of(&m)).slab_pages, 1);
	CU_ASSERT_PTR_EQUAL(slab_cache_of(m.sa, b), other);
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(slab_cache_of(m.sa, d)), "kmalloc-64");
	CU_ASSERT_EQUAL(slab_footprint(m.sa, d), 58);
	CU_ASSERT_EQUAL(slab_footprint(m.sa, a), 100);
	CU_ASSERT_EQUAL(ksize(m.sa, d), 50);
	CU_ASSERT_EQUAL(ksize(m.sa, a), 100);
	CU_ASSERT_EQUAL(slab_footprint(m.sa, a + 8), 0);
	CU_ASSERT(slab_machine_sound(&m));
	put(&m, a);
	put(&m, b);
	put(&m, d);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 1, c), 0);
	/* the last object takes the page with it */
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	slab_machine_destroy(&m);
}

/* Below 256 bytes, below 1024, and the rest live in pages apart. */
static void test_three_ranges(void)
{
	static const uint32_t sizes[] = { 255, 256, 1023, 1024 };
	static const unsigned int list[] = { SLOB_SMALL, SLOB_MEDIUM, SLOB_MEDIUM, SLOB_LARGE };
	struct kmem_cache_args args = { .name = "range" };
	struct slab_machine m;
	unsigned int i;

	make(&m, 1);
	for (i = 0; i < 4; i++) {
		struct kmem_cache *s;
		void *object;

		/* sizes of odd bytes are in whole units: 255 is 256 */
		args.size = sizes[i] & ~1U;
		s = kmem_cache_create(m.sa, &args, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		object = get(s);
		CU_ASSERT_EQUAL(slab_machine_page(&m, object)->slab_private, list[i]);
		put(&m, object);
		CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	}
	slab_machine_destroy(&m);
}

/* The first block that is large enough is cut at its front, not the one that fits best. */
static void test_first_fit(void)
{
	struct slab_machine m;
	struct kmem_cache *s, *small;
	unsigned char *object[10], *a;
	unsigned int i;

	make(&m, 1);
	s = slab_machine_cache(&m, "large", 200);
	small = slab_machine_cache(&m, "small", 40);
	for (i = 0; i < 10; i++)
		object[i] = get(s);
	put(&m, object[2]);
	put(&m, object[7]);
	a = get(small);
	CU_ASSERT_PTR_EQUAL(a, object[2]);
	/* what is left of it is too small for this one */
	CU_ASSERT_PTR_EQUAL(get(s), object[7]);
	CU_ASSERT_PTR_EQUAL(get(small), object[2] + 40);
	CU_ASSERT(slab_machine_sound(&m));
	slab_machine_destroy(&m);
}

/* Freed blocks join their neighbours on both sides: front, back, both. */
static void test_merge(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *o[6];
	struct page *page;
	int16_t *base;
	unsigned int i;

	make(&m, 1);
	s = slab_machine_cache(&m, "merge", 64);
	for (i = 0; i < 6; i++)
		o[i] = get(s);
	page = slab_machine_page(&m, o[0]);
	base = (int16_t *)slab_address(m.sa, page);
	put(&m, o[1]);
	CU_ASSERT_EQUAL(page->slab_freelist, 32);
	CU_ASSERT_EQUAL(slob_block_units(base, 32), 32);
	CU_ASSERT_EQUAL(slob_block_next(base, 32), 192);
	put(&m, o[3]);
	CU_ASSERT_EQUAL(slob_block_next(base, 32), 96);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_slob_merges), 0);
	put(&m, o[2]);
	CU_ASSERT_EQUAL(slob_block_units(base, 32), 96);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_slob_merges), 2);
	put(&m, o[0]);
	CU_ASSERT_EQUAL(page->slab_freelist, 0);
	CU_ASSERT_EQUAL(slob_block_units(base, 0), 128);
	put(&m, o[5]);
	CU_ASSERT_EQUAL(slob_block_next(base, 0), 160);
	CU_ASSERT_EQUAL(slob_block_units(base, 160), 2048 - 160);
	put(&m, o[4]);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	slab_machine_destroy(&m);
}

/* Alignment leaves a gap in front, which stays free; kmalloc aligns powers of two. */
static void test_alignment(void)
{
	struct kmem_cache_args args = { .name = "aligned", .size = 64, .align = 64 };
	unsigned char *a, *b, *c, *d;
	struct slab_machine m;
	struct kmem_cache *s;

	make(&m, 1);
	s = kmem_cache_create(m.sa, &args, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	a = get_sized(&m, 2);
	CU_ASSERT_EQUAL((uintptr_t)a % PAGE_SIZE, 8);
	b = get(s);
	CU_ASSERT_EQUAL((uintptr_t)b % PAGE_SIZE, 64);
	c = get_sized(&m, 128);
	CU_ASSERT_EQUAL((uintptr_t)c % PAGE_SIZE, 256);
	/* the gap of 54 bytes behind a takes this one and its size */
	d = get_sized(&m, 20);
	CU_ASSERT_EQUAL((uintptr_t)d % PAGE_SIZE, 24);
	CU_ASSERT(slab_machine_sound(&m));
	slab_machine_destroy(&m);
}

/* A free block of a single unit holds the link to the next and nothing else. */
static void test_single_unit(void)
{
	struct slab_machine m;
	unsigned char *a, *b;
	struct page *page;
	int16_t *base;

	make(&m, 1);
	a = get_sized(&m, 14);		/* 22 bytes: the next block starts at 24 */
	b = get_sized(&m, 14);
	page = slab_machine_page(&m, a);
	base = (int16_t *)slab_address(m.sa, page);
	CU_ASSERT_PTR_EQUAL(b, a + 24);
	CU_ASSERT_EQUAL(page->slab_freelist, 11);
	CU_ASSERT(base[11] < 0);
	CU_ASSERT_EQUAL(slob_block_units(base, 11), 1);
	CU_ASSERT_EQUAL(slob_block_next(base, 11), 23);
	put(&m, a);
	CU_ASSERT_EQUAL(page->slab_freelist, 0);
	CU_ASSERT_EQUAL(slob_block_units(base, 0), 12);
	put(&m, b);
	slab_machine_destroy(&m);
}

/*
 * Pages that are full leave the list and come back, at its head, by the size of
 * what is freed first; the next search begins where the last one succeeded.
 */
static void test_lists(void)
{
	struct slab_machine m;
	struct kmem_cache *s, *odd;
	unsigned char *o[24], *x;
	struct slob_state *state;
	unsigned int i;

	make(&m, 1);
	state = slob_state(m.sa);
	s = slab_machine_cache(&m, "list", 512);
	odd = slab_machine_cache(&m, "odd", 500);
	for (i = 0; i < 24; i++)
		o[i] = get(s);
	CU_ASSERT_PTR_EQUAL(slab_from_link(s, state->list[SLOB_FULL].head), slab_machine_page(&m, o[16]));
	CU_ASSERT(slab_list_empty(&state->list[SLOB_MEDIUM]));
	put(&m, o[0]);
	put(&m, o[8]);
	put(&m, o[9]);
	CU_ASSERT_PTR_EQUAL(slab_from_link(s, state->list[SLOB_MEDIUM].head), slab_machine_page(&m, o[8]));
	/* page 1 again, and page 0 only when that is full */
	CU_ASSERT_PTR_EQUAL(get(s), o[8]);
	CU_ASSERT_PTR_EQUAL(get(s), o[9]);
	CU_ASSERT_PTR_EQUAL(get(s), o[0]);
	put(&m, o[0]);
	put(&m, o[8]);
	x = get(odd);
	CU_ASSERT_PTR_EQUAL(x, o[8]);
	/* 12 bytes are left there: not enough, so the list is turned to page 0 */
	put(&m, o[1]);
	CU_ASSERT_PTR_EQUAL(get(s), o[0]);
	CU_ASSERT_PTR_EQUAL(slab_from_link(s, state->list[SLOB_MEDIUM].head), slab_machine_page(&m, o[0]));
	CU_ASSERT(kmem_cache_counter(s, SC_slob_pages_seen) > 0);
	CU_ASSERT(kmem_cache_counter(s, SC_slob_blocks_seen) > 0);
	CU_ASSERT(slab_machine_sound(&m));
	slab_machine_destroy(&m);
}

/* Objects of a page and more are the cache's alone, straight from buddy. */
static void test_big(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *a, *b;

	make(&m, 1);
	s = slab_machine_cache(&m, "big", 5000);
	CU_ASSERT_EQUAL(kmem_cache_order(s), 1);
	a = get(s);
	b = get(s);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 2);
	CU_ASSERT_EQUAL(slab_machine_info(s).slab_pages, 4);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared_objs, 0);
	CU_ASSERT_EQUAL(slab_footprint(m.sa, a), 5000);
	CU_ASSERT_EQUAL(ksize(m.sa, a), 5000);
	CU_ASSERT(slab_machine_sound(&m));
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, a), 0);
	put(&m, b);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 0);
	slab_machine_destroy(&m);
}

/* kmalloc takes what it is asked for up to a page less its size and alignment, whole pages above. */
static void test_kmalloc(void)
{
	unsigned char *a, *b, *c;
	struct slab_machine m;

	make(&m, 1);
	CU_ASSERT(kmalloc_is_sized(m.sa));
	CU_ASSERT_PTR_NULL(slab_find_cache(m.sa, "kmalloc-8k"));
	a = get_sized(&m, 4087);
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(slab_cache_of(m.sa, a)), "kmalloc-4k");
	CU_ASSERT_EQUAL(ksize(m.sa, a), 4088);
	b = get_sized(&m, 4088);
	CU_ASSERT_PTR_NULL(slab_cache_of(m.sa, b));
	CU_ASSERT_EQUAL(slab_large_pages(m.sa), 1);
	CU_ASSERT_EQUAL(slab_footprint(m.sa, b), 4096);
	CU_ASSERT_PTR_EQUAL(kmalloc(m.sa, 0, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	CU_ASSERT_PTR_NULL(kmalloc_slab(m.sa, 0, GFP_KERNEL));
	/* asked for by class, an object is as large as the class says */
	c = get(kmalloc_slab(m.sa, 50, GFP_KERNEL));
	CU_ASSERT_EQUAL(ksize(m.sa, c), 64);
	CU_ASSERT_EQUAL((uintptr_t)c % 64, 0);
	put(&m, c);
	c = get(kmalloc_slab(m.sa, 4000, GFP_KERNEL));
	CU_ASSERT_EQUAL(ksize(m.sa, c), 4096);
	CU_ASSERT(slab_machine_sound(&m));
	put(&m, c);
	put(&m, b);
	put(&m, a);
	/* an injected failure, and memory that is zero */
	slab_set_fail(m.sa, 1, 1);
	CU_ASSERT_PTR_NULL(kmalloc(m.sa, 0, 100, GFP_KERNEL));
	a = kmalloc(m.sa, 0, 100, GFP_KERNEL);
	memset(a, 0xff, 100);
	put(&m, a);
	b = kmalloc(m.sa, 0, 100, GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_EQUAL(b[0], 0);
	CU_ASSERT_EQUAL(memcmp(b, b + 1, 99), 0);
	put(&m, b);
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_alloc_fail), 1);
	slab_machine_destroy(&m);
}

/* A request for a node searches that node's pages only. */
static void test_nodes(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *a, *b;

	make(&m, 2);
	s = slab_machine_cache(&m, "nodes", 64);
	a = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 0);
	b = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, a)), 0);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, b)), 1);
	CU_ASSERT_EQUAL(slab_machine_used(&m), 2);
	/* any node will do: the page at the head */
	CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, kmem_cache_alloc(s, 0, GFP_KERNEL)),
			    slab_machine_page(&m, b));
	slab_machine_destroy(&m);
}

static void construct(void *object)
{
	memset(object, 0x11, 8);
}

/* The constructor runs at each allocation, since free memory is nobody's; the RCU footer takes room. */
static void test_constructor_and_rcu(void)
{
	struct kmem_cache_args ctor = { .name = "ctor", .size = 64, .ctor = construct };
	struct kmem_cache_args rcu = { .name = "rcu", .size = 64, .flags = SLAB_TYPESAFE_BY_RCU };
	struct kmem_cache_args big = { .name = "big", .size = 9000, .ctor = construct };
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *a;

	make(&m, 1);
	s = kmem_cache_create(m.sa, &ctor, NULL);
	a = get(s);
	CU_ASSERT_EQUAL(a[0], 0x11);
	memset(a, 0, 64);
	put(&m, a);
	CU_ASSERT_EQUAL(get(s)[7], 0x11);
	CU_ASSERT_EQUAL(kmem_cache_size(kmem_cache_create(m.sa, &rcu, NULL)), 88);
	if (test_kernel_geometry()) {
		s = kmem_cache_create(m.sa, &big, NULL);
		CU_ASSERT_EQUAL(get(s)[0], 0x11);
	}
	slab_machine_destroy(&m);
}

/*
 * Every wrong free is reported, though the page knows no cache: into another cache,
 * into the middle, twice, twice after something else was put there.
 */
static void test_wrong_frees(void)
{
	struct slab_machine m;
	struct kmem_cache *s, *other;
	unsigned char *a, *keep, *b;
	void *both[2];

	make(&m, 1);
	s = slab_machine_cache(&m, "right", 96);
	other = slab_machine_cache(&m, "wrong", 96);
	keep = get(s);
	a = get(s);
	CU_ASSERT_EQUAL(kmem_cache_free(other, 0, a), -EXDEV);
	CU_ASSERT_PTR_EQUAL(m.reports[0].owner, s);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a + 16), -EINVAL);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a + 1), -EINVAL);
	both[0] = a;
	both[1] = keep;
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(other, 0, 2, both), 2);
	put(&m, a);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a), -EALREADY);
	CU_ASSERT_PTR_EQUAL(m.reports[m.nr_reports - 1].owner, s);
	CU_ASSERT_EQUAL(kmem_cache_free(s, 0, a), -EALREADY);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a + 1), -EINVAL);
	/* something larger lies over it now */
	b = get_sized(&m, 200);
	CU_ASSERT(b <= a + 8);
	CU_ASSERT(b + 200 > a + 16);
	CU_ASSERT_EQUAL(kfree(m.sa, 0, b + 8), -EINVAL);
	/* so that nothing is known of the old one any more */
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a), -EINVAL);
	/* an object of the hidden cache's does not exist, nor does its end */
	CU_ASSERT_PTR_NULL(kmem_cache_alloc(pages_of(&m), 0, GFP_KERNEL));
	CU_ASSERT_EQUAL(kmem_cache_destroy(pages_of(&m)), -EINVAL);
	/* a free into it is kfree()'s */
	CU_ASSERT_EQUAL(kmem_cache_free(pages_of(&m), 0, keep), 0);
	CU_ASSERT(slab_machine_sound(&m));
	slab_machine_destroy(&m);
}

/* A cache that still has objects in shared pages is kept, and only its own are named. */
static void test_destroy_busy(void)
{
	struct slab_machine m;
	struct kmem_cache *s, *other;
	unsigned char *a, *b;
	void *big;

	make(&m, 1);
	s = slab_machine_cache(&m, "busy", 64);
	other = slab_machine_cache(&m, "other", 64);
	a = get(s);
	get(other);
	b = get(s);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), -EBUSY);
	CU_ASSERT_EQUAL(m.nr_reports, 2);
	CU_ASSERT_PTR_EQUAL(m.reports[0].object, a);
	CU_ASSERT_PTR_EQUAL(m.reports[1].object, b);
	put(&m, a);
	put(&m, b);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	/* the word of the object that was freed is still there, its cache is not */
	CU_ASSERT_EQUAL(kfree(m.sa, 0, a), -EINVAL);
	s = slab_machine_cache(&m, "large", 5000);
	big = get(s);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), -EBUSY);
	CU_ASSERT_PTR_EQUAL(m.reports[m.nr_reports - 1].object, big);
	slab_machine_destroy(&m);
}

/* Nothing is merged: there is nothing to be gained by it. */
static void test_no_merging(void)
{
	struct kmem_cache_args one = { .name = "one", .size = 64 }, two = { .name = "two", .size = 64 };
	struct slab_machine m;

	make(&m, 1);
	CU_ASSERT_PTR_NOT_EQUAL(kmem_cache_create(m.sa, &one, NULL),
				kmem_cache_create(m.sa, &two, NULL));
	slab_machine_destroy(&m);
}

static bool count_block(void *ctx, void *object)
{
	return ++*(unsigned int *)ctx < 3;
}

/* The free blocks of a page can be looked at, and the look can be ended. */
static void test_for_each_free(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *o[9];
	unsigned int i, nr = 0;

	make(&m, 1);
	s = slab_machine_cache(&m, "look", 64);
	for (i = 0; i < 9; i++)
		o[i] = get(s);
	put(&m, o[1]);
	CU_ASSERT(slab_for_each_free(pages_of(&m), pfn_from_virt(m.map, o[0]), count_block, &nr));
	CU_ASSERT_EQUAL(nr, 2);
	put(&m, o[3]);
	nr = 0;
	CU_ASSERT(!slab_for_each_free(pages_of(&m), pfn_from_virt(m.map, o[0]), count_block, &nr));
	slab_machine_destroy(&m);
}

#define EXPECT_SOME(m) CU_ASSERT(slab_validate((m)->sa, NULL, NULL) >= 1)

/* Break one thing, expect a complaint, repair it: a block's length, its link, the size before a kmalloc'ed object. */
static void test_validate_blocks(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *a, *b, *c;
	int16_t *base, was;

	make(&m, 1);
	s = slab_machine_cache(&m, "broken", 64);
	a = get(s);
	b = get(s);
	c = get_sized(&m, 100);
	put(&m, a);
	base = (int16_t *)slab_address(m.sa, slab_machine_page(&m, b));
	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);

	was = base[0];
	base[0] = 500;
	EXPECT_SOME(&m);
	base[0] = was;
	was = base[1];
	base[1] = 40;
	EXPECT_SOME(&m);
	base[1] = was;

	/* longer, and out of the page */
	*(uint32_t *)(c - 8) += 8;
	EXPECT_SOME(&m);
	*(uint32_t *)(c - 8) += 8000;
	EXPECT_SOME(&m);
	*(uint32_t *)(c - 8) = 100;

	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);
	slab_machine_destroy(&m);
}

/* The same for what is counted: free units, the list, the owner's table, shared objects, pages, large blocks. */
static void test_validate_counts(void)
{
	struct slab_machine m;
	struct kmem_cache *s, *big;
	struct page *page;
	uint16_t *word, was;
	unsigned char *b;

	make(&m, 1);
	s = slab_machine_cache(&m, "broken", 64);
	big = slab_machine_cache(&m, "big", 4096);
	b = get(s);
	get(big);
	page = slab_machine_page(&m, b);
	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);

	page->slab_inuse++;
	EXPECT_SOME(&m);
	page->slab_inuse--;
	page->slab_private = SLOB_FULL;
	EXPECT_SOME(&m);
	page->slab_private = SLOB_SMALL;

	word = &slob_state(m.sa)->owner[(size_t)(b - m.sa->base) >> LIVE_SHIFT];
	was = *word;
	*word = 0;
	EXPECT_SOME(&m);
	*word = was;

	slob_cache(s)->shared_objs++;
	EXPECT_SOME(&m);
	slob_cache(s)->shared_objs--;
	slob_state(m.sa)->nr_pages++;
	EXPECT_SOME(&m);
	slob_state(m.sa)->nr_pages--;
	slob_cache(big)->nr_big++;
	EXPECT_SOME(&m);
	slob_cache(big)->nr_big--;

	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);
	slab_machine_destroy(&m);
}

/* And for the list of blocks with frames of their own. */
static void test_validate_list(void)
{
	struct slab_machine m;
	struct kmem_cache *big;
	struct page *own;

	make(&m, 1);
	big = slab_machine_cache(&m, "big", 4096);
	own = slab_machine_page(&m, get(big));
	own->prev = 3;
	EXPECT_SOME(&m);
	own->prev = PFN_NONE_VAL;
	own->next = m.map->end_pfn + 1;
	EXPECT_SOME(&m);
	own->next = PFN_NONE_VAL;
	slob_cache(big)->big.tail = PFN_NONE_VAL;
	EXPECT_SOME(&m);
	slob_cache(big)->big.tail = slob_cache(big)->big.head;

	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);
	slab_machine_destroy(&m);
}

/* What a write after free makes of a block's words never leads out of the page, nor round in it. */
static void test_rubbish_links(void)
{
	int16_t page[PAGE_SIZE / SLOB_UNIT] = { 0 };

	page[100] = 30000;
	page[101] = 50;
	CU_ASSERT_EQUAL(slob_block_units(page, 100), PAGE_UNITS - 100);
	CU_ASSERT_EQUAL(slob_block_next(page, 100), PAGE_UNITS);
	page[100] = -30000;
	CU_ASSERT_EQUAL(slob_block_units(page, 100), 1);
	CU_ASSERT_EQUAL(slob_block_next(page, 100), PAGE_UNITS);
	page[PAGE_UNITS - 1] = 7;
	CU_ASSERT_EQUAL(slob_block_units(page, PAGE_UNITS - 1), 1);
	CU_ASSERT_EQUAL(slob_block_next(page, PAGE_UNITS - 1), PAGE_UNITS);
}

static struct kmem_cache *debugged(struct slab_machine *m, const char *name, uint32_t size)
{
	const struct kmem_cache_args args = {
		.name = name, .size = size, .flags = SLAB_DEBUG_DEFAULT,
	};
	struct kmem_cache *s = kmem_cache_create(m->sa, &args, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

/*
 * A debugged cache has pages of its own, filled one after the other, and keeps one
 * empty page until it is shrunk; other caches share pages as ever.
 */
static void test_debugged(void)
{
	struct kmem_cache *s, *plain, *large;
	unsigned char *objects[64], *other;
	struct slab_machine m;
	unsigned int i, n;

	make(&m, 2);
	s = debugged(&m, "watched", 40);
	large = debugged(&m, "large", PAGE_SIZE);
	plain = slab_machine_cache(&m, "plain", 40);
	n = kmem_cache_objs_per_slab(s);
	CU_ASSERT_EQUAL(n, PAGE_SIZE / kmem_cache_size(s));
	CU_ASSERT_EQUAL(kmem_cache_order(large), 1);
	CU_ASSERT_FATAL(n + 1 < 64);
	for (i = 0; i <= n; i++)
		objects[i] = get(s);
	other = get(plain);
	CU_ASSERT_PTR_EQUAL(slab_machine_page(&m, objects[0]), slab_machine_page(&m, objects[n - 1]));
	CU_ASSERT_PTR_NOT_EQUAL(slab_machine_page(&m, objects[0]), slab_machine_page(&m, objects[n]));
	CU_ASSERT_EQUAL(slab_machine_page(&m, other)->slab_cache, kmem_cache_id(pages_of(&m)));
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 2);
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_objs, 2 * n);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, n + 1);
	CU_ASSERT_EQUAL(slab_footprint(m.sa, objects[0]), kmem_cache_size(s));
	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);

	slob_cache(s)->nr_free++;
	CU_ASSERT_NOT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);
	slob_cache(s)->nr_free--;
	slob_cache(s)->nr_room++;
	CU_ASSERT_NOT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);
	slob_cache(s)->nr_room--;
	slab_machine_page(&m, objects[0])->slab_inuse--;
	CU_ASSERT_NOT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);
	slab_machine_page(&m, objects[0])->slab_inuse++;

	for (i = 0; i <= n; i++)
		put(&m, objects[i]);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 1);
	objects[0] = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, objects[0])), 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 2);
	CU_ASSERT_EQUAL(kmem_cache_shrink(s), 1);
	put(&m, objects[0]);
	CU_ASSERT_EQUAL(kmem_cache_shrink(s), 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 0);
	put(&m, get(large));
	put(&m, other);
	CU_ASSERT_EQUAL(slab_validate_caches(m.sa), 0);
	slab_machine_destroy(&m);
}

/* kmalloc takes a whole element of a debugged class, and of others what it was asked for. */
static void test_debugged_kmalloc(void)
{
	struct slab_config cfg;
	unsigned char *a, *b;
	struct slab_machine m;

	slab_config_default(&cfg);
	CU_ASSERT_EQUAL_FATAL(slab_config_engine(&cfg, "slob", NULL), 0);
	cfg.debug = "FZPU,kmalloc-64";
	slab_machine_create(&m, 16 << 20, 1, 2, &cfg);
	a = get_sized(&m, 50);
	b = get_sized(&m, 30);
	CU_ASSERT_PTR_EQUAL(slab_cache_of(m.sa, a), slab_find_cache(m.sa, "kmalloc-64"));
	CU_ASSERT_PTR_EQUAL(slab_cache_of(m.sa, a), kmalloc_slab(m.sa, 50, GFP_KERNEL));
	CU_ASSERT_EQUAL(slab_footprint(m.sa, a), kmem_cache_size(slab_cache_of(m.sa, a)));
	CU_ASSERT_EQUAL(slab_footprint(m.sa, b), 30 + SLOB_MINALIGN);
	put(&m, a);
	put(&m, b);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "caches share a page", test_shared_page },
	{ "three ranges of sizes", test_three_ranges },
	{ "first fit", test_first_fit },
	{ "freed blocks are joined", test_merge },
	{ "alignment", test_alignment },
	{ "blocks of a single unit", test_single_unit },
	{ "lists of pages", test_lists },
	{ "objects of whole pages", test_big },
	{ "kmalloc by size", test_kmalloc },
	{ "nodes", test_nodes },
	{ "constructors and RCU", test_constructor_and_rcu },
	{ "wrong frees", test_wrong_frees },
	{ "a busy cache is not destroyed", test_destroy_busy },
	{ "no merging", test_no_merging },
	{ "free blocks one by one", test_for_each_free },
	{ "broken blocks are found", test_validate_blocks },
	{ "wrong counts are found", test_validate_counts },
	{ "a broken list is found", test_validate_list },
	{ "rubbish links", test_rubbish_links },
	{ "a debugged cache shares nothing", test_debugged },
	{ "kmalloc from a debugged class", test_debugged_kmalloc },
	{ NULL, NULL }
};

const struct test_suite slab_slob_suite = { "slab_slob", cases };
