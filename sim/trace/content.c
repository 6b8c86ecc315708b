/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the whole content of a source; see content.h. Single-threaded. */
#include "sim/trace/content.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/trace/spill.h"

#define PIECE_BYTES	(1u << 20)

static int file_error(struct kerror *err, int code, const char *doing)
{
	return kerror_set(err, -code, "%s the temporary file for the unpacked trace (in $TMPDIR or /tmp): %s", doing,
			  strerror(code));
}

static int write_all(int fd, const unsigned char *from, size_t len, struct kerror *err)
{
	while (len) {
		ssize_t done = write(fd, from, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return file_error(err, done ? errno : ENOSPC, "writing");
		from += done;
		len -= (size_t)done;
	}
	return 0;
}

/* Map @len bytes of @fd. */
static int map_file(struct content *content, int fd, uint64_t offset, uint64_t len, struct kerror *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skip = offset % page;

	if (!len)
		return 0;
	content->map_len = len + skip;
	content->map = mmap(NULL, content->map_len, PROT_READ, MAP_PRIVATE, fd, (off_t)(offset - skip));
	if (content->map == MAP_FAILED) {
		content->map = NULL;
		return kerror_set(err, -errno, "mapping the trace: %s", strerror(errno));
	}
	/* Read once, from the front to the end: a hint, so it may fail. */
	madvise(content->map, content->map_len, MADV_SEQUENTIAL);
	content->data = (const unsigned char *)content->map + skip;
	content->len = len;
	return 0;
}

/* The first bytes, up to CONTENT_MEMORY_BYTES; more follow where that is how many it has. */
static int read_memory(struct content *content, struct source *src, const void *head, size_t head_len,
		       struct kerror *err)
{
	size_t size = head_len + PIECE_BYTES;
	unsigned char *buf = malloc(size);

	if (!buf)
		return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(src));
	if (head_len)
		memcpy(buf, head, head_len);
	content->map = buf;
	content->data = buf;
	content->len = head_len;
	while (content->len < CONTENT_MEMORY_BYTES) {
		int64_t got;

		if (size - content->len < PIECE_BYTES) {
			size *= 2;
			buf = realloc(content->map, size);
			if (!buf)
				return kerror_set(err, -ENOMEM, "no memory to read %.100s", source_name(src));
			content->map = buf;
			content->data = buf;
		}
		got = source_read(src, buf + content->len, PIECE_BYTES, &content->error);
		if (got <= 0)
			return 0;
		content->len += (uint64_t)got;
	}
	return 0;
}

/* Write on what does not fit in memory, and map that. */
static int read_file(struct content *content, struct source *src, struct kerror *err)
{
	uint64_t len = content->len;
	int fd = temporary_file("for the unpacked trace", err), ret;
	unsigned char *buf = content->map;
	int64_t got = 0;

	if (fd < 0)
		return fd;
	ret = write_all(fd, buf, len, err);
	while (!ret && (got = source_read(src, buf, PIECE_BYTES, &content->error)) > 0) {
		ret = write_all(fd, buf, (size_t)got, err);
		len += (uint64_t)got;
	}
	free(buf);
	content->map = NULL;
	content->data = NULL;
	content->len = 0;
	content->spilled = len;
	if (!ret)
		ret = map_file(content, fd, 0, len, err);
	close(fd);
	return ret;
}

int content_open(struct content *content, struct source *src, const void *head, size_t head_len, struct kerror *err)
{
	uint64_t offset, len;
	int fd, ret;

	*content = (struct content){ .data = NULL };
	fd = source_plain_file(src, head_len, &offset, &len);
	if (fd >= 0)
		return map_file(content, fd, offset, len, err);
	ret = read_memory(content, src, head, head_len, err);
	if (!ret && !content->error.code && content->len >= CONTENT_MEMORY_BYTES)
		ret = read_file(content, src, err);
	return ret;
}

void content_close(struct content *content)
{
	if (content->map_len)
		munmap(content->map, content->map_len);
	else
		free(content->map);
	*content = (struct content){ .data = NULL };
}
