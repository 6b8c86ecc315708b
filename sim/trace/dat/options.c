/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the options of trace.dat: what the recording says of itself; see dat.h. Single-threaded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/trace/dat/dat.h"

enum option {
	OPTION_DONE = 0,
	OPTION_DATE = 1,
	OPTION_BUFFER = 3,
	OPTION_CLOCK = 4,
	OPTION_UNAME = 5,
	OPTION_OFFSET = 7,
	OPTION_TSC2NSEC = 14,
	OPTION_HEADERS = 16,	/* and those behind it, up to OPTION_CMDLINES: in the order of DAT_HEADERS and so on */
	OPTION_CMDLINES = 21,
	OPTION_BUFFER_TEXT = 22,
};

/* "local global [counter] ..." as the kernel lists them, or a name alone: those whose unit is the nanosecond. */
bool dat_clock_is_ns(const char *clock)
{
	static const char *const ns[] = { "local", "global", "perf", "mono", "mono_raw", "boot", "tai" };
	const char *name = strchr(clock, '[');
	size_t len, i;

	name = name ? name + 1 : clock;
	len = strcspn(name, "] \n");
	for (i = 0; i < sizeof(ns) / sizeof(ns[0]); i++)
		if (strlen(ns[i]) == len && !memcmp(name, ns[i], len))
			return true;
	return !len;
}

/* A number as text, which need not be terminated. */
static int64_t number_of(const struct dat_bytes *option)
{
	char text[32];
	size_t len = option->len < sizeof(text) - 1 ? option->len : sizeof(text) - 1;

	memcpy(text, option->data, len);
	text[len] = '\0';
	return strtoll(text, NULL, 0);
}

static void take_clock(struct trace_dat *td, const struct dat_bytes *option)
{
	char text[256];
	size_t len = option->len < sizeof(text) - 1 ? option->len : sizeof(text) - 1;

	memcpy(text, option->data, len);
	text[len] = '\0';
	td->microseconds = dat_clock_is_ns(text);
}

/* "Linux host 6.1.0-56-amd64 x86_64". */
static void take_uname(struct reader *rd, const struct dat_bytes *option)
{
	const char *p = (const char *)option->data, *end = p + option->len, *stop;
	int word;

	for (word = 0; word < 2; word++) {
		p = memchr(p, ' ', (size_t)(end - p));
		if (!p)
			return;
		p++;
	}
	/* The option's length ends it, where nothing else does. */
	for (stop = p; stop < end && *stop && *stop != ' ' && *stop != '\n'; stop++)
		;
	snprintf(rd->stats.os_release, sizeof(rd->stats.os_release), "%.*s", (int)(stop - p), p);
}

/* Of version 7: all about a buffer. */
static int take_buffer(struct trace_dat *td, struct dat_bytes *option)
{
	uint32_t page_size = 0, nr = 0, cpu = 0, i;
	uint64_t section = 0, at = 0, len = 0;
	const char *name, *clock = "";
	uint16_t id, flags = 0;
	int ret = dat_u64(option, &section, "a buffer");
	struct dat_bytes head = dat_whole(td, section, option->err);

	if (!ret)
		ret = dat_text(option, &name, "a buffer's name");
	if (!ret)
		ret = dat_text(option, &clock, "a buffer's clock");
	if (!ret)
		ret = dat_u32(option, &page_size, "a buffer");
	if (!ret)
		ret = dat_u32(option, &nr, "a buffer");
	if (!ret && section >= td->content.len)
		return kerror_set(option->err, -EBADMSG, "a buffer should lie at byte %llu, and the file ends at byte %llu",
				  (unsigned long long)section, (unsigned long long)td->content.len);
	if (!ret)
		ret = dat_u16(&head, &id, "a buffer's section");
	if (!ret)
		ret = dat_u16(&head, &flags, "a buffer's section");
	for (i = 0; !ret && i < nr; i++) {
		ret = dat_u32(option, &cpu, "a buffer's CPU");
		if (!ret)
			ret = dat_u64(option, &at, "a buffer's CPU");
		if (!ret)
			ret = dat_u64(option, &len, "a buffer's CPU");
		if (!ret && len)
			ret = dat_add_cpu(td, cpu, at, len, page_size, flags & 1, clock, option->err);
	}
	return ret;
}

static int take_instance(struct trace_dat *td, struct dat_bytes *option, struct dat_places *places)
{
	if (td->version >= 7)
		return take_buffer(td, option);
	if (places->nr_instances == sizeof(places->instance) / sizeof(places->instance[0]))
		return kerror_set(option->err, -ENOTSUP, "at byte %llu: more than %zu buffers", (unsigned long long)option->at,
				  places->nr_instances);
	return dat_u64(option, &places->instance[places->nr_instances++], "a buffer");
}

static int take_option(struct trace_dat *td, struct reader *rd, uint16_t id, struct dat_bytes *option,
		       struct dat_places *places)
{
	switch (id) {
	case OPTION_DATE:
		/* Microseconds. */
		td->offset = (int64_t)((uint64_t)td->offset + (uint64_t)number_of(option) * 1000);
		return 0;
	case OPTION_OFFSET:
		td->offset = (int64_t)((uint64_t)td->offset + (uint64_t)number_of(option));
		return 0;
	case OPTION_CLOCK:
		take_clock(td, option);
		return 0;
	case OPTION_UNAME:
		take_uname(rd, option);
		return 0;
	case OPTION_BUFFER:
		return take_instance(td, option, places);
	case OPTION_TSC2NSEC:
		snprintf(rd->stats.note, sizeof(rd->stats.note), "times are the processor's ticks (clock x86-tsc), not "
			 "nanoseconds");
		return 0;
	case OPTION_BUFFER_TEXT:
		return kerror_set(option->err, -ENOTSUP, "it holds the text of a latency tracer; 'trace-cmd report' prints it");
	default:
		break;
	}
	if (td->version >= 7 && id >= OPTION_HEADERS && id <= OPTION_CMDLINES)
		return dat_u64(option, &places->section[id - OPTION_HEADERS], "the place of a section");
	return 0;
}

int dat_options(struct trace_dat *td, struct reader *rd, struct dat_bytes *bytes, struct dat_places *places)
{
	places->next = 0;
	for (;;) {
		struct dat_bytes option;
		uint32_t size = 0;
		uint16_t id = 0;
		int ret = dat_u16(bytes, &id, "the options");

		if (!ret && id == OPTION_DONE && td->version < 7)
			return 0;
		if (!ret)
			ret = dat_u32(bytes, &size, "the options");
		if (!ret)
			ret = dat_part(bytes, size, &option, "an option");
		if (!ret && id == OPTION_DONE)
			return dat_u64(&option, &places->next, "the last option");
		if (!ret)
			ret = take_option(td, rd, id, &option, places);
		if (ret)
			return ret;
	}
}
