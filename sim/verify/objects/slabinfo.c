/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a machine's caches against the kernel's own /proc/slabinfo; see
 * objects.h. The file is read a little before or after the snapshot that the
 * machine stands for, so counts are compared with some tolerance, layouts exactly.
 *
 * Single-threaded, changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "sim/verify/objects/objects.h"

static const struct kmem_cache *find_cache(const struct objects_machine *m, const char *name)
{
	uint32_t i;

	for (i = 0; i < m->nr_known; i++)
		if (!strcmp(kmem_cache_name(m->known[i].s), name))
			return m->known[i].s;
	return NULL;
}

static void compare_row(struct objects_slabinfo *result, const struct kmem_cache *s,
			const struct slabinfo_row *row)
{
	struct slabinfo info;

	result->layouts.all++;
	result->layouts.hits += kmem_cache_size(s) == row->objsize &&
				kmem_cache_objs_per_slab(s) == row->objperslab &&
				1U << kmem_cache_order(s) == row->pagesperslab;
	get_slabinfo(s, &info);
	if (!row->num_slabs && !info.num_slabs)
		return;
	result->counts.all++;
	result->counts.hits += slabinfo_near(info.active_objs, row->active_objs, row->objperslab) &&
			       slabinfo_near(info.num_slabs, row->num_slabs, 1);
}

void objects_slabinfo_compare(struct objects_slabinfo *result, const struct objects_machine *m,
			      const struct slabinfo_file *file)
{
	uint32_t i;

	memset(result, 0, sizeof(*result));
	for (i = 0; i < file->nr; i++) {
		const struct kmem_cache *s = find_cache(m, file->row[i].name);

		if (s)
			compare_row(result, s, &file->row[i]);
	}
}
