/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: frames on the host's NUMA nodes.
 *
 * A file of its own, so that who never binds need not link libnuma.
 *
 * Single-threaded.
 */
#include <numa.h>
#include <stdio.h>

#include "pagemap/internal.h"

void pagemap_bind(struct pagemap *map)
{
	unsigned int node, host_nodes;

	if (numa_available() < 0) {
		snprintf(map->bind_note, sizeof(map->bind_note), "the host has no NUMA support");
		return;
	}
	host_nodes = (unsigned int)numa_num_configured_nodes();
	if (host_nodes < map->nr_nodes) {
		snprintf(map->bind_note, sizeof(map->bind_note), "the host has %u node%s, the machine %u",
			 host_nodes, host_nodes == 1 ? "" : "s", map->nr_nodes);
		return;
	}
	for (node = 0; node < map->nr_nodes; node++)
		numa_tonode_memory(virt_from_pfn(map, pfn_make(map->node[node].start)),
				   (size_t)map->node[node].spanned << PAGE_SHIFT, (int)node);
	map->bound = true;
}
