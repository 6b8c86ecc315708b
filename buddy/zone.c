/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what follows from a zone's size: how low it may sink, what it keeps
 * for requests that can go nowhere else, and how large its per-CPU lists may
 * grow. The formulas are pure functions of frames, so that
 * they can be checked against any kernel's zoneinfo.
 *
 * Differs from Linux: all memory is there from the start, so the figures are
 * computed once.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <string.h>

#include "buddy/alloc.h"
#include "buddy/pcp.h"
#include "buddy/private.h"
#include "buddy/watermark.h"

#define STAT_THRESHOLD_MAX 125
#define MIN_FREE_KBYTES_FLOOR 128
#define MIN_FREE_KBYTES_CEILING 262144
/* Linux turns transparent huge pages, and with them the larger reserve, off below 512 MiB. */
#define THP_MIN_PAGES (512U << (20 - PAGE_SHIFT))

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

/* The place of the highest bit set, from 1; 0 for 0. */
static int fls64(uint64_t value)
{
	return value ? 64 - __builtin_clzll(value) : 0;
}

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

/* ---- applied to a machine ------------------------------------------------ */

void zone_pcp_update(struct buddy *b, struct zone *zone)
{
	unsigned int fraction = b->cfg.percpu_pagelist_high_fraction, cpu;
	unsigned int nr_cpus = b->node_nr_cpus[zone->nid];
	int batch = zone_batchsize(zone->managed_pages), high, high_max;
	struct per_cpu_pages *pcp;

	if (batch < 1)
		batch = 1;
	if (!nr_cpus)
		nr_cpus = b->nr_cpus;
	high = zone_highsize(fraction ? zone->managed_pages / fraction : zone_watermark(zone, WMARK_LOW),
			     batch, nr_cpus);
	high_max = fraction ? high : zone_highsize(zone->managed_pages / MIN_PCP_HIGH_FRACTION, batch, nr_cpus);
	for_each_pcp(b, zone, cpu, pcp) {
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
	uint64_t lowmem_pages = 0;
	struct zone *zone;

	for_each_zone(b, zone)
		if (!b->rules->movable_min || zone->idx != ZONE_MOVABLE)
			lowmem_pages += zone->managed_pages;
	for_each_zone(b, zone) {
		struct zone_marks marks = zone_compute_wmarks(zone->managed_pages, lowmem_pages,
							      b->min_free_kbytes,
							      b->cfg.watermark_scale_factor);

		memcpy(zone->watermark, marks.watermark, sizeof(zone->watermark));
		if (b->rules->movable_min && zone->idx == ZONE_MOVABLE)
			set_movable_min(zone);
		zone->watermark_boost = 0;
		zone_update_low_mark(zone);
	}
	for_each_populated_zone(b, zone)
		zone_pcp_update(b, zone);
}

void setup_per_zone_lowmem_reserve(struct buddy *b)
{
	struct zone *zone;
	unsigned int nid;

	for_each_node(b, nid) {
		uint64_t managed[MAX_NR_ZONES], reserve[MAX_NR_ZONES][MAX_NR_ZONES];

		for_each_zone_of_node(b, nid, zone)
			managed[zone->idx] = zone->managed_pages;
		compute_lowmem_reserve(managed, b->cfg.lowmem_reserve_ratio, reserve);
		for_each_zone_of_node(b, nid, zone)
			memcpy(zone->lowmem_reserve, reserve[zone->idx], sizeof(reserve[zone->idx]));
	}
}

/* Frames above the high watermark that ordinary requests can have. */
static uint64_t nr_free_buffer_pages(const struct buddy *b)
{
	const struct zone *zone;
	uint64_t sum = 0;

	for_each_populated_zone(b, zone) {
		uint64_t high = zone_watermark(zone, WMARK_HIGH);

		if (zone->idx <= gfp_zone(GFP_USER) && zone->managed_pages > high)
			sum += zone->managed_pages - high;
	}
	return sum;
}

void init_per_zone_wmark_min(struct buddy *b)
{
	uint64_t total = 0, recommended;
	unsigned int nr_zones = 0;
	const struct zone *zone;

	b->min_free_kbytes = b->cfg.min_free_kbytes >= 0 ? (uint64_t)b->cfg.min_free_kbytes :
			     calculate_min_free_kbytes(nr_free_buffer_pages(b));
	setup_per_zone_wmarks(b);
	setup_per_zone_lowmem_reserve(b);
	if (b->cfg.min_free_kbytes >= 0)
		return;
	for_each_populated_zone(b, zone) {
		total += zone->managed_pages;
		nr_zones += zone->idx <= gfp_zone(GFP_USER);
	}
	recommended = recommended_min_free_kbytes(nr_zones, nr_free_buffer_pages(b));
	if (total < THP_MIN_PAGES || recommended <= b->min_free_kbytes)
		return;
	b->min_free_kbytes = recommended;
	setup_per_zone_wmarks(b);
}
