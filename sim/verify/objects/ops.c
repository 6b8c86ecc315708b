/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: object operations from a trace; see objects/ops.h. Single-threaded. */
#include "sim/verify/objects/ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/util/bigmem.h"
#include "sim/util/hash.h"

/* What kprobe_events lists at most of a bulk free. */
#define BULK_FREE_LISTED 256

struct context {
	uint64_t key;		/* 0: the slot is empty */
	uint32_t id;
	uint32_t page;		/* the last frame that was allocated */
	uint32_t op;		/* the last operation, or OPS_NONE */
	uint8_t order;
};

struct builder {
	struct objects_ops *ops;
	const struct objects_snapshot *snap;
	const struct names *names;
	uint64_t freed_room;
	struct context *contexts;
	uint32_t slots;
};

/* A task goes with its CPU; an interrupt, and the idle task, belong to theirs. */
static uint64_t context_key(const struct event *ev, unsigned int level)
{
	uint64_t cpu = level || !ev->pid ? ev->cpu + 1u : 0;

	return ((uint64_t)(uint32_t)ev->pid << 24 | level << 20 | cpu) + 1;
}

static bool grow_contexts(struct builder *bd)
{
	uint32_t slots = bd->slots ? bd->slots * 2 : 256, i, at;
	struct context *grown = calloc(slots, sizeof(*grown));

	if (!grown)
		return false;
	for (i = 0; i < bd->slots; i++) {
		if (!bd->contexts[i].key)
			continue;
		for (at = (uint32_t)hash_u64(bd->contexts[i].key) & (slots - 1); grown[at].key;)
			at = (at + 1) & (slots - 1);
		grown[at] = bd->contexts[i];
	}
	free(bd->contexts);
	bd->contexts = grown;
	bd->slots = slots;
	return true;
}

static struct context *context_of(struct builder *bd, const struct event *ev, unsigned int level)
{
	uint64_t key = context_key(ev, level);
	uint32_t at;

	if (bd->ops->nr_contexts * 2 >= bd->slots && !grow_contexts(bd))
		return NULL;
	for (at = (uint32_t)hash_u64(key) & (bd->slots - 1); bd->contexts[at].key;
	     at = (at + 1) & (bd->slots - 1))
		if (bd->contexts[at].key == key)
			return &bd->contexts[at];
	bd->contexts[at] = (struct context){ .key = key, .id = bd->ops->nr_contexts++,
					     .page = PFN_NONE_VAL, .op = OPS_NONE };
	return &bd->contexts[at];
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

static uint32_t frame_of(const struct objects_snapshot *snap, uint64_t address)
{
	uint64_t pfn = (address - snap->vmemmap) / snap->struct_page;

	return address < snap->vmemmap || pfn >= PFN_NONE_VAL ? PFN_NONE_VAL : (uint32_t)pfn;
}

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
	const char *p = names_text(bd->names, ev->cache);

	op->first = bd->ops->nr_freed;
	for (op->nr = 0; op->nr < ev->arg && (p = strstr(p, "0x")); op->nr++) {
		char *end;

		if (!add_freed(bd, strtoull(p, &end, 16) - bd->snap->page_offset))
			return false;
		p = end;
	}
	bd->ops->cut_bulk_frees += ev->arg > BULK_FREE_LISTED;
	return true;
}

static struct objects_op *new_op(struct builder *bd)
{
	struct objects_ops *ops = bd->ops;

	return ops->nr == ops->room || ops->nr == OPS_NONE - 1 ? NULL : &ops->op[ops->nr++];
}

/* Of no object: but it shows that its context went on. */
static bool note_event(struct builder *bd, const struct event *ev, unsigned int level)
{
	struct context *ctx;

	ctx = context_of(bd, ev, level);
	if (!ctx)
		return false;
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
	uint32_t below = OPS_NONE;
	struct context *ctx;
	struct objects_op *op;

	if (!kind_of_event[ev->kind])
		return note_event(bd, ev, level);
	if ((ev->kind == EV_KFREE || ev->kind == EV_CACHE_FREE) && ev->addr < bd->snap->page_offset)
		return true;
	if (level) {
		ctx = context_of(bd, ev, 0);
		if (!ctx)
			return false;
		below = ctx->id;
	}
	ctx = context_of(bd, ev, level);
	if (!ctx)
		return false;
	op = new_op(bd);
	if (!op)
		return false;
	ctx->op = bd->ops->nr - 1;
	*op = (struct objects_op){
		.line = ev->line, .context = ctx->id, .next = OPS_NONE, .below = below,
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
		op->pfn = frame_of(bd->snap, ev->addr2);
		op->order = op->pfn == ctx->page ? ctx->order : 0;
		return true;
	}
}

/* 1: go on; 0: the second snapshot begins; -ENOMEM. */
static int add_events(struct builder *bd, const struct event *events, int64_t nr, bool *inside)
{
	int64_t i;

	for (i = 0; i < nr; i++) {
		if (events[i].kind == EV_SNAP_END && !strcmp(names_text(bd->names, events[i].cache), "A"))
			*inside = true;
		else if (events[i].kind == EV_SNAP_BEGIN && *inside)
			return 0;
		else if (*inside && !add_event(bd, &events[i]))
			return -ENOMEM;
	}
	return 1;
}

/* ---- what comes next ------------------------------------------------------ */

static struct objects_place *place_of(const struct objects_ops *ops, uint64_t addr)
{
	uint32_t at;

	for (at = (uint32_t)hash_u64(addr) & (ops->places - 1);
	     ops->place[at].addr != addr && ops->place[at].addr != UINT64_MAX;)
		at = (at + 1) & (ops->places - 1);
	return &ops->place[at];
}

static void add_touch(struct objects_ops *ops, uint64_t addr, uint32_t op)
{
	struct objects_place *place = place_of(ops, addr);

	ops->touch[ops->nr_touches] = (struct objects_touch){
		.op = op, .next = place->addr == addr ? place->touch : OPS_NONE,
	};
	place->addr = addr;
	place->touch = ops->nr_touches++;
}

/* Backwards, so that each list begins with what comes first. */
static int link_ops(struct objects_ops *ops)
{
	uint32_t *last = malloc((ops->nr_contexts + 1) * sizeof(*last)), i;
	uint64_t nr = (uint64_t)ops->nr + ops->nr_freed;
	int32_t j;

	for (ops->places = 1024; ops->places < nr * 2 && ops->places < 1U << 31;)
		ops->places *= 2;
	ops->place = bigmem_alloc(ops->places, sizeof(*ops->place));
	ops->touch = bigmem_alloc(nr + 1, sizeof(*ops->touch));
	if (!last || !ops->place || !ops->touch || nr >= ops->places) {
		free(last);
		return -ENOMEM;
	}
	memset(last, 0xff, (ops->nr_contexts + 1) * sizeof(*last));
	for (i = 0; i < ops->places; i++)
		ops->place[i] = (struct objects_place){ .addr = UINT64_MAX, .touch = OPS_NONE, .last = OPS_NONE };
	for (i = ops->nr; i--;) {
		struct objects_op *op = &ops->op[i];

		op->next = last[op->context];
		last[op->context] = i;
		if ((op->kind == OP_ALLOC || op->kind == OP_FREE) && op->addr != UINT64_MAX)
			add_touch(ops, op->addr, i);
		for (j = 0; op->kind == OP_BULK_FREE && j < op->nr; j++)
			if (ops->freed[op->first + j] != UINT64_MAX)
				add_touch(ops, ops->freed[op->first + j], i);
	}
	free(last);
	return 0;
}

uint32_t objects_ops_upcoming(struct objects_ops *ops, uint64_t addr, uint32_t now, uint32_t *last)
{
	struct objects_place *place = place_of(ops, addr);

	while (place->touch != OPS_NONE && ops->touch[place->touch].op < now) {
		place->last = ops->touch[place->touch].op;
		place->touch = ops->touch[place->touch].next;
	}
	*last = place->last;
	return place->touch == OPS_NONE ? OPS_NONE : ops->touch[place->touch].op;
}

int objects_ops_build(struct objects_ops *ops, struct trace *trace,
		      const struct objects_snapshot *snap, struct kerror *err)
{
	struct builder bd = { .ops = ops, .snap = snap, .names = trace_names(trace) };
	struct trace_cursor cur;
	const struct event *events;
	bool inside = false;
	int64_t nr;
	int ret;

	memset(ops, 0, sizeof(*ops));
	ops->room = trace_summary(trace)->nr_events;
	ops->op = bigmem_alloc(ops->room + 1, sizeof(*ops->op));
	if (!ops->op)
		return kerror_set(err, -ENOMEM, "no memory for the objects of a trace");
	ret = trace_cursor_init(&cur, trace, err);
	if (ret)
		return ret;
	do {
		nr = trace_cursor_next(&cur, &events, err);
		ret = nr > 0 ? add_events(&bd, events, nr, &inside) : (int)nr;
	} while (ret == 1);
	trace_cursor_exit(&cur);
	free(bd.contexts);
	if (nr < 0)
		return ret;
	if (!ret && nr > 0)
		ret = link_ops(ops);
	else if (!ret)
		return kerror_set(err, -ENODATA, "the trace has not the marks of both snapshots");
	return ret ? kerror_set(err, ret, "no memory for the objects of a trace") : 0;
}

void objects_ops_free(struct objects_ops *ops)
{
	bigmem_free(ops->op, ops->room + 1, sizeof(*ops->op));
	free(ops->freed);
	bigmem_free(ops->touch, (uint64_t)ops->nr + ops->nr_freed + 1, sizeof(*ops->touch));
	bigmem_free(ops->place, ops->places, sizeof(*ops->place));
	memset(ops, 0, sizeof(*ops));
}
