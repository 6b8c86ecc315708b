/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what generations give up, and who decides. Expected values are worked out by hand from the kernel's rules. */
#include <errno.h>

#include "sim/vm/reclaim/internal.h"
#include "tests/sim/vm/mglru.h"

/* ---- the controller ------------------------------------------------------------------------- */

/*
 * Refaulted of total, of tier 0 and of another one, and whether the other one may go: fewer than 64 refaults always,
 * else refaulted x (64 + total0) x gain0 <= (refaulted0 + 1) x total x gain. Worked out by hand.
 */
static void test_tier_idx(void)
{
	static const struct { uint64_t refaulted0, total0, refaulted, total; unsigned int last; } table[] = {
		{ 0, 1000, 63, 64, 3 },			/* too few to know */
		{ 0, 1000, 64, 64, 0 },			/* 64 x 1064 > 1 x 64 x 2 */
		{ 499, 1000, 100, 106, 0 },		/* 100 x 1064 = 106,400 > 500 x 106 x 2 = 106,000 */
		{ 499, 1000, 100, 107, 3 },		/* 106,400 <= 107,000 */
		{ 499, 1000, 250, 250, 0 },		/* 266,000 > 250,000: twice tier 0's share, and more */
		{ 531, 1000, 250, 250, 3 },		/* 266,000 <= 532 x 250 x 2 = 266,000 */
	};
	struct world w;
	unsigned int i;

	init(&w);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct lru_gen *gen = gens(&w);
		unsigned int tier;

		/* Half of it of this generation, the rest from before; what was spared counts as given up. */
		gen->refaulted[1][0] = table[i].refaulted0 / 2;
		gen->avg_refaulted[1][0] = table[i].refaulted0 - table[i].refaulted0 / 2;
		gen->evicted[1][0] = table[i].total0;
		for (tier = 1; tier < MAX_NR_TIERS; tier++) {
			gen->refaulted[1][tier] = table[i].refaulted;
			gen->avg_total[1][tier] = table[i].total / 4;
			gen->evicted[1][tier] = table[i].total / 4;
			gen->spared[1][tier] = table[i].total - 2 * (table[i].total / 4);
		}
		CU_ASSERT_EQUAL(lru_gen_last_tier(gen, LRU_GEN_FILE), table[i].last);
	}
	world_exit(&w);
}

/* At swappiness 60 files have a gain of 140: they go unless they come back far more. */
static void test_choose_type(void)
{
	static const struct {
		unsigned int swappiness;
		uint64_t anon, anon_total, file, file_total;
		enum lru_gen_type type;
	} table[] = {
		{ 60, 0, 0, 0, 0, LRU_GEN_FILE },
		{ 60, 0, 1000, 63, 63, LRU_GEN_FILE },		/* too few refaults */
		{ 60, 0, 1000, 100, 1000, LRU_GEN_ANON },	/* 100 x 1064 x 60 > 1 x 1000 x 140 */
		{ 60, 45, 1000, 100, 1000, LRU_GEN_FILE },	/* 6,384,000 <= 46 x 140,000 = 6,440,000 */
		{ 60, 44, 1000, 100, 1000, LRU_GEN_ANON },	/* 6,384,000 > 6,300,000 */
		{ 100, 105, 1000, 100, 1000, LRU_GEN_ANON },	/* 106,400 > 106,000 */
		{ 100, 106, 1000, 100, 1000, LRU_GEN_FILE },	/* 106,400 <= 107,000 */
		{ 199, 500, 1000, 100, 1000, LRU_GEN_ANON },	/* 100 x 1064 x 199 > 501 x 1000 x 1 */
	};
	struct world w;
	unsigned int i;

	init(&w);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct lru_gen *gen = gens(&w);
		unsigned int tier;

		gen->refaulted[LRU_GEN_ANON][0] = table[i].anon;
		gen->evicted[LRU_GEN_ANON][0] = table[i].anon_total;
		gen->refaulted[LRU_GEN_FILE][0] = table[i].file;
		gen->evicted[LRU_GEN_FILE][0] = table[i].file_total;
		CU_ASSERT_EQUAL(lru_gen_choose_type(gen, table[i].swappiness, &tier), table[i].type);
		/* The other tiers had no refaults. */
		CU_ASSERT_EQUAL(tier, 3);
	}
	world_exit(&w);
}

/* As a generation closes its numbers are halved into the means, tier by tier, and begin anew. */
static void test_carry_over(void)
{
	struct world w;
	struct lru_gen *gen;

	init(&w);
	gen = gens(&w);
	gen->refaulted[0][2] = 11;
	gen->avg_refaulted[0][2] = 20;
	gen->evicted[0][2] = 100;
	gen->spared[0][2] = 7;
	gen->avg_total[0][2] = 50;
	gen->evicted[1][2] = 9;
	lru_gen_carry_over(gen, LRU_GEN_ANON);
	CU_ASSERT_EQUAL(gen->avg_refaulted[0][2], 15);
	CU_ASSERT_EQUAL(gen->avg_total[0][2], 78);
	CU_ASSERT_EQUAL(gen->refaulted[0][2], 0);
	CU_ASSERT_EQUAL(gen->evicted[0][2], 0);
	CU_ASSERT_EQUAL(gen->spared[0][2], 0);
	CU_ASSERT_EQUAL(gen->evicted[1][2], 9);
	world_exit(&w);
}

/* ---- eviction ------------------------------------------------------------------------------- */

/* Pages that could go of three generations or more, and whether a new one must come first. */
static void test_should_age(void)
{
	static const struct {
		uint64_t anon_min, file_min, max;
		uint64_t pages[3];	/* of files, of the generation that may go, the next one, the youngest */
		bool can_swap, age;
		uint64_t total;
	} table[] = {
		{ 4, 4, 5, { 10, 10, 10 }, true, true, 0 },		/* none but the active ones */
		{ 2, 2, 5, { 0, 0, 900 }, true, false, 900 },		/* four */
		{ 3, 3, 5, { 100, 100, 100 }, true, false, 300 },
		{ 3, 3, 5, { 75, 125, 100 }, true, false, 300 },	/* a quarter */
		{ 3, 3, 5, { 74, 126, 100 }, true, true, 300 },
		{ 3, 3, 5, { 75, 75, 150 }, true, false, 300 },		/* half of them young */
		{ 3, 3, 5, { 75, 74, 151 }, true, true, 300 },
		{ 2, 3, 5, { 75, 74, 151 }, false, true, 300 },		/* private pages do not matter */
		{ 2, 3, 5, { 75, 74, 151 }, true, false, 300 },
	};
	struct world w;
	unsigned int i, k;
	uint64_t total;

	init(&w);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct lru_gen gen = { .max_seq = table[i].max, .min_seq = { table[i].anon_min, table[i].file_min } };

		for (k = 0; k < 3; k++)
			gen.nr_pages[lru_gen_from_seq(gen.max_seq - 2 + k)][LRU_GEN_FILE][k % 2] = table[i].pages[k];
		CU_ASSERT_EQUAL(lru_gen_should_age(&gen, table[i].can_swap, &total), table[i].age);
		CU_ASSERT_EQUAL(total, table[i].total);
	}
	world_exit(&w);
}

static struct scan_control kswapd(uint64_t nr)
{
	return (struct scan_control){
		.gfp = GFP_KERNEL, .kswapd = true, .may_writepage = true, .may_swap = true, .priority = 1, .nr_to_reclaim = nr,
	};
}

static uint64_t count(const struct world *w, enum vm_counter counter)
{
	return w->vm->counters[counter];
}

/* 200 pages of a file in the generation that may go: 64 at a time, the ones that came first, until it is enough. */
static void test_evict(void)
{
	struct scan_control sc = kswapd(32);
	struct vm_file *file;
	struct world w;

	init(&w);
	file = cached_file(&w, 200);
	CU_ASSERT_TRUE(lru_gen_close_empty(&w.vm->lru->nodes[0], true));
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 200, 0, 0);
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 64);
	CU_ASSERT_EQUAL(sc.nr.file_taken, 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_kswapd), 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_file), 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgscan_file), 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgscan_kswapd), 64);
	CU_ASSERT_TRUE(pfn_is_none(vm_file_cached(file, 63)));
	CU_ASSERT_FALSE(pfn_is_none(vm_file_cached(file, 64)));
	CU_ASSERT_EQUAL(gens(&w)->evicted[LRU_GEN_FILE][0], 64);
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 136, 0, 0);
	/* Of half of what is left, a process gives up no more than it needs. */
	sc = kswapd(32);
	sc.kswapd = false;
	sc.priority = 1;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 64);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_direct), 64);
	/* Where nothing may be written (boosted watermarks) nothing is done. */
	sc = kswapd(32);
	sc.may_writepage = false;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 0);
	/* kswapd ends when there is enough free; a process goes on while there is something to be had. */
	sc = kswapd(1000);
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 64);
	sc.kswapd = false;
	sc.priority = 0;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 72);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 3);
	/* All that could go has gone. At the first priority nothing is done; then ageing comes first, and it is all. */
	sc.priority = DEF_PRIORITY;
	sc.nr_to_reclaim = 32;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 3);
	sc.priority = DEF_PRIORITY - 1;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 4);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 72);
	CU_ASSERT_FALSE(w.vm->lru->gen_walking);
	world_exit(&w);
}

/* The first priority follows from what is wanted and what is inactive: 12 down to 6. */
static void test_priority(void)
{
	static const struct { uint64_t nr, inactive; int priority, then; } table[] = {
		{ 63, 100000, 12, 12 },		/* too little is wanted */
		{ 64, 65536, 12, 10 },		/* 17 - 1 - 6 */
		{ 64, 65535, 12, 9 },
		{ 65, 65536, 12, 9 },
		{ 64, 100, 12, 6 },
		{ 64, 1 << 24, 12, 12 },
		{ 64, 65536, 11, 11 },		/* a later one stays */
	};
	struct world w;
	unsigned int i;

	init(&w);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct scan_control sc = kswapd(table[i].nr);

		sc.priority = table[i].priority;
		w.vm->lru->nodes[0].size[1][LRU_INACTIVE_FILE] = table[i].inactive;
		lru_gen_set_priority(w.vm, 0, &sc);
		CU_ASSERT_EQUAL(sc.priority, table[i].then);
	}
	w.vm->lru->nodes[0].size[1][LRU_INACTIVE_FILE] = 0;
	world_exit(&w);
}

/*
 * Pages that read() used 2 to 5 times. The most used ones are spared; of the others it is known when they come back how
 * often that was, and who was used four times is never to go so soon again.
 *
 *	page     0-9   10-19  20-29  30-39  40-199
 *	uses     6     2      3      4      1
 *	refs     4     1      2      3      0
 *	tier     3     1      2      2      0
 */
static void test_protect(void)
{
	static const struct { uint64_t first, uses; } table[] = { { 0, 6 }, { 10, 2 }, { 20, 3 }, { 30, 4 }, { 40, 1 } };
	static const enum vm_kernel kernels[] = { VM_KERNEL_6_1, VM_KERNEL_6_12 };
	struct scan_control sc;
	struct vm_file *file;
	struct lru_gen *gen;
	struct world w;
	uint64_t i, k, v;

	for (v = 0; v < 2; v++) {
		init_kernel(&w, 64 * MIB, kernels[v]);
		file = cached_file(&w, 200);
		gen = gens(&w);
		for (i = 0; i < 5; i++)
			for (k = 0; k < 10 * table[i].uses; k++)
				lru_mark_accessed(w.vm, 0, vm_file_cached(file, table[i].first + k % 10));
		lru_gen_close_empty(&w.vm->lru->nodes[0], true);
		sc = kswapd(32);
		lru_gen_shrink_node(w.vm, 0, &sc);
		CU_ASSERT_EQUAL(sc.nr_reclaimed, 64);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_pgrefill), 10);
		CU_ASSERT_EQUAL(gen->spared[LRU_GEN_FILE][3], 10);
		CU_ASSERT_EQUAL(gen->evicted[LRU_GEN_FILE][0], 34);
		CU_ASSERT_EQUAL(gen->evicted[LRU_GEN_FILE][1], 10);
		CU_ASSERT_EQUAL(gen->evicted[LRU_GEN_FILE][2], 20);
		EXPECT(&w, LRU_GEN_FILE, 1, 3, 126, 10, 0);
		/* A spared page begins anew. */
		CU_ASSERT_EQUAL(lru_gen_refs(page_from_pfn(w.vm->map, vm_file_cached(file, 0))), 0);
		CU_ASSERT_EQUAL(vm_file_bring_in(file, 10 * PAGE_SIZE, 60 * PAGE_SIZE, FILE_AHEAD), 0);
		lru_add_drain(w.vm, 0);
		CU_ASSERT_EQUAL(gen->refaulted[LRU_GEN_FILE][0], 30);
		CU_ASSERT_EQUAL(gen->refaulted[LRU_GEN_FILE][1], 10);
		CU_ASSERT_EQUAL(gen->refaulted[LRU_GEN_FILE][2], 20);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_refault_file), 60);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_activate_file), v ? 60 : 0);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_restore_file), 10);
		CU_ASSERT_EQUAL(lru_gen_refs(page_from_pfn(w.vm->map, vm_file_cached(file, 29))), 0);
		CU_ASSERT_EQUAL(lru_gen_refs(page_from_pfn(w.vm->map, vm_file_cached(file, 30))), 4);
		/* The oldest generation is another one: it is too long ago. */
		gen->min_seq[LRU_GEN_FILE]++;
		CU_ASSERT_EQUAL(vm_file_bring_in(file, 70 * PAGE_SIZE, PAGE_SIZE, FILE_AHEAD), 0);
		gen->min_seq[LRU_GEN_FILE]--;
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_refault_file), v ? 61 : 60);
		CU_ASSERT_EQUAL(gen->refaulted[LRU_GEN_FILE][0], 30);
		world_exit(&w);
	}
}

/* Mapped pages that were used: the first one that is met tells of its neighbours, and none of them goes. */
static void test_evict_used(void)
{
	struct scan_control sc = kswapd(32);
	struct vm_file *file;
	struct world w;
	uint64_t addr;

	init(&w);
	file = cached_file(&w, 200);
	addr = (uint64_t)vm_mmap(w.a, 0, 200 * PAGE_SIZE, PROT_READ, MAP_SHARED, file, 0);
	world_touch(w.a, addr, 200, VM_ACCESS_READ);
	lru_gen_close_empty(&w.vm->lru->nodes[0], true);
	sc.priority = 2;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, 0);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgscan_file), 64);
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 136, 0, 64);
	CU_ASSERT_FALSE(is_young(&w, addr + 63 * PAGE_SIZE));
	CU_ASSERT_TRUE(is_young(&w, addr + 64 * PAGE_SIZE));
	/* A walk of its own found them first: they are put where they belong, and none is looked at. */
	lru_gen_walk(w.vm, 0, false, true);
	gens(&w)->passed_seq--;
	EXPECT(&w, LRU_GEN_FILE, 1, 3, 0, 0, 200);
	sc = kswapd(32);
	sc.priority = 0;
	lru_gen_shrink_node(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgrefill), 0);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 4);
	world_exit(&w);
}

static void init_swap(struct world *w, uint64_t bytes, enum vm_kernel kernel, enum vm_swap_type type)
{
	struct vm_config cfg;

	vm_config_default(&cfg);
	cfg.kernel = kernel;
	cfg.lru = VM_LRU_GENERATIONS;
	cfg.swap_bytes = 32 * MIB;
	cfg.swap_type = type;
	world_init(w, bytes, &cfg);
}

/*
 * Of 100 private pages that were not used again 64 go to swap. zram has them at once; an ssd when all of them are
 * written: they are at the tail then, but for 2 that wait in a batch of 31, and so 62 go, and 2 others are written.
 */
static void test_evict_anon(void)
{
	static const struct { enum vm_swap_type type; uint64_t written, gone, rotated; } table[] = {
		{ VM_SWAP_ZRAM, 64, 64, 0 }, { VM_SWAP_SSD, 66, 62, 66 },
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct scan_control sc = kswapd(32);
		struct world w;
		uint64_t addr;

		init_swap(&w, 64 * MIB, VM_KERNEL_6_12, table[i].type);
		addr = world_map(w.a, MIB);
		world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
		lru_add_drain(w.vm, 0);
		lru_gen_age(w.vm, 0, true, false);
		lru_gen_age(w.vm, 0, true, false);
		EXPECT(&w, LRU_GEN_ANON, 2, 5, 0, 100, 0, 0);
		sc.kswapd = false;
		sc.priority = 0;
		lru_gen_shrink_node(w.vm, 0, &sc);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_pswpout), table[i].written);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_anon), table[i].gone);
		CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], (int64_t)table[i].written);
		lru_add_drain(w.vm, 0);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_pgrotated), table[i].rotated);
		world_check(&w);
		/* A fault that brings one back makes it young, and it will not be among the first that go again. */
		world_touch(w.a, addr, 1, VM_ACCESS_READ);
		lru_add_drain(w.vm, 0);
		CU_ASSERT_EQUAL(w.a->maj_flt, 1);
		CU_ASSERT_TRUE(count(&w, VM_CNT_workingset_restore_anon) > 0);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_workingset_restore_anon), count(&w, VM_CNT_workingset_activate_anon));
		CU_ASSERT_EQUAL(lru_gen_of(page_from_pfn(w.vm->map, world_frame(w.a, addr))),
				(int)lru_gen_from_seq(gens(&w)->max_seq));
		world_exit(&w);
	}
}

/* More than there is: kswapd and processes give pages up all the time, of both types, and all adds up. */
static void test_pressure(void)
{
	static const struct { enum vm_kernel kernel; enum vm_swap_type type; } table[] = {
		{ VM_KERNEL_6_12, VM_SWAP_ZRAM }, { VM_KERNEL_6_12, VM_SWAP_SSD }, { VM_KERNEL_6_1, VM_SWAP_DISK }
	};
	unsigned int i, k;

	for (k = 0; k < 3; k++) {
		struct test_rng rng = { 4711 + k };
		struct vm_file *file;
		struct world w;
		uint64_t addr, at;

		init_swap(&w, 32 * MIB, table[k].kernel, table[k].type);
		addr = world_map(w.a, 40 * MIB);
		file = vm_file_create(w.vm, "data", 32 * MIB, true);
		for (i = 0; i < 1500; i++) {
			at = (uint64_t)test_rand_below(&rng, 8000);
			if (test_rand_below(&rng, 3))
				world_touch(w.a, addr + at * PAGE_SIZE, 30, test_rand_below(&rng, 2) ? VM_ACCESS_WRITE : VM_ACCESS_READ);
			else
				CU_ASSERT_EQUAL(vm_file_bring_in(file, at * PAGE_SIZE, 30 * PAGE_SIZE,
								 test_rand_below(&rng, 4) ? FILE_READ : FILE_WRITE), 0);
			if (i % 150 == 0)
				world_check(&w);
		}
		CU_ASSERT_TRUE(gens(&w)->max_seq > 4);
		CU_ASSERT_TRUE(count(&w, VM_CNT_pgsteal_anon) > 0);
		CU_ASSERT_TRUE(count(&w, VM_CNT_pgsteal_file) > 0);
		CU_ASSERT_TRUE(count(&w, VM_CNT_workingset_refault_anon) > 0);
		CU_ASSERT_EQUAL(count(&w, VM_CNT_oom_kill), 0);
		world_exit(&w);
	}
}

/*
 * By hand: a fourth generation is the last one without force, and for files alone they count without private pages.
 * What goes then are pages of all but the two youngest, as many as are asked for; empty ones close.
 */
static void test_orders(void)
{
	struct world w;
	uint64_t addr;

	init_swap(&w, 64 * MIB, VM_KERNEL_6_12, VM_SWAP_ZRAM);
	addr = world_map(w.a, MIB);
	world_touch(w.a, addr, 100, VM_ACCESS_WRITE);
	lru_add_drain(w.vm, 0);
	CU_ASSERT_EQUAL(lru_gen_order_aging(w.vm, 0, LRU_GEN_SWAPPINESS, false), -ERANGE);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 3);
	CU_ASSERT_EQUAL(lru_gen_order_aging(w.vm, 0, LRU_GEN_SWAPPINESS, true), 0);
	CU_ASSERT_EQUAL(lru_gen_order_aging(w.vm, 0, 60, true), 0);
	EXPECT(&w, LRU_GEN_ANON, 2, 5, 0, 100, 0, 0);
	/* Pages that nobody used go, and rather a batch of 64 than 10. */
	lru_gen_order_eviction(w.vm, 0, LRU_GEN_SWAPPINESS, 10);
	EXPECT(&w, LRU_GEN_ANON, 3, 5, 36, 0, 0);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_direct), 64);
	/* Private ones stay where that is wanted. */
	lru_gen_order_eviction(w.vm, 0, 0, 1000);
	EXPECT(&w, LRU_GEN_ANON, 3, 5, 36, 0, 0);
	lru_gen_order_eviction(w.vm, 0, 60, 1000);
	EXPECT(&w, LRU_GEN_ANON, 4, 5, 0, 0);
	CU_ASSERT_EQUAL(count(&w, VM_CNT_pgsteal_direct), 100);
	CU_ASSERT_EQUAL(lru_gen_order_aging(w.vm, 0, 0, false), 0);
	CU_ASSERT_EQUAL(gens(&w)->max_seq, 6);
	world_exit(&w);
}

static const struct test_case cases[] = {
	{ "tiers that may go", test_tier_idx },
	{ "private pages or files", test_choose_type },
	{ "means of closed generations", test_carry_over },
	{ "when to age", test_should_age },
	{ "the oldest pages go", test_evict },
	{ "the first priority", test_priority },
	{ "pages that read() uses often", test_protect },
	{ "mapped pages that are used", test_evict_used },
	{ "private pages go and come back", test_evict_anon },
	{ "more than there is", test_pressure },
	{ "by hand", test_orders },
	{ NULL, NULL }
};

const struct test_suite vm_mglru_evict_suite = { "vm_mglru_evict", cases };
