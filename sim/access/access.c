/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: accesses to TLBs and cache lines; see access.h. Single-threaded. */
#include "sim/access/access.h"

#include <errno.h>
#include <stdlib.h>

int access_init(struct access_model *model, const struct tlb_geometry *geometry, uint64_t bytes,
		bool lines, struct kerror *err)
{
	unsigned int size;
	int ret;

	*model = (struct access_model){ .geometry = *geometry };
	for (size = 0; size < NR_TLB_PAGES; size++) {
		model->last_page[size] = UINT64_MAX;
		model->l1_has[size] = tlb_level(geometry, 1, size).entries != 0;
		ret = tlb_create(&model->tlb[size], geometry, size, err);
		if (ret)
			return ret;
		model->seen[size] = calloc((bytes >> ACCESS_PAGE_SHIFT(size)) / 64 + 1, sizeof(uint64_t));
		if (!model->seen[size])
			return kerror_set(err, -ENOMEM, "no memory for the TLB model");
	}
	return lines ? lines_create(&model->lines, bytes, err) : 0;
}

void access_exit(struct access_model *model)
{
	unsigned int size;

	for (size = 0; size < NR_TLB_PAGES; size++) {
		tlb_destroy(model->tlb[size]);
		free(model->seen[size]);
	}
	lines_destroy(model->lines);
	*model = (struct access_model){ 0 };
}

void access_tlb_stats(const struct access_model *model, enum tlb_page size, struct tlb_stats *stats)
{
	*stats = *tlb_stats(model->tlb[size]);
	stats->lookups += model->same_page[size];
	stats->l1_hits += model->same_page[size];
}
