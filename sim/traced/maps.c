/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: a file of mappings, read; see maps.h. Single-threaded. */
#include "sim/traced/maps.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/vm/mm.h"

#define MAX_FDS		1024u
#define MAX_ARGS	6

struct maps_reader {
	struct traced_maps *maps;
	name_id fd[MAX_FDS];		/* what each descriptor is open for; 0: nobody told */
	name_id opening;		/* by a call whose result stands in a later line */
	uint64_t unnamed;		/* files so far whose names nobody told */
};

/* One call of a line. */
struct call {
	uint64_t at;
	char name[24];
	uint64_t arg[MAX_ARGS];
	unsigned int nr_args;
	const char *path;		/* in its arguments, of path_len bytes; NULL: none */
	size_t path_len;
	bool ended, failed;		/* its result is in this line; and is none */
	uint64_t result;
};

static int add_entry(struct traced_maps *maps, const struct maps_entry *entry)
{
	if (maps->nr == maps->max) {
		uint64_t max = maps->max ? maps->max * 2 : 64;
		struct maps_entry *entries = realloc(maps->entries, max * sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		maps->entries = entries;
		maps->max = max;
	}
	maps->entries[maps->nr++] = *entry;
	return 0;
}

/* ---- lines of /proc/PID/maps ------------------------------------------------------- */

/* 0 with *@entry; -EINVAL: it is no such line. */
static int parse_there(struct names *names, const char *line, struct maps_entry *entry)
{
	char perms[5] = "";
	uint64_t end;
	int path = 0;

	*entry = (struct maps_entry){ .what = MAPS_THERE };
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4[-rwxsp] %" SCNx64 " %*x:%*x %*u %n", &entry->start, &end, perms,
		   &entry->offset, &path) < 4 || !path || strlen(perms) != 4)
		return -EINVAL;
	if (end <= entry->start || (entry->start | end | entry->offset) & (PAGE_SIZE - 1))
		return -EINVAL;
	entry->bytes = end - entry->start;
	entry->prot = (perms[0] == 'r' ? PROT_READ : 0) | (perms[1] == 'w' ? PROT_WRITE : 0) |
		      (perms[2] == 'x' ? PROT_EXEC : 0);
	entry->flags = perms[3] == 's' ? MAP_SHARED : MAP_PRIVATE;
	entry->name = names_intern(names, line + path, strcspn(line + path, "\n"));
	return 0;
}

/* ---- lines of calls ------------------------------------------------------------------ */

/* "0x0, 8192, 3, 34, -1, 0 )": numbers, one of which may have a path behind it. */
static void parse_args(const char *p, struct call *call)
{
	while (call->nr_args < MAX_ARGS) {
		char *end;

		p += strspn(p, " ,");
		call->arg[call->nr_args] = strtoull(p, &end, 0);
		if (end == p)
			return;
		call->nr_args++;
		p = end;
		if (*p == '(') {
			call->path = p + 1;
			call->path_len = strcspn(call->path, ")");
			p = call->path + call->path_len + (call->path[call->path_len] == ')');
		}
	}
}

/* "27861 SYSCALL[16522,1](9) sys_mmap ( ... ) --> [pre-success] Success(0x4835000)". False: it is no such line. */
static bool parse_call(const char *line, struct call *call)
{
	const char *p = strstr(line, " SYSCALL["), *result;
	char *end;

	*call = (struct call){ .at = strtoull(line, &end, 10) };
	if (!p || end != p || !isdigit((unsigned char)*line))
		return false;
	p = strchr(p, '(');
	p = p ? strchr(p, ')') : NULL;
	if (!p)
		return false;
	p += 1 + strspn(p + 1, " ");
	if (sscanf(p, "sys_%23[a-z0-9_]", call->name) == 1) {
		p = strchr(p, '(');
		if (p)
			parse_args(p + 1, call);
	}
	result = strstr(line, "> Success(0x");
	if (!result)
		result = strstr(line, "] Success(0x");
	call->failed = !result && strstr(line, " Failure(");
	call->ended = result || call->failed;
	if (result)
		call->result = strtoull(strchr(result, '(') + 1, NULL, 16);
	return true;
}

static name_id file_of(struct maps_reader *rd, uint64_t fd, bool anew)
{
	char name[24];

	if (fd >= MAX_FDS)
		return 0;
	/* Where nobody told, a mapping that chooses its place begins another file. */
	if (!rd->fd[fd] || (anew && *names_text(rd->maps->names, rd->fd[fd]) == '(')) {
		snprintf(name, sizeof(name), "(file %" PRIu64 ")", ++rd->unnamed);
		rd->fd[fd] = names_intern(rd->maps->names, name, strlen(name));
	}
	return rd->fd[fd];
}

static void opened(struct maps_reader *rd, const struct call *call, name_id name)
{
	if (!call->failed && call->result < MAX_FDS)
		rd->fd[call->result] = name;
}

/* A path in a call is of a file that is opened. True: the call is nothing else. */
static bool take_open(struct maps_reader *rd, const struct call *call)
{
	name_id name;

	if (!*call->name) {
		if (call->ended && rd->opening)
			opened(rd, call, rd->opening);
		rd->opening = 0;
		return true;
	}
	if (strcmp(call->name, "openat") && strcmp(call->name, "open"))
		return false;
	name = call->path ? names_intern(rd->maps->names, call->path, call->path_len) : 0;
	if (call->ended)
		opened(rd, call, name);
	else
		rd->opening = name;
	return true;
}

/* What the call does, if it changes mappings: 1; 0: it does not; -EINVAL: its arguments are none. */
static int entry_of(struct maps_reader *rd, const struct call *call, struct maps_entry *entry)
{
	const uint64_t *arg = call->arg;

	*entry = (struct maps_entry){ .at = call->at, .start = arg[0], .bytes = VM_PAGE_ALIGN(arg[1]) };
	if (!strcmp(call->name, "brk")) {
		entry->what = MAPS_BRK;
		entry->start = call->result;
		return 1;
	}
	if (!strcmp(call->name, "mmap")) {
		entry->what = MAPS_MMAP;
		entry->start = call->result;
		entry->prot = (int)arg[2];
		entry->flags = (int)arg[3];
		entry->offset = arg[5];
		if (!(arg[3] & MAP_ANONYMOUS))
			entry->name = file_of(rd, arg[4], !(arg[3] & MAP_FIXED));
		return call->nr_args == 6 ? 1 : -EINVAL;
	}
	if (!strcmp(call->name, "mremap")) {
		entry->what = MAPS_MREMAP;
		entry->new_start = call->result;
		entry->new_bytes = VM_PAGE_ALIGN(arg[2]);
		return call->nr_args >= 4 ? 1 : -EINVAL;
	}
	entry->prot = (int)arg[2];
	entry->what = !strcmp(call->name, "munmap") ? MAPS_MUNMAP : MAPS_MPROTECT;
	if (entry->what == MAPS_MPROTECT && strcmp(call->name, "mprotect"))
		return 0;
	return call->nr_args >= 2 ? 1 : -EINVAL;
}

static int take_line(struct maps_reader *rd, const char *line)
{
	struct traced_maps *maps = rd->maps;
	struct maps_entry entry;
	struct call call;
	int ret;

	if (!line[strspn(line, " \n")])
		return 0;
	if (!parse_call(line, &call)) {
		ret = parse_there(maps->names, line, &entry);
		if (ret || (maps->nr && maps->entries[maps->nr - 1].what != MAPS_THERE))
			return -EINVAL;
		return add_entry(maps, &entry);
	}
	if (take_open(rd, &call) || call.failed || !call.ended)
		return 0;
	ret = entry_of(rd, &call, &entry);
	if (ret > 0 && maps->nr && entry.at < maps->entries[maps->nr - 1].at)
		return -EINVAL;
	return ret > 0 ? add_entry(maps, &entry) : ret;
}

int traced_maps_read(struct traced_maps **out, FILE *from, const char *path, struct kerror *err)
{
	struct maps_reader rd = { .maps = calloc(1, sizeof(*rd.maps)) };
	uint64_t number = 0;
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	*out = NULL;
	if (rd.maps)
		rd.maps->names = names_create();
	if (!rd.maps || !rd.maps->names)
		ret = kerror_set(err, -ENOMEM, "%.180s: no memory for mappings", path);
	while (!ret && getline(&line, &size, from) >= 0) {
		number++;
		ret = take_line(&rd, line);
		if (ret == -EINVAL)
			kerror_set(err, ret, "%.180s:%" PRIu64 ": neither a line of /proc/PID/maps nor a system call behind the "
				   "ones before", path, number);
		else if (ret)
			kerror_set(err, ret, "%.180s: no memory for mappings", path);
	}
	/* A folder, say. */
	if (!ret && ferror(from))
		ret = kerror_set(err, -errno, "%.180s: %s", path, strerror(errno));
	free(line);
	if (ret)
		traced_maps_destroy(rd.maps);
	else
		*out = rd.maps;
	return ret;
}

void traced_maps_destroy(struct traced_maps *maps)
{
	if (!maps)
		return;
	names_destroy(maps->names);
	free(maps->entries);
	free(maps);
}
