/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SLUB's slabs from one owner to the next: new ones from buddy, partial ones between
 * CPUs and nodes, empty ones back to buddy. Follows Linux's mm/slub.c; the
 * order in which slabs enter and leave a list, and in which frames go back, is
 * the kernel's, because the next allocations depend on it.
 */
#include "slab/engine/slub/slub.h"

/* Slabs with up to so many free objects are sorted by a shrink. */
#define SHRINK_PROMOTE_MAX 32

/* ---- lists ------------------------------------------------------------- */

/* Put all of @front before @list; leaves @front as it was. */
static void slab_list_splice(const struct kmem_cache *s, struct page_list *front,
			     struct page_list *list)
{
	if (front->head == PFN_NONE_VAL)
		return;
	s->sa->pages[front->tail].next = list->head;
	if (list->head != PFN_NONE_VAL)
		s->sa->pages[list->head].prev = front->tail;
	else
		list->tail = front->tail;
	list->head = front->head;
}

void slub_add_full(struct kmem_cache *s, struct page *slab)
{
	struct slub_node *n = slub_node_of(s, slab);

	slab_list_add(s, &n->full, slab);
	n->nr_full++;
}

void slub_remove_full(struct kmem_cache *s, struct page *slab)
{
	struct slub_node *n = slub_node_of(s, slab);

	slab_list_del(s, &n->full, slab);
	n->nr_full--;
}

void slub_add_partial(struct kmem_cache *s, struct slub_node *n, struct page *slab, bool tail)
{
	n->nr_partial++;
	if (tail)
		slab_list_add_tail(s, &n->partial, slab);
	else
		slab_list_add(s, &n->partial, slab);
}

void slub_remove_partial(struct kmem_cache *s, struct slub_node *n, struct page *slab)
{
	slab_list_del(s, &n->partial, slab);
	n->nr_partial--;
}

/* ---- slabs from and to buddy ------------------------------------------- */

/* The frames that linking free objects (and constructing them) writes to. */
static void touch_slab(struct kmem_cache *s, const struct page *slab)
{
	struct slab_allocator *sa = s->sa;
	uint32_t pfn = pfn_val(slab_pfn(sa, slab)), last, i;

	if (kmem_cache_debug(s)) {
		pagemap_touch(sa->map, pfn_make(pfn), 1U << page_order(slab));
		return;
	}
	if (s->ctor || s->size <= PAGE_SIZE) {
		last = (slab_objects(slab) - 1) * s->size + s->offset;
		pagemap_touch(sa->map, pfn_make(pfn), last / PAGE_SIZE + 1);
		return;
	}
	for (i = 0; i < slab_objects(slab); i++)
		pagemap_touch(sa->map, pfn_make(pfn + (i * s->size + s->offset) / PAGE_SIZE), 1);
}

static void *setup_object(const struct kmem_cache *s, void *object)
{
	if (s->ctor)
		s->ctor(object);
	return object;
}

static void link_ascending(struct kmem_cache *s, struct page *slab)
{
	unsigned char *object = setup_object(s, slab_first_object(s, slab));
	unsigned int i;

	slab_set_freelist(s, slab, object);
	for (i = 1; i < slab_objects(slab); i++) {
		unsigned char *next = setup_object(s, object + s->size);

		set_freepointer(s, object, next);
		object = next;
	}
	set_freepointer(s, object, NULL);
}

/* Follows shuffle_freelist(): the cache's one random sequence, begun at place @pos. */
static void link_shuffled(struct kmem_cache *s, struct page *slab, uint32_t pos)
{
	unsigned char *start = slab_first_object(s, slab);
	uint32_t limit = slab_objects(slab) * s->size;
	void *object = NULL;
	unsigned int i;

	for (i = 0; i < s->objects; i++, pos++) {
		uint32_t offset = s->random_seq[pos < s->objects ? pos : pos - s->objects];
		void *next;

		/* A slab of a smaller order has no such object. */
		if (offset >= limit)
			continue;
		next = setup_object(s, start + offset);
		if (object)
			set_freepointer(s, object, next);
		else
			slab_set_freelist(s, slab, next);
		object = next;
	}
	set_freepointer(s, object, NULL);
}

/*
 * The preferred order is asked for without trying hard, since the smallest
 * order that holds an object is nearly as good.
 */
static pfn_t alloc_slab_frames(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid,
			       unsigned int *order)
{
	gfp_t flags = (gfp & (GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK)) | s->allocflags;
	gfp_t easy = (flags | __GFP_NOWARN | __GFP_NORETRY) & ~(gfp_t)__GFP_NOFAIL;
	pfn_t pfn;

	if ((easy & __GFP_DIRECT_RECLAIM) && s->order > s->min_order)
		easy = (easy | __GFP_NOMEMALLOC) & ~(gfp_t)__GFP_RECLAIM;

	*order = s->order;
	pfn = buddy_alloc_pages(s->sa->buddy, cpu, easy, s->order, nid);
	if (!pfn_is_none(pfn))
		return pfn;

	*order = s->min_order;
	pfn = buddy_alloc_pages(s->sa->buddy, cpu, flags, s->min_order, nid);
	if (!pfn_is_none(pfn))
		slub_cpu(s, cpu)->stat[SC_order_fallback]++;
	return pfn;
}

struct page *slub_new_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct slab_frames frames = { .start = UINT32_MAX };
	struct slub_node *n;
	struct page *slab;
	unsigned int order;

	if (unlikely(s->sa->frames.take)) {
		if (!slub_take_frames(s, cpu, &frames))
			return NULL;
	} else {
		frames.pfn = alloc_slab_frames(s, cpu, gfp, nid, &frames.order);
		if (pfn_is_none(frames.pfn))
			return NULL;
	}
	order = frames.order;
	slab = page_from_pfn(s->sa->map, frames.pfn);
	slab->flags |= PG_slab;
	slab->next = slab->prev = PFN_NONE_VAL;
	slab->slab_cache = s->id;
	slab->slab_inuse = 0;
	slab->slab_objects = (uint16_t)(order == s->order ? s->objects :
					(PAGE_SIZE << order) / s->size);
	slab->slab_private = 0;

	touch_slab(s, slab);
	if (kmem_cache_debug(s))
		slab_debug_new_slab(s, slab);
	if (s->random_seq && slab_objects(slab) > 1)
		link_shuffled(s, slab, frames.start < s->objects ? frames.start :
						       slab_random_below(s->sa, s->objects));
	else
		link_ascending(s, slab);

	n = slub_node_of(s, slab);
	n->nr_slabs++;
	n->nr_objects += slab_objects(slab);
	n->nr_pages += 1U << order;
	return slab;
}

void slub_discard_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	struct slub_node *n = slub_node_of(s, slab);
	unsigned int order = page_order(slab);

	if (kmem_cache_debug(s))
		slab_debug_slab_gone(s, slab);
	n->nr_slabs--;
	n->nr_objects -= slab_objects(slab);
	n->nr_pages -= 1U << order;
	slab->flags &= ~PG_slab;
	slab->private[0] = slab->private[1] = 0;
	if (unlikely(s->sa->frames.take))
		slub_give_frames(s, cpu, slab_pfn(s->sa, slab), order);
	else
		buddy_free_pages(s->sa->buddy, cpu, slab_pfn(s->sa, slab), order);
}

/* ---- partial slabs ----------------------------------------------------- */

/*
 * The first partial slab becomes the CPU's; more of them go to its partial
 * list until that is half full. Follows get_partial_node().
 */
static struct page *get_partial_node(struct kmem_cache *s, unsigned int cpu, unsigned int nid,
				     void **freelist)
{
	struct slub_node *n = slub_node(s, nid);
	struct slub_cpu *c = slub_cpu(s, cpu);
	struct page *first = slab_from_link(s, n->partial.head), *slab;
	unsigned int moved = 0;

	if (!first)
		return NULL;
	slub_remove_partial(s, n, first);
	*freelist = slab_get_freelist(s, first);
	first->slab_freelist = NO_OBJECT;
	first->slab_inuse = (uint16_t)slab_objects(first);
	slab_set_frozen(first, true);
	c->stat[SC_alloc_from_partial]++;

	while (moved <= s->cpu_partial_slabs / 2 && (slab = slab_from_link(s, n->partial.head))) {
		slub_remove_partial(s, n, slab);
		slab_set_frozen(slab, !s->sa->rules->freeze_late);
		slub_put_cpu_partial(s, cpu, slab, false);
		c->stat[SC_cpu_partial_node]++;
		moved++;
	}
	return first;
}

struct page *slub_get_partial(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid,
			      void **freelist)
{
	struct slab_allocator *sa = s->sa;
	unsigned int local = buddy_cpu_node(sa->buddy, cpu), other, i;
	struct page *slab = get_partial_node(s, cpu, nid == NUMA_NO_NODE ? local : (unsigned int)nid,
					     freelist);

	if (slab || (nid != NUMA_NO_NODE &&
		     (!sa->rules->node_before_others || gfp & __GFP_THISNODE)))
		return slab;
	for_each_slab_node_from(sa, local, i, other) {
		if (slub_node(s, other)->nr_partial > s->min_partial)
			slab = get_partial_node(s, cpu, other, freelist);
		if (slab)
			break;
	}
	return slab;
}

/* A chain of CPU partial slabs goes to the nodes. Follows __unfreeze_partials(), 6.12's __put_partials(). */
static void unfreeze_partials(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	struct page *discard = NULL, *next;

	for (; slab; slab = next) {
		struct slub_node *n = slub_node_of(s, slab);

		next = slab_next(s, slab);
		slab->slab_private = 0;
		slab_set_frozen(slab, false);
		if (!slab->slab_inuse && n->nr_partial >= s->min_partial) {
			slab->next = discard ? pfn_val(slab_pfn(s->sa, discard)) : PFN_NONE_VAL;
			discard = slab;
		} else {
			slub_add_partial(s, n, slab, true);
			c->stat[SC_free_add_partial]++;
		}
	}
	for (; discard; discard = next) {
		next = slab_next(s, discard);
		c->stat[SC_deactivate_empty]++;
		slub_discard_slab(s, cpu, discard);
		c->stat[SC_free_slab]++;
	}
}

void slub_put_partial(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	slab->next = PFN_NONE_VAL;
	unfreeze_partials(s, cpu, slab);
}

void slub_put_cpu_partial(struct kmem_cache *s, unsigned int cpu, struct page *slab, bool drain)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	struct page *old = c->partial, *unfreeze = NULL;

	if (old && drain && old->slab_private >= s->cpu_partial_slabs) {
		unfreeze = old;
		old = NULL;
	}
	slab->slab_private = old ? old->slab_private + 1 : 1;
	slab->next = old ? pfn_val(slab_pfn(s->sa, old)) : PFN_NONE_VAL;
	c->partial = slab;

	if (unfreeze) {
		unfreeze_partials(s, cpu, unfreeze);
		c->stat[SC_cpu_partial_drain]++;
	}
}

void slub_deactivate_cpu_slab(struct kmem_cache *s, unsigned int cpu)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	struct page *slab = c->front.slab;
	struct slub_node *n = slub_node_of(s, slab);
	bool remote_frees = slab->slab_freelist != NO_OBJECT;
	void *head = c->front.freelist, *object, *tail = NULL;

	c->front.slab = NULL;
	c->front.freelist = NULL;
	for (object = head; object; object = get_freepointer(s, object)) {
		tail = object;
		slab->slab_inuse--;
	}
	if (tail) {
		set_freepointer(s, tail, slab_get_freelist(s, slab));
		slab_set_freelist(s, slab, head);
	}
	slab_set_frozen(slab, false);

	if (!slab->slab_inuse && n->nr_partial >= s->min_partial) {
		c->stat[SC_deactivate_empty]++;
		slub_discard_slab(s, cpu, slab);
		c->stat[SC_free_slab]++;
	} else if (slab->slab_freelist != NO_OBJECT) {
		/* Others are freeing to it: leave them time to free more. */
		slub_add_partial(s, n, slab, remote_frees);
		c->stat[remote_frees ? SC_deactivate_to_tail : SC_deactivate_to_head]++;
	} else {
		slub_add_full(s, slab);
		c->stat[SC_deactivate_full]++;
	}
}

void slub_flush_cpu(struct kmem_cache *s, unsigned int cpu)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	struct page *partial;

	if (c->front.slab) {
		slub_deactivate_cpu_slab(s, cpu);
		c->stat[SC_cpuslab_flush]++;
	}
	partial = c->partial;
	c->partial = NULL;
	unfreeze_partials(s, cpu, partial);
}

/* ---- shrink ------------------------------------------------------------ */

static unsigned int shrink_node(struct kmem_cache *s, struct slub_node *n)
{
	struct page_list promote[SHRINK_PROMOTE_MAX], discard;
	struct page *slab, *next;
	unsigned int nr = 0;
	int i;

	slab_list_init(&discard);
	for (i = 0; i < SHRINK_PROMOTE_MAX; i++)
		slab_list_init(&promote[i]);

	for (slab = slab_from_link(s, n->partial.head); slab; slab = next) {
		unsigned int nr_free = slab_objects(slab) - slab->slab_inuse;

		next = slab_next(s, slab);
		if (!slab->slab_inuse) {
			slub_remove_partial(s, n, slab);
			slab_list_add(s, &discard, slab);
		} else if (nr_free <= SHRINK_PROMOTE_MAX) {
			slab_list_del(s, &n->partial, slab);
			slab_list_add(s, &promote[nr_free - 1], slab);
		}
	}
	for (i = SHRINK_PROMOTE_MAX - 1; i >= 0; i--)
		slab_list_splice(s, &promote[i], &n->partial);

	while ((slab = slab_from_link(s, discard.head))) {
		slab_list_del(s, &discard, slab);
		slub_discard_slab(s, 0, slab);
		slub_cpu(s, 0)->stat[SC_free_slab]++;
		nr++;
	}
	return nr;
}

unsigned int slub_shrink(struct kmem_cache *s)
{
	unsigned int nid, nr = 0;

	for_each_slab_node(s->sa, nid)
		nr += shrink_node(s, slub_node(s, nid));
	return nr;
}
