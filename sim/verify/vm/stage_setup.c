/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the machine on which a program of vm-player is done, and its director, as the first look shows them; see stage.h. */
#include "sim/verify/vm/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/pages/pages.h"
#include "sim/verify/vm/others.h"
#include "sim/verify/vm/zoneinfo.h"
#include "sim/vm/file.h"
#include "sim/vm/load.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/oom.h"

/* Below vvar and vdso, which a guest's kernel puts at the top. */
#define ASSUMED_MMAP_BASE 0x7ffff7ff9000ULL

/* ---- the director ------------------------------------------------------------------- */

static void keep_own(struct stage *stage)
{
	const struct mm *mm = stage->processes[0]->mm;
	uint32_t i;

	for (i = 0; i < mm->nr_vmas && stage->nr_own < sizeof(stage->own) / sizeof(stage->own[0]); i++)
		stage->own[stage->nr_own++] = (struct stage_range){ mm->vmas[i]->start, mm->vmas[i]->end };
}

bool stage_is_own(const struct stage *stage, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < stage->nr_own; i++)
		if (addr >= stage->own[i].start && addr < stage->own[i].end)
			return true;
	return false;
}

/* Field 10 of /proc/PID/stat. */
static void adopt_faults(struct process *p, const struct look_section *stat)
{
	uint64_t minflt;

	if (look_stat(stat, 10, &minflt))
		p->rss_events = (uint32_t)minflt;
}

static int adopt(struct stage *stage, uint32_t process, bool fresh, bool all, const struct looks *looks,
		 const struct look *look)
{
	const struct look_section *section = look_section(looks, look, process, "pagemap");
	const struct look_section *stat = look_section(looks, look, process, "stat");
	struct look_run run;
	size_t at = 0;
	uint64_t i;
	int ret = 0;

	stage->vm->current = stage->processes[process];
	if (fresh && stat)
		adopt_faults(stage->processes[process], stat);
	while (!ret && section && look_run(section, &at, &run))
		for (i = 0; i < run.pages && !ret && (run.bits & LOOK_PRESENT); i++)
			if (all || stage_is_own(stage, run.addr + i * PAGE_SIZE)) {
				vm_frames_place(stage->frames, process, run.addr + i * PAGE_SIZE);
				ret = vm_load_page(stage->processes[process], run.addr + i * PAGE_SIZE,
						   !(run.bits & LOOK_FILE));
			}
	return ret;
}

int stage_adopt(struct stage *stage, uint32_t process, bool fresh, const struct looks *looks, const struct look *look)
{
	return adopt(stage, process, fresh, false, looks, look);
}

/* That of the player, which has no other mapping that grows. */
static uint64_t stack_start(const struct mm *mm)
{
	uint32_t i;

	for (i = mm->nr_vmas; i; i--)
		if (mm->vmas[i - 1]->flags & VM_GROWSDOWN)
			return mm->vmas[i - 1]->start;
	return 0;
}

int stage_adopt_exec(struct stage *stage, uint32_t process, const struct looks *looks, const struct look *look,
		     struct kerror *err)
{
	const struct look_section *smaps = look_section(looks, look, process, "smaps");
	struct process *p = stage->processes[process];
	int ret;

	if (!smaps)
		return kerror_set(err, -EINVAL, "the look behind an exec has no smaps of its process");
	ret = vm_load_smaps(p, smaps->text, smaps->len, err);
	if (ret)
		return ret;
	p->mm->start_brk = p->mm->brk = stage->slots[process][PLAYER_SLOT_HEAP].start;
	stage->slots[process][PLAYER_SLOT_STACK].start = stack_start(p->mm);
	ret = adopt(stage, process, true, true, looks, look);
	return ret ? kerror_set(err, ret, "the look behind an exec does not fit to itself") : 0;
}

/* How many pages stage_adopt() will find. */
static uint64_t own_pages(const struct stage *stage, const struct looks *looks, const struct look *look)
{
	const struct look_section *section = look_section(looks, look, 0, "pagemap");
	struct look_run run;
	uint64_t pages = 0, i;
	size_t at = 0;

	while (section && look_run(section, &at, &run))
		for (i = 0; i < run.pages && (run.bits & LOOK_PRESENT); i++)
			pages += stage_is_own(stage, run.addr + i * PAGE_SIZE);
	return pages;
}

static int load_director(struct stage *stage, const struct stage_config *cfg, const struct looks *looks,
			 const struct look *first, struct kerror *err)
{
	const struct look_section *smaps = look_section(looks, first, 0, "smaps");
	struct mm *mm;
	uint32_t i;
	int ret;

	if (!smaps)
		return kerror_set(err, -EINVAL, "the first look has no smaps of vm-player");
	ret = vm_process_create_bare(stage->vm, "vm-player", 0, stage->privileged, &stage->processes[0], err);
	if (!ret)
		ret = vm_load_smaps(stage->processes[0], smaps->text, smaps->len, err);
	if (ret)
		return ret;
	mm = stage->processes[0]->mm;
	stage->vsyscall = memmem(smaps->text, smaps->len, "[vsyscall]", 10) != NULL;
	keep_own(stage);
	/* tmpfs is the kernel's own memory: it does not go as a file's pages do. */
	for (i = 0; i < mm->nr_vmas && cfg->in_tmpfs; i++)
		if (mm->vmas[i]->file && *mm->vmas[i]->file->name == '/')
			mm->vmas[i]->file->shmem = mm->vmas[i]->file->noreserve = true;
	ret = others_load(stage, cfg->snapshot, looks, first, own_pages(stage, looks, first), err);
	if (ret)
		return ret;
	ret = stage_adopt(stage, 0, false, looks, first);
	if (ret)
		return kerror_set(err, ret, "the first look does not fit to itself");
	lru_add_drain_all(stage->vm);
	/* Without a heap yet, it begins behind the program's own memory. */
	mm->start_brk = mm->brk = stage->slots[0][PLAYER_SLOT_HEAP].start;
	stage->slots[0][PLAYER_SLOT_STACK].start = stack_start(mm);
	return 0;
}

/* Where the program's own memory ends: that of the mapping before the first gap that no table of its could bridge. */
static uint64_t heap_start(const struct looks *looks, const struct look *first)
{
	const struct look_section *smaps = look_section(looks, first, 0, "smaps");
	unsigned long start, end, last = 0;
	size_t at = 0, len;
	const char *line;
	char text[64];

	while (smaps && look_line(smaps, &at, &line, &len)) {
		snprintf(text, sizeof(text), "%.*s", (int)(len < 60 ? len : 60), line);
		if (sscanf(text, "%lx-%lx ", &start, &end) != 2)
			continue;
		if (last && start - last > 1UL << 30)
			break;
		last = end;
	}
	return last;
}

/* ---- the machine ------------------------------------------------------------------------ */

/* The real machine's zones, and what of them is free; or a machine of that size on which nothing runs yet. */
static int boot(struct stage *stage, const struct stage_config *cfg, struct kerror *err)
{
	struct machine_config machine;
	struct pagemap *map;
	struct buddy *buddy;
	int ret;

	machine_config_default(&machine);
	machine.mem_bytes = cfg->mem_bytes;
	machine.kernel = cfg->kernel == VM_KERNEL_6_1 ? BUDDY_KERNEL_6_1 : BUDDY_KERNEL_6_12;
	machine.slab.kernel = machine.kernel;
	if (!cfg->snapshot)
		return machine_create(&stage->machine, &machine, err);
	ret = verify_boot(&map, &buddy, cfg->snapshot, machine.kernel, err);
	return ret ? ret : machine_create_over(&stage->machine, map, buddy, &machine.slab, err);
}

static int create_machine(struct stage *stage, const struct stage_config *cfg, struct kerror *err)
{
	struct vm_config vm;
	int ret;

	vm_config_default(&vm);
	vm.kernel = cfg->kernel;
	vm.thp = cfg->thp;
	vm.thp_defrag = cfg->thp_defrag;
	vm.lru = cfg->lru;
	vm.mthp = cfg->mthp;
	vm.overcommit = cfg->overcommit;
	vm.overcommit_ratio = cfg->overcommit_ratio;
	vm.fault_around_bytes = cfg->fault_around_bytes ? cfg->fault_around_bytes : vm.fault_around_bytes;
	vm.ra_bytes = cfg->ra_bytes ? cfg->ra_bytes : vm.ra_bytes;
	vm.io_bytes = cfg->io_bytes ? cfg->io_bytes : vm.io_bytes;
	vm.swap_bytes = cfg->swap_bytes;
	vm.swap_type = cfg->swap_type;
	vm.page_cluster = cfg->page_cluster;
	vm.swappiness = cfg->swappiness;
	ret = boot(stage, cfg, err);
	if (!ret)
		ret = vm_create(&stage->vm, stage->machine->buddy, &vm, err);
	if (!ret && cfg->speed.kernel_ps && turns_create(stage->vm, &cfg->speed))
		ret = kerror_set(err, -ENOMEM, "out of memory");
	return ret;
}

static uint64_t free_frames(const struct machine *machine)
{
	struct machine_pages pages;

	machine_count_pages(machine, &pages);
	return pages.free_lists + pages.pcp;
}

int stage_init(struct stage *stage, const struct program *program, const struct stage_config *cfg,
	       const struct looks *looks, const struct look *first, struct kerror *err)
{
	uint64_t free_before;
	int ret;

	*stage = (struct stage){ .program = program, .privileged = cfg->privileged };
	stage->slots = calloc(PLAYER_MAX_PROCESSES, sizeof(*stage->slots));
	if (!stage->slots)
		return kerror_set(err, -ENOMEM, "out of memory");
	ret = create_machine(stage, cfg, err);
	if (ret)
		return ret;
	stage->vm->totalram = cfg->totalram;
	vm_set_reserves(stage->vm, cfg->admin_reserve ? cfg->admin_reserve : cfg->totalram / 32,
			cfg->user_reserve ? cfg->user_reserve : cfg->totalram / 32);
	if (cfg->frames)
		ret = vm_frames_attach(cfg->frames, stage, looks, err);
	if (ret)
		return ret;
	free_before = free_frames(stage->machine);
	if (first) {
		/* Since vm-player looks at generations. */
		stage->drains = look_section(looks, first, 0, "lru_gen_full");
		stage->slots[0][PLAYER_SLOT_HEAP].start = heap_start(looks, first);
		ret = load_director(stage, cfg, looks, first, err);
	} else {
		ret = vm_process_create(stage->vm, "vm-player", 0, stage->privileged, &stage->processes[0], err);
		if (!ret) {
			stage->slots[0][PLAYER_SLOT_HEAP].start = stage->processes[0]->mm->start_brk;
			stage->slots[0][PLAYER_SLOT_STACK].start = stack_start(stage->processes[0]->mm);
			stage->processes[0]->mm->mmap_base = ASSUMED_MMAP_BASE;
		}
	}
	if (ret)
		return ret;
	stage->looks = cfg->at_first_look ? looks : NULL;
	if (cfg->at_first_look)
		zoneinfo_release(stage->machine->buddy, cfg->snapshot, free_before - free_frames(stage->machine));
	if (first)
		stage->vm->committed_elsewhere = cfg->committed - stage->vm->committed;
	stage->processes[0]->oom_score_adj = OOM_SCORE_ADJ_MIN;
	return 0;
}

void stage_exit(struct stage *stage)
{
	if (stage->frames)
		vm_frames_detach(stage->frames);
	vm_destroy(stage->vm);
	if (stage->machine)
		machine_destroy(stage->machine);
	free(stage->slots);
	*stage = (struct stage){ 0 };
}
