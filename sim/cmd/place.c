/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: where an output ends up; see place.h. */
#include "sim/cmd/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINKS 40	/* as many as the kernel follows */

/*
 * Links of /proc, such as /dev/stdout's /proc/self/fd/1, lead to an open file,
 * whatever their text says.
 */
static bool is_open_file(const char *path)
{
	struct stat link, proc;

	return !lstat(path, &link) && S_ISLNK(link.st_mode) && !stat("/proc", &proc) &&
	       link.st_dev == proc.st_dev;
}

/* Replace the link @path by what it says, seen from its folder. */
static int follow_link(char *path, const char *text)
{
	const char *slash = strrchr(path, '/');
	int folder = slash && text[0] != '/' ? (int)(slash - path) + 1 : 0;
	char joined[PATH_MAX];

	if ((size_t)snprintf(joined, sizeof(joined), "%.*s%s", folder, path, text) >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(path, joined, sizeof(joined));
	return 0;
}

static int follow_links(struct place *place)
{
	char text[PATH_MAX];
	int i, ret = 0;

	for (i = 0; !ret && i <= MAX_LINKS; i++) {
		ssize_t len;

		if (is_open_file(place->path)) {
			place->direct = true;
			return 0;
		}
		len = readlink(place->path, text, sizeof(text) - 1);
		if (len < 0)
			return errno == EINVAL || errno == ENOENT ? 0 : -errno;
		text[len] = '\0';
		ret = follow_link(place->path, text);
	}
	return ret ? ret : -ELOOP;
}

const char *place_name(const struct place *place)
{
	const char *slash = strrchr(place->path, '/');

	return slash ? slash + 1 : place->path;
}

int open_place_folder(const struct place *place)
{
	char folder[PATH_MAX] = ".";
	size_t len = (size_t)(place_name(place) - place->path);
	int fd;

	if (len) {
		memcpy(folder, place->path, len);
		folder[len] = '\0';
	}
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int find_place(struct place *place, const char *path)
{
	int ret, folder;

	memset(place, 0, sizeof(*place));
	if (!*path)
		return -ENOENT;
	if ((size_t)snprintf(place->path, sizeof(place->path), "%s", path) >= sizeof(place->path))
		return -ENAMETOOLONG;
	ret = follow_links(place);
	if (ret)
		return ret;
	place->exists = !stat(place->path, &place->st);
	if (place->exists) {
		place->direct |= !S_ISREG(place->st.st_mode);
		return S_ISDIR(place->st.st_mode) ? -EISDIR : 0;
	}
	if (errno != ENOENT)
		return -errno;
	if (!*place_name(place))
		return -EISDIR;
	folder = open_place_folder(place);
	if (folder < 0)
		return folder;
	close(folder);
	return 0;
}

bool same_place(const struct place *a, const struct place *b)
{
	struct stat x, y;
	int fa, fb;
	bool same;

	if (a->exists && b->exists)
		return S_ISREG(a->st.st_mode) && a->st.st_dev == b->st.st_dev && a->st.st_ino == b->st.st_ino;
	if (a->exists || b->exists || strcmp(place_name(a), place_name(b)))
		return false;
	fa = open_place_folder(a);
	fb = open_place_folder(b);
	same = fa >= 0 && fb >= 0 && !fstat(fa, &x) && !fstat(fb, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
	if (fa >= 0)
		close(fa);
	if (fb >= 0)
		close(fb);
	return same;
}
