/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: pages that are not the program's; see others.h. */
#include "sim/verify/vm/others.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buddy/pcp.h"
#include "sim/verify/vm/generations.h"
#include "sim/vm/file.h"
#include "sim/vm/reclaim/reclaim.h"
#include "sim/vm/writeback.h"

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

/* A snapshot goes by reference counts: to it frames of per-CPU lists are in use, too. */
static bool on_cpu_list(const struct buddy_state *state, const struct buddy_state_zone *zone, pfn_t pfn)
{
	unsigned int cpu, list;
	uint32_t i;

	for (cpu = 0; cpu < state->nr_cpus; cpu++)
		for (list = 0; list < NR_PCP_LISTS; list++)
			for (i = 0; i < zone->pcp[cpu].list[list].nr; i++)
				if (pfn.v - zone->pcp[cpu].list[list].block[i].pfn < 1U << pindex_to_order(list))
					return true;
	return false;
}

/* The next one of @zone, or PFN_NONE. */
static pfn_t next_of_zone(struct in_use *frames, const struct buddy_state_zone *zone)
{
	for (; frames->run < zone->nr_used; frames->run++, frames->at = 0) {
		const struct buddy_state_used *used = &zone->used[frames->run];

		while (used->movable != frames->kernels && frames->at < used->nr) {
			pfn_t pfn = pfn_make(used->pfn + frames->at++);

			if (!vm_frames_needs(frames->frames, pfn) && !on_cpu_list(&frames->snapshot->state, zone, pfn))
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
 * @pages more of @file, in the youngest generation or, where they are @used, on the active list; nobody uses them from now on.
 * Where the machine was loaded they are in memory already. What is shared memory has to be written before it can go.
 */
static int add_pages(struct vm_file *file, uint64_t *index, uint64_t pages, struct in_use *frames, bool used)
{
	struct lru *lru = file->vm->lru;
	int ret = 0;

	for (; pages && !ret; pages--, ++*index) {
		pfn_t pfn = next_in_use(frames);

		lru->in_fault = used;
		ret = pfn_is_none(pfn) ? vm_file_add(file, *index, GFP_FILE, &pfn) : vm_file_adopt(file, *index, pfn);
		lru->in_fault = false;
		if (!ret && file->shmem)
			vm_frame_dirty(file->vm, page_from_pfn(file->vm->map, pfn));
	}
	lru_add_drain_all(file->vm);
	return ret;
}

/* Pages that processes of the program have on swap. */
static int64_t programs_on_swap(const struct looks *looks, const struct look *look)
{
	uint64_t kib, sum = 0;
	uint32_t i;

	for (i = look->first; i < look->first + look->nr; i++) {
		const struct look_section *section = &looks->sections[i];
		const char *line;
		size_t at = 0, len;

		if (section->name_len != 5 || memcmp(section->name, "smaps", 5))
			continue;
		while (look_line(section, &at, &line, &len)) {
			char text[48];

			snprintf(text, sizeof(text), "%.*s", (int)(len < 47 ? len : 47), line);
			if (sscanf(text, "Swap: %" SCNu64, &kib) == 1)
				sum += kib;
		}
	}
	return (int64_t)(sum >> (PAGE_SHIFT - 10));
}

/*
 * What a page of others takes on zram nobody can foresee. The first look after some went there tells by how much zram has
 * grown, and for how many pages: the program's own, full of one byte each, take nothing.
 */
static uint16_t zram_bytes_of_looks(const struct looks *looks)
{
	const struct look *first = &looks->look[0];
	uint32_t i;

	for (i = 1; i < looks->nr; i++) {
		const struct look *look = &looks->look[i];
		int64_t frames = look_risen(looks, first, look, "nr_zspages ");
		int64_t others = look_risen(looks, first, look, "pswpout ") + look_risen(looks, first, look, "swpout_zero ") -
				 look_risen(looks, first, look, "pswpin ") - look_risen(looks, first, look, "swpin_zero ") -
				 programs_on_swap(looks, look);

		if (frames > 0 && others >= frames)
			return (uint16_t)(frames * PAGE_SIZE / others);
	}
	return 0;
}

/* Frames of the kernel's own that a look tells of: slabs, stacks, and what cannot go, such as the text of looks in ramfs. */
static int64_t kernels_frames(const struct looks *looks, const struct look *look)
{
	const struct look *first = &looks->look[0];

	return look_risen(looks, first, look, "nr_slab_reclaimable ") + look_risen(looks, first, look, "nr_slab_unreclaimable ") +
	       look_risen(looks, first, look, "nr_kernel_stack ") / (int64_t)(PAGE_SIZE >> 10) +
	       look_risen(looks, first, look, "nr_unevictable ") - look_risen(looks, first, look, "nr_mlock ");
}

void others_grow(struct stage *stage, uint32_t op)
{
	const struct looks *looks = stage->looks;
	int64_t wanted;
	uint32_t i = 0;

	while (looks && i < looks->nr && looks->look[i].op <= op)
		i++;
	if (!looks || i == looks->nr)
		return;
	wanted = kernels_frames(looks, &looks->look[i]);
	while ((int64_t)stage->kernel_took < wanted &&
	       !pfn_is_none(buddy_alloc_pages(stage->machine->buddy, 0, GFP_KERNEL, 0, NUMA_NO_NODE)))
		stage->kernel_took++;
	if (stage->vm->lru->kswapd_woken)
		reclaim_kswapd_woken(stage->vm);
}

/* Files that have others' pages: shared memory, as in a guest's root, and files. */
static int create_others(struct stage *stage, const struct looks *looks, struct vm_file *files[NR_LRU_GEN_TYPES],
			 struct kerror *err)
{
	unsigned int type;

	for (type = 0; type < NR_LRU_GEN_TYPES; type++) {
		files[type] = vm_file_create(stage->vm, "others", 0, true);
		if (!files[type])
			return kerror_set(err, -ENOMEM, "out of memory");
	}
	files[LRU_GEN_ANON]->shmem = files[LRU_GEN_ANON]->noreserve = true;
	files[LRU_GEN_ANON]->zram_bytes = zram_bytes_of_looks(looks);
	stage->others = true;
	return 0;
}

/* With lists: others' pages are older than the director's, of which @own are private or shared memory. */
static int lists_load(struct stage *stage, const struct snapshot *snapshot, const struct looks *looks,
		      const struct look *first, uint64_t own, struct kerror *err)
{
	static const char *const names[LRU_UNEVICTABLE] = {
		"nr_inactive_anon ", "nr_active_anon ", "nr_inactive_file ", "nr_active_file ",
	};
	const struct look_section *vmstat = look_section(looks, first, 0, "vmstat");
	struct in_use frames = { .snapshot = snapshot, .frames = stage->frames };
	struct vm_file *files[NR_LRU_GEN_TYPES];
	uint64_t index[NR_LRU_GEN_TYPES] = { 0 }, pages;
	unsigned int type, list;
	int ret = create_others(stage, looks, files, err);

	if (ret)
		return ret;
	for (list = 0; list < LRU_UNEVICTABLE && !ret; list++) {
		type = list >= LRU_FILE ? LRU_GEN_FILE : LRU_GEN_ANON;
		if (!vmstat || !look_number(vmstat, names[list], &pages))
			continue;
		if (list == LRU_INACTIVE_ANON)
			pages -= own < pages ? own : pages;
		ret = add_pages(files[type], &index[type], pages, &frames, list & LRU_ACTIVE);
		files[type]->bytes = index[type] << PAGE_SHIFT;
	}
	return ret ? kerror_set(err, ret, "there is no room for the pages of others") : 0;
}

int others_load(struct stage *stage, const struct snapshot *snapshot, const struct looks *looks,
		const struct look *first, uint64_t own, struct kerror *err)
{
	struct lru_gen *gen = stage->vm->lru->nodes[0].gen;
	struct in_use frames = { .snapshot = snapshot, .frames = stage->frames };
	struct vm_file *files[NR_LRU_GEN_TYPES];
	uint64_t index[NR_LRU_GEN_TYPES] = { 0 }, *prev, seq;
	struct generations real;
	unsigned int type;
	int ret;

	if (!gen)
		return snapshot ? lists_load(stage, snapshot, looks, first, own, err) : 0;
	if (!generations_of_look(looks, first, &real))
		return 0;
	/* The director's own are of the second youngest: before the first operation it asked for a new one. */
	prev = &real.pages[lru_gen_from_seq(real.max_seq - 1)][LRU_GEN_ANON];
	*prev -= own < *prev ? own : *prev;
	ret = create_others(stage, looks, files, err);
	if (ret)
		return ret;
	lru_gen_begin_at(gen, real.min_seq[LRU_GEN_ANON]);
	for (seq = gen->max_seq; seq <= real.max_seq && !ret; seq++) {
		for (type = 0; type < NR_LRU_GEN_TYPES && !ret; type++)
			ret = add_pages(files[type], &index[type], real.pages[lru_gen_from_seq(seq)][type], &frames,
					true);
		if (seq < real.max_seq)
			lru_gen_open(stage->vm, 0);
	}
	for (type = 0; type < NR_LRU_GEN_TYPES; type++)
		files[type]->bytes = index[type] << PAGE_SHIFT;
	gen->min_seq[LRU_GEN_FILE] = real.min_seq[LRU_GEN_FILE];
	return ret ? kerror_set(err, ret, "there is no room for the pages of others") : 0;
}
