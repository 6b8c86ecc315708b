/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: a kernel's slabinfo; see slabinfo.h. A line is
 *
 *   name active_objs num_objs objsize objperslab pagesperslab
 *       : tunables N N N : slabdata active_slabs num_slabs sharedavail
 *
 * Single-threaded: no state outside of the call.
 */
#include "sim/verify/capture/slabinfo.h"

#include <errno.h>
#include <stdlib.h>

#include "buddy/buddy.h"
#include "sim/trace/reader.h"
#include "sim/verify/capture/snapshot.h"
#include "sim/verify/capture/words.h"

#define MAX_PERCENT	2	/* that a count may differ by, or one slab */
#define MAX_OBJECTS	32767	/* a slab: 15 bits in the kernel */
#define MAX_SLABS	(UINT64_C(1) << 28)
#define MAX_CACHES	16384u

struct parser {
	struct slabinfo_file *file;
	struct words w;
	uint32_t room;
	struct kerror *err;
};

static int bad(struct parser *ps, const char *what)
{
	return kerror_set(ps->err, -EBADMSG, "%.100s:%lu: %s", ps->file->name, ps->w.line, what);
}

static int no_memory(struct parser *ps)
{
	return kerror_set(ps->err, -ENOMEM, "%.100s: no memory for its caches", ps->file->name);
}

static struct slabinfo_row *new_row(struct parser *ps)
{
	struct slabinfo_file *file = ps->file;

	if (file->nr == ps->room) {
		uint32_t want = ps->room ? ps->room * 2 : 256;
		void *grown = want <= MAX_CACHES ? realloc(file->row, want * sizeof(*file->row)) : NULL;

		if (!grown)
			return NULL;
		file->row = grown;
		ps->room = want;
	}
	memset(&file->row[file->nr], 0, sizeof(*file->row));
	return &file->row[file->nr++];
}

static bool parse_numbers(struct words *w, struct slabinfo_row *row)
{
	uint64_t number;
	int i;

	if (!words_u64(w, 10, UINT64_MAX, &row->active_objs) ||
	    !words_u64(w, 10, UINT64_MAX, &row->num_objs) || !words_uint(w, UINT32_MAX, &row->objsize) ||
	    !words_uint(w, UINT32_MAX, &row->objperslab) ||
	    !words_uint(w, UINT32_MAX, &row->pagesperslab) || !words_expect(w, ":") ||
	    !words_expect(w, "tunables"))
		return false;
	for (i = 0; i < 3; i++)
		if (!words_u64(w, 10, UINT64_MAX, &number))
			return false;
	return words_expect(w, ":") && words_expect(w, "slabdata") &&
	       words_u64(w, 10, UINT64_MAX, &number) && words_u64(w, 10, MAX_SLABS, &row->num_slabs) &&
	       words_u64(w, 10, UINT64_MAX, &number) && !words_more(w);
}

static int check_row(struct parser *ps, const struct slabinfo_row *row)
{
	uint64_t pages = row->pagesperslab;

	if (!pages || pages & (pages - 1) || pages > UINT64_C(1) << MAX_PAGE_ORDER)
		return bad(ps, "a slab's pages are no power of two up to the largest block");
	if (!row->objsize || !row->objperslab || row->objperslab > MAX_OBJECTS ||
	    (uint64_t)row->objsize * row->objperslab > pages * PAGE_SIZE)
		return bad(ps, "a slab cannot hold so many objects");
	if (row->active_objs > row->num_objs)
		return bad(ps, "more active objects than objects");
	if (row->num_objs > row->num_slabs * row->objperslab)
		return bad(ps, "more objects than the slabs can hold");
	return 0;
}

static int parse_row(struct parser *ps)
{
	struct slabinfo_row *row = new_row(ps);
	const char *name;
	size_t len;
	uint32_t i;

	if (!row)
		return no_memory(ps);
	if (!words_next(&ps->w, &name, &len) || len >= sizeof(row->name))
		return bad(ps, "a cache's name of 1 to 63 letters is expected");
	memcpy(row->name, name, len);
	if (!parse_numbers(&ps->w, row))
		return bad(ps, "expected: NAME N N N N N : tunables N N N : slabdata N N N");
	for (i = 0; i + 1 < ps->file->nr; i++)
		if (!strcmp(ps->file->row[i].name, row->name))
			return kerror_set(ps->err, -EEXIST, "%.100s:%lu: %s was there before", ps->file->name,
					  ps->w.line, row->name);
	return check_row(ps, row);
}

static int parse_all(struct parser *ps)
{
	unsigned int minor;
	int ret = 0;

	if (!words_next_line(&ps->w) || !words_expect(&ps->w, "slabinfo") || !words_expect(&ps->w, "-") ||
	    !words_expect(&ps->w, "version:") || ps->w.eol - ps->w.p < 3 || memcmp(ps->w.p, " 2.", 3))
		return bad(ps, "this is no slabinfo (the first line must be: slabinfo - version: 2.1)");
	ps->w.p += 3;
	if (!words_uint(&ps->w, 9, &minor))
		return bad(ps, "this version of slabinfo is not known");
	while (!ret && words_next_line(&ps->w))
		if (words_more(&ps->w) && *ps->w.p != '#')
			ret = parse_row(ps);
	return ret;
}

int slabinfo_parse(struct slabinfo_file *file, const char *name, const char *text, size_t len,
		   struct kerror *err)
{
	struct parser ps = { .file = file, .err = err };

	memset(file, 0, sizeof(*file));
	file->name = strdup(name);
	if (!file->name)
		return kerror_set(err, -ENOMEM, "no memory for a slabinfo");
	words_init(&ps.w, text, len);
	return parse_all(&ps);
}

int slabinfo_read(struct slabinfo_file *file, const char *path, const volatile sig_atomic_t *stop,
		  struct kerror *err)
{
	char *text;
	size_t len;
	int ret;

	memset(file, 0, sizeof(*file));
	ret = snapshot_read_text(&text, &len, path, stop, err);
	if (!ret)
		ret = slabinfo_parse(file, source_path_name(path), text, len, err);
	free(text);
	return ret;
}

void slabinfo_free(struct slabinfo_file *file)
{
	free(file->name);
	free(file->row);
	memset(file, 0, sizeof(*file));
}

const struct slabinfo_row *slabinfo_find(const struct slabinfo_file *file, const char *name)
{
	uint32_t i;

	for (i = 0; i < file->nr; i++)
		if (!strcmp(file->row[i].name, name))
			return &file->row[i];
	return NULL;
}

bool slabinfo_near(uint64_t ours, uint64_t theirs, uint64_t slab)
{
	uint64_t difference = ours > theirs ? ours - theirs : theirs - ours;

	return difference <= slab || (double)difference * 100 <= (double)theirs * MAX_PERCENT;
}
