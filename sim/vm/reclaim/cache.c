/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: caches whose objects reclaim may free; see cache.h. */
#include "sim/vm/reclaim/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/vm/oom.h"
#include "sim/vm/reclaim/internal.h"

/* ---- queues ---------------------------------------------------------------------------- */

static int queue_reserve(struct object_queue *queue)
{
	uint64_t max = queue->max ? 2 * queue->max : 64, i;
	void **objects;

	if (queue->nr < queue->max)
		return 0;
	objects = malloc(max * sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	for (i = 0; i < queue->nr; i++)
		objects[i] = queue->objects[(queue->first + i) & (queue->max - 1)];
	free(queue->objects);
	queue->objects = objects;
	queue->first = 0;
	queue->max = max;
	return 0;
}

static void queue_put(struct object_queue *queue, void *object)
{
	queue->objects[(queue->first + queue->nr++) & (queue->max - 1)] = object;
}

static void *queue_take(struct object_queue *queue)
{
	void *object = queue->objects[queue->first];

	queue->first = (queue->first + 1) & (queue->max - 1);
	queue->nr--;
	return object;
}

/* ---- caches ----------------------------------------------------------------------------- */

static struct vm_cache *cache_named(struct vm_caches *caches, const char *name)
{
	uint32_t i;

	for (i = 0; i < caches->nr; i++)
		if (!strcmp(kmem_cache_name(caches->cache[i].cache), name))
			return &caches->cache[i];
	return NULL;
}

static int cache_make(struct vm *vm, struct slab_allocator *slab, const char *name, uint32_t size, struct vm_cache **out,
		      struct kerror *err)
{
	struct kmem_cache_args args = { .name = name, .size = size, .flags = SLAB_RECLAIM_ACCOUNT | SLAB_NO_MERGE };
	struct vm_caches *caches = vm->caches;
	struct kerror why = { 0 };
	struct vm_cache *cache;

	if (!caches)
		caches = vm->caches = calloc(1, sizeof(*caches));
	if (!caches)
		return kerror_set(err, -ENOMEM, "cache %s: out of memory", name);
	if (caches->nr == caches->max) {
		uint32_t max = caches->max ? 2 * caches->max : 4;

		cache = realloc(caches->cache, max * sizeof(*cache));
		if (!cache)
			return kerror_set(err, -ENOMEM, "cache %s: out of memory", name);
		caches->cache = cache;
		caches->max = max;
	}
	cache = &caches->cache[caches->nr];
	*cache = (struct vm_cache){ .queues = calloc(vm->lru->nr_nodes, sizeof(*cache->queues)) };
	if (!cache->queues)
		return kerror_set(err, -ENOMEM, "cache %s: out of memory", name);
	cache->cache = kmem_cache_create(slab, &args, &why);
	if (!cache->cache) {
		free(cache->queues);
		return kerror_set(err, why.code, "%s", why.text);
	}
	caches->nr++;
	*out = cache;
	return 0;
}

/* One object, for nobody. NULL: no memory, and nobody left to be killed. */
static void *alloc_object(struct vm *vm, struct kmem_cache *cache)
{
	void *object;

	vm->current = NULL;
	do {
		vm->caches->filling = true;
		object = kmem_cache_alloc(cache, 0, GFP_KERNEL);
		vm->caches->filling = false;
	} while (!object && vm_out_of_memory(vm));
	if (vm->lru->kswapd_woken)
		reclaim_kswapd_woken(vm);
	return object;
}

int vm_cache_fill(struct vm *vm, struct slab_allocator *slab, const char *name, uint32_t size, uint64_t nr, struct kerror *err)
{
	struct vm_cache *cache = vm->caches ? cache_named(vm->caches, name) : NULL;
	int ret = cache ? 0 : cache_make(vm, slab, name, size, &cache, err);

	if (ret)
		return ret;
	if (kmem_cache_object_size(cache->cache) != size)
		return kerror_set(err, -EINVAL, "cache %s: its objects have %u bytes, not %u", name,
				  kmem_cache_object_size(cache->cache), size);
	for (; nr; nr--) {
		void *object = alloc_object(vm, cache->cache);
		struct object_queue *queue;

		if (!object)
			return kerror_set(err, -ENOMEM, "cache %s: no memory is left for its objects", name);
		queue = &cache->queues[vm_frame_node(vm, pfn_from_virt(vm->map, object))];
		if (queue_reserve(queue)) {
			kmem_cache_free(cache->cache, 0, object);
			return kerror_set(err, -ENOMEM, "cache %s: out of memory", name);
		}
		queue_put(queue, object);
		cache->put++;
	}
	return 0;
}

void vm_caches_exit(struct vm *vm)
{
	unsigned int nid;
	uint32_t i;

	if (!vm->caches)
		return;
	for (i = 0; i < vm->caches->nr; i++) {
		struct vm_cache *cache = &vm->caches->cache[i];

		for (nid = 0; nid < vm->lru->nr_nodes; nid++) {
			vm_cache_scan(vm, cache, nid, UINT64_MAX);
			free(cache->queues[nid].objects);
		}
		kmem_cache_destroy(cache->cache);
		free(cache->queues);
	}
	free(vm->caches->cache);
	free(vm->caches);
	vm->caches = NULL;
}

/* ---- what reclaim asks ------------------------------------------------------------------- */

uint64_t vm_cache_count(const struct vm *vm, const struct vm_cache *cache, unsigned int nid)
{
	return vm->caches->filling ? 0 : cache->queues[nid].nr;
}

static uint64_t pages_of(const struct vm_cache *cache)
{
	struct slabinfo info;

	get_slabinfo(cache->cache, &info);
	return info.slab_pages;
}

uint64_t vm_cache_scan(struct vm *vm, struct vm_cache *cache, unsigned int nid, uint64_t nr)
{
	struct object_queue *queue = &cache->queues[nid];
	uint64_t before = pages_of(cache), freed = 0;

	for (; freed < nr && queue->nr; freed++)
		kmem_cache_free(cache->cache, vm_cpu(vm), queue_take(queue));
	cache->freed += freed;
	cache->pages += before - pages_of(cache);
	return freed;
}

uint64_t vm_caches_pages(const struct vm *vm)
{
	uint64_t pages = 0;
	uint32_t i;

	for (i = 0; vm->caches && i < vm->caches->nr; i++)
		pages += pages_of(&vm->caches->cache[i]);
	return pages;
}
