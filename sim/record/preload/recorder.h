/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the recorder, which is preloaded into a program whose malloc calls are
 * recorded. What it writes is described in sim/trace/heap/recording.h.
 *
 *	calls.c		malloc and its family: pass on, take the time, write the event
 *	stream.c	a thread's chunk of the file; processes, forks, threads that end
 *	modules.c	which code is mapped where
 *
 * The program's own state is left alone: no memory of its heap is used, no descriptor
 * below 900 is kept where that can be, errno and the signal mask are as before, and no
 * call is a cancellation point.
 *
 * Locking: a thread writes into its own chunk without any. What threads share is
 * under recorder_lock(), with all signals blocked.
 */
#ifndef KMEMSIM_SIM_RECORD_PRELOAD_RECORDER_H
#define KMEMSIM_SIM_RECORD_PRELOAD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/rseq.h>

#include "sim/trace/heap/recording.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define EXPORT		__attribute__((visibility("default")))
#define THREAD_LOCAL	__thread __attribute__((tls_model("initial-exec")))

/* A thread's place in the file. All zero: it has none yet. */
struct stream {
	uint64_t pos;		/* address of the next event */
	uint64_t end;		/* of the chunk */
	uint32_t image;		/* the process image that it belongs to */
	uint64_t code;		/* the last call came from here .. */
	uint64_t code_len;	/* .. to here, which modules.c knows */
	/* Mapped; the other one is full, or NULL. */
	struct recording_chunk *chunk, *other;
};

/* On a page that fork() clears in the child, however it is called. */
struct process {
	uint32_t image;		/* 0: this process has not begun to record */
	uint32_t lock;		/* recorder_lock() */
};

extern THREAD_LOCAL struct stream recorder_stream;
extern struct process *recorder_process;
extern bool recorder_tsc;
extern bool recorder_threads;	/* more than one thread of this process records */
extern unsigned int recorder_stacks;	/* frames a call chain may have; 0: none is recorded */

/* ---- stream.c ---- */

/* As recorder_reserve(), where the thread's chunk does not do. */
struct recording_event *recorder_reserve_slow(uint64_t bytes);
/*
 * Write a chunk of mappings: @text of @len bytes. False: there is no place. With
 * recorder_lock() held.
 */
bool recorder_write_maps(const char *text, size_t len);

struct recorder_locked {
	struct process *process;
	uint64_t signals;	/* that were blocked */
	int error;		/* errno */
};

/* Block all signals, then take the lock; and back. Not recursive. */
void recorder_lock(struct recorder_locked *locked);
void recorder_unlock(const struct recorder_locked *locked);
/* Whether this process records; it begins to, where it has not. Without the lock. */
bool recorder_begin(void);

/* ---- modules.c ---- */

/* @site is outside of the range of code that the thread knows. */
void recorder_know_slow(uint64_t site);
/* What was known of them may be wrong. */
void recorder_forget_modules(void);

/* ---- the fast path ---- */

/* As recorder_time(), by CLOCK_MONOTONIC. */
uint64_t recorder_time_ns(unsigned int *cpu);

static inline uint64_t recorder_time(unsigned int *cpu)
{
	if (unlikely(!recorder_tsc))
		return recorder_time_ns(cpu);
	/*
	 * lfence waits for all instructions before it. rdtsc alone does not: a block that comes from
	 * another CPU could be freed at a time before that CPU has it allocated. (12 ns instead of 25 for
	 * programs of one thread.)
	 */
	if (recorder_threads)
		__builtin_ia32_lfence();
	*cpu = ((const struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset))->cpu_id_start;
	return __builtin_ia32_rdtsc();
}

/*
 * Place for @nr events in a row, or NULL. One instruction takes it, so that a handler of a
 * signal, which may come anywhere, takes another one.
 */
static inline struct recording_event *recorder_reserve(unsigned int nr)
{
	uint64_t bytes = nr * sizeof(struct recording_event), at = bytes;

	if (likely(recorder_stream.image == recorder_process->image)) {
		__asm__("xaddq %0, %1" : "+r"(at), "+m"(recorder_stream.pos) : : "cc");
		if (likely(at + bytes <= recorder_stream.end))
			return (struct recording_event *)at;
	}
	return recorder_reserve_slow(bytes);
}

/* See to it that the module of @site will be known. Before the event's time is taken. */
static inline void recorder_know(uint64_t site)
{
	if (unlikely(site - recorder_stream.code >= recorder_stream.code_len))
		recorder_know_slow(site);
}

#endif
