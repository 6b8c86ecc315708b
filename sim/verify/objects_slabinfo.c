/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a machine's caches against the kernel's own /proc/slabinfo; see
 * objects.h. The file is read a little before or after the moment the machine
 * stands for, so counts are compared with some tolerance, layouts exactly.
 *
 * Single-threaded, changes nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify/objects.h"
#include "sim/verify/snapshot.h"

#define MAX_LINE	512
#define MAX_PERCENT	2	/* that a count may differ by, or one slab */

enum { ACTIVE_OBJS, NUM_OBJS, OBJ_SIZE, OBJS_PER_SLAB, PAGES_PER_SLAB, NR_NUMBERS };

/* "name n n n n n : tunables .. : slabdata ACTIVE NUM n"; false for headers and the like. */
static bool parse_line(const char *line, size_t *name_len, uint64_t *numbers, uint64_t *slabs)
{
	const char *p = strchr(line, ' '), *data = strstr(line, ": slabdata ");
	char *end;
	int i;

	if (!p || !data || *line == '#')
		return false;
	*name_len = (size_t)(p - line);
	for (i = 0; i < NR_NUMBERS; i++, p = end) {
		numbers[i] = strtoull(p, &end, 10);
		if (end == p || end > data)
			return false;
	}
	strtoull(data + strlen(": slabdata "), &end, 10);
	p = end;
	*slabs = strtoull(p, &end, 10);
	return end != p;
}

static const struct kmem_cache *find_cache(const struct objects_machine *m, const char *name, size_t len)
{
	uint32_t i;

	for (i = 0; i < m->nr_known; i++) {
		const char *known = kmem_cache_name(m->known[i].s);

		if (strlen(known) == len && !memcmp(known, name, len))
			return m->known[i].s;
	}
	return NULL;
}

static bool is_near(uint64_t ours, uint64_t theirs, uint64_t slab)
{
	uint64_t difference = ours > theirs ? ours - theirs : theirs - ours;

	return difference <= slab || difference <= theirs / 100 * MAX_PERCENT;
}

static void compare_line(struct objects_slabinfo *result, const struct kmem_cache *s,
			 const uint64_t *numbers, uint64_t slabs)
{
	struct slabinfo info;

	result->layouts.all++;
	result->layouts.hits += kmem_cache_size(s) == numbers[OBJ_SIZE] &&
				kmem_cache_objs_per_slab(s) == numbers[OBJS_PER_SLAB] &&
				1U << kmem_cache_order(s) == numbers[PAGES_PER_SLAB];
	get_slabinfo(s, &info);
	if (!slabs && !info.num_slabs)
		return;
	result->counts.all++;
	result->counts.hits += is_near(info.active_objs, numbers[ACTIVE_OBJS], numbers[OBJS_PER_SLAB]) &&
			       is_near(info.num_slabs, slabs, 1);
}

void objects_slabinfo_parse(struct objects_slabinfo *result, const struct objects_machine *m,
			    const char *text, size_t len)
{
	const char *line = text, *end = text + len, *eol;

	memset(result, 0, sizeof(*result));
	for (; line < end && (eol = memchr(line, '\n', (size_t)(end - line))); line = eol + 1) {
		char copy[MAX_LINE];
		uint64_t numbers[NR_NUMBERS], slabs;
		const struct kmem_cache *s;
		size_t name_len;

		if ((size_t)(eol - line) >= sizeof(copy))
			continue;
		memcpy(copy, line, (size_t)(eol - line));
		copy[eol - line] = '\0';
		if (!parse_line(copy, &name_len, numbers, &slabs))
			continue;
		s = find_cache(m, copy, name_len);
		if (s)
			compare_line(result, s, numbers, slabs);
	}
}

int objects_slabinfo_compare(struct objects_slabinfo *result, const struct objects_machine *m,
			     const char *path)
{
	struct kerror err = { 0 };
	char *text;
	size_t len;
	int ret;

	memset(result, 0, sizeof(*result));
	ret = snapshot_read_text(&text, &len, path, &err);
	if (ret == -ENOENT)
		return 0;
	if (!ret)
		objects_slabinfo_parse(result, m, text, len);
	free(text);
	return ret;
}
