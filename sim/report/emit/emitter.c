/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: collects what a report emits; see emitter.h for what callers may
 * rely on and emit/internal.h for the tree.
 *
 * States: the emitter stands in the innermost open section, or in a table,
 * where only cells may come. A call that does not fit the state is the
 * programmer's mistake; it is remembered like any other error, because a
 * report is no place to crash a finished simulation.
 *
 * Locking: none.
 */
#include "sim/report/emit/internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct emitter *em, int code, const char *what, const char *key)
{
	if (!em->err.code)
		kerror_set(&em->err, code, "report: %s '%s'", what, key ? key : "");
}

static void fail_nomem(struct emitter *em)
{
	if (!em->err.code)
		kerror_set(&em->err, -ENOMEM, "report: out of memory");
}

/* Length of the printable UTF-8 sequence at @s, 0 where there is none. */
static unsigned int printable_length(const unsigned char *s)
{
	static const uint32_t smallest[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	unsigned int len, i;
	uint32_t code;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if ((s[0] & 0xe0) == 0xc0) {
		len = 2;
		code = s[0] & 0x1f;
	} else if ((s[0] & 0xf0) == 0xe0) {
		len = 3;
		code = s[0] & 0x0f;
	} else if ((s[0] & 0xf8) == 0xf0) {
		len = 4;
		code = s[0] & 0x07;
	} else {
		return 0;
	}
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

/* A copy of @text (NULL counts as "") with all that is not printable as \xNN. */
static char *copy_printable(struct emitter *em, const char *text)
{
	const unsigned char *in = (const unsigned char *)(text ? text : "");
	size_t size, len = strlen((const char *)in);
	char *copy, *out;

	if (__builtin_mul_overflow(len, 4, &size) || __builtin_add_overflow(size, 1, &size) ||
	    !(copy = malloc(size))) {
		fail_nomem(em);
		return NULL;
	}
	for (out = copy; *in;) {
		unsigned int n = printable_length(in);

		if (n) {
			memcpy(out, in, n);
			out += n;
			in += n;
		} else {
			out += snprintf(out, 5, "\\x%02x", *in++);
		}
	}
	*out = '\0';
	return copy;
}

static bool key_well_formed(const char *key)
{
	if (!key || *key < 'a' || *key > 'z')
		return false;
	return key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* A missing value takes the key of its note too. */
static bool key_taken(const struct emitter *em, const struct emitter_node *section, const char *key)
{
	const struct emitter_node *node;

	if (section == &em->root && !strcmp(key, "schema_version"))
		return true;
	for (node = section->first; node; node = node->next) {
		size_t len = strlen(node->key);

		if (strncmp(node->key, key, len))
			continue;
		if (!key[len])
			return true;
		if (node->kind == EMITTER_VALUE && node->value.kind == EMITTER_MISSING &&
		    !strcmp(key + len, "_note"))
			return true;
	}
	return false;
}

static void value_destroy(struct emitter_value *value)
{
	if (value->kind == EMITTER_STR || value->kind == EMITTER_MISSING)
		free(value->str);
}

static void node_clear(struct emitter_node *node)
{
	unsigned int i;
	size_t cell;

	while (node->first) {
		struct emitter_node *child = node->first;

		node->first = child->next;
		node_clear(child);
		free(child);
	}
	for (i = 0; i < node->nr_columns; i++) {
		free((char *)node->columns[i].key);
		free((char *)node->columns[i].label);
		free((char *)node->columns[i].unit);
	}
	for (cell = 0; cell < node->nr_cells; cell++)
		value_destroy(&node->cells[cell]);
	free(node->columns);
	free(node->cells);
	free(node->key);
	free(node->label);
	free(node->unit);
	if (node->kind == EMITTER_VALUE || node->kind == EMITTER_NOTE)
		value_destroy(&node->value);
}

/* Append a node to the open section; NULL, with the error kept, where that is impossible. */
static struct emitter_node *node_add(struct emitter *em, enum emitter_node_kind kind,
				     const char *key, const char *label, const char *unit)
{
	struct emitter_node *section = em->open, *node;

	if (em->err.code)
		return NULL;
	if (section->kind == EMITTER_TABLE) {
		fail(em, -EINVAL, "only cells may come inside a table, not", key);
		return NULL;
	}
	if (!key_well_formed(key)) {
		fail(em, -EINVAL, "malformed key", key);
		return NULL;
	}
	if (key_taken(em, section, key)) {
		fail(em, -EINVAL, "a second", key);
		return NULL;
	}
	node = calloc(1, sizeof(*node));
	if (!node) {
		fail_nomem(em);
		return NULL;
	}
	node->kind = kind;
	node->parent = section;
	node->key = copy_printable(em, key);
	node->label = copy_printable(em, label);
	node->unit = copy_printable(em, unit);
	if (em->err.code) {
		node_clear(node);
		free(node);
		return NULL;
	}
	if (section->last)
		section->last->next = node;
	else
		section->first = node;
	section->last = node;
	return node;
}

static void value_add(struct emitter *em, const char *key, const char *label, const char *unit,
		      struct emitter_value value)
{
	struct emitter_node *node = node_add(em, EMITTER_VALUE, key, label, unit);

	if (node)
		node->value = value;
	else
		value_destroy(&value);
}

struct emitter *emitter_create(void)
{
	struct emitter *em = calloc(1, sizeof(*em));

	if (em) {
		em->root.kind = EMITTER_SECTION;
		em->open = &em->root;
	}
	return em;
}

void emitter_destroy(struct emitter *em)
{
	if (!em)
		return;
	node_clear(&em->root);
	free(em);
}

void emit_section(struct emitter *em, const char *key, const char *label)
{
	struct emitter_node *node = node_add(em, EMITTER_SECTION, key, label, "");

	if (node)
		em->open = node;
}

void emit_section_end(struct emitter *em)
{
	if (em->err.code)
		return;
	if (em->open->kind != EMITTER_SECTION || !em->open->parent)
		fail(em, -EINVAL, "a section ends that is not open, in", em->open->key);
	else
		em->open = em->open->parent;
}

void emit_str(struct emitter *em, const char *key, const char *label, const char *value)
{
	value_add(em, key, label, "", (struct emitter_value){
		.kind = EMITTER_STR, .str = copy_printable(em, value) });
}

void emit_u64(struct emitter *em, const char *key, const char *label, const char *unit, uint64_t value)
{
	value_add(em, key, label, unit, (struct emitter_value){ .kind = EMITTER_U64, .u64 = value });
}

void emit_counter(struct emitter *em, const char *key, const char *label, uint64_t value)
{
	struct emitter_node *node = node_add(em, EMITTER_VALUE, key, label, "");

	if (!node)
		return;
	node->value = (struct emitter_value){ .kind = EMITTER_U64, .u64 = value };
	node->zero_hidden = true;
}

void emit_i64(struct emitter *em, const char *key, const char *label, const char *unit, int64_t value)
{
	value_add(em, key, label, unit, (struct emitter_value){ .kind = EMITTER_I64, .i64 = value });
}

static bool decimals_valid(struct emitter *em, int decimals, const char *key)
{
	if (decimals >= 0 && decimals <= EMITTER_MAX_DECIMALS)
		return true;
	fail(em, -EINVAL, "decimals out of range for", key);
	return false;
}

void emit_real(struct emitter *em, const char *key, const char *label, const char *unit,
	       double value, int decimals)
{
	if (!isfinite(value))
		emit_missing(em, key, label, "not a finite number");
	else if (decimals_valid(em, decimals, key))
		value_add(em, key, label, unit, (struct emitter_value){
			.kind = EMITTER_REAL, .real = value, .decimals = decimals });
}

void emit_bool(struct emitter *em, const char *key, const char *label, bool value)
{
	value_add(em, key, label, "", (struct emitter_value){ .kind = EMITTER_BOOL, .boolean = value });
}

void emit_missing(struct emitter *em, const char *key, const char *label, const char *why)
{
	char note[128];

	if (key && (size_t)snprintf(note, sizeof(note), "%s_note", key) < sizeof(note) &&
	    key_taken(em, em->open, note)) {
		fail(em, -EINVAL, "a second", note);
		return;
	}
	value_add(em, key, label, "", (struct emitter_value){
		.kind = EMITTER_MISSING, .str = copy_printable(em, why) });
}

void emit_share(struct emitter *em, const char *key, const char *label, const char *unit,
		uint64_t num, uint64_t den)
{
	value_add(em, key, label, unit, (struct emitter_value){
		.kind = EMITTER_SHARE, .share = { num, den } });
}

void emit_note(struct emitter *em, const char *text)
{
	const struct emitter_node *sibling;
	struct emitter_node *node;
	unsigned int nr = 1;
	char key[32];

	for (sibling = em->open->first; sibling; sibling = sibling->next)
		nr += sibling->kind == EMITTER_NOTE;
	snprintf(key, sizeof(key), "note_%u", nr);
	node = node_add(em, EMITTER_NOTE, key, "", "");
	if (node)
		node->value = (struct emitter_value){
			.kind = EMITTER_STR, .str = copy_printable(em, text) };
}

void emit_line(struct emitter *em, const char *key, const char *label, const char *text)
{
	struct emitter_node *node = node_add(em, EMITTER_VALUE, key, label, "");

	if (!node)
		return;
	node->value = (struct emitter_value){ .kind = EMITTER_STR, .str = copy_printable(em, text) };
	node->text_only = true;
}

void emit_table(struct emitter *em, const char *key, const char *label,
		const struct emitter_column *columns, unsigned int nr_columns)
{
	struct emitter_node *table = node_add(em, EMITTER_TABLE, key, label, "");
	unsigned int i, other;

	if (!table)
		return;
	em->open = table;
	if (!nr_columns) {
		fail(em, -EINVAL, "no columns in table", key);
		return;
	}
	table->columns = calloc(nr_columns, sizeof(*table->columns));
	if (!table->columns) {
		fail_nomem(em);
		return;
	}
	table->nr_columns = nr_columns;
	for (i = 0; i < nr_columns; i++) {
		if (!key_well_formed(columns[i].key))
			fail(em, -EINVAL, "malformed column key", columns[i].key);
		for (other = 0; other < i && !em->err.code; other++)
			if (!strcmp(columns[i].key, columns[other].key))
				fail(em, -EINVAL, "a second column", columns[i].key);
		table->columns[i].key = copy_printable(em, columns[i].key);
		table->columns[i].label = copy_printable(em, columns[i].label);
		table->columns[i].unit = copy_printable(em, columns[i].unit);
		table->columns[i].left = columns[i].left;
	}
}

/* The table that is open, or NULL with the error kept. */
static struct emitter_node *open_table(struct emitter *em)
{
	if (em->err.code)
		return NULL;
	if (em->open->kind == EMITTER_TABLE)
		return em->open;
	fail(em, -EINVAL, "no table is open, in", em->open->key);
	return NULL;
}

void emit_table_sparse(struct emitter *em)
{
	struct emitter_node *table = open_table(em);

	if (table)
		table->sparse = true;
}

void emit_table_untold(struct emitter *em)
{
	struct emitter_node *table = open_table(em);

	if (table)
		table->untold = true;
}

static void cell_add(struct emitter *em, struct emitter_value value)
{
	struct emitter_node *table = em->open;

	if (em->err.code)
		goto drop;
	if (table->kind != EMITTER_TABLE) {
		fail(em, -EINVAL, "a cell outside a table, in", table->key);
		goto drop;
	}
	if (table->nr_cells - table->nr_rows * table->nr_columns == table->nr_columns) {
		fail(em, -EINVAL, "too many cells in a row of", table->key);
		goto drop;
	}
	if (table->nr_cells == table->cells_size) {
		size_t size = table->cells_size ? table->cells_size : 16, bytes;
		struct emitter_value *cells = NULL;

		if (!__builtin_mul_overflow(size, 2, &size) &&
		    !__builtin_mul_overflow(size, sizeof(*cells), &bytes))
			cells = realloc(table->cells, bytes);
		if (!cells) {
			fail_nomem(em);
			goto drop;
		}
		table->cells = cells;
		table->cells_size = size;
	}
	table->cells[table->nr_cells++] = value;
	return;
drop:
	value_destroy(&value);
}

void emit_cell_str(struct emitter *em, const char *value)
{
	cell_add(em, (struct emitter_value){
		.kind = EMITTER_STR, .str = copy_printable(em, value) });
}

void emit_cell_indented(struct emitter *em, unsigned int depth, const char *value)
{
	char *plain = copy_printable(em, value), *text = NULL;

	if (depth > EMITTER_MAX_DEPTH)
		depth = EMITTER_MAX_DEPTH;
	if (plain && asprintf(&text, "%*s%s", (int)depth * EMITTER_STEP, "", plain) < 0) {
		fail_nomem(em);
		text = NULL;
	}
	free(plain);
	cell_add(em, (struct emitter_value){
		.kind = EMITTER_STR, .indent = depth * EMITTER_STEP, .str = text });
}

void emit_cell_none(struct emitter *em)
{
	cell_add(em, (struct emitter_value){ .kind = EMITTER_MISSING });
}

void emit_cell_u64(struct emitter *em, uint64_t value)
{
	cell_add(em, (struct emitter_value){ .kind = EMITTER_U64, .u64 = value });
}

void emit_cell_i64(struct emitter *em, int64_t value)
{
	cell_add(em, (struct emitter_value){ .kind = EMITTER_I64, .i64 = value });
}

void emit_cell_real(struct emitter *em, double value, int decimals)
{
	if (!isfinite(value))
		emit_cell_none(em);
	else if (decimals_valid(em, decimals, em->open->key))
		cell_add(em, (struct emitter_value){
			.kind = EMITTER_REAL, .real = value, .decimals = decimals });
}

void emit_cell_share(struct emitter *em, uint64_t num, uint64_t den)
{
	cell_add(em, (struct emitter_value){ .kind = EMITTER_SHARE, .share = { num, den } });
}

void emit_row_end(struct emitter *em)
{
	struct emitter_node *table = em->open;

	if (em->err.code)
		return;
	if (table->kind != EMITTER_TABLE)
		fail(em, -EINVAL, "a row ends outside a table, in", table->key);
	else if (table->nr_cells != (table->nr_rows + 1) * table->nr_columns)
		fail(em, -EINVAL, "too few cells in a row of", table->key);
	else
		table->nr_rows++;
}

void emit_table_end(struct emitter *em)
{
	struct emitter_node *table = em->open;

	if (em->err.code)
		return;
	if (table->kind != EMITTER_TABLE)
		fail(em, -EINVAL, "a table ends that is not open, in", table->key);
	else if (table->nr_cells != table->nr_rows * table->nr_columns)
		fail(em, -EINVAL, "a row without its end in", table->key);
	else
		em->open = table->parent;
}

/* What is not all of it is never rounded up to 100.0. */
static double percent_of(uint64_t num, uint64_t den)
{
	double percent = 100.0 * (double)num / (double)den;

	return num < den && percent > 99.9 ? 99.9 : percent;
}

/* Rounding to nothing must not leave a sign: "-0.00" reads like a mistake. */
static void format_real(char buf[EMITTER_NUMBER_SIZE], double value, int decimals)
{
	snprintf(buf, EMITTER_NUMBER_SIZE, "%.*f", decimals, value);
	if (buf[0] == '-' && !buf[1 + strspn(buf + 1, "0.")])
		memmove(buf, buf + 1, strlen(buf));
}

double emitter_round(double value, int decimals)
{
	char buf[EMITTER_NUMBER_SIZE];

	format_real(buf, value, decimals);
	return strtod(buf, NULL);
}

const char *emitter_number(const struct emitter_value *value, char buf[EMITTER_NUMBER_SIZE])
{
	switch (value->kind) {
	case EMITTER_U64:
		snprintf(buf, EMITTER_NUMBER_SIZE, "%llu", (unsigned long long)value->u64);
		return buf;
	case EMITTER_I64:
		snprintf(buf, EMITTER_NUMBER_SIZE, "%lld", (long long)value->i64);
		return buf;
	case EMITTER_REAL:
		format_real(buf, value->real, value->decimals);
		return buf;
	case EMITTER_SHARE:
		if (!value->share.den)
			return NULL;
		format_real(buf, percent_of(value->share.num, value->share.den), 1);
		return buf;
	case EMITTER_STR:
	case EMITTER_BOOL:
	case EMITTER_MISSING:
		break;
	}
	return NULL;
}

int emitter_write(struct emitter *em, const struct emit_ops *format, FILE *out, struct kerror *err)
{
	if (em->err.code)
		return kerror_set(err, em->err.code, "%s", em->err.text);
	if (em->open != &em->root)
		return kerror_set(err, -EINVAL, "report: '%s' was never ended", em->open->key);

	errno = 0;
	if (format->write(em, out))
		return kerror_set(err, -ENOMEM, "report: out of memory");
	if (fflush(out) || ferror(out))
		return kerror_set(err, errno ? -errno : -EIO, "report: cannot write: %s",
				  strerror(errno ? errno : EIO));
	return 0;
}
