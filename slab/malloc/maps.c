/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what the host has mapped for this process, read from /proc/self/maps
 * without memory of anybody's.
 *
 * Locking: none needed; the host may change the list while it is read.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "slab/malloc/watch.h"

static bool parse_line(const char *line, struct kms_mapping *m)
{
	char access[5];
	int path = 0;

	if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %n", &m->start, &m->end, access, &m->offset,
		   &path) < 4)
		return false;
	m->path = line + path;
	m->writable = access[0] == 'r' && access[1] == 'w';
	return true;
}

void kms_for_each_mapping(bool (*fn)(void *ctx, const struct kms_mapping *m), void *ctx)
{
	char buf[4608];	/* a line with the longest path; a thread may have but 16 KiB of call stack */
	size_t filled = 0;
	struct kms_mapping m;
	ssize_t got;
	int fd = kms_open("/proc/self/maps", O_RDONLY, 0);
	bool more = fd >= 0;

	while (more && (got = kms_read(fd, buf + filled, sizeof(buf) - 1 - filled)) > 0) {
		char *line = buf, *end;

		filled += (size_t)got;
		buf[filled] = '\0';
		while (more && (end = strchr(line, '\n'))) {
			*end = '\0';
			more = !parse_line(line, &m) || fn(ctx, &m);
			line = end + 1;
		}
		filled -= (size_t)(line - buf);
		memmove(buf, line, filled);
	}
	if (fd >= 0)
		kms_close(fd);
}
