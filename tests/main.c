/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: runs the CUnit suites. `kmemsim-tests -v` names each test,
 * `kmemsim-tests NAME` runs the suites and tests whose name contains NAME.
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static char path[4096];

static const char *shared_root(void)
{
	const char *root = getenv("KMEMSIM_SHARED");

	return root ? root : KMEMSIM_SRCDIR "/../shared";
}

const char *test_shared(const char *name)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", shared_root(), name);
	file = fopen(path, "r");
	if (!file) {
		fprintf(stderr, "skipped: %s is not here\n", path);
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

const char *test_oracle(const char *name)
{
	char original_path[sizeof(path)];
	FILE *copy, *original;
	int c;

	snprintf(original_path, sizeof(original_path), "%s/oracle/%s", shared_root(), name);
	snprintf(path, sizeof(path), "%s/tests/data/oracle/%s", KMEMSIM_SRCDIR, name);
	copy = fopen(path, "r");
	if (!copy) {
		fprintf(stderr, "%s is missing\n", path);
		CU_FAIL_FATAL("no oracle");
	}
	original = fopen(original_path, "r");
	if (original) {
		do
			c = getc(copy);
		while (c == getc(original) && c != EOF);
		if (c != EOF || !feof(original)) {
			fprintf(stderr, "%s is no copy of %s\n", path, original_path);
			CU_FAIL("oracle and copy differ");
		}
		fclose(original);
	}
	fclose(copy);
	return path;
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

static unsigned int add_suite(const struct test_suite *suite, const char *filter)
{
	bool whole = !filter || strstr(suite->name, filter);
	const struct test_case *test;
	CU_pSuite cu = NULL;
	unsigned int nr = 0;

	for (test = suite->cases; test->name; test++) {
		if (!whole && !strstr(test->name, filter))
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

int main(int argc, char **argv)
{
	CU_BasicRunMode mode = CU_BRM_NORMAL;
	const char *filter = NULL;
	unsigned int nr = 0, failures;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-v"))
			mode = CU_BRM_VERBOSE;
		else if (argv[i][0] != '-' && !filter)
			filter = argv[i];
		else {
			fprintf(stderr, "usage: %s [-v] [NAME]\n", argv[0]);
			return 2;
		}
	}
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	for (i = 0; suites[i]; i++)
		nr += add_suite(suites[i], filter);
	if (!nr) {
		fprintf(stderr, "%s: no suite and no test is called '%s'\n", argv[0], filter ? filter : "");
		return 2;
	}
	CU_basic_set_mode(mode);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
