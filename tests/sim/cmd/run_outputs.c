/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: all that run writes at once, and that every output is opened
 * before the trace is read.
 */
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/procfs_files.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define SMALL "tests/traces/gcc-hello.perf.txt.zst"
#define NO_TRACE "/no/such/trace"

#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static bool there(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

static void same_file(const char *a, const char *b)
{
	char *x = slurp(in_folder(a), NULL), *y = slurp(in_folder(b), NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	CU_ASSERT_PTR_NOT_NULL_FATAL(y);
	CU_ASSERT(strlen(x) > 100);
	CU_ASSERT_STRING_EQUAL(x, y);
	free(x);
	free(y);
}

/* Whatever is asked for together is what each would be alone: shrinking comes behind the rest. */
static void test_together(void)
{
	struct result all, one;

	all = RUN("--no-timing", "--shrink", "--json", in_folder("a.json"), "--csv", in_folder("a.csv"),
		  "--timeline", in_folder("a.timeline"), "--procfs", in_folder("a"), "--page-owner-list",
		  in_folder("a.owners"), SMALL);
	CU_ASSERT_EQUAL(all.status, 0);
	one = RUN("--no-timing", "--shrink", "--page-owner", SMALL);
	CU_ASSERT_STRING_EQUAL(all.out, one.out);
	done(&all);
	done(&one);
	one = RUN("-q", "--no-timing", "--shrink", "--page-owner", "--json", in_folder("b.json"), SMALL);
	CU_ASSERT_EQUAL(one.out_len, 0);
	done(&one);
	one = RUN("-q", "--no-timing", "--shrink", "--page-owner", "--csv", in_folder("b.csv"), SMALL);
	done(&one);
	one = RUN("-q", "--page-owner", "--timeline", in_folder("b.timeline"), SMALL);
	done(&one);
	one = RUN("-q", "--page-owner", "--procfs", in_folder("b"), SMALL);
	done(&one);
	one = RUN("-q", "--page-owner-list", in_folder("b.owners"), SMALL);
	done(&one);
	same_file("a.json", "b.json");
	same_file("a.csv", "b.csv");
	same_file("a.timeline", "b.timeline");
	same_file("a.owners", "b.owners");
	same_file("a/buddyinfo", "b/buddyinfo");
	same_file("a/slabinfo", "b/slabinfo");
	same_file("a/unusable_index", "b/unusable_index");
}

/* An output that cannot be is refused before anybody looks for the trace. */
static void test_opened_first(void)
{
	static const char *const options[] = { "--json", "--csv", "--timeline", "--page-owner-list", "--procfs" };
	char wrong[64];
	size_t i;

	snprintf(wrong, sizeof(wrong), "/dev/null/x");
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		expect(RUN(options[i], wrong, NO_TRACE), 2, "/dev/null/x");
	expect(RUN("--json", in_folder("fine.json"), NO_TRACE), 2, NO_TRACE);
}

/* Without a trace nothing is left behind: no folder that was not there, no file; one that was stays. */
static void test_nothing_left(void)
{
	char *old = in_folder("old"), *fresh = in_folder("fresh");
	struct dirent *entry;
	unsigned int nr = 0;
	DIR *dir;

	expect(RUN("--procfs", fresh, "--json", in_folder("left.json"), NO_TRACE), 2, NO_TRACE);
	CU_ASSERT_FALSE(there(fresh));
	CU_ASSERT_FALSE(there(in_folder("left.json")));
	CU_ASSERT_EQUAL_FATAL(mkdir(old, 0700), 0);
	write_file("old/buddyinfo", "mine", 4);
	expect(RUN("--procfs", old, NO_TRACE), 2, NO_TRACE);
	dir = opendir(old);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	CU_ASSERT_EQUAL(nr, 1);
	CU_ASSERT_TRUE(there(in_folder("old/buddyinfo")));
}

static int run_with_small_files(int argc, char **argv)
{
	const struct rlimit limit = { 1024, 1024 };

	signal(SIGXFSZ, SIG_IGN);
	return setrlimit(RLIMIT_FSIZE, &limit) ? 99 : cmd_run(argc, argv);
}

/*
 * The files of --procfs are of one point in time. Where one of them finds no room, all
 * that were there stay, a folder that was not there is not made, and the reason is said.
 * The first of them would have had room.
 */
static void test_procfs_no_room(void)
{
	char path[64], *text;
	struct result res;
	unsigned int i;

	CU_ASSERT_EQUAL_FATAL(mkdir(in_folder("small"), 0700), 0);
	for (i = 0; i < NR_PROCFS_FILES; i++) {
		snprintf(path, sizeof(path), "small/%s", procfs_files[i].name);
		write_file(path, "old\n", 4);
	}
	expect(run_cmd(run_with_small_files, NULL, (const char *const[]){ "-q", "--procfs", in_folder("small"), SMALL,
									  NULL }), 2,
	       ": could not be written: File too large\n");
	for (i = 0; i < NR_PROCFS_FILES; i++) {
		snprintf(path, sizeof(path), "small/%s", procfs_files[i].name);
		text = slurp(in_folder(path), NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_STRING_EQUAL(text, "old\n");
		free(text);
	}
	expect(run_cmd(run_with_small_files, NULL, (const char *const[]){ "-q", "--procfs", in_folder("unmade"), SMALL,
									  NULL }), 2, "File too large\n");
	CU_ASSERT_FALSE(there(in_folder("unmade")));

	res = RUN("-q", "--procfs", in_folder("small"), SMALL);
	CU_ASSERT_EQUAL(res.status, 0);
	done(&res);
	text = slurp(in_folder("small/buddyinfo"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT(strlen(text) > 4);
	CU_ASSERT(strlen(text) < 1024);
	free(text);
}

/* A file of --procfs is an output like any other: not the trace, and no second output. */
static void test_procfs_taken(void)
{
	char *trace;

	CU_ASSERT_EQUAL_FATAL(mkdir(in_folder("p"), 0700), 0);
	trace = write_file("p/vmstat", "a trace", 7);
	expect(RUN("--procfs", in_folder("p"), trace), 2, "would be written over");
	expect(RUN("--procfs", in_folder("q"), "--json", in_folder("p/zoneinfo"), "--csv", in_folder("p/zoneinfo"),
		   SMALL), 2, "would be written over");
	expect(RUN("--procfs", in_folder("p"), "--json", in_folder("p/zoneinfo"), SMALL), 2,
	       "would be written over");
	CU_ASSERT_FALSE(there(in_folder("q")));
}

static const struct test_case cases[] = {
	{ "run_outputs_together", test_together },
	{ "run_outputs_opened_first", test_opened_first },
	{ "run_outputs_nothing_left", test_nothing_left },
	{ "run_outputs_procfs_no_room", test_procfs_no_room },
	{ "run_outputs_procfs_taken", test_procfs_taken },
	{ NULL, NULL }
};

const struct test_suite run_outputs_suite = { "run_outputs", cases };
