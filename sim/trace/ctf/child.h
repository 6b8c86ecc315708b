/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the process in which babeltrace2 runs. A damaged trace can make that library
 * crash (2.0.4: a list whose length is 2^31) or ask for all memory there is, and the
 * process it runs in is gone then. So it runs in a child, which is only that:
 *
 *	apart.c (parent)                        child.c (child)
 *	  struct reader_ops ctf_reader            the reader of reader.c, names and call chains of its own
 *	        |        <------ pipe ------             |
 *	        +--- struct ctf_watch, shared ---+-------+
 *
 * Through the pipe come blocks of records, in the order in which the reader made them:
 *
 *	block   u64 bytes of the records behind it
 *	record  u32 type, u32 bytes of its payload; the payload; zeros up to a multiple of 8
 *
 * A name or a call chain comes before the first event that has it, and has the next
 * number. A block ends behind an event and what belongs to it, with the reader's sums.
 *
 * What the child cannot say any more when it has crashed stands in memory that both
 * see: in which stream, at which step. Reading is a function of the files, so the
 * parent starts another child which leaves that stream there, and passes over what
 * it had already: the rest of the trace is read as behind any damage.
 *
 * fork() and threads: what runs beside the caller is the thread of the trace's archive
 * at most, which holds no lock but the heap's, and that one is whole in a child of
 * glibc's fork(). It never calls babeltrace2 or GLib. The child has one thread, leaves
 * with _exit, and writes to nothing but the pipe.
 *
 * Who opened the reader has to live as long as it does: the child ends with that thread, and
 * removes its folder of links then.
 */
#ifndef KMEMSIM_SIM_TRACE_CTF_CHILD_H
#define KMEMSIM_SIM_TRACE_CTF_CHILD_H

#include <semaphore.h>
#include <sys/types.h>

#include "sim/trace/ctf/ctf.h"

enum ctf_record_type {
	CTF_REC_OPENED,		/* the first one: struct kerror, code 0 where the trace can be read */
	CTF_REC_EVENTS,		/* struct event, one behind the other */
	CTF_REC_NAME,		/* text, not terminated */
	CTF_REC_STACK,		/* name_id of each call site */
	CTF_REC_LOSS,		/* struct ctf_loss: a new one, or the last one again */
	CTF_REC_MESSAGE,	/* u64 number of the event; text, terminated */
	CTF_REC_STATS,		/* struct reader_stats */
	CTF_REC_FAILED,		/* struct kerror: no memory, say */
	CTF_REC_END,		/* the last one */
};

struct ctf_record {
	uint32_t type, len;
};

struct ctf_loss {
	uint64_t index;
	struct reader_loss loss;
};

/* A block is sent when it has so many bytes: what a pipe holds. */
#define CTF_BLOCK_BYTES	(64u << 10)
/* No block is larger: one event more has STACK_MAX_FRAMES new names at most. */
#define CTF_BLOCK_MAX	(4u << 20)

/* What is behind a record's payload of @len bytes, too. */
static inline size_t ctf_record_bytes(size_t len)
{
	return sizeof(struct ctf_record) + ((len + 7) & ~(size_t)7);
}

struct ctf_child {
	pid_t pid;			/* 0: none, or it was reaped */
	int fd;				/* the pipe's end, or -1 */
	struct ctf_watch *watch;	/* NULL: not started yet; the same for all children of a reader */
};

/*
 * Start a child that opens what @rd is to read; it waits for ctf_child_go() then. @child is
 * { .fd = -1 } before the first one. A negative errno of the system. ctf_child_exit() may be called in any case.
 */
int ctf_child_start(struct ctf_child *child, struct reader *rd, struct kerror *err);
/* It may read events, and describe @messages malformed ones. */
void ctf_child_go(struct ctf_child *child, unsigned int messages);
/* Wait until it has ended, which @kill brings about. The number of the signal; else minus its exit status. */
int ctf_child_reap(struct ctf_child *child, bool kill);
/* The same, and give back all else. */
void ctf_child_exit(struct ctf_child *child);

#endif
