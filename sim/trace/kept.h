/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the bytes of an input that comes only once (a pipe), kept so that they can be
 * read a second time: those of a packed input as they came, plain ones packed here with
 * zstd. So what is kept is never more than what came. The first KEPT_MEMORY_BYTES stay in
 * memory, the rest goes to a temporary file, see spill.h.
 *
 * States: written, then read. Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_KEPT_H
#define KMEMSIM_SIM_TRACE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"

#define KEPT_MEMORY_BYTES	(16u << 20)

struct kept;

/* @pack: the bytes are plain. NULL: no memory. */
struct kept *kept_create(bool pack);
void kept_destroy(struct kept *kept);
/* The next bytes of the input. -ENOMEM, or an error of the temporary file. */
int kept_append(struct kept *kept, const void *bytes, size_t len, struct kerror *err);
/*
 * Nothing more comes, and reading begins at the first byte. The same errors, after
 * which what was kept before can be read, and ends too early for whoever unpacks it.
 */
int kept_rewind(struct kept *kept, struct kerror *err);
/* What was kept, up to @size bytes of it; 0 at the end; an error of the temporary file. */
int64_t kept_read(struct kept *kept, void *buf, size_t size, struct kerror *err);
/* Bytes in the temporary file; 0: there is none. */
uint64_t kept_file_bytes(const struct kept *kept);

#endif
