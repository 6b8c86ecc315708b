/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a request that compacts for itself; see compact.h. Locking: none. */
#include "buddy/compact/compact.h"
#include "buddy/zone.h"

uint32_t alloc_pages_direct_compact(struct buddy *b, gfp_t gfp, unsigned int order, unsigned int alloc_flags,
				    const struct alloc_context *ac, enum compact_priority prio,
				    enum compact_result *result)
{
	struct zone *zone;
	uint32_t pfn;

	*result = COMPACT_SKIPPED;
	if (!order || !b->compact)
		return PFN_NONE_VAL;
	*result = try_to_compact_pages(b, order, alloc_flags, ac, prio, &pfn);
	if (*result == COMPACT_SKIPPED)
		return PFN_NONE_VAL;
	b->compact->counters[BUDDY_COMPACT_stall]++;
	if (pfn != PFN_NONE_VAL) {
		zone = page_zone(b, &b->pages[pfn]);
		prep_new_page(b, zone, pfn, order, gfp);
	} else {
		pfn = get_page_from_freelist(b, gfp, order, alloc_flags, ac);
	}
	if (pfn == PFN_NONE_VAL) {
		b->compact->counters[BUDDY_COMPACT_fail]++;
		return pfn;
	}
	zone = page_zone(b, &b->pages[pfn]);
	b->compact->zones[zone->id].blockskip_flush = false;
	compaction_defer_reset(b->compact, zone, order, true);
	b->compact->counters[BUDDY_COMPACT_success]++;
	return pfn;
}
