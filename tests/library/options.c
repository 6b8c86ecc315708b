/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: KMEMSIM_OPTIONS: what is understood, and that one wrong
 * setting does not spoil the others. What is wrong is said on standard error,
 * which the tests read through a pipe.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "slab/malloc/internal.h"
#include "tests/tests.h"

static struct kms_options options;
static char said[4096];

/* Parse @text; what is said meanwhile is in said[]. */
static unsigned int parse(const char *text)
{
	int ends[2], kept = dup(STDERR_FILENO);
	unsigned int wrong;
	ssize_t length;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	wrong = kms_parse_options(&options, text);
	kms_say("end");
	dup2(kept, STDERR_FILENO);
	length = read(ends[0], said, sizeof(said) - 1);
	said[length > 0 ? length : 0] = '\0';
	close(kept);
	close(ends[0]);
	close(ends[1]);
	return wrong;
}

/* Nothing said, nothing set but for what is on by default. */
static void test_defaults(void)
{
	static const char *const empty[] = { "", ":", " : ::\t\n " };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(parse(empty[i]), 0);
		CU_ASSERT_STRING_EQUAL(options.debug, "");
		CU_ASSERT_STRING_EQUAL(options.report, "");
		CU_ASSERT_EQUAL(options.arena, 0);
		CU_ASSERT_TRUE(options.give_back);
		CU_ASSERT_FALSE(options.leaks);
		CU_ASSERT_FALSE(options.stop);
	}
}

/* Each kind of value, with both kinds of dividers between the settings. */
static void test_settings(void)
{
	CU_ASSERT_EQUAL(parse("debug=FZPU,malloc-64;P,malloc-1*:leaks=yes report=/tmp/x.%p\tarena=3g:"
			      "stop=yes:give_back=no:report_json=-"), 0);
	CU_ASSERT_STRING_EQUAL(options.debug, "FZPU,malloc-64;P,malloc-1*");
	CU_ASSERT_STRING_EQUAL(options.report, "/tmp/x.%p");
	CU_ASSERT_STRING_EQUAL(options.report_json, "-");
	CU_ASSERT_EQUAL(options.arena, (uint64_t)3 << 30);
	CU_ASSERT_TRUE(options.leaks);
	CU_ASSERT_TRUE(options.stop);
	CU_ASSERT_FALSE(options.give_back);
	CU_ASSERT_EQUAL(parse("stop=yes:stop=no"), 0);
	CU_ASSERT_FALSE(options.stop);
}

/* Sizes have units, and nothing behind them. */
static void test_sizes(void)
{
	static const struct { const char *text; uint64_t bytes; } good[] = {
		{ "arena=1", 1 }, { "arena=4096", 4096 }, { "arena=64K", 64 << 10 },
		{ "arena=64m", 64 << 20 }, { "arena=2T", (uint64_t)2 << 40 },
		{ "arena=18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = {
		"arena=", "arena=0", "arena=K", "arena=-1", "arena=12x", "arena=1KB", "arena=0x10",
		"arena=18446744073709551616", "arena=17179869184T", "arena=1 5",
	};
	unsigned int i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(parse(good[i].text), 0);
		CU_ASSERT_EQUAL(options.arena, good[i].bytes);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(parse(bad[i]), 1);
		CU_ASSERT(options.arena <= 1);
	}
}

/* Each wrong setting has a line of its own that repeats it; the others count. */
static void test_wrong(void)
{
	CU_ASSERT_EQUAL(parse("stop=yes:bug=1:leaks=maybe:debug=FZ!:leaks:=x:arena=64M"), 5);
	CU_ASSERT_TRUE(options.stop);
	CU_ASSERT_FALSE(options.leaks);
	CU_ASSERT_STRING_EQUAL(options.debug, "");
	CU_ASSERT_EQUAL(options.arena, 64 << 20);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "'bug=1' is no setting"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "'leaks=maybe' is not understood: leaks=yes/no"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "'debug=FZ!' is not understood"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "'leaks' is no setting"));
}

/* A text may have 255 bytes, the longest that there is room for; one of 256 is none, and spoils nothing. */
static void test_longest(void)
{
	static const struct { const char *name; size_t at; } texts[] = {
		{ "report=", offsetof(struct kms_options, report) },
		{ "report_json=", offsetof(struct kms_options, report_json) },
		{ "debug=F,", offsetof(struct kms_options, debug) },
	};
	size_t i, length, begin;
	char text[400], *value;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (length = KMS_OPTION_TEXT - 2; length <= KMS_OPTION_TEXT + 1; length++) {
			bool fits = length < KMS_OPTION_TEXT;

			memset(text, 'a', sizeof(text));
			memcpy(text, texts[i].name, strlen(texts[i].name));
			begin = (size_t)(strchr(texts[i].name, '=') + 1 - texts[i].name);
			strcpy(text + begin + length, ":leaks=yes");
			CU_ASSERT_EQUAL(parse(text), !fits);
			value = (char *)&options + texts[i].at;
			CU_ASSERT_EQUAL(strlen(value), fits ? length : 0);
			if (fits)
				CU_ASSERT_EQUAL(memcmp(value, text + begin, length), 0);
			CU_ASSERT_TRUE(options.leaks);
			CU_ASSERT_EQUAL(strlen(options.debug) + strlen(options.report) +
					strlen(options.report_json), strlen(value));
			/* What lies behind a text is as it was. */
			CU_ASSERT_TRUE(options.give_back);
			CU_ASSERT_FALSE(options.stop);
			CU_ASSERT_EQUAL(options.arena, 0);
		}
}

/* What is read of an environment of these @bytes, by @size bytes at most. */
static const char *from_environ(const char *bytes, size_t length, char *value, size_t size)
{
	char path[] = "/tmp/kmemsim-environ.XXXXXX";
	int fd = mkstemp(path);
	const char *found;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, length), (ssize_t)length);
	close(fd);
	found = kms_environ_file(path, value, size);
	unlink(path);
	return found;
}

#define FROM(bytes) from_environ(bytes, sizeof(bytes), value, sizeof(value))
#define NAME "KMEMSIM_OPTIONS="

/* The variable is ours by its whole name; its value ends where it ends, or where there is no more room. */
static void test_environ(void)
{
	char value[16], block[1200];
	size_t i;

	CU_ASSERT_STRING_EQUAL(FROM(NAME "stop=yes"), "stop=yes");
	CU_ASSERT_STRING_EQUAL(FROM("A=b\0" NAME "stop=yes\0C=d"), "stop=yes");
	CU_ASSERT_STRING_EQUAL(FROM(NAME), "");
	CU_ASSERT_PTR_NULL(FROM(""));
	CU_ASSERT_PTR_NULL(FROM("X" NAME "stop=yes"));
	CU_ASSERT_PTR_NULL(FROM("A=" NAME "stop=yes\0KMEMSIM_OPTION=1\0KMEMSIM_OPTIONS"));
	CU_ASSERT_PTR_NULL(FROM("KMEMSIM_OPTIONSX=stop=yes"));
	CU_ASSERT_PTR_NULL(FROM("KMEMKMEMSIM_OPTIONS=stop=yes"));
	CU_ASSERT_STRING_EQUAL(FROM("X" NAME "stop=yes\0" NAME "leaks=no"), "leaks=no");
	CU_ASSERT_STRING_EQUAL(FROM(NAME "123456789012345"), "123456789012345");
	CU_ASSERT_STRING_EQUAL(FROM(NAME "1234567890123456"), "123456789012345");
	CU_ASSERT_PTR_NULL(kms_environ_file("/nowhere/at/all", value, sizeof(value)));
	/* Wherever the file is read in pieces. */
	for (i = 1; i < 1100; i++) {
		memset(block, 'a', i);
		block[i - 1] = '\0';
		memcpy(block + i, NAME "12", sizeof(NAME "12"));
		CU_ASSERT_STRING_EQUAL_FATAL(from_environ(block, i + sizeof(NAME "12"), value, sizeof(value)), "12");
	}
}

/* Every option is in the documentation, with its form and its meaning. */
static void test_documented(void)
{
	static const char *const wanted[] = {
#define WANTED(kind, name, form, meaning) "| `" #name "=" form "` | " meaning " |",
		KMS_OPTIONS(WANTED)
#undef WANTED
	};
	static char doc[1 << 16];
	FILE *file = fopen(KMEMSIM_SRCDIR "/docs/library.md", "r");
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	doc[fread(doc, 1, sizeof(doc) - 1, file)] = '\0';
	fclose(file);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(doc, wanted[i])) {
			fprintf(stderr, "docs/library.md has no line %s\n", wanted[i]);
			CU_FAIL("an option that is not documented");
		}
}

static const struct test_case cases[] = {
	{ "options: defaults", test_defaults },
	{ "options: settings", test_settings },
	{ "options: sizes", test_sizes },
	{ "options: wrong ones are said", test_wrong },
	{ "options: longest", test_longest },
	{ "options: environ", test_environ },
	{ "options: documented", test_documented },
	{ NULL, NULL }
};
const struct test_suite library_options_suite = { "library_options", cases };
