/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a policy of sim/vm/policy/ says which private page of the processes leaves. */
#include "sim/vm/study.h"

#include <errno.h>

#include "sim/vm/frame.h"
#include "sim/vm/swap/swap.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static void study_world(struct world *w, const struct policy_ops *ops, uint32_t frames)
{
	struct policy_config policy;
	struct vm_config cfg;
	struct kerror err = { 0 };

	vm_config_default(&cfg);
	cfg.swap_bytes = 32 * MIB;
	cfg.page_cluster = 0;
	world_init(w, 64 * MIB, &cfg);
	policy_defaults(&policy, ops);
	policy.frames = frames;
	CU_ASSERT_EQUAL_FATAL(study_create(w->vm, &policy, &err), 0);
}

static void touch(struct process *process, uint64_t addr, enum vm_access access)
{
	const pte_t *pte = vm_walk(process->mm, addr);
	pte_t before = pte ? *pte : (pte_t){ 0 };

	if (!vm_touch(process, addr, access))
		study_touched(process, addr, before);
}

/* The study's own tables agree, and each page that has a key is one the policy has. Returns how many there are. */
static uint32_t check_keys(const struct world *w)
{
	const struct study *study = w->vm->study;
	uint32_t pfn, keys = 0, wrong = 0;

	for (pfn = 0; pfn < w->vm->map->end_pfn; pfn++) {
		const uint64_t *value = study->key_of[pfn] ? table_find(&study->pfn_of, study->key_of[pfn]) : NULL;

		if (!study->key_of[pfn])
			continue;
		keys++;
		wrong += !value || *value != pfn + 1 || !policy_has(study->policy, study->key_of[pfn]) ||
			 !(page_from_pfn(w->vm->map, pfn_make(pfn))->vm_index & FRAME_ANON);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(study->pfn_of.nr, keys);
	CU_ASSERT_EQUAL(study->policy->used, keys);
	return keys;
}

/*
 * What the policy says of a stream of page numbers is what happens to pages: with each policy as many faults as misses, and
 * never more frames than it has.
 */
static void test_misses(void)
{
	const struct policy_ops *const *ops;

	for (ops = policy_list; !(*ops)->needs_future; ops++) {
		struct test_rng rng = { 5 };
		struct policy_config cfg;
		struct policy *alone;
		struct kerror err = { 0 };
		struct world w;
		uint64_t addr, i;
		bool over = false;

		study_world(&w, *ops, 32);
		policy_defaults(&cfg, *ops);
		cfg.frames = 32;
		CU_ASSERT_EQUAL_FATAL(policy_create(&alone, &cfg, &err), 0);
		addr = world_map(w.a, MIB);
		for (i = 0; i < 3000; i++) {
			uint64_t page = test_rand_below(&rng, 1 + test_rand_below(&rng, 100));

			policy_access(alone, page);
			touch(w.a, addr + page * PAGE_SIZE, VM_ACCESS_WRITE);
			over |= w.a->mm->rss[RSS_ANON] > 32;
		}
		CU_ASSERT_EQUAL(w.a->min_flt + w.a->maj_flt, alone->misses);
		CU_ASSERT_EQUAL(w.a->maj_flt + w.vm->study->last_key, alone->misses);
		CU_ASSERT_FALSE(over);
		CU_ASSERT_EQUAL(check_keys(&w), 32);
		policy_destroy(alone);
		world_exit(&w);
	}
}

/* Pages that end leave their frames: 4 of 8 are unmapped, and 4 others come without anyone leaving. */
static void test_unmapped(void)
{
	const struct policy_ops *const *ops;

	for (ops = policy_list; !(*ops)->needs_future; ops++) {
		struct world w;
		uint64_t addr, i;

		study_world(&w, *ops, 8);
		addr = world_map(w.a, MIB);
		for (i = 0; i < 8; i++)
			touch(w.a, addr + i * PAGE_SIZE, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(vm_madvise(w.a, addr + 2 * PAGE_SIZE, 4 * PAGE_SIZE, MADV_DONTNEED), 0);
		CU_ASSERT_EQUAL(check_keys(&w), 4);
		for (i = 8; i < 12; i++)
			touch(w.a, addr + i * PAGE_SIZE, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 0);
		touch(w.a, addr + 12 * PAGE_SIZE, VM_ACCESS_WRITE);
		CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 1);
		CU_ASSERT_EQUAL(policy_validate(w.vm->study->policy), 0);
		vm_exit(w.a);
		CU_ASSERT_EQUAL(w.vm->study->policy->used, 0);
		world_exit(&w);
	}
}

/* A page that comes back is known: ARC moves one that it remembers to its list of pages used twice. */
static void test_known(void)
{
	struct world w;
	uint64_t addr, i;

	study_world(&w, &policy_arc, 4);
	addr = world_map(w.a, MIB);
	/* 0 and 1 are used twice, so that pages used once leave before them, and are remembered. */
	for (i = 0; i < 2; i++) {
		touch(w.a, addr + i * PAGE_SIZE, VM_ACCESS_WRITE);
		touch(w.a, addr + i * PAGE_SIZE, VM_ACCESS_WRITE);
	}
	for (i = 2; i < 5; i++)
		touch(w.a, addr + i * PAGE_SIZE, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_SWAP], 1);
	touch(w.a, addr + 2 * PAGE_SIZE, VM_ACCESS_READ);
	CU_ASSERT_EQUAL(w.a->faults[VM_FAULT_swapin], 1);
	CU_ASSERT_EQUAL(w.vm->study->last_key, 5);
	world_exit(&w);
}

/* Swap is full: it is said, and nothing is lost. */
static void test_stuck(void)
{
	struct policy_config policy;
	struct vm_config cfg;
	struct kerror err = { 0 };
	struct world w;
	uint64_t addr, i;

	vm_config_default(&cfg);
	world_init(&w, 64 * MIB, &cfg);
	policy_defaults(&policy, &policy_fifo);
	policy.frames = 2;
	CU_ASSERT_EQUAL(study_create(w.vm, &policy, &err), -EINVAL);
	world_exit(&w);
	cfg.swap_bytes = 4 * PAGE_SIZE;
	world_init(&w, 64 * MIB, &cfg);
	CU_ASSERT_EQUAL_FATAL(study_create(w.vm, &policy, &err), 0);
	addr = world_map(w.a, MIB);
	for (i = 0; i < 5; i++)
		touch(w.a, addr + i * PAGE_SIZE, VM_ACCESS_WRITE);
	CU_ASSERT_FALSE(w.vm->study->stuck);
	touch(w.a, addr + i * PAGE_SIZE, VM_ACCESS_WRITE);
	CU_ASSERT_TRUE(w.vm->study->stuck);
	CU_ASSERT_EQUAL(w.a->mm->rss[RSS_ANON], 3);
	world_exit(&w);
}

/* A family that maps, touches, forks, unmaps and ends: keys and frames add up all the time. */
static void random_family(const struct policy_ops *ops, enum vm_swap_type type)
{
	struct process *list[4] = { NULL };
	struct test_rng rng = { 21 };
	struct world w;
	unsigned int i, who;
	uint64_t addr;

	study_world(&w, ops, 40);
	w.vm->swap->type = type;
	addr = world_map(w.a, MIB);
	list[0] = w.a;
	for (i = 0; i < 4000; i++) {
		uint64_t at = addr + (uint64_t)test_rand_below(&rng, 128) * PAGE_SIZE;
		struct process *p = list[who = test_rand_below(&rng, 4)];

		if (!p || !p->mm) {
			CU_ASSERT_EQUAL(vm_fork(w.a, "child", false, &list[who]), 0);
		} else if (who && !test_rand_below(&rng, 150)) {
			vm_exit(p);
		} else if (!test_rand_below(&rng, 40)) {
			vm_madvise(p, at, test_rand_below(&rng, 8) * PAGE_SIZE, MADV_DONTNEED);
		} else {
			touch(p, at, test_rand_below(&rng, 3) ? VM_ACCESS_WRITE : VM_ACCESS_READ);
		}
		if (i % 200)
			continue;
		world_check(&w);
		CU_ASSERT_EQUAL(policy_validate(w.vm->study->policy), 0);
		CU_ASSERT_TRUE(check_keys(&w) <= 40);
		/* None is in memory beside those. */
		CU_ASSERT_TRUE(w.vm->swap->nr_cached <= 40);
	}
	CU_ASSERT_TRUE(w.vm->counters[VM_CNT_pswpin] > 500);
	world_exit(&w);
}

static void test_random_family(void)
{
	const struct policy_ops *const *ops;

	for (ops = policy_list; !(*ops)->needs_future; ops++) {
		random_family(*ops, VM_SWAP_SSD);
		random_family(*ops, VM_SWAP_ZRAM);
	}
}

static const struct test_case cases[] = {
	{ "as many faults as misses", test_misses },
	{ "pages that end", test_unmapped },
	{ "pages that come back", test_known },
	{ "swap is full", test_stuck },
	{ "a family adds up", test_random_family },
	{ NULL, NULL }
};

const struct test_suite vm_study_suite = { "vm_study", cases };
