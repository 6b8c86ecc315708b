/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a report in JSON as a list of figures with paths; see diff.h. Single-threaded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/diff/diff.h"

static int flatten(struct diff_side *side, const char *path, const json_t *value);

/* What was measured on the host, as docs/metrics.md names it; and remarks, which are no figures. */
static bool left_out(const char *key)
{
	static const char *const keys[] = { "load_us", "replay_us", "replay_rate", "total_rate" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return !strncmp(key, "host_", 5) || !strncmp(key, "note_", 5);
}

/* Takes @path, whether it goes well or not. */
static int add(struct diff_side *side, char *path, const json_t *value, bool percent, bool part)
{
	if (path && side->nr == side->size) {
		size_t size = side->size ? 2 * side->size : 256;
		struct diff_figure *figures = reallocarray(side->figures, size, sizeof(*figures));

		if (figures) {
			side->figures = figures;
			side->size = size;
		}
	}
	if (!path || side->nr == side->size) {
		free(path);
		return -ENOMEM;
	}
	side->figures[side->nr] = (struct diff_figure){ path, side->nr, value, percent, part };
	side->nr++;
	return 0;
}

/* "a.b" of "a" and "b"; NULL: no memory. */
static char *joined(const char *path, const char *key)
{
	char *text;

	return asprintf(&text, "%s%s%s", path, *path ? "." : "", key) < 0 ? NULL : text;
}

/* The three figures of a share. */
static int flatten_share(struct diff_side *side, const char *path, const json_t *share)
{
	static const char *const parts[] = { "numerator", "denominator" };
	int ret = add(side, strdup(path), json_object_get(share, "ratio"), true, false);
	unsigned int i;

	for (i = 0; i < 2 && !ret; i++)
		ret = add(side, joined(path, parts[i]), json_object_get(share, parts[i]), false, true);
	return ret;
}

/* @name: of a row, what it is called by, and no figure itself; NULL: it is no row. */
static int flatten_object(struct diff_side *side, const char *path, const json_t *object, const json_t *name)
{
	const json_t *value;
	const char *key;
	int ret = 0;

	json_object_foreach((json_t *)object, key, value) {
		char *below;

		if (ret || value == name || left_out(key))
			continue;
		below = joined(path, key);
		ret = below ? flatten(side, below, value) : -ENOMEM;
		free(below);
	}
	return ret;
}

/* The value of a row's first column; NULL where that is no word and no whole number. */
static const json_t *row_name(const json_t *row)
{
	const json_t *first = json_is_object(row) ? json_object_iter_value(json_object_iter((json_t *)row)) : NULL;

	return json_is_string(first) || json_is_integer(first) ? first : NULL;
}

static char *row_path(const char *path, const json_t *name, size_t nr)
{
	char *text;
	int len;

	if (json_is_string(name))
		len = asprintf(&text, "%s[%s]", path, json_string_value(name));
	else if (name)
		len = asprintf(&text, "%s[%" JSON_INTEGER_FORMAT "]", path, json_integer_value(name));
	else
		len = asprintf(&text, "%s[%zu]", path, nr);
	return len < 0 ? NULL : text;
}

static int flatten_rows(struct diff_side *side, const char *path, const json_t *rows)
{
	const json_t *row;
	size_t i;
	int ret = 0;

	json_array_foreach(rows, i, row) {
		const json_t *name = row_name(row);
		char *below = ret ? NULL : row_path(path, name, i);

		if (!ret && !below)
			ret = -ENOMEM;
		if (!ret)
			ret = name ? flatten_object(side, below, row, name) : flatten(side, below, row);
		free(below);
	}
	return ret;
}

static bool is_share(const json_t *object)
{
	return json_object_size(object) == 3 && json_object_get(object, "ratio") && json_object_get(object, "numerator") &&
	       json_object_get(object, "denominator");
}

static int flatten(struct diff_side *side, const char *path, const json_t *value)
{
	if (json_is_array(value))
		return flatten_rows(side, path, value);
	if (!json_is_object(value))
		return add(side, strdup(path), value, false, false);
	return is_share(value) ? flatten_share(side, path, value) : flatten_object(side, path, value, NULL);
}

static int by_path(const void *a, const void *b)
{
	const struct diff_figure *x = a, *y = b;
	int cmp = strcmp(x->path, y->path);

	return cmp ? cmp : (x->seq > y->seq) - (x->seq < y->seq);
}

int diff_flatten(struct diff_side *side)
{
	int ret = flatten_object(side, "", side->report, NULL);

	if (!ret && side->nr)
		qsort(side->figures, side->nr, sizeof(*side->figures), by_path);
	return ret;
}
