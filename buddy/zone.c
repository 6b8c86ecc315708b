/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: zones: the order in which they are tried, how low each may sink,
 * what it keeps for requests that can go nowhere else, and how large its
 * per-CPU lists may grow. The formulas are pure functions of frames, so that
 * they can be checked against any kernel's zoneinfo.
 *
 * Differs from Linux: all memory is there from the start, so the figures are
 * computed once; every node with memory counts as online.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <string.h>

#include "buddy/internal.h"

#define NR_GFP_ZONE_BITS 16
#define MIN_FREE_KBYTES_FLOOR 128
#define MIN_FREE_KBYTES_CEILING 262144
/* Linux turns transparent huge pages, and with them the larger reserve, off below 512 MiB. */
#define THP_MIN_PAGES (512U << (20 - PAGE_SHIFT))
/* Of Debian's kernels; weighs distance against load when nodes are ordered. */
#define LINUX_MAX_NUMNODES 1024

const char *const migratetype_names[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "Unmovable",
	[MIGRATE_MOVABLE] = "Movable",
	[MIGRATE_RECLAIMABLE] = "Reclaimable",
	[MIGRATE_HIGHATOMIC] = "HighAtomic",
	[MIGRATE_ISOLATE] = "Isolate",
};

const char *const zone_names[MAX_NR_ZONES] = {
	[ZONE_DMA] = "DMA",
	[ZONE_DMA32] = "DMA32",
	[ZONE_NORMAL] = "Normal",
	[ZONE_MOVABLE] = "Movable",
	[ZONE_DEVICE] = "Device",
};

/*
 * Indexed by __GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE; of
 * contradicting bits the lowest zone wins.
 */
static const uint8_t gfp_zone_table[NR_GFP_ZONE_BITS] = {
	[0] = ZONE_NORMAL,
	[__GFP_DMA] = ZONE_DMA,
	[__GFP_HIGHMEM] = ZONE_NORMAL,
	[__GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
	[__GFP_DMA32] = ZONE_DMA32,
	[__GFP_DMA32 | __GFP_DMA] = ZONE_DMA,
	[__GFP_DMA32 | __GFP_HIGHMEM] = ZONE_DMA32,
	[__GFP_DMA32 | __GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
	[__GFP_MOVABLE] = ZONE_NORMAL,
	[__GFP_MOVABLE | __GFP_DMA] = ZONE_DMA,
	[__GFP_MOVABLE | __GFP_HIGHMEM] = ZONE_MOVABLE,
	[__GFP_MOVABLE | __GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
	[__GFP_MOVABLE | __GFP_DMA32] = ZONE_DMA32,
	[__GFP_MOVABLE | __GFP_DMA32 | __GFP_DMA] = ZONE_DMA,
	[__GFP_MOVABLE | __GFP_DMA32 | __GFP_HIGHMEM] = ZONE_DMA32,
	[__GFP_MOVABLE | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_DMA] = ZONE_DMA,
};

enum zone_type gfp_zone(gfp_t gfp)
{
	return (enum zone_type)gfp_zone_table[gfp % NR_GFP_ZONE_BITS];
}

/* Movable and reclaimable at once is a contradiction; movable wins. */
enum migratetype gfp_migratetype(gfp_t gfp)
{
	if (gfp & __GFP_MOVABLE)
		return MIGRATE_MOVABLE;
	return gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;
}

/* ---- watermarks, as pure functions --------------------------------------- */

static uint64_t int_sqrt(uint64_t x)
{
	uint64_t root = 0, bit = 1ULL << 62;

	for (; bit > x; bit >>= 2)
		;
	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

static uint64_t clamp_u64(uint64_t x, uint64_t lo, uint64_t hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

struct zone_marks zone_compute_wmarks(uint64_t managed_pages, uint64_t lowmem_pages,
				      uint64_t min_free_kbytes, unsigned int watermark_scale_factor)
{
	uint64_t pages_min = min_free_kbytes >> (PAGE_SHIFT - 10);
	uint64_t min, gap, scaled;

	/* 2^32 frames times 2^54 does not fit; a reserve that large is all of memory anyway. */
	if (__builtin_mul_overflow(pages_min, managed_pages, &min))
		min = UINT64_MAX;
	min = lowmem_pages ? min / lowmem_pages : 0;
	scaled = managed_pages / 10000 * watermark_scale_factor +
		 managed_pages % 10000 * watermark_scale_factor / 10000;
	gap = min >> 2 > scaled ? min >> 2 : scaled;
	return (struct zone_marks){ { [WMARK_MIN] = min, [WMARK_LOW] = min + gap,
				      [WMARK_HIGH] = min + 2 * gap, [WMARK_PROMO] = min + 3 * gap } };
}

uint64_t calculate_min_free_kbytes(uint64_t free_buffer_pages)
{
	return clamp_u64(int_sqrt((free_buffer_pages << (PAGE_SHIFT - 10)) * 16),
			 MIN_FREE_KBYTES_FLOOR, MIN_FREE_KBYTES_CEILING);
}

/*
 * What khugepaged asks for so that pageblocks stay free: two a zone, and two
 * more for each pair of migratetypes, but not above 5 % of the memory.
 */
uint64_t recommended_min_free_kbytes(unsigned int nr_zones, uint64_t free_buffer_pages)
{
	uint64_t pages = (uint64_t)PAGEBLOCK_NR_PAGES * nr_zones *
			 (2 + MIGRATE_PCPTYPES * MIGRATE_PCPTYPES);

	if (pages > free_buffer_pages / 20)
		pages = free_buffer_pages / 20;
	return pages << (PAGE_SHIFT - 10);
}

void compute_lowmem_reserve(const uint64_t managed[MAX_NR_ZONES],
			    const unsigned int ratio[MAX_NR_ZONES],
			    uint64_t reserve[MAX_NR_ZONES][MAX_NR_ZONES])
{
	unsigned int i, j;

	memset(reserve, 0, sizeof(reserve[0]) * MAX_NR_ZONES);
	for (i = 0; i < MAX_NR_ZONES - 1; i++) {
		uint64_t above = 0;

		if (!ratio[i] || !managed[i])
			continue;
		for (j = i + 1; j < MAX_NR_ZONES; j++) {
			above += managed[j];
			reserve[i][j] = above / ratio[i];
		}
	}
}

/* About a thousandth of the zone in quarters, 1 MiB at most, and one less than a power of two. */
int zone_batchsize(uint64_t managed_pages)
{
	uint64_t batch = managed_pages >> 10;
	int pow2 = 1;

	if (batch > (1U << 20) / PAGE_SIZE)
		batch = (1U << 20) / PAGE_SIZE;
	batch /= 4;
	if (batch < 1)
		batch = 1;
	while ((uint64_t)pow2 * 2 <= batch + batch / 2)
		pow2 *= 2;
	return pow2 - 1;
}

int zone_highsize(uint64_t total_pages, int batch, unsigned int nr_split_cpus)
{
	uint64_t high = total_pages / nr_split_cpus;

	if (high > INT32_MAX / 2)
		high = INT32_MAX / 2;
	return (int)high > batch << 2 ? (int)high : batch << 2;
}

/* ---- applied to a machine ------------------------------------------------ */

void zone_pcp_update(struct buddy *b, struct zone *zone)
{
	unsigned int fraction = b->cfg.percpu_pagelist_high_fraction, cpu;
	unsigned int nr_cpus = b->node_nr_cpus[zone->nid];
	int batch = zone_batchsize(zone->managed_pages), high, high_max;

	if (!zone->pcp)
		return;
	if (batch < 1)
		batch = 1;
	if (!nr_cpus)
		nr_cpus = b->nr_cpus;
	high = zone_highsize(fraction ? zone->managed_pages / fraction : zone_watermark(zone, WMARK_LOW),
			     batch, nr_cpus);
	high_max = fraction ? high : zone_highsize(zone->managed_pages / MIN_PCP_HIGH_FRACTION, batch, nr_cpus);
	for (cpu = 0; cpu < b->nr_cpus; cpu++) {
		struct per_cpu_pages *pcp = &zone->pcp[cpu];

		pcp->batch = batch;
		if (!b->rules->auto_high) {
			pcp->high = high;
			continue;
		}
		/* high itself finds its place with the first request. */
		pcp->high_min = high;
		pcp->high_max = high_max;
		pcp->flags |= PCPF_FREE_HIGH_BATCH;
	}
}

/*
 * The short way is only for the first zone of a request. That is the highest
 * one with memory that the request may use, so the lowmem reserve, which keeps
 * memory from requests that could go higher, is 0 there.
 */
void zone_update_low_mark(struct zone *zone)
{
	zone->low_mark = zone_low_mark(zone);
}

void zone_set_below_high(struct zone *zone, bool below)
{
	zone->flags = below ? zone->flags | ZONE_BELOW_HIGH : zone->flags & ~ZONE_BELOW_HIGH;
	zone_update_low_mark(zone);
}

/* The place of the highest bit set, from 1; 0 for 0. */
static int fls64(uint64_t value)
{
	return value ? 64 - __builtin_clzll(value) : 0;
}

#define STAT_THRESHOLD_MAX 125

int calculate_normal_threshold(uint64_t managed_pages, unsigned int nr_cpus)
{
	int threshold = 2 * fls64(nr_cpus) * (1 + fls64(managed_pages >> (27 - PAGE_SHIFT)));

	return threshold < STAT_THRESHOLD_MAX ? threshold : STAT_THRESHOLD_MAX;
}

/* All CPUs together may not hide how far it is from the low watermark to the min watermark. */
int calculate_pressure_threshold(const struct zone *zone, unsigned int nr_cpus)
{
	uint64_t threshold = (zone->watermark[WMARK_LOW] - zone->watermark[WMARK_MIN]) / nr_cpus;

	return (int)clamp_u64(threshold, 1, STAT_THRESHOLD_MAX);
}

void __mod_free_pages(struct buddy *b, struct zone *zone, int64_t delta)
{
	struct zone_cpu_stat *stat = &zone->cpu_stat[b->this_cpu];
	int64_t diff = stat->diff + delta;

	if (diff > stat->threshold || diff < -(int64_t)stat->threshold) {
		zone->free_pages += (uint64_t)diff;
		diff = 0;
	}
	stat->diff = (int)diff;
}

void zone_set_reclaim_active(struct buddy *b, struct zone *zone, bool active)
{
	unsigned int id, flags = 0;

	zone->flags = active ? zone->flags | ZONE_RECLAIM_ACTIVE : zone->flags & ~ZONE_RECLAIM_ACTIVE;
	for (id = 0; id < b->nr_nodes * MAX_NR_ZONES; id++)
		flags |= b->zones[id].flags;
	set_slow(b, SLOW_RECLAIM, flags & ZONE_RECLAIM_ACTIVE);
}

/* The distances between the watermarks stay. */
static void set_movable_min(struct zone *zone)
{
	uint64_t min = clamp_u64(zone->managed_pages / 1024, 32, 128), was = zone->watermark[WMARK_MIN];
	unsigned int i;

	for (i = 0; i < NR_WMARK; i++)
		zone->watermark[i] += min - was;
}

void setup_per_zone_wmarks(struct buddy *b)
{
	unsigned int nr = b->nr_nodes * MAX_NR_ZONES, id;
	uint64_t lowmem_pages = 0;

	for (id = 0; id < nr; id++)
		if (!b->rules->movable_min || b->zones[id].idx != ZONE_MOVABLE)
			lowmem_pages += b->zones[id].managed_pages;
	for (id = 0; id < nr; id++) {
		struct zone *zone = &b->zones[id];
		struct zone_marks marks = zone_compute_wmarks(zone->managed_pages, lowmem_pages,
							      b->min_free_kbytes,
							      b->cfg.watermark_scale_factor);

		memcpy(zone->watermark, marks.watermark, sizeof(zone->watermark));
		if (b->rules->movable_min && zone->idx == ZONE_MOVABLE)
			set_movable_min(zone);
		zone->watermark_boost = 0;
		zone_update_low_mark(zone);
	}
	for (id = 0; id < nr; id++)
		zone_pcp_update(b, &b->zones[id]);
}

void setup_per_zone_lowmem_reserve(struct buddy *b)
{
	unsigned int nid, i;

	for (nid = 0; nid < b->nr_nodes; nid++) {
		struct zone *zones = &b->zones[nid * MAX_NR_ZONES];
		uint64_t managed[MAX_NR_ZONES], reserve[MAX_NR_ZONES][MAX_NR_ZONES];

		for (i = 0; i < MAX_NR_ZONES; i++)
			managed[i] = zones[i].managed_pages;
		compute_lowmem_reserve(managed, b->cfg.lowmem_reserve_ratio, reserve);
		for (i = 0; i < MAX_NR_ZONES; i++)
			memcpy(zones[i].lowmem_reserve, reserve[i], sizeof(reserve[i]));
	}
}

/* Frames above the high watermark that ordinary requests can have. */
static uint64_t nr_free_buffer_pages(const struct buddy *b)
{
	unsigned int id;
	uint64_t sum = 0;

	for (id = 0; id < b->nr_nodes * MAX_NR_ZONES; id++) {
		const struct zone *zone = &b->zones[id];
		uint64_t high = zone_watermark(zone, WMARK_HIGH);

		if (zone->idx <= gfp_zone(GFP_USER) && zone->managed_pages > high)
			sum += zone->managed_pages - high;
	}
	return sum;
}

void init_per_zone_wmark_min(struct buddy *b)
{
	unsigned int id, nr_zones = 0;
	uint64_t total = 0, recommended;

	b->min_free_kbytes = b->cfg.min_free_kbytes >= 0 ? (uint64_t)b->cfg.min_free_kbytes :
			     calculate_min_free_kbytes(nr_free_buffer_pages(b));
	setup_per_zone_wmarks(b);
	setup_per_zone_lowmem_reserve(b);
	if (b->cfg.min_free_kbytes >= 0)
		return;
	for (id = 0; id < b->nr_nodes * MAX_NR_ZONES; id++) {
		total += b->zones[id].managed_pages;
		nr_zones += zone_populated(&b->zones[id]) && b->zones[id].idx <= gfp_zone(GFP_USER);
	}
	recommended = recommended_min_free_kbytes(nr_zones, nr_free_buffer_pages(b));
	if (total < THP_MIN_PAGES || recommended <= b->min_free_kbytes)
		return;
	b->min_free_kbytes = recommended;
	setup_per_zone_wmarks(b);
}

/* ---- zonelists ----------------------------------------------------------- */

/*
 * The nearest node with memory that is not used yet: @node itself first, then
 * by distance; of equals the next one upwards, one without CPUs, and one that
 * fewer nodes fall back to first.
 */
static int find_next_best_node(const struct buddy *b, unsigned int node, bool *used,
			       const unsigned int *load)
{
	unsigned int n, best_val = UINT32_MAX;
	int best = -1;

	if (!used[node]) {
		used[node] = true;
		return (int)node;
	}
	for (n = 0; n < b->nr_nodes; n++) {
		unsigned int val;

		if (used[n] || !b->map->node[n].present)
			continue;
		val = b->map->distance[node][n] + (n < node) + (b->node_nr_cpus[n] != 0);
		val = val * LINUX_MAX_NUMNODES + load[n];
		if (val < best_val) {
			best_val = val;
			best = (int)n;
		}
	}
	if (best >= 0)
		used[best] = true;
	return best;
}

static unsigned int add_node_zones(struct buddy *b, struct zonelist *list, unsigned int at,
				   unsigned int nid)
{
	int idx;

	for (idx = MAX_NR_ZONES - 1; idx >= 0; idx--) {
		struct zone *zone = &b->zones[nid * MAX_NR_ZONES + (unsigned int)idx];

		if (zone_populated(zone))
			list->zone[at++] = zone;
	}
	return at;
}

static void build_short_ways(struct buddy *b)
{
	unsigned int cpu;
	gfp_t gfp;

	for (cpu = 0; cpu < b->nr_cpus; cpu++) {
		const struct zonelist *list = &b->zonelists[b->cpu_node[cpu] * NR_ZONELISTS];

		for (gfp = 0; gfp < GFP_PLACE_BITS; gfp++) {
			struct short_way *way = &b->short_way[cpu * GFP_PLACE_BITS + gfp];
			struct zone *const *z = list[ZONELIST_FALLBACK].zone;
			enum migratetype mt = gfp_migratetype(gfp);

			while (*z && (*z)->idx > gfp_zone(gfp))
				z++;
			way->list = &b->empty_list;
			way->zone = b->zones;
			if (!*z)
				continue;
			way->zone = *z;
			way->pcp = &(*z)->pcp[cpu];
			way->list = &way->pcp->lists[order_to_pindex(mt, 0)];
			way->state = page_state(page_flags_make(PG_allocated, 0, mt, (*z)->id), 1);
		}
	}
}

void build_all_zonelists(struct buddy *b)
{
	unsigned int load[MAX_NUMNODES] = { 0 }, nid;

	for (nid = 0; nid < b->nr_nodes; nid++) {
		struct zonelist *lists = &b->zonelists[nid * NR_ZONELISTS];
		bool used[MAX_NUMNODES] = { false };
		unsigned int prev = nid, at = 0;
		int next;

		add_node_zones(b, &lists[ZONELIST_NOFALLBACK], 0, nid);
		while ((next = find_next_best_node(b, nid, used, load)) >= 0) {
			const uint8_t *distance = b->map->distance[nid];

			/* The first of each group of equal distance gets some load. */
			if (distance[next] != distance[prev])
				load[next]++;
			prev = (unsigned int)next;
			at = add_node_zones(b, &lists[ZONELIST_FALLBACK], at, prev);
		}
	}
	build_short_ways(b);
}

unsigned int buddy_node_order(const struct buddy *b, unsigned int nid,
			      uint8_t order[MAX_NUMNODES])
{
	struct zone *const *z;
	unsigned int nr = 0;

	if (nid >= b->nr_nodes)
		return 0;
	/* A node's zones stand side by side. */
	for (z = b->zonelists[nid * NR_ZONELISTS + ZONELIST_FALLBACK].zone; *z; z++)
		if (!nr || order[nr - 1] != (*z)->nid)
			order[nr++] = (uint8_t)(*z)->nid;
	return nr;
}

/* ---- watermark checks ---------------------------------------------------- */

/* Frames that count as free but that a request with @alloc_flags can't have. */
static uint64_t nr_free_highatomic(const struct zone *zone)
{
	unsigned int order;
	uint64_t nr = 0;

	for (order = 0; order < NR_PAGE_ORDERS; order++)
		nr += zone->free_area[order].nr_mt[MIGRATE_HIGHATOMIC] << order;
	return nr;
}

static int64_t unusable_free(const struct zone *zone, unsigned int order, unsigned int alloc_flags)
{
	int64_t nr = (1 << order) - 1;

	if (unlikely(zone->nr_reserved_highatomic) && !(alloc_flags & ALLOC_RESERVES))
		nr += (int64_t)(zone->rules->highatomic_free ? nr_free_highatomic(zone) :
				zone->nr_reserved_highatomic);
	return nr;
}

bool __zone_watermark_ok(const struct zone *zone, unsigned int order, uint64_t mark,
			 enum zone_type highest_zoneidx, unsigned int alloc_flags, int64_t free_pages)
{
	int64_t min = (int64_t)mark;
	unsigned int o, mt;

	free_pages -= unusable_free(zone, order, alloc_flags);
	if (unlikely(alloc_flags & ALLOC_MIN_RESERVE)) {
		min -= min / 2;
		if (alloc_flags & ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (free_pages <= min + (int64_t)zone->lowmem_reserve[highest_zoneidx])
		return false;
	if (!order)
		return true;
	for (o = order; o < NR_PAGE_ORDERS; o++) {
		const struct free_area *area = &zone->free_area[o];

		if (!area->nr_free)
			continue;
		for (mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			if (area->nr_mt[mt])
				return true;
		if (alloc_flags & ALLOC_HIGHATOMIC && area->nr_mt[MIGRATE_HIGHATOMIC])
			return true;
	}
	return false;
}

bool zone_watermark_ok(const struct zone *zone, unsigned int order, uint64_t mark,
		       enum zone_type highest_zoneidx, unsigned int alloc_flags)
{
	return __zone_watermark_ok(zone, order, mark, highest_zoneidx, alloc_flags,
				   (int64_t)zone->free_pages);
}

bool zone_watermark_fast(const struct zone *zone, unsigned int order, uint64_t mark,
			 enum zone_type highest_zoneidx, unsigned int alloc_flags, gfp_t gfp)
{
	bool may_ignore_boost;

	if (zone_watermark_ok(zone, order, mark, highest_zoneidx, alloc_flags))
		return true;
	/* An atomic request for one frame need not heed a boost: that is kswapd's business. */
	may_ignore_boost = zone->rules->boost_for_high ? alloc_flags & ALLOC_MIN_RESERVE :
							 gfp & __GFP_ATOMIC;
	if (!order && may_ignore_boost && zone->watermark_boost &&
	    (alloc_flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN)
		return zone_watermark_ok(zone, order, zone->watermark[WMARK_MIN], highest_zoneidx,
					 alloc_flags);
	return false;
}

void wakeup_kswapd(struct buddy *b, const struct zone *zone, unsigned int order)
{
	struct zone *zones = &b->zones[zone->nid * MAX_NR_ZONES];
	unsigned int i;

	if (b->kswapd) {
		b->kswapd(b->kswapd_ctx, zone->nid, order);
		return;
	}
	for (i = 0; i < MAX_NR_ZONES; i++) {
		zones[i].watermark_boost = 0;
		zone_update_low_mark(&zones[i]);
	}
}
