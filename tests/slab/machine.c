/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the machine that the slab suites run on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/slab/slab.h"

static void keep_report(void *ctx, const struct slab_report *report)
{
	struct slab_machine *m = ctx;

	if (m->nr_reports < MAX_REPORTS)
		m->reports[m->nr_reports] = *report;
	m->nr_reports++;
}

static void create(struct slab_machine *m, uint64_t bytes, unsigned int nodes, unsigned int cpus,
		   const struct slab_config *cfg, bool page_owner)
{
	struct pagemap_config map_cfg = { 0 };
	struct buddy_config buddy_cfg;
	struct slab_config defaults;
	struct kerror err = { 0 };

	memset(m, 0, sizeof(*m));
	slab_config_default(&defaults);
	defaults.merge = false;
	buddy_config_default(&buddy_cfg, cpus);
	buddy_cfg.kernel = cfg ? cfg->kernel : defaults.kernel;
	buddy_cfg.page_owner = page_owner;
	if (pagemap_config_memory(&map_cfg, bytes, nodes, NULL, 0, &err) ||
	    pagemap_create(&m->map, &map_cfg, &err) ||
	    buddy_create(&m->buddy, m->map, &buddy_cfg, &err) ||
	    slab_allocator_create(&m->sa, m->buddy, cfg ? cfg : &defaults, &err)) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("no machine");
	}
	slab_set_report(m->sa, keep_report, m);
}

void slab_machine_create(struct slab_machine *m, uint64_t bytes, unsigned int nodes,
			 unsigned int cpus, const struct slab_config *cfg)
{
	create(m, bytes, nodes, cpus, cfg, false);
}

void slab_machine_create_owned(struct slab_machine *m, uint64_t bytes, unsigned int nodes,
			       unsigned int cpus, const struct slab_config *cfg)
{
	create(m, bytes, nodes, cpus, cfg, true);
}

gfp_t slab_machine_gfp(const struct slab_machine *m, const void *object)
{
	struct page_owner owner = { .gfp = 0 };
	pfn_t head = pfn_from_page(m->map, slab_machine_page(m, object));

	CU_ASSERT_TRUE(buddy_page_owner(m->buddy, head, &owner));
	return owner.gfp;
}

static void print_violation(void *ctx, const char *text)
{
	fprintf(stderr, "%s: %s\n", (const char *)ctx, text);
}

bool slab_machine_sound(const struct slab_machine *m)
{
	return !(slab_validate(m->sa, print_violation, "slab") +
		 buddy_validate(m->buddy, print_violation, "buddy"));
}

uint64_t slab_machine_used(const struct slab_machine *m)
{
	const struct zone *zone;
	uint64_t used = 0;

	for_each_populated_zone(m->buddy, zone)
		used += buddy_zone_allocated_pages(m->buddy, zone);
	return used;
}

void slab_machine_destroy(struct slab_machine *m)
{
	CU_ASSERT(slab_machine_sound(m));
	slab_allocator_destroy(m->sa);
	CU_ASSERT_EQUAL(slab_machine_used(m), 0);
	CU_ASSERT_EQUAL(buddy_validate(m->buddy, print_violation, "buddy"), 0);
	buddy_destroy(m->buddy);
	pagemap_destroy(m->map);
}

struct kmem_cache *slab_machine_cache(struct slab_machine *m, const char *name, uint32_t size)
{
	struct kmem_cache_args args = { .name = name, .size = size, .flags = SLAB_NO_MERGE };
	struct kerror err = { 0 };
	struct kmem_cache *s = kmem_cache_create(m->sa, &args, &err);

	if (!s) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("no cache");
	}
	return s;
}

struct slabinfo slab_machine_info(const struct kmem_cache *s)
{
	struct slabinfo info;

	get_slabinfo(s, &info);
	return info;
}

struct page *slab_machine_page(const struct slab_machine *m, const void *object)
{
	return compound_head(m->map, page_from_pfn(m->map, pfn_from_virt(m->map, object)));
}

void **slab_machine_fill(struct kmem_cache *s, unsigned int cpu, unsigned int nr)
{
	size_t total = (size_t)nr * kmem_cache_objs_per_slab(s), i;
	void **objects = calloc(total, sizeof(*objects));

	CU_ASSERT_PTR_NOT_NULL_FATAL(objects);
	for (i = 0; i < total; i++) {
		objects[i] = kmem_cache_alloc(s, cpu, GFP_KERNEL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(objects[i]);
	}
	return objects;
}
