/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a trace says about the program it was taken from, without any
 * machine: objects freed twice, freed into the wrong cache or at an address inside, blocks freed with
 * another order, and what was never freed. Each finding names its events.
 *
 *	        alloc                        free
 *	(none) -------> live  ------------------------> freed --- free again: double free
 *	   |             ^ |                              |
 *	   |             | '- alloc: the free was lost    |
 *	   '- free: born before the trace, or an          '-- alloc: live
 *	      address inside a live object
 *
 * A trace misses things: requests for many objects at once leave no event, nor
 * does what other tasks did when one was recorded. So a second free may be the
 * first one of an object whose allocation the trace lacks. What speaks for that
 * is a finding's doubt: above all an address handed out again without a free,
 * or an object freed that was never handed out in a slab younger than the trace,
 * prove that the trace has gaps; and the recording may say itself that events
 * were lost between. A finding without doubt has no such excuse.
 *
 * A leak cannot be told from an object in use. What can be told: how many
 * objects of a call site outlived every object of that site that was freed
 * ("overdue"), and how many of a site that never freed any are older than half
 * the trace.
 *
 * Memory: one record of 128 bytes for each distinct address in the trace.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_DIAGNOSE_DIAGNOSE_H
#define KMEMSIM_SIM_DIAGNOSE_DIAGNOSE_H

#include "pagemap/error.h"
#include "sim/trace/trace.h"

enum diagnosis {
	DIAG_DOUBLE_FREE,
	DIAG_WRONG_CACHE,
	DIAG_INTERIOR,		/* a free of an address inside a live object */
	DIAG_PAGE_DOUBLE_FREE,
	DIAG_PAGE_WRONG_ORDER,
	NR_DIAGNOSES
};

enum diagnosis_doubt {
	DOUBT_NONE,
	DOUBT_LOST,		/* events were lost between */
	DOUBT_SLAB_GONE,	/* the slab page was given back in between */
	DOUBT_CACHE_GAPS,	/* other objects of that cache came or went without an event */
	DOUBT_GAPS,		/* objects of other caches did */
	DOUBT_BULK,		/* page blocks: requests for many leave no event */
	NR_DOUBTS
};

/* A point of the trace: an event as a person looks for it. Event 0: none. */
struct point {
	uint64_t event;		/* its number in the trace, from 1 */
	uint64_t line;
	uint64_t time_ns;
	name_id site;
	name_id comm;
	int32_t pid;
	uint32_t cpu;
};

struct finding {
	enum diagnosis what;
	enum diagnosis_doubt doubt;
	uint64_t lost;			/* events between, of DOUBT_LOST; 0: nobody knows how many */
	uint64_t addr;			/* as freed; pages: pfn */
	uint32_t offset;		/* inside the object, of an interior pointer */
	uint32_t bytes;			/* objects: asked for, 0 unknown */
	uint8_t order, freed_order;	/* pages */
	bool heap;			/* of a program's heap, not of a cache */
	bool number;			/* addr is a heap block's number, for its address is not known */
	name_id cache, freed_cache;	/* 0: kmalloc, or not given */
	struct point alloc;		/* event 0: before the trace */
	struct point first_free;	/* of a double free */
	struct point wrong;		/* the event that is wrong */
};

struct leak {
	name_id site;
	name_id cache;			/* of the oldest; 0: kmalloc, or malloc */
	bool heap;			/* the oldest is of a program's heap */
	uint64_t objects, bytes;	/* live at the end */
	uint64_t allocs, frees;		/* of the site, over the trace */
	uint64_t overdue;		/* see above */
	uint64_t longest_ns;		/* life of the freed object that lived longest */
	struct point oldest, newest;	/* of the live ones */
	uint64_t oldest_ns;		/* its age at the end of the trace */
};

struct diagnosis_report {
	uint64_t nr[NR_DIAGNOSES];	/* all of them, also those not kept */
	uint64_t nr_doubtful[NR_DIAGNOSES];	/* of these */
	struct finding *findings;	/* the first ones, in the order of the trace */
	uint64_t nr_findings;
	struct leak *leaks;		/* by overdue objects, then bytes, then site */
	uint64_t nr_leaks;
	uint64_t objects, bytes;	/* live at the end, all sites */
	uint64_t lost_frees;		/* allocations of an address that was live */
	uint64_t early_frees;		/* frees of what was there before the trace */
	uint64_t untraced_allocs;	/* of these, in slabs that the trace saw being made */
	uint64_t span_ns;		/* first to last event */
	uint64_t events;		/* looked at: all of the trace, but where it was stopped */
};

#define DIAGNOSE_MAX_FINDINGS 10000

/*
 * Walk over @trace, which is loaded and resolved. *@out is the caller's until
 * diagnosis_free(). Where *@stop (NULL: none) is not 0, which a signal's handler
 * may set, the walk ends some thousand events later: the report is of the
 * events before. Errors: -ENOMEM and those of the temporary file.
 */
int diagnose(struct diagnosis_report **out, struct trace *trace, const volatile sig_atomic_t *stop,
	     struct kerror *err);
void diagnosis_free(struct diagnosis_report *report);

#define DIAGNOSIS_DOUBT_TEXT 64

/* A few words each; that of a doubt may need @text. */
const char *diagnosis_text(enum diagnosis what);
const char *diagnosis_doubt_text(const struct finding *finding, char text[DIAGNOSIS_DOUBT_TEXT]);

#endif
