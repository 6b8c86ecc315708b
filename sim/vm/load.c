/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: mappings to text and back; see load.h. */
#include "sim/vm/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/vm/internal.h"
#include "sim/vm/lru/lru.h"
#include "sim/vm/rss.h"

int vma_describe(const struct vma *vma, char *buf, size_t size)
{
	uint64_t offset = vma->file && *vma->file->name != '[' ? vma->pgoff << PAGE_SHIFT : 0;

	return snprintf(buf, size, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64, vma->start, vma->end,
			vma->flags & VM_READ ? 'r' : '-', vma->flags & VM_WRITE ? 'w' : '-',
			vma->flags & VM_EXEC ? 'x' : '-', vma->flags & VM_MAYSHARE ? 's' : 'p', offset);
}

/* ---- reading smaps ---------------------------------------------------------- */

struct flag_name {
	char name[3];
	uint32_t flag;
};

static const struct flag_name flag_names[] = {
	{ "rd", VM_READ }, { "wr", VM_WRITE }, { "ex", VM_EXEC }, { "sh", VM_SHARED }, { "mr", VM_MAYREAD },
	{ "mw", VM_MAYWRITE }, { "me", VM_MAYEXEC }, { "ms", VM_MAYSHARE }, { "gd", VM_GROWSDOWN },
	{ "pf", VM_PFNMAP }, { "lo", VM_LOCKED }, { "io", VM_IO }, { "sr", VM_SEQ_READ }, { "rr", VM_RAND_READ },
	{ "dc", VM_DONTCOPY },
	{ "de", VM_DONTEXPAND }, { "lf", VM_LOCKONFAULT }, { "ac", VM_ACCOUNT }, { "nr", VM_NORESERVE },
	{ "wf", VM_WIPEONFORK }, { "dd", VM_DONTDUMP }, { "hg", VM_HUGEPAGE }, { "nh", VM_NOHUGEPAGE },
};

/* One mapping while its lines are read. */
struct smaps_entry {
	uint64_t start, end, offset;
	bool shared, anonymous, ready;
	char path[48];
	uint32_t flags;
};

static uint32_t parse_flags(const char *text)
{
	uint32_t flags = 0;
	size_t i;

	for (; *text; text += strcspn(text, " ")) {
		text += strspn(text, " ");
		for (i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
			if (!strncmp(text, flag_names[i].name, 2))
				flags |= flag_names[i].flag;
	}
	return flags;
}

/* The file called @path; made where it is new. */
static struct vm_file *file_named(struct vm *vm, const char *path, uint64_t bytes)
{
	uint32_t id;

	for (id = 1; id < vm->nr_files; id++) {
		struct vm_file *file = vm->files[id];

		if (!file || strcmp(file->name, path))
			continue;
		if (file->bytes < bytes)
			file->bytes = bytes;
		return file;
	}
	return vm_file_create(vm, path, bytes, false);
}

static int add_entry(struct process *process, const struct smaps_entry *entry)
{
	struct mm *mm = process->mm;
	struct vma_range range = { entry->start, entry->end, entry->start >> PAGE_SHIFT, entry->flags, NULL, NULL, NULL,
				   { 0, 0 } };
	bool file = *entry->path && strcmp(entry->path, "[stack]") && strcmp(entry->path, "[heap]");
	struct vma *vma;

	if (mm->nr_vmas && mm->vmas[mm->nr_vmas - 1]->end > entry->start)
		return -EINVAL;
	if (file) {
		range.file = file_named(mm->vm, entry->path, entry->offset + entry->end - entry->start);
		if (!range.file)
			return -ENOMEM;
		range.pgoff = entry->offset >> PAGE_SHIFT;
	}
	vma = vma_insert(mm, &range);
	if (!vma || (entry->anonymous && anon_vma_prepare(vma)))
		return -ENOMEM;
	mm_account(mm, vma->flags, (int64_t)vma_pages(vma));
	if (vma->flags & VM_ACCOUNT)
		vm_unacct(mm->vm, -(int64_t)vma_pages(vma));
	if (!strcmp(entry->path, "[vdso]"))
		mm->mmap_base = entry->end;
	return 0;
}

/* A line that begins a mapping; false: it is another one. */
static bool parse_header(const char *line, struct smaps_entry *entry)
{
	char perms[5] = "";
	int path = 0;
	struct smaps_entry new = { 0 };

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &new.start, &new.end, perms, &new.offset,
		   &path) < 4 || !path)
		return false;
	snprintf(new.path, sizeof(new.path), "%s", line + path);
	new.shared = perms[3] == 's';
	new.ready = true;
	*entry = new;
	return true;
}

static int parse_line(struct process *process, const char *line, struct smaps_entry *entry)
{
	unsigned long kib;
	int ret;

	if (parse_header(line, entry))
		return entry->end > entry->start && !((entry->start | entry->end) & (PAGE_SIZE - 1)) ? 0 : -EINVAL;
	if (!entry->ready)
		return -EINVAL;
	if (sscanf(line, "Anonymous: %lu kB", &kib) == 1)
		entry->anonymous = kib > 0;
	if (strncmp(line, "VmFlags:", 8))
		return 0;
	entry->flags = parse_flags(line + 8);
	entry->ready = false;
	/* The page of vsyscall is every process's, and in no list. */
	ret = entry->start < VM_TASK_SIZE ? add_entry(process, entry) : 0;
	return ret;
}

int vm_load_smaps(struct process *process, const char *text, size_t len, struct kerror *err)
{
	const char *at = text, *end = text + len;
	struct smaps_entry entry = { 0 };
	unsigned int number = 1;

	for (; at < end; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		char line[512];
		int ret;

		if (!stop)
			stop = end;
		snprintf(line, sizeof(line), "%.*s", (int)(stop - at), at);
		ret = parse_line(process, line, &entry);
		if (ret == -EINVAL)
			return kerror_set(err, ret, "smaps: line %u is neither a mapping nor a figure of one", number);
		if (ret)
			return kerror_set(err, ret, "smaps: out of memory");
		at = stop + 1;
	}
	return 0;
}

int vm_load_page(struct process *process, uint64_t addr, bool anon)
{
	struct mm *mm = process->mm;
	struct vm *vm = mm->vm;
	struct vma *vma = mm_lookup(mm, addr);
	pte_t *pte = vma ? mm_alloc_entry(mm, addr, PT_PTE) : NULL;
	pfn_t pfn;
	int ret = 0;

	if (!vma || (!anon && !vma->file))
		return -EINVAL;
	if (!pte || (anon && anon_vma_prepare(vma)))
		return -ENOMEM;
	if (pte_present(*pte))
		return 0;
	if (anon) {
		pfn = vm_alloc_anon(vma, addr, true);
	} else {
		pfn = vm_file_cached(vma->file, vma_page_index(vma, addr));
		if (pfn_is_none(pfn))
			ret = vm_file_add(vma->file, vma_page_index(vma, addr), GFP_FILE, &pfn);
	}
	if (ret || pfn_is_none(pfn))
		return -ENOMEM;
	*pte = pte_make(pfn, vma_pte_bits(vma) | (anon && (vma->flags & VM_WRITE) ? PTE_WRITE | PTE_DIRTY : 0));
	vm_frame_map(vm, pfn);
	if (anon)
		lru_add_vma(vma, pfn);
	mm_rss_add_fault(mm, vm_frame_rss(page_from_pfn(vm->map, pfn)), 1);
	return 0;
}
