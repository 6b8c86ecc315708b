/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: where a command writes; "-" is standard output. */
#ifndef KMEMSIM_SIM_CMD_OUTPUT_H
#define KMEMSIM_SIM_CMD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/report/emit/emitter.h"

/* False for NULL. */
bool is_stdout(const char *path);

/*
 * Whatever ends the program, argp's --help included: standard output that could
 * not be written is told, and ends it with EXIT_USAGE. False where that cannot be had.
 */
bool check_stdout_at_exit(void);
/*
 * An output must be written over nothing that is read, nor into a folder that is,
 * nor over another output.
 * NULLs are skipped. -EINVAL where one would be.
 */
int check_outputs(const char *const *reads, size_t nr_reads, const char *const *writes,
		  size_t nr_writes, struct kerror *err);
int open_output(FILE **out, const char *path, struct kerror *err);
/* Closing is where a full disk shows. Standard output is only flushed. */
int close_output(FILE *out, const char *path, struct kerror *err);
/* The whole report into @path. */
int write_format(struct emitter *em, enum emitter_format format, const char *path,
		 struct kerror *err);
/* As text where @text is set and no file is standard output, and into the files that are not NULL. */
int write_formats(struct emitter *em, bool text, const char *json, const char *csv,
		  struct kerror *err);

#endif
