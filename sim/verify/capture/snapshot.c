/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: snapshots of real kernels; see snapshot.h. The text is taken into
 * memory whole, because a free list is one line, however long it is.
 *
 * States: header -> node -> (zone .. endzone)* -> end. A line is dispatched by
 * its first word; words after it are read one by one, and the first that does
 * not fit ends it all.
 *
 * Single-threaded: no state outside the parser.
 */
#include "sim/verify/capture/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/capture/words.h"

#define SNAPSHOT_MAX_CPUS	MAX_CPUS
#define SNAPSHOT_MAX_ZONES	(MAX_NUMNODES * MAX_NR_ZONES)
/* The highest frame that a zone may reach: the pagemap rounds it up to a block. */
#define SNAPSHOT_MAX_PFN	(UINT32_MAX - (1U << 20))

struct parser {
	struct snapshot *snap;
	struct words w;
	struct buddy_state_zone *zone;	/* the open one */
	struct snapshot_compact *compact;
	uint32_t used_room, never_room;
	bool zones_only;
	bool seen_end;
	struct kerror *err;
};

/* ---- words and numbers --------------------------------------------------- */

static int bad(struct parser *ps, const char *what)
{
	return kerror_set(ps->err, -EBADMSG, "%.100s:%lu: %s", ps->snap->name, ps->w.line, what);
}

static int no_memory(struct parser *ps)
{
	return kerror_set(ps->err, -ENOMEM, "%.100s: no memory for this snapshot", ps->snap->name);
}

static bool next_pfn(struct parser *ps, uint32_t *pfn)
{
	uint64_t v;

	if (!words_u64(&ps->w, 16, SNAPSHOT_MAX_PFN, &v))
		return false;
	*pfn = (uint32_t)v;
	return true;
}

/* ---- header -------------------------------------------------------------- */

static int line_tag(struct parser *ps)
{
	const char *word;
	size_t len;

	if (!words_next(&ps->w, &word, &len) || len >= sizeof(ps->snap->tag))
		return bad(ps, "a tag of 1 to 7 letters is expected");
	memcpy(ps->snap->tag, word, len);
	return 0;
}

static int line_kernel(struct parser *ps)
{
	struct snapshot *snap = ps->snap;
	size_t len;

	words_more(&ps->w);
	len = (size_t)(ps->w.eol - ps->w.p);
	snprintf(snap->release, sizeof(snap->release), "%.*s",
		 (int)(len < sizeof(snap->release) ? len : sizeof(snap->release) - 1), ps->w.p);
	if (sscanf(snap->release, "%3u.%4u", &snap->version[0], &snap->version[1]) != 2)
		return bad(ps, "a kernel release such as 6.1.0 is expected");
	return 0;
}

static int line_page_offset(struct parser *ps)
{
	uint64_t size;

	if (!words_u64(&ps->w, 16, UINT64_MAX, &ps->snap->page_offset) || !words_expect(&ps->w, "vmemmap") ||
	    !words_u64(&ps->w, 16, UINT64_MAX, &ps->snap->vmemmap) || !words_expect(&ps->w, "struct_page") ||
	    !words_u64(&ps->w, 10, 4096, &size) || !size)
		return bad(ps, "expected: page_offset HEX vmemmap HEX struct_page BYTES");
	ps->snap->struct_page = (unsigned int)size;
	return 0;
}

/* Another geometry than this build's would load as nonsense. */
static int line_consts(struct parser *ps)
{
	static const struct {
		const char *name;
		unsigned int value;
	} consts[] = {
		{ "page_shift", PAGE_SHIFT }, { "pageblock_order", PAGEBLOCK_ORDER },
		{ "orders", NR_PAGE_ORDERS }, { "migrate_types", MIGRATE_TYPES },
		{ "pcptypes", MIGRATE_PCPTYPES }, { "pcp_lists", NR_PCP_LISTS },
		{ "costly", PAGE_ALLOC_COSTLY_ORDER }, { "zones", MAX_NR_ZONES },
	};
	const char *word;
	size_t len, i;

	while (words_next(&ps->w, &word, &len)) {
		char text[128];
		uint64_t value;

		if (!words_u64(&ps->w, 10, UINT32_MAX, &value))
			return bad(ps, "a constant without a number");
		for (i = 0; i < sizeof(consts) / sizeof(consts[0]); i++) {
			if (!word_is(word, len, consts[i].name) || value == consts[i].value)
				continue;
			snprintf(text, sizeof(text), "%s is %llu, but this build has %u", consts[i].name,
				 (unsigned long long)value, consts[i].value);
			return bad(ps, text);
		}
	}
	return 0;
}

static int line_cpus(struct parser *ps)
{
	struct buddy_state *state = &ps->snap->state;
	unsigned int cpu;

	if (state->nr_cpus)
		return bad(ps, "the CPUs were there before");
	while (ps->w.p < ps->w.eol) {
		if (!words_uint(&ps->w, SNAPSHOT_MAX_CPUS - 1, &cpu) || cpu != state->nr_cpus)
			return bad(ps, "CPUs must be numbered 0, 1, 2 ..");
		state->nr_cpus++;
	}
	return state->nr_cpus ? 0 : bad(ps, "no CPU");
}

static int line_node(struct parser *ps)
{
	unsigned int nid;

	if (!words_uint(&ps->w, MAX_NUMNODES - 1, &nid) || nid != ps->snap->nr_nodes)
		return bad(ps, "nodes must be numbered 0, 1, 2 ..");
	ps->snap->nr_nodes++;
	return 0;
}

static int line_zonelist(struct parser *ps)
{
	struct snapshot *snap = ps->snap;
	unsigned int node;

	if (!words_uint(&ps->w, MAX_NUMNODES - 1, &node) || !words_expect(&ps->w, ":"))
		return bad(ps, "expected: zonelist NODE : NODE/ZONE ..");
	while (words_more(&ps->w)) {
		uint64_t nid, idx;

		if (!words_until(&ps->w, 10, '/', MAX_NUMNODES - 1, &nid) ||
		    !words_u64(&ps->w, 10, MAX_NR_ZONES - 1, &idx))
			return bad(ps, "a zone is written NODE/ZONE");
		if (node)
			continue;
		if (snap->nr_zonelist == SNAPSHOT_MAX_ZONES)
			return bad(ps, "too many zones");
		snap->zonelist[snap->nr_zonelist++] = (uint8_t)(nid * MAX_NR_ZONES + idx);
	}
	return 0;
}

/* ---- one zone ------------------------------------------------------------ */

static int open_zone(struct parser *ps)
{
	struct snapshot *snap = ps->snap;
	struct buddy_state *state = &snap->state;
	size_t nr = state->nr_zones + 1;
	void *zones, *compact;

	if (ps->zone)
		return bad(ps, "a zone inside a zone");
	if (!state->nr_cpus)
		return bad(ps, "a zone before the CPUs");
	if (nr > SNAPSHOT_MAX_ZONES)
		return bad(ps, "too many zones");
	zones = realloc(state->zones, nr * sizeof(*state->zones));
	if (zones)
		state->zones = zones;
	compact = realloc(snap->compact, nr * sizeof(*snap->compact));
	if (compact)
		snap->compact = compact;
	if (!zones || !compact)
		return no_memory(ps);
	ps->zone = &state->zones[nr - 1];
	ps->compact = &snap->compact[nr - 1];
	memset(ps->zone, 0, sizeof(*ps->zone));
	memset(ps->compact, 0, sizeof(*ps->compact));
	state->nr_zones++;
	ps->zone->pcp = calloc(state->nr_cpus, sizeof(*ps->zone->pcp));
	return ps->zone->pcp ? 0 : no_memory(ps);
}

static int line_zone(struct parser *ps)
{
	const struct buddy_state_zone *before;
	unsigned int idx, nid;
	uint32_t start, spanned;
	const char *word;
	size_t len;
	int ret;

	ret = open_zone(ps);
	if (ret)
		return ret;
	if (!words_uint(&ps->w, MAX_NUMNODES - 1, &nid) || !words_uint(&ps->w, MAX_NR_ZONES - 1, &idx) ||
	    !words_next(&ps->w, &word, &len) || !words_expect(&ps->w, "start") || !next_pfn(ps, &start) ||
	    !words_expect(&ps->w, "spanned") || !next_pfn(ps, &spanned) || !words_expect(&ps->w, "present") ||
	    !words_u64(&ps->w, 16, spanned, &ps->zone->present_pages) || !words_expect(&ps->w, "managed") ||
	    !words_u64(&ps->w, 16, ps->zone->present_pages, &ps->zone->managed_pages))
		return bad(ps, "expected: zone NODE ZONE NAME start P spanned P present P managed P");
	if (!spanned || spanned > SNAPSHOT_MAX_PFN - start)
		return bad(ps, "the zone is empty or too large");
	for_each_state_zone(&ps->snap->state, before)
		if (before != ps->zone && before->nid == nid && before->idx == (enum zone_type)idx)
			return bad(ps, "this zone was there before");
	ps->zone->nid = nid;
	ps->zone->idx = (enum zone_type)idx;
	ps->zone->start_pfn = start;
	ps->zone->spanned_pages = spanned;
	return 0;
}

static int line_wmark(struct parser *ps)
{
	static const char *const names[] = { "min", "low", "high", "promo", "boost" };
	unsigned int i;

	for (i = 0; i <= NR_WMARK; i++) {
		uint64_t *to = i < NR_WMARK ? &ps->zone->watermark[i] : &ps->zone->watermark_boost;

		if (!words_expect(&ps->w, names[i]) || !words_u64(&ps->w, 10, UINT32_MAX, to))
			return bad(ps, "expected: wmark min N low N high N promo N boost N");
	}
	return 0;
}

static int line_lowmem_reserve(struct parser *ps)
{
	unsigned int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		if (!words_u64(&ps->w, 10, UINT32_MAX, &ps->zone->lowmem_reserve[i]))
			return bad(ps, "a reserve for each kind of zone is expected");
	return 0;
}

/* enum zone_flags: boosted watermark, reclaim active, below high (since 6.7). */
#define KERNEL_ZONE_BELOW_HIGH (1U << 2)

static int line_zflags(struct parser *ps)
{
	uint64_t flags, nr_isolate, drift_mark;

	if (!words_u64(&ps->w, 16, UINT64_MAX, &flags) || !words_expect(&ps->w, "nr_reserved_highatomic") ||
	    !words_u64(&ps->w, 10, UINT32_MAX, &ps->zone->nr_reserved_highatomic) ||
	    !words_expect(&ps->w, "nr_isolate_pageblock") || !words_u64(&ps->w, 10, UINT32_MAX, &nr_isolate) ||
	    !words_expect(&ps->w, "percpu_drift_mark") || !words_u64(&ps->w, 10, UINT32_MAX, &drift_mark))
		return bad(ps, "expected: zflags HEX nr_reserved_highatomic N ..");
	ps->zone->drifts = drift_mark;
	ps->zone->below_high = flags & KERNEL_ZONE_BELOW_HIGH;
	return 0;
}

static int line_compact(struct parser *ps)
{
	struct snapshot_compact *compact = ps->compact;
	unsigned int skipped;

	if (!words_expect(&ps->w, "free_pfn") || !next_pfn(ps, &compact->free_pfn) ||
	    !words_expect(&ps->w, "migrate_pfn") || !next_pfn(ps, &compact->migrate_pfn[0]) ||
	    !next_pfn(ps, &compact->migrate_pfn[1]) || !words_expect(&ps->w, "considered") ||
	    !words_uint(&ps->w, UINT32_MAX, &compact->considered) || !words_expect(&ps->w, "defer_shift") ||
	    !words_uint(&ps->w, 63, &compact->defer_shift) || !words_expect(&ps->w, "order_failed") ||
	    !words_int(&ps->w, &compact->order_failed) || !words_expect(&ps->w, "skipped") ||
	    !words_uint(&ps->w, 1, &skipped))
		return bad(ps, "expected: compact free_pfn P migrate_pfn P P considered N ..");
	compact->skipped = skipped;
	return 0;
}

static int line_zstat(struct parser *ps)
{
	int nr_free;

	if (!words_int(&ps->w, &nr_free))
		return bad(ps, "a number of free pages is expected");
	ps->zone->free_pages = nr_free;
	return 0;
}

static struct buddy_state_pcp *next_cpu(struct parser *ps)
{
	unsigned int cpu;

	if (!words_uint(&ps->w, SNAPSHOT_MAX_CPUS - 1, &cpu) || cpu >= ps->snap->state.nr_cpus)
		return NULL;
	return &ps->zone->pcp[cpu];
}

static int line_zstatdiff(struct parser *ps)
{
	struct buddy_state_pcp *pcp = next_cpu(ps);

	if (!pcp || !words_expect(&ps->w, "thr") || !words_int(&ps->w, &pcp->stat_threshold) ||
	    !words_int(&ps->w, &pcp->stat_diff))
		return bad(ps, "expected: zstatdiff CPU thr N N ..");
	return 0;
}

/* Which fields there are depends on the kernel's version. */
static int line_pcp(struct parser *ps)
{
	struct buddy_state_pcp *pcp = next_cpu(ps);
	const char *word;
	size_t len, i;

	if (!pcp)
		return bad(ps, "a CPU is expected");
	while (words_next(&ps->w, &word, &len)) {
		const struct {
			const char *name;
			int *to;
		} fields[] = {
			{ "count", &pcp->count }, { "high", &pcp->high }, { "batch", &pcp->batch },
			{ "high_min", &pcp->high_min }, { "high_max", &pcp->high_max },
			{ "free_factor", &pcp->free_factor }, { "free_count", &pcp->free_count },
			{ "alloc_factor", &pcp->alloc_factor }, { "flags", &pcp->flags },
			{ "expire", &pcp->expire },
		};
		int value;

		if (!words_int(&ps->w, &value) || value < 0)
			return bad(ps, "a field without a number");
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (word_is(word, len, fields[i].name))
				*fields[i].to = value;
	}
	return 0;
}

/* "pfn" or "pfn/type" */
static bool next_block(struct parser *ps, struct buddy_state_block *block, unsigned int mt)
{
	uint64_t pfn, type = mt;

	if (!words_digits(&ps->w, 16, SNAPSHOT_MAX_PFN, &pfn))
		return false;
	if (ps->w.p < ps->w.eol && *ps->w.p == '/') {
		ps->w.p++;
		if (!words_digits(&ps->w, 10, MIGRATE_TYPES - 1, &type))
			return false;
	}
	block->pfn = (uint32_t)pfn;
	block->mt = (uint32_t)type;
	return words_at_end(&ps->w);
}

/* "N : pfn pfn/type ..": as many frames as announced. */
static int read_list(struct parser *ps, struct buddy_state_list *list, unsigned int mt)
{
	uint64_t nr;

	if (list->block)
		return bad(ps, "this list was there before");
	if (!words_u64(&ps->w, 10, ps->zone->spanned_pages, &nr) || !words_expect(&ps->w, ":"))
		return bad(ps, "expected: N : P P ..");
	if (!nr)
		return words_more(&ps->w) ? bad(ps, "an empty list with frames in it") : 0;
	list->block = malloc((size_t)nr * sizeof(*list->block));
	if (!list->block)
		return no_memory(ps);
	while (words_more(&ps->w)) {
		if (list->nr == nr)
			return bad(ps, "more frames than announced");
		if (!next_block(ps, &list->block[list->nr], mt))
			return bad(ps, "a frame is written PFN or PFN/TYPE");
		list->nr++;
	}
	return list->nr == nr ? 0 : bad(ps, "fewer frames than announced");
}

static int line_pcplist(struct parser *ps)
{
	struct buddy_state_pcp *pcp = next_cpu(ps);
	unsigned int pindex, mt;

	if (!pcp || !words_uint(&ps->w, NR_PCP_LISTS - 1, &pindex))
		return bad(ps, "expected: pcplist CPU INDEX N : P ..");
	mt = pindex % MIGRATE_PCPTYPES;
	/* What huge pages have: one list for movable ones, one for all others. */
	if (pindex >= NR_LOWORDER_PCP_LISTS)
		mt = pindex > NR_LOWORDER_PCP_LISTS ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE;
	return read_list(ps, &pcp->list[pindex], mt);
}

static int line_free(struct parser *ps)
{
	unsigned int order, mt;

	if (!words_uint(&ps->w, MAX_PAGE_ORDER, &order) || !words_uint(&ps->w, MIGRATE_TYPES - 1, &mt))
		return bad(ps, "expected: free ORDER TYPE N : P ..");
	return read_list(ps, &ps->zone->free[order][mt], mt);
}

static int line_nr_free(struct parser *ps)
{
	unsigned int order, mt;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		uint64_t nr, sum = 0;

		if (!words_u64(&ps->w, 10, UINT32_MAX, &nr))
			return bad(ps, "a number for each order is expected");
		for (mt = 0; mt < MIGRATE_TYPES; mt++)
			sum += ps->zone->free[order][mt].nr;
		if (sum != nr)
			return bad(ps, "nr_free is not what the lists hold");
	}
	return 0;
}

static int line_blocks(struct parser *ps)
{
	uint32_t first = ps->zone->start_pfn & ~(PAGEBLOCK_NR_PAGES - 1), start;
	const char *word;
	size_t len, i;

	if (!next_pfn(ps, &start) || !words_next(&ps->w, &word, &len) || *word != ':')
		return bad(ps, "expected: blocks P :TYPES");
	if (start != first || ps->zone->pageblock)
		return bad(ps, "pageblocks must begin where the zone does, and once");
	word++;
	len--;
	if (!len || (uint64_t)first + len * PAGEBLOCK_NR_PAGES <
	    (uint64_t)ps->zone->start_pfn + ps->zone->spanned_pages ||
	    len > ps->zone->spanned_pages / PAGEBLOCK_NR_PAGES + 2)
		return bad(ps, "not as many pageblocks as the zone has");
	ps->zone->pageblock = malloc(len);
	if (!ps->zone->pageblock)
		return no_memory(ps);
	ps->zone->nr_pageblocks = (uint32_t)len;
	for (i = 0; i < len; i++) {
		unsigned int digit = words_digit[(unsigned char)word[i]];

		/* The top bit says that compaction should skip it. */
		if (word[i] == '.')
			ps->zone->pageblock[i] = STATE_NO_PAGEBLOCK;
		else if (digit < 16 && (digit & 7) < MIGRATE_TYPES)
			ps->zone->pageblock[i] = digit & 7;
		else
			return bad(ps, "a pageblock of no known type");
	}
	return 0;
}

/* Room for one more of @size bytes in @*array; doubles. NULL: no memory. */
static void *push(void *array, uint32_t *nr, uint32_t *room, size_t size)
{
	char **at = array;

	if (*nr == *room) {
		uint32_t want = *room ? *room * 2 : 64;
		char *grown = want > *room ? realloc(*at, want * size) : NULL;

		if (!grown)
			return NULL;
		*at = grown;
		*room = want;
	}
	return *at + (size_t)(*nr)++ * size;
}

/* 'R' reserved, '-' a hole; 'B' free: the lists have them. All others are in use. */
static int add_run(struct parser *ps, char kind, uint32_t pfn, uint32_t nr)
{
	static const char used[] = "STAHFafMCU0", movable[] = "AHFM";
	struct buddy_state_zone *zone = ps->zone;

	if (kind == 'R' || kind == '-') {
		struct snapshot_frames *never = push(&ps->snap->never, &ps->snap->nr_never, &ps->never_room,
						     sizeof(*never));

		if (!never)
			return no_memory(ps);
		*never = (struct snapshot_frames){ .pfn = pfn, .nr = nr };
	} else if (strchr(used, kind) && !ps->zones_only) {
		struct buddy_state_used *run = push(&zone->used, &zone->nr_used, &ps->used_room, sizeof(*run));

		if (!run)
			return no_memory(ps);
		*run = (struct buddy_state_used){ .pfn = pfn, .nr = nr, .movable = strchr(movable, kind) };
	} else if (kind != 'B' && !strchr(used, kind)) {
		return bad(ps, "frames of no known kind");
	}
	return 0;
}

/* Runs of frames by what they are used for. */
static int line_pages(struct parser *ps)
{
	struct buddy_state_zone *zone = ps->zone;
	int ret = 0;

	if (zone->used)
		return bad(ps, "the frames were there before");
	ps->used_room = 0;
	while (!ret && words_more(&ps->w)) {
		char kind = *ps->w.p++;
		uint64_t pfn, nr;

		if (!kind || !words_digits(&ps->w, 16, SNAPSHOT_MAX_PFN, &pfn) || ps->w.p == ps->w.eol ||
		    *ps->w.p++ != '+' || !words_digits(&ps->w, 16, SNAPSHOT_MAX_PFN, &nr) ||
		    !words_at_end(&ps->w))
			return bad(ps, "a run of frames is written KIND PFN+NUMBER");
		if (pfn < zone->start_pfn || pfn - zone->start_pfn + nr > zone->spanned_pages)
			return bad(ps, "frames outside of the zone");
		ret = add_run(ps, kind, (uint32_t)pfn, (uint32_t)nr);
	}
	return ret;
}

static int line_endzone(struct parser *ps)
{
	if (!ps->zone->pageblock && !ps->zones_only)
		return bad(ps, "a zone without pageblocks");
	ps->zone = NULL;
	return 0;
}

static int line_end(struct parser *ps)
{
	const char *word;
	size_t len;

	if (words_next(&ps->w, &word, &len))
		return bad(ps, "the module's buffer was too small: this snapshot is truncated");
	if (ps->zone)
		return bad(ps, "the end inside a zone");
	ps->seen_end = true;
	return 0;
}

static int line_ignored(struct parser *ps)
{
	return 0;
}

static const struct line_kind {
	const char *word;
	int (*fn)(struct parser *ps);
	bool in_zone;
	bool list;	/* what snapshot_parse_zones() does without */
} line_kinds[] = {
	{ "slab", line_ignored, false, false },
	{ "free", line_free, true, true },
	{ "pcplist", line_pcplist, true, true },
	{ "pcp", line_pcp, true, false },
	{ "zstatdiff", line_zstatdiff, true, false },
	{ "zstat", line_zstat, true, false },
	{ "zone", line_zone, false, false },
	{ "wmark", line_wmark, true, false },
	{ "lowmem_reserve", line_lowmem_reserve, true, false },
	{ "zflags", line_zflags, true, false },
	{ "compact", line_compact, true, false },
	{ "nr_free", line_nr_free, true, true },
	{ "blocks", line_blocks, true, true },
	{ "pages", line_pages, true, false },
	{ "endzone", line_endzone, true, false },
	{ "tag", line_tag, false, false },
	{ "kernel", line_kernel, false, false },
	{ "ktime", line_ignored, false, false },
	{ "page_offset", line_page_offset, false, false },
	{ "consts", line_consts, false, false },
	{ "cpus", line_cpus, false, false },
	{ "node", line_node, false, false },
	{ "nstat", line_ignored, false, false },
	{ "zonelist", line_zonelist, false, false },
	{ "cache", line_ignored, false, false },
	{ "rseq", line_ignored, false, false },
	{ "cpuslab", line_ignored, false, false },
	{ "cpupartial", line_ignored, false, false },
	{ "nodepartial", line_ignored, false, false },
	{ "end", line_end, false, false },
};

static int parse_line(struct parser *ps)
{
	const char *word;
	size_t len, i;

	if (!words_next(&ps->w, &word, &len))
		return 0;
	if (ps->w.line == 1)
		return word_is(word, len, "mmsnap") && words_expect(&ps->w, "1") ? 0 :
		       bad(ps, "this is no snapshot (the first line must be: mmsnap 1)");
	if (ps->seen_end)
		return bad(ps, "something behind the end");
	for (i = 0; i < sizeof(line_kinds) / sizeof(line_kinds[0]); i++) {
		if (*word != *line_kinds[i].word || !word_is(word, len, line_kinds[i].word))
			continue;
		if (line_kinds[i].in_zone && !ps->zone)
			return bad(ps, "a line about a zone outside of one");
		return ps->zones_only && line_kinds[i].list ? 0 : line_kinds[i].fn(ps);
	}
	return bad(ps, "a line that starts with no known word");
}

static int parse(struct snapshot **out, const char *name, const char *text, size_t len, bool zones_only,
		 struct kerror *err)
{
	struct parser ps = { .zones_only = zones_only, .err = err };
	int ret = 0;

	ps.snap = calloc(1, sizeof(*ps.snap));
	if (ps.snap)
		ps.snap->name = strdup(name);
	if (!ps.snap || !ps.snap->name) {
		snapshot_free(ps.snap);
		return kerror_set(err, -ENOMEM, "no memory for a snapshot");
	}
	words_init(&ps.w, text, len);
	while (!ret && words_next_line(&ps.w))
		ret = parse_line(&ps);
	if (!ret && !ps.seen_end)
		ret = bad(&ps, "this snapshot has no end");
	if (!ret && !ps.snap->state.nr_zones)
		ret = bad(&ps, "this snapshot has no zone");
	if (ret) {
		snapshot_free(ps.snap);
		return ret;
	}
	*out = ps.snap;
	return 0;
}

int snapshot_parse(struct snapshot **out, const char *name, const char *text, size_t len,
		   struct kerror *err)
{
	return parse(out, name, text, len, false, err);
}

int snapshot_parse_zones(struct snapshot **out, const char *name, const char *text, size_t len,
			 struct kerror *err)
{
	return parse(out, name, text, len, true, err);
}

static void free_zone(struct buddy_state_zone *zone, unsigned int nr_cpus)
{
	unsigned int order, mt, cpu, i;

	for (order = 0; order < NR_PAGE_ORDERS; order++)
		for (mt = 0; mt < MIGRATE_TYPES; mt++)
			free(zone->free[order][mt].block);
	for (cpu = 0; zone->pcp && cpu < nr_cpus; cpu++)
		for (i = 0; i < NR_PCP_LISTS; i++)
			free(zone->pcp[cpu].list[i].block);
	free(zone->pcp);
	free(zone->pageblock);
	free(zone->used);
}

void snapshot_free(struct snapshot *snap)
{
	struct buddy_state_zone *zone;

	if (!snap)
		return;
	for_each_state_zone(&snap->state, zone)
		free_zone(zone, snap->state.nr_cpus);
	free(snap->state.zones);
	free(snap->compact);
	free(snap->never);
	free(snap->name);
	free(snap);
}

uint32_t snapshot_end_pfn(const struct snapshot *snap)
{
	const struct buddy_state_zone *zone;
	uint32_t end = 0;

	for_each_state_zone(&snap->state, zone)
		if (zone->start_pfn + zone->spanned_pages > end)
			end = zone->start_pfn + zone->spanned_pages;
	return end;
}

uint32_t snapshot_frame_of(const struct snapshot *snap, uint64_t address)
{
	uint64_t pfn = (address - snap->vmemmap) / (snap->struct_page ? snap->struct_page : 1);

	return address < snap->vmemmap || pfn > SNAPSHOT_MAX_PFN ? PFN_NONE_VAL : (uint32_t)pfn;
}
