/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what processes and reclaim add to vmstat and zoneinfo; see procfs_vm.h. */
#include "sim/report/kernel/procfs_vm.h"

#include <string.h>

#include "pagemap/pgtable.h"
#include "sim/vm/frame.h"
#include "sim/vm/lru/lru.h"

static uint64_t mapped_of(const struct vm *vm, pfn_t pfn, uint64_t nr)
{
	uint64_t mapped = 0, i;

	for (i = 0; i < nr; i++)
		mapped += vm_frame_mapped(vm, page_from_pfn(vm->map, pfn_make(pfn.v + (uint32_t)i)));
	return mapped;
}

/* The top tables are not counted, and in 6.1 those below them are not, either (Linux: pagetable_pud_ctor). */
static bool table_counts(const struct vm *vm, const struct page *page)
{
	uint64_t level = page->vm_index & FRAME_OFFSET;

	return level <= PT_PMD || (level == PT_PUD && vm->cfg.kernel != VM_KERNEL_6_1);
}

void procfs_count_frames(const struct vm *vm, pfn_t pfn, uint64_t nr, uint64_t *stat)
{
	const struct page *page = page_from_pfn(vm->map, pfn);
	uint64_t kind = page->vm_index;

	if (kind & FRAME_TABLE) {
		stat[VS_nr_page_table_pages] += table_counts(vm, page) ? nr : 0;
		return;
	}
	if (kind & FRAME_ANON) {
		stat[VS_nr_anon_pages] += mapped_of(vm, pfn, nr);
		stat[VS_nr_anon_transparent_hugepages] += vm_frame_huge_mapped(page);
	}
	if (kind & FRAME_FILE) {
		stat[VS_nr_file_pages] += nr;
		stat[VS_nr_mapped] += mapped_of(vm, pfn, nr);
		stat[VS_nr_shmem] += kind & FRAME_SHMEM ? nr : 0;
		stat[VS_nr_dirty] += (kind & FRAME_DIRTY) && !(kind & FRAME_SHMEM) ? nr : 0;
	}
	/* The swap cache is part of the page cache. */
	if (kind & FRAME_SWAPCACHE) {
		stat[VS_nr_file_pages] += nr;
		stat[VS_nr_swapcached] += nr;
	}
	if (kind & (FRAME_ANON | FRAME_FILE)) {
		stat[VS_nr_writeback] += kind & FRAME_WRITEBACK ? nr : 0;
		stat[VS_nr_mlock] += kind & FRAME_MLOCKED ? nr : 0;
	}
}

void procfs_count_lists(const struct vm *vm, const struct zone *zone, uint64_t *stat)
{
	static const struct {
		enum vmstat_item node, zone;
	} items[NR_LRU_LISTS] = {
		[LRU_INACTIVE_ANON] = { VS_nr_inactive_anon, VS_nr_zone_inactive_anon },
		[LRU_ACTIVE_ANON] = { VS_nr_active_anon, VS_nr_zone_active_anon },
		[LRU_INACTIVE_FILE] = { VS_nr_inactive_file, VS_nr_zone_inactive_file },
		[LRU_ACTIVE_FILE] = { VS_nr_active_file, VS_nr_zone_active_file },
		[LRU_UNEVICTABLE] = { VS_nr_unevictable, VS_nr_zone_unevictable },
	};
	unsigned int list;

	for (list = 0; list < NR_LRU_LISTS; list++) {
		uint64_t pages = vm->lru->nodes[zone->nid].size[zone->idx][list];

		stat[items[list].node] += pages;
		stat[items[list].zone] += pages;
	}
}

void procfs_count_events(const struct vm *vm, enum buddy_kernel kernel, uint64_t *stat)
{
	static const char *const names[NR_VM_COUNTERS] = {
#define VM_COUNTER_NAME(name, text) #name,
		VM_COUNTERS(VM_COUNTER_NAME)
#undef VM_COUNTER_NAME
	};
	unsigned int i, item;

	for (item = 0; item < NR_VMSTAT_ITEMS; item++) {
		const char *name = vmstat_name(kernel, (enum vmstat_item)item);

		for (i = 0; name && i < NR_VM_COUNTERS; i++)
			if (!strcmp(names[i], name))
				stat[item] += vm->counters[i];
	}
}
