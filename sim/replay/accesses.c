/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: memory accesses, replayed; see accesses.h. Single-threaded. */
#include "sim/replay/accesses.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/access/lines.h"

_Static_assert(NR_ACCESS_KINDS == TOUCHED_USES, "a way to use a page for each kind of access");

static const unsigned int page_shifts[NR_ACCESS_PAGES] = { 12, 21 };

/* Do the TLB's pages have sizes of their own? */
static inline bool own_pages(const struct accesses *accesses)
{
	return accesses->geometry.base_16k;
}

int accesses_create(struct accesses **out, const struct tlb_geometry *geometry, struct kerror *err)
{
	struct accesses *accesses = calloc(1, sizeof(*accesses));
	unsigned int size, side;
	int ret;

	*out = NULL;
	if (!accesses)
		return kerror_set(err, -ENOMEM, "no memory to replay accesses");
	accesses->geometry = *geometry;
	ret = caches_init(&accesses->caches, err);
	for (size = 0; !ret && size < NR_ACCESS_PAGES; size++) {
		ret = touched_init(&accesses->touched[size], err);
		if (!ret && own_pages(accesses))
			ret = touched_init(&accesses->mapped[size], err);
		for (side = 0; !ret && side < NR_SIDES; side++)
			ret = tlb_create(&accesses->tlb[side][size], geometry, err);
	}
	if (ret)
		accesses_destroy(accesses);
	else
		*out = accesses;
	return ret;
}

void accesses_destroy(struct accesses *accesses)
{
	unsigned int size, side;

	if (!accesses)
		return;
	for (size = 0; size < NR_ACCESS_PAGES; size++) {
		touched_exit(&accesses->touched[size]);
		touched_exit(&accesses->mapped[size]);
		for (side = 0; side < NR_SIDES; side++)
			tlb_destroy(accesses->tlb[side][size]);
	}
	caches_exit(&accesses->caches);
	free(accesses);
}

/* Bits of the lines that [@addr, @end] touches in the 4 KiB page @page. */
static inline uint64_t lines_of(uint64_t page, uint64_t addr, uint64_t end)
{
	unsigned int first = page == addr >> 12 ? (unsigned int)(addr >> LINE_SHIFT) % 64 : 0;
	unsigned int last = page == end >> 12 ? (unsigned int)(end >> LINE_SHIFT) % 64 : 63;

	return UINT64_MAX >> (63 - last) & UINT64_MAX << first;
}

/* @addr to @end, both touched, in pages of one size. */
static inline int touch_pages(struct accesses *accesses, unsigned int size, unsigned int kind, uint64_t addr,
			      uint64_t end)
{
	uint64_t page = addr >> page_shifts[size], last = end >> page_shifts[size];

	for (; page <= last; page++) {
		uint64_t lines = size == ACCESS_4K ? lines_of(page, addr, end) : 0;

		if (touched_touch(&accesses->touched[size], page, kind, accesses->nr, lines))
			return -ENOMEM;
	}
	return 0;
}

/* The same in the TLB's own pages. */
static int touch_mapped(struct accesses *accesses, unsigned int kind, uint64_t addr, uint64_t end)
{
	unsigned int size;

	for (size = 0; size < NR_ACCESS_PAGES; size++) {
		unsigned int shift = tlb_level_shift(&accesses->geometry, size);
		uint64_t page = addr >> shift, last = end >> shift;

		for (; page <= last; page++)
			if (touched_touch(&accesses->mapped[size], page, kind, accesses->nr, 0))
				return -ENOMEM;
	}
	return 0;
}

uint64_t accesses_mapped(const struct accesses *accesses, enum tlb_page size, unsigned int uses)
{
	return touched_pages(own_pages(accesses) ? &accesses->mapped[size] : &accesses->touched[size], uses);
}

int accesses_replay(void *ctx, const struct access_block *block, struct kerror *err)
{
	const struct access *access = block->at, *after = access + block->nr;
	struct accesses *accesses = ctx;
	int ret = 0;

	for (; !ret && access < after; access++) {
		unsigned int kind = access->kind, side = kind == ACCESS_FETCH ? SIDE_FETCH : SIDE_DATA;
		uint64_t addr = access->addr, end = addr + (access->size - 1u);

		accesses->nr++;
		accesses->count[kind]++;
		accesses->bytes[kind] += access->size;
		ret = touch_pages(accesses, ACCESS_4K, kind, addr, end);
		ret |= touch_pages(accesses, ACCESS_2M, kind, addr, end);
		if (own_pages(accesses))
			ret |= touch_mapped(accesses, kind, addr, end);
		tlb_access_range(accesses->tlb[side][TLB_PTE], addr, access->size, TLB_PTE);
		tlb_access_range(accesses->tlb[side][TLB_PMD], addr, access->size, TLB_PMD);
		caches_touch(&accesses->caches, side == SIDE_FETCH ? CACHE_L1_FETCH : CACHE_L1_DATA, addr, access->size);
	}
	return ret ? kerror_set(err, -ENOMEM, "no memory for the pages that are accessed") : 0;
}
