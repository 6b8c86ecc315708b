/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the accesses of objects' owners mean to a processor: TLBs for
 * memory that is mapped with pages of 4 KiB, 2 MiB and 1 GiB, the pages of each
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
#include "sim/access/lines.h"
#include "sim/access/tlb.h"

/* enum tlb_page: 4 KiB, 2 MiB, 1 GiB */
#define ACCESS_PAGE_SHIFT(size) (12 + 9 * (size))

struct access_model {
	struct tlb_geometry geometry;
	struct tlb *tlb[NR_TLB_PAGES];
	bool l1_has[NR_TLB_PAGES];	/* the first level has entries for that page size */
	uint64_t last_page[NR_TLB_PAGES]; /* of the last access, UINT64_MAX none */
	uint64_t same_page[NR_TLB_PAGES]; /* accesses to it again, which the first level hits */
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

/* What the TLB for pages of @size counted so far. */
void access_tlb_stats(const struct access_model *model, enum tlb_page size, struct tlb_stats *stats);

static inline void access_byte(struct access_model *model, uint64_t offset)
{
	unsigned int size;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		uint64_t page = offset >> ACCESS_PAGE_SHIFT(size), bit = 1ULL << (page % 64);
		uint64_t *word = &model->seen[size][page / 64];

		if (page == model->last_page[size]) {
			model->same_page[size]++;
			continue;
		}
		if (model->l1_has[size])
			model->last_page[size] = page;
		model->distinct[size] += !(*word & bit);
		*word |= bit;
		tlb_access(model->tlb[size], offset);
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
