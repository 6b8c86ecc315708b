/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the traced kernel's virtual memory did; see notices.h. Single-threaded. */
#include "sim/replay/notices.h"

#include <errno.h>
#include <stdlib.h>

static int count_of(unsigned int kind)
{
	static const uint8_t kinds[NR_NOTICE_COUNTS] = {
#define NOTICE_KIND(name, kind, label) [NOTICE_##name] = kind,
		NOTICE_COUNTS(NOTICE_KIND)
#undef NOTICE_KIND
	};
	int i;

	for (i = 0; i < NR_NOTICE_COUNTS && kinds[i] != kind; i++)
		;
	return i;
}

static struct notices_task *task_of(struct notices *notices, const struct event *ev)
{
	uint64_t *place = table_get(&notices->place, (uint32_t)ev->pid);

	if (place && !*place && notices->nr == notices->max) {
		uint32_t max = notices->max ? notices->max * 2 : 16;
		struct notices_task *tasks = realloc(notices->tasks, max * sizeof(*tasks));

		if (!tasks) {
			table_remove(&notices->place, place);
			return NULL;
		}
		notices->tasks = tasks;
		notices->max = max;
	}
	if (!place)
		return NULL;
	if (!*place) {
		notices->tasks[notices->nr] = (struct notices_task){ .pid = ev->pid };
		*place = ++notices->nr;
	}
	return &notices->tasks[*place - 1];
}

int notices_take(struct notices *notices, const struct event *ev)
{
	int which = count_of(ev->kind);
	struct notices_task *task;

	if (which == NR_NOTICE_COUNTS)
		return 0;
	task = task_of(notices, ev);
	if (!task)
		return -ENOMEM;
	task->comm = ev->comm;
	task->count[which]++;
	notices->count[which]++;
	return 0;
}

void notices_exit(struct notices *notices)
{
	table_free(&notices->place);
	free(notices->tasks);
	*notices = (struct notices){ 0 };
}

bool notices_any(const struct notices *notices)
{
	int i;

	for (i = 0; i < NR_NOTICE_COUNTS; i++)
		if (i != NOTICE_rss_changes && notices->count[i])
			return true;
	return false;
}
