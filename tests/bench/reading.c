/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: reading alone, from bytes to events, of one recording in several
 * formats: perf.data itself, the text that perf script prints of it, and .kmt. The
 * peer of the first two is perf script, whose output goes to /dev/null; .kmt's is our
 * reading of the text. Memory accesses, as lackey's text and as .kmt, have none. All by CPU time, user and system; the files are in the page
 * cache, the events go into one buffer that is used again.
 *
 * Single-threaded; everything runs on the CPU that bench_pin() chose.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "sim/trace/reader.h"
#include "tests/bench/bench.h"

#define EVENTS 4096

/* Seconds of CPU to read @path to its end; *@nr is the number of events, or of accesses where it has none. */
static double read_all(const char *path, uint64_t *nr)
{
	static struct event events[EVENTS];
	struct reader_config cfg = { .names = names_create(), .stacks = stacks_create() };
	double start = bench_cpu_seconds(), spent;
	struct kerror err = { .text = "" };
	struct source *src;
	struct reader *rd;
	int got;

	if (!cfg.names || !cfg.stacks || source_open(&src, path, &err) || reader_open_config(&rd, src, &cfg, &err))
		bench_die("%s: %s", path, err.text);
	while ((got = reader_read(rd, events, EVENTS, &err)) > 0)
		;
	if (got < 0 || rd->stats.truncated)
		bench_die("%s: %s", path, got < 0 ? err.text : rd->stats.error.text);
	*nr = rd->stats.events ? rd->stats.events : rd->stats.accesses;
	reader_close(rd);
	stacks_destroy(cfg.stacks);
	names_destroy(cfg.names);
	spent = bench_cpu_seconds() - start;
	return spent;
}

static double perf_script(const char *data)
{
	const char *const argv[] = { "perf", "script", "-i", data, NULL };
	struct rusage usage;

	bench_call((char *const *)argv, NULL, NULL, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

enum figure { SCRIPT, DATA, TEXT, KMT, NR_FIGURES };

void bench_reading(const struct bench_recording *rec, unsigned int rounds)
{
	const char *const paths[NR_FIGURES] = { [DATA] = rec->data, [TEXT] = rec->text, [KMT] = rec->kmt };
	struct bench_samples samples[NR_FIGURES] = { 0 };
	uint64_t nr, first = 0;
	char title[128];
	unsigned int i;
	int which;

	for (i = 0; i <= rounds; i++) {
		double seconds[NR_FIGURES];

		seconds[SCRIPT] = perf_script(rec->data);
		for (which = DATA; which < NR_FIGURES; which++) {
			seconds[which] = read_all(paths[which], &nr);
			if (first && nr != first)
				bench_die("%s has %llu events, not %llu", paths[which], (unsigned long long)nr,
					  (unsigned long long)first);
			first = nr;
		}
		/* The first round warms up. */
		for (which = 0; i && which < NR_FIGURES; which++)
			bench_add(&samples[which], (double)first / 1000 / seconds[which]);
	}
	snprintf(title, sizeof(title), "Reading %s: %llu events, by CPU time", rec->name, (unsigned long long)first);
	bench_heading(title, "thousand events a second");
	bench_row("perf.data decoded", &samples[DATA], "perf script", &samples[SCRIPT], BAR_AT_LEAST, 50);
	bench_row("perf script's text decoded", &samples[TEXT], "perf script", &samples[SCRIPT], BAR_AT_LEAST, 12);
	bench_row(".kmt decoded", &samples[KMT], "text decoded", &samples[TEXT], BAR_AT_LEAST, 10);
}

void bench_accesses(const char *text, const char *kmt, unsigned int rounds)
{
	struct bench_samples lines = { 0 }, accesses = { 0 };
	uint64_t nr, of_kmt;
	char title[128];
	unsigned int i;

	for (i = 0; i <= rounds; i++) {
		double from_text = read_all(text, &nr), from_kmt = read_all(kmt, &of_kmt);

		if (nr != of_kmt)
			bench_die("%s has %llu accesses, not %llu", kmt, (unsigned long long)of_kmt, (unsigned long long)nr);
		/* The first round warms up. */
		if (i) {
			bench_add(&lines, (double)nr / 1e6 / from_text);
			bench_add(&accesses, (double)nr / 1e6 / from_kmt);
		}
	}
	snprintf(title, sizeof(title), "Reading memory accesses: %llu of ls -lR, by CPU time", (unsigned long long)nr);
	bench_heading(title, "million accesses a second");
	bench_row("lackey's text decoded", &lines, NULL, NULL, BAR_AT_LEAST, 15);
	bench_row(".kmt decoded", &accesses, NULL, NULL, BAR_AT_LEAST, 100);
}
