/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: help, and how wrong words are answered: status 2, the nearest
 * right word, and what there is.
 */
#include <limits.h>
#include <sys/stat.h>

#include "sim/cmd/cmd.h"
#include "sim/util/nearest.h"
#include "slab/malloc/kmemsim.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define SMALL "tests/traces/gcc-hello.perf.txt.zst"
#define MAX_ARGS 6

/* A command line without "kmemsim", and what it must give. */
struct line {
	const char *args[MAX_ARGS + 1];
	int status;
	const char *out, *err;	/* parts; "" for nothing at all */
};

static void part_is(const char *text, const char *part, const char *const *args)
{
	if (*part ? strstr(text, part) != NULL : !*text)
		return;
	fprintf(stderr, "%s %s: expected '%s' in: %s\n", args[0] ? args[0] : "", args[0] && args[1] ? args[1] : "",
		part, text);
	CU_FAIL("what a command says");
}

static void check_lines(const struct line *lines, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		struct result res = run_cmd(cmd_any, NULL, lines[i].args);

		CU_ASSERT_EQUAL(res.status, lines[i].status);
		part_is(res.out, lines[i].out, lines[i].args);
		part_is(res.err, lines[i].err, lines[i].args);
		done(&res);
	}
}

#define CHECK_LINES(lines) check_lines(lines, sizeof(lines) / sizeof(lines[0]))

/* Help comes on standard output with status 0, however it is asked for; a version, too. */
static void test_help(void)
{
	static const struct line lines[] = {
		{ { "-h" }, 0, "Usage: kmemsim COMMAND", "" },
		{ { "-?" }, 0, "Usage: kmemsim COMMAND", "" },
		{ { "--help" }, 0, "Usage: kmemsim COMMAND", "" },
		{ { "help" }, 0, "Usage: kmemsim COMMAND", "" },
		{ { "help", "help" }, 0, "Usage: kmemsim COMMAND", "" },
		{ { "help", "run" }, 0, "Usage: kmemsim run [OPTION...] TRACE", "" },
		{ { "help", "verify" }, 0, "Usage: kmemsim verify [OPTION...] CAPTURE", "" },
		{ { "help", "compare" }, 0, "Usage: kmemsim compare [OPTION...] TRACE", "" },
		{ { "help", "diagnose" }, 0, "Usage: kmemsim diagnose [OPTION...] TRACE", "" },
		{ { "help", "layout" }, 0, "Usage: kmemsim layout [OPTION...] BINARY", "" },
		{ { "help", "replace" }, 0, "Usage: kmemsim replace [OPTION...] TRACE", "" },
		{ { "help", "policies" }, 0, "Usage: kmemsim policies", "" },
		{ { "help", "list" }, 0, "Usage: kmemsim list formats|", "" },
		{ { "run", "-h" }, 0, "Usage: kmemsim run", "" },
		{ { "run", "--mem", "64M", "-h" }, 0, "Usage: kmemsim run", "" },
		{ { "verify", "-?" }, 0, "Usage: kmemsim verify", "" },
		{ { "layout", "-h" }, 0, "Usage: kmemsim layout", "" },
		{ { "list", "-h" }, 0, "Usage: kmemsim list", "" },
		{ { "policies", "-h" }, 0, "Usage: kmemsim policies", "" },
		{ { "--version" }, 0, "kmemsim " KMS_VERSION "\n", "" },
		{ { "--version" }, 0, "\n  libtraceevent  ", "" },
		{ { "--version" }, 0, "\n  babeltrace2  ", "" },
		{ { "-V" }, 0, "kmemsim " KMS_VERSION "\n", "" },
		{ { "diagnose", "--version" }, 0, "kmemsim " KMS_VERSION "\n", "" },
		{ { NULL }, 2, "", "Usage: kmemsim COMMAND" },
		{ { "help", "run", "verify" }, 2, "", "one command at a time" },
		{ { "help", "lits" }, 2, "", "no command and no file 'lits'; did you mean 'list'?" },
		{ { "list" }, 2, "", "Usage: kmemsim list formats|" },
	};

	CHECK_LINES(lines);
}

/* Below each heading of a command's options are options, and not all of them below the last. */
static void test_headings(void)
{
	static const char *const commands[] = { "run", "compare" };
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct result res = run_cmd(cmd_any, NULL, (const char *const[]){ "help", commands[i], NULL });

		CU_ASSERT_EQUAL(res.status, 0);
		CU_ASSERT_PTR_NULL(strstr(res.out, ":\n\n "));
		CU_ASSERT_PTR_NULL(strstr(res.out, "\n\n      --"));
		done(&res);
	}
}

/* The report of a run and the program name one version. */
static void test_version(void)
{
	struct result res = run_cmd(cmd_any, NULL, (const char *const[]){ "run", "--csv", "-", SMALL, NULL });

	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "program,kmemsim,," KMS_VERSION "\n"));
	done(&res);
}

/* A file where a command is expected is a trace; a command's name goes before a file's. */
static void test_trace_alone(void)
{
	static const struct line lines[] = {
		{ { SMALL, "-q" }, 0, "", "" },
		{ { SMALL, "--no-timing", "--mem", "64M" }, 0, "Page faults", "" },
		{ { "-", "-q" }, 2, "", "empty" },
		{ { "no/such/trace" }, 2, "", "no command and no file 'no/such/trace'; there are: run, verify" },
		{ { "tests" }, 2, "", "tests is a folder; where it is a capture of a real kernel: kmemsim verify tests" },
		{ { "--mem", "64M", SMALL }, 2, "", "'--mem' without a command; options follow the command" },
		{ { "" }, 2, "", "no command and no file ''; there are: run, verify" },
	};

	CHECK_LINES(lines);
}

/* Each kind of word that can be wrong. */
static void test_wrong_words(void)
{
	static const struct line lines[] = {
		{ { "rnu", SMALL }, 2, "", "'rnu'; did you mean 'run'? There are: run, verify, compare, diff, policies, " },
		{ { "run", "--jsn", "x", SMALL }, 2, "", "no option '--jsn'; did you mean '--json'?\nTry 'kmemsim run --help'.\n" },
		{ { "run", "--jsn=x", SMALL }, 2, "", "no option '--jsn'; did you mean '--json'?" },
		{ { "run", "--page-owner", "--jsn", SMALL }, 2, "", "did you mean '--json'?" },
		{ { "run", "--slab-dbug", SMALL }, 2, "", "did you mean '--slab-debug'?" },
		{ { "run", "-json", "x", SMALL }, 2, "", "no option '-json'; did you mean '--json'?" },
		{ { "run", "-x", SMALL }, 2, "", "kmemsim run: there is no option '-x'\nTry 'kmemsim run --help'.\n" },
		{ { "run", "--frobnicate", SMALL }, 2, "", "no option '--frobnicate'\n" },
		{ { "verify", "--leyer=pages", "x" }, 2, "", "did you mean '--layer'?" },
		{ { "layout", "--trace=x", "--exand", "x" }, 2, "", "did you mean '--expand'?" },
		{ { "run", "--slab", "slubb", SMALL }, 2, "", "'slubb'; did you mean 'slub'? There are: slub, " },
		{ { "run", "--slab", "zone", SMALL }, 2, "", "no slab engine is called 'zone'; there are: slub, " },
		{ { "run", "--slab", "slub,cpu_partail=1", SMALL }, 2, "",
		  "no parameter 'cpu_partail'; did you mean 'cpu_partial'? There are: " },
		{ { "run", "--slab", "slub,cpu_partial", SMALL }, 2, "", "cpu_partial needs =N, a number from 0 to 65535" },
		{ { "run", "--slab", "slub,cpu_partail", SMALL }, 2, "",
		  "'cpu_partail' is neither an engine nor a parameter of slub; did you mean 'cpu_partial'?" },
		{ { "compare", "--slab", "slub,cpu_partial,sheaves", SMALL }, 2, "", "cpu_partial needs =N" },
		{ { "compare", "--slab", "slub,sheavse", SMALL }, 2, "", "did you mean 'sheaves'?" },
		{ { "run", "--kernel", "6.6", SMALL }, 2, "", "expected 6.1 or 6.12; the nearest is 6.1\n" },
		{ { "run", "--kernel", "5.10", SMALL }, 2, "", "expected 6.1 or 6.12; the nearest is 6.1\n" },
		{ { "run", "--kernel", "6.18", SMALL }, 2, "", "expected 6.1 or 6.12; the nearest is 6.12\n" },
		{ { "run", "--kernel", "newest", SMALL }, 2, "", "expected 6.1 or 6.12\n" },
		{ { "run", "--tlb", "zen33", SMALL }, 2, "", "'zen3'? There are: " },
		{ { "run", "--tlb", "pentium", SMALL }, 2, "", "there is no such TLB model; there are: " },
		{ { "run", "--tlb", "l1=64x", SMALL }, 2, "", "--tlb=l1=64x: TLB" },
		{ { "run", "--format", "perfscript", SMALL }, 2, "", "did you mean 'perf-script'? There are: " },
		{ { "diagnose", "--format", "perfscript", SMALL }, 2, "", "did you mean 'perf-script'?" },
		{ { "layout", "--format", "perfscript", "--trace", SMALL, "x" }, 2, "", "did you mean 'perf-script'?" },
		{ { "run", "--layers", "slabs", SMALL }, 2, "", "expected pages, slab or both; did you mean 'slab'?" },
		{ { "run", "--touch", "al", SMALL }, 2, "", "expected links, zero or all; did you mean 'all'?" },
		{ { "run", "--page-owner-sort", "tsak", SMALL }, 2, "",
		  "expected pfn, time, pid, task, site, order, times or pages; did you mean 'task'?" },
		{ { "verify", "--mode", "opne", "x" }, 2, "", "expected guided or open; did you mean 'open'?" },
		{ { "verify", "--layer", "page", "x" }, 2, "", "expected pages, objects, vm or reclaim; did you mean 'pages'?" },
		{ { "list", "kernel" }, 2, "", "no list 'kernel'; did you mean 'kernels'? There are: formats, " },
		{ { "policies", "slubb" }, 2, "", "no slab engine and no replacement policy 'slubb'; did you mean 'slub'? There are: slub, " },
		{ { "policies", "zone" }, 2, "", "no slab engine and no replacement policy 'zone'; there are: slub, " },
		{ { "policies", "slub", "slab" }, 2, "", "kmemsim policies: one engine at a time: 'slab' is too much" },
		{ { "list", "tlbs", "kernels" }, 2, "", "kmemsim list: one list at a time: 'kernels' is too much" },
		{ { "list", "nothing" }, 2, "", "no list 'nothing'; there are: formats, engines, kernels, tlbs, replacement, costs, counters\n" },
	};

	CHECK_LINES(lines);
}

/* What getopt takes is taken: a shortened option, a value that looks like an option, "--". */
static void test_right_words(void)
{
	static const struct line lines[] = {
		{ { "run", "--quie", "--no-tim", SMALL }, 0, "", "" },
		{ { "run", "-q", "--mem=64M", SMALL }, 0, "", "" },
		{ { "run", "-q", "--seed", "1", "--", SMALL }, 0, "", "" },
		{ { "run", "--", "--jsn" }, 2, "", "--jsn: No such file" },
		{ { "run", "-q", "--json", "--csvv/x", SMALL }, 2, "", "--csvv/x: No such file" },
		{ { "run", "--s", "1", SMALL }, 2, "", "'--s' may be one of several options: --slab, --slab-debug, --shrink, " },
		{ { "run", "-q", "--mem" }, 2, "", "--mem needs a value: SIZE\n" },
		{ { "run", "-q", "--bind=1", SMALL }, 2, "", "--bind takes no value\n" },
		{ { "run", "--pro" }, 2, "", "--procfs needs a value: DIR\n" },
		{ { "policies", "slob" }, 0, "slob: ", "" },
		{ { "policies", "2q" }, 0, "  kout                 50       0..1000        pages remembered", "" },
		{ { "policies", "aarc" }, 2, "", "policy 'aarc'; did you mean 'arc'?" },
		{ { "list", "replacement" }, 0, "sieve            a hand goes from the oldest page", "" },
	};

	CHECK_LINES(lines);
}

/* Whatever is wrong on the command line, its last line says in one form where help is. */
static void test_where_help_is(void)
{
	static const struct line lines[] = {
		{ { "frobnicate" }, 2, "", "kmemsim" },
		{ { "--mem", "64M" }, 2, "", "kmemsim" },
		{ { "help", "run", "verify" }, 2, "", "kmemsim" },
		{ { "list", "nothing" }, 2, "", "kmemsim list" },
		{ { "list", "tlbs", "kernels" }, 2, "", "kmemsim list" },
		{ { "policies", "zone" }, 2, "", "kmemsim policies" },
		{ { "policies", "slub", "slab" }, 2, "", "kmemsim policies" },
		{ { "run" }, 2, "", "kmemsim run" },
		{ { "run", "a", "a" }, 2, "", "kmemsim run" },
		{ { "run", "--jsn", "a" }, 2, "", "kmemsim run" },
		{ { "run", "--mem" }, 2, "", "kmemsim run" },
		{ { "run", "--bind=1" }, 2, "", "kmemsim run" },
		{ { "run", "--s" }, 2, "", "kmemsim run" },
		{ { "run", "--mem=1", "a" }, 2, "", "kmemsim run" },
		{ { "run", "--quarantine=1M", "a" }, 2, "", "kmemsim run" },
		{ { "run", "--json=-", "--csv=-", "a" }, 2, "", "kmemsim run" },
		{ { "run", "--json=-", "--timeline=-", "a" }, 2, "", "kmemsim run" },
		{ { "compare", "--slab=zone", "a" }, 2, "", "kmemsim compare" },
		{ { "compare", "--movable=8G", "a" }, 2, "", "kmemsim compare" },
		{ { "diagnose", "a", "a" }, 2, "", "kmemsim diagnose" },
		{ { "verify" }, 2, "", "kmemsim verify" },
		{ { "verify", "--at-least=x", "a" }, 2, "", "kmemsim verify" },
		{ { "layout" }, 2, "", "kmemsim layout" },
		{ { "layout", "a", "" }, 2, "", "kmemsim layout" },
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct result res = run_cmd(cmd_any, NULL, lines[i].args);
		char last[64];
		int len = snprintf(last, sizeof(last), "\nTry '%s --help'.\n", lines[i].err);

		CU_ASSERT_EQUAL(res.status, lines[i].status);
		CU_ASSERT_EQUAL(res.out_len, 0);
		if (strlen(res.err) < (size_t)len || strcmp(res.err + strlen(res.err) - (size_t)len, last)) {
			fprintf(stderr, "%s: the end is not '%s': %s\n", lines[i].args[0], last + 1, res.err);
			CU_FAIL("where help is");
		}
		done(&res);
	}
}

/* An output needs a name, which is said before anybody looks for what is read. */
static void test_empty_names(void)
{
	static const struct line lines[] = {
		{ { "run", "--json=", "/no/trace" }, 2, "", "kmemsim run: --json= needs the name of a file\n" },
		{ { "run", "--csv", "", "/no/trace" }, 2, "", "--csv= needs the name of a file\n" },
		{ { "run", "--timeline=", "/no/trace" }, 2, "", "--timeline= needs the name of a file\n" },
		{ { "run", "--page-owner-list=", "/no/trace" }, 2, "", "--page-owner-list= needs the name of a file\n" },
		{ { "run", "--procfs=", "/no/trace" }, 2, "", "--procfs= needs the name of a folder\n" },
		{ { "compare", "--json=", "/no/trace" }, 2, "", "kmemsim compare: --json= needs the name of a file\n" },
		{ { "compare", "--csv=", "/no/trace" }, 2, "", "--csv= needs the name of a file\n" },
		{ { "diagnose", "--json=", "/no/trace" }, 2, "", "--json= needs the name of a file\n" },
		{ { "diagnose", "--csv=", "/no/trace" }, 2, "", "--csv= needs the name of a file\n" },
		{ { "layout", "--json=", "/no/binary" }, 2, "", "--json= needs the name of a file\n" },
		{ { "layout", "--csv=", "/no/binary" }, 2, "", "--csv= needs the name of a file\n" },
		{ { "layout", "--trace=", "/no/binary" }, 2, "", "--trace= needs the name of a file\n" },
		{ { "verify", "--json=", "/no/capture" }, 2, "", "--json= needs the name of a file\n" },
		{ { "verify", "--slabinfo=", "/no/capture" }, 2, "", "--slabinfo= needs the name of a file\n" },
		{ { "verify", "--slabinfo-end=", "/no/capture" }, 2, "", "--slabinfo-end= needs the name of a file\n" },
	};

	CHECK_LINES(lines);
}

/* Help and message name failslab's second number alike. */
static void test_one_word(void)
{
	static const struct line lines[] = {
		{ { "help", "run" }, 0, "--failslab=INTERVAL,PROBABILITY,SPACE,TIMES", "" },
		{ { "run", "--failslab=1,2", SMALL }, 2, "", "expected INTERVAL,PROBABILITY,SPACE,TIMES" },
	};

	CHECK_LINES(lines);
}

/* Letters put in, left out, replaced, changed round: one each; case counts nothing. */
static void test_distance(void)
{
	static const struct {
		const char *a, *b;
		unsigned int distance;
	} rows[] = {
		{ "", "", 0 }, { "run", "run", 0 }, { "RUN", "run", 0 }, { "", "run", 3 }, { "run", "", 3 },
		{ "rn", "run", 1 }, { "ruun", "run", 1 }, { "rin", "run", 1 }, { "rnu", "run", 1 },
		{ "nur", "run", 2 }, { "slab", "slob", 1 }, { "kitten", "sitting", 3 }, { "abcd", "badc", 2 },
	};
	char longest[65];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(word_distance(rows[i].a, rows[i].b), rows[i].distance);
		CU_ASSERT_EQUAL(word_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
	memset(longest, 'x', sizeof(longest));
	longest[64] = '\0';
	CU_ASSERT_EQUAL(word_distance(longest, "x"), UINT_MAX);
	CU_ASSERT_EQUAL(word_distance("x", longest), UINT_MAX);
	longest[63] = '\0';
	CU_ASSERT_EQUAL(word_distance(longest, "x"), 62);
	CU_ASSERT_EQUAL(word_distance(longest, longest), 0);
}

/* Which word is near enough to be offered: the first of the nearest, NULL for none. */
static void test_nearest(void)
{
	static const char *const words[] = { "slub", "sheaves", "slab", "slob", "magazine", NULL };
	static const struct {
		const char *typed, *word;
	} rows[] = {
		{ "slubb", "slub" }, { "slib", "slub" }, { "sla", "slab" }, { "SLAB", "slab" }, { "sheav", "sheaves" },
		{ "mag", "magazine" }, { "magasin", "magazine" }, { "sheves", "sheaves" }, { "", NULL }, { "s", NULL },
		{ "xx", NULL }, { "shoes", NULL }, { "zone", NULL }, { "magnet", NULL },
	};
	struct nearest near;
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		nearest_begin(&near, rows[i].typed);
		for (j = 0; words[j]; j++)
			nearest_add(&near, words[j]);
		if (rows[i].word && near.word)
			CU_ASSERT_STRING_EQUAL(near.word, rows[i].word);
		CU_ASSERT_EQUAL(!near.word, !rows[i].word);
		if (!near.word != !rows[i].word)
			fprintf(stderr, "'%s': %s\n", rows[i].typed, near.word ? near.word : "nothing");
	}
}

/* A list that is too long ends with dots, at a whole word. */
static void test_long_list(void)
{
	struct nearest near;
	size_t i, len;

	nearest_begin(&near, "x");
	for (i = 0; i < 40; i++)
		nearest_add(&near, "abcdefg");
	len = strlen(near.words);
	CU_ASSERT(len < sizeof(near.words));
	CU_ASSERT(len > sizeof(near.words) - 16);
	CU_ASSERT_STRING_EQUAL(near.words + len - 12, "abcdefg, ...");
	CU_ASSERT_EQUAL(strncmp(nearest_text(&near), "; there are: abcdefg, abcdefg, ", 31), 0);
}

static const struct test_case cases[] = {
	{ "words_help", test_help },
	{ "headings of options", test_headings },
	{ "words_version", test_version },
	{ "words_trace_alone", test_trace_alone },
	{ "words_wrong", test_wrong_words },
	{ "words_right", test_right_words },
	{ "words_where_help_is", test_where_help_is },
	{ "words_empty_names", test_empty_names },
	{ "words_one_word", test_one_word },
	{ "words_distance", test_distance },
	{ "words_nearest", test_nearest },
	{ "words_long_list", test_long_list },
	{ NULL, NULL }
};

const struct test_suite cmd_words_suite = { "cmd_words", cases };
