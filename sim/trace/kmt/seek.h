/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where in a .kmt file some events are, without reading what lies before them:
 * by the index at the file's end or, where that is missing or damaged, from one chunk's
 * header to the next. No state, no locking.
 */
#ifndef KMEMSIM_SIM_TRACE_KMT_SEEK_H
#define KMEMSIM_SIM_TRACE_KMT_SEEK_H

#include "sim/trace/reader.h"

/* A chunk as the index, or its own header, has it. */
struct kmt_row {
	uint64_t offset;	/* of its header in the trace */
	uint64_t first;		/* number of its first event, from 0 */
	uint64_t min_ns, max_ns;
	uint32_t records;
	uint8_t type;
};

struct kmt_map {
	struct kmt_row *row;	/* owned; in the order of the file */
	size_t nr, size;
	uint64_t begin_ns;	/* time of the first event */
	bool has_events;
	bool has_accesses;	/* some chunks are of memory accesses */
	bool indexed;		/* by the index */
	bool whole;		/* nothing damaged was met: no chunk is missing in it */
};

/*
 * The chunks of the trace that lies at [@base, @base + @len) of file @fd. -ENOMEM, or 0; a
 * file that is no .kmt has none. kmt_map_exit() in any case.
 */
int kmt_map_read(struct kmt_map *map, int fd, uint64_t base, uint64_t len);
void kmt_map_exit(struct kmt_map *map);

/* The first chunk that may have events of @range, or NULL. range->begin_ns must be set. */
const struct kmt_row *kmt_map_first(const struct kmt_map *map, const struct reader_range *range);
/* The number behind the last event that may be of @range; UINT64_MAX where a chunk may be missing. */
uint64_t kmt_map_end(const struct kmt_map *map, const struct reader_range *range);
/* Where the summary is; NULL: not there. */
const struct kmt_row *kmt_map_summary(const struct kmt_map *map);

#endif
