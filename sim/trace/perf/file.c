/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: what stands around the records of a perf.data file. File layout:
 *
 *	"PERFILE2"  8 size of this head  8 size of an entry in attrs
 *	attrs: offset, size   data: offset, size   (event_types: offset, size)   32 bytes: a bit a feature
 *	...
 *	attrs: an entry each: struct perf_event_attr, then offset and size of its ids
 *	data: the records
 *	behind data, for each feature: offset, size
 *
 * perf writes the features when it ends, so a file that was cut has none, and
 * without the formats of the events no event can be read. Pipe layout has a head of
 * 16 bytes, and what the sections say stands in records before it is needed.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/trace/perf/perf.h"
#include "sim/trace/perf_cmdline.h"

#define ATTRS_AT	24u
#define DATA_AT		40u
#define FEATURES_AT	72u
#define SECTION_BYTES	16u
#define MAX_COMMAND	(64u << 10)
#define COMMAND_PAD	16u

struct section {
	uint64_t at, size;
};

static struct section get_section(const unsigned char *p)
{
	return (struct section){ get_u64(p), get_u64(p + 8) };
}

static int check_section(const struct perf_data *pd, const struct section *section, const char *what,
			 struct kerror *err)
{
	if (section->at <= pd->content.len && section->size <= pd->content.len - section->at) {
		if (!section->size || section->at >= pd->row_end || section->at + section->size <= pd->at)
			return 0;
		return kerror_set(err, -EBADMSG, "%s should lie at byte %llu, %llu bytes long: that is among the records",
				  what, (unsigned long long)section->at, (unsigned long long)section->size);
	}
	return kerror_set(err, -EBADMSG, "%s should lie at byte %llu, %llu bytes long, and the file has %llu: it was cut",
			  what, (unsigned long long)section->at, (unsigned long long)section->size,
			  (unsigned long long)pd->content.len);
}

/* ---- features -------------------------------------------------------------- */

static int damaged(const char *what, uint64_t at, struct kerror *err)
{
	return kerror_set(err, -EBADMSG, "the section with %s at byte %llu is damaged", what, (unsigned long long)at);
}

/* Length, then as many bytes, of which the text may be fewer. *@used grows. */
static bool get_string(const unsigned char *data, uint64_t size, uint64_t *used, const char **text, size_t *len)
{
	uint32_t room;

	if (size - *used < 4)
		return false;
	room = get_u32(data + *used);
	*used += 4;
	if (room > size - *used)
		return false;
	*text = (const char *)data + *used;
	*len = strnlen(*text, room);
	*used += room;
	return true;
}

static int take_release(struct reader_stats *stats, const unsigned char *data, uint64_t size, uint64_t at,
			struct kerror *err)
{
	const char *text;
	uint64_t used = 0;
	size_t len;

	if (!get_string(data, size, &used, &text, &len))
		return damaged("the kernel's release", at, err);
	if (len >= sizeof(stats->os_release))
		len = sizeof(stats->os_release) - 1;
	memcpy(stats->os_release, text, len);
	stats->os_release[len] = '\0';
	return 0;
}

static int take_command(struct perf_data *pd, struct reader_stats *stats, const unsigned char *data,
			uint64_t size, uint64_t at, struct kerror *err)
{
	char *command = calloc(1, MAX_COMMAND + COMMAND_PAD);
	uint64_t used = 4, nr = size >= 4 ? get_u32(data) : 0, i;
	size_t len = 0, part;
	const char *text;
	int ret = size >= 4 ? 0 : damaged("the command line", at, err);

	if (!command)
		return kerror_set(err, -ENOMEM, "no memory for the command line of the trace");
	for (i = 0; !ret && i < nr; i++) {
		if (!get_string(data, size, &used, &text, &part))
			ret = damaged("the command line", at, err);
		else if (part + 1 < MAX_COMMAND - len) {
			memcpy(command + len, text, part);
			len += part;
			command[len++] = ' ';
		}
	}
	if (!ret) {
		stats->single_tasks = !perf_is_system_wide(command, command + len);
		pd->has_command = true;
	}
	free(command);
	return ret;
}

static int take_build_ids(struct perf_data *pd, const unsigned char *data, uint64_t size, uint64_t at,
			  struct kerror *err)
{
	uint64_t pos = 0;

	while (size - pos >= PERF_RECORD_HEADER) {
		uint32_t bytes = record_size(data + pos);

		if (bytes < PERF_RECORD_HEADER || bytes > size - pos)
			return damaged("build ids", at + pos, err);
		perf_symbols_note_build_id(pd, data + pos, bytes);
		pos += bytes;
	}
	return 0;
}

int perf_feature(struct perf_data *pd, struct reader *rd, unsigned int feature, const unsigned char *data,
		 uint64_t size, uint64_t at, struct kerror *err)
{
	switch (feature) {
	case FEAT_TRACING_DATA:
		return raw_formats_read(pd->formats, data, size, at, err);
	case FEAT_BUILD_ID:
		return take_build_ids(pd, data, size, at, err);
	case FEAT_OSRELEASE:
		return take_release(&rd->stats, data, size, at, err);
	case FEAT_CMDLINE:
		return take_command(pd, &rd->stats, data, size, at, err);
	default:
		return 0;
	}
}

static int read_features(struct perf_data *pd, struct reader *rd, const struct section *data, struct kerror *err)
{
	const unsigned char *head = pd->content.data;
	struct section table = { data->at + data->size, SECTION_BYTES };
	unsigned int feature;
	int ret = 0;

	for (feature = 0; !ret && feature < PERF_NR_FEATURES; feature++) {
		struct section section;

		if (!(get_u64(head + FEATURES_AT + feature / 64 * 8) >> feature % 64 & 1))
			continue;
		ret = check_section(pd, &table, "the list of sections", err);
		if (ret)
			break;
		section = get_section(pd->content.data + table.at);
		ret = check_section(pd, &section, "a section", err);
		if (!ret)
			ret = perf_feature(pd, rd, feature, pd->content.data + section.at, section.size, section.at,
					   err);
		table.at += SECTION_BYTES;
	}
	return ret;
}

/* ---- what was recorded ----------------------------------------------------- */

static int read_attrs(struct perf_data *pd, uint64_t entry, struct kerror *err)
{
	struct section attrs = get_section(pd->content.data + ATTRS_AT);
	uint64_t at, i;
	int ret = check_section(pd, &attrs, "the list of events", err);

	if (ret)
		return ret;
	if (entry <= SECTION_BYTES || !attrs.size || attrs.size % entry)
		return kerror_set(err, -EBADMSG, "the list of events at byte %llu has %llu bytes, an entry %llu",
				  (unsigned long long)attrs.at, (unsigned long long)attrs.size, (unsigned long long)entry);
	for (at = attrs.at; !ret && at < attrs.at + attrs.size; at += entry) {
		const unsigned char *data = pd->content.data + at;
		struct section ids = get_section(data + entry - SECTION_BYTES);

		ret = perf_attrs_add(&pd->attrs, data, entry - SECTION_BYTES, at, err);
		if (!ret)
			ret = check_section(pd, &ids, "the ids of an event", err);
		for (i = 0; !ret && i + 8 <= ids.size; i += 8)
			ret = perf_attrs_add_id(&pd->attrs, get_u64(pd->content.data + ids.at + i), err);
	}
	return ret;
}

/* Go for what stands behind the records, and set their place. */
static int read_around(struct perf_data *pd, const struct section *data, struct kerror *err)
{
	uint64_t end;
	int ret = 0;

	if (!__builtin_add_overflow(data->at, data->size, &end))
		ret = content_read_around(&pd->content, data->at, end, err);
	if (!ret)
		ret = check_section(pd, data, "the records", err);
	if (ret)
		return ret;
	pd->at = data->at;
	pd->row_end = end;
	return 0;
}

static int open_file_layout(struct perf_data *pd, struct reader *rd, struct kerror *err)
{
	const unsigned char *head = pd->content.data;
	struct section data;
	int ret;

	if (pd->content.len < PERF_HEADER_BYTES)
		return kerror_set(err, -EBADMSG, "it ends at byte %llu, inside the head",
				  (unsigned long long)pd->content.len);
	if (get_u64(head + 8) < PERF_HEADER_BYTES)
		return kerror_set(err, -EBADMSG, "its head says that it has %llu bytes, not %u",
				  (unsigned long long)get_u64(head + 8), PERF_HEADER_BYTES);
	data = get_section(head + DATA_AT);
	if (!data.size)
		return kerror_set(err, -EBADMSG, "perf was stopped before it had closed the file: what the events mean is "
				  "missing");
	if (data.at < PERF_HEADER_BYTES)
		return kerror_set(err, -EBADMSG, "the records should lie at byte %llu, inside the head",
				  (unsigned long long)data.at);
	ret = read_around(pd, &data, err);
	if (!ret)
		ret = read_attrs(pd, get_u64(head + 16), err);
	if (!ret)
		ret = read_features(pd, rd, &data, err);
	if (ret)
		return ret;
	if (!raw_formats_known(pd->formats))
		return kerror_set(err, -ENOMSG, "no tracepoint was recorded; record with 'perf record -e kmem:*'");
	return content_begin_row(&pd->content, pd->at, err);
}

int perf_file_open(struct perf_data *pd, struct reader *rd, struct kerror *err)
{
	const unsigned char *head = pd->content.data;

	if (pd->content.len >= 8 && !memcmp(head, "2ELIFREP", 8))
		return kerror_set(err, -ENOTSUP, "recorded on a machine of the other byte order; print it there with "
				  "'perf script'");
	if (pd->content.len < PERF_PIPE_HEADER_BYTES || memcmp(head, PERF_MAGIC, 8))
		return kerror_set(err, -EBADMSG, "it has no head of a perf.data file");
	pd->pipe = perf_is_pipe(head, pd->content.len);
	if (!pd->pipe)
		return open_file_layout(pd, rd, err);
	pd->at = PERF_PIPE_HEADER_BYTES;
	pd->row_end = UINT64_MAX;
	return 0;
}
