/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: values of options; see values.h. */
#include "sim/cmd/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/cmd.h"
#include "sim/util/nearest.h"
#include "sim/cmd/parse.h"
#include "sim/trace/writer.h"

uint64_t need_number(struct argp_state *state, const char *option, const char *text, uint64_t min,
		     uint64_t max)
{
	uint64_t value = 0;

	if (!parse_number(text, min, max, &value))
		usage_error(state->name, "--%s=%s: expected a number from %llu to %llu", option, text,
			    (unsigned long long)min, (unsigned long long)max);
	return value;
}

uint64_t need_size(struct argp_state *state, const char *option, const char *text, uint64_t min)
{
	uint64_t value = 0;

	if (!parse_size(text, min, MAX_MEMORY - 1, &value))
		usage_error(state->name, "--%s=%s: expected a size%s, below 16T, such as 512M or 64G", option, text,
			    min ? " from 1M" : "");
	return value;
}

/* "a, b or c" */
static void join_words(char *buf, size_t size, const char *const *words)
{
	size_t len = 0;

	for (; *words && len < size; words++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", *words,
					!words[1] ? "" : words[2] ? ", " : " or ");
}

int need_word(struct argp_state *state, const char *option, const char *text, const char *const *words)
{
	struct nearest near;
	char known[160];
	int i;

	nearest_begin(&near, text);
	for (i = 0; words[i]; i++) {
		if (!strcmp(text, words[i]))
			return i;
		nearest_add(&near, words[i]);
	}
	join_words(known, sizeof(known), words);
	usage_error(state->name, "--%s=%s: expected %s%s", option, text, known, nearest_question(&near));
	return -1;
}

/* "6.12" as a number that grows with the version; -1 where @text is none. */
static long version_number(const char *text)
{
	char *end;
	long major = strtol(text, &end, 10), minor;

	if (end == text || *end != '.' || major < 0 || major > 1000)
		return -1;
	text = end + 1;
	minor = strtol(text, &end, 10);
	return end == text || minor < 0 || minor > 999 ? -1 : major * 1000 + minor;
}

/* Of versions the nearest is by number: 6.9 is nearer to 6.12 than to 6.1. */
static const char *nearest_kernel(const char *text)
{
	long wanted = version_number(text), least = -1;
	const char *nearest = NULL;
	int i;

	for (i = 0; wanted >= 0 && i < NR_BUDDY_KERNELS; i++) {
		long distance = labs(version_number(buddy_rules[i].kernel) - wanted);

		if (least >= 0 && distance >= least)
			continue;
		least = distance;
		nearest = buddy_rules[i].kernel;
	}
	return nearest;
}

enum buddy_kernel need_kernel(struct argp_state *state, const char *text)
{
	enum buddy_kernel kernel = buddy_kernel_find(text);
	const char *words[NR_BUDDY_KERNELS + 1] = { NULL };
	const char *nearest = nearest_kernel(text);
	char known[64];
	int i;

	if (kernel < NR_BUDDY_KERNELS)
		return kernel;
	for (i = 0; i < NR_BUDDY_KERNELS; i++)
		words[i] = buddy_rules[i].kernel;
	join_words(known, sizeof(known), words);
	usage_error(state->name, "--kernel=%s: expected %s%s%s", text, known, nearest ? "; the nearest is " : "",
		    nearest ? nearest : "");
	return NR_BUDDY_KERNELS;
}

const char *need_format(struct argp_state *state, const char *text)
{
	const struct reader_ops *const *format;
	struct nearest near;

	nearest_begin(&near, text);
	for (format = reader_formats; *format; format++) {
		if (!strcmp((*format)->name, text))
			return (*format)->name;
		nearest_add(&near, (*format)->name);
	}
	usage_error(state->name, "--format=%s: no trace format is called so%s", text, nearest_text(&near));
	return NULL;
}

const struct writer_ops *need_writer(struct argp_state *state, const char *text)
{
	const struct writer_ops *const *format, *found = writer_format(text);
	struct nearest near;

	if (found)
		return found;
	nearest_begin(&near, text);
	for (format = writer_formats; *format; format++)
		nearest_add(&near, (*format)->name);
	usage_error(state->name, "--to: no format that can be written is called '%s'%s", text, nearest_text(&near));
	return NULL;
}

const char *need_name(struct argp_state *state, const char *option, const char *text, const char *what)
{
	if (!*text)
		usage_error(state->name, "--%s= needs the name of a %s", option, what);
	return text;
}

void need_tlb(struct argp_state *state, const char *text, struct tlb_geometry *geo)
{
	const struct tlb_geometry *preset;
	struct kerror err = { 0 };
	struct nearest near;

	if (!tlb_parse(text, geo, &err))
		return;
	if (strchr(text, '='))
		usage_error(state->name, "--tlb=%s: %s", text, err.text);
	nearest_begin(&near, text);
	for (preset = tlb_presets; preset->name[0]; preset++)
		nearest_add(&near, preset->name);
	usage_error(state->name, "--tlb=%s: there is no such TLB model%s; or a geometry, such as l1=64x4,l2=1536x12",
		    text, nearest_text(&near));
}
