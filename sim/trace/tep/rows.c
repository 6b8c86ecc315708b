/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: plans for events that are no tracepoints of kmem (event_fields.h). What
 * such an event needs is what the reader of ftrace's text needs of its line.
 */
#include <errno.h>
#include <string.h>
#include <traceevent/event-parse.h>

#include "sim/trace/tep/formats.h"

/* "u64 a[64]" of a kprobe is described as "u64 a[]" with the size of all of it. */
static void place_arrays(struct raw_plan *plan, const struct tep_event *event)
{
	const struct tep_format_field *field;
	int nr = 0;

	for (field = event->format.fields; field && nr < MAX_RAW_ARRAYS; field = field->next) {
		if (!(field->flags & TEP_FIELD_IS_ARRAY) || field->flags & TEP_FIELD_IS_DYNAMIC || !field->name ||
		    field->offset < 8 || field->offset > UINT16_MAX / 2 || field->size < 8 || field->size > UINT16_MAX / 2 ||
		    strlen(field->name) != 1)
			continue;
		plan->array[nr++] = (struct raw_array){
			.at = (uint16_t)field->offset, .nr = (uint16_t)(field->size / 8), .name = field->name[0],
		};
		if (plan->min_size < field->offset + field->size)
			plan->min_size = (uint16_t)(field->offset + field->size);
	}
}

static int place_if_there(struct raw_plan *plan, struct raw_field *to, const struct tep_event *event, const char *name,
			  uint64_t at, struct kerror *err)
{
	const struct tep_format_field *field = raw_plan_find(event, name);

	return field ? raw_plan_place(plan, to, event, field, at, err) : 0;
}

int raw_rows_make(struct raw_plan *plan, const struct tep_event *event, const char *print, size_t len, uint64_t at,
		  struct kerror *err)
{
	const struct event_row *row = plan->row;
	int i, ret = 0;

	for (i = 0; !ret && i < MAX_ROW_FIELDS && row->field[i].raw; i++) {
		const struct tep_format_field *field = raw_plan_find(event, row->field[i].raw);

		if (field)
			ret = raw_plan_place(plan, &plan->row_field[i], event, field, at, err);
		else if (!plan->missing)
			plan->missing = row->field[i].key;
		if (row->field[i].to == TO_GFP_NAMES && raw_gfp_make(&plan->flags, print, len, row->field[i].raw))
			return kerror_set(err, -ENOMEM, "no memory for the formats of the trace");
	}
	/* Whoever a probed function returned to is its call site. */
	if (!ret && !event_is(row->kind, EVENT_NOTICE))
		ret = place_if_there(plan, &plan->site, event, "__probe_ret_ip", at, err);
	if (!ret && row->kind == EV_COMPACT_BEGIN)
		ret = place_if_there(plan, &plan->sync, event, "sync", at, err);
	if (row->kind == EV_KBULK_FREE)
		place_arrays(plan, event);
	return ret;
}
