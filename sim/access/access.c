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
	model->nr_pages = tlb_nr_pages(geometry);
	for (size = 0; size < model->nr_pages; size++) {
		ret = tlb_create(&model->tlb[size], geometry, err);
		if (ret)
			return ret;
		model->seen[size] = calloc((bytes >> tlb_level_shift(geometry, size)) / 64 + 1, sizeof(uint64_t));
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
