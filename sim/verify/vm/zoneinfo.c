/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a page allocator made of /proc/zoneinfo; see zoneinfo.h. Single-threaded. */
#include "sim/verify/vm/zoneinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/pcp.h"
#include "buddy/watermark.h"

/* No zone ends behind this frame: 64 GiB. */
#define MOST_FRAMES	((64ULL << 30) >> PAGE_SHIFT)

/* What a zone's paragraph says; free and the like are its present state. */
struct paragraph {
	uint64_t free, min, low, high, promo, spanned, present, managed, start, listed;
	int count, pcp_high, high_min, high_max, batch, threshold;
	uint64_t reserve[MAX_NR_ZONES];
	enum zone_type idx;
};

struct reading {
	struct paragraph zones[MAX_NR_ZONES + 1];
	struct paragraph *at;	/* whose lines are read; NULL: nobody's */
	unsigned int nr, cpus;
	bool other_node;
};

/* The line that begins a zone's paragraph; those of zones that no machine here has (Device) are passed over. */
static bool begin_zone(struct reading *r, const char *line)
{
	unsigned int nid, idx;
	char name[16];

	if (sscanf(line, "Node %u, zone %15s", &nid, name) != 2)
		return false;
	r->other_node |= nid != 0;
	r->at = NULL;
	for (idx = 0; idx < MAX_NR_ZONES && r->nr < MAX_NR_ZONES; idx++) {
		if (strcmp(zone_names[idx], name))
			continue;
		r->at = &r->zones[r->nr++];
		*r->at = (struct paragraph){ .idx = (enum zone_type)idx };
	}
	return true;
}

static void read_reserve(struct paragraph *p, const char *line)
{
	const char *at = strchr(line, '(');
	unsigned int i;

	for (i = 0; at && i < MAX_NR_ZONES; i++) {
		p->reserve[i] = strtoull(at + 1, NULL, 10);
		at = strchr(at + 1, ',');
	}
}

static void read_line(struct paragraph *p, unsigned int *cpus, const char *line)
{
	const struct { const char *key; uint64_t *to; } sizes[] = {
		{ "pages free", &p->free }, { "min", &p->min }, { "low", &p->low }, { "high", &p->high }, { "promo", &p->promo },
		{ "spanned", &p->spanned }, { "present", &p->present }, { "managed", &p->managed }, { "start_pfn:", &p->start },
	};
	const struct { const char *key; int *to; } pcp[] = {
		{ "count:", &p->count }, { "high:", &p->pcp_high }, { "batch:", &p->batch }, { "high_min:", &p->high_min },
		{ "high_max:", &p->high_max }, { "vm stats threshold:", &p->threshold },
	};
	static const char *const lists[] = { "nr_zone_inactive_anon", "nr_zone_active_anon", "nr_zone_inactive_file",
					     "nr_zone_active_file", "nr_zone_unevictable" };
	size_t i;

	line += strspn(line, " ");
	*cpus += !strncmp(line, "cpu: ", 5) && p->managed;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t len = strlen(sizes[i].key);

		if (!strncmp(line, sizes[i].key, len) && line[len] == ' ')
			*sizes[i].to = strtoull(line + len, NULL, 10);
	}
	for (i = 0; i < sizeof(pcp) / sizeof(pcp[0]); i++)
		if (!strncmp(line, pcp[i].key, strlen(pcp[i].key)))
			*pcp[i].to = (int)strtol(line + strlen(pcp[i].key), NULL, 10);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!strncmp(line, lists[i], strlen(lists[i])))
			p->listed += strtoull(line + strlen(lists[i]), NULL, 10);
	if (!strncmp(line, "protection:", 11))
		read_reserve(p, line);
}

static void read_all(struct reading *r, const struct look_section *section)
{
	const char *line;
	char text[128];
	size_t at = 0, len;

	while (look_line(section, &at, &line, &len)) {
		snprintf(text, sizeof(text), "%.*s", (int)(len < 127 ? len : 127), line);
		if (!begin_zone(r, text) && r->at)
			read_line(r->at, &r->cpus, text);
	}
}

/* ---- a page allocator's state -------------------------------------------------------- */

/* Zones come in order, from frame @from on. Each number is bounded before it is added to another. */
static bool sound(const struct paragraph *p, uint64_t from)
{
	unsigned int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		if (p->reserve[i] > UINT32_MAX)
			return false;
	return p->start >= from && p->start <= MOST_FRAMES && p->spanned <= MOST_FRAMES - p->start &&
	       p->managed <= p->present && p->present <= p->spanned &&
	       p->count >= 0 && p->batch > 0 && p->free <= p->managed && p->listed <= p->managed &&
	       p->free + p->listed + (uint64_t)p->count <= p->managed &&
	       p->min <= p->low && p->low <= p->high && p->high <= UINT32_MAX && p->promo <= UINT32_MAX;
}

static void add_block(struct buddy_state_list *list, uint32_t pfn)
{
	list->block[list->nr++] = (struct buddy_state_block){ pfn, MIGRATE_MOVABLE };
}

/* Free frames up to the zone's end, in blocks as large as there can be. */
static int lay_free(struct buddy_state_zone *zone, uint32_t from, uint32_t to)
{
	unsigned int order;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		struct buddy_state_list *list = &zone->free[order][MIGRATE_MOVABLE];

		list->block = calloc((to - from) / (1U << order) + 1, sizeof(*list->block));
		if (!list->block)
			return -ENOMEM;
	}
	while (from < to) {
		for (order = NR_PAGE_ORDERS - 1; from & ((1U << order) - 1) || to - from < 1U << order; order--)
			;
		add_block(&zone->free[order][MIGRATE_MOVABLE], from);
		from += 1U << order;
	}
	return 0;
}

static int lay_pcp(struct buddy_state_zone *zone, const struct paragraph *p, uint32_t from)
{
	struct buddy_state_list *list;
	int i;

	zone->pcp = calloc(1, sizeof(*zone->pcp));
	if (!zone->pcp)
		return -ENOMEM;
	*zone->pcp = (struct buddy_state_pcp){ .count = p->count, .high = p->pcp_high, .batch = p->batch,
					       .stat_threshold = p->threshold };
	list = &zone->pcp->list[order_to_pindex(MIGRATE_MOVABLE, 0)];
	list->block = calloc((size_t)p->count + 1, sizeof(*list->block));
	if (!list->block)
		return -ENOMEM;
	for (i = 0; i < p->count; i++)
		add_block(list, from + (uint32_t)i);
	return 0;
}

/* As zone_pcp_update() sets them, which zoneinfo does not say. */
static void set_pcp_limits(struct buddy_state_pcp *pcp, const struct paragraph *p)
{
	pcp->high_min = zone_highsize(p->low, p->batch, 1);
	pcp->high_max = zone_highsize(p->managed / MIN_PCP_HIGH_FRACTION, p->batch, 1);
	pcp->flags = PCPF_FREE_HIGH_BATCH;
	if (pcp->high && pcp->high < pcp->high_min)
		pcp->high = pcp->high_min;
	if (pcp->high > pcp->high_max)
		pcp->high = pcp->high_max;
}

static int lay_used(struct buddy_state_zone *zone, const struct paragraph *p, uint32_t to)
{
	uint32_t listed = (uint32_t)p->listed;
	uint32_t kernels = (uint32_t)(p->managed - p->free - (uint64_t)p->count - p->listed);

	zone->used = calloc(2, sizeof(*zone->used));
	if (!zone->used)
		return -ENOMEM;
	zone->used[zone->nr_used++] = (struct buddy_state_used){ to - listed - kernels, kernels, false };
	zone->used[zone->nr_used++] = (struct buddy_state_used){ to - listed, listed, true };
	return 0;
}

static int lay_zone(struct buddy_state_zone *zone, const struct paragraph *p, bool limits)
{
	uint32_t end = (uint32_t)(p->start + p->spanned), free = end - (uint32_t)p->free, pcp = free - (uint32_t)p->count;
	int ret;

	*zone = (struct buddy_state_zone){
		.idx = p->idx, .start_pfn = (uint32_t)p->start, .spanned_pages = (uint32_t)p->spanned,
		.present_pages = p->present, .managed_pages = p->managed,
		.watermark = { p->min, p->low, p->high, p->promo ? p->promo : p->high + p->low - p->min },
		.free_pages = (int64_t)p->free,
	};
	memcpy(zone->lowmem_reserve, p->reserve, sizeof(zone->lowmem_reserve));
	zone->nr_pageblocks = (end - 1) / PAGEBLOCK_NR_PAGES - zone->start_pfn / PAGEBLOCK_NR_PAGES + 1;
	zone->pageblock = malloc(zone->nr_pageblocks);
	if (!zone->pageblock)
		return -ENOMEM;
	memset(zone->pageblock, MIGRATE_MOVABLE, zone->nr_pageblocks);
	ret = lay_free(zone, free, end);
	if (!ret)
		ret = lay_pcp(zone, p, pcp);
	if (!ret && limits)
		set_pcp_limits(zone->pcp, p);
	return ret ? ret : lay_used(zone, p, pcp);
}

static int lay_all(struct snapshot *snap, const struct reading *r, bool limits, struct kerror *err)
{
	uint64_t from = 0;
	unsigned int i;
	int ret = 0;

	snap->nr_nodes = 1;
	snap->state.nr_cpus = 1;
	snap->name = strdup("zoneinfo");
	snap->state.zones = calloc(r->nr + 1, sizeof(*snap->state.zones));
	if (!snap->name || !snap->state.zones)
		return kerror_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < r->nr && !ret; i++) {
		const struct paragraph *p = &r->zones[i];

		if (!p->managed)
			continue;
		if (!sound(p, from))
			return kerror_set(err, -EINVAL, "zoneinfo: zone %s contradicts itself", zone_names[p->idx]);
		from = p->start + p->spanned;
		ret = lay_zone(&snap->state.zones[snap->state.nr_zones++], p, limits);
	}
	for (i = r->nr; i && !ret; i--)
		if (r->zones[i - 1].managed)
			snap->zonelist[snap->nr_zonelist++] = (uint8_t)r->zones[i - 1].idx;
	return ret ? kerror_set(err, ret, "out of memory") : 0;
}

int zoneinfo_snapshot(struct snapshot **out, const struct looks *looks, const struct look *first, enum buddy_kernel kernel,
		      uint64_t most, struct kerror *err)
{
	const struct look_section *section = look_section(looks, first, 0, "zoneinfo");
	struct reading r = { .nr = 0 };
	uint64_t managed = 0;
	unsigned int i, nr = 0;
	int ret;

	*out = NULL;
	if (!section)
		return 0;
	read_all(&r, section);
	for (i = 0; i < r.nr && managed <= most >> PAGE_SHIFT; i++) {
		managed += r.zones[i].managed;
		nr += r.zones[i].managed != 0;
	}
	if (!managed || managed > most >> PAGE_SHIFT || r.other_node || r.cpus != nr)
		return 0;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return kerror_set(err, -ENOMEM, "out of memory");
	ret = lay_all(*out, &r, kernel != BUDDY_KERNEL_6_1, err);
	if (ret) {
		snapshot_free(*out);
		*out = NULL;
	}
	return ret;
}

void zoneinfo_release(struct buddy *buddy, const struct snapshot *snapshot, uint64_t nr)
{
	const struct buddy_state_zone *zone = snapshot->state.zones + snapshot->state.nr_zones;

	while (zone-- > snapshot->state.zones) {
		const struct buddy_state_used *kernels = zone->used;
		uint32_t i;

		for (i = kernels->nr; i && nr; i--, nr--)
			buddy_free_pages(buddy, 0, pfn_make(kernels->pfn + i - 1), 0);
	}
}
