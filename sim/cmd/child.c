/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: running a command; see child.h. */
#include "sim/cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/cmd/interrupt.h"
#include "sim/machine/host.h"

#define LOOK_NS		100000000	/* so often a signal for us is looked for; the child's end wakes us at once */
#define SECOND_NS	1000000000ULL

/* The child's signals are as a shell's child has them; @mask: ours before SIGCHLD was blocked. */
static int start(char *const *argv, bool loud, const sigset_t *mask, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int ret;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGXFSZ);
	sigaddset(&defaults, SIGCHLD);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setsigmask(&attr, mask);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!loud) {
		posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
		posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	}
	ret = posix_spawnp(pid, argv[0], &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return ret;
}

/* The group is ours: nobody else is hit. */
static void kill_group(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Until it ends, its time is over, or a signal came for us; SIGCHLD is blocked. */
static int wait_for(pid_t pid, unsigned int seconds, const sigset_t *chld, int *status)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	uint64_t end = host_now() + seconds * SECOND_NS;
	int how;

	for (;;) {
		if (waitpid(pid, &how, WNOHANG) == pid) {
			*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
			return 0;
		}
		if (*interrupt_flag()) {
			kill_group(pid);
			return -EINTR;
		}
		if (seconds && host_now() >= end) {
			kill_group(pid);
			*status = CHILD_TIMED_OUT;
			return 0;
		}
		sigtimedwait(chld, NULL, &look);
	}
}

int run_child(char *const *argv, unsigned int seconds, bool loud, int *status, struct kerror *err)
{
	sigset_t chld, before;
	pid_t pid;
	int ret;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	ret = start(argv, loud, &before, &pid);
	if (ret)
		ret = kerror_set(err, -ret, "%.180s: cannot be run: %s", argv[0], strerror(ret));
	else
		ret = wait_for(pid, seconds, &chld, status);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}
