/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the file that a recorded program writes while it runs (record --malloc).
 * It is mapped by all its processes at once, so that what was written is in the file
 * whatever becomes of them: the kernel keeps a page of a shared mapping also where
 * the process is killed.
 *
 *	0		struct recording_file
 *	4096		struct recording_chunk, what belongs to it, up to its len
 *	4096 + len	the next one ...
 *
 * A chunk of events belongs to one thread and has struct recording_event, of 32 bytes,
 * from its header on. They are in the order of that thread, those of different threads
 * are told apart by their times. A place that is zero has no event. A chunk of mappings
 * has text as in /proc/PID/maps, of what can be executed.
 *
 * Where no header is, a process ended before it had written one: the next one is
 * looked for a page further.
 */
#ifndef KMEMSIM_SIM_TRACE_HEAP_RECORDING_H
#define KMEMSIM_SIM_TRACE_HEAP_RECORDING_H

#include <stdint.h>

#define RECORDING_MAGIC		"\x89KMR\r\n\x1a\n"
#define RECORDING_MAGIC_BYTES	8
#define RECORDING_VERSION	1u
#define RECORDING_UNIT		4096u
#define RECORDING_CHUNK_MAGIC	0x4b4e4843u	/* "CHNK" */
#define RECORDING_MAX_FRAMES	64u

/* Variables that the recorder reads in the program's environment. */
#define RECORDING_ENV		"KMEMSIM_RECORDING"	/* this file's absolute path */
#define RECORDING_ENV_STACKS	"KMEMSIM_RECORDING_STACKS"	/* frames a call chain may have */

enum recording_clock {
	RECORDING_NS,		/* CLOCK_MONOTONIC */
	RECORDING_TSC,		/* the processor's counter of time stamps */
	NR_RECORDING_CLOCKS
};

struct recording_file {
	char magic[RECORDING_MAGIC_BYTES];
	uint32_t version;
	uint32_t clock;		/* enum recording_clock */
	uint64_t used;		/* bytes handed out to chunks; changed by atomic addition */
	uint32_t images;	/* process images so far; the same */
	uint32_t closed;	/* not 0: no more chunks, please */
	uint64_t lost;		/* events for which there was no place; atomic */
	/* Two points at which the clock and CLOCK_MONOTONIC were read together; the second is 0 until the end. */
	uint64_t start_clock, start_ns;
	uint64_t end_clock, end_ns;
	int32_t pid;		/* of the command; 0 before it was started */
	uint32_t reserved;
};

enum recording_chunk_kind { RECORDING_EVENTS = 1, RECORDING_MAPS = 2 };

struct recording_chunk {
	uint32_t magic;
	uint32_t kind;		/* enum recording_chunk_kind */
	uint32_t len;		/* bytes in the file, with this header: a multiple of RECORDING_UNIT */
	uint32_t image;		/* the process image, from 1: a process that calls exec() is a new one */
	uint32_t parent;	/* the image that it was forked from; 0: it began with exec() */
	int32_t pid;
	int32_t tid;
	uint32_t text;		/* MAPS: bytes of text */
	uint64_t time;		/* when it was begun, by the file's clock */
	uint64_t ns;		/* the same, CLOCK_MONOTONIC */
	char comm[16];		/* the thread's name, terminated or 16 bytes long */
};

enum recording_kind {
	RECORDING_NONE,
	RECORDING_ALLOC,
	RECORDING_ZERO,			/* calloc */
	RECORDING_FREE,
	RECORDING_REALLOC_BEGIN,	/* addr: the old block */
	RECORDING_REALLOC_END,		/* addr: the new one */
	RECORDING_FRAMES,		/* four addresses of the call chain of the event before it */
	RECORDING_THREAD,		/* another thread goes on in this chunk: size is its number, time and site its name */
	RECORDING_EXIT,			/* the process ends as it should */
	NR_RECORDING_KINDS
};

/*
 * An allocation has the time after it, a free the time before it, a realloc both. So
 * a block's free never has a time before that of its allocation.
 *
 * FRAMES has an address in the lower 48 bits of each of its four words.
 */
struct recording_event {
	uint64_t time;
	uint64_t addr;		/* bits 0-47: the block; 48-55: kind; 56-63: log2 of the alignment */
	uint64_t size;		/* bits 0-47: bytes; 48-63: CPU */
	uint64_t site;		/* bits 0-47: return address; 48-63: frames that follow, in FRAMES */
};

#define RECORDING_LOW_BITS	48
#define RECORDING_LOW		((UINT64_C(1) << RECORDING_LOW_BITS) - 1)
#define RECORDING_ORDER_SHIFT	56
#define RECORDING_FRAMES_EACH	4u

static inline unsigned int recording_kind(const struct recording_event *ev)
{
	return (unsigned int)(ev->addr >> RECORDING_LOW_BITS) & 0xff;
}

_Static_assert(sizeof(struct recording_event) == 32, "events of a file");
_Static_assert(sizeof(struct recording_chunk) == 64, "a chunk's events are aligned");
_Static_assert(sizeof(struct recording_file) == 80, "no holes");

#endif
