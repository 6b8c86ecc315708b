/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: random mapping calls; see walk.h. */
#include "sim/verify/vm/walk.h"

#include <errno.h>
#include <sys/mman.h>

#include "pagemap/random.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define ARENA		0x10000000ULL
#define ARENA_PAGES	192
#define ACTOR		1	/* the process that does them */

struct walk {
	struct program *program;
	struct stage *stage;
	uint64_t random;
	enum vm_kernel kernel;
	int ret;			/* the first error */
};

static uint32_t below(struct walk *w, uint32_t n)
{
	return random_below(&w->random, n);
}

static struct mm *mm_of(const struct walk *w)
{
	return w->stage->processes[ACTOR]->mm;
}

static void call(struct walk *w, enum player_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	struct player_op op = { .kind = (uint16_t)kind, .process = player_is_directors(kind) ? 0 : ACTOR,
				.arg = { a, b, c, d, e } };
	struct player_result result;
	int ret = program_add(w->program, &op);

	if (!w->ret)
		w->ret = ret;
	stage_do(w->stage, &op, &result);
}

static uint64_t any_addr(struct walk *w)
{
	const struct mm *mm = mm_of(w);

	/* Now and then one of the mappings that the kernel placed, which must not be the program's own. */
	if (!below(w, 8)) {
		const struct vma *vma = mm->vmas[below(w, mm->nr_vmas)];

		if (vma->start >= ARENA && vma->end < mm->mmap_base - (1 << 20) && !vma->file)
			return vma->start + (uint64_t)below(w, (uint32_t)vma_pages(vma)) * PAGE_SIZE;
	}
	return ARENA + (uint64_t)below(w, ARENA_PAGES) * PAGE_SIZE;
}

static uint64_t any_len(struct walk *w)
{
	uint32_t choice = below(w, 64);

	if (!choice)
		return 0;
	if (choice == 1)
		return below(w, 40000);
	return (1 + (uint64_t)below(w, 12)) * PAGE_SIZE;
}

static uint64_t any_prot(struct walk *w)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
				     PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC, PROT_WRITE };

	return (uint64_t)prots[below(w, sizeof(prots) / sizeof(prots[0]))];
}

static void do_mmap(struct walk *w)
{
	int flags = MAP_ANONYMOUS | (below(w, 6) ? MAP_PRIVATE : MAP_SHARED);
	uint64_t addr = any_addr(w), len = any_len(w);

	switch (below(w, 8)) {
	case 0:
		addr = 0;
		break;
	case 1:
		flags |= MAP_FIXED_NOREPLACE;
		break;
	case 2:		/* a hint, off by some bytes */
		addr += below(w, 3);
		break;
	default:
		flags |= MAP_FIXED;
	}
	if (!below(w, 12))
		flags |= MAP_NORESERVE;
	if (!below(w, 24))
		flags |= MAP_GROWSDOWN;
	if (!below(w, 24))
		flags |= MAP_POPULATE;
	if (!below(w, 40))
		flags |= MAP_STACK;
	if (!below(w, 200))
		flags ^= MAP_PRIVATE;
	if (!addr && !below(w, 8))
		len = (uint64_t)(1 + below(w, 2)) << 21;
	call(w, PLAYER_MMAP, addr, len, any_prot(w), (uint64_t)flags, 0);
}

static void do_mremap(struct walk *w)
{
	static const int flags[] = { 0, MREMAP_MAYMOVE, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP, MREMAP_FIXED };
	uint64_t addr = any_addr(w), old = any_len(w), new = below(w, 3) ? any_len(w) : old;
	int flag = flags[below(w, sizeof(flags) / sizeof(flags[0]))];
	const struct vma *vma = mm_lookup(mm_of(w), addr);

	/* Since 6.17 a move to a given place may be of several mappings, and is checked before that place is cleared. */
	if (w->kernel == VM_KERNEL_6_18 && (flag & MREMAP_FIXED) && (!vma || !old || addr + old > vma->end))
		return;
	call(w, PLAYER_MREMAP, addr, old, new, (uint64_t)flag, any_addr(w));
}

static void do_madvise(struct walk *w)
{
	static const int advice[] = { MADV_DONTNEED, MADV_SEQUENTIAL, MADV_NORMAL, MADV_DONTFORK, MADV_DOFORK,
				      MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_RANDOM, 99 };
	uint64_t addr = any_addr(w), len = any_len(w);

	call(w, PLAYER_MADVISE, addr, len, (uint64_t)advice[below(w, sizeof(advice) / sizeof(advice[0]))], 0, 0);
}

/* Touches what may be touched: that is what gives mappings an anon_vma, on which merging depends. */
static void do_touch(struct walk *w)
{
	uint64_t addr = any_addr(w);
	const struct vma *vma = mm_lookup(mm_of(w), addr);
	bool write = below(w, 3);
	uint32_t run = w->program->nr_runs;
	int ret;

	if (!vma || !(vma->flags & VM_READ) || (write && !(vma->flags & VM_WRITE)))
		return;
	ret = program_add_run(w->program, &(struct player_run){ addr, PAGE_SIZE, 1 });
	if (!w->ret)
		w->ret = ret;
	if (!ret)
		call(w, PLAYER_TOUCH, 0, run, 1, write, 1);
}

/* All that the kernel placed, lest there be more and more of it. */
static void clear_above(struct walk *w)
{
	uint64_t start = ARENA + 4096 * PAGE_SIZE;

	call(w, PLAYER_MUNMAP, start, 0x7ffff7ff0000 - start, 0, 0, 0);
}

static void step(struct walk *w)
{
	uint64_t addr, len;

	if (mm_of(w)->nr_vmas > 120)
		clear_above(w);
	switch (below(w, 20)) {
	case 0 ... 5:
		do_mmap(w);
		break;
	case 6 ... 8:
		addr = any_addr(w);
		call(w, PLAYER_MUNMAP, addr, any_len(w), 0, 0, 0);
		break;
	case 9 ... 12:
		addr = any_addr(w);
		len = any_len(w);
		call(w, PLAYER_MPROTECT, addr, len, any_prot(w), 0, 0);
		break;
	case 13:
		do_mremap(w);
		break;
	case 14:
		do_madvise(w);
		break;
	case 15:
		call(w, PLAYER_BRK, mm_of(w)->start_brk + below(w, 64 * PAGE_SIZE), 0, 0, 0, 0);
		break;
	case 16:
		addr = any_addr(w);
		call(w, below(w, 2) ? PLAYER_MLOCK : PLAYER_MUNLOCK, addr, any_len(w), 0, 0, 0);
		break;
	default:
		do_touch(w);
	}
	call(w, PLAYER_HASH, 0, 0, 0, 0, 0);
}

int program_random(struct program *program, uint64_t seed, uint32_t calls, const struct stage_config *cfg,
		   const struct looks *looks, const struct look *first, struct kerror *err)
{
	struct stage stage;
	struct walk w = { .program = program, .stage = &stage, .random = seed, .kernel = cfg->kernel };
	uint32_t i;
	int ret;

	*program = (struct program){ 0 };
	ret = stage_init(&stage, program, cfg, looks, first, err);
	if (!ret) {
		call(&w, PLAYER_LOOK, 0, 0, 0, 0, 0);
		call(&w, PLAYER_PROCESS, ACTOR, 0, 0, 0, 0);
		call(&w, PLAYER_LOOK, 0, 0, 0, 0, 0);
		for (i = 0; i < calls && !w.ret && stage_lives(&stage, ACTOR); i++)
			step(&w);
		call(&w, PLAYER_LOOK, 0, 0, 0, 0, 0);
		if (w.ret)
			ret = kerror_set(err, w.ret, w.ret == -E2BIG ? "so many calls are too many for vm-player" :
						     "out of memory");
	}
	stage_exit(&stage);
	if (ret)
		program_free(program);
	return ret;
}
