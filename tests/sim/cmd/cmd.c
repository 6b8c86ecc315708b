/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the command line as a user meets it. Each command runs in a
 * child of its own with its output in files, so exit statuses and messages are
 * the real ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/layout/layout.h"
#include "slab/engine/engine.h"
#include "slab/rules.h"
#include "tests/sim/report/documented.h"
#include "tests/sim/cmd/golden.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define DEMO "tests/traces/loopback-http.perf.txt.zst"
#define SMALL "tests/traces/gcc-hello.perf.txt.zst"

#define RUN(input, ...) run_cmd(cmd_run, input, (const char *const[]){ __VA_ARGS__, NULL })
#define OTHER(fn, ...) run_cmd(fn, NULL, (const char *const[]){ __VA_ARGS__, NULL })

/* The reports of the traces in the tree, to the byte, in all three formats. */
static void test_golden(void)
{
	struct result res;

	res = RUN(NULL, "--no-timing", DEMO);
	same_as_golden(&res, "loopback-http.txt");
	done(&res);
	res = RUN(NULL, "--no-timing", "--json", "-", DEMO);
	same_as_golden(&res, "loopback-http.json");
	done(&res);
	res = RUN(NULL, "--no-timing", "--csv", "-", SMALL, "--mem", "64M", "--nodes", "2");
	same_as_golden(&res, "gcc-hello-64M.csv");
	done(&res);
}

/* The same input gives the same bytes, timeline and kernel files included. */
static void test_deterministic(void)
{
	static const char *const files[] = { "buddyinfo", "pagetypeinfo", "zoneinfo", "vmstat", "slabinfo",
					     "extfrag_index", "unusable_index" };
	struct result a, b;
	size_t i;

	a = RUN(NULL, "--no-timing", "--freelist-random", "--seed", "5", "--timeline", in_folder("t1"),
		"--procfs", in_folder("p1"), SMALL);
	b = RUN(NULL, "--no-timing", "--freelist-random", "--seed", "5", "--timeline", in_folder("t2"),
		"--procfs", in_folder("p2"), SMALL);
	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_STRING_EQUAL(a.out, b.out);
	done(&a);
	done(&b);
	a.out = slurp(in_folder("t1"), NULL);
	b.out = slurp(in_folder("t2"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a.out);
	CU_ASSERT(strlen(a.out) > 1000);
	CU_ASSERT_STRING_EQUAL(a.out, b.out);
	free(a.out);
	free(b.out);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "p1/%s", files[i]);
		a.out = slurp(in_folder(name), NULL);
		snprintf(name, sizeof(name), "p2/%s", files[i]);
		b.out = slurp(in_folder(name), NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(a.out);
		CU_ASSERT_STRING_NOT_EQUAL(a.out, "");
		CU_ASSERT_STRING_EQUAL(a.out, b.out);
		free(a.out);
		free(b.out);
	}
}

static json_t *load_report(struct result *res)
{
	json_error_t error;
	json_t *root = json_loads(res->out, JSON_REJECT_DUPLICATES, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(root, "schema_version")), 1);
	return root;
}

static bool has_cache(const json_t *root, const char *table, const char *name)
{
	const json_t *rows = json_object_get(json_object_get(root, "top"), table), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!strncmp(json_string_value(json_object_get(row, "cache")), name, strlen(name)))
			return true;
	return false;
}

static int64_t number(const json_t *root, const char *section, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(root, section), key));
}

/* Every cache debugged: nothing is found, objects are larger; failures come as asked for. */
static void test_slab_debug(void)
{
	struct result res = RUN(NULL, "--no-timing", "--json", "-", "--slab-debug=FZPUQ", "--quarantine",
				"64k", "--failslab=10,50,0,20,ignore-gfp-wait=N", SMALL);
	json_t *root, *replay;

	CU_ASSERT_EQUAL(res.status, 0);
	root = load_report(&res);
	CU_ASSERT(number(root, "checks", "debugged_caches") > 30);
	CU_ASSERT_EQUAL(number(root, "checks", "complaints"), 0);
	CU_ASSERT_EQUAL(number(root, "checks", "fail_injected"), 20);
	replay = json_object_get(json_object_get(root, "trace"), "replay");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(replay, "injected_fail")), 20);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(replay, "object_alloc_fail")), 0);
	CU_ASSERT(number(root, "checks", "quarantine_bytes") > 32768);
	CU_ASSERT_EQUAL(number(root, "memory", "unbalanced_samples"), 0);
	json_decref(root);
	done(&res);

	expect(RUN(NULL, "--slab-debug=FX,dentry", SMALL), 2, "'X' is no debugging flag");
	expect(RUN(NULL, "--failslab=1,2", SMALL), 2, "expected INTERVAL,PROBABILITY,SPACE,TIMES");
	expect(RUN(NULL, "--failslab=1,2,3,4,sit=e", SMALL), 2, "is none of cache-filter");
	expect(RUN(NULL, "--failslab=1,2,3,4,site=nobody", SMALL), 2, "no call site of the trace");
	expect(RUN(NULL, "--quarantine=much", SMALL), 2, "expected a size");
}

/* The web server's trace names socket buffers and files on top, and it adds up. */
static void test_adds_up(void)
{
	struct result res = RUN(NULL, "--no-timing", "--json", "-", "--every", "500", DEMO);
	json_t *root = load_report(&res), *end;

	CU_ASSERT(has_cache(root, "caches_by_traffic", "skbuff_"));
	CU_ASSERT(has_cache(root, "caches_by_traffic", "filp"));
	CU_ASSERT(has_cache(root, "caches_by_traffic", "TCP"));
	CU_ASSERT_EQUAL(number(root, "memory", "unbalanced_samples"), 0);
	CU_ASSERT(number(root, "memory", "samples") > 250);
	end = json_object_get(json_object_get(root, "memory"), "end");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(end, "free_pages")) +
			json_integer_value(json_object_get(end, "used_pages")),
			json_integer_value(json_object_get(end, "managed_pages")));
	CU_ASSERT_EQUAL(number(root, "internal", "held"),
			number(root, "internal", "requested") + number(root, "internal", "rounding") +
			number(root, "internal", "free_objects") + number(root, "internal", "slab_tails") +
			number(root, "internal", "large_rounding"));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(
			json_object_get(json_object_get(root, "trace"), "replay"), "refused_free")), 0);
	json_decref(root);
	done(&res);
}

/* Every key of the JSON report is defined in docs/metrics.md. */
static void test_documented(void)
{
	struct result res = RUN(NULL, "--bind", "--nodes", "16", "--json", "-", SMALL);
	char *doc = slurp(test_data("../docs/metrics.md"), NULL);
	json_t *root = load_report(&res);

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	check_documented(root, doc,
			 "`schema_version` `machine` `trace` `replay` `memory` `page_faults` `internal` "
			 "`external` `pinned` `summary` `tlb` `top` `leaks` `counters` `ratio` `numerator` `denominator` "
			 "`host_dtlb_loads_note` `host_dtlb_misses_note` `host_perf_note`");
	json_decref(root);
	free(doc);
	done(&res);
}

/* Shrinking gives slabs back, frees never get fewer, and the section's keys are defined. */
static void test_shrink(void)
{
	struct result res = RUN(NULL, "--mem", "64M", "--shrink", "--json", "-", SMALL);
	char *doc = slurp(test_data("../docs/metrics.md"), NULL);
	json_t *root = load_report(&res), *shrink = json_object_get(root, "shrink"), *orders, *row;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(shrink);
	CU_ASSERT(number(root, "shrink", "slabs") > 0);
	CU_ASSERT(json_integer_value(json_object_get(json_object_get(shrink, "pages"), "numerator")) > 0);
	orders = json_object_get(shrink, "orders");
	CU_ASSERT_EQUAL(json_array_size(orders), NR_PAGE_ORDERS);
	json_array_foreach(orders, i, row)
		CU_ASSERT(json_integer_value(json_object_get(row, "blocks_after")) >=
			  json_integer_value(json_object_get(row, "blocks_before")));
	check_documented(shrink, doc, "`ratio` `numerator` `denominator`");
	json_decref(root);
	free(doc);
	done(&res);
}

/* Standard input, plain and compressed, is a trace like any file. */
static void test_stdin(void)
{
	struct result file = RUN(NULL, "--no-timing", "--json", "-", SMALL);
	char path[4096];
	struct result piped;

	snprintf(path, sizeof(path), "%s/" SMALL, KMEMSIM_SRCDIR);
	piped = RUN(path, "--no-timing", "--json", "-", "-");
	CU_ASSERT_EQUAL(piped.status, 0);
	CU_ASSERT_EQUAL(file.out_len - piped.out_len, strlen(SMALL) - strlen("-"));
	done(&file);
	done(&piped);
}

/* No command writes its report over the trace it has read. */
static void test_trace_is_kept(void)
{
	static int (*const commands[])(int, char **) = { cmd_run, cmd_compare, cmd_diagnose };
	static const char *const outputs[] = { "--json", "--csv" };
	char path[4096];
	size_t i, j;
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/kmemsim-kept-%d", (int)getpid());
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		for (j = 0; j < 2; j++) {
			const char *const args[] = { "-q", outputs[j], path, path, NULL };
			char *after;

			file = fopen(path, "w");
			fputs("kept as it is\n", file);
			fclose(file);
			expect(run_cmd(commands[i], NULL, args), 2, "would be written over");
			after = slurp(path, NULL);
			CU_ASSERT_STRING_EQUAL(after, "kept as it is\n");
			free(after);
		}
	unlink(path);
}

/* Nor does verify write into the capture that it reads, however the place is spelled. */
static void test_capture_is_kept(void)
{
	char dir[4096], path[4096 + 16], roundabout[4096 + 32];
	char *after;
	FILE *file;

	snprintf(dir, sizeof(dir), "/tmp/kmemsim-capture-%d", (int)getpid());
	snprintf(path, sizeof(path), "%s/trace.txt", dir);
	snprintf(roundabout, sizeof(roundabout), "%s/../%s/new", dir, strrchr(dir, '/') + 1);
	CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0700), 0);
	file = fopen(path, "w");
	fputs("kept as it is\n", file);
	fclose(file);

	expect(OTHER(cmd_verify, "-q", "--json", path, dir), 2, "which is only read");
	expect(OTHER(cmd_verify, "-q", "--json", roundabout, dir), 2, "which is only read");
	after = slurp(path, NULL);
	CU_ASSERT_STRING_EQUAL(after, "kept as it is\n");
	free(after);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/* Mistakes on the command line end with status 2 and a sentence that helps. */
static void test_usage(void)
{
	expect(RUN(NULL, "--mem", "64G"), 2, "no trace given");
	expect(RUN(NULL, "a", "a"), 2, "the trace 'a' is given twice");
	expect(RUN(NULL, "--no-such-option", SMALL), 2, "no option '--no-such-option'");
	expect(RUN(NULL, "--mem", "64X", SMALL), 2, "--mem=64X");
	expect(RUN(NULL, "--mem", "-1", SMALL), 2, "--mem=-1");
	expect(RUN(NULL, "--mem", "99999999999999999999", SMALL), 2, "--mem=");
	expect(RUN(NULL, "--mem", "17T", SMALL), 2, "below 16T");
	expect(RUN(NULL, "--mem", "4K", SMALL), 2, "from 1M");
	expect(RUN(NULL, "--mem", "4M", "--nodes", "8", SMALL), 2, "each needs at least");
	expect(RUN(NULL, "--nodes", "0", SMALL), 2, "from 1 to 16");
	expect(RUN(NULL, "--cpus", "2000", SMALL), 2, "from 1 to 1024");
	expect(RUN(NULL, "--cpus", "2x", SMALL), 2, "--cpus=2x");
	expect(RUN(NULL, "--layers", "none", SMALL), 2, "pages, slab or both");
	expect(RUN(NULL, "--touch", "", SMALL), 2, "links, zero or all");
	expect(RUN(NULL, "--tlb", "pentium", SMALL), 2, "--tlb=pentium");
	expect(RUN(NULL, "--hole", "4G-3G", SMALL), 2, "FROM below TO");
	expect(RUN(NULL, "--hole", "4G", SMALL), 2, "expected FROM-TO");
	expect(RUN(NULL, "--distance", "10,20", "--nodes", "2", SMALL), 2, "square");
	expect(RUN(NULL, "--distance", "10,20;20", SMALL), 2, "differ in length");
	expect(RUN(NULL, "--distance", "10,x;20,10", SMALL), 2, "not a distance");
	expect(RUN(NULL, "--every", "0", SMALL), 2, "--every=0");
	expect(RUN(NULL, "--format", "wireshark", SMALL), 2, "wireshark");
	expect(RUN(NULL, "--json", "-", "--csv", "-", SMALL), 2, "only one of");
	expect(RUN(NULL, "--json", "-", "--timeline", "-", SMALL), 2, "only one of");
	expect(RUN(NULL, "--distance", "10,20;20,10", SMALL), 2, "a row for each");
	expect(RUN(NULL, "--movable", "5G", SMALL), 2, "larger than a node");
	expect(RUN(NULL, "--json", in_folder("x"), "--csv", in_folder("x"), SMALL), 2, "written over");
	expect(RUN(NULL, "--json", "/nonexistent/x.json", SMALL), 2, "/nonexistent/x.json: No such file");
	expect(RUN(NULL, "--json", "/dev/full", SMALL), 2, "/dev/full: ");
	expect(RUN(NULL, "--timeline", "/dev/full", SMALL), 2, "/dev/full: ");
	expect(RUN(NULL, "--procfs", "/dev/null/x", SMALL), 2, "/dev/null/x: ");
	expect(RUN(NULL, "--slab", "slub2", SMALL), 2, "'slub2'");
	expect(RUN(NULL, "--slab", "", SMALL), 2, "called ''");
	expect(RUN(NULL, "--slab", "slub,", SMALL), 2, "behind a comma");
	expect(RUN(NULL, "--slab", "slub,slub", SMALL), 2, "one engine");
	expect(RUN(NULL, "--slab", "slub,cpu_partial=", SMALL), 2, "expected a number");
	expect(RUN(NULL, "--slab", "slub,cpu_partial=-1", SMALL), 2, "expected a number");
	expect(RUN(NULL, "--slab", "slub,cpu_partial=70000", SMALL), 2, "0..65535");
	expect(RUN(NULL, "--slab", "slub,magic=1", SMALL), 2, "no parameter 'magic'");
	expect(RUN(NULL, "--slab", "slub,slab_min_order=2,slab_max_order=1", SMALL), 2, "is above");
	expect(OTHER(cmd_policies, "slub2"), 2, "no slab engine and no replacement policy 'slub2'");
}

/* Whatever a command has to say of what it reads, standard input has one name in it. */
static void test_standard_input(void)
{
	static const char *const inputs[] = {
		"# tracer: nop\n",
		"nothing to be read\n",
		"p 1 [000] 1.0: kmem:kfree: call_site=f+0x1 ptr=0x1\n"
		"p 1 [000] 0.5: kmem:kfree: call_site=f+0x1 ptr=0x2\n"
		"p 1 [000] 1.0: kmem:kfree: call_site=f+0x1\np 1 [000] 1.0: kmem:kfree: call_si",
	};
	static const struct {
		int (*fn)(int argc, char **argv);
		const char *args[8];
	} commands[] = {
		{ cmd_run, { "-q", "-" } },
		{ cmd_compare, { "-q", "-" } },
		{ cmd_diagnose, { "-q", "-" } },
		{ cmd_layout, { "-q", "--trace", "-", "/proc/self/exe" } },
		{ cmd_verify, { "-q", "--layer=objects", "--slabinfo", "tests/data/procfs/slabinfo", "--slabinfo-end",
				"tests/data/procfs/slabinfo", "-" } },
	};
	size_t c, i;

	for (c = 0; c < sizeof(commands) / sizeof(commands[0]); c++) {
		if (commands[c].fn == cmd_layout && !layout_supported())
			continue;
		for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
			char *path = write_file("input", inputs[i], strlen(inputs[i]));
			struct result res = run_cmd(commands[c].fn, path, commands[c].args);
			const char *line;

			CU_ASSERT(*res.err);
			for (line = res.err; *line; line = strchr(line, '\n') + 1) {
				CU_ASSERT_EQUAL(strncmp(line, "kmemsim: standard input", 23), 0);
				if (strncmp(line, "kmemsim: standard input", 23))
					fprintf(stderr, "command %zu, input %zu: %s", c, i, line);
			}
			done(&res);
		}
	}
}

/* --slab chooses the engine and sets its parameters; the report says which. */
static void test_slab_option(void)
{
	struct result plain = RUN(NULL, "--no-timing", "--csv", "-", SMALL), res;

	CU_ASSERT_PTR_NOT_NULL(strstr(plain.out, "machine.slab_engine,object caches,,slub\n"));
	res = RUN(NULL, "--no-timing", "--csv", "-", "--slab", "slub,min_partial=5", SMALL);
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\"slub,min_partial=5\""));
	done(&res);
	res = RUN(NULL, "--no-timing", "--csv", "-", "--slab", "slub,cpu_partial=0,min_partial=0", SMALL);
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_STRING_NOT_EQUAL(strstr(res.out, "counters.slab."), strstr(plain.out, "counters.slab."));
	done(&res);
	/* wherever --freelist-random stands, it is the engine's parameter */
	res = RUN(NULL, "--no-timing", "--csv", "-", "--freelist-random", "--slab", "slub", SMALL);
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\"slub,freelist_random=1\""));
	done(&res);
	done(&plain);
}

/* 'kmemsim policies' names every engine and every parameter of it. */
static void test_policies(void)
{
	struct result res = OTHER(cmd_policies, NULL);
	const struct engine_ops *const *engine;
	const struct engine_param *param;

	CU_ASSERT_EQUAL(res.status, 0);
	for (engine = engine_list; *engine; engine++) {
		CU_ASSERT_PTR_NOT_NULL(strstr(res.out, (*engine)->text));
		for (param = (*engine)->params; param->name; param++)
			CU_ASSERT_PTR_NOT_NULL(strstr(res.out, param->text));
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "boost_for_high"));
	done(&res);
}

#define COMPARED "slub,slub,cpu_partial=0,min_partial=0,sheaves"

static const json_t *figure(const json_t *root, const char *metric)
{
	const json_t *rows = json_object_get(root, "figures"), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!strcmp(json_string_value(json_object_get(row, "metric")), metric))
			return row;
	CU_FAIL_FATAL("no such figure");
	return NULL;
}

static double share_of(const json_t *value)
{
	return json_number_value(json_object_get(value, "ratio"));
}

static bool is_best_at(const json_t *root, const char *column, const char *metric)
{
	const json_t *rows = json_object_get(root, "best"), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!strcmp(json_string_value(json_object_get(row, "column")), column) &&
		    !strcmp(json_string_value(json_object_get(row, "metric")), metric))
			return true;
	return false;
}

/*
 * compare replays each engine as run does: what both report is equal, whatever
 * was compared before; the report is the same every time, and as golden.
 */
static void test_compare(void)
{
	struct result res = OTHER(cmd_compare, "--slab", COMPARED, SMALL), again, alone;
	json_t *root, *lone, *one;
	char *doc = slurp(test_data("../docs/metrics.md"), NULL);

	same_as_golden(&res, "compare-gcc-hello.txt");
	done(&res);
	res = OTHER(cmd_compare, "--slab", COMPARED, "--json", "-", SMALL);
	again = OTHER(cmd_compare, "--slab", COMPARED, "--json", "-", SMALL);
	CU_ASSERT_STRING_EQUAL(res.out, again.out);
	root = load_report(&res);
	check_documented(root, doc, "`schema_version` `ratio` `numerator` `denominator` `slub` `slub_2` `sheaves`");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "engines")), 3);

	alone = OTHER(cmd_compare, "--slab", "sheaves", "--json", "-", SMALL);
	lone = load_report(&alone);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(figure(root, "lines"), "sheaves")),
			json_integer_value(json_object_get(figure(lone, "lines"), "sheaves")));
	CU_ASSERT_EQUAL(json_array_size(json_object_get(lone, "best")), 0);
	done(&alone);
	alone = RUN(NULL, "--no-timing", "--json", "-", SMALL);
	one = load_report(&alone);
	CU_ASSERT_DOUBLE_EQUAL(share_of(json_object_get(figure(root, "waste_end"), "slub")),
			       share_of(json_object_get(json_object_get(one, "internal"), "waste")), 1e-12);
	CU_ASSERT(is_best_at(root, "slub_2", "waste_mean"));
	CU_ASSERT_FALSE(is_best_at(root, "slub", "waste_mean"));
	CU_ASSERT(is_best_at(root, "slub", "held_peak"));
	CU_ASSERT(is_best_at(root, "slub_2", "held_peak"));
	CU_ASSERT_FALSE(is_best_at(root, "slub", "alloc_fail"));
	json_decref(one);
	json_decref(lone);
	json_decref(root);
	done(&alone);
	done(&again);
	done(&res);
	free(doc);
}

/* Each mistake is reported; a strict replay that finds something ends with status 1. */
static void test_compare_usage(void)
{
	expect(OTHER(cmd_compare, "--slab", "slub"), 2, "no trace given");
	expect(OTHER(cmd_compare, "--slab", "slub,nothing", SMALL), 2, "'nothing'");
	expect(OTHER(cmd_compare, "--slab", "slub,", SMALL), 2, "behind a comma");
	expect(OTHER(cmd_compare, "--slab", "", SMALL), 2, "called ''");
	expect(OTHER(cmd_compare, "--slab", "slub,slub,slub,slub,slub,slub,slub,slub,slub,slub,slub,slub,slub,"
		     "slub,slub,slub,slub", SMALL), 2, "more than 16");
	expect(OTHER(cmd_compare, "--order", "11", SMALL), 2, "--order=11");
	expect(OTHER(cmd_compare, "--distance", "10,20;20,10", SMALL), 2, "a row for each");
	expect(OTHER(cmd_compare, "--json", "x", "--csv", "x", SMALL), 2, "written over");
	expect(OTHER(cmd_compare, "a", "a"), 2, "is given twice");
	expect(OTHER(cmd_compare, "/nonexistent"), 2, "No such file");
	expect(OTHER(cmd_compare, "--slab", "slub", "--mem", "1M", "--strict", SMALL), 1, "slub: stopped");
}

/* No mistake may cost a file: neither the trace nor an earlier result is written over. */
static void test_keeps_files(void)
{
	char *trace = write_file("keep.txt", "no trace\n", 9), *text;

	expect(RUN(NULL, "--timeline", trace, trace), 2, "written over");
	expect(RUN(NULL, "--json", trace, trace), 2, "written over");
	expect(RUN(NULL, "--timeline", trace, "/nonexistent/trace"), 2, "No such file");
	text = slurp(trace, NULL);
	CU_ASSERT_STRING_EQUAL(text, "no trace\n");
	free(text);
}

/* Input that is no trace is refused with a sentence that says what it is. */
static void test_unreadable(void)
{
	static const char nonsense[] = "this is\nnot a trace\nat all\nreally not\n";
	unsigned char rubbish[5000];
	struct test_rng rng = { 3 };
	size_t i;

	for (i = 0; i < sizeof(rubbish); i++)
		rubbish[i] = (unsigned char)test_rand(&rng);
	expect(RUN(NULL, "/nonexistent/trace"), 2, "/nonexistent/trace: No such file");
	expect(RUN(NULL, "/tmp"), 2, "/tmp: ");
	expect(RUN(NULL, write_file("empty", "", 0)), 2, "empty");
	expect(RUN(NULL, "-"), 2, "empty");
	expect(RUN(NULL, write_file("nonsense", nonsense, sizeof(nonsense) - 1)), 2, "nonsense");
	expect(RUN(NULL, write_file("rubbish", rubbish, sizeof(rubbish))), 2, "rubbish");
	expect(RUN(NULL, write_file("perf.data", "PERFILE2\0\0\0\0", 12)), 2, "perf.data");
	expect(RUN(NULL, write_file("bad.zst", "\x28\xb5\x2f\xfd\x24\x00\x01", 7)), 2, "bad.zst");
}

static const char good[] =
	" cat 1 [000] 1.000001: kmem:kmalloc: call_site=a+0x1 ptr=0xffff888000001000 bytes_req=100 "
	"bytes_alloc=128 gfp_flags=GFP_KERNEL\n"
	" cat 1 [000] 1.000002: kmem:mm_page_alloc: page=0x5 pfn=0x5 order=0 migratetype=0 "
	"gfp_flags=GFP_KERNEL\n"
	" cat 1 [000] 1.000003: kmem:kfree: call_site=b+0x2 ptr=0xffff888000001000\n";

static json_t *json_of(const char *text, size_t len, int status)
{
	struct result res = RUN(NULL, "--no-timing", "--json", "-", write_file("trace", text, len));
	json_t *root;

	CU_ASSERT_EQUAL(res.status, status);
	root = load_report(&res);
	done(&res);
	return root;
}

/* Bad lines among good ones: each is reported with its number, counted, and costs no good line. */
static void test_malformed(void)
{
	char *text = malloc(1 << 21);
	struct result res;
	json_t *root;
	size_t len;

	len = (size_t)snprintf(text, 1 << 21, "%s cat 1 [000] 1.0: kmem:mm_page_alloc: pfn=0x5 order=99 "
			      "gfp_flags=GFP_KERNEL\n%s", good, good);
	res = RUN(NULL, write_file("trace", text, len));
	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "trace:4: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "order=99"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "1 malformed line skipped"));
	done(&res);
	res = RUN(NULL, "--strict", in_folder("trace"));
	CU_ASSERT_EQUAL(res.status, 1);
	done(&res);
	root = json_of(text, len, 0);
	CU_ASSERT_EQUAL(number(root, "trace", "events"), 6);
	CU_ASSERT_EQUAL(number(root, "trace", "malformed"), 1);
	json_decref(root);

	/* A line of a megabyte between good ones. */
	memcpy(text, good, sizeof(good) - 1);
	len = sizeof(good) - 1;
	memset(text + len, 'x', 1 << 20);
	len += 1 << 20;
	text[len++] = '\n';
	memcpy(text + len, good, sizeof(good) - 1);
	len += sizeof(good) - 1;
	root = json_of(text, len, 0);
	CU_ASSERT_EQUAL(number(root, "trace", "events"), 6);
	CU_ASSERT_EQUAL(number(root, "trace", "malformed"), 1);
	json_decref(root);

	/* More bad than good: refused. */
	len = (size_t)snprintf(text, 1 << 21, "%sx: kmem:kfree: ptr=\n y\n z\n w\n v\n", good);
	expect(RUN(NULL, write_file("trace", text, len)), 2, "malformed");
	free(text);
}

/* A compressed file cut anywhere is reported up to the cut, with status 2. */
static void test_truncated(void)
{
	struct result res;
	json_t *root;
	char *whole;
	size_t len;

	whole = slurp(test_data("traces/gcc-hello.perf.txt.zst"), &len);
	write_file("cut.zst", whole, len / 2);
	free(whole);
	res = RUN(NULL, "--no-timing", "--json", "-", in_folder("cut.zst"));
	CU_ASSERT_EQUAL(res.status, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "events before it were replayed"));
	root = load_report(&res);
	CU_ASSERT(json_is_true(json_object_get(json_object_get(root, "trace"), "truncated")));
	CU_ASSERT(number(root, "trace", "events") > 1000);
	CU_ASSERT_EQUAL(number(root, "memory", "unbalanced_samples"), 0);
	json_decref(root);
	done(&res);
}

/* Too little memory: the run goes on and counts; strict, it stops with status 1 and says where. */
static void test_small_memory(void)
{
	struct result res = RUN(NULL, "--no-timing", "--json", "-", "--mem", "8M", SMALL);
	json_t *root = load_report(&res);
	int64_t whole = number(root, "trace", "simulated_us");

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT(json_integer_value(json_object_get(json_object_get(json_object_get(root, "memory"), "end"),
						     "alloc_fail")) > 0);
	CU_ASSERT_EQUAL(number(root, "memory", "unbalanced_samples"), 0);
	json_decref(root);
	done(&res);
	/* No figure knows of what came behind the stop. */
	res = RUN(NULL, "--no-timing", "--strict", "--json", "-", "--mem", "8M", SMALL);
	root = load_report(&res);
	CU_ASSERT(number(root, "trace", "simulated_us") < whole);
	CU_ASSERT_EQUAL(number(root, "trace", "simulated_us"),
			number(json_object_get(root, "memory"), "end", "time_us"));
	json_decref(root);
	done(&res);
	expect(RUN(NULL, "--strict", "--mem", "8M", SMALL), 1, "stopped at line");
}

/* Every combination of layers, touch policy, nodes and zones replays with a balanced ledger. */
static void test_variants(void)
{
	static const char *const layers[] = { "pages", "slab", "both" };
	static const char *const touches[] = { "links", "zero", "all" };
	size_t i, j;

	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++) {
			struct result res = RUN(NULL, "--no-timing", "--json", "-", "--layers", layers[i],
						"--touch", touches[j], "--nodes", "2", "--cpus", "3", "--hole",
						"64M-96M", "--movable", "16M", "--mem", "256M", "--page-owner",
						"--distance", "10,30;30,10", SMALL);
			json_t *root = load_report(&res);

			CU_ASSERT_EQUAL(res.status, 0);
			CU_ASSERT_EQUAL(number(root, "memory", "unbalanced_samples"), 0);
			json_decref(root);
			done(&res);
		}
	}
}

/* The timeline has its heading, a line a sample, and every line as many columns. */
static void test_timeline(void)
{
	struct result res = RUN(NULL, "-q", "--timeline", in_folder("timeline"), "--every", "1000", SMALL);
	char *csv = slurp(in_folder("timeline"), NULL), *at;
	unsigned int lines = 0, commas = 0;

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_STRING_EQUAL(res.out, "");
	CU_ASSERT_EQUAL_FATAL(strncmp(csv, "event,time_us,managed_pages,", 28), 0);
	for (at = csv; *at; at++) {
		lines += *at == '\n';
		commas += *at == ',';
	}
	/* 26,972 events: one sample before, 26 whole thousands, one at the end, and the heading. */
	CU_ASSERT_EQUAL(lines, 29);
	CU_ASSERT_EQUAL(commas, 29 * 15);
	free(csv);
	done(&res);
}

static struct result list(const char *what)
{
	static char *argv[] = { (char *)"list", NULL };
	struct result res = { 0 };
	int status;
	pid_t pid;

	argv[1] = (char *)what;
	in_folder("out");
	fflush(NULL);
	pid = fork();
	if (!pid) {
		redirect(in_folder("out"), 1, O_WRONLY | O_CREAT | O_TRUNC);
		redirect(in_folder("err"), 2, O_WRONLY | O_CREAT | O_TRUNC);
		status = cmd_list(2, argv);
		fflush(NULL);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	res.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	res.out = slurp(in_folder("out"), &res.out_len);
	res.err = slurp(in_folder("err"), NULL);
	return res;
}

static const char *kernel_of(const json_t *root)
{
	return json_string_value(json_object_get(json_object_get(root, "machine"), "kernel"));
}

/* --kernel reaches both allocators; without it they follow the newest one's rules. */
static void test_kernel(void)
{
	static const char *const kernels[] = { "6.1", "6.12", NULL };
	char *procfs[2];
	int i;

	for (i = 0; i < 3; i++) {
		const char *folder_of = in_folder(kernels[i] ? kernels[i] : "default");
		struct result res = kernels[i] ? RUN(NULL, "--kernel", kernels[i], "--json", "-", "--procfs",
						     folder_of, SMALL) :
						 RUN(NULL, "--json", "-", "--procfs", folder_of, SMALL);
		json_t *root = load_report(&res);

		CU_ASSERT_STRING_EQUAL(kernel_of(root), kernels[i] ? kernels[i] : "6.12");
		json_decref(root);
		done(&res);
	}
	/* Objects: kmalloc's caches stand in each kernel's order, as the report of the end shows. */
	procfs[0] = slurp(in_folder("6.1/slabinfo"), NULL);
	procfs[1] = slurp(in_folder("6.12/slabinfo"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(procfs[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(procfs[1]);
	CU_ASSERT(strstr(procfs[0], "kmalloc-cg-8k") > strstr(procfs[0], "dma-kmalloc-8k"));
	CU_ASSERT(strstr(procfs[1], "kmalloc-cg-8k") < strstr(procfs[1], "dma-kmalloc-8k"));
	free(procfs[0]);
	/* And the default is the newest, to the byte. */
	procfs[0] = slurp(in_folder("default/slabinfo"), NULL);
	CU_ASSERT_STRING_EQUAL(procfs[0], procfs[1]);
	free(procfs[0]);
	free(procfs[1]);
	/* Page frames: in 6.12 the per-CPU lists' high is found out, in 6.1 it is the low watermark. */
	procfs[0] = slurp(in_folder("6.1/zoneinfo"), NULL);
	procfs[1] = slurp(in_folder("6.12/zoneinfo"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(procfs[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(procfs[1]);
	CU_ASSERT_STRING_NOT_EQUAL(procfs[0], procfs[1]);
	free(procfs[0]);
	free(procfs[1]);
	expect(RUN(NULL, "--kernel", "6.2", SMALL), 2, "--kernel=6.2: expected 6.1 or 6.12");
}

/* All versions and every rule are listed, with the default marked. */
static void test_list_kernels(void)
{
	struct result res = list("kernels");
	int i;

	CU_ASSERT_EQUAL(res.status, 0);
	CU_ASSERT_PTR_EQUAL(strstr(res.out, "6.1\n6.12 (default)\n"), res.out);
	for (i = 0; buddy_rule_desc[i].name; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(res.out, buddy_rule_desc[i].text));
	for (i = 0; slab_rule_desc[i].name; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(res.out, slab_rule_desc[i].text));
	done(&res);
	res = list("nothing");
	CU_ASSERT_EQUAL(res.status, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(res.err, "kernels"));
	done(&res);
}

static const struct test_case cases[] = {
	{ "cmd_golden", test_golden },
	{ "cmd_standard_input", test_standard_input },
	{ "cmd_deterministic", test_deterministic },
	{ "cmd_adds_up", test_adds_up },
	{ "cmd_documented", test_documented },
	{ "cmd_shrink", test_shrink },
	{ "cmd_trace_is_kept", test_trace_is_kept },
	{ "cmd_capture_is_kept", test_capture_is_kept },
	{ "cmd_stdin", test_stdin },
	{ "cmd_usage", test_usage },
	{ "cmd_slab_option", test_slab_option },
	{ "cmd_policies", test_policies },
	{ "cmd_compare", test_compare },
	{ "cmd_compare_usage", test_compare_usage },
	{ "cmd_keeps_files", test_keeps_files },
	{ "cmd_unreadable", test_unreadable },
	{ "cmd_malformed", test_malformed },
	{ "cmd_truncated", test_truncated },
	{ "cmd_small_memory", test_small_memory },
	{ "cmd_variants", test_variants },
	{ "cmd_timeline", test_timeline },
	{ "cmd_kernel", test_kernel },
	{ "cmd_list_kernels", test_list_kernels },
	{ "debugged caches and failures", test_slab_debug },
	{ NULL, NULL }
};

const struct test_suite cmd_suite = { "cmd", cases };
