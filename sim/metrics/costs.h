/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what page faults and page walks cost in time: a table of their kinds, which a file may change, times what was counted.
 *
 * The defaults are assumptions of the size that is usual on x86-64 with an SSD, not measurements; a count says more. A real
 * kernel's fault costs what its caches and its locks are like; here one of a kind costs as much as the other. What costs no fault
 * (reclaim by kswapd, write-back, read-ahead) is in no row. Simulated time does not go by with it: see sim/vm/clock.h.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_METRICS_COSTS_H
#define KMEMSIM_SIM_METRICS_COSTS_H

#include <stdio.h>

#include "pagemap/error.h"
#include "sim/vm/mm.h"

/* What has a cost. X(name, default in ns, of what: a fault's kind or NR_VM_FAULTS, what it is) */
#define COSTS(X) \
	X(anon,      600, VM_FAULT_anon,      "first touch: a page is taken and filled with zeros") \
	X(zero,      400, VM_FAULT_zero,      "the page of zeros is mapped for a read") \
	X(cow,       900, VM_FAULT_cow,       "a page is copied on write") \
	X(reuse,     400, VM_FAULT_reuse,     "a page is made writable, for nobody else uses it") \
	X(cache,     600, VM_FAULT_cache,     "a page is found in the page cache") \
	X(read,      90000, VM_FAULT_read,    "a page is read from a file; an SSD") \
	X(swapin,    90000, VM_FAULT_swapin,  "a page is read from swap; an SSD") \
	X(swapcache, 800, VM_FAULT_swapcache, "a page is found in the swap cache") \
	X(huge,      100000, VM_FAULT_huge,   "a huge page is taken and filled with zeros") \
	X(numa,      2000, VM_FAULT_numa,     "NUMA balancing looks who uses a page") \
	X(spurious,  300, VM_FAULT_spurious,  "there is nothing to do") \
	X(walk,      10, NR_VM_FAULTS,        "a page walk reads memory once")

enum cost {
#define COST_ENUM(name, ns, fault, text) COST_##name,
	COSTS(COST_ENUM)
#undef COST_ENUM
	NR_COSTS
};

struct cost_desc {
	const char *name, *text;
	enum vm_fault fault;		/* NR_VM_FAULTS: it is none */
};
extern const struct cost_desc cost_desc[NR_COSTS];

#define COST_MAX_NS	3600000000000u	/* an hour */

struct costs {
	uint64_t ns[NR_COSTS];
	const char *path;		/* the file that changed some; NULL: none did */
};

void costs_default(struct costs *costs);
/*
 * Change what @from, the file @path, says: lines "NAME TIME", such as "read 8ms", with "#" before what is a comment, as
 * 'kmemsim list costs' prints them. @path must stay as long as @costs. -EINVAL, with file and line, where a line is anything
 * else; -EIO; @costs is as it was then.
 */
int costs_read(struct costs *costs, FILE *from, const char *path, struct kerror *err);

/* How often each happened. */
struct cost_counts {
	uint64_t nr[NR_COSTS];
};

/* Of faults by kind, and of reads by page walks. */
void cost_count(struct cost_counts *counts, const uint64_t faults[NR_VM_FAULTS], uint64_t walk_refs);
/* ns; UINT64_MAX where it is more. */
uint64_t cost_of(const struct costs *costs, const struct cost_counts *counts, enum cost cost);
uint64_t cost_sum(const struct costs *costs, const struct cost_counts *counts);

#endif
