/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the rows of event_fields.h. No state. */
#include "sim/trace/event_fields.h"

#include <string.h>

static const struct event_row rows[] = {
	{ "kprobes", "slab_cpupart", EV_SLAB_CPUPART,
	  { { "cache=", "cache", TO_ADDR }, { "slab=", "slab", TO_ADDR2 }, { "drain=", "drain", TO_ARG } } },
	{ "kprobes", "pcp_drain", EV_PCP_DRAIN,
	  { { "zone=", "zone", TO_ADDR2 }, { "count=", "count", TO_ARG }, { "pcp=", "pcp", TO_ADDR },
	    { "pindex=", "pindex", TO_ORDER } } },
	{ "kprobes", "isolate_in", EV_ISOLATE_IN, { { "page=", "page", TO_ADDR }, { "order=", "order", TO_ORDER } } },
	{ "kprobes", "isolate_out", EV_ISOLATE_OUT, { { "ret=", "ret", TO_ARG } } },
	{ "kprobes", "player_op", EV_PLAYER_OP, { { "op=", "op", TO_ARG } } },
	{ "kprobes", "slab_alloc_in", EV_SLAB_ALLOC_IN,
	  { { "cache=", "cache", TO_ADDR }, { "flags=", "flags", TO_GFP } } },
	{ "kprobes", "slab_alloc_out", EV_SLAB_ALLOC_OUT, { { "slab=", "slab", TO_ADDR2 } } },
	{ "kprobes", "slab_free", EV_SLAB_FREE, { { "cache=", "cache", TO_ADDR }, { "slab=", "slab", TO_ADDR2 } } },
	{ "kprobes", "slab_unfreeze", EV_SLAB_UNFREEZE,
	  { { "cache=", "cache", TO_ADDR }, { "partial=", "partial", TO_ADDR2 } } },
	{ "kprobes", "slab_deact", EV_SLAB_DEACT, { { "cache=", "cache", TO_ADDR }, { "slab=", "slab", TO_ADDR2 } } },
	{ "kprobes", "slab_shrink", EV_SLAB_SHRINK, { { "cache=", "cache", TO_ADDR } } },
	{ "kprobes", "kbulk_alloc_in", EV_KBULK_ALLOC_IN,
	  { { "cache=", "cache", TO_ADDR }, { "flags=", "flags", TO_GFP }, { "size=", "size", TO_ARG },
	    { "p=", "p", TO_ADDR2 } } },
	{ "kprobes", "kbulk_alloc_out", EV_KBULK_ALLOC_OUT, { { "ret=", "ret", TO_ARG } } },
	{ "kprobes", "kbulk_free", EV_KBULK_FREE, { { "cache=", "cache", TO_ADDR }, { "size=", "size", TO_ARG } } },
	{ "kprobes", "bulk_in", EV_BULK_IN,
	  { { "gfp=", "gfp", TO_GFP }, { "nid=", "nid", TO_NODE }, { "nr=", "nr", TO_ARG } } },
	{ "kprobes", "bulk_out", EV_BULK_OUT, { { "ret=", "ret", TO_ARG } } },
	{ "kprobes", "free_one", EV_FREE_ONE,
	  { { "zone=", "zone", TO_ADDR2 }, { "pfn=", "pfn", TO_ADDR }, { "order=", "order", TO_ORDER },
	    { "mt=", "mt", TO_ARG } } },
	{ "kprobes", "drain_zone", EV_DRAIN_ZONE, { { "cpu=", "cpu", TO_ARG }, { "zone=", "zone", TO_ADDR2 } } },
	{ "kprobes", "vmstat_fold", EV_VMSTAT_FOLD, { { "do_pagesets=", "do_pagesets", TO_ARG } } },
	{ "kprobes", "balance_in", EV_BALANCE_IN,
	  { { "order=", "order", TO_ORDER }, { "highest=", "highest", TO_ARG } } },
	{ "kprobes", "balance_out", EV_BALANCE_OUT, { { "ret=", "ret", TO_ARG } } },
	{ "kprobes", "move_block", EV_MOVE_BLOCK,
	  { { "zone=", "zone", TO_ADDR2 }, { "page=", "page", TO_ADDR }, { "mt=", "mt", TO_TYPE } } },
	{ "kprobes", "set_block_mt", EV_SET_BLOCK_MT, { { "page=", "page", TO_ADDR }, { "mt=", "mt", TO_TYPE } } },
	{ "kprobes", "unreserve_ha", EV_UNRESERVE_HA, { { "force=", "force", TO_ARG } } },
	{ "kprobes", "putback_isolated", EV_PUTBACK_ISOLATED,
	  { { "page=", "page", TO_ADDR }, { "order=", "order", TO_ORDER }, { "mt=", "mt", TO_TYPE } } },
	{ "kprobes", "split_free", EV_SPLIT_FREE,
	  { { "page=", "page", TO_ADDR }, { "order=", "order", TO_ORDER }, { "off=", "off", TO_ARG } } },
	{ "compaction", "mm_compaction_begin", EV_COMPACT_BEGIN,
	  { { "zone_start=", "zone_start", TO_ARG }, { "migrate_pfn=", "migrate_pfn", TO_ADDR },
	    { "free_pfn=", "free_pfn", TO_ADDR2 } } },
	{ "compaction", "mm_compaction_end", EV_COMPACT_END,
	  { { "zone_start=", "zone_start", TO_ARG }, { "migrate_pfn=", "migrate_pfn", TO_ADDR },
	    { "free_pfn=", "free_pfn", TO_ADDR2 } } },
	{ "compaction", "mm_compaction_isolate_migratepages", EV_COMPACT_MIGRATE,
	  { { "range=(", "start_pfn", TO_ADDR }, { "~ ", "end_pfn", TO_ADDR2 },
	    { "nr_taken=", "nr_taken", TO_ARG } } },
	{ "compaction", "mm_compaction_isolate_freepages", EV_COMPACT_FREE,
	  { { "range=(", "start_pfn", TO_ADDR }, { "~ ", "end_pfn", TO_ADDR2 },
	    { "nr_taken=", "nr_taken", TO_ARG } } },
	{ "compaction", "mm_compaction_kcompactd_wake", EV_COMPACT_WAKE,
	  { { "nid=", "nid", TO_NODE }, { "order=", "order", TO_ORDER } } },
	{ "compaction", "mm_compaction_finished", EV_COMPACT_FINISHED,
	  { { "node=", "nid", TO_NODE }, { "order=", "order", TO_ARG } } },
	{ "compaction", "mm_compaction_try_to_compact_pages", EV_COMPACT_TRY,
	  { { "order=", "order", TO_ORDER }, { "gfp_mask=", "gfp_mask", TO_GFP_NAMES } } },
	{ "vmscan", "mm_vmscan_direct_reclaim_begin", EV_RECLAIM_BEGIN,
	  { { "order=", "order", TO_ORDER }, { "gfp_flags=", "gfp_flags", TO_GFP_NAMES } } },
	{ "vmscan", "mm_vmscan_direct_reclaim_end", EV_RECLAIM_END, { { NULL, NULL, TO_NONE } } },
	{ "compaction", "mm_compaction_suitable", EV_COMPACT_SUITABLE, { { "order=", "order", TO_ARG } } },
	{ "vmscan", "mm_vmscan_kswapd_sleep", EV_KSWAPD_SLEEP, { { "nid=", "nid", TO_NODE } } },
	{ "vmscan", "mm_vmscan_kswapd_wake", EV_KSWAPD_WAKE,
	  { { "nid=", "nid", TO_NODE }, { "order=", "order", TO_ORDER } } },
	{ "ftrace", "snap_fn", EV_SNAP_BEGIN, { { NULL, NULL, TO_NONE } } },
	/* These only inform: they are counted, and nothing of them is kept. */
	{ .system = "migrate", .name = "mm_migrate_pages_start", .kind = EV_MIGRATE_START },
	{ .system = "migrate", .name = "mm_migrate_pages", .kind = EV_MIGRATE_PAGES },
	{ .system = "migrate", .name = "set_migration_pte", .kind = EV_MIGRATE_PTE_SET },
	{ .system = "migrate", .name = "remove_migration_pte", .kind = EV_MIGRATE_PTE_REMOVE },
	{ .system = "exceptions", .name = "page_fault_user", .kind = EV_FAULT_USER },
	{ .system = "exceptions", .name = "page_fault_kernel", .kind = EV_FAULT_KERNEL },
	{ .system = "tlb", .name = "tlb_flush", .kind = EV_TLB_FLUSH },
	{ .system = "compaction", .name = "mm_compaction_migratepages", .kind = EV_COMPACT_MOVED },
	{ .system = "compaction", .name = "mm_compaction_fast_isolate_freepages", .kind = EV_COMPACT_FAST },
	{ .system = "compaction", .name = "mm_compaction_kcompactd_sleep", .kind = EV_COMPACT_SLEEP },
	{ .system = "compaction", .name = "mm_compaction_wakeup_kcompactd", .kind = EV_COMPACT_WAKEUP },
	{ .system = "compaction", .name = "mm_compaction_deferred", .kind = EV_COMPACT_DEFERRED },
	{ .system = "compaction", .name = "mm_compaction_defer_compaction", .kind = EV_COMPACT_DEFER },
	{ .system = "compaction", .name = "mm_compaction_defer_reset", .kind = EV_COMPACT_RESET },
	{ .system = "vmscan", .name = "mm_vmscan_wakeup_kswapd", .kind = EV_KSWAPD_WAKEUP },
	{ .system = "vmscan", .name = "mm_vmscan_lru_isolate", .kind = EV_LRU_ISOLATE },
	{ .system = "vmscan", .name = "mm_vmscan_lru_shrink_inactive", .kind = EV_LRU_INACTIVE },
	{ .system = "vmscan", .name = "mm_vmscan_lru_shrink_active", .kind = EV_LRU_ACTIVE },
	{ .system = "vmscan", .name = "mm_vmscan_write_folio", .kind = EV_RECLAIM_WRITE },
	{ .system = "vmscan", .name = "mm_vmscan_throttled", .kind = EV_RECLAIM_THROTTLED },
	{ .system = "vmscan", .name = "mm_vmscan_node_reclaim_begin", .kind = EV_NODE_RECLAIM_BEGIN },
	{ .system = "vmscan", .name = "mm_vmscan_node_reclaim_end", .kind = EV_NODE_RECLAIM_END },
	{ .system = "vmscan", .name = "mm_vmscan_memcg_reclaim_begin", .kind = EV_MEMCG_RECLAIM_BEGIN },
	{ .system = "vmscan", .name = "mm_vmscan_memcg_reclaim_end", .kind = EV_MEMCG_RECLAIM_END },
	{ .system = "vmscan", .name = "mm_shrink_slab_start", .kind = EV_SHRINK_BEGIN },
	{ .system = "vmscan", .name = "mm_shrink_slab_end", .kind = EV_SHRINK_END },
	{ .system = "huge_memory", .name = "mm_khugepaged_scan_pmd", .kind = EV_THP_SCAN },
	{ .system = "huge_memory", .name = "mm_collapse_huge_page", .kind = EV_THP_COLLAPSE },
	{ .system = "vmscan", .name = "mm_vmscan_writepage", .kind = EV_RECLAIM_WRITE },	/* before 6.1 */
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

const struct event_row *event_row_find(const char *system, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < NR_ROWS; i++)
		if (rows[i].name[0] == *name && !strncmp(rows[i].name, name, len) && !rows[i].name[len])
			return !system || !strcmp(rows[i].system, system) ? &rows[i] : NULL;
	return NULL;
}

const struct event_row *event_row_of(unsigned int kind)
{
	size_t i;

	for (i = 0; i < NR_ROWS; i++)
		if (rows[i].kind == kind)
			return &rows[i];
	return NULL;
}

bool event_row_store(struct event *ev, enum field_target to, uint64_t value)
{
	switch (to) {
	case TO_ADDR:
		ev->addr = value;
		return true;
	case TO_ADDR2:
		ev->addr2 = value;
		return true;
	case TO_ARG:
		ev->arg = (int32_t)value;
		return value == (uint64_t)(int64_t)ev->arg || value <= UINT32_MAX;
	case TO_ORDER:
		ev->order = (uint8_t)value;
		return value <= EVENT_MAX_PROBE_ORDER;
	case TO_TYPE:
		ev->migratetype = (uint8_t)value;
		return value <= EVENT_MAX_MIGRATETYPE;
	case TO_GFP:
		ev->gfp = (uint32_t)value;
		return value <= UINT32_MAX;
	case TO_NODE:
		ev->node = (int16_t)value;
		return (int64_t)value >= -1 && (int64_t)value <= EVENT_MAX_NODE;
	case TO_GFP_NAMES:
	case TO_NONE:
		break;
	}
	return false;
}
