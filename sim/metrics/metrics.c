/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: gathers metrics; see metrics.h. Single-threaded, reads only. */
#include "sim/metrics/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "slab/extras/vmalloc.h"

#define HUGE_ORDER (21 - PAGE_SHIFT)

const struct sample_desc sample_desc[NR_SAMPLE_FIELDS] = {
#define SAMPLE_DESC(name, unit, text) { #name, unit, text },
	SAMPLE_FIELDS(SAMPLE_DESC)
#undef SAMPLE_DESC
};

static void sample_zones(const struct machine *m, struct sample *sample)
{
	struct contig_page_info sum = { 0 };
	const struct zone *zone;

	sample->largest_free_order = -1;
	for_each_populated_zone(m->buddy, zone) {
		struct contig_page_info info;
		int order;

		fill_contig_page_info(zone, HUGE_ORDER, &info);
		sum.free_pages += info.free_pages;
		sum.free_blocks_total += info.free_blocks_total;
		sum.free_blocks_suitable += info.free_blocks_suitable;
		for (order = MAX_PAGE_ORDER; order > sample->largest_free_order; order--)
			if (zone->free_area[order].nr_free)
				sample->largest_free_order = order;
	}
	sample->unusable_2m = unusable_free_index(HUGE_ORDER, &sum);
}

/* Frames of what is too large for a cache. */
static uint64_t count_large_pages(const struct machine *m)
{
	return slab_large_pages(m->slab) + vmalloc_pages(m->slab);
}

static uint64_t count_slab_pages(const struct machine *m)
{
	struct kmem_cache *cache;
	uint64_t pages = 0;

	for_each_cache(m->slab, cache) {
		struct slabinfo info;

		get_slabinfo(cache, &info);
		pages += info.slab_pages;
	}
	return pages;
}

void metrics_sample(const struct machine *m, const struct ledger *l, uint64_t first_ns,
		    struct sample *sample)
{
	struct machine_pages pages;

	machine_count_pages(m, &pages);
	memset(sample, 0, sizeof(*sample));
	sample->event = (int64_t)l->events;
	sample->time_us = l->time_ns > first_ns ? (int64_t)((l->time_ns - first_ns) / 1000) : 0;
	sample->managed_pages = (int64_t)pages.managed;
	sample->free_pages = (int64_t)(pages.free_lists + pages.pcp);
	sample->pcp_pages = (int64_t)pages.pcp;
	sample->used_pages = (int64_t)pages.used;
	sample->block_pages = (int64_t)l->total.block_pages;
	sample->slab_pages = (int64_t)count_slab_pages(m);
	sample->large_pages = (int64_t)count_large_pages(m);
	sample->touched_pages = (int64_t)m->map->nr_touched;
	sample->live_objects = (int64_t)l->total.live_objects;
	sample->requested = (int64_t)l->total.bytes_req;
	sample->allocated = (int64_t)l->total.bytes_alloc;
	sample->alloc_fail = (int64_t)(l->counter[RC_object_alloc_fail] +
				       l->counter[RC_page_alloc_fail]);
	sample_zones(m, sample);
}

unsigned int metrics_check(const struct sample *s)
{
	unsigned int wrong = 0;

	wrong += s->free_pages + s->used_pages != s->managed_pages;
	wrong += s->used_pages != s->block_pages + s->slab_pages + s->large_pages;
	wrong += s->requested > s->allocated ||
		 s->allocated > (s->slab_pages + s->large_pages) * (int64_t)PAGE_SIZE;
	return wrong;
}

void metrics_internal(const struct machine *machine, const struct ledger *l, struct internal_metrics *m)
{
	const struct ledger_cache *large = &l->caches[LEDGER_LARGE];
	struct kmem_cache *cache;
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->requested = l->total.bytes_req;
	m->large_rounding = large->bytes_alloc - large->bytes_req;
	m->rounding = l->total.bytes_alloc - l->total.bytes_req - m->large_rounding;
	m->held = count_large_pages(machine) * PAGE_SIZE;
	/* To the machine these are in use. */
	for (i = 1; i < l->nr_caches; i++)
		if (l->caches[i].waiting)
			m->free_objects += l->caches[i].waiting *
					   kmem_cache_size(l->caches[i].cache);
	for_each_cache(machine->slab, cache) {
		uint64_t size = kmem_cache_size(cache);
		struct slabinfo info;

		get_slabinfo(cache, &info);
		m->held += info.slab_pages * PAGE_SIZE;
		m->free_objects += (info.num_objs - info.used_objs) * size;
		m->slab_tails += info.slab_pages * PAGE_SIZE - info.shared_bytes -
				 (info.num_objs - info.shared_objs) * size;
	}
}

void metrics_zone(const struct machine *m, const struct zone *zone, struct zone_metrics *zm)
{
	unsigned int order;

	memset(zm, 0, sizeof(*zm));
	zm->zone = zone;
	zm->free_lists = zone->free_pages;
	zm->pcp = buddy_zone_pcp_pages(m->buddy, zone);
	zm->largest_order = -1;
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		struct contig_page_info info;

		fill_contig_page_info(zone, order, &info);
		zm->nr_free[order] = zone->free_area[order].nr_free;
		zm->unusable[order] = unusable_free_index(order, &info);
		zm->fragindex[order] = fragmentation_index(order, &info);
		if (zm->nr_free[order])
			zm->largest_order = (int)order;
	}
}

/* ---- by cache ------------------------------------------------------------ */

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int caches_by_bytes(const void *a, const void *b)
{
	const struct cache_metrics *x = a, *y = b;
	int cmp = compare_u64(x->record->bytes_alloc, y->record->bytes_alloc);

	if (!cmp)
		cmp = compare_u64(x->record->allocs, y->record->allocs);
	return cmp ? cmp : strcmp(x->name, y->name);
}

static int caches_by_waste(const void *a, const void *b)
{
	const struct cache_metrics *x = a, *y = b;
	int cmp = compare_u64(x->waste, y->waste);

	return cmp ? cmp : strcmp(x->name, y->name);
}

static int caches_by_traffic(const void *a, const void *b)
{
	const struct cache_metrics *x = a, *y = b;
	int cmp = compare_u64(x->record->total_alloc, y->record->total_alloc);

	return cmp ? cmp : strcmp(x->name, y->name);
}

static int caches_by_metadata(const void *a, const void *b)
{
	const struct cache_metrics *x = a, *y = b;
	int cmp = compare_u64(x->metadata, y->metadata);

	return cmp ? cmp : strcmp(x->name, y->name);
}

struct cache_metrics *metrics_caches(const struct ledger *l, enum metrics_order order, int *nr)
{
	static int (*const compare[])(const void *a, const void *b) = {
		[BY_LIVE_BYTES] = caches_by_bytes,
		[BY_WASTE] = caches_by_waste,
		[BY_TRAFFIC] = caches_by_traffic,
		[BY_METADATA] = caches_by_metadata,
	};
	struct cache_metrics *list = calloc(l->nr_caches, sizeof(*list));
	unsigned int i;

	*nr = -1;
	if (!list)
		return NULL;
	*nr = 0;
	for (i = 0; i < l->nr_caches; i++) {
		const struct ledger_cache *record = &l->caches[i];
		struct cache_metrics *cm = &list[*nr];
		struct slabinfo info;

		*cm = (struct cache_metrics){ .record = record };
		if (record->cache) {
			get_slabinfo(record->cache, &info);
			cm->name = kmem_cache_name(record->cache);
			cm->held = info.slab_pages * PAGE_SIZE + info.shared_bytes;
			cm->free_objects = info.num_objs - info.used_objs + record->waiting;
			cm->metadata = info.overhead;
			cm->colours_used = kmem_cache_colours_used(record->cache);
			cm->colours = kmem_cache_colours(record->cache);
		} else {
			cm->name = "(large)";
			cm->held = record->bytes_alloc;
		}
		cm->waste = cm->held - record->bytes_req;
		*nr += record->allocs || cm->held;
	}
	qsort(list, (size_t)*nr, sizeof(*list), compare[order]);
	return list;
}

/* ---- by call site -------------------------------------------------------- */

static int sites_by_bytes(const void *a, const void *b)
{
	const struct site_metrics *x = a, *y = b;
	int cmp = compare_u64(x->record->bytes_alloc, y->record->bytes_alloc);

	if (!cmp)
		cmp = compare_u64(x->record->total_req, y->record->total_req);
	return cmp ? cmp : (x->site > y->site) - (x->site < y->site);
}

static int sites_by_waste(const void *a, const void *b)
{
	const struct site_metrics *x = a, *y = b;
	int cmp = compare_u64(x->waste, y->waste);

	return cmp ? cmp : sites_by_bytes(a, b);
}

struct site_metrics *metrics_sites(const struct ledger *l, enum metrics_order order, int *nr)
{
	struct site_metrics *list = calloc(l->nr_sites, sizeof(*list));
	uint32_t i;

	*nr = -1;
	if (!list)
		return NULL;
	*nr = 0;
	for (i = 0; i < l->nr_sites; i++) {
		const struct ledger_site *record = &l->sites[i];

		if (!record->allocs)
			continue;
		list[*nr].site = i;
		list[*nr].record = record;
		list[*nr].waste = record->bytes_alloc - record->bytes_req;
		(*nr)++;
	}
	qsort(list, (size_t)*nr, sizeof(*list), order == BY_WASTE ? sites_by_waste : sites_by_bytes);
	return list;
}

static int leaks_by_bytes(const void *a, const void *b)
{
	const struct leak_metrics *x = a, *y = b;
	int cmp = compare_u64(x->bytes_req, y->bytes_req);

	if (!cmp)
		cmp = -compare_u64(x->oldest_event, y->oldest_event);
	return cmp ? cmp : (x->site > y->site) - (x->site < y->site);
}

static void add_leak(struct leak_metrics *leak, const struct live *obj)
{
	if (!leak->objects || obj->born < leak->oldest_event) {
		leak->oldest_event = obj->born;
		leak->oldest_ns = obj->born_ns;
	}
	if (obj->born > leak->newest_event)
		leak->newest_event = obj->born;
	leak->objects++;
	leak->bytes_req += obj->bytes_req;
}

struct leak_metrics *metrics_leaks(const struct ledger *l, int *nr)
{
	struct leak_metrics *list = calloc(l->nr_sites, sizeof(*list));
	const struct live *obj = NULL;
	uint32_t site;

	*nr = -1;
	if (!list)
		return NULL;
	while ((obj = live_next(&l->objects, obj)))
		if (obj->sim)
			add_leak(&list[obj->site], obj);
	while ((obj = live_next(&l->heap.blocks, obj)))
		if (obj->sim)
			add_leak(&list[obj->site], obj);
	*nr = 0;
	for (site = 0; site < l->nr_sites; site++) {
		if (!list[site].objects)
			continue;
		list[*nr] = list[site];
		list[(*nr)++].site = site;
	}
	qsort(list, (size_t)*nr, sizeof(*list), leaks_by_bytes);
	return list;
}

/* ---- by owner ------------------------------------------------------------ */

static int owners_by_frames(const void *a, const void *b)
{
	const struct owner_metrics *x = a, *y = b;
	int cmp = compare_u64(x->frames, y->frames);

	return cmp ? cmp : (x->pid > y->pid) - (x->pid < y->pid);
}

static int owners_by_pid(const void *a, const void *b)
{
	const struct owner_metrics *x = a, *y = b;

	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid) :
	       (x->oldest_event > y->oldest_event) - (x->oldest_event < y->oldest_event);
}

/* Join neighbours with the same pid; the first one's name stays. Returns how many are left. */
static int join_owners(struct owner_metrics *list, int nr)
{
	int i, last = -1;

	for (i = 0; i < nr; i++) {
		if (last >= 0 && list[last].pid == list[i].pid) {
			list[last].blocks += list[i].blocks;
			list[last].frames += list[i].frames;
		} else {
			list[++last] = list[i];
		}
	}
	return last + 1;
}

struct owner_metrics *metrics_owners(const struct machine *m, const struct ledger *l, int *nr)
{
	struct owner_metrics *list = calloc(l->blocks.nr + 1, sizeof(*list));
	const struct live *block = NULL;

	*nr = -1;
	if (!list)
		return NULL;
	*nr = 0;
	while ((block = live_next(&l->blocks, block))) {
		struct page_owner owner;

		if (!block->sim ||
		    !buddy_page_owner(m->buddy, pfn_make((uint32_t)block->sim), &owner))
			continue;
		list[(*nr)++] = (struct owner_metrics){
			.pid = owner.alloc.pid, .task = owner.alloc.task, .blocks = 1,
			.frames = 1ULL << block->order, .oldest_event = owner.alloc.when,
		};
	}
	qsort(list, (size_t)*nr, sizeof(*list), owners_by_pid);
	*nr = join_owners(list, *nr);
	qsort(list, (size_t)*nr, sizeof(*list), owners_by_frames);
	return list;
}
