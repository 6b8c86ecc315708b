/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the scan and the faults of NUMA balancing; see numa_scan.h. */
#include "sim/vm/numa_scan.h"

#include "sim/vm/internal.h"
#include "sim/vm/migrate.h"

/* scan_delay_ms and scan_period_min_ms are 1000, scan_size_mb is 256. */
#define SCAN_DELAY_NS	1000000000ULL
#define SCAN_PERIOD_NS	1000000000ULL
#define SCAN_PAGES	(256LL << (20 - PAGE_SHIFT))
/* While it looks at so many at most where few are mapped. */
#define SCAN_VIRTUAL	(SCAN_PAGES * 8)
/* The filter asks for a second fault after so many passes (should_numa_migrate_memory). */
#define FREE_PASSES	4u
/* alloc_misplaced_dst_folio(): there, now, or not at all. */
#define GFP_MISPLACED	((GFP_HIGHUSER_MOVABLE | __GFP_THISNODE | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN) & \
			 ~__GFP_RECLAIM)

/* ---- the scan ------------------------------------------------------------------ */

struct scan {
	struct vm *vm;
	unsigned int node;		/* whose pages stay as they are */
	uint64_t marked;
};

static int mark_one(void *ctx, pte_t *pte, uint64_t addr)
{
	struct scan *scan = ctx;
	const struct page *page;

	(void)addr;
	if (!pte_present(*pte) || (pte->v & (PTE_SPECIAL | PTE_NUMA)))
		return 0;
	page = page_from_pfn(scan->vm->map, pte_pfn(*pte));
	/* Shared copy-on-write pages stay, and what is on the node already. */
	if (!(page->vm_index & FRAME_ANON) || page->vm_mapcount != 1 || vm_frame_node(scan->vm, pte_pfn(*pte)) == scan->node)
		return 0;
	pte->v = (pte->v & ~PTE_USER) | PTE_NUMA;
	scan->marked++;
	return 0;
}

static int pass_huge(void *ctx, pte_t *leaf, uint64_t addr, uint64_t end)
{
	(void)ctx;
	(void)leaf;
	(void)addr;
	(void)end;
	return 0;
}

static bool may_scan(const struct process *process, const struct vma *vma)
{
	/* A policy of one's own says where pages are to be (vma_policy_mof). */
	return vma_is_anonymous(vma) && (vma->flags & VM_ACCESS_FLAGS) && vma->policy.mode == MEMPOLICY_DEFAULT &&
	       process->policy.mode == MEMPOLICY_DEFAULT;
}

/* The mappings from where the last scan ended; the pass is over at the last one. */
static void scan_mappings(struct process *process, struct scan *scan)
{
	struct mm *mm = process->mm;
	int64_t pages = SCAN_PAGES, virtual = SCAN_VIRTUAL;
	uint32_t i = mm_find(mm, mm->numa_scan_offset);

	if (i == mm->nr_vmas) {
		mm->numa_scan_offset = 0;
		mm->numa_scan_seq++;
		i = 0;
	}
	for (; i < mm->nr_vmas && pages > 0 && virtual > 0; i++) {
		const struct vma *vma = mm->vmas[i];
		uint64_t start = mm->numa_scan_offset > vma->start ? mm->numa_scan_offset : vma->start;

		if (!may_scan(process, vma))
			continue;
		while (start < vma->end && pages > 0 && virtual > 0) {
			uint64_t before = scan->marked, end = start + ((uint64_t)pages << PAGE_SHIFT);

			end = (end + pt_span(PT_PMD) - 1) & ~(pt_span(PT_PMD) - 1);
			end = end < vma->end ? end : vma->end;
			mm_for_each_pte(mm, start, end, mark_one, pass_huge, scan);
			if (scan->marked > before)
				pages -= (int64_t)((end - start) >> PAGE_SHIFT);
			virtual -= (int64_t)((end - start) >> PAGE_SHIFT);
			start = end;
			mm->numa_scan_offset = start;
		}
	}
	if (i == mm->nr_vmas && pages > 0 && virtual > 0) {
		mm->numa_scan_offset = 0;
		mm->numa_scan_seq++;
	}
}

bool numa_scan(struct process *process)
{
	struct vm *vm = process->vm;
	struct scan scan = { vm, buddy_cpu_node(vm->buddy, process->cpu), 0 };
	struct mm *mm = process->mm;

	if (!vm->cfg.numa_balancing || buddy_nr_nodes(vm->buddy) < 2)
		return false;
	if (!mm->numa_next_scan)
		mm->numa_next_scan = vm->now_ns + SCAN_DELAY_NS;
	if (vm->now_ns < mm->numa_next_scan)
		return false;
	mm->numa_next_scan = vm->now_ns + SCAN_PERIOD_NS;
	scan_mappings(process, &scan);
	vm->counters[VM_CNT_numa_pte_updates] += scan.marked;
	return scan.marked;
}

/* ---- the fault --------------------------------------------------------------------- */

/* Who used the frame last by such a fault, and from which node: 0 nobody did. */
static uint64_t use_of(const struct process *process, unsigned int node)
{
	return (uint64_t)process->pid << 8 | (node + 1);
}

void numa_forget(struct vm *vm, pfn_t pfn)
{
	uint64_t *value = table_find(&vm->numa_last_use, pfn.v);

	if (value)
		table_remove(&vm->numa_last_use, value);
}

/* Whether a page goes to @node, where @process runs (should_numa_migrate_memory). */
static bool should_migrate(struct process *process, pfn_t pfn, unsigned int node)
{
	struct vm *vm = process->vm;
	uint64_t *value = table_get(&vm->numa_last_use, pfn.v), last;

	/* Without memory for the note it is as if nobody had used it. */
	last = value ? *value : 0;
	if (value)
		*value = use_of(process, node);
	if (process->mm->numa_scan_seq <= FREE_PASSES && (!last || last >> 8 == (uint64_t)process->pid))
		return true;
	return !last || (last & 0xff) == node + 1;
}

void numa_fault(struct vma *vma, pte_t *pte)
{
	struct vm *vm = vma->mm->vm;
	struct process *process = vm->current;
	pfn_t pfn = pte_pfn(*pte);
	unsigned int from = vm_frame_node(vm, pfn), to = buddy_cpu_node(vm->buddy, process->cpu);
	struct frame_place place = { .nid = (int)to, .nodes = 1U << to };
	uint64_t *value;

	pte->v = (pte->v & ~PTE_NUMA) | PTE_USER;
	vm->counters[VM_CNT_numa_hint_faults]++;
	if (from == to) {
		vm->counters[VM_CNT_numa_hint_faults_local]++;
		return;
	}
	if (!should_migrate(process, pfn, to) || !vm_migrate_to(vm, pfn, GFP_MISPLACED, &place))
		return;
	vm->counters[VM_CNT_numa_pages_migrated]++;
	/* The note goes along. */
	value = table_get(&vm->numa_last_use, pte_pfn(*pte).v);
	if (value)
		*value = use_of(process, to);
}
