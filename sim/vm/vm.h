/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: virtual memory: processes that live on the simulated machine. This is
 * the folder's face, and its story.
 *
 * 1. What it is
 *
 * A process has an address space (mm.h): mappings, and page tables whose tables
 * are frames of the machine. It calls mmap() and its kin (calls.h) and touches
 * memory (fault.h). A touch that finds no translation is a fault, and a fault
 * takes frames from the page allocator. So two processes, their tables and
 * whatever else the machine holds compete for the same memory.
 *
 *	vm_touch() -> walk of the tables -> found: accessed and dirty bits are set
 *	                 |
 *	                 `-> vm_fault(): which mapping? is it allowed?
 *	                        |-- first touch: a zeroed frame, or the zero page for a read
 *	                        |-- shared since a fork: a copy, or the frame itself if alone
 *	                        |-- file: from the page cache, around it what is there, too
 *	                        `-- none: SIGSEGV, which ends the process
 *
 * 2. What can be held against a real kernel
 *
 * Counts of faults, mappings with their addresses, errnos, page tables (VmPTE), the
 * order, gfp and migratetype of each frame asked for. What a program reads and
 * writes is not kept: only page tables have content.
 *
 * 3. What differs from Linux
 *
 * One thread a process. A refault, a retry and a race never happen. References that
 * the kernel's per-CPU LRU batches hold are not counted: on one CPU they change no
 * decision, for do_wp_page() drains them before it looks.
 *
 * 4. Locking
 *
 * None: one thread drives a machine; CPUs are arguments. Two machines share nothing.
 */
#ifndef KMEMSIM_SIM_VM_VM_H
#define KMEMSIM_SIM_VM_VM_H

#include <signal.h>

#include "buddy/buddy.h"
#include "sim/util/table.h"
#include "sim/vm/anon_vma.h"
#include "sim/vm/mm.h"
#include "sim/vm/rules.h"

struct process;
struct vm_oom_kill;
struct lru;
struct swap;
struct vm_caches;
struct study;
struct mm;

/* What swap is on: no seeks, or seeks; or memory itself, which is read without a wait. */
enum vm_swap_type { VM_SWAP_SSD, VM_SWAP_DISK, VM_SWAP_ZRAM };

enum vm_overcommit { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };

/* Who gets huge pages: nobody, mappings with MADV_HUGEPAGE, all but those with MADV_NOHUGEPAGE. */
enum vm_thp { VM_THP_NEVER, VM_THP_MADVISE, VM_THP_ALWAYS };

/* Who waits for the page allocator to make room for a huge page, and who wakes kswapd for it: /sys/.../defrag. */
enum vm_thp_defrag { VM_DEFRAG_MADVISE, VM_DEFRAG_ALWAYS, VM_DEFRAG_DEFER, VM_DEFRAG_DEFER_MADVISE, VM_DEFRAG_NEVER };

/* How pages are put in order for reclaim: sim/vm/lru/lru.h, sim/vm/lru/mglru.h. */
enum vm_lru { VM_LRU_DEFAULT /* the kernel's */, VM_LRU_LISTS, VM_LRU_GENERATIONS };

/* Orders 2 to 8, a bit each: in whose mappings a first write takes so many pages at once (6.12's hugepages-*kB/enabled). */
struct vm_mthp_orders {
	uint32_t always, madvise;
	uint32_t inherit;		/* as thp= says */
};

struct vm_config {
	enum vm_kernel kernel;		/* whose rules; of 6.1 and 6.12 the page allocator's */
	enum vm_overcommit overcommit;
	unsigned int overcommit_ratio;	/* %, for OVERCOMMIT_NEVER; kernel default 50 */
	uint64_t fault_around_bytes;	/* a power of two, at least a page; kernel default 64 KiB */
	enum vm_thp thp;
	enum vm_thp_defrag thp_defrag;
	struct vm_mthp_orders mthp;
	uint64_t ra_bytes;		/* read-ahead window; kernel default 128 KiB */
	uint64_t io_bytes;		/* what the disk takes in one request: a larger read() reads so much ahead; 1280 KiB */
	enum vm_lru lru;
	uint64_t swap_bytes;		/* 0: no swap; the first page is its header */
	enum vm_swap_type swap_type;
	unsigned int page_cluster;	/* 2^this pages are read from swap together at most; kernel default 3 */
	unsigned int swappiness;	/* 0 to 200; kernel default 60 */
	bool numa_balancing;		/* numa_scan.h */
};

/* Machine-wide, by their names in /proc/vmstat. X(name, what it counts) */
#define VM_COUNTERS(X) \
	X(pgfault, "page faults") \
	X(pgmajfault, "page faults that had to wait for a disk") \
	X(pgreuse, "pages written to in place, because nobody else used them") \
	X(pgactivate, "pages moved to an active list") \
	X(pgdeactivate, "pages moved from an active list to an inactive one") \
	X(pgrotated, "pages that were clean when they had been written, and so go next") \
	X(pglazyfree, "private pages that may go without a trace (MADV_FREE)") \
	X(pglazyfreed, "of those that did go") \
	X(unevictable_pgs_culled, "pages that left the lists because they are locked") \
	X(unevictable_pgs_rescued, "pages that came back to a list, unlocked") \
	X(unevictable_pgs_mlocked, "pages that were locked") \
	X(unevictable_pgs_munlocked, "pages that were unlocked") \
	X(numa_pte_updates, "entries made to fault by NUMA balancing") \
	X(numa_hint_faults, "faults that came of it") \
	X(numa_hint_faults_local, "those on pages of the CPU's own node") \
	X(numa_pages_migrated, "pages that such a fault moved to the CPU's node") \
	X(numa_interleave, "frames that came from the node whose turn it was") \
	X(pgmigrate_success, "pages that moved to another frame") \
	X(pswpin, "pages read from swap") \
	X(pswpout, "pages written to swap") \
	X(swpin_zero, "pages of zeros that need not be read from swap") \
	X(swpout_zero, "pages of zeros that were not written to swap") \
	X(swap_ra, "pages read from swap ahead of need") \
	X(swap_ra_hit, "those that were needed") \
	X(thp_fault_alloc, "huge pages taken at a fault") \
	X(thp_fault_fallback, "faults that wanted a huge page and got small ones") \
	X(thp_zero_page_alloc, "times that the huge page of zeros was made") \
	X(thp_zero_page_alloc_failed, "times that there was no memory for it") \
	X(thp_collapse_alloc, "huge pages taken to replace small ones") \
	X(thp_collapse_alloc_failed, "times that there was no memory for that") \
	X(thp_split_page, "huge pages that became 512 small ones") \
	X(thp_split_pmd, "huge mappings that became 512 small ones") \
	X(thp_swpout, "huge pages written to swap as a whole") \
	X(thp_swpout_fallback, "huge pages split because there was no room for them as a whole on swap") \
	X(thp_deferred_split_page, "huge pages that wait for a split, for a part is not mapped any more") \
	X(thp_scan_exceed_none_pte, "times that khugepaged found too much empty") \
	X(thp_scan_exceed_swap_pte, "times that it found too much on swap") \
	X(thp_scan_exceed_share_pte, "times that it found too much shared with others") \
	X(pageoutrun, "times kswapd went to work") \
	X(pgscan_kswapd, "pages that kswapd looked at") \
	X(pgscan_direct, "pages that processes looked at for their own requests") \
	X(pgscan_anon, "of both, private pages and shared memory") \
	X(pgscan_file, "of both, pages of files") \
	X(pgsteal_kswapd, "pages that kswapd gave up") \
	X(pgsteal_direct, "pages that processes gave up for their own requests") \
	X(pgsteal_anon, "of both, private pages and shared memory") \
	X(pgsteal_file, "of both, pages of files") \
	X(pgrefill, "active pages looked at") \
	X(nr_vmscan_write, "pages that reclaim wrote") \
	X(slabs_scanned, "objects of caches, and huge pages with unused parts, that reclaim looked at") \
	X(workingset_refault_anon, "private pages that came back") \
	X(workingset_refault_file, "pages of files that came back") \
	X(workingset_activate_anon, "of them active at once") \
	X(workingset_activate_file, "of them active at once") \
	X(workingset_restore_anon, "of those active before they were given up") \
	X(workingset_restore_file, "of those active before they were given up") \
	X(oom_kill, "processes killed because no memory was left")

enum vm_counter {
#define VM_COUNTER_ENUM(name, text) VM_CNT_##name,
	VM_COUNTERS(VM_COUNTER_ENUM)
#undef VM_COUNTER_ENUM
	NR_VM_COUNTERS
};

/* Of each size of huge pages, by their names in hugepages-*kB/stats. X(name, what it counts) */
#define VM_MTHP_STATS(X) \
	X(anon_fault_alloc, "blocks taken at a fault") \
	X(anon_fault_fallback, "times that there was no block of this size") \
	X(split, "blocks that became small pages") \
	X(split_deferred, "blocks that wait for it, for a part is not mapped any more") \
	X(nr_anon, "blocks that there are")

enum vm_mthp_stat {
#define VM_MTHP_ENUM(name, text) VM_MTHP_##name,
	VM_MTHP_STATS(VM_MTHP_ENUM)
#undef VM_MTHP_ENUM
	NR_VM_MTHP_STATS
};

#define VM_MTHP_MIN_ORDER	2
#define VM_MTHP_MAX_ORDER	9	/* the huge page that one entry of a PMD table maps */

/* Huge pages of which a part is not mapped any more, in the order in which that came: pfns of their heads. */
struct huge_queue {
	uint32_t first, last;		/* PFN_NONE_VAL: there is none */
	uint32_t nr;
};

/* Who stands between processes and the page allocator, frame by frame: a verifier. */
struct vm_frames_ops {
	/*
	 * 2^@order frames are about to be asked for, for the page at @addr of @vma; @vma NULL: for a table, or a page of a
	 * file. Returns the frame to be taken without asking, or PFN_NONE.
	 */
	pfn_t (*ask)(void *ctx, gfp_t gfp, unsigned int order, const struct vma *vma, uint64_t addr);
	/* The page allocator gave @pfn, or PFN_NONE. */
	void (*got)(void *ctx, pfn_t pfn, unsigned int order);
	/* @pfn is given back. True: not to the page allocator, that is somebody else's matter. */
	bool (*freed)(void *ctx, pfn_t pfn, unsigned int order);
};

struct vm {
	struct buddy *buddy;		/* the machine's */
	struct pagemap *map;
	const struct vm_rules *rules;
	struct vm_config cfg;
	struct process **processes;	/* owned; in order of their pids; ended ones stay until reaped */
	uint32_t nr_processes, max_processes;
	int32_t next_pid;
	struct process *current;	/* on whose behalf frames are asked for; NULL none */
	bool fault_by_kernel;		/* the fault that is handled: no access, but mlock() and its kin */
	bool fault_tried;		/* it started over, and so is a major one */
	int32_t caller_pid;		/* whom the page allocator was told of last */
	struct anon_vma_table anon_vmas;
	struct lru *lru;		/* owned; which pages go next */
	struct vm_caches *caches;	/* owned; whose objects may be freed: reclaim/cache.h; NULL: there are none */
	struct swap *swap;		/* owned; where private pages go; NULL: nowhere */
	struct turns *turns;		/* owned; kswapd and processes take turns (reclaim/turns.h); NULL: it runs at once */
	struct study *study;		/* owned; says which private page leaves; NULL: the kernel does */
	uint64_t next_mm;		/* number of the next address space */
	struct vm_file **files;		/* owned; by number, [0] unused */
	uint32_t nr_files, max_files;
	struct huge_queue huge_queue;
	uint64_t mthp[VM_MTHP_MAX_ORDER + 1][NR_VM_MTHP_STATS];	/* by order */
	struct khugepaged *khugepaged;	/* owned; NULL: nobody registered yet */
	pfn_t huge_zero;		/* the huge page of zeros; PFN_NONE: nobody needed it yet */
	uint32_t huge_zero_users;	/* address spaces that do */
	uint64_t totalram;		/* pages that the machine manages */
	uint64_t swap_pages;		/* of all swap devices */
	uint64_t admin_reserve;		/* pages that OVERCOMMIT_NEVER keeps for root */
	uint64_t user_reserve;		/* pages that it keeps from each process, at most a 32nd of what it has mapped */
	int64_t committed;		/* pages: Committed_AS */
	int64_t *committed_apart;	/* owned; of them what each CPU keeps apart: account.c */
	int64_t committed_elsewhere;	/* pages more, of what is not simulated */
	uint64_t counters[NR_VM_COUNTERS];
	struct vm_oom_kill *oom_log;	/* owned */
	uint32_t nr_oom_log;
	bool deadlocked;		/* memory was needed and nobody may be killed for it: Linux panics */
	/*
	 * Translations of @mm from @start on must be forgotten: entries changed behind its back. Where a page was copied on write
	 * the CPU that writes has forgotten its own. May be NULL.
	 */
	void (*flush)(void *ctx, struct mm *mm, uint64_t start, uint64_t bytes, enum vm_flush why);
	void *flush_ctx;
	const struct vm_frames_ops *frames_ops;	/* NULL: nobody */
	void *frames_ctx;
	const volatile sig_atomic_t *stop;	/* not 0: a call on a file that takes long ends with -EINTR; NULL: never */
	struct table numa_last_use;	/* by pfn: numa_scan.c's */
	uint64_t now_ns;		/* simulated time; see clock.h */
	uint64_t dirtied;		/* pages of files that were written to */
	uint64_t disk_reads;		/* pages of files that came from their disk */
	bool flusher_woken;		/* reclaim met nothing but dirty pages */
};

/* The kernel's defaults: guess, 50 %, 64 KiB, 128 KiB; but no huge pages. */
void vm_config_default(struct vm_config *cfg);

/*
 * Virtual memory over @buddy, which outlives it. *@out is the
 * caller's until vm_destroy(), which ends every process. Errors: -EINVAL (a window that
 * is no power of two), -ENOMEM.
 */
int vm_create(struct vm **out, struct buddy *buddy, const struct vm_config *cfg, struct kerror *err);
void vm_destroy(struct vm *vm);

/* Committed memory may reach so many pages under OVERCOMMIT_NEVER (Linux: vm_commit_limit). */
uint64_t vm_commit_limit(const struct vm *vm);
/* Pages of both reserves; the kernel's 8 MiB and 128 MiB are the most (Linux: init_admin_reserve, init_user_reserve). */
void vm_set_reserves(struct vm *vm, uint64_t admin, uint64_t user);

/*
 * Recount everything, read-only: each frame's map count is the number of page-table entries that point
 * to it, each frame of a process is reached from one, mappings are in order, RSS and tables add up.
 * Calls @fn (may be NULL) with a sentence for each violation and returns their number.
 */
typedef void (*vm_violation_fn)(void *ctx, const char *text);
unsigned int vm_validate(const struct vm *vm, vm_violation_fn fn, void *ctx);

#endif
