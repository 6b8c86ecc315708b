/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: two reports figure by figure, and the command that does it. */
#include "sim/diff/diff.h"

#include <stdlib.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define SMALL "tests/traces/gcc-hello.perf.txt.zst"
#define DIFF(...) run_cmd(cmd_diff, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static int compare(struct diff *diff, const char *before, const char *after, struct kerror *err)
{
	return diff_reports(diff, json_loads(before, 0, NULL), json_loads(after, 0, NULL), err);
}

/* The paths that differ, in the order of their importance, with a blank behind each. */
static void expect_paths(const char *before, const char *after, const char *paths)
{
	struct kerror err = { 0 };
	char text[512] = "";
	struct diff diff;
	size_t i;

	CU_ASSERT_EQUAL(compare(&diff, before, after, &err), 0);
	for (i = 0; i < diff.nr; i++) {
		const struct diff_row *row = &diff.rows[i];

		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", (row->before ? row->before : row->after)->path);
	}
	CU_ASSERT_STRING_EQUAL(text, paths);
	diff_free(&diff);
}

#define V "{\"schema_version\": 1, "

static void test_equal(void)
{
	expect_paths(V "\"a\": {\"b\": 3, \"t\": []}}", V "\"a\": {\"b\": 3, \"t\": []}}", "");
	/* What the host measured, anywhere. */
	expect_paths(V "\"load_us\": 3, \"a\": {\"host_minor\": 1}, \"note_1\": \"x\"}", V "\"load_us\": 4, \"a\": {\"host_minor\": null}}", "");
	/* Rows in another order, and two rows of one name. */
	expect_paths(V "\"t\": [{\"n\": \"x\", \"v\": 1}, {\"n\": \"y\", \"v\": 2}, {\"n\": \"y\", \"v\": 3}]}",
		     V "\"t\": [{\"n\": \"y\", \"v\": 2}, {\"n\": \"y\", \"v\": 3}, {\"n\": \"x\", \"v\": 1}]}", "");
}

static void test_differences(void)
{
	/* Words before numbers; then what moved far. A counter from 0 to 1 is below a size that grew by half. */
	expect_paths(V "\"small\": 0, \"size\": 1000000, \"kernel\": \"6.1\"}",
		     V "\"small\": 1, \"size\": 1500000, \"kernel\": \"6.12\"}", "kernel size small ");
	/* A row that is there on one side; its name is no figure. */
	expect_paths(V "\"t\": [{\"n\": \"x\", \"v\": 1}, {\"n\": 9, \"v\": 2}]}", V "\"t\": [{\"n\": \"x\", \"v\": 1}]}", "t[9].v ");
	/* Second of a name. */
	expect_paths(V "\"t\": [{\"n\": \"y\", \"v\": 2}, {\"n\": \"y\", \"v\": 3}]}",
		     V "\"t\": [{\"n\": \"y\", \"v\": 2}, {\"n\": \"y\", \"v\": 4}]}", "t[y].v ");
	/* Null and 0 are not the same. */
	expect_paths(V "\"a\": null, \"b\": 1}", V "\"a\": 0, \"b\": 1}", "a ");
	/* A share, and behind it what it is made of. */
	expect_paths(V "\"s\": {\"ratio\": 0.5, \"numerator\": 1, \"denominator\": 2}, \"x\": 5}",
		     V "\"s\": {\"ratio\": 0.25, \"numerator\": 1, \"denominator\": 4}, \"x\": 6}", "s x s.denominator ");
}

static void test_numbers(void)
{
	struct kerror err = { 0 };
	struct diff diff;
	double number;

	CU_ASSERT_EQUAL(compare(&diff, V "\"s\": {\"ratio\": 0.5, \"numerator\": 1, \"denominator\": 2}, \"w\": \"x\"}",
				V "\"i\": 3}", &err), 0);
	CU_ASSERT_TRUE(diff_number(diff_find(&diff.before, "s"), &number));
	CU_ASSERT_EQUAL(number, 50);
	CU_ASSERT_TRUE(diff_number(diff_find(&diff.after, "i"), &number));
	CU_ASSERT_EQUAL(number, 3);
	CU_ASSERT_FALSE(diff_number(diff_find(&diff.before, "w"), &number));
	CU_ASSERT_PTR_NULL(diff_find(&diff.before, "i"));
	CU_ASSERT_PTR_NULL(diff_find(&diff.after, "zz"));
	CU_ASSERT_FALSE(diff_number(NULL, &number));
	/* schema_version counts as one. */
	CU_ASSERT_EQUAL(diff.compared, 6);
	diff_free(&diff);
}

static void test_refused(void)
{
	static const struct { const char *before, *after, *text; } bad[] = {
		{ "[]", V "\"a\": 1}", "the first file is no report" },
		{ V "\"a\": 1}", "{\"a\": 1}", "the second file is no report" },
		{ "{\"schema_version\": \"1\"}", V "\"a\": 1}", "the first file is no report" },
		{ V "\"a\": 1}", "{\"schema_version\": 2}", "schema_version 1 and 2" },
	};
	struct kerror err = { 0 };
	struct diff diff;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(compare(&diff, bad[i].before, bad[i].after, &err), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].text));
		diff_free(&diff);
	}
}

/* ---- the command ----------------------------------------------------------------------- */

static char *report_of(const char *name, const char *kernel)
{
	char *path = strdup(in_folder(name));
	struct result res = run_cmd(cmd_run, NULL, (const char *const[]){ "-q", "--json", path, "--kernel", kernel, SMALL, NULL });

	CU_ASSERT_EQUAL(res.status, 0);
	done(&res);
	return path;
}

/* Two runs differ in nothing, though the host's clock does; another kernel is told first, and a limit ends with 1. */
static void test_command(void)
{
	char *a = report_of("a.json", "6.12"), *b = report_of("b.json", "6.12"), *c = report_of("c.json", "6.1");
	struct result res = DIFF(a, b, "--fail-if", "internal.held>0%");

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "of these different     0\n"));
	done(&res);
	res = DIFF(a, c, "--top", "1");
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "  machine.kernel        6.12    6.1       -\n"));
	done(&res);
	res = DIFF(a, c, "--json", "-", "--top", "1", "--fail-if", "counters.slab.free_frozen>10%");
	CU_ASSERT_EQUAL(res.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "counters.slab.free_frozen rose from "));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\"figure\": \"machine.kernel\""));
	done(&res);
	/* It sank: no limit is passed. */
	res = DIFF(c, a, "-q", "--fail-if", "counters.slab.free_frozen>10%");
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_STRING_EQUAL(res.out, "");
	done(&res);
	free(a);
	free(b);
	free(c);
}

static void test_mistakes(void)
{
	static const char one[] = V "\"held\": 1, \"word\": \"x\"}";
	char *a = strdup(write_file("one.json", one, sizeof(one) - 1));
	char *bad = strdup(write_file("bad.json", "{\n]", 3));
	static const char *const limits[] = { "held", ">1%", "held>%", "held>1", "held>-1%", "held>1%%", "held>nan%", "" };
	unsigned int i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		expect(DIFF(a, a, "--fail-if", limits[i]), 2, "expected FIGURE>N%");
	expect(DIFF(a), 2, "two reports in JSON are needed");
	expect(DIFF(a, a, a), 2, "is too much");
	expect(DIFF("-", "-"), 2, "standard input");
	expect(DIFF(a, bad), 2, "bad.json: line 2: no JSON");
	expect(DIFF(a, in_folder("not there")), 2, "No such file");
	expect(DIFF(a, a, "--fail-if", "hold>1%"), 2, "is called 'hold'; did you mean 'held'?");
	expect(DIFF(a, a, "--fail-if", "word>1%"), 2, "'word' is no number");
	expect(DIFF(a, a, "--json", a), 2, "it would be written over");
	free(a);
	free(bad);
}

static const struct test_case cases[] = {
	{ "equal reports differ in nothing", test_equal },
	{ "what differs, most important first", test_differences },
	{ "figures as numbers", test_numbers },
	{ "what is no report is refused", test_refused },
	{ "runs compared, and limits", test_command },
	{ "mistakes on the command line", test_mistakes },
	{ NULL, NULL }
};

const struct test_suite diff_suite = { "diff", cases };
