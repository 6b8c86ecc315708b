/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files of sim/vm/ ask of each other and nobody else needs.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_INTERNAL_H
#define KMEMSIM_SIM_VM_INTERNAL_H

#include "sim/vm/calls.h"
#include "sim/vm/fault.h"
#include "sim/vm/frame.h"
#include "sim/vm/vma.h"

/* The CPU on which things are done now. */
static inline unsigned int vm_cpu(const struct vm *vm)
{
	return vm->current ? vm->current->cpu : 0;
}

static inline bool vm_stopped(const struct vm *vm)
{
	return vm->stop && *vm->stop;
}

/* Whether use through @vma says that a page will be used again (Linux 6.12's vma_has_recency()). */
static inline bool vma_has_recency(const struct vma *vma)
{
	return !(vma->flags & (vma->mm->vm->rules->random_is_no_use ? VM_SEQ_READ | VM_RAND_READ : VM_SEQ_READ));
}

/* ---- vm.c ------------------------------------------------------------------- */

/* Entries of [@start, @start + @bytes) changed without a call of a process. */
void vm_flush(struct mm *mm, uint64_t start, uint64_t bytes, enum vm_flush why);

/* ---- account.c: limits and commitments ----------------------------------- */

/* Commit @pages, or take them back where negative. -ENOMEM: there are too few (Linux: __vm_enough_memory). */
int vm_enough_memory(struct mm *mm, int64_t pages);
void vm_unacct(struct vm *vm, int64_t pages);
/* Whether RLIMIT_AS and RLIMIT_DATA allow @pages more of memory with @flags (Linux: may_expand_vm). */
bool mm_may_expand(const struct mm *mm, uint32_t flags, uint64_t pages);
bool mm_mlock_future_ok(const struct mm *mm, uint32_t flags, uint64_t bytes);
/* total_vm and its parts (Linux: vm_stat_account). */
void mm_account(struct mm *mm, uint32_t flags, int64_t pages);
bool vm_accountable(const struct vm_file *file, uint32_t flags);
void mm_note_hiwater(struct mm *mm);

/* ---- tables.c: page tables -------------------------------------------- */

int mm_tables_init(struct mm *mm);
void mm_tables_exit(struct mm *mm);
/* The entry of @addr at @level, its tables made where they are missing. NULL: no memory. */
pte_t *mm_alloc_entry(struct mm *mm, uint64_t addr, enum pt_level level);
/* Free the tables of [@start, @end) that lie wholly between @floor and @ceiling (Linux: free_pgd_range). */
void mm_free_tables(struct mm *mm, uint64_t start, uint64_t end, uint64_t floor, uint64_t ceiling);

/* The end of what the lowest table of @addr spans; where it is missing, of all that the highest missing one does. */
uint64_t mm_table_end(struct mm *mm, uint64_t addr);
/* The lowest table of @addr, which is there and empty, goes. */
void mm_drop_table(struct mm *mm, uint64_t addr);
/* One table, which no entry points to yet or any more. */
pfn_t mm_alloc_table(struct mm *mm, enum pt_level level);
void mm_free_table(struct mm *mm, pfn_t table, enum pt_level level);
/* What points to a table. */
static inline pte_t pt_table_entry(pfn_t table)
{
	return pte_make(table, PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED);
}
/* A table goes, or comes to another place: what was remembered of the last walks is no longer so. */
static inline void mm_forget_walks(struct mm *mm)
{
	mm->table_at = mm->leaf_at = UINT64_MAX;
}

/*
 * @fn is called for each entry that is not empty; a table that becomes empty stays. @huge is called for an entry that maps
 * a huge page, of which the walk goes from @addr to @end; where it splits it, it returns WALK_INSIDE, and @fn gets
 * the small entries. Another non-zero answer ends the walk.
 */
#define WALK_INSIDE 1
typedef int (*pte_fn)(void *ctx, pte_t *pte, uint64_t addr);
typedef int (*huge_fn)(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end);
int mm_for_each_pte(struct mm *mm, uint64_t start, uint64_t end, pte_fn fn, huge_fn huge, void *ctx);

/* ---- zap.c ---------------------------------------------------------------- */

/* Take away what [@start, @end) maps; the tables stay (Linux: zap_page_range). */
void vma_zap(struct vma *vma, uint64_t start, uint64_t end);
/* The tables of small entries that lie wholly in [@start, @end), which maps nothing any more, are freed. */
void mm_free_empty_tables(struct mm *mm, uint64_t start, uint64_t end);
/* Entries between two addresses change place. -ENOMEM: not all of them did; *@moved says how many bytes. */
int mm_move_tables(struct mm *mm, uint64_t old, uint64_t new, uint64_t len, uint64_t *moved);

/* ---- unmapped.c ----------------------------------------------------------- */

/* Where a mapping of @len bytes, from page @pgoff of @file on, goes; a negative errno (Linux: get_unmapped_area). */
int64_t mm_get_unmapped(struct mm *mm, const struct vm_file *file, uint64_t addr, uint64_t len, uint64_t pgoff,
			int flags);

/* ---- process.c, fork.c ------------------------------------------------------ */

/* An address space without mappings, with its top table. NULL: no memory. */
struct mm *mm_create(struct vm *vm, bool privileged);
/* All of its mappings and tables go; the struct stays, for its counters. */
void mm_teardown(struct mm *mm);
/* @child's mappings and entries become those of @parent (Linux: dup_mmap). -ENOMEM: then it is to be torn down. */
int mm_fork(struct mm *child, struct mm *parent);

/* ---- munmap.c, mmap.c, mlock.c, fault.c ---------------------------------------- */

/* [@start, @start + @len), checked, or not: -EINVAL. */
int mm_munmap(struct mm *mm, uint64_t start, uint64_t len);
/* Fault in what of [@start, @end) can be. */
void mm_populate(struct process *process, uint64_t start, uint64_t end);
/* Fault in @addr, which has a mapping that allows it; as get_user_pages() does. 0, -ENOMEM, -EFAULT. */
int vm_fault_in(struct process *process, struct vma *vma, uint64_t addr, bool write);
/* Bits of a new entry of @vma (Linux: vm_get_page_prot). */
uint64_t vma_pte_bits(const struct vma *vma);
/* A write to what is mapped read-only, though the mapping allows it. *@kind: what it was. -ENOMEM. */
int vm_do_wp_page(struct vma *vma, uint64_t addr, pte_t *pte, enum vm_fault *kind);
/* A fault on a file or on shared memory. *@kind: what it was. -ENOMEM, -EFAULT (beyond the end). */
int vm_file_fault(struct vma *vma, uint64_t addr, bool write, enum vm_fault *kind);
/* Grow a stack down to @addr (Linux: expand_downwards). -ENOMEM, -EPERM. */
int vma_expand_down(struct vma *vma, uint64_t addr);

#endif
