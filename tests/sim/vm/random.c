/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: random mapping calls, done by a simulated process and by a real one of the host: each result and
 * each errno, the faults, and the mappings after each call, must be equal.
 */
#include <stdlib.h>

#include "sim/verify/vm/walk.h"
#include "tests/sim/vm/player.h"
#include "tests/tests.h"

/* For longer searches by hand. */
static uint32_t number(const char *name, uint32_t def)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : def;
}

/* The layout of the host's vm-player is known from a look; then it is given the calls. */
static void test_random_calls(void)
{
	struct player_op look = { .kind = PLAYER_LOOK };
	struct program first = { .ops = &look, .nr_ops = 1 }, program;
	struct played at_first, played;
	struct kerror err = { 0 };

	if (!host_can_play())
		return;
	CU_ASSERT_TRUE_FATAL(host_play(&first, &at_first));
	CU_ASSERT_EQUAL_FATAL(program_random(&program, number("VM_SEED", 1), number("VM_CALLS", 20000), &at_first.cfg,
					     &at_first.looks, &at_first.looks.look[0], &err), 0);
	if (host_play(&program, &played))
		expect_alike(&program, &played);
	else
		CU_FAIL("vm-player does not play on this host");
	played_free(&played);
	played_free(&at_first);
	program_free(&program);
}

static const struct test_case cases[] = {
	{ "random mapping calls end as the host's kernel ends them", test_random_calls },
	{ NULL, NULL }
};

const struct test_suite vm_random_suite = { "vm_random", cases };
