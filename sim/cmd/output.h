/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where a command writes; "-" is standard output.
 *
 * A command opens its outputs before it reads its input, so that a file which
 * cannot be written is reported at once. What is written goes to a file without
 * a name, or with a temporary one beside the target, and takes the target's
 * name when it is whole: a full disk or a kill leaves the old file, or none.
 * An old file's permission bits are kept, and its owner where the system lets
 * us; a symbolic link stays, and what it names is replaced. Pipes, devices and
 * descriptors (/dev/stdout, /dev/fd/N) are written directly, as are files in a
 * folder where none can be made.
 */
#ifndef KMEMSIM_SIM_CMD_OUTPUT_H
#define KMEMSIM_SIM_CMD_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/report/emit/emitter.h"
#include "sim/trace/writer.h"

struct output {
	FILE *file;		/* NULL: not wanted, or finished */
	const char *path;	/* as given; the caller's */
	bool beside;		/* written to another file, which takes the target's name */
	int folder;		/* the target's, where @beside */
	char name[NAME_MAX + 1];	/* the target's */
	char temporary[32];	/* its name so far; "": none yet */
};

/* False for NULL. */
bool is_stdout(const char *path);

/*
 * Before anything is printed: however the program ends, argp's --help included,
 * standard output that could not be written is reported, and ends it with
 * EXIT_USAGE. A file that grows beyond what ulimit -f allows is an error like a
 * full disk, not a signal. False where that cannot be arranged.
 */
bool check_stdout_at_exit(void);
/* What the command line asks for: --json=FILE. */
struct wanted_output {
	const char *option;	/* without dashes */
	const char *path;	/* NULL: not asked for */
};

/*
 * An output must be written over nothing that is read, nor into a folder that is,
 * nor over another output, be it standard output in a file.
 * NULLs are skipped. -EINVAL where one would be; @err names the two.
 */
int check_outputs(const char *const *reads, size_t nr_reads, const struct wanted_output *writes,
		  size_t nr_writes, struct kerror *err);

/*
 * Open @path, which must stay as long as @out; NULL leaves @out closed and is no
 * error. An opened output ends with close_output() or drop_output().
 */
int open_output(struct output *out, const char *path, struct kerror *err);
/* The same for a trace in format @ops. -EINVAL where it is binary and standard output a terminal. */
int open_trace_output(struct output *out, const char *path, const struct writer_ops *ops, struct kerror *err);
/* The same with a temporary name, for file systems that have no files without one. */
int open_named_output(struct output *out, const char *path, struct kerror *err);
/*
 * All is written: what is left is the name, which close_output() gives. So several
 * files that belong together are all finished before the first takes its name. This
 * is where a full disk shows; then @out is dropped. A closed @out is no error.
 */
int finish_output(struct output *out, struct kerror *err);
/*
 * Finish @out, and let the file take its name. Where either fails the old file stays.
 * Standard output is only flushed. A closed @out is no error.
 */
int close_output(struct output *out, struct kerror *err);
/* Something else went wrong: the old file stays, or none. A closed @out is fine. */
void drop_output(struct output *out);

/* The whole report into @out, which is closed, whether it went well or not; 0 where it was closed before. */
int write_format(struct emitter *em, const struct emit_ops *format, struct output *out,
		 struct kerror *err);

#endif
