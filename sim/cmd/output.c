/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: files and standard output; see output.h. */
#include "sim/cmd/output.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cmd/cmd.h"

bool is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

/* What was printed may still be on its way; a full disk shows here. */
static void flush_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	fprintf(stderr, "kmemsim: standard output: %s\n", strerror(errno));
	_exit(EXIT_USAGE);
}

bool check_stdout_at_exit(void)
{
	return !atexit(flush_stdout);
}

/* Whether both are one regular file that is there; NULL and "-" never are. */
static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	if (!a || !b || is_stdout(a) || is_stdout(b))
		return false;
	return !stat(a, &x) && !stat(b, &y) && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Whether @path, which need not be there, lies in the folder @dir or in one of its folders. */
static bool lies_in(const char *path, const char *dir)
{
	char parent[PATH_MAX], *slash, *real_dir, *real_parent;
	struct stat st;
	size_t len;
	bool inside;

	if (!path || !dir || is_stdout(path) || stat(dir, &st) || !S_ISDIR(st.st_mode) ||
	    strlen(path) >= sizeof(parent))
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

int check_outputs(const char *const *reads, size_t nr_reads, const char *const *writes,
		  size_t nr_writes, struct kerror *err)
{
	size_t i, j;

	for (i = 0; i < nr_writes; i++) {
		bool taken = false;

		for (j = 0; j < nr_reads; j++) {
			if (lies_in(writes[i], reads[j]))
				return kerror_set(err, -EINVAL, "%s: lies in %s, which is only read",
						  writes[i], reads[j]);
			taken |= same_file(writes[i], reads[j]);
		}
		for (j = 0; j < i && writes[i]; j++)
			taken |= same_file(writes[i], writes[j]) || (writes[j] && !strcmp(writes[i], writes[j]));
		if (taken)
			return kerror_set(err, -EINVAL, "%s: would be written over: two outputs, or an "
					  "output and what is read, are the same file", writes[i]);
	}
	return 0;
}

int open_output(FILE **out, const char *path, struct kerror *err)
{
	*out = is_stdout(path) ? stdout : fopen(path, "w");
	return *out ? 0 : kerror_set(err, -errno, "%s: %s", path, strerror(errno));
}

int close_output(FILE *out, const char *path, struct kerror *err)
{
	bool bad = fflush(out) || ferror(out);

	if (out != stdout)
		bad |= fclose(out) != 0;
	return bad ? kerror_set(err, -EIO, "%s: could not be written: %s", path, strerror(errno)) : 0;
}

int write_format(struct emitter *em, enum emitter_format format, const char *path,
		 struct kerror *err)
{
	struct kerror why = { 0 };
	FILE *out;
	int ret = open_output(&out, path, err);

	if (ret)
		return ret;
	ret = emitter_write(em, format, out, &why);
	if (ret) {
		close_output(out, path, NULL);
		return kerror_set(err, ret, "%s: %s", path, why.text);
	}
	return close_output(out, path, err);
}

int write_formats(struct emitter *em, bool text, const char *json, const char *csv,
		  struct kerror *err)
{
	int ret = 0;

	if (text && !is_stdout(json) && !is_stdout(csv))
		ret = write_format(em, EMIT_TEXT, "-", err);
	if (!ret && json)
		ret = write_format(em, EMIT_JSON, json, err);
	if (!ret && csv)
		ret = write_format(em, EMIT_CSV, csv, err);
	return ret;
}
