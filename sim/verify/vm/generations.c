/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: generations in looks; see generations.h. */
#include "sim/verify/vm/generations.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * memcg     1 /				the root group: all pages are there, unless somebody made others
 *  node     0
 *           2      36760       1365x          0 	number, age, private and shared pages, pages of files; x: closed
 *                      0          0r ...		its tiers
 */
bool generations_of_look(const struct looks *looks, const struct look *look, struct generations *out)
{
	const struct look_section *section = look_section(looks, look, 0, "lru_gen_full");
	unsigned int groups = 0, type;
	const char *line;
	size_t at = 0, len;

	*out = (struct generations){ 0 };
	while (section && look_line(section, &at, &line, &len)) {
		uint64_t seq, age, pages[NR_LRU_GEN_TYPES];
		char text[96], closed[NR_LRU_GEN_TYPES];

		snprintf(text, sizeof(text), "%.*s", (int)(len < 95 ? len : 95), line);
		groups += *text == 'm';
		if (groups > 1)
			break;
		/* Tiers are further to the right. */
		if (strspn(text, " ") > 10)
			continue;
		if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64 "%c %" SCNu64 "%c", &seq, &age, &pages[LRU_GEN_ANON],
			   &closed[LRU_GEN_ANON], &pages[LRU_GEN_FILE], &closed[LRU_GEN_FILE]) != 6)
			continue;
		out->max_seq = seq;
		for (type = 0; type < NR_LRU_GEN_TYPES; type++) {
			out->pages[lru_gen_from_seq(seq)][type] = pages[type];
			if (closed[type] == 'x')
				out->min_seq[type] = seq + 1;
			else if (out->min_seq[type] + MAX_NR_GENS <= seq)
				out->min_seq[type] = seq + 1 - MAX_NR_GENS;
		}
	}
	return groups && out->max_seq >= MIN_NR_GENS;
}

bool generations_of_stage(const struct stage *stage, struct generations *out)
{
	const struct lru_gen *gen = stage->vm->lru->nodes[0].gen;
	unsigned int type, g;

	*out = (struct generations){ 0 };
	if (!gen)
		return false;
	out->max_seq = gen->max_seq;
	for (type = 0; type < NR_LRU_GEN_TYPES; type++) {
		out->min_seq[type] = gen->min_seq[type];
		for (g = 0; g < MAX_NR_GENS; g++)
			out->pages[g][type] = lru_gen_size(gen, g, (enum lru_gen_type)type);
	}
	return true;
}
