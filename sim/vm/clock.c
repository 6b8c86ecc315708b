/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: time goes by; see clock.h. */
#include "sim/vm/clock.h"

#include "sim/vm/writeback.h"

/* The first multiple of @period after @now. */
static uint64_t next_time(uint64_t now, uint64_t period)
{
	return (now / period + 1) * period;
}

void vm_advance(struct vm *vm, uint64_t ns)
{
	uint64_t end = vm->now_ns + ns, next;

	for (;;) {
		next = next_time(vm->now_ns, DIRTY_WRITEBACK_NS);
		if (next > end)
			break;
		vm->now_ns = next;
		vm_writeback_old(vm);
	}
	vm->now_ns = end;
}
