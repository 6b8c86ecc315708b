/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: operations of vm-player, done by simulated processes; see stage.h. */
#include "sim/verify/vm/stage.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "sim/verify/vm/others.h"
#include "sim/vm/calls.h"
#include "sim/vm/fault.h"
#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/lru/mglru.h"
#include "sim/vm/load.h"
#include "sim/vm/oom.h"
#include "sim/vm/reclaim/turns.h"
#include "sim/vm/writeback.h"

bool stage_lives(const struct stage *stage, uint32_t process)
{
	return stage->processes[process] && stage->processes[process]->mm;
}

/* ---- calls ------------------------------------------------------------------------------ */

int64_t stage_hash(const struct stage *stage, const struct process *p)
{
	static const char vsyscall[] = "ffffffffff600000-ffffffffff601000 --xp 00000000";
	const struct mm *mm = p->mm;
	uint64_t hash = PLAYER_HASH_START;
	char line[96];
	uint32_t i;

	for (i = 0; i < mm->nr_vmas; i++)
		hash = player_hash(hash, line, (uint64_t)vma_describe(mm->vmas[i], line, sizeof(line)));
	return (int64_t)(stage->vsyscall ? player_hash(hash, vsyscall, sizeof(vsyscall) - 1) : hash);
}

static void keep_slot(struct stage *stage, const struct player_op *op, int64_t ret, uint64_t bytes)
{
	if (op->slot && ret >= 0)
		stage->slots[op->process][op->slot] = (struct stage_slot){ (uint64_t)ret, VM_PAGE_ALIGN(bytes) };
}

static int64_t brk_by(struct stage *stage, struct process *p, const struct player_op *op)
{
	uint64_t wanted = p->mm->brk + op->arg[0];
	struct stage_slot *heap = &stage->slots[op->process][PLAYER_SLOT_HEAP];

	if (vm_brk(p, wanted) != wanted)
		return -ENOMEM;
	heap->bytes = VM_PAGE_ALIGN(wanted) - heap->start;
	return 0;
}

static int64_t limit(struct process *p, const struct player_op *op)
{
	uint64_t bytes = op->arg[1] == UINT64_MAX ? VM_LIMIT_NONE : op->arg[1];
	struct vm_limits limits = { VM_LIMIT_KEEP, VM_LIMIT_KEEP, VM_LIMIT_KEEP, VM_LIMIT_KEEP };

	switch (op->arg[0]) {
	case RLIMIT_AS:
		limits.as = bytes;
		break;
	case RLIMIT_DATA:
		limits.data = bytes;
		break;
	case RLIMIT_STACK:
		limits.stack = bytes;
		break;
	case RLIMIT_MEMLOCK:
		limits.memlock = bytes;
		break;
	default:
		return -EINVAL;
	}
	vm_set_limits(p, &limits);
	return 0;
}

static int64_t touch(const struct stage *stage, struct process *p, const struct player_op *op, uint64_t base)
{
	enum vm_access access = op->arg[3] ? VM_ACCESS_WRITE : VM_ACCESS_READ;
	uint64_t times, i, k;

	for (times = op->arg[4]; times; times--) {
		for (i = 0; i < op->arg[2]; i++) {
			const struct player_run *run = &stage->program->runs[op->arg[1] + i];

			for (k = 0; k < run->count; k++) {
				uint64_t addr = base + run->offset + k * run->stride;

				if (!vm_touch_fast(p, addr, access) && vm_touch(p, addr, access))
					return -EFAULT;
			}
		}
	}
	return 0;
}

static int64_t count_resident(struct process *p, uint64_t addr, uint64_t len)
{
	uint64_t resident;
	int64_t ret = vm_mincore(p, addr, len, &resident);

	return ret ? ret : (int64_t)resident;
}

/* What the new program maps is told by the look behind it. */
static int64_t exec(struct stage *stage, struct process *p, uint32_t process)
{
	int64_t ret = vm_exec(p, "vm-player");

	if (!ret)
		ret = vm_munmap(p, 0, VM_TASK_SIZE);
	if (ret)
		return ret;
	memset(stage->slots[process], 0, sizeof(stage->slots[process]));
	stage->slots[process][PLAYER_SLOT_HEAP].start = stage->slots[0][PLAYER_SLOT_HEAP].start;
	return 0;
}

/* The process itself does @op. */
static int64_t act(struct stage *stage, struct process *p, const struct player_op *op)
{
	const uint64_t *a = op->arg;
	const struct stage_slot *slot = &stage->slots[op->process][op->slot];
	uint64_t addr = op->slot ? slot->start + a[0] : a[0], len = a[1];
	int64_t ret;

	if (len == PLAYER_TO_END)
		len = slot->bytes > a[0] ? slot->bytes - a[0] : 0;
	switch (op->kind) {
	case PLAYER_MMAP:
		ret = vm_mmap(p, a[0], a[1], (int)a[2], (int)a[3], stage->files[a[4]], a[5]);
		keep_slot(stage, op, ret, a[1]);
		return ret;
	case PLAYER_MUNMAP:
		return vm_munmap(p, addr, len);
	case PLAYER_MPROTECT:
		return vm_mprotect(p, addr, len, (int)a[2]);
	case PLAYER_MREMAP:
		ret = vm_mremap(p, addr, len, a[2], (int)a[3], a[4]);
		keep_slot(stage, op, ret, a[2]);
		return ret;
	case PLAYER_BRK:
		return (int64_t)vm_brk(p, a[0]);
	case PLAYER_BRK_BY:
		return brk_by(stage, p, op);
	case PLAYER_MADVISE:
		return vm_madvise(p, addr, len, (int)a[2]);
	case PLAYER_MLOCK:
		return vm_mlock(p, addr, len);
	case PLAYER_MUNLOCK:
		return vm_munlock(p, addr, len);
	case PLAYER_MINCORE:
		return count_resident(p, addr, len);
	case PLAYER_TOUCH:
		return touch(stage, p, op, addr);
	case PLAYER_LIMIT:
		return limit(p, op);
	case PLAYER_HASH:
		return stage_hash(stage, p);
	case PLAYER_MEMPOLICY:
		return vm_set_mempolicy(p, (enum mempolicy_mode)a[0], a[1]);
	case PLAYER_MBIND:
		return vm_mbind(p, addr, len, (enum mempolicy_mode)a[2], a[3], a[4]);
	case PLAYER_EXEC:
		return exec(stage, p, op->process);
	case PLAYER_READ:
	case PLAYER_WRITE:
		return stage_read_or_write(stage, p, op);
	default:
		return -EINVAL;
	}
}

static int64_t watched_act(struct stage *stage, struct process *p, const struct player_op *op)
{
	int64_t ret;

	vm_frames_watch(stage->frames, true);
	ret = act(stage, p, op);
	vm_frames_watch(stage->frames, false);
	return ret;
}

/* ---- processes ---------------------------------------------------------------------------- */

/*
 * The player writes to what it owns, so that it shares it with nobody (touch_own_memory()). Of two processes that share a page the
 * first to write gets a copy, and the other one keeps the frame: the look behind them shows which. Its program it reads.
 */
static void touch_own(struct stage *stage, uint32_t number, bool last)
{
	struct process *p = stage->processes[number];
	struct process before = *p;
	unsigned int i;
	uint64_t addr;

	for (i = 0; i < stage->nr_own; i++) {
		const struct vma *vma = mm_lookup(p->mm, stage->own[i].start);
		bool write = vma && (vma->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;

		if (!write && (!vma || !vma->file || *vma->file->name == '['))
			continue;
		for (addr = stage->own[i].start; addr < stage->own[i].end && p->mm; addr += PAGE_SIZE) {
			const pte_t *pte = vm_walk(p->mm, addr);

			if (pte && !pte_none(*pte) &&
			    (last || !write || vm_frames_shown(stage->frames, number, addr).v != pte_pfn(*pte).v))
				vm_touch(p, addr, write ? VM_ACCESS_WRITE : VM_ACCESS_READ);
		}
	}
	p->min_flt = before.min_flt;
	p->maj_flt = before.maj_flt;
}

/*
 * Where one was about to copy when the other did, too, both have copies: the frame that @number and @other shared goes, and
 * stage_adopt() puts what they got there. @other may not be there yet.
 */
static void release_own(struct stage *stage, uint32_t number, uint32_t other)
{
	unsigned int i;
	uint64_t addr;

	for (i = 0; i < stage->nr_own; i++) {
		for (addr = stage->own[i].start; addr < stage->own[i].end; addr += PAGE_SIZE) {
			const pte_t *pte = vm_walk(stage->processes[number]->mm, addr);
			pfn_t one = vm_frames_shown(stage->frames, number, addr);
			pfn_t two = vm_frames_shown(stage->frames, other, addr);

			if (pfn_is_none(one) || pfn_is_none(two) || !pte || !pte_present(*pte) || one.v == two.v ||
			    pte_pfn(*pte).v == one.v || pte_pfn(*pte).v == two.v)
				continue;
			vm_madvise(stage->processes[number], addr, PAGE_SIZE, MADV_DONTNEED);
			if (stage_lives(stage, other))
				vm_madvise(stage->processes[other], addr, PAGE_SIZE, MADV_DONTNEED);
		}
	}
}

/* What the player does by itself when there is a new process. */
static void settle(struct stage *stage, uint32_t parent, uint32_t child)
{
	if (!vm_frames_followed(stage->frames))
		return;
	release_own(stage, parent, child);
	vm_frames_settle(stage->frames);
}

static int64_t new_process(struct stage *stage, struct process *parent, const struct player_op *op)
{
	uint32_t child = (uint32_t)op->arg[0];
	char name[16];
	int ret;

	snprintf(name, sizeof(name), "process %u", child);
	if (op->kind == PLAYER_PROCESS)
		settle(stage, op->process, child);
	else
		vm_frames_watch(stage->frames, true);
	ret = vm_fork(parent, name, op->kind == PLAYER_VFORK, &stage->processes[child]);
	if (op->kind != PLAYER_PROCESS) {
		vm_frames_watch(stage->frames, false);
		settle(stage, op->process, child);
	}
	if (ret) {
		stage->processes[child] = NULL;
		touch_own(stage, op->process, true);
		return ret;
	}
	memcpy(stage->slots[child], stage->slots[op->process], sizeof(stage->slots[child]));
	if (op->kind == PLAYER_PROCESS) {
		stage->processes[child]->oom_score_adj = (int32_t)(int64_t)op->arg[2];
		stage->processes[child]->mm->privileged = stage->privileged && !op->arg[1];
	}
	if (op->kind == PLAYER_VFORK) {
		/* A kernel asks whether a process has its parent's memory (in_vfork()): vm-player's has the director for a parent. */
		stage->processes[child]->vforked = false;
		return 0;
	}
	touch_own(stage, child, false);
	if (parent->mm)
		touch_own(stage, op->process, true);
	if (vm_frames_followed(stage->frames))
		touch_own(stage, child, true);
	return 0;
}

/* As the player does before it asks for anything of generations: nobody need foresee which of it was used. */
static void all_touch_own(struct stage *stage)
{
	uint32_t process;

	for (process = 0; process < PLAYER_MAX_PROCESSES; process++)
		if (stage_lives(stage, process))
			touch_own(stage, process, true);
	lru_add_drain_all(stage->vm);
}

static int64_t order_generations(struct stage *stage, const struct player_op *op)
{
	uint64_t swappiness = op->arg[op->kind == PLAYER_EVICT];
	unsigned int by = swappiness == PLAYER_KERNELS ? LRU_GEN_SWAPPINESS : (unsigned int)swappiness;

	all_touch_own(stage);
	if (op->kind == PLAYER_AGE)
		return lru_gen_order_aging(stage->vm, 0, by, op->arg[1]);
	lru_gen_order_eviction(stage->vm, 0, by, op->arg[0]);
	return 0;
}

static int64_t direct(struct stage *stage, const struct player_op *op)
{
	switch (op->kind) {
	case PLAYER_PROCESS:
		return new_process(stage, stage->processes[0], op);
	case PLAYER_KILL:
		if (!stage_lives(stage, (uint32_t)op->arg[0]))
			return -ESRCH;
		vm_kill(stage->processes[op->arg[0]], SIGKILL);
		return 0;
	case PLAYER_DROP_CACHES:
		stage_drop_caches(stage);
		return 0;
	case PLAYER_FILE:
		return stage_create_file(stage, op);
	case PLAYER_SYNC:
		vm_sync(stage->vm);
		return 0;
	case PLAYER_KHUGEPAGED:
		vm_frames_watch(stage->frames, true);
		khugepaged_pass(stage->vm);
		vm_frames_watch(stage->frames, false);
		return 0;
	case PLAYER_LOOK:
		if (stage->drains)
			lru_add_drain_all(stage->vm);
		others_grow(stage, (uint32_t)(op - stage->program->ops));
		return 0;
	case PLAYER_AGE:
	case PLAYER_EVICT:
		return order_generations(stage, op);
	default:
		return 0;
	}
}

void stage_do(struct stage *stage, const struct player_op *op, struct player_result *result)
{
	struct process *p = stage->processes[op->process];
	uint64_t minflt, majflt;

	*result = (struct player_result){ .state = PLAYER_NOT_DONE };
	if (!stage_lives(stage, op->process))
		return;
	result->state = PLAYER_DONE;
	minflt = p->min_flt;
	majflt = p->maj_flt;
	if (!op->process)
		result->ret = direct(stage, op);
	else if (op->kind == PLAYER_FORK || op->kind == PLAYER_VFORK)
		result->ret = new_process(stage, p, op);
	else if (op->kind == PLAYER_EXIT)
		vm_exit(p);
	else
		result->ret = watched_act(stage, p, op);
	turns_finish(stage->vm);
	/* A call that failed for want of memory, and the OOM killer chose its caller. */
	if (p->oom_marked && p->mm)
		vm_kill(p, SIGKILL);
	result->minflt = p->min_flt - minflt;
	result->majflt = p->maj_flt - majflt;
	if (p->end == PROCESS_KILLED)
		*result = (struct player_result){ .state = PLAYER_DIED, .ret = p->signal };
}
