/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: generations in looks, and what of them is others'; see generations.h. */
#include "sim/verify/vm/generations.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/verify/capture/snapshot.h"
#include "sim/vm/file.h"
#include "sim/vm/writeback.h"

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

/* ---- others' pages ------------------------------------------------------------------------ */

/*
 * Frames that the snapshot has in use, one after the other: first those on the LRU lists; of these some are needed for
 * something else, so that what the kernel keeps for itself comes behind them. It only matters that they are not free.
 */
struct in_use {
	const struct snapshot *snapshot;	/* NULL: there is none */
	const struct vm_frames *frames;		/* NULL: nobody needs any */
	bool kernels;
	unsigned int zone;
	uint32_t run, at;
};

/* The next one of @zone, or PFN_NONE. */
static pfn_t next_of_zone(struct in_use *frames, const struct buddy_state_zone *zone)
{
	for (; frames->run < zone->nr_used; frames->run++, frames->at = 0) {
		const struct buddy_state_used *used = &zone->used[frames->run];

		while (used->movable != frames->kernels && frames->at < used->nr) {
			pfn_t pfn = pfn_make(used->pfn + frames->at++);

			if (!vm_frames_needs(frames->frames, pfn))
				return pfn;
		}
	}
	frames->run = 0;
	return PFN_NONE;
}

static pfn_t next_in_use(struct in_use *frames)
{
	const struct buddy_state *state = frames->snapshot ? &frames->snapshot->state : NULL;

	while (state && frames->zone < state->nr_zones) {
		pfn_t pfn = next_of_zone(frames, &state->zones[frames->zone]);

		if (!pfn_is_none(pfn))
			return pfn;
		if (++frames->zone == state->nr_zones && !frames->kernels) {
			frames->kernels = true;
			frames->zone = 0;
		}
	}
	return PFN_NONE;
}

/*
 * @pages more of @file: they are in the youngest generation, and nobody has used them since it was opened. Where the machine was
 * loaded they are in memory already. What is shared memory has to be written before it can go.
 */
static int add_pages(struct vm_file *file, uint64_t *index, uint64_t pages, struct in_use *frames)
{
	struct lru *lru = file->vm->lru;
	int ret = 0;

	for (; pages && !ret; pages--, ++*index) {
		pfn_t pfn = next_in_use(frames);

		lru->in_fault = true;
		ret = pfn_is_none(pfn) ? vm_file_add(file, *index, &pfn) : vm_file_adopt(file, *index, pfn);
		lru->in_fault = false;
		if (!ret && file->shmem)
			vm_frame_dirty(file->vm, page_from_pfn(file->vm->map, pfn));
	}
	lru_add_drain_all(file->vm);
	return ret;
}

int generations_load(struct stage *stage, const struct snapshot *snapshot, const struct looks *looks,
		     const struct look *first, uint64_t own, struct kerror *err)
{
	struct lru_gen *gen = stage->vm->lru->nodes[0].gen;
	struct in_use frames = { .snapshot = snapshot, .frames = stage->frames };
	struct vm_file *files[NR_LRU_GEN_TYPES];
	uint64_t index[NR_LRU_GEN_TYPES] = { 0 }, *prev, seq;
	struct generations real;
	unsigned int type;
	int ret = 0;

	if (!gen || !generations_of_look(looks, first, &real))
		return 0;
	/* The director's own are of the second youngest: before the first operation it asked for a new one. */
	prev = &real.pages[lru_gen_from_seq(real.max_seq - 1)][LRU_GEN_ANON];
	*prev -= own < *prev ? own : *prev;
	for (type = 0; type < NR_LRU_GEN_TYPES; type++) {
		files[type] = vm_file_create(stage->vm, "others", 0, true);
		if (!files[type])
			return kerror_set(err, -ENOMEM, "out of memory");
		files[type]->shmem = files[type]->noreserve = type == LRU_GEN_ANON;
	}
	stage->others = true;
	lru_gen_begin_at(gen, real.min_seq[LRU_GEN_ANON]);
	for (seq = gen->max_seq; seq <= real.max_seq && !ret; seq++) {
		for (type = 0; type < NR_LRU_GEN_TYPES && !ret; type++)
			ret = add_pages(files[type], &index[type], real.pages[lru_gen_from_seq(seq)][type], &frames);
		if (seq < real.max_seq)
			lru_gen_open(stage->vm, 0);
	}
	for (type = 0; type < NR_LRU_GEN_TYPES; type++)
		files[type]->bytes = index[type] << PAGE_SHIFT;
	gen->min_seq[LRU_GEN_FILE] = real.min_seq[LRU_GEN_FILE];
	return ret ? kerror_set(err, ret, "there is no room for the pages of others") : 0;
}
