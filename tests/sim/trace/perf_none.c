/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what a build without libtraceevent says of perf.data. */
#include <errno.h>

#include "tests/tests.h"
#include "tests/sim/trace/util.h"

/* The stand-in under another name, beside whatever this build has. */
#define perf_data_reader perf_data_none
const struct reader_ops perf_data_none;
#include "sim/trace/perf/none.c"

static void test_none(void)
{
	struct reader rd = { .ops = &perf_data_none };
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&rd.src, "PERFILE2", 8, &err), 0);
	CU_ASSERT_EQUAL(perf_data_none.probe((const unsigned char *)"PERFILE2", 8), 100);
	CU_ASSERT_EQUAL(perf_data_none.open(&rd, &err), -ENOTSUP);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "this build has no perf.data reader: install libtraceevent-dev"));
	CU_ASSERT_STRING_EQUAL(perf_data_none.needs, "libtraceevent-dev");
	source_close(rd.src);
}

static const struct test_case cases[] = {
	{ "says what to install", test_none },
	{ NULL, NULL }
};

const struct test_suite perf_none_suite = { "perf_none", cases };
