/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a command's output against a file of tests/golden, to the byte. */
#ifndef KMEMSIM_TESTS_SIM_CMD_GOLDEN_H
#define KMEMSIM_TESTS_SIM_CMD_GOLDEN_H

#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

static inline void same_as_golden(const struct result *res, const char *name)
{
	char path[64];
	char *golden;

	CU_ASSERT_EQUAL(res->status, 0);
	snprintf(path, sizeof(path), "golden/%s", name);
	golden = slurp(test_data(path), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(golden);
	if (strcmp(golden, res->out)) {
		fprintf(stderr, "%s differs from what the program prints; if that is meant: make golden\n", path);
		CU_FAIL("golden report");
	}
	free(golden);
}

#endif
