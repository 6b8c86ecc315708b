/* SPDX-License-Identifier: GPL-2.0 */
/* Allocates, forks, and both end: for what each process has to say at its exit. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept[20000];

int main(void)
{
	int i, status;

	for (i = 0; i < 20000; i++) {
		kept[i] = malloc(1 + i % 5000);
		memset(kept[i], i, 1 + i % 5000);
	}
	for (i = 0; i < 20000; i += 3)
		free(kept[i]);
	if (!fork())
		exit(0);
	wait(&status);
	return status != 0;
}
