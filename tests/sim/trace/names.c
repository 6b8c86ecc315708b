/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: interned strings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/names.h"
#include "tests/tests.h"

/* The same bytes get the same number, other bytes another, in order of appearance. */
static void test_intern(void)
{
	struct names *names = names_create();

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	CU_ASSERT_EQUAL(names_count(names), 0);
	CU_ASSERT_EQUAL(names_intern(names, "dentry", 6), 1);
	CU_ASSERT_EQUAL(names_intern(names, "filp", 4), 2);
	CU_ASSERT_EQUAL(names_intern(names, "dentry", 6), 1);
	CU_ASSERT_EQUAL(names_intern(names, "dentry", 5), 3);
	CU_ASSERT_EQUAL(names_intern(names, "f", 1), 4);
	CU_ASSERT_EQUAL(names_intern(names, "fi", 2), 5);
	CU_ASSERT_EQUAL(names_count(names), 5);
	CU_ASSERT_STRING_EQUAL(names_text(names, 1), "dentry");
	CU_ASSERT_STRING_EQUAL(names_text(names, 3), "dentr");
	CU_ASSERT_STRING_EQUAL(names_text(names, 0), "");
	CU_ASSERT_STRING_EQUAL(names_text(names, 6), "");
	CU_ASSERT_STRING_EQUAL(names_text(names, UINT32_MAX), "");
	names_destroy(names);
}

/* Looking up adds nothing, and no bytes at all are "not given". */
static void test_find(void)
{
	struct names *names = names_create();

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	CU_ASSERT_EQUAL(names_find(names, "filp", 4), 0);
	CU_ASSERT_EQUAL(names_count(names), 0);
	CU_ASSERT_EQUAL(names_intern(names, "filp", 4), 1);
	CU_ASSERT_EQUAL(names_find(names, "filp", 4), 1);
	CU_ASSERT_EQUAL(names_find(names, "fil", 3), 0);
	CU_ASSERT_EQUAL(names_intern(names, "", 0), 0);
	CU_ASSERT_EQUAL(names_find(names, "", 0), 0);
	CU_ASSERT_EQUAL(names_count(names), 1);
	names_destroy(names);
}

static size_t numbered(char text[32], unsigned int i)
{
	return (size_t)snprintf(text, 32, "symbol_%u+0x%x", i, i * 7 % 4096);
}

/* Both arrays grow many times over, and texts handed out before stay where they are. */
static void test_growth(void)
{
	enum { NR = 50000 };
	struct names *names = names_create();
	const char *first;
	unsigned int i, wrong = 0;
	char text[32];
	size_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	for (i = 0; i < NR; i++) {
		len = numbered(text, i);
		wrong += names_intern(names, text, len) != i + 1;
		if (!i)
			first = names_text(names, 1);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(names_count(names), NR);
	CU_ASSERT_PTR_EQUAL(names_text(names, 1), first);
	for (i = 0; i < NR; i++) {
		len = numbered(text, i);
		wrong += names_find(names, text, len) != i + 1;
		wrong += strcmp(names_text(names, i + 1), text) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	names_destroy(names);
}

/* A string larger than a whole block of the store is kept too. */
static void test_long(void)
{
	size_t len = 300000;
	char *text = malloc(len);
	struct names *names = names_create();

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, 'x', len);
	CU_ASSERT_EQUAL(names_intern(names, "before", 6), 1);
	CU_ASSERT_EQUAL(names_intern(names, text, len), 2);
	CU_ASSERT_EQUAL(names_intern(names, "after", 5), 3);
	CU_ASSERT_EQUAL(names_intern(names, text, len), 2);
	CU_ASSERT_EQUAL(names_intern(names, text, len - 1), 4);
	CU_ASSERT_EQUAL(strlen(names_text(names, 2)), len);
	CU_ASSERT_STRING_EQUAL(names_text(names, 3), "after");
	names_destroy(names);
	free(text);
}

static const struct test_case cases[] = {
	{ "intern", test_intern },
	{ "find", test_find },
	{ "growth", test_growth },
	{ "long string", test_long },
	{ NULL, NULL }
};

const struct test_suite names_suite = { "names", cases };
