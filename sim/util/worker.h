/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a thread that does one piece of work at a time while its owner does another.
 *
 *	worker_start(w, job, arg) ... worker_wait(w) ... worker_start() ... worker_destroy(w)
 *
 * What the job reads and writes is its own until worker_wait() returns. Locking: the
 * owner is one thread.
 */
#ifndef KMEMSIM_SIM_UTIL_WORKER_H
#define KMEMSIM_SIM_UTIL_WORKER_H

struct worker;

/* NULL where this process may use one CPU only, or no thread can be made: then its owner does the work. */
struct worker *worker_create(void);
/* Waits for what is under way. NULL is let pass. */
void worker_destroy(struct worker *w);
/* Waits for the job before, if there is one. */
void worker_start(struct worker *w, void (*job)(void *arg), void *arg);
void worker_wait(struct worker *w);

#endif
