/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What recording costs: blocks of 16 to 515 bytes are freed and allocated, 64 at a time, and the
 * processor's time for a pair is printed (its own and the kernel's, in nanoseconds).
 *	loop [PAIRS [THREADS]]
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static long pairs = 5000000;

static void *work(void *arg)
{
	uint32_t random = 1;
	void *block[64] = { 0 };
	long i;

	for (i = 0; i < pairs; i++) {
		random = random * 1664525 + 1013904223;
		free(block[random >> 26]);
		block[random >> 26] = malloc(16 + (random >> 8) % 500);
	}
	return arg;
}

static double ns(struct timeval time)
{
	return (double)time.tv_sec * 1e9 + (double)time.tv_usec * 1e3;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 1, i;
	struct rusage used;
	pthread_t thread[64];

	if (argc > 1)
		pairs = atol(argv[1]);
	for (i = 0; i < threads - 1; i++)
		if (pthread_create(&thread[i], NULL, work, NULL))
			return 1;
	work(NULL);
	for (i = 0; i < threads - 1; i++)
		pthread_join(thread[i], NULL);
	getrusage(RUSAGE_SELF, &used);
	fprintf(stderr, "%.0f ns a pair, %.0f of them the kernel's\n",
		(ns(used.ru_utime) + ns(used.ru_stime)) / (double)pairs / threads, ns(used.ru_stime) / (double)pairs / threads);
	return 0;
}
