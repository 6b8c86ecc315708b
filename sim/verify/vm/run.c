/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a capture of vm-player verified; see run.h. */
#include "sim/verify/vm/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/verify.h"
#include "sim/verify/vm/speed.h"
#include "sim/verify/vm/zoneinfo.h"

/* The simulated machine has what the real one had to give, but no more than this. */
#define MOST_MEMORY	(4ULL << 30)
#define MEMORY_UNIT	(4ULL << 20)
#define MOST_SWAP	(1ULL << 40)

enum { PROGRAM, RESULTS, LOOKS };
static const char *const files[3] = { "program", "results", "looks.txt" };

static int kernel_of(const struct look_section *version, char *name, enum vm_kernel *kernel)
{
	unsigned int major, minor;
	char text[96];

	snprintf(text, sizeof(text), "%.*s", (int)(version->len < 95 ? version->len : 95), version->text);
	if (sscanf(text, "Linux version %63s", name) != 1 || sscanf(name, "%u.%u", &major, &minor) != 2)
		return -EINVAL;
	*kernel = major < 6 || (major == 6 && minor < 12) ? VM_KERNEL_6_1 :
		  major == 6 && minor < 16 ? VM_KERNEL_6_12 : VM_KERNEL_6_18;
	return 0;
}

static uint64_t number_of(const struct looks *looks, const struct look *look, const char *file, const char *key)
{
	const struct look_section *section = look_section(looks, look, 0, file);
	uint64_t value;

	return section && look_number(section, key, &value) ? value : 0;
}

/* "0x0007": bit 0 says whether generations are on. Where the file is not, nobody could have changed it. */
static enum vm_lru lru_of(const struct looks *looks, const struct look *first)
{
	const struct look_section *enabled = look_section(looks, first, 0, "lru_gen/enabled");

	if (!enabled || enabled->len < 6)
		return VM_LRU_DEFAULT;
	return strchr("13579bdf", enabled->text[5]) ? VM_LRU_GENERATIONS : VM_LRU_LISTS;
}

static bool says(const struct look_section *section, const char *word)
{
	return section && memmem(section->text, section->len, word, strlen(word));
}

static enum vm_thp thp_of(const struct look_section *enabled)
{
	return says(enabled, "[always]") ? VM_THP_ALWAYS : says(enabled, "[madvise]") ? VM_THP_MADVISE : VM_THP_NEVER;
}

/* The one device that there is; where there are several, no one could say which page goes where. */
static void swap_of(struct stage_config *cfg, const struct looks *looks, const struct look *first)
{
	const struct look_section *swaps = look_section(looks, first, 0, "swaps");
	unsigned long kib = 0;
	const char *line;
	size_t at = 0, len;
	char text[160];

	cfg->page_cluster = (unsigned int)(number_of(looks, first, "sys/vm/page-cluster", "") % 32);
	cfg->swappiness = (unsigned int)(number_of(looks, first, "sys/vm/swappiness", "") % 201);
	if (!swaps || !look_line(swaps, &at, &line, &len) || !look_line(swaps, &at, &line, &len))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)(len < 159 ? len : 159), line);
	if (look_line(swaps, &at, &line, &len) || sscanf(text, "%*s %*s %lu", &kib) != 1 || kib > MOST_SWAP >> 10)
		return;
	cfg->swap_bytes = ((uint64_t)kib << 10) + PAGE_SIZE;
	cfg->swap_type = strstr(text, "zram") ? VM_SWAP_ZRAM :
			 says(look_section(looks, first, 0, "rotational"), "1") ? VM_SWAP_DISK : VM_SWAP_SSD;
}

/* Captures from before it was asked for have none: then the kernel's default. */
static enum vm_thp_defrag defrag_of(const struct look_section *defrag)
{
	static const struct { const char *word; enum vm_thp_defrag defrag; } words[] = {
		{ "[always]", VM_DEFRAG_ALWAYS }, { "[defer]", VM_DEFRAG_DEFER }, { "[defer+madvise]", VM_DEFRAG_DEFER_MADVISE },
		{ "[never]", VM_DEFRAG_NEVER },
	};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (says(defrag, words[i].word))
			return words[i].defrag;
	return VM_DEFRAG_MADVISE;
}

/* The player's first mapping is of its program, and says on which device it lies; of memory there is none. */
static bool in_tmpfs(const struct look_section *smaps)
{
	unsigned int major;
	char text[96];

	if (!smaps)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(smaps->len < 95 ? smaps->len : 95), smaps->text);
	return sscanf(text, "%*x-%*x %*s %*x %x:", &major) == 1 && !major;
}

static struct vm_mthp_orders mthp_of(const struct looks *looks, const struct look *first)
{
	struct vm_mthp_orders mthp = { 0 };
	unsigned int order;

	for (order = VM_MTHP_MIN_ORDER; order < VM_MTHP_MAX_ORDER; order++) {
		const struct look_section *enabled;
		char name[40];

		snprintf(name, sizeof(name), "hugepages-%ukB/enabled", 4U << order);
		enabled = look_section(looks, first, 0, name);
		mthp.always |= says(enabled, "[always]") ? 1U << order : 0;
		mthp.madvise |= says(enabled, "[madvise]") ? 1U << order : 0;
		mthp.inherit |= says(enabled, "[inherit]") ? 1U << order : 0;
	}
	return mthp;
}

int vm_config_of_look(struct stage_config *cfg, char *kernel_name, const struct looks *looks, const struct look *first,
		      struct kerror *err)
{
	const struct look_section *version = look_section(looks, first, 0, "version");
	uint64_t total = number_of(looks, first, "meminfo", "MemTotal:") << 10;
	uint64_t available = number_of(looks, first, "meminfo", "MemAvailable:") << 10;

	*cfg = (struct stage_config){ 0 };
	if (!version || kernel_of(version, kernel_name, &cfg->kernel) || !total || available < MEMORY_UNIT || available > total)
		return kerror_set(err, -EINVAL, "the first look does not say which kernel it was, or how much memory there was");
	cfg->mem_bytes = (available < MOST_MEMORY ? available : MOST_MEMORY) & ~(MEMORY_UNIT - 1);
	cfg->totalram = total >> PAGE_SHIFT;
	cfg->committed = (int64_t)(number_of(looks, first, "meminfo", "Committed_AS:") >> (PAGE_SHIFT - 10));
	cfg->overcommit = (enum vm_overcommit)(number_of(looks, first, "sys/vm/overcommit_memory", "") % 3);
	cfg->overcommit_ratio = (unsigned int)(number_of(looks, first, "sys/vm/overcommit_ratio", "") % 101);
	cfg->fault_around_bytes = number_of(looks, first, "fault_around_bytes", "");
	cfg->ra_bytes = number_of(looks, first, "read_ahead_kb", "") << 10;
	cfg->io_bytes = number_of(looks, first, "max_sectors_kb", "") << 10;
	cfg->admin_reserve = number_of(looks, first, "sys/vm/admin_reserve_kbytes", "") >> (PAGE_SHIFT - 10);
	cfg->user_reserve = number_of(looks, first, "sys/vm/user_reserve_kbytes", "") >> (PAGE_SHIFT - 10);
	cfg->lru = lru_of(looks, first);
	cfg->thp = thp_of(look_section(looks, first, 0, "thp"));
	swap_of(cfg, looks, first);
	cfg->mthp = mthp_of(looks, first);
	cfg->thp_defrag = defrag_of(look_section(looks, first, 0, "thp/defrag"));
	cfg->in_tmpfs = in_tmpfs(look_section(looks, first, 0, "smaps"));
	cfg->privileged = !number_of(looks, first, "status", "Uid:");
	return 0;
}

static int read_file(struct vm_run *run, unsigned int which, struct kerror *err)
{
	char path[4096];
	int ret = verify_capture_path(path, sizeof(path), run->capture, files[which], err);

	return ret ? ret : snapshot_read_text(&run->text[which], &run->len[which], path, run->stop.flag, err);
}

/* The scenario's names are for the report alone. */
static void read_scenario(struct vm_run *run)
{
	struct scenario_errors *errors = calloc(1, sizeof(*errors));
	struct kerror err;
	char path[4096];
	size_t len;

	if (errors && !verify_capture_path(path, sizeof(path), run->capture, "scenario", &err) &&
	    !snapshot_read_text(&run->scenario_text, &len, path, run->stop.flag, &err))
		scenario_read(&run->scenario, run->scenario_text, len, errors);
	free(errors);
}

static int read_all(struct vm_run *run, struct kerror *err)
{
	unsigned int i;
	int ret = verify_check_capture(run->capture, files, 3, err);

	for (i = 0; i < 3 && !ret; i++)
		ret = read_file(run, i, err);
	if (!ret)
		ret = program_parse(&run->program, files[PROGRAM], run->text[PROGRAM], run->len[PROGRAM], err);
	if (!ret && run->len[RESULTS] < run->program.nr_ops * sizeof(struct player_result))
		ret = kerror_set(err, -EINVAL, "%.200s: %s: %zu results, but %u operations", run->capture, files[RESULTS],
				 run->len[RESULTS] / sizeof(struct player_result), run->program.nr_ops);
	if (!ret)
		ret = looks_parse(&run->looks, files[LOOKS], run->text[LOOKS], run->len[LOOKS], err);
	if (!ret && (!run->looks.nr || run->looks.look[0].op))
		ret = kerror_set(err, -EINVAL, "%.200s: %s: the first operation is no look", run->capture, files[LOOKS]);
	return ret;
}

/* @file, or @file compressed. */
static bool has_file(const struct vm_run *run, const char *file)
{
	struct kerror err;

	return !verify_check_capture(run->capture, &file, 1, &err);
}

/* The page allocator's state, and what became of it. Without a snapshot the first look tells how much was free, and where. */
static int read_allocator(struct vm_run *run, const struct look *first, struct kerror *err)
{
	char path[4096];
	int ret;

	if (!has_file(run, "snap_a.txt")) {
		enum buddy_kernel kernel = run->cfg.kernel == VM_KERNEL_6_1 ? BUDDY_KERNEL_6_1 : BUDDY_KERNEL_6_12;

		ret = zoneinfo_snapshot(&run->snapshot, &run->looks, first, kernel, MOST_MEMORY, err);
		run->cfg.snapshot = run->snapshot;
		run->cfg.at_first_look = run->snapshot != NULL;
		if (run->snapshot)
			speed_of_looks(&run->cfg.speed, run->cfg.kernel, &run->program, &run->looks);
		return ret;
	}
	ret = verify_capture_path(path, sizeof(path), run->capture, "snap_a.txt", err);
	if (!ret)
		ret = snapshot_read(&run->snapshot, path, run->stop.flag, err);
	run->cfg.snapshot = run->snapshot;
	if (ret || !has_file(run, "trace.txt"))
		return ret;
	ret = verify_read_trace(&run->trace, run->capture, &run->stop, err);
	if (!ret)
		ret = vm_frames_create(&run->frames, run->trace.trace, run->trace.name, run->snapshot, run->program.nr_ops, err);
	return ret;
}

/* The trace is for this run alone: run->cfg is good for others, too. */
static int start(struct vm_run *run, const struct look *first, struct kerror *err)
{
	struct stage_config cfg = run->cfg;

	cfg.frames = run->frames;
	return stage_init(&run->stage, &run->program, &cfg, &run->looks, first, err);
}

int vm_run(struct vm_run *run, struct kerror *err)
{
	const struct look *first;
	int ret = read_all(run, err);

	if (ret)
		return ret;
	read_scenario(run);
	first = &run->looks.look[0];
	ret = vm_config_of_look(&run->cfg, run->kernel, &run->looks, first, err);
	if (!ret)
		ret = read_allocator(run, first, err);
	if (!ret)
		ret = start(run, first, err);
	if (!ret)
		ret = vm_compare(&run->compared,
				 &(struct vm_sides){ .stage = &run->stage, .looks = &run->looks, .stop = run->stop.flag,
						     .real = (const void *)run->text[RESULTS] }, err);
	if (!ret)
		run->violations = vm_validate(run->stage.vm, verify_keep_violation, run->violation);
	return ret;
}

bool vm_run_equal(const struct vm_run *run)
{
	return !run->compared.differences && !run->violations;
}

void vm_run_exit(struct vm_run *run)
{
	unsigned int i;

	vm_compared_free(&run->compared);
	if (run->stage.slots)
		stage_exit(&run->stage);
	looks_free(&run->looks);
	vm_frames_destroy(run->frames);
	trace_destroy(run->trace.trace);
	snapshot_free(run->snapshot);
	program_free(&run->program);
	scenario_destroy(run->scenario);
	free(run->scenario_text);
	for (i = 0; i < 3; i++)
		free(run->text[i]);
	*run = (struct vm_run){ 0 };
}
