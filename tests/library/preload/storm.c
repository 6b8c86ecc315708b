/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks for reports while some threads are in stdio and others fork: nobody may
 * wait for anybody in a circle, also not for stdio's list of streams.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNALS 1500

static atomic_bool done;

static void *forks(void *arg)
{
	while (!done) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	return NULL;
}

static void *prints(void *arg)
{
	unsigned int i;
	void *p[64] = { 0 };

	for (i = 0; !done; i++) {
		FILE *null = fopen("/dev/null", "w");

		fprintf(null, "%u", i);
		fclose(null);
		free(p[i % 64]);
		p[i % 64] = malloc(40000 + i * 7919 % 100000);
		if (!(i % 64))
			fflush(NULL);
	}
	for (i = 0; i < 64; i++)
		free(p[i]);
	return NULL;
}

int main(void)
{
	pthread_t thread[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, i % 2 ? forks : prints, NULL);
	for (i = 0; i < SIGNALS; i++) {
		kill(getpid(), SIGUSR2);
		usleep(1000);
	}
	done = 1;
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	puts("went on");
	return 0;
}
