/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: byte sources. A raw layer (file, memory, callback) and, where the
 * bytes begin as packed ones do, a layer above it that unpacks them.
 *
 * States: good -> ended, or good -> failed. Both last ones stick: reading on
 * gives the same answer again, so a caller may see an error twice but never
 * bytes behind it.
 * source_rewind() begins once more: a file is read again, what came through a pipe
 * comes out of kept.h.
 * Locking: none, single-threaded.
 *
 * zstd forgets what one call had already written when that call ends with an
 * error. So each call gets at most one block and never the next block's
 * header with it: whatever lies before the damage reaches the caller.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "sim/trace/gunzip.h"
#include "sim/trace/kept.h"
#include "sim/trace/reader.h"

/* For zstd. 109 MB of text, 3 MB packed, by 8, 32, 128, 512 KiB: 649, 178, 61, 31 calls of read(), time the same. */
#define SOURCE_IN_BYTES		(128u << 10)
#define ZSTD_BLOCK_HEADER	3
#define ZSTD_FRAME_START	5
#define STOP_POLL_MS		200	/* a signal that comes just before a wait is noticed so late */
#define SOURCE_UNPACK_FREE	(256ull << 20)
#define SOURCE_UNPACK_RATIO	1000u
#define NAME_SHOWN		100	/* bytes of a file's name in a message */

struct source {
	char *name;
	/* raw layer */
	int fd;				/* -1: memory or callback */
	bool close_fd;
	bool directory;			/* fd is the metadata file in it */
	const volatile sig_atomic_t *stop;	/* NULL, or reading ends once it is not 0 */
	const unsigned char *mem;
	size_t mem_len, mem_read;
	source_read_fn fn;
	void *fn_ctx;
	uint64_t consumed, total;
	bool seekable;			/* fd can be read again from base on */
	off_t base;
	struct kept *kept;		/* what came so far; NULL: it is not kept */
	bool again;			/* bytes come out of it */
	bool ours;			/* and were packed there: no bound on what becomes of them */
	/* bytes read ahead: the magic, or zstd's input */
	unsigned char *in;
	size_t in_pos, in_len;
	/* zstd */
	ZSTD_DStream *zstd;		/* NULL: plain */
	unsigned char *out;
	size_t out_pos, out_len, out_size;
	size_t hint;			/* bytes zstd wants next; 0: between frames */
	/* what other programs packed */
	struct packed *packed;		/* NULL: nobody */
	struct gunzip *gunzip;		/* in its place for gzip */
	const char *packer;
	uint64_t unpacked;		/* bytes that came out of either */
	struct kerror error;		/* code != 0: failed for good */
};

static int source_fail(struct source *src, struct kerror *err, int code, const char *what)
{
	kerror_set(&src->error, code, "%.*s: %s", NAME_SHOWN, src->name, what);
	if (err)
		*err = src->error;
	return code;
}

/*
 * Wait for bytes, or for a reason to give up: false. A signal ends poll() whatever
 * its handler's flags are, and read() does not, where writing is to go on.
 */
static bool wait_for_bytes(const struct source *src)
{
	struct pollfd fd = { .fd = src->fd, .events = POLLIN };

	if (!src->stop)
		return true;
	while (!*src->stop) {
		int ready = poll(&fd, 1, STOP_POLL_MS);

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return !*src->stop;
	}
	return false;
}

static int64_t read_again(struct source *src, void *buf, size_t size, struct kerror *err)
{
	struct kerror why = { 0 };
	int64_t got;

	if (source_stopped(src))
		return source_fail(src, err, -EINTR, "interrupted");
	got = kept_read(src->kept, buf, size, &why);
	return got < 0 ? source_fail(src, err, (int)got, why.text) : got;
}

/* The next bytes as they come. */
static int64_t read_input(struct source *src, void *buf, size_t size, struct kerror *err)
{
	int64_t got;

	if (src->fn) {
		got = src->fn(src->fn_ctx, buf, size);
		if (got < 0)
			return source_fail(src, err, (int)got, strerror((int)-got));
	} else if (src->fd < 0) {
		size_t left = src->mem_len - src->mem_read;

		got = size < left ? size : left;
		memcpy(buf, src->mem + src->mem_read, got);
		src->mem_read += got;
	} else {
		do {
			if (!wait_for_bytes(src))
				return source_fail(src, err, -EINTR, "interrupted");
			got = read(src->fd, buf, size);
		} while (got < 0 && errno == EINTR);
		if (got < 0)
			return source_fail(src, err, -errno, strerror(errno));
	}
	return got;
}

static int64_t raw_read(struct source *src, void *buf, size_t size, struct kerror *err)
{
	int64_t got = src->again ? read_again(src, buf, size, err) : read_input(src, buf, size, err);
	struct kerror why = { 0 };
	int ret;

	if (got < 0)
		return got;
	ret = src->kept && !src->again && got ? kept_append(src->kept, buf, (size_t)got, &why) : 0;
	if (ret)
		return source_fail(src, err, ret, why.text);
	src->consumed += got;
	return got;
}

static bool zstd_magic(const unsigned char *p, size_t len)
{
	uint32_t magic;

	if (len < 4)
		return false;
	magic = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
	return magic == ZSTD_MAGICNUMBER ||
	       (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static int source_start_zstd(struct source *src, struct kerror *err)
{
	src->zstd = ZSTD_createDStream();
	src->out_size = ZSTD_DStreamOutSize();
	src->out = malloc(src->out_size);
	if (!src->zstd || !src->out)
		return kerror_set(err, -ENOMEM, "no memory to decompress %.*s", NAME_SHOWN,
				  src->name);
	ZSTD_initDStream(src->zstd);
	return 0;
}

/* What was read ahead first, then the rest of the file. */
static int64_t fill_packed(void *ctx, const void **bytes)
{
	struct source *src = ctx;
	size_t ahead = src->in_len - src->in_pos;
	int64_t got;

	*bytes = src->in + src->in_pos;
	src->in_pos = src->in_len = 0;
	if (ahead)
		return (int64_t)ahead;
	*bytes = src->in;
	got = raw_read(src, src->in, SOURCE_IN_BYTES, NULL);
	return got;
}

static int source_start_packed(struct source *src, struct kerror *err)
{
	if (!strcmp(src->packer, "gzip")) {
		src->gunzip = gunzip_open(fill_packed, src);
		return src->gunzip ? 0 : kerror_set(err, -ENOMEM, "no memory to unpack %.*s", NAME_SHOWN, src->name);
	}
	if (!packed_supported())
		return kerror_set(err, -ENOTSUP, "%.*s: this is packed with %s, and this build cannot unpack it: install "
				  "libarchive-dev and pkg-config, and build it again", NAME_SHOWN, src->name, src->packer);
	src->packed = packed_open(fill_packed, src);
	return src->packed ? 0 : kerror_set(err, -ENOMEM, "no memory to unpack %.*s", NAME_SHOWN, src->name);
}

/* Look at the first bytes, and unpack if they are packed. */
static int source_begin(struct source *src, struct kerror *err)
{
	while (src->in_len < PACKED_MAGIC_BYTES) {
		int64_t got = raw_read(src, src->in + src->in_len, PACKED_MAGIC_BYTES - src->in_len, err);

		if (got < 0)
			return (int)got;
		if (!got)
			break;
		src->in_len += got;
	}
	src->packer = packed_by(src->in, src->in_len);
	if (zstd_magic(src->in, src->in_len))
		return source_start_zstd(src, err);
	return src->packer ? source_start_packed(src, err) : 0;
}

static int source_start(struct source **out, struct source *src, const char *name,
			struct kerror *err)
{
	int ret;

	src->name = strdup(name);
	src->in = malloc(SOURCE_IN_BYTES);
	if (src->name && src->in)
		ret = source_begin(src, err);
	else
		ret = kerror_set(err, -ENOMEM, "no memory to read %.*s", NAME_SHOWN, name);
	if (ret)
		source_close(src);
	else
		*out = src;
	return ret;
}

static struct source *source_alloc(struct kerror *err)
{
	struct source *src = calloc(1, sizeof(*src));

	if (!src)
		kerror_set(err, -ENOMEM, "no memory for a trace source");
	else
		src->fd = -1;
	return src;
}

const char *source_path_name(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

int source_open(struct source **out, const char *path, struct kerror *err)
{
	return source_open_until(out, path, NULL, err);
}

/*
 * A named pipe's open() waits for the other end, and a signal's handler may have it
 * begin anew: whoever has a @stop does not wait here, but for the bytes.
 */
static int open_path(const char *path, bool wait)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | (wait ? 0 : O_NONBLOCK));
	int flags = fd < 0 || wait ? -1 : fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	return fd;
}

/*
 * A trace in CTF is a directory: its bytes are those of its metadata, by which it is
 * recognised, and its reader opens the rest. -EISDIR: there is no such file.
 */
static int enter_directory(struct source *src, struct stat *st)
{
	int fd = openat(src->fd, "metadata", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? -EISDIR : -errno;
	close(src->fd);
	src->fd = fd;
	src->directory = true;
	if (fstat(fd, st))
		return -errno;
	return S_ISREG(st->st_mode) ? 0 : -EISDIR;
}

int source_open_until(struct source **out, const char *path, const volatile sig_atomic_t *stop,
		      struct kerror *err)
{
	bool is_stdin = !strcmp(path, "-");
	const char *name = source_path_name(path);
	struct source *src = source_alloc(err);
	struct stat st;
	int code;

	if (!src)
		return -ENOMEM;
	src->fd = is_stdin ? STDIN_FILENO : open_path(path, !stop);
	src->close_fd = !is_stdin;
	src->stop = stop;
	if (src->fd < 0 || fstat(src->fd, &st))
		code = -errno;
	else
		code = !S_ISDIR(st.st_mode) ? 0 : is_stdin ? -EISDIR : enter_directory(src, &st);
	if (code) {
		source_close(src);
		return kerror_set(err, code, "%.*s: %s", NAME_SHOWN, name, code == -EISDIR ?
				  "it is a directory without a file 'metadata', so not a trace in CTF" : strerror(-code));
	}
	/* Metadata is no measure of what lies beside it. */
	src->total = S_ISREG(st.st_mode) && !src->directory ? st.st_size : 0;
	src->base = S_ISREG(st.st_mode) ? lseek(src->fd, 0, SEEK_CUR) : -1;
	src->seekable = src->base >= 0;
	return source_start(out, src, name, err);
}

int source_open_memory(struct source **out, const void *data, size_t len, struct kerror *err)
{
	struct source *src = source_alloc(err);

	if (!src)
		return -ENOMEM;
	src->mem = data;
	src->mem_len = len;
	src->total = len;
	return source_start(out, src, "memory", err);
}

int source_open_callback(struct source **out, const char *name, source_read_fn fn, void *ctx,
			 struct kerror *err)
{
	struct source *src = source_alloc(err);

	if (!src)
		return -ENOMEM;
	src->fn = fn;
	src->fn_ctx = ctx;
	return source_start(out, src, name, err);
}

int source_open_sum(struct source **out, const char *name, uint64_t total, struct kerror *err)
{
	struct source *src = source_alloc(err);
	int ret;

	if (!src)
		return -ENOMEM;
	src->mem = (const unsigned char *)"";
	ret = source_start(out, src, name, err);
	if (!ret)
		(*out)->total = total;
	return ret;
}

static void end_unpacking(struct source *src)
{
	ZSTD_freeDStream(src->zstd);
	packed_close(src->packed);
	gunzip_close(src->gunzip);
	free(src->out);
	src->zstd = NULL;
	src->packed = NULL;
	src->gunzip = NULL;
	src->out = NULL;
	src->out_pos = src->out_len = src->hint = 0;
	src->unpacked = 0;
}

void source_close(struct source *src)
{
	if (!src)
		return;
	if (src->close_fd && src->fd >= 0)
		close(src->fd);
	end_unpacking(src);
	kept_destroy(src->kept);
	free(src->in);
	free(src->name);
	free(src);
}

static int zstd_fail(struct source *src, struct kerror *err, const char *what)
{
	kerror_set(&src->error, -EBADMSG, "%.*s: the zstd stream is %s at byte %llu", NAME_SHOWN,
		   src->name, what,
		   (unsigned long long)(src->consumed - (src->in_len - src->in_pos)));
	if (err)
		*err = src->error;
	return -EBADMSG;
}

/* Decode until there is output: 1; 0 at a clean end; -errno. */
static int zstd_fill(struct source *src, struct kerror *err)
{
	ZSTD_outBuffer out = { src->out, src->out_size, 0 };

	while (!out.pos) {
		ZSTD_inBuffer in = { src->in + src->in_pos, src->in_len - src->in_pos, 0 };
		size_t step = src->hint > ZSTD_BLOCK_HEADER ? src->hint - ZSTD_BLOCK_HEADER :
			      src->hint ? src->hint : ZSTD_FRAME_START;
		size_t ret;

		if (!in.size) {
			int64_t got = raw_read(src, src->in, SOURCE_IN_BYTES, err);

			if (got < 0)
				return (int)got;
			if (!got)
				return src->hint ? zstd_fail(src, err, "truncated") : 0;
			src->in_pos = 0;
			src->in_len = got;
			continue;
		}
		if (in.size > step)
			in.size = step;
		ret = ZSTD_decompressStream(src->zstd, &out, &in);
		if (ZSTD_isError(ret)) {
			char what[120];

			snprintf(what, sizeof(what), "damaged (%s)", ZSTD_getErrorName(ret));
			return zstd_fail(src, err, what);
		}
		src->in_pos += in.pos;
		src->hint = ret;
	}
	src->out_pos = 0;
	src->out_len = out.pos;
	return 1;
}

static size_t copy_out(void *buf, size_t size, const unsigned char *from, size_t *pos, size_t len)
{
	size_t n = len - *pos < size ? len - *pos : size;

	memcpy(buf, from + *pos, n);
	*pos += n;
	return n;
}

static int64_t read_packed(struct source *src, void *buf, size_t size, struct kerror *err)
{
	const char *why;
	int64_t got = src->gunzip ? gunzip_read(src->gunzip, buf, size, &why) : packed_read(src->packed, buf, size, &why);

	if (got >= 0)
		return got;
	if (!src->error.code)
		kerror_set(&src->error, (int)got, "%.*s: the %s stream is damaged or cut near byte %llu (%.100s)",
			   NAME_SHOWN, src->name, src->packer, (unsigned long long)src->consumed, why);
	if (err)
		*err = src->error;
	return src->error.code;
}

/*
 * A small file may unpack to so much, and no file to more than so many times its size.
 * Of the shared recordings lackey's text unpacks to most, 93 times its size; 300 MB of
 * nothing but zeros were 1,030 (gzip) and 31,800 (zstd) times theirs.
 */
static int64_t check_bound(struct source *src, int64_t got, struct kerror *err)
{
	src->unpacked += (uint64_t)got;
	if (src->unpacked <= SOURCE_UNPACK_FREE || src->unpacked / SOURCE_UNPACK_RATIO <= src->consumed)
		return got;
	return source_fail(src, err, -EFBIG, "it unpacks to more than 1,000 times its size, as no recording does");
}

static int64_t read_unpacked(struct source *src, void *buf, size_t size, struct kerror *err)
{
	int64_t got;

	if (src->packer) {
		got = read_packed(src, buf, size, err);
	} else {
		got = src->out_pos == src->out_len ? zstd_fill(src, err) : 1;
		if (got > 0)
			got = (int64_t)copy_out(buf, size, src->out, &src->out_pos, src->out_len);
	}
	return got > 0 && !src->ours ? check_bound(src, got, err) : got;
}

int64_t source_read(struct source *src, void *buf, size_t size, struct kerror *err)
{
	if (src->error.code) {
		if (err)
			*err = src->error;
		return src->error.code;
	}
	if (!size)
		return 0;
	if (src->zstd || src->packer)
		return read_unpacked(src, buf, size, err);
	if (src->in_pos < src->in_len)
		return (int64_t)copy_out(buf, size, src->in, &src->in_pos, src->in_len);
	return raw_read(src, buf, size, err);
}

static bool comes_again(const struct source *src)
{
	return src->seekable || (src->fd < 0 && !src->fn) || src->again;
}

static int keep(struct source *src, const void *first, size_t len, struct kerror *err)
{
	struct kerror why = { 0 };
	int ret;

	src->kept = kept_create(!src->zstd && !src->packer);
	if (!src->kept)
		return kerror_set(err, -ENOMEM, "no memory to read %.*s", NAME_SHOWN, src->name);
	ret = kept_append(src->kept, first, len, &why);
	if (!ret)
		ret = kept_append(src->kept, src->in + src->in_pos, src->in_len - src->in_pos, &why);
	return ret ? source_fail(src, err, ret, why.text) : 0;
}

int source_keep_start(struct source *src, struct kerror *err)
{
	return comes_again(src) || (!src->zstd && !src->packer) ? 0 : keep(src, NULL, 0, err);
}

void source_keep_no_start(struct source *src)
{
	kept_destroy(src->kept);
	src->kept = NULL;
}

int source_keep(struct source *src, const void *head, size_t head_len, struct kerror *err)
{
	return comes_again(src) || src->kept ? 0 : keep(src, head, head_len, err);
}

int source_rewind(struct source *src, struct kerror *err)
{
	struct kerror why = { 0 };
	int ret = 0;

	if (!src->again)
		src->ours = src->kept && !src->zstd && !src->packer;
	end_unpacking(src);
	src->error.code = 0;
	src->in_pos = src->in_len = 0;
	src->consumed = 0;
	src->mem_read = 0;
	if (src->seekable && lseek(src->fd, src->base, SEEK_SET) < 0)
		return source_fail(src, err, -errno, strerror(errno));
	if (src->kept)
		ret = kept_rewind(src->kept, &why);
	if (ret)
		return source_fail(src, err, ret, why.text);
	src->again = src->kept;
	return source_begin(src, err);
}

uint64_t source_kept_in_file(const struct source *src)
{
	return src->kept ? kept_file_bytes(src->kept) : 0;
}

int source_plain_file(const struct source *src, uint64_t read, uint64_t *offset, uint64_t *len)
{
	struct stat st;
	off_t at;

	if (src->fd < 0 || src->directory || src->zstd || src->packer || fstat(src->fd, &st) || !S_ISREG(st.st_mode))
		return -1;
	/* Standard input may stand in the middle of a file. */
	at = lseek(src->fd, 0, SEEK_CUR);
	if (at < 0 || source_consumed(src) != read || (uint64_t)at < src->consumed || at > st.st_size)
		return -1;
	*offset = (uint64_t)at - src->consumed;
	*len = (uint64_t)st.st_size - *offset;
	return src->fd;
}

bool source_seek(struct source *src, uint64_t base, uint64_t offset)
{
	if (lseek(src->fd, (off_t)(base + offset), SEEK_SET) < 0)
		return false;
	src->in_pos = src->in_len = 0;
	src->consumed = offset;
	return true;
}

void source_set_consumed(struct source *src, uint64_t bytes)
{
	src->consumed = bytes;
	src->in_pos = src->in_len;
}

bool source_stopped(const struct source *src)
{
	return src->stop && *src->stop;
}

uint64_t source_consumed(const struct source *src)
{
	return src->consumed - (src->in_len - src->in_pos);
}

uint64_t source_total(const struct source *src)
{
	return src->total;
}

bool source_is_directory(const struct source *src)
{
	return src->directory;
}

const char *source_name(const struct source *src)
{
	return src->name;
}
