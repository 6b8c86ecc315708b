/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmemsim: the names of caches that were merged into another one. Linux shows
 * them as links in /sys/kernel/slab; like those a name stays until the cache it
 * points to is gone, or somebody creates a cache by it again (sysfs_slab_alias()
 * takes a leftover link away). Single-threaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slab/internal.h"

struct slab_alias {
	struct slab_alias *next;	/* created later */
	char name[CACHE_NAME_MAX + 1];
};

void slab_drop_alias(struct slab_allocator *sa, const char *name)
{
	struct slab_alias **link, *alias;
	struct kmem_cache *s;

	for (s = sa->newest; s; s = s->older)
		for (link = &s->alias_names; (alias = *link); link = &alias->next)
			if (!strcmp(alias->name, name)) {
				*link = alias->next;
				free(alias);
				return;
			}
}

int slab_add_alias(struct kmem_cache *s, const char *name)
{
	struct slab_alias **link = &s->alias_names;
	struct slab_alias *alias = calloc(1, sizeof(*alias));

	if (!alias)
		return -ENOMEM;
	memcpy(alias->name, name, strlen(name) + 1);
	while (*link)
		link = &(*link)->next;
	*link = alias;
	return 0;
}

void slab_free_aliases(struct kmem_cache *s)
{
	while (s->alias_names) {
		struct slab_alias *alias = s->alias_names;

		s->alias_names = alias->next;
		free(alias);
	}
}

const char *kmem_cache_alias_name(const struct kmem_cache *s, unsigned int n)
{
	const struct slab_alias *alias = s->alias_names;

	while (alias && n--)
		alias = alias->next;
	return alias ? alias->name : NULL;
}

struct kmem_cache *slab_find_alias(const struct slab_allocator *sa, const char *name)
{
	struct kmem_cache *s;
	struct slab_alias *alias;

	for (s = sa->newest; s; s = s->older)
		for (alias = s->alias_names; alias; alias = alias->next)
			if (!strcmp(alias->name, name))
				return s;
	return NULL;
}
