/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: slabs as they come and go in a replay of objects; see
 * objects/replay.h. A new slab gets the frames of the kernel's, and its list
 * begins where the kernel's began: hints, for frames are the page layer's matter
 * and the start is random. That a slab is needed, and that one is given back, is
 * predicted.
 *
 * Single-threaded: no state outside of struct replay.
 */
#include "sim/verify/objects/replay.h"
#include "sim/verify/objects/start.h"

#define START_LOOKAHEAD	64	/* operations of a context until its new slab's object shows */

/* ---- frames --------------------------------------------------------------- */

static bool take_frames(void *ctx, struct kmem_cache *s, unsigned int cpu, struct slab_frames *frames)
{
	struct replay *rp = ctx;

	if (!rp->offered)
		return false;
	rp->offered = false;
	*frames = rp->offer;
	return true;
}

static void give_frames(void *ctx, struct kmem_cache *s, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	struct replay *rp = ctx;

	rp->given[pfn_val(pfn) / 64] |= 1ULL << (pfn_val(pfn) % 64);
	rp->nr_given++;
}

/* When all is served, slabs go nowhere. */
static bool take_nothing(void *ctx, struct kmem_cache *s, unsigned int cpu, struct slab_frames *frames)
{
	return false;
}

static void give_nothing(void *ctx, struct kmem_cache *s, unsigned int cpu, pfn_t pfn, unsigned int order)
{
}

static bool was_given(struct replay *rp, uint32_t pfn)
{
	uint64_t bit = 1ULL << (pfn % 64);

	if (pfn >= rp->m->map->end_pfn || !(rp->given[pfn / 64] & bit))
		return false;
	rp->given[pfn / 64] &= ~bit;
	rp->nr_given--;
	return true;
}

void slabs_set_frames(struct replay *rp)
{
	struct slab_frames_ops ops = { take_frames, give_frames, rp };

	slab_set_frames(rp->sa, &ops);
}

void slabs_unset_frames(struct replay *rp)
{
	struct slab_frames_ops ops = { take_nothing, give_nothing, NULL };

	rp->op->count[OBJ_lost_slabs] = rp->nr_given;
	slab_set_frames(rp->sa, &ops);
}

/* ---- slabs ---------------------------------------------------------------- */

void slabs_begin_asking(struct replay_context *ctx, struct kmem_cache *s, unsigned int cpu)
{
	if (ctx->depth < MAX_DEPTH)
		ctx->asking[ctx->depth] = s;
	ctx->depth++;
	/* Fails, but takes the exhausted slab from the CPU. */
	kmem_cache_alloc(s, cpu, 0);
}

struct taken *slabs_taken(struct replay *rp, uint32_t context, const struct kmem_cache *s)
{
	unsigned int i;

	for (i = 0; i < MAX_TAKEN; i++)
		if (rp->taken[i].s == s && (!s || rp->taken[i].context == context))
			return &rp->taken[i];
	return NULL;
}

static void note_taken(struct replay *rp, const struct objects_op *op, struct kmem_cache *s, void *ours)
{
	struct taken *slot = slabs_taken(rp, 0, NULL);

	if (slot)
		*slot = (struct taken){ .s = s, .object = ours, .context = op->context };
}

void slabs_asked_for(struct replay *rp, const struct objects_op *op)
{
	struct kmem_cache *s = objects_machine_cache(rp->m, op->cache);
	struct replay_context *ctx = &rp->contexts[op->context];
	enum slab_source source;
	void *ours;
	bool hinted = order_settle(rp, op, s, true, NULL);

	if (s) {
		order_take_early(rp, op, s);
		ours = slab_peek(s, op->cpu, &source);
		rp->op->slabs.all += !hinted;
		if (source == SLAB_FROM_new_slab) {
			rp->op->slabs.hits += !hinted;
			slabs_begin_asking(ctx, s, op->cpu);
			return;
		}
		replay_count_miss(rp, op, s, OBJECTS_early_slab, replay_addr(rp, ours), UINT64_MAX);
	} else {
		rp->op->count[OBJ_unknown_caches]++;
	}
	if (ctx->depth < MAX_DEPTH)
		ctx->asking[ctx->depth] = s;
	ctx->depth++;
}

/* The place in the random sequence at which @number stands. */
static unsigned int place_in_sequence(const struct replay *rp, const struct kmem_cache *s,
				      unsigned int number)
{
	unsigned int pos, objects = kmem_cache_objs_per_slab(s);

	for (pos = 0; pos < objects; pos++)
		if (slab_random_at(s, pos) == number)
			return pos;
	return 0;
}

/* The first object that this context shows of the slab it made; false where none does. */
static bool first_object(const struct replay *rp, const struct objects_op *op, uint64_t *addr)
{
	uint32_t at = op->next, i;

	for (i = 0; at != OPS_NONE && i < START_LOOKAHEAD; i++, at = rp->ops->op[at].next) {
		const struct objects_op *next = &rp->ops->op[at];

		if (next->kind != OP_ALLOC || next->addr == UINT64_MAX)
			continue;
		if (next->addr >> PAGE_SHIFT >= op->pfn &&
		    next->addr >> PAGE_SHIFT < op->pfn + (1U << op->order)) {
			*addr = next->addr;
			return true;
		}
	}
	return false;
}

void slabs_came(struct replay *rp, const struct objects_op *op)
{
	struct replay_context *ctx = &rp->contexts[op->context];
	struct kmem_cache *s = NULL;
	uint64_t addr;
	uint32_t head;
	void *ours;

	if (ctx->depth && --ctx->depth < MAX_DEPTH)
		s = ctx->asking[ctx->depth];
	order_settle(rp, op, s, false, NULL);
	if (!s || op->pfn == PFN_NONE_VAL)
		return;
	order_take_early(rp, op, s);
	was_given(rp, op->pfn);
	if (slab_cache_at(rp->sa, op->pfn, &head)) {
		rp->op->count[OBJ_stale_slabs]++;
		slab_drop(rp->sa, head);
		was_given(rp, head);
	}
	rp->offer = (struct slab_frames){ .pfn = pfn_make(op->pfn), .order = op->order };
	if (!ctx->bulk && first_object(rp, op, &addr)) {
		rp->offer.start = place_in_sequence(rp, s, (unsigned int)
			((addr - ((uint64_t)op->pfn << PAGE_SHIFT)) / kmem_cache_size(s)));
		rp->op->count[OBJ_slab_starts]++;
	} else if (objects_start_from_later(rp->m, rp->ops, op, s, ctx->bulk == s ? ctx->wanted - ctx->got : 0,
					    &rp->offer.start)) {
		rp->op->count[OBJ_slab_starts]++;
	} else {
		rp->op->count[OBJ_unseen_starts]++;
	}
	rp->offered = true;
	ours = slab_alloc_new_slab(s, op->cpu, 0);
	rp->offered = false;
	if (!ours)
		return;
	rp->op->count[OBJ_new_slabs]++;
	if (ctx->bulk == s) {
		ctx->got++;
		rp->op->count[OBJ_bulk_allocs]++;
		replay_bulk(rp, ctx, op->cpu);
		return;
	}
	note_taken(rp, op, s, ours);
}

/*
 * A request that takes a slab of the node's has others moved to the CPU's
 * partial list: it had found nothing on the CPU, although there is something now.
 */
void slabs_moved(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	enum slab_source source;
	void *ours;

	if (op->nr || rp->contexts[op->context].bulk || slabs_taken(rp, op->context, s))
		return;
	slab_peek(s, op->cpu, &source);
	if (source == SLAB_FROM_node_partial || source == SLAB_FROM_new_slab)
		return;
	ours = slab_alloc_partial(s, op->cpu);
	if (!ours)
		return;
	rp->op->count[OBJ_node_refills]++;
	note_taken(rp, op, s, ours);
}

void slabs_went(struct replay *rp, const struct objects_op *op)
{
	uint32_t head;
	struct kmem_cache *s;

	order_settle(rp, op, NULL, false, NULL);
	if (was_given(rp, op->pfn)) {
		rp->op->count[OBJ_slab_frees]++;
		return;
	}
	s = slab_cache_at(rp->sa, op->pfn, &head);
	if (!s)
		return;
	rp->op->count[OBJ_kept_slabs]++;
	replay_describe(rp, op, s, "the kernel gave this slab back", UINT64_MAX,
		      (uint64_t)op->pfn << PAGE_SHIFT);
	slab_drop(rp->sa, head);
	was_given(rp, head);
}
