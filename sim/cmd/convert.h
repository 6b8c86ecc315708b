/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what convert and merge have in common: all but their names. */
#ifndef KMEMSIM_SIM_CMD_CONVERT_H
#define KMEMSIM_SIM_CMD_CONVERT_H

#include <stddef.h>

struct convert_command {
	const char *name;	/* "kmemsim merge" */
	size_t least;		/* traces that must be given */
	const char *args, *doc;	/* for --help */
};

/* Run it; its exit status. */
int convert_main(const struct convert_command *command, int argc, char **argv);

#endif
