/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: /proc/slabinfo. The tunables and sharedavail are the SLAB engine's,
 * as a kernel with CONFIG_SLAB has them; every kernel with SLUB prints them as 0.
 *
 * Locking: none.
 */
#include "sim/report/kernel/procfs.h"

#include "sim/report/kernel/procfs_rows.h"

int procfs_slabinfo(const struct slab_allocator *sa, FILE *out)
{
	struct kmem_cache *s;
	struct slabinfo info;

	procfs_put_slabinfo_head(out);
	for_each_cache(sa, s) {
		get_slabinfo(s, &info);
		procfs_put_slabinfo(out, &(struct procfs_slab){
			.name = kmem_cache_name(s),
			.active_objs = info.active_objs,
			.num_objs = info.num_objs,
			.objsize = kmem_cache_size(s),
			.objperslab = kmem_cache_objs_per_slab(s),
			.pagesperslab = 1U << kmem_cache_order(s),
			.limit = info.limit,
			.batchcount = info.batchcount,
			.sharedfactor = info.shared,
			.active_slabs = info.active_slabs,
			.num_slabs = info.num_slabs,
			.sharedavail = info.shared_avail,
		});
	}
	return procfs_result(out);
}
