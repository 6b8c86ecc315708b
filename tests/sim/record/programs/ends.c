/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocates 1000 blocks and frees all but 10, then ends as it is told:
 *	ends exit STATUS | _exit | abort | segv | kill | fork | vfork | clone | exec | closed | quick
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *left[10];

static void work(void)
{
	int i;

	for (i = 0; i < 990; i++)
		free(malloc(10 + (size_t)i));
	for (i = 0; i < 10; i++)
		left[i] = malloc(1000);
}

/* A child that frees what its parent has, and has blocks of its own, at the same addresses. */
static void child(void)
{
	int i;

	for (i = 0; i < 10; i++)
		free(left[i]);
	work();
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "exit";
	int status = 0, fd;
	pid_t pid = -1;

	if (!strcmp(how, "closed"))
		for (fd = 3; fd < 1024; fd++)
			close(fd);
	work();
	if (!strcmp(how, "_exit"))
		_exit(7);
	if (!strcmp(how, "quick"))
		quick_exit(7);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "segv"))
		raise(SIGSEGV);
	if (!strcmp(how, "kill"))
		raise(SIGKILL);
	if (!strcmp(how, "exec"))
		execl(argv[0], argv[0], "exit", "5", NULL);
	if (!strcmp(how, "fork"))
		pid = fork();
	/* As a system call: nobody is told. */
	if (!strcmp(how, "clone"))
		pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		child();
	if (!strcmp(how, "vfork") && !(pid = vfork()))
		execl(argv[0], argv[0], "exit", NULL);
	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status))
		return 1;
	work();
	return argc > 2 ? atoi(argv[2]) : 0;
}
