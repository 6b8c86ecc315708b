/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the report's table of what the traced kernel's virtual memory did: page faults, reclaim, migration by
 * process, as the recording tells. Left out where it tells none of it. Single-threaded.
 */
#include "sim/report/report.h"

#include <stdlib.h>
#include <string.h>

static int by_faults(const void *a, const void *b)
{
	const struct notices_task *x = a, *y = b;
	uint64_t more = x->count[NOTICE_user_faults] + x->count[NOTICE_kernel_faults];
	uint64_t other = y->count[NOTICE_user_faults] + y->count[NOTICE_kernel_faults];

	if (more != other)
		return more < other ? 1 : -1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static void emit_row(struct emitter *em, const char *name, const int32_t *pid, const uint64_t *count)
{
	int i;

	emit_cell_str(em, name);
	if (pid)
		emit_cell_i64(em, *pid);
	else
		emit_cell_none(em);
	for (i = 0; i < NR_NOTICE_COUNTS; i++)
		emit_cell_u64(em, count[i]);
	emit_row_end(em);
}

int report_notices(struct emitter *em, const struct report_input *in, struct kerror *err)
{
	static const struct emitter_column columns[] = {
		{ "process", "process", "", true }, { "pid", "PID", "", false },
#define NOTICE_COLUMN(name, kind, label) { #name, label, "", false },
		NOTICE_COUNTS(NOTICE_COLUMN)
#undef NOTICE_COLUMN
	};
	const struct notices *notices = &in->replay->notices;
	struct notices_task *tasks;
	uint32_t i;

	if (!notices_any(notices))
		return 0;
	tasks = malloc((notices->nr + 1) * sizeof(*tasks));
	if (!tasks)
		return report_no_memory(err);
	memcpy(tasks, notices->tasks, notices->nr * sizeof(*tasks));
	qsort(tasks, notices->nr, sizeof(*tasks), by_faults);
	emit_table(em, "recorded", "What the traced kernel's virtual memory did", columns, NR_NOTICE_COUNTS + 2);
	for (i = 0; i < notices->nr && i < in->top; i++)
		emit_row(em, report_site(in->replay->names, tasks[i].comm), &tasks[i].pid, tasks[i].count);
	emit_row(em, "(all)", NULL, notices->count);
	emit_table_end(em);
	free(tasks);
	return 0;
}
