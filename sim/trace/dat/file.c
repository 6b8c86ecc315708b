/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: all of trace.dat but the pages; see dat.h. Single-threaded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/trace/dat/dat.h"

#define MAX_OPTION_SECTIONS	1000	/* more of them form a circle */
#define MAX_PAGE_BYTES		(1u << 20)
#define MIN_PAGE_BYTES		64u
#define SECTION_HEAD		16u
#define SECTION_PACKED		1u

/* ---- parts that both versions have ------------------------------------------- */

/* "header_page", and "header_event": the one says how wide a page's length is, the other nothing that varies. */
static int read_headers(struct trace_dat *td, struct dat_bytes *bytes)
{
	struct dat_bytes part = { .data = NULL };
	uint64_t len = 0;
	const char *name;
	int i, ret = 0;

	for (i = 0; !ret && i < 2; i++) {
		ret = dat_text(bytes, &name, "the name of a header");
		if (!ret)
			ret = dat_u64(bytes, &len, "a header");
		if (!ret)
			ret = dat_part(bytes, len, &part, "a header");
		if (!ret && !i && part.len && memmem(part.data, part.len, "commit;", 7) &&
		    !memmem(part.data, part.len, "commit;\toffset:8;\tsize:8;", 25))
			ret = kerror_set(bytes->err, -ENOTSUP, "recorded on a kernel of 32 bits");
	}
	(void)td;
	return ret;
}

/* A description with its length of 8 bytes before it. */
static int read_format(struct trace_dat *td, struct dat_bytes *bytes, const char *system)
{
	struct dat_bytes text;
	uint64_t len = 0;
	int ret = dat_u64(bytes, &len, "an event's format");

	if (!ret)
		ret = dat_part(bytes, len, &text, "an event's format");
	if (ret)
		return ret;
	if (!strcmp(system, "ftrace"))
		dat_marks_note(&td->marks, (const char *)text.data, text.len);
	return raw_formats_add(td->formats, system, (const char *)text.data, text.len, text.at, bytes->err);
}

static int read_ftrace_formats(struct trace_dat *td, struct dat_bytes *bytes)
{
	uint32_t nr = 0, i;
	int ret = dat_u32(bytes, &nr, "the number of formats");

	for (i = 0; !ret && i < nr; i++)
		ret = read_format(td, bytes, "ftrace");
	return ret;
}

static int read_event_formats(struct trace_dat *td, struct dat_bytes *bytes)
{
	uint32_t systems = 0, nr = 0, i;
	const char *system = "";
	int ret = dat_u32(bytes, &systems, "the number of systems");

	while (!ret && systems--) {
		ret = dat_text(bytes, &system, "the name of a system");
		if (!ret)
			ret = dat_u32(bytes, &nr, "a system's number of events");
		for (i = 0; !ret && i < nr; i++)
			ret = read_format(td, bytes, system);
	}
	return ret;
}

/* A text with its length before it, in 4 or 8 bytes. */
static int read_text(struct dat_bytes *bytes, int width, struct dat_bytes *text, const char *what)
{
	uint64_t len = 0;
	uint32_t word = 0;
	int ret = width == 8 ? dat_u64(bytes, &len, what) : dat_u32(bytes, &word, what);

	return ret ? ret : dat_part(bytes, width == 8 ? len : word, text, what);
}

/* Without addresses the list is of no use, and call sites stay numbers. */
static int read_kallsyms(struct trace_dat *td, struct reader *rd, struct dat_bytes *bytes)
{
	struct kerror why = { 0 };
	struct dat_bytes text;
	int ret = read_text(bytes, 4, &text, "the list of kernel symbols");

	if (ret || !text.len || td->kallsyms)
		return ret;
	ret = kallsyms_parse(&td->kallsyms, (const char *)text.data, text.len, "its list of kernel symbols", &why);
	if (!ret || ret == -ENOMEM)
		return ret ? kerror_set(bytes->err, ret, "%s", why.text) : 0;
	snprintf(rd->stats.note, sizeof(rd->stats.note), "call sites stay numbers: %.120s", why.text);
	return 0;
}

static int read_cmdlines(struct trace_dat *td, struct reader *rd, struct dat_bytes *bytes)
{
	struct dat_bytes text;
	int ret = read_text(bytes, 8, &text, "the names of tasks");

	if (!ret && dat_tasks_read(td, rd->names, &text))
		ret = kerror_set(bytes->err, -ENOMEM, "no memory for the names of tasks");
	return ret;
}

int dat_add_cpu(struct trace_dat *td, uint32_t cpu, uint64_t at, uint64_t len, uint32_t page_size, bool packed,
		const char *clock, struct kerror *err)
{
	struct dat_cpu *larger, *to;
	uint64_t all = td->content.len;
	bool chunks = packed && td->packer != DAT_PLAIN;

	if (page_size < MIN_PAGE_BYTES || page_size > MAX_PAGE_BYTES)
		return kerror_set(err, -EBADMSG, "a buffer has pages of %u bytes", page_size);
	if (cpu > EVENT_MAX_CPU || td->nr_cpus == DAT_MAX_CPUS)
		return kerror_set(err, -EBADMSG, "a buffer has a CPU %u, of %d at most", cpu, EVENT_MAX_CPU);
	if (at > all) {
		if (!td->cut.code)
			kerror_set(&td->cut, -EBADMSG, "the pages of CPU %u should lie at byte %llu, and the file ends at byte "
				   "%llu", cpu, (unsigned long long)at, (unsigned long long)all);
		return 0;
	}
	/* What tells how many chunks there are is not counted. */
	if (chunks && __builtin_add_overflow(len, sizeof(to->chunks), &len))
		len = UINT64_MAX;
	larger = reallocarray(td->cpus, td->nr_cpus + 1, sizeof(*larger));
	if (!larger)
		return kerror_set(err, -ENOMEM, "no memory for the CPUs of the trace");
	td->cpus = larger;
	to = &larger[td->nr_cpus++];
	*to = (struct dat_cpu){
		.cpu = (uint16_t)cpu, .page_size = page_size, .at = at, .end = len > all - at ? all : at + len,
		.packed = chunks, .microseconds = *clock ? dat_clock_is_ns(clock) : td->microseconds,
	};
	if (len > all - at && !td->cut.code)
		kerror_set(&td->cut, -EBADMSG, "the pages of CPU %u should end at byte %llu, and the file ends at byte %llu",
			   cpu, (unsigned long long)(len > UINT64_MAX - at ? UINT64_MAX : at + len), (unsigned long long)all);
	/* Chunks that cannot even be counted are none. */
	if (chunks && to->end - to->at < sizeof(to->chunks))
		to->at = to->end;
	return 0;
}

/* ---- version 6 ----------------------------------------------------------------- */

/* "options  ", "flyrecord", "latency  ": each takes ten bytes. */
static int read_word(struct dat_bytes *bytes, char word[11])
{
	struct dat_bytes part;
	int ret = dat_part(bytes, 10, &part, "what the file holds");

	if (!ret)
		memcpy(word, part.data, 10);
	word[10] = '\0';
	return ret;
}

/* From the options on: the same for each buffer. */
static int read_v6_buffer(struct trace_dat *td, struct reader *rd, struct dat_bytes *bytes, uint32_t nr_cpus,
			  struct dat_places *places)
{
	uint64_t at = 0, len = 0;
	char word[11] = "";
	uint32_t cpu;
	int ret = read_word(bytes, word);

	if (!ret && !strcmp(word, "options  ")) {
		ret = dat_options(td, rd, bytes, places);
		if (!ret)
			ret = read_word(bytes, word);
	}
	if (!ret && !strcmp(word, "latency  "))
		return kerror_set(bytes->err, -ENOTSUP, "it holds the text of a latency tracer; 'trace-cmd report' prints it");
	if (!ret && strcmp(word, "flyrecord"))
		return kerror_set(bytes->err, -EBADMSG, "at byte %llu there are no pages of events",
				  (unsigned long long)(bytes->at + bytes->pos - 10));
	for (cpu = 0; !ret && cpu < nr_cpus; cpu++) {
		ret = dat_u64(bytes, &at, "a CPU's place");
		if (!ret)
			ret = dat_u64(bytes, &len, "a CPU's place");
		if (!ret && len)
			ret = dat_add_cpu(td, cpu, at, len, td->page_size, false, "", bytes->err);
	}
	return ret;
}

static int read_v6(struct trace_dat *td, struct reader *rd, struct dat_bytes *bytes)
{
	struct dat_places places = { .nr_instances = 0 };
	uint32_t nr_cpus = 0;
	size_t i, nr;
	int ret = read_headers(td, bytes);

	if (!ret)
		ret = read_ftrace_formats(td, bytes);
	if (!ret)
		ret = read_event_formats(td, bytes);
	if (!ret)
		ret = read_kallsyms(td, rd, bytes);
	if (!ret)
		ret = read_text(bytes, 4, &td->marks.formats, "what the kernel printed");
	if (!ret)
		ret = read_cmdlines(td, rd, bytes);
	if (!ret)
		ret = dat_u32(bytes, &nr_cpus, "the number of CPUs");
	if (!ret)
		ret = read_v6_buffer(td, rd, bytes, nr_cpus, &places);
	/* Another buffer's options name no further ones. */
	nr = places.nr_instances;
	for (i = 0; !ret && i < nr; i++) {
		bytes->pos = places.instance[i];
		if (bytes->pos > bytes->len)
			return kerror_set(bytes->err, -EBADMSG, "a buffer should lie at byte %llu, and the file ends at byte %llu",
					  (unsigned long long)bytes->pos, (unsigned long long)bytes->len);
		ret = read_v6_buffer(td, rd, bytes, nr_cpus, &places);
	}
	return ret;
}

/* ---- version 7 ----------------------------------------------------------------- */

static int unpack_section(struct trace_dat *td, struct dat_bytes *body, struct kerror *err)
{
	uint32_t packed = 0, size = 0;
	unsigned char **larger, *to;
	struct dat_bytes data;
	int ret = dat_u32(body, &packed, "a packed section");

	if (!ret)
		ret = dat_u32(body, &size, "a packed section");
	if (!ret)
		ret = dat_part(body, packed, &data, "a packed section");
	if (ret)
		return ret;
	if (size > DAT_MAX_SECTIONS - td->section_bytes)
		return kerror_set(err, -EFBIG, "the section at byte %llu unpacks to %u bytes, those before it to %zu: no "
				  "recording has so much", (unsigned long long)body->at, size, td->section_bytes);
	larger = reallocarray(td->sections, td->nr_sections + 1, sizeof(*larger));
	if (!larger)
		return kerror_set(err, -ENOMEM, "no memory to unpack the trace");
	td->sections = larger;
	to = malloc(size ? size : 1);
	if (!to)
		return kerror_set(err, -ENOMEM, "no memory to unpack the trace");
	td->sections[td->nr_sections++] = to;
	td->section_bytes += size;
	if (!dat_unpack(td->packer, to, size, data.data, packed))
		return kerror_set(err, -EBADMSG, "the packed section at byte %llu is damaged", (unsigned long long)body->at);
	*body = (struct dat_bytes){ .data = to, .len = size, .at = body->at, .packed = true, .err = err };
	return 0;
}

/* The section at byte @at of the file, which should have the number @id. */
static int open_section(struct trace_dat *td, uint64_t at, uint16_t id, struct dat_bytes *body, struct kerror *err)
{
	struct dat_bytes head = dat_whole(td, at, err);
	uint16_t number = 0, flags = 0;
	uint32_t name = 0;
	uint64_t len = 0;
	int ret;

	if (at > head.len)
		return kerror_set(err, -EBADMSG, "a section should lie at byte %llu, and the file ends at byte %llu",
				  (unsigned long long)at, (unsigned long long)head.len);
	ret = dat_u16(&head, &number, "a section");
	if (!ret)
		ret = dat_u16(&head, &flags, "a section");
	if (!ret)
		ret = dat_u32(&head, &name, "a section");
	if (!ret)
		ret = dat_u64(&head, &len, "a section");
	if (!ret && number != id)
		return kerror_set(err, -EBADMSG, "at byte %llu section %u should be, and there is %u", (unsigned long long)at,
				  id, number);
	if (!ret)
		ret = dat_part(&head, len, body, "a section");
	if (!ret && flags & SECTION_PACKED && td->packer != DAT_PLAIN)
		ret = unpack_section(td, body, err);
	return ret;
}

static int read_section(struct trace_dat *td, struct reader *rd, int which, struct dat_bytes *body)
{
	switch (which) {
	case DAT_HEADERS:
		return read_headers(td, body);
	case DAT_FTRACE:
		return read_ftrace_formats(td, body);
	case DAT_EVENTS:
		return read_event_formats(td, body);
	case DAT_KALLSYMS:
		return read_kallsyms(td, rd, body);
	case DAT_PRINTK:
		return read_text(body, 4, &td->marks.formats, "what the kernel printed");
	default:
		return read_cmdlines(td, rd, body);
	}
}

static int read_packer(struct trace_dat *td, struct dat_bytes *bytes)
{
	const char *name = "", *version;
	int ret = dat_text(bytes, &name, "the packer's name");

	if (!ret)
		ret = dat_text(bytes, &version, "the packer's version");
	if (ret)
		return ret;
	if (!strcmp(name, "zstd"))
		td->packer = DAT_ZSTD;
	else if (!strcmp(name, "zlib"))
		td->packer = DAT_ZLIB;
	else if (strcmp(name, "none"))
		return kerror_set(bytes->err, -ENOTSUP, "it is packed with '%.20s', which is not known here", name);
	return 0;
}

static int read_v7(struct trace_dat *td, struct reader *rd, struct dat_bytes *bytes)
{
	struct dat_places places = { .next = 0 };
	struct dat_bytes body;
	uint64_t next = 0;
	int ret = read_packer(td, bytes), i;

	if (!ret)
		ret = dat_u64(bytes, &next, "the place of the options");
	for (i = 0; !ret && (next || !i); i++) {
		if (i == MAX_OPTION_SECTIONS)
			return kerror_set(bytes->err, -EBADMSG, "more than %d sections of options, the last at byte %llu",
					  MAX_OPTION_SECTIONS, (unsigned long long)next);
		ret = open_section(td, next, 0, &body, bytes->err);
		if (!ret)
			ret = dat_options(td, rd, &body, &places);
		next = places.next;
	}
	for (i = 0; !ret && i < (int)(sizeof(places.section) / sizeof(places.section[0])); i++) {
		if (!places.section[i])
			continue;
		ret = open_section(td, places.section[i], (uint16_t)(16 + i), &body, bytes->err);
		if (!ret)
			ret = read_section(td, rd, i, &body);
	}
	return ret;
}

/* ---- the head ------------------------------------------------------------------ */

static int read_head(struct trace_dat *td, struct dat_bytes *bytes)
{
	struct dat_bytes part;
	const char *version = "";
	int ret = dat_part(bytes, sizeof(TRACE_DAT_MAGIC) - 1, &part, "its head");

	if (!ret && memcmp(part.data, TRACE_DAT_MAGIC, part.len))
		return kerror_set(bytes->err, -EBADMSG, "it does not begin as trace.dat does");
	if (!ret)
		ret = dat_text(bytes, &version, "the version");
	if (!ret)
		ret = dat_part(bytes, 2, &part, "its head");
	if (!ret)
		ret = dat_u32(bytes, &td->page_size, "its head");
	if (ret)
		return ret;
	if (part.data[0])
		return kerror_set(bytes->err, -ENOTSUP, "recorded on a machine of another byte order");
	if (part.data[1] != 8)
		return kerror_set(bytes->err, -ENOTSUP, "recorded on a machine whose long has %u bytes, not 8", part.data[1]);
	if (strcmp(version, "6") && strcmp(version, "7"))
		return kerror_set(bytes->err, -ENOTSUP, "it has version %.20s of the format, and 6 and 7 are known", version);
	td->version = *version - '0';
	return 0;
}

int dat_file_open(struct trace_dat *td, struct reader *rd, struct kerror *err)
{
	struct dat_bytes bytes = dat_whole(td, 0, err);
	int ret = read_head(td, &bytes);

	if (ret)
		return ret;
	td->microseconds = true;
	return td->version == 6 ? read_v6(td, rd, &bytes) : read_v7(td, rd, &bytes);
}
