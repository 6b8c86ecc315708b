/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: bytes in memory, and in a temporary file behind that; see spill.h. */
#include "sim/trace/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES	(1u << 20)

struct spill {
	unsigned char **blocks;
	size_t nr_blocks, max_blocks;
	uint64_t bytes;
	int fd;			/* -1: all is in memory */
};

const char *temporary_folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static int file_error(struct kerror *err, int code, const char *doing, const char *what)
{
	return kerror_set(err, -code, "%s the temporary file %s (in $TMPDIR or /tmp): %s", doing, what,
			  strerror(code));
}

int temporary_file(const char *what, struct kerror *err)
{
	char path[4096];
	int fd;

	if (snprintf(path, sizeof(path), "%s/kmemsim-XXXXXX", temporary_folder()) >= (int)sizeof(path))
		return file_error(err, ENAMETOOLONG, "creating", what);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return file_error(err, errno, "creating", what);
	unlink(path);
	return fd;
}

struct spill *spill_create(uint64_t memory_limit)
{
	struct spill *spill = calloc(1, sizeof(*spill));

	if (!spill)
		return NULL;
	spill->fd = -1;
	spill->max_blocks = memory_limit / BLOCK_BYTES;
	spill->blocks = calloc(spill->max_blocks + 1, sizeof(*spill->blocks));
	if (!spill->blocks) {
		free(spill);
		return NULL;
	}
	return spill;
}

void spill_destroy(struct spill *spill)
{
	size_t i;

	if (!spill)
		return;
	for (i = 0; i < spill->nr_blocks; i++)
		free(spill->blocks[i]);
	free(spill->blocks);
	if (spill->fd >= 0)
		close(spill->fd);
	free(spill);
}

/* Bytes that stay in memory, however many there are. */
static uint64_t in_memory(const struct spill *spill)
{
	return (uint64_t)spill->max_blocks * BLOCK_BYTES;
}

/* How many of @len bytes from @offset on lie in the same block. */
static size_t within_block(uint64_t offset, size_t len)
{
	size_t room = BLOCK_BYTES - (size_t)(offset % BLOCK_BYTES);

	return len < room ? len : room;
}

static int append_memory(struct spill *spill, const unsigned char *from, size_t len, struct kerror *err)
{
	while (len) {
		size_t n = within_block(spill->bytes, len), block = (size_t)(spill->bytes / BLOCK_BYTES);

		if (block == spill->nr_blocks) {
			spill->blocks[block] = malloc(BLOCK_BYTES);
			if (!spill->blocks[block])
				return kerror_set(err, -ENOMEM, "no memory to keep the trace");
			spill->nr_blocks++;
		}
		memcpy(spill->blocks[block] + spill->bytes % BLOCK_BYTES, from, n);
		spill->bytes += n;
		from += n;
		len -= n;
	}
	return 0;
}

static int append_file(struct spill *spill, const unsigned char *from, size_t len, struct kerror *err)
{
	if (spill->fd < 0) {
		int fd = temporary_file("of the trace", err);

		if (fd < 0)
			return fd;
		spill->fd = fd;
	}
	while (len) {
		ssize_t done = pwrite(spill->fd, from, len, (off_t)(spill->bytes - in_memory(spill)));

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return file_error(err, done ? errno : ENOSPC, "writing", "of the trace");
		spill->bytes += (uint64_t)done;
		from += done;
		len -= (size_t)done;
	}
	return 0;
}

int spill_append(struct spill *spill, const void *bytes, size_t len, struct kerror *err)
{
	uint64_t room = spill->bytes < in_memory(spill) ? in_memory(spill) - spill->bytes : 0;
	size_t first = len < room ? len : (size_t)room;
	int ret = append_memory(spill, bytes, first, err);

	if (ret || first == len)
		return ret;
	return append_file(spill, (const unsigned char *)bytes + first, len - first, err);
}

static int read_file(const struct spill *spill, uint64_t offset, unsigned char *to, size_t len, struct kerror *err)
{
	while (len) {
		ssize_t got = pread(spill->fd, to, len, (off_t)(offset - in_memory(spill)));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return file_error(err, got ? errno : EIO, "reading", "of the trace");
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

int spill_read(const struct spill *spill, uint64_t offset, void *bytes, size_t len, struct kerror *err)
{
	unsigned char *to = bytes;

	while (len && offset < in_memory(spill)) {
		size_t n = within_block(offset, len);

		memcpy(to, spill->blocks[offset / BLOCK_BYTES] + offset % BLOCK_BYTES, n);
		to += n;
		offset += n;
		len -= n;
	}
	return len ? read_file(spill, offset, to, len, err) : 0;
}

uint64_t spill_bytes(const struct spill *spill)
{
	return spill->bytes;
}

uint64_t spill_file_bytes(const struct spill *spill)
{
	return spill->bytes > in_memory(spill) ? spill->bytes - in_memory(spill) : 0;
}
