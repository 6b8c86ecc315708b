/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: slabs against a snapshot; see objects.h. Single-threaded, changes nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/objects/objects.h"

/* As many as a slab can have objects, or a list slabs. */
#define LIST_MAX (1U << 20)

struct comparison {
	struct objects_compared *cmp;
	const struct objects_machine *m;
	const struct objects_snapshot *snap;
	uint16_t *numbers;
	uint32_t *pfns;
};

static void count(struct verify_rate *rate, bool equal)
{
	rate->all++;
	rate->hits += equal;
}

static void differs(struct comparison *c, const char *what, const char *cache, uint32_t pfn)
{
	if (!c->cmp->first[0])
		snprintf(c->cmp->first, sizeof(c->cmp->first), "the first that differs: %s, %s of %s", what,
			 pfn == PFN_NONE_VAL ? "list" : "slab", cache);
}

static bool same_numbers(const struct comparison *c, const struct objects_span *span, unsigned int nr)
{
	return nr == span->nr &&
	       (!nr || !memcmp(c->numbers, c->snap->numbers + span->first, nr * sizeof(*c->numbers)));
}

static void compare_slab(struct comparison *c, const struct objects_slab *slab)
{
	const struct kmem_cache *s = objects_machine_cache(c->m, slab->cache);
	bool there, inuse, equal;
	struct slab_state st;

	there = s && !slab_read_slab(s, slab->pfn, &st, c->numbers, LIST_MAX);
	inuse = there && st.inuse == slab->inuse;
	equal = inuse && st.objects == slab->objects && st.frozen == slab->frozen &&
		same_numbers(c, &slab->free, st.nr_free);
	count(&c->cmp->slabs, equal);
	count(&c->cmp->slabs_inuse, inuse);
	if (!equal)
		differs(c, !there ? "a slab that is not here" : !inuse ? "objects in use" :
			   "frozen or free list", s ? kmem_cache_name(s) : "?", slab->pfn);
}

static bool same_pfns(const struct comparison *c, const struct objects_span *span, unsigned int nr)
{
	return nr == span->nr &&
	       (!nr || !memcmp(c->pfns, c->snap->pfns + span->first, nr * sizeof(*c->pfns)));
}

static void compare_cache(struct comparison *c, const struct objects_cache *cache)
{
	const struct kmem_cache *s = objects_machine_cache(c->m, cache->at);
	unsigned int cpu, nid, nr;
	uint32_t pfn;
	bool equal;

	for (cpu = 0; s && cpu < c->snap->nr_cpus; cpu++) {
		const struct objects_cpu *kernel = &cache->cpu[cpu];

		nr = slab_read_cpu(s, cpu, &pfn, c->numbers, LIST_MAX);
		if (pfn != PFN_NONE_VAL || kernel->pfn != PFN_NONE_VAL) {
			equal = pfn == kernel->pfn && same_numbers(c, &kernel->free, nr);
			count(&c->cmp->cpu_slabs, equal);
			if (!equal)
				differs(c, "a CPU's slab", kmem_cache_name(s), pfn);
		}
		nr = slab_read_cpu_partial(s, cpu, c->pfns, LIST_MAX);
		if (nr || kernel->partial.nr) {
			equal = same_pfns(c, &kernel->partial, nr);
			count(&c->cmp->cpu_lists, equal);
			if (!equal)
				differs(c, "a CPU's partial", kmem_cache_name(s), PFN_NONE_VAL);
		}
	}
	for (nid = 0; s && nid < c->m->map->nr_nodes; nid++) {
		nr = slab_read_node_partial(s, nid, c->pfns, LIST_MAX);
		if (!nr && !cache->node[nid].nr)
			continue;
		equal = same_pfns(c, &cache->node[nid], nr);
		count(&c->cmp->node_lists, equal);
		if (!equal)
			differs(c, "a node's partial", kmem_cache_name(s), PFN_NONE_VAL);
	}
}

int objects_compare(struct objects_compared *cmp, const struct objects_machine *m,
		    const struct objects_snapshot *snap, struct kerror *err)
{
	struct comparison c = { .cmp = cmp, .m = m, .snap = snap };
	const struct kmem_cache *s;
	struct slabinfo info;
	uint32_t i;
	int ret = 0;

	memset(cmp, 0, sizeof(*cmp));
	c.numbers = malloc(LIST_MAX * sizeof(*c.numbers));
	c.pfns = malloc(LIST_MAX * sizeof(*c.pfns));
	if (c.numbers && c.pfns) {
		for (i = 0; i < snap->nr_slabs; i++)
			compare_slab(&c, &snap->slabs[i]);
		for (i = 0; i < snap->nr_caches; i++)
			compare_cache(&c, &snap->caches[i]);
		for_each_cache(m->sa, s) {
			get_slabinfo(s, &info);
			cmp->our_slabs += info.num_slabs;
		}
	} else {
		ret = kerror_set(err, -ENOMEM, "no memory to compare slabs");
	}
	free(c.numbers);
	free(c.pfns);
	return ret;
}
