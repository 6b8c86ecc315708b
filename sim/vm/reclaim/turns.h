/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: kswapd and a process take turns on the one CPU that there is, as long as each of them has something to do.
 *
 *	            wakes kswapd                     a tick every 4 ms
 *	process  ------|         |-------|     |------|  below min: reclaims itself
 *	kswapd         |---------|       |-----|      |--- balanced: sleeps
 *
 * Work takes time: so many instructions of the table below, at the CPU's speed. A tick lets the other one run once a task had its
 * slice (row slice_us of rules.h); who is in the kernel gives way where cond_resched() would do so: before a page that reclaim
 * looks at, behind a table that a walk has gone through. A process gives way at the end of a fault, too, and there kswapd, woken
 * by it, begins at once. So kswapd has a stack of its own; pages that it has taken off the lists stay so while the process runs.
 *
 * Without turns (vm->turns is NULL) kswapd runs to its end right after the request that woke it.
 *
 * Follows check_preempt_tick() and check_preempt_wakeup() of kernel/sched/fair.c (6.12: update_deadline()) for two tasks of the
 * same weight. Differs from Linux: kswapd, once woken, always goes first; virtual run time is not kept.
 *
 * Locking: none; both stacks are one thread's.
 */
#ifndef KMEMSIM_SIM_VM_RECLAIM_TURNS_H
#define KMEMSIM_SIM_VM_RECLAIM_TURNS_H

#include "sim/vm/vm.h"

/*
 * What the kernel's work costs on this CPU, which only decides who runs; what faults take in reports is sim/metrics/costs.h's.
 * X(name, instructions in 6.1, since 6.12, of what). Measured in guests of 192 MiB with zram, under -icount, where time is
 * instructions, from sched_switch and lru_shrink_inactive; entry is reckoned, not measured.
 */
#define TURNS_COSTS(X) \
	X(keep, 1350, 1350, "a page that reclaim looked at, and that stays") \
	X(steal, 9800, 11750, "a page given up to zram: full of one byte, unmapped, freed") \
	X(minor, 7000, 7450, "a fault that takes a page and clears it") \
	X(major, 6740, 9170, "a fault that brings a page back from zram") \
	X(entry, 30, 30, "an entry of a table that a walk of generations looks at")

enum turns_cost {
#define TURNS_ENUM(name, in_6_1, in_6_12, text) TURNS_##name,
	TURNS_COSTS(TURNS_ENUM)
#undef TURNS_ENUM
	NR_TURNS_COSTS
};

/* Instructions of the kernel. */
unsigned int turns_cost(enum vm_kernel kernel, enum turns_cost what);

/* How fast the CPU is: picoseconds for an instruction of the kernel, for an access of a program. */
struct turns_speed {
	uint64_t kernel_ps, access_ps;
};

/* From now on kswapd takes turns. -ENOMEM. */
int turns_create(struct vm *vm, const struct turns_speed *speed);
void turns_destroy(struct vm *vm);

/* Who runs has done @what; who runs lets another one run if that one is due. Nothing where there are no turns. */
void turns_spend(struct vm *vm, enum turns_cost what);
void turns_resched(struct vm *vm);
/* A fault of @process, major or not, is over: its accesses before it have taken time, too. */
void turns_fault(struct process *process, bool major);
/* The process has nothing to do for a while: kswapd, where it was woken, runs until it sleeps. */
void turns_finish(struct vm *vm);

#endif
