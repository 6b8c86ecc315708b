/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: from which node a process's frames come: its own policy (set_mempolicy), or that of a mapping (mbind).
 *
 *	default, local   the node of the CPU that asks, then the others by distance
 *	preferred        the first of the nodes, then the others by distance from it
 *	preferred-many   those nodes; all, where they have none (5.15)
 *	bind             those nodes, and no other
 *	interleave       node after node: in a mapping by page number, else by turns
 *
 * Follows mm/mempolicy.c. Differs from Linux: shared memory keeps no policy of its own, a file's pages follow
 * the process that brings them in; a process killed for memory is not chosen by the nodes it may use.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_MEMPOLICY_H
#define KMEMSIM_SIM_VM_MEMPOLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "pagemap/pfn.h"

struct process;
struct vm;
struct vma;

/* As Linux numbers them (MPOL_*). */
enum mempolicy_mode {
	MEMPOLICY_DEFAULT, MEMPOLICY_PREFERRED, MEMPOLICY_BIND, MEMPOLICY_INTERLEAVE, MEMPOLICY_LOCAL,
	MEMPOLICY_PREFERRED_MANY, NR_MEMPOLICIES
};

/* All zero: none of its own. */
struct mempolicy {
	uint32_t mode;
	uint32_t nodes;			/* a bit each; 0 for default and local */
};

static inline bool mempolicy_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	return a->mode == b->mode && a->nodes == b->nodes;
}

/* How the page allocator is to be asked. */
struct frame_place {
	int nid;			/* or NUMA_NO_NODE: the CPU's */
	uint32_t nodes;			/* that may serve; 0: all */
	bool many;			/* first these nodes, then all */
	bool interleave;		/* a hit is counted */
	const struct vma *vma;		/* for the page at @addr of it; NULL: for something else */
	uint64_t addr;
};

/* For a page of @vma at @addr that @process touches; @vma NULL: for something else (a table, a file's page). */
struct frame_place mempolicy_place(struct process *process, const struct vma *vma, uint64_t addr);

/* set_mempolicy(): -EINVAL (nodes that the mode does not take, or lacks, or that do not exist). */
int64_t vm_set_mempolicy(struct process *process, enum mempolicy_mode mode, uint64_t nodes);
/*
 * mbind(); @move: pages that lie elsewhere move there, those of this process alone (MPOL_MF_MOVE). -EINVAL as above, and an
 * address inside of a page; -EFAULT: a hole in the range; -EIO: with @move, some could not be moved; -ENOMEM.
 */
int64_t vm_mbind(struct process *process, uint64_t addr, uint64_t len, enum mempolicy_mode mode, uint64_t nodes, bool move);

/* The node of frame @pfn. */
unsigned int vm_frame_node(const struct vm *vm, pfn_t pfn);

#endif
