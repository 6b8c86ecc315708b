/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: values of options that have a form of their own; see machine_values.h. */
#include "sim/cmd/machine_values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/util/nearest.h"
#include "slab/engine/engine.h"

/* ---- memory -------------------------------------------------------------- */

int parse_hole(const char *text, struct mem_range *hole, struct kerror *err)
{
	char from[32];
	const char *dash = strchr(text, '-');
	uint64_t start = 0, end = 0;

	if (!dash || (size_t)(dash - text) >= sizeof(from))
		return kerror_set(err, -EINVAL, "expected FROM-TO, such as 3G-4G");
	snprintf(from, sizeof(from), "%.*s", (int)(dash - text), text);
	if (!parse_size(from, 0, MAX_MEMORY, &start) || !parse_size(dash + 1, 1, MAX_MEMORY, &end) ||
	    start >= end || start % PAGE_SIZE || end % PAGE_SIZE)
		return kerror_set(err, -EINVAL, "expected FROM-TO in whole 4k frames, FROM below TO, up to 16T");
	hole->start = (uint32_t)(start >> PAGE_SHIFT);
	hole->end = end >> PAGE_SHIFT > UINT32_MAX ? UINT32_MAX : (uint32_t)(end >> PAGE_SHIFT);
	return 0;
}

int parse_distance(const char *text, uint8_t table[MAX_NUMNODES][MAX_NUMNODES], struct kerror *err)
{
	unsigned int row = 0, column = 0, columns = 0;
	const char *at = text;

	while (*at) {
		size_t len = strcspn(at, ",;");
		uint64_t value;
		char number[8];

		if (len >= sizeof(number) || row >= MAX_NUMNODES || column >= MAX_NUMNODES)
			return kerror_set(err, -EINVAL, "expected at most %d rows of numbers, such as 10,20;20,10",
					  MAX_NUMNODES);
		snprintf(number, sizeof(number), "%.*s", (int)len, at);
		if (!parse_number(number, 10, 255, &value))
			return kerror_set(err, -EINVAL, "'%s' is not a distance of 10 to 255", number);
		table[row][column++] = (uint8_t)value;
		at += len;
		if (*at != ',') {
			if (columns && column != columns)
				return kerror_set(err, -EINVAL, "rows differ in length");
			columns = column;
			column = 0;
			row++;
		}
		if (*at && !*++at)
			return kerror_set(err, -EINVAL, "a number is missing at the end");
	}
	if (row != columns || !row)
		return kerror_set(err, -EINVAL, "%u rows of %u; it must be square", row, columns);
	return 0;
}

/* ---- engines ------------------------------------------------------------- */

/* Whether the parameter of @len bytes at @at was given before, from @text on. */
static bool given_before(const char *text, const char *at, size_t len)
{
	size_t name = (size_t)((const char *)memchr(at, '=', len) - at) + 1;

	for (; text < at; text += strcspn(text, ",") + 1)
		if (!strncmp(text, at, name))
			return true;
	return false;
}

/* NULL, and @near knows the names there are, where the engine has no such parameter. */
static const struct engine_param *find_param(const struct engine_ops *engine, const char *name,
						  struct nearest *near)
{
	const struct engine_param *param;

	for (param = engine->params; param->name; param++) {
		if (!strcmp(param->name, name))
			return param;
		nearest_add(near, param->name);
	}
	return NULL;
}

static const struct engine_ops *find_engine(const char *name, struct nearest *near)
{
	const struct engine_ops *const *engine;

	for (engine = engine_list; *engine; engine++) {
		if (!strcmp((*engine)->name, name))
			return *engine;
		nearest_add(near, (*engine)->name);
	}
	return NULL;
}

/* "NAME=N" of @len bytes. */
static int parse_param(const char *text, size_t len, const struct engine_ops *engine,
		       struct slab_config *cfg, struct kerror *err)
{
	const struct engine_param *param;
	struct nearest near;
	char name[64], *equals;
	uint64_t value;

	if (len >= sizeof(name))
		return kerror_set(err, -EINVAL, "'%.100s' is too long for a parameter", text);
	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	equals = strchr(name, '=');
	*equals = 0;
	nearest_begin(&near, name);
	param = find_param(engine, name, &near);
	if (!param)
		return kerror_set(err, -EINVAL, "engine %s has no parameter '%s'%s", engine->name, name,
				  nearest_text(&near));
	if (!parse_number(equals + 1, 0, UINT64_MAX, &value))
		return kerror_set(err, -EINVAL, "%s=%s: expected a number from %u to %u", name, equals + 1,
				  param->min, param->max);
	return slab_config_param(cfg, name, value, err);
}

/* A word without '=', behind @engine: another engine, for the caller to read, or a mistake. */
static const char *next_engine(const char *text, size_t len, const struct engine_ops *engine, struct kerror *err)
{
	const struct engine_param *param;
	struct nearest near;
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), text);
	nearest_begin(&near, word);
	if (find_engine(word, &near))
		return text;
	param = find_param(engine, word, &near);
	if (!len)
		kerror_set(err, -EINVAL, "nothing behind a comma");
	else if (param)
		kerror_set(err, -EINVAL, "%s needs =N, a number from %u to %u", word, param->min, param->max);
	else
		kerror_set(err, -EINVAL, "'%s' is neither an engine nor a parameter of %s%s; 'kmemsim policies' lists "
			   "both", word, engine->name, nearest_question(&near));
	return NULL;
}

const char *parse_slab_engine(const char *text, struct slab_config *cfg, struct kerror *err)
{
	size_t len = strcspn(text, ",");
	const struct engine_ops *engine;
	const char *begin = text;
	struct nearest near;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), text);
	nearest_begin(&near, name);
	engine = find_engine(name, &near);
	if (!engine) {
		kerror_set(err, -EINVAL, "no slab engine is called '%s'%s", name, nearest_text(&near));
		return NULL;
	}
	if (slab_config_engine(cfg, name, err))
		return NULL;
	for (text += len; *text; text += len) {
		text++;
		len = strcspn(text, ",");
		if (!memchr(text, '=', len))
			return next_engine(text, len, engine, err);
		if (given_before(begin, text, len)) {
			kerror_set(err, -EINVAL, "'%.*s': the parameter is given twice", (int)(len < 100 ? len : 100), text);
			return NULL;
		}
		if (parse_param(text, len, engine, cfg, err))
			return NULL;
	}
	return text;
}
