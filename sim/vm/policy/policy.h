/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: page replacement for study. A policy has N frames and sees one page number
 * after another; it says whether the page was in a frame, and if not which page had to
 * leave for it.
 *
 *	policy_access(p, page) -> POLICY_HIT		it is in a frame
 *				  POLICY_MISS		it got a frame that was free
 *				  POLICY_EVICTED	it got the frame of p->evicted
 *
 * One file a policy, each behind a struct policy_ops; what they share is in nodes.h (pages,
 * lists of them) and heap.h. All memory is taken by policy_create(): an access allocates
 * nothing, and costs O(1), or O(log N) for LFU and OPT. A page is never put out while a
 * frame is free, so with as many frames as there are pages each policy has first misses only.
 * The papers know no page that goes for good (policy_remove()): its frame is free, and what they say of a full cache
 * holds when it is full again.
 *
 * Some policies remember pages that have left; of those they keep the number, not the frame.
 * Belady's OPT must know what comes, see struct policy_config.
 *
 * Locking: none. A policy belongs to one thread; any number of them can live.
 */
#ifndef KMEMSIM_SIM_VM_POLICY_POLICY_H
#define KMEMSIM_SIM_VM_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "pagemap/error.h"
#include "sim/vm/policy/nodes.h"

#define POLICY_MAX_FRAMES	(1u << 24)	/* 64 GiB of pages of 4 KiB */
#define POLICY_MAX_PARAMS	3

struct policy_param {
	const char *name;
	uint32_t def, min, max;
	const char *text;		/* with its unit */
};

struct policy;

struct policy_ops {
	const char *name;
	const char *text;		/* one sentence: which page leaves */
	const char *paper;		/* that it follows */
	struct policy_param params[POLICY_MAX_PARAMS + 1];	/* ends with a NULL name */
	bool needs_future;		/* OPT: struct policy_config has the next uses */
	uint32_t size;			/* bytes of its struct, which begins with a struct policy */
	/* Pages without a frame that it remembers at most; NULL: none. */
	uint32_t (*nr_ghosts)(const struct policy *p);
	/* May be missing. What is behind the struct policy is zero before. -ENOMEM. */
	int (*init)(struct policy *p);
	void (*release)(struct policy *p);	/* may be missing; after an init() that failed, too */
	/* The page of node @n was accessed, and is in a frame. */
	void (*hit)(struct policy *p, uint32_t n);
	/*
	 * @page is in no frame: let one leave by policy_evict() where none is free, and give it
	 * one by policy_load(), or policy_reload() where it was remembered.
	 */
	void (*miss)(struct policy *p, uint64_t page);
	/*
	 * @n, which has a frame, is gone: whatever of the policy points to it points elsewhere then. It may be in a list yet. May be
	 * missing.
	 */
	void (*forget)(struct policy *p, uint32_t n);
	/* May be missing. How many of its own rules do not hold. Read-only. */
	unsigned int (*validate)(const struct policy *p);
};

/* All policies, ending with NULL; OPT is the last. */
extern const struct policy_ops *const policy_list[];
extern const struct policy_ops policy_fifo, policy_lru, policy_clock, policy_second, policy_lfu, policy_random,
	policy_arc, policy_twoq, policy_sieve, policy_s3fifo, policy_opt;

/* The policy called @name; NULL where there is none. */
const struct policy_ops *policy_find(const char *name);

#define POLICY_NEVER	UINT32_MAX

struct policy_config {
	const struct policy_ops *ops;
	uint32_t frames;		/* 1 to POLICY_MAX_FRAMES */
	uint32_t value[POLICY_MAX_PARAMS];	/* of its parameters */
	/*
	 * For a policy that needs the future: of each access to come the number of the next one to
	 * the same page, POLICY_NEVER where there is none; see stream_next_uses(). The caller's,
	 * as long as the policy lives. Accesses behind the last one count as never used again.
	 */
	const uint32_t *next_use;
	uint64_t nr_next_uses;
};

/* Its parameters' defaults. */
void policy_defaults(struct policy_config *cfg, const struct policy_ops *ops);

struct policy {
	const struct policy_ops *ops;
	struct policy_config cfg;
	struct nodes nodes;		/* pages in frames, and those that are remembered */
	uint32_t used;			/* frames that have a page */
	uint64_t accesses, misses;	/* so far */
	uint64_t removed;		/* by policy_remove() */
	uint64_t evicted;		/* the page that left last */
	bool has_evicted;		/* it left in the access that was made last */
};

enum policy_outcome { POLICY_HIT, POLICY_MISS, POLICY_EVICTED };

/*
 * *@out is the caller's until policy_destroy(). -EINVAL for a number of frames or a parameter
 * that is out of its range, or a future that is missing; -ENOMEM.
 */
int policy_create(struct policy **out, const struct policy_config *cfg, struct kerror *err);
/* NULL is let pass. */
void policy_destroy(struct policy *p);

enum policy_outcome policy_access(struct policy *p, uint64_t page);

/* @page is no more: its frame, if it has one, is free. That is no access. */
void policy_remove(struct policy *p, uint64_t page);

/* Whether @page is in a frame; that is no access. */
bool policy_has(const struct policy *p, uint64_t page);

/* Recounts everything, and returns how many rules do not hold. Read-only; slow. */
unsigned int policy_validate(const struct policy *p);

/* ---- for policies ------------------------------------------------------------ */

static inline bool policy_full(const struct policy *p)
{
	return p->used == p->cfg.frames;
}

/* The page of @n leaves its frame. The node stays, and is a remembered page or is dropped next. */
void policy_evict(struct policy *p, uint32_t n);
/* The same, and its node is free. */
void policy_evict_drop(struct policy *p, uint32_t n);
/* A new node for @page, in a frame and in no list. There is a free frame, and a node. */
uint32_t policy_load(struct policy *p, uint64_t page);
/* The page of @n, which was remembered, gets a frame again. It is in no list. */
void policy_reload(struct policy *p, uint32_t n);
/* @percent of the frames, rounded down, but at least one. */
uint32_t policy_part(const struct policy *p, uint32_t percent);

#endif
