/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: bytes that gzip packed, through zlib. libarchive has a filter for them, but
 * that one compares neither the checksum nor the length behind a stream, so damage that
 * still unpacks to something would be read without a word; zlib compares both.
 *
 * Several streams may lie one behind the other, as gzip(1) takes them; zero bytes behind
 * the last one are padding, and anything else there is an error.
 * Locking: none; a stream belongs to one thread.
 */
#ifndef KMEMSIM_SIM_TRACE_GUNZIP_H
#define KMEMSIM_SIM_TRACE_GUNZIP_H

#include "sim/trace/packed.h"

struct gunzip;

/* NULL: no memory. */
struct gunzip *gunzip_open(packed_fill_fn fill, void *ctx);
void gunzip_close(struct gunzip *gz);
/* As packed_read(). What was unpacked before the damage is handed out first. */
int64_t gunzip_read(struct gunzip *gz, void *buf, size_t size, const char **why);

#endif
