/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a report as JSON. jansson does all of the writing; this file only
 * says which node becomes which value.
 *
 * Locking: none.
 */
#include "sim/report/emit/internal.h"

#include <errno.h>
#include <jansson.h>

/* 15 digits are what a double always keeps: 12.3 comes out as 12.3. */
#define JSON_FLAGS (JSON_INDENT(2) | JSON_REAL_PRECISION(15))

static json_t *u64_json(uint64_t value)
{
	return value <= INT64_MAX ? json_integer((json_int_t)value) : json_real((double)value);
}

static json_t *share_json(uint64_t num, uint64_t den)
{
	json_t *ratio = den ? json_real((double)num / (double)den) : json_null();

	return json_pack("{s:o, s:o, s:o}", "ratio", ratio, "numerator", u64_json(num),
			 "denominator", u64_json(den));
}

static json_t *value_json(const struct emitter_value *value)
{
	switch (value->kind) {
	case EMITTER_STR:
		return json_string(value->str + value->indent);
	case EMITTER_U64:
		return u64_json(value->u64);
	case EMITTER_I64:
		return json_integer(value->i64);
	case EMITTER_REAL:
		return json_real(emitter_round(value->real, value->decimals));
	case EMITTER_BOOL:
		return json_boolean(value->boolean);
	case EMITTER_SHARE:
		return share_json(value->share.num, value->share.den);
	case EMITTER_MISSING:
		break;
	}
	return json_null();
}

static json_t *table_json(const struct emitter_node *table)
{
	json_t *rows = json_array();
	const struct emitter_value *cell = table->cells;
	unsigned int column;
	size_t row;

	for (row = 0; rows && row < table->nr_rows; row++) {
		json_t *object = json_object();
		int failed = !object;

		for (column = 0; column < table->nr_columns && !failed; column++, cell++)
			failed = json_object_set_new(object, table->columns[column].key,
						     value_json(cell));
		if (failed || json_array_append(rows, object)) {
			json_decref(rows);
			rows = NULL;
		}
		json_decref(object);
	}
	return rows;
}

/* Returns 0, or -1 where memory ran out. */
static int section_fill(json_t *object, const struct emitter_node *section)
{
	const struct emitter_node *node;

	for (node = section->first; node; node = node->next) {
		json_t *value = NULL;

		if (node->text_only)
			continue;
		switch (node->kind) {
		case EMITTER_SECTION:
			value = json_object();
			if (value && section_fill(value, node)) {
				json_decref(value);
				return -1;
			}
			break;
		case EMITTER_TABLE:
			value = table_json(node);
			break;
		case EMITTER_VALUE:
		case EMITTER_NOTE:
			value = value_json(&node->value);
			break;
		}
		if (json_object_set_new(object, node->key, value))
			return -1;
		if (node->kind == EMITTER_VALUE && node->value.kind == EMITTER_MISSING) {
			json_t *key = json_sprintf("%s_note", node->key);
			int failed = json_object_set_new(object, json_string_value(key),
							 json_string(node->value.str));

			json_decref(key);
			if (failed)
				return -1;
		}
	}
	return 0;
}

static int write_json(const struct emitter *em, FILE *out)
{
	json_t *root = json_pack("{s:i}", "schema_version", REPORT_SCHEMA_VERSION);

	if (!root || section_fill(root, &em->root)) {
		json_decref(root);
		return -ENOMEM;
	}
	if (!json_dumpf(root, out, JSON_FLAGS))
		putc('\n', out);
	json_decref(root);
	return 0;
}

const struct emit_ops emit_json = { .name = "JSON", .option = "json", .write = write_json };
