/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a real kernel's object caches were asked to do, in the order of
 * the trace: allocations, frees, and the probes of bulk requests and
 * slabs. Each knows what follows it in its context (task, or interrupt on a
 * CPU), and of each object it can be asked what the trace says of it next.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VERIFY_OBJECTS_OPS_H
#define KMEMSIM_SIM_VERIFY_OBJECTS_OPS_H

#include "sim/util/table.h"
#include "sim/verify/capture/events.h"
#include "sim/verify/objects/snapshot.h"

#define OPS_NONE UINT32_MAX

enum objects_op_kind {
	OP_ALLOC,
	OP_FREE,
	OP_BULK_IN,
	OP_BULK_OUT,
	OP_BULK_FREE,
	OP_SLAB_IN,
	OP_SLAB_OUT,
	OP_SLAB_FREE,
	OP_SHRINK,
	OP_DEACTIVATE,
	OP_CPU_PARTIAL,
	OP_UNFREEZE,
	NR_OBJECTS_OPS
};

struct objects_op {
	uint64_t addr;		/* ALLOC, FREE: the object, as a distance from frame 0 */
	uint64_t cache;		/* others: address of the kernel's struct kmem_cache */
	uint64_t line;
	uint32_t context;
	uint32_t next;		/* in the same context */
	uint32_t over;		/* from which operation on its context is seen to have gone on; OPS_NONE: its next */
	uint32_t below;		/* interrupts: the context of the task, or OPS_NONE */
	uint32_t pfn;		/* SLAB_*, DEACTIVATE, UNFREEZE: the slab's frame, or PFN_NONE_VAL */
	uint32_t first;		/* BULK_FREE: in objects_ops.freed */
	int32_t nr;		/* BULK_*: objects */
	int32_t pid;
	uint16_t cpu;
	uint8_t kind;
	uint8_t level;		/* 0: a task; above: interrupts, see enum event_context */
	uint8_t depth;		/* how often preemption was disabled, up to EVENT_MAX_DEPTH */
	uint8_t order;		/* SLAB_OUT: of the slab */
};

/* What the trace says of an object: which operation is the next for it. */
struct objects_touch {
	uint32_t op;
	uint32_t next;
};

struct objects_ops {
	struct objects_op *op;
	uint32_t nr;
	uint64_t room;			/* of op, never more than the trace has events */
	uint64_t *freed;
	uint32_t nr_freed;
	uint32_t nr_contexts;
	uint64_t cut_bulk_frees;	/* that freed more objects than the probe lists */
	struct objects_touch *touch;
	struct table place;		/* address -> its next touch and its last operation, see ops.c */
	uint32_t nr_touches;
};

/*
 * What is between the snapshots in @trace, which is called @name, for the zones and
 * the slabs of the same snapshot; @check says what was skipped. Errors: those of
 * capture_events(). objects_ops_free() is due in any case.
 */
int objects_ops_build(struct objects_ops *ops, struct capture_check *check, struct trace *trace, const char *name,
		      const struct snapshot *zones, const struct objects_snapshot *snap, struct kerror *err);
void objects_ops_free(struct objects_ops *ops);

/*
 * The first operation from @now on that names the object at @addr, and *@last
 * the one before; OPS_NONE where there is none.
 * @now may not decrease from call to call.
 */
uint32_t objects_ops_upcoming(struct objects_ops *ops, uint64_t addr, uint32_t now, uint32_t *last);

#endif
