/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: reclaim of a real kernel, followed step by step: a recording under pressure, and a trace written by hand.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/verify/reclaim/run.h"
#include "tests/tests.h"

/* ---- a recording ------------------------------------------------------------------------- */

static void test_recording(void)
{
	const char *capture = test_shared("oracle/kernel/6.1-smp1_pressure");
	struct reclaim_run run = { .capture = capture };
	const struct verify_rate *figures = run.result.figures;
	struct kerror err = { 0 };

	if (!capture)
		return;
	CU_ASSERT_EQUAL(reclaim_run(&run, 0, &err), 0);
	if (*err.text)
		fprintf(stderr, "%s\n", err.text);
	CU_ASSERT_EQUAL(figures[RECLAIM_all_four].all, 4831);
	CU_ASSERT_TRUE(figures[RECLAIM_all_four].hits * 100 >= 95 * figures[RECLAIM_all_four].all);
	CU_ASSERT_TRUE(figures[RECLAIM_list].hits >= 4830);
	CU_ASSERT_TRUE(figures[RECLAIM_scanned].hits >= 4670);
	CU_ASSERT_TRUE(figures[RECLAIM_reclaimed].hits >= 4760);
	CU_ASSERT_TRUE(figures[RECLAIM_priority].hits >= 4820);
	/* 94 times a process, 26 times kswapd. */
	CU_ASSERT_EQUAL(figures[RECLAIM_ends].all, 120);
	CU_ASSERT_EQUAL(figures[RECLAIM_ends].hits, 120);
	CU_ASSERT_EQUAL(run.result.real[0], 132229);
	CU_ASSERT_EQUAL(run.result.real[1], 36530);
	CU_ASSERT_EQUAL(vm_validate(run.pages.vm, NULL, NULL), 0);
	reclaim_run_exit(&run);
}

/* ---- by hand ------------------------------------------------------------------------------- */

#define BEGIN_A " migration/0-16 [000] d..1. 1: snap_fn: mmsnap end A len 1\n"
#define BEGIN_B " migration/0-16 [000] d..1. 99: snap_fn: mmsnap begin B\n"
#define DIRECT " wl-7 [000] ..... 2: mm_vmscan_direct_reclaim_begin: order=0 gfp_flags=GFP_HIGHUSER_MOVABLE\n"
#define DIRECT_END " wl-7 [000] ..... 98: mm_vmscan_direct_reclaim_end: nr_reclaimed=2\n"
#define ISOLATE(n, lru) " wl-7 [000] d..1. 3: mm_vmscan_lru_isolate: isolate_mode=0 classzone=3 order=0 nr_requested=" n \
	" nr_scanned=" n " nr_skipped=0 nr_taken=" n " lru=" lru "\n"
#define WRITE(bio, pfn) " wl-7 [000] ..... 4: kmem_cache_alloc: call_site=mempool_alloc+0x85/0x1b0 ptr=" bio \
	" bytes_req=192 bytes_alloc=256 gfp_flags=GFP_NOWAIT\n" \
	" wl-7 [000] ..... 5: mm_vmscan_write_folio: page=ffffea0000000000 pfn=" pfn " flags=RECLAIM_WB_ANON\n"
#define WRITTEN(bio) " wl-7 [000] d.h1. 6: kmem_cache_free: call_site=blk_update_request+0x110/0x410 ptr=" bio " name=bio-192\n"
#define SHRINK(n, got, priority) " wl-7 [000] ..... 7: mm_vmscan_lru_shrink_inactive: nid=0 nr_scanned=" n " nr_reclaimed=" got \
	" nr_activate_anon=0 nr_activate_file=0 nr_ref_keep=0 nr_unmap_fail=0 priority=" priority " flags=X\n"

/*
 * 982 inactive private pages, no file. Swappiness 60 and no cost yet: 30 % of size >> priority, which is nothing before
 * priority 7: 2 of 7. These are written. Cost 2: 84 of 410 parts, 3 of 15. The first two are written then, and come next; cost 5: 87 of
 * 460 parts, 5 of 30, of which they are two.
 */
#define BY_HAND(second) BEGIN_A DIRECT \
	ISOLATE("2", "inactive_anon") WRITE("ffff888000000100", "0x100") WRITE("ffff888000000200", "0x101") SHRINK("2", "0", "7") \
	ISOLATE(second, "inactive_anon") WRITE("ffff888000000300", "0x102") SHRINK(second, "0", "6") \
	WRITTEN("ffff888000000100") WRITTEN("ffff888000000200") \
	ISOLATE("5", "inactive_anon") SHRINK("5", "2", "5") DIRECT_END BEGIN_B

static char folder[] = "/tmp/kmemsim-reclaim-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

/* A capture with @trace, and with @meminfo (NULL: what it should be), and the snapshot of one that is in the tree. */
static int run_by_hand(struct reclaim_run *run, const char *trace, const char *meminfo, struct kerror *err)
{
	char snap[PATH_MAX], path[128];

	strcpy(folder, "/tmp/kmemsim-reclaim-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_PTR_NOT_NULL_FATAL(realpath(test_data("data/captures/6.1-smp1_idle_small/snap_a.txt.zst"), snap));
	snprintf(path, sizeof(path), "%s/procfs_a", folder);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/snap_a.txt.zst", folder);
	CU_ASSERT_EQUAL_FATAL(symlink(snap, path), 0);
	put("trace.txt", trace);
	put("procfs_a/meminfo", meminfo ? meminfo : "MemTotal: 1 kB\nSwapTotal:   65536 kB\n");
	*run = (struct reclaim_run){ .capture = folder };
	return reclaim_run(run, 4, err);
}

static void clean(struct reclaim_run *run)
{
	static const char *const names[] = { "procfs_a/meminfo", "procfs_a", "snap_a.txt.zst", "trace.txt" };
	char path[128];
	unsigned int i;

	reclaim_run_exit(run);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		CU_ASSERT_EQUAL(remove(path), 0);
	}
	CU_ASSERT_EQUAL(remove(folder), 0);
}

/* Each step is the one worked out by hand; but two pages are too few for reclaim to be over. */
static void test_steps(void)
{
	struct reclaim_run run;
	struct kerror err = { 0 };
	unsigned int i;

	CU_ASSERT_EQUAL(run_by_hand(&run, BY_HAND("3"), NULL, &err), 0);
	for (i = RECLAIM_list; i <= RECLAIM_priority; i++) {
		CU_ASSERT_EQUAL(run.result.figures[i].all, 3);
		CU_ASSERT_EQUAL(run.result.figures[i].hits, 3);
	}
	CU_ASSERT_EQUAL(run.result.figures[RECLAIM_ends].all, 1);
	CU_ASSERT_EQUAL(run.result.figures[RECLAIM_ends].hits, 0);
	CU_ASSERT_EQUAL(run.result.nr_miss, 1);
	CU_ASSERT_TRUE(run.result.miss[0].kernel.over);
	CU_ASSERT_FALSE(run.result.miss[0].model.over);
	CU_ASSERT_EQUAL(run.result.miss[0].model.priority, 4);
	clean(&run);
}

/* A kernel that took four where three were due: one miss, and the model goes on from there. */
static void test_miss(void)
{
	struct reclaim_run run;
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(run_by_hand(&run, BY_HAND("4"), NULL, &err), 0);
	CU_ASSERT_EQUAL(run.result.figures[RECLAIM_list].hits, 3);
	CU_ASSERT_EQUAL(run.result.figures[RECLAIM_scanned].hits, 2);
	CU_ASSERT_EQUAL(run.result.figures[RECLAIM_reclaimed].hits, 3);
	CU_ASSERT_EQUAL(run.result.figures[RECLAIM_all_four].hits, 2);
	CU_ASSERT_EQUAL(run.result.miss[0].line, 9);
	CU_ASSERT_EQUAL(run.result.miss[0].model.scanned, 3);
	CU_ASSERT_EQUAL(run.result.miss[0].kernel.scanned, 4);
	clean(&run);
}

/* What is wrong with a capture is said. */
static void test_refused(void)
{
	static const struct { const char *trace, *meminfo, *text; int ret; } table[] = {
		{ DIRECT, NULL, "the marks of two snapshots are not in it", -ENODATA },
		{ BEGIN_A DIRECT ISOLATE("2", "inactive_moon") BEGIN_B, NULL, "trace.txt:3: a field of this event", -EBADMSG },
		{ BEGIN_A DIRECT ISOLATE("two", "inactive_anon") BEGIN_B, NULL, "trace.txt:3: a field of this event", -EBADMSG },
		{ BEGIN_A SHRINK("2", "2", "13") BEGIN_B, NULL, "trace.txt:2: a field of this event", -EBADMSG },
		{ BEGIN_A BEGIN_B, "MemTotal: 1 kB\n", "it has no SwapTotal", -EBADMSG },
	};
	struct reclaim_run run;
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct kerror err = { 0 };

		CU_ASSERT_EQUAL(run_by_hand(&run, table[i].trace, table[i].meminfo, &err), table[i].ret);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, table[i].text));
		clean(&run);
	}
}

static const struct test_case cases[] = {
	{ "steps that were worked out by hand", test_steps },
	{ "a miss is counted once", test_miss },
	{ "what is no capture of reclaim is refused", test_refused },
	{ "a kernel under pressure is followed", test_recording },
	{ NULL, NULL }
};

const struct test_suite verify_reclaim_suite = { "verify_reclaim", cases };
