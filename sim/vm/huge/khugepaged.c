/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: whose turn it is with khugepaged; see khugepaged.h. Follows khugepaged_do_scan(), khugepaged_scan_mm_slot(). */
#include "sim/vm/huge/khugepaged.h"

#include <stdlib.h>

#include "sim/vm/lru/lru.h"

/* ---- who is looked at --------------------------------------------------------- */

/* Where the host has no memory for it, a process is not looked at: nothing else is lost. */
static void enter(struct mm *mm)
{
	struct khugepaged *k = mm->vm->khugepaged;

	if (!k)
		k = mm->vm->khugepaged = calloc(1, sizeof(*k));
	if (k && k->nr == k->max) {
		uint32_t max = k->max ? k->max * 2 : 8;
		struct mm **mms = realloc(k->mms, max * sizeof(*mms));

		if (!mms)
			return;
		k->mms = mms;
		k->max = max;
	}
	if (!k)
		return;
	if (!k->nr)
		k->next_ns = mm->vm->now_ns + KHUGEPAGED_SLEEP_NS;
	k->mms[k->nr++] = mm;
	mm->khugepaged = true;
}

void khugepaged_enter_vma(const struct vma *vma)
{
	if (!vma->mm->khugepaged && khugepaged_wants(vma, true))
		enter(vma->mm);
}

void khugepaged_fork(struct mm *mm, const struct mm *parent)
{
	if (parent->khugepaged)
		enter(mm);
}

/* The one whose turn it is, or all are done. */
static void next_mm(struct khugepaged *k)
{
	k->address = 0;
	if (k->at < k->nr)
		return;
	k->begun = false;
	k->full_scans++;
}

void khugepaged_leave(struct mm *mm)
{
	struct khugepaged *k = mm->vm->khugepaged;
	uint32_t i, at = 0;

	if (!mm->khugepaged)
		return;
	mm->khugepaged = false;
	while (k->mms[at] != mm)
		at++;
	k->nr--;
	for (i = at; i < k->nr; i++)
		k->mms[i] = k->mms[i + 1];
	if (k->begun && at < k->at)
		k->at--;
	else if (k->begun && at == k->at)
		next_mm(k);
}

void khugepaged_exit(struct vm *vm)
{
	if (vm->khugepaged)
		free(vm->khugepaged->mms);
	free(vm->khugepaged);
	vm->khugepaged = NULL;
}

/* ---- a look ---------------------------------------------------------------------- */

/* Goes on in @vma; its progress is added. True: this look at the process is over. */
static bool scan_vma(struct khugepaged *k, struct vma *vma, uint32_t pages, uint32_t *progress, enum collapse_result *result)
{
	uint64_t first = huge_start(vma->start + HUGE_BYTES - 1), end = huge_start(vma->end);

	if (!khugepaged_wants(vma, true) || k->address > end) {
		++*progress;
		return false;
	}
	if (k->address < first)
		k->address = first;
	while (k->address < end) {
		bool tried = false;

		*result = huge_collapse(vma, k->address, true, &tried);
		k->pages_collapsed += *result == COLLAPSE_DONE;
		k->address += HUGE_BYTES;
		*progress += HUGE_PAGES;
		if (tried || *progress >= pages)
			return true;
	}
	return false;
}

/* Some of the process whose turn it is. Returns how much of the @pages were used up. */
static uint32_t scan_mm(struct vm *vm, uint32_t pages, enum collapse_result *result)
{
	struct khugepaged *k = vm->khugepaged;
	uint32_t progress = 1, i;
	struct mm *mm;

	*result = COLLAPSE_NO_TABLE;
	if (!k->begun) {
		k->at = 0;
		k->address = 0;
		k->begun = true;
	}
	mm = k->mms[k->at];
	for (i = mm_find(mm, k->address); i < mm->nr_vmas; i++)
		if (scan_vma(k, mm->vmas[i], pages, &progress, result))
			return progress;
	k->at++;
	next_mm(k);
	return progress;
}

/* @failures: so often it goes on where there was no memory (Linux: khugepaged_do_scan). */
static bool scan_all(struct vm *vm, uint32_t pages, unsigned int failures)
{
	struct khugepaged *k = vm->khugepaged;
	uint32_t progress = 0, rounds = 0;

	lru_add_drain_all(vm);
	vm->current = NULL;
	while (progress < pages && k && k->nr) {
		enum collapse_result result;

		/* A process that has been looked at is not looked at again this time. */
		if (!k->begun && ++rounds > 1)
			break;
		progress += scan_mm(vm, pages - progress, &result);
		if (result == COLLAPSE_NO_MEMORY && !failures--)
			return false;
	}
	return true;
}

bool khugepaged_scan(struct vm *vm, uint32_t pages)
{
	return scan_all(vm, pages, 0);
}

void khugepaged_pass(struct vm *vm)
{
	scan_all(vm, UINT32_MAX, 1);
}

uint64_t khugepaged_next(const struct vm *vm)
{
	const struct khugepaged *k = vm->khugepaged;

	return k && k->nr ? k->next_ns : UINT64_MAX;
}

void khugepaged_wake(struct vm *vm)
{
	bool done = khugepaged_scan(vm, KHUGEPAGED_PAGES);

	vm->khugepaged->next_ns = vm->now_ns + (done ? KHUGEPAGED_SLEEP_NS : KHUGEPAGED_RETRY_NS);
}
