/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: SLUB's state from elsewhere, continued here; see slab/load.h. What
 * has no counterpart in Linux: frames of a foreign owner, slabs put into the
 * state that a snapshot gives, and the choice of another object than SLUB's own.
 *
 * Single-threaded: no state but the allocator's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/slub/slub.h"
#include "slab/load.h"

/* Marks a loaded slab until a list takes it; no list is that long. */
#define NOT_PLACED UINT32_MAX

void slab_set_frames(struct slab_allocator *sa, const struct slab_frames_ops *ops)
{
	sa->frames = *ops;
}

/* ---- frames ------------------------------------------------------------ */

/* Frames whose owner is not buddy look as buddy would hand them out. */
static void adopt_frames(struct slab_allocator *sa, uint32_t pfn, unsigned int order)
{
	struct page *head = &sa->pages[pfn];
	unsigned int nid = pagemap_node_of(sa->map, pfn_make(pfn));

	memset(head, 0, sizeof(*head));
	head->flags = page_flags_make(PG_allocated, order, MIGRATE_UNMOVABLE, nid * MAX_NR_ZONES);
	head->refcount = 1;
	if (order)
		prep_compound_page(sa->map, pfn_make(pfn), order);
}

static void abandon_frames(struct slab_allocator *sa, uint32_t pfn, unsigned int order)
{
	if (order)
		destroy_compound_page(sa->map, pfn_make(pfn), order);
	memset(&sa->pages[pfn], 0, sizeof(sa->pages[pfn]));
}

/* Every frame exists, is aligned as a block is, and belongs to nobody. */
static bool frames_are_free(const struct slab_allocator *sa, uint32_t pfn, unsigned int order)
{
	uint32_t i, nr;

	if (order > MAX_PAGE_ORDER)
		return false;
	nr = 1U << order;
	if (pfn & (nr - 1) || pfn >= sa->map->end_pfn || nr > sa->map->end_pfn - pfn)
		return false;
	for (i = 0; i < nr; i++)
		if (!pagemap_present(sa->map, pfn_make(pfn + i)) ||
		    sa->pages[pfn + i].flags & (PG_allocated | PG_tail))
			return false;
	return true;
}

bool slub_take_frames(struct kmem_cache *s, unsigned int cpu, struct slab_frames *frames)
{
	struct slab_allocator *sa = s->sa;

	if (!sa->frames.take(sa->frames.ctx, s, cpu, frames) ||
	    !frames_are_free(sa, pfn_val(frames->pfn), frames->order) ||
	    (PAGE_SIZE << frames->order) < s->size)
		return false;
	adopt_frames(sa, pfn_val(frames->pfn), frames->order);
	return true;
}

void slub_give_frames(struct kmem_cache *s, unsigned int cpu, pfn_t pfn, unsigned int order)
{
	struct slab_allocator *sa = s->sa;

	abandon_frames(sa, pfn_val(pfn), order);
	sa->frames.give(sa->frames.ctx, s, cpu, pfn, order);
}

/* ---- caches and slabs -------------------------------------------------- */

static bool layout_is_possible(const struct slab_cache_state *state)
{
	uint64_t bytes;

	return state->order <= MAX_PAGE_ORDER && state->min_order <= state->order &&
	       state->size >= sizeof(void *) && state->size % sizeof(void *) == 0 &&
	       state->object_size <= state->size && state->objects &&
	       state->objects <= MAX_OBJS_PER_SLAB && state->offset % sizeof(void *) == 0 &&
	       state->offset <= state->size - sizeof(void *) && state->name[0] &&
	       memchr(state->name, '\0', CACHE_NAME_MAX + 1) &&
	       !__builtin_mul_overflow((uint64_t)state->size, state->objects, &bytes) &&
	       bytes <= PAGE_SIZE << state->order;
}

static int copy_random_seq(struct kmem_cache *s, const uint32_t *seq)
{
	unsigned int i;

	if (!seq || s->objects < 2)
		return 0;
	s->random_seq = malloc(s->objects * sizeof(*s->random_seq));
	if (!s->random_seq)
		return -ENOMEM;
	for (i = 0; i < s->objects; i++) {
		if (seq[i] >= s->objects)
			return -EINVAL;
		s->random_seq[i] = seq[i] * s->size;
	}
	return 0;
}

struct kmem_cache *slab_load_cache(struct slab_allocator *sa, const struct slab_cache_state *state,
				   struct kerror *err)
{
	struct kmem_cache_args args = { .name = state->name, .size = 8 };
	struct kmem_cache *s;
	int ret;

	if (!layout_is_possible(state)) {
		kerror_set(err, -EINVAL, "a cache of a layout that cannot be");
		return NULL;
	}
	s = slab_create_cache(sa, &args, err);
	if (!s)
		return NULL;
	s->size = state->size;
	s->object_size = s->usersize = state->object_size;
	s->offset = state->offset;
	s->align = state->align;
	s->inuse = state->inuse;
	s->order = state->order;
	s->objects = state->objects;
	s->min_order = state->min_order;
	s->min_partial = state->min_partial;
	s->cpu_partial = state->cpu_partial;
	s->cpu_partial_slabs = state->cpu_partial_slabs;
	free(s->random_seq);
	s->random_seq = NULL;
	ret = copy_random_seq(s, state->random_seq);
	if (ret) {
		kerror_set(err, ret, "cache %s: no random sequence", s->name);
		kmem_cache_destroy(s);
		return NULL;
	}
	return s;
}

static void *object_at(const struct kmem_cache *s, const struct page *slab, unsigned int number)
{
	return slab_address(s->sa, slab) + (size_t)number * s->size;
}

static unsigned int number_of(const struct kmem_cache *s, const struct page *slab, const void *object)
{
	return (unsigned int)(((const unsigned char *)object - slab_address(s->sa, slab)) / s->size);
}

/* Links @nr objects, no longer live; returns the first, or NULL with *@bad set where one is none. */
static void *link_objects(struct kmem_cache *s, struct page *slab, const uint16_t *numbers,
			  unsigned int nr, bool *bad)
{
	struct slab_allocator *sa = s->sa;
	void *next = NULL;

	while (nr--) {
		void *object;

		if (numbers[nr] >= slab_objects(slab)) {
			*bad = true;
			return NULL;
		}
		object = object_at(s, slab, numbers[nr]);
		if (!live_test(sa, arena_offset(sa, object))) {
			*bad = true;
			return NULL;
		}
		live_clear(sa, arena_offset(sa, object));
		set_freepointer(s, object, next);
		next = object;
	}
	return next;
}

int slab_load_slab(struct kmem_cache *s, const struct slab_state *state, struct kerror *err)
{
	struct slab_allocator *sa = s->sa;
	struct slub_node *n;
	struct page *slab;
	bool bad = false;
	unsigned int i;

	if (!frames_are_free(sa, state->pfn, state->order) || !state->objects ||
	    state->objects > MAX_OBJS_PER_SLAB || state->inuse > state->objects ||
	    (uint64_t)state->objects * s->size > PAGE_SIZE << state->order)
		return kerror_set(err, -EINVAL, "cache %s: no slab can be at frame %#x", s->name, state->pfn);
	adopt_frames(sa, state->pfn, state->order);
	slab = &sa->pages[state->pfn];
	slab->flags |= PG_slab;
	slab->next = slab->prev = PFN_NONE_VAL;
	slab->slab_cache = s->id;
	slab->slab_objects = (uint16_t)state->objects;
	slab->slab_inuse = (uint16_t)state->inuse;
	slab_set_frozen(slab, state->frozen);
	slab->slab_private = NOT_PLACED;
	for (i = 0; i < state->objects; i++)
		live_set(sa, arena_offset(sa, object_at(s, slab, i)));
	slab_set_freelist(s, slab, link_objects(s, slab, state->free, state->nr_free, &bad));
	if (bad) {
		for (i = 0; i < state->objects; i++)
			live_clear(sa, arena_offset(sa, object_at(s, slab, i)));
		abandon_frames(sa, state->pfn, state->order);
		return kerror_set(err, -EINVAL, "cache %s: slab %#x has a wrong free list", s->name,
				  state->pfn);
	}

	n = slub_node_of(s, slab);
	n->nr_slabs++;
	n->nr_objects += state->objects;
	n->nr_pages += 1U << state->order;
	if (!state->frozen && !state->nr_free) {
		slab->slab_private = 0;
		slub_add_full(s, slab);
	}
	return 0;
}

/* The loaded slab at @pfn that no list has yet; NULL where it is not @frozen, if that must be. */
static struct page *unplaced_slab(struct kmem_cache *s, uint32_t pfn, bool must, bool frozen,
				  struct kerror *err)
{
	struct slab_allocator *sa = s->sa;
	struct page *slab = pfn < sa->map->end_pfn ? &sa->pages[pfn] : NULL;

	if (!slab || !(slab->flags & PG_slab) || slab->slab_cache != s->id ||
	    slab->slab_private != NOT_PLACED || (must && slab_frozen(slab) != frozen)) {
		kerror_set(err, -EINVAL, "cache %s: frame %#x is no slab for that list", s->name, pfn);
		return NULL;
	}
	slab->slab_private = 0;
	return slab;
}

int slab_load_cpu(struct kmem_cache *s, unsigned int cpu, uint32_t pfn, const uint16_t *free,
		  unsigned int nr_free, struct kerror *err)
{
	struct slub_cpu *c = slub_cpu(s, cpu);
	struct page *slab = unplaced_slab(s, pfn, true, true, err);
	bool bad = false;

	if (!slab)
		return -EINVAL;
	c->front.slab = slab;
	c->front.freelist = link_objects(s, slab, free, nr_free, &bad);
	if (bad)
		return kerror_set(err, -EINVAL, "cache %s: CPU %u has a wrong free list", s->name, cpu);
	return 0;
}

int slab_load_cpu_partial(struct kmem_cache *s, unsigned int cpu, const uint32_t *pfns,
			  unsigned int nr, unsigned int slabs, struct kerror *err)
{
	struct slub_cpu *c = slub_cpu(s, cpu);

	while (nr--) {
		struct page *slab = unplaced_slab(s, pfns[nr], false, true, err);

		if (!slab)
			return -EINVAL;
		slab_set_frozen(slab, !s->sa->rules->freeze_late);
		slab->next = c->partial ? pfn_val(slab_pfn(s->sa, c->partial)) : PFN_NONE_VAL;
		slab->slab_private = slabs > nr ? slabs - nr : 1;
		c->partial = slab;
	}
	return 0;
}

int slab_load_node_partial(struct kmem_cache *s, unsigned int nid, const uint32_t *pfns,
			   unsigned int nr, struct kerror *err)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct page *slab = unplaced_slab(s, pfns[i], true, false, err);

		if (!slab)
			return -EINVAL;
		if (slab_nid(slab) != nid)
			return kerror_set(err, -EINVAL, "cache %s: slab %#x is not of node %u", s->name,
					  pfns[i], nid);
		slab_list_add_tail(s, &slub_node(s, nid)->partial, slab);
		slub_node(s, nid)->nr_partial++;
	}
	return 0;
}

/* ---- predicting -------------------------------------------------------- */

void *slab_peek(const struct kmem_cache *s, unsigned int cpu, enum slab_source *source)
{
	const struct slub_cpu *c = slub_cpu(s, cpu);
	const struct page *partial = slab_from_link(s, slub_node(s, buddy_cpu_node(s->sa->buddy,
									 cpu))->partial.head);

	if (c->front.freelist) {
		*source = SLAB_FROM_fast;
		return c->front.freelist;
	}
	if (c->front.slab && c->front.slab->slab_freelist != NO_OBJECT) {
		*source = SLAB_FROM_refill;
		return slab_get_freelist(s, c->front.slab);
	}
	if (c->partial) {
		*source = SLAB_FROM_cpu_partial;
		return slab_get_freelist(s, c->partial);
	}
	*source = partial ? SLAB_FROM_node_partial : SLAB_FROM_new_slab;
	return partial ? slab_get_freelist(s, partial) : NULL;
}

/* Hands out the first object of the CPU's new free list. */
static void *take_first(struct kmem_cache *s, unsigned int cpu, void *object)
{
	struct slub_cpu *c = slub_cpu(s, cpu);

	if (!object)
		return NULL;
	c->front.freelist = get_freepointer(s, object);
	c->stat[SC_alloc_slowpath]++;
	live_set(s->sa, arena_offset(s->sa, object));
	return object;
}

void *slab_alloc_new_slab(struct kmem_cache *s, unsigned int cpu, gfp_t gfp)
{
	return take_first(s, cpu, slub_refill_new(s, cpu, gfp, NUMA_NO_NODE));
}

void *slab_alloc_partial(struct kmem_cache *s, unsigned int cpu)
{
	return take_first(s, cpu, slub_refill_partial(s, cpu, 0, NUMA_NO_NODE));
}

/* Takes back the request that handed out @object on @cpu just now; its slab stays the CPU's. */
static void unalloc(struct kmem_cache *s, unsigned int cpu, void *object)
{
	struct slub_cpu *c = slub_cpu(s, cpu);

	live_clear(s->sa, arena_offset(s->sa, object));
	set_freepointer(s, object, c->front.freelist);
	c->front.freelist = object;
}

/* Unlinks @object from the list at *@head; false where it is not there. */
static bool unlink_object(const struct kmem_cache *s, void **head, void *object)
{
	void *at, *prev = NULL;

	for (at = *head; at && at != object; at = get_freepointer(s, at))
		prev = at;
	if (!at)
		return false;
	if (prev)
		set_freepointer(s, prev, get_freepointer(s, at));
	else
		*head = get_freepointer(s, at);
	return true;
}

/* Takes a slab off the partial list, a CPU's or a node's, that it is on. */
static bool unlink_partial(struct kmem_cache *s, struct page *slab)
{
	unsigned int cpu;

	if (!slab_frozen(slab) && !slab->slab_private) {
		if (slab->slab_freelist == NO_OBJECT)
			return false;
		slub_remove_partial(s, slub_node_of(s, slab), slab);
		return true;
	}
	for_each_slab_cpu(s->sa, cpu) {
		struct slub_cpu *c = slub_cpu(s, cpu);
		struct page *at = c->partial, *prev = NULL;

		for (; at && at != slab; at = slab_next(s, at))
			prev = at;
		if (!at)
			continue;
		for (at = c->partial; at != slab; at = slab_next(s, at))
			at->slab_private--;
		if (prev)
			prev->next = slab->next;
		else
			c->partial = slab_next(s, slab);
		slab->next = PFN_NONE_VAL;
		slab->slab_private = 0;
		return true;
	}
	return false;
}

/* The CPU's slab goes where an exhausted or a frozen one would be, and @slab takes its place. */
static void replace_cpu_slab(struct kmem_cache *s, unsigned int cpu, struct page *slab)
{
	struct slub_cpu *c = slub_cpu(s, cpu);

	if (c->front.slab)
		slub_deactivate_cpu_slab(s, cpu);
	c->front.slab = slab;
	c->front.freelist = slab_get_freelist(s, slab);
	slab->slab_freelist = NO_OBJECT;
	slab->slab_inuse = (uint16_t)slab_objects(slab);
	slab_set_frozen(slab, true);
}

unsigned int slab_free_group(struct slab_allocator *sa, unsigned int cpu, unsigned int nr, void **objects)
{
	struct kmem_cache *s = sa->caches[slab_head_of(sa, arena_offset(sa, objects[nr - 1]))->slab_cache];
	unsigned int left = slub_free_group(s, cpu, nr, objects);

	while (nr > left)
		live_clear(sa, arena_offset(sa, objects[--nr]));
	return left;
}

bool slab_on_cpu_list(const struct kmem_cache *s, unsigned int cpu, const void *object)
{
	const void *at = slub_cpu(s, cpu)->front.freelist;

	while (at && at != object)
		at = get_freepointer(s, at);
	return at;
}

void slab_put_away(struct kmem_cache *s, unsigned int cpu)
{
	if (slub_cpu(s, cpu)->front.slab)
		slub_deactivate_cpu_slab(s, cpu);
}

unsigned int slab_random_at(const struct kmem_cache *s, unsigned int pos)
{
	return s->random_seq ? s->random_seq[pos] / s->size : pos;
}

static struct page *slab_of_object(const struct slab_allocator *sa, const void *object)
{
	size_t offset = arena_offset(sa, object);
	struct page *slab;

	if (offset >= sa->bytes)
		return NULL;
	slab = slab_head_of(sa, offset);
	return slab->flags & PG_slab ? slab : NULL;
}

bool slab_resync(struct kmem_cache *s, unsigned int cpu, void *ours, void *theirs)
{
	struct page *slab = slab_of_object(s->sa, theirs);
	unsigned int other;
	void *list;

	if (!slab || slab->slab_cache != s->id || live_test(s->sa, arena_offset(s->sa, theirs)))
		return false;
	if (ours)
		unalloc(s, cpu, ours);
	for (other = 0; other < s->sa->nr_cpus; other++) {
		struct slub_cpu *c = slub_cpu(s, other);

		if (c->front.slab == slab && unlink_object(s, &c->front.freelist, theirs))
			goto taken;
	}
	for (other = 0; other < s->sa->nr_cpus; other++) {
		if (slub_cpu(s, other)->front.slab != slab)
			continue;
		list = slab_get_freelist(s, slab);
		if (!unlink_object(s, &list, theirs))
			return false;
		slab_set_freelist(s, slab, list);
		slab->slab_inuse++;
		goto taken;
	}
	if (!unlink_partial(s, slab))
		return false;
	replace_cpu_slab(s, cpu, slab);
	if (!unlink_object(s, &slub_cpu(s, cpu)->front.freelist, theirs))
		return false;
taken:
	live_set(s->sa, arena_offset(s->sa, theirs));
	return true;
}

void slab_drop(struct slab_allocator *sa, uint32_t pfn)
{
	struct page *slab = &sa->pages[pfn];
	struct kmem_cache *s = sa->caches[slab->slab_cache];
	unsigned int cpu, i;

	for (i = 0; i < slab_objects(slab); i++)
		live_clear(sa, arena_offset(sa, object_at(s, slab, i)));
	for_each_slab_cpu(sa, cpu) {
		struct slub_cpu *c = slub_cpu(s, cpu);

		if (c->front.slab == slab) {
			c->front.slab = NULL;
			c->front.freelist = NULL;
			goto unlinked;
		}
	}
	if (!unlink_partial(s, slab) && !slab_frozen(slab))
		slub_remove_full(s, slab);
unlinked:
	slub_discard_slab(s, 0, slab);
}

struct kmem_cache *slab_cache_at(const struct slab_allocator *sa, uint32_t pfn, uint32_t *head)
{
	const struct page *slab;

	if (pfn >= sa->map->end_pfn)
		return NULL;
	slab = slab_head_of(sa, (size_t)pfn << PAGE_SHIFT);
	if (!(slab->flags & PG_slab))
		return NULL;
	*head = pfn_val(slab_pfn(sa, slab));
	return sa->caches[slab->slab_cache];
}

bool slab_is_live(const struct slab_allocator *sa, const void *object)
{
	return live_test(sa, arena_offset(sa, object));
}

/* ---- comparing --------------------------------------------------------- */

static unsigned int read_list(const struct kmem_cache *s, const struct page *slab, void *object,
			      uint16_t *numbers, unsigned int room)
{
	unsigned int nr = 0;

	for (; object; object = get_freepointer(s, object), nr++)
		if (nr < room)
			numbers[nr] = (uint16_t)number_of(s, slab, object);
	return nr;
}

int slab_read_slab(const struct kmem_cache *s, uint32_t pfn, struct slab_state *state, uint16_t *free,
		   unsigned int room)
{
	const struct slab_allocator *sa = s->sa;
	const struct page *slab;

	if (pfn >= sa->map->end_pfn)
		return -ENOENT;
	slab = &sa->pages[pfn];
	if (!(slab->flags & PG_slab) || slab->slab_cache != s->id)
		return -ENOENT;
	*state = (struct slab_state){
		.pfn = pfn, .order = page_order(slab), .objects = slab_objects(slab),
		.inuse = slab->slab_inuse, .frozen = slab_frozen(slab),
		.cpu_partial = slab->slab_private && slab->slab_private != NOT_PLACED, .free = free,
		.nr_free = read_list(s, slab, slab_get_freelist(s, slab), free, room),
	};
	return 0;
}

unsigned int slab_read_cpu(const struct kmem_cache *s, unsigned int cpu, uint32_t *pfn, uint16_t *free,
			   unsigned int room)
{
	const struct slub_cpu *c = slub_cpu(s, cpu);

	*pfn = PFN_NONE_VAL;
	if (!c->front.slab)
		return 0;
	*pfn = pfn_val(slab_pfn(s->sa, c->front.slab));
	return read_list(s, c->front.slab, c->front.freelist, free, room);
}

static unsigned int read_slabs(const struct kmem_cache *s, const struct page *slab, uint32_t *pfns,
			       unsigned int room)
{
	unsigned int nr = 0;

	for (; slab; slab = slab_next(s, slab), nr++)
		if (nr < room)
			pfns[nr] = pfn_val(slab_pfn(s->sa, slab));
	return nr;
}

unsigned int slab_read_cpu_partial(const struct kmem_cache *s, unsigned int cpu, uint32_t *pfns,
				   unsigned int room)
{
	return read_slabs(s, slub_cpu(s, cpu)->partial, pfns, room);
}

unsigned int slab_read_node_partial(const struct kmem_cache *s, unsigned int nid, uint32_t *pfns,
				    unsigned int room)
{
	return read_slabs(s, slab_from_link(s, slub_node(s, nid)->partial.head), pfns, room);
}
