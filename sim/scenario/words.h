/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the words of the scenario language that stand for values, each list
 * once: the reader, its hints, docs/scenario.md's test and whoever runs a scenario
 * have them from here.
 *
 * Locking: none, constant.
 */
#ifndef KMEMSIM_SIM_SCENARIO_WORDS_H
#define KMEMSIM_SIM_SCENARIO_WORDS_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

/* Headers older than Linux 5.14 lack these. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

/* A word and the value it stands for. Lists end with a NULL word. */
struct scenario_word {
	const char *word;
	int value;
};

extern const struct scenario_word scenario_prot[];	/* PROT_* */
extern const struct scenario_word scenario_advice[];	/* MADV_* */
extern const struct scenario_word scenario_errno[];	/* positive errno; "none" is 0 */
extern const struct scenario_word scenario_signal[];	/* SIG*; "none" is 0 */

enum scenario_sharing { SCENARIO_PRIVATE, SCENARIO_SHARED };
extern const struct scenario_word scenario_sharing[];

/* Whether mmap's address is a hint, an order (MAP_FIXED), or one that must be free (MAP_FIXED_NOREPLACE). */
enum scenario_placing { SCENARIO_HINT, SCENARIO_FIXED, SCENARIO_NOREPLACE };
extern const struct scenario_word scenario_placing[];

enum scenario_access { SCENARIO_READ, SCENARIO_WRITE, SCENARIO_EXEC };
extern const struct scenario_word scenario_access[];

enum scenario_pattern { SCENARIO_SEQUENTIAL, SCENARIO_REVERSE, SCENARIO_RANDOM, SCENARIO_ZIPF };
extern const struct scenario_word scenario_pattern[];

enum scenario_thp { SCENARIO_THP_NEVER, SCENARIO_THP_MADVISE, SCENARIO_THP_ALWAYS };
extern const struct scenario_word scenario_thp[];
enum scenario_defrag {
	SCENARIO_DEFRAG_MADVISE, SCENARIO_DEFRAG_ALWAYS, SCENARIO_DEFRAG_DEFER, SCENARIO_DEFRAG_DEFER_MADVISE,
	SCENARIO_DEFRAG_NEVER,
};
extern const struct scenario_word scenario_defrag[];

enum scenario_swap { SCENARIO_SSD, SCENARIO_DISK, SCENARIO_ZRAM };
extern const struct scenario_word scenario_swap[];

enum scenario_lru { SCENARIO_CLASSIC, SCENARIO_MGLRU };
extern const struct scenario_word scenario_lru[];

/* Policies of page replacement for study, instead of the kernel's. */
enum scenario_policy {
	SCENARIO_KERNEL, SCENARIO_FIFO, SCENARIO_LRU, SCENARIO_CLOCK, SCENARIO_SECOND_CHANCE, SCENARIO_LFU,
	SCENARIO_ANY, SCENARIO_ARC, SCENARIO_2Q, SCENARIO_SIEVE, SCENARIO_S3_FIFO, SCENARIO_OPT
};
extern const struct scenario_word scenario_policy[];

/* What drop-caches drops, as /proc/sys/vm/drop_caches numbers it. */
enum scenario_drop { SCENARIO_DROP_PAGES = 1, SCENARIO_DROP_OBJECTS, SCENARIO_DROP_ALL };
extern const struct scenario_word scenario_drop[];

extern const struct scenario_word scenario_mempolicy[];	/* MPOL_*, as linux/mempolicy.h numbers them */

extern const struct scenario_word scenario_switch[];	/* off, on */

/* The word for @value; NULL where the list has none. */
const char *scenario_word_of(const struct scenario_word *list, int value);

/* ---- figures --------------------------------------------------------------- */

enum scenario_unit {
	SCENARIO_COUNT,		/* happened so often; a phase has its own */
	SCENARIO_NUMBER,	/* so many there are now */
	SCENARIO_BYTES,		/* so much there is now */
	SCENARIO_ADDRESS,
	SCENARIO_ERRNO,
	SCENARIO_SIGNAL,
	NR_SCENARIO_UNITS
};

/*
 * What an expect line can ask. X(ID, word, unit, of what, meaning); of what:
 * P a process, M a mapping of it, B both. TLB and VM are the machine's.
 */
#define SCENARIO_FIGURES(X) \
	X(FAULTS, "faults", COUNT, B, "minor and major faults together") \
	X(MINFLT, "minflt", COUNT, B, "minor faults: no disk was needed") \
	X(MAJFLT, "majflt", COUNT, B, "major faults: a disk was read") \
	X(FIRST_TOUCH, "anon-faults", COUNT, B, "first touches that took a frame") \
	X(ZERO, "zero-faults", COUNT, B, "first reads that got the zero page") \
	X(COW, "cow-faults", COUNT, B, "writes that copied a page") \
	X(REUSE, "reuse-faults", COUNT, B, "writes to a page that nobody else uses any more: no copy") \
	X(CACHE, "cache-faults", COUNT, B, "file pages found in the page cache") \
	X(READ, "read-faults", COUNT, B, "file pages read from the disk") \
	X(SWAPIN, "swapin-faults", COUNT, B, "pages read from swap") \
	X(HUGE, "huge-faults", COUNT, B, "faults that mapped a huge page") \
	X(SPURIOUS, "spurious-faults", COUNT, B, "faults with nothing to do") \
	X(BAD, "bad-faults", COUNT, B, "accesses that were not allowed") \
	X(ACCESSES, "accesses", COUNT, B, "touches of memory") \
	X(REMOTE, "remote-accesses", COUNT, B, "touches of memory of another node than the CPU's") \
	X(TLB_MISSES, "tlb-misses", COUNT, B, "accesses that no TLB level had the page of") \
	X(RSS, "rss", BYTES, B, "memory that is in frames") \
	X(ANON, "anon", BYTES, B, "the part of rss that is in no file") \
	X(HUGEPAGES, "huge", BYTES, B, "the part of rss that is in huge pages (AnonHugePages)") \
	X(AWAY, "away", BYTES, B, "the part of rss on another node than the CPU's") \
	X(SWAP, "swap", BYTES, B, "memory that is on swap") \
	X(SIZE, "size", BYTES, M, "length of the mapping") \
	X(START, "start", ADDRESS, M, "where the mapping begins") \
	X(VSZ, "vsz", BYTES, P, "all that is mapped (VmSize)") \
	X(LOCKED, "locked", BYTES, P, "memory that is locked (VmLck)") \
	X(PTE, "pte", BYTES, P, "page tables (VmPTE)") \
	X(MAPS, "maps", NUMBER, P, "mappings, as /proc/PID/maps has lines") \
	X(RESIDENT, "resident", NUMBER, P, "pages that the last mincore found in memory") \
	X(OOM_SCORE, "oom-score", NUMBER, P, "how near it is to be killed for memory (/proc/PID/oom_score)") \
	X(ERRNO, "errno", ERRNO, P, "what its last call returned; none: success") \
	X(SIGNAL, "signal", SIGNAL, P, "what ended it; none: it runs, or has exited")

/* Of the machine: `vm.NAME`, where a name is one of /proc/vmstat, or of these sums and sizes. */
#define SCENARIO_VM_FIGURES(X) \
	X(PGFAULT, "pgfault", COUNT, "page faults of all processes") \
	X(PGMAJFAULT, "pgmajfault", COUNT, "those that waited for a disk") \
	X(PGREUSE, "pgreuse", COUNT, "pages written to in place") \
	X(PGSCAN, "pgscan", COUNT, "pages that reclaim looked at, by kswapd and directly") \
	X(PGSCAN_KSWAPD, "pgscan_kswapd", COUNT, "those that kswapd looked at") \
	X(PGSCAN_DIRECT, "pgscan_direct", COUNT, "those that a waiting process looked at") \
	X(PGSTEAL, "pgsteal", COUNT, "pages that reclaim freed, by kswapd and directly") \
	X(PGSTEAL_KSWAPD, "pgsteal_kswapd", COUNT, "those that kswapd freed") \
	X(PGSTEAL_DIRECT, "pgsteal_direct", COUNT, "those that a waiting process freed") \
	X(PGACTIVATE, "pgactivate", COUNT, "pages moved to the active list") \
	X(PGDEACTIVATE, "pgdeactivate", COUNT, "pages moved to the inactive list") \
	X(SLABS_SCANNED, "slabs_scanned", COUNT, "objects of caches that reclaim looked at") \
	X(PSWPIN, "pswpin", COUNT, "pages read from swap") \
	X(PSWPOUT, "pswpout", COUNT, "pages written to swap") \
	X(SWAP_RA, "swap_ra", COUNT, "pages read from swap ahead of need") \
	X(SWAP_RA_HIT, "swap_ra_hit", COUNT, "those that were needed") \
	X(SWPOUT_ZERO, "swpout_zero", COUNT, "pages of zeros that were not written (6.12)") \
	X(REFAULT_ANON, "workingset_refault_anon", COUNT, "private pages that came back soon after they had to go") \
	X(REFAULT_FILE, "workingset_refault_file", COUNT, "file pages that did") \
	X(THP_FAULT_ALLOC, "thp_fault_alloc", COUNT, "huge pages taken at a fault") \
	X(THP_FAULT_FALLBACK, "thp_fault_fallback", COUNT, "faults that wanted a huge page and got a small one") \
	X(THP_SPLIT, "thp_split_page", COUNT, "huge pages split") \
	X(THP_SPLIT_PMD, "thp_split_pmd", COUNT, "huge mappings split") \
	X(THP_SWPOUT, "thp_swpout", COUNT, "huge pages written to swap as a whole") \
	X(THP_SWPOUT_FALLBACK, "thp_swpout_fallback", COUNT, "huge pages split for want of room on swap") \
	X(THP_DEFERRED, "thp_deferred_split_page", COUNT, "huge pages of which a part is not mapped any more") \
	X(THP_COLLAPSE, "thp_collapse_alloc", COUNT, "huge pages that khugepaged took") \
	X(COMPACT_STALL, "compact_stall", COUNT, "requests that moved pages together to get a block") \
	X(COMPACT_SUCCESS, "compact_success", COUNT, "those that got it") \
	X(COMPACT_FAIL, "compact_fail", COUNT, "those that did not") \
	X(NUMA_HIT, "numa_hit", COUNT, "frames that came from the node they were wanted of") \
	X(NUMA_MISS, "numa_miss", COUNT, "frames that came from another node") \
	X(NUMA_FOREIGN, "numa_foreign", COUNT, "frames that were wanted of a node and came from another") \
	X(NUMA_INTERLEAVE, "numa_interleave", COUNT, "frames that came from the node whose turn it was") \
	X(NUMA_LOCAL, "numa_local", COUNT, "frames that came from the node of the CPU that asked") \
	X(NUMA_OTHER, "numa_other", COUNT, "frames that came from another node than that CPU's") \
	X(NUMA_PTE_UPDATES, "numa_pte_updates", COUNT, "entries made to fault by NUMA balancing") \
	X(NUMA_HINT_FAULTS, "numa_hint_faults", COUNT, "faults that came of it") \
	X(NUMA_HINT_LOCAL, "numa_hint_faults_local", COUNT, "those on pages of the CPU's own node") \
	X(NUMA_MIGRATED, "numa_pages_migrated", COUNT, "pages that such a fault moved to the CPU's node") \
	X(PGMIGRATE, "pgmigrate_success", COUNT, "pages that moved to another frame") \
	X(OOM_KILL, "oom_kill", COUNT, "processes killed for memory") \
	X(GENERATIONS, "generations", NUMBER, "generations of pages; 0: the machine has lists") \
	X(OLDEST, "oldest", BYTES, "pages of the oldest generation") \
	X(YOUNGEST, "youngest", BYTES, "pages of the youngest generation") \
	X(FREE, "free", BYTES, "memory that is free") \
	X(FILE, "cached", BYTES, "page cache") \
	X(SLAB, "slab", BYTES, "caches whose objects may be freed (SReclaimable)") \
	X(DIRTY, "dirty", BYTES, "pages not yet written to disk") \
	X(SWAP_USED, "swap-used", BYTES, "swap in use") \
	X(COMMITTED, "committed", BYTES, "memory that was promised (Committed_AS)")

/* Of all CPUs' TLBs: `tlb.NAME`. */
#define SCENARIO_TLB_FIGURES(X) \
	X(ACCESSES, "accesses", COUNT, "lookups") \
	X(L1_HITS, "l1-hits", COUNT, "found in the first level") \
	X(L2_HITS, "l2-hits", COUNT, "found in the second level") \
	X(WALKS, "walks", COUNT, "found in neither: the page tables were read") \
	X(FLUSHES, "flushes", COUNT, "flushes of all entries or of one process's") \
	X(SHOOTDOWNS, "shootdowns", COUNT, "entries of another CPU taken away")

enum scenario_figure {
#define SCENARIO_FIGURE_ENUM(id, word, unit, of, text) SCENARIO_FIGURE_##id,
	SCENARIO_FIGURES(SCENARIO_FIGURE_ENUM)
#undef SCENARIO_FIGURE_ENUM
	NR_SCENARIO_FIGURES
};

enum scenario_vm_figure {
#define SCENARIO_VM_ENUM(id, word, unit, text) SCENARIO_VM_##id,
	SCENARIO_VM_FIGURES(SCENARIO_VM_ENUM)
#undef SCENARIO_VM_ENUM
	NR_SCENARIO_VM_FIGURES
};

enum scenario_tlb_figure {
#define SCENARIO_TLB_ENUM(id, word, unit, text) SCENARIO_TLB_##id,
	SCENARIO_TLB_FIGURES(SCENARIO_TLB_ENUM)
#undef SCENARIO_TLB_ENUM
	NR_SCENARIO_TLB_FIGURES
};

struct scenario_figure_desc {
	const char *word;
	enum scenario_unit unit;
	bool of_process, of_mapping;
	const char *text;
};

/* Each ends with a NULL word; indexed by the enums above. */
extern const struct scenario_figure_desc scenario_figures[], scenario_vm_figures[], scenario_tlb_figures[];

#endif
