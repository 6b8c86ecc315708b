/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: mappings are made, split, merged and taken away here, and nowhere else.
 *
 * Which neighbours merge follows vma_merge_new_range() and vma_merge_existing_range()
 * of 6.12's mm/vma.c, and vma_merge() of 6.1's mm/mmap.c, which gives the same mappings.
 *
 * Errors: -ENOMEM, also where a process has too many mappings. Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_VMA_H
#define KMEMSIM_SIM_VM_VMA_H

#include "sim/vm/mm.h"

/* What a new range would be. */
struct vma_range {
	uint64_t start, end, pgoff;
	uint32_t flags;
	struct vm_file *file;		/* a reference is taken where a mapping comes of it */
	struct anon_vma *anon_vma;
	const struct vma *source;	/* that it is of, or a copy of; NULL: a new one */
	struct mempolicy policy;
};

/*
 * Cover [start, end), which holds no mapping, by a neighbour or both of them. NULL where none
 * fits. @not (may be NULL) is a neighbour that must be left alone. @expand_only: the lower one, or none.
 */
struct vma *vma_merge_new(struct mm *mm, const struct vma_range *range, const struct vma *not, bool expand_only);
/* A mapping of its own there. NULL: no memory. */
struct vma *vma_insert(struct mm *mm, const struct vma_range *range);

/*
 * Give [@start, @end), which lies in @vma, @flags: joined to neighbours that are alike then, or split
 * off. *@out is the mapping that holds the range, with its flags still those of before where it is
 * @vma or was split from it. Follows vma_modify().
 */
int vma_modify(struct vma *vma, uint64_t start, uint64_t end, uint32_t flags, struct vma **out);
/* The same for another policy, which *@out has then. */
int vma_modify_policy(struct vma *vma, uint64_t start, uint64_t end, const struct mempolicy *policy, struct vma **out);

/*
 * Two mappings that meet at @addr, which lies inside of @vma. @below: the new one is the lower half.
 * *@out (may be NULL) is the new one. split_vma() refuses where the process has too many, as Linux does.
 */
int vma_split(struct vma *vma, uint64_t addr, bool below, struct vma **out);
int vma_split_checked(struct vma *vma, uint64_t addr, bool below);

/* A copy of @vma for [@start, @end) of @mm, with its anon_vmas; in @mm's list. NULL: no memory. */
struct vma *vma_copy(struct mm *mm, const struct vma *vma, uint64_t start, uint64_t end, uint64_t pgoff,
		     bool clone_anon);

/* Take @vma out of its list and free it; its pages are gone already. */
void vma_remove(struct vma *vma);
/* Free @vma, which is in no list. */
void vma_free(struct vma *vma);

#endif
