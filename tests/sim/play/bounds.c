/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: no scenario runs for ever, none grows without bounds, and each end is said. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/play/internal.h"
#include "sim/vm/calls.h"
#include "sim/vm/fault.h"
#include "sim/vm/reclaim/shadows.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ __VA_ARGS__, NULL })

struct bounded {
	struct scenario *scenario;
	struct play *play;
	struct kerror err;
	int ret;
};

static void play_text(struct bounded *b, const char *text, const struct play_config *cfg)
{
	struct scenario_errors errors = { 0 };

	*b = (struct bounded){ 0 };
	CU_ASSERT_EQUAL_FATAL(scenario_read(&b->scenario, text, strlen(text), &errors), 0);
	CU_ASSERT_EQUAL_FATAL(play_create(&b->play, b->scenario, cfg, &b->err), 0);
	b->ret = play_run(b->play, &b->err);
}

static void finish(struct bounded *b)
{
	CU_ASSERT_EQUAL(vm_validate(b->play->vm, NULL, NULL), 0);
	play_destroy(b->play);
	scenario_destroy(b->scenario);
}

/* Whatever a scenario repeats counts, and the line that would be too much is the one where the run ends. */
static void test_steps(void)
{
	static const char steps[] = "the run ends here: this goes beyond its 100 steps (lines, accesses, pages of files)";
	static const struct { const char *text; uint64_t max_steps; uint32_t line; const char *why; } rows[] = {
		{ "process A\nrepeat 1000\nrepeat 1000\nend\nend\n", 100, 4, steps },
		{ "process A\nrepeat 10000\nsync\nend\n", 100, 3, steps },
		{ "process A\nrepeat 10000\nA fork B\nB exit\nend\n", 100, 5, steps },
		{ "process A\nA mmap b 4k\nA touch b write repeat=98\n", 100, 3, steps },
		{ "process A\nfile f 15T\nA read f\n", 100, 3, steps },
		{ "process A\nfile f 15T\nA write f length=97\nA write f length=388k\n", 100, 4, steps },
		{ "file f 400k cached\nprocess A\n", 100, 1, steps },
		{ "file f 15T cached\nprocess A\n", 0, 1,
		  "the run ends here: this goes beyond its 100000000 steps (lines, accesses, pages of files)" },
		{ "process A\nrepeat 1000000000\nphase x\nend\n", 0, 3, "the run ends here: it may have 4096 phases" },
		{ "process A\nrepeat 1000000000\nA fork B\nB exit\nend\n", 0, 3,
		  "the run ends here: it may have 32768 processes, with those that have ended" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct play_config cfg = { .max_steps = rows[i].max_steps };
		struct bounded b;

		play_text(&b, rows[i].text, &cfg);
		CU_ASSERT_EQUAL(b.ret, -E2BIG);
		CU_ASSERT_EQUAL(b.play->at_line, rows[i].line);
		CU_ASSERT_STRING_EQUAL(b.err.text, rows[i].why);
		if (b.ret != -E2BIG || b.play->at_line != rows[i].line)
			fprintf(stderr, "row %u: %d at line %u: %s\n", i, b.ret, b.play->at_line, b.err.text);
		finish(&b);
	}
}

/* As many as there may be are none too many. */
static void test_just_enough(void)
{
	const struct play_config cfg = { .max_steps = 100 };
	struct bounded b;

	play_text(&b, "process A\nA mmap b 4k\nA touch b write repeat=97\n", &cfg);
	CU_ASSERT_EQUAL(b.ret, 0);
	CU_ASSERT_EQUAL(b.play->spent, 100);
	finish(&b);
	play_text(&b, "process A\nfile f 388k\nA read f\n", &cfg);
	CU_ASSERT_EQUAL(b.ret, 0);
	CU_ASSERT_EQUAL(b.play->spent, 100);
	finish(&b);
}

/* The last phase before the bound has its figures, as each has. */
static void test_last_phase(void)
{
	const struct play_config cfg = { 0 };
	struct bounded b;

	play_text(&b, "process A\nA mmap b 4k\nrepeat 5000\nphase x\nA touch b\nend\n", &cfg);
	CU_ASSERT_EQUAL(b.ret, -E2BIG);
	CU_ASSERT_EQUAL_FATAL(b.play->nr_phases, PLAY_MAX_PHASES);
	CU_ASSERT_EQUAL(b.play->phases[PLAY_MAX_PHASES - 1].accesses, 1);
	CU_ASSERT_EQUAL(b.play->phases[PLAY_MAX_PHASES - 1].tlb.lookups, 1);
	finish(&b);
}

/*
 * A file of 16 times the machine's pages is read: of what was given up the last 8 times as many are remembered, an eighth more
 * at most; what was read last comes back as known, what was read first does not.
 */
static void test_shadows(void)
{
	const struct play_config cfg = { 0 };
	struct bounded b;
	uint64_t bound;

	play_text(&b, "machine memory=16M kernel=6.1\nfile f 256M\nprocess A\nA read f\nphase \"old\"\nA read f length=4k\n"
		      "expect phase.vm.workingset_refault_file == 0\nA read f from=200M length=4k\n"
		      "expect phase.vm.workingset_refault_file > 0\n", &cfg);
	CU_ASSERT_EQUAL(b.ret, 0);
	CU_ASSERT_EQUAL(b.play->failures, 0);
	bound = b.play->vm->totalram * SHADOWS_PER_PAGE;
	CU_ASSERT_TRUE(b.play->files[1]->cache.nr - b.play->files[1]->nr_cached >= bound);
	CU_ASSERT_TRUE(b.play->files[1]->cache.nr - b.play->files[1]->nr_cached <= bound + bound / 8 + 1);
	finish(&b);
}

/* A signal that comes while a large file is read is obeyed before all of it was. */
static void test_stop(void)
{
	static const volatile sig_atomic_t stop = 1;
	const struct play_config cfg = { 0 };
	const struct play_range all = { 0, 3ULL << 30 };
	struct kerror err;
	struct bounded b;
	int result;

	play_text(&b, "machine memory=16M\nfile f 3G\nprocess A\n", &cfg);
	b.play->cfg.stop = b.play->vm->stop = &stop;
	CU_ASSERT_EQUAL(play_use_file(b.play, b.play->files[1], &all, FILE_AHEAD, &result, &err), -EINTR);
	CU_ASSERT_EQUAL(play_use_file(b.play, b.play->files[1], &all, FILE_READ, &result, &err), -EINTR);
	CU_ASSERT_EQUAL(b.play->files[1]->nr_cached, 0);
	finish(&b);
}

/* What the command says: the line, the option, a status of its own; of equal sentences the first three. */
static void test_command(void)
{
	static const char endless[] = "process A\nrepeat 1000\nexpect A.rss == 4k\nend\n";
	char *path = strdup(write_file("endless.vm", endless, sizeof(endless) - 1));
	struct result res;

	expect(RUN("-q", "--max-steps=500", path), 2, "endless.vm:3:1: the run ends here: this goes beyond its 500 steps "
	       "(lines, accesses, pages of files); --max-steps=N sets another bound");
	expect(RUN("-q", "--max-steps=0", path), 2, "--max-steps=0: expected a number");
	expect(RUN("-q", "--max-steps=5", "tests/traces/gcc-hello.perf.txt.zst"), 2, "--max-steps is without effect");
	res = RUN("-q", path);
	CU_ASSERT_EQUAL(res.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "endless.vm:3:1: and 997 more of this line\n"));
	CU_ASSERT_TRUE(strlen(res.err) < 1000);
	done(&res);
	free(path);
}

/* Tables that are not there are passed over, and nothing else: not a last page, not a hole. */
static void test_mincore(void)
{
	const struct play_config cfg = { 0 };
	const uint64_t bytes = 100ULL << 40;
	struct process *process;
	uint64_t start, resident;
	struct bounded b;

	play_text(&b, "machine overcommit=1\nprocess A\nA mmap b 100T\nA touch b write length=8k\n", &cfg);
	CU_ASSERT_EQUAL(b.ret, 0);
	process = b.play->processes[1].process;
	start = b.play->processes[1].maps[NR_SCENARIO_LAYOUT + 1].start;
	CU_ASSERT_EQUAL(vm_touch(process, start + bytes - PAGE_SIZE, VM_ACCESS_WRITE), 0);
	CU_ASSERT_EQUAL(vm_mincore(process, start, bytes, &resident), 0);
	CU_ASSERT_EQUAL(resident, 3);
	CU_ASSERT_EQUAL(vm_munmap(process, start + (1ULL << 40), PAGE_SIZE), 0);
	CU_ASSERT_EQUAL(vm_mincore(process, start, bytes, &resident), -ENOMEM);
	finish(&b);
}

static const struct test_case cases[] = {
	{ "what is repeated counts", test_steps },
	{ "the last step", test_just_enough },
	{ "the last phase", test_last_phase },
	{ "pages that were given up are forgotten", test_shadows },
	{ "a signal during a read", test_stop },
	{ "mincore of 100 TiB", test_mincore },
	{ "kmemsim run --max-steps", test_command },
	{ NULL, NULL }
};

const struct test_suite play_bounds_suite = { "play_bounds", cases };
