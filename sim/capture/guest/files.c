/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The player's files: real ones in FOLDER, on a disk. Each is opened once, by the director before there are other
 * processes: they share what the kernel keeps with an open file about reading ahead.
 */
#include "actor.h"

#define FOLDER	"/play/files/f"
#define O_RDWR_CREAT_TRUNC	(02 | 0100 | 01000)
#define DONTNEED	4		/* POSIX_FADV_DONTNEED */

/* All of a read() or write() goes through the same few pages, so that it is one call and faults not once. */
static struct { void *base; uint64_t len; } parts[PLAYER_MAX_IO / TEXT];

static uint32_t make_parts(uint64_t bytes)
{
	uint32_t nr = 0;

	for (; bytes && nr < PLAYER_MAX_IO / TEXT; nr++) {
		parts[nr].base = text;
		parts[nr].len = bytes < TEXT ? bytes : TEXT;
		bytes -= parts[nr].len;
	}
	return nr;
}

/* Opened anew, it has no history of reads and writes. */
static int64_t open_as(const char *path, uint64_t number)
{
	int64_t fd = CALL(__NR_open, path, 02, 0), ret;

	if (fd < 0)
		return fd;
	ret = CALL(__NR_dup2, fd, FD_FILES + number, 0);
	CALL(__NR_close, fd, 0, 0);
	return ret < 0 ? ret : 0;
}

static int64_t fill(int64_t fd, uint64_t bytes, bool cached)
{
	uint64_t at;
	int64_t ret;

	for (at = 0; at < bytes; at += TEXT) {
		uint64_t part = bytes - at < TEXT ? bytes - at : TEXT;

		ret = call(__NR_pwrite64, (uint64_t)fd, (uint64_t)text, part, at, 0, 0);
		if (ret != (int64_t)part)
			return ret < 0 ? ret : -28;
	}
	ret = CALL(__NR_fsync, fd, 0, 0);
	return ret || cached ? ret : call(__NR_fadvise64, (uint64_t)fd, 0, 0, DONTNEED, 0, 0);
}

int64_t create_file(const struct player_op *op)
{
	char path[sizeof(FOLDER) + 3] = FOLDER;
	int64_t fd, ret;

	if (op->arg[0] >= PLAYER_MAX_FILES)
		end(1);
	path[sizeof(FOLDER) - 1] = (char)('0' + op->arg[0] / 10);
	path[sizeof(FOLDER)] = (char)('0' + op->arg[0] % 10);
	fd = CALL(__NR_open, path, O_RDWR_CREAT_TRUNC, 0600);
	if (fd < 0)
		return fd;
	ret = fill(fd, op->arg[1], op->arg[2]);
	CALL(__NR_close, fd, 0, 0);
	return ret ? ret : open_as(path, op->arg[0]);
}

int64_t read_or_write(const struct player_op *op)
{
	const uint64_t *a = op->arg;

	return call(op->kind == PLAYER_READ ? __NR_preadv : __NR_pwritev, FD_FILES + a[0], (uint64_t)parts,
		    make_parts(a[2]), a[1], 0, 0);
}
