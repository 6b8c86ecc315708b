/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: the chunks of a .kmt file that are JSON; see summary.h. No state. */
#include "sim/trace/kmt/summary.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* Counters of the source that its copy says, too. Its lines and comments stay behind: a copy has none. */
static const struct {
	const char *key;
	size_t at;
} counters[] = {
	{ "lost_accesses", offsetof(struct reader_stats, lost_accesses) },
	{ "malformed", offsetof(struct reader_stats, malformed) },
	{ "unknown_gfp", offsetof(struct reader_stats, unknown_gfp) },
	{ "lost_chunks", offsetof(struct reader_stats, lost_chunks) },
	{ "tool_warnings", offsetof(struct reader_stats, tool_warnings) },
	{ "cut_stacks", offsetof(struct reader_stats, cut_stacks) },
};

#define NR_COUNTERS (sizeof(counters) / sizeof(counters[0]))

static uint64_t *counter(struct reader_stats *stats, size_t i)
{
	return (uint64_t *)((char *)stats + counters[i].at);
}

static char *text_of(json_t *root, int failed)
{
	char *text = failed ? NULL : json_dumps(root, JSON_COMPACT);

	json_decref(root);
	return text;
}

/* What is no printable ASCII becomes '?': JSON has no place for bytes that are no text. */
static json_t *clean_text(const char *text)
{
	char clean[sizeof(((struct kerror *)0)->text)];
	size_t i;

	for (i = 0; text[i] && i + 1 < sizeof(clean); i++)
		clean[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	clean[i] = 0;
	return json_string(clean);
}

char *kmt_description_text(const char *made_by, const char *source)
{
	json_t *root = json_object();
	int failed = json_object_set_new(root, "made_by", clean_text(made_by));

	failed |= json_object_set_new(root, "source", clean_text(source));
	return text_of(root, failed);
}

static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* The format whose files cannot tell what @lacks says; NULL where there is none. */
static const struct reader_ops *format_that_lacks(const char *lacks)
{
	const struct reader_ops *const *format;

	for (format = reader_formats; *format; format++)
		if ((*format)->lacks && !strcmp((*format)->lacks, lacks))
			break;
	return *format;
}

/* What files of the format called @name cannot tell; NULL where nothing is known of it. */
static const char *lack_of_format(const char *name)
{
	const struct reader_ops *const *format;

	for (format = reader_formats; name && *format; format++)
		if (!strcmp((*format)->name, name))
			return (*format)->lacks;
	return NULL;
}

char *kmt_summary_text(const struct reader_stats *stats, uint64_t events, uint64_t accesses)
{
	static const struct reader_stats nothing;
	const struct reader_ops *format;
	struct reader_stats of = stats ? *stats : nothing;
	json_t *root = json_object();
	int failed = json_object_set_new(root, "events", number(events));
	size_t i;

	if (accesses)
		failed |= json_object_set_new(root, "accesses", number(accesses));
	for (i = 0; i < NR_COUNTERS; i++)
		failed |= json_object_set_new(root, counters[i].key, number(*counter(&of, i)));
	failed |= json_object_set_new(root, "os_release", clean_text(of.os_release));
	failed |= json_object_set_new(root, "single_tasks", json_boolean(of.single_tasks));
	failed |= json_object_set_new(root, "guessed_symbols", json_boolean(of.guessed_symbols));
	if (of.note[0])
		failed |= json_object_set_new(root, "note", clean_text(of.note));
	format = of.lacks ? format_that_lacks(of.lacks) : NULL;
	if (format)
		failed |= json_object_set_new(root, "lacks_as", json_string(format->name));
	if (of.truncated)
		failed |= json_object_set_new(root, "source_error", clean_text(of.error.text));
	return text_of(root, failed);
}

/* The number of @key; 0 where there is none. False where it is something else. */
static bool take_number(const json_t *root, const char *key, uint64_t *value)
{
	const json_t *entry = json_object_get(root, key);

	*value = 0;
	if (!entry)
		return true;
	if (!json_is_integer(entry) || json_integer_value(entry) < 0)
		return false;
	*value = (uint64_t)json_integer_value(entry);
	return true;
}

static void take_text(const json_t *root, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(root, key));

	if (text)
		snprintf(to, size, "%s", text);
}

static bool take_all(const json_t *root, struct reader_stats *stats, uint64_t *events, uint64_t *accesses)
{
	struct reader_stats more = { .truncated = false };
	size_t i;

	if (!json_is_object(root) || !take_number(root, "events", events) ||
	    !take_number(root, "accesses", accesses))
		return false;
	for (i = 0; i < NR_COUNTERS; i++)
		if (!take_number(root, counters[i].key, counter(&more, i)))
			return false;
	for (i = 0; i < NR_COUNTERS; i++)
		if (__builtin_add_overflow(*counter(stats, i), *counter(&more, i), counter(stats, i)))
			*counter(stats, i) = UINT64_MAX;
	take_text(root, "os_release", stats->os_release, sizeof(stats->os_release));
	stats->guessed_symbols |= json_is_true(json_object_get(root, "guessed_symbols"));
	take_text(root, "note", stats->note, sizeof(stats->note));
	stats->lacks = lack_of_format(json_string_value(json_object_get(root, "lacks_as")));
	stats->single_tasks |= json_is_true(json_object_get(root, "single_tasks"));
	if (json_is_string(json_object_get(root, "source_error")) && !stats->truncated) {
		stats->truncated = true;
		stats->error.code = -EBADMSG;
		take_text(root, "source_error", stats->error.text, sizeof(stats->error.text));
	}
	return true;
}

int kmt_summary_read(const char *text, size_t len, struct reader_stats *stats, uint64_t *events,
		     uint64_t *accesses, struct kerror *err)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	bool good = root && take_all(root, stats, events, accesses);

	json_decref(root);
	return good ? 0 : kerror_set(err, -EBADMSG, "its summary is no JSON that is known");
}
