/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: files and standard output; see output.h. */
#include "sim/cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/interrupt.h"
#include "sim/cmd/place.h"
#include "sim/trace/reader.h"

#define SHOWN_PATH "%.180s"	/* leaves room for the reason in a message */

static bool stdout_failed;	/* and a message of its own says so */

bool is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

/* What was printed may still be in a buffer; a full disk shows here. */
static void flush_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	if (!stdout_failed)
		fprintf(stderr, "kmemsim: standard output: %s\n", strerror(errno));
	_exit(EXIT_USAGE);
}

bool check_stdout_at_exit(void)
{
	return signal(SIGXFSZ, SIG_IGN) != SIG_ERR && !atexit(flush_stdout);
}

/* ---- what must not be written over --------------------------------------- */

/* Whether @path, which need not be there, lies in the folder @dir or in one of its folders. */
static bool lies_in(const char *path, const char *dir)
{
	char parent[PATH_MAX], *slash, *real_dir, *real_parent;
	struct stat st;
	size_t len;
	bool inside;

	if (!dir || stat(dir, &st) || !S_ISDIR(st.st_mode))
		return false;
	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash)
		slash[1] = '\0';
	real_dir = realpath(dir, NULL);
	real_parent = realpath(slash ? parent : ".", NULL);
	len = real_dir ? strlen(real_dir) : 0;
	inside = real_dir && real_parent && !strncmp(real_parent, real_dir, len) &&
		 (real_parent[len] == '/' || !real_parent[len]);
	free(real_dir);
	free(real_parent);
	return inside;
}

/* "-" is the file that @fd was redirected to. False where there is none. */
static bool place_of(struct place *place, const char *path, int fd)
{
	if (!is_stdout(path))
		return !find_place(place, path);
	memset(place, 0, sizeof(*place));
	place->exists = place->direct = !fstat(fd, &place->st);
	return place->exists;
}

/* The name of what is read and is the same file as @write, or NULL. */
static const char *same_as_read(const char *const *reads, size_t nr_reads, const struct place *write)
{
	struct place place;
	size_t i;

	for (i = 0; i < nr_reads; i++)
		if (reads[i] && place_of(&place, reads[i], STDIN_FILENO) && same_place(&place, write))
			return source_path_name(reads[i]);
	return NULL;
}

/* Whether @place, where @writes[@at] goes, is that of an output before it, or of standard output: @other says which. */
static bool written_twice(const struct wanted_output *writes, size_t at, const struct place *place, char *other,
			  size_t size)
{
	struct place its;
	size_t i;

	for (i = 0; i < at; i++) {
		if (!writes[i].path || (strcmp(writes[i].path, writes[at].path) &&
					(!place_of(&its, writes[i].path, STDOUT_FILENO) || !same_place(&its, place))))
			continue;
		snprintf(other, size, "--%s %.90s", writes[i].option, writes[i].path);
		return true;
	}
	/* What is written to a descriptor follows what is there; a file that gets a name takes it away. */
	if (place->direct || !place_of(&its, "-", STDOUT_FILENO) || !same_place(&its, place))
		return false;
	snprintf(other, size, "standard output");
	return true;
}

static int check_output(const char *const *reads, size_t nr_reads, const struct wanted_output *writes,
			size_t at, struct kerror *err)
{
	const struct wanted_output *out = &writes[at];
	const char *read;
	struct place place;
	char other[128];
	size_t i;

	/* What cannot be found cannot be opened either: open_output() says why. */
	if (!out->path || !place_of(&place, out->path, STDOUT_FILENO))
		return 0;
	for (i = 0; i < nr_reads; i++)
		if (!is_stdout(out->path) && lies_in(place.path, reads[i]))
			return kerror_set(err, -EINVAL, "--%s %.100s: lies in %.100s, which is only read", out->option,
					  out->path, reads[i]);
	read = same_as_read(reads, nr_reads, &place);
	if (read)
		return kerror_set(err, -EINVAL, "--%s %.90s and %.90s, which is read, are the same file: it would be "
				  "written over", out->option, out->path, read);
	if (written_twice(writes, at, &place, other, sizeof(other)))
		return kerror_set(err, -EINVAL, "--%s %.90s and %s are the same file: one would be written over",
				  out->option, out->path, other);
	return 0;
}

int check_outputs(const char *const *reads, size_t nr_reads, const struct wanted_output *writes,
		  size_t nr_writes, struct kerror *err)
{
	struct place place;
	const char *read;
	size_t i;
	int ret = 0;

	read = place_of(&place, "-", STDOUT_FILENO) ? same_as_read(reads, nr_reads, &place) : NULL;
	if (read)
		return kerror_set(err, -EINVAL, "standard output and %.90s, which is read, are the same file: it would "
				  "be written over", read);
	for (i = 0; !ret && i < nr_writes; i++)
		ret = check_output(reads, nr_reads, writes, i, err);
	return ret;
}

/* ---- opening --------------------------------------------------------------- */

/* The descriptor that @place is a name of in /proc, or -1. */
static int descriptor_of(const struct place *place)
{
	struct stat st;
	uint64_t fd;

	if (!parse_number(place_name(place), 0, INT_MAX, &fd) || fstat((int)fd, &st) ||
	    st.st_dev != place->st.st_dev || st.st_ino != place->st.st_ino)
		return -1;
	return (int)fd;
}

#define READER_POLL_MS	50

/* A named pipe's open() waits for a reader, and a signal would have it begin anew: ask now and then. */
static int open_pipe(const char *path)
{
	int fd;

	while ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0 && errno == ENXIO) {
		if (*interrupt_flag()) {
			errno = EINTR;
			return -1;
		}
		poll(NULL, 0, READER_POLL_MS);
	}
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* A descriptor is continued where it stands; all else is opened as a shell's ">" does. */
static int open_direct(const struct place *place)
{
	int fd = place->direct ? descriptor_of(place) : -1;

	if (fd >= 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (place->direct && S_ISFIFO(place->st.st_mode))
		return open_pipe(place->path);
	return open(place->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
}

static int open_unnamed(const struct output *out)
{
	return openat(out->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
}

/* Choose a name that is free; no other program's is ever taken. */
static int find_name(struct output *out, int (*take)(struct output *out, int fd), int fd)
{
	static unsigned int serial;
	int ret;

	do {
		snprintf(out->temporary, sizeof(out->temporary), ".kmemsim-%d-%u", (int)getpid(), serial++);
		ret = take(out, fd);
	} while (ret < 0 && errno == EEXIST);
	if (ret < 0)
		out->temporary[0] = '\0';
	return ret;
}

static int create_named(struct output *out, int fd)
{
	return openat(out->folder, out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

static int name_unnamed(struct output *out, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, out->folder, out->temporary, AT_SYMLINK_FOLLOW);
}

/* The new file becomes what the old one was: owner first, as a change of it takes bits away. */
static int keep_mode(int fd, const struct stat *old)
{
	mode_t mode = old->st_mode & 0777;

	/* What one group may read is not for another. */
	if (fchown(fd, old->st_uid, old->st_gid) && fchown(fd, (uid_t)-1, old->st_gid))
		mode &= ~(mode_t)070;
	return fchmod(fd, mode);
}

/* A file that takes the target's name later. */
static int open_beside(struct output *out, const struct place *place, bool unnamed)
{
	int fd = -1, why;

	/* A read-only file could be replaced all the same; it should not be. */
	if (place->exists && faccessat(AT_FDCWD, place->path, W_OK, AT_EACCESS))
		return -1;
	snprintf(out->name, sizeof(out->name), "%s", place_name(place));
	out->folder = open_place_folder(place);
	if (out->folder < 0)
		return -1;
	out->beside = true;
	if (unnamed && !access("/proc/self/fd", X_OK))
		fd = open_unnamed(out);
	if (fd < 0)
		fd = find_name(out, create_named, -1);
	if (fd >= 0 && (!place->exists || !keep_mode(fd, &place->st)))
		return fd;
	why = errno;
	if (fd >= 0)
		close(fd);
	drop_output(out);
	errno = why;
	/* The folder may be another's where the file is not. */
	return place->exists && (why == EACCES || why == EPERM) ? open_direct(place) : -1;
}

static int open_any(struct output *out, const char *path, bool unnamed, struct kerror *err)
{
	struct place place;
	int fd, ret;

	*out = (struct output){ .path = path };
	if (!path)
		return 0;
	if (is_stdout(path)) {
		out->file = stdout;
		return 0;
	}
	if (!*path)
		return kerror_set(err, -EINVAL, "the name of an output is missing");
	ret = find_place(&place, path);
	if (ret)
		return kerror_set(err, ret, SHOWN_PATH ": %s", path, strerror(-ret));
	if (strlen(place_name(&place)) >= sizeof(out->name))
		return kerror_set(err, -ENAMETOOLONG, SHOWN_PATH ": %s", path, strerror(ENAMETOOLONG));
	fd = place.direct ? open_direct(&place) : open_beside(out, &place, unnamed);
	if (fd < 0)
		return kerror_set(err, -errno, SHOWN_PATH ": %s", path, strerror(errno));
	out->file = fdopen(fd, "w");
	if (!out->file) {
		close(fd);
		drop_output(out);
		return kerror_set(err, -ENOMEM, SHOWN_PATH ": no memory to write it", path);
	}
	return 0;
}

int open_output(struct output *out, const char *path, struct kerror *err)
{
	return open_any(out, path, true, err);
}

int open_trace_output(struct output *out, const char *path, const struct writer_ops *ops, struct kerror *err)
{
	if (is_stdout(path) && isatty(STDOUT_FILENO) && ops->binary)
		return kerror_set(err, -EINVAL, "-o -: standard output is a terminal, and %s is no text", ops->name);
	return open_output(out, path, err);
}

int open_named_output(struct output *out, const char *path, struct kerror *err)
{
	return open_any(out, path, false, err);
}

/* ---- closing --------------------------------------------------------------- */

static const char *shown_path(const struct output *out)
{
	return is_stdout(out->path) ? "standard output" : out->path;
}

void drop_output(struct output *out)
{
	if (out->file && out->file != stdout)
		fclose(out->file);
	out->file = NULL;
	if (!out->beside)
		return;
	if (out->temporary[0])
		unlinkat(out->folder, out->temporary, 0);
	close(out->folder);
	out->beside = false;
}

/* Everything but the name: 0 or an errno. */
static int finish_file(struct output *out)
{
	FILE *file = out->file;

	errno = 0;
	if (fflush(file) || ferror(file))
		return errno ? errno : EIO;
	if (file == stdout)
		return 0;
	if (out->beside && !out->temporary[0] && find_name(out, name_unnamed, fileno(file)))
		return errno;
	out->file = NULL;
	return fclose(file) ? errno : 0;
}

static int failed_to_write(struct output *out, int why, struct kerror *err)
{
	stdout_failed |= is_stdout(out->path);
	drop_output(out);
	return kerror_set(err, -why, SHOWN_PATH ": could not be written: %s", shown_path(out), strerror(why));
}

int finish_output(struct output *out, struct kerror *err)
{
	int why = out->file ? finish_file(out) : 0;

	return why ? failed_to_write(out, why, err) : 0;
}

int close_output(struct output *out, struct kerror *err)
{
	int ret = finish_output(out, err);

	if (ret)
		return ret;
	if (out->beside) {
		if (renameat(out->folder, out->temporary, out->folder, out->name))
			return failed_to_write(out, errno, err);
		out->temporary[0] = '\0';
	}
	drop_output(out);
	return 0;
}

int write_format(struct emitter *em, const struct emit_ops *format, struct output *out,
		 struct kerror *err)
{
	struct kerror why = { 0 };
	int ret;

	if (!out->file)
		return 0;
	ret = emitter_write(em, format, out->file, &why);
	if (!ret)
		return close_output(out, err);
	stdout_failed |= is_stdout(out->path);
	drop_output(out);
	return kerror_set(err, ret, SHOWN_PATH ": %s", shown_path(out), why.text);
}
