/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: names of a scenario that was read: does each process live where it does something,
 * has it the mapping? The steps are gone through as a run would, as far as this can be
 * told without one: calls succeed unless they have errno=, and a signal ends only whom an expectation
 * or a kill says. The body of a repeat is gone through twice, for the second time begins differently.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/internal.h"

#define WORD_BITS	64u

struct state {
	struct reading *r;
	bool *alive;		/* by process */
	uint64_t *known;	/* a row of bits for each process: mappings whose names it has */
	size_t row;		/* uint64_t in one */
	unsigned int again;	/* repeats around whose bodies are gone through a second time */
};

static bool knows(const struct state *s, scenario_id process, scenario_id map)
{
	return s->known[process * s->row + map / WORD_BITS] >> map % WORD_BITS & 1;
}

static void learn(struct state *s, scenario_id process, scenario_id map)
{
	s->known[process * s->row + map / WORD_BITS] |= UINT64_C(1) << map % WORD_BITS;
}

/* A fresh address space. */
static void forget(struct state *s, scenario_id process)
{
	scenario_id map;

	memset(&s->known[process * s->row], 0, s->row * sizeof(*s->known));
	for (map = 1; map <= NR_SCENARIO_LAYOUT; map++)
		learn(s, process, map);
}

static const char *when(const struct state *s)
{
	return s->again ? " when repeat comes round" : "";
}

/* Said once of an end. */
static bool must_live(struct state *s, const struct step *step, scenario_id process, unsigned int column)
{
	const char *name = scenario_process_name(s->r->scenario, process);

	if (s->alive[process])
		return true;
	if (!scn_is_excused(s->r, name))
		scenario_fail_at(s->r->errors, step->line, column,
				 "expected a process that runs: '%s' has ended%s", name, when(s));
	s->alive[process] = true;
	return false;
}

static void must_know(const struct state *s, const struct step *step, scenario_id process, scenario_id map,
		      unsigned int column)
{
	const struct scenario *scenario = s->r->scenario;
	const char *name = scenario_map_name(scenario, map);
	struct nearest near;
	scenario_id id;

	if (knows(s, process, map) || scn_is_excused(s->r, name))
		return;
	nearest_begin(&near, name);
	for (id = 1; id <= scenario_nr_maps(scenario); id++)
		if (knows(s, process, id))
			nearest_add(&near, scenario_map_name(scenario, id));
	scenario_fail_at(s->r->errors, step->line, column, "expected a mapping of '%s', found '%s'%s%s",
			 scenario_process_name(scenario, process), name, when(s), nearest_text(&near));
}

/* @process begins, with a fresh address space or a copy of @parent's. */
static void begin(struct state *s, const struct step *step, scenario_id process, unsigned int column,
		  scenario_id parent)
{
	const char *name = scenario_process_name(s->r->scenario, process);

	if (s->alive[process] && !scn_is_excused(s->r, name))
		scenario_fail_at(s->r->errors, step->line, column,
				 "expected a name that is free: '%s' is a process that has not ended%s", name, when(s));
	s->alive[process] = true;
	if (parent)
		memmove(&s->known[process * s->row], &s->known[parent * s->row], s->row * sizeof(*s->known));
	else
		forget(s, process);
}

static void look_at_term(struct state *s, const struct step *step, const struct expect_term *term)
{
	if (term->source == EXPECT_MAPPING)
		must_know(s, step, term->process, term->map, term->column);
}

/* An expectation that says a signal has ended a process is believed. */
static void look_at_expect(struct state *s, const struct step *step)
{
	const struct step_expect *e = &step->expect;

	look_at_term(s, step, &e->left);
	look_at_term(s, step, &e->right);
	if (e->unit == SCENARIO_SIGNAL && e->right.source == EXPECT_VALUE &&
	    (e->op == EXPECT_EQ) == (e->right.value != 0))
		s->alive[e->left.process] = false;
}

static void look_at(struct state *s, const struct step *step)
{
	if (step->process && step->kind != STEP_PROCESS && !must_live(s, step, step->process, step->column))
		return;
	switch (step->kind) {
	case STEP_PROCESS:
		begin(s, step, step->process, step->name_column, 0);
		break;
	case STEP_FORK:
	case STEP_VFORK:
		if (!step->expected_errno)
			begin(s, step, step->other, step->name_column, step->process);
		break;
	case STEP_EXEC:
		forget(s, step->process);
		break;
	case STEP_EXIT:
		s->alive[step->process] = false;
		break;
	case STEP_KILL:
		must_live(s, step, step->other, step->name_column);
		s->alive[step->other] = false;
		break;
	case STEP_MMAP:
		if (!step->expected_errno)
			learn(s, step->process, step->map);
		break;
	case STEP_EXPECT:
		look_at_expect(s, step);
		break;
	default:
		if (step->map)
			must_know(s, step, step->process, step->map, step->name_column);
	}
}

/* Steps @i to @end, and how many these are in a run. */
static uint64_t go_through(struct state *s, uint32_t i, uint32_t end)
{
	const struct step *steps = s->r->scenario->steps;
	uint64_t length = 0, body, all;

	for (; i < end; i++) {
		const struct step *step = &steps[i];

		if (step->kind != STEP_REPEAT) {
			look_at(s, step);
			length += step->kind != STEP_END;
			continue;
		}
		body = go_through(s, i + 1, step->repeat.end);
		if (step->repeat.times > 1) {
			s->again++;
			go_through(s, i + 1, step->repeat.end);
			s->again--;
		}
		if (__builtin_mul_overflow(body, step->repeat.times, &all) || __builtin_add_overflow(length, all, &length))
			length = UINT64_MAX;
		i = step->repeat.end;
	}
	return length;
}

void scn_resolve(struct reading *r)
{
	struct scenario *scenario = r->scenario;
	size_t processes = (size_t)scenario_nr_processes(scenario) + 1;
	struct state s = { .r = r, .row = scenario_nr_maps(scenario) / WORD_BITS + 1 };

	s.alive = calloc(processes, sizeof(*s.alive));
	s.known = calloc(processes * s.row, sizeof(*s.known));
	if (s.alive && s.known)
		scenario->length = go_through(&s, 0, scenario->nr_steps);
	else
		r->no_memory = true;
	free(s.alive);
	free(s.known);
}
