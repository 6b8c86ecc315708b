/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for debug information: whatever bytes a file has, it is
 * refused with a sentence, or its types can be looked at in every way the report
 * does. libdw wants a file, so the bytes go into one that lies in memory. Without
 * libdw everything is refused.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/layout/layout.h"

#define TYPES_MAX	500	/* looked at for one input; more of them show nothing new */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct layout_program *prog, const struct layout_type *type)
{
	static char map[LAYOUT_MAP_BYTES];
	const struct layout_stats *stats = &type->stats;
	struct layout_plan plan;
	struct layout_fit fit;
	struct layout_gap gap;
	struct kerror err;
	unsigned int i;

	if (!type->align || type->align & (type->align - 1) || type->size > LAYOUT_MAX_BYTES ||
	    type->nr_members > LAYOUT_MAX_MEMBERS)
		abort();
	if (stats->unused > type->size || stats->nested > stats->unused || stats->unknown > type->size)
		abort();
	for (i = 0; i <= type->nr_members; i++)
		if (layout_gap(type, i, &gap) && (gap.bit_offset + gap.bytes * 8 + gap.bits) / 8 > type->size)
			abort();
	if (layout_reorder(type, LAYOUT_LINE, &plan, &err) || plan.size > type->size)
		abort();
	layout_map(type, NULL, type->size, 0, map);
	if (!plan.why_not)
		layout_map(type, plan.bit_offset, plan.size, plan.size / 2, map);
	layout_plan_free(&plan);
	layout_fit(&fit, FIT_CACHE, type->size, type->align, 4, LAYOUT_LINE, &err);
	layout_fit(&fit, FIT_KMALLOC, type->size, type->align, 4, LAYOUT_LINE, &err);
	layout_crossing(type, LAYOUT_LINE);
	layout_matches(type, "a*[b]");
	if (!layout_declared_in(prog, type))
		abort();
}

static int file_in_memory(const uint8_t *data, size_t size, char path[64])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct layout_type *const *types;
	struct layout_program *prog;
	struct kerror err = { 0 };
	char path[64];
	size_t nr, i;
	int fd = file_in_memory(data, size, path);

	if (layout_open(&prog, path, NULL, &err)) {
		if (prog || err.code >= 0 || !err.text[0])
			abort();
	} else {
		types = layout_types(prog, &nr);
		for (i = 0; i < nr && i < TYPES_MAX; i++)
			look_at(prog, types[i]);
		if (!layout_missing(prog))
			abort();
		layout_close(prog);
	}
	close(fd);
	return 0;
}
