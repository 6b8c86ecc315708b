/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: what faults cost, and the file that says so. */
#include <errno.h>
#include <string.h>

#include "sim/metrics/costs.h"
#include "tests/tests.h"

static int read_text(struct costs *costs, const char *text, struct kerror *err)
{
	FILE *from = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int ret;

	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	ret = costs_read(costs, from, "f", err);
	fclose(from);
	return ret;
}

/* A cost times a count; what would not fit is the largest there is. */
static void test_sums(void)
{
	uint64_t faults[NR_VM_FAULTS] = { [VM_FAULT_anon] = 10, [VM_FAULT_swapin] = 2, [VM_FAULT_maperr] = 5 };
	struct cost_counts counts;
	struct costs costs;

	costs_default(&costs);
	costs.ns[COST_anon] = 7;
	costs.ns[COST_swapin] = 1000;
	costs.ns[COST_walk] = 3;
	cost_count(&counts, faults, 100);
	CU_ASSERT_EQUAL(cost_of(&costs, &counts, COST_anon), 70);
	CU_ASSERT_EQUAL(cost_of(&costs, &counts, COST_walk), 300);
	CU_ASSERT_EQUAL(cost_sum(&costs, &counts), 70 + 2000 + 300);
	counts.nr[COST_swapin] = UINT64_MAX / 999;
	CU_ASSERT_EQUAL(cost_of(&costs, &counts, COST_swapin), UINT64_MAX);
	CU_ASSERT_EQUAL(cost_sum(&costs, &counts), UINT64_MAX);
	counts.nr[COST_swapin] = UINT64_MAX / 1000;
	counts.nr[COST_anon] = 1000;
	CU_ASSERT_EQUAL(cost_sum(&costs, &counts), UINT64_MAX);
}

static void test_file(void)
{
	struct costs costs, defaults;
	struct kerror err = { 0 };

	costs_default(&defaults);
	costs_default(&costs);
	CU_ASSERT_EQUAL(read_text(&costs, "# mine\n\n  read\t8ms # a disk\r\nanon 1.5us\nwalk 0\nhuge 3600s", &err), 0);
	CU_ASSERT_EQUAL(costs.ns[COST_read], 8000000);
	CU_ASSERT_EQUAL(costs.ns[COST_anon], 1500);
	CU_ASSERT_EQUAL(costs.ns[COST_walk], 0);
	CU_ASSERT_EQUAL(costs.ns[COST_huge], COST_MAX_NS);
	CU_ASSERT_EQUAL(costs.ns[COST_cow], defaults.ns[COST_cow]);
}

/* Nothing of a file that has a mistake is taken; where it is, is said. */
static void test_mistakes(void)
{
	static const struct { const char *text, *said; } rows[] = {
		{ "anon 5us\nraed 8ms\n", ":2: nothing of the name 'raed' has a cost; did you mean 'read'?" },
		{ "anon 5us\n\nread\n", ":3: expected a time of at most an hour behind 'read', such as 500ns or 8ms, found 'the end of the line'" },
		{ "anon 5us\nread 8 ms\n", ":2: expected the end of the line behind the time, found 'ms'" },
		{ "anon 5us\nread -1\n", "found '-1'" },
		{ "anon 5us\nread 3600000000001ns\n", "found '3600000000001ns'" },
		{ "anon 5us\nread 8ms oh", "found 'oh'" },
	};
	struct costs costs, defaults;
	char line[300];
	FILE *folder;
	size_t i;

	costs_default(&defaults);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kerror err = { 0 };

		costs = defaults;
		CU_ASSERT_EQUAL(read_text(&costs, rows[i].text, &err), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].said));
		CU_ASSERT_EQUAL(memcmp(&costs, &defaults, sizeof(costs)), 0);
	}
	memset(line, ' ', sizeof(line));
	snprintf(line + sizeof(line) - 10, 10, "anon 1us\n");
	CU_ASSERT_EQUAL(read_text(&costs, line, &(struct kerror){ 0 }), -EINVAL);
	folder = fopen("/tmp", "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
	CU_ASSERT_EQUAL(costs_read(&costs, folder, "/tmp", &(struct kerror){ 0 }), -EIO);
	fclose(folder);
}

static const struct test_case cases[] = {
	{ "a cost times a count", test_sums },
	{ "a file changes some", test_file },
	{ "mistakes in a file", test_mistakes },
	{ NULL, NULL }
};

const struct test_suite costs_suite = { "costs", cases };
