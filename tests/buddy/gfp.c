/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: GFP flags as text. */
#include <errno.h>
#include <string.h>

#include "buddy/gfp.h"
#include "tests/tests.h"

static gfp_t parse(const char *text, int ret, unsigned int unknown)
{
	unsigned int n = 0;
	gfp_t gfp = 0xdeadbeef;

	CU_ASSERT_EQUAL(gfp_parse(text, strlen(text), &gfp, &n), ret);
	CU_ASSERT_EQUAL(n, unknown);
	return gfp;
}

static const char *format(gfp_t gfp)
{
	static char buf[256];

	CU_ASSERT_EQUAL((size_t)gfp_format(buf, sizeof(buf), gfp), strlen(buf));
	return buf;
}

/* What real traces print is read as the bits it stands for. */
static void test_parse_traces(void)
{
	CU_ASSERT_EQUAL(parse("GFP_KERNEL", 0, 0), GFP_KERNEL);
	CU_ASSERT_EQUAL(parse("GFP_ATOMIC|__GFP_NOWARN|__GFP_NOMEMALLOC", 0, 0),
			GFP_ATOMIC | __GFP_NOWARN | __GFP_NOMEMALLOC);
	CU_ASSERT_EQUAL(parse("GFP_NOFS|__GFP_HIGHMEM|__GFP_MOVABLE|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|"
			      "__GFP_HARDWALL", 0, 0),
			GFP_NOFS | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOWARN | __GFP_NORETRY |
			__GFP_COMP | __GFP_HARDWALL);
	CU_ASSERT_EQUAL(parse("__GFP_ZERO|GFP_KERNEL", 0, 0), GFP_KERNEL | __GFP_ZERO);
	CU_ASSERT_EQUAL(parse("none", 0, 0), 0);
	CU_ASSERT_EQUAL(parse("__GFP_DMA|__GFP_DMA32", 0, 0), __GFP_DMA | __GFP_DMA32);
	CU_ASSERT_EQUAL(parse("GFP_NOWAIT|0x40", 0, 0), GFP_NOWAIT | __GFP_IO);
	CU_ASSERT_EQUAL(parse("0XcC0", 0, 0), GFP_KERNEL);
	/* the longest there is: 16 digits */
	CU_ASSERT_EQUAL(parse("0x0000000000000cc0", 0, 0), GFP_KERNEL);
}

/* Names of other kernels are known even where they mean nothing here; others are counted. */
static void test_parse_versions(void)
{
	CU_ASSERT_EQUAL(parse("GFP_KERNEL|__GFP_SKIP_ZERO|__GFP_NOLOCKDEP", 0, 0), GFP_KERNEL);
	CU_ASSERT_EQUAL(parse("__GFP_REPEAT", 0, 0), __GFP_RETRY_MAYFAIL);
	CU_ASSERT_EQUAL(parse("GFP_KERNEL|__GFP_FROM_2031|__GFP_X", 0, 2), GFP_KERNEL);
	CU_ASSERT_EQUAL(gfp_parse("__GFP_X", 7, &(gfp_t){ 0 }, NULL), 0);
}

/* Text that is no list of flags is refused and changes nothing. */
static void test_parse_rubbish(void)
{
	static const char *const bad[] = {
		"", "|", "GFP_KERNEL|", "|GFP_KERNEL", "GFP_KERNEL||__GFP_ZERO", "0x", "0xg", "12",
		"GFP KERNEL", "GFP_KERNEL|\xff", "0x11112222333344445", "GFP-KERNEL", "0y12",
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(parse(bad[i], -EINVAL, 0), 0xdeadbeef);
}

/* Printed as the kernel does: the longest names first, "none" for nothing, hex for the rest. */
static void test_format(void)
{
	CU_ASSERT_STRING_EQUAL(format(0), "none");
	CU_ASSERT_STRING_EQUAL(format(GFP_KERNEL | __GFP_ZERO), "GFP_KERNEL|__GFP_ZERO");
	CU_ASSERT_STRING_EQUAL(format(GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_ZERO),
			       "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO");
	CU_ASSERT_STRING_EQUAL(format(GFP_TRANSHUGE), "GFP_TRANSHUGE");
	CU_ASSERT_STRING_EQUAL(format(GFP_ATOMIC), "GFP_ATOMIC");
	CU_ASSERT_STRING_EQUAL(format(GFP_KERNEL_ACCOUNT), "GFP_KERNEL_ACCOUNT");
	CU_ASSERT_STRING_EQUAL(format(__GFP_DIRECT_RECLAIM), "__GFP_DIRECT_RECLAIM");
	CU_ASSERT_STRING_EQUAL(format(1U << 30), "0x40000000");
	CU_ASSERT_STRING_EQUAL(format(GFP_NOWAIT | 1U << 30), "GFP_NOWAIT|0x40000000");
}

/* A small buffer gets what fits, and the caller learns what it would have taken. */
static void test_format_cut(void)
{
	char buf[8] = "xxxxxxx";

	CU_ASSERT_EQUAL(gfp_format(buf, sizeof(buf), GFP_KERNEL | __GFP_ZERO), 21);
	CU_ASSERT_STRING_EQUAL(buf, "GFP_KER");
	CU_ASSERT_EQUAL(gfp_format(NULL, 0, GFP_KERNEL | __GFP_ZERO), 21);
}

/* Any set of bits survives being printed and read again. */
static void test_round_trip(void)
{
	struct test_rng rng = { 7 };
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		gfp_t gfp = (gfp_t)test_rand(&rng) & (gfp_t)test_rand(&rng);

		CU_ASSERT_EQUAL(parse(format(gfp), 0, 0), gfp);
	}
}

static const struct test_case cases[] = {
	{ "flags of real traces", test_parse_traces },
	{ "flags of other kernels", test_parse_versions },
	{ "rubbish is refused", test_parse_rubbish },
	{ "printing as the kernel does", test_format },
	{ "printing into a small buffer", test_format_cut },
	{ "print and parse agree", test_round_trip },
	{ NULL, NULL }
};

const struct test_suite gfp_suite = { "gfp", cases };
