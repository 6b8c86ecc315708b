/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: time goes by. Touches and calls take none; a scenario's sleep does. What the kernel does by
 * its timers is done in between, in the order in which its times come.
 *
 *	every 5 s	write-back of what has been dirty for 30 s (writeback.h)
 *	every 10 s	khugepaged, since the first process has something for it (huge/khugepaged.h)
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_CLOCK_H
#define KMEMSIM_SIM_VM_CLOCK_H

#include "sim/vm/vm.h"

/* @ns go by; vm->now_ns says how many have in all. */
void vm_advance(struct vm *vm, uint64_t ns);

#endif
