/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: names for the call sites of a recording. The mappings that the recorder
 * saw say which file an address belongs to, and where in it; the file's symbols, as it
 * is now, say the function:
 *
 *	make_tree+0x1d (prog)		the return address is 0x1d behind make_tree
 *	libc.so.6+0x2724a		no symbol: the byte of the file
 *	0x7f5e0000a010			code that is in no file
 *
 * Each address of a process image is looked up once; anew when the image has newer
 * mappings. A forked child knows those of its parents.
 *
 * Locking: none, single-threaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/heap/recording_read.h"
#include "sim/trace/heap/symbols.h"
#include "sim/trace/text/number.h"

#define SITE_TEXT	512
#define DEEPEST_FORK	64

struct rec_sites {
	struct symbols *symbols;
};

struct rec_sites *rec_sites_create(void)
{
	struct rec_sites *sites = calloc(1, sizeof(*sites));

	if (sites && !(sites->symbols = symbols_create())) {
		free(sites);
		return NULL;
	}
	return sites;
}

void rec_sites_destroy(struct rec_sites *sites)
{
	if (!sites)
		return;
	symbols_destroy(sites->symbols);
	free(sites);
}

/* ---- mappings ------------------------------------------------------------------------ */

struct place {
	char path[SITE_TEXT];
	uint64_t at;		/* byte of the file */
};

static const char *hex_field(const char *p, char behind, uint64_t *value)
{
	bool overflow = false;
	const char *end = number_hex(p, value, &overflow);

	return end == p || overflow || *end != behind ? NULL : end + 1;
}

/* "7f00-7f10 r-xp 00001000 fe:00 131074 /usr/lib/libc.so.6" in [@p, @end), which a newline ends. */
static bool parse_mapping(const char *p, const char *end, uint64_t address, struct place *place)
{
	uint64_t start, stop, offset;
	const char *path;
	size_t len;

	p = hex_field(p, '-', &start);
	p = p ? hex_field(p, ' ', &stop) : NULL;
	if (!p || address - start >= stop - start || end - p < 5)
		return false;
	p = hex_field(p + 5, ' ', &offset);
	path = p ? memchr(p, '/', (size_t)(end - p)) : NULL;
	if (!path)
		return false;
	len = (size_t)(end - path);
	if (len > 10 && !memcmp(end - 10, " (deleted)", 10))
		len -= 10;
	if (len >= sizeof(place->path))
		return false;
	memcpy(place->path, path, len);
	place->path[len] = '\0';
	place->at = address - start + offset;
	return true;
}

static bool find_in_maps(const struct rec_maps *maps, uint64_t address, struct place *place)
{
	const char *line = maps->text, *stop = line + maps->len, *end;

	for (; line < stop && (end = memchr(line, '\n', (size_t)(stop - line))); line = end + 1)
		if (parse_mapping(line, end, address, place))
			return true;
	return false;
}

static bool find_place(const struct recording *rec, uint32_t image, uint64_t time, uint64_t address, struct place *place)
{
	unsigned int depth;
	uint32_t i;

	for (depth = 0; image != REC_NO_IMAGE && depth < DEEPEST_FORK; depth++, image = rec->images[image].parent)
		for (i = rec->images[image].maps; i; i = rec->maps[i - 1].next)
			if (rec->maps[i - 1].time <= time && find_in_maps(&rec->maps[i - 1], address, place))
				return true;
	return false;
}

/* ---- names --------------------------------------------------------------------------- */

static int site_text(struct recording *rec, uint32_t image, uint64_t time, uint64_t address, char text[SITE_TEXT])
{
	struct place place;
	const char *name, *file;
	uint64_t offset;

	if (!find_place(rec, image, time, address, &place))
		return snprintf(text, SITE_TEXT, "0x%" PRIx64, address);
	file = strrchr(place.path, '/') + 1;
	/* The call itself is before the return address, which may be another function's. */
	if (place.at && symbols_find(rec->sites->symbols, place.path, place.at - 1, &name, &offset))
		return snprintf(text, SITE_TEXT, "%.300s+0x%" PRIx64 " (%.100s)", name, offset + 1, file);
	return snprintf(text, SITE_TEXT, "%.300s+0x%" PRIx64, file, place.at);
}

/* Newer mappings may have other files at the same addresses. */
static void follow_maps(struct recording *rec, struct rec_image *image, uint64_t time)
{
	uint32_t newest = image->maps;

	while (newest && rec->maps[newest - 1].time > time)
		newest = rec->maps[newest - 1].next;
	if (newest == image->maps_now)
		return;
	table_free(&image->sites);
	image->sites = (struct table){ 0 };
	image->maps_now = newest;
}

name_id rec_site(struct reader *rd, struct recording *rec, uint32_t image, uint64_t time, uint64_t address)
{
	uint64_t *known;
	char text[SITE_TEXT];
	name_id id;
	int len;

	follow_maps(rec, &rec->images[image], time);
	known = table_find(&rec->images[image].sites, address);
	if (known)
		return (name_id)*known;
	len = site_text(rec, image, time, address, text);
	id = names_intern(rd->names, text, len < SITE_TEXT ? (size_t)len : SITE_TEXT - 1);
	known = id ? table_get(&rec->images[image].sites, address) : NULL;
	if (!known)
		return 0;
	*known = id;
	return id;
}

static bool is_operator_new(const char *name)
{
	/* With all their parameters: operator new, operator new[]. */
	return !strncmp(name, "_Znw", 4) || !strncmp(name, "_Zna", 4);
}

int rec_chain(struct reader *rd, struct recording *rec, const struct rec_cursor *cur, name_id *site, stack_id *stack)
{
	name_id frames[RECORDING_MAX_FRAMES];
	uint64_t address;
	uint32_t i, at = 0;

	for (i = 0; i < cur->nr_frames; i++) {
		memcpy(&address, rec_at(cur, cur->frames_at + i * sizeof(address)), sizeof(address));
		frames[i] = rec_site(rd, rec, cur->image, cur->time, address & RECORDING_LOW);
		if (!frames[i])
			return -ENOMEM;
	}
	while (at + 1 < cur->nr_frames && is_operator_new(names_text(rd->names, frames[at])))
		at++;
	*site = frames[at];
	*stack = rd->stacks ? stacks_intern(rd->stacks, frames, cur->nr_frames) : 0;
	return rd->stacks && !*stack ? -ENOMEM : 0;
}
