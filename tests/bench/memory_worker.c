/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim-bench: replay of events in memory, in a process of its own; see bench.h. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/replay/replay.h"
#include "sim/trace/trace.h"
#include "tests/bench/bench.h"

/* No event of a recording is to leave memory. */
#define KEEP_BYTES (16ULL << 30)

static struct trace *load(const char *path)
{
	struct trace *trace = trace_create(KEEP_BYTES);
	struct source *src;
	struct reader *rd;
	struct kerror err;

	if (!trace)
		bench_die("no memory for a trace");
	if (source_open(&src, path, &err) || reader_open(&rd, src, NULL, trace_names(trace), &err) ||
	    trace_load(trace, rd, NULL, NULL, &err))
		bench_die("%s", err.text);
	reader_close(rd);
	if (trace_resolve(trace, &err))
		bench_die("%s", err.text);
	return trace;
}

static double replay_once(struct trace *trace)
{
	const struct event *events;
	struct replay_config rcfg;
	struct machine_config cfg;
	struct trace_cursor cur;
	struct machine *m;
	struct replay *rp;
	struct kerror err;
	double start, spent;
	int64_t got;

	machine_config_default(&cfg);
	cfg.nr_cpus = trace_summary(trace)->max_cpu + 1;
	replay_config_default(&rcfg);
	if (machine_create(&m, &cfg, &err) || replay_create(&rp, m, trace_names(trace), &rcfg, &err) ||
	    trace_cursor_init(&cur, trace, &err))
		bench_die("%s", err.text);
	start = bench_cpu_seconds();
	while ((got = trace_cursor_next(&cur, &events, &err)) > 0)
		if (replay_events(rp, events, (size_t)got, &err))
			bench_die("%s", err.text);
	spent = bench_cpu_seconds() - start;
	if (got < 0)
		bench_die("%s", err.text);
	trace_cursor_exit(&cur);
	replay_destroy(rp);
	machine_destroy(m);
	return spent;
}

/* Answer each byte that comes in with the seconds of one replay. */
static void serve(const char *text, int ask, int answer)
{
	struct trace *trace = load(text);
	uint64_t nr_events = trace_summary(trace)->nr_events;
	double spent;
	char byte;

	if (write(answer, &nr_events, sizeof(nr_events)) != sizeof(nr_events))
		_exit(2);
	while (read(ask, &byte, 1) == 1) {
		spent = replay_once(trace);
		if (write(answer, &spent, sizeof(spent)) != sizeof(spent))
			_exit(2);
	}
	_exit(0);
}

void memory_worker_start(struct memory_worker *worker, const char *text)
{
	int ask[2], answer[2];

	fflush(stdout);
	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		bench_die("no pipe");
	worker->pid = fork();
	if (worker->pid < 0)
		bench_die("no process");
	if (!worker->pid) {
		close(ask[1]);
		close(answer[0]);
		serve(text, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	worker->ask = ask[1];
	worker->answer = answer[0];
	if (read(worker->answer, &worker->nr_events, sizeof(worker->nr_events)) !=
	    sizeof(worker->nr_events))
		bench_die("%s: not loaded", text);
}

double memory_worker_round(struct memory_worker *worker)
{
	double spent;

	if (write(worker->ask, "r", 1) != 1 ||
	    read(worker->answer, &spent, sizeof(spent)) != sizeof(spent))
		bench_die("the replay from memory ended early");
	return spent;
}

void memory_worker_stop(struct memory_worker *worker)
{
	close(worker->ask);
	close(worker->answer);
	waitpid(worker->pid, NULL, 0);
}
