/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: huge pages, one case after the other, on the host and on the simulated machine: the same faults in
 * each call, the same page tables, and the same memory in huge pages after each step.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/vm/huge/huge.h"
#include "tests/sim/vm/player.h"
#include "tests/tests.h"

#define MIB (1ULL << 20)
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* A part of the address space that has tables of its own: what it costs shows in VmPTE. */
#define PLACE 0x100000000000ULL

static void map(struct twin *t, uint64_t addr, uint64_t bytes, int advice)
{
	twin_call(t, PLAYER_MMAP, addr, bytes, RW, ANON | MAP_FIXED, 0);
	twin_call(t, PLAYER_MADVISE, addr, bytes, (uint64_t)advice, 0, 0);
}

/* Each page once; then everything is looked at. */
static void touch(struct twin *t, uint64_t addr, uint64_t bytes, bool write)
{
	twin_call(t, PLAYER_TOUCH, addr, PAGE_SIZE, bytes / PAGE_SIZE, write, 0);
	twin_look(t);
}

static void advise(struct twin *t, uint64_t addr, uint64_t bytes, int advice)
{
	twin_call(t, PLAYER_MADVISE, addr, bytes, (uint64_t)advice, 0, 0);
	twin_look(t);
}

static void unmap(struct twin *t, uint64_t addr, uint64_t bytes)
{
	twin_call(t, PLAYER_MUNMAP, addr, bytes, 0, 0, 0);
	twin_look(t);
}

static void protect(struct twin *t, uint64_t addr, uint64_t bytes, int prot)
{
	twin_call(t, PLAYER_MPROTECT, addr, bytes, (uint64_t)prot, 0, 0);
	twin_look(t);
}

static void move(struct twin *t, uint64_t addr, uint64_t bytes, uint64_t to)
{
	twin_call(t, PLAYER_MREMAP, addr, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	twin_look(t);
}

static void huge(struct twin *t, uint64_t bytes)
{
	map(t, PLACE, bytes, MADV_HUGEPAGE);
	touch(t, PLACE, bytes, true);
}

/* ---- cases --------------------------------------------------------------- */

static void written(struct twin *t)
{
	map(t, PLACE, 64 * MIB, MADV_HUGEPAGE);
	twin_call(t, PLAYER_TOUCH, PLACE, PAGE_SIZE, 16384, true, 0);
	twin_look(t);
}

static void zeros(struct twin *t)
{
	map(t, PLACE, 8 * MIB, MADV_HUGEPAGE);
	touch(t, PLACE, 6 * MIB, false);
	touch(t, PLACE, 4 * MIB, true);
	advise(t, PLACE + 5 * MIB, 64 << 10, MADV_DONTNEED);
	touch(t, PLACE, 8 * MIB, true);
}

static void borders(struct twin *t)
{
	twin_call(t, PLAYER_MMAP, PLACE, 8 * MIB, RW, ANON | MAP_FIXED, 0);
	unmap(t, PLACE, MIB);
	unmap(t, PLACE + 7 * MIB, MIB);
	twin_call(t, PLAYER_MADVISE, PLACE + MIB, 6 * MIB, MADV_HUGEPAGE, 0, 0);
	touch(t, PLACE + MIB, 6 * MIB, true);
	twin_look(t);
}

static void part_given_back(struct twin *t)
{
	huge(t, 8 * MIB);
	advise(t, PLACE + 3 * MIB, PAGE_SIZE, MADV_DONTNEED);
	touch(t, PLACE, 8 * MIB, true);
	advise(t, PLACE + MIB, 4 * MIB, MADV_DONTNEED);
	touch(t, PLACE, 8 * MIB, true);
	advise(t, PLACE + 2 * MIB, 2 * MIB, MADV_DONTNEED);
	touch(t, PLACE, 8 * MIB, true);
}

static void part_unmapped(struct twin *t)
{
	huge(t, 8 * MIB);
	unmap(t, PLACE + 3 * MIB, 64 << 10);
	unmap(t, PLACE + 4 * MIB, 2 * MIB);
	unmap(t, PLACE, 8 * MIB);
}

static void part_protected(struct twin *t)
{
	huge(t, 8 * MIB);
	protect(t, PLACE + MIB, 2 * MIB, PROT_READ);
	protect(t, PLACE + MIB, 2 * MIB, RW);
	touch(t, PLACE, 8 * MIB, true);
}

static void all_protected(struct twin *t)
{
	huge(t, 4 * MIB);
	protect(t, PLACE, 4 * MIB, PROT_READ);
	touch(t, PLACE, 4 * MIB, false);
	protect(t, PLACE, 4 * MIB, PROT_NONE);
	protect(t, PLACE, 4 * MIB, RW);
	touch(t, PLACE, 4 * MIB, true);
}

static void moved(struct twin *t)
{
	huge(t, 8 * MIB);
	move(t, PLACE, 4 * MIB, PLACE + 64 * MIB);
	twin_call(t, PLAYER_TOUCH, PLACE + 64 * MIB, PAGE_SIZE, 1024, true, 0);
	move(t, PLACE + 64 * MIB, 4 * MIB, PLACE + (1ULL << 32));
	twin_call(t, PLAYER_TOUCH, PLACE + (1ULL << 32), PAGE_SIZE, 1024, true, 0);
	twin_look(t);
}

static void moved_askew(struct twin *t)
{
	huge(t, 8 * MIB);
	move(t, PLACE, 4 * MIB, PLACE + 65 * MIB);
	twin_call(t, PLAYER_TOUCH, PLACE + 65 * MIB, PAGE_SIZE, 1024, true, 0);
	move(t, PLACE + 5 * MIB, 2 * MIB, PLACE + 96 * MIB);
	twin_look(t);
}

/* The child splits what it writes to; its parent has the huge pages of the others to itself then. */
static void forked(struct twin *t)
{
	huge(t, 8 * MIB);
	twin_fork(t);
	touch(t, PLACE, 8 * MIB, false);
	touch(t, PLACE + MIB, 16 * PAGE_SIZE, true);
	touch(t, PLACE + 2 * MIB, 2 * MIB, true);
	twin_child_ends(t);
	touch(t, PLACE, 8 * MIB, false);
	touch(t, PLACE, 8 * MIB, true);
}

/* Small entries of a huge page that the child's end leaves to the parent. */
static void forked_in_parts(struct twin *t)
{
	huge(t, 4 * MIB);
	advise(t, PLACE + MIB, PAGE_SIZE, MADV_DONTNEED);
	twin_fork(t);
	touch(t, PLACE, 4 * MIB, false);
	twin_child_ends(t);
	touch(t, PLACE, 64 << 10, true);
	touch(t, PLACE, 4 * MIB, true);
}

/* Of three huge pages one, two and three small ones are left when the child comes and goes. */
static void forked_rests(struct twin *t)
{
	uint64_t i;

	huge(t, 6 * MIB);
	for (i = 0; i < 3; i++)
		advise(t, PLACE + 2 * i * MIB + (i + 1) * PAGE_SIZE, 2 * MIB - (i + 1) * PAGE_SIZE, MADV_DONTNEED);
	twin_fork(t);
	twin_call(t, PLAYER_TOUCH, PLACE, PAGE_SIZE, 1, false, 0);
	twin_child_ends(t);
	for (i = 0; i < 3; i++)
		touch(t, PLACE + 2 * i * MIB, (i + 1) * PAGE_SIZE, true);
}

static void forked_zeros(struct twin *t)
{
	map(t, PLACE, 4 * MIB, MADV_HUGEPAGE);
	touch(t, PLACE, 4 * MIB, false);
	twin_fork(t);
	touch(t, PLACE, 4 * MIB, false);
	touch(t, PLACE, 2 * MIB, true);
	twin_child_ends(t);
	touch(t, PLACE, 4 * MIB, true);
}

static void no_longer_wanted(struct twin *t)
{
	map(t, PLACE, 8 * MIB, MADV_HUGEPAGE);
	touch(t, PLACE, 4 * MIB, true);
	advise(t, PLACE, 8 * MIB, MADV_NOHUGEPAGE);
	touch(t, PLACE, 8 * MIB, true);
	advise(t, PLACE, 8 * MIB, MADV_HUGEPAGE);
	advise(t, PLACE, 8 * MIB, MADV_DONTNEED);
	touch(t, PLACE, 8 * MIB, true);
}

/* Other advice for a part makes two mappings of one. */
static void advised_apart(struct twin *t)
{
	huge(t, 8 * MIB);
	advise(t, PLACE + 3 * MIB, 3 * MIB, MADV_DONTFORK);
	twin_look(t);
	twin_fork(t);
	touch(t, PLACE, 3 * MIB, true);
	twin_child_ends(t);
	advise(t, PLACE + 3 * MIB, 3 * MIB, MADV_DOFORK);
	touch(t, PLACE, 8 * MIB, true);
}

static void locked(struct twin *t)
{
	map(t, PLACE, 8 * MIB, MADV_HUGEPAGE);
	twin_call(t, PLAYER_MLOCK, PLACE, 3 * MIB, 0, 0, 0);
	twin_look(t);
	twin_call(t, PLAYER_MUNLOCK, PLACE, 8 * MIB, 0, 0, 0);
	advise(t, PLACE, 8 * MIB, 23 /* MADV_POPULATE_WRITE */);
}

static void shrunk_and_grown(struct twin *t)
{
	huge(t, 8 * MIB);
	twin_call(t, PLAYER_MREMAP, PLACE, 8 * MIB, 5 * MIB, 0, 0);
	twin_look(t);
	twin_call(t, PLAYER_MREMAP, PLACE, 5 * MIB, 12 * MIB, 0, 0);
	touch(t, PLACE, 12 * MIB, true);
}

/* MADV_COLLAPSE, which does at once what khugepaged would do. */
#define COLLAPSE 25

static void collapsed(struct twin *t)
{
	map(t, PLACE, 8 * MIB, MADV_NORMAL);
	touch(t, PLACE, 3 * MIB, true);
	advise(t, PLACE, 8 * MIB, COLLAPSE);
	advise(t, PLACE, 4 * MIB, COLLAPSE);
	touch(t, PLACE, 8 * MIB, true);
	advise(t, PLACE + MIB, 6 * MIB, COLLAPSE);
	advise(t, PLACE + 3 * MIB, 64 << 10, MADV_DONTNEED);
	advise(t, PLACE, 8 * MIB, COLLAPSE);
	touch(t, PLACE, 8 * MIB, true);
}

/* Zeros, what nobody wrote to, what nobody touched, what may not be huge. */
static void not_collapsed(struct twin *t)
{
	map(t, PLACE, 8 * MIB, MADV_NORMAL);
	advise(t, PLACE, 8 * MIB, COLLAPSE);
	touch(t, PLACE, 4 * MIB, false);
	touch(t, PLACE + 2 * MIB, PAGE_SIZE, true);
	advise(t, PLACE, 8 * MIB, COLLAPSE);
	advise(t, PLACE + 2 * MIB, 2 * MIB, COLLAPSE);
	advise(t, PLACE, 8 * MIB, MADV_NOHUGEPAGE);
	advise(t, PLACE + 2 * MIB, 2 * MIB, COLLAPSE);
}

/* What a child shares is copied for it alone. */
static void collapsed_in_child(struct twin *t)
{
	map(t, PLACE, 4 * MIB, MADV_NORMAL);
	touch(t, PLACE, 4 * MIB, true);
	twin_fork(t);
	touch(t, PLACE, 2 * MIB + PAGE_SIZE, true);
	advise(t, PLACE, 2 * MIB, COLLAPSE);
	advise(t, PLACE + 2 * MIB, 2 * MIB, COLLAPSE);
	twin_child_ends(t);
	touch(t, PLACE, 4 * MIB, true);
	advise(t, PLACE, 4 * MIB, COLLAPSE);
}

struct huge_case {
	const char *what;
	void (*act)(struct twin *t);
};

static const struct huge_case huge_cases[] = {
	{ "64 MiB are written to", written },
	{ "zeros are read, then written to", zeros },
	{ "a mapping that begins and ends in the middle of 2 MiB", borders },
	{ "parts are given back, and touched again", part_given_back },
	{ "parts are unmapped", part_unmapped },
	{ "a part is write-protected for a while", part_protected },
	{ "all of it is", all_protected },
	{ "mremap to a border of 2 MiB", moved },
	{ "mremap to elsewhere", moved_askew },
	{ "fork: the child reads and writes", forked },
	{ "fork: of a huge page in small entries", forked_in_parts },
	{ "fork: of what is left of huge pages", forked_rests },
	{ "fork: of zeros", forked_zeros },
	{ "MADV_NOHUGEPAGE comes later", no_longer_wanted },
	{ "other advice for a part", advised_apart },
	{ "mlock and MADV_POPULATE_WRITE", locked },
	{ "mremap shrinks and grows", shrunk_and_grown },
	{ "MADV_COLLAPSE", collapsed },
	{ "MADV_COLLAPSE of what cannot be", not_collapsed },
	{ "MADV_COLLAPSE of shared pages", collapsed_in_child },
};

/* Whether the host gives huge pages to who asks for them; else the test is skipped. */
static bool host_has_huge_pages(void)
{
	struct played played;
	struct twin t;
	bool has;

	if (!twin_init(&t))
		return false;
	huge(&t, 2 * MIB);
	has = host_play(&t.program, &played) && played.cfg.thp != VM_THP_NEVER &&
	      strstr(played.text, "AnonHugePages:      2048 kB");
	if (!has)
		test_skip("the host gives no huge pages to who asks for them (/sys/kernel/mm/transparent_hugepage)");
	played_free(&played);
	twin_exit(&t);
	return has;
}

static void test_cases(void)
{
	struct twin t;
	uint32_t i;

	if (!host_has_huge_pages())
		return;
	for (i = 0; i < sizeof(huge_cases) / sizeof(huge_cases[0]); i++) {
		unsigned int failures = CU_get_number_of_failures();

		if (!twin_init(&t))
			return;
		huge_cases[i].act(&t);
		twin_play(&t);
		if (CU_get_number_of_failures() != failures)
			fprintf(stderr, "case \"%s\"\n", huge_cases[i].what);
		twin_exit(&t);
	}
}

/* ---- random calls ------------------------------------------------------------------- */

/* Calls are of 16 MiB, and twice as much for what moves; whole huge pages, or some pages of one. */
#define ARENA	(16 * MIB)
/* The player reads so many orders at a time, and a child's must be among them. */
#define LOOK_EVERY 6
#define CHILD_STEPS 6

struct walk {
	struct twin *twin;
	struct test_rng rng;
};

static uint64_t any_addr(struct walk *w)
{
	uint64_t addr = PLACE + test_rand_below(&w->rng, ARENA / (2 * MIB)) * 2 * MIB;

	return test_rand_below(&w->rng, 2) ? addr : addr + test_rand_below(&w->rng, HUGE_PAGES) * PAGE_SIZE;
}

static uint64_t any_len(struct walk *w)
{
	if (test_rand_below(&w->rng, 2))
		return (1 + test_rand_below(&w->rng, 3)) * 2 * MIB;
	return (1 + (uint64_t)test_rand_below(&w->rng, 600)) * PAGE_SIZE;
}

/* Some pages of one mapping that allows it. */
static void touch_some(struct walk *w, struct process *process)
{
	uint64_t addr = any_addr(w), len = any_len(w);
	const struct vma *vma = mm_lookup(process->mm, addr);
	bool write = test_rand_below(&w->rng, 3);

	if (!vma || !(vma->flags & VM_READ) || (write && !(vma->flags & VM_WRITE)))
		return;
	if (len > vma->end - addr)
		len = vma->end - addr;
	if (!test_rand_below(&w->rng, 3))
		len = PAGE_SIZE;
	twin_call(w->twin, PLAYER_TOUCH, addr, PAGE_SIZE, len / PAGE_SIZE, write, 0);
}

static void one_step(struct walk *w, struct process *process)
{
	static const int advice[] = { MADV_HUGEPAGE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTNEED, MADV_DONTNEED, COLLAPSE,
				      MADV_DONTFORK, MADV_DOFORK, 22 /* MADV_POPULATE_READ */, 23 };
	static const int prots[] = { RW, RW, PROT_READ, PROT_NONE };
	uint64_t addr = any_addr(w), len = any_len(w), to = any_addr(w) + (test_rand_below(&w->rng, 2) ? ARENA : 0);
	const struct vma *vma = mm_lookup(process->mm, addr);

	switch (test_rand_below(&w->rng, 16)) {
	case 0 ... 1:
		twin_call(w->twin, PLAYER_MMAP, addr, len, RW, ANON | MAP_FIXED, 0);
		break;
	case 2:
		twin_call(w->twin, PLAYER_MUNMAP, addr, len, 0, 0, 0);
		break;
	case 3:
		twin_call(w->twin, PLAYER_MPROTECT, addr, len, (uint64_t)prots[test_rand_below(&w->rng, 4)], 0, 0);
		break;
	case 4:
		if (vma && addr + len <= vma->end && (to + len <= addr || addr + len <= to))
			twin_call(w->twin, PLAYER_MREMAP, addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		break;
	case 5 ... 8:
		twin_call(w->twin, PLAYER_MADVISE, addr, len, (uint64_t)advice[test_rand_below(&w->rng, 10)], 0, 0);
		break;
	default:
		touch_some(w, process);
	}
}

/* The mappings after each call; everything now and then. */
static void look_around(struct walk *w)
{
	twin_call(w->twin, PLAYER_HASH, 0, 0, 0, 0, 0);
	if (!test_rand_below(&w->rng, LOOK_EVERY))
		twin_look(w->twin);
}

/* A child that does some of it, too. */
static void fork_one(struct walk *w)
{
	uint32_t i;

	twin_fork(w->twin);
	for (i = 0; i < CHILD_STEPS; i++) {
		one_step(w, twin_process(w->twin));
		look_around(w);
	}
	twin_child_ends(w->twin);
}

static void test_random(void)
{
	const char *seed = getenv("VM_SEED"), *calls = getenv("VM_CALLS");
	uint32_t nr = calls ? (uint32_t)strtoul(calls, NULL, 10) : 3000, i;
	struct twin twin;
	struct walk w = { &twin, { seed ? strtoul(seed, NULL, 10) : 1 } };

	if (!host_has_huge_pages() || !twin_init(&twin))
		return;
	for (i = 0; i < nr; i++) {
		if (test_rand_below(&w.rng, 24))
			one_step(&w, twin_process(&twin));
		else
			fork_one(&w);
		look_around(&w);
	}
	twin_play(&twin);
	twin_exit(&twin);
}

static const struct test_case cases[] = {
	{ "cases on the host and here", test_cases },
	{ "random calls on the host and here", test_random },
	{ NULL, NULL }
};

const struct test_suite vm_huge_host_suite = { "vm_huge_host", cases };
