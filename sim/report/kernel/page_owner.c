/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the list of page owners; see page_owner.h. Single-threaded. */
#include "sim/report/kernel/page_owner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const page_owner_orders[NR_OWNER_ORDERS + 1] = {
	"pfn", "time", "pid", "task", "site", "order", "times", "pages", NULL
};

/* A block, or with times and pages the first block of an owner. */
struct owned {
	uint32_t pfn;
	uint64_t times, pages;
	struct page_owner owner;
	const char *task, *site;
};

struct owned_list {
	struct owned *row;
	size_t nr, size;
};

/* ---- gathering --------------------------------------------------------- */

static int add_block(struct owned_list *list, const struct buddy *b, const struct names *names,
		     uint32_t pfn)
{
	struct owned *row;

	if (list->nr == list->size) {
		size_t size = list->size ? list->size * 2 : 1024;
		struct owned *larger = reallocarray(list->row, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		list->row = larger;
		list->size = size;
	}
	row = &list->row[list->nr];
	if (!buddy_page_owner(b, pfn_make(pfn), &row->owner) || !row->owner.alloc_valid)
		return 0;
	row->pfn = pfn;
	row->times = 1;
	row->pages = 1ULL << row->owner.order;
	row->task = names_text(names, row->owner.alloc.task);
	row->site = names_text(names, row->owner.alloc.site);
	list->nr++;
	return 0;
}

static int gather(struct owned_list *list, const struct buddy *b, const struct names *names)
{
	const struct pagemap *map = buddy_pagemap(b);
	uint32_t pfn = 0;

	while (pfn < map->end_pfn) {
		const struct page *page = page_from_pfn(map, pfn_make(pfn));

		if (!(page->flags & PG_allocated)) {
			pfn++;
			continue;
		}
		if (add_block(list, b, names, pfn))
			return -ENOMEM;
		pfn += 1U << page_order(page);
	}
	return 0;
}

/* ---- sorting ----------------------------------------------------------- */

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_pfn(const struct owned *a, const struct owned *b)
{
	return compare_u64(a->pfn, b->pfn);
}

/* Whatever makes two blocks one owner's. */
static int by_owner(const struct owned *a, const struct owned *b)
{
	int diff = strcmp(a->task, b->task);

	if (!diff)
		diff = compare_u64((uint32_t)a->owner.alloc.pid, (uint32_t)b->owner.alloc.pid);
	if (!diff)
		diff = strcmp(a->site, b->site);
	if (!diff)
		diff = compare_u64(a->owner.order, b->owner.order);
	return diff ? diff : compare_u64(a->owner.gfp, b->owner.gfp);
}

static int compare_rows(const void *x, const void *y, void *order)
{
	const struct owned *a = x, *b = y;
	int diff = 0;

	switch (*(enum page_owner_order *)order) {
	case OWNER_BY_TIME:
		diff = compare_u64(a->owner.alloc.time_ns, b->owner.alloc.time_ns);
		break;
	case OWNER_BY_PID:
		diff = compare_u64((uint32_t)a->owner.alloc.pid, (uint32_t)b->owner.alloc.pid);
		break;
	case OWNER_BY_TASK:
		diff = strcmp(a->task, b->task);
		break;
	case OWNER_BY_SITE:
		diff = strcmp(a->site, b->site);
		break;
	case OWNER_BY_ORDER:
		diff = compare_u64(b->owner.order, a->owner.order);
		break;
	case OWNER_TIMES:
		diff = compare_u64(b->times, a->times);
		break;
	case OWNER_PAGES:
		diff = compare_u64(b->pages, a->pages);
		break;
	default:
		break;
	}
	return diff ? diff : by_pfn(a, b);
}

static int compare_owners(const void *x, const void *y)
{
	int diff = by_owner(x, y);

	return diff ? diff : by_pfn(x, y);
}

/* One row an owner, its first block's. */
static void group(struct owned_list *list)
{
	size_t i, nr = 0;

	qsort(list->row, list->nr, sizeof(*list->row), compare_owners);
	for (i = 0; i < list->nr; i++) {
		if (nr && !by_owner(&list->row[nr - 1], &list->row[i])) {
			list->row[nr - 1].times++;
			list->row[nr - 1].pages += list->row[i].pages;
		} else {
			list->row[nr++] = list->row[i];
		}
	}
	list->nr = nr;
}

/* ---- printing ---------------------------------------------------------- */

/* What the request asked for, which need not be its pageblock's type. */
static enum migratetype requested_type(gfp_t gfp)
{
	if (gfp & __GFP_MOVABLE)
		return MIGRATE_MOVABLE;
	return gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;
}

static void print_flags(const struct page *page, FILE *out)
{
	unsigned long slab = page->flags & PG_slab ? 1UL << 9 : 0;
	unsigned long head = page->flags & PG_head ? 1UL << 16 : 0;
	unsigned int zone_id = page_zone_id(page);

	fprintf(out, "Flags 0x%lx(%s%snode=%u|zone=%u)\n", slab | head, slab ? "slab|" : "",
		head ? "head|" : "", zone_id / MAX_NR_ZONES, zone_id % MAX_NR_ZONES);
}

static void print_block(const struct buddy *b, const struct owned *row, bool grouped, FILE *out)
{
	const struct page_owner *owner = &row->owner;
	uint64_t freed = owner->free_valid ? owner->free.time_ns : 0;
	char gfp[512];

	gfp_format(gfp, sizeof(gfp), owner->gfp);
	if (grouped)
		fprintf(out, "%" PRIu64 " times, %" PRIu64 " pages:\n", row->times, row->pages);
	fprintf(out, "Page allocated via order %u, mask 0x%x(%s), pid %d, tgid %d (%s), ts %" PRIu64
		" ns, free_ts %" PRIu64 " ns\n", owner->order, owner->gfp, gfp, owner->alloc.pid,
		owner->alloc.pid, row->task, owner->alloc.time_ns, freed);
	if (!grouped) {
		fprintf(out, "PFN %u type %s Block %u type %s ", row->pfn,
			migratetype_names[requested_type(owner->gfp)], row->pfn >> PAGEBLOCK_ORDER,
			migratetype_names[buddy_pageblock_migratetype(b, pfn_make(row->pfn))]);
		print_flags(page_from_pfn(buddy_pagemap(b), pfn_make(row->pfn)), out);
	}
	if (row->site[0])
		fprintf(out, " %s\n", row->site);
	fputc('\n', out);
}

int page_owner_print(const struct buddy *b, const struct names *names, enum page_owner_order order,
		     FILE *out, struct kerror *err)
{
	bool grouped = order == OWNER_TIMES || order == OWNER_PAGES;
	struct owned_list list = { .row = NULL };
	size_t i;

	if (gather(&list, b, names)) {
		free(list.row);
		return kerror_set(err, -ENOMEM, "no memory for the list of page owners");
	}
	if (grouped)
		group(&list);
	if (list.nr)
		qsort_r(list.row, list.nr, sizeof(*list.row), compare_rows, &order);
	for (i = 0; i < list.nr; i++)
		print_block(b, &list.row[i], grouped, out);
	free(list.row);
	return 0;
}
