/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: events of ftrace that are no kmem tracepoints: kprobes that the
 * capture kit sets where the kernel has no tracepoint, compaction's own
 * tracepoints, and the marks of snapshots. One row of the table is one probe:
 * its name, its kind and where its fields go. Fields are looked for in the
 * row's order, which is the order in which they are printed.
 *
 * A return probe's caller, "(caller+0x1/0x2 <- probed)", becomes the call site.
 *
 * No state. Locking: none needed.
 */
#include <errno.h>
#include <string.h>

#include "buddy/gfp.h"
#include "sim/trace/text/ftrace.h"
#include "sim/trace/text/number.h"

enum target { TO_NONE, TO_ADDR, TO_ADDR2, TO_ARG, TO_ORDER, TO_TYPE, TO_GFP, TO_GFP_NAMES, TO_NODE };

#define MAX_PROBE_FIELDS 4

static const struct probe {
	const char *name;
	enum event_kind kind;
	struct {
		const char *key;
		enum target to;
	} field[MAX_PROBE_FIELDS];
} probes[] = {
	{ "slab_cpupart", EV_SLAB_CPUPART, { { "cache=", TO_ADDR }, { "slab=", TO_ADDR2 }, { "drain=", TO_ARG } } },
	{ "pcp_drain", EV_PCP_DRAIN, { { "zone=", TO_ADDR2 }, { "count=", TO_ARG }, { "pcp=", TO_ADDR },
				       { "pindex=", TO_ORDER } } },
	{ "isolate_in", EV_ISOLATE_IN, { { "page=", TO_ADDR }, { "order=", TO_ORDER } } },
	{ "isolate_out", EV_ISOLATE_OUT, { { "ret=", TO_ARG } } },
	{ "slab_alloc_in", EV_SLAB_ALLOC_IN, { { "cache=", TO_ADDR }, { "flags=", TO_GFP } } },
	{ "slab_alloc_out", EV_SLAB_ALLOC_OUT, { { "slab=", TO_ADDR2 } } },
	{ "slab_free", EV_SLAB_FREE, { { "cache=", TO_ADDR }, { "slab=", TO_ADDR2 } } },
	{ "slab_unfreeze", EV_SLAB_UNFREEZE, { { "cache=", TO_ADDR }, { "partial=", TO_ADDR2 } } },
	{ "slab_deact", EV_SLAB_DEACT, { { "cache=", TO_ADDR }, { "slab=", TO_ADDR2 } } },
	{ "slab_shrink", EV_SLAB_SHRINK, { { "cache=", TO_ADDR } } },
	{ "kbulk_alloc_in", EV_KBULK_ALLOC_IN, { { "cache=", TO_ADDR }, { "flags=", TO_GFP }, { "size=", TO_ARG },
						 { "p=", TO_ADDR2 } } },
	{ "kbulk_alloc_out", EV_KBULK_ALLOC_OUT, { { "ret=", TO_ARG } } },
	{ "kbulk_free", EV_KBULK_FREE, { { "cache=", TO_ADDR }, { "size=", TO_ARG } } },
	{ "bulk_in", EV_BULK_IN, { { "gfp=", TO_GFP }, { "nid=", TO_NODE }, { "nr=", TO_ARG } } },
	{ "bulk_out", EV_BULK_OUT, { { "ret=", TO_ARG } } },
	{ "free_one", EV_FREE_ONE, { { "zone=", TO_ADDR2 }, { "pfn=", TO_ADDR }, { "order=", TO_ORDER },
				     { "mt=", TO_ARG } } },
	{ "drain_zone", EV_DRAIN_ZONE, { { "cpu=", TO_ARG }, { "zone=", TO_ADDR2 } } },
	{ "vmstat_fold", EV_VMSTAT_FOLD, { { "do_pagesets=", TO_ARG } } },
	{ "balance_in", EV_BALANCE_IN, { { "order=", TO_ORDER }, { "highest=", TO_ARG } } },
	{ "balance_out", EV_BALANCE_OUT, { { "ret=", TO_ARG } } },
	{ "move_block", EV_MOVE_BLOCK, { { "zone=", TO_ADDR2 }, { "page=", TO_ADDR }, { "mt=", TO_TYPE } } },
	{ "set_block_mt", EV_SET_BLOCK_MT, { { "page=", TO_ADDR }, { "mt=", TO_TYPE } } },
	{ "unreserve_ha", EV_UNRESERVE_HA, { { "force=", TO_ARG } } },
	{ "putback_isolated", EV_PUTBACK_ISOLATED, { { "page=", TO_ADDR }, { "order=", TO_ORDER },
						     { "mt=", TO_TYPE } } },
	{ "split_free", EV_SPLIT_FREE, { { "page=", TO_ADDR }, { "order=", TO_ORDER }, { "off=", TO_ARG } } },
	{ "mm_compaction_begin", EV_COMPACT_BEGIN, { { "zone_start=", TO_ARG }, { "migrate_pfn=", TO_ADDR },
						     { "free_pfn=", TO_ADDR2 } } },
	{ "mm_compaction_end", EV_COMPACT_END, { { "zone_start=", TO_ARG }, { "migrate_pfn=", TO_ADDR },
						 { "free_pfn=", TO_ADDR2 } } },
	{ "mm_compaction_isolate_migratepages", EV_COMPACT_MIGRATE,
	  { { "range=(", TO_ADDR }, { "~ ", TO_ADDR2 }, { "nr_taken=", TO_ARG } } },
	{ "mm_compaction_isolate_freepages", EV_COMPACT_FREE,
	  { { "range=(", TO_ADDR }, { "~ ", TO_ADDR2 }, { "nr_taken=", TO_ARG } } },
	{ "mm_compaction_kcompactd_wake", EV_COMPACT_WAKE, { { "nid=", TO_NODE }, { "order=", TO_ORDER } } },
	{ "mm_compaction_finished", EV_COMPACT_FINISHED, { { "node=", TO_NODE }, { "order=", TO_ARG } } },
	{ "mm_compaction_try_to_compact_pages", EV_COMPACT_TRY,
	  { { "order=", TO_ORDER }, { "gfp_mask=", TO_GFP_NAMES } } },
	{ "mm_vmscan_direct_reclaim_begin", EV_RECLAIM_BEGIN, { { "order=", TO_ORDER }, { "gfp_flags=", TO_GFP_NAMES } } },
	{ "mm_vmscan_direct_reclaim_end", EV_RECLAIM_END, { { NULL, TO_NONE } } },
	{ "mm_compaction_suitable", EV_COMPACT_SUITABLE, { { "order=", TO_ARG } } },
	{ "mm_vmscan_kswapd_sleep", EV_KSWAPD_SLEEP, { { "nid=", TO_NODE } } },
	{ "mm_vmscan_kswapd_wake", EV_KSWAPD_WAKE, { { "nid=", TO_NODE }, { "order=", TO_ORDER } } },
	{ "snap_fn", EV_SNAP_BEGIN, { { NULL, TO_NONE } } },
};

#define NR_PROBES (int)(sizeof(probes) / sizeof(probes[0]))

int ftrace_probe_find(const char *name, size_t len)
{
	int i;

	for (i = 0; i < NR_PROBES; i++)
		if (probes[i].name[0] == *name && strlen(probes[i].name) == len &&
		    !memcmp(probes[i].name, name, len))
			return i;
	return -1;
}

static bool store(struct event *ev, enum target to, uint64_t value)
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

/* "mmsnap begin TAG" or "mmsnap end TAG len N". */
static int parse_snap(struct event *ev, struct names *names, const char *p, const char *end,
		      struct text_complaint *complaint)
{
	static const char begin[] = "mmsnap begin ", done[] = "mmsnap end ";
	const char *tag = NULL, *stop;

	if ((size_t)(end - p) > sizeof(begin) - 1 && !memcmp(p, begin, sizeof(begin) - 1)) {
		tag = p + sizeof(begin) - 1;
		ev->kind = EV_SNAP_BEGIN;
	} else if ((size_t)(end - p) > sizeof(done) - 1 && !memcmp(p, done, sizeof(done) - 1)) {
		tag = p + sizeof(done) - 1;
		ev->kind = EV_SNAP_END;
	}
	if (!tag) {
		text_complain(complaint, "snap_fn without 'mmsnap begin' or 'mmsnap end'");
		return -EBADMSG;
	}
	stop = memchr(tag, ' ', (size_t)(end - tag));
	ev->cache = names_intern(names, tag, (size_t)((stop ? stop : end) - tag));
	return ev->cache ? 0 : -ENOMEM;
}

/*
 * The addresses that kbulk_free lists, as many as were freed, are kept as they
 * are printed, for whoever wants them: no event has room for them.
 */
static int parse_addresses(struct event *ev, struct names *names, const char *p, const char *end)
{
	static const char before[] = " a={";
	const char *from = memmem(p, (size_t)(end - p), before, sizeof(before) - 1), *to;
	int32_t i;

	if (!from || ev->arg <= 0)
		return 0;
	from += sizeof(before) - 1;
	for (i = 0, to = from; i < ev->arg; i++) {
		const char *next = memmem(to, (size_t)(end - to), "0x", 2);

		if (!next)
			break;
		for (to = next + 2; to < end && *to != ',' && *to != '}'; to++)
			;
	}
	if (to == from)
		return 0;
	ev->cache = names_intern(names, from, (size_t)(to - from));
	return ev->cache ? 0 : -ENOMEM;
}

/* "mode=async" or "mode=sync". */
static void parse_mode(struct event *ev, const char *p, const char *end)
{
	ev->order = memmem(p, (size_t)(end - p), "mode=async", 10) != NULL;
}

static bool parse_gfp_names(struct event *ev, const char *p, const char *end)
{
	const char *stop = memchr(p, ' ', (size_t)(end - p));

	return !gfp_parse(p, (size_t)((stop ? stop : end) - p), &ev->gfp, NULL);
}

static int parse_caller(struct event *ev, struct names *names, const char *p, const char *end)
{
	const char *arrow;

	if (p == end || *p != '(')
		return 0;
	arrow = memmem(p, (size_t)(end - p), " <- ", 4);
	if (!arrow)
		return 0;
	ev->call_site = names_intern(names, p + 1, (size_t)(arrow - p - 1));
	return ev->call_site || arrow == p + 1 ? 0 : -ENOMEM;
}

int ftrace_probe_parse(int probe, struct names *names, struct event *ev, const char *p,
		       const char *end, struct text_complaint *complaint)
{
	const struct probe *row = &probes[probe];
	int i;

	while (p < end && *p == ' ')
		p++;
	ev->kind = (uint8_t)row->kind;
	if (row->kind == EV_SNAP_BEGIN)
		return parse_snap(ev, names, p, end, complaint);
	if (row->kind == EV_COMPACT_BEGIN)
		parse_mode(ev, p, end);
	if (parse_caller(ev, names, p, end))
		return -ENOMEM;
	for (i = 0; i < MAX_PROBE_FIELDS && row->field[i].key; i++) {
		size_t len = strlen(row->field[i].key);
		const char *at = memmem(p, (size_t)(end - p), row->field[i].key, len);
		uint64_t value;

		if (!at) {
			text_complain(complaint, "%s without %s", row->name, row->field[i].key);
			return -EBADMSG;
		}
		p = at + len;
		if (row->field[i].to == TO_GFP_NAMES) {
			if (!parse_gfp_names(ev, p, end)) {
				text_complain_value(complaint, row->field[i].key, p, end, "is no list of flags");
				return -EBADMSG;
			}
			continue;
		}
		if (!number_any(p, &value) || !store(ev, row->field[i].to, value)) {
			text_complain_value(complaint, row->field[i].key, p, end, "is no number that fits");
			return -EBADMSG;
		}
	}
	return row->kind == EV_KBULK_FREE ? parse_addresses(ev, names, p, end) : 0;
}
