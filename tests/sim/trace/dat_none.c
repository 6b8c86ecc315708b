/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what a build without libtraceevent says of trace.dat. */
#include <errno.h>

#include "tests/tests.h"
#include "tests/sim/trace/util.h"

/* The stand-in under another name, beside whatever this build has. */
#define trace_dat_reader trace_dat_none
const struct reader_ops trace_dat_none;
#include "sim/trace/dat/none.c"

static void test_none(void)
{
	struct reader rd = { .ops = &trace_dat_none };
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL_FATAL(source_open_memory(&rd.src, TRACE_DAT_MAGIC, 10, &err), 0);
	CU_ASSERT_EQUAL(trace_dat_none.probe((const unsigned char *)TRACE_DAT_MAGIC, 10), 100);
	CU_ASSERT_EQUAL(trace_dat_none.open(&rd, &err), -ENOTSUP);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "this build has no trace.dat reader: install libtraceevent-dev"));
	CU_ASSERT_STRING_EQUAL(trace_dat_none.needs, "libtraceevent-dev");
	source_close(rd.src);
}

static const struct test_case cases[] = {
	{ "says what to install", test_none },
	{ NULL, NULL }
};

const struct test_suite dat_none_suite = { "dat_none", cases };
