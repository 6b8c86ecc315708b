/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: parameters of models, typed and printed; see gen_values.h. */
#include "sim/cmd/gen_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/parse.h"
#include "sim/util/nearest.h"

#define VALUE_TEXT	32

const struct gen_model *need_model(const char *command, const char *name)
{
	const struct gen_model *const *model, *found = gen_model(name);
	struct nearest near;

	if (found)
		return found;
	nearest_begin(&near, name);
	for (model = gen_models; *model; model++)
		nearest_add(&near, (*model)->name);
	usage_error(command, "no model is called '%s'%s", name, nearest_text(&near));
	return NULL;
}

/* "1.25" as 1250: digits, and up to three behind a point. */
static bool parse_thousandths(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *point = strchr(text, '.');
	char whole[16], part[4] = "000";
	uint64_t left, right = 0;
	size_t len = point ? (size_t)(point - text) : strlen(text);

	if (len >= sizeof(whole) || (point && (!point[1] || strlen(point + 1) > 3)))
		return false;
	memcpy(whole, text, len);
	whole[len] = '\0';
	if (point)
		memcpy(part, point + 1, strlen(point + 1));
	if (!parse_number(whole, 0, UINT32_MAX, &left) || !parse_number(part, 0, 999, &right))
		return false;
	*value = left * 1000 + right;
	return *value >= min && *value <= max;
}

static bool parse_value(const struct gen_param *param, const char *text, uint64_t *value)
{
	switch (param->unit) {
	case GEN_BYTES:
		return parse_size(text, param->min, param->max, value);
	case GEN_THOUSANDTHS:
		return parse_thousandths(text, param->min, param->max, value);
	default:
		return parse_number(text, param->min, param->max, value);
	}
}

/* A value as it would be typed. */
static const char *value_text(const struct gen_param *param, uint64_t value, char text[VALUE_TEXT])
{
	static const char units[] = "kMGTPE";
	int unit = -1;

	if (param->unit == GEN_THOUSANDTHS) {
		size_t len = (size_t)snprintf(text, VALUE_TEXT, "%" PRIu64 ".%03u", value / 1000, (unsigned int)(value % 1000));

		while (text[len - 1] == '0' && text[len - 2] != '.')
			text[--len] = '\0';
		return text;
	}
	while (param->unit == GEN_BYTES && value && value % 1024 == 0 && unit < 3) {
		value /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text, VALUE_TEXT, "%" PRIu64, value);
	else
		snprintf(text, VALUE_TEXT, "%" PRIu64 "%c", value, units[unit]);
	return text;
}

static const char *unit_text(const struct gen_param *param)
{
	return param->unit == GEN_BYTES ? "bytes" : param->unit == GEN_PERCENT ? "%" : "";
}

void need_param(const char *command, const struct gen_model *model, const char *text, uint64_t value[GEN_MAX_PARAMS])
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	char name[64], min[VALUE_TEXT], max[VALUE_TEXT];
	const struct gen_param *param;
	struct nearest near;

	if (len >= sizeof(name))
		len = sizeof(name) - 1;
	memcpy(name, text, len);
	name[len] = '\0';
	if (!equals)
		usage_error(command, "'%s' is no parameter: they are given as NAME=VALUE", text);
	nearest_begin(&near, name);
	for (param = model->params; param->name && strcmp(param->name, name); param++)
		nearest_add(&near, param->name);
	if (!param->name)
		usage_error(command, "model %s has no parameter '%s'%s", model->name, name, nearest_text(&near));
	if (parse_value(param, equals + 1, &value[param - model->params]))
		return;
	usage_error(command, "%s: expected a %s from %s to %s", text,
		    param->unit == GEN_BYTES ? "size" : "number", value_text(param, param->min, min),
		    value_text(param, param->max, max));
}

void print_model(const struct gen_model *model)
{
	char def[VALUE_TEXT], min[VALUE_TEXT], max[VALUE_TEXT], range[2 * VALUE_TEXT + 2];
	const struct gen_param *param;

	printf("%s: %s (%s)\n", model->name, model->text, model->after);
	printf("  %-10s %-8s %-16s %-6s %s\n", "parameter", "default", "range", "unit", "meaning");
	for (param = model->params; param->name; param++) {
		snprintf(range, sizeof(range), "%s..%s", value_text(param, param->min, min),
			 value_text(param, param->max, max));
		printf("  %-10s %-8s %-16s %-6s %s\n", param->name, value_text(param, param->def, def), range,
		       unit_text(param), param->text);
	}
	if (model->events)
		printf("  --events   %" PRIu64 " where it is not given\n", model->events);
	else
		puts("  --events   one round where it is not given; with it rounds are repeated");
}

void print_models(void)
{
	const struct gen_model *const *model;

	for (model = gen_models; *model; model++) {
		if (model != gen_models)
			putchar('\n');
		print_model(*model);
	}
}
