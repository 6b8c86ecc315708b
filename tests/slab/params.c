/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the parameters of slab engines: every engine's table, what it
 * refuses, and what SLUB's do to its caches.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/alloc.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)

static unsigned int value_of(const struct slab_config *cfg, const struct engine_param *param)
{
	return *(const unsigned int *)((const char *)cfg + param->field);
}

/* Each parameter of each engine has a default, takes both ends of its range and nothing beyond. */
static void test_tables(void)
{
	const struct engine_ops *const *engine;
	const struct engine_param *param;
	struct slab_config cfg;
	struct kerror err;

	slab_config_default(&cfg);
	for (engine = engine_list; *engine; engine++) {
		CU_ASSERT_EQUAL(slab_config_engine(&cfg, (*engine)->name, &err), 0);
		CU_ASSERT_STRING_EQUAL(cfg.engine, (*engine)->name);
		for (param = (*engine)->params; param->name; param++) {
			CU_ASSERT_PTR_NOT_NULL_FATAL(param->text);
			CU_ASSERT_TRUE(param->text[0]);
			CU_ASSERT_EQUAL(value_of(&cfg, param), param->def);
			if (param->def != SLAB_AUTO) {
				CU_ASSERT(param->def >= param->min);
				CU_ASSERT(param->def <= param->max);
			}
			CU_ASSERT(param->max < SLAB_AUTO);
			CU_ASSERT_EQUAL(slab_config_param(&cfg, param->name, param->max, &err), 0);
			CU_ASSERT_EQUAL(value_of(&cfg, param), param->max);
			CU_ASSERT_EQUAL(slab_config_param(&cfg, param->name, param->max + 1ULL, &err),
					-EINVAL);
			CU_ASSERT_PTR_NOT_NULL(strstr(err.text, param->name));
			CU_ASSERT_EQUAL(value_of(&cfg, param), param->max);
			CU_ASSERT_EQUAL(slab_config_param(&cfg, param->name, param->min, &err), 0);
			if (param->min)
				CU_ASSERT_EQUAL(slab_config_param(&cfg, param->name, param->min - 1,
								  &err), -EINVAL);
			CU_ASSERT_EQUAL(value_of(&cfg, param), param->min);
		}
		CU_ASSERT_EQUAL(slab_config_engine(&cfg, (*engine)->name, NULL), 0);
		for (param = (*engine)->params; param->name; param++)
			CU_ASSERT_EQUAL(value_of(&cfg, param), param->def);
	}
}

/* Unknown names change nothing and are named; so is a value that was written past the check. */
static void test_refused(void)
{
	struct slab_config cfg, before;
	struct slab_allocator *sa;
	struct slab_machine m;
	struct kerror err;

	slab_config_default(&cfg);
	before = cfg;
	CU_ASSERT_EQUAL(slab_config_engine(&cfg, "slub2", &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "slub2"));
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "cpu_partia", 1, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cpu_partia"));
	CU_ASSERT_EQUAL(memcmp(&cfg, &before, sizeof(cfg)), 0);

	slab_machine_create(&m, MEM, 1, 2, NULL);
	cfg.cpu_partial = 1U << 20;
	CU_ASSERT_EQUAL(slab_allocator_create(&sa, m.buddy, &cfg, &err), -EINVAL);
	CU_ASSERT_PTR_NULL(sa);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cpu_partial=1048576"));
	cfg.engine = "none";
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "cpu_partial", 1, &err), -EINVAL);
	slab_machine_destroy(&m);
}

/* A configuration as text names what differs from the defaults, and is cut where it must be. */
static void test_text(void)
{
	struct slab_config cfg;
	char text[64], small[12];

	slab_config_default(&cfg);
	slab_config_text(&cfg, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "slub");
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "min_partial", 2, NULL), 0);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "cpu_partial", 0, NULL), 0);
	slab_config_text(&cfg, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "slub,cpu_partial=0,min_partial=2");
	slab_config_text(&cfg, small, sizeof(small));
	CU_ASSERT_STRING_EQUAL(small, "slub,cpu_pa");
	cfg.engine = "none";
	slab_config_text(&cfg, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "none");
}

/*
 * min_partial 0 and cpu_partial 0: no empty slab is kept on a node's list, and
 * one slab at most on a CPU's.
 */
static void test_partial(void)
{
	struct slab_machine m;
	struct slab_config cfg;
	struct kmem_cache *s;
	unsigned int i, nr;
	void **objects;

	slab_config_default(&cfg);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "min_partial", 0, NULL), 0);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "cpu_partial", 0, NULL), 0);
	slab_machine_create(&m, MEM, 1, 2, &cfg);
	s = slab_machine_cache(&m, "c", 512);
	CU_ASSERT_EQUAL(kmem_cache_min_partial(s), 0);
	CU_ASSERT_EQUAL(kmem_cache_cpu_partial(s), 0);
	nr = kmem_cache_objs_per_slab(s);
	objects = slab_machine_fill(s, 0, 6);
	for (i = 0; i < 6 * nr; i++)
		kmem_cache_free(s, 0, objects[i]);
	/* the CPU's slab, and the last of the others */
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 2);
	CU_ASSERT_EQUAL(slab_machine_info(s).partial_slabs, 0);
	free(objects);
	slab_machine_destroy(&m);
}

/* What one machine hands out over some random work, as numbers of bytes from its arena's start. */
static void record_work(const struct slab_config *cfg, size_t *log, unsigned int steps)
{
	struct test_rng rng = { .s = 77 };
	struct slab_machine m;
	struct kmem_cache *s;
	void *live[256];
	unsigned int i, nr = 0;

	slab_machine_create(&m, MEM, 2, 3, cfg);
	s = slab_machine_cache(&m, "c", 192);
	for (i = 0; i < steps; i++) {
		unsigned int cpu = test_rand_below(&rng, 3), pick, got = 0;
		void *bulk[8];

		log[i] = 0;
		switch (nr < 240 ? test_rand_below(&rng, 5) : 3) {
		case 0:
			live[nr] = kmem_cache_alloc(s, cpu, GFP_KERNEL);
			log[i] = (size_t)((char *)live[nr++] - (char *)m.map->base);
			break;
		case 1:
			live[nr] = kmem_cache_alloc_node(s, cpu, GFP_KERNEL,
							 (int)test_rand_below(&rng, 2));
			log[i] = (size_t)((char *)live[nr++] - (char *)m.map->base);
			break;
		case 2:
			got = kmem_cache_alloc_bulk(s, cpu, GFP_KERNEL, 8, &live[nr]);
			nr += got;
			break;
		case 3:
			for (; nr && got < 8; got++) {
				pick = test_rand_below(&rng, nr);
				bulk[got] = live[pick];
				live[pick] = live[--nr];
			}
			CU_ASSERT_EQUAL(kmem_cache_free_bulk(s, cpu, got, bulk), 0);
			break;
		default:
			if (!nr)
				break;
			pick = test_rand_below(&rng, nr);
			CU_ASSERT_EQUAL(kmem_cache_free(s, cpu, live[pick]), 0);
			live[pick] = live[--nr];
		}
		if (i % 64 == 0)
			CU_ASSERT(slab_machine_sound(&m));
	}
	while (nr)
		kmem_cache_free(s, 0, live[--nr]);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_alloc_fastpath) + kmem_cache_counter(s, SC_alloc_slowpath),
			kmem_cache_counter(s, SC_free_fastpath) + kmem_cache_counter(s, SC_free_slowpath));
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	slab_machine_destroy(&m);
}

#define STEPS 3000

/* Hardening hides links; it never changes which object is handed out. */
static void test_hardened_same(void)
{
	static size_t plain[STEPS], hardened[STEPS];
	struct slab_config cfg;

	slab_config_default(&cfg);
	cfg.merge = false;
	record_work(&cfg, plain, STEPS);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "freelist_hardened", 1, NULL), 0);
	record_work(&cfg, hardened, STEPS);
	CU_ASSERT_EQUAL(memcmp(plain, hardened, sizeof(plain)), 0);
}

/*
 * In memory a hardened link is the address XOR the cache's number XOR the
 * place's address with its bytes swapped; another cache has another number.
 */
static void test_hardened_links(void)
{
	struct kmem_cache *s, *t;
	struct slab_machine m;
	struct slab_config cfg;
	char *a, *b;
	uint64_t link, place;

	slab_config_default(&cfg);
	cfg.merge = false;
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "freelist_hardened", 1, NULL), 0);
	slab_machine_create(&m, MEM, 1, 2, &cfg);
	s = slab_machine_cache(&m, "c", 64);
	t = slab_machine_cache(&m, "d", 64);
	CU_ASSERT_NOT_EQUAL(s->freelist_key, 0);
	CU_ASSERT_NOT_EQUAL(s->freelist_key, t->freelist_key);
	a = kmem_cache_alloc(s, 0, GFP_KERNEL);
	b = kmem_cache_alloc(s, 0, GFP_KERNEL);
	CU_ASSERT_PTR_EQUAL(b, a + 64);
	kmem_cache_free(s, 0, b);
	kmem_cache_free(s, 0, a);
	memcpy(&link, a + s->offset, sizeof(link));
	place = (uintptr_t)(a + s->offset);
	CU_ASSERT_NOT_EQUAL(link, (uintptr_t)b);
	CU_ASSERT_EQUAL(link ^ s->freelist_key ^ __builtin_bswap64(place), (uintptr_t)b);
	CU_ASSERT_PTR_NULL(slab_front(s, 0)->slab);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_alloc_fastpath), 1);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_free_fastpath), 2);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "every engine's table", test_tables },
	{ "unknown names and values", test_refused },
	{ "a configuration as text", test_text },
	{ "min_partial and cpu_partial", test_partial },
	{ "hardening changes no placement", test_hardened_same },
	{ "hardened links in memory", test_hardened_links },
	{ NULL, NULL }
};

const struct test_suite slab_params_suite = { "slab_params", cases };
