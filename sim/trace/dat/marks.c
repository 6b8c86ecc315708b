/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: marks of snapshots in trace.dat: what the function snap_fn() of the
 * capture kit's module prints into the trace. The kernel stores that in one of two
 * of its own events:
 *
 *	print	common fields, 8 bytes address of the caller, text
 *	bprint	common fields, 8 bytes address of the caller, 8 bytes address of the format, arguments; a text
 *		among them lies there itself, terminated
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/trace/dat/dat.h"
#include "sim/trace/text/ftrace.h"

#define CALLER		"snap_fn+"
#define PLACE_CALLER	8u
#define PLACE_TEXT	16u	/* of print; of bprint the format's address */
#define PLACE_ARGS	24u
#define MARK_BYTES	256u

/* "name: print\nID: 5\n". */
static int32_t id_of(const char *text, uint64_t len, const char *name)
{
	char head[64];
	size_t bytes = len < sizeof(head) - 1 ? len : sizeof(head) - 1;
	char want[32];
	int n = snprintf(want, sizeof(want), "name: %s\nID: ", name);
	long id;

	memcpy(head, text, bytes);
	head[bytes] = '\0';
	if (strncmp(head, want, (size_t)n))
		return -1;
	id = strtol(head + n, NULL, 10);
	return id >= 0 && id <= UINT16_MAX ? (int32_t)id : -1;
}

void dat_marks_note(struct dat_marks *marks, const char *text, uint64_t len)
{
	int32_t print = id_of(text, len, "print"), bprint = id_of(text, len, "bprint");

	if (print >= 0)
		marks->print = print;
	if (bprint >= 0)
		marks->bprint = bprint;
}

/* The format at @address, between the quotes; NULL where the list has none. */
static const char *find_format(const struct dat_marks *marks, uint64_t address, size_t *len)
{
	const char *p = (const char *)marks->formats.data, *all = p + marks->formats.len, *end;
	char want[32];
	size_t n = (size_t)snprintf(want, sizeof(want), "0x%llx : \"", (unsigned long long)address);

	for (; p < all; p = end + 1) {
		end = memchr(p, '\n', (size_t)(all - p));
		if (!end)
			end = all;
		if ((size_t)(end - p) > n && !memcmp(p, want, n)) {
			p += n;
			while (end > p && end[-1] != '"')
				end--;
			*len = end > p ? (size_t)(end - p) - 1 : 0;
			return p;
		}
	}
	return NULL;
}

static uint64_t get_u64(const unsigned char *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* The text as far as it is needed: the format up to its first argument, and that. */
static size_t bprint_text(const struct dat_marks *marks, const unsigned char *raw, uint32_t size, char text[MARK_BYTES])
{
	size_t len = 0, room = size > PLACE_ARGS ? size - PLACE_ARGS : 0, before;
	const char *format, *arg = (const char *)raw + PLACE_ARGS;

	if (size < PLACE_ARGS)
		return 0;
	format = find_format(marks, get_u64(raw + PLACE_TEXT), &len);
	if (!format)
		return 0;
	before = (const char *)memchr(format, '%', len) ? (size_t)((const char *)memchr(format, '%', len) - format) : len;
	if (before + 1 < len && format[before + 1] != 's')
		room = 0;
	return (size_t)snprintf(text, MARK_BYTES, "%.*s%.*s", (int)(before < 100 ? before : 100), format,
				(int)(room < 100 ? strnlen(arg, room) : strnlen(arg, 100)), arg);
}

static bool called_by_snapshot(const struct trace_dat *td, uint64_t caller)
{
	char text[SITE_TEXT];

	return td->kallsyms && kallsyms_name(td->kallsyms, caller, text, sizeof(text)) &&
	       !strncmp(text, CALLER, sizeof(CALLER) - 1);
}

int dat_mark_decode(struct trace_dat *td, struct names *names, uint16_t id, const unsigned char *raw, uint32_t size,
		    struct event *ev, struct text_complaint *complaint)
{
	char text[MARK_BYTES];
	size_t len;

	if ((id != td->marks.print && id != td->marks.bprint) || size < PLACE_TEXT ||
	    !called_by_snapshot(td, get_u64(raw + PLACE_CALLER)))
		return 0;
	if (id == td->marks.bprint) {
		len = bprint_text(&td->marks, raw, size, text);
	} else {
		const char *start = (const char *)raw + PLACE_TEXT;

		len = (size_t)snprintf(text, sizeof(text), "%.*s", (int)strnlen(start, size - PLACE_TEXT < 200 ?
				       size - PLACE_TEXT : 200), start);
	}
	while (len && text[len - 1] == '\n')
		len--;
	return ftrace_snap_parse(ev, names, text, text + len, complaint);
}
