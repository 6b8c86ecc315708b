/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a traced program's accesses, made by a simulated process; see traced.h. Single-threaded. */
#include "sim/traced/traced.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/traced/internal.h"
#include "sim/vm/calls.h"
#include "sim/vm/translate.h"

uint32_t traced_rights(unsigned int kind)
{
	return kind == ACCESS_FETCH ? VM_EXEC : kind == ACCESS_LOAD ? VM_READ : VM_WRITE;
}

void traced_forget(struct traced *traced)
{
	unsigned int kind;

	for (kind = 0; kind < NR_ACCESS_KINDS; kind++)
		traced->recent[kind] = (struct traced_recent){ NULL, TRACED_NO_PAGE };
}

/* Pages may not be where they were. */
static void forget_pages(struct traced *t)
{
	unsigned int kind;

	for (kind = 0; kind < NR_ACCESS_KINDS; kind++)
		t->recent[kind].page = TRACED_NO_PAGE;
}

void traced_flush(struct traced *t, uint64_t start, uint64_t bytes)
{
	unsigned int side;

	for (side = 0; side < NR_TRACED_SIDES; side++)
		vm_flush_range(t->tlb[side], t->process, start, bytes);
	forget_pages(t);
}

/* A vm's flush(): there is one process. */
static void flush(void *ctx, struct mm *mm, uint64_t start, uint64_t bytes, enum vm_flush why)
{
	(void)mm;
	if (why != VM_FLUSH_copy)
		traced_flush(ctx, start, bytes);
}

/* ---- beginning and end ----------------------------------------------------------- */

int traced_create(struct traced **out, const struct traced_config *cfg, struct kerror *err)
{
	struct traced *t;

	*out = NULL;
	if (cfg->tlb.base_16k)
		return kerror_set(err, -EOPNOTSUPP, "the TLB has pages of 16 KiB, and a process has none of that size");
	t = calloc(1, sizeof(*t));
	if (!t)
		return kerror_set(err, -ENOMEM, "no memory for a process");
	t->cfg = *cfg;
	if (!t->cfg.machine.nr_cpus)
		t->cfg.machine.nr_cpus = 1;
	t->next_at = cfg->maps ? 0 : UINT64_MAX;
	traced_forget(t);
	*out = t;
	return 0;
}

void traced_destroy(struct traced *t)
{
	unsigned int side;

	if (!t)
		return;
	vm_destroy(t->vm);
	if (t->machine)
		machine_destroy(t->machine);
	for (side = 0; side < NR_TRACED_SIDES; side++)
		tlb_destroy(t->tlb[side]);
	regions_exit(&t->regions);
	table_free(&t->file_of);
	table_free(&t->site_of);
	free(t->sites);
	free(t);
}

/* A machine, and a process without a mapping on it. */
static int boot(struct traced *t, struct kerror *err)
{
	struct vm_config cfg;
	unsigned int side;
	int ret;

	vm_config_default(&cfg);
	cfg.kernel = t->cfg.machine.kernel == BUDDY_KERNEL_6_1 ? VM_KERNEL_6_1 : VM_KERNEL_6_12;
	/* The program had its memory. */
	cfg.overcommit = OVERCOMMIT_ALWAYS;
	ret = machine_create(&t->machine, &t->cfg.machine, err);
	if (!ret)
		ret = vm_create(&t->vm, t->machine->buddy, &cfg, err);
	if (!ret)
		ret = vm_process_create_bare(t->vm, "traced", 0, true, &t->process, err);
	for (side = 0; !ret && side < NR_TRACED_SIDES; side++)
		ret = tlb_create(&t->tlb[side], &t->cfg.tlb, err);
	if (ret)
		return ret;
	for (side = 0; side < NR_TRACED_SIDES; side++)
		tlb_switch(t->tlb[side], vm_asid(t->process));
	t->vm->flush = flush;
	t->vm->flush_ctx = t;
	t->image = vm_file_create(t->vm, "/program", VM_TASK_SIZE, false);
	if (!t->image)
		return kerror_set(err, -ENOMEM, "no memory for a process");
	t->image->warm = !t->cfg.cold;
	return 0;
}

struct region *traced_map(struct traced *t, const struct region *like, struct vm_file *file, int flags)
{
	int prot = (like->rights & VM_READ ? PROT_READ : 0) | (like->rights & VM_WRITE ? PROT_WRITE : 0) |
		   (like->rights & VM_EXEC ? PROT_EXEC : 0);
	int64_t ret = vm_mmap(t->process, like->start, like->end - like->start, prot,
			      MAP_FIXED | (flags & MAP_SHARED ? 0 : MAP_PRIVATE) | (file ? 0 : MAP_ANONYMOUS) | flags, file,
			      file ? like->offset : 0);

	traced_forget(t);
	return ret < 0 ? NULL : regions_add(&t->regions, like);
}

/* ---- accesses ----------------------------------------------------------------------- */

static struct traced_site *site_of(struct traced *t, uint64_t pc)
{
	uint64_t *at = table_get(&t->site_of, pc);

	if (!at)
		return NULL;
	if (!*at && t->nr_sites == t->max_sites) {
		uint32_t max = t->max_sites ? t->max_sites * 2 : 256;
		struct traced_site *sites = realloc(t->sites, max * sizeof(*sites));

		if (!sites) {
			table_remove(&t->site_of, at);
			return NULL;
		}
		t->sites = sites;
		t->max_sites = max;
	}
	if (!*at) {
		t->sites[t->nr_sites] = (struct traced_site){ .pc = pc };
		*at = ++t->nr_sites;
	}
	return &t->sites[*at - 1];
}

void traced_settle(struct traced *t)
{
	t->before.minor = t->process->min_flt;
	t->before.major = t->process->maj_flt;
	memcpy(t->before.faults, t->process->faults, sizeof(t->process->faults));
}

/* A fault or a walk, @result of vm_access(), is its region's and its instruction's. -ENOMEM. */
static int note(struct traced *t, struct region *region, uint32_t thread, int result)
{
	const struct process *process = t->process;
	struct traced_site *site = site_of(t, t->pc_thread == thread ? t->pc : 0);
	uint64_t minor = process->min_flt - t->before.minor, major = process->maj_flt - t->before.major;
	unsigned int i;

	if (!site)
		return -ENOMEM;
	if (result >= 0)
		region->counts.lookups[result & VM_ACCESS_TLB]++;
	site->walks += result >= 0 && (result & VM_ACCESS_TLB) == TLB_MISS;
	if (!memcmp(process->faults, t->before.faults, sizeof(process->faults)))
		return 0;
	forget_pages(t);
	site->minor += minor;
	site->major += major;
	region->counts.minor += minor;
	region->counts.major += major;
	for (i = 0; i < NR_VM_FAULTS; i++)
		region->counts.faults[i] += process->faults[i] - t->before.faults[i];
	traced_settle(t);
	return 0;
}

static bool usable(uint64_t addr)
{
	return addr >= VM_MIN_ADDR && addr < VM_TASK_SIZE;
}

/* A region that the last access of this kind was not in, or none. */
static struct region *find_region(struct traced *t, uint64_t addr, unsigned int kind)
{
	struct region *region = regions_find(&t->regions, addr);

	if (!region || !(region->rights & traced_rights(kind)))
		region = traced_infer(t, addr, kind);
	t->recent[kind].region = region;
	return region;
}

/* One page of an access, of which nothing is known. -ENOMEM: the host's memory. */
static int touch_page(struct traced *t, const struct access *access, uint64_t addr)
{
	static const enum vm_access ways[NR_ACCESS_KINDS] = {
		[ACCESS_FETCH] = VM_ACCESS_EXEC, [ACCESS_LOAD] = VM_ACCESS_READ, [ACCESS_STORE] = VM_ACCESS_WRITE,
		[ACCESS_MODIFY] = VM_ACCESS_WRITE,
	};
	unsigned int kind = access->kind, side = kind == ACCESS_FETCH ? TRACED_FETCH : TRACED_DATA;
	struct region *region = t->recent[kind].region;
	int result;

	if (!region || addr - region->start >= region->end - region->start) {
		if (!usable(addr)) {
			t->outside++;
			return 0;
		}
		region = find_region(t, addr, kind);
		if (!region) {
			t->refused++;
			return 0;
		}
	}
	result = vm_access(t->process, t->tlb[side], addr, ways[kind]);
	t->recent[kind].page = addr >> PAGE_SHIFT;
	if (result >= 0 && result < TLB_MISS) {
		region->counts.lookups[result]++;
		return 0;
	}
	return note(t, region, access->thread, result);
}

/* The same; most accesses are to the page that the last one of their kind was to, and the TLB has that. */
static inline int touch(struct traced *t, const struct access *access, uint64_t addr)
{
	unsigned int kind = access->kind, side = kind == ACCESS_FETCH ? TRACED_FETCH : TRACED_DATA;
	const struct traced_recent *recent = &t->recent[kind];

	if (addr >> PAGE_SHIFT == recent->page) {
		enum tlb_result result = tlb_access(t->tlb[side], addr);

		if (result != TLB_MISS) {
			recent->region->counts.lookups[result]++;
			t->process->accesses++;
			return 0;
		}
	}
	return touch_page(t, access, addr);
}

int traced_replay(void *ctx, const struct access_block *block, struct kerror *err)
{
	const struct access *access = block->at, *after = access + block->nr;
	struct traced *t = ctx;
	int ret = t->machine ? 0 : boot(t, err);

	if (ret)
		return ret;
	for (; !ret && access < after && t->process->mm; access++) {
		uint64_t addr = access->addr, last = addr + (access->size - 1u);

		if (t->nr == t->next_at)
			traced_apply(t);
		t->nr++;
		if (access->kind == ACCESS_FETCH) {
			t->pc = addr;
			t->pc_thread = access->thread;
		}
		ret = touch(t, access, addr);
		while (!ret && (addr ^ last) >> PAGE_SHIFT && t->process->mm) {
			addr = (addr | (PAGE_SIZE - 1)) + 1;
			ret = touch(t, access, addr);
		}
	}
	t->skipped += (uint64_t)(after - access);
	return ret ? kerror_set(err, ret, "no memory for the process of the trace") : 0;
}

struct tlb_stats traced_tlb_stats(const struct traced *t, enum traced_side side)
{
	struct tlb_stats sum = { 0 };

	if (t->tlb[side])
		tlb_stats_add(&sum, t->tlb[side]);
	return sum;
}
