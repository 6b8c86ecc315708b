/* SPDX-License-Identifier: GPL-2.0 */
/* One fault of a program with its memory, named on the command line; preload.sh expects what is said. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *volatile kept;
static volatile size_t hundred = 100;	/* the compiler must not see through it */
static void *volatile lost[100];

static void overrun(size_t size)
{
	char *p = malloc(size);

	memset(p, 1, size + 1);
	free(p);
}

/* Addresses are not to be found in what the stack was used for before. */
static __attribute__((noinline)) void leak(void)
{
	int i;

	for (i = 0; i < 100; i++)
		lost[i] = malloc(1000);
	kept = malloc(2000);
	*(void **)kept = malloc(3000);
	memset((void *)lost, 0, sizeof(lost));
}

static __attribute__((noinline)) void scrub(void)
{
	volatile char stack[8192];

	memset((void *)stack, 0, sizeof(stack));
}

static void free_kept(int sig)
{
	free(kept);
	_exit(3);
}

/* All descriptors are the program's: what is said is not to be in its file. */
static int closed(char *p)
{
	char name[] = "/tmp/faults.XXXXXX";
	int i, file = mkstemp(name);
	struct stat st;

	unlink(name);
	for (i = 0; i < 1000; i++)
		if (i != STDERR_FILENO && i != file)
			dup2(file, i);
	close(STDERR_FILENO);
	free(p);
	free(p);
	return fstat(file, &st) || st.st_size;
}

int main(int argc, char **argv)
{
	const char *fault = argc > 1 ? argv[1] : "";
	char *p = malloc(hundred), *q;

	if (!strcmp(fault, "overrun")) {
		overrun(100);
	} else if (!strcmp(fault, "overrun-large")) {
		overrun(100001);
	} else if (!strcmp(fault, "overrun-kept")) {
		p[100] = 1;
		kept = p;
		return 0;
	} else if (!strcmp(fault, "underrun")) {
		p[hundred - 101] = 1;
	} else if (!strcmp(fault, "double-free")) {
		free(p);
	} else if (!strcmp(fault, "use-after-free")) {
		q = malloc(2 * hundred);
		free(q);
		q[10] = 1;
		kept = malloc(2 * hundred);
	} else if (!strcmp(fault, "wild-free")) {
		free(p + 16);
	} else if (!strcmp(fault, "foreign-free")) {
		free(&argc);
	} else if (!strcmp(fault, "handled")) {
		/* stop=yes: the signal's handler frees what it finds. */
		kept = malloc(hundred);
		signal(SIGABRT, free_kept);
		free(p);
	} else if (!strcmp(fault, "closed")) {
		return closed(p);
	} else if (!strcmp(fault, "leak")) {
		leak();
		scrub();
	} else {
		fprintf(stderr, "faults: no fault called '%s'\n", fault);
		return 2;
	}
	free(p);
	puts("went on");
	return 0;
}
