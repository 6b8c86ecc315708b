/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: where a recorded program's events go; see recorder.h.
 *
 * A process begins to record with its first call. What it knows of itself lies on a
 * page that a fork clears, so that a child finds out that it is one, also where
 * fork() was not asked (clone() as a system call): it becomes an image of its own
 * and its thread takes a new chunk. The parent's chunks are not mapped in the child. After
 * vfork() memory is the parent's, and so are the events.
 *
 * A thread's first chunk is small, for many have few events; the rest of a chunk is
 * handed on when its thread ends. The file's place is asked for with fallocate():
 * with a full disk the program goes on and is not recorded further, where a mapping
 * of a file with holes would end it with SIGBUS.
 *
 * Locking: see recorder.h. Allocating place in the file is one atomic addition.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/record/preload/recorder.h"

#define FIRST_CHUNK	(64u << 10)
#define CHUNK		(256u << 10)
#define HIGH_FD		900
#define MOST_SPARES	64

/* No image has this number: all calls go the slow way. */
static struct process nobody = { .image = UINT32_MAX };

THREAD_LOCAL struct stream recorder_stream;
struct process *recorder_process = &nobody;
bool recorder_tsc;
unsigned int recorder_stacks;

static struct {
	char path[PATH_MAX];
	struct recording_file *file;	/* mapped; NULL: nothing is recorded */
	int fd;
	dev_t dev;
	ino_t ino;
	uint32_t image;		/* the last one that this memory belonged to */
	uint32_t parent;
	bool off;		/* for good */
	bool has_key;
	pthread_key_t key;	/* calls thread_ends() */
	struct stream spare[MOST_SPARES];	/* what is left of chunks of threads that have ended */
	unsigned int nr_spares;
} rec = { .fd = -1 };

uint64_t recorder_time_ns(unsigned int *cpu)
{
	struct timespec now;

	*cpu = 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- lock ---------------------------------------------------------------------- */

static void block_signals(struct recorder_locked *locked)
{
	uint64_t all = UINT64_MAX;

	locked->error = errno;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &locked->signals, sizeof(all));
}

static void unblock_signals(const struct recorder_locked *locked)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &locked->signals, NULL, sizeof(locked->signals));
	errno = locked->error;
}

/* The lock lies on the page that a fork clears: a lock that another thread of the parent had is free in the child. */
void recorder_lock(struct recorder_locked *locked)
{
	struct process *process;

	block_signals(locked);
	for (;;) {
		process = __atomic_load_n(&recorder_process, __ATOMIC_ACQUIRE);
		while (__atomic_exchange_n(&process->lock, 1, __ATOMIC_ACQUIRE))
			sched_yield();
		if (process == __atomic_load_n(&recorder_process, __ATOMIC_ACQUIRE))
			break;
		__atomic_store_n(&process->lock, 0, __ATOMIC_RELEASE);
	}
	locked->process = process;
}

void recorder_unlock(const struct recorder_locked *locked)
{
	__atomic_store_n(&locked->process->lock, 0, __ATOMIC_RELEASE);
	unblock_signals(locked);
}

/* ---- the file ------------------------------------------------------------------- */

static bool is_recording(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && st.st_dev == rec.dev && st.st_ino == rec.ino;
}

/* The program may have closed our descriptor, or put another file in its place. */
static bool have_file(void)
{
	struct stat st;
	int fd, high;

	if (is_recording(rec.fd))
		return true;
	fd = (int)syscall(SYS_openat, AT_FDCWD, rec.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return false;
	high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_FD);
	if (high >= 0) {
		syscall(SYS_close, fd);
		fd = high;
	}
	if (rec.file ? is_recording(fd) : !fstat(fd, &st)) {
		if (!rec.file) {
			rec.dev = st.st_dev;
			rec.ino = st.st_ino;
		}
		rec.fd = fd;
		return true;
	}
	syscall(SYS_close, fd);
	return false;
}

/* Place for @len bytes in the file: its offset, 0 none. */
static uint64_t take_place(uint32_t len)
{
	struct rlimit limit;
	uint64_t at;

	if (!have_file() || __atomic_load_n(&rec.file->closed, __ATOMIC_RELAXED))
		return 0;
	at = __atomic_fetch_add(&rec.file->used, len, __ATOMIC_RELAXED);
	/* What goes beyond the limit would end the program with SIGXFSZ. */
	if (getrlimit(RLIMIT_FSIZE, &limit) || at + len > limit.rlim_cur)
		return 0;
	if (!syscall(SYS_fallocate, rec.fd, 0, at, (uint64_t)len))
		return at;
	if (errno != EOPNOTSUPP)
		return 0;
	return syscall(SYS_pwrite64, rec.fd, "", 1, at + len - 1) == 1 ? at : 0;
}

/* A chunk with its header filled in, mapped; NULL: there is no place. */
static struct recording_chunk *new_chunk(uint32_t len, enum recording_chunk_kind kind)
{
	uint64_t at = take_place(len);
	struct recording_chunk *chunk;
	unsigned int cpu;

	if (!at)
		return NULL;
	chunk = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | (len > FIRST_CHUNK ? MAP_POPULATE : 0), rec.fd,
		     (off_t)at);
	if (chunk == MAP_FAILED)
		return NULL;
	madvise(chunk, len, MADV_DONTFORK);
	chunk->kind = kind;
	chunk->len = len;
	chunk->image = recorder_process->image;
	chunk->parent = rec.parent;
	chunk->pid = (int32_t)syscall(SYS_getpid);
	chunk->tid = (int32_t)syscall(SYS_gettid);
	prctl(PR_GET_NAME, chunk->comm);
	chunk->ns = recorder_time_ns(&cpu);
	chunk->time = recorder_time(&cpu);
	__atomic_store_n(&chunk->magic, RECORDING_CHUNK_MAGIC, __ATOMIC_RELEASE);
	return chunk;
}

bool recorder_write_maps(const char *text, size_t len)
{
	uint32_t bytes = (uint32_t)(sizeof(struct recording_chunk) + len + RECORDING_UNIT - 1) & ~(RECORDING_UNIT - 1);
	struct recording_chunk *chunk = new_chunk(bytes, RECORDING_MAPS);

	if (!chunk)
		return false;
	memcpy(chunk + 1, text, len);
	__atomic_store_n(&chunk->text, (uint32_t)len, __ATOMIC_RELEASE);
	munmap(chunk, bytes);
	return true;
}

/* ---- processes ------------------------------------------------------------------- */

static unsigned int number_of(const char *text)
{
	unsigned long value = text ? strtoul(text, NULL, 10) : 0;

	return value < RECORDING_MAX_FRAMES ? (unsigned int)value : RECORDING_MAX_FRAMES;
}

static void thread_ends(void *unused);

/* This program's first call: is it to be recorded, and where to? */
static bool first_call(void)
{
	const char *path = getenv(RECORDING_ENV);
	struct recording_file *file;
	struct process *page;

	if (!path || strlen(path) >= sizeof(rec.path))
		return false;
	strcpy(rec.path, path);
	if (!have_file())
		return false;
	file = mmap(NULL, RECORDING_UNIT, PROT_READ | PROT_WRITE, MAP_SHARED, rec.fd, 0);
	page = mmap(NULL, RECORDING_UNIT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file == MAP_FAILED || page == MAP_FAILED || madvise(page, RECORDING_UNIT, MADV_WIPEONFORK) ||
	    memcmp(file->magic, RECORDING_MAGIC, RECORDING_MAGIC_BYTES) || file->version != RECORDING_VERSION)
		return false;
	recorder_tsc = file->clock == RECORDING_TSC;
	recorder_stacks = number_of(getenv(RECORDING_ENV_STACKS));
	rec.has_key = !pthread_key_create(&rec.key, thread_ends);
	rec.file = file;
	__atomic_store_n(&recorder_process, page, __ATOMIC_RELEASE);
	return true;
}

/* With the lock held. */
static bool process_records(void)
{
	if (rec.off)
		return false;
	if (!rec.file && !first_call()) {
		rec.off = true;
		return false;
	}
	if (recorder_process->image)
		return true;
	rec.parent = rec.image;
	rec.image = __atomic_add_fetch(&rec.file->images, 1, __ATOMIC_RELAXED);
	rec.nr_spares = 0;
	__atomic_store_n(&recorder_process->image, rec.image, __ATOMIC_RELEASE);
	return true;
}

bool recorder_begin(void)
{
	struct recorder_locked locked;
	bool records;

	if (rec.off)
		return false;
	recorder_lock(&locked);
	records = process_records();
	recorder_unlock(&locked);
	return records;
}

/* ---- threads ------------------------------------------------------------------------ */

static void thread_ends(void *unused)
{
	struct stream *stream = &recorder_stream;
	struct recorder_locked locked;

	recorder_lock(&locked);
	if (stream->image == recorder_process->image && stream->base) {
		if (stream->pos < stream->end && rec.nr_spares < MOST_SPARES)
			rec.spare[rec.nr_spares++] = *stream;
		else
			munmap(stream->base, stream->len);
		if (stream->old)
			munmap(stream->old, stream->old_len);
	}
	memset(stream, 0, sizeof(*stream));
	recorder_unlock(&locked);
}

/* The rest of a chunk whose thread has ended, with an event that says so. */
static bool take_spare(struct stream *stream, uint64_t bytes)
{
	struct recording_event *ev;
	struct stream *spare;
	char comm[16] = "";

	if (!rec.nr_spares)
		return false;
	spare = &rec.spare[rec.nr_spares - 1];
	if (spare->end - spare->pos < bytes + sizeof(*ev))
		return false;
	rec.nr_spares--;
	stream->base = spare->base;
	stream->len = spare->len;
	stream->end = spare->end;
	ev = (struct recording_event *)spare->pos;
	stream->pos = spare->pos + sizeof(*ev);
	prctl(PR_GET_NAME, comm);
	memcpy(&ev->time, comm, 8);
	memcpy(&ev->site, comm + 8, 8);
	ev->size = (uint64_t)syscall(SYS_gettid);
	__atomic_store_n(&ev->addr, (uint64_t)RECORDING_THREAD << RECORDING_LOW_BITS, __ATOMIC_RELEASE);
	return true;
}

static bool take_chunk(struct stream *stream)
{
	uint32_t len = stream->chunks ? CHUNK : FIRST_CHUNK;
	struct recording_chunk *chunk;

	/* Not yet the last one: a signal's handler may have come before what it interrupted had written its event. */
	if (stream->old)
		munmap(stream->old, stream->old_len);
	stream->old = stream->base;
	stream->old_len = stream->len;
	stream->base = NULL;
	stream->pos = stream->end = 0;
	chunk = new_chunk(len, RECORDING_EVENTS);
	if (!chunk)
		return false;
	stream->base = (char *)chunk;
	stream->len = len;
	stream->pos = (uint64_t)(uintptr_t)(chunk + 1);
	stream->end = (uint64_t)(uintptr_t)chunk + len;
	stream->chunks++;
	return true;
}

/* With the lock held: place for @bytes, or NULL. */
static struct recording_event *reserve_locked(struct stream *stream, uint64_t bytes)
{
	struct recording_event *at;

	if (!process_records())
		return NULL;
	if (stream->image != recorder_process->image)
		*stream = (struct stream){ .image = recorder_process->image };
	if (stream->pos + bytes > stream->end && (stream->base || !take_spare(stream, bytes)) && !take_chunk(stream)) {
		/* For good: an event now and then would be worse than none. */
		rec.off = true;
		return NULL;
	}
	at = (struct recording_event *)stream->pos;
	stream->pos += bytes;
	return at;
}

struct recording_event *recorder_reserve_slow(uint64_t bytes)
{
	struct recording_event *at = NULL;
	struct recorder_locked locked;
	bool fresh;

	if (!rec.off) {
		recorder_lock(&locked);
		fresh = recorder_stream.image != recorder_process->image;
		at = reserve_locked(&recorder_stream, bytes);
		recorder_unlock(&locked);
		/* It may allocate, and that is recorded. */
		if (fresh && at && rec.has_key)
			pthread_setspecific(rec.key, &recorder_stream);
	}
	if (!at && rec.file)
		__atomic_add_fetch(&rec.file->lost, 1, __ATOMIC_RELAXED);
	return at;
}
