/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: one address space (struct mm) and its mappings (struct vma).
 *
 *	addresses  0x10000                                        TASK_SIZE
 *	           |  text data heap-> ...     <-mmap_base  stack |
 *	vmas[]        [0] [1]  [2]      [3][4]    [5]       [6]		sorted, no overlap
 *
 * A mapping's pages are numbered: pgoff is the number of its first one, in its
 * file, or for private anonymous memory its address in pages when it was made.
 * Two neighbours merge where everything is equal and their numbers go on.
 *
 * Differs from Linux: the mappings are in a sorted array instead of a maple tree.
 * A process may have 65,530 of them, then an insertion moves 512 KiB; typical ones
 * have some hundred.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SIM_VM_MM_H
#define KMEMSIM_SIM_VM_MM_H

#include "pagemap/pgtable.h"
#include "sim/vm/mempolicy.h"

struct vm;
struct vm_file;
struct anon_vma;

/* As Linux numbers them (include/linux/mm.h). */
#define VM_READ		0x00000001u
#define VM_WRITE	0x00000002u
#define VM_EXEC		0x00000004u
#define VM_SHARED	0x00000008u
#define VM_MAYREAD	0x00000010u
#define VM_MAYWRITE	0x00000020u
#define VM_MAYEXEC	0x00000040u
#define VM_MAYSHARE	0x00000080u
#define VM_GROWSDOWN	0x00000100u
#define VM_PFNMAP	0x00000400u	/* frames that nobody counts: [vvar] */
#define VM_LOCKED	0x00002000u
#define VM_IO		0x00004000u
#define VM_SEQ_READ	0x00008000u
#define VM_RAND_READ	0x00010000u
#define VM_DONTCOPY	0x00020000u
#define VM_DONTEXPAND	0x00040000u
#define VM_LOCKONFAULT	0x00080000u
#define VM_ACCOUNT	0x00100000u
#define VM_NORESERVE	0x00200000u
#define VM_WIPEONFORK	0x02000000u
#define VM_DONTDUMP	0x04000000u
#define VM_HUGEPAGE	0x20000000u
#define VM_NOHUGEPAGE	0x40000000u

#define VM_ACCESS_FLAGS	(VM_READ | VM_WRITE | VM_EXEC)
#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)
/* Mappings with one of these never merge (Linux: VM_SPECIAL). */
#define VM_SPECIAL_FLAGS (VM_IO | VM_DONTEXPAND | VM_PFNMAP)
#define VM_MAY_FLAGS	(VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)
/* What malloc's memory has; Linux: VM_DATA_DEFAULT_FLAGS. */
#define VM_DATA_FLAGS	(VM_READ | VM_WRITE | VM_MAY_FLAGS)

#define VM_TASK_SIZE	0x7ffffffff000ULL
#define VM_MIN_ADDR	0x10000ULL	/* mmap_min_addr */
#define VM_STACK_GAP	(256ULL << PAGE_SHIFT)	/* stack_guard_gap */
#define VM_MAX_MAPS	65530u		/* max_map_count */

#define VM_PAGE_ALIGN(x)	(((x) + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1))

/*
 * Why TLBs forget entries. X(name, what is done): first what processes ask for, by calls; then what is done behind their backs.
 */
#define VM_FLUSHES(X) \
	X(unmap,   "unmapped, moved") \
	X(protect, "other rights") \
	X(advise,  "advice") \
	X(fork,    "forked") \
	X(copy,    "copied on write") \
	X(reclaim, "given up") \
	X(migrate, "moved to another frame") \
	X(huge,    "made huge, or split")

enum vm_flush {
#define VM_FLUSH_ENUM(name, text) VM_FLUSH_##name,
	VM_FLUSHES(VM_FLUSH_ENUM)
#undef VM_FLUSH_ENUM
	NR_VM_FLUSHES
};

/* What a fault is counted in. */
enum vm_fault_class { VM_NO_COUNT, VM_MINOR, VM_MAJOR };

/* What happened at a fault. X(name, what it is, its class) */
#define VM_FAULTS(X) \
	X(anon,     "first touch", VM_MINOR) \
	X(zero,     "zero page mapped for a read", VM_MINOR) \
	X(cow,      "copied on write", VM_MINOR) \
	X(reuse,    "made writable, nobody else uses it", VM_MINOR) \
	X(cache,    "found in the page cache", VM_MINOR) \
	X(read,     "read from a file", VM_MAJOR) \
	X(swapin,   "read from swap", VM_MAJOR) \
	X(swapcache, "found in the swap cache", VM_MINOR) \
	X(huge,     "a huge page, or the huge page of zeros for a read", VM_MINOR) \
	X(numa,     "made to fault by NUMA balancing", VM_MINOR) \
	X(spurious, "nothing to do", VM_MINOR) \
	X(maperr,   "no mapping (SIGSEGV)", VM_NO_COUNT) \
	X(accerr,   "not allowed (SIGSEGV)", VM_NO_COUNT) \
	X(buserr,   "beyond the end of the file (SIGBUS)", VM_NO_COUNT) \
	X(oom,      "no memory", VM_NO_COUNT)

enum vm_fault {
#define VM_FAULT_ENUM(name, text, counted) VM_FAULT_##name,
	VM_FAULTS(VM_FAULT_ENUM)
#undef VM_FAULT_ENUM
	NR_VM_FAULTS
};

enum vm_rss { RSS_FILE, RSS_ANON, RSS_SWAP, RSS_SHMEM, NR_RSS };

/* Read-ahead from swap by addresses (Linux: swap_readahead_info). */
struct vma_swap_ra {
	uint64_t addr;			/* of the last fault on swap; 0: none yet */
	uint16_t win, hits;		/* pages: its window; of those read ahead that were needed since */
};

struct vma {
	uint64_t start, end;		/* bytes, whole pages */
	uint64_t pgoff;			/* pages */
	uint32_t flags;			/* VM_* */
	struct mempolicy policy;	/* of mbind(); none: the process's */
	struct mm *mm;
	struct vm_file *file;		/* one reference of its; NULL: private and anonymous */
	struct anon_vma *anon_vma;	/* of its own new pages; NULL: none was touched yet */
	struct anon_vma **chain;	/* owned: anon_vma, and those of the processes it was forked from */
	uint32_t nr_chain;
	struct vma_swap_ra swap_ra;
};

/* UINT64_MAX: no limit. */
struct vm_limits {
	uint64_t as, data, stack, memlock;	/* bytes */
};

struct mm {
	struct vm *vm;
	struct vma **vmas;		/* owned, sorted */
	uint32_t nr_vmas, max_vmas;
	uint32_t last;			/* index of the mapping that was found last */
	uint32_t users;			/* processes: two during a vfork */
	uint64_t number;		/* in the order in which they were made */
	uint64_t gen_ran;		/* bit of each node: it ran since sim/vm/lru/mglru_walk.c came by */
	pfn_t pgd;
	uint64_t table_at;		/* address >> 21 of the last PTE table that was walked to; UINT64_MAX: none */
	pte_t *table;
	uint64_t leaf_at;		/* the same of the last huge page, and the entry that maps it */
	pte_t *leaf;
	uint64_t tables[NR_PT_LEVELS];	/* frames that hold tables of each level; the PGD's are two */
	int64_t rss[NR_RSS];		/* pages; changed by rss.h alone */
	int32_t (*rss_apart)[NR_RSS];	/* owned; of them what each CPU keeps apart; NULL: none does */
	uint64_t total_vm, data_vm, exec_vm, stack_vm, locked_vm;	/* pages */
	uint64_t hiwater_rss;		/* pages: the most so far, as of the last time that it fell */
	uint64_t hiwater_vm;		/* the same of total_vm */
	uint64_t mmap_base;
	uint64_t start_brk, brk;
	uint64_t start_data, end_data;
	uint64_t numa_next_scan;	/* ns; 0: no time was set yet */
	uint64_t numa_scan_offset;	/* where the scan goes on */
	uint32_t numa_scan_seq;		/* passes that are over */
	uint32_t def_flags;		/* VM_LOCKED after mlockall */
	struct vm_limits limits;
	bool huge_zero;			/* uses the huge page of zeros */
	bool khugepaged;		/* is looked at by khugepaged */
	bool privileged;		/* as root: CAP_IPC_LOCK, CAP_SYS_ADMIN, CAP_SYS_RAWIO */
};

static inline uint64_t vma_pages(const struct vma *vma)
{
	return (vma->end - vma->start) >> PAGE_SHIFT;
}

static inline bool vma_is_anonymous(const struct vma *vma)
{
	return !vma->file;
}

/* The number of the page at @addr, which lies in @vma (Linux: linear_page_index). */
static inline uint64_t vma_page_index(const struct vma *vma, uint64_t addr)
{
	return ((addr - vma->start) >> PAGE_SHIFT) + vma->pgoff;
}

/* The lowest address that @vma needs for itself: a stack keeps a gap below (Linux: vm_start_gap). */
static inline uint64_t vma_start_gap(const struct vma *vma)
{
	if (!(vma->flags & VM_GROWSDOWN))
		return vma->start;
	return vma->start > VM_STACK_GAP ? vma->start - VM_STACK_GAP : 0;
}

/* VmPTE in bytes: all tables but the top one, as mm_pgtables_bytes() has it. */
static inline uint64_t mm_pgtables_bytes(const struct mm *mm)
{
	return (mm->tables[PT_PTE] + mm->tables[PT_PMD] + mm->tables[PT_PUD]) << PAGE_SHIFT;
}

static inline uint64_t mm_rss(const struct mm *mm)
{
	return (uint64_t)(mm->rss[RSS_FILE] + mm->rss[RSS_ANON] + mm->rss[RSS_SHMEM]);
}

/* Index of the first mapping that ends above @addr; nr_vmas where there is none. */
uint32_t mm_find(struct mm *mm, uint64_t addr);

/* That mapping, or NULL (Linux: find_vma). */
struct vma *mm_find_vma(struct mm *mm, uint64_t addr);
/* The mapping that holds @addr, or NULL (Linux: vma_lookup). */
struct vma *mm_lookup(struct mm *mm, uint64_t addr);
/* The first mapping that shares a byte with [@start, @end), or NULL. */
struct vma *mm_find_intersection(struct mm *mm, uint64_t start, uint64_t end);

#endif
