/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: the command line, used by tests/bench/bench.sh.
 *
 *	kmemsim-bench micro ROUNDS
 *	kmemsim-bench library ROUNDS BUILD JSON		the library beside its peers
 *	kmemsim-bench recording ROUNDS NAME TEXT DATA KMEMSIM
 *	kmemsim-bench tlb ROUNDS			accesses through a TLB
 *	kmemsim-bench processes ROUNDS KMEMSIM		accesses and faults of a simulated process
 *	kmemsim-bench replay ROUNDS TEXT		events in memory alone, to be profiled
 *	kmemsim-bench heap ROUNDS NAME REP		through kmalloc, beside glibc's malloc
 *	kmemsim-bench cores ROUNDS NAME DATA KMEMSIM	on one CPU and on two
 *	kmemsim-bench lengths ROUNDS KMEMSIM SHORT LONG	peak memory of two traces
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/library.h"

static unsigned int parse_rounds(const char *text)
{
	char *end;
	unsigned long rounds = strtoul(text, &end, 10);

	if (*end || rounds < 1 || rounds > BENCH_MAX_ROUNDS)
		bench_die("'%s' is no number of rounds from 1 to %d", text, BENCH_MAX_ROUNDS);
	return (unsigned int)rounds;
}

int main(int argc, char **argv)
{
	struct bench_place place = { 0 };

	if (bench_cpus(&place.first_cpu, &place.last_cpu) || bench_pin() < 0)
		fputs("kmemsim-bench: cannot stay on one CPU; figures will spread\n", stderr);
	if (argc == 3 && !strcmp(argv[1], "micro")) {
		unsigned int rounds = parse_rounds(argv[2]);

		bench_pages(rounds);
		bench_objects(rounds);
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "library")) {
		place.build = argv[3];
		bench_library(&place, parse_rounds(argv[2]), argv[4]);
		return 0;
	}
	if (argc == 7 && !strcmp(argv[1], "recording")) {
		const struct bench_recording rec = {
			.name = argv[3], .text = argv[4], .data = argv[5], .kmemsim = argv[6],
		};

		bench_recording(&rec, parse_rounds(argv[2]));
		return 0;
	}
	if (argc == 7 && !strcmp(argv[1], "reading")) {
		const struct bench_recording rec = {
			.name = argv[3], .text = argv[4], .data = argv[5], .kmt = argv[6],
		};

		bench_reading(&rec, parse_rounds(argv[2]));
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "accesses")) {
		bench_accesses(argv[3], argv[4], parse_rounds(argv[2]));
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "tlb")) {
		bench_tlb(parse_rounds(argv[2]));
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "processes")) {
		bench_processes(argv[3], parse_rounds(argv[2]));
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "replay")) {
		bench_replay(argv[3], parse_rounds(argv[2]));
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "heap")) {
		bench_heap(argv[3], argv[4], parse_rounds(argv[2]));
		return 0;
	}
	if (argc == 6 && !strcmp(argv[1], "cores")) {
		const struct bench_place_of_run run = {
			.name = argv[3], .path = argv[4], .kmemsim = argv[5],
			.first_cpu = place.first_cpu, .last_cpu = place.last_cpu,
		};

		bench_cores(&run, parse_rounds(argv[2]));
		return 0;
	}
	if (argc == 6 && !strcmp(argv[1], "lengths")) {
		bench_lengths(argv[3], argv[4], argv[5], parse_rounds(argv[2]));
		return 0;
	}
	fputs("usage: kmemsim-bench micro ROUNDS\n"
	      "       kmemsim-bench library ROUNDS BUILD JSON\n"
	      "       kmemsim-bench recording ROUNDS NAME TEXT DATA KMEMSIM\n"
	      "       kmemsim-bench reading ROUNDS NAME TEXT DATA KMT\n"
	      "       kmemsim-bench accesses ROUNDS TEXT KMT\n"
	      "       kmemsim-bench tlb ROUNDS\n"
	      "       kmemsim-bench processes ROUNDS KMEMSIM\n"
	      "       kmemsim-bench replay ROUNDS TEXT\n"
	      "       kmemsim-bench heap ROUNDS NAME REP\n"
	      "       kmemsim-bench cores ROUNDS NAME DATA KMEMSIM\n"
	      "       kmemsim-bench lengths ROUNDS KMEMSIM SHORT LONG\n", stderr);
	return 2;
}
