/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the live bits, one for each 8 bytes of arena, set where a live
 * object starts. The bitmap is mapped over the whole range of frames and
 * touched only where objects are: 64 bytes for each frame that ever held one,
 * 1/64 of the memory.
 *
 * Linux has nothing of the kind (only with KASAN, at 1/8 of the memory); it is
 * what lets every build refuse a wrong free for the price of one bit test.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "slab/internal.h"

static size_t live_bytes(const struct slab_allocator *sa)
{
	return (sa->bytes >> PAGE_SHIFT) * LIVE_BYTES_PER_FRAME;
}

int live_create(struct slab_allocator *sa, struct kerror *err)
{
	void *map = mmap(NULL, live_bytes(sa), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return kerror_set(err, -ENOMEM, "cannot map %zu bytes for live bits: %s",
				  live_bytes(sa), strerror(errno));
	sa->live = map;
	return 0;
}

void live_destroy(struct slab_allocator *sa)
{
	if (sa->live)
		munmap(sa->live, live_bytes(sa));
	sa->live = NULL;
}
