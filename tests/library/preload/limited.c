/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sets itself a limit of address space before it allocates anything: the heap must leave
 * room for the stacks of eight threads, 4 MiB each. Ends with 3 where it does not.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define NR 8

static void *work(void *unused)
{
	char *volatile p = malloc(100000);

	if (!p)
		exit(4);
	memset(p, 1, 100000);
	free(p);
	return NULL;
}

int main(void)
{
	struct rlimit limit = { .rlim_cur = 200 << 20, .rlim_max = 200 << 20 };
	pthread_t thread[NR];
	pthread_attr_t attr;
	int i;

	if (setrlimit(RLIMIT_AS, &limit) || pthread_attr_init(&attr) ||
	    pthread_attr_setstacksize(&attr, 4 << 20))
		return 1;
	for (i = 0; i < NR; i++)
		if (pthread_create(&thread[i], &attr, work, NULL))
			return 3;
	for (i = 0; i < NR; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
