/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the command line of kmemsim record. What it records is tested with real
 * programs, by tests/sim/record/record.sh: this program's sanitizers are no good company for a
 * library that is preloaded.
 */
#include "sim/cmd/cmd.h"
#include "sim/record/record.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define RECORD(...) run_cmd(cmd_record, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static void test_refused(void)
{
	expect(RECORD("-o", in_folder("x")), 2, "no command given: kmemsim record [OPTION...] -- COMMAND");
	expect(RECORD("-o", in_folder("x"), "--"), 2, "no command given");
	expect(RECORD("ls", "--", "ls"), 2, "'ls' stands before '--'");
	expect(RECORD("-o", "-", "--", "ls"), 2, "standard output is the command's");
	expect(RECORD("-o", "", "--", "ls"), 2, "no output given");
	expect(RECORD("--stacks", "65", "--", "ls"), 2, "--stacks");
	expect(RECORD("--stacks", "4", "--access", "--", "ls"), 2, "--stacks is for --malloc and --kernel");
	expect(RECORD("--access", "--stacks", "0", "--", "ls"), 2, "--stacks is for --malloc and --kernel");
	expect(RECORD("--command-alone", "--", "ls"), 2, "--command-alone is for --kernel");
	expect(RECORD("--kernal", "--", "ls"), 2, "did you mean '--kernel'?");
	expect(RECORD("-o", "/no/such/folder/x", "--", "ls"), 2, "/no/such/folder/x");
}

/* Commands are found as a shell finds them. */
static void test_find(void)
{
	char path[PATH_MAX];

	CU_ASSERT_EQUAL(command_find("sh", path), true);
	CU_ASSERT_EQUAL(path[0], '/');
	CU_ASSERT_EQUAL(command_find("/bin/sh", path), true);
	CU_ASSERT_STRING_EQUAL(path, "/bin/sh");
	CU_ASSERT_EQUAL(command_find("no-such-command-at-all", path), false);
	CU_ASSERT_EQUAL(command_find("/no/such/command", path), false);
}

static int take_none(void *ctx)
{
	++*(int *)ctx;
	return 0;
}

/* A command's status, a signal's, what cannot be run; variables; a descriptor of its own. */
static void test_run(void)
{
	static const struct {
		const char *script;
		int status;
	} runs[] = {
		{ "exit 0", 0 }, { "exit 7", 7 }, { "kill -KILL $$", 137 }, { "kill -SEGV $$", 139 },
		{ "[ \"$KMEMSIM_TEST\" = new ]", 0 }, { "[ -n \"$PATH\" ]", 0 },
	};
	static const char *const env[] = { "KMEMSIM_TEST=new", NULL };
	const char *argv[] = { "sh", "-c", NULL, NULL };
	struct command cmd = { .argv = (char *const *)argv, .env = env };
	int status = -1, taken = 0, fd[2];
	struct kerror err;
	size_t i;

	setenv("KMEMSIM_TEST", "old", 1);
	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		argv[2] = runs[i].script;
		CU_ASSERT_EQUAL(command_run(&cmd, &status, &err), 0);
		CU_ASSERT_EQUAL(status, runs[i].status);
	}
	CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
	argv[2] = "echo text >&9";
	cmd.give = fd[1];
	cmd.as = 9;
	cmd.from = fd[0];
	cmd.take = take_none;
	cmd.ctx = &taken;
	CU_ASSERT_EQUAL(command_run(&cmd, &status, &err), 0);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(taken, 1);
	close(fd[0]);
	close(fd[1]);
	argv[0] = "/no/such/command";
	cmd.give = 0;
	cmd.take = NULL;
	CU_ASSERT_EQUAL(command_run(&cmd, &status, &err), -2);
	CU_ASSERT_STRING_EQUAL(err.text, "/no/such/command: No such file or directory");
	unsetenv("KMEMSIM_TEST");
}

static const struct test_case cases[] = {
	{ "refused", test_refused },
	{ "find", test_find },
	{ "run", test_run },
	{ NULL, NULL }
};

const struct test_suite cmd_record_suite = { "cmd_record", cases };
