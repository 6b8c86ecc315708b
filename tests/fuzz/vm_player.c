/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: libFuzzer target for what vm-player plays and says. An input that begins like a program is one; each other
 * is looks: they are read to the last line, and a process is set up as the first of them has it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/vm/run.h"
#include "sim/verify/vm/zoneinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A machine of more, or with more mapped, would take all of the time, and show nothing new. */
#define MAX_BYTES	(64ULL << 20)
#define MAX_PAGES	4096u

static void read_program(const uint8_t *data, size_t size)
{
	struct program program;
	struct kerror err;
	void *again;

	if (program_parse(&program, "fuzz", data, size, &err))
		return;
	/* What was read is what is written. */
	again = malloc(program_bytes(&program));
	if (!again || program_bytes(&program) != size)
		abort();
	program_store(&program, again);
	if (memcmp(again, data, size))
		abort();
	free(again);
	program_free(&program);
}

/* Every line and run; whether a machine may be made of it. */
static bool read_sections(const struct looks *looks)
{
	uint64_t pages = 0, value;
	uint32_t i;

	for (i = 0; i < looks->nr_sections; i++) {
		const struct look_section *section = &looks->sections[i];
		struct look_run run;
		const char *line;
		size_t at = 0, len;

		while (look_line(section, &at, &line, &len))
			if (line < section->text || line + len > section->text + section->len)
				abort();
		look_number(section, "VmPTE:", &value);
		for (at = 0; look_run(section, &at, &run);)
			pages += run.pages < MAX_PAGES ? run.pages : MAX_PAGES;
	}
	return pages < MAX_PAGES;
}

static void read_looks(const uint8_t *data, size_t size)
{
	struct program program = { 0 };
	struct snapshot *snapshot = NULL;
	struct stage_config cfg;
	struct stage stage;
	struct looks looks;
	struct kerror err;
	char kernel[64];
	bool small;

	if (looks_parse(&looks, "fuzz", (const char *)data, size, &err))
		return;
	small = read_sections(&looks);
	if (small && looks.nr && !vm_config_of_look(&cfg, kernel, &looks, &looks.look[0], &err) &&
	    cfg.mem_bytes <= MAX_BYTES && cfg.swap_bytes <= MAX_BYTES &&
	    !zoneinfo_snapshot(&snapshot, &looks, &looks.look[0], BUDDY_KERNEL_6_12, MAX_BYTES, &err)) {
		cfg.snapshot = snapshot;
		cfg.at_first_look = snapshot != NULL;
		stage_init(&stage, &program, &cfg, &looks, &looks.look[0], &err);
		stage_exit(&stage);
		snapshot_free(snapshot);
	}
	looks_free(&looks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t magic = PLAYER_MAGIC;

	if (size >= sizeof(magic) && !memcmp(data, &magic, sizeof(magic)))
		read_program(data, size);
	else
		read_looks(data, size);
	return 0;
}
