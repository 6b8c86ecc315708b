/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: recordings of malloc calls, made in memory (sim/trace/heap/recording.h):
 *
 *	raw_begin() -> raw_chunk() -> raw_event() .. -> raw_chunk() ..
 */
#ifndef KMEMSIM_TESTS_SIM_TRACE_HEAP_RAW_H
#define KMEMSIM_TESTS_SIM_TRACE_HEAP_RAW_H

#include <string.h>

#include "sim/trace/heap/recording.h"

#define RAW_CHUNKS	12u

struct raw {
	char bytes[RECORDING_UNIT * (RAW_CHUNKS + 1)];
	size_t len;
	struct recording_chunk *chunk;
	struct recording_event *next;
};

/* The clock counts nanoseconds, from 0 on. */
static inline struct recording_file *raw_begin(struct raw *raw)
{
	struct recording_file *file = (struct recording_file *)raw->bytes;

	memset(raw, 0, sizeof(*raw));
	memcpy(file->magic, RECORDING_MAGIC, RECORDING_MAGIC_BYTES);
	file->version = RECORDING_VERSION;
	file->clock = RECORDING_NS;
	file->pid = 100;
	raw->len = RECORDING_UNIT;
	return file;
}

/* Of the image @image, forked from @parent (0: not), a thread of process @pid. */
static inline struct recording_chunk *raw_chunk(struct raw *raw, uint32_t image, uint32_t parent, int32_t pid, int32_t tid,
						uint64_t time)
{
	struct recording_chunk *chunk = (struct recording_chunk *)(raw->bytes + raw->len);

	*chunk = (struct recording_chunk){
		.magic = RECORDING_CHUNK_MAGIC, .kind = RECORDING_EVENTS, .len = RECORDING_UNIT, .image = image, .parent = parent,
		.pid = pid, .tid = tid, .time = time, .ns = time, .comm = "prog",
	};
	raw->len += RECORDING_UNIT;
	raw->chunk = chunk;
	raw->next = (struct recording_event *)(chunk + 1);
	return chunk;
}

static inline void raw_maps(struct raw *raw, uint32_t image, uint64_t time, const char *text)
{
	struct recording_chunk *chunk = raw_chunk(raw, image, 0, 100, 100, time);

	chunk->kind = RECORDING_MAPS;
	chunk->text = (uint32_t)strlen(text);
	memcpy(chunk + 1, text, strlen(text));
}

static inline struct recording_event *raw_event(struct raw *raw, unsigned int kind, uint64_t time, uint64_t addr, uint64_t size)
{
	struct recording_event *ev = raw->next++;

	*ev = (struct recording_event){
		.time = time, .addr = addr | (uint64_t)kind << RECORDING_LOW_BITS, .size = size, .site = 0x400000,
	};
	return ev;
}

#endif
