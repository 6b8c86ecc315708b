/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a report as text for a terminal.
 *
 *   Page faults
 *   ===========
 *     frames touched first    12 frames      labels and numbers of a section
 *     in full 2M blocks     50.0 % (6 / 12)  line up, words start where the
 *     hardware counters     not supported    numbers start
 *
 *     Zones                                  a table: its name, column
 *                 free                       headings, units, a rule, rows
 *     zone       pages  largest
 *                            KB
 *     ------  --------  -------
 *     DMA         3808     4096
 *
 * Numbers carry no thousands separators, so that grep and awk find them. A
 * table too wide for the terminal first folds its headings, then cuts its
 * widest left-aligned column; numbers are never cut.
 *
 * Locking: none.
 */
#include "sim/report/emit/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDENT 2
#define LABEL_MAX 70		/* a longer label pushes its own value only */
#define COLUMN_GAP 2
#define CUT_MIN 12		/* a cut column keeps that much */

/* Spaces are held back until something follows them: no line ends in blanks. */
struct page_writer {
	FILE *out;
	int spaces;
};

static void put_spaces(struct page_writer *w, int nr)
{
	if (nr > 0)
		w->spaces += nr;
}

static void put_bytes(struct page_writer *w, const char *text, size_t len)
{
	if (!len)
		return;
	if (w->spaces)
		fprintf(w->out, "%*s", w->spaces, "");
	w->spaces = 0;
	fwrite(text, 1, len, w->out);
}

static void put_text(struct page_writer *w, const char *text)
{
	put_bytes(w, text, strlen(text));
}

static void put_newline(struct page_writer *w)
{
	w->spaces = 0;
	putc('\n', w->out);
}

static void put_rule(struct page_writer *w, const char *dash, int width)
{
	while (width-- > 0)
		put_text(w, dash);
}

/* Columns on the terminal: UTF-8 sequences, not bytes. */
static int width_of(const char *text, size_t len)
{
	int width = 0;

	while (len--)
		width += (*text++ & 0xc0) != 0x80;
	return width;
}

static int text_width(const char *text)
{
	return width_of(text, strlen(text));
}

/*
 * Print @text from column @start on, where the line stands, folded at spaces
 * before it gets wider than the terminal; further lines start at @start too.
 */
static void put_folded(struct page_writer *w, const char *text, int start)
{
	int column = start;

	while (*text) {
		size_t len = strcspn(text, " ");
		int width = width_of(text, len);

		if (column > start && column + 1 + width > EMITTER_TEXT_WIDTH) {
			put_newline(w);
			put_spaces(w, start);
			column = start;
		} else if (column > start) {
			put_spaces(w, 1);
			column++;
		}
		put_bytes(w, text, len);
		column += width;
		text += len;
		text += strspn(text, " ");
	}
	put_newline(w);
}

/* ---- labelled values ---------------------------------------------------- */

struct alignment {
	int label;	/* width of the label column */
	int number;	/* width of the widest number */
};

static bool is_hidden(const struct emitter_node *node)
{
	return node->zero_hidden && !node->value.u64;
}

static struct alignment section_alignment(const struct emitter_node *section)
{
	const struct emitter_node *node;
	struct alignment align = { 0, 0 };
	char buf[EMITTER_NUMBER_SIZE];

	for (node = section->first; node; node = node->next) {
		const char *number;
		int width;

		if (node->kind != EMITTER_VALUE)
			continue;
		if (is_hidden(node))
			continue;
		width = text_width(node->label);
		if (width > align.label && width <= LABEL_MAX)
			align.label = width;
		number = emitter_number(&node->value, buf);
		if (number && (int)strlen(number) > align.number)
			align.number = strlen(number);
	}
	return align;
}

static void put_share(struct page_writer *w, const struct emitter_node *node, bool known)
{
	char text[64];

	snprintf(text, sizeof(text), "%s (%llu / %llu", known ? " %" : "n/a",
		 (unsigned long long)node->value.share.num,
		 (unsigned long long)node->value.share.den);
	put_text(w, text);
	if (*node->unit)
		put_spaces(w, 1);
	put_text(w, node->unit);
	put_text(w, ")");
	put_newline(w);
}

static void put_value(struct page_writer *w, const struct emitter_node *node, int indent,
		      const struct alignment *align)
{
	const struct emitter_value *value = &node->value;
	int label = text_width(node->label);
	int column = label > align->label ? label : align->label;
	char buf[EMITTER_NUMBER_SIZE];
	const char *number = emitter_number(value, buf);

	put_spaces(w, indent);
	put_text(w, node->label);
	put_spaces(w, column - label + COLUMN_GAP);
	if (number) {
		put_spaces(w, align->number - (int)strlen(number));
		put_text(w, number);
	}
	if (value->kind == EMITTER_SHARE) {
		put_share(w, node, number);
	} else if (number) {
		put_spaces(w, 1);
		put_text(w, node->unit);
		put_newline(w);
	} else if (value->kind == EMITTER_BOOL) {
		put_text(w, value->boolean ? "yes" : "no");
		put_newline(w);
	} else {
		put_folded(w, value->str, indent + column + COLUMN_GAP);
	}
}

/* ---- tables ------------------------------------------------------------- */

/* Everything about a column that depends on all of its cells. */
struct layout {
	int width;
	int lines;	/* of the heading, without the unit */
};

static const char *cell_text(const struct emitter_value *cell, char buf[EMITTER_NUMBER_SIZE])
{
	const char *number = emitter_number(cell, buf);

	if (number)
		return number;
	if (cell->kind == EMITTER_STR)
		return cell->str;
	if (cell->kind == EMITTER_BOOL)
		return cell->boolean ? "yes" : "no";
	return "-";
}

/*
 * Find line @line of the heading @label folded at spaces to @width columns:
 * its start, and its bytes in *@len. NULL where the heading has fewer lines.
 */
static const char *heading_line(const char *label, int width, int line, size_t *len)
{
	for (;; line--) {
		size_t word = strcspn(label, " "), used = 0;

		if (!*label)
			return NULL;
		while (word && (!used || (int)(used + word) <= width)) {
			used += word;
			if (label[used] != ' ')
				break;
			word = 1 + strcspn(label + used + 1, " ");
		}
		if (!line) {
			*len = used;
			return label;
		}
		label += used;
		label += strspn(label, " ");
	}
}

static int longest_word(const char *text)
{
	int longest = 0;

	while (*text) {
		int len = strcspn(text, " ");

		if (len > longest)
			longest = len;
		text += len;
		text += strspn(text, " ");
	}
	return longest;
}

static int table_width(const struct layout *layout, unsigned int nr)
{
	int width = -COLUMN_GAP;
	unsigned int i;

	for (i = 0; i < nr; i++)
		width += layout[i].width + COLUMN_GAP;
	return width;
}

/* Cut the widest left-aligned columns until the table is @excess columns narrower, or as far as it goes. */
static void cut_columns(const struct emitter_node *table, struct layout *layout, int excess)
{
	while (excess > 0) {
		struct layout *widest = NULL;
		unsigned int i;

		for (i = 0; i < table->nr_columns; i++)
			if (table->columns[i].left && layout[i].width > CUT_MIN &&
			    (!widest || layout[i].width > widest->width))
				widest = &layout[i];
		if (!widest)
			return;
		widest->width--;
		excess--;
	}
}

static void table_layout(const struct emitter_node *table, int indent, struct layout *layout)
{
	const struct emitter_value *cell = table->cells;
	char buf[EMITTER_NUMBER_SIZE];
	int room = EMITTER_TEXT_WIDTH - indent;
	unsigned int i;
	size_t row, len;

	for (i = 0; i < table->nr_columns; i++)
		layout[i].width = text_width(table->columns[i].unit);
	for (row = 0; row < table->nr_rows; row++)
		for (i = 0; i < table->nr_columns; i++, cell++) {
			int width = text_width(cell_text(cell, buf));

			if (width > layout[i].width)
				layout[i].width = width;
		}

	/* lines counts the columns a heading would add, until it is known whether they fit */
	for (i = 0; i < table->nr_columns; i++) {
		int missing = text_width(table->columns[i].label) - layout[i].width;

		layout[i].lines = missing > 0 ? missing : 0;
		room -= layout[i].lines;
	}
	room -= table_width(layout, table->nr_columns);
	for (i = 0; i < table->nr_columns; i++) {
		int word = longest_word(table->columns[i].label);

		if (room >= 0)
			layout[i].width += layout[i].lines;
		else if (word > layout[i].width)
			layout[i].width = word;
	}
	cut_columns(table, layout,
		    indent + table_width(layout, table->nr_columns) - EMITTER_TEXT_WIDTH);
	for (i = 0; i < table->nr_columns; i++) {
		const char *label = table->columns[i].label;

		layout[i].lines = 0;
		while (heading_line(label, layout[i].width, layout[i].lines, &len))
			layout[i].lines++;
	}
}

/* How many bytes of @text, which is wider, make @width columns. */
static size_t bytes_of(const char *text, int width)
{
	size_t len = 0;

	while (width >= 0)
		width -= (text[len++] & 0xc0) != 0x80;
	return len - 1;
}

/* @len bytes of @text in a column of @width; what does not fit ends in "...". */
static void put_cell(struct page_writer *w, const char *text, size_t len, int width, bool left)
{
	int used = width_of(text, len);

	if (used <= width) {
		put_spaces(w, left ? 0 : width - used);
		put_bytes(w, text, len);
		put_spaces(w, left ? width - used : 0);
		return;
	}
	put_bytes(w, text, bytes_of(text, width - 3));
	put_text(w, "...");
}

/* One line of the headings; short ones stand at the bottom of @lines. */
static void put_heading_line(struct page_writer *w, const struct emitter_node *table, int indent,
			     const struct layout *layout, int line, int lines)
{
	unsigned int i;

	put_spaces(w, indent);
	for (i = 0; i < table->nr_columns; i++) {
		int own = line - (lines - layout[i].lines);
		const char *text = "";
		size_t len = 0;

		if (own >= 0)
			text = heading_line(table->columns[i].label, layout[i].width, own, &len);
		put_cell(w, text, len, layout[i].width, table->columns[i].left);
		put_spaces(w, COLUMN_GAP);
	}
	put_newline(w);
}

static void put_heading(struct page_writer *w, const struct emitter_node *table, int indent,
			const struct layout *layout)
{
	unsigned int i, nr = table->nr_columns;
	int line, lines = 0;
	bool units = false;

	for (i = 0; i < nr; i++) {
		units |= *table->columns[i].unit != '\0';
		if (layout[i].lines > lines)
			lines = layout[i].lines;
	}
	for (line = 0; line < lines; line++)
		put_heading_line(w, table, indent, layout, line, lines);
	if (units) {
		put_spaces(w, indent);
		for (i = 0; i < nr; i++) {
			const char *unit = table->columns[i].unit;

			put_cell(w, unit, strlen(unit), layout[i].width, table->columns[i].left);
			put_spaces(w, COLUMN_GAP);
		}
		put_newline(w);
	}
	put_spaces(w, indent);
	for (i = 0; i < nr; i++) {
		put_rule(w, "-", layout[i].width);
		put_spaces(w, COLUMN_GAP);
	}
	put_newline(w);
}

static bool says_nothing(const struct emitter_value *cell)
{
	switch (cell->kind) {
	case EMITTER_STR:
		return !*cell->str;
	case EMITTER_U64:
		return !cell->u64;
	case EMITTER_I64:
		return !cell->i64;
	case EMITTER_REAL:
		return cell->real == 0.0;
	case EMITTER_SHARE:
		return !cell->share.den;
	case EMITTER_BOOL:
		return false;
	case EMITTER_MISSING:
		break;
	}
	return true;
}

static bool column_says_nothing(const struct emitter_node *table, unsigned int column)
{
	size_t row;

	for (row = 0; row < table->nr_rows; row++)
		if (!says_nothing(&table->cells[row * table->nr_columns + column]))
			return false;
	return table->nr_rows || !table->columns[column].left;
}

/* Returns 0 or -ENOMEM. */
static int put_columns(struct page_writer *w, const struct emitter_node *table, int indent)
{
	const struct emitter_value *cell = table->cells;
	char buf[EMITTER_NUMBER_SIZE];
	struct layout *layout;
	unsigned int i;
	size_t row;

	layout = calloc(table->nr_columns, sizeof(*layout));
	if (!layout)
		return -ENOMEM;
	table_layout(table, indent, layout);
	put_heading(w, table, indent, layout);
	for (row = 0; row < table->nr_rows; row++) {
		put_spaces(w, indent);
		for (i = 0; i < table->nr_columns; i++, cell++) {
			const char *text = cell_text(cell, buf);

			put_cell(w, text, strlen(text), layout[i].width, table->columns[i].left);
			put_spaces(w, COLUMN_GAP);
		}
		put_newline(w);
	}
	if (!table->nr_rows) {
		put_spaces(w, indent);
		put_text(w, "(none)");
		put_newline(w);
	}
	free(layout);
	return 0;
}

/* The least width of a column, with its heading folded. */
static int least_width(const struct emitter_node *table, unsigned int column)
{
	int width = longest_word(table->columns[column].label), other = text_width(table->columns[column].unit);
	char buf[EMITTER_NUMBER_SIZE];
	size_t row;

	width = other > width ? other : width;
	for (row = 0; row < table->nr_rows; row++) {
		other = text_width(cell_text(&table->cells[row * table->nr_columns + column], buf));
		width = other > width ? other : width;
	}
	return width;
}

/* @view, which has room for all of @table, gets its first column and as many from @from on as a line has room for. The next one. */
static unsigned int take_columns(const struct emitter_node *table, unsigned int from, int indent, struct emitter_node *view)
{
	int width = indent + least_width(table, 0);
	unsigned int i, *taken = calloc(table->nr_columns, sizeof(*taken)), nr = 1;
	size_t row;

	for (i = from; taken && i < table->nr_columns; i++) {
		if (column_says_nothing(table, i))
			continue;
		width += COLUMN_GAP + least_width(table, i);
		if (nr > 1 && width > EMITTER_TEXT_WIDTH)
			break;
		taken[nr++] = i;
	}
	view->nr_columns = taken ? nr : 0;
	view->nr_cells = 0;
	for (nr = 0; nr < view->nr_columns; nr++)
		view->columns[nr] = table->columns[taken[nr]];
	for (row = 0; row < table->nr_rows; row++)
		for (nr = 0; nr < view->nr_columns; nr++)
			view->cells[view->nr_cells++] = table->cells[row * table->nr_columns + taken[nr]];
	free(taken);
	return i;
}

/*
 * The same without the columns that say nothing; where a line has no room for all others, they go on below, beside
 * the first column again. The cells stay the table's.
 */
static int put_sparse(struct page_writer *w, const struct emitter_node *table, int indent)
{
	struct emitter_node view = { .nr_rows = table->nr_rows };
	unsigned int next = 1;
	int ret = -ENOMEM;

	view.columns = calloc(table->nr_columns, sizeof(*view.columns));
	view.cells = calloc(table->nr_rows * table->nr_columns + 1, sizeof(*view.cells));
	if (!view.columns || !view.cells)
		goto out;
	do {
		if (next > 1)
			put_newline(w);
		next = take_columns(table, next, indent, &view);
		ret = view.nr_columns ? put_columns(w, &view, indent) : -ENOMEM;
		while (next < table->nr_columns && column_says_nothing(table, next))
			next++;
	} while (!ret && next < table->nr_columns);
out:
	free(view.columns);
	free(view.cells);
	return ret;
}

/* Returns 0 or -ENOMEM. */
static int put_table(struct page_writer *w, const struct emitter_node *table, int indent)
{
	return table->sparse ? put_sparse(w, table, indent) : put_columns(w, table, indent);
}

/* ---- sections ----------------------------------------------------------- */

/* Returns 0 or -ENOMEM. */
static int put_section(struct page_writer *w, const struct emitter_node *section, int indent)
{
	struct alignment align = section_alignment(section);
	const struct emitter_node *node, *before = NULL;
	unsigned int hidden = 0;

	for (node = section->first; node; before = node->untold ? before : node, node = node->next) {
		bool block = node->kind == EMITTER_SECTION || node->kind == EMITTER_TABLE;
		bool after_block = before && (before->kind == EMITTER_SECTION ||
					      before->kind == EMITTER_TABLE);
		int ret = 0;

		if (node->untold)
			continue;
		if (is_hidden(node)) {
			hidden++;
			continue;
		}
		if (before && (block || after_block))
			put_newline(w);
		if (block) {
			put_spaces(w, indent);
			put_text(w, node->label);
			put_newline(w);
			if (!section->parent) {
				put_rule(w, "=", text_width(node->label));
				put_newline(w);
			}
		}
		if (node->kind == EMITTER_SECTION) {
			ret = put_section(w, node, indent + INDENT);
		} else if (node->kind == EMITTER_TABLE) {
			ret = put_table(w, node, indent + INDENT);
		} else if (node->kind == EMITTER_VALUE) {
			put_value(w, node, indent, &align);
		} else {
			put_spaces(w, indent);
			put_folded(w, node->value.str, indent);
		}
		if (ret)
			return ret;
	}
	if (hidden) {
		char text[64];

		snprintf(text, sizeof(text), "(%u more %s 0)", hidden, hidden == 1 ? "is" : "are");
		put_spaces(w, indent);
		put_text(w, text);
		put_newline(w);
	}
	return 0;
}

static int write_text(const struct emitter *em, FILE *out)
{
	struct page_writer w = { .out = out };

	return put_section(&w, &em->root, 0);
}

const struct emit_ops emit_text = { .name = "text", .write = write_text };
