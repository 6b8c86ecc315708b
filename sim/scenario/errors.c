/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what is wrong with a scenario, kept in the order of the text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/internal.h"

static bool is_before(const struct scenario_error *error, uint32_t line, uint32_t column)
{
	return error->line < line || (error->line == line && error->column < column);
}

/* A place that has its error gets no second one. Of too many the last are dropped. */
static void add_error(struct scenario_errors *errors, uint32_t line, uint32_t column, const char *fmt, va_list args)
{
	unsigned int i;

	for (i = 0; i < errors->nr && is_before(&errors->at[i], line, column); i++)
		;
	if (i < errors->nr && errors->at[i].line == line && errors->at[i].column == column)
		return;
	if (i == SCENARIO_MAX_ERRORS)
		return;
	errors->nr += errors->nr < SCENARIO_MAX_ERRORS;
	memmove(&errors->at[i + 1], &errors->at[i], (errors->nr - i - 1) * sizeof(errors->at[0]));
	errors->at[i].line = line;
	errors->at[i].column = column;
	vsnprintf(errors->at[i].text, sizeof(errors->at[i].text), fmt, args);
}

void scenario_fail_at(struct scenario_errors *errors, uint32_t line, uint32_t column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_error(errors, line, column, fmt, args);
	va_end(args);
}

void scn_fail(struct reading *r, unsigned int column, const char *fmt, ...)
{
	va_list args;

	r->bad = true;
	va_start(args, fmt);
	add_error(r->errors, r->line.number, column, fmt, args);
	va_end(args);
}

const char *scenario_error_text(const struct scenario_error *error, const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s:%u:%u: %s", name, error->line, error->column, error->text);
	return buf;
}
