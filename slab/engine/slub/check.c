/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: looking at SLUB's state without changing it: the figures of
 * slabinfo, every slab, every free object, and whether the lists are sound.
 */
#include "slab/engine/slub/slub.h"

/* Rule partial_sampled: slabs looked at. */
#define MAX_PARTIAL_TO_SCAN 10000

static unsigned int free_list_length(const struct kmem_cache *s, void *object)
{
	unsigned int nr = 0;

	for (; object; object = get_freepointer(s, object))
		nr++;
	return nr;
}

/* Bytes of struct kmem_cache_cpu and struct kmem_cache_node in a 6.1 kernel for x86-64. */
#define CPU_METADATA	32
#define NODE_METADATA	64
/* Free objects of @n's partial list; at most @max slabs are looked at, from the tail if @backwards. */
static uint64_t count_partial_free(const struct kmem_cache *s, const struct slub_node *n, uint64_t max,
				   bool backwards)
{
	uint32_t link = backwards ? n->partial.tail : n->partial.head;
	const struct page *slab;
	uint64_t nr = 0;

	for (; max && (slab = slab_from_link(s, link)); max--) {
		nr += slab_objects(slab) - slab->slab_inuse;
		link = backwards ? slab->prev : slab->next;
	}
	return nr;
}

/* What slabinfo takes for @exact free objects. Follows count_partial_free_approx(). */
static uint64_t shown_partial_free(const struct kmem_cache *s, const struct slub_node *n, uint64_t exact)
{
	uint64_t sample, shown;

	if (!s->sa->rules->partial_sampled || n->nr_partial <= MAX_PARTIAL_TO_SCAN)
		return exact;
	sample = count_partial_free(s, n, MAX_PARTIAL_TO_SCAN / 2, false) +
		 count_partial_free(s, n, MAX_PARTIAL_TO_SCAN / 2, true);
	shown = sample * n->nr_partial / MAX_PARTIAL_TO_SCAN;
	return shown < n->nr_objects ? shown : n->nr_objects;
}

/* Follows get_slabinfo(): what lies free on CPUs counts as active there. */
void slub_info(const struct kmem_cache *s, struct slabinfo *info)
{
	uint64_t partial_free = 0, shown_free = 0, cpu_free = 0;
	const struct page *slab;
	unsigned int cpu, nid;

	for_each_slab_node(s->sa, nid) {
		const struct slub_node *n = slub_node(s, nid);
		uint64_t exact = count_partial_free(s, n, n->nr_partial, false);

		info->num_slabs += n->nr_slabs;
		info->num_objs += n->nr_objects;
		info->slab_pages += n->nr_pages;
		info->partial_slabs += n->nr_partial;
		partial_free += exact;
		shown_free += shown_partial_free(s, n, exact);
	}
	for_each_slab_cpu(s->sa, cpu) {
		const struct slub_cpu *c = slub_cpu(s, cpu);

		if (c->front.slab) {
			info->cpu_slabs++;
			cpu_free += slab_objects(c->front.slab) - c->front.slab->slab_inuse;
			cpu_free += free_list_length(s, c->front.freelist);
		}
		for (slab = c->partial; slab; slab = slab_next(s, slab)) {
			info->cpu_slabs++;
			cpu_free += slab_objects(slab) - slab->slab_inuse;
		}
	}
	info->overhead = (uint64_t)s->sa->nr_cpus * CPU_METADATA + (uint64_t)s->sa->nr_nodes * NODE_METADATA;
	info->active_slabs = info->num_slabs;
	info->active_objs = info->num_objs - shown_free;
	info->used_objs = info->num_objs - partial_free - cpu_free;
}

static bool for_each_in_chain(const struct kmem_cache *s, const struct page *slab,
			      bool (*fn)(void *ctx, pfn_t slab), void *ctx)
{
	for (; slab; slab = slab_next(s, slab))
		if (!fn(ctx, slab_pfn(s->sa, slab)))
			return false;
	return true;
}

bool slub_for_each_slab(const struct kmem_cache *s, bool (*fn)(void *ctx, pfn_t slab), void *ctx)
{
	unsigned int cpu, nid;

	for_each_slab_cpu(s->sa, cpu) {
		const struct slub_cpu *c = slub_cpu(s, cpu);

		if (c->front.slab && !fn(ctx, slab_pfn(s->sa, c->front.slab)))
			return false;
		if (!for_each_in_chain(s, c->partial, fn, ctx))
			return false;
	}
	for_each_slab_node(s->sa, nid) {
		const struct slub_node *n = slub_node(s, nid);

		if (!for_each_in_chain(s, slab_from_link(s, n->partial.head), fn, ctx) ||
		    !for_each_in_chain(s, slab_from_link(s, n->full.head), fn, ctx))
			return false;
	}
	return true;
}

static bool for_each_link(const struct kmem_cache *s, void *object,
			  bool (*fn)(void *ctx, void *object), void *ctx)
{
	for (; object; object = get_freepointer(s, object))
		if (!fn(ctx, object))
			return false;
	return true;
}

bool slub_for_each_free(const struct kmem_cache *s, pfn_t pfn,
			bool (*fn)(void *ctx, void *object), void *ctx)
{
	const struct page *slab = page_from_pfn(s->sa->map, pfn);
	unsigned int cpu;

	for (cpu = 0; slab_frozen(slab) && cpu < s->sa->nr_cpus; cpu++) {
		const struct slub_cpu *c = slub_cpu(s, cpu);

		if (c->front.slab == slab)
			return for_each_link(s, c->front.freelist, fn, ctx) &&
			       for_each_link(s, slab_get_freelist(s, slab), fn, ctx);
	}
	return for_each_link(s, slab_get_freelist(s, slab), fn, ctx);
}

/* ---- validation -------------------------------------------------------- */

struct check {
	const struct kmem_cache *s;
	slab_violation_fn fn;
	void *ctx;
	unsigned int violations;
	uint64_t slabs;
};

#define COMPLAIN(chk, fmt, ...) \
	((chk)->violations += slab_violation((chk)->fn, (chk)->ctx, "cache %s: " fmt, \
					     (chk)->s->name, ##__VA_ARGS__))

/* The walk ends at a link that leads nowhere, and where the list is longer than it can be. */
static bool next_is_sound(struct check *chk, uint32_t link, const char *where)
{
	if (link == PFN_NONE_VAL)
		return false;
	if (link >= chk->s->sa->map->end_pfn) {
		COMPLAIN(chk, "%s list leads to frame %u, which does not exist", where, link);
		return false;
	}
	if (++chk->slabs > chk->s->sa->map->end_pfn) {
		COMPLAIN(chk, "%s list runs in a circle", where);
		return false;
	}
	return true;
}

static void check_node_list(struct check *chk, unsigned int nid, const struct page_list *list,
			    uint64_t count, bool full)
{
	const char *where = full ? "full" : "partial";
	const struct page *pages = chk->s->sa->pages;
	uint32_t link, prev = PFN_NONE_VAL;
	uint64_t nr = 0;

	for (link = list->head; next_is_sound(chk, link, where); link = pages[link].next) {
		const struct page *slab = &pages[link];
		bool no_free = slab->slab_freelist == NO_OBJECT;

		if (slab->prev != prev)
			COMPLAIN(chk, "slab %u on the %s list: its link back is wrong", link, where);
		if (slab_frozen(slab))
			COMPLAIN(chk, "slab %u on the %s list is frozen", link, where);
		if (slab->slab_private)
			COMPLAIN(chk, "slab %u on the %s list counts as on a CPU's", link, where);
		if (no_free != full || (slab->slab_inuse == slab_objects(slab)) != full)
			COMPLAIN(chk, "slab %u on the %s list has %u of %u objects in use", link,
				 where, slab->slab_inuse, slab_objects(slab));
		if (slab_nid(slab) != nid)
			COMPLAIN(chk, "slab %u of node %u is on node %u's %s list", link,
				 slab_nid(slab), nid, where);
		prev = link;
		nr++;
	}
	if (list->tail != prev)
		COMPLAIN(chk, "node %u's %s list does not end at its tail", nid, where);
	if (nr != count)
		COMPLAIN(chk, "node %u's %s list has %llu slabs, counted %llu", nid, where,
			 (unsigned long long)nr, (unsigned long long)count);
}

static void check_cpu(struct check *chk, unsigned int cpu)
{
	const struct slub_cpu *c = slub_cpu(chk->s, cpu);
	const struct page *slab;
	uint32_t link, length;

	if (c->front.slab) {
		chk->slabs++;
		if (!slab_frozen(c->front.slab))
			COMPLAIN(chk, "CPU %u's slab %u is not frozen", cpu,
				 pfn_val(slab_pfn(chk->s->sa, c->front.slab)));
	} else if (c->front.freelist) {
		COMPLAIN(chk, "CPU %u has free objects and no slab", cpu);
	}
	if (!c->partial)
		return;
	length = c->partial->slab_private;
	link = pfn_val(slab_pfn(chk->s->sa, c->partial));
	for (; next_is_sound(chk, link, "CPU partial"); link = slab->next) {
		slab = &chk->s->sa->pages[link];
		if (slab_frozen(slab) == chk->s->sa->rules->freeze_late)
			COMPLAIN(chk, "slab %u on CPU %u's partial list is %sfrozen", link, cpu,
				 slab_frozen(slab) ? "" : "not ");
		if (slab->slab_freelist == NO_OBJECT)
			COMPLAIN(chk, "slab %u on CPU %u's partial list is full", link, cpu);
		if (slab->slab_private != length--)
			COMPLAIN(chk, "slab %u on CPU %u's partial list counts %u slabs", link, cpu,
				 slab->slab_private);
	}
	if (length)
		COMPLAIN(chk, "CPU %u's partial list is %u slabs off its count", cpu, length);
}

unsigned int slub_validate(const struct kmem_cache *s, slab_violation_fn fn, void *ctx)
{
	struct check chk = { .s = s, .fn = fn, .ctx = ctx };
	uint64_t counted = 0;
	unsigned int cpu, nid;

	for_each_slab_cpu(s->sa, cpu)
		check_cpu(&chk, cpu);
	for_each_slab_node(s->sa, nid) {
		const struct slub_node *n = slub_node(s, nid);

		check_node_list(&chk, nid, &n->partial, n->nr_partial, false);
		check_node_list(&chk, nid, &n->full, n->nr_full, true);
		counted += n->nr_slabs;
	}
	if (chk.slabs != counted)
		COMPLAIN(&chk, "%llu slabs on lists, counted %llu", (unsigned long long)chk.slabs,
			 (unsigned long long)counted);
	return chk.violations;
}
