/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: unreferenced objects. Small graphs of objects that point to
 * each other; each expects the exact number of white, grey and black ones.
 */
#include <errno.h>
#include <string.h>

#include "slab/debug/kmemleak.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)
#define SECOND	1000000000ULL

struct node {
	struct node *to[4];
	char pad[32];
};

struct rig {
	struct slab_machine m;
	struct kmem_cache *s;
	struct kmemleak *kl;
	struct node *root[4];		/* the program's variables */
};

static void rig_up(struct rig *rig, uint32_t flags)
{
	const struct kmem_cache_args args = {
		.name = "node", .size = sizeof(struct node), .flags = flags | SLAB_NO_MERGE
	};

	memset(rig, 0, sizeof(*rig));
	slab_machine_create(&rig->m, MEM, 1, 1, NULL);
	rig->s = kmem_cache_create(rig->m.sa, &args, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->s);
	CU_ASSERT_EQUAL_FATAL(kmemleak_create(&rig->kl, rig->m.sa), 0);
	CU_ASSERT_EQUAL(kmemleak_add_root(rig->kl, rig->root, sizeof(rig->root)), 0);
}

static void rig_down(struct rig *rig)
{
	kmemleak_destroy(rig->kl);
	slab_machine_destroy(&rig->m);
}

static struct node *node(struct rig *rig)
{
	return kmem_cache_alloc(rig->s, 0, GFP_KERNEL | __GFP_ZERO);
}

static struct node *node_by(struct rig *rig, uint32_t site, uint64_t time_ns)
{
	const struct slab_caller caller = { .site = site, .time_ns = time_ns, .event = site };

	slab_set_caller(rig->m.sa, &caller);
	return node(rig);
}

/* Scan, compare the three counts, and return the number reported. */
static uint64_t scan(struct rig *rig, uint64_t white, uint64_t grey, uint64_t black)
{
	struct kmemleak_result *result;
	uint64_t reported;

	CU_ASSERT_EQUAL_FATAL(kmemleak_scan(rig->kl, 100 * SECOND, &result), 0);
	CU_ASSERT_EQUAL(result->white, white);
	CU_ASSERT_EQUAL(result->grey, grey);
	CU_ASSERT_EQUAL(result->black, black);
	CU_ASSERT_EQUAL(result->live, white + grey + black);
	reported = result->nr_leaks;
	kmemleak_result_free(result);
	return reported;
}

/*
 *   root -> a -> b <-> c     d <-> e
 * A ring that nobody points to is a leak, though its objects point to each
 * other; with its root gone the whole chain is.
 */
static void test_reachable(void)
{
	struct node *a, *b, *c, *d, *e;
	struct rig rig;

	rig_up(&rig, 0);
	CU_ASSERT_EQUAL(scan(&rig, 0, 0, 0), 0);
	a = node(&rig);
	b = node(&rig);
	c = node(&rig);
	d = node(&rig);
	e = node(&rig);
	rig.root[2] = a;
	a->to[3] = b;
	b->to[0] = c;
	c->to[1] = b;
	d->to[0] = e;
	e->to[0] = d;
	CU_ASSERT_EQUAL(scan(&rig, 2, 3, 0), 2);
	rig.root[2] = NULL;
	CU_ASSERT_EQUAL(scan(&rig, 5, 0, 0), 5);
	/* freed objects are not live, whatever points to them */
	rig.root[0] = a;
	kmem_cache_free(rig.s, 0, d);
	kmem_cache_free(rig.s, 0, e);
	kmem_cache_free(rig.s, 0, a);
	CU_ASSERT_EQUAL(scan(&rig, 2, 0, 0), 2);
	kmem_cache_free(rig.s, 0, b);
	kmem_cache_free(rig.s, 0, c);
	rig_down(&rig);
}

/* A pointer to the middle or the last byte counts, one behind the object does not. */
static void test_interior(void)
{
	struct node *a;
	struct rig rig;

	rig_up(&rig, 0);
	a = node(&rig);
	rig.root[0] = (struct node *)((char *)a + sizeof(*a) - 1);
	CU_ASSERT_EQUAL(scan(&rig, 0, 1, 0), 0);
	rig.root[0] = a + 1;
	CU_ASSERT_EQUAL(scan(&rig, 1, 0, 0), 1);
	kmem_cache_free(rig.s, 0, a);
	rig_down(&rig);
}

/* Large kmallocs are searched and found too. */
static void test_large(void)
{
	struct node **table;
	struct rig rig;

	rig_up(&rig, 0);
	table = kmalloc(rig.m.sa, 0, 3 * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	table[1000] = node(&rig);
	rig.root[1] = (struct node *)table;
	CU_ASSERT_EQUAL(scan(&rig, 0, 2, 0), 0);
	rig.root[1] = NULL;
	CU_ASSERT_EQUAL(scan(&rig, 2, 0, 0), 2);
	kmem_cache_free(rig.s, 0, table[1000]);
	kfree(rig.m.sa, 0, table);
	rig_down(&rig);
}

/*
 *   a(no leak) -> b    c(ignored) -> d    e(not searched) -> f, root -> e
 *   g(area: to[1] only) -> to[0] h, to[1] i, root -> g
 */
static void test_colours(void)
{
	struct node *n[9];
	struct rig rig;
	unsigned int i;

	rig_up(&rig, 0);
	for (i = 0; i < 9; i++)
		n[i] = node(&rig);
	n[0]->to[0] = n[1];
	n[2]->to[0] = n[3];
	n[4]->to[0] = n[5];
	n[6]->to[0] = n[7];
	n[6]->to[1] = n[8];
	rig.root[0] = n[4];
	rig.root[1] = n[6];
	CU_ASSERT_EQUAL(scan(&rig, 4, 5, 0), 4);
	CU_ASSERT_EQUAL(kmemleak_not_leak(rig.kl, n[0]), 0);
	CU_ASSERT_EQUAL(kmemleak_ignore(rig.kl, n[2]), 0);
	CU_ASSERT_EQUAL(kmemleak_no_scan(rig.kl, n[4]), 0);
	CU_ASSERT_EQUAL(kmemleak_scan_area(rig.kl, n[6], &n[6]->to[1], sizeof(n[6]->to[1])), 0);
	/* grey: a b e g i; black: c; white: d f h */
	CU_ASSERT_EQUAL(scan(&rig, 3, 5, 1), 3);
	CU_ASSERT_EQUAL(kmemleak_not_leak(rig.kl, (char *)n[0] + 8), -EINVAL);
	/* the whole object is an area, a byte more is not */
	CU_ASSERT_EQUAL(kmemleak_scan_area(rig.kl, n[6], n[6], ksize(rig.m.sa, n[6])), 0);
	CU_ASSERT_EQUAL(kmemleak_scan_area(rig.kl, n[6], &n[6]->to[1], sizeof(n[6]->to[1])), 0);
	CU_ASSERT_EQUAL(kmemleak_scan_area(rig.kl, n[6], n[6], ksize(rig.m.sa, n[6]) + 1), -ERANGE);
	CU_ASSERT_EQUAL(kmemleak_scan_area(rig.kl, n[6], n[5], 8), -ERANGE);
	/* a mark goes with its object */
	kmem_cache_free(rig.s, 0, n[2]);
	CU_ASSERT_EQUAL(scan(&rig, 3, 5, 0), 3);
	n[2] = node(&rig);
	CU_ASSERT_EQUAL(scan(&rig, 4, 5, 0), 4);
	for (i = 0; i < 9; i++)
		kmem_cache_free(rig.s, 0, n[i]);
	CU_ASSERT_EQUAL(kmemleak_ignore(rig.kl, n[2]), -EINVAL);
	rig_down(&rig);
}

/* Owners tracked: leaks by call site with their age; the young ones wait. */
static void test_sites(void)
{
	struct kmemleak_result *result;
	struct node *n[4];
	struct rig rig;
	unsigned int i;

	rig_up(&rig, SLAB_STORE_USER);
	n[0] = node_by(&rig, 7, 10 * SECOND);
	n[1] = node_by(&rig, 9, 20 * SECOND);
	n[2] = node_by(&rig, 9, 30 * SECOND);
	n[3] = node_by(&rig, 9, 98 * SECOND);
	memset(n[0]->pad, 'x', sizeof(n[0]->pad));
	n[0]->to[0] = (struct node *)0x1122334455667788;
	kmemleak_set_min_age(rig.kl, 5 * SECOND);
	CU_ASSERT_EQUAL_FATAL(kmemleak_scan(rig.kl, 100 * SECOND, &result), 0);
	CU_ASSERT_EQUAL(result->white, 4);
	CU_ASSERT_EQUAL(result->too_young, 1);
	CU_ASSERT_EQUAL_FATAL(result->nr_leaks, 3);
	CU_ASSERT_EQUAL_FATAL(result->nr_sites, 2);
	CU_ASSERT_EQUAL(result->sites[0].site, 9);
	CU_ASSERT_EQUAL(result->sites[0].objects, 2);
	CU_ASSERT_EQUAL(result->sites[0].bytes, 2 * sizeof(struct node));
	CU_ASSERT_EQUAL(result->sites[0].oldest_ns, 80 * SECOND);
	CU_ASSERT_EQUAL(result->sites[1].site, 7);
	for (i = 0; i < 3 && result->leaks[i].object != n[0]; i++)
		;
	CU_ASSERT_EQUAL(result->leaks[i].age_ns, 90 * SECOND);
	CU_ASSERT_EQUAL(result->leaks[i].first[0], 0x88);
	CU_ASSERT_EQUAL(result->leaks[i].nr_first, KMEMLEAK_FIRST_BYTES);
	CU_ASSERT_PTR_EQUAL(result->leaks[i].cache, rig.s);
	/* cleared: later scans are silent about them, and about what they point to */
	CU_ASSERT_EQUAL(kmemleak_clear(rig.kl, result), 0);
	kmemleak_result_free(result);
	CU_ASSERT_EQUAL(scan(&rig, 1, 3, 0), 0);
	/* another object at a marked place is no longer the marked one */
	kmem_cache_free(rig.s, 0, n[1]);
	n[1] = node_by(&rig, 11, 40 * SECOND);
	CU_ASSERT_EQUAL(scan(&rig, 2, 2, 0), 1);
	for (i = 0; i < 4; i++)
		kmem_cache_free(rig.s, 0, n[i]);
	rig_down(&rig);
}

/* An object as old as the least age is reported, one that is a nanosecond younger is not yet. */
static void test_min_age(void)
{
	struct node *exact, *younger;
	struct rig rig;

	rig_up(&rig, SLAB_STORE_USER);
	exact = node_by(&rig, 7, 95 * SECOND);
	younger = node_by(&rig, 8, 95 * SECOND + 1);
	kmemleak_set_min_age(rig.kl, 5 * SECOND);
	CU_ASSERT_EQUAL(scan(&rig, 2, 0, 0), 1);
	kmemleak_set_min_age(rig.kl, 5 * SECOND - 1);
	CU_ASSERT_EQUAL(scan(&rig, 2, 0, 0), 2);
	kmemleak_set_min_age(rig.kl, 5 * SECOND + 1);
	CU_ASSERT_EQUAL(scan(&rig, 2, 0, 0), 0);
	kmem_cache_free(rig.s, 0, exact);
	kmem_cache_free(rig.s, 0, younger);
	rig_down(&rig);
}

/* What changes between two scans is in somebody's hands. */
static void test_changing(void)
{
	struct node *a, *b;
	struct rig rig;

	rig_up(&rig, 0);
	a = node(&rig);
	b = node(&rig);
	CU_ASSERT_EQUAL(scan(&rig, 2, 0, 0), 2);
	a->pad[5]++;
	CU_ASSERT_EQUAL(scan(&rig, 2, 0, 0), 1);
	CU_ASSERT_EQUAL(scan(&rig, 2, 0, 0), 2);
	kmem_cache_free(rig.s, 0, a);
	kmem_cache_free(rig.s, 0, b);
	rig_down(&rig);
}

/*
 * The two kinds of mistakes: a number that happens to be an address hides a
 * leak; a pointer kept in another form is a false alarm.
 */
static void test_mistakes(void)
{
	uintptr_t number, hidden;
	struct node *a;
	struct rig rig;

	rig_up(&rig, 0);
	a = node(&rig);
	number = (uintptr_t)a;
	CU_ASSERT_EQUAL(kmemleak_add_root(rig.kl, &number, sizeof(number)), 0);
	CU_ASSERT_EQUAL(scan(&rig, 0, 1, 0), 0);
	CU_ASSERT_EQUAL(kmemleak_remove_root(rig.kl, &number), 0);
	CU_ASSERT_EQUAL(kmemleak_remove_root(rig.kl, &number), -ENOENT);
	hidden = ~(uintptr_t)a;
	CU_ASSERT_EQUAL(kmemleak_add_root(rig.kl, &hidden, sizeof(hidden)), 0);
	CU_ASSERT_EQUAL(scan(&rig, 1, 0, 0), 1);
	CU_ASSERT_EQUAL(kmemleak_add_root(rig.kl, &rig, SIZE_MAX), -EINVAL);
	kmem_cache_free(rig.s, 0, (void *)~hidden);
	rig_down(&rig);
}

static const struct test_case cases[] = {
	{ "reachable", test_reachable },
	{ "interior pointers", test_interior },
	{ "large kmallocs", test_large },
	{ "colours", test_colours },
	{ "sites and ages", test_sites },
	{ "the least age", test_min_age },
	{ "changing objects", test_changing },
	{ "mistakes", test_mistakes },
	{ NULL, NULL }
};
const struct test_suite slab_leak_suite = { "slab_leak", cases };
