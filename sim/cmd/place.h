/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: where an output ends up, its symbolic links followed. */
#ifndef KMEMSIM_SIM_CMD_PLACE_H
#define KMEMSIM_SIM_CMD_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct place {
	char path[PATH_MAX];	/* no symbolic link; a file that may not exist yet */
	bool exists;
	bool direct;		/* a pipe, a device, an open descriptor: there is nothing to replace */
	struct stat st;		/* where it exists */
};

/*
 * Find what @path names. 0 also where nothing has that name yet; -errno where
 * nothing can be written there: a folder, no such folder, too many links, too
 * long a name.
 */
int find_place(struct place *place, const char *path);
/* The name within its folder: a part of place->path. */
const char *place_name(const struct place *place);
/* The folder of it, opened to find names in; -errno. */
int open_place_folder(const struct place *place);
/* Whether both are one file, or will be. */
bool same_place(const struct place *a, const struct place *b);

#endif
