/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: an access model fed by a thread of its own; see follower.h. */
#include "sim/access/follower.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#define RING_BLOCKS	8u

struct follower_ring {
	struct follower_entry block[RING_BLOCKS][FOLLOWER_BLOCK];
	uint32_t nr[RING_BLOCKS];
	uint64_t filled, done;		/* blocks ever handed over, and ever worked off */
	bool stop, running;
	pthread_t thread;
	pthread_mutex_t lock;		/* of filled, done and stop */
	pthread_cond_t changed;
};

static void work_off(struct access_model *model, const struct follower_entry *entry, uint32_t nr)
{
	const struct follower_entry *end = entry + nr;

	for (; entry < end; entry++) {
		if (entry->bytes)
			access_object(model, entry->offset, entry->bytes);
		else
			access_free(model, entry->offset);
	}
}

static void *follow(void *arg)
{
	struct follower *f = arg;
	struct follower_ring *ring = f->ring;
	uint64_t next = 0;

	pthread_mutex_lock(&ring->lock);
	for (;;) {
		while (ring->filled == next && !ring->stop)
			pthread_cond_wait(&ring->changed, &ring->lock);
		if (ring->filled == next)
			break;
		pthread_mutex_unlock(&ring->lock);
		work_off(f->model, ring->block[next % RING_BLOCKS], ring->nr[next % RING_BLOCKS]);
		next++;
		pthread_mutex_lock(&ring->lock);
		ring->done = next;
		pthread_cond_broadcast(&ring->changed);
	}
	pthread_mutex_unlock(&ring->lock);
	return NULL;
}

struct follower *follower_create(struct access_model *model)
{
	struct follower *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->model = model;
	f->ring = calloc(1, sizeof(*f->ring));
	if (!f->ring) {
		free(f);
		return NULL;
	}
	f->block = f->ring->block[0];
	pthread_mutex_init(&f->ring->lock, NULL);
	pthread_cond_init(&f->ring->changed, NULL);
	return f;
}

/* Signals are the main thread's. Without a thread all goes on as on one CPU. */
static void start(struct follower *f)
{
	sigset_t all, before;
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) < 2)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	f->ring->running = !pthread_create(&f->ring->thread, NULL, follow, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void follower_full(struct follower *f)
{
	struct follower_ring *ring = f->ring;

	if (!ring->running && !ring->filled)
		start(f);
	if (!ring->running) {
		work_off(f->model, f->block, f->nr);
		ring->filled = 1;	/* and do not try again */
		f->nr = 0;
		return;
	}
	pthread_mutex_lock(&ring->lock);
	ring->nr[ring->filled % RING_BLOCKS] = f->nr;
	ring->filled++;
	pthread_cond_broadcast(&ring->changed);
	while (ring->filled - ring->done == RING_BLOCKS)
		pthread_cond_wait(&ring->changed, &ring->lock);
	f->block = ring->block[ring->filled % RING_BLOCKS];
	pthread_mutex_unlock(&ring->lock);
	f->nr = 0;
}

void follower_settle(struct follower *f)
{
	struct follower_ring *ring = f->ring;

	if (ring->running) {
		pthread_mutex_lock(&ring->lock);
		while (ring->done != ring->filled)
			pthread_cond_wait(&ring->changed, &ring->lock);
		pthread_mutex_unlock(&ring->lock);
	}
	work_off(f->model, f->block, f->nr);
	f->nr = 0;
}

void follower_destroy(struct follower *f)
{
	if (!f)
		return;
	if (f->ring->running) {
		pthread_mutex_lock(&f->ring->lock);
		f->ring->stop = true;
		pthread_cond_broadcast(&f->ring->changed);
		pthread_mutex_unlock(&f->ring->lock);
		pthread_join(f->ring->thread, NULL);
	}
	pthread_mutex_destroy(&f->ring->lock);
	pthread_cond_destroy(&f->ring->changed);
	free(f->ring);
	free(f);
}
