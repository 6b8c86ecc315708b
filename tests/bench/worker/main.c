/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: a worker; see protocol.h.
 *
 * One thread alone is measured in CPU time. Two threads are measured in elapsed
 * time, from when both are ready to when both are done, in slices short enough
 * that most run undisturbed: a slice in which another program took a CPU (an
 * involuntary switch) is run again, a few times. A round is then its slices' median.
 *
 * To warm up, rounds are run that grow until they take long enough or are as
 * long as the pattern has them: nobody waits for an allocator that is slow.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/worker/protocol.h"
#include "tests/bench/worker/ring.h"
#include "tests/bench/worker/threads.h"
#include "tests/bench/worker/worker.h"

#define ROUND_NS 8e6
#define SLICE_NS 2e6

void worker_die(const char *text)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
	_exit(2);
}

/* From the host, not from the allocator that is measured. */
static void *fresh_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		worker_die("no memory for the benchmark's tables");
	return memory;
}

static void shuffle(struct loop *loop)
{
	uint32_t i, other, number;

	for (i = 0; i < loop->nr_held; i++)
		loop->order[i] = i;
	for (i = loop->nr_held; i > 1; i--) {
		other = loop_random(loop, i);
		number = loop->order[i - 1];
		loop->order[i - 1] = loop->order[other];
		loop->order[other] = number;
	}
}

static void loop_init(struct loop *loop, const struct pattern *pattern, size_t size, struct ring *ring,
		      uint64_t seed)
{
	*loop = (struct loop){
		.size = size, .nr_held = pattern->nr_held, .random = seed, .ring = ring,
		.pairs = pattern->pairs,
		.held = fresh_memory(pattern->nr_held * sizeof(loop->held[0])),
		.order = fresh_memory(pattern->nr_held * sizeof(loop->order[0])),
	};
	shuffle(loop);
	allocator_init(loop);
}

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Half a round first: the others' rounds have emptied the CPU's caches. */
static struct worker_round measure_one(const struct pattern *pattern, struct loop *loop)
{
	double start;

	if (pattern->figure)
		return (struct worker_round){ .ns = pattern->figure(loop) };
	pattern->run(loop, loop->pairs / 2);
	start = cpu_ns();
	pattern->run(loop, loop->pairs);
	return (struct worker_round){ .ns = (cpu_ns() - start) / (double)loop->pairs };
}

static struct worker_round measure(const struct pattern *pattern, struct loop *loop)
{
	return pattern->threads == ONE_THREAD ? measure_one(pattern, loop) : threads_measure();
}

static void warm_up(const struct pattern *pattern, struct loop *loop)
{
	double enough = pattern->threads == ONE_THREAD ? ROUND_NS : SLICE_NS;
	unsigned int i;

	measure(pattern, loop);
	for (i = 0; i < pattern->doublings; i++) {
		if (2 * measure(pattern, loop).ns * (double)loop[0].pairs > enough)
			break;
		loop[0].pairs *= 2;
		if (pattern->threads != ONE_THREAD)
			loop[1].pairs *= 2;
	}
	measure(pattern, loop);
}

static const struct pattern *find_pattern(const char *name)
{
	const struct pattern *pattern = patterns;

	while (pattern->name && strcmp(pattern->name, name))
		pattern++;
	if (!pattern->name)
		worker_die("no such pattern");
	return pattern;
}

static void say(const void *what, size_t bytes)
{
	if (write(STDOUT_FILENO, what, bytes) != (ssize_t)bytes)
		_exit(2);
}

static void say_hello(void)
{
	struct worker_hello hello = { "?" };
	Dl_info info;

	if (dladdr(allocator_code, &info) && info.dli_fname)
		snprintf(hello.allocator, sizeof(hello.allocator), "%s", info.dli_fname);
	say(&hello, sizeof(hello));
}

static unsigned long parse_number(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || number > INT_MAX)
		worker_die("expected a number");
	return number;
}

int main(int argc, char **argv)
{
	const struct pattern *pattern;
	struct worker_round round;
	struct loop loop[2];
	struct ring *ring;
	bool two;
	char byte;
	int i;

	if (argc != 5)
		worker_die("usage: PATTERN SIZE FIRST_CPU LAST_CPU");
	pattern = find_pattern(argv[1]);
	two = pattern->threads != ONE_THREAD;
	ring = two ? fresh_memory(sizeof(*ring)) : NULL;
	for (i = 0; i < 1 + two; i++)
		loop_init(&loop[i], pattern, parse_number(argv[2]), ring, 1 + i);
	if (two)
		threads_start(pattern, loop, (int)parse_number(argv[3]), (int)parse_number(argv[4]));
	else if (pin_thread((int)parse_number(argv[4])))
		worker_die("cannot stay on one CPU");
	if (!two && pattern->prepare)
		pattern->prepare(&loop[0]);
	warm_up(pattern, loop);
	say_hello();
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		round = measure(pattern, loop);
		say(&round, sizeof(round));
	}
	return 0;
}
