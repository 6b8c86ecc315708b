/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a growing run of bytes to write a payload into, and a checked walk over
 * one that was read. Both know the two ways in which a .kmt file writes a number of
 * unknown size: LEB128 (seven bits a byte, the low ones first, the top bit says
 * that more follow) and zigzag before it where the number can be negative.
 *
 * Neither needs checks after each call: a failed put or get is remembered and makes
 * the following ones do nothing. Locking: none.
 */
#ifndef KMEMSIM_SIM_TRACE_KMT_BYTES_H
#define KMEMSIM_SIM_TRACE_KMT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KMT_VARINT_BYTES 10u	/* of 64 bits, at most */

struct kmt_bytes {
	unsigned char *at;	/* owned */
	size_t len, size;
	bool failed;		/* no memory */
};

void kmt_bytes_free(struct kmt_bytes *bytes);
/* Room for @more bytes at @bytes->at + @bytes->len; false where there is no memory. */
bool kmt_bytes_room(struct kmt_bytes *bytes, size_t more);
void kmt_put_bytes(struct kmt_bytes *bytes, const void *from, size_t len);
void kmt_put_varint(struct kmt_bytes *bytes, uint64_t value);

static inline uint64_t kmt_zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static inline int64_t kmt_unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (~(value & 1) + 1));
}

struct kmt_walk {
	const unsigned char *at, *end;
	bool failed;		/* it asked for more than there was, or a number has more than 64 bits */
};

/* @len bytes, or NULL where there are fewer. */
const unsigned char *kmt_take_bytes(struct kmt_walk *walk, size_t len);
uint64_t kmt_take_varint(struct kmt_walk *walk);
/*
 * The same for a hot loop, inlined as a whole where eight bytes hold it and eight more are
 * there: the walk's address is not handed on, so it can lie in registers.
 */
static inline uint64_t kmt_take_value(struct kmt_walk *walk)
{
	struct kmt_walk copy;
	uint64_t bytes, ends;

	if (walk->end - walk->at >= 8 && !walk->failed) {
		memcpy(&bytes, walk->at, 8);
		if (!(bytes & 0x80)) {
			walk->at++;
			return bytes & 0x7f;
		}
		ends = ~bytes & 0x8080808080808080u;
		if (ends) {
			/* Clear what is behind the last byte, then move groups of 7, 14 and 28 bits together. */
			walk->at += (__builtin_ctzll(ends) >> 3) + 1;
			bytes &= (ends ^ (ends - 1)) & 0x7f7f7f7f7f7f7f7fu;
			bytes = (bytes & 0x007f007f007f007fu) | (bytes & 0x7f007f007f007f00u) >> 1;
			bytes = (bytes & 0x00003fff00003fffu) | (bytes & 0x3fff00003fff0000u) >> 2;
			return (bytes & 0x0fffffffu) | (bytes & 0x0fffffff00000000u) >> 4;
		}
	}
	copy = *walk;
	bytes = kmt_take_varint(&copy);
	*walk = copy;
	return bytes;
}
/* A number up to @max; a larger one is a failure. */
uint64_t kmt_take_varint_upto(struct kmt_walk *walk, uint64_t max);

#endif
