/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: random mapping calls, done by a simulated process and by a real one of the host: each result and
 * each errno, and the mappings after each call, must be equal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/sim/vm/player.h"
#include "tests/tests.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Calls go to a few hundred pages here, so that they meet each other. */
#define ARENA		0x10000000ULL
#define ARENA_PAGES	192

struct walk {
	struct twin *twin;
	struct test_rng rng;
};

static uint64_t any_addr(struct walk *w)
{
	const struct mm *mm = w->twin->process->mm;
	uint32_t choice = test_rand_below(&w->rng, 8);

	/* Now and then one of the mappings that the kernel placed, which must not be the program's own. */
	if (!choice) {
		const struct vma *vma = mm->vmas[test_rand_below(&w->rng, mm->nr_vmas)];

		if (vma->start >= ARENA && vma->end < mm->mmap_base - (1 << 20) && !vma->file)
			return vma->start + (uint64_t)test_rand_below(&w->rng, (uint32_t)vma_pages(vma)) * PAGE_SIZE;
	}
	return ARENA + (uint64_t)test_rand_below(&w->rng, ARENA_PAGES) * PAGE_SIZE;
}

static uint64_t any_len(struct walk *w)
{
	uint32_t choice = test_rand_below(&w->rng, 64);

	if (!choice)
		return 0;
	if (choice == 1)
		return test_rand_below(&w->rng, 40000);
	return (1 + (uint64_t)test_rand_below(&w->rng, 12)) * PAGE_SIZE;
}

static int any_prot(struct walk *w)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
				     PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC, PROT_WRITE };

	return prots[test_rand_below(&w->rng, sizeof(prots) / sizeof(prots[0]))];
}

static void do_mmap(struct walk *w)
{
	int flags = MAP_ANONYMOUS | (test_rand_below(&w->rng, 6) ? MAP_PRIVATE : MAP_SHARED);
	uint64_t addr = any_addr(w), len = any_len(w);

	switch (test_rand_below(&w->rng, 8)) {
	case 0:
		addr = 0;
		break;
	case 1:
		flags |= MAP_FIXED_NOREPLACE;
		break;
	case 2:		/* a hint, off by some bytes */
		addr += test_rand_below(&w->rng, 3);
		break;
	default:
		flags |= MAP_FIXED;
	}
	if (!test_rand_below(&w->rng, 12))
		flags |= MAP_NORESERVE;
	if (!test_rand_below(&w->rng, 24))
		flags |= MAP_GROWSDOWN;
	if (!test_rand_below(&w->rng, 24))
		flags |= MAP_POPULATE;
	if (!test_rand_below(&w->rng, 40))
		flags |= MAP_STACK;
	if (!test_rand_below(&w->rng, 200))
		flags ^= MAP_PRIVATE;
	if (!addr && !test_rand_below(&w->rng, 8))
		len = (uint64_t)(1 + test_rand_below(&w->rng, 2)) << 21;
	twin_call(w->twin, PLAYER_MMAP, addr, len, (uint64_t)any_prot(w), (uint64_t)flags, 0, 0);
}

static void do_mremap(struct walk *w)
{
	static const int flags[] = { 0, MREMAP_MAYMOVE, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP, MREMAP_FIXED };
	uint64_t addr = any_addr(w), old = any_len(w), new = test_rand_below(&w->rng, 3) ? any_len(w) : old;
	int flag = flags[test_rand_below(&w->rng, sizeof(flags) / sizeof(flags[0]))];
	const struct vma *vma = mm_lookup(w->twin->process->mm, addr);

	/* Since 6.17 a move to a given place may be of several mappings, and is checked before that place is cleared. */
	if (w->twin->vm->cfg.kernel == VM_KERNEL_6_18 && (flag & MREMAP_FIXED) && (!vma || !old || addr + old > vma->end))
		return;
	twin_call(w->twin, PLAYER_MREMAP, addr, old, new, (uint64_t)flag, any_addr(w), 0);
}

static void do_madvise(struct walk *w)
{
	static const int advice[] = { MADV_DONTNEED, MADV_SEQUENTIAL, MADV_NORMAL, MADV_DONTFORK, MADV_DOFORK,
				      MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_RANDOM, 99 };

	twin_call(w->twin, PLAYER_MADVISE, any_addr(w), any_len(w),
		  (uint64_t)advice[test_rand_below(&w->rng, sizeof(advice) / sizeof(advice[0]))], 0, 0, 0);
}

/* Touches what may be touched: that is what gives mappings an anon_vma, on which merging depends. */
static void do_touch(struct walk *w)
{
	uint64_t addr = any_addr(w);
	struct vma *vma = mm_lookup(w->twin->process->mm, addr);
	bool write = test_rand_below(&w->rng, 3);

	if (!vma || !(vma->flags & VM_READ) || (write && !(vma->flags & VM_WRITE)))
		return;
	twin_call(w->twin, PLAYER_TOUCH, addr, PAGE_SIZE, 1, write, 0, 0);
}

static void do_brk(struct walk *w)
{
	struct mm *mm = w->twin->process->mm;
	uint64_t brk = mm->start_brk + test_rand_below(&w->rng, 64 * PAGE_SIZE);

	twin_call(w->twin, PLAYER_BRK, brk, 0, 0, 0, 0, 0);
}

/* All that the kernel placed, lest there be more and more of it. */
static void clear_above(struct walk *w)
{
	uint64_t start = ARENA + 4096 * PAGE_SIZE;

	twin_call(w->twin, PLAYER_MUNMAP, start, 0x7ffff7ff0000 - start, 0, 0, 0, 0);
}

static void step(struct walk *w)
{
	if (w->twin->process->mm->nr_vmas > 120)
		clear_above(w);
	switch (test_rand_below(&w->rng, 20)) {
	case 0 ... 5:
		do_mmap(w);
		break;
	case 6 ... 8:
		twin_call(w->twin, PLAYER_MUNMAP, any_addr(w), any_len(w), 0, 0, 0, 0);
		break;
	case 9 ... 12:
		twin_call(w->twin, PLAYER_MPROTECT, any_addr(w), any_len(w), (uint64_t)any_prot(w), 0, 0, 0);
		break;
	case 13:
		do_mremap(w);
		break;
	case 14:
		do_madvise(w);
		break;
	case 15:
		do_brk(w);
		break;
	case 16:
		twin_call(w->twin, test_rand_below(&w->rng, 2) ? PLAYER_MLOCK : PLAYER_MUNLOCK, any_addr(w), any_len(w), 0, 0, 0,
			  0);
		break;
	default:
		do_touch(w);
	}
	twin_call(w->twin, PLAYER_HASH, 0, 0, 0, 0, 0, 0);
}

/* For longer searches by hand. */
static uint32_t number(const char *name, uint32_t def)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : def;
}

static void test_random_calls(void)
{
	struct twin twin;
	struct walk w = { &twin, { number("VM_SEED", 12) } };
	uint32_t i, calls = number("VM_CALLS", 20000);

	if (!twin_init(&twin))
		return;
	for (i = 0; i < calls; i++)
		step(&w);
	CU_ASSERT_EQUAL(vm_validate(twin.vm, NULL, NULL), 0);
	CU_ASSERT_EQUAL(twin_play(&twin, true), twin.nr);
	twin_exit(&twin);
}

static const struct test_case cases[] = {
	{ "random mapping calls end as the host's kernel ends them", test_random_calls },
	{ NULL, NULL }
};

const struct test_suite vm_random_suite = { "vm_random", cases };
