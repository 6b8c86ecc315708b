/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run --procfs: files of processes, and of a scenario's machine; see procfs_processes.h. */
#include "sim/cmd/procfs_processes.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/cmd/output.h"
#include "sim/cmd/procfs_files.h"
#include "sim/report/kernel/procfs_process.h"
#include "sim/vm/lru/lru.h"

static int make_folder(const char *path, struct kerror *err)
{
	return !mkdir(path, 0777) || errno == EEXIST ? 0 : kerror_set(err, -errno, "%.200s: %s", path, strerror(errno));
}

static int name_in(char path[PATH_MAX], const char *folder, const char *name, struct kerror *err)
{
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return 0;
	return kerror_set(err, -ENAMETOOLONG, "%.200s: the name is too long", folder);
}

/* What was written to @out, with the result @ret, gets its name, or not. */
static int end_file(struct output *out, int ret, struct kerror *err)
{
	if (!ret)
		return close_output(out, err);
	kerror_set(err, ret, "%.180s: could not be written: %s", out->path, strerror(-ret));
	drop_output(out);
	return ret;
}

static const struct {
	const char *name;
	int (*print)(const struct process *process, FILE *out);
} files[PROCFS_PROCESS_FILES] = {
	{ "maps", procfs_maps }, { "smaps", procfs_smaps }, { "status", procfs_status }, { "pagemap", procfs_pagemap },
};

/* What is written into @own, a process's folder, among the rest. */
static int check_process(const char *own, const char *const *reads, size_t nr_reads, struct wanted_output *writes,
			 size_t nr_writes, struct kerror *err)
{
	char paths[PROCFS_PROCESS_FILES][PATH_MAX];
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < PROCFS_PROCESS_FILES; i++) {
		ret = name_in(paths[i], own, files[i].name, err);
		writes[nr_writes + i] = (struct wanted_output){ "procfs", paths[i] };
	}
	return ret ? ret : check_outputs(reads, nr_reads, writes, nr_writes + PROCFS_PROCESS_FILES, err);
}

int procfs_check_processes(const char *folder, const char *const *reads, size_t nr_reads, struct wanted_output *writes,
			   size_t nr_writes, struct kerror *err)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char path[PATH_MAX];
	int ret;

	ret = name_in(path, folder, "lru_gen", err);
	writes[nr_writes] = (struct wanted_output){ "procfs", path };
	if (!ret)
		ret = check_outputs(reads, nr_reads, writes, nr_writes + 1, err);
	while (!ret && dir && (entry = readdir(dir))) {
		if (entry->d_name[strspn(entry->d_name, "0123456789")])
			continue;
		ret = name_in(path, folder, entry->d_name, err);
		if (!ret)
			ret = check_process(path, reads, nr_reads, writes, nr_writes, err);
	}
	if (dir)
		closedir(dir);
	return ret;
}

static int write_process(const char *folder, const struct process *process, struct kerror *err)
{
	char own[PATH_MAX], path[PATH_MAX], pid[16];
	struct output out = { 0 };
	size_t i;
	int ret;

	snprintf(pid, sizeof(pid), "%d", process->pid);
	ret = name_in(own, folder, pid, err);
	if (!ret)
		ret = make_folder(own, err);
	for (i = 0; !ret && i < PROCFS_PROCESS_FILES; i++) {
		ret = name_in(path, own, files[i].name, err);
		if (!ret)
			ret = open_output(&out, path, err);
		if (!ret)
			ret = end_file(&out, files[i].print(process, out.file), err);
	}
	return ret;
}

int procfs_write_processes(const char *folder, const struct vm *vm, struct kerror *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < vm->nr_processes; i++)
		if (vm->processes[i]->mm)
			ret = write_process(folder, vm->processes[i], err);
	return ret;
}

static int write_generations(const char *folder, const struct vm *vm, struct kerror *err)
{
	struct output out = { 0 };
	char path[PATH_MAX];
	int ret = name_in(path, folder, "lru_gen", err);

	if (!ret)
		ret = open_output(&out, path, err);
	return ret ? ret : end_file(&out, procfs_lru_gen(vm, out.file), err);
}

int procfs_write_all(const char *folder, const struct machine *m, const struct vm *vm, struct kerror *err)
{
	int ret = make_folder(folder, err);
	struct output out = { 0 };
	char path[PATH_MAX];
	unsigned int i;

	for (i = 0; !ret && i < NR_PROCFS_FILES; i++) {
		ret = name_in(path, folder, procfs_files[i].name, err);
		if (!ret)
			ret = open_output(&out, path, err);
		if (!ret)
			ret = end_file(&out, procfs_files[i].print(m, vm, out.file), err);
	}
	if (!ret && vm->lru->gen_enabled)
		ret = write_generations(folder, vm, err);
	return ret ? ret : procfs_write_processes(folder, vm, err);
}
