/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: bytes that xz, bzip2 or lz4 packed, through libarchive's filters; of gzip see gunzip.h.
 *
 * zstd is not among them: a filter of libarchive hands out what it unpacked when its
 * buffer is full or a block is whole, and a stream that ends early takes the last one
 * with it: of lz4, whose blocks are up to 4 MiB, all of a small file. source.c asks libzstd block by block, so that all that is whole is
 * read, also of a recording that is still being written. For the other three, whose
 * libraries would be three more to know, that loss is accepted.
 *
 * Locking: none; a stream belongs to one thread.
 */
#ifndef KMEMSIM_SIM_TRACE_PACKED_H
#define KMEMSIM_SIM_TRACE_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKED_MAGIC_BYTES	6u

struct packed;

/* More packed bytes at *@bytes, valid until the next call: their number, 0 at the end, -errno. */
typedef int64_t (*packed_fill_fn)(void *ctx, const void **bytes);

/* NULL, or the name of the program that packed what begins with @head: "gzip". */
const char *packed_by(const unsigned char *head, size_t len);

/* Whether this build can unpack: libarchive was there. */
bool packed_supported(void);

/* NULL: no memory, or no libarchive. */
struct packed *packed_open(packed_fill_fn fill, void *ctx);
void packed_close(struct packed *packed);
/* Up to @size bytes; 0 at the end; -EBADMSG with what is wrong in words in *@why; -ENOMEM. */
int64_t packed_read(struct packed *packed, void *buf, size_t size, const char **why);

#endif
