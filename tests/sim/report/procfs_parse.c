/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: takes the kernel's memory files apart into numbers and prints
 * them again through the row functions; see tests/sim/report/procfs.h.
 */
#include "tests/sim/report/procfs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buddy/buddy.h"
#include "tests/tests.h"

/* ---- reading ------------------------------------------------------------ */

char *next_line(char **text)
{
	char *line = *text, *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	*end = '\0';
	*text = end + 1;
	return line;
}

unsigned int parse_numbers(const char *text, uint64_t *numbers)
{
	unsigned int nr = 0;
	char *end;

	for (;;) {
		text += strspn(text, " ,>()");
		if (!isdigit((unsigned char)*text) || nr == MAX_NUMBERS)
			return nr;
		numbers[nr++] = strtoull(text, &end, 10);
		text = end;
	}
}

/* "-1.000 0.193" as thousandths. */
static unsigned int parse_indices(const char *text, int *index)
{
	unsigned int nr = 0;
	int whole, part, used;

	while (nr < MAX_NUMBERS && sscanf(text, " %d.%3d%n", &whole, &part, &used) == 2) {
		index[nr++] = whole < 0 ? whole * 1000 - part : whole * 1000 + part;
		text += used;
	}
	return nr;
}

const char *parse_zone(const char *line, unsigned int *nid, char zone[16])
{
	int used = 0;

	if (sscanf(line, "Node %u, zone %15[^ ,]%n", nid, zone, &used) != 2)
		return NULL;
	return line + used;
}

/* ---- each file, taken apart and printed again --------------------------- */

void reprint_buddyinfo(char *text, enum buddy_kernel kernel, FILE *out)
{
	uint64_t numbers[MAX_NUMBERS];
	unsigned int nid;
	char zone[16], *line;

	while ((line = next_line(&text))) {
		const char *rest = parse_zone(line, &nid, zone);

		CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
		procfs_put_buddyinfo(out, nid, zone, numbers, parse_numbers(rest, numbers));
	}
}

void reprint_unusable_index(char *text, enum buddy_kernel kernel, FILE *out)
{
	int index[MAX_NUMBERS];
	unsigned int nid;
	char zone[16], *line;

	while ((line = next_line(&text))) {
		const char *rest = parse_zone(line, &nid, zone);

		CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
		procfs_put_unusable_index(out, nid, zone, index, parse_indices(rest, index));
	}
}

void reprint_extfrag_index(char *text, enum buddy_kernel kernel, FILE *out)
{
	int index[MAX_NUMBERS];
	unsigned int nid;
	char zone[16], *line;

	while ((line = next_line(&text))) {
		const char *rest = parse_zone(line, &nid, zone);

		CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
		procfs_put_extfrag_index(out, nid, zone, index, parse_indices(rest, index));
	}
}

static void reprint_blocks_head(const char *line, FILE *out)
{
	char names[MAX_NUMBERS][16];
	const char *types[MAX_NUMBERS];
	unsigned int nr = 0;
	int used;

	line += strlen("Number of blocks type");
	while (sscanf(line, " %15s%n", names[nr], &used) == 1) {
		types[nr] = names[nr];
		nr++;
		line += used;
	}
	procfs_put_pagetype_blocks_head(out, types, nr);
}

void reprint_pagetypeinfo(char *text, enum buddy_kernel kernel, FILE *out)
{
	unsigned int nid, order = 0;
	uint64_t numbers[MAX_NUMBERS];
	char zone[16], type[16], *line;
	int used;

	while ((line = next_line(&text))) {
		const char *rest = parse_zone(line, &nid, zone);

		if (rest && sscanf(rest, ", type %15s%n", type, &used) == 1)
			procfs_put_pagetype_free(out, nid, zone, type, numbers,
						 parse_numbers(rest + used, numbers));
		else if (rest)
			procfs_put_pagetype_blocks(out, nid, zone, numbers,
						   parse_numbers(rest, numbers));
		else if (!strncmp(line, "Free pages count", 16))
			procfs_put_pagetype_head(out, order, parse_numbers(strchr(line, '0'), numbers));
		else if (!strncmp(line, "Number of blocks", 16))
			reprint_blocks_head(line, out);
		else
			sscanf(line, "Page block order: %u", &order);
	}
}

void reprint_slabinfo(char *text, enum buddy_kernel kernel, FILE *out)
{
	char *line = next_line(&text), name[64];
	struct procfs_slab slab;

	CU_ASSERT_STRING_EQUAL(line, "slabinfo - version: 2.1");
	next_line(&text);
	procfs_put_slabinfo_head(out);
	while ((line = next_line(&text))) {
		int nr = sscanf(line, "%63s %lu %lu %u %u %u : tunables %u %u %u : slabdata %lu %lu %lu",
				name, &slab.active_objs, &slab.num_objs, &slab.objsize,
				&slab.objperslab, &slab.pagesperslab, &slab.limit, &slab.batchcount,
				&slab.sharedfactor, &slab.active_slabs, &slab.num_slabs,
				&slab.sharedavail);

		CU_ASSERT_EQUAL_FATAL(nr, 12);
		slab.name = name;
		procfs_put_slabinfo(out, &slab);
	}
}

/* The names come from our list, so each has to be the kernel's at its place. */
void reprint_vmstat(char *text, enum buddy_kernel kernel, FILE *out)
{
	unsigned int nr = 0;
	uint64_t value;
	char *line;

	while ((line = next_line(&text))) {
		while (nr < NR_VMSTAT_ITEMS && !vmstat_name(kernel, (enum vmstat_item)nr))
			nr++;
		CU_ASSERT_FATAL(nr < NR_VMSTAT_ITEMS);
		CU_ASSERT_EQUAL_FATAL(sscanf(line, "%*s %lu", &value), 1);
		procfs_put_vmstat(out, vmstat_name(kernel, (enum vmstat_item)nr++), value);
	}
	CU_ASSERT_EQUAL(nr, NR_VMSTAT_ITEMS);
}

static void parse_statistic(struct parsed_zone *z, const char *name, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < VS_NODE_END; i++) {
		const char *known = vmstat_name(z->zone.kernel, (enum vmstat_item)i);

		if (known && !strcmp(known, name)) {
			z->stat[i] = z->node_stat[i] = value;
			return;
		}
	}
	fprintf(stderr, "zoneinfo: unknown line '%s'\n", name);
	CU_FAIL("unknown line in zoneinfo");
}

void parse_zone_line(struct parsed_zone *z, const char *line)
{
	struct { const char *name; uint64_t *to; } fields[] = {
		{ "boost", &z->zone.boost }, { "min", &z->zone.min }, { "low", &z->zone.low },
		{ "high", &z->zone.high }, { "promo", &z->zone.promo }, { "spanned", &z->zone.spanned },
		{ "present", &z->zone.present }, { "managed", &z->zone.managed },
		{ "cma", &z->zone.cma }, { "start_pfn:", &z->zone.start_pfn },
	};
	struct procfs_pageset *pageset = &z->pagesets[z->zone.nr_cpus ? z->zone.nr_cpus - 1 : 0];
	char name[64];
	uint64_t value;
	unsigned int i;

	if (strstr(line, "per-node stats")) {
		z->zone.node_stat = z->node_stat;
		return;
	}
	if (strstr(line, "pagesets")) {
		z->zone.populated = true;
		return;
	}
	if (strstr(line, "protection:")) {
		z->zone.nr_protection = parse_numbers(strchr(line, '('), z->protection);
		return;
	}
	if (sscanf(line, " cpu: %lu", &value) == 1) {
		z->zone.nr_cpus = value + 1;
		return;
	}
	if (sscanf(line, " count: %d", &pageset->count) == 1 ||
	    sscanf(line, " high: %d", &pageset->high) == 1 ||
	    sscanf(line, " batch: %d", &pageset->batch) == 1 ||
	    sscanf(line, " vm stats threshold: %d", &pageset->threshold) == 1 ||
	    sscanf(line, " pages free %lu", &z->zone.free) == 1)
		return;
	if (sscanf(line, " node_unreclaimable: %lu", &value) == 1) {
		z->zone.unreclaimable = value;
		return;
	}
	CU_ASSERT_EQUAL_FATAL(sscanf(line, " %63s %lu", name, &value), 2);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!strcmp(name, fields[i].name)) {
			*fields[i].to = value;
			return;
		}
	}
	parse_statistic(z, name, value);
}

void start_zone(struct parsed_zone *z, enum buddy_kernel kernel, const char *line)
{
	memset(z, 0, sizeof(*z));
	z->zone.kernel = kernel;
	CU_ASSERT_PTR_NOT_NULL_FATAL(parse_zone(line, &z->zone.nid, z->name));
	z->zone.name = z->name;
	z->zone.stat = z->stat;
	z->zone.protection = z->protection;
	z->zone.pagesets = z->pagesets;
}

void reprint_zoneinfo(char *text, enum buddy_kernel kernel, FILE *out)
{
	static struct parsed_zone z;
	char *line = next_line(&text);

	while (line) {
		start_zone(&z, kernel, line);
		while ((line = next_line(&text)) && strncmp(line, "Node", 4))
			parse_zone_line(&z, line);
		procfs_put_zone(out, &z.zone);
	}
}

/* ---- the indices, computed from the counts ------------------------------ */

unsigned int differing_lines(char *buddyinfo, const char *file, bool extfrag,
			     unsigned int *nr_lines, unsigned int *dma)
{
	static struct zone zone;
	uint64_t numbers[MAX_NUMBERS];
	unsigned int nid, order, differ = 0;
	char name[16], *line;

	while ((line = next_line(&buddyinfo))) {
		char *printed = NULL;
		size_t size;
		FILE *out = open_memstream(&printed, &size);
		int index[NR_PAGE_ORDERS];

		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		CU_ASSERT_EQUAL_FATAL(parse_numbers(parse_zone(line, &nid, name), numbers),
				      NR_PAGE_ORDERS);
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			zone.free_area[order].nr_free = numbers[order];
		for (order = 0; order < NR_PAGE_ORDERS; order++) {
			struct contig_page_info info;

			fill_contig_page_info(&zone, order, &info);
			index[order] = extfrag ? fragmentation_index(order, &info) :
						 unusable_free_index(order, &info);
		}
		if (extfrag)
			procfs_put_extfrag_index(out, nid, name, index, NR_PAGE_ORDERS);
		else
			procfs_put_unusable_index(out, nid, name, index, NR_PAGE_ORDERS);
		fclose(out);
		++*nr_lines;
		if (!strstr(file, printed)) {
			differ++;
			*dma += !strcmp(name, "DMA");
		}
		free(printed);
	}
	return differ;
}
