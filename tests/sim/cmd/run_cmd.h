/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: commands as a user meets them. Each runs in a child of its own
 * with its output in files, so exit statuses and messages are the real ones.
 * The files lie in a folder that goes away with the process.
 */
#ifndef KMEMSIM_TESTS_SIM_CMD_RUN_CMD_H
#define KMEMSIM_TESTS_SIM_CMD_RUN_CMD_H

#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct result {
	int status;
	char *out, *err;
	size_t out_len;
};

static char folder[64];
static pid_t owner;	/* of the folder */

static inline char *slurp(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text;
	long size;

	if (!file)
		return NULL;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	text = malloc((size_t)size + 1);
	if (fread(text, 1, (size_t)size, file) != (size_t)size)
		size = 0;
	text[size] = 0;
	fclose(file);
	if (len)
		*len = (size_t)size;
	return text;
}

static inline void remove_folder(void)
{
	char command[128];

	/* The commands' children leave through exit(), too. */
	if (getpid() != owner)
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command))
		fprintf(stderr, "%s could not be removed\n", folder);
}

static inline char *in_folder(const char *name)
{
	static char path[32][128];
	static int next;

	next = (next + 1) % 32;
	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "/tmp/kmemsim-test-XXXXXX");
		if (!mkdtemp(folder))
			abort();
		owner = getpid();
		atexit(remove_folder);
	}
	snprintf(path[next], sizeof(path[next]), "%s/%s", folder, name);
	return path[next];
}

static inline char *write_file(const char *name, const void *data, size_t len)
{
	char *path = in_folder(name);
	FILE *file = fopen(path, "wb");

	fwrite(data, 1, len, file);
	fclose(file);
	return path;
}

static inline void redirect(const char *path, int fd, int flags)
{
	int file = open(path, flags, 0600);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(99);
}

/* Run a command with @args (ends with NULL), standard input from @input or empty. */
static inline struct result run_cmd(int (*fn)(int argc, char **argv), const char *input,
				    const char *const *args)
{
	char *argv[32] = { (char *)"command" };
	struct result res = { 0 };
	int argc = 1, status;
	pid_t pid;

	while (*args && argc < 31)
		argv[argc++] = (char *)*args++;
	in_folder("out");
	fflush(NULL);
	pid = fork();
	if (!pid) {
		redirect(input ? input : "/dev/null", 0, O_RDONLY);
		redirect(in_folder("out"), 1, O_WRONLY | O_CREAT | O_TRUNC);
		redirect(in_folder("err"), 2, O_WRONLY | O_CREAT | O_TRUNC);
		if (chdir(KMEMSIM_SRCDIR))
			_exit(99);
		status = fn(argc, argv);
		fflush(NULL);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	res.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	res.out = slurp(in_folder("out"), &res.out_len);
	res.err = slurp(in_folder("err"), NULL);
	return res;
}

static inline void done(struct result *res)
{
	free(res->out);
	free(res->err);
}

static inline void expect(struct result res, int status, const char *part)
{
	CU_ASSERT_EQUAL(res.status, status);
	if (res.status != status)
		fprintf(stderr, "status %d instead of %d: %s\n", res.status, status, res.err);
	if (!strstr(res.err, part)) {
		fprintf(stderr, "expected '%s' in: %s\n", part, res.err);
		CU_FAIL("a message is missing");
	}
	done(&res);
}

#endif
