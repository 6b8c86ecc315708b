/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: files of a process: read back they are the machine's, and their lines are as the host's kernel
 * prints them.
 */
#include "sim/report/kernel/procfs_process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "sim/cmd/cmd.h"
#include "sim/vm/file.h"
#include "sim/vm/load.h"
#include "sim/vm/resident.h"
#include "sim/vm/smaps.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/sim/vm/world.h"
#include "tests/tests.h"

static char *printed(const struct process *process, int (*print)(const struct process *, FILE *), size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(print(process, out), 0);
	fclose(out);
	return text;
}

/* The number behind @label, in the first line from @text on that begins so; UINT64_MAX: there is none. */
static uint64_t kib_of(const char *text, const char *label)
{
	char front[40];
	const char *at;

	snprintf(front, sizeof(front), "\n%s:", label);
	at = strstr(text, front);
	return at ? strtoull(at + strlen(front), NULL, 10) : UINT64_MAX;
}

/* A parent with pages of each kind, shared with a child. */
static struct process *fill(struct world *w)
{
	struct vm_file *file = vm_file_create(w->vm, "data", MIB, true);
	struct process *child = NULL;
	uint64_t buf = world_map(w->a, MIB), map;

	world_touch(w->a, buf, 100, VM_ACCESS_WRITE);
	world_touch(w->a, buf + 100 * PAGE_SIZE, 20, VM_ACCESS_READ);
	CU_ASSERT_EQUAL_FATAL(vm_file_bring_in(file, 0, MIB, false), 0);
	map = (uint64_t)vm_mmap(w->a, 0, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	world_touch(w->a, map, 64, VM_ACCESS_READ);
	world_touch(w->a, map, 3, VM_ACCESS_WRITE);
	map = (uint64_t)vm_mmap(w->a, 0, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	world_touch(w->a, map, 7, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_mlock(w->a, map, 2 * PAGE_SIZE), 0);
	CU_ASSERT_EQUAL_FATAL(vm_fork(w->a, "b", false, &child), 0);
	world_touch(w->a, buf + 4 * PAGE_SIZE, 10, VM_ACCESS_WRITE);
	CU_ASSERT_EQUAL(vm_munmap(w->a, buf + 200 * PAGE_SIZE, 8 * PAGE_SIZE), 0);
	return child;
}

/* smaps, read into another machine's process, gives the same mappings; its figures add up to the machine's. */
static void check_smaps(struct process *process, struct process *fresh)
{
	size_t len;
	char *text = printed(process, procfs_smaps, &len), *at = text, a[80], b[80];
	struct mm *mm = process->mm;
	struct kerror err = { .text = "" };
	uint64_t rss = 0, anon = 0;
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(vm_load_smaps(fresh, text, len, &err), 0);
	CU_ASSERT_EQUAL_FATAL(fresh->mm->nr_vmas, mm->nr_vmas);
	for (i = 0; i < mm->nr_vmas; i++) {
		struct mm_resident in = mm_resident(mm, mm->vmas[i]->start, mm->vmas[i]->end, 0);

		vma_describe(mm->vmas[i], a, sizeof(a));
		vma_describe(fresh->mm->vmas[i], b, sizeof(b));
		CU_ASSERT_STRING_EQUAL(a, b);
		CU_ASSERT_EQUAL(fresh->mm->vmas[i]->flags, mm->vmas[i]->flags);
		at = strstr(at, a);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		CU_ASSERT_EQUAL(kib_of(at, "Size"), vma_pages(mm->vmas[i]) * 4);
		CU_ASSERT_EQUAL(kib_of(at, "Rss"), in.rss >> 10);
		CU_ASSERT_EQUAL(kib_of(at, "Anonymous"), in.anon >> 10);
		CU_ASSERT_EQUAL(kib_of(at, "Shared_Clean") + kib_of(at, "Shared_Dirty") + kib_of(at, "Private_Clean") +
				kib_of(at, "Private_Dirty"), in.rss >> 10);
		rss += kib_of(at, "Rss");
		anon += kib_of(at, "Anonymous");
	}
	CU_ASSERT_EQUAL(rss, mm_rss(mm) * 4);
	CU_ASSERT_EQUAL(anon, (uint64_t)mm->rss[RSS_ANON] * 4);
	free(text);
}

static void test_smaps(void)
{
	struct world w, other;
	struct process *child, *fresh[2];
	struct kerror err = { .text = "" };
	const char *at;
	size_t len;
	char *text;
	int i;

	world_init(&w, 64 * MIB, NULL);
	world_init(&other, 64 * MIB, NULL);
	child = fill(&w);
	for (i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(vm_process_create_bare(other.vm, "fresh", 0, true, &fresh[i], &err), 0);
	check_smaps(w.a, fresh[0]);
	check_smaps(child, fresh[1]);
	/* 90 of the child's pages are the parent's, too; 10 are its own since that wrote. */
	text = printed(child, procfs_smaps, &len);
	at = strstr(text, "\nRss:                 400 kB");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_EQUAL(kib_of(at, "Pss"), 90 * 4 / 2 + 10 * 4);
	CU_ASSERT_EQUAL(kib_of(at, "Shared_Dirty"), 90 * 4);
	CU_ASSERT_EQUAL(kib_of(at, "Private_Dirty"), 10 * 4);
	free(text);
	/* The two pages that are locked, in a mapping of their own; the child has not touched them. */
	text = printed(w.a, procfs_smaps, &len);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nLocked:                8 kB"));
	free(text);
	world_exit(&other);
	world_exit(&w);
}

static void test_status(void)
{
	struct world w;
	const struct mm *mm;
	size_t len;
	char *text;

	world_init(&w, 64 * MIB, NULL);
	fill(&w);
	mm = w.a->mm;
	text = printed(w.a, procfs_status, &len);
	CU_ASSERT_EQUAL(kib_of(text, "VmSize"), mm->total_vm * 4);
	CU_ASSERT_EQUAL(kib_of(text, "VmPeak"), mm->total_vm * 4 + 32);
	CU_ASSERT_EQUAL(kib_of(text, "VmRSS"), mm_rss(mm) * 4);
	CU_ASSERT_EQUAL(kib_of(text, "RssAnon"), 400);
	CU_ASSERT_EQUAL(kib_of(text, "RssFile"), (uint64_t)mm->rss[RSS_FILE] * 4);
	CU_ASSERT_EQUAL(kib_of(text, "RssShmem"), 28);
	CU_ASSERT_EQUAL(kib_of(text, "VmLck"), 8);
	CU_ASSERT_EQUAL(kib_of(text, "VmPTE"), mm_pgtables_bytes(mm) >> 10);
	CU_ASSERT_EQUAL(kib_of(text, "VmExe"), 16);
	CU_ASSERT_EQUAL(kib_of(text, "VmLib"), 0);
	CU_ASSERT_EQUAL(kib_of(text, "VmSwap"), 0);
	free(text);
	world_exit(&w);
}

/* Each page's eight bytes say what its page-table entry says. */
static void test_pagemap(void)
{
	struct world w;
	FILE *file = tmpfile();
	uint64_t addr, entry, shared = 0, own = 0, files = 0, zero = 0;
	struct process *child;
	uint32_t i;

	world_init(&w, 64 * MIB, NULL);
	child = fill(&w);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(procfs_pagemap(child, file), 0);
	for (i = 0; i < child->mm->nr_vmas; i++) {
		for (addr = child->mm->vmas[i]->start; addr < child->mm->vmas[i]->end; addr += PAGE_SIZE) {
			const pte_t *pte = vm_walk(child->mm, addr);

			entry = 0;
			CU_ASSERT_EQUAL(fseeko(file, (off_t)(addr >> PAGE_SHIFT) * 8, SEEK_SET), 0);
			if (fread(&entry, sizeof(entry), 1, file) != 1)
				entry = 0;
			CU_ASSERT_EQUAL(entry >> 63, pte && pte_present(*pte));
			if (!(entry & PAGEMAP_PRESENT))
				continue;
			CU_ASSERT_EQUAL(entry & PAGEMAP_FRAME, pte_pfn(*pte).v);
			if (pte->v & PTE_SPECIAL)
				zero++;
			else if (entry & PAGEMAP_FILE)
				files++;
			else if (entry & PAGEMAP_EXCLUSIVE)
				own++;
			else
				shared++;
		}
	}
	CU_ASSERT_EQUAL(zero, 20);
	CU_ASSERT_EQUAL(shared, 90);
	CU_ASSERT_EQUAL(own, 10);
	CU_ASSERT_EQUAL(files, (uint64_t)(child->mm->rss[RSS_FILE] + child->mm->rss[RSS_SHMEM]));
	fclose(file);
	world_exit(&w);
}

/* ---- against the host -------------------------------------------------------------------- */

/* The line of @text that begins as @line does up to its colon; NULL: none. */
static const char *line_like(const char *text, const char *line)
{
	size_t len = strcspn(line, ":") + 1;

	for (; text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
		if (!strncmp(text, line, len))
			return text;
	return NULL;
}

/* Lines of both have the same length but for what is beyond their columns, and the labels come in the same order. */
static void same_lines(const char *ours, const char *host, unsigned int least)
{
	const char *last = host;
	unsigned int nr = 0;

	for (; *ours; ours = strchr(ours, '\n') + 1) {
		const char *other = line_like(host, ours);
		size_t len = strcspn(ours, "\n");

		if (!other || strncmp(ours + len - 3, " kB", 3))
			continue;
		/* A number that is larger than its column makes a longer line. */
		if (strtoull(other + strcspn(other, ":") + 1, NULL, 10) < 100000000)
			CU_ASSERT_EQUAL(strcspn(other, "\n"), len);
		CU_ASSERT(other >= last);
		last = other;
		nr++;
	}
	CU_ASSERT(nr >= least);
}

/* A file of the host's /proc, which tells no size; NULL: none. */
static char *of_host(const char *path)
{
	FILE *from = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t len = from ? getdelim(&text, &size, '\0', from) : -1;

	if (from)
		fclose(from);
	if (len > 0)
		return text;
	free(text);
	return NULL;
}

static void test_host(void)
{
	struct world w;
	size_t len;
	char *smaps = of_host("/proc/self/smaps"), *status = of_host("/proc/self/status"), *text, *end;
	char *maps = of_host("/proc/self/maps");

	/* A host without these files or with another kernel's can tell nothing. */
	if (!smaps || !status || !maps || !strstr(smaps, "VmFlags:") || !strstr(smaps, "KSM:")) {
		free(smaps);
		free(status);
		free(maps);
		return;
	}
	world_init(&w, 64 * MIB, NULL);
	text = printed(w.a, procfs_smaps, &len);
	/* One mapping of each. */
	end = strstr(text, "VmFlags:");
	strchr(end, '\n')[1] = '\0';
	*strstr(smaps, "VmFlags:") = '\0';
	same_lines(text, smaps, 20);
	free(text);
	text = printed(w.a, procfs_status, &len);
	same_lines(text, status, 15);
	free(text);
	/* The name of a mapping stands in the same column. */
	text = printed(w.a, procfs_maps, &len);
	end = strchr(maps, '/');
	while (end && end > maps && end[-1] != '\n')
		end--;
	if (end)
		CU_ASSERT_EQUAL(strstr(text, "/bin/a") - text, strcspn(end, "/"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " 00:00 0 \n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " [stack]\n"));
	free(text);
	free(smaps);
	free(status);
	free(maps);
	world_exit(&w);
}

/* The command writes them, for a scenario and for a program's accesses. */
static void test_command(void)
{
	static const char scenario[] = "machine memory=64M kernel=6.1\nprocess A\nA mmap buf 64k\nA touch buf write\nA fork B\n"
				       "process C\nC exit\n";
	char *path = strdup(write_file("p.vm", scenario, sizeof(scenario) - 1)), *proc = strdup(in_folder("proc")), *text;
	struct result res = run_cmd(cmd_run, NULL, (const char *const[]){ "--csv", "-", "--procfs", proc, path, NULL });
	size_t len;

	CU_ASSERT_EQUAL(res.status, 0);
	/* The report has the same by the names of mappings. */
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nmappings.0.mapping,mapping,,buf\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nmappings.0.rss_kib,RSS,KiB,64\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nmappings.0.minor,minor faults,,16\n"));
	/* The child touched nothing, and has the same frames. */
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nmappings.1.process,process,,B\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nmappings.1.rss_kib,RSS,KiB,64\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(res.out, "\nmappings.1.minor,minor faults,,0\n"));
	CU_ASSERT_PTR_NULL(strstr(res.out, "\nmappings.2."));
	done(&res);
	text = slurp(in_folder("proc/1/smaps"), &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nTHPeligible:    0\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "KSM:"));
	free(text);
	text = slurp(in_folder("proc/2/status"), &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Name:\tB\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "PPid:\t1\n"));
	free(text);
	CU_ASSERT_PTR_NULL(slurp(in_folder("proc/3/status"), &len));
	text = slurp(in_folder("proc/buddyinfo"), &len);
	CU_ASSERT_PTR_NOT_NULL(text);
	free(text);
	free(proc);
	proc = strdup(in_folder("traced"));
	expect(run_cmd(cmd_run, NULL, (const char *const[]){ "-q", "--procfs", proc, "tests/data/access/touch.lackey", NULL }), 0,
	       "warning");
	text = slurp(in_folder("traced/1/maps"), &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "00401000-00402000 r-xp 00001000 08:01 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " /home/student/touch\n"));
	free(text);
	free(path);
	free(proc);
}

static const struct test_case cases[] = {
	{ "smaps", test_smaps },
	{ "status", test_status },
	{ "pagemap", test_pagemap },
	{ "host", test_host },
	{ "command", test_command },
	{ NULL, NULL }
};

const struct test_suite procfs_process_suite = { "procfs_process", cases };
