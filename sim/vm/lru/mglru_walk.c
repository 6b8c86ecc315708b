/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which pages were used: the accessed bits of page-table entries, taken by a walk of each process's tables
 * and by reclaim on its way. Follows iterate_mm_list(), walk_mm() and below, lru_gen_look_around() of mm/vmscan.c.
 *
 * A walk leaves out what is not worth it: processes that have not run since the last one, tables whose own accessed
 * bit is clear, and tables that had few used entries the last time. These are remembered in a Bloom filter: the walk
 * of generation n asks filter n % 2 and fills the other one; reclaim adds to the one that is asked next.
 *
 * Differs from Linux: a TLB does not keep the accessed bit from being set again; a table's place in the filter is that
 * which it has in a kernel without address randomisation.
 */
#include <string.h>

#include "sim/vm/huge/huge.h"
#include "sim/vm/lru/mglru.h"
#include "sim/vm/reclaim/turns.h"
#include "sim/vm/writeback.h"

/* ---- the filters ------------------------------------------------------------------------ */

/* Linux: hash_ptr(), of 30 bits, of the table's entry in the kernel's map of all memory. */
static uint32_t filter_key(const struct mm *mm, uint64_t addr)
{
	const pte_t *pud = pt_walk(mm->vm->map, mm->pgd, addr, PT_PUD, NULL);
	uint64_t at = 0xffff888000000000ULL + ((uint64_t)pte_pfn(*pud).v << PAGE_SHIFT);

	return (uint32_t)((at + pt_index(addr, PT_PMD) * sizeof(pte_t)) * 0x61C8864680B583EBULL >>
			  (64 - 2 * BLOOM_FILTER_SHIFT));
}

/* The two bits of @key: each a word and a place in it. */
static uint64_t *filter_word(struct lru_gen *gen, uint64_t seq, uint32_t key, unsigned int bit, uint64_t *mask)
{
	uint32_t at = bit ? key >> BLOOM_FILTER_SHIFT : key & ((1u << BLOOM_FILTER_SHIFT) - 1);

	*mask = 1ULL << (at % 64);
	return &gen->filters[seq % NR_BLOOM_FILTERS][at / 64];
}

static void filter_add(struct lru_gen *gen, uint64_t seq, uint32_t key)
{
	unsigned int bit;

	for (bit = 0; bit < 2 && gen->filter_used[seq % NR_BLOOM_FILTERS]; bit++) {
		uint64_t mask, *word = filter_word(gen, seq, key, bit, &mask);

		*word |= mask;
	}
}

/* Before it was filled for the first time it knows nothing, and has all. */
static bool filter_has(struct lru_gen *gen, uint64_t seq, uint32_t key)
{
	unsigned int bit;

	for (bit = 0; bit < 2 && gen->filter_used[seq % NR_BLOOM_FILTERS]; bit++) {
		uint64_t mask;

		if (!(*filter_word(gen, seq, key, bit, &mask) & mask))
			return false;
	}
	return true;
}

static void filter_reset(struct lru_gen *gen, uint64_t seq)
{
	memset(gen->filters[seq % NR_BLOOM_FILTERS], 0, sizeof(gen->filters[0]));
	gen->filter_used[seq % NR_BLOOM_FILTERS] = true;
}

/* ---- one entry ----------------------------------------------------------------------------- */

/* The page that @pte maps, where it is on node @nid, was used, and can go at all; NULL (Linux: get_pfn_folio). */
static struct page *young_page(const struct vm *vm, unsigned int nid, pte_t pte, bool can_swap)
{
	struct page *page;

	if ((pte.v & (PTE_PRESENT | PTE_ACCESSED)) != (PTE_PRESENT | PTE_ACCESSED) || (pte.v & PTE_SPECIAL))
		return NULL;
	page = compound_head(vm->map, page_from_pfn(vm->map, pte_pfn(pte)));
	if (page_zone_id(page) / MAX_NR_ZONES != nid || (!lru_is_file(page) && !can_swap))
		return NULL;
	return page;
}

/* The accessed bit is taken, and what the dirty bit says is the page's own. */
static void take_young(struct vm *vm, pte_t *pte, struct page *page)
{
	uint64_t private = FRAME_ANON | FRAME_SWAPBACKED;

	pte->v &= ~PTE_ACCESSED;
	if ((pte->v & PTE_DIRTY) && (page->vm_index & (private | FRAME_SWAPCACHE)) != private)
		vm_frame_dirty(vm, page);
}

/* ---- the walk of one process ------------------------------------------------------------------ */

struct walk {
	struct vm *vm;
	struct lru_gen *gen;
	unsigned int nid;
	uint64_t seq;			/* the youngest generation when it began */
	bool can_swap, force;
};

static bool skip_vma(const struct walk *walk, const struct vma *vma)
{
	if (!(vma->flags & VM_ACCESS_FLAGS) || !lru_gen_has_recency(vma) || (vma->flags & (VM_LOCKED | VM_SPECIAL_FLAGS)))
		return true;
	return (vma_is_anonymous(vma) || vma->file->shmem) && !walk->can_swap;
}

/* The first mapping that ends above @addr and is not left out; NULL. */
static struct vma *next_vma(const struct walk *walk, struct mm *mm, uint64_t addr)
{
	uint32_t i;

	for (i = mm_find(mm, addr); i < mm->nr_vmas; i++)
		if (!skip_vma(walk, mm->vmas[i]))
			return mm->vmas[i];
	return NULL;
}

/* All mappings' entries in the table from @addr to @end; true: on average one of each cache line was used. */
static bool walk_table(const struct walk *walk, struct mm *mm, uint64_t addr, uint64_t end)
{
	uint64_t total = 0, young = 0;
	struct vma *vma;

	for (vma = next_vma(walk, mm, addr); addr < end && vma && vma->start < end; vma = next_vma(walk, mm, addr)) {
		uint64_t stop = vma->end < end ? vma->end : end;

		if (addr < vma->start)
			addr = vma->start;
		for (; addr < stop; addr += PAGE_SIZE) {
			pte_t *pte = pt_walk(walk->vm->map, mm->pgd, addr, PT_PTE, NULL);
			struct page *page = young_page(walk->vm, walk->nid, *pte, walk->can_swap);

			total++;
			if (walk->vm->turns)
				turns_spend(walk->vm, TURNS_entry);
			if (!page)
				continue;
			young++;
			take_young(walk->vm, pte, page);
			lru_gen_promote(walk->vm, page);
		}
	}
	return young * LRU_GEN_PTES_PER_LINE >= total;
}

/* What lies under one entry @pmd, from @addr, which is the first that a mapping uses, to @end. */
static void walk_pmd(const struct walk *walk, struct mm *mm, pte_t *pmd, uint64_t addr, uint64_t end)
{
	uint64_t seq = walk->seq;
	uint32_t key;

	if (pte_leaf(*pmd)) {
		struct page *page = young_page(walk->vm, walk->nid, *pmd, walk->can_swap);

		if (page) {
			take_young(walk->vm, pmd, page);
			lru_gen_promote(walk->vm, page);
		}
		return;
	}
	if (!walk->force || !walk->vm->rules->gen_force_each_table) {
		if (!(pmd->v & PTE_ACCESSED))
			return;
		pmd->v &= ~PTE_ACCESSED;
	}
	key = filter_key(mm, addr);
	if (!walk->force && !filter_has(walk->gen, seq, key))
		return;
	if (walk_table(walk, mm, addr, end))
		filter_add(walk->gen, seq + 1, key);
}

/* How far the walk may go from @addr because a table at this or a higher level is missing; else to the next PMD entry. */
static uint64_t next_addr(const struct mm *mm, uint64_t addr, pte_t **pmd)
{
	int level;

	for (level = PT_PGD; level >= PT_PMD; level--) {
		*pmd = pt_walk(mm->vm->map, mm->pgd, addr, (enum pt_level)level, NULL);
		if (!*pmd || !pte_present(**pmd)) {
			*pmd = NULL;
			break;
		}
	}
	if (level < PT_PMD)
		level = PT_PMD;
	return (addr & ~(pt_span((enum pt_level)level) - 1)) + pt_span((enum pt_level)level);
}

static void walk_mm(const struct walk *walk, struct mm *mm)
{
	uint64_t addr = 0, end;
	struct vma *vma;
	pte_t *pmd;

	for (vma = next_vma(walk, mm, 0); vma; vma = next_vma(walk, mm, addr)) {
		if (addr < vma->start)
			addr = vma->start;
		end = next_addr(mm, addr, &pmd);
		if (pmd)
			walk_pmd(walk, mm, pmd, addr, end);
		addr = end;
		turns_resched(walk->vm);
		/* Another one has opened a generation meanwhile. */
		if (walk->seq != walk->gen->max_seq)
			break;
	}
	/* The next access walks from the top, and sets the bits of tables again. */
	mm_forget_walks(mm);
}

/* ---- the walk of all of them -------------------------------------------------------------------- */

/* The address space with the lowest number from @number on; NULL. */
static struct mm *next_mm(const struct vm *vm, uint64_t number)
{
	struct mm *found = NULL;
	uint32_t i;

	for (i = 0; i < vm->nr_processes; i++) {
		struct mm *mm = vm->processes[i]->mm;

		if (mm && mm->number >= number && (!found || mm->number < found->number))
			found = mm;
	}
	return found;
}

/* 6.1 leaves small processes out (should_skip_mm). */
static bool is_small(const struct walk *walk, const struct mm *mm)
{
	int64_t pages = mm->rss[RSS_FILE] + (walk->can_swap ? mm->rss[RSS_ANON] + mm->rss[RSS_SHMEM] : 0);

	return pages < walk->vm->rules->gen_small_process;
}

/* The next one to be walked, if any; *@last: there is none, for all are done (Linux: iterate_mm_list). */
static struct mm *iterate(struct walk *walk, bool *last)
{
	struct lru_gen *gen = walk->gen;
	bool first = !gen->walk_at;
	struct mm *mm;

	*last = false;
	if (walk->seq <= gen->passed_seq)
		return NULL;
	while ((mm = next_mm(walk->vm, gen->walk_at))) {
		bool ran = mm->gen_ran >> walk->nid & 1;

		gen->walk_at = mm->number + 1;
		/* New ones, and those that are newer still, in each table. */
		if (mm->number >= gen->next_mm)
			walk->force = true;
		if (!walk->force && !ran)
			continue;
		mm->gen_ran &= ~(1ULL << walk->nid);
		if (is_small(walk, mm))
			continue;
		if (first)
			filter_reset(gen, walk->seq + 1);
		return mm;
	}
	gen->walk_at = 0;
	gen->next_mm = walk->vm->next_mm;
	gen->passed_seq++;
	*last = true;
	return NULL;
}

bool lru_gen_walk(struct vm *vm, unsigned int nid, bool can_swap, bool force)
{
	struct lru_gen *gen = vm->lru->nodes[nid].gen;
	struct walk walk = { vm, gen, nid, gen->max_seq, can_swap, force };
	struct mm *mm;
	bool last;

	while ((mm = iterate(&walk, &last)))
		walk_mm(&walk, mm);
	return last;
}

/* ---- reclaim's look around --------------------------------------------------------------------------- */

/* The up to 64 entries around @addr, inside of @vma and of one table. */
static void window_of(const struct vma *vma, uint64_t addr, uint64_t *start, uint64_t *end)
{
	uint64_t table = addr & ~(pt_span(PT_PMD) - 1), most = MIN_LRU_BATCH * PAGE_SIZE;

	*start = table > vma->start ? table : vma->start;
	*end = table + pt_span(PT_PMD) < vma->end ? table + pt_span(PT_PMD) : vma->end;
	if (*end - *start <= most)
		return;
	if (addr - *start < most / 2) {
		*end = *start + most;
	} else if (*end - addr < most / 2) {
		*start = *end - most;
	} else {
		*start = addr - most / 2;
		*end = addr + most / 2;
	}
}

/* @page, a neighbour, was used. Who has no walk of his own under way leaves it to a batch. */
static void promote_neighbour(struct vm *vm, const struct lru_gen *gen, struct page *page)
{
	int g = lru_gen_of(page);

	if (vm->lru->gen_walking || g < 0) {
		lru_gen_promote(vm, page);
	} else if (g != (int)lru_gen_from_seq(gen->max_seq)) {
		page->vm_index &= ~(FRAME_REFS | FRAME_REFERENCED | FRAME_WORKINGSET);
		lru_activate(vm, vm_cpu(vm), pfn_from_page(vm->map, page));
	}
}

bool lru_gen_look_around(struct vm *vm, struct vma *vma, uint64_t addr, pte_t *pte)
{
	struct page *page = compound_head(vm->map, page_from_pfn(vm->map, pte_pfn(*pte)));
	unsigned int nid = page_zone_id(page) / MAX_NR_ZONES;
	struct lru_gen *gen = vm->lru->nodes[nid].gen;
	bool can_swap = !lru_is_file(page);
	uint64_t start, end, at, young = 1;

	if (!(pte->v & PTE_ACCESSED))
		return false;
	pte->v &= ~PTE_ACCESSED;
	if (vma->flags & VM_SPECIAL_FLAGS)
		return true;
	window_of(vma, addr, &start, &end);
	if (end - start == PAGE_SIZE)
		return true;
	pte -= (addr - start) >> PAGE_SHIFT;
	for (at = start; at < end; at += PAGE_SIZE, pte++) {
		page = young_page(vm, nid, *pte, can_swap);
		if (!page)
			continue;
		young++;
		take_young(vm, pte, page);
		promote_neighbour(vm, gen, page);
	}
	if (young * LRU_GEN_PTES_PER_LINE >= (end - start) >> PAGE_SHIFT)
		filter_add(gen, gen->max_seq, filter_key(vma->mm, addr));
	return true;
}
