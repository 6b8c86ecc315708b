/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: captures of vm-player in guests (docs/capture.md): what real kernels answered is what the simulated
 * processes do; and where it is not, that is found and named.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buddy/zone.h"
#include "sim/verify/vm/generations.h"
#include "sim/verify/vm/run.h"
#include "sim/verify/vm/zoneinfo.h"
#include "sim/verify/vm/speed.h"
#include "sim/vm/lru/lru.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

static const char *const captures[] = {
	"6.1-memory", "6.12-memory", "6.12-fork", "6.1-swap-disk", "6.12-swap-disk", "6.1-swap-ssd", "6.12-swap-ssd",
	"6.1-swap-zram", "6.12-swap-zram", "6.1-swap-huge", "6.12-swap-huge", "6.1-oom", "6.12-oom", "6.1-overcommit-2",
	"6.12-overcommit-2", "6.1-huge", "6.12-huge", "6.1-overcommit-0", "6.12-overcommit-0", "6.1-overcommit-1",
	"6.12-overcommit-1", "6.1-files", "6.12-files", "6.12-ageing", "6.12-generations", "6.1-frames", "6.12-frames",
	"6.12-swap-random-1", "6.1-swap-random-2", "6.1-swap-random-huge", "6.12-swap-random-huge", "6.12-mthp",
	"6.1-calls", "6.12-calls", "6.1-quick",
	"6.1-huge-frames", "6.12-huge-frames", "6.12-huge-short",
};

/* Every operation, fault, mapping and figure of each is equal; sizes of generations, too. */
static void test_captures(void)
{
	uint64_t sizes = 0;
	unsigned int i;

	for (i = 0; i < sizeof(captures) / sizeof(captures[0]); i++) {
		struct vm_run run = { 0 };
		struct kerror err = { 0 };
		char path[64];

		snprintf(path, sizeof(path), "data/vm/%s", captures[i]);
		run.capture = test_data(path);
		CU_ASSERT_EQUAL(vm_run(&run, &err), 0);
		if (*err.text)
			fprintf(stderr, "%s\n", err.text);
		CU_ASSERT_EQUAL(run.compared.differences, 0);
		sizes += run.compared.figures[VM_FIGURE_generation].all;
		CU_ASSERT_TRUE(run.compared.figures[VM_FIGURE_rss].all > 0);
		CU_ASSERT_TRUE(run.compared.figures[VM_FIGURE_minflt].all > 0);
		CU_ASSERT_EQUAL(run.violations, 0);
		vm_run_exit(&run);
	}
	CU_ASSERT_EQUAL(sizes, 192 + 325 + 154 + 297 + 121 + 110);
}

/* Counters that rose are kept for the report; a machine that is not sound is not equal. */
static void test_counters(void)
{
	struct vm_run run = { .capture = test_data("data/vm/6.12-swap-zram") };
	const struct vm_risen *risen = run.compared.risen;
	struct kerror err = { 0 };
	uint32_t i = 0;

	CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
	while (i < run.compared.nr_risen && strcmp(risen[i].name, "pswpin"))
		i++;
	CU_ASSERT_FATAL(i < run.compared.nr_risen);
	CU_ASSERT_TRUE(risen[i].real > 0);
	CU_ASSERT_EQUAL(risen[i].here, risen[i].real);
	CU_ASSERT_TRUE(vm_run_equal(&run));
	run.violations = 1;
	CU_ASSERT_FALSE(vm_run_equal(&run));
	vm_run_exit(&run);
}

static uint64_t frames_of(const struct mm *mm)
{
	uint64_t nr = 0;
	unsigned int i;

	for (i = 0; i < NR_RSS; i++)
		nr += (uint64_t)mm->rss[i];
	for (i = 0; i < NR_PT_LEVELS; i++)
		nr += mm->tables[i];
	return nr;
}

/* With a snapshot what is free, and below which watermark somebody reclaims, is the guest's; vm-player's frames come out of it. */
static void test_snapshot_loaded(void)
{
	struct vm_run run = { .capture = test_data("data/vm/6.1-memory") };
	const struct buddy_state_zone *zone;
	uint64_t free_before = 0;
	struct machine_pages now;
	struct snapshot *snap;
	struct kerror err = { 0 };
	struct stage stage;

	CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
	CU_ASSERT_EQUAL_FATAL(snapshot_read(&snap, test_data("data/captures/6.1-smp1_idle_small/snap_a.txt"), NULL, &err), 0);
	run.cfg.snapshot = snap;
	CU_ASSERT_EQUAL_FATAL(stage_init(&stage, &run.program, &run.cfg, &run.looks, &run.looks.look[0], &err), 0);
	for_each_state_zone(&snap->state, zone) {
		const struct zone *here = buddy_zone(stage.machine->buddy, zone->nid, zone->idx);

		CU_ASSERT_PTR_NOT_NULL_FATAL(here);
		CU_ASSERT_EQUAL(memcmp(here->watermark, zone->watermark, sizeof(here->watermark)), 0);
		CU_ASSERT_EQUAL(memcmp(here->lowmem_reserve, zone->lowmem_reserve, sizeof(here->lowmem_reserve)), 0);
		CU_ASSERT_EQUAL(here->managed_pages, zone->managed_pages);
		free_before += (uint64_t)(zone->free_pages + zone->pcp[0].stat_diff + zone->pcp[0].count);
	}
	machine_count_pages(stage.machine, &now);
	CU_ASSERT_EQUAL(now.free_lists + now.pcp + frames_of(stage.processes[0]->mm), free_before);
	CU_ASSERT_EQUAL(vm_validate(stage.vm, NULL, NULL), 0);
	CU_ASSERT_EQUAL(buddy_validate(stage.machine->buddy, NULL, NULL), 0);
	stage_exit(&stage);
	snapshot_free(snap);
	vm_run_exit(&run);
}

/* The first look's figure of vmstat. */
static uint64_t first_figure(const struct vm_run *run, const char *key)
{
	const struct look_section *vmstat = look_section(&run->looks, &run->looks.look[0], 0, "vmstat");
	uint64_t value = UINT64_MAX;

	CU_ASSERT_PTR_NOT_NULL_FATAL(vmstat);
	CU_ASSERT_TRUE(look_number(vmstat, key, &value));
	return value;
}

/* A zoneinfo of one zone; a number in it is @bad in place of @good. */
static int read_zoneinfo(const char *good, const char *bad)
{
	static const char text[] = "Node 0, zone    DMA32\n  pages free     100\n        min      10\n        low      20\n"
		"        high     30\n        spanned  4096\n        present  4000\n        managed  3000\n"
		"        protection: (0, 0, 7, 0, 0)\n      nr_zone_inactive_anon 50\n    cpu: 0\n              count:    5\n"
		"              high:     60\n              batch:    7\n  start_pfn:           4096\n";
	const char *at = strstr(text, good);
	char changed[sizeof(text) + 32];
	struct look_section section = { .name = "zoneinfo", .name_len = 8, .text = changed };
	struct look look = { .nr = 1 };
	struct looks looks = { .look = &look, .nr = 1, .sections = &section, .nr_sections = 1 };
	struct snapshot *snapshot = NULL;
	struct kerror err = { 0 };
	int ret;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	section.len = (size_t)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, bad, at + strlen(good));
	ret = zoneinfo_snapshot(&snapshot, &looks, &look, BUDDY_KERNEL_6_12, 1ULL << 32, &err);
	if (!ret && snapshot)
		snapshot_free(snapshot);
	return ret ? ret : snapshot != NULL;
}

/* Each number has its bounds, also where a sum of two of them would come round to a small one. */
static void test_bad_zoneinfo(void)
{
	static const struct { const char *good, *bad; } rows[] = {
		{ "free     100", "free     18446744073709551600" }, { "free     100", "free     2946" },
		{ "min      10", "min      21" }, { "low      20", "low      31" }, { "high     30", "high     4294967296" },
		{ "spanned  4096", "spanned  18446744073709547520" }, { "spanned  4096", "spanned  3999" },
		{ "present  4000", "present  2999" }, { "(0, 0, 7", "(0, 0, 4294967296" },
		{ "anon 50", "anon 18446744073709551600" }, { "count:    5", "count:    2851" }, { "count:    5", "count:    -1" },
		{ "batch:    7", "batch:    0" }, { "start_pfn:           4096", "start_pfn:           18446744073709551615" },
		{ "start_pfn:           4096", "start_pfn:           16777215" },
	};
	size_t i;

	CU_ASSERT_EQUAL(read_zoneinfo("free     100", "free     100"), 1);
	CU_ASSERT_EQUAL(read_zoneinfo("free     100", "free     2945"), 1);
	/* More than is wanted, or than can be: not taken. */
	CU_ASSERT_EQUAL(read_zoneinfo("managed  3000", "managed  4503599627370497"), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(read_zoneinfo(rows[i].good, rows[i].bad), -EINVAL);
		if (read_zoneinfo(rows[i].good, rows[i].bad) != -EINVAL)
			fprintf(stderr, "%s was taken\n", rows[i].bad);
	}
}

/* Without one zoneinfo says how much is free, with vm-player there; others' pages are on the lists, too. */
static void test_zoneinfo_loaded(void)
{
	struct vm_run run = { .capture = test_data("data/vm/6.1-pressure") };
	struct machine_pages now, then;
	struct player_result result;
	struct kerror err = { 0 };
	const struct zone *dma, *dma32;
	struct stage stage;

	CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
	CU_ASSERT_EQUAL(run.violations, 0);
	CU_ASSERT_EQUAL_FATAL(stage_init(&stage, &run.program, &run.cfg, &run.looks, &run.looks.look[0], &err), 0);
	dma = buddy_zone(stage.machine->buddy, 0, ZONE_DMA);
	dma32 = buddy_zone(stage.machine->buddy, 0, ZONE_DMA32);
	CU_ASSERT_EQUAL(dma->managed_pages, 3840);
	CU_ASSERT_EQUAL(dma->lowmem_reserve[ZONE_DMA32], 115);
	CU_ASSERT_EQUAL(dma32->managed_pages, 32464);
	CU_ASSERT_EQUAL(dma32->watermark[WMARK_MIN], 327);
	CU_ASSERT_EQUAL(dma32->watermark[WMARK_LOW], 408);
	CU_ASSERT_EQUAL(dma32->watermark[WMARK_HIGH], 489);
	CU_ASSERT_EQUAL(dma32->pcp[0].batch, 7);
	CU_ASSERT_EQUAL(dma32->pcp[0].high, 408);
	machine_count_pages(stage.machine, &now);
	/* On the CPU's list of DMA32 were 279 frames; that of DMA was empty. */
	CU_ASSERT_EQUAL(now.free_lists + now.pcp, first_figure(&run, "nr_free_pages ") + 279);
	CU_ASSERT_EQUAL(lru_total(stage.vm, LRU_INACTIVE_ANON), first_figure(&run, "nr_inactive_anon "));
	CU_ASSERT_EQUAL(lru_total(stage.vm, LRU_ACTIVE_ANON), first_figure(&run, "nr_active_anon "));
	/* Up to the next look slabs take 7 frames, a stack 4, and the text of this one 6. */
	CU_ASSERT_EQUAL_FATAL(run.program.ops[0].kind, PLAYER_LOOK);
	stage_do(&stage, &run.program.ops[0], &result);
	machine_count_pages(stage.machine, &then);
	CU_ASSERT_EQUAL(stage.kernel_took, 17);
	CU_ASSERT_EQUAL(then.used - now.used, 17);
	CU_ASSERT_EQUAL(vm_validate(stage.vm, NULL, NULL), 0);
	CU_ASSERT_EQUAL(buddy_validate(stage.machine->buddy, NULL, NULL), 0);
	stage_exit(&stage);
	vm_run_exit(&run);
}

/*
 * 13.83 s of the kernel's time for 45,012 minor and 101,480 major faults, 15,759 pages that the process gave up and 77,786 that it
 * looked at for nothing: 1,258,508,500 instructions. 4.02 s of its own time for 167,918,400 accesses. Another one took no time.
 */
static void test_speed(void)
{
	struct vm_run run = { .capture = test_data("data/vm/6.1-pressure") };
	struct turns_speed speed;
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
	CU_ASSERT_TRUE(speed_of_looks(&speed, VM_KERNEL_6_1, &run.program, &run.looks));
	CU_ASSERT_EQUAL(speed.kernel_ps, 10989);
	CU_ASSERT_EQUAL(speed.access_ps, 23940);
	vm_run_exit(&run);
	memset(&run, 0, sizeof(run));
	run.capture = test_data("data/vm/6.1-memory");
	CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
	CU_ASSERT_FALSE(speed_of_looks(&speed, VM_KERNEL_6_1, &run.program, &run.looks));
	vm_run_exit(&run);
}

/* More memory than there is: what docs/vm.md promises of it, in percent of the real counter. */
static void test_pressure(void)
{
	static const struct { const char *capture, *counter; uint64_t percent; } bars[] = {
		{ "data/vm/6.1-pressure", "pgscan_anon", 1 },
		{ "data/vm/6.1-pressure", "pgsteal_anon", 1 },
		{ "data/vm/6.1-pressure", "workingset_refault_anon", 2 },
		/* Who reclaims is roughly known only. */
		{ "data/vm/6.1-pressure", "pgscan_direct", 20 },
	};
	struct kerror err = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		struct vm_run run = { .capture = test_data(bars[i].capture) };
		const struct vm_risen *risen = run.compared.risen;
		uint64_t off;

		CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
		CU_ASSERT_EQUAL(run.violations, 0);
		while (risen < run.compared.risen + run.compared.nr_risen && strcmp(risen->name, bars[i].counter))
			risen++;
		CU_ASSERT_FATAL(risen < run.compared.risen + run.compared.nr_risen);
		off = risen->here > risen->real ? risen->here - risen->real : risen->real - risen->here;
		CU_ASSERT_TRUE(off * 100 <= risen->real * bars[i].percent);
		vm_run_exit(&run);
	}
}

/* ---- frames ------------------------------------------------------------------------------- */

static void expect_all(const struct vm_compared *compared, enum vm_figure figure, uint64_t at_least)
{
	CU_ASSERT_TRUE(compared->figures[figure].all >= at_least);
	CU_ASSERT_EQUAL(compared->figures[figure].hits, compared->figures[figure].all);
}

/* The fewest of each figure, and of requests of others. */
static const struct { const char *capture; uint64_t requests, frees, pages, others; } traced[] = {
	{ "data/vm/6.1-frames", 240, 140, 1000, 150 },
	{ "data/vm/6.12-frames", 240, 140, 1000, 150 },
	{ "data/vm/6.1-quick", 240, 140, 1000, 150 },
	/* Blocks of 2 MiB, of 64 KiB in 6.12, the tables that lie with them; khugepaged's are an operation's, too. */
	{ "data/vm/6.1-huge-frames", 270, 869, 18000, 300 },
	{ "data/vm/6.12-huge-frames", 225, 824, 20000, 300 },
	/* 37 requests for a block find none. */
	{ "data/vm/6.12-huge-short", 1307, 1407, 156000, 300 },
};

/*
 * From snapshot A on: each request of an operation is foreseen, each gets the real kernel's frame, and so do all requests of others;
 * at each look each page is in the real frame.
 */
static void test_frames(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(traced) / sizeof(traced[0]); i++) {
		struct vm_run run = { .capture = test_data(traced[i].capture) };
		struct vm_frames_others others;
		struct kerror err = { 0 };

		CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
		expect_all(&run.compared, VM_FIGURE_requests, traced[i].requests);
		expect_all(&run.compared, VM_FIGURE_frames, traced[i].requests);
		expect_all(&run.compared, VM_FIGURE_frees, traced[i].frees);
		expect_all(&run.compared, VM_FIGURE_pages, traced[i].pages);
		others = vm_frames_others(run.frames);
		CU_ASSERT_TRUE(others.frames.all > traced[i].others);
		CU_ASSERT_EQUAL(others.frames.hits, others.frames.all);
		CU_ASSERT_EQUAL(others.unforeseen, 0);
		CU_ASSERT_EQUAL(run.violations, 0);
		vm_run_exit(&run);
	}
}

static void put_file(const char *dir, const char *name, const char *text, size_t len)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(fwrite(text, 1, len, out), len);
	fclose(out);
}

/* A copy of @capture in folder @dir, in whose trace the first @what behind the mark of operation 5 is @with, which is as long. */
static void copy_with(const char *dir, const char *capture, const char *what, const char *with)
{
	static const char *const files[] = { "program", "results", "looks.txt", "snap_a.txt", "trace.txt" };
	struct kerror err = { 0 };
	char path[64], *text, *at;
	unsigned int i;
	size_t len;

	CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0700), 0);
	for (i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", capture, files[i]);
		CU_ASSERT_EQUAL_FATAL(snapshot_read_text(&text, &len, test_data(path), NULL, &err), 0);
		at = i == 4 ? memmem(text, len, "op=1073741829", 13) : NULL;
		at = at ? memmem(at, len - (size_t)(at - text), what, strlen(what)) : NULL;
		CU_ASSERT_EQUAL_FATAL(at != NULL, i == 4);
		if (at)
			memcpy(at, with, strlen(with));
		put_file(dir, files[i], text, len);
		free(text);
	}
}

static const struct { const char *capture, *what, *with; enum vm_figure figure; const char *text; } requests[] = {
	{ "data/vm/6.12-frames", "ACCOUNT|__GFP_COMP|__GFP_ZERO", "ACCOUNT|__GFP_COMP|__GFP_COMP", VM_FIGURE_requests,
	  "operation 5: frames are asked for here (order 0, GFP_KERNEL_ACCOUNT|" },
	{ "data/vm/6.12-frames", "migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE",
	  "migratetype=0 gfp_flags=GFP_HIGHUSER_MOVABLE", VM_FIGURE_requests, "Unmovable (line 241 of the trace)" },
	{ "data/vm/6.12-frames", "mm_page_alloc: page=ffffea00000fb", "mm_page_zlloc: page=ffffea00000fb", VM_FIGURE_frames,
	  "operation 5: frame 0x3ef4 here, 0x3ef5 for real (line 242 of the trace)" },
	{ "data/vm/6.12-huge-frames", "mm_page_alloc: page=ffffea00000d0000 pfn=0x3400",
	  "mm_page_alloc: page=0000000000000000 pfn=0x0000", VM_FIGURE_frames,
	  "operation 5: frame 0x3400 here, no memory for real (line 351 of the trace)" },
};

/* One line of a trace is changed: that is found, and told in words. */
static void test_requests_differ(void)
{
	unsigned int i, k;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct vm_run run = { 0 };
		struct kerror err = { 0 };
		bool told = false;
		char name[32];

		snprintf(name, sizeof(name), "frames%u", i);
		run.capture = in_folder(name);
		copy_with(run.capture, requests[i].capture, requests[i].what, requests[i].with);
		CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
		CU_ASSERT_TRUE(run.compared.figures[requests[i].figure].hits < run.compared.figures[requests[i].figure].all);
		for (k = 0; k < run.compared.nr_phases; k++)
			told |= strstr(run.compared.phases[k].first, requests[i].text) != NULL;
		CU_ASSERT_TRUE(told);
		vm_run_exit(&run);
	}
}

/* ---- differences --------------------------------------------------------------------- */

struct spoiled {
	const char *what;
	uint32_t op;			/* whose answer is another */
	enum vm_figure figure;
	const char *text;		/* part of the sentence that tells */
};

/* Of the capture's operation 6: 1024 pages are written to. */
static const struct spoiled spoiled[] = {
	{ "a result", 6, VM_FIGURE_results, "touch(0, 0, 0x1, 0x1, 0x1) of a named mapping: 0 here, ENOMEM for real" },
	{ "minor faults", 6, VM_FIGURE_minflt, "1024 minor faults here, 1025 for real" },
	{ "major faults", 6, VM_FIGURE_majflt, "0 major faults here, 1 for real" },
};

static void spoil(struct player_result *result, enum vm_figure figure)
{
	if (figure == VM_FIGURE_results)
		result->ret = -12;
	result->minflt += figure == VM_FIGURE_minflt;
	result->majflt += figure == VM_FIGURE_majflt;
}

/* One answer of a capture is changed, or one figure of a look: that, and nothing else, is found. */
static void expect_found(const struct vm_run *run, const struct player_result *results, const struct looks *looks,
			 enum vm_figure figure, const char *text)
{
	const struct look *first = &looks->look[0];
	struct vm_compared compared;
	struct kerror err = { 0 };
	struct stage stage;
	bool told = false;
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(stage_init(&stage, &run->program, &run->cfg, looks, first, &err), 0);
	CU_ASSERT_EQUAL(vm_compare(&compared, &(struct vm_sides){ .stage = &stage, .real = results, .looks = looks }, &err), 0);
	CU_ASSERT_EQUAL(compared.differences, 1);
	CU_ASSERT_EQUAL(compared.figures[figure].hits + 1, compared.figures[figure].all);
	for (i = 0; i < compared.nr_phases; i++)
		told |= strstr(compared.phases[i].first, text) != NULL;
	CU_ASSERT_TRUE(told);
	vm_compared_free(&compared);
	stage_exit(&stage);
}

static void test_results_differ(void)
{
	struct vm_run run = { .capture = test_data("data/vm/6.1-memory") };
	struct player_result *results;
	struct kerror err = { 0 };
	unsigned int i;

	CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
	results = malloc(run.len[1]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(results);
	for (i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
		memcpy(results, run.text[1], run.len[1]);
		spoil(&results[spoiled[i].op], spoiled[i].figure);
		expect_found(&run, results, &run.looks, spoiled[i].figure, spoiled[i].text);
	}
	free(results);
	vm_run_exit(&run);
}

/* Differences of @run when operation @op has @more minor faults for real, on a machine whose TLB may be stale. */
static uint64_t stale_differences(const struct vm_run *run, struct player_result *results, uint32_t op, int64_t more)
{
	struct vm_compared compared;
	struct kerror err = { 0 };
	struct stage stage;
	uint64_t nr;

	memcpy(results, run->text[1], run->len[1]);
	results[op].minflt += (uint64_t)more;
	CU_ASSERT_EQUAL_FATAL(stage_init(&stage, &run->program, &run->cfg, &run->looks, &run->looks.look[0], &err), 0);
	CU_ASSERT_EQUAL(vm_compare(&compared, &(struct vm_sides){ .stage = &stage, .real = results, .looks = &run->looks,
								  .stale_tlb = true }, &err), 0);
	nr = compared.differences;
	vm_compared_free(&compared);
	stage_exit(&stage);
	return nr;
}

/* A stale row of the TLB costs faults of writes alone, and never one less. */
static void test_stale_tlb(void)
{
	struct vm_run run = { .capture = test_data("data/vm/6.1-memory") };
	unsigned int writes = 0, others = 0;
	struct player_result *results;
	struct kerror err = { 0 };
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
	results = malloc(run.len[1]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(results);
	memcpy(results, run.text[1], run.len[1]);
	for (i = 0; i < run.program.nr_ops && (!writes || others < 3); i++) {
		const struct player_op *op = &run.program.ops[i];
		bool write = op->kind == PLAYER_TOUCH && op->arg[3];

		if (op->kind == PLAYER_LOOK || !op->process || results[i].state != PLAYER_DONE || (write && !results[i].minflt))
			continue;
		CU_ASSERT_EQUAL(stale_differences(&run, results, i, 5), !write);
		if (write)
			CU_ASSERT_EQUAL(stale_differences(&run, results, i, -1), 1);
		writes += write;
		others += !write;
		memcpy(results, run.text[1], run.len[1]);
	}
	CU_ASSERT_TRUE(writes && others >= 3);
	free(results);
	vm_run_exit(&run);
}

/* The last place of @what in @text becomes @with, which is as long. */
static void replace_last(char *text, const char *what, const char *with)
{
	char *at, *last = NULL;

	for (at = strstr(text, what); at; at = strstr(at + 1, what))
		last = at;
	CU_ASSERT_PTR_NOT_NULL_FATAL(last);
	memcpy(last, with, strlen(with));
}

static const struct { const char *capture, *what, *with; enum vm_figure figure; const char *text; } figures[] = {
	{ "data/vm/6.1-memory", "VmPTE:\t      48 kB", "VmPTE:\t      52 kB", VM_FIGURE_vmpte,
	  "VmPTE in kB is 48 here, 52 for real" },
	{ "data/vm/6.1-memory", "oom_kill 0", "oom_kill 1", VM_FIGURE_vmstat, "oom_kill rose by 0 here, by 1 for real" },
	{ "data/vm/6.1-memory", "120000000000-120000100000 r--p", "120000000000-120000100000 rw-p",
	  VM_FIGURE_mappings, "r--p 00000000 here" },
	{ "data/vm/6.1-memory", "oom_score 1\n669", "oom_score 1\n668", VM_FIGURE_oom_score,
	  "oom_score is 669 here, 668 for real" },
	{ "data/vm/6.1-overcommit-1", "RssAnon:\t    4228 kB", "RssAnon:\t    4232 kB", VM_FIGURE_known,
	  "RssAnon: is 4228 here, 4232 for real" },
	{ "data/vm/6.1-overcommit-1", " 8191787008 2085 ", " 8191787008 2086 ", VM_FIGURE_known,
	  "rss of stat is 2085 here, 2086 for real" },
	/* One page in slot 578: in another one, and on swap only here. */
	{ "data/vm/6.12-swap-ssd", "7ffff7a42000 1 81 4840", "7ffff7a42000 1 81 4860", VM_FIGURE_slots,
	  "0x7ffff7a42000: slot 578 here, 579 for real" },
	{ "data/vm/6.12-swap-ssd", "7ffff7a42000 1 81 4840", "7ffff7a42000 1 01 4840", VM_FIGURE_slots,
	  "pages are on swap that are not for real" },
	{ "data/vm/6.1-oom", "Killed process 143 (", "Killed process 139 (", VM_FIGURE_victim,
	  "the OOM killer chose process 29 here, 25 for real" },
	{ "data/vm/6.1-oom", "total-vm:409840kB", "total-vm:409844kB", VM_FIGURE_oom_report,
	  "killed process 29: total-vm 409840 kB here, 409844 kB for real" },
};

static void test_looks_differ(void)
{
	struct kerror err = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		struct vm_run run = { .capture = test_data(figures[i].capture) };
		struct looks looks;
		char *text;

		CU_ASSERT_EQUAL_FATAL(vm_run(&run, &err), 0);
		text = strndup(run.text[2], run.len[2]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		replace_last(text, figures[i].what, figures[i].with);
		CU_ASSERT_EQUAL_FATAL(looks_parse(&looks, "looks", text, strlen(text), &err), 0);
		expect_found(&run, (const struct player_result *)(const void *)run.text[1], &looks, figures[i].figure,
			     figures[i].text);
		looks_free(&looks);
		free(text);
		vm_run_exit(&run);
	}
}

/* As 6.12 prints them: generations 3 and 4 of private pages are closed, 4 of files is not. The second group does not count. */
static void test_read_generations(void)
{
	static const char text[] =
		"@look 1\n@lru_gen_full 0\nmemcg     1 /\n node     0\n"
		"          3       1000          7x          0x\n"
		"                     0          0x          0x          0x          0x          0x          0x\n"
		"                                0x          0x          0x          0x\n"
		"          4        900          0x         50 \n"
		"                     0          0x          0x          0x          5r          6e          0p\n"
		"          5        800        400           2 \n          6          4         30           0 \n"
		"                     0          1R          2T          0x          0R          0T          0x\n"
		"memcg     2 /a\n node     0\n          9          4         99           9 \n";
	static const char none[] = "@look 1\n@lru_gen_full 0\n";
	struct kerror err = { 0 };
	struct generations read;
	struct looks looks;

	CU_ASSERT_EQUAL_FATAL(looks_parse(&looks, "looks", text, sizeof(text) - 1, &err), 0);
	CU_ASSERT_TRUE(generations_of_look(&looks, &looks.look[0], &read));
	CU_ASSERT_EQUAL(read.max_seq, 6);
	CU_ASSERT_EQUAL(read.min_seq[LRU_GEN_ANON], 5);
	CU_ASSERT_EQUAL(read.min_seq[LRU_GEN_FILE], 4);
	CU_ASSERT_EQUAL(read.pages[1][LRU_GEN_ANON], 400);
	CU_ASSERT_EQUAL(read.pages[0][LRU_GEN_FILE], 50);
	CU_ASSERT_EQUAL(read.pages[2][LRU_GEN_ANON], 30);
	looks_free(&looks);
	CU_ASSERT_EQUAL_FATAL(looks_parse(&looks, "looks", none, sizeof(none) - 1, &err), 0);
	CU_ASSERT_FALSE(generations_of_look(&looks, &looks.look[0], &read));
	looks_free(&looks);
}

/* ---- what is no program, no look ---------------------------------------------------------- */

static void test_bad_looks(void)
{
	static const char *const bad[] = { "hello\n", "@look\n", "@look 1\nx\n", "@smaps 1\n", "@look 2\n@look 1\n",
					   "@look 1\n@smaps x\n", "@look 99999999999\n" };
	struct kerror err = { 0 };
	struct looks looks;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(looks_parse(&looks, "looks", bad[i], strlen(bad[i]), &err), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, "looks:1: no look of vm-player");
	CU_ASSERT_EQUAL(looks_parse(&looks, "looks", "@look 3\n@a 1\nx 7 kB\ny\n@b 2\n", 28, &err), 0);
	CU_ASSERT_EQUAL(looks.nr, 1);
	CU_ASSERT_EQUAL(looks.look[0].nr, 2);
	CU_ASSERT_PTR_NOT_NULL(look_section(&looks, &looks.look[0], 2, "b"));
	CU_ASSERT_PTR_NULL(look_section(&looks, &looks.look[0], 1, "b"));
	looks_free(&looks);
}

static void expect_bad(struct player_op op, const char *text)
{
	struct program good = { .ops = &op, .nr_ops = 1 }, read;
	struct kerror err = { 0 };
	char bytes[sizeof(struct player_header) + sizeof(op)];

	CU_ASSERT_EQUAL_FATAL(program_bytes(&good), sizeof(bytes));
	program_store(&good, bytes);
	CU_ASSERT_EQUAL(program_parse(&read, "p", bytes, sizeof(bytes), &err), text ? -EINVAL : 0);
	if (text)
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
	if (!text)
		program_free(&read);
	CU_ASSERT_EQUAL(program_parse(&read, "p", bytes, sizeof(bytes) - 1, &err), -EINVAL);
}

/* What never ends, or not soon, and adds nothing: the line says so. */
static void test_endless_programs(void)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "process A\nrepeat 1000000000\nrepeat 1000000000\nend\nend\n",
		  "4:1: 'end': more than 16777216 lines are carried out: too many for vm-player" },
		{ "process A\nrepeat 1000000000\nexpect vm.pgmajfault == 0\nend\n", "more than 16777216 lines are carried out" },
		{ "process A\nrepeat 1000000000\nA mmap b 4k\nend\n", "3:1: 'mmap': there are too many operations for vm-player" },
		{ "process A\nA mmap b 4k\nA touch b repeat=1000000000\nA touch b repeat=1000000000\nA touch b repeat=1000000000\n"
		  "A touch b repeat=1000000000\nA touch b repeat=1000000000\n",
		  "7:1: 'touch': with this line more than 4294967296 places are touched" },
	};
	struct scenario_errors errors;
	struct scenario *scenario;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct program program;
		struct kerror err = { 0 };

		CU_ASSERT_EQUAL_FATAL(scenario_read(&scenario, bad[i].text, strlen(bad[i].text), &errors), 0);
		CU_ASSERT_EQUAL(program_from_scenario(&program, scenario, &err), -E2BIG);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].says));
		if (!strstr(err.text, bad[i].says))
			fprintf(stderr, "%s\n", err.text);
		scenario_destroy(scenario);
	}
	/* What came another way. */
	expect_bad((struct player_op){ .kind = PLAYER_TOUCH, .process = 1, .arg = { [4] = PROGRAM_MAX_TOUCHES } }, NULL);
	expect_bad((struct player_op){ .kind = PLAYER_TOUCH, .process = 1, .arg = { [4] = PROGRAM_MAX_TOUCHES + 1 } },
		   "operation 0: more than 4294967296 places are touched");
}

static void test_bad_programs(void)
{
	expect_bad((struct player_op){ .kind = PLAYER_LOOK }, NULL);
	expect_bad((struct player_op){ .kind = NR_PLAYER_KINDS }, "its kind is none");
	expect_bad((struct player_op){ .kind = PLAYER_HASH, .process = PLAYER_MAX_PROCESSES }, "beyond the last");
	expect_bad((struct player_op){ .kind = PLAYER_HASH, .process = 1, .slot = PLAYER_MAX_SLOTS }, "its slot");
	expect_bad((struct player_op){ .kind = PLAYER_HASH }, "another process's");
	expect_bad((struct player_op){ .kind = PLAYER_LOOK, .process = 1 }, "another process's");
	expect_bad((struct player_op){ .kind = PLAYER_FORK, .process = 1 }, "the process it names");
	expect_bad((struct player_op){ .kind = PLAYER_VFORK, .process = 1 }, "the process it names");
	expect_bad((struct player_op){ .kind = PLAYER_FILE, .process = 1, .arg = { 1 } }, "another process's");
	expect_bad((struct player_op){ .kind = PLAYER_READ, .process = 1 }, "its file");
	expect_bad((struct player_op){ .kind = PLAYER_MMAP, .process = 1, .arg = { [4] = PLAYER_MAX_FILES } }, "its file");
	expect_bad((struct player_op){ .kind = PLAYER_TOUCH, .process = 1, .arg = { 0, 0, 1 } }, "its runs");
}

static const struct test_case cases[] = {
	{ "captures of 6.1 and 6.12 are what is simulated", test_captures },
	{ "counters that rose, and what is equal", test_counters },
	{ "a snapshot's page allocator is the simulated machine's", test_snapshot_loaded },
	{ "a page allocator is made of zoneinfo", test_zoneinfo_loaded },
	{ "a zoneinfo that cannot be is refused", test_bad_zoneinfo },
	{ "a guest's speed is told by its CPU time", test_speed },
	{ "reclaim under pressure is within its bars", test_pressure },
	{ "generations are read", test_read_generations },
	{ "requests and frames of a trace are foreseen", test_frames },
	{ "another request of a trace is found and named", test_requests_differ },
	{ "another answer is found and named", test_results_differ },
	{ "a stale TLB excuses faults of writes alone", test_stale_tlb },
	{ "another figure of a look is found and named", test_looks_differ },
	{ "what is no look is refused", test_bad_looks },
	{ "what is no program is refused", test_bad_programs },
	{ "programs that do not end are refused", test_endless_programs },
	{ NULL, NULL }
};

const struct test_suite verify_vm_suite = { "verify_vm", cases };
