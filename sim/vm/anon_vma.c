/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: anon_vmas; anon_vma.h has the picture and the kernel's functions. */
#include "sim/vm/anon_vma.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/vm/internal.h"

void anon_vma_table_exit(struct anon_vma_table *table)
{
	free(table->slots);
	free(table->free);
	*table = (struct anon_vma_table){ 0 };
}

struct anon_vma *anon_vma_get(const struct anon_vma_table *table, uint32_t id)
{
	return id && id < table->nr ? table->slots[id] : NULL;
}

/* Room for one more slot, and for each slot in the list of free ones: so that freeing needs no memory. */
static int table_grow(struct anon_vma_table *table)
{
	uint32_t max = table->max ? table->max * 2 : 64;
	struct anon_vma **slots;
	uint32_t *list;

	if (table->nr_free || table->nr < table->max)
		return 0;
	slots = realloc(table->slots, max * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	table->slots = slots;
	list = realloc(table->free, max * sizeof(*list));
	if (!list)
		return -ENOMEM;
	table->free = list;
	table->max = max;
	if (!table->nr) {
		slots[0] = NULL;
		table->nr = 1;
	}
	return 0;
}

static struct anon_vma *anon_vma_alloc(struct anon_vma_table *table)
{
	struct anon_vma *anon = calloc(1, sizeof(*anon));

	if (!anon || table_grow(table)) {
		free(anon);
		return NULL;
	}
	anon->id = table->nr_free ? table->free[--table->nr_free] : table->nr++;
	anon->parent = anon;
	table->slots[anon->id] = anon;
	return anon;
}

static void anon_vma_free(struct anon_vma_table *table, struct anon_vma *anon)
{
	table->slots[anon->id] = NULL;
	table->free[table->nr_free++] = anon->id;
	free(anon->vmas);
	free(anon);
}

/* @vma's chain and @anon's list know each other. */
static int chain_add(struct vma *vma, struct anon_vma *anon)
{
	struct anon_vma **chain;

	if (anon->nr_vmas == anon->max_vmas) {
		uint32_t max = anon->max_vmas ? anon->max_vmas * 2 : 2;
		struct vma **vmas = realloc(anon->vmas, max * sizeof(*vmas));

		if (!vmas)
			return -ENOMEM;
		anon->vmas = vmas;
		anon->max_vmas = max;
	}
	chain = realloc(vma->chain, (vma->nr_chain + 1) * sizeof(*chain));
	if (!chain)
		return -ENOMEM;
	vma->chain = chain;
	chain[vma->nr_chain++] = anon;
	anon->vmas[anon->nr_vmas++] = vma;
	return 0;
}

static void list_drop(struct anon_vma *anon, const struct vma *vma)
{
	uint32_t i = anon->nr_vmas;

	while (anon->vmas[--i] != vma)
		;
	for (anon->nr_vmas--; i < anon->nr_vmas; i++)
		anon->vmas[i] = anon->vmas[i + 1];
}

/* Whether @b follows @a at once and differs from it by protection at most. */
static bool anon_vma_compatible(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->file == b->file && !((a->flags ^ b->flags) & ~VM_ACCESS_FLAGS) &&
	       b->pgoff == a->pgoff + vma_pages(a);
}

static struct anon_vma *reusable(const struct vma *old, const struct vma *a, const struct vma *b)
{
	return anon_vma_compatible(a, b) && old->nr_chain == 1 ? old->anon_vma : NULL;
}

/* A neighbour's, so that the two can merge later. */
static struct anon_vma *find_mergeable(struct vma *vma)
{
	struct mm *mm = vma->mm;
	uint32_t at = mm_find(mm, vma->start);
	struct anon_vma *anon = NULL;

	if (at + 1 < mm->nr_vmas)
		anon = reusable(mm->vmas[at + 1], vma, mm->vmas[at + 1]);
	if (!anon && at)
		anon = reusable(mm->vmas[at - 1], mm->vmas[at - 1], vma);
	return anon;
}

int anon_vma_prepare(struct vma *vma)
{
	struct anon_vma_table *table = &vma->mm->vm->anon_vmas;
	struct anon_vma *anon, *fresh = NULL;

	if (vma->anon_vma)
		return 0;
	anon = find_mergeable(vma);
	if (!anon) {
		anon = fresh = anon_vma_alloc(table);
		if (!anon)
			return -ENOMEM;
		anon->num_children = 1;
	}
	if (chain_add(vma, anon)) {
		if (fresh)
			anon_vma_free(table, fresh);
		return -ENOMEM;
	}
	vma->anon_vma = anon;
	anon->num_active_vmas++;
	return 0;
}

int anon_vma_clone(struct vma *dst, const struct vma *src)
{
	uint32_t i;

	for (i = 0; i < src->nr_chain; i++) {
		struct anon_vma *anon = src->chain[i];

		if (chain_add(dst, anon)) {
			dst->anon_vma = NULL;
			anon_vma_unlink(dst);
			return -ENOMEM;
		}
		/* One whose mappings are all gone takes on the new one instead of growing the tree. */
		if (!dst->anon_vma && src->anon_vma && anon->num_children < 2 && !anon->num_active_vmas)
			dst->anon_vma = anon;
	}
	if (dst->anon_vma)
		dst->anon_vma->num_active_vmas++;
	return 0;
}

int anon_vma_fork(struct vma *dst, const struct vma *src)
{
	struct anon_vma_table *table = &dst->mm->vm->anon_vmas;
	struct anon_vma *anon;

	if (!src->anon_vma)
		return 0;
	dst->anon_vma = NULL;
	if (anon_vma_clone(dst, src))
		return -ENOMEM;
	if (dst->anon_vma)
		return 0;
	anon = anon_vma_alloc(table);
	if (!anon || chain_add(dst, anon)) {
		if (anon)
			anon_vma_free(table, anon);
		anon_vma_unlink(dst);
		return -ENOMEM;
	}
	anon->parent = src->anon_vma;
	anon->parent->num_children++;
	anon->num_active_vmas = 1;
	dst->anon_vma = anon;
	return 0;
}

void anon_vma_unlink(struct vma *vma)
{
	struct anon_vma_table *table = &vma->mm->vm->anon_vmas;

	if (vma->anon_vma)
		vma->anon_vma->num_active_vmas--;
	vma->anon_vma = NULL;
	/* From the newest to the oldest: a parent goes after its children. */
	while (vma->nr_chain) {
		struct anon_vma *anon = vma->chain[--vma->nr_chain];

		list_drop(anon, vma);
		if (anon->nr_vmas)
			continue;
		anon->parent->num_children--;
		anon_vma_free(table, anon);
	}
	free(vma->chain);
	vma->chain = NULL;
}

bool anon_vma_mergeable(const struct anon_vma *anon, const struct vma *source, const struct vma *vma)
{
	if (anon && !vma->anon_vma)
		return vma->mm->vm->rules->merge_into_untouched && source && source->nr_chain == 1;
	if (!anon && vma->anon_vma)
		return vma->nr_chain == 1;
	return anon == vma->anon_vma;
}
