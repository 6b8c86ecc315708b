/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: expectations of a scenario.
 *
 *	expect TERM OPERATOR TERM	expect A.rss < A.vsz
 *	expect TERM within N% of TERM	expect vm.pgsteal within 5% of 1000
 *
 * A term is a figure, [phase.]SOURCE.FIGURE, or on the right a value.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/internal.h"
#include "sim/util/units.h"

static const char *const operators[] = {
	[EXPECT_EQ] = "==", [EXPECT_NE] = "!=", [EXPECT_LT] = "<", [EXPECT_LE] = "<=", [EXPECT_GT] = ">",
	[EXPECT_GE] = ">=", [EXPECT_WITHIN] = "within",
};

/* What is compared by size, not only for being equal. */
static bool has_order(unsigned int unit)
{
	return unit != SCENARIO_ERRNO && unit != SCENARIO_SIGNAL;
}

/* ---- figures ------------------------------------------------------------------ */

static const struct scenario_figure_desc *figures_of(unsigned int source)
{
	return source == EXPECT_VM ? scenario_vm_figures : source == EXPECT_TLB ? scenario_tlb_figures : scenario_figures;
}

static bool can_ask(const struct scenario_figure_desc *figure, const struct expect_term *term)
{
	switch (term->source) {
	case EXPECT_PROCESS:
	case EXPECT_ALL:
		return figure->of_process;
	case EXPECT_MAPPING:
		return figure->of_mapping;
	default:
		return true;
	}
}

static bool read_figure(struct reading *r, struct expect_term *term, const char *text, unsigned int column,
			uint8_t *unit)
{
	const struct scenario_figure_desc *list = figures_of(term->source), *figure;
	struct nearest near;

	nearest_begin(&near, text);
	for (figure = list; figure->word; figure++) {
		if (!can_ask(figure, term))
			continue;
		if (!strcmp(figure->word, text))
			break;
		nearest_add(&near, figure->word);
	}
	if (!figure->word) {
		scn_fail(r, column, "expected a figure, found '%.40s'%s", text, nearest_text(&near));
		return false;
	}
	if (term->of_phase && figure->unit != SCENARIO_COUNT) {
		scn_fail(r, column, "expected a figure that is counted: '%s' is a state, a phase has none of its own", text);
		return false;
	}
	term->figure = (int)(figure - list);
	*unit = figure->unit;
	return true;
}

/* Cut the part up to the next '.' off *@rest; NULL: there is none. */
static char *cut_part(char **rest, unsigned int *column)
{
	char *part = *rest, *dot = strchr(part, '.');

	if (!dot)
		return NULL;
	*dot = '\0';
	*rest = dot + 1;
	*column += (unsigned int)(dot + 1 - part);
	return part;
}

/* The process, and the mapping if there is one, in front of a figure. */
static bool read_source(struct reading *r, struct expect_term *term, const char *name, unsigned int name_column,
			char **rest, unsigned int *column)
{
	unsigned int map_column = *column;
	const char *map;

	if (!strcmp(name, "vm") || !strcmp(name, "tlb")) {
		term->source = *name == 'v' ? EXPECT_VM : EXPECT_TLB;
		return true;
	}
	term->source = EXPECT_PROCESS;
	term->column = (uint16_t)name_column;
	term->process = scn_find_process(r, name, name_column);
	map = cut_part(rest, column);
	if (map) {
		term->source = EXPECT_MAPPING;
		term->map = scn_find_map(r, map, map_column);
	}
	return term->process && (!map || term->map);
}

static bool read_term(struct reading *r, struct expect_term *term, const struct word *word, uint8_t *unit)
{
	unsigned int column = word->column, name_column = column;
	char buf[SCENARIO_MAX_LINE + 1], *rest = buf, *name;

	strcpy(buf, word->text);
	name = cut_part(&rest, &column);
	if (name && !strcmp(name, "phase")) {
		term->of_phase = true;
		name_column = column;
		name = cut_part(&rest, &column);
		if (!name)
			term->source = EXPECT_ALL;
	} else if (!name) {
		scn_fail(r, column, "expected a figure such as A.minflt or vm.pgsteal, found '%.40s'", word->text);
		return false;
	}
	if (name && !read_source(r, term, name, name_column, &rest, &column))
		return false;
	return read_figure(r, term, rest, column, unit);
}

/* ---- the right side ---------------------------------------------------------------- */

static bool read_literal(struct reading *r, struct expect_term *term, const struct word *word, unsigned int unit)
{
	static const char *const wanted[NR_SCENARIO_UNITS] = {
		[SCENARIO_COUNT] = "a number", [SCENARIO_NUMBER] = "a number",
		[SCENARIO_BYTES] = "a size such as 4k or 64M", [SCENARIO_ADDRESS] = "an address such as 0x1000",
	};
	int value = 0;
	bool good;

	if (unit == SCENARIO_ERRNO || unit == SCENARIO_SIGNAL) {
		good = scn_read_word(r, unit == SCENARIO_ERRNO ? scenario_errno : scenario_signal, word->text, word->column, &value);
		term->value = (uint64_t)value;
		return good;
	}
	good = unit == SCENARIO_ADDRESS ? scn_parse_address(word->text, &term->value) :
	       unit == SCENARIO_BYTES ? parse_size(word->text, 0, UINT64_MAX, &term->value) :
					parse_number(word->text, 0, UINT64_MAX, &term->value);
	if (!good)
		scn_fail(r, word->column, "expected %s, or a figure, found '%.40s'", wanted[unit], word->text);
	return good;
}

static void read_right(struct reading *r, struct step_expect *expect, const struct word *word)
{
	uint8_t unit = 0;

	if (!strchr(word->text, '.') || isdigit((unsigned char)word->text[0])) {
		read_literal(r, &expect->right, word, expect->unit);
		return;
	}
	if (!read_term(r, &expect->right, word, &unit))
		return;
	/* Numbers of either kind are numbers. */
	if (unit != expect->unit && (unit > SCENARIO_NUMBER || expect->unit > SCENARIO_NUMBER))
		scn_fail(r, word->column, "expected a figure of the same kind as the one on the left, found '%.40s'", word->text);
}

/* "5%" and "of" */
static bool read_within(struct reading *r, struct step_expect *expect, const struct word *word, const struct word *of)
{
	char number[8];
	size_t len = strlen(word->text);
	uint64_t percent = 0;

	snprintf(number, sizeof(number), "%.*s", len ? (int)len - 1 : 0, word->text);
	if (len > 4 || !len || word->text[len - 1] != '%' || !parse_number(number, 0, 100, &percent)) {
		scn_fail(r, word->column, "expected a share from 0%% to 100%%, found '%.40s'", word->text);
		return false;
	}
	expect->percent = (uint8_t)percent;
	if (!strcmp(of->text, "of"))
		return true;
	scn_fail(r, of->column, "expected 'of', found '%.40s'", of->text);
	return false;
}

static bool read_operator(struct reading *r, struct step_expect *expect, const struct word *word)
{
	unsigned int op;

	for (op = 0; op <= EXPECT_WITHIN && strcmp(operators[op], word->text); op++)
		;
	if (op > EXPECT_WITHIN) {
		scn_fail(r, word->column, "expected ==, !=, <, <=, >, >= or within, found '%.40s'", word->text);
		return false;
	}
	if (op > EXPECT_NE && !has_order(expect->unit)) {
		scn_fail(r, word->column, "expected == or != here, found '%s'", word->text);
		return false;
	}
	if (op == EXPECT_WITHIN && expect->unit == SCENARIO_ADDRESS) {
		scn_fail(r, word->column, "expected another operator for an address, found 'within'");
		return false;
	}
	expect->op = (uint8_t)op;
	return true;
}

void scn_read_expect(struct reading *r, struct step *step)
{
	const struct line *line = &r->line;
	struct step_expect *expect = &step->expect;
	unsigned int right = 3;

	if (line->nr < 2) {
		scn_fail(r, line->end_column, "expected a figure such as A.minflt or vm.pgsteal, found the end of the line");
		return;
	}
	if (!read_term(r, &expect->left, &line->words[1], &expect->unit))
		return;
	if (line->nr < 3) {
		scn_fail(r, line->end_column, "expected ==, !=, <, <=, >, >= or within, found the end of the line");
		return;
	}
	if (!read_operator(r, expect, &line->words[2]))
		return;
	if (expect->op == EXPECT_WITHIN) {
		right = 5;
		if (line->nr > 4 && !read_within(r, expect, &line->words[3], &line->words[4]))
			return;
	}
	if (line->nr <= right)
		scn_fail(r, line->end_column, "expected %s, found the end of the line",
			 right == 3 ? "what it is compared with" : "a share and a value, such as 5% of 1000");
	else if (line->nr > right + 1)
		scn_fail(r, line->words[right + 1].column, "expected the end of the line, found '%.40s'",
			 line->words[right + 1].text);
	else
		read_right(r, expect, &line->words[right]);
}
