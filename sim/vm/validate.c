/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: everything is counted again: entries against map counts, tables, RSS, commitments, files' pages.
 * Read-only; costs the mapped pages, and eight bytes a frame for its time.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/swap/entry.h"
#include "sim/vm/swap/swap.h"
#include "sim/vm/violation.h"

struct check {
	const struct vm *vm;
	struct vm_violations *out;
	int32_t *mapped;		/* small entries that were found to point to each frame, or to a table */
	int32_t *leaves;		/* the same of leaves */
	uint32_t *slots;		/* the same for slots on swap; NULL: no swap */
	uint64_t tables[NR_PT_LEVELS];
	int64_t rss[NR_RSS];
	int64_t committed;
};

/* The frame of a present entry, checked; NULL where it is none of ours. */
static struct page *frame_of(struct check *c, pte_t pte, uint64_t addr)
{
	pfn_t pfn = pte_pfn(pte);
	struct page *page;

	if (!pagemap_present(c->vm->map, pfn)) {
		vm_complain(c->out, "address %#llx: frame %u is no memory", (unsigned long long)addr, pfn.v);
		return NULL;
	}
	page = page_from_pfn(c->vm->map, pfn);
	if (!(compound_head(c->vm->map, page)->flags & PG_allocated))
		vm_complain(c->out, "address %#llx: frame %u is free", (unsigned long long)addr, pfn.v);
	return page;
}

/* Whether a walk from @page would come to @vma. */
static bool is_found(const struct vma *vma, struct page *page)
{
	uint32_t owner = compound_head(vma->mm->vm->map, page)->vm_mapping, i = 0;

	if (!(page->vm_index & FRAME_ANON))
		return vma->file && vma->file->id == owner;
	while (i < vma->nr_chain && vma->chain[i]->id != owner)
		i++;
	return i < vma->nr_chain;
}

/* What an entry says of @page against what the page and its mapping say. */
static void check_entry(struct check *c, const struct vma *vma, struct page *page, pte_t pte, uint64_t addr)
{
	if (!(page->vm_index & (FRAME_ANON | FRAME_FILE)))
		vm_complain(c->out, "address %#llx: frame %u is no page of a process", (unsigned long long)addr, pte_pfn(pte).v);
	else if ((page->vm_index & FRAME_OFFSET) != (vma_page_index(vma, addr) & FRAME_OFFSET))
		vm_complain(c->out, "address %#llx: frame %u is page %llu of its object, its place is page %llu",
			 (unsigned long long)addr, pte_pfn(pte).v, (unsigned long long)(page->vm_index & FRAME_OFFSET),
			 (unsigned long long)vma_page_index(vma, addr));
	else if (!is_found(vma, page))
		vm_complain(c->out, "address %#llx: the reverse map of frame %u does not come here", (unsigned long long)addr,
			 pte_pfn(pte).v);
	if ((pte.v & PTE_WRITE) && !(vma->flags & VM_WRITE))
		vm_complain(c->out, "address %#llx: writable in a mapping that is not", (unsigned long long)addr);
	if ((page->vm_index & FRAME_ANON) && (pte.v & PTE_WRITE) && !(page->vm_index & FRAME_EXCLUSIVE))
		vm_complain(c->out, "address %#llx: frame %u is writable and not exclusive", (unsigned long long)addr,
			 pte_pfn(pte).v);
}

static void check_pte(struct check *c, struct mm *mm, pte_t pte, uint64_t addr)
{
	struct vma *vma = mm_lookup(mm, addr);
	struct page *page;

	if (!vma)
		vm_complain(c->out, "address %#llx: an entry without a mapping", (unsigned long long)addr);
	if (pte_swap(pte) && (!c->slots || pte_swap_slot(pte) >= c->vm->swap->max)) {
		vm_complain(c->out, "address %#llx: slot %u is none of swap", (unsigned long long)addr, pte_swap_slot(pte));
	} else if (pte_swap(pte)) {
		c->slots[pte_swap_slot(pte)]++;
		c->rss[RSS_SWAP]++;
	}
	if (!pte_present(pte) || (pte.v & PTE_SPECIAL))
		return;
	page = frame_of(c, pte, addr);
	if (!page || !vma)
		return;
	c->mapped[pte_pfn(pte).v]++;
	c->rss[vm_frame_rss(page)]++;
	check_entry(c, vma, page, pte, addr);
}

static void check_leaf(struct check *c, struct mm *mm, pte_t leaf, uint64_t addr)
{
	struct vma *vma = mm_lookup(mm, addr);
	struct page *page = frame_of(c, leaf, addr);

	if (!vma || vma->end < addr + HUGE_BYTES)
		vm_complain(c->out, "address %#llx: a huge page that is not inside of a mapping", (unsigned long long)addr);
	if (!page || !vma || (leaf.v & PTE_SPECIAL))
		return;
	if (!(page->flags & PG_head) || page_order(page) != HUGE_ORDER)
		vm_complain(c->out, "address %#llx: frame %u is no huge page", (unsigned long long)addr, pte_pfn(leaf).v);
	c->leaves[pte_pfn(leaf).v]++;
	c->rss[RSS_ANON] += HUGE_PAGES;
	check_entry(c, vma, page, leaf, addr);
}

/* The tables that lie with the leaves of @dir: as many as these. */
static void check_deposit(struct check *c, pfn_t dir, unsigned int leaves, uint64_t base)
{
	uint32_t first = page_from_pfn(c->vm->map, dir)->vm_mapping, at = first;
	unsigned int nr = 0;

	while (at && nr <= leaves) {
		nr++;
		c->mapped[at]++;
		at = page_from_pfn(c->vm->map, pfn_make(at))->next;
		at = at == first ? 0 : at;
	}
	c->tables[PT_PTE] += nr;
	if (nr != leaves)
		vm_complain(c->out, "address %#llx: %u tables lie with %u huge pages", (unsigned long long)base, nr, leaves);
}

static void check_table(struct check *c, struct mm *mm, pfn_t table, enum pt_level level, uint64_t base)
{
	unsigned int leaves = 0;
	const pte_t *entry = virt_from_pfn(c->vm->map, table);
	unsigned int i;

	c->tables[level]++;
	c->mapped[table.v]++;
	for (i = 0; i < PTRS_PER_TABLE; i++) {
		uint64_t addr = base + ((uint64_t)i << pt_shift(level));

		if (pte_none(entry[i]))
			continue;
		leaves += level != PT_PTE && pte_leaf(entry[i]);
		if (level == PT_PTE)
			check_pte(c, mm, entry[i], addr);
		else if (pte_leaf(entry[i]))
			check_leaf(c, mm, entry[i], addr);
		else if (frame_of(c, entry[i], addr))
			check_table(c, mm, pte_pfn(entry[i]), (enum pt_level)(level - 1), addr);
	}
	if (level == PT_PMD)
		check_deposit(c, table, leaves, base);
}

static void check_vmas(struct check *c, const struct mm *mm, int32_t pid)
{
	uint64_t end = 0, pages = 0;
	uint32_t i;

	for (i = 0; i < mm->nr_vmas; i++) {
		const struct vma *vma = mm->vmas[i];

		if (vma->start < end || vma->end <= vma->start || ((vma->start | vma->end) & (PAGE_SIZE - 1)))
			vm_complain(c->out, "process %d: mapping %#llx-%#llx is out of order", pid,
				 (unsigned long long)vma->start, (unsigned long long)vma->end);
		if (vma->mm != mm)
			vm_complain(c->out, "process %d: mapping %#llx is another's", pid, (unsigned long long)vma->start);
		end = vma->end;
		pages += vma_pages(vma);
		if (vma->flags & VM_ACCOUNT)
			c->committed += (int64_t)vma_pages(vma);
	}
	if (pages != mm->total_vm)
		vm_complain(c->out, "process %d: mappings of %llu pages, counted %llu", pid, (unsigned long long)pages,
			 (unsigned long long)mm->total_vm);
}

static void check_mm(struct check *c, struct mm *mm, int32_t pid)
{
	unsigned int i;

	for (i = 0; i < NR_PT_LEVELS; i++)
		c->tables[i] = 0;
	for (i = 0; i < NR_RSS; i++)
		c->rss[i] = 0;
	check_vmas(c, mm, pid);
	check_table(c, mm, mm->pgd, PT_PGD, 0);
	c->tables[PT_PGD]++;	/* its second frame */
	for (i = 0; i < NR_PT_LEVELS; i++)
		if (c->tables[i] != mm->tables[i])
			vm_complain(c->out, "process %d: %llu tables of level %u, counted %llu", pid,
				 (unsigned long long)c->tables[i], i, (unsigned long long)mm->tables[i]);
	for (i = 0; i < NR_RSS; i++)
		if (c->rss[i] != mm->rss[i])
			vm_complain(c->out, "process %d: %lld pages of kind %u, counted %lld", pid, (long long)c->rss[i], i,
				 (long long)mm->rss[i]);
}

/* A block of several frames: each of them is counted by itself, and all are held together. */
static void check_block(struct check *c, uint32_t pfn)
{
	const struct page *head = page_from_pfn(c->vm->map, pfn_make(pfn));
	int32_t leaves = c->leaves[pfn], all = leaves, nr = 1 << page_order(head), i;

	if (huge_leaves(head) != leaves)
		vm_complain(c->out, "frame %u: %d leaves point to it, its count is %d", pfn, leaves, huge_leaves(head));
	for (i = 0; i < nr; i++) {
		int32_t count = c->mapped[pfn + (uint32_t)i];

		all += count;
		if (head[i].vm_mapcount != count)
			vm_complain(c->out, "frame %u: %d entries point to it, its map count is %d", pfn + (uint32_t)i, count,
				 head[i].vm_mapcount);
		if ((head[i].vm_index & FRAME_EXCLUSIVE) && count + leaves > 1)
			vm_complain(c->out, "frame %u: exclusive, and %d entries point to it", pfn + (uint32_t)i, count + leaves);
		if ((head[i].vm_index & FRAME_OFFSET) != (head->vm_index & FRAME_OFFSET) + (uint64_t)i)
			vm_complain(c->out, "frame %u: its offset is not that of its huge page", pfn + (uint32_t)i);
	}
	if (head->refcount != all)
		vm_complain(c->out, "frame %u: its reference count is %d, not %d", pfn, head->refcount, all);
}

/* Each frame that says it is a process's is reached from one, as often as it says. */
static void check_frames(struct check *c)
{
	uint32_t pfn;

	for (pfn = 0; pfn < c->vm->map->end_pfn; pfn++) {
		const struct page *page = page_from_pfn(c->vm->map, pfn_make(pfn));
		int32_t count = c->mapped[pfn], cached = 0;

		if (!(page->flags & PG_allocated) || (page->flags & PG_slab) || !(page->vm_index & FRAME_KINDS))
			continue;
		if (page->flags & PG_head) {
			check_block(c, pfn);
			continue;
		}
		if (page->vm_index & FRAME_TABLE) {
			if (count != 1)
				vm_complain(c->out, "frame %u: a page table that %d entries point to", pfn, count);
			continue;
		}
		if (page->vm_index & FRAME_FILE) {
			struct vm_file *file = vm_file_get(c->vm, page->vm_mapping);

			cached = file && vm_file_cached(file, page->vm_index & FRAME_OFFSET).v == pfn;
			if (!cached)
				vm_complain(c->out, "frame %u: a file's page that its file does not know", pfn);
		}
		if (page->vm_index & FRAME_SWAPCACHE) {
			cached = c->slots && swap_cached(c->vm, swap_slot_of(c->vm, pfn_make(pfn))).v == pfn;
			if (!cached)
				vm_complain(c->out, "frame %u: in the swap cache, which does not know it", pfn);
		}
		if (page->vm_mapcount != count)
			vm_complain(c->out, "frame %u: %d entries point to it, its map count is %d", pfn, count,
				 page->vm_mapcount);
		if (page->refcount != count + cached)
			vm_complain(c->out, "frame %u: its reference count is %d, not %d", pfn, page->refcount, count + cached);
		if ((page->vm_index & FRAME_EXCLUSIVE) && count != 1)
			vm_complain(c->out, "frame %u: exclusive, and %d entries point to it", pfn, count);
	}
}

/* Shared memory on swap is in no page table. */
static void check_file_slots(struct check *c, struct vm_file *file)
{
	uint64_t i;

	for (i = 0; i < file->slots.size; i++) {
		const struct table_slot *slot = &file->slots.slot[i];

		if (!slot->value)
			continue;
		if (!c->slots || slot->value >= c->vm->swap->max)
			vm_complain(c->out, "file %u: page %llu has no slot of swap", file->id, (unsigned long long)slot->key);
		else
			c->slots[slot->value]++;
		if (!pfn_is_none(vm_file_cached(file, slot->key)))
			vm_complain(c->out, "file %u: page %llu is in memory and on swap", file->id, (unsigned long long)slot->key);
	}
}

unsigned int vm_validate(const struct vm *vm, vm_violation_fn fn, void *ctx)
{
	struct vm_violations violations = { fn, ctx, 0 };
	struct check c = { .vm = vm, .out = &violations };
	uint32_t i;

	c.mapped = calloc(vm->map->end_pfn, 2 * sizeof(*c.mapped));
	c.slots = vm->swap ? calloc(vm->swap->max, sizeof(*c.slots)) : NULL;
	if (!c.mapped || (vm->swap && !c.slots)) {
		free(c.slots);
		free(c.mapped);
		vm_complain(c.out, "no memory to validate");
		return violations.nr;
	}
	c.leaves = c.mapped + vm->map->end_pfn;
	for (i = 0; i < vm->nr_processes; i++)
		if (vm->processes[i]->mm && !vm->processes[i]->vforked)
			check_mm(&c, vm->processes[i]->mm, vm->processes[i]->pid);
	for (i = 1; i < vm->nr_files; i++)
		if (vm->files[i])
			check_file_slots(&c, vm->files[i]);
	for (i = 1; i < vm->nr_files; i++)
		if (vm->files[i])
			c.committed += (int64_t)vm->files[i]->committed;
	if (c.committed != vm->committed)
		vm_complain(c.out, "%lld pages are committed, counted %lld", (long long)c.committed, (long long)vm->committed);
	check_frames(&c);
	lru_validate(vm, &violations);
	if (vm->swap)
		swap_validate(vm, c.slots, &violations);
	free(c.slots);
	free(c.mapped);
	return violations.nr;
}
