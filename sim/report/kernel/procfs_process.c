/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: /proc/PID/maps, smaps, status and pagemap, and lru_gen; see procfs_process.h. Single-threaded. */
#include "sim/report/kernel/procfs_process.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim/report/kernel/procfs_rows.h"
#include "sim/vm/file.h"
#include "sim/vm/lru/mglru.h"
#include "sim/vm/smaps.h"

#define VMA_NAME	260	/* bytes of a file's name and a few */
#define NAME_COLUMN	73	/* 25 + 6 * sizeof(void *) - 1, and a blank */

/* ---- maps --------------------------------------------------------------------- */

static const char *vma_name(const struct vma *vma, char buf[VMA_NAME])
{
	const struct mm *mm = vma->mm;

	if (vma->file && vma->file->shmem)
		return "/dev/zero (deleted)";
	if (vma->file) {
		snprintf(buf, VMA_NAME, "%s%s", *vma->file->name == '/' ? "" : "/", vma->file->name);
		return buf;
	}
	if (mm->start_brk != mm->brk && vma->start < mm->brk && vma->end > mm->start_brk)
		return "[heap]";
	/* The stack is the one that grows, and the highest. */
	return (vma->flags & VM_GROWSDOWN) && vma == mm->vmas[mm->nr_vmas - 1] ? "[stack]" : "";
}

static void put_header(FILE *out, const struct vma *vma)
{
	const struct vm_file *file = vma->file;
	char buf[VMA_NAME];
	const char *name = vma_name(vma, buf);
	int width = fprintf(out, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " %s %u ", vma->start, vma->end,
			    vma->flags & VM_READ ? 'r' : '-', vma->flags & VM_WRITE ? 'w' : '-',
			    vma->flags & VM_EXEC ? 'x' : '-', vma->flags & VM_MAYSHARE ? 's' : 'p',
			    file ? vma->pgoff << PAGE_SHIFT : 0, !file ? "00:00" : file->shmem ? "00:01" : "08:01",
			    file ? file->id : 0);

	if (*name)
		fprintf(out, "%*s%s", width < NAME_COLUMN ? NAME_COLUMN - width : 1, "", name);
	fputc('\n', out);
}

int procfs_maps(const struct process *process, FILE *out)
{
	const struct mm *mm = process->mm;
	uint32_t i;

	for (i = 0; i < mm->nr_vmas; i++)
		put_header(out, mm->vmas[i]);
	return procfs_result(out);
}

/* ---- smaps -------------------------------------------------------------------- */

static void put_kib(FILE *out, const char *label, uint64_t bytes)
{
	fprintf(out, "%-16s%8" PRIu64 " kB\n", label, bytes >> 10);
}

static void put_flags(FILE *out, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *text;
	} names[] = {
		{ VM_READ, "rd" }, { VM_WRITE, "wr" }, { VM_EXEC, "ex" }, { VM_SHARED, "sh" }, { VM_MAYREAD, "mr" },
		{ VM_MAYWRITE, "mw" }, { VM_MAYEXEC, "me" }, { VM_MAYSHARE, "ms" }, { VM_GROWSDOWN, "gd" },
		{ VM_LOCKED, "lo" }, { VM_IO, "io" }, { VM_SEQ_READ, "sr" }, { VM_RAND_READ, "rr" }, { VM_DONTCOPY, "dc" },
		{ VM_DONTEXPAND, "de" }, { VM_LOCKONFAULT, "lf" }, { VM_ACCOUNT, "ac" }, { VM_NORESERVE, "nr" },
		{ VM_WIPEONFORK, "wf" }, { VM_DONTDUMP, "dd" }, { VM_HUGEPAGE, "hg" }, { VM_NOHUGEPAGE, "nh" },
	};
	size_t i;

	fputs("VmFlags: ", out);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag)
			fprintf(out, "%s ", names[i].text);
	fputc('\n', out);
}

static void put_smap(FILE *out, struct vma *vma)
{
	const struct vm_rules *rules = vma->mm->vm->rules;
	const struct vma_smaps smaps = vma_smaps(vma);
	const struct {
		const char *label;
		uint64_t bytes;
		bool missing;
	} rows[] = {
		{ "Size:", vma->end - vma->start, false }, { "KernelPageSize:", PAGE_SIZE, false },
		{ "MMUPageSize:", PAGE_SIZE, false }, { "Rss:", smaps.rss, false }, { "Pss:", smaps.pss, false },
		{ "Pss_Dirty:", smaps.pss_dirty, false }, { "Shared_Clean:", smaps.shared_clean, false },
		{ "Shared_Dirty:", smaps.shared_dirty, false }, { "Private_Clean:", smaps.private_clean, false },
		{ "Private_Dirty:", smaps.private_dirty, false }, { "Referenced:", smaps.referenced, false },
		{ "Anonymous:", smaps.anonymous, false }, { "KSM:", 0, !rules->smaps_ksm },
		{ "LazyFree:", smaps.lazyfree, false }, { "AnonHugePages:", smaps.huge, false },
		{ "ShmemPmdMapped:", 0, false }, { "FilePmdMapped:", 0, false }, { "Shared_Hugetlb:", 0, false },
		/* Its label has 17 bytes, and its number 7. */
		{ NULL, 0, false }, { "Swap:", smaps.swap, false }, { "SwapPss:", smaps.swap_pss, false },
		{ "Locked:", smaps.pss_locked, false },
	};
	size_t i;

	put_header(out, vma);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].label)
			fprintf(out, "Private_Hugetlb: %7d kB\n", 0);
		else if (!rows[i].missing)
			put_kib(out, rows[i].label, rows[i].bytes);
	}
	fprintf(out, "THPeligible:    %*d\n", rules->smaps_wide_eligible ? 8 : 1, vma_thp_eligible(vma));
	put_flags(out, vma->flags);
}

int procfs_smaps(const struct process *process, FILE *out)
{
	const struct mm *mm = process->mm;
	uint32_t i;

	for (i = 0; i < mm->nr_vmas; i++)
		put_smap(out, mm->vmas[i]);
	return procfs_result(out);
}

/* ---- status ------------------------------------------------------------------------ */

/* Of what can be run the program's own part is the lowest mapping. */
static uint64_t text_pages(const struct mm *mm)
{
	uint32_t i;

	for (i = 0; i < mm->nr_vmas; i++)
		if (mm->vmas[i]->flags & VM_EXEC)
			return vma_pages(mm->vmas[i]) < mm->exec_vm ? vma_pages(mm->vmas[i]) : mm->exec_vm;
	return 0;
}

int procfs_status(const struct process *process, FILE *out)
{
	const struct mm *mm = process->mm;
	uint64_t rss = mm_rss(mm), text = text_pages(mm);
	const struct {
		const char *label;
		uint64_t pages;
	} rows[] = {
		{ "VmPeak", mm->hiwater_vm > mm->total_vm ? mm->hiwater_vm : mm->total_vm }, { "VmSize", mm->total_vm },
		{ "VmLck", mm->locked_vm }, { "VmPin", 0 }, { "VmHWM", mm->hiwater_rss > rss ? mm->hiwater_rss : rss },
		{ "VmRSS", rss }, { "RssAnon", (uint64_t)mm->rss[RSS_ANON] }, { "RssFile", (uint64_t)mm->rss[RSS_FILE] },
		{ "RssShmem", (uint64_t)mm->rss[RSS_SHMEM] }, { "VmData", mm->data_vm }, { "VmStk", mm->stack_vm },
		{ "VmExe", text }, { "VmLib", mm->exec_vm - text }, { "VmPTE", mm_pgtables_bytes(mm) >> PAGE_SHIFT },
		{ "VmSwap", (uint64_t)mm->rss[RSS_SWAP] }, { "HugetlbPages", 0 },
	};
	size_t i;

	fprintf(out, "Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\n", process->comm, process->pid,
		process->pid, process->parent ? process->parent->pid : 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(out, "%s:\t%8" PRIu64 " kB\n", rows[i].label, rows[i].pages << (PAGE_SHIFT - 10));
	fputs("Threads:\t1\n", out);
	return procfs_result(out);
}

/* ---- pagemap ------------------------------------------------------------------------- */

static int put_entry(void *ctx, uint64_t addr, uint64_t entry)
{
	FILE *out = ctx;

	if (fseeko(out, (off_t)(addr >> PAGE_SHIFT) * 8, SEEK_SET))
		return -errno;
	return fwrite(&entry, sizeof(entry), 1, out) == 1 ? 0 : -EIO;
}

int procfs_pagemap(const struct process *process, FILE *out)
{
	const struct mm *mm = process->mm;
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < mm->nr_vmas; i++)
		ret = vma_pagemap(mm->vmas[i], put_entry, out);
	return ret ? ret : procfs_result(out);
}

int procfs_lru_gen(const struct vm *vm, FILE *out)
{
	struct lru_gen_row rows[MAX_NR_GENS];
	unsigned int nid, nr, i;

	for (nid = 0; nid < vm->lru->nr_nodes; nid++) {
		nr = lru_gen_rows(vm, nid, rows);
		if (nr && !nid)
			fprintf(out, "memcg %5u %s\n", 1, "/");
		if (nr)
			fprintf(out, " node %5u\n", nid);
		for (i = 0; i < nr; i++)
			fprintf(out, " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  %10" PRIu64 " \n", rows[i].seq, rows[i].age_ms,
				rows[i].pages[LRU_GEN_ANON], rows[i].pages[LRU_GEN_FILE]);
	}
	return procfs_result(out);
}
