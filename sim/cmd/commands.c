/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: finds the command that the first word names; see cmd.h. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/cmd/cmd.h"
#include "sim/util/nearest.h"
#include "sim/cmd/output.h"
#include "sim/cmd/parse.h"

static const struct {
	const char *name;
	int (*fn)(int argc, char **argv);
	const char *text;
} commands[] = {
	{ "run", cmd_run, "replay a trace, or carry out a scenario, and report what happened to memory" },
	{ "verify", cmd_verify, "predict what a real kernel did, from a capture of it" },
	{ "compare", cmd_compare, "replay a trace through several slab engines, side by side" },
	{ "diff", cmd_diff, "what changed from one report in JSON to another, most important first" },
	{ "policies", cmd_policies, "slab engines, page allocator rules and page replacement, with parameters and defaults" },
	{ "diagnose", cmd_diagnose, "find double frees, frees into the wrong cache and leaks in a trace" },
	{ "info", cmd_info, "what a trace holds: events, memory over time, sizes, lifetimes" },
	{ "record", cmd_record, "run a program and keep what it does to memory as a trace" },
	{ "convert", cmd_convert, "copy a trace into another format, kmemsim's own .kmt among them" },
	{ "gen", cmd_gen, "make a synthetic trace, of a model or like one of yours" },
	{ "reduce", cmd_reduce, "find the smallest part of a trace for which a command still succeeds" },
	{ "merge", cmd_merge, "join files of one recording by time" },
	{ "cut", cmd_cut, "copy a part of a trace: by time, number, CPU, cache, task" },
	{ "replace", cmd_replace, "count the misses of page replacement policies, from FIFO to Belady's optimum" },
	{ "layout", cmd_layout, "show how a program's structs lie in memory and in slabs" },
	{ "list", cmd_list, "list trace formats, slab engines, kernels, TLB models, page replacement, counters" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	size_t i;

	fputs("Usage: kmemsim COMMAND [OPTION...]\n"
	      "  or:  kmemsim TRACE [OPTION...]     as 'kmemsim run TRACE' does; also of a scenario, FILE.vm\n"
	      "A user-space twin of the Linux kernel's physical-memory allocators.\n\n"
	      "Commands:\n", out);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].text);
	fputs("\n"
	      "  kmemsim help COMMAND   a command's options, as kmemsim COMMAND --help\n"
	      "  kmemsim --version      the version, and what this build can read\n\n"
	      "Exit status: 0 all went well; 1 a strict run, verify, diagnose or diff found something;\n"
	      "2 a mistake on the command line, or a file that cannot be read or written.\n",
	      out);
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

bool wants_help(const char *word)
{
	static const char *const words[] = { "--help", "-h", "-?", NULL };

	return is_one_of(word, words);
}

static int unknown(const char *word, bool is_folder)
{
	struct nearest near;
	size_t i;

	if (is_folder) {
		fprintf(stderr, "kmemsim: %s is a folder; where it is a capture of a real kernel: "
			"kmemsim verify %s\n", word, word);
		return EXIT_USAGE;
	}
	if (word[0] == '-')
		usage_error("kmemsim", "there is no option '%s' without a command; options follow the command, as in "
			    "'kmemsim run --mem 512M TRACE'", word);
	nearest_begin(&near, word);
	for (i = 0; i < NR_COMMANDS; i++)
		nearest_add(&near, commands[i].name);
	usage_error("kmemsim", "there is no command and no file '%s'%s", word, nearest_text(&near));
}

static int call(int argc, char **argv)
{
	struct stat st;
	bool exists;
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].fn(argc - 1, argv + 1);
	/* A trace may stand where a command is expected: a file that exists, or "-". */
	exists = !stat(argv[1], &st);
	if (is_stdout(argv[1]) || (exists && !S_ISDIR(st.st_mode)))
		return cmd_run(argc, argv);
	return unknown(argv[1], exists);
}

static int help(int argc, char **argv)
{
	char *args[] = { argv[0], argv[argc - 1], (char *)"--help", NULL };

	if (argc > 3)
		usage_error("kmemsim", "one command at a time: '%s' is too much", argv[3]);
	if (argc == 3 && strcmp(argv[2], "help"))
		return call(3, args);
	usage(stdout);
	return EXIT_FINE;
}

int cmd_any(int argc, char **argv)
{
	static const char *const version_words[] = { "--version", "-V", NULL };

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "help"))
		return help(argc, argv);
	if (wants_help(argv[1])) {
		usage(stdout);
		return EXIT_FINE;
	}
	if (is_one_of(argv[1], version_words)) {
		print_version();
		return EXIT_FINE;
	}
	return call(argc, argv);
}
