/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: finds the subcommand. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/output.h"

static const struct {
	const char *name;
	int (*fn)(int argc, char **argv);
	const char *text;
} commands[] = {
	{ "run", cmd_run, "replay a trace and report what happened to memory" },
	{ "verify", cmd_verify, "predict what a real kernel did, from a capture of it" },
	{ "compare", cmd_compare, "replay a trace through several slab engines, side by side" },
	{ "policies", cmd_policies, "slab engines and page allocator rules, with parameters and defaults" },
	{ "diagnose", cmd_diagnose, "find double frees, frees into the wrong cache and leaks in a trace" },
	{ "layout", cmd_layout, "show how a program's structs lie in memory and in slabs" },
	{ "list", cmd_list, "list trace formats, slab engines, kernels, TLB models, counters" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	size_t i;

	fputs("Usage: kmemsim COMMAND [OPTION...]\n"
	      "A user-space twin of the Linux kernel's physical-memory allocators.\n\n"
	      "Commands:\n", out);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].text);
	fputs("\n"
	      "  kmemsim COMMAND --help   a command's options\n"
	      "  kmemsim --version        the version\n\n"
	      "Exit status: 0 fine; 1 a strict run, verify or diagnose found something; 2 usage or\n"
	      "unreadable input.\n",
	      out);
}

/* A file opened later must not become standard output, input or error. */
static bool occupy_standard_files(void)
{
	int fd;

	/* A report for a standard output that is closed is a report lost: it fails as on a full disk. */
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0 && fcntl(STDIN_FILENO, F_GETFD) >= 0 &&
	    open("/dev/full", O_WRONLY) < 0)
		return false;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && !close(fd);
}

int main(int argc, char **argv)
{
	size_t i;

	if (!occupy_standard_files() || !check_stdout_at_exit())
		return EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_FINE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("kmemsim %s\n", kmemsim_version);
		return EXIT_FINE;
	}
	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].fn(argc - 1, argv + 1);
	fprintf(stderr, "kmemsim: there is no command '%s'; 'kmemsim --help' lists them\n", argv[1]);
	return EXIT_USAGE;
}
