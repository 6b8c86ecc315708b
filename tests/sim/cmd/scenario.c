/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: scenarios as a user meets them: which input is one, which options
 * mean something to it, and that nothing that is read gets written over.
 */
#include <sys/stat.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define TEXT "process A\nA mmap buf 4k\nA touch buf write\n"
#define TOUCH "tests/data/access/touch.lackey"
#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static char *put(const char *name, const char *text)
{
	return write_file(name, text, strlen(text));
}

/* @path still holds @text; folders have no file with a temporary name. */
static void is_still(const char *path, const char *text)
{
	char *now = slurp(path, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(now);
	CU_ASSERT_STRING_EQUAL(now, text);
	free(now);
}

/* ---- nothing is written over ---------------------------------------------------- */

/* A command line with @path as what is read and what is written. */
static void test_scenario_stays(void)
{
	char *path = put("s.vm", TEXT), *twice = in_folder("twice");
	struct stat st;

	expect(RUN("--json", path, path), 2, "which is read, are the same file: it would be written over");
	expect(RUN("--csv", path, path), 2, "which is read, are the same file: it would be written over");
	expect(RUN("--json", twice, "--csv", twice, path), 2, "are the same file: one would be written over");
	CU_ASSERT_NOT_EQUAL(stat(twice, &st), 0);
	expect(run_cmd(cmd_verify, NULL, (const char *const[]){ "--layer", "vm", "--program", path, path, NULL }), 2,
	       "--program ");
	is_still(path, TEXT);
	CU_ASSERT_EQUAL(mkdir(in_folder("proc"), 0700), 0);
	path = put("proc/vmstat", TEXT);
	expect(RUN("--procfs", in_folder("proc"), path), 2, "would be written over");
	is_still(path, TEXT);
}

/* The same of files that are read beside a trace, given or found. */
static void test_beside_stays(void)
{
	static const char maps[] = "400000-401000 r-xp 00000000 00:00 0 \n";
	char *trace = put("t.lackey", "I  00400000,4\n L 00400010,8\n"), *found = put("t.lackey.maps", maps);
	char *given = put("given.maps", maps), *symbols = put("symbols", "");

	expect(RUN("--json", found, trace), 2, "t.lackey.maps, which is read, are the same file");
	expect(RUN("--maps", given, "--csv", given, trace), 2, "given.maps, which is read, are the same file");
	is_still(found, maps);
	is_still(given, maps);
	expect(RUN("--kallsyms", symbols, "--json", symbols, trace), 2, "symbols, which is read, are the same file");
	expect(run_cmd(cmd_info, NULL, (const char *const[]){ "--kallsyms", symbols, "--json", symbols, trace, NULL }), 2,
	       "symbols, which is read, are the same file");
	is_still(symbols, "");
	/* Who infers mappings does not read the file; and one that is not there cannot be lost. */
	expect(RUN("-q", "--maps", "none", "--json", found, trace), 0, "");
	expect(RUN("-q", "--json", in_folder("u.lackey.maps"), put("u.lackey", "I  00400000,4\n")), 0, "");
}

static const struct test_case cases[] = {
	{ "a scenario is not written over", test_scenario_stays },
	{ "nor what is read beside a trace", test_beside_stays },
	{ NULL, NULL }
};

const struct test_suite cmd_scenario_suite = { "cmd_scenario", cases };
