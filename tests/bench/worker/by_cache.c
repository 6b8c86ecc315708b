/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: objects by the library's cache interface, its fast paths inlined. */
#include <stdio.h>

#include "slab/malloc/kmemsim.h"
#include "tests/bench/worker/worker.h"

static inline void *object_get(struct loop *loop)
{
	return kms_cache_alloc(loop->source);
}

static inline void object_put(struct loop *loop, void *object)
{
	kms_cache_free(loop->source, object);
}

#include "tests/bench/worker/patterns.h"

const void *const allocator_code = (const void *)kms_cache_create;

/* Both threads of a pattern use one cache. */
void allocator_init(struct loop *loop)
{
	static struct kms_cache *cache;
	char name[32];

	if (!cache) {
		snprintf(name, sizeof(name), "bench-%zu", loop->size);
		cache = kms_cache_create(name, loop->size, 0, 0, NULL);
	}
	if (!cache)
		worker_die("no cache");
	loop->source = cache;
}
