/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the object caches in a snapshot of a real kernel ("mmsnap 1"): each
 * cache with its layout, what CPUs and nodes hold of it, and every slab. The
 * page allocator's lines are snapshot.h's.
 *
 * Nothing is trusted: every number is checked for its range; what it means is
 * checked by whoever loads it.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_OBJECTS_SNAPSHOT_H
#define KMEMSIM_SIM_VERIFY_OBJECTS_SNAPSHOT_H

#include "slab/load.h"

/* Entries @first to @first + @nr of one of the snapshot's arrays. */
struct objects_span {
	uint32_t first;
	uint32_t nr;
};

struct objects_cpu {
	uint32_t pfn;			/* PFN_NONE_VAL: the CPU has no slab */
	struct objects_span free;	/* numbers */
	struct objects_span partial;	/* pfns */
	unsigned int slabs;
};

struct objects_cache {
	uint64_t at;			/* address of the kernel's struct kmem_cache */
	struct slab_cache_state state;	/* random_seq lies in the snapshot's seqs */
	struct objects_span seq;	/* seqs */
	struct objects_cpu *cpu;		/* in the snapshot's array */
	struct objects_span node[MAX_NUMNODES];	/* pfns */
};

struct objects_slab {
	uint64_t cache;			/* address */
	uint32_t pfn;
	struct objects_span free;	/* numbers */
	uint16_t objects, inuse;
	uint8_t order;
	bool frozen;
};

struct objects_snapshot {
	char *name;
	uint64_t page_offset, vmemmap;
	unsigned int struct_page;
	unsigned int nr_cpus, nr_nodes;
	struct objects_cache *caches;
	uint32_t nr_caches;
	struct objects_cpu *cpus;	/* nr_cpus for each cache */
	uint32_t nr_cpu_states;
	struct objects_slab *slabs;
	uint32_t nr_slabs;
	uint16_t *numbers;
	uint32_t *pfns;
	uint32_t *seqs;
	uint32_t nr_numbers, nr_pfns, nr_seqs;
};

/* The @len bytes of @text; @name is for messages. Errors: -ENOMEM, -EBADMSG with file and line. */
int objects_snapshot_parse(struct objects_snapshot **out, const char *name, const char *text,
			   size_t len, struct kerror *err);
void objects_snapshot_free(struct objects_snapshot *snap);

/* NULL where no cache was at @address. */
const struct objects_cache *objects_snapshot_cache(const struct objects_snapshot *snap,
						   uint64_t address);

#endif
