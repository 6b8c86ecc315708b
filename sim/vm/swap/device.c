/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a swap device: its slots, and who has them; see swap.h. Follows mm/swapfile.c. */
#include <errno.h>
#include <stdlib.h>

#include "pagemap/random.h"
#include "sim/util/bigmem.h"
#include "sim/vm/study.h"
#include "sim/vm/swap/internal.h"

/* ---- begin and end ------------------------------------------------------------ */

static int alloc_tables(struct swap *swap)
{
	swap->map = bigmem_alloc(swap->max, sizeof(*swap->map));
	swap->cached = bigmem_alloc(swap->max, sizeof(*swap->cached));
	swap->shadow = bigmem_alloc(swap->max, sizeof(*swap->shadow));
	swap->zero = bigmem_alloc(swap->max / 64 + 1, sizeof(*swap->zero));
	swap->slot_of = bigmem_alloc(swap->vm->map->end_pfn, sizeof(*swap->slot_of));
	swap->cpus = calloc(swap->nr_cpus, sizeof(*swap->cpus));
	if (!swap->map || !swap->cached || !swap->shadow || !swap->zero || !swap->slot_of || !swap->cpus)
		return -ENOMEM;
	if (swap->type == VM_SWAP_DISK)
		return 0;
	if (swap->type == VM_SWAP_ZRAM && zram_create(swap))
		return -ENOMEM;
	swap->clusters = bigmem_alloc(swap->nr_clusters, sizeof(*swap->clusters));
	if (!swap->clusters)
		return -ENOMEM;
	swap_clusters_init(swap);
	return 0;
}

int swap_create(struct vm *vm, struct kerror *err)
{
	uint64_t slots = vm->cfg.swap_bytes >> PAGE_SHIFT;
	struct swap *swap;
	unsigned int cpu;

	if (slots < 2 || slots > INT32_MAX)
		return kerror_set(err, -EINVAL, "swap: %llu bytes: expected at least 8 KiB and less than 8 TiB",
				  (unsigned long long)vm->cfg.swap_bytes);
	swap = calloc(1, sizeof(*swap));
	if (!swap)
		return kerror_set(err, -ENOMEM, "swap: out of memory");
	vm->swap = swap;
	swap->vm = vm;
	swap->type = vm->cfg.swap_type;
	swap->max = (uint32_t)slots;
	swap->pages = swap->max - 1;
	swap->avail = swap->pages;
	swap->lowest = swap->scan_next = 1;
	swap->highest = swap->max - 1;
	swap->nr_cpus = buddy_nr_cpus(vm->buddy);
	swap->nr_clusters = (swap->max + SWAP_CLUSTER - 1) / SWAP_CLUSTER;
	swap->random = 1;
	swap->ra_hits = 4;
	if (alloc_tables(swap)) {
		swap_destroy(vm);
		return kerror_set(err, -ENOMEM, "swap: out of memory");
	}
	swap->map[0] = SWAP_BAD;
	for (cpu = 0; cpu < swap->nr_cpus; cpu++)
		swap->cpus[cpu].scan_from = 1 + random_below(&swap->random, swap->highest);
	vm->swap_pages = swap->pages;
	return 0;
}

void swap_destroy(struct vm *vm)
{
	struct swap *swap = vm->swap;

	if (!swap)
		return;
	if (swap->type == VM_SWAP_ZRAM)
		zram_destroy(swap);
	bigmem_free(swap->map, swap->max, sizeof(*swap->map));
	bigmem_free(swap->cached, swap->max, sizeof(*swap->cached));
	bigmem_free(swap->shadow, swap->max, sizeof(*swap->shadow));
	bigmem_free(swap->zero, swap->max / 64 + 1, sizeof(*swap->zero));
	bigmem_free(swap->slot_of, vm->map->end_pfn, sizeof(*swap->slot_of));
	bigmem_free(swap->clusters, swap->nr_clusters, sizeof(*swap->clusters));
	free(swap->cpus);
	free(swap);
	vm->swap = NULL;
}

/* ---- how much ------------------------------------------------------------------- */

uint64_t swap_used(const struct vm *vm)
{
	const struct swap *swap = vm->swap;
	uint64_t used = swap ? swap->in_use : 0;
	unsigned int cpu;

	for (cpu = 0; swap && cpu < swap->nr_cpus; cpu++)
		used -= swap->cpus[cpu].nr + swap->cpus[cpu].nr_returned;
	return used;
}

bool swap_is_full(const struct vm *vm)
{
	return vm->swap->avail * 2 < vm->swap->pages;
}

bool swap_available(const struct vm *vm)
{
	return vm->swap && vm->swap->avail > 0;
}

/* ---- slots come and go ------------------------------------------------------------ */

void swap_range_taken(struct swap *swap, uint32_t slot, uint32_t nr)
{
	if (slot == swap->lowest)
		swap->lowest += nr;
	if (slot + nr - 1 == swap->highest)
		swap->highest -= nr;
	swap->in_use += nr;
	if (swap->in_use < swap->pages)
		return;
	swap->lowest = swap->max;
	swap->highest = 0;
	swap->look_again = swap->clusters && swap->vm->rules->swap_cluster_lists;
}

void swap_range_free(struct swap *swap, uint32_t slot, uint32_t nr)
{
	uint32_t i;

	for (i = slot; i < slot + nr; i++) {
		swap->map[i] = 0;
		swap->shadow[i] = 0;
		if (swap->vm->study)
			swap->vm->study->key_of_slot[i] = 0;
		swap->zero[i / 64] &= ~(1ULL << i % 64);
		if (swap->zram.bytes)
			zram_drop(swap, i);
	}
	if (swap->clusters)
		swap_cluster_put(swap, slot, nr);
	if (slot < swap->lowest)
		swap->lowest = slot;
	if (slot + nr - 1 > swap->highest)
		swap->highest = slot + nr - 1;
	swap->avail += nr;
	swap->in_use -= nr;
}

/* The last slot may have gone. */
static void after_taking(struct swap *swap)
{
	if (!swap->look_again)
		return;
	swap->look_again = false;
	swap_reclaim_clusters(swap, true);
}

uint32_t swap_take(struct swap *swap, unsigned int cpu, uint32_t want, uint32_t *slots)
{
	uint32_t got = 0, slot;

	if (want > swap->avail)
		want = swap->avail > 0 ? (uint32_t)swap->avail : 0;
	if (!want || !swap->highest)
		return 0;
	swap->avail -= want;
	if (!swap->clusters || !swap->vm->rules->swap_cluster_lists) {
		got = swap_scan(swap, cpu, want, slots);
	} else {
		while (got < want && (slot = swap_cluster_take(swap, cpu, 0)))
			slots[got++] = slot;
	}
	swap->avail += want - got;
	after_taking(swap);
	return got;
}

uint32_t swap_take_cluster(struct swap *swap, unsigned int cpu)
{
	uint32_t slot;

	if (!swap->clusters || swap->avail < SWAP_CLUSTER || !swap->highest)
		return SWAP_NO_SLOT;
	swap->avail -= SWAP_CLUSTER;
	slot = swap->vm->rules->swap_cluster_lists ? swap_cluster_take(swap, cpu, NR_SWAP_ORDERS - 1) :
						     swap_cluster_use_whole(swap);
	if (slot == SWAP_NO_SLOT)
		swap->avail += SWAP_CLUSTER;
	after_taking(swap);
	return slot;
}

/* ---- who has them ----------------------------------------------------------------- */

int swap_duplicate(struct vm *vm, uint32_t slot)
{
	if (swap_count(vm->swap, slot) == SWAP_COUNT_MAX)
		return -ENOMEM;
	vm->swap->map[slot]++;
	return 0;
}

/* Nobody has @slot: until it is given back, the map says that the swap cache does. */
static void slot_unused(struct vm *vm, uint32_t slot)
{
	vm->swap->map[slot] = SWAP_HAS_CACHE;
	swap_slot_put(vm->swap, vm_cpu(vm), slot);
}

void swap_free(struct vm *vm, uint32_t slot)
{
	if (!--vm->swap->map[slot])
		slot_unused(vm, slot);
}

void swap_put_cache(struct vm *vm, uint32_t slot)
{
	vm->swap->map[slot] &= (uint16_t)~SWAP_HAS_CACHE;
	if (!vm->swap->map[slot])
		slot_unused(vm, slot);
}

/* What the swap cache has of @slot goes where nobody maps it, or where room on swap is scarce. */
static void drop_cached(struct vm *vm, uint32_t slot)
{
	pfn_t pfn = vm->swap->map[slot] == SWAP_HAS_CACHE ? swap_cached(vm, slot) : PFN_NONE;
	struct page *page;

	if (pfn_is_none(pfn))
		return;
	page = page_from_pfn(vm->map, pfn);
	if ((page->vm_mapcount && !swap_is_full(vm)) || !swap_free_page(vm, pfn))
		return;
	if (!page->refcount)
		vm_free_frame(vm, pfn, 0);
}

/*
 * Whether @nr slots of one cluster are each had by one entry that goes, and all or none of them by the swap cache:
 * 6.12 frees such a row at once, past the CPU's slots that are to be given back.
 */
static bool row_ends(const struct swap *swap, uint32_t slot, uint32_t nr)
{
	uint32_t i;

	if (nr < 2 || swap_count(swap, slot) != 1 || nr > SWAP_CLUSTER - slot % SWAP_CLUSTER)
		return false;
	for (i = 1; i < nr; i++)
		if (swap->map[slot + i] != swap->map[slot])
			return false;
	return true;
}

void swap_free_and_cache(struct vm *vm, uint32_t slot, uint32_t nr)
{
	struct swap *swap = vm->swap;
	bool row = row_ends(swap, slot, nr), cached = swap->map[slot] & SWAP_HAS_CACHE;
	uint32_t i;

	for (i = slot; i < slot + nr && !row; i++)
		swap_free(vm, i);
	for (i = slot; i < slot + nr && row; i++)
		swap->map[i] = SWAP_HAS_CACHE;
	if (row && !cached) {
		swap_range_free(swap, slot, nr);
		return;
	}
	for (i = slot; i < slot + nr; i++)
		drop_cached(vm, i);
}
