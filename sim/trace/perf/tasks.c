/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what each task is called. A name is set by a record of its own, or
 * inherited where the task begins; a task that the file says nothing of has
 * ":TID" for a name, as perf gives it. Names are the trace's once an event needs
 * them: in the order in which text would bring them.
 *
 * by_tid holds (number in own) * 2 + (whether it was set, so that children inherit
 * it) + 2, which is never 0.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/trace/perf/perf.h"

#define NO_TID	UINT64_MAX

static uint64_t pack(name_id name, bool set)
{
	return (uint64_t)name * 2 + set + 2;
}

int tasks_init(struct tasks *tasks, struct names *names)
{
	*tasks = (struct tasks){ .names = names, .own = names_create(), .last_tid = NO_TID };
	return tasks->own ? tasks_set(tasks, 0, "swapper", 7) : -ENOMEM;
}

void tasks_exit(struct tasks *tasks)
{
	names_destroy(tasks->own);
	table_free(&tasks->by_tid);
	free(tasks->shared);
}

int tasks_set(struct tasks *tasks, int32_t tid, const char *comm, size_t len)
{
	name_id own;
	uint64_t *slot;

	/* Text does not show where spaces around a name begin. */
	for (; len && *comm == ' '; len--)
		comm++;
	while (len && comm[len - 1] == ' ')
		len--;
	own = names_intern(tasks->own, comm, len);
	slot = own || !len ? table_get(&tasks->by_tid, (uint32_t)tid) : NULL;
	if (!slot)
		return -ENOMEM;
	*slot = pack(own, true);
	tasks->last_tid = NO_TID;
	return 0;
}

static int set_number(struct tasks *tasks, int32_t tid, uint64_t *value)
{
	char text[16];
	name_id own = names_intern(tasks->own, text, (size_t)snprintf(text, sizeof(text), ":%d", tid));
	uint64_t *slot = own ? table_get(&tasks->by_tid, (uint32_t)tid) : NULL;

	if (!slot)
		return -ENOMEM;
	*slot = *value = pack(own, false);
	return 0;
}

int tasks_fork(struct tasks *tasks, int32_t tid, int32_t parent)
{
	const uint64_t *from = table_find(&tasks->by_tid, (uint32_t)parent);
	uint64_t value = from ? *from : 0, *slot;

	tasks->last_tid = NO_TID;
	if (!(value & 1))
		return set_number(tasks, tid, &value);
	slot = table_get(&tasks->by_tid, (uint32_t)tid);
	if (!slot)
		return -ENOMEM;
	*slot = value;
	return 0;
}

static int share(struct tasks *tasks, name_id own, name_id *id)
{
	const char *text = names_text(tasks->own, own);

	if (own >= tasks->shared_size) {
		size_t size = (size_t)own * 2 + 64;
		name_id *larger = reallocarray(tasks->shared, size, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		memset(larger + tasks->shared_size, 0, (size - tasks->shared_size) * sizeof(*larger));
		tasks->shared = larger;
		tasks->shared_size = size;
	}
	if (own && !tasks->shared[own]) {
		tasks->shared[own] = names_intern(tasks->names, text, strlen(text));
		if (!tasks->shared[own])
			return -ENOMEM;
	}
	*id = tasks->shared[own];
	return 0;
}

int tasks_name_slow(struct tasks *tasks, int32_t tid, name_id *id)
{
	const uint64_t *slot = table_find(&tasks->by_tid, (uint32_t)tid);
	uint64_t value = slot ? *slot : 0;
	int ret = value ? 0 : set_number(tasks, tid, &value);

	if (!ret)
		ret = share(tasks, (name_id)((value - 2) / 2), id);
	if (ret)
		return ret;
	tasks->last_tid = (uint32_t)tid;
	tasks->last = *id;
	return 0;
}
