/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The workloads of a capture, run inside the guest: wl KIND [ROUNDS].
 *
 *   small    a few forks, files, pipes and mappings: a capture for unit tests
 *   files    a tree of small files made, read, renamed, half of it removed
 *   mixed    children side by side: forks, pipes, sockets, files, mappings;
 *            objects are freed on other CPUs than they came from
 *   mmapthp  memory filled page by page, riddled with holes, then asked for huge pages
 *   pressure more anonymous memory than there is, a block device read through
 *            the page cache, large socket buffers: reclaim, swap, compaction
 *
 * What it asks for is fixed by the generator's seed; what the kernel does with
 * it is the capture's matter. It says nothing and exits 0, or tells what failed
 * and exits 1. Single-threaded; it forks. Linked statically: the guest has no
 * libraries to spare.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define HUGE_PAGE (2ul << 20)
#define ROOT "/w"

static uint64_t state = 0x9e3779b97f4a7c15;

/* xorshift64: good enough to spread requests, the same everywhere. */
static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) % below;
}

static void fail(const char *what)
{
	fprintf(stderr, "wl: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		fail(path);
}

static void write_file(const char *path, size_t bytes)
{
	static char block[1 << 16];
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	if (fd < 0)
		fail(path);
	while (bytes) {
		ssize_t n = write(fd, block, bytes < sizeof(block) ? bytes : sizeof(block));

		if (n <= 0)
			fail(path);
		bytes -= n;
	}
	close(fd);
}

static void read_file(const char *path)
{
	static char block[1 << 16];
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		fail(path);
	while (read(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static char *map(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

/*
 * By stores alone: an emulator makes a read and a write of p[at]++, and a read
 * comes first to the zero page, huge where that may be, never to a page of its own.
 */
static void touch(char *p, size_t bytes, size_t step)
{
	for (size_t at = 0; at < bytes; at += step)
		((volatile char *)p)[at] = (char)(at / step);
}

/* The child's part begins when this returns 0; children that die count as failure. */
static pid_t child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	return pid;
}

static void wait_children(void)
{
	int status;

	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			exit(1);
}

static void fork_touch(unsigned int pages)
{
	char *p = map(pages * PAGE);

	touch(p, pages * PAGE, PAGE);
	if (!child()) {
		touch(p, pages * PAGE, PAGE);
		_exit(0);
	}
	wait_children();
	munmap(p, pages * PAGE);
}

static void pipe_round(unsigned int bytes)
{
	static char block[1 << 16];
	int ends[2];

	if (pipe(ends))
		fail("pipe");
	if (write(ends[1], block, bytes) != bytes || read(ends[0], block, bytes) != bytes)
		fail("pipe");
	close(ends[0]);
	close(ends[1]);
}

static void file_round(const char *folder, unsigned int number, size_t bytes)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/f%u", folder, number);
	write_file(path, bytes);
	read_file(path);
	if (unlink(path))
		fail(path);
}

/* Sixty files and a mapping live at once, so that slabs and per-CPU lists are refilled. */
static void small(unsigned int rounds)
{
	char path[PATH_MAX];

	make_dir(ROOT "/s");
	while (rounds--) {
		char *p = map(48 * PAGE);

		touch(p, 48 * PAGE, PAGE);
		for (unsigned int i = 0; i < 2; i++)
			fork_touch(24);
		for (unsigned int i = 0; i < 60; i++) {
			snprintf(path, sizeof(path), ROOT "/s/k%u", i);
			write_file(path, any(2 * PAGE));
		}
		for (unsigned int i = 0; i < 12; i++) {
			file_round(ROOT "/s", i, any(3 * PAGE));
			pipe_round(1 + any(4 * PAGE));
		}
		for (unsigned int i = 0; i < 60; i += 1 + any(2)) {
			snprintf(path, sizeof(path), ROOT "/s/k%u", i);
			if (unlink(path))
				fail(path);
		}
		munmap(p, 48 * PAGE);
	}
}

static void files(unsigned int rounds)
{
	enum { DIRS = 40, FILES = 60 };
	char path[PATH_MAX], other[PATH_MAX];

	make_dir(ROOT "/g");
	for (unsigned int r = 0; r < rounds; r++) {
		for (unsigned int d = 0; d < DIRS; d++) {
			snprintf(path, sizeof(path), ROOT "/g/d%u.%u", r, d);
			make_dir(path);
			for (unsigned int f = 0; f < FILES; f++) {
				snprintf(path, sizeof(path), ROOT "/g/d%u.%u/f%u", r, d, f);
				write_file(path, any(4) ? any(2 * PAGE) : any(12 * PAGE));
			}
		}
		for (unsigned int i = 0; i < DIRS * FILES; i++) {
			unsigned int d = any(DIRS), f = any(FILES);
			struct stat st;

			snprintf(path, sizeof(path), ROOT "/g/d%u.%u/f%u", r, d, f);
			if (stat(path, &st))
				continue;
			switch (any(4)) {
			case 0:
				read_file(path);
				break;
			case 1:
				snprintf(other, sizeof(other), ROOT "/g/d%u.%u/r%u", r, any(DIRS), i);
				if (rename(path, other))
					fail(path);
				break;
			case 2:
				snprintf(other, sizeof(other), ROOT "/g/d%u.%u/l%u", r, any(DIRS), i);
				if (symlink(path, other))
					fail(other);
				break;
			default:
				if (unlink(path))
					fail(path);
			}
		}
	}
}

/* Messages that a later reader, perhaps on another CPU, takes and frees. */
static void socket_send(int end, unsigned int messages)
{
	static char block[1 << 14];

	while (messages--)
		if (send(end, block, 1 + any(sizeof(block)), MSG_DONTWAIT) < 0)
			return;
}

static void socket_drain(int end)
{
	static char block[1 << 16];

	while (recv(end, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
}

static void mixed_child(unsigned int number, const int *sockets)
{
	char folder[64], *p;
	size_t pages;

	state += (number + 1) * 0x2545f4914f6cdd1dull;
	snprintf(folder, sizeof(folder), ROOT "/m%u", number);
	make_dir(folder);
	for (unsigned int i = 0; i < 400; i++) {
		switch (any(8)) {
		case 0:
			fork_touch(1 + any(64));
			break;
		case 1:
			pipe_round(1 + any(1 << 16));
			break;
		case 2:
		case 3:
			socket_send(sockets[0], 1 + any(32));
			break;
		case 4:
			socket_drain(sockets[1]);
			break;
		case 5:
			pages = 1 + any(256);
			p = map(pages * PAGE);
			touch(p, pages * PAGE, PAGE);
			munmap(p, pages * PAGE);
			break;
		default:
			for (unsigned int f = 0; f < 8; f++)
				file_round(folder, f, any(6 * PAGE));
		}
	}
}

static void mixed(unsigned int children)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		fail("socketpair");
	for (unsigned int i = 0; i < children; i++) {
		if (!child()) {
			mixed_child(i, sockets);
			_exit(0);
		}
	}
	wait_children();
	socket_drain(sockets[1]);
}

static size_t free_bytes(void)
{
	struct sysinfo info;

	if (sysinfo(&info))
		fail("sysinfo");
	return info.freeram * info.mem_unit;
}

static size_t all_bytes(void)
{
	struct sysinfo info;

	if (sysinfo(&info))
		fail("sysinfo");
	return info.totalram * info.mem_unit;
}

/*
 * Fills @part percent of what is free page by page and gives every second page
 * back, so that no huge page is left; pipes take unmovable pages in between.
 * Then huge pages are wanted: memory must be compacted for each.
 */
static void riddle(unsigned int part)
{
	enum { PIPES = 200 };
	static char block[1 << 16];
	size_t bytes = free_bytes() / 100 * part / HUGE_PAGE * HUGE_PAGE, huge = bytes / 4;
	char *p = map(bytes), *q;
	int ends[2 * PIPES];

	madvise(p, bytes, MADV_NOHUGEPAGE);
	touch(p, bytes, PAGE);
	for (size_t at = 0; at < bytes; at += PAGE)
		if (any(16) < 8)
			madvise(p + at, PAGE, MADV_DONTNEED);
	for (unsigned int i = 0; i < PIPES; i++)
		if (pipe(ends + 2 * i) || write(ends[2 * i + 1], block, sizeof(block)) < 0)
			fail("pipe");
	q = map(huge + HUGE_PAGE);
	madvise(q, huge + HUGE_PAGE, MADV_HUGEPAGE);
	touch(q, huge + HUGE_PAGE, PAGE);
	for (size_t at = 0; at < huge; at += 3 * HUGE_PAGE)
		madvise(q + at, HUGE_PAGE / 2, MADV_DONTNEED);
	munmap(q, huge + HUGE_PAGE);
	for (unsigned int i = 0; i < 2 * PIPES; i++)
		close(ends[i]);
	munmap(p, bytes);
}

static void mmapthp(unsigned int rounds)
{
	while (rounds--) {
		char *shared = map(16 * HUGE_PAGE);

		madvise(shared, 16 * HUGE_PAGE, MADV_HUGEPAGE);
		touch(shared, 16 * HUGE_PAGE, PAGE);
		for (unsigned int i = 0; i < 24; i++) {
			if (!child()) {
				touch(shared + any(16) * HUGE_PAGE, HUGE_PAGE, PAGE);
				_exit(0);
			}
			if (i % 4 == 3)
				wait_children();
		}
		wait_children();
		munmap(shared, 16 * HUGE_PAGE);
		for (unsigned int i = 0; i < 2; i++) {
			if (!child()) {
				state += i;
				riddle(i ? 84 : 88);
				_exit(0);
			}
			wait_children();
		}
	}
}

static void read_device(int fd, size_t bytes)
{
	static char block[1 << 16];

	for (size_t at = 0; fd >= 0 && at < bytes; at += sizeof(block))
		if (read(fd, block, sizeof(block)) <= 0)
			lseek(fd, 0, SEEK_SET);
}

static void pressure(unsigned int rounds)
{
	size_t bytes = all_bytes() / PAGE * PAGE * 11 / 10 / HUGE_PAGE * HUGE_PAGE;
	int disk = open("/dev/vda", O_RDONLY), sockets[2];
	char *p = map(bytes), *q;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		fail("socketpair");
	madvise(p, bytes, MADV_NOHUGEPAGE);
	while (rounds--) {
		for (size_t at = 0; at < bytes; at += HUGE_PAGE) {
			touch(p + at, HUGE_PAGE, PAGE);
			if (any(8) == 0)
				read_device(disk, 1 << 20);
			if (any(8) == 0) {
				socket_send(sockets[0], 16);
				socket_drain(sockets[1]);
			}
		}
		for (unsigned int i = 0; i < 6000; i++)
			p[any(bytes / PAGE) * PAGE]++;
		q = map(16 * HUGE_PAGE);
		madvise(q, 16 * HUGE_PAGE, MADV_HUGEPAGE);
		touch(q, 16 * HUGE_PAGE, PAGE);
		munmap(q, 16 * HUGE_PAGE);
	}
	munmap(p, bytes);
	if (disk >= 0)
		close(disk);
}

/* A process that khugepaged knows, and that has nothing for it: with one it never begins to work by itself. */
static void hold(unsigned int rounds)
{
	/* What is touched lies before the first border of 2 MiB, so that it stays small. */
	char *at = (char *)((1UL << 33) - PAGE);

	(void)rounds;
	if (mmap(at, PAGE + 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
		fail("mmap");
	*(volatile char *)at = 1;
	madvise(at, PAGE + 2 * HUGE_PAGE, MADV_HUGEPAGE);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(unsigned int rounds);
	} kinds[] = {
		{ "small", small }, { "files", files }, { "mixed", mixed },
		{ "mmapthp", mmapthp }, { "pressure", pressure }, { "hold", hold },
	};
	unsigned long rounds = 1;
	char *end;

	if (argc == 3) {
		errno = 0;
		rounds = strtoul(argv[2], &end, 10);
		if (errno || *end || !rounds || rounds > 1000)
			argc = 0;
	}
	for (size_t i = 0; argc >= 2 && argc <= 3 && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!strcmp(argv[1], kinds[i].name)) {
			make_dir(ROOT);
			kinds[i].run(rounds);
			return 0;
		}
	}
	fprintf(stderr, "usage: wl small|files|mixed|mmapthp|pressure|hold [ROUNDS]\n");
	return 1;
}
