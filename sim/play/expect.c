/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: expectations are looked at, and told in the words in which they were written. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/play/internal.h"

static bool holds(const struct step_expect *e, uint64_t left, uint64_t right)
{
	uint64_t apart = left > right ? left - right : right - left;

	switch (e->op) {
	case EXPECT_EQ:
		return left == right;
	case EXPECT_NE:
		return left != right;
	case EXPECT_LT:
		return left < right;
	case EXPECT_LE:
		return left <= right;
	case EXPECT_GT:
		return left > right;
	case EXPECT_GE:
		return left >= right;
	default:
		/* apart / right <= percent / 100, without a division */
		return (__uint128_t)apart * 100 <= (__uint128_t)right * e->percent;
	}
}

/* A size in the largest unit that it is a whole number of. */
static void size_text(uint64_t bytes, char *buf, size_t size)
{
	static const char units[] = "kMGT";
	int unit = -1;

	while (bytes && !(bytes & 1023) && unit < 3) {
		bytes >>= 10;
		unit++;
	}
	snprintf(buf, size, "%" PRIu64 "%.1s", bytes, unit < 0 ? "" : &units[unit]);
}

static const char *word_or(const struct scenario_word *list, uint64_t value, char *buf, size_t size)
{
	const char *word = scenario_word_of(list, (int)value);

	if (!word)
		snprintf(buf, size, "%" PRIu64, value);
	return word ? word : buf;
}

static const char *value_text(unsigned int unit, uint64_t value, char *buf, size_t size)
{
	switch (unit) {
	case SCENARIO_BYTES:
		size_text(value, buf, size);
		return buf;
	case SCENARIO_ADDRESS:
		snprintf(buf, size, "%#" PRIx64, value);
		return buf;
	case SCENARIO_ERRNO:
		return word_or(scenario_errno, value, buf, size);
	case SCENARIO_SIGNAL:
		return word_or(scenario_signal, value, buf, size);
	default:
		snprintf(buf, size, "%" PRIu64, value);
		return buf;
	}
}

/* "phase.A.buf.minflt" */
static void term_text(const struct play *play, const struct expect_term *term, char *buf, size_t size)
{
	const char *phase = term->of_phase ? "phase." : "";

	switch (term->source) {
	case EXPECT_PROCESS:
		snprintf(buf, size, "%s%s.%s", phase, scenario_process_name(play->scenario, term->process),
			 scenario_figures[term->figure].word);
		break;
	case EXPECT_MAPPING:
		snprintf(buf, size, "%s%s.%s.%s", phase, scenario_process_name(play->scenario, term->process),
			 scenario_map_name(play->scenario, term->map), scenario_figures[term->figure].word);
		break;
	case EXPECT_VM:
		snprintf(buf, size, "%svm.%s", phase, scenario_vm_figures[term->figure].word);
		break;
	case EXPECT_TLB:
		snprintf(buf, size, "%stlb.%s", phase, scenario_tlb_figures[term->figure].word);
		break;
	default:
		snprintf(buf, size, "%s%s", phase, scenario_figures[term->figure].word);
	}
}

static void tell(struct play *play, const struct step *step, uint64_t left, uint64_t right)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=" };
	const struct step_expect *e = &step->expect;
	char name[128], other[128], op[24], is[32], wanted[32];
	const char *value = value_text(e->unit, right, wanted, sizeof(wanted));

	term_text(play, &e->left, name, sizeof(name));
	if (e->op == EXPECT_WITHIN)
		snprintf(op, sizeof(op), "within %u%% of", e->percent);
	else
		snprintf(op, sizeof(op), "%s", ops[e->op]);
	if (e->right.source == EXPECT_VALUE) {
		play_fail(play, step, "expected %s %s %s, it is %s", name, op, value,
			  value_text(e->unit, left, is, sizeof(is)));
		return;
	}
	term_text(play, &e->right, other, sizeof(other));
	play_fail(play, step, "expected %s %s %s, they are %s and %s", name, op, other,
		  value_text(e->unit, left, is, sizeof(is)), value);
}

void play_expect(struct play *play, const struct step *step)
{
	const struct step_expect *e = &step->expect;
	uint64_t left = play_figure(play, &e->left), right = play_figure(play, &e->right);

	play->expectations++;
	if (e->left.source == EXPECT_PROCESS && (e->left.figure == SCENARIO_FIGURE_SIGNAL || e->left.figure == SCENARIO_FIGURE_BAD))
		play->processes[e->left.process].end_known = true;
	if (!holds(e, left, right)) {
		play->unmet++;
		tell(play, step, left, right);
	}
}
