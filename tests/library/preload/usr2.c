/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks itself for reports by SIGUSR2: several threads allocate all the while, and
 * signals come in the middle of calls. Ends once the file named is there, again
 * after it was removed; with a second argument it has a handler of its own.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_bool done;
static volatile sig_atomic_t mine;

static void own_handler(int signal)
{
	mine = 1;
}

static void *work(void *arg)
{
	void *p[300] = { 0 };
	unsigned int i = 0;

	while (!done) {
		unsigned int place = i++ % 300;

		free(p[place]);
		p[place] = malloc(16 + i * 7919 % 100000);
	}
	for (i = 0; i < 300; i++)
		free(p[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[3];
	int i, round;

	if (argc > 2) {
		signal(SIGUSR2, own_handler);
		raise(SIGUSR2);
		return mine ? 0 : 3;
	}
	for (i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 1000 && access(argv[1], R_OK); i++) {
			pthread_kill(thread[i % 3], SIGUSR2);
			usleep(5000);
		}
		if (access(argv[1], R_OK))
			return 4;
		unlink(argv[1]);
	}
	done = 1;
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	puts("reported");
	/* Without what is written at exit. */
	fflush(stdout);
	_exit(0);
}
