/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: a real kernel's object caches, loaded and predicted address for
 * address, where the shared folder has its captures; and snapshots of caches,
 * good ones and bad ones.
 */
#include <stdio.h>
#include <string.h>

#include "sim/verify/objects/objects.h"
#include "tests/tests.h"

static bool run_capture(struct objects_run *run, const char *name)
{
	static char path[128];
	struct kerror err = { 0 };

	memset(run, 0, sizeof(*run));
	snprintf(path, sizeof(path), "oracle/kernel/%s", name);
	run->capture = test_shared(path);
	if (!run->capture)
		return false;
	CU_ASSERT_EQUAL_FATAL(objects_run(run, 0, &err), 0);
	CU_ASSERT_EQUAL(run->violations_before, 0);
	CU_ASSERT_EQUAL(run->violations_after, 0);
	return true;
}

static bool all(const struct verify_rate *rate)
{
	return rate->all && rate->hits == rate->all;
}

/* On a calm machine every address is predicted, and every slab and list ends as the kernel's. */
static void test_idle(void)
{
	static const char *const names[] = { "6.1-smp1_idle_small", "6.12-smp1_idle_small" };
	struct objects_run run;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (run_capture(&run, names[i])) {
			CU_ASSERT(all(&run.predicted.allocs));
			CU_ASSERT(all(&run.predicted.slabs));
			CU_ASSERT(all(&run.compared.slabs));
			CU_ASSERT(all(&run.compared.cpu_slabs));
			CU_ASSERT(all(&run.compared.cpu_lists));
			CU_ASSERT(all(&run.compared.node_lists));
			CU_ASSERT_EQUAL(run.compared.our_slabs, run.compared.slabs.all);
			CU_ASSERT_EQUAL(run.predicted.count[OBJ_refused_frees], 0);
			CU_ASSERT(all(&run.slabinfo_a.layouts));
			CU_ASSERT(all(&run.slabinfo_a.counts));
			CU_ASSERT(all(&run.slabinfo_b.layouts));
			CU_ASSERT(all(&run.slabinfo_b.counts));
		}
		objects_exit(&run);
	}
}

/* With churn, two CPUs and memory pressure hardly any is missed, and none of it lasts. */
static void test_busy(void)
{
	static const char *const names[] = {
		"6.1-smp1_files", "6.1-smp2_mixed", "6.1-smp1_pressure", "6.12-smp1_files",
	};
	struct objects_run run;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (run_capture(&run, names[i])) {
			CU_ASSERT(run.predicted.allocs.all > 10000);
			CU_ASSERT(run.predicted.allocs.hits * 10000 >= run.predicted.allocs.all * 9999);
			CU_ASSERT(all(&run.predicted.slabs));
			CU_ASSERT(all(&run.compared.slabs));
			CU_ASSERT(all(&run.compared.cpu_slabs));
			CU_ASSERT(all(&run.compared.cpu_lists));
			CU_ASSERT(all(&run.compared.node_lists));
		}
		objects_exit(&run);
	}
}

/* ---- loading --------------------------------------------------------------- */

#define HEAD \
	"mmsnap 1\n" \
	"page_offset ffff888000000000 vmemmap ffffea0000000000 struct_page 64\n" \
	"cpus 0\n" \
	"cache 0 little at ffff888001234500 size 1024 object_size 1000 offset 512 align 8 inuse 1000 oo 0/4 " \
	"min 0/4 min_partial 5 cpu_partial 4 cpu_partial_slabs 2 flags 0 allocflags 0 refcount 1\n"

/* What is no snapshot of caches is refused with its line. */
static void test_bad_snapshot(void)
{
	static const struct {
		const char *text;
		const char *message;
	} bad[] = {
		{ HEAD, "not whole" },
		{ HEAD "rseq : 0 1 2\nend\n", ":5: not as many numbers" },
		{ HEAD "rseq : 3 0 3 1\nend\n", ":5: each object's number is expected once" },
		{ HEAD "rseq : 4 0 3 1\nend\n", ":5: each object's number is expected once" },
		{ HEAD "cpuslab 1 10 free :\nend\n", ":5: expected" },
		{ HEAD "cpuslab 0 10 free : x\nend\n", ":5: an object's number" },
		{ HEAD "cpupartial 0 : 10 11\nend\n", ":5: the list does not end" },
		{ HEAD "slab 10 11 0 inuse 0\nend\n", ":5: expected" },
		{ HEAD "end truncated\n", ":5: the module's buffer" },
	};
	struct objects_snapshot *snap;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kerror err = { 0 };

		CU_ASSERT(objects_snapshot_parse(&snap, "s", bad[i].text, strlen(bad[i].text), &err) < 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].message));
	}
}

/* A good one is read whole. */
static void test_snapshot(void)
{
	static const char text[] = HEAD "rseq : 2 0 3 1\n"
		"cpuslab 0 10 free : 3 1\ncpupartial 0 : 11 12 slabs 2\n"
		"nodepartial 0 nr 1 slabs 4 objects 16 : 13\n"
		"slab 10 0 ffff888001234500 inuse 4 objects 4 frozen 1 free :\nend\n";
	struct objects_snapshot *snap;
	const struct objects_cache *cache;
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(objects_snapshot_parse(&snap, "s", text, sizeof(text) - 1, &err), 0);
	cache = objects_snapshot_cache(snap, 0xffff888001234500);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	CU_ASSERT_PTR_NULL(objects_snapshot_cache(snap, 1));
	CU_ASSERT_EQUAL(cache->state.size, 1024);
	CU_ASSERT_EQUAL(cache->state.objects, 4);
	CU_ASSERT_EQUAL(cache->state.random_seq[2], 3);
	CU_ASSERT_EQUAL(cache->cpu[0].pfn, 0x10);
	CU_ASSERT_EQUAL(cache->cpu[0].free.nr, 2);
	CU_ASSERT_EQUAL(cache->cpu[0].slabs, 2);
	CU_ASSERT_EQUAL(cache->node[0].nr, 1);
	CU_ASSERT_EQUAL(snap->pfns[cache->node[0].first], 0x13);
	CU_ASSERT_EQUAL(snap->nr_slabs, 1);
	CU_ASSERT(snap->slabs[0].frozen);
	CU_ASSERT_EQUAL(snap->slabs[0].inuse, 4);
	objects_snapshot_free(snap);
}

static const struct test_case cases[] = {
	{ "snapshot", test_snapshot },
	{ "bad_snapshot", test_bad_snapshot },
	{ "idle", test_idle },
	{ "busy", test_busy },
	{ NULL, NULL }
};

const struct test_suite objects_suite = { "objects", cases };
