/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: caches whose objects reclaim may free: how many of them, by do_shrink_slab() of mm/vmscan.c (6.12:
 * mm/shrinker.c), worked out by hand.
 */
#include "sim/vm/file.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/reclaim/cache.h"
#include "sim/vm/reclaim/internal.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static void fill(struct world *w, const char *name, uint32_t size, uint64_t nr)
{
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(vm_cache_fill(w->vm, w->machine->slab, name, size, nr, &err), 0);
}

static uint64_t left(const struct world *w, unsigned int i)
{
	return vm_cache_count(w->vm, &w->vm->caches->cache[i], 0);
}

/*
 * 10,000 objects, asked three times with one priority. Priority 4: 625 of them, twice that is 1250, which are 9 batches of 128; 98
 * wait. Then 8848 are there: 553, 1106 of them, and a 16th of the 98, 6: 1112, that is 8 batches; 98 + 1106 - 1024 = 180 wait.
 * Priority 7: 78, 156: one batch, 28 wait. Then 9872: 77, 154, and 28 / 128 is nothing: a batch, 54 wait.
 * Priority 12: 2, 4: less than a batch; they wait.
 */
static void test_how_many(void)
{
	static const struct { int priority; uint64_t left[3], waiting[3]; } table[] = {
		{ 4, { 8848, 7824, 6928 }, { 98, 180, 262 } },
		{ 7, { 9872, 9744, 9616 }, { 28, 54, 78 } },
		{ 12, { 10000, 10000, 10000 }, { 4, 8, 12 } },
		{ 0, { 0, 0, 0 }, { 32, 32, 32 } },
	};
	unsigned int i, k;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct world w;

		world_init(&w, 64 * MIB, NULL);
		fill(&w, "dentry", 192, 10000);
		for (k = 0; k < 3; k++) {
			struct scan_control sc = { .priority = table[i].priority };

			shrink_slab(w.vm, 0, &sc);
			CU_ASSERT_EQUAL(left(&w, 0), table[i].left[k]);
			CU_ASSERT_EQUAL(w.vm->caches->cache[0].queues[0].deferred, table[i].waiting[k]);
		}
		world_exit(&w);
	}
}

/* Fewer objects than a batch are looked at together, once what waits is as many: 100, of which priority 1 asks for 100. */
static void test_few(void)
{
	struct scan_control sc = { .priority = 1 };
	struct world w;

	world_init(&w, 64 * MIB, NULL);
	fill(&w, "inode", 600, 100);
	shrink_slab(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(left(&w, 0), 0);
	CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_slabs_scanned], 100);
	world_exit(&w);
}

/* 21 objects of 192 bytes a frame. The oldest go first, so that whole slabs become empty; SLUB keeps 5 of them for a node, and up to 13 for a CPU. */
static void test_frames(void)
{
	struct scan_control sc = { .priority = 4 };
	uint64_t before;
	struct world w;

	world_init(&w, 64 * MIB, NULL);
	fill(&w, "dentry", 192, 10000);
	before = vm_caches_pages(w.vm);
	CU_ASSERT_EQUAL(before, (10000 + 20) / 21);
	shrink_slab(w.vm, 0, &sc);
	/* 1152 objects: 54 slabs, and a part of one. */
	CU_ASSERT_EQUAL(before - vm_caches_pages(w.vm), w.vm->caches->cache[0].pages);
	CU_ASSERT_EQUAL(sc.nr_reclaimed, w.vm->caches->cache[0].pages);
	CU_ASSERT_TRUE(sc.nr_reclaimed >= 54 - 18);
	CU_ASSERT_TRUE(sc.nr_reclaimed <= 54);
	world_exit(&w);
}

/* Each cache is asked; a name that is known gets more objects, but of the same size. */
static void test_several(void)
{
	struct scan_control sc = { .priority = 0 };
	struct kerror err = { 0 };
	struct world w;

	world_init(&w, 64 * MIB, NULL);
	fill(&w, "dentry", 192, 500);
	fill(&w, "inode", 600, 300);
	fill(&w, "dentry", 192, 500);
	CU_ASSERT_EQUAL(w.vm->caches->nr, 2);
	CU_ASSERT_EQUAL(left(&w, 0), 1000);
	CU_ASSERT_EQUAL(left(&w, 1), 300);
	CU_ASSERT_EQUAL(vm_cache_fill(w.vm, w.machine->slab, "inode", 640, 1, &err), -22);
	CU_ASSERT_STRING_EQUAL(err.text, "cache inode: its objects have 600 bytes, not 640");
	shrink_slab(w.vm, 0, &sc);
	CU_ASSERT_EQUAL(left(&w, 0), 0);
	CU_ASSERT_EQUAL(left(&w, 1), 0);
	world_exit(&w);
}

/* drop_caches=2 asks with priority 0 until nothing more comes of it. */
static void test_drop(void)
{
	struct world w;

	world_init(&w, 64 * MIB, NULL);
	fill(&w, "dentry", 192, 10000);
	vm_drop_slab(w.vm);
	CU_ASSERT_EQUAL(left(&w, 0), 0);
	CU_ASSERT_EQUAL(w.vm->caches->cache[0].freed, 10000);
	world_exit(&w);
}

/* A process that needs memory gets that of the objects, with both kinds of lists; nobody is killed. */
static void test_memory_short(void)
{
	static const enum vm_lru lists[] = { VM_LRU_LISTS, VM_LRU_GENERATIONS };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct vm_config cfg;
		struct world w;

		vm_config_default(&cfg);
		cfg.lru = lists[i];
		world_init(&w, 32 * MIB, &cfg);
		fill(&w, "inode", 600, 24 * MIB / 630);
		CU_ASSERT_TRUE(vm_caches_pages(w.vm) > 22 * MIB >> PAGE_SHIFT);
		world_touch(w.a, world_map(w.a, 20 * MIB), 20 * MIB >> PAGE_SHIFT, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(w.vm->counters[VM_CNT_oom_kill], 0);
		CU_ASSERT_TRUE(w.vm->caches->cache[0].freed > 8 * MIB / 630);
		CU_ASSERT_TRUE(w.vm->counters[VM_CNT_slabs_scanned] >= w.vm->caches->cache[0].freed);
		world_exit(&w);
	}
}

static const struct test_case cases[] = {
	{ "how many objects", test_how_many },
	{ "fewer than a batch", test_few },
	{ "frames come back", test_frames },
	{ "several caches", test_several },
	{ "dropped", test_drop },
	{ "memory is short", test_memory_short },
	{ NULL, NULL }
};

const struct test_suite vm_cache_suite = { "vm_cache", cases };
