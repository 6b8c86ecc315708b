/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for files of mappings: whatever is read is carried out on a small process, whose
 * books then add up, and each of whose regions is mapped.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/traced/traced.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const struct traced_maps *maps)
{
	struct traced_config cfg = { .tlb = tlb_presets[0], .maps = maps };
	const struct access access = { .addr = 0x400000, .kind = ACCESS_FETCH, .size = 1 };
	const struct access_block block = { .at = &access, .nr = 1 };
	struct kerror err;
	struct traced *t;
	uint32_t i;

	machine_config_default(&cfg.machine);
	cfg.machine.mem_bytes = 16 << 20;
	if (traced_create(&t, &cfg, &err) || traced_replay(t, &block, &err))
		abort();
	if (vm_validate(t->vm, NULL, NULL))
		abort();
	for (i = 0; t->process->mm && i < t->regions.nr; i++)
		if (!mm_lookup(t->process->mm, t->regions.at[i]->start))
			abort();
	traced_destroy(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *from = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct traced_maps *maps;
	struct kerror err;
	uint64_t i;

	if (from && !traced_maps_read(&maps, from, "fuzz", &err)) {
		/* All of it before the first access. */
		for (i = 0; i < maps->nr; i++)
			maps->entries[i].at = 0;
		replay(maps);
		traced_maps_destroy(maps);
	}
	if (from)
		fclose(from);
	return 0;
}
