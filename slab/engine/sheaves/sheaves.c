/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: sheaves, the arrays of objects that Linux 6.18 puts in front of
 * SLUB's slabs. Drawing, states and what differs from Linux are in sheaves.h.
 *
 * Counters: a request is fast when the CPU's two sheaves could serve it, slow
 * when the barn or slabs had to; alloc_cpu_sheaf and free_cpu_sheaf count, as
 * in the kernel, all objects that went through a sheaf. What SLUB counts below
 * the sheaves shows in alloc_from_partial and the like, not in alloc_fastpath
 * as in the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/engine/sheaves/sheaves.h"

static struct barn *barn_of(const struct kmem_cache *s, unsigned int cpu)
{
	return &sheaves_of(s)->barn[slab_mem_node(s->sa, cpu)];
}

static void swap_sheaves(struct sheaves_cpu *pcs)
{
	struct sheaf *main = pcs->main;

	pcs->main = pcs->spare;
	pcs->spare = main;
}

/* ---- allocation --------------------------------------------------------- */

/*
 * A full sheaf takes an empty one's place. Reclaim, called for the refill, may
 * have used the CPU's sheaves meanwhile; there is always some place left.
 */
static void install_full(struct kmem_cache *s, unsigned int cpu, struct sheaf *full)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	struct barn *barn = barn_of(s, cpu);

	if (!pcs->main->size) {
		barn_put_empty(barn, pcs->main);
		pcs->main = full;
	} else if (!pcs->spare) {
		pcs->spare = full;
	} else if (!pcs->spare->size) {
		barn_put_empty(barn, pcs->spare);
		pcs->spare = full;
	} else {
		barn_put_full(barn, full);
		pcs->stat[SC_barn_put]++;
	}
}

/* A full sheaf from slabs, for a request that may wait; NULL when memory ends. */
static struct sheaf *make_full(struct kmem_cache *s, unsigned int cpu, gfp_t gfp)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	struct sheaf *sheaf = pcs->spare;

	if (sheaf)
		pcs->spare = NULL;
	else
		sheaf = barn_get_empty(barn_of(s, cpu));
	if (!sheaf)
		sheaf = sheaf_alloc(s, cpu);
	if (sheaf && sheaf_refill(s, cpu, sheaf, gfp)) {
		sheaf_free(s, cpu, sheaf);
		return NULL;
	}
	return sheaf;
}

/* Main is empty and spare is no help: a full one from the barn. */
static bool main_from_barn(struct kmem_cache *s, unsigned int cpu)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	struct sheaf *full = barn_replace_empty(barn_of(s, cpu), pcs->main);

	pcs->stat[full ? SC_barn_get : SC_barn_get_fail]++;
	if (full)
		pcs->main = full;
	return full;
}

/* Main has an object afterwards, or false. Follows __pcs_replace_empty_main(). */
static bool replace_empty_main(struct kmem_cache *s, unsigned int cpu, gfp_t gfp)
{
	struct sheaf *full;

	if (main_from_barn(s, cpu))
		return true;
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return false;
	full = make_full(s, cpu, gfp);
	if (!full)
		return false;
	install_full(s, cpu, full);
	return sheaves_cpu(s, cpu)->main->size;
}

/* Follows alloc_from_pcs(). NULL where the sheaves have nothing for this request. */
static void *alloc_from_sheaf(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	uint64_t *path = &pcs->front.alloc_fastpath;
	void *object;

	if (nid != NUMA_NO_NODE && (unsigned int)nid != slab_mem_node(s->sa, cpu))
		return NULL;
	if (!pcs->main->size && pcs->spare && pcs->spare->size) {
		swap_sheaves(pcs);
	} else if (!pcs->main->size) {
		if (!replace_empty_main(s, cpu, gfp))
			return NULL;
		path = &pcs->stat[SC_alloc_slowpath];
	}
	object = pcs->main->objects[pcs->main->size - 1];
	/* A refill took what there was, perhaps another node's. */
	if (nid != NUMA_NO_NODE &&
	    slab_nid(slab_head_of(s->sa, arena_offset(s->sa, object))) != (unsigned int)nid)
		return NULL;
	pcs->main->size--;
	(*path)++;
	pcs->stat[SC_alloc_cpu_sheaf]++;
	return object;
}

static void *sheaves_alloc(struct kmem_cache *s, unsigned int cpu, gfp_t gfp, int nid)
{
	void *object = NULL;

	if (sheaves_of(s)->capacity)
		object = alloc_from_sheaf(s, cpu, gfp, nid);
	if (object)
		return object;
	object = slub_alloc_one(s, cpu, gfp, nid);
	if (object)
		sheaves_cpu(s, cpu)->stat[SC_alloc_slowpath]++;
	return object;
}

/* Follows alloc_from_pcs_bulk(): sheaves that are there are used, none is refilled. */
static unsigned int alloc_from_sheaves(struct kmem_cache *s, unsigned int cpu, unsigned int nr,
				       void **objects)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	unsigned int got = 0;

	while (got < nr) {
		unsigned int slow = 0, batch;

		if (!pcs->main->size && pcs->spare && pcs->spare->size) {
			swap_sheaves(pcs);
		} else if (!pcs->main->size) {
			if (!main_from_barn(s, cpu))
				break;
			slow = 1;
		}
		batch = pcs->main->size < nr - got ? pcs->main->size : nr - got;
		pcs->main->size -= batch;
		memcpy(&objects[got], &pcs->main->objects[pcs->main->size],
		       batch * sizeof(objects[0]));
		pcs->front.alloc_fastpath += batch - slow;
		pcs->stat[SC_alloc_slowpath] += slow;
		pcs->stat[SC_alloc_cpu_sheaf] += batch;
		got += batch;
	}
	return got;
}

static unsigned int sheaves_alloc_bulk(struct kmem_cache *s, unsigned int cpu, gfp_t gfp,
				       unsigned int nr, void **objects)
{
	unsigned int got = 0, more;

	if (sheaves_of(s)->capacity)
		got = alloc_from_sheaves(s, cpu, nr, objects);
	more = slub_alloc_bulk(s, cpu, gfp, nr - got, &objects[got]);
	sheaves_cpu(s, cpu)->stat[SC_alloc_slowpath] += more;
	return got + more;
}

/* ---- free --------------------------------------------------------------- */

/*
 * An empty sheaf for a CPU whose main one is full; reclaim cannot come between,
 * so spare is missing, or full and the barn had no empty one. Follows
 * __pcs_install_empty_sheaf().
 */
static void install_empty(struct kmem_cache *s, unsigned int cpu, struct sheaf *empty)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);

	if (!pcs->spare) {
		pcs->spare = pcs->main;
	} else {
		barn_put_full(barn_of(s, cpu), pcs->main);
		pcs->stat[SC_barn_put]++;
	}
	pcs->main = empty;
}

/* Main is full and spare is no help: an empty one from the barn. @too_many: it has no room. */
static bool main_to_barn(struct kmem_cache *s, unsigned int cpu, bool *too_many)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	struct sheaf *empty;

	*too_many = false;
	if (!pcs->spare) {
		empty = barn_get_empty(barn_of(s, cpu));
		if (empty)
			install_empty(s, cpu, empty);
		return empty;
	}
	empty = barn_replace_full(barn_of(s, cpu), pcs->main, sheaves_of(s)->max_full, too_many);
	if (empty) {
		pcs->stat[SC_barn_put]++;
		pcs->main = empty;
	}
	return empty;
}

/* Main has room afterwards. Follows __pcs_replace_full_main(). */
static void replace_full_main(struct kmem_cache *s, unsigned int cpu)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	struct sheaf *empty;
	bool too_many;

	if (main_to_barn(s, cpu, &too_many))
		return;
	if (too_many) {
		empty = pcs->spare;
		pcs->stat[SC_barn_put_fail]++;
		pcs->spare = NULL;
		sheaf_flush(s, cpu, empty);
		install_empty(s, cpu, empty);
		return;
	}
	empty = sheaf_alloc(s, cpu);
	if (empty) {
		install_empty(s, cpu, empty);
		return;
	}
	if (pcs->spare)
		pcs->stat[SC_barn_put_fail]++;
	sheaf_flush_main(s, cpu);
}

static void free_to_sheaf(struct kmem_cache *s, unsigned int cpu, void *object)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	unsigned int capacity = sheaves_of(s)->capacity;
	uint64_t *path = &pcs->front.free_fastpath;

	if (pcs->main->size == capacity && pcs->spare && pcs->spare->size < capacity) {
		swap_sheaves(pcs);
	} else if (pcs->main->size == capacity) {
		replace_full_main(s, cpu);
		path = &pcs->stat[SC_free_slowpath];
	}
	pcs->main->objects[pcs->main->size++] = object;
	(*path)++;
	pcs->stat[SC_free_cpu_sheaf]++;
}

static void sheaves_free(struct kmem_cache *s, unsigned int cpu, struct page *slab, void *object)
{
	if (sheaves_of(s)->capacity && slab_nid(slab) == slab_mem_node(s->sa, cpu)) {
		free_to_sheaf(s, cpu, object);
		return;
	}
	slub_free_one(s, cpu, slab, object);
	sheaves_cpu(s, cpu)->stat[SC_free_slowpath]++;
}

/* As many of @nr local objects as sheaves that are there can take; returns how many. */
static unsigned int free_to_sheaves(struct kmem_cache *s, unsigned int cpu, unsigned int nr,
				    void **objects)
{
	struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
	unsigned int capacity = sheaves_of(s)->capacity, done = 0;

	while (done < nr) {
		unsigned int batch, slow = 0;
		bool too_many;

		if (pcs->main->size == capacity && pcs->spare && pcs->spare->size < capacity) {
			swap_sheaves(pcs);
		} else if (pcs->main->size == capacity) {
			if (!main_to_barn(s, cpu, &too_many)) {
				pcs->stat[SC_barn_put_fail] += pcs->spare != NULL;
				break;
			}
			slow = 1;
		}
		batch = capacity - pcs->main->size;
		if (batch > nr - done)
			batch = nr - done;
		memcpy(&pcs->main->objects[pcs->main->size], &objects[done],
		       batch * sizeof(objects[0]));
		pcs->main->size += batch;
		pcs->front.free_fastpath += batch - slow;
		pcs->stat[SC_free_slowpath] += slow;
		pcs->stat[SC_free_cpu_sheaf] += batch;
		done += batch;
	}
	return done;
}

static void free_to_slabs(struct kmem_cache *s, unsigned int cpu, unsigned int nr, void **objects)
{
	slub_free_bulk(s, cpu, nr, objects);
	sheaves_cpu(s, cpu)->stat[SC_free_slowpath] += nr;
}

/* Put the objects of @cpu's node first; returns how many they are. */
static unsigned int sort_local(struct kmem_cache *s, unsigned int cpu, unsigned int nr,
			       void **objects)
{
	unsigned int node = slab_mem_node(s->sa, cpu), i = 0;

	while (i < nr) {
		void *object = objects[i];

		if (slab_nid(slab_head_of(s->sa, arena_offset(s->sa, object))) == node) {
			i++;
			continue;
		}
		objects[i] = objects[--nr];
		objects[nr] = object;
	}
	return nr;
}

/* Follows free_to_pcs_bulk(). */
static void sheaves_free_bulk(struct kmem_cache *s, unsigned int cpu, unsigned int nr,
			      void **objects)
{
	unsigned int local, done;

	if (!sheaves_of(s)->capacity) {
		free_to_slabs(s, cpu, nr, objects);
		return;
	}
	local = sort_local(s, cpu, nr, objects);
	done = free_to_sheaves(s, cpu, local, objects);
	free_to_slabs(s, cpu, local - done, &objects[done]);
	free_to_slabs(s, cpu, nr - local, &objects[local]);
}

/* ---- caches ------------------------------------------------------------- */

/* As calculate_sheaf_capacity(): a number by size, grown until a kmalloc object is full. */
static unsigned int capacity_by_size(uint32_t size)
{
	unsigned int capacity = size >= PAGE_SIZE ? 4 : size >= 1024 ? 12 : size >= 256 ? 26 : 60;
	unsigned int bytes = 64;

	while (bytes < SHEAF_METADATA + capacity * sizeof(void *))
		bytes *= 2;
	return (bytes - SHEAF_METADATA) / sizeof(void *);
}

static void release_sheaves(struct kmem_cache *s)
{
	struct sheaves *sh = sheaves_of(s);
	unsigned int cpu, nid;

	for_each_slab_cpu(s->sa, cpu) {
		free(sheaves_cpu(s, cpu)->main);
		free(sheaves_cpu(s, cpu)->spare);
	}
	for_each_slab_node(s->sa, nid) {
		struct sheaf *lists[] = { sh->barn[nid].full, sh->barn[nid].empty };
		int i;

		for (i = 0; i < 2; i++) {
			while (lists[i]) {
				struct sheaf *next = lists[i]->next;

				free(lists[i]);
				lists[i] = next;
			}
		}
	}
	free(sh);
}

static int sheaves_cache_init(struct kmem_cache *s)
{
	struct slab_allocator *sa = s->sa;
	struct sheaves *sh = calloc(1, sizeof(*sh) + sa->nr_nodes * sizeof(sh->barn[0]));
	unsigned int cpu;

	if (!sh)
		return -ENOMEM;
	s->stash = sh;
	sh->max_full = sa->cfg.max_full_sheaves;
	sh->capacity = sa->cfg.sheaf_capacity;
	if (sh->capacity == SLAB_AUTO)
		sh->capacity = capacity_by_size(s->size);
	if (kmem_cache_debug(s)) {
		/* As in the kernel, a debugged cache is SLUB's alone. */
		sh->capacity = 0;
		s->alloc = slub_debug_alloc;
		s->free = slub_debug_free;
	}
	for (cpu = 0; sh->capacity && cpu < sa->nr_cpus; cpu++) {
		sheaves_cpu(s, cpu)->main = sheaf_alloc(s, cpu);
		if (!sheaves_cpu(s, cpu)->main)
			goto fail;
	}
	if (!slub_init(s, true))
		return 0;
fail:
	release_sheaves(s);
	memset(s->percpu, 0, sa->percpu_stride);
	return -ENOMEM;
}

static void sheaves_cache_exit(struct kmem_cache *s)
{
	release_sheaves(s);
	slub_cache_exit(s);
}

/* Follows flush_all() and the barns' part of a shrink. */
static void sheaves_flush(struct kmem_cache *s)
{
	unsigned int cpu, nid;

	for (cpu = 0; sheaves_of(s)->capacity && cpu < s->sa->nr_cpus; cpu++) {
		struct sheaves_cpu *pcs = sheaves_cpu(s, cpu);
		struct sheaf *spare = pcs->spare;

		pcs->spare = NULL;
		if (spare) {
			sheaf_flush(s, cpu, spare);
			sheaf_free(s, cpu, spare);
		}
		sheaf_flush_main(s, cpu);
	}
	for_each_slab_node(s->sa, nid)
		barn_shrink(s, 0, &sheaves_of(s)->barn[nid]);
	slub_flush(s);
}

static uint64_t sheaves_counter(const struct kmem_cache *s, enum slab_counter counter)
{
	uint64_t sum = slab_sum_over_cpus(s, counter, s->percpu, sizeof(struct sheaves_cpu),
					  offsetof(struct sheaves_cpu, stat));

	/* A debugged cache's objects are counted where they come from. */
	if (kmem_cache_debug(s))
		return sum + slub_counter(s, counter);
	switch (counter) {
	case SC_alloc_fastpath:
	case SC_alloc_slowpath:
	case SC_free_fastpath:
	case SC_free_slowpath:
		return sum;
	default:
		return sum + slub_counter(s, counter);
	}
}

static const struct engine_param sheaves_params[] = {
	SLUB_PARAMS,
	{ "sheaf_capacity", "objects a sheaf holds; 0: no sheaves; auto: by size 60, 28, 12, 4",
	  offsetof(struct slab_config, sheaf_capacity), 0, 4096, SLAB_AUTO },
	{ "max_full_sheaves", "full sheaves a node's barn takes",
	  offsetof(struct slab_config, max_full_sheaves), 0, 4096, 10 },
	{ .name = NULL }
};

static const bool sheaves_counted[NR_SLAB_COUNTERS] = {
	SLAB_COUNTERS_COMMON(SLAB_COUNTED)
	SLAB_COUNTERS_SLUB(SLAB_COUNTED)
	SLAB_COUNTERS_SHEAVES(SLAB_COUNTED)
};

const struct engine_ops sheaves_ops = {
	.name = "sheaves",
	.text = "SLUB with two arrays of objects a CPU and a store of arrays a node, as in Linux 6.18",
	.params = sheaves_params,
	.counted = sheaves_counted,
	.percpu_size = sizeof(struct sheaves_cpu),
	.cache_init = sheaves_cache_init,
	.cache_exit = sheaves_cache_exit,
	.alloc = sheaves_alloc,
	.free = sheaves_free,
	.alloc_bulk = sheaves_alloc_bulk,
	.free_bulk = sheaves_free_bulk,
	.flush = sheaves_flush,
	.shrink = slub_shrink,
	.info = sheaves_info,
	.for_each_slab = slub_for_each_slab,
	.for_each_free = sheaves_for_each_free,
	.end_is_padding = true,
	.relink = slab_relink_objects,
	.counter = sheaves_counter,
	.validate = sheaves_validate,
};
