/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: what a trace alone tells of wrong frees and leaks. Hand-made
 * events, one a line; each finding is expected with its event numbers.
 */
#include <string.h>

#include "sim/diagnose/diagnose.h"
#include "tests/tests.h"

#define BASE	0xffff888000000000ULL	/* where frame 0 is mapped */
#define MS	1000000ULL

enum { SITE_A = 1, SITE_B, DENTRY, FILP, KMALLOC_64 };

struct rig {
	struct trace *trace;
	struct diagnosis_report *report;
};

static void rig_up(struct rig *rig)
{
	static const char *const known[] = { "site_a+0x1", "site_b+0x2", "dentry", "filp", "kmalloc-64" };
	size_t i;

	rig->trace = trace_create(0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->trace);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		CU_ASSERT_EQUAL(names_intern(trace_names(rig->trace), known[i], strlen(known[i])), i + 1);
}

static void rig_down(struct rig *rig)
{
	diagnosis_free(rig->report);
	trace_destroy(rig->trace);
}

static uint64_t add(struct rig *rig, struct event ev)
{
	uint64_t number = trace_summary(rig->trace)->nr_events + 1;

	ev.node = EVENT_NO_NODE;
	ev.line = number * 10;
	if (!ev.time_ns)
		ev.time_ns = number * MS;
	CU_ASSERT_EQUAL_FATAL(trace_append(rig->trace, &ev, 1, NULL), 0);
	return number;
}

static uint64_t alloc(struct rig *rig, uint64_t addr, name_id cache, name_id site)
{
	return add(rig, (struct event){
		.kind = cache ? EV_CACHE_ALLOC : EV_KMALLOC, .addr = BASE + addr, .cache = cache,
		.call_site = site, .bytes_req = 64, .bytes_alloc = 64, .pid = 7, .cpu = 1,
	});
}

static uint64_t release(struct rig *rig, uint64_t addr, name_id cache)
{
	return add(rig, (struct event){
		.kind = cache ? EV_CACHE_FREE : EV_KFREE, .addr = BASE + addr, .cache = cache,
		.call_site = SITE_B,
	});
}

static uint64_t block(struct rig *rig, enum event_kind kind, uint64_t pfn, uint8_t order)
{
	return add(rig, (struct event){ .kind = kind, .addr = pfn, .order = order, .cpu = 1 });
}

static const struct diagnosis_report *look(struct rig *rig)
{
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(trace_resolve(rig->trace, &err), 0);
	CU_ASSERT_EQUAL_FATAL(diagnose(&rig->report, rig->trace, NULL, &err), 0);
	return rig->report;
}

/* Allocated, freed, freed again: the three events by number, line and task. Reuse is fine. */
static void test_double_free(void)
{
	const struct diagnosis_report *report;
	const struct finding *f;
	uint64_t first, second, third;
	struct rig rig = { 0 };

	rig_up(&rig);
	alloc(&rig, 0x1000, DENTRY, SITE_A);
	release(&rig, 0x1000, DENTRY);
	first = alloc(&rig, 0x1000, DENTRY, SITE_A);
	second = release(&rig, 0x1000, DENTRY);
	third = release(&rig, 0x1000, DENTRY);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->nr[DIAG_DOUBLE_FREE], 1);
	CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_DOUBLE_FREE], 0);
	CU_ASSERT_EQUAL_FATAL(report->nr_findings, 1);
	f = &report->findings[0];
	CU_ASSERT_EQUAL(f->what, DIAG_DOUBLE_FREE);
	CU_ASSERT_EQUAL(f->doubt, DOUBT_NONE);
	CU_ASSERT_EQUAL(f->addr, BASE + 0x1000);
	CU_ASSERT_EQUAL(f->bytes, 64);
	CU_ASSERT_EQUAL(f->alloc.event, first);
	CU_ASSERT_EQUAL(f->alloc.line, first * 10);
	CU_ASSERT_EQUAL(f->alloc.site, SITE_A);
	CU_ASSERT_EQUAL(f->alloc.pid, 7);
	CU_ASSERT_EQUAL(f->alloc.cpu, 1);
	CU_ASSERT_EQUAL(f->first_free.event, second);
	CU_ASSERT_EQUAL(f->wrong.event, third);
	rig_down(&rig);
}

/* A proof that the trace misses events of that cache, or of any, before or after, raises a doubt. */
static void test_gaps(void)
{
	const struct diagnosis_report *report;
	struct rig rig = { 0 };

	rig_up(&rig);
	alloc(&rig, 0x1000, DENTRY, SITE_A);
	release(&rig, 0x1000, DENTRY);
	release(&rig, 0x1000, DENTRY);
	alloc(&rig, 0x2000, FILP, SITE_A);
	release(&rig, 0x2000, FILP);
	release(&rig, 0x2000, FILP);
	alloc(&rig, 0x3000, DENTRY, SITE_A);
	alloc(&rig, 0x3000, DENTRY, SITE_A);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->lost_frees, 1);
	CU_ASSERT_EQUAL(report->nr[DIAG_DOUBLE_FREE], 2);
	CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_DOUBLE_FREE], 2);
	CU_ASSERT_EQUAL(report->findings[0].doubt, DOUBT_CACHE_GAPS);
	CU_ASSERT_EQUAL(report->findings[1].doubt, DOUBT_GAPS);
	rig_down(&rig);
}

/* The slab was given back between the frees: then there was an allocation that the trace lacks. */
static void test_slab_gone(void)
{
	const struct diagnosis_report *report;
	struct rig rig = { 0 };
	unsigned int i;

	rig_up(&rig);
	/* pairs of a page and its first object tell where frames are mapped */
	for (i = 0; i < 64; i++) {
		block(&rig, EV_PAGE_ALLOC, 16 + i, 0);
		alloc(&rig, (uint64_t)(16 + i) << 12, DENTRY, SITE_A);
	}
	release(&rig, 16ULL << 12, DENTRY);
	block(&rig, EV_PAGE_FREE, 16, 0);
	release(&rig, 16ULL << 12, DENTRY);
	release(&rig, 17ULL << 12, DENTRY);
	release(&rig, 17ULL << 12, DENTRY);
	report = look(&rig);
	CU_ASSERT_TRUE(trace_summary(rig.trace)->direct_map_known);
	CU_ASSERT_EQUAL(report->nr[DIAG_DOUBLE_FREE], 2);
	CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_DOUBLE_FREE], 1);
	CU_ASSERT_EQUAL(report->findings[0].doubt, DOUBT_SLAB_GONE);
	CU_ASSERT_EQUAL(report->findings[1].doubt, DOUBT_NONE);
	rig_down(&rig);
}

/* Another cache's name at the free; kfree() of a cache's object and kmalloc's own caches are fine. */
static void test_wrong_cache(void)
{
	const struct diagnosis_report *report;
	uint64_t first, second;
	struct rig rig = { 0 };

	rig_up(&rig);
	first = alloc(&rig, 0x1000, DENTRY, SITE_A);
	second = release(&rig, 0x1000, FILP);
	alloc(&rig, 0x2000, DENTRY, SITE_A);
	release(&rig, 0x2000, 0);
	alloc(&rig, 0x3000, 0, SITE_A);
	release(&rig, 0x3000, KMALLOC_64);
	alloc(&rig, 0x4000, 0, SITE_A);
	release(&rig, 0x4000, FILP);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->nr[DIAG_WRONG_CACHE], 2);
	CU_ASSERT_EQUAL(report->nr[DIAG_DOUBLE_FREE], 0);
	CU_ASSERT_EQUAL_FATAL(report->nr_findings, 2);
	CU_ASSERT_EQUAL(report->findings[0].alloc.event, first);
	CU_ASSERT_EQUAL(report->findings[0].wrong.event, second);
	CU_ASSERT_EQUAL(report->findings[0].cache, DENTRY);
	CU_ASSERT_EQUAL(report->findings[0].freed_cache, FILP);
	CU_ASSERT_EQUAL(report->findings[1].cache, 0);
	rig_down(&rig);
}

/* Inside a live object: reported with its allocation and how far in. Behind it, or in a freed one: born before. */
static void test_interior(void)
{
	const struct diagnosis_report *report;
	uint64_t first, second;
	struct rig rig = { 0 };

	rig_up(&rig);
	first = alloc(&rig, 0x1000, DENTRY, SITE_A);
	second = release(&rig, 0x1010, 0);
	release(&rig, 0x1040, 0);
	alloc(&rig, 0x2000, DENTRY, SITE_A);
	release(&rig, 0x2000, DENTRY);
	release(&rig, 0x2008, 0);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->nr[DIAG_INTERIOR], 1);
	CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_INTERIOR], 0);
	CU_ASSERT_EQUAL(report->early_frees, 2);
	CU_ASSERT_EQUAL_FATAL(report->nr_findings, 1);
	CU_ASSERT_EQUAL(report->findings[0].what, DIAG_INTERIOR);
	CU_ASSERT_EQUAL(report->findings[0].offset, 0x10);
	CU_ASSERT_EQUAL(report->findings[0].addr, BASE + 0x1010);
	CU_ASSERT_EQUAL(report->findings[0].alloc.event, first);
	CU_ASSERT_EQUAL(report->findings[0].wrong.event, second);
	rig_down(&rig);
}

/* Blocks: twice, and with a larger order; in parts is fine. */
static void test_pages(void)
{
	const struct diagnosis_report *report;
	struct rig rig = { 0 };

	rig_up(&rig);
	block(&rig, EV_PAGE_ALLOC, 100, 1);
	block(&rig, EV_PAGE_FREE, 100, 0);
	block(&rig, EV_PAGE_FREE, 101, 0);
	block(&rig, EV_PAGE_ALLOC, 200, 0);
	block(&rig, EV_PAGE_FREE, 200, 1);
	block(&rig, EV_PAGE_ALLOC, 300, 0);
	block(&rig, EV_PAGE_FREE, 300, 0);
	block(&rig, EV_PAGE_FREE, 300, 0);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->nr[DIAG_PAGE_WRONG_ORDER], 1);
	CU_ASSERT_EQUAL(report->nr[DIAG_PAGE_DOUBLE_FREE], 1);
	CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_PAGE_DOUBLE_FREE], 1);
	CU_ASSERT_EQUAL(report->findings[0].order, 0);
	CU_ASSERT_EQUAL(report->findings[0].freed_order, 1);
	CU_ASSERT_EQUAL(report->findings[1].first_free.event, 7);
	CU_ASSERT_EQUAL(report->findings[1].wrong.event, 8);
	rig_down(&rig);
}

/*
 * Site A frees after 1 ms, but its object of event 1 lives on: overdue. Site B
 * never frees: only what is older than half the trace is.
 */
static void test_leaks(void)
{
	const struct diagnosis_report *report;
	struct rig rig = { 0 };
	unsigned int i;

	rig_up(&rig);
	alloc(&rig, 0x1000, DENTRY, SITE_A);
	alloc(&rig, 0x2000, 0, SITE_B);
	for (i = 0; i < 10; i++) {
		alloc(&rig, 0x3000, DENTRY, SITE_A);
		release(&rig, 0x3000, DENTRY);
	}
	alloc(&rig, 0x4000, 0, SITE_B);
	alloc(&rig, 0x5000, 0, SITE_B);
	release(&rig, 0x9000, 0);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->objects, 4);
	CU_ASSERT_EQUAL(report->bytes, 4 * 64);
	CU_ASSERT_EQUAL(report->early_frees, 1);
	CU_ASSERT_EQUAL(report->untraced_allocs, 0);
	CU_ASSERT_EQUAL_FATAL(report->nr_leaks, 2);
	/* as many overdue: more bytes first */
	CU_ASSERT_EQUAL(report->leaks[0].site, SITE_B);
	CU_ASSERT_EQUAL(report->leaks[0].objects, 3);
	CU_ASSERT_EQUAL(report->leaks[0].overdue, 1);
	CU_ASSERT_EQUAL(report->leaks[0].frees, 0);
	CU_ASSERT_EQUAL(report->leaks[0].oldest.event, 2);
	CU_ASSERT_EQUAL(report->leaks[0].newest.event, 24);
	CU_ASSERT_EQUAL(report->leaks[1].site, SITE_A);
	CU_ASSERT_EQUAL(report->leaks[1].cache, DENTRY);
	CU_ASSERT_EQUAL(report->leaks[1].overdue, 1);
	CU_ASSERT_EQUAL(report->leaks[1].allocs, 11);
	CU_ASSERT_EQUAL(report->leaks[1].frees, 10);
	CU_ASSERT_EQUAL(report->leaks[1].longest_ns, MS);
	CU_ASSERT_EQUAL(report->leaks[1].oldest_ns, 24 * MS);
	rig_down(&rig);
}

/* More findings than are kept are still counted; the tables grow. */
static void test_many(void)
{
	const struct diagnosis_report *report;
	struct rig rig = { 0 };
	uint64_t i;

	rig_up(&rig);
	for (i = 1; i <= 70000; i++)
		alloc(&rig, i << 6, DENTRY, SITE_A);
	for (i = 1; i <= DIAGNOSE_MAX_FINDINGS + 5; i++) {
		release(&rig, i << 6, DENTRY);
		release(&rig, i << 6, DENTRY);
	}
	report = look(&rig);
	CU_ASSERT_EQUAL(report->nr[DIAG_DOUBLE_FREE], DIAGNOSE_MAX_FINDINGS + 5);
	CU_ASSERT_EQUAL(report->nr_findings, DIAGNOSE_MAX_FINDINGS);
	CU_ASSERT_EQUAL(report->objects, 70000 - DIAGNOSE_MAX_FINDINGS - 5);
	rig_down(&rig);
}

static uint64_t heap(struct rig *rig, enum event_kind kind, uint64_t addr, uint64_t old, uint32_t bytes, uint8_t flags)
{
	return add(rig, (struct event){ .kind = (uint8_t)kind, .addr = addr, .addr2 = old, .heap_bytes = bytes,
					.call_site = kind == EV_HEAP_FREE ? SITE_B : SITE_A, .flags = flags });
}

/* A program's blocks: freed twice, by a realloc of what is free, too; a failed realloc frees nothing. */
static void test_heap_double_free(void)
{
	const struct diagnosis_report *report;
	uint64_t first, again;
	struct rig rig;

	rig_up(&rig);
	heap(&rig, EV_HEAP_ALLOC, 0x1000, 0, 100, 0);
	heap(&rig, EV_HEAP_REALLOC, 0, 0x1000, 9000, 0);
	heap(&rig, EV_HEAP_REALLOC, 0x2000, 0x1000, 200, 0);
	first = heap(&rig, EV_HEAP_FREE, 0x2000, 0, 0, 0);
	again = heap(&rig, EV_HEAP_FREE, 0x2000, 0, 0, 0);
	heap(&rig, EV_HEAP_REALLOC, 0x3000, 0x1000, 50, 0);
	heap(&rig, EV_HEAP_REALLOC, 0, 0x3000, 0, 0);
	heap(&rig, EV_HEAP_FREE, 0x9000, 0, 0, 0);
	/* A kernel's object of the same address has nothing to do with it. */
	alloc(&rig, 0x2000, 0, SITE_A);
	release(&rig, 0x2000, 0);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->nr[DIAG_DOUBLE_FREE], 2);
	CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_DOUBLE_FREE], 0);
	CU_ASSERT_EQUAL_FATAL(report->nr_findings, 2);
	CU_ASSERT_EQUAL(report->findings[0].addr, 0x2000);
	CU_ASSERT_EQUAL(report->findings[0].bytes, 200);
	CU_ASSERT_EQUAL(report->findings[0].first_free.event, first);
	CU_ASSERT_EQUAL(report->findings[0].wrong.event, again);
	CU_ASSERT_EQUAL(report->findings[0].heap, true);
	CU_ASSERT_EQUAL(report->findings[0].number, false);
	CU_ASSERT_EQUAL(report->findings[1].addr, 0x1000);
	CU_ASSERT_EQUAL(report->findings[1].wrong.event, again + 1);
	CU_ASSERT_EQUAL(report->early_frees, 1);
	CU_ASSERT_EQUAL(report->objects, 0);
	rig_down(&rig);
}

/* An address inside a block is one; a number next to a block's number is another block. */
static void test_heap_interior(void)
{
	const struct diagnosis_report *report;
	struct rig rig;

	rig_up(&rig);
	heap(&rig, EV_HEAP_ALLOC, 0x1000, 0, 100, 0);
	heap(&rig, EV_HEAP_FREE, 0x1010, 0, 0, 0);
	heap(&rig, EV_HEAP_ALLOC, 8, 0, 100, EVF_HEAP_NUMBER);
	heap(&rig, EV_HEAP_FREE, 16, 0, 0, EVF_HEAP_NUMBER);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->nr[DIAG_INTERIOR], 1);
	CU_ASSERT_EQUAL_FATAL(report->nr_findings, 1);
	CU_ASSERT_EQUAL(report->findings[0].offset, 0x10);
	CU_ASSERT_EQUAL(report->early_frees, 1);
	rig_down(&rig);
}

/* What a call site of a program never freed; a block that came again without a free makes findings doubtful. */
static void test_heap_leaks(void)
{
	const struct diagnosis_report *report;
	struct rig rig;

	rig_up(&rig);
	heap(&rig, EV_HEAP_ALLOC, 1, 0, 100, EVF_HEAP_NUMBER);
	heap(&rig, EV_HEAP_ALLOC, 2, 0, 30, EVF_HEAP_NUMBER);
	heap(&rig, EV_HEAP_REALLOC, 2, 2, 40, EVF_HEAP_NUMBER);
	heap(&rig, EV_HEAP_ALLOC, 3, 0, 5, EVF_HEAP_NUMBER);
	heap(&rig, EV_HEAP_ALLOC, 3, 0, 7, EVF_HEAP_NUMBER);
	heap(&rig, EV_HEAP_FREE, 3, 0, 0, EVF_HEAP_NUMBER);
	heap(&rig, EV_HEAP_FREE, 3, 0, 0, EVF_HEAP_NUMBER);
	report = look(&rig);
	CU_ASSERT_EQUAL(report->objects, 2);
	CU_ASSERT_EQUAL(report->bytes, 140);
	CU_ASSERT_EQUAL_FATAL(report->nr_leaks, 1);
	CU_ASSERT_EQUAL(report->leaks[0].site, SITE_A);
	CU_ASSERT_EQUAL(report->leaks[0].heap, true);
	CU_ASSERT_EQUAL(report->leaks[0].allocs, 5);
	CU_ASSERT_EQUAL(report->lost_frees, 1);
	CU_ASSERT_EQUAL(report->nr[DIAG_DOUBLE_FREE], 1);
	CU_ASSERT_EQUAL(report->nr_doubtful[DIAG_DOUBLE_FREE], 1);
	CU_ASSERT_EQUAL(report->findings[0].number, true);
	rig_down(&rig);
}

static const struct test_case cases[] = {
	{ "double free", test_double_free },
	{ "gaps", test_gaps },
	{ "slab gone", test_slab_gone },
	{ "wrong cache", test_wrong_cache },
	{ "interior pointers", test_interior },
	{ "pages", test_pages },
	{ "leaks", test_leaks },
	{ "many", test_many },
	{ "heap: double free", test_heap_double_free },
	{ "heap: interior pointer", test_heap_interior },
	{ "heap: leaks", test_heap_leaks },
	{ NULL, NULL }
};

const struct test_suite diagnose_suite = { "diagnose", cases };
