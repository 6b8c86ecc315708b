/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: objects predicted; see objects.h. One pass over the operations:
 *
 *   a free       waits until its context goes on, or until somebody asks for what
 *                it changes: only then is it known whether it was before or after
 *   an alloc     is served, unless an interrupt of its own task showed that it
 *                was served before
 *   slab_in/out  at the first, nothing may be left; at the second, the new slab is
 *                the CPU's and its first object the context's
 *
 * Single-threaded: no state outside of struct replay.
 */
#include "sim/verify/objects_start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WAITING	64	/* frees under way: a context each */
#define MAX_TAKEN	64	/* first objects whose event is to come */
#define MAX_DEPTH	4	/* slabs asked for while a slab is asked for */
#define START_LOOKAHEAD	64	/* operations of a context until its new slab's object shows */

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

struct waiting_free {
	struct kmem_cache *s;
	void *object;
	uint32_t head;			/* of its slab */
	uint32_t context;
	uint16_t cpu;
	uint8_t level;
	bool late;			/* counted as such */
};

struct taken {
	struct kmem_cache *s;		/* NULL: free */
	void *object;
	uint32_t context;
};

struct context {
	struct kmem_cache *asking[MAX_DEPTH];	/* for a slab */
	unsigned int depth;
	struct kmem_cache *bulk;	/* NULL: no bulk request is under way */
	int32_t wanted, got;
	uint32_t next;			/* its next operation */
};

struct replay {
	struct objects_predicted *op;
	struct objects_machine *m;
	struct slab_allocator *sa;
	struct objects_ops *ops;
	unsigned char *base;
	struct context *contexts;
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
	bool in_interrupt[MAX_CPUS];
};

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

/* ---- names ----------------------------------------------------------------- */

static void *object_of(const struct replay *rp, uint64_t addr)
{
	return rp->base + addr;
}

static uint64_t addr_of(const struct replay *rp, const void *object)
{
	return (uint64_t)((const unsigned char *)object - rp->base);
}

/* The cache of the slab that @addr lies in; NULL where there is none. */
static struct kmem_cache *cache_of(const struct replay *rp, uint64_t addr, uint32_t *head)
{
	uint64_t pfn = addr >> PAGE_SHIFT;

	return pfn >= rp->m->map->end_pfn ? NULL : slab_cache_at(rp->sa, (uint32_t)pfn, head);
}

static unsigned int number_in(const struct replay *rp, const struct kmem_cache *s, uint64_t addr)
{
	uint32_t head = 0;

	cache_of(rp, addr, &head);
	return (unsigned int)((addr - ((uint64_t)head << PAGE_SHIFT)) / kmem_cache_size(s));
}

/* ---- misses ------------------------------------------------------------------ */

static void describe_miss(struct replay *rp, const struct objects_op *op, const struct kmem_cache *s,
			  const char *what, uint64_t ours, uint64_t theirs)
{
	struct objects_predicted *pr = rp->op;
	char our_text[48] = "none", their_text[48] = "none";
	uint32_t head = 0;

	if (pr->nr_miss == pr->max_miss)
		return;
	if (ours != UINT64_MAX && cache_of(rp, ours, &head))
		snprintf(our_text, sizeof(our_text), "%#x/%u", head, number_in(rp, s, ours));
	if (theirs != UINT64_MAX && cache_of(rp, theirs, &head))
		snprintf(their_text, sizeof(their_text), "%#x/%u", head, number_in(rp, s, theirs));
	snprintf(pr->miss[pr->nr_miss++], sizeof(pr->miss[0]),
		 "line %llu, pid %d on CPU %u, level %u, %s: ours %s, the kernel's %s: %s",
		 (unsigned long long)op->line, op->pid, op->cpu, op->level, kmem_cache_name(s), our_text,
		 their_text, what);
}

/* ---- frees that wait -------------------------------------------------------- */

static void refuse_free(struct replay *rp, const struct kmem_cache *s, uint64_t addr)
{
	rp->op->count[OBJ_refused_frees]++;
	describe_miss(rp, &rp->ops->op[rp->now], s, "freed, but not in use here", UINT64_MAX, addr);
}

static void free_now(struct replay *rp, const struct waiting_free *w)
{
	if (slab_is_live(rp->sa, w->object))
		kmem_cache_free(w->s, w->cpu, w->object);
	else
		refuse_free(rp, w->s, addr_of(rp, w->object));
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
	cache_of(rp, addr_of(rp, next), &head);
	return w->head == head || w->head == cpu_slab || w->cpu == cpu;
}

/*
 * Carry out the frees that @op shows to be done. One of @s that may still be
 * under way waits on where what @op got, @theirs, says that it was not yet
 * there (@asks: @op is a request for an object of @s, or for a slab). True
 * where one waits on: what @op got was looked at, so nothing is predicted.
 */
static bool settle(struct replay *rp, const struct objects_op *op, struct kmem_cache *s, bool asks,
		   const void *theirs)
{
	unsigned int i, kept = 0, nr = rp->nr_waiting;
	bool looked = false;

	for (i = 0; i < nr; i++) {
		struct waiting_free w = rp->waiting[i];
		bool over = w.context == op->context || (w.cpu == op->cpu && op->level <= w.level);

		if (!over && w.s == s && !asks)
			over = true;
		if (!over && w.s == s) {
			enum slab_source source;
			void *next = slab_peek(s, op->cpu, &source);

			over = next != theirs || !changes_next(rp, &w, op->cpu, next, source);
			looked = looked || !over;
			if (!over && !w.late) {
				w.late = true;
				rp->op->count[OBJ_late_frees]++;
			}
		}
		if (over)
			free_now(rp, &w);
		else
			rp->waiting[kept++] = w;
	}
	rp->nr_waiting = kept;
	return looked;
}

static void free_later(struct replay *rp, const struct objects_op *op, struct kmem_cache *s,
		       uint32_t head)
{
	if (rp->nr_waiting == MAX_WAITING) {
		free_now(rp, &rp->waiting[0]);
		memmove(rp->waiting, rp->waiting + 1, (MAX_WAITING - 1) * sizeof(rp->waiting[0]));
		rp->nr_waiting--;
	}
	rp->waiting[rp->nr_waiting++] = (struct waiting_free){
		.s = s, .object = object_of(rp, op->addr), .head = head, .context = op->context,
		.cpu = op->cpu, .level = op->level,
	};
}

static void count_miss(struct replay *rp, const struct objects_op *op, const struct kmem_cache *s,
		       enum objects_cause cause, uint64_t ours, uint64_t theirs)
{
	rp->op->cause[cause]++;
	describe_miss(rp, op, s, objects_cause_desc[cause].text, ours, theirs);
}

/* Where the kernel's object is, before anything is put right. */
static enum objects_cause cause_of(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	void *theirs = object_of(rp, op->addr);
	struct slab_state state;
	uint32_t head = 0, pfn;
	unsigned int cpu;

	if (slab_is_live(rp->sa, theirs))
		return OBJECTS_in_use;
	cache_of(rp, op->addr, &head);
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
	return state.frozen ? OBJECTS_cpu_partial : OBJECTS_node_partial;
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

/* Nothing is left on @cpu, and @ctx asks for a slab. */
static void begin_asking(struct context *ctx, struct kmem_cache *s, unsigned int cpu)
{
	if (ctx->depth < MAX_DEPTH)
		ctx->asking[ctx->depth] = s;
	ctx->depth++;
	/* Fails, but takes the exhausted slab from the CPU. */
	kmem_cache_alloc(s, cpu, 0);
}

/*
 * The interrupted task had found nothing left and was about to ask for a slab:
 * its next event says so, and nothing is left here.
 */
static void ask_early(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	struct context *below;
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
	begin_asking(below, s, op->cpu);
	below->next = rp->ops->op[below->next].next;
}

/*
 * What an interrupted task had taken already: its next event tells of the very
 * object that is next here, and nothing else names that object until then. It
 * was free before the interrupt came.
 */
static void take_early(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	enum slab_source source;
	void *next;

	if (!op->level)
		return;
	while ((next = slab_peek(s, op->cpu, &source)) != NULL) {
		uint32_t last, at = objects_ops_upcoming(rp->ops, addr_of(rp, next), rp->now, &last);
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

static struct taken *find_taken(struct replay *rp, uint32_t context, const struct kmem_cache *s)
{
	unsigned int i;

	for (i = 0; i < MAX_TAKEN; i++)
		if (rp->taken[i].s == s && (!s || rp->taken[i].context == context))
			return &rp->taken[i];
	return NULL;
}

/* The first object of a slab that this context made: which one it is was a hint. */
static bool serve_taken(struct replay *rp, const struct objects_op *op, struct kmem_cache *s)
{
	struct taken *taken = find_taken(rp, op->context, s);
	void *theirs = object_of(rp, op->addr);

	if (!taken)
		return false;
	taken->s = NULL;
	if (taken->object == theirs)
		return true;
	count_alloc(rp, s, SLAB_FROM_new_slab, false);
	count_miss(rp, op, s, cause_of(rp, op, s), addr_of(rp, taken->object), op->addr);
	slab_resync(s, op->cpu, NULL, theirs);
	return true;
}

static void serve_alloc(struct replay *rp, const struct objects_op *op)
{
	void *theirs = object_of(rp, op->addr), *ours = NULL;
	enum slab_source source;
	enum objects_cause cause;
	struct kmem_cache *s;
	uint32_t head;
	bool looked;

	s = op->addr == UINT64_MAX ? NULL : cache_of(rp, op->addr, &head);
	looked = settle(rp, op, s, true, theirs);
	if (!s) {
		rp->op->count[OBJ_no_slab] += op->addr != UINT64_MAX;
		return;
	}
	take_early(rp, op, s);
	if (serve_taken(rp, op, s))
		return;
	slab_peek(s, op->cpu, &source);
	if (source != SLAB_FROM_new_slab)
		ours = kmem_cache_alloc(s, op->cpu, 0);
	if (looked)
		rp->op->count[OBJ_hinted_allocs]++;
	else
		count_alloc(rp, s, source, ours == theirs);
	if (ours == theirs)
		return;
	cause = ours ? cause_of(rp, op, s) : OBJECTS_needs_slab;
	count_miss(rp, op, s, cause, ours ? addr_of(rp, ours) : UINT64_MAX, op->addr);
	slab_resync(s, op->cpu, ours, theirs);
}

static void serve_free(struct replay *rp, const struct objects_op *op)
{
	uint32_t head;
	struct kmem_cache *s = cache_of(rp, op->addr, &head);

	settle(rp, op, s, false, NULL);
	if (!s) {
		rp->op->count[OBJ_no_slab]++;
		return;
	}
	take_early(rp, op, s);
	rp->op->count[OBJ_frees]++;
	free_later(rp, op, s, head);
}

/* ---- many at once --------------------------------------------------------------- */

/* As many objects as are left without a new slab. */
static void serve_bulk(struct replay *rp, const struct objects_op *op, struct context *ctx)
{
	enum slab_source source;

	while (ctx->got < ctx->wanted) {
		slab_peek(ctx->bulk, op->cpu, &source);
		if (source == SLAB_FROM_new_slab)
			return;
		kmem_cache_alloc(ctx->bulk, op->cpu, 0);
		ctx->got++;
		rp->op->count[OBJ_bulk_allocs]++;
	}
}

static void begin_bulk(struct replay *rp, const struct objects_op *op)
{
	struct context *ctx = &rp->contexts[op->context];
	uint32_t at;

	ctx->bulk = objects_machine_cache(rp->m, op->cache);
	ctx->got = ctx->wanted = 0;
	for (at = op->next; at != OPS_NONE && rp->ops->op[at].kind != OP_BULK_OUT;)
		at = rp->ops->op[at].next;
	if (at != OPS_NONE)
		ctx->wanted = rp->ops->op[at].nr;
	settle(rp, op, ctx->bulk, false, NULL);
	if (!ctx->bulk)
		return;
	take_early(rp, op, ctx->bulk);
	serve_bulk(rp, op, ctx);
}

static void end_bulk(struct replay *rp, const struct objects_op *op)
{
	struct context *ctx = &rp->contexts[op->context];

	settle(rp, op, ctx->bulk, false, NULL);
	if (!ctx->bulk)
		return;
	serve_bulk(rp, op, ctx);
	rp->op->count[OBJ_bulk_short] += (uint64_t)(ctx->wanted > ctx->got ? ctx->wanted - ctx->got : 0);
	ctx->bulk = NULL;
}

static void serve_bulk_free(struct replay *rp, const struct objects_op *op)
{
	void *objects[256];
	struct kmem_cache *s = NULL;
	unsigned int nr = 0;
	int32_t i;

	for (i = 0; i < op->nr && nr < 256; i++) {
		uint64_t addr = rp->ops->freed[op->first + i];
		uint32_t head;
		struct kmem_cache *owner = cache_of(rp, addr, &head);

		if (!i)
			settle(rp, op, owner, false, NULL);
		if (owner && nr && owner != s) {
			kmem_cache_free_bulk(s, op->cpu, nr, objects);
			nr = 0;
		}
		if (!owner)
			continue;
		if (!slab_is_live(rp->sa, object_of(rp, addr))) {
			refuse_free(rp, owner, addr);
			continue;
		}
		if (!nr)
			take_early(rp, op, owner);
		s = owner;
		objects[nr++] = object_of(rp, addr);
		rp->op->count[OBJ_bulk_frees]++;
	}
	if (nr)
		kmem_cache_free_bulk(s, op->cpu, nr, objects);
}

/* ---- slabs ------------------------------------------------------------------------ */

static void ask_for_slab(struct replay *rp, const struct objects_op *op)
{
	struct kmem_cache *s = objects_machine_cache(rp->m, op->cache);
	struct context *ctx = &rp->contexts[op->context];
	enum slab_source source;
	void *ours;
	bool looked = settle(rp, op, s, true, NULL);

	if (s) {
		take_early(rp, op, s);
		ours = slab_peek(s, op->cpu, &source);
		rp->op->slabs.all += !looked;
		if (source == SLAB_FROM_new_slab) {
			rp->op->slabs.hits += !looked;
			begin_asking(ctx, s, op->cpu);
			return;
		}
		count_miss(rp, op, s, OBJECTS_early_slab, addr_of(rp, ours), UINT64_MAX);
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

static void accept_slab(struct replay *rp, const struct objects_op *op)
{
	struct context *ctx = &rp->contexts[op->context];
	struct kmem_cache *s = NULL;
	struct taken *slot;
	uint64_t addr;
	uint32_t head;
	void *ours;

	if (ctx->depth && --ctx->depth < MAX_DEPTH)
		s = ctx->asking[ctx->depth];
	settle(rp, op, s, false, NULL);
	if (!s || op->pfn == PFN_NONE_VAL)
		return;
	take_early(rp, op, s);
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
		serve_bulk(rp, op, ctx);
		return;
	}
	slot = find_taken(rp, 0, NULL);
	if (slot)
		*slot = (struct taken){ .s = s, .object = ours, .context = op->context };
}

static void slab_was_freed(struct replay *rp, const struct objects_op *op)
{
	uint32_t head;
	struct kmem_cache *s;

	settle(rp, op, NULL, false, NULL);
	if (was_given(rp, op->pfn)) {
		rp->op->count[OBJ_slab_frees]++;
		return;
	}
	s = slab_cache_at(rp->sa, op->pfn, &head);
	if (!s)
		return;
	rp->op->count[OBJ_kept_slabs]++;
	describe_miss(rp, op, s, "the kernel gave this slab back", UINT64_MAX,
		      (uint64_t)op->pfn << PAGE_SHIFT);
	slab_drop(rp->sa, head);
	was_given(rp, head);
}

static void other_op(struct replay *rp, const struct objects_op *op)
{
	struct kmem_cache *s = objects_machine_cache(rp->m, op->cache);
	uint32_t pfn;

	settle(rp, op, s, false, NULL);
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
		serve_bulk_free(rp, op);
		break;
	case OP_SLAB_IN:
		ask_for_slab(rp, op);
		break;
	case OP_SLAB_OUT:
		accept_slab(rp, op);
		break;
	case OP_SLAB_FREE:
		slab_was_freed(rp, op);
		break;
	default:
		other_op(rp, op);
	}
}

static void note_level(struct replay *rp, const struct objects_op *op)
{
	if (op->level && !rp->in_interrupt[op->cpu])
		rp->interrupted[op->cpu] = rp->now;
	rp->in_interrupt[op->cpu] = op->level != 0;
}

static int prepare(struct replay *rp)
{
	struct objects_predicted *pr = rp->op;
	const struct kmem_cache *s;
	uint32_t ids = 0, i;

	for (s = slab_next_cache(rp->sa, NULL); s; s = slab_next_cache(rp->sa, s))
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
	return 0;
}

int objects_predict(struct objects_predicted *pr, struct objects_machine *m, struct objects_ops *ops,
		    unsigned int max_miss, struct kerror *err)
{
	struct replay *rp = calloc(1, sizeof(*rp));
	unsigned int i;
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
		struct slab_frames_ops frames = { take_frames, give_frames, rp };

		slab_set_frames(m->sa, &frames);
		for (rp->now = 0; rp->now < ops->nr; rp->now++) {
			const struct objects_op *op = &ops->op[rp->now];

			if (!rp->done[rp->now]) {
				rp->contexts[op->context].next = op->next;
				note_level(rp, op);
				serve(rp, op);
			}
		}
		rp->now--;
		for (i = 0; i < rp->nr_waiting; i++)
			free_now(rp, &rp->waiting[i]);
		pr->count[OBJ_lost_slabs] = rp->nr_given;
		frames = (struct slab_frames_ops){ take_nothing, give_nothing, NULL };
		slab_set_frames(m->sa, &frames);
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
