/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what a type costs as an object of a cache; see layout.h. The
 * geometry is the slab layer's own. Pure functions.
 */
#include "sim/layout/layout.h"

#include <errno.h>
#include <stdio.h>

#include "slab/slab.h"

static uint64_t lines_of_slab(const struct layout_fit *fit, uint64_t size, uint32_t line)
{
	uint64_t lines = 0;
	unsigned int i;

	for (i = 0; i < fit->objects; i++)
		lines += layout_lines((uint64_t)i * fit->stride, size, line);
	return lines;
}

static void fit_pages(struct layout_fit *fit, uint64_t size, uint64_t bytes, uint32_t line)
{
	while (PAGE_SIZE << fit->order < bytes)
		fit->order++;
	fit->stride = (uint32_t)bytes;
	fit->align = (uint32_t)PAGE_SIZE;
	fit->objects = 1;
	fit->slab_bytes = bytes;
	fit->waste = bytes - size;
	fit->lines = layout_lines(0, size, line);
	snprintf(fit->name, sizeof(fit->name), "pages of order %u", fit->order);
}

int layout_fit(struct layout_fit *fit, enum layout_fit_kind kind, uint64_t size, uint32_t align,
	       unsigned int nr_cpus, uint32_t line, struct kerror *err)
{
	struct kmem_cache_args args = { .name = "layout", .align = align };
	struct slab_geometry geo;
	struct slab_config cfg;
	int ret;

	*fit = (struct layout_fit){ 0 };
	if (!size)
		return kerror_set(err, -EINVAL, "a type of 0 bytes is no object");
	if (size > PAGE_SIZE << MAX_PAGE_ORDER)
		return kerror_set(err, -E2BIG, "no block of frames holds %llu bytes",
				  (unsigned long long)size);
	args.size = (uint32_t)size;
	if (kind == FIT_CACHE_HWALIGN)
		args.flags = SLAB_HWCACHE_ALIGN;
	if (kind == FIT_KMALLOC) {
		size_t bytes = kmalloc_size_roundup(size);

		if (bytes > KMALLOC_MAX_CACHE_SIZE) {
			fit_pages(fit, size, bytes, line);
			return 0;
		}
		args.size = (uint32_t)bytes;
		args.align = 0;
		args.flags = SLAB_KMALLOC;
	}
	slab_config_default(&cfg);
	ret = slab_geometry(&geo, &args, &cfg, nr_cpus, err);
	if (ret)
		return ret;
	fit->stride = geo.size;
	fit->align = geo.align;
	fit->order = geo.order;
	fit->objects = geo.objects;
	fit->slab_bytes = PAGE_SIZE << geo.order;
	fit->waste = fit->slab_bytes - geo.objects * size;
	fit->lines = lines_of_slab(fit, size, line);
	if (kind == FIT_KMALLOC && args.size >= 1024)
		snprintf(fit->name, sizeof(fit->name), "kmalloc-%uk", args.size / 1024);
	else if (kind == FIT_KMALLOC)
		snprintf(fit->name, sizeof(fit->name), "kmalloc-%u", args.size);
	else
		snprintf(fit->name, sizeof(fit->name), "%s", kind == FIT_CACHE ? "own cache" :
			 "own, line-aligned");
	return 0;
}
