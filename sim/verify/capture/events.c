/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: events between two snapshots, each number checked; see events.h. The
 * table has one row a kind of event and says what its numbers are. CPU and node
 * are checked for every kind alike, and so is the order but where it is none.
 *
 * Single-threaded: no state but the check's.
 */
#include "sim/verify/capture/events.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/pcp.h"
#include "sim/verify/capture/stop.h"

/* Frames that are never handed out. */
#define NEVER UINT32_MAX

/* What compaction isolates from one pageblock: a block may reach over it, into the next. */
#define MAX_ISOLATED (2 * MAX_ORDER_NR_PAGES)

/* Addresses below are none of a kernel: hashed for printing, or one of kmalloc's marks for "nothing". */
#define MIN_ADDRESS (UINT64_C(1) << 32)

const struct capture_fault_desc capture_fault_desc[NR_CAPTURE_FAULTS] = {
#define CAPTURE_FAULT_DESC(name, text) { #name, text },
	CAPTURE_FAULTS(CAPTURE_FAULT_DESC)
#undef CAPTURE_FAULT_DESC
};

/* ---- what the numbers of each kind are ----------------------------------- */

enum address_rule {
	ADDRESS_ANY,		/* only ever compared */
	ADDRESS_BLOCK,		/* pfn of 2^order frames */
	ADDRESS_TAKEN,		/* the same, allocated now, or EVENT_PFN_FAILED */
	ADDRESS_FREED,		/* the same, freed now */
	ADDRESS_BOUND,		/* pfn where a scanner stands: up to the end of the last pageblock */
	ADDRESS_PAGE,		/* of the struct page of a block */
	ADDRESS_PAGE_OR_0,
	ADDRESS_OBJECT,		/* of an object, if it is one of the kernel's */
	ADDRESS_LIST,		/* any, but the event lists objects */
};

enum arg_rule {
	ARG_ANY,		/* nothing but 0 or not 0 is asked of it */
	ARG_COUNT,		/* not negative */
	ARG_ISOLATED,		/* frames of one pageblock */
	ARG_ORDER,		/* -1: none */
	ARG_CPU,
	ARG_FRAME,		/* pfn */
	ARG_ZONE,		/* enum zone_type, or their number */
};

enum order_rule { ORDER_IS_ORDER, ORDER_IS_LIST };

/*
 * X(kind, addr, addr2, arg, order): a row for every kind, in the order of
 * EVENT_KINDS. ANY is written out, too: a kind without a row does not compile.
 */
#define RULES(X) \
	X(KMALLOC,           OBJECT,   ANY,        ANY,      ORDER) \
	X(KFREE,             OBJECT,   ANY,        ANY,      ORDER) \
	X(CACHE_ALLOC,       OBJECT,   ANY,        ANY,      ORDER) \
	X(CACHE_FREE,        OBJECT,   ANY,        ANY,      ORDER) \
	X(PAGE_ALLOC,        TAKEN,    ANY,        ANY,      ORDER) \
	X(PAGE_FREE,         FREED,    ANY,        ANY,      ORDER) \
	X(PAGE_FREE_BATCHED, BLOCK,    ANY,        ANY,      ORDER) \
	X(PAGE_FREE_OLD,     ANY,      ANY,        ANY,      ORDER) \
	X(PAGE_ZONE_LOCKED,  BLOCK,    ANY,        ANY,      ORDER) \
	X(PAGE_PCPU_DRAIN,   BLOCK,    ANY,        ANY,      ORDER) \
	X(PAGE_EXTFRAG,      BLOCK,    ANY,        ANY,      ORDER) \
	X(RSS_STAT,          ANY,      ANY,        ANY,      ORDER) \
	X(HEAP_ALLOC,        ANY,      ANY,        ANY,      ORDER) \
	X(HEAP_FREE,         ANY,      ANY,        ANY,      ORDER) \
	X(HEAP_REALLOC,      ANY,      ANY,        ANY,      ORDER) \
	X(SNAP_BEGIN,        ANY,      ANY,        ANY,      ORDER) \
	X(SNAP_END,          ANY,      ANY,        ANY,      ORDER) \
	X(BULK_IN,           ANY,      ANY,        COUNT,    ORDER) \
	X(BULK_OUT,          ANY,      ANY,        COUNT,    ORDER) \
	X(ISOLATE_IN,        PAGE,     ANY,        ANY,      ORDER) \
	X(ISOLATE_OUT,       ANY,      ANY,        COUNT,    ORDER) \
	X(PUTBACK_ISOLATED,  PAGE,     ANY,        ANY,      ORDER) \
	X(PCP_DRAIN,         ANY,      ANY,        COUNT,    LIST) \
	X(DRAIN_ZONE,        ANY,      ANY,        CPU,      ORDER) \
	X(FREE_ONE,          BLOCK,    ANY,        ANY,      ORDER) \
	X(MOVE_BLOCK,        PAGE,     ANY,        ANY,      ORDER) \
	X(SET_BLOCK_MT,      PAGE,     ANY,        ANY,      ORDER) \
	X(UNRESERVE_HA,      ANY,      ANY,        ANY,      ORDER) \
	X(SPLIT_FREE,        PAGE,     ANY,        ANY,      ORDER) \
	X(BALANCE_IN,        ANY,      ANY,        ZONE,     ORDER) \
	X(BALANCE_OUT,       ANY,      ANY,        ANY,      ORDER) \
	X(VMSTAT_FOLD,       ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_BEGIN,     BOUND,    BOUND,      FRAME,    ORDER) \
	X(COMPACT_END,       BOUND,    BOUND,      FRAME,    ORDER) \
	X(COMPACT_MIGRATE,   BOUND,    BOUND,      ISOLATED, ORDER) \
	X(COMPACT_FREE,      BOUND,    BOUND,      ISOLATED, ORDER) \
	X(COMPACT_WAKE,      ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_FINISHED,  ANY,      ANY,        ORDER,    ORDER) \
	X(COMPACT_TRY,       ANY,      ANY,        ANY,      ORDER) \
	X(RECLAIM_BEGIN,     ANY,      ANY,        ANY,      ORDER) \
	X(RECLAIM_END,       ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_SUITABLE,  ANY,      ANY,        ORDER,    ORDER) \
	X(KSWAPD_SLEEP,      ANY,      ANY,        ANY,      ORDER) \
	X(KSWAPD_WAKE,       ANY,      ANY,        ANY,      ORDER) \
	X(KBULK_ALLOC_IN,    ANY,      ANY,        COUNT,    ORDER) \
	X(KBULK_ALLOC_OUT,   ANY,      ANY,        COUNT,    ORDER) \
	X(KBULK_FREE,        LIST,     ANY,        COUNT,    ORDER) \
	X(SLAB_ALLOC_IN,     ANY,      ANY,        ANY,      ORDER) \
	X(SLAB_ALLOC_OUT,    ANY,      PAGE_OR_0,  ANY,      ORDER) \
	X(SLAB_FREE,         ANY,      PAGE_OR_0,  ANY,      ORDER) \
	X(SLAB_SHRINK,       ANY,      ANY,        ANY,      ORDER) \
	X(SLAB_DEACT,        ANY,      PAGE_OR_0,  ANY,      ORDER) \
	X(SLAB_CPUPART,      ANY,      PAGE_OR_0,  ANY,      ORDER) \
	X(SLAB_UNFREEZE,     ANY,      PAGE_OR_0,  ANY,      ORDER) \
	X(PLAYER_OP,         ANY,      ANY,        ANY,      ORDER) \
	X(MIGRATE_START,     ANY,      ANY,        ANY,      ORDER) \
	X(MIGRATE_PAGES,     ANY,      ANY,        ANY,      ORDER) \
	X(MIGRATE_PTE_SET,   ANY,      ANY,        ANY,      ORDER) \
	X(MIGRATE_PTE_REMOVE, ANY,      ANY,        ANY,      ORDER) \
	X(FAULT_USER,        ANY,      ANY,        ANY,      ORDER) \
	X(FAULT_KERNEL,      ANY,      ANY,        ANY,      ORDER) \
	X(TLB_FLUSH,         ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_MOVED,     ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_FAST,      ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_SLEEP,     ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_WAKEUP,    ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_DEFERRED,  ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_DEFER,     ANY,      ANY,        ANY,      ORDER) \
	X(COMPACT_RESET,     ANY,      ANY,        ANY,      ORDER) \
	X(KSWAPD_WAKEUP,     ANY,      ANY,        ANY,      ORDER) \
	X(LRU_ISOLATE,       ANY,      ANY,        ANY,      ORDER) \
	X(LRU_INACTIVE,      ANY,      ANY,        ANY,      ORDER) \
	X(LRU_ACTIVE,        ANY,      ANY,        ANY,      ORDER) \
	X(RECLAIM_WRITE,     ANY,      ANY,        ANY,      ORDER) \
	X(RECLAIM_THROTTLED, ANY,      ANY,        ANY,      ORDER) \
	X(NODE_RECLAIM_BEGIN, ANY,      ANY,        ANY,      ORDER) \
	X(NODE_RECLAIM_END,  ANY,      ANY,        ANY,      ORDER) \
	X(MEMCG_RECLAIM_BEGIN, ANY,      ANY,        ANY,      ORDER) \
	X(MEMCG_RECLAIM_END, ANY,      ANY,        ANY,      ORDER) \
	X(SHRINK_BEGIN,      ANY,      ANY,        ANY,      ORDER) \
	X(SHRINK_END,        ANY,      ANY,        ANY,      ORDER) \
	X(THP_SCAN,          ANY,      ANY,        ANY,      ORDER) \
	X(THP_COLLAPSE,      ANY,      ANY,        ANY,      ORDER) \
	X(UNKNOWN,           ANY,      ANY,        ANY,      ORDER)

#define RULE_COUNT(kind, addr_rule, addr2_rule, arg_rule, order_rule) + 1
_Static_assert(0 RULES(RULE_COUNT) == NR_EVENT_KINDS, "each kind of event has its row");
#undef RULE_COUNT

static const struct rule {
	enum address_rule addr, addr2;
	enum arg_rule arg;
	enum order_rule order;
} rules[NR_EVENT_KINDS] = {
#define RULE(kind, addr_rule, addr2_rule, arg_rule, order_rule) \
	[EV_##kind] = { ADDRESS_##addr_rule, ADDRESS_##addr2_rule, ARG_##arg_rule, ORDER_IS_##order_rule },
	RULES(RULE)
#undef RULE
};

/* ---- faults --------------------------------------------------------------- */

/* Always false: the event is skipped. */
static bool __attribute__((format(printf, 4, 5)))
is_fault(struct capture_check *ck, const struct event *ev, enum capture_fault fault, const char *fmt, ...)
{
	char number[96];
	va_list ap;

	if (ck->nr[fault]++)
		return false;
	va_start(ap, fmt);
	vsnprintf(number, sizeof(number), fmt, ap);
	va_end(ap);
	snprintf(ck->first[fault], sizeof(ck->first[fault]), "%.160s:%llu: %s: %s", ck->trace,
		 (unsigned long long)ev->line, event_kind_desc[ev->kind].tracepoint, number);
	return false;
}

const struct buddy_state_zone *capture_zone_of(const struct snapshot *snap, uint64_t pfn)
{
	const struct buddy_state_zone *zone;

	for_each_state_zone(&snap->state, zone)
		if (pfn >= zone->start_pfn && pfn - zone->start_pfn < zone->spanned_pages)
			return zone;
	return NULL;
}

static bool check_block(struct capture_check *ck, const struct event *ev, uint64_t pfn, unsigned int order)
{
	const struct buddy_state_zone *zone = capture_zone_of(ck->snap, pfn);
	uint32_t nr = 1U << order, i;

	if (pfn == EVENT_PFN_FAILED)
		return is_fault(ck, ev, FAULT_frame, "it names no frame");
	if (!zone)
		return is_fault(ck, ev, FAULT_frame, "frame %#llx lies in no zone", (unsigned long long)pfn);
	if (pfn & (nr - 1))
		return is_fault(ck, ev, FAULT_aligned, "frame %#llx begins no block of order %u",
				(unsigned long long)pfn, order);
	if (nr > zone->spanned_pages - (pfn - zone->start_pfn))
		return is_fault(ck, ev, FAULT_end, "the block of order %u at frame %#llx reaches over the end of "
				"zone %s", order, (unsigned long long)pfn, zone_names[zone->idx]);
	for (i = 0; i < nr; i++)
		if (ck->frame[pfn + i] == NEVER)
			return is_fault(ck, ev, FAULT_reserved, "frame %#llx is reserved, or a hole",
					(unsigned long long)pfn + i);
	return true;
}

/* A block that passed is allocated: none of it may be so already. */
static bool check_taken(struct capture_check *ck, const struct event *ev)
{
	uint32_t nr = 1U << ev->order, *frame = ck->frame + ev->addr, i;

	for (i = 0; i < nr; i++)
		if (frame[i])
			return is_fault(ck, ev, FAULT_twice, "frame %#llx was allocated in line %u, and not freed since",
					(unsigned long long)ev->addr + i, frame[i]);
	for (i = 0; i < nr; i++)
		frame[i] = ev->line < NEVER ? (uint32_t)ev->line : NEVER - 1;
	return true;
}

static bool check_page(struct capture_check *ck, const struct event *ev, uint64_t address)
{
	unsigned int bytes = ck->snap->struct_page;

	if (!bytes || address < ck->snap->vmemmap || (address - ck->snap->vmemmap) % bytes)
		return is_fault(ck, ev, FAULT_frame, "%#llx is no frame's struct page", (unsigned long long)address);
	return check_block(ck, ev, (address - ck->snap->vmemmap) / bytes, ev->order);
}

static bool check_object(struct capture_check *ck, const struct event *ev, uint64_t address)
{
	uint64_t offset = address - ck->snap->page_offset;

	if (address < MIN_ADDRESS)
		return true;
	if (address < ck->snap->page_offset || !capture_zone_of(ck->snap, offset >> PAGE_SHIFT))
		return is_fault(ck, ev, FAULT_object, "address %#llx lies in no frame",
				(unsigned long long)address);
	if (offset % sizeof(void *))
		return is_fault(ck, ev, FAULT_object, "no object begins at address %#llx",
				(unsigned long long)address);
	return true;
}

bool capture_next_address(const char **list, uint64_t *address)
{
	const char *p = strstr(*list, "0x");
	char *end;

	if (!p)
		return false;
	*address = strtoull(p, &end, 16);
	*list = end;
	return true;
}

static bool check_list(struct capture_check *ck, const struct event *ev, const char *list)
{
	uint64_t address;
	int32_t i;

	for (i = 0; i < ev->arg && capture_next_address(&list, &address); i++)
		if (!check_object(ck, ev, address))
			return false;
	return true;
}

static bool check_bound(struct capture_check *ck, const struct event *ev, uint64_t pfn)
{
	uint64_t end = ((uint64_t)ck->end_pfn + PAGEBLOCK_NR_PAGES - 1) & ~(uint64_t)(PAGEBLOCK_NR_PAGES - 1);

	return pfn <= end || is_fault(ck, ev, FAULT_frame, "frame %#llx lies behind all zones",
				      (unsigned long long)pfn);
}

static bool check_address(struct capture_check *ck, const struct event *ev, enum address_rule rule, uint64_t address,
			  const struct names *names)
{
	switch (rule) {
	case ADDRESS_BLOCK:
	case ADDRESS_FREED:
		return check_block(ck, ev, address, ev->order);
	case ADDRESS_TAKEN:
		return address == EVENT_PFN_FAILED || check_block(ck, ev, address, ev->order);
	case ADDRESS_BOUND:
		return check_bound(ck, ev, address);
	case ADDRESS_PAGE:
		return check_page(ck, ev, address);
	case ADDRESS_PAGE_OR_0:
		return !address || check_page(ck, ev, address);
	case ADDRESS_OBJECT:
		return check_object(ck, ev, address);
	case ADDRESS_LIST:
		return check_list(ck, ev, names_text(names, ev->cache));
	case ADDRESS_ANY:
		break;
	}
	return true;
}

static bool check_arg(struct capture_check *ck, const struct event *ev, enum arg_rule rule)
{
	int32_t arg = ev->arg;

	switch (rule) {
	case ARG_COUNT:
		return arg >= 0 || is_fault(ck, ev, FAULT_number, "%d is no count", arg);
	case ARG_ISOLATED:
		return (arg >= 0 && (uint32_t)arg <= MAX_ISOLATED) ||
		       is_fault(ck, ev, FAULT_number, "%d is no count of frames in a pageblock", arg);
	case ARG_ORDER:
		return (arg >= -1 && arg <= MAX_PAGE_ORDER) || is_fault(ck, ev, FAULT_order, "order %d", arg);
	case ARG_CPU:
		return (uint32_t)arg < ck->snap->state.nr_cpus || is_fault(ck, ev, FAULT_cpu, "CPU %d", arg);
	case ARG_FRAME:
		return capture_zone_of(ck->snap, (uint32_t)arg) ||
		       is_fault(ck, ev, FAULT_frame, "frame %#x lies in no zone", (unsigned int)arg);
	case ARG_ZONE:
		return (arg >= 0 && arg <= MAX_NR_ZONES) || is_fault(ck, ev, FAULT_number, "zone %d", arg);
	case ARG_ANY:
		break;
	}
	return true;
}

static bool check_event(struct capture_check *ck, const struct event *ev, const struct names *names)
{
	const struct rule *rule = &rules[ev->kind];

	/* No kernel's: nothing here looks at them. */
	if (event_is(ev->kind, EVENT_HEAP))
		return true;
	if (ev->cpu >= ck->snap->state.nr_cpus)
		return is_fault(ck, ev, FAULT_cpu, "CPU %u, but the snapshot has %u", ev->cpu, ck->snap->state.nr_cpus);
	if (ev->node != EVENT_NO_NODE && (ev->node < 0 || (unsigned int)ev->node >= ck->snap->nr_nodes))
		return is_fault(ck, ev, FAULT_node, "node %d, but the snapshot has %u", ev->node, ck->snap->nr_nodes);
	if (rule->order == ORDER_IS_ORDER && ev->order > MAX_PAGE_ORDER)
		return is_fault(ck, ev, FAULT_order, "order %u is above %u", ev->order, MAX_PAGE_ORDER);
	if (rule->order == ORDER_IS_LIST && ev->order >= NR_PCP_LISTS)
		return is_fault(ck, ev, FAULT_number, "per-CPU list %u of %u", ev->order, NR_PCP_LISTS);
	if (ev->migratetype >= MIGRATE_TYPES)
		return is_fault(ck, ev, FAULT_type, "migratetype %u is above %u", ev->migratetype, MIGRATE_TYPES - 1);
	/* Both bits together would be an index behind the types that can be asked for. */
	if ((ev->gfp & (__GFP_MOVABLE | __GFP_RECLAIMABLE)) == (__GFP_MOVABLE | __GFP_RECLAIMABLE))
		return is_fault(ck, ev, FAULT_type, "flags %#x ask for two migratetypes", ev->gfp);
	if (!check_arg(ck, ev, rule->arg) || !check_address(ck, ev, rule->addr, ev->addr, names) ||
	    (rule->addr2 && !check_address(ck, ev, rule->addr2, ev->addr2, names)))
		return false;
	if (rule->addr == ADDRESS_TAKEN && ev->addr != EVENT_PFN_FAILED)
		return check_taken(ck, ev);
	if (rule->addr == ADDRESS_FREED)
		memset(ck->frame + ev->addr, 0, sizeof(*ck->frame) << ev->order);
	return true;
}

/* ---- the walk -------------------------------------------------------------- */

static int prepare(struct capture_check *ck, struct kerror *err)
{
	const struct snapshot *snap = ck->snap;
	uint32_t i, j;

	ck->end_pfn = snapshot_end_pfn(snap);
	ck->frame = calloc((size_t)ck->end_pfn + 1, sizeof(*ck->frame));
	if (!ck->frame)
		return kerror_set(err, -ENOMEM, "no memory for the frames of %.100s", snap->name);
	for (i = 0; i < snap->nr_never; i++)
		for (j = 0; j < snap->never[i].nr; j++)
			ck->frame[snap->never[i].pfn + j] = NEVER;
	return 0;
}

struct walk {
	struct capture_check *ck;
	const struct names *names;
	capture_event_fn fn;
	void *ctx;
	bool inside, done;
};

static int walk_run(struct walk *walk, const struct event *ev, int64_t nr)
{
	int ret = 0;

	for (; !ret && !walk->done && nr; nr--, ev++) {
		if (ev->kind == EV_SNAP_END && !strcmp(names_text(walk->names, ev->cache), "A"))
			walk->inside = true;
		else if (ev->kind == EV_SNAP_BEGIN && !strcmp(names_text(walk->names, ev->cache), "B"))
			walk->done = walk->inside;
		else if (walk->inside && !check_event(walk->ck, ev, walk->names))
			walk->ck->nr_skipped++;
		else if (walk->inside)
			ret = walk->fn(walk->ctx, ev);
	}
	return ret;
}

int capture_events(struct capture_check *check, struct trace *trace, const char *name,
		   const struct snapshot *snap, capture_event_fn fn, void *ctx, struct kerror *err)
{
	struct walk walk = { .ck = check, .names = trace_names(trace), .fn = fn, .ctx = ctx };
	struct trace_cursor cur;
	const struct event *ev;
	int64_t nr = 0;
	int ret;

	*check = (struct capture_check){ .trace = name, .snap = snap };
	ret = prepare(check, err);
	if (!ret)
		ret = trace_cursor_init(&cur, trace, err);
	if (!ret) {
		while (!ret && !walk.done && (nr = trace_cursor_next(&cur, &ev, err)) > 0)
			ret = walk_run(&walk, ev, nr);
		trace_cursor_exit(&cur);
	}
	free(check->frame);
	check->frame = NULL;
	if (ret || nr < 0)
		return ret ? ret : (int)nr;
	if (walk.done || (walk.inside && verify_trace_stopped(trace)))
		return 0;
	if (verify_trace_stopped(trace))
		return kerror_set(err, -EINTR, "%.100s: interrupted before 'mmsnap end A'", name);
	return kerror_set(err, -ENODATA, "%.100s: there is no 'mmsnap %s'", name, walk.inside ? "begin B" : "end A");
}
