/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim run --procfs: the files it writes. */
#ifndef KMEMSIM_SIM_CMD_PROCFS_FILES_H
#define KMEMSIM_SIM_CMD_PROCFS_FILES_H

#include <stdio.h>

#include "sim/machine/machine.h"

struct vm;

struct procfs_file {
	const char *name;
	/* 0 or -errno; @vm NULL: the machine has no processes. */
	int (*print)(const struct machine *m, const struct vm *vm, FILE *out);
};

#define NR_PROCFS_FILES 7
extern const struct procfs_file procfs_files[NR_PROCFS_FILES];

#endif
