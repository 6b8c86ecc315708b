/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a recording of malloc calls from its owner's side: the file is made, the
 * command's environment says where it is, and in the end the clock is read once
 * more. What is in the file is described in sim/trace/heap/recording.h.
 *
 * Locking: what others change in the file's header meanwhile is read atomically.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/record/record.h"
#include "sim/trace/heap/recording.h"

#define LIBRARY		"libkmemsim-record.so"
#define CLOCK_TRIES	5
#define MOST_OF_A_CHUNK	(1u << 20)	/* of one with mappings, the longest there are */

/* ---- the clock ---------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Where the kernel trusts the processors' counters to agree, so do we. */
static enum recording_clock choose_clock(void)
{
#ifdef __x86_64__
	char name[16] = "";
	int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, name, sizeof(name) - 1) < 0)
			name[0] = '\0';
		close(fd);
	}
	if (!strcmp(name, "tsc\n"))
		return RECORDING_TSC;
#endif
	return RECORDING_NS;
}

static uint64_t read_clock(uint32_t clock)
{
#ifdef __x86_64__
	if (clock == RECORDING_TSC)
		return __builtin_ia32_rdtsc();
#endif
	return now_ns();
}

/* Both clocks at one point in time, as near as some tries come. */
static void read_both(uint32_t clock, uint64_t *time, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;
	int i;

	for (i = 0; i < CLOCK_TRIES; i++) {
		uint64_t before = now_ns(), value = read_clock(clock), after = now_ns();

		if (after - before >= best)
			continue;
		best = after - before;
		*time = value;
		*ns = before + best / 2;
	}
}

/* ---- the recorder's library ----------------------------------------------------------- */

/* Beside the program, as it is built, or in ../lib, as it is installed. */
static int find_library(char path[PATH_MAX], struct kerror *err)
{
	static const char *const places[] = { "", "../lib/" };
	char self[PATH_MAX - 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	size_t i;

	if (len <= 0)
		return kerror_set(err, -errno, "/proc/self/exe, which says where the recorder's library is: %s", strerror(errno));
	self[len] = '\0';
	slash = strrchr(self, '/');
	slash[1] = '\0';
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, PATH_MAX, "%s%s" LIBRARY, self, places[i]);
		if (access(path, R_OK))
			continue;
		/* The loader parts the list of libraries at these. */
		if (!strpbrk(path, " :"))
			return 0;
		return kerror_set(err, -EINVAL, "%.150s: a library whose path has a space or a colon cannot be preloaded", path);
	}
	return kerror_set(err, -ENOENT, "%.150s" LIBRARY ": it is not there, nor in ../lib; it belongs to kmemsim", self);
}

static int make_env(struct malloc_recording *rec, unsigned int stacks, struct kerror *err)
{
	const char *before = getenv("LD_PRELOAD");
	char library[PATH_MAX];
	int ret = find_library(library, err), len;

	if (ret)
		return ret;
	len = snprintf(rec->preload, sizeof(rec->preload), "LD_PRELOAD=%s%s%s", library, before && *before ? ":" : "",
		       before ? before : "");
	if ((size_t)len >= sizeof(rec->preload))
		return kerror_set(err, -ENAMETOOLONG, "LD_PRELOAD is too long to add the recorder's library");
	snprintf(rec->file_env, sizeof(rec->file_env), RECORDING_ENV "=%s", rec->path);
	snprintf(rec->stacks_env, sizeof(rec->stacks_env), RECORDING_ENV_STACKS "=%u", stacks);
	rec->env[0] = rec->preload;
	rec->env[1] = rec->file_env;
	rec->env[2] = rec->stacks_env;
	return 0;
}

/* ---- the file ---------------------------------------------------------------------------- */

static int make_file(struct malloc_recording *rec, const char *path, struct kerror *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), error;
	struct recording_file *file = MAP_FAILED;

	if (fd < 0 && errno == EEXIST)
		return kerror_set(err, -EEXIST, "%.180s is there already, from a recording that did not end well: 'kmemsim convert' "
				  "reads it; move it away or remove it", path);
	if (fd < 0)
		return kerror_set(err, -errno, "%.180s: %s", path, strerror(errno));
	error = posix_fallocate(fd, 0, RECORDING_UNIT);
	rec->begun = true;
	if (!error && !realpath(path, rec->path))
		error = errno;
	if (!error) {
		file = mmap(NULL, RECORDING_UNIT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		error = file == MAP_FAILED ? errno : 0;
	}
	close(fd);
	if (error) {
		unlink(path);
		rec->begun = false;
		return kerror_set(err, -error, "%.180s: %s", path, strerror(error));
	}
	memcpy(file->magic, RECORDING_MAGIC, RECORDING_MAGIC_BYTES);
	file->version = RECORDING_VERSION;
	file->clock = choose_clock();
	file->used = RECORDING_UNIT;
	read_both(file->clock, &file->start_clock, &file->start_ns);
	rec->file = file;
	return 0;
}

int malloc_recording_begin(struct malloc_recording *rec, const char *path, unsigned int stacks, struct kerror *err)
{
	int ret = make_file(rec, path, err);

	if (ret)
		return ret;
	ret = make_env(rec, stacks, err);
	if (ret)
		malloc_recording_close(rec, false);
	return ret;
}

void malloc_recording_started(void *ctx, int pid)
{
	struct malloc_recording *rec = ctx;

	rec->file->pid = pid;
}

/*
 * A process that was killed may have left a chunk half written at the end; the rest of it are zeros.
 * They get their place on the disk: a full tmpfs would end with SIGBUS who reads a hole in a mapping.
 * Where there is none, the file stays as it is, and its reader says what is cut.
 */
static void complete_last_chunk(const char *path, uint64_t used)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && (uint64_t)st.st_size < used) {
		uint64_t rest = used - (uint64_t)st.st_size;

		(void)!posix_fallocate(fd, st.st_size, (off_t)(rest < MOST_OF_A_CHUNK ? rest : MOST_OF_A_CHUNK));
	}
	close(fd);
}

uint32_t malloc_recording_end(struct malloc_recording *rec)
{
	uint64_t used;

	__atomic_store_n(&rec->file->closed, 1, __ATOMIC_RELAXED);
	used = __atomic_load_n(&rec->file->used, __ATOMIC_RELAXED);
	complete_last_chunk(rec->path, used);
	read_both(rec->file->clock, &rec->file->end_clock, &rec->file->end_ns);
	return __atomic_load_n(&rec->file->images, __ATOMIC_RELAXED);
}

void malloc_recording_close(struct malloc_recording *rec, bool keep)
{
	if (rec->file)
		munmap(rec->file, RECORDING_UNIT);
	if (rec->begun && !keep)
		unlink(rec->path);
	rec->file = NULL;
	rec->begun = false;
}

/* ---- nothing came ------------------------------------------------------------------------- */

/* Whether an ELF file of 64 bits asks for a loader, which preloads libraries. */
static bool asks_for_loader(int fd, const Elf64_Ehdr *head)
{
	Elf64_Phdr phdr;
	unsigned int i;

	for (i = 0; i < head->e_phnum; i++)
		if (pread(fd, &phdr, sizeof(phdr), (off_t)(head->e_phoff + (uint64_t)i * head->e_phentsize)) ==
			    (ssize_t)sizeof(phdr) && phdr.p_type == PT_INTERP)
			return true;
	return false;
}

static const char *look_into(int fd)
{
	Elf64_Ehdr head = { 0 };
	struct stat st;

	if (!fstat(fd, &st) && st.st_mode & (S_ISUID | S_ISGID))
		return "it runs with the rights of another user or group (setuid), and the loader preloads nothing into "
		       "such programs";
	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) || memcmp(head.e_ident, ELFMAG, SELFMAG))
		return NULL;
	if (head.e_ident[EI_CLASS] != ELFCLASS64)
		return "it is a program of 32 bits, and the recorder's library is one of 64";
	if (!asks_for_loader(fd, &head))
		return "it is statically linked, so that no library can be preloaded into it";
	return NULL;
}

const char *malloc_not_recorded(const char *name)
{
	const char *why = NULL;
	char path[PATH_MAX];
	int fd = command_find(name, path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd >= 0) {
		why = look_into(fd);
		close(fd);
	}
	return why ? why : "it never called malloc, has a malloc of its own inside, or was started with an environment "
			   "without LD_PRELOAD";
}
