/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the mappings behind the frames.
 *
 *   reservation, PROT_NONE
 *   |--pad--|-- node 0's arena --|~hole~|-- node 1's arena --|--pad--|
 *           ^ base: pfn 0, aligned to the largest buddy block
 *
 * All mappings are NORESERVE and lazily touched: a frame costs host memory
 * from the first write on. Unless the caller says otherwise, frames are kept out of
 * transparent huge pages, so that one frame touched is one page fault on the host, too.
 *
 * Single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pagemap/internal.h"

static void *map_lazily(void *at, size_t bytes, int prot, int flags)
{
	void *mem = mmap(at, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

/* Reserve the address range of all frames and put each node's arena into it. */
static int map_frames(struct pagemap *map, const struct pagemap_config *cfg, struct kerror *err)
{
	size_t align = (size_t)MAX_ORDER_NR_PAGES << PAGE_SHIFT;
	size_t bytes = (size_t)map->end_pfn << PAGE_SHIFT;
	unsigned int node;

	map->reservation_bytes = bytes + align;
	map->reservation = map_lazily(NULL, map->reservation_bytes, PROT_NONE, 0);
	if (!map->reservation)
		return kerror_set(err, -ENOMEM, "the host does not give %zu MiB of address space: %s",
				  map->reservation_bytes >> 20, strerror(errno));
	map->base = (unsigned char *)(((uintptr_t)map->reservation + align - 1) / align * align);
	for (node = 0; node < map->nr_nodes; node++) {
		unsigned char *at = virt_from_pfn(map, pfn_make(map->node[node].start));
		size_t size = (size_t)map->node[node].spanned << PAGE_SHIFT;

		if (!map_lazily(at, size, PROT_READ | PROT_WRITE, MAP_FIXED))
			return kerror_set(err, -ENOMEM, "the host does not map %zu MiB for node %u: %s",
					  size >> 20, node, strerror(errno));
		if (!cfg->host_huge)
			madvise(at, size, MADV_NOHUGEPAGE);
	}
	return 0;
}

int pagemap_create(struct pagemap **out, const struct pagemap_config *cfg, struct kerror *err)
{
	struct pagemap *map = calloc(1, sizeof(*map));
	int ret;

	if (!map)
		return kerror_set(err, -ENOMEM, "no memory for the page map");
	ret = pagemap_build_topology(map, cfg, err);
	if (!ret)
		ret = map_frames(map, cfg, err);
	if (ret)
		goto fail;
	map->pages = map_lazily(NULL, (size_t)map->end_pfn * sizeof(struct page),
				PROT_READ | PROT_WRITE, 0);
	map->touched = map_lazily(NULL, ((size_t)map->end_pfn + 63) / 64 * 8,
				  PROT_READ | PROT_WRITE, 0);
	if (!map->pages || !map->touched) {
		ret = kerror_set(err, -ENOMEM, "the host does not map the records of %u frames: %s",
				 map->end_pfn, strerror(errno));
		goto fail;
	}
	if (cfg->bind)
		pagemap_bind(map);
	*out = map;
	return 0;
fail:
	pagemap_destroy(map);
	return ret;
}

void pagemap_destroy(struct pagemap *map)
{
	if (!map)
		return;
	if (map->touched)
		munmap(map->touched, ((size_t)map->end_pfn + 63) / 64 * 8);
	if (map->pages)
		munmap(map->pages, (size_t)map->end_pfn * sizeof(struct page));
	if (map->reservation)
		munmap(map->reservation, map->reservation_bytes);
	free(map);
}
