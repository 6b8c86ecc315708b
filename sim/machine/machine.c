/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: boots pagemap, buddy and slab into one machine; see machine.h.
 *
 * Single-threaded: one thread drives a machine.
 */
#include "sim/machine/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void machine_config_default(struct machine_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->mem_bytes = 4ULL << 30;
	cfg->nr_nodes = 1;
	cfg->nr_cpus = 1;
	cfg->kernel = BUDDY_KERNEL_NEWEST;
	cfg->min_free_kbytes = -1;
	slab_config_default(&cfg->slab);
}

static int boot_pagemap(struct machine *m, const struct machine_config *cfg, struct kerror *err)
{
	struct pagemap_config pagemap = { .bind = cfg->bind };
	uint64_t movable = cfg->movable_bytes >> PAGE_SHIFT;
	int ret;

	ret = pagemap_config_memory(&pagemap, cfg->mem_bytes, cfg->nr_nodes, cfg->holes, cfg->nr_holes,
				    err);
	if (ret)
		return ret;
	pagemap.movable_pages = movable > UINT32_MAX ? UINT32_MAX : (uint32_t)movable;
	memcpy(pagemap.distance, cfg->distance, sizeof(pagemap.distance));
	return pagemap_create(&m->map, &pagemap, err);
}

int machine_create(struct machine **out, const struct machine_config *cfg, struct kerror *err)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct slab_config slab = cfg->slab;
	struct buddy_config buddy;
	int ret;

	if (!m)
		return kerror_set(err, -ENOMEM, "no memory for a machine");
	buddy_config_default(&buddy, cfg->nr_cpus);
	buddy.min_free_kbytes = cfg->min_free_kbytes;
	buddy.page_owner = cfg->page_owner;
	buddy.kernel = slab.kernel = cfg->kernel;
	ret = boot_pagemap(m, cfg, err);
	if (!ret)
		ret = buddy_create(&m->buddy, m->map, &buddy, err);
	if (!ret)
		ret = slab_allocator_create(&m->slab, m->buddy, &slab, err);
	if (ret) {
		machine_destroy(m);
		return ret;
	}
	*out = m;
	return 0;
}

int machine_create_over(struct machine **out, struct pagemap *map, struct buddy *buddy, const struct slab_config *slab,
			struct kerror *err)
{
	struct machine *m = calloc(1, sizeof(*m));
	int ret;

	if (!m) {
		buddy_destroy(buddy);
		pagemap_destroy(map);
		return kerror_set(err, -ENOMEM, "no memory for a machine");
	}
	m->map = map;
	m->buddy = buddy;
	ret = slab_allocator_create(&m->slab, buddy, slab, err);
	if (ret)
		machine_destroy(m);
	else
		*out = m;
	return ret;
}

void machine_destroy(struct machine *m)
{
	if (!m)
		return;
	if (m->slab)
		slab_allocator_destroy(m->slab);
	if (m->buddy)
		buddy_destroy(m->buddy);
	pagemap_destroy(m->map);
	free(m);
}

void machine_count_pages(const struct machine *m, struct machine_pages *pages)
{
	const struct zone *zone;

	memset(pages, 0, sizeof(*pages));
	for_each_populated_zone(m->buddy, zone) {
		pages->managed += zone->managed_pages;
		pages->free_lists += zone->free_pages;
		pages->pcp += buddy_zone_pcp_pages(m->buddy, zone);
		pages->used += buddy_zone_allocated_pages(m->buddy, zone);
	}
}

unsigned int machine_validate(const struct machine *m, void (*fn)(void *ctx, const char *text),
			      void *ctx)
{
	return buddy_validate(m->buddy, fn, ctx) + slab_validate(m->slab, fn, ctx);
}
