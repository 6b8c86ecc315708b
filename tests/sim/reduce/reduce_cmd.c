/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: kmemsim reduce as a user meets it. */
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define SMALL		"tests/traces/gcc-hello.perf.txt.zst"
#define CAPTURE		"tests/data/captures/6.1-smp1_idle_small"
#define REDUCE(...)	run_cmd(cmd_reduce, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/* A double free among what is in order, and what is no lifetime. */
static const char wrong[] =
	"a 1 [000] 1.000001: kmem:kmalloc: call_site=f+0x1 ptr=0xffff888000001000 bytes_req=100 bytes_alloc=128 gfp_flags=GFP_KERNEL\n"
	"a 1 [000] 1.000002: kmem:kmalloc: call_site=f+0x1 ptr=0xffff888000002000 bytes_req=100 bytes_alloc=128 gfp_flags=GFP_KERNEL\n"
	"a 1 [000] 1.000003: kmem:kfree: call_site=g+0x1 ptr=0xffff888000002000\n"
	"a 1 [000] 1.000004: kmem:kmalloc: call_site=f+0x1 ptr=0xffff888000003000 bytes_req=100 bytes_alloc=128 gfp_flags=GFP_KERNEL\n"
	"b 2 [000] 1.000005: kmem:kfree: call_site=g+0x1 ptr=0xffff888000002000\n"
	"a 1 [000] 1.000006: kmem:kfree: call_site=g+0x1 ptr=0xffff888000003000\n"
	"a 1 [000] 1.000007: kmem:kfree: call_site=g+0x1 ptr=0xffff888000001000\n";

/* The trace at @path holds so many events, and diagnose finds something in it, or not. */
static void check_trace(const char *path, const char *events, int status)
{
	struct result res = run_cmd(cmd_diagnose, NULL, (const char *const[]){ path, NULL });

	CU_ASSERT_EQUAL(res.status, status);
	done(&res);
	res = run_cmd(cmd_convert, NULL, (const char *const[]){ "-o", in_folder("copy.kmt"), path, NULL });
	CU_ASSERT_EQUAL(strncmp(res.out, events, strlen(events)), 0);
	done(&res);
}

/* --finds: the one lifetime that was freed twice, of a byte; the answer says what became of the trace. */
static void test_finds(void)
{
	char *in = strdup(write_file("wrong.txt", wrong, sizeof(wrong) - 1)), *out = strdup(in_folder("wrong.kmt"));
	struct result res = REDUCE(in, "-o", out, "--finds", "double-free");

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_EQUAL(strncmp(res.out, "3 of 7 events (1 of 3 lifetimes) written to ", 44), 0);
	CU_ASSERT_STRING_EQUAL(res.err, "");
	done(&res);
	check_trace(out, "3 events", 1);
	expect(REDUCE(in, "-o", out, "--finds", "wrong-cache"), 2, "fails for the whole trace");
	free(in);
	free(out);
}

/* --fails alloc, on a machine that is too small; the same machine shows it afterwards. */
static void test_fails(void)
{
	char *in = strdup(in_folder("large.kmt")), *out = strdup(in_folder("large-less.kmt"));
	struct result res;

	expect(run_cmd(cmd_gen, NULL, (const char *const[]){ "pagecache", "order=9", "window=2M", "read=256M", "-o", in, NULL }),
	       0, "");
	expect(REDUCE(in, "-o", out, "--fails", "alloc"), 2, "fails for the whole trace");
	expect(REDUCE(in, "-q", "-o", out, "--fails", "alloc", "--mem", "16M"), 0, "");
	res = run_cmd(cmd_run, NULL, (const char *const[]){ "-q", "--strict", "--mem", "16M", out, NULL });
	CU_ASSERT_EQUAL(res.status, 1);
	done(&res);
	free(in);
	free(out);
}

/* A command: its path is put where {} is, or behind its words; what it needs is left, and no folder stays. */
static void test_command(void)
{
	char *in = strdup(write_file("in.txt", wrong, sizeof(wrong) - 1)), *out = strdup(in_folder("less.kmt"));
	char *tmp = strdup(in_folder("tmp")), *script;
	struct stat whole, less;
	struct result res;

	CU_ASSERT_EQUAL(mkdir(tmp, 0700), 0);
	setenv("TMPDIR", tmp, 1);
	res = REDUCE(in, "-o", out, "--", "sh", "-c", "test $(wc -c < \"$1\") -gt 10 && test $(wc -c < \"$1\") -lt 100000", "sh");
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "passes for a trace without any event"));
	expect(REDUCE(in, "-q", "-o", out, "--", "test", "-s", "{}", "-a", "-r", "{}"), 0, "");
	expect(REDUCE(in, "-q", "-o", out, "--", "test", "-s"), 0, "");
	expect(REDUCE(in, "-q", "-o", out, "--", "sh", "-c", "cmp {} {} && test $# = 0"), 0, "");
	/* A bit less than the whole in bytes: something can go, not all of it. */
	done(&res);
	res = run_cmd(cmd_convert, NULL, (const char *const[]){ "-q", "-o", out, in, NULL });
	CU_ASSERT_EQUAL(stat(out, &whole), 0);
	CU_ASSERT_TRUE(asprintf(&script, "test $(stat -c %%s \"$1\") -ge %ld", (long)whole.st_size - 20) > 0);
	expect(REDUCE(in, "-q", "-o", out, "--", "sh", "-c", script, "sh"), 0, "");
	CU_ASSERT_EQUAL(stat(out, &less), 0);
	CU_ASSERT_TRUE(less.st_size >= whole.st_size - 20);
	CU_ASSERT_TRUE(less.st_size < whole.st_size);
	done(&res);
	free(script);
	CU_ASSERT_EQUAL(rmdir(tmp), 0);
	unsetenv("TMPDIR");
	free(in);
	free(out);
	free(tmp);
}

/* Commands that cannot be run, fail, hang, or change their mind; and words that do not go together. */
static void test_refused(void)
{
	char *in = strdup(write_file("in.txt", wrong, sizeof(wrong) - 1)), *out = strdup(in_folder("none.kmt"));
	char *mark = strdup(in_folder("mark")), *flip;
	time_t start = time(NULL);

	expect(REDUCE(in, "-o", out, "--", "/no/such/command"), 2, "/no/such/command: cannot be run: No such file");
	expect(REDUCE(in, "-o", out, "--", "false"), 2, "fails for the whole trace");
	expect(REDUCE(in, "-o", out, "--", "sh", "-c", "kill -9 $$"), 2, "fails for the whole trace");
	expect(REDUCE(in, "-o", out, "--timeout=1", "--", "sleep", "100"), 2, "fails for the whole trace");
	CU_ASSERT_TRUE(time(NULL) - start < 30);
	CU_ASSERT_TRUE(asprintf(&flip, "test ! -e %s && touch %s", mark, mark) > 0);
	expect(REDUCE(in, "-o", out, "--", "sh", "-c", flip), 2, "it is not stable");
	expect(REDUCE(in, "-o", out), 2, "nothing to test with");
	expect(REDUCE(in, "--", "true"), 2, "no output given: -o FILE");
	expect(REDUCE("-o", out), 2, "no trace given");
	expect(REDUCE(in, "-o", out, "--fails", "alloc", "--", "true"), 2, "takes no COMMAND: 'true' is too much");
	expect(REDUCE(in, "-o", out, "--fails", "alloc", "--finds", "double-free"), 2, "one of --fails, --finds and --misses");
	expect(REDUCE(in, "-o", out, "--fails", "free"), 2, "expected alloc");
	expect(REDUCE(in, "-o", out, "--finds", "doublefree"), 2, "did you mean 'double-free'?");
	expect(REDUCE(in, "-o", out, "--timeout=0", "--", "true"), 2, "--timeout=0: expected a number");
	expect(REDUCE(in, "-o", in, "--", "true"), 2, "would be written over");
	expect(REDUCE(in, "-o", out, "--misses"), 2, "--misses takes the folder of a capture");
	expect(REDUCE(CAPTURE, "-o", out, "--misses"), 2, "fails for the whole trace");
	expect(REDUCE(CAPTURE, "-o", out, "--misses=objects"), 2, "fails for the whole trace");
	CU_ASSERT_NOT_EQUAL(access(out, F_OK), 0);
	free(flip);
	free(mark);
	free(in);
	free(out);
}

/* ^C keeps the smallest so far: a whole trace, and status 130. */
static void test_interrupted(void)
{
	char *out = strdup(in_folder("so-far.kmt")), *mark = strdup(in_folder("ready")), *script;
	struct result res;
	char text[256];

	/* At the fifth run the command ends us, its parent. */
	CU_ASSERT_TRUE(asprintf(&script, "echo >> %s; test $(wc -l < %s) -lt 5 || kill -INT $PPID; test $(stat -c %%s \"$1\") -gt 5000",
				mark, mark) > 0);
	res = REDUCE(SMALL, "-o", out, "--", "sh", "-c", script, "sh");
	CU_ASSERT_EQUAL(res.status, 130);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "interrupted; what is written is the smallest so far"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, " of 26972 events"));
	done(&res);
	snprintf(text, sizeof(text), "%s", out);
	expect(run_cmd(cmd_run, NULL, (const char *const[]){ "-q", text, NULL }), 0, "");
	free(script);
	free(mark);
	free(out);
}

static const struct test_case cases[] = {
	{ "finds", test_finds },
	{ "fails", test_fails },
	{ "command", test_command },
	{ "refused", test_refused },
	{ "interrupted", test_interrupted },
	{ NULL, NULL }
};
const struct test_suite reduce_cmd_suite = { "reduce_cmd", cases };
