/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: files, by bare system calls. libc's open() and its like may be a
 * program's or another library's hooks, which use malloc or wait for a thread that
 * does, while we hold a lock; and they are where a thread may be cancelled, which
 * must not happen inside malloc().
 *
 * Locking: none.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "slab/malloc/internal.h"

int kms_open(const char *path, int flags, mode_t mode)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

ssize_t kms_read(int fd, void *bytes, size_t size)
{
	long got;

	do
		got = syscall(SYS_read, fd, bytes, size);
	while (got < 0 && errno == EINTR);
	return got;
}

bool kms_write(int fd, const char *text, size_t bytes)
{
	while (bytes) {
		long written = syscall(SYS_write, fd, text, bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		bytes -= (size_t)written;
	}
	return true;
}

void kms_close(int fd)
{
	syscall(SYS_close, fd);
}
