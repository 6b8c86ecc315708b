/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a line of a scenario becomes words with their columns; and is this a scenario at all? */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/internal.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Bytes that go on a character of UTF-8 take no column. */
static bool takes_column(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* A quoted word begins at *@p: its end, or NULL. */
static char *end_of_quoted(struct reading *r, char *p, unsigned int column)
{
	char *end = strchr(p + 1, '"');

	if (!end) {
		scn_fail(r, column, "expected a second '\"' before the line ends");
		return NULL;
	}
	if (end[1] && !is_blank(end[1])) {
		scn_fail(r, column, "expected a blank behind the second '\"'");
		return NULL;
	}
	return end;
}

static bool add_word(struct reading *r, char *text, unsigned int column, bool quoted)
{
	struct line *line = &r->line;

	if (line->nr == MAX_WORDS) {
		scn_fail(r, column, "expected at most %u words in a line", MAX_WORDS);
		return false;
	}
	line->words[line->nr++] = (struct word){ .text = text, .column = (uint16_t)column, .quoted = quoted };
	return true;
}

static bool split_words(struct reading *r)
{
	char *p = r->line.text, *end;
	unsigned int column = 1;

	while (*p) {
		bool quoted = *p == '"';

		if (is_blank(*p)) {
			p++;
			column++;
			continue;
		}
		if (*p == '#')
			break;
		end = quoted ? end_of_quoted(r, p, column) : p + strcspn(p, " \t");
		if (!end || !add_word(r, p + quoted, column, quoted))
			return false;
		for (; p < end; p++)
			column += takes_column(*p);
		r->line.end_column = (uint16_t)(column + quoted);
		/* The blank or quote behind a word is its end. */
		if (*p) {
			*p++ = '\0';
			column++;
		}
	}
	return true;
}

bool scn_read_line(struct reading *r, const char *text, size_t len)
{
	struct line *line = &r->line;
	unsigned int column = 1;
	size_t i;

	line->nr = 0;
	line->end_column = 1;
	while (len && (text[len - 1] == '\r' || is_blank(text[len - 1])))
		len--;
	if (len > SCENARIO_MAX_LINE) {
		scn_fail(r, SCENARIO_MAX_LINE, "expected a line of at most %u bytes", SCENARIO_MAX_LINE);
		return false;
	}
	for (i = 0; i < len; i++) {
		if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f) {
			scn_fail(r, column, "expected text, found the byte 0x%02x", (unsigned char)text[i]);
			return false;
		}
		column += takes_column(text[i]);
	}
	memcpy(line->text, text, len);
	line->text[len] = '\0';
	return split_words(r);
}

bool scn_is_name(const char *text)
{
	size_t len = strlen(text), i;

	if (!len || len > SCENARIO_MAX_NAME || !isalpha((unsigned char)text[0]))
		return false;
	for (i = 1; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '-')
			return false;
	return true;
}

/* ---- recognising --------------------------------------------------------------- */

/* The word that begins at or behind *@p in this line; its length, 0: there is none. */
static size_t next_word(const char **p, const char *end)
{
	const char *start;

	while (*p < end && is_blank(**p))
		(*p)++;
	for (start = *p; *p < end && !is_blank(**p) && **p != '\n' && **p != '\r'; (*p)++)
		;
	return (size_t)(*p - start);
}

static bool is_word(const char *end, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(end - len, word, len);
}

/* "process A", "file data 4M", "machine" or "machine memory=64M" */
static bool begins_scenario(const char *p, const char *end)
{
	size_t len = next_word(&p, end), second;
	bool machine = is_word(p, len, "machine"), process = is_word(p, len, "process");

	if (!machine && !process && !is_word(p, len, "file"))
		return false;
	second = next_word(&p, end);
	if (machine)
		return !second || p[-(ptrdiff_t)second] == '#' || memchr(p - second, '=', second);
	if (!second || !isalpha((unsigned char)p[-(ptrdiff_t)second]))
		return false;
	second = next_word(&p, end);
	return process || (second && isdigit((unsigned char)p[-(ptrdiff_t)second]));
}

/* The next line with more than a comment, which ends at *@p then; NULL: there is none. */
static const char *next_statement(const char **p, const char *end)
{
	while (*p < end) {
		const char *line = *p + (**p == '\n'), *word = line;

		*p = memchr(line, '\n', (size_t)(end - line));
		*p = *p ? *p : end;
		if (next_word(&word, *p) && line[strspn(line, " \t")] != '#')
			return line;
	}
	return NULL;
}

bool scenario_recognised(const char *head, size_t len)
{
	static const char mark[] = "# kmemsim scenario", bom[] = "\xef\xbb\xbf";
	const char *p = head, *end = head + len, *line;

	if (len >= sizeof(bom) - 1 && !memcmp(p, bom, sizeof(bom) - 1))
		p += sizeof(bom) - 1;
	if ((size_t)(end - p) >= sizeof(mark) - 1 && !memcmp(p, mark, sizeof(mark) - 1))
		return true;
	line = next_statement(&p, end);
	return line && begins_scenario(line, p);
}

/* Copies the word that begins at or behind *@p, as far as a name may be long, and more by one. */
static const char *copy_word(char buf[SCENARIO_MAX_NAME + 2], const char **p, const char *end)
{
	size_t len = next_word(p, end);

	snprintf(buf, SCENARIO_MAX_NAME + 2, "%.*s", (int)len, *p - len);
	return buf;
}

/* "procces A": a word as if mistyped; or "A touch buf". */
static bool resembles_statement(const char *p, const char *end)
{
	char first[SCENARIO_MAX_NAME + 2], second[SCENARIO_MAX_NAME + 2];
	const struct scenario_statement_desc *known;

	copy_word(first, &p, end);
	copy_word(second, &p, end);
	for (known = scenario_statements; known < scenario_statements + NR_STEP_KINDS; known++) {
		if (known->of_process && scn_is_name(first) && !strcmp(second, known->word))
			return true;
		/* At most a third of its letters is wrong. */
		if (!known->of_process && word_distance(first, known->word) <= strlen(first) / 3)
			return true;
	}
	return false;
}

bool scenario_resembled(const char *head, size_t len)
{
	const char *p = head, *end = head + len, *line = next_statement(&p, end);

	if (!line || !resembles_statement(line, p))
		return false;
	line = next_statement(&p, end);
	return !line || resembles_statement(line, p);
}
