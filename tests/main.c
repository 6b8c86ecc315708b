/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: runs the CUnit suites. `kmemsim-tests -v` names each test,
 * `kmemsim-tests NAME...` runs the suites and tests whose name contains one NAME,
 * `kmemsim-tests -x` ends with the first test that fails and names it,
 * `kmemsim-tests -p 2/3` runs every third suite, from the second one on.
 *
 * Where KMEMSIM_SUMMARY names a file, it gets a line for the program and one for
 * each test that was skipped; tests/summary.sh makes the last lines of make check of them.
 */
#include <CUnit/Basic.h>
#include <CUnit/TestRun.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pagemap/geometry.h"
#include "tests/suites.h"
#include "tests/tests.h"

#define DECLARE_SUITE(module) extern const struct test_suite module##_suite;
#define LIST_SUITE(module) &module##_suite,

#ifdef KMEMSIM_TEST_LIBRARY
#define ALL_SUITES(X) LIBRARY_SUITES(X)
#elif defined(KMEMSIM_TEST_LOWER_ONLY)
#define ALL_SUITES(X) LOWER_SUITES(X)
#else
#define ALL_SUITES(X) LOWER_SUITES(X) UPPER_SUITES(X)
#endif

ALL_SUITES(DECLARE_SUITE)

static const struct test_suite *const suites[] = {
	ALL_SUITES(LIST_SUITE)
	NULL
};

/* ---- what is left out ------------------------------------------------------ */

struct skip {
	CU_pSuite suite;
	CU_pTest test;
	char why[128];
};

#define MAX_SKIPS 512	/* more than there are tests that can be skipped */

static struct skip skips[MAX_SKIPS];
static unsigned int nr_skips;

void test_skip(const char *why, ...)
{
	struct skip *skip = nr_skips ? &skips[nr_skips - 1] : NULL;
	va_list args;

	/* One reason is enough. */
	if (skip && skip->test == CU_get_current_test())
		return;
	if (nr_skips == MAX_SKIPS)
		abort();
	skip = &skips[nr_skips++];
	skip->suite = CU_get_current_suite();
	skip->test = CU_get_current_test();
	va_start(args, why);
	vsnprintf(skip->why, sizeof(skip->why), why, args);
	va_end(args);
	fprintf(stderr, "skipped: %s, %s: %s\n", skip->suite->pName, skip->test->pName, skip->why);
}

static char path[4096];

static const char *shared_root(void)
{
	const char *root = getenv("KMEMSIM_SHARED");

	return root ? root : KMEMSIM_SRCDIR "/../shared";
}

const char *test_shared(const char *name)
{
	FILE *file;

	if (access(shared_root(), F_OK)) {
		test_skip("there is no folder %s", shared_root());
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/%s", shared_root(), name);
	file = fopen(path, "r");
	if (!file) {
		test_skip("there is no %s", name);
		return NULL;
	}
	fclose(file);
	return path;
}

const char *test_data(const char *name)
{
	snprintf(path, sizeof(path), "%s/tests/%s", KMEMSIM_SRCDIR, name);
	return path;
}

/* tests/data/@folder/@name, held against @folder/@name of the shared folder where that is there. */
static const char *copied(const char *folder, const char *name)
{
	char original_path[sizeof(path)];
	FILE *copy, *original;
	int c;

	snprintf(original_path, sizeof(original_path), "%s/%s/%s", shared_root(), folder, name);
	snprintf(path, sizeof(path), "%s/tests/data/%s/%s", KMEMSIM_SRCDIR, folder, name);
	copy = fopen(path, "r");
	if (!copy) {
		fprintf(stderr, "%s is missing\n", path);
		CU_FAIL_FATAL("no copy");
	}
	original = fopen(original_path, "r");
	if (original) {
		do
			c = getc(copy);
		while (c == getc(original) && c != EOF);
		if (c != EOF || !feof(original)) {
			fprintf(stderr, "%s is no copy of %s\n", path, original_path);
			CU_FAIL("original and copy differ");
		}
		fclose(original);
	}
	fclose(copy);
	return path;
}

const char *test_oracle(const char *name)
{
	return copied("oracle", name);
}

const char *test_case_input(const char *name)
{
	return copied("cases", name);
}

bool test_kernel_geometry(void)
{
	return NR_PAGE_ORDERS == 11 && PAGEBLOCK_ORDER == 9;
}

uint64_t test_rand(struct test_rng *rng)
{
	rng->s ^= rng->s >> 12;
	rng->s ^= rng->s << 25;
	rng->s ^= rng->s >> 27;
	return rng->s * 0x2545f4914f6cdd1dULL;
}

uint32_t test_rand_below(struct test_rng *rng, uint32_t n)
{
	return (uint32_t)(((test_rand(rng) >> 32) * n) >> 32);
}

/* True where @name contains one of the names that were given, or none was. */
static bool wanted(const char *name, char *const *filters, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		if (strstr(name, filters[i]))
			return true;
	return !nr;
}

static unsigned int add_suite(const struct test_suite *suite, char *const *filters, int nr_filters)
{
	bool whole = wanted(suite->name, filters, nr_filters);
	const struct test_case *test;
	CU_pSuite cu = NULL;
	unsigned int nr = 0;

	for (test = suite->cases; test->name; test++) {
		if (!whole && !wanted(test->name, filters, nr_filters))
			continue;
		if (!cu)
			cu = CU_add_suite(suite->name, NULL, NULL);
		if (!cu || !CU_add_test(cu, test->name, test->fn)) {
			fprintf(stderr, "%s: %s\n", suite->name, CU_get_error_msg());
			exit(2);
		}
		nr++;
	}
	return nr;
}

/* ---- what became of them ----------------------------------------------------- */

static bool failed(CU_pSuite suite, CU_pTest test)
{
	CU_pFailureRecord record;

	for (record = CU_get_failure_list(); record; record = record->pNext)
		if (record->pSuite == suite && (!test || record->pTest == test))
			return true;
	return false;
}

/* Appends to @file; the name is the program's, without its folder. */
static void write_summary(FILE *file, const char *program)
{
	unsigned int run = CU_get_number_of_tests_run(), bad = CU_get_number_of_tests_failed();
	unsigned int bad_suites = 0, skipped = 0, i;
	CU_pSuite suite;

	program = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	for (suite = CU_get_registry()->pSuite; suite; suite = suite->pNext)
		bad_suites += failed(suite, NULL);
	for (i = 0; i < nr_skips; i++) {
		/* A test that failed beside is a failure. */
		if (failed(skips[i].suite, skips[i].test))
			continue;
		fprintf(file, "skip %s %s\n", program, skips[i].why);
		skipped++;
	}
	fprintf(file, "program %s %u %u %u %u %u\n", program, CU_get_number_of_suites_run(), bad_suites,
		run - bad - skipped, bad, skipped);
}

/* False where the file that was asked for cannot be written. */
static bool summarize(const char *program)
{
	const char *name = getenv("KMEMSIM_SUMMARY");
	FILE *file;

	if (!name)
		return true;
	file = fopen(name, "a");
	if (!file)
		return false;
	write_summary(file, program);
	return !fclose(file);
}

/* Nothing is put in order: the program ends. */
static void end_on_failure(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	if (!failure)
		return;
	printf("%s: %s: %s:%u: %s\n", suite->pName, test->pName, failure->strFileName, failure->uiLineNumber,
	       failure->strCondition);
	exit(1);
}

static void run_to_first_failure(void)
{
	CU_set_test_complete_handler(end_on_failure);
	CU_run_all_tests();
}

int main(int argc, char **argv)
{
	CU_BasicRunMode mode = CU_BRM_NORMAL;
	unsigned int nr = 0, failures;
	unsigned int part = 1, parts = 1;
	bool first_only = false;
	int option, names, i;

	/* A shell lets what runs behind it ignore these; tests of ^C need them. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	while ((option = getopt(argc, argv, "vxp:")) != -1) {
		if (option == 'v') {
			mode = CU_BRM_VERBOSE;
		} else if (option == 'x') {
			first_only = true;
		} else if (option != 'p' || sscanf(optarg, "%u/%u", &part, &parts) != 2 || !part || part > parts) {
			fprintf(stderr, "usage: %s [-v] [-x] [-p PART/PARTS] [NAME...]\n", argv[0]);
			return 2;
		}
	}
	names = optind;
	optind = 1;	/* for what is tested */
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	for (i = 0; suites[i]; i++)
		if ((unsigned int)i % parts == part - 1)
			nr += add_suite(suites[i], argv + names, argc - names);
	if (!nr) {
		fprintf(stderr, "%s: no suite and no test is called '%s'\n", argv[0], argc > names ? argv[names] : "");
		return 2;
	}
	CU_basic_set_mode(mode);
	if (first_only)
		run_to_first_failure();
	else
		CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	if (!summarize(argv[0])) {
		fprintf(stderr, "%s: the summary cannot be written\n", argv[0]);
		failures++;
	}
	CU_cleanup_registry();
	return failures != 0;
}
