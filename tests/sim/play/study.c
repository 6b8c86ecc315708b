/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim tests: policy= and frames= of a scenario. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/play/play.h"
#include "sim/vm/policy/policy.h"
#include "sim/vm/policy/stream.h"
#include "tests/tests.h"

/* A mix of patterns, with pages that end in between, but none that is used again after its end. */
#define BODY \
	"process A\nA mmap buf 1M\nA touch buf write pattern=zipf count=800 seed=3\nA touch buf write length=200k repeat=3\n" \
	"A touch buf write pattern=random count=500 seed=9\nA touch buf write pattern=reverse\n"

/* Faults of process A; what it accesses in @record (may be NULL). */
static uint64_t faults_of(const char *text, struct stream *record)
{
	struct scenario_errors errors = { 0 };
	struct play_config cfg = { .record = record };
	struct kerror err = { 0 };
	struct scenario *scenario;
	struct play *play;
	uint64_t faults;

	CU_ASSERT_EQUAL_FATAL(scenario_read(&scenario, text, strlen(text), &errors), 0);
	CU_ASSERT_EQUAL_FATAL(play_create(&play, scenario, &cfg, &err), 0);
	CU_ASSERT_EQUAL(play_run(play, &err), 0);
	faults = play->processes[1].process->min_flt + play->processes[1].process->maj_flt;
	CU_ASSERT_EQUAL(vm_validate(play->vm, NULL, NULL), 0);
	play_destroy(play);
	scenario_destroy(scenario);
	return faults;
}

static uint64_t misses_of(const struct policy_ops *ops, uint32_t frames, const struct stream *stream)
{
	struct policy_config cfg;
	struct kerror err = { 0 };
	uint32_t *next = NULL;
	struct policy *p;
	uint64_t i, misses;

	policy_defaults(&cfg, ops);
	cfg.frames = frames;
	CU_ASSERT_EQUAL_FATAL(stream_next_uses(stream, &next, &err), 0);
	cfg.next_use = next;
	cfg.nr_next_uses = stream->nr;
	CU_ASSERT_EQUAL_FATAL(policy_create(&p, &cfg, &err), 0);
	for (i = 0; i < stream->nr; i++)
		policy_access(p, stream_page(stream, i));
	misses = p->misses;
	policy_destroy(p);
	stream_free_next_uses(stream, next);
	return misses;
}

/* The scenario has as many faults as the policy misses, on what the scenario accesses; OPT has the fewest. */
static void test_policies(void)
{
	const struct policy_ops *const *ops;
	uint64_t least = UINT64_MAX, faults = 0;

	for (ops = policy_list; *ops; ops++) {
		struct stream stream = { 0 };
		char text[512];

		snprintf(text, sizeof(text), "machine memory=64M swap=16M policy=%s frames=40\n" BODY, (*ops)->name);
		faults = faults_of(text, NULL);
		faults_of(text, &stream);
		CU_ASSERT_EQUAL(stream.nr, 800 + 150 + 500 + 256);
		CU_ASSERT_EQUAL(faults, misses_of(*ops, 40, &stream));
		if (!(*ops)->needs_future && faults < least)
			least = faults;
		stream_free(&stream);
	}
	/* The last of the list is OPT. */
	CU_ASSERT_TRUE(faults < least);
}

/* Textbook rows: Belady's string with 3 and 4 frames. */
static void test_belady(void)
{
	static const struct { const char *policy; uint64_t with_3, with_4; } rows[] = {
		{ "fifo", 9, 10 }, { "lru", 10, 8 }, { "opt", 7, 6 }
	};
	unsigned int i, frames;

	for (i = 0; i < 3; i++) {
		for (frames = 3; frames <= 4; frames++) {
			char text[256];

			snprintf(text, sizeof(text), "machine memory=64M swap=16M policy=%s frames=%u\nprocess A\nA mmap buf 24k\n"
				 "A touch buf write pages=1,2,3,4,1,2,5,1,2,3,4,5\n", rows[i].policy, frames);
			CU_ASSERT_EQUAL(faults_of(text, NULL), frames == 3 ? rows[i].with_3 : rows[i].with_4);
		}
	}
}

/* How a run that cannot go on ends: where, and why. */
static void test_refused(void)
{
	static const struct { const char *text; int ret; uint32_t line; const char *why; } rows[] = {
		{ "machine memory=64M swap=64k policy=lru frames=4\nprocess A\nA mmap b 1M\nA touch b write\n", -ENOSPC, 4,
		  "swap is full: there is no place for the page that has to leave" },
		{ "machine memory=64M swap=64k policy=opt frames=4\nprocess A\nA mmap b 1M\nA touch b write\n", -ENOSPC, 4,
		  "swap is full: there is no place for the page that has to leave" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scenario_errors errors = { 0 };
		struct play_config cfg = { 0 };
		struct kerror err = { 0 };
		struct scenario *scenario;
		struct play *play;

		CU_ASSERT_EQUAL_FATAL(scenario_read(&scenario, rows[i].text, strlen(rows[i].text), &errors), 0);
		CU_ASSERT_EQUAL_FATAL(play_create(&play, scenario, &cfg, &err), 0);
		CU_ASSERT_EQUAL(play_run(play, &err), rows[i].ret);
		CU_ASSERT_EQUAL(play->at_line, rows[i].line);
		CU_ASSERT_STRING_EQUAL(err.text, rows[i].why);
		play_destroy(play);
		scenario_destroy(scenario);
	}
}

static void test_text(void)
{
	static const char text[] = "machine memory=64M policy=lru frames=4\nprocess A\n";
	struct scenario_errors errors = { 0 };
	struct scenario *scenario = NULL;

	CU_ASSERT_NOT_EQUAL(scenario_read(&scenario, text, strlen(text), &errors), 0);
	CU_ASSERT_EQUAL(errors.at[0].column, 20);
	CU_ASSERT_STRING_EQUAL(errors.at[0].text, "expected swap= together with policy=: pages that leave go there");
}

static const struct test_case cases[] = {
	{ "faults are misses", test_policies },
	{ "Belady's string", test_belady },
	{ "what cannot go on", test_refused },
	{ "policy= needs swap=", test_text },
	{ NULL, NULL }
};

const struct test_suite play_study_suite = { "play_study", cases };
