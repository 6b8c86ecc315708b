/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the figures of a program's heap in a report. Of the shared
 * recordings they must be those of the tools that made the recordings; such a
 * test is skipped where the tool or the recording is not there.
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
#include "sim/trace/reader.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/report/documented.h"
#include "tests/tests.h"

/* The report of @path; freed by the caller. @said: what standard error has, freed as well. */
static json_t *report_of(const char *path, char **said)
{
	struct result res = run_cmd(cmd_run, NULL, (const char *const[]){ "--no-timing", "--json", "-", path, NULL });
	json_t *root;

	CU_ASSERT_EQUAL(res.status, 0);
	root = json_loads(res.out, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	*said = strdup(res.err);
	done(&res);
	return root;
}

static uint64_t heap_figure(const json_t *report, const char *key)
{
	const json_t *value = json_object_get(json_object_get(report, "heap"), key);

	CU_ASSERT_PTR_NOT_NULL(value);
	return (uint64_t)json_integer_value(value);
}

static uint64_t request_count(const json_t *report, const char *key)
{
	const json_t *value = json_object_get(json_object_get(json_object_get(report, "heap"), "requests"), key);

	return (uint64_t)json_integer_value(value);
}

/* A sample's figures by hand, each key of its report defined, and the words of the format before it. */
static void test_sample(void)
{
	char *said, *doc = slurp(test_data("../docs/metrics.md"), NULL);
	json_t *report = report_of(test_data("data/heap/lab.rep"), &said);

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "has no times, threads, alignments or call sites"));
	CU_ASSERT_PTR_NULL(strstr(said, "the header says"));
	CU_ASSERT_PTR_NULL(strstr(said, "single tasks"));
	CU_ASSERT_EQUAL(heap_figure(report, "calls"), 6);
	CU_ASSERT_EQUAL(heap_figure(report, "total_bytes"), 512 + 128 + 640 + 5000000 + 641);
	CU_ASSERT_EQUAL(heap_figure(report, "peak_bytes"), 128 + 640 + 5000000);
	CU_ASSERT_EQUAL(heap_figure(report, "peak_blocks"), 3);
	CU_ASSERT_EQUAL(heap_figure(report, "leaked_bytes"), 0);
	CU_ASSERT_EQUAL(heap_figure(report, "leaked_blocks"), 0);
	CU_ASSERT_EQUAL(request_count(report, "mallocs"), 4);
	CU_ASSERT_EQUAL(request_count(report, "frees"), 4);
	/* 512 bytes have a class of their own, 640 are in that of 1024, where 641 are, too. */
	CU_ASSERT_EQUAL(request_count(report, "realloc_moved"), 1);
	CU_ASSERT_EQUAL(request_count(report, "realloc_in_place"), 1);
	CU_ASSERT_EQUAL(request_count(report, "copied_bytes"), 512);
	CU_ASSERT_EQUAL(request_count(report, "vmalloc_blocks"), 1);
	check_documented(json_object_get(report, "heap"), strstr(doc, "## heap:"), "");
	json_decref(report);
	free(said);
	free(doc);
}

/* All of the commands that take a trace take these. */
static void test_commands(void)
{
	static int (*const commands[])(int argc, char **argv) = { cmd_run, cmd_compare, cmd_diagnose };
	static const char *const files[] = {
		"lab.rep", "lab-two-lines.rep", "prog.mtrace", "prog.heaptrack", "prog-raw.heaptrack", "list.ostep",
		"app.memory_replay",
	};
	struct result res;
	char path[200];
	size_t i, j;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (j = 0; j < sizeof(files) / sizeof(files[0]); j++) {
			snprintf(path, sizeof(path), "data/heap/%s", files[j]);
			res = run_cmd(commands[i], NULL, (const char *const[]){ test_data(path), NULL });
			CU_ASSERT_EQUAL(res.status, 0);
			CU_ASSERT_PTR_NULL(strstr(res.err, "malformed"));
			done(&res);
		}
	}
	res = run_cmd(cmd_diagnose, NULL, (const char *const[]){ test_data("data/heap/prog.heaptrack"), NULL });
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "fill (prog.c:10)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "(malloc)"));
	done(&res);
}

static bool has_tool(const char *path)
{
	if (!access(path, X_OK))
		return true;
	test_skip("there is no %s", path);
	return false;
}

/* The sum of the last number of each line that @command prints and that begins with @prefix; their number in *@lines. */
static uint64_t sum_lines(const char *command, const char *prefix, int base, uint64_t *lines)
{
	FILE *out = popen(command, "r");
	uint64_t sum = 0;
	char line[65536];

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	*lines = 0;
	while (fgets(line, sizeof(line), out)) {
		const char *word = base == 16 ? strchr(line, ' ') : strrchr(line, ' ');

		if (strncmp(line, prefix, strlen(prefix)) || !word)
			continue;
		sum += strtoull(word, NULL, base);
		(*lines)++;
	}
	pclose(out);
	return sum;
}

/* What heaptrack_print attributes to call chains, added up, is what the report has. */
static void test_heaptrack(void)
{
	static const char *const names[] = { "traces/heaptrack-python.zst", "traces/heaptrack-threads.zst" };
	static const struct { const char *cost, *key; } figures[] = {
		{ "allocations", "calls" }, { "peak", "peak_bytes" }, { "leaked", "leaked_bytes" },
	};
	char command[600], *said, *stacks = in_folder("stacks");
	const char *path;
	json_t *report;
	uint64_t lines;
	size_t i, j;

	if (!has_tool("/usr/bin/heaptrack_print"))
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path = test_shared(names[i]);
		if (!path)
			return;
		report = report_of(path, &said);
		for (j = 0; j < sizeof(figures) / sizeof(figures[0]); j++) {
			snprintf(command, sizeof(command), "heaptrack_print -n 0 -s 0 --disable-embedded-suppressions "
				 "--disable-builtin-suppressions -F '%s' --flamegraph-cost-type %s -f '%s' >/dev/null 2>&1; "
				 "cat '%s'", stacks, figures[j].cost, path, stacks);
			CU_ASSERT_EQUAL(sum_lines(command, "", 10, &lines), heap_figure(report, figures[j].key));
			CU_ASSERT_EQUAL(lines > 0, 1);
		}
		json_decref(report);
		free(said);
	}
}

/* Unpacked into a file of ours; NULL where the recording is not there. */
static char *unpack(const char *name, char *first, size_t size)
{
	const char *path = test_shared(name);
	struct kerror err;
	struct source *src;
	static char buf[4 << 20];
	int64_t got, len = 0;

	if (!path)
		return NULL;
	CU_ASSERT_EQUAL_FATAL(source_open(&src, path, &err), 0);
	while ((got = source_read(src, buf + len, sizeof(buf) - (size_t)len, &err)) > 0)
		len += got;
	CU_ASSERT_EQUAL_FATAL(got, 0);
	source_close(src);
	snprintf(first, size, "%.*s", (int)(size - 1), buf);
	return write_file("unpacked", buf, (size_t)len);
}

/* The blocks that mtrace's own script finds not freed. */
static void test_mtrace(void)
{
	char command[300], *said, *path, first[8];
	uint64_t bytes, blocks;
	json_t *report;

	if (!has_tool("/usr/bin/mtrace") || !(path = unpack("traces/mtrace.log.zst", first, sizeof(first))))
		return;
	snprintf(command, sizeof(command), "mtrace '%s'", path);
	bytes = sum_lines(command, "0x", 16, &blocks);
	report = report_of(path, &said);
	CU_ASSERT_EQUAL(blocks > 0, 1);
	CU_ASSERT_EQUAL(heap_figure(report, "leaked_blocks"), blocks);
	CU_ASSERT_EQUAL(heap_figure(report, "leaked_bytes"), bytes);
	json_decref(report);
	free(said);
}

/* What the header of a lab's trace says is what came, and nothing is left of it. */
static void test_rep(void)
{
	unsigned long long ids, requests;
	char *said, *path, first[80];
	json_t *report;

	path = unpack("traces/churn.rep.zst", first, sizeof(first));
	if (!path)
		return;
	CU_ASSERT_EQUAL_FATAL(sscanf(first, "%*u %llu %llu", &ids, &requests), 2);
	report = report_of(path, &said);
	CU_ASSERT_PTR_NULL(strstr(said, "header"));
	CU_ASSERT_EQUAL((uint64_t)json_integer_value(json_object_get(json_object_get(report, "trace"), "events")), requests);
	CU_ASSERT_EQUAL(request_count(report, "mallocs"), ids);
	CU_ASSERT_EQUAL(request_count(report, "mallocs") + request_count(report, "frees") + request_count(report, "reallocs"),
			requests);
	CU_ASSERT_EQUAL(heap_figure(report, "leaked_blocks"), 0);
	json_decref(report);
	free(said);
}

static const struct test_case cases[] = {
	{ "a sample's report", test_sample },
	{ "commands", test_commands },
	{ "heaptrack's totals", test_heaptrack },
	{ "mtrace's unfreed blocks", test_mtrace },
	{ "a lab's header", test_rep },
	{ NULL, NULL }
};

const struct test_suite heap_figures_suite = { "heap_figures", cases };
