/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a trace in CTF without some of its files; see folder.h. */
#include "sim/trace/ctf/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/trace/spill.h"

static int fail(struct kerror *err, const char *path)
{
	int code = errno;

	return kerror_set(err, -code, "no folder of links to the others can be made (%.60s): %s", path, strerror(code));
}

static bool link_all(const char *path, const char *from, DIR *dir)
{
	char to[CTF_FOLDER_BYTES + NAME_MAX + 2], target[PATH_MAX + NAME_MAX + 2];
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(to, sizeof(to), "%s/%s", path, entry->d_name);
		snprintf(target, sizeof(target), "%s/%s", from, entry->d_name);
		if (symlink(target, to))
			return false;
	}
	return true;
}

int ctf_folder_make(char path[CTF_FOLDER_BYTES], const char *from, struct kerror *err)
{
	char *whole = realpath(from, NULL);
	DIR *dir = whole ? opendir(whole) : NULL;
	int ret = 0;

	path[0] = '\0';
	if (!dir) {
		ret = fail(err, from);
	} else if (snprintf(path, CTF_FOLDER_BYTES, "%s/kmemsim-XXXXXX", temporary_folder()) >= (int)CTF_FOLDER_BYTES) {
		path[0] = '\0';
		errno = ENAMETOOLONG;
		ret = fail(err, temporary_folder());
	} else if (!mkdtemp(path)) {
		ret = fail(err, path);
		path[0] = '\0';
	} else if (!link_all(path, whole, dir)) {
		ret = fail(err, path);
	}
	if (dir)
		closedir(dir);
	free(whole);
	return ret;
}

int ctf_folder_leave_out(const char *path, const char *name, struct kerror *err)
{
	char file[CTF_FOLDER_BYTES + NAME_MAX + 2];

	snprintf(file, sizeof(file), "%s/%s", path, name);
	return unlink(file) ? fail(err, file) : 0;
}

/* Without readdir(), which allocates: that is nothing for a signal's handler. */
static void remove_links(int dir)
{
	alignas(struct dirent64) char entries[2048];
	ssize_t len, at;
	char byte;

	while ((len = getdents64(dir, entries, sizeof(entries))) > 0) {
		const struct dirent64 *entry;

		for (at = 0; at < len; at += entry->d_reclen) {
			entry = (const struct dirent64 *)(entries + at);
			if (readlinkat(dir, entry->d_name, &byte, 1) > 0)
				unlinkat(dir, entry->d_name, 0);
		}
	}
}

void ctf_folder_remove(char path[CTF_FOLDER_BYTES])
{
	int dir;

	path[CTF_FOLDER_BYTES - 1] = '\0';
	dir = path[0] ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir >= 0) {
		remove_links(dir);
		close(dir);
	}
	if (path[0])
		rmdir(path);
	path[0] = '\0';
}
