/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the geometry of caches, against the arithmetic by hand and
 * against what a running kernel reported of each of its caches.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "slab/cache.h"
#include "tests/slab/slab.h"

static int geometry_of(enum buddy_kernel kernel, struct slab_geometry *geo, uint32_t size,
		       uint32_t align, uint32_t flags, unsigned int cpus)
{
	struct kmem_cache_args args = { .name = "x", .size = size, .align = align, .flags = flags };
	struct slab_config cfg;

	slab_config_default(&cfg);
	cfg.kernel = kernel;
	return slab_geometry(geo, &args, &cfg, cpus, NULL);
}

static int geometry(struct slab_geometry *geo, uint32_t size, uint32_t align, uint32_t flags,
		    unsigned int cpus)
{
	return geometry_of(BUDDY_KERNEL_NEWEST, geo, size, align, flags, cpus);
}

/* Objects are whole words; the free pointer lies in the middle, or behind what must survive. */
static void test_layout(void)
{
	struct slab_geometry geo;

	CU_ASSERT_EQUAL(geometry(&geo, 1, 0, 0, 2), 0);
	CU_ASSERT_EQUAL(geo.size, 8);
	CU_ASSERT_EQUAL(geo.offset, 0);
	CU_ASSERT_EQUAL(geo.align, 8);
	CU_ASSERT_EQUAL(geometry(&geo, 100, 0, 0, 2), 0);
	CU_ASSERT_EQUAL(geo.size, 104);
	CU_ASSERT_EQUAL(geo.inuse, 104);
	CU_ASSERT_EQUAL(geo.offset, 48);
	CU_ASSERT_EQUAL(geometry(&geo, 100, 32, 0, 2), 0);
	CU_ASSERT_EQUAL(geo.size, 128);
	CU_ASSERT_EQUAL(geo.offset, 48);
	CU_ASSERT_EQUAL(geometry(&geo, 100, 0, SLAB_TYPESAFE_BY_RCU, 2), 0);
	CU_ASSERT_EQUAL(geo.size, 112);
	CU_ASSERT_EQUAL(geo.offset, 104);
	CU_ASSERT_EQUAL(geo.inuse, 104);
}

/* Asked for cache lines, small objects get an equal part of one and large ones whole ones. */
static void test_hwcache_align(void)
{
	static const struct { uint32_t size, align, expected; } cases[] = {
		{ 8, 8, 8 }, { 10, 16, 16 }, { 16, 16, 16 }, { 17, 32, 32 }, { 33, 64, 64 },
		{ 65, 64, 128 }, { 184, 64, 192 },
	};
	struct slab_geometry geo;
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(geometry(&geo, cases[i].size, 0, SLAB_HWCACHE_ALIGN, 2), 0);
		CU_ASSERT_EQUAL(geo.align, cases[i].align);
		CU_ASSERT_EQUAL(geo.size, cases[i].expected);
	}
}

/* kmalloc aligns powers of two to themselves. */
static void test_kmalloc_align(void)
{
	struct slab_geometry geo;

	CU_ASSERT_EQUAL(geometry(&geo, 1024, 0, SLAB_KMALLOC, 2), 0);
	CU_ASSERT_EQUAL(geo.align, 1024);
	CU_ASSERT_EQUAL(geometry(&geo, 8192, 0, SLAB_KMALLOC, 2), 0);
	CU_ASSERT_EQUAL(geo.align, 8192);
}

/* What no slab can be made of is refused, with a sentence. */
static void test_refused(void)
{
	struct kmem_cache_args args = { .name = "x", .size = 64 };
	struct slab_geometry geo;
	struct slab_config cfg;
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(geometry(&geo, 0, 0, 0, 2), -EINVAL);
	CU_ASSERT_EQUAL(geometry(&geo, (4 << 20) + 1, 0, 0, 2), -EINVAL);
	CU_ASSERT_EQUAL(geometry(&geo, 64, 24, 0, 2), -EINVAL);
	CU_ASSERT_EQUAL(geometry(&geo, 64, 2 * PAGE_SIZE, 0, 2), -EINVAL);
	CU_ASSERT_EQUAL(geometry(&geo, 64, 0, 0, 0), -EINVAL);
	slab_config_default(&cfg);
	cfg.slab_min_order = cfg.slab_max_order + 1;
	CU_ASSERT_EQUAL(slab_geometry(&geo, &args, &cfg, 2, &err), -EINVAL);
	CU_ASSERT_EQUAL(err.code, -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "slab_min_order"));
}

/* The largest block is the limit: exactly that many bytes fit, a word more does not. */
static void test_largest(void)
{
	uint32_t largest = (uint32_t)(PAGE_SIZE << MAX_PAGE_ORDER);
	struct slab_geometry geo;

	CU_ASSERT_EQUAL(geometry(&geo, largest, 0, 0, 2), 0);
	CU_ASSERT_EQUAL(geo.order, MAX_PAGE_ORDER);
	CU_ASSERT_EQUAL(geo.objects, 1);
	CU_ASSERT_EQUAL(geo.min_order, MAX_PAGE_ORDER);
	if (largest < 4 << 20)
		CU_ASSERT_EQUAL(geometry(&geo, largest + 1, 0, 0, 2), -E2BIG);
	/* at 4 MiB the free pointer behind the object is what does not fit */
	CU_ASSERT_EQUAL(geometry(&geo, largest, 0, SLAB_TYPESAFE_BY_RCU, 2), -E2BIG);
}

/* More CPUs ask for more objects a slab, so the order grows with their number. */
static void test_cpus(void)
{
	static const struct { unsigned int cpus, order; } cases[] = {
		{ 1, 0 }, { 2, 1 }, { 4, 1 }, { 8, 2 }, { 16, 2 }, { 64, 2 }, { 1024, 3 },
	};
	struct slab_geometry geo;
	unsigned int i;

	if (!test_kernel_geometry())
		return;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(geometry(&geo, 512, 0, 0, cases[i].cpus), 0);
		CU_ASSERT_EQUAL(geo.order, cases[i].order);
	}
}

/* The slab parameters bound the order, and set the wanted number of objects. */
static void test_parameters(void)
{
	struct kmem_cache_args args = { .name = "x", .size = 8 };
	struct slab_geometry geo;
	struct slab_config cfg;

	slab_config_default(&cfg);
	cfg.slab_min_order = cfg.slab_max_order = 1;
	CU_ASSERT_EQUAL(slab_geometry(&geo, &args, &cfg, 2, NULL), 0);
	CU_ASSERT_EQUAL(geo.order, 1);
	CU_ASSERT_EQUAL(geo.objects, 1024);
	CU_ASSERT_EQUAL(geo.cpu_partial_slabs, 1);

	slab_config_default(&cfg);
	cfg.slab_min_objects = 2048;
	CU_ASSERT_EQUAL(slab_geometry(&geo, &args, &cfg, 2, NULL), 0);
	CU_ASSERT_EQUAL(geo.order, 2);

	/* 15 bits count a slab's objects */
	cfg.slab_min_objects = UINT32_MAX;
	cfg.slab_max_order = UINT32_MAX;
	CU_ASSERT_EQUAL(slab_geometry(&geo, &args, &cfg, 2, NULL), 0);
	CU_ASSERT(geo.objects <= MAX_OBJS_PER_SLAB);
	CU_ASSERT_EQUAL(geo.order, MAX_PAGE_ORDER < 5 ? MAX_PAGE_ORDER : 5);
	if (!test_kernel_geometry())
		return;
	cfg.slab_min_order = 10;
	CU_ASSERT_EQUAL(slab_geometry(&geo, &args, &cfg, 2, NULL), 0);
	CU_ASSERT_EQUAL(geo.order, 5);
}

/* The next line that is no comment. */
static bool read_line(FILE *file, char *line, size_t size)
{
	while (fgets(line, (int)size, file))
		if (line[0] != '#' && line[0] != '\n')
			return true;
	return false;
}

static bool is_geometry(enum buddy_kernel kernel, const char *name, unsigned int cpus,
			unsigned int size, unsigned int objects, unsigned int pages)
{
	struct slab_geometry geo;

	if (!geometry_of(kernel, &geo, size, 0, 0, cpus) && geo.size == size && geo.objects == objects &&
	    1U << geo.order == pages)
		return true;
	fprintf(stderr, "%s: %u bytes, %u in order %u; the kernel: %u, %u in %u pages\n", name, geo.size,
		geo.objects, geo.order, size, objects, pages);
	return false;
}

/*
 * slabinfo of a running 2-CPU kernel, 6.18: object size (metadata included),
 * objects and pages a slab of every cache. All must come out alike under each
 * of our rules: 6.18 computes them as 6.12 does, and none of its caches is of a
 * size for which 6.1 chose otherwise.
 */
static void test_slabinfo_oracle(void)
{
	unsigned int size, objects, pages, rows = 0, wrong = 0;
	char line[256], name[64];
	FILE *file;
	int kernel;

	if (!test_kernel_geometry())
		return;
	file = fopen(test_oracle("slabinfo-6.18-2cpu.txt"), "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (read_line(file, line, sizeof(line))) {
		CU_ASSERT_EQUAL_FATAL(sscanf(line, "%63s %u %u %u", name, &size, &objects, &pages), 4);
		rows++;
		for (kernel = 0; kernel < NR_BUDDY_KERNELS; kernel++)
			wrong += !is_geometry((enum buddy_kernel)kernel, name, 2, size, objects, pages);
	}
	fclose(file);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(rows, 235);
}

/* slabinfo of kernels of just the versions whose rules we have, every cache of each. */
static void test_slabinfo_captures(void)
{
	static const struct {
		const char *name;
		enum buddy_kernel kernel;
		unsigned int cpus;
	} captures[] = {
		{ "6.1-smp1_idle_small", BUDDY_KERNEL_6_1, 1 }, { "6.1-smp1_files", BUDDY_KERNEL_6_1, 1 },
		{ "6.1-smp1_mmap_thp", BUDDY_KERNEL_6_1, 1 }, { "6.1-smp1_pressure", BUDDY_KERNEL_6_1, 1 },
		{ "6.1-smp2_mixed", BUDDY_KERNEL_6_1, 2 }, { "6.12-smp1_idle_small", BUDDY_KERNEL_6_12, 1 },
		{ "6.12-smp1_files", BUDDY_KERNEL_6_12, 1 }, { "6.12-smp1_mmap_thp", BUDDY_KERNEL_6_12, 1 },
	};
	unsigned int size, objects, pages, wrong = 0, i;
	char line[256], name[64], path[128];

	if (!test_kernel_geometry())
		return;
	for (i = 0; i < sizeof(captures) / sizeof(captures[0]); i++) {
		unsigned int rows = 0;
		const char *found;
		FILE *file;

		snprintf(path, sizeof(path), "oracle/kernel/%s/procfs_a/slabinfo", captures[i].name);
		found = test_shared(path);
		if (!found)
			return;
		file = fopen(found, "r");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(line, sizeof(line), file));
		while (read_line(file, line, sizeof(line))) {
			CU_ASSERT_EQUAL_FATAL(sscanf(line, "%63s %*u %*u %u %u %u", name, &size, &objects,
						     &pages), 4);
			rows++;
			wrong += !is_geometry(captures[i].kernel, name, captures[i].cpus, size, objects, pages);
		}
		fclose(file);
		CU_ASSERT(rows > 100);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

struct sysfs_row {
	char name[64];
	uint32_t object_size, align, slab_size;
	unsigned int order, objects, min_partial, cpu_partial;
	unsigned int hwcache, reclaim, rcu, dma;
};

static void construct(void *object)
{
}

static bool matches(const struct sysfs_row *row, uint32_t flags, void (*ctor)(void *))
{
	struct kmem_cache_args args = {
		.name = "x", .size = row->object_size, .flags = flags, .ctor = ctor,
		.align = flags & SLAB_KMALLOC ? 0 : row->align,
	};
	struct slab_geometry geo;
	struct slab_config cfg;

	slab_config_default(&cfg);
	return !slab_geometry(&geo, &args, &cfg, 2, NULL) && geo.align == row->align &&
	       geo.size == row->slab_size && geo.order == row->order &&
	       geo.objects == row->objects && geo.min_partial == row->min_partial &&
	       geo.cpu_partial == row->cpu_partial;
}

/*
 * sysfs of the same 6.18 machine, under 6.12's rules. Its flags do not say whether a cache has a
 * constructor, nor, for an RCU cache, whether its creator told 6.18 (6.1 has
 * no such call) to put the free pointer inside the object; one of both must
 * explain each row.
 */
static void test_sysfs_oracle(void)
{
	unsigned int rows = 0, wrong = 0, constructed = 0, inside = 0;
	struct sysfs_row row;
	char line[256];
	FILE *file;

	if (!test_kernel_geometry())
		return;
	file = fopen(test_oracle("sysfs-slab-6.18-2cpu.txt"), "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (read_line(file, line, sizeof(line))) {
		uint32_t flags;

		CU_ASSERT_EQUAL_FATAL(sscanf(line, "%63s %u %u %u %u %u %u %u %u %u %u %u", row.name,
					     &row.object_size, &row.align, &row.slab_size, &row.order,
					     &row.objects, &row.min_partial, &row.cpu_partial,
					     &row.hwcache, &row.reclaim, &row.rcu, &row.dma), 12);
		rows++;
		flags = (row.hwcache ? SLAB_HWCACHE_ALIGN : 0) | (row.reclaim ? SLAB_RECLAIM_ACCOUNT : 0) |
			(row.dma ? SLAB_CACHE_DMA : 0);
		if (row.align > PAGE_SIZE)	/* kmalloc's alone are so aligned */
			flags |= SLAB_KMALLOC;
		if (matches(&row, flags | (row.rcu ? SLAB_TYPESAFE_BY_RCU : 0), NULL))
			continue;
		if (!row.rcu && matches(&row, flags, construct)) {
			constructed++;
		} else if (row.rcu && matches(&row, flags, NULL)) {
			inside++;
		} else {
			fprintf(stderr, "%s: another geometry\n", row.name);
			wrong++;
		}
	}
	fclose(file);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(rows, 235);
	/* most rows are explained by their flags alone */
	CU_ASSERT(constructed + inside <= 30);
}

/* The caches that kmalloc makes for itself are those of the same machine's sysfs. */
static void test_kmalloc_caches(void)
{
	static const struct { const char *name; uint32_t size; unsigned int order, objects; } cases[] = {
		{ "kmalloc-8", 8, 0, 512 }, { "kmalloc-96", 96, 0, 42 }, { "kmalloc-192", 192, 0, 21 },
		{ "kmalloc-512", 512, 1, 16 }, { "kmalloc-rcl-1k", 1024, 2, 16 },
		{ "kmalloc-cg-2k", 2048, 3, 16 }, { "dma-kmalloc-4k", 4096, 3, 8 },
		{ "kmalloc-8k", 8192, 3, 4 },
	};
	struct slab_machine m;
	const struct kmem_cache *s;
	unsigned int i, nr = 0;

	slab_machine_create(&m, 16 << 20, 1, 2, NULL);
	for_each_cache(m.sa, s)
		nr++;
	CU_ASSERT_EQUAL(nr, 52);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = slab_find_cache(m.sa, cases[i].name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		CU_ASSERT_EQUAL(kmem_cache_size(s), cases[i].size);
		if (!test_kernel_geometry())
			continue;
		CU_ASSERT_EQUAL(kmem_cache_order(s), cases[i].order);
		CU_ASSERT_EQUAL(kmem_cache_objs_per_slab(s), cases[i].objects);
	}
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "layout of an object", test_layout },
	{ "hardware cache alignment", test_hwcache_align },
	{ "kmalloc alignment", test_kmalloc_align },
	{ "refused arguments", test_refused },
	{ "largest object", test_largest },
	{ "order by number of CPUs", test_cpus },
	{ "slab parameters", test_parameters },
	{ "geometry of a kernel's slabinfo", test_slabinfo_oracle },
	{ "geometry of the captures' slabinfo", test_slabinfo_captures },
	{ "geometry of a kernel's sysfs", test_sysfs_oracle },
	{ "kmalloc caches", test_kmalloc_caches },
	{ NULL, NULL }
};

const struct test_suite geometry_suite = { "geometry", cases };
