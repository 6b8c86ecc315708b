/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the page allocator of a guest that took no snapshot, as /proc/zoneinfo of the first look shows it: zones, watermarks,
 * reserves, how much is free. Which frames these are it does not say.
 *
 *	start_pfn                                                              start_pfn + spanned
 *	| never  | in use for the kernel | in use, on lists of reclaim | per-CPU list | free, in large blocks |
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_ZONEINFO_H
#define KMEMSIM_SIM_VERIFY_VM_ZONEINFO_H

#include "sim/machine/machine.h"
#include "sim/verify/capture/snapshot.h"
#include "sim/verify/vm/look.h"

/*
 * *@out is snapshot_free()'s; NULL: @first has no zoneinfo, or it is of more than one node or CPU, or of more than
 * @most bytes. -ENOMEM, -EINVAL: it contradicts itself.
 */
int zoneinfo_snapshot(struct snapshot **out, const struct looks *looks, const struct look *first, enum buddy_kernel kernel,
		      uint64_t most, struct kerror *err);

/* @nr frames that @snapshot has in use for the kernel are free again: as many as @buddy gave out for what was in use for real. */
void zoneinfo_release(struct buddy *buddy, const struct snapshot *snapshot, uint64_t nr);

#endif
