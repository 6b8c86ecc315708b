/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: bytes that gzip packed; see gunzip.h. Single-threaded. */
#include "sim/trace/gunzip.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define WINDOW_GZIP	(MAX_WBITS + 16)	/* zlib's way to say: gzip's header and trailer, nothing else */

struct gunzip {
	z_stream z;
	packed_fill_fn fill;
	void *ctx;
	bool between;		/* a stream has ended, and no other has begun */
	bool ended;		/* so has the input */
	int64_t error;		/* for each further call */
	const char *why;
};

struct gunzip *gunzip_open(packed_fill_fn fill, void *ctx)
{
	struct gunzip *gz = calloc(1, sizeof(*gz));

	if (!gz)
		return NULL;
	gz->fill = fill;
	gz->ctx = ctx;
	if (inflateInit2(&gz->z, WINDOW_GZIP) == Z_OK)
		return gz;
	free(gz);
	return NULL;
}

void gunzip_close(struct gunzip *gz)
{
	if (!gz)
		return;
	inflateEnd(&gz->z);
	free(gz);
}

static int64_t failed(struct gunzip *gz, int64_t code, const char *why)
{
	gz->error = code;
	gz->why = why;
	return code;
}

/* More packed bytes: 1; 0 at the end of the input; -errno. */
static int64_t take_input(struct gunzip *gz)
{
	const void *bytes = NULL;
	int64_t got = gz->fill(gz->ctx, &bytes);

	if (got < 0)
		return failed(gz, got, "reading failed");
	gz->z.next_in = (Bytef *)(uintptr_t)bytes;
	gz->z.avail_in = (uInt)got;
	gz->ended = !got;
	return got > 0;
}

/* What stands behind a stream: 1 another one; 0 nothing but padding; -errno. */
static int64_t next_stream(struct gunzip *gz)
{
	for (;;) {
		int64_t got;

		for (; gz->z.avail_in && !*gz->z.next_in; gz->z.next_in++)
			gz->z.avail_in--;
		if (gz->z.avail_in)
			break;
		got = take_input(gz);
		if (got <= 0)
			return got;
	}
	gz->between = false;
	return inflateReset(&gz->z) == Z_OK ? 1 : failed(gz, -EBADMSG, "damaged");
}

int64_t gunzip_read(struct gunzip *gz, void *buf, size_t size, const char **why)
{
	uInt room = size < UINT_MAX ? (uInt)size : UINT_MAX;
	int64_t got = 1;

	gz->z.next_out = buf;
	gz->z.avail_out = room;
	while (!gz->error && got > 0 && gz->z.avail_out == room) {
		int ret;

		if (gz->between)
			got = next_stream(gz);
		else if (!gz->z.avail_in)
			got = take_input(gz);
		if (got <= 0 || gz->between)
			continue;
		ret = inflate(&gz->z, Z_NO_FLUSH);
		if (ret == Z_STREAM_END)
			gz->between = true;
		else if (ret == Z_MEM_ERROR)
			failed(gz, -ENOMEM, "no memory");
		else if (ret != Z_OK && ret != Z_BUF_ERROR)
			failed(gz, -EBADMSG, gz->z.msg ? gz->z.msg : "damaged");
	}
	if (!gz->error && gz->ended && !gz->between && gz->z.avail_out == room)
		failed(gz, -EBADMSG, "it ends within a stream");
	if (gz->z.avail_out < room)
		return room - gz->z.avail_out;
	*why = gz->why;
	return gz->error;
}
