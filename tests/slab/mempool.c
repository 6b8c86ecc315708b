/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: memory pools: the reserve helps exactly when the allocator
 * underneath has nothing, comes back first, and each thing done is counted.
 */
#include <errno.h>
#include <string.h>

#include "slab/extras/mempool.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)
#define RESERVE	4u

#define MAX_ASKED 8

/* Elements that remember what was done to them, and how they were asked for. */
struct probe {
	struct kmem_cache *cache;
	unsigned int made, reset;
	struct {
		gfp_t gfp;
		unsigned int cpu;
	} asked[MAX_ASKED];
	unsigned int nr_asked;
	void *to_free;			/* what wait() gives back, NULL: nothing */
	struct mempool *pool;
	unsigned int waited;
};

static void *probe_alloc(void *data, unsigned int cpu, gfp_t gfp)
{
	struct probe *probe = data;

	if (probe->nr_asked < MAX_ASKED) {
		probe->asked[probe->nr_asked].gfp = gfp;
		probe->asked[probe->nr_asked].cpu = cpu;
	}
	probe->nr_asked++;
	return kmem_cache_alloc(probe->cache, cpu, gfp);
}

static void probe_free(void *data, unsigned int cpu, void *element)
{
	kmem_cache_free(((struct probe *)data)->cache, cpu, element);
}

static void probe_ctor(void *data, void *element)
{
	((struct probe *)data)->made++;
	memset(element, 'c', 16);
}

static void probe_reset(void *data, void *element)
{
	((struct probe *)data)->reset++;
	memset(element, 'r', 16);
}

static bool probe_wait(void *data)
{
	struct probe *probe = data;
	void *element = probe->to_free;

	probe->waited++;
	probe->to_free = NULL;
	mempool_free(probe->pool, 0, element);
	return element;
}

static const struct mempool_ops probe_ops = {
	probe_alloc, probe_free, probe_ctor, probe_reset, probe_wait
};
static const struct mempool_ops failing_ops = { probe_alloc, probe_free, NULL, NULL, NULL };

static struct mempool *make_pool(struct slab_machine *m, const struct mempool_ops *ops, void *data,
				 size_t poison)
{
	struct mempool_args args = {
		.min_nr = RESERVE, .ops = ops, .pool_data = data, .poison_bytes = poison
	};
	struct mempool *pool;

	CU_ASSERT_EQUAL_FATAL(mempool_create(&pool, &args, 0, GFP_KERNEL, NULL), 0);
	CU_ASSERT_TRUE(slab_machine_sound(m));
	return pool;
}

static struct mempool_stat stat_of(const struct mempool *pool)
{
	struct mempool_stat stat;

	mempool_stat(pool, &stat);
	return stat;
}

/* Nothing fits: each says why and leaves nothing behind. */
static void test_refused(void)
{
	struct slab_machine m;
	struct probe probe = { 0 };
	struct mempool_args args = { .min_nr = 0, .ops = &probe_ops, .pool_data = &probe };
	struct kerror err = { 0 };
	struct mempool *pool;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	probe.cache = slab_machine_cache(&m, "element", 128);
	CU_ASSERT_EQUAL(mempool_create(&pool, &args, 0, GFP_KERNEL, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "reserves"));
	args.min_nr = (1u << 24) + 1;	/* one above the most there may be */
	CU_ASSERT_EQUAL(mempool_create(&pool, &args, 0, GFP_KERNEL, NULL), -EINVAL);
	args.min_nr = 3;
	args.poison_bytes = 128;
	CU_ASSERT_EQUAL(mempool_create(&pool, &args, 0, GFP_KERNEL, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "constructor"));
	args.poison_bytes = 0;
	args.ops = NULL;
	CU_ASSERT_EQUAL(mempool_create(&pool, &args, 0, GFP_KERNEL, NULL), -EINVAL);

	/* The third element of three fails: the two are given back. */
	args.ops = &probe_ops;
	slab_set_fail(m.sa, 3, 1);
	CU_ASSERT_EQUAL(mempool_create(&pool, &args, 0, GFP_KERNEL, &err), -ENOMEM);
	CU_ASSERT_PTR_NULL(pool);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "2 of 3"));
	CU_ASSERT_EQUAL(slab_machine_info(probe.cache).used_objs, 0);
	mempool_destroy(NULL, 0);
	slab_machine_destroy(&m);
}

/* The reserve is touched only when there is no memory, and filled first. */
static void test_reserve(void)
{
	struct probe probe = { 0 };
	struct slab_machine m;
	struct mempool *pool;
	void *element[RESERVE + 2];
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	probe.cache = slab_machine_cache(&m, "element", 128);
	pool = make_pool(&m, &probe_ops, &probe, 0);
	probe.pool = pool;
	CU_ASSERT_EQUAL(probe.made, RESERVE);

	element[0] = mempool_alloc(pool, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(((char *)element[0])[15], 'c');
	CU_ASSERT_EQUAL(stat_of(pool).curr_nr, RESERVE);

	slab_set_fail(m.sa, 1, -1);
	for (i = 1; i <= RESERVE; i++) {
		element[i] = mempool_alloc(pool, 0, GFP_ATOMIC);
		CU_ASSERT_PTR_NOT_NULL_FATAL(element[i]);
		CU_ASSERT_EQUAL(((char *)element[i])[15], 'r');
	}
	CU_ASSERT_EQUAL(probe.reset, RESERVE);
	CU_ASSERT_EQUAL(stat_of(pool).curr_nr, 0);
	CU_ASSERT_EQUAL(stat_of(pool).lowest_nr, 0);
	CU_ASSERT_PTR_NULL(mempool_alloc(pool, 0, GFP_ATOMIC));
	CU_ASSERT_EQUAL(probe.waited, 0);

	/* GFP_KERNEL may wait: the first time somebody gives one back, the second time nobody does. */
	probe.to_free = element[2];
	CU_ASSERT_PTR_EQUAL(mempool_alloc(pool, 0, GFP_KERNEL), element[2]);
	CU_ASSERT_EQUAL(probe.waited, 1);
	CU_ASSERT_PTR_NULL(mempool_alloc(pool, 0, GFP_KERNEL));
	CU_ASSERT_EQUAL(probe.waited, 2);
	slab_set_fail(m.sa, 0, 0);

	for (i = 0; i <= RESERVE; i++)
		mempool_free(pool, 0, element[i]);
	CU_ASSERT_EQUAL(stat_of(pool).curr_nr, RESERVE);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_allocated], RESERVE + 2);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_from_reserve], RESERVE + 1);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_failed], 2);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_waits], 2);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_freed], RESERVE + 2);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_to_reserve], RESERVE + 1);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_constructed], RESERVE + 1);
	CU_ASSERT_EQUAL(slab_machine_info(probe.cache).used_objs, RESERVE);
	mempool_free(pool, 0, NULL);
	mempool_destroy(pool, 0);
	CU_ASSERT_EQUAL(slab_machine_info(probe.cache).used_objs, 0);
	slab_machine_destroy(&m);
}

static void expect_asked(struct probe *probe, const gfp_t *gfp, unsigned int nr, unsigned int cpu)
{
	unsigned int i;

	CU_ASSERT_EQUAL(probe->nr_asked, nr);
	for (i = 0; i < nr && i < probe->nr_asked; i++) {
		CU_ASSERT_EQUAL(probe->asked[i].gfp, gfp[i]);
		CU_ASSERT_EQUAL(probe->asked[i].cpu, cpu);
	}
	probe->nr_asked = 0;
}

/*
 * What each attempt may do, as mm/mempool.c has it:
 *
 *   1st     no reclaim, no input or output: whoever has memory at hand
 *   2nd     all that the caller may do
 *   later   the same, each after somebody gave an element back
 *
 * and none of them may retry for long, take the memory kept for emergencies or warn: there is the reserve.
 */
static void test_gfp(void)
{
	const gfp_t polite = __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN;
	const gfp_t first = (GFP_KERNEL & ~(__GFP_DIRECT_RECLAIM | __GFP_IO)) | polite;
	const gfp_t full = GFP_KERNEL | polite;
	const gfp_t noio = (GFP_NOIO & ~__GFP_DIRECT_RECLAIM) | polite;
	struct probe probe = { 0 };
	struct slab_machine m;
	struct mempool *pool;
	void *element[RESERVE];
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	probe.cache = slab_machine_cache(&m, "element", 120);
	pool = make_pool(&m, &probe_ops, &probe, 0);
	probe.pool = pool;
	expect_asked(&probe, (gfp_t[]){ GFP_KERNEL, GFP_KERNEL, GFP_KERNEL, GFP_KERNEL }, RESERVE, 0);

	mempool_free(pool, 1, mempool_alloc(pool, 1, GFP_KERNEL));
	expect_asked(&probe, &first, 1, 1);
	mempool_free(pool, 1, mempool_alloc(pool, 1, GFP_NOIO));
	expect_asked(&probe, &noio, 1, 1);

	slab_set_fail(m.sa, 1, -1);
	for (i = 0; i < RESERVE; i++)
		element[i] = mempool_alloc(pool, 1, GFP_ATOMIC);
	CU_ASSERT_EQUAL(stat_of(pool).curr_nr, 0);
	probe.nr_asked = 0;
	CU_ASSERT_PTR_NULL(mempool_alloc(pool, 1, GFP_ATOMIC));
	expect_asked(&probe, (gfp_t[]){ GFP_ATOMIC | polite, GFP_ATOMIC | polite }, 2, 1);
	probe.to_free = element[0];
	CU_ASSERT_PTR_EQUAL(mempool_alloc(pool, 1, GFP_KERNEL), element[0]);
	expect_asked(&probe, (gfp_t[]){ first, full, full }, 3, 1);
	slab_set_fail(m.sa, 0, 0);
	for (i = 0; i < RESERVE; i++)
		mempool_free(pool, 0, element[i]);
	CU_ASSERT_EQUAL(mempool_resize(pool, 1, RESERVE + 1), 0);
	expect_asked(&probe, (gfp_t[]){ GFP_KERNEL }, 1, 1);
	mempool_destroy(pool, 0);
	slab_machine_destroy(&m);
}

/* A new pool is filled as its maker says, not as GFP_KERNEL has it. */
static void test_filled_as_asked(void)
{
	struct probe probe = { 0 };
	struct mempool_args args = { .min_nr = 1, .ops = &probe_ops, .pool_data = &probe };
	struct slab_machine m;
	struct mempool *pool;

	slab_machine_create(&m, MEM, 1, 2, NULL);
	probe.cache = slab_machine_cache(&m, "element", 40);
	CU_ASSERT_EQUAL_FATAL(mempool_create(&pool, &args, 1, GFP_NOIO | __GFP_NOWARN, NULL), 0);
	expect_asked(&probe, (gfp_t[]){ GFP_NOIO | __GFP_NOWARN }, 1, 1);
	mempool_destroy(pool, 1);
	slab_machine_destroy(&m);
}

/* A pool that cannot wait fails even a request that could; zeroed elements are refused. */
static void test_failing(void)
{
	struct probe probe = { 0 };
	struct slab_machine m;
	struct mempool *pool;
	void *element[RESERVE];
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	probe.cache = slab_machine_cache(&m, "element", 128);
	pool = make_pool(&m, &failing_ops, &probe, 0);
	CU_ASSERT_PTR_NULL(mempool_alloc(pool, 0, GFP_KERNEL | __GFP_ZERO));
	slab_set_fail(m.sa, 1, -1);
	for (i = 0; i < RESERVE; i++)
		element[i] = mempool_alloc(pool, 0, GFP_KERNEL);
	CU_ASSERT_PTR_NULL(mempool_alloc(pool, 0, GFP_KERNEL));
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_failed], 2);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_waits], 0);
	slab_set_fail(m.sa, 0, 0);
	for (i = 0; i < RESERVE; i++)
		mempool_free(pool, 0, element[i]);
	mempool_destroy(pool, 0);
	slab_machine_destroy(&m);
}

/* Smaller frees what is too much; larger fills as far as memory goes, the rest with later frees. */
static void test_resize(void)
{
	struct probe probe = { 0 };
	struct slab_machine m;
	struct mempool *pool;
	void *out;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	probe.cache = slab_machine_cache(&m, "element", 128);
	pool = make_pool(&m, &failing_ops, &probe, 0);
	CU_ASSERT_EQUAL(mempool_resize(pool, 0, 0), -EINVAL);
	CU_ASSERT_EQUAL(mempool_resize(pool, 0, (1u << 24) + 1), -EINVAL);
	CU_ASSERT_EQUAL(mempool_resize(pool, 0, 2), 0);
	CU_ASSERT_EQUAL(stat_of(pool).curr_nr, 2);
	CU_ASSERT_EQUAL(stat_of(pool).lowest_nr, 2);
	CU_ASSERT_EQUAL(slab_machine_info(probe.cache).used_objs, 2);
	out = mempool_alloc(pool, 0, GFP_KERNEL);

	slab_set_fail(m.sa, 3, 1);
	CU_ASSERT_EQUAL(mempool_resize(pool, 0, 5), 0);
	CU_ASSERT_EQUAL(stat_of(pool).curr_nr, 4);
	CU_ASSERT_EQUAL(stat_of(pool).min_nr, 5);
	mempool_free(pool, 0, out);
	CU_ASSERT_EQUAL(stat_of(pool).curr_nr, 5);
	mempool_destroy(pool, 0);
	CU_ASSERT_EQUAL(slab_machine_info(probe.cache).used_objs, 0);
	slab_machine_destroy(&m);
}

/* One byte written to an element in reserve: one error, at that byte; its neighbours are clean. */
static void test_poison(void)
{
	struct mempool_kmalloc from = { .size = 64 };
	struct slab_machine m;
	struct mempool *pool;
	unsigned char *element[RESERVE];
	unsigned int i;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	from.sa = m.sa;
	pool = make_pool(&m, &mempool_kmalloc_ops, &from, 64);
	slab_set_fail(m.sa, 1, -1);
	for (i = 0; i < RESERVE; i++)
		element[i] = mempool_alloc(pool, 0, GFP_ATOMIC);
	CU_ASSERT_EQUAL(element[0][0], 0x5a);
	for (i = 0; i < RESERVE; i++)
		mempool_free(pool, 0, element[i]);
	CU_ASSERT_EQUAL(element[1][62], 0x6b);
	CU_ASSERT_EQUAL(element[1][63], 0xa5);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_poison_errors], 0);

	element[1][17] ^= 1;
	for (i = 0; i < RESERVE; i++)
		element[i] = mempool_alloc(pool, 0, GFP_ATOMIC);
	CU_ASSERT_EQUAL(stat_of(pool).counter[MPC_poison_errors], 1);
	CU_ASSERT_EQUAL(stat_of(pool).bad_offset, 17);
	slab_set_fail(m.sa, 0, 0);
	for (i = 0; i < RESERVE; i++)
		mempool_free(pool, 0, element[i]);
	mempool_destroy(pool, 0);
	CU_ASSERT_TRUE(slab_machine_sound(&m));
	slab_machine_destroy(&m);
}

/* Ready-made pools: of a cache, of kmalloc, of page blocks; all comes back. */
static void test_ready_made(void)
{
	struct mempool_kmalloc bytes = { .size = 100 };
	struct mempool_pages pages = { .order = 1 };
	struct slab_machine m;
	struct mempool *pool;
	uint64_t before;
	void *element;

	slab_machine_create(&m, MEM, 1, 1, NULL);
	bytes.sa = m.sa;
	pages.buddy = m.buddy;
	pool = make_pool(&m, &mempool_slab_ops, slab_machine_cache(&m, "element", 40), 0);
	element = mempool_alloc(pool, 0, GFP_KERNEL);
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(slab_cache_of(m.sa, element)), "element");
	mempool_free(pool, 0, element);
	mempool_destroy(pool, 0);

	pool = make_pool(&m, &mempool_kmalloc_ops, &bytes, 0);
	element = mempool_alloc(pool, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL(ksize(m.sa, element), 128);
	mempool_free(pool, 0, element);
	element = mempool_alloc(pool, 0, GFP_KERNEL | __GFP_RECLAIMABLE);
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(slab_cache_of(m.sa, element)), "kmalloc-rcl-128");
	CU_ASSERT_EQUAL(kfree(m.sa, 0, element), 0);
	mempool_destroy(pool, 0);

	before = slab_machine_used(&m);
	pool = make_pool(&m, &mempool_pages_ops, &pages, 0);
	CU_ASSERT_EQUAL(slab_machine_used(&m), before + 2 * RESERVE);
	element = mempool_alloc(pool, 0, GFP_KERNEL);
	CU_ASSERT_EQUAL((uintptr_t)element % (2 * PAGE_SIZE), 0);
	mempool_free(pool, 0, element);
	mempool_destroy(pool, 0);
	CU_ASSERT_EQUAL(slab_machine_used(&m), before);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "refused", test_refused },
	{ "reserve", test_reserve },
	{ "gfp of each attempt", test_gfp },
	{ "filled as asked", test_filled_as_asked },
	{ "failing", test_failing },
	{ "resize", test_resize },
	{ "poison", test_poison },
	{ "ready-made", test_ready_made },
	{ NULL, NULL }
};
const struct test_suite mempool_suite = { "mempool", cases };
