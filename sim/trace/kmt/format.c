/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the fixed-size records of a .kmt file; see format.h. No state, no locking. */
#include "sim/trace/kmt/format.h"

#include <string.h>
#include <zlib.h>

#define CHUNK_MARK		"KMT"	/* the type follows */
#define CHUNK_MARK_BYTES	3u
#define CHUNK_CRC_AT		(KMT_CHUNK_HEADER_BYTES - 4)

void kmt_put_u32(unsigned char *p, uint32_t value)
{
	p[0] = (unsigned char)value;
	p[1] = (unsigned char)(value >> 8);
	p[2] = (unsigned char)(value >> 16);
	p[3] = (unsigned char)(value >> 24);
}

void kmt_put_u64(unsigned char *p, uint64_t value)
{
	kmt_put_u32(p, (uint32_t)value);
	kmt_put_u32(p + 4, (uint32_t)(value >> 32));
}

uint32_t kmt_get_u32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t kmt_get_u64(const unsigned char *p)
{
	return kmt_get_u32(p) | (uint64_t)kmt_get_u32(p + 4) << 32;
}

uint32_t kmt_crc(const void *bytes, size_t len)
{
	return (uint32_t)crc32_z(0, bytes, len);
}

void kmt_chunk_pack(const struct kmt_chunk *chunk, unsigned char at[KMT_CHUNK_HEADER_BYTES])
{
	memcpy(at, CHUNK_MARK, CHUNK_MARK_BYTES);
	at[CHUNK_MARK_BYTES] = chunk->type;
	kmt_put_u32(at + 4, chunk->records);
	kmt_put_u64(at + 8, chunk->first);
	kmt_put_u64(at + 16, chunk->min_ns);
	kmt_put_u64(at + 24, chunk->max_ns);
	kmt_put_u64(at + 32, chunk->start_ns);
	kmt_put_u32(at + 40, chunk->packed);
	kmt_put_u32(at + 44, chunk->plain);
	kmt_put_u32(at + 48, chunk->crc);
	kmt_put_u32(at + CHUNK_CRC_AT, kmt_crc(at, CHUNK_CRC_AT));
}

bool kmt_chunk_unpack(struct kmt_chunk *chunk, const unsigned char at[KMT_CHUNK_HEADER_BYTES])
{
	if (memcmp(at, CHUNK_MARK, CHUNK_MARK_BYTES) ||
	    kmt_get_u32(at + CHUNK_CRC_AT) != kmt_crc(at, CHUNK_CRC_AT))
		return false;
	*chunk = (struct kmt_chunk){
		.type = at[CHUNK_MARK_BYTES],
		.records = kmt_get_u32(at + 4),
		.first = kmt_get_u64(at + 8),
		.min_ns = kmt_get_u64(at + 16),
		.max_ns = kmt_get_u64(at + 24),
		.start_ns = kmt_get_u64(at + 32),
		.packed = kmt_get_u32(at + 40),
		.plain = kmt_get_u32(at + 44),
		.crc = kmt_get_u32(at + 48),
	};
	return true;
}
