/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program with its own open(), read(), close(), fcntl() and fstat(), each behind a
 * lock of the program's, that loads the library named on the command line. While
 * the library starts in one thread, another has that lock and allocates. There
 * is no environ, so that the library has to read a file for its options.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int watching, calls;
static pthread_barrier_t has_lock;
static void *(*take)(size_t);

static long locked(long number, long a, long b, long c, long d)
{
	long ret;

	pthread_mutex_lock(&lock);
	calls += watching;
	ret = syscall(number, a, b, c, d);
	pthread_mutex_unlock(&lock);
	return ret;
}

static long third(va_list args)
{
	long value = va_arg(args, long);

	va_end(args);
	return value;
}

int open(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	return (int)locked(SYS_openat, AT_FDCWD, (long)path, flags, third(args));
}

int fcntl(int fd, int command, ...)
{
	va_list args;

	va_start(args, command);
	return (int)locked(SYS_fcntl, fd, command, third(args), 0);
}

ssize_t read(int fd, void *bytes, size_t size)
{
	return locked(SYS_read, fd, (long)bytes, (long)size, 0);
}

int close(int fd)
{
	return (int)locked(SYS_close, fd, 0, 0, 0);
}

int fstat(int fd, struct stat *st)
{
	return (int)locked(SYS_fstat, fd, (long)st, 0, 0);
}

static void *holds_lock(void *arg)
{
	void *p;

	pthread_mutex_lock(&lock);
	pthread_barrier_wait(&has_lock);
	/* Time for the other thread to begin. */
	usleep(100000);
	p = take(100);
	pthread_mutex_unlock(&lock);
	return p;
}

int main(int argc, char **argv)
{
	void *lib = dlopen(argv[1], RTLD_NOW), *theirs = NULL;
	pthread_t thread;

	take = lib ? (void *(*)(size_t))dlsym(lib, "kms_malloc") : NULL;
	if (!take)
		return 2;
	clearenv();
	pthread_barrier_init(&has_lock, NULL, 2);
	pthread_create(&thread, NULL, holds_lock, NULL);
	pthread_barrier_wait(&has_lock);
	watching = 1;
	if (!take(100))
		return 3;
	watching = 0;
	pthread_join(thread, &theirs);
	printf("%s, %d calls of ours\n", theirs ? "started" : "nothing", calls);
	return 0;
}
