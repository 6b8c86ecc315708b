/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: the first section of a run's report: how long it is, what it warns of, and its units. */
#include <jansson.h>

#include "sim/cmd/cmd.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define DEMO "tests/traces/loopback-http.perf.txt.zst"
#define SMALL "tests/traces/gcc-hello.perf.txt.zst"

#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", __VA_ARGS__, NULL })

/* Lines of the section, with its heading; 0: it does not stand where it should. */
static unsigned int summary_lines(const struct result *res)
{
	const char *at = strstr(res->out, "\nSummary\n=======\n");
	unsigned int lines = 0;

	if (!at)
		return 0;
	for (at++; *at && *at != '\n'; at = strchr(at, '\n') + 1) {
		/* No line goes on below. */
		CU_ASSERT_TRUE(strcspn(at, "\n") <= 100 && strspn(at, " ") <= 4);
		lines++;
	}
	return lines;
}

/* Objects with hashed addresses of one task, the first one late, and too many for 4 MiB: four warnings. */
static char *many_warnings(void)
{
	char *path = in_folder("warnings.txt");
	FILE *file = fopen(path, "w");
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (i = 0; i < 1200; i++)
		fprintf(file, "a 7 [000] %u.%06u: kmem:kmalloc: call_site=a ptr=0x%016x bytes_req=5000 bytes_alloc=8192 "
			"gfp_flags=GFP_KERNEL\n", i ? 0 : 5, i, 0x12340000 + i * 8192);
	fclose(file);
	return path;
}

/* On a large machine and on one that is too small, and of a trace with several warnings. */
static void test_length(void)
{
	static const char *const traces[] = { DEMO, SMALL };
	struct result res;
	unsigned int i, lines;

	for (i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
		res = RUN(traces[i]);
		lines = summary_lines(&res);
		CU_ASSERT_TRUE(lines >= 12 && lines <= 15);
		done(&res);
		res = RUN("--bytes", "--mem", "8M", traces[i]);
		lines = summary_lines(&res);
		CU_ASSERT_TRUE(lines >= 12 && lines <= 15);
		done(&res);
	}
	res = RUN("--mem", "4M", many_warnings());
	CU_ASSERT_EQUAL(summary_lines(&res), 15);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "  warning             2 more: see standard error\n"));
	done(&res);
}

/* Sizes in units people use, or as plain numbers; in both a figure of the sections below. */
static void test_bytes(void)
{
	struct result res = RUN(SMALL);

	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "of 4 GiB\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "perf_event 110 KiB"));
	done(&res);
	res = RUN("--bytes", SMALL);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "  memory in use       48476160 bytes at most"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "perf_event 113568 bytes"));
	done(&res);
}

/* What the machine had no memory for comes first, for people and for programs. */
static void test_warnings(void)
{
	struct result res = RUN("--mem", "8M", SMALL);
	const json_t *summary, *warning;
	json_t *root;

	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, " requests failed: the machine is too small (--mem)\n"));
	done(&res);
	res = RUN("--mem", "8M", "--json", "-", SMALL);
	root = json_loads(res.out, 0, NULL);
	summary = json_object_get(root, "summary");
	warning = json_array_get(json_object_get(summary, "warnings"), 0);
	CU_ASSERT_STRING_EQUAL_FATAL(json_string_value(json_object_get(warning, "kind")), "requests_failed");
	CU_ASSERT_EQUAL(json_object_size(summary), 1);
	json_decref(root);
	done(&res);
	/* Nothing failed: no such line, and a table that is empty. */
	res = RUN("--json", "-", SMALL);
	root = json_loads(res.out, 0, NULL);
	CU_ASSERT_TRUE(json_is_array(json_object_get(json_object_get(root, "summary"), "warnings")));
	CU_ASSERT_PTR_NULL(strstr(res.out, "requests_failed"));
	json_decref(root);
	done(&res);
}

static const struct test_case cases[] = {
	{ "a summary has 15 lines at most", test_length },
	{ "sizes in units or in bytes", test_bytes },
	{ "warnings for people and programs", test_warnings },
	{ NULL, NULL }
};

const struct test_suite run_summary_suite = { "run_summary", cases };
