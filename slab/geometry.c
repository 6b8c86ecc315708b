/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how a cache lays its objects out and how large its slabs are. Pure
 * functions; the arithmetic is that of Linux's calculate_alignment(),
 * calculate_sizes(), calculate_order(), set_cpu_partial() and
 * kmem_cache_open(), debugging metadata included, by the rules of the kernel
 * asked for (slab/rules.h).
 *
 * Differs from Linux: a slab never has more than 32767 objects, whatever
 * slab_min_objects asks for (the kernel's 15-bit count would overflow).
 */
#include <errno.h>

#include "slab/cache.h"

#define CACHE_LINE	64u
#define WORD		((uint32_t)sizeof(void *))
#define MIN_PARTIAL	5u
#define MAX_PARTIAL	10u
#define MAX_OBJECT_SIZE	(4u << 20)

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

uint32_t slab_calculate_alignment(uint32_t flags, uint32_t align, uint32_t size,
				  const struct slab_rules *rules)
{
	uint32_t natural = size & -size;

	if (flags & SLAB_HWCACHE_ALIGN) {
		uint32_t ralign = CACHE_LINE;

		/* Small objects share a line in equal parts. */
		while (size <= ralign / 2)
			ralign /= 2;
		align = max_u32(align, ralign);
	}
	/* kmalloc promises that an object of 2^n bytes is aligned to itself. */
	if ((flags & SLAB_KMALLOC) && (natural == size || rules->kmalloc_align_any))
		align = max_u32(align, natural);
	return align_up(max_u32(align, WORD), WORD);
}

/* The lowest order from @order to @max_order that wastes at most 1/@fraction; above where none does. */
static unsigned int calc_slab_order(uint32_t size, unsigned int order, unsigned int max_order,
				    unsigned int fraction)
{
	for (; order <= max_order; order++) {
		uint32_t slab_size = (uint32_t)(PAGE_SIZE << order);

		if (slab_size % size <= slab_size / fraction)
			break;
	}
	return order;
}

/* The order at which as many objects as 15 bits can count still fit. */
static unsigned int order_of_most_objects(uint32_t size)
{
	return order_of((uint64_t)size * MAX_OBJS_PER_SLAB) - 1;
}

/* Up to @max_order: ever more waste, then ever fewer objects; above it where not one object fits. */
static unsigned int order_giving_up_objects(uint32_t size, uint32_t objects, unsigned int min_order,
					    unsigned int max_order)
{
	unsigned int order, fraction;

	if (order_objects(min_order, size) > MAX_OBJS_PER_SLAB)
		return order_of_most_objects(size);
	for (; objects > 1; objects--) {
		order = max_u32(min_order, order_of((uint64_t)objects * size));
		for (fraction = 16; fraction >= 4; fraction /= 2) {
			unsigned int found = calc_slab_order(size, order, max_order, fraction);

			if (found <= max_order)
				return found;
		}
	}
	return max_u32(min_order, order_of(size));
}

/* Up to @max_order: ever more waste, half of it at most; above it where not one object fits. */
static unsigned int order_keeping_objects(uint32_t size, uint32_t objects, unsigned int min_order,
					  unsigned int max_order)
{
	unsigned int order, fraction;

	min_order = max_u32(min_order, order_of((uint64_t)objects * size));
	if (order_objects(min_order, size) > MAX_OBJS_PER_SLAB)
		return order_of_most_objects(size);
	for (fraction = 16; fraction > 1; fraction /= 2) {
		order = calc_slab_order(size, min_order, max_order, fraction);
		if (order <= max_order)
			return order;
	}
	return order_of(size);
}

/* Above MAX_PAGE_ORDER where nothing fits. */
static unsigned int calculate_order(uint32_t size, const struct slab_config *cfg,
				    unsigned int nr_cpus)
{
	unsigned int max_order = min_u32(cfg->slab_max_order, MAX_PAGE_ORDER);
	uint32_t min_objects = cfg->slab_min_objects;

	if (!min_objects)
		min_objects = 4 * (fls32(nr_cpus) + 1);
	min_objects = min_u32(min_objects, max_u32(order_objects(max_order, size), 1));
	if (slab_rules[cfg->kernel].order_keeps_objects)
		return order_keeping_objects(size, min_objects, cfg->slab_min_order, max_order);
	return order_giving_up_objects(size, min_objects, cfg->slab_min_order, max_order);
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
	if ((unsigned int)cfg->kernel >= NR_BUDDY_KERNELS)
		return kerror_set(err, -EINVAL, "no rules for kernel number %u", cfg->kernel);
	return 0;
}

void slab_object_layout(struct slab_geometry *geo, const struct kmem_cache_args *args,
			const struct slab_rules *rules)
{
	uint32_t flags = args->flags, size = align_up(args->size, WORD);
	bool red_zone = flags & SLAB_RED_ZONE;

	geo->object_size = args->size;
	geo->align = slab_calculate_alignment(flags, args->align, args->size, rules);
	geo->red_left = 0;
	if (red_zone && size == args->size)
		size += WORD;
	geo->inuse = size;
	if ((flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON)) || args->ctor ||
	    (red_zone && (args->size < WORD ||
			  (rules->zone_from_request && (flags & SLAB_KMALLOC) && (flags & SLAB_STORE_USER))))) {
		/*
		 * What a constructor, a poisoner or late readers left in the object must survive, and a
		 * red zone that reaches into the object must not meet the link.
		 */
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
	slab_object_layout(geo, args, &slab_rules[cfg->kernel]);
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
