/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for scenarios. What is refused has its place and its words;
 * what is taken holds what its reader promises: no run need check it again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_errors(const struct scenario_errors *errors)
{
	char buf[512];
	unsigned int i;

	must(errors->nr && errors->nr <= SCENARIO_MAX_ERRORS);
	for (i = 0; i < errors->nr; i++) {
		const struct scenario_error *error = &errors->at[i];

		must(error->line && error->column && error->text[0]);
		must(strlen(scenario_error_text(error, "f", buf, sizeof(buf))) < sizeof(buf));
		must(!i || error->line > error[-1].line || error->column > error[-1].column);
	}
}

static void check_range(const struct step *step, const struct step_range *range)
{
	must(step->file || !step->map == (range->at != SCENARIO_ABSENT));
	must(range->from <= SCENARIO_ADDRESSES);
	must(step->map || step->file || range->at <= UINT64_MAX - range->length);
	must(range->length == SCENARIO_ABSENT || range->length <= SCENARIO_ADDRESSES);
}

static void check_touch(const struct scenario *s, const struct step *step)
{
	const struct step_touch *touch = &step->touch;
	const uint64_t *number = scenario_numbers(s, touch->loops);
	uint64_t reach = 0;
	uint32_t i;

	check_range(step, &touch->range);
	must(touch->stride && touch->count && touch->repeat);
	must(touch->loops.nr <= 2 * SCENARIO_MAX_LOOPS && touch->pages.nr <= SCENARIO_MAX_PAGES);
	must(!touch->loops.nr || !touch->pages.nr);
	for (i = 0; i < touch->loops.nr; i += 2) {
		must(number[i]);
		reach += (number[i] - 1) * number[i + 1];
	}
	must(reach <= SCENARIO_ADDRESSES);
	number = scenario_numbers(s, touch->pages);
	for (i = 0; i < touch->pages.nr; i++)
		must(number[i] < SCENARIO_ADDRESSES / 4096);
}

static void check_term(const struct scenario *s, const struct expect_term *term)
{
	must(term->process <= scenario_nr_processes(s) && term->map <= scenario_nr_maps(s));
	must(!term->process == (term->source != EXPECT_PROCESS && term->source != EXPECT_MAPPING));
	must(!term->map == (term->source != EXPECT_MAPPING));
}

static void check_step(const struct scenario *s, const struct step *steps, uint32_t i, uint32_t nr)
{
	const struct step *step = &steps[i];

	must(step->kind < NR_STEP_KINDS && step->kind != STEP_MACHINE);
	must(step->process <= scenario_nr_processes(s) && step->other <= scenario_nr_processes(s));
	must(step->map <= scenario_nr_maps(s) && step->file <= scenario_nr_files(s));
	must(!step->process == (!scenario_statements[step->kind].of_process && step->kind != STEP_PROCESS));
	switch (step->kind) {
	case STEP_REPEAT:
		must(step->repeat.end > i && step->repeat.end < nr && steps[step->repeat.end].begin == i);
		break;
	case STEP_CPU:
		must(step->cpu < scenario_machine(s)->cpus);
		break;
	case STEP_TOUCH:
		check_touch(s, step);
		break;
	case STEP_MUNMAP:
	case STEP_MPROTECT:
	case STEP_MADVISE:
	case STEP_READ:
		check_range(step, &step->call.range);
		break;
	case STEP_PHASE:
		must(step->phase && step->phase <= scenario_nr_phases(s));
		break;
	case STEP_EXPECT:
		check_term(s, &step->expect.left);
		check_term(s, &step->expect.right);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scenario_errors errors;
	const struct step *steps;
	struct scenario *s;
	uint32_t nr, i;

	scenario_recognised((const char *)data, size);
	scenario_resembled((const char *)data, size);
	if (scenario_read(&s, (const char *)data, size, &errors)) {
		check_errors(&errors);
		return 0;
	}
	steps = scenario_steps(s, &nr);
	must(nr && scenario_length(s));
	for (i = 0; i < nr; i++)
		check_step(s, steps, i, nr);
	scenario_destroy(s);
	return 0;
}
