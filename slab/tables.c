/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the two tables of the slab layer, mapped whole and touched only
 * where they are used.
 *
 * The live bits, one for each 8 bytes of arena, are set where a live object
 * starts: 64 bytes for each frame that ever held one, 1/64 of the memory.
 * Linux has nothing of the kind (only with KASAN, at 1/8 of the memory); it is
 * what lets every build refuse a wrong free for the price of one bit test.
 *
 * The engine's states are one for each cache and CPU, room for MAX_CACHES.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "slab/cache.h"
#include "slab/live.h"

static size_t live_bytes(const struct slab_allocator *sa)
{
	return (sa->bytes >> PAGE_SHIFT) * LIVE_BYTES_PER_FRAME;
}

static size_t percpu_bytes(const struct slab_allocator *sa)
{
	return MAX_CACHES * sa->percpu_stride;
}

/* Returns NULL with @err filled where the host refuses. */
static void *map_table(size_t bytes, const char *what, struct kerror *err)
{
	void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (table != MAP_FAILED)
		return table;
	kerror_set(err, -ENOMEM, "cannot map %zu bytes for %s: %s", bytes, what, strerror(errno));
	return NULL;
}

int slab_map_tables(struct slab_allocator *sa, struct kerror *err)
{
	sa->percpu_size = sa->engine->percpu_size;
	sa->percpu_stride = sa->nr_cpus * sa->percpu_size;
	sa->live = map_table(live_bytes(sa), "live bits", err);
	if (!sa->live)
		return -ENOMEM;
	sa->percpu = map_table(percpu_bytes(sa), "per-CPU state", err);
	return sa->percpu ? 0 : -ENOMEM;
}

void slab_unmap_tables(struct slab_allocator *sa)
{
	if (sa->live)
		munmap(sa->live, live_bytes(sa));
	if (sa->percpu)
		munmap(sa->percpu, percpu_bytes(sa));
}
