/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: damage to objects. Each test commits one kind, expects the
 * report that says so (what, which object, which bytes, who allocated, who
 * freed) and so many of them, and then that nothing is left to be found. One
 * body runs over every engine that has the debugging it needs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slab/head.h"
#include "tests/slab/slab.h"

#define SIZE 40u
#define FZPU (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)
#define DIRECT_MAP 0xffff888000000000ULL

/* What there is to break in a debugged slab beside its objects; the rest is the same for all engines. */
static const struct metadata_place {
	const char *engine;
	enum slab_metadata list;	/* where the free list is: links or numbers */
	bool end;		/* bytes behind the last object are padding, and looked at */
} all_metadata[] = {
	{ "slub", SLAB_METADATA_LINKS, true },
	{ "sheaves", SLAB_METADATA_LINKS, true },
	{ "slab", SLAB_METADATA_ON, false },		/* colours and numbers lie there */
	{ "magazine", SLAB_METADATA_LINKS, false },	/* colours */
	{ "slob", SLAB_METADATA_LINKS, true },
};

enum { SITE_ALLOC = 1, SITE_FREE, SITE_LATE };

struct scene {
	struct slab_machine m;
	struct kmem_cache *s;
	uint64_t event;
	unsigned int nr;	/* reports since the last look */
	struct slab_report last;
	char text[16384];	/* of the last one */
};

static const char *site_name(void *ctx, uint32_t site)
{
	static const char *const names[] = { NULL, "make_thing", "drop_thing", "late_thing" };

	return site < 4 ? names[site] : NULL;
}

static void keep(void *ctx, const struct slab_report *report)
{
	struct scene *t = ctx;

	t->nr++;
	t->last = *report;
	CU_ASSERT(slab_report_text(t->m.sa, report, t->text, sizeof(t->text)) < sizeof(t->text));
}

/* Who calls from now on; each call is one event further. */
static void call(struct scene *t, uint32_t site)
{
	const uint64_t event = ++t->event;
	const struct slab_caller caller = {
		.site = site, .pid = (int32_t)(100 + site), .event = event,
		.time_ns = event * 1000000001,
	};

	slab_set_caller(t->m.sa, &caller);
}

static struct kmem_cache *new_cache(struct scene *t, const char *name, uint32_t size,
				    uint32_t flags)
{
	struct kmem_cache_args args = { .name = name, .size = size, .flags = flags | SLAB_NO_MERGE };
	struct kerror err = { 0 };
	struct kmem_cache *s = kmem_cache_create(t->m.sa, &args, &err);

	if (!s) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("no cache");
	}
	return s;
}

/* A machine whose caches are debugged as @debug says, and a cache "thing" with @flags. */
static void set_up(struct scene *t, const struct engine_ops *engine, const char *debug,
		   uint32_t flags)
{
	struct slab_config cfg;

	memset(t, 0, sizeof(*t));
	slab_config_default(&cfg);
	cfg.engine = engine->name;
	cfg.merge = false;
	cfg.debug = debug;
	slab_machine_create(&t->m, 16 << 20, 1, 2, &cfg);
	slab_set_report(t->m.sa, keep, t);
	slab_set_site_name(t->m.sa, site_name, NULL);
	t->s = new_cache(t, "thing", SIZE, flags);
}

static void tear_down(struct scene *t)
{
	CU_ASSERT_EQUAL(slab_validate_caches(t->m.sa), 0);
	CU_ASSERT_EQUAL(t->nr, 0);
	slab_machine_destroy(&t->m);
}

static void *make(struct scene *t)
{
	void *object;

	call(t, SITE_ALLOC);
	object = kmem_cache_alloc(t->s, 0, GFP_KERNEL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(object);
	return object;
}

static int drop(struct scene *t, void *object)
{
	call(t, SITE_FREE);
	return kmem_cache_free(t->s, 1, object);
}

/* The row of a cache's engine; the cache must be as it says. */
static const struct metadata_place *metadata_of(const struct kmem_cache *s)
{
	size_t i;

	for (i = 0; i < sizeof(all_metadata) / sizeof(all_metadata[0]); i++) {
		if (strcmp(all_metadata[i].engine, s->engine->name))
			continue;
		CU_ASSERT_EQUAL(kmem_cache_metadata(s), all_metadata[i].list);
		return &all_metadata[i];
	}
	CU_FAIL_FATAL("an engine without a row");
	return NULL;
}

/* So many reports since the last look, the last of them @what of @object; and forget them. */
static void expect(struct scene *t, unsigned int nr, enum slab_complaint what, const void *object)
{
	CU_ASSERT_EQUAL(t->nr, nr);
	CU_ASSERT_EQUAL(t->last.what, what);
	CU_ASSERT_PTR_EQUAL(t->last.object, object);
	t->nr = 0;
}

static void expect_bytes(const struct scene *t, const void *first, uint64_t bytes, uint8_t found,
			 uint8_t expected)
{
	CU_ASSERT_PTR_EQUAL(t->last.first, first);
	CU_ASSERT_EQUAL(t->last.bytes, bytes);
	CU_ASSERT_EQUAL(t->last.found, found);
	CU_ASSERT_EQUAL(t->last.expected, expected);
}

static void expect_words(const struct scene *t, const char *words)
{
	if (!strstr(t->text, words)) {
		fprintf(stderr, "'%s' is not in:\n%s", words, t->text);
		CU_FAIL("words");
	}
}

static uint64_t address(const struct scene *t, const void *at)
{
	return DIRECT_MAP + arena_offset(t->m.sa, at);
}

static unsigned long offset_of(const struct scene *t, const void *at)
{
	return (unsigned long)((const unsigned char *)at -
			       slab_address(t->m.sa, slab_machine_page(&t->m, at)));
}

/*
 *   ... left | object .........40 | 48: link | 56: two tracks | 120: padding
 *                                 ^ one byte too far
 * The whole report, word for word.
 */
static void test_overrun(void)
{
	EACH_ENGINE(engine) {
		char expected[4096], row[128];
		struct scene t;
		unsigned char *object;
		uint64_t addr;

		set_up(&t, engine, NULL, FZPU);
		object = make(&t);
		addr = address(&t, object);
		memset(object, 'a', SIZE);
		object[SIZE] = 0x12;
		snprintf(row, sizeof(row), "cc cc cc cc cc cc cc cc");
		snprintf(expected, sizeof(expected),
			 "=============================================================================\n"
			 "BUG thing: right red zone overwritten\n\n"
			 "0x%016" PRIx64 "-0x%016" PRIx64 " @offset=%lu. First byte 0x12 instead of 0xcc\n"
			 "Allocated in make_thing pid=101 event=1 time=1.000000001 cpu=0\n"
			 "Noticed in drop_thing pid=102 event=2 time=2.000000002\n"
			 "Slab of thing at frame %u, objects=%u used=1 order=%u\n"
			 "Object 0x%016" PRIx64 " @offset=%lu size=40, in use\n\n"
			 "Redzone  %016" PRIx64 ": %s                          ........\n"
			 "Object   %016" PRIx64 ": 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61"
			 "  aaaaaaaaaaaaaaaa\n"
			 "Object   *\n"
			 "Object   %016" PRIx64 ": 61 61 61 61 61 61 61 61                        "
			 "  aaaaaaaa\n"
			 "Redzone  %016" PRIx64 ": 12 cc cc cc cc cc cc cc                        "
			 "  ........\n"
			 "Padding  %016" PRIx64 ": 5a 5a 5a 5a 5a 5a 5a 5a                        "
			 "  ZZZZZZZZ\n"
			 "FIX thing: restored 0x%016" PRIx64 "-0x%016" PRIx64 "\n",
			 addr + SIZE, addr + SIZE, offset_of(&t, object) + SIZE,
			 pfn_val(slab_pfn(t.m.sa, slab_machine_page(&t.m, object))),
			 slab_objects(slab_machine_page(&t.m, object)),
			 page_order(slab_machine_page(&t.m, object)), addr,
			 offset_of(&t, object), addr - t.s->red_left, row, addr, addr + 32,
			 addr + SIZE, addr + t.s->inuse + 8 + 64, addr + SIZE, addr + SIZE);

		CU_ASSERT_EQUAL(drop(&t, object), 0);
		expect(&t, 1, SLAB_RIGHT_OVERWRITTEN, object);
		expect_bytes(&t, object + SIZE, 1, 0x12, 0xcc);
		CU_ASSERT_STRING_EQUAL(t.text, expected);
		CU_ASSERT_EQUAL(kmem_cache_counter(t.s, SC_bad_red_zone), 1);
		CU_ASSERT_EQUAL(slab_complaints(t.m.sa), 1);
		tear_down(&t);
	}
}

/* Behind what kmalloc was asked for, though inside the class: found with U, which keeps the size. */
static void test_overrun_of_request(void)
{
	EACH_ENGINE(engine) {
		struct scene t;
		unsigned char *object;

		set_up(&t, engine, "fzpu,kmalloc-64", 0);
		call(&t, SITE_ALLOC);
		object = kmalloc(t.m.sa, 0, 50, GFP_KERNEL | __GFP_ZERO);
		CU_ASSERT_EQUAL(ksize(t.m.sa, object), 50);
		CU_ASSERT_EQUAL(object[49], 0);
		CU_ASSERT_EQUAL(slab_validate_caches(t.m.sa), 0);
		object[50] = 1;
		object[52] = 2;
		call(&t, SITE_FREE);
		CU_ASSERT_EQUAL(kfree(t.m.sa, 0, object), 0);
		expect(&t, 1, SLAB_RIGHT_OVERWRITTEN, object);
		expect_bytes(&t, object + 50, 3, 1, 0xcc);
		expect_words(&t, "BUG kmalloc-64: right red zone overwritten");
		expect_words(&t, "size=50, in use");
		tear_down(&t);
	}
}

/* One byte before the object; the neighbour is left alone. */
static void test_underrun(void)
{
	EACH_ENGINE(engine) {
		struct scene t;
		unsigned char *object;

		set_up(&t, engine, NULL, FZPU);
		make(&t);
		object = make(&t);
		object[-1] = 0;
		CU_ASSERT_EQUAL(drop(&t, object), 0);
		expect(&t, 1, SLAB_LEFT_OVERWRITTEN, object);
		expect_bytes(&t, object - 1, 1, 0, 0xcc);
		CU_ASSERT_EQUAL(t.last.alloc.by.event, 2);
		tear_down(&t);
	}
}

/* Red zones without checks: nothing is noticed meanwhile, the sweep finds it, once. */
static void test_sweep(void)
{
	EACH_ENGINE(engine) {
		unsigned char *object, *other;
		struct scene t;

		set_up(&t, engine, NULL, SLAB_RED_ZONE);
		object = make(&t);
		other = make(&t);
		object[SIZE + 3] = 7;
		other[-2] = 7;
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 2);
		CU_ASSERT_EQUAL(t.nr, 2);
		CU_ASSERT_EQUAL(t.last.alloc.valid, 0);
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 0);
		object[SIZE] = 7;
		drop(&t, object);
		CU_ASSERT_EQUAL(t.nr, 2);
		t.nr = 0;
		/* Inactive red zones have another byte. */
		object[SIZE] = 0xcc;
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 1);
		expect(&t, 1, SLAB_RIGHT_OVERWRITTEN, object);
		expect_bytes(&t, object + SIZE, 1, 0xcc, 0xbb);
		tear_down(&t);
	}
}

/* A write after free shows when the object is handed out again; the last byte is another one. */
static void test_write_after_free(void)
{
	EACH_ENGINE(engine) {
		unsigned char *object;
		struct scene t;

		set_up(&t, engine, NULL, FZPU);
		object = make(&t);
		CU_ASSERT_EQUAL(object[0], POISON_FREE);	/* what a reader of fresh memory gets */
		CU_ASSERT_EQUAL(object[SIZE - 1], POISON_END);
		drop(&t, object);
		memcpy(object + 5, "late", 4);
		CU_ASSERT_PTR_EQUAL(make(&t), object);
		expect(&t, 1, SLAB_POISON_OVERWRITTEN, object);
		expect_bytes(&t, object + 5, 4, 'l', POISON_FREE);
		expect_words(&t, "Allocated in make_thing pid=101 event=1 time=1.000000001 cpu=0\n"
			     "Freed in drop_thing pid=102 event=2 time=2.000000002 cpu=1\n"
			     "Noticed in make_thing pid=101 event=3");
		expect_words(&t, "size=40, free\n");
		expect_words(&t, ": 6b 6b 6b 6b 6b 6c 61 74 65 6b 6b 6b 6b 6b 6b 6b  kkkkklatekkkkkkk\n");
		drop(&t, object);
		object[SIZE - 1] = POISON_FREE;
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 1);
		expect(&t, 1, SLAB_POISON_OVERWRITTEN, object);
		expect_bytes(&t, object + SIZE - 1, 1, POISON_FREE, POISON_END);
		CU_ASSERT_EQUAL(kmem_cache_counter(t.s, SC_bad_poison), 2);
		tear_down(&t);
	}
}

/* A read cannot be seen, it gets poison; asked about beforehand, it is reported. */
static void test_read_after_free(void)
{
	EACH_ENGINE(engine) {
		unsigned char *object, *large;
		struct scene t;

		set_up(&t, engine, NULL, FZPU);
		object = make(&t);
		CU_ASSERT(slab_check_access(t.m.sa, object, SIZE, true));
		CU_ASSERT(slab_check_access(t.m.sa, object + SIZE - 1, 1, false));
		CU_ASSERT_FALSE(slab_check_access(t.m.sa, object + SIZE - 1, 2, false));
		expect(&t, 1, SLAB_BAD_ACCESS, object + SIZE - 1);
		expect_words(&t, "Read of 2 bytes");
		CU_ASSERT_FALSE(slab_check_access(t.m.sa, object - 1, 1, true));
		expect(&t, 1, SLAB_BAD_ACCESS, object - 1);
		expect_words(&t, "The address lies 1 bytes before its start");
		drop(&t, object);
		CU_ASSERT_EQUAL(object[8], POISON_FREE);
		call(&t, SITE_LATE);
		CU_ASSERT_FALSE(slab_check_access(t.m.sa, object + 8, 8, false));
		expect(&t, 1, SLAB_BAD_ACCESS, object + 8);
		expect_words(&t, "Read of 8 bytes");
		expect_words(&t, "Freed in drop_thing pid=102 event=2");
		expect_words(&t, "Noticed in late_thing pid=103 event=3");
		expect_words(&t, "size=40, free\nThe address lies 8 bytes behind its start");

		CU_ASSERT_FALSE(slab_check_access(t.m.sa, &t, 1, true));
		expect(&t, 1, SLAB_BAD_ACCESS, &t);
		large = kmalloc(t.m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL);
		CU_ASSERT(slab_check_access(t.m.sa, large + PAGE_SIZE, 3 * PAGE_SIZE, true));
		CU_ASSERT_FALSE(slab_check_access(t.m.sa, large + PAGE_SIZE, 3 * PAGE_SIZE + 1, true));
		expect(&t, 1, SLAB_BAD_ACCESS, large + PAGE_SIZE);
		expect_words(&t, "BUG no cache: access outside live objects");
		kfree(t.m.sa, 0, large);
		CU_ASSERT_FALSE(slab_check_access(t.m.sa, large, 1, true));
		expect(&t, 1, SLAB_BAD_ACCESS, large);
		CU_ASSERT_EQUAL(slab_counter(t.m.sa, SC_bad_access), 6);
		tear_down(&t);
	}
}

/* Freed twice: who did it first is in the report; nothing changes. */
static void test_double_free(void)
{
	EACH_ENGINE(engine) {
		void *object, *stays;
		struct scene t;

		set_up(&t, engine, NULL, FZPU);
		stays = make(&t);
		object = make(&t);
		drop(&t, object);
		CU_ASSERT_EQUAL(drop(&t, object), -EALREADY);
		expect(&t, 1, SLAB_DOUBLE_FREE, object);
		CU_ASSERT_EQUAL(t.last.free.by.event, 3);
		expect_words(&t, "BUG thing: double free\n\n"
			     "Allocated in make_thing pid=101 event=2 time=2.000000002 cpu=0\n"
			     "Freed in drop_thing pid=102 event=3 time=3.000000003 cpu=1\n"
			     "Noticed in drop_thing pid=102 event=4");
		expect_words(&t, "FIX thing: nothing done");
		CU_ASSERT_EQUAL(kmem_cache_counter(t.s, SC_bad_free_double), 1);
		CU_ASSERT_EQUAL(drop(&t, stays), 0);
		tear_down(&t);
	}
}

/* A free into another cache names both; the object stays its owner's. */
static void test_wrong_cache(void)
{
	EACH_ENGINE(engine) {
		struct kmem_cache *other;
		struct scene t;
		void *object;

		set_up(&t, engine, NULL, FZPU);
		other = new_cache(&t, "other", 100, FZPU);
		object = make(&t);
		call(&t, SITE_FREE);
		CU_ASSERT_EQUAL(kmem_cache_free(other, 0, object), -EXDEV);
		expect(&t, 1, SLAB_WRONG_CACHE, object);
		CU_ASSERT_PTR_EQUAL(t.last.owner, t.s);
		CU_ASSERT_PTR_EQUAL(t.last.cache, other);
		expect_words(&t, "The object is thing's, it was freed to other\n"
			     "Allocated in make_thing pid=101 event=1");
		CU_ASSERT_EQUAL(kmem_cache_counter(other, SC_bad_free_cache), 1);
		CU_ASSERT_EQUAL(drop(&t, object), 0);
		tear_down(&t);
	}
}

/* An address inside an object is freed: which object, how far inside, whose. */
static void test_interior_pointer(void)
{
	EACH_ENGINE(engine) {
		unsigned char *object;
		struct scene t;

		set_up(&t, engine, NULL, FZPU);
		object = make(&t);
		CU_ASSERT_EQUAL(drop(&t, object + 16), -EINVAL);
		expect(&t, 1, SLAB_BAD_ADDRESS, object + 16);
		CU_ASSERT_PTR_EQUAL(t.last.start, object);
		CU_ASSERT_EQUAL(t.last.state, SLAB_OBJECT_LIVE);
		expect_words(&t, "Allocated in make_thing pid=101 event=1");
		expect_words(&t, "The address lies 16 bytes behind its start");
		CU_ASSERT_EQUAL(kmem_cache_counter(t.s, SC_bad_free_address), 1);
		CU_ASSERT_EQUAL(drop(&t, object), 0);
		tear_down(&t);
	}
}

/*
 * A free object's link is overwritten: by rubbish, by an address of an object
 * in use, by nothing. The sweep finds it, the next free does, the next
 * allocation does; the list is rebuilt and no object is lost.
 */
static void test_broken_freelist(void)
{
	EACH_ENGINE(engine) {
		unsigned char *a, *b, *live;
		unsigned int i, n;
		struct scene t;
		void **link;

		set_up(&t, engine, NULL, FZPU);
		if (metadata_of(t.s)->list != SLAB_METADATA_LINKS) {
			tear_down(&t);
			continue;
		}
		live = make(&t);
		a = make(&t);
		b = make(&t);
		drop(&t, b);
		drop(&t, a);		/* a -> b -> ... */
		link = (void **)(a + t.s->offset);

		*link = (void *)0x1234;
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 1);
		expect(&t, 1, SLAB_BAD_FREELIST, a);
		expect_bytes(&t, link, 8, 0, 0);
		expect_words(&t, "BUG thing: free list broken");
		expect_words(&t, "The link leads out of memory");
		expect_words(&t, "Freed in drop_thing pid=102 event=5");
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 0);

		*link = NULL;
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 1);
		expect(&t, 1, SLAB_BAD_FREELIST, a);

		*link = live;
		CU_ASSERT_EQUAL(drop(&t, live), 0);
		expect(&t, 1, SLAB_BAD_FREELIST, a);
		expect_words(&t, "The link leads to 0xffff8880");
		CU_ASSERT_PTR_EQUAL(make(&t), live);

		*link = NULL;
		CU_ASSERT_PTR_EQUAL(make(&t), a);
		expect(&t, 1, SLAB_BAD_FREELIST, a);
		expect_words(&t, "The link ends the list too early");
		*(void **)(b + t.s->offset) = b;
		CU_ASSERT_PTR_EQUAL(make(&t), b);
		expect(&t, 1, SLAB_BAD_FREELIST, b);
		CU_ASSERT_EQUAL(kmem_cache_counter(t.s, SC_bad_freelist), 5);
		n = kmem_cache_objs_per_slab(t.s);
		for (i = 3; i < n; i++)
			make(&t);
		CU_ASSERT_EQUAL(slab_machine_info(t.s).num_slabs, 1);
		CU_ASSERT_EQUAL(slab_machine_info(t.s).used_objs, n);
		tear_down(&t);
	}
}

/* Where numbers at a slab's end say what is free: a write far behind the last object hits them. */
static void test_broken_index(void)
{
	EACH_ENGINE(engine) {
		unsigned char *a, *b, *end;
		unsigned int i, n;
		struct page *slab;
		struct scene t;

		set_up(&t, engine, NULL, FZPU);
		if (metadata_of(t.s)->list != SLAB_METADATA_ON) {
			tear_down(&t);
			continue;
		}
		a = make(&t);
		b = make(&t);
		n = kmem_cache_objs_per_slab(t.s);
		slab = slab_machine_page(&t.m, a);
		end = slab_address(t.m.sa, slab) + (PAGE_SIZE << page_order(slab));

		end[-1] = 0xff;		/* no such object */
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 1);
		CU_ASSERT_EQUAL(t.nr, 1);
		CU_ASSERT_EQUAL(t.last.what, SLAB_BAD_FREELIST);
		expect_words(&t, "FIX thing: free list rebuilt");
		t.nr = 0;
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 0);

		end[-1] = 0;		/* one in use */
		CU_ASSERT_EQUAL(drop(&t, b), 0);
		CU_ASSERT_EQUAL(t.nr, 1);
		CU_ASSERT_EQUAL(t.last.what, SLAB_BAD_FREELIST);
		t.nr = 0;
		for (i = 1; i < n; i++)
			make(&t);
		CU_ASSERT_EQUAL(slab_machine_info(t.s).num_slabs, 1);
		CU_ASSERT_EQUAL(slab_machine_info(t.s).used_objs, n);
		tear_down(&t);
	}
}

/* A debugged cache that is gone: to allocate from it, to free to it, to free what was its. */
static void test_destroyed_cache(void)
{
	EACH_ENGINE(engine) {
		void *object, *live, *none;
		struct kmem_cache *gone, *again;
		struct scene t;

		set_up(&t, engine, NULL, FZPU);
		gone = t.s;
		object = make(&t);
		drop(&t, object);
		CU_ASSERT_EQUAL(kmem_cache_destroy(gone), 0);
		CU_ASSERT_PTR_NULL(slab_find_cache(t.m.sa, "thing"));

		CU_ASSERT_PTR_NULL(kmem_cache_alloc(gone, 0, GFP_KERNEL));
		expect(&t, 1, SLAB_CACHE_GONE, NULL);
		expect_words(&t, "BUG thing: use of a destroyed cache");
		CU_ASSERT_EQUAL(kmem_cache_alloc_bulk(gone, 0, GFP_KERNEL, 1, &none), 0);
		expect(&t, 1, SLAB_CACHE_GONE, NULL);
		CU_ASSERT_EQUAL(kmem_cache_free(gone, 0, object), -ESTALE);
		expect(&t, 1, SLAB_CACHE_GONE, object);
		CU_ASSERT_EQUAL(kfree(t.m.sa, 0, object), -ESTALE);
		expect(&t, 1, SLAB_CACHE_GONE, object);
		expect_words(&t, "Cache thing is destroyed");
		CU_ASSERT_EQUAL(kmem_cache_destroy(gone), -ESTALE);
		expect(&t, 1, SLAB_CACHE_GONE, NULL);
		CU_ASSERT_EQUAL(kmem_cache_shrink(gone), 0);
		expect(&t, 1, SLAB_CACHE_GONE, NULL);
		CU_ASSERT_EQUAL(slab_machine_info(gone).num_slabs, 0);
		CU_ASSERT_EQUAL(slab_validate_cache(gone), 0);

		/* Its name is free, its number is not; others' objects are not its. */
		again = new_cache(&t, "thing", SIZE, 0);
		CU_ASSERT_NOT_EQUAL(kmem_cache_id(again), kmem_cache_id(gone));
		live = kmem_cache_alloc(again, 0, GFP_KERNEL);
		CU_ASSERT_EQUAL(kmem_cache_free(gone, 0, live), -ESTALE);
		expect(&t, 1, SLAB_CACHE_GONE, live);
		CU_ASSERT_EQUAL(kmem_cache_free(again, 0, live), 0);
		CU_ASSERT_EQUAL(slab_counter(t.m.sa, SC_bad_cache_gone), 7);
		tear_down(&t);
	}
}

/* An object of a slab that went back, while its cache lives on, is a bad address with a hint. */
static void test_slab_gone(void)
{
	EACH_ENGINE(engine) {
		struct scene t;
		void *object;

		set_up(&t, engine, NULL, FZPU);
		object = make(&t);
		drop(&t, object);
		kmem_cache_shrink(t.s);
		CU_ASSERT_EQUAL(slab_machine_info(t.s).num_slabs, 0);
		CU_ASSERT_EQUAL(kfree(t.m.sa, 0, object), -EINVAL);
		expect(&t, 1, SLAB_BAD_ADDRESS, object);
		expect_words(&t, "A slab of thing was here; it was given back");
		tear_down(&t);
	}
}

/* What is still in use when its cache is to go is named with its owner, one report each. */
static void test_live_at_destroy(void)
{
	EACH_ENGINE(engine) {
		void *object, *other;
		struct scene t;

		set_up(&t, engine, NULL, FZPU);
		object = make(&t);
		other = make(&t);
		CU_ASSERT_EQUAL(kmem_cache_destroy(t.s), -EBUSY);
		CU_ASSERT_EQUAL(t.nr, 2);
		CU_ASSERT_EQUAL(t.last.what, SLAB_LIVE_AT_DESTROY);
		expect_words(&t, "Allocated in make_thing pid=101 event=2");
		t.nr = 0;
		CU_ASSERT_EQUAL(kmem_cache_counter(t.s, SC_bad_live_at_destroy), 2);
		drop(&t, object);
		drop(&t, other);
		CU_ASSERT_EQUAL(kmem_cache_destroy(t.s), 0);
		tear_down(&t);
	}
}

/* Bytes that belong to nobody: behind an object's metadata, behind the last object of a slab. */
static void test_padding(void)
{
	EACH_ENGINE(engine) {
		unsigned char *object, *pad;
		const struct page *slab;
		struct scene t;
		size_t rest;

		set_up(&t, engine, NULL, FZPU);
		object = make(&t);
		pad = object + t.s->size - t.s->red_left - 1;
		*pad = 0;
		CU_ASSERT_EQUAL(drop(&t, object), 0);
		expect(&t, 1, SLAB_PADDING_OVERWRITTEN, object);
		expect_bytes(&t, pad, 1, 0, POISON_INUSE);

		slab = slab_machine_page(&t.m, object);
		rest = (PAGE_SIZE << page_order(slab)) - slab_objects(slab) * t.s->size;
		pad = slab_address(t.m.sa, slab) + slab_objects(slab) * t.s->size;
		if (!metadata_of(t.s)->end) {
			pad[rest - 1] ^= 1;
			CU_ASSERT_EQUAL(slab_validate_cache(t.s), metadata_of(t.s)->list == SLAB_METADATA_ON);
			t.nr = 0;
		} else if (rest) {
			pad[rest - 1] = 1;
			CU_ASSERT_EQUAL(slab_validate_cache(t.s), 1);
			expect(&t, 1, SLAB_END_OVERWRITTEN, pad);
			expect_bytes(&t, pad + rest - 1, 1, 1, POISON_INUSE);
			pad[0] = 1;
			kmem_cache_shrink(t.s);	/* the slab is looked at before it goes */
			expect(&t, 1, SLAB_END_OVERWRITTEN, pad);
		}
		tear_down(&t);
	}
	/* Without red zones the bytes that fill the last word are padding, too. */
	EACH_ENGINE(engine) {
		unsigned char *object;
		struct scene t;

		set_up(&t, engine, NULL, 0);
		t.s = new_cache(&t, "odd", 13, SLAB_POISON);
		object = make(&t);
		object[13] = 0;
		CU_ASSERT_EQUAL(slab_validate_cache(t.s), 1);
		expect(&t, 1, SLAB_PADDING_OVERWRITTEN, object);
		expect_bytes(&t, object + 13, 1, 0, POISON_INUSE);
		tear_down(&t);
	}
}

static void construct(void *object)
{
	memset(object, 0x42, SIZE);
}

/* What a constructor or late readers may rely on is never filled; its red zones are. */
static void test_not_poisonable(void)
{
	EACH_ENGINE(engine) {
		struct kmem_cache_args args = {
			.name = "made", .size = SIZE, .ctor = construct, .flags = FZPU | SLAB_QUARANTINE,
		};
		unsigned char *object;
		struct scene t;

		set_up(&t, engine, NULL, FZPU | SLAB_QUARANTINE | SLAB_TYPESAFE_BY_RCU);
		object = make(&t);
		memset(object, 1, SIZE);
		drop(&t, object);
		CU_ASSERT_EQUAL(object[3], 1);
		CU_ASSERT_EQUAL(slab_quarantine_bytes(t.m.sa), 0);

		t.s = kmem_cache_create(t.m.sa, &args, NULL);
		object = make(&t);
		CU_ASSERT_EQUAL(object[SIZE - 1], 0x42);
		object[SIZE] = 0;
		drop(&t, object);
		expect(&t, 1, SLAB_RIGHT_OVERWRITTEN, object);
		CU_ASSERT_EQUAL(object[SIZE - 1], 0x42);
		tear_down(&t);
	}
}

static const struct test_case cases[] = {
	{ "overrun", test_overrun },
	{ "overrun of what was asked for", test_overrun_of_request },
	{ "underrun", test_underrun },
	{ "the sweep", test_sweep },
	{ "write after free", test_write_after_free },
	{ "read after free", test_read_after_free },
	{ "double free", test_double_free },
	{ "wrong cache", test_wrong_cache },
	{ "interior pointer", test_interior_pointer },
	{ "broken free list", test_broken_freelist },
	{ "broken numbers of free objects", test_broken_index },
	{ "destroyed cache", test_destroyed_cache },
	{ "slab given back", test_slab_gone },
	{ "live at destroy", test_live_at_destroy },
	{ "padding", test_padding },
	{ "not poisonable", test_not_poisonable },
	{ NULL, NULL }
};

const struct test_suite slab_corruption_suite = { "slab_corruption", cases };
