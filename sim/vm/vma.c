/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the sorted array of mappings, and how they split and merge; see vma.h. */
#include "sim/vm/vma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/vm/huge/khugepaged.h"

/* ---- finding ------------------------------------------------------------ */

uint32_t mm_find(struct mm *mm, uint64_t addr)
{
	uint32_t low = 0, high = mm->nr_vmas;

	if (mm->last < mm->nr_vmas && mm->vmas[mm->last]->start <= addr && addr < mm->vmas[mm->last]->end)
		return mm->last;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (mm->vmas[mid]->end > addr)
			high = mid;
		else
			low = mid + 1;
	}
	mm->last = low;
	return low;
}

struct vma *mm_find_vma(struct mm *mm, uint64_t addr)
{
	uint32_t at = mm_find(mm, addr);

	return at < mm->nr_vmas ? mm->vmas[at] : NULL;
}

struct vma *mm_lookup(struct mm *mm, uint64_t addr)
{
	struct vma *vma = mm_find_vma(mm, addr);

	return vma && vma->start <= addr ? vma : NULL;
}

struct vma *mm_find_intersection(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *vma = mm_find_vma(mm, start);

	return vma && vma->start < end ? vma : NULL;
}

/* ---- the array ---------------------------------------------------------- */

static int list_add(struct mm *mm, struct vma *vma)
{
	uint32_t at = mm_find(mm, vma->start);

	if (mm->nr_vmas == mm->max_vmas) {
		uint32_t max = mm->max_vmas ? mm->max_vmas * 2 : 16;
		struct vma **vmas = realloc(mm->vmas, max * sizeof(*vmas));

		if (!vmas)
			return -ENOMEM;
		mm->vmas = vmas;
		mm->max_vmas = max;
	}
	memmove(mm->vmas + at + 1, mm->vmas + at, (mm->nr_vmas - at) * sizeof(*mm->vmas));
	mm->vmas[at] = vma;
	mm->nr_vmas++;
	return 0;
}

void vma_free(struct vma *vma)
{
	anon_vma_unlink(vma);
	if (vma->file)
		vm_file_unmap(vma->file, vma);
	free(vma);
}

void vma_remove(struct vma *vma)
{
	struct mm *mm = vma->mm;
	uint32_t at = mm_find(mm, vma->start);

	mm->nr_vmas--;
	memmove(mm->vmas + at, mm->vmas + at + 1, (mm->nr_vmas - at) * sizeof(*mm->vmas));
	vma_free(vma);
}

struct vma *vma_insert(struct mm *mm, const struct vma_range *range)
{
	struct vma *vma = calloc(1, sizeof(*vma));

	if (!vma)
		return NULL;
	vma->mm = mm;
	vma->start = range->start;
	vma->end = range->end;
	vma->pgoff = range->pgoff;
	vma->flags = range->flags;
	vma->policy = range->policy;
	if (range->file && vm_file_map(range->file, vma)) {
		free(vma);
		return NULL;
	}
	vma->file = range->file;
	if (list_add(mm, vma)) {
		vma_free(vma);
		return NULL;
	}
	return vma;
}

struct vma *vma_copy(struct mm *mm, const struct vma *vma, uint64_t start, uint64_t end, uint64_t pgoff,
		     bool clone_anon)
{
	struct vma_range range = { start, end, pgoff, vma->flags, vma->file, NULL, NULL, vma->policy };
	struct vma *copy = vma_insert(mm, &range);

	if (!copy)
		return NULL;
	copy->swap_ra = vma->swap_ra;
	if (!clone_anon)
		return copy;
	/* As vm_area_dup() leaves it: a split is of the same anon_vma, not of a new one. */
	copy->anon_vma = vma->anon_vma;
	if (anon_vma_clone(copy, vma)) {
		copy->anon_vma = NULL;
		vma_remove(copy);
		return NULL;
	}
	return copy;
}

/* ---- split -------------------------------------------------------------- */

int vma_split(struct vma *vma, uint64_t addr, bool below, struct vma **out)
{
	uint64_t start = vma->start, end = vma->end, pgoff = vma->pgoff, upper = vma_page_index(vma, addr);
	struct vma *new;

	huge_split_at(vma, addr);
	/* The old one shrinks first, so that the list stays in order. */
	if (below) {
		vma->start = addr;
		vma->pgoff = upper;
	} else {
		vma->end = addr;
	}
	vma->mm->last = UINT32_MAX;
	new = below ? vma_copy(vma->mm, vma, start, addr, pgoff, true) :
		      vma_copy(vma->mm, vma, addr, end, upper, true);
	if (!new) {
		vma->start = start;
		vma->end = end;
		vma->pgoff = pgoff;
		return -ENOMEM;
	}
	if (out)
		*out = new;
	return 0;
}

int vma_split_checked(struct vma *vma, uint64_t addr, bool below)
{
	if (vma->mm->nr_vmas >= VM_MAX_MAPS)
		return -ENOMEM;
	return vma_split(vma, addr, below, NULL);
}

/* ---- merge -------------------------------------------------------------- */

static bool attributes_equal(const struct vma *vma, const struct vma_range *range)
{
	return vma->flags == range->flags && vma->file == range->file && !(range->flags & VM_SPECIAL_FLAGS) &&
	       mempolicy_equal(&vma->policy, &range->policy);
}

static bool can_merge_after(const struct vma *prev, const struct vma_range *range)
{
	return prev->end == range->start && attributes_equal(prev, range) &&
	       anon_vma_mergeable(range->anon_vma, range->source, prev) &&
	       prev->pgoff + vma_pages(prev) == range->pgoff;
}

static bool can_merge_before(const struct vma *next, const struct vma_range *range)
{
	return next->start == range->end && attributes_equal(next, range) &&
	       anon_vma_mergeable(range->anon_vma, range->source, next) &&
	       next->pgoff == range->pgoff + ((range->end - range->start) >> PAGE_SHIFT);
}

/* Each fits to what lies between them; that does not say that they fit to each other. */
static bool both_can_merge(const struct vma *prev, const struct vma *next)
{
	return !prev->anon_vma || !next->anon_vma || prev->anon_vma == next->anon_vma;
}

/* What grows over the pages of another must find them by reverse mapping, too. */
static int take_anon_vma(struct vma *dst, const struct vma *src)
{
	if (!src->anon_vma || dst->anon_vma)
		return 0;
	dst->anon_vma = src->anon_vma;
	if (!anon_vma_clone(dst, src))
		return 0;
	dst->anon_vma = NULL;
	return -ENOMEM;
}

static void absorb(struct vma *dst, struct vma *src)
{
	vma_remove(src);
	dst->mm->last = UINT32_MAX;
}

/* Whether a new @range joins @prev, where @next (or NULL) is what it joins above. */
static bool joins_below(const struct vma *prev, const struct vma_range *range, const struct vma *next)
{
	struct vma_range with = *range;

	if (next && !range->source && prev->mm->vm->rules->new_joins_above)
		with.anon_vma = next->anon_vma;
	return can_merge_after(prev, &with);
}

static struct vma *merge_new(struct mm *mm, const struct vma_range *range, const struct vma *not, bool expand_only)
{
	uint32_t at = mm_find(mm, range->start);
	struct vma *prev = at ? mm->vmas[at - 1] : NULL, *next = at < mm->nr_vmas ? mm->vmas[at] : NULL;
	bool left, right;

	right = next && next != not && !expand_only && can_merge_before(next, range);
	left = prev && prev != not && joins_below(prev, range, right ? next : NULL);
	if (left && right && !both_can_merge(prev, next))
		right = false;
	mm->last = UINT32_MAX;
	if (left && right) {
		uint64_t end = next->end;

		if (take_anon_vma(prev, next) || (range->source && take_anon_vma(prev, range->source)))
			return NULL;
		absorb(prev, next);
		prev->end = end;
		return prev;
	}
	if ((left || right) && range->source && take_anon_vma(left ? prev : next, range->source))
		return NULL;
	if (left) {
		prev->end = range->end;
		return prev;
	}
	if (right) {
		next->start = range->start;
		next->pgoff = range->pgoff;
		return next;
	}
	return NULL;
}

struct vma *vma_merge_new(struct mm *mm, const struct vma_range *range, const struct vma *not, bool expand_only)
{
	struct vma *vma = merge_new(mm, range, not, expand_only);

	/* It may be large enough for a huge page now. */
	if (vma)
		khugepaged_enter_vma(vma);
	return vma;
}

/* vma_modify()'s range joins @prev, which ends where it starts; it is all of @vma, or its lower part. */
static int merge_left(struct vma *prev, struct vma *vma, uint64_t end)
{
	if (take_anon_vma(prev, vma))
		return -ENOMEM;
	prev->mm->last = UINT32_MAX;
	if (end == vma->end) {
		absorb(prev, vma);
	} else {
		huge_split_at(vma, end);
		vma->pgoff = vma_page_index(vma, end);
		vma->start = end;
	}
	prev->end = end;
	return 0;
}

/* It joins @next, which starts where it ends; it is all of @vma, or its upper part. */
static int merge_right(struct vma *vma, struct vma *next, uint64_t start)
{
	uint64_t pgoff = vma_page_index(vma, start);

	if (take_anon_vma(next, vma))
		return -ENOMEM;
	next->mm->last = UINT32_MAX;
	if (start == vma->start) {
		absorb(next, vma);
	} else {
		huge_split_at(vma, start);
		vma->end = start;
	}
	next->start = start;
	next->pgoff = pgoff;
	return 0;
}

/* 1: merged, and *@out is what with; 0: not; or -ENOMEM. */
static int merge_existing(struct vma *vma, const struct vma_range *range, struct vma **out)
{
	struct mm *mm = vma->mm;
	uint32_t at = mm_find(mm, vma->start);
	struct vma *prev = at ? mm->vmas[at - 1] : NULL;
	struct vma *next = at + 1 < mm->nr_vmas ? mm->vmas[at + 1] : NULL;
	bool left = range->start == vma->start && prev && can_merge_after(prev, range);
	bool right = range->end == vma->end && next && can_merge_before(next, range);
	int ret;

	if (left && right && !both_can_merge(prev, next))
		right = false;
	if (left && right) {
		uint64_t end = next->end;

		ret = take_anon_vma(prev, next->anon_vma ? next : vma);
		if (ret)
			return ret;
		mm->last = UINT32_MAX;
		absorb(prev, vma);
		absorb(prev, next);
		prev->end = end;
		*out = prev;
		khugepaged_enter_vma(prev);
		return 1;
	}
	if (!left && !right)
		return 0;
	*out = left ? prev : next;
	ret = left ? merge_left(prev, vma, range->end) : merge_right(vma, next, range->start);
	if (ret)
		return ret;
	khugepaged_enter_vma(*out);
	return 1;
}

/* Join @range, a part of @vma that changes, to its neighbours, or split it off. */
static int modify(struct vma *vma, const struct vma_range *range, struct vma **out)
{
	int ret = merge_existing(vma, range, out);

	if (ret)
		return ret < 0 ? ret : 0;
	if (vma->start < range->start) {
		ret = vma_split_checked(vma, range->start, true);
		if (ret)
			return ret;
	}
	if (vma->end > range->end) {
		ret = vma_split_checked(vma, range->end, false);
		if (ret)
			return ret;
	}
	*out = vma;
	return 0;
}

static struct vma_range part_of(const struct vma *vma, uint64_t start, uint64_t end)
{
	return (struct vma_range){ start, end, vma_page_index(vma, start), vma->flags, vma->file, vma->anon_vma, vma,
				   vma->policy };
}

int vma_modify(struct vma *vma, uint64_t start, uint64_t end, uint32_t flags, struct vma **out)
{
	struct vma_range range = part_of(vma, start, end);

	range.flags = flags;
	return modify(vma, &range, out);
}

int vma_modify_policy(struct vma *vma, uint64_t start, uint64_t end, const struct mempolicy *policy, struct vma **out)
{
	struct vma_range range = part_of(vma, start, end);
	int ret;

	range.policy = *policy;
	ret = modify(vma, &range, out);
	if (!ret)
		(*out)->policy = *policy;
	return ret;
}
