/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: page faults. Follows do_user_addr_fault() of arch/x86/mm/fault.c for what is allowed, and
 * handle_pte_fault(), do_anonymous_page(), do_wp_page(), do_fault() of mm/memory.c for what is done.
 *
 *	entry is      private anonymous          file or shared
 *	empty         do_anonymous_page          do_file_fault (file_fault.c)
 *	no table yet  huge_fault (huge/fault.c), where the mapping may have huge pages
 *	on swap       do_swap_page (swap/fault.c)
 *	read-only     do_wp_page: whose is the page? take it, or copy it
 *
 * A fault that the access after it needs again (a read to a mapping that may not be run, then the
 * fetch) is two faults here as there.
 */
#include "sim/vm/fault.h"

#include <errno.h>
#include <signal.h>

#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/lru/mglru.h"
#include "sim/vm/numa_scan.h"
#include "sim/vm/rss.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/reclaim/turns.h"
#include "sim/vm/writeback.h"

uint64_t vma_pte_bits(const struct vma *vma)
{
	uint64_t bits = PTE_PRESENT | PTE_ACCESSED;

	if (vma->flags & VM_ACCESS_FLAGS)
		bits |= PTE_USER;
	if (!(vma->flags & VM_EXEC))
		bits |= PTE_NX;
	/* Memory that is shared and has no disk need not know of the first write (vma_wants_writenotify). */
	if ((vma->flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) && vma->file->shmem)
		bits |= PTE_WRITE;
	return bits;
}

static const enum vm_fault_class fault_class[NR_VM_FAULTS] = {
#define VM_FAULT_CLASS(name, text, class) [VM_FAULT_##name] = class,
	VM_FAULTS(VM_FAULT_CLASS)
#undef VM_FAULT_CLASS
};

/* ---- private anonymous memory ------------------------------------------------ */

static int do_anonymous_page(struct vma *vma, uint64_t addr, bool write, enum vm_fault *kind)
{
	struct mm *mm = vma->mm;
	pte_t *pte = mm_alloc_entry(mm, addr, PT_PTE);
	pfn_t pfn;

	if (!pte)
		return -ENOMEM;
	if (!write) {
		*pte = pte_make(pfn_make(0), vma_pte_bits(vma) | PTE_SPECIAL);
		*kind = VM_FAULT_zero;
		return 0;
	}
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	*kind = VM_FAULT_anon;
	if (huge_fault_parts(vma, addr, pte))
		return 0;
	pfn = vm_alloc_anon(vma, addr, true);
	if (pfn_is_none(pfn))
		return -ENOMEM;
	vm_frame_map(mm->vm, pfn);
	lru_add_vma(vma, pfn);
	mm_rss_add_fault(mm, RSS_ANON, 1);
	*pte = pte_make(pfn, vma_pte_bits(vma) | PTE_DIRTY | PTE_WRITE);
	return 0;
}

/* A page of its own in place of the one that @pte points to: a copy, or a fresh one for the zero page. */
static int wp_page_copy(struct vma *vma, uint64_t addr, pte_t *pte, enum vm_fault *kind)
{
	struct mm *mm = vma->mm;
	struct page *page;
	pte_t old = *pte;
	pfn_t pfn;

	if (anon_vma_prepare(vma))
		return -ENOMEM;
	pfn = vm_alloc_anon(vma, addr, old.v & PTE_SPECIAL);
	if (pfn_is_none(pfn))
		return -ENOMEM;
	/* Reclaim took the old page to make room for the new one: the access faults again. */
	if (!pte_present(*pte) || pte_pfn(*pte).v != pte_pfn(old).v) {
		vm_free_frame(mm->vm, pfn, 0);
		*kind = VM_FAULT_spurious;
		return 0;
	}
	vm_frame_map(mm->vm, pfn);
	lru_add_vma(vma, pfn);
	*pte = pte_make(pfn, vma_pte_bits(vma) | PTE_DIRTY | PTE_WRITE);
	vm_flush(mm, addr, PAGE_SIZE, VM_FLUSH_copy);
	page = old.v & PTE_SPECIAL ? NULL : page_from_pfn(mm->vm->map, pte_pfn(old));
	if (page && !(page->vm_index & FRAME_ANON))
		mm_rss_add_fault(mm, vm_frame_rss(page), -1);
	if (!page || !(page->vm_index & FRAME_ANON))
		mm_rss_add_fault(mm, RSS_ANON, 1);
	if (!page)
		return 0;
	if ((vma->flags & VM_LOCKED) && !vm_frame_in_block(page))
		lru_munlock(mm->vm, pte_pfn(old));
	vm_frame_unmap(mm->vm, pte_pfn(old));
	return 0;
}

/* Whether a private page is this process's alone: nobody else maps it, and no cache keeps it (wp_can_reuse_anon_folio). */
static bool is_alone(const struct vma *vma, uint64_t addr, struct page *page)
{
	struct vm *vm = vma->mm->vm;

	if (page->vm_index & FRAME_EXCLUSIVE)
		return true;
	if (vm_frame_in_block(page))
		return huge_sole_user(vma, page, addr);
	if (page->refcount > 3)
		return false;
	/* A batch of this CPU may be what holds it. */
	if (page->vm_index & FRAME_BATCHED)
		lru_add_drain(vm, vm_cpu(vm));
	/* The swap cache gives it up where nobody else needs the slot. */
	if (page->refcount == 2)
		swap_free_page(vm, pfn_from_page(vm->map, page));
	return page->refcount == 1;
}

int vm_do_wp_page(struct vma *vma, uint64_t addr, pte_t *pte, enum vm_fault *kind)
{
	struct vm *vm = vma->mm->vm;
	struct page *page = pte->v & PTE_SPECIAL ? NULL : page_from_pfn(vm->map, pte_pfn(*pte));

	*kind = VM_FAULT_reuse;
	if (vma->flags & VM_SHARED) {
		vm_frame_dirty(vm, page);
		vm_balance_dirty(vm);
		pte->v |= PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
		return 0;
	}
	if (page && (page->vm_index & FRAME_ANON) && is_alone(vma, addr, page)) {
		page->vm_index |= FRAME_EXCLUSIVE;
		pte->v |= PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
		vm->counters[VM_CNT_pgreuse]++;
		return 0;
	}
	*kind = VM_FAULT_cow;
	return wp_page_copy(vma, addr, pte, kind);
}

/* ---- every fault --------------------------------------------------------------- */

/* The mapping allows the access. *@kind: what it was. -ENOMEM, -EFAULT (SIGBUS). */
static int handle_mm_fault(struct vma *vma, uint64_t addr, bool write, enum vm_fault *kind)
{
	struct mm *mm = vma->mm;
	pte_t *leaf, *pte = pt_walk(mm->vm->map, mm->pgd, addr, PT_PTE, &leaf);

	if (!pte && (leaf || mm->vm->cfg.thp != VM_THP_NEVER)) {
		int ret = huge_fault(vma, addr, write, leaf, kind);

		if (ret != HUGE_FALLBACK)
			return ret;
		pte = pt_walk(mm->vm->map, mm->pgd, addr, PT_PTE, NULL);
	}
	if (!pte || pte_none(*pte)) {
		if (vma_is_anonymous(vma))
			return do_anonymous_page(vma, addr, write, kind);
		return vm_file_fault(vma, addr, write, kind);
	}
	if (pte_swap(*pte))
		return vm_swap_fault(vma, addr, pte, write, kind);
	*kind = VM_FAULT_spurious;
	if (pte->v & PTE_NUMA) {
		numa_fault(vma, pte);
		*kind = VM_FAULT_numa;
		return 0;
	}
	if (write && !(pte->v & PTE_WRITE))
		return vm_do_wp_page(vma, addr, pte, kind);
	return 0;
}

/*
 * The same, counted as mm_account_fault() does: what fails is neither minor nor major; what the kernel faults in for itself
 * (@by_kernel) it asks for again when a file was read, and finds it then.
 */
static int counted_fault(struct process *process, struct vma *vma, uint64_t addr, bool write, bool by_kernel)
{
	struct vm *vm = process->vm;
	enum vm_fault kind = VM_FAULT_spurious;
	bool major;
	int ret;

	vm->counters[VM_CNT_pgfault]++;
	vm->current = process;
	vm->fault_by_kernel = by_kernel;
	vm->fault_tried = false;
	process_count_fault(process);
	vma->mm->gen_ran = UINT64_MAX;
	vm->lru->in_fault = vm->lru->gen_enabled && lru_gen_has_recency(vma);
	ret = handle_mm_fault(vma, addr & ~(uint64_t)(PAGE_SIZE - 1), write, &kind);
	vm->lru->in_fault = false;
	if (ret) {
		process->faults[ret == -EFAULT ? VM_FAULT_buserr : VM_FAULT_oom]++;
		return ret;
	}
	process->faults[kind]++;
	major = fault_class[kind] == VM_MAJOR;
	vm->counters[VM_CNT_pgmajfault] += major;
	if (by_kernel ? major && kind != VM_FAULT_read : major || vm->fault_tried)
		process->maj_flt++;
	else
		process->min_flt++;
	return 0;
}

int vm_fault_in(struct process *process, struct vma *vma, uint64_t addr, bool write)
{
	struct mm *mm = vma->mm;
	pte_t *pte = vm_walk(mm, addr);
	int tries = 2;
	bool fresh = !pte || pte_none(*pte) || (pte->v & PTE_SPECIAL);

	/* get_user_pages() looks first, and again after each fault: a file's page is read, then copied. */
	while (tries-- && (!pte || !pte_present(*pte) || (write && !(pte->v & PTE_WRITE)))) {
		int ret = counted_fault(process, vma, addr, write, true);

		if (ret)
			return ret;
		pte = vm_walk(mm, addr);
	}
	if (fresh && vma_is_anonymous(vma) && pte && (pte->v & (PTE_WRITE | PTE_LEAF)) == PTE_WRITE) {
		/* Nobody wrote to it yet: then its entry will be dirty. */
		page_from_pfn(mm->vm->map, pte_pfn(*pte))->vm_index |= FRAME_ZERO | FRAME_DIRTY;
		pte->v &= ~PTE_DIRTY;
	}
	return 0;
}

static int segv(struct process *process, uint64_t addr, enum vm_fault kind)
{
	process->faults[kind]++;
	process->signal_addr = addr;
	process->signal_code = kind == VM_FAULT_maperr ? SEGV_MAPERR : SEGV_ACCERR;
	vm_kill(process, SIGSEGV);
	return -EFAULT;
}

/* The kernel's look at the mapping before anything is done: @present is the fault's protection bit. */
static bool access_error(const struct vma *vma, enum vm_access access, bool present)
{
	if (access == VM_ACCESS_WRITE)
		return !(vma->flags & VM_WRITE);
	return present || !(vma->flags & VM_ACCESS_FLAGS);
}

static int do_user_addr_fault(struct process *process, uint64_t addr, enum vm_access access, bool present)
{
	struct vma *vma = addr < VM_TASK_SIZE ? mm_find_vma(process->mm, addr) : NULL;
	int ret;

	if (!vma)
		return segv(process, addr, VM_FAULT_maperr);
	process->vm->current = process;
	if (vma->start > addr && (!(vma->flags & VM_GROWSDOWN) || vma_expand_down(vma, addr)))
		return segv(process, addr, VM_FAULT_maperr);
	if (access_error(vma, access, present))
		return segv(process, addr, VM_FAULT_accerr);
	ret = counted_fault(process, vma, addr, access == VM_ACCESS_WRITE, false);
	if (!ret)
		return 0;
	process->signal_addr = addr;
	process->signal_code = ret == -EFAULT ? BUS_ADRERR : 0;
	vm_kill(process, ret == -EFAULT ? SIGBUS : SIGKILL);
	return ret;
}

pte_t *vm_walk(struct mm *mm, uint64_t addr)
{
	pte_t *pmd;

	mm->gen_ran = UINT64_MAX;
	/* The table that the entry is in stays; what maps the huge page may have been split since. */
	if (addr >> pt_shift(PT_PMD) == mm->leaf_at && pte_leaf(*mm->leaf))
		return mm->leaf;
	pmd = addr < VM_TASK_SIZE ? pt_walk(mm->vm->map, mm->pgd, addr, PT_PMD, NULL) : NULL;
	if (!pmd || !pte_present(*pmd))
		return NULL;
	if (pte_leaf(*pmd)) {
		mm->leaf_at = addr >> pt_shift(PT_PMD);
		mm->leaf = pmd;
		return pmd;
	}
	/* A walker marks the tables that it goes through, too. */
	pmd->v |= PTE_ACCESSED;
	mm->table_at = addr >> pt_shift(PT_PMD);
	mm->table = virt_from_pfn(mm->vm->map, pte_pfn(*pmd));
	return mm->table + pt_index(addr, PT_PTE);
}

int vm_touch(struct process *process, uint64_t addr, enum vm_access access)
{
	if (!process->mm)
		return -ESRCH;
	while (!vm_touch_fast(process, addr, access)) {
		const pte_t *pte = vm_walk(process->mm, addr);
		bool present = pte && pte_present(*pte) && !(pte->v & PTE_NUMA);
		uint64_t maj_flt = process->maj_flt;
		int ret = do_user_addr_fault(process, addr, access, present);

		if (ret) {
			process->accesses++;
			return ret;
		}
		turns_fault(process, process->maj_flt != maj_flt);
	}
	return 0;
}

/* ---- stacks ------------------------------------------------------------------------ */

/* Linux: acct_stack_growth() */
static int account_growth(struct vma *vma, uint64_t size, uint64_t pages)
{
	struct mm *mm = vma->mm;

	if (!mm_may_expand(mm, vma->flags, pages) || size > mm->limits.stack ||
	    !mm_mlock_future_ok(mm, vma->flags, pages << PAGE_SHIFT))
		return -ENOMEM;
	return vm_enough_memory(mm, (int64_t)pages);
}

int vma_expand_down(struct vma *vma, uint64_t addr)
{
	struct mm *mm = vma->mm;
	uint32_t at = mm_find(mm, vma->start);
	const struct vma *prev = at ? mm->vmas[at - 1] : NULL;
	uint64_t pages;
	int ret;

	addr &= ~(uint64_t)(PAGE_SIZE - 1);
	if (addr < VM_MIN_ADDR)
		return -EPERM;
	if (prev && !(prev->flags & VM_GROWSDOWN) && (prev->flags & VM_ACCESS_FLAGS) && addr - prev->end < VM_STACK_GAP)
		return -ENOMEM;
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	pages = (vma->start - addr) >> PAGE_SHIFT;
	if (pages > vma->pgoff)
		return -ENOMEM;
	ret = account_growth(vma, vma->end - addr, pages);
	if (ret)
		return ret;
	if (vma->flags & VM_LOCKED)
		mm->locked_vm += pages;
	mm_account(mm, vma->flags, (int64_t)pages);
	vma->start = addr;
	vma->pgoff -= pages;
	khugepaged_enter_vma(vma);
	mm->last = UINT32_MAX;
	return 0;
}
