/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim verify --layer vm --program: what vm-player is to play. */
#ifndef KMEMSIM_SIM_CMD_VERIFY_VM_H
#define KMEMSIM_SIM_CMD_VERIFY_VM_H

#include <stdint.h>

#include "buddy/rules.h"

struct vm_program_request {
	const char *path;	/* where it goes; NULL: nothing is to be written */
	uint64_t seed;
	uint32_t calls;		/* random ones; 0: a scenario's */
};

/* The exit status. @scenario may be NULL with calls; @kernel may be NR_BUDDY_KERNELS: 6.12. */
int write_vm_program(const char *scenario, const struct vm_program_request *request, enum buddy_kernel kernel);

#endif
