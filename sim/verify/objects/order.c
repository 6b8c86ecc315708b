/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what happened before what, where the trace's order is not that of the
 * effects; see objects/replay.h. An allocation's event is written after the
 * object was taken, that of a free before the object is given back, and a probe
 * stands at its function's entry. In between may come
 *
 *   an interrupt   while the event is being written, preemption is disabled twice
 *                  more than the interrupted code had it (by the tracepoint or
 *                  probe, and by the ring buffer): then what it announced is still
 *                  to come. Bulk requests disable interrupts, so one that comes
 *                  with preemption disabled once more came as they ended
 *                  What a free does to a slab behind it shows as well that it had
 *                  not come so far
 *   another task   not in a free. A bulk request may sleep before it takes anything
 *   another CPU    any time
 *
 * Where this does not decide, the object that a request got may (a hint, counted).
 *
 * Single-threaded: no state outside of struct replay.
 */
#include "sim/verify/objects/replay.h"

#include <string.h>

/* Preemption is disabled so often while an event is being written. */
#define DEPTH_OF_TRACING 2

static bool being_written(const struct replay *rp, unsigned int cpu, unsigned int depth)
{
	return rp->in_interrupt[cpu] && rp->interrupt_depth[cpu] >= depth + DEPTH_OF_TRACING;
}

/* What a free does to slabs comes behind it in its context: is that still to come? */
static bool free_goes_on(const struct replay *rp, uint32_t context)
{
	uint32_t next = rp->contexts[context].next;

	return next != OPS_NONE && (rp->ops->op[next].kind == OP_CPU_PARTIAL ||
				    rp->ops->op[next].kind == OP_SLAB_FREE);
}

/* ---- frees that wait ------------------------------------------------------- */

static void free_now(struct replay *rp, const struct waiting_free *w)
{
	if (slab_is_live(rp->sa, w->object))
		kmem_cache_free(w->s, w->cpu, w->object);
	else
		replay_refuse_free(rp, w->s, replay_addr(rp, w->object));
}

/* Would the free change what the next request for @s on @cpu gets? */
static bool changes_next(const struct replay *rp, const struct waiting_free *w, unsigned int cpu,
			 const void *next, enum slab_source source)
{
	uint32_t head = 0, cpu_slab;

	slab_read_cpu(w->s, cpu, &cpu_slab, NULL, 0);
	if (!next || source == SLAB_FROM_new_slab)
		return true;
	if (source == SLAB_FROM_fast)
		return w->cpu == cpu && w->head == cpu_slab;
	replay_cache_of(rp, replay_addr(rp, next), &head);
	return w->head == head || w->head == cpu_slab || w->cpu == cpu;
}

/* Does @op show by itself that the free is done? */
static bool free_is_over(const struct replay *rp, const struct waiting_free *w,
			 const struct objects_op *op)
{
	if (!op || rp->now >= w->over)
		return true;
	/* The slab is about to go to the CPU's partial list: a part of the free. */
	if (w->context == op->context)
		return op->kind != OP_CPU_PARTIAL || op->pfn != w->head;
	return w->cpu == op->cpu && (w->pid != op->pid || op->level <= w->level);
}

/* For a request: can the free be still under way? */
static bool free_waits_on(struct replay *rp, struct waiting_free *w, const struct objects_op *op,
			  const void *theirs, bool *hinted)
{
	enum slab_source source;
	void *next = slab_peek(w->s, op->cpu, &source);
	bool fits = next == theirs, matters = changes_next(rp, w, op->cpu, next, source);

	if (w->inside) {
		if (fits || !matters)
			return true;
		free_now(rp, w);
		*hinted = *hinted || slab_peek(w->s, op->cpu, &source) == theirs;
		w->s = NULL;
		return false;
	}
	if (!fits || !matters)
		return false;
	*hinted = true;
	rp->op->count[OBJ_late_frees] += !w->late;
	w->late = true;
	return true;
}

/*
 * What @op (NULL: the end) shows to be over: in the order of the events, but last
 * what was interrupted while it began.
 */
static void settle_over(struct replay *rp, const struct objects_op *op)
{
	unsigned int i, kept = 0, nr = rp->nr_waiting;

	for (i = 0; i < nr; i++) {
		if (rp->waiting[i].inside || !free_is_over(rp, &rp->waiting[i], op))
			continue;
		free_now(rp, &rp->waiting[i]);
		rp->waiting[i].s = NULL;
	}
	for (i = nr; i--;) {
		if (!rp->waiting[i].s || !free_is_over(rp, &rp->waiting[i], op))
			continue;
		free_now(rp, &rp->waiting[i]);
		rp->waiting[i].s = NULL;
	}
	for (i = 0; i < nr; i++)
		if (rp->waiting[i].s)
			rp->waiting[kept++] = rp->waiting[i];
	rp->nr_waiting = kept;
}

bool order_settle(struct replay *rp, const struct objects_op *op, struct kmem_cache *s, bool asks,
		  const void *theirs)
{
	unsigned int i, kept = 0, nr;
	bool hinted = false;

	settle_over(rp, op);
	for (i = 0, nr = rp->nr_waiting; i < nr; i++) {
		struct waiting_free w = rp->waiting[i];
		bool over = false;

		if (w.context == op->context) {
			w.depth = op->depth;
			w.over = op->over;
		} else if (w.cpu == op->cpu) {
			w.inside = being_written(rp, w.cpu, w.depth) || free_goes_on(rp, w.context);
		}
		if (w.context != op->context && w.s == s)
			over = asks ? !free_waits_on(rp, &w, op, theirs, &hinted) : !w.inside;
		if (!over)
			rp->waiting[kept++] = w;
		else if (w.s)
			free_now(rp, &w);
	}
	rp->nr_waiting = kept;
	return hinted;
}

void order_free(struct replay *rp, const struct objects_op *op, struct kmem_cache *s, uint32_t head)
{
	if (rp->nr_waiting == MAX_WAITING) {
		free_now(rp, &rp->waiting[0]);
		memmove(rp->waiting, rp->waiting + 1, (MAX_WAITING - 1) * sizeof(rp->waiting[0]));
		rp->nr_waiting--;
	}
	rp->waiting[rp->nr_waiting++] = (struct waiting_free){
		.s = s, .object = replay_object(rp, op->addr), .head = head,
		.context = op->context, .over = op->over,
		.pid = op->pid, .cpu = op->cpu, .level = op->level, .depth = op->depth,
	};
}

/* ---- bulk requests and frees ------------------------------------------------- */

static void carry_out(struct replay *rp, struct replay_context *ctx, unsigned int cpu)
{
	const struct objects_op *begun = &rp->ops->op[ctx->begun];

	ctx->begun = OPS_NONE;
	if (begun->kind == OP_BULK_FREE) {
		replay_bulk_free(rp, begun, ctx->left, cpu, PFN_NONE_VAL);
		return;
	}
	order_settle(rp, begun, ctx->bulk, false, NULL);
	order_take_early(rp, begun, ctx->bulk);
	replay_bulk(rp, ctx, cpu);
}

/* Its own context shows how far it has come: to a bulk free's next slab for the partial list, or its end. */
static void carry_on(struct replay *rp, struct replay_context *ctx, const struct objects_op *op)
{
	const struct objects_op *begun = &rp->ops->op[ctx->begun];

	if (begun->kind == OP_BULK_FREE && op->kind == OP_CPU_PARTIAL) {
		ctx->left = replay_bulk_free(rp, begun, ctx->left, op->cpu, op->pfn);
		ctx->begun_depth = op->depth;
		if (ctx->left)
			return;
	}
	rp->begun[op->cpu] = OPS_NONE;
	carry_out(rp, ctx, op->cpu);
}

/* What a CPU was about to do when @op came: an interrupt, or another task. */
static void note_begun(struct replay *rp, const struct objects_op *op)
{
	struct replay_context *ctx = &rp->contexts[rp->begun[op->cpu]];
	const struct objects_op *begun;
	bool frees;

	if (ctx->begun == OPS_NONE) {
		rp->begun[op->cpu] = OPS_NONE;
		return;
	}
	begun = &rp->ops->op[ctx->begun];
	if (op->context == begun->context)
		return;
	frees = begun->kind == OP_BULK_FREE;
	if (op->pid == begun->pid && op->level > begun->level) {
		if (being_written(rp, op->cpu, ctx->begun_depth) ||
		    (frees ? free_goes_on(rp, begun->context) :
			     rp->interrupt_depth[op->cpu] == ctx->begun_depth))
			return;
	} else if (op->pid != begun->pid && !frees) {
		rp->begun[op->cpu] = OPS_NONE;
		return;
	}
	rp->begun[op->cpu] = OPS_NONE;
	carry_out(rp, ctx, op->cpu);
}

void order_begin(struct replay *rp, const struct objects_op *op)
{
	struct replay_context *ctx = &rp->contexts[op->context];

	ctx->begun = (uint32_t)(op - rp->ops->op);
	ctx->begun_depth = op->depth;
	ctx->left = op->nr;
	rp->begun[op->cpu] = op->context;
}

void order_note(struct replay *rp, const struct objects_op *op)
{
	struct replay_context *ctx = &rp->contexts[op->context];

	if (op->level && (!rp->in_interrupt[op->cpu] || rp->interrupted_pid[op->cpu] != op->pid)) {
		rp->interrupted[op->cpu] = rp->now;
		rp->interrupted_pid[op->cpu] = op->pid;
		rp->interrupt_depth[op->cpu] = op->depth;
	}
	rp->in_interrupt[op->cpu] = op->level != 0;
	if (rp->begun[op->cpu] != OPS_NONE)
		note_begun(rp, op);
	if (ctx->begun != OPS_NONE)
		carry_on(rp, ctx, op);
}

void order_finish(struct replay *rp)
{
	unsigned int i;

	for (i = 0; i < rp->ops->nr_contexts; i++)
		if (rp->contexts[i].begun != OPS_NONE)
			carry_out(rp, &rp->contexts[i], rp->ops->op[rp->contexts[i].begun].cpu);
	settle_over(rp, NULL);
}

/* ---- what an interrupted task had taken --------------------------------------- */

/*
 * The interrupted task had found nothing left and was about to ask for a slab:
 * its next event says so, and nothing is left here.
 */
static void ask_early(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	struct replay_context *below;
	enum slab_source source;

	if (!op->level || op->below == OPS_NONE)
		return;
	below = &rp->contexts[op->below];
	if (below->next == OPS_NONE || rp->ops->op[below->next].kind != OP_SLAB_IN ||
	    rp->ops->op[below->next].cpu != op->cpu ||
	    objects_machine_cache(rp->m, rp->ops->op[below->next].cache) != s)
		return;
	slab_peek(s, op->cpu, &source);
	if (source != SLAB_FROM_new_slab)
		return;
	rp->done[below->next] = 1;
	rp->op->count[OBJ_early_allocs]++;
	slabs_begin_asking(below, s, op->cpu);
	below->next = rp->ops->op[below->next].next;
}

/*
 * An interrupted task's next event may name the very object that is next
 * here, while nothing else names that object until then: it was taken before
 * the interrupt came.
 */
void order_take_early(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	enum slab_source source;
	void *next;

	if (!op->level)
		return;
	while ((next = slab_peek(s, op->cpu, &source)) != NULL) {
		uint32_t last, at = objects_ops_upcoming(rp->ops, replay_addr(rp, next), rp->now, &last);
		const struct objects_op *other = at == OPS_NONE ? NULL : &rp->ops->op[at];

		if (last != OPS_NONE && last >= rp->interrupted[op->cpu])
			break;
		if (!other || other->kind != OP_ALLOC || other->cpu != op->cpu || other->pid != op->pid ||
		    other->level >= op->level || rp->contexts[other->context].next != at)
			break;
		kmem_cache_alloc(s, op->cpu, 0);
		rp->op->count[OBJ_early_allocs]++;
		rp->done[at] = 1;
		rp->contexts[other->context].next = other->next;
	}
	ask_early(rp, op, s);
}
