/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what one zone consists of. Public for reading, so that reports,
 * snapshots and students can look at every list; only buddy/ writes to it.
 */
#ifndef KMEMSIM_BUDDY_ZONE_H
#define KMEMSIM_BUDDY_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "pagemap/pagemap.h"

/* As Debian's kernels have them: no CMA, so Isolate follows HighAtomic. */
enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES,
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,
	MIGRATE_ISOLATE,
	MIGRATE_TYPES
};

extern const char *const migratetype_names[MIGRATE_TYPES];	/* "Unmovable", ... */
extern const char *const zone_names[MAX_NR_ZONES];		/* "DMA", ... */

enum zone_watermarks {
	WMARK_MIN,
	WMARK_LOW,
	WMARK_HIGH,
	WMARK_PROMO,
	NR_WMARK
};

#define PAGE_ALLOC_COSTLY_ORDER 3
#define NR_PCP_THP 2
#define NR_LOWORDER_PCP_LISTS (MIGRATE_PCPTYPES * (PAGE_ALLOC_COSTLY_ORDER + 1))
#define NR_PCP_LISTS (NR_LOWORDER_PCP_LISTS + NR_PCP_THP)

/* A doubly linked list of blocks; the links are in struct page. */
struct page_list {
	uint32_t head;		/* PFN_NONE_VAL when empty */
	uint32_t tail;
};

struct free_area {
	struct page_list list[MIGRATE_TYPES];
	uint64_t nr_mt[MIGRATE_TYPES];	/* blocks in each list */
	uint64_t nr_free;		/* their sum */
};

struct per_cpu_pages {
	int count;		/* frames on all lists */
	int high;		/* frames; above it a free gives some back */
	int batch;		/* frames moved at a time */
	short free_factor;	/* each free in a row doubles what is given back */
	short expire;
	struct page_list lists[NR_PCP_LISTS];
} __attribute__((aligned(64)));

/*
 * Memory no one ever asked for. The kernel links its first free blocks into
 * the MOVABLE list of the largest order, one struct page each; that touches
 * 64 MiB of struct pages on a 64 GiB machine. Here the blocks from @start to
 * @end (pfns, multiples of the largest block) count as members of that list,
 * in ascending order, without being linked: they stand behind the linked
 * blocks of list[MIGRATE_MOVABLE] and before those of @behind. The nearest
 * relative in Linux is CONFIG_DEFERRED_STRUCT_PAGE_INIT.
 */
struct fresh_blocks {
	uint32_t start;
	uint32_t end;
	struct page_list behind;
};

struct zone {
	uint64_t watermark[NR_WMARK];	/* frames; without the boost */
	uint64_t watermark_boost;
	uint64_t lowmem_reserve[MAX_NR_ZONES];
	uint64_t free_pages;		/* in free lists, fresh blocks included */
	uint64_t nr_reserved_highatomic; /* frames */
	struct per_cpu_pages *pcp;	/* one a CPU */
	struct free_area free_area[NR_PAGE_ORDERS];

	unsigned int nid;
	enum zone_type idx;
	unsigned int id;		/* nid * MAX_NR_ZONES + idx, as in struct page */
	uint32_t start_pfn;
	uint32_t spanned_pages;
	uint64_t present_pages;
	uint64_t managed_pages;
	uint64_t allocated_pages;	/* owned by callers; kept apart from free_pages on purpose */
	unsigned int nr_fresh;		/* of fresh[], ascending */
	struct fresh_blocks fresh[MAX_MEM_RANGES];
};

static inline uint64_t zone_watermark(const struct zone *zone, enum zone_watermarks mark)
{
	return zone->watermark[mark] + zone->watermark_boost;
}

static inline bool zone_populated(const struct zone *zone)
{
	return zone->present_pages != 0;
}

#endif
