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

#include "slab/allocator.h"
#include "slab/cache.h"
#include "slab/compiler.h"
#include "slab/merge.h"
#include "slab/names.h"

struct slab_alias {
	struct slab_alias *next, *prev;	/* created later, earlier */
	struct kmem_cache *cache;
	struct slab_name by_name;
	char name[CACHE_NAME_MAX + 1];
};

static struct slab_alias *find_alias(const struct slab_allocator *sa, const char *name)
{
	struct slab_name *found = slab_names_find(&sa->aliases, name);

	return found ? container_of(found, struct slab_alias, by_name) : NULL;
}

static void free_alias(struct slab_alias *alias)
{
	struct kmem_cache *s = alias->cache;

	slab_names_del(&s->sa->aliases, &alias->by_name);
	if (alias->prev)
		alias->prev->next = alias->next;
	else
		s->alias_names = alias->next;
	if (alias->next)
		alias->next->prev = alias->prev;
	else
		s->alias_last = alias->prev;
	free(alias);
}

void slab_drop_alias(struct slab_allocator *sa, const char *name)
{
	struct slab_alias *alias = find_alias(sa, name);

	if (alias)
		free_alias(alias);
}

int slab_add_alias(struct kmem_cache *s, const char *name)
{
	struct slab_alias *alias = calloc(1, sizeof(*alias));

	if (!alias)
		return -ENOMEM;
	memcpy(alias->name, name, strlen(name) + 1);
	alias->cache = s;
	alias->prev = s->alias_last;
	if (s->alias_last)
		s->alias_last->next = alias;
	else
		s->alias_names = alias;
	s->alias_last = alias;
	slab_names_add(&s->sa->aliases, &alias->by_name, alias->name);
	return 0;
}

void slab_free_aliases(struct kmem_cache *s)
{
	while (s->alias_names)
		free_alias(s->alias_names);
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
	const struct slab_alias *alias = find_alias(sa, name);

	return alias ? alias->cache : NULL;
}
