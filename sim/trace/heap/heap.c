/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: what the readers of malloc traces share; see heap.h. Single-threaded. */
#include "sim/trace/heap/heap.h"

#include <inttypes.h>
#include <stdio.h>

void heap_event(struct reader *rd, struct event *ev, enum event_kind kind)
{
	const struct text_reader *text = rd->priv;

	*ev = (struct event){
		.time_ns = rd->stats.events, .line = text->lines.number, .node = EVENT_NO_NODE, .kind = (uint8_t)kind,
	};
}

/* [@start, @stop) was read as a number: is it one, and in range? */
static bool is_number(struct text_complaint *complaint, const char *key, const char *start, const char *stop,
		      const char *end, bool fits, uint64_t max)
{
	char what[48];

	if (stop == start || (stop < end && !heap_is_space(*stop))) {
		text_complain_value(complaint, key, start, end, "is no number");
		return false;
	}
	if (fits)
		return true;
	snprintf(what, sizeof(what), "is above %" PRIu64, max);
	text_complain_value(complaint, key, start, end, what);
	return false;
}

bool heap_decimal(struct text_complaint *complaint, const char *key, const char **p, const char *end,
		  uint64_t max, uint64_t *value)
{
	const char *start = skip_spaces(*p);
	bool overflow = false;

	*p = number_decimal(start, value, &overflow);
	return is_number(complaint, key, start, *p, end, !overflow && *value <= max, max);
}

bool heap_hex(struct text_complaint *complaint, const char *key, const char **p, const char *end,
	      uint64_t max, uint64_t *value)
{
	const char *start = skip_spaces(*p);
	bool overflow = false;

	if (start[0] == '0' && start[1] == 'x')
		start += 2;
	*p = number_hex(start, value, &overflow);
	return is_number(complaint, key, start, *p, end, !overflow && *value <= max, max);
}

bool heap_set_bytes(struct text_complaint *complaint, struct event *ev, uint64_t bytes)
{
	if (bytes > EVENT_MAX_HEAP_BYTES) {
		text_complain(complaint, "%" PRIu64 " bytes asked for: 4 GiB or more in one block cannot be replayed", bytes);
		return false;
	}
	ev->heap_bytes = (uint32_t)bytes;
	return true;
}

bool heap_line_ends(struct text_complaint *complaint, const char *p, const char *end)
{
	p = skip_spaces(p);
	if (p >= end)
		return true;
	text_complain_value(complaint, "", p, end, "stands behind the end of the request");
	return false;
}

int heap_probe(const unsigned char *head, size_t len, enum heap_look (*look)(const char *start, const char *end))
{
	uint64_t nr[3] = { 0 };
	enum line_status status;
	const char *start, *end;
	struct lines lines;

	if (lines_init(&lines, NULL, head, len))
		return 0;
	while ((status = lines_next(&lines, &start, &end)) != LINE_END)
		nr[status == LINE_GOOD ? look(start, end) : HEAP_LOOKS_BAD]++;
	lines_exit(&lines);
	if (!nr[HEAP_LOOKS_GOOD])
		return 0;
	return (int)(98 * nr[HEAP_LOOKS_GOOD] / (nr[HEAP_LOOKS_GOOD] + nr[HEAP_LOOKS_BAD]));
}
