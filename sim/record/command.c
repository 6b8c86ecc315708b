/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a command is run and waited for; see record.h.
 *
 * States: started -> ended. ^C on a terminal goes to all of its foreground
 * processes, so the command has got it already.
 *
 * Locking: none.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/record/record.h"

extern char **environ;

#define WAIT_MS 50	/* where the kernel has no pidfd_open() */

/* ---- environment ------------------------------------------------------------------ */

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=") + 1;

	return !strncmp(a, b, len);
}

static bool is_replaced(const char *have, const char *const *with)
{
	for (; with && *with; with++)
		if (same_name(*with, have))
			return true;
	return false;
}

/* Ours, with @with in place of those of the same name; the array is the caller's. */
static char **make_environment(const char *const *with)
{
	size_t nr = 0, n = 0, i;
	char **env;

	while (environ[nr])
		nr++;
	for (i = 0; with && with[i]; i++)
		nr++;
	env = calloc(nr + 1, sizeof(*env));
	if (!env)
		return NULL;
	for (i = 0; environ[i]; i++)
		if (!is_replaced(environ[i], with))
			env[n++] = environ[i];
	for (i = 0; with && with[i]; i++)
		env[n++] = (char *)with[i];
	return env;
}

/* ---- waiting ------------------------------------------------------------------------ */

/* Whether a terminal sends its ^C to us and to what we start. */
static bool in_foreground(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool yes = fd >= 0 && tcgetpgrp(fd) == getpgrp();

	if (fd >= 0)
		close(fd);
	return yes;
}

static void pass_on(const struct command *cmd, pid_t pid, bool *passed)
{
	if (*passed || !cmd->stop || !*cmd->stop)
		return;
	*passed = true;
	if (cmd->signal() != SIGINT || !in_foreground())
		kill(pid, cmd->signal());
}

/* @mask is what is blocked but while it waits, so that no signal is missed. */
static int wait_for(const struct command *cmd, pid_t pid, const sigset_t *mask, struct kerror *err)
{
	struct pollfd fd[2] = {
		{ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
		{ .fd = cmd->take ? cmd->from : -1, .events = POLLIN },
	};
	const struct timespec some = { .tv_nsec = WAIT_MS * 1000000 };
	bool passed = false;
	int status;
	pid_t ended;

	while (!(ended = waitpid(pid, &status, WNOHANG)) || (ended < 0 && errno == EINTR)) {
		pass_on(cmd, pid, &passed);
		if (ppoll(fd, 2, fd[0].fd >= 0 ? NULL : &some, mask) > 0 && fd[1].revents && !cmd->take(cmd->ctx))
			fd[1].fd = -1;
	}
	/* What is in the pipe yet; children that have it open may go on writing, and are not waited for. */
	while (fd[1].fd >= 0 && poll(&fd[1], 1, 0) > 0 && cmd->take(cmd->ctx))
		;
	if (fd[0].fd >= 0)
		close(fd[0].fd);
	if (ended < 0)
		return kerror_set(err, -errno, "waiting for the command: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- running ------------------------------------------------------------------------ */

/* The command gets signals as this program got them: what it ignores for its own sake is not inherited. */
static int spawn(const struct command *cmd, const sigset_t *mask, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t usual;
	char **env = make_environment(cmd->env);
	int ret;

	if (!env)
		return ENOMEM;
	sigemptyset(&usual);
	sigaddset(&usual, SIGXFSZ);
	sigaddset(&usual, SIGPIPE);
	ret = posix_spawn_file_actions_init(&files);
	if (!ret && cmd->give)
		ret = posix_spawn_file_actions_adddup2(&files, cmd->give, cmd->as);
	if (!ret)
		ret = posix_spawnattr_init(&attr);
	if (!ret) {
		posix_spawnattr_setsigdefault(&attr, &usual);
		posix_spawnattr_setsigmask(&attr, mask);
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
		ret = posix_spawnp(pid, cmd->argv[0], &files, &attr, cmd->argv, env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&files);
	free(env);
	return ret;
}

int command_run(const struct command *cmd, int *status, struct kerror *err)
{
	sigset_t block, before;
	pid_t pid;
	int ret;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	ret = spawn(cmd, &before, &pid);
	if (ret) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		return kerror_set(err, -ret, "%.180s: %s", cmd->argv[0], strerror(ret));
	}
	if (cmd->started)
		cmd->started(cmd->ctx, pid);
	ret = wait_for(cmd, pid, &before, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (ret < 0)
		return ret;
	*status = ret;
	return 0;
}

bool command_find(const char *name, char path[PATH_MAX])
{
	const char *dir = getenv("PATH");
	size_t len;

	if (strchr(name, '/') || !dir)
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && !access(path, X_OK);
	for (;; dir += len + 1) {
		len = strcspn(dir, ":");
		if (snprintf(path, PATH_MAX, "%.*s/%s", (int)len, dir, name) < PATH_MAX && !access(path, X_OK))
			return true;
		if (!dir[len])
			return false;
	}
}
