/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: looking at magazines and their slabs without changing them: the
 * figures of slabinfo, every slab, every free object, and whether all is sound.
 */
#include "slab/engine/magazine/magazine.h"

/* Rounds in all magazines, those that CPUs have loaded included. */
static uint64_t count_rounds(const struct kmem_cache *s)
{
	const struct depot *depot = depot_of(s);
	uint64_t rounds = depot->full.ws.total * depot->magsize;
	unsigned int cpu;

	for_each_slab_cpu(s->sa, cpu)
		rounds += magazine_cpu(s, cpu)->rounds + magazine_cpu(s, cpu)->previous_rounds;
	return rounds;
}

void magazine_info(const struct kmem_cache *s, struct slabinfo *info)
{
	const struct depot *depot = depot_of(s);
	uint64_t in_slabs = 0, empties = 0;
	unsigned int nid;

	for_each_slab_node(s->sa, nid) {
		const struct magazine_node *n = magazine_node(s, nid);

		info->num_slabs += n->nr_slabs;
		info->num_objs += n->nr_objects;
		info->slab_pages += n->nr_pages;
		info->partial_slabs += n->nr_partial + n->empties.total;
		empties += n->empties.total;
		in_slabs += n->nr_free;
	}
	info->active_slabs = info->num_slabs - empties;
	info->active_objs = info->num_objs - in_slabs;
	info->used_objs = info->active_objs - count_rounds(s);
	info->overhead = s->sa->nr_cpus * CPU_CACHE_METADATA +
			 depot->nr_magazines * (MAGAZINE_METADATA + depot->magsize * sizeof(void *));
	if (s->size >= PAGE_SIZE / VOID_FRACTION)
		info->overhead += info->num_slabs * SLAB_METADATA + info->num_objs * BUFCTL_METADATA;
}

bool magazine_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab),
			    void *ctx)
{
	unsigned int nid;

	for_each_slab_node(s->sa, nid) {
		const struct magazine_node *n = magazine_node(s, nid);

		if (!slab_list_for_each(s, &n->partial, fn, ctx) ||
		    !slab_list_for_each(s, &n->empty, fn, ctx) ||
		    !slab_list_for_each(s, &n->full, fn, ctx))
			return false;
	}
	return true;
}

/* ---- free objects -------------------------------------------------------- */

/* The head of the slab that @object lies in; NULL for no address of the arena. */
static const struct page *slab_of_object(const struct kmem_cache *s, const void *object)
{
	size_t offset = arena_offset(s->sa, object);

	return offset < s->sa->bytes ? slab_head_of(s->sa, offset) : NULL;
}

static bool rounds_in_slab(const struct kmem_cache *s, const struct magazine *mag,
			   unsigned int rounds, const struct page *slab,
			   bool (*fn)(void *ctx, void *object), void *ctx)
{
	while (rounds--)
		if (slab_of_object(s, mag->rounds[rounds]) == slab && !fn(ctx, mag->rounds[rounds]))
			return false;
	return true;
}

bool magazine_for_each_free(const struct kmem_cache *s, pfn_t pfn,
			    bool (*fn)(void *ctx, void *object), void *ctx)
{
	const struct page *slab = page_from_pfn(s->sa->map, pfn);
	const struct depot *depot = depot_of(s);
	const struct magazine *mag;
	unsigned int cpu;
	void *object;

	for_each_slab_cpu(s->sa, cpu) {
		const struct magazine_cpu *c = magazine_cpu(s, cpu);

		if (!rounds_in_slab(s, c->loaded, c->rounds, slab, fn, ctx) ||
		    !rounds_in_slab(s, c->previous, c->previous_rounds, slab, fn, ctx))
			return false;
	}
	for (mag = depot->full.head; mag; mag = mag->next)
		if (!rounds_in_slab(s, mag, depot->magsize, slab, fn, ctx))
			return false;
	object = slab->slab_freelist == NO_OBJECT ? NULL :
		 slab_address(s->sa, slab) + slab->slab_freelist;
	for (; object; object = get_freepointer(s, object))
		if (!fn(ctx, object))
			return false;
	return true;
}

/* ---- validation ---------------------------------------------------------- */

struct check {
	const struct kmem_cache *s;
	slab_violation_fn fn;
	void *ctx;
	unsigned int violations;
	uint64_t slabs, free_objects;	/* of one node */
	uint64_t magazines;
};

#define COMPLAIN(chk, fmt, ...) \
	((chk)->violations += slab_violation((chk)->fn, (chk)->ctx, "cache %s: " fmt, \
					     (chk)->s->name, ##__VA_ARGS__))

enum which { PARTIAL, EMPTY, FULL };
static const char *const list_names[] = { "partial", "empty", "full" };

static bool belongs(const struct page *slab, enum which which)
{
	bool full = slab->slab_freelist == NO_OBJECT;

	if (full != (slab->slab_inuse == slab_objects(slab)))
		return false;
	return which == (!slab->slab_inuse ? EMPTY : full ? FULL : PARTIAL);
}

static void check_list(struct check *chk, unsigned int nid, const struct page_list *list,
		       enum which which, uint64_t count)
{
	const struct page *pages = chk->s->sa->pages;
	uint32_t link, prev = PFN_NONE_VAL;
	uint64_t nr = 0;

	for (link = list->head; link != PFN_NONE_VAL; link = pages[link].next) {
		const struct page *slab;

		if (link >= chk->s->sa->map->end_pfn || nr > magazine_node(chk->s, nid)->nr_slabs) {
			COMPLAIN(chk, "node %u's %s list leads nowhere at frame %u", nid,
				 list_names[which], link);
			return;
		}
		slab = &pages[link];
		if (slab->prev != prev)
			COMPLAIN(chk, "slab %u on the %s list: its link back is wrong", link,
				 list_names[which]);
		if (!belongs(slab, which) || slab_nid(slab) != nid)
			COMPLAIN(chk, "slab %u of node %u with %u of %u objects is on node %u's %s list",
				 link, slab_nid(slab), slab->slab_inuse, slab_objects(slab), nid,
				 list_names[which]);
		chk->free_objects += slab_objects(slab) - slab->slab_inuse;
		prev = link;
		nr++;
	}
	if (list->tail != prev)
		COMPLAIN(chk, "node %u's %s list does not end at its tail", nid, list_names[which]);
	if (nr != count)
		COMPLAIN(chk, "node %u's %s list has %llu slabs, counted %llu", nid,
			 list_names[which], (unsigned long long)nr, (unsigned long long)count);
	chk->slabs += nr;
}

static void check_node(struct check *chk, unsigned int nid)
{
	const struct magazine_node *n = magazine_node(chk->s, nid);

	chk->slabs = chk->free_objects = 0;
	check_list(chk, nid, &n->partial, PARTIAL, n->nr_partial);
	check_list(chk, nid, &n->empty, EMPTY, n->empties.total);
	check_list(chk, nid, &n->full, FULL, n->nr_full);
	if (chk->slabs != n->nr_slabs || chk->free_objects != n->nr_free)
		COMPLAIN(chk, "node %u has %llu slabs with %llu free objects, counted %llu and %llu",
			 nid, (unsigned long long)chk->slabs, (unsigned long long)chk->free_objects,
			 (unsigned long long)n->nr_slabs, (unsigned long long)n->nr_free);
	if (n->empties.min > n->empties.total)
		COMPLAIN(chk, "node %u had more empty slabs at least than it has", nid);
}

static void check_rounds(struct check *chk, const struct magazine *mag, unsigned int rounds)
{
	const struct slab_allocator *sa = chk->s->sa;
	unsigned int i;

	chk->magazines += mag != NULL;
	if (rounds > (mag ? depot_of(chk->s)->magsize : 0)) {
		COMPLAIN(chk, "a magazine has %u rounds", rounds);
		return;
	}
	for (i = 0; i < rounds; i++) {
		const struct page *slab = slab_of_object(chk->s, mag->rounds[i]);

		if (!slab || !(slab->flags & PG_slab) || slab->slab_cache != chk->s->id)
			COMPLAIN(chk, "a magazine holds an object that is not the cache's");
		else if (live_test(sa, arena_offset(sa, mag->rounds[i])))
			COMPLAIN(chk, "a magazine holds a live object");
	}
}

static void check_depot_list(struct check *chk, const struct magazine_list *list,
			     unsigned int rounds)
{
	const struct magazine *mag;
	uint64_t nr = 0;

	for (mag = list->head; mag && nr <= depot_of(chk->s)->nr_magazines; mag = mag->next, nr++)
		check_rounds(chk, mag, rounds);
	if (nr != list->ws.total || list->ws.min > nr)
		COMPLAIN(chk, "the depot has %llu magazines of %u rounds, counted %llu, at least %llu",
			 (unsigned long long)nr, rounds, (unsigned long long)list->ws.total,
			 (unsigned long long)list->ws.min);
}

static void check_cpu(struct check *chk, unsigned int cpu)
{
	const struct magazine_cpu *c = magazine_cpu(chk->s, cpu);

	check_rounds(chk, c->loaded, c->rounds);
	check_rounds(chk, c->previous, c->previous_rounds);
	if (c->previous_rounds && c->previous_rounds != depot_of(chk->s)->magsize)
		COMPLAIN(chk, "CPU %u's previous magazine has %u rounds", cpu, c->previous_rounds);
}

unsigned int magazine_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx)
{
	struct check chk = { .s = s, .fn = fn, .ctx = ctx };
	const struct depot *depot = depot_of(s);
	unsigned int nid, cpu;

	for_each_slab_node(s->sa, nid)
		check_node(&chk, nid);
	for_each_slab_cpu(s->sa, cpu)
		check_cpu(&chk, cpu);
	check_depot_list(&chk, &depot->full, depot->magsize);
	check_depot_list(&chk, &depot->empty, 0);
	if (chk.magazines != depot->nr_magazines)
		COMPLAIN(&chk, "%llu magazines were made, %llu are somewhere",
			 (unsigned long long)depot->nr_magazines, (unsigned long long)chk.magazines);
	return chk.violations;
}
