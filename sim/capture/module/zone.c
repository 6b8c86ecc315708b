/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page allocator's half of a snapshot: nodes, zonelists, zones with their
 * watermarks and counters, per-CPU lists and free lists in list order, the
 * type of each pageblock, the class of each page.
 *
 * Runs inside stop_machine (see mmsnap.h). Lists are followed for at most as
 * many steps as the machine has page frames, so that a list which does not close
 * costs a truncated snapshot and not the machine.
 */
#include "mmsnap.h"

#include <linux/cpumask.h>
#include <linux/memory_hotplug.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>

/* The migratetype a page had when it was freed into a per-CPU list: kept until 6.9. */
#define MMSNAP_PCP_KEEPS_TYPE (LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0))

/* "2 : 1f a0/3\n" after the label: the frames of a list, its head first. */
static void page_list(struct text *t, const struct list_head *head, bool with_type)
{
	const struct list_head *node;
	unsigned long n = 0, left;

	for (node = head->next; node != head && n < totalram_pages(); node = node->next)
		n++;
	if (node != head)
		t->oddities++;
	text_key_dec(t, " ", n);
	text_str(t, " :");
	for (node = head->next, left = n; left; node = node->next, left--) {
		const struct page *page = list_entry(node, struct page, lru);

		text_key_hex(t, " ", page_to_pfn(page));
		if (with_type && page->index >= MIGRATE_PCPTYPES)
			text_key_dec(t, "/", page->index);
	}
	text_str(t, "\n");
}

static void zone_numbers(struct text *t, struct zone *zone)
{
	int i, cpu;

	text_key_dec(t, "zone ", zone_to_nid(zone));
	text_key_dec(t, " ", zone_idx(zone));
	text_str(t, " ");
	text_str(t, zone->name);
	text_key_hex(t, " start ", zone->zone_start_pfn);
	text_key_hex(t, " spanned ", zone->spanned_pages);
	text_key_hex(t, " present ", zone->present_pages);
	text_key_hex(t, " managed ", zone_managed_pages(zone));
	text_key_dec(t, "\nwmark min ", zone->_watermark[WMARK_MIN]);
	text_key_dec(t, " low ", zone->_watermark[WMARK_LOW]);
	text_key_dec(t, " high ", zone->_watermark[WMARK_HIGH]);
	text_key_dec(t, " promo ", zone->_watermark[WMARK_PROMO]);
	text_key_dec(t, " boost ", zone->watermark_boost);
	text_str(t, "\nlowmem_reserve");
	for (i = 0; i < MAX_NR_ZONES; i++)
		text_key_dec(t, " ", zone->lowmem_reserve[i]);
	text_key_hex(t, "\nzflags ", zone->flags);
	text_key_dec(t, " nr_reserved_highatomic ", zone->nr_reserved_highatomic);
#ifdef CONFIG_MEMORY_ISOLATION
	text_key_dec(t, " nr_isolate_pageblock ", zone->nr_isolate_pageblock);
#else
	text_str(t, " nr_isolate_pageblock 0");
#endif
	text_key_dec(t, " percpu_drift_mark ", zone->percpu_drift_mark);
#ifdef CONFIG_COMPACTION
	text_key_hex(t, "\ncompact free_pfn ", zone->compact_cached_free_pfn);
	text_key_hex(t, " migrate_pfn ", zone->compact_cached_migrate_pfn[0]);
	text_key_hex(t, " ", zone->compact_cached_migrate_pfn[ASYNC_AND_SYNC - 1]);
	text_key_dec(t, " considered ", zone->compact_considered);
	text_key_dec(t, " defer_shift ", zone->compact_defer_shift);
	text_key_dec(t, " order_failed ", zone->compact_order_failed);
	text_key_dec(t, " skipped ", zone->compact_blockskip_flush);
#endif
	text_str(t, "\nzstat");
	for (i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		text_key_dec(t, " ", atomic_long_read(&zone->vm_stat[i]));
	text_str(t, "\n");
	for_each_online_cpu(cpu) {
		const struct per_cpu_zonestat *stat = per_cpu_ptr(zone->per_cpu_zonestats, cpu);

		text_key_dec(t, "zstatdiff ", cpu);
		text_key_dec(t, " thr ", stat->stat_threshold);
		for (i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
			text_key_dec(t, " ", stat->vm_stat_diff[i]);
		text_str(t, "\n");
	}
}

static void zone_pcp(struct text *t, struct zone *zone, int cpu)
{
	const struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);
	int i;

	text_key_dec(t, "pcp ", cpu);
	text_key_dec(t, " count ", pcp->count);
	text_key_dec(t, " high ", pcp->high);
	text_key_dec(t, " batch ", pcp->batch);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	text_key_dec(t, " free_factor ", pcp->free_factor);
#else
	text_key_dec(t, " high_min ", pcp->high_min);
	text_key_dec(t, " high_max ", pcp->high_max);
	text_key_dec(t, " flags ", pcp->flags);
	text_key_dec(t, " alloc_factor ", pcp->alloc_factor);
	text_key_dec(t, " free_count ", pcp->free_count);
#endif
#ifdef CONFIG_NUMA
	text_key_dec(t, " expire ", pcp->expire);
#else
	text_str(t, " expire 0");
#endif
	text_str(t, "\n");
	for (i = 0; i < NR_PCP_LISTS; i++) {
		if (list_empty(&pcp->lists[i]))
			continue;
		text_key_dec(t, "pcplist ", cpu);
		text_key_dec(t, " ", i);
		page_list(t, &pcp->lists[i], MMSNAP_PCP_KEEPS_TYPE);
	}
}

static void zone_free_lists(struct text *t, struct zone *zone)
{
	int order, type;

	for (order = 0; order < MMSNAP_ORDERS; order++) {
		for (type = 0; type < MIGRATE_TYPES; type++) {
			const struct list_head *head = &zone->free_area[order].free_list[type];

			if (list_empty(head))
				continue;
			text_key_dec(t, "free ", order);
			text_key_dec(t, " ", type);
			page_list(t, head, false);
		}
	}
	text_str(t, "nr_free");
	for (order = 0; order < MMSNAP_ORDERS; order++)
		text_key_dec(t, " ", zone->free_area[order].nr_free);
	text_str(t, "\n");
}

/*
 * The bits of a pageblock, read where the kernel keeps them: its own reader
 * is not exported.
 */
static unsigned int pageblock_bits(unsigned long pfn)
{
	const unsigned long *map = __pfn_to_section(pfn)->usage->pageblock_flags;
	unsigned long bit = ((pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order) * NR_PAGEBLOCK_BITS;

	return map[bit / BITS_PER_LONG] >> (bit % BITS_PER_LONG) & ((1u << NR_PAGEBLOCK_BITS) - 1);
}

static void zone_pageblocks(struct text *t, struct zone *zone)
{
	unsigned long pfn = zone->zone_start_pfn & ~(pageblock_nr_pages - 1);

	text_key_hex(t, "blocks ", pfn);
	text_str(t, " :");
	for (; pfn < zone_end_pfn(zone); pfn += pageblock_nr_pages) {
		if (pfn_valid(max(pfn, zone->zone_start_pfn)))
			text_hex(t, pageblock_bits(pfn));
		else
			text_str(t, ".");
	}
	text_str(t, "\n");
}

/*
 * The class of a page that is neither reserved nor free. Tails answer for
 * their head, as PageLRU() does where the allocator counts movable pages.
 */
static char class_in_use(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (folio_test_slab(folio))
		return 'S';
	if (PageTable(&folio->page))
		return 'T';
	if (!folio_ref_count(folio))
		return '0';
	if (folio_test_lru(folio)) {
		if (folio_test_anon(folio))
			return 'A';
		return folio_test_swapbacked(folio) ? 'H' : 'F';
	}
	if (__PageMovable(&folio->page))
		return 'M';
	if (folio_test_anon(folio))
		return 'a';
	if (folio->mapping)
		return 'f';
	return PageCompound(page) ? 'C' : 'U';
}

/* The class of the page at @pfn; *@n is how many frames the answer is good for. */
static char class_of(struct zone *zone, unsigned long pfn, unsigned long *n)
{
	struct page *page;

	*n = 1;
	if (!pfn_valid(pfn))
		return '-';
	page = pfn_to_page(pfn);
	if (page_zone(page) != zone)
		return '-';
	if (PageReserved(page))
		return 'R';
	if (PageBuddy(page)) {
		*n = 1UL << min_t(unsigned int, mmsnap_buddy_order(page), MMSNAP_ORDERS - 1);
		return 'B';
	}
	return class_in_use(page);
}

static void zone_pages(struct text *t, struct zone *zone)
{
	unsigned long pfn = zone->zone_start_pfn, start = pfn, n;
	char class = 0, next;
	char label[3] = " ";

	text_str(t, "pages");
	for (; pfn < zone_end_pfn(zone); pfn += n) {
		next = class_of(zone, pfn, &n);
		if (next == class)
			continue;
		if (class) {
			label[1] = class;
			text_key_hex(t, label, start);
			text_key_hex(t, "+", pfn - start);
		}
		class = next;
		start = pfn;
	}
	if (class) {
		label[1] = class;
		text_key_hex(t, label, start);
		text_key_hex(t, "+", pfn - start);
	}
	text_str(t, "\n");
}

static void one_zone(struct text *t, struct zone *zone)
{
	int cpu;

	zone_numbers(t, zone);
	for_each_online_cpu(cpu)
		zone_pcp(t, zone, cpu);
	zone_free_lists(t, zone);
	zone_pageblocks(t, zone);
	zone_pages(t, zone);
	text_str(t, "endzone\n");
}

static void one_node(struct text *t, pg_data_t *node)
{
	const struct zoneref *ref = node->node_zonelists[ZONELIST_FALLBACK]._zonerefs;
	int i;

	text_key_dec(t, "node ", node->node_id);
	text_key_hex(t, " start ", node->node_start_pfn);
	text_key_hex(t, " spanned ", node->node_spanned_pages);
	text_key_hex(t, " present ", node->node_present_pages);
	text_key_dec(t, " kswapd_order ", node->kswapd_order);
	text_key_dec(t, " kswapd_highest ", node->kswapd_highest_zoneidx);
	text_key_dec(t, " kswapd_failures ", node->kswapd_failures);
	text_key_dec(t, " totalreserve ", node->totalreserve_pages);
	text_str(t, "\nnstat");
	for (i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
		text_key_dec(t, " ", atomic_long_read(&node->vm_stat[i]));
	text_key_dec(t, "\nzonelist ", node->node_id);
	text_str(t, " :");
	for (; ref->zone; ref++) {
		text_key_dec(t, " ", zone_to_nid(ref->zone));
		text_key_dec(t, "/", zonelist_zone_idx((struct zoneref *)ref));
	}
	text_str(t, "\n");
}

/* Everything the page allocator knows, node by node and zone by zone. */
void mmsnap_zones(struct text *t)
{
	int nid, i;

	for_each_online_node(nid)
		one_node(t, NODE_DATA(nid));
	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (populated_zone(zone))
				one_zone(t, zone);
		}
	}
}
