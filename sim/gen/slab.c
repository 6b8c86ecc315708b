/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the slab adversary. Many objects of one cache are allocated, then all but
 * one a slab are freed: the cache holds whole slabs for single objects and can give
 * none back. Bonwick, "The slab allocator" (1994), argues that objects of one cache
 * have like lifetimes, so that this is rare; it is what directory entries and inodes
 * do to a machine that has walked through all of its files.
 *
 *	|o.......|o.......|o.......|
 *
 * How many objects a slab has depends on the machine (/proc/slabinfo has it, and the
 * slabinfo that 'kmemsim run --procfs' writes). Objects follow each other in
 * slabs where one CPU allocates them.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/gen/gen.h"

enum { SLABS, SIZE, PER_SLAB };

static const struct gen_param params[] = {
	[SLABS] = { "slabs", 1000, 1, 1u << 28, GEN_COUNT, "slabs that are filled" },
	[SIZE] = { "size", 256, 8, 8192, GEN_BYTES, "bytes of an object" },
	[PER_SLAB] = { "per_slab", 16, 2, 32767, GEN_COUNT, "objects of a slab, of which one is kept" },
	{ .name = NULL }
};

static int run(struct gen *g, const uint64_t *value)
{
	uint32_t size = (uint32_t)value[SIZE];
	struct gen_type type = gen_cached(g, "gen_object", size, (size + 7) & ~7u, "slab_alloc", "slab_free");
	uint64_t nr = value[SLABS] * value[PER_SLAB], i;
	uint64_t *addr = calloc(nr, sizeof(*addr));

	if (!addr)
		return -ENOMEM;
	while (gen_round(g)) {
		/* What the last round kept. */
		for (i = 0; i < nr && gen_more(g); i += value[PER_SLAB])
			gen_free(g, &type, addr[i], 0);
		for (i = 0; i < nr && gen_more(g); i++)
			addr[i] = gen_alloc(g, &type, 0);
		for (i = 0; i < nr && gen_more(g); i++)
			if (i % value[PER_SLAB])
				gen_free(g, &type, addr[i], 0);
	}
	free(addr);
	return 0;
}

const struct gen_model gen_slab = {
	.name = "slab",
	.text = "one object of each slab is kept: whole slabs are held for single objects",
	.after = "Bonwick 1994",
	.params = params,
	.run = run
};
