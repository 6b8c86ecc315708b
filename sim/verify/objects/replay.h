/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the files that replay object operations share; see objects.h.
 * objects.c serves what is asked for, objects/slabs.c slabs as they come and go,
 * objects/order.c finds out what happened before what.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_OBJECTS_REPLAY_H
#define KMEMSIM_SIM_VERIFY_OBJECTS_REPLAY_H

#include "sim/verify/objects/objects.h"

#define MAX_WAITING	64	/* frees under way: a context each */
#define MAX_TAKEN	64	/* first objects whose event is to come */
#define MAX_DEPTH	4	/* slabs asked for while a slab is asked for */

struct waiting_free {
	struct kmem_cache *s;
	void *object;
	uint32_t head;			/* of its slab */
	uint32_t context;
	uint32_t over;			/* from this operation on */
	int32_t pid;
	uint16_t cpu;
	uint8_t level;
	uint8_t depth;
	bool late;			/* counted as such */
	bool inside;			/* an interrupt came while its event was being written */
};

struct taken {
	struct kmem_cache *s;		/* NULL: free */
	void *object;
	uint32_t context;
};

struct replay_context {
	struct kmem_cache *asking[MAX_DEPTH];	/* for a slab */
	unsigned int depth;
	struct kmem_cache *bulk;	/* NULL: no bulk request is under way */
	int32_t wanted, got;
	uint32_t begun;			/* the operation that has not had all its effect yet, or OPS_NONE */
	int32_t left;			/* of a bulk free: objects */
	uint8_t begun_depth;		/* preemption's, at its last event */
	uint32_t next;			/* its next operation */
};

struct replay {
	struct objects_predicted *op;
	struct objects_machine *m;
	struct slab_allocator *sa;
	struct objects_ops *ops;
	unsigned char *base;
	struct replay_context *contexts;
	struct waiting_free waiting[MAX_WAITING];
	unsigned int nr_waiting;
	struct taken taken[MAX_TAKEN];
	uint8_t *done;			/* by operation: served before its event */
	uint64_t *given;		/* a bit a frame: given back, and the kernel's event is to come */
	uint64_t nr_given;
	bool offered;
	struct slab_frames offer;
	uint32_t now;
	uint32_t interrupted[MAX_CPUS];	/* the first operation of the interrupt under way */
	int32_t interrupted_pid[MAX_CPUS];
	bool in_interrupt[MAX_CPUS];
	uint8_t interrupt_depth[MAX_CPUS];	/* how often preemption was disabled when it came */
	uint32_t begun[MAX_CPUS];	/* the context whose operation has not had its effect yet, or OPS_NONE */
};

/* ---- objects.c ---------------------------------------------------------- */

/* The cache of the slab that @addr lies in, and the slab's head; NULL where there is none. */
struct kmem_cache *replay_cache_of(const struct replay *rp, uint64_t addr, uint32_t *head);
/* Keep the first misses in words; UINT64_MAX: no object. */
void replay_describe(struct replay *rp, const struct objects_op *op, const struct kmem_cache *s,
		     const char *what, uint64_t ours, uint64_t theirs);
void replay_count_miss(struct replay *rp, const struct objects_op *op, const struct kmem_cache *s,
		       enum objects_cause cause, uint64_t ours, uint64_t theirs);
/* A free of what is not in use here. */
void replay_refuse_free(struct replay *rp, const struct kmem_cache *s, uint64_t addr);
/* Objects for @ctx's bulk request, as many as are left without a new slab. */
void replay_bulk(struct replay *rp, struct replay_context *ctx, unsigned int cpu);
/*
 * Free the first @nr objects of @op, slab by slab, until it is the turn of the
 * one at @until, which then goes to the CPU's partial list; PFN_NONE_VAL: all.
 * Returns how many are left.
 */
int32_t replay_bulk_free(struct replay *rp, const struct objects_op *op, int32_t nr, unsigned int cpu,
			 uint32_t until);

static inline void *replay_object(const struct replay *rp, uint64_t addr)
{
	return rp->base + addr;
}

static inline uint64_t replay_addr(const struct replay *rp, const void *object)
{
	return (uint64_t)((const unsigned char *)object - rp->base);
}

/* ---- objects/order.c ------------------------------------------------------ */

/* @op is the next: what is known to be over by that is carried out. To be called first. */
void order_note(struct replay *rp, const struct objects_op *op);
/*
 * Carry out the frees that @op shows to be done. One of @s that may still be
 * under way waits on where what @op got, @theirs, says that it was not yet
 * there (@asks: @op is a request for an object of @s, or for a slab). True
 * where @theirs was the hint: what @op got is no prediction then.
 */
bool order_settle(struct replay *rp, const struct objects_op *op, struct kmem_cache *s, bool asks,
		  const void *theirs);
/* The object of @op, in the slab @head of @s, is being freed. */
void order_free(struct replay *rp, const struct objects_op *op, struct kmem_cache *s, uint32_t head);
/* All that waits is over. */
void order_finish(struct replay *rp);
/* What an interrupted task had taken of @s before @op, or asked for, is taken. */
void order_take_early(struct replay *rp, const struct objects_op *op, struct kmem_cache *s);
/* @op, a bulk request or a bulk free, has its effect when its context is seen to go on. */
void order_begin(struct replay *rp, const struct objects_op *op);

/* ---- objects/slabs.c ------------------------------------------------------ */

void slabs_set_frames(struct replay *rp);
void slabs_unset_frames(struct replay *rp);
void slabs_asked_for(struct replay *rp, const struct objects_op *op);
void slabs_came(struct replay *rp, const struct objects_op *op);
void slabs_went(struct replay *rp, const struct objects_op *op);
/* A slab of @s goes to a CPU's partial list. */
void slabs_moved(struct replay *rp, const struct objects_op *op, struct kmem_cache *s);
/* Nothing is left of @s on @cpu, and @ctx asks for a slab. */
void slabs_begin_asking(struct replay_context *ctx, struct kmem_cache *s, unsigned int cpu);
/* What @context has been given of @s, from a new slab or the node's, before its request is seen; or NULL. */
struct taken *slabs_taken(struct replay *rp, uint32_t context, const struct kmem_cache *s);

#endif
