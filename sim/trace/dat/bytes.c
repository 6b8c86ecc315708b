/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: numbers and texts out of a part of trace.dat; see dat.h. No state. */
#include <errno.h>

#include "sim/trace/dat/dat.h"

#define FIRST_LOOK	256u	/* bytes in which a text ends, most likely */

static int ends_in(const struct dat_bytes *bytes, const char *what)
{
	if (bytes->packed)
		return kerror_set(bytes->err, -EBADMSG, "the packed section at byte %llu ends inside %s",
				  (unsigned long long)bytes->at, what);
	return kerror_set(bytes->err, -EBADMSG, "at byte %llu it ends inside %s",
			  (unsigned long long)(bytes->at + bytes->len), what);
}

/* The next @size bytes, where they are no part that is there already. */
static int look(const struct dat_bytes *bytes, uint64_t size)
{
	return bytes->content ? content_look(bytes->content, bytes->pos, bytes->pos + size, bytes->err) : 0;
}

static int take(struct dat_bytes *bytes, void *to, size_t size, const char *what)
{
	int ret;

	if (bytes->len - bytes->pos < size)
		return ends_in(bytes, what);
	ret = look(bytes, size);
	if (ret)
		return ret;
	memcpy(to, bytes->data + bytes->pos, size);
	bytes->pos += size;
	return 0;
}

int dat_u16(struct dat_bytes *bytes, uint16_t *value, const char *what)
{
	return take(bytes, value, sizeof(*value), what);
}

int dat_u32(struct dat_bytes *bytes, uint32_t *value, const char *what)
{
	return take(bytes, value, sizeof(*value), what);
}

int dat_u64(struct dat_bytes *bytes, uint64_t *value, const char *what)
{
	return take(bytes, value, sizeof(*value), what);
}

int dat_text(struct dat_bytes *bytes, const char **text, const char *what)
{
	const unsigned char *start = bytes->data + bytes->pos, *end = NULL;
	uint64_t left = bytes->pos < bytes->len ? bytes->len - bytes->pos : 0, len = bytes->content ? FIRST_LOOK : left;
	int ret;

	for (; !end; len *= 2) {
		if (len > left)
			len = left;
		ret = look(bytes, len);
		if (ret)
			return ret;
		end = len ? memchr(start, '\0', len) : NULL;
		if (!end && len == left)
			return ends_in(bytes, what);
	}
	*text = (const char *)start;
	bytes->pos += (uint64_t)(end - start) + 1;
	return 0;
}

int dat_part(struct dat_bytes *bytes, uint64_t len, struct dat_bytes *part, const char *what)
{
	int ret;

	if (len > bytes->len - bytes->pos)
		return ends_in(bytes, what);
	ret = look(bytes, len);
	if (ret)
		return ret;
	*part = (struct dat_bytes){
		.data = bytes->data + bytes->pos, .len = len, .at = bytes->packed ? bytes->at : bytes->at + bytes->pos,
		.packed = bytes->packed, .err = bytes->err,
	};
	bytes->pos += len;
	return 0;
}
