/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how a cache lays its objects out and how large its slabs are. Pure
 * functions; the arithmetic is that of Linux 6.1's calculate_alignment(),
 * calculate_sizes(), calculate_order(), set_cpu_partial() and
 * kmem_cache_open(), debugging metadata included.
 *
 * Differs from Linux: a slab never has more than 32767 objects, whatever
 * slab_min_objects asks for (the kernel's 15-bit count would overflow).
 */
#include <errno.h>

#include "slab/internal.h"

#define CACHE_LINE	64u
#define WORD		((uint32_t)sizeof(void *))
#define MIN_PARTIAL	5u
#define MAX_PARTIAL	10u
#define MAX_OBJECT_SIZE	(4u << 20)

static inline uint32_t align_up(uint32_t value, uint32_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The highest set bit, counted from 1; 0 for 0. */
static inline unsigned int fls32(uint32_t value)
{
	return value ? 32 - __builtin_clz(value) : 0;
}

/* The smallest order of frames that hold @bytes (at least 1). */
static unsigned int order_of(uint64_t bytes)
{
	unsigned int order = 0;

	while ((PAGE_SIZE << order) < bytes)
		order++;
	return order;
}

static inline uint32_t order_objects(unsigned int order, uint32_t size)
{
	return (uint32_t)((PAGE_SIZE << order) / size);
}

uint32_t slab_calculate_alignment(uint32_t flags, uint32_t align, uint32_t size)
{
	if (flags & SLAB_HWCACHE_ALIGN) {
		uint32_t ralign = CACHE_LINE;

		/* Small objects share a line in equal parts. */
		while (size <= ralign / 2)
			ralign /= 2;
		align = max_u32(align, ralign);
	}
	/* kmalloc promises that an object of 2^n bytes is aligned to itself. */
	if ((flags & SLAB_KMALLOC) && !(size & (size - 1)))
		align = max_u32(align, size);
	return align_up(max_u32(align, WORD), WORD);
}

/* The lowest order up to @max_order that wastes at most 1/@fraction; above it where none does. */
static unsigned int calc_slab_order(uint32_t size, uint32_t min_objects, unsigned int min_order,
				    unsigned int max_order, unsigned int fraction)
{
	unsigned int order;

	if (order_objects(min_order, size) > MAX_OBJS_PER_SLAB)
		return order_of((uint64_t)size * MAX_OBJS_PER_SLAB) - 1;

	order = order_of((uint64_t)min_objects * size);
	for (order = max_u32(min_order, order); order <= max_order; order++) {
		uint32_t slab_size = (uint32_t)(PAGE_SIZE << order);

		if (slab_size % size <= slab_size / fraction)
			break;
	}
	return order;
}

/* Accept ever more waste, then ever fewer objects; above MAX_PAGE_ORDER where nothing fits. */
static unsigned int calculate_order(uint32_t size, const struct slab_config *cfg,
				    unsigned int nr_cpus)
{
	unsigned int min_order = cfg->slab_min_order;
	unsigned int max_order = min_u32(cfg->slab_max_order, MAX_PAGE_ORDER);
	uint32_t min_objects = cfg->slab_min_objects;
	unsigned int order, fraction;

	if (!min_objects)
		min_objects = 4 * (fls32(nr_cpus) + 1);
	min_objects = min_u32(min_objects, order_objects(max_order, size));

	for (; min_objects > 1; min_objects--) {
		for (fraction = 16; fraction >= 4; fraction /= 2) {
			order = calc_slab_order(size, min_objects, min_order, max_order, fraction);
			if (order <= max_order)
				return order;
		}
	}
	order = calc_slab_order(size, 1, min_order, max_order, 1);
	if (order <= max_order)
		return order;
	return calc_slab_order(size, 1, min_order, MAX_PAGE_ORDER, 1);
}

static unsigned int calculate_min_partial(const struct slab_config *cfg, uint32_t size)
{
	if (cfg->min_partial != SLAB_AUTO)
		return cfg->min_partial;
	return min_u32(MAX_PARTIAL, max_u32(MIN_PARTIAL, (fls32(size) - 1) / 2));
}

static unsigned int calculate_cpu_partial(const struct slab_config *cfg, uint32_t size)
{
	if (cfg->cpu_partial != SLAB_AUTO)
		return cfg->cpu_partial;
	if (size >= PAGE_SIZE)
		return 6;
	if (size >= 1024)
		return 24;
	if (size >= 256)
		return 52;
	return 120;
}

int slab_check_args(const struct kmem_cache_args *args, const struct slab_config *cfg,
		    unsigned int nr_cpus, struct kerror *err)
{
	bool kmalloc = args->flags & SLAB_KMALLOC;

	if (!args->size || args->size > MAX_OBJECT_SIZE)
		return kerror_set(err, -EINVAL, "object size %u is not within 1..%u", args->size,
				  MAX_OBJECT_SIZE);
	if ((args->align & (args->align - 1)) || (!kmalloc && args->align > PAGE_SIZE))
		return kerror_set(err, -EINVAL, "alignment %u is no power of two up to %lu",
				  args->align, PAGE_SIZE);
	if (cfg->slab_min_order > min_u32(cfg->slab_max_order, MAX_PAGE_ORDER))
		return kerror_set(err, -EINVAL, "slab_min_order %u is above slab_max_order %u",
				  cfg->slab_min_order,
				  min_u32(cfg->slab_max_order, MAX_PAGE_ORDER));
	if (!nr_cpus)
		return kerror_set(err, -EINVAL, "a machine has at least one CPU");
	return 0;
}

void slab_object_layout(struct slab_geometry *geo, const struct kmem_cache_args *args)
{
	uint32_t flags = args->flags, size = align_up(args->size, WORD);
	bool red_zone = flags & SLAB_RED_ZONE;

	geo->object_size = args->size;
	geo->align = slab_calculate_alignment(flags, args->align, args->size);
	geo->red_left = 0;
	if (red_zone && size == args->size)
		size += WORD;
	geo->inuse = size;
	if ((flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON)) || args->ctor ||
	    (red_zone && args->size < WORD)) {
		/* What a constructor, a poisoner or late readers left in the object must survive. */
		geo->offset = size;
		size += WORD;
	} else {
		/* The middle is where overruns of the neighbours reach last. */
		geo->offset = args->size / 2 & ~(WORD - 1);
	}
	if (flags & SLAB_STORE_USER) {
		size += 2 * (uint32_t)sizeof(struct slab_track);
		if (flags & SLAB_KMALLOC)
			size += (uint32_t)sizeof(uint32_t);
	}
	if (red_zone) {
		/* A word of padding, so that an underrun does not hit the neighbour's metadata. */
		geo->red_left = align_up(WORD, geo->align);
		size += WORD + geo->red_left;
	}
	geo->size = align_up(size, geo->align);
}

int slab_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
		  const struct slab_config *cfg, unsigned int nr_cpus, struct kerror *err)
{
	int ret = slab_check_args(args, cfg, nr_cpus, err);
	uint32_t size;

	if (ret)
		return ret;
	*geo = (struct slab_geometry){ .colours = 1 };
	slab_object_layout(geo, args);
	size = geo->size;
	geo->order = calculate_order(size, cfg, nr_cpus);
	geo->min_order = order_of(size);
	if (geo->order > MAX_PAGE_ORDER)
		return kerror_set(err, -E2BIG,
				  "objects of %u bytes do not fit into blocks of order %d", size,
				  MAX_PAGE_ORDER);
	while (order_objects(geo->order, size) > MAX_OBJS_PER_SLAB)
		geo->order--;
	geo->objects = order_objects(geo->order, size);

	geo->min_partial = calculate_min_partial(cfg, size);
	geo->cpu_partial = args->flags & SLAB_DEBUG_FLAGS ? 0 : calculate_cpu_partial(cfg, size);
	geo->cpu_partial_slabs = (geo->cpu_partial * 2 + geo->objects - 1) / geo->objects;
	return 0;
}
