/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim tests: an output is the whole new file, or what was there before. Each
 * test runs over both kinds of unfinished files: without a name, and with one.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "sim/cmd/cmd.h"
#include "sim/cmd/output.h"
#include "tests/sim/cmd/run_cmd.h"
#include "tests/tests.h"

#define SMALL "tests/traces/gcc-hello.perf.txt.zst"
#define RUN(...) run_cmd(cmd_run, NULL, (const char *const[]){ __VA_ARGS__, NULL })

typedef int (*open_fn)(struct output *out, const char *path, struct kerror *err);

static const open_fn openers[] = { open_output, open_named_output };

#define NR_OPENERS (sizeof(openers) / sizeof(openers[0]))

/* An empty folder inside the test's. */
static const char *fresh(const char *name)
{
	const char *path = in_folder(name);
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s' && mkdir '%s'", path, path);
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
	return path;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static void holds(const char *path, const char *text)
{
	char *found = slurp(path, NULL);

	CU_ASSERT_PTR_NOT_NULL(found);
	if (found)
		CU_ASSERT_STRING_EQUAL(found, text);
	free(found);
}

/* How many names @path has, "." and ".." apart. */
static unsigned int names_in(const char *path)
{
	const struct dirent *entry;
	DIR *dir = opendir(path);
	unsigned int nr = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir)))
		nr += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(dir);
	return nr;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* 0, or the errno. */
static int write_whole(open_fn open_it, const char *path, const char *text, struct kerror *err)
{
	struct output out;
	int ret = open_it(&out, path, err);

	if (ret)
		return -ret;
	fputs(text, out.file);
	ret = close_output(&out, err);
	CU_ASSERT_PTR_NULL(out.file);
	CU_ASSERT_EQUAL(close_output(&out, NULL), 0);
	drop_output(&out);
	return -ret;
}

/* A new file comes with the usual permission, an old one keeps its own; only at the end, and nothing else stays. */
static void test_whole(void)
{
	const char *folder_of, *path = in_folder("whole/file");
	mode_t mask = umask(027);
	struct output out;
	size_t i;

	for (i = 0; i < NR_OPENERS; i++) {
		folder_of = fresh("whole");
		CU_ASSERT_EQUAL(openers[i](&out, path, NULL), 0);
		CU_ASSERT_EQUAL(access(path, F_OK), -1);
		fputs("new\n", out.file);
		CU_ASSERT_EQUAL(close_output(&out, NULL), 0);
		holds(path, "new\n");
		CU_ASSERT_EQUAL(mode_of(path), 0640);

		CU_ASSERT_EQUAL(chmod(path, 04604), 0);
		CU_ASSERT_EQUAL(openers[i](&out, path, NULL), 0);
		fputs("newer\n", out.file);
		fflush(out.file);
		holds(path, "new\n");
		CU_ASSERT_EQUAL(close_output(&out, NULL), 0);
		holds(path, "newer\n");
		/* A bit that means something for programs is not kept. */
		CU_ASSERT_EQUAL(mode_of(path), 0604);
		CU_ASSERT_EQUAL(names_in(folder_of), 1);
	}
	umask(mask);
}

/* A finished file has no name yet, and can still be given up: several that belong together wait for each other so. */
static void test_finished(void)
{
	const char *folder_of, *path = in_folder("finished/file");
	struct output out;
	struct kerror err;
	size_t i;

	for (i = 0; i < NR_OPENERS; i++) {
		folder_of = fresh("finished");
		put(path, "old\n");
		CU_ASSERT_EQUAL(openers[i](&out, path, NULL), 0);
		fputs("new\n", out.file);
		CU_ASSERT_EQUAL(finish_output(&out, NULL), 0);
		CU_ASSERT_PTR_NULL(out.file);
		holds(path, "old\n");
		CU_ASSERT_EQUAL(finish_output(&out, NULL), 0);
		CU_ASSERT_EQUAL(close_output(&out, NULL), 0);
		holds(path, "new\n");

		CU_ASSERT_EQUAL(openers[i](&out, path, NULL), 0);
		fputs("newer\n", out.file);
		CU_ASSERT_EQUAL(finish_output(&out, NULL), 0);
		drop_output(&out);
		holds(path, "new\n");
		CU_ASSERT_EQUAL(names_in(folder_of), 1);
	}
	CU_ASSERT_EQUAL(open_output(&out, "/dev/full", NULL), 0);
	fputs("text", out.file);
	CU_ASSERT_EQUAL(finish_output(&out, &err), -ENOSPC);
	CU_ASSERT_STRING_EQUAL(err.text, "/dev/full: could not be written: No space left on device");
	CU_ASSERT_EQUAL(close_output(&out, NULL), 0);
}

/* What was given up leaves the old file, or none. */
static void test_dropped(void)
{
	const char *folder_of, *path = in_folder("dropped/file");
	struct output out;
	size_t i;

	for (i = 0; i < NR_OPENERS; i++) {
		folder_of = fresh("dropped");
		CU_ASSERT_EQUAL(openers[i](&out, path, NULL), 0);
		fputs("half", out.file);
		drop_output(&out);
		CU_ASSERT_EQUAL(names_in(folder_of), 0);
		put(path, "old\n");
		CU_ASSERT_EQUAL(openers[i](&out, path, NULL), 0);
		fputs("half", out.file);
		drop_output(&out);
		drop_output(&out);
		holds(path, "old\n");
		CU_ASSERT_EQUAL(names_in(folder_of), 1);
	}
	/* One that was never wanted is no error. */
	CU_ASSERT_EQUAL(open_output(&out, NULL, NULL), 0);
	CU_ASSERT_PTR_NULL(out.file);
	CU_ASSERT_EQUAL(close_output(&out, NULL), 0);
	drop_output(&out);
}

/*
 * links/a -> there/b, there/b -> ../data (old, then missing): the links stay, and
 * each is seen from its own folder, but for one that names its whole path.
 */
static void test_links(void)
{
	struct kerror err;
	struct stat st;
	size_t i;

	for (i = 0; i < NR_OPENERS; i++) {
		fresh("links");
		fresh("links/there");
		CU_ASSERT_EQUAL(symlink("there/b", in_folder("links/a")), 0);
		CU_ASSERT_EQUAL(symlink("../data", in_folder("links/there/b")), 0);
		put(in_folder("links/data"), "old\n");
		CU_ASSERT_EQUAL(write_whole(openers[i], in_folder("links/a"), "new\n", NULL), 0);
		holds(in_folder("links/data"), "new\n");
		CU_ASSERT_EQUAL(unlink(in_folder("links/data")), 0);
		CU_ASSERT_EQUAL(write_whole(openers[i], in_folder("links/a"), "first\n", NULL), 0);
		holds(in_folder("links/data"), "first\n");
		CU_ASSERT_EQUAL(lstat(in_folder("links/a"), &st), 0);
		CU_ASSERT(S_ISLNK(st.st_mode));
		CU_ASSERT_EQUAL(names_in(in_folder("links")), 3);
		CU_ASSERT_EQUAL(names_in(in_folder("links/there")), 1);

		CU_ASSERT_EQUAL(symlink(in_folder("links/data"), in_folder("links/there/whole")), 0);
		CU_ASSERT_EQUAL(write_whole(openers[i], in_folder("links/there/whole"), "second\n", NULL), 0);
		holds(in_folder("links/data"), "second\n");

		CU_ASSERT_EQUAL(symlink("loop", in_folder("links/loop")), 0);
		CU_ASSERT_EQUAL(write_whole(openers[i], in_folder("links/loop"), "", &err), ELOOP);
	}
}

/* What cannot be written is refused when it is opened, with the reason. */
static void test_refused(void)
{
	char name[NAME_MAX + 2], path[PATH_MAX + 1];
	struct kerror err;

	fresh("refused");
	CU_ASSERT_EQUAL(write_whole(open_output, in_folder("refused/none/x"), "", &err), ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "refused/none/x: No such file or directory"));
	CU_ASSERT_EQUAL(write_whole(open_output, in_folder("refused"), "", &err), EISDIR);
	CU_ASSERT_EQUAL(write_whole(open_output, in_folder("refused/"), "", &err), EISDIR);
	CU_ASSERT_EQUAL(write_whole(open_output, in_folder("new/"), "", &err), EISDIR);
	CU_ASSERT_EQUAL(write_whole(open_output, "", "", &err), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the name of an output is missing"));
	put(in_folder("refused/file"), "old\n");
	CU_ASSERT_EQUAL(write_whole(open_output, in_folder("refused/file/x"), "", &err), ENOTDIR);
	CU_ASSERT_EQUAL(write_whole(open_output, in_folder("refused/file/"), "", &err), ENOTDIR);

	/* The longest name there can be, and one byte more. */
	memset(name, 'n', sizeof(name));
	name[NAME_MAX] = '\0';
	snprintf(path, sizeof(path), "%s/%s", in_folder("refused"), name);
	CU_ASSERT_EQUAL(write_whole(open_output, path, "long\n", &err), 0);
	holds(path, "long\n");
	CU_ASSERT_EQUAL(write_whole(open_named_output, path, "longer\n", &err), 0);
	holds(path, "longer\n");
	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = '\0';
	snprintf(path, sizeof(path), "%s/%s", in_folder("refused"), name);
	CU_ASSERT_EQUAL(write_whole(open_output, path, "", &err), ENAMETOOLONG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "File name too long"));

	/* The longest path, 4095 bytes of it slashes and a name, and one byte more. */
	memset(path, '/', sizeof(path));
	snprintf(name, sizeof(name), "%s/short", in_folder("refused"));
	memcpy(path + PATH_MAX - 1 - strlen(name), name, strlen(name) + 1);
	CU_ASSERT_EQUAL(write_whole(open_output, path, "far\n", &err), 0);
	holds(name, "far\n");
	memcpy(path + PATH_MAX - strlen(name), name, strlen(name) + 1);
	CU_ASSERT_EQUAL(write_whole(open_output, path, "", &err), ENAMETOOLONG);
}

/* Exit status of @fn in a process of its own; -1 for a signal. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(fn());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define SKIPPED 77

/* As somebody who is not root: of a file that may be read only, and one in a folder that is another's. */
static int as_nobody(void)
{
	struct kerror err;

	if (!getuid() && (setgid(65534) || setuid(65534)))
		return SKIPPED;
	if (write_whole(open_output, in_folder("rights/read-only"), "new\n", &err) != EACCES)
		return 1;
	/* It could be replaced there. */
	if (write_whole(open_output, in_folder("another/read-only"), "new\n", &err) != EACCES)
		return 5;
	if (write_whole(open_output, in_folder("rights/open"), "new\n", &err))
		return 2;
	if (write_whole(open_output, in_folder("another/open"), "new\n", &err))
		return 4;
	return write_whole(open_output, in_folder("rights/none"), "new\n", &err) == EACCES ? 0 : 3;
}

/*
 * A file that may not be written is not replaced; one that may is written, though its folder may not.
 * Where the new file can't have the old one's group, what the old group might do is nobody's right.
 */
static void test_rights(void)
{
	int status;

	fresh("another");
	put(in_folder("another/open"), "old\n");
	put(in_folder("another/read-only"), "old\n");
	CU_ASSERT_EQUAL(chmod(in_folder("another/read-only"), 0444), 0);
	CU_ASSERT_EQUAL(chmod(in_folder("another/open"), 0666), 0);
	CU_ASSERT_EQUAL(chmod(in_folder("another"), 0777), 0);
	fresh("rights");
	put(in_folder("rights/read-only"), "old\n");
	put(in_folder("rights/open"), "an old and longer text\n");
	CU_ASSERT_EQUAL(chmod(in_folder("rights/read-only"), 0444), 0);
	CU_ASSERT_EQUAL(chmod(in_folder("rights/open"), 0666), 0);
	CU_ASSERT_EQUAL(chmod(in_folder("rights"), 0555), 0);
	CU_ASSERT_EQUAL(chmod(in_folder("rights/.."), 0755), 0);
	status = in_child(as_nobody);
	CU_ASSERT_EQUAL(chmod(in_folder("rights"), 0755), 0);
	if (status == SKIPPED)
		return;
	CU_ASSERT_EQUAL(status, 0);
	holds(in_folder("another/open"), "new\n");
	CU_ASSERT_EQUAL(mode_of(in_folder("another/open")), getuid() ? 0666 : 0606);
	holds(in_folder("rights/read-only"), "old\n");
	holds(in_folder("rights/open"), "new\n");
	CU_ASSERT_EQUAL(names_in(in_folder("rights")), 2);
}

static open_fn opener;

/* A mebibyte where there is room for less. */
static int write_much(void)
{
	struct kerror err = { 0 };
	struct output out;
	int i;

	if (opener(&out, in_folder("full/file"), &err))
		return 1;
	for (i = 0; i < 1 << 17; i++)
		fputs("12345678", out.file);
	if (close_output(&out, &err) != -EFBIG && err.code != -ENOSPC)
		return 2;
	return strstr(err.text, err.code == -EFBIG ? "could not be written: File too large" :
			    "could not be written: No space left on device") ? 0 : 3;
}

static int write_beyond_limit(void)
{
	const struct rlimit limit = { 1 << 16, 1 << 16 };

	signal(SIGXFSZ, SIG_IGN);
	return setrlimit(RLIMIT_FSIZE, &limit) ? SKIPPED : write_much();
}

/* In a name space of its own this process may mount what nobody else sees. */
static bool become_apart(void)
{
	uid_t uid = getuid();
	FILE *map;

	if (unshare(uid ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	map = uid ? fopen("/proc/self/uid_map", "w") : NULL;
	if (map)
		fprintf(map, "0 %u 1\n", uid);
	return !uid || (map && !fclose(map));
}

static int write_to_small_disk(void)
{
	const char *path = in_folder("full/file");
	char *text;
	FILE *old;
	int ret;

	if (!become_apart() || mount("none", in_folder("full"), "tmpfs", 0, "size=64k,mode=777"))
		return SKIPPED;
	old = fopen(path, "w");
	if (!old || fputs("old\n", old) < 0 || fclose(old))
		return SKIPPED;
	ret = write_much();
	text = slurp(path, NULL);
	if (!ret && (!text || strcmp(text, "old\n") || names_in(in_folder("full")) != 1))
		ret = 9;
	free(text);
	return ret;
}

/* No room, in three kinds: the old file stays, and nothing else. */
static void test_no_room(void)
{
	const char *folder_of;
	struct kerror err;
	int status;
	size_t i;

	for (i = 0; i < NR_OPENERS; i++) {
		opener = openers[i];
		folder_of = fresh("full");
		put(in_folder("full/file"), "old\n");
		CU_ASSERT_EQUAL(in_child(write_beyond_limit), 0);
		holds(in_folder("full/file"), "old\n");
		CU_ASSERT_EQUAL(names_in(folder_of), 1);
		status = in_child(write_to_small_disk);
		if (status == SKIPPED)
			test_skip("no file system of its own may be mounted");
		else
			CU_ASSERT_EQUAL(status, 0);
		CU_ASSERT_EQUAL(write_whole(openers[i], "/dev/full", "text", &err), ENOSPC);
	}
}

static int killed_while_writing(void)
{
	struct output out;

	if (opener(&out, in_folder("killed/file"), NULL))
		return 1;
	fputs("half", out.file);
	fflush(out.file);
	raise(SIGKILL);
	return 2;
}

/* The old file is there as it was; and where files need no name, nothing else. */
static void test_killed(void)
{
	size_t i;

	for (i = 0; i < NR_OPENERS; i++) {
		opener = openers[i];
		fresh("killed");
		put(in_folder("killed/file"), "old\n");
		CU_ASSERT_EQUAL(in_child(killed_while_writing), -1);
		holds(in_folder("killed/file"), "old\n");
		CU_ASSERT(names_in(in_folder("killed")) <= 2);
	}
}

/* A run is killed while its trace still comes: the old report is kept. */
static void test_killed_run(void)
{
	char *json = in_folder("killed-run/json"), *csv = in_folder("killed-run/csv");
	char *const args[] = { (char *)"run", (char *)"-q", (char *)"--json", json, (char *)"--csv", csv,
			       (char *)"-", NULL };
	int input[2], status;
	pid_t pid;

	fresh("killed-run");
	put(json, "old\n");
	CU_ASSERT_EQUAL_FATAL(pipe(input), 0);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(input[0], 0);
		close(input[0]);
		close(input[1]);
		_exit(cmd_run(7, (char **)args));
	}
	close(input[0]);
	dprintf(input[1], "prog 1 [000] 1.000001: kmem:kfree: call_site=f+0x1 ptr=0x1\n");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(input[1]);
	CU_ASSERT(WIFSIGNALED(status));
	holds(json, "old\n");
	CU_ASSERT_EQUAL(access(csv, F_OK), -1);
}

/* A descriptor is continued where it stands, also when it is a file's. */
static void test_descriptor(void)
{
	const char *path = in_folder("descriptor");
	FILE *file = fopen(path, "w");
	char name[32];

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs("before\n", file);
	fflush(file);
	snprintf(name, sizeof(name), "/dev/fd/%d", fileno(file));
	CU_ASSERT_EQUAL(write_whole(open_output, name, "written\n", NULL), 0);
	fputs("after\n", file);
	fclose(file);
	holds(path, "before\nwritten\nafter\n");
}

/* A pipe with a name is written, not replaced. */
static void test_named_pipe(void)
{
	const char *path = in_folder("pipe");
	char text[16] = "";
	struct stat st;
	int fd;

	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR);
	CU_ASSERT_EQUAL(write_whole(open_output, path, "piped\n", NULL), 0);
	CU_ASSERT_EQUAL(read(fd, text, sizeof(text) - 1), 6);
	CU_ASSERT_STRING_EQUAL(text, "piped\n");
	close(fd);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT(S_ISFIFO(st.st_mode));
}

static int clash(const char *read, const char *one, const char *two)
{
	const struct wanted_output writes[] = { { "one", one }, { "two", two } };

	return check_outputs(&read, 1, writes, 2, NULL);
}

static void clash_says(const char *read, const char *one, const char *two, const char *text)
{
	const struct wanted_output writes[] = { { "one", one }, { "two", two } };
	struct kerror err = { 0 };

	CU_ASSERT_EQUAL(check_outputs(&read, 1, writes, 2, &err), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, text);
}

/* A message names both files that are one, and the options that ask for them. */
static void test_clash_names(void)
{
	CU_ASSERT_EQUAL_FATAL(chdir(fresh("names")), 0);
	put("a", "a");
	CU_ASSERT_EQUAL(mkdir("sub", 0700), 0);
	clash_says(NULL, "a", "./a", "--two ./a and --one a are the same file: one would be written over");
	clash_says(NULL, "-", "-", "--two - and --one - are the same file: one would be written over");
	clash_says("./a", "b", "a", "--two a and ./a, which is read, are the same file: it would be written over");
	clash_says("sub", "b", "sub/x", "--two sub/x: lies in sub, which is only read");
	CU_ASSERT_EQUAL_FATAL(chdir(KMEMSIM_SRCDIR), 0);
}

/* One file under two names is found, whether it exists or not. */
static void test_clashes(void)
{
	static const struct {
		const char *read, *one, *two;
		int ret;
	} rows[] = {
		{ NULL, "clash/a", "clash/b", 0 },
		{ NULL, "clash/a", NULL, 0 },
		{ NULL, "clash/a", "clash/a", -EINVAL },
		{ NULL, "clash/new", "clash/new", -EINVAL },
		{ NULL, "clash/new", "clash/sub/../new", -EINVAL },
		{ NULL, "clash/new", "clash/sub/new", 0 },
		{ NULL, "clash/new", "clash/newer", 0 },
		{ NULL, "clash/new", "clash/to-new", -EINVAL },
		{ NULL, "clash/a", "clash/to-a", -EINVAL },
		{ NULL, "clash/a", "clash/hard-a", -EINVAL },
		{ "clash/a", "clash/b", "clash/to-a", -EINVAL },
		{ "clash/sub", "clash/b", "clash/sub/new", -EINVAL },
		{ "clash/sub", "clash/b", "clash/to-sub/new", -EINVAL },
		{ "clash/sub", "clash/b", "clash/subway", 0 },
	};
	size_t i;

	fresh("clash");
	fresh("clash/sub");
	put(in_folder("clash/a"), "a");
	put(in_folder("clash/b"), "b");
	CU_ASSERT_EQUAL(link(in_folder("clash/a"), in_folder("clash/hard-a")), 0);
	CU_ASSERT_EQUAL(symlink("a", in_folder("clash/to-a")), 0);
	CU_ASSERT_EQUAL(symlink("new", in_folder("clash/to-new")), 0);
	CU_ASSERT_EQUAL(symlink("sub", in_folder("clash/to-sub")), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int ret = clash(rows[i].read ? in_folder(rows[i].read) : NULL, in_folder(rows[i].one),
				rows[i].two ? in_folder(rows[i].two) : NULL);

		CU_ASSERT_EQUAL(ret, rows[i].ret);
		if (ret != rows[i].ret)
			fprintf(stderr, "row %zu: %d\n", i, ret);
	}
	CU_ASSERT_EQUAL(clash("-", "-", in_folder("clash/a")), 0);
	CU_ASSERT_EQUAL(clash(NULL, "-", "-"), -EINVAL);
}

static int clash_with_standard_files(void)
{
	struct kerror err = { 0 };

	redirect(in_folder("standard"), 0, O_RDONLY);
	redirect(in_folder("standard-out"), 1, O_WRONLY | O_CREAT | O_TRUNC);
	/* The trace comes from the file that shall be written; standard output is one of the outputs. */
	if (clash("-", in_folder("standard"), NULL) != -EINVAL || clash("-", in_folder("other"), NULL))
		return 1;
	if (clash(NULL, in_folder("standard-out"), NULL) != -EINVAL || clash(NULL, "/dev/stdout", NULL))
		return 2;
	if (clash(in_folder("standard-out"), NULL, NULL) != -EINVAL)
		return 3;
	if (check_outputs((const char *const[]){ "-" }, 1,
			  &(struct wanted_output){ "json", in_folder("standard") }, 1, &err) != -EINVAL ||
	    !strstr(err.text, "/standard and standard input, which is read, are the same file"))
		return 5;
	if (check_outputs(NULL, 0, &(struct wanted_output){ "json", in_folder("standard-out") }, 1, &err) != -EINVAL ||
	    !strstr(err.text, "/standard-out and standard output are the same file"))
		return 6;
	return clash(NULL, "/dev/stdout", "-") == -EINVAL ? 0 : 4;
}

/* A file that standard input or output is already is no place for another output. */
static void test_standard_files(void)
{
	put(in_folder("standard"), "trace");
	CU_ASSERT_EQUAL(in_child(clash_with_standard_files), 0);
}

/* Outputs that cannot be opened are reported before the trace is looked for. */
static void test_before_the_input(void)
{
	static const char *const options[] = { "--json", "--csv", "--timeline", "--page-owner-list" };
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		expect(RUN(options[i], "/no/such/x", "/no/trace"), 2, "/no/such/x: No such file");
	expect(run_cmd(cmd_compare, NULL, (const char *const[]){ "--csv", "/no/such/x", "/no/trace", NULL }), 2,
	       "/no/such/x: No such file");
	expect(run_cmd(cmd_diagnose, NULL, (const char *const[]){ "--json", "/no/such/x", "/no/trace", NULL }), 2,
	       "/no/such/x: No such file");
	expect(run_cmd(cmd_layout, NULL, (const char *const[]){ "--json", "/no/such/x", "/no/program", NULL }), 2,
	       "/no/such/x: No such file");
	expect(run_cmd(cmd_verify, NULL, (const char *const[]){ "--json", "/no/such/x", "/no/capture", NULL }), 2,
	       "/no/such/x: No such file");
}

/* Input that cannot be read costs no earlier report. */
static void test_input_fails(void)
{
	fresh("kept");
	put(in_folder("kept/json"), "old\n");
	put(in_folder("kept/timeline"), "old\n");
	expect(RUN("--json", in_folder("kept/json"), "--timeline", in_folder("kept/timeline"), "--csv",
		   in_folder("kept/csv"), "/no/trace"), 2, "/no/trace: No such file");
	holds(in_folder("kept/json"), "old\n");
	holds(in_folder("kept/timeline"), "old\n");
	CU_ASSERT_EQUAL(names_in(in_folder("kept")), 2);
}

static const struct test_case cases[] = {
	{ "output_whole", test_whole },
	{ "output_finished", test_finished },
	{ "output_dropped", test_dropped },
	{ "output_links", test_links },
	{ "output_refused", test_refused },
	{ "output_rights", test_rights },
	{ "output_no_room", test_no_room },
	{ "output_killed", test_killed },
	{ "output_killed_run", test_killed_run },
	{ "output_descriptor", test_descriptor },
	{ "output_named_pipe", test_named_pipe },
	{ "output_clashes", test_clashes },
	{ "output_clash_names", test_clash_names },
	{ "output_standard_files", test_standard_files },
	{ "output_before_the_input", test_before_the_input },
	{ "output_input_fails", test_input_fails },
	{ NULL, NULL }
};

const struct test_suite cmd_output_suite = { "cmd_output", cases };
