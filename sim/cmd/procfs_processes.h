/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run --procfs: a folder for each process that has not ended, named by its PID. */
#ifndef KMEMSIM_SIM_CMD_PROCFS_PROCESSES_H
#define KMEMSIM_SIM_CMD_PROCFS_PROCESSES_H

#include "sim/cmd/output.h"
#include "sim/machine/machine.h"
#include "sim/vm/vm.h"

/*
 * check_outputs() of @writes, of which there are @nr_writes, with these files added: those of any process whose folder is there,
 * and lru_gen. Which processes there will be is not known before the run.
 */
int procfs_check_processes(const char *folder, const char *const *reads, size_t nr_reads, struct wanted_output *writes,
			   size_t nr_writes, struct kerror *err);
#define PROCFS_PROCESS_FILES 4	/* so much room is needed behind @writes */

/* Into @folder, which is there: maps, smaps, status and pagemap of each. Errors: those of mkdir() and of open_output(). */
int procfs_write_processes(const char *folder, const struct vm *vm, struct kerror *err);
/* The same, and the files of procfs_files.h; @folder is made where it is missing. */
int procfs_write_all(const char *folder, const struct machine *m, const struct vm *vm, struct kerror *err);

#endif
