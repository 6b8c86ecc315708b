/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: SLUB against a second SLUB, written as plainly as can be:
 * lists are arrays that are moved about, free lists are arrays of object
 * numbers. Only the frame of a new slab is taken from the machine; which object
 * each request gets, and the order of every list in between, must be the same,
 * under the rules of each kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "slab/engine/slub/slub.h"
#include "tests/slab/slab.h"

#define MAX_OBJS	128
#define MAX_SLABS	400
#define MAX_LIVE	1500
#define MAX_BULK	24

struct plain_slab {
	uint32_t pfn;
	unsigned int nid;
	bool frozen;
	unsigned int inuse;
	int free[MAX_OBJS];	/* the one handed out next first */
	unsigned int nr_free;
};

struct plain_list {
	struct plain_slab *slab[MAX_SLABS];
	unsigned int nr;
};

struct plain_cpu {
	struct plain_slab *slab;
	int free[MAX_OBJS];
	unsigned int nr_free;
	struct plain_list partial;
};

struct plain {
	struct slab_machine m;
	struct test_rng rng;
	struct kmem_cache *s;
	unsigned int nr_cpus, nr_nodes, objects, cpu_slabs, min_partial;
	bool newer;		/* as in 6.12 */
	struct plain_cpu cpu[4];
	struct plain_list node[2];
	struct plain_list all;
	void *live[MAX_LIVE];
	unsigned int nr_live;
	unsigned int discards;
};

/* ---- arrays as lists --------------------------------------------------- */

static void insert(struct plain_list *list, unsigned int at, struct plain_slab *slab)
{
	CU_ASSERT_FATAL(list->nr < MAX_SLABS);
	memmove(&list->slab[at + 1], &list->slab[at], (list->nr - at) * sizeof(slab));
	list->slab[at] = slab;
	list->nr++;
}

static struct plain_slab *take(struct plain_list *list, unsigned int at)
{
	struct plain_slab *slab = list->slab[at];

	list->nr--;
	memmove(&list->slab[at], &list->slab[at + 1], (list->nr - at) * sizeof(slab));
	return slab;
}

static void take_slab(struct plain_list *list, const struct plain_slab *slab)
{
	unsigned int i;

	for (i = 0; list->slab[i] != slab; i++)
		CU_ASSERT_FATAL(i < list->nr);
	take(list, i);
}

/* Put @nr object numbers before those of @list. */
static void put_front(int *list, unsigned int *nr_list, const int *objects, unsigned int nr)
{
	CU_ASSERT_FATAL(*nr_list + nr <= MAX_OBJS);
	memmove(list + nr, list, *nr_list * sizeof(*list));
	memcpy(list, objects, nr * sizeof(*list));
	*nr_list += nr;
}

static int take_front(int *list, unsigned int *nr_list)
{
	int object = list[0];

	memmove(list, list + 1, --*nr_list * sizeof(*list));
	return object;
}

/* ---- the plain SLUB ---------------------------------------------------- */

static struct plain_slab *slab_of(struct plain *p, const void *object)
{
	uint32_t pfn = pfn_val(pfn_from_page(p->m.map, slab_machine_page(&p->m, object)));
	unsigned int i;

	for (i = 0; i < p->all.nr; i++)
		if (p->all.slab[i]->pfn == pfn)
			return p->all.slab[i];
	return NULL;
}

static int number_of(const struct plain *p, const struct plain_slab *slab, const void *object)
{
	size_t offset = (uintptr_t)object - (uintptr_t)virt_from_pfn(p->m.map, pfn_make(slab->pfn));

	return (int)(offset / kmem_cache_size(p->s));
}

static void discard(struct plain *p, struct plain_slab *slab)
{
	take_slab(&p->all, slab);
	free(slab);
	p->discards++;
}

static void unfreeze(struct plain *p, const struct plain_list *list)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		struct plain_slab *slab = list->slab[i];
		struct plain_list *node = &p->node[slab->nid];

		slab->frozen = false;
		if (!slab->inuse && node->nr >= p->min_partial)
			discard(p, slab);
		else
			insert(node, node->nr, slab);
	}
}

static bool on_cpu_partial(const struct plain *p, const struct plain_slab *slab)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < p->nr_cpus; cpu++)
		for (i = 0; i < p->cpu[cpu].partial.nr; i++)
			if (p->cpu[cpu].partial.slab[i] == slab)
				return true;
	return false;
}

static void put_cpu_partial(struct plain *p, struct plain_cpu *c, struct plain_slab *slab,
			    bool drain)
{
	struct plain_list full = { .nr = 0 };

	if (drain && c->partial.nr && c->partial.nr >= p->cpu_slabs) {
		full = c->partial;
		c->partial.nr = 0;
	}
	insert(&c->partial, 0, slab);
	unfreeze(p, &full);
}

static void put_away(struct plain *p, struct plain_cpu *c)
{
	struct plain_slab *slab = c->slab;
	struct plain_list *node = &p->node[slab->nid];
	bool others_freed = slab->nr_free;

	put_front(slab->free, &slab->nr_free, c->free, c->nr_free);
	slab->inuse -= c->nr_free;
	slab->frozen = false;
	c->slab = NULL;
	c->nr_free = 0;
	if (!slab->inuse && node->nr >= p->min_partial)
		discard(p, slab);
	else if (slab->nr_free)
		insert(node, others_freed ? node->nr : 0, slab);
}

static void load(struct plain *p, struct plain_cpu *c, struct plain_slab *slab)
{
	c->slab = slab;
	c->nr_free = 0;
	put_front(c->free, &c->nr_free, slab->free, slab->nr_free);
	slab->nr_free = 0;
	slab->inuse = p->objects;
	slab->frozen = true;
}

static bool load_from_node(struct plain *p, struct plain_cpu *c, unsigned int nid)
{
	struct plain_list *node = &p->node[nid];
	unsigned int moved;

	if (!node->nr)
		return false;
	load(p, c, take(node, 0));
	for (moved = 0; node->nr && moved < p->cpu_slabs / 2 + 1; moved++) {
		node->slab[0]->frozen = !p->newer;
		put_cpu_partial(p, c, take(node, 0), false);
	}
	return true;
}

/* True where the CPU has an object to give after this; false: it takes a new slab. */
static bool refill(struct plain *p, unsigned int cpu, int nid)
{
	struct plain_cpu *c = &p->cpu[cpu];
	unsigned int home = buddy_cpu_node(p->m.buddy, cpu), other = p->nr_nodes - 1 - home;

	for (;;) {
		if (c->slab && nid >= 0 && c->slab->nid != (unsigned int)nid) {
			put_away(p, c);
		} else if (c->slab && c->nr_free) {
			return true;
		} else if (c->slab && c->slab->nr_free) {
			load(p, c, c->slab);
			return true;
		} else if (c->slab) {
			c->slab->frozen = false;
			c->slab = NULL;
		}
		while (p->newer && nid >= 0 && c->partial.nr &&
		       c->partial.slab[0]->nid != (unsigned int)nid) {
			struct plain_list one = { .slab = { take(&c->partial, 0) }, .nr = 1 };

			unfreeze(p, &one);
		}
		if (!c->partial.nr)
			break;
		c->slab = take(&c->partial, 0);
		c->slab->frozen = true;
	}
	if (load_from_node(p, c, nid >= 0 ? (unsigned int)nid : home))
		return true;
	return nid < 0 && p->nr_nodes > 1 && p->node[other].nr > p->min_partial &&
	       load_from_node(p, c, other);
}

/* Check what the machine handed out, and take it. */
static void expect_object(struct plain *p, unsigned int cpu, int nid, void *object)
{
	struct plain_cpu *c = &p->cpu[cpu];
	struct plain_slab *slab;
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(object);
	if (!refill(p, cpu, nid)) {
		CU_ASSERT_PTR_NULL_FATAL(slab_of(p, object));
		slab = calloc(1, sizeof(*slab));
		CU_ASSERT_PTR_NOT_NULL_FATAL(slab);
		slab->pfn = pfn_val(pfn_from_virt(p->m.map, object));
		slab->nid = pagemap_node_of(p->m.map, pfn_make(slab->pfn));
		for (i = 0; i < p->objects; i++)
			slab->free[i] = (int)i;
		slab->nr_free = p->objects;
		insert(&p->all, p->all.nr, slab);
		load(p, c, slab);
	}
	slab = slab_of(p, object);
	CU_ASSERT_PTR_EQUAL_FATAL(slab, c->slab);
	CU_ASSERT_EQUAL_FATAL(number_of(p, slab, object), take_front(c->free, &c->nr_free));
	p->live[p->nr_live++] = object;
}

static void free_objects(struct plain *p, unsigned int cpu, struct plain_slab *slab,
			 const int *objects, unsigned int nr)
{
	struct plain_list *node = &p->node[slab->nid];
	struct plain_cpu *c = &p->cpu[cpu];
	bool was_full = !slab->nr_free;

	if (slab == c->slab) {
		put_front(c->free, &c->nr_free, objects, nr);
		return;
	}
	put_front(slab->free, &slab->nr_free, objects, nr);
	slab->inuse -= nr;
	if (slab->frozen || on_cpu_partial(p, slab))
		return;
	if (was_full) {
		slab->frozen = !p->newer;
		put_cpu_partial(p, c, slab, true);
	} else if (!slab->inuse && node->nr >= p->min_partial) {
		take_slab(node, slab);
		discard(p, slab);
	}
}

static void flush(struct plain *p)
{
	unsigned int cpu;

	for (cpu = 0; cpu < p->nr_cpus; cpu++) {
		struct plain_list partial = p->cpu[cpu].partial;

		if (p->cpu[cpu].slab)
			put_away(p, &p->cpu[cpu]);
		p->cpu[cpu].partial.nr = 0;
		unfreeze(p, &partial);
	}
}

/* Fullest first; of equally full ones the later first; emptier ones stay as they were, behind. */
static void shrink(struct plain *p, unsigned int nid)
{
	struct plain_list old = p->node[nid], *node = &p->node[nid];
	unsigned int want, i;

	node->nr = 0;
	for (want = 1; want <= 32; want++)
		for (i = old.nr; i--;)
			if (old.slab[i]->inuse && old.slab[i]->nr_free == want)
				insert(node, node->nr, old.slab[i]);
	for (i = 0; i < old.nr; i++) {
		if (!old.slab[i]->inuse)
			discard(p, old.slab[i]);
		else if (old.slab[i]->nr_free > 32)
			insert(node, node->nr, old.slab[i]);
	}
}

/* ---- both beside each other -------------------------------------------- */

struct walk {
	struct plain *p;
	const struct plain_slab *slab;
	const int *own, *other;		/* the CPU's list, then the slab's */
	unsigned int nr_own, nr_other, at;
};

static bool same_free(void *ctx, void *object)
{
	struct walk *w = ctx;
	int expected;

	CU_ASSERT_FATAL(w->at < w->nr_own + w->nr_other);
	expected = w->at < w->nr_own ? w->own[w->at] : w->other[w->at - w->nr_own];
	w->at++;
	CU_ASSERT_EQUAL_FATAL(number_of(w->p, w->slab, object), expected);
	return true;
}

static void compare_slab(struct plain *p, const struct plain_slab *slab)
{
	const struct page *page = page_from_pfn(p->m.map, pfn_make(slab->pfn));
	struct walk w = { .p = p, .slab = slab, .other = slab->free, .nr_other = slab->nr_free };
	unsigned int cpu;

	for (cpu = 0; cpu < p->nr_cpus; cpu++)
		if (p->cpu[cpu].slab == slab) {
			w.own = p->cpu[cpu].free;
			w.nr_own = p->cpu[cpu].nr_free;
		}
	CU_ASSERT_EQUAL(slab_frozen(page), slab->frozen);
	CU_ASSERT_EQUAL(page->slab_inuse, slab->inuse);
	slab_for_each_free(p->s, pfn_make(slab->pfn), same_free, &w);
	CU_ASSERT_EQUAL(w.at, w.nr_own + w.nr_other);
}

static void compare_list(struct plain *p, uint32_t link, const struct plain_list *list)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		CU_ASSERT_EQUAL_FATAL(link, list->slab[i]->pfn);
		link = p->m.map->pages[link].next;
	}
	CU_ASSERT_EQUAL(link, PFN_NONE_VAL);
}

static void compare(struct plain *p)
{
	unsigned int i;

	for (i = 0; i < p->all.nr; i++)
		compare_slab(p, p->all.slab[i]);
	for (i = 0; i < p->nr_nodes; i++)
		compare_list(p, slub_node(p->s, i)->partial.head, &p->node[i]);
	for (i = 0; i < p->nr_cpus; i++) {
		const struct page *head = slub_cpu(p->s, i)->partial;

		compare_list(p, head ? pfn_val(slab_pfn(p->m.sa, head)) : PFN_NONE_VAL,
			     &p->cpu[i].partial);
	}
	CU_ASSERT_EQUAL(kmem_cache_counter(p->s, SC_free_slab), p->discards);
	CU_ASSERT_EQUAL(slab_machine_info(p->s).num_slabs, p->all.nr);
}

static void do_alloc(struct plain *p, unsigned int cpu)
{
	int nid = NUMA_NO_NODE;

	if (!test_rand_below(&p->rng, 4))
		nid = (int)test_rand_below(&p->rng, p->nr_nodes);

	if (p->nr_live < MAX_LIVE)
		expect_object(p, cpu, nid, kmem_cache_alloc_node(p->s, cpu, GFP_KERNEL, nid));
}

static void do_alloc_bulk(struct plain *p, unsigned int cpu)
{
	unsigned int i, nr = 1 + test_rand_below(&p->rng, MAX_BULK);
	void *objects[MAX_BULK];

	if (p->nr_live + nr > MAX_LIVE)
		return;
	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc_bulk(p->s, cpu, GFP_KERNEL, nr, objects), nr);
	for (i = 0; i < nr; i++)
		expect_object(p, cpu, NUMA_NO_NODE, objects[i]);
}

static void *pick(struct plain *p)
{
	unsigned int i = test_rand_below(&p->rng, p->nr_live);
	void *object = p->live[i];

	p->live[i] = p->live[--p->nr_live];
	return object;
}

static void do_free(struct plain *p, unsigned int cpu)
{
	struct plain_slab *slab;
	void *object;
	int number;

	if (!p->nr_live)
		return;
	object = pick(p);
	slab = slab_of(p, object);
	number = number_of(p, slab, object);
	free_objects(p, cpu, slab, &number, 1);
	CU_ASSERT_EQUAL(kmem_cache_free(p->s, cpu, object), 0);
}

/* The kernel's gathering of runs, first in the model: freed slabs have no head any more. */
static void do_free_bulk(struct plain *p, unsigned int cpu)
{
	unsigned int nr = 0, total, want = 1 + test_rand_below(&p->rng, MAX_BULK);
	void *objects[MAX_BULK], *copy[MAX_BULK];

	while (nr < want && p->nr_live)
		objects[nr++] = pick(p);
	total = nr;
	memcpy(copy, objects, nr * sizeof(*copy));
	while (nr) {
		unsigned int i = nr - 1, same = nr - 1, look = 3, cnt = 0;
		struct plain_slab *slab = slab_of(p, objects[i]);
		int run[MAX_BULK];

		run[cnt++] = number_of(p, slab, objects[i]);
		while (i--) {
			void *object = objects[i];

			if (slab_of(p, object) != slab) {
				if (!--look)
					break;
				continue;
			}
			run[cnt++] = number_of(p, slab, object);
			same--;
			objects[i] = objects[same];
			objects[same] = object;
		}
		free_objects(p, cpu, slab, run, cnt);
		nr = same;
	}
	CU_ASSERT_EQUAL(kmem_cache_free_bulk(p->s, cpu, total, copy), 0);
}

static void do_shrink(struct plain *p)
{
	unsigned int nid;

	kmem_cache_shrink(p->s);
	flush(p);
	for (nid = 0; nid < p->nr_nodes; nid++)
		shrink(p, nid);
}

static void run_kernel(enum buddy_kernel kernel, uint32_t size, unsigned int cpus, unsigned int nodes,
		       unsigned int steps)
{
	struct plain *p = calloc(1, sizeof(*p));
	struct slab_config cfg;
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	slab_config_default(&cfg);
	cfg.merge = false;
	cfg.kernel = kernel;
	slab_machine_create(&p->m, 64 << 20, nodes, cpus, &cfg);
	p->newer = kernel != BUDDY_KERNEL_6_1;
	p->rng.s = size * 1000003 + cpus;
	p->s = slab_machine_cache(&p->m, "exact", size);
	p->nr_cpus = cpus;
	p->nr_nodes = nodes;
	p->objects = kmem_cache_objs_per_slab(p->s);
	p->min_partial = kmem_cache_min_partial(p->s);
	p->cpu_slabs = (kmem_cache_cpu_partial(p->s) * 2 + p->objects - 1) / p->objects;

	for (i = 0; i < steps; i++) {
		unsigned int cpu = test_rand_below(&p->rng, cpus);
		unsigned int dice = test_rand_below(&p->rng, 1000);
		bool growing = i / 1000 % 2 == 0;

		if (dice < (growing ? 560 : 400))
			do_alloc(p, cpu);
		else if (dice < 930)
			do_free(p, cpu);
		else if (dice < (growing ? 970 : 950))
			do_alloc_bulk(p, cpu);
		else if (dice < 998)
			do_free_bulk(p, cpu);
		else
			do_shrink(p);
		if (i % 61 == 0)
			compare(p);
	}
	compare(p);
	CU_ASSERT(p->discards > 0);
	while (p->all.nr)
		free(take(&p->all, 0));
	slab_machine_destroy(&p->m);
	free(p);
}

static void run(uint32_t size, unsigned int cpus, unsigned int nodes, unsigned int steps)
{
	int kernel;

	for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++)
		run_kernel((enum buddy_kernel)kernel, size, cpus, nodes, steps);
}

/* One CPU: its slab, its partial list, the node's list. */
static void test_one_cpu(void)
{
	run(512, 1, 1, 20000);
}

/* Four CPUs free each other's objects. */
static void test_four_cpus(void)
{
	run(256, 4, 1, 30000);
}

/* Two nodes, asked for by name and not. */
static void test_two_nodes(void)
{
	run(1024, 4, 2, 30000);
}

/* Many small objects: slabs too empty to be sorted. */
static void test_small_objects(void)
{
	run(32, 2, 1, 30000);
}

/* Few large ones a slab. */
static void test_large_objects(void)
{
	run(4096, 3, 1, 20000);
}

static const struct test_case cases[] = {
	{ "address for address, one CPU", test_one_cpu },
	{ "address for address, four CPUs", test_four_cpus },
	{ "address for address, two nodes", test_two_nodes },
	{ "address for address, small objects", test_small_objects },
	{ "address for address, large objects", test_large_objects },
	{ NULL, NULL }
};

const struct test_suite slab_exact_suite = { "slab_exact", cases };
