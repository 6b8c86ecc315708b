/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how many objects of which type a trace had at once, and what that
 * cost. A trace knows caches and sizes, not types; a cache is taken for a
 * struct's by name, kmalloc's objects by size where only one type of the
 * program has it that is aligned to a word and has no cache of its own.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_LAYOUT_USAGE_H
#define KMEMSIM_SIM_LAYOUT_USAGE_H

#include "sim/layout/layout.h"
#include "sim/trace/trace.h"
#include "sim/util/table.h"

/* Objects of one cache, or one size of kmalloc. */
struct usage_count {
	name_id cache;		/* 0: kmalloc, or a cache without a name */
	uint32_t bytes_req;	/* asked for */
	uint32_t bytes_alloc;	/* reserved by the traced kernel */
	uint64_t allocs;
	uint64_t live;		/* at the end */
	uint64_t peak;		/* at most at once */
};

struct usage {
	struct usage_count *counts;
	size_t nr, size;
	struct table index;	/* (cache, size) -> number of a count + 1 */
	uint64_t peak_bytes;	/* sum over counts of peak * bytes_alloc */
	uint64_t events;	/* looked at: all of the trace, unless it was stopped */
};

/*
 * Count @trace, loaded and resolved; not 0 in *@stop, which may be NULL, ends that.
 * -ENOMEM, errors of the trace's file. usage_free() afterwards.
 */
int usage_count_trace(struct usage *usage, struct trace *trace, const volatile sig_atomic_t *stop,
		      struct kerror *err);
void usage_free(struct usage *usage);

enum usage_how {
	USAGE_NAME_SIZE,	/* the cache's name leads to the type, and the sizes agree */
	USAGE_NAME,		/* the name does; the traced kernel's struct has another size */
	USAGE_SIZE,		/* kmalloc: the only type of that size; a guess */
	NR_USAGE_HOW
};
extern const char *const usage_how_names[NR_USAGE_HOW];

/* All in bytes, at the time the cache had most objects. */
struct usage_row {
	const struct layout_type *type;
	const struct usage_count *count;
	enum usage_how how;
	uint64_t inside;	/* holes, padding and the like within the objects */
	uint64_t rounding;	/* between what was asked for and what was reserved */
	uint64_t ends;		/* of slabs, behind their last object */
	uint64_t waste;		/* the sum */
	uint64_t saved;		/* of slabs, if the members were in the order layout_reorder() finds */
};

/*
 * Rows for all counts that a type of @types was found for, largest waste
 * first, ties by name; the caller frees *@rows. Slabs are those of a kernel
 * with @nr_cpus CPUs. -ENOMEM.
 */
int usage_match(struct usage_row **rows, size_t *nr, const struct usage *usage,
		const struct names *names, const struct layout_type *const *types, size_t nr_types,
		unsigned int nr_cpus, uint32_t line, struct kerror *err);

/*
 * Candidate @nr, from 0 on, for the struct that a cache of this name holds;
 * false where there are no more.
 */
bool usage_candidate(const char *cache, unsigned int nr, char *name, size_t size);

#endif
