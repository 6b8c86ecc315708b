/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: the scenarios of the capture kit, played by processes of the host: page faults, mappings, smaps,
 * VmPTE and what is in memory must be the simulated ones, phase by phase.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/scenario/scenario.h"
#include "sim/verify/capture/snapshot.h"
#include "tests/sim/vm/player.h"
#include "tests/tests.h"

static void play_file(const char *name)
{
	struct scenario_errors *errors = calloc(1, sizeof(*errors));
	struct scenario *scenario = NULL;
	struct program program;
	struct kerror err = { 0 };
	struct played played;
	char path[128], *text;
	size_t len;

	if (!host_can_play()) {
		free(errors);
		return;
	}
	snprintf(path, sizeof(path), "sim/capture/scenarios/%s", name);
	CU_ASSERT_EQUAL_FATAL(snapshot_read_text(&text, &len, path, NULL, &err), 0);
	CU_ASSERT_EQUAL_FATAL(scenario_read(&scenario, text, len, errors), 0);
	CU_ASSERT_EQUAL_FATAL(program_from_scenario(&program, scenario, &err), 0);
	if (host_play(&program, &played))
		expect_alike(&program, &played);
	else
		CU_FAIL("vm-player does not play on this host");
	played_free(&played);
	program_free(&program);
	scenario_destroy(scenario);
	free(text);
	free(errors);
}

static void test_memory(void)
{
	play_file("memory.vm");
}

static void test_fork(void)
{
	play_file("fork.vm");
}

static void test_calls(void)
{
	play_file("calls.vm");
}

static void test_exec(void)
{
	play_file("exec.vm");
}

static const struct test_case cases[] = {
	{ "private memory and page tables", test_memory },
	{ "fork", test_fork },
	{ "vfork and exec", test_exec },
	{ "calls that fault by themselves", test_calls },
	{ NULL, NULL }
};

const struct test_suite vm_host_suite = { "vm_host", cases };
