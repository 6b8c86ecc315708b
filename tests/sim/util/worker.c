/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: a thread that does one job at a time. */
#include <sched.h>

#include "sim/util/worker.h"
#include "tests/tests.h"

static void add_one(void *arg)
{
	++*(unsigned int *)arg;
}

/* Each job is done once, before the next begins and before the wait returns. */
static void test_jobs(void)
{
	struct worker *w = worker_create();
	unsigned int sum = 0, wrong = 0, i;

	if (!w)
		return;
	worker_wait(w);
	for (i = 0; i < 1000; i++) {
		worker_start(w, add_one, &sum);
		if (i % 3)
			continue;
		worker_wait(w);
		wrong += sum != i + 1;
	}
	worker_destroy(w);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(sum, 1000);
	worker_destroy(NULL);
}

/* On one CPU there is nobody to share the work with. */
static void test_one_cpu(void)
{
	cpu_set_t all, one;
	struct worker *w;
	int cpu = 0;

	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof(one), &one), 0);
	CU_ASSERT_PTR_NULL(worker_create());
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(all), &all), 0);
	w = worker_create();
	CU_ASSERT_EQUAL(w != NULL, CPU_COUNT(&all) > 1);
	worker_destroy(w);
}

static const struct test_case cases[] = {
	{ "jobs", test_jobs },
	{ "one CPU", test_one_cpu },
	{ NULL, NULL }
};

const struct test_suite worker_suite = { "worker", cases };
