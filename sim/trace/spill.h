/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: bytes that are written once, at the end, and read again anywhere. The
 * first of them stay in memory, up to a limit; the rest goes to a temporary file
 * without a name, in $TMPDIR or /tmp. Whoever writes packs them before.
 *
 *	0 ............ in memory ............ in the file ......... spill_bytes()
 *	   blocks of 1 MiB, as needed           at its offset less what is in memory
 *
 * Locking: none. Where nobody writes any longer, any number of threads may read.
 */
#ifndef KMEMSIM_SIM_TRACE_SPILL_H
#define KMEMSIM_SIM_TRACE_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "pagemap/error.h"

struct spill;

/* Of @memory_limit bytes whole MiB are used. NULL: no memory. */
struct spill *spill_create(uint64_t memory_limit);
void spill_destroy(struct spill *spill);
/* -ENOMEM, or what went wrong with the temporary file: -ENOSPC above all. */
int spill_append(struct spill *spill, const void *bytes, size_t len, struct kerror *err);
/* Bytes from @offset on, all of which were appended. Errors of the temporary file. */
int spill_read(const struct spill *spill, uint64_t offset, void *bytes, size_t len, struct kerror *err);
uint64_t spill_bytes(const struct spill *spill);
/* Those in the temporary file; 0: there is none. */
uint64_t spill_file_bytes(const struct spill *spill);

/* The folder where temporary files are made. */
const char *temporary_folder(void);
/*
 * A new file in it that has no name; the caller closes it. @what ("of the trace")
 * completes the message of a failure: a negative errno.
 */
int temporary_file(const char *what, struct kerror *err);

#endif
