/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: anon_vmas: how a private page finds the mappings it may be mapped in.
 *
 * A mapping gets one at its first private page. A fork gives the child's mapping
 * all of its parent's, and one of its own for what it will write:
 *
 *	parent  vma -> [A]            page 1 (A): in parent or child
 *	child   vma -> [B, A]         page 2 (B): in the child only
 *
 * They decide more than reverse mapping: neighbours merge only where theirs are
 * equal, or one has none and the other was never forked; and a fork copies no page
 * tables for a mapping that has none.
 *
 * Follows mm/rmap.c: __anon_vma_prepare(), anon_vma_clone(), anon_vma_fork(),
 * unlink_anon_vmas(). Differs: the mappings of one are in an array, not in an
 * interval tree, for a walk looks at each.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_ANON_VMA_H
#define KMEMSIM_SIM_VM_ANON_VMA_H

#include "sim/vm/mm.h"

struct anon_vma {
	uint32_t id;			/* what struct page keeps; from 1 */
	uint32_t nr_vmas, max_vmas;
	struct vma **vmas;		/* owned; those that have it in their chain */
	struct anon_vma *parent;	/* itself: the first one */
	uint32_t num_children;		/* that have it as parent; the first one counts itself */
	uint32_t num_active_vmas;	/* that have it as their own */
};

/* All of a machine's, by number. Ends up empty where every process has ended. */
struct anon_vma_table {
	struct anon_vma **slots;	/* [0] unused */
	uint32_t nr, max;		/* slots in use or free, slots */
	uint32_t *free;			/* numbers that can be used again */
	uint32_t nr_free;
};

void anon_vma_table_exit(struct anon_vma_table *table);
struct anon_vma *anon_vma_get(const struct anon_vma_table *table, uint32_t id);

/* Make sure that @vma has one. -ENOMEM. */
int anon_vma_prepare(struct vma *vma);
/* @dst, whose chain is empty, gets all of @src's. -ENOMEM. */
int anon_vma_clone(struct vma *dst, const struct vma *src);
/* The same for a child's mapping, which gets one of its own, too. -ENOMEM. */
int anon_vma_fork(struct vma *dst, const struct vma *src);
void anon_vma_unlink(struct vma *vma);

/*
 * Whether a range with @anon joins @vma: both have the same one, or one has none and the other was never
 * forked. @source is the mapping that the range is of, or a copy of; NULL: it is new. (Linux: is_mergeable_anon_vma)
 */
bool anon_vma_mergeable(const struct anon_vma *anon, const struct vma *source, const struct vma *vma);

#endif
