/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the names of tasks in trace.dat, as the kernel had saved them at its end; see dat.h. Single-threaded. */
#include <errno.h>
#include <stdlib.h>

#include "sim/trace/dat/dat.h"

#define MAX_TASKS	(1u << 22)	/* the kernel's limit for pids */

static int compare(const void *left, const void *right)
{
	const struct dat_task *a = left, *b = right;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* "4711 name with blanks" in [@p, @end). */
static bool parse_task(const char *p, const char *end, int32_t *pid, const char **name)
{
	int64_t number = 0;

	while (p < end && *p == ' ')
		p++;
	if (p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if ((number = number * 10 + (*p - '0')) > INT32_MAX)
			return false;
	while (p < end && *p == ' ')
		p++;
	*pid = (int32_t)number;
	*name = p;
	return p < end;
}

static int add_task(struct trace_dat *td, size_t *size, int32_t pid, name_id name)
{
	if (td->nr_tasks == *size) {
		struct dat_task *larger = reallocarray(td->tasks, *size ? *size * 2 : 256, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		td->tasks = larger;
		*size = *size ? *size * 2 : 256;
	}
	td->tasks[td->nr_tasks++] = (struct dat_task){ pid, name };
	return 0;
}

int dat_tasks_read(struct trace_dat *td, struct names *names, const struct dat_bytes *text)
{
	const char *p = (const char *)text->data, *all = p + text->len, *end, *name;
	size_t size = 0;
	int32_t pid;

	free(td->tasks);
	td->tasks = NULL;
	td->nr_tasks = 0;
	for (; p < all && *p && td->nr_tasks < MAX_TASKS; p = end + 1) {
		end = memchr(p, '\n', (size_t)(all - p));
		if (!end)
			end = memchr(p, '\0', (size_t)(all - p));
		if (!end)
			end = all;
		if (parse_task(p, end, &pid, &name) && !memchr(name, '\0', (size_t)(end - name))) {
			name_id id = names_intern(names, name, (size_t)(end - name));

			if (!id || add_task(td, &size, pid, id))
				return -ENOMEM;
		}
	}
	if (td->nr_tasks)
		qsort(td->tasks, td->nr_tasks, sizeof(*td->tasks), compare);
	return 0;
}

name_id dat_task_name(const struct trace_dat *td, int32_t pid)
{
	size_t low = 0, high = td->nr_tasks;

	if (!pid)
		return td->idle;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (td->tasks[mid].pid == pid)
			return td->tasks[mid].name;
		if (td->tasks[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return td->unknown;
}
