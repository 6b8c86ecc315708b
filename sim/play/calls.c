/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: steps that are system calls: made, and their results judged. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/play/internal.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* What one read() or write() moves at most, in bytes: whoever wants more asks again. */
#define MAX_RW_COUNT	0x7ffff000ULL

/* Whether the call ended as the scenario wants it. */
static void judge(struct play *play, const struct step *step, struct play_process *who, int64_t ret)
{
	const char *call = scenario_statements[step->kind].word, *wanted, *got;

	who->error = ret < 0 && ret > -4096 ? (int)-ret : 0;
	if (who->error == step->expected_errno) {
		if (who->error)
			play_refused(play, step);
		return;
	}
	wanted = scenario_word_of(scenario_errno, step->expected_errno);
	got = scenario_word_of(scenario_errno, who->error);
	if (!who->error)
		play_fail(play, step, "expected %s to fail with %s, it succeeded", call, wanted ? wanted : "an error");
	else if (step->expected_errno)
		play_fail(play, step, "expected %s to fail with %s, it failed with %s", call, wanted ? wanted : "an error",
			  got ? got : strerror(who->error));
	else
		play_fail(play, step, "%s failed with %s: %s", call, got ? got : "an error", strerror(who->error));
}

static int64_t do_mmap(struct play *play, const struct step *step, struct play_process *who)
{
	const struct step_mmap *m = &step->mmap;
	struct vm_file *file = step->file ? play->files[step->file] : NULL;
	int flags = (m->sharing == SCENARIO_SHARED ? MAP_SHARED : MAP_PRIVATE) | (file ? 0 : MAP_ANONYMOUS);
	uint64_t addr = m->at == SCENARIO_ABSENT ? 0 : m->at;
	int64_t ret;

	flags |= m->placing == SCENARIO_FIXED ? MAP_FIXED : m->placing == SCENARIO_NOREPLACE ? MAP_FIXED_NOREPLACE : 0;
	flags |= (m->growsdown ? MAP_GROWSDOWN : 0) | (m->populate ? MAP_POPULATE : 0) | (m->lock ? MAP_LOCKED : 0) |
		 (m->noreserve ? MAP_NORESERVE : 0);
	ret = vm_mmap(who->process, addr, m->bytes, m->prot, flags, file, m->offset);
	if (ret < 0)
		return ret;
	who->maps[step->map].start = (uint64_t)ret;
	who->maps[step->map].bytes = VM_PAGE_ALIGN(m->bytes);
	/* An order may have taken others' place. */
	if (m->placing == SCENARIO_FIXED)
		play_flush(play, who->process, (uint64_t)ret, m->bytes, VM_FLUSH_unmap);
	return ret;
}

static int64_t do_mremap(struct play *play, const struct step *step, struct play_process *who)
{
	const struct step_mremap *m = &step->mremap;
	struct play_map *map = &who->maps[step->map];
	int flags = (m->maymove || m->to != SCENARIO_ABSENT ? MREMAP_MAYMOVE : 0) |
		    (m->to != SCENARIO_ABSENT ? MREMAP_FIXED : 0) | (m->dontunmap ? MREMAP_DONTUNMAP : 0);
	int64_t ret = vm_mremap(who->process, map->start, map->bytes, m->bytes, flags,
				m->to == SCENARIO_ABSENT ? 0 : m->to);

	if (ret < 0)
		return ret;
	play_flush(play, who->process, map->start, map->bytes, VM_FLUSH_unmap);
	map->start = (uint64_t)ret;
	map->bytes = VM_PAGE_ALIGN(m->bytes);
	return ret;
}

static int64_t do_brk(struct play *play, const struct step *step, struct play_process *who)
{
	struct mm *mm = who->process->mm;
	uint64_t old = mm->brk, wanted = old + (uint64_t)step->brk_by;

	if (vm_brk(who->process, wanted) != wanted)
		return -ENOMEM;
	if (wanted < old)
		play_flush(play, who->process, wanted, old - wanted, VM_FLUSH_unmap);
	who->maps[SCENARIO_HEAP].start = mm->start_brk;
	who->maps[SCENARIO_HEAP].bytes = VM_PAGE_ALIGN(wanted) - mm->start_brk;
	return 0;
}

void play_call(struct play *play, const struct step *step, struct play_process *who)
{
	struct process *process = who->process;
	struct play_range range = play_range(play, step, &step->call.range);
	int64_t ret;

	switch (step->kind) {
	case STEP_MMAP:
		ret = do_mmap(play, step, who);
		break;
	case STEP_MUNMAP:
		ret = vm_munmap(process, range.start, range.bytes);
		play_flush(play, process, range.start, range.bytes, VM_FLUSH_unmap);
		break;
	case STEP_MPROTECT:
		ret = vm_mprotect(process, range.start, range.bytes, step->call.value);
		play_flush(play, process, range.start, range.bytes, VM_FLUSH_protect);
		break;
	case STEP_MREMAP:
		ret = do_mremap(play, step, who);
		break;
	case STEP_BRK:
		ret = do_brk(play, step, who);
		break;
	case STEP_MADVISE:
		ret = vm_madvise(process, range.start, range.bytes, step->call.value);
		if (step->call.value == MADV_DONTNEED || step->call.value == MADV_FREE || step->call.value == MADV_COLD ||
		    step->call.value == MADV_PAGEOUT)
			play_flush(play, process, range.start, range.bytes, VM_FLUSH_advise);
		break;
	case STEP_MLOCK:
		ret = vm_mlock(process, range.start, range.bytes);
		break;
	case STEP_MUNLOCK:
		ret = vm_munlock(process, range.start, range.bytes);
		break;
	case STEP_MINCORE:
		ret = vm_mincore(process, range.start, range.bytes, &who->resident);
		break;
	case STEP_MEMPOLICY:
		ret = vm_set_mempolicy(process, (enum mempolicy_mode)step->call.value, step->call.nodes);
		break;
	case STEP_MBIND:
		ret = vm_mbind(process, range.start, range.bytes, (enum mempolicy_mode)step->call.value, step->call.nodes,
			       step->call.move);
		if (step->call.move)
			play_flush(play, process, range.start, range.bytes, VM_FLUSH_migrate);
		break;
	case STEP_LIMIT:
		ret = 0;
		vm_set_limits(process, &(struct vm_limits){ step->limit.as, step->limit.data, step->limit.stack,
							    step->limit.memlock });
		break;
	default:
		ret = -ENOSYS;
	}
	judge(play, step, who, ret);
}

int play_use_file(struct play *play, struct vm_file *file, const struct play_range *range, enum vm_file_use use, int *result,
		  struct kerror *err)
{
	uint64_t size = file->bytes > range->start ? file->bytes - range->start : 0, at = range->start, bytes;
	uint64_t left = range->bytes == SCENARIO_ABSENT ? size : range->bytes;
	uint64_t pages = VM_PAGE_ALIGN(left < size ? left : size) >> PAGE_SHIFT;
	int ret = play_may_spend(play, pages, err);

	*result = 0;
	if (ret)
		return ret;
	play->spent += pages;
	do {
		bytes = left < MAX_RW_COUNT ? left : MAX_RW_COUNT;
		*result = vm_file_bring_in(file, at, bytes, use);
		at += bytes;
		left -= bytes;
	} while (left && at < file->bytes && !*result);
	return play_stopped(play) ? -EINTR : 0;
}

int play_file_call(struct play *play, const struct step *step, struct play_process *who, struct kerror *err)
{
	const struct play_range range = { step->call.range.from, step->call.range.length };
	int result, ret = play_use_file(play, play->files[step->file], &range, step->kind == STEP_WRITE ? FILE_WRITE : FILE_READ,
					&result, err);

	if (!ret)
		judge(play, step, who, result);
	return ret;
}
