/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the replay of object events, and the loop over all events; see
 * replay.h. Page events are in replay/pages.c, caches in replay/cache.c.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/internal.h"

#define FIRST_BITS 14
/* Far enough ahead that what was asked for has arrived when it is looked at. */
#define PREFETCH_EVENTS 16

const struct replay_counter_desc replay_counter_desc[NR_REPLAY_COUNTERS] = {
#define REPLAY_COUNTER_DESC(name, text) { #name, text },
	REPLAY_COUNTERS(REPLAY_COUNTER_DESC)
#undef REPLAY_COUNTER_DESC
};

static const unsigned int tlb_page_shift[NR_TLB_PAGES] = { 12, 21, 30 };

void replay_config_default(struct replay_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->layers = LAYERS_BOTH;
	cfg->touch = TOUCH_ZERO;
	cfg->tlb = tlb_presets[0];
	cfg->findings = 10;
}

static int create_tlbs(struct replay *rp, struct kerror *err)
{
	uint64_t bytes = (uint64_t)rp->machine->map->end_pfn << PAGE_SHIFT;
	unsigned int size;
	int ret;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		rp->last_page[size] = UINT64_MAX;
		rp->l1_has[size] = tlb_level(&rp->cfg.tlb, 1, size).entries != 0;
		ret = tlb_create(&rp->tlb[size], &rp->cfg.tlb, size, err);
		if (ret)
			return ret;
		rp->seen[size] = calloc((bytes >> tlb_page_shift[size]) / 64 + 1, sizeof(uint64_t));
		if (!rp->seen[size])
			return kerror_set(err, -ENOMEM, "no memory for the TLB model");
	}
	return 0;
}

int replay_create(struct replay **out, struct machine *machine, struct names *names,
		  const struct replay_config *cfg, struct kerror *err)
{
	struct replay *rp = calloc(1, sizeof(*rp));
	int ret;

	if (!rp)
		return kerror_set(err, -ENOMEM, "no memory for a replay");
	rp->machine = machine;
	rp->sized_kmalloc = kmalloc_is_sized(machine->slab);
	rp->names = names;
	rp->cfg = *cfg;
	rp->tell_caller = cfg->page_owner || cfg->slab_owner;
	rp->nr_sites = names_count(names) + 1;
	rp->sites = calloc(rp->nr_sites, sizeof(*rp->sites));
	rp->max_caches = 64;
	rp->caches = calloc(rp->max_caches, sizeof(*rp->caches));
	rp->nr_caches = 1;
	rp->small_blocks = calloc(REPLAY_SMALL_GROUPS, sizeof(*rp->small_blocks));
	if (!rp->sites || !rp->caches || !rp->small_blocks || live_init(&rp->objects, FIRST_BITS) ||
	    live_init(&rp->blocks, FIRST_BITS) || findings_init(&rp->findings, cfg->findings)) {
		ret = kerror_set(err, -ENOMEM, "no memory for a replay's books");
		goto fail;
	}
	ret = create_tlbs(rp, err);
	if (!ret && cfg->lines)
		ret = lines_create(&rp->lines, (uint64_t)machine->map->end_pfn << PAGE_SHIFT, err);
	if (ret)
		goto fail;
	replay_listen(rp);
	*out = rp;
	return 0;
fail:
	replay_destroy(rp);
	return ret;
}

void replay_destroy(struct replay *rp)
{
	unsigned int size;

	if (!rp)
		return;
	buddy_set_report(rp->machine->buddy, NULL, NULL);
	slab_set_report(rp->machine->slab, NULL, NULL);
	slab_set_site_name(rp->machine->slab, NULL, NULL);
	findings_exit(&rp->findings);
	for (size = 0; size < NR_TLB_PAGES; size++) {
		tlb_destroy(rp->tlb[size]);
		free(rp->seen[size]);
	}
	lines_destroy(rp->lines);
	live_exit(&rp->objects);
	live_exit(&rp->blocks);
	free(rp->small_blocks);
	free(rp->caches);
	free(rp->sites);
	free(rp->cache_of);
	free(rp->record_of_id);
	free(rp);
}

int replay_finding(struct replay *rp, const struct event *ev, const char *what, struct kerror *err)
{
	if (!rp->cfg.strict)
		return 0;
	kerror_set(&rp->stop, -ECANCELED, "stopped at line %llu (event %llu): %s",
		   (unsigned long long)ev->line, (unsigned long long)rp->events, what);
	return kerror_set(err, -ECANCELED, "%s", rp->stop.text);
}

int replay_refused(struct replay *rp, const struct event *ev, const char *what, struct kerror *err)
{
	char text[384];

	rp->counter[RC_refused_free]++;
	snprintf(text, sizeof(text), "%s%s%s", what, rp->complaint[0] ? ": " : "", rp->complaint);
	return replay_finding(rp, ev, text, err);
}

/* ---- what an access to an object means to the TLB ------------------------ */

static void touch_byte(struct replay *rp, uint64_t addr)
{
	unsigned int size;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		uint64_t page = addr >> tlb_page_shift[size], bit = 1ULL << (page % 64);
		uint64_t *word = &rp->seen[size][page / 64];

		if (page == rp->last_page[size]) {
			rp->same_page[size]++;
			continue;
		}
		if (rp->l1_has[size])
			rp->last_page[size] = page;
		rp->distinct[size] += !(*word & bit);
		*word |= bit;
		tlb_access(rp->tlb[size], addr);
	}
}

void replay_tlb_stats(const struct replay *rp, enum tlb_page size, struct tlb_stats *stats)
{
	*stats = *tlb_stats(rp->tlb[size]);
	stats->lookups += rp->same_page[size];
	stats->l1_hits += rp->same_page[size];
}

/* The owner uses the whole object: one access in each 4 KiB page it lies in. */
static void touch_object(struct replay *rp, const void *object, uint32_t bytes)
{
	uint64_t addr = (uint64_t)((const unsigned char *)object - rp->machine->map->base);
	uint64_t end = addr + bytes;

	if (rp->lines)
		lines_touch(rp->lines, addr, bytes);
	do {
		touch_byte(rp, addr);
		addr = (addr | (PAGE_SIZE - 1)) + 1;
	} while (addr < end);
}

static void write_object(struct replay *rp, void *object, uint32_t bytes)
{
	struct pagemap *map = rp->machine->map;
	uint64_t first = pfn_val(pfn_from_virt(map, object));
	uint64_t last = pfn_val(pfn_from_virt(map, (unsigned char *)object + bytes - 1));

	memset(object, 0, bytes);
	pagemap_touch(map, pfn_make((uint32_t)first), (uint32_t)(last - first + 1));
}

/* ---- books --------------------------------------------------------------- */

static void book_alloc(struct replay *rp, const struct live *obj)
{
	struct replay_cache *rec = &rp->caches[obj->cache];
	struct replay_site *site = &rp->sites[obj->site];
	struct replay_totals *total = &rp->total;

	rec->live++;
	rec->allocs++;
	rec->total_req += obj->bytes_req;
	rec->total_alloc += obj->bytes_alloc;
	rec->bytes_req += obj->bytes_req;
	rec->bytes_alloc += obj->bytes_alloc;
	if (rec->bytes_alloc > rec->peak_bytes_alloc)
		rec->peak_bytes_alloc = rec->bytes_alloc;
	site->live++;
	site->allocs++;
	site->bytes_req += obj->bytes_req;
	site->bytes_alloc += obj->bytes_alloc;
	site->total_req += obj->bytes_req;
	total->live_objects++;
	total->bytes_req += obj->bytes_req;
	total->bytes_alloc += obj->bytes_alloc;
	total->total_req += obj->bytes_req;
	total->total_alloc += obj->bytes_alloc;
	if (total->bytes_req > total->peak_bytes_req)
		total->peak_bytes_req = total->bytes_req;
	if (total->bytes_alloc > total->peak_bytes_alloc)
		total->peak_bytes_alloc = total->bytes_alloc;
}

static void book_free(struct replay *rp, const struct live *obj)
{
	struct replay_cache *rec = &rp->caches[obj->cache];
	struct replay_site *site = &rp->sites[obj->site];

	rec->live--;
	rec->frees++;
	rec->bytes_req -= obj->bytes_req;
	rec->bytes_alloc -= obj->bytes_alloc;
	site->live--;
	site->bytes_req -= obj->bytes_req;
	site->bytes_alloc -= obj->bytes_alloc;
	rp->total.live_objects--;
	rp->total.bytes_req -= obj->bytes_req;
	rp->total.bytes_alloc -= obj->bytes_alloc;
}

/* ---- objects ------------------------------------------------------------- */

/* Give our object back and forget the trace's. */
static int drop_object(struct replay *rp, const struct event *ev, struct live *obj,
		       struct kerror *err)
{
	void *object = (void *)(uintptr_t)obj->sim;
	uint64_t addr = (uint64_t)((unsigned char *)object - rp->machine->map->base);
	int ret;

	touch_byte(rp, addr);
	if (rp->lines)
		lines_touch(rp->lines, addr, 1);
	ret = kfree(rp->machine->slab, replay_cpu(rp, ev), object);
	book_free(rp, obj);
	live_remove(&rp->objects, obj);
	if (!ret)
		return 0;
	return replay_refused(rp, ev, "our machine refused to free an object it had handed out", err);
}

/* Which of our caches serves @ev; record 0 (a large kmalloc) where none does. */
static int choose_cache(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct kmem_cache *cache;

	if (ev->kind == EV_CACHE_ALLOC)
		return replay_cache_named(rp, ev, err);
	cache = kmalloc_slab(rp->machine->slab, ev->bytes_req, ev->gfp);
	return cache ? replay_cache_record(rp, cache, err) : 0;
}

static unsigned int large_order(uint32_t bytes)
{
	unsigned int order = 0;

	while ((PAGE_SIZE << order) < bytes)
		order++;
	return order;
}

static int object_failed(struct replay *rp, const struct event *ev, struct kerror *err)
{
	uint64_t injected = slab_fail_injected(rp->machine->slab);
	bool asked_for = injected != rp->injected;

	rp->injected = injected;
	rp->counter[asked_for ? RC_injected_fail : RC_object_alloc_fail]++;
	if (!live_insert(&rp->objects, ev->addr))
		return kerror_set(err, -ENOMEM, "no memory for the books of live objects");
	return replay_finding(rp, ev, asked_for ? "a failure that was asked for" :
						  "the machine gave nothing for this object", err);
}

/* The caches there are go on; what belongs to further ones is left out. */
static int no_cache_left(struct replay *rp, const struct event *ev, struct kerror *err)
{
	if (!rp->counter[RC_no_cache_left]++)
		rp->no_cache = (struct replay_no_cache){ rp->events, ev->line, ev->cache };
	return object_failed(rp, ev, err);
}

static int object_alloc(struct replay *rp, const struct event *ev, struct kerror *err)
{
	unsigned int cpu = replay_cpu(rp, ev);
	struct live *obj;
	void *object;
	bool by_size;
	int record, ret;

	if (!ev->addr) {
		rp->counter[RC_traced_alloc_fail]++;
		return 0;
	}
	if (ev->addr == (uintptr_t)ZERO_SIZE_PTR || !ev->bytes_req) {
		rp->counter[RC_zero_size]++;
		return 0;
	}
	obj = live_find(&rp->objects, ev->addr);
	if (obj && !obj->sim) {
		live_remove(&rp->objects, obj);
	} else if (obj) {
		rp->counter[RC_lost_object_free]++;
		ret = drop_object(rp, ev, obj, err);
		if (ret)
			return ret;
	}
	record = choose_cache(rp, ev, err);
	if (record == -EINVAL || record == -E2BIG) {
		rp->counter[RC_impossible_cache]++;
		return object_failed(rp, ev, err);
	}
	if (record == -ENOSPC)
		return no_cache_left(rp, ev, err);
	if (record < 0)
		return record;
	/* A debugged kmalloc cache wants to know the size that was asked for, too. */
	by_size = !record || (ev->kind == EV_KMALLOC && (rp->sized_kmalloc || rp->cfg.slab_owner));
	if (!by_size)
		object = kmem_cache_alloc_node(rp->caches[record].cache, cpu, replay_gfp(rp, ev),
					       replay_node(rp, ev));
	else
		object = kmalloc_node(rp->machine->slab, cpu, ev->bytes_req, replay_gfp(rp, ev),
				      replay_node(rp, ev));
	if (!object)
		return object_failed(rp, ev, err);
	obj = live_insert(&rp->objects, ev->addr);
	if (!obj)
		return kerror_set(err, -ENOMEM, "no memory for the books of live objects");
	obj->sim = (uintptr_t)object;
	obj->born = rp->events;
	obj->born_ns = ev->time_ns;
	obj->bytes_req = ev->bytes_req;
	obj->site = ev->call_site < rp->nr_sites ? ev->call_site : 0;
	obj->cache = (uint16_t)record;
	obj->order = record ? 0 : (uint8_t)large_order(ev->bytes_req);
	if (rp->sized_kmalloc)
		obj->bytes_alloc = (uint32_t)slab_footprint(rp->machine->slab, object);
	else
		obj->bytes_alloc = record ? kmem_cache_size(rp->caches[record].cache) :
					    (uint32_t)(PAGE_SIZE << obj->order);
	rp->counter[RC_objects_allocated]++;
	book_alloc(rp, obj);
	if (rp->cfg.touch == TOUCH_ALL)
		write_object(rp, object, ev->bytes_req);
	touch_object(rp, object, ev->bytes_req);
	return 0;
}

/* Whether a free by @ev names another cache than @obj came from. */
static bool names_another_cache(const struct replay *rp, const struct event *ev,
				const struct live *obj)
{
	const struct kmem_cache *cache = rp->caches[obj->cache].cache;

	return ev->cache && cache && rp->caches[obj->cache].name && rp->caches[obj->cache].name != ev->cache;
}

static int object_free(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct live *obj;

	if (ev->addr <= (uintptr_t)ZERO_SIZE_PTR) {
		rp->counter[RC_free_null]++;
		return 0;
	}
	obj = live_find(&rp->objects, ev->addr);
	if (!obj) {
		rp->counter[RC_unmatched_object_free]++;
		return 0;
	}
	if (!obj->sim) {
		rp->counter[RC_failed_free_skipped]++;
		live_remove(&rp->objects, obj);
		return 0;
	}
	if (names_another_cache(rp, ev, obj))
		rp->counter[RC_cache_mismatch]++;
	rp->counter[RC_objects_freed]++;
	return drop_object(rp, ev, obj, err);
}

/*
 * A slab page goes back to the page allocator only when all its objects are
 * free: whatever the trace still calls live in the frames of @ev was freed
 * unseen. Rare enough to look at every place where an object can start.
 */
static int drop_objects_in(struct replay *rp, const struct event *ev, struct kerror *err)
{
	uint64_t addr = rp->cfg.direct_map_base + (ev->addr << PAGE_SHIFT);
	uint64_t end = addr + (PAGE_SIZE << ev->order);

	if (!rp->cfg.direct_map_known)
		return 0;
	for (; addr < end; addr += KMALLOC_MIN_SIZE) {
		struct live *obj = live_find(&rp->objects, addr);
		int ret;

		if (!obj)
			continue;
		if (!obj->sim) {
			live_remove(&rp->objects, obj);
			continue;
		}
		rp->counter[RC_dead_object]++;
		ret = drop_object(rp, ev, obj, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- the loop ------------------------------------------------------------ */

static int replay_one(struct replay *rp, const struct event *ev, struct kerror *err)
{
	bool pages = rp->cfg.layers & LAYERS_PAGES, slab = rp->cfg.layers & LAYERS_SLAB;

	switch (ev->kind) {
	case EV_KMALLOC:
	case EV_CACHE_ALLOC:
		if (slab)
			return object_alloc(rp, ev, err);
		break;
	case EV_KFREE:
	case EV_CACHE_FREE:
		if (slab)
			return object_free(rp, ev, err);
		break;
	case EV_PAGE_ALLOC:
		if (pages && slab && (ev->flags & EVF_PAGE_SLAB)) {
			rp->counter[RC_slab_page_allocs]++;
			return 0;
		}
		if (pages)
			return replay_page_alloc(rp, ev, err);
		break;
	case EV_PAGE_FREE:
		if (pages && slab && (ev->flags & EVF_PAGE_SLAB)) {
			rp->counter[RC_slab_page_frees]++;
			return drop_objects_in(rp, ev, err);
		}
		if (pages)
			return replay_page_free(rp, ev, err);
		break;
	default:
		rp->counter[RC_not_replayed]++;
		return 0;
	}
	rp->counter[RC_layer_skipped]++;
	return 0;
}

/*
 * What the events behind @ev will look up, one step nearer: first the event,
 * then its slot, then the entry, then the object whose free will write to it.
 */
static inline void prefetch_ahead(const struct replay *rp, const struct event *ev)
{
	const struct event *next = ev + PREFETCH_EVENTS / 2, *near = ev + PREFETCH_EVENTS, *far = near + PREFETCH_EVENTS;

	__builtin_prefetch(far + PREFETCH_EVENTS);
	live_prefetch_slot(event_is(far->kind, EVENT_OBJECT) ? &rp->objects : &rp->blocks, far->addr);
	live_prefetch_entry(event_is(near->kind, EVENT_OBJECT) ? &rp->objects : &rp->blocks, near->addr);
	if (next->kind == EV_KFREE || next->kind == EV_CACHE_FREE)
		__builtin_prefetch((const void *)(uintptr_t)live_guess(&rp->objects, next->addr)->sim, 1);
}

int replay_events(struct replay *rp, const struct event *events, size_t nr, struct kerror *err)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		int ret;

		if (i + 2 * PREFETCH_EVENTS < nr)
			prefetch_ahead(rp, &events[i]);
		if (rp->tell_caller)
			replay_set_caller(rp, &events[i]);
		if (events[i].time_ns >= rp->tick_ns)
			rp->tick_ns = slab_tick(rp->machine->slab, events[i].time_ns);
		ret = replay_one(rp, &events[i], err);
		if (ret) {
			rp->time_ns = events[i].time_ns;
			return ret;
		}
		rp->events++;
	}
	if (nr)
		rp->time_ns = events[nr - 1].time_ns;
	return 0;
}
