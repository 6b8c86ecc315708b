/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: which kernel's symbols name the call sites: those of a file that the user
 * names; else, as perf does, /proc/kallsyms where the running kernel is the recorded
 * one, which their build ids say, and where the recording says at which address one
 * symbol lay, for the same kernel may have been started at another place since.
 * Else addresses stay numbers.
 *
 * Where a recording has no build id, perf takes the running kernel for the recorded
 * one. We do, too, so that both give the same report, and say so (guessed_symbols).
 * In pipe layout perf names no call sites then.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>

#include "sim/trace/perf/perf.h"

#define KERNEL_NAME	"[kernel.kallsyms]"
#define BUILD_ID_NAME_AT	36u
#define BUILD_ID_AT		12u
#define MAP_NAME_AT		40u
#define MAP2_ID_AT		44u
#define MAP2_NAME_AT		72u
#define MAP_PGOFF_AT		32u
#define MISC_BUILD_ID_SIZE	(1u << 15)
#define MISC_MAP_BUILD_ID	(1u << 14)

/* The text at @at of the record, if it is terminated inside it; else "". */
static const char *text_at(const unsigned char *rec, uint32_t size, uint32_t at)
{
	return at < size && memchr(rec + at, '\0', size - at) ? (const char *)rec + at : "";
}

static void set_build_id(struct perf_data *pd, const unsigned char *id)
{
	static const unsigned char none[BUILD_ID_BYTES];

	if (!memcmp(id, none, sizeof(none)))
		return;
	memcpy(pd->build_id, id, BUILD_ID_BYTES);
	pd->has_build_id = true;
}

void perf_symbols_note_build_id(struct perf_data *pd, const unsigned char *rec, uint32_t size)
{
	bool sized = get_u16(rec + 4) & MISC_BUILD_ID_SIZE;

	if (strcmp(text_at(rec, size, BUILD_ID_NAME_AT), KERNEL_NAME))
		return;
	if (!sized || rec[BUILD_ID_AT + BUILD_ID_BYTES] == BUILD_ID_BYTES)
		set_build_id(pd, rec + BUILD_ID_AT);
}

void perf_symbols_note_map(struct perf_data *pd, const unsigned char *rec, uint32_t size)
{
	bool second = record_type(rec) == REC_MMAP2;
	const char *name = text_at(rec, size, second ? MAP2_NAME_AT : MAP_NAME_AT);
	size_t len = strlen(KERNEL_NAME);

	if (strncmp(name, KERNEL_NAME, len) || !name[len] || strlen(name + len) >= sizeof(pd->reference))
		return;
	memcpy(pd->reference, name + len, strlen(name + len) + 1);
	pd->reference_address = get_u64(rec + MAP_PGOFF_AT);
	pd->has_reference = true;
	if (second && get_u16(rec + 4) & MISC_MAP_BUILD_ID && rec[MAP2_ID_AT - 4] == BUILD_ID_BYTES)
		set_build_id(pd, rec + MAP2_ID_AT);
	if (pd->kallsyms)
		kallsyms_set_reference(pd->kallsyms, pd->reference, pd->reference_address);
}

/* Whether perf would take the running kernel for the recorded one. */
static bool is_running_kernel(const struct perf_data *pd)
{
	unsigned char running[BUILD_ID_BYTES];

	if (!pd->has_reference)
		return false;
	if (!pd->has_build_id)
		return !pd->pipe;
	return kallsyms_running_build_id(running) && !memcmp(running, pd->build_id, BUILD_ID_BYTES);
}

int perf_symbols_open(struct perf_data *pd, struct reader *rd, struct kerror *err)
{
	struct kerror quiet;

	if (pd->kallsyms)
		return 0;
	if (rd->kallsyms)
		return kallsyms_open(&pd->kallsyms, rd->kallsyms, err);
	/* Without symbols the addresses remain: less to read, but nothing is wrong. */
	if (is_running_kernel(pd) && !kallsyms_open(&pd->kallsyms, "/proc/kallsyms", &quiet)) {
		rd->stats.guessed_symbols = !pd->has_build_id;
		kallsyms_set_reference(pd->kallsyms, pd->reference, pd->reference_address);
	}
	return 0;
}

size_t perf_symbol(void *ctx, uint64_t address, char text[SITE_TEXT])
{
	const struct perf_data *pd = ctx;

	return pd->kallsyms ? kallsyms_name(pd->kallsyms, address, text, SITE_TEXT) : 0;
}
