/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: workers, from the side of who drives them; see contestant.h. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/contestant.h"
#include "tests/bench/worker/protocol.h"

#define PATIENCE_MS 120000	/* a round takes a fraction of a second */

struct worker {
	const struct contestant *what;
	pid_t pid;
	int ask, answer;	/* pipes; -1: the worker is gone */
};

/* Nothing in the environment but what is meant to be there: allocators read it. */
static void become_worker(const struct contestant *what, const struct contest *contest,
			  const struct bench_place *place, int ask, int answer)
{
	char program[4096], preload[256], size[16], first[16], last[16], options[256];
	char *argv[] = { program, (char *)contest->pattern, size, first, last, NULL };
	char *env[] = { preload, options, NULL };

	snprintf(program, sizeof(program), "%s/%s", place->build, what->program);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", what->preload ?: "");
	snprintf(options, sizeof(options), "KMEMSIM_OPTIONS=%s", what->options ?: "");
	snprintf(size, sizeof(size), "%u", contest->size);
	snprintf(first, sizeof(first), "%d", place->first_cpu);
	snprintf(last, sizeof(last), "%d", place->last_cpu);
	if (dup2(ask, STDIN_FILENO) >= 0 && dup2(answer, STDOUT_FILENO) >= 0)
		execve(program, argv, env);
	_exit(127);
}

static void worker_gone(struct worker *worker, const struct contest *contest, const char *why)
{
	if (why)
		fprintf(stderr, "kmemsim-bench: %s, pattern %s, size %u: %s\n", worker->what->name,
			contest->pattern, contest->size, why);
	close(worker->ask);
	close(worker->answer);
	worker->ask = worker->answer = -1;
	if (why)
		kill(worker->pid, SIGKILL);
	waitpid(worker->pid, NULL, 0);
}

/* All @bytes of an answer; false when the worker ends or hangs. */
static bool hear(struct worker *worker, void *answer, size_t bytes)
{
	struct pollfd fd = { .fd = worker->answer, .events = POLLIN };
	size_t got = 0;
	ssize_t nr;

	while (got < bytes) {
		if (poll(&fd, 1, PATIENCE_MS) != 1)
			return false;
		nr = read(worker->answer, (char *)answer + got, bytes - got);
		if (nr <= 0)
			return false;
		got += (size_t)nr;
	}
	return true;
}

/* A library that can't be preloaded is only warned of: see that the right one is there. */
static bool right_allocator(const struct contestant *what, const char *file)
{
	const char *wanted = what->preload ? strrchr(what->preload, '/') : NULL;

	wanted = wanted ? wanted + 1 : what->preload;
	return !wanted || strstr(file, wanted);
}

static void worker_start(struct worker *worker, const struct contestant *what,
			 const struct contest *contest, const struct bench_place *place)
{
	struct worker_hello hello;
	int ask[2], answer[2];

	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		bench_die("no pipe");
	*worker = (struct worker){ .what = what, .ask = ask[1], .answer = answer[0] };
	fflush(stdout);
	worker->pid = fork();
	if (worker->pid < 0)
		bench_die("no process");
	if (!worker->pid)
		become_worker(what, contest, place, ask[0], answer[1]);
	close(ask[0]);
	close(answer[1]);
	if (!hear(worker, &hello, sizeof(hello)))
		worker_gone(worker, contest, "its worker does not start");
	else if (!right_allocator(what, hello.allocator))
		worker_gone(worker, contest, "its library is not there");
}

static void worker_round(struct worker *worker, struct contest *contest, unsigned int i)
{
	struct worker_round round;

	if (worker->ask < 0)
		return;
	if (write(worker->ask, "r", 1) != 1 || !hear(worker, &round, sizeof(round))) {
		worker_gone(worker, contest, "its worker ended early");
		contest->ns[i].nr = contest->alone_ns[i].nr = 0;
		return;
	}
	bench_add(&contest->ns[i], round.ns);
	bench_add(&contest->alone_ns[i], round.alone_ns);
}

void contest_run(struct contest *contest, const struct contestant *contestants, unsigned int nr,
		 const struct bench_place *place, unsigned int rounds)
{
	struct worker worker[MAX_CONTESTANTS];
	unsigned int round, i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < nr; i++)
		worker_start(&worker[i], &contestants[i], contest, place);
	for (round = 0; round < rounds; round++)
		for (i = 0; i < nr; i++)
			worker_round(&worker[(round + i) % nr], contest, (round + i) % nr);
	for (i = 0; i < nr; i++)
		if (worker[i].ask >= 0)
			worker_gone(&worker[i], contest, NULL);
}
