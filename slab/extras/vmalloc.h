/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: memory that is contiguous to its user and made of single frames, for
 * requests too large to hope for one block. Follows Linux 6.1's mm/vmalloc.c
 * and kvmalloc_node() of mm/util.c.
 *
 *   address space of its own, twice as large as the machine's memory
 *   |-- area --|guard|---- area ----|guard|   free   |-- area --|guard| ...
 *    each page of an area stands for one frame of buddy's, anywhere
 *
 * An area takes the lowest place that has room; behind it one page is never
 * mapped, so an overrun faults.
 *
 * Differs from Linux: the frames are taken from buddy and belong to the area,
 * but the bytes lie in the area's own pages: frames are private memory of the
 * host process and cannot be seen at two addresses. What a request costs the
 * page allocator is the same; a look into the frame shows nothing. Areas are
 * kept in one ascending list, not in a tree: they are few. No huge mappings,
 * no lazy unmapping.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_SLAB_EXTRAS_VMALLOC_H
#define KMEMSIM_SLAB_EXTRAS_VMALLOC_H

#include "slab/slab.h"

/*
 * @size bytes, in whole pages; NULL for 0, for more than the machine has, and
 * where frames or address space end. __GFP_ZERO is always granted: pages are
 * new. Follows __vmalloc_node().
 */
void *vmalloc(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid);
/* Free an area by its start; NULL is allowed. Returns 0; -EINVAL where no area starts. */
int vfree(struct slab_allocator *sa, unsigned int cpu, void *addr);
bool is_vmalloc_addr(const struct slab_allocator *sa, const void *addr);

/*
 * From kmalloc, not trying hard where @size is above a page; from vmalloc where
 * that fails and @gfp may wait. NULL above 2 GiB. Follows kvmalloc_node().
 */
void *kvmalloc_node(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp, int nid);
void *kvmalloc(struct slab_allocator *sa, unsigned int cpu, size_t size, gfp_t gfp);
/* Whatever kvmalloc, kmalloc, a cache or vmalloc handed out. Answers as kfree() does. */
int kvfree(struct slab_allocator *sa, unsigned int cpu, void *addr);

/* Frames that areas hold. */
uint64_t vmalloc_pages(const struct slab_allocator *sa);
/* Every frame that stands behind the area at @addr, in order; false where none starts there. */
bool vmalloc_for_each_frame(const struct slab_allocator *sa, const void *addr,
			    void (*fn)(void *ctx, pfn_t pfn), void *ctx);

/* Used by the slab layer itself. */
void vmalloc_release_all(struct slab_allocator *sa);
unsigned int vmalloc_validate(const struct slab_allocator *sa, slab_violation_fn fn, void *ctx);

#endif
