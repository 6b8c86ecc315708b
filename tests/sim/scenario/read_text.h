/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a scenario's text read, for the suites of sim/scenario/. */
#ifndef KMEMSIM_TESTS_SIM_SCENARIO_READ_TEXT_H
#define KMEMSIM_TESTS_SIM_SCENARIO_READ_TEXT_H

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/scenario.h"
#include "tests/tests.h"

/* All that is wrong goes to stderr. */
static inline void show_errors(const char *name, const struct scenario_errors *errors)
{
	char buf[512];
	unsigned int i;

	for (i = 0; i < errors->nr; i++)
		fprintf(stderr, "%s\n", scenario_error_text(&errors->at[i], name, buf, sizeof(buf)));
}

/* A text without mistakes; the caller's. */
static inline struct scenario *read_good(const char *text)
{
	struct scenario_errors errors;
	struct scenario *s = NULL;
	int ret = scenario_read(&s, text, strlen(text), &errors);

	show_errors("good", &errors);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
	CU_ASSERT_EQUAL(errors.nr, 0);
	return s;
}

#endif
