/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: objects predicted; see objects.h. One pass over the operations:
 *
 *   a free       waits until its context goes on, or until somebody asks for what
 *                it changes (objects/order.c)
 *   an alloc     is served, unless an interrupt of its own task showed that it
 *                was served before
 *   bulk         requests name no object: they are served, but not compared
 *   slab_in/out  at the first, nothing may be left; at the second, the new slab is
 *                the CPU's and its first object the context's (objects/slabs.c)
 *
 * Single-threaded: no state outside of struct replay.
 */
#include "sim/verify/objects/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What kprobe_events lists at most. */
#define MAX_BULK_FREE 256

const struct verify_desc objects_cause_desc[NR_OBJECTS_CAUSES] = {
#define OBJECTS_CAUSE_DESC(name, text) { #name, text },
	OBJECTS_CAUSES(OBJECTS_CAUSE_DESC)
#undef OBJECTS_CAUSE_DESC
};

const struct verify_desc objects_source_desc[NR_SLAB_SOURCES] = {
#define SLAB_SOURCE_DESC(name, text) { #name, text },
	SLAB_SOURCES(SLAB_SOURCE_DESC)
#undef SLAB_SOURCE_DESC
};

const struct objects_count_desc objects_count_desc[NR_OBJECTS_COUNTS] = {
#define OBJECTS_COUNT_DESC(name, text, hint) { #name, text, hint },
	OBJECTS_COUNTS(OBJECTS_COUNT_DESC)
#undef OBJECTS_COUNT_DESC
};

/* ---- names ------------------------------------------------------------------- */

struct kmem_cache *replay_cache_of(const struct replay *rp, uint64_t addr, uint32_t *head)
{
	uint64_t pfn = addr >> PAGE_SHIFT;

	return pfn >= rp->m->map->end_pfn ? NULL : slab_cache_at(rp->sa, (uint32_t)pfn, head);
}

static unsigned int number_in(const struct replay *rp, const struct kmem_cache *s, uint64_t addr)
{
	uint32_t head = 0;

	replay_cache_of(rp, addr, &head);
	return (unsigned int)((addr - ((uint64_t)head << PAGE_SHIFT)) / kmem_cache_size(s));
}

/* ---- misses ------------------------------------------------------------------ */

void replay_describe(struct replay *rp, const struct objects_op *op, const struct kmem_cache *s,
		     const char *what, uint64_t ours, uint64_t theirs)
{
	struct objects_predicted *pr = rp->op;
	char our_text[48] = "none", their_text[48] = "none";
	uint32_t head = 0;

	if (pr->nr_miss == pr->max_miss)
		return;
	if (ours != UINT64_MAX && replay_cache_of(rp, ours, &head))
		snprintf(our_text, sizeof(our_text), "%#x/%u", head, number_in(rp, s, ours));
	if (theirs != UINT64_MAX && replay_cache_of(rp, theirs, &head))
		snprintf(their_text, sizeof(their_text), "%#x/%u", head, number_in(rp, s, theirs));
	snprintf(pr->miss[pr->nr_miss++], sizeof(pr->miss[0]),
		 "line %llu, pid %d on CPU %u, level %u, %s: ours %s, the kernel's %s: %s",
		 (unsigned long long)op->line, op->pid, op->cpu, op->level, kmem_cache_name(s), our_text,
		 their_text, what);
}

void replay_count_miss(struct replay *rp, const struct objects_op *op, const struct kmem_cache *s,
		       enum objects_cause cause, uint64_t ours, uint64_t theirs)
{
	rp->op->cause[cause]++;
	replay_describe(rp, op, s, objects_cause_desc[cause].text, ours, theirs);
}

void replay_refuse_free(struct replay *rp, const struct kmem_cache *s, uint64_t addr)
{
	rp->op->count[OBJ_refused_frees]++;
	replay_describe(rp, &rp->ops->op[rp->now], s, "freed, but not in use here", UINT64_MAX, addr);
}

/* Where the kernel's object is, before anything is put right. */
static enum objects_cause cause_of(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	void *theirs = replay_object(rp, op->addr);
	struct slab_state state;
	uint32_t head = 0, pfn;
	unsigned int cpu;

	if (slab_is_live(rp->sa, theirs))
		return OBJECTS_in_use;
	replay_cache_of(rp, op->addr, &head);
	for (cpu = 0; cpu < buddy_nr_cpus(rp->m->buddy); cpu++) {
		slab_read_cpu(s, cpu, &pfn, NULL, 0);
		if (pfn != head)
			continue;
		if (cpu != op->cpu)
			return OBJECTS_other_cpu;
		return slab_on_cpu_list(s, cpu, theirs) ? OBJECTS_same_list : OBJECTS_same_slab;
	}
	if (slab_read_slab(s, head, &state, NULL, 0))
		return OBJECTS_in_use;
	return state.cpu_partial ? OBJECTS_cpu_partial : OBJECTS_node_partial;
}

/* ---- requests ----------------------------------------------------------------- */

static void count_alloc(struct replay *rp, const struct kmem_cache *s, enum slab_source source, bool hit)
{
	struct verify_rate *by_cache = &rp->op->by_cache[kmem_cache_id(s)];

	rp->op->allocs.all++;
	rp->op->allocs.hits += hit;
	rp->op->by_source[source].all++;
	rp->op->by_source[source].hits += hit;
	by_cache->all++;
	by_cache->hits += hit;
}

/* The first object of a slab that this context made: which one it is was a hint. */
static bool serve_taken(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	struct taken *taken = slabs_taken(rp, op->context, s);
	void *theirs = replay_object(rp, op->addr);

	if (!taken)
		return false;
	taken->s = NULL;
	if (taken->object == theirs)
		return true;
	count_alloc(rp, s, SLAB_FROM_new_slab, false);
	replay_count_miss(rp, op, s, cause_of(rp, op, s), replay_addr(rp, taken->object), op->addr);
	slab_resync(s, op->cpu, NULL, theirs);
	return true;
}

static void serve_alloc(struct replay *rp, const struct objects_op *op)
{
	void *theirs = replay_object(rp, op->addr), *ours = NULL;
	enum slab_source source;
	enum objects_cause cause;
	struct kmem_cache *s;
	uint32_t head;
	bool hinted;

	s = op->addr == UINT64_MAX ? NULL : replay_cache_of(rp, op->addr, &head);
	hinted = order_settle(rp, op, s, true, theirs);
	if (!s) {
		rp->op->count[OBJ_no_slab] += op->addr != UINT64_MAX;
		return;
	}
	order_take_early(rp, op, s);
	if (serve_taken(rp, op, s))
		return;
	slab_peek(s, op->cpu, &source);
	if (source != SLAB_FROM_new_slab)
		ours = kmem_cache_alloc(s, op->cpu, 0);
	if (hinted)
		rp->op->count[OBJ_hinted_allocs]++;
	else
		count_alloc(rp, s, source, ours == theirs);
	if (ours == theirs)
		return;
	cause = ours ? cause_of(rp, op, s) : OBJECTS_needs_slab;
	replay_count_miss(rp, op, s, cause, ours ? replay_addr(rp, ours) : UINT64_MAX, op->addr);
	slab_resync(s, op->cpu, ours, theirs);
}

static void serve_free(struct replay *rp, const struct objects_op *op)
{
	uint32_t head;
	struct kmem_cache *s = replay_cache_of(rp, op->addr, &head);

	order_settle(rp, op, s, false, NULL);
	if (!s) {
		rp->op->count[OBJ_no_slab]++;
		return;
	}
	order_take_early(rp, op, s);
	rp->op->count[OBJ_frees]++;
	order_free(rp, op, s, head);
}

/* ---- many at once --------------------------------------------------------------- */

void replay_bulk(struct replay *rp, struct replay_context *ctx, unsigned int cpu)
{
	enum slab_source source;

	while (ctx->got < ctx->wanted) {
		slab_peek(ctx->bulk, cpu, &source);
		if (source == SLAB_FROM_new_slab)
			return;
		kmem_cache_alloc(ctx->bulk, cpu, 0);
		ctx->got++;
		rp->op->count[OBJ_bulk_allocs]++;
	}
}

static void begin_bulk(struct replay *rp, const struct objects_op *op)
{
	struct replay_context *ctx = &rp->contexts[op->context];
	uint32_t at;

	ctx->bulk = objects_machine_cache(rp->m, op->cache);
	ctx->got = ctx->wanted = 0;
	for (at = op->next; at != OPS_NONE && rp->ops->op[at].kind != OP_BULK_OUT;)
		at = rp->ops->op[at].next;
	if (at != OPS_NONE)
		ctx->wanted = rp->ops->op[at].nr;
	order_settle(rp, op, ctx->bulk, false, NULL);
	if (ctx->bulk)
		order_begin(rp, op);
}

static void end_bulk(struct replay *rp, const struct objects_op *op)
{
	struct replay_context *ctx = &rp->contexts[op->context];

	order_settle(rp, op, ctx->bulk, false, NULL);
	if (!ctx->bulk)
		return;
	replay_bulk(rp, ctx, op->cpu);
	rp->op->count[OBJ_bulk_short] += (uint64_t)(ctx->wanted > ctx->got ? ctx->wanted - ctx->got : 0);
	ctx->bulk = NULL;
}

/* An object that is freed twice by one request was in use only the first time. */
static bool is_among(void *const *objects, unsigned int nr, const void *object)
{
	while (nr--)
		if (objects[nr] == object)
			return true;
	return false;
}

/* What is to be freed of @op, without what is no object in use; returns the number. */
static unsigned int bulk_objects(struct replay *rp, const struct objects_op *op, int32_t nr, void **objects)
{
	unsigned int good = 0;
	int32_t i;

	for (i = 0; i < nr && good < MAX_BULK_FREE; i++) {
		uint64_t addr = rp->ops->freed[op->first + i];
		uint32_t head;
		struct kmem_cache *owner = replay_cache_of(rp, addr, &head);
		void *object = owner ? replay_object(rp, addr) : NULL;

		if (owner && slab_is_live(rp->sa, object) && !is_among(objects, good, object))
			objects[good++] = object;
		else if (owner)
			replay_refuse_free(rp, owner, addr);
	}
	return good;
}

/* Does the next step of a bulk free send the slab at @pfn to a CPU's partial list? */
static bool fills_partial(const struct replay *rp, const void *object, uint32_t pfn)
{
	struct slab_state state;
	uint32_t head;
	struct kmem_cache *s = replay_cache_of(rp, replay_addr(rp, object), &head);

	return head == pfn && !slab_read_slab(s, head, &state, NULL, 0) && !state.frozen && !state.nr_free;
}

/* Of the first of @nr objects that lies in a slab; NULL where none does. */
static struct kmem_cache *bulk_cache(const struct replay *rp, const struct objects_op *op, int32_t nr)
{
	struct kmem_cache *s = NULL;
	uint32_t head;
	int32_t i;

	for (i = 0; !s && i < nr; i++)
		s = replay_cache_of(rp, rp->ops->freed[op->first + i], &head);
	return s;
}

int32_t replay_bulk_free(struct replay *rp, const struct objects_op *op, int32_t nr, unsigned int cpu,
			 uint32_t until)
{
	struct kmem_cache *s = bulk_cache(rp, op, nr);
	void *objects[MAX_BULK_FREE];
	unsigned int left, i;

	/* What waited may be of these very objects: only then it is known which are in use. */
	if (s) {
		order_settle(rp, op, s, false, NULL);
		order_take_early(rp, op, s);
	}
	left = bulk_objects(rp, op, nr, objects);
	while (left && (until == PFN_NONE_VAL || !fills_partial(rp, objects[left - 1], until))) {
		unsigned int before = left;

		left = slab_free_group(rp->sa, cpu, left, objects);
		rp->op->count[OBJ_bulk_frees] += before - left;
	}
	for (i = 0; i < left; i++)
		rp->ops->freed[op->first + i] = replay_addr(rp, objects[i]);
	return (int32_t)left;
}

static void other_op(struct replay *rp, const struct objects_op *op)
{
	struct kmem_cache *s = objects_machine_cache(rp->m, op->cache);
	uint32_t pfn;

	order_settle(rp, op, s, false, NULL);
	if (!s)
		return;
	switch (op->kind) {
	case OP_SHRINK:
		rp->op->count[OBJ_shrinks]++;
		kmem_cache_shrink(s);
		return;
	case OP_DEACTIVATE:
		slab_read_cpu(s, op->cpu, &pfn, NULL, 0);
		if (pfn == op->pfn && pfn != PFN_NONE_VAL) {
			rp->op->count[OBJ_put_away]++;
			slab_put_away(s, op->cpu);
		}
		return;
	case OP_CPU_PARTIAL:
		slabs_moved(rp, op, s);
		return;
	default:
		return;
	}
}

static void serve(struct replay *rp, const struct objects_op *op)
{
	switch (op->kind) {
	case OP_ALLOC:
		serve_alloc(rp, op);
		break;
	case OP_FREE:
		serve_free(rp, op);
		break;
	case OP_BULK_IN:
		begin_bulk(rp, op);
		break;
	case OP_BULK_OUT:
		end_bulk(rp, op);
		break;
	case OP_BULK_FREE:
		order_begin(rp, op);
		break;
	case OP_SLAB_IN:
		slabs_asked_for(rp, op);
		break;
	case OP_SLAB_OUT:
		slabs_came(rp, op);
		break;
	case OP_SLAB_FREE:
		slabs_went(rp, op);
		break;
	default:
		other_op(rp, op);
	}
}

static int prepare(struct replay *rp)
{
	struct objects_predicted *pr = rp->op;
	const struct kmem_cache *s;
	uint32_t ids = 0, i;

	for_each_cache(rp->sa, s)
		if (kmem_cache_id(s) >= ids)
			ids = kmem_cache_id(s) + 1;
	pr->by_cache = calloc(ids + 1, sizeof(*pr->by_cache));
	pr->miss = calloc(pr->max_miss + 1, sizeof(*pr->miss));
	rp->contexts = calloc(rp->ops->nr_contexts + 1, sizeof(*rp->contexts));
	rp->done = calloc(rp->ops->nr + 1, 1);
	rp->given = calloc(rp->m->map->end_pfn / 64 + 1, sizeof(*rp->given));
	if (!pr->by_cache || !pr->miss || !rp->contexts || !rp->done || !rp->given)
		return -ENOMEM;
	for (i = rp->ops->nr; i--;)
		rp->contexts[rp->ops->op[i].context].next = i;
	for (i = 0; i < rp->ops->nr_contexts; i++)
		rp->contexts[i].begun = OPS_NONE;
	for (i = 0; i < MAX_CPUS; i++)
		rp->begun[i] = OPS_NONE;
	return 0;
}

int objects_predict(struct objects_predicted *pr, struct objects_machine *m, struct objects_ops *ops,
		    unsigned int max_miss, const volatile sig_atomic_t *stop, struct kerror *err)
{
	struct replay *rp = calloc(1, sizeof(*rp));
	int ret = -ENOMEM;

	memset(pr, 0, sizeof(*pr));
	pr->max_miss = max_miss;
	if (rp) {
		*rp = (struct replay){
			.op = pr, .m = m, .sa = m->sa, .ops = ops, .base = m->map->base,
		};
		ret = prepare(rp);
	}
	if (!ret) {
		slabs_set_frames(rp);
		for (rp->now = 0; rp->now < ops->nr && !is_stopped(stop); rp->now++) {
			const struct objects_op *op = &ops->op[rp->now];

			if (!rp->done[rp->now]) {
				rp->contexts[op->context].next = op->next;
				order_note(rp, op);
				serve(rp, op);
			}
		}
		pr->served = rp->now;
		if (rp->now)
			rp->now--;
		order_finish(rp);
		slabs_unset_frames(rp);
	}
	if (rp) {
		free(rp->contexts);
		free(rp->done);
		free(rp->given);
		free(rp);
	}
	return ret ? kerror_set(err, ret, "no memory to predict objects") : 0;
}

void objects_predicted_free(struct objects_predicted *pr)
{
	free(pr->by_cache);
	free(pr->miss);
	memset(pr, 0, sizeof(*pr));
}
