/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: looking at sheaves without changing them: what they add to
 * slabinfo, which objects of a slab lie in them, and whether they are sound.
 */
#include "slab/engine/sheaves/sheaves.h"

/* Bytes of struct slub_percpu_sheaves and struct node_barn on x86-64. */
#define PCS_METADATA	32
#define BARN_METADATA	48

void sheaves_info(const struct kmem_cache *s, struct slabinfo *info)
{
	const struct sheaves *sh = sheaves_of(s);
	unsigned int cpu, nid;

	slub_info(s, info);
	info->overhead += s->sa->nr_cpus * PCS_METADATA + s->sa->nr_nodes * BARN_METADATA +
			  sh->nr_sheaves * (SHEAF_METADATA + sh->capacity * sizeof(void *));
	for (cpu = 0; sh->capacity && cpu < s->sa->nr_cpus; cpu++) {
		const struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);

		info->used_objs -= pcs->main->size + (pcs->spare ? pcs->spare->size : 0);
	}
	for_each_slab_node(s->sa, nid)
		info->used_objs -= (uint64_t)sh->barn[nid].nr_full * sh->capacity;
}

/* ---- each sheaf that holds objects --------------------------------------- */

struct sheaf_place {
	const char *where;
	unsigned int nr;		/* of the CPU or node */
	bool full, empty;		/* what it must be */
};

typedef bool (*sheaf_fn)(void *ctx, const struct sheaf *sheaf, const struct sheaf_place *place);

/* CPUs first, main before spare. Returns false when @fn did. */
static bool for_each_sheaf(const struct kmem_cache *s, sheaf_fn fn, void *ctx)
{
	const struct sheaves *sh = sheaves_of(s);
	const struct sheaf *sheaf;
	unsigned int cpu, nid;

	for (cpu = 0; sh->capacity && cpu < s->sa->nr_cpus; cpu++) {
		const struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);

		if (!fn(ctx, pcs->main, &(struct sheaf_place){ "main of CPU", cpu, false, false }))
			return false;
		if (pcs->spare &&
		    !fn(ctx, pcs->spare, &(struct sheaf_place){ "spare of CPU", cpu, false, false }))
			return false;
	}
	for_each_slab_node(s->sa, nid) {
		struct sheaf_place full = { "barn of node", nid, true, false };
		struct sheaf_place empty = { "barn of node", nid, false, true };

		for (sheaf = sh->barn[nid].full; sheaf; sheaf = sheaf->next)
			if (!fn(ctx, sheaf, &full))
				return false;
		for (sheaf = sh->barn[nid].empty; sheaf; sheaf = sheaf->next)
			if (!fn(ctx, sheaf, &empty))
				return false;
	}
	return true;
}

/* The head of the slab that @object lies in; NULL for no address of the arena. */
static const struct page *slab_of_object(const struct kmem_cache *s, const void *object)
{
	size_t offset = arena_offset(s->sa, object);

	return offset < s->sa->bytes ? slab_head_of(s->sa, offset) : NULL;
}

struct free_walk {
	const struct kmem_cache *s;
	const struct page *slab;
	bool (*fn)(void *ctx, void *object);
	void *ctx;
};

static bool free_in_sheaf(void *ctx, const struct sheaf *sheaf, const struct sheaf_place *place)
{
	const struct free_walk *walk = ctx;
	unsigned int i;

	for (i = sheaf->size; i--;)
		if (slab_of_object(walk->s, sheaf->objects[i]) == walk->slab &&
		    !walk->fn(walk->ctx, sheaf->objects[i]))
			return false;
	return true;
}

bool sheaves_for_each_free(const struct kmem_cache *s, pfn_t slab,
			   bool (*fn)(void *ctx, void *object), void *ctx)
{
	struct free_walk walk = { s, page_from_pfn(s->sa->map, slab), fn, ctx };

	return for_each_sheaf(s, free_in_sheaf, &walk) && slub_for_each_free(s, slab, fn, ctx);
}

/* ---- validation ---------------------------------------------------------- */

struct check {
	const struct kmem_cache *s;
	slab_violation_fn fn;
	void *ctx;
	unsigned int violations;
	uint64_t sheaves;
};

#define COMPLAIN(chk, fmt, ...) \
	((chk)->violations += slab_violation((chk)->fn, (chk)->ctx, "cache %s: " fmt, \
					     (chk)->s->name, ##__VA_ARGS__))

static void check_object(struct check *chk, const void *object, const struct sheaf_place *place)
{
	const struct page *slab = slab_of_object(chk->s, object);

	if (!slab || !(slab->flags & PG_slab) || slab->slab_cache != chk->s->id)
		COMPLAIN(chk, "the %s %u holds an object that is not the cache's", place->where,
			 place->nr);
	else if (live_test(chk->s->sa, arena_offset(chk->s->sa, object)))
		COMPLAIN(chk, "the %s %u holds a live object", place->where, place->nr);
}

static bool check_sheaf(void *ctx, const struct sheaf *sheaf, const struct sheaf_place *place)
{
	struct check *chk = ctx;
	unsigned int i, capacity = sheaves_of(chk->s)->capacity;

	if (++chk->sheaves > sheaves_of(chk->s)->nr_sheaves) {
		COMPLAIN(chk, "there are more sheaves than were made");
		return false;
	}
	if (sheaf->size > capacity || (place->full && sheaf->size != capacity) ||
	    (place->empty && sheaf->size)) {
		COMPLAIN(chk, "a sheaf in the %s %u has %u of %u objects", place->where, place->nr,
			 sheaf->size, capacity);
		return sheaf->size <= capacity;
	}
	for (i = 0; i < sheaf->size; i++)
		check_object(chk, sheaf->objects[i], place);
	return true;
}

static void check_barn(struct check *chk, unsigned int nid)
{
	const struct barn *barn = &sheaves_of(chk->s)->barn[nid];
	unsigned int full = 0, empty = 0;
	const struct sheaf *sheaf;

	for (sheaf = barn->full; sheaf; sheaf = sheaf->next)
		full++;
	for (sheaf = barn->empty; sheaf; sheaf = sheaf->next)
		empty++;
	if (full != barn->nr_full || empty != barn->nr_empty)
		COMPLAIN(chk, "the barn of node %u has %u full and %u empty sheaves, counted %u and %u",
			 nid, full, empty, barn->nr_full, barn->nr_empty);
}

unsigned int sheaves_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx)
{
	struct check chk = { .s = s, .fn = fn, .ctx = ctx };
	unsigned int nid;

	chk.violations = slub_validate(s, fn, ctx);
	if (!for_each_sheaf(s, check_sheaf, &chk))
		return chk.violations;
	if (chk.sheaves != sheaves_of(s)->nr_sheaves)
		COMPLAIN(&chk, "%llu sheaves were made, %llu are somewhere",
			 (unsigned long long)sheaves_of(s)->nr_sheaves,
			 (unsigned long long)chk.sheaves);
	for_each_slab_node(s->sa, nid)
		check_barn(&chk, nid);
	return chk.violations;
}
