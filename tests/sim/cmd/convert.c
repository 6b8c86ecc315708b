/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: kmemsim convert as a user meets it. A copy gives the report that its
 * source gives; whatever goes wrong is said, and nothing that was read is lost.
 */
#include <signal.h>
#include <sys/stat.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define SMALL "tests/traces/gcc-hello.perf.txt.zst"

#define CONVERT(...) run_cmd(cmd_convert, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/* The JSON report of @trace, without the lines that name the input and count its lines. */
static char *report_of(const char *trace)
{
	struct result res = run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", "--json", "-", trace, NULL });
	char *line = strtok(res.out, "\n"), *text = calloc(res.out_len + 1, 1);
	size_t len = 0;

	CU_ASSERT_EQUAL(res.status, 0);
	for (; line; line = strtok(NULL, "\n"))
		if (!strstr(line, "\"file\":") && !strstr(line, "\"lines\":") && !strstr(line, "\"ignored\":")) {
			strcpy(text + len, line);
			len += strlen(line);
			text[len++] = '\n';
		}
	CU_ASSERT(len > 1000);
	done(&res);
	return text;
}

/* A copy, and a copy of the copy, give the same report; what was written is said. */
static void test_same_report(void)
{
	char *first = strdup(in_folder("a.kmt")), *second = strdup(in_folder("b.kmt"));
	char *text, *copy, *twice;
	struct result res = CONVERT("-o", first, SMALL);

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_EQUAL(strncmp(res.out, "26972 events written to ", 24), 0);
	CU_ASSERT_STRING_EQUAL(res.err, "");
	done(&res);
	res = CONVERT("-q", "--output", second, "--to", "kmt", first);
	CU_ASSERT_STRING_EQUAL(res.out, "");
	done(&res);
	text = report_of(SMALL);
	copy = report_of(first);
	twice = report_of(second);
	CU_ASSERT_STRING_EQUAL(text, copy);
	CU_ASSERT_STRING_EQUAL(copy, twice);
	free(text);
	free(copy);
	free(twice);
	free(first);
	free(second);
}

/* The same through plain text, of the kernel's events with call chains and of a program's. */
static void test_plain_text(void)
{
	char *sources[] = {
		strdup(SMALL), strdup(test_data("data/heap/prog.heaptrack")), strdup(test_data("data/heap/app.memory_replay")),
		strdup(test_data("data/cases/perf-lost-between/in.txt")), NULL,
	};
	char *copy = strdup(in_folder("a.txt")), *back = strdup(in_folder("back.kmt")), *text, *twice;
	const char *recording = test_shared("traces/callchains.data.zst");
	size_t i;

	if (recording)
		sources[4] = strdup(recording);
	for (i = 0; i < 5 && sources[i]; i++) {
		expect(CONVERT("-q", "-o", copy, "--to", "text", sources[i]), 0, "");
		expect(CONVERT("-q", "-o", back, copy), 0, "");
		text = report_of(sources[i]);
		twice = report_of(copy);
		CU_ASSERT_STRING_EQUAL(text, twice);
		free(twice);
		twice = report_of(back);
		CU_ASSERT_STRING_EQUAL(text, twice);
		free(twice);
		free(text);
		free(sources[i]);
	}
	free(copy);
	free(back);
}

/* From standard input to standard output, as in a pipe. */
static void test_pipe(void)
{
	char *path = strdup(in_folder("pipe.kmt"));
	struct result res = run_cmd(cmd_convert, SMALL, (const char *const[]){ "-o", "-", "-", NULL });
	struct stat st;

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT(res.out_len > 10000);
	CU_ASSERT_EQUAL(memcmp(res.out, "\x89KMT\r\n\x1a\n", 8), 0);
	write_file("pipe.kmt", res.out, res.out_len);
	done(&res);
	res = CONVERT("-q", "-o", in_folder("file.kmt"), SMALL);
	CU_ASSERT_EQUAL(stat(in_folder("file.kmt"), &st), 0);
	done(&res);
	expect(run_cmd(cmd_run, path, (const char *const[]){ "-q", "-", NULL }), 0, "");
	free(path);
}

/* What must be there, what is not known, what would be destroyed. */
static void test_refused(void)
{
	char *copy = strdup(in_folder("self.kmt"));
	struct result res = CONVERT("-q", "-o", copy, SMALL);
	struct stat before, after;

	done(&res);
	CU_ASSERT_EQUAL(stat(copy, &before), 0);
	expect(CONVERT(SMALL), 2, "no output given: -o FILE");
	expect(CONVERT("-o", in_folder("x")), 2, "no trace given");
	expect(CONVERT("-o", in_folder("x"), SMALL, SMALL), 2, "is given twice");
	expect(CONVERT("-o", in_folder("x"), "--to", "kmd", SMALL), 2, "did you mean 'kmt'?");
	expect(CONVERT("-o", in_folder("x"), "/no/such/trace"), 2, "/no/such/trace: No such file or directory");
	expect(CONVERT("-o", copy, copy), 2, "would be written over");
	CU_ASSERT_EQUAL(stat(copy, &after), 0);
	CU_ASSERT_EQUAL(before.st_size, after.st_size);
	CU_ASSERT_NOT_EQUAL(stat(in_folder("x"), &after), 0);
	free(copy);
}

/* The same parts as .kmt, in either order, and a .kmt without events beside them: nothing is missing. */
static void expect_merged_kmt(const char *first, const char *second, const char *whole)
{
	char *a = strdup(in_folder("a.kmt")), *b = strdup(in_folder("b.kmt")), *none = strdup(in_folder("none.kmt"));
	char *merged = strdup(in_folder("of-kmt.kmt")), *want = report_of(whole), *got;
	const char *const orders[][3] = { { a, b, none }, { none, b, a } };
	int i;

	expect(CONVERT("-q", "-o", a, first), 0, "");
	expect(CONVERT("-q", "-o", b, second), 0, "");
	expect(run_cmd(cmd_cut, NULL, (const char *const[]){ "-q", "-o", none, "--cpu", "9", a, NULL }), 0, "no event");
	for (i = 0; i < 2; i++) {
		expect(run_cmd(cmd_merge, NULL, (const char *const[]){ "-q", "-o", merged, orders[i][0], orders[i][1], orders[i][2],
			       NULL }), 0, "");
		got = report_of(merged);
		CU_ASSERT_STRING_EQUAL(got, want);
		free(got);
	}
	free(want);
	free(merged);
	free(none);
	free(b);
	free(a);
}

/* A recording in two files, its lines in turn: run and merge make of both what the whole gives. */
static void test_merge(void)
{
	char *part[2] = { strdup(in_folder("part0.txt")), strdup(in_folder("part1.txt")) };
	char *whole = strdup(in_folder("whole.txt")), *merged = strdup(in_folder("merged.kmt"));
	static const char head[] = "a 1 [000] ", tail[] = ": kmem:kfree: call_site=f+0x1 ptr=0x1000\n";
	FILE *file[3] = { fopen(part[0], "w"), fopen(part[1], "w"), fopen(whole, "w") };
	const char *report[3];
	struct result res[3];
	int i;

	for (i = 0; i < 3; i++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(file[i]);
	for (i = 0; i < 1000; i++) {
		fprintf(file[i % 3 > 0], "%s%d.%06d%s", head, i / 100, i % 100, tail);
		fprintf(file[2], "%s%d.%06d%s", head, i / 100, i % 100, tail);
	}
	for (i = 0; i < 3; i++)
		fclose(file[i]);
	expect(run_cmd(cmd_merge, NULL, (const char *const[]){ "-o", merged, part[0], NULL }), 2, "at least 2 traces");
	expect(run_cmd(cmd_merge, NULL, (const char *const[]){ "-q", "-o", part[1], part[0], part[1], NULL }), 2,
	       "would be written over");
	expect(run_cmd(cmd_merge, NULL, (const char *const[]){ "-o", merged, part[1], part[0], NULL }), 0, "");
	expect_merged_kmt(part[0], part[1], whole);
	res[0] = run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", whole, NULL });
	res[1] = run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", part[1], part[0], NULL });
	res[2] = run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", merged, NULL });
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(res[i].status, 0);
		report[i] = strstr(res[i].out, "  events  ");
		CU_ASSERT_PTR_NOT_NULL_FATAL(report[i]);
		CU_ASSERT_STRING_EQUAL(report[i], report[0]);
	}
	for (i = 0; i < 3; i++)
		done(&res[i]);
	free(part[0]);
	free(part[1]);
	free(whole);
	free(merged);
}

/* A source that is cut: what was read is a whole file, and both say that more was to come. */
static void test_cut_source(void)
{
	char *cut = strdup(in_folder("cut.zst")), *copy = strdup(in_folder("cut.kmt"));
	char *whole;
	size_t len;

	if (chdir(KMEMSIM_SRCDIR))
		CU_FAIL_FATAL("no source folder");
	whole = slurp(SMALL, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
	write_file("cut.zst", whole, len / 2);
	expect(CONVERT("-q", "-o", copy, cut), 2, "events before it were written");
	expect(run_cmd(cmd_run, NULL, (const char *const[]){ "-q", copy, NULL }), 2, "the zstd stream is truncated");
	free(whole);
	/* Nothing is left of this one, and the reason is said, not that it has no events. */
	expect(CONVERT("-q", "-o", copy, SMALL), 0, "");
	whole = slurp(copy, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
	write_file("cut.kmt", whole, len / 2);
	free(whole);
	expect(run_cmd(cmd_run, NULL, (const char *const[]){ "-q", copy, NULL }), 2, "the file ends within this chunk");
	free(cut);
	free(copy);
}

/* A recording's call sites get the names that --kallsyms gives, and the copy keeps them. */
static void test_kallsyms(void)
{
	static const char symbols[] = "ffffffff81000000 T _text\nffffffff81000001 T whole_kernel\n"
				      "ffffffff82f00000 T _etext\n";
	const char *data = test_shared("traces/gcc-hello.data.zst");
	char *list = strdup(write_file("symbols", symbols, sizeof(symbols) - 1)), *copy = strdup(in_folder("sym.kmt"));
	struct result res;

	if (data) {
		expect(CONVERT("-q", "-o", copy, "--kallsyms", "/no/such/symbols", data), 2, "/no/such/symbols");
		expect(CONVERT("-q", "-o", copy, "--kallsyms", list, data), 0, "");
		res = run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", copy, NULL });
		CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "whole_kernel+0x"));
		done(&res);
	}
	free(list);
	free(copy);
}

/* A full disk leaves the old file and gives the reason. */
static void test_full_disk(void)
{
	expect(CONVERT("-q", "-o", "/dev/full", SMALL), 2, "No space left on device");
}

/* A line's number means nothing in .kmt: places there are numbers of events. */
static void test_places(void)
{
	static const char text[] = "x 1 [000] 2.0: kmem:kfree: call_site=a ptr=0x10\n\nx 1 [000] 3.0: PERF_RECORD_LOST lost 7\n"
				   "x 1 [000] 1.0: kmem:kfree: call_site=a ptr=0x20\n";
	char *from = strdup(write_file("back.txt", text, sizeof(text) - 1)), *to = strdup(in_folder("back.kmt"));

	expect(run_cmd(cmd_run, NULL, (const char *const[]){ from, NULL }), 0, "first at line 4;");
	expect(run_cmd(cmd_run, NULL, (const char *const[]){ from, NULL }), 0, "lost in 1 place, first at line 3;");
	expect(CONVERT("-q", "-o", to, from), 0, "");
	expect(run_cmd(cmd_run, NULL, (const char *const[]){ to, NULL }), 0, "first at event 2;");
	expect(run_cmd(cmd_run, NULL, (const char *const[]){ to, NULL }), 0, "lost in 1 place, first at event 1;");
	free(from);
	free(to);
}

static const struct test_case cases[] = {
	{ "same_report", test_same_report },
	{ "plain_text", test_plain_text },
	{ "pipe", test_pipe },
	{ "refused", test_refused },
	{ "merge", test_merge },
	{ "cut_source", test_cut_source },
	{ "kallsyms", test_kallsyms },
	{ "full_disk", test_full_disk },
	{ "places", test_places },
	{ NULL, NULL }
};
const struct test_suite convert_suite = { "convert", cases };
