/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: memory accesses of a program, through valgrind's lackey, and what it has
 * mapped beside them.
 *
 * The text of lackey goes through a pipe to the output, as it is. Of its lines on system
 * calls (--trace-syscalls=yes), which are the program's own, those that change mappings
 * go into the maps as well, and those that open files, whose names are told nowhere else. strace of valgrind would have valgrind's mappings between
 * them, and a brk() that valgrind makes up would be missing. What valgrind maps for the
 * program before its first instruction (program, loader, stack) is in /proc/PID/maps when
 * the first text comes.
 *
 * Locking: none.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/record/record.h"

#define PIECE	(64u << 10)

/* ---- mappings ------------------------------------------------------------------ */

static bool is_valgrinds(const char *line)
{
	/* Its own program, libraries and stack, what the kernel gives each process; what it maps without a file it keeps at these places. */
	return strstr(line, "/valgrind/lackey-") || strstr(line, " [") || !strncmp(line, "58", 2) || !strncmp(line, "10", 2);
}

static bool is_call(const char *line, const char *const *calls)
{
	for (; *calls; calls++)
		if (strstr(line, *calls))
			return true;
	return false;
}

/* A call that changes mappings; or one that opens a file, and its result, which is in a line of its own. */
static void take_call(struct access_recording *rec, const char *line)
{
	static const char *const mapping[] = { " sys_mmap ", " sys_munmap ", " sys_mprotect ", " sys_brk ", " sys_mremap ", NULL };
	static const char *const opening[] = { " sys_openat ", " sys_open ", NULL };

	if (is_call(line, mapping)) {
		fprintf(rec->maps, "%" PRIu64 " %s\n", rec->accesses, line);
	} else if (is_call(line, opening)) {
		snprintf(rec->opening, sizeof(rec->opening), "%" PRIu64 " %.4160s\n", rec->accesses, line);
	} else if (*rec->opening && strstr(line, " ... [async] --> ")) {
		if (strstr(line, "--> Success("))
			fprintf(rec->maps, "%s%" PRIu64 " %s\n", rec->opening, rec->accesses, line);
		*rec->opening = '\0';
	}
}

/* As /proc/PID/maps has it, without what is valgrind's. */
static void copy_maps(FILE *to, int pid)
{
	char path[32], line[PATH_MAX + 128];
	uint64_t start, end;
	FILE *from;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	from = fopen(path, "re");
	while (from && fgets(line, sizeof(line), from)) {
		start = strtoull(line, NULL, 16);
		end = strtoull(strchr(line, '-') ? strchr(line, '-') + 1 : line, NULL, 16);
		if (!is_valgrinds(line) || (start < UINT64_C(0x58000000) && end <= UINT64_C(0x58000000)))
			fputs(line, to);
	}
	if (from)
		fclose(from);
}

/* ---- lines ---------------------------------------------------------------------- */

/* A whole line of the text. */
static void take_line(struct access_recording *rec, char *line, size_t len)
{
	bool access = len > 3 && (line[0] == 'I' || line[0] == ' ') && line[2] == ' ';

	rec->accesses += access;
	if (access || strncmp(line, "SYSCALL[", 8) || !rec->maps)
		return;
	line[len - 1] = '\0';
	take_call(rec, line);
}

/* Lines are counted where they end; what is left of the last one waits. */
static void take_text(struct access_recording *rec)
{
	char *at = rec->buffer, *stop = rec->buffer + rec->len, *end;

	while ((end = memchr(at, '\n', (size_t)(stop - at)))) {
		take_line(rec, at, (size_t)(end + 1 - at));
		at = end + 1;
	}
	rec->len = (size_t)(stop - at);
	/* A line that fills the buffer is the program's own. */
	if (rec->len == sizeof(rec->buffer))
		rec->len = 0;
	memmove(rec->buffer, at, rec->len);
}

int access_recording_begin(struct access_recording *rec, FILE *out, FILE *maps, struct kerror *err)
{
	rec->out = out;
	rec->maps = maps;
	if (pipe2(rec->pipe, O_CLOEXEC))
		return kerror_set(err, -errno, "a pipe for valgrind's text: %s", strerror(errno));
	return 0;
}

void access_recording_started(void *ctx, int pid)
{
	struct access_recording *rec = ctx;

	rec->pid = pid;
	close(rec->pipe[1]);
	rec->pipe[1] = -1;
}

int access_recording_take(void *ctx)
{
	struct access_recording *rec = ctx;
	size_t room = sizeof(rec->buffer) - rec->len;
	ssize_t got = read(rec->pipe[0], rec->buffer + rec->len, room < PIECE ? room : PIECE);

	if (got <= 0)
		return got < 0 && errno == EINTR ? 1 : 0;
	if (rec->maps && !rec->mapped)
		copy_maps(rec->maps, rec->pid);
	rec->mapped = true;
	if (fwrite(rec->buffer + rec->len, 1, (size_t)got, rec->out) != (size_t)got)
		rec->failed = true;
	rec->len += (size_t)got;
	take_text(rec);
	return 1;
}
