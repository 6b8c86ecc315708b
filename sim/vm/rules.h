/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the kernel's virtual memory does differently from one version
 * to the next. One row a difference, the versions' values beside each other; the
 * code asks for the row by name. What no row names is alike in both.
 *
 * Locking: none, constant.
 */
#ifndef KMEMSIM_SIM_VM_RULES_H
#define KMEMSIM_SIM_VM_RULES_H

/* The machine's page allocator follows 6.1 or 6.12; 6.18's virtual memory is here because hosts run it. */
enum vm_kernel { VM_KERNEL_6_1, VM_KERNEL_6_12, VM_KERNEL_6_18, NR_VM_KERNELS };

/* X(name, in 6.1, in 6.12, in 6.18, what it means) */
#define VM_RULES(X) \
	X(smaps_ksm, 0, 1, 1, \
	  "smaps has a line KSM") \
	X(smaps_wide_eligible, 0, 1, 1, \
	  "THPeligible in smaps is a number eight wide") \
	X(align_huge, 0, 1, 1, \
	  "a private anonymous mapping without a hint, whose length is a multiple of 2 MiB, begins at one (6.7)") \
	X(stack_small, 0, 1, 1, \
	  "MAP_STACK asks for small pages (6.7)") \
	X(charge_first, 0, 1, 1, \
	  "mmap over other mappings looks whether it may commit before they are gone, not after (6.12)") \
	X(new_joins_above, 1, 0, 0, \
	  "mmap's new mapping joins the one above first, and the one below as well only if both have the same anon_vma") \
	X(uncharge_untouched, 0, 1, 1, \
	  "mprotect to read-only takes memory that nobody touched yet out of Committed_AS (6.11)") \
	X(reset_offset_untouched, 0, 1, 1, \
	  "mremap with MREMAP_DONTUNMAP gives the mapping that stays its page offset back") \
	X(dontunmap_splits_locked, 1, 1, 0, \
	  "mremap with MREMAP_DONTUNMAP splits a locked mapping and unlocks the part alone, not all of it") \
	X(dontunmap_rounds, 0, 0, 1, \
	  "mremap with MREMAP_DONTUNMAP compares the lengths in whole pages (6.17)") \
	X(dontunmap_joins, 0, 0, 1, \
	  "mremap with MREMAP_DONTUNMAP of what nobody touched yet may put it behind the mapping that stays, as a part of it: "\
	  "6.18 as it was tried; 6.1 and 6.12 had this mended") \
	X(remap_checks_place, 0, 0, 1, \
	  "mremap refuses a new place that overlaps the old one before it looks for the mapping (6.17)") \
	X(protect_back_dirty, 1, 0, 0, \
	  "mprotect gives the right to write back at once only where the entry was written through, else a fault has to (6.2)") \
	X(protect_back_huge, 0, 1, 1, \
	  "mprotect gives it back at once to huge pages, too (6.2)") \
	X(reuse_part, 1, 0, 0, \
	  "the last page that is left of a huge one is written to in place, not copied") \
	X(reuse_parts, 0, 0, 1, \
	  "pages of a huge one that one process alone maps are written to in place") \
	X(shared_by_block, 0, 1, 1, \
	  "whether a page of a huge one is shared is guessed from the block and its first page, not looked up") \
	X(mthp, 0, 1, 1, \
	  "a first write can take a block of 16 KiB to 1 MiB, which small entries map (6.8)") \
	X(unmaps_rows, 0, 1, 1, \
	  "pages of a huge one that are unmapped in one go count together: none of them is the first (6.9)") \
	X(split_keeps_dirty, 0, 1, 1, \
	  "small entries that come of a huge one are dirty where it was, else the page alone is (6.2)") \
	X(split_waits, 1, 0, 0, \
	  "a huge page that is split at once counts as one that waits for it, too: its pages are unmapped one by one") \
	X(collapse_read_only, 0, 0, 1, \
	  "small pages become a huge one though none of them may be written to") \
	X(huge_zero_cow, 0, 0, 1, \
	  "a write to the huge page of zeros takes a huge page, not a small one") \
	X(dontneed_frees_tables, 0, 0, 1, \
	  "MADV_DONTNEED of 2 MiB that one table maps frees the table, too") \
	X(tables_compound, 0, 1, 1, \
	  "page tables below the top are asked for as compound pages") \
	X(merge_into_untouched, 0, 0, 1, \
	  "a touched mapping can join a neighbour that nobody touched yet, not only the other way round (6.16)") \
	X(readahead_merges, 1, 0, 0, \
	  "a read that misses right behind the last window moves on as if it had met the mark (until 6.10)") \
	X(readahead_of_full, 1, 0, 0, \
	  "a mark with nothing missing in the window behind it is a reason to read all the same (until 6.5)") \
	X(read_tells_at_end, 0, 1, 1, \
	  "read() notes how far it came when it is done, not page by page (6.8)") \
	X(retry_is_major, 1, 0, 0, \
	  "a fault that begins to read the next window counts as a major one of its process, though the page was there (until 6.4)") \
	X(miss_spares_workingset, 0, 1, 1, \
	  "pages that were given up and came back do not speak for read-around when they are mapped (6.9)") \
	X(rss_by_task, 1, 0, 0, \
	  "a process keeps the pages of its faults apart, and they are summed up at each 66th") \
	X(rss_by_cpu, 0, 1, 1, \
	  "a CPU keeps pages of an address space apart, fewer than 32 of a kind (6.2)") \
	X(status_sums, 0, 1, 1, \
	  "/proc/PID/status adds up what is kept apart of a process's pages") \
	X(willneed_one_more, 1, 0, 0, \
	  "MADV_WILLNEED of shared memory reads the page behind the range from swap, too") \
	X(swapin_locks, 1, 0, 0, \
	  "a page that comes from swap into a locked mapping is locked at once, else when reclaim meets it (until 6.10)") \
	X(swap_cluster_lists, 0, 1, 1, \
	  "swap without seeks keeps lists of clusters that are partly used, by size of page (6.12)") \
	X(swap_reclaim_direct, 0, 1, 1, \
	  "a slot that only the swap cache had can be taken at once, where slots are scarce (6.12)") \
	X(swap_free_rows, 0, 1, 1, \
	  "entries whose slots follow each other are given up together (6.10)") \
	X(huge_parts_whole, 0, 1, 1, \
	  "a huge page that small entries map goes to swap as a whole, too, if they map all of it (6.10)") \
	X(swap_zeromap, 0, 1, 1, \
	  "pages of zeros are not written to swap (6.12)") \
	X(swapin_read_writable, 0, 1, 1, \
	  "a read that brings a process's own page back from swap allows writing, too (6.12)") \
	X(lru_batch, 15, 31, 31, \
	  "so many pages a CPU gathers before they come onto a list (31 since 6.9)") \
	X(gen_enabled, 0, 1, 1, \
	  "pages are in generations, not on active and inactive lists") \
	X(gen_active_forgets_refs, 0, 1, 1, \
	  "a page that comes to the youngest generation has not been used through read() and write() yet") \
	X(gen_force_each_table, 0, 1, 1, \
	  "the first walk of a process goes through tables whose own accessed bit is clear, too") \
	X(gen_sorts_dirty, 1, 0, 0, \
	  "dirty pages of the oldest generation go on to the next one, and wait to be written") \
	X(gen_counts_old_refaults, 0, 1, 1, \
	  "a page that comes back counts as a refault whatever generation was the oldest, else only if it still is") \
	X(gen_small_process, 64, 0, 0, \
	  "a process with fewer pages is left out of the walk") \
	X(slice_us, 3000, 700, 700, \
	  "so many microseconds a task has run when a tick lets another one run: of one CPU, half of sched_latency (6.1), base_slice") \
	X(cost_of_scanning, 0, 1, 1, \
	  "pages that reclaim looked at for nothing count as cost, too, and a write or a refault 32 times as much") \
	X(random_is_no_use, 0, 1, 1, \
	  "use through a mapping advised MADV_RANDOM does not keep a page, as with MADV_SEQUENTIAL") \
	X(cache_trim_retry, 0, 1, 1, \
	  "kswapd looks at private pages, too, after files alone gave nothing")

struct vm_rules {
	const char *kernel;		/* "6.1" */
#define VM_RULE_FIELD(name, in_6_1, in_6_12, in_6_18, text) int name;
	VM_RULES(VM_RULE_FIELD)
#undef VM_RULE_FIELD
};

/* Indexed by enum vm_kernel. */
extern const struct vm_rules vm_rules[NR_VM_KERNELS];

struct vm_rule_desc {
	const char *name;
	int value[NR_VM_KERNELS];
	const char *text;
};

/* Ends with a NULL name. */
extern const struct vm_rule_desc vm_rule_desc[];

#endif
