/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: caches of objects that reclaim may free, as the kernel's dentries and inodes: kept because somebody may ask for
 * them again. Here nobody does, so each of their objects may go, the oldest first.
 *
 *	vm_cache_fill() -> kmem_cache_alloc() of the slab layer, SLAB_RECLAIM_ACCOUNT -> a queue of each node
 *	shrink_slab()   -> some of each queue are freed (shrinker.c) -> a slab without objects gives its frames back
 *
 * That is a loss: where one object of a slab stays, so do its frames; and SLUB keeps a few empty slabs.
 *
 * Follows super_cache_count() and super_cache_scan() of fs/super.c as far as they are not about the file system.
 * Differs from Linux: there dentries and inodes of a file system share one shrinker, with a batch of 1024.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_VM_RECLAIM_CACHE_H
#define KMEMSIM_SIM_VM_RECLAIM_CACHE_H

#include "slab/slab.h"
#include "sim/vm/vm.h"

/* Objects of one node, oldest first. */
struct object_queue {
	void **objects;			/* owned; a ring of max, a power of two */
	uint64_t first, nr, max;
	uint64_t deferred;		/* of them to be looked at some time (Linux: nr_deferred) */
};

struct vm_cache {
	struct kmem_cache *cache;	/* owned, until vm_caches_exit() */
	struct object_queue *queues;	/* owned, a node each */
	uint64_t put, freed;		/* objects, in all */
	uint64_t pages;			/* frames that came back when objects were freed */
};

struct vm_caches {
	struct vm_cache *cache;		/* owned; in the order in which they were made */
	uint32_t nr, max;
	bool filling;			/* an object is on its way: no cache is looked at */
};

/*
 * Put @nr objects of @size bytes into the cache called @name of @slab, the allocator on top of @vm's page allocator; it is made
 * where there is none. Errors: those of kmem_cache_create(); -EINVAL: it has objects of another size; -ENOMEM: no frame is
 * left, and nobody to be killed for it; the objects so far stay.
 */
int vm_cache_fill(struct vm *vm, struct slab_allocator *slab, const char *name, uint32_t size, uint64_t nr, struct kerror *err);
/* All objects, and their caches, go. */
void vm_caches_exit(struct vm *vm);

/* Objects of @cache that lie on node @nid. */
uint64_t vm_cache_count(const struct vm *vm, const struct vm_cache *cache, unsigned int nid);
/* Free @nr of them, as far as there are. Returns how many. */
uint64_t vm_cache_scan(struct vm *vm, struct vm_cache *cache, unsigned int nid, uint64_t nr);
/* Frames that all these caches have now (Linux: NR_SLAB_RECLAIMABLE). */
uint64_t vm_caches_pages(const struct vm *vm);

/* What reclaim may free goes: echo 2 > /proc/sys/vm/drop_caches (Linux: drop_slab). */
void vm_drop_slab(struct vm *vm);

#endif
