/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a machine with a real kernel's zones and state; see pages.h. Single-threaded. */
#include <errno.h>
#include <string.h>

#include "sim/verify/pages/pages.h"

enum buddy_kernel verify_kernel_of_version(const unsigned int *version)
{
	return version[0] < 6 || (version[0] == 6 && version[1] < 12) ? BUDDY_KERNEL_6_1 :
									BUDDY_KERNEL_6_12;
}

enum buddy_kernel verify_kernel_of(const struct snapshot *snap)
{
	return verify_kernel_of_version(snap->version);
}

/* One range a zone, holes and all: which frames exist matters to nobody once the state is loaded. */
int verify_ranges(struct pagemap_config *cfg, const struct snapshot *snap, struct kerror *err)
{
	const struct buddy_state *state = &snap->state;
	const struct buddy_state_zone *zone;
	unsigned int at;

	if (state->nr_zones > MAX_MEM_RANGES)
		return kerror_set(err, -EINVAL, "%.100s: too many zones", snap->name);
	for_each_state_zone(state, zone) {
		struct mem_range range = { zone->start_pfn, zone->start_pfn + zone->spanned_pages, zone->nid };

		if (zone->nid >= snap->nr_nodes)
			return kerror_set(err, -EINVAL, "%.100s: a zone of node %u, but %u nodes", snap->name,
					  zone->nid, snap->nr_nodes);
		for (at = cfg->nr_ranges++; at && cfg->ranges[at - 1].start > range.start; at--)
			cfg->ranges[at] = cfg->ranges[at - 1];
		cfg->ranges[at] = range;
	}
	cfg->nr_nodes = snap->nr_nodes;
	return 0;
}

/* The zones are tried here in the order in which that kernel tried them. */
static int check_zonelist(const struct buddy *b, const struct snapshot *snap, struct kerror *err)
{
	unsigned int i, at = 0;
	int idx;

	for (idx = MAX_NR_ZONES - 1; snap->nr_nodes == 1 && idx >= 0; idx--) {
		const struct zone *zone = buddy_zone(b, 0, (enum zone_type)idx);

		if (zone && zone_populated(zone) &&
		    (at == snap->nr_zonelist || snap->zonelist[at++] != idx))
			return kerror_set(err, -EINVAL, "%.100s: that kernel tries its zones in another order",
					  snap->name);
	}
	for (i = at; snap->nr_nodes == 1 && i < snap->nr_zonelist; i++)
		return kerror_set(err, -EINVAL, "%.100s: its zonelist names a zone it does not describe",
				  snap->name);
	return 0;
}

int verify_boot(struct pagemap **map, struct buddy **b, const struct snapshot *snap,
		enum buddy_kernel kernel, struct kerror *err)
{
	struct pagemap_config map_cfg;
	struct buddy_config cfg;
	int ret;

	memset(&map_cfg, 0, sizeof(map_cfg));
	*map = NULL;
	*b = NULL;
	ret = verify_ranges(&map_cfg, snap, err);
	if (!ret)
		ret = pagemap_create(map, &map_cfg, err);
	if (ret)
		return ret;
	buddy_config_default(&cfg, snap->state.nr_cpus);
	cfg.kernel = kernel;
	cfg.empty = true;
	ret = buddy_create(b, *map, &cfg, err);
	if (!ret)
		ret = buddy_load(*b, &snap->state, err);
	if (!ret)
		ret = check_zonelist(*b, snap, err);
	if (ret) {
		buddy_destroy(*b);
		pagemap_destroy(*map);
		*b = NULL;
		*map = NULL;
	}
	return ret;
}
