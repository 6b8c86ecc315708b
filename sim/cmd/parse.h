/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the options of a command, with argp. */
#ifndef KMEMSIM_SIM_CMD_PARSE_H
#define KMEMSIM_SIM_CMD_PARSE_H

#include <argp.h>

/*
 * argp_parse() for the command @name ("kmemsim run"), whose argv[0] it becomes.
 * -h is --help, everywhere. An option that does not exist is answered with the
 * nearest one. --help and mistakes end the program, with status 0 and EXIT_USAGE.
 */
void parse_options(const struct argp *argp, const char *name, int argc, char **argv, void *input);

/*
 * A mistake on the command line of @command ("kmemsim run"; an argp parser has it as
 * state->name): say it, say where help is, and end the program with EXIT_USAGE.
 */
void usage_error(const char *command, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#endif
