/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: formats the lines of the kernel's memory files; nothing else in
 * the tree knows how wide their columns are.
 *
 * Locking: none.
 */
#include "sim/report/kernel/procfs_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define VMSTAT_NAME(name) #name,
static const char *const names[NR_VMSTAT_ITEMS] = {
	ZONE_STAT_ITEMS(VMSTAT_NAME)
	NUMA_STAT_ITEMS(VMSTAT_NAME)
	NODE_STAT_ITEMS(VMSTAT_NAME)
	WRITEBACK_STAT_ITEMS(VMSTAT_NAME)
	VM_EVENT_ITEMS(VMSTAT_NAME)
};
#undef VMSTAT_NAME

/* A bit for each kernel that lacks the line. */
#define LACKED_BY_6_12(name) [VS_##name] = 1U << BUDDY_KERNEL_6_12,
#define LACKED_BY_6_1(name) [VS_##name] = 1U << BUDDY_KERNEL_6_1,
static const uint8_t lacked_by[NR_VMSTAT_ITEMS] = {
	ONLY_IN_6_1(LACKED_BY_6_12)
	ONLY_IN_6_12(LACKED_BY_6_1)
};

const char *vmstat_name(enum buddy_kernel kernel, enum vmstat_item item)
{
	static const char moved[] = "node_";
	const char *name = names[item];

	if (lacked_by[item] >> kernel & 1)
		return NULL;
	return strncmp(name, moved, sizeof(moved) - 1) ? name : name + sizeof(moved) - 1;
}

int procfs_result(FILE *out)
{
	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

static void put_zone_name(FILE *out, unsigned int nid, const char *zone)
{
	fprintf(out, "Node %u, zone %8s", nid, zone);
}

void procfs_put_buddyinfo(FILE *out, unsigned int nid, const char *zone,
			  const uint64_t *nr_free, unsigned int nr)
{
	unsigned int i;

	put_zone_name(out, nid, zone);
	putc(' ', out);
	for (i = 0; i < nr; i++)
		fprintf(out, "%6" PRIu64 " ", nr_free[i]);
	putc('\n', out);
}

/* The sign stands before the whole part alone; the only negative index is -1.000. */
static void put_index(FILE *out, unsigned int nid, const char *zone, const int *index,
		      unsigned int nr, int width)
{
	unsigned int i;

	put_zone_name(out, nid, zone);
	putc(' ', out);
	for (i = 0; i < nr; i++)
		fprintf(out, "%*d.%03d ", width, index[i] / 1000, index[i] % 1000);
	putc('\n', out);
}

void procfs_put_unusable_index(FILE *out, unsigned int nid, const char *zone,
			       const int *index, unsigned int nr)
{
	put_index(out, nid, zone, index, nr, 1);
}

void procfs_put_extfrag_index(FILE *out, unsigned int nid, const char *zone,
			      const int *index, unsigned int nr)
{
	put_index(out, nid, zone, index, nr, 2);
}

void procfs_put_pagetype_head(FILE *out, unsigned int pageblock_order, unsigned int nr_orders)
{
	unsigned int order;

	fprintf(out, "Page block order: %u\nPages per block:  %lu\n\n", pageblock_order,
		1UL << pageblock_order);
	fprintf(out, "%-43s ", "Free pages count per migrate type at order");
	for (order = 0; order < nr_orders; order++)
		fprintf(out, "%6u ", order);
	putc('\n', out);
}

void procfs_put_pagetype_free(FILE *out, unsigned int nid, const char *zone, const char *type,
			      const uint64_t *nr_free, unsigned int nr)
{
	unsigned int i;

	fprintf(out, "Node %4u, zone %8s, type %12s ", nid, zone, type);
	for (i = 0; i < nr; i++) {
		if (nr_free[i] < PAGETYPE_COUNT_MAX)
			fprintf(out, "%6" PRIu64 " ", nr_free[i]);
		else
			fprintf(out, ">%d ", PAGETYPE_COUNT_MAX);
	}
	putc('\n', out);
}

void procfs_put_pagetype_blocks_head(FILE *out, const char *const *types, unsigned int nr)
{
	unsigned int i;

	fprintf(out, "\n%-23s", "Number of blocks type ");
	for (i = 0; i < nr; i++)
		fprintf(out, "%12s ", types[i]);
	putc('\n', out);
}

void procfs_put_pagetype_blocks(FILE *out, unsigned int nid, const char *zone,
				const uint64_t *count, unsigned int nr)
{
	unsigned int i;

	put_zone_name(out, nid, zone);
	putc(' ', out);
	for (i = 0; i < nr; i++)
		fprintf(out, "%12" PRIu64 " ", count[i]);
	putc('\n', out);
}

/* Statistics @first up to @end, each on its line; the line before is ended here. */
static void put_stats(FILE *out, const struct procfs_zone *zone, const uint64_t *stat,
		      unsigned int first, unsigned int end)
{
	unsigned int i;

	for (i = first; i < end; i++) {
		const char *name = vmstat_name(zone->kernel, (enum vmstat_item)i);

		if (name)
			fprintf(out, "\n      %-12s %" PRIu64, name, stat[i]);
	}
}

void procfs_put_zone(FILE *out, const struct procfs_zone *zone)
{
	unsigned int i;

	put_zone_name(out, zone->nid, zone->name);
	if (zone->node_stat) {
		fputs("\n  per-node stats", out);
		put_stats(out, zone, zone->node_stat, VS_NUMA_END, VS_NODE_END);
	}
	fprintf(out, "\n  pages free     %" PRIu64, zone->free);
	fprintf(out, "\n        boost    %" PRIu64, zone->boost);
	fprintf(out, "\n        min      %" PRIu64, zone->min);
	fprintf(out, "\n        low      %" PRIu64, zone->low);
	fprintf(out, "\n        high     %" PRIu64, zone->high);
	if (zone->kernel != BUDDY_KERNEL_6_1)
		fprintf(out, "\n        promo    %" PRIu64, zone->promo);
	fprintf(out, "\n        spanned  %" PRIu64, zone->spanned);
	fprintf(out, "\n        present  %" PRIu64, zone->present);
	fprintf(out, "\n        managed  %" PRIu64, zone->managed);
	fprintf(out, "\n        cma      %" PRIu64, zone->cma);
	fputs("\n        protection: (", out);
	for (i = 0; i < zone->nr_protection; i++)
		fprintf(out, "%s%" PRIu64, i ? ", " : "", zone->protection[i]);
	putc(')', out);
	if (zone->populated) {
		put_stats(out, zone, zone->stat, 0, VS_NUMA_END);
		fputs("\n  pagesets", out);
		for (i = 0; i < zone->nr_cpus; i++) {
			const struct procfs_pageset *pageset = &zone->pagesets[i];

			fprintf(out, "\n    cpu: %u", i);
			fprintf(out, "\n              count: %d", pageset->count);
			fprintf(out, "\n              high:  %d", pageset->high);
			fprintf(out, "\n              batch: %d", pageset->batch);
			fprintf(out, "\n  vm stats threshold: %d", pageset->threshold);
		}
		fprintf(out, "\n  node_unreclaimable:  %d", zone->unreclaimable);
		fprintf(out, "\n  start_pfn:           %" PRIu64, zone->start_pfn);
	}
	putc('\n', out);
}

void procfs_put_vmstat(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

void procfs_put_slabinfo_head(FILE *out)
{
	fputs("slabinfo - version: 2.1\n"
	      "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
	      " : tunables <limit> <batchcount> <sharedfactor>"
	      " : slabdata <active_slabs> <num_slabs> <sharedavail>\n", out);
}

void procfs_put_slabinfo(FILE *out, const struct procfs_slab *slab)
{
	fprintf(out, "%-17s %6" PRIu64 " %6" PRIu64 " %6u %4u %4u", slab->name, slab->active_objs,
		slab->num_objs, slab->objsize, slab->objperslab, slab->pagesperslab);
	fprintf(out, " : tunables %4u %4u %4u", slab->limit, slab->batchcount, slab->sharedfactor);
	fprintf(out, " : slabdata %6" PRIu64 " %6" PRIu64 " %6" PRIu64 "\n", slab->active_slabs,
		slab->num_slabs, slab->sharedavail);
}
