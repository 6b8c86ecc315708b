/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a thread that keeps an access model up to date while the replay goes on. The
 * model only ever looks at the accesses in their order, so it gives the same figures, a
 * little later.
 *
 *	replay: follower_put() -> | block | block | ... | -> thread: access_object(), access_free()
 *
 * The thread is made when the first block is full: a short trace has none, and a process
 * that may use one CPU only has none either. Then the one who puts does the work.
 *
 * Locking: one thread puts and settles; the follower's own thread has the model from
 * follower_create() until follower_settle() returns, and again from the next put on. A
 * block belongs to one of them at a time; a mutex hands it over.
 */
#ifndef KMEMSIM_SIM_ACCESS_FOLLOWER_H
#define KMEMSIM_SIM_ACCESS_FOLLOWER_H

#include "sim/access/access.h"

#define FOLLOWER_BLOCK	4096u	/* accesses: some 100 us of the replay, 64 KiB */

struct follower_entry {
	uint64_t offset;
	uint32_t bytes;		/* that the owner uses; 0: it frees */
};

struct follower {
	struct follower_entry *block;	/* that is being filled */
	uint32_t nr;
	/* follower.c's */
	struct access_model *model;	/* not owned */
	struct follower_ring *ring;
};

/* For @model, which outlives it. NULL: no memory. */
struct follower *follower_create(struct access_model *model);
void follower_destroy(struct follower *f);
/* Wait until the model has all that was put. */
void follower_settle(struct follower *f);
/* follower_put() calls it: the block is full. */
void follower_full(struct follower *f);

/* The owner of @bytes at @offset uses all of them; 0: it frees what is there. */
static inline void follower_put(struct follower *f, uint64_t offset, uint32_t bytes)
{
	f->block[f->nr++] = (struct follower_entry){ offset, bytes };
	if (f->nr == FOLLOWER_BLOCK)
		follower_full(f);
}

#endif
