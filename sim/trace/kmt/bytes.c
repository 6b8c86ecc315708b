/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: bytes to write into and to walk over; see bytes.h. Single-threaded. */
#include "sim/trace/kmt/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "sim/trace/kmt/format.h"

#define FIRST_BYTES	4096u

void kmt_bytes_free(struct kmt_bytes *bytes)
{
	free(bytes->at);
	*bytes = (struct kmt_bytes){ .at = NULL };
}

bool kmt_bytes_room(struct kmt_bytes *bytes, size_t more)
{
	size_t size = bytes->size ? bytes->size : FIRST_BYTES;
	unsigned char *larger;

	if (bytes->failed)
		return false;
	if (more <= bytes->size - bytes->len)
		return true;
	while (size - bytes->len < more)
		size *= 2;
	larger = realloc(bytes->at, size);
	if (!larger) {
		bytes->failed = true;
		return false;
	}
	bytes->at = larger;
	bytes->size = size;
	return true;
}

void kmt_put_bytes(struct kmt_bytes *bytes, const void *from, size_t len)
{
	if (!len || !kmt_bytes_room(bytes, len))
		return;
	memcpy(bytes->at + bytes->len, from, len);
	bytes->len += len;
}

void kmt_put_varint(struct kmt_bytes *bytes, uint64_t value)
{
	unsigned char *p;

	if (!kmt_bytes_room(bytes, KMT_VARINT_BYTES))
		return;
	p = bytes->at + bytes->len;
	for (; value >= 0x80; value >>= 7)
		*p++ = (unsigned char)(value | 0x80);
	*p++ = (unsigned char)value;
	bytes->len = (size_t)(p - bytes->at);
}

const unsigned char *kmt_take_bytes(struct kmt_walk *walk, size_t len)
{
	const unsigned char *at = walk->at;

	if (walk->failed || len > (size_t)(walk->end - at)) {
		walk->failed = true;
		return NULL;
	}
	walk->at += len;
	return at;
}

uint64_t kmt_take_varint(struct kmt_walk *walk)
{
	unsigned int shift = 0;
	uint64_t value = 0;
	unsigned char byte;

	if (walk->failed)
		return 0;
	do {
		if (walk->at == walk->end || shift > 63)
			goto bad;
		byte = *walk->at++;
		if (shift == 63 && byte > 1)
			goto bad;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
bad:
	walk->failed = true;
	return 0;
}

uint64_t kmt_take_varint_upto(struct kmt_walk *walk, uint64_t max)
{
	uint64_t value = kmt_take_varint(walk);

	if (value > max)
		walk->failed = true;
	return walk->failed ? 0 : value;
}
