/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: scenarios are carried out: the shipped ones hold, and what does not hold is said. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/play/play.h"
#include "tests/tests.h"


struct outcome {
	int created, ran;
	uint64_t failures;
	char first[352];		/* what did not hold first */
	uint32_t line;
	struct kerror err;
	struct play *play;		/* NULL after finish() */
	struct scenario *scenario;
};

static void on_failure(void *ctx, const struct step *step, const char *text)
{
	struct outcome *out = ctx;

	if (out->line)
		return;
	out->line = step->line;
	snprintf(out->first, sizeof(out->first), "%s", text);
}

static void run_text(struct outcome *out, const char *text, size_t len, uint64_t max_steps)
{
	struct scenario_errors errors = { 0 };
	struct play_config cfg = { .on_failure = on_failure, .ctx = out, .max_steps = max_steps };

	*out = (struct outcome){ 0 };
	if (scenario_read(&out->scenario, text, len, &errors)) {
		CU_FAIL("the text");
		fprintf(stderr, "%u: %s\n", errors.at[0].line, errors.at[0].text);
		out->created = -EINVAL;
		return;
	}
	out->created = play_create(&out->play, out->scenario, &cfg, &out->err);
	if (out->created)
		return;
	out->ran = play_run(out->play, &out->err);
	out->failures = out->play->failures;
}

static void finish(struct outcome *out)
{
	if (out->play)
		CU_ASSERT_EQUAL(vm_validate(out->play->vm, NULL, NULL), 0);
	play_destroy(out->play);
	scenario_destroy(out->scenario);
}

static void run(struct outcome *out, const char *text)
{
	run_text(out, text, strlen(text), 0);
}

/* ---- the shipped ones ------------------------------------------------------------- */

static void run_shipped(const char *folder, const char *name)
{
	char path[512], text[16384];
	struct outcome out;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	run_text(&out, text, len, 0);
	CU_ASSERT_EQUAL(out.created, 0);
	CU_ASSERT_EQUAL(out.ran, 0);
	CU_ASSERT_EQUAL(out.failures, 0);
	if (out.created || out.ran || out.failures)
		fprintf(stderr, "%s:%u: %s%s\n", name, out.line, out.first, out.err.text);
	finish(&out);
}

static void test_shipped(void)
{
	const char *folder = test_data("../docs/scenarios");
	DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	unsigned int nr = 0;
	char path[256];

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	snprintf(path, sizeof(path), "%s", folder);
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (len < 4 || strcmp(entry->d_name + len - 3, ".vm"))
			continue;
		run_shipped(path, entry->d_name);
		nr++;
	}
	closedir(dir);
	CU_ASSERT_TRUE(nr > 20);
}

/* ---- what is said ------------------------------------------------------------------- */

static void test_expectation_fails(void)
{
	struct outcome out;

	run(&out, "process A\nA mmap buf 64k\nA touch buf write\nexpect A.minflt == 15\nexpect A.buf.rss == 64k\n"
		  "expect A.rss < 4k\n");
	CU_ASSERT_EQUAL(out.ran, 0);
	CU_ASSERT_EQUAL(out.failures, 2);
	CU_ASSERT_EQUAL(out.line, 4);
	CU_ASSERT_STRING_EQUAL(out.first, "expected A.minflt == 15, it is 16");
	finish(&out);
}

static void test_call_fails(void)
{
	struct outcome out;

	run(&out, "process A\nA mmap buf 64k prot=r\nA mprotect buf prot=rw from=0 length=128k\n");
	CU_ASSERT_EQUAL(out.failures, 1);
	CU_ASSERT_EQUAL(out.line, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.first, "mprotect failed with ENOMEM"));
	finish(&out);
	run(&out, "process A\nA mmap buf 64k errno=ENOMEM\n");
	CU_ASSERT_STRING_EQUAL(out.first, "expected mmap to fail with ENOMEM, it succeeded");
	finish(&out);
}

/* What a signal has ended does nothing more, and nobody else ends. */
static void test_segv(void)
{
	struct outcome out;

	run(&out, "process A\nprocess B\nA touch 0xdead000 write\nA mmap buf 64k\nA touch buf write\nB mmap buf 64k\n"
		  "B touch buf write\nexpect A.signal == SEGV\nexpect A.minflt == 0\nexpect A.bad-faults == 1\nexpect B.minflt == 16\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	finish(&out);
}

static void on_note(void *ctx, const struct step *step, const char *text)
{
	(void)text;
	*(uint32_t *)ctx = step->line;
}

/* Who ends by a signal that nobody asks about is named, with the line. */
static void test_unexpected_end(void)
{
	static const char asked[] = "process A\nA touch 0xdead000 write\nexpect A.signal == SEGV\n";
	static const char not_asked[] = "process A\nA mmap b 1M\nA touch b pages=1,2,300\n";
	const char *const texts[] = { asked, not_asked };
	const uint32_t lines[] = { 0, 3 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct scenario_errors errors = { 0 };
		uint32_t noted = 0;
		struct play_config cfg = { .on_note = on_note, .ctx = &noted };
		struct scenario *scenario;
		struct play *play;

		CU_ASSERT_EQUAL_FATAL(scenario_read(&scenario, texts[i], strlen(texts[i]), &errors), 0);
		CU_ASSERT_EQUAL_FATAL(play_create(&play, scenario, &cfg, NULL), 0);
		CU_ASSERT_EQUAL(play_run(play, NULL), 0);
		CU_ASSERT_EQUAL(play->failures, 0);
		CU_ASSERT_EQUAL(noted, lines[i]);
		play_destroy(play);
		scenario_destroy(scenario);
	}
}

/* The parent of a vfork does nothing before its child lets go of its memory. */
static void test_vfork(void)
{
	struct outcome out;

	run(&out, "process A\nA mmap buf 64k\nA vfork B\nB touch buf write\nB exit\nA touch buf\nexpect A.minflt == 0\n"
		  "expect B.minflt == 16\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	finish(&out);
	run(&out, "process A\nA vfork B\nA mmap x 4k\nB exit\n");
	CU_ASSERT_EQUAL(out.failures, 1);
	CU_ASSERT_EQUAL(out.line, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.first, "A waits for its child B"));
	finish(&out);
}

/* A phase counts from its line; a mapping has its own counts, and they go on after munmap. */
static void test_phases(void)
{
	struct outcome out;

	run(&out, "process A\nA mmap one 64k\nA mmap two 64k\nphase \"a\"\nA touch one write\nexpect phase.minflt == 16\n"
		  "phase \"b\"\nA touch two write length=8k\nexpect phase.minflt == 2\nexpect phase.A.one.minflt == 0\n"
		  "expect A.one.minflt == 16\nA munmap one\nexpect A.one.minflt == 16\nexpect A.one.rss == 0\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	CU_ASSERT_EQUAL_FATAL(out.play->nr_phases, 3);
	CU_ASSERT_EQUAL(out.play->phases[1].minflt, 16);
	CU_ASSERT_EQUAL(out.play->phases[2].minflt, 2);
	finish(&out);
}

static void test_bounded(void)
{
	struct outcome out;
	const char *text = "process A\nA mmap buf 64k\nA touch buf write repeat=1000\nA touch buf repeat=2\n";

	run_text(&out, text, strlen(text), 16010);
	CU_ASSERT_EQUAL(out.ran, -E2BIG);
	CU_ASSERT_EQUAL(out.play->at_line, 4);
	CU_ASSERT_EQUAL(out.play->all.accesses, 16000);
	finish(&out);
}

/* A fifth generation needs force; what evict takes is never of the two youngest. */
static void test_generations(void)
{
	struct outcome out;

	run(&out, "machine memory=64M swap=8M swap-type=zram\nprocess A\nA mmap buf 256k\nA touch buf write\nage\n");
	CU_ASSERT_EQUAL(out.failures, 1);
	CU_ASSERT_STRING_EQUAL(out.first, "age failed with ERANGE: there are 4 generations; 'force' closes the oldest one, "
					  "'evict' makes room");
	finish(&out);
	run(&out, "machine memory=64M swap=8M swap-type=zram\nprocess A\nA mmap buf 248k\nA touch buf write\n"
		  "expect vm.generations == 4\nexpect vm.youngest == 248k\nexpect vm.oldest == 0\nage force\nevict 1M\n"
		  "expect vm.pgsteal == 0\nexpect vm.generations == 2\nage swappiness=200\nexpect vm.generations == 3\nevict 4k\n"
		  "expect A.swap == 248k\nexpect vm.generations == 2\nage swappiness=0\nexpect vm.generations == 3\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	finish(&out);
	run(&out, "machine memory=64M lru=classic\nprocess A\nA mmap buf 248k\nA touch buf write\nexpect vm.generations == 0\n"
		  "expect vm.oldest == 0\nexpect vm.youngest == 0\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	finish(&out);
}

/* A random order without a count visits each place once. */
static void test_patterns(void)
{
	struct outcome out;

	run(&out, "process A\nA mmap buf 4000k\nA touch buf write pattern=random seed=5\nexpect A.buf.minflt == 1000\n"
		  "expect A.accesses == 1000\nphase \"z\"\nA mmap z 4000k\nA touch z write pattern=zipf count=1000\n"
		  "expect phase.minflt < 600\nexpect phase.minflt > 100\nA mmap l 1M\nA touch l loops=4x64k,16x4k write\n"
		  "expect A.l.minflt == 64\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	finish(&out);
}

/* Unmapped memory is in no TLB; another CPU that had it is asked, too. */
static void test_tlb(void)
{
	struct outcome out;

	run(&out, "machine cpus=2 tlb=l1=64x4\nprocess A\nA mmap buf 16k\nA touch buf write\nA cpu 1\nA touch buf\n"
		  "phase \"again\"\nA touch buf\nexpect phase.tlb.walks == 0\nexpect phase.tlb.l1-hits == 4\nA munmap buf\n"
		  "expect tlb.shootdowns == 1\nA mmap new 16k\nA touch new write\nexpect A.new.tlb-misses == 4\n"
		  "A mmap big 200k\nA touch big write\nA munmap big\nphase \"anew\"\nA mmap big2 200k\nA touch big2 write\n"
		  "expect A.big2.minflt == 50\nexpect phase.tlb.l1-hits == 0\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	finish(&out);
}

/* Who is asked to forget what, and why: a write copies, rights and mappings change, pages are given up. */
static void test_shootdowns(void)
{
	static const uint64_t all[3][NR_VM_FLUSHES] = {
		{ [VM_FLUSH_fork] = 1, [VM_FLUSH_copy] = 4, [VM_FLUSH_protect] = 1, [VM_FLUSH_reclaim] = 2 },
		{ [VM_FLUSH_protect] = 1, [VM_FLUSH_reclaim] = 2, [VM_FLUSH_unmap] = 1 },
		{ [VM_FLUSH_unmap] = 1 },
	};
	struct outcome out;
	unsigned int cpu, why;

	run(&out, "machine memory=64M cpus=3 swap=64M\nprocess A\nA mmap buf 64k\nA touch buf write\nA cpu 1\nA touch buf\nA fork B\n"
		  "A touch buf write length=16k\nA cpu 2\nA touch buf from=16k\nA mprotect buf prot=r length=8k\n"
		  "A madvise buf pageout length=8k\nA cpu 0\nA munmap buf\n");
	CU_ASSERT_STRING_EQUAL(out.first, "");
	for (cpu = 0; cpu < 3; cpu++)
		for (why = 0; why < NR_VM_FLUSHES; why++)
			if (why != VM_FLUSH_advise)
				CU_ASSERT_EQUAL(out.play->shootdowns[cpu].of[why], all[cpu][why]);
	finish(&out);
}

/*
 * Who is killed: the largest, not who asks; its adjustment counts, -1000 protects; of equals the youngest; page tables
 * count as well. B asks until memory (128 MiB) is full.
 */
static void test_oom_victims(void)
{
	static const struct {
		const char *adj_a, *adj_b, *a, *b;	/* adjustments; what they have before */
		const char *more;		/* what B asks for then */
		const char *expect;
	} table[] = {
		{ "0", "0", "64M", "1M", "100M", "expect A.signal == KILL\nexpect B.signal == none" },
		{ "0", "0", "1M", "1M", "127M", "expect B.signal == KILL\nexpect A.signal == none" },
		{ "-500", "0", "64M", "1M", "100M", "expect B.signal == KILL\nexpect A.signal == none" },
		{ "-1000", "0", "100M", "1M", "100M", "expect B.signal == KILL\nexpect A.signal == none" },
		{ "1000", "0", "8M", "1M", "120M", "expect A.signal == KILL" },
		{ "0", "-1000", "8M", "1M", "120M", "expect A.signal == KILL" },
		{ "0", "500", "64M", "1M", "100M", "expect B.signal == KILL\nexpect A.signal == none" },
		{ "0", "-300", "64M", "1M", "100M", "expect A.signal == KILL" },
		{ "100", "100", "80M", "4M", "100M", "expect A.signal == KILL" },
		{ "300", "0", "32M", "64M", "100M", "expect B.signal == KILL\nexpect A.signal == none" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct outcome out;
		char text[1024];

		snprintf(text, sizeof(text), "machine memory=128M overcommit=1\nprocess A oom-adj=%s\nprocess B oom-adj=%s\nA mmap a %s\n"
			 "A touch a write\nB mmap b %s\nB touch b write\nphase \"full\"\nB mmap more 200M\nB touch more write "
			 "length=%s\n%s\nexpect vm.oom_kill == 1\n", table[i].adj_a, table[i].adj_b, table[i].a, table[i].b,
			 table[i].more, table[i].expect);
		run(&out, text);
		CU_ASSERT_EQUAL(out.failures, 0);
		CU_ASSERT_EQUAL(out.ran, 0);
		if (out.failures || out.ran)
			fprintf(stderr, "case %u: line %u: %s%s\n", i, out.line, out.first, out.err.text);
		finish(&out);
	}
}

/* Where no process may be killed, a kernel panics: the run ends, and says so. */
static void test_oom_panic(void)
{
	struct outcome out;

	run(&out, "machine memory=64M\nprocess A oom-adj=-1000\nA mmap b 60M\nA mmap c 60M\nA touch b write\nA touch c write\n"
		  "expect vm.oom_kill == 1\n");
	CU_ASSERT_EQUAL(out.ran, -EDEADLK);
	CU_ASSERT_EQUAL(out.play->at_line, 6);
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.err.text, "a real kernel panics"));
	finish(&out);
	/* Who is chosen and needs more on its way to its end is no reason. */
	run(&out, "machine memory=64M overcommit=1\nprocess A\nA mmap b 200M populate errno=ENOMEM\nexpect A.signal == KILL\n");
	CU_ASSERT_EQUAL(out.ran, 0);
	finish(&out);
}

/* A fork that does not fit kills somebody; whatever was half made is gone. */
static void test_oom_fork(void)
{
	struct outcome out;

	run(&out, "machine memory=64M overcommit=1\nprocess A\nA mmap a 1G noreserve\nA touch a write stride=2M\n"
		  "A mmap b 60M\nA touch b write length=58M\nA fork B errno=ENOMEM\nexpect A.signal == KILL\n"
		  "expect vm.oom_kill == 1\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	finish(&out);
}

/* Pages of files go before anybody has to die. */
static void test_cache_goes_first(void)
{
	struct outcome out;

	run(&out, "machine memory=64M kernel=6.1\nfile data 32M cached\nprocess A\nA mmap a 60M\nA touch a write length=50M\n"
		  "expect A.signal == none\nexpect vm.oom_kill == 0\nexpect vm.pgsteal > 0\nexpect vm.cached < 16M\n");
	CU_ASSERT_EQUAL(out.ran, 0);
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	finish(&out);
}

static void test_oom_score(void)
{
	struct outcome out;

	/* Nothing touched: 1000 * 2 / 3; half of memory: about 1500 * 2 / 3; never: 0. */
	run(&out, "machine memory=128M\nprocess A\nprocess B oom-adj=-1000\nprocess C oom-adj=1000\nexpect A.oom-score == 666\n"
		  "expect B.oom-score == 0\nexpect C.oom-score within 2% of 1333\nA mmap a 64M\nA touch a write\n"
		  "expect A.oom-score within 3% of 1000\n");
	CU_ASSERT_EQUAL(out.failures, 0);
	CU_ASSERT_STRING_EQUAL(out.first, "");
	finish(&out);
}

static const struct test_case cases[] = {
	{ "the OOM killer's victims", test_oom_victims },
	{ "the OOM killer during a fork", test_oom_fork },
	{ "nobody for the OOM killer", test_oom_panic },
	{ "the OOM killer's score", test_oom_score },
	{ "pages of files go before anybody dies", test_cache_goes_first },
	{ "every scenario of docs/scenarios holds", test_shipped },
	{ "an expectation that does not hold", test_expectation_fails },
	{ "a call that fails", test_call_fails },
	{ "SIGSEGV ends one process", test_segv },
	{ "an end that nobody expected", test_unexpected_end },
	{ "vfork", test_vfork },
	{ "phases and mappings have their own counts", test_phases },
	{ "a run is bounded", test_bounded },
	{ "generations by hand", test_generations },
	{ "patterns", test_patterns },
	{ "TLB and shootdowns", test_tlb },
	{ "why a TLB forgets", test_shootdowns },
	{ NULL, NULL }
};

const struct test_suite play_suite = { "play", cases };
