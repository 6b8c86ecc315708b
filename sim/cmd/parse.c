/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the options of a command; see parse.h.
 *
 * getopt, which argp is made of, only says that it does not know an option, and
 * argp points at help in words of its own. So the words are looked through before,
 * by the same rules, and what is wrong is said here: a long option may be shortened
 * as long as one alone begins so, and one that takes a value takes the next word
 * where no '=' follows.
 */
#include "sim/cmd/parse.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/util/nearest.h"

void usage_error(const char *command, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", command);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\nTry '%s --help'.\n", command);
	exit(EXIT_USAGE);
}

/* ---- the options of every command -------------------------------------------- */

enum { OPT_USAGE = 256 };

/* In place of argp's own, among which are two that nobody needs and that make others ambiguous. */
static const struct argp_option own_options[] = {
	{ "help", '?', NULL, 0, "Give this help list", -1 },
	{ "usage", OPT_USAGE, NULL, 0, "Give a short usage message", -1 },
	{ "version", 'V', NULL, 0, "Print program version", -1 },
	{ 0 }
};

static error_t parse_own(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	switch (key) {
	case '?':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case OPT_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		print_version();
		exit(EXIT_FINE);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp own_argp = { .options = own_options, .parser = parse_own };

/* ---- what is wrong ------------------------------------------------------------ */

struct search {
	const char *name;		/* without dashes */
	size_t len;
	char letter;			/* instead of a name */
	const struct argp_option *found;
	bool exact;
	unsigned int nr_begun;		/* names that begin so */
	struct nearest *near;		/* or NULL */
	char names[160];		/* those that begin so, as many as fit */
	size_t names_len;
};

static void add_begun(struct search *search, const char *name)
{
	size_t room = sizeof(search->names) - search->names_len;
	int len = snprintf(search->names + search->names_len, room, "%s--%s", search->nr_begun++ ? ", " : "", name);

	if ((size_t)len < room)
		search->names_len += (size_t)len;
	else
		search->names[search->names_len] = '\0';
}

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

			add_begun(search, opt->name);
			if (exact || !search->exact)
				search->found = opt;
			search->exact |= exact;
		}
	}
}

static void search_all(struct search *search, const struct argp *argp)
{
	const struct argp_child *child;

	if (argp->options)
		search_list(search, argp->options);
	for (child = argp->children; child && child->argp; child++)
		search_all(search, child->argp);
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
	usage_error(command, "there is no option '%.*s'%s", (int)(name - typed + (int)len), typed,
		    nearest_question(&near));
}

/* Returns whether the next word, @next or NULL, is the option's value. */
static bool check_long(const struct argp *argp, const char *command, const char *arg, const char *next)
{
	size_t len = strcspn(arg + 2, "=");
	struct search search = { .name = arg + 2, .len = len };
	bool has_value = arg[2 + len];

	search_all(&search, argp);
	if (!search.nr_begun)
		unknown(argp, command, arg, arg + 2, len);
	if (!search.exact && search.nr_begun > 1)
		usage_error(command, "'%.*s' may be one of several options: %s", (int)len + 2, arg, search.names);
	if (!search.found->arg && has_value)
		usage_error(command, "--%s takes no value", search.found->name);
	/* One that can stand alone has its value behind '=' or none. */
	if (search.found->flags & OPTION_ARG_OPTIONAL)
		return false;
	if (search.found->arg && !has_value && !next)
		usage_error(command, "--%s needs a value: %s", search.found->name, search.found->arg);
	return search.found->arg && !has_value;
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
		if (argv[i][1] == '-' ? check_long(argp, command, argv[i], argv[i + 1]) :
					check_letters(argp, command, argv[i]))
			i++;
	}
}

void parse_options(const struct argp *argp, const char *name, int argc, char **argv, void *input)
{
	const struct argp_child children[] = { { argp, 0, NULL, 0 }, { &own_argp, 0, NULL, 0 }, { 0 } };
	const struct argp all = { .children = children };

	argp_err_exit_status = EXIT_USAGE;
	argv[0] = (char *)name;
	check_options(&all, name, argc, argv);
	argp_parse(&all, argc, argv, ARGP_NO_HELP, NULL, input);
}
