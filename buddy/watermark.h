/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how low a zone may sink, what it keeps for requests that can go
 * nowhere else, and how large its per-CPU lists may grow (zone.c); may this
 * request still have some (watermark.c); in which order zones are tried
 * (zonelist.c).
 *
 * Units: frames, except where the name says kbytes.
 *
 * Locking: none; one thread drives a machine.
 */
#ifndef KMEMSIM_BUDDY_WATERMARK_H
#define KMEMSIM_BUDDY_WATERMARK_H

#include "buddy/private.h"

/* Rule auto_high: high grows to this part of the zone, shared by its CPUs, at most. */
#define MIN_PCP_HIGH_FRACTION 8

/* ---- figures, as pure functions ------------------------------------------- */

struct zone_marks { uint64_t watermark[NR_WMARK]; };
struct zone_marks zone_compute_wmarks(uint64_t managed_pages, uint64_t lowmem_pages,
				      uint64_t min_free_kbytes, unsigned int watermark_scale_factor);
uint64_t calculate_min_free_kbytes(uint64_t free_buffer_pages);
uint64_t recommended_min_free_kbytes(unsigned int nr_zones, uint64_t free_buffer_pages);
void compute_lowmem_reserve(const uint64_t managed[MAX_NR_ZONES],
			    const unsigned int ratio[MAX_NR_ZONES],
			    uint64_t reserve[MAX_NR_ZONES][MAX_NR_ZONES]);
int zone_batchsize(uint64_t managed_pages);
int zone_highsize(uint64_t total_pages, int batch, unsigned int nr_split_cpus);
/*
 * How many frames a CPU may change NR_FREE_PAGES by before it adds them to the
 * zone's: normally, and while kswapd is awake. At most 125.
 */
int calculate_normal_threshold(uint64_t managed_pages, unsigned int nr_cpus);
int calculate_pressure_threshold(const struct zone *zone, unsigned int nr_cpus);

/* ---- applied to a machine -------------------------------------------------- */

void setup_per_zone_wmarks(struct buddy *b);
void setup_per_zone_lowmem_reserve(struct buddy *b);
void zone_pcp_update(struct buddy *b, struct zone *zone);
void init_per_zone_wmark_min(struct buddy *b);
void build_all_zonelists(struct buddy *b);

/* ---- a zone's state --------------------------------------------------------- */

static inline uint64_t zone_low_mark(const struct zone *zone)
{
	return zone_watermark(zone, zone->flags & ZONE_BELOW_HIGH ? WMARK_LOW : WMARK_HIGH) +
	       zone->nr_reserved_highatomic;
}
/*
 * To be called after a change of @zone's watermarks, boost, atomic reserve or
 * ZONE_BELOW_HIGH: low_mark follows from them.
 */
void zone_update_low_mark(struct zone *zone);
void zone_set_below_high(struct zone *zone, bool below);
/* While kswapd is at work per-CPU lists are kept short (ZONE_RECLAIM_ACTIVE). */
void zone_set_reclaim_active(struct buddy *b, struct zone *zone, bool active);

/* ---- checks ----------------------------------------------------------------- */

bool __zone_watermark_ok(const struct zone *zone, unsigned int order, uint64_t mark,
			 enum zone_type highest_zoneidx, unsigned int alloc_flags, int64_t free_pages);
bool zone_watermark_ok(const struct zone *zone, unsigned int order, uint64_t mark,
		       enum zone_type highest_zoneidx, unsigned int alloc_flags);
bool zone_watermark_fast(const struct zone *zone, unsigned int order, uint64_t mark,
			 enum zone_type highest_zoneidx, unsigned int alloc_flags, gfp_t gfp);
/* What happens where Linux wakes kswapd; see buddy_set_kswapd(). */
void wakeup_kswapd(struct buddy *b, const struct zone *zone, unsigned int order);

#endif
