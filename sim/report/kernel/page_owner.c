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

/* What the two kernels print differently; page_owner.h lists it. */
struct owner_form {
	unsigned int slab, head;	/* flags of struct page; 0: no flag any more */
	gfp_t no_gfp;			/* bits that this kernel does not have */
	bool hex_pfn;
	bool free_ts;			/* when the block was last freed */
	bool group_ts;			/* a group has the time of its first block */
};

static const struct owner_form forms[NR_BUDDY_KERNELS] = {
	[BUDDY_KERNEL_6_1] = { .slab = 1U << 9, .head = 1U << 16, .free_ts = true, .group_ts = true },
	[BUDDY_KERNEL_6_12] = { .hex_pfn = true, .head = 1U << 6, .no_gfp = __GFP_ATOMIC },
};

static void print_header(const struct owned *row, const struct owner_form *form, bool grouped, FILE *out)
{
	const struct page_owner *owner = &row->owner;
	gfp_t gfp = owner->gfp;
	char names[512];

	/* The name GFP_ATOMIC stands for the bits that the kernel gives it. */
	if ((gfp & GFP_ATOMIC) != GFP_ATOMIC)
		gfp &= ~form->no_gfp;
	gfp_format(names, sizeof(names), gfp);
	fprintf(out, "Page allocated via order %u, mask 0x%x(%s), pid %d, tgid %d (%s), ts ", owner->order,
		gfp & ~form->no_gfp, names, owner->alloc.pid, owner->alloc.pid, row->task);
	if (!grouped || form->group_ts)
		fprintf(out, "%" PRIu64, owner->alloc.time_ns);
	fputs(" ns", out);
	if (form->free_ts)
		fprintf(out, ", free_ts %" PRIu64 " ns", owner->free_valid ? owner->free.time_ns : 0);
	fputc('\n', out);
}

static void print_place(const struct buddy *b, const struct owned *row, const struct owner_form *form,
			const struct page *page, FILE *out)
{
	unsigned int slab = page->flags & PG_slab ? form->slab : 0;
	unsigned int head = page->flags & PG_head ? form->head : 0;
	unsigned int zone_id = page_zone_id(page);

	fprintf(out, form->hex_pfn ? "PFN 0x%x" : "PFN %u", row->pfn);
	fprintf(out, " type %s Block %u type %s Flags 0x%x(%s%snode=%u|zone=%u)\n",
		migratetype_names[requested_type(row->owner.gfp)], row->pfn >> PAGEBLOCK_ORDER,
		migratetype_names[buddy_pageblock_migratetype(b, pfn_make(row->pfn))], slab | head,
		slab ? "slab|" : "", head ? "head|" : "", zone_id / MAX_NR_ZONES, zone_id % MAX_NR_ZONES);
}

static void print_block(const struct buddy *b, const struct owned *row, bool grouped, FILE *out)
{
	const struct page *page = page_from_pfn(buddy_pagemap(b), pfn_make(row->pfn));
	const struct owner_form *form = &forms[buddy_kernel(b)];

	if (grouped)
		fprintf(out, "%" PRIu64 " times, %" PRIu64 " pages, allocated by %s :\n", row->times,
			row->pages, form->slab && page->flags & PG_slab ? "SLAB" : "OTHERS");
	print_header(row, form, grouped, out);
	if (!grouped)
		print_place(b, row, form, page, out);
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
