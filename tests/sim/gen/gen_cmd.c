/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: kmemsim gen as a user meets it. */
#include "sim/cmd/cmd.h"
#include "sim/gen/gen.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define GEN(...) run_cmd(cmd_gen, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/* Each model with its defaults: it says what it wrote, and run reports it without a word of warning. */
static void test_each(void)
{
	const struct gen_model *const *model;
	char *path = strdup(in_folder("each.kmt"));

	for (model = gen_models; *model; model++) {
		struct result res = GEN((*model)->name, "-o", path, "--events", "5000");

		CU_ASSERT_EQUAL(res.status, 0);
		CU_ASSERT_STRING_EQUAL(res.err, "");
		CU_ASSERT_EQUAL(strncmp(res.out, "5000 events written to ", 23), 0);
		done(&res);
		res = run_cmd(cmd_run, NULL, (const char *const[]){ "--strict", "--no-timing", path, NULL });
		CU_ASSERT_EQUAL(res.status, 0);
		CU_ASSERT_STRING_EQUAL(res.err, "");
		CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "What became of the events"));
		done(&res);
	}
	free(path);
}

/* Same words, same bytes; another seed, other bytes; parameters change what they say. */
static void test_bytes(void)
{
	struct result a = GEN("churn", "-o", "-", "--events=3000", "--seed=4", "cpus=2");
	struct result b = GEN("churn", "-o", "-", "--events=3000", "--seed=4", "cpus=2");
	struct result c = GEN("churn", "-o", "-", "--events=3000", "--seed=5", "cpus=2");

	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_EQUAL(a.out_len, b.out_len);
	CU_ASSERT_EQUAL(memcmp(a.out, b.out, a.out_len), 0);
	CU_ASSERT_TRUE(a.out_len != c.out_len || memcmp(a.out, c.out, a.out_len));
	done(&a);
	done(&b);
	done(&c);
	a = GEN("ramp", "-o", in_folder("p.kmt"), "objects=10", "plateau=3");
	CU_ASSERT_EQUAL(strncmp(a.out, "26 events", 9), 0);
	done(&a);
}

/* The list has every parameter with default, range, unit and meaning; one model's has no other's. */
static void test_list(void)
{
	struct result all = GEN("--list"), one = GEN("--list", "churn");
	const struct gen_model *const *model;
	const struct gen_param *param;

	CU_ASSERT_EQUAL(all.status, 0);
	CU_ASSERT_EQUAL(one.status, 0);
	for (model = gen_models; *model; model++) {
		CU_ASSERT_PTR_NOT_NULL(strstr(all.out, (*model)->text));
		for (param = (*model)->params; param->name; param++) {
			CU_ASSERT_PTR_NOT_NULL(strstr(all.out, param->name));
			CU_ASSERT_PTR_NOT_NULL(strstr(all.out, param->text));
		}
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(one.out, "size_skew  1.0      0.0..5.0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(one.out, "size_max   4k       1..8k            bytes"));
	CU_ASSERT_PTR_NULL(strstr(one.out, "robson"));
	done(&all);
	done(&one);
}

static void test_refused(void)
{
	char *path = strdup(in_folder("x.kmt"));

	expect(GEN("-o", path), 2, "no model given: 'kmemsim gen --list' shows them");
	expect(GEN("chrun", "-o", path), 2, "did you mean 'churn'?");
	expect(GEN("churn"), 2, "no output given: -o FILE");
	expect(GEN("churn", "-o", path, "cpu=2"), 2, "did you mean 'cpus'?");
	expect(GEN("churn", "-o", path, "cpus"), 2, "given as NAME=VALUE");
	expect(GEN("churn", "-o", path, "cpus=0"), 2, "cpus=0: expected a number from 1 to 256");
	expect(GEN("churn", "-o", path, "cpus=257"), 2, "expected a number from 1 to 256");
	expect(GEN("churn", "-o", path, "cpus="), 2, "expected a number from 1 to 256");
	expect(GEN("churn", "-o", path, "size_max=9k"), 2, "expected a size from 1 to 8k");
	expect(GEN("churn", "-o", path, "size_skew=5.001"), 2, "expected a number from 0.0 to 5.0");
	expect(GEN("churn", "-o", path, "size_skew=1."), 2, "expected a number from 0.0 to 5.0");
	expect(GEN("churn", "-o", path, "size_skew=1.0001"), 2, "expected a number from 0.0 to 5.0");
	expect(GEN("churn", "-o", path, "size_min=200", "size_max=100"), 2, "size_min is larger than size_max");
	expect(GEN("robson", "-o", path, "memory=1025k"), 2, "memory must be a multiple");
	expect(GEN("churn", "-o", path, "--events=0"), 2, "--events=0: expected a number");
	expect(GEN("churn", "-o", path, "--to=kmd"), 2, "did you mean 'kmt'?");
	expect(GEN("churn", "-o", "/no/such/folder/x"), 2, "/no/such/folder/x: No such file or directory");
	expect(GEN("churn", "-o", "/dev/full", "--events=100000"), 2, "No space left on device");
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	free(path);
}

static const struct test_case cases[] = {
	{ "each", test_each },
	{ "bytes", test_bytes },
	{ "list", test_list },
	{ "refused", test_refused },
	{ NULL, NULL }
};
const struct test_suite gen_cmd_suite = { "gen_cmd", cases };
