/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the lines that end make check, from test programs that are
 * shell scripts here.
 */
#include <sys/stat.h>

#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

/* A test program that runs @script. */
static void program(const char *name, const char *script)
{
	char *path = in_folder(name), text[512];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	write_file(name, text, strlen(text));
	CU_ASSERT_EQUAL(chmod(path, 0755), 0);
}

static int run_all(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	execlp("sh", "sh", "tests/run.sh", in_folder("programs"), NULL);
	return 99;
}

#define SECOND_HALF "echo \"program ${0##*/} 10 0 50 0 0\" >> $KMEMSIM_SUMMARY"

/* Four programs; the last one is called twice, and runs @script for the first half, @second for the second. */
static struct result run_halves(const char *script, const char *second)
{
	char both[512];

	static const char fine[] = "echo \"program ${0##*/} 10 0 98 0 2\" >> $KMEMSIM_SUMMARY\n"
				   "echo \"skip ${0##*/} there is no folder x\" >> $KMEMSIM_SUMMARY\n"
				   "echo \"skip ${0##*/} there is no tool\" >> $KMEMSIM_SUMMARY";

	mkdir(in_folder("programs"), 0700);
	program("programs/kmemsim-tests-tsan", fine);
	program("programs/kmemsim-tests-library", "echo \"program ${0##*/} 1 0 7 0 0\" >> $KMEMSIM_SUMMARY");
	program("programs/kmemsim-tests-odd", fine);
	snprintf(both, sizeof(both), "if [ \"$2\" = 2/2 ]; then\n%s\nexit\nfi\n%s", second, script);
	program("programs/kmemsim-tests", both);
	return run_cmd(run_all, NULL, (const char *const[]){ NULL });
}

static struct result run_with(const char *script)
{
	return run_halves(script, SECOND_HALF);
}

/* All went well: sums over the programs; equal reasons are printed once. */
static void test_fine(void)
{
	struct result res = run_with("echo \"program ${0##*/} 30 0 400 0 1\" >> $KMEMSIM_SUMMARY\n"
				     "echo \"skip ${0##*/} there is no tool\" >> $KMEMSIM_SUMMARY");

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_STRING_EQUAL(res.out, "check: 61 of 61 suites in 4 programs passed; skipped: "
			       "2 tests (there is no folder x), 3 tests (there is no tool)\n"
			       "check: 653 passed, 0 failed, 5 skipped\n");
	done(&res);
}

/* A test failed. */
static void test_failed(void)
{
	struct result res = run_with("echo \"program ${0##*/} 30 2 397 3 0\" >> $KMEMSIM_SUMMARY\nexit 1");

	CU_ASSERT_EQUAL(res.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "check: 59 of 61 suites in 4 programs passed; skipped: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "check: 650 passed, 3 failed, 4 skipped\n"));
	done(&res);
}

/* A sanitizer may find something behind the last test: no test failed, the whole did. */
static void test_late_failure(void)
{
	struct result res = run_with("echo \"program ${0##*/} 30 0 400 0 0\" >> $KMEMSIM_SUMMARY\nexit 1");

	CU_ASSERT_EQUAL(res.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "; kmemsim-tests failed after its tests"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "check: 653 passed, 1 failed, 4 skipped\n"));
	done(&res);
}

/* A crash leaves no result, and is none that passed. */
static void test_crashed(void)
{
	struct result res = run_with("kill -SEGV $$");

	CU_ASSERT_EQUAL(res.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "check: 31 of 31 suites in 4 programs passed; kmemsim-tests ended "
				      "without a result; skipped: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "check: 253 passed, 1 failed, 4 skipped\n"));
	done(&res);
}

/* The second half counts as the first does. */
static void test_second_half(void)
{
	struct result res = run_halves("echo \"program ${0##*/} 30 0 400 0 0\" >> $KMEMSIM_SUMMARY", "kill -SEGV $$");

	CU_ASSERT_EQUAL(res.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "; kmemsim-tests ended without a result"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "check: 603 passed, 1 failed, 4 skipped\n"));
	done(&res);
}

static const struct test_case cases[] = {
	{ "summary_fine", test_fine },
	{ "summary_failed", test_failed },
	{ "summary_late_failure", test_late_failure },
	{ "summary_crashed", test_crashed },
	{ "summary_second_half", test_second_half },
	{ NULL, NULL }
};

const struct test_suite summary_suite = { "summary", cases };
