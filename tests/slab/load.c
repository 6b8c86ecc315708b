/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: slabs loaded from elsewhere. One small machine is put into a
 * state where every list has something:
 *
 *   CPU 0   slab 8: 5 1 | others freed 3
 *           partial slabs 9 (2 0), 10 (7)
 *   CPU 1   nothing
 *   node 0  slabs 11 (4 6), 12 (empty)
 *   full    slab 13
 *
 * of a cache with 8 objects a slab; then it is read back, served from, put right
 * after misses, and refused what cannot be.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slab/load.h"
#include "tests/tests.h"

#define OBJECTS	8
#define SIZE	512

struct loaded {
	struct pagemap *map;
	struct buddy *buddy;
	struct slab_allocator *sa;
	struct kmem_cache *s;
	struct slab_frames offer[4];
	unsigned int nr_offers, taken;
	uint32_t given[16];
	unsigned int nr_given;
};

static bool take(void *ctx, struct kmem_cache *s, unsigned int cpu, struct slab_frames *frames)
{
	struct loaded *m = ctx;

	if (m->taken == m->nr_offers)
		return false;
	*frames = m->offer[m->taken++];
	return true;
}

static void give(void *ctx, struct kmem_cache *s, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	struct loaded *m = ctx;

	CU_ASSERT_FATAL(m->nr_given < 16);
	m->given[m->nr_given++] = pfn_val(pfn);
}

static const uint32_t sequence[OBJECTS] = { 6, 2, 7, 0, 5, 1, 4, 3 };

static const struct slab_cache_state layout = {
	.name = "loaded", .size = SIZE, .object_size = 500, .offset = 256, .align = 8, .inuse = 500,
	.objects = OBJECTS, .min_partial = 2, .cpu_partial = 16, .cpu_partial_slabs = 2,
	.random_seq = sequence,
};

static void create_machine(struct loaded *m)
{
	struct pagemap_config map_cfg = { 0 };
	struct buddy_config buddy_cfg;
	struct slab_config slab_cfg;
	struct slab_frames_ops ops = { take, give, m };
	struct kerror err = { 0 };

	memset(m, 0, sizeof(*m));
	buddy_config_default(&buddy_cfg, 2);
	buddy_cfg.empty = true;
	slab_config_default(&slab_cfg);
	slab_cfg.merge = false;
	/* With slabs on a CPU's partial list that are frozen. */
	slab_cfg.kernel = buddy_cfg.kernel = BUDDY_KERNEL_6_1;
	if (pagemap_config_memory(&map_cfg, 16 << 20, 1, NULL, 0, &err) ||
	    pagemap_create(&m->map, &map_cfg, &err) ||
	    buddy_create(&m->buddy, m->map, &buddy_cfg, &err) ||
	    slab_allocator_create(&m->sa, m->buddy, &slab_cfg, &err)) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("no machine");
	}
	slab_set_frames(m->sa, &ops);
	m->s = slab_load_cache(m->sa, &layout, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m->s);
}

static void load_slab(struct loaded *m, uint32_t pfn, unsigned int inuse, bool frozen, unsigned int nr,
		      const uint16_t *free)
{
	struct slab_state state = { .pfn = pfn, .objects = OBJECTS, .inuse = inuse, .frozen = frozen,
				    .free = free, .nr_free = nr };
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(slab_load_slab(m->s, &state, &err), 0);
}

static void print_violation(void *ctx, const char *text)
{
	fprintf(stderr, "%s\n", text);
}

static bool sound(const struct loaded *m)
{
	return !slab_validate(m->sa, print_violation, NULL);
}

static const uint16_t all_free[OBJECTS] = { 0, 1, 2, 3, 4, 5, 6, 7 };

static void load(struct loaded *m)
{
	static const uint32_t cpu_list[] = { 9, 10 }, node_list[] = { 11, 12 };
	struct kerror err = { 0 };

	create_machine(m);
	load_slab(m, 8, 7, true, 1, (const uint16_t[]){ 3 });
	load_slab(m, 9, 6, true, 2, (const uint16_t[]){ 2, 0 });
	load_slab(m, 10, 7, true, 1, (const uint16_t[]){ 7 });
	load_slab(m, 11, 6, false, 2, (const uint16_t[]){ 4, 6 });
	load_slab(m, 12, 0, false, OBJECTS, all_free);
	load_slab(m, 13, OBJECTS, false, 0, NULL);
	CU_ASSERT_EQUAL_FATAL(slab_load_cpu(m->s, 0, 8, (const uint16_t[]){ 5, 1 }, 2, &err), 0);
	CU_ASSERT_EQUAL_FATAL(slab_load_cpu_partial(m->s, 0, cpu_list, 2, 2, &err), 0);
	CU_ASSERT_EQUAL_FATAL(slab_load_node_partial(m->s, 0, node_list, 2, &err), 0);
	CU_ASSERT_FATAL(sound(m));
}

static void destroy(struct loaded *m)
{
	CU_ASSERT(sound(m));
	slab_allocator_destroy(m->sa);
	buddy_destroy(m->buddy);
	pagemap_destroy(m->map);
}

static void *object(const struct loaded *m, uint32_t pfn, unsigned int number)
{
	return (char *)virt_from_pfn(m->map, pfn_make(pfn)) + (size_t)number * SIZE;
}

static bool same_pfns(unsigned int nr, const uint32_t *pfns, unsigned int expected, const uint32_t *others)
{
	return nr == expected && !memcmp(pfns, others, nr * sizeof(*pfns));
}

/* What was loaded is what is read, list for list. */
static void test_read_back(void)
{
	struct slab_state state;
	struct slabinfo info;
	uint16_t free[OBJECTS];
	uint32_t pfns[4], pfn, head;
	struct loaded m;

	load(&m);
	CU_ASSERT_EQUAL(slab_read_slab(m.s, 8, &state, free, OBJECTS), 0);
	CU_ASSERT_EQUAL(state.inuse, 7);
	CU_ASSERT_EQUAL(state.objects, OBJECTS);
	CU_ASSERT_TRUE(state.frozen);
	CU_ASSERT_EQUAL(state.nr_free, 1);
	CU_ASSERT_EQUAL(free[0], 3);
	CU_ASSERT_EQUAL(slab_read_slab(m.s, 13, &state, NULL, 0), 0);
	CU_ASSERT_EQUAL(state.nr_free, 0);
	CU_ASSERT_FALSE(state.frozen);
	CU_ASSERT_EQUAL(state.inuse, OBJECTS);
	CU_ASSERT_EQUAL(slab_read_slab(m.s, 14, &state, NULL, 0), -ENOENT);
	CU_ASSERT_EQUAL(slab_read_slab(m.s, UINT32_MAX, &state, NULL, 0), -ENOENT);
	CU_ASSERT_EQUAL(slab_read_cpu(m.s, 0, &pfn, free, OBJECTS), 2);
	CU_ASSERT_EQUAL(pfn, 8);
	CU_ASSERT_EQUAL(free[0], 5);
	CU_ASSERT_EQUAL(free[1], 1);
	CU_ASSERT_EQUAL(slab_read_cpu(m.s, 1, &pfn, free, OBJECTS), 0);
	CU_ASSERT_EQUAL(pfn, PFN_NONE_VAL);
	CU_ASSERT(same_pfns(slab_read_cpu_partial(m.s, 0, pfns, 4), pfns, 2, (const uint32_t[]){ 9, 10 }));
	CU_ASSERT(same_pfns(slab_read_node_partial(m.s, 0, pfns, 4), pfns, 2, (const uint32_t[]){ 11, 12 }));
	CU_ASSERT_PTR_EQUAL(slab_cache_at(m.sa, 11, &head), m.s);
	CU_ASSERT_EQUAL(head, 11);
	CU_ASSERT_PTR_NULL(slab_cache_at(m.sa, 14, &head));
	CU_ASSERT_PTR_NULL(slab_cache_at(m.sa, UINT32_MAX, &head));
	CU_ASSERT_TRUE(slab_is_live(m.sa, object(&m, 8, 0)));
	CU_ASSERT_FALSE(slab_is_live(m.sa, object(&m, 8, 5)));
	get_slabinfo(m.s, &info);
	CU_ASSERT_EQUAL(info.num_slabs, 6);
	CU_ASSERT_EQUAL(info.used_objs, 7 - 2 + 6 + 7 + 6 + 0 + OBJECTS);
	destroy(&m);
}

/* Requests empty one list after the other in the kernel's order, and every step is foretold. */
static void test_served_in_order(void)
{
	static const struct {
		enum slab_source source;
		uint32_t pfn;
		unsigned int number;
	} expected[] = {
		{ SLAB_FROM_fast, 8, 5 },	  { SLAB_FROM_fast, 8, 1 },
		{ SLAB_FROM_refill, 8, 3 },	  { SLAB_FROM_cpu_partial, 9, 2 },
		{ SLAB_FROM_fast, 9, 0 },	  { SLAB_FROM_cpu_partial, 10, 7 },
		{ SLAB_FROM_node_partial, 11, 4 }, { SLAB_FROM_fast, 11, 6 },
		{ SLAB_FROM_cpu_partial, 12, 0 },
	};
	enum slab_source source;
	struct loaded m;
	size_t i;

	load(&m);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		void *next = slab_peek(m.s, 0, &source);

		CU_ASSERT_EQUAL(source, expected[i].source);
		CU_ASSERT_PTR_EQUAL(next, object(&m, expected[i].pfn, expected[i].number));
		CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(m.s, 0, 0), next);
		CU_ASSERT(sound(&m));
	}
	destroy(&m);
}

/* A new slab lies where its owner says, and begins where it says; without frames there is none. */
static void test_new_slab(void)
{
	enum slab_source source;
	struct loaded m;
	unsigned int i;

	create_machine(&m);
	CU_ASSERT_PTR_NULL(slab_peek(m.s, 1, &source));
	CU_ASSERT_EQUAL(source, SLAB_FROM_new_slab);
	CU_ASSERT_PTR_NULL(kmem_cache_alloc(m.s, 1, 0));
	m.offer[0] = (struct slab_frames){ .pfn = pfn_make(20), .start = 6 };
	m.nr_offers = 1;
	for (i = 0; i < OBJECTS; i++) {
		CU_ASSERT_EQUAL(slab_random_at(m.s, i), sequence[i]);
		CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(m.s, 1, 0), object(&m, 20, sequence[(6 + i) % OBJECTS]));
	}
	CU_ASSERT_PTR_NULL(kmem_cache_alloc(m.s, 1, 0));
	destroy(&m);
}

/* Frames that are taken already, lie nowhere or do not hold an object are not accepted. */
static void test_bad_frames(void)
{
	struct loaded m;

	load(&m);
	m.nr_offers = 3;
	m.offer[0] = (struct slab_frames){ .pfn = pfn_make(13) };
	m.offer[1] = (struct slab_frames){ .pfn = pfn_make(m.map->end_pfn) };
	m.offer[2] = (struct slab_frames){ .pfn = pfn_make(21), .order = 1 };
	while (m.taken < m.nr_offers)
		CU_ASSERT_PTR_NULL(slab_alloc_new_slab(m.s, 1, 0));
	destroy(&m);
}

/* A request that had found nothing takes its new slab although something has come back meanwhile. */
static void test_new_slab_all_the_same(void)
{
	uint32_t pfns[4], pfn;
	struct loaded m;

	load(&m);
	m.offer[0] = (struct slab_frames){ .pfn = pfn_make(20) };
	m.nr_offers = 1;
	CU_ASSERT_PTR_EQUAL(slab_alloc_new_slab(m.s, 0, 0), object(&m, 20, sequence[0]));
	slab_read_cpu(m.s, 0, &pfn, NULL, 0);
	CU_ASSERT_EQUAL(pfn, 20);
	/* What others had freed to the old one sends it to the list's end. */
	CU_ASSERT(same_pfns(slab_read_node_partial(m.s, 0, pfns, 4), pfns, 3, (const uint32_t[]){ 11, 12, 8 }));
	destroy(&m);
}

/* So does one that goes to the node; the node's next slab goes to the CPU's partial list. */
static void test_partial_all_the_same(void)
{
	uint32_t pfns[4], pfn;
	struct loaded m;

	load(&m);
	CU_ASSERT_PTR_EQUAL(slab_alloc_partial(m.s, 0), object(&m, 11, 4));
	slab_read_cpu(m.s, 0, &pfn, NULL, 0);
	CU_ASSERT_EQUAL(pfn, 11);
	CU_ASSERT(same_pfns(slab_read_cpu_partial(m.s, 0, pfns, 4), pfns, 3, (const uint32_t[]){ 12, 9, 10 }));
	CU_ASSERT(same_pfns(slab_read_node_partial(m.s, 0, pfns, 4), pfns, 1, (const uint32_t[]){ 8 }));
	destroy(&m);
	create_machine(&m);
	CU_ASSERT_PTR_NULL(slab_alloc_partial(m.s, 0));
	destroy(&m);
}

/*
 * A bulk free goes slab by slab from the array's end, looking on until three of
 * other slabs were seen; the rest stays at the front.
 */
static void test_free_group(void)
{
	void *objects[6];
	uint16_t free[OBJECTS];
	uint32_t pfn;
	struct loaded m;

	load(&m);
	objects[0] = object(&m, 8, 0);
	objects[1] = object(&m, 13, 1);
	objects[2] = object(&m, 13, 2);
	objects[3] = object(&m, 8, 2);
	objects[4] = object(&m, 13, 3);
	objects[5] = object(&m, 8, 4);
	/* 4, then 2; 0 is behind three of slab 13. */
	CU_ASSERT_EQUAL(slab_free_group(m.sa, 0, 6, objects), 4);
	CU_ASSERT_EQUAL(slab_read_cpu(m.s, 0, &pfn, free, OBJECTS), 4);
	CU_ASSERT_EQUAL(free[0], 4);
	CU_ASSERT_EQUAL(free[1], 2);
	CU_ASSERT_EQUAL(free[2], 5);
	CU_ASSERT_EQUAL(free[3], 1);
	CU_ASSERT_TRUE(slab_is_live(m.sa, object(&m, 8, 0)));
	CU_ASSERT_FALSE(slab_is_live(m.sa, object(&m, 8, 2)));
	CU_ASSERT_EQUAL(slab_free_group(m.sa, 0, 4, objects), 1);
	CU_ASSERT_EQUAL(slab_free_group(m.sa, 0, 1, objects), 0);
	CU_ASSERT_FALSE(slab_is_live(m.sa, object(&m, 8, 0)));
	destroy(&m);
}

/* Empty slabs beyond the least number of partial ones go back to the frames' owner. */
static void test_given_back(void)
{
	struct loaded m;

	load(&m);
	for (unsigned int i = 0; i < OBJECTS; i++)
		if (i != 4 && i != 6)
			kmem_cache_free(m.s, 1, object(&m, 11, i));
	CU_ASSERT_EQUAL(m.nr_given, 1);
	CU_ASSERT_EQUAL(m.given[0], 11);
	destroy(&m);
}

/*
 * After a miss the kernel's object is taken from wherever it is here, and ours
 * goes back to where it came from.
 */
static void test_resync(void)
{
	static const struct {
		uint32_t pfn;
		unsigned int number;
		uint32_t cpu_slab;
	} theirs[] = {
		{ 8, 1, 8 }, { 8, 3, 8 }, { 9, 0, 9 }, { 10, 7, 10 }, { 11, 6, 11 }, { 12, 7, 12 },
	};
	struct loaded m;
	uint32_t pfn;
	size_t i;

	for (i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
		void *want, *ours;

		load(&m);
		want = object(&m, theirs[i].pfn, theirs[i].number);
		ours = kmem_cache_alloc(m.s, 0, 0);
		CU_ASSERT(slab_resync(m.s, 0, ours, want));
		CU_ASSERT_TRUE(slab_is_live(m.sa, want));
		CU_ASSERT_FALSE(slab_is_live(m.sa, ours));
		slab_read_cpu(m.s, 0, &pfn, NULL, 0);
		CU_ASSERT_EQUAL(pfn, theirs[i].cpu_slab);
		CU_ASSERT(sound(&m));
		destroy(&m);
	}
}

/* It stays another CPU's slab when the object is taken from there. */
static void test_resync_other_cpu(void)
{
	struct loaded m;
	uint32_t pfn;

	load(&m);
	CU_ASSERT(slab_resync(m.s, 1, NULL, object(&m, 8, 1)));
	CU_ASSERT_EQUAL(slab_read_cpu(m.s, 0, &pfn, NULL, 0), 1);
	CU_ASSERT_EQUAL(slab_read_cpu(m.s, 1, &pfn, NULL, 0), 0);
	destroy(&m);
}

/* What is in use, or in no slab of the cache, cannot be taken: nothing changes. */
static void test_resync_refused(void)
{
	struct loaded m;

	load(&m);
	CU_ASSERT_FALSE(slab_resync(m.s, 0, NULL, object(&m, 8, 0)));
	CU_ASSERT_FALSE(slab_resync(m.s, 0, NULL, object(&m, 20, 0)));
	CU_ASSERT_FALSE(slab_resync(m.s, 0, NULL, &m));
	destroy(&m);
}

/* The list that a CPU hands objects out of, and putting its slab away. */
static void test_put_away(void)
{
	uint32_t pfns[4], pfn;
	struct loaded m;

	load(&m);
	CU_ASSERT_TRUE(slab_on_cpu_list(m.s, 0, object(&m, 8, 1)));
	CU_ASSERT_FALSE(slab_on_cpu_list(m.s, 0, object(&m, 8, 3)));
	slab_put_away(m.s, 1);
	slab_put_away(m.s, 0);
	slab_read_cpu(m.s, 0, &pfn, NULL, 0);
	CU_ASSERT_EQUAL(pfn, PFN_NONE_VAL);
	CU_ASSERT(same_pfns(slab_read_node_partial(m.s, 0, pfns, 4), pfns, 3, (const uint32_t[]){ 11, 12, 8 }));
	destroy(&m);
}

/* A slab that is gone elsewhere goes here too, from whatever list it is on. */
static void test_drop(void)
{
	static const uint32_t order[] = { 10, 9, 8, 12, 11, 13 };
	struct slabinfo info;
	struct loaded m;
	size_t i;

	load(&m);
	for (i = 0; i < 6; i++) {
		slab_drop(m.sa, order[i]);
		CU_ASSERT_EQUAL(m.given[i], order[i]);
		CU_ASSERT(sound(&m));
	}
	get_slabinfo(m.s, &info);
	CU_ASSERT_EQUAL(info.num_slabs, 0);
	destroy(&m);
}

/* Layouts that cannot be make no cache. */
static void test_bad_caches(void)
{
	static const uint32_t wrong[OBJECTS] = { 0, 1, 2, 3, 4, 5, 6, 8 };
	struct slab_cache_state bad[8];
	struct loaded m;
	size_t i;

	create_machine(&m);
	for (i = 0; i < 8; i++)
		bad[i] = layout;
	bad[0].size = 12;
	bad[1].objects = 9;
	bad[2].offset = SIZE;
	bad[3].min_order = 1;
	bad[4].object_size = SIZE + 8;
	bad[5].random_seq = wrong;
	bad[6].name[0] = '\0';
	bad[7].order = bad[7].min_order = MAX_PAGE_ORDER + 1;
	for (i = 0; i < 8; i++) {
		struct kerror err = { 0 };

		CU_ASSERT_PTR_NULL(slab_load_cache(m.sa, &bad[i], &err));
		CU_ASSERT_EQUAL(err.code, -EINVAL);
	}
	destroy(&m);
}

/* Since 6.8 slabs on a CPU's partial list are not frozen; a full one is on no such list. */
static void test_thawed_partial(void)
{
	struct kerror err = { 0 };
	struct loaded m;

	create_machine(&m);
	load_slab(&m, 9, 6, false, 2, (const uint16_t[]){ 2, 0 });
	CU_ASSERT_EQUAL(slab_load_cpu_partial(m.s, 0, (const uint32_t[]){ 9 }, 1, 1, &err), 0);
	CU_ASSERT(sound(&m));
	kmem_cache_free(m.s, 1, object(&m, 9, 1));
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(m.s, 0, 0), object(&m, 9, 1));
	destroy(&m);
}

/* Nor is a slab, or a list, put where it cannot be. */
static void test_bad_slabs(void)
{
	struct slab_state bad[5] = {
		{ .pfn = 13, .objects = OBJECTS, .inuse = OBJECTS },
		{ .pfn = 1U << 31, .objects = OBJECTS, .inuse = OBJECTS },
		{ .pfn = 21, .order = 1, .objects = OBJECTS, .inuse = OBJECTS },
		{ .pfn = 20, .objects = OBJECTS + 1, .inuse = OBJECTS },
		{ .pfn = 20, .objects = OBJECTS, .inuse = OBJECTS + 1 },
	};
	struct kerror err = { 0 };
	struct loaded m;
	size_t i;

	load(&m);
	for (i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(slab_load_slab(m.s, &bad[i], &err), -EINVAL);
	/* no slab at all; on a list already; not frozen, or frozen, as the list wants it */
	CU_ASSERT_EQUAL(slab_load_cpu(m.s, 1, 20, NULL, 0, &err), -EINVAL);
	CU_ASSERT_EQUAL(slab_load_cpu(m.s, 1, 8, NULL, 0, &err), -EINVAL);
	CU_ASSERT_EQUAL(slab_load_cpu_partial(m.s, 1, (const uint32_t[]){ 13 }, 1, 1, &err), -EINVAL);
	CU_ASSERT_EQUAL(slab_load_node_partial(m.s, 0, (const uint32_t[]){ 9 }, 1, &err), -EINVAL);
	destroy(&m);
}

/* A free list that names what is no object, or names it twice, is found. */
static void test_bad_free_lists(void)
{
	static const uint16_t beyond[] = { OBJECTS }, twice[] = { 1, 1 };
	struct slab_state state = { .pfn = 20, .objects = OBJECTS, .inuse = 7, .free = beyond, .nr_free = 1 };
	struct kerror err = { 0 };
	struct loaded m;

	create_machine(&m);
	CU_ASSERT_EQUAL(slab_load_slab(m.s, &state, &err), -EINVAL);
	state.free = twice;
	state.nr_free = 2;
	CU_ASSERT_EQUAL(slab_load_slab(m.s, &state, &err), -EINVAL);
	CU_ASSERT(sound(&m));
	load_slab(&m, 20, OBJECTS, true, 0, NULL);
	CU_ASSERT_EQUAL(slab_load_cpu(m.s, 0, 20, beyond, 1, &err), -EINVAL);
	slab_drop(m.sa, 20);
	destroy(&m);
}

static const struct test_case cases[] = {
	{ "read_back", test_read_back },
	{ "served_in_order", test_served_in_order },
	{ "new_slab", test_new_slab },
	{ "bad_frames", test_bad_frames },
	{ "new_slab_all_the_same", test_new_slab_all_the_same },
	{ "partial_all_the_same", test_partial_all_the_same },
	{ "free_group", test_free_group },
	{ "given_back", test_given_back },
	{ "resync", test_resync },
	{ "resync_other_cpu", test_resync_other_cpu },
	{ "resync_refused", test_resync_refused },
	{ "put_away", test_put_away },
	{ "drop", test_drop },
	{ "bad_caches", test_bad_caches },
	{ "thawed_partial", test_thawed_partial },
	{ "bad_slabs", test_bad_slabs },
	{ "bad_free_lists", test_bad_free_lists },
	{ NULL, NULL }
};

const struct test_suite slab_load_suite = { "slab_load", cases };
