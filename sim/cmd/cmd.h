/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the command line. Only files in this folder print to the terminal
 * or decide the exit status.
 */
#ifndef KMEMSIM_SIM_CMD_CMD_H
#define KMEMSIM_SIM_CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>

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

/* Whether @word asks for help, for commands without options of their own. */
bool wants_help(const char *word);

/*
 * "4k", "2M", "64G", "1T" or plain bytes, from @min to @max. Returns false
 * where @text is anything else.
 */
bool parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *value);
/* Seconds, or a number with s, ms, us or ns, with a point where wanted: "1.5", "300ms". */
bool parse_time(const char *text, uint64_t *ns);
/* "5", "5-9", "5-" or "-9", both ends of it and from @min to @max. */
bool parse_range(const char *text, uint64_t min, uint64_t max, uint64_t *from, uint64_t *to);
/* A decimal number from @min to @max. */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* Memory that is described lies below it: frames have numbers of 32 bits. */
#define MAX_MEMORY (16ULL << 40)

#endif
