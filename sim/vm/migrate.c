/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: migration; see migrate.h. */
#include "sim/vm/migrate.h"

#include "sim/vm/internal.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/rmap.h"
#include "sim/vm/swap/swap.h"

/* What the lists say of a page: the new one comes to them anew. */
#define OF_LISTS (FRAME_LRU | FRAME_BATCHED | FRAME_UNEVICTABLE | FRAME_MLOCKED | FRAME_GEN | FRAME_REFS)

struct move {
	struct vm *vm;
	pfn_t old, new;
	unsigned int locked;		/* mappings that lock it */
};

bool vm_can_migrate(const struct vm *vm, pfn_t pfn)
{
	const struct page *page = page_from_pfn(vm->map, pfn);
	int32_t cache = (page->vm_index & FRAME_FILE ? 1 : 0) + (page->vm_index & FRAME_SWAPCACHE ? 1 : 0);

	if (!(page->flags & PG_allocated) || (page->flags & (PG_slab | PG_large)) || page_order(page) ||
	    !(page->vm_index & (FRAME_ANON | FRAME_FILE)) || (page->vm_index & FRAME_WRITEBACK))
		return false;
	return page->refcount == page->vm_mapcount + cache;
}

static int move_entry(void *ctx, struct vma *vma, uint64_t addr, pte_t *pte)
{
	struct move *move = ctx;

	(void)addr;
	if (vma->flags & VM_LOCKED) {
		move->locked++;
		lru_munlock(move->vm, move->old);
	}
	*pte = pte_make(move->new, pte->v & ~PTE_PFN_MASK);
	vm_flush(vma->mm, addr, PAGE_SIZE, VM_FLUSH_migrate);
	return 0;
}

void vm_migrate(struct vm *vm, pfn_t old, pfn_t new)
{
	struct page *from = page_from_pfn(vm->map, old), *to = page_from_pfn(vm->map, new);
	struct move move = { vm, old, new, 0 };
	struct vm_file *file = from->vm_index & FRAME_FILE ? vm_file_get(vm, from->vm_mapping) : NULL;

	vm_rmap_walk(vm, old, move_entry, &move);
	/* Off its list it is active or not, whatever the lists are. */
	lru_forget(vm, old);
	if (file)
		*table_find(&file->cache, from->vm_index & FRAME_OFFSET) = (uint64_t)new.v + 1;
	if (from->vm_index & FRAME_SWAPCACHE)
		swap_cache_move(vm, old, new);
	to->vm_mapping = from->vm_mapping;
	to->vm_mapcount = from->vm_mapcount;
	to->refcount = from->refcount;
	to->vm_index = from->vm_index & ~OF_LISTS;
	from->vm_mapcount = 0;
	from->vm_index &= ~FRAME_SWAPCACHE;
	vm_free_frame(vm, old, 0);
	lru_add(vm, vm_cpu(vm), new);
	while (move.locked--)
		lru_mlock(vm, new);
	vm->counters[VM_CNT_pgmigrate_success]++;
}

bool vm_migrate_to(struct vm *vm, pfn_t old, gfp_t gfp, const struct frame_place *place)
{
	pfn_t new = vm_can_migrate(vm, old) ? vm_alloc_frame_at(vm, gfp, 0, place) : PFN_NONE;

	if (pfn_is_none(new))
		return false;
	vm_migrate(vm, old, new);
	return true;
}

/* ---- for compaction ------------------------------------------------------------- */

/* A page in a batch is on no list, and so cannot be isolated. */
static bool can_move(void *ctx, pfn_t pfn)
{
	const struct vm *vm = ctx;

	return vm_can_migrate(vm, pfn) && (page_from_pfn(vm->map, pfn)->vm_index & FRAME_LRU);
}

static void move(void *ctx, pfn_t old, pfn_t new)
{
	vm_migrate(ctx, old, new);
}

int vm_migrate_init(struct vm *vm)
{
	static const struct buddy_compact_ops ops = { can_move, move };

	return buddy_set_compact(vm->buddy, &ops, vm);
}
