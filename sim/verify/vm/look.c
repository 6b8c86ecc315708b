/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: looks of vm-player, read; see look.h. */
#include "sim/verify/vm/look.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many lines begin with '@', of which every second one at most could be a look. */
static uint32_t count_heads(const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	uint32_t nr = 0;

	while (at < end) {
		nr += *at == '@';
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : end;
	}
	return nr;
}

/* "@look OP" or "@NAME PROCESS" of @len bytes; false: neither. */
static bool parse_head(const char *line, size_t len, size_t *name_len, uint32_t *number)
{
	const char *space = memchr(line, ' ', len);
	char digits[16] = "", *end;
	unsigned long value;
	size_t rest = space ? (size_t)(line + len - space - 1) : 0;

	if (!space || space == line + 1 || !rest || rest >= sizeof(digits))
		return false;
	memcpy(digits, space + 1, rest);
	errno = 0;
	value = strtoul(digits, &end, 10);
	if (*end || errno || value > UINT32_MAX)
		return false;
	*name_len = (size_t)(space - line - 1);
	*number = (uint32_t)value;
	return true;
}

static bool is_look(const char *name, size_t len)
{
	return len == 4 && !memcmp(name, "look", 4);
}

int looks_parse(struct looks *looks, const char *name, const char *text, size_t len, struct kerror *err)
{
	uint32_t heads = count_heads(text, len), number = 0, line_nr = 0;
	const char *at = text, *end = text + len;
	size_t name_len = 0;

	*looks = (struct looks){ 0 };
	looks->look = calloc(heads + 1u, sizeof(*looks->look));
	looks->sections = calloc(heads + 1u, sizeof(*looks->sections));
	if (!looks->look || !looks->sections) {
		looks_free(looks);
		return kerror_set(err, -ENOMEM, "%.200s: out of memory", name);
	}
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		bool head = *at == '@', good;

		stop = stop ? stop : end;
		line_nr++;
		good = !head || parse_head(at, (size_t)(stop - at), &name_len, &number);
		if (good && head && is_look(at + 1, name_len) && (!looks->nr || looks->look[looks->nr - 1].op < number)) {
			looks->look[looks->nr++] = (struct look){ number, looks->nr_sections, 0 };
		} else if (good && head && looks->nr && !is_look(at + 1, name_len)) {
			looks->sections[looks->nr_sections++] =
				(struct look_section){ at + 1, name_len, number, stop < end ? stop + 1 : end, 0 };
			looks->look[looks->nr - 1].nr++;
		} else if (good && !head && looks->nr && looks->look[looks->nr - 1].nr) {
			struct look_section *last = &looks->sections[looks->nr_sections - 1];

			last->len = (size_t)((stop < end ? stop + 1 : end) - last->text);
		} else {
			looks_free(looks);
			return kerror_set(err, -EINVAL, "%.200s:%u: no look of vm-player", name, line_nr);
		}
		at = stop + 1;
	}
	return 0;
}

void looks_free(struct looks *looks)
{
	free(looks->look);
	free(looks->sections);
	*looks = (struct looks){ 0 };
}

const struct look *look_of(const struct looks *looks, uint32_t op)
{
	uint32_t low = 0, high = looks->nr;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (looks->look[mid].op < op)
			low = mid + 1;
		else
			high = mid;
	}
	return low < looks->nr && looks->look[low].op == op ? &looks->look[low] : NULL;
}

const struct look_section *look_section(const struct looks *looks, const struct look *look, uint32_t process,
					const char *name)
{
	uint32_t i;

	for (i = look->first; i < look->first + look->nr; i++) {
		const struct look_section *section = &looks->sections[i];

		if (section->process == process && section->name_len == strlen(name) &&
		    !memcmp(section->name, name, section->name_len))
			return section;
	}
	return NULL;
}

bool look_line(const struct look_section *section, size_t *at, const char **line, size_t *len)
{
	const char *stop;

	if (*at >= section->len)
		return false;
	*line = section->text + *at;
	stop = memchr(*line, '\n', section->len - *at);
	*len = stop ? (size_t)(stop - *line) : section->len - *at;
	*at += *len + 1;
	return true;
}

bool look_number(const struct look_section *section, const char *key, uint64_t *value)
{
	size_t at = 0, len, key_len = strlen(key);
	const char *line;
	char text[64];

	while (look_line(section, &at, &line, &len)) {
		if (len < key_len || memcmp(line, key, key_len))
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)(len - key_len < 60 ? len - key_len : 60), line + key_len);
		return sscanf(text, "%" SCNu64, value) == 1;
	}
	return false;
}

int64_t look_risen(const struct looks *looks, const struct look *from, const struct look *to, const char *name)
{
	const struct look_section *before = look_section(looks, from, 0, "vmstat");
	const struct look_section *now = look_section(looks, to, 0, "vmstat");
	uint64_t first, last;

	if (!before || !now || !look_number(before, name, &first) || !look_number(now, name, &last))
		return 0;
	return (int64_t)(last - first);
}

bool look_stat(const struct look_section *stat, unsigned int field, uint64_t *value)
{
	const char *line, *at;
	char text[400];
	size_t start = 0, len;

	if (!look_line(stat, &start, &line, &len))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(len < sizeof(text) ? len : sizeof(text) - 1), line);
	/* The name is in brackets, and may have blanks: field 3 is behind them. */
	at = strrchr(text, ')');
	for (; at && field > 2; field--)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%" SCNu64, value) == 1;
}

bool look_run(const struct look_section *section, size_t *at, struct look_run *run)
{
	const char *line;
	char text[96];
	size_t len;

	if (!look_line(section, at, &line, &len) || len >= sizeof(text))
		return false;
	memcpy(text, line, len);
	text[len] = '\0';
	return sscanf(text, "%" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64, &run->addr, &run->pages, &run->bits,
		      &run->frame) == 4;
}
