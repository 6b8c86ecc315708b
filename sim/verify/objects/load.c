/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a machine with a real kernel's slabs; see objects.h. Single-threaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/objects/objects.h"

/* Only the zones' places are needed: no frame is ever asked of buddy. */
static int boot(struct objects_machine *m, const struct snapshot *snap, struct kerror *err)
{
	struct slab_config slab_cfg;
	struct buddy_config cfg;
	struct pagemap_config map_cfg;
	int ret;

	memset(&map_cfg, 0, sizeof(map_cfg));
	ret = verify_ranges(&map_cfg, snap, err);
	if (!ret)
		ret = pagemap_create(&m->map, &map_cfg, err);
	if (ret)
		return ret;
	buddy_config_default(&cfg, snap->state.nr_cpus);
	cfg.kernel = verify_kernel_of(snap);
	cfg.empty = true;
	ret = buddy_create(&m->buddy, m->map, &cfg, err);
	if (ret)
		return ret;
	slab_config_default(&slab_cfg);
	slab_cfg.kernel = cfg.kernel;
	slab_cfg.merge = false;
	return slab_allocator_create(&m->sa, m->buddy, &slab_cfg, err);
}

static int compare_known(const void *a, const void *b)
{
	const struct objects_known *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

struct kmem_cache *objects_machine_cache(const struct objects_machine *m, uint64_t address)
{
	struct objects_known key = { .at = address }, *found;

	found = m->nr_known ? bsearch(&key, m->known, m->nr_known, sizeof(key), compare_known) : NULL;
	return found ? found->s : NULL;
}

static int load_cache(struct objects_machine *m, const struct objects_cache *cache, struct kerror *err)
{
	struct kmem_cache *s = slab_load_cache(m->sa, &cache->state, err);

	if (!s)
		return err && err->code ? err->code : -EINVAL;
	m->known[m->nr_known++] = (struct objects_known){ cache->at, s };
	return 0;
}

static int load_caches(struct objects_machine *m, const struct objects_snapshot *a,
		       const struct objects_snapshot *b, struct kerror *err)
{
	uint32_t i;
	int ret = 0;

	m->known = calloc(a->nr_caches + (b ? b->nr_caches : 0) + 1, sizeof(*m->known));
	if (!m->known)
		return kerror_set(err, -ENOMEM, "no memory for caches");
	for (i = 0; !ret && i < a->nr_caches; i++)
		ret = load_cache(m, &a->caches[i], err);
	for (i = 0; !ret && b && i < b->nr_caches; i++)
		if (!objects_snapshot_cache(a, b->caches[i].at))
			ret = load_cache(m, &b->caches[i], err);
	qsort(m->known, m->nr_known, sizeof(*m->known), compare_known);
	return ret;
}

static int load_slabs(struct objects_machine *m, const struct objects_snapshot *a, struct kerror *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < a->nr_slabs; i++) {
		const struct objects_slab *slab = &a->slabs[i];
		struct kmem_cache *s = objects_machine_cache(m, slab->cache);
		struct slab_state state = {
			.pfn = slab->pfn, .order = slab->order, .objects = slab->objects,
			.inuse = slab->inuse, .frozen = slab->frozen,
			.free = a->numbers + slab->free.first, .nr_free = slab->free.nr,
		};

		if (!s)
			return kerror_set(err, -EINVAL, "%.100s: slab %#x of no cache", a->name, slab->pfn);
		ret = slab_load_slab(s, &state, err);
	}
	return ret;
}

static int load_lists(struct objects_machine *m, const struct objects_snapshot *a,
		      const struct objects_cache *cache, struct kerror *err)
{
	struct kmem_cache *s = objects_machine_cache(m, cache->at);
	unsigned int cpu, nid;
	int ret = 0;

	for (cpu = 0; !ret && cpu < a->nr_cpus; cpu++) {
		const struct objects_cpu *c = &cache->cpu[cpu];

		if (c->pfn != PFN_NONE_VAL)
			ret = slab_load_cpu(s, cpu, c->pfn, a->numbers + c->free.first, c->free.nr, err);
		if (!ret)
			ret = slab_load_cpu_partial(s, cpu, a->pfns + c->partial.first, c->partial.nr,
						    c->slabs, err);
	}
	for (nid = 0; !ret && nid < a->nr_nodes && nid < MAX_NUMNODES; nid++)
		ret = slab_load_node_partial(s, nid, a->pfns + cache->node[nid].first,
					     cache->node[nid].nr, err);
	return ret;
}

int objects_machine_init(struct objects_machine *m, const struct snapshot *snap,
			 const struct objects_snapshot *a, const struct objects_snapshot *b,
			 struct kerror *err)
{
	uint32_t i;
	int ret;

	memset(m, 0, sizeof(*m));
	if (snap->state.nr_cpus != a->nr_cpus)
		return kerror_set(err, -EINVAL, "%.100s: two numbers of CPUs", a->name);
	ret = boot(m, snap, err);
	if (!ret)
		ret = load_caches(m, a, b, err);
	if (!ret)
		ret = load_slabs(m, a, err);
	for (i = 0; !ret && i < a->nr_caches; i++)
		ret = load_lists(m, a, &a->caches[i], err);
	return ret;
}

void objects_machine_exit(struct objects_machine *m)
{
	slab_allocator_destroy(m->sa);
	buddy_destroy(m->buddy);
	pagemap_destroy(m->map);
	free(m->known);
	memset(m, 0, sizeof(*m));
}
