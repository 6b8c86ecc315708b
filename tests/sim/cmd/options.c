/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: options that would do nothing are refused, or reported where only
 * the trace could show it; and no output gets lost without a word.
 */
#include "sim/cmd/cmd.h"
#include "sim/cmd/output.h"
#include "slab/slab.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define SMALL "tests/traces/gcc-hello.perf.txt.zst"
#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define COMPARE(...) run_cmd(cmd_compare, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/* What can be seen from the command line alone is an error. */
static void test_without_effect(void)
{
	expect(RUN("--slab-debug=", SMALL), 2, "--slab-debug=: expected FLAGS");
	expect(RUN("--slab-debug=;", SMALL), 2, "--slab-debug=;: expected FLAGS");
	expect(RUN("--slab-debug=FZ,", SMALL), 2, "without a cache's name");
	expect(RUN("--slab-debug=F,a,,b", SMALL), 2, "without a cache's name");
	expect(RUN("--quarantine=64k", SMALL), 2, "no cache has flag Q");
	expect(RUN("--quarantine=64k", "--slab-debug=P", SMALL), 2, "no cache has flag Q");
	expect(RUN("--page-owner-sort=pid", SMALL), 2, "the order of --page-owner-list");
	expect(RUN("--failslab=1,100,0,1,cache-filter", SMALL), 2, "no cache has flag A");
	expect(RUN("--failslab=1,100,0,1,cache-filter", "--slab-debug=F", SMALL), 2, "no cache has flag A");
	expect(RUN("--slab-debug=A,dentry", SMALL), 2, "needs --failslab=...,cache-filter");
	expect(RUN("--slab-debug=A,dentry", "--failslab=1,100,0,1", SMALL), 2,
	       "needs --failslab=...,cache-filter");
	expect(RUN("--slab", "slub,cpu_partial=1,min_partial=2,cpu_partial=3", SMALL), 2,
	       "'cpu_partial=3': the parameter is given twice");
	expect(COMPARE("--slab", "slub,sheaves,slab_max_order=1,slab_max_order=1", SMALL), 2,
	       "the parameter is given twice");
	expect(COMPARE("--slab", "slub,cpu_partial=1,slub,cpu_partial=1", "--quiet", SMALL), 0, "");
	expect(COMPARE("--json", "-", "--csv", "-", SMALL), 2, "only one of");
}

/* What is used together is taken. */
static void test_with_effect(void)
{
	expect(RUN("-q", "--quarantine=64k", "--slab-debug=F;Q,dentry", SMALL), 0, "");
	expect(RUN("-q", "--failslab=1,100,0,1,cache-filter", "--slab-debug=A,kmalloc-64", SMALL), 0, "");
	expect(RUN("-q", "--page-owner-sort=pid", "--page-owner-list", in_folder("owners"), SMALL), 0, "");
}

static unsigned int lines_of(const char *text)
{
	unsigned int nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

/* A cache that never appears is reported at the end, once each; a pattern counts as used by any. */
static void test_unmet_name(void)
{
	struct result res = RUN("-q", "--slab-debug=F,vm_area_struct,kmalloc-6*,dentri;Z,maple*,xyz*", SMALL);

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "no cache of the run is called 'dentri'\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "no cache of the run is called 'xyz*'\n"));
	CU_ASSERT_PTR_NULL(strstr(res.err, "vm_area_struct"));
	CU_ASSERT_PTR_NULL(strstr(res.err, "kmalloc"));
	CU_ASSERT_EQUAL(lines_of(res.err), 2);
	done(&res);
}

/* More caches than a machine has: said with the first of them, and the rest is reported. */
static void test_too_many_caches(void)
{
	char *path = in_folder("many"), words[128];
	FILE *trace = fopen(path, "w");
	struct result res;
	unsigned int i;

	for (i = 0; i < SLAB_MAX_CACHES; i++)
		fprintf(trace, "prog 1 [000] 1.%06u: kmem:kmem_cache_alloc: call_site=f+0x1 "
			"ptr=0x%llx name=cache_%u bytes_req=64 bytes_alloc=64 gfp_flags=GFP_KERNEL\n",
			i, 0xffff888000000000ULL + i * 64ULL, i);
	fclose(trace);
	res = RUN("--no-timing", "--csv", "-", path);
	CU_ASSERT_EQUAL(res.status, 0);
	snprintf(words, sizeof(words), "more caches than a machine has (%u): 'cache_", SLAB_MAX_CACHES);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, words));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "everything else was replayed\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "trace.replay.no_cache_left,"));
	done(&res);
	expect(COMPARE("-q", "--slab", "slub", path), 0, "slub: more caches than a machine has");
	expect(RUN("-q", "--strict", path), 1, "gave nothing for this object");
}

static int (*command)(int argc, char **argv);

/* As main() does it, but standard output is a disk that is full. */
static int on_full_disk(int argc, char **argv)
{
	redirect("/dev/full", 1, O_WRONLY);
	if (!check_stdout_at_exit())
		return 99;
	/* A command that returns ends as main() does. */
	exit(command(argc, argv));
}

/* However a command ends, what it printed must have been written. */
static void test_full_disk(void)
{
	int (*const commands[])(int argc, char **argv) = {
		cmd_run, cmd_compare, cmd_diagnose, cmd_layout, cmd_verify, cmd_list, cmd_policies,
	};
	struct result res;
	size_t i;

	if (access("/dev/full", W_OK)) {
		test_skip("there is no /dev/full");
		return;
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		command = commands[i];
		expect(run_cmd(on_full_disk, NULL, (const char *const[]){ "--help", NULL }), 2,
		       "kmemsim: standard output: No space left on device\n");
	}
	command = cmd_policies;
	expect(run_cmd(on_full_disk, NULL, (const char *const[]){ NULL }), 2, "standard output: ");
	command = cmd_list;
	expect(run_cmd(on_full_disk, NULL, (const char *const[]){ "formats", NULL }), 2, "standard output: ");
	command = cmd_diagnose;
	expect(run_cmd(on_full_disk, NULL, (const char *const[]){ SMALL, NULL }), 2,
	       "kmemsim: standard output: report: cannot write: No space left on device\n");
	/* Once is enough. */
	res = run_cmd(on_full_disk, NULL, (const char *const[]){ SMALL, NULL });
	CU_ASSERT_EQUAL(lines_of(res.err), 1);
	done(&res);
}

static const struct test_case cases[] = {
	{ "options without effect", test_without_effect },
	{ "options with effect", test_with_effect },
	{ "a cache that never appears", test_unmet_name },
	{ "more caches than there can be", test_too_many_caches },
	{ "a full disk", test_full_disk },
	{ NULL, NULL }
};

const struct test_suite cmd_options_suite = { "cmd_options", cases };
