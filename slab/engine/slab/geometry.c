/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how the SLAB engine lays a cache out: where the numbers of the free
 * objects lie, how large a slab is, how many colours its rest allows. Pure;
 * the arithmetic is that of Linux 6.1's __kmem_cache_create(),
 * calculate_slab_order() and the three set_*_slab_cache() in mm/slab.c; an object
 * of a debugged cache is laid out as SLUB does it.
 */
#include <errno.h>

#include "slab/engine/slab/lslab.h"

#define CACHE_LINE	64u
#define WORD		8u
#define MIN_OBJECT	16u	/* SLAB_OBJ_MIN_SIZE: below, a byte could not number a page's objects */
#define MAX_ORDER_HI	1u	/* of slabs, unless not one object fits */

/* What kmalloc reserves for @bytes of numbers: no class up to 256 keeps its own numbers off its slabs. */
static uint32_t kmalloc_bytes(uint32_t bytes)
{
	if (bytes > 128)
		return bytes > 192 ? 256 : 192;
	return bytes > 64 ? 128 : bytes > 32 ? 64 : 32;
}

struct layout {
	uint32_t object_size, size;
	bool reclaimable;
	bool never_off;
	unsigned int max_order;
	enum slab_metadata metadata;
	unsigned int num, order;	/* num 0: impossible */
	uint32_t left;
};

/* Whether slabs of @num objects whose numbers lie elsewhere are worth it. */
static bool off_slab_pays(const struct layout *lay, unsigned int num)
{
	return kmalloc_bytes(num) <= lay->object_size / 2;
}

static void calculate_slab_order(struct layout *lay, enum slab_metadata metadata)
{
	uint32_t element = lay->size + (metadata == SLAB_METADATA_ON);
	unsigned int order;

	lay->metadata = metadata;
	lay->num = 0;
	for (order = 0; order <= MAX_PAGE_ORDER; order++) {
		uint32_t bytes = (uint32_t)(PAGE_SIZE << order), num = bytes / element;

		if (!num)
			continue;
		if (num > LSLAB_MAX_OBJECTS)
			break;
		if (metadata == SLAB_METADATA_OFF && !off_slab_pays(lay, num))
			continue;
		lay->num = num;
		lay->order = order;
		lay->left = bytes % element;
		/* Filesystems ask without permission to wait: small blocks are easier to get. */
		if (lay->reclaimable || order >= lay->max_order || lay->left * 8 <= bytes)
			break;
	}
}

/* The three places in the kernel's order of preference; false where none will do. */
static bool choose_layout(struct layout *lay, bool objects_keep_state)
{
	if (!objects_keep_state) {
		calculate_slab_order(lay, SLAB_METADATA_OBJECT);
		if (lay->num && lay->num <= lay->object_size)
			return true;
	}
	if (!lay->never_off) {
		calculate_slab_order(lay, SLAB_METADATA_OFF);
		if (lay->num && lay->left < lay->num)
			return true;
	}
	calculate_slab_order(lay, SLAB_METADATA_ON);
	return lay->num;
}

/* Elements: bare objects, or those of a debugged cache with what surrounds them. */
static void object_layout(struct slab_geometry *geo, const struct kmem_cache_args *args,
			  const struct slab_rules *rules)
{
	*geo = (struct slab_geometry){ 0 };
	if (args->flags & SLAB_DEBUG_FLAGS) {
		slab_object_layout(geo, args, rules);
	} else {
		geo->object_size = args->size;
		geo->align = slab_calculate_alignment(args->flags, args->align, args->size, rules);
		geo->inuse = align_up(args->size, WORD);
		geo->size = align_up(geo->inuse, geo->align);
	}
	if (geo->size < MIN_OBJECT)
		geo->size = align_up(MIN_OBJECT, geo->align);
}

int lslab_geometry(struct slab_geometry *geo, const struct kmem_cache_args *args,
		   const struct slab_config *cfg, unsigned int nr_cpus, struct kerror *err)
{
	struct layout lay = {
		.object_size = args->size,
		.reclaimable = args->flags & SLAB_RECLAIM_ACCOUNT,
		/* One of kmalloc's caches may be gone before another whose numbers it holds. */
		.never_off = (args->flags & SLAB_KMALLOC) && (args->flags & SLAB_DEBUG_FLAGS),
		.max_order = cfg->slab_max_order == SLAB_AUTO ? MAX_ORDER_HI : cfg->slab_max_order,
	};
	int ret = slab_check_args(args, cfg, nr_cpus, err);

	if (ret)
		return ret;
	object_layout(geo, args, &slab_rules[cfg->kernel]);
	lay.size = geo->size;
	/* What an owner may write after the free must not hold the numbers either. */
	if (!choose_layout(&lay, args->ctor || (args->flags & (SLAB_TYPESAFE_BY_RCU |
							       SLAB_DEBUG_FLAGS))))
		return kerror_set(err, -E2BIG,
				  "objects of %u bytes do not fit into blocks of order %d", geo->size,
				  MAX_PAGE_ORDER);

	geo->order = geo->min_order = lay.order;
	geo->objects = lay.num;
	geo->metadata = lay.metadata;
	geo->colour_off = geo->align > CACHE_LINE ? geo->align : CACHE_LINE;
	geo->colours = lay.left / geo->colour_off;
	if (!geo->colours)
		geo->colours = 1;
	return 0;
}
