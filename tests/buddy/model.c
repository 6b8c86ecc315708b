/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: random requests and frees, right and wrong, against a model
 * that knows nothing of lists, orders above or migratetypes: for each frame it
 * keeps the block it belongs to, and recomputes everything else by looking at
 * all frames.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/buddy/machine.h"

#define NR_LIVE 4096

struct block { uint32_t pfn; unsigned int order; };

struct model {
	struct machine m;
	struct test_rng rng;
	uint32_t *head;		/* by frame: the block's first frame + 1, 0 where free */
	struct block live[NR_LIVE];
	unsigned int nr_live;
	unsigned int step;
	uint64_t nr_fail;
};

struct variant {
	const char *what;
	uint64_t mib;
	unsigned int nodes, cpus;
	bool hole, movable, no_marks, owner;
	unsigned int steps;
};

static bool frame_present(const struct model *mod, uint32_t pfn)
{
	return pfn < mod->m.map->end_pfn && pagemap_present(mod->m.map, pfn_make(pfn));
}

/* Used frames of @zone, counted one by one. */
static uint64_t model_used(const struct model *mod, const struct zone *zone)
{
	uint32_t pfn;
	uint64_t nr = 0;

	for (pfn = zone->start_pfn; pfn < zone->start_pfn + zone->spanned_pages; pfn++)
		nr += mod->head[pfn] != 0;
	return nr;
}

/* A failed request for one frame: no zone that it might use is above its mark. */
static void check_failure(struct model *mod, gfp_t gfp, unsigned int order, int nid)
{
	const struct zone *zone;

	mod->nr_fail++;
	if (order || !(gfp & __GFP_DIRECT_RECLAIM))
		return;
	for_each_populated_zone(mod->m.b, zone) {
		if (zone->idx > gfp_zone(gfp) ||
		    (gfp & __GFP_THISNODE && (int)zone->nid != nid))
			continue;
		CU_ASSERT(zone->managed_pages - model_used(mod, zone) <=
			  zone_watermark(zone, WMARK_MIN) + zone->lowmem_reserve[gfp_zone(gfp)] +
			  zone->nr_reserved_highatomic);
	}
}

static void model_alloc(struct model *mod)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE,
				       GFP_ATOMIC, GFP_NOWAIT, GFP_DMA32 | GFP_KERNEL, GFP_DMA | GFP_KERNEL,
				       GFP_KERNEL | __GFP_NOFAIL };
	gfp_t gfp = kinds[test_rand_below(&mod->rng, sizeof(kinds) / sizeof(kinds[0]))];
	unsigned int cpu = test_rand_below(&mod->rng, mod->m.b->nr_cpus), order = 0, i;
	int nid = test_rand_below(&mod->rng, 4) ? NUMA_NO_NODE : (int)test_rand_below(&mod->rng, mod->m.b->nr_nodes);
	const struct zone *zone;
	pfn_t pfn;

	if (!test_rand_below(&mod->rng, 3))
		order = test_rand_below(&mod->rng, test_rand_below(&mod->rng, 8) ? 4 : NR_PAGE_ORDERS);
	if (order > MAX_PAGE_ORDER)
		order = MAX_PAGE_ORDER;
	if (!test_rand_below(&mod->rng, 4))
		gfp |= __GFP_COMP;
	if (nid != NUMA_NO_NODE && !test_rand_below(&mod->rng, 2))
		gfp |= __GFP_THISNODE;
	pfn = buddy_alloc_pages(mod->m.b, cpu, gfp, order, nid);
	if (pfn_is_none(pfn)) {
		check_failure(mod, gfp, order, nid);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(pfn.v & ((1U << order) - 1), 0);
	for (i = 0; i < 1U << order; i++) {
		CU_ASSERT_FATAL(frame_present(mod, pfn.v + i));
		CU_ASSERT_EQUAL_FATAL(mod->head[pfn.v + i], 0);
		mod->head[pfn.v + i] = pfn.v + 1;
	}
	zone = &mod->m.b->zones[page_zone_id(&mod->m.b->pages[pfn.v])];
	CU_ASSERT_TRUE(zone_spans_pfn(zone, pfn.v));
	CU_ASSERT_TRUE(zone_spans_pfn(zone, pfn.v + (1U << order) - 1));
	CU_ASSERT(zone->idx <= gfp_zone(gfp));
	CU_ASSERT_EQUAL(pagemap_node_of(mod->m.map, pfn), zone->nid);
	if (gfp & __GFP_THISNODE)
		CU_ASSERT_EQUAL((int)zone->nid, nid);
	mod->live[mod->nr_live++] = (struct block){ pfn.v, order };
}

static void model_bulk(struct model *mod)
{
	unsigned int cpu = test_rand_below(&mod->rng, mod->m.b->nr_cpus), nr, i;
	pfn_t pfns[40];

	nr = buddy_alloc_bulk(mod->m.b, cpu, GFP_KERNEL, NUMA_NO_NODE, 1 + test_rand_below(&mod->rng, 40), pfns);
	mod->nr_fail += !nr;
	for (i = 0; i < nr; i++) {
		CU_ASSERT_FATAL(frame_present(mod, pfns[i].v));
		CU_ASSERT_EQUAL_FATAL(mod->head[pfns[i].v], 0);
		mod->head[pfns[i].v] = pfns[i].v + 1;
		mod->live[mod->nr_live++] = (struct block){ pfns[i].v, 0 };
	}
}

static void model_free(struct model *mod)
{
	unsigned int at = test_rand_below(&mod->rng, mod->nr_live), i;
	struct block block = mod->live[at];

	mod->live[at] = mod->live[--mod->nr_live];
	CU_ASSERT_EQUAL_FATAL(buddy_free_pages(mod->m.b, test_rand_below(&mod->rng, mod->m.b->nr_cpus),
					       pfn_make(block.pfn), block.order), 0);
	for (i = 0; i < 1U << block.order; i++)
		mod->head[block.pfn + i] = 0;
}

/* Any frame with any order: what is to be said about it follows from the model. */
static void model_wrong_free(struct model *mod)
{
	unsigned int order = test_rand_below(&mod->rng, NR_PAGE_ORDERS + 2), i;
	uint32_t pfn = test_rand_below(&mod->rng, mod->m.map->end_pfn + 10);
	int error;

	if (!frame_present(mod, pfn))
		error = -EINVAL;
	else if (!mod->head[pfn])
		error = -EALREADY;
	else if (mod->head[pfn] != pfn + 1)
		error = -EINVAL;
	else
		error = -EDOM;
	for (i = 0; error == -EDOM && i < mod->nr_live; i++)
		if (mod->live[i].pfn == pfn && mod->live[i].order == order)
			return;
	CU_ASSERT_EQUAL(buddy_free_pages(mod->m.b, 0, pfn_make(pfn), order), error);
}

static void model_split(struct model *mod)
{
	unsigned int at = test_rand_below(&mod->rng, mod->nr_live), i;
	struct block block = mod->live[at];

	if (!block.order || block.order > 4 || mod->m.b->pages[block.pfn].flags & PG_head)
		return;
	CU_ASSERT_EQUAL(buddy_split_page(mod->m.b, pfn_make(block.pfn)), 0);
	mod->live[at].order = 0;
	for (i = 0; i < 1U << block.order; i++) {
		mod->head[block.pfn + i] = block.pfn + i + 1;
		if (i)
			mod->live[mod->nr_live++] = (struct block){ block.pfn + i, 0 };
	}
}

/* How used frames lie in blocks of @order, frame by frame. */
static void check_usage(struct model *mod, unsigned int order)
{
	uint64_t full, partial, used, want_full = 0, want_partial = 0, want_used = 0;
	uint32_t start, i, size = 1U << order;

	for (start = 0; start < mod->m.map->end_pfn; start += size) {
		uint32_t present = 0, busy = 0;

		for (i = start; i < start + size && i < mod->m.map->end_pfn; i++) {
			present += frame_present(mod, i);
			busy += mod->head[i] != 0;
		}
		if (!busy)
			continue;
		want_full += busy == present;
		want_partial += busy != present;
		want_used += busy == present ? busy : 0;
	}
	CU_ASSERT_EQUAL(buddy_block_usage(mod->m.b, order, &full, &partial, &used), 0);
	CU_ASSERT_EQUAL(full, want_full);
	CU_ASSERT_EQUAL(partial, want_partial);
	CU_ASSERT_EQUAL(used, want_used);
}

static void check_counts(struct model *mod)
{
	uint64_t alloc = 0, used = 0, z;
	const struct zone *zone;

	ASSERT_VALID(&mod->m);
	for (z = 0; z < MAX_NR_ZONES; z++)
		alloc += buddy_counter(mod->m.b, BC_pgalloc_dma + z);
	for_each_zone(mod->m.b, zone) {
		CU_ASSERT_EQUAL(buddy_zone_allocated_pages(mod->m.b, zone), model_used(mod, zone));
		used += buddy_zone_allocated_pages(mod->m.b, zone);
	}
	CU_ASSERT_EQUAL(alloc - buddy_counter(mod->m.b, BC_pgfree), used);
	CU_ASSERT_EQUAL(buddy_counter(mod->m.b, BC_alloc_fail), mod->nr_fail);
}

static void model_step(struct model *mod)
{
	/* Waves: memory fills up for a while, then empties. */
	unsigned int fill = mod->step / 512 % 2 ? 35 : 65;
	unsigned int dice = test_rand_below(&mod->rng, 1000);

	if (dice < 10)
		buddy_drain_pages(mod->m.b, test_rand_below(&mod->rng, mod->m.b->nr_cpus));
	else if (dice < 60)
		model_wrong_free(mod);
	else if (dice < 70 && mod->nr_live + 16 < NR_LIVE && mod->nr_live)
		model_split(mod);
	else if (dice < 80 && mod->nr_live + 40 < NR_LIVE)
		model_bulk(mod);
	else if (mod->nr_live < NR_LIVE - 64 && test_rand_below(&mod->rng, 100) < fill)
		model_alloc(mod);
	else if (mod->nr_live)
		model_free(mod);
	mod->step++;
}

static void run_variant(const struct variant *v, enum buddy_kernel kernel, uint64_t seed)
{
	struct mem_range hole = { 3000, 5000, 0 };
	struct pagemap_config map_cfg = { .movable_pages = v->movable ? 4 * BLOCK : 0 };
	struct model *mod = calloc(1, sizeof(*mod));
	struct kerror err = { 0 };
	struct buddy_config cfg;
	const struct zone *zone;

	CU_ASSERT_EQUAL_FATAL(pagemap_config_memory(&map_cfg, v->mib << 20, v->nodes, &hole, v->hole, &err), 0);
	buddy_config_default(&cfg, v->cpus);
	cfg.page_owner = v->owner;
	cfg.kernel = kernel;
	if (v->no_marks)
		cfg.min_free_kbytes = 0;
	machine_make(&mod->m, &map_cfg, &cfg);
	mod->rng.s = seed;
	mod->head = calloc(mod->m.map->end_pfn, sizeof(*mod->head));
	for (mod->step = 0; mod->step < v->steps;) {
		model_step(mod);
		if (mod->step % 16 == 0)
			ASSERT_VALID(&mod->m);
		if (mod->step % 512 == 0) {
			check_counts(mod);
			check_usage(mod, 0);
			check_usage(mod, 1 + test_rand_below(&mod->rng, NR_PAGE_ORDERS));
		}
	}
	while (mod->nr_live)
		model_free(mod);
	buddy_drain_all_pages(mod->m.b);
	check_counts(mod);
	/* All is free: every frame is back in a block as large as its place allows. */
	for_each_zone(mod->m.b, zone) {
		CU_ASSERT_EQUAL(zone->free_pages, zone->managed_pages);
		if (!(zone->flags & ZONE_MIXED_BUDDIES) && zone->managed_pages >= 3 * BLOCK)
			CU_ASSERT(zone->free_area[MAX_PAGE_ORDER].nr_free >= zone->managed_pages / BLOCK - 2);
	}
	free(mod->head);
	machine_free(&mod->m);
	free(mod);
}

/* Machines of several shapes, under each kernel's rules, live through some thousand random steps each. */
static void test_model(void)
{
	static const struct variant variants[] = {
		{ "one small node", 4, 1, 1, .steps = 4096 },
		{ "no watermarks at all", 4, 1, 3, .no_marks = true, .steps = 4096 },
		{ "DMA and DMA32", 32, 1, 2, .steps = 3072 },
		{ "a hole over the zones' border", 24, 1, 4, .hole = true, .steps = 3072 },
		{ "two nodes", 16, 2, 2, .steps = 3072 },
		{ "four nodes, two CPUs, movable zones", 64, 4, 2, .movable = true, .steps = 2048 },
		{ "page owners kept", 8, 1, 2, .owner = true, .steps = 2048 },
	};
	unsigned int i;
	int kernel;

	for (i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++)
			run_variant(&variants[i], (enum buddy_kernel)kernel, 1000 + i);
}

/* The same seed gives the same frames, in two machines that live side by side. */
static void test_determinism(void)
{
	struct test_rng rng[2] = { { 5 }, { 5 } };
	struct machine m[2];
	unsigned int i, step;
	uint64_t hash[2] = { 0 };

	machine_small(&m[0], 16);
	machine_small(&m[1], 16);
	for (step = 0; step < 2000; step++) {
		for (i = 0; i < 2; i++) {
			pfn_t pfn = buddy_alloc_pages(m[i].b, test_rand_below(&rng[i], 2), GFP_KERNEL,
						      test_rand_below(&rng[i], 2), NUMA_NO_NODE);

			hash[i] = hash[i] * 31 + pfn.v;
			if (test_rand_below(&rng[i], 2) && !pfn_is_none(pfn))
				buddy_free_pages(m[i].b, test_rand_below(&rng[i], 2), pfn,
						 page_order(&m[i].b->pages[pfn.v]));
		}
	}
	CU_ASSERT_EQUAL(hash[0], hash[1]);
	machine_free(&m[0]);
	machine_free(&m[1]);
}

static const struct test_case cases[] = {
	{ "random steps against a model", test_model },
	{ "two machines agree", test_determinism },
	{ NULL, NULL }
};

const struct test_suite buddy_model_suite = { "buddy_model", cases };
