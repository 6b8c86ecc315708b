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
/* The same, inlined where one byte holds it, as most do. */
static inline uint64_t kmt_take_short(struct kmt_walk *walk)
{
	if (walk->at < walk->end && *walk->at < 0x80 && !walk->failed)
		return *walk->at++;
	return kmt_take_varint(walk);
}
/* A number up to @max; a larger one is a failure. */
uint64_t kmt_take_varint_upto(struct kmt_walk *walk, uint64_t max);

#endif
