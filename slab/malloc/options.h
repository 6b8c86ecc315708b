/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: KMEMSIM_OPTIONS, what a user may ask of the library without touching
 * the program: settings name=value divided by blanks or commas... see options.c.
 *
 * Locking: read once, before the heap exists; constant afterwards.
 */
#ifndef KMEMSIM_SLAB_MALLOC_OPTIONS_H
#define KMEMSIM_SLAB_MALLOC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct kms_options {
	char debug[256];	/* as --slab-debug takes it; "" none */
	char report[256];	/* file for the report, %p the process; "" none */
	uint64_t arena;		/* bytes of address space for frames; 0: by the host's memory */
	bool give_back;		/* free memory goes back to the host */
	bool leaks;		/* look for leaks at exit */
	bool stop;		/* abort at the first complaint */
};

/* Read the environment into @options; what is wrong is said on standard error and left out. */
void kms_read_options(struct kms_options *options) __attribute__((visibility("hidden")));

#endif
