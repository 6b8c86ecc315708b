/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: a malloc lab's trace through kmalloc, beside the least that a program
 * can do to replay it over the C library's malloc: an array of blocks by number, and 8
 * bytes written to each. Both have the events in memory, begin each round with no memory
 * of their own (a machine that was just booted, a process that was just forked), and are
 * measured in CPU time.
 *
 * Single-threaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/trace/reader.h"
#include "tests/bench/bench.h"

struct request {
	uint8_t kind;		/* EV_HEAP_* */
	uint32_t bytes;
	uint64_t block, old;	/* numbers, from 1 */
};

struct requests {
	struct request *all;
	uint64_t nr, max_block;
};

static void add_request(struct requests *reqs, const struct event *ev)
{
	struct request req = { .kind = ev->kind, .bytes = ev->heap_bytes, .block = ev->addr };

	if (!event_is(ev->kind, EVENT_HEAP))
		bench_die("an event that is none of a heap");
	if (ev->kind == EV_HEAP_REALLOC)
		req.old = ev->addr2;
	if (!(reqs->nr & (reqs->nr - 1))) {
		reqs->all = reallocarray(reqs->all, reqs->nr ? 2 * reqs->nr : 1, sizeof(*reqs->all));
		if (!reqs->all)
			bench_die("no memory for the requests");
	}
	reqs->all[reqs->nr++] = req;
	if (req.block > reqs->max_block)
		reqs->max_block = req.block;
	if (req.old > reqs->max_block)
		reqs->max_block = req.old;
}

static void read_requests(struct requests *reqs, const char *path)
{
	static struct event events[1024];
	struct kerror err = { .text = "" };
	struct names *names = names_create();
	struct source *src;
	struct reader *rd;
	int got, i;

	if (!names || source_open(&src, path, &err) || reader_open(&rd, src, "rep", names, &err))
		bench_die("%s: %s", path, err.text);
	while ((got = reader_read(rd, events, 1024, &err)) > 0)
		for (i = 0; i < got; i++)
			add_request(reqs, &events[i]);
	if (got < 0)
		bench_die("%s: %s", path, err.text);
	reader_close(rd);
	names_destroy(names);
}

static void touch(void *block, uint32_t bytes)
{
	if (block && bytes)
		memset(block, 1, bytes < 8 ? bytes : 8);
}

/* Seconds of CPU to replay them over malloc. */
static double replay_malloc(const struct requests *reqs)
{
	void **blocks = calloc(reqs->max_block + 1, sizeof(*blocks));
	double start = bench_cpu_seconds();
	uint64_t i;

	if (!blocks)
		return -1;

	for (i = 0; i < reqs->nr; i++) {
		const struct request *req = &reqs->all[i];

		if (req->kind == EV_HEAP_FREE) {
			free(blocks[req->block]);
			blocks[req->block] = NULL;
			continue;
		}
		if (req->kind == EV_HEAP_REALLOC) {
			void *moved = realloc(blocks[req->old], req->bytes);

			blocks[req->old] = NULL;
			blocks[req->block] = moved;
		} else {
			blocks[req->block] = malloc(req->bytes);
		}
		touch(blocks[req->block], req->bytes);
	}
	return bench_cpu_seconds() - start;
}

static double replay_in_child(const struct requests *reqs)
{
	double spent = -1;
	int answer[2], pid;

	if (pipe(answer))
		bench_die("no pipe");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		spent = replay_malloc(reqs);
		_exit(write(answer[1], &spent, sizeof(spent)) != sizeof(spent));
	}
	if (pid < 0 || read(answer[0], &spent, sizeof(spent)) != sizeof(spent) || spent < 0)
		bench_die("the replay over malloc ended early");
	close(answer[0]);
	close(answer[1]);
	waitpid(pid, NULL, 0);
	return spent;
}

void bench_heap(const char *name, const char *path, unsigned int rounds)
{
	struct bench_samples ours = { 0 }, peer = { 0 };
	struct requests reqs = { NULL };
	struct memory_worker worker;
	char title[128];
	unsigned int i;
	double kevents;

	memory_worker_start(&worker, path);
	read_requests(&reqs, path);
	kevents = (double)reqs.nr / 1000;
	/* The first round warms up. */
	for (i = 0; i <= rounds; i++) {
		double mine = memory_worker_round(&worker), theirs = replay_in_child(&reqs);

		if (!i)
			continue;
		bench_add(&ours, kevents / mine);
		bench_add(&peer, kevents / theirs);
	}
	memory_worker_stop(&worker);
	snprintf(title, sizeof(title), "Heap trace %s: %llu requests, by CPU time", name, (unsigned long long)reqs.nr);
	bench_heading(title, "thousand requests a second");
	bench_row("replayed through kmalloc", &ours, "glibc's malloc", &peer, BAR_AT_LEAST, 0.5);
	free(reqs.all);
}
