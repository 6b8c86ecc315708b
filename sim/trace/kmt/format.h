/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the layout of a .kmt file, kmemsim's own format. docs/kmt.md describes
 * it byte by byte; this header is that page in C. All numbers are little-endian.
 *
 *	magic, version | chunk | chunk | ... | summary | index | trailer
 *	                 |
 *	                 header: type, records, times, sizes, two checksums
 *	                 payload: one zstd frame
 *
 * A chunk needs no other: its strings, shapes and tasks are its own. So a flipped
 * bit costs one chunk, a file that was cut is good up to its last whole chunk, and
 * a reader can begin anywhere. What that costs is in KMT_CHUNK_EVENTS' figures.
 *
 * Locking: none; everything here is a constant or a plain record.
 */
#ifndef KMEMSIM_SIM_TRACE_KMT_FORMAT_H
#define KMEMSIM_SIM_TRACE_KMT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"

#define KMT_MAGIC		"\x89KMT\r\n\x1a\n"	/* a transfer as text, or a cut 8th bit, breaks it */
#define KMT_MAGIC_BYTES		8u
#define KMT_VERSION		1u
#define KMT_FILE_HEADER_BYTES	16u	/* magic, version, CRC-32 of the 12 bytes before */
#define KMT_CHUNK_HEADER_BYTES	56u
#define KMT_TRAILER_BYTES	16u	/* offset of the index chunk, KMT_TRAILER_MAGIC */
#define KMT_TRAILER_MAGIC	"KMTEND\r\n"
#define KMT_INDEX_ROW_BYTES	40u

/*
 * Distances within a chunk and numbers of shapes fit 16 bits. Fewer events mean
 * that a damaged chunk costs less; of 2,048, 8,192 and 32,768 events the recordings
 * find-tar, loopback-http, system-git and build together took 3.71, 3.24 and 3.09 bytes each.
 */
#define KMT_CHUNK_EVENTS	32768u
/* More than a writer makes, less than a file of a few bytes may ask a reader to hold. */
#define KMT_MAX_PLAIN		(64u << 20)

enum kmt_chunk_type {
	KMT_DESCRIPTION = 'H',	/* JSON: who made the file, of what */
	KMT_EVENTS	= 'E',	/* allocator events */
	KMT_ACCESSES	= 'A',	/* memory accesses */
	KMT_SUMMARY	= 'S',	/* JSON: what the source said of itself */
	KMT_INDEX	= 'X',	/* where the chunks are */
};

/* A chunk's header, checked. */
struct kmt_chunk {
	uint8_t type;		/* enum kmt_chunk_type, or one of a later version */
	uint32_t records;
	uint64_t first;		/* number of the first record among those of its type, from 0 */
	uint64_t min_ns, max_ns;	/* times of its records; 0 where they have none */
	uint64_t start_ns;	/* of its first record */
	uint32_t packed, plain;	/* bytes of the payload in the file, and unpacked */
	uint32_t crc;		/* of the packed payload */
};

void kmt_put_u32(unsigned char *p, uint32_t value);
void kmt_put_u64(unsigned char *p, uint64_t value);
uint32_t kmt_get_u32(const unsigned char *p);
uint64_t kmt_get_u64(const unsigned char *p);
/* CRC-32 as zlib, gzip and PNG have it. */
uint32_t kmt_crc(const void *bytes, size_t len);

void kmt_chunk_pack(const struct kmt_chunk *chunk, unsigned char at[KMT_CHUNK_HEADER_BYTES]);
/* False where the bytes are no chunk's header, or a damaged one. */
bool kmt_chunk_unpack(struct kmt_chunk *chunk, const unsigned char at[KMT_CHUNK_HEADER_BYTES]);

#endif
