/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: hashing for the trace tables. All of them are open-addressing
 * tables of a power-of-two size, so every bit of the input must reach the low
 * bits: one 64x64->128 multiplication folded onto itself does that and costs
 * three cycles. The values never leave the process and depend on nothing but
 * the input, so results stay the same from run to run.
 */
#ifndef KMEMSIM_SIM_UTIL_HASH_H
#define KMEMSIM_SIM_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_SEED	UINT64_C(0x9e3779b97f4a7c15)
#define HASH_FACTOR	UINT64_C(0xd6e8feb86659fd93)

static inline uint64_t hash_u64(uint64_t value)
{
	unsigned __int128 product = (unsigned __int128)(value ^ HASH_SEED) * HASH_FACTOR;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Reads exactly @len bytes. The last word may overlap the one before it. */
static inline uint64_t hash_bytes(const char *text, size_t len)
{
	uint64_t hash = len, word = 0;
	uint32_t low, high;

	if (len >= 8) {
		const char *last = text + len - 8;

		for (; text < last; text += 8) {
			memcpy(&word, text, 8);
			hash = hash_u64(hash ^ word);
		}
		memcpy(&word, last, 8);
	} else if (len >= 4) {
		memcpy(&low, text, 4);
		memcpy(&high, text + len - 4, 4);
		word = (uint64_t)high << 32 | low;
	} else if (len) {
		word = (unsigned char)text[0] | (unsigned char)text[len / 2] << 8 |
		       (unsigned char)text[len - 1] << 16;
	}
	return hash_u64(hash ^ word);
}

#endif
