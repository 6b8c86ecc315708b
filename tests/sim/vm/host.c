/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: scripted phases, whose page faults must be the host's own, one by one. */
#include <stdio.h>
#include <sys/mman.h>

#include "tests/sim/vm/player.h"
#include "tests/tests.h"

#define MIB (1ULL << 20)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void touch(struct twin *t, uint64_t addr, uint64_t pages, bool write)
{
	twin_call(t, PLAYER_TOUCH, addr, PAGE_SIZE, pages, write, 0, 0);
}

static uint64_t map(struct twin *t, uint64_t bytes, int prot, int flags)
{
	return (uint64_t)twin_call(t, PLAYER_MMAP, 0, bytes, (uint64_t)prot, (uint64_t)flags, 0, 0);
}

static void test_anonymous(void)
{
	struct twin t;
	uint64_t a;

	if (!twin_init(&t))
		return;
	a = map(&t, 16 * MIB + PAGE_SIZE, PROT_READ | PROT_WRITE, ANON);
	twin_call(&t, PLAYER_MADVISE, a, 16 * MIB + PAGE_SIZE, MADV_NOHUGEPAGE, 0, 0, 0);
	touch(&t, a, 1024, true);
	touch(&t, a, 1024, true);
	touch(&t, a + 8 * MIB, 512, false);
	touch(&t, a + 8 * MIB, 512, true);
	twin_call(&t, PLAYER_MPROTECT, a, 4 * MIB, PROT_READ, 0, 0, 0);
	touch(&t, a, 1024, false);
	twin_call(&t, PLAYER_MPROTECT, a, 4 * MIB, PROT_READ | PROT_WRITE, 0, 0, 0);
	touch(&t, a, 1024, true);
	twin_call(&t, PLAYER_MADVISE, a, 2 * MIB, MADV_DONTNEED, 0, 0, 0);
	touch(&t, a, 1024, true);
	twin_call(&t, PLAYER_MREMAP, a, 4 * MIB, 4 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, 0x700000000000, 0);
	touch(&t, 0x700000000000, 1024, true);
	twin_call(&t, PLAYER_MUNMAP, a + 4 * MIB, MIB, 0, 0, 0, 0);
	CU_ASSERT_EQUAL(twin_play(&t, true), t.nr);
	CU_ASSERT_EQUAL(vm_validate(t.vm, NULL, NULL), 0);
	twin_exit(&t);
}

static const struct test_case cases[] = {
	{ "private memory: first touch, zero page, mprotect, MADV_DONTNEED, mremap", test_anonymous },
	{ NULL, NULL }
};

const struct test_suite vm_host_suite = { "vm_host", cases };
