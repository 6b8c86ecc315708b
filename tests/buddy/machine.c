/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: helpers for the page allocator's suites. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/buddy/machine.h"

static void count_report(void *ctx, const struct buddy_report *report)
{
	struct machine *m = ctx;

	m->nr_reports++;
	m->report = *report;
}

void machine_make(struct machine *m, const struct pagemap_config *map_cfg,
		  const struct buddy_config *cfg)
{
	struct kerror err = { 0 };

	memset(m, 0, sizeof(*m));
	if (pagemap_create(&m->map, map_cfg, &err) || buddy_create(&m->b, m->map, cfg, &err)) {
		fprintf(stderr, "no machine to test: %s\n", err.text);
		abort();
	}
	m->zone = buddy_next_populated_zone(m->b, NULL);
	buddy_set_report(m->b, count_report, m);
}

void machine_config(struct buddy_config *cfg, unsigned int nr_cpus)
{
	buddy_config_default(cfg, nr_cpus);
	cfg->kernel = BUDDY_KERNEL_6_1;
}

void machine_set_pcp(struct machine *m, int batch, int high)
{
	unsigned int cpu;

	for (cpu = 0; cpu < m->b->nr_cpus; cpu++) {
		struct per_cpu_pages *pcp = &m->zone->pcp[cpu];

		pcp->batch = batch;
		pcp->high = high;
		/* With rule auto_high a list that is no longer than a batch is off where its limits are 0. */
		if (m->b->rules->auto_high)
			pcp->high_min = pcp->high_max = high > batch ? high : 0;
	}
}

void machine_set_marks(struct machine *m, uint64_t min, uint64_t low, uint64_t high)
{
	m->zone->watermark[WMARK_MIN] = min;
	m->zone->watermark[WMARK_LOW] = low;
	m->zone->watermark[WMARK_HIGH] = high;
	zone_update_low_mark(m->zone);
}

void machine_small(struct machine *m, uint32_t nr_blocks)
{
	struct pagemap_config map_cfg = { .nr_ranges = 1, .nr_nodes = 1,
					  .ranges = { { BASE, BASE + nr_blocks * BLOCK, 0 } } };
	struct buddy_config cfg;

	machine_config(&cfg, 2);
	cfg.min_free_kbytes = 0;
	machine_make(m, &map_cfg, &cfg);
	machine_set_marks(m, 0, 0, 0);
	machine_set_pcp(m, 1, 1);
}

void machine_of_size(struct machine *m, uint64_t bytes, unsigned int nodes, unsigned int cpus,
		     struct pagemap_config *map_cfg)
{
	struct kerror err = { 0 };
	struct buddy_config cfg;

	machine_config(&cfg, cpus);
	if (pagemap_config_memory(map_cfg, bytes, nodes, NULL, 0, &err))
		CU_FAIL_FATAL(err.text);
	machine_make(m, map_cfg, &cfg);
}

void machine_free(struct machine *m)
{
	ASSERT_VALID(m);
	buddy_destroy(m->b);
	pagemap_destroy(m->map);
}

uint32_t get(struct machine *m, unsigned int cpu, gfp_t gfp, unsigned int order)
{
	return buddy_alloc_pages(m->b, cpu, gfp, order, NUMA_NO_NODE).v;
}

void put(struct machine *m, unsigned int cpu, uint32_t pfn, unsigned int order)
{
	CU_ASSERT_EQUAL(buddy_free_pages(m->b, cpu, pfn_make(pfn), order), 0);
}

static gfp_t gfp_of(enum migratetype mt)
{
	return mt == MIGRATE_MOVABLE ? __GFP_MOVABLE : mt == MIGRATE_RECLAIMABLE ? __GFP_RECLAIMABLE : 0;
}

uint32_t machine_take(struct machine *m, unsigned int order, enum migratetype mt,
		      unsigned int alloc_flags)
{
	uint32_t pfn = __rmqueue(m->b, m->zone, order, mt, alloc_flags);

	if (pfn == PFN_NONE_VAL)
		return pfn;
	m->zone->free_pages -= 1U << order;
	m->zone->stat.buddy_alloc[order]++;
	prep_new_page(m->b, m->zone, pfn, order, gfp_of(mt));
	return pfn;
}

void machine_give(struct machine *m, uint32_t pfn, unsigned int order)
{
	__free_pages_ok(m->b, pfn, order, FPI_NONE);
}

void machine_link_fresh(struct machine *m, struct zone *zone, uint32_t pfn)
{
	while (pfn == PFN_NONE_VAL ? zone->nr_fresh != 0 : pfn_is_fresh(zone, pfn, NULL))
		fresh_materialize_first(m->b, zone);
}

void machine_take_all(struct machine *m)
{
	uint32_t i;

	for (i = 0; i < m->zone->managed_pages; i++)
		CU_ASSERT_EQUAL_FATAL(machine_take(m, 0, MIGRATE_MOVABLE, 0), m->zone->start_pfn + i);
}

bool list_is(const struct machine *m, unsigned int order, enum migratetype mt, uint32_t base,
	     unsigned int nr, const uint32_t *want)
{
	pfn_t pfn = PFN_NONE;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		pfn = buddy_next_free(m->b, m->zone, order, mt, pfn);
		if (pfn.v != base + want[i])
			return false;
	}
	if (nr)
		return pfn_is_none(buddy_next_free(m->b, m->zone, order, mt, pfn));
	return pfn_is_none(buddy_next_free(m->b, m->zone, order, mt, PFN_NONE));
}

bool pcp_is(const struct machine *m, unsigned int cpu, enum migratetype mt, unsigned int order,
	    uint32_t base, unsigned int nr, const uint32_t *want)
{
	uint32_t pfn = m->zone->pcp[cpu].lists[order_to_pindex(mt, order)].head;
	unsigned int i;

	for (i = 0; i < nr; i++, pfn = m->b->pages[pfn].next)
		if (pfn != base + want[i])
			return false;
	return pfn == PFN_NONE_VAL;
}

static void show(void *ctx, const char *text)
{
	if (getenv("KMEMSIM_TEST_VERBOSE"))
		fprintf(stderr, "%s\n", text);
}

unsigned int machine_violations(const struct machine *m)
{
	return buddy_validate(m->b, show, NULL);
}
