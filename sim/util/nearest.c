/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the nearest word; see nearest.h. */
#include "sim/util/nearest.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_WORD 63

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int word_distance(const char *a, const char *b)
{
	/* Rows of the table of distances between beginnings: of two letters ago, of the last, of this one. */
	unsigned int rows[3][MAX_WORD + 1];
	size_t na = strlen(a), nb = strlen(b), i, j;

	if (na > MAX_WORD || nb > MAX_WORD)
		return UINT_MAX;
	for (j = 0; j <= nb; j++)
		rows[0][j] = (unsigned int)j;
	for (i = 1; i <= na; i++) {
		unsigned int *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		int letter = tolower((unsigned char)a[i - 1]);

		row[0] = (unsigned int)i;
		for (j = 1; j <= nb; j++) {
			int other = tolower((unsigned char)b[j - 1]);

			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (letter != other));
			if (i > 1 && j > 1 && letter == tolower((unsigned char)b[j - 2]) &&
			    other == tolower((unsigned char)a[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

void nearest_begin(struct nearest *near, const char *typed)
{
	*near = (struct nearest){ .typed = typed, .prefix = "", .distance = UINT_MAX };
}

/* How far @word is from what was typed; UINT_MAX: too far to be meant. */
static unsigned int distance_to(const struct nearest *near, const char *word)
{
	size_t len = strlen(near->typed);
	unsigned int distance = word_distance(near->typed, word);

	/* A beginning is nearer than any mistake that needs more than one change. */
	if (len > 1 && !strncasecmp(near->typed, word, len))
		return least(distance, 1);
	return distance <= (len > 3 ? len / 3 : 1) && distance < len ? distance : UINT_MAX;
}

void nearest_add(struct nearest *near, const char *word)
{
	static const char dots[] = ", ...";
	unsigned int distance = distance_to(near, word);
	size_t room = sizeof(near->words) - near->len;
	int len;

	if (distance < near->distance) {
		near->distance = distance;
		near->word = word;
	}
	/* A word that does not fit stands for all that follow. */
	if (room < sizeof(dots))
		return;
	len = snprintf(near->words + near->len, room, "%s%s", near->len ? ", " : "", word);
	if ((size_t)len + sizeof(dots) <= room) {
		near->len += (size_t)len;
		return;
	}
	memcpy(near->words + near->len, dots, sizeof(dots));
	near->len = sizeof(near->words);
}

const char *nearest_question(struct nearest *near)
{
	near->text[0] = '\0';
	if (near->word)
		snprintf(near->text, sizeof(near->text), "; did you mean '%s%.40s'?", near->prefix,
			 near->word);
	return near->text;
}

const char *nearest_text(struct nearest *near)
{
	if (near->word)
		snprintf(near->text, sizeof(near->text), "; did you mean '%s%.40s'? There are: %s",
			 near->prefix, near->word, near->words);
	else
		snprintf(near->text, sizeof(near->text), "; there are: %s", near->words);
	return near->text;
}
