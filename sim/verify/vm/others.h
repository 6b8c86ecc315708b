/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a real machine has pages of others, too, of which the first look tells the number alone: by generation, or by list.
 * As many lie in the simulated one, in the same generations or on the same lists, as pages of files that nobody maps and nobody
 * uses: in a quiet guest most of them are files of its root, which is shared memory. Reclaim takes them as it takes all others.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_VM_OTHERS_H
#define KMEMSIM_SIM_VERIFY_VM_OTHERS_H

#include "sim/verify/vm/stage.h"

/*
 * The simulated machine, which has no page yet and of which the director will have @own, gets those that @first has more:
 * in frames that @snapshot (NULL: there is none) has in use. Nothing is done where @first does not tell of generations, or
 * there are lists and no snapshot. -ENOMEM.
 */
int others_load(struct stage *stage, const struct snapshot *snapshot, const struct looks *looks, const struct look *first,
		uint64_t own, struct kerror *err);
/* Behind the look of operation @op: what the kernel takes until the next one, which tells of it, is in use from now on. */
void others_grow(struct stage *stage, uint32_t op);

#endif
