/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the replay of object events, and the loop over all events; see
 * replay.h. Page events are in replay/pages.c, a program's heap in replay/heap.c,
 * caches in replay/cache.c.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/internal.h"

/*
 * Far enough ahead that what was asked for has arrived when it is looked at. The
 * tables of a long trace are larger than a processor's caches: fetching slots and
 * entries ahead made the replay of 1.6 million events in memory an eighth faster,
 * and the objects that are freed took it from 5.4 to 5.8 million events a second
 * (kmemsim-bench replay). Instruction counts and cachegrind show none of it: there
 * a prefetch is one more instruction. 16 itself is no measured best: at that speed
 * the shortest step, of 8 events, takes more than a microsecond, several times what
 * memory needs, and what is under way are a few dozen lines.
 */
#define PREFETCH_EVENTS 16

void replay_config_default(struct replay_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->layers = LAYERS_BOTH;
	cfg->touch = TOUCH_ZERO;
	cfg->tlb = tlb_presets[0];
	cfg->findings = 10;
}

int replay_create(struct replay **out, struct machine *machine, struct names *names,
		  const struct replay_config *cfg, struct kerror *err)
{
	struct replay *rp = calloc(1, sizeof(*rp));
	int ret, class;

	if (!rp)
		return kerror_set(err, -ENOMEM, "no memory for a replay");
	rp->machine = machine;
	rp->sized_kmalloc = kmalloc_is_sized(machine->slab);
	rp->names = names;
	rp->cfg = *cfg;
	rp->tell_caller = cfg->page_owner || cfg->slab_owner;
	rp->small_blocks = calloc(REPLAY_SMALL_GROUPS, sizeof(*rp->small_blocks));
	rp->objects_in = calloc(REPLAY_OBJECT_FRAMES, sizeof(*rp->objects_in));
	if (!rp->small_blocks || !rp->objects_in || ledger_init(&rp->ledger, names_count(names) + 1, true) ||
	    findings_init(&rp->findings, cfg->findings)) {
		ret = kerror_set(err, -ENOMEM, "no memory for a replay's ledger");
		goto fail;
	}
	ret = access_init(&rp->access, &cfg->tlb, (uint64_t)machine->map->end_pfn << PAGE_SHIFT,
			  cfg->lines, err);
	if (ret)
		goto fail;
	if (cfg->threads) {
		rp->follower = follower_create(&rp->access);
		ret = rp->follower ? 0 : kerror_set(err, -ENOMEM, "no memory for a replay");
		if (ret)
			goto fail;
	}
	for (class = 0; class < NR_EVENT_CLASSES; class++)
		rp->table_of[class] = &rp->ledger.blocks;
	rp->table_of[EVENT_OBJECT] = &rp->ledger.objects;
	rp->table_of[EVENT_HEAP] = &rp->ledger.heap.blocks;
	replay_listen(rp);
	*out = rp;
	return 0;
fail:
	replay_destroy(rp);
	return ret;
}

void replay_destroy(struct replay *rp)
{
	if (!rp)
		return;
	buddy_set_report(rp->machine->buddy, NULL, NULL);
	slab_set_report(rp->machine->slab, NULL, NULL);
	slab_set_site_name(rp->machine->slab, NULL, NULL);
	findings_exit(&rp->findings);
	follower_destroy(rp->follower);
	access_exit(&rp->access);
	ledger_exit(&rp->ledger);
	notices_exit(&rp->notices);
	free(rp->small_blocks);
	free(rp->objects_in);
	free(rp->cache_of);
	free(rp->record_of_id);
	free(rp);
}

void replay_settle(struct replay *rp)
{
	if (rp->follower)
		follower_settle(rp->follower);
}

int replay_finding(struct replay *rp, const struct event *ev, const char *what, struct kerror *err)
{
	if (!rp->cfg.strict)
		return 0;
	kerror_set(&rp->stop, -ECANCELED, "stopped at line %llu (event %llu): %s",
		   (unsigned long long)ev->line, (unsigned long long)rp->ledger.events, what);
	return kerror_set(err, -ECANCELED, "%s", rp->stop.text);
}

int replay_refused(struct replay *rp, const struct event *ev, const char *what, struct kerror *err)
{
	char text[384];

	rp->ledger.counter[RC_refused_free]++;
	snprintf(text, sizeof(text), "%s%s%s", what, rp->complaint[0] ? ": " : "", rp->complaint);
	return replay_finding(rp, ev, text, err);
}

/* ---- objects ------------------------------------------------------------- */

/*
 * The owner writes to what it asked for, as far as the object goes: the cache, its
 * debugging and its engine say how far, never the event. A later event of a cache
 * can ask for more than the one that made the cache.
 */
void replay_write_object(struct replay *rp, void *object, uint32_t bytes)
{
	size_t usable = ksize(rp->machine->slab, object);
	struct pagemap *map = rp->machine->map;
	uint64_t first, last;

	if (bytes > usable)
		bytes = (uint32_t)usable;
	if (!bytes)
		return;
	memset(object, 0, bytes);
	first = pfn_val(pfn_from_virt(map, object));
	last = pfn_val(pfn_from_virt(map, (unsigned char *)object + bytes - 1));
	pagemap_touch(map, pfn_make((uint32_t)first), (uint32_t)(last - first + 1));
}

/*
 * The table of live objects, and how many there are in each frame of the traced kernel:
 * a slab page that is freed mostly has none, and that is known without a search for each
 * place where one could start.
 */
static uint32_t *objects_near(const struct replay *rp, uint64_t addr)
{
	return &rp->objects_in[(addr >> PAGE_SHIFT) % REPLAY_OBJECT_FRAMES];
}

static struct live *object_insert(struct replay *rp, uint64_t addr)
{
	struct live *obj = live_insert(&rp->ledger.objects, addr);

	if (obj)
		++*objects_near(rp, addr);
	return obj;
}

static void object_remove(struct replay *rp, struct live *obj)
{
	--*objects_near(rp, obj->key);
	live_remove(&rp->ledger.objects, obj);
}

/* Give our object back and forget the trace's. */
static int drop_object(struct replay *rp, const struct event *ev, struct live *obj,
		       struct kerror *err)
{
	void *object = (void *)(uintptr_t)obj->sim;
	int ret;

	replay_unuse(rp, replay_offset(rp, object));
	ret = kfree(rp->machine->slab, replay_cpu(rp, ev), object);
	ledger_free(&rp->ledger, obj);
	object_remove(rp, obj);
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

int replay_no_memory(struct replay *rp, const struct event *ev, struct kerror *err)
{
	uint64_t injected = slab_fail_injected(rp->machine->slab);
	bool asked_for = injected != rp->injected;

	rp->injected = injected;
	rp->ledger.counter[asked_for ? RC_injected_fail : RC_object_alloc_fail]++;
	return replay_finding(rp, ev, asked_for ? "a failure that was asked for" :
						  "the machine gave nothing for this object", err);
}

static int object_failed(struct replay *rp, const struct event *ev, struct kerror *err)
{
	if (!object_insert(rp, ev->addr))
		return kerror_set(err, -ENOMEM, "no memory for the table of live objects");
	return replay_no_memory(rp, ev, err);
}

/* The caches there are go on; what belongs to further ones is left out. */
static int no_cache_left(struct replay *rp, const struct event *ev, struct kerror *err)
{
	if (!rp->ledger.counter[RC_no_cache_left]++)
		rp->no_cache = (struct replay_no_cache){ rp->ledger.events, ev->line, ev->cache };
	return object_failed(rp, ev, err);
}

/* The address of @ev is handed out again: whatever the trace still calls live there was freed unseen. */
static int drop_lost_object(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct live *obj = live_find(&rp->ledger.objects, ev->addr);

	if (!obj)
		return 0;
	if (!obj->sim) {
		object_remove(rp, obj);
		return 0;
	}
	rp->ledger.counter[RC_lost_object_free]++;
	return drop_object(rp, ev, obj, err);
}

/* NULL: no memory. */
static void *alloc_from(struct replay *rp, const struct event *ev, int record)
{
	unsigned int cpu = replay_cpu(rp, ev);
	gfp_t gfp = replay_gfp(rp, ev);
	int node = replay_node(rp, ev);

	/* A debugged kmalloc cache wants to know the size that was asked for, too. */
	if (record == LEDGER_LARGE ||
	    (ev->kind == EV_KMALLOC && (rp->sized_kmalloc || rp->cfg.slab_owner)))
		return kmalloc_node(rp->machine->slab, cpu, ev->bytes_req, gfp, node);
	return kmem_cache_alloc_node(rp->ledger.caches[record].cache, cpu, gfp, node);
}

/* @object of cache @record is what @ev got. -ENOMEM of the host. */
static int enter_object(struct replay *rp, const struct event *ev, int record, void *object,
			struct kerror *err)
{
	struct live *obj = object_insert(rp, ev->addr);

	if (!obj)
		return kerror_set(err, -ENOMEM, "no memory for the table of live objects");
	obj->sim = (uintptr_t)object;
	obj->born = rp->ledger.events;
	obj->born_ns = event_report_ns(ev->time_ns);
	obj->site = ev->call_site < rp->ledger.nr_sites ? ev->call_site : 0;
	obj->cache = (uint16_t)record;
	obj->order = record ? 0 : (uint8_t)large_order(ev->bytes_req);
	if (rp->sized_kmalloc)
		obj->bytes_alloc = (uint32_t)slab_footprint(rp->machine->slab, object);
	else
		obj->bytes_alloc = record ? kmem_cache_size(rp->ledger.caches[record].cache) :
					    (uint32_t)(PAGE_SIZE << obj->order);
	/* Another engine's object can be smaller than the traced one: nobody uses what is not there. */
	obj->bytes_req = ev->bytes_req < obj->bytes_alloc ? ev->bytes_req : obj->bytes_alloc;
	rp->ledger.counter[RC_objects_allocated]++;
	ledger_alloc(&rp->ledger, obj);
	if (rp->cfg.touch == TOUCH_ALL)
		replay_write_object(rp, object, obj->bytes_req);
	replay_use(rp, replay_offset(rp, object), obj->bytes_req);
	return 0;
}

static int object_alloc(struct replay *rp, const struct event *ev, struct kerror *err)
{
	void *object;
	int record, ret;

	if (!ev->addr) {
		rp->ledger.counter[RC_traced_alloc_fail]++;
		return 0;
	}
	if (ev->addr == (uintptr_t)ZERO_SIZE_PTR || !ev->bytes_req) {
		rp->ledger.counter[RC_zero_size]++;
		return 0;
	}
	ret = drop_lost_object(rp, ev, err);
	if (ret)
		return ret;
	record = choose_cache(rp, ev, err);
	if (record == -EINVAL || record == -E2BIG) {
		rp->ledger.counter[RC_impossible_cache]++;
		return object_failed(rp, ev, err);
	}
	if (record == -ENOSPC)
		return no_cache_left(rp, ev, err);
	if (record < 0)
		return record;
	object = alloc_from(rp, ev, record);
	return object ? enter_object(rp, ev, record, object, err) : object_failed(rp, ev, err);
}

/* Whether a free by @ev names another cache than @obj came from. */
static bool names_another_cache(const struct replay *rp, const struct event *ev,
				const struct live *obj)
{
	const struct kmem_cache *cache = rp->ledger.caches[obj->cache].cache;

	return ev->cache && cache && rp->ledger.caches[obj->cache].name && rp->ledger.caches[obj->cache].name != ev->cache;
}

static int object_free(struct replay *rp, const struct event *ev, struct kerror *err)
{
	struct live *obj;

	if (ev->addr <= (uintptr_t)ZERO_SIZE_PTR) {
		rp->ledger.counter[RC_free_null]++;
		return 0;
	}
	obj = live_find(&rp->ledger.objects, ev->addr);
	if (!obj) {
		rp->ledger.counter[RC_unmatched_object_free]++;
		return 0;
	}
	if (!obj->sim) {
		rp->ledger.counter[RC_failed_free_skipped]++;
		object_remove(rp, obj);
		return 0;
	}
	if (names_another_cache(rp, ev, obj))
		rp->ledger.counter[RC_cache_mismatch]++;
	rp->ledger.counter[RC_objects_freed]++;
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
		struct live *obj;
		int ret;

		if (addr % PAGE_SIZE == 0 && !*objects_near(rp, addr)) {
			addr += PAGE_SIZE - KMALLOC_MIN_SIZE;
			continue;
		}
		obj = live_find(&rp->ledger.objects, addr);
		if (!obj)
			continue;
		if (!obj->sim) {
			object_remove(rp, obj);
			continue;
		}
		rp->ledger.counter[RC_dead_object]++;
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
			rp->ledger.counter[RC_slab_page_allocs]++;
			return 0;
		}
		if (pages)
			return replay_page_alloc(rp, ev, err);
		break;
	case EV_PAGE_FREE:
		if (pages && slab && (ev->flags & EVF_PAGE_SLAB)) {
			rp->ledger.counter[RC_slab_page_frees]++;
			return drop_objects_in(rp, ev, err);
		}
		if (pages)
			return replay_page_free(rp, ev, err);
		break;
	case EV_HEAP_ALLOC:
	case EV_HEAP_FREE:
	case EV_HEAP_REALLOC:
		if (slab)
			return replay_heap(rp, ev, err);
		break;
	default:
		rp->ledger.counter[RC_not_replayed]++;
		return notices_take(&rp->notices, ev) ? kerror_set(err, -ENOMEM, "no memory for the processes of the trace") : 0;
	}
	rp->ledger.counter[RC_layer_skipped]++;
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
	live_prefetch_slot(rp->table_of[event_class_of[far->kind]], far->addr);
	live_prefetch_entry(rp->table_of[event_class_of[near->kind]], near->addr);
	if (next->kind == EV_KFREE || next->kind == EV_CACHE_FREE || next->kind == EV_HEAP_FREE)
		__builtin_prefetch((const void *)(uintptr_t)live_guess(rp->table_of[event_class_of[next->kind]],
								       next->addr)->sim, 1);
}

/* Tell the slab layer the time, and find the first time that, cut, is not before what it wants to be told. */
static void tick(struct replay *rp, uint64_t now_ns)
{
	uint64_t next = slab_tick(rp->machine->slab, event_report_ns(now_ns));

	rp->tick_ns = next > UINT64_MAX - 999 ? UINT64_MAX : event_report_ns(next + 999);
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
			tick(rp, events[i].time_ns);
		ret = replay_one(rp, &events[i], err);
		if (ret) {
			rp->ledger.time_ns = event_report_ns(events[i].time_ns);
			return ret;
		}
		rp->ledger.events++;
	}
	if (nr)
		rp->ledger.time_ns = event_report_ns(events[nr - 1].time_ns);
	return 0;
}
