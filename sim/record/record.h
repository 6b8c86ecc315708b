/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: running a program so that what it does to memory is recorded.
 *
 *	command.c	a program is run, signals are passed on, its end is waited for
 *	kernel.c	kernel events: what keeps perf from recording them
 *	accesses.c	memory accesses: valgrind's text, and the mappings beside it
 *	malloc.c	malloc calls: the file that preload/ writes into, as its owner sees it
 *
 * Locking: none; a process records one command at a time.
 */
#ifndef KMEMSIM_SIM_RECORD_RECORD_H
#define KMEMSIM_SIM_RECORD_RECORD_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pagemap/error.h"

/* ---- command.c ---- */

struct command {
	char *const *argv;		/* argv[0] is looked for as a shell does; ends with NULL */
	const char *const *env;		/* NAME=VALUE, in place of those of the same name; ends with NULL, or NULL */
	/*
	 * Set by a signal's handler, with its number in *@signal; both NULL: nobody asks. SIGTERM goes on
	 * to the command; SIGINT, too, where no terminal has sent it to both.
	 */
	const volatile sig_atomic_t *stop;
	int (*signal)(void);
	void (*started)(void *ctx, int pid);	/* or NULL; the command runs already */
	/*
	 * Where @give is not 0, the descriptor @give is the command's number @as, and @take is called
	 * whenever there is something to read from @from: 0 at its end.
	 */
	int give, as, from;
	int (*take)(void *ctx);
	void *ctx;
};

/*
 * Run it and wait for its end: *@status is its exit status, or 128 and the signal
 * that ended it. -ENOENT, -EACCES, .. with words where it cannot be run.
 */
int command_run(const struct command *cmd, int *status, struct kerror *err);
/* The file that argv[0] of a command names; false where there is none. */
bool command_find(const char *name, char path[PATH_MAX]);

/* ---- malloc.c ---- */

struct recording_file;

/* A recording being made. All zero: none. */
struct malloc_recording {
	char path[PATH_MAX];		/* absolute */
	char preload[PATH_MAX + 64];	/* LD_PRELOAD=.. */
	char file_env[PATH_MAX + 32];
	char stacks_env[48];
	const char *env[4];		/* for struct command */
	struct recording_file *file;	/* mapped */
	bool begun;			/* there is a file */
};

/*
 * Begin one in the file @path, which must not be there yet, with @stacks frames a call
 * chain (0: the caller alone). Errors: those of the system, -EEXIST; -ENOENT: the recorder's library is
 * not beside this program.
 */
int malloc_recording_begin(struct malloc_recording *rec, const char *path, unsigned int stacks, struct kerror *err);
/* The command has been started: struct command.started, with the recording as @ctx. */
void malloc_recording_started(void *ctx, int pid);
/* It has ended; what still runs is not recorded further. Number of process images that recorded. */
uint32_t malloc_recording_end(struct malloc_recording *rec);
/* Remove the file, or keep it. */
void malloc_recording_close(struct malloc_recording *rec, bool keep);
/* Why a command recorded nothing, as far as its file tells; a sentence without its name in front. */
const char *malloc_not_recorded(const char *name);

/* ---- kernel.c ---- */

/*
 * 0 where perf can record kmem events, of the @whole_machine or of a command alone; else
 * -ENOENT or -EACCES and in words what is missing, and where.
 */
int kernel_can_record(bool whole_machine, struct kerror *err);
/* 0 where perf closed its file @path; -ENOENT: it wrote none; -ENOSPC, -EIO: it could not, and the file is of no use. */
int kernel_recording_check(const char *path, struct kerror *err);

/* ---- accesses.c ---- */

#define ACCESS_LOG_FD 9		/* where valgrind writes its text */

struct access_recording {
	FILE *out, *maps;	/* the caller's; maps may be NULL */
	int pipe[2];
	int pid;
	bool mapped;		/* the first mappings are written */
	bool failed;		/* writing failed */
	uint64_t accesses;	/* lines that have one */
	char opening[PATH_MAX + 128];	/* the last call that opens a file, while its result is not known */
	size_t len;		/* bytes in the buffer: of a line that is not whole */
	char buffer[1 << 18];
};

/* A zeroed @rec gets a pipe, whose ends are those of struct command. -errno. */
int access_recording_begin(struct access_recording *rec, FILE *out, FILE *maps, struct kerror *err);
/* For struct command, with the recording as its @ctx. */
void access_recording_started(void *ctx, int pid);
int access_recording_take(void *ctx);

#endif
