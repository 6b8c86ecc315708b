/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: libFuzzer target for files of what faults cost: what is read is within its bounds, what is not changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/metrics/costs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *from = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct costs costs, defaults;
	struct kerror err;
	unsigned int i;
	int ret;

	if (!from)
		return 0;
	costs_default(&defaults);
	costs = defaults;
	ret = costs_read(&costs, from, "fuzz", &err);
	if (ret && memcmp(&costs, &defaults, sizeof(costs)))
		abort();
	for (i = 0; i < NR_COSTS; i++)
		if (costs.ns[i] > COST_MAX_NS)
			abort();
	fclose(from);
	return 0;
}
