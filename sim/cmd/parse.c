/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the options of a command; see parse.h.
 *
 * getopt, which argp is made of, only says that it does not know an option. So
 * the words are looked through before, by the same rules: a long option may be
 * shortened as long as one alone begins so, and one that takes a value takes
 * the next word where no '=' follows.
 */
#include "sim/cmd/parse.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/nearest.h"

/* What argp adds. */
static const struct argp_option own_options[] = {
	{ "help", '?', NULL, 0, NULL, 0 },
	{ "usage", 256, NULL, 0, NULL, 0 },
	{ "version", 'V', NULL, 0, NULL, 0 },
	{ 0 }
};
static const struct argp own_argp = { .options = own_options };

struct search {
	const char *name;		/* without dashes */
	size_t len;
	char letter;			/* instead of a name */
	const struct argp_option *found;
	bool exact;
	unsigned int nr_begun;		/* names that begin so */
	struct nearest *near;		/* or NULL */
};

static void search_list(struct search *search, const struct argp_option *opt)
{
	for (; opt->name || opt->key || opt->doc || opt->group; opt++) {
		if (!opt->name)
			continue;
		if (search->near)
			nearest_add(search->near, opt->name);
		if (search->letter) {
			if (opt->key == search->letter)
				search->found = opt;
		} else if (!strncmp(opt->name, search->name, search->len)) {
			bool exact = !opt->name[search->len];

			search->nr_begun++;
			if (exact || !search->exact)
				search->found = opt;
			search->exact |= exact;
		}
	}
}

static void search_argp(struct search *search, const struct argp *argp)
{
	const struct argp_child *child;

	if (argp->options)
		search_list(search, argp->options);
	for (child = argp->children; child && child->argp; child++)
		search_argp(search, child->argp);
}

static void search_all(struct search *search, const struct argp *argp)
{
	search_argp(search, argp);
	search_list(search, own_argp.options);
}

/* @typed as the user wrote it, @len of it @name without dashes. */
static void unknown(const struct argp *argp, const char *command, const char *typed, const char *name, size_t len)
{
	struct nearest near;
	struct search search = { .name = name, .near = &near };
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), name);
	nearest_begin(&near, word);
	search.len = strlen(word);
	search_all(&search, argp);
	near.prefix = "--";
	fprintf(stderr, "%s: there is no option '%.*s'%s\n'%s --help' lists them.\n", command,
		(int)(name - typed + (int)len), typed, nearest_question(&near), command);
	exit(EXIT_USAGE);
}

/* Returns whether the next word is the option's value. */
static bool check_long(const struct argp *argp, const char *command, const char *arg)
{
	size_t len = strcspn(arg + 2, "=");
	struct search search = { .name = arg + 2, .len = len };

	search_all(&search, argp);
	if (!search.nr_begun)
		unknown(argp, command, arg, arg + 2, len);
	/* Of several that begin so, getopt names all. */
	return (search.exact || search.nr_begun == 1) && search.found->arg && !arg[2 + len];
}

static bool check_letters(const struct argp *argp, const char *command, const char *arg)
{
	const char *at;

	for (at = arg + 1; *at; at++) {
		struct search search = { .letter = *at };

		search_all(&search, argp);
		if (!search.found)
			unknown(argp, command, arg, arg + 1, strcspn(arg + 1, "="));
		if (search.found->arg)
			return !at[1];
	}
	return false;
}

static void check_options(const struct argp *argp, const char *command, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "-h"))
			argv[i] = (char *)"--help";
		if (argv[i][0] != '-' || !argv[i][1])
			continue;
		if (argv[i][1] == '-' ? check_long(argp, command, argv[i]) : check_letters(argp, command, argv[i]))
			i++;
	}
}

static void print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "kmemsim %s\n", kmemsim_version);
}

void parse_options(const struct argp *argp, const char *name, int argc, char **argv, void *input)
{
	argp_err_exit_status = EXIT_USAGE;
	argp_program_version_hook = print_version;
	argv[0] = (char *)name;
	check_options(argp, name, argc, argv);
	argp_parse(argp, argc, argv, 0, NULL, input);
}
