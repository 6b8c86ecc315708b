/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the command line. Only files in this folder print to the terminal
 * or decide the exit status.
 */
#ifndef KMEMSIM_SIM_CMD_CMD_H
#define KMEMSIM_SIM_CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/util/units.h"

/* Exit statuses: all went well; a strict run found something; usage or unreadable input. */
#define EXIT_FINE 0
#define EXIT_FOUND 1
#define EXIT_USAGE 2

extern const char kmemsim_version[];
extern const char kmemsim_title[];	/* with the program's name */
/* The version, and which optional libraries this build has. */
void print_version(void);

/* What argv[1] names; argv as main() gets it. Returns an exit status. */
int cmd_any(int argc, char **argv);
/* Subcommands get their own name as argv[0] and return an exit status. */
int cmd_run(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_policies(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_diagnose(int argc, char **argv);
int cmd_layout(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_cut(int argc, char **argv);
int cmd_gen(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_reduce(int argc, char **argv);
int cmd_replace(int argc, char **argv);
int cmd_diff(int argc, char **argv);

/* Whether @word asks for help, for commands without options of their own. */
bool wants_help(const char *word);

/* Memory that is described lies below it: frames have numbers of 32 bits. */
#define MAX_MEMORY (16ULL << 40)

#endif
