/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: kmemsim replace as a user meets it. */
#include <jansson.h>

#include <errno.h>

#include "sim/cmd/cmd.h"
#include "sim/replace/replace.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/report/documented.h"
#include "tests/tests.h"

#define REPLACE(...) run_cmd(cmd_replace, NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define TEXTBOOK "7,0,1,2,0,3,0,4,2,3,0,3,2,1,2,0,1,7,0,1"

static void has(const struct result *res, const char *part)
{
	if (!strstr(res->out, part))
		fprintf(stderr, "expected '%s' in: %s\n", part, res->out);
	CU_ASSERT_PTR_NOT_NULL(strstr(res->out, part));
}

/* A textbook's string, on the command line, in a file, packed by lines and through standard input: the same table. */
static void test_streams(void)
{
	static const char text[] = "# a textbook's\n7 0 1 2 0 3 0 4\n2 3 0 3 2 1 2\n0 1 7 0 1\n";
	char *path = strdup(write_file("pages.txt", text, sizeof(text) - 1));
	struct result res[3] = {
		REPLACE("--stream", TEXTBOOK, "--frames=3", "--policy=fifo,lru,opt"),
		REPLACE("--stream", path, "--frames=3", "--policy=fifo,lru,opt"),
		run_cmd(cmd_replace, path, (const char *const[]){ "--stream=-", "--frames=3", "--policy=fifo,lru,opt", NULL }),
	};
	int i;

	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(res[i].status, 0);
		CU_ASSERT_STRING_EQUAL(res[i].err, "");
		has(&res[i], "    frames  fifo  lru  opt\n    ------  ----  ---  ---\n         3    15   12    9\n");
		CU_ASSERT_PTR_NULL(strstr(res[i].out, "anomaly"));
		done(&res[i]);
	}
	free(path);
}

/* More frames, more misses: it is said, with the policy's column and figures, and only where it is so. */
static void test_anomaly(void)
{
	struct result res = REPLACE("--stream", "1,2,3,4,1,2,5,1,2,3,4,5", "--frames", "4,3,3", "--policy", "lru,fifo,second-chance,fresh=0,second-chance");

	CU_ASSERT_EQUAL(res.status, 0);
	has(&res, "Belady's anomaly: fifo misses 9 times with 3 frames and 10 times with 4, which is more\n");
	has(&res, "Belady's anomaly: second-chance_2 misses 9 times");
	CU_ASSERT_PTR_NULL(strstr(res.out, "anomaly: lru"));
	done(&res);
}

/* What a machine reads: a row a number of frames, sorted, each once; a key a column. */
static void test_json(void)
{
	struct result res = REPLACE("--stream", TEXTBOOK, "--frames", "5,1-7:2,3", "--policy", "2q,s3-fifo,2q,kin=50", "--json", "-");
	json_t *root = json_loads(res.out, 0, NULL), *replacement = json_object_get(root, "replacement"), *row;

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(replacement);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(replacement, "accesses")), 20);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(replacement, "pages")), 6);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(replacement, "misses")), 4);
	row = json_array_get(json_object_get(replacement, "misses"), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "frames")), 7);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "misses_2q")), 6);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "misses_s3_fifo")), 6);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "misses_2q_2")), 6);
	row = json_array_get(json_object_get(replacement, "policies"), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(row, "policy")), "2q,kin=50,kout=50");
	json_decref(root);
	done(&res);
	res = REPLACE("--stream", TEXTBOOK, "--frames", "3", "--policy", "fifo", "--csv", "-");
	has(&res, "replacement.misses.0.misses_fifo,fifo,,15\n");
	done(&res);
}

/* A trace of accesses in pages, one of the nine in two of them; without --frames it is parts of its pages, up to all of them. */
static void test_trace(void)
{
	struct result res = REPLACE("tests/data/access/lackey.txt");

	CU_ASSERT_EQUAL(res.status, 0);
	has(&res, "  format                            lackey\n");
	has(&res, "  accesses to pages                 10\n");
	done(&res);
	expect(REPLACE("tests/traces/gcc-hello.perf.txt.zst"), 2, "gcc-hello.perf.txt.zst: no memory accesses, and events of "
	       "allocators do not say which pages are used");
	res = run_cmd(cmd_replace, "tests/data/access/lackey.txt", (const char *const[]){ "-", "-q", NULL });
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_STRING_EQUAL(res.out, "");
	done(&res);
}

/* The shared recording: figures of policies that have one answer, whichever program gives it. */
static void test_shared_recording(void)
{
	const char *path = test_shared("traces/lackey-ls.txt.zst");
	struct result res;

	if (!path)
		return;
	res = REPLACE(path, "--policy=opt,lru", "--frames=22,361,400");
	CU_ASSERT_EQUAL(res.status, 0);
	has(&res, "        22  114277  187188\n       361     361     361\n       400     361     361\n");
	done(&res);
}

/* docs/replacement.md shows what is printed, but for the version; docs/metrics.md has every key. */
static void test_documents(void)
{
	struct result res = REPLACE("--stream", "1,2,3,4,1,2,5,1,2,3,4,5", "--frames", "3,4");
	char *doc = slurp(test_data("../docs/replacement.md"), NULL), *metrics = slurp(test_data("../docs/metrics.md"), NULL);
	char *line, *rest = res.out, shown[300];
	json_t *root;

	CU_ASSERT_FATAL(doc && metrics);
	while ((line = strtok_r(rest, "\n", &rest))) {
		snprintf(shown, sizeof(shown), "\n    %s\n", line);
		if (!strstr(line, "kmemsim    ") && !strstr(doc, shown)) {
			fprintf(stderr, "docs/replacement.md does not show: %s\n", line);
			CU_FAIL("a document that is out of date");
		}
	}
	done(&res);
	res = REPLACE("--stream", "1,2,3,4,1,2,5,1,2,3,4,5", "--frames", "3,4", "--policy", "fifo,2q", "--json", "-");
	root = json_loads(res.out, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(metrics, "\n## replacement"));
	check_documented(json_object_get(root, "replacement"), strstr(metrics, "\n## replacement"), "`misses_fifo` `misses_2q`");
	json_decref(root);
	done(&res);
	free(doc);
	free(metrics);
}

struct brake {
	volatile sig_atomic_t stop;
	uint64_t at;		/* accesses after which it is pulled */
};

static void brake_at(void *ctx, const char *policy, uint64_t done, uint64_t all)
{
	struct brake *brake = ctx;

	CU_ASSERT_STRING_EQUAL(policy, done <= 200000 ? "fifo" : "lru");
	CU_ASSERT_EQUAL(all, 400000);
	brake->stop = done >= brake->at;
}

/* Stopped in the second policy: the first one's figures stay. Stopped in the first: there are none. */
static void test_stop(void)
{
	static struct replace_config cfg = { .frames = { 3, 4 }, .nr_frames = 2, .nr_policies = 2, .on_progress = brake_at };
	struct brake brake = { .at = 200001 };
	struct replace_result res;
	struct stream s = { 0 };
	struct kerror err;
	unsigned int i;

	for (i = 0; i < 100000; i++)
		if (stream_add(&s, i % 4, NULL))
			CU_FAIL_FATAL("no memory");
	policy_defaults(&cfg.policies[0], &policy_fifo);
	policy_defaults(&cfg.policies[1], &policy_lru);
	cfg.stop = &brake.stop;
	cfg.ctx = &brake;
	CU_ASSERT_EQUAL_FATAL(replace_run(&res, &cfg, &s, &err), 0);
	CU_ASSERT_EQUAL(res.nr_policies, 1);
	CU_ASSERT_EQUAL(replace_misses(&cfg, &res, 0, 0), 100000);
	CU_ASSERT_EQUAL(replace_misses(&cfg, &res, 0, 1), 4);
	free(res.misses);
	brake = (struct brake){ .at = 100001 };
	CU_ASSERT_EQUAL(replace_run(&res, &cfg, &s, &err), -EINTR);
	CU_ASSERT_PTR_NULL(res.misses);
	stream_free(&s);
}

/* Without --frames: sixteenths of the pages, each number once, and at least one. */
static void test_default_frames(void)
{
	static struct replace_config cfg;
	struct stream s = { .nr_pages = 3 };

	replace_default_frames(&cfg, &s);
	CU_ASSERT_EQUAL_FATAL(cfg.nr_frames, 3);
	CU_ASSERT_EQUAL(cfg.frames[0], 1);
	CU_ASSERT_EQUAL(cfg.frames[2], 3);
	s.nr_pages = 1600;
	replace_default_frames(&cfg, &s);
	CU_ASSERT_EQUAL_FATAL(cfg.nr_frames, 9);
	CU_ASSERT_EQUAL(cfg.frames[0], 100);
	CU_ASSERT_EQUAL(cfg.frames[8], 1600);
	s.nr_pages = UINT32_MAX;
	replace_default_frames(&cfg, &s);
	CU_ASSERT_EQUAL(cfg.frames[cfg.nr_frames - 1], POLICY_MAX_FRAMES);
}

/* Mistakes: status 2, what is wrong, and where. */
static void test_mistakes(void)
{
	char *bad = strdup(write_file("bad.txt", "1 2\n3 four 5\n", 13)), *empty = strdup(write_file("none.txt", "\n", 1));
	char said[300];

	expect(REPLACE("-q"), 2, "no trace given");
	expect(REPLACE("--stream", TEXTBOOK, "x"), 2, "--stream takes the place of a trace: 'x' is too much");
	expect(REPLACE("--stream", TEXTBOOK, "--format", "lackey"), 2, "--format is for a trace, and --stream has none");
	expect(REPLACE("--stream="), 2, "--stream= needs page numbers, or the name of a file");
	expect(REPLACE("--stream", "1,2,0xg"), 2, "No such file");
	expect(REPLACE("--stream", "1,2,3x"), 2, "--stream:1:5: '3x' is no page number");
	snprintf(said, sizeof(said), "%s:2:3: 'four' is no page number", bad);
	expect(REPLACE("--stream", bad), 2, said);
	snprintf(said, sizeof(said), "%s: no page numbers", empty);
	expect(REPLACE("--stream", empty), 2, said);
	expect(REPLACE(bad), 2, "a plain list of page numbers is read by --stream FILE");
	expect(REPLACE("--stream", "no/such/pages"), 2, "No such file");
	expect(REPLACE("--stream", bad, "--json", bad), 2, "bad.txt");
	free(bad);
	free(empty);
}

static void test_wrong_values(void)
{
	static const struct { const char *option, *text; } rows[] = {
		{ "--policy=lur", "--policy=lur: no policy is called 'lur'; did you mean 'lru'? There are: fifo, lru, " },
		{ "--policy=lru,,fifo", "a policy's name is missing" },
		{ "--policy=", "a policy's name is missing" },
		{ "--policy=kin=3", "'kin=3': a policy comes before its parameters" },
		{ "--policy=2q,kim=3", "policy 2q has no parameter 'kim'; did you mean 'kin'?" },
		{ "--policy=lru,kin=3", "policy lru has no parameters, so no 'kin'" },
		{ "--policy=2q,kin=101", "kin=101: expected a number from 0 to 100" },
		{ "--policy=2q,kin=", "kin=: expected a number from 0 to 100" },
		{ "--policy=lru,lru,lru,lru,lru,lru,lru,lru,lru,lru,lru,lru,lru,lru,lru,lru,lru", "more than 16 policies" },
		{ "--frames=0", "'0': expected a number of frames from 1 to 16777216, FROM-TO or FROM-TO:STEP" },
		{ "--frames=16777217", "'16777217': expected" }, { "--frames=", "'': expected" }, { "--frames=3,", "'': expected" },
		{ "--frames=9-3", "'9-3': expected" }, { "--frames=3-", "'3-': expected" }, { "--frames=-3", "'-3': expected" },
		{ "--frames=3:2", "'3:2': expected" }, { "--frames=3-9:0", "'3-9:0': expected" }, { "--frames=3x", "'3x': expected" },
		{ "--frames=1-20000", "'1-20000': more than 10000 numbers of frames; FROM-TO:STEP has fewer" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(REPLACE(rows[i].option, "--stream", TEXTBOOK), 2, rows[i].text);
}

static const struct test_case cases[] = {
	{ "streams", test_streams },
	{ "anomaly", test_anomaly },
	{ "JSON and CSV", test_json },
	{ "a trace", test_trace },
	{ "the shared recording", test_shared_recording },
	{ "documents", test_documents },
	{ "stop", test_stop },
	{ "default frames", test_default_frames },
	{ "mistakes", test_mistakes },
	{ "wrong values", test_wrong_values },
	{ NULL, NULL }
};

const struct test_suite replace_cmd_suite = { "replace_cmd", cases };
