/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the validator. Each test breaks one thing, expects so many
 * violations and their words, repairs it, and expects none.
 */
#include <string.h>

#include "slab/engine/slub/slub.h"
#include "tests/slab/slab.h"

/* A cache with slabs in each state, and a large kmalloc. */
struct scene {
	struct slab_machine m;
	struct kmem_cache *s;
	struct slub_cpu *c;
	struct slub_node *n;
	struct page *cpu, *cpu_partial, *partial, *partial2, *full, *large;
	void *object;		/* live, in the full slab */
	unsigned int violations;
	char first[256];
};

static void note(void *ctx, const char *text)
{
	struct scene *t = ctx;

	if (!t->violations++)
		strncpy(t->first, text, sizeof(t->first) - 1);
}

static void set_up(struct scene *t)
{
	unsigned int i, j, n;
	void *first[5];

	memset(t, 0, sizeof(*t));
	slab_machine_create(&t->m, 64 << 20, 1, 2, NULL);
	t->s = slab_machine_cache(&t->m, "c", 512);
	n = kmem_cache_objs_per_slab(t->s);
	for (i = 0; i < 5; i++)
		for (j = 0; j < n; j++) {
			t->object = kmem_cache_alloc(t->s, 0, GFP_KERNEL);
			if (!j)
				first[i] = t->object;
		}
	kmem_cache_free(t->s, 1, first[0]);
	kmem_cache_free(t->s, 1, first[1]);
	kmem_cache_free(t->s, 1, first[4]);	/* CPU 0's */
	t->s->engine->flush(t->s);		/* 4 at the tail, 0 and 1 behind it or before */
	t->object = first[3];
	t->full = slab_machine_page(&t->m, first[3]);
	kmem_cache_free(t->s, 1, first[2]);
	t->cpu_partial = slab_machine_page(&t->m, first[2]);
	t->s->cpu_partial_slabs = 0;		/* take only one along */
	t->c = slub_cpu(t->s, 0);
	t->n = slub_node(t->s, 0);
	kmem_cache_alloc_node(t->s, 0, GFP_KERNEL, 0);
	kmem_cache_free(t->s, 1, (char *)slab_address(t->s->sa, t->c->front.slab) + 512);
	t->cpu = t->c->front.slab;
	t->partial = slab_from_link(t->s, t->n->partial.head);
	t->large = slab_machine_page(&t->m, kmalloc(t->m.sa, 0, 10000, GFP_KERNEL));
	CU_ASSERT_PTR_NOT_NULL_FATAL(t->partial);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t->cpu);
	CU_ASSERT_PTR_NOT_NULL_FATAL(slub_cpu(t->s, 1)->partial);
	CU_ASSERT_EQUAL_FATAL(slab_validate(t->m.sa, note, t), 0);
}

static void expect(struct scene *t, unsigned int nr, const char *words)
{
	unsigned int got;

	t->violations = 0;
	memset(t->first, 0, sizeof(t->first));
	got = slab_validate(t->m.sa, note, t);
	CU_ASSERT_EQUAL(got, nr);
	CU_ASSERT_EQUAL(got, t->violations);
	CU_ASSERT_EQUAL(slab_validate(t->m.sa, NULL, NULL), got);
	if (!strstr(t->first, words))
		CU_FAIL(words);
}

#define BREAK(t, lvalue, value, nr, words) do { \
	__typeof__(lvalue) __old = (lvalue); \
	(lvalue) = (value); \
	expect(t, nr, words); \
	(lvalue) = __old; \
	CU_ASSERT_EQUAL(slab_validate((t)->m.sa, NULL, NULL), 0); \
} while (0)

static void tear_down(struct scene *t)
{
	slab_machine_destroy(&t->m);
}

/* Lists: broken links, circles, counts, slabs on lists where they do not belong. */
static void test_lists(void)
{
	uint32_t self, tail;
	struct scene t;

	set_up(&t);
	self = pfn_val(slab_pfn(t.m.sa, t.partial));
	tail = t.n->partial.tail;
	BREAK(&t, t.partial->prev, self, 1, "its link back is wrong");
	BREAK(&t, t.m.sa->pages[tail].next, t.m.map->end_pfn + 7, 1, "does not exist");
	BREAK(&t, t.n->nr_partial, 99, 1, "partial list has");
	BREAK(&t, t.n->nr_full, 99, 1, "full list has");
	BREAK(&t, t.n->nr_slabs, 99, 1, "slabs on lists");
	BREAK(&t, t.n->partial.tail, 1, 1, "does not end at its tail");
	BREAK(&t, t.partial->slab_objects, (uint16_t)(t.partial->slab_objects | SLAB_FROZEN), 1,
	      "is frozen");
	BREAK(&t, t.full->slab_objects, (uint16_t)(t.full->slab_objects | SLAB_FROZEN), 1,
	      "is frozen");
	BREAK(&t, t.full->slab_freelist, 0, 1, "on the full list has");
	BREAK(&t, t.partial->slab_private, 3, 1, "counts as on a CPU's");
	BREAK(&t, t.partial->slab_inuse, (uint16_t)slab_objects(t.partial), 1,
	      "on the partial list has");
	BREAK(&t, t.partial->flags, t.partial->flags + ((uint32_t)MAX_NR_ZONES << PG_ZONE_SHIFT), 1,
	      "of node 1 is on node 0's");
	tear_down(&t);
}

/* A list that bites its own tail is left, not walked for ever. */
static void test_circle(void)
{
	struct scene t;

	set_up(&t);
	t.violations = 0;
	t.m.sa->pages[t.n->full.tail].next = t.n->full.head;
	CU_ASSERT(slab_validate(t.m.sa, note, &t) > 0);
	t.m.sa->pages[t.n->full.tail].next = PFN_NONE_VAL;
	expect(&t, 0, "");
	tear_down(&t);
}

/* What CPUs hold: frozen or not by the rules, counted, not full. */
static void test_cpus(void)
{
	struct slub_cpu *c1;
	struct scene t;

	set_up(&t);
	c1 = slub_cpu(t.s, 1);
	BREAK(&t, t.cpu->slab_objects, (uint16_t)slab_objects(t.cpu), 1, "slab");
	BREAK(&t, t.cpu_partial->slab_objects, (uint16_t)(t.cpu_partial->slab_objects ^ SLAB_FROZEN), 1,
	      "frozen");
	BREAK(&t, t.cpu_partial->slab_private, 5, 1, "off its count");
	BREAK(&t, t.cpu_partial->slab_freelist, NO_OBJECT, 1, "is full");
	BREAK(&t, c1->front.freelist, t.object, 1, "free objects and no slab");
	tear_down(&t);
}

/* A slab's own words: flags, cache, counts. */
static void test_slabs(void)
{
	struct scene t;

	set_up(&t);
	BREAK(&t, t.full->flags, t.full->flags & ~PG_slab, 1, "page flags");
	BREAK(&t, t.full->slab_cache, 0, 1, "says it belongs to cache 0");
	BREAK(&t, t.s->size, t.s->size * 2, 5, "in use");
	BREAK(&t, t.s->min_order, t.s->min_order, 0, "");
	BREAK(&t, t.n->nr_objects, 3, 1, "slabinfo says");
	BREAK(&t, t.n->nr_pages, 3, 1, "slabinfo says");
	tear_down(&t);
}

/* Free lists that were overwritten, and live bits that do not fit. */
static void test_objects(void)
{
	unsigned char *object, *start;
	struct scene t;
	size_t offset;

	set_up(&t);
	object = t.c->front.freelist ? t.c->front.freelist : slab_get_freelist(t.s, t.cpu);
	start = slab_address(t.m.sa, t.cpu);
	BREAK(&t, *(void **)(object + t.s->offset), (void *)(object + 4), 1, "leaves it");
	BREAK(&t, *(void **)(object + t.s->offset), (void *)(start - 512), 1, "leaves it");
	BREAK(&t, *(void **)(object + t.s->offset), (void *)object, 1, "again");

	offset = arena_offset(t.m.sa, t.object);
	live_clear(t.m.sa, offset);
	expect(&t, 2, "neither free nor live");
	live_set(t.m.sa, offset);
	live_set(t.m.sa, offset + 8);
	expect(&t, 1, "live bits");
	live_clear(t.m.sa, offset + 8);
	live_set(t.m.sa, arena_offset(t.m.sa, object));
	expect(&t, 2, "free and live at once");
	live_clear(t.m.sa, arena_offset(t.m.sa, object));
	expect(&t, 0, "");
	tear_down(&t);
}

/* One slab on two lists is met twice. */
static void test_slab_twice(void)
{
	struct slub_cpu *c1;
	struct scene t;

	set_up(&t);
	c1 = slub_cpu(t.s, 1);
	c1->front.slab = t.cpu;
	t.n->nr_slabs++;
	expect(&t, 1, "on two lists");
	t.n->nr_slabs--;
	c1->front.slab = NULL;
	expect(&t, 0, "");
	tear_down(&t);
}

/* Large kmallocs: their list, their flags, their live bit, their sum. */
static void test_large(void)
{
	struct scene t;
	size_t offset;

	set_up(&t);
	BREAK(&t, t.large->prev, 5, 1, "listed as a large kmalloc");
	BREAK(&t, t.large->slab_cache, 0, 1, "listed as a large kmalloc");
	BREAK(&t, t.large->next, t.m.map->end_pfn, 1, "leads nowhere");
	BREAK(&t, t.m.sa->large_pages, 9, 1, "large kmallocs hold 4 pages, counted 9");
	offset = arena_offset(t.m.sa, slab_address(t.m.sa, t.large));
	live_clear(t.m.sa, offset);
	expect(&t, 1, "has no live bit");
	live_set(t.m.sa, offset);
	expect(&t, 0, "");
	tear_down(&t);
}

static const struct test_case cases[] = {
	{ "broken lists of a node", test_lists },
	{ "a circle", test_circle },
	{ "broken lists of a CPU", test_cpus },
	{ "broken slabs", test_slabs },
	{ "broken free lists and live bits", test_objects },
	{ "a slab on two lists", test_slab_twice },
	{ "broken large kmallocs", test_large },
	{ NULL, NULL }
};

const struct test_suite slab_check_suite = { "slab_check", cases };
