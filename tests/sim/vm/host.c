/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: scripted phases, whose page faults must be the host's own, one by one. */
#include <stdio.h>
#include <sys/mman.h>

#include "tests/sim/vm/player.h"
#include "tests/tests.h"

#define MIB (1ULL << 20)
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* A part of the address space that has tables of its own: what it costs shows in VmPTE. */
#define PLACE 0x100000000000ULL

static void touch(struct twin *t, uint64_t addr, uint64_t pages, bool write)
{
	twin_call(t, PLAYER_TOUCH, addr, PAGE_SIZE, pages, write, 0, 0);
}

static void map(struct twin *t, uint64_t addr, uint64_t bytes, int prot, int flags)
{
	CU_ASSERT_EQUAL((uint64_t)twin_call(t, PLAYER_MMAP, addr, bytes, (uint64_t)prot, (uint64_t)(flags | MAP_FIXED), 0, 0),
			addr);
	twin_call(t, PLAYER_MADVISE, addr, bytes, MADV_NOHUGEPAGE, 0, 0, 0);
}

/* The figures at the end of a phase. */
static void look(struct twin *t, uint64_t addr)
{
	twin_call(t, PLAYER_VMPTE, 0, 0, 0, 0, 0, 0);
	twin_call(t, PLAYER_SMAPS, addr, 0, 0, 0, 0, 0);
	twin_call(t, PLAYER_SMAPS, addr, 1, 0, 0, 0, 0);
	twin_call(t, PLAYER_HASH, 0, 0, 0, 0, 0, 0);
}

static void finish(struct twin *t)
{
	CU_ASSERT_EQUAL(twin_play(t, true), t->nr);
	CU_ASSERT_EQUAL(vm_validate(t->vm, NULL, NULL), 0);
	twin_exit(t);
}

/* 1 to 12: write, write again, zero page, write after it, mprotect there and back, holes and what refills them. */
static void test_anonymous(void)
{
	struct twin t;
	uint64_t a = PLACE, b = PLACE + (1ULL << 40);

	if (!twin_init(&t))
		return;
	look(&t, a);
	map(&t, a, 16 * MIB, RW, ANON);
	touch(&t, a, 1024, true);
	look(&t, a);
	touch(&t, a, 1024, true);
	look(&t, a);
	touch(&t, a + 8 * MIB, 512, false);
	look(&t, a);
	touch(&t, a + 8 * MIB, 512, true);
	look(&t, a);
	twin_call(&t, PLAYER_MPROTECT, a, 4 * MIB, PROT_READ, 0, 0, 0);
	touch(&t, a, 1024, false);
	look(&t, a);
	twin_call(&t, PLAYER_MPROTECT, a, 4 * MIB, RW, 0, 0, 0);
	touch(&t, a, 1024, true);
	look(&t, a);
	twin_call(&t, PLAYER_MPROTECT, a, 4 * MIB, PROT_NONE, 0, 0, 0);
	twin_call(&t, PLAYER_MPROTECT, a, 4 * MIB, RW, 0, 0, 0);
	touch(&t, a, 1024, true);
	look(&t, a);
	twin_call(&t, PLAYER_MADVISE, a + MIB, MIB, MADV_DONTNEED, 0, 0, 0);
	look(&t, a);
	touch(&t, a, 1024, true);
	look(&t, a);
	twin_call(&t, PLAYER_MREMAP, a, 4 * MIB, 4 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, b, 0);
	touch(&t, b, 1024, true);
	look(&t, b);
	twin_call(&t, PLAYER_MREMAP, b, 4 * MIB, 6 * MIB, MREMAP_MAYMOVE, 0, 0);
	touch(&t, b, 1536, true);
	look(&t, b);
	twin_call(&t, PLAYER_MUNMAP, b, 6 * MIB, 0, 0, 0, 0);
	look(&t, a + 4 * MIB);
	finish(&t);
}

/* 13 to 20: tables: one page in each of many, unmapped in parts, in the middle, all of it. */
static void test_tables(void)
{
	struct twin t;
	uint64_t i, a = PLACE;

	if (!twin_init(&t))
		return;
	map(&t, a, 1024 * MIB, RW, ANON);
	look(&t, a);
	twin_call(&t, PLAYER_TOUCH, a, 2 * MIB, 512, true, 0, 0);
	look(&t, a);
	twin_call(&t, PLAYER_MUNMAP, a + 3 * MIB, 4 * MIB, 0, 0, 0, 0);
	look(&t, a);
	twin_call(&t, PLAYER_MUNMAP, a + 100 * MIB, 400 * MIB, 0, 0, 0, 0);
	look(&t, a);
	twin_call(&t, PLAYER_MUNMAP, a, 1024 * MIB, 0, 0, 0, 0);
	look(&t, a);
	for (i = 0; i < 4; i++) {
		map(&t, a + (i << 39), MIB, RW, ANON);
		touch(&t, a + (i << 39), 1, i & 1);
	}
	look(&t, a);
	twin_call(&t, PLAYER_MUNMAP, a, 4ULL << 39, 0, 0, 0, 0);
	look(&t, a);
	map(&t, a, MIB, PROT_READ, ANON);
	touch(&t, a, 256, false);
	look(&t, a);
	finish(&t);
}

/* 21 to 32: a child reads, writes, ends; what its parent finds; a grandchild's view is a child's. */
static void test_fork(void)
{
	struct twin t;
	uint64_t a = PLACE, s = PLACE + (1ULL << 40);

	if (!twin_init(&t))
		return;
	map(&t, a, 4 * MIB, RW, ANON);
	touch(&t, a, 512, true);
	map(&t, s, MIB, RW, MAP_SHARED | MAP_ANONYMOUS);
	touch(&t, s, 128, true);
	look(&t, a);
	look(&t, s);
	twin_fork(&t, 9);
	touch(&t, a, 512, false);
	touch(&t, a, 256, true);
	touch(&t, a + 2 * MIB, 512, true);
	touch(&t, s, 256, false);
	touch(&t, s, 256, true);
	look(&t, a);
	twin_child_ends(&t);
	touch(&t, a, 1024, false);
	look(&t, a);
	touch(&t, a, 1024, true);
	look(&t, a);
	touch(&t, s, 256, true);
	look(&t, s);
	twin_call(&t, PLAYER_MADVISE, a, MIB, MADV_DONTFORK, 0, 0, 0);
	twin_call(&t, PLAYER_MADVISE, a + MIB, MIB, MADV_WIPEONFORK, 0, 0, 0);
	twin_fork(&t, 3);
	touch(&t, a + MIB, 256, false);
	touch(&t, a + MIB, 512, true);
	twin_call(&t, PLAYER_HASH, 0, 0, 0, 0, 0, 0);
	twin_child_ends(&t);
	touch(&t, a, 1024, true);
	look(&t, a);
	finish(&t);
}

/* 33 to 44: populated, locked, grown, shared memory, the heap. */
static void test_calls(void)
{
	struct twin t;
	uint64_t a = PLACE, heap;

	if (!twin_init(&t))
		return;
	twin_call(&t, PLAYER_MMAP, a, MIB, RW, ANON | MAP_FIXED | MAP_POPULATE, 0, 0);
	look(&t, a);
	touch(&t, a, 256, true);
	look(&t, a);
	twin_call(&t, PLAYER_MMAP, a + 4 * MIB, MIB, PROT_READ, ANON | MAP_FIXED | MAP_POPULATE, 0, 0);
	look(&t, a + 4 * MIB);
	map(&t, a + 8 * MIB, MIB, RW, ANON);
	twin_call(&t, PLAYER_MLOCK, a + 8 * MIB, MIB / 2, 0, 0, 0, 0);
	look(&t, a + 8 * MIB);
	touch(&t, a + 8 * MIB, 256, true);
	look(&t, a + 8 * MIB);
	twin_call(&t, PLAYER_MUNLOCK, a + 8 * MIB, MIB, 0, 0, 0, 0);
	look(&t, a + 8 * MIB);
	map(&t, a + 16 * MIB, MIB, RW, MAP_SHARED | MAP_ANONYMOUS);
	touch(&t, a + 16 * MIB, 100, false);
	look(&t, a + 16 * MIB);
	touch(&t, a + 16 * MIB, 256, true);
	look(&t, a + 16 * MIB);
	twin_call(&t, PLAYER_MADVISE, a + 16 * MIB, MIB, MADV_DONTNEED, 0, 0, 0);
	touch(&t, a + 16 * MIB, 256, false);
	look(&t, a + 16 * MIB);
	twin_call(&t, PLAYER_MPROTECT, a + 16 * MIB, MIB, PROT_READ, 0, 0, 0);
	touch(&t, a + 16 * MIB, 256, false);
	look(&t, a + 16 * MIB);
	heap = (uint64_t)twin_call(&t, PLAYER_BRK, 0, 0, 0, 0, 0, 0);
	twin_call(&t, PLAYER_BRK, heap + MIB, 0, 0, 0, 0, 0);
	touch(&t, VM_PAGE_ALIGN(heap), 200, true);
	twin_call(&t, PLAYER_BRK, heap + MIB / 2, 0, 0, 0, 0, 0);
	twin_call(&t, PLAYER_BRK, heap + MIB, 0, 0, 0, 0, 0);
	touch(&t, VM_PAGE_ALIGN(heap), 200, true);
	twin_call(&t, PLAYER_HASH, 0, 0, 0, 0, 0, 0);
	twin_call(&t, PLAYER_MMAP, a + 32 * MIB, 64 << 10, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, 0, 0);
	touch(&t, a + 32 * MIB - 16 * PAGE_SIZE, 32, true);
	twin_call(&t, PLAYER_HASH, 0, 0, 0, 0, 0, 0);
	finish(&t);
}

static const struct test_case cases[] = {
	{ "private memory", test_anonymous },
	{ "page tables", test_tables },
	{ "fork", test_fork },
	{ "calls that fault by themselves", test_calls },
	{ NULL, NULL }
};

const struct test_suite vm_host_suite = { "vm_host", cases };
