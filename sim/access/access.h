/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the accesses of objects' owners mean to a processor: TLBs for
 * memory that is mapped with pages of each size the TLB has, the pages of each
 * size that were ever touched, and, where wanted, cache lines.
 *
 * The owner of an object uses all of it once: access_object(). Whoever frees it
 * looks at its first byte: access_free(). Offsets are bytes from frame 0.
 *
 * The functions that are called for each event are inline: the replay spends a
 * good part of its time here.
 *
 * Locking: none.
 */
#ifndef KMEMSIM_SIM_ACCESS_ACCESS_H
#define KMEMSIM_SIM_ACCESS_ACCESS_H

#include "pagemap/page.h"
#include "pagemap/tlb/tlb.h"
#include "sim/access/lines.h"

struct access_model {
	struct tlb_geometry geometry;
	unsigned int nr_pages;		/* page sizes: those of the geometry */
	struct tlb *tlb[NR_TLB_PAGES];	/* each for memory that is mapped with that size throughout */
	uint64_t *seen[NR_TLB_PAGES];	/* a bit for each page of that size an access fell into */
	uint64_t distinct[NR_TLB_PAGES];	/* bits that are set */
	struct lines *lines;		/* NULL: not modelled */
};

/*
 * A model for offsets below @bytes. -ENOMEM, -EINVAL for the geometry; access_exit()
 * is to be called after a failure, too, and takes a zeroed model.
 */
int access_init(struct access_model *model, const struct tlb_geometry *geometry, uint64_t bytes,
		bool lines, struct kerror *err);
void access_exit(struct access_model *model);

static inline void access_byte(struct access_model *model, uint64_t offset)
{
	unsigned int size;

	for (size = 0; size < model->nr_pages; size++) {
		struct tlb *tlb = model->tlb[size];
		uint64_t page, bit, *word;

		/* A page's first access is never a hit. */
		if (tlb_access_mapped(tlb, offset, size) != TLB_MISS)
			continue;
		page = offset >> tlb->shift[size];
		bit = 1ULL << (page % 64);
		word = &model->seen[size][page / 64];
		model->distinct[size] += !(*word & bit);
		*word |= bit;
	}
}

/* One access in each 4 KiB page, and to each line, of @bytes (at least 1) from @offset on. */
static inline void access_object(struct access_model *model, uint64_t offset, uint32_t bytes)
{
	uint64_t end = offset + bytes;

	if (model->lines)
		lines_touch(model->lines, offset, bytes);
	do {
		access_byte(model, offset);
		offset = (offset | (PAGE_SIZE - 1)) + 1;
	} while (offset < end);
}

static inline void access_free(struct access_model *model, uint64_t offset)
{
	access_byte(model, offset);
	if (model->lines)
		lines_touch(model->lines, offset, 1);
}

#endif
