/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim-bench: what a worker and the process that drives it say to each other.
 *
 * A worker is one allocator in one pattern at one size, a process of its own:
 *
 *	WORKER PATTERN SIZE FIRST_CPU LAST_CPU
 *
 * It prepares, warms up and writes a struct worker_hello to standard output;
 * then, for every byte it reads from standard input, it measures one round and
 * writes a struct worker_round. At the end of its input it exits.
 */
#ifndef KMEMSIM_TESTS_BENCH_WORKER_PROTOCOL_H
#define KMEMSIM_TESTS_BENCH_WORKER_PROTOCOL_H

struct worker_hello {
	char allocator[256];	/* the file that the allocator's code comes from */
};

struct worker_round {
	double ns;		/* a pair, of each thread where two do the same; or the pattern's own figure */
	double alone_ns;	/* the same by each of two threads while the other sleeps; else 0 */
};

#endif
