/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: which cache is debugged how, what metadata does to geometry,
 * quarantine, trace, failures on demand, and that debugged caches keep the
 * counts as others do. Damage is slab/corruption.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slab/head.h"
#include "tests/slab/slab.h"

#define F SLAB_CONSISTENCY_CHECKS
#define Z SLAB_RED_ZONE
#define P SLAB_POISON
#define U SLAB_STORE_USER
#define T SLAB_TRACE
#define A SLAB_FAILSLAB
#define Q (SLAB_QUARANTINE | SLAB_POISON)
#define FZPU (F | Z | P | U)

/* ---- flags ----------------------------------------------------------------- */

/* The kernel's syntax: blocks, lists of names, stars, the first name that fits wins. */
static void test_flags(void)
{
	static const struct {
		const char *text, *name;
		uint32_t flags;
	} rows[] = {
		{ "", "dentry", FZPU },
		{ "F", "dentry", F },
		{ "fzput", "dentry", FZPU | T },
		{ "-", "dentry", 0 },
		{ "FZ-U", "dentry", U },
		{ "FZ,dentry", "dentry", F | Z },
		{ "FZ,dentry", "dentry2", 0 },
		{ "FZ,dentry", "dentr", 0 },
		{ ",dentry", "dentry", FZPU },
		{ "F,kmalloc-*", "kmalloc-64", F },
		{ "F,kmalloc-*", "kmallo", 0 },
		{ "F,*", "x", F },
		{ "Z,a,b,c*", "b", Z },
		{ "Z,a,b,c*", "cde", Z },
		{ "F;Z,dentry", "dentry", Z },
		{ "F;Z,dentry", "inode", F },
		{ "Z,dentry;F", "inode", F },
		{ "FZPU;-,dentry", "dentry", 0 },
		{ "F;Z", "dentry", Z },
		{ ";;F,a;;Z,b;;", "a", F },
		{ ";;F,a;;Z,b;;", "b", Z },
		{ "F,a*;Z,ab", "ab", F },
		{ "A,a", "a", A },
		{ "q", "a", Q },
		{ "OZ", "a", Z },
		{ ";", "a", 0 },
	};
	struct kerror err = { 0 };
	char letters[16];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(slab_debug_parse(rows[i].text, &err), 0);
		if (slab_debug_flags_of(rows[i].text, rows[i].name) != rows[i].flags) {
			fprintf(stderr, "'%s' for %s: 0x%x\n", rows[i].text, rows[i].name,
				slab_debug_flags_of(rows[i].text, rows[i].name));
			CU_FAIL("flags");
		}
	}
	CU_ASSERT_EQUAL(slab_debug_parse("FX", &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'X' is no debugging flag"));
	CU_ASSERT_EQUAL(slab_debug_parse("F,dentry;?", &err), -EINVAL);
	CU_ASSERT_STRING_EQUAL(slab_debug_letters(FZPU | T | A | Q, letters, sizeof(letters)),
			       "FZPUTAQ");
	CU_ASSERT_STRING_EQUAL(slab_debug_letters(Z, letters, sizeof(letters)), "Z");
	CU_ASSERT_STRING_EQUAL(slab_debug_letters(0, letters, sizeof(letters)), "-");
}

static void create(struct slab_machine *m, const struct engine_ops *engine, const char *debug,
		   uint64_t bytes)
{
	struct slab_config cfg;

	slab_config_default(&cfg);
	cfg.engine = engine->name;
	cfg.merge = false;
	cfg.debug = debug;
	cfg.seed = 7;
	slab_machine_create(m, bytes, 1, 2, &cfg);
}

static struct kmem_cache *cache(struct slab_machine *m, const char *name, uint32_t size,
				uint32_t flags)
{
	struct kmem_cache_args args = { .name = name, .size = size, .flags = flags };
	struct kmem_cache *s = kmem_cache_create(m->sa, &args, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

/* kmalloc's caches and made ones get their flags by name, but for those that want none. */
static void test_by_name(void)
{
	EACH_ENGINE(engine) {
		struct slab_machine m;
		struct kmem_cache *s;

		create(&m, engine, "fz,kmalloc-64,th*", 16 << 20);
		CU_ASSERT_EQUAL(kmem_cache_flags(slab_find_cache(m.sa, "kmalloc-64")) & SLAB_DEBUG_FLAGS,
				F | Z);
		CU_ASSERT_EQUAL(kmem_cache_flags(slab_find_cache(m.sa, "kmalloc-32")) & SLAB_DEBUG_FLAGS,
				0);
		s = cache(&m, "thing", 40, P);
		CU_ASSERT_EQUAL(kmem_cache_flags(s) & SLAB_DEBUG_FLAGS, F | Z | P);
		s = cache(&m, "that", 40, SLAB_NO_USER_FLAGS);
		CU_ASSERT_EQUAL(kmem_cache_flags(s) & SLAB_DEBUG_FLAGS, 0);
		slab_machine_destroy(&m);
	}
}

/* A wrong text is refused at boot. */
static void test_refused(void)
{
	struct slab_allocator *sa;
	struct kerror err = { 0 };
	struct slab_config cfg;
	struct slab_machine m;

	slab_config_default(&cfg);
	slab_machine_create(&m, 16 << 20, 1, 1, NULL);
	cfg.debug = "F,a;W,b";
	CU_ASSERT_EQUAL(slab_allocator_create(&sa, m.buddy, &cfg, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "'W'"));
	slab_machine_destroy(&m);
}

/* ---- geometry ----------------------------------------------------------------- */

/*
 * Sizes as calculate_sizes() of 6.1 has them, worked out by hand: what is asked
 * for in words; Z: a word where it fills its last one, and later a word and the
 * aligned left zone; P, or Z on less than a word: a link outside; U: 64 bytes,
 * and 4 for kmalloc.
 */
static void test_geometry(void)
{
	static const struct {
		uint32_t object, align, flags, size, inuse, offset, red_left;
	} rows[] = {
		{ 40, 0, 0, 40, 40, 16, 0 },
		{ 40, 0, F, 40, 40, 16, 0 },
		{ 40, 0, Z, 64, 48, 16, 8 },
		{ 37, 0, Z, 56, 40, 16, 8 },
		{ 40, 0, P, 48, 40, 40, 0 },
		{ 40, 0, U, 104, 40, 16, 0 },
		{ 40, 0, FZPU, 136, 48, 48, 8 },
		{ 4, 0, Z, 32, 8, 8, 8 },
		{ 192, 0, FZPU, 288, 200, 200, 8 },
		{ 192, 0, FZPU | SLAB_HWCACHE_ALIGN, 384, 200, 200, 64 },
		{ 64, 0, FZPU | SLAB_KMALLOC, 256, 72, 72, 64 },
		{ 96, 0, FZPU | SLAB_KMALLOC, 200, 104, 104, 8 },
		{ 24, 32, Z | U | SLAB_TYPESAFE_BY_RCU, 160, 32, 32, 32 },
	};
	struct slab_config cfg;
	size_t i;

	slab_config_default(&cfg);
	cfg.kernel = BUDDY_KERNEL_6_1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kmem_cache_args args = {
			.name = "x", .size = rows[i].object, .align = rows[i].align, .flags = rows[i].flags,
		};
		struct slab_geometry geo;

		CU_ASSERT_EQUAL(slab_geometry(&geo, &args, &cfg, 4, NULL), 0);
		if (geo.size != rows[i].size || geo.inuse != rows[i].inuse ||
		    geo.offset != rows[i].offset || geo.red_left != rows[i].red_left) {
			fprintf(stderr, "row %zu: size %u inuse %u offset %u red_left %u\n", i,
				geo.size, geo.inuse, geo.offset, geo.red_left);
			CU_FAIL("geometry");
		}
		CU_ASSERT_EQUAL(!geo.cpu_partial, !!(rows[i].flags & SLAB_DEBUG_FLAGS));
	}
}

/* 'O': a frame-sized object's metadata would take it to two frames; checks alone stay. */
static void test_no_higher_order(void)
{
	EACH_ENGINE(engine) {
		struct slab_machine m;

		create(&m, engine, "FZPUO", 16 << 20);
		CU_ASSERT_EQUAL(kmem_cache_flags(slab_find_cache(m.sa, "kmalloc-4k")) & SLAB_DEBUG_FLAGS,
				F);
		CU_ASSERT_EQUAL(kmem_cache_size(slab_find_cache(m.sa, "kmalloc-4k")), 4096);
		CU_ASSERT_EQUAL(kmem_cache_flags(slab_find_cache(m.sa, "kmalloc-96")) & SLAB_DEBUG_FLAGS,
				FZPU);
		slab_machine_destroy(&m);
	}
}

/* Objects with metadata never share a cache with others; checks alone don't forbid it. */
static void test_merging(void)
{
	struct slab_config cfg;
	struct slab_machine m;
	struct kmem_cache *s;

	slab_config_default(&cfg);
	slab_machine_create(&m, 16 << 20, 1, 1, &cfg);
	s = cache(&m, "one", 200, 0);
	CU_ASSERT_PTR_EQUAL(cache(&m, "two", 200, 0), s);
	CU_ASSERT_PTR_EQUAL(cache(&m, "checked", 200, F), s);
	CU_ASSERT_PTR_NOT_EQUAL(cache(&m, "three", 200, Z), s);
	CU_ASSERT_PTR_NOT_EQUAL(cache(&m, "four", 200, T), s);
	CU_ASSERT_PTR_NOT_EQUAL(cache(&m, "five", 200, A), s);
	slab_machine_destroy(&m);
}

/* ---- trace and tracks --------------------------------------------------------------- */

struct heard {
	unsigned int nr;
	struct slab_trace last;
};

static void hear(void *ctx, const struct slab_trace *trace)
{
	struct heard *heard = ctx;

	heard->nr++;
	heard->last = *trace;
}

/* T reports every call, with who made it, and nothing of other caches. */
static void test_trace(void)
{
	EACH_ENGINE(engine) {
		struct slab_caller caller = { .site = 3, .pid = 33, .event = 5, .time_ns = 55 };
		struct kmem_cache *s, *quiet;
		struct heard heard = { 0 };
		struct slab_machine m;
		void *object;

		create(&m, engine, "T,loud", 16 << 20);
		s = cache(&m, "loud", 40, 0);
		quiet = cache(&m, "quiet", 40, 0);
		slab_set_trace(m.sa, hear, &heard);
		slab_set_caller(m.sa, &caller);
		object = kmem_cache_alloc(s, 1, GFP_KERNEL);
		kmem_cache_free(quiet, 1, kmem_cache_alloc(quiet, 1, GFP_KERNEL));
		CU_ASSERT_EQUAL(heard.nr, 1);
		CU_ASSERT(heard.last.alloc);
		CU_ASSERT_PTR_EQUAL(heard.last.cache, s);
		CU_ASSERT_PTR_EQUAL(heard.last.object, object);
		CU_ASSERT_EQUAL(heard.last.by.cpu, 1);
		CU_ASSERT_EQUAL(heard.last.by.by.pid, 33);
		kmem_cache_free(s, 0, object);
		CU_ASSERT_EQUAL(heard.nr, 2);
		CU_ASSERT_FALSE(heard.last.alloc);
		slab_set_trace(m.sa, NULL, NULL);
		kmem_cache_free(s, 0, kmem_cache_alloc(s, 0, GFP_KERNEL));
		CU_ASSERT_EQUAL(heard.nr, 2);
		slab_machine_destroy(&m);
	}
}

/* Tracks can be asked for, of an object in use as of a free one. */
static void test_tracks(void)
{
	EACH_ENGINE(engine) {
		struct slab_caller caller = { .site = 3, .pid = 33, .event = 5 };
		struct slab_track alloc, freed;
		struct kmem_cache *s, *plain;
		struct slab_machine m;
		char *object;

		create(&m, engine, NULL, 16 << 20);
		s = cache(&m, "owned", 40, U);
		plain = cache(&m, "plain", 40, 0);
		slab_set_caller(m.sa, &caller);
		object = kmem_cache_alloc(s, 1, GFP_KERNEL);
		CU_ASSERT(slab_object_tracks(m.sa, object, &alloc, &freed));
		CU_ASSERT_EQUAL(alloc.by.event, 5);
		CU_ASSERT_EQUAL(alloc.cpu, 1);
		CU_ASSERT_EQUAL(freed.valid, 0);
		caller.event = 6;
		slab_set_caller(m.sa, &caller);
		kmem_cache_free(s, 0, object);
		CU_ASSERT(slab_object_tracks(m.sa, object, &alloc, &freed));
		CU_ASSERT_EQUAL(freed.by.event, 6);
		CU_ASSERT_EQUAL(freed.valid, 1);
		CU_ASSERT_FALSE(slab_object_tracks(m.sa, object + 8, &alloc, &freed));
		CU_ASSERT_FALSE(slab_object_tracks(m.sa, &m, &alloc, &freed));
		object = kmem_cache_alloc(plain, 1, GFP_KERNEL);
		CU_ASSERT_FALSE(slab_object_tracks(m.sa, object, &alloc, &freed));
		slab_machine_destroy(&m);
	}
}

/* ---- quarantine --------------------------------------------------------------------- */

/*
 *   limit 3 objects:  free a b c | d -> a leaves | write to b, free e -> b leaves, is found
 */
static void test_quarantine(void)
{
	EACH_ENGINE(engine) {
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s, *other;
		unsigned char *a, *b, *o;
		unsigned int i;

		slab_config_default(&cfg);
		cfg.engine = engine->name;
		cfg.quarantine_bytes = 48 * 3 + 40;
		slab_machine_create(&m, 16 << 20, 1, 2, &cfg);
		s = cache(&m, "held", 40, SLAB_QUARANTINE);
		other = cache(&m, "plain", 40, 0);
		CU_ASSERT_EQUAL(kmem_cache_size(s), 48);
		o = kmem_cache_alloc(other, 0, GFP_KERNEL);
		kmem_cache_free(other, 0, o);
		CU_ASSERT_FALSE(slab_quarantined(m.sa, o));
		a = kmem_cache_alloc(s, 0, GFP_KERNEL);
		b = kmem_cache_alloc(s, 0, GFP_KERNEL);
		kmem_cache_free(s, 0, a);
		kmem_cache_free(s, 0, b);
		CU_ASSERT(slab_quarantined(m.sa, a));
		CU_ASSERT_EQUAL(slab_quarantine_bytes(m.sa), 96);
		CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 0);
		CU_ASSERT(slab_machine_sound(&m));
		CU_ASSERT_EQUAL(kmem_cache_free(s, 0, a), -EALREADY);
		CU_ASSERT_EQUAL(m.reports[0].state, SLAB_OBJECT_HELD);
		/* Not handed out again while it is held. */
		for (i = 0; i < 2; i++) {
			o = kmem_cache_alloc(s, 0, GFP_KERNEL);
			CU_ASSERT_PTR_NOT_EQUAL(o, a);
			CU_ASSERT_PTR_NOT_EQUAL(o, b);
			kmem_cache_free(s, 0, o);
		}
		CU_ASSERT_FALSE(slab_quarantined(m.sa, a));
		CU_ASSERT(slab_quarantined(m.sa, b));
		b[7] = 1;
		CU_ASSERT_EQUAL(m.nr_reports, 1);
		o = kmem_cache_alloc(s, 0, GFP_KERNEL);
		kmem_cache_free(s, 0, o);
		CU_ASSERT_EQUAL(m.nr_reports, 2);
		CU_ASSERT_EQUAL(m.reports[1].what, SLAB_POISON_OVERWRITTEN);
		CU_ASSERT_EQUAL(m.reports[1].state, SLAB_OBJECT_HELD);
		CU_ASSERT_PTR_EQUAL(m.reports[1].first, b + 7);
		CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_quarantined), 5);
		CU_ASSERT_EQUAL(slab_quarantine_drain(m.sa, other), 0);
		kmem_cache_shrink(s);
		CU_ASSERT_EQUAL(slab_quarantine_bytes(m.sa), 0);
		CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 0);
		kmem_cache_free(s, 0, kmem_cache_alloc(s, 0, GFP_KERNEL));
		CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
		CU_ASSERT_EQUAL(slab_quarantine_bytes(m.sa), 0);
		slab_machine_destroy(&m);
	}
}

/* More objects than the ring begins with, of two caches; one cache leaves, the other stays. */
static void test_quarantine_of_two(void)
{
	EACH_ENGINE(engine) {
		struct slab_machine m;
		struct kmem_cache *s[2];
		void *objects[300];
		unsigned int i;

		create(&m, engine, "q,a,b", 16 << 20);
		s[0] = cache(&m, "a", 40, 0);
		s[1] = cache(&m, "b", 100, 0);
		for (i = 0; i < 300; i++)
			objects[i] = kmem_cache_alloc(s[i % 2], 0, GFP_KERNEL);
		for (i = 0; i < 300; i++)
			kmem_cache_free(s[i % 2], 0, objects[i]);
		CU_ASSERT(slab_machine_sound(&m));
		CU_ASSERT_EQUAL(kmem_cache_destroy(s[0]), 0);
		CU_ASSERT_EQUAL(slab_quarantine_bytes(m.sa), 150 * kmem_cache_size(s[1]));
		/* 150 leave a ring of 512 whose first entry is not at its start: let it grow. */
		for (i = 0; i < 900; i++)
			kmem_cache_free(s[1], 0, kmem_cache_alloc(s[1], 0, GFP_KERNEL));
		CU_ASSERT_EQUAL(slab_quarantine_drain(m.sa, NULL), 1050);
		CU_ASSERT_EQUAL(m.nr_reports, 0);
		slab_machine_destroy(&m);
	}
}

/* ---- failures on demand ---------------------------------------------------------------- */

static unsigned int failures(struct kmem_cache *s, unsigned int requests, gfp_t gfp, char *which)
{
	unsigned int i, nr = 0;

	for (i = 0; i < requests; i++) {
		void *object = kmem_cache_alloc(s, 0, gfp);

		nr += !object;
		if (which)
			which[i] = !object;
		kmem_cache_free(s, 0, object);
	}
	return nr;
}

/* Interval, times, space, percent: each by itself, and the same seed fails alike. */
static void test_failslab(void)
{
	struct slab_fail_attr attr = { .interval = 3, .probability = 100, .times = -1 };
	char first[1000], second[1000];
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int nr;

	create(&m, engine_list[0], NULL, 16 << 20);
	s = cache(&m, "s", 100, 0);
	slab_set_failslab(m.sa, &attr);
	CU_ASSERT_EQUAL(failures(s, 30, GFP_KERNEL, first), 10);
	CU_ASSERT_FALSE(first[0]);
	CU_ASSERT_FALSE(first[1]);
	CU_ASSERT_TRUE(first[2]);
	attr.times = 4;
	slab_set_failslab(m.sa, &attr);
	CU_ASSERT_EQUAL(failures(s, 30, GFP_KERNEL, NULL), 4);
	attr = (struct slab_fail_attr){ .probability = 100, .times = -1, .space = 950 };
	slab_set_failslab(m.sa, &attr);
	CU_ASSERT_EQUAL(failures(s, 30, GFP_KERNEL, first), 21);
	CU_ASSERT_FALSE(first[8]);
	CU_ASSERT_TRUE(first[9]);

	attr.space = 1000;
	slab_set_failslab(m.sa, &attr);
	CU_ASSERT_EQUAL(failures(s, 10, GFP_KERNEL, first), 1);
	CU_ASSERT_FALSE(first[8]);
	CU_ASSERT_TRUE(first[9]);

	attr = (struct slab_fail_attr){ .probability = 20, .times = -1 };
	slab_set_failslab(m.sa, &attr);
	nr = failures(s, 1000, GFP_KERNEL, first);
	CU_ASSERT(nr > 150);
	CU_ASSERT(nr < 250);
	slab_set_failslab(m.sa, &attr);
	CU_ASSERT_EQUAL(failures(s, 1000, GFP_KERNEL, second), nr);
	CU_ASSERT_EQUAL(memcmp(first, second, sizeof(first)), 0);
	CU_ASSERT_EQUAL(slab_counter(m.sa, SC_fail_injected), 10 + 4 + 22 + 2 * nr);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_alloc_fail), 10 + 4 + 22 + 2 * nr);
	slab_set_failslab(m.sa, NULL);
	CU_ASSERT_EQUAL(failures(s, 100, GFP_KERNEL, NULL), 0);
	slab_machine_destroy(&m);
}

/* Filters: caches with A, requests that may not sleep, one caller; what must not fail does not. */
static void test_failslab_filters(void)
{
	struct slab_fail_attr attr = { .probability = 100, .times = -1, .cache_filter = true };
	struct slab_caller caller = { .site = 9 };
	struct kmem_cache *s, *marked;
	struct slab_machine m;
	void *objects[4];

	create(&m, engine_list[0], "A,marked", 16 << 20);
	s = cache(&m, "s", 100, 0);
	marked = cache(&m, "marked", 100, 0);
	slab_set_failslab(m.sa, &attr);
	CU_ASSERT_EQUAL(failures(s, 10, GFP_KERNEL, NULL), 0);
	CU_ASSERT_EQUAL(failures(marked, 10, GFP_KERNEL, NULL), 10);
	CU_ASSERT_EQUAL(failures(marked, 10, GFP_KERNEL | __GFP_NOFAIL, NULL), 0);
	CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(marked, 0, GFP_KERNEL, 4, objects), 0);
	CU_ASSERT_PTR_NOT_NULL(kmalloc(m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL));
	attr = (struct slab_fail_attr){ .probability = 100, .times = -1, .ignore_gfp_wait = true };
	slab_set_failslab(m.sa, &attr);
	CU_ASSERT_EQUAL(failures(s, 10, GFP_KERNEL, NULL), 0);
	CU_ASSERT_EQUAL(failures(s, 10, GFP_ATOMIC, NULL), 10);
	attr = (struct slab_fail_attr){ .probability = 100, .times = -1, .site = 9 };
	slab_set_failslab(m.sa, &attr);
	CU_ASSERT_EQUAL(failures(s, 10, GFP_KERNEL, NULL), 0);
	slab_set_caller(m.sa, &caller);
	CU_ASSERT_EQUAL(failures(s, 10, GFP_KERNEL, NULL), 10);
	CU_ASSERT_PTR_NULL(kmalloc(m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL));
	slab_machine_destroy(&m);
}

/* The option's text: four numbers as the kernel has them, then words; every number's ends, and one beyond. */
static void test_failslab_option(void)
{
	static const char *const wrong[] = {
		"", "1", "1,2,3", "1,101,0,-1", "1,100,0,-2", "-1,100,0,1", "1,100,x,1",
		"1,100,0,-1,what", "1,100,0,-1,site=", "1,100,0,-1,cache-filterx", "1,,0,1",
		"4294967296,100,0,1", "1,-1,0,1", "1,100,-1,1", "1,100,9223372036854775808,1",
		"1,100,0,9223372036854775808", " 1,100,0,1", "+1,100,0,1", "1,100,0,--1", "1,100,0,-", "0x1,100,0,1",
		"1,100,0,1,ignore-gfp-wait=Y", "1,100,0,1,", "1,100,0,1,cache-filter,", "1,100,0,1;",
	};
	struct slab_fail_attr attr;
	struct kerror err = { 0 };
	const char *site;
	size_t i;

	CU_ASSERT_EQUAL(slab_fail_parse(&attr, "10,50,4096,-1", &site, &err), 0);
	CU_ASSERT_EQUAL(attr.interval, 10);
	CU_ASSERT_EQUAL(attr.probability, 50);
	CU_ASSERT_EQUAL(attr.space, 4096);
	CU_ASSERT_EQUAL(attr.times, -1);
	CU_ASSERT_TRUE(attr.ignore_gfp_wait);
	CU_ASSERT_FALSE(attr.cache_filter);
	CU_ASSERT_PTR_NULL(site);
	CU_ASSERT_EQUAL(slab_fail_parse(&attr, "1,100,0,3,ignore-gfp-wait=N,cache-filter,site=a,b",
					&site, &err), 0);
	CU_ASSERT_EQUAL(attr.times, 3);
	CU_ASSERT_FALSE(attr.ignore_gfp_wait);
	CU_ASSERT_TRUE(attr.cache_filter);
	CU_ASSERT_STRING_EQUAL(site, "a,b");
	CU_ASSERT_EQUAL(slab_fail_parse(&attr, "4294967295,100,9223372036854775807,9223372036854775807",
					&site, &err), 0);
	CU_ASSERT_EQUAL(attr.interval, UINT32_MAX);
	CU_ASSERT_EQUAL(attr.space, INT64_MAX);
	CU_ASSERT_EQUAL(attr.times, INT64_MAX);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_EQUAL(slab_fail_parse(&attr, wrong[i], &site, &err), -EINVAL);
}

/* ---- a debugged cache is a cache --------------------------------------------------------- */

#define NR_OBJECTS 200

/* Random calls with every set of flags, whatever the engine does: no complaint, and what is counted adds up. */
static void test_model(void)
{
	static const char *const texts[] = { "F", "Z", "P", "U", "FZPU", "FZPUTQ", "ZU", "FQ", "FP" };
	size_t which;

	EACH_ENGINE(engine) for (which = 0; which < 9; which++) {
		struct test_rng rng = { .s = 99 + which };
		struct { unsigned char *at; uint32_t size; } live[NR_OBJECTS] = { 0 };
		struct slab_machine m;
		struct kmem_cache *s;
		unsigned int step, i;

		create(&m, engine, texts[which], 16 << 20);
		s = cache(&m, "c", 72, which % 2 ? SLAB_TYPESAFE_BY_RCU : 0);
		for (step = 0; step < 2000; step++) {
			unsigned int slot = test_rand_below(&rng, NR_OBJECTS);
			unsigned int cpu = test_rand_below(&rng, 2), kind = test_rand_below(&rng, 4);
			gfp_t gfp = GFP_KERNEL | (kind & 1 ? __GFP_ZERO : 0);

			if (live[slot].at) {
				for (i = 0; i < live[slot].size; i++)
					if (live[slot].at[i] != (unsigned char)slot)
						break;
				CU_ASSERT_EQUAL(i, live[slot].size);
				CU_ASSERT_EQUAL(kfree(m.sa, cpu, live[slot].at), 0);
				live[slot].at = NULL;
				continue;
			}
			live[slot].size = kind < 2 ? 72 : 1 + test_rand_below(&rng, 600);
			live[slot].at = kind < 2 ? kmem_cache_alloc(s, cpu, gfp) :
						   kmalloc(m.sa, cpu, live[slot].size, gfp);
			CU_ASSERT_PTR_NOT_NULL_FATAL(live[slot].at);
			for (i = 0; (gfp & __GFP_ZERO) && i < live[slot].size; i++)
				if (live[slot].at[i])
					CU_FAIL_FATAL("not zeroed");
			memset(live[slot].at, (int)slot, live[slot].size);
			if (step % 100 == 0)
				CU_ASSERT(slab_machine_sound(&m));
		}
		CU_ASSERT_EQUAL(slab_validate_caches(m.sa), 0);
		CU_ASSERT_EQUAL(m.nr_reports, 0);
		slab_machine_destroy(&m);
	}
}

/* A free object of a debugged cache is in its slab, in no array or magazine, even two CPUs later. */
static void test_no_stash(void)
{
	EACH_ENGINE(engine) {
		struct slab_machine m;
		struct kmem_cache *s;
		void *objects[20];
		unsigned int i;

		create(&m, engine, "F", 16 << 20);
		s = cache(&m, "c", 72, 0);
		CU_ASSERT_NOT_EQUAL(kmem_cache_metadata(s), SLAB_METADATA_OBJECT);
		for (i = 0; i < 20; i++)
			objects[i] = kmem_cache_alloc(s, i % 2, GFP_KERNEL);
		for (i = 1; i < 20; i++)
			kmem_cache_free(s, i / 2 % 2, objects[i]);
		CU_ASSERT_EQUAL(slab_machine_info(s).active_objs, 1);
		CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 1);
		CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_alloc_slowpath), 20);
		CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_free_slowpath), 19);
		CU_ASSERT_EQUAL(kmem_cache_free(s, 0, objects[0]), 0);
		CU_ASSERT_EQUAL(m.nr_reports, 0);
		slab_machine_destroy(&m);
	}
}

/*
 * What an engine itself takes from a debugged kmalloc cache (the SLAB engine: the numbers of
 * free objects that lie off the slab) is filled as anybody's and not held back.
 */
static void test_engine_objects(void)
{
	EACH_ENGINE(engine) {
		struct slab_machine m;
		struct kmem_cache *s;
		void *objects[40];
		unsigned int i;

		create(&m, engine, "FZPUQ,kmalloc-*", 16 << 20);
		s = cache(&m, "c", 512, SLAB_TYPESAFE_BY_RCU);
		if (engine == &lslab_ops)
			CU_ASSERT_EQUAL(kmem_cache_metadata(s), SLAB_METADATA_OFF);
		for (i = 0; i < 40; i++) {
			objects[i] = kmem_cache_alloc(s, 0, GFP_KERNEL);
			CU_ASSERT_PTR_NOT_NULL_FATAL(objects[i]);
		}
		CU_ASSERT_EQUAL(slab_validate_caches(m.sa), 0);
		for (i = 0; i < 40; i++)
			kmem_cache_free(s, 1, objects[i]);
		kmem_cache_shrink(s);
		CU_ASSERT_EQUAL(slab_machine_info(s).num_slabs, 0);
		CU_ASSERT_EQUAL(slab_quarantine_bytes(m.sa), 0);
		CU_ASSERT_EQUAL(slab_validate_caches(m.sa), 0);
		CU_ASSERT_EQUAL(m.nr_reports, 0);
		CU_ASSERT(slab_machine_sound(&m));
		slab_machine_destroy(&m);
	}
}

/* In bulk; and memory that is only held back is handed out before anything fails. */
static void test_bulk_and_exhaustion(void)
{
	EACH_ENGINE(engine) {
		void *objects[64], *large[8192];
		unsigned int i, nr, again;
		struct slab_config cfg;
		struct slab_machine m;
		struct kmem_cache *s;

		slab_config_default(&cfg);
		cfg.engine = engine->name;
		cfg.quarantine_bytes = 1ULL << 40;
		cfg.debug = "FZPUQ,c";
		slab_machine_create(&m, 4 << 20, 1, 1, &cfg);
		s = cache(&m, "c", 1000, 0);
		CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(s, 0, GFP_KERNEL, 64, objects), 64);
		objects[63] = objects[62];
		CU_ASSERT_EQUAL(kmem_cache_free_bulk(s, 0, 64, objects), 1);
		CU_ASSERT_EQUAL(m.nr_reports, 1);
		for (nr = 0; nr < 8192 && (large[nr] = kmem_cache_alloc(s, 0, GFP_ATOMIC)); nr++)
			;
		CU_ASSERT(nr > 64);
		CU_ASSERT(nr < 8192);
		CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(s, 0, GFP_ATOMIC, 2, objects), 0);
		for (i = 0; i < nr; i++)
			kmem_cache_free(s, 0, large[i]);
		for (again = 0; again < 8192 && (large[again] = kmem_cache_alloc(s, 0, GFP_ATOMIC)); again++)
			;
		/* A few more where frames came back to the CPU's lists one by one. */
		CU_ASSERT(again >= nr);
		CU_ASSERT(slab_machine_sound(&m));
		slab_machine_destroy(&m);
	}
}

/* Two nodes: a debugged cache takes objects from the node asked for, and gives them back there. */
static void test_nodes(void)
{
	struct kmem_cache_args args = { .name = "n", .size = 500, .flags = FZPU };
	void *objects[40];
	struct slab_machine m;
	struct kmem_cache *s;
	unsigned int i;

	slab_machine_create(&m, 64 << 20, 2, 2, NULL);
	s = kmem_cache_create(m.sa, &args, NULL);
	for (i = 0; i < 40; i++) {
		objects[i] = kmem_cache_alloc_node(s, 0, GFP_KERNEL, (int)(i % 2));
		CU_ASSERT_EQUAL(slab_nid(slab_machine_page(&m, objects[i])), i % 2);
	}
	for (i = 0; i < 40; i++)
		kmem_cache_free(s, 0, objects[i]);
	CU_ASSERT_EQUAL(slab_machine_info(s).used_objs, 0);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_alloc_fastpath), 0);
	CU_ASSERT_EQUAL(kmem_cache_counter(s, SC_free_fastpath), 0);
	CU_ASSERT_EQUAL(kmem_cache_destroy(s), 0);
	slab_machine_destroy(&m);
}

/* SLUB's order: a full slab that gets a free object goes to the tail of the partial list. */
static void test_slub_order(void)
{
	struct kmem_cache *s;
	struct slab_machine m;
	unsigned int n;
	void **objects;

	create(&m, &slub_ops, "Z,c", 16 << 20);
	s = cache(&m, "c", 500, 0);
	n = kmem_cache_objs_per_slab(s);
	objects = slab_machine_fill(s, 0, 3);
	kmem_cache_free(s, 0, objects[n]);
	kmem_cache_free(s, 0, objects[2 * n]);
	kmem_cache_free(s, 0, objects[0]);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 1, GFP_KERNEL), objects[n]);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 1, GFP_KERNEL), objects[2 * n]);
	CU_ASSERT_PTR_EQUAL(kmem_cache_alloc(s, 1, GFP_KERNEL), objects[0]);
	free(objects);
	slab_machine_destroy(&m);
}

static const struct test_case cases[] = {
	{ "flags", test_flags },
	{ "flags by name", test_by_name },
	{ "refused", test_refused },
	{ "geometry", test_geometry },
	{ "no higher order", test_no_higher_order },
	{ "merging", test_merging },
	{ "trace", test_trace },
	{ "tracks", test_tracks },
	{ "quarantine", test_quarantine },
	{ "quarantine of two", test_quarantine_of_two },
	{ "failslab", test_failslab },
	{ "failslab's filters", test_failslab_filters },
	{ "failslab's option", test_failslab_option },
	{ "a model", test_model },
	{ "no stash", test_no_stash },
	{ "an engine's own objects", test_engine_objects },
	{ "bulk and exhaustion", test_bulk_and_exhaustion },
	{ "nodes", test_nodes },
	{ "SLUB's order", test_slub_order },
	{ NULL, NULL }
};

const struct test_suite slab_debug_suite = { "slab_debug", cases };
