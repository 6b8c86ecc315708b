/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: processes: made, forked, turned into another program, ended.
 *
 * A fresh process has the layout of a small static program without address
 * randomisation: text, data and bss low, the stack at the top with its first
 * 132 KiB, nothing touched. What a loader would touch is not: so a scenario's
 * counts are those of its own lines.
 *
 *	0x400000 text  0x404000 data+bss   0x407000 brk->  ...  <-0x7ffff7fff000 mmap   stack 0x7ffffffff000
 *
 * Follows kernel/fork.c: dup_mmap(), copy_page_range() and vma_needs_copy() of mm/memory.c, exit_mmap().
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_PROCESS_H
#define KMEMSIM_SIM_VM_PROCESS_H

#include "sim/vm/vm.h"

enum process_end { PROCESS_RUNS, PROCESS_EXITED, PROCESS_KILLED };

struct process {
	struct vm *vm;
	struct mm *mm;			/* NULL: has ended */
	struct process *parent;		/* NULL: the machine's own */
	int32_t pid;
	char comm[16];
	unsigned int cpu;
	uint64_t cpus_used[MAX_CPUS / 64];	/* a bit each that it touched memory on (mm_cpumask) */
	struct mempolicy policy;	/* of set_mempolicy() */
	uint8_t il_prev;		/* the node that interleaving took last */
	int32_t oom_score_adj;		/* -1000 (never) to 1000 */
	uint32_t rss_events;		/* faults since its pages were summed up: rss.h */
	int32_t rss_apart[NR_RSS];	/* pages of its faults since then */
	bool oom_marked;		/* the OOM killer chose it; it ends where its call or fault does */
	bool vforked;			/* uses its parent's memory until it ends or runs another program */
	enum process_end end;
	int signal;			/* PROCESS_KILLED: SIGSEGV, SIGBUS, SIGKILL */
	uint64_t signal_addr;		/* of SIGSEGV and SIGBUS */
	int signal_code;		/* SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR */
	uint64_t min_flt, maj_flt;
	uint64_t faults[NR_VM_FAULTS];
	uint64_t accesses;		/* touches */
	struct mm *last_mm;		/* as it was when the process ended: counters alone; owned */
};

/* A process of user root or another on @cpu. *@out is the machine's. -EINVAL (no such CPU), -ENOMEM. */
int vm_process_create(struct vm *vm, const char *comm, unsigned int cpu, bool root, struct process **out,
		      struct kerror *err);
/* The same without a mapping: whoever calls puts them there. */
int vm_process_create_bare(struct vm *vm, const char *comm, unsigned int cpu, bool root, struct process **out,
			   struct kerror *err);
/* A copy of @parent, or with @vfork one that borrows its memory. -ENOMEM (no memory, or it may not commit so much). */
int vm_fork(struct process *parent, const char *comm, bool vfork, struct process **out);
/* Another program in the same process: a fresh address space, its limits are kept. -ENOMEM. */
int vm_exec(struct process *process, const char *comm);
/* It gives everything back. Its counts can still be read. */
void vm_exit(struct process *process);
void vm_kill(struct process *process, int signal);

#endif
