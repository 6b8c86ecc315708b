/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what a build without babeltrace2 says of CTF. */
#include <errno.h>

#include "tests/tests.h"
#include "tests/sim/trace/util.h"

/* The stand-in under another name, beside whatever this build has. */
#define ctf_reader ctf_none
const struct reader_ops ctf_none;
#include "sim/trace/ctf/none.c"

static void test_none(void)
{
	static const char *const heads[] = { CTF_HEAD " */", CTF_PACKET "packets", CTF_PACKET_BE "packets" };
	struct reader rd = { .ops = &ctf_none };
	struct kerror err = { 0 };
	size_t i;

	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(ctf_none.probe((const unsigned char *)heads[i], strlen(heads[i])), READER_SURE);
	CU_ASSERT_EQUAL(ctf_none.probe((const unsigned char *)"/* CTF 1.9 */", 13), 0);
	CU_ASSERT_EQUAL(ctf_none.probe((const unsigned char *)CTF_PACKET, 3), 0);
	CU_ASSERT_EQUAL_FATAL(source_open_memory(&rd.src, heads[0], strlen(heads[0]), &err), 0);
	CU_ASSERT_EQUAL(ctf_none.open(&rd, &err), -ENOTSUP);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "this build cannot read CTF: install libbabeltrace2-dev"));
	CU_ASSERT_STRING_EQUAL(ctf_none.needs, "libbabeltrace2-dev");
	source_close(rd.src);
}

static const struct test_case cases[] = {
	{ "says what to install", test_none },
	{ NULL, NULL }
};

const struct test_suite ctf_none_suite = { "ctf_none", cases };
