/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: resources released together. Each action writes a letter, so a
 * string shows the order.
 */
#include <errno.h>
#include <string.h>

#include "slab/extras/devres.h"
#include "tests/slab/slab.h"

#define MEM	(64ULL << 20)

struct fixture {
	struct slab_machine m;
	struct devres dr;
	char log[32];
	struct letter {
		struct fixture *f;
		char c;
	} letter[26];
};

static void write_letter(void *data)
{
	struct letter *letter = data;
	size_t len = strlen(letter->f->log);

	letter->f->log[len] = letter->c;
}

static void setup(struct fixture *f)
{
	unsigned int i;

	memset(f, 0, sizeof(*f));
	slab_machine_create(&f->m, MEM, 1, 1, NULL);
	devres_init(&f->dr, f->m.sa);
	for (i = 0; i < 26; i++)
		f->letter[i] = (struct letter){ .f = f, .c = (char)('a' + i) };
}

static int action(struct fixture *f, char c)
{
	return devm_add_action(&f->dr, 0, write_letter, &f->letter[c - 'a']);
}

static uint64_t live_objects(const struct fixture *f)
{
	struct kmem_cache *s;
	uint64_t nr = 0;

	for_each_cache(f->m.sa, s)
		nr += slab_machine_info(s).used_objs;
	return nr;
}

/* The end of each test: nothing is left on the list, in the counters or in the machine. */
static void teardown(struct fixture *f)
{
	devres_release_all(&f->dr, 0);
	CU_ASSERT_EQUAL(f->dr.nr, 0);
	CU_ASSERT_EQUAL(f->dr.bytes, 0);
	CU_ASSERT_PTR_NULL(f->dr.oldest);
	CU_ASSERT_EQUAL(live_objects(f), 0);
	CU_ASSERT_EQUAL(f->m.nr_reports, 0);
	slab_machine_destroy(&f->m);
}

/* Newest first, memory and actions alike. */
static void test_order(void)
{
	struct fixture f;
	char *p;

	setup(&f);
	action(&f, 'a');
	p = devm_kmalloc(&f.dr, 0, 100, GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_EQUAL(p[99], 0);
	CU_ASSERT_EQUAL((uintptr_t)p % 64, 0);
	action(&f, 'b');
	action(&f, 'c');
	CU_ASSERT_EQUAL(f.dr.nr, 4);
	CU_ASSERT_EQUAL(f.dr.bytes, 4 * DEVRES_HEADER_BYTES + 100);
	CU_ASSERT_EQUAL(devres_release_all(&f.dr, 0), 4);
	CU_ASSERT_STRING_EQUAL(f.log, "cba");
	CU_ASSERT_EQUAL(devres_release_all(&f.dr, 0), 0);
	teardown(&f);
}

/* Freed or taken off early; what is not there is said so. */
static void test_early(void)
{
	struct fixture f;
	char *p, *q;

	setup(&f);
	p = devm_kmalloc(&f.dr, 0, 10, GFP_KERNEL);
	q = devm_kmalloc(&f.dr, 0, 20, GFP_KERNEL);
	action(&f, 'a');
	action(&f, 'b');
	CU_ASSERT_EQUAL(devm_kfree(&f.dr, 0, p), 0);
	CU_ASSERT_EQUAL(devm_kfree(&f.dr, 0, p), -ENOENT);
	CU_ASSERT_EQUAL(devm_kfree(&f.dr, 0, q + 1), -ENOENT);
	CU_ASSERT_EQUAL(devm_kfree(&f.dr, 0, NULL), 0);
	CU_ASSERT_EQUAL(devm_remove_action(&f.dr, 0, write_letter, &f.letter[0]), 0);
	CU_ASSERT_EQUAL(devm_remove_action(&f.dr, 0, write_letter, &f.letter[0]), -ENOENT);
	CU_ASSERT_EQUAL(devres_release_all(&f.dr, 0), 2);
	CU_ASSERT_STRING_EQUAL(f.log, "b");
	CU_ASSERT_PTR_EQUAL(devm_kmalloc(&f.dr, 0, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	CU_ASSERT_EQUAL(devm_kfree(&f.dr, 0, ZERO_SIZE_PTR), 0);
	teardown(&f);
}

/* A resource that moves to a larger place is released where the old one would have been. */
static void test_krealloc(void)
{
	struct fixture f;
	void *group;
	char *p, *q;

	setup(&f);
	p = devm_krealloc(&f.dr, 0, NULL, 10, GFP_KERNEL);
	memcpy(p, "kept", sizeof("kept"));
	group = devres_open_group(&f.dr, 0, NULL, GFP_KERNEL);
	CU_ASSERT_PTR_EQUAL(devm_krealloc(&f.dr, 0, p, 32, GFP_KERNEL), p);
	q = devm_krealloc(&f.dr, 0, p, 1000, GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_PTR_NOT_EQUAL(q, p);
	CU_ASSERT_STRING_EQUAL(q, "kept");
	CU_ASSERT_EQUAL(q[999], 0);
	CU_ASSERT_PTR_NULL(devm_krealloc(&f.dr, 0, p, 2000, GFP_KERNEL));
	slab_set_fail(f.m.sa, 1, 1);
	CU_ASSERT_PTR_NULL(devm_krealloc(&f.dr, 0, q, 3000, GFP_KERNEL));
	CU_ASSERT_STRING_EQUAL(q, "kept");
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, group), 0);
	CU_ASSERT_EQUAL(f.dr.nr, 1);
	CU_ASSERT_PTR_EQUAL(devm_krealloc(&f.dr, 0, q, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	CU_ASSERT_EQUAL(f.dr.nr, 0);
	teardown(&f);
}

/*  a [1 b [2 c 2] d 1] e: each group on its own. */
static void nested(struct fixture *f)
{
	action(f, 'a');
	devres_open_group(&f->dr, 0, &f->letter[1], GFP_KERNEL);
	action(f, 'b');
	devres_open_group(&f->dr, 0, &f->letter[2], GFP_KERNEL);
	action(f, 'c');
	CU_ASSERT_EQUAL(devres_close_group(&f->dr, 0, &f->letter[2]), 0);
	action(f, 'd');
	CU_ASSERT_EQUAL(devres_close_group(&f->dr, 0, NULL), 0);
	action(f, 'e');
}

/* The inner group first, the outer one with the inner one in it, a group that is forgotten. */
static void test_groups(void)
{
	struct fixture f;

	setup(&f);
	nested(&f);
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, &f.letter[2]), 1);
	CU_ASSERT_STRING_EQUAL(f.log, "c");
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, &f.letter[2]), -ENOENT);
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, &f.letter[1]), 2);
	CU_ASSERT_STRING_EQUAL(f.log, "cdb");
	CU_ASSERT_EQUAL(devres_release_all(&f.dr, 0), 2);
	CU_ASSERT_STRING_EQUAL(f.log, "cdbea");
	teardown(&f);

	/* the outer one takes the inner one with it */
	setup(&f);
	nested(&f);
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, &f.letter[1]), 3);
	CU_ASSERT_STRING_EQUAL(f.log, "dcb");
	CU_ASSERT_EQUAL(devres_close_group(&f.dr, 0, &f.letter[2]), -ENOENT);
	teardown(&f);

	/* a group that is forgotten leaves its resources */
	setup(&f);
	nested(&f);
	CU_ASSERT_EQUAL(devres_remove_group(&f.dr, 0, &f.letter[1]), 0);
	CU_ASSERT_EQUAL(devres_remove_group(&f.dr, 0, &f.letter[1]), -ENOENT);
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, NULL), -ENOENT);
	CU_ASSERT_EQUAL(devres_release_all(&f.dr, 0), 5);
	CU_ASSERT_STRING_EQUAL(f.log, "edcba");
	teardown(&f);
}

/*
 *   [1 a [2 b 1] c 2]   group 2 reaches beyond 1: releasing 1 takes a and b,
 * and group 2 still works for c. An open group goes up to the newest.
 */
static void test_overlapping(void)
{
	struct fixture f;

	setup(&f);
	devres_open_group(&f.dr, 0, &f.letter[1], GFP_KERNEL);
	action(&f, 'a');
	devres_open_group(&f.dr, 0, &f.letter[2], GFP_KERNEL);
	action(&f, 'b');
	CU_ASSERT_EQUAL(devres_close_group(&f.dr, 0, &f.letter[1]), 0);
	CU_ASSERT_EQUAL(devres_close_group(&f.dr, 0, &f.letter[1]), -ENOENT);
	action(&f, 'c');
	CU_ASSERT_EQUAL(devres_close_group(&f.dr, 0, &f.letter[2]), 0);
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, &f.letter[1]), 2);
	CU_ASSERT_STRING_EQUAL(f.log, "ba");
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, &f.letter[2]), 1);
	CU_ASSERT_STRING_EQUAL(f.log, "bac");

	devres_open_group(&f.dr, 0, &f.letter[3], GFP_KERNEL);
	action(&f, 'd');
	devres_open_group(&f.dr, 0, &f.letter[4], GFP_KERNEL);
	action(&f, 'e');
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, &f.letter[3]), 2);
	CU_ASSERT_STRING_EQUAL(f.log, "baced");
	CU_ASSERT_EQUAL(devres_release_group(&f.dr, 0, NULL), -ENOENT);
	teardown(&f);
}

static void attach_more(void *data)
{
	struct fixture *f = data;

	action(f, 'z');
}

/* No memory for a node: the action runs at once where that was asked for. What an action attaches is released too. */
static void test_failures(void)
{
	struct fixture f;

	setup(&f);
	CU_ASSERT_PTR_NULL(devm_kmalloc(&f.dr, 0, SIZE_MAX - 10, GFP_KERNEL));
	slab_set_fail(f.m.sa, 1, -1);
	CU_ASSERT_PTR_NULL(devm_kmalloc(&f.dr, 0, 10, GFP_KERNEL));
	CU_ASSERT_EQUAL(action(&f, 'a'), -ENOMEM);
	CU_ASSERT_STRING_EQUAL(f.log, "");
	CU_ASSERT_EQUAL(devm_add_action_or_reset(&f.dr, 0, write_letter, &f.letter[1]), -ENOMEM);
	CU_ASSERT_STRING_EQUAL(f.log, "b");
	CU_ASSERT_PTR_NULL(devres_open_group(&f.dr, 0, NULL, GFP_KERNEL));
	slab_set_fail(f.m.sa, 0, 0);
	devres_open_group(&f.dr, 0, &f.letter[1], GFP_KERNEL);
	slab_set_fail(f.m.sa, 1, -1);
	CU_ASSERT_EQUAL(devres_close_group(&f.dr, 0, NULL), -ENOMEM);
	slab_set_fail(f.m.sa, 0, 0);
	CU_ASSERT_EQUAL(devm_add_action_or_reset(&f.dr, 0, attach_more, &f), 0);
	CU_ASSERT_EQUAL(devres_release_all(&f.dr, 0), 2);
	CU_ASSERT_STRING_EQUAL(f.log, "bz");
	teardown(&f);
}

static const struct test_case cases[] = {
	{ "order", test_order },
	{ "early", test_early },
	{ "krealloc", test_krealloc },
	{ "groups", test_groups },
	{ "overlapping groups", test_overlapping },
	{ "failures", test_failures },
	{ NULL, NULL }
};
const struct test_suite devres_suite = { "devres", cases };
