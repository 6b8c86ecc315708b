/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for snapshots of the page allocator: text, state, and
 * the machine that is loaded with it. Numbers may contradict each other, as in a
 * kernel that has a bug: validation has to find that, and must not fall over it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/pages/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A machine of more would take all of the time, and show nothing new. */
#define MAX_FRAMES (1U << 16)

static void on_violation(void *ctx, const char *text)
{
	*(size_t *)ctx += strlen(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot *snap, *zones;
	struct pagemap *map;
	struct kerror err;
	struct buddy *b;
	size_t said = 0;

	if (!snapshot_parse_zones(&zones, "zones", (const char *)data, size, &err))
		snapshot_free(zones);
	if (snapshot_parse(&snap, "fuzz", (const char *)data, size, &err))
		return 0;
	if (snapshot_end_pfn(snap) <= MAX_FRAMES &&
	    !verify_boot(&map, &b, snap, verify_kernel_of(snap), &err)) {
		if (buddy_validate(b, on_violation, &said) && !said)
			abort();
		buddy_destroy(b);
		pagemap_destroy(map);
	}
	snapshot_free(snap);
	return 0;
}
