/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: who allocated and who freed a frame, what to say about a free that
 * can't be right, and failures on demand. None of it is on the fast path
 * of an allocation; SLOW_* in private.h says when to come here.
 *
 * Differs from Linux: page_owner keeps a caller's number instead of a stack,
 * and a wrong free is refused, where Linux taints and leaks the page.
 *
 * Single-threaded: one thread drives a machine.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "buddy/owner.h"
#include "buddy/free_area.h"
#include "buddy/private.h"

/* One frame's history, indexed by pfn; all zero where nothing happened. */
struct owner_record {
	struct buddy_caller alloc, free;
	gfp_t gfp;
	uint8_t order;
	bool alloc_valid;
	bool free_valid;
};

int page_owner_create(struct buddy *b, struct kerror *err)
{
	void *mem;

	if (__builtin_mul_overflow((size_t)b->end_pfn, sizeof(*b->owner), &b->owner_bytes))
		return kerror_set(err, -ENOMEM, "page owner records of %u frames do not fit in memory",
				  b->end_pfn);
	mem = mmap(NULL, b->owner_bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		return kerror_set(err, -ENOMEM, "the host refuses %zu bytes for page owner records",
				  b->owner_bytes);
	b->owner = mem;
	set_slow(b, SLOW_OWNER, true);
	return 0;
}

void page_owner_destroy(struct buddy *b)
{
	if (b->owner)
		munmap(b->owner, b->owner_bytes);
}

void page_owner_alloc(struct buddy *b, uint32_t pfn, unsigned int order, gfp_t gfp)
{
	struct owner_record *record = &b->owner[pfn];

	record->alloc = b->caller;
	record->alloc_valid = true;
	record->order = (uint8_t)order;
	record->gfp = gfp;
}

void page_owner_free(struct buddy *b, uint32_t pfn)
{
	b->owner[pfn].free = b->caller;
	b->owner[pfn].free_valid = true;
}

void page_owner_split(struct buddy *b, uint32_t pfn, unsigned int old, unsigned int order)
{
	struct owner_record *record = &b->owner[pfn];
	unsigned int i;

	record->order = (uint8_t)order;
	for (i = 1U << order; i < 1U << old; i += 1U << order) {
		record[i].alloc = record->alloc;
		record[i].alloc_valid = record->alloc_valid;
		record[i].gfp = record->gfp;
		record[i].order = (uint8_t)order;
	}
}

bool buddy_page_owner(const struct buddy *b, pfn_t pfn, struct page_owner *owner)
{
	const struct owner_record *record;

	if (!b->owner || !pfn_in_map(b->map, pfn))
		return false;
	record = &b->owner[pfn.v];
	if (!record->alloc_valid && !record->free_valid)
		return false;
	*owner = (struct page_owner){
		.alloc = record->alloc, .free = record->free,
		.alloc_valid = record->alloc_valid, .free_valid = record->free_valid,
		.order = record->order, .gfp = record->gfp,
	};
	return true;
}

/* ---- wrong frees --------------------------------------------------------- */

/* Does @pfn lie inside a free block, be it linked, per-CPU or fresh? */
static bool inside_free_block(const struct buddy *b, uint32_t pfn)
{
	const struct zone *zone;
	unsigned int order;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		const struct page *head = &b->pages[pfn & ~((1U << order) - 1)];

		if (head->flags & (PG_buddy | PG_pcp) && page_order(head) >= order)
			return true;
	}
	for_each_populated_zone(b, zone)
		if (pfn_is_fresh(zone, pfn, NULL))
			return true;
	return false;
}

static int complain(struct buddy *b, enum buddy_complaint what, pfn_t pfn, unsigned int order,
		    unsigned int order_allocated)
{
	static const struct { enum buddy_counter counter; int error; } kinds[] = {
		[BUDDY_DOUBLE_FREE] = { BC_bad_free_double, -EALREADY },
		[BUDDY_WRONG_ORDER] = { BC_bad_free_order, -EDOM },
		[BUDDY_BAD_FRAME] = { BC_bad_free_range, -EINVAL },
	};
	struct buddy_report report = { .what = what, .pfn = pfn, .order = order,
				       .order_allocated = order_allocated };

	b->counters[kinds[what].counter]++;
	if (b->report) {
		report.owner_known = buddy_page_owner(b, pfn, &report.owner);
		b->report(b->report_ctx, &report);
	}
	return kinds[what].error;
}

int check_free_page(struct buddy *b, pfn_t pfn, unsigned int order)
{
	const struct page *page;

	if (!pfn_in_map(b->map, pfn) || !pagemap_present(b->map, pfn))
		return complain(b, BUDDY_BAD_FRAME, pfn, order, 0);
	page = page_from_pfn(b->map, pfn);
	if (!(page->flags & PG_allocated)) {
		bool twice = !(page->flags & PG_tail) &&
			     (page->flags & PG_isolated || inside_free_block(b, pfn.v));

		return complain(b, twice ? BUDDY_DOUBLE_FREE : BUDDY_BAD_FRAME, pfn, order, 0);
	}
	if (page->flags & (PG_slab | PG_large | PG_reserved))
		return complain(b, BUDDY_BAD_FRAME, pfn, order, 0);
	if (page_order(page) != order)
		return complain(b, BUDDY_WRONG_ORDER, pfn, order, page_order(page));
	return 0;
}

/* ---- failures on demand -------------------------------------------------- */

void buddy_set_fail(struct buddy *b, unsigned int interval, int64_t times, unsigned int min_order)
{
	b->fail_interval = interval;
	b->fail_times = times;
	b->fail_min_order = min_order;
	b->fail_seen = 0;
	set_slow(b, SLOW_FAIL, interval && times);
}

bool should_fail_alloc_page(struct buddy *b, unsigned int order)
{
	if (order < b->fail_min_order || ++b->fail_seen % b->fail_interval)
		return false;
	if (b->fail_times > 0 && --b->fail_times == 0)
		set_slow(b, SLOW_FAIL, false);
	return true;
}
