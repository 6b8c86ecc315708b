/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the files of pagemap/ share and nobody else sees. */
#ifndef KMEMSIM_PAGEMAP_INTERNAL_H
#define KMEMSIM_PAGEMAP_INTERNAL_H

#include "pagemap/pagemap.h"

/* Fill ranges, nodes, zones, distances and end_pfn of @map from @cfg. -EINVAL. */
int pagemap_build_topology(struct pagemap *map, const struct pagemap_config *cfg, struct kerror *err);

/* Place each node's frames on the host's node of that number; bind_note says why not. */
void pagemap_bind(struct pagemap *map);

#endif
