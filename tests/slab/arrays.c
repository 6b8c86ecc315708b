/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the SLAB engine exactly: where Linux's mm/slab.c would put each
 * object, slab and number. Geometries that real kernels with that engine
 * printed in /proc/slabinfo are among them.
 */
#include <stdlib.h>
#include <string.h>

#include "slab/engine/slab/lslab.h"
#include "tests/slab/slab.h"

static void make(struct slab_machine *m, uint64_t bytes, unsigned int nodes, unsigned int cpus)
{
	struct slab_config cfg;

	slab_config_default(&cfg);
	cfg.merge = false;
	CU_ASSERT_EQUAL_FATAL(slab_config_engine(&cfg, "slab", NULL), 0);
	slab_machine_create(m, bytes, nodes, cpus, &cfg);
}

static void construct(void *object)
{
	memset(object, 0x11, 8);
}

static void *get(struct kmem_cache *s, unsigned int cpu)
{
	void *object = kmem_cache_alloc(s, cpu, GFP_KERNEL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(object);
	return object;
}

static void put(struct kmem_cache *s, unsigned int cpu, void *object)
{
	CU_ASSERT_EQUAL(kmem_cache_free(s, cpu, object), 0);
}

/* objects, order, size of an object, where the numbers lie, colours */
struct row {
	struct kmem_cache_args args;
	unsigned int size, objects, order;
	enum slab_metadata metadata;
	unsigned int colours;
};

/* kmalloc's rows and those without a remark are as slabinfo of kernels with CONFIG_SLAB had them. */
static void test_geometry(void)
{
	static const struct row rows[] = {
		{ { .size = 32, .flags = SLAB_KMALLOC | SLAB_HWCACHE_ALIGN }, 32, 124, 0, SLAB_METADATA_ON, 1 },
		{ { .size = 64, .flags = SLAB_KMALLOC | SLAB_HWCACHE_ALIGN }, 64, 64, 0, SLAB_METADATA_OBJECT, 1 },
		{ { .size = 96, .flags = SLAB_KMALLOC | SLAB_HWCACHE_ALIGN }, 128, 32, 0, SLAB_METADATA_OBJECT, 1 },
		{ { .size = 192, .flags = SLAB_KMALLOC | SLAB_HWCACHE_ALIGN }, 192, 21, 0, SLAB_METADATA_OBJECT, 1 },
		{ { .size = 256, .flags = SLAB_KMALLOC | SLAB_HWCACHE_ALIGN }, 256, 16, 0, SLAB_METADATA_OBJECT, 1 },
		{ { .size = 2048, .flags = SLAB_KMALLOC | SLAB_HWCACHE_ALIGN }, 2048, 2, 0, SLAB_METADATA_OBJECT, 1 },
		{ { .size = 8192, .flags = SLAB_KMALLOC | SLAB_HWCACHE_ALIGN }, 8192, 1, 1, SLAB_METADATA_OBJECT, 1 },
		{ { .size = 192, .flags = SLAB_RECLAIM_ACCOUNT }, 192, 21, 0, SLAB_METADATA_OBJECT, 1 },
		/* a byte numbers at most 255 objects: smaller ones are made 16 bytes large */
		{ { .size = 8 }, 16, 240, 0, SLAB_METADATA_ON, 1 },
		/* 6 objects leave 496 bytes, less than an eighth: 7 lines to start at */
		{ { .size = 600 }, 600, 6, 0, SLAB_METADATA_OBJECT, 7 },
		/* two waste more than an eighth of a frame, five of two frames do not */
		{ { .size = 1500 }, 1504, 5, 1, SLAB_METADATA_OBJECT, 10 },
		/* the same, but filesystems are spared the larger block */
		{ { .size = 1500, .flags = SLAB_RECLAIM_ACCOUNT }, 1504, 2, 0, SLAB_METADATA_OBJECT, 17 },
		/* constructed objects hold no numbers: 4096 bytes of them leave no room on the slab */
		{ { .size = 512, .ctor = construct }, 512, 8, 0, SLAB_METADATA_OFF, 1 },
		/* and here there is room beside the objects, at the cost of a colour or none */
		{ { .size = 576, .ctor = construct }, 576, 7, 0, SLAB_METADATA_ON, 1 },
		{ { .size = 512, .flags = SLAB_TYPESAFE_BY_RCU }, 512, 8, 0, SLAB_METADATA_OFF, 1 },
		/* elsewhere costs a kmalloc of 32: not worth it below 64 bytes */
		{ { .size = 56, .align = 64, .ctor = construct }, 64, 63, 0, SLAB_METADATA_ON, 1 },
		/* colours keep the alignment */
		{ { .size = 700, .align = 256 }, 768, 5, 0, SLAB_METADATA_OBJECT, 1 },
	};
	struct slab_config cfg;
	size_t i;

	slab_config_default(&cfg);
	slab_config_engine(&cfg, "slab", NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct slab_geometry geo;

		CU_ASSERT_EQUAL_FATAL(lslab_geometry(&geo, &row->args, &cfg, 2, NULL), 0);
		CU_ASSERT_EQUAL(geo.size, row->size);
		CU_ASSERT_EQUAL(geo.objects, row->objects);
		CU_ASSERT_EQUAL(geo.order, row->order);
		CU_ASSERT_EQUAL(geo.metadata, row->metadata);
		CU_ASSERT_EQUAL(geo.colours, row->colours);
	}
}

/* Objects larger than the largest block, and sizes that are none, are refused. */
static void test_geometry_refused(void)
{
	struct kmem_cache_args args = { .size = (4U << 20) + 1 };
	struct slab_config cfg;
	struct slab_geometry geo;
	struct kerror err = { 0 };

	slab_config_default(&cfg);
	slab_config_engine(&cfg, "slab", NULL);
	CU_ASSERT(lslab_geometry(&geo, &args, &cfg, 2, &err) < 0);
	args.size = 4U << 20;
	if (test_kernel_geometry()) {
		CU_ASSERT_EQUAL(lslab_geometry(&geo, &args, &cfg, 2, &err), 0);
		CU_ASSERT_EQUAL(geo.objects, 1);
	} else {
		CU_ASSERT(lslab_geometry(&geo, &args, &cfg, 2, &err) < 0);
	}
}

/* No class below 32 bytes; 96 is as large as 128. */
static void test_kmalloc_classes(void)
{
	struct slab_machine m;

	make(&m, 64 << 20, 1, 2);
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(kmalloc_slab(m.sa, 1, GFP_KERNEL)), "kmalloc-32");
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(kmalloc_slab(m.sa, 32, GFP_KERNEL)), "kmalloc-32");
	CU_ASSERT_STRING_EQUAL(kmem_cache_name(kmalloc_slab(m.sa, 96, GFP_KERNEL)), "kmalloc-96");
	CU_ASSERT_EQUAL(kmem_cache_size(kmalloc_slab(m.sa, 96, GFP_KERNEL)), 128);
	CU_ASSERT_PTR_NULL(slab_find_cache(m.sa, "kmalloc-8"));
	CU_ASSERT_PTR_NULL(slab_find_cache(m.sa, "kmalloc-16"));
	slab_machine_destroy(&m);
}

/* The tunables by size, as enable_cpucache() has them. */
static void test_limits(void)
{
	static const struct { uint32_t size; unsigned int limit, batchcount, shared; } rows[] = {
		{ 256, 120, 60, 8 }, { 257, 54, 27, 8 }, { 1024, 54, 27, 8 }, { 1025, 24, 12, 8 },
		{ 4096, 24, 12, 8 }, { 4097, 8, 4, 0 }, { 131073, 1, 1, 0 },
	};
	struct slab_machine m;
	size_t i;

	make(&m, 64 << 20, 1, 2);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kmem_cache_args args = { .name = "limits", .size = rows[i].size };
		struct kmem_cache *s = kmem_cache_create(m.sa, &args, NULL);
		struct slabinfo info;

		if (!s && !test_kernel_geometry())
			continue;
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		info = slab_machine_info(s);
		CU_ASSERT_EQUAL(info.limit, rows[i].limit);
		CU_ASSERT_EQUAL(info.batchcount, rows[i].batchcount);
		CU_ASSERT_EQUAL(info.shared, rows[i].shared);
		CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	}
	slab_machine_destroy(&m);
}

/* With one CPU there is nobody to share with. */
static void test_one_cpu(void)
{
	struct slab_machine m;
	struct kmem_cache *s;

	make(&m, 16 << 20, 1, 1);
	s = slab_machine_cache(&m, "alone", 64);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared, 0);
	CU_ASSERT_PTR_NULL(lslab_node(s, 0)->shared);
	slab_machine_destroy(&m);
}

/*
 * A first request takes 16 objects out of a new slab, in ascending order; the
 * array hands out the last one first. From then on batches are whole.
 */
static void test_refill(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned char *first, *objects[17];
	unsigned int i;

	make(&m, 64 << 20, 1, 2);
	s = slab_machine_cache(&m, "refill", 64);
	for (i = 0; i < 17; i++)
		objects[i] = get(s, 0);
	first = slab_first_object(s, slab_machine_page(&m, objects[0]));
	for (i = 0; i < 16; i++)
		CU_ASSERT_PTR_EQUAL(objects[i], first + (15 - i) * 64);
	/* 48 are left in the slab, less than a batch of 60: all come, the new slab has to wait */
	CU_ASSERT_PTR_EQUAL(objects[16], first + 63 * 64);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 1);
	CU_ASSERT_EQUAL(slab_machine_info(s).active_objs, 64);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 17);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_num_allocations), 64);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_allocmiss), 2);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_allochit), 15);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_grown), 1);
	for (i = 0; i < 17; i++)
		put(s, 0, objects[i]);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_freehit), 17);
	slab_machine_destroy(&m);
}

/* The object freed last is handed out next. */
static void test_lifo(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *a, *b;

	make(&m, 64 << 20, 1, 2);
	s = slab_machine_cache(&m, "lifo", 128);
	a = get(s, 0);
	b = get(s, 0);
	put(s, 0, a);
	put(s, 0, b);
	CU_ASSERT_PTR_EQUAL(get(s, 0), b);
	CU_ASSERT_PTR_EQUAL(get(s, 0), a);
	put(s, 0, a);
	put(s, 0, b);
	slab_machine_destroy(&m);
}

/*
 * An array that runs over gives its oldest batch to the shared array, where
 * another CPU finds it: objects go from CPU to CPU without touching a slab.
 */
static void test_shared_array(void)
{
	void *objects[121], *other;
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i;

	make(&m, 64 << 20, 1, 2);
	s = slab_machine_cache(&m, "shared", 64);
	for (i = 0; i < 121; i++)
		objects[i] = get(s, 0);
	kmem_cache_shrink(s);
	for (i = 0; i < 120; i++)
		put(s, 0, objects[i]);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared_avail, 0);
	put(s, 0, objects[120]);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared_avail, 60);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_freemiss), 1);
	/* CPU 1 is new to this cache: 16 objects, the newest of the shared ones, the last one first */
	other = get(s, 1);
	CU_ASSERT_PTR_EQUAL(other, objects[59]);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared_avail, 44);
	CU_ASSERT_EQUAL(lslab_cpu(s, 1)->ac->avail, 15);
	put(s, 1, other);
	slab_machine_destroy(&m);
}

/* Without room in a shared array the batch goes to the slabs; a slab gone free goes to the front. */
static void test_flush_to_slabs(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *objects[9];
	unsigned int i;

	if (!test_kernel_geometry())
		return;
	make(&m, 64 << 20, 1, 2);
	/* 8 in an array, 4 at a time, no shared array, one object a slab */
	s = slab_machine_cache(&m, "flush", 8192);
	for (i = 0; i < 9; i++)
		objects[i] = get(s, 0);
	kmem_cache_shrink(s);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 9);
	for (i = 0; i < 9; i++)
		put(s, 0, objects[i]);
	CU_ASSERT_EQUAL(slab_machine_info(s).active_slabs, 5);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 9);
	CU_ASSERT_EQUAL(lslab_node(s, 0)->free_objects, 4);
	CU_ASSERT_PTR_EQUAL(slab_from_link(s, lslab_node(s, 0)->free.head),
			    slab_machine_page(&m, objects[3]));
	slab_machine_destroy(&m);
}

/* A node keeps (1 + CPUs) batches and a slab of free objects, the rest goes back, oldest first. */
static void test_free_limit(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *objects[64];
	unsigned int i;

	if (!test_kernel_geometry())
		return;
	make(&m, 64 << 20, 1, 2);
	s = slab_machine_cache(&m, "limit", 8192);
	CU_ASSERT_EQUAL(lslab_node(s, 0)->free_limit, 3 * 4 + 1);
	for (i = 0; i < 64; i++)
		objects[i] = get(s, 0);
	for (i = 0; i < 64; i++)
		put(s, 0, objects[i]);
	CU_ASSERT_EQUAL(lslab_node(s, 0)->free_objects, 13);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 13 + lslab_cpu(s, 0)->ac->avail);
	slab_machine_destroy(&m);
}

/* Each new slab starts a line further: 1, 2, .. 6, 0, 1. */
static void test_colours(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void **objects;
	unsigned int i;

	make(&m, 64 << 20, 1, 1);
	s = slab_machine_cache(&m, "colours", 600);
	CU_ASSERT_EQUAL(kmem_cache_colours(s), 7);
	CU_ASSERT_EQUAL(kmem_cache_colours_used(s), 0);
	objects = slab_machine_fill(s, 0, 8);
	for (i = 0; i < 48; i++) {
		struct page *slab = slab_machine_page(&m, objects[i]);
		size_t place = (size_t)((unsigned char *)objects[i] - slab_address(m.sa, slab));

		/* the batch's last one comes first */
		CU_ASSERT_EQUAL(place, (i / 6 + 1) % 7 * 64 + (5 - i % 6) * 600);
	}
	CU_ASSERT_EQUAL(kmem_cache_colours_used(s), 7);
	CU_ASSERT(slab_machine_sound(&m));
	for (i = 0; i < 48; i++)
		put(s, 0, objects[i]);
	free(objects);
	slab_machine_destroy(&m);
}

/* Numbers off the slab are an object of kmalloc-32 for each slab, and go with it. */
static void test_numbers_off_slab(void)
{
	struct kmem_cache_args args = { .name = "off", .size = 512, .ctor = construct };
	struct slab_machine m;
	struct kmem_cache *s, *numbers;
	void **objects;
	unsigned int i;

	make(&m, 64 << 20, 1, 2);
	s = kmem_cache_create(m.sa, &args, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	numbers = slab_find_cache(m.sa, "kmalloc-32");
	objects = slab_machine_fill(s, 0, 3);
	CU_ASSERT_EQUAL(kmem_cache_metadata(s), SLAB_METADATA_OFF);
	CU_ASSERT_EQUAL(slab_machine_info(numbers).used_objs, slab_machine_info(s).num_slabs);
	CU_ASSERT_EQUAL(slab_machine_info(numbers).engine_objs, slab_machine_info(s).num_slabs);
	for (i = 0; i < 24; i++)
		put(s, 0, objects[i]);
	kmem_cache_shrink(s);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 0);
	CU_ASSERT_EQUAL(slab_machine_info(numbers).engine_objs, 0);
	CU_ASSERT_EQUAL(slab_machine_info(numbers).used_objs, 0);

	/* no memory for the numbers: no slab, and nothing is lost */
	kmem_cache_shrink(numbers);
	buddy_set_fail(m.buddy, 2, -1, 0);
	for (i = 0; i < 8; i++)
		if (kmem_cache_alloc(s, 0, GFP_KERNEL))
			break;
	buddy_set_fail(m.buddy, 0, 0, 0);
	CU_ASSERT(slab_machine_sound(&m));
	free(objects);
	slab_machine_destroy(&m);
}

/*
 * An object of node 1 freed on node 0 waits in node 0's alien array; the
 * thirteenth sends twelve home, into node 1's shared array.
 */
static void test_alien(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *objects[13];
	unsigned int i;

	make(&m, 64 << 20, 2, 2);
	CU_ASSERT_EQUAL(buddy_cpu_node(m.buddy, 1), 1);
	s = slab_machine_cache(&m, "alien", 64);
	for (i = 0; i < 13; i++)
		objects[i] = get(s, 1);
	for (i = 0; i < 12; i++)
		put(s, 0, objects[i]);
	CU_ASSERT_EQUAL(lslab_node(s, 0)->alien[1]->avail, 12);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared_avail, 0);
	put(s, 0, objects[12]);
	CU_ASSERT_EQUAL(lslab_node(s, 0)->alien[1]->avail, 1);
	CU_ASSERT_EQUAL(lslab_node(s, 1)->shared->avail, 12);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_node_frees), 13);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_node_overflow), 1);
	CU_ASSERT(slab_machine_sound(&m));
	slab_machine_destroy(&m);
}

/* noaliencache: straight home. */
static void test_no_alien(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;
	void *object;

	slab_config_default(&cfg);
	slab_config_engine(&cfg, "slab", NULL);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "alien", 0, NULL), 0);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "limit", 20, NULL), 0);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "batchcount", 30, NULL), 0);
	CU_ASSERT_EQUAL(slab_config_param(&cfg, "sharedfactor", 2, NULL), 0);
	slab_machine_create(&m, 64 << 20, 2, 2, &cfg);
	s = slab_machine_cache(&m, "home", 64);
	CU_ASSERT_EQUAL(slab_machine_info(s).limit, 20);
	CU_ASSERT_EQUAL(slab_machine_info(s).batchcount, 10);
	CU_ASSERT_EQUAL(slab_machine_info(s).shared, 2);
	object = get(s, 1);
	put(s, 0, object);
	CU_ASSERT_PTR_NULL(lslab_node(s, 0)->alien);
	CU_ASSERT_EQUAL(lslab_node(s, 1)->free_objects, 64 - 9);
	slab_machine_destroy(&m);
}

/* An object for another node is taken from a slab there, past all arrays. */
static void test_other_node(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *a, *b;

	make(&m, 64 << 20, 2, 2);
	s = slab_machine_cache(&m, "other", 64);
	a = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 1);
	b = kmem_cache_alloc_node(s, 0, GFP_KERNEL, 1);
	CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, a)), 1);
	CU_ASSERT_PTR_EQUAL(b, (char *)a + 64);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_node_allocs), 1);
	CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, 0);
	put(s, 0, a);
	put(s, 1, b);
	slab_machine_destroy(&m);
}

/*
 * The reaper: arrays used since it came by are spared once, then lose a fifth
 * of their limit each time; free slabs go after the arrays. Until the first
 * tick no time goes by.
 */
static void test_reaper(void)
{
	const uint64_t second = 1000000000, start = 12345 * second;
	struct slab_machine m;
	struct kmem_cache *s;
	void *objects[100];
	unsigned int i;

	make(&m, 64 << 20, 1, 1);
	s = slab_machine_cache(&m, "reaper", 64);
	CU_ASSERT_EQUAL(slab_tick(m.sa, start), start + 2 * second);
	for (i = 0; i < 100; i++)
		objects[i] = get(s, 0);
	kmem_cache_shrink(s);
	for (i = 0; i < 100; i++)
		put(s, 0, objects[i]);
	CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, 100);
	CU_ASSERT_EQUAL(slab_tick(m.sa, start + second), start + 2 * second);
	CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, 100);
	CU_ASSERT_EQUAL(slab_tick(m.sa, start + 2 * second), start + 4 * second);
	CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, 100);
	slab_tick(m.sa, start + 4 * second);
	CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, 76);
	slab_tick(m.sa, start + 6 * second);
	CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, 52);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 2);
	CU_ASSERT(slab_machine_sound(&m));
	/* below a fifth of the limit, half of what there is */
	slab_tick(m.sa, start + 10 * second);
	CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, 4);
	slab_tick(m.sa, start + 60 * second);
	CU_ASSERT_EQUAL(lslab_cpu(s, 0)->ac->avail, 0);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 0);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_reaped), 2);
	slab_machine_destroy(&m);
}

/* The reaper drains one other node's objects each time it comes by. */
static void test_reaper_alien(void)
{
	const uint64_t second = 1000000000;
	struct slab_machine m;
	struct kmem_cache *s;
	void *object;

	make(&m, 64 << 20, 2, 2);
	s = slab_machine_cache(&m, "aliens", 64);
	slab_tick(m.sa, 0);
	object = get(s, 1);
	put(s, 0, object);
	CU_ASSERT_EQUAL(lslab_node(s, 0)->alien[1]->avail, 1);
	slab_tick(m.sa, 4 * second);
	CU_ASSERT_EQUAL(lslab_node(s, 0)->alien[1]->avail, 0);
	slab_machine_destroy(&m);
}

/* Bytes of metadata: arrays and node state as a 6.1 kernel has them, numbers where slabs hold them. */
static void test_overhead(void)
{
	struct slab_machine m;
	struct kmem_cache *s;
	void *object;

	make(&m, 64 << 20, 1, 2);
	s = slab_machine_cache(&m, "metadata", 16);
	CU_ASSERT_EQUAL(slab_machine_info(s).overhead,
			2 * (16 + 8 * 120) + 120 + 16 + 8 * 8 * 60);
	object = get(s, 0);
	CU_ASSERT_EQUAL(slab_machine_info(s).overhead,
			2 * (16 + 8 * 120) + 120 + 16 + 8 * 8 * 60 + 240);
	put(s, 0, object);
	slab_machine_destroy(&m);
}

/* Small machines keep to single frames. */
static void test_small_machine(void)
{
	struct slab_machine m;

	make(&m, 16 << 20, 1, 1);
	CU_ASSERT_EQUAL(kmem_cache_order(slab_machine_cache(&m, "small", 1500)), 0);
	slab_machine_destroy(&m);
	make(&m, 64 << 20, 1, 1);
	CU_ASSERT_EQUAL(kmem_cache_order(slab_machine_cache(&m, "large", 1500)), 1);
	slab_machine_destroy(&m);
}

/* A merged cache's alignment must be a multiple of the new one's. */
static void test_merging(void)
{
	struct kmem_cache_args wide = { .name = "wide", .size = 192, .align = 64 };
	struct kmem_cache_args narrow = { .name = "narrow", .size = 192, .align = 32 };
	struct kmem_cache_args late = { .name = "late", .size = 384, .align = 8 };
	struct kmem_cache_args wider = { .name = "wider", .size = 384, .align = 128 };
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;

	slab_config_default(&cfg);
	slab_config_engine(&cfg, "slab", NULL);
	slab_machine_create(&m, 16 << 20, 1, 1, &cfg);
	s = kmem_cache_create(m.sa, &wide, NULL);
	CU_ASSERT_PTR_EQUAL(kmem_cache_create(m.sa, &narrow, NULL), s);
	s = kmem_cache_create(m.sa, &late, NULL);
	CU_ASSERT_PTR_NOT_EQUAL(kmem_cache_create(m.sa, &wider, NULL), s);
	slab_machine_destroy(&m);
}

/* With a shuffled slab every object still comes exactly once, in another order. */
static void test_random(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;
	void **objects;
	unsigned int i, ascending = 0;

	slab_config_default(&cfg);
	slab_config_engine(&cfg, "slab", NULL);
	cfg.freelist_random = 1;
	slab_machine_create(&m, 64 << 20, 1, 1, &cfg);
	s = slab_machine_cache(&m, "random", 64);
	objects = slab_machine_fill(s, 0, 2);
	for (i = 1; i < 128; i++)
		ascending += objects[i] == (char *)objects[i - 1] - 64;
	CU_ASSERT(ascending < 20);
	CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 2);
	CU_ASSERT(slab_machine_sound(&m));
	for (i = 0; i < 128; i++)
		put(s, 0, objects[i]);
	free(objects);
	slab_machine_destroy(&m);
}

/* ---- what the validator finds ------------------------------------------- */

/*
 * Two caches on two nodes, each with an object in use: broken in one place, complained of, repaired.
 *
 *   CPU 0's array  [o o .. 15]     node 0  partial -> slab [object, 15 in the array, the rest free]
 */
struct breakage {
	struct slab_machine m;
	struct kmem_cache *s, *other;
	struct lslab_node *n;
	struct array_cache *ac;
	struct page *slab;
	void *object, *foreign;
};

#define EXPECT(b, nr) CU_ASSERT_EQUAL(slab_validate((b)->m.sa, NULL, NULL), nr)
#define EXPECT_SOME(b) CU_ASSERT(slab_validate((b)->m.sa, NULL, NULL) >= 1)

static void breakage_up(struct breakage *b)
{
	make(&b->m, 64 << 20, 2, 2);
	b->s = slab_machine_cache(&b->m, "broken", 64);
	b->other = slab_machine_cache(&b->m, "other", 64);
	b->object = get(b->s, 0);
	b->foreign = get(b->other, 0);
	b->slab = slab_machine_page(&b->m, b->object);
	b->n = lslab_node(b->s, 0);
	b->ac = lslab_cpu(b->s, 0)->ac;
	EXPECT(b, 0);
}

static void breakage_down(struct breakage *b)
{
	EXPECT(b, 0);
	put(b->s, 0, b->object);
	put(b->other, 0, b->foreign);
	slab_machine_destroy(&b->m);
}

/* A count, a colour, each link of a list, its end, the wrong list. */
static void test_validate_lists(void)
{
	struct breakage b;

	breakage_up(&b);
	b.n->free_objects++;
	EXPECT(&b, 1);
	b.n->free_objects--;

	b.n->colour_next = 99;
	EXPECT(&b, 1);
	b.n->colour_next = 0;

	b.slab->prev = 5;
	EXPECT(&b, 1);
	b.slab->prev = PFN_NONE_VAL;

	b.n->partial.tail = PFN_NONE_VAL;
	EXPECT(&b, 1);
	b.n->partial.tail = b.n->partial.head;

	b.slab->next = b.m.map->end_pfn + 7;
	EXPECT_SOME(&b);
	b.slab->next = PFN_NONE_VAL;

	/* filed under full */
	b.n->full = b.n->partial;
	slab_list_init(&b.n->partial);
	EXPECT_SOME(&b);
	b.n->partial = b.n->full;
	slab_list_init(&b.n->full);
	breakage_down(&b);
}

/* A slab that another node lists. */
static void test_validate_node(void)
{
	struct lslab_node *n, *wrong;
	struct breakage b;

	breakage_up(&b);
	n = b.n;
	wrong = lslab_node(b.s, 1);
	wrong->partial = n->partial;
	wrong->total_slabs = 1;
	wrong->free_objects = n->free_objects;
	slab_list_init(&n->partial);
	n->total_slabs = 0;
	n->free_objects = 0;
	EXPECT(&b, 1);
	n->partial = wrong->partial;
	n->total_slabs = 1;
	n->free_objects = wrong->free_objects;
	slab_list_init(&wrong->partial);
	wrong->total_slabs = 0;
	wrong->free_objects = 0;
	breakage_down(&b);
}

/* What lies in an array: another cache's object, the same twice, one in use; too many; the other node's. */
static void test_validate_arrays(void)
{
	struct breakage b;
	void *keep;

	breakage_up(&b);
	keep = b.ac->entry[0];
	b.ac->entry[0] = b.foreign;
	EXPECT_SOME(&b);
	b.ac->entry[0] = b.ac->entry[1];
	EXPECT_SOME(&b);
	b.ac->entry[0] = b.object;
	EXPECT_SOME(&b);
	b.ac->entry[0] = keep;

	b.ac->avail = b.ac->limit + 1;
	EXPECT_SOME(&b);
	b.ac->avail = 15;

	lslab_cpu(b.s, 0)->nid = 1;
	EXPECT(&b, 15);
	lslab_cpu(b.s, 0)->nid = 0;

	/* more in arrays than slabs miss */
	b.slab->slab_inuse = 3;
	EXPECT_SOME(&b);
	b.slab->slab_inuse = 16;
	breakage_down(&b);
}

/* A number overwritten in the free object that holds them: none there is, and one that comes twice. */
static void test_validate_numbers(void)
{
	struct breakage b;
	uint8_t *index, was;

	breakage_up(&b);
	index = lslab_free_index(b.s, b.slab);
	was = index[20];
	index[20] = 200;
	EXPECT(&b, 1);
	index[20] = index[21];
	EXPECT(&b, 1);
	index[20] = was;
	breakage_down(&b);
}

/* Caches that cannot be made leave nothing behind (the tests run with a leak checker). */
static void test_too_large(void)
{
	struct kmem_cache_args args = { .name = "large", .size = 4U << 20 };
	struct slab_machine m;
	struct kerror err = { 0 };

	make(&m, 16 << 20, 1, 1);
	if (!test_kernel_geometry()) {
		CU_ASSERT_PTR_NULL(kmem_cache_create(m.sa, &args, &err));
		CU_ASSERT(err.code < 0);
	}
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "geometry: objects, order, place of the numbers, colours", test_geometry },
	{ "geometry refused", test_geometry_refused },
	{ "kmalloc's classes", test_kmalloc_classes },
	{ "limits by size", test_limits },
	{ "one CPU shares with nobody", test_one_cpu },
	{ "an empty array is refilled", test_refill },
	{ "last in, first out", test_lifo },
	{ "objects go from CPU to CPU through the shared array", test_shared_array },
	{ "a full array is flushed to the slabs", test_flush_to_slabs },
	{ "a node's free objects are limited", test_free_limit },
	{ "colours", test_colours },
	{ "numbers off the slab", test_numbers_off_slab },
	{ "objects of another node are gathered", test_alien },
	{ "objects of another node go home", test_no_alien },
	{ "objects from another node", test_other_node },
	{ "the reaper", test_reaper },
	{ "the reaper and other nodes' objects", test_reaper_alien },
	{ "bytes of metadata", test_overhead },
	{ "small machines have small slabs", test_small_machine },
	{ "merging", test_merging },
	{ "shuffled slabs", test_random },
	{ "a cache too large", test_too_large },
	{ "broken lists are found", test_validate_lists },
	{ "a slab on another node's list is found", test_validate_node },
	{ "broken arrays are found", test_validate_arrays },
	{ "broken numbers are found", test_validate_numbers },
	{ NULL, NULL }
};

const struct test_suite slab_arrays_suite = { "slab_arrays", cases };
