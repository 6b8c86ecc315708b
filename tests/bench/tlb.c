/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: accesses through the TLB of the default preset, page-walk caches included,
 * as a simulated process makes them: one that misses is filled with a page of 4 KiB. The
 * addresses are random within as many pages as a level holds, or far more, and are drawn
 * beforehand. Valgrind's cachegrind, where it is installed, runs a program for comparison;
 * it also executes the program, and simulates three caches with lines of 4096 bytes.
 *
 * Single-threaded.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pagemap/tlb/tlb.h"
#include "tests/bench/bench.h"

#define DRAWN	(1u << 20)
#define TIMES	20u

static const struct kind {
	const char *name;
	uint32_t pages;
	double bar;		/* million accesses a second */
} kinds[] = {
	{ "hits in the first level", 32, 50 },
	{ "hits in the second level", 1024, 50 },
	{ "walks", 1u << 20, 20 },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static void draw(uint64_t *addrs, uint32_t pages)
{
	uint64_t state = 1;
	uint32_t i;

	for (i = 0; i < DRAWN; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		addrs[i] = (state >> 33) % pages << 12 | (state >> 20 & 0xff8);
	}
}

/* Millions a second. */
static double run(struct tlb *tlb, const uint64_t *addrs)
{
	double start = bench_cpu_seconds();
	uint32_t times, i;

	for (times = 0; times < TIMES; times++)
		for (i = 0; i < DRAWN; i++)
			tlb_access_mapped(tlb, addrs[i], TLB_PTE);
	return (double)DRAWN * TIMES / 1e6 / (bench_cpu_seconds() - start);
}

/* Instructions and data accesses that cachegrind counted; 0: it wrote none. */
static uint64_t simulated(const char *path)
{
	uint64_t fetches, reads, writes, skip, total = 0;
	FILE *file = fopen(path, "r");
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "summary: %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   &fetches, &skip, &skip, &reads, &skip, &skip, &writes) == 7)
			total = fetches + reads + writes;
	if (file)
		fclose(file);
	return total;
}

static void run_cachegrind(struct bench_samples *samples, unsigned int rounds)
{
	char path[] = "/tmp/kmemsim-bench.XXXXXX", out[64];
	const char *const argv[] = {
		"valgrind", "--tool=cachegrind", "--cache-sim=yes", "--I1=262144,4,4096", "--D1=262144,4,4096",
		"--LL=6291456,12,4096", out, "ls", "-lR", "/usr/lib", NULL
	};
	int fd = mkstemp(path);
	unsigned int i;

	if (fd < 0)
		bench_die("no temporary file");
	close(fd);
	snprintf(out, sizeof(out), "--cachegrind-out-file=%s", path);
	for (i = 0; i < rounds; i++) {
		struct rusage usage;

		bench_call((char *const *)argv, NULL, NULL, &usage);
		bench_add(samples, (double)simulated(path) / 1e6 /
			  ((double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6));
	}
	unlink(path);
}

void bench_tlb(unsigned int rounds)
{
	struct bench_samples samples[NR_KINDS] = { 0 }, peer = { 0 };
	uint64_t *addrs = malloc(DRAWN * sizeof(*addrs));
	struct kerror err = { 0 };
	struct tlb *tlb;
	unsigned int kind, i;
	char title[96];

	if (!addrs)
		bench_die("no memory for addresses");
	for (kind = 0; kind < NR_KINDS; kind++) {
		draw(addrs, kinds[kind].pages);
		if (tlb_create(&tlb, &tlb_presets[0], &err))
			bench_die("%s", err.text);
		/* The first round warms up. */
		for (i = 0; i <= rounds; i++) {
			double speed = run(tlb, addrs);

			if (i)
				bench_add(&samples[kind], speed);
		}
		tlb_destroy(tlb);
	}
	free(addrs);
	snprintf(title, sizeof(title), "TLB of %s, by CPU time", tlb_presets[0].name);
	bench_heading(title, "million accesses a second");
	for (kind = 0; kind < NR_KINDS; kind++)
		bench_row(kinds[kind].name, &samples[kind], NULL, NULL, BAR_AT_LEAST, kinds[kind].bar);
	if (!system("command -v valgrind >/dev/null 2>&1")) {
		run_cachegrind(&peer, rounds < 3 ? rounds : 3);
		bench_row("valgrind's cachegrind, ls -lR", &peer, NULL, NULL, BAR_NONE, 0);
	}
}
