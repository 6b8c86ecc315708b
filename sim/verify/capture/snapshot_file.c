/* SPDX-License-Identifier: GPL-2.0 */
/* kmemsim: snapshots from files; see snapshot.h. Single-threaded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/reader.h"
#include "sim/verify/capture/snapshot.h"

#define SNAPSHOT_MAX_BYTES	(1ULL << 30)

static int read_all(struct source *src, char **text, size_t *len, struct kerror *err)
{
	size_t room = 0;

	*text = NULL;
	*len = 0;
	for (;;) {
		int64_t got;

		if (*len == room) {
			char *grown;

			room = room ? room * 2 : 1 << 20;
			grown = room <= SNAPSHOT_MAX_BYTES ? realloc(*text, room) : NULL;
			if (!grown)
				return kerror_set(err, -ENOMEM, "%.100s is too large to be a snapshot",
						  source_name(src));
			*text = grown;
		}
		got = source_read(src, *text + *len, room - *len, err);
		if (got <= 0)
			return (int)got;
		*len += (size_t)got;
	}
}

int snapshot_read_text(char **text, size_t *len, const char *path, const volatile sig_atomic_t *stop,
		       struct kerror *err)
{
	struct kerror first;
	struct source *src;
	char zst[4096];
	int ret;

	*text = NULL;
	ret = source_open_until(&src, path, stop, &first);
	if (ret == -ENOENT && snprintf(zst, sizeof(zst), "%s.zst", path) < (int)sizeof(zst))
		ret = source_open_until(&src, zst, stop, err);
	if (ret) {
		if (err)
			*err = first;
		return ret;
	}
	ret = read_all(src, text, len, err);
	source_close(src);
	return ret;
}

int snapshot_read(struct snapshot **out, const char *path, const volatile sig_atomic_t *stop,
		  struct kerror *err)
{
	char *text;
	size_t len;
	int ret;

	ret = snapshot_read_text(&text, &len, path, stop, err);
	if (!ret)
		ret = snapshot_parse(out, path, text, len, err);
	free(text);
	return ret;
}

/* ---- two that belong together --------------------------------------------- */

static int check_tag(const struct snapshot *snap, const char *tag, struct kerror *err)
{
	if (!strcmp(snap->tag, tag))
		return 0;
	return kerror_set(err, -EINVAL, "%.100s: this is snapshot '%s', expected is '%s': were the two files swapped?",
			  snap->name, snap->tag, tag);
}

static bool same_zones(const struct buddy_state *a, const struct buddy_state *b)
{
	const struct buddy_state_zone *zone, *other = b->zones;

	if (a->nr_zones != b->nr_zones)
		return false;
	for_each_state_zone(a, zone) {
		if (zone->nid != other->nid || zone->idx != other->idx || zone->start_pfn != other->start_pfn ||
		    zone->spanned_pages != other->spanned_pages)
			return false;
		other++;
	}
	return true;
}

int snapshot_check_pair(const struct snapshot *a, const struct snapshot *b, struct kerror *err)
{
	int ret = check_tag(a, "A", err);

	if (!ret)
		ret = check_tag(b, "B", err);
	if (ret)
		return ret;
	if (strcmp(a->release, b->release))
		return kerror_set(err, -EINVAL, "%.100s is of kernel %.30s, %.50s of %.30s: they are no pair", a->name,
				  a->release, b->name, b->release);
	if (a->state.nr_cpus != b->state.nr_cpus || a->nr_nodes != b->nr_nodes || !same_zones(&a->state, &b->state))
		return kerror_set(err, -EINVAL, "%.100s and %.100s have other CPUs, nodes or zones: they are no pair",
				  a->name, b->name);
	return 0;
}
