/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the program whose memory accesses a trace holds, as a process of a simulated machine: each
 * access goes through a TLB and the page tables, and what it faults on takes frames.
 *
 *	struct access -> a region? none: infer.c makes one
 *	              -> vm_access(): TLB, walk, rights, fault -> counts of the region and of the call site
 *
 * A trace of accesses says nothing of mappings. A file may (maps.h, apply.c); an access to what that lacks, and every one
 * where there is none, has its mapping inferred from its address (infer.c says how, and what cannot be known so). Content is not known either: what the kernel writes for the program, as read() does, is not
 * seen, and a page that only the kernel wrote to looks as if it had never been written.
 *
 * One process on one CPU, whatever threads there are. Instructions and data have a TLB each. An access to an address that no
 * program can use (below 64 KiB, the kernel's half) is counted, and nothing else.
 *
 * The machine is booted at the first access. Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACED_TRACED_H
#define KMEMSIM_SIM_TRACED_TRACED_H

#include "sim/machine/machine.h"
#include "sim/trace/access/access.h"
#include "sim/traced/maps.h"
#include "sim/traced/region.h"
#include "sim/util/table.h"
#include "sim/vm/file.h"
#include "sim/vm/process.h"

enum traced_side { TRACED_DATA, TRACED_FETCH, NR_TRACED_SIDES };

struct traced_config {
	struct machine_config machine;	/* nr_cpus 0: one */
	struct tlb_geometry tlb;	/* its base page has 4 KiB */
	const struct traced_maps *maps;	/* outlives it; NULL: none */
	bool cold;			/* no file is in the page cache when the program begins */
};

/* An instruction that did something which cost time. */
struct traced_site {
	uint64_t pc;			/* 0: not known, no fetch of its thread came before */
	uint64_t minor, major, walks;
};

/* Where the last access of a kind was. */
struct traced_recent {
	struct region *region;		/* which has the rights; NULL: not known */
	uint64_t page;			/* that may be accessed so without a fault; TRACED_NO_PAGE: not known */
};
#define TRACED_NO_PAGE	UINT64_MAX

struct traced {
	struct traced_config cfg;
	struct machine *machine;	/* NULL: no access came yet */
	struct vm *vm;
	struct process *process;
	struct tlb *tlb[NR_TRACED_SIDES];
	struct regions regions;
	struct region *stack;		/* that grows; NULL: none yet */
	struct vm_file *image;		/* what inferred regions of files are of */
	struct table file_of;		/* name in cfg.maps to its struct vm_file */
	uint64_t applied, not_applied;	/* entries of cfg.maps; of them those that the simulated kernel refused */
	uint64_t next_at;		/* accesses before the next entry; UINT64_MAX: there is none */
	struct table site_of;		/* pc to its place in sites, and 1 */
	struct traced_site *sites;	/* owned */
	uint32_t nr_sites, max_sites;
	uint64_t nr;			/* accesses so far */
	uint64_t outside;		/* of them to addresses that no program can use */
	uint64_t refused;		/* of them to what could not be mapped: there are too many mappings */
	uint64_t skipped;		/* of them after the process had ended */
	uint64_t inferred;		/* regions made because an access was to none */
	/* for the next access */
	struct traced_recent recent[NR_ACCESS_KINDS];
	struct traced_counts before;	/* what the process had counted so far */
	uint64_t pc;
	uint32_t pc_thread;
};

/* *@out is the caller's until traced_destroy(). -ENOMEM; -EOPNOTSUPP: the TLB's base page has 16 KiB. */
int traced_create(struct traced **out, const struct traced_config *cfg, struct kerror *err);
void traced_destroy(struct traced *traced);

/* A reader_access_fn: @ctx is a struct traced. Errors: those of machine_create(), vm_create(), tlb_create(); -ENOMEM. */
int traced_replay(void *ctx, const struct access_block *block, struct kerror *err);

/* All page sizes' together; of one side. */
struct tlb_stats traced_tlb_stats(const struct traced *traced, enum traced_side side);

#endif
