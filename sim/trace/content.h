/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the whole content of a source in one piece of memory, for formats that
 * must be read in another order than they lie. A plain file is mapped. What is
 * packed, or comes through a pipe, is read once: into memory, or where it is more
 * than CONTENT_MEMORY_BYTES into a temporary file without a name ($TMPDIR or
 * /tmp), which is mapped.
 *
 * Locking: none, single-threaded.
 */
#ifndef KMEMSIM_SIM_TRACE_CONTENT_H
#define KMEMSIM_SIM_TRACE_CONTENT_H

#include "sim/trace/reader.h"

#define CONTENT_MEMORY_BYTES	(16u << 20)

struct content {
	const unsigned char *data;	/* NULL where it is empty */
	uint64_t len;
	void *map;		/* to be unmapped, or freed where map_len is 0; or NULL */
	size_t map_len;
	uint64_t spilled;	/* bytes in the temporary file */
	struct kerror error;	/* code != 0: why the source ended early; data is what came before */
};

/*
 * All of @src, of which the @head_len bytes at @head were read already. -ENOMEM or
 * an error of the temporary file. content_close() may be called in any case.
 */
int content_open(struct content *content, struct source *src, const void *head, size_t head_len, struct kerror *err);
void content_close(struct content *content);

#endif
