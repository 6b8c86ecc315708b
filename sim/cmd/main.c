/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the program begins; commands.c finds the command. */
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/output.h"

/* A file opened later must not become standard output, input or error. */
static bool occupy_standard_files(void)
{
	int fd;

	/*
	 * A report for a standard output that is closed is a report lost, so it must fail: a file that
	 * cannot be written takes its place. Where standard input is closed as well it gets that
	 * place, as in a program without a terminal that asks for files alone.
	 */
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0 && fcntl(STDIN_FILENO, F_GETFD) >= 0 &&
	    open("/dev/null", O_RDONLY) < 0)
		return false;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && !close(fd);
}

int main(int argc, char **argv)
{
	if (!occupy_standard_files() || !check_stdout_at_exit())
		return EXIT_USAGE;
	return cmd_any(argc, argv);
}
