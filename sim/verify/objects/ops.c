/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: object operations from a trace; see objects/ops.h. Single-threaded. */
#include "sim/verify/objects/ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/bigmem.h"
#include "sim/verify/capture/contexts.h"

/* What kprobe_events lists at most of a bulk free. */
#define BULK_FREE_LISTED 256

struct context {
	uint32_t page;		/* the last frame that was allocated */
	uint32_t op;		/* the last operation, or OPS_NONE */
	uint8_t order;
};

struct builder {
	struct objects_ops *ops;
	const struct snapshot *zones;
	const struct objects_snapshot *snap;
	const struct names *names;
	uint64_t freed_room;
	struct contexts ids;
	struct context *contexts;	/* by number */
	uint64_t context_room;
	struct kerror *err;
};

static int no_memory(struct builder *bd)
{
	return kerror_set(bd->err, -ENOMEM, "no memory for the objects of a trace");
}

/* *@id of @ev's context at @level, which is there from then on; false: no memory. */
static bool context_of(struct builder *bd, const struct event *ev, unsigned int level, uint32_t *id)
{
	if (!contexts_find(&bd->ids, ev, level, id))
		return false;
	if (*id < bd->ops->nr_contexts)
		return true;
	if (*id == bd->context_room) {
		uint64_t room = bd->context_room ? bd->context_room * 2 : 256;
		struct context *grown = realloc(bd->contexts, room * sizeof(*grown));

		if (!grown)
			return false;
		bd->contexts = grown;
		bd->context_room = room;
	}
	bd->contexts[bd->ops->nr_contexts++] = (struct context){ .page = PFN_NONE_VAL, .op = OPS_NONE };
	return true;
}

/* ---- operations ---------------------------------------------------------- */

static const uint8_t kind_of_event[NR_EVENT_KINDS] = {
	[EV_KMALLOC] = OP_ALLOC + 1,
	[EV_CACHE_ALLOC] = OP_ALLOC + 1,
	[EV_KFREE] = OP_FREE + 1,
	[EV_CACHE_FREE] = OP_FREE + 1,
	[EV_KBULK_ALLOC_IN] = OP_BULK_IN + 1,
	[EV_KBULK_ALLOC_OUT] = OP_BULK_OUT + 1,
	[EV_KBULK_FREE] = OP_BULK_FREE + 1,
	[EV_SLAB_ALLOC_IN] = OP_SLAB_IN + 1,
	[EV_SLAB_ALLOC_OUT] = OP_SLAB_OUT + 1,
	[EV_SLAB_FREE] = OP_SLAB_FREE + 1,
	[EV_SLAB_SHRINK] = OP_SHRINK + 1,
	[EV_SLAB_DEACT] = OP_DEACTIVATE + 1,
	[EV_SLAB_CPUPART] = OP_CPU_PARTIAL + 1,
	[EV_SLAB_UNFREEZE] = OP_UNFREEZE + 1,
};

static bool add_freed(struct builder *bd, uint64_t addr)
{
	struct objects_ops *ops = bd->ops;

	if (ops->nr_freed == bd->freed_room) {
		uint64_t room = bd->freed_room ? bd->freed_room * 2 : 4096;
		uint64_t *grown = room < OPS_NONE ? realloc(ops->freed, room * sizeof(*grown)) : NULL;

		if (!grown)
			return false;
		ops->freed = grown;
		bd->freed_room = room;
	}
	ops->freed[ops->nr_freed++] = addr;
	return true;
}

/* The addresses of a bulk free, as the reader kept them. */
static bool add_bulk_free(struct builder *bd, struct objects_op *op, const struct event *ev)
{
	const char *list = names_text(bd->names, ev->cache);
	uint64_t address;

	op->first = bd->ops->nr_freed;
	for (op->nr = 0; op->nr < ev->arg && capture_next_address(&list, &address); op->nr++)
		if (!add_freed(bd, address - bd->snap->page_offset))
			return false;
	bd->ops->cut_bulk_frees += ev->arg > BULK_FREE_LISTED;
	return true;
}

static struct objects_op *new_op(struct builder *bd)
{
	struct objects_ops *ops = bd->ops;

	return ops->nr == ops->room || ops->nr == OPS_NONE - 1 ? NULL : &ops->op[ops->nr++];
}

/* Of no object: but it shows that its context went on. */
static bool note_event(struct builder *bd, const struct event *ev)
{
	struct context *ctx;
	uint32_t id;

	if (!context_of(bd, ev, ev->context, &id))
		return false;
	ctx = &bd->contexts[id];
	if (ev->kind == EV_PAGE_ALLOC) {
		ctx->page = (uint32_t)ev->addr;
		ctx->order = ev->order;
	}
	if (ctx->op != OPS_NONE && bd->ops->op[ctx->op].over == OPS_NONE)
		bd->ops->op[ctx->op].over = bd->ops->nr;
	return true;
}

static bool add_event(struct builder *bd, const struct event *ev)
{
	unsigned int level = ev->context;
	uint32_t id, below = OPS_NONE;
	struct context *ctx;
	struct objects_op *op;

	if ((level && !context_of(bd, ev, CONTEXT_TASK, &below)) || !context_of(bd, ev, level, &id))
		return false;
	op = new_op(bd);
	if (!op)
		return false;
	ctx = &bd->contexts[id];
	ctx->op = bd->ops->nr - 1;
	*op = (struct objects_op){
		.line = ev->line, .context = id, .next = OPS_NONE, .below = below,
		.over = OPS_NONE, .pfn = PFN_NONE_VAL,
		.pid = ev->pid, .cpu = ev->cpu, .kind = (uint8_t)(kind_of_event[ev->kind] - 1),
		.level = (uint8_t)level, .depth = ev->depth, .nr = ev->arg,
	};
	switch (op->kind) {
	case OP_ALLOC:
		op->addr = ev->addr >= bd->snap->page_offset ? ev->addr - bd->snap->page_offset :
							       UINT64_MAX;
		return true;
	case OP_FREE:
		op->addr = ev->addr - bd->snap->page_offset;
		return true;
	case OP_BULK_FREE:
		op->cache = ev->addr;
		return add_bulk_free(bd, op, ev);
	default:
		op->cache = ev->addr;
		op->pfn = snapshot_frame_of(bd->zones, ev->addr2);
		op->order = op->pfn == ctx->page ? ctx->order : 0;
		return true;
	}
}

static int on_event(void *builder, const struct event *ev)
{
	struct builder *bd = builder;
	bool good = true;

	if (!kind_of_event[ev->kind])
		good = note_event(bd, ev);
	else if ((ev->kind != EV_KFREE && ev->kind != EV_CACHE_FREE) || ev->addr >= bd->snap->page_offset)
		good = add_event(bd, ev);
	return good ? 0 : no_memory(bd);
}

/* ---- what comes next ------------------------------------------------------ */

/*
 * A value of the table: the next touch, and the operation of the one before. Each counts
 * from 1, and 0 is none; an object that is in the table has one of them.
 */
static uint64_t place_make(uint32_t touch, uint32_t last)
{
	return (uint64_t)(last + 1) << 32 | (uint32_t)(touch + 1);
}

static bool add_touch(struct objects_ops *ops, uint64_t addr, uint32_t op)
{
	uint64_t *place = table_get(&ops->place, addr);

	if (!place)
		return false;
	ops->touch[ops->nr_touches] = (struct objects_touch){ .op = op, .next = (uint32_t)*place - 1 };
	*place = place_make(ops->nr_touches++, OPS_NONE);
	return true;
}

/* Backwards, so that each list begins with what comes first. */
static int link_ops(struct objects_ops *ops)
{
	uint32_t *last = malloc((ops->nr_contexts + 1) * sizeof(*last)), i;
	uint64_t nr = (uint64_t)ops->nr + ops->nr_freed;
	bool good = last && nr < OPS_NONE;
	int32_t j;

	ops->touch = bigmem_alloc(nr + 1, sizeof(*ops->touch));
	if (!good || !ops->touch) {
		free(last);
		return -ENOMEM;
	}
	memset(last, 0xff, (ops->nr_contexts + 1) * sizeof(*last));
	for (i = ops->nr; i-- && good;) {
		struct objects_op *op = &ops->op[i];

		op->next = last[op->context];
		last[op->context] = i;
		if ((op->kind == OP_ALLOC || op->kind == OP_FREE) && op->addr != UINT64_MAX)
			good = add_touch(ops, op->addr, i);
		for (j = 0; good && op->kind == OP_BULK_FREE && j < op->nr; j++)
			if (ops->freed[op->first + j] != UINT64_MAX)
				good = add_touch(ops, ops->freed[op->first + j], i);
	}
	free(last);
	return good ? 0 : -ENOMEM;
}

uint32_t objects_ops_upcoming(struct objects_ops *ops, uint64_t addr, uint32_t now, uint32_t *last)
{
	uint64_t *place = table_find(&ops->place, addr);
	uint32_t touch;

	*last = OPS_NONE;
	if (!place)
		return OPS_NONE;
	touch = (uint32_t)*place - 1;
	*last = (uint32_t)(*place >> 32) - 1;
	while (touch != OPS_NONE && ops->touch[touch].op < now) {
		*last = ops->touch[touch].op;
		touch = ops->touch[touch].next;
	}
	*place = place_make(touch, *last);
	return touch == OPS_NONE ? OPS_NONE : ops->touch[touch].op;
}

int objects_ops_build(struct objects_ops *ops, struct capture_check *check, struct trace *trace, const char *name,
		      const struct snapshot *zones, const struct objects_snapshot *snap, struct kerror *err)
{
	struct builder bd = {
		.ops = ops, .zones = zones, .snap = snap, .names = trace_names(trace), .err = err,
	};
	int ret;

	memset(ops, 0, sizeof(*ops));
	memset(check, 0, sizeof(*check));
	ops->room = trace_summary(trace)->nr_events;
	ops->op = bigmem_alloc(ops->room + 1, sizeof(*ops->op));
	if (!ops->op)
		return no_memory(&bd);
	ret = capture_events(check, trace, name, zones, on_event, &bd, err);
	contexts_free(&bd.ids);
	free(bd.contexts);
	if (!ret && link_ops(ops))
		ret = no_memory(&bd);
	return ret;
}

void objects_ops_free(struct objects_ops *ops)
{
	bigmem_free(ops->op, ops->room + 1, sizeof(*ops->op));
	free(ops->freed);
	bigmem_free(ops->touch, (uint64_t)ops->nr + ops->nr_freed + 1, sizeof(*ops->touch));
	table_free(&ops->place);
	memset(ops, 0, sizeof(*ops));
}
