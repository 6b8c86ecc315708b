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
 * A thread has two chunks of the file, mapped; when both are full the older one is
 * written to its final place and used again. (Each chunk a new mapping: a page fault and
 * twice the kernel's work a page, 11 us instead of 2.) Chunks are handed on when
 * their thread ends.
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

/* 2047 events. */
#define CHUNK		(64u << 10)
#define HIGH_FD		900
#define MOST_SPARES	64

/* No image has this number: all calls go the slow way. */
static struct process nobody = { .image = UINT32_MAX };

THREAD_LOCAL struct stream recorder_stream;
struct process *recorder_process = &nobody;
bool recorder_tsc;
bool recorder_threads;
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
	struct stream spare[MOST_SPARES];	/* chunks of threads that have ended */
	unsigned int nr_spares;
	uint32_t nr_streams;	/* threads that have recorded */
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
	return getrlimit(RLIMIT_FSIZE, &limit) || at + len > limit.rlim_cur ? 0 : at;
}

/* @bytes of a chunk that has @place in the file. */
static bool write_at(uint64_t place, const void *from, size_t bytes)
{
	const char *p = from;

	while (place && bytes) {
		long done = syscall(SYS_pwrite64, rec.fd, p, bytes, place);

		if (done <= 0)
			return false;
		p += done;
		place += (uint64_t)done;
		bytes -= (size_t)done;
	}
	return place != 0;
}

static void fill_header(struct recording_chunk *chunk, enum recording_chunk_kind kind, uint32_t len)
{
	unsigned int cpu;

	*chunk = (struct recording_chunk){
		.kind = kind, .len = len, .image = recorder_process->image, .parent = rec.parent,
		.pid = (int32_t)syscall(SYS_getpid), .tid = (int32_t)syscall(SYS_gettid),
		.ns = recorder_time_ns(&cpu), .time = recorder_time(&cpu),
	};
	prctl(PR_GET_NAME, chunk->comm);
}

bool recorder_write_maps(const char *text, size_t len)
{
	uint32_t bytes = (uint32_t)(sizeof(struct recording_chunk) + len + RECORDING_UNIT - 1) & ~(RECORDING_UNIT - 1);
	uint64_t place = take_place(bytes);
	struct recording_chunk head;

	fill_header(&head, RECORDING_MAPS, bytes);
	head.magic = RECORDING_CHUNK_MAGIC;
	head.text = (uint32_t)len;
	return write_at(place, &head, sizeof(head)) && write_at(place + sizeof(head), text, len);
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
	rec.nr_streams = 0;
	recorder_threads = false;
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

static void use_chunk(struct stream *stream, struct recording_chunk *chunk)
{
	stream->chunk = chunk;
	stream->pos = (uint64_t)(uintptr_t)(chunk + 1);
	stream->end = (uint64_t)(uintptr_t)chunk + CHUNK;
}

/* An empty chunk, mapped; NULL: there is no place. Its place is asked for, so that a full disk is no SIGBUS. */
static struct recording_chunk *map_chunk(void)
{
	uint64_t at = take_place(CHUNK);
	struct recording_chunk *chunk;

	if (!at)
		return NULL;
	/* File systems without fallocate() have to write something. */
	if (syscall(SYS_fallocate, rec.fd, 0, at, (uint64_t)CHUNK) && (errno != EOPNOTSUPP || !write_at(at + CHUNK - 1, "", 1)))
		return NULL;
	chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED, rec.fd, (off_t)at);
	if (chunk == MAP_FAILED)
		return NULL;
	madvise(chunk, CHUNK, MADV_DONTFORK);
	fill_header(chunk, RECORDING_EVENTS, CHUNK);
	__atomic_store_n(&chunk->magic, RECORDING_CHUNK_MAGIC, __ATOMIC_RELEASE);
	return chunk;
}

/*
 * A full chunk goes to another place in the file and is empty then. Should the process
 * be killed meanwhile, both have its events, under one time; the reader takes one.
 */
static bool empty_chunk(struct recording_chunk *chunk)
{
	struct recording_chunk head;

	if (!write_at(take_place(CHUNK), chunk, CHUNK))
		return false;
	memset(chunk + 1, 0, CHUNK - sizeof(*chunk));
	fill_header(&head, RECORDING_EVENTS, CHUNK);
	chunk->tid = head.tid;
	chunk->ns = head.ns;
	memcpy(chunk->comm, head.comm, sizeof(head.comm));
	__atomic_store_n(&chunk->time, head.time, __ATOMIC_RELEASE);
	return true;
}

/*
 * The thread goes on in its other chunk. The one that is full now stays as it is until that
 * one is full, too: a signal's handler may have come before what it interrupted had
 * written its event there.
 */
static bool next_chunk(struct stream *stream)
{
	struct recording_chunk *full = stream->chunk, *chunk = stream->other;

	if (chunk ? !empty_chunk(chunk) : !(chunk = map_chunk()))
		return false;
	stream->other = full;
	use_chunk(stream, chunk);
	return true;
}

static void thread_ends(void *unused)
{
	struct stream *stream = &recorder_stream;
	struct recorder_locked locked;

	recorder_lock(&locked);
	if (stream->image == recorder_process->image && stream->chunk && rec.nr_spares < MOST_SPARES) {
		rec.spare[rec.nr_spares++] = *stream;
	} else if (stream->image == recorder_process->image && stream->chunk) {
		munmap(stream->chunk, CHUNK);
		if (stream->other)
			munmap(stream->other, CHUNK);
	}
	*stream = (struct stream){ 0 };
	recorder_unlock(&locked);
}

/* The chunks of a thread that has ended go on as this one's, with an event that says so. */
static bool take_spare(struct stream *stream)
{
	struct recording_event *ev;
	char comm[16] = "";

	if (!rec.nr_spares)
		return false;
	*stream = rec.spare[--rec.nr_spares];
	if (stream->pos + sizeof(*ev) > stream->end && !next_chunk(stream))
		return false;
	ev = (struct recording_event *)stream->pos;
	stream->pos += sizeof(*ev);
	prctl(PR_GET_NAME, comm);
	memcpy(&ev->time, comm, 8);
	memcpy(&ev->site, comm + 8, 8);
	ev->size = (uint64_t)syscall(SYS_gettid);
	__atomic_store_n(&ev->addr, (uint64_t)RECORDING_THREAD << RECORDING_LOW_BITS, __ATOMIC_RELEASE);
	return true;
}

/* A thread's first event. */
static bool begin_stream(struct stream *stream)
{
	struct recording_chunk *chunk;

	*stream = (struct stream){ .image = recorder_process->image };
	if (rec.nr_streams++)
		__atomic_store_n(&recorder_threads, true, __ATOMIC_RELEASE);
	if (take_spare(stream))
		return true;
	chunk = map_chunk();
	if (chunk)
		use_chunk(stream, chunk);
	return chunk;
}

/* With the lock held: place for @bytes, or NULL. */
static struct recording_event *reserve_locked(struct stream *stream, uint64_t bytes)
{
	struct recording_event *at;

	if (!process_records())
		return NULL;
	if ((stream->image != recorder_process->image && !begin_stream(stream)) ||
	    (stream->pos + bytes > stream->end && !next_chunk(stream))) {
		/* For good: an event now and then would be worse than none. */
		rec.off = true;
		stream->pos = stream->end = 0;
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
