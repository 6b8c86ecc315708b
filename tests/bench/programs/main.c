/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench-programs: whole runs of real programs on glibc's malloc and on the
 * preloaded library, in turn: CPU time (user and system, of the script and all
 * its children), elapsed time, and the peak memory of the largest process among
 * them (ru_maxrss). The bars are by CPU time, which other programs on the host
 * disturb least; threads that wait for each other show in the elapsed time alone.
 *
 *	bench-programs ROUNDS LIBRARY SCRIPTS WORK NAME...
 *
 * The scripts are tests/library/programs/NAME.sh (run.py there says how they are called);
 * WORK/NAME/in holds the inputs that they prepared. On glibc, libc.so.6 itself is
 * preloaded: Debian's redis-server is linked with another malloc.
 *
 * Single-threaded; programs run on all CPUs that this process may use.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define MAX_PROGRAMS 32
#define PATH_BYTES 4096

enum contestant { GLIBC, OURS, NR_CONTESTANTS };
enum figure { CPU, ELAPSED, PEAK, NR_FIGURES };

struct program {
	const char *name;
	char script[PATH_BYTES], in[PATH_BYTES], out[PATH_BYTES];
	struct bench_samples samples[NR_CONTESTANTS][NR_FIGURES];
};

static void path(char *buf, const char *folder, const char *name, const char *rest)
{
	if (snprintf(buf, PATH_BYTES, "%s/%s%s", folder, name, rest) >= PATH_BYTES)
		bench_die("%s/%s: the path is too long", folder, name);
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void run_once(struct program *program, enum contestant who, const char *preload)
{
	char *remove[] = { "rm", "-rf", program->out, NULL };
	char *run[] = { "sh", program->script, "run", program->in, NULL };
	struct bench_samples *samples = program->samples[who];
	struct rusage usage;
	double start;

	bench_call(remove, NULL, NULL, &usage);
	if (mkdir(program->out, 0777))
		bench_die("cannot make %s", program->out);
	start = bench_wall_seconds();
	bench_call(run, program->out, preload, &usage);
	bench_add(&samples[ELAPSED], bench_wall_seconds() - start);
	bench_add(&samples[CPU], seconds(usage.ru_utime) + seconds(usage.ru_stime));
	bench_add(&samples[PEAK], (double)usage.ru_maxrss / 1024);
	bench_call(remove, NULL, NULL, &usage);
}

static void print_table(const struct program *programs, unsigned int nr, enum figure figure,
			enum bench_bar bar, double limit)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		bench_row(programs[i].name, &programs[i].samples[OURS][figure], "glibc",
			  &programs[i].samples[GLIBC][figure], bar, limit);
}

/* By the medians: how many need less CPU time than on glibc. */
static void print_faster(const struct program *programs, unsigned int nr)
{
	unsigned int i, faster = 0;

	for (i = 0; i < nr; i++)
		faster += bench_stat_of(&programs[i].samples[OURS][CPU]).median <
			  bench_stat_of(&programs[i].samples[GLIBC][CPU]).median;
	printf("%u of %u take less CPU time than on glibc; bar: most, %s\n", faster, nr,
	       2 * faster > nr ? "met" : "missed");
}

int main(int argc, char **argv)
{
	static struct program programs[MAX_PROGRAMS];
	const char *preload[NR_CONTESTANTS] = { [GLIBC] = "libc.so.6" };
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned int nr, i, round;

	if (argc < 6 || argc - 5 > MAX_PROGRAMS || rounds < 1 || rounds > BENCH_MAX_ROUNDS) {
		fputs("usage: bench-programs ROUNDS LIBRARY SCRIPTS WORK NAME...\n", stderr);
		return 2;
	}
	preload[OURS] = argv[2];
	nr = (unsigned int)argc - 5;
	for (i = 0; i < nr; i++) {
		programs[i].name = argv[5 + i];
		path(programs[i].script, argv[3], programs[i].name, ".sh");
		path(programs[i].in, argv[4], programs[i].name, "/in");
		path(programs[i].out, argv[4], programs[i].name, "/out");
	}
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < nr; i++) {
			enum contestant first = round % 2 ? OURS : GLIBC;

			run_once(&programs[i], first, preload[first]);
			run_once(&programs[i], !first, preload[!first]);
		}
	}
	bench_heading("Real programs, whole runs: CPU time", "seconds");
	print_table(programs, nr, CPU, BAR_AT_MOST, 1.02);
	print_faster(programs, nr);
	bench_heading("The same: elapsed time", "seconds");
	print_table(programs, nr, ELAPSED, BAR_NONE, 0);
	bench_heading("The same: peak memory of the largest process", "MiB");
	print_table(programs, nr, PEAK, BAR_AT_MOST, 1.15);
	return 0;
}
