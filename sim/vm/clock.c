/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: time goes by; see clock.h. */
#include "sim/vm/clock.h"

#include "sim/vm/huge/khugepaged.h"
#include "sim/vm/writeback.h"

/* The first multiple of @period after @now. */
static uint64_t next_time(uint64_t now, uint64_t period)
{
	return (now / period + 1) * period;
}

void vm_advance(struct vm *vm, uint64_t ns)
{
	uint64_t end = vm->now_ns + ns, writeback, huge, next;

	for (;;) {
		writeback = next_time(vm->now_ns, DIRTY_WRITEBACK_NS);
		huge = khugepaged_next(vm);
		next = huge < writeback ? huge : writeback;
		if (next > end)
			break;
		vm->now_ns = next;
		if (next == writeback)
			vm_writeback_old(vm);
		if (next == huge)
			khugepaged_wake(vm);
	}
	vm->now_ns = end;
}
