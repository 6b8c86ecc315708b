/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: how a wrong word is answered: with the nearest right one, and with
 * all there are.
 */
#ifndef KMEMSIM_SIM_UTIL_NEAREST_H
#define KMEMSIM_SIM_UTIL_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

struct nearest {
	const char *typed;
	const char *word;		/* the nearest so far, or NULL */
	const char *prefix;		/* shown before it: "", or the dashes of an option */
	unsigned int distance;
	size_t len;
	char words[160];		/* all of them, as many as fit */
	char text[256];
};

/* Begin with what was @typed; it and the words stay the caller's. */
void nearest_begin(struct nearest *near, const char *typed);
/* One of the words there are. */
void nearest_add(struct nearest *near, const char *word);
/*
 * What a message ends with: "; did you mean 'slub'? There are: slub, sheaves".
 * The first part only where a word is near: typed with at most a third of its
 * letters wrong, missing, too many or changed round, or as the beginning of a word.
 */
const char *nearest_text(struct nearest *near);
/* The first part alone, or "". */
const char *nearest_question(struct nearest *near);

/*
 * How many letters must be put in, left out, replaced or changed round with
 * their neighbour to make one of the other; case does not matter. Words of
 * more than 63 letters are far from everything: UINT_MAX.
 */
unsigned int word_distance(const char *a, const char *b);

#endif
