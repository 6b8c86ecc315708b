/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the kernel's memory files as a simulated machine prints them,
 * held against what the machine says when asked directly.
 */
#include "sim/report/kernel/procfs.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/report/procfs.h"
#include "tests/tests.h"

struct machine {
	struct pagemap *map;
	struct buddy *b;
	struct slab_allocator *sa;
};

/* 5 GiB on two nodes with a CPU each: zones DMA and DMA32, DMA32 and Normal. */
static void machine_boot_engine(struct machine *m, const char *engine)
{
	static struct pagemap_config map_config;
	struct buddy_config buddy_config;
	struct slab_config slab_config;

	memset(&map_config, 0, sizeof(map_config));
	CU_ASSERT_FATAL(!pagemap_config_memory(&map_config, 5ULL << 30, 2, NULL, 0, NULL));
	CU_ASSERT_FATAL(!pagemap_create(&m->map, &map_config, NULL));
	buddy_config_default(&buddy_config, 2);
	CU_ASSERT_FATAL(!buddy_create(&m->b, m->map, &buddy_config, NULL));
	slab_config_default(&slab_config);
	CU_ASSERT_FATAL(!slab_config_engine(&slab_config, engine, NULL));
	CU_ASSERT_FATAL(!slab_allocator_create(&m->sa, m->b, &slab_config, NULL));
}

static void machine_boot(struct machine *m)
{
	machine_boot_engine(m, "slub");
}

static void machine_halt(struct machine *m)
{
	slab_allocator_destroy(m->sa);
	buddy_destroy(m->b);
	pagemap_destroy(m->map);
}

/* Objects of all kinds, large ones and bare pages, on both nodes, every third freed. */
static void machine_work(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < 6000; i++) {
		unsigned int cpu = i & 1;
		gfp_t gfp = i % 5 ? GFP_KERNEL : GFP_KERNEL | __GFP_RECLAIMABLE;
		void *object = kmalloc(m->sa, cpu, i % 200 ? 10 + i % 3000 : 20000 + i, gfp);
		pfn_t pfn = buddy_alloc_pages(m->b, cpu, GFP_HIGHUSER_MOVABLE, i % 7 ? 0 : i % 9,
					      NUMA_NO_NODE);

		CU_ASSERT_PTR_NOT_NULL_FATAL(object);
		CU_ASSERT_FALSE_FATAL(pfn_is_none(pfn));
		if (i % 3 == 0) {
			CU_ASSERT_EQUAL(kfree(m->sa, cpu, object), 0);
			CU_ASSERT_EQUAL(buddy_free_pages(m->b, cpu, pfn, i % 7 ? 0 : i % 9), 0);
		}
	}
}

typedef int (*buddy_file_fn)(const struct buddy *b, FILE *out);

static char *buddy_file(const struct machine *m, buddy_file_fn fn)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(fn(m->b, out), 0);
	fclose(out);
	return text;
}

static char *stat_file(const struct machine *m, bool zoneinfo)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL((zoneinfo ? procfs_zoneinfo : procfs_vmstat)(m->b, m->sa, NULL, out), 0);
	fclose(out);
	return text;
}

/* buddyinfo's blocks add up to the free frames, zone by zone, and empty zones have no line. */
static void test_buddyinfo(void)
{
	static const struct { unsigned int nid; enum zone_type idx; } expected[] = {
		{ 0, ZONE_DMA }, { 0, ZONE_DMA32 }, { 1, ZONE_DMA32 }, { 1, ZONE_NORMAL },
	};
	struct machine m;
	unsigned int nid, order, nr = 0;
	uint64_t numbers[MAX_NUMBERS];
	char *text, *rest, *line, name[16];

	machine_boot(&m);
	machine_work(&m);
	text = rest = buddy_file(&m, procfs_buddyinfo);
	while ((line = next_line(&rest))) {
		const char *counts = parse_zone(line, &nid, name);
		uint64_t pages = 0;

		CU_ASSERT_FATAL(nr < 4);
		CU_ASSERT_EQUAL(nid, expected[nr].nid);
		CU_ASSERT_STRING_EQUAL(name, zone_names[expected[nr].idx]);
		CU_ASSERT_EQUAL(parse_numbers(counts, numbers), NR_PAGE_ORDERS);
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			pages += numbers[order] << order;
		CU_ASSERT_EQUAL(pages, buddy_zone(m.b, nid, expected[nr].idx)->free_pages);
		nr++;
	}
	CU_ASSERT_EQUAL(nr, 4);
	free(text);
	machine_halt(&m);
}

/* pagetypeinfo's rows of a zone add up to buddyinfo's row, its pageblocks to the zone's. */
static void test_pagetypeinfo(void)
{
	uint64_t sum[2][MAX_NR_ZONES][NR_PAGE_ORDERS] = { 0 }, blocks[2][MAX_NR_ZONES] = { 0 };
	struct machine m;
	unsigned int nid, idx, order, heads = 0;
	const struct zone *zone;
	uint64_t numbers[MAX_NUMBERS];
	char *text, *rest, *line, name[16], type[16];
	int used;

	machine_boot(&m);
	machine_work(&m);
	text = rest = buddy_file(&m, procfs_pagetypeinfo);
	while ((line = next_line(&rest))) {
		const char *counts = parse_zone(line, &nid, name);

		heads += !strncmp(line, "Page block order", 16);
		if (!counts)
			continue;
		for (idx = 0; strcmp(zone_names[idx], name); idx++)
			;
		if (sscanf(counts, ", type %15s%n", type, &used) == 1) {
			CU_ASSERT_EQUAL(parse_numbers(counts + used, numbers), NR_PAGE_ORDERS);
			for (order = 0; order < NR_PAGE_ORDERS; order++)
				sum[nid][idx][order] += numbers[order];
			continue;
		}
		CU_ASSERT_EQUAL(parse_numbers(counts, numbers), MIGRATE_TYPES);
		for (order = 0; order < MIGRATE_TYPES; order++)
			blocks[nid][idx] += numbers[order];
	}
	CU_ASSERT_EQUAL(heads, 2);
	for_each_zone(m.b, zone) {
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			CU_ASSERT_EQUAL(sum[zone->nid][zone->idx][order], zone->free_area[order].nr_free);
		CU_ASSERT_EQUAL(blocks[zone->nid][zone->idx],
				(zone->spanned_pages + PAGEBLOCK_NR_PAGES - 1) / PAGEBLOCK_NR_PAGES);
	}
	free(text);
	machine_halt(&m);
}

/* The value of "name value" in vmstat. */
static uint64_t vmstat_value(const char *text, const char *name)
{
	char key[80];
	const char *at;

	snprintf(key, sizeof(key), "\n%s ", name);
	at = strstr(text, key);
	if (!at) {
		snprintf(key, sizeof(key), "%s ", name);
		CU_ASSERT_FATAL(!strncmp(text, key, strlen(key)));
		at = text - 1;
	}
	return strtoull(at + strlen(key), NULL, 10);
}

/* vmstat has 6.1's lines in its order, and those that are simulated say what happened. */
static void test_vmstat(void)
{
	struct kmem_cache *s = NULL;
	uint64_t free_pages = 0, slab_pages = 0;
	struct slabinfo info;
	const struct zone *zone;
	struct machine m;
	char *text, *copy, *printed = NULL;
	size_t size;
	FILE *out;

	machine_boot(&m);
	machine_work(&m);
	text = stat_file(&m, false);
	copy = strdup(text);
	out = open_memstream(&printed, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	reprint_vmstat(copy, buddy_kernel(m.b), out);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, printed);

	for_each_zone(m.b, zone)
		free_pages += zone->free_pages;
	while ((s = slab_next_cache(m.sa, s))) {
		get_slabinfo(s, &info);
		slab_pages += info.slab_pages;
	}
	CU_ASSERT_EQUAL(vmstat_value(text, "nr_free_pages"), free_pages);
	CU_ASSERT_EQUAL(vmstat_value(text, "nr_slab_reclaimable") +
			vmstat_value(text, "nr_slab_unreclaimable"),
			slab_pages + slab_large_pages(m.sa));
	CU_ASSERT(vmstat_value(text, "nr_slab_reclaimable") > 0);
	CU_ASSERT(slab_large_pages(m.sa) > 0);
	CU_ASSERT(vmstat_value(text, "pgalloc_normal") > 0);
	CU_ASSERT_EQUAL(vmstat_value(text, "pgalloc_normal"), buddy_counter(m.b, BC_pgalloc_normal));
	CU_ASSERT_EQUAL(vmstat_value(text, "pgfree"), buddy_counter(m.b, BC_pgfree));
	CU_ASSERT_EQUAL(vmstat_value(text, "numa_hit"), buddy_counter(m.b, BC_numa_hit));
	CU_ASSERT_EQUAL(vmstat_value(text, "pgfault"), 0);
	free(text);
	free(copy);
	free(printed);
	machine_halt(&m);
}

/*
 * zoneinfo: all zones of both nodes, taken apart by the parser that reads real
 * ones. The nodes' slab frames, counted block by block, add up to vmstat's sum
 * of what the caches say.
 */
static void test_zoneinfo(void)
{
	uint64_t reclaimable = 0, unreclaimable = 0, hits = 0;
	static struct parsed_zone z;
	struct machine m;
	unsigned int nr = 0, cpu, first_zones = 0;
	char *text, *rest, *vmstat, *line;

	machine_boot(&m);
	machine_work(&m);
	text = rest = stat_file(&m, true);
	vmstat = stat_file(&m, false);
	line = next_line(&rest);
	while (line) {
		const struct zone *zone;

		start_zone(&z, buddy_kernel(m.b), line);
		zone = buddy_zone(m.b, nr / MAX_NR_ZONES, nr % MAX_NR_ZONES);
		CU_ASSERT_PTR_NOT_NULL_FATAL(zone);
		CU_ASSERT_EQUAL(z.zone.nid, zone->nid);
		CU_ASSERT_STRING_EQUAL(z.name, zone_names[zone->idx]);
		while ((line = next_line(&rest)) && strncmp(line, "Node", 4))
			parse_zone_line(&z, line);
		CU_ASSERT_EQUAL(z.zone.populated, zone_populated(zone));
		CU_ASSERT_EQUAL(z.zone.free, zone->free_pages);
		CU_ASSERT_EQUAL(z.zone.min, zone->watermark[WMARK_MIN] + zone->watermark_boost);
		CU_ASSERT_EQUAL(z.zone.high, zone->watermark[WMARK_HIGH] + zone->watermark_boost);
		CU_ASSERT_EQUAL(z.zone.managed, zone->managed_pages);
		CU_ASSERT_EQUAL(z.zone.nr_protection, MAX_NR_ZONES);
		CU_ASSERT_EQUAL(z.protection[ZONE_NORMAL], zone->lowmem_reserve[ZONE_NORMAL]);
		CU_ASSERT_EQUAL(z.zone.nr_cpus, zone_populated(zone) ? 2 : 0);
		for (cpu = 0; cpu < z.zone.nr_cpus; cpu++) {
			CU_ASSERT_EQUAL(z.pagesets[cpu].count, zone->pcp[cpu].count);
			CU_ASSERT_EQUAL(z.pagesets[cpu].high, zone->pcp[cpu].high);
			CU_ASSERT_EQUAL(z.pagesets[cpu].batch, zone->pcp[cpu].batch);
		}
		if (z.zone.node_stat) {
			reclaimable += z.node_stat[VS_nr_slab_reclaimable];
			unreclaimable += z.node_stat[VS_nr_slab_unreclaimable];
			CU_ASSERT(z.node_stat[VS_nr_slab_reclaimable] > 0);
			CU_ASSERT(z.node_stat[VS_nr_slab_unreclaimable] > 0);
			first_zones++;
		}
		hits += z.stat[VS_numa_hit];
		nr++;
	}
	CU_ASSERT_EQUAL(nr, 2 * MAX_NR_ZONES);
	CU_ASSERT_EQUAL(first_zones, 2);
	CU_ASSERT_EQUAL(reclaimable, vmstat_value(vmstat, "nr_slab_reclaimable"));
	CU_ASSERT_EQUAL(unreclaimable, vmstat_value(vmstat, "nr_slab_unreclaimable"));
	CU_ASSERT_EQUAL(hits, vmstat_value(vmstat, "numa_hit"));
	free(text);
	free(vmstat);
	machine_halt(&m);
}

/* Without a slab layer the same files print, with no slab frames. */
static void test_without_slab(void)
{
	struct machine m;
	struct slab_allocator *sa;
	char *text;

	machine_boot(&m);
	machine_work(&m);
	sa = m.sa;
	m.sa = NULL;
	text = stat_file(&m, false);
	CU_ASSERT_EQUAL(vmstat_value(text, "nr_slab_unreclaimable"), 0);
	CU_ASSERT(vmstat_value(text, "nr_free_pages") > 0);
	free(text);
	text = stat_file(&m, true);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n      nr_slab_unreclaimable 0\n"));
	free(text);
	m.sa = sa;
	machine_halt(&m);
}

/* slabinfo has a line a cache, newest first, with the cache's own numbers. */
static void test_slabinfo(void)
{
	struct kmem_cache *s = NULL;
	struct machine m;
	char *text = NULL, *rest, *line, name[64];
	size_t size;
	FILE *out;

	machine_boot(&m);
	machine_work(&m);
	out = open_memstream(&text, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(procfs_slabinfo(m.sa, out), 0);
	fclose(out);
	rest = text;
	CU_ASSERT_STRING_EQUAL(next_line(&rest), "slabinfo - version: 2.1");
	CU_ASSERT(!strncmp(next_line(&rest), "# name            <active_objs>", 31));
	while ((line = next_line(&rest))) {
		uint64_t active_objs, num_objs, active_slabs, num_slabs;
		unsigned int objsize, objperslab, pagesperslab;
		struct slabinfo info;
		int nr = sscanf(line, "%63s %lu %lu %u %u %u : tunables 0 0 0 : slabdata %lu %lu 0",
				name, &active_objs, &num_objs, &objsize, &objperslab, &pagesperslab,
				&active_slabs, &num_slabs);

		CU_ASSERT_EQUAL_FATAL(nr, 8);
		s = slab_next_cache(m.sa, s);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		get_slabinfo(s, &info);
		CU_ASSERT_STRING_EQUAL(name, kmem_cache_name(s));
		CU_ASSERT_EQUAL(active_objs, info.active_objs);
		CU_ASSERT_EQUAL(num_objs, info.num_objs);
		CU_ASSERT_EQUAL(objsize, kmem_cache_size(s));
		CU_ASSERT_EQUAL(objperslab, kmem_cache_objs_per_slab(s));
		CU_ASSERT_EQUAL(pagesperslab, 1U << kmem_cache_order(s));
		CU_ASSERT_EQUAL(active_slabs, info.active_slabs);
		CU_ASSERT_EQUAL(num_slabs, info.num_slabs);
	}
	CU_ASSERT_PTR_NULL(slab_next_cache(m.sa, s));
	free(text);
	machine_halt(&m);
}

/* The machine's index files are those of its buddyinfo. */
static void test_indices(void)
{
	unsigned int nr_lines = 0, dma = 0;
	struct machine m;
	char *buddyinfo, *again, *unusable, *extfrag;

	machine_boot(&m);
	machine_work(&m);
	buddyinfo = buddy_file(&m, procfs_buddyinfo);
	again = buddy_file(&m, procfs_buddyinfo);
	unusable = buddy_file(&m, procfs_unusable_index);
	extfrag = buddy_file(&m, procfs_extfrag_index);
	CU_ASSERT_EQUAL(differing_lines(buddyinfo, unusable, false, &nr_lines, &dma), 0);
	CU_ASSERT_EQUAL(differing_lines(again, extfrag, true, &nr_lines, &dma), 0);
	CU_ASSERT_EQUAL(nr_lines, 8);
	free(buddyinfo);
	free(again);
	free(unusable);
	free(extfrag);
	machine_halt(&m);
}

/* Printing changes nothing: no frame is touched, twice gives the same bytes. */
static void test_printing_is_read_only(void)
{
	struct machine m;
	uint64_t touched;
	char *first, *second;

	machine_boot(&m);
	machine_work(&m);
	touched = m.map->nr_touched;
	first = stat_file(&m, true);
	second = stat_file(&m, true);
	CU_ASSERT_STRING_EQUAL(first, second);
	CU_ASSERT_EQUAL(m.map->nr_touched, touched);
	CU_ASSERT_EQUAL(buddy_validate(m.b, NULL, NULL), 0);
	CU_ASSERT_EQUAL(slab_validate(m.sa, NULL, NULL), 0);
	free(first);
	free(second);
	machine_halt(&m);
}

/* A full disk is reported by each file. */
static void test_full_disk(void)
{
	static const buddy_file_fn fns[] = {
		procfs_buddyinfo, procfs_pagetypeinfo, procfs_extfrag_index, procfs_unusable_index,
	};
	struct machine m;
	unsigned int i;
	FILE *full = fopen("/dev/full", "w");

	if (!full) {
		test_skip("there is no /dev/full");
		return;
	}
	machine_boot(&m);
	for (i = 0; i < sizeof(fns) / sizeof(fns[0]); i++)
		CU_ASSERT(fns[i](m.b, full) < 0);
	CU_ASSERT(procfs_zoneinfo(m.b, m.sa, NULL, full) < 0);
	CU_ASSERT(procfs_vmstat(m.b, m.sa, NULL, full) < 0);
	CU_ASSERT(procfs_slabinfo(m.sa, full) < 0);
	fclose(full);
	machine_halt(&m);
}

/* With the slab engine the tunables and the objects in shared arrays are real. */
static void test_slabinfo_tunables(void)
{
	char *text = NULL, *line;
	struct machine m;
	void *objects[121];
	size_t size;
	FILE *out;
	int i;

	machine_boot_engine(&m, "slab");
	for (i = 0; i < 121; i++)
		objects[i] = kmalloc(m.sa, 0, 64, GFP_KERNEL);
	for (i = 0; i < 121; i++)
		CU_ASSERT_EQUAL(kfree(m.sa, 0, objects[i]), 0);
	out = open_memstream(&text, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(procfs_slabinfo(m.sa, out), 0);
	fclose(out);
	/* arrays took 16, 48 and 60; 64 of them are back in the CPU's, 60 in the shared one */
	line = strstr(text, "\nkmalloc-64 ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	line[strcspn(line + 1, "\n") + 1] = '\0';
	CU_ASSERT_STRING_EQUAL(line + 1, "kmalloc-64           124    128     64   64    1"
			       " : tunables  120   60    8 : slabdata      2      2     60");
	free(text);
	machine_halt(&m);
}

static const struct test_case cases[] = {
	{ "buddyinfo", test_buddyinfo },
	{ "pagetypeinfo", test_pagetypeinfo },
	{ "vmstat", test_vmstat },
	{ "zoneinfo", test_zoneinfo },
	{ "without_slab", test_without_slab },
	{ "slabinfo", test_slabinfo },
	{ "slabinfo of the slab engine", test_slabinfo_tunables },
	{ "indices", test_indices },
	{ "printing_is_read_only", test_printing_is_read_only },
	{ "full_disk", test_full_disk },
	{ NULL, NULL }
};

const struct test_suite procfs_machine_suite = { "procfs_machine", cases };
