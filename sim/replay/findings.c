/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: complaints of the slab layer, counted and kept; see findings.h. */
#include "sim/replay/findings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int findings_init(struct slab_findings *all, unsigned int keep)
{
	*all = (struct slab_findings){ .max_kept = keep };
	all->kept = keep ? calloc(keep, sizeof(*all->kept)) : NULL;
	return keep && !all->kept ? -ENOMEM : 0;
}

void findings_exit(struct slab_findings *all)
{
	unsigned int i;

	for (i = 0; i < all->nr_kept; i++)
		free(all->kept[i].text);
	free(all->kept);
	*all = (struct slab_findings){ 0 };
}

static char *text_of(const struct slab_allocator *sa, const struct slab_report *report)
{
	size_t size = slab_report_text(sa, report, NULL, 0) + 1;
	char *text = malloc(size);

	if (text)
		slab_report_text(sa, report, text, size);
	return text;
}

void findings_add(struct slab_findings *all, const struct slab_allocator *sa,
		  const struct slab_report *report)
{
	const struct kmem_cache *s = report->owner ? report->owner : report->cache;
	const void *where = report->start ? report->start : report->object;
	const struct pagemap *map = buddy_pagemap(slab_buddy(sa));
	struct slab_finding *finding;

	all->nr++;
	all->by_kind[report->what]++;
	if (all->nr_kept == all->max_kept)
		return;
	finding = &all->kept[all->nr_kept++];
	finding->what = report->what;
	snprintf(finding->cache, sizeof(finding->cache), "%s", s ? kmem_cache_name(s) : "");
	finding->has_object = report->start != NULL;
	finding->address = (uint64_t)((const unsigned char *)where - map->base);
	finding->alloc = report->alloc;
	finding->free = report->free;
	finding->now = report->now;
	finding->text = text_of(sa, report);
}
